/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be done: an event and the state give a cell of the table, its action is a list of steps.
 *
 * May a connection be routed at all?  Not where another one leads the same network another way, and
 * not where another one has its eroute: that is taken only by an SA group, and from one that has an SA
 * group itself only when the peer is the same (it came back under another address).
 */
#include "core/route/route_priv.h"

#include "core/child/child_sa.h"

#include <string.h>

#define ROUTE(p)	   { STEP_ROUTE, PAIRS_##p, 0, false }
#define UNROUTE		   { STEP_UNROUTE, 0, 0, true }
#define LEAVE		   { STEP_LEAVE, 0, 0, true }
#define UP		   { STEP_UP, PAIRS_JOB, 0, false }
#define DOWN		   { STEP_DOWN, PAIRS_JOB, 0, true }
#define SET(p, s)	   { STEP_SET, PAIRS_##p, SHUNT_##s, false }
#define DELETE(p)	   { STEP_DELETE, PAIRS_##p, 0, true }
#define STATE		   { STEP_STATE, 0, 0, false }
#define HEIR		   { STEP_HEIR, 0, 0, true }

static const struct step scripts[RA_ACTIONS][MAX_STEPS + 1] = {
	[RA_CATCH] = { ROUTE(OWN), SET(OWN, RESTING), STATE },
	[RA_REST] = { SET(OWN, RESTING), DELETE(LOST), STATE },
	[RA_FOLLOW] = { SET(OWN, RESTING), DELETE(LOST), ROUTE(OWN), LEAVE, STATE },
	[RA_HOLD] = { SET(OWN, HOLD), STATE },
	[RA_CATCH_HOLD] = { ROUTE(OWN), SET(OWN, HOLD), STATE },
	[RA_FAIL] = { SET(OWN, FAILURE), STATE },
	[RA_PROTECT] = { ROUTE(JOB), SET(JOB, OF_SA), STATE, UP },
	[RA_MOVE] = { SET(JOB, OF_SA), STATE },
	[RA_UNPROTECT] = { DOWN, SET(OWN, RESTING), DELETE(STALE), STATE, HEIR },
	[RA_UNPROTECT_FAIL] = { DOWN, SET(OWN, FAILURE), DELETE(STALE), STATE, HEIR },
	[RA_UNPROTECT_OUT] = { DOWN, HEIR, DELETE(ALL), UNROUTE, STATE },
	[RA_OUT] = { HEIR, DELETE(ALL), UNROUTE, STATE },
	[RA_DELETE] = { HEIR, DELETE(ALL), UNROUTE, STATE },
	[RA_BARE] = { { STEP_BARE, 0, 0, false }, STATE },
	[RA_LET_GO] = { DELETE(ALL), UNROUTE },
	[RA_LET_GO_DOWN] = { DOWN, DELETE(ALL), UNROUTE },
};

/* Another CHILD SA has eroutes of the connection, too. */
static const struct step partly_down[] = { { STEP_SET, PAIRS_STALE, SHUNT_RESTING, true },
	DELETE(STALE), { STEP_NONE, 0, 0, false } };
static const struct step moved[] = { { STEP_SET, PAIRS_JOB, SHUNT_OF_SA, true },
	{ STEP_NONE, 0, 0, false } };
static const struct step undo_out[] = { DELETE(ALL), UNROUTE, STATE, { STEP_NONE, 0, 0, false } };
static const struct step undo_rest[] = { { STEP_SET, PAIRS_OWN, SHUNT_RESTING, true }, STATE,
	{ STEP_NONE, 0, 0, false } };

/* --- shunts -------------------------------------------------------------------------------------- */

bool route_goes_for_good(const struct conn *c)
{
	return c->deleted || c->instance != 0 || conn_end_asks(&c->local);
}

enum ms_shunt route_resting_shunt(const struct conn *c)
{
	switch ((enum ms_conn_type)c->desc->type) {
	case MS_TYPE_PASS:
		return MS_SHUNT_PASS;
	case MS_TYPE_DROP:
		return MS_SHUNT_DROP;
	case MS_TYPE_REJECT:
		return MS_SHUNT_REJECT;
	default:
		return c->wanted_routed ? MS_SHUNT_TRAP : MS_SHUNT_DROP;
	}
}

bool route_has_any(const struct conn *c)
{
	return c->route_of->eroutes != NULL || c->route_of->uses != NULL;
}

bool route_rests(const struct conn *c)
{
	const struct eroute *e = c->route_of->eroutes;

	while (e != NULL && e->shunt == route_resting_shunt(c))
		e = e->next;
	return e == NULL;
}

enum ms_shunt route_hold_shunt(const struct conn *c)
{
	return c->desc->negotiation_shunt == MS_NEGOTIATION_PASS ? MS_SHUNT_PASS : MS_SHUNT_HOLD;
}

enum ms_shunt route_failure_shunt(const struct conn *c)
{
	static const enum ms_shunt shunts[] = {
		[MS_FAILURE_NONE] = MS_SHUNT_NONE,
		[MS_FAILURE_PASS] = MS_SHUNT_PASS,
		[MS_FAILURE_DROP] = MS_SHUNT_DROP,
		[MS_FAILURE_REJECT] = MS_SHUNT_REJECT,
	};

	return shunts[c->desc->failure_shunt];
}

/* --- could it be routed? --------------------------------------------------------------------------- */

/* The route of one that has moved follows it. */
static bool agree(const struct conn *c, const struct conn *user)
{
	bool follows = user->route_jobs != NULL || user->moved;
	const char *device = follows ? user->device : user->route_of->device;
	const struct ms_addr *nexthop = follows ? &user->local.nexthop : &user->route_of->nexthop;

	return strcmp(c->device, device) == 0 && ms_addr_eq(&c->local.nexthop, nexthop);
}

/* From one that has an SA group: the same peer, perhaps under a new address, or one made of the same
 * template.  Who is not authenticated (RFC 7619) is where he is, and gives way to those who are. */
static bool may_take_over(const struct conn *c, const struct conn *owner)
{
	bool named = c->remote.id.type != MS_ID_NULL;

	if (owner->remote.id.type == MS_ID_NULL)
		return named || ms_addr_eq(&c->remote.host.addr, &owner->remote.host.addr);
	return named && ((c->template != NULL && c->template == owner->template) ||
				ms_id_eq(&c->remote.id, &owner->remote.id));
}

/* The connection's SA group is gone, and a hook or the kernel is being told; a shunt follows. */
static bool will_rest(const struct conn *c)
{
	const struct route_job *job = c->route_jobs;
	const struct step *s = job == NULL ? NULL : job->steps;

	if (s == NULL || (s != scripts[RA_UNPROTECT] && s != scripts[RA_UNPROTECT_FAIL]))
		return false;
	while (s <= &job->steps[job->at] && s->kind != STEP_STATE)
		s++;
	return s > &job->steps[job->at];
}

static ms_err could_pair(struct route_job *job, const struct ms_selector *mine,
	const struct ms_selector *theirs, bool tunnel, struct ms_why *why)
{
	const struct conn *c = job->conn;
	const struct conn *user = route_other_user(job->route, c, theirs, NULL);
	const struct eroute *e = eroute_at(job->route, mine, theirs);
	char name[256];

	if (user != NULL && !agree(c, user)) {
		conn_name_text(user, name, sizeof name);
		return ms_fail(why, MS_ERR_DUPLICATE, "cannot route -- route already in use for %s",
			name);
	}
	if (e == NULL || e->owner == c || job->may_steal ||
		(c->template != NULL && route_own_trap(job->route, c->template, mine, theirs)))
		return MS_OK;
	if (tunnel && (e->shunt != MS_SHUNT_NONE || may_take_over(c, e->owner)))
		return MS_OK;
	if (tunnel && will_rest(e->owner))
		job->blocked_by = conn_ref(e->owner);
	else if (c->instance == 0 && e->owner->for_pair) {
		route_waits(job->route, job->conn, e);
		route_policy_changed(job->route);
	}
	conn_name_text(e->owner, name, sizeof name);
	return ms_fail(why, MS_ERR_BUSY, "cannot install eroute -- it is in use for %s #%u", name,
		e->child);
}

static bool could(struct route_job *job, bool tunnel, struct ms_why *why)
{
	const struct conn_end *l = &job->conn->local, *r = &job->conn->remote;
	bool own = job->pairs.n_mine == 0;
	const struct ms_selector *mine = own ? l->clients : job->pairs.mine;
	const struct ms_selector *theirs = own ? r->clients : job->pairs.theirs;
	unsigned n_mine = own ? l->n_clients : job->pairs.n_mine;
	unsigned n_theirs = own ? r->n_clients : job->pairs.n_theirs;

	for (unsigned i = 0; i < n_mine; i++)
		for (unsigned k = 0; k < n_theirs; k++) {
			if (!route_is_pair(&mine[i], &theirs[k]))
				continue;
			job->err = could_pair(job, &mine[i], &theirs[k], tunnel, why);
			if (job->err != MS_OK)
				return false;
		}
	return true;
}

/* --- plans ----------------------------------------------------------------------------------------- */

static bool plan_cell(struct route_job *job, enum route_event event, struct ms_why *why)
{
	struct conn *c = job->conn;
	const struct route_cell *cell = route_cell(c->routing, event);

	job->to = (enum conn_routing)cell->to;
	job->steps = scripts[cell->action];
	job->leaving = job->to == RT_UNROUTED;
	switch (cell->action) {
	case RA_STAY:
		return false;
	case RA_BUSY:
		job->err = ms_fail(why, MS_ERR_BUSY,
			"cannot unroute: an SA group owns the eroute, take the connection down first");
		return false;
	case RA_PROTECT:
	case RA_MOVE:
		return could(job, true, why);
	case RA_CATCH:
	case RA_CATCH_HOLD:
	case RA_REST:
	case RA_HOLD:
		return could(job, false, why);
	case RA_FOLLOW:
		if (could(job, false, why))
			return true;
		/* Not there: nothing of it may stay where it was. */
		cell = route_cell(c->routing, RE_GOES);
		job->to = (enum conn_routing)cell->to;
		job->steps = scripts[cell->action];
		job->leaving = true;
		return true;
	default:
		return true;
	}
}

bool plan_event(struct route_job *job, struct ms_why *why)
{
	struct conn *c = job->conn;
	enum route_event event = job->event;

	if (event == RE_FAILED && route_failure_shunt(c) == MS_SHUNT_NONE)
		event = RE_FAILED_NONE;
	if (event == RE_ROUTE && !job->may_steal)
		c->wanted_routed = true;
	if (event == RE_UNROUTE && c->routing != RT_ROUTED_TUNNEL)
		c->wanted_routed = false;
	if (event == RE_MOVED && c->routing == RT_UNROUTED && c->wanted_routed)
		event = RE_ROUTE;
	if (event == RE_UNROUTE || event == RE_GOES || event == RE_MOVED)
		route_waits_no_more(job->route, c);
	return plan_cell(job, event, why);
}

bool plan_child_up(struct route_job *job, struct ms_why *why)
{
	if (job->pairs.n_mine == 0 || job->pairs.n_theirs == 0)
		return false;
	job->conn->keying_failed = false;
	return plan_cell(job, RE_SA_UP, why);
}

bool plan_child_moved(struct route_job *job, struct ms_why *why)
{
	(void)why;
	if (job->conn->routing != RT_ROUTED_TUNNEL || job->conn->eroute_owner != job->child)
		return false;
	job->steps = moved;
	return true;
}

static bool same_list(const struct ms_selector *a, unsigned n_a, const struct ms_selector *b,
	unsigned n_b)
{
	bool same = n_a == n_b;

	for (unsigned i = 0; same && i < n_a; i++)
		same = ms_selector_eq(&a[i], &b[i]);
	return same;
}

static bool carries(const struct child_sa *c)
{
	return c->up && (c->state == CHILD_ESTABLISHED || c->state == CHILD_REKEYED);
}

/* Another SA of the connection that carries the same: both ends made one, or rekeyed at once. */
static const struct child_sa *heir_of(const struct route_job *job)
{
	const struct child_sa *best = NULL;

	for (const struct child_sa *c = job->conn->child_sas; c != NULL; c = c->conn_next) {
		if (c->serial == job->child || !carries(c) ||
			!same_list(c->mine, c->n_mine, job->pairs.mine, job->pairs.n_mine) ||
			!same_list(c->theirs, c->n_theirs, job->pairs.theirs, job->pairs.n_theirs))
			continue;
		if (best == NULL || c->serial == job->conn->newest_child)
			best = c;
	}
	return best;
}

/* Do eroutes of it point to this CHILD SA, and which is the newest other one that some point to? */
static bool has_eroutes(const struct conn *c, uint32_t child, uint32_t *other_r)
{
	const struct eroute *e = c->route_of == NULL ? NULL : c->route_of->eroutes;
	bool has = false;

	for (*other_r = 0; e != NULL; e = e->next) {
		if (e->shunt != MS_SHUNT_NONE)
			continue;
		if (e->child == child)
			has = true;
		else if (e->child > *other_r)
			*other_r = e->child;
	}
	return has;
}

/* The SA group had the eroute: another one takes it, or a shunt, or everything goes. */
bool plan_child_down(struct route_job *job, struct ms_why *why)
{
	struct conn *c = job->conn;
	const struct child_sa *heir;
	uint32_t other;

	if (c->routing != RT_ROUTED_TUNNEL || !has_eroutes(c, job->child, &other))
		return false;
	heir = heir_of(job);
	if (heir != NULL && job_pairs_of_child(job, heir))
		return plan_cell(job, RE_SA_HEIR, why);
	if (other != 0) {
		c->eroute_owner = other;
		job->steps = partly_down;
		return true;
	}
	if (route_goes_for_good(c))
		return plan_cell(job, RE_SA_GONE_GOES, why);
	if (c->keying_failed && route_failure_shunt(c) != MS_SHUNT_NONE)
		return plan_cell(job, RE_SA_GONE_FAILED, why);
	return plan_cell(job, RE_SA_GONE, why);
}

/* Its packets may not come to the device any more, and a shunt there would only look as if they did.  A
 * script that cannot change a route is asked for a new one after it has taken the old one away. */
static bool cannot_follow(struct route_job *job)
{
	if (job->event != RE_MOVED || job->steps[job->at].kind != STEP_ROUTE ||
		job->err == MS_ERR_NOMEM)
		return false;
	if (job->conn->wanted_routed) {
		route_happen(job->route, job->conn, RE_ROUTE, job->done, job->arg);
		job->done = NULL;
	}
	return true;
}

/* Policies out, route away; those steps may fail too.  But packets that were to be protected never
 * leave in clear for that: where there was a policy one stays, if need be that of an SA that is no
 * more. */
const struct step *plan_undo(struct route_job *job)
{
	const struct conn *c = job->conn;

	/* A successor failed, the old one goes on; or it is gone itself, and then that is found. */
	if (job->before == RT_ROUTED_TUNNEL && c->eroute_owner != job->child && job->child != 0) {
		route_look_again(job->route, job->conn);
		return NULL;
	}
	if (job->before >= RT_ROUTED_PROSPECTIVE && !route_goes_for_good(c) &&
		!cannot_follow(job)) {
		job->to = RT_ROUTED_PROSPECTIVE;
		if (job->event == RE_MOVED && c->route_of != NULL)
			c->route_of->astray = true; /* once more, later */
		return undo_rest;
	}
	job->to = RT_UNROUTED;
	job->leaving = true;
	return undo_out;
}

void route_happen(struct route *r, struct conn *c, enum route_event event, host_done_f *done,
	void *arg)
{
	struct route_job *job = job_new(r, c, done, arg);

	if (job == NULL && event == RE_MOVED && c->route_of != NULL)
		c->route_of->astray = true;
	if (job == NULL && (event == RE_GOES || event == RE_MOVED))
		route_look_again(r, c);
	if (job == NULL)
		return;
	job->event = event;
	job->plan = plan_event;
	job_queue(job);
}

/* --- stealing and giving back ----------------------------------------------------------------------- */

bool plan_let_go(struct route_job *job, struct ms_why *why)
{
	(void)why;
	job->steps = scripts[job->event == RE_STOLEN ? RA_LET_GO : RA_LET_GO_DOWN];
	return true;
}

void route_stolen(struct route *r, struct conn *c)
{
	const struct route_cell *cell = route_cell(c->routing, RE_STOLEN);
	struct ms_logger lg = conn_logger(c, MS_SOURCE_ROUTE);
	struct route_job *job;

	if (c->routing == RT_UNROUTED)
		return;
	ms_info(&lg, "another connection took the eroute");
	job = c->route_jobs != NULL && c->route_jobs->leaving ? NULL : job_new(r, c, NULL, NULL);
	if (job != NULL) {
		job->event = cell->action == RA_LET_GO ? RE_STOLEN : RE_SA_GONE;
		job->plan = plan_let_go;
		job->leaving = true;
	}
	c->routing = (enum conn_routing)cell->to;
	c->eroute_owner = 0;
	if (job != NULL)
		job_queue(job);
	opp_taken(r, c);
}

void route_regain(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	struct route_job *job = job_new(r, c, done, arg);
	struct child_sa *child = c->child_sas;

	if (job == NULL)
		return;
	while (child != NULL && !carries(child))
		child = child->conn_next;
	job->event = RE_ROUTE;
	job->may_steal = true;
	job->plan = plan_event;
	if (child != NULL && job_pairs_of_child(job, child))
		job->plan = plan_child_up;
	job_queue(job);
}

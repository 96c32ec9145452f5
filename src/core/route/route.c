/* SPDX-License-Identifier: Apache-2.0 */
#include "core/route/route_priv.h"

#include "core/child/child_sa.h"

#include <stdlib.h>

struct route *route_new(const struct host *host, const struct route_env *env)
{
	struct route *r = calloc(1, sizeof *r);

	if (r != NULL) {
		r->host = host;
		r->env = *env;
	}
	return r;
}

void route_free(struct route **r)
{
	free(*r);
	*r = NULL;
}

bool route_busy(const struct route *r)
{
	return r->jobs > 0;
}

const char *route_state_name(enum conn_routing s)
{
	static const char *const names[] = {
		[RT_UNROUTED] = "unrouted",
		[RT_UNROUTED_HOLD] = "unrouted HOLD",
		[RT_ROUTED_PROSPECTIVE] = "prospective erouted",
		[RT_ROUTED_HOLD] = "erouted HOLD",
		[RT_ROUTED_FAILURE] = "fail erouted",
		[RT_ROUTED_TUNNEL] = "erouted",
	};

	return names[s];
}

static void add_hook(struct route_job *job, enum ms_hook_verb verb, bool may_fail)
{
	job_step(job, (struct step){ .kind = STEP_HOOK, .verb = verb, .may_fail = may_fail });
}

static void add_set(struct route_job *job, enum ms_shunt shunt)
{
	job_step(job, (struct step){ .kind = STEP_SET, .shunt = shunt });
}

static void add_delete(struct route_job *job)
{
	job_step(job, (struct step){ .kind = STEP_DELETE, .may_fail = true });
}

static void add_state(struct route_job *job, enum conn_routing routing)
{
	job_step(job, (struct step){ .kind = STEP_STATE, .routing = routing });
}

static void add_route(struct route_job *job)
{
	if (job->conn->routing != RT_UNROUTED)
		return;
	add_hook(job, MS_HOOK_PREPARE, true);
	add_hook(job, MS_HOOK_ROUTE, false);
}

/* --- SA groups ------------------------------------------------------------------------------ */

static bool plan_up(struct route_job *job, struct ms_why *why)
{
	bool was_up = job->conn->routing == RT_ROUTED_TUNNEL;

	(void)why;
	add_route(job);
	add_set(job, MS_SHUNT_NONE);
	add_state(job, RT_ROUTED_TUNNEL);
	if (!was_up)
		add_hook(job, MS_HOOK_UP, false);
	return true;
}

void route_child_up(struct route *r, struct child_sa *child, host_done_f *done, void *arg)
{
	struct route_job *job = job_new(r, child->conn, done, arg);

	if (job == NULL)
		return;
	job->plan = plan_up;
	if (!job_pairs_of_child(job, child))
		job->plan = NULL;
	job_queue(job);
}

static bool plan_moved(struct route_job *job, struct ms_why *why)
{
	(void)why;
	if (job->conn->routing != RT_ROUTED_TUNNEL || job->conn->eroute_owner != job->child)
		return false;
	job_step(job, (struct step){ .kind = STEP_SET, .shunt = MS_SHUNT_NONE, .may_fail = true });
	return true;
}

void route_child_moved(struct route *r, struct child_sa *child)
{
	struct route_job *job = job_new(r, child->conn, NULL, NULL);

	if (job == NULL)
		return;
	if (job_pairs_of_child(job, child))
		job->plan = plan_moved;
	job_queue(job);
}

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

static bool same_list(const struct ms_selector *a, unsigned n_a, const struct ms_selector *b,
	unsigned n_b)
{
	bool same = n_a == n_b;

	for (unsigned i = 0; same && i < n_a; i++)
		same = ms_selector_eq(&a[i], &b[i]);
	return same;
}

static bool same_pairs(const struct route_job *job)
{
	const struct conn_end *l = &job->conn->local, *r = &job->conn->remote;
	const struct pairs *p = &job->pairs;

	return same_list(p->mine, p->n_mine, l->clients, l->n_clients) &&
	       same_list(p->theirs, p->n_theirs, r->clients, r->n_clients);
}

static bool plan_rest(struct route_job *job, struct ms_why *why);

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

/* The SA group had the eroute: another one takes it, or a shunt, or everything goes. */
static bool plan_down(struct route_job *job, struct ms_why *why)
{
	const struct child_sa *heir;
	struct conn *c = job->conn;

	(void)why;
	if (c->routing != RT_ROUTED_TUNNEL || c->eroute_owner != job->child)
		return false;
	heir = heir_of(job);
	if (heir != NULL && job_pairs_of_child(job, heir)) {
		add_set(job, MS_SHUNT_NONE);
		add_state(job, RT_ROUTED_TUNNEL);
		return true;
	}
	add_hook(job, MS_HOOK_DOWN, true);
	if (route_goes_for_good(c)) {
		add_delete(job);
		add_hook(job, MS_HOOK_UNROUTE, true);
		add_state(job, RT_UNROUTED);
	} else if (same_pairs(job)) {
		add_set(job, route_resting_shunt(c));
		add_state(job, RT_ROUTED_PROSPECTIVE);
	} else {
		/* Narrowed selectors: theirs go here, the connection's own come in a job behind. */
		struct route_job *rest = job_new(job->route, c, NULL, NULL);

		add_delete(job);
		add_state(job, RT_ROUTED_PROSPECTIVE);
		if (rest != NULL) {
			rest->plan = plan_rest;
			rest->next = job->next;
			job->next = rest;
		}
	}
	return true;
}

static bool plan_rest(struct route_job *job, struct ms_why *why)
{
	(void)why;
	if (job->conn->routing != RT_ROUTED_PROSPECTIVE || !job_pairs_of_conn(job))
		return false;
	add_set(job, route_resting_shunt(job->conn));
	return true;
}

void route_child_down(struct route *r, struct child_sa *child)
{
	struct route_job *job = job_new(r, child->conn, NULL, NULL);

	if (job == NULL)
		return;
	if (job_pairs_of_child(job, child))
		job->plan = plan_down;
	job_queue(job);
}

/* --- requests of a person -------------------------------------------------------------------- */

static bool plan_route(struct route_job *job, struct ms_why *why)
{
	struct conn *c = job->conn;

	(void)why;
	c->wanted_routed = true;
	if (c->routing == RT_ROUTED_TUNNEL)
		return false; /* the shunt comes when the SA group goes */
	if (!job_pairs_of_conn(job))
		return false;
	add_route(job);
	add_set(job, route_resting_shunt(c));
	add_state(job, RT_ROUTED_PROSPECTIVE);
	return true;
}

void route_connection(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	struct route_job *job = job_new(r, c, done, arg);

	if (job == NULL)
		return;
	job->plan = plan_route;
	job_queue(job);
}

static bool plan_unroute(struct route_job *job, struct ms_why *why)
{
	struct conn *c = job->conn;

	if (c->routing == RT_ROUTED_TUNNEL && !route_goes_for_good(c)) {
		job->err = ms_fail(why, MS_ERR_BUSY,
			"cannot unroute: an SA group owns the eroute, take the connection down first");
		return false;
	}
	c->wanted_routed = false;
	if (c->routing == RT_UNROUTED || !job_pairs_of_conn(job))
		return false;
	add_delete(job);
	add_hook(job, MS_HOOK_UNROUTE, true);
	add_state(job, RT_UNROUTED);
	return true;
}

void route_unroute(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	struct route_job *job = job_new(r, c, done, arg);

	if (job == NULL)
		return;
	job->plan = plan_unroute;
	job_queue(job);
}

void route_release(struct route *r, struct conn *c)
{
	if (c->routing != RT_UNROUTED || c->route_jobs != NULL)
		route_unroute(r, c, NULL, NULL);
}

/* --- acquire --------------------------------------------------------------------------------- */

static unsigned closeness(const struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	unsigned best = 0;

	for (unsigned i = 0; i < c->local.n_clients; i++)
		for (unsigned k = 0; k < c->remote.n_clients; k++) {
			const struct ms_selector *s = &c->local.clients[i];
			const struct ms_selector *d = &c->remote.clients[k];
			struct ms_subnet sn, dn;
			unsigned score;

			if (!ms_range_contains(&s->range, &src->range) ||
				!ms_range_contains(&d->range, &dst->range))
				continue;
			/* KLIPS' order: the longer source prefix first, then the destination's. */
			score = 1;
			if (ms_range_to_subnet(&s->range, &sn) == MS_OK)
				score += (unsigned)sn.bits * 256;
			if (ms_range_to_subnet(&d->range, &dn) == MS_OK)
				score += dn.bits;
			if (score > best)
				best = score;
		}
	return best;
}

struct conn *route_find(const struct conn_table *t, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct conn *best = NULL;
	unsigned best_score = 0;

	for (struct conn *c = conn_first(t); c != NULL; c = c->all_next) {
		unsigned score;

		if (!c->oriented || c->routing == RT_UNROUTED)
			continue;
		score = closeness(c, src, dst);
		if (score > best_score) {
			best = c;
			best_score = score;
		}
	}
	return best;
}

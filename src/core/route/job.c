/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a change of routing: one step after another, one change after another.
 *
 * Each step is about some pairs of clients.  What the kernel and the hooks have done is written down
 * when they say so, flow by flow, so that what is known here is true whatever failed.
 */
#include "core/route/route_priv.h"

#include "core/child/child_sa.h"

#include <stdlib.h>
#include <string.h>

static void run(struct route_job *job);

struct route_job *job_new(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	struct route_job *job = calloc(1, sizeof *job);

	if (job == NULL) {
		if (done != NULL)
			done(arg, MS_ERR_NOMEM, NULL);
		return NULL;
	}
	job->route = r;
	r->jobs++;
	job->conn = conn_ref(c);
	job->done = done;
	job->arg = arg;
	return job;
}

static void pairs_free(struct pairs *p)
{
	free(p->mine);
	free(p->theirs);
	memset(p, 0, sizeof *p);
}

bool job_pairs_of_child(struct route_job *job, const struct child_sa *child)
{
	struct pairs *p = &job->pairs;

	job->said = (struct ms_said){ child->remote.addr, child->spi_out, child_proto(child) };
	job->tunnel_src = child->local.addr;
	job->tunnel_dst = child->remote.addr;
	job->tunnel = child->tunnel;
	job->reqid = child->reqid;
	job->child = child->serial;
	pairs_free(p);
	p->mine = calloc(child->n_mine + 1u, sizeof *p->mine);
	p->theirs = calloc(child->n_theirs + 1u, sizeof *p->theirs);
	if (p->mine == NULL || p->theirs == NULL)
		return false;
	memcpy(p->mine, child->mine, child->n_mine * sizeof *p->mine);
	memcpy(p->theirs, child->theirs, child->n_theirs * sizeof *p->theirs);
	p->n_mine = child->n_mine;
	p->n_theirs = child->n_theirs;
	return true;
}

static void finish(struct route_job *job)
{
	struct conn *c = job->conn;
	struct route *r = job->route;
	struct route_job *next;

	c->route_jobs = next = job->next;
	r->jobs--;
	if (job->done != NULL)
		job->done(job->arg, job->err, &job->why);
	if (r->env.changed != NULL)
		r->env.changed(r->env.ctx, c);
	pairs_free(&job->pairs);
	free(job->flows);
	free(job->ops);
	free(job->dns);
	free(job->domains);
	free(job);
	if (next != NULL && c->route_jobs == next)
		run(next);
	conn_unref(&c);
}

/* --- the flows of a step --------------------------------------------------------------------------- */

static bool flows_of_lists(struct route_job *job, const struct ms_selector *mine, unsigned n_mine,
	const struct ms_selector *theirs, unsigned n_theirs)
{
	job->flows = calloc((size_t)n_mine * n_theirs + 1, sizeof *job->flows);
	if (job->flows == NULL)
		return false;
	for (unsigned i = 0; i < n_mine; i++)
		for (unsigned k = 0; k < n_theirs; k++)
			job->flows[job->n_flows++] = (struct flow){ mine[i], theirs[k] };
	return true;
}

static bool is_own(const struct conn *c, const struct eroute *e)
{
	bool mine = false, theirs = false;

	for (unsigned i = 0; i < c->local.n_clients && !mine; i++)
		mine = ms_selector_eq(&c->local.clients[i], &e->node.src);
	for (unsigned i = 0; i < c->remote.n_clients && !theirs; i++)
		theirs = ms_selector_eq(&c->remote.clients[i], &e->node.dst);
	return mine && theirs;
}

static bool flows_of_eroutes(struct route_job *job, const struct step *s)
{
	const struct conn *c = job->conn;
	const struct eroute *e, *first = c->route_of == NULL ? NULL : c->route_of->eroutes;
	unsigned n = 0;

	for (e = first; e != NULL; e = e->next)
		n++;
	job->flows = calloc(n + 1u, sizeof *job->flows);
	if (job->flows == NULL)
		return false;
	for (e = first; e != NULL; e = e->next) {
		if (s->pairs == PAIRS_STALE && (e->shunt != MS_SHUNT_NONE || e->child != job->child ||
						      (s->kind == STEP_SET && !is_own(c, e))))
			continue;
		if (s->pairs == PAIRS_LOST && (e->shunt != MS_SHUNT_NONE || is_own(c, e)))
			continue;
		job->flows[job->n_flows++] = (struct flow){ e->node.src, e->node.dst };
	}
	return true;
}

static bool flows_of_uses(struct route_job *job)
{
	const struct conn *c = job->conn;
	const struct route_use *u, *first = c->route_of == NULL ? NULL : c->route_of->uses;
	unsigned n = 0;

	for (u = first; u != NULL; u = u->next)
		n++;
	job->flows = calloc(n + 1u, sizeof *job->flows);
	if (job->flows == NULL)
		return false;
	for (u = first; u != NULL; u = u->next)
		job->flows[job->n_flows++] = (struct flow){ u->mine, u->theirs };
	return true;
}

static bool take_flows(struct route_job *job, const struct step *s)
{
	const struct conn *c = job->conn;
	const struct pairs *p = &job->pairs;

	free(job->flows);
	job->flows = NULL;
	job->n_flows = job->flow = 0;
	job->prepared = false;
	if (s->kind == STEP_UNROUTE)
		return flows_of_uses(job);
	if (s->kind == STEP_BARE || s->pairs == PAIRS_STALE || s->pairs == PAIRS_LOST ||
		s->pairs == PAIRS_ALL)
		return flows_of_eroutes(job, s);
	if (s->pairs == PAIRS_OWN || p->n_mine == 0)
		return flows_of_lists(job, c->local.clients, c->local.n_clients,
			c->remote.clients, c->remote.n_clients);
	return flows_of_lists(job, p->mine, p->n_mine, p->theirs, p->n_theirs);
}

/* --- going on -------------------------------------------------------------------------------------- */

static void to_step(struct route_job *job, unsigned at)
{
	job->at = at;
	if (job->steps[at].kind != STEP_NONE && !take_flows(job, &job->steps[at]))
		job->n_flows = 0; /* out of memory: nothing is done, nothing is written down */
}

static void fail(struct route_job *job, ms_err err, const struct ms_why *why)
{
	struct ms_logger lg = conn_logger(job->conn, MS_SOURCE_ROUTE);

	if (job->steps[job->at].may_fail) {
		ms_debug(&lg, "%s, ignoring", ms_why_text(why, err));
		return;
	}
	job->err = ms_fail(&job->why, err, "%s", ms_why_text(why, err));
	job->undoing = true;
	job->steps = plan_undo(job);
	if (job->steps != NULL)
		to_step(job, 0);
}

/* --- hooks ----------------------------------------------------------------------------------------- */

/* Without memory the hook is told of none. */
static void copy_text(char **to, const char *from)
{
	free(*to);
	*to = from == NULL ? NULL : strdup(from);
}

static void flow_done(void *arg, ms_err err, const struct ms_why *why)
{
	struct route_job *job = arg;
	const struct step *s = &job->steps[job->at];

	if (err != MS_OK && s->kind == STEP_ROUTE && !job->prepared) {
		struct ms_logger lg = conn_logger(job->conn, MS_SOURCE_ROUTE);

		ms_debug(&lg, "%s, ignoring", ms_why_text(why, err));
		err = MS_OK;
	}
	if (err != MS_OK && !s->may_fail) {
		fail(job, err, why);
		run(job);
		return;
	}
	if (err != MS_OK)
		fail(job, err, why);
	if (s->kind == STEP_ROUTE && !job->prepared) {
		job->prepared = true;
	} else {
		job->prepared = false;
		job->flow++;
	}
	run(job);
}

/* For the hook: what made the connection, when no person wrote its peer down. */
static const char *policy_words(const struct conn *c)
{
	for (; c != NULL; c = c->template) {
		if (c->opportunistic)
			return "OPPORTUNISTIC";
		if (c->group || c->member)
			return "GROUP";
	}
	return "";
}

static void run_hook(struct route_job *job, enum ms_hook_verb verb, const struct flow *f)
{
	const struct conn *c = job->conn;
	struct ms_hook_event e = { .verb = verb };
	struct ms_selector host;
	struct ms_subnet net;

	ms_id_text(&c->local.id, job->my_id, sizeof job->my_id);
	ms_id_text(&c->remote.id, job->peer_id, sizeof job->peer_id);
	e.connection = c->desc->name;
	e.command = c->local.updown;
	e.interface = c->device;
	e.stack = job->route->env.stack;
	e.me = c->local.host.addr;
	e.peer = c->remote.host.addr;
	e.next_hop = c->local.nexthop.family != 0 ? c->local.nexthop : c->remote.host.addr;
	e.source_ip = c->local.sourceip;
	copy_text(&job->dns, c->dns);
	copy_text(&job->domains, c->domains);
	e.dns = job->dns;
	e.domains = job->domains;
	e.my_id = job->my_id;
	e.peer_id = job->peer_id;
	e.my_client = f->mine;
	if (c->local.sourceip6.family == e.my_client.range.first.family)
		e.source_ip = c->local.sourceip6;
	e.peer_client = f->theirs;
	e.mtu = c->desc->mtu;
	e.metric = c->desc->metric;
	net = ms_subnet_host(&c->local.host.addr);
	host = ms_selector_of_subnet(&net);
	e.client = !ms_range_eq(&host.range, &e.my_client.range);
	/* clear-or-private: its packets pass, but those of an instance are protected */
	e.tunnel = c->desc->type == MS_TYPE_TUNNEL ||
		(c->instance != 0 && c->desc->type == MS_TYPE_PASS);
	e.protect = e.tunnel || c->desc->type == MS_TYPE_TRANSPORT;
	e.firewall = c->left_is_local ? c->desc->left.firewall : c->desc->right.firewall;
	e.policy = policy_words(c);
	job->route->env.hook(job->route->env.ctx, job->conn, &e, flow_done, job);
}

/* True: the hook runs. */
static bool step_route(struct route_job *job)
{
	struct route *r = job->route;
	struct conn *c = job->conn;

	/* What a CHILD SA was narrowed to lies in what is routed. */
	if (job->before >= RT_ROUTED_PROSPECTIVE)
		return false;
	/* A member whose packets pass needs no route: those that a wider one leads to the device find
	 * its eroute there.  So a hundred thousand peers in clear cost no command each. */
	if (c->member && c->desc->type == MS_TYPE_PASS)
		return false;
	for (; job->flow < job->n_flows; job->flow++) {
		const struct flow *f = &job->flows[job->flow];
		bool shared = route_other_user(r, c, &f->theirs) != NULL;

		if (!job->prepared && route_uses(c, &f->theirs))
			continue;
		if (!job->prepared && !route_use(r, c, &f->mine, &f->theirs)) {
			fail(job, MS_ERR_NOMEM, NULL);
			return false;
		}
		if (shared && !job->prepared)
			continue;
		run_hook(job, job->prepared ? MS_HOOK_ROUTE : MS_HOOK_PREPARE, f);
		return true;
	}
	return false;
}

static bool step_unroute(struct route_job *job)
{
	struct route *r = job->route;
	struct conn *c = job->conn;

	while (job->flow < job->n_flows) {
		const struct flow *f = &job->flows[job->flow];
		struct route_use *u = c->route_of == NULL ? NULL : c->route_of->uses;

		while (u != NULL && !ms_range_eq(&u->theirs.range, &f->theirs.range))
			u = u->next;
		if (u != NULL)
			route_use_end(r, u);
		if (u != NULL && route_other_user(r, c, &f->theirs) == NULL) {
			run_hook(job, MS_HOOK_UNROUTE, f);
			return true;
		}
		job->flow++;
	}
	return false;
}

/* --- the kernel ------------------------------------------------------------------------------------ */

static enum ms_shunt shunt_of(const struct route_job *job, const struct step *s)
{
	enum ms_shunt failure;

	switch ((enum step_shunt)s->shunt) {
	case SHUNT_RESTING:
		return route_resting_shunt(job->conn);
	case SHUNT_HOLD:
		return route_hold_shunt(job->conn);
	case SHUNT_FAILURE:
		failure = route_failure_shunt(job->conn);
		return failure == MS_SHUNT_NONE ? MS_SHUNT_DROP : failure;
	default:
		return MS_SHUNT_NONE;
	}
}

/* The kernel has it now: whose was it before? */
static void is_set(struct route_job *job, const struct ms_kernel_policy *p)
{
	struct route *r = job->route;
	struct eroute *e = eroute_at(r, &p->src, &p->dst);
	struct conn *had = e != NULL && e->owner != job->conn ? conn_ref(e->owner) : NULL;
	struct ms_logger lg = conn_logger(job->conn, MS_SOURCE_ROUTE);

	/* A trap between two hosts makes way for its own instance, and comes back after it. */
	if (had != NULL && had == job->conn->template && route_own_trap(r, had, &p->src, &p->dst))
		conn_unref(&had);
	if (had != NULL)
		route_waits(r, had, e);
	if (!eroute_take(r, job->conn, &p->src, &p->dst, p->shunt, job->child))
		ms_error(&lg, "out of memory: an eroute is forgotten");
	(void)route_bare_forget(r, &p->src, &p->dst);
	if (had != NULL)
		route_stolen(r, had);
	conn_unref(&had);
}

static void is_deleted(struct route_job *job, const struct ms_kernel_policy *p)
{
	struct eroute *e = eroute_at(job->route, &p->src, &p->dst);

	if (e == NULL || e->owner != job->conn)
		return;
	eroute_drop(job->route, e);
	if (job->conn->template != NULL &&
		route_trap_again(job->route, job->conn->template, &p->src, &p->dst))
		route_set_shunt(job->route, &p->src, &p->dst, MS_SHUNT_TRAP);
}

static void submit(struct route_job *job);

static void kernel_done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct route_job *job = arg;
	const struct step *s = &job->steps[job->at];
	unsigned left = job->n_flows - job->flow, n = err == MS_OK ? left : failed;

	if (n > left)
		n = left;
	/* What cannot be deleted is not there. */
	if (err != MS_OK && s->kind == STEP_DELETE && n < left)
		n++;
	for (unsigned i = 0; i < n; i++) {
		const struct ms_kernel_policy *p = &job->ops[job->flow + i].policy;

		if (s->kind == STEP_SET)
			is_set(job, p);
		else
			is_deleted(job, p);
	}
	job->flow += n;
	if (err != MS_OK) {
		bool may_fail = s->may_fail;

		if (s->kind == STEP_SET && may_fail)
			job->flow++;
		fail(job, err, why);
		if (may_fail && job->flow < job->n_flows) {
			submit(job);
			return;
		}
	}
	run(job);
}

/* The rest of the flows. */
static void submit(struct route_job *job)
{
	job->route->host->ops->kernel(job->route->host->ctx, job->ops + job->flow,
		job->n_flows - job->flow, kernel_done, job);
}

static bool step_policies(struct route_job *job, const struct step *s)
{
	enum ms_shunt shunt = s->kind == STEP_SET ? shunt_of(job, s) : MS_SHUNT_NONE;

	if (job->flow == job->n_flows)
		return false;
	free(job->ops);
	job->ops = calloc(job->n_flows, sizeof *job->ops);
	if (job->ops == NULL) {
		job->flow = job->n_flows;
		fail(job, MS_ERR_NOMEM, NULL);
		return false;
	}
	ms_id_text(&job->conn->local.id, job->my_id, sizeof job->my_id);
	ms_id_text(&job->conn->remote.id, job->peer_id, sizeof job->peer_id);
	for (unsigned i = 0; i < job->n_flows; i++) {
		struct ms_kernel_op *op = &job->ops[i];

		op->kind = s->kind == STEP_SET ? MS_KOP_POLICY_SET : MS_KOP_POLICY_DELETE;
		op->policy.src = job->flows[i].mine;
		op->policy.dst = job->flows[i].theirs;
		op->policy.shunt = shunt;
		op->policy.said = job->said;
		op->policy.tunnel = job->tunnel;
		op->policy.tunnel_src = job->tunnel_src;
		op->policy.tunnel_dst = job->tunnel_dst;
		op->policy.reqid = job->reqid;
		op->policy.priority = job->conn->desc->priority;
		op->policy.src_id = job->my_id;
		op->policy.dst_id = job->peer_id;
	}
	submit(job);
	return true;
}

/* --- states and heirs ------------------------------------------------------------------------------- */

static void set_state(struct route_job *job)
{
	struct conn *c = job->conn;
	struct route *r = job->route;
	uint64_t at = UINT64_MAX;

	c->routing = job->to;
	c->eroute_owner = job->to == RT_ROUTED_TUNNEL ? job->child : 0;
	if (c->route_of == NULL)
		return;
	if (job->to == RT_ROUTED_FAILURE)
		at = route_now(r) + r->failure_ms;
	else if (job->to == RT_ROUTED_HOLD || job->to == RT_UNROUTED_HOLD)
		at = route_now(r) + HOLD_LIFE_MS;
	else if (job->to == RT_ROUTED_PROSPECTIVE && !route_rests(c))
		at = route_now(r) + REST_AGAIN_MS;
	route_set_timer(r, &c->route_of->timer, at);
}

static bool step_bare(struct route_job *job)
{
	struct conn *c = job->conn;
	enum ms_shunt shunt = route_failure_shunt(c);

	for (; job->flow < job->n_flows; job->flow++) {
		const struct flow *f = &job->flows[job->flow];
		struct eroute *e = eroute_at(job->route, &f->mine, &f->theirs);

		if (e != NULL && e->owner == c)
			eroute_drop(job->route, e);
		route_bare_set(job->route, &f->mine, &f->theirs, shunt, job->route->failure_ms,
			"negotiation failed");
	}
	return false;
}

static bool step_heir(struct route_job *job)
{
	struct conn *heir;

	if (job->flow > 0)
		return false;
	heir = route_heir(job->route, job->conn);
	job->n_flows = 1; /* its turn */
	if (heir == NULL)
		return false;
	route_regain(job->route, heir, flow_done, job);
	conn_unref(&heir);
	return true;
}

/* --- the machine ------------------------------------------------------------------------------------- */

/* True: something is waited for. */
static bool step(struct route_job *job)
{
	const struct step *s = &job->steps[job->at];

	switch ((enum step_kind)s->kind) {
	case STEP_ROUTE:
		return step_route(job);
	case STEP_UNROUTE:
		return step_unroute(job);
	case STEP_UP:
	case STEP_DOWN:
		if (job->flow == job->n_flows)
			return false;
		run_hook(job, s->kind == STEP_UP ? MS_HOOK_UP : MS_HOOK_DOWN,
			&job->flows[job->flow]);
		return true;
	case STEP_SET:
	case STEP_DELETE:
		return step_policies(job, s);
	case STEP_BARE:
		return step_bare(job);
	case STEP_HEIR:
		return step_heir(job);
	case STEP_STATE:
		set_state(job);
		return false;
	case STEP_NONE:
		return false;
	}
	return false;
}

static void begin(struct route_job *job)
{
	bool (*plan)(struct route_job *, struct ms_why *) = job->plan;

	job->plan = NULL;
	job->before = job->conn->routing;
	if (!plan(job, &job->why))
		job->steps = NULL;
	if (job->steps != NULL)
		to_step(job, 0);
}

/* Until a step must be waited for, or the job is over. */
static void run(struct route_job *job)
{
	if (job->plan != NULL)
		begin(job);
	while (job->steps != NULL && job->steps[job->at].kind != STEP_NONE) {
		const struct step *s = &job->steps[job->at];

		if (step(job))
			return;
		/* Else it failed, and others came in their place. */
		if (job->steps != NULL && s == &job->steps[job->at])
			to_step(job, job->at + 1);
	}
	finish(job);
}

void job_queue(struct route_job *job)
{
	struct route_job **end = &job->conn->route_jobs;

	if (*end == NULL) {
		*end = job;
		run(job);
		return;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = job;
}

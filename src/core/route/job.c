/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a change of routing: one step after another, one change after another.
 *
 * Each step is about some pairs of clients.  What the kernel and the hooks have done is written down
 * when they say so, flow by flow, so that what is known here is true whatever failed.
 */
#include "core/route/job.h"

#include "core/child/child_sa.h"

#include <stdlib.h>
#include <string.h>

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

/* Before its turn: the eroute of another connection first comes to rest. */
static void block(struct route_job *job)
{
	struct route_job **end = &job->route->blocked;

	while (*end != NULL)
		end = &(*end)->blocked_next;
	job->blocked_next = NULL;
	*end = job;
}

/* Who waited for c looks again.  None is blocked by it once more: c's job is past that, or over. */
static void unblock(struct route *r, const struct conn *c)
{
	struct route_job **at = &r->blocked, *job;

	while ((job = *at) != NULL) {
		if (job->blocked_by != c) {
			at = &job->blocked_next;
			continue;
		}
		*at = job->blocked_next;
		conn_unref(&job->blocked_by);
		job_run(job);
		at = &r->blocked; /* which may be another list by now */
	}
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
	eroute_spares_free(&job->spares);
	free(job->dns);
	free(job->domains);
	free(job->subnets);
	free(job);
	route_disown(r, c);
	unblock(r, c);
	if (next != NULL && c->route_jobs == next)
		job_run(next);
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
			if (route_is_pair(&mine[i], &theirs[k]))
				job->flows[job->n_flows++] =
					(struct flow){ mine[i], theirs[k], NULL };
	return true;
}

static bool is_own(const struct conn *c, const struct eroute *e)
{
	return conn_end_has(&c->local, &e->node.src) && conn_end_has(&c->remote, &e->node.dst);
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
		if (s->pairs == PAIRS_LOST && is_own(c, e))
			continue;
		job->flows[job->n_flows++] = (struct flow){ e->node.src, e->node.dst, NULL };
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
		job->flows[job->n_flows++] = (struct flow){ u->mine, u->theirs, NULL };
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
	if (s->kind == STEP_NONE || s->kind == STEP_STATE || s->kind == STEP_HEIR)
		return true;
	if (s->kind == STEP_UNROUTE || s->kind == STEP_LEAVE)
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
	if (take_flows(job, &job->steps[at]))
		return;
	/* Nothing is done, nothing is written down. */
	job->n_flows = 0;
	if (!job->steps[at].may_fail)
		job_fail(job, MS_ERR_NOMEM, NULL);
}

void job_fail(struct route_job *job, ms_err err, const struct ms_why *why)
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

/* --- states and heirs ------------------------------------------------------------------------------- */

static void set_state(struct route_job *job)
{
	struct conn *c = job->conn;
	struct route *r = job->route;
	uint64_t at = UINT64_MAX;

	c->routing = job->to;
	c->eroute_owner = job->to == RT_ROUTED_TUNNEL ? job->child : 0;
	if (job->to == RT_ROUTED_TUNNEL)
		opp_made(r, c);
	if (c->route_of == NULL)
		return;
	if (job->to == RT_ROUTED_FAILURE)
		at = route_now(r) + r->failure_ms;
	else if (job->to == RT_ROUTED_HOLD || job->to == RT_UNROUTED_HOLD)
		at = route_now(r) + HOLD_LIFE_MS;
	else if ((job->to == RT_ROUTED_PROSPECTIVE && (!route_rests(c) || c->route_of->astray)) ||
		(job->to == RT_UNROUTED && route_has_any(c)))
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
	route_regain(job->route, heir, job_flow_done, job);
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
		return job_step_route(job);
	case STEP_UNROUTE:
		return job_step_unroute(job);
	case STEP_LEAVE:
		return job_step_leave(job);
	case STEP_UP:
	case STEP_DOWN:
		if (job->flow == job->n_flows)
			return false;
		job_hook(job, s->kind == STEP_UP ? MS_HOOK_UP : MS_HOOK_DOWN,
			&job->flows[job->flow]);
		return true;
	case STEP_SET:
	case STEP_DELETE:
		return job_step_policies(job, s);
	case STEP_BARE:
		return step_bare(job);
	case STEP_HEIR:
		return step_heir(job);
	case STEP_STATE:
		set_state(job);
		/* before HEIR: the heir's own job may be one of those */
		unblock(job->route, job->conn);
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
	if (job->blocked_by != NULL) {
		job->plan = plan;
		job->err = MS_OK;
		job->why.text[0] = '\0';
		block(job);
	} else if (job->steps != NULL) {
		to_step(job, 0);
	}
}

/* Until a step must be waited for, or the job is over. */
void job_run(struct route_job *job)
{
	if (job->plan != NULL)
		begin(job);
	if (job->blocked_by != NULL)
		return;
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
		job_run(job);
		return;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = job;
}

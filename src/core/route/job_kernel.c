/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a job that the kernel takes: what it did is written down when it says so. */
#include "core/route/job.h"

#include "core/child/child_sa.h"

#include <stdlib.h>

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

/* Meanwhile another connection got an SA group for it, and the kernel heard of that first: it is put
 * back.  False: it could not be, the CHILD SA is on its way out. */
static bool put_back(struct route_job *job, const struct eroute *e)
{
	struct child_sa *child = e->owner->child_sas;

	while (child != NULL && child->serial != e->child)
		child = child->conn_next;
	if (child == NULL)
		return false;
	route_child_moved(job->route, child);
	return true;
}

/* The kernel has it now: whose was it before?  *had_r: a reference, it was stolen from him.  False: it
 * belongs to somebody else. */
static bool is_set(struct route_job *job, const struct ms_kernel_policy *p, struct conn **had_r)
{
	struct route *r = job->route;
	struct eroute *e = eroute_at(r, &p->src, &p->dst);
	struct conn *had = e != NULL && e->owner != job->conn ? conn_ref(e->owner) : NULL;
	struct ms_logger lg = conn_logger(job->conn, MS_SOURCE_ROUTE);

	if (had != NULL && p->shunt != MS_SHUNT_NONE && e->shunt == MS_SHUNT_NONE &&
		!job->may_steal && put_back(job, e)) {
		conn_unref(&had);
		return false;
	}
	/* A trap between two hosts makes way for its own instance, and comes back after it. */
	if (had != NULL && had == job->conn->template && route_own_trap(r, had, &p->src, &p->dst))
		conn_unref(&had);
	if (had != NULL)
		route_waits(r, had, e);
	if (!eroute_take(r, job->conn, &p->src, &p->dst, p->shunt, job->child, &job->spares))
		ms_error(&lg, "out of memory: an eroute is forgotten");
	(void)route_bare_forget(r, &p->src, &p->dst);
	if (job->conn->instance == 0 && job->before == RT_UNROUTED)
		route_policy_changed(r);
	*had_r = had;
	return true;
}

/* Only when all of them are ours: what they let go must not be what we are about to take. */
static void tell_stolen(struct route_job *job, unsigned n)
{
	for (unsigned i = job->flow; i < job->flow + n; i++) {
		if (job->flows[i].had != NULL)
			route_stolen(job->route, job->flows[i].had);
		conn_unref(&job->flows[i].had);
	}
}

/* An instance's eroute for two hosts gives way to its template's trap in one step: between two a packet
 * would meet what is below them both. */
static bool trap_follows(const struct route_job *job, const struct flow *f)
{
	const struct eroute *e = eroute_at(job->route, &f->mine, &f->theirs);

	return e != NULL && e->owner == job->conn && job->conn->template != NULL &&
	       route_trap_follows(job->conn->template, &f->mine, &f->theirs);
}

static void is_deleted(struct route_job *job, const struct ms_kernel_policy *p)
{
	struct eroute *e = eroute_at(job->route, &p->src, &p->dst);
	bool trap = p->shunt == MS_SHUNT_TRAP, again;

	/* The kernel heard of another owner first, and then of this. */
	if (e != NULL && e->owner != job->conn) {
		if (e->shunt != MS_SHUNT_NONE)
			route_set_shunt(job->route, &p->src, &p->dst, e->shunt);
		else
			(void)put_back(job, e);
	}
	if (e == NULL || e->owner != job->conn)
		return;
	eroute_drop(job->route, e);
	if (job->conn->instance == 0 && job->leaving)
		route_policy_changed(job->route);
	again = job->conn->template != NULL &&
		route_trap_again(job->route, job->conn->template, &p->src, &p->dst);
	if (again != trap)
		route_set_shunt(job->route, &p->src, &p->dst,
			again ? MS_SHUNT_TRAP : MS_SHUNT_NONE);
}

/* It stays as it was, which may be no good any more. */
static void is_refused(struct route_job *job, const struct ms_kernel_policy *p)
{
	struct eroute *e = eroute_at(job->route, &p->src, &p->dst);

	if (e == NULL || e->owner != job->conn || e->shunt != MS_SHUNT_NONE)
		return;
	e->refused = true;
	route_look_again(job->route, job->conn);
}

static void submit(struct route_job *job);

static void kernel_done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct route_job *job = arg;
	const struct step *s = &job->steps[job->at];
	unsigned left = job->n_flows - job->flow, n = err == MS_OK ? left : failed;
	struct ms_why busy = { "" };

	if (n > left)
		n = left;
	/* What cannot be deleted is not there. */
	if (err != MS_OK && s->kind == STEP_DELETE && n < left)
		n++;
	for (unsigned i = 0; i < n; i++) {
		const struct ms_kernel_policy *p = &job->ops[job->flow + i].policy;

		if (s->kind == STEP_DELETE)
			is_deleted(job, p);
		else if (!is_set(job, p, &job->flows[job->flow + i].had))
			(void)ms_fail(&busy, MS_ERR_BUSY, "an SA group was quicker");
	}
	tell_stolen(job, n);
	job->flow += n;
	if (err == MS_OK && busy.text[0] != '\0')
		job_fail(job, MS_ERR_BUSY, &busy);
	if (err != MS_OK) {
		bool may_fail = s->may_fail;

		if (s->kind == STEP_SET && may_fail)
			is_refused(job, &job->ops[job->flow++].policy);
		job_fail(job, err, why);
		if (may_fail && job->flow < job->n_flows) {
			submit(job);
			return;
		}
	}
	job_run(job);
}

/* The rest of the flows. */
static void submit(struct route_job *job)
{
	job->route->host->ops->kernel(job->route->host->ctx, job->ops + job->flow,
		job->n_flows - job->flow, kernel_done, job);
}

bool job_step_policies(struct route_job *job, const struct step *s)
{
	enum ms_shunt shunt = s->kind == STEP_SET ? shunt_of(job, s) : MS_SHUNT_NONE;

	if (job->flow == job->n_flows)
		return false;
	free(job->ops);
	job->ops = calloc(job->n_flows, sizeof *job->ops);
	if (job->ops == NULL ||
		(s->kind == STEP_SET && !eroute_spare(job->route, job->conn, job->flows,
						job->n_flows, &job->spares))) {
		job->flow = job->n_flows;
		job_fail(job, MS_ERR_NOMEM, NULL);
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
		if (s->kind == STEP_DELETE && trap_follows(job, &job->flows[i])) {
			op->kind = MS_KOP_POLICY_SET;
			op->policy.shunt = MS_SHUNT_TRAP;
			continue;
		}
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

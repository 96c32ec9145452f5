/* SPDX-License-Identifier: Apache-2.0 */
/* Running a change of routing: one step after another, one change after another. */
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

static bool pairs_set(struct pairs *p, const struct ms_selector *mine, unsigned n_mine,
	const struct ms_selector *theirs, unsigned n_theirs)
{
	pairs_free(p);
	p->mine = calloc(n_mine == 0 ? 1 : n_mine, sizeof *mine);
	p->theirs = calloc(n_theirs == 0 ? 1 : n_theirs, sizeof *theirs);
	if (p->mine == NULL || p->theirs == NULL)
		return false;
	memcpy(p->mine, mine, n_mine * sizeof *mine);
	memcpy(p->theirs, theirs, n_theirs * sizeof *theirs);
	p->n_mine = n_mine;
	p->n_theirs = n_theirs;
	return true;
}

bool job_pairs_of_conn(struct route_job *job)
{
	const struct conn *c = job->conn;

	return pairs_set(&job->pairs, c->local.clients, c->local.n_clients, c->remote.clients,
		c->remote.n_clients);
}

bool job_pairs_of_child(struct route_job *job, const struct child_sa *child)
{
	job->said = (struct ms_said){ child->remote.addr, child->spi_out, MS_PROTO_ESP };
	job->tunnel_src = child->local.addr;
	job->tunnel_dst = child->remote.addr;
	job->tunnel = child->tunnel;
	job->reqid = child->reqid;
	job->child = child->serial;
	return pairs_set(&job->pairs, child->mine, child->n_mine, child->theirs, child->n_theirs);
}

void job_step(struct route_job *job, struct step s)
{
	if (job->n_steps < MAX_STEPS)
		job->steps[job->n_steps++] = s;
}

static unsigned n_pairs(const struct route_job *job)
{
	return job->pairs.n_mine * job->pairs.n_theirs;
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
	free(job->ops);
	free(job->dns);
	free(job->domains);
	free(job);
	if (next != NULL && c->route_jobs == next)
		run(next);
	conn_unref(&c);
}

/* A failed change is undone: policies out, route away; those steps may fail too.  But packets that
 * were to be protected never leave in clear for that: where there was a policy one stays, if need be
 * that of an SA that is no more. */
static void undo(struct route_job *job)
{
	const struct conn *c = job->conn;

	job->undoing = true;
	job->n_steps = job->at = job->pair = 0;
	if (job->before == RT_ROUTED_TUNNEL && c->eroute_owner != job->child && job->child != 0)
		return; /* a successor failed, the old one goes on */
	if (job->before != RT_UNROUTED && !route_goes_for_good(c)) {
		job_step(job, (struct step){
			.kind = STEP_SET, .shunt = route_resting_shunt(c), .may_fail = true });
		job_step(job, (struct step){ .kind = STEP_STATE, .routing = RT_ROUTED_PROSPECTIVE });
		return;
	}
	job_step(job, (struct step){ .kind = STEP_DELETE, .may_fail = true });
	job_step(job, (struct step){ .kind = STEP_HOOK, .verb = MS_HOOK_UNROUTE, .may_fail = true });
	job_step(job, (struct step){ .kind = STEP_STATE, .routing = RT_UNROUTED });
}

static void step_over(struct route_job *job, ms_err err, const struct ms_why *why)
{
	struct step *s = &job->steps[job->at];

	if (err != MS_OK && s->may_fail) {
		struct ms_logger lg = conn_logger(job->conn, MS_SOURCE_ROUTE);

		ms_debug(&lg, "%s, ignoring", ms_why_text(why, err));
	} else if (err != MS_OK) {
		job->err = ms_fail(&job->why, err, "%s", ms_why_text(why, err));
		undo(job);
		return;
	}
	if (s->kind == STEP_HOOK && ++job->pair < n_pairs(job))
		return;
	job->pair = 0;
	job->at++;
}

static void hook_done(void *arg, ms_err err, const struct ms_why *why)
{
	step_over(arg, err, why);
	run(arg);
}

static void kernel_done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct route_job *job = arg;

	(void)failed;
	free(job->ops);
	job->ops = NULL;
	step_over(job, err, why);
	run(job);
}

/* Without memory the hook is told of none. */
static void copy_text(char **to, const char *from)
{
	free(*to);
	*to = from == NULL ? NULL : strdup(from);
}

static void run_hook(struct route_job *job, enum ms_hook_verb verb)
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
	e.my_client = job->pairs.mine[job->pair / job->pairs.n_theirs];
	if (c->local.sourceip6.family == e.my_client.range.first.family)
		e.source_ip = c->local.sourceip6;
	e.peer_client = job->pairs.theirs[job->pair % job->pairs.n_theirs];
	e.mtu = c->desc->mtu;
	e.metric = c->desc->metric;
	net = ms_subnet_host(&c->local.host.addr);
	host = ms_selector_of_subnet(&net);
	e.client = !ms_range_eq(&host.range, &e.my_client.range);
	e.tunnel = c->desc->type == MS_TYPE_TUNNEL;
	e.protect = e.tunnel || c->desc->type == MS_TYPE_TRANSPORT;
	e.firewall = c->left_is_local ? c->desc->left.firewall : c->desc->right.firewall;
	e.policy = "";
	job->route->env.hook(job->route->env.ctx, job->conn, &e, hook_done, job);
}

static void run_policies(struct route_job *job, const struct step *s)
{
	unsigned n = n_pairs(job);

	job->ops = calloc(n, sizeof *job->ops);
	if (job->ops == NULL) {
		kernel_done(job, MS_ERR_NOMEM, 0, NULL);
		return;
	}
	ms_id_text(&job->conn->local.id, job->my_id, sizeof job->my_id);
	ms_id_text(&job->conn->remote.id, job->peer_id, sizeof job->peer_id);
	for (unsigned i = 0; i < n; i++) {
		struct ms_kernel_op *op = &job->ops[i];

		op->kind = s->kind == STEP_SET ? MS_KOP_POLICY_SET : MS_KOP_POLICY_DELETE;
		op->policy.src = job->pairs.mine[i / job->pairs.n_theirs];
		op->policy.dst = job->pairs.theirs[i % job->pairs.n_theirs];
		op->policy.shunt = s->kind == STEP_SET ? s->shunt : MS_SHUNT_NONE;
		op->policy.said = job->said;
		op->policy.tunnel = job->tunnel;
		op->policy.tunnel_src = job->tunnel_src;
		op->policy.tunnel_dst = job->tunnel_dst;
		op->policy.reqid = job->reqid;
		op->policy.priority = job->conn->desc->priority;
		op->policy.src_id = job->my_id;
		op->policy.dst_id = job->peer_id;
	}
	job->route->host->ops->kernel(job->route->host->ctx, job->ops, n, kernel_done, job);
}

static void set_state(struct route_job *job, enum conn_routing routing)
{
	job->conn->routing = routing;
	job->conn->eroute_owner = routing == RT_ROUTED_TUNNEL ? job->child : 0;
}

/* Until a step must be waited for, or the job is over. */
static void run(struct route_job *job)
{
	if (job->plan != NULL) {
		bool (*plan)(struct route_job *, struct ms_why *) = job->plan;

		job->plan = NULL;
		job->before = job->conn->routing;
		if (!plan(job, &job->why) || n_pairs(job) == 0)
			job->n_steps = 0;
	}
	while (job->at < job->n_steps && job->steps[job->at].kind == STEP_STATE) {
		set_state(job, job->steps[job->at].routing);
		job->at++;
	}
	if (job->at == job->n_steps)
		finish(job);
	else if (job->steps[job->at].kind == STEP_HOOK)
		run_hook(job, job->steps[job->at].verb);
	else
		run_policies(job, &job->steps[job->at]);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a job that hooks take: the route to a network, up and down. */
#include "core/route/job.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Without memory the hook is told of none. */
static void copy_text(char **to, const char *from)
{
	free(*to);
	*to = from == NULL ? NULL : strdup(from);
}

#define NETS_TEXT 1024 /* CONN_MAX_SELECTORS of them fit */

static void copy_nets(char **to, const struct conn *c)
{
	char list[NETS_TEXT];

	copy_text(to, conn_nets_text(c, list, sizeof list) > 0 ? list : NULL);
}

void job_flow_done(void *arg, ms_err err, const struct ms_why *why)
{
	struct route_job *job = arg;
	const struct step *s = &job->steps[job->at];

	if (err != MS_OK && s->kind == STEP_ROUTE && !job->prepared) {
		struct ms_logger lg = conn_logger(job->conn, MS_SOURCE_ROUTE);

		ms_debug(&lg, "%s, ignoring", ms_why_text(why, err));
		err = MS_OK;
	}
	if (err != MS_OK && !s->may_fail) {
		job_fail(job, err, why);
		job_run(job);
		return;
	}
	if (err != MS_OK)
		job_fail(job, err, why);
	if (s->kind == STEP_ROUTE && !job->prepared) {
		job->prepared = true;
	} else {
		job->prepared = false;
		job->flow++;
	}
	job_run(job);
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

/* As it is written: rightca=%same is the issuer of our end. */
static const char *issuer_of(const struct conn *c)
{
	const char *ca = c->remote.ca;

	if (ca != NULL && strcasecmp(ca, "%same") == 0)
		ca = c->local.ca;
	return ca != NULL && ca[0] != '%' ? ca : NULL;
}

void job_hook(struct route_job *job, enum ms_hook_verb verb, const struct flow *f)
{
	const struct conn *c = job->conn;
	struct ms_hook_event e = { .verb = verb };
	struct ms_selector host;
	struct ms_subnet net;

	if (job->route->env.hook == NULL) {
		job_flow_done(job, MS_OK, NULL);
		return;
	}
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
	copy_nets(&job->subnets, c);
	e.subnets = job->subnets;
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
	e.peer_ca = issuer_of(c);
	job->route->env.hook(job->route->env.ctx, job->conn, &e, job_flow_done, job);
}

/* True: the hook runs. */
bool job_step_route(struct route_job *job)
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
			job_fail(job, MS_ERR_NOMEM, NULL);
			return false;
		}
		if (shared && !job->prepared)
			continue;
		job_hook(job, job->prepared ? MS_HOOK_ROUTE : MS_HOOK_PREPARE, f);
		return true;
	}
	return false;
}

bool job_step_unroute(struct route_job *job)
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
			job_hook(job, MS_HOOK_UNROUTE, f);
			return true;
		}
		job->flow++;
	}
	return false;
}

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
	e.interface = verb == MS_HOOK_UNROUTE ? job->device : c->device;
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

/* --- routes -------------------------------------------------------------------------------------- */

/* The connection has moved since the route was made: made again in its place, it is for this pair. */
static bool to_make_again(const struct conn *c, struct route_use *u, const struct flow *f)
{
	const struct route_of *o = c->route_of;

	if (!conn_end_has(&c->local, &u->mine)) {
		u->mine = f->mine;
		return true;
	}
	return ms_selector_eq(&u->mine, &f->mine) &&
	       (strcmp(o->device, c->device) != 0 || !ms_addr_eq(&o->nexthop, &c->local.nexthop));
}

/* True: the hook runs. */
bool job_step_route(struct route_job *job)
{
	struct route *r = job->route;
	struct conn *c = job->conn;
	bool moved = job->event == RE_MOVED;

	/* What a CHILD SA was narrowed to lies in what is routed. */
	if (job->before >= RT_ROUTED_PROSPECTIVE && !moved)
		return false;
	/* A member whose packets pass needs no route: those that a wider one leads to the device find
	 * its eroute there.  So a hundred thousand peers in clear cost no command each. */
	if (c->member && c->desc->type == MS_TYPE_PASS)
		return false;
	for (; job->flow < job->n_flows; job->flow++) {
		const struct flow *f = &job->flows[job->flow];
		struct route_use *u = route_used(c, &f->theirs);
		bool shared = route_other_user(r, c, &f->theirs, NULL) != NULL;

		if (!job->prepared && u != NULL) {
			if (!moved || !to_make_again(c, u, f))
				continue;
			/* "prepare" would take away what leads its packets to the device. */
			job->prepared = true;
		} else if (!job->prepared && !route_use(r, c, &f->mine, &f->theirs)) {
			job_fail(job, MS_ERR_NOMEM, NULL);
			return false;
		} else if (!job->prepared && shared) {
			continue;
		}
		job_hook(job, job->prepared ? MS_HOOK_ROUTE : MS_HOOK_PREPARE, f);
		return true;
	}
	return false;
}

static void unroute(struct route_job *job, const struct flow *f, const char *device)
{
	memcpy(job->device, device, sizeof job->device);
	job_hook(job, MS_HOOK_UNROUTE, f);
}

bool job_step_unroute(struct route_job *job)
{
	struct route *r = job->route;
	struct conn *c = job->conn;

	for (; job->flow < job->n_flows; job->flow++) {
		const struct flow *f = &job->flows[job->flow];
		struct route_use *u = route_used(c, &f->theirs);
		char device[sizeof job->device];

		if (u == NULL)
			continue;
		memcpy(device, c->route_of->device, sizeof device);
		route_use_end(r, u);
		if (route_other_user(r, c, &f->theirs, NULL) == NULL) {
			unroute(job, f, device);
			return true;
		}
	}
	return false;
}

/* The new routes are there: those to networks that are not its peer's any more, or into another device,
 * go. */
bool job_step_leave(struct route_job *job)
{
	struct route *r = job->route;
	struct conn *c = job->conn;
	struct route_of *o = c->route_of;
	bool elsewhere = o != NULL && strcmp(o->device, c->device) != 0;

	for (; job->flow < job->n_flows; job->flow++) {
		const struct flow *f = &job->flows[job->flow];
		struct route_use *u = route_used(c, &f->theirs);
		bool stays = conn_end_has(&c->remote, &f->theirs);

		if (u == NULL || (stays && !elsewhere))
			continue;
		if (!stays)
			route_use_end(r, u);
		if (route_other_user(r, c, &f->theirs, o->device) == NULL) {
			unroute(job, f, o->device);
			return true;
		}
	}
	if (o != NULL) {
		o->astray = false;
		memcpy(o->device, c->device, sizeof o->device);
		o->nexthop = c->local.nexthop;
	}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which end of a connection is ours, when it starts, and what names and groups make of it. */
#include "core/daemon/daemon.h"

#include "core/control/control.h"
#include "core/route/groups.h"

#include <string.h>

ms_err daemon_orient(struct daemon *d, struct conn *c, struct ms_why *why)
{
	ms_err err = conn_orient(d->conns, c, daemon_is_local, d, d->default_src,
		d->default_gw, why);

	return err == MS_OK ? daemon_find_device(d, c, why) : err;
}

ms_err daemon_find_device(struct daemon *d, struct conn *c, struct ms_why *why)
{
	const struct ms_kernel_ops *k = d->kernel->ops;
	const char *physical = daemon_device_of(d, &c->local.host.addr);
	ms_err err;

	strncpy(c->physical, physical == NULL ? "" : physical, sizeof c->physical - 1);
	if (k->device == NULL) {
		memcpy(c->device, c->physical, sizeof c->device);
		return MS_OK;
	}
	err = k->device(d->kernel->instance, &c->local.host.addr, c->physical, c->device,
		sizeof c->device, why);
	if (err != MS_OK)
		ms_why_prefix(why, "connection \"%s\": no IPsec device: ", c->desc->name);
	return err;
}

static void routed(void *arg, ms_err err, const struct ms_why *why)
{
	struct daemon *d = arg;

	if (err != MS_OK)
		ms_error(&d->conn_log, "could not route: %s", ms_why_text(why, err));
}

static void start_one(struct daemon *d, struct conn *c)
{
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	if (c->group) {
		/* What its members are born with. */
		c->wanted_routed = c->desc->autostart == MS_AUTO_ROUTE ||
			c->desc->autostart == MS_AUTO_START;
		return;
	}
	switch ((enum ms_conn_auto)c->desc->autostart) {
	case MS_AUTO_ROUTE:
		route_connection(d->route, c, routed, d);
		break;
	case MS_AUTO_START:
		c->wanted_up = true;
		err = ike_initiate(d->ike, c, &why);
		break;
	default:
		break;
	}
	if (err != MS_OK)
		ms_error(&d->conn_log, "could not start conn \"%s\": %s", c->desc->name,
			ms_why_text(&why, err));
}

static void tell_moved(struct daemon *d, const struct conn *c, const struct ms_addr *from)
{
	char old[MS_ADDR_TEXT] = "nowhere", now[MS_ADDR_TEXT];

	if (from->family != 0)
		ms_addr_text(from, old, sizeof old);
	ms_addr_text(&c->local.host.addr, now, sizeof now);
	ms_notice(&d->conn_log, "\"%s\": our end is %s now, it was %s", c->desc->name, now, old);
}

/* Where every connection is must be known before one of them acts: routes are shared. */
static void orient_each(struct daemon *d)
{
	for (struct conn *c = conn_first(d->conns); c != NULL; c = c->all_next) {
		struct ms_why why = { "" };
		struct ms_addr from = c->local.host.addr;
		bool was = c->oriented, was_left = c->left_is_local;
		ms_err err;

		if (c->template != NULL)
			continue;
		err = daemon_orient(d, c, &why);
		if (err != MS_OK) {
			if (was || !d->started)
				ms_notice(&d->conn_log, "%s", ms_why_text(&why, err));
			continue;
		}
		c->found = !was;
		c->moved = c->left_is_local == was_left && from.family != 0 &&
			!ms_addr_eq(&from, &c->local.host.addr);
		if (c->moved)
			tell_moved(d, c, &from);
	}
}

/* Members of groups are made anew; SAs that moved have their policies with them. */
static void move_routing(struct daemon *d, struct conn *c)
{
	if (!c->group && c->newest_child == 0)
		route_moved(d->route, c, routed, d);
	c->moved = false;
}

void daemon_orient_all(struct daemon *d)
{
	struct conn *c;

	orient_each(d);
	/* Who is next is asked last: c stays, but instances of its that stand behind it may go. */
	for (c = conn_first(d->conns); c != NULL; c = c->all_next)
		if (c->moved)
			ike_left_address(d->ike, c, daemon_is_local, d);
	for (c = conn_first(d->conns); c != NULL; c = c->all_next)
		if (c->moved)
			move_routing(d, c);
	for (c = conn_first(d->conns); c != NULL; c = c->all_next) {
		if (!c->found)
			continue;
		c->found = false;
		start_one(d, c);
	}
	d->started = true;
	groups_touch(d->groups);
	daemon_myid_look(d);
}

/* --- names ---------------------------------------------------------------------------------------- */

static void up_failed(struct daemon *d, struct conn *c, ms_err err, const struct ms_why *why)
{
	/* Tries without end go on when the name has an address some day. */
	if (c->desc->keyingtries != 0)
		c->up_pending = c->wanted_up = false;
	control_attempt_over(d->control, c, err, why);
}

static void names_answered(void *ctx, struct conn *c)
{
	struct daemon *d = ctx;
	struct ms_why why = { "" };
	struct ms_addr here = c->local.host.addr, there = c->remote.host.addr;
	bool was = c->oriented;
	ms_err err;

	/* SAs stay where they are; who begins anew looks at the names first. */
	if (d->listening && was && !ike_waits(c)) {
		ike_follow_peer(d->ike, c);
		return;
	}
	if (!d->listening)
		return;
	err = daemon_orient(d, c, &why);
	if (err != MS_OK) {
		ms_debug(&d->conn_log, "%s", ms_why_text(&why, err));
		if (c->up_pending && !conn_names_pending(c))
			up_failed(d, c, err, &why);
		return;
	}
	if (was && (!ms_addr_eq(&here, &c->local.host.addr) ||
			   !ms_addr_eq(&there, &c->remote.host.addr)))
		route_moved(d->route, c, routed, d);
	if (was)
		ike_readdressed(d->ike, c);
	else if (d->started)
		start_one(d, c);
	if (!c->up_pending)
		return;
	c->up_pending = false;
	err = ike_initiate(d->ike, c, &why);
	if (err != MS_OK && err != MS_ERR_BUSY)
		control_attempt_over(d->control, c, err, &why);
}

static uint64_t names_now(void *ctx)
{
	struct daemon *d = ctx;

	return ms_loop_now_ms(d->loop);
}

static void names_deadline(void *ctx, uint64_t at_ms)
{
	struct daemon *d = ctx;
	uint64_t now = ms_loop_now_ms(d->loop);

	if (at_ms == UINT64_MAX)
		ms_timer_stop(d->names_timer);
	else
		ms_timer_set(d->names_timer, at_ms > now ? at_ms - now : 0);
}

static void names_due(void *arg)
{
	struct daemon *d = arg;

	conn_names_tick(d->names);
}

bool daemon_names_start(struct daemon *d)
{
	const struct ms_provider *p = daemon_provider(d, MS_ROLE_RESOLVER, 0);
	const struct conn_names_env env = {
		.resolver = p == NULL ? NULL : p->ops,
		.inst = p == NULL ? NULL : p->instance,
		.now_ms = names_now,
		.deadline = names_deadline,
		.answered = names_answered,
		.ctx = d,
	};

	d->names_timer = ms_timer_new(d->loop, names_due, d);
	d->names = conn_names_new(&env);
	return d->names_timer != NULL && d->names != NULL;
}

/* --- policy groups ---------------------------------------------------------------------------------- */

static void groups_soon(void *ctx, uint64_t ms)
{
	ms_timer_set(((struct daemon *)ctx)->groups_timer, ms);
}

static void groups_due(void *arg)
{
	struct daemon *d = arg;

	groups_tick(d->groups);
	/* A group may have its first member. */
	if (!myid_looks(d->myid))
		daemon_myid_look(d);
}

static void groups_delete_conn(void *ctx, struct conn *c)
{
	daemon_delete_conn(ctx, c);
}

/* Without a device it says so when it is routed. */
static void groups_find_device(void *ctx, struct conn *c)
{
	struct daemon *d = ctx;
	struct ms_why why = { "" };

	if (daemon_find_device(d, c, &why) != MS_OK)
		ms_debug(&d->conn_log, "%s", why.text);
}

static const struct ms_addr *groups_default_src(void *ctx, int family)
{
	return &((struct daemon *)ctx)->default_src[family == AF_INET6];
}

ms_err daemon_groups_start(struct daemon *d, struct ms_why *why)
{
	const struct ms_provider *p = daemon_provider(d, MS_ROLE_POLICY, 0);
	struct groups_env env = { .conns = d->conns, .route = d->route, .host = &d->host,
		.log = &d->conn_log, .soon = groups_soon, .delete_conn = groups_delete_conn,
		.find_device = groups_find_device, .default_src = groups_default_src, .ctx = d };

	if (p == NULL)
		return MS_OK;
	env.policies = p->ops;
	env.policies_inst = p->instance;
	d->groups_timer = ms_timer_new(d->loop, groups_due, d);
	if (d->groups_timer == NULL)
		return MS_ERR_NOMEM;
	return groups_new(&d->groups, &env, why);
}

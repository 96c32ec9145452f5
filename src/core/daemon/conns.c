/* SPDX-License-Identifier: Apache-2.0 */
/* Connections come from the configuration and go at a person's word. */
#include "core/daemon/daemon.h"

#include "core/control/control.h"
#include "core/route/groups.h"

#include <string.h>

struct adding {
	struct daemon *d;
	bool replace, only_wanted;
	unsigned n;
	ms_err err;
	struct ms_why why;
};

void daemon_delete_conn(struct daemon *d, struct conn *c)
{
	c->up_pending = false;
	conn_names_forget(c);
	if (c->group)
		groups_touch(d->groups);
	control_forget_conn(d->control, c);
	route_delete_conn(d->route, c);
}

ms_err daemon_add_desc(struct daemon *d, const struct ms_conn_desc *desc, struct conn **out,
	struct ms_why *why)
{
	struct ms_why orient_why = { "" };
	ms_err err;

	*out = NULL;
	if (desc->kernel != NULL && strcmp(desc->kernel, d->kernel->name) != 0)
		return ms_fail(why, MS_ERR_UNSUPPORTED,
			"connection \"%s\": kernel=%s: every connection uses protostack=%s here",
			desc->name, desc->kernel, d->kernel->name);
	err = conn_add(d->conns, desc, out, why);
	if (err != MS_OK)
		return err;
	ms_notice(&d->conn_log, "added connection description \"%s\"", desc->name);
	if (desc->ah)
		ms_notice(&d->conn_log, "\"%s\": phase2=ah: packets are authenticated, not encrypted",
			desc->name);
	if (conn_has_name(*out))
		conn_names_watch(d->names, *out);
	if ((*out)->group)
		groups_touch(d->groups);
	/* Not oriented is no error here: addresses come and go, --up tells. */
	if (d->listening && daemon_orient(d, *out, &orient_why) != MS_OK)
		ms_debug(&d->conn_log, "%s", orient_why.text);
	if (d->started && !myid_looks(d->myid))
		daemon_myid_look(d);
	return MS_OK;
}

static void add_one(void *arg, const struct ms_conn_desc *desc)
{
	struct adding *a = arg;
	struct conn *c;

	if (a->err != MS_OK)
		return;
	if (a->only_wanted && (desc->autostart == MS_AUTO_IGNORE || desc->autostart == MS_AUTO_MANUAL))
		return;
	if (a->replace && (c = conn_by_name(a->d->conns, desc->name)) != NULL)
		daemon_delete_conn(a->d, c);
	a->err = daemon_add_desc(a->d, desc, &c, &a->why);
	if (a->err == MS_OK) {
		a->n++;
	} else if (a->only_wanted) {
		/* At start one bad connection does not take the others along. */
		ms_error(&a->d->conn_log, "could not add conn \"%s\": %s", desc->name,
			ms_why_text(&a->why, a->err));
		a->err = MS_OK;
	}
}

ms_err daemon_add_conns(struct daemon *d, const char *name, bool replace, unsigned *n_r,
	struct ms_why *why)
{
	static const struct ms_config_sink sink = { .conn = add_one };
	struct adding a = { .d = d, .replace = replace, .only_wanted = name == NULL };
	const struct ms_config_ops *ops;
	ms_err err;

	*n_r = 0;
	if (d->config == NULL)
		return ms_fail(why, MS_ERR_UNSUPPORTED, "no plugin reads a configuration");
	ops = d->config->ops;
	err = ops->conns(d->config->instance, name, &sink, &a, why);
	if (err == MS_OK && a.err != MS_OK)
		err = ms_fail(why, a.err, "%s", ms_why_text(&a.why, a.err));
	*n_r = a.n;
	return err;
}

/* Which default route's address would be ours: the one of the family that the peer's have. */
static unsigned family_index(const struct daemon *d, const struct conn *c)
{
	const struct conn_end *ends[] = { &c->local, &c->remote };
	bool v4 = false, v6 = false;

	for (unsigned i = 0; i < 2; i++) {
		const struct conn_name *name = ends[i]->name;

		for (unsigned k = 0; name != NULL && k < name->n; k++) {
			v4 |= name->addrs[k].family == AF_INET;
			v6 |= name->addrs[k].family == AF_INET6;
		}
		if (name == NULL && ends[i]->host.addr.family == AF_INET6 &&
			strchr((i == 0) == c->left_is_local ? c->desc->left.host :
							      c->desc->right.host, ':') != NULL)
			return 1;
	}
	return v6 && (!v4 || d->default_src[0].family == 0);
}

ms_err daemon_orient(struct daemon *d, struct conn *c, struct ms_why *why)
{
	unsigned f = family_index(d, c);
	ms_err err = conn_orient(d->conns, c, daemon_is_local, d, &d->default_src[f],
		&d->default_gw[f], why);

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

/* What it had at the old address goes; it comes again as it is wanted. */
static void moved(struct daemon *d, struct conn *c, const struct ms_addr *from)
{
	char old[MS_ADDR_TEXT] = "nowhere", now[MS_ADDR_TEXT];

	if (from->family != 0)
		ms_addr_text(from, old, sizeof old);
	ms_addr_text(&c->local.host.addr, now, sizeof now);
	ms_notice(&d->conn_log, "\"%s\": our end is %s now, it was %s", c->desc->name, now, old);
	ike_left_address(d->ike, c, daemon_is_local, d);
	if (c->group || c->newest_child != 0)
		return; /* members are made anew; SAs that moved have their policies with them */
	route_release(d->route, c);
	if (c->wanted_routed)
		route_connection(d->route, c, routed, d);
}

void daemon_orient_all(struct daemon *d)
{
	struct conn *c, *next;

	for (c = conn_first(d->conns); c != NULL; c = next) {
		struct ms_why why = { "" };
		struct ms_addr from = c->local.host.addr;
		bool was = c->oriented, was_left = c->left_is_local;
		ms_err err;

		next = c->all_next;
		if (c->template != NULL)
			continue;
		err = daemon_orient(d, c, &why);
		if (err != MS_OK) {
			if (was || !d->started)
				ms_notice(&d->conn_log, "%s", ms_why_text(&why, err));
			continue;
		}
		if (c->left_is_local == was_left && from.family != 0 &&
			!ms_addr_eq(&from, &c->local.host.addr))
			moved(d, c, &from);
		if (!was)
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
	bool was = c->oriented;
	ms_err err;

	/* SAs stay where they are; who begins anew looks at the names first. */
	if (!d->listening || (was && !ike_waits(c)))
		return;
	err = daemon_orient(d, c, &why);
	if (err != MS_OK) {
		ms_debug(&d->conn_log, "%s", ms_why_text(&why, err));
		if (c->up_pending && !conn_names_pending(c))
			up_failed(d, c, err, &why);
		return;
	}
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routing and erouting: what happens to packets of a connection.
 *
 * A connection is routed when packets to its peer's clients are led to the IPsec device, and erouted
 * when an SA group or a shunt says what becomes of them there.  Each change is a list of steps
 * (updown hook, kernel policies) that run one after another; changes of one connection wait for each
 * other, those of different connections do not.  No system call is made here: hooks and kernel are
 * asked through struct route_env and struct host.
 *
 * When a tunnel goes away, the route stays and a shunt takes its place (the family's rule: packets
 * that were to be protected never leak because a tunnel failed): %trap when the connection was
 * routed on request, else %drop, until --unroute or --delete.
 */
#ifndef MODSWAN_CORE_ROUTE_H
#define MODSWAN_CORE_ROUTE_H

#include <modswan/hook.h>

#include "core/conn/conn.h"
#include "core/host.h"

struct route;

struct route_env {
	/* Runs the hooks; answers once. */
	void (*hook)(void *ctx, struct conn *c, const struct ms_hook_event *event,
		ms_hook_done_f *done, void *arg);
	/* Something about the connection's routing changed. */
	void (*changed)(void *ctx, struct conn *c);
	void *ctx;
	const char *stack; /* the kernel backend's name, for hooks */
};

/* host and env->stack must outlive it. */
struct route *route_new(const struct host *host, const struct route_env *env);
/* Changes under way are forgotten: nothing of theirs may answer afterwards. */
void route_free(struct route **r);

/* Changes under way or waiting. */
bool route_busy(const struct route *r);

/* host_ops.child_up and child_down. */
void route_child_up(struct route *r, struct child_sa *child, host_done_f *done, void *arg);
/* Its addresses changed: policies again, no hook. */
void route_child_moved(struct route *r, struct child_sa *child);
void route_child_down(struct route *r, struct child_sa *child);
/* --route: %trap, or the shunt of a passthrough, drop or reject connection. */
void route_connection(struct route *r, struct conn *c, host_done_f *done, void *arg);
/* --unroute; MS_ERR_BUSY while an SA group owns the eroute. */
void route_unroute(struct route *r, struct conn *c, host_done_f *done, void *arg);
/* Before the connection is deleted: takes back policies and routes whatever state it is in. */
void route_release(struct route *r, struct conn *c);

/* The routed connection whose clients cover a packet's addresses most closely, NULL: none. */
struct conn *route_find(const struct conn_table *t, const struct ms_selector *src,
	const struct ms_selector *dst);

/* "unrouted", "prospective erouted", "erouted" ... as the family prints them. */
const char *route_state_name(enum conn_routing s);

#endif

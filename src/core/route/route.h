/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routing and erouting: what happens to packets of a connection.
 *
 * A connection is routed when packets to its peer's clients are led to the IPsec device, and erouted
 * when an SA group or a shunt says what becomes of them there.  What happens to it is an event, the
 * table in fsm.h says what follows; each change is a list of steps (updown hook, kernel policies)
 * that run one after another; changes of one connection wait for each other, those of different
 * connections do not.  No system call is made here and no clock is read: hooks, kernel and time are
 * asked through struct route_env and struct host.
 *
 * What is in the kernel is known here, eroute by eroute and route by route, in hash tables, so that
 * nothing costs more with thousands of connections.  Connections with the same destination share its
 * route; an eroute belongs to one connection, and one with an SA group takes it from one without:
 * that one waits and gets it back.  Shunts that belong to no connection are bare shunts.
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
#include "core/route/opp.h"

struct route;

struct route_env {
	/* Runs the hooks; answers once.  NULL: there are none to be told. */
	void (*hook)(void *ctx, struct conn *c, const struct ms_hook_event *event,
		ms_hook_done_f *done, void *arg);
	/* Something about the connection's routing changed.  May be NULL. */
	void (*changed)(void *ctx, struct conn *c);
	/* Begins to bring it up; route_attempt_over() tells the end.  MS_ERR_BUSY: is under way. */
	ms_err (*initiate)(void *ctx, struct conn *c, struct ms_why *why);
	/* Takes its SAs down. */
	void (*terminate)(void *ctx, struct conn *c);
	/* Is its peer alive?  If not, its SAs go by themselves.  May be NULL. */
	void (*probe)(void *ctx, struct conn *c);
	/* The next deadline changed: call route_tick() then.  UINT64_MAX: none.  May be NULL. */
	void (*deadline)(void *ctx, uint64_t at_ms);
	void *ctx;
	const char *stack; /* the kernel backend's name, for hooks */
	struct conn_table *conns; /* where instances are made; NULL: there are none */
	uint64_t hash_seed[2]; /* random */
	uint64_t failure_ms; /* life of failure shunts (shuntlifetime=); 0: 15 minutes */
	const struct opp_env *opp; /* NULL: no opportunism */
};

/* host, env->stack and env->opp must outlive it. */
struct route *route_new(const struct host *host, const struct route_env *env);
/* Changes under way are forgotten: nothing of theirs may answer afterwards. */
void route_free(struct route **r);

/* Changes under way or waiting. */
bool route_busy(const struct route *r);
/* Does what is due. */
void route_tick(struct route *r);
uint64_t route_deadline(const struct route *r); /* UINT64_MAX: nothing to wait for */
/* shuntlifetime= again; 0: 15 minutes. */
void route_shunt_life(struct route *r, uint64_t failure_ms);

/* host_ops.child_up and child_down. */
void route_child_up(struct route *r, struct child_sa *child, host_done_f *done, void *arg);
/* Its addresses changed: policies again, no hook. */
void route_child_moved(struct route *r, struct child_sa *child);
void route_child_down(struct route *r, struct child_sa *child);
/* --route: %trap, or the shunt of a passthrough, drop or reject connection.  MS_ERR_DUPLICATE: the
 * route leads elsewhere already; MS_ERR_BUSY: another connection has the eroute. */
void route_connection(struct route *r, struct conn *c, host_done_f *done, void *arg);
/* --unroute; MS_ERR_BUSY while an SA group owns the eroute. */
void route_unroute(struct route *r, struct conn *c, host_done_f *done, void *arg);
/* One of its ends has another address: what there is of shunts and routes follows, and what was for the
 * old one goes after that.  SA groups stay as they are.  Errors as those of route_connection(): it is
 * unrouted then, but for want of memory, where it is tried again. */
void route_moved(struct route *r, struct conn *c, host_done_f *done, void *arg);
/* Before the connection is deleted: takes back policies and routes whatever state it is in. */
void route_release(struct route *r, struct conn *c);
/* Deletes it with its instances and members, by way of env->conns and env->terminate. */
void route_delete_conn(struct route *r, struct conn *c);

/* The kernel holds a packet of these addresses (ACQUIRE). */
void route_packet(struct route *r, const struct ms_selector *src, const struct ms_selector *dst);
/* host_ops.attempt_over. */
void route_attempt_over(struct route *r, struct conn *c, ms_err err, const struct ms_why *why);

/* The connection whose eroute covers a packet's addresses most closely, NULL: none. */
struct conn *route_find(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst);
/* The connection that has the route to the network of c's peer: the one with the largest routing
 * state, c itself among equals; NULL: none.  *ero_r (may be NULL): the same among those with both
 * networks of c. */
struct conn *route_owner(const struct route *r, struct conn *c, struct conn **ero_r);

/* What becomes of a packet of these addresses, as far as it is known here. */
struct route_fate {
	enum ms_shunt shunt; /* MS_SHUNT_NONE: protected */
	struct conn *owner;  /* whose eroute it is; NULL: a bare shunt */
	const char *why;     /* of a bare shunt, else NULL */
	uint64_t until_ms;   /* of one, monotonic; UINT64_MAX: no end of its own */
};
/* False: no eroute covers it. */
bool route_fate(const struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	struct route_fate *out);

/* "unrouted", "prospective erouted", "erouted" ... as the family prints them. */
const char *route_state_name(enum conn_routing s);

/* --- bare shunts ------------------------------------------------------------------------------ */

struct bare_shunt {
	struct ms_selector src, dst; /* one address each */
	enum ms_shunt shunt;
	uint64_t since_ms, until_ms; /* monotonic; until UINT64_MAX: no end of its own */
	const char *why;
};

/* Calls fn for each, oldest first. */
void route_bare_each(const struct route *r, void (*fn)(void *arg, const struct bare_shunt *b),
	void *arg);
unsigned route_bare_count(const struct route *r);
/* Like snprintf: "10.77.1.5/32:0 -0-> 10.88.0.9/32:0 => %hold 0    no eroute" */
size_t route_bare_text(const struct bare_shunt *b, char *buf, size_t size);
/* Replaces or adds; when there are too many the oldest goes.  life_ms UINT64_MAX: no end. */
void route_bare_set(struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	enum ms_shunt shunt, uint64_t life_ms, const char *why);
/* out may be NULL.  False: there is none. */
bool route_bare_at(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst, struct bare_shunt *out);
/* It goes, in the kernel too. */
void route_bare_end(struct route *r, const struct ms_selector *src, const struct ms_selector *dst);
/* All of them do. */
void route_bare_clear(struct route *r);
/* A connection has it now, or the kernel has none any more: not a word to the kernel. */
bool route_bare_forget(struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst);

/* --- proof (check.c) --------------------------------------------------------------------------- */

/* The invariants between the connections' states, routes and eroutes.  False: one does not hold,
 * `why` names it. */
bool route_check(const struct route *r, struct ms_why *why);
/* The last one needs eyes in the kernel, which has exactly what is known here. */
bool route_knows(const struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	enum ms_shunt *shunt_r);
unsigned route_eroute_count(const struct route *r);

#endif

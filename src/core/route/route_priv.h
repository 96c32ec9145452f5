/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what is in the kernel (own.c), what to do (plan.c), doing it (job.c). */
#ifndef MODSWAN_CORE_ROUTE_PRIV_H
#define MODSWAN_CORE_ROUTE_PRIV_H

#include "core/conn/pairs.h"
#include "core/ike/index.h"
#include "core/route/fsm.h"
#include "core/route/route.h"

/* A hold that lasts so long is looked at: is negotiation still under way?  KLIPS forgets its own
 * after that time. */
#define HOLD_LIFE_MS 60000
/* A kernel that did not take the shunt of a connection at rest is asked again: an eroute to an SA that
 * is no more, or a hold, would keep its packets for ever. */
#define REST_AGAIN_MS 5000

struct flow {
	struct ms_selector mine, theirs;
	struct conn *had; /* a reference: its eroute is being taken from it */
};

/* Packets have one family; a connection may have networks of both.  Family 0: the peer's, whatever it is. */
static inline bool route_is_pair(const struct ms_selector *mine, const struct ms_selector *theirs)
{
	int a = mine->range.first.family, b = theirs->range.first.family;

	return a == b || a == 0 || b == 0;
}

/* --- what is in the kernel (own.c) ------------------------------------------------------------ */

/* One eroute of a connection. */
struct eroute {
	struct pair_node node; /* in route->eroutes while somebody owns it */
	struct conn *owner;    /* borrowed: its route_of holds a reference */
	struct eroute *next;   /* of the same owner */
	uint8_t shunt;	       /* enum ms_shunt; NONE: an SA group, that of */
	bool refused;	       /* the kernel's answer to the last change: to be asked again */
	uint32_t child;
};

/* A connection uses the route to one of its peer's networks. */
struct route_use {
	struct pair_node node; /* in route->uses; src and dst are the network */
	struct conn *user;
	struct route_use *next;	/* of the same connection */
	struct ms_selector mine, theirs; /* for the hook */
};

/* It had an eroute, or wanted one, that another connection has. */
struct route_wait {
	struct pair_node node; /* in route->waits */
	struct conn *conn;     /* a reference */
	struct route_wait *next; /* of the same connection */
};

/* All that a connection has; there while there is any. */
struct route_of {
	struct route_of *prev, *next;
	struct conn *conn; /* a reference */
	struct eroute *eroutes;
	struct route_use *uses;
	struct route_wait *waits;
	char device[16];	 /* as it was routed; it may have moved since */
	struct ms_addr nexthop;
	bool astray;		 /* routes of its have not followed it */
	struct ike_timer timer;	 /* of a failure shunt, or of a hold */
};

enum timer_kind { TIMER_OF_CONN, TIMER_OF_BARE, TIMER_OF_OPP, TIMER_OF_OPP_TABLE, TIMER_OF_POLICY };

/* Of a CHILD SA. */
struct pairs {
	struct ms_selector *mine, *theirs;
	unsigned n_mine, n_theirs;
};

struct route {
	const struct host *host;
	struct route_env env;
	unsigned jobs; /* not finished */
	struct route_job *blocked; /* those of them that wait for another connection, oldest first */
	struct pair_map eroutes, uses, waits;
	struct route_of *all;
	struct ike_heap heap;
	struct bare_table *bare;
	struct opp_table *opp;
	uint64_t failure_ms; /* life of failure shunts */
	struct ike_timer policy_timer; /* somebody came or went: route_govern() */
	bool going;	     /* route_free() is on the stack */
};

/* NULL: out of memory. */
struct route_of *route_own(struct route *r, struct conn *c);
/* When there is nothing left of it. */
void route_disown(struct route *r, struct conn *c);
struct eroute *eroute_at(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst);
/* The connection has it from now on; who had it does not.  False: out of memory. */
bool eroute_take(struct route *r, struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst, enum ms_shunt shunt, uint32_t child, struct eroute **spares);
/* Memory for eroutes of these flows where there are none, before the kernel is asked: what it has done
 * is written down whatever becomes of memory.  False: there is none. */
bool eroute_spare(struct route *r, struct conn *c, const struct flow *flows, unsigned n,
	struct eroute **spares);
void eroute_spares_free(struct eroute **spares);
void eroute_drop(struct route *r, struct eroute *e);
/* Another connection than c needs the route to this network; device: that route into it, NULL: any. */
struct conn *route_other_user(const struct route *r, const struct conn *c,
	const struct ms_selector *theirs, const char *device);
/* NULL: it does not use the route to this network. */
struct route_use *route_used(const struct conn *c, const struct ms_selector *theirs);
bool route_use(struct route *r, struct conn *c, const struct ms_selector *mine,
	const struct ms_selector *theirs);
void route_use_end(struct route *r, struct route_use *u);
/* The connection's own trap is for these two hosts and no others. */
bool route_own_trap(const struct route *r, const struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst);
/* Such a trap comes back when an instance's eroute for the two goes. */
bool route_trap_follows(const struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst);
/* Such a trap is the connection's again; the kernel is to be told, unless a bare shunt is above it.
 * False: it has none, or somebody else has the eroute. */
bool route_trap_again(struct route *r, struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst);
/* The kernel alone; MS_SHUNT_NONE: it goes. */
void route_set_shunt(struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	enum ms_shunt shunt);
void route_waits(struct route *r, struct conn *c, const struct eroute *e);
/* The newest who waits for what c has and still wants it; a reference.  NULL: none. */
struct conn *route_heir(const struct route *r, const struct conn *c);
void route_waits_no_more(struct route *r, struct conn *c);
void route_set_timer(struct route *r, struct ike_timer *t, uint64_t at);
static inline uint64_t route_now(const struct route *r)
{
	return r->host->ops->now_ms(r->host->ctx);
}

/* --- jobs (job.c) ------------------------------------------------------------------------------ */

enum step_kind {
	STEP_NONE,
	STEP_ROUTE,   /* hooks prepare and route, unless somebody uses that route already */
	STEP_UNROUTE, /* hook unroute, unless somebody else does */
	STEP_LEAVE,   /* hook unroute for what it had before it moved, unless somebody has that */
	STEP_UP,      /* these hooks */
	STEP_DOWN,
	STEP_SET,
	STEP_DELETE,
	STEP_BARE,    /* its eroutes are bare shunts from here on */
	STEP_HEIR,    /* who waits for what it has gets it */
	STEP_STATE,   /* what the cell says is true from here on */
};

enum step_pairs {
	PAIRS_OWN,   /* of the connection's clients */
	PAIRS_JOB,   /* of the job's: those of a CHILD SA */
	PAIRS_STALE, /* eroutes that still point to the job's CHILD SA */
	PAIRS_LOST,  /* eroutes that it has besides those of its clients */
	PAIRS_ALL,   /* all eroutes that it has */
};

enum step_shunt { SHUNT_OF_SA, SHUNT_RESTING, SHUNT_HOLD, SHUNT_FAILURE };

struct step {
	uint8_t kind, pairs, shunt; /* enums above */
	bool may_fail;		    /* errors are logged and the job goes on */
};

#define MAX_STEPS 6

struct route_job {
	struct route_job *next; /* of the same connection */
	struct route *route;
	struct conn *conn; /* a reference */
	struct pairs pairs; /* of a CHILD SA; none: the connection's own */
	/* the SA group, when there is one */
	struct ms_said said;
	struct ms_addr tunnel_src, tunnel_dst;
	bool tunnel;
	uint32_t reqid, child;
	const struct step *steps; /* MAX_STEPS at most, then STEP_NONE; NULL: nothing to do */
	unsigned at;
	struct flow *flows; /* of the step at hand */
	unsigned n_flows, flow;
	bool prepared; /* hook prepare was run for the flow at hand, or is not to be */
	char device[16]; /* that the route leads into which the hook takes away */
	/* Chosen when the job's turn comes, since earlier jobs may have changed everything; false:
	 * nothing is to be done, or not yet (blocked_by), and then it is chosen again. */
	bool (*plan)(struct route_job *job, struct ms_why *why);
	enum route_event event;
	enum conn_routing before; /* when its turn came */
	enum conn_routing to;
	bool may_steal; /* it gets back what it had */
	bool leaving;	/* nothing stays of what it has */
	bool undoing;
	struct conn *blocked_by; /* a reference: a shunt is about to follow its SA group, to be taken */
	struct route_job *blocked_next;
	ms_err err;
	struct ms_why why;
	host_done_f *done; /* may be NULL */
	void *arg;
	struct ms_kernel_op *ops;
	struct eroute *spares; /* for what the step at hand sets */
	char my_id[MS_ID_TEXT], peer_id[MS_ID_TEXT];
	char *dns, *domains, *subnets; /* copies: the connection may get others meanwhile */
};

/* NULL: out of memory; done was called with it. */
struct route_job *job_new(struct route *r, struct conn *c, host_done_f *done, void *arg);
bool job_pairs_of_child(struct route_job *job, const struct child_sa *child);
/* Waits for the connection's turn, plans, runs. */
void job_queue(struct route_job *job);

/* --- plans (plan.c) ----------------------------------------------------------------------------- */

/* Deleted, or an instance: nothing stays of its routing. */
bool route_goes_for_good(const struct conn *c);
/* What becomes of its packets while there is no SA. */
enum ms_shunt route_resting_shunt(const struct conn *c);
/* All its eroutes are that; else a kernel refused one, or there was no memory. */
bool route_rests(const struct conn *c);
bool route_has_any(const struct conn *c);
/* There was no memory for a change: what is amiss is found later. */
void route_look_again(struct route *r, struct conn *c);
enum ms_shunt route_hold_shunt(const struct conn *c);
enum ms_shunt route_failure_shunt(const struct conn *c); /* NONE: there is none */
/* Something happened to the connection: the job plans and runs when its turn comes. */
void route_happen(struct route *r, struct conn *c, enum route_event event, host_done_f *done,
	void *arg);
bool plan_event(struct route_job *job, struct ms_why *why);
bool plan_child_up(struct route_job *job, struct ms_why *why);
bool plan_child_down(struct route_job *job, struct ms_why *why);
/* Nothing stays of what it has; the state is said already. */
bool plan_let_go(struct route_job *job, struct ms_why *why);
bool plan_child_moved(struct route_job *job, struct ms_why *why);
/* A failed change is undone: the steps after which nothing of it is left. */
const struct step *plan_undo(struct route_job *job);
/* Another connection has got the eroute (it has it already): the rest goes too, and it waits. */
void route_stolen(struct route *r, struct conn *c);
/* It may have back what it waited for. */
void route_regain(struct route *r, struct conn *c, host_done_f *done, void *arg);

/* --- whose policy decides (govern.c) -------------------------------------------------------------- */

/* The connection, no instance, whose policy is the closest for these; NULL: nobody's. */
struct conn *route_governor(const struct route *r, const struct ms_selector *mine,
	const struct ms_selector *theirs);
/* A connection that is no instance was routed, or is not any more. */
void route_policy_changed(struct route *r);
void route_govern(struct route *r);

/* --- bare shunts (bare.c) ----------------------------------------------------------------------- */

struct bare_table *bare_table_new(struct route *r);
void bare_table_free(struct bare_table **t);
void bare_timer(struct route *r, struct ike_timer *t);
/* It is what this connection's policy wants, and goes when another one decides. */
void bare_is_of(struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	const struct conn *policy);
void bare_govern(struct route *r);

/* --- opportunism (opp.c) ------------------------------------------------------------------------ */

struct opp_table *opp_table_new(struct route *r);
void opp_table_free(struct opp_table **t);
void opp_timer(struct route *r, struct ike_timer *t);
/* A packet of this pair met the template's trap. */
void opp_packet(struct route *r, struct conn *template, const struct ms_selector *src,
	const struct ms_selector *dst);
/* The attempt to bring up this instance ended; false: it is none of ours. */
bool opp_attempt_over(struct route *r, struct conn *c, ms_err err, const struct ms_why *why);
/* This connection has an SA group: if it is a flow's of a template, it is looked at like others. */
void opp_made(struct route *r, struct conn *c);
/* Another connection has this instance's eroute now: if that is the peer's own attempt, ours ends. */
void opp_taken(struct route *r, struct conn *c);
/* Negotiation with it begins, and then packets wait for it. */
void route_ask_for(struct route *r, struct conn *c);

#endif

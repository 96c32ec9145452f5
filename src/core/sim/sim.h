/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for tests: engines with addresses, one virtual clock, one scripted network, kernels
 * that remember, jobs at once or later.  Built for tests only.
 *
 * Everything happens in the order of time and, within one millisecond, of causes; the random
 * numbers that IKE asks for come from the world's seed.  (Diffie-Hellman secrets come from the
 * crypto provider and differ from run to run; nothing that is decided here depends on them.)
 */
#ifndef MODSWAN_CORE_SIM_SIM_H
#define MODSWAN_CORE_SIM_SIM_H

#include "core/conn/names.h"
#include "core/conn/pairs.h"
#include "core/ike/ike.h"
#include "core/route/route.h"
#include "core/sim/cover.h"

#define SIM_NODES 1000
#define SIM_LINES 64
#define SIM_SEEN_FROM 8

struct sim;
struct sim_node;

/* One SA as its kernel got it. */
struct sim_sa {
	struct sim_sa *next;
	struct ms_said said;
	struct ms_addr src;
	bool larval, inbound, tunnel, esn;
	uint16_t encr, encr_bits, integ, encap_src, encap_dst, cpi;
	uint8_t key[2 * MS_MAX_KEY_OCTETS];
	size_t encr_octets, integ_octets;
	struct ms_selector sel_src, sel_dst;
	uint64_t octets; /* what a test says has passed */
};

/* A policy, as its kernel got it. */
struct sim_policy {
	struct pair_node node; /* in sim_node->policy_map */
	struct sim_policy *prev, *next;
	struct ms_selector src, dst;
	enum ms_shunt shunt;
	struct ms_said said;
};

struct sim_line {
	uint32_t serial;
	int code;
	char text[320];
};

struct sim_node {
	struct sim *sim;
	const char *name;
	unsigned number; /* from 1 */
	struct host host;
	void *user; /* whose node it is; NULL: nobody's */
	struct ike_params params;
	struct ike_engine *ike; /* NULL: halted */
	struct conn_table *conns;
	struct route *route;  /* with env only; else ways are laid without it */
	struct route_env env; /* hook NULL: no routing */
	const struct ms_resolver_ops *resolver; /* NULL: peers have no names; instance: the node */
	void (*named)(struct conn *c, struct sim_node *n); /* it has an address for the first time */
	struct conn_names *names; /* with resolver only */
	uint64_t names_at;
	struct ms_addr addr, addr2; /* addr2 may be unset */
	struct ms_addr home; /* the first addr, by which connections may know it */
	struct ms_endpoint public; /* where others see it, when behind a NAT; addr unset: not */
	uint64_t deadline, timer_at;
	uint64_t clock_ms; /* how far its clocks are ahead of the world's */
	int64_t wall_ms;   /* and its wall clock of that */
	struct sim_sa *sas;
	struct sim_policy *policies;
	struct pair_map policy_map; /* the same ones; buckets NULL: there was none yet */
	uint32_t next_spi;
	/* knobs */
	struct ms_bytes psk;     /* the one shared key; ptr NULL: none is known */
	struct ms_privkey *priv; /* borrowed; NULL: none */
	bool down;               /* hears and says nothing */
	int fail_kernel_op;      /* this kind of operation fails; -1: none */
	uint64_t slow_ms;        /* kernel, jobs and secrets answer so much later */
	bool in_order;           /* answers come in the order of questions, as real kernels' do */
	uint64_t answers_at;
	bool fail_child_up;
	bool no_leases;
	const struct ms_subnet *announced; /* with leases */
	unsigned n_announced;
	bool no_compression; /* its kernel has no IPComp */
	/* what happened */
	unsigned moved;     /* child_moved */
	unsigned up, downs; /* child_up, child_down calls */
	unsigned last_seen[SIM_SEEN_FROM]; /* the newest datagram of some others that came */
	unsigned over, jobs, keepalives;
	uint8_t lease_net; /* added to the networks of its leases */
	int leases;      /* in use */
	bool lease_shared; /* the last one was asked for so */
	unsigned leased; /* handed out */
	ms_err over_err;
	char over_text[384];
	struct sim_line lines[SIM_LINES];
	unsigned n_lines;
};

struct sim_packet {
	unsigned number; /* counts all datagrams of the world, from 1 */
	struct sim_node *from;
	struct ms_endpoint src, dst;
	uint8_t *octets;
	size_t len;
};

/* What the network does with a datagram. */
struct sim_fate {
	bool lose;
	unsigned copies; /* more than the one */
	uint64_t delay_ms;
	uint64_t copy_delay_ms;
};
/* May change the octets. */
typedef void sim_network_f(void *arg, struct sim_packet *p, struct sim_fate *fate);

/* Sees what engines do, as it happens; any function may be NULL. */
struct sim_watch {
	/* Octets on their way out of an engine, before the network does anything. */
	void (*sent)(void *arg, struct sim_node *n, struct ms_bytes datagram);
	/* A kernel operation that went well. */
	void (*kernel)(void *arg, struct sim_node *n, const struct ms_kernel_op *op);
	void (*over)(void *arg, struct sim_node *n, struct conn *c, ms_err err);
	/* An invariant of routing does not hold. */
	void (*routing)(void *arg, struct sim_node *n, const struct ms_why *why);
	void *arg;
};

struct sim {
	uint64_t now;
	uint64_t random;
	struct sim_node *nodes[SIM_NODES];
	unsigned n_nodes;
	unsigned packets;
	uint64_t latency_ms;
	bool later; /* jobs, kernel and secrets answer in the next millisecond */
	sim_network_f *network;
	void *network_arg;
	struct sim_watch watch;
	struct sim_event **events; /* a heap */
	unsigned n_waiting, room;
	uint64_t n_events;
	uint64_t seen[COVER_END];
};

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim **s);
struct sim_node *sim_node(
	struct sim *s, const char *name, const char *addr, const struct ike_params *params);
/* Ends the engine, with a word to its peers or as if the power went; its kernel is empty then. */
void sim_halt(struct sim_node *n, bool politely);
/* Engine, connection table and routing anew; connections have to be added again. */
void sim_boot(struct sim_node *n);
/* For n->env.hook: all is done at once. */
void sim_hook(void *ctx, struct conn *c, const struct ms_hook_event *event, ms_hook_done_f *done,
	void *arg);
/* Routing, with n->env.hook. */
void sim_route(struct sim_node *n);
/* Lines of reports go to stderr too. */
extern bool sim_verbose;
/* A connection of the family's words that both ends can read; NULL params keep defaults. */
struct sim_words {
	const char *name, *left, *right, *leftsubnet, *rightsubnet, *leftid, *rightid;
	const char *ike, *esp;
	const char *leftkey, *rightkey; /* 0s base64 SubjectPublicKeyInfo */
	uint32_t authby;
	int type, encapsulation;
	uint32_t keyingtries;
	uint64_t ike_lifetime_ms, ipsec_lifetime_ms, dpd_delay_ms;
	int fragmentation; /* enum ms_fragmentation; 0: yes */
	bool no_rekey, pfs, no_fragmentation;
	void (*more)(struct ms_conn_desc *d); /* any other key; strings are heap memory */
	void (*tune)(struct ms_conn_desc *d, const void *arg); /* the same, for one end */
	const void *arg;
	uint64_t retransmit_timeout_ms; /* 0: 30 s */
	uint64_t rekey_margin_ms; /* 0: 9 s */
	bool forever; /* keyingtries=0 */
};
/* Adds and orients it; fails the test when that is refused. */
struct conn *sim_conn(struct sim_node *n, const struct sim_words *w);
/* Runs until nothing is left to do or the time is over. */
void sim_run(struct sim *s, uint64_t ms);
/* The next event only; false: there is none before `until`. */
bool sim_step(struct sim *s, uint64_t until);
void sim_say(struct sim *s, const struct ms_endpoint *from, const struct ms_endpoint *to,
	struct ms_bytes datagram); /* somebody else's datagram, delivered at once */

/* --- looking ------------------------------------------------------------------------------------
 */

unsigned sim_ikes(const struct sim_node *n);     /* established */
unsigned sim_children(const struct sim_node *n); /* established */
unsigned sim_states(const struct sim_node *n);   /* IKE SAs of any state */
unsigned sim_sas(const struct sim_node *n);      /* in the kernel, larval too */
/* Every SA of one is there on the other with the same keys, algorithms and selectors. */
bool sim_agree(const struct sim_node *a, const struct sim_node *b);
/* A line with this code and text part was reported. */
bool sim_said(const struct sim_node *n, int code, const char *part);

#endif

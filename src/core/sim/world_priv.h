/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of a world. */
#ifndef MODSWAN_CORE_SIM_WORLD_PRIV_H
#define MODSWAN_CORE_SIM_WORLD_PRIV_H

#include "core/sim/world.h"

#define WORLD_FULL_FROM 200000 /* seeds; world_full.c */
#define WORLD_KEYS 4

enum tie_style { TIE_PLAIN, TIE_TRANSPORT, TIE_AH, TIE_NULL, TIE_CERT, TIE_LEASE };
enum { ASK_4 = 1, ASK_6 = 2 };

/* One end of a connection of the world. */
struct tie_end {
	struct sim_node *node;
	struct sim_words words;
	int autostart;   /* enum ms_conn_auto */
	bool wanted;     /* by this end's people: up, or routed */
	bool deleted;    /* its connection is gone for the moment */
	/* packets to the other end */
	struct ms_addr from; /* one of our clients */
	bool carried;        /* one arrived */
	uint64_t sent, arrived;
	uint64_t arrived_ms; /* the last one */
	uint64_t lost_ms;    /* since when they come to no SA; 0: they do not */
	/* when all is taken down, and it is not told */
	bool untold, making; /* SAs were being made at its word */
	uint32_t next_serial;
	/* full worlds */
	const struct tie *tie;
	bool compress, mobike;
	bool several; /* it knows of the left end's second network */
	uint8_t asks; /* for addresses of these families, left end */
};

struct tie {
	char name[16];
	char subnets[2][32];
	struct tie_end end[2]; /* left, right */
	/* full worlds */
	enum tie_style style;
	unsigned number; /* from 0 */
	bool v6, reauth, narrowing;
};

struct world {
	struct story s;
	struct sim *sim; /* the story's */
	enum story_kind kind;
	struct dice plan, net, fate, traffic; /* a stream for each */
	struct tie *ties;
	unsigned n_ties;
	char (*names)[2][32]; /* of nodes: name, identity */
	/* the network's mood */
	unsigned loss, copies, late; /* percent */
	uint64_t late_ms, copy_late_ms;
	uint8_t *cut; /* by node and node: packets between these are lost */
	bool calm;    /* nothing goes wrong any more */
	/* One world in eight, so that all other seeds keep theirs: IPComp, MOBIKE, hosts that move. */
	bool rich;
	bool full; /* and others, world_full.c */
	bool *named; /* by node: called by a name, for it may have another address tomorrow */
	unsigned renumbered;
	uint64_t people_at; /* somebody looks then */
	struct dice extra;
	bool traffic_over;
	uint64_t rough_ms, lifetime_ms; /* how long the first act is; the longest lifetime */
};

/* world_plan.c */
void world_plan(struct world *w);
void world_plan_free(struct world *w);
/* Adds a node's connections and acts on their auto=, as at start. */
void world_load(struct world *w, struct sim_node *n);
void world_load_end(struct world *w, struct tie *t, struct tie_end *e);
struct conn *world_conn(const struct tie *t, const struct tie_end *e);
bool world_keys_load(void);
void world_keys_unload(void);

struct ms_pubkey *world_pubkey(unsigned i);
/* A connection is oriented for the first time: its auto= is acted on. */
void world_named(struct conn *c, struct sim_node *n);

/* world_full.c */
void world_full_node(struct world *w, struct sim_node *n);
void world_full_tie(struct world *w, struct tie *t, bool v6);
/* The addresses that its packets have are known; false: there is none now. */
bool world_full_address(struct tie *t);
/* Each second. */
void world_full_people(struct world *w);
void world_terminate(struct sim_node *n, struct conn *c);

/* world_host.c */
extern struct host_ops world_host_ops;
void world_host_load(void);
/* Nodes of the world can look names up. */
void world_dns_start(struct world *w);

/* world_trouble.c */
void world_trouble(struct world *w);
void world_network(void *world, struct sim_packet *p, struct sim_fate *fate);
/* Ends all trouble. */
void world_heal(struct world *w);

/* world_traffic.c */
void world_traffic(struct world *w);
/* One packet now. */
void world_packet(struct world *w, struct tie *t, struct tie_end *e);
bool world_flow_open(const struct tie_end *e);

/* world_check.c */
bool world_settled(struct world *w, char *why, size_t size);
/* Each second, with the events in it. */
void world_bounds(struct world *w, uint64_t events);
/* Nothing is left anywhere. */
void world_empty(struct world *w);

static inline struct tie_end *tie_other(struct tie *t, const struct tie_end *e)
{
	return e == &t->end[0] ? &t->end[1] : &t->end[0];
}

#endif

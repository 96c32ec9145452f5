/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What worlds (world.h) and meshes (mesh.h) have in common: a simulation that is drawn from one seed,
 * told on stderr, watched (watch.h), counted, and ended by the first thing that goes wrong.
 *
 * The clock, the network's delivery, kernels and nodes are sim.h's.  What goes wrong, who is there
 * and what must be true at the end are the world's and the mesh's own.
 */
#ifndef MODSWAN_CORE_SIM_STORY_H
#define MODSWAN_CORE_SIM_STORY_H

#include "core/sim/sim_dice.h"
#include "core/sim/sim_priv.h"
#include "core/sim/watch.h"

#define STORY_START 1000000 /* the simulation's clock at the beginning */

enum story_kind { STORY_CALM, STORY_LOSSY, STORY_ROUGH, STORY_WILD, STORY_KINDS };

struct story_options {
	uint64_t seed;
	unsigned size; /* plutos or hosts; 0: the seed decides */
	int kind;      /* enum story_kind; -1: the seed decides */
	unsigned scan; /* meshes: two hosts, one scans a network of so many bits; 0: does not */
	bool verbose;  /* the story on stderr */
};

/* What became of it. */
struct story_result {
	bool failed;
	char text[600]; /* what went wrong, and when */
	enum story_kind kind;
	unsigned size, links; /* plutos and connections, hosts and flows */
	uint64_t events, datagrams, packets, questions, simulated_ms;
	uint64_t ike_sas, child_sas; /* established */
	/* flows of meshes, by what became of them, and different cells of the matrix */
	uint64_t seen[COVER_END];
	unsigned encrypted, clear, unanswered, blocked, cells;
};

struct story {
	struct story_options o;
	struct story_result *result;
	struct sim *sim;
	struct watch *watch;
	uint64_t counted_events;
	bool datagrams; /* each is told, too: SIM_DATAGRAMS is set */
	/* the owner's */
	uint64_t most_events; /* within one turn of a second */
	bool broken_routing;  /* is allowed: kernels refuse what would make it true again */
	void (*kernel)(void *arg, struct sim_node *n, const struct ms_kernel_op *op); /* or NULL */
	/* Each second, with the events that there were in it. */
	void (*look)(void *arg, uint64_t events);
	void *arg;
};

extern const char *const story_kind_names[STORY_KINDS];

/* The simulation begins; the owner's functions are set before.  The result is empty then. */
void story_begin(struct story *s, const struct story_options *o, struct story_result *result);
/* Fills in what every story counts; before nodes are halted. */
void story_count(struct story *s);
/* The end of the simulation; nodes' owners are still asked. */
void story_end(struct story *s);
/* The first thing that goes wrong is kept. */
void story_fail(struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void story_say(const struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Runs on; what is wrong ends it: false. */
bool story_go(struct story *s, uint64_t ms);
/* "No, because": for functions that look whether all is well. */
bool story_no(char *why, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Algorithms and the log, once per process. */
bool story_load(void);
void story_unload(void);

static inline struct ms_selector story_one(const struct ms_addr *a)
{
	struct ms_subnet net = ms_subnet_host(a);

	return ms_selector_of_subnet(&net);
}

#endif

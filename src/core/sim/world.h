/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world: some plutos, connections between them, and everything that can go wrong, all drawn from
 * one seed.
 *
 * It runs in three acts.  In the rough one datagrams are lost, doubled, late and out of order,
 * links break, NATs forget, hosts lose power, clocks jump, kernels refuse, people take connections
 * down and up; SAs are rekeyed all the time, mostly by both ends at once.  Then all becomes quiet,
 * and within bounded time both ends must agree and every connection that somebody wants must carry
 * packets both ways.  At the end everything is taken down and nothing may be left.
 *
 * What is checked all the time: watch.h; a packet that was once protected never leaves in clear;
 * where nothing is lost (enum world_kind CALM) not one packet is lost either, however often SAs are
 * rekeyed; SAs and work stay bounded.  Work is counted in events per second of a world.
 */
#ifndef MODSWAN_CORE_SIM_WORLD_H
#define MODSWAN_CORE_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

enum world_kind {
	WORLD_CALM,   /* packets late and out of order, SAs rekeyed: nothing may be lost */
	WORLD_LOSSY,  /* and lost, and doubled */
	WORLD_ROUGH,  /* and links, hosts, people */
	WORLD_WILD,   /* and NATs, clocks, kernels */
	WORLD_KINDS
};

struct world_options {
	uint64_t seed;
	unsigned plutos; /* 0: the seed decides, 2 to 5 */
	bool verbose;    /* the story on stderr */
};

struct world_result {
	bool failed;
	char text[600]; /* what happened, and when */
	enum world_kind kind;
	unsigned plutos, conns;
	uint64_t events, datagrams, packets, simulated_ms;
	uint64_t ike_sas, child_sas; /* established */
};

extern const char *const world_kind_names[WORLD_KINDS];
void world_run(const struct world_options *o, struct world_result *result);

/* Once per process: algorithms and keys. */
bool worlds_load(void);
void worlds_unload(void);

#endif

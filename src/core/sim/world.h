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
 * Calm worlds: packets are late and out of order, SAs rekeyed.  Lossy ones: datagrams are lost and
 * doubled, too.  Rough ones: and links break, hosts restart, people take connections down.  Wild
 * ones: and NATs forget, clocks jump, kernels refuse.
 *
 * What is checked all the time: watch.h; a packet that was once protected never leaves in clear;
 * where nothing is lost (a calm world) not one packet is lost either, however often SAs are
 * rekeyed; SAs and work stay bounded.  Work is counted in events per second of a world.
 */
#ifndef MODSWAN_CORE_SIM_WORLD_H
#define MODSWAN_CORE_SIM_WORLD_H

#include "core/sim/story.h"

void world_run(const struct story_options *o, struct story_result *result);

/* Once per process: algorithms and keys. */
bool worlds_load(void);
void worlds_unload(void);

#endif

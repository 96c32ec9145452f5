/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mesh: many hosts whose administrators never spoke, with policy groups, keys in DNS and traffic
 * between pairs, all drawn from one seed.
 *
 * Each host runs what pluto runs: hidden connections of the configuration plugin, groups and their
 * members, traps, questions to DNS by way of creds-dns, IKE, routing.  Simulated are the resolver
 * (late, failing, believing old data as long as they lived), the kernel (eroutes, shunts, holds,
 * ACQUIRE as KLIPS sends it), the network and the users.
 *
 * It runs in three acts.  In the first hosts restart, links break, DNS fails, keys and lists
 * change; then all becomes quiet, and within bounded time every pair that speaks must fare as the
 * matrix of policies says (mesh_matrix.c); then nobody speaks any more, and every tunnel, shunt and
 * state must go.
 *
 * Calm meshes: nothing goes wrong.  Lossy ones: datagrams are lost, doubled, late; DNS is late and
 * does not answer.  Rough ones: and hosts restart, the network falls apart.  Wild ones: and keys and
 * lists change, DNS lies.
 *
 * What is checked all the time: no packet from a host that is private towards the peer (or blocks
 * it) leaves in clear; the invariants of routing; no key, IV or message id used twice (watch.h);
 * flows that wait, questions and shunts stay bounded.  At rest one SA pair is there at most for two
 * hosts, whoever began.
 */
#ifndef MODSWAN_CORE_SIM_MESH_H
#define MODSWAN_CORE_SIM_MESH_H

#include "core/sim/story.h"

enum mesh_policy { POLICY_NONE, POLICY_CLEAR, POLICY_CLEAR_OR_PRIVATE, POLICY_PRIVATE_OR_CLEAR,
	POLICY_PRIVATE, POLICY_BLOCK, MESH_POLICIES };
/* Published nowhere; under the host's name, which peers are told (myid=); in the reverse map. */
enum mesh_key { KEY_NONE, KEY_INITIATE, KEY_FULL, MESH_KEYS };

/* With o->scan: two hosts; one of them scans a network of so many bits through a trap. */
void mesh_run(const struct story_options *o, struct story_result *result);

/* Once per process: algorithms, keys, connections. */
bool mesh_load(void);
void mesh_unload(void);

#endif

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
 * What is checked all the time: no packet from a host that is private towards the peer (or blocks
 * it) leaves in clear; the invariants of routing; no key, IV or message id used twice (watch.h);
 * flows that wait, questions and shunts stay bounded.  At rest one SA pair is there at most for two
 * hosts, whoever began.
 */
#ifndef MODSWAN_CORE_SIM_MESH_H
#define MODSWAN_CORE_SIM_MESH_H

#include <stdbool.h>
#include <stdint.h>

enum mesh_policy { POLICY_NONE, POLICY_CLEAR, POLICY_CLEAR_OR_PRIVATE, POLICY_PRIVATE_OR_CLEAR,
	POLICY_PRIVATE, POLICY_BLOCK, MESH_POLICIES };
/* Published nowhere; under the host's name, which peers are told (myid=); in the reverse map. */
enum mesh_key { KEY_NONE, KEY_INITIATE, KEY_FULL, MESH_KEYS };

enum mesh_kind {
	MESH_CALM,  /* nothing goes wrong */
	MESH_LOSSY, /* datagrams are lost, doubled, late; DNS is late and does not answer */
	MESH_ROUGH, /* and hosts restart, the network falls apart */
	MESH_WILD,  /* and keys and lists change, DNS lies */
	MESH_KINDS
};

struct mesh_options {
	uint64_t seed;
	unsigned hosts; /* 0: the seed decides, 2 to 12 */
	int kind;	/* enum mesh_kind; -1: the seed decides */
	bool verbose;	/* the story on stderr */
};

struct mesh_result {
	bool failed;
	char text[600];
	enum mesh_kind kind;
	unsigned hosts, flows, encrypted, clear, unanswered, blocked; /* flows by what became of them */
	unsigned cells; /* different ones of the matrix that flows were in */
	uint64_t events, datagrams, packets, questions, simulated_ms;
	uint64_t ike_sas, child_sas; /* established */
};

extern const char *const mesh_kind_names[MESH_KINDS];
void mesh_run(const struct mesh_options *o, struct mesh_result *result);
/* Two hosts; one of them scans a network of so many bits through a trap. */
void mesh_scan(const struct mesh_options *o, unsigned bits, struct mesh_result *result);

/* Once per process: algorithms, keys, connections. */
bool mesh_load(void);
void mesh_unload(void);

#endif

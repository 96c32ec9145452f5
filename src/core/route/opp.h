/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opportunistic initiation (RFC 4322 s3): a packet met the trap of an opportunistic template; who is
 * the gateway of its destination, with what key, and then IKE with that one.
 *
 *	potential	the packet is held, the gateway is asked for
 *	pending		gateways are known, IKE is under way with one of them
 *	(keyed)		an instance of the template has the eroute: nothing is kept here any more
 *	(clear, deny)	a bare shunt, for a while
 *
 * One flow is one question, however many packets it has.  What is under way is bounded, and so is how
 * many questions are asked at once and in a second: packets beyond that stay with the kernel, which
 * asks again for them as long as it holds them.
 */
#ifndef MODSWAN_CORE_ROUTE_OPP_H
#define MODSWAN_CORE_ROUTE_OPP_H

#include "core/conn/conn.h"

#define OPP_MAX_GATEWAYS 8
#define OPP_MAX_KEYS CONN_MAX_KEYS

struct opp_gateway {
	struct ms_addr addr;
	struct ms_id id; /* MS_ID_ANY: its address */
	struct ms_pubkey *keys[OPP_MAX_KEYS];
	unsigned n_keys;
	enum peer_proof proof; /* what these are worth */
};

/* In the order in which they are to be tried, borrowed.  ttl_s: how long the answer may be believed,
 * 0: nothing is known of that.  MS_ERR_NO_CREDENTIAL: nothing is published; MS_ERR_AUTH: what is
 * published must not be believed; others: nobody knows. */
typedef void opp_found_f(void *arg, ms_err err, const struct opp_gateway *g, unsigned n,
	uint32_t ttl_s, const struct ms_why *why);

struct opp_env {
	/* Asks for the gateways of the peer's client; *query may be given to cancel() until found()
	 * was called.  found() comes once, never before this has returned, and not on an error. */
	ms_err (*ask)(void *ctx, const struct conn *template, const struct ms_addr *mine,
		const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg,
		struct ms_why *why);
	void (*cancel)(void *ctx, void *query);
	void *ctx;
	unsigned max_pending; /* flows; 0: 1024 */
	unsigned max_asking;  /* questions at once; 0: 64 */
	unsigned per_second;  /* questions; 0: 200 */
};

struct route;

struct opp_counts {
	uint64_t packets;  /* that asked for a flow that was new */
	uint64_t asked;	   /* questions */
	uint64_t refused;  /* flows that found no room */
	uint64_t keyed, clear, denied;
	unsigned pending, asking; /* now */
};
void opp_counts(const struct route *r, struct opp_counts *out);

/* --oppohere, --oppothere: the same without a packet.  The end is told. */
ms_err opp_initiate(struct route *r, const struct ms_addr *mine, const struct ms_addr *theirs,
	struct ms_why *why) MS_MUST_CHECK;

#endif

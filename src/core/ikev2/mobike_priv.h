/* SPDX-License-Identifier: Apache-2.0 */
/* MOBIKE: what mobike.c (what is said) and mobike_path.c (where it goes) share. */
#ifndef MODSWAN_CORE_IKEV2_MOBIKE_PRIV_H
#define MODSWAN_CORE_IKEV2_MOBIKE_PRIV_H

#include "core/ikev2/mobike.h"

#define MAX_ADDRESSES  8  /* of a list that is told */
#define MAX_OURS       64
#define COOKIE2_OCTETS 16
#define NATD_OCTETS    20

enum told { TOLD_NOTHING, TOLD_ADDRESSES, TOLD_COOKIE2, TOLD_LIST };

struct ike_mobike {
	struct ms_endpoint told_local, told_remote; /* in our last UPDATE_SA_ADDRESSES */
	struct ms_addr peers[MAX_ADDRESSES];	    /* where the peer can be reached besides */
	bool initiator;  /* of the first of all these IKE SAs: it stays so through rekeyings (s1.3) */
	uint8_t n_peers, at;
	uint8_t told;    /* enum told: the request under way */
	bool looking;    /* a path is being looked for */
	bool look_again; /* and meanwhile things have changed */
	bool natd_known; /* the peer has said where it sees us: */
	bool elsewhere;  /* the request in work came from another address than ike->remote */
	bool tell_list;  /* our list has changed */
	bool gone;       /* the peer's address in use is not its any more */
	bool away;       /* the responder, from its new address, and nobody has answered there yet */
	bool move;       /* the children go along once the answer is out */
	uint8_t refused; /* updates, one after the other */
	uint32_t list;   /* a sum of all addresses that we told */
	uint8_t natd[NATD_OCTETS];
	uint8_t cookie2[COOKIE2_OCTETS];
	struct ms_endpoint answer_local, answer_remote;
};

/* Ours, all of them but what we have from the peer. */
struct mobike_list {
	struct ms_addr a[MAX_OURS];
	unsigned n;
};

struct mobike_list mobike_list(const struct ike_sa *ike);
uint32_t mobike_list_sum(const struct ike_sa *ike, const struct mobike_list *list);
bool mobike_in_list(const struct ms_addr *list, unsigned n, const struct ms_addr *a);

#endif

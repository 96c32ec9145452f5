/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE_CHILD_SA for CHILD SAs: what create_child_sa.c (responder) and create_child_init.c share. */
#ifndef MODSWAN_CORE_IKEV2_CREATE_CHILD_H
#define MODSWAN_CORE_IKEV2_CREATE_CHILD_H

#include "core/ike/ike_sa.h"

/* Ends the exchange in ike->x. */
void create_child_done(struct ike_sa *ike);
/* What both roles read into ike->x. */
ms_err create_child_take(struct ike_rx *rx, struct ms_why *why) MS_MUST_CHECK;
/* In the arena of ike->x; false: out of memory. */
bool create_child_nonce(struct ike_sa *ike, struct ms_bytes *out);
void create_child_put_flags(struct ike_out *out, bool transport);
/* RFC 7296 s2.8.1: both sides rekeyed at once, and ours is the exchange that loses. */
bool create_child_we_lose(const struct ike_exchange *x);
/* The group of the IKE SA. */
static inline uint16_t create_child_group(const struct ike_sa *ike)
{
	return ike->suite.ke;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* IKE fragmentation (RFC 7383). */
#ifndef MODSWAN_CORE_IKE_FRAGMENT_H
#define MODSWAN_CORE_IKE_FRAGMENT_H

#include "core/ike/ike_sa.h"

/* A datagram of ours on an IPv4 or IPv6 network with all headers: what every IPv6 link carries
 * (RFC 8200 s5), and what RFC 7383 s2.5.1 advises where nothing is known of an IPv4 path. */
#define IKE_FRAGMENT_OCTETS       1280
#define IKE_FRAGMENT_OCTETS_FORCE 576
/* What is collected at most: fragments of one message, their octets before and after the peer is
 * authenticated, and octets of a whole engine; strangers get no more than half of that. */
#define IKE_MAX_FRAGMENTS            128
#define IKE_FRAGMENTS_OCTETS_UNKNOWN 16384
#define IKE_FRAGMENTS_OCTETS         IKE_MAX_DATAGRAM
#define IKE_FRAGMENTS_OCTETS_ENGINE  (32u << 20)
#define IKE_FRAGMENTS_MS             60000 /* after the last new one */

/* The message in `out`, not sealed, has to be sent in fragments. */
bool ike_fragment_needed(struct ike_sa *ike, struct ike_out *out);
/* Sealed, one after the other; the caller frees. */
ms_err ike_fragment_seal(
	struct ike_sa *ike, struct ike_out *out, struct ike_packet **packet_r) MS_MUST_CHECK;
/* Before anything is spent on it: this fragment is new and within bounds (counted if not). */
bool ike_fragment_wanted(const struct ike_rx *rx);
/* An authenticated one. */
void ike_fragment_keep(struct ike_rx *rx, struct ms_bytes inner);
/* When all fragments are there: rx becomes the whole message, its payloads in the engine's scratch,
 * and nothing is kept of it. */
bool ike_fragment_join(
	struct ike_sa *ike, enum ike_role role, struct ike_rx *rx, struct ms_bytes *inner_r);
void ike_fragments_free(struct ike_sa *ike, enum ike_role role);

#endif

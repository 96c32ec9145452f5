/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of an IKE SA, and messages sealed with them (RFC 7296 s3.14). */
#ifndef MODSWAN_CORE_IKE_SK_H
#define MODSWAN_CORE_IKE_SK_H

#include "core/ike/ike_sa.h"

enum ike_key { IKE_SK_D, IKE_SK_AI, IKE_SK_AR, IKE_SK_EI, IKE_SK_ER, IKE_SK_PI, IKE_SK_PR };
size_t ike_key_octets(const struct ike_sa *ike, enum ike_key key);
struct ms_bytes ike_key(const struct ike_sa *ike, enum ike_key key);

ms_err ike_sk_seal(struct ike_sa *ike, struct ike_out *out) MS_MUST_CHECK;
/* Octets of a message that has `head` octets before the IV and `inner` octets of payloads. */
size_t ike_sk_sealed(const struct ike_sa *ike, size_t head, size_t inner);
/* The most payload octets for a message of `datagram` octets; 0: it is too small for any. */
size_t ike_sk_room(const struct ike_sa *ike, size_t head, size_t datagram);
/* In place in the octets of rx->m.raw (which must be writable); *inner_r: the payloads inside. */
ms_err ike_sk_open(struct ike_sa *ike, uint8_t *datagram, struct ike_msg *m,
	struct ms_bytes *inner_r) MS_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* SA, KE and NONCE payloads (RFC 7296 s3.3, s3.4, s3.9). */
#ifndef MODSWAN_CORE_IKEV2_SA_PAYLOAD_H
#define MODSWAN_CORE_IKEV2_SA_PAYLOAD_H

#include "core/ike/ike_sa.h"

void ike_put_proposals(struct ike_out *out, const struct ms_proposals *p, struct ms_bytes spi);
void ike_put_suite(
	struct ike_out *out, const struct ms_suite *s, unsigned number, struct ms_bytes spi);
/* Into x->peers, numbers, spis: only transforms that `ours` has, proposals of `protocol`.
 * MS_ERR_SYNTAX, MS_ERR_NO_PROPOSAL when none is left, MS_ERR_NOMEM. */
ms_err ike_get_proposals(struct ike_exchange *x, struct ms_bytes body,
	const struct ms_proposals *ours, unsigned spi_octets, struct ms_why *why) MS_MUST_CHECK;
/* What an SA payload says, for logs; like snprintf. */
size_t ike_proposals_peer_text(struct ms_bytes body, char *buf, size_t size);
/* The first group that a provider has; NULL: none. */
const struct ms_ke_alg *ike_first_ke(const struct ms_proposals *p);
/* Among x->peers, with the peer's KE group where that is possible; sets x->chosen. */
ms_err ike_choose_suite(struct ms_suite *suite, const struct ms_proposals *ours,
	struct ike_exchange *x, unsigned group) MS_MUST_CHECK;
/* pub empty: no KE payload. */
void ike_put_ke_nonce(
	struct ike_out *out, unsigned group, struct ms_bytes pub, struct ms_bytes nonce);
bool ike_nonce_fits(const struct ike_payload *p);
bool ike_proposals_have_ke(const struct ms_proposals *p, uint16_t ke);

#endif

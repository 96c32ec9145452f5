/* SPDX-License-Identifier: Apache-2.0 */
/* CERT and CERTREQ payloads (RFC 7296 s3.6, s3.7). */
#ifndef MODSWAN_CORE_IKEV2_CERT_H
#define MODSWAN_CORE_IKEV2_CERT_H

#include "core/ike/ike_sa.h"

/* CERT and CERTREQ payloads of a message into rx->ike->x. */
void ike_certs_take(struct ike_rx *rx);
void ike_certs_put(struct ike_sa *ike, struct ike_out *out);
void ike_certreq_put(struct ike_sa *ike, struct ike_out *out);
/* What ike_certs_put() sends, if sendcert= lets it. */
ms_err ike_certs_keep_mine(
	struct ike_sa *ike, const struct ms_bytes *certs, unsigned n) MS_MUST_CHECK;

#endif

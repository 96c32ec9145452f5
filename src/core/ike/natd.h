/* SPDX-License-Identifier: Apache-2.0 */
/* NAT detection (RFC 7296 s2.23) and cookies (s2.6). */
#ifndef MODSWAN_CORE_IKE_NATD_H
#define MODSWAN_CORE_IKE_NATD_H

#include "core/ike/ike_sa.h"

void ike_natd_put(struct ike_sa *ike, struct ike_out *out, bool with_spi_r);
/* From the peer's IKE_SA_INIT message. */
void ike_natd_check(struct ike_sa *ike, const struct ike_msg *m);
/* As a request came from there: what a peer needs to see its mapping. */
void ike_natd_put_seen(struct ike_sa *ike, struct ike_out *out, const struct ms_endpoint *local,
	const struct ms_endpoint *remote);
void ike_float(struct ike_sa *ike);
/* Takes over the addresses that an authenticated message came from (RFC 7296 s2.23). */
void ike_follow(
	struct ike_sa *ike, const struct ms_endpoint *local, const struct ms_endpoint *remote);
bool ike_cookie_wanted(const struct ike_engine *e);
/* RFC 7296 s2.6; at least 8 and at most 64 octets: 33 of ours. */
#define IKE_COOKIE_OCTETS 33
ms_err ike_cookie_make(
	struct ike_engine *e, const struct ike_rx *rx, uint8_t *cookie) MS_MUST_CHECK;
bool ike_cookie_good(struct ike_engine *e, const struct ike_rx *rx, struct ms_bytes cookie);

#endif

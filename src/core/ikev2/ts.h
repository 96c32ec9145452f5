/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic selectors (RFC 7296 s2.9, s3.13). */
#ifndef MODSWAN_CORE_IKEV2_TS_H
#define MODSWAN_CORE_IKEV2_TS_H

#include "core/ike/ike_sa.h"

void ike_put_ts(struct ike_out *out, unsigned payload, const struct ms_selector *s, unsigned n);
/* Of x->child, as the peer knows its addresses (RFC 7296 s2.23.1). */
void ike_put_child_ts(const struct ike_exchange *x, struct ike_out *out);
/* Transport mode through NATs: hosts in the peer's selectors become what we see of them. */
void ike_ts_substitute(const struct ike_sa *ike, struct ike_exchange *x);
/* Selectors of unknown types are left out. *n_r 0 is possible. */
ms_err ike_get_ts(struct ms_arena *arena, const struct ike_payload *p, struct ms_selector **out,
	unsigned *n_r, struct ms_why *why) MS_MUST_CHECK;
/* RFC 7296 s2.9: intersection of both lists, ours in order; at most CHILD_MAX_SELECTORS. */
unsigned ike_ts_narrow(const struct ms_selector *ours, unsigned n_ours,
	const struct ms_selector *peers, unsigned n_peers, struct ms_selector *out);

#endif

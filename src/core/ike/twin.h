/* SPDX-License-Identifier: Apache-2.0 */
/* Two results of both ends' initiating at once: twin.c. */
#ifndef MODSWAN_CORE_IKE_TWIN_H
#define MODSWAN_CORE_IKE_TWIN_H

#include "core/ike/ike_sa.h"

#define IKE_TWIN_WINDOW_MS UINT64_C(30000) /* twins are born within it */

uint64_t ike_lower_nonce(const struct ike_exchange *x);
/* Both ends initiated at once, and these are the two results. */
bool ike_is_twin(const struct ike_sa *a, const struct ike_sa *b);
/* By the index of identities; NULL: it has none. */
struct ike_sa *ike_twin_of(struct ike_sa *ike);
/* A child came up. */
void ike_resolve_twins(struct child_sa *child);
void ike_twin_due(struct ike_sa *ike);
/* The heir of a rekeying, established: whoever began and when is for the line to say, not for its last
 * link, since both ends decide by that which of two goes; and what went for another one still does. */
void ike_twin_inherit(struct ike_sa *heir, struct ike_sa *ike);
/* The heir takes its place: its connections move, then its CHILD SAs go, then itself. */
void ike_retire(struct ike_sa *ike, const struct ike_sa *heir);

#endif

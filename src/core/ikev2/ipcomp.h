/* SPDX-License-Identifier: Apache-2.0 */
/* IPComp in CHILD SAs (RFC 7296 s2.22): what we offer, what the peer says in x, what the responder
 * chooses and says, and whether the initiator can take that. */
#ifndef MODSWAN_CORE_IKEV2_IPCOMP_H
#define MODSWAN_CORE_IKEV2_IPCOMP_H

#include "core/ike/ike_sa.h"

void ike_ipcomp_offer(struct child_sa *child, struct ike_out *out);
void ike_ipcomp_take(struct ike_exchange *x, const struct ike_msg *m);
void ike_ipcomp_choose(struct child_sa *child);
void ike_ipcomp_answer(const struct child_sa *child, struct ike_out *out);
ms_err ike_ipcomp_accept(struct child_sa *child, struct ms_why *why) MS_MUST_CHECK;

#endif

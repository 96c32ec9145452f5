/* SPDX-License-Identifier: Apache-2.0 */
/* MOBIKE (RFC 4555), as the other exchanges see it. */
#ifndef MODSWAN_CORE_IKEV2_MOBIKE_H
#define MODSWAN_CORE_IKEV2_MOBIKE_H

#include "core/ike/ike_sa.h"

bool ike_mobike_wanted(const struct ike_sa *ike);
/* IKE_AUTH: what we say, and what the peer says; the latter agrees on it. */
void ike_mobike_put(struct ike_sa *ike, struct ike_out *out);
void ike_mobike_take(struct ike_sa *ike, const struct ike_msg *m);
void ike_mobike_inherit(struct ike_sa *heir, struct ike_sa *ike);
/* INFORMATIONAL: our request, its answer, the peer's request. */
void ike_mobike_put_request(struct ike_sa *ike, struct ike_out *out);
bool ike_mobike_tells(const struct ike_sa *ike); /* our list is to be told still */
void ike_mobike_answered(struct ike_sa *ike, const struct ike_msg *m);
void ike_mobike_request(struct ike_rx *rx, struct ike_out *out);
void ike_mobike_answer_sent(struct ike_sa *ike);
/* Where a message came from; false: MOBIKE is not agreed on. */
bool ike_mobike_follow(
	struct ike_sa *ike, const struct ms_endpoint *local, const struct ms_endpoint *remote);
/* Where the answer to the request in work goes. */
void ike_answer_to(const struct ike_sa *ike, struct ms_endpoint *local, struct ms_endpoint *remote);
/* The initiator looks for a path, other: to another one of the peer's addresses; the responder, if
 * its own address is no more.  A list of our addresses that changed is told. */
void ike_mobike_look(struct ike_sa *ike, bool other);
void ike_mobike_unanswered(struct ike_sa *ike); /* a request was sent once more */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and responses of an IKE SA, one under way in each direction. */
#ifndef MODSWAN_CORE_IKE_WINDOW_H
#define MODSWAN_CORE_IKE_WINDOW_H

#include "core/ike/ike_sa.h"

/* Our next request: begins a message in the engine's scratch, with SK open when keys are there. */
void ike_request_begin(struct ike_sa *ike, struct ike_out *out, unsigned exchange);
/* Seals, keeps and sends it. */
ms_err ike_request_send(struct ike_sa *ike, struct ike_out *out) MS_MUST_CHECK;
/* The answer to request `id` (the peer's). */
void ike_response_begin(struct ike_sa *ike, struct ike_out *out, unsigned exchange, uint32_t id);
ms_err ike_response_send(struct ike_sa *ike, struct ike_out *out) MS_MUST_CHECK;
/* An answer with one notify; recv_id goes on. */
void ike_response_notify(
	struct ike_sa *ike, unsigned exchange, uint32_t id, unsigned notify, struct ms_bytes data);
void ike_request_answered(struct ike_sa *ike);
void ike_resend(struct ike_sa *ike);
/* Starts the next thing in ike->wants when no request is under way. */
void ike_next_request(struct ike_sa *ike);

#endif

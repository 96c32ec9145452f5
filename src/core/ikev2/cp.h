/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration payloads (RFC 7296 s3.15). */
#ifndef MODSWAN_CORE_IKEV2_CP_H
#define MODSWAN_CORE_IKEV2_CP_H

#include "core/ike/ike_sa.h"

void ike_cp_put_request(struct ike_sa *ike, struct ike_out *out);
/* Understands the request in x->cp; false: there is none for an address. */
bool ike_cp_asked(struct ike_sa *ike);
/* Asks the host for x->ask; goes on at next with the lease in ike and the connection. */
void ike_cp_lease(struct ike_sa *ike, ike_step_f *next);
void ike_cp_release(struct ike_sa *ike);
void ike_cp_put_reply(struct ike_sa *ike, struct ike_out *out);
/* The initiator: what the peer's reply in x->cp gives us goes into the connection. */
ms_err ike_cp_take_reply(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;

#endif

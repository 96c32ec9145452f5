/* SPDX-License-Identifier: Apache-2.0 */
/* The AUTH payload (RFC 7296 s2.15, RFC 7427, RFC 7619).  Both directions go on at x->next. */
#ifndef MODSWAN_CORE_IKEV2_AUTH_H
#define MODSWAN_CORE_IKEV2_AUTH_H

#include "core/ike/ike_sa.h"

void ike_auth_make(struct ike_sa *ike, ike_step_f *next);
void ike_auth_verify(struct ike_sa *ike, ike_step_f *next);
/* The bit of enum ms_conn_auth that an AUTH payload uses; 0: none that we know. */
uint32_t ike_auth_kind(struct ms_bytes auth_body);

#define IKE_AUTH_SIGNATURES (MS_AUTH_RSA | MS_AUTH_RSA_SHA1 | MS_AUTH_ECDSA | MS_AUTH_EDDSA)

#endif

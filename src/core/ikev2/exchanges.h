/* SPDX-License-Identifier: Apache-2.0 */
/* The exchanges of IKEv2: how each begins, and what the rows of the transition table do. */
#ifndef MODSWAN_CORE_IKEV2_EXCHANGES_H
#define MODSWAN_CORE_IKEV2_EXCHANGES_H

#include "core/ike/ike_sa.h"

/* ike_sa_init.c */
void ike_sa_init_start(struct ike_sa *ike);
ike_action_f ike_sa_init_request, ike_sa_init_response, ike_sa_init_cookie, ike_sa_init_ke,
	ike_sa_init_refused;
/* ike_auth.c */
void ike_auth_start(struct ike_sa *ike);
ms_err ike_auth_conn(struct ike_sa *ike, struct ms_why *why) MS_MUST_CHECK;
ike_action_f ike_auth_request, ike_auth_eap, ike_auth_response, ike_auth_refused,
	ike_auth_unwanted;
/* informational.c */
ike_action_f ike_informational_request, ike_informational_response;
void ike_informational_start(struct ike_sa *ike);
/* create_child_sa.c */
ike_action_f ike_create_child_request, ike_rekey_child_request, ike_create_child_response,
	ike_create_child_refused, ike_create_child_late;
void ike_rekey_child_start(struct child_sa *child);
/* A child that child_new() made on an established IKE SA. */
void ike_create_child_start(struct child_sa *child);
/* rekey_ike.c */
ike_action_f ike_rekey_ike_request, ike_rekey_ike_response;
void ike_rekey_ike_start(struct ike_sa *ike);
void ike_rekey_ike_failed(struct ike_sa *ike, unsigned notify);
/* A responder's way out of a CREATE_CHILD_SA request: one notify, everything given up. */
void ike_create_refuse(struct ike_sa *ike, unsigned notify, struct ms_bytes data);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE_CHILD_SA: RFC 7296 s1.3. */
#include "core/ike/ike_sa.h"

static void refuse(struct ike_rx *rx)
{
	ike_response_notify(rx->ike, rx->m.h.exchange, rx->m.h.id, IKE_N_NO_ADDITIONAL_SAS,
		ms_bytes(NULL, 0));
	ike_next_request(rx->ike);
}

void ike_create_child_request(struct ike_rx *rx)
{
	refuse(rx);
}

void ike_rekey_child_request(struct ike_rx *rx)
{
	refuse(rx);
}

void ike_rekey_ike_request(struct ike_rx *rx)
{
	refuse(rx);
}

void ike_create_child_response(struct ike_rx *rx)
{
	ike_request_answered(rx->ike);
}

void ike_rekey_ike_response(struct ike_rx *rx)
{
	ike_request_answered(rx->ike);
}

void ike_create_child_refused(struct ike_rx *rx)
{
	ike_request_answered(rx->ike);
}

void ike_rekey_child_start(struct child_sa *child)
{
	ike_replace(child->ike);
}

void ike_rekey_ike_start(struct ike_sa *ike)
{
	ike_replace(ike);
}

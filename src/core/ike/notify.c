/* SPDX-License-Identifier: Apache-2.0 */
/* Notify payloads: writing them, and which one speaks for which error. RFC 7296 s3.10.1. */
#include "core/ike/ike_sa.h"
#include "core/ike/notify.h"

static const struct {
	ms_err err;
	unsigned notify;
} rows[] = {
	{ MS_ERR_SYNTAX, IKE_N_INVALID_SYNTAX },
	{ MS_ERR_TRUNCATED, IKE_N_INVALID_SYNTAX },
	{ MS_ERR_UNEXPECTED, IKE_N_INVALID_SYNTAX },
	{ MS_ERR_CRITICAL, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD },
	{ MS_ERR_NO_PROPOSAL, IKE_N_NO_PROPOSAL_CHOSEN },
	{ MS_ERR_BAD_KE, IKE_N_INVALID_SYNTAX }, /* s1.3 keeps INVALID_KE_PAYLOAD for the group */
	{ MS_ERR_AUTH, IKE_N_AUTHENTICATION_FAILED },
	{ MS_ERR_NO_CREDENTIAL, IKE_N_AUTHENTICATION_FAILED },
	{ MS_ERR_BAD_KEY, IKE_N_AUTHENTICATION_FAILED },
	{ MS_ERR_TS, IKE_N_TS_UNACCEPTABLE },
	{ MS_ERR_BUSY, IKE_N_TEMPORARY_FAILURE },
	{ MS_ERR_LIMIT, IKE_N_NO_ADDITIONAL_SAS },
	{ MS_ERR_NOT_FOUND, IKE_N_CHILD_SA_NOT_FOUND },
};

/* Trouble of ours (memory, kernel, crypto) is for the peer a proposal that we cannot take. */
unsigned ike_notify_of(ms_err err)
{
	if (err == MS_OK)
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].err == err)
			return rows[i].notify;
	return IKE_N_NO_PROPOSAL_CHOSEN;
}

ms_err ike_err_of_notify(unsigned notify)
{
	switch (notify) {
	case IKE_N_NO_PROPOSAL_CHOSEN:
		return MS_ERR_NO_PROPOSAL;
	case IKE_N_AUTHENTICATION_FAILED:
		return MS_ERR_AUTH;
	case IKE_N_TS_UNACCEPTABLE:
		return MS_ERR_TS;
	}
	return MS_ERR_PEER_REFUSED;
}

void ike_put_notify(struct ike_out *out, unsigned notify, struct ms_bytes data)
{
	struct ike_notify_payload n = { .type = notify, .data = data };

	ike_out_put(out, IKE_P_NOTIFY, &n);
}

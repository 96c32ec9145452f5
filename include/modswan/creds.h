/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role creds: where secrets and keys come from.
 *
 * A source may answer at once or later, always exactly once per call.  What it hands over is
 * borrowed for the callback: take references or copies.  Sources are asked in the order in which
 * they were loaded; the first that finds something wins.
 */
#ifndef MODSWAN_CREDS_H
#define MODSWAN_CREDS_H

#include <modswan/crypto.h>
#include <modswan/error.h>
#include <modswan/id.h>

struct ms_sign_ops;

/* MS_ERR_NO_CREDENTIAL: nothing fits. */
typedef void ms_creds_psk_f(void *arg, ms_err err, struct ms_bytes psk, const struct ms_why *why);
typedef void ms_creds_private_f(void *arg, ms_err err, struct ms_privkey *key,
	const struct ms_sign_ops *ops, const struct ms_why *why);

/* The files' line that decided, for messages: "ipsec.secrets:7". */
struct ms_creds_ops {
	uint32_t size;
	/* Secret shared between me and peer; the family's scoring of index lists. peer_addr helps
	 * where the identity found nothing (%any entries). */
	void (*psk)(void *inst, const struct ms_id *me, const struct ms_id *peer,
		const struct ms_addr *peer_addr, ms_creds_psk_f *done, void *arg);
	/* Private key for my identity, or the one that belongs to `pub` (may be NULL). */
	void (*private_key)(void *inst, const struct ms_id *me, const struct ms_id *peer,
		const struct ms_pubkey *pub, ms_creds_private_f *done, void *arg);
	/* Reads the files again; what cannot be read leaves the old state untouched. */
	ms_err (*reread)(void *inst, unsigned *count_r, struct ms_why *why);
	/* One line per entry without secrets ("1: PSK (none) @east"); like a listing's callback. */
	void (*list)(void *inst, void (*line)(void *arg, const char *text), void *arg);
};

#endif

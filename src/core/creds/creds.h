/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: asks the sources of role creds one after another until one answers.
 */
#ifndef MODSWAN_CORE_CREDS_H
#define MODSWAN_CORE_CREDS_H

#include <modswan/creds.h>
#include <modswan/plugin.h>

#include "core/conn/conn.h"
#include "core/host.h"

/* The i-th source, NULL: no more; outlives every question. */
typedef const struct ms_provider *creds_source_f(void *arg, unsigned i);

/* Each answers once: the first source's find, or the last source's reason. */
void creds_psk(creds_source_f *sources, void *sources_arg, const struct ms_id *me,
	const struct ms_id *peer, const struct ms_addr *peer_addr, host_psk_f *done, void *arg);
/* The private key that belongs to pub, or with pub NULL the one with the connection's own CKAID, or
 * without such the one for its own identity. */
void creds_private_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, struct ms_pubkey *pub, host_private_f *done, void *arg);
/* The private key that belongs to pub, of whoever is called `me`. */
void creds_key_of(creds_source_f *sources, void *sources_arg, const struct ms_id *me,
	struct ms_pubkey *pub, host_private_f *done, void *arg);

/* certs.c: what struct host_ops asks. */
struct ms_cert_wish creds_cert_wish(const struct conn *c);
void creds_own_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, struct ms_bytes asked, host_own_f *done, void *arg);
void creds_peer_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, const struct ms_bytes *certs, unsigned n, host_peer_key_f *done,
	void *arg);
size_t creds_ca_hashes(creds_source_f *sources, void *sources_arg, const struct conn *c,
	uint8_t *buf, size_t size);
bool creds_ca_fits(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_bytes *certs, unsigned n);
ms_err creds_cert_subject(creds_source_f *sources, void *sources_arg, const char *cert,
	struct ms_id *out, struct ms_why *why);

#endif

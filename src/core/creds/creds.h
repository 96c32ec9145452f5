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
/* The private key for the connection's own identity (and its written public key, if any). */
void creds_private_key(creds_source_f *sources, void *sources_arg, const struct conn *c,
	const struct ms_id *peer, host_private_f *done, void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What opportunism asks (core/route/opp.h), answered by credential sources. */
#ifndef MODSWAN_CORE_OPP_SOURCE_H
#define MODSWAN_CORE_OPP_SOURCE_H

#include "core/creds/creds.h"
#include "core/creds/gateway.h"
#include "core/route/opp.h"

/* Outlives all its questions. */
struct opp_source {
	creds_source_f *sources;
	void *sources_arg;
	const struct ms_logger *log;
};

/* ask(), cancel() and their context; bounds are left at their defaults. */
struct opp_env opp_source_env(struct opp_source *s);
/* What is asked before a packet of these addresses makes the template negotiate. */
struct gateway_wish opp_source_wish(const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs);
/* host_ops.authorise: the client's records must have the very key, beside the identity or address. */
void opp_source_authorise(struct opp_source *s, const struct ms_addr *client,
	const struct ms_id *peer, const struct ms_addr *peer_addr, struct ms_pubkey *key,
	host_done_f *done, void *arg);

#endif

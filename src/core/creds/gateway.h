/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opportunism's questions: who is the gateway of a peer's client, with what key, and may somebody
 * speak for a client?
 *
 * Answers come from sources that know what others published (DNS): the records of a client
 * itself say which gateway may speak for it (RFC 4322 s3.2, RFC 4025).  core/route asks before it
 * initiates, and again when a peer that initiates claims a client.
 */
#ifndef MODSWAN_CORE_GATEWAY_H
#define MODSWAN_CORE_GATEWAY_H

#include "core/creds/creds.h"

struct gateway_wish {
	struct ms_addr our_client, peer_client;
	/* The gateway that we are: when our client is somebody else, its records must name us by
	 * identity or address, and with our key if that is given (RFC 4322 s3.2.4.1).  me NULL: that
	 * is not asked. */
	const struct ms_id *me;
	struct ms_addr our_addr;
	struct ms_pubkey *our_key; /* NULL: any */
};

struct gateway_query; /* one question under way */

/*
 * Sorted by precedence, at least one of them with MS_OK; all is borrowed: take references of keys.
 * how->status: what DNSSEC says of everything that led to the answer; oe-dnssec= is obeyed already.
 * MS_ERR_NO_CREDENTIAL: nothing is published for the peer's client, "no TXT ... record for ...".
 * MS_ERR_AUTH: what there is must not be believed, or our own client does not name us.
 * MS_ERR_TIMEOUT, MS_ERR_SYSTEM, MS_ERR_LIMIT: nobody knows: try again later.
 * MS_ERR_UNSUPPORTED: no plugin can look.
 */
typedef void gateway_found_f(void *arg, ms_err err, const struct ms_gateway *gateways, unsigned n,
	const struct ms_published *how, const struct ms_why *why);

/* On an error nothing will be called; else found() comes once, never before this has returned. */
ms_err gateway_ask(creds_source_f *sources, void *sources_arg, const struct gateway_wish *wish,
	struct gateway_query **out, gateway_found_f *found, void *arg, struct ms_why *why)
	MS_MUST_CHECK;

/* May the peer that has proved to be `peer` with `key` (NULL: any) speak for this client?  MS_OK;
 * MS_ERR_AUTH: its records say otherwise; the rest as above. */
typedef void gateway_checked_f(void *arg, ms_err err, const struct ms_published *how,
	const struct ms_why *why);
ms_err gateway_check(creds_source_f *sources, void *sources_arg, const struct ms_addr *client,
	const struct ms_id *peer, const struct ms_addr *peer_addr, struct ms_pubkey *key,
	struct gateway_query **out, gateway_checked_f *checked, void *arg, struct ms_why *why)
	MS_MUST_CHECK;

/* Nothing will be called. */
void gateway_cancel(struct gateway_query **query);

/* Does it name this gateway, by identity or address, with this key (NULL: any)? */
bool gateway_is(const struct ms_gateway *g, const struct ms_id *id, const struct ms_addr *addr,
	const struct ms_pubkey *key);

#endif

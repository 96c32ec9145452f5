/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CREDS_DNS_H
#define CREDS_DNS_H

#include <modswan/config.h>
#include <modswan/creds.h>
#include <modswan/dnskey.h>
#include <modswan/plugin.h>


struct settings {
	uint32_t outstanding;
};

struct creds_dns {
	const struct ms_services *services;
	const struct settings *conf;
	int dnssec; /* enum ms_oe_dnssec */
	struct ms_creds_query *first; /* under way */
	unsigned n;
};

/* lookup.c */
ms_err lookup_keys(void *inst, const struct ms_id *peer, struct ms_creds_query **out,
	ms_creds_keys_f *done, void *arg, struct ms_why *why);
ms_err lookup_gateways(void *inst, const struct ms_addr *client, struct ms_creds_query **out,
	ms_creds_gateways_f *done, void *arg, struct ms_why *why);
void lookup_cancel(void *inst, struct ms_creds_query **query);

/* collect.c: gateways and keys out of records, within the bounds of <modswan/creds.h>. */
struct collection {
	struct ms_gateway gateways[MS_MAX_GATEWAYS];
	bool by_name[MS_MAX_GATEWAYS]; /* its addresses are not known yet */
	unsigned n;
};

/* The name under which an identity publishes; false: it cannot. */
bool owner_of(const struct ms_id *id, char *name, size_t size);
/* Does a record at the identity's own name speak of that identity? */
bool speaks_of(const struct ms_dns_key *rr, uint16_t type, const struct ms_id *id);
/* MS_ERR_LIMIT: there is no more room. */
ms_err collect_key(struct ms_gateway *g, const struct ms_dns_key *rr, struct ms_why *why);
/* `client`: where the record was found.  Its gateway is new or has one key more. */
ms_err collect_gateway(struct collection *c, const struct ms_dns_key *rr, uint16_t type,
	const struct ms_addr *client, struct ms_why *why);
/* Those without key go, the others are sorted by precedence. */
void collection_settle(struct collection *c);
void collection_free(struct collection *c);

#endif

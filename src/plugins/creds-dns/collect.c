/* SPDX-License-Identifier: Apache-2.0 */
/* Gateways and keys out of records. */
#include "dns.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool owner_of(const struct ms_id *id, char *name, size_t size)
{
	struct ms_addr a;

	if (ms_id_to_addr(id, &a))
		return ms_addr_reverse_text(&a, name, size) < size;
	if (id->type != MS_ID_FQDN || id->len == 0 || id->len >= size ||
		memchr(id->data, 0, id->len) != NULL)
		return false;
	memcpy(name, id->data, id->len);
	name[id->len] = '\0';
	return ms_dns_name_ok(name);
}

/* With or without the final dot. */
static bool same_name(const char *name, const struct ms_id *id)
{
	size_t len = id->len;

	if (id->type != MS_ID_FQDN)
		return false;
	if (len > 0 && id->data[len - 1] == '.')
		len--;
	return strlen(name) == len && strncasecmp(name, (const char *)id->data, len) == 0;
}

/*
 * A KEY has no gateway: it is the owner's own.  A record that names another gateway is a delegation,
 * and no key of this identity; but a name cannot be compared with a gateway's address, and an
 * IPSECKEY at a name says who may speak for the name (RFC 4025 s2.5).
 */
bool speaks_of(const struct ms_dns_key *rr, uint16_t type, const struct ms_id *id)
{
	struct ms_addr a;

	if (rr->gateway == MS_DNS_GATEWAY_SELF)
		return true;
	if (rr->gateway == MS_DNS_GATEWAY_NAME)
		return same_name(rr->name, id);
	if (ms_id_to_addr(id, &a))
		return ms_addr_eq(&rr->addr, &a);
	return type == MS_DNS_IPSECKEY;
}

ms_err collect_key(struct ms_gateway *g, const struct ms_dns_key *rr, struct ms_why *why)
{
	const struct ms_sign_ops *s = ms_sign();
	struct ms_bytes octets = ms_bytes(rr->key, rr->key_octets);
	struct ms_pubkey *key = NULL;
	ms_err err;

	if (rr->form == MS_DNS_KEY_NONE)
		return MS_OK;
	if (s == NULL)
		return ms_fail(why, MS_ERR_NO_ALGORITHM, "no crypto plugin can use public keys");
	err = rr->form == MS_DNS_KEY_SPKI ? s->pubkey_from_spki(&key, octets, why) :
					s->pubkey_from_rfc3110(&key, octets, why);
	if (err != MS_OK)
		return err;
	for (unsigned i = 0; i < g->n_keys; i++)
		if (s->pubkey_eq(g->keys[i], key)) {
			s->pubkey_free(&key);
			return MS_OK;
		}
	if (g->n_keys == MS_MAX_PUBLISHED_KEYS) {
		s->pubkey_free(&key);
		return ms_fail(why, MS_ERR_LIMIT, "more than %d keys", MS_MAX_PUBLISHED_KEYS);
	}
	g->keys[g->n_keys++] = key;
	return MS_OK;
}

static ms_err id_of(struct ms_id *out, const struct ms_dns_key *rr, const struct ms_addr *client)
{
	if (rr->gateway == MS_DNS_GATEWAY_NAME)
		return ms_id_set(out, MS_ID_FQDN, ms_bytes(rr->name, strlen(rr->name)));
	return ms_id_of_addr(out, rr->gateway == MS_DNS_GATEWAY_ADDR ? &rr->addr : client);
}

ms_err collect_gateway(struct collection *c, const struct ms_dns_key *rr, uint16_t type,
	const struct ms_addr *client, struct ms_why *why)
{
	struct ms_gateway *g = c->gateways;
	struct ms_id id = { 0 };
	ms_err err = id_of(&id, rr, client);

	if (err != MS_OK)
		return err;
	while (g < c->gateways + c->n &&
		(g->precedence != rr->precedence || !ms_id_eq(&g->id, &id)))
		g++;
	if (g < c->gateways + c->n) {
		ms_id_free(&id);
		return collect_key(g, rr, why);
	}
	if (c->n == MS_MAX_GATEWAYS) {
		ms_id_free(&id);
		return ms_fail(why, MS_ERR_LIMIT, "more than %d gateways", MS_MAX_GATEWAYS);
	}
	*g = (struct ms_gateway){ .precedence = rr->precedence, .id = id,
		.source = ms_dns_type_name(type) };
	c->by_name[c->n] = rr->gateway == MS_DNS_GATEWAY_NAME;
	if (!c->by_name[c->n])
		g->addrs[g->n_addrs++] = rr->gateway == MS_DNS_GATEWAY_ADDR ? rr->addr : *client;
	c->n++;
	return collect_key(g, rr, why);
}

static void gateway_free(struct ms_gateway *g)
{
	for (unsigned i = 0; i < g->n_keys; i++)
		ms_sign()->pubkey_free(&g->keys[i]);
	g->n_keys = 0;
	ms_id_free(&g->id);
}

void collection_free(struct collection *c)
{
	while (c->n > 0)
		gateway_free(&c->gateways[--c->n]);
}

void collection_settle(struct collection *c)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->n; i++) {
		struct ms_gateway g = c->gateways[i];
		unsigned at = kept;

		if (g.n_keys == 0) {
			gateway_free(&g);
			continue;
		}
		/* Equals stay in the order in which they came. */
		for (; at > 0 && c->gateways[at - 1].precedence > g.precedence; at--)
			c->gateways[at] = c->gateways[at - 1];
		c->gateways[at] = g;
		kept++;
	}
	c->n = kept;
}

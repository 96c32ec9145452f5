/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From words to values.  Which end is local is not known yet: left goes to `local` and right to
 * `remote`, orient.c swaps them when it is the other way round.
 */
#include "core/conn/conn_priv.h"
#include "core/conn/names.h"

#include <modswan/registry.h>
#include <modswan/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_any(const char *host)
{
	return strcmp(host, "%any") == 0 || strcmp(host, "%any6") == 0 ||
	       strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

enum kind { KIND_NONE, KIND_GROUP, KIND_OPPORTUNISTIC, KIND_OPPORTUNISTIC_GROUP };

static enum kind kind_of(const char *host)
{
	static const char *const words[] = {
		[KIND_GROUP] = "%group",
		[KIND_OPPORTUNISTIC] = "%opportunistic",
		[KIND_OPPORTUNISTIC_GROUP] = "%opportunisticgroup",
	};
	unsigned i = KIND_OPPORTUNISTIC_GROUP;

	while (i > KIND_NONE && strcmp(host, words[i]) != 0)
		i--;
	return (enum kind)i;
}

/* Digits and dots alone were meant to be an address. */
static bool is_name(const char *host)
{
	return ms_dns_name_ok(host) && strspn(host, "0123456789.") != strlen(host);
}

static ms_err host_of(struct conn_end *e, const struct ms_conn_desc *d,
	const struct ms_end_desc *end, const char *side, struct ms_why *why)
{
	ms_err err;

	e->host.port = (uint16_t)(end->ikeport == 0 ? 500 : end->ikeport);
	if (end->host == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "%s= is missing", side);
	if (is_any(end->host) || strcmp(end->host, "%defaultroute") == 0)
		return MS_OK; /* orient.c knows what to do */
	if (kind_of(end->host) != KIND_NONE)
		return MS_OK; /* its members or instances know */
	if (ms_host_device(end->host) != NULL)
		return MS_OK; /* once the device has an address */
	if (end->host[0] == '%')
		return ms_fail(why, MS_ERR_UNSUPPORTED, "%s=%s is not supported here", side,
			end->host);
	if (is_name(end->host) &&
		ms_addr_parse(&e->host.addr, end->host, strlen(end->host), 0, MS_TEXT_NUMERIC,
			NULL) != MS_OK) {
		e->name = conn_name_new(end->host, d->host_family);
		return e->name == NULL ? MS_ERR_NOMEM : MS_OK;
	}
	err = ms_addr_parse(&e->host.addr, end->host, strlen(end->host), d->host_family,
		MS_TEXT_NUMERIC, why);
	if (err != MS_OK)
		ms_why_prefix(why, "%s=: ", side);
	return err;
}

/* Without a certificate of that end's here, its identity is what its certificate will say. */
static ms_err id_from_cert(const struct conn_table *t, struct conn_end *e,
	const struct ms_end_desc *end, const char *side, struct ms_why *why)
{
	ms_err err;

	e->id_from_cert = true;
	if (end->cert == NULL)
		return MS_OK;
	if (t->subject == NULL)
		return ms_fail(why, MS_ERR_UNSUPPORTED,
			"%sid=%%fromcert: no plugin has certificates", side);
	err = t->subject(t->subject_arg, end->cert, &e->id, why);
	if (err != MS_OK)
		ms_why_prefix(why, "%sid=%%fromcert: ", side);
	return err;
}

static ms_err id_of(const struct conn_table *t, struct conn_end *e, const struct ms_end_desc *end,
	const char *side, struct ms_why *why)
{
	const char *text = end->id;
	ms_err err;

	if (text != NULL && strcasecmp(text, "%fromcert") == 0)
		return id_from_cert(t, e, end, side, why);

	/* RFC 7619 s2.2: who proves nothing has no name. */
	if (text == NULL && e->auth == MS_AUTH_NULL)
		text = "%null";
	if (text != NULL && strcasecmp(text, "%myid") == 0) {
		text = t->myid;
		e->id_is_myid = text == NULL;
	}
	if (text == NULL) {
		e->id_is_host = true;
		if (e->host.addr.family == 0)
			return MS_OK; /* %any, or known once oriented */
		return ms_id_of_addr(&e->id, &e->host.addr);
	}
	err = ms_id_parse(&e->id, text, strlen(text), why);
	if (err != MS_OK)
		ms_why_prefix(why, "%sid=: ", side);
	return err;
}

static ms_err add_client(struct conn_end *e, const char *net, size_t len,
	const struct ms_protoport *pp, const char *side, struct ms_why *why)
{
	struct ms_selector *s;
	struct ms_subnet subnet;
	ms_err err = ms_subnet_parse(&subnet, net, len, 0, MS_TEXT_NUMERIC, why);

	if (err != MS_OK) {
		ms_why_prefix(why, "%ssubnet=: ", side);
		return err;
	}
	if (e->n_clients == CONN_MAX_SELECTORS)
		return ms_fail(why, MS_ERR_LIMIT, "%ssubnet= has more than %d networks", side,
			CONN_MAX_SELECTORS);
	s = realloc(e->clients, (e->n_clients + 1) * sizeof *s);
	if (s == NULL)
		return MS_ERR_NOMEM;
	e->clients = s;
	s[e->n_clients] = ms_selector_of_subnet(&subnet);
	s[e->n_clients].protocol = pp->protocol;
	s[e->n_clients].port_first = pp->port_first;
	s[e->n_clients].port_last = pp->port_last;
	e->n_clients++;
	return MS_OK;
}

/* Without subnets the host is its own client: 0 clients with has_client false until the address is
 * known, but the protoport must not be lost. */
static ms_err clients_of(struct conn_end *e, const struct ms_end_desc *end, const char *side,
	struct ms_why *why)
{
	struct ms_protoport pp = { 0, 0, 65535, false };
	const char *at = end->subnet, *net;
	size_t len;
	ms_err err = MS_OK;

	if (end->protoport != NULL) {
		err = ms_protoport_parse(&pp, end->protoport, strlen(end->protoport),
			MS_TEXT_NUMERIC, why);
		if (err != MS_OK) {
			ms_why_prefix(why, "%sprotoport=: ", side);
			return err;
		}
	}
	while (err == MS_OK && (net = ms_conn_next_subnet(&at, &len)) != NULL)
		err = add_client(e, net, len, &pp, side, why);
	/* Of groups and opportunistic ones only, see ms_conn_each_pair(). */
	for (char **n = end->subnets; err == MS_OK && n != NULL && *n != NULL; n++)
		err = add_client(e, *n, strlen(*n), &pp, side, why);
	e->has_client = e->n_clients > 0;
	if (err == MS_OK && !e->has_client) {
		e->clients = calloc(1, sizeof *e->clients);
		if (e->clients == NULL)
			return MS_ERR_NOMEM;
		e->n_clients = 1;
		e->clients[0].protocol = pp.protocol;
		e->clients[0].port_first = pp.port_first;
		e->clients[0].port_last = pp.port_last;
		if (e->host.addr.family != 0)
			e->clients[0].range.first = e->clients[0].range.last = e->host.addr;
	}
	return err;
}

static ms_err one_key(struct ms_pubkey **out, const char *text, const char *side, bool spki,
	struct ms_why *why)
{
	uint8_t blob[4096];
	size_t used;
	ms_err err;

	/* %dnsondemand, %dns, %cert, %none: other sources' business */
	if (text == NULL || text[0] == '%')
		return MS_OK;
	err = ms_data_parse(blob, sizeof blob, &used, text, strlen(text), 0, why);
	if (err == MS_OK && ms_sign() == NULL)
		err = ms_fail(why, MS_ERR_NO_ALGORITHM, "no crypto plugin can use public keys");
	if (err == MS_OK)
		err = spki ? ms_sign()->pubkey_from_spki(out, ms_bytes(blob, used), why) :
			     ms_sign()->pubkey_from_rfc3110(out, ms_bytes(blob, used), why);
	if (err != MS_OK)
		ms_why_prefix(why, "%s%s=: ", side, spki ? "pubkey" : "rsasigkey");
	return err;
}

/* Of the keys that are written those with the CKAID that is written. */
static ms_err keys_with_ckaid(struct conn_end *e, const struct ms_end_desc *end, const char *side,
	struct ms_why *why)
{
	struct ms_pubkey **keys = e->pubkeys;
	char has[MS_CKAID_TEXT] = "";
	uint8_t ckaid[MS_CKAID_OCTETS];
	ms_err err = ms_ckaid_parse(e->ckaid, end->ckaid, why);

	if (err != MS_OK) {
		ms_why_prefix(why, "%sckaid=: ", side);
		return err;
	}
	e->has_ckaid = true;
	if (keys[0] == NULL)
		return MS_OK;
	err = ms_ckaid(ckaid, keys[0], why);
	if (err != MS_OK)
		return err;
	ms_ckaid_text(ckaid, has);
	for (unsigned i = 2; i-- > 0;) {
		if (keys[i] == NULL || conn_end_may_have(e, keys[i]))
			continue;
		ms_sign()->pubkey_free(&keys[i]);
		keys[i] = i == 0 ? keys[1] : NULL;
		keys[1] = i == 0 ? NULL : keys[1];
	}
	return keys[0] != NULL ? MS_OK
			       : ms_fail(why, MS_ERR_CONFIG,
					 "%sckaid=%s: the key that is written for this end has %s",
					 side, end->ckaid, has);
}

static ms_err keys_of(struct conn_end *e, const struct ms_end_desc *end, const char *side,
	struct ms_why *why)
{
	ms_err err;

	e->key_published = end->pubkey == NULL && end->rsasigkey != NULL &&
			   strncasecmp(end->rsasigkey, "%dns", 4) == 0;
	err = end->pubkey != NULL ? one_key(&e->pubkeys[0], end->pubkey, side, true, why)
				  : one_key(&e->pubkeys[0], end->rsasigkey, side, false, why);
	if (err == MS_OK && end->pubkey == NULL)
		err = one_key(&e->pubkeys[1], end->rsasigkey2, side, false, why);
	return err == MS_OK && end->ckaid != NULL ? keys_with_ckaid(e, end, side, why) : err;
}

static ms_err optional_addr(struct ms_addr *out, const char *text, const char *side,
	const char *key, struct ms_why *why)
{
	ms_err err;

	if (text == NULL || text[0] == '%')
		return MS_OK;
	err = ms_addr_parse(out, text, strlen(text), 0, MS_TEXT_NUMERIC, why);
	if (err != MS_OK)
		ms_why_prefix(why, "%s%s=: ", side, key);
	return err;
}

ms_err conn_build_end(const struct conn_table *t, struct conn_end *e, const struct ms_conn_desc *d,
	const struct ms_end_desc *end, const char *side, struct ms_why *why)
{
	ms_err err = host_of(e, d, end, side, why);

	e->auth = end->auth != 0 ? end->auth : d->authby;
	e->updown = end->updown;
	e->cert = end->cert;
	e->ca = end->ca;
	e->sendcert = end->sendcert;
	if (err == MS_OK)
		err = id_of(t, e, end, side, why);
	if (err == MS_OK)
		err = clients_of(e, end, side, why);
	if (err == MS_OK)
		err = keys_of(e, end, side, why);
	if (err == MS_OK)
		err = optional_addr(&e->nexthop, end->nexthop, side, "nexthop", why);
	if (err == MS_OK)
		err = optional_addr(&e->sourceip, end->sourceip, side, "sourceip", why);
	e->pool = end->addresspool;
	return err;
}

/* Of which families an end asks for an address: of those that the other end's networks have. */
static void asks(struct conn_end *e, const struct ms_end_desc *end, const struct conn_end *other)
{
	const char *word = end->sourceip != NULL && end->sourceip[0] == '%' ? end->sourceip : "";
	bool any = end->modecfgclient || strcasecmp(word, "%config") == 0;

	e->cp_ask[0] = strcasecmp(word, "%config4") == 0;
	e->cp_ask[1] = strcasecmp(word, "%config6") == 0;
	for (unsigned i = 0; any && i < other->n_clients; i++)
		e->cp_ask[other->clients[i].range.first.family == AF_INET6] = true;
}

static bool never_negotiates(const struct ms_conn_desc *d)
{
	return d->type == MS_TYPE_PASS || d->type == MS_TYPE_DROP || d->type == MS_TYPE_REJECT;
}

/* right=%opportunistic without subnet: everybody. */
static void everybody(struct conn *c)
{
	bool left = c->desc->left.host != NULL && kind_of(c->desc->left.host) != KIND_NONE;
	struct conn_end *them = left ? &c->local : &c->remote;
	const struct conn_end *us = left ? &c->remote : &c->local;
	const struct ms_addr *one = &us->clients[0].range.first;
	struct ms_addr any = ms_addr_any(one->family == AF_INET6 ? AF_INET6 : AF_INET);
	struct ms_subnet all = ms_subnet_make(&any, 0);

	if (!c->opportunistic || c->group || them->has_client)
		return;
	them->clients[0].range = ms_range_of_subnet(&all);
	them->has_client = true;
}

/* Which end is the group's tells which end is not ours. */
static ms_err kinds_of(struct conn *c, struct ms_why *why)
{
	const struct ms_conn_desc *d = c->desc;
	enum kind l = d->left.host == NULL ? KIND_NONE : kind_of(d->left.host);
	enum kind r = d->right.host == NULL ? KIND_NONE : kind_of(d->right.host);
	enum kind k = l != KIND_NONE ? l : r;

	if (l != KIND_NONE && r != KIND_NONE)
		return ms_fail(why, MS_ERR_CONFIG, "left=%s and right=%s: one end must be this host",
			d->left.host, d->right.host);
	if (k == KIND_GROUP && !never_negotiates(d))
		return ms_fail(why, MS_ERR_CONFIG,
			"%%group goes with type=passthrough, drop or reject; a tunnel needs "
			"%%opportunisticgroup");
	c->group = k == KIND_GROUP || k == KIND_OPPORTUNISTIC_GROUP;
	/* type=passthrough: we never begin, but answer. */
	c->opportunistic = (k == KIND_OPPORTUNISTIC || k == KIND_OPPORTUNISTIC_GROUP) &&
		d->type != MS_TYPE_DROP && d->type != MS_TYPE_REJECT;
	return MS_OK;
}

/* Which of them is not offered, and why, is for the check of files to say. */
static ms_err proposals_of(struct conn_table *t, struct conn *c, struct ms_why *why)
{
	const struct ms_conn_desc *d = c->desc;
	ms_err said, err = conn_intern(t, MS_PROTOCOL_IKE, d->ike, &c->ike, NULL);

	if (err == MS_OK)
		err = conn_intern(
			t, d->ah ? MS_PROTOCOL_AH : MS_PROTOCOL_ESP, d->esp, &c->esp, NULL);
	if (err == MS_OK || err == MS_ERR_NOMEM)
		return err;
	said = ms_conn_check_offers(d, why);
	return said != MS_OK ? said : err;
}

ms_err conn_build(struct conn_table *t, struct conn *c, struct ms_why *why)
{
	const struct ms_conn_desc *d = c->desc;
	ms_err err;

	c->left_is_local = true; /* until oriented */
	if (d->keyexchange == MS_KEX_IKEV1)
		return ms_conn_check_offers(d, why);
	if (d->ah && d->encapsulation == MS_YES)
		return ms_fail(why, MS_ERR_CONFIG, "encapsulation=yes is for ESP, not for phase2=ah");
	if ((d->authby & MS_AUTH_NEVER) && !never_negotiates(d))
		return ms_fail(why, MS_ERR_CONFIG,
			"authby=never goes with type=passthrough, drop or reject only");
	err = kinds_of(c, why);
	if (err == MS_OK)
		err = ms_conn_pfs_group(d, &c->pfs_group, why);
	if (err == MS_OK)
		err = conn_build_end(t, &c->local, d, &d->left, "left", why);
	if (err == MS_OK)
		err = conn_build_end(t, &c->remote, d, &d->right, "right", why);
	if (err == MS_OK) {
		everybody(c);
		asks(&c->local, &d->left, &c->remote);
		asks(&c->remote, &d->right, &c->local);
	}
	return err == MS_OK ? proposals_of(t, c, why) : err;
}

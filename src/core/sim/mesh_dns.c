/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS of a mesh: each host has a resolver with a cache, and behind all of them is what the hosts
 * publish now.
 *
 * Who published something else meanwhile is believed to have the old key as long as its record lives.
 * A question may be answered late, not at all, with SERVFAIL, or with what nobody signed.
 */
#include "core/sim/mesh_priv.h"

#include <modswan/registry.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE_MS 6000 /* a resolver's patience */
#define FOREVER 100000 /* questions that one answer may lead to */

/* --- keys ----------------------------------------------------------------------------------------- */

/* Made once for the process; which octets they have decides nothing. */
static struct {
	struct ms_privkey *priv;
	char text[800]; /* RFC 3110, base64 */
	uint8_t blob[4 + 512];
	size_t octets;
} keys[MESH_RSA_KEYS];

static bool key_new(unsigned i)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	unsigned char *der = NULL;
	uint8_t blob[4 + 512] = { 3, 1, 0, 1 };
	BIGNUM *n = NULL;
	int len = pkey != NULL ? i2d_PrivateKey(pkey, &der) : -1;
	bool ok = len > 0 && EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
		  ms_sign()->privkey_from_file_octets(&keys[i].priv, ms_bytes(der, (size_t)len),
			  ms_bytes(NULL, 0), NULL) == MS_OK;

	if (ok) {
		keys[i].octets = 4 + (size_t)BN_bn2bin(n, blob + 4);
		memcpy(keys[i].blob, blob, keys[i].octets);
		ms_data_text(blob, keys[i].octets, 64, keys[i].text, sizeof keys[i].text);
	}
	BN_free(n);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	return ok;
}

bool mesh_keys_load(void)
{
	for (unsigned i = 0; i < MESH_RSA_KEYS; i++)
		if (!key_new(i))
			return false;
	return true;
}

void mesh_keys_unload(void)
{
	for (unsigned i = 0; i < MESH_RSA_KEYS; i++)
		ms_sign()->privkey_free(&keys[i].priv);
}

struct ms_privkey *mesh_private_key(unsigned pool)
{
	return keys[pool].priv;
}

/* --- what there is ---------------------------------------------------------------------------------- */

struct ms_dns_query {
	struct ms_dns_query *next;
	struct mesh_host *host; /* NULL: cancelled, or answered */
	char name[MS_DNS_NAME_MAX + 2];
	uint16_t type;
	ms_err trouble;
	ms_resolver_done_f *done;
	void *arg;
};

/* Whose name that is. */
static struct mesh_host *owner_of(const struct mesh *m, const char *name, bool *reverse)
{
	unsigned a, b, c, d;
	struct ms_addr addr;

	*reverse = sscanf(name, "%u.%u.%u.%u.in-addr.arpa", &d, &c, &b, &a) == 4;
	if (*reverse) {
		addr = ms_addr_v4(a << 24 | b << 16 | c << 8 | d);
		return mesh_owner(m, &addr);
	}
	if (sscanf(name, "h%u.mesh.example", &a) == 1 && a < m->n_hosts)
		return &m->hosts[a];
	return NULL;
}

/* KEY records say nothing of gateways: they do for a name, not in the reverse map. */
static uint16_t record_of(const struct mesh_host *owner, bool reverse)
{
	return reverse && owner->record == MS_DNS_KEY ? MS_DNS_TXT : owner->record;
}

/* The authority's word, kept as long as it says. */
static struct mesh_cached *look(struct mesh_host *h, const struct ms_dns_query *q)
{
	struct mesh *m = h->m;
	bool reverse;
	uint16_t type = m->full || q->type == MS_DNS_TXT ? q->type : 0;
	const struct mesh_host *owner = owner_of(m, q->name, &reverse);
	struct mesh_cached **at = &h->cache, *e;
	static struct mesh_cached nobody = { .owner = -1, .key = MESH_RSA_KEYS };

	if (owner == NULL) { /* nothing is kept of a scan */
		nobody.until_ms = m->sim->now + MESH_TTL_S * 1000;
		return &nobody;
	}
	while ((e = *at) != NULL) {
		if (e->until_ms <= m->sim->now) {
			*at = e->next;
			free(e);
			continue;
		}
		if (e->owner == (int)owner->index && e->reverse == reverse && e->type == type)
			return e;
		at = &e->next;
	}
	e = calloc(1, sizeof *e);
	e->owner = (int)owner->index;
	e->reverse = reverse;
	e->type = type;
	e->key = MESH_RSA_KEYS;
	if (type == record_of(owner, reverse) && owner->key == (reverse ? KEY_FULL : KEY_INITIATE))
		e->key = owner->rsa;
	e->ttl_s = dice_between(&m->dns, 20, MESH_TTL_S);
	e->until_ms = m->sim->now + e->ttl_s * 1000;
	e->next = h->cache;
	h->cache = e;
	return e;
}

static size_t txt(uint8_t *out, const char *text)
{
	size_t len = strlen(text), at = 0;

	for (size_t done = 0; done < len;) {
		size_t n = len - done < 255 ? len - done : 255;

		out[at++] = (uint8_t)n;
		memcpy(out + at, text + done, n);
		at += n;
		done += n;
	}
	return at;
}

static size_t key_record(uint8_t *out, const struct mesh_cached *e, const struct mesh_host *owner)
{
	static const uint8_t flags[4] = { 0x42, 0, 4, 5 }; /* RFC 2535 s3.1: a host's, for IPsec, RSA */
	const uint8_t gateway[3] = { 10, e->reverse ? 1 : 0, 2 }; /* RFC 4025 s2 */
	char text[1000];
	size_t at = 0;

	if (e->type == MS_DNS_TXT) {
		snprintf(text, sizeof text, "X-IPsec-Server(10)=%s%s %s", e->reverse ? "" : "@",
			e->reverse ? owner->text : owner->fqdn, keys[e->key].text);
		return txt(out, text);
	}
	if (e->type == MS_DNS_KEY) {
		memcpy(out, flags, sizeof flags);
		at = sizeof flags;
	} else {
		memcpy(out, gateway, sizeof gateway);
		memcpy(out + sizeof gateway, owner->n->addr.b, 4);
		at = sizeof gateway + (e->reverse ? 4 : 0);
	}
	memcpy(out + at, keys[e->key].blob, keys[e->key].octets);
	return at + keys[e->key].octets;
}

/* --- answers ------------------------------------------------------------------------------------------ */

static void take_out(struct ms_dns_query *q)
{
	struct ms_dns_query **at = &q->host->queries;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	q->host = NULL;
}

static void answer(struct ms_dns_query *q, ms_err trouble)
{
	struct mesh_host *h = q->host;
	uint8_t rdata[1100];
	struct ms_bytes record;
	struct ms_dns_answer a = { .name = q->name, .canonical = q->name, .type = q->type,
		.status = MS_DNS_INSECURE, .records = &record };
	struct ms_why why = { "" };
	ms_err err = trouble;
	enum cover seen;

	if (err == MS_OK) {
		const struct mesh_cached *e = look(h, q);

		a.ttl_s = (uint32_t)((e->until_ms - h->m->sim->now + 999) / 1000);
		if (e->key < MESH_RSA_KEYS) {
			const struct mesh_host *owner = &h->m->hosts[e->owner];

			record = ms_bytes(rdata, key_record(rdata, e, owner));
			seen = e->type == MS_DNS_KEY      ? COVER_KEY
			       : e->type == MS_DNS_IPSECKEY ? COVER_IPSECKEY
							    : COVER_TXT;
			h->m->sim->seen[seen]++;
			a.n = 1;
		} else {
			err = MS_ERR_NOT_FOUND;
		}
	} else if (err == MS_ERR_AUTH) {
		a.status = MS_DNS_BOGUS;
	}
	if (err != MS_OK)
		(void)ms_fail(&why, err, "%s %s: %s", ms_dns_type_name(q->type), q->name,
			ms_err_text(err));
	take_out(q);
	q->done(q->arg, err, &a, &why);
}

static void due(struct sim *s, void *arg)
{
	struct ms_dns_query *q = arg;

	(void)s;
	if (q->host != NULL)
		answer(q, q->trouble);
	free(q);
}

/* The world's end. */
static void drop(void *arg)
{
	free(arg);
}

/* How long it takes and whether it fails. */
static uint64_t fate_of(struct mesh_host *h, ms_err *trouble)
{
	struct mesh *m = h->m;
	uint64_t ms = dice_between(&m->dns, 1, m->dns_late_ms);

	*trouble = MS_OK;
	for (unsigned i = 0; i < MESH_SPLITS; i++)
		if (m->split_on[i] && m->split[i][h->index])
			*trouble = MS_ERR_TIMEOUT; /* the servers are on the other side */
	if (m->calm)
		return ms;
	if (dice_percent(&m->dns, m->dns_silent))
		*trouble = MS_ERR_TIMEOUT;
	else if (*trouble == MS_OK && dice_percent(&m->dns, m->dns_fails))
		*trouble = MS_ERR_SYSTEM;
	else if (*trouble == MS_OK && dice_percent(&m->dns, m->dns_lies))
		*trouble = MS_ERR_AUTH;
	return *trouble == MS_ERR_TIMEOUT ? SILENCE_MS : ms;
}

static ms_err ask(void *inst, const char *name, uint16_t type, uint32_t flags,
	struct ms_dns_query **out, ms_resolver_done_f *done, void *arg, struct ms_why *why)
{
	struct mesh_host *h = inst;
	struct ms_dns_query *q;
	uint64_t at;

	(void)flags;
	if (!ms_dns_name_ok(name))
		return ms_fail(why, MS_ERR_TEXT, "not a name");
	if (type == MS_DNS_PTR)
		story_fail(&h->m->s, "%s: asks for a PTR", h->name);
	q = calloc(1, sizeof *q);
	snprintf(q->name, sizeof q->name, "%s", name);
	if (q->name[strlen(q->name) - 1] == '.')
		q->name[strlen(q->name) - 1] = '\0';
	q->host = h;
	q->type = type;
	q->done = done;
	q->arg = arg;
	q->next = h->queries;
	h->queries = q;
	h->asked++;
	h->m->questions++;
	at = fate_of(h, &q->trouble);
	sim_at(h->m->sim, h->m->sim->now + at, due, q)->drop = drop;
	*out = q;
	return MS_OK;
}

static void cancel(void *inst, struct ms_dns_query **query)
{
	(void)inst;
	take_out(*query); /* its event is on the way still */
	*query = NULL;
}

const struct ms_resolver_ops mesh_resolver_ops = { .size = sizeof mesh_resolver_ops, .ask = ask,
	.cancel = cancel };

void mesh_dns_flush(struct mesh_host *h)
{
	for (unsigned n = 0; h->queries != NULL; n++) {
		if (n > FOREVER) {
			story_fail(&h->m->s, "%s: questions without end", h->name);
			return;
		}
		answer(h->queries, MS_ERR_TIMEOUT);
	}
}

void mesh_dns_forget(struct mesh_host *h)
{
	while (h->cache != NULL) {
		struct mesh_cached *e = h->cache;

		h->cache = e->next;
		free(e);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entry is meant, by the family's scores:
 *
 *	no index, or none but %any	1	everything
 *	only the peer is listed		-	never
 *	several indices, only we are	4	private keys (they are several names of ours)
 *	one index, and it is ours	5	everything
 *	several, we and the peer are	6	everything
 *
 * When nothing fits a shared secret, %any, %any6 and 0.0.0.0 among the indices stand for the peer.
 * The highest score wins; entries with the same score must carry the same secret.
 *
 * Candidates come from hash chains: of the peer's identity, and of ours only where being listed
 * alone is enough, so that 10^5 entries "@us @peerN : PSK" cost nothing extra.
 */
#include "secrets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- where identities occur --- */

/* Equal identities have equal hashes: names fold case, distinguished names, whose equality is
 * wider still, share one value by type. */
static uint32_t hash_id(const struct ms_id *id)
{
	bool fold = id->type == MS_ID_FQDN || id->type == MS_ID_RFC822_ADDR;
	uint32_t h = (2166136261u ^ id->type) * 16777619u;

	if (id->type == MS_ID_DER_ASN1_DN)
		return h;
	for (unsigned i = 0; i < id->len; i++)
		h = (h ^ (uint32_t)(fold ? tolower(id->data[i]) : id->data[i])) * 16777619u;
	return h ^ h >> 15;
}

static bool rehash(struct occurs *o, uint32_t want)
{
	uint32_t *bucket = calloc(want, sizeof *bucket);

	if (bucket == NULL)
		return false;
	free(o->bucket);
	o->bucket = bucket;
	o->n_buckets = want;
	for (uint32_t i = 0; i < o->n; i++) {
		uint32_t h = o->node[i].hash % want;

		o->node[i].next = bucket[h];
		bucket[h] = i + 1;
	}
	return true;
}

bool occurs_add(struct occurs *o, const struct ms_id *id, uint32_t entry)
{
	uint32_t hash = hash_id(id), *bucket;

	if (!secrets_grow((void **)&o->node, o->n, &o->cap, sizeof *o->node))
		return false;
	if (o->n >= o->n_buckets && !rehash(o, o->n_buckets == 0 ? 64 : o->n_buckets * 4))
		return false;
	bucket = &o->bucket[hash % o->n_buckets];
	o->node[o->n] = (struct node){ hash, entry, *bucket };
	*bucket = ++o->n;
	return true;
}

/* --- scores --- */

static bool lists(const struct entry *e, const struct ms_id *id)
{
	for (uint32_t i = 0; id != NULL && i < e->n; i++) {
		if (e->index[i].type != MS_ID_ANY && ms_id_eq(&e->index[i], id))
			return true;
	}
	return false;
}

static unsigned score(
	const struct entry *e, const struct ms_id *me, const struct ms_id *peer, bool any_is_peer)
{
	bool private = e->psk.ptr == NULL;
	bool mine = lists(e, me);
	bool his = lists(e, peer) || (any_is_peer && e->any);

	if (e->default_one && !mine)
		return 1;
	if (!mine)
		return 0;
	if (e->n == 1)
		return 5;
	if (his)
		return 6;
	return private ? 4 : 0;
}

struct best {
	const struct entry *entry, *rival;
	unsigned score;
};

static bool same_secret(const struct entry *a, const struct entry *b)
{
	if (a->psk.ptr != NULL && b->psk.ptr != NULL)
		return a->psk.len == b->psk.len && ms_ct_equal(a->psk.ptr, b->psk.ptr, a->psk.len);
	return a->pub != NULL && b->pub != NULL && a->ops == b->ops &&
	       a->ops->pubkey_eq(a->pub, b->pub);
}

static void consider(struct best *best, const struct entry *e, unsigned n)
{
	if (n == 0 || n < best->score)
		return;
	if (n == best->score) {
		if (e != best->entry && !same_secret(e, best->entry))
			best->rival = e;
		return;
	}
	*best = (struct best){ e, NULL, n };
}

static void consider_chain(struct best *best, const struct secrets *s, const struct occurs *o,
	const struct ms_id *id, const struct ms_id *me, const struct ms_id *peer, bool private,
	bool any_is_peer)
{
	uint32_t i;

	if (id == NULL || o->n_buckets == 0)
		return;
	for (i = o->bucket[hash_id(id) % o->n_buckets]; i != 0; i = o->node[i - 1].next) {
		const struct entry *e = &s->entry[o->node[i - 1].entry];

		if ((e->psk.ptr == NULL) == private)
			consider(best, e, score(e, me, peer, any_is_peer));
	}
}

static void consider_defaults(struct best *best, const struct secrets *s, bool private)
{
	for (uint32_t i = 0; i < s->n_defaults; i++) {
		const struct entry *e = &s->entry[s->defaults[i]];

		if ((e->psk.ptr == NULL) == private)
			consider(best, e, 1);
	}
}

static ms_err verdict(const struct best *best, const char *what, const struct ms_id *me,
	const struct ms_id *peer, const struct entry **out, struct ms_why *why)
{
	char mine[MS_ID_TEXT], his[MS_ID_TEXT];

	if (best->rival != NULL) {
		bool turned = best->rival < best->entry; /* the earlier line first */
		const struct entry *a = turned ? best->rival : best->entry;
		const struct entry *b = turned ? best->entry : best->rival;

		return ms_fail(why, MS_ERR_NO_CREDENTIAL,
			"more than one best match for a %s: %.120s:%u and %.120s:%u", what, a->file,
			a->line, b->file, b->line);
	}
	*out = best->entry;
	if (best->entry != NULL)
		return MS_OK;
	ms_id_text(me, mine, sizeof mine);
	if (peer == NULL)
		return ms_fail(why, MS_ERR_NO_CREDENTIAL, "no %s for %.120s", what, mine);
	ms_id_text(peer, his, sizeof his);
	return ms_fail(why, MS_ERR_NO_CREDENTIAL, "no %s for %.120s and %.120s", what, mine, his);
}

ms_err choose_psk(const struct secrets *s, const struct ms_id *me, const struct ms_id *peer,
	const struct entry **out, struct ms_why *why)
{
	struct best best = { NULL, NULL, 0 };

	consider_chain(&best, s, &s->everybody, peer, me, peer, false, false);
	consider_chain(&best, s, &s->mine, me, me, peer, false, false);
	consider_defaults(&best, s, false);
	if (best.entry == NULL)
		consider_chain(&best, s, &s->mine, me, me, peer, false, true);
	return verdict(&best, "shared secret", me, peer, out, why);
}

ms_err choose_key(const struct secrets *s, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_pubkey *pub, const struct entry **out, struct ms_why *why)
{
	struct best best = { NULL, NULL, 0 };

	if (pub != NULL) {
		for (uint32_t i = 0; i < s->n && best.entry == NULL; i++) {
			const struct entry *e = &s->entry[i];

			if (e->pub != NULL && e->ops->pubkey_eq(e->pub, pub))
				best.entry = e;
		}
		return verdict(
			&best, "private key that belongs to the public key", me, NULL, out, why);
	}
	consider_chain(&best, s, &s->mine, me, me, peer, true, false);
	consider_defaults(&best, s, true);
	return verdict(&best, "private key", me, peer, out, why);
}

ms_err choose_ckaid(const struct secrets *s, const uint8_t ckaid[MS_CKAID_OCTETS],
	const struct entry **out, struct ms_why *why)
{
	char text[MS_CKAID_TEXT];

	for (uint32_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entry[i];

		if (e->pub == NULL || !ms_has_ckaid(e->pub, ckaid))
			continue;
		*out = e;
		return MS_OK;
	}
	ms_ckaid_text(ckaid, text);
	return ms_fail(why, MS_ERR_NO_CREDENTIAL, "no private key with the CKAID %s", text);
}

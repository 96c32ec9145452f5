/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proposals from text.
 *
 * One written proposal becomes a draft, a set of algorithms per transform type; the draft becomes
 * one or two proposals, since AEADs and other ciphers may not share one (RFC 5282 s8, RFC 7296
 * s3.3). The defaults are text too, read by the same code, with the algorithms that nobody offers
 * left out instead of refused.
 *
 * A hash word (sha2_256) means integrity and PRF, as in the family; where integrity is written in
 * full (hmac_sha2_256_128) it means the PRF alone, and the other way round.
 *
 * Standards: RFC 7296 s3.3, RFC 8247, RFC 8221, RFC 5282 s8.
 */
#include "lib/crypto/transforms.h"
#include "lib/crypto/words.h"

#include <modswan/proposal.h>
#include <modswan/registry.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* RFC 8247 s2 and RFC 8221 s5, s6: MUST and SHOULD, the stronger first; SHA-1 only when asked for.
 */
#define DEFAULT_KE    "x25519+ecp256+ecp384+ecp521+modp2048+modp3072+modp4096"
#define DEFAULT_INTEG "hmac_sha2_512_256+hmac_sha2_256_128"
#define DEFAULT_PRF   "prfsha512+prfsha256"
#define DEFAULT_ENCR  "aes_gcm256+aes_gcm128+chacha20_poly1305+aes256+aes128"
static const char *const default_text[] = {
	[MS_PROTOCOL_IKE] = DEFAULT_ENCR "-" DEFAULT_INTEG "-" DEFAULT_PRF "-" DEFAULT_KE,
	[MS_PROTOCOL_AH] = DEFAULT_INTEG,
	[MS_PROTOCOL_ESP] = DEFAULT_ENCR "-" DEFAULT_INTEG,
};
static const char *const protocol_names[] = {
	[MS_PROTOCOL_IKE] = "IKE", [MS_PROTOCOL_AH] = "AH", [MS_PROTOCOL_ESP] = "ESP"
};

enum how { ASK, WORDS_ONLY, LEAVE_OUT }; /* what to do about algorithms that nobody offers */

#define MAX_TEXT 16384
#define SET_MAX  24
struct set {
	unsigned n;
	struct ms_transform t[SET_MAX];
};
struct draft {
	uint8_t protocol;
	enum how how;
	char text[100]; /* as written, for messages */
	struct set sets[MS_TRANSFORM_TYPES];
	struct word hashes[SET_MAX];
	unsigned n_hashes;
	bool integ_none;
	bool any_encr;
};

static bool offered(uint8_t type, uint16_t id, uint16_t bits)
{
	switch (type) {
	case MS_TRANSFORM_ENCR:
		return ms_encr_find(id, bits) != NULL;
	case MS_TRANSFORM_PRF:
		return ms_prf_find(id) != NULL;
	case MS_TRANSFORM_INTEG:
		return ms_integ_find(id) != NULL;
	case MS_TRANSFORM_KE:
		return id == MS_KE_NONE || ms_ke_find(id) != NULL;
	default:
		return true;
	}
}

static ms_err refuse_missing(uint8_t type, uint16_t id, uint16_t bits, struct ms_why *why)
{
	static const int kinds[] = { [MS_TRANSFORM_ENCR] = MS_ALG_ENCR, [MS_TRANSFORM_PRF] = MS_ALG_PRF,
		[MS_TRANSFORM_INTEG] = MS_ALG_INTEG, [MS_TRANSFORM_KE] = MS_ALG_KE };
	const struct iana_row *row = ms_iana_transform(type, id);
	const char *reason = type < sizeof kinds / sizeof kinds[0]
		? ms_crypto_why_not((enum ms_alg_kind)kinds[type], id, bits) : NULL;
	char name[64];

	ms_transform_text(type, id, bits, name, sizeof name);
	if (reason != NULL)
		return ms_fail(why, MS_ERR_NO_ALGORITHM, "%s is not offered: %s", name, reason);
	if (row != NULL && (row->traits & TRAIT_LEGACY) != 0)
		return ms_fail(why, MS_ERR_NO_ALGORITHM,
			"%s is an old algorithm that is not secure any more and is switched off",
			name);
	return ms_fail(why, MS_ERR_NO_ALGORITHM, "no loaded crypto plugin offers %s", name);
}

static ms_err add(struct draft *d, uint8_t type, uint16_t id, uint16_t bits, struct ms_why *why)
{
	const struct ms_transform t = { type, id, bits };
	struct set *s = &d->sets[type];
	unsigned i;

	if (d->how != WORDS_ONLY && !offered(type, id, bits))
		return d->how == LEAVE_OUT ? MS_OK : refuse_missing(type, id, bits, why);
	for (i = 0; i < s->n; i++)
		if (s->t[i].id == id && s->t[i].key_bits == bits)
			return MS_OK;
	if (s->n == SET_MAX)
		return ms_fail(why, MS_ERR_LIMIT, "more than %d algorithms of one type in \"%s\"",
			SET_MAX, d->text);
	s->t[s->n++] = t;
	return MS_OK;
}

/* A cipher written without a key size means 256 and 128 bits, those that are offered. */
static ms_err add_encr(struct draft *d, const struct word *w, struct ms_why *why)
{
	static const uint16_t sizes[] = { 256, 128 };
	bool any = false;
	unsigned i;

	d->any_encr = true;
	if (w->key_bits != 0 || !ms_encr_has_key_bits(w->id))
		return add(d, MS_TRANSFORM_ENCR, w->id, w->key_bits, why);
	for (i = 0; i < 2; i++) {
		ms_err err;

		if (d->how == ASK && !offered(MS_TRANSFORM_ENCR, w->id, sizes[i]))
			continue;
		any = true;
		err = add(d, MS_TRANSFORM_ENCR, w->id, sizes[i], why);
		if (err != MS_OK)
			return err;
	}
	return any ? MS_OK : refuse_missing(MS_TRANSFORM_ENCR, w->id, 0, why);
}

static ms_err add_null(struct draft *d, struct ms_why *why)
{
	if (!d->any_encr && d->protocol == MS_PROTOCOL_ESP) {
		d->any_encr = true;
		return add(d, MS_TRANSFORM_ENCR, MS_ENCR_NULL, 0, why);
	}
	if (!d->any_encr && d->protocol == MS_PROTOCOL_IKE)
		return ms_fail(why, MS_ERR_CONFIG, "IKE cannot go without encryption");
	if (d->integ_none || d->n_hashes > 0 || d->sets[MS_TRANSFORM_INTEG].n > 0)
		return add(d, MS_TRANSFORM_KE, MS_KE_NONE, 0, why);
	d->integ_none = true;
	return MS_OK;
}

/* Which words a protocol has no use for. */
static ms_err fits_protocol(const struct draft *d, enum word_kind kind, const char *text,
	size_t len, struct ms_why *why)
{
	static const struct {
		uint8_t protocol;
		enum word_kind kind;
		const char *reason;
	} rows[] = {
		{ MS_PROTOCOL_IKE, WORD_ESN, "extended sequence numbers belong to ESP and AH" },
		{ MS_PROTOCOL_ESP, WORD_PRF, "a PRF belongs to IKE" },
		{ MS_PROTOCOL_AH, WORD_PRF, "a PRF belongs to IKE" },
		{ MS_PROTOCOL_AH, WORD_ENCR, "AH does not encrypt" },
	};
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].protocol == d->protocol && rows[i].kind == kind)
			return ms_fail(why, MS_ERR_CONFIG, "\"%.*s\" does not fit %s: %s", (int)len,
				text, protocol_names[d->protocol], rows[i].reason);
	return MS_OK;
}

static ms_err unknown_word(const struct draft *d, const char *text, size_t len, struct ms_why *why)
{
	char near[WORD_MAX];

	if (len == 0)
		return ms_fail(why, MS_ERR_CONFIG, "an algorithm is missing in \"%s\"", d->text);
	if (len >= 4 && tolower((unsigned char)text[0]) == 'k' &&
		tolower((unsigned char)text[1]) == 'e' && isdigit((unsigned char)text[2]) &&
		text[3] == '_')
		return ms_fail(why, MS_ERR_UNKNOWN,
			"\"%.*s\": additional key exchanges (RFC 9370) are not supported", (int)len,
			text);
	if (len < WORD_MAX && word_nearest(text, len, near, sizeof near))
		return ms_fail(why, MS_ERR_UNKNOWN,
			"unknown algorithm \"%.*s\"; the nearest known word is \"%s\"", (int)len,
			text, near);
	return ms_fail(
		why, MS_ERR_UNKNOWN, "unknown algorithm \"%.*s\"", len < 60 ? (int)len : 60, text);
}

static ms_err take_word(struct draft *d, const char *text, size_t len, struct ms_why *why)
{
	struct word w;
	ms_err err;

	if (!word_find(text, len, &w))
		return unknown_word(d, text, len, why);
	err = fits_protocol(d, w.kind, text, len, why);
	if (err != MS_OK)
		return err;
	if (!d->any_encr && w.kind != WORD_ENCR && w.kind != WORD_NULL &&
		d->protocol != MS_PROTOCOL_AH)
		return ms_fail(why, MS_ERR_CONFIG,
			"%s proposals begin with the encryption, and \"%.*s\" is none",
			protocol_names[d->protocol], (int)len, text);
	switch (w.kind) {
	case WORD_ENCR:
		return add_encr(d, &w, why);
	case WORD_INTEG:
		return add(d, MS_TRANSFORM_INTEG, w.id, 0, why);
	case WORD_PRF:
		return add(d, MS_TRANSFORM_PRF, w.id, 0, why);
	case WORD_KE:
		return add(d, MS_TRANSFORM_KE, w.id, 0, why);
	case WORD_ESN:
		return add(d, MS_TRANSFORM_ESN, w.id, 0, why);
	case WORD_NULL:
		return add_null(d, why);
	case WORD_HASH:
		if (d->n_hashes == SET_MAX)
			return ms_fail(why, MS_ERR_LIMIT, "too many hashes in \"%s\"", d->text);
		d->hashes[d->n_hashes++] = w;
		return MS_OK;
	}
	return MS_ERR_BUG;
}

/* PARTS[;KE]: words with '-' and '+' between them; which of the two does not matter, the kinds tell
 * them apart. */
static ms_err take_words(struct draft *d, const char *text, size_t len, struct ms_why *why)
{
	size_t i, from = 0;

	for (i = 0; i <= len; i++) {
		ms_err err;

		if (i < len && strchr("-+;", text[i]) == NULL)
			continue;
		err = take_word(d, text + from, i - from, why);
		if (err != MS_OK)
			return err;
		from = i + 1;
	}
	return MS_OK;
}

/* --- from draft to proposals ----------------------------------------------------------------- */

/* Gives the hash words their meaning. */
static ms_err resolve_hashes(struct draft *d, bool plain_ciphers, struct ms_why *why)
{
	bool ike = d->protocol == MS_PROTOCOL_IKE;
	bool to_integ = plain_ciphers && d->sets[MS_TRANSFORM_INTEG].n == 0;
	bool to_prf = ike && d->sets[MS_TRANSFORM_PRF].n == 0;
	unsigned i;

	if (d->n_hashes > 0 && !to_integ && !to_prf)
		return ms_fail(why, MS_ERR_CONFIG,
			ike ? "a hash is left over in \"%s\": integrity and PRF are written already"
			    : "a hash is left over in \"%s\": the integrity is there already",
			d->text);
	for (i = 0; i < d->n_hashes; i++) {
		ms_err err = to_integ ? add(d, MS_TRANSFORM_INTEG, d->hashes[i].id, 0, why) : MS_OK;

		if (err == MS_OK && to_prf)
			err = add(d, MS_TRANSFORM_PRF, d->hashes[i].prf, 0, why);
		if (err != MS_OK)
			return err;
	}
	return MS_OK;
}

/* What is not written: from the default text, whose words are all known. */
static ms_err fill(struct draft *d, uint8_t type, const char *words, struct ms_why *why)
{
	enum how how = d->how;
	ms_err err;

	if (d->sets[type].n > 0)
		return MS_OK;
	d->how = how == ASK ? LEAVE_OUT : how;
	err = take_words(d, words, strlen(words), NULL);
	d->how = how;
	if (err == MS_OK && d->sets[type].n == 0 && how != LEAVE_OUT)
		err = ms_fail(why, MS_ERR_NO_ALGORITHM,
			"\"%s\" names no %s algorithm and nobody offers one of the defaults",
			d->text, ms_transform_type_name(type));
	return err;
}

static ms_err complete(struct draft *d, bool aeads, bool plain_ciphers, struct ms_why *why)
{
	struct set *ke = &d->sets[MS_TRANSFORM_KE];
	ms_err err;
	unsigned i;

	if (plain_ciphers && d->integ_none)
		return ms_fail(why, MS_ERR_CONFIG,
			d->protocol == MS_PROTOCOL_AH
				? "\"%s\": AH cannot go without integrity"
				: "\"%s\" would encrypt without authentication",
			d->text);
	if (aeads && !plain_ciphers && d->sets[MS_TRANSFORM_INTEG].n > 0)
		return ms_fail(why, MS_ERR_CONFIG,
			"the cipher in \"%s\" authenticates by itself and takes no integrity "
			"algorithm",
			d->text);
	if (aeads && !plain_ciphers && d->protocol == MS_PROTOCOL_ESP && d->n_hashes > 0)
		return ms_fail(why, MS_ERR_CONFIG,
			"the cipher in \"%s\" authenticates by itself and takes no hash", d->text);
	err = resolve_hashes(d, plain_ciphers, why);
	if (err == MS_OK && plain_ciphers)
		err = fill(d, MS_TRANSFORM_INTEG, DEFAULT_INTEG, why);
	if (err == MS_OK && d->protocol == MS_PROTOCOL_IKE)
		err = fill(d, MS_TRANSFORM_PRF, DEFAULT_PRF, why);
	if (err == MS_OK && d->protocol == MS_PROTOCOL_IKE)
		err = fill(d, MS_TRANSFORM_KE, DEFAULT_KE, why);
	if (err == MS_OK && d->protocol != MS_PROTOCOL_IKE && d->sets[MS_TRANSFORM_ESN].n == 0)
		err = add(d, MS_TRANSFORM_ESN, 0, 0, why);
	for (i = 0; err == MS_OK && d->protocol == MS_PROTOCOL_IKE && i < ke->n; i++)
		if (ke->t[i].id == MS_KE_NONE)
			err = ms_fail(why, MS_ERR_CONFIG, "IKE cannot go without a key exchange");
	return err;
}

enum part { PART_AEAD, PART_PLAIN };

static bool in_part(const struct ms_transform *t, enum part part)
{
	if (t->type == MS_TRANSFORM_ENCR)
		return ms_encr_is_aead(t->id) == (part == PART_AEAD);
	return t->type != MS_TRANSFORM_INTEG || part == PART_PLAIN;
}

/* Writes the half of the draft with or without AEADs; nothing when it has no such cipher. */
static ms_err emit(
	const struct draft *d, enum part part, struct ms_proposals *out, struct ms_why *why)
{
	static const uint8_t needed[] = { MS_TRANSFORM_ENCR, MS_TRANSFORM_INTEG, MS_TRANSFORM_PRF,
		MS_TRANSFORM_KE };
	struct ms_proposal p = { .protocol = d->protocol };
	bool has[MS_TRANSFORM_TYPES] = { false };
	unsigned type, i;

	for (type = 1; type < MS_TRANSFORM_TYPES; type++)
		for (i = 0; i < d->sets[type].n; i++) {
			const struct ms_transform *t = &d->sets[type].t[i];

			if (!in_part(t, part))
				continue;
			if (p.n == MS_MAX_TRANSFORMS)
				return ms_fail(why, MS_ERR_LIMIT,
					"more than %d algorithms in \"%s\"", MS_MAX_TRANSFORMS,
					d->text);
			p.t[p.n++] = *t;
			has[type] = true;
		}
	/* LEAVE_OUT may have emptied what the protocol cannot do without */
	for (i = 0; i < sizeof needed; i++) {
		bool must = needed[i] == MS_TRANSFORM_ENCR    ? d->protocol != MS_PROTOCOL_AH
			    : needed[i] == MS_TRANSFORM_INTEG ? part == PART_PLAIN
							      : d->protocol == MS_PROTOCOL_IKE;

		if (must && !has[needed[i]])
			return MS_OK;
	}
	if (out->n == MS_MAX_PROPOSALS)
		return ms_fail(why, MS_ERR_LIMIT, "more than %d proposals", MS_MAX_PROPOSALS);
	out->p[out->n++] = p;
	return MS_OK;
}

static ms_err take_proposal(struct ms_proposals *out, enum ms_protocol protocol, enum how how,
	const char *text, size_t len, struct ms_why *why)
{
	struct draft d = { .protocol = (uint8_t)protocol, .how = how };
	enum part first = PART_AEAD;
	bool aeads = false, plain_ciphers = protocol == MS_PROTOCOL_AH;
	ms_err err;
	unsigned i;

	snprintf(d.text, sizeof d.text, "%.*s", len < sizeof d.text ? (int)len : (int)sizeof d.text,
		text);
	err = take_words(&d, text, len, why);
	if (err != MS_OK)
		return err;
	for (i = 0; i < d.sets[MS_TRANSFORM_ENCR].n; i++) {
		bool aead = ms_encr_is_aead(d.sets[MS_TRANSFORM_ENCR].t[i].id);

		if (i == 0)
			first = aead ? PART_AEAD : PART_PLAIN;
		*(aead ? &aeads : &plain_ciphers) = true;
	}
	err = complete(&d, aeads, plain_ciphers, why);
	if (err == MS_OK && (aeads || plain_ciphers))
		err = emit(&d, protocol == MS_PROTOCOL_AH ? PART_PLAIN : first, out, why);
	if (err == MS_OK && aeads && plain_ciphers)
		err = emit(&d, first == PART_AEAD ? PART_PLAIN : PART_AEAD, out, why);
	return err;
}

/* --- the list -------------------------------------------------------------------------------- */

static size_t trim(const char **text, size_t len)
{
	while (len > 0 && isspace((unsigned char)**text)) {
		(*text)++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)(*text)[len - 1]))
		len--;
	return len;
}

static ms_err parse(struct ms_proposals *out, enum ms_protocol protocol, enum how how,
	const char *text, struct ms_why *why)
{
	size_t len = trim(&text, strlen(text)), from = 0, i;

	memset(out, 0, sizeof *out);
	if (len > MAX_TEXT)
		return ms_fail(
			why, MS_ERR_LIMIT, "a proposal list of %zu characters is too long", len);
	/* "strict" in the family of 2005: our lists are always complete */
	if (len > 0 && text[len - 1] == '!')
		len--;
	for (i = 0; i <= len; i++) {
		const char *one = text + from;
		size_t n;
		ms_err err;

		if (i < len && text[i] != ',')
			continue;
		n = trim(&one, i - from);
		err = take_proposal(out, protocol, how, one, n, why);
		if (err != MS_OK)
			return err;
		from = i + 1;
	}
	return MS_OK;
}

static bool known_protocol(enum ms_protocol protocol)
{
	return (unsigned)protocol < sizeof default_text / sizeof default_text[0] &&
	       default_text[protocol] != NULL;
}

ms_err ms_proposals_parse(
	struct ms_proposals *out, enum ms_protocol protocol, const char *text, struct ms_why *why)
{
	ms_err err;

	if (!known_protocol(protocol))
		return MS_ERR_BUG;
	if (text != NULL && text[0] != '\0')
		return parse(out, protocol, ASK, text, why);
	err = parse(out, protocol, LEAVE_OUT, default_text[protocol], why);
	if (err == MS_OK && out->n == 0)
		err = ms_fail(why, MS_ERR_NO_ALGORITHM,
			"the loaded crypto plugins offer too little for %s",
			protocol_names[protocol]);
	return err;
}

ms_err ms_proposals_words(
	struct ms_proposals *out, enum ms_protocol protocol, const char *text, struct ms_why *why)
{
	if (!known_protocol(protocol))
		return MS_ERR_BUG;
	if (text == NULL || text[0] == '\0')
		text = default_text[protocol];
	return parse(out, protocol, WORDS_ONLY, text, why);
}

ms_err ms_proposals_check(enum ms_protocol protocol, const char *text, struct ms_why *why)
{
	struct ms_proposals ignored;

	return ms_proposals_words(&ignored, protocol, text, why);
}

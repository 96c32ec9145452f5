/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind an entry's colon: PSK, RSA { ... }, key files, and what we only know. */
#include "secrets.h"

#include <modswan/addr.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_RSA_BITS 1024u

/* --- shared secrets --- */

static ms_err end_of_record(struct lexer *lx, struct ms_why *why)
{
	ms_err err = lexer_next(lx, why);

	if (err == MS_OK && lx->kind != TOKEN_END)
		err = ms_fail(why, MS_ERR_CONFIG,
			"unexpected text behind a key (must the next entry begin in the first "
			"column?)");
	return err;
}

static ms_err take_octets(const struct lexer *lx, struct ms_secret *out, struct ms_why *why)
{
	struct ms_why inner = { "" };
	uint8_t *octets;
	size_t n = 0;
	ms_err err;

	if (lx->kind == TOKEN_QUOTED) {
		if (lx->len == 0)
			return ms_fail(why, MS_ERR_CONFIG, "an empty secret");
		return ms_secret_set(out, ms_bytes(lx->text, lx->len)) ? MS_OK : MS_ERR_NOMEM;
	}
	octets = malloc(lx->len + 1);
	if (octets == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = ms_data_parse(octets, lx->len + 1, &n, lx->text, lx->len, 0, &inner);
	if (err != MS_OK)
		err = ms_fail(why, err, "unrecognised key format: %.200s", inner.text);
	else if (!ms_secret_set(out, ms_bytes(octets, n)))
		err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	ms_wipe(octets, lx->len + 1);
	free(octets);
	return err;
}

static ms_err take_psk(struct lexer *lx, struct entry *e, struct ms_why *why)
{
	ms_err err;

	if (lx->kind != TOKEN_WORD && lx->kind != TOKEN_QUOTED)
		return ms_fail(
			why, MS_ERR_CONFIG, "expected a secret in quotes or behind 0x, 0s or 0t");
	err = take_octets(lx, &e->psk, why);
	return err == MS_OK ? end_of_record(lx, why) : err;
}

/* --- RSA { ... } --- */

static ms_err expect_word(struct lexer *lx, const char *word, struct ms_why *why)
{
	ms_err err = lexer_next(lx, why);

	if (err != MS_OK)
		return err;
	if (lx->kind == TOKEN_END)
		return ms_fail(why, MS_ERR_CONFIG,
			"unexpected end of the entry: expected %s (lines must be indented, the "
			"closing brace too)",
			word);
	if (!lexer_is(lx, word))
		return ms_fail(why, MS_ERR_CONFIG, "expected %s", word);
	return MS_OK;
}

static ms_err take_field(
	struct lexer *lx, const char *name, struct ms_secret *out, struct ms_why *why)
{
	ms_err err = expect_word(lx, name, why);

	if (err == MS_OK)
		err = lexer_next(lx, why);
	if (err == MS_OK && lx->kind != TOKEN_COLON)
		err = ms_fail(why, MS_ERR_CONFIG, "expected a colon behind %s", name);
	if (err == MS_OK)
		err = lexer_next(lx, why);
	if (err == MS_OK && lx->kind != TOKEN_WORD)
		err = ms_fail(why, MS_ERR_CONFIG, "expected the value of %s", name);
	if (err == MS_OK) {
		err = take_octets(lx, out, why);
		if (err != MS_OK)
			ms_why_prefix(why, "%s: ", name);
	}
	return err;
}

static ms_err finish_key(const struct reader *r, struct entry *e, struct ms_why *why)
{
	ms_err err = r->ops->pubkey_of(&e->pub, e->key);

	e->ops = r->ops;
	if (err != MS_OK)
		return ms_fail(why, err, "its public half cannot be made");
	if (r->ops->pubkey_type(e->pub) == MS_KEY_RSA && r->ops->pubkey_bits(e->pub) < MIN_RSA_BITS)
		return ms_fail(why, MS_ERR_BAD_KEY, "RSA key of %u bits: at least %u are needed",
			r->ops->pubkey_bits(e->pub), MIN_RSA_BITS);
	return MS_OK;
}

static ms_err take_block(
	const struct reader *r, struct lexer *lx, struct entry *e, struct ms_why *why)
{
	static const char *const names[] = { "Modulus", "PublicExponent", "PrivateExponent",
		"Prime1", "Prime2", "Exponent1", "Exponent2", "Coefficient" };
	enum { FIELDS = sizeof names / sizeof names[0] };
	struct ms_secret field[FIELDS] = { { NULL, 0 } };
	struct ms_bytes part[FIELDS];
	struct ms_rsa_parts parts;
	ms_err err = MS_OK;

	for (unsigned i = 0; i < FIELDS && err == MS_OK; i++) {
		err = take_field(lx, names[i], &field[i], why);
		part[i] = ms_bytes(field[i].ptr, field[i].len);
	}
	if (err == MS_OK)
		err = expect_word(lx, "}", why);
	if (err == MS_OK)
		err = end_of_record(lx, why);
	if (err == MS_OK) {
		parts = (struct ms_rsa_parts){ part[0], part[1], part[2], part[3], part[4], part[5],
			part[6], part[7] };
		err = r->ops->privkey_from_rsa(&e->key, &parts, why);
	}
	for (unsigned i = 0; i < FIELDS; i++)
		ms_secret_free(&field[i]);
	return err == MS_OK ? finish_key(r, e, why) : err;
}

/* --- key files --- */

static ms_err load_file(const struct reader *r, const char *name, struct ms_bytes passphrase,
	struct entry *e, struct ms_why *why)
{
	struct ms_secret octets = { NULL, 0 };
	const char *fault = NULL;
	char *path;
	ms_err err;
	int n = name[0] == '/' ? asprintf(&path, "%s", name)
			       : asprintf(&path, "%s/%s", r->keydir, name);

	if (n < 0)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = octets_read(&octets, path, &fault, why);
	if (err == MS_OK) {
		err = r->ops->privkey_from_file_octets(
			&e->key, ms_bytes(octets.ptr, octets.len), passphrase, why);
		if (err == MS_OK)
			err = finish_key(r, e, why);
		if (err != MS_OK)
			ms_why_prefix(why, "%.120s: ", path);
	}
	if (err == MS_OK && fault != NULL) {
		struct ms_why text;

		ms_fail(&text, MS_OK, "%.200s: a private key, and %s", path, fault);
		r->note(r->note_arg, text.text);
	}
	ms_secret_free(&octets);
	if (err == MS_OK) {
		e->key_file = path;
		path = NULL;
		if (passphrase.len > 0 && !ms_secret_set(&e->passphrase, passphrase))
			err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	free(path);
	return err;
}

static ms_err take_file(
	const struct reader *r, struct lexer *lx, struct entry *e, struct ms_why *why)
{
	struct ms_bytes passphrase = ms_bytes(NULL, 0);
	char *name = strndup(lx->text, lx->len);
	ms_err err;

	if (name == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = lexer_next(lx, why);
	if (err == MS_OK && lexer_is(lx, "%prompt")) {
		err = ms_fail(why, MS_ERR_UNSUPPORTED,
			"%%prompt: known from the family, not supported here");
	} else if (err == MS_OK && lx->kind == TOKEN_QUOTED) {
		passphrase = ms_bytes(lx->text, lx->len);
		err = end_of_record(lx, why);
	} else if (err == MS_OK && lx->kind != TOKEN_END) {
		err = ms_fail(
			why, MS_ERR_CONFIG, "expected a passphrase in quotes behind the file");
	}
	if (err == MS_OK)
		err = load_file(r, name, passphrase, e, why);
	free(name);
	return err;
}

/* --- any key --- */

static ms_err take_private(const struct reader *r, struct lexer *lx, struct entry *e, bool rsa,
	int want, struct ms_why *why)
{
	ms_err err;

	if (r->ops == NULL)
		return ms_fail(why, MS_ERR_UNSUPPORTED,
			"no loaded plugin has signatures, so private keys cannot be used");
	if (rsa && lexer_is(lx, "{"))
		return take_block(r, lx, e, why);
	if ((lx->kind != TOKEN_WORD && lx->kind != TOKEN_QUOTED) || lx->len == 0)
		return ms_fail(why, MS_ERR_CONFIG,
			rsa ? "expected { or the name of a key file"
			    : "expected the name of a key file");
	if (lx->text[0] == '{')
		return ms_fail(why, MS_ERR_CONFIG, "expected a blank behind {");
	err = take_file(r, lx, e, why);
	if (err == MS_OK && want != 0 && (int)r->ops->pubkey_type(e->pub) != want)
		return ms_fail(why, MS_ERR_BAD_KEY, "the file holds a key of another kind");
	return err;
}

static ms_err leave_out(const struct reader *r, struct lexer *lx, const char *keyword,
	const struct entry *e, struct ms_why *why)
{
	struct ms_why text;
	ms_err err;

	ms_fail(&text, MS_OK, "%.200s:%u: %s: known from the family, not supported here; left out",
		e->file, e->line, keyword);
	r->note(r->note_arg, text.text);
	do {
		err = lexer_next(lx, why);
	} while (err == MS_OK && lx->kind != TOKEN_END);
	return err;
}

ms_err key_read(
	struct reader *r, struct lexer *lx, struct entry *e, bool *usable, struct ms_why *why)
{
	static const struct {
		const char *word;
		bool rsa;
		int type; /* 0: any */
	} files[] = { { "RSA", true, MS_KEY_RSA }, { "ECDSA", false, MS_KEY_ECDSA },
		{ "PKCS8", false, 0 },
		{ "P12", false, 0 } };
	static const char *const known[] = { "XAUTH", "PIN", "PPKS", "EAP", "NTLM", NULL };
	ms_err err;

	*usable = true;
	if (lx->kind == TOKEN_END)
		return ms_fail(why, MS_ERR_CONFIG, "unexpected end of the entry: expected a key");
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (lexer_is(lx, files[i].word)) {
			err = lexer_next(lx, why);
			return err != MS_OK
				       ? err
				       : take_private(r, lx, e, files[i].rsa, files[i].type, why);
		}
	}
	for (const char *const *k = known; *k != NULL; k++) {
		if (lexer_is(lx, *k)) {
			*usable = false;
			return leave_out(r, lx, *k, e, why);
		}
	}
	if (lexer_is(lx, "PSK")) {
		err = lexer_next(lx, why);
		if (err != MS_OK)
			return err;
	} else if (lx->kind == TOKEN_WORD && (lx->len < 2 || lx->text[0] != '0')) {
		return ms_fail(why, MS_ERR_CONFIG, "unrecognised kind of key: expected PSK or RSA");
	}
	return take_psk(lx, e, why);
}

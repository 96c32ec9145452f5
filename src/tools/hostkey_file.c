/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public halves of the keys in ipsec.secrets.
 *
 * pluto's plugin reads the same file for the secrets themselves; this reader looks at the names of
 * the entries, at modulus and public exponent, and at the comment that `ipsec newhostkey` wrote,
 * and forgets all else.
 */
#include "tools/hostkey.h"

#include <modswan/addr.h>
#include <modswan/text.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_DEPTH 10
#define MAX_WORDS 64

struct scan {
	struct hostkeys *keys;
	const char *keydir, *path;
	unsigned depth, line;
	/* the record that is being read */
	struct hostkey key;
	char *index[MAX_WORDS + 1];
	size_t n_index;
	char *file, *passphrase;
	bool open, colon, brace, ended;
	const char *field; /* whose value comes next */
	struct ms_bytes n, e, pubkey;
};

static ms_err scan_file(struct scan *s, const char *path, struct ms_why *why);

static char *copy(const char *text, size_t len)
{
	return tool_format("%.*s", (int)len, text);
}

/* --- the end of a record ---------------------------------------------------------------------- */

static void read_key_file(struct scan *s)
{
	struct text octets = { NULL, 0, 0 };
	struct ms_why why = { "" };
	char *path = s->file[0] == '/' ? s->file : tool_format("%s/%s", s->keydir, s->file);
	ms_err err = text_read(&octets, path, &why);

	if (err == MS_OK) {
		err = pkey_public(&s->key, ms_bytes(octets.ptr, octets.len), s->passphrase, &why);
		if (err != MS_OK)
			ms_why_prefix(&why, "\"%.200s\": ", path);
	}
	text_free(&octets);
	s->key.file = path;
	if (err != MS_OK)
		s->key.trouble = tool_format("%s", ms_why_text(&why, err));
}

static unsigned bits_of(struct ms_bytes n)
{
	unsigned bits = (unsigned)n.len * 8;

	for (unsigned top = n.ptr[0]; (top & 0x80) == 0 && top != 0; top <<= 1)
		bits--;
	return bits;
}

static void finish_block(struct scan *s)
{
	struct ms_rsa_blob view;
	struct ms_why why = { "" };

	s->key.kind = HOSTKEY_RSA;
	if (s->n.ptr != NULL && s->e.ptr != NULL)
		s->key.blob = rsa_blob(s->e, s->n);
	if (s->key.blob.ptr == NULL) {
		s->key.trouble = "no pubkey line found -- key information old?";
	} else if (ms_rsa_blob_split(&view, s->key.blob.ptr, s->key.blob.len, &why) != MS_OK) {
		s->key.trouble = tool_format("%s", why.text);
	} else if (s->pubkey.ptr != NULL && !ms_bytes_eq(s->pubkey, s->key.blob)) {
		s->key.trouble = "the pubkey line and the key's numbers differ";
	} else {
		s->key.bits = bits_of(ms_bytes(view.n, view.n_octets));
	}
}

static void finish_record(struct scan *s)
{
	struct hostkeys *all = s->keys;

	if (s->open && s->colon && s->key.word != NULL) {
		if (s->brace)
			finish_block(s);
		else if (s->file != NULL)
			read_key_file(s);
		s->key.index = tool_alloc((s->n_index + 1) * sizeof *s->key.index);
		memcpy(s->key.index, s->index, s->n_index * sizeof *s->key.index);
		if (all->n == all->cap) {
			struct hostkey *more = tool_alloc((all->cap + 16) * sizeof *more);

			if (all->n > 0)
				memcpy(more, all->key, all->n * sizeof *more);
			all->key = more;
			all->cap += 16;
		}
		all->key[all->n++] = s->key;
	}
	if (s->passphrase != NULL)
		ms_wipe(s->passphrase, strlen(s->passphrase));
	memset(&s->key, 0, sizeof s->key);
	s->n_index = 0;
	s->file = s->passphrase = NULL;
	s->open = s->colon = s->brace = s->ended = false;
	s->field = NULL;
	s->n = s->e = s->pubkey = ms_bytes(NULL, 0);
}

/* --- words ------------------------------------------------------------------------------------ */

static struct ms_bytes octets_of(const char *text, size_t len)
{
	uint8_t *octets = tool_alloc(len + 1);
	size_t used = 0;

	if (ms_data_parse(octets, len + 1, &used, text, len, 0, NULL) != MS_OK)
		return ms_bytes(NULL, 0);
	return ms_bytes(octets, used);
}

static bool word_is(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

static void take_in_block(struct scan *s, const char *text, size_t len)
{
	static const char *const fields[] = { "Modulus", "PublicExponent" };

	if (s->field == fields[0])
		s->n = octets_of(text, len);
	else if (s->field == fields[1])
		s->e = octets_of(text, len);
	s->field = NULL;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (word_is(text, len, fields[i]))
			s->field = fields[i];
	s->ended = word_is(text, len, "}");
}

static void take_behind_colon(struct scan *s, const char *text, size_t len, bool quoted)
{
	static const char *const words[] = { "PSK", "RSA", "ECDSA", "PKCS8", "XAUTH", "PIN", "PPKS",
		"EAP", "NTLM", "P12" };

	if (s->key.word == NULL) {
		s->key.word = "PSK";
		for (size_t i = 0; i < sizeof words / sizeof words[0] && !quoted; i++)
			if (word_is(text, len, words[i]))
				s->key.word = words[i];
		return;
	}
	if (s->brace && !s->ended)
		take_in_block(s, text, len);
	else if (strcmp(s->key.word, "RSA") == 0 && s->file == NULL && word_is(text, len, "{"))
		s->brace = true;
	else if (strcmp(s->key.word, "RSA") != 0 && strcmp(s->key.word, "ECDSA") != 0 &&
		 strcmp(s->key.word, "PKCS8") != 0)
		return; /* a secret */
	else if (s->file == NULL)
		s->file = copy(text, len);
	else if (quoted && s->passphrase == NULL)
		s->passphrase = copy(text, len);
}

static ms_err take_word(
	struct scan *s, const char *text, size_t len, bool quoted, struct ms_why *why)
{
	if (s->colon)
		take_behind_colon(s, text, len, quoted);
	else if (s->n_index == MAX_WORDS)
		return ms_fail(why, MS_ERR_LIMIT, "\"%.200s\" line %u: too many indices", s->path,
			s->line);
	else
		s->index[s->n_index++] = copy(text, len);
	return MS_OK;
}

/* What newhostkey and rsasigkey write into comments. */
static void take_comment(struct scan *s, const char *text, size_t len)
{
	static const char mark[] = "pubkey=";

	while (len > 0 && (*text == '#' || *text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	if (!s->open || !s->colon)
		return;
	if (s->key.comment == NULL && len > 4 && strstr(text, " bits") != NULL &&
		strstr(text, " bits") < text + len)
		s->key.comment = copy(text, len);
	else if (len > sizeof mark && strncmp(text, mark, sizeof mark - 1) == 0)
		s->pubkey = octets_of(text + sizeof mark - 1, len - (sizeof mark - 1));
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A colon is a word of its own when a blank or the line's end is behind it. */
static bool colon_at(const char *p, const char *end)
{
	return *p == ':' && (p + 1 == end || is_blank(p[1]));
}

static ms_err take_quoted(struct scan *s, const char **p, const char *end, struct ms_why *why)
{
	const char *close = memchr(*p + 1, **p, (size_t)(end - *p) - 1);
	ms_err err;

	if (close == NULL)
		return ms_fail(why, MS_ERR_CONFIG, "\"%.200s\" line %u: a quote is not closed",
			s->path, s->line);
	err = take_word(s, *p + 1, (size_t)(close - *p) - 1, true, why);
	*p = close + 1;
	return err;
}

static ms_err scan_line(struct scan *s, const char *p, const char *end, struct ms_why *why)
{
	ms_err err = MS_OK;

	while (p < end && err == MS_OK) {
		const char *word = p;

		if (is_blank(*p)) {
			p++;
		} else if (*p == '#') {
			take_comment(s, p, (size_t)(end - p));
			p = end;
		} else if (*p == '"' || *p == '\'') {
			err = take_quoted(s, &p, end, why);
		} else if (colon_at(p, end)) {
			s->colon = true;
			p++;
		} else {
			while (p < end && !is_blank(*p) && !colon_at(p, end))
				p++;
			err = take_word(s, word, (size_t)(p - word), false, why);
		}
	}
	return err;
}

static ms_err include(struct scan *s, const char *p, const char *end, struct ms_why *why)
{
	const char *slash = strrchr(s->path, '/'), *old_path = s->path;
	unsigned old_line = s->line;
	char *pattern;
	ms_err err = MS_OK;
	glob_t found;

	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	pattern = *p == '/' || slash == NULL ? copy(p, (size_t)(end - p))
					     : tool_format("%.*s/%.*s", (int)(slash - s->path),
						       s->path, (int)(end - p), p);
	if (glob(pattern, 0, NULL, &found) != 0)
		return MS_OK; /* pluto warns */
	for (size_t i = 0; i < found.gl_pathc && err == MS_OK; i++)
		err = scan_file(s, tool_format("%s", found.gl_pathv[i]), why);
	globfree(&found);
	s->path = old_path;
	s->line = old_line;
	return err;
}

static ms_err scan_text(struct scan *s, const char *p, const char *end, struct ms_why *why)
{
	ms_err err = MS_OK;

	for (s->line = 1; p < end && err == MS_OK; s->line++) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf == NULL ? end : lf;

		if (stop > p && !is_blank(*p) && *p != '#') {
			finish_record(s);
			s->open = true;
		}
		if (stop - p > 8 && strncmp(p, "include", 7) == 0 && is_blank(p[7])) {
			s->open = false;
			err = include(s, p + 7, stop, why);
		} else if (s->open || *p == '#') {
			err = scan_line(s, p, stop, why);
		}
		p = stop + 1;
	}
	finish_record(s);
	return err;
}

static ms_err scan_file(struct scan *s, const char *path, struct ms_why *why)
{
	struct text text = { NULL, 0, 0 };
	ms_err err;

	if (s->depth == MAX_DEPTH)
		return ms_fail(why, MS_ERR_LIMIT, "\"%.200s\": nested too deeply", path);
	err = text_read(&text, path, why);
	if (err != MS_OK)
		return err;
	s->depth++;
	s->path = path;
	err = scan_text(s, text.ptr, text.ptr + text.len, why);
	s->depth--;
	text_free(&text);
	return err;
}

ms_err hostkeys_read(
	struct hostkeys *keys, const char *path, const char *keydir, struct ms_why *why)
{
	struct scan s = { .keys = keys, .keydir = keydir };

	return scan_file(&s, path, why);
}

const char *hostkey_kind_name(enum hostkey_kind kind)
{
	static const char *const names[] = { "", "RSA", "ECDSA", "Ed25519", "Ed448" };

	return names[kind];
}

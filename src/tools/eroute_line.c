/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/eroute_line.h"

#include <modswan/text.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS6 = 8, WORDS = 8 };

size_t eroute_said_octets(const char *said)
{
	const char *at = strchr(said, '@'), *last = strrchr(said, ':'), *from = at == NULL ? said : at;
	unsigned colons = 0;

	if (last == NULL || last < from || !isdigit((unsigned char)last[1]))
		return strlen(said);
	for (const char *p = from; *p != '\0'; p++)
		colons += *p == ':';
	/* in an IPv6 address the last colon is its own, unless there is one too many */
	if (at != NULL && colons > 1 && (colons != GROUPS6 || strstr(at, "::") != NULL))
		return strlen(said);
	return (size_t)(last - said);
}

static ms_err take_said(struct eroute_line *out, const char *word, struct ms_why *why)
{
	size_t len = eroute_said_octets(word);
	uint64_t proto = 0;
	ms_err err = ms_said_parse(&out->said, word, len, MS_TEXT_NUMERIC, why);

	if (err == MS_OK && word[len] == ':')
		err = ms_number_parse(&proto, word + len + 1, strlen(word + len + 1), 10, UINT8_MAX, why);
	out->proto = (uint8_t)proto;
	return err;
}

/* "(TEXT)", with \040 for what is no single word. */
static ms_err take_id(char *out, const char *word, struct ms_why *why)
{
	size_t len = strlen(word), used = 0;

	if (len < 2 || word[0] != '(' || word[len - 1] != ')')
		return ms_fail(why, MS_ERR_TEXT, "\"%s\" is no identity in parentheses", word);
	for (const char *p = word + 1; p < word + len - 1; p++) {
		char c = *p;

		if (c == '\\' && p + 3 < word + len - 1) {
			char digits[4] = { p[1], p[2], p[3], '\0' };

			c = (char)strtoul(digits, NULL, 8);
			p += 3;
		}
		if (used + 1 >= EROUTE_ID_OCTETS)
			return ms_fail(why, MS_ERR_RANGE, "an identity is too long");
		out[used++] = c;
	}
	out[used] = '\0';
	return MS_OK;
}

static ms_err take_nets(struct eroute_line *out, char *const *w, struct ms_why *why)
{
	ms_err err = ms_subnet_port_parse(&out->src, &out->src_port, w[0], strlen(w[0]), 0,
		MS_TEXT_NUMERIC, why);

	if (err == MS_OK)
		/* 0/0 is of the other one's family */
		err = ms_subnet_port_parse(&out->dst, &out->dst_port, w[2], strlen(w[2]),
			out->src.net.family, MS_TEXT_NUMERIC, why);
	return err;
}

ms_err eroute_line_parse(struct eroute_line *out, const char *text, struct ms_why *why)
{
	char *copy = strdup(text), *word[WORDS], *save = NULL, *w, **at = word;
	unsigned n = 0;
	ms_err err;

	memset(out, 0, sizeof *out);
	if (copy == NULL)
		return MS_ERR_NOMEM;
	for (w = strtok_r(copy, " \t\n", &save); w != NULL && n < WORDS;
		w = strtok_r(NULL, " \t\n", &save))
		word[n++] = w;
	/* the packet count */
	if (n > 0 && strspn(word[0], "0123456789") == strlen(word[0])) {
		at++;
		n--;
	}
	if ((n != 5 && n != 7) || strcmp(at[1], "->") != 0 || strcmp(at[3], "=>") != 0)
		err = ms_fail(why, MS_ERR_TEXT, "expected SRC -> DST => SAID [(ID) (ID)]");
	else
		err = take_nets(out, at, why);
	if (err == MS_OK)
		err = take_said(out, at[4], why);
	if (err == MS_OK && n == 7)
		err = take_id(out->src_id, at[5], why);
	if (err == MS_OK && n == 7)
		err = take_id(out->dst_id, at[6], why);
	free(copy);
	return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities as people write them.  The first characters decide: @# key id, @~ DER of a name,
 * @@ mailbox, @ domain name (or mailbox, when another @ follows), % word; then an address, TYPE=
 * a distinguished name, and anything else with an @ a mailbox.  A bare host name is refused: the
 * family looked its address up in the DNS, which made an identity depend on who answers.
 */
#include <modswan/id.h>

#include "lib/id/dn.h"
#include "lib/addr/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- text to identity --- */

static ms_err set(
	struct ms_id *out, enum ms_id_type type, const void *data, size_t len, struct ms_why *why)
{
	ms_err err;

	if (len == 0 && type != MS_ID_ANY && type != MS_ID_NULL)
		return ms_fail(why, MS_ERR_TEXT, "an identity without contents");
	err = ms_id_set(out, type, ms_bytes(data, len));
	if (err == MS_ERR_LIMIT)
		return ms_fail(why, err, "an identity of more than %d octets", MS_ID_MAX_OCTETS);
	return err == MS_OK ? MS_OK : ms_fail(why, err, "out of memory");
}

/* Undoes what ms_id_text() escapes: \xNN. */
static ms_err set_name(
	struct ms_id *out, enum ms_id_type type, const char *text, size_t len, struct ms_why *why)
{
	uint8_t octets[MS_ID_MAX_OCTETS + 1];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof octets; i++) {
		if (text[i] == '\\' && i + 3 < len && text[i + 1] == 'x' &&
			isxdigit((unsigned char)text[i + 2]) &&
			isxdigit((unsigned char)text[i + 3])) {
			char hex[3] = { text[i + 2], text[i + 3], '\0' };
			unsigned value;

			sscanf(hex, "%x", &value);
			octets[n++] = (uint8_t)value;
			i += 3;
			continue;
		}
		if (!isgraph((unsigned char)text[i]))
			return ms_fail(why, MS_ERR_TEXT,
				"a blank or unprintable character in an identity");
		octets[n++] = (uint8_t)text[i];
	}
	return set(out, type, octets, n, why);
}

static ms_err set_hex(
	struct ms_id *out, enum ms_id_type type, const char *text, size_t len, struct ms_why *why)
{
	uint8_t octets[MS_ID_MAX_OCTETS];
	size_t n;
	ms_err err = ms_data_parse(octets, sizeof octets, &n, text, len, 16, why);

	if (err == MS_ERR_SPACE)
		return ms_fail(
			why, MS_ERR_LIMIT, "an identity of more than %d octets", MS_ID_MAX_OCTETS);
	if (err != MS_OK) {
		ms_why_prefix(why, "hex of an identity: ");
		return err;
	}
	return set(out, type, octets, n, why);
}

static ms_err set_dn(struct ms_id *out, const char *text, size_t len, struct ms_why *why)
{
	uint8_t der[1024];
	size_t n;
	ms_err err;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return ms_fail(why, MS_ERR_TEXT, "an unprintable character in an identity");
	}
	err = ms_dn_parse(der, sizeof der, &n, text, len, why);
	return err == MS_OK ? set(out, MS_ID_DER_ASN1_DN, der, n, why) : err;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

static ms_err parse_at(struct ms_id *out, const char *text, size_t len, struct ms_why *why)
{
	char kind = len > 1 ? text[1] : '\0';

	switch (kind) {
	case '#':
		return set_hex(out, MS_ID_KEY_ID, text + 2, len - 2, why);
	case '~':
		return set_hex(out, MS_ID_DER_ASN1_DN, text + 2, len - 2, why);
	case '@':
		return set_name(out, MS_ID_RFC822_ADDR, text + 2, len - 2, why);
	case '[':
		/* a key id made of text: @[dept-7] */
		if (text[len - 1] == ']')
			return set(out, MS_ID_KEY_ID, text + 2, len - 3, why);
		break;
	}
	return set_name(out,
		memchr(text + 1, '@', len - 1) != NULL ? MS_ID_RFC822_ADDR : MS_ID_FQDN, text + 1,
		len - 1, why);
}

ms_err ms_id_parse(struct ms_id *out, const char *text, size_t len, struct ms_why *why)
{
	const char *at = memchr(text, '@', len), *eq = memchr(text, '=', len);
	struct ms_addr a;

	if (len == 0)
		return ms_fail(why, MS_ERR_TEXT, "an empty identity");
	if (text[0] == '@')
		return parse_at(out, text, len, why);
	if (is_word(text, len, "%any") || is_word(text, len, "%any6") ||
		is_word(text, len, "%none"))
		return set(out, MS_ID_ANY, NULL, 0, why);
	if (is_word(text, len, "%null"))
		return set(out, MS_ID_NULL, NULL, 0, why);
	if (eq != NULL && (at == NULL || eq < at))
		return set_dn(out, text, len, why);
	if (at != NULL)
		return set_name(out, MS_ID_RFC822_ADDR, text, len, why);
	if (ms_addr_parse(&a, text, len, 0, MS_TEXT_NUMERIC, NULL) == MS_OK)
		return ms_id_of_addr(out, &a) == MS_OK
			       ? MS_OK
			       : ms_fail(why, MS_ERR_NOMEM, "out of memory");
	return ms_fail(why, MS_ERR_TEXT,
		"not an identity: expected an address, @NAME, USER@NAME, @#HEX or TYPE=VALUE, ...");
}

/* --- identity to text --- */

static void put_hex(struct ms_out *w, const char *prefix, const struct ms_id *id)
{
	char two[3];

	ms_out_str(w, prefix);
	for (unsigned i = 0; i < id->len; i++) {
		snprintf(two, sizeof two, "%02x", id->data[i]);
		ms_out_str(w, two);
	}
}

/* at_first: an @ would be read as the mark of a mailbox, so it is escaped. */
static void put_name(struct ms_out *w, const struct ms_id *id, bool escape_at)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < id->len; i++) {
		uint8_t c = id->data[i];

		if (!isascii(c) || !isgraph(c) || strchr("\\'\"`$;&|<>(){}!", c) != NULL ||
			(escape_at && c == '@') || (i == 0 && strchr("#~[", c) != NULL))
			ms_out_str(w, (const char[]){ '\\', 'x', digits[c >> 4], digits[c & 15], '\0' });
		else
			ms_out_str(w, (const char[]){ (char)c, '\0' });
	}
}

/* Would ms_id_parse() take the bare text for a mailbox again? */
static bool plain_mailbox(const struct ms_id *id)
{
	const uint8_t *at = id->len > 0 ? memchr(id->data, '@', id->len) : NULL;
	const uint8_t *eq = id->len > 0 ? memchr(id->data, '=', id->len) : NULL;

	return at != NULL && at != id->data && id->data[0] != '%' && (eq == NULL || eq > at);
}

static void put_id(struct ms_out *w, const struct ms_id *id)
{
	char text[MS_ADDR_TEXT];
	struct ms_addr a;

	switch (id->type) {
	case MS_ID_ANY:
		ms_out_str(w, "%any");
		return;
	case MS_ID_NULL:
		ms_out_str(w, "%null");
		return;
	case MS_ID_IPV4_ADDR:
	case MS_ID_IPV6_ADDR:
		if (!ms_id_to_addr(id, &a))
			break;
		ms_addr_text(&a, text, sizeof text);
		ms_out_str(w, text);
		return;
	case MS_ID_FQDN:
		ms_out_str(w, "@");
		put_name(w, id, true);
		return;
	case MS_ID_RFC822_ADDR:
		if (!plain_mailbox(id))
			ms_out_str(w, "@@");
		put_name(w, id, false);
		return;
	case MS_ID_DER_ASN1_DN: /* one that is none */
		put_hex(w, "@~", id);
		return;
	case MS_ID_KEY_ID:
		put_hex(w, "@#", id);
		return;
	default:
		break;
	}
	snprintf(text, sizeof text, "%%type%u:", id->type);
	put_hex(w, text, id);
}

size_t ms_id_text(const struct ms_id *id, char *buf, size_t size)
{
	struct ms_out w = ms_out_begin(buf, size);
	size_t needed;

	if (id->type == MS_ID_DER_ASN1_DN &&
		ms_dn_text(ms_bytes(id->data, id->len), buf, size, &needed))
		return needed;
	put_id(&w, id);
	return ms_out_end(&w);
}

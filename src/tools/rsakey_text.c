/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys in the form of `ipsec rsasigkey` and of ipsec.secrets. */
#include "tools/rsakey.h"

#include <modswan/addr.h>

#include <stdlib.h>
#include <string.h>

/* In this order; the first two are public. */
static const char *const names[MS_RSA_NUMBERS] = { "Modulus", "PublicExponent", "PrivateExponent", "Prime1",
	"Prime2", "Exponent1", "Exponent2", "Coefficient" };
enum { PUBLIC_FIELDS = 2 };

unsigned rsa_key_bits(const struct ms_rsa_key *key)
{
	const struct ms_secret *n = &key->number[MS_RSA_MODULUS];
	unsigned top = n->len == 0 ? 0 : n->ptr[0], bits = (unsigned)n->len * 8;

	for (; bits > 0 && (top & 0x80) == 0; top = (top << 1) & 0xff)
		bits--;
	return bits;
}

static struct ms_bytes octets_of(const struct ms_rsa_key *key, enum ms_rsa_number which)
{
	return ms_bytes(key->number[which].ptr, key->number[which].len);
}

void rsa_key_text(struct text *out, const struct ms_rsa_key *key, const char *hostname)
{
	char date[26];

	date_text(date);
	text_add(out, "\t# RSA %u bits   %s   %s\n", rsa_key_bits(key), hostname, date);
	text_add(out, "\t# for signatures only, UNSAFE FOR ENCRYPTION\n\t#pubkey=");
	text_add_data(out, rsa_blob(octets_of(key, MS_RSA_PUBLIC_EXPONENT),
		octets_of(key, MS_RSA_MODULUS)), 's');
	text_add(out, "\n");
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		if (i == PUBLIC_FIELDS)
			text_add(out, "\t# from here on: secret, never to be shown to anybody\n");
		text_add(out, "\t%s: ", names[i]);
		text_add_data(out, octets_of(key, i), 'x');
		text_add(out, "\n");
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static ms_err take_value(
	struct ms_secret *out, const char *name, const char *text, struct ms_why *why)
{
	size_t len = strcspn(text, " \t\r"), used = 0;
	struct ms_why inner = { "" };
	uint8_t *octets = malloc(len + 1);
	ms_err err;

	if (octets == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = ms_data_parse(octets, len + 1, &used, text, len, 0, &inner);
	if (err != MS_OK)
		err = ms_fail(why, MS_ERR_BAD_KEY, "old key: %s: %.200s", name, inner.text);
	else if (!ms_secret_set(out, ms_bytes(octets, used)))
		err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	ms_wipe(octets, len + 1);
	free(octets);
	return err;
}

static ms_err take_line(struct ms_rsa_key *k, const char *line, struct ms_why *why)
{
	line += strspn(line, " \t");
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(line, names[i], len) != 0 || line[len] != ':')
			continue;
		if (k->number[i].ptr != NULL)
			return ms_fail(why, MS_ERR_BAD_KEY, "old key: %s twice", names[i]);
		line += len + 1;
		return take_value(&k->number[i], names[i], line + strspn(line, " \t"), why);
	}
	return MS_OK;
}

ms_err rsa_key_parse(struct ms_rsa_key *k, char *text, struct ms_why *why)
{
	static const enum ms_rsa_number needed[] = { MS_RSA_MODULUS, MS_RSA_PUBLIC_EXPONENT,
		MS_RSA_PRIME1, MS_RSA_PRIME2 };
	ms_err err = MS_OK;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL && err == MS_OK;
		line = strtok_r(NULL, "\n", &save))
		err = take_line(k, line, why);
	for (size_t i = 0; i < sizeof needed / sizeof needed[0] && err == MS_OK; i++)
		if (k->number[needed[i]].ptr == NULL)
			err = ms_fail(why, MS_ERR_BAD_KEY, "old key is incomplete: no %s",
				names[needed[i]]);
	return err;
}

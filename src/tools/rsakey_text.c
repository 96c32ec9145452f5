/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys in the form of `ipsec rsasigkey` and of ipsec.secrets. */
#include "tools/rsakey.h"

#include <modswan/addr.h>

#include <stdlib.h>
#include <string.h>

/* In this order; the first two are public. */
static const char *const names[] = { "Modulus", "PublicExponent", "PrivateExponent", "Prime1",
	"Prime2", "Exponent1", "Exponent2", "Coefficient" };
enum { FIELDS = sizeof names / sizeof names[0], PUBLIC_FIELDS = 2 };

static mpz_ptr field_of(struct rsa_key *k, unsigned i)
{
	mpz_ptr all[FIELDS] = { k->n, k->e, k->d, k->p, k->q, k->dp, k->dq, k->qinv };

	return all[i];
}

/* To be wiped and freed. */
static struct ms_secret octets_of(mpz_srcptr z)
{
	struct ms_secret s = { NULL, (mpz_sizeinbase(z, 2) + 7) / 8 };

	s.ptr = calloc(1, s.len);
	if (s.ptr == NULL) {
		fputs("ipsec: out of memory\n", stderr);
		exit(1);
	}
	mpz_export(s.ptr, NULL, 1, 1, 1, 0, z);
	return s;
}

static void add_field(struct text *out, const char *name, mpz_srcptr z)
{
	struct ms_secret s = octets_of(z);

	text_add(out, "\t%s: ", name);
	text_add_data(out, ms_bytes(s.ptr, s.len), 'x');
	text_add(out, "\n");
	ms_secret_free(&s);
}

void rsa_key_text(struct text *out, const struct rsa_key *key, const char *hostname)
{
	const mpz_srcptr all[FIELDS] = { key->n, key->e, key->d, key->p, key->q, key->dp, key->dq,
		key->qinv };
	struct ms_secret e = octets_of(key->e), n = octets_of(key->n);
	char date[26];

	date_text(date);
	text_add(out, "\t# RSA %zu bits   %s   %s\n", mpz_sizeinbase(key->n, 2), hostname, date);
	text_add(out, "\t# for signatures only, UNSAFE FOR ENCRYPTION\n\t#pubkey=");
	text_add_data(out, rsa_blob(ms_bytes(e.ptr, e.len), ms_bytes(n.ptr, n.len)), 's');
	text_add(out, "\n");
	for (unsigned i = 0; i < FIELDS; i++) {
		if (i == PUBLIC_FIELDS)
			text_add(out, "\t# from here on: secret, never to be shown to anybody\n");
		add_field(out, names[i], all[i]);
	}
	ms_secret_free(&e);
	ms_secret_free(&n);
}

/* --- reading ---------------------------------------------------------------------------------- */

static ms_err take_value(mpz_ptr z, const char *name, const char *text, struct ms_why *why)
{
	size_t len = strcspn(text, " \t\r"), used = 0;
	struct ms_why inner = { "" };
	uint8_t *octets = malloc(len + 1);
	ms_err err;

	if (octets == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = ms_data_parse(octets, len + 1, &used, text, len, 0, &inner);
	if (err == MS_OK)
		mpz_import(z, used, 1, 1, 1, 0, octets);
	else
		ms_fail(why, MS_ERR_BAD_KEY, "old key: %s: %.200s", name, inner.text);
	ms_wipe(octets, len + 1);
	free(octets);
	return err;
}

static ms_err take_line(struct rsa_key *k, const char *line, unsigned *have, struct ms_why *why)
{
	line += strspn(line, " \t");
	for (unsigned i = 0; i < FIELDS; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(line, names[i], len) != 0 || line[len] != ':')
			continue;
		if ((*have & 1u << i) != 0)
			return ms_fail(why, MS_ERR_BAD_KEY, "old key: %s twice", names[i]);
		*have |= 1u << i;
		line += len + 1;
		return take_value(field_of(k, i), names[i], line + strspn(line, " \t"), why);
	}
	return MS_OK;
}

ms_err rsa_key_parse(struct rsa_key *k, char *text, bool plain_d, int rounds, struct ms_why *why)
{
	static const unsigned needed[] = { 0, 1, 3, 4 };
	unsigned have = 0;
	ms_err err = MS_OK;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL && err == MS_OK;
		line = strtok_r(NULL, "\n", &save))
		err = take_line(k, line, &have, why);
	for (size_t i = 0; i < sizeof needed / sizeof needed[0] && err == MS_OK; i++)
		if ((have & 1u << needed[i]) == 0)
			err = ms_fail(why, MS_ERR_BAD_KEY, "old key is incomplete: no %s",
				names[needed[i]]);
	if (err == MS_OK && have == (1u << FIELDS) - 1 && mpz_cmp(k->p, k->q) > 0)
		err = rsa_key_check(k, why);
	return err == MS_OK ? rsa_key_complete(k, plain_d, rounds, why) : err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostkey_check SECRETS KEYDIR rsa|spki 0sPUBLIC: reads the file as pluto does, signs with its only
 * private key and verifies with the public half, which another program printed.  Called by
 * src/tools/hostkey_test.sh.  Status 0: they belong together; 1: they do not; 2: one is unreadable.
 */
#include "secrets.h"

#include <modswan/addr.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* of crypto-openssl, whose objects this program is linked with */
extern const struct ms_sign_ops sign_ops;

static void note(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "note: %s\n", text);
}

static struct ms_pubkey *public_key(const char *form, const char *text)
{
	uint8_t octets[4096];
	struct ms_pubkey *pub = NULL;
	struct ms_why why = { "" };
	size_t n = 0;
	ms_err err;

	err = ms_data_parse(octets, sizeof octets, &n, text, strlen(text), 0, &why);
	if (err == MS_OK && strcmp(form, "rsa") == 0)
		err = sign_ops.pubkey_from_rfc3110(&pub, ms_bytes(octets, n), &why);
	else if (err == MS_OK)
		err = sign_ops.pubkey_from_spki(&pub, ms_bytes(octets, n), &why);
	if (err != MS_OK)
		fprintf(stderr, "public key: %s\n", ms_why_text(&why, err));
	return pub;
}

static const struct entry *only_key(const struct secrets *s)
{
	const struct entry *found = NULL;

	for (uint32_t i = 0; i < s->n; i++) {
		if (s->entry[i].key != NULL && found != NULL)
			return NULL;
		if (s->entry[i].key != NULL)
			found = &s->entry[i];
	}
	return found;
}

static int check(const struct entry *e, const struct ms_pubkey *pub)
{
	const struct ms_bytes words = ms_bytes("signed by one, verified by the other", 36);
	uint8_t signature[MS_MAX_SIGNATURE_OCTETS];
	enum ms_key_type type = sign_ops.pubkey_type(e->pub);
	enum ms_sign_scheme scheme = type == MS_KEY_RSA     ? MS_SIGN_RSA_PSS
				     : type == MS_KEY_ECDSA ? MS_SIGN_ECDSA
							    : MS_SIGN_EDDSA;
	uint16_t hash = scheme == MS_SIGN_EDDSA ? 0 : MS_HASH_SHA2_256;
	size_t len = sizeof signature;

	if (sign_ops.sign(e->key, scheme, hash, &words, 1, signature, &len) != MS_OK)
		return 2;
	return sign_ops.verify(pub, scheme, hash, &words, 1, ms_bytes(signature, len)) == MS_OK ? 0
												: 1;
}

int main(int argc, char **argv)
{
	struct ms_pubkey *pub = argc == 5 ? public_key(argv[3], argv[4]) : NULL;
	const struct entry *e = NULL;
	struct ms_why why = { "" };
	struct secrets *s = NULL;
	int status = 2;
	ms_err err;

	if (pub == NULL)
		return 2;
	err = secrets_read(&s, argv[1], argv[2], &sign_ops, note, NULL, &why);
	if (err != MS_OK)
		fprintf(stderr, "secrets: %s\n", ms_why_text(&why, err));
	else
		e = only_key(s);
	if (e != NULL)
		status = check(e, pub);
	secrets_free(&s);
	sign_ops.pubkey_free(&pub);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of ipsec.secrets.  An odd first octet: the rest is the file; an even one: each octet
 * picks a word.  A refused file has a reason with its line; in an accepted one every identity can
 * be asked for.  Private keys go to a provider that takes all of them.
 */
#include "secrets.h"
#include "fuzz/fuzz.h"

/* --- a provider of keys that are one octet --- */

struct ms_privkey {
	uint8_t octet;
};

struct ms_pubkey {
	uint8_t octet;
};

static ms_err privkey_from_rsa(
	struct ms_privkey **out, const struct ms_rsa_parts *parts, struct ms_why *why)
{
	MUST(parts->modulus.len > 0 && parts->coefficient.len > 0);
	if (parts->modulus.ptr[0] == 0)
		return ms_fail(why, MS_ERR_BAD_KEY, "a zero");
	*out = malloc(sizeof **out);
	MUST(*out != NULL);
	(*out)->octet = parts->modulus.ptr[0];
	return MS_OK;
}

static ms_err pubkey_of(struct ms_pubkey **out, const struct ms_privkey *priv)
{
	*out = malloc(sizeof **out);
	MUST(*out != NULL);
	(*out)->octet = priv->octet;
	return MS_OK;
}

static enum ms_key_type pubkey_type(const struct ms_pubkey *key)
{
	(void)key;
	return MS_KEY_RSA;
}

static unsigned pubkey_bits(const struct ms_pubkey *key)
{
	return key->octet * 64u;
}

static bool pubkey_eq(const struct ms_pubkey *a, const struct ms_pubkey *b)
{
	return a->octet == b->octet;
}

static void pubkey_free(struct ms_pubkey **key)
{
	free(*key);
	*key = NULL;
}

static void privkey_free(struct ms_privkey **key)
{
	free(*key);
	*key = NULL;
}

static const struct ms_sign_ops tiny_ops = {
	.privkey_from_rsa = privkey_from_rsa,
	.pubkey_of = pubkey_of,
	.pubkey_type = pubkey_type,
	.pubkey_bits = pubkey_bits,
	.pubkey_eq = pubkey_eq,
	.pubkey_free = pubkey_free,
	.privkey_free = privkey_free,
};

/* --- files --- */

static void nothing(void *arg, const char *text)
{
	(void)arg;
	MUST(text[0] != '\0');
}

static void ask(const struct secrets *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entry[i], *found = NULL;
		struct ms_why why = { "" };

		MUST((e->psk.ptr != NULL) != (e->key != NULL));
		for (uint32_t k = 0; k + 1 < e->n; k++) {
			if (choose_psk(s, &e->index[k], &e->index[k + 1], &found, &why) == MS_OK)
				MUST(found->psk.ptr != NULL);
			if (choose_key(s, &e->index[k], &e->index[k + 1], NULL, &found, &why) ==
				MS_OK)
				MUST(found->key != NULL);
		}
		if (e->pub != NULL && e->n > 0) {
			MUST(choose_key(s, &e->index[0], NULL, e->pub, &found, &why) == MS_OK);
			MUST(pubkey_eq(found->pub, e->pub));
		}
	}
}

static void read_text(const char *text, size_t len)
{
	struct ms_why why = { "" };
	struct secrets *s;
	char path[64];
	ms_err err;
	int fd;

	/* Other files are nobody's business here. */
	if (memmem(text, len, "include", 7) != NULL || memchr(text, '/', len) != NULL)
		return;
	fd = fuzz_file("ipsec.secrets", text, len, path);
	err = secrets_read(&s, path, "/nonexistent", &tiny_ops, nothing, NULL, &why);
	if (err == MS_OK)
		ask(s);
	else
		MUST(strncmp(why.text, path, strlen(path)) == 0);
	secrets_free(&s);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const word[] = { "\n@a @b : ", "\n@a : ", "\n: ", "\n@b %any: ",
		"\n192.0.2.1 ", "PSK ", "PSK \"x\"", "PSK \"y\"", "RSA ", "{", "}", "\n ", " ",
		"\"", "'", "0x01", "0sAAEC", "0tx", ":", "#", "@c", "%any", "\"C=CH, CN=a\"",
		" RSA {\n Modulus: 0x20\n PublicExponent: 0x03\n PrivateExponent: 0x01\n Prime1: "
		"0x01\n"
		" Prime2: 0x01\n Exponent1: 0x01\n Exponent2: 0x01\n Coefficient: 0x01\n }\n",
		"Modulus: 0x00", "XAUTH \"x\"", "nofile.pem", "%prompt", "ECDSA ", "\xff", "\n" };
	char text[16384];

	if (size == 0)
		return 0;
	if ((data[0] & 1) != 0)
		read_text((const char *)data + 1, size - 1);
	else
		read_text(text, fuzz_words(word, sizeof word / sizeof word[0], data + 1, size - 1,
					text, sizeof text));
	return 0;
}

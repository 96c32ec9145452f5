/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Project Wycheproof's vectors against every provider: AEADs, MACs, PRFs and signatures; invalid ones
 * must be refused.  The files of wycheproof/ say at their top what stands in a line.  Key exchange
 * needs private values that no provider takes, and is tried inside crypto-openssl.
 */
#include "providers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 9, NO_TEST = 77 };

static const char *const plugins[] = { "crypto-openssl", "crypto-ipsecmb", "crypto-gmp",
	"crypto-legacy", NULL };
static unsigned failures, tried;
static const char *provider, *file_name;

/* A line, its words as octets from the third on. */
struct line {
	char *word[MAX_WORDS];
	struct ms_bytes octets[MAX_WORDS];
	unsigned n;
	bool valid;
};

static void bad(const struct line *l, const char *alg, const char *what)
{
	printf("FAIL: %s.txt: %s %s, test %s: %s\n", file_name, provider, alg, l->word[1], what);
	failures++;
}

static struct ms_bytes unhex(const char *text)
{
	size_t n = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
	uint8_t *out = malloc(n + 1);
	unsigned octet;

	if (out == NULL)
		vectors_die("no memory", file_name);
	for (size_t i = 0; i < n; i++) {
		if (sscanf(text + 2 * i, "%2x", &octet) != 1)
			vectors_die("not hexadecimal", file_name);
		out[i] = (uint8_t)octet;
	}
	return ms_bytes(out, n);
}

static void line_free(struct line *l)
{
	for (unsigned i = 0; i < MAX_WORDS; i++)
		free((void *)(uintptr_t)l->octets[i].ptr);
}

static void split(struct line *l, char *text)
{
	char *rest = NULL;

	memset(l, 0, sizeof *l);
	for (char *w = strtok_r(text, " \n", &rest); w != NULL && l->n < MAX_WORDS;
		w = strtok_r(NULL, " \n", &rest))
		l->word[l->n++] = w;
	if (l->n < 2)
		vectors_die("a line without words", file_name);
	l->valid = l->word[0][0] == 'v';
	if (strlen(l->word[0]) == 1)
		for (unsigned i = 2; i < l->n; i++)
			l->octets[i] = unhex(l->word[i]);
}

typedef void header_f(const struct ms_crypto_ops *ops, const struct line *l);
typedef void test_f(const struct ms_crypto_ops *ops, const struct line *l);

static void each_line(const struct ms_crypto_ops *ops, const char *name, unsigned words,
	header_f *header, test_f *test)
{
	char path[8192], folder[4096], *text = NULL;
	size_t room = 0;
	FILE *f;

	file_name = name;
	vectors_folder(folder, sizeof folder);
	snprintf(path, sizeof path, "%s/wycheproof/%s.txt", folder, name);
	f = fopen(path, "r");
	if (f == NULL)
		vectors_die("cannot be read", path);
	while (getline(&text, &room, f) >= 0) {
		struct line l;

		if (text[0] == '#')
			continue;
		split(&l, text);
		if (strlen(l.word[0]) > 1)
			header(ops, &l);
		else if (l.n == words)
			test(ops, &l);
		else
			vectors_die("a line of another length", path);
		line_free(&l);
	}
	free(text);
	fclose(f);
}

/* --- AEADs ------------------------------------------------------------------------------------ */

static const struct ms_encr_alg *aead;

static void aead_header(const struct ms_crypto_ops *ops, const struct line *l)
{
	aead = NULL;
	for (unsigned i = 0; ops->encr != NULL && ops->encr[i] != NULL; i++)
		if (strcmp(ops->encr[i]->name, l->word[1]) == 0 &&
			ops->encr[i]->key_octets * 8 == atoi(l->word[2]))
			aead = ops->encr[i];
}

static struct ms_encr_job aead_job(const struct line *l, uint8_t *data, uint8_t *icv, bool seal)
{
	struct ms_bytes from = l->octets[seal ? 5 : 6];

	if (from.len > 0)
		memcpy(data, from.ptr, from.len);
	memcpy(icv, l->octets[7].ptr, l->octets[7].len);
	return (struct ms_encr_job){ .iv = l->octets[3].ptr, .aad = l->octets[4].ptr,
		.aad_len = (uint32_t)l->octets[4].len, .data = data,
		.data_len = (uint32_t)from.len, .icv = icv };
}

static void aead_test(const struct ms_crypto_ops *ops, const struct line *l)
{
	struct ms_bytes plain = l->octets[5], cipher = l->octets[6], icv = l->octets[7];
	uint8_t data[4096], tag[MS_MAX_ICV_OCTETS];
	struct ms_encr_job job;
	void *ctx;

	(void)ops;
	if (aead == NULL)
		return;
	if (l->octets[2].len != (size_t)aead->key_octets + aead->salt_octets ||
		icv.len != aead->icv_octets || plain.len > sizeof data ||
		aead->ctx_new(aead, &ctx, l->octets[2].ptr) != MS_OK) {
		bad(l, aead->name, "takes no such key");
		return;
	}
	job = aead_job(l, data, tag, true);
	memset(tag, 0, sizeof tag);
	aead->seal(ctx, &job, 1);
	if (l->valid && (!job.ok || memcmp(data, cipher.ptr, cipher.len) != 0 ||
				memcmp(tag, icv.ptr, icv.len) != 0))
		bad(l, aead->name, "another cipher text or ICV");
	if (!l->valid && job.ok && memcmp(tag, icv.ptr, icv.len) == 0 &&
		memcmp(data, cipher.ptr, cipher.len) == 0)
		bad(l, aead->name, "makes what is not valid");
	job = aead_job(l, data, tag, false);
	aead->open(ctx, &job, 1);
	if (job.ok != l->valid)
		bad(l, aead->name, l->valid ? "refuses what is valid" : "accepts what is not");
	if (l->valid && memcmp(data, plain.ptr, plain.len) != 0)
		bad(l, aead->name, "another plain text");
	aead->ctx_free(&ctx);
	tried++;
}

/* --- MACs ------------------------------------------------------------------------------------- */

static const struct ms_prf_alg *prf;
static const struct ms_integ_alg *integ;

/* "HMAC_SHA2_256" is the name of a PRF and the head of an integrity algorithm's. */
static void mac_header(const struct ms_crypto_ops *ops, const struct line *l)
{
	size_t n = strlen(l->word[1]);

	prf = NULL;
	integ = NULL;
	for (unsigned i = 0; ops->prf != NULL && ops->prf[i] != NULL; i++)
		if (strcmp(ops->prf[i]->name, l->word[1]) == 0)
			prf = ops->prf[i];
	for (unsigned i = 0; ops->integ != NULL && ops->integ[i] != NULL; i++)
		if (strncmp(ops->integ[i]->name, l->word[1], n) == 0 &&
			ops->integ[i]->name[n] == '_')
			integ = ops->integ[i];
}

static void prf_test(const struct line *l)
{
	uint8_t out[MS_MAX_PRF_OCTETS];
	struct ms_bytes half = ms_bytes(l->octets[3].ptr, l->octets[3].len / 2);
	const struct ms_bytes parts[] = { half,
		ms_bytes(l->octets[3].ptr + half.len, l->octets[3].len - half.len) };
	bool same = prf->prf(prf, l->octets[2], parts, 2, out) == MS_OK &&
		    l->octets[4].len == prf->out_octets &&
		    memcmp(out, l->octets[4].ptr, prf->out_octets) == 0;

	if (same != l->valid)
		bad(l, prf->name, l->valid ? "another value" : "the value that is not valid");
	tried++;
}

/* What is sent of a value that is not valid may be right. */
static void integ_test(const struct line *l)
{
	uint8_t icv[MS_MAX_ICV_OCTETS];
	struct ms_integ_job job = { .data = l->octets[3].ptr, .icv = icv,
		.data_len = (uint32_t)l->octets[3].len };
	void *ctx;

	if (integ->ctx_new(integ, &ctx, l->octets[2].ptr) != MS_OK) {
		bad(l, integ->name, "takes no such key");
		return;
	}
	integ->mac(ctx, &job, 1);
	/* A packet has octets: a provider may refuse to authenticate none, but do nothing else wrong. */
	if (job.data_len == 0 && !job.ok)
		;
	else if (!job.ok || memcmp(icv, l->octets[4].ptr, integ->icv_octets) != 0)
		bad(l, integ->name, "another value");
	integ->ctx_free(&ctx);
	tried++;
}

static void mac_test(const struct ms_crypto_ops *ops, const struct line *l)
{
	(void)ops;
	if (prf != NULL)
		prf_test(l);
	if (integ != NULL && l->valid && l->octets[2].len == integ->key_octets)
		integ_test(l);
}

/* --- signatures ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum ms_sign_scheme scheme;
} schemes[] = { { "pkcs1", MS_SIGN_RSA_PKCS1 }, { "pss", MS_SIGN_RSA_PSS },
	{ "ecdsa", MS_SIGN_ECDSA }, { "raw", MS_SIGN_ECDSA_RAW }, { "eddsa", MS_SIGN_EDDSA } };
static struct ms_pubkey *key;
static enum ms_sign_scheme scheme;
static uint16_t hash;

static void key_header(const struct ms_crypto_ops *ops, const struct line *l)
{
	struct ms_bytes spki;

	if (l->n != 4)
		vectors_die("a key's line of another length", file_name);
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strcmp(schemes[i].name, l->word[1]) == 0)
			scheme = schemes[i].scheme;
	hash = (uint16_t)atoi(l->word[2]);
	if (key != NULL)
		ops->sign->pubkey_free(&key);
	spki = unhex(l->word[3]);
	if (ops->sign->pubkey_from_spki(&key, spki, NULL) != MS_OK)
		vectors_die("a key that is not taken", l->word[3]);
	free((void *)(uintptr_t)spki.ptr);
}

static void sign_test(const struct ms_crypto_ops *ops, const struct line *l)
{
	struct ms_bytes half = ms_bytes(l->octets[2].ptr, l->octets[2].len / 2);
	const struct ms_bytes parts[] = { half,
		ms_bytes(l->octets[2].ptr + half.len, l->octets[2].len - half.len) };
	ms_err err = ops->sign->verify(key, scheme, hash, parts, 2, l->octets[3]);

	if ((err == MS_OK) != l->valid)
		bad(l, "signature", l->valid ? "refused" : "accepted");
	tried++;
}

/* --- all -------------------------------------------------------------------------------------- */

static void on_provider(const struct ms_provider *p)
{
	const struct ms_crypto_ops *ops = p->ops;
	unsigned before = tried;

	provider = p->name;
	each_line(ops, "aead", 8, aead_header, aead_test);
	each_line(ops, "mac", 5, mac_header, mac_test);
	if (ops->sign != NULL) {
		each_line(ops, "sign", 4, key_header, sign_test);
		ops->sign->pubkey_free(&key);
	}
	printf("%s: %u vectors\n", p->name, tried - before);
}

int main(void)
{
	unsigned n = vectors_providers(plugins, on_provider);

	if (n == 0)
		return NO_TEST;
	printf("%u vectors tried with %u plugins, %u failures\n", tried, n, failures);
	return failures > 0 || tried < 1000 ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published vectors against every provider of algorithms for ESP and AH.
 *
 * The *.txt files beside this program hold the vectors: blocks of "name value" lines, empty lines
 * between them, # before remarks.  A block names an algorithm and its key bits; ciphers have key, iv,
 * plain, cipher and with an ICV aad and icv, integrity has key, data and icv, which may be longer than
 * what ESP sends of it.  Each is tried alone and in batches, there and back, and with a wrong ICV; an
 * algorithm that a provider has and no file fails the test.
 */
#include "providers.h"

#include <modswan/registry.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OCTETS = 2048, MAX_BATCH = 17, NO_TEST = 77 };

static const char *const files[] = { "aes-gcm", "aes-ccm", "aes-cbc", "aes-ctr", "chacha20-poly1305",
	"legacy", "integrity", NULL };
static const char *const plugins[] = { "crypto-openssl", "crypto-ipsecmb", "crypto-legacy", NULL };

struct field {
	uint8_t octets[MAX_OCTETS];
	size_t len;
	bool given;
};

struct vector {
	char name[48];
	unsigned bits, line;
	const char *file;
	struct field key, iv, aad, plain, cipher, icv, data;
};

static struct vector *vectors;
static unsigned n_vectors, failures, tried;

static void bad(const struct vector *v, const char *provider, const char *what)
{
	printf("FAIL: %s.txt:%u: %s %s_%u: %s\n", v->file, v->line, provider, v->name, v->bits, what);
	failures++;
}

/* --- reading -------------------------------------------------------------------------------- */

static struct field *field_of(struct vector *v, const char *name)
{
	const struct {
		const char *name;
		struct field *field;
	} rows[] = { { "key", &v->key }, { "iv", &v->iv }, { "aad", &v->aad }, { "plain", &v->plain },
		{ "cipher", &v->cipher }, { "icv", &v->icv }, { "data", &v->data } };
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].field;
	return NULL;
}

static void hex(struct field *f, const char *text, const char *where)
{
	unsigned octet;

	f->given = true;
	for (; *text != '\0'; text += 2) {
		if (f->len == MAX_OCTETS || sscanf(text, "%2x", &octet) != 1 || text[1] == '\0')
			vectors_die("not hexadecimal, or too long", where);
		f->octets[f->len++] = (uint8_t)octet;
	}
}

static void take_line(char *line, const char *file, unsigned number)
{
	char *value = strchr(line, ' '), where[64];
	struct field *f;

	snprintf(where, sizeof where, "%s.txt:%u", file, number);
	if (value != NULL)
		*value++ = '\0';
	if (strcmp(line, "algorithm") == 0) {
		struct vector *v;

		vectors = realloc(vectors, (n_vectors + 1) * sizeof *vectors);
		if (vectors == NULL || value == NULL)
			vectors_die("no memory, or no name", where);
		v = &vectors[n_vectors++];
		memset(v, 0, sizeof *v);
		v->file = file;
		v->line = number;
		if (sscanf(value, "%47s %u", v->name, &v->bits) < 1)
			vectors_die("no name", where);
		return;
	}
	f = n_vectors == 0 ? NULL : field_of(&vectors[n_vectors - 1], line);
	if (f == NULL || f->given)
		vectors_die("unknown or twice", where);
	hex(f, value == NULL ? "" : value, where);
}

static void read_file(const char *folder, const char *name)
{
	char path[8192], *line = NULL;
	size_t room = 0;
	unsigned number = 0;
	ssize_t len;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s.txt", folder, name);
	file = fopen(path, "r");
	if (file == NULL)
		vectors_die("cannot be read", path);
	while ((len = getline(&line, &room, file)) >= 0) {
		number++;
		if (len > 0 && line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (line[0] != '\0' && line[0] != '#')
			take_line(line, name, number);
	}
	free(line);
	fclose(file);
}

/* --- ciphers -------------------------------------------------------------------------------- */

static struct {
	uint8_t data[MAX_BATCH][MAX_OCTETS], icv[MAX_BATCH][MS_MAX_ICV_OCTETS];
	struct ms_encr_job encr[MAX_BATCH];
	struct ms_integ_job integ[MAX_BATCH];
} s;

static void encr_batch(const struct ms_encr_alg *alg, void *ctx, const struct vector *v,
	const char *provider, unsigned n)
{
	static const uint8_t zero[MAX_OCTETS];
	unsigned i, wrong = n / 2;

	for (i = 0; i < n; i++) {
		s.encr[i] = (struct ms_encr_job){ .iv = v->iv.octets, .aad = v->aad.octets,
			.aad_len = (uint32_t)v->aad.len, .data = s.data[i],
			.data_len = (uint32_t)v->plain.len, .icv = s.icv[i] };
		memcpy(s.data[i], v->plain.octets, v->plain.len);
		memset(s.icv[i], 0, sizeof s.icv[i]);
	}
	alg->seal(ctx, s.encr, n);
	for (i = 0; i < n; i++) {
		if (!s.encr[i].ok || memcmp(s.data[i], v->cipher.octets, v->cipher.len) != 0)
			bad(v, provider, "wrong cipher text");
		if (memcmp(s.icv[i], v->icv.octets, alg->icv_octets) != 0)
			bad(v, provider, "wrong ICV");
		s.encr[i].ok = false;
	}
	if (alg->icv_octets != 0)
		s.icv[wrong][alg->icv_octets - 1] ^= 0x10;
	alg->open(ctx, s.encr, n);
	for (i = 0; i < n; i++) {
		bool refused = alg->icv_octets != 0 && i == wrong;

		if (s.encr[i].ok == refused)
			bad(v, provider, refused ? "accepts a wrong ICV" : "refuses the right ICV");
		if (memcmp(s.data[i], refused ? zero : v->plain.octets, v->plain.len) != 0)
			bad(v, provider, refused ? "shows what it refused" : "wrong plain text");
	}
}

static void encr_vector(const struct ms_encr_alg *alg, const struct vector *v, const char *provider)
{
	void *ctx;

	if (v->key.len != (size_t)alg->key_octets + alg->salt_octets || v->iv.len != alg->iv_octets
		|| v->plain.len != v->cipher.len || v->icv.len < alg->icv_octets) {
		bad(v, provider, "key, IV, text or ICV has another length");
		return;
	}
	if (alg->ctx_new(alg, &ctx, v->key.octets) != MS_OK) {
		bad(v, provider, "takes no such key");
		return;
	}
	encr_batch(alg, ctx, v, provider, 1);
	encr_batch(alg, ctx, v, provider, 5);
	encr_batch(alg, ctx, v, provider, MAX_BATCH);
	alg->ctx_free(&ctx);
	tried++;
}

/* RFC 4309 names these nonces, no publication has vectors for them. */
static bool unpublished(const struct ms_encr_alg *alg)
{
	return alg->id == MS_ENCR_AES_CCM_8 || alg->id == MS_ENCR_AES_CCM_12;
}

static void encr_all(const struct ms_encr_alg *alg, const char *provider)
{
	unsigned bits = ms_encr_has_key_bits(alg->id) || alg->id == MS_ENCR_CHACHA20_POLY1305
		? alg->key_octets * 8u : 0;
	unsigned i, found = 0;

	for (i = 0; i < n_vectors; i++) {
		if (strcmp(vectors[i].name, alg->name) != 0 || vectors[i].bits != bits)
			continue;
		found++;
		encr_vector(alg, &vectors[i], provider);
	}
	printf("%-8s %s_%u: %u vectors\n", provider, alg->name, bits, found);
	if (found == 0 && !unpublished(alg)) {
		printf("FAIL: no vector for it\n");
		failures++;
	}
}

/* --- integrity ------------------------------------------------------------------------------ */

static void integ_batch(const struct ms_integ_alg *alg, void *ctx, const struct vector *v,
	const char *provider, unsigned n, bool tails)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		size_t tail = tails && v->data.len > 4 ? 4 : 0, head = v->data.len - tail;

		s.integ[i] = (struct ms_integ_job){ .data = v->data.octets, .data_len = (uint32_t)head,
			.icv = s.icv[i], .tail = tail == 0 ? NULL : v->data.octets + head,
			.tail_len = (uint32_t)tail };
		memset(s.icv[i], 0, sizeof s.icv[i]);
	}
	alg->mac(ctx, s.integ, n);
	for (i = 0; i < n; i++)
		if (!s.integ[i].ok || memcmp(s.icv[i], v->icv.octets, alg->icv_octets) != 0)
			bad(v, provider, "wrong ICV");
}

static void integ_all(const struct ms_integ_alg *alg, const char *provider)
{
	static const unsigned sizes[] = { 1, 5, MAX_BATCH };
	unsigned i, k, found = 0;

	for (i = 0; i < n_vectors; i++) {
		const struct vector *v = &vectors[i];
		void *ctx;

		if (strcmp(v->name, alg->name) != 0)
			continue;
		found++;
		if (v->key.len != alg->key_octets || v->icv.len < alg->icv_octets
			|| alg->ctx_new(alg, &ctx, v->key.octets) != MS_OK) {
			bad(v, provider, "takes no such key");
			continue;
		}
		for (k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
			integ_batch(alg, ctx, v, provider, sizes[k], false);
			integ_batch(alg, ctx, v, provider, sizes[k], true);
		}
		alg->ctx_free(&ctx);
		tried++;
	}
	printf("%-8s %s: %u vectors\n", provider, alg->name, found);
	if (found == 0) {
		printf("FAIL: no vector for it\n");
		failures++;
	}
}

/* --- providers ------------------------------------------------------------------------------ */

static void on_provider(const struct ms_provider *p)
{
	const struct ms_crypto_ops *ops = p->ops;
	unsigned i;

	for (i = 0; ops->encr != NULL && ops->encr[i] != NULL; i++)
		encr_all(ops->encr[i], p->name);
	for (i = 0; ops->integ != NULL && ops->integ[i] != NULL; i++)
		integ_all(ops->integ[i], p->name);
}

int main(void)
{
	char folder[4096];
	unsigned i, n;

	vectors_folder(folder, sizeof folder);
	for (i = 0; files[i] != NULL; i++)
		read_file(folder, files[i]);
	n = vectors_providers(plugins, on_provider);
	free(vectors);
	if (n == 0)
		return NO_TEST;
	printf("%u vectors tried with %u plugins, %u failures\n", tried, n, failures);
	return failures > 0 ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-XCBC-MAC-96: CBC-MAC whose last block is masked with one of two derived keys.
 *
 * Standards: RFC 3566.
 */
#include "crypto-openssl.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16, ICV = 12, CHUNK = 1024 };

struct xcbc {
	EVP_CIPHER_CTX *cbc; /* under K1 */
	uint8_t full[BLOCK], padded[BLOCK]; /* K2, K3 */
};

/* The message so far: its last octets wait until it is known that they are the last. */
struct message {
	EVP_CIPHER_CTX *cbc;
	uint8_t last[BLOCK];
	uint32_t used;
	bool ok;
};

static EVP_CIPHER *aes_cbc;

/* len: whole blocks; only the chain value inside the context counts. */
static void chain(struct message *m, const uint8_t *data, uint32_t len)
{
	uint8_t out[CHUNK];
	int n;

	while (len > 0 && m->ok) {
		uint32_t now = len < CHUNK ? len : CHUNK;

		m->ok = EVP_EncryptUpdate(m->cbc, out, &n, data, (int)now) == 1;
		data += now;
		len -= now;
	}
}

static void feed(struct message *m, const uint8_t *data, uint32_t len)
{
	uint32_t n;

	if (len == 0)
		return;
	if (m->used > 0) {
		n = len < BLOCK - m->used ? len : BLOCK - m->used;
		memcpy(m->last + m->used, data, n);
		m->used += n;
		data += n;
		len -= n;
		if (len == 0)
			return;
		chain(m, m->last, BLOCK);
	}
	n = (len - 1) / BLOCK * BLOCK;
	chain(m, data, n);
	m->used = len - n;
	memcpy(m->last, data + n, m->used);
}

static void finish(const struct xcbc *c, struct message *m, uint8_t *icv)
{
	const uint8_t *mask = m->used == BLOCK ? c->full : c->padded;
	uint8_t out[BLOCK];
	unsigned i;
	int n;

	if (m->used < BLOCK) {
		memset(m->last + m->used, 0, BLOCK - m->used);
		m->last[m->used] = 0x80;
	}
	for (i = 0; i < BLOCK; i++)
		m->last[i] ^= mask[i];
	m->ok = m->ok && EVP_EncryptUpdate(m->cbc, out, &n, m->last, BLOCK) == 1;
	if (m->ok)
		memcpy(icv, out, ICV);
}

static void xcbc_jobs(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	static const uint8_t zero[BLOCK];
	const struct xcbc *c = ctx;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct message m = { .cbc = c->cbc };

		m.ok = EVP_EncryptInit_ex2(c->cbc, NULL, NULL, zero, NULL) == 1;
		feed(&m, jobs[i].data, jobs[i].data_len);
		if (jobs[i].tail != NULL)
			feed(&m, jobs[i].tail, jobs[i].tail_len);
		finish(c, &m, jobs[i].icv);
		jobs[i].ok = m.ok;
		if (!m.ok)
			ERR_clear_error();
	}
}

static void xcbc_free(void **ctx)
{
	struct xcbc *c = *ctx;

	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->cbc);
	ms_wipe(c, sizeof *c);
	free(c);
	*ctx = NULL;
}

/* RFC 3566 s4 step 1: the keys are three constant blocks, encrypted one by one. */
static bool derive(struct xcbc *c, const uint8_t *key)
{
	static const uint8_t zero[BLOCK];
	uint8_t *const keys[3] = { NULL, c->full, c->padded };
	uint8_t k1[BLOCK], in[BLOCK];
	unsigned i;
	bool ok = true;
	int n;

	for (i = 0; i < 3 && ok; i++) {
		memset(in, (int)i + 1, sizeof in);
		ok = EVP_EncryptInit_ex2(c->cbc, aes_cbc, key, zero, NULL) == 1
			&& EVP_CIPHER_CTX_set_padding(c->cbc, 0) == 1
			&& EVP_EncryptUpdate(c->cbc, i == 0 ? k1 : keys[i], &n, in, BLOCK) == 1;
	}
	ok = ok && EVP_EncryptInit_ex2(c->cbc, aes_cbc, k1, zero, NULL) == 1
		&& EVP_CIPHER_CTX_set_padding(c->cbc, 0) == 1;
	ms_wipe(k1, sizeof k1);
	return ok;
}

static ms_err xcbc_new(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key)
{
	struct xcbc *c;
	void *x;

	(void)alg;
	if (aes_cbc == NULL)
		return MS_ERR_NO_ALGORITHM;
	x = c = calloc(1, sizeof *c);
	if (c == NULL)
		return MS_ERR_NOMEM;
	c->cbc = EVP_CIPHER_CTX_new();
	if (c->cbc == NULL || !derive(c, key)) {
		ms_err err = c->cbc == NULL ? MS_ERR_NOMEM : MS_ERR_CRYPTO;

		xcbc_free(&x);
		ERR_clear_error();
		return err;
	}
	*ctx_r = c;
	return MS_OK;
}

const struct ms_integ_alg xcbc_alg = { MS_INTEG_AES_XCBC_96, "AES_XCBC_96", BLOCK, ICV, xcbc_new,
	xcbc_free, xcbc_jobs };

void xcbc_load(void)
{
	aes_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL); /* NULL: its test refuses it */
}

void xcbc_unload(void)
{
	EVP_CIPHER_free(aes_cbc);
	aes_cbc = NULL;
}

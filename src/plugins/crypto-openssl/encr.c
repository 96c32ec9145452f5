/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encryption: one EVP_CIPHER_CTX per key and direction, keyed once, only the IV set per packet.
 *
 * The direction is prepared by its first packet, since an SA goes one way.  EVP_CIPHERs are fetched
 * at load.  Nothing is allocated per packet.
 *
 * Standards: RFC 3602 (CBC), RFC 3686 (CTR), RFC 4106 (GCM), RFC 4309 (CCM), RFC 7634
 * (ChaCha20-Poly1305).
 */
#include "crypto-openssl.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

enum mode { MODE_CBC, MODE_CTR, MODE_GCM, MODE_CCM, MODE_CHACHA };

struct encr {
	struct ms_encr_alg alg; /* first: found back by its address */
	enum mode mode;
	unsigned cipher; /* index of cipher_names */
};

struct encr_ctx {
	const struct encr *e;
	EVP_CIPHER_CTX *way[2]; /* 0: open, 1: seal; NULL until needed */
	uint8_t key[MS_MAX_KEY_OCTETS];
};

/* clang-format off */
enum {
	CBC_128, CBC_192, CBC_256, CTR_128, CTR_192, CTR_256, GCM_128, GCM_192, GCM_256,
	CCM_128, CCM_192, CCM_256, CHACHA, CIPHERS
};
static const char *const cipher_names[CIPHERS] = {
	[CBC_128] = "AES-128-CBC", [CBC_192] = "AES-192-CBC", [CBC_256] = "AES-256-CBC",
	[CTR_128] = "AES-128-CTR", [CTR_192] = "AES-192-CTR", [CTR_256] = "AES-256-CTR",
	[GCM_128] = "AES-128-GCM", [GCM_192] = "AES-192-GCM", [GCM_256] = "AES-256-GCM",
	[CCM_128] = "AES-128-CCM", [CCM_192] = "AES-192-CCM", [CCM_256] = "AES-256-CCM",
	[CHACHA] = "ChaCha20-Poly1305",
};
/* clang-format on */
static EVP_CIPHER *ciphers[CIPHERS];

static ms_err ctx_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	struct encr_ctx *c;

	if (ciphers[((const struct encr *)alg)->cipher] == NULL)
		return MS_ERR_NO_ALGORITHM;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return MS_ERR_NOMEM;
	c->e = (const struct encr *)alg;
	memcpy(c->key, key, (size_t)alg->key_octets + alg->salt_octets);
	*ctx_r = c;
	return MS_OK;
}

static void ctx_free(void **ctx)
{
	struct encr_ctx *c = *ctx;

	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->way[0]);
	EVP_CIPHER_CTX_free(c->way[1]);
	ms_wipe(c, sizeof *c);
	free(c);
	*ctx = NULL;
}

static EVP_CIPHER_CTX *prepare(struct encr_ctx *c, int seal)
{
	const struct encr *e = c->e;
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	bool ok =
		x != NULL && EVP_CipherInit_ex2(x, ciphers[e->cipher], NULL, NULL, seal, NULL) == 1;

	/* RFC 4309 s4: the nonce is 11 octets, salt and IV */
	if (ok && e->mode == MODE_CCM)
		ok = EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_IVLEN, 11, NULL) == 1 &&
		     EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, e->alg.icv_octets, NULL) == 1;
	if (ok)
		ok = EVP_CipherInit_ex2(x, NULL, c->key, NULL, seal, NULL) == 1 &&
		     EVP_CIPHER_CTX_set_padding(x, 0) == 1;
	if (!ok) {
		EVP_CIPHER_CTX_free(x);
		ERR_clear_error();
		return NULL;
	}
	c->way[seal] = x;
	return x;
}

static bool set_iv(const struct encr_ctx *c, EVP_CIPHER_CTX *x, const uint8_t *iv, int seal)
{
	const struct ms_encr_alg *a = &c->e->alg;
	uint8_t nonce[16];

	if (c->e->mode == MODE_CBC)
		return EVP_CipherInit_ex2(x, NULL, NULL, iv, seal, NULL) == 1;
	memcpy(nonce, c->key + a->key_octets, a->salt_octets);
	memcpy(nonce + a->salt_octets, iv, a->iv_octets);
	/* RFC 3686 s4: the block counter begins with one; the AEADs take 11 or 12 octets */
	memcpy(nonce + 12, "\0\0\0\1", 4);
	return EVP_CipherInit_ex2(x, NULL, NULL, nonce, seal, NULL) == 1;
}

static bool plain_cipher(EVP_CIPHER_CTX *x, struct ms_encr_job *j)
{
	int n;

	return j->data_len == 0 ||
	       (EVP_CipherUpdate(x, j->data, &n, j->data, (int)j->data_len) == 1 &&
		       (uint32_t)n == j->data_len);
}

static bool aead(const struct encr_ctx *c, EVP_CIPHER_CTX *x, struct ms_encr_job *j, int seal)
{
	int icv = c->e->alg.icv_octets, n;

	if (!seal && EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, icv, j->icv) != 1)
		return false;
	if (c->e->mode == MODE_CCM && EVP_CipherUpdate(x, NULL, &n, NULL, (int)j->data_len) != 1)
		return false;
	if (j->aad_len > 0 && EVP_CipherUpdate(x, NULL, &n, j->aad, (int)j->aad_len) != 1)
		return false;
	/* CCM makes and checks the ICV here, also of nothing; the others in Final */
	if (c->e->mode == MODE_CCM && j->data_len == 0) {
		if (EVP_CipherUpdate(x, j->data, &n, j->data, 0) != 1)
			return false;
	} else if (!plain_cipher(x, j))
		return false;
	if (c->e->mode != MODE_CCM && EVP_CipherFinal_ex(x, j->data + j->data_len, &n) != 1)
		return false;
	return !seal || EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, icv, j->icv) == 1;
}

static void run(void *ctx, struct ms_encr_job *jobs, unsigned n, int seal)
{
	struct encr_ctx *c = ctx;
	EVP_CIPHER_CTX *x = c->way[seal] != NULL ? c->way[seal] : prepare(c, seal);
	bool is_aead = c->e->alg.icv_octets > 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct ms_encr_job *j = &jobs[i];

		j->ok = x != NULL && j->data_len <= INT32_MAX && set_iv(c, x, j->iv, seal) &&
			(is_aead ? aead(c, x, j, seal) : plain_cipher(x, j));
		if (j->ok)
			continue;
		ERR_clear_error();
		/* plain text that was not authenticated goes nowhere */
		if (!seal && is_aead)
			ms_wipe(j->data, j->data_len);
	}
}

static void seal_jobs(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	run(ctx, jobs, n, 1);
}

static void open_jobs(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	run(ctx, jobs, n, 0);
}

/* --- the table ------------------------------------------------------------------------------- */

/* clang-format off */
#define ENCR(iana, text, key, salt, iv, block, icv, m, c)                                          \
	{ { iana, text, key, salt, iv, block, icv, ctx_new, ctx_free, seal_jobs, open_jobs }, m, c }
#define CBC(key, c) ENCR(MS_ENCR_AES_CBC, "AES_CBC", key, 0, 16, 16, 0, MODE_CBC, c)
#define CTR(key, c) ENCR(MS_ENCR_AES_CTR, "AES_CTR", key, 4, 8, 1, 0, MODE_CTR, c)
#define GCM(key, icv, c)                                                                           \
	ENCR(MS_ENCR_AES_GCM_##icv, "AES_GCM_" #icv, key, 4, 8, 1, icv, MODE_GCM, c)
#define CCM(key, icv, c)                                                                           \
	ENCR(MS_ENCR_AES_CCM_##icv, "AES_CCM_" #icv, key, 3, 8, 1, icv, MODE_CCM, c)

static const struct encr table[] = {
	GCM(16, 16, GCM_128), GCM(24, 16, GCM_192), GCM(32, 16, GCM_256),
	GCM(16, 12, GCM_128), GCM(24, 12, GCM_192), GCM(32, 12, GCM_256),
	GCM(16, 8, GCM_128), GCM(24, 8, GCM_192), GCM(32, 8, GCM_256),
	ENCR(MS_ENCR_CHACHA20_POLY1305, "CHACHA20_POLY1305", 32, 4, 8, 1, 16, MODE_CHACHA, CHACHA),
	CBC(16, CBC_128), CBC(24, CBC_192), CBC(32, CBC_256),
	CTR(16, CTR_128), CTR(24, CTR_192), CTR(32, CTR_256),
	CCM(16, 16, CCM_128), CCM(24, 16, CCM_192), CCM(32, 16, CCM_256),
	CCM(16, 12, CCM_128), CCM(24, 12, CCM_192), CCM(32, 12, CCM_256),
	CCM(16, 8, CCM_128), CCM(24, 8, CCM_192), CCM(32, 8, CCM_256),
};
/* clang-format on */
#define T(i) &table[i].alg
const struct ms_encr_alg *const encr_list[] = { T(0), T(1), T(2), T(3), T(4), T(5), T(6), T(7),
	T(8), T(9), T(10), T(11), T(12), T(13), T(14), T(15), T(16), T(17), T(18), T(19), T(20),
	T(21), T(22), T(23), T(24), NULL };
_Static_assert(sizeof table / sizeof table[0] + 1 == sizeof encr_list / sizeof encr_list[0],
	"every row of the table is offered");

ms_err encr_load(struct ms_why *why)
{
	unsigned i;

	(void)why;
	/* One that this OpenSSL lacks stays NULL: its ctx_new fails, its test refuses it. */
	for (i = 0; i < CIPHERS; i++)
		ciphers[i] = EVP_CIPHER_fetch(NULL, cipher_names[i], NULL);
	ERR_clear_error();
	return MS_OK;
}

void encr_unload(void)
{
	unsigned i;

	for (i = 0; i < CIPHERS; i++) {
		EVP_CIPHER_free(ciphers[i]);
		ciphers[i] = NULL;
	}
}

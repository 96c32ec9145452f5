/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ciphers that authenticate: GCM by the library's direct calls, CCM and ChaCha20-Poly1305 as jobs.
 *
 * open() decrypts and compares afterwards; what does not pass is wiped, as nobody may see it.
 *
 * Standards: RFC 4106 (GCM), RFC 4309 (CCM), RFC 7634 (ChaCha20-Poly1305).
 */
#include "crypto-ipsecmb.h"

#include <string.h>

enum { NONCE_GCM = 12, NONCE_CCM = 11 };

static void all_fail(struct ms_encr_job *jobs, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		jobs[i].ok = false;
}

/* The ICV that should have been there is known now. */
static void judge(struct ms_encr_job *job, const uint8_t *tag, unsigned octets)
{
	job->ok = ms_ct_equal(tag, job->icv, octets);
	if (!job->ok)
		ms_wipe(job->data, job->data_len);
}

/* --- GCM ------------------------------------------------------------------------------------- */

struct gcm_ctx {
	_Alignas(KEY_ALIGN) struct gcm_key_data key;
	aes_gcm_enc_dec_t seal, open;
	uint8_t salt[4];
	uint8_t icv_octets;
};

static ms_err gcm_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	const struct mb *mb = mb_get();
	struct gcm_ctx *c = mb == NULL ? NULL : key_alloc(sizeof *c);

	if (c == NULL)
		return MS_ERR_NOMEM;
	if (alg->key_octets == 16) {
		IMB_AES128_GCM_PRE(mb->wide, key, &c->key);
		c->seal = mb->wide->gcm128_enc;
		c->open = mb->wide->gcm128_dec;
	} else if (alg->key_octets == 24) {
		IMB_AES192_GCM_PRE(mb->wide, key, &c->key);
		c->seal = mb->wide->gcm192_enc;
		c->open = mb->wide->gcm192_dec;
	} else {
		IMB_AES256_GCM_PRE(mb->wide, key, &c->key);
		c->seal = mb->wide->gcm256_enc;
		c->open = mb->wide->gcm256_dec;
	}
	memcpy(c->salt, key + alg->key_octets, sizeof c->salt);
	c->icv_octets = alg->icv_octets;
	*ctx_r = c;
	return MS_OK;
}

static void gcm_free(void **ctx)
{
	key_free(ctx, sizeof(struct gcm_ctx));
}

static void gcm_seal(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	struct gcm_ctx *c = ctx;
	struct gcm_context_data state;
	uint8_t iv[NONCE_GCM];
	unsigned i;

	memcpy(iv, c->salt, 4);
	for (i = 0; i < n; i++) {
		struct ms_encr_job *j = &jobs[i];

		memcpy(iv + 4, j->iv, 8);
		c->seal(&c->key, &state, j->data, j->data, j->data_len, iv, j->aad, j->aad_len,
			j->icv, c->icv_octets);
		j->ok = true;
	}
}

static void gcm_open(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	struct gcm_ctx *c = ctx;
	struct gcm_context_data state;
	uint8_t iv[NONCE_GCM], tag[16];
	unsigned i;

	memcpy(iv, c->salt, 4);
	for (i = 0; i < n; i++) {
		struct ms_encr_job *j = &jobs[i];

		memcpy(iv + 4, j->iv, 8);
		c->open(&c->key, &state, j->data, j->data, j->data_len, iv, j->aad, j->aad_len, tag,
			sizeof tag);
		judge(j, tag, c->icv_octets);
	}
}

/* --- jobs ------------------------------------------------------------------------------------ */

struct aead_ctx {
	_Alignas(KEY_ALIGN) uint8_t key[SCHEDULE_OCTETS]; /* CCM: the schedule */
	const struct ms_encr_alg *alg;
	void (*fill)(const struct aead_ctx *c, IMB_JOB *to, const struct ms_encr_job *j);
	uint8_t salt[4];
};

static ms_err aead_new(const struct ms_encr_alg *alg, const uint8_t *key, struct aead_ctx **out)
{
	struct aead_ctx *c = key_alloc(sizeof *c);

	if (c == NULL)
		return MS_ERR_NOMEM;
	c->alg = alg;
	memcpy(c->salt, key + alg->key_octets, alg->salt_octets);
	*out = c;
	return MS_OK;
}

static void aead_free(void **ctx)
{
	key_free(ctx, sizeof(struct aead_ctx));
}

/* user_data is our job, user_data2 the computed ICV of one to be opened. */
static void aead_done(const struct aead_ctx *c, const IMB_JOB *done)
{
	struct ms_encr_job *j = done->user_data;

	if (done->status != IMB_STATUS_COMPLETED)
		j->ok = false;
	else if (done->user_data2 == NULL)
		j->ok = true;
	else
		judge(j, done->user_data2, c->alg->icv_octets);
}

static void aead_fill(struct mb *mb, const struct aead_ctx *c, IMB_JOB *to, struct ms_encr_job *j,
	unsigned i, bool seal)
{
	unsigned salt = c->alg->salt_octets;

	memcpy(mb->iv[i], c->salt, salt);
	memcpy(mb->iv[i] + salt, j->iv, 8);
	to->enc_keys = to->dec_keys = c->key;
	to->key_len_in_bytes = c->alg->key_octets;
	to->src = to->dst = j->data;
	to->cipher_start_src_offset_in_bytes = to->hash_start_src_offset_in_bytes = 0;
	to->msg_len_to_cipher_in_bytes = to->msg_len_to_hash_in_bytes = j->data_len;
	to->iv = mb->iv[i];
	to->iv_len_in_bytes = salt + 8u;
	to->auth_tag_output = seal ? j->icv : mb->tag[i];
	to->auth_tag_output_len_in_bytes = c->alg->icv_octets;
	to->cipher_direction = seal ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
	to->user_data = j;
	to->user_data2 = seal ? NULL : mb->tag[i];
	c->fill(c, to, j);
}

static void aead_run(struct aead_ctx *c, struct ms_encr_job *jobs, unsigned n, bool seal)
{
	struct mb *mb = mb_get();
	IMB_JOB *done;
	unsigned i;

	all_fail(jobs, n);
	if (mb == NULL)
		return;
	for (i = 0; i < n; i++) {
		IMB_JOB *to = IMB_GET_NEXT_JOB(mb->wide);

		aead_fill(mb, c, to, &jobs[i], i % BURST, seal);
		for (done = IMB_SUBMIT_JOB_NOCHECK(mb->wide); done != NULL;
			done = IMB_GET_COMPLETED_JOB(mb->wide))
			aead_done(c, done);
		if (i % BURST != BURST - 1 && i != n - 1)
			continue;
		while ((done = IMB_FLUSH_JOB(mb->wide)) != NULL) /* their IVs are used again */
			aead_done(c, done);
	}
}

static void aead_seal(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	aead_run(ctx, jobs, n, true);
}

static void aead_open(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	aead_run(ctx, jobs, n, false);
}

static void ccm_fill(const struct aead_ctx *c, IMB_JOB *to, const struct ms_encr_job *j)
{
	(void)c;
	to->cipher_mode = IMB_CIPHER_CCM;
	to->hash_alg = IMB_AUTH_AES_CCM;
	to->chain_order = to->cipher_direction == IMB_DIR_ENCRYPT ? IMB_ORDER_HASH_CIPHER
								  : IMB_ORDER_CIPHER_HASH;
	to->u.CCM.aad = j->aad;
	to->u.CCM.aad_len_in_bytes = j->aad_len;
}

static ms_err ccm_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	const struct mb *mb = mb_get();
	struct aead_ctx *c;
	ms_err err = mb == NULL ? MS_ERR_NOMEM : aead_new(alg, key, &c);

	if (err != MS_OK)
		return err;
	aes_expand(mb, key, alg->key_octets, c->key, NULL);
	c->fill = ccm_fill;
	*ctx_r = c;
	return MS_OK;
}

static void chacha_fill(const struct aead_ctx *c, IMB_JOB *to, const struct ms_encr_job *j)
{
	(void)c;
	to->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	to->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	to->chain_order = to->cipher_direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH
								  : IMB_ORDER_HASH_CIPHER;
	to->u.CHACHA20_POLY1305.aad = j->aad;
	to->u.CHACHA20_POLY1305.aad_len_in_bytes = j->aad_len;
}

static ms_err chacha_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	struct aead_ctx *c;
	ms_err err = aead_new(alg, key, &c);

	if (err != MS_OK)
		return err;
	memcpy(c->key, key, alg->key_octets);
	c->fill = chacha_fill;
	*ctx_r = c;
	return MS_OK;
}

/* --- the tables ------------------------------------------------------------------------------ */

/* clang-format off */
#define GCM(key, icv)                                                                              \
	{ MS_ENCR_AES_GCM_##icv, "AES_GCM_" #icv, key, 4, 8, 1, icv, gcm_new, gcm_free, gcm_seal,  \
		gcm_open }
#define CCM(key, icv)                                                                              \
	{ MS_ENCR_AES_CCM_##icv, "AES_CCM_" #icv, key, 3, 8, 1, icv, ccm_new, aead_free,           \
		aead_seal, aead_open }

const struct ms_encr_alg gcm_algs[9] = {
	GCM(16, 16), GCM(24, 16), GCM(32, 16),
	GCM(16, 12), GCM(24, 12), GCM(32, 12),
	GCM(16, 8), GCM(24, 8), GCM(32, 8),
};
/* the library has no CCM with 192 bits */
const struct ms_encr_alg ccm_algs[6] = {
	CCM(16, 16), CCM(32, 16), CCM(16, 12), CCM(32, 12), CCM(16, 8), CCM(32, 8),
};
const struct ms_encr_alg chacha_alg = { MS_ENCR_CHACHA20_POLY1305, "CHACHA20_POLY1305", 32, 4, 8, 1,
	16, chacha_new, aead_free, aead_seal, aead_open };
/* clang-format on */

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ciphers alone: CBC and CTR in bursts, and the list of all ciphers.
 *
 * Standards: RFC 3602 (CBC), RFC 3686 (CTR).
 */
#include "crypto-ipsecmb.h"

#include <string.h>

struct cipher_ctx {
	_Alignas(KEY_ALIGN) uint8_t enc[SCHEDULE_OCTETS];
	_Alignas(16) uint8_t dec[SCHEDULE_OCTETS];
	uint8_t salt[4];
	uint8_t key_octets, salt_octets, iv_octets;
	IMB_CIPHER_MODE mode;
};

static ms_err cipher_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	const struct mb *mb = mb_get();
	struct cipher_ctx *c = mb == NULL ? NULL : key_alloc(sizeof *c);

	if (c == NULL)
		return MS_ERR_NOMEM;
	aes_expand(mb, key, alg->key_octets, c->enc, c->dec);
	c->key_octets = alg->key_octets;
	c->salt_octets = alg->salt_octets;
	c->iv_octets = alg->iv_octets;
	c->mode = alg->id == MS_ENCR_AES_CBC ? IMB_CIPHER_CBC : IMB_CIPHER_CNTR;
	memcpy(c->salt, key + alg->key_octets, alg->salt_octets);
	*ctx_r = c;
	return MS_OK;
}

static void cipher_free(void **ctx)
{
	key_free(ctx, sizeof(struct cipher_ctx));
}

/* RFC 3686 s4: a nonce of 12 octets, to which the library adds the block counter 1. */
static void fill(struct mb *mb, const struct cipher_ctx *c, const struct ms_encr_job *j, unsigned i)
{
	IMB_JOB *to = &mb->jobs[i];

	memcpy(mb->iv[i], c->salt, c->salt_octets);
	memcpy(mb->iv[i] + c->salt_octets, j->iv, c->iv_octets);
	to->enc_keys = c->enc;
	to->dec_keys = c->mode == IMB_CIPHER_CBC ? c->dec : c->enc;
	to->key_len_in_bytes = c->key_octets;
	to->src = to->dst = j->data;
	to->cipher_start_src_offset_in_bytes = 0;
	to->msg_len_to_cipher_in_bytes = j->data_len;
	to->iv = mb->iv[i];
	to->iv_len_in_bytes = (uint64_t)c->salt_octets + c->iv_octets;
	to->status = IMB_STATUS_BEING_PROCESSED;
}

/* At most BURST of them. */
static void burst(struct mb *mb, const struct cipher_ctx *c, struct ms_encr_job *jobs, unsigned n,
	IMB_CIPHER_DIRECTION way)
{
	struct ms_encr_job *of[BURST];
	unsigned i, filled = 0;

	for (i = 0; i < n; i++) {
		jobs[i].ok = jobs[i].data_len == 0;
		if (jobs[i].ok)
			continue;
		of[filled] = &jobs[i];
		fill(mb, c, &jobs[i], filled++);
	}
	if (filled == 0)
		return;
	IMB_SUBMIT_CIPHER_BURST_NOCHECK(mb->wide, mb->jobs, filled, c->mode, way, c->key_octets);
	for (i = 0; i < filled; i++)
		of[i]->ok = (mb->jobs[i].status & IMB_STATUS_COMPLETED_CIPHER) != 0
			&& mb->jobs[i].status <= IMB_STATUS_COMPLETED;
}

static void run(void *ctx, struct ms_encr_job *jobs, unsigned n, IMB_CIPHER_DIRECTION way)
{
	struct mb *mb = mb_get();
	unsigned i;

	for (i = 0; i < n; i += BURST) {
		unsigned k = n - i < BURST ? n - i : BURST;

		if (mb != NULL)
			burst(mb, ctx, jobs + i, k, way);
		else
			while (k-- > 0)
				jobs[i + k].ok = false;
	}
}

static void cipher_seal(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	run(ctx, jobs, n, IMB_DIR_ENCRYPT);
}

static void cipher_open(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	run(ctx, jobs, n, IMB_DIR_DECRYPT);
}

/* clang-format off */
#define CIPHER(id, text, key, salt, iv, block)                                                     \
	{ id, text, key, salt, iv, block, 0, cipher_new, cipher_free, cipher_seal, cipher_open }
#define CBC(key) CIPHER(MS_ENCR_AES_CBC, "AES_CBC", key, 0, 16, 16)
#define CTR(key) CIPHER(MS_ENCR_AES_CTR, "AES_CTR", key, 4, 8, 1)
static const struct ms_encr_alg ciphers[6] = {
	CBC(16), CBC(24), CBC(32), CTR(16), CTR(24), CTR(32),
};
/* clang-format on */

#define G(i) &gcm_algs[i]
#define C(i) &ccm_algs[i]
#define P(i) &ciphers[i]
const struct ms_encr_alg *const mb_encr_list[] = { G(0), G(1), G(2), G(3), G(4), G(5), G(6), G(7),
	G(8), &chacha_alg, P(0), P(1), P(2), P(3), P(4), P(5), C(0), C(1), C(2), C(3), C(4), C(5),
	NULL };

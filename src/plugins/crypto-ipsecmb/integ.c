/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integrity: HMAC in bursts of the hash API, AES-XCBC and AES-CMAC as jobs.
 *
 * The library hashes one run of octets.  Data with a tail (ESN's high half) is copied together into the
 * thread's scratch, which costs less than a second pass would.
 *
 * Standards: RFC 2404, RFC 4868 (HMAC), RFC 3566 (XCBC), RFC 4494 (CMAC).
 */
#include "crypto-ipsecmb.h"

#include <string.h>

enum { MAX_BLOCK = 128, MAX_STATE = 64 };

struct mac {
	struct ms_integ_alg alg; /* first: found back by its address */
	IMB_HASH_ALG hash;
	uint8_t block;
	/* From so many packets on the widest vectors win against the SHA extensions; 0: always. */
	uint8_t wide_from;
};

struct mac_ctx {
	_Alignas(KEY_ALIGN) uint8_t inner[MAX_STATE]; /* HMAC */
	_Alignas(16) uint8_t outer[MAX_STATE];
	_Alignas(16) uint8_t schedule[SCHEDULE_OCTETS]; /* the AES MACs */
	_Alignas(16) uint8_t k2[16], k3[16];
	const struct mac *mac;
};

/* --- keys ------------------------------------------------------------------------------------ */

static hash_one_block_t one_block(const IMB_MGR *mgr, IMB_HASH_ALG hash)
{
	switch (hash) {
	case IMB_AUTH_HMAC_SHA_256:
		return mgr->sha256_one_block;
	case IMB_AUTH_HMAC_SHA_384:
		return mgr->sha384_one_block;
	case IMB_AUTH_HMAC_SHA_512:
		return mgr->sha512_one_block;
	default:
		return mgr->sha1_one_block;
	}
}

/* RFC 2104 s4: both pads hashed once. */
static void hmac_key(const struct mb *mb, struct mac_ctx *c, const uint8_t *key, unsigned octets)
{
	hash_one_block_t hash = one_block(mb->wide, c->mac->hash);
	uint8_t pad[MAX_BLOCK];
	unsigned i;

	memset(pad, 0x36, sizeof pad);
	for (i = 0; i < octets; i++)
		pad[i] ^= key[i];
	hash(pad, c->inner);
	for (i = 0; i < c->mac->block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash(pad, c->outer);
	ms_wipe(pad, sizeof pad);
}

static void mac_free(void **ctx)
{
	key_free(ctx, sizeof(struct mac_ctx));
}

static ms_err mac_new(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key)
{
	const struct mb *mb = mb_get();
	struct mac_ctx *c = mb == NULL ? NULL : key_alloc(sizeof *c);

	if (c == NULL)
		return MS_ERR_NOMEM;
	c->mac = (const struct mac *)alg;
	if (c->mac->hash == IMB_AUTH_AES_XCBC) {
		IMB_AES_XCBC_KEYEXP(mb->wide, key, c->schedule, c->k2, c->k3);
	} else if (c->mac->hash == IMB_AUTH_AES_CMAC) {
		aes_expand(mb, key, alg->key_octets, c->schedule, NULL);
		IMB_AES_CMAC_SUBKEY_GEN_128(mb->wide, c->schedule, c->k2, c->k3);
	} else {
		hmac_key(mb, c, key, alg->key_octets);
	}
	*ctx_r = c;
	return MS_OK;
}

/* --- batches --------------------------------------------------------------------------------- */

/* One run of octets; false: there is no room for it in the scratch. */
static bool join(struct mb *mb, const struct ms_integ_job *j, IMB_JOB *to, size_t *used)
{
	size_t len = (size_t)j->data_len + (j->tail == NULL ? 0 : j->tail_len);
	uint8_t *at = mb->scratch + *used;

	to->msg_len_to_hash_in_bytes = len;
	to->src = j->data;
	if (len == j->data_len)
		return true;
	if (len > SCRATCH_OCTETS - *used)
		return false;
	memcpy(at, j->data, j->data_len);
	memcpy(at + j->data_len, j->tail, j->tail_len);
	to->src = at;
	*used += len;
	return true;
}

static void target(const struct mac_ctx *c, IMB_JOB *to, struct ms_integ_job *j)
{
	to->hash_start_src_offset_in_bytes = 0;
	to->auth_tag_output = j->icv;
	to->auth_tag_output_len_in_bytes = c->mac->alg.icv_octets;
	to->user_data = j;
	to->status = IMB_STATUS_BEING_PROCESSED;
}

/* As many as there is room for; returns their number, at least one. */
static unsigned hmac_burst(struct mb *mb, const struct mac_ctx *c, struct ms_integ_job *jobs,
	unsigned n)
{
	IMB_MGR *mgr = n >= c->mac->wide_from ? mb->wide : mb->narrow;
	size_t used = 0;
	unsigned i;

	for (i = 0; i < n && i < BURST; i++) {
		IMB_JOB *to = &mb->jobs[i];

		jobs[i].ok = false;
		/* After a run of no octets the library's lanes are in disorder, and with them all
		 * that comes later. */
		if (!join(mb, &jobs[i], to, &used) || to->msg_len_to_hash_in_bytes == 0)
			break;
		to->u.HMAC._hashed_auth_key_xor_ipad = c->inner;
		to->u.HMAC._hashed_auth_key_xor_opad = c->outer;
		target(c, to, &jobs[i]);
	}
	n = i;
	if (n == 0)
		return 1; /* longer than any packet, or nothing: stays not ok */
	IMB_SUBMIT_HASH_BURST_NOCHECK(mgr, mb->jobs, n, c->mac->hash);
	for (i = 0; i < n; i++)
		jobs[i].ok = (mb->jobs[i].status & IMB_STATUS_COMPLETED_AUTH) != 0
			&& mb->jobs[i].status <= IMB_STATUS_COMPLETED;
	return n;
}

static void hmac_jobs(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	struct mb *mb = mb_get();
	unsigned i, did;

	for (i = 0; i < n; i += did) {
		did = 1;
		jobs[i].ok = false;
		if (mb != NULL)
			did = hmac_burst(mb, ctx, jobs + i, n - i);
	}
}

static void aes_done(const IMB_JOB *done)
{
	struct ms_integ_job *j = done->user_data;

	j->ok = done->status == IMB_STATUS_COMPLETED;
}

static void aes_fill(const struct mac_ctx *c, IMB_JOB *to, struct ms_integ_job *j)
{
	to->cipher_mode = IMB_CIPHER_NULL;
	to->cipher_direction = IMB_DIR_ENCRYPT;
	to->chain_order = IMB_ORDER_HASH_CIPHER;
	to->hash_alg = c->mac->hash;
	to->msg_len_to_cipher_in_bytes = 0;
	if (c->mac->hash == IMB_AUTH_AES_XCBC) {
		to->u.XCBC._k1_expanded = (const uint32_t *)(const void *)c->schedule;
		to->u.XCBC._k2 = c->k2;
		to->u.XCBC._k3 = c->k3;
	} else {
		to->u.CMAC._key_expanded = c->schedule;
		to->u.CMAC._skey1 = c->k2;
		to->u.CMAC._skey2 = c->k3;
	}
	target(c, to, j);
}

static void aes_flush(struct mb *mb)
{
	IMB_JOB *done;

	while ((done = IMB_FLUSH_JOB(mb->wide)) != NULL)
		aes_done(done);
}

static void aes_jobs(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	struct mb *mb = mb_get();
	size_t used = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		IMB_JOB *to, *done;

		jobs[i].ok = false;
		if (mb == NULL)
			continue;
		to = IMB_GET_NEXT_JOB(mb->wide);
		if (!join(mb, &jobs[i], to, &used)) {
			aes_flush(mb);
			used = 0;
			to = IMB_GET_NEXT_JOB(mb->wide);
			if (!join(mb, &jobs[i], to, &used))
				continue;
		}
		aes_fill(ctx, to, &jobs[i]);
		for (done = IMB_SUBMIT_JOB_NOCHECK(mb->wide); done != NULL;
			done = IMB_GET_COMPLETED_JOB(mb->wide))
			aes_done(done);
	}
	if (mb != NULL)
		aes_flush(mb);
}

/* clang-format off */
#define MAC(iana, text, key, icv, jobs, hash, block, wide)                                         \
	{ { iana, text, key, icv, mac_new, mac_free, jobs }, hash, block, wide }
static const struct mac macs[] = {
	MAC(MS_INTEG_HMAC_SHA2_256_128, "HMAC_SHA2_256_128", 32, 16, hmac_jobs,
		IMB_AUTH_HMAC_SHA_256, 64, 10),
	MAC(MS_INTEG_HMAC_SHA2_384_192, "HMAC_SHA2_384_192", 48, 24, hmac_jobs,
		IMB_AUTH_HMAC_SHA_384, 128, 0),
	MAC(MS_INTEG_HMAC_SHA2_512_256, "HMAC_SHA2_512_256", 64, 32, hmac_jobs,
		IMB_AUTH_HMAC_SHA_512, 128, 0),
	MAC(MS_INTEG_HMAC_SHA1_96, "HMAC_SHA1_96", 20, 12, hmac_jobs, IMB_AUTH_HMAC_SHA_1, 64, 7),
	MAC(MS_INTEG_AES_XCBC_96, "AES_XCBC_96", 16, 12, aes_jobs, IMB_AUTH_AES_XCBC, 16, 0),
	MAC(MS_INTEG_AES_CMAC_96, "AES_CMAC_96", 16, 12, aes_jobs, IMB_AUTH_AES_CMAC, 16, 0),
};
/* clang-format on */

#define M(i) &macs[i].alg
const struct ms_integ_alg *const mb_integ_list[] = { M(0), M(1), M(2), M(3), M(4), M(5), NULL };

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/kat.h"

#include <modswan/registry.h>

#include <string.h>

#define KAT_MAX 512

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t kat_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;

	if (hex == NULL)
		return 0;
	for (; n < size && nibble(hex[0]) >= 0 && nibble(hex[1]) >= 0; hex += 2)
		out[n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
	return n;
}

static ms_err untested(struct ms_why *why)
{
	return ms_fail(why, MS_ERR_CRYPTO, "there is no known-answer test for it");
}

/* --- encryption ------------------------------------------------------------------------------ */

static bool encr_shape_ok(const struct ms_encr_alg *a)
{
	return a->key_octets + a->salt_octets <= MS_MAX_KEY_OCTETS &&
	       a->iv_octets <= MS_MAX_IV_OCTETS && a->icv_octets <= MS_MAX_ICV_OCTETS &&
	       a->block_octets != 0 && (a->icv_octets != 0) == ms_encr_is_aead(a->id) &&
	       a->name != NULL && a->ctx_new != NULL && a->ctx_free != NULL && a->seal != NULL &&
	       a->open != NULL;
}

static ms_err encr_steps(
	const struct ms_encr_alg *alg, void *ctx, const struct kat_encr *row, struct ms_why *why)
{
	uint8_t iv[MS_MAX_IV_OCTETS], aad[64], data[KAT_MAX], want[KAT_MAX], plain[KAT_MAX];
	uint8_t icv[MS_MAX_ICV_OCTETS], want_icv[MS_MAX_ICV_OCTETS];
	size_t len = kat_hex(row->plain, plain, sizeof plain);
	struct ms_encr_job job = { .iv = iv, .aad = aad, .data = data, .icv = icv };

	if (kat_hex(row->iv, iv, sizeof iv) != alg->iv_octets)
		return ms_fail(why, MS_ERR_CRYPTO, "its IV is not as long as the RFC says");
	if (kat_hex(row->icv, want_icv, sizeof want_icv) < alg->icv_octets)
		return ms_fail(why, MS_ERR_CRYPTO, "its ICV is longer than the RFC says");
	job.aad_len = (uint32_t)kat_hex(row->aad, aad, sizeof aad);
	job.data_len = (uint32_t)kat_hex(row->cipher, want, sizeof want);
	memcpy(data, plain, len);
	alg->seal(ctx, &job, 1);
	if (!job.ok || memcmp(data, want, len) != 0)
		return ms_fail(why, MS_ERR_CRYPTO, "wrong cipher text in the known-answer test");
	if (memcmp(icv, want_icv, alg->icv_octets) != 0)
		return ms_fail(why, MS_ERR_CRYPTO, "wrong ICV in the known-answer test");
	alg->open(ctx, &job, 1);
	if (!job.ok || memcmp(data, plain, len) != 0)
		return ms_fail(why, MS_ERR_CRYPTO, "wrong plain text in the known-answer test");
	if (alg->icv_octets == 0)
		return MS_OK;
	memcpy(data, want, len);
	icv[alg->icv_octets - 1] ^= 1;
	alg->open(ctx, &job, 1);
	return job.ok ? ms_fail(why, MS_ERR_CRYPTO, "it accepted a wrong ICV") : MS_OK;
}

static ms_err kat_encr(const struct ms_encr_alg *alg, struct ms_why *why)
{
	unsigned bits = ms_encr_has_key_bits(alg->id) || alg->id == MS_ENCR_CHACHA20_POLY1305
				? alg->key_octets * 8u
				: 0;
	uint8_t key[MS_MAX_KEY_OCTETS];
	const struct kat_encr *row;
	unsigned i, tried = 0;

	if (!encr_shape_ok(alg))
		return ms_fail(why, MS_ERR_CRYPTO, "its descriptor is malformed");
	for (i = 0; i < kat_encr_count; i++) {
		void *ctx = NULL;
		ms_err err;

		row = &kat_encr_rows[i];
		if (row->id != alg->id || row->key_bits != bits)
			continue;
		if (kat_hex(row->key, key, sizeof key) !=
			(size_t)alg->key_octets + alg->salt_octets)
			return ms_fail(
				why, MS_ERR_CRYPTO, "its key is not as long as the RFC says");
		err = alg->ctx_new(alg, &ctx, key);
		if (err != MS_OK)
			return err;
		err = encr_steps(alg, ctx, row, why);
		alg->ctx_free(&ctx);
		if (err != MS_OK)
			return err;
		tried++;
	}
	return tried > 0 ? MS_OK : untested(why);
}

/* --- integrity, PRF, hash -------------------------------------------------------------------- */

static ms_err integ_steps(
	const struct ms_integ_alg *alg, void *ctx, const struct kat_mac *row, struct ms_why *why)
{
	uint8_t data[KAT_MAX], want[KAT_MAX], icv[MS_MAX_ICV_OCTETS];
	size_t len = kat_hex(row->data, data, sizeof data);
	struct ms_integ_job jobs[2] = {
		{ .data = data, .data_len = (uint32_t)len, .icv = icv },
		/* the same octets, the last one as tail: how the ESN's high half is given */
		{ .data = data,
			.data_len = (uint32_t)len - 1,
			.icv = icv,
			.tail = data + len - 1,
			.tail_len = 1 },
	};
	unsigned i;

	if (kat_hex(row->out, want, sizeof want) < alg->icv_octets)
		return ms_fail(why, MS_ERR_CRYPTO, "its ICV is longer than the RFC says");
	for (i = 0; i < 2; i++) {
		memset(icv, 0, sizeof icv);
		alg->mac(ctx, &jobs[i], 1);
		if (!jobs[i].ok || memcmp(icv, want, alg->icv_octets) != 0)
			return ms_fail(why, MS_ERR_CRYPTO, "wrong ICV in the known-answer test");
	}
	return MS_OK;
}

static ms_err kat_integ(const struct ms_integ_alg *alg, struct ms_why *why)
{
	uint8_t key[KAT_MAX];
	unsigned i, tried = 0;

	if (alg->icv_octets > MS_MAX_ICV_OCTETS || alg->key_octets > MS_MAX_KEY_OCTETS ||
		alg->mac == NULL || alg->ctx_new == NULL || alg->ctx_free == NULL)
		return ms_fail(why, MS_ERR_CRYPTO, "its descriptor is malformed");
	for (i = 0; i < kat_integ_count; i++) {
		void *ctx = NULL;
		ms_err err;

		if (kat_integ_rows[i].id != alg->id)
			continue;
		if (kat_hex(kat_integ_rows[i].key, key, sizeof key) != alg->key_octets)
			return ms_fail(
				why, MS_ERR_CRYPTO, "its key is not as long as the RFC says");
		err = alg->ctx_new(alg, &ctx, key);
		if (err != MS_OK)
			return err;
		err = integ_steps(alg, ctx, &kat_integ_rows[i], why);
		alg->ctx_free(&ctx);
		if (err != MS_OK)
			return err;
		tried++;
	}
	return tried > 0 ? MS_OK : untested(why);
}

static ms_err kat_prf(const struct ms_prf_alg *alg, struct ms_why *why)
{
	uint8_t key[KAT_MAX], data[KAT_MAX], want[KAT_MAX], out[MS_MAX_PRF_OCTETS];
	unsigned i, tried = 0;

	if (alg->out_octets > MS_MAX_PRF_OCTETS || alg->out_octets == 0 || alg->prf == NULL)
		return ms_fail(why, MS_ERR_CRYPTO, "its descriptor is malformed");
	for (i = 0; i < kat_prf_count; i++) {
		const struct kat_mac *row = &kat_prf_rows[i];
		struct ms_bytes parts[2];
		ms_err err;

		if (row->id != alg->id)
			continue;
		if (kat_hex(row->out, want, sizeof want) != alg->out_octets)
			return ms_fail(why, MS_ERR_CRYPTO, "its output has not the RFC's length");
		parts[0] = ms_bytes(data, 3);
		parts[1] = ms_bytes(data + 3, kat_hex(row->data, data, sizeof data) - 3);
		err = alg->prf(
			alg, ms_bytes(key, kat_hex(row->key, key, sizeof key)), parts, 2, out);
		if (err != MS_OK)
			return err;
		if (memcmp(out, want, alg->out_octets) != 0)
			return ms_fail(why, MS_ERR_CRYPTO, "wrong output in the known-answer test");
		tried++;
	}
	return tried > 0 ? MS_OK : untested(why);
}

static ms_err kat_hash(const struct ms_hash_alg *alg, struct ms_why *why)
{
	uint8_t data[KAT_MAX], want[KAT_MAX], out[MS_MAX_HASH_OCTETS];
	unsigned i, tried = 0;

	if (alg->out_octets > MS_MAX_HASH_OCTETS || alg->hash == NULL)
		return ms_fail(why, MS_ERR_CRYPTO, "its descriptor is malformed");
	for (i = 0; i < kat_hash_count; i++) {
		const struct kat_hash *row = &kat_hash_rows[i];
		struct ms_bytes part;
		ms_err err;

		if (row->id != alg->id)
			continue;
		if (kat_hex(row->out, want, sizeof want) != alg->out_octets)
			return ms_fail(why, MS_ERR_CRYPTO, "its output has not the RFC's length");
		part = ms_bytes(data, kat_hex(row->data, data, sizeof data));
		err = alg->hash(alg, &part, 1, out);
		if (err != MS_OK)
			return err;
		if (memcmp(out, want, alg->out_octets) != 0)
			return ms_fail(why, MS_ERR_CRYPTO, "wrong output in the known-answer test");
		tried++;
	}
	return tried > 0 ? MS_OK : untested(why);
}

/* --- key exchange ---------------------------------------------------------------------------- */

static struct ms_bytes padded(const char *hex, size_t want, uint8_t *buf)
{
	size_t n = kat_hex(hex, buf, MS_MAX_KE_OCTETS);

	if (n < want && want <= MS_MAX_KE_OCTETS) {
		memmove(buf + want - n, buf, n);
		memset(buf, 0, want - n);
		n = want;
	}
	return ms_bytes(buf, n);
}

static ms_err kat_ke(const struct ms_ke_alg *alg, struct ms_why *why)
{
	uint8_t peer[MS_MAX_KE_OCTETS], pub[MS_MAX_KE_OCTETS], shared[MS_MAX_KE_OCTETS];
	const struct kat_ke *row = NULL;
	unsigned i;
	ms_err err;

	if (alg->init_octets > MS_MAX_KE_OCTETS || alg->resp_octets > MS_MAX_KE_OCTETS ||
		alg->shared_octets > MS_MAX_KE_OCTETS || alg->respond == NULL)
		return ms_fail(why, MS_ERR_CRYPTO, "its descriptor is malformed");
	for (i = 0; i < kat_ke_count && row == NULL; i++)
		if (kat_ke_rows[i].id == alg->id)
			row = &kat_ke_rows[i];
	if (row == NULL)
		return untested(why);
	for (i = 0; i < 3 && row->refused[i] != NULL; i++)
		if (alg->respond(alg, padded(row->refused[i], alg->init_octets, peer), pub,
			    shared) == MS_OK)
			return ms_fail(why, MS_ERR_CRYPTO, "it accepted a forbidden peer value");
	if (row->generator == NULL)
		return MS_OK;
	err = alg->respond(alg, padded(row->generator, alg->init_octets, peer), pub, shared);
	if (err == MS_OK && (alg->shared_octets > alg->resp_octets ||
				    memcmp(pub, shared, alg->shared_octets) != 0))
		err = ms_fail(why, MS_ERR_CRYPTO, "wrong secret in the known-answer test");
	ms_wipe(shared, sizeof shared);
	return err;
}

/* --- signatures and random ------------------------------------------------------------------- */

static ms_err kat_sign_row(
	const struct ms_sign_ops *ops, const struct kat_sign *row, struct ms_why *why)
{
	uint8_t spki[KAT_MAX], data[KAT_MAX], sig[KAT_MAX];
	size_t len = kat_hex(row->signature, sig, sizeof sig);
	struct ms_pubkey *key = NULL;
	struct ms_bytes part;
	ms_err good, bad;

	if (ops->pubkey_from_spki(
		    &key, ms_bytes(spki, kat_hex(row->spki, spki, sizeof spki)), NULL) != MS_OK)
		return ms_fail(why, MS_ERR_CRYPTO, "%s: known key not understood", row->name);
	part = ms_bytes(data, kat_hex(row->data, data, sizeof data));
	good = ops->verify(key, row->scheme, row->hash, &part, 1, ms_bytes(sig, len));
	data[0] ^= 1;
	bad = ops->verify(key, row->scheme, row->hash, &part, 1, ms_bytes(sig, len));
	ops->pubkey_free(&key);
	if (good != MS_OK)
		return ms_fail(why, MS_ERR_CRYPTO, "%s: known signature refused", row->name);
	if (bad == MS_OK)
		return ms_fail(why, MS_ERR_CRYPTO, "%s: wrong signature accepted", row->name);
	return MS_OK;
}

static ms_err kat_sign(const struct ms_sign_ops *ops, struct ms_why *why)
{
	unsigned i;

	for (i = 0; i < kat_sign_count; i++) {
		ms_err err = kat_sign_row(ops, &kat_sign_rows[i], why);

		if (err != MS_OK)
			return err;
	}
	return MS_OK;
}

/* Not a statistical test: it catches a generator that does nothing or repeats itself. */
static ms_err kat_random(ms_err (*random)(void *out, size_t len), struct ms_why *why)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	if (random(a, sizeof a) != MS_OK || random(b, sizeof b) != MS_OK)
		return ms_fail(why, MS_ERR_CRYPTO, "no random octets");
	if (memcmp(a, b, 8) == 0 || memcmp(a, a + 8, 8) == 0)
		return ms_fail(why, MS_ERR_CRYPTO, "random octets repeat");
	return MS_OK;
}

const struct kat_suite kat_suite = {
	.encr = kat_encr,
	.integ = kat_integ,
	.prf = kat_prf,
	.hash = kat_hash,
	.ke = kat_ke,
	.sign = kat_sign,
	.random = kat_random,
};

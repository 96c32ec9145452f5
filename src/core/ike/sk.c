/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Encrypted payload (RFC 7296 s3.14, RFC 5282 for AEADs) and the Encrypted Fragment payload
 * (RFC 7383 s2.5), whose two numbers come before the IV and are authenticated too.  Contexts are made per message:
 * keeping them would cost more memory than an established SA's whole state.
 */
#include "core/ike/ike_sa.h"
#include "core/ike/sk.h"

#include <string.h>

size_t ike_key_octets(const struct ike_sa *ike, enum ike_key key)
{
	switch (key) {
	case IKE_SK_AI:
	case IKE_SK_AR:
		return ike->integ ? ike->integ->key_octets : 0;
	case IKE_SK_EI:
	case IKE_SK_ER:
		return (size_t)ike->encr->key_octets + ike->encr->salt_octets;
	default:
		return ike->prf->key_octets;
	}
}

struct ms_bytes ike_key(const struct ike_sa *ike, enum ike_key key)
{
	size_t at = 0;

	for (unsigned k = 0; k < (unsigned)key; k++)
		at += ike_key_octets(ike, (enum ike_key)k);
	if (at + ike_key_octets(ike, key) > ike->keys.len)
		return ms_bytes(NULL, 0);
	return ms_bytes(ike->keys.ptr + at, ike_key_octets(ike, key));
}

static unsigned icv_octets(const struct ike_sa *ike)
{
	return ike->integ ? ike->integ->icv_octets : ike->encr->icv_octets;
}

static ms_err mac(const struct ike_sa *ike, enum ike_key which, struct ms_bytes data, uint8_t *icv)
{
	struct ms_integ_job job = { .data = data.ptr, .data_len = (uint32_t)data.len, .icv = icv };
	void *ctx;

	if (ike->integ->ctx_new(ike->integ, &ctx, ike_key(ike, which).ptr))
		return MS_ERR_CRYPTO;
	ike->integ->mac(ctx, &job, 1);
	ike->integ->ctx_free(&ctx);
	return job.ok ? MS_OK : MS_ERR_CRYPTO;
}

static ms_err crypt(
	const struct ike_sa *ike, enum ike_key which, struct ms_encr_job *job, bool seal)
{
	void *ctx;

	if (ike->encr->ctx_new(ike->encr, &ctx, ike_key(ike, which).ptr))
		return MS_ERR_CRYPTO;
	(seal ? ike->encr->seal : ike->encr->open)(ctx, job, 1);
	ike->encr->ctx_free(&ctx);
	return job->ok ? MS_OK : MS_ERR_INTEGRITY;
}

static void put_iv(struct ike_sa *ike, uint8_t *iv)
{
	unsigned n = ike->encr->iv_octets;

	/* Unpredictable for CBC; a counter never repeats where that is what matters. */
	if (ike->encr->block_octets > 1) {
		ike_random(ike->e, iv, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		iv[n - 1 - i] = i < 8 ? (uint8_t)(ike->iv >> (8 * i)) : 0;
	ike->iv++;
}

size_t ike_sk_sealed(const struct ike_sa *ike, size_t head, size_t inner)
{
	unsigned block = ike->encr->block_octets > 1 ? ike->encr->block_octets : 1;

	return head + ike->encr->iv_octets + (inner / block + 1) * block + icv_octets(ike);
}

size_t ike_sk_room(const struct ike_sa *ike, size_t head, size_t datagram)
{
	unsigned block = ike->encr->block_octets > 1 ? ike->encr->block_octets : 1;
	size_t around = head + ike->encr->iv_octets + icv_octets(ike);

	/* One octet of the last block says how much padding there is. */
	return datagram < around + block ? 0 : (datagram - around) / block * block - 1;
}

ms_err ike_sk_seal(struct ike_sa *ike, struct ike_out *out)
{
	struct wire_writer *w = &out->w;
	unsigned iv = ike->encr->iv_octets, icv = icv_octets(ike);
	unsigned block = ike->encr->block_octets > 1 ? ike->encr->block_octets : 1;
	size_t body = out->sk_iv, text = body + iv, pad, text_len;
	struct ms_encr_job job = { 0 };
	ms_err err;

	ike_out_close(out);
	pad = (block - (w->len - text + 1) % block) % block;
	for (size_t i = 0; i < pad; i++)
		wire_put_u8(w, 0);
	wire_put_u8(w, (uint8_t)pad);
	text_len = w->len - text;
	(void)wire_reserve(w, icv);
	if (!wire_written(w) || w->len - out->sk_at > UINT16_MAX)
		return MS_ERR_SPACE;
	wire_patch_uint(w, out->sk_at + 2, w->len - out->sk_at, 2);
	wire_patch_uint(w, 24, w->len, 4);
	put_iv(ike, w->base + body);
	job.iv = w->base + body;
	job.data = w->base + text;
	job.data_len = (uint32_t)text_len;
	if (!ike->integ) {
		job.aad = w->base;
		job.aad_len = (uint32_t)body;
		job.icv = w->base + text + text_len;
	}
	err = crypt(ike, ike->initiator ? IKE_SK_EI : IKE_SK_ER, &job, true);
	if (err == MS_OK && ike->integ)
		err = mac(ike, ike->initiator ? IKE_SK_AI : IKE_SK_AR,
			ms_bytes(w->base, w->len - icv), w->base + w->len - icv);
	return err ? MS_ERR_CRYPTO : MS_OK;
}

ms_err ike_sk_open(
	struct ike_sa *ike, uint8_t *datagram, struct ike_msg *m, struct ms_bytes *inner_r)
{
	size_t body = m->sk_at, total = m->raw.len;
	unsigned iv, icv, pad;
	struct ms_encr_job job = { 0 };
	size_t text_len;

	if (!ike->encr || !ike->keys.ptr)
		return MS_ERR_INTEGRITY;
	iv = ike->encr->iv_octets;
	icv = icv_octets(ike);
	/* At least IV, one octet (pad length) and ICV. */
	if (body > total || total - body < (size_t)iv + icv + 1)
		return MS_ERR_TRUNCATED;
	text_len = total - body - iv - icv;
	if (ike->encr->block_octets > 1 && text_len % ike->encr->block_octets != 0)
		return MS_ERR_SYNTAX;
	if (ike->integ) {
		uint8_t want[MS_MAX_ICV_OCTETS];

		if (mac(ike, ike->initiator ? IKE_SK_AR : IKE_SK_AI,
			    ms_bytes(datagram, total - icv), want))
			return MS_ERR_CRYPTO;
		if (!ms_ct_equal(want, datagram + total - icv, icv))
			return MS_ERR_INTEGRITY;
	} else {
		job.aad = datagram;
		job.aad_len = (uint32_t)body;
		job.icv = datagram + total - icv;
	}
	job.iv = datagram + body;
	job.data = datagram + body + iv;
	job.data_len = (uint32_t)text_len;
	if (crypt(ike, ike->initiator ? IKE_SK_ER : IKE_SK_EI, &job, false))
		return MS_ERR_INTEGRITY;
	pad = job.data[text_len - 1];
	if ((size_t)pad + 1 > text_len)
		return MS_ERR_SYNTAX;
	*inner_r = ms_bytes(job.data, text_len - 1 - pad);
	return MS_OK;
}

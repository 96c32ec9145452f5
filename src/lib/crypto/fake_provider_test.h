/* SPDX-License-Identifier: Apache-2.0 */
/* A provider of descriptors without code, for tests of what only reads the registry. */
#ifndef LIB_CRYPTO_FAKE_PROVIDER_TEST_H
#define LIB_CRYPTO_FAKE_PROVIDER_TEST_H

#include "lib/crypto/registry.h"

static inline ms_err pass_encr(const struct ms_encr_alg *alg, struct ms_why *why)
{
	(void)alg, (void)why;
	return MS_OK;
}
static inline ms_err pass_integ(const struct ms_integ_alg *alg, struct ms_why *why)
{
	(void)alg, (void)why;
	return MS_OK;
}
static inline ms_err pass_prf(const struct ms_prf_alg *alg, struct ms_why *why)
{
	(void)alg, (void)why;
	return MS_OK;
}
static inline ms_err pass_hash(const struct ms_hash_alg *alg, struct ms_why *why)
{
	(void)alg, (void)why;
	return MS_OK;
}
static inline ms_err pass_ke(const struct ms_ke_alg *alg, struct ms_why *why)
{
	(void)alg, (void)why;
	return MS_OK;
}
static inline ms_err pass_sign(const struct ms_sign_ops *ops, struct ms_why *why)
{
	(void)ops, (void)why;
	return MS_OK;
}
static inline ms_err pass_random(ms_err (*random)(void *, size_t), struct ms_why *why)
{
	(void)random, (void)why;
	return MS_OK;
}

static const struct kat_suite pass_all = { pass_encr, pass_integ, pass_prf, pass_hash, pass_ke,
	pass_sign, pass_random };

/* clang-format off */
#define FAKE_ENCR(i, key) { .id = (i), .name = "fake", .key_octets = (key), .block_octets = 1 }
static const struct ms_encr_alg fake_encr[] = {
	FAKE_ENCR(MS_ENCR_AES_GCM_16, 16), FAKE_ENCR(MS_ENCR_AES_GCM_16, 32),
	FAKE_ENCR(MS_ENCR_AES_GCM_8, 16), FAKE_ENCR(MS_ENCR_AES_GCM_12, 16),
	FAKE_ENCR(MS_ENCR_AES_CCM_8, 16), FAKE_ENCR(MS_ENCR_AES_CCM_16, 32),
	FAKE_ENCR(MS_ENCR_CHACHA20_POLY1305, 32), FAKE_ENCR(MS_ENCR_AES_CBC, 16),
	FAKE_ENCR(MS_ENCR_AES_CBC, 24), FAKE_ENCR(MS_ENCR_AES_CBC, 32),
	FAKE_ENCR(MS_ENCR_AES_CTR, 16), FAKE_ENCR(MS_ENCR_NULL, 0),
};
static const struct ms_encr_alg *const fake_encr_list[] = { &fake_encr[0], &fake_encr[1],
	&fake_encr[2], &fake_encr[3], &fake_encr[4], &fake_encr[5], &fake_encr[6], &fake_encr[7],
	&fake_encr[8], &fake_encr[9], &fake_encr[10], &fake_encr[11], NULL };
/* clang-format on */

static const struct ms_integ_alg fake_integ[] = {
	{ .id = MS_INTEG_HMAC_SHA1_96, .name = "fake" },
	{ .id = MS_INTEG_HMAC_SHA2_256_128, .name = "fake" },
	{ .id = MS_INTEG_HMAC_SHA2_512_256, .name = "fake" },
};
static const struct ms_integ_alg *const fake_integ_list[] = { &fake_integ[0], &fake_integ[1],
	&fake_integ[2], NULL };

static const struct ms_prf_alg fake_prf[] = {
	{ .id = MS_PRF_HMAC_SHA1, .name = "fake" },
	{ .id = MS_PRF_HMAC_SHA2_256, .name = "fake" },
	{ .id = MS_PRF_HMAC_SHA2_384, .name = "fake" },
	{ .id = MS_PRF_HMAC_SHA2_512, .name = "fake" },
};
static const struct ms_prf_alg *const fake_prf_list[] = { &fake_prf[0], &fake_prf[1], &fake_prf[2],
	&fake_prf[3], NULL };

static const struct ms_ke_alg fake_ke[] = {
	{ .id = MS_KE_X25519, .name = "fake" },
	{ .id = MS_KE_ECP256, .name = "fake" },
	{ .id = MS_KE_MODP2048, .name = "fake" },
	{ .id = MS_KE_MODP3072, .name = "fake" },
};
static const struct ms_ke_alg *const fake_ke_list[] = { &fake_ke[0], &fake_ke[1], &fake_ke[2],
	&fake_ke[3], NULL };

static const struct ms_crypto_ops fake_ops = {
	.size = sizeof fake_ops,
	.preference = 10,
	.encr = fake_encr_list,
	.integ = fake_integ_list,
	.prf = fake_prf_list,
	.ke = fake_ke_list,
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share. */
#ifndef CRYPTO_GMP_H
#define CRYPTO_GMP_H

#include <modswan/crypto.h>

#include <gmp.h>

#define GMP_GROUPS     5
#define MODP_MAX_LIMBS (8192 / GMP_NUMB_BITS)
#define PRIV_MAX_BITS  448
#define PRIV_MAX_LIMBS (PRIV_MAX_BITS / GMP_NUMB_BITS)

struct modp {
	struct ms_ke_alg alg; /* first: found back by its address */
	unsigned bits, private_bits;
	uint32_t offset;     /* RFC 3526's number that makes the prime one */
	uint64_t known[2];   /* 2^0x1234567890abcdef1234567890abcdef mod p, its low 128 bits */
	mp_limb_t *p;        /* bits / GMP_NUMB_BITS limbs; made at load */
	mp_limb_t *p_minus_1;
};
extern struct modp modp[GMP_GROUPS];

/* Makes the primes and raises 2 to a known power modulo each. */
ms_err modp_load(struct ms_why *why);
void modp_unload(void);
/* A private value from given octets, of private_bits at most; *priv_r like start() leaves it. */
ms_err modp_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub);

extern const struct ms_rsa_ops rsa_ops;

#endif

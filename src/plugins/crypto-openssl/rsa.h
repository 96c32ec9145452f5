/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_OPENSSL_RSA_H
#define CRYPTO_OPENSSL_RSA_H

#include <modswan/crypto.h>
#include <modswan/error.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

#define RSA_MIN_BITS 512   /* the family's floor for keys in ipsec.secrets */
#define RSA_MAX_BITS 16384 /* a signature must fit MS_MAX_SIGNATURE_OCTETS */

/* Two numbers, not yet checked; NULL: too large, or no memory. */
EVP_PKEY *rsa_public(struct ms_bytes n, struct ms_bytes e);
/* What modulus and exponent alone can show; a certificate's and a peer's key come this way too. */
ms_err rsa_public_check(const EVP_PKEY *pkey, struct ms_why *why);
/* Every relation between the eight; says which is broken. */
ms_err rsa_private_check(BIGNUM *const v[MS_RSA_NUMBERS], struct ms_why *why);

/* rsa_make.c */
extern const struct ms_rsa_ops rsa_make_ops;

#endif

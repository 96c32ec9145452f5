/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IANA "IKEv2 Parameters", transform types 1 to 5 and the hash algorithms: number, name, traits.
 * The only place where a number of these registries meets its name.
 */
#ifndef LIB_CRYPTO_TRANSFORMS_H
#define LIB_CRYPTO_TRANSFORMS_H

#include <stdint.h>

enum transform_trait {
	TRAIT_AEAD = 1,
	TRAIT_KEY_BITS = 2, /* needs the Key Length attribute, RFC 7296 s3.3.5 */
	TRAIT_LEGACY = 4,   /* MUST NOT or SHOULD NOT by RFC 8247 or RFC 8221 */
};

/* clang-format off */
#define IANA_ENCR(X)                                                                               \
	X(1, "DES_IV64", TRAIT_LEGACY)                                                             \
	X(2, "DES", TRAIT_LEGACY)                                                                  \
	X(3, "3DES", TRAIT_LEGACY)                                                                 \
	X(4, "RC5", TRAIT_LEGACY | TRAIT_KEY_BITS)                                                 \
	X(5, "IDEA", TRAIT_LEGACY)                                                                 \
	X(6, "CAST", TRAIT_LEGACY | TRAIT_KEY_BITS)                                                \
	X(7, "BLOWFISH", TRAIT_LEGACY | TRAIT_KEY_BITS)                                            \
	X(8, "3IDEA", TRAIT_LEGACY)                                                                \
	X(9, "DES_IV32", TRAIT_LEGACY)                                                             \
	X(11, "NULL", 0)                                                                           \
	X(12, "AES_CBC", TRAIT_KEY_BITS)                                                           \
	X(13, "AES_CTR", TRAIT_KEY_BITS)                                                           \
	X(14, "AES_CCM_8", TRAIT_AEAD | TRAIT_KEY_BITS)                                            \
	X(15, "AES_CCM_12", TRAIT_AEAD | TRAIT_KEY_BITS)                                           \
	X(16, "AES_CCM_16", TRAIT_AEAD | TRAIT_KEY_BITS)                                           \
	X(18, "AES_GCM_8", TRAIT_AEAD | TRAIT_KEY_BITS)                                            \
	X(19, "AES_GCM_12", TRAIT_AEAD | TRAIT_KEY_BITS)                                           \
	X(20, "AES_GCM_16", TRAIT_AEAD | TRAIT_KEY_BITS)                                           \
	X(21, "NULL_AUTH_AES_GMAC", TRAIT_AEAD | TRAIT_KEY_BITS)                                   \
	X(23, "CAMELLIA_CBC", TRAIT_KEY_BITS)                                                      \
	X(24, "CAMELLIA_CTR", TRAIT_KEY_BITS)                                                      \
	X(25, "CAMELLIA_CCM_8", TRAIT_AEAD | TRAIT_KEY_BITS)                                       \
	X(26, "CAMELLIA_CCM_12", TRAIT_AEAD | TRAIT_KEY_BITS)                                      \
	X(27, "CAMELLIA_CCM_16", TRAIT_AEAD | TRAIT_KEY_BITS)                                      \
	X(28, "CHACHA20_POLY1305", TRAIT_AEAD)                                                     \
	X(29, "AES_CCM_8_IIV", TRAIT_AEAD | TRAIT_KEY_BITS)                                        \
	X(30, "AES_GCM_16_IIV", TRAIT_AEAD | TRAIT_KEY_BITS)                                       \
	X(31, "CHACHA20_POLY1305_IIV", TRAIT_AEAD)                                                 \
	X(32, "KUZNYECHIK_MGM_KTREE", TRAIT_AEAD)                                                  \
	X(33, "MAGMA_MGM_KTREE", TRAIT_AEAD)                                                       \
	X(34, "KUZNYECHIK_MGM_MAC_KTREE", TRAIT_AEAD)                                              \
	X(35, "MAGMA_MGM_MAC_KTREE", TRAIT_AEAD)

#define IANA_PRF(X)                                                                                \
	X(1, "HMAC_MD5", TRAIT_LEGACY)                                                             \
	X(2, "HMAC_SHA1", 0)                                                                       \
	X(3, "HMAC_TIGER", TRAIT_LEGACY)                                                           \
	X(4, "AES128_XCBC", 0)                                                                     \
	X(5, "HMAC_SHA2_256", 0)                                                                   \
	X(6, "HMAC_SHA2_384", 0)                                                                   \
	X(7, "HMAC_SHA2_512", 0)                                                                   \
	X(8, "AES128_CMAC", 0)                                                                     \
	X(9, "HMAC_STREEBOG_512", 0)

#define IANA_INTEG(X)                                                                              \
	X(0, "NONE", 0)                                                                            \
	X(1, "HMAC_MD5_96", TRAIT_LEGACY)                                                          \
	X(2, "HMAC_SHA1_96", 0)                                                                    \
	X(3, "DES_MAC", TRAIT_LEGACY)                                                              \
	X(4, "KPDK_MD5", TRAIT_LEGACY)                                                             \
	X(5, "AES_XCBC_96", 0)                                                                     \
	X(6, "HMAC_MD5_128", TRAIT_LEGACY)                                                         \
	X(7, "HMAC_SHA1_160", TRAIT_LEGACY)                                                        \
	X(8, "AES_CMAC_96", 0)                                                                     \
	X(9, "AES_128_GMAC", 0)                                                                    \
	X(10, "AES_192_GMAC", 0)                                                                   \
	X(11, "AES_256_GMAC", 0)                                                                   \
	X(12, "HMAC_SHA2_256_128", 0)                                                              \
	X(13, "HMAC_SHA2_384_192", 0)                                                              \
	X(14, "HMAC_SHA2_512_256", 0)

#define IANA_KE(X)                                                                                 \
	X(0, "NONE", 0)                                                                            \
	X(1, "MODP768", TRAIT_LEGACY)                                                              \
	X(2, "MODP1024", TRAIT_LEGACY)                                                             \
	X(5, "MODP1536", TRAIT_LEGACY)                                                             \
	X(14, "MODP2048", 0)                                                                       \
	X(15, "MODP3072", 0)                                                                       \
	X(16, "MODP4096", 0)                                                                       \
	X(17, "MODP6144", 0)                                                                       \
	X(18, "MODP8192", 0)                                                                       \
	X(19, "ECP256", 0)                                                                         \
	X(20, "ECP384", 0)                                                                         \
	X(21, "ECP521", 0)                                                                         \
	X(22, "MODP1024_160", TRAIT_LEGACY)                                                        \
	X(23, "MODP2048_224", TRAIT_LEGACY)                                                        \
	X(24, "MODP2048_256", TRAIT_LEGACY)                                                        \
	X(25, "ECP192", TRAIT_LEGACY)                                                              \
	X(26, "ECP224", 0)                                                                         \
	X(27, "BRAINPOOL224", 0)                                                                   \
	X(28, "BRAINPOOL256", 0)                                                                   \
	X(29, "BRAINPOOL384", 0)                                                                   \
	X(30, "BRAINPOOL512", 0)                                                                   \
	X(31, "X25519", 0)                                                                         \
	X(32, "X448", 0)                                                                           \
	X(33, "GOST3410_2012_256", 0)                                                              \
	X(34, "GOST3410_2012_512", 0)                                                              \
	X(35, "ML_KEM_512", 0)                                                                     \
	X(36, "ML_KEM_768", 0)                                                                     \
	X(37, "ML_KEM_1024", 0)

#define IANA_ESN(X)                                                                                \
	X(0, "ESN_NO", 0)                                                                          \
	X(1, "ESN_YES", 0)

#define IANA_HASH(X)                                                                               \
	X(1, "SHA1", 0)                                                                            \
	X(2, "SHA2_256", 0)                                                                        \
	X(3, "SHA2_384", 0)                                                                        \
	X(4, "SHA2_512", 0)                                                                        \
	X(5, "IDENTITY", 0)                                                                        \
	X(6, "STREEBOG_256", 0)                                                                    \
	X(7, "STREEBOG_512", 0)
/* clang-format on */

struct iana_row {
	uint16_t id;
	uint8_t traits;
	const char *name;
};

/* NULL: the number or the type is unknown. */
const struct iana_row *ms_iana_transform(uint8_t type, uint16_t id);
/* The i-th row of a type, NULL after the last. */
const struct iana_row *ms_iana_transform_at(uint8_t type, unsigned i);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share. */
#ifndef CRYPTO_OPENSSL_H
#define CRYPTO_OPENSSL_H

#include <modswan/crypto.h>
#include <modswan/error.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <stdatomic.h>

/* --- md.c: hash states by value -------------------------------------------------------------- */

union md_state {
	SHA_CTX sha1;
	SHA256_CTX sha256;
	SHA512_CTX sha512; /* SHA-384 too */
};

struct md {
	uint16_t hash_id; /* enum ms_hash_id */
	uint8_t block, out;
	uint16_t state_octets;
	const char *name; /* OpenSSL's */
	void (*init)(union md_state *s);
	void (*update)(union md_state *s, const void *data, size_t len);
	void (*final)(union md_state *s, uint8_t *out);
};

extern const struct md md_sha1, md_sha256, md_sha384, md_sha512;
/* NULL: not one of ours. */
const struct md *md_by_hash(uint16_t hash_id);
void md_parts(const struct md *md, const struct ms_bytes *parts, unsigned n, uint8_t *out);

/* HMAC (RFC 2104) with both pads hashed already. */
struct hmac {
	const struct md *md;
	union md_state inner, outer;
};
void hmac_key(struct hmac *h, const struct md *md, struct ms_bytes key);
/* out: md->out octets */
void hmac_parts(const struct hmac *h, const struct ms_bytes *parts, unsigned n, uint8_t *out);

/* --- the lists, NULL-terminated -------------------------------------------------------------- */

extern const struct ms_encr_alg *const encr_list[];
extern const struct ms_integ_alg *const integ_list[];
extern const struct ms_prf_alg *const prf_list[];
extern const struct ms_hash_alg *const hash_list[];
extern const struct ms_ke_alg *const ke_list[];
extern const struct ms_sign_ops sign_ops;
extern const struct ms_crypto_ops openssl_ops;

/* Fetch and prepare what is shared by all contexts; free undoes it, also half of it. */
ms_err encr_load(struct ms_why *why);
void encr_unload(void);
ms_err integ_load(struct ms_why *why);
extern const struct ms_integ_alg xcbc_alg; /* xcbc.c */
void xcbc_load(void);
void xcbc_unload(void);
void integ_unload(void);
ms_err ke_modp_load(struct ms_why *why);
void ke_modp_unload(void);
ms_err ke_ecp_load(struct ms_why *why);
void ke_ecp_unload(void);
ms_err spki_load(struct ms_why *why);
void spki_unload(void);
ms_err openssl_load(struct ms_why *why);
void openssl_unload(void);

#define KE_MODP_GROUPS 5
struct ke_modp {
	struct ms_ke_alg alg; /* first: found back by its address */
	unsigned slot;
	unsigned private_bits;
	BIGNUM *(*prime)(BIGNUM *out);
};
extern const struct ke_modp ke_modp[KE_MODP_GROUPS];

#define KE_ECP_CURVES 3
struct ke_ecp {
	struct ms_ke_alg alg;
	unsigned slot;
	int nid;
};
extern const struct ke_ecp ke_ecp[KE_ECP_CURVES];
extern const struct ms_ke_alg ke_x25519, ke_x448;

/* Private values from given octets, for published vectors; *priv_r like start() leaves it. */
ms_err ke_modp_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub);
ms_err ke_ecp_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub);
ms_err ke_x_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub);

/* --- keys.c ---------------------------------------------------------------------------------- */

/* What is dear to compute is kept from the first time on: coding keys takes OpenSSL longer than
 * signing with them. */
struct key_octets {
	size_t len;
	uint8_t octets[];
};
struct ms_pubkey {
	atomic_uint refs;
	enum ms_key_type type;
	unsigned bits;
	EVP_PKEY *pkey;
	_Atomic(struct key_octets *) known; /* SubjectPublicKeyInfo; NULL: not asked for yet */
};
struct ms_privkey {
	atomic_uint refs;
	enum ms_key_type type;
	unsigned bits;
	EVP_PKEY *pkey;
	_Atomic(struct ms_pubkey *) known; /* its public half; NULL: not asked for yet */
};

/* Takes pkey over, also on error; MS_ERR_BAD_KEY for types and curves that are not ours. */
ms_err pubkey_new(struct ms_pubkey **out, EVP_PKEY *pkey, struct ms_why *why);
ms_err privkey_new(struct ms_privkey **out, EVP_PKEY *pkey, struct ms_why *why);

ms_err pubkey_from_rfc3110(struct ms_pubkey **out, struct ms_bytes blob, struct ms_why *why);
ms_err pubkey_from_spki(struct ms_pubkey **out, struct ms_bytes der, struct ms_why *why);
ms_err privkey_from_rsa(
	struct ms_privkey **out, const struct ms_rsa_parts *parts, struct ms_why *why);
ms_err privkey_from_file_octets(struct ms_privkey **out, struct ms_bytes octets,
	struct ms_bytes passphrase, struct ms_why *why);
ms_err sign_parts(const struct ms_privkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const struct ms_bytes *parts, unsigned n, uint8_t *out, size_t *len_r);
ms_err verify_parts(const struct ms_pubkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const struct ms_bytes *parts, unsigned n, struct ms_bytes signature);

/* spki.c: a SubjectPublicKeyInfo in the form that DER wants; NULL: another form, or no key. */
EVP_PKEY *spki_read(struct ms_bytes der);

/* `err` with OpenSSL's own reason in `why`; empties OpenSSL's error queue. */
ms_err openssl_fail(struct ms_why *why, ms_err err, const char *what);

#endif

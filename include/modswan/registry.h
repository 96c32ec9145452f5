/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithm registry: who offers what, and the IANA numbers' names.
 *
 * Providers of the role crypto are entered at start, on one thread; every algorithm runs its
 * known-answer test first, and one that fails is never found again by the functions below, only
 * listed with the reason.  After start the registry is read-only, so the find functions may be
 * called from any thread and need no lock.  Several providers of one algorithm: the one with the
 * higher preference is found.
 *
 * Standards: IANA "IKEv2 Parameters" (RFC 7296 s3.3.2, RFC 8247), RFC 7427 for hash numbers.
 */
#ifndef MODSWAN_REGISTRY_H
#define MODSWAN_REGISTRY_H

#include <modswan/crypto.h>
#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ms_alg_kind {
	MS_ALG_ENCR,
	MS_ALG_INTEG,
	MS_ALG_PRF,
	MS_ALG_HASH,
	MS_ALG_KE,
	MS_ALG_SIGN, /* one row for the whole of ms_sign_ops */
	MS_ALG_RANDOM,
	MS_ALG_KINDS
};

/* One row of a status listing; strings live as long as the provider stays. */
struct ms_alg_info {
	enum ms_alg_kind kind;
	uint16_t id;
	uint16_t key_bits; /* ENCR with several key sizes, else 0 */
	const char *name;
	const char *provider;
	bool offered;       /* passed its test */
	bool first;         /* the one that find returns */
	const char *reason; /* "" when offered, else why not */
};

/* Tests and enters everything that `ops` lists.  ops and provider (a name) must stay valid until
 * unregister.  A failing algorithm is not an error.  MS_ERR_BUG: ops is malformed;
 * MS_ERR_DUPLICATE: a provider of this name is there; MS_ERR_NOMEM. */
ms_err ms_crypto_register(const struct ms_crypto_ops *ops, const char *provider) MS_MUST_CHECK;
/* What a provider would offer whose plugin (a name) is not loaded: listed with that as the reason.  No
 * code of it runs. */
void ms_crypto_note_absent(const struct ms_crypto_ops *ops, const char *provider,
	const char *plugin);
/* Why nobody offers this, of the first that could; NULL: nobody could.  key_bits 0: any. */
const char *ms_crypto_why_not(enum ms_alg_kind kind, uint16_t id, uint16_t key_bits);
/* Forgets a provider; nothing of it may be in use. Unknown names are ignored. */
void ms_crypto_unregister(const char *provider);
/* The i-th row, by kind and then in order of choice; false: no more. */
bool ms_crypto_list(unsigned i, struct ms_alg_info *out);
const char *ms_alg_kind_name(enum ms_alg_kind kind);

/* NULL when nobody offers it.  key_bits: for ciphers of one key size 0 or that size. */
const struct ms_encr_alg *ms_encr_find(uint16_t id, uint16_t key_bits);
const struct ms_integ_alg *ms_integ_find(uint16_t id);
const struct ms_prf_alg *ms_prf_find(uint16_t id);
const struct ms_hash_alg *ms_hash_find(uint16_t id);
const struct ms_ke_alg *ms_ke_find(uint16_t id);
/* NULL when no provider has signatures. */
const struct ms_sign_ops *ms_sign(void);
/* Cryptographic random octets, from the best provider, else from the system. */
ms_err ms_random(void *out, size_t len) MS_MUST_CHECK;

/* What makes RSA keys is not of the registry, since no daemon asks for it; a program that does runs
 * this first: a known key completed, a wrong one refused, a small one made and completed again. */
ms_err ms_rsa_test(const struct ms_rsa_ops *ops, struct ms_why *why) MS_MUST_CHECK;

/* --- names of IANA numbers (type: enum ms_transform_type) ------------------------------------ */

const char *ms_transform_type_name(uint8_t type);         /* "ENCR"; NULL: unknown */
const char *ms_transform_name(uint8_t type, uint16_t id); /* "AES_GCM_16"; NULL: unknown */
const char *ms_hash_name(uint16_t id);                    /* "SHA2_256"; NULL: unknown */
/* "AES_GCM_16_128", "X25519"; "ENCR_99" for unknown numbers; like snprintf. */
size_t ms_transform_text(uint8_t type, uint16_t id, uint16_t key_bits, char *buf, size_t size);
/* Encryption that authenticates by itself (RFC 5282 s8). */
bool ms_encr_is_aead(uint16_t id);
/* Ciphers that carry the Key Length attribute (RFC 7296 s3.3.5). */
bool ms_encr_has_key_bits(uint16_t id);

#endif

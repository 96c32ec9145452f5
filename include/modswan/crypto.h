/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role crypto: algorithms as data with functions beside them.
 *
 * A provider lists constant descriptors; what the core must know (IANA number of the IKEv2
 * registry, octets of key, IV, ICV) is data.  Before an algorithm is offered its known-answer test
 * (lib/crypto) has run.  Functions of one context must not run in two threads at once; different
 * contexts may.  All of ms_ke_alg and ms_sign_ops may be called from worker jobs.
 */
#ifndef MODSWAN_CRYPTO_H
#define MODSWAN_CRYPTO_H

#include <modswan/error.h>
#include <modswan/mem.h>

#include <stdbool.h>
#include <stdint.h>

#define MS_MAX_KEY_OCTETS 64   /* cipher key with salt, integrity key */
#define MS_MAX_IV_OCTETS 16
#define MS_MAX_ICV_OCTETS 32
#define MS_MAX_PRF_OCTETS 64
#define MS_MAX_HASH_OCTETS 64
#define MS_MAX_KE_OCTETS 1024  /* MODP-8192 */
#define MS_MAX_SIGNATURE_OCTETS 2048

/* IANA "IKEv2 Parameters", transform type 1 */
enum ms_encr_id {
	MS_ENCR_3DES = 3,
	MS_ENCR_NULL = 11,
	MS_ENCR_AES_CBC = 12,
	MS_ENCR_AES_CTR = 13,
	MS_ENCR_AES_CCM_8 = 14,
	MS_ENCR_AES_CCM_12 = 15,
	MS_ENCR_AES_CCM_16 = 16,
	MS_ENCR_AES_GCM_8 = 18,
	MS_ENCR_AES_GCM_12 = 19,
	MS_ENCR_AES_GCM_16 = 20,
	MS_ENCR_CHACHA20_POLY1305 = 28,
};
/* transform type 2 */
enum ms_prf_id {
	MS_PRF_HMAC_MD5 = 1,
	MS_PRF_HMAC_SHA1 = 2,
	MS_PRF_AES128_XCBC = 4,
	MS_PRF_HMAC_SHA2_256 = 5,
	MS_PRF_HMAC_SHA2_384 = 6,
	MS_PRF_HMAC_SHA2_512 = 7,
};
/* transform type 3 */
enum ms_integ_id {
	MS_INTEG_NONE = 0,
	MS_INTEG_HMAC_MD5_96 = 1,
	MS_INTEG_HMAC_SHA1_96 = 2,
	MS_INTEG_AES_XCBC_96 = 5,
	MS_INTEG_AES_CMAC_96 = 8,
	MS_INTEG_HMAC_SHA2_256_128 = 12,
	MS_INTEG_HMAC_SHA2_384_192 = 13,
	MS_INTEG_HMAC_SHA2_512_256 = 14,
};
/* transform type 4 */
enum ms_ke_id {
	MS_KE_NONE = 0,
	MS_KE_MODP1024 = 2,
	MS_KE_MODP1536 = 5,
	MS_KE_MODP2048 = 14,
	MS_KE_MODP3072 = 15,
	MS_KE_MODP4096 = 16,
	MS_KE_MODP6144 = 17,
	MS_KE_MODP8192 = 18,
	MS_KE_ECP256 = 19,
	MS_KE_ECP384 = 20,
	MS_KE_ECP521 = 21,
	MS_KE_X25519 = 31,
	MS_KE_X448 = 32,
};
/* IANA "IKEv2 Hash Algorithms" (RFC 7427) */
enum ms_hash_id {
	MS_HASH_SHA1 = 1,
	MS_HASH_SHA2_256 = 2,
	MS_HASH_SHA2_384 = 3,
	MS_HASH_SHA2_512 = 4,
	MS_HASH_IDENTITY = 5,
};

/* --- encryption: ciphers and AEADs --------------------------------------------------------- */

/* One packet: in place.  Octet counts; data_len is a multiple of the block. */
struct ms_encr_job {
	const uint8_t *iv;  /* iv_octets */
	const uint8_t *aad; /* AEAD only */
	uint32_t aad_len;
	uint32_t data_len;
	uint8_t *data;
	uint8_t *icv; /* AEAD only: icv_octets, written by seal, read by open */
	bool ok;      /* out: false when open() found a wrong ICV or the provider failed */
};

struct ms_encr_alg {
	uint16_t id; /* enum ms_encr_id */
	const char *name; /* "AES_GCM_16", the registry's words */
	uint8_t key_octets;   /* without salt */
	uint8_t salt_octets;  /* RFC 4106 s8.1, RFC 7634 s2: follows the key in keying material */
	uint8_t iv_octets;    /* explicit, in the packet */
	uint8_t block_octets; /* padding granule of the cipher, 1 for counter modes */
	uint8_t icv_octets;   /* 0: not an AEAD */
	/* key holds key_octets + salt_octets. */
	ms_err (*ctx_new)(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key);
	void (*ctx_free)(void **ctx);
	/* n packets under one key; every job is tried, the result is in job->ok. */
	void (*seal)(void *ctx, struct ms_encr_job *jobs, unsigned n);
	void (*open)(void *ctx, struct ms_encr_job *jobs, unsigned n);
};

/* --- integrity ------------------------------------------------------------------------------ */

/* data_len and tail_len: together one octet or more; none may be refused. */
struct ms_integ_job {
	const uint8_t *data;
	uint32_t data_len;
	uint8_t *icv; /* out: icv_octets */
	bool ok;
	const uint8_t *tail; /* more data after `data` (ESN high half), or NULL */
	uint32_t tail_len;
};

struct ms_integ_alg {
	uint16_t id;
	const char *name; /* "HMAC_SHA2_256_128" */
	uint8_t key_octets;
	uint8_t icv_octets; /* truncated */
	ms_err (*ctx_new)(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key);
	void (*ctx_free)(void **ctx);
	void (*mac)(void *ctx, struct ms_integ_job *jobs, unsigned n);
};

/* --- PRF and hash --------------------------------------------------------------------------- */

struct ms_prf_alg {
	uint16_t id;
	const char *name; /* "HMAC_SHA2_256" */
	uint8_t key_octets; /* preferred key length, RFC 7296 s2.13 */
	uint8_t out_octets;
	/* out = prf(key, parts joined) */
	ms_err (*prf)(const struct ms_prf_alg *alg, struct ms_bytes key, const struct ms_bytes *parts,
		unsigned n, uint8_t *out);
};

struct ms_hash_alg {
	uint16_t id;
	const char *name; /* "SHA2_256" */
	uint8_t out_octets;
	ms_err (*hash)(const struct ms_hash_alg *alg, const struct ms_bytes *parts, unsigned n,
		uint8_t *out);
};

/* --- key exchange: DH and KEM in one shape ---------------------------------------------------- */

struct ms_ke_alg {
	uint16_t id;
	const char *name; /* "X25519", "MODP2048", "ECP256" */
	uint16_t init_octets;	/* initiator's KE data */
	uint16_t resp_octets;	/* responder's KE data */
	uint16_t shared_octets;
	/* Initiator, first: makes a private value and its public data (init_octets). */
	ms_err (*start)(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub);
	/* Initiator, when the answer is here.  MS_ERR_BAD_KE: the peer's value is not acceptable
	 * (RFC 6989, RFC 8031).  priv stays to be freed. */
	ms_err (*finish)(const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer,
		uint8_t *shared);
	/* Responder, in one step. */
	ms_err (*respond)(const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub,
		uint8_t *shared);
	void (*priv_free)(void **priv);
};

/* --- signatures ------------------------------------------------------------------------------- */

enum ms_key_type { MS_KEY_RSA = 1, MS_KEY_ECDSA, MS_KEY_ED25519, MS_KEY_ED448 };

enum ms_sign_scheme {
	MS_SIGN_RSA_PKCS1, /* with hash */
	MS_SIGN_RSA_PSS,   /* with hash; salt as long as the hash, MGF1 with the same hash */
	MS_SIGN_ECDSA,	   /* with hash; signature is the ASN.1 SEQUENCE of RFC 7427 */
	MS_SIGN_ECDSA_RAW, /* with hash; r and s joined, RFC 4754 */
	MS_SIGN_EDDSA,	   /* no hash (identity) */
};

/* Opaque keys of a provider; refcounted by the owner below. */
struct ms_pubkey;
struct ms_privkey;

/* ipsec.secrets "RSA { ... }" in network order. */
struct ms_rsa_parts {
	struct ms_bytes modulus, public_exponent, private_exponent;
	struct ms_bytes prime1, prime2, exponent1, exponent2, coefficient;
};

struct ms_sign_ops {
	/* RFC 3110 s2: exponent length, exponent, modulus (leftrsasigkey=0s...). */
	ms_err (*pubkey_from_rfc3110)(struct ms_pubkey **out, struct ms_bytes blob,
		struct ms_why *why);
	/* X.509 SubjectPublicKeyInfo, DER. */
	ms_err (*pubkey_from_spki)(struct ms_pubkey **out, struct ms_bytes der,
		struct ms_why *why);
	ms_err (*privkey_from_rsa)(struct ms_privkey **out, const struct ms_rsa_parts *parts,
		struct ms_why *why);
	/* PKCS#1, SEC1 or PKCS#8, DER or PEM, or PKCS#12; passphrase may be empty. */
	ms_err (*privkey_from_file_octets)(struct ms_privkey **out, struct ms_bytes octets,
		struct ms_bytes passphrase, struct ms_why *why);
	ms_err (*pubkey_of)(struct ms_pubkey **out, const struct ms_privkey *priv);
	enum ms_key_type (*pubkey_type)(const struct ms_pubkey *key);
	unsigned (*pubkey_bits)(const struct ms_pubkey *key);
	/* SPKI DER; like snprintf without NUL: returns the octets needed. */
	size_t (*pubkey_to_spki)(const struct ms_pubkey *key, uint8_t *buf, size_t size);
	bool (*pubkey_eq)(const struct ms_pubkey *a, const struct ms_pubkey *b);
	struct ms_pubkey *(*pubkey_ref)(struct ms_pubkey *key); /* atomic: jobs hold keys too */
	void (*pubkey_free)(struct ms_pubkey **key);
	struct ms_privkey *(*privkey_ref)(struct ms_privkey *key);
	void (*privkey_free)(struct ms_privkey **key);
	/* *len_r: in room, out used.  hash: enum ms_hash_id, 0 for EdDSA.  MS_ERR_UNSUPPORTED: not with
	 * this key, which may be restricted to one hash (RFC 4055). */
	ms_err (*sign)(const struct ms_privkey *key, enum ms_sign_scheme scheme, uint16_t hash,
		const struct ms_bytes *parts, unsigned n, uint8_t *out, size_t *len_r);
	/* MS_ERR_AUTH: the signature is wrong. */
	ms_err (*verify)(const struct ms_pubkey *key, enum ms_sign_scheme scheme, uint16_t hash,
		const struct ms_bytes *parts, unsigned n, struct ms_bytes signature);
};

/* --- RSA keys ------------------------------------------------------------------------------------ */

/* RFC 8017 s3.2, in the order of ipsec.secrets; prime1 is the larger prime. */
enum ms_rsa_number {
	MS_RSA_MODULUS,
	MS_RSA_PUBLIC_EXPONENT,
	MS_RSA_PRIVATE_EXPONENT,
	MS_RSA_PRIME1,
	MS_RSA_PRIME2,
	MS_RSA_EXPONENT1,   /* private exponent mod prime1 - 1 */
	MS_RSA_EXPONENT2,   /* private exponent mod prime2 - 1 */
	MS_RSA_COEFFICIENT, /* inverse of prime2 mod prime1 */
	MS_RSA_NUMBERS
};

/* Octets in network order without leading zeros, each number's own; empty: not known. */
struct ms_rsa_key {
	struct ms_secret number[MS_RSA_NUMBERS];
};
/* Wipes and empties it. */
void ms_rsa_key_free(struct ms_rsa_key *key);

struct ms_rsa_wish {
	uint32_t size; /* of this struct */
	uint32_t bits; /* of the modulus, even */
	uint64_t public_exponent; /* odd, at least 3 */
	/* Of Miller-Rabin with random bases for each number that is taken for a prime (FIPS 186-5
	 * B.3.1), or tests that let no more composites through. */
	uint32_t rounds;
	/* The private exponent is the inverse modulo (p-1)(q-1), not modulo their least common
	 * multiple (RFC 8017 s3.2 allows both). */
	bool plain_d;
	/* Where the primes come from: fills all of out, or says why not, which ends the work with
	 * that error. */
	ms_err (*random)(void *arg, void *out, size_t len, struct ms_why *why);
	/* A prime was found, after so many numbers; may be NULL. */
	void (*progress)(void *arg, unsigned bits, unsigned looked_at);
	void *arg;
};

/*
 * Both take from seconds to minutes, belong on no loop, and are called by one thread at a time.
 * What they hand over is the caller's, to be freed; on an error it is as it was before the call.
 * A provider wipes whatever else it held.
 */
struct ms_rsa_ops {
	/* *out: empty before.  What leaves it holds: n has exactly the bits of the wish and both
	 * primes have half of them, |p - q| > 2^(bits/2 - 100) where the primes have more than 200
	 * bits, e is coprime to p - 1 and q - 1, d > 2^(bits/2) (FIPS 186-5 A.1.1; it has e from 65537
	 * up, the family's is 3), and a value raised to e comes back by the Chinese remainder.
	 * MS_ERR_RANGE: bits or exponent that the provider does not do; MS_ERR_CRYPTO: no usable
	 * primes come from that source; what wish->random returned. */
	ms_err (*make)(const struct ms_rsa_wish *wish, struct ms_rsa_key *out, struct ms_why *why);
	/* From modulus, public exponent and two primes in any order, which are tested (rounds,
	 * plain_d are the wish's; the rest of it is not used), all the other numbers.  Where all of
	 * them are given and prime1 is the larger, they must fit.  MS_ERR_BAD_KEY: they do not. */
	ms_err (*complete)(const struct ms_rsa_wish *wish, struct ms_rsa_key *key,
		struct ms_why *why);
};

/* --- the role --------------------------------------------------------------------------------- */

struct ms_crypto_ops {
	uint32_t size;
	int preference; /* higher is asked first for the same algorithm */
	const struct ms_encr_alg *const *encr;	 /* NULL-terminated lists; a list may be NULL */
	const struct ms_integ_alg *const *integ;
	const struct ms_prf_alg *const *prf;
	const struct ms_hash_alg *const *hash;
	const struct ms_ke_alg *const *ke;
	const struct ms_sign_ops *sign; /* NULL: none */
	ms_err (*random)(void *out, size_t len); /* cryptographic; NULL: none */
	const struct ms_rsa_ops *rsa; /* NULL: none; asked by programs that make keys, not by daemons */
};

#endif

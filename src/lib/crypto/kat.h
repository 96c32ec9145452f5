/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known-answer tests.  kat_data.c holds the vectors as rows, kat.c runs them; every function
 * returns MS_OK or says in `why` what differs.  An algorithm without a row does not pass: nothing
 * is offered untested.
 */
#ifndef LIB_CRYPTO_KAT_H
#define LIB_CRYPTO_KAT_H

#include <modswan/crypto.h>

/* All strings are hexadecimal, NULL like "". */
struct kat_encr {
	uint16_t id, key_bits;
	const char *key; /* with the salt */
	const char *iv, *aad, *plain, *cipher;
	const char *icv; /* the longest; a shorter ICV is its beginning */
};
struct kat_mac { /* integrity and PRF; out may be longer than the ICV */
	uint16_t id;
	const char *key, *data, *out;
};
struct kat_hash {
	uint16_t id;
	const char *data, *out;
};
/*
 * Key exchange has no fixed answer behind an interface that draws its own private value, but one
 * identity holds for every group: against the generator as peer, the shared secret is our own
 * public value (for ECP its x).  That proves group and arithmetic with one call.  Without a
 * generator only the refusals are tried: the long MODP groups cost tens of milliseconds.
 */
struct kat_ke {
	uint16_t id;
	const char *generator; /* NULL: refusals only; "02" is padded on the left for MODP */
	const char *refused[3];
};
struct kat_sign {
	const char *name;
	uint8_t scheme;
	uint16_t hash;
	const char *spki, *data, *signature;
};

extern const struct kat_encr kat_encr_rows[];
extern const struct kat_mac kat_integ_rows[];
extern const struct kat_mac kat_prf_rows[];
extern const struct kat_hash kat_hash_rows[];
extern const struct kat_ke kat_ke_rows[];
extern const struct kat_sign kat_sign_rows[];
extern const unsigned kat_encr_count, kat_integ_count, kat_prf_count, kat_hash_count, kat_ke_count,
	kat_sign_count;

struct kat_suite {
	ms_err (*encr)(const struct ms_encr_alg *alg, struct ms_why *why);
	ms_err (*integ)(const struct ms_integ_alg *alg, struct ms_why *why);
	ms_err (*prf)(const struct ms_prf_alg *alg, struct ms_why *why);
	ms_err (*hash)(const struct ms_hash_alg *alg, struct ms_why *why);
	ms_err (*ke)(const struct ms_ke_alg *alg, struct ms_why *why);
	ms_err (*sign)(const struct ms_sign_ops *ops, struct ms_why *why);
	ms_err (*random)(ms_err (*random)(void *out, size_t len), struct ms_why *why);
};

extern const struct kat_suite kat_suite;

/* Hexadecimal to octets; the number of octets, at most `size`. */
size_t kat_hex(const char *hex, uint8_t *out, size_t size);

#endif

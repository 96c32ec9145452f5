/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of ike= and esp=: the family's spellings, libreswan's, strongSwan's and the IANA names.
 * Case and underscores do not count: aes_gcm_c_128, AES_GCM_16_128, aes128gcm16 are one thing.
 */
#ifndef LIB_CRYPTO_WORDS_H
#define LIB_CRYPTO_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum word_kind {
	WORD_ENCR,
	WORD_INTEG,
	WORD_PRF,
	WORD_HASH, /* integrity and PRF by one word: sha2_256 */
	WORD_KE,
	WORD_ESN,
	WORD_NULL, /* "null", "none": its place tells what is left out */
};

struct word {
	enum word_kind kind;
	uint16_t id;       /* HASH: of the integrity */
	uint16_t prf;      /* HASH */
	uint16_t key_bits; /* ENCR: 0 when none is written */
};

#define WORD_MAX 40

/* False: not a word. */
bool word_find(const char *text, size_t len, struct word *out);
/* The known word that looks most like it; false: nothing is near. */
bool word_nearest(const char *text, size_t len, char *out, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* RSA host keys: the numbers, and the family's text form of them. */
#ifndef MODSWAN_TOOLS_RSAKEY_H
#define MODSWAN_TOOLS_RSAKEY_H

#include "tools/hostkey.h"

#include <gmp.h>

#define RSA_MAX_BITS     20000u
#define RSA_MIN_BITS     32u
#define RSA_LOADED_BITS  1024u /* pluto refuses shorter ones */
#define RSA_DEFAULT_BITS 2192u

/* RFC 8017 s3.2: the eight numbers.  p is the larger prime. */
struct rsa_key {
	mpz_t n, e, d, p, q, dp, dq, qinv;
};

struct rsa_wish {
	unsigned bits;        /* a multiple of 16 */
	unsigned long e;      /* public exponent, odd, at least 3 */
	int rounds;           /* of the primality test */
	bool plain_d;         /* d mod (p-1)(q-1), not mod their least common multiple */
	const char *random;   /* device */
	const char *hostname; /* for the comment */
	bool verbose;         /* progress on stderr */
};

/* Call once before any other: numbers are wiped when their memory goes back. */
void rsa_memory_setup(void);
void rsa_key_init(struct rsa_key *key);
void rsa_key_clear(struct rsa_key *key);

/* MS_ERR_RANGE, MS_ERR_SYSTEM (the device), MS_ERR_CRYPTO (a check failed). */
ms_err rsa_key_make(struct rsa_key *key, const struct rsa_wish *wish, struct ms_why *why);
/* Makes the other numbers from n, e, p and q, which are checked.  MS_ERR_BAD_KEY. */
ms_err rsa_key_complete(struct rsa_key *key, bool plain_d, int rounds, struct ms_why *why);
/* Every relation between the eight, and one value there and back. */
ms_err rsa_key_check(const struct rsa_key *key, struct ms_why *why);

/* The lines of `ipsec rsasigkey`, appended. */
void rsa_key_text(struct text *out, const struct rsa_key *key, const char *hostname);
/* From lines of that form; what is missing beyond n, e, p and q is made, what is there must fit. */
ms_err rsa_key_parse(struct rsa_key *key, char *text, bool plain_d, int rounds, struct ms_why *why);

#endif

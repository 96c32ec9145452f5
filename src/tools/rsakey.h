/* SPDX-License-Identifier: Apache-2.0 */
/* RSA host keys: made by a plugin of the role crypto, and the family's text form of them. */
#ifndef MODSWAN_TOOLS_RSAKEY_H
#define MODSWAN_TOOLS_RSAKEY_H

#include "tools/hostkey.h"

#include <modswan/crypto.h>

#define RSA_MAX_BITS     20000u
#define RSA_LOADED_BITS  1024u /* pluto refuses shorter ones */
#define RSA_DEFAULT_BITS 2192u

struct rsa_order {
	uint32_t bits;        /* a multiple of 16 */
	uint64_t e;           /* public exponent, odd, at least 3 */
	uint64_t rounds;      /* of the primality test */
	bool plain_d;         /* d mod (p-1)(q-1), not mod their least common multiple */
	const char *random;   /* device */
	const char *hostname; /* for the comment */
	const char *plugin;   /* that makes keys; NULL: what modswan.conf says, else the best */
	bool verbose;         /* progress on stderr */
};
/* --e and --hostname; false: a complaint was printed. */
bool rsa_take_exponent(const struct tool *t, struct rsa_order *o, const char *value);
bool rsa_take_hostname(const struct tool *t, struct rsa_order *o, const char *value);
#define RSA_ORDER { .e = 3, .rounds = 30, .random = "/dev/random" }

/* *key: empty before, to be freed after success.  MS_ERR_RANGE; MS_ERR_SYSTEM: the device;
 * MS_ERR_PLUGIN: nobody makes keys; MS_ERR_CRYPTO: the plugin or the device is no good. */
ms_err rsa_key_make(struct ms_rsa_key *key, const struct tool *t, const struct rsa_order *order,
	struct ms_why *why) MS_MUST_CHECK;
/* Makes the other numbers from modulus, public exponent and primes, which are checked.
 * MS_ERR_BAD_KEY, MS_ERR_PLUGIN, MS_ERR_CRYPTO. */
ms_err rsa_key_complete(struct ms_rsa_key *key, const struct tool *t,
	const struct rsa_order *order, struct ms_why *why) MS_MUST_CHECK;
unsigned rsa_key_bits(const struct ms_rsa_key *key);

/* The lines of `ipsec rsasigkey`, appended. */
void rsa_key_text(struct text *out, const struct ms_rsa_key *key, const char *hostname);
/* From lines of that form, of which modulus, public exponent and primes must be there; nothing is
 * calculated.  MS_ERR_BAD_KEY; what was read is in *key all the same. */
ms_err rsa_key_parse(struct ms_rsa_key *key, char *text, struct ms_why *why) MS_MUST_CHECK;

#endif

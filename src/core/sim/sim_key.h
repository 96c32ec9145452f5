/* SPDX-License-Identifier: Apache-2.0 */
/* Fresh key pairs for tests, in the form that configuration has. */
#ifndef MODSWAN_CORE_SIM_KEY_H
#define MODSWAN_CORE_SIM_KEY_H

#include <modswan/crypto.h>

struct sim_key {
	struct ms_privkey *priv;
	char spki[1200]; /* 0s base64 */
};

/* "rsa", "P-256", "P-384", "P-521", "ed25519", "ed448"; "pss-sha384": RSA that signs with this hash only.
 * Fails the test when that cannot be made. */
struct sim_key sim_key_new(const char *kind);
void sim_key_free(struct sim_key *k);

#endif

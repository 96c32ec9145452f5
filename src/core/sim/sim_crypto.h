/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Algorithms for worlds: real ciphers and hashes, key exchange that costs nothing.
 *
 * The groups keep their numbers and the lengths of their values, but the arithmetic is that of the
 * prime 2^61 - 1: quick, right, and good for tests only.  All randomness comes from the world's
 * seed, so that a run is the same octet for octet each time.
 */
#ifndef MODSWAN_CORE_SIM_CRYPTO_H
#define MODSWAN_CORE_SIM_CRYPTO_H

#include <modswan/crypto.h>

ms_err sim_crypto_load(void) MS_MUST_CHECK;
void sim_crypto_unload(void);
/* Before each world. */
void sim_crypto_seed(uint64_t seed);

#endif

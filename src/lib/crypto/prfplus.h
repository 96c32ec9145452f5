/* SPDX-License-Identifier: Apache-2.0 */
/* Key stretching of IKEv2.  Standards: RFC 7296 s2.13. */
#ifndef LIB_CRYPTO_PRFPLUS_H
#define LIB_CRYPTO_PRFPLUS_H

#include <modswan/crypto.h>

/* out = the first len octets of prf+(key, seed parts joined).  At most 8 parts.  MS_ERR_LIMIT: more
 * than 255 rounds would be needed.  On error `out` is wiped. */
ms_err ms_prf_plus(const struct ms_prf_alg *prf, struct ms_bytes key, const struct ms_bytes *seed,
	unsigned n, uint8_t *out, size_t len) MS_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/prfplus.h"

#include <string.h>

#define MAX_SEED_PARTS 8

ms_err ms_prf_plus(const struct ms_prf_alg *prf, struct ms_bytes key, const struct ms_bytes *seed,
	unsigned n, uint8_t *out, size_t len)
{
	struct ms_bytes parts[MAX_SEED_PARTS + 2];
	uint8_t t[MS_MAX_PRF_OCTETS] = { 0 }, round = 0;
	size_t done = 0, step = prf->out_octets;
	ms_err err = MS_OK;

	if (n > MAX_SEED_PARTS || step == 0 || step > sizeof t)
		return MS_ERR_BUG;
	/* RFC 7296 s2.13: not defined beyond 255 times the size of the prf's output */
	if (len > 255 * step)
		return MS_ERR_LIMIT;
	/* T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n) */
	memcpy(parts + 1, seed, n * sizeof *seed);
	parts[0] = ms_bytes(t, step);
	parts[n + 1] = ms_bytes(&round, 1);
	while (done < len && err == MS_OK) {
		size_t take = len - done < step ? len - done : step;
		unsigned skip = round == 0;

		round++;
		err = prf->prf(prf, key, parts + skip, n + 2 - skip, t);
		if (err == MS_OK)
			memcpy(out + done, t, take);
		done += take;
	}
	ms_wipe(t, sizeof t);
	if (err != MS_OK)
		ms_wipe(out, len);
	return err;
}

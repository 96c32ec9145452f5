/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/replay.h"

#include <string.h>

enum { BITS = 64 };

/* One word more than the window needs, because the newest word is filled only in part. */
static uint32_t words_for(uint32_t window)
{
	uint32_t need = (window + BITS - 1) / BITS + 1, words = 1;

	while (words < need)
		words *= 2;
	return words;
}

uint32_t replay_octets(uint32_t window)
{
	return (uint32_t)(sizeof(struct replay) + words_for(window) * sizeof(uint64_t));
}

void replay_init(struct replay *r, uint32_t window)
{
	r->top = r->jump = 0;
	r->window = window;
	r->words = words_for(window);
	memset(r->bits, 0, r->words * sizeof r->bits[0]);
}

/* RFC 4303 appendix A2.2: the number nearest to the window that has these low bits. */
uint64_t replay_infer(const struct replay *r, uint32_t low, bool esn)
{
	uint32_t top_low = (uint32_t)r->top, high = (uint32_t)(r->top >> 32);
	/* without a window packets may come in any order: the nearest number of all */
	uint32_t window = r->window == 0 ? UINT32_C(1) << 31 : r->window;

	if (!esn)
		return low;
	if (top_low >= window - 1) { /* the window lies in one 2^32 subspace */
		if (low < top_low - (window - 1))
			high++;
	} else if (low >= top_low - (window - 1) && high > 0) {
		high--;
	}
	return (uint64_t)high << 32 | low;
}

static bool seen(const struct replay *r, uint64_t seq)
{
	return (r->bits[seq / BITS & (r->words - 1)] >> seq % BITS & 1) != 0;
}

bool replay_check(const struct replay *r, uint64_t seq)
{
	if (r->window == 0)
		return true;
	if (seq == 0)
		return false;
	if (seq > r->top)
		return true;
	if (r->top - seq >= r->window)
		return false;
	return !seen(r, seq);
}

bool replay_accept(struct replay *r, uint64_t seq)
{
	if (!replay_check(r, seq))
		return false;
	if (r->window == 0) {
		if (seq > r->top)
			r->top = seq;
		return true;
	}
	if (seq > r->top) {
		uint64_t word = r->top / BITS, last = seq / BITS, by = r->top == 0 ? 0 : seq - r->top;

		if (last - word >= r->words)
			memset(r->bits, 0, r->words * sizeof r->bits[0]);
		else
			while (word != last)
				r->bits[++word & (r->words - 1)] = 0;
		r->top = seq;
		r->jump = by > r->jump ? by : r->jump;
	}
	r->bits[seq / BITS & (r->words - 1)] |= UINT64_C(1) << seq % BITS;
	return true;
}

uint64_t replay_newest(const struct replay *r)
{
	uint64_t out = 0, n;

	/* what the window does not hold may be of older numbers */
	for (n = 0; n < BITS && n < r->window && n < r->top; n++)
		out |= (uint64_t)seen(r, r->top - n) << n;
	return out;
}

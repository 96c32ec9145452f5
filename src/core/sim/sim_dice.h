/* SPDX-License-Identifier: Apache-2.0 */
/* A small generator of numbers (splitmix64): one stream per purpose, so that a draw more here does
 * not change what happens there. */
#ifndef MODSWAN_CORE_SIM_DICE_H
#define MODSWAN_CORE_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* 0 ... n - 1 */
static inline uint64_t dice_below(struct dice *d, uint64_t n)
{
	return n ? dice_next(d) % n : 0;
}

static inline uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high)
{
	return low + dice_below(d, high - low + 1);
}

static inline bool dice_percent(struct dice *d, unsigned percent)
{
	return dice_below(d, 100) < percent;
}

#endif

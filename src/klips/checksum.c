/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/checksum.h"

#include <arpa/inet.h>

/* Two words of 64 bits at a time: their halves are added up apart, so no carry is ever lost. */
typedef uint64_t pair __attribute__((vector_size(16)));

enum { STEP = 4 * sizeof(pair) };

struct sums {
	pair low, high;
};

static inline void add_pair(struct sums *s, pair x)
{
	const pair mask = { 0xffffffff, 0xffffffff };

	s->low += x & mask;
	s->high += x >> 32;
}

static inline uint64_t total(const struct sums *s)
{
	return s->low[0] + s->low[1] + s->high[0] + s->high[1];
}

/* Fewer than STEP octets. */
static uint64_t sum_rest(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint32_t word;
	uint16_t half = 0;

	for (; len >= sizeof word; len -= sizeof word, p += sizeof word) {
		memcpy(&word, p, sizeof word);
		sum += word;
	}
	if (len >= sizeof half) {
		memcpy(&half, p, sizeof half);
		sum += half;
		p += sizeof half;
		len -= sizeof half;
		half = 0;
	}
	if (len > 0) {
		memcpy(&half, p, 1);
		sum += half;
	}
	return sum;
}

uint64_t sum_octets(const void *from, size_t len)
{
	struct sums a = { { 0 }, { 0 } }, b = a;
	const uint8_t *p = from;
	pair x[4];

	for (; len >= STEP; len -= STEP, p += STEP) {
		memcpy(x, p, STEP);
		add_pair(&a, x[0]);
		add_pair(&b, x[1]);
		add_pair(&a, x[2]);
		add_pair(&b, x[3]);
	}
	return total(&a) + total(&b) + sum_rest(p, len);
}

uint64_t sum_copy(void *to, const void *from, size_t len)
{
	struct sums a = { { 0 }, { 0 } }, b = a;
	const uint8_t *p = from;
	uint8_t *q = to;
	pair x[4];

	for (; len >= STEP; len -= STEP, p += STEP, q += STEP) {
		memcpy(x, p, STEP);
		memcpy(q, x, STEP);
		add_pair(&a, x[0]);
		add_pair(&b, x[1]);
		add_pair(&a, x[2]);
		add_pair(&b, x[3]);
	}
	memcpy(q, p, len);
	return total(&a) + total(&b) + sum_rest(p, len);
}

/* RFC 793 s3.1, RFC 8200 s8.1: the two differ only in the addresses' length. */
uint64_t sum_pseudo(const uint8_t *ip, uint8_t protocol)
{
	uint64_t sum = htons(protocol);

	return sum + (ip[0] >> 4 == 4 ? sum_octets(ip + 12, 8) : sum_octets(ip + 8, 32));
}

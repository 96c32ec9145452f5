/* SPDX-License-Identifier: Apache-2.0 */
/* What eroutes are looked up by: a flow, and a mask over it; hashed word by word. */
#ifndef KLIPS_EROUTE_KEY_H
#define KLIPS_EROUTE_KEY_H

#include <modswan/addr.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Octets in network order, ports in host order; padding is zero. */
struct flow {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint8_t proto, family, pad[2];
};

enum { FLOW_WORDS = sizeof(struct flow) / sizeof(uint64_t) };

/* How many leading bits count.  Protocol: 0 or 8. */
struct flow_mask {
	uint8_t family, src, dst, proto, sport, dport;
};

union flow_words {
	struct flow flow;
	uint64_t w[FLOW_WORDS];
};

/* A process-wide secret, so that nobody chooses flows that meet in one bucket. */
extern uint64_t flow_hash_key[2];

static inline uint64_t flow_mix(uint64_t h, uint64_t w)
{
	unsigned __int128 m = (unsigned __int128)(h ^ w) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t flow_hash(const union flow_words *f)
{
	uint64_t h = flow_hash_key[0];
	unsigned i;

	for (i = 0; i < FLOW_WORDS; i++)
		h = flow_mix(h, f->w[i]);
	return flow_mix(h, flow_hash_key[1]);
}

static inline bool flow_eq(const union flow_words *a, const union flow_words *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static inline struct ms_addr flow_addr(const struct flow *f, const uint8_t *b)
{
	struct ms_addr a = { .family = f->family };

	memcpy(a.b, b, f->family == AF_INET6 ? 16 : 4);
	return a;
}

void flow_mask_words(const struct flow_mask *m, union flow_words *out);
bool flow_mask_eq(const struct flow_mask *a, const struct flow_mask *b);
/* Every flow of `inner` is one of `outer`; both keys are masked already. */
bool flow_covers(const struct flow *outer, const struct flow_mask *outer_mask,
	const struct flow *inner, const struct flow_mask *inner_mask);

#endif

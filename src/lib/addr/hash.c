/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/hash.h"

#include <endian.h>
#include <string.h>

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void rounds(uint64_t v[4], unsigned count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static uint64_t whole_word(const uint8_t *b)
{
	uint64_t w;

	memcpy(&w, b, sizeof w);
	return le64toh(w);
}

/* Fewer than eight octets, the first one lowest. */
static uint64_t part_of_word(const uint8_t *b, size_t len)
{
	uint64_t w = 0;
	size_t i;

	for (i = 0; i < len; i++)
		w |= (uint64_t)b[i] << (8 * i);
	return w;
}

static void absorb(uint64_t v[4], uint64_t w)
{
	v[3] ^= w;
	rounds(v, 2);
	v[0] ^= w;
}

uint64_t ms_siphash(const uint64_t key[2], const void *data, size_t len)
{
	const uint8_t *b = data;
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575u,
		key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u,
		key[1] ^ 0x7465646279746573u,
	};
	size_t i;

	for (i = 0; i + 8 <= len; i += 8)
		absorb(v, whole_word(b + i));
	absorb(v, (len > i ? part_of_word(b + i, len - i) : 0) | (uint64_t)len << 56);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The family goes in, too: 0.0.0.0 and the start of :: are not the same. */
static size_t pack_addr(uint8_t *to, const struct ms_addr *a)
{
	size_t n = ms_addr_octets(a);

	to[0] = a->family;
	memcpy(to + 1, a->b, n);
	return n + 1;
}

uint64_t ms_addr_hash(const struct ms_addr *a, const uint64_t key[2])
{
	uint8_t packed[17];

	return ms_siphash(key, packed, pack_addr(packed, a));
}

uint64_t ms_endpoint_hash(const struct ms_endpoint *e, const uint64_t key[2])
{
	uint8_t packed[2 + 17];

	memcpy(packed, &e->port, 2);
	return ms_siphash(key, packed, 2 + pack_addr(packed + 2, &e->addr));
}

uint64_t ms_said_hash(const struct ms_said *s, const uint64_t key[2])
{
	uint8_t packed[5 + 17];
	size_t n = 5;

	memcpy(packed, &s->spi, 4);
	packed[4] = s->protocol;
	if (s->protocol != MS_PROTO_INT || !ms_addr_is_any(&s->dst))
		n += pack_addr(packed + 5, &s->dst);
	return ms_siphash(key, packed, n);
}

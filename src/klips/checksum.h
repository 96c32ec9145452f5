/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Internet checksum, fast: sums of 16-bit words in the machine's own order (RFC 1071 s2(B)),
 * so that what is folded can be stored as it is.
 *
 * Partial sums of data that begins at even offsets may simply be added.
 */
#ifndef KLIPS_CHECKSUM_H
#define KLIPS_CHECKSUM_H

#include <stdint.h>
#include <stddef.h>
#include <string.h>

/* Sum of len octets; an odd last one counts as if a zero followed. */
uint64_t sum_octets(const void *p, size_t len);
/* The same, and copies them. */
uint64_t sum_copy(void *to, const void *from, size_t len);

static inline uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Of the pseudo header without the length: addresses and protocol; the packet is whole. */
uint64_t sum_pseudo(const uint8_t *ip, uint8_t protocol);

#endif

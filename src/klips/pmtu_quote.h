/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ICMP message about a packet that was too big quotes of it.
 *
 * Standards: RFC 792, RFC 1191 (with the plateaus of s7.1 for routers that tell no MTU), RFC 4443.
 */
#ifndef KLIPS_PMTU_QUOTE_H
#define KLIPS_PMTU_QUOTE_H

#include <modswan/addr.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmtu_quote {
	struct ms_addr src, dst;
	uint32_t total; /* length that the packet's own header told */
	uint8_t protocol; /* ESP, AH */
	uint16_t sport, dport; /* 0: not in UDP */
	uint32_t spi, seq;
	bool has_seq;
};

/* False: another message, a wrong checksum, an MTU that no link may have, or no ESP and AH. */
bool pmtu_quote4(const uint8_t *packet, size_t len, struct pmtu_quote *out, uint32_t *mtu_r);
bool pmtu_quote6(const uint8_t *icmp, size_t len, struct pmtu_quote *out, uint32_t *mtu_r);

#endif

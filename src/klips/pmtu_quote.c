/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pmtu_quote.h"

#include "klips/ip.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum { ICMP_HEADER = 8, UDP_HEADER = 8, FRAGMENT_HEADER = 8, MIN_MTU4 = 68, MIN_MTU6 = 1280 };

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* RFC 1191 s7.1, for a router that says 0: the next one below the packet's length. */
static uint32_t plateau(uint32_t total)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296 };
	unsigned i;

	for (i = 0; i < sizeof plateaus / sizeof plateaus[0]; i++)
		if (plateaus[i] < total)
			return plateaus[i];
	return MIN_MTU4;
}

static bool read_spi(const uint8_t *p, size_t len, uint8_t protocol, struct pmtu_quote *out)
{
	size_t at = protocol == IPPROTO_AH ? 4 : 0;

	if (len < at + 4)
		return false;
	out->protocol = protocol;
	out->spi = be32(p + at);
	out->has_seq = len >= at + 8;
	out->seq = out->has_seq ? be32(p + at + 4) : 0;
	return true;
}

/* What stands behind the quoted IP header. */
static bool read_upper(const uint8_t *p, size_t len, uint8_t protocol, struct pmtu_quote *out)
{
	if (protocol == IPPROTO_ESP || protocol == IPPROTO_AH)
		return read_spi(p, len, protocol, out);
	/* RFC 3948 s2.2: four zero octets would be IKE */
	if (protocol != IPPROTO_UDP || len < UDP_HEADER + 4 || be32(p + UDP_HEADER) == 0)
		return false;
	out->sport = be16(p);
	out->dport = be16(p + 2);
	return read_spi(p + UDP_HEADER, len - UDP_HEADER, IPPROTO_ESP, out);
}

static bool read_quote4(const uint8_t *p, size_t len, struct pmtu_quote *out)
{
	size_t header = len < sizeof(struct iphdr) ? 0 : (p[0] & 15u) * 4;

	if (header < sizeof(struct iphdr) || p[0] >> 4 != 4 || header > len
		|| (be16(p + 6) & IP_OFFMASK) != 0)
		return false;
	out->src = ip_src(p);
	out->dst = ip_dst(p);
	out->total = be16(p + 2);
	return read_upper(p + header, len - header, p[9], out);
}

bool pmtu_quote4(const uint8_t *packet, size_t len, struct pmtu_quote *out, uint32_t *mtu_r)
{
	const uint8_t *icmp;
	struct ip_view v;

	memset(out, 0, sizeof *out);
	if (!ip_parse(packet, len, &v) || v.version != 4 || v.next != IPPROTO_ICMP
		|| v.total < v.header + ICMP_HEADER + 0u)
		return false;
	icmp = packet + v.header;
	len = v.total - v.header;
	if (icmp[0] != ICMP_UNREACH || icmp[1] != ICMP_UNREACH_NEEDFRAG
		|| ip_checksum(icmp, len, 0) != 0
		|| !read_quote4(icmp + ICMP_HEADER, len - ICMP_HEADER, out))
		return false;
	*mtu_r = be16(icmp + 6);
	if (*mtu_r == 0)
		*mtu_r = plateau(out->total);
	return *mtu_r >= MIN_MTU4;
}

/* Our own packets have no other extension header than that of a fragment. */
static bool read_quote6(const uint8_t *p, size_t len, struct pmtu_quote *out)
{
	size_t at = sizeof(struct ip6_hdr);
	uint8_t next;

	if (len < at || p[0] >> 4 != 6)
		return false;
	out->src = ip_src(p);
	out->dst = ip_dst(p);
	out->total = (uint32_t)at + be16(p + 4);
	next = p[6];
	if (next == IPPROTO_FRAGMENT) {
		if (len < at + FRAGMENT_HEADER || (be16(p + at + 2) & 0xfff8) != 0)
			return false;
		next = p[at];
		at += FRAGMENT_HEADER;
	}
	return read_upper(p + at, len - at, next, out);
}

/* The system has checked the checksum.  RFC 8201 s4: less than 1280 is never believed. */
bool pmtu_quote6(const uint8_t *icmp, size_t len, struct pmtu_quote *out, uint32_t *mtu_r)
{
	memset(out, 0, sizeof *out);
	if (len < ICMP_HEADER || icmp[0] != ICMP6_PACKET_TOO_BIG)
		return false;
	*mtu_r = be32(icmp + 4);
	return *mtu_r >= MIN_MTU6
		&& read_quote6(icmp + ICMP_HEADER, len - ICMP_HEADER, out);
}

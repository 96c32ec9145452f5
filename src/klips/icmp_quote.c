/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/icmp_quote.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum { ICMP_HEADER = 8, PORTS = 4 };

static bool is_error(const uint8_t *icmp, const struct ip_view *v)
{
	if (v->version == 6)
		return v->upper == IPPROTO_ICMPV6 && (icmp[0] & ICMP6_INFOMSG_MASK) == 0;
	return v->upper == IPPROTO_ICMP
		&& (icmp[0] == ICMP_UNREACH || icmp[0] == ICMP_TIMXCEED || icmp[0] == ICMP_PARAMPROB);
}

/* The header tells a longer packet than there is: the view gets the length that was quoted. */
static bool parse_quote(uint8_t *copy, size_t len, struct ip_view *out)
{
	if (len < sizeof(struct iphdr))
		return false;
	if (copy[0] >> 4 == 4) {
		copy[2] = (uint8_t)(len >> 8);
		copy[3] = (uint8_t)len;
	} else if (len >= sizeof(struct ip6_hdr)) {
		copy[4] = (uint8_t)((len - sizeof(struct ip6_hdr)) >> 8);
		copy[5] = (uint8_t)(len - sizeof(struct ip6_hdr));
	}
	return ip_parse(copy, len, out);
}

bool icmp_quoted_flow(const uint8_t *packet, const struct ip_view *v, struct flow *out)
{
	const uint8_t *icmp = packet + v->upper_at;
	uint8_t copy[128];
	struct ip_view quoted;
	struct flow f;
	size_t len;

	if (v->fragment || v->total < v->upper_at + ICMP_HEADER + PORTS + 0u || !is_error(icmp, v))
		return false;
	len = v->total - v->upper_at - ICMP_HEADER;
	if (len > sizeof copy)
		len = sizeof copy;
	memcpy(copy, icmp + ICMP_HEADER, len);
	if (!parse_quote(copy, len, &quoted) || quoted.version != v->version)
		return false;
	ip_flow(copy, &quoted, &f);
	*out = f;
	memcpy(out->src, f.dst, sizeof out->src);
	memcpy(out->dst, f.src, sizeof out->dst);
	out->sport = f.dport;
	out->dport = f.sport;
	return memcmp(f.src, packet + (v->version == 4 ? 16 : 24), v->version == 4 ? 4 : 16) == 0;
}

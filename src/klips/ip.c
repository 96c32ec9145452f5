/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/ip.h"

#include "klips/checksum.h"

#include <arpa/inet.h>

enum { MAX_EXTENSIONS = 8 };

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool parse4(const uint8_t *p, size_t len, struct ip_view *out)
{
	uint16_t frag;

	if (len < sizeof(struct iphdr))
		return false;
	out->header = (uint16_t)((p[0] & 15) * 4);
	out->total = be16(p + 2);
	if (out->header < sizeof(struct iphdr) || out->total < out->header || out->total > len)
		return false;
	frag = be16(p + 6);
	out->tos = p[1];
	out->ttl = p[8];
	out->next = out->upper = p[9];
	out->upper_at = out->header;
	out->df = (frag & IP_DF) != 0;
	out->later_fragment = (frag & IP_OFFMASK) != 0;
	out->fragment = (frag & (IP_OFFMASK | IP_MF)) != 0;
	out->id = be16(p + 4);
	return true;
}

/* RFC 8200 s4.1; stops before what it does not know or cannot see whole. */
static void walk_extensions(const uint8_t *p, struct ip_view *out)
{
	unsigned i, at = sizeof(struct ip6_hdr), step;

	for (i = 0; i < MAX_EXTENSIONS && at + 8 <= out->total; i++, at += step) {
		switch (out->upper) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			step = (p[at + 1] + 1u) * 8;
			break;
		case IPPROTO_FRAGMENT:
			step = 8;
			out->fragment = true;
			out->later_fragment = (be16(p + at + 2) & 0xfff8) != 0;
			out->id = (uint32_t)be16(p + at + 4) << 16 | be16(p + at + 6);
			break;
		default:
			return;
		}
		if (at + step > out->total)
			return;
		out->upper = p[at];
		out->upper_at = (uint16_t)(at + step);
		if (out->later_fragment)
			return;
	}
}

static bool parse6(const uint8_t *p, size_t len, struct ip_view *out)
{
	if (len < sizeof(struct ip6_hdr))
		return false;
	out->header = sizeof(struct ip6_hdr);
	out->total = out->header + be16(p + 4);
	if (out->total > len)
		return false;
	out->tos = (uint8_t)(p[0] << 4 | p[1] >> 4);
	out->ttl = p[7];
	out->next = out->upper = p[6];
	out->upper_at = out->header;
	out->df = true;
	walk_extensions(p, out);
	return true;
}

bool ip_parse(const uint8_t *p, size_t len, struct ip_view *out)
{
	memset(out, 0, sizeof *out);
	if (len == 0)
		return false;
	out->version = p[0] >> 4;
	if (out->version == 4)
		return parse4(p, len, out);
	return out->version == 6 && parse6(p, len, out);
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP
		|| protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

void ip_flow(const uint8_t *p, const struct ip_view *v, struct flow *out)
{
	memset(out, 0, sizeof *out);
	out->proto = v->upper;
	if (v->version == 4) {
		out->family = AF_INET;
		memcpy(out->src, p + 12, 4);
		memcpy(out->dst, p + 16, 4);
	} else {
		out->family = AF_INET6;
		memcpy(out->src, p + 8, 16);
		memcpy(out->dst, p + 24, 16);
	}
	if (!v->later_fragment && has_ports(v->upper) && v->upper_at + 4u <= v->total) {
		out->sport = be16(p + v->upper_at);
		out->dport = be16(p + v->upper_at + 2);
	}
}

bool ip_protocol_unknown(const struct ip_view *v)
{
	return v->later_fragment && v->version == 6
		&& (v->upper == IPPROTO_HOPOPTS || v->upper == IPPROTO_ROUTING
			|| v->upper == IPPROTO_DSTOPTS);
}

bool ip_ports_unknown(const struct ip_view *v)
{
	return v->later_fragment && (has_ports(v->upper) || ip_protocol_unknown(v));
}

struct ms_addr ip_src(const uint8_t *p)
{
	struct ms_addr a = { .family = p[0] >> 4 == 4 ? AF_INET : AF_INET6 };

	memcpy(a.b, p[0] >> 4 == 4 ? p + 12 : p + 8, p[0] >> 4 == 4 ? 4 : 16);
	return a;
}

struct ms_addr ip_dst(const uint8_t *p)
{
	struct ms_addr a = { .family = p[0] >> 4 == 4 ? AF_INET : AF_INET6 };

	memcpy(a.b, p[0] >> 4 == 4 ? p + 16 : p + 24, p[0] >> 4 == 4 ? 4 : 16);
	return a;
}

/* --- writing ------------------------------------------------------------------------------- */

uint16_t ip_checksum(const void *p, size_t len, uint32_t start)
{
	return (uint16_t)~ntohs(sum_fold(sum_octets(p, len) + htons(sum_fold(start))));
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void ip4_checksum(uint8_t *p, unsigned header)
{
	uint16_t sum;

	memset(p + 10, 0, 2);
	sum = (uint16_t)~sum_fold(sum_octets(p, header));
	memcpy(p + 10, &sum, 2);
}

unsigned ip_header_octets(const struct ms_addr *a)
{
	return a->family == AF_INET6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
}

void ip_write(uint8_t *p, const struct ms_addr *src, const struct ms_addr *dst, uint8_t protocol,
	uint8_t tos, uint8_t ttl, uint32_t total)
{
	unsigned header = ip_header_octets(src);

	memset(p, 0, header);
	if (src->family == AF_INET6) {
		p[0] = (uint8_t)(6 << 4 | tos >> 4);
		p[1] = (uint8_t)(tos << 4);
		put16(p + 4, total - header);
		p[6] = protocol;
		p[7] = ttl;
		memcpy(p + 8, src->b, 16);
		memcpy(p + 24, dst->b, 16);
		return;
	}
	p[0] = 4 << 4 | 5;
	p[1] = tos;
	put16(p + 2, total);
	p[8] = ttl;
	p[9] = protocol;
	memcpy(p + 12, src->b, 4);
	memcpy(p + 16, dst->b, 4);
	ip4_checksum(p, header);
}

/* RFC 1624: the sum grows by what the word grew. */
void ip_set_df(uint8_t *p)
{
	uint32_t sum = (uint32_t)(uint16_t)~be16(p + 10) + IP_DF;

	p[6] |= IP_DF >> 8;
	put16(p + 10, ~((sum & 0xffff) + (sum >> 16)));
}

void ip_rewrite(uint8_t *p, const struct ip_view *v, uint8_t protocol, uint32_t total)
{
	if (v->version == 6) {
		put16(p + 4, total - v->header);
		p[6] = protocol;
		return;
	}
	put16(p + 2, total);
	p[9] = protocol;
	ip4_checksum(p, v->header);
}

/* --- traffic class -------------------------------------------------------------------------- */

enum { ECN_MASK = 3, ECN_NOT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3 };

uint8_t ip_tos_encapsulate(uint8_t inner, bool hide)
{
	return hide ? inner & ECN_MASK : inner;
}

/* Rows: inner ECN; columns: outer ECN.  RFC 6040 figure 4; -1: drop. */
static const int8_t ecn_out[4][4] = {
	[ECN_NOT] = { ECN_NOT, ECN_NOT, ECN_NOT, -1 },
	[ECN_ECT0] = { ECN_ECT0, ECN_ECT1, ECN_ECT0, ECN_CE },
	[ECN_ECT1] = { ECN_ECT1, ECN_ECT1, ECN_ECT1, ECN_CE },
	[ECN_CE] = { ECN_CE, ECN_CE, ECN_CE, ECN_CE },
};

bool ip_tos_decapsulate(uint8_t *p, const struct ip_view *v, uint8_t outer_tos, bool dscp)
{
	int ecn = ecn_out[v->tos & ECN_MASK][outer_tos & ECN_MASK];
	uint8_t tos;

	if (ecn < 0)
		return false;
	tos = (uint8_t)(((dscp ? outer_tos : v->tos) & ~ECN_MASK) | ecn);
	if (tos == v->tos)
		return true;
	if (v->version == 6) {
		p[0] = (uint8_t)((p[0] & 0xf0) | tos >> 4);
		p[1] = (uint8_t)((p[1] & 0x0f) | tos << 4);
	} else {
		p[1] = tos;
		ip4_checksum(p, v->header);
	}
	return true;
}

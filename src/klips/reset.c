/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/reset.h"

#include <netinet/tcp.h>
#include <string.h>

enum { RESET_TTL = 64, TCP_OCTETS = sizeof(struct tcphdr) };

static uint32_t pseudo_sum(const uint8_t *ip, bool six)
{
	uint32_t sum = TCP_OCTETS + IPPROTO_TCP;
	unsigned at = six ? 8 : 12, end = six ? 40 : 20;

	for (; at < end; at += 2)
		sum += (uint32_t)(ip[at] << 8 | ip[at + 1]);
	return sum;
}

size_t reset_make(uint8_t out[RESET_MAX_OCTETS], const uint8_t *packet, const struct ip_view *v)
{
	struct ms_addr src = ip_src(packet), dst = ip_dst(packet);
	unsigned header = ip_header_octets(&src);
	struct tcphdr in, r;
	uint32_t len;

	if (v->upper != IPPROTO_TCP || v->fragment || v->total < v->upper_at + (uint32_t)TCP_OCTETS)
		return 0;
	memcpy(&in, packet + v->upper_at, sizeof in);
	if (in.rst || in.doff < 5 || v->total < v->upper_at + in.doff * 4u)
		return 0;
	len = v->total - v->upper_at - in.doff * 4u + in.syn + in.fin;
	memset(&r, 0, sizeof r);
	r.source = in.dest;
	r.dest = in.source;
	r.doff = 5;
	r.rst = 1;
	if (in.ack) {
		r.seq = in.ack_seq;
	} else {
		r.ack = 1;
		r.ack_seq = htonl(ntohl(in.seq) + len);
	}
	ip_write(out, &dst, &src, IPPROTO_TCP, 0, RESET_TTL, header + TCP_OCTETS);
	memcpy(out + header, &r, sizeof r);
	r.check = htons(ip_checksum(out + header, TCP_OCTETS, pseudo_sum(out, v->version == 6)));
	memcpy(out + header, &r, sizeof r);
	return header + TCP_OCTETS;
}

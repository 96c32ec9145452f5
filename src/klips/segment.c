/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation of super-packets, as a network device would do it.
 *
 * Each segment gets the headers of the whole with its own length, identification, sequence number
 * and checksum.  CWR stays with the first, FIN and PSH go with the last.
 *
 * Standards: RFC 9293 (TCP), RFC 3168 s6.1.2 (CWR), RFC 6864 (identification); virtio 1.2 s5.1.6
 * for what the header before the packet says.
 */
#include "klips/segment.h"

#include "klips/checksum.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

/* Since Linux 6.2. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { TCP_CSUM_AT = 16, UDP_CSUM_AT = 6, TCP_CWR = 0x80 };

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

bool offload_read(struct pkt *p, const struct virtio_net_hdr *h)
{
	uint8_t type = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	bool partial = (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;

	p->todo = (struct offload){ 0 };
	if (partial) {
		if ((uint32_t)h->csum_start + h->csum_offset + 2 > p->len || h->csum_offset % 2 != 0)
			return false;
		p->todo.partial = true;
		p->todo.csum_start = h->csum_start;
		p->todo.csum_offset = h->csum_offset;
	}
	if (type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	if (!partial || h->gso_size == 0)
		return false;
	p->todo.size = h->gso_size;
	if (type == VIRTIO_NET_HDR_GSO_TCPV4 || type == VIRTIO_NET_HDR_GSO_TCPV6)
		p->todo.protocol = IPPROTO_TCP;
	else if (type == VIRTIO_NET_HDR_GSO_UDP_L4)
		p->todo.protocol = IPPROTO_UDP;
	return p->todo.protocol != 0;
}

/* The field holds the pseudo header's sum already. */
void checksum_complete(struct pkt *p)
{
	uint8_t *at = p->data + p->todo.csum_start;
	uint16_t sum;

	if (!p->todo.partial)
		return;
	p->todo.partial = false;
	sum = (uint16_t)~sum_fold(sum_octets(at, p->len - p->todo.csum_start));
	/* 0 means "none" in UDP (RFC 768) and is as good as its complement elsewhere */
	if (sum == 0 && p->todo.csum_offset == UDP_CSUM_AT)
		sum = 0xffff;
	memcpy(at + p->todo.csum_offset, &sum, sizeof sum);
}

/* --- super-packets -------------------------------------------------------------------------- */

bool segment_begin(struct segmenter *s, const struct pkt *p, const struct ip_view *v)
{
	const uint8_t *upper = p->data + v->upper_at;
	uint32_t least = v->upper_at;

	memset(s, 0, sizeof *s);
	s->tcp = p->todo.protocol == IPPROTO_TCP;
	least += s->tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	if (v->upper != p->todo.protocol || v->fragment || v->total < least
		|| p->todo.csum_start != v->upper_at
		|| p->todo.csum_offset != (s->tcp ? TCP_CSUM_AT : UDP_CSUM_AT))
		return false;
	s->header = v->upper_at + (s->tcp ? (upper[12] >> 4) * 4u : (uint32_t)sizeof(struct udphdr));
	if (s->header < least || s->header >= v->total)
		return false;
	s->packet = p->data;
	s->total = v->total;
	s->upper_at = v->upper_at;
	s->size = p->todo.size;
	s->pseudo = sum_pseudo(p->data, p->todo.protocol);
	if (s->tcp) {
		memcpy(&s->seq, upper + 4, 4);
		s->seq = ntohl(s->seq);
	}
	s->id = (uint16_t)(p->data[4] << 8 | p->data[5]); /* IPv4 */
	return true;
}

void segment_limit(struct segmenter *s, uint32_t limit)
{
	if (s->tcp && limit > s->header && s->size > limit - s->header)
		s->size = limit - s->header;
}

unsigned segment_count(const struct segmenter *s)
{
	return (s->total - s->header - s->at + s->size - 1) / s->size;
}

uint32_t segment_longest(const struct segmenter *s)
{
	uint32_t payload = s->total - s->header;

	return s->header + (payload < s->size ? payload : s->size);
}

static void finish_ip(struct segmenter *s, uint8_t *ip, uint32_t len)
{
	if (ip[0] >> 4 == 6) {
		put16(ip + 4, len - sizeof(struct ip6_hdr));
		return;
	}
	put16(ip + 2, len);
	put16(ip + 4, s->id++);
	ip4_checksum(ip, (ip[0] & 15u) * 4);
}

bool segment_next(struct segmenter *s, struct pkt *out)
{
	uint32_t left = s->total - s->header - s->at, n = left < s->size ? left : s->size, be;
	uint8_t *upper = out->data + s->upper_at, *field;
	uint64_t sum;
	uint16_t csum;

	if (left == 0)
		return false;
	memcpy(out->data, s->packet, s->header);
	sum = s->pseudo + sum_copy(out->data + s->header, s->packet + s->header + s->at, n);
	out->len = s->header + n;
	finish_ip(s, out->data, out->len);
	field = upper + (s->tcp ? TCP_CSUM_AT : UDP_CSUM_AT);
	memset(field, 0, 2);
	if (s->tcp) {
		be = htonl(s->seq + s->at);
		memcpy(upper + 4, &be, 4);
		if (s->at > 0)
			upper[13] &= (uint8_t)~TCP_CWR;
		if (n < left)
			upper[13] &= (uint8_t)~(TH_FIN | TH_PUSH);
	} else {
		put16(upper + 4, out->len - s->upper_at);
	}
	sum += htons((uint16_t)(out->len - s->upper_at));
	csum = (uint16_t)~sum_fold(sum + sum_octets(upper, s->header - s->upper_at));
	if (csum == 0 && !s->tcp)
		csum = 0xffff;
	memcpy(field, &csum, 2);
	s->at += n;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standards: RFC 9293 (TCP), RFC 3168 (CWR ends a bundle), RFC 6864 (identification), RFC 768;
 * virtio 1.2 s5.1.6 for the header that the host reads.
 */
#include "klips/coalesce.h"

#include "klips/checksum.h"
#include "klips/ip.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

/* Since Linux 6.2. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
	LOOK_BACK = 8, /* bundles; more flows than that in turn are not joined */
	TCP_CSUM_AT = 16,
	UDP_CSUM_AT = 6,
	TCP_ECE = 0x40,
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* --- one packet ------------------------------------------------------------------------------ */

static bool plain_tcp(struct bundle *b, const uint8_t *tcp, uint32_t len)
{
	uint32_t doff = (tcp[12] >> 4) * 4u;

	if (len < sizeof(struct tcphdr) || doff < sizeof(struct tcphdr) || doff >= len
		|| (tcp[13] & ~(TH_PUSH | TH_FIN | TCP_ECE)) != TH_ACK)
		return false;
	b->tcp = true;
	b->header = b->upper_at + doff;
	b->flags = tcp[13] & (TH_PUSH | TH_FIN);
	memcpy(&b->seq, tcp + 4, 4);
	b->seq = ntohl(b->seq) + len - doff;
	b->open = b->flags == 0;
	return true;
}

static bool plain_udp(struct bundle *b, const uint8_t *udp, uint32_t len)
{
	if (len <= sizeof(struct udphdr) || be16(udp + 4) != len || be16(udp + UDP_CSUM_AT) == 0)
		return false;
	b->header = b->upper_at + (uint32_t)sizeof(struct udphdr);
	b->open = true;
	return true;
}

/* A bundle of this packet alone; open when others may join. */
static void bundle_of(struct bundle *b, struct pkt *p, const struct tun_offloads *can)
{
	struct ip_view v;
	const uint8_t *upper;
	bool ok = false;

	memset(b, 0, sizeof *b);
	b->first = b->last = p;
	b->n = 1;
	b->total = p->len;
	p->more = NULL;
	/* options and extension headers are rare: such packets go alone */
	if (!ip_parse(p->data, p->len, &v) || v.total != p->len || v.fragment
		|| v.upper_at != (v.version == 4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr)))
		return;
	b->upper_at = (uint8_t)v.upper_at;
	b->id = v.version == 4 ? be16(p->data + 4) : 0;
	upper = p->data + v.upper_at;
	if (v.upper == IPPROTO_TCP && can->vnet)
		ok = plain_tcp(b, upper, p->len - v.upper_at);
	else if (v.upper == IPPROTO_UDP && can->uso)
		ok = plain_udp(b, upper, p->len - v.upper_at);
	if (ok)
		b->size = p->len - b->header;
	else
		b->header = 0;
}

static bool checksum_right(const struct bundle *b)
{
	const uint8_t *ip = b->first->data;
	uint32_t len = b->first->len - b->upper_at;
	uint64_t sum = sum_pseudo(ip, b->tcp ? IPPROTO_TCP : IPPROTO_UDP) + htons((uint16_t)len);

	return sum_fold(sum + sum_octets(ip + b->upper_at, len)) == 0xffff;
}

/* --- two ------------------------------------------------------------------------------------- */

/* Addresses and ports. */
static bool same_flow(const struct bundle *a, const struct bundle *b)
{
	const uint8_t *x = a->first->data, *y = b->first->data;
	unsigned at = a->upper_at == sizeof(struct iphdr) ? 12 : 8;

	return a->upper_at == b->upper_at && a->tcp == b->tcp && b->header != 0 && a->header != 0
		&& memcmp(x + at, y + at, a->upper_at - at + 4u) == 0;
}

/* Everything that one header must say for both; the flow is the same. */
static bool same_header(const struct bundle *a, const struct bundle *b)
{
	const uint8_t *x = a->first->data, *y = b->first->data;
	unsigned u = a->upper_at;

	if (a->header != b->header)
		return false;
	if (u == sizeof(struct iphdr)) {
		bool df = (x[6] & 0x40) != 0;

		/* service, flags, time to live; numbered one after the other, or alike where the
		 * number has no meaning */
		if (x[1] != y[1] || memcmp(x + 6, y + 6, 3) != 0
			|| (b->id != (uint16_t)(a->id + 1) && !(df && b->id == a->id)))
			return false;
	} else if (memcmp(x, y, 4) != 0 || x[7] != y[7]) {
		return false;
	}
	if (!a->tcp)
		return true;
	/* acknowledgement, offset; flags but the last one's; window; urgent pointer, options */
	return memcmp(x + u + 8, y + u + 8, 5) == 0
		&& ((x[u + 13] ^ y[u + 13]) & ~(TH_PUSH | TH_FIN)) == 0
		&& memcmp(x + u + 14, y + u + 14, 2) == 0
		&& memcmp(x + u + 18, y + u + 18, a->header - u - 18) == 0;
}

static bool follows(struct bundle *a, struct bundle *b)
{
	uint32_t seq;

	if (!a->open || b->size > a->size || a->n >= BUNDLE_PARTS
		|| a->total + b->size > PKT_MAX || !same_header(a, b))
		return false;
	memcpy(&seq, b->first->data + b->upper_at + 4, 4);
	if (a->tcp && ntohl(seq) != a->seq)
		return false;
	if (!a->checked && !checksum_right(a)) {
		a->open = false;
		return false;
	}
	a->checked = true;
	return checksum_right(b);
}

static void join(struct bundle *a, struct bundle *b)
{
	a->last->more = b->first;
	a->last = b->first;
	a->n++;
	a->total += b->size;
	a->seq += b->size;
	a->id = b->id;
	a->flags |= b->flags;
	a->open = b->open && b->size == a->size;
}

unsigned coalesce(struct pkt **pkts, unsigned n, const struct tun_offloads *can,
	struct bundle *out)
{
	unsigned made = 0, i, back;

	for (i = 0; i < n; i++) {
		struct bundle *b = &out[made];

		if (pkts[i]->dead)
			continue;
		bundle_of(b, pkts[i], can);
		/* the newest of the flow only, so that no packet overtakes another */
		for (back = 1; b->header != 0 && back <= LOOK_BACK && back <= made; back++) {
			if (!same_flow(&out[made - back], b))
				continue;
			if (follows(&out[made - back], b)) {
				join(&out[made - back], b);
				b->first = NULL;
			}
			break;
		}
		made += b->first != NULL;
	}
	return made;
}

/* --- the whole ------------------------------------------------------------------------------ */

static void write_headers(const struct bundle *b, struct virtio_net_hdr *h)
{
	uint8_t *ip = b->first->data, *upper = ip + b->upper_at;
	uint16_t sum;

	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->hdr_len = (uint16_t)b->header;
	h->gso_size = (uint16_t)b->size;
	h->csum_start = b->upper_at;
	if (ip[0] >> 4 == 4) {
		put16(ip + 2, b->total);
		ip4_checksum(ip, b->upper_at);
	} else {
		put16(ip + 4, b->total - b->upper_at);
	}
	if (b->tcp) {
		h->csum_offset = TCP_CSUM_AT;
		h->gso_type = ip[0] >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
		upper[13] |= b->flags;
	} else {
		h->csum_offset = UDP_CSUM_AT;
		h->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		put16(upper + 4, b->total - b->upper_at);
	}
	sum = sum_fold(sum_pseudo(ip, b->tcp ? IPPROTO_TCP : IPPROTO_UDP)
		+ htons((uint16_t)(b->total - b->upper_at)));
	memcpy(upper + h->csum_offset, &sum, sizeof sum);
}

unsigned bundle_finish(struct bundle *b, struct virtio_net_hdr *h, struct iovec *iov)
{
	unsigned n = 0;
	struct pkt *p;

	memset(h, 0, sizeof *h);
	iov[n++] = (struct iovec){ b->first->data, b->first->len };
	if (b->n == 1)
		return n;
	write_headers(b, h);
	for (p = b->first->more; p != NULL; p = p->more)
		iov[n++] = (struct iovec){ p->data + b->header, p->len - b->header };
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting super-packets and joining segments, against a plain way to do the same; and that the one
 * undoes the other.
 */
#include "klips/checksum.h"
#include "klips/io.h"
#include "klips/rig.h"
#include "klips/segment.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128, SUPER_MAX = 65535 };

static struct rig rig;
static const struct tun_offloads all = { true, true };

/* --- the plain way ------------------------------------------------------------------------------ */

static uint16_t plain_checksum(const uint8_t *p, unsigned len, uint32_t sum)
{
	unsigned i;

	for (i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

struct shape {
	bool v6, udp, extended; /* IP options, extension header */
	unsigned options;	/* TCP, octets */
	uint8_t flags;
	uint32_t seq;
	uint16_t id, size;
	uint32_t payload;
};

static unsigned upper_at(const struct shape *s)
{
	return (s->v6 ? 40u : 20u) + (s->extended ? 8 : 0);
}

static unsigned upper_header(const struct shape *s)
{
	return s->udp ? 8 : 20 + s->options;
}

static uint32_t plain_pseudo(const struct shape *s, const uint8_t *ip, unsigned len)
{
	return plain_checksum(s->v6 ? ip + 8 : ip + 12, s->v6 ? 32 : 8, len + (s->udp ? 17 : 6));
}

/* A packet with octets [from, from + len) of the content; whole: all of it, its checksum only begun. */
static uint32_t plain_packet(const struct shape *s, uint8_t *p, uint32_t from, uint32_t len, bool whole)
{
	unsigned u = upper_at(s), h = u + upper_header(s), total = h + len, i;
	uint8_t flags = s->flags, *field;

	memset(p, 0, h);
	if (s->v6) {
		put32(p, 0x6b800123);
		put16(p + 4, total - 40);
		p[6] = s->udp ? 17 : 6;
		p[7] = 61;
		memset(p + 8, 0xfd, 32);
		p[39] = 9;
		if (s->extended) { /* destination options: padding */
			p[40] = p[6];
			p[6] = 60;
			p[42] = 1;
			p[43] = 4;
		}
	} else {
		p[0] = s->extended ? 0x47 : 0x45;
		p[1] = 0xb8;
		put16(p + 2, total);
		put16(p + 4, s->id + (s->size == 0 ? 0 : from / s->size));
		p[6] = 0x40;
		p[8] = 61;
		p[9] = s->udp ? 17 : 6;
		put32(p + 12, 0x0a010001);
		put32(p + 16, 0x0a020001);
		memset(p + 20, 1, s->extended ? 8 : 0);
		put16(p + 10, 0xffff & ~plain_checksum(p, u - (s->v6 ? u : 0), 0));
	}
	for (i = 0; i < len; i++)
		p[h + i] = (uint8_t)((from + i) * 7 + (from + i) / 251);
	put16(p + u, 4000);
	put16(p + u + 2, 5000);
	if (s->udp) {
		put16(p + u + 4, 8 + len);
		field = p + u + 6;
	} else {
		if (!whole && from > 0)
			flags &= (uint8_t)~CWR;
		if (!whole && from + len < s->payload)
			flags &= (uint8_t)~(FIN | PSH);
		put32(p + u + 4, s->seq + from);
		put32(p + u + 8, 0x01020304);
		p[u + 12] = (uint8_t)((20 + s->options) / 4 << 4);
		p[u + 13] = flags;
		put16(p + u + 14, 501);
		memset(p + u + 20, 1, s->options);
		field = p + u + 16;
	}
	if (whole)
		put16(field, plain_checksum(NULL, 0, plain_pseudo(s, p, total - u)));
	else
		put16(field, 0xffff & ~plain_checksum(p + u, total - u, plain_pseudo(s, p, total - u)));
	if (s->udp && field[0] == 0 && field[1] == 0)
		put16(field, 0xffff);
	return total;
}

static struct virtio_net_hdr plain_header(const struct shape *s)
{
	return (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = (uint8_t)(s->udp ? 5 : (s->v6 ? VIRTIO_NET_HDR_GSO_TCPV6
							  : VIRTIO_NET_HDR_GSO_TCPV4)
					       | (s->flags & CWR ? VIRTIO_NET_HDR_GSO_ECN : 0)),
		.hdr_len = (uint16_t)(upper_at(s) + upper_header(s)), .gso_size = s->size,
		.csum_start = (uint16_t)upper_at(s), .csum_offset = s->udp ? 6 : 16 };
}

/* --- there and back ------------------------------------------------------------------------------ */

static uint8_t whole[SUPER_MAX], expected[SUPER_MAX], again[SUPER_MAX];

static void join_again(const struct shape *s, struct pkt **segments, unsigned n, uint32_t total)
{
	struct virtio_net_hdr h, want = plain_header(s);
	struct iovec iov[BUNDLE_PARTS];
	struct bundle bundles[PKT_BATCH];
	uint32_t at = 0;
	unsigned v, i;

	assert_int_equal(coalesce(segments, n, &all, bundles), 1);
	v = bundle_finish(&bundles[0], &h, iov);
	assert_int_equal(v, n);
	for (i = 0; i < v; i++) {
		memcpy(again + at, iov[i].iov_base, iov[i].iov_len);
		at += (uint32_t)iov[i].iov_len;
	}
	assert_int_equal(at, total);
	assert_memory_equal(again, whole, total);
	assert_memory_equal(&h, &want, sizeof h);
}

static void cut_and_join(const struct shape *s)
{
	uint32_t total = plain_packet(s, whole, 0, s->payload, true), at = 0;
	struct pkt *super = &rig.w->super, *segments[PKT_BATCH];
	struct virtio_net_hdr h = plain_header(s);
	struct segmenter cut;
	struct ip_view v;
	unsigned n = 0, count;

	pkt_fresh(super, total);
	memcpy(super->data, whole, total);
	assert_true(offload_read(super, &h));
	assert_true(ip_parse(super->data, total, &v));
	assert_true(segment_begin(&cut, super, &v));
	count = segment_count(&cut);
	for (;; n++) {
		uint32_t len = s->payload - at < s->size ? s->payload - at : s->size, octets;
		struct pkt *p = &rig.w->pkts[n];

		assert_true(n < PKT_BATCH);
		pkt_fresh(p, 0);
		if (!segment_next(&cut, p))
			break;
		octets = plain_packet(s, expected, at, len, false);
		assert_int_equal(p->len, octets);
		assert_memory_equal(p->data, expected, octets);
		segments[n] = p;
		at += len;
	}
	assert_int_equal(at, s->payload);
	assert_int_equal(n, count);
	if (n > 1 && n <= BUNDLE_PARTS && !s->extended && (s->flags & CWR) == 0)
		join_again(s, segments, n, total);
}

static void test_identity(void **state)
{
	static const uint16_t sizes[] = { 1, 7, 536, 1001, 1400, 1448 };
	static const uint8_t flags[] = { ACK, ACK | PSH, ACK | FIN | PSH, ACK | ECE, ACK | CWR | PSH };
	unsigned i, z, f, seed = 1;

	(void)state;
	for (i = 0; i < 16; i++) {
		for (z = 0; z < sizeof sizes / sizeof sizes[0]; z++) {
			for (f = 0; f < sizeof flags; f++) {
				struct shape s = { .v6 = (i & 1) != 0, .udp = (i & 2) != 0,
					.extended = (i & 4) != 0, .options = (i & 8) != 0 ? 12 : 0,
					.flags = flags[f], .seq = 0xffffff00, .id = 0xfff0,
					.size = sizes[z] };
				unsigned n = 1 + (seed = seed * 1103515245 + 12345) / 65536 % 44;

				s.flags = s.udp ? 0 : s.flags;
				s.payload = n * s.size;
				cut_and_join(&s);
				s.payload += s.size / 2;
				cut_and_join(&s);
			}
		}
	}
}

/* --- what must not join --------------------------------------------------------------------------- */

static const struct shape tcp4 = { .flags = ACK, .seq = 100, .size = 500, .payload = 2000 };

/* Two segments in a row; `change` spoils one octet of the second and makes its checksums right. */
static unsigned joined(const struct shape *s, unsigned at, uint8_t bits)
{
	struct bundle bundles[PKT_BATCH];
	struct pkt *p[2];
	unsigned i;

	for (i = 0; i < 2; i++) {
		p[i] = &rig.w->pkts[i];
		pkt_fresh(p[i], 0);
		p[i]->len = plain_packet(s, p[i]->data, i * s->size, s->size, false);
	}
	if (bits != 0) {
		uint8_t *d = p[1]->data, *field = d + upper_at(s) + (s->udp ? 6 : 16);
		uint16_t sum;

		d[at] ^= bits;
		put16(field, 0);
		sum = sum_fold(sum_pseudo(d, s->udp ? 17 : 6) + htons((uint16_t)(p[1]->len - upper_at(s)))
			+ sum_octets(d + upper_at(s), p[1]->len - upper_at(s)));
		sum = (uint16_t)~sum;
		memcpy(field, &sum, 2);
		if (!s->v6)
			ip4_checksum(d, 20);
	}
	return 3 - coalesce(p, 2, &all, bundles);
}

static void test_strangers(void **state)
{
	struct shape udp4 = tcp4, tcp6 = tcp4, s = tcp4;
	static const struct { unsigned at; uint8_t bits; } tcp[] = { { 1, 4 }, { 6, 0x40 }, { 8, 1 },
		{ 4, 1 }, { 15, 1 }, { 19, 1 }, { 21, 1 }, { 23, 1 }, { 27, 1 }, { 31, 1 },
		{ 33, SYN }, { 33, URG }, { 33, CWR }, { 33, ECE }, { 33, ACK }, { 33, 4 }, { 34, 1 },
		{ 39, 1 }, { 50, 1 } };
	static const unsigned udp[] = { 1, 4, 8, 15, 19, 21, 23 }, six[] = { 1, 3, 7, 20, 39, 41 };
	unsigned i;

	(void)state;
	s.options = 12;
	for (i = 0; i < sizeof tcp / sizeof tcp[0]; i++) {
		assert_int_equal(joined(&s, tcp[i].at, tcp[i].bits), 1);
		assert_int_equal(joined(&s, tcp[i].at, 0), 2);
	}
	assert_int_equal(joined(&s, 33, PSH), 2);
	assert_int_equal(joined(&s, 33, FIN), 2);
	assert_int_equal(joined(&s, 70, 1), 2); /* content */
	udp4.udp = true;
	for (i = 0; i < sizeof udp / sizeof udp[0]; i++)
		assert_int_equal(joined(&udp4, udp[i], 1), 1);
	assert_int_equal(joined(&udp4, 100, 1), 2);
	tcp6.v6 = true;
	for (i = 0; i < sizeof six / sizeof six[0]; i++)
		assert_int_equal(joined(&tcp6, six[i], 1), 1);
	assert_int_equal(joined(&tcp6, 100, 1), 2);
}

static void test_bad_checksum(void **state)
{
	struct bundle bundles[PKT_BATCH];
	struct pkt *p[4];
	unsigned bad, i;

	(void)state;
	for (bad = 0; bad < 4; bad++) {
		for (i = 0; i < 4; i++) {
			p[i] = &rig.w->pkts[i];
			pkt_fresh(p[i], 0);
			p[i]->len = plain_packet(&tcp4, p[i]->data, i * 500, 500, false);
		}
		p[bad]->data[300] ^= 1;
		/* alone, and nothing across it */
		assert_int_equal(coalesce(p, 4, &all, bundles), bad == 0 || bad == 3 ? 2 : 3);
		for (i = 0; i < 3 && bundles[i].first != p[bad]; i++)
			continue;
		assert_int_equal(bundles[i].n, 1);
	}
}

/* Two flows by turns become two bundles, each in order; a third packet that does not fit ends one. */
static void test_order(void **state)
{
	static const struct tun_offloads none, tcp_only = { true, false };
	struct shape other = tcp4;
	struct bundle bundles[PKT_BATCH];
	struct pkt *p[8], *q;
	unsigned i;

	(void)state;
	other.v6 = true;
	for (i = 0; i < 8; i++) {
		p[i] = &rig.w->pkts[i];
		pkt_fresh(p[i], 0);
		p[i]->len = plain_packet(i % 2 == 0 ? &tcp4 : &other, p[i]->data, i / 2 * 500,
			i == 2 ? 400 : 500, false);
	}
	assert_int_equal(coalesce(p, 8, &none, bundles), 8);
	/* after 500 and 400 octets the next comes 100 too far */
	assert_int_equal(coalesce(p, 8, &tcp_only, bundles), 3);
	assert_ptr_equal(bundles[0].first, p[0]);
	assert_int_equal(bundles[0].n, 2);
	assert_int_equal(bundles[1].n, 4);
	for (i = 1, q = bundles[1].first; q != NULL; q = q->more, i += 2)
		assert_ptr_equal(q, p[i]);
	assert_ptr_equal(bundles[2].first, p[4]);
	p[1]->dead = p[4]->dead = true;
	assert_int_equal(coalesce(p, 8, &tcp_only, bundles), 3);
	assert_ptr_equal(bundles[1].first, p[3]);
}

/* --- checksums ------------------------------------------------------------------------------------- */

static void test_sums(void **state)
{
	uint8_t data[400], copy[400];
	unsigned at, len, i;

	(void)state;
	for (i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * i * 31 + 200);
	for (at = 0; at < 9; at++) {
		for (len = 0; len < 390; len++) {
			uint16_t want = htons(plain_checksum(data + at, len, 0));

			memset(copy, 0, sizeof copy);
			assert_int_equal(sum_fold(sum_octets(data + at, len)), want);
			assert_int_equal(sum_fold(sum_copy(copy, data + at, len)), want);
			assert_memory_equal(copy, data + at, len);
			assert_int_equal(copy[len], 0);
			assert_int_equal(ip_checksum(data + at, len, 0x12345),
				0xffff & ~plain_checksum(data + at, len, 0x12345));
		}
	}
	memset(data, 0xff, sizeof data);
	assert_int_equal(sum_fold(sum_octets(data, sizeof data)), 0xffff);
}

static void test_partial(void **state)
{
	struct shape s = tcp4;
	struct virtio_net_hdr h;
	struct pkt *p = &rig.w->pkts[0];
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		s.udp = (i & 1) != 0;
		s.v6 = (i & 2) != 0;
		s.payload = 333;
		pkt_fresh(p, 0);
		p->len = plain_packet(&s, p->data, 0, 333, true);
		h = plain_header(&s);
		h.gso_type = h.gso_size = 0;
		assert_true(offload_read(p, &h));
		checksum_complete(p);
		assert_int_equal(plain_packet(&s, expected, 0, 333, false), p->len);
		assert_memory_equal(p->data, expected, p->len);
	}
	/* a sum of zero means that there is none */
	s.udp = true;
	s.v6 = false;
	pkt_fresh(p, 0);
	p->len = plain_packet(&s, p->data, 0, 4, false);
	put16(p->data + 28, plain_checksum(p->data + 28, 2, (uint32_t)(p->data[26] << 8 | p->data[27])));
	put16(p->data + 26, plain_pseudo(&s, p->data, p->len - 20));
	h = plain_header(&s);
	h.gso_type = h.gso_size = 0;
	assert_true(offload_read(p, &h));
	checksum_complete(p);
	assert_int_equal(p->data[26] << 8 | p->data[27], 0xffff);
}

static void test_refused(void **state)
{
	struct virtio_net_hdr good = plain_header(&tcp4), h;
	struct pkt *p = &rig.w->super;
	struct segmenter cut;
	struct ip_view v;
	unsigned i;

	(void)state;
	for (i = 0; i < 10; i++) {
		uint32_t size = 0;

		pkt_fresh(p, 0);
		p->len = plain_packet(&tcp4, p->data, 0, 2000, true);
		h = good;
		switch (i) {
		case 0: break;
		case 1: h.flags = 0; break;
		case 2: h.gso_size = 0; break;
		case 3: h.gso_type = 3; break; /* UFO */
		case 4: h.gso_type = 5; break; /* UDP, but is TCP */
		case 5: h.csum_start = 60000; break;
		case 6: h.csum_start = 24; break;
		case 7: h.csum_offset = 6; break;
		case 8: p->data[32] = 0x40; break; /* data offset too small */
		case 9: p->data[6] = 0x20; break;  /* a fragment */
		}
		if (offload_read(p, &h) && ip_parse(p->data, p->len, &v) && segment_begin(&cut, p, &v))
			size = segment_count(&cut);
		assert_int_equal(size, i == 0 ? 4 : 0);
	}
	/* cut smaller than the host wanted */
	pkt_fresh(p, 0);
	p->len = plain_packet(&tcp4, p->data, 0, 2000, true);
	assert_true(offload_read(p, &good) && ip_parse(p->data, p->len, &v) && segment_begin(&cut, p, &v));
	segment_limit(&cut, 240);
	assert_int_equal(segment_longest(&cut), 240);
	assert_int_equal(segment_count(&cut), 10);
}

/* --- through the device ----------------------------------------------------------------------------- */

static void write_super(const struct shape *s)
{
	uint8_t record[sizeof(struct virtio_net_hdr) + 4096];
	struct virtio_net_hdr h = plain_header(s);
	uint32_t len = plain_packet(s, record + sizeof h, 0, s->payload, true);

	memcpy(record, &h, sizeof h);
	assert_int_equal(write(rig.host, record, sizeof h + len), sizeof h + len);
}

static void from_host(const struct shape *s)
{
	write_super(s);
	tun_ready(rig.w, &rig.d->queues[0].tun);
}

/* Every segment is a packet to SA and eroute; one look-up, sequence numbers without a gap. */
static void test_through_sa(void **state)
{
	static const struct rig_spec gcm = { .encr = 20, .key_bits = 128, .outer = AF_INET,
		.tunnel = true, .window = 64 };
	struct flow f = { .family = AF_INET };
	struct flow_mask m = { AF_INET, 0, 0, 0, 0, 0 };
	struct eroute *er = eroute_new(&f, &m);
	struct shape s = tcp4;
	struct rig_pair pair;
	uint64_t *n = rig.w->counters.n;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, 0x1000, &pair));
	er->shunt = MS_SHUNT_NONE;
	eroute_cache_sa(er, sa_head(pair.out));
	assert_int_equal(eroute_put(rig.k.eroutes, er, false), MS_OK);
	rig.d->offloads = all;
	from_host(&s);
	assert_int_equal(pair.out->packets, 4);
	assert_int_equal(pair.out->seq, 4);
	assert_int_equal(er->packets, 4);
	assert_int_equal(n[KC_OUT_READ], 4);
	assert_int_equal(n[KC_OUT_SUPER], 1);
	/* TCP is cut to what fits; datagrams cannot be, and their sender is told */
	sa_head(pair.out)->inner_mtu = 340;
	from_host(&s);
	assert_int_equal(pair.out->packets, 4 + 7);
	s.udp = true;
	from_host(&s);
	assert_int_equal(pair.out->packets, 4 + 7);
	assert_int_equal(n[KC_OUT_TOO_BIG], 4);
	s.flags = 0;
	s.size = 300;
	from_host(&s);
	assert_int_equal(pair.out->packets, 4 + 7 + 7);
	/* several in one turn, one of them more than there are slots */
	write_super(&s);
	s.udp = false;
	s.flags = ACK;
	s.size = 10;
	write_super(&s);
	s.size = 299;
	write_super(&s);
	tun_ready(rig.w, &rig.d->queues[0].tun);
	assert_int_equal(pair.out->packets, 4 + 7 + 7 + 7 + 200 + 7);
	assert_int_equal(pair.out->seq, pair.out->packets);
	er->shunt = MS_SHUNT_DROP;
	from_host(&s);
	assert_int_equal(n[KC_OUT_DROP], 7);
	eroute_clear(rig.k.eroutes);
	rig_pair_remove(&rig, &pair);
	rig.d->offloads = (struct tun_offloads){ 0 };
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_bad_checksum),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_through_sa),
	};
	int failed;

	rig_new(&rig);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_free(&rig);
	return failed;
}

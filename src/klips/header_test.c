/* SPDX-License-Identifier: Apache-2.0 */
/* What outer headers take from inner ones, SYNs that are lowered, ICMP errors and what they quote. */
#include "klips/fragment.h"
#include "klips/icmp_quote.h"
#include "klips/mss.h"
#include "klips/mtu.h"
#include "klips/rig.h"
#include "klips/xform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SPI = 0x1000 };

static struct rig rig;
static uint8_t plain[2048], got[2048];

static const struct rig_spec gcm = { .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true,
	.window = 64 };

static int setup(void **state)
{
	(void)state;
	rig_new(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_free(&rig);
	return 0;
}

/* --- DF and DSCP ------------------------------------------------------------------------------ */

static uint8_t outer_flags(struct rig_pair *p, uint8_t df, bool inner_df, bool cut)
{
	struct pkt *k;

	rig_make(plain, AF_INET, 100, 0);
	if (inner_df) {
		ip_set_df(plain);
		assert_int_equal(ip_checksum(plain, 20, 0), 0);
	}
	p->out->inner->df = df;
	k = rig_packet(&rig, 0, plain, 100);
	k->cut = cut;
	rig_protect(&rig, p, 1);
	assert_false(k->dead);
	assert_int_equal(ip_checksum(k->data, 20, 0), 0);
	return k->data[6];
}

static void test_df(void **state)
{
	struct rig_pair p;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	assert_int_equal(outer_flags(&p, MS_DF_COPY, true, false), 0x40);
	assert_int_equal(outer_flags(&p, MS_DF_COPY, false, false), 0);
	assert_int_equal(outer_flags(&p, MS_DF_SET, true, false), 0x40);
	assert_int_equal(outer_flags(&p, MS_DF_SET, false, false), 0x40);
	assert_int_equal(outer_flags(&p, MS_DF_CLEAR, true, false), 0);
	assert_int_equal(outer_flags(&p, MS_DF_CLEAR, false, false), 0);
	assert_int_equal(outer_flags(&p, MS_DF_COPY, true, true), 0);
	assert_int_equal(outer_flags(&p, MS_DF_SET, false, true), 0);
	rig_pair_remove(&rig, &p);
}

/* Who is refused, and who goes out in fragments: group of MTU 1000. */
static void test_too_big(void **state)
{
	static const struct {
		uint8_t df;
		bool inner_df, tell, refused, cut;
		uint32_t len;
	} rows[] = {
		{ MS_DF_COPY, true, true, false, false, 1000 },
		{ MS_DF_COPY, true, true, true, false, 1001 },
		{ MS_DF_COPY, false, true, false, true, 1001 },
		{ MS_DF_SET, true, true, true, false, 1001 },
		{ MS_DF_SET, false, true, false, true, 1001 },
		{ MS_DF_CLEAR, true, true, false, true, 1001 },
		{ MS_DF_COPY, true, false, false, true, 1001 },
	};
	struct rig_pair p;
	struct ip_view v;
	unsigned i;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	p.out->inner->inner_mtu = 1000;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pkt *k;

		rig_make(plain, AF_INET, rows[i].len, 0);
		if (rows[i].inner_df)
			ip_set_df(plain);
		k = rig_packet(&rig, 0, plain, rows[i].len);
		assert_true(ip_parse(k->data, k->len, &v));
		rig.k.tell_too_big = rows[i].tell;
		p.out->inner->df = rows[i].df;
		assert_int_equal(mtu_refuses(rig.w, rig.d, k, &v, p.out->inner, k->len),
			rows[i].refused);
		assert_int_equal(k->cut, rows[i].cut);
	}
	/* IPv6 always has its 1280 octets (RFC 2473 s7.1) */
	rig.k.tell_too_big = true;
	rig_make(plain, AF_INET6, 1281, 0);
	assert_true(ip_parse(plain, 1281, &v));
	assert_false(mtu_refuses(rig.w, rig.d, rig_packet(&rig, 0, plain, 1281), &v, p.out->inner,
		1280));
	assert_true(mtu_refuses(rig.w, rig.d, rig_packet(&rig, 0, plain, 1281), &v, p.out->inner,
		1281));
	rig_pair_remove(&rig, &p);
}

static void test_dscp(void **state)
{
	static const struct { bool hide; uint8_t rule, outer; } out[] = {
		{ true, MS_DSCP_DEFAULT, 0x02 }, { false, MS_DSCP_DEFAULT, 0xba },
		{ true, MS_DSCP_SHOW, 0xba }, { false, MS_DSCP_HIDE, 0x02 } };
	struct rig_pair p;
	int family;
	unsigned i;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	for (i = 0; i < 4; i++) {
		rig.k.hide_tos = out[i].hide;
		p.out->inner->encap_dscp = out[i].rule;
		rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, 100, 0xba));
		rig_protect(&rig, &p, 1);
		assert_int_equal(rig.w->batch[0]->data[1], out[i].outer);
	}
	/* what comes in: the mark of a congested router and, when wanted, the DSCP it gave */
	for (family = AF_INET; family != 0; family = family == AF_INET ? AF_INET6 : 0) {
		for (i = 0; i < 2; i++) {
			struct ip_view v;

			p.in->inner->decap_dscp = i == 1;
			rig_packet(&rig, 0, plain, rig_make(plain, family, 100, 0xba));
			rig_protect(&rig, &p, 1);
			rig_arrive(&rig, rig.w->batch[0], 0);
			rig.w->batch[0]->tos = 0x2b;
			inbound(rig.w, 1);
			assert_int_equal(rig_delivered(&rig, got, sizeof got), 100);
			assert_true(ip_parse(got, 100, &v));
			assert_int_equal(v.tos, i == 1 ? 0x2b : 0xbb);
			assert_true(family == AF_INET6 || ip_checksum(got, 20, 0) == 0);
		}
	}
	rig_pair_remove(&rig, &p);
}

/* --- MSS -------------------------------------------------------------------------------------- */

static uint16_t tcp_sum(const uint8_t *p, uint32_t total, int family)
{
	unsigned header = family == AF_INET ? 20 : 40;
	uint32_t pseudo = total - header + IPPROTO_TCP;
	unsigned i;

	for (i = family == AF_INET ? 12 : 8; i < header; i += 2)
		pseudo += (uint32_t)(p[i] << 8 | p[i + 1]);
	return ip_checksum(p + header, total - header, pseudo);
}

/* A SYN with the MSS option after `before` NOPs; its total length. */
static uint32_t make_syn(int family, unsigned before, uint16_t mss, uint8_t flags)
{
	unsigned header = family == AF_INET ? 20 : 40, total = header + 20 + 12, i;
	uint8_t *tcp = plain + header;
	uint16_t sum;

	rig_make(plain, family, total, 0);
	if (family == AF_INET) {
		plain[9] = IPPROTO_TCP;
		plain[10] = plain[11] = 0;
		sum = ip_checksum(plain, 20, 0);
		plain[10] = (uint8_t)(sum >> 8);
		plain[11] = (uint8_t)sum;
	} else {
		plain[6] = IPPROTO_TCP;
	}
	memset(tcp, 0, 32);
	tcp[12] = 8 << 4;
	tcp[13] = flags;
	for (i = 0; i < before; i++)
		tcp[20 + i] = 1;
	tcp[20 + before] = 2;
	tcp[21 + before] = 4;
	tcp[22 + before] = (uint8_t)(mss >> 8);
	tcp[23 + before] = (uint8_t)mss;
	sum = tcp_sum(plain, total, family);
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
	return total;
}

static void test_mss(void **state)
{
	int family;
	unsigned before;

	(void)state;
	for (family = AF_INET; family != 0; family = family == AF_INET ? AF_INET6 : 0) {
		unsigned header = family == AF_INET ? 20 : 40;

		for (before = 0; before < 8; before++) {
			uint32_t total = make_syn(family, before, 1460, 2);
			struct ip_view v;

			assert_true(ip_parse(plain, total, &v));
			assert_int_equal(tcp_sum(plain, total, family), 0);
			assert_false(mss_clamp(plain, &v, 1460));
			assert_true(mss_clamp(plain, &v, 1357));
			assert_int_equal(plain[header + 22 + before] << 8 | plain[header + 23 + before],
				1357);
			assert_int_equal(tcp_sum(plain, total, family), 0);
			make_syn(family, before, 1460, 0x10);
			assert_false(mss_clamp(plain, &v, 1000));
		}
	}
}

static void test_mss_broken_options(void **state)
{
	struct ip_view v;
	uint32_t total = make_syn(AF_INET, 0, 1460, 2);

	(void)state;
	assert_true(ip_parse(plain, total, &v));
	plain[41] = 0; /* an option of no length */
	assert_false(mss_clamp(plain, &v, 1000));
	plain[41] = 200;
	assert_false(mss_clamp(plain, &v, 1000));
	plain[32] = 0xf0; /* a header longer than the packet */
	plain[41] = 4;
	assert_false(mss_clamp(plain, &v, 1000));
}

/* Through outbound and back through inbound, where the device wants it. */
static void test_mss_of_device(void **state)
{
	struct rig_pair p;
	uint32_t total;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	total = make_syn(AF_INET, 0, 1460, 0x12);
	rig.d->mss = 1200;
	rig_packet(&rig, 0, plain, total);
	rig_protect(&rig, &p, 1);
	rig_arrive(&rig, rig.w->batch[0], 0);
	inbound(rig.w, 1);
	assert_int_equal(rig_delivered(&rig, got, sizeof got), total);
	assert_int_equal(got[42] << 8 | got[43], 1200);
	assert_int_equal(tcp_sum(got, total, AF_INET), 0);
	assert_int_equal(rig.w->counters.n[KC_TCP_MSS], 1);
	rig_pair_remove(&rig, &p);
}

/* --- fragments -------------------------------------------------------------------------------- */

static void join(int family, uint32_t len, uint32_t mtu)
{
	unsigned header = family == AF_INET ? 20 : 40, before = family == AF_INET ? 20 : 48, n = 0;
	uint32_t at = 0, id = 0;
	struct fragmenter f;
	struct iovec v[2];
	bool more = true;

	rig_make(plain, family, len, 0xb8);
	assert_true(fragment_begin(&f, plain, len, mtu, 0x12345678));
	while (fragment_next(&f, v)) {
		const uint8_t *h = v[0].iov_base;
		struct ip_view view;

		assert_true(more);
		assert_int_equal(v[0].iov_len, before);
		assert_true(v[0].iov_len + v[1].iov_len <= mtu);
		memcpy(got, h, before);
		memcpy(got + before, v[1].iov_base, v[1].iov_len);
		assert_true(ip_parse(got, before + v[1].iov_len, &view));
		assert_true(view.fragment);
		assert_int_equal(view.total, before + v[1].iov_len);
		assert_int_equal(view.later_fragment, n > 0);
		assert_int_equal(view.tos, 0xb8);
		if (family == AF_INET) {
			assert_int_equal((h[6] << 8 | h[7]) % 0x2000 * 8, at);
			assert_int_equal(ip_checksum(h, 20, 0), 0);
			more = (h[6] & 0x20) != 0;
			assert_true(n == 0 || id == (uint32_t)(h[4] << 8 | h[5]));
			id = (uint32_t)(h[4] << 8 | h[5]);
		} else {
			assert_int_equal((h[42] << 8 | h[43]) & 0xfff8, at);
			more = (h[43] & 1) != 0;
			assert_memory_equal(h + 44, "\x12\x34\x56\x78", 4);
		}
		assert_memory_equal(v[1].iov_base, plain + header + at, v[1].iov_len);
		at += (uint32_t)v[1].iov_len;
		n++;
	}
	assert_false(more);
	assert_int_equal(at, len - header);
	assert_true(n >= 2);
}

static void test_fragments(void **state)
{
	uint32_t len, mtu;

	(void)state;
	for (mtu = 68; mtu < 1500; mtu += 37)
		for (len = mtu + 1; len < 2000; len += 111)
			join(AF_INET, len, mtu);
	for (mtu = 1280; mtu < 1500; mtu += 17)
		for (len = mtu + 1; len < 2000; len += 57)
			join(AF_INET6, len, mtu);
}

static void test_no_fragments(void **state)
{
	struct fragmenter f;

	(void)state;
	rig_make(plain, AF_INET, 1000, 0);
	assert_false(fragment_begin(&f, plain, 1000, 27, 1));
	assert_false(fragment_begin(&f, plain, 999, 500, 1)); /* not all of it is there */
	plain[6] = 0x20; /* is one already */
	assert_false(fragment_begin(&f, plain, 1000, 500, 1));
	rig_make(plain, AF_INET6, 1000, 0);
	plain[6] = IPPROTO_HOPOPTS;
	assert_false(fragment_begin(&f, plain, 1000, 500, 1));
}

/* --- ICMP errors ------------------------------------------------------------------------------ */

/* 192.0.2.2, a gateway, says to 10.1.0.1 that its packet to 10.2.0.1 did not arrive. */
static uint32_t make_error(uint8_t type, bool to_other)
{
	struct ms_addr gate = ms_addr_v4(0xc0000202), to = ms_addr_v4(to_other ? 0x0a010002 : 0x0a010001);

	rig_make(plain + 28, AF_INET, 200, 0);
	ip_write(plain, &gate, &to, IPPROTO_ICMP, 0, 64, 56);
	memset(plain + 20, 0, 8);
	plain[20] = type;
	return 56;
}

static void test_quote(void **state)
{
	struct ms_addr a = ms_addr_v4(0x0a020000), b = ms_addr_v4(0x0a010000);
	struct ms_subnet an = ms_subnet_make(&a, 16), bn = ms_subnet_make(&b, 16);
	struct ms_selector src = ms_selector_of_subnet(&an), dst = ms_selector_of_subnet(&bn);
	struct rig_pair p;
	struct ip_view v;
	struct flow f;
	unsigned type;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	assert_int_equal(sa_set_content(p.in->inner, &src, &dst), MS_OK);
	for (type = 0; type < 20; type++) {
		bool error = type == 3 || type == 11 || type == 12;
		uint32_t len = make_error((uint8_t)type, false);

		assert_true(ip_parse(plain, len, &v));
		assert_int_equal(icmp_quoted_flow(plain, &v, &f), error);
		assert_int_equal(content_allowed(p.in->inner, plain, &v), error);
		if (!error)
			continue;
		assert_int_equal(f.proto, IPPROTO_UDP);
		assert_memory_equal(f.src, "\x0a\x02\x00\x01", 4);
		assert_memory_equal(f.dst, "\x0a\x01\x00\x01", 4);
		assert_int_equal(f.sport, plain[28 + 22] << 8 | plain[28 + 23]);
	}
	/* not to the one whose packet it was; a quote of something else; cut too short */
	make_error(11, true);
	assert_true(ip_parse(plain, 56, &v));
	assert_false(icmp_quoted_flow(plain, &v, &f));
	make_error(11, false);
	plain[28 + 19] = 77;
	plain[28 + 17] = 9; /* 10.9.0.77 */
	assert_true(icmp_quoted_flow(plain, &v, &f));
	assert_false(content_allowed(p.in->inner, plain, &v));
	for (v.total = 20; v.total < 48; v.total++)
		assert_false(icmp_quoted_flow(plain, &v, &f));
	rig_pair_remove(&rig, &p);
}

/* --- selectors ------------------------------------------------------------------------------- */

/* Two networks of the peer, two of ours, and nothing that lies between them. */
static void test_selectors(void **state)
{
	static const struct { uint32_t net; uint8_t protocol; uint16_t port; bool ours; } rows[] = {
		{ 0x0a010000, 0, 0, false }, { 0x0a030000, IPPROTO_UDP, 53, false },
		{ 0x0a060000, 0, 0, true }, { 0x0a080000, 0, 0, true } };
	static const struct { uint8_t src, dst; uint16_t sport; bool allowed; } packets[] = {
		{ 1, 6, 9, true }, { 1, 8, 9, true }, { 3, 6, 53, true }, { 3, 8, 53, true },
		{ 3, 6, 54, false }, { 2, 6, 53, false }, { 1, 7, 9, false }, { 6, 1, 9, false },
		{ 4, 8, 53, false } };
	uint8_t list[4 * MS_PFKEY_SELECTOR_OCTETS];
	struct rig_pair p;
	struct ip_view v;
	unsigned i;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	for (i = 0; i < 4; i++) {
		struct ms_addr a = ms_addr_v4(rows[i].net);
		struct ms_subnet net = ms_subnet_make(&a, 16);
		struct ms_selector s = ms_selector_of_subnet(&net);

		s.protocol = rows[i].protocol;
		if (rows[i].port != 0)
			s.port_first = s.port_last = rows[i].port;
		ms_pfkey_selector_put(list + i * MS_PFKEY_SELECTOR_OCTETS, &s, rows[i].ours);
	}
	assert_int_equal(sa_set_selectors(p.in->inner, ms_bytes(list, sizeof list)), MS_OK);
	for (i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		rig_make(plain, AF_INET, 100, 0);
		plain[13] = packets[i].src;
		plain[17] = packets[i].dst;
		plain[20] = 0;
		plain[21] = (uint8_t)packets[i].sport;
		assert_true(ip_parse(plain, 100, &v));
		assert_int_equal(content_allowed(p.in->inner, plain, &v), packets[i].allowed);
	}
	/* one side alone, half an entry, an address that is none */
	assert_int_equal(sa_set_selectors(p.in->inner, ms_bytes(list, 2 * 48)), MS_ERR_SYNTAX);
	assert_int_equal(sa_set_selectors(p.in->inner, ms_bytes(list, 4 * 48 - 8)), MS_ERR_SYNTAX);
	list[48 + 1] = 77;
	assert_int_equal(sa_set_selectors(p.in->inner, ms_bytes(list, sizeof list)), MS_ERR_SYNTAX);
	rig_pair_remove(&rig, &p);
}

/* --- IPv6 extension headers ------------------------------------------------------------------------ */

#define EXT(next, units) next, units, 0, 0, 0, 0, 0, 0
#define FILL 0, 0, 0, 0, 0, 0, 0, 0

/* RFC 8200 s4: to the upper layer's header, or as far as the packet goes; never beyond it. */
static void test_extensions(void **state)
{
	static const struct {
		uint8_t octets[80];
		unsigned len, total; /* what is there, and what the header says; after the fixed header */
		uint8_t first, upper;
		unsigned upper_at;
		bool fragment, later;
	} rows[] = {
		{ { FILL, FILL }, 16, 16, IPPROTO_TCP, IPPROTO_TCP, 0, false, false },
		{ { EXT(IPPROTO_TCP, 0), FILL }, 16, 16, IPPROTO_HOPOPTS, IPPROTO_TCP, 8, false, false },
		{ { EXT(IPPROTO_UDP, 1), FILL, FILL }, 24, 24, IPPROTO_ROUTING, IPPROTO_UDP, 16, false, false },
		/* to the last octet, and one unit more */
		{ { EXT(IPPROTO_UDP, 1), FILL }, 16, 16, IPPROTO_DSTOPTS, IPPROTO_UDP, 16, false, false },
		{ { EXT(IPPROTO_UDP, 2), FILL }, 16, 16, IPPROTO_DSTOPTS, IPPROTO_DSTOPTS, 0, false, false },
		{ { EXT(IPPROTO_UDP, 255), FILL }, 16, 16, IPPROTO_DSTOPTS, IPPROTO_DSTOPTS, 0, false, false },
		{ { EXT(IPPROTO_DSTOPTS, 0), EXT(IPPROTO_UDP, 1) }, 16, 16, IPPROTO_ROUTING, IPPROTO_DSTOPTS, 8,
			false, false },
		/* half a header, and what lies behind the packet's end */
		{ { IPPROTO_UDP, 0, 0, 0 }, 4, 4, IPPROTO_HOPOPTS, IPPROTO_HOPOPTS, 0, false, false },
		{ { IPPROTO_UDP, 0, 0, 9 }, 4, 4, IPPROTO_FRAGMENT, IPPROTO_FRAGMENT, 0, false, false },
		{ { 0 }, 0, 0, IPPROTO_HOPOPTS, IPPROTO_HOPOPTS, 0, false, false },
		{ { EXT(IPPROTO_UDP, 0), FILL }, 16, 4, IPPROTO_HOPOPTS, IPPROTO_HOPOPTS, 0, false, false },
		{ { EXT(IPPROTO_UDP, 1), FILL }, 16, 8, IPPROTO_HOPOPTS, IPPROTO_HOPOPTS, 0, false, false },
		/* fragments: behind a later one's header comes what no header is */
		{ { IPPROTO_UDP, 0, 0, 1, 0, 0, 0, 9, FILL }, 16, 16, IPPROTO_FRAGMENT, IPPROTO_UDP, 8, true, false },
		{ { IPPROTO_DSTOPTS, 0, 0, 9, 0, 0, 0, 9, EXT(IPPROTO_UDP, 0) }, 16, 16, IPPROTO_FRAGMENT,
			IPPROTO_DSTOPTS, 8, true, true },
		/* more than eight are not walked */
		{ { EXT(0, 0), EXT(0, 0), EXT(0, 0), EXT(0, 0), EXT(0, 0), EXT(0, 0), EXT(0, 0), EXT(60, 0),
			  EXT(IPPROTO_UDP, 0) }, 72, 72, IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, 64, false, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		/* just as long as it is: a sanitizer sees what is read behind it */
		uint8_t *p = calloc(1, 40 + rows[i].len);
		struct ip_view v;

		assert_non_null(p);
		p[0] = 0x60;
		p[5] = (uint8_t)rows[i].total;
		p[6] = rows[i].first;
		memcpy(p + 40, rows[i].octets, rows[i].len);
		assert_true(ip_parse(p, 40 + rows[i].len, &v));
		if (v.upper != rows[i].upper || v.upper_at != 40 + rows[i].upper_at ||
			v.fragment != rows[i].fragment || v.later_fragment != rows[i].later)
			fail_msg("row %u: protocol %u at %u, fragment %d, %d", i, v.upper, v.upper_at,
				v.fragment, v.later_fragment);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_df, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_big, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dscp, setup, teardown),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_no_fragments),
		cmocka_unit_test(test_mss),
		cmocka_unit_test(test_mss_broken_options),
		cmocka_unit_test_setup_teardown(test_mss_of_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quote, setup, teardown),
		cmocka_unit_test_setup_teardown(test_selectors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

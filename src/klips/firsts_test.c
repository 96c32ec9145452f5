/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments follow the first one of their datagram: to eroutes that have ports, and out of SAs whose
 * selectors do; in any order, bounded in number, octets and time. */
#include "klips/firsts.h"
#include "klips/fragment.h"
#include "klips/ip.h"

#include "klips/rig.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WHOLE = 3000, MTU = 1280, PIECES = 3, PORT = 53, FLOOD = 100000 };

static struct rig rig;
static uint8_t pieces[8][MTU];
static uint32_t lengths[8];

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

static uint64_t counter(enum klips_counter id)
{
	return rig.w->counters.n[id];
}

/* A datagram from 10.1.0.1 (fd01::1) to 10.2.0.1 (fd02::1), port to port, in pieces. */
static void cut(int family, uint16_t port, uint32_t id)
{
	uint8_t whole[WHOLE];
	struct fragmenter f;
	struct iovec v[2];
	unsigned n = 0, at = family == AF_INET ? 20 : 40;

	rig_make(whole, family, WHOLE, 0);
	whole[at] = whole[at + 2] = (uint8_t)(port >> 8);
	whole[at + 1] = whole[at + 3] = (uint8_t)port;
	assert_true(fragment_begin(&f, whole, WHOLE, MTU, id));
	for (; fragment_next(&f, v); n++) {
		memcpy(pieces[n], v[0].iov_base, v[0].iov_len);
		memcpy(pieces[n] + v[0].iov_len, v[1].iov_base, v[1].iov_len);
		lengths[n] = (uint32_t)(v[0].iov_len + v[1].iov_len);
	}
	assert_int_equal(n, PIECES);
}

/* --- out -------------------------------------------------------------------------------------- */

static struct eroute *narrow, *wide;

static struct eroute *put(int family, uint16_t port)
{
	struct flow key = { .family = (uint8_t)family, .proto = IPPROTO_UDP, .dport = port };
	struct flow_mask mask = { .family = (uint8_t)family };
	struct eroute *er;

	if (port != 0)
		mask = (struct flow_mask){ .family = (uint8_t)family, .proto = 8, .dport = 16 };
	er = eroute_new(&key, &mask);
	assert_non_null(er);
	er->shunt = MS_SHUNT_DROP;
	assert_int_equal(eroute_put(rig.k.eroutes, er, true), MS_OK);
	return er;
}

static void put_both(int family)
{
	narrow = put(family, PORT);
	wide = put(family, 0);
}

static void out(unsigned i)
{
	rig_packet(&rig, 0, pieces[i], lengths[i]);
	outbound(rig.w, rig.d, 1);
	rig.w->wake.ready(rig.w, &rig.w->wake);
}

static void expect(uint64_t by_narrow, uint64_t by_wide)
{
	assert_int_equal(narrow->packets, by_narrow);
	assert_int_equal(wide->packets, by_wide);
}

static void test_out(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned f, i, order;
	static const uint8_t orders[][PIECES] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };

	(void)state;
	for (f = 0; f < 2; f++) {
		put_both(families[f]);
		for (order = 0; order < 6; order++) {
			cut(families[f], PORT, 100 + order);
			for (i = 0; i < PIECES; i++)
				out(orders[order][i]);
			expect((order + 1) * PIECES, order * PIECES);
			cut(families[f], PORT + 1, 200 + order);
			for (i = 0; i < PIECES; i++)
				out(orders[order][i]);
			expect((order + 1) * PIECES, (order + 1) * PIECES);
		}
	}
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 2 * 2 * 6);
	assert_int_equal(counter(KC_FRAGMENT_LOST), 0);
}

/* They come out in the order in which they went in, behind the first. */
static void test_order(void **state)
{
	struct held *h;

	(void)state;
	put_both(AF_INET);
	cut(AF_INET, PORT, 1);
	out(2);
	out(1);
	rig_packet(&rig, 0, pieces[0], lengths[0]);
	outbound(rig.w, rig.d, 1);
	h = rig.w->inject;
	assert_int_equal(h->len, lengths[2]);
	assert_memory_equal(h->data, pieces[2], lengths[2]);
	assert_memory_equal(h->next->data, pieces[1], lengths[1]);
	assert_null(h->next->next);
}

static void test_ports_do_not_matter(void **state)
{
	(void)state;
	wide = put(AF_INET, 0);
	cut(AF_INET, PORT, 1);
	out(2);
	out(1);
	assert_int_equal(wide->packets, 2);
	/* a protocol without ports */
	narrow = put(AF_INET, PORT);
	pieces[1][9] = IPPROTO_ICMP;
	ip4_checksum(pieces[1], 20);
	out(1);
	expect(0, 3);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 0);
}

/* Another datagram's first fragment is of no use. */
static void test_others(void **state)
{
	(void)state;
	put_both(AF_INET);
	cut(AF_INET, PORT, 7);
	out(0);
	cut(AF_INET, PORT, 8);
	out(1);
	cut(AF_INET, PORT, 7);
	pieces[1][15] ^= 1; /* source */
	out(1);
	pieces[1][15] ^= 1;
	pieces[1][19] ^= 1; /* destination */
	out(1);
	pieces[1][19] ^= 1;
	pieces[1][9] = IPPROTO_TCP;
	out(1);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 4);
	expect(1, 0);
	/* the newest first fragment counts */
	cut(AF_INET, PORT + 1, 7);
	out(0);
	out(1);
	expect(1, 2);
}

/* RFC 8200 s4.5: the later ones' next header may be that of an extension, or a lie. */
static void test_protocol_of_first(void **state)
{
	(void)state;
	put_both(AF_INET6);
	cut(AF_INET6, PORT, 9);
	pieces[1][40] = IPPROTO_DSTOPTS;
	pieces[2][40] = IPPROTO_TCP;
	out(1);
	out(0);
	out(2);
	expect(3, 0);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 1);
}

static void test_time(void **state)
{
	(void)state;
	put_both(AF_INET);
	cut(AF_INET, PORT, 1);
	out(0);
	rig.k.now_s += 30;
	out(1);
	expect(2, 0);
	rig.k.now_s += 1; /* nobody puts that together any more */
	out(1);
	expect(2, 0);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 1);
	rig.k.now_s += 3;
	out(0); /* too late for the one that waits */
	expect(3, 0);
	assert_int_equal(counter(KC_FRAGMENT_LOST), 1);
	rig.k.now_s -= 1000; /* the clock is set */
	out(1);
	expect(3, 0);
	out(0);
	expect(5, 0);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 2);
}

static void test_bounds(void **state)
{
	size_t before, after;
	unsigned i;

	(void)state;
	put_both(AF_INET);
	cut(AF_INET, PORT, 1);
	before = mallinfo2().uordblks;
	for (i = 0; i < FLOOD; i++) {
		pieces[1][4] = (uint8_t)(i >> 8);
		pieces[1][5] = (uint8_t)i;
		pieces[1][15] = (uint8_t)(i >> 16);
		out(1);
	}
	after = mallinfo2().uordblks;
	assert_true(after < before + (1 << 20) + 200 * 1024);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), FLOOD);
	assert_true(counter(KC_FRAGMENT_LOST) < FLOOD - 256); /* the others do wait */
	assert_true(counter(KC_FRAGMENT_LOST) > FLOOD - 1024);
	/* one datagram has no more than its share */
	for (i = 0; i < 100; i++)
		out(1);
	assert_true(counter(KC_FRAGMENT_WAIT) < FLOOD + 57);
	/* the newest gets room, and first ones without end none */
	cut(AF_INET, PORT, 60000);
	out(1);
	out(0);
	expect(2, 0);
	pieces[0][19] ^= 2; /* for nobody that waits */
	for (i = 0; i < FLOOD; i++) {
		pieces[0][4] = (uint8_t)(i >> 8);
		pieces[0][5] = (uint8_t)i;
		out(0);
	}
	assert_true(mallinfo2().uordblks <= after + (1 << 17));
	expect(2 + FLOOD, 0);
}

/* --- in --------------------------------------------------------------------------------------- */

static struct rig_pair pair[2];

/* Two SAs for all from 10.1/16 to 10.2/16, or their like in IPv6; the first for UDP and port 53 only. */
static void make_pairs(int family)
{
	static const struct rig_spec gcm = { .encr = 20, .key_bits = 128, .outer = AF_INET,
		.tunnel = true, .window = 64 };
	struct ms_addr any = ms_addr_any((uint16_t)family);
	struct ms_subnet all = ms_subnet_make(&any, 0);
	struct ms_selector src = ms_selector_of_subnet(&all), dst = src;
	unsigned i;

	for (i = 0; i < 2; i++)
		assert_true(rig_pair(&rig, &gcm, 0x1000 + i, &pair[i]));
	assert_int_equal(sa_set_content(pair[1].in->inner, &src, &dst), MS_OK);
	dst.protocol = IPPROTO_UDP;
	dst.port_first = dst.port_last = PORT;
	assert_int_equal(sa_set_content(pair[0].in->inner, &src, &dst), MS_OK);
}

static void remove_pairs(void)
{
	rig_pair_remove(&rig, &pair[0]);
	rig_pair_remove(&rig, &pair[1]);
}

static unsigned in(unsigned of, unsigned i)
{
	uint8_t got[2 * MTU];
	unsigned n;
	struct pkt *p = rig_packet(&rig, 0, pieces[i], lengths[i]);

	rig_protect(&rig, &pair[of], 1);
	rig_arrive(&rig, p, 0);
	inbound(rig.w, 1);
	rig.w->wake.ready(rig.w, &rig.w->wake);
	for (n = 0; rig_delivered(&rig, got, sizeof got) > 0; n++)
		continue;
	return n;
}

static void test_in(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned f;

	(void)state;
	for (f = 0; f < 2; f++) {
		make_pairs(families[f]);
		cut(families[f], PORT, 1);
		assert_int_equal(in(0, 0), 1);
		assert_int_equal(in(0, 1), 1);
		assert_int_equal(in(0, 2), 1);
		cut(families[f], PORT + 1, 2);
		assert_int_equal(in(0, 0), 0);
		assert_int_equal(in(0, 1), 0);
		assert_int_equal(in(0, 2), 0);
		/* an SA for all looks at nothing */
		assert_int_equal(in(1, 1), 1);
		assert_int_equal(in(1, 0), 1);
		/* the later ones first */
		cut(families[f], PORT, 3);
		assert_int_equal(in(0, 2), 0);
		assert_int_equal(in(0, 1), 0);
		assert_int_equal(in(0, 0), 3);
		cut(families[f], PORT + 1, 4);
		assert_int_equal(in(0, 2), 0);
		assert_int_equal(in(0, 1), 0);
		assert_int_equal(in(0, 0), 0);
		/* what came out of another SA is of no use */
		cut(families[f], PORT, 5);
		assert_int_equal(in(1, 0), 1);
		assert_int_equal(in(0, 1), 0);
		remove_pairs();
	}
	assert_int_equal(counter(KC_IN_POLICY), 2 * (3 + 3));
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 2 * 5);
}

/* A second first fragment cannot smuggle other ports in, nor lend its own to those refused. */
static void test_in_two_firsts(void **state)
{
	(void)state;
	make_pairs(AF_INET);
	cut(AF_INET, PORT, 1);
	assert_int_equal(in(0, 0), 1);
	cut(AF_INET, PORT + 1, 1);
	assert_int_equal(in(0, 0), 0);
	assert_int_equal(in(0, 1), 0);
	/* an address that is not the SA's does not even wait */
	cut(AF_INET6, PORT, 1);
	assert_int_equal(in(0, 1), 0);
	assert_int_equal(counter(KC_FRAGMENT_WAIT), 0);
	remove_pairs();
}

/* What waits when all ends is freed, which leak checkers see. */
static void test_end(void **state)
{
	(void)state;
	make_pairs(AF_INET);
	cut(AF_INET, PORT, 1);
	assert_int_equal(in(0, 1), 0);
	assert_int_equal(in(0, 2), 0);
	remove_pairs();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports_do_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_protocol_of_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_two_firsts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

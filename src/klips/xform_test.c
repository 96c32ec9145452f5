/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of transforms: every order of up to five of them, there and back, and what must not come
 * back; AH and IPComp by themselves.
 */
#include "klips/ah.h"
#include "klips/group.h"
#include "klips/ip.h"
#include "klips/ipcomp.h"
#include "klips/xform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KINDS = 6, DEPTH = 5, SPI = 0x1000, SIZE = 600 };
enum { TUN4, TUN6, COMP, GCM, CBC, AH };

static struct rig rig;
static uint8_t plain[70000], got[70000];

static uint64_t counter(enum klips_counter id)
{
	return rig.w->counters.n[id];
}

/* A whole packet from end point 1 to 2 of net 0; what: 0 zeros, 1 noise. */
static uint32_t make_packet(int family, uint32_t total, int what)
{
	struct ms_addr src = group_addr(family, 1), dst = group_addr(family, 2);
	uint32_t i, x = 1;

	memset(plain, 0, total);
	ip_write(plain, &src, &dst, IPPROTO_UDP, 0, 64, total);
	for (i = ip_header_octets(&src); what != 0 && i < total; i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (uint8_t)(x >> 24);
	}
	return total;
}

static uint32_t arrive(struct pkt *p)
{
	if (p->dead)
		return 0;
	rig_arrive(&rig, p, 0);
	inbound(rig.w, 1);
	return rig_delivered(&rig, got, sizeof got);
}

/* --- every order ---------------------------------------------------------------------------- */

/* The members that a word of kinds stands for; family: of the content. */
static void spell(const uint8_t *kinds, unsigned n, int family, struct group_member *m)
{
	uint8_t net = 0;
	unsigned i;

	memset(m, 0, n * sizeof *m);
	for (i = 0; i < n; i++) {
		if (kinds[i] == TUN4 || kinds[i] == TUN6) {
			family = kinds[i] == TUN4 ? AF_INET : AF_INET6;
			net++;
		}
		m[i].family = family;
		m[i].net = net;
		m[i].protocol = kinds[i] <= TUN6 ? MS_PROTO_TUN : kinds[i] == COMP ? MS_PROTO_COMP
			: kinds[i] == AH ? MS_PROTO_AH : MS_PROTO_ESP;
		m[i].encr = kinds[i] == GCM ? 20 : kinds[i] == CBC ? 12 : 0;
		m[i].key_bits = 128;
		m[i].integ = kinds[i] == CBC || kinds[i] == AH ? 12 : 0;
		m[i].esn = i % 2 != 0;
	}
}

/* Written down a second time: between two tunnels the letters c, e, a in this order. */
static bool legal(const uint8_t *kinds, unsigned n)
{
	bool c = false, e = false, a = false;
	unsigned i;

	for (i = 0; i < n; i++) {
		switch (kinds[i]) {
		case COMP:
			if (c || e || a)
				return false;
			c = true;
			break;
		case GCM:
		case CBC:
			if (e || a)
				return false;
			e = true;
			break;
		case AH:
			if (a)
				return false;
			a = true;
			break;
		default:
			c = e = a = false;
		}
	}
	return true;
}

static void round_trip(struct group *g, int family)
{
	static const uint32_t sizes[] = { 60, 300, SIZE };
	unsigned i;
	int what;

	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (what = 0; what < 2; what++) {
			uint32_t len = make_packet(family, sizes[i], what);

			assert_int_equal(arrive(group_protect(&rig, g, plain, len, 0, g->n)), len);
			assert_memory_equal(got, plain, len);
		}
	}
	for (i = 0; i < g->n; i++)
		if (g->out[i]->said.protocol != MS_PROTO_COMP)
			assert_int_equal(g->out[i]->packets, g->in[i]->packets);
}

static void apply(struct group *g, unsigned i)
{
	g->out[i]->xform->apply(rig.w, g->out[i], rig.w->batch, 1);
}

/* Without one member; two in the wrong order; one of them twice. */
static void refuse(struct group *g, const uint8_t *kinds, int family, unsigned *refused)
{
	uint32_t len = make_packet(family, SIZE, 0);
	unsigned skip, i;

	for (skip = 0; skip < g->n; skip++) {
		rig_packet(&rig, 0, plain, len);
		for (i = 0; i < g->n; i++)
			if (i != skip)
				apply(g, i);
		/* what was not compressed is as good as what was */
		assert_int_equal(arrive(rig.w->batch[0]) != 0, kinds[skip] == COMP);
		*refused += kinds[skip] != COMP;
	}
	for (skip = 0; skip + 1 < g->n; skip++) {
		/* a tunnel may carry packets that somebody compressed before */
		if (kinds[skip] == COMP || kinds[skip + 1] == COMP)
			continue;
		rig_packet(&rig, 0, plain, len);
		for (i = 0; i < g->n; i++)
			apply(g, i == skip ? i + 1 : i == skip + 1 ? i - 1 : i);
		assert_int_equal(arrive(rig.w->batch[0]), 0);
		++*refused;
	}
	for (skip = 0; skip < g->n; skip++) {
		if (kinds[skip] == COMP) /* the second time it is too short */
			continue;
		rig_packet(&rig, 0, plain, len);
		for (i = 0; i < g->n; i++) {
			apply(g, i);
			if (i == skip)
				apply(g, i);
		}
		/* the innermost tunnel in itself leaves one more packet, which is the content */
		if (kinds[skip] <= TUN6)
			assert_int_not_equal(arrive(rig.w->batch[0]), len);
		else
			assert_int_equal(arrive(rig.w->batch[0]), 0);
		++*refused;
	}
}

static void test_every_order(void **state)
{
	unsigned n, words, word, carried = 0, refused = 0, illegal = 0;
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (n = 1, words = KINDS; n <= DEPTH; n++, words *= KINDS) {
		for (word = 0; word < words; word++) {
			uint8_t kinds[DEPTH];
			unsigned i, f, rest = word;

			for (i = 0; i < n; i++, rest /= KINDS)
				kinds[i] = (uint8_t)(rest % KINDS);
			for (f = 0; f < 2; f++) {
				struct group_member m[DEPTH];
				struct group g;
				ms_err err;

				spell(kinds, n, families[f], m);
				err = group_new(&rig, &g, m, n, SPI);
				assert_int_equal(err, legal(kinds, n) ? MS_OK : MS_ERR_CONFIG);
				illegal += err != MS_OK;
				if (err != MS_OK)
					continue;
				if (kinds[n - 1] >= GCM) {
					round_trip(&g, families[f]);
					refuse(&g, kinds, families[f], &refused);
					carried++;
				}
				group_free(&rig, &g);
			}
		}
	}
	print_message("%u groups carried, %u orders not linked, %u wrong packets refused\n", carried,
		illegal, refused);
	assert_true(carried > 1000);
}

/* As long as the room before the packet lasts, and not further. */
static void test_long_group(void **state)
{
	uint8_t kinds[GROUP_MAX];
	struct group_member m[GROUP_MAX];
	struct group g;
	uint32_t len, room = 1500, i;

	(void)state;
	for (i = 0; i < GROUP_MAX; i++)
		kinds[i] = i % 4 == 0 ? TUN6 : i % 4 == 1 ? COMP : i % 4 == 2 ? GCM : AH;
	spell(kinds, GROUP_MAX, AF_INET, m);
	assert_int_equal(group_new(&rig, &g, m, GROUP_MAX, SPI), MS_OK);
	round_trip(&g, AF_INET);
	for (i = GROUP_MAX; i-- > 0;)
		room = g.out[i]->xform->room(g.out[i], room);
	len = make_packet(AF_INET, room, 1);
	assert_true(group_protect(&rig, &g, plain, len, 0, GROUP_MAX)->len <= 1500);
	len = make_packet(AF_INET, room + 4, 1);
	assert_true(group_protect(&rig, &g, plain, len, 0, GROUP_MAX)->len > 1500);
	group_free(&rig, &g);
}

static void test_incomplete(void **state)
{
	static const uint8_t kinds[] = { TUN4, GCM, AH };
	struct group_member m[3];
	struct group g;
	uint64_t before = counter(KC_IN_INCOMPLETE), nested = counter(KC_IN_NESTED);
	uint32_t len = make_packet(AF_INET, SIZE, 0);

	(void)state;
	spell(kinds, 3, AF_INET, m);
	assert_int_equal(group_new(&rig, &g, m, 3, SPI), MS_OK);
	assert_int_equal(arrive(group_protect(&rig, &g, plain, len, 0, 2)), 0);
	assert_int_equal(counter(KC_IN_INCOMPLETE), before + 1);
	/* no tunnel, but the tunnel's addresses */
	ip_write(plain, &g.out[0]->src, &g.out[0]->said.dst, IPPROTO_UDP, 0, 64, len);
	assert_int_equal(arrive(group_protect(&rig, &g, plain, len, 1, 3)), 0);
	assert_int_equal(counter(KC_IN_NESTED), nested + 1);
	group_free(&rig, &g);
}

/* --- AH ------------------------------------------------------------------------------------- */

static uint8_t wire[2048];

static bool wire_arrives(uint32_t len)
{
	return arrive(rig_packet(&rig, 0, wire, len)) != 0;
}

/* Everything in the packet is covered but what may change on the way. */
static void damage(struct group *g, int family)
{
	static const uint8_t free4[] = { 0, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0, 0xff, 0xff };
	static const uint8_t free6[] = { 0x0f, 0xff, 0xff, 0xff, 0, 0, 0, 0xff };
	const uint8_t *may = family == AF_INET ? free4 : free6;
	uint32_t n_may = family == AF_INET ? sizeof free4 : sizeof free6;
	struct pkt *p = group_protect(&rig, g, plain, make_packet(family, 120, 0), 0, g->n);
	uint32_t len = p->len, i, bit;
	uint64_t seen = 0;

	assert_false(p->dead);
	memcpy(wire, p->data, len);
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			bool mutable = i < n_may && (may[i] >> bit & 1) != 0;
			struct ip_view v;

			wire[i] ^= (uint8_t)(1u << bit);
			/* fragments and wrong lengths do not get that far */
			if (ip_parse(wire, len, &v) && v.header == (family == AF_INET ? 20 : 40)) {
				g->in[g->n - 1]->replay->top = 0;
				replay_init(g->in[g->n - 1]->replay, 64);
				assert_int_equal(wire_arrives(len), mutable);
				seen++;
			}
			wire[i] ^= (uint8_t)(1u << bit);
		}
	}
	assert_true(seen > (len - 10) * 8);
}

static void test_ah(void **state)
{
	static const uint16_t integs[] = { 2, 12, 13, 14, 8, 5 };
	unsigned i, v, algorithms = 0;

	(void)state;
	for (i = 0; i < sizeof integs / sizeof integs[0]; i++) {
		for (v = 0; v < 8; v++) {
			int family = (v & 1) != 0 ? AF_INET6 : AF_INET;
			struct group_member m[2] = { { .protocol = MS_PROTO_TUN, .family = family,
				.net = 1 }, { .protocol = MS_PROTO_AH, .family = family,
				.integ = integs[i], .esn = (v & 4) != 0 } };
			unsigned tunnel = v >> 1 & 1;
			struct group g;

			m[1].net = (uint8_t)tunnel;
			if (group_new(&rig, &g, m + 1 - tunnel, 1 + tunnel, SPI) != MS_OK)
				continue;
			algorithms++;
			assert_int_equal(ah_octets(g.in[tunnel], 6) % 8, 0);
			round_trip(&g, family);
			damage(&g, family);
			group_free(&rig, &g);
		}
	}
	print_message("%u times AH\n", algorithms);
	assert_true(algorithms >= 5 * 8);
}

/* Options: which of them may change, RFC 4302 appendix A. */
static void test_ah_options(void **state)
{
	static const struct { uint8_t option[8]; bool kept; } rows[] = {
		{ { 7, 8, 4, 1, 2, 3, 4, 0 }, false },	   /* record route */
		{ { 148, 4, 0, 0, 1, 1, 1, 1 }, true },	   /* router alert, NOPs */
		{ { 68, 8, 5, 0, 1, 2, 3, 4 }, false },	   /* time stamp */
		{ { 130, 8, 1, 2, 3, 4, 5, 6 }, true },	   /* security */
		{ { 1, 131, 7, 4, 10, 9, 8, 7 }, false },  /* loose route */
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t ip[28] = { 0x47, 0xb8, 0, 100, 0x12, 0x34, 0x40, 0, 64, 51, 0xaa, 0xbb,
			10, 0, 0, 1, 10, 0, 0, 2 };

		memcpy(ip + 20, rows[i].option, 8);
		assert_true(ah_mask(ip, sizeof ip));
		assert_int_equal(ip[1] | ip[6] | ip[7] | ip[8] | ip[10] | ip[11], 0);
		assert_int_equal(ip[4] << 8 | ip[5], 0x1234);
		if (rows[i].kept)
			assert_memory_equal(ip + 20, rows[i].option, 8);
		else
			assert_int_equal(ip[22] | ip[23] | ip[24] | ip[25] | ip[26] | ip[27], 0);
		assert_int_equal(ip[16], 10);
		assert_int_equal(ip[19], i == 4 ? 7 : 2);
		ip[20] = 148;
		ip[21] = 9; /* longer than the header */
		assert_false(ah_mask(ip, sizeof ip));
	}
}

/* IPv6: hop-by-hop options before AH, one of which may change, and a routing header. */
static void test_ah_extensions(void **state)
{
	static const uint8_t hop[8] = { IPPROTO_ROUTING, 0, 0x3e, 2, 7, 7, 1, 0 };
	uint8_t ip[40 + 8 + 8 + 32] = { 0x6b, 0xcd, 0xef, 0x01, 0, 48, IPPROTO_HOPOPTS, 9 };
	struct ip_view v;
	struct ah_place at;

	(void)state;
	memset(ip + 24, 0xd0, 16);
	memcpy(ip + 40, hop, 8);
	memcpy(ip + 48, (const uint8_t[]){ IPPROTO_UDP, 4, 0, 2 }, 4);
	memset(ip + 56, 0xa1, 16);
	memset(ip + 72, 0xa2, 16);
	assert_true(ip_parse(ip, sizeof ip, &v));
	at = ah_place(ip, &v);
	assert_int_equal(at.at, sizeof ip);
	assert_int_equal(at.next_at, 48);
	assert_int_equal(at.next, IPPROTO_UDP);
	assert_true(ah_mask(ip, sizeof ip));
	assert_memory_equal(ip, ((const uint8_t[]){ 0x60, 0, 0, 0, 0, 48, 0, 0 }), 8);
	assert_memory_equal(ip + 40, ((const uint8_t[]){ 43, 0, 0x3e, 2, 0, 0, 1, 0 }), 8);
	assert_int_equal(ip[24], 0xa2);	 /* the last hop */
	assert_int_equal(ip[56], 0xd0);	 /* those on the way moved up */
	assert_int_equal(ip[72], 0xa1);
	assert_int_equal(ip[51], 0);
	ip[50] = 4; /* segment routing: nobody knows what it will look like */
	ip[51] = 1;
	assert_false(ah_mask(ip, sizeof ip));
}

/* --- IPComp --------------------------------------------------------------------------------- */

static const uint8_t comp_kinds[] = { TUN4, COMP, GCM };

static void comp_group(struct group *g)
{
	struct group_member m[3];

	spell(comp_kinds, 3, AF_INET, m);
	assert_int_equal(group_new(&rig, g, m, 3, SPI), MS_OK);
}

static void send_comp(struct group *g, uint32_t size, int what)
{
	uint32_t len = make_packet(AF_INET, size, what);

	assert_int_equal(arrive(group_protect(&rig, g, plain, len, 0, 3)), len);
}

static void test_comp(void **state)
{
	uint64_t done = counter(KC_OUT_COMPRESSED), shorts = counter(KC_OUT_COMP_SHORT);
	uint64_t grew = counter(KC_OUT_COMP_GREW), rest = counter(KC_OUT_COMP_REST);
	struct group g;
	unsigned i;

	(void)state;
	comp_group(&g);
	send_comp(&g, 1400, 0);
	assert_true(rig.w->batch[0]->len <= 1400);
	assert_int_equal(counter(KC_OUT_COMPRESSED), done + 1);
	assert_int_equal(g.in[1]->packets, 1);
	assert_int_equal(g.in[1]->comp.before, 1400);
	assert_true(g.in[1]->comp.after < 100);
	send_comp(&g, 80, 0);
	assert_int_equal(counter(KC_OUT_COMP_SHORT), shorts + 1);
	/* noise: eight tries, four without, two tries, eight without, ... */
	for (i = 0; i < 8 + 4 + 2 + 8 + 2 + 16; i++)
		send_comp(&g, 1400, 1);
	assert_int_equal(counter(KC_OUT_COMP_GREW), grew + 12);
	assert_int_equal(counter(KC_OUT_COMP_REST), rest + 28);
	/* and back as soon as it helps */
	send_comp(&g, 1400, 0);
	assert_int_equal(counter(KC_OUT_COMPRESSED), done + 2);
	assert_int_equal(g.out[1]->comp.rest, 0);
	group_free(&rig, &g);
}

/* The content of an ESP packet is ours to choose: p->data after ESP is what IPComp gets. */
static enum klips_counter undo_comp(struct group *g, const uint8_t *data, uint32_t len)
{
	static const enum klips_counter all[] = { KC_IN_COMP_HEADER, KC_IN_COMP_DATA,
		KC_IN_COMP_BOMB };
	uint64_t before[3];
	struct pkt *p;
	unsigned i;

	for (i = 0; i < 3; i++)
		before[i] = counter(all[i]);
	p = rig_packet(&rig, 0, data, len);
	p->next = IPPROTO_COMP;
	p->dst = g->in[1]->said.dst;
	ipcomp_xform.undo(rig.w, g->in[1], rig.w->batch, 1);
	for (i = 0; i < 3; i++)
		if (counter(all[i]) != before[i])
			return all[i];
	assert_false(p->dead);
	return KC_COUNT;
}

static void test_comp_damage(void **state)
{
	/* 4 octets header, then RFC 1951: a stored block of 3 octets */
	uint8_t good[] = { 4, 0, 0x10, 0x01, 1, 3, 0, 0xfc, 0xff, 'a', 'b', 'c' };
	uint8_t bomb[4 + 600] = { 4, 0, 0x10, 0x01 };
	struct group g;
	unsigned i;

	(void)state;
	comp_group(&g);
	assert_int_equal(undo_comp(&g, good, sizeof good), KC_COUNT);
	assert_int_equal(rig.w->batch[0]->len, 3);
	assert_memory_equal(rig.w->batch[0]->data, "abc", 3);
	for (i = 5; i < sizeof good; i++)
		assert_int_equal(undo_comp(&g, good, i), KC_IN_COMP_DATA);
	for (i = 0; i <= 4; i++)
		assert_int_equal(undo_comp(&g, good, i), KC_IN_COMP_HEADER);
	good[3] = 2; /* another CPI */
	assert_int_equal(undo_comp(&g, good, sizeof good), KC_IN_COMP_HEADER);
	/* fixed codes: a literal 0, then 258 times the octet before, over and over */
	{
		unsigned bit = 32;
		static const struct { unsigned value, bits; bool reversed; } lead[] = {
			{ 1, 1, false }, { 1, 2, false }, { 0x30, 8, true } };
		unsigned k, b;

		for (k = 0; k < 3; k++)
			for (b = 0; b < lead[k].bits; b++, bit++)
				if ((lead[k].value >> (lead[k].reversed ? lead[k].bits - 1 - b : b) & 1) != 0)
					bomb[bit / 8] |= (uint8_t)(1u << bit % 8);
		/* length 258 is code 285: 11000101, distance 1: 00000 */
		while (bit + 13 + 7 < sizeof bomb * 8)
			for (b = 0; b < 13; b++, bit++)
				if (b < 8 && (0xc5u >> (7 - b) & 1) != 0)
					bomb[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(undo_comp(&g, bomb, sizeof bomb), KC_IN_COMP_BOMB);
	assert_int_equal(undo_comp(&g, bomb, 200), KC_IN_COMP_DATA); /* not a bomb yet: cut off */
	group_free(&rig, &g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),
		cmocka_unit_test(test_long_group),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_ah),
		cmocka_unit_test(test_ah_options),
		cmocka_unit_test(test_ah_extensions),
		cmocka_unit_test(test_comp),
		cmocka_unit_test(test_comp_damage),
	};
	int failed;

	rig_new(&rig);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_free(&rig);
	return failed;
}

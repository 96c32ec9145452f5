/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inbound checks, one at a time: packets in which all else is right, made with the keys where that takes
 * keys, so that nothing but the one check refuses them.
 */
#include "klips/esp.h"
#include "klips/group.h"
#include "klips/ip.h"
#include "klips/xform.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SPI = 0x1000, SIZE = 100 };

static struct rig rig;
static uint8_t plain[65600], wire[65600];

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

static const struct rig_spec gcm = { .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true,
	.window = 64 };
static const struct rig_spec transport = { .encr = 20, .key_bits = 128, .outer = AF_INET, .window = 64 };
static const struct rig_spec cbc = { .encr = 12, .key_bits = 128, .integ = 12, .outer = AF_INET,
	.tunnel = true, .window = 64 };

/* What is in the batch comes in; it is counted under `why`, and the host has it or not. */
static void comes(uint16_t port, enum klips_counter why)
{
	uint64_t before = rig.w->counters.n[why];
	uint8_t got[2048];
	bool delivered;

	rig_arrive(&rig, rig.w->batch[0], port);
	inbound(rig.w, 1);
	delivered = rig_delivered(&rig, got, sizeof got) > 0;
	if (rig.w->counters.n[why] != before + 1)
		fail_msg("%s did not grow", counter_name(why));
	assert_int_equal(delivered, why == KC_IN_DELIVERED);
}

static void protect(struct rig_pair *p)
{
	rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, SIZE, 0));
	rig_protect(&rig, p, 1);
	assert_false(rig.w->batch[0]->dead);
}

/* Between the SA's own ends. */
static uint32_t end_to_end(const struct klips_sa *sa, uint8_t protocol)
{
	uint32_t len = rig_make(plain, AF_INET, SIZE, 0);

	ip_write(plain, &sa->src, &sa->said.dst, protocol, 0, 64, len);
	return len;
}

/* --- which SA --- */

/* RFC 3948: in UDP or not, as it was agreed. */
static void test_encapsulated(void **state)
{
	(void)state;
	for (unsigned agreed = 0; agreed < 2; agreed++)
		for (uint16_t port = 0; port <= 4500; port += 4500) {
			struct rig_spec s = gcm;
			struct rig_pair p;

			s.encap = agreed;
			assert_true(rig_pair(&rig, &s, SPI, &p));
			protect(&p);
			comes(port, agreed == (port != 0) ? KC_IN_DELIVERED : KC_IN_POLICY);
			rig_pair_remove(&rig, &p);
		}
}

/* Behind the outermost header stands the next SA's: its protocol, its SPI, and it is in use. */
static void test_next_sa(void **state)
{
	static const struct group_member members[] = { { MS_PROTO_ESP, AF_INET, 0, 12, 128, 12, false },
		{ MS_PROTO_AH, AF_INET, 0, 0, 0, 12, false } };
	struct group g;
	uint32_t len;

	(void)state;
	assert_int_equal(group_new(&rig, &g, members, 2, SPI), MS_OK);
	len = end_to_end(g.out[0], IPPROTO_UDP);
	group_protect(&rig, &g, plain, len, 0, 2);
	comes(0, KC_IN_DELIVERED);
	group_protect(&rig, &g, plain, len, 1, 2);
	comes(0, KC_IN_NESTED);
	g.out[0]->said.spi ^= 1; /* with the same keys */
	group_protect(&rig, &g, plain, len, 0, 2);
	g.out[0]->said.spi ^= 1;
	comes(0, KC_IN_NESTED);
	g.in[0]->state = MS_PFKEY_DEAD;
	group_protect(&rig, &g, plain, len, 0, 2);
	comes(0, KC_IN_SA_STATE);
	g.in[0]->state = MS_PFKEY_MATURE;
	group_protect(&rig, &g, plain, len, 0, 2);
	comes(0, KC_IN_DELIVERED);
	group_free(&rig, &g);
}

/* --- transport mode --- */

static void test_transport(void **state)
{
	struct rig_pair p;
	struct ms_selector from = { .port_last = UINT16_MAX }, to = from;
	uint32_t len;

	(void)state;
	assert_true(rig_pair(&rig, &transport, SPI, &p));
	from.range.first = from.range.last = p.in->src;
	to.range.first = to.range.last = p.in->said.dst;
	/* RFC 4301 s5.2: what comes out is within what was agreed */
	for (uint8_t protocol = IPPROTO_TCP; protocol <= IPPROTO_UDP; protocol += IPPROTO_UDP - IPPROTO_TCP) {
		from.protocol = to.protocol = protocol;
		assert_int_equal(sa_set_content(p.in, &from, &to), MS_OK);
		len = end_to_end(p.out, IPPROTO_UDP);
		rig_packet(&rig, 0, plain, len);
		rig_protect(&rig, &p, 1);
		comes(0, protocol == IPPROTO_UDP ? KC_IN_DELIVERED : KC_IN_POLICY);
	}
	/* RFC 4303 s2.6 */
	from.protocol = to.protocol = 0;
	assert_int_equal(sa_set_content(p.in, &from, &to), MS_OK);
	len = end_to_end(p.out, IPPROTO_NONE);
	rig_packet(&rig, 0, plain, len);
	rig_protect(&rig, &p, 1);
	comes(0, KC_IN_DUMMY);
	rig_pair_remove(&rig, &p);
}

/* --- ESP --- */

/* An ESP packet of p's peer in `wire`: this IV and this text, sealed as they are. */
static uint32_t seal(struct rig_pair *p, uint32_t seq, const void *iv, const void *text, uint32_t len)
{
	unsigned header = ip_header_octets(&p->out->said.dst);
	uint8_t *esp = wire + header;
	uint32_t be[2] = { htonl(SPI), htonl(seq) }, total = header + 8 + 8 + len + 16;
	struct ms_encr_job job = { .iv = esp + 8, .aad = esp, .aad_len = 8, .data = esp + 16,
		.data_len = len, .icv = esp + 16 + len };

	assert_true(total <= sizeof wire);
	ip_write(wire, &p->out->src, &p->out->said.dst, IPPROTO_ESP, 0, 64, total);
	memcpy(esp, be, 8);
	memcpy(esp + 8, iv, 8);
	memcpy(esp + 16, text, len);
	p->out->encr->seal(p->out->encr_ctx[0], &job, 1);
	assert_true(job.ok);
	return total;
}

/* The IV is the peer's to choose: it may go on where the padding ends too early. */
static void test_padding_into_the_iv(void **state)
{
	struct rig_pair p;
	uint8_t iv[8], text[32];

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	for (uint8_t i = 0; i < 8; i++)
		iv[i] = (uint8_t)(i + 1);
	for (uint8_t i = 0; i < 30; i++)
		text[i] = (uint8_t)(i + 9);
	text[30] = 38;
	text[31] = IPPROTO_IPIP;
	rig_packet(&rig, 0, wire, seal(&p, 1, iv, text, sizeof text));
	comes(0, KC_IN_PADDING);
	assert_int_equal(p.in->pad_errors, 1);
	rig_pair_remove(&rig, &p);
}

/* Of IPv6 a raw socket reads as much as there is room for without the header that comes before it. */
static void test_longest(void **state)
{
	static const uint8_t iv[8];
	struct rig_spec s = transport;
	struct rig_pair p;

	(void)state;
	s.outer = AF_INET6;
	assert_true(rig_pair(&rig, &s, SPI, &p));
	for (uint32_t more = 0; more < 2; more++) {
		uint32_t content = PKT_MAX - 40 + more, len;
		enum klips_counter why = more ? KC_IN_INNER : KC_IN_DELIVERED;
		uint64_t before = rig.w->counters.n[why];
		struct pkt *k;

		memset(plain, 0, content + 2);
		plain[content + 1] = IPPROTO_UDP;
		len = seal(&p, 1 + more, iv, plain, content + 2) - 40;
		k = rig_packet(&rig, 0, wire + 40, len);
		k->peer = (struct ms_endpoint){ p.in->src, 0 };
		k->dst = p.in->said.dst;
		k->next = IPPROTO_ESP;
		k->device = rig.d;
		inbound(rig.w, 1);
		assert_int_equal(rig.w->counters.n[why], before + 1);
	}
	rig_pair_remove(&rig, &p);
}

static void no_mac(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	(void)ctx;
	(void)jobs;
	(void)n;
}

/* A cipher with an ICV of its own: cut to what is no number of blocks; nobody could make the ICV, while
 * the one before it is still there; an SA without its keys, or without its window. */
static void test_with_integrity(void **state)
{
	const struct ms_integ_alg *integ;
	struct ms_integ_alg broken;
	const struct ms_encr_alg *encr;
	struct replay *window;
	struct rig_pair p;
	uint32_t len;

	(void)state;
	assert_true(rig_pair(&rig, &cbc, SPI, &p));
	protect(&p);
	len = rig.w->batch[0]->len;
	memcpy(wire, rig.w->batch[0]->data, len);
	wire[3] = (uint8_t)(len - 4);
	rig_packet(&rig, 0, wire, len - 4);
	comes(0, KC_IN_RUNT);
	assert_int_equal(p.in->size_errors, 1);
	wire[3] = (uint8_t)len;
	encr = p.in->encr;
	window = p.in->replay;
	p.in->encr = NULL;
	rig_packet(&rig, 0, wire, len);
	comes(0, KC_IN_SA_STATE);
	p.in->encr = encr;
	p.in->replay = NULL;
	rig_packet(&rig, 0, wire, len);
	comes(0, KC_IN_SA_STATE);
	p.in->replay = window;
	rig_packet(&rig, 0, wire, len);
	comes(0, KC_IN_DELIVERED);
	replay_init(window, 64);
	integ = p.in->integ;
	broken = *integ;
	broken.mac = no_mac;
	p.in->integ = &broken;
	rig_packet(&rig, 0, wire, len);
	comes(0, KC_IN_AUTH);
	p.in->integ = integ;
	assert_int_equal(p.in->auth_errors, 1);
	rig_pair_remove(&rig, &p);
}

/* --- AH --- */

/* The header's own length is the one of this ICV, or what Linux fills it up to, and within the packet. */
static void test_ah_length(void **state)
{
	static const struct group_member ah = { MS_PROTO_AH, AF_INET, 0, 0, 0, 12, false };
	struct group g;
	uint32_t len;

	(void)state;
	assert_int_equal(group_new(&rig, &g, &ah, 1, SPI), MS_OK);
	len = group_protect(&rig, &g, plain, end_to_end(g.out[0], IPPROTO_UDP), 0, 1)->len;
	memcpy(wire, rig.w->batch[0]->data, len);
	for (unsigned octets = 0; octets < 256; octets++) {
		uint8_t right = wire[21];

		if (octets == right || octets == right + 1u)
			continue;
		wire[21] = (uint8_t)octets;
		rig_packet(&rig, 0, wire, len);
		wire[21] = right;
		comes(0, KC_IN_AH_HEADER);
	}
	for (uint8_t cut = 20 + 8; cut < 20 + 12 + 16; cut++) {
		wire[3] = cut;
		rig_packet(&rig, 0, wire, cut);
		comes(0, KC_IN_AH_HEADER);
	}
	assert_int_equal(g.in[0]->size_errors, 254 + 20);
	wire[3] = (uint8_t)len;
	rig_packet(&rig, 0, wire, len);
	comes(0, KC_IN_DELIVERED);
	group_free(&rig, &g);
}

/* --- what is in a tunnel --- */

static void test_inner_headers(void **state)
{
	static const struct {
		int family;
		uint8_t at[2], octets[2]; /* where what is said otherwise */
		enum klips_counter why;
	} rows[] = {
		{ AF_INET, { 0, 0 }, { 0x45, 0x45 }, KC_IN_DELIVERED },
		{ AF_INET, { 0, 0 }, { 0x44, 0x44 }, KC_IN_INNER },  /* a header of 16 octets */
		{ AF_INET, { 0, 0 }, { 0x40, 0x40 }, KC_IN_INNER },
		{ AF_INET, { 3, 3 }, { 19, 19 }, KC_IN_INNER },	     /* all of it is shorter than its header */
		{ AF_INET, { 0, 3 }, { 0x4f, 59 }, KC_IN_INNER },
		{ AF_INET, { 3, 3 }, { SIZE + 1, SIZE + 1 }, KC_IN_INNER }, /* longer than it is */
		{ AF_INET6, { 5, 5 }, { SIZE - 40, SIZE - 40 }, KC_IN_DELIVERED },
		{ AF_INET6, { 5, 5 }, { SIZE - 39, SIZE - 39 }, KC_IN_INNER },
		{ AF_INET6, { 4, 5 }, { 1, 0 }, KC_IN_INNER },
	};
	struct rig_pair p;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, SPI, &p));
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static const uint8_t iv[8];

		rig_make(plain, rows[i].family, SIZE, 0);
		plain[rows[i].at[0]] = rows[i].octets[0];
		plain[rows[i].at[1]] = rows[i].octets[1];
		plain[SIZE] = 0;
		plain[SIZE + 1] = rows[i].family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
		rig_packet(&rig, 0, wire, seal(&p, i + 1, iv, plain, SIZE + 2));
		comes(0, rows[i].why);
	}
	rig_pair_remove(&rig, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_encapsulated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_next_sa, setup, teardown),
		cmocka_unit_test_setup_teardown(test_transport, setup, teardown),
		cmocka_unit_test_setup_teardown(test_padding_into_the_iv, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_with_integrity, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ah_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inner_headers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

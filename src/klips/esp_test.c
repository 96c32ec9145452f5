/* SPDX-License-Identifier: Apache-2.0 */
/* The packet path: every algorithm there and back, and everything that must not come back. */
#include "klips/esp.h"
#include "klips/ip.h"
#include "klips/orphan.h"
#include "klips/rig.h"
#include "klips/xform.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rig rig;
enum { MANY = 64 }; /* fit into the socket that stands for the host */

static uint8_t sent[MANY][2048], got[4096];

static const struct rig_spec gcm = { .encr = 20, .key_bits = 128, .outer = AF_INET, .tunnel = true,
	.window = 64 };

static uint64_t counter(enum klips_counter id)
{
	return rig.w->counters.n[id];
}

/* n packets of size octets through the pair; all must come out as they went in. */
static void there_and_back(struct rig_pair *p, int family, unsigned n, uint32_t size, uint16_t port)
{
	uint32_t len[MANY];
	unsigned i;

	for (i = 0; i < n; i++) {
		len[i] = rig_make(sent[i], family, size + i, 0);
		sent[i][len[i] - 1] ^= (uint8_t)i;
		rig_packet(&rig, i, sent[i], len[i]);
	}
	rig_protect(&rig, p, n);
	for (i = 0; i < n; i++) {
		struct pkt *k = rig.w->batch[i];

		assert_false(k->dead);
		assert_true(k->len > len[i]);
		assert_null(memmem(k->data, k->len, sent[i] + len[i] / 2, len[i] - len[i] / 2));
		rig_arrive(&rig, k, port);
	}
	inbound(rig.w, n);
	for (i = 0; i < n; i++) {
		assert_int_equal(rig_delivered(&rig, got, sizeof got), len[i]);
		assert_memory_equal(got, sent[i], len[i]);
	}
	assert_int_equal(rig_delivered(&rig, got, sizeof got), 0);
}

static void one_suite(const struct rig_spec *spec, unsigned *suites)
{
	static uint32_t spi = 0x1000;
	struct rig_pair p;
	unsigned n;
	uint32_t size;
	int family = AF_INET;

	if (!rig_pair(&rig, spec, spi++, &p))
		return;
	++*suites;
	for (n = 0; n < 2; n++) {
		for (size = 60; size < 140; size += 3)
			there_and_back(&p, family, 1, size, spec->encap ? 4500 : 0);
		there_and_back(&p, family, MANY, 1300, spec->encap ? 4500 : 0);
		family = AF_INET6;
	}
	assert_int_equal(p.out->packets, p.in->packets);
	assert_int_equal(p.out->octets, p.in->octets);
	assert_int_equal(p.in->first_used_s, 1000000);
	rig_pair_remove(&rig, &p);
}

static void test_every_algorithm(void **state)
{
	static const struct { uint16_t encr, bits; bool aead; } encrs[] = { { 20, 128, true },
		{ 20, 192, true }, { 20, 256, true }, { 18, 128, true }, { 19, 256, true },
		{ 28, 256, true }, { 14, 128, true }, { 15, 128, true }, { 16, 128, true },
		{ 12, 128, false }, { 12, 192, false }, { 12, 256, false }, { 13, 128, false } };
	static const uint16_t integs[] = { 2, 12, 13, 14, 5, 8 };
	unsigned suites = 0, e, i, v;

	(void)state;
	for (e = 0; e < sizeof encrs / sizeof encrs[0]; e++) {
		for (i = 0; i < (encrs[e].aead ? 1 : sizeof integs / sizeof integs[0]); i++) {
			for (v = 0; v < 8; v++) {
				struct rig_spec s = { .encr = encrs[e].encr, .key_bits = encrs[e].bits,
					.integ = encrs[e].aead ? 0 : integs[i],
					.outer = (v & 1) != 0 ? AF_INET6 : AF_INET, .tunnel = true,
					.esn = (v & 2) != 0, .encap = (v & 4) != 0, .window = 64 };

				one_suite(&s, &suites);
			}
		}
	}
	print_message("%u suites\n", suites);
	assert_true(suites >= 8 * (4 + 3 * 4)); /* what crypto-openssl has at least */
}

static void test_transport(void **state)
{
	struct rig_spec s = gcm;
	struct rig_pair p;
	struct ms_addr a, b;
	struct ip_view v;
	unsigned i;

	(void)state;
	s.tunnel = false;
	for (i = 0; i < 2; i++) {
		s.outer = i == 0 ? AF_INET : AF_INET6;
		assert_true(rig_pair(&rig, &s, 0x2000, &p));
		a = p.out->src;
		b = p.out->said.dst;
		rig_make(sent[0], s.outer, 200, 0);
		ip_write(sent[0], &a, &b, IPPROTO_UDP, 0, 64, 200);
		rig_packet(&rig, 0, sent[0], 200);
		rig_protect(&rig, &p, 1);
		assert_true(ip_parse(rig.w->batch[0]->data, rig.w->batch[0]->len, &v));
		assert_int_equal(v.next, IPPROTO_ESP);
		assert_int_equal(v.total, rig.w->batch[0]->len);
		rig_arrive(&rig, rig.w->batch[0], 0);
		inbound(rig.w, 1);
		assert_int_equal(rig_delivered(&rig, got, sizeof got), 200);
		assert_memory_equal(got, sent[0], 200);
		rig_pair_remove(&rig, &p);
	}
}

/* One protected packet, kept in `sent[0]` from its IP header on. */
static uint32_t protect_one(struct rig_pair *p, uint32_t size)
{
	uint8_t plain[2048];
	uint32_t len = rig_make(plain, AF_INET, size, 0);

	rig_packet(&rig, 0, plain, len);
	rig_protect(&rig, p, 1);
	assert_false(rig.w->batch[0]->dead);
	memcpy(sent[0], rig.w->batch[0]->data, rig.w->batch[0]->len);
	return rig.w->batch[0]->len;
}

static bool comes_out(const uint8_t *packet, uint32_t len)
{
	rig_arrive(&rig, rig_packet(&rig, 0, packet, len), 0);
	inbound(rig.w, 1);
	return rig_delivered(&rig, got, sizeof got) > 0;
}

static void refuse_damage(const struct rig_spec *spec, uint32_t spi)
{
	struct rig_pair p;
	uint32_t len, i;
	uint64_t errors;

	assert_true(rig_pair(&rig, spec, spi, &p));
	len = protect_one(&p, 120);
	for (i = 20; i < len; i++) {
		unsigned bit;

		for (bit = 0; bit < 8; bit++) {
			sent[0][i] ^= (uint8_t)(1u << bit);
			assert_false(comes_out(sent[0], len));
			sent[0][i] ^= (uint8_t)(1u << bit);
		}
	}
	errors = p.in->auth_errors;
	assert_true(errors >= (len - 20 - 8) * 8); /* SPI bits find no SA; the rest fails here */
	for (i = 20; i < len; i++) { /* as if the datagram were shorter */
		uint8_t cut[2048];
		struct ip_view v;

		memcpy(cut, sent[0], len);
		assert_true(ip_parse(cut, len, &v));
		ip_rewrite(cut, &v, IPPROTO_ESP, i);
		assert_false(comes_out(cut, i));
	}
	assert_true(comes_out(sent[0], len)); /* after all that it is still as good as new */
	assert_false(comes_out(sent[0], len));
	assert_int_equal(p.in->replay_errors, 2); /* and once with number 0 */
	rig_pair_remove(&rig, &p);
}

static void test_damage(void **state)
{
	static const struct rig_spec cbc = { .encr = 12, .key_bits = 128, .integ = 12,
		.outer = AF_INET, .tunnel = true, .window = 64 };
	struct rig_spec esn = cbc;

	(void)state;
	esn.esn = true;
	refuse_damage(&gcm, 0x3000);
	refuse_damage(&cbc, 0x3001);
	refuse_damage(&esn, 0x3002);
}

/* Well sealed by a peer that pads or fills wrongly. */
static void test_bad_content(void **state)
{
	struct { uint8_t text[32]; enum klips_counter why; } rows[] = {
		{ { [28] = 1, 3, 2, 4 }, KC_IN_PADDING },  /* 1, 2 expected */
		{ { [30] = 40, 4 }, KC_IN_PADDING },	   /* longer than all */
		{ { [0] = 0x60, [30] = 0, 4 }, KC_IN_INNER }, /* says 4, is 6 */
		{ { [0] = 0x45, [3] = 200, [30] = 0, 4 }, KC_IN_INNER }, /* longer than it is */
		{ { [30] = 0, 59 }, KC_IN_DUMMY },
		{ { [30] = 0, 6 }, KC_IN_NESTED }, /* TCP in a tunnel SA */
	};
	struct rig_pair p;
	unsigned i;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, 0x4000, &p));
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t esp[20 + 8 + 8 + 32 + 16];
		struct ms_encr_job job = { .iv = esp + 28, .aad = esp + 20, .aad_len = 8,
			.data = esp + 36, .data_len = 32, .icv = esp + 68 };
		uint32_t be[2] = { htonl(0x4000), htonl(i + 1) };
		uint64_t before = counter(rows[i].why);

		memset(esp, 0, sizeof esp);
		ip_write(esp, &p.out->src, &p.out->said.dst, IPPROTO_ESP, 0, 64, sizeof esp);
		memcpy(esp + 20, be, 8);
		memcpy(esp + 36, rows[i].text, 32);
		p.out->encr->seal(p.out->encr_ctx[0], &job, 1);
		assert_true(job.ok);
		assert_false(comes_out(esp, sizeof esp));
		assert_int_equal(counter(rows[i].why), before + 1);
	}
	rig_pair_remove(&rig, &p);
}

static void test_policy(void **state)
{
	struct ms_addr a = ms_addr_v4(0x0a010000), b = ms_addr_v4(0x0a020000);
	struct ms_subnet an = ms_subnet_make(&a, 24), bn = ms_subnet_make(&b, 24);
	struct ms_selector src = ms_selector_of_subnet(&an), dst = ms_selector_of_subnet(&bn);
	struct rig_pair p;
	uint64_t before = counter(KC_IN_POLICY);

	(void)state;
	assert_true(rig_pair(&rig, &gcm, 0x5000, &p));
	assert_int_equal(sa_set_content(p.in->inner, &src, &dst), MS_OK);
	assert_true(comes_out(sent[0], protect_one(&p, 100)));
	dst.protocol = 6;
	assert_int_equal(sa_set_content(p.in->inner, &src, &dst), MS_OK);
	assert_false(comes_out(sent[0], protect_one(&p, 100)));
	dst.protocol = 0;
	src.range.first.b[3] = 2; /* the packet's is .1 */
	assert_int_equal(sa_set_content(p.in->inner, &src, &dst), MS_OK);
	assert_false(comes_out(sent[0], protect_one(&p, 100)));
	assert_int_equal(counter(KC_IN_POLICY), before + 2);
	/* raw where the SA is encapsulated */
	p.in->encap_src = 4500;
	assert_false(comes_out(sent[0], protect_one(&p, 100)));
	rig_pair_remove(&rig, &p);
}

static void test_sequence_numbers(void **state)
{
	struct rig_spec s = gcm;
	struct rig_pair p;
	uint8_t plain[128];
	uint32_t len = rig_make(plain, AF_INET, 100, 0);

	(void)state;
	assert_true(rig_pair(&rig, &s, 0x6000, &p));
	p.out->seq = UINT32_MAX - 1;
	rig_packet(&rig, 0, plain, len);
	rig_protect(&rig, &p, 1);
	assert_false(rig.w->batch[0]->dead); /* the last one */
	rig_packet(&rig, 0, plain, len);
	rig_protect(&rig, &p, 1);
	assert_true(rig.w->batch[0]->dead);
	assert_int_equal(p.out->state, MS_PFKEY_DEAD);
	assert_int_equal(p.out->told, SA_TOLD_HARD);
	rig_pair_remove(&rig, &p);

	s.esn = true; /* goes on */
	assert_true(rig_pair(&rig, &s, 0x6001, &p));
	p.out->seq = p.in->replay->top = UINT32_MAX - 100;
	there_and_back(&p, AF_INET, MANY, 100, 0);
	there_and_back(&p, AF_INET, MANY, 100, 0);
	there_and_back(&p, AF_INET, MANY, 100, 0);
	assert_int_equal(p.in->replay->top, UINT64_C(0xffffffff) - 100 + 3 * MANY);
	rig_pair_remove(&rig, &p);
}

static void test_limits(void **state)
{
	struct rig_pair p;

	(void)state;
	assert_true(rig_pair(&rig, &gcm, 0x7000, &p));
	p.in->soft.packets = 2;
	p.in->hard.packets = 4;
	assert_true(comes_out(sent[0], protect_one(&p, 100)));
	assert_true(comes_out(sent[0], protect_one(&p, 100)));
	assert_int_equal(p.in->told, 0);
	assert_true(comes_out(sent[0], protect_one(&p, 100)));
	assert_int_equal(p.in->told, SA_TOLD_SOFT);
	assert_int_equal(p.in->state, MS_PFKEY_DYING);
	assert_true(comes_out(sent[0], protect_one(&p, 100)));
	assert_true(comes_out(sent[0], protect_one(&p, 100)));
	assert_int_equal(p.in->state, MS_PFKEY_DEAD);
	assert_false(comes_out(sent[0], protect_one(&p, 100)));
	rig_pair_remove(&rig, &p);
}

/* What room() promises fits, and one octet more does not. */
static void test_room(void **state)
{
	static const uint16_t suites[][3] = { { 20, 128, 0 }, { 28, 256, 0 }, { 12, 256, 14 },
		{ 12, 128, 2 } };
	unsigned i, mtu, v;

	(void)state;
	for (i = 0; i < sizeof suites / sizeof suites[0]; i++) {
		for (v = 0; v < 8; v++) {
			struct rig_spec s = { .encr = suites[i][0], .key_bits = suites[i][1],
				.integ = suites[i][2], .outer = (v & 1) != 0 ? AF_INET6 : AF_INET,
				.tunnel = (v & 2) != 0, .encap = (v & 4) != 0, .window = 64 };
			struct rig_pair p;

			assert_true(rig_pair(&rig, &s, 0x8000, &p));
			for (mtu = 1280; mtu < 1320; mtu++) {
				uint32_t size = esp_xform.room(p.out, mtu), udp = s.encap ? 8 : 0, k;

				if (s.tunnel)
					size = ipip_xform.room(p.out->inner, size);
				for (k = 0; k < 2; k++) {
					rig_make(sent[0], s.outer, size + k, 0);
					rig_packet(&rig, 0, sent[0], size + k);
					rig_protect(&rig, &p, 1);
					assert_int_equal(rig.w->batch[0]->len + udp <= mtu, k == 0);
				}
			}
			rig_pair_remove(&rig, &p);
		}
	}
}

static uint8_t class_of(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? ip[1] : (uint8_t)(ip[0] << 4 | ip[1] >> 4);
}

/* One family inside, one outside; all sixteen pairs of marks. */
static void ecn_of(struct rig_pair *p, int family)
{
	/* RFC 6040 figure 4, written down a second time */
	static const char *const expect[4] = { "000-", "1113", "2123", "3333" };
	unsigned in, out;

	for (in = 0; in < 4; in++) {
		for (out = 0; out < 4; out++) {
			uint8_t plain[128];
			char want = expect[in][out];

			rig_packet(&rig, 0, plain, rig_make(plain, family, 100, (uint8_t)(0xb8 | in)));
			rig_protect(&rig, p, 1);
			/* the outer header has the inner ECN, and no DSCP while that is hidden */
			assert_int_equal(class_of(rig.w->batch[0]->data), in);
			rig_arrive(&rig, rig.w->batch[0], 0);
			rig.w->batch[0]->tos = (uint8_t)out;
			inbound(rig.w, 1);
			if (want == '-') {
				assert_int_equal(rig_delivered(&rig, got, sizeof got), 0);
				continue;
			}
			assert_int_equal(rig_delivered(&rig, got, sizeof got), 100);
			assert_int_equal(class_of(got), 0xb8 | (want - '0'));
			assert_true(family != AF_INET || ip_checksum(got, 20, 0) == 0);
		}
	}
}

static void test_ecn(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct rig_spec s = gcm;
	struct rig_pair p;
	unsigned v;

	(void)state;
	for (v = 0; v < 4; v++) {
		s.outer = families[v & 1];
		assert_true(rig_pair(&rig, &s, 0x9000 + v, &p));
		ecn_of(&p, families[v >> 1]);
		rig_pair_remove(&rig, &p);
	}
}

static bool nobody(void *arg, uint32_t pid)
{
	(void)arg;
	return pid == 1;
}

static void take(void *arg, struct klips_sa *sa)
{
	if (sa->abandoned_s != 0)
		sadb_remove_group(arg, sa);
}

/* Two tunnels of a dead daemon and one of a living one; the second tunnel loses its eroute. */
static void test_orphans(void **state)
{
	struct flow f = { .family = AF_INET };
	struct flow_mask m = { AF_INET, 0, 0, 0, 0, 0 };
	struct eroute *er = eroute_new(&f, &m);
	struct klips_sa *sas[6];
	unsigned i;

	(void)state;
	for (i = 0; i < 6; i++) {
		struct ms_said said = { ms_addr_v4(0xc0000201 + i % 2), 0x9000 + i, MS_PROTO_ESP };

		sas[i] = sa_new(&said);
		sas[i]->state = MS_PFKEY_MATURE;
		sas[i]->inbound = i % 2 == 0;
		sas[i]->reqid = i / 2;
		sas[i]->managed = true;
		sas[i]->pid = i < 4 ? 77 : 1;
		assert_int_equal(sadb_put(rig.k.sadb, sas[i], false), MS_OK);
	}
	eroute_cache_sa(er, sas[1]);
	assert_int_equal(eroute_put(rig.k.eroutes, er, false), MS_OK);
	orphan_sweep(&rig.k, nobody, NULL);
	for (i = 0; i < 6; i++)
		assert_int_equal(sas[i]->abandoned_s, i == 2 || i == 3 ? rig.k.now_s : 0);
	sadb_tick(rig.k.sadb, rig.k.now_s + SA_LAST_MINUTE_S, take, rig.k.sadb);
	assert_int_equal(sadb_count(rig.k.sadb), 6);
	sadb_tick(rig.k.sadb, rig.k.now_s + SA_LAST_MINUTE_S + 1, take, rig.k.sadb);
	assert_int_equal(sadb_count(rig.k.sadb), 4);
	eroute_clear(rig.k.eroutes);
	orphan_sweep(&rig.k, nobody, NULL);
	assert_int_not_equal(sas[0]->abandoned_s, 0);
	assert_int_equal(sas[4]->abandoned_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_algorithm),
		cmocka_unit_test(test_transport),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bad_content),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_sequence_numbers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_ecn),
		cmocka_unit_test(test_orphans),
	};
	int failed;

	rig_new(&rig);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_free(&rig);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Path MTU from ICMP: which messages are believed, what they change, and that it is forgotten. */
#include "klips/ip.h"
#include "klips/pmtu.h"
#include "klips/rig.h"
#include "klips/sa_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SPI = 0x1234, AH_SPI = 0x2345, ICMP_HEADER = 8 };

static struct rig rig;
static struct klips_sa *esp, *udp, *ah, *esp6;

static uint64_t counter(enum klips_counter id)
{
	return rig.k.counters.n[id];
}

static struct klips_sa *make(const char *src, const char *dst, uint32_t spi, uint8_t protocol,
	uint16_t port)
{
	struct ms_said said = { .spi = spi, .protocol = protocol };
	struct ms_addr a;
	struct klips_sa *sa;

	assert_int_equal(ms_addr_parse(&said.dst, dst, strlen(dst), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	assert_int_equal(ms_addr_parse(&a, src, strlen(src), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	sa = sa_new(&said);
	assert_non_null(sa);
	sa->src = a;
	sa->state = MS_PFKEY_MATURE;
	sa->xform = NULL; /* only addresses and numbers matter here */
	sa->encap_src = sa->encap_dst = port;
	sa->seq = 5000;
	assert_int_equal(sadb_put(rig.k.sadb, sa, false), MS_OK);
	sa_group_changed(&rig.k, sa);
	return sa;
}

static int setup(void **state)
{
	(void)state;
	rig_new(&rig);
	assert_int_equal(pmtu_new(&rig.k.pmtu, &rig.k, NULL), MS_OK);
	esp = make("192.0.2.1", "192.0.2.2", SPI, MS_PROTO_ESP, 0);
	udp = make("192.0.2.1", "192.0.2.3", SPI, MS_PROTO_ESP, 4500);
	ah = make("192.0.2.1", "192.0.2.4", AH_SPI, MS_PROTO_AH, 0);
	esp6 = make("2001:db8::1", "2001:db8::2", SPI, MS_PROTO_ESP, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pmtu_free(&rig.k.pmtu);
	rig_free(&rig);
	return 0;
}

static void be32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* What a router says of a packet of `total` octets that sa sent, cut after `quote` octets of what
 * follows the IP header. */
struct message {
	const struct klips_sa *sa;
	uint32_t total, seq, mtu, spi;
	size_t quote;
	bool bad_checksum, ike, fragment;
};

#define SAYS(who, octets, number, narrow, ...)                                                     \
	{                                                                                          \
		.sa = (who), .total = (octets), .seq = (number), .mtu = (narrow), ##__VA_ARGS__    \
	}

static size_t put_upper(uint8_t *p, const struct message *m)
{
	size_t at = 0;

	if (m->sa->encap_src != 0) {
		p[0] = p[2] = 4500 >> 8;
		p[1] = p[3] = 4500 & 255;
		at = 8;
	}
	if (m->sa->said.protocol == MS_PROTO_AH)
		at += 4;
	if (!m->ike) {
		be32(p + at, m->spi != 0 ? m->spi : m->sa->said.spi);
		be32(p + at + 4, m->seq);
	}
	return m->quote != 0 ? m->quote : at + 8;
}

static size_t put_quote(uint8_t *p, const struct message *m)
{
	unsigned header = ip_header_octets(&m->sa->src);
	uint8_t protocol = m->sa->encap_src != 0 ? IPPROTO_UDP : m->sa->said.protocol;

	ip_write(p, &m->sa->src, &m->sa->said.dst, protocol, 0, 60, m->total);
	if (m->fragment)
		p[7] = 100;
	return header + put_upper(p + header, m);
}

static bool hear4(const struct message *m)
{
	uint8_t buf[256] = { 0 }, *icmp = buf + 20;
	struct ms_addr router = ms_addr_v4(0xc6336401);
	size_t len = ICMP_HEADER + put_quote(icmp + ICMP_HEADER, m);
	uint16_t sum;

	ip_write(buf, &router, &m->sa->src, IPPROTO_ICMP, 0, 64, (uint32_t)(20 + len));
	icmp[0] = 3;
	icmp[1] = 4;
	icmp[6] = (uint8_t)(m->mtu >> 8);
	icmp[7] = (uint8_t)m->mtu;
	sum = (uint16_t)(ip_checksum(icmp, len, 0) + m->bad_checksum);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	return pmtu_icmp4(rig.k.pmtu, buf, 20 + len);
}

static bool hear6(const struct message *m)
{
	uint8_t icmp[256] = { 2 };
	size_t len = ICMP_HEADER + put_quote(icmp + ICMP_HEADER, m);

	be32(icmp + 4, m->mtu);
	return pmtu_icmp6(rig.k.pmtu, icmp, len);
}

static void test_believed(void **state)
{
	(void)state;
	assert_int_equal(esp->inner_mtu, 1500);
	assert_true(hear4(&(struct message)SAYS(esp, 1500, 4990, 1400, .quote = 8)));
	assert_int_equal(esp->inner_mtu, 1400);
	assert_int_equal(esp->path_mtu, 1400);
	/* narrower still, never wider */
	assert_true(hear4(&(struct message)SAYS(esp, 1400, 4995, 1300, .quote = 8)));
	assert_false(hear4(&(struct message)SAYS(esp, 1500, 4996, 1450, .quote = 8)));
	assert_int_equal(esp->inner_mtu, 1300);
	/* the others' paths are as they were; the device too */
	assert_int_equal(udp->inner_mtu, 1500);
	assert_int_equal(rig.d->mtu, 1500);
	assert_true(hear4(&(struct message)SAYS(udp, 1500, 5000, 1380)));
	assert_int_equal(udp->inner_mtu, 1380);
	assert_true(hear4(&(struct message)SAYS(ah, 1500, 5000, 1370)));
	assert_true(hear4(&(struct message)SAYS(ah, 1500, 5000, 1360, .quote = 8))); /* no number */
	assert_int_equal(ah->inner_mtu, 1360);
	assert_true(hear6(&(struct message)SAYS(esp6, 1500, 4000, 1280)));
	assert_int_equal(esp6->inner_mtu, 1280);
	assert_int_equal(counter(KC_PMTU_LEARNED), 6);
	assert_int_equal(counter(KC_PMTU_REFUSED), 1);
}

static void test_refused(void **state)
{
	struct klips_sa other = *esp;
	const struct message all[] = {
		SAYS(esp, 1500, 4990, 1400, .spi = SPI + 1),
		SAYS(esp, 1500, 5001, 1400),		   /* a number of the future */
		SAYS(esp, 1500, 5000u - (1u << 20), 1400),   /* of long ago */
		SAYS(esp, 1500, 4990, 1400, .bad_checksum = true),
		SAYS(esp, 1500, 4990, 1400, .fragment = true), /* has no SPI */
		SAYS(esp, 1500, 4990, 1500),		   /* it would have fitted */
		SAYS(esp, 1400, 4990, 1450),
		SAYS(esp, 1500, 4990, 67),		   /* RFC 791: no such link */
		SAYS(esp, 1500, 4990, 1400, .quote = 4),
		SAYS(udp, 1500, 5000, 1400, .ike = true),
		SAYS(udp, 1500, 5000, 1400, .quote = 8),	   /* ports alone prove nothing */
		SAYS(&other, 1500, 4990, 1400),
	};
	unsigned i;

	(void)state;
	other.src = ms_addr_v4(0xc0000209);
	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		assert_false(hear4(&all[i]));
	assert_false(hear6(&(struct message)SAYS(esp6, 1500, 4000, 1279)));
	esp->inbound = true;
	assert_false(hear4(&(struct message)SAYS(esp, 1500, 4990, 1400)));
	esp->inbound = false;
	udp->encap_dst = 4501;
	assert_false(hear4(&(struct message)SAYS(udp, 1500, 5000, 1400)));
	assert_int_equal(esp->inner_mtu, 1500);
	assert_int_equal(udp->inner_mtu, 1500);
	assert_int_equal(counter(KC_PMTU_LEARNED), 0);
}

/* RFC 1191 s7.1 */
static void test_plateaus(void **state)
{
	static const uint32_t rows[][2] = { { 1500, 1492 }, { 1492, 1006 }, { 1006, 508 }, { 400, 296 } };
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_true(hear4(&(struct message)SAYS(esp, rows[i][0], 4999, 0)));
		assert_int_equal(esp->path_mtu, rows[i][1]);
	}
}

static void test_memory(void **state)
{
	struct klips_sa *later;

	(void)state;
	assert_true(hear4(&(struct message)SAYS(esp, 1500, 4990, 1400)));
	/* SAs that come later for the same path */
	later = make("192.0.2.1", "192.0.2.2", SPI + 7, MS_PROTO_ESP, 0);
	assert_int_equal(later->inner_mtu, 1400);
	assert_true(hear4(&(struct message)SAYS(later, 1400, 4990, 1350)));
	assert_int_equal(esp->inner_mtu, 1350);
	/* one goes, the other keeps it */
	sadb_remove_group(rig.k.sadb, later);
	rcu_quiescent_state();
	rig.k.now_s += PMTU_LIFE_S - 1;
	pmtu_tick(rig.k.pmtu);
	assert_int_equal(esp->inner_mtu, 1350);
	rig.k.now_s++;
	pmtu_tick(rig.k.pmtu);
	assert_int_equal(esp->inner_mtu, 1500);
	assert_int_equal(esp->path_mtu, 0);
	assert_true(hear4(&(struct message)SAYS(esp, 1500, 4990, 1450)));
}

static void test_bounded(void **state)
{
	char dst[16];
	unsigned i, learned = 0;

	(void)state;
	for (i = 0; i < 1100; i++) {
		snprintf(dst, sizeof dst, "198.18.%u.%u", i >> 8, i & 255);
		learned += hear4(&(struct message)SAYS(make("192.0.2.1", dst, SPI, MS_PROTO_ESP, 0), 1500,
			4990, 1400));
	}
	assert_int_equal(learned, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plateaus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

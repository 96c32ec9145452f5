/* SPDX-License-Identifier: Apache-2.0 */
/* IPIP and IPComp with nothing around them: taken only from the right sender, and only where a person
 * said so. */
#include "klips/group.h"
#include "klips/ip.h"
#include "klips/ipcomp.h"
#include "klips/xform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 900, CPI = 0x1234, SPI = 0x1000 };

static struct rig rig;
static struct klips_sa *out[2], *in[2];
static uint8_t plain[SIZE], got[2 * SIZE];

static uint64_t counter(enum klips_counter id)
{
	return rig.w->counters.n[id];
}

static struct klips_sa *make(int family, uint8_t protocol, bool inbound, bool bare)
{
	struct ms_said said = { group_addr(family, 2), protocol == MS_PROTO_COMP ? CPI : SPI, protocol };
	struct klips_sa *sa = sa_new(&said);

	assert_non_null(sa);
	sa->src = group_addr(family, 1);
	sa->state = MS_PFKEY_MATURE;
	sa->inbound = inbound;
	sa->bare = bare;
	return sa;
}

/* kinds: "t" IPIP, "c" IPComp, "tc" IPIP compressed. */
static void make_group(int family, const char *kinds, bool bare)
{
	unsigned n = (unsigned)strlen(kinds), i;

	for (i = 0; i < n; i++) {
		uint8_t protocol = kinds[i] == 't' ? MS_PROTO_TUN : MS_PROTO_COMP;

		out[i] = make(family, protocol, false, bare);
		in[i] = make(family, protocol, true, bare);
	}
	if (n == 2) {
		assert_int_equal(sadb_link(out[0], out[1]), MS_OK);
		assert_int_equal(sadb_link(in[0], in[1]), MS_OK);
	}
	for (i = 0; i < n; i++)
		assert_int_equal(sadb_put(rig.k.sadb, in[i], false), MS_OK);
}

static int setup(void **state)
{
	(void)state;
	memset(out, 0, sizeof out);
	rig_new(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sa_free(&out[0]);
	sa_free(&out[1]);
	rig_free(&rig);
	return 0;
}

/* From 192.0.2.1 to 192.0.2.2 itself, or between networks behind them. */
static uint32_t make_packet(int family, bool ends, bool noise)
{
	struct ms_addr src = group_addr(family, 1), dst = group_addr(family, 2);
	uint32_t i, x = 1;

	memset(plain, 0, sizeof plain);
	if (!ends)
		return rig_make(plain, family, SIZE, 0);
	ip_write(plain, &src, &dst, IPPROTO_UDP, 0, 64, SIZE);
	for (i = 40; noise && i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (uint8_t)(x >> 24);
	}
	return SIZE;
}

/* Octets that the host gets; from: last octet of the sender as it is on the wire. */
static uint32_t send_it(unsigned n, uint32_t len, uint8_t from)
{
	struct pkt *p = rig_packet(&rig, 0, plain, len);
	unsigned i;

	for (i = 0; i < n; i++)
		out[i]->xform->apply(rig.w, out[i], rig.w->batch, 1);
	assert_false(p->dead);
	rig_arrive(&rig, p, 0);
	p->peer.addr.b[p->peer.addr.family == AF_INET ? 3 : 15] = from;
	inbound(rig.w, 1);
	return rig_delivered(&rig, got, sizeof got);
}

static void test_tunnel(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned o, i;

	(void)state;
	for (o = 0; o < 2; o++) {
		make_group(families[o], "t", true);
		for (i = 0; i < 2; i++) {
			uint32_t len = make_packet(families[i], false, false);
			uint64_t before = counter(KC_IN_NO_SA);

			assert_int_equal(send_it(1, len, 1), len);
			assert_memory_equal(got, plain, len);
			assert_int_equal(send_it(1, len, 3), 0); /* somebody else */
			assert_int_equal(counter(KC_IN_NO_SA), before + 1);
		}
		assert_int_equal(sadb_count_bare(rig.k.sadb), 1);
		sadb_remove_group(rig.k.sadb, in[0]);
		assert_int_equal(sadb_count_bare(rig.k.sadb), 0);
		assert_int_equal(send_it(1, make_packet(AF_INET, false, false), 1), 0);
		sa_free(&out[0]);
	}
}

/* Policy holds for these, too. */
static void test_content(void **state)
{
	struct ms_addr a = ms_addr_v4(0x0a010000), b = ms_addr_v4(0x0a020000);
	struct ms_subnet an = ms_subnet_make(&a, 16), bn = ms_subnet_make(&b, 16);
	struct ms_selector src = ms_selector_of_subnet(&an), dst = ms_selector_of_subnet(&bn);

	(void)state;
	make_group(AF_INET, "t", true);
	assert_int_equal(sa_set_content(in[0], &src, &dst), MS_OK);
	assert_int_equal(send_it(1, make_packet(AF_INET, false, false), 1), SIZE);
	assert_int_equal(send_it(1, make_packet(AF_INET, true, false), 1), 0);
	assert_int_equal(counter(KC_IN_POLICY), 1);
}

static void test_compressed_tunnel(void **state)
{
	uint32_t len;

	(void)state;
	make_group(AF_INET, "tc", true);
	len = make_packet(AF_INET, false, false);
	assert_int_equal(send_it(2, len, 1), len);
	assert_memory_equal(got, plain, len);
	assert_int_equal(counter(KC_IN_COMPRESSED), 1);
	/* RFC 3173 s2.2: what did not get shorter comes without IPComp */
	len = make_packet(AF_INET, true, true);
	assert_int_equal(send_it(2, len, 1), len);
	assert_memory_equal(got, plain, len);
	assert_int_equal(counter(KC_IN_COMPRESSED), 1);
	assert_int_equal(counter(KC_OUT_COMP_GREW), 1);
	/* another CPI */
	out[1]->said.spi++;
	assert_int_equal(send_it(2, make_packet(AF_INET, false, false), 1), 0);
	out[1]->said.spi--;
	assert_int_equal(counter(KC_IN_NO_SA), 1);
	assert_int_equal(send_it(2, make_packet(AF_INET, false, false), 3), 0);
	assert_int_equal(counter(KC_IN_NO_SA), 2);
}

static void test_compressed(void **state)
{
	(void)state;
	make_group(AF_INET6, "c", true);
	assert_int_equal(send_it(1, make_packet(AF_INET6, true, false), 1), SIZE);
	assert_memory_equal(got, plain, SIZE);
}

/* Without the word, and where something protects them, they are refused. */
static void test_refused(void **state)
{
	struct group_member m[2] = { { .protocol = MS_PROTO_TUN, .family = AF_INET },
		{ .protocol = MS_PROTO_ESP, .family = AF_INET, .encr = 20, .key_bits = 128 } };
	struct group g;

	(void)state;
	make_group(AF_INET, "t", false);
	assert_int_equal(sadb_count_bare(rig.k.sadb), 0);
	assert_int_equal(send_it(1, make_packet(AF_INET, false, false), 1), 0);
	sadb_remove_group(rig.k.sadb, in[0]);
	assert_int_equal(group_new(&rig, &g, m, 2, 0x2000), MS_OK);
	sadb_take(rig.k.sadb, g.in[0]);
	g.in[0]->bare = true;
	sadb_put_back(rig.k.sadb, g.in[0]);
	assert_int_equal(sadb_count_bare(rig.k.sadb), 1);
	assert_int_equal(send_it(1, make_packet(AF_INET, false, false), 1), 0);
	assert_int_equal(counter(KC_IN_NO_SA), 2);
	group_free(&rig, &g);
	assert_int_equal(sadb_count_bare(rig.k.sadb), 0);
}

static void test_limit(void **state)
{
	struct klips_sa *sa = NULL;
	unsigned i;

	(void)state;
	for (i = 0; i <= SADB_MAX_BARE; i++) {
		sa = make(AF_INET, MS_PROTO_TUN, true, true);
		sa->said.spi = SPI + i;
		assert_int_equal(sadb_put(rig.k.sadb, sa, false),
			i < SADB_MAX_BARE ? MS_OK : MS_ERR_LIMIT);
	}
	sa_free(&sa);
	assert_int_equal(sadb_count_bare(rig.k.sadb), SADB_MAX_BARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tunnel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_content, setup, teardown),
		cmocka_unit_test_setup_teardown(test_compressed_tunnel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_compressed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

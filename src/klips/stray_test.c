/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of tunnels that are no more: they ask for a new one where a trap would, a few in a second. */
#include "klips/stray.h"

#include "klips/hold.h"
#include "klips/note.h"
#include "klips/pfkey_make.h"
#include "klips/pfkey_rig.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct pfkey_rig rig;

static void on_note(struct klips *k, struct note *n)
{
	assert_int_equal(n->kind, NOTE_STRAY);
	hold_stray(k->holds, n);
}

static int setup(void **state)
{
	struct ms_pfkey_msg m;

	(void)state;
	memset(&rig, 0, sizeof rig);
	pfkey_rig_new(&rig);
	rig.r.on_note = on_note;
	rig.r.k.now_s = 1000;
	m = pfkey_make_named("REGISTER");
	pfkey_rig_say(&rig, 0, &m);
	pfkey_rig_drain(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pfkey_rig_free(&rig);
	return 0;
}

/* For what 192.0.2.1 sends to 198.51.100.0/24. */
static void put(enum ms_shunt shunt)
{
	const struct flow_mask mask = { .family = AF_INET, .src = 32, .dst = 24 };
	const struct flow key = { .family = AF_INET, .src = { 192, 0, 2, 1 }, .dst = { 198, 51, 100 } };
	struct eroute *er = eroute_new(&key, &mask);

	assert_non_null(er);
	er->shunt = shunt;
	er->said = (struct ms_said){ .spi = MS_SPI_TRAP, .protocol = MS_PROTO_INT,
		.dst = ms_addr_any(AF_INET) };
	assert_int_equal(eroute_put(rig.r.k.eroutes, er, true), MS_OK);
}

/* ESP of 198.51.100.N with an SPI that nobody knows. */
static void stray(uint8_t n, uint16_t udp_port)
{
	uint8_t data[60] = { 0x45, 0, 0, 60, 0, 0, 0, 0, 64, IPPROTO_ESP, 0, 0, 198, 51, 100, n, 192, 0,
		2, 1, 0xde, 0xad, 0xbe, 0xef };
	struct pkt *p = rig_packet(&rig.r, 0, data, sizeof data);

	rig_arrive(&rig.r, p, udp_port);
	inbound(rig.r.w, 1);
}

static unsigned acquires(struct ms_addr *dst)
{
	struct ms_pfkey_msg m;
	unsigned n = 0;

	rig_notes(&rig.r);
	while (pfkey_rig_next(&rig, 0, &m)) {
		n += m.type == MS_PFKEY_ACQUIRE;
		*dst = m.dst.ep.addr;
	}
	return n;
}

static void test_asks(void **state)
{
	struct ms_addr dst = { 0 };

	(void)state;
	stray(7, 0);
	assert_int_equal(acquires(&dst), 0); /* no eroute */
	put(MS_SHUNT_TRAP);
	stray(7, 0);
	assert_int_equal(acquires(&dst), 1);
	assert_int_equal(dst.b[3], 7);
	stray(7, 4500);
	assert_int_equal(acquires(&dst), 0);
	/* It is being seen to, or nothing is wanted. */
	put(MS_SHUNT_HOLD);
	stray(7, 0);
	put(MS_SHUNT_PASS);
	stray(7, 0);
	put(MS_SHUNT_DROP);
	stray(7, 0);
	assert_int_equal(acquires(&dst), 0);
}

static void test_bounded(void **state)
{
	struct ms_addr dst;

	(void)state;
	put(MS_SHUNT_TRAP);
	for (unsigned second = 0; second < 3; second++) {
		for (unsigned i = 0; i < 200; i++)
			stray((uint8_t)i, 0);
		assert_int_equal(acquires(&dst), STRAYS_PER_SECOND);
		rig.r.k.now_s++;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
	};

	return cmocka_run_group_tests_name("stray", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms talk when they are asked to, of what happens in them, and never without end. */
#include "klips/talk.h"

#include "klips/rig.h"
#include "lib/log/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 200, FLOOD = 5000, MOST = 130 };

static struct rig rig;
static struct rig_pair pair;
static char path[] = "/tmp/talk_test.XXXXXX";
static uint8_t plain[SIZE];

static int setup(void **state)
{
	static const struct rig_spec gcm = { .encr = 20, .key_bits = 128, .outer = AF_INET,
		.tunnel = true, .window = 64 };

	(void)state;
	strcpy(path + sizeof path - 7, "XXXXXX");
	close(mkstemp(path));
	ms_log_open("talk_test");
	assert_int_equal(ms_log_to_file(path, false, MS_LOG_DEBUG, MS_LOG_PLAIN, false, NULL), MS_OK);
	rig_new(&rig);
	assert_true(rig_pair(&rig, &gcm, 0x1000, &pair));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	eroute_clear(rig.k.eroutes); /* they know their SA */
	rig_pair_remove(&rig, &pair);
	rig_free(&rig);
	ms_log_close();
	unlink(path);
	return 0;
}

static void ask(enum room room, uint32_t bits)
{
	rig.k.debug[room] = bits;
	ms_log_debug_sources(1u << room_source(room));
}

/* Lines with this text. */
static unsigned said(const char *text)
{
	FILE *f = fopen(path, "r");
	char line[1024];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		n += strstr(line, text) != NULL;
	fclose(f);
	return n;
}

static void put(uint8_t proto, enum ms_shunt shunt, struct klips_sa *sa)
{
	struct flow key = { .family = AF_INET, .proto = proto };
	struct flow_mask mask = { .family = AF_INET, .proto = proto != 0 ? 8 : 0 };
	struct eroute *er = eroute_new(&key, &mask);

	assert_non_null(er);
	er->shunt = shunt;
	assert_int_equal(eroute_put(rig.k.eroutes, er, true), MS_OK);
	if (sa != NULL) {
		er->said = sa->said;
		eroute_cache_sa(er, sa);
	}
}

static void send_one(void)
{
	rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, SIZE, 0));
	outbound(rig.w, rig.d, 1);
}

static void test_silent(void **state)
{
	(void)state;
	send_one();
	assert_int_equal(said("klips_debug"), 0);
	/* another room */
	ask(ROOM_IPCOMP, TALK_ANY);
	send_one();
	assert_int_equal(said("klips_debug"), 0);
}

static void test_out(void **state)
{
	(void)state;
	ask(ROOM_TUNNEL, TALK_ANY);
	send_one();
	assert_int_equal(said("10.1.0.1:"), 1);
	assert_int_equal(said("-> 10.2.0.1:"), 1);
	assert_int_equal(said("protocol 17, 200 octets: no eroute: dropped"), 1);
	put(0, MS_SHUNT_NONE, sa_head(pair.out));
	send_one();
	assert_int_equal(said("=> tun.1000@192.0.2.2"), 1);
	assert_int_equal(said("klips_debug:protect_run: "), 1);
	ask(ROOM_EROUTE, TALK_ANY);
	rig.k.debug[ROOM_TUNNEL] = 0;
	put(17, MS_SHUNT_DROP, NULL);
	send_one();
	assert_int_equal(said("klips_debug:say_found: 10.1.0.1:"), 1);
	assert_int_equal(said("masks 0, 0, 8, 0, 0, packet 1"), 1);
}

static void test_in(void **state)
{
	struct pkt *p = rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, SIZE, 0));

	(void)state;
	rig_protect(&rig, &pair, 1);
	rig_arrive(&rig, p, 0);
	ask(ROOM_RCV, TALK_ANY);
	inbound(rig.w, 1);
	assert_int_equal(said("octets for esp.1000@192.0.2.2"), 1);
	assert_int_equal(said("out of tun.1000@192.0.2.2: 10.1.0.1:"), 1);
	p = rig_packet(&rig, 0, plain, rig_make(plain, AF_INET, SIZE, 0));
	rig_protect(&rig, &pair, 1);
	rig_arrive(&rig, p, 0);
	p->data[40] ^= 1;
	ask(ROOM_ESP, TALK_ANY);
	rig.k.debug[ROOM_RCV] = 0;
	rig.k.debug[ROOM_VERBOSE] = 1;
	inbound(rig.w, 1);
	assert_int_equal(said("from 192.0.2.1 to 192.0.2.2 protocol 50"), 1);
	assert_int_equal(said("dropped: integrity check failed"), 1);
	assert_int_equal(said("opens 0 of 1 packets"), 1);
	assert_int_equal(said("src/klips/esp.c:"), 1);
}

static void test_bounded(void **state)
{
	unsigned i;

	(void)state;
	ask(ROOM_TUNNEL, TALK_TUNNEL_XMIT);
	for (i = 0; i < FLOOD; i++)
		send_one();
	assert_true(said("no eroute: dropped") >= 90);
	assert_true(said("no eroute: dropped") < MOST);
	sleep(1);
	send_one();
	assert_true(said("lines of the room tunnel were left out") >= 1);
}

static void test_rooms(void **state)
{
	static const struct { enum klips_counter why; enum room room; } rows[] = {
		{ KC_OUT_DROP, ROOM_TUNNEL }, { KC_OUT_COMP_GREW, ROOM_IPCOMP },
		{ KC_IN_COMP_BOMB, ROOM_IPCOMP }, { KC_IN_AUTH, ROOM_ESP }, { KC_IN_REPLAY, ROOM_ESP },
		{ KC_IN_AH_HEADER, ROOM_AH }, { KC_IN_NO_SA, ROOM_RCV }, { KC_UDP_RUNT, ROOM_RCV } };
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(room_of_counter(rows[i].why), rows[i].room);
	for (i = 0; i < KC_COUNT; i++)
		assert_non_null(room_name(room_of_counter((enum klips_counter)i)));
	assert_null(room_name(ROOM_VERBOSE + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
		cmocka_unit_test(test_rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

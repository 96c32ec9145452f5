/* SPDX-License-Identifier: Apache-2.0 */
/* Traps and holds: one ACQUIRE for a flow, asked again, given up, and bounded. */
#include "klips/hold.h"
#include "klips/note.h"
#include "klips/pfkey_make.h"
#include "klips/pfkey_rig.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FLOWS = 100000, PACKET = 1000 };

static struct pfkey_rig rig;

static int setup(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof rig);
	pfkey_rig_new(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pfkey_rig_free(&rig);
	return 0;
}

static struct eroute *put(const struct flow *key, const struct flow_mask *mask, enum ms_shunt shunt)
{
	struct eroute *er = eroute_new(key, mask);

	assert_non_null(er);
	er->shunt = shunt;
	er->said = (struct ms_said){ .spi = MS_SPI_TRAP, .protocol = MS_PROTO_INT,
		.dst = ms_addr_any(AF_INET) };
	assert_int_equal(eroute_put(rig.r.k.eroutes, er, true), MS_OK);
	return er;
}

/* A trap for 10.0.0.0/8 -> 10.0.0.0/8, or for the two hosts of flow 0. */
static void put_trap(bool hosts)
{
	const struct flow_mask mask = { .family = AF_INET, .src = hosts ? 32 : 8, .dst = hosts ? 32 : 8 };
	struct flow key = { .family = AF_INET, .src = { 10 }, .dst = { 10, 255, 0, 1 } };

	put(&key, &mask, MS_SHUNT_TRAP);
}

static union flow_words flow_of(unsigned i)
{
	union flow_words f;

	memset(&f, 0, sizeof f);
	f.flow.family = AF_INET;
	f.flow.proto = IPPROTO_UDP;
	f.flow.sport = 5000;
	f.flow.src[0] = f.flow.dst[0] = 10;
	f.flow.src[1] = (uint8_t)(i >> 16);
	f.flow.src[2] = (uint8_t)(i >> 8);
	f.flow.src[3] = (uint8_t)i;
	f.flow.dst[1] = 255;
	f.flow.dst[3] = 1;
	return f;
}

/* A packet of flow i met a trap or a hold. */
static void packet(unsigned i)
{
	static const uint8_t octets[PACKET];
	struct note n = { .kind = NOTE_TRAP, .flow = flow_of(i) };

	n.held = held_new(octets, sizeof octets, rig.r.d);
	assert_non_null(n.held);
	hold_trap(rig.r.k.holds, &n);
}

static enum ms_shunt shunt_of(unsigned i)
{
	union flow_words f = flow_of(i);
	struct eroute *er = eroute_find(rig.r.k.eroutes, &f);

	return er == NULL ? MS_SHUNT_NONE : er->shunt;
}

static void listen_to_acquires(void)
{
	struct ms_pfkey_msg m = pfkey_make_named("REGISTER");

	pfkey_rig_say(&rig, 0, &m);
	pfkey_rig_drain(&rig);
}

static unsigned acquires(uint32_t *seq)
{
	struct ms_pfkey_msg m;
	unsigned n = 0;

	while (pfkey_rig_next(&rig, 0, &m)) {
		n += m.type == MS_PFKEY_ACQUIRE;
		*seq = m.seq;
	}
	return n;
}

static void later(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		rig.r.k.now_s++;
		hold_tick(rig.r.k.holds, rig.r.k.now_s);
	}
}

static unsigned injected(void)
{
	unsigned n = 0;

	for (struct held *h = rig.r.w->inject, *next; h != NULL; h = next, n++) {
		next = h->next;
		free(h);
	}
	rig.r.w->inject = NULL;
	return n;
}

static void test_once(void **state)
{
	uint32_t seq = 0;

	(void)state;
	put_trap(false);
	packet(0);
	assert_int_equal(shunt_of(0), MS_SHUNT_TRAP); /* nobody to ask: the next packet asks */
	listen_to_acquires();
	for (unsigned i = 0; i < 10; i++)
		packet(0);
	assert_int_equal(acquires(&seq), 1);
	assert_int_equal(shunt_of(0), MS_SHUNT_HOLD);
	assert_int_equal(shunt_of(1), MS_SHUNT_TRAP);
}

static void test_released(void **state)
{
	const struct flow_mask mask = { .family = AF_INET, .src = 32, .dst = 32 };
	union flow_words key = flow_of(0);
	uint32_t seq = 0;

	(void)state;
	put_trap(false);
	listen_to_acquires();
	packet(0);
	packet(0);
	packet(1);
	assert_int_equal(acquires(&seq), 2);
	key.flow.proto = 0;
	key.flow.sport = 0;
	put(&key.flow, &mask, MS_SHUNT_PASS);
	hold_release(rig.r.k.holds, &key, &mask);
	assert_int_equal(injected(), 2);
	assert_int_equal(shunt_of(0), MS_SHUNT_PASS);
	assert_int_equal(shunt_of(1), MS_SHUNT_HOLD);
}

static void test_asked_again(void **state)
{
	uint32_t seq = 0;

	(void)state;
	put_trap(false);
	listen_to_acquires();
	packet(0);
	assert_int_equal(acquires(&seq), 1);
	later(4);
	assert_int_equal(acquires(&seq), 0);
	later(1);
	assert_int_equal(acquires(&seq), 1); /* after 5 s */
	later(9);
	assert_int_equal(acquires(&seq), 0);
	later(1);
	assert_int_equal(acquires(&seq), 1); /* after 10 more */
	hold_ask_again(rig.r.k.holds); /* a new key daemon */
	later(1);
	assert_int_equal(acquires(&seq), 1);
	later(60);
	assert_int_equal(shunt_of(0), MS_SHUNT_TRAP);
	assert_int_equal(injected(), 0);
}

/* The key daemon says that it cannot: ACQUIRE with an errno and that sequence number. */
static void test_given_up(void **state)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_ACQUIRE, .err = 13,
		.satype = MS_PFKEY_SATYPE_ESP };
	uint8_t buf[256];
	uint32_t seq = 0;
	size_t len;

	(void)state;
	put_trap(false);
	listen_to_acquires();
	packet(0);
	packet(1);
	assert_int_equal(acquires(&seq), 2);
	m.seq = seq;
	assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, buf, sizeof buf, &len, NULL), MS_OK);
	pfkey_rig_send(&rig, 0, buf, len);
	pfkey_rig_turn(&rig);
	assert_int_equal(shunt_of(1), MS_SHUNT_TRAP);
	assert_int_equal(shunt_of(0), MS_SHUNT_HOLD);
}

/* A host-to-host trap stands aside for its hold and comes back. */
static void test_trap_comes_back(void **state)
{
	const struct flow_mask mask = { .family = AF_INET, .src = 32, .dst = 32 };
	uint32_t seq = 0;

	(void)state;
	put_trap(true);
	listen_to_acquires();
	packet(0);
	assert_int_equal(shunt_of(0), MS_SHUNT_HOLD);
	assert_int_equal(eroute_count(rig.r.k.eroutes), 1);
	later(60);
	assert_int_equal(shunt_of(0), MS_SHUNT_TRAP);
	assert_int_equal(eroute_count(rig.r.k.eroutes), 1);
	packet(0);
	assert_true(acquires(&seq) >= 1);
	assert_int_equal(shunt_of(0), MS_SHUNT_HOLD);
	/* deleted while it is a hold: nothing comes back */
	union flow_words key = flow_of(0);
	key.flow.proto = 0;
	key.flow.sport = 0;
	hold_forget(rig.r.k.holds, &key, &mask);
	assert_int_equal(shunt_of(0), MS_SHUNT_NONE);
}

/* The key daemon's own hold takes over what waits: no life of its own any more, one eroute for all. */
static void test_adopted(void **state)
{
	const struct flow_mask wide = { .family = AF_INET, .src = 8, .dst = 8 };
	union flow_words key = flow_of(0);
	uint32_t seq = 0;

	(void)state;
	put_trap(false);
	listen_to_acquires();
	packet(0);
	packet(1);
	assert_int_equal(acquires(&seq), 2);
	assert_int_equal(eroute_count(rig.r.k.eroutes), 3);
	memset(&key, 0, sizeof key);
	key.flow.family = AF_INET;
	key.flow.src[0] = key.flow.dst[0] = 10;
	put(&key.flow, &wide, MS_SHUNT_HOLD);
	hold_adopt(rig.r.k.holds, &key, &wide);
	assert_int_equal(eroute_count(rig.r.k.eroutes), 1);
	packet(2); /* finds a hold, asks for nothing */
	later(120);
	assert_int_equal(acquires(&seq), 0);
	assert_int_equal(shunt_of(0), MS_SHUNT_HOLD);
	put(&key.flow, &wide, MS_SHUNT_PASS);
	hold_release(rig.r.k.holds, &key, &wide);
	assert_int_equal(injected(), 3);
}

/* Packet `mark` of flow i, PACKET octets or so many. */
static void marked(unsigned i, uint8_t mark, uint32_t len)
{
	struct note n = { .kind = NOTE_TRAP, .flow = flow_of(i) };
	uint8_t *octets = calloc(1, len);

	assert_non_null(octets);
	octets[0] = mark;
	n.held = held_new(octets, len, rig.r.d);
	free(octets);
	assert_non_null(n.held);
	hold_trap(rig.r.k.holds, &n);
}

/* What goes out when flow i is let through, as a word of marks. */
static void released(unsigned i, char *word)
{
	const struct flow_mask mask = { .family = AF_INET, .src = 32, .dst = 32 };
	union flow_words key = flow_of(i);
	struct held *h;

	key.flow.proto = 0;
	key.flow.sport = 0;
	put(&key.flow, &mask, MS_SHUNT_PASS);
	hold_release(rig.r.k.holds, &key, &mask);
	for (h = rig.r.w->inject; h != NULL; h = h->next)
		*word++ = (char)h->data[0];
	*word = '\0';
	injected();
}

static void test_newest_wins(void **state)
{
	uint32_t seq = 0;
	char word[16];

	(void)state;
	put_trap(false);
	listen_to_acquires();
	for (char c = 'a'; c <= 'z'; c++)
		marked(0, (uint8_t)c, PACKET);
	assert_int_equal(acquires(&seq), 1);
	released(0, word);
	assert_string_equal(word, "axyz"); /* the first, which often is the one that matters */
	/* when all holds together have no more room, the newest takes that of its flow's */
	for (unsigned i = 1; i <= 140; i++)
		marked(i, 'm', 60000);
	for (char c = 'a'; c <= 'z'; c++)
		marked(1, (uint8_t)c, 60000);
	released(1, word);
	assert_string_equal(word, "z");
}

/* A device that is renewed has another struct: what waited for it goes out all the same. */
static void test_device_renewed(void **state)
{
	struct device_list *l = rig.r.k.devices;
	const struct flow_mask mask = { .family = AF_INET };
	struct flow key = { .family = AF_INET };
	struct klips_device *renewed;
	uint8_t octets[100];
	uint32_t len = rig_make(octets, AF_INET, sizeof octets, 0);
	struct eroute *er = put(&key, &mask, MS_SHUNT_DROP);

	(void)state;
	renewed = calloc(1, sizeof *renewed + sizeof renewed->queues[0]);
	assert_non_null(renewed);
	memcpy(renewed, rig.r.d, sizeof *renewed);
	worker_inject(rig.r.w, held_new(octets, len, rig.r.d));
	l->devices[0] = renewed;
	rig.r.w->wake.ready(rig.r.w, &rig.r.w->wake);
	assert_int_equal(er->packets, 1);
	/* another one's */
	worker_inject(rig.r.w, held_new(octets, len, rig.r.d));
	renewed->number++;
	rig.r.w->wake.ready(rig.r.w, &rig.r.w->wake);
	assert_int_equal(er->packets, 1);
	l->devices[0] = rig.r.d;
	free(renewed);
}

/* However many flows wait, memory does not follow them. */
static void test_bounded(void **state)
{
	size_t at_quarter = 0, at_end;
	uint32_t seq = 0;
	unsigned asked = 0;

	(void)state;
	put_trap(false);
	listen_to_acquires();
	for (unsigned i = 0; i < FLOWS; i++) {
		packet(i);
		asked += acquires(&seq);
		if (i == FLOWS / 4)
			at_quarter = mallinfo2().uordblks;
	}
	at_end = mallinfo2().uordblks;
	assert_true(at_end < at_quarter + 65536);
	assert_true(asked <= 8192);
	assert_int_equal(rig.r.k.holds_refused, FLOWS - asked);
	/* a second packet of all of them */
	for (unsigned i = 0; i < FLOWS; i++) {
		packet(i);
		assert_int_equal(acquires(&seq), 0);
	}
	assert_true(mallinfo2().uordblks < at_quarter + 12 * 1024 * 1024);
	/* room comes back */
	later(61);
	assert_int_equal(eroute_count(rig.r.k.eroutes), 1);
	/* what was asked again in between waited for this client to read */
	do
		pfkey_rig_turn(&rig);
	while (acquires(&seq) > 0);
	packet(FLOWS + 1);
	assert_int_equal(acquires(&seq), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_released, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trap_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newest_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

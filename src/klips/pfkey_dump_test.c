/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps, which take many turns, while SAs come and go.  Standards: RFC 2367 s3.1.10. */
#include "klips/pfkey_make.h"
#include "klips/pfkey_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 20000 };

static struct pfkey_rig rig;

static int setup(void **state)
{
	(void)state;
	pfkey_rig_new(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pfkey_rig_free(&rig);
	return 0;
}

static void add_many(unsigned n)
{
	struct ms_pfkey_msg m = pfkey_make_named("ADD IPIP");

	for (unsigned i = 0; i < n; i++) {
		m.sa.spi = 0x10000 + i;
		pfkey_rig_say(&rig, 0, &m);
		if (i % 16 == 0)
			pfkey_rig_drain(&rig);
	}
	pfkey_rig_drain(&rig);
}

/* A client that reads one message in each turn; SAs go and come meanwhile. */
static void test_dump_of_many(void **state)
{
	struct ms_pfkey_msg m = pfkey_make_named("DUMP"), more = pfkey_make_named("ADD ESP");
	struct ms_pfkey_msg gone = pfkey_make_named("DELETE"), a;
	unsigned n = 0, turns = 0;
	uint32_t last = UINT32_MAX;

	(void)state;
	add_many(MANY);
	pfkey_rig_say(&rig, 0, &more);
	pfkey_rig_drain(&rig);
	gone.satype = MS_PFKEY_SATYPE_IPIP;
	gone.sa.spi = 0x10000 + MANY / 2;
	pfkey_rig_say(&rig, 1, &m);
	for (; last != 0 && turns < 2 * MANY; turns++) {
		if (pfkey_rig_next(&rig, 1, &a) && a.type == MS_PFKEY_DUMP) {
			assert_int_equal(a.err, 0);
			assert_int_equal(a.pid, 4711);
			assert_true(a.seq <= last);
			last = a.seq;
			n++;
		}
		if (turns == 100)
			pfkey_rig_say(&rig, 0, &gone);
		if (turns % 32 == 0)
			pfkey_rig_turn(&rig);
		while (turns == 100 && pfkey_rig_receive(&rig, 0))
			continue;
	}
	assert_int_equal(last, 0);
	assert_int_equal(n, MANY); /* one more was there, one went before its turn */
	/* one SA type */
	m.satype = MS_PFKEY_SATYPE_ESP;
	pfkey_rig_say(&rig, 1, &m);
	for (turns = 0; turns < MANY && !pfkey_rig_next(&rig, 1, &a); turns++)
		pfkey_rig_turn(&rig);
	assert_int_equal(a.satype, MS_PFKEY_SATYPE_ESP);
	assert_int_equal(a.seq, 0);
	m.satype = MS_PFKEY_SATYPE_AH;
	pfkey_rig_say(&rig, 1, &m);
	for (turns = 0; turns < MANY && !pfkey_rig_next(&rig, 1, &a); turns++)
		pfkey_rig_turn(&rig);
	assert_int_equal(a.err, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dump_of_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

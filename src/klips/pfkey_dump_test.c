/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What klips tells of its SAs: answers, and dumps, which take many turns, while SAs come and go.
 *
 * Standards: RFC 2367 s3.1.5, s3.1.10.
 */
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

/* What klips answers. */
static struct ms_pfkey_msg answer_to(const struct ms_pfkey_msg *m)
{
	struct ms_pfkey_msg a;

	pfkey_rig_drain(&rig);
	pfkey_rig_say(&rig, 0, m);
	assert_true(pfkey_rig_next(&rig, 0, &a));
	return a;
}

static struct ms_pfkey_msg answered(const struct ms_pfkey_msg *m)
{
	struct ms_pfkey_msg a = answer_to(m);

	assert_int_equal(a.err, 0);
	return a;
}

static void wish(struct ms_pfkey_msg *m)
{
	m->has |= MS_PFKEY_BIT(X_SAREF);
	m->saref = (struct ms_pfkey_saref){ 2, 1 };
}

/* All that was said of an SA, and its reference, come back. */
static void test_told_again(void **state)
{
	const uint64_t natt = MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
		| MS_PFKEY_BIT(X_NAT_T_DPORT);
	struct ms_pfkey_msg m = pfkey_make_named("GETSPI"), a;
	uint32_t larval;

	(void)state;
	m.range.min = m.range.max = 0x1001;
	a = answered(&m);
	larval = a.sa.ref;
	assert_int_not_equal(larval, 0);
	/* the larval one's goes over */
	m = pfkey_make_named("ADD ESP in UDP");
	m.type = MS_PFKEY_UPDATE;
	m.life[MS_PFKEY_LIFE_HARD].allocations = 5;
	m.sa.flags = MS_PFKEY_PFS;
	a = answered(&m);
	assert_int_equal(a.sa.ref, larval);
	m = pfkey_make_named("GET");
	m.sa.spi = 0x1001;
	a = answered(&m);
	assert_int_equal(a.sa.ref, larval);
	assert_int_equal(a.has & natt, natt);
	assert_int_equal(a.nat_type, 2);
	assert_int_equal(a.nat_sport, 4500);
	assert_int_equal(a.nat_dport, 40000);
	assert_int_equal(a.sa.flags, MS_PFKEY_PFS);
	assert_int_equal(a.sa.replay, 32);
	assert_int_equal(a.life[MS_PFKEY_LIFE_HARD].allocations, 5);
	assert_int_equal(a.life[MS_PFKEY_LIFE_HARD].octets, 1000000);
	assert_int_equal(a.life[MS_PFKEY_LIFE_SOFT].addtime, 3600);
	assert_int_equal(a.has & MS_PFKEY_BIT(X_SAREF), 0);
	/* both of a tunnel, one of them wished for: what would have been the other's */
	m = pfkey_make_named("ADD ESP tunnel");
	wish(&m);
	a = answered(&m);
	assert_int_equal(a.sa.ref, 2);
	assert_int_equal(a.saref.me, 2);
	assert_int_equal(a.sa2.ref, 3);
	m = pfkey_make_named("GET");
	m.sa.spi = 0x1002;
	a = answered(&m);
	assert_true((a.has & MS_PFKEY_BIT(X_SAREF)) != 0 && (a.has & natt) == 0);
	assert_int_equal(a.saref.him, 1);
	assert_int_equal(a.x_sa.window, 1024);
	m = pfkey_make_named("DELETE");
	m.sa.spi = 0x1002;
	answered(&m);
	/* with it its reference went; what is refused keeps none */
	m = pfkey_make_named("ADD ESP tunnel");
	wish(&m);
	m.x_sa.window = 1024;
	m.satype2 = MS_PFKEY_SATYPE_AH;
	assert_int_equal(answer_to(&m).err, EINVAL);
	m = pfkey_make_named("ADD ESP");
	wish(&m);
	assert_int_equal(answered(&m).sa.ref, 2);
	m = pfkey_make_named("UPDATE");
	m.sa.spi = 0x1000;
	assert_int_equal(answer_to(&m).err, EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dump_of_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every single datagram lost, doubled, late: the handshake and the deletion still end the same way.
 * Then seeded worlds where all of that happens at once.
 */
#include "core/sim/sim_test.h"

struct script {
	unsigned number; /* which datagram */
	enum { LOSE, DOUBLE, DOUBLE_LATE, LATE } what;
	unsigned seen;
};

static void scripted(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct script *s = arg;

	if (p->number != s->number)
		return;
	s->seen++;
	switch (s->what) {
	case LOSE:
		fate->lose = true;
		break;
	case DOUBLE:
		fate->copies = 1;
		break;
	case DOUBLE_LATE:
		fate->copies = 1;
		fate->copy_delay_ms = 2000;
		break;
	case LATE:
		fate->delay_ms = 1700;
		break;
	}
}

static void life(const struct ike_params *params, bool later, struct script *s)
{
	struct pair p = pair_of(&tunnel, &tunnel, params);

	p.sim->later = later;
	p.sim->network = scripted;
	p.sim->network_arg = s;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.west->over, 1);
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 60000);
	assert_pair_empty(&p);
	assert_int_equal(s->seen, 1);
	pair_free(&p);
}

/* 4 datagrams up, 2 down; with a cookie 6 and 2. */
static void each_packet(int what)
{
	static const struct ike_params cookies = { .cookies = MS_YES };

	for (unsigned number = 1; number <= 6; number++) {
		for (int later = 0; later < 2; later++) {
			struct script s = { number, what, 0 };

			life(NULL, later, &s);
		}
	}
	for (unsigned number = 1; number <= 8; number++) {
		struct script s = { number, what, 0 };

		life(&cookies, false, &s);
	}
}

static void test_each_lost(void **state)
{
	(void)state;
	each_packet(LOSE);
}

static void test_each_doubled(void **state)
{
	(void)state;
	each_packet(DOUBLE);
}

static void test_each_doubled_late(void **state)
{
	(void)state;
	each_packet(DOUBLE_LATE);
}

static void test_each_late(void **state)
{
	(void)state;
	each_packet(LATE);
}

/* --- everything at once
 * ------------------------------------------------------------------------------ */

static uint64_t dice(uint64_t *r)
{
	*r ^= *r << 13;
	*r ^= *r >> 7;
	*r ^= *r << 17;
	return *r;
}

static void rough(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	uint64_t *r = arg;

	(void)p;
	fate->lose = dice(r) % 100 < 25;
	fate->copies = dice(r) % 100 < 20 ? 1 + (unsigned)(dice(r) % 2) : 0;
	fate->delay_ms = dice(r) % 100 < 30 ? dice(r) % 3000 : dice(r) % 20;
	fate->copy_delay_ms = dice(r) % 4000;
}

static void world(uint64_t seed)
{
	static const struct ike_params cookies = { .cookies = MS_YES };
	struct pair p = pair_of(&tunnel, &tunnel, seed % 3 == 0 ? &cookies : NULL);
	uint64_t r = seed * 0x9e3779b97f4a7c15 + 7;
	struct ms_why why;
	ms_err err;

	p.sim->later = seed % 2;
	p.sim->network = rough;
	p.sim->network_arg = &r;
	pair_initiate(&p);
	if (seed % 5 == 0) {
		err = ike_initiate(p.east->ike, p.ec, &why);
		assert_int_equal(err, MS_OK);
	}
	sim_run(p.sim, dice(&r) % 20000);
	if (seed % 4 == 0)
		ike_terminate_conn(p.east->ike, p.ec);
	sim_run(p.sim, 100000);
	p.sim->network = NULL;
	/* Quiet: what is left on one side and not on the other goes when somebody asks. */
	if (!sim_agree(p.west, p.east) && getenv("SIM_VERBOSE"))
		fprintf(stderr, "seed %llu: sides differ after loss\n", (unsigned long long)seed);
	ike_terminate_conn(p.west->ike, p.wc);
	ike_terminate_conn(p.east->ike, p.ec);
	sim_run(p.sim, 100000);
	assert_pair_empty(&p);
	/* And the world is still good for a tunnel. */
	pair_up(&p);
	assert_pair_up(&p);
	pair_free(&p);
}

static void test_rough_worlds(void **state)
{
	const char *n = getenv("SIM_WORLDS");
	unsigned worlds = n ? (unsigned)atoi(n) : 300;

	(void)state;
	for (uint64_t seed = 1; seed <= worlds; seed++)
		world(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_lost),
		cmocka_unit_test(test_each_doubled),
		cmocka_unit_test(test_each_doubled_late),
		cmocka_unit_test(test_each_late),
		cmocka_unit_test(test_rough_worlds),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

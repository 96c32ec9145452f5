/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends initiate at once: one pair of SAs is left, and who waits is told of success. */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/sim/sim_test.h"

static const struct sim_words second = {
	.name = "second",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.22.0/24",
	.leftid = "@west",
	.rightid = "@east",
};

/* MS_ERR_BUSY and MS_OK alike: it is under way. */
static void initiate(struct sim_node *n, struct conn *c)
{
	struct ms_why why = { "" };
	ms_err err = ike_initiate(n->ike, c, &why);

	assert_true(err == MS_OK || err == MS_ERR_BUSY);
}

#define assert_single(p, children)                                   \
	do {                                                         \
		assert_int_equal(sim_ikes((p)->west), 1);            \
		assert_int_equal(sim_states((p)->west), 1);          \
		assert_int_equal(sim_states((p)->east), 1);          \
		assert_int_equal(sim_children((p)->west), children); \
		assert_true(sim_agree((p)->west, (p)->east));        \
		assert_int_equal((p)->west->over_err, MS_OK);        \
		assert_int_equal((p)->east->over_err, MS_OK);        \
		assert_true((p)->wc->newest_child != 0);             \
		assert_true((p)->ec->newest_child != 0);             \
	} while (0)

struct loss {
	unsigned number;
};

static void lose_one(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	fate->lose = p->number == ((struct loss *)arg)->number;
}

static void at_once(unsigned seed, unsigned apart, unsigned lost)
{
	struct loss loss = { lost };
	struct pair p = pair_new(&tunnel);

	p.sim->random = 977 * seed;
	p.sim->latency_ms = 10;
	p.sim->later = seed & 1;
	p.sim->network = lose_one;
	p.sim->network_arg = &loss;
	p.wc->wanted_up = p.ec->wanted_up = true;
	initiate(p.west, p.wc);
	sim_run(p.sim, apart);
	initiate(p.east, p.ec);
	sim_run(p.sim, 40000);
	assert_single(&p, 1);
	assert_int_equal(p.west->over, 1);
	assert_int_equal(p.east->over, 1);
	p.wc->wanted_up = p.ec->wanted_up = false;
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 40000);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* Every start apart, and each of the first packets lost in turn. */
static void test_ike(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++)
		for (unsigned apart = 0; apart < 40; apart += 4)
			for (unsigned lost = 0; lost <= 8; lost++)
				at_once(seed, apart, lost);
}

/* Two connections each, all at once. */
static void test_two_connections(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct pair p = pair_new(&tunnel);
		struct conn *w2 = sim_conn(p.west, &second), *e2 = sim_conn(p.east, &second);

		p.sim->random = 31 * seed;
		p.sim->latency_ms = 10;
		p.wc->wanted_up = p.ec->wanted_up = w2->wanted_up = e2->wanted_up = true;
		initiate(p.west, seed & 1 ? p.wc : w2);
		initiate(p.east, seed & 2 ? p.ec : e2);
		initiate(p.west, seed & 1 ? w2 : p.wc);
		initiate(p.east, seed & 2 ? e2 : p.ec);
		sim_run(p.sim, 90000);
		assert_int_equal(sim_children(p.west), 2);
		assert_true(sim_agree(p.west, p.east));
		assert_true(w2->newest_child != 0 && e2->newest_child != 0);
		assert_int_equal(p.west->over, 2);
		assert_int_equal(p.east->over, 2);
		pair_free(&p);
	}
}

/* A further child of one connection, asked for by both. */
static void test_child(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct pair p = pair_new(&tunnel);
		struct conn *w2 = sim_conn(p.west, &second), *e2 = sim_conn(p.east, &second);

		p.sim->random = 31 * seed;
		p.sim->latency_ms = 10;
		initiate(p.west, p.wc);
		sim_run(p.sim, 2000);
		initiate(p.west, w2);
		initiate(p.east, e2);
		sim_run(p.sim, 5000);
		assert_single(&p, 2);
		assert_true(w2->newest_child != 0 && e2->newest_child != 0);
		pair_free(&p);
	}
}

/* RFC 7296 s2.25.2: an IKE SA that goes for its successor, or that one, is rekeyed by either end, at
 * any time.  One is left. */
static void test_successor_rekeyed(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++)
		for (unsigned apart = 0; apart < 1500; apart += 15) {
			struct pair p = pair_new(&tunnel);
			struct sim_node *n = how & 1 ? p.east : p.west;
			struct ike_sa *ike;

			p.sim->latency_ms = 10;
			p.sim->later = how & 2;
			p.wc->wanted_up = true;
			pair_up(&p);
			ike_replace(ike_first(p.west->ike));
			sim_run(p.sim, apart);
			/* The first of both: the old one, while it is there. */
			ike = ike_first(n->ike);
			if (how & 2 && ike_next(ike))
				ike = ike_next(ike);
			ike->replace_at = ike_now(n->ike);
			if (ike->established)
				ike_arm(ike);
			sim_run(p.sim, 15000);
			assert_single(&p, 1);
			pair_free(&p);
		}
}

/* Two CHILD SAs of one connection: the newer one goes when the other one is about to expire, and was not
 * rekeyed in its time because it was not the newest.  Now it is rekeyed at once. */
static void test_newest_again(void **state)
{
	struct sim_words w = tunnel;

	(void)state;
	w.ipsec_lifetime_ms = 60000;
	for (unsigned how = 0; how < 2; how++)
		for (unsigned at = 56000; at < 59900; at += 130) {
			struct pair p = pair_new(&w);
			struct sim_node *n = how ? p.east : p.west;
			const struct child_sa *left;

			p.sim->latency_ms = 10;
			pair_initiate(&p);
			sim_run(p.sim, 40000);
			assert_int_equal(ike_child_attempt(ike_first(p.west->ike), p.wc), MS_OK);
			sim_run(p.sim, at - 40000);
			assert_int_equal(sim_children(p.west), 2);
			child_want_delete(child_newest(how ? p.ec : p.wc));
			sim_run(p.sim, 500);
			left = child_newest(p.wc);
			assert_non_null(left);
			assert_true(left->expire_at > ike_now(n->ike) + 50000);
			assert_single(&p, 1);
			pair_free(&p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ike),
		cmocka_unit_test(test_two_connections),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_successor_rekeyed),
		cmocka_unit_test(test_newest_again),
	};

	return cmocka_run_group_tests_name("twin", tests, sim_test_setup, sim_test_teardown);
}

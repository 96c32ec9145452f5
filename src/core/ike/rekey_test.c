/* SPDX-License-Identifier: Apache-2.0 */
/* Rekeying of CHILD and IKE SAs: by time, by both sides at once, refused, and under loss. */
#include "core/child/child_priv.h"
#include "core/ike/ask_test.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/window.h"
#include "core/sim/tape_test.h"

static struct sim_words pfs_words(bool pfs)
{
	struct sim_words w = tunnel;

	w.pfs = pfs;
	w.ike = "aes_gcm128-sha2_256-x25519";
	w.esp = "aes_gcm128";
	return w;
}

static void soft_expire(struct sim_node *n)
{
	struct ike_sa *ike = ike_first(n->ike);
	struct child_sa *c = ike_first_child(ike);
	struct ms_said said = { n->addr, c->spi_in, MS_PROTO_ESP };

	ike_kernel_expire(n->ike, &said, false);
}

static uint32_t newest_spi(const struct sim_node *n, const struct conn *c)
{
	const struct child_sa *child = child_by_serial(n->ike, c->newest_child);

	return child ? child->spi_in : 0;
}

static void test_child(void **state)
{
	(void)state;
	for (int how = 0; how < 8; how++) {
		struct sim_words w = pfs_words(how & 1);
		struct pair p = pair_new(&w);
		uint32_t before;
		struct sim_node *n;

		p.sim->later = how & 4;
		pair_up(&p);
		assert_pair_up(&p);
		before = newest_spi(p.west, p.wc);
		n = how & 2 ? p.east : p.west;
		n->jobs = 0;
		soft_expire(n);
		sim_run(p.sim, 5000);
		assert_pair_up(&p);
		assert_int_not_equal(newest_spi(p.west, p.wc), before);
		assert_int_equal(n->jobs, how & 1 ? 2 : 0);
		assert_int_equal(p.west->up, 2);
		assert_int_equal(p.west->downs, 1);
		assert_int_equal(p.sim->packets, 8);
		pair_free(&p);
	}
}

static void with_modp(struct ms_conn_desc *d)
{
	d->pfsgroup = strdup("modp2048");
}

/* pfsgroup= is the one group of the children's key exchanges; who has pfs=no takes a stricter peer's,
 * and one that wants another group is refused. */
static void test_pfsgroup(void **state)
{
	static const struct {
		bool pfs, group;
		const char *esp;
		unsigned ke; /* 0: refused, and a new IKE SA took the old one's place */
	} rows[] = {
		{ true, true, NULL, MS_KE_MODP2048 },
		{ false, false, NULL, MS_KE_MODP2048 },
		{ true, false, NULL, 0 },
		{ true, false, "aes_gcm128-modp2048+x25519", MS_KE_MODP2048 },
		{ true, false, "aes_gcm128-x25519", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = pfs_words(true), e = pfs_words(rows[i].pfs);
		struct pair p;

		w.esp = "aes_gcm128";
		e.ike = NULL;
		e.esp = rows[i].esp;
		w.more = with_modp;
		e.more = rows[i].group ? with_modp : NULL;
		p = pair_of(&w, &e, NULL);
		pair_up(&p);
		soft_expire(p.west);
		sim_run(p.sim, 2000);
		assert_int_equal(p.west->up, 2);
		assert_int_equal(p.wc->newest_ike == 1, rows[i].ke != 0);
		assert_int_equal(
			child_by_serial(p.west->ike, p.wc->newest_child)->suite.ke, rows[i].ke);
		assert_true(sim_agree(p.west, p.east));
		pair_free(&p);
	}
}

/* RFC 7296 s2.8.1: one of the two new pairs stays, on both sides the same. */
static void test_child_both_at_once(void **state)
{
	(void)state;
	for (int how = 0; how < 8; how++) {
		struct sim_words w = pfs_words(how & 1);
		struct pair p = pair_of(&w, &w, NULL);

		p.sim->random += (uint64_t)how;
		p.sim->later = how & 2;
		pair_up(&p);
		soft_expire(p.west);
		soft_expire(p.east);
		sim_run(p.sim, 10000);
		assert_pair_up(&p);
		assert_int_equal(newest_spi(p.west, p.wc),
			child_by_serial(p.east->ike, p.ec->newest_child)->spi_out);
		pair_free(&p);
	}
}

static void start_ike_rekey(struct sim_node *n)
{
	struct ike_sa *ike = ike_first(n->ike);

	ike->wants |= IKE_WANT_REKEY;
	ike_next_request(ike);
}

/* At a person's word, by either side; nothing to rekey is said. */
static void test_at_will(void **state)
{
	struct sim_words w = pfs_words(true);
	struct pair p = pair_new(&w);

	(void)state;
	assert_int_equal(ike_rekey_conn(p.west->ike, p.wc, false), MS_ERR_NOT_FOUND);
	assert_int_equal(ike_rekey_conn(p.west->ike, p.wc, true), MS_ERR_NOT_FOUND);
	pair_up(&p);
	for (int how = 0; how < 4; how++) {
		struct sim_node *n = how & 1 ? p.east : p.west;
		struct conn *c = how & 1 ? p.ec : p.wc;
		uint32_t ike = p.wc->newest_ike, child = newest_spi(p.west, p.wc);

		assert_int_equal(ike_rekey_conn(n->ike, c, how & 2), MS_OK);
		sim_run(p.sim, 5000);
		assert_pair_up(&p);
		/* what the first one was authenticated by holds for all that come of it */
		assert_int_equal(ike_by_serial(p.west->ike, p.wc->newest_ike)->proof, PROOF_SECRET);
		assert_int_equal(ike_by_serial(p.east->ike, p.ec->newest_ike)->proof, PROOF_SECRET);
		assert_int_equal(p.wc->newest_ike == ike, how & 2 ? 1 : 0);
		assert_int_equal(newest_spi(p.west, p.wc) == child, how & 2 ? 0 : 1);
	}
	pair_free(&p);
}

static void test_ike(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct sim_words w = pfs_words(true);
		struct pair p = pair_new(&w);
		uint32_t before;

		p.sim->later = how & 2;
		pair_up(&p);
		before = p.wc->newest_ike;
		start_ike_rekey(how & 1 ? p.east : p.west);
		sim_run(p.sim, 5000);
		assert_pair_up(&p);
		assert_int_equal(sim_states(p.west), 1);
		assert_int_equal(sim_states(p.east), 1);
		assert_int_not_equal(p.wc->newest_ike, before);
		assert_int_equal(p.west->up, 1); /* the child did not notice */
		/* The heir works: rekey its child, delete both. */
		soft_expire(p.west);
		sim_run(p.sim, 5000);
		assert_pair_up(&p);
		start_ike_rekey(how & 1 ? p.west : p.east);
		sim_run(p.sim, 5000);
		assert_pair_up(&p);
		ike_terminate_conn(p.east->ike, p.ec);
		sim_run(p.sim, 5000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

static void test_ike_both_at_once(void **state)
{
	struct sim_words w = pfs_words(true);
	struct pair p = pair_new(&w);

	(void)state;
	pair_up(&p);
	start_ike_rekey(p.west);
	start_ike_rekey(p.east);
	sim_run(p.sim, 30000);
	assert_pair_up(&p);
	assert_int_equal(sim_states(p.west), 1);
	assert_int_equal(ike_first(p.west->ike)->serial, p.wc->newest_ike);
	assert_true(p.wc->newest_ike > 2);
	pair_free(&p);
}

static void test_everything_at_once(void **state)
{
	struct sim_words w = pfs_words(true);
	struct pair p = pair_new(&w);

	(void)state;
	p.sim->later = true;
	pair_up(&p);
	start_ike_rekey(p.west);
	soft_expire(p.east);
	sim_run(p.sim, 60000);
	assert_pair_up(&p);
	ike_terminate_conn(p.west->ike, p.wc);
	start_ike_rekey(p.east);
	sim_run(p.sim, 60000);
	assert_pair_empty(&p);
	pair_free(&p);
}

static void test_by_time(void **state)
{
	struct sim_words w = pfs_words(true);
	struct pair p;

	(void)state;
	w.ike_lifetime_ms = 60000;
	w.ipsec_lifetime_ms = 25000;
	p = pair_new(&w);
	pair_initiate(&p);
	/* The conn has one or two pairs, and both sides know them, at every moment of quiet. */
	for (int i = 0; i < 600; i++) {
		sim_run(p.sim, 1000);
		if (i % 10 == 9) {
			assert_true(sim_agree(p.west, p.east));
			assert_int_equal(sim_children(p.west), 1);
			assert_int_equal(sim_ikes(p.west), 1);
		}
	}
	assert_true(ike_counter(p.west->ike, IKE_C_CHILD_ESTABLISHED) > 24);
	assert_true(ike_counter(p.west->ike, IKE_C_IKE_ESTABLISHED) > 10);
	pair_free(&p);
}

static void test_no_rekey_expires(void **state)
{
	struct sim_words w = pfs_words(true);
	struct pair p;

	(void)state;
	w.ipsec_lifetime_ms = 25000;
	w.no_rekey = true;
	p = pair_new(&w);
	pair_initiate(&p);
	sim_run(p.sim, 20000);
	assert_pair_up(&p);
	sim_run(p.sim, 10000);
	assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
	assert_int_equal(p.west->up, p.west->downs);
	pair_free(&p);
}

static void test_other_group(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.esp = "aes_gcm128-x25519+ecp256";
	e.esp = "aes_gcm128-ecp256";
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	soft_expire(p.west);
	sim_run(p.sim, 5000);
	assert_pair_up(&p);
	assert_int_equal(child_by_serial(p.west->ike, p.wc->newest_child)->suite.ke, MS_KE_ECP256);
	assert_int_equal(p.sim->packets, 10);
	pair_free(&p);
}

/* Unequal esp= lets the rekeying fail: a fresh IKE SA is made before the old one breaks. */
static void test_child_gone_at_peer(void **state)
{
	struct sim_words w = pfs_words(false);
	struct pair p = pair_new(&w);
	struct child_sa *c;

	(void)state;
	p.wc->wanted_up = true;
	pair_up(&p);
	/* East loses the child without a word. */
	p.east->down = true;
	c = ike_first_child(ike_first(p.east->ike));
	child_gone(c);
	p.east->down = false;
	soft_expire(p.west);
	sim_run(p.sim, 30000);
	assert_int_equal(sim_children(p.west), 1);
	assert_int_equal(sim_sas(p.west), 2);
	assert_int_equal(sim_sas(p.east), 2);
	pair_free(&p);
}

/* --- what has to wait for the other --- */

static void nothing(struct sim_node *n)
{
	(void)n;
}

static void delete_child(struct sim_node *n)
{
	child_want_delete(ike_first_child(ike_first(n->ike)));
}

/* RFC 7296 s2.25.2: what east has asked for and got no answer to decides whether it takes a new CHILD
 * SA or new keys for the IKE SA; the request that has to come again is told so, and nothing is left of
 * it. */
static void test_who_waits(void **state)
{
	static const struct {
		void (*begin)(struct sim_node *east);
		unsigned child, ike; /* errors */
	} rows[] = {
		{ nothing, 0, 0 },
		{ start_ike_rekey, IKE_N_TEMPORARY_FAILURE, IKE_N_TEMPORARY_FAILURE },
		{ soft_expire, 0, IKE_N_TEMPORARY_FAILURE },
		{ delete_child, 0, IKE_N_TEMPORARY_FAILURE },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = pfs_words(false);
		struct pair p = pair_new(&w);
		bool ike = i % 2;
		unsigned want = ike ? rows[i / 2].ike : rows[i / 2].child, sas, states;

		pair_up(&p);
		p.sim->network = lose_all;
		rows[i / 2].begin(p.east);
		sim_run(p.sim, 100);
		sas = sim_sas(p.east);
		states = sim_states(p.east);
		assert_int_equal(ike ? answer_to_ike(&p, NULL) : answer_to_child(&p, NULL, NULL), want);
		assert_int_equal(sim_sas(p.east), sas + (want == 0 && !ike ? 2 : 0));
		assert_int_equal(sim_states(p.east), states + (want == 0 && ike ? 1 : 0));
		pair_free(&p);
	}
}

/* --- loss
 * ------------------------------------------------------------------------------------------- */

struct rough {
	uint64_t r;
	unsigned percent;
};

static uint64_t dice(struct rough *s)
{
	s->r ^= s->r << 13;
	s->r ^= s->r >> 7;
	s->r ^= s->r << 17;
	return s->r;
}

static void lossy(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct rough *s = arg;

	(void)p;
	fate->lose = dice(s) % 100 < s->percent;
	fate->copies = dice(s) % 100 < s->percent;
	fate->delay_ms = dice(s) % 100;
	fate->copy_delay_ms = dice(s) % 2000;
}

static void test_rough_rekeys(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct sim_words w = pfs_words(seed % 2);
		struct rough s = { seed * 0x9e3779b97f4a7c15 + 3, 0 };
		struct pair p;

		w.ike_lifetime_ms = 90000;
		w.ipsec_lifetime_ms = 45000;
		p = pair_new(&w);
		p.sim->later = seed % 3 == 0;
		p.sim->random += seed;
		p.sim->network = lossy;
		p.sim->network_arg = &s;
		pair_initiate(&p);
		sim_run(p.sim, 5000);
		assert_pair_up(&p);
		s.percent = 15;
		for (int i = 0; i < 10; i++) {
			sim_run(p.sim, 20000);
			if (seed % 5 == (unsigned)i % 5)
				start_ike_rekey(ike_first(p.east->ike) ? p.east : p.west);
		}
		s.percent = 0;
		sim_run(p.sim, 150000);
		if (!sim_agree(p.west, p.east) || sim_children(p.west) != 1)
			fail_msg("seed %llu: west %u IKE %u CHILD %u SAs, east %u %u %u",
				(unsigned long long)seed, sim_ikes(p.west), sim_children(p.west),
				sim_sas(p.west), sim_ikes(p.east), sim_children(p.east),
				sim_sas(p.east));
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 60000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_pfsgroup),
		cmocka_unit_test(test_child_both_at_once),
		cmocka_unit_test(test_at_will),
		cmocka_unit_test(test_ike),
		cmocka_unit_test(test_ike_both_at_once),
		cmocka_unit_test(test_everything_at_once),
		cmocka_unit_test(test_by_time),
		cmocka_unit_test(test_no_rekey_expires),
		cmocka_unit_test(test_other_group),
		cmocka_unit_test(test_child_gone_at_peer),
		cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_rough_rekeys),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

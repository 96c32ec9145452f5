/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 7296 s2.21.2: the responder's AUTH is wrong, or nobody wants its IKE SA any more, and it believes
 * that all is well.  It is told in an exchange that a lost datagram does not end, and nothing else comes
 * of the IKE SA.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/sim/sim_key.h"
#include "core/sim/sim_test.h"

#define FIRST 5 /* datagram, after two exchanges, that tells the responder */

static struct sim_key west_key, east_key, other_key;

struct loss {
	unsigned first, last; /* these datagrams are lost */
	unsigned lost;
};

static void lose(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct loss *l = arg;

	fate->lose = p->number >= l->first && p->number <= l->last;
	l->lost += fate->lose;
}

/* East signs with another key than west knows. */
static struct pair stranger(struct loss *l, bool later)
{
	struct sim_words w = tunnel, e;
	struct pair p;

	w.authby = MS_AUTH_ECDSA;
	w.leftkey = west_key.spki;
	w.rightkey = east_key.spki;
	e = w;
	w.rightkey = other_key.spki;
	p = pair_of(&w, &e, NULL);
	p.west->priv = west_key.priv;
	p.east->priv = east_key.priv;
	p.sim->later = later;
	p.sim->network = lose;
	p.sim->network_arg = l;
	return p;
}

static void assert_of_no_use(const struct pair *p)
{
	assert_int_equal(p->west->over, 1);
	assert_int_equal(p->west->over_err, MS_ERR_AUTH);
	assert_int_equal(sim_ikes(p->west), 0);
	assert_int_equal(sim_sas(p->west), 0);
	assert_null(p->wc->ike_sas);
	assert_null(p->wc->child_sas);
	assert_int_equal(p->wc->newest_ike, 0);
	assert_null(ike_find_shared(p->west->ike, p->wc));
	assert_false(ike_has_ids(p->west->ike, &p->wc->local.id, &p->wc->remote.id, NULL));
	assert_int_equal(ike_counter(p->west->ike, IKE_C_IKE_FAILED), 1);
}

/* One to four datagrams are lost, its own and the answer's. */
static void test_lost(void **state)
{
	(void)state;
	for (unsigned last = FIRST - 1; last < FIRST + 4; last++)
		for (int later = 0; later < 2; later++) {
			struct loss l = { FIRST, last, 0 };
			struct pair p = stranger(&l, later);

			pair_initiate(&p);
			sim_run(p.sim, 300);
			assert_of_no_use(&p);
			if (last >= FIRST) {
				assert_int_equal(sim_states(p.west), 1);
				assert_int_equal(ike_first(p.west->ike)->state, IKE_DELETING);
				assert_int_equal(sim_ikes(p.east), 1);
			}
			sim_run(p.sim, 60000);
			assert_of_no_use(&p);
			assert_pair_empty(&p);
			assert_int_equal(l.lost, last + 1 - FIRST);
			pair_free(&p);
		}
}

/* The answer alone is lost: east has nothing any more, and does not answer what it does not know. */
static void test_answer_lost(void **state)
{
	struct loss l = { FIRST + 1, FIRST + 1, 0 };
	struct pair p = stranger(&l, false);

	(void)state;
	pair_initiate(&p);
	sim_run(p.sim, 300);
	assert_int_equal(sim_states(p.east), 0);
	assert_int_equal(sim_states(p.west), 1);
	sim_run(p.sim, 60000);
	assert_of_no_use(&p);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* Nobody answers: it goes at the end of the retransmissions, and other attempts do not wait for it. */
static void test_silence(void **state)
{
	struct loss l = { FIRST, UINT32_MAX, 0 };
	struct pair p = stranger(&l, false);

	(void)state;
	pair_initiate(&p);
	sim_run(p.sim, 20000);
	assert_of_no_use(&p);
	assert_int_equal(sim_states(p.west), 1);
	sim_run(p.sim, 20000);
	assert_of_no_use(&p);
	assert_int_equal(sim_states(p.west), 0);
	assert_true(l.lost > 2);
	pair_free(&p);
}

/* What east sends on it meanwhile: a Delete ends it, a CHILD SA is not to be had. */
static void test_requests_meanwhile(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct loss l = { FIRST, FIRST, 0 };
		struct pair p = stranger(&l, false);

		pair_initiate(&p);
		sim_run(p.sim, 100);
		assert_int_equal(sim_ikes(p.east), 1);
		if (i == 0)
			ike_terminate_conn(p.east->ike, p.ec);
		else
			assert_int_equal(ike_rekey_conn(p.east->ike, p.ec, true), MS_OK);
		sim_run(p.sim, 200);
		assert_of_no_use(&p);
		assert_int_equal(sim_states(p.west), i);
		sim_run(p.sim, 60000);
		assert_of_no_use(&p);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

/* Tried again and again on a bad wire; then east has the right key. */
static void test_again(void **state)
{
	struct loss l = { FIRST, FIRST + 1, 0 };
	struct pair p = stranger(&l, false);

	(void)state;
	p.wc->desc->keyingtries = 0;
	p.wc->wanted_up = true;
	pair_initiate(&p);
	for (int i = 0; i < 40; i++) {
		sim_run(p.sim, 5000);
		assert_true(sim_states(p.west) <= 2);
		assert_true(sim_states(p.east) <= 2);
		assert_int_equal(sim_ikes(p.west), 0);
	}
	p.east->priv = other_key.priv;
	sim_run(p.sim, 120000);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_int_equal(sim_states(p.west), 1);
	assert_int_equal(sim_children(p.west), 1);
	assert_true(sim_agree(p.west, p.east));
	p.wc->wanted_up = false;
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 60000);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* The connection goes, or the daemon, while it is told. */
static void test_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct loss l = { FIRST, FIRST + 1, 0 };
		struct pair p = stranger(&l, i == 2);

		pair_initiate(&p);
		sim_run(p.sim, 300);
		if (i == 0)
			ike_terminate_conn(p.west->ike, p.wc);
		if (i == 1)
			conn_delete(p.west->conns, p.wc);
		else if (i == 2)
			ike_shutdown(p.west->ike);
		if (i < 2) {
			sim_run(p.sim, 60000);
			assert_pair_empty(&p);
		} else {
			assert_int_equal(sim_states(p.west), 0);
		}
		pair_free(&p);
	}
}

/* s1.2.1: the IKE SA is good, the CHILD SA that the responder has is not: it is deleted as any other. */
static void test_child_only(void **state)
{
	(void)state;
	for (unsigned last = FIRST - 1; last < FIRST + 4; last++) {
		struct loss l = { FIRST, last, 0 };
		struct pair p = pair_of(&tunnel, &tunnel, NULL);

		p.sim->network = lose;
		p.sim->network_arg = &l;
		p.west->fail_child_up = true;
		pair_up(&p);
		assert_int_equal(p.west->over, 1);
		assert_int_equal(p.west->over_err, MS_ERR_KERNEL);
		assert_int_equal(sim_children(p.west) + sim_children(p.east), 0);
		assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 60000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

/* Taken down while the answer to IKE_AUTH is awaited, which the peer may have sent: at the end it has
 * nothing either. */
static void test_unwanted(void **state)
{
	(void)state;
	for (unsigned first = FIRST - 2; first < FIRST; first++)
		for (unsigned last = first; last < FIRST + 3; last++) {
			struct loss l = { first, last, 0 };
			struct pair p = pair_of(&tunnel, &tunnel, NULL);

			p.sim->network = lose;
			p.sim->network_arg = &l;
			pair_initiate(&p);
			sim_run(p.sim, 300);
			assert_int_equal(ike_first(p.west->ike)->state, IKE_PARENT_I2);
			assert_int_equal(sim_ikes(p.east), first == FIRST - 1);
			ike_terminate_conn(p.west->ike, p.wc);
			assert_null(p.wc->ike_sas);
			assert_false(ike_has_ids(
				p.west->ike, &p.wc->local.id, &p.wc->remote.id, NULL));
			sim_run(p.sim, 60000);
			assert_pair_empty(&p);
			assert_int_equal(l.lost, last + 1 - first);
			pair_free(&p);
		}
}

/* The same while the answer is looked at, which takes its time: the peer has an IKE SA. */
static void test_unwanted_meanwhile(void **state)
{
	(void)state;
	for (unsigned last = FIRST - 1; last < FIRST + 4; last++) {
		struct loss l = { FIRST, last, 0 };
		struct pair p = pair_of(&tunnel, &tunnel, NULL);

		p.sim->network = lose;
		p.sim->network_arg = &l;
		pair_initiate(&p);
		sim_run(p.sim, 17);
		assert_int_equal(sim_ikes(p.east), 1);
		p.west->slow_ms = 300;
		sim_run(p.sim, 150);
		assert_int_equal(ike_first(p.west->ike)->state, IKE_PARENT_I2);
		assert_null(ike_first(p.west->ike)->request);
		ike_terminate_conn(p.west->ike, p.wc);
		assert_null(p.wc->ike_sas);
		assert_null(p.wc->child_sas);
		assert_int_equal(sim_states(p.west), 1);
		sim_run(p.sim, 60000);
		assert_pair_empty(&p);
		assert_int_equal(p.west->up, 0);
		assert_int_equal(l.lost, last + 1 - FIRST);
		pair_free(&p);
	}
}

static void prepare_end(struct pair *p, int what)
{
	struct sim_words second = tunnel;
	struct ms_why why;
	struct conn *c;

	if (what == 0) {
		pair_initiate(p);
		sim_run(p->sim, 17);
		ike_terminate_conn(p->west->ike, p->wc);
		return;
	}
	pair_up(p);
	if (what == 1) {
		ike_probe_conn(p->west->ike, p->wc);
	} else {
		second.name = "second";
		second.rightsubnet = "192.0.22.0/24";
		(void)sim_conn(p->east, &second);
		c = sim_conn(p->west, &second);
		assert_int_equal(ike_initiate(p->west->ike, c, &why), MS_OK);
		sim_run(p->sim, 1000);
		assert_int_equal(sim_children(p->east), 2);
	}
	ike_delete_all(p->west->ike);
}

/* The daemon ends: some peers have a request to answer before they can be told, and do so at once. */
static void test_daemon_ends(void **state)
{
	(void)state;
	for (int what = 0; what < 3; what++)
		for (int patient = 0; patient < 2; patient++) {
			struct pair p = pair_of(&tunnel, &tunnel, NULL);

			prepare_end(&p, what);
			assert_int_equal(ike_untold(p.west->ike), what < 2);
			if (patient)
				sim_run(p.sim, 30);
			assert_int_equal(ike_untold(p.west->ike), what < 2 && !patient);
			sim_halt(p.west, true);
			sim_run(p.sim, 1000);
			assert_int_equal(sim_states(p.east), what < 2 && !patient);
			pair_free(&p);
		}
}

static int setup(void **state)
{
	if (sim_test_setup(state))
		return -1;
	west_key = sim_key_new("P-256");
	east_key = sim_key_new("P-256");
	other_key = sim_key_new("P-256");
	return 0;
}

static int teardown(void **state)
{
	sim_key_free(&west_key);
	sim_key_free(&east_key);
	sim_key_free(&other_key);
	return sim_test_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_answer_lost),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_requests_meanwhile),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_child_only),
		cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_unwanted_meanwhile),
		cmocka_unit_test(test_daemon_ends),
	};

	return cmocka_run_group_tests_name("apart", tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call of a crypto provider fails once, and from some call on all of them: whatever comes of
 * it, who waits is told, nothing is half there afterwards, and the next attempt works.
 */
#include "core/sim/sim_faults.h"
#include "core/sim/sim_key.h"
#include "core/sim/sim_test.h"

#include "core/ike/steps_test.h"

static const char *const suites[][2] = {
	{ "aes_gcm128-sha2_256-x25519", "aes_gcm128" },
	{ "aes128-sha2_256-ecp256", "aes128-sha2_256" },
};

static struct sim_words words_of(unsigned suite)
{
	struct sim_words w = tunnel;

	w.ike = suites[suite][0];
	w.esp = suites[suite][1];
	w.pfs = true;
	w.retransmit_timeout_ms = 5000;
	return w;
}

static void arm(unsigned nth, bool for_good)
{
	sim_faults = (struct sim_faults){ .nth = nth, .for_good = for_good };
}

static void end_of_both(struct pair *p)
{
	ike_terminate_conn(p->west->ike, p->wc);
	ike_terminate_conn(p->east->ike, p->ec);
	sim_run(p->sim, 120000);
	assert_pair_empty(p);
}

/* No half of anything, and what is up on one side only ends when its peer does not answer. */
static void settled(struct pair *p)
{
	for (unsigned i = 0; i < 2; i++)
		for (const struct sim_sa *sa = (i ? p->east : p->west)->sas; sa; sa = sa->next)
			assert_false(sa->larval);
	end_of_both(p);
}

/* --- the handshake ------------------------------------------------------------------------------ */

/* True when there was no n-th call. */
static bool handshake(const struct sim_words *w, const struct sim_key *keys, bool later, unsigned n,
	bool for_good)
{
	struct pair p;
	bool done;

	arm(0, false);
	p = pair_new(w);
	p.sim->later = later;
	if (keys) {
		p.west->priv = keys[0].priv;
		p.east->priv = keys[1].priv;
	}
	arm(n, for_good);
	pair_initiate(&p);
	sim_run(p.sim, 60000);
	done = sim_faults.failures == 0;
	if (done)
		assert_pair_up(&p);
	assert_int_equal(p.west->over, 1);
	assert_true(done || sim_faults.failures > 0);
	/* What fails for good brings nothing up at all. */
	if (for_good && n == 1)
		assert_int_not_equal(p.west->over_err, MS_OK);
	arm(0, false);
	settled(&p);
	pair_initiate(&p);
	sim_run(p.sim, 60000);
	assert_pair_up(&p);
	end_of_both(&p);
	pair_free(&p);
	return done;
}

static void every_call(const struct sim_words *w, const struct sim_key *keys)
{
	for (int how = 0; how < 4; how++) {
		unsigned n = 1;

		while (!handshake(w, keys, how & 1, n, how & 2))
			n++;
		assert_in_range(n, 20, 400);
	}
}

static void test_cve_2018_10811_handshake(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim_words w = words_of(i);

		every_call(&w, NULL);
	}
}

static void test_cve_2018_10811_signatures(void **state)
{
	struct sim_key keys[2] = { sim_key_new("ed25519"), sim_key_new("ed25519") };
	struct sim_words w = words_of(0);

	(void)state;
	w.authby = MS_AUTH_EDDSA;
	w.leftkey = keys[0].spki;
	w.rightkey = keys[1].spki;
	every_call(&w, keys);
	sim_key_free(&keys[0]);
	sim_key_free(&keys[1]);
}

/* --- afterwards ----------------------------------------------------------------------------------- */

static void end_ike(struct pair *p)
{
	ike_terminate_conn(p->east->ike, p->ec);
}

static bool one_step(
	void (*step)(struct pair *p), unsigned suite, bool later, unsigned n, bool for_good)
{
	struct sim_words w = words_of(suite);
	struct pair p = pair_new(&w);
	bool done;

	arm(0, false);
	pair_up(&p);
	assert_pair_up(&p);
	p.sim->later = later;
	arm(n, for_good);
	step(&p);
	sim_run(p.sim, 120000);
	done = sim_faults.failures == 0;
	arm(0, false);
	settled(&p);
	pair_free(&p);
	return done;
}

static void test_cve_2018_10811_established(void **state)
{
	static void (*const steps[])(struct pair *p) = { rekey_child, rekey_ike, liveness,
		end_child, end_ike };

	(void)state;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		for (unsigned how = 0; how < 8; how++) {
			unsigned n = 1;

			while (!one_step(steps[i], how >> 2, how & 1, n, how & 2))
				n++;
			assert_in_range(n, 8, 400);
		}
}

static int setup(void **state)
{
	(void)state;
	ms_log_open("test");
	return sim_faults_load() == MS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sim_faults_unload();
	ms_log_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2018_10811_handshake),
		cmocka_unit_test(test_cve_2018_10811_signatures),
		cmocka_unit_test(test_cve_2018_10811_established),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation of two engines fails once, and from some one on all of them for a while: whatever
 * comes of it, who waits is told, nothing is half there afterwards, both ends agree, and the next
 * attempt works.
 *
 * The program is linked with malloc() and its kin wrapped (ike.mk), the library's arenas are a part of
 * it; memory of the simulated world itself never fails.
 */
#include "core/sim/sim_memory_test.h"
#include "core/sim/sim_test.h"

#include "core/ike/steps_test.h"

#define FOR_A_WHILE_MS 20000

/* --- two ends --------------------------------------------------------------------------------- */

static struct sim_words words_of(unsigned how)
{
	struct sim_words w = tunnel;

	w.ike = how & 1 ? "aes128-sha2_256-ecp256" : "aes_gcm128-sha2_256-x25519";
	w.esp = how & 1 ? "aes128-sha2_256" : "aes_gcm128";
	w.pfs = true;
	w.retransmit_timeout_ms = 5000;
	w.dpd_delay_ms = 10000;
	w.fragmentation = how & 2 ? MS_FRAGMENTATION_FORCE : 0;
	return w;
}

/* how: bit 0 algorithms, bit 1 fragments, bit 2 answers come later, bit 3 with routing; bit 4 is for
 * the tests: all allocations fail from the n-th on. */
static struct pair pair_how(unsigned how)
{
	struct sim_words w = words_of(how);
	struct pair p = pair_new(&w);

	p.sim->later = how & 4;
	if (how & 8)
		for (unsigned i = 0; i < 2; i++) {
			struct sim_node *n = i ? p.east : p.west;

			n->env = (struct route_env){ .hook = sim_hook, .stack = "sim" };
			sim_route(n);
		}
	return p;
}

static void end_of_both(struct pair *p)
{
	ike_terminate_conn(p->west->ike, p->wc);
	ike_terminate_conn(p->east->ike, p->ec);
	sim_run(p->sim, 120000);
	assert_pair_empty(p);
}

/* No eroute points to an SA that is no more. */
static void routed_well(const struct pair *p)
{
	struct ms_why why = { "" };

	for (unsigned i = 0; i < 2; i++) {
		const struct sim_node *n = i ? p->east : p->west;

		for (const struct sim_policy *e = n->policies; e; e = e->next)
			assert_true(e->shunt != MS_SHUNT_NONE || sim_find_sa(n, &e->said));
		if (n->route && !route_check(n->route, &why))
			fail_msg("%s", why.text);
	}
}

/* Every time it can take is over: both have the same. */
static void settled(struct pair *p)
{
	sim_run(p->sim, 120000);
	assert_int_equal(sim_ikes(p->west), sim_ikes(p->east));
	assert_int_equal(sim_states(p->west), sim_ikes(p->west));
	assert_int_equal(sim_states(p->east), sim_ikes(p->east));
	assert_int_equal(sim_sas(p->west), 2 * sim_children(p->west));
	assert_int_equal(sim_sas(p->east), 2 * sim_children(p->east));
	assert_true(sim_agree(p->west, p->east));
	routed_well(p);
}

static void comes_up_and_ends(struct pair *p)
{
	end_of_both(p);
	routed_well(p);
	pair_initiate(p);
	sim_run(p->sim, 60000);
	assert_pair_up(p);
	end_of_both(p);
	routed_well(p);
	pair_free(p);
}

/* --- the handshake ------------------------------------------------------------------------------ */

static bool handshake(unsigned how, unsigned n, bool for_good)
{
	struct pair p = pair_how(how);
	struct ms_why why = { "" };
	bool done;
	ms_err err;

	memory_arm(n, for_good);
	err = ike_initiate(p.west->ike, p.wc, &why);
	done = memory_run_short(p.sim, FOR_A_WHILE_MS);
	sim_run(p.sim, 60000);
	assert_int_equal(p.west->over, err == MS_OK);
	if (done)
		assert_pair_up(&p);
	settled(&p);
	comes_up_and_ends(&p);
	return done;
}

static void test_handshake(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 32; how++) {
		unsigned n = 1;

		while (!handshake(how & 15, n, how & 16))
			n++;
		assert_in_range(n, 20, 1000);
	}
}

/* --- afterwards ----------------------------------------------------------------------------------- */

static void end_ike(struct pair *p)
{
	ike_terminate_conn(p->east->ike, p->ec);
}

static void up_anew(struct pair *p)
{
	struct ms_why why = { "" };

	(void)!ike_initiate(p->west->ike, p->wc, &why);
}

static bool one_step(void (*step)(struct pair *p), unsigned how, unsigned n, bool for_good)
{
	struct pair p = pair_how(how);
	bool done;

	pair_up(&p);
	assert_pair_up(&p);
	memory_arm(n, for_good);
	step(&p);
	done = memory_run_short(p.sim, FOR_A_WHILE_MS);
	settled(&p);
	comes_up_and_ends(&p);
	return done;
}

static void test_established(void **state)
{
	static void (*const steps[])(struct pair *p) = { rekey_child, rekey_ike, liveness,
		end_child, end_ike, up_anew };

	(void)state;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		for (unsigned how = 0; how < 32; how += 5) {
			unsigned n = 1;

			while (!one_step(steps[i], how & 15, n, how & 16))
				n++;
			assert_in_range(n, 1, 1000);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_established),
	};

	return cmocka_run_group_tests_name("memory", tests, sim_test_setup, sim_test_teardown);
}

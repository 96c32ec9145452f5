/* SPDX-License-Identifier: Apache-2.0 */
/* Two engines in one process: what they agree on, refuse, delete and survive. */
#include "core/sim/sim_test.h"

static void test_psk(void **state)
{
	struct pair p = pair_new(&tunnel);

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	assert_true(sim_said(p.west, 133, "STATE_PARENT_I1: sent v2I1, expected v2R1"));
	assert_true(sim_said(p.west, 134, "STATE_PARENT_I2: sent v2I2, expected v2R2 {auth=IKEv2"));
	assert_true(sim_said(p.west, 4,
		"STATE_PARENT_I3: PARENT SA established tunnel mode {ESP=>0x"));
	assert_true(sim_said(p.east, 4, "STATE_PARENT_R2: received v2I2, PARENT SA established"));
	assert_int_equal(p.west->over, 1);
	assert_int_equal(p.sim->packets, 4);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psk),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

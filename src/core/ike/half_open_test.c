/* SPDX-License-Identifier: Apache-2.0 */
/* What half-open IKE SAs cost: strangers make them for one datagram each. */
#include "core/sim/sim_test.h"

#include <malloc.h>

#define MANY      2000
#define OCTETS    3600 /* each, at most */
#define SPI_AT    0

struct tape {
	uint8_t octets[2048];
	size_t len;
	struct ms_endpoint src, dst;
};

static void keep_first(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct tape *t = arg;

	if (t->len == 0 && p->len <= sizeof(t->octets)) {
		memcpy(t->octets, p->octets, p->len);
		t->len = p->len;
		t->src = p->src;
		t->dst = p->dst;
	}
	fate->lose = true;
}

static void test_memory(void **state)
{
	struct pair p = pair_new(&tunnel);
	struct tape t = { .len = 0 };
	size_t before, each;

	(void)state;
	p.sim->network = keep_first;
	p.sim->network_arg = &t;
	pair_initiate(&p);
	sim_run(p.sim, 100);
	assert_true(t.len > 0);
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < MANY; i++) {
		memcpy(t.octets + SPI_AT, &i, sizeof(i));
		t.octets[7] = 0xfe;
		sim_say(p.sim, &t.src, &t.dst, ms_bytes(t.octets, t.len));
		sim_run(p.sim, 1);
	}
	assert_int_equal(ike_half_open(p.east->ike), MANY);
	each = (mallinfo2().uordblks - before) / MANY;
	printf("half-open IKE SA: %zu octets, request of %zu octets\n", each, t.len);
	/* a sanitizer's allocator tells nothing */
	assert_true(each <= OCTETS);
	/* All of them go by themselves, and leave nothing. */
	sim_run(p.sim, 60000);
	assert_int_equal(ike_half_open(p.east->ike), 0);
	assert_int_equal(sim_states(p.east), 0);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_memory) };

	return cmocka_run_group_tests_name("half-open", tests, sim_test_setup, sim_test_teardown);
}

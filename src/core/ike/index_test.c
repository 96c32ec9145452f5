/* SPDX-License-Identifier: Apache-2.0 */
/* The hash tables while they grow: what is in is found, once; what went is not. */
#include "core/ike/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

enum { NODES = 5000, STEPS = 60000 };

struct thing {
	struct ike_node node;
	bool in;
};

static struct thing things[NODES];
static uint32_t state = 1;

static uint32_t number(void)
{
	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

/* Every eighth shares its hash with others. */
static uint32_t hash_of(uint32_t i)
{
	return i % 8 == 0 ? 7u : i * 2654435761u;
}

static unsigned times_found(const struct ike_table *t, const struct thing *x, uint32_t hash)
{
	unsigned n = 0;

	for (struct ike_node *p = ike_table_first(t, hash); p; p = ike_table_next(p)) {
		assert_int_equal(p->hash, hash);
		n += p == &x->node;
	}
	return n;
}

static void step(struct ike_table *t, uint32_t grow)
{
	uint32_t i = number() % NODES;
	struct thing *x = &things[i];

	if (!x->in && number() % 100 < grow) {
		ike_table_add(t, &x->node, hash_of(i));
		x->in = true;
	} else if (x->in && number() % 100 >= grow) {
		ike_table_remove(t, &x->node);
		ike_table_remove(t, &x->node);
		x->in = false;
	}
	assert_int_equal(times_found(t, x, hash_of(i)), x->in);
}

static void grows_and_shrinks(void **unused)
{
	struct ike_table t;
	unsigned growing = 0, in = 0;

	(void)unused;
	assert_true(ike_table_init(&t));
	for (unsigned n = 0; n < STEPS; n++) {
		step(&t, n / 10000 % 2 == 0 ? 80 : 30);
		if (!t.old)
			continue;
		growing++;
		if (growing % 16 == 0) /* all of them, in the middle of it */
			for (uint32_t i = 1; i < NODES; i += 97)
				assert_int_equal(
					times_found(&t, &things[i], hash_of(i)), things[i].in);
	}
	for (uint32_t i = 0; i < NODES; i++) {
		assert_int_equal(times_found(&t, &things[i], hash_of(i)), things[i].in);
		in += things[i].in;
	}
	assert_int_equal(t.n, in);
	assert_true(growing > 500);
	assert_true(t.mask >= 2047);
	ike_table_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(grows_and_shrinks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

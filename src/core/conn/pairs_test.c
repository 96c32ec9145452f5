/* SPDX-License-Identifier: Apache-2.0 */
/* The map of pairs against a plain search through all of them. */
#include "core/conn/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define N 3000

static const uint64_t seed[2] = { 3, 4 };
static uint32_t dice = 1;

static uint32_t roll(uint32_t below)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % below;
}

static struct ms_selector net(unsigned bits)
{
	struct ms_addr a = ms_addr_v4(0x0a000000 | roll(64) << 16 | roll(8) << 8 | roll(16));
	struct ms_subnet s = ms_subnet_make(&a, bits);

	return ms_selector_of_subnet(&s);
}

static struct ms_selector some_net(void)
{
	static const unsigned bits[] = { 0, 8, 16, 24, 28, 32 };
	struct ms_selector s = net(bits[roll(6)]);

	if (roll(20) == 0 && !ms_addr_eq(&s.range.first, &s.range.last))
		s.range.last.b[3]--; /* a range that is no network */
	if (roll(10) == 0) {
		s.protocol = 17;
		s.port_first = s.port_last = (uint16_t)roll(3);
	}
	return s;
}

static unsigned bits_of(const struct ms_range *r)
{
	unsigned bits = 0;

	while (bits < 32 && ms_addr_prefix_eq(&r->first, &r->last, bits + 1))
		bits++;
	return bits;
}

static unsigned rank(const struct pair_node *n)
{
	return bits_of(&n->src.range) * 64 * 8 + bits_of(&n->dst.range) * 8 +
	       (n->src.protocol || n->dst.protocol ? 4 : 0) +
	       (n->src.port_first == n->src.port_last ? 2 : 0) +
	       (n->dst.port_first == n->dst.port_last ? 1 : 0);
}

static void test_against_plain_search(void **state)
{
	struct pair_node *nodes = calloc(N, sizeof *nodes);
	struct pair_map m;
	unsigned found = 0;

	(void)state;
	assert_true(pair_map_init(&m, seed));
	for (unsigned i = 0; i < N; i++) {
		nodes[i].src = some_net();
		nodes[i].dst = some_net();
		assert_true(pair_map_add(&m, &nodes[i]));
	}
	for (unsigned i = 0; i < N; i += 3)
		pair_map_remove(&m, &nodes[i]);
	for (unsigned i = 0; i < N; i++) {
		struct ms_selector s = net(32), d = net(32);
		const struct pair_node *best = NULL, *got;

		s.protocol = d.protocol = 17;
		s.port_first = s.port_last = (uint16_t)roll(3);
		d.port_first = d.port_last = (uint16_t)roll(3);
		for (unsigned k = 0; k < N; k++)
			if (nodes[k].in && ms_selector_contains(&nodes[k].src, &s) &&
				ms_selector_contains(&nodes[k].dst, &d) &&
				(best == NULL || rank(&nodes[k]) > rank(best)))
				best = &nodes[k];
		got = pair_map_find(&m, &s, &d, NULL, NULL);
		assert_int_equal(got == NULL, best == NULL);
		if (got != NULL)
			assert_int_equal(rank(got), rank(best));
		found += got != NULL;
	}
	assert_true(found > N / 10);
	for (unsigned i = 0; i < N; i++) {
		const struct pair_node *n = pair_map_exact(&m, &nodes[i].src, &nodes[i].dst);

		while (n != NULL && n != &nodes[i])
			n = pair_map_exact_next(n);
		assert_int_equal(n != NULL, nodes[i].in);
		pair_map_remove(&m, &nodes[i]);
	}
	assert_int_equal(m.n, 0);
	assert_int_equal(m.n_shapes, 0);
	pair_map_done(&m);
	free(nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_plain_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The window against a model that remembers every number. */
#include "klips/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t prng = 0x2545f4914f6cdd1du;

static uint32_t rnd(void)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (uint32_t)(prng >> 20);
}

enum { SPACE = 20000 };

struct model {
	uint8_t seen[SPACE];
	uint64_t top;
};

static bool model_accept(struct model *m, uint64_t seq, uint32_t window)
{
	if (window == 0)
		return true;
	if (seq == 0 || (seq <= m->top && m->top - seq >= window) || m->seen[seq])
		return false;
	m->seen[seq] = 1;
	if (seq > m->top)
		m->top = seq;
	return true;
}

static struct replay *make(uint32_t window)
{
	struct replay *r = malloc(replay_octets(window));

	assert_non_null(r);
	replay_init(r, window);
	return r;
}

/* The 64 newest, and the widest jump. */
static void test_shown(void **state)
{
	struct replay *r = make(128), *small = make(5), *none = make(0);
	unsigned i;

	(void)state;
	assert_true(replay_newest(r) == 0);
	assert_true(replay_accept(r, 7) && replay_accept(r, 9));
	assert_true(replay_newest(r) == 5 && r->jump == 2);
	assert_true(replay_accept(r, 8) && replay_accept(r, 10));
	assert_true(replay_newest(r) == 15 && r->jump == 2);
	for (i = 11; i < 200; i++)
		assert_true(replay_accept(r, i) && replay_accept(small, i) && replay_accept(none, i));
	assert_true(replay_newest(r) == UINT64_MAX && replay_newest(small) == 31 && replay_newest(none) == 0);
	assert_true(replay_accept(r, 230));
	assert_true(replay_newest(r) == (UINT64_MAX << 31 | 1) && r->jump == 31);
	assert_true(replay_accept(r, UINT64_C(1) << 40));
	assert_true(replay_newest(r) == 1);
	free(r);
	free(small);
	free(none);
}

static void run(uint32_t window, unsigned steps, unsigned jump)
{
	struct model *m = calloc(1, sizeof *m);
	struct replay *r = make(window);
	uint64_t seq = 1;
	unsigned i;

	assert_non_null(m);
	for (i = 0; i < steps; i++) {
		uint64_t span = window + 70u;
		bool checked;

		switch (rnd() % 4) {
		case 0:
			seq = m->top + 1;
			break;
		case 1:
			seq = m->top + rnd() % jump;
			break;
		case 2: /* around the lower edge */
			seq = m->top > window + 2u ? m->top - window + rnd() % 5 - 2 : rnd() % 5;
			break;
		default:
			seq = m->top > span ? m->top - rnd() % span : rnd() % (m->top + 2);
		}
		if (seq >= SPACE)
			break;
		checked = replay_check(r, seq);
		assert_int_equal(replay_accept(r, seq), checked);
		assert_int_equal(checked, model_accept(m, seq, window));
	}
	free(r);
	free(m);
}

static void test_against_model(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 1024,
		4095, 4096 };
	unsigned i, k;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (k = 0; k < 40; k++)
			run(sizes[i], 20000, 1 + (k % 8) * 40);
}

/* Every pair of moves in a small space: order of arrival cannot matter to what is remembered. */
static void test_every_small_window(void **state)
{
	uint32_t window;
	unsigned order;

	(void)state;
	for (window = 1; window <= 8; window++) {
		for (order = 0; order < 7 * 7 * 7 * 7 * 7; order++) {
			struct model m = { .top = 0 };
			struct replay *r = make(window);
			unsigned left = order, i;

			for (i = 0; i < 5; i++, left /= 7) {
				uint64_t seq = (left % 7) * (window > 4 ? 2 : 1);

				assert_int_equal(replay_accept(r, seq), model_accept(&m, seq, window));
			}
			free(r);
		}
	}
}

/* Every distance from the top at which the ring could be confused with itself. */
static void test_jumps(void **state)
{
	uint32_t window, jump;

	(void)state;
	for (window = 1; window <= 200; window += 7) {
		for (jump = 1; jump < 600; jump++) {
			struct replay *r = make(window);
			uint64_t s;

			for (s = 1; s <= 300; s++)
				assert_true(replay_accept(r, s));
			assert_true(replay_accept(r, 300 + jump));
			for (s = 1; s < 300 + jump; s++) {
				bool inside = 300 + jump - s < window;

				assert_int_equal(replay_check(r, s), inside && s > 300);
			}
			free(r);
		}
	}
}

static void test_esn(void **state)
{
	struct replay *r = make(64);
	uint64_t top;
	int64_t d;

	(void)state;
	assert_int_equal(replay_infer(r, 5, false), 5);
	for (top = UINT64_C(0x1ffffff00); top < UINT64_C(0x200000100); top += 3) {
		r->top = top;
		for (d = -63; d < 1000; d++) {
			uint64_t want = top + (uint64_t)d;

			assert_int_equal(replay_infer(r, (uint32_t)want, true), want);
		}
	}
	r->top = 10; /* nothing before the first subspace */
	assert_int_equal(replay_infer(r, 0xfffffff0u, true), 0xfffffff0u);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_every_small_window),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_esn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

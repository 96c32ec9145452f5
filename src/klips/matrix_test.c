/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full product: out of one klips and into another, with whatever the registry offers.
 *
 * SAs are made by the code that answers PF_KEY, from messages as a client sends them.  First every
 * suite in every shape, then every legal order of up to six transforms with the suites taking turns,
 * then long groups made by chance.
 */
#include "klips/matrix_rig.h"

/* --- every suite in every shape ------------------------------------------------------------------- */

/* What came comes not again, unless there is no window; what is older than the window never. */
static void check_window(const struct chain *c, const struct member *keyed, int family)
{
	uint32_t len, window = keyed->window, first_len, second_len;
	static uint8_t first[ROOM], second[ROOM];
	struct klips_sa *out = c->sa[0][c->n - 1];

	make_plain(family, 100, true);
	first_len = protect(c, 100);
	memcpy(first, wire, first_len);
	second_len = protect(c, 100);
	memcpy(second, wire, second_len);
	out->seq += window == 0 ? 1000 : window - 2;
	len = protect(c, 100); /* the second is the oldest that may come now */
	assert_int_equal(arrive(len, keyed->encap), 100);
	assert_int_equal(arrive(len, keyed->encap), window == 0 ? 100 : 0);
	memcpy(wire, first, first_len);
	assert_int_equal(arrive(first_len, keyed->encap), window == 0 ? 100 : 0);
	memcpy(wire, second, second_len);
	assert_int_equal(arrive(second_len, keyed->encap), 100);
	assert_int_equal(arrive(second_len, keyed->encap), window == 0 ? 100 : 0);
	wire[second_len - 1] ^= 1;
	assert_int_equal(arrive(second_len, keyed->encap), 0);
}

static void one_shape(const struct member *m, unsigned n, int inner, unsigned *carried)
{
	static const uint32_t sizes[] = { 48, 49, 50, 51, 52, 61, 62, 63, 64, 1400 };
	struct chain c;
	unsigned i;

	assert_int_equal(chain_new(&c, m, n), 0);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		carry(&c, inner, sizes[i], true, m[n - 1].encap);
	check_window(&c, &m[n - 1], inner);
	chain_free(&c);
	++*carried;
}

static void every_shape(const struct suite *s, uint8_t kind, unsigned *carried)
{
	static const uint32_t windows[] = { 0, 32, 64, 128, 4096 };
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned w, v, outer, inner;

	for (w = 0; w < sizeof windows / sizeof windows[0]; w++) {
		for (v = 0; v < (kind == AH ? 2 : 4); v++) {
			for (outer = 0; outer < 2; outer++) {
				struct member m[2] = { { .kind = outer == 0 ? TUN4 : TUN6 },
					{ .kind = kind, .suite = *s, .esn = (v & 1) != 0,
						.encap = (v & 2) != 0, .window = windows[w] } };

				m[0].family = m[1].family = families[outer];
				one_shape(m + 1, 1, families[outer], carried);
				for (inner = 0; inner < 2; inner++)
					one_shape(m, 2, families[inner], carried);
			}
		}
	}
}

static void test_every_suite(void **state)
{
	unsigned i, carried = 0;

	(void)state;
	for (i = 0; i < n_esps; i++)
		every_shape(&esps[i], ESP, &carried);
	for (i = 0; i < n_ahs; i++)
		every_shape(&ahs[i], AH, &carried);
	print_message("%u suites of ESP, %u of AH, %u ways\n", n_esps, n_ahs, carried);
	assert_true(n_esps >= 19 + 7 * 6 && n_ahs >= 6);
}

/* --- every order -------------------------------------------------------------------------------- */

/* Behind one header IPComp, ESP, AH in this order, each at most once: RFC 4301 s4.1, RFC 3173 s2.2. */
static bool legal(const uint8_t *kinds, unsigned n)
{
	unsigned i;
	int last = -1;

	for (i = 0; i < n; i++) {
		if (kinds[i] > TUN6 && kinds[i] <= last)
			return false;
		last = kinds[i] <= TUN6 ? -1 : kinds[i];
	}
	return true;
}

static void test_every_order(void **state)
{
	unsigned n, words, word, carried = 0, refused = 0;
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (n = 1, words = KINDS; n <= DEPTH; n++, words *= KINDS) {
		for (word = 0; word < words; word++) {
			uint8_t kinds[DEPTH];
			unsigned i, f, rest = word;

			for (i = 0; i < n; i++, rest /= KINDS)
				kinds[i] = (uint8_t)(rest % KINDS);
			for (f = 0; f < 2; f++) {
				struct member m[DEPTH];
				struct chain c;
				int err;

				spell(m, kinds, n, families[f]);
				err = chain_new(&c, m, n);
				assert_int_equal(err, legal(kinds, n) ? 0 : EINVAL);
				refused += err != 0;
				if (err != 0)
					continue;
				/* what is outermost must be ESP or AH to be received */
				for (i = 0; i < 4 && kinds[n - 1] >= ESP; i++)
					carry(&c, families[f], i < 2 ? 90 : 1300, i % 2 != 0, false);
				carried += kinds[n - 1] >= ESP;
				chain_free(&c);
			}
		}
	}
	print_message("%u groups carried, %u orders refused\n", carried, refused);
	assert_true(carried > 4000 && refused > 20000);
}

/* Until the room before a packet is used up: then it is dropped, not damaged. */
static void test_long_groups(void **state)
{
	unsigned try, carried = 0, longest = 0;

	(void)state;
	for (try = 0; try < 20000; try++) {
		unsigned n = DEPTH + 1 + chance(LONGEST - DEPTH), i;
		int family = chance(2) != 0 ? AF_INET6 : AF_INET;
		uint8_t kinds[LONGEST];
		struct member m[LONGEST];
		struct chain c;

		for (i = 0; i < n; i++)
			do
				kinds[i] = (uint8_t)chance(KINDS);
			while (!legal(kinds, i + 1) || (i == n - 1 && kinds[i] < ESP
				&& legal((const uint8_t[]){ kinds[i - 1], AH }, 2)));
		if (kinds[n - 1] < ESP)
			continue;
		spell(m, kinds, n, family);
		assert_int_equal(chain_new(&c, m, n), 0);
		for (i = 0; i < 3; i++)
			carry(&c, family, 80 + chance(1200), i != 0, false);
		chain_free(&c);
		carried++;
		longest = n > longest ? n : longest;
	}
	print_message("%u groups of up to %u\n", carried, longest);
	assert_int_equal(longest, LONGEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_every_order),
		cmocka_unit_test(test_long_groups),
	};

	return cmocka_run_group_tests(tests, matrix_start, matrix_end);
}

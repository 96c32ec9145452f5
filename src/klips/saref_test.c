/* SPDX-License-Identifier: Apache-2.0 */
/* References: unique, given in turn, free again, refused when all are taken. */
#include "klips/sadb.h"
#include "klips/saref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FEW = 10, MANY = 3 * SAREF_ENTRIES };

static struct klips_sa sas[MANY + 1]; /* only their addresses count */

static uint32_t take(struct saref_table *t, struct klips_sa *sa)
{
	uint32_t ref = 0;

	assert_int_equal(saref_take(t, &ref, sa), MS_OK);
	return ref;
}

static ms_err wish(struct saref_table *t, uint32_t ref)
{
	uint32_t got = ref;
	ms_err err = saref_take(t, &got, &sas[ref]);

	assert_int_equal(got, ref);
	return err;
}

/* All of three sub-tables, each once; the end of them is said, and what is free again is found. */
static void test_exhaustion(void **state)
{
	struct saref_table *t = saref_table_new(MANY);
	uint32_t i, ref = 0;

	(void)state;
	assert_non_null(t);
	for (i = 1; i <= MANY; i++)
		assert_int_equal(take(t, &sas[i]), i);
	assert_int_equal(saref_take(t, &ref, &sas[0]), MS_ERR_LIMIT);
	assert_int_equal(ref, 0);
	for (i = 1; i <= MANY; i += 1000) {
		saref_give_back(t, i);
		assert_null(saref_find(t, i));
		assert_int_equal(take(t, &sas[i]), i);
		assert_int_equal(saref_take(t, &ref, &sas[0]), MS_ERR_LIMIT);
	}
	for (i = 1; i <= MANY; i++)
		assert_ptr_equal(saref_find(t, i), &sas[i]);
	for (i = MANY; i >= 1; i--)
		saref_give_back(t, i);
	ref = 1;
	assert_null(saref_next(t, &ref));
	saref_table_free(&t);
	assert_null(t);
}

/* A number that is free again comes last. */
static void test_rest(void **state)
{
	struct saref_table *t = saref_table_new(FEW);
	uint32_t i;

	(void)state;
	for (i = 1; i <= 4; i++)
		assert_int_equal(take(t, &sas[i]), i);
	saref_give_back(t, 2);
	saref_give_back(t, 4);
	for (i = 5; i <= FEW; i++)
		assert_int_equal(take(t, &sas[i]), i);
	assert_int_equal(take(t, &sas[2]), 2);
	assert_int_equal(take(t, &sas[4]), 4);
	saref_table_free(&t);
}

static void test_wishes(void **state)
{
	struct saref_table *t = saref_table_new(FEW);
	uint32_t i, ref;

	(void)state;
	assert_int_equal(wish(t, 3), MS_OK);
	assert_int_equal(wish(t, 3), MS_ERR_BUSY);
	assert_int_equal(wish(t, FEW), MS_OK);
	assert_int_equal(wish(t, FEW + 1), MS_ERR_LIMIT);
	ref = UINT32_MAX;
	assert_int_equal(saref_take(t, &ref, &sas[1]), MS_ERR_LIMIT);
	/* the others go round them */
	for (i = 1; i < FEW; i++)
		if (i != 3)
			assert_int_equal(take(t, &sas[i]), i);
	assert_int_equal(wish(t, 3), MS_ERR_BUSY);
	saref_give_back(t, 3);
	saref_give_back(t, 3); /* nobody's: nothing */
	saref_give_back(t, FEW + 1);
	assert_int_equal(wish(t, 3), MS_OK);
	for (i = ref = 1; saref_next(t, &ref) == &sas[i]; i++, ref++)
		assert_int_equal(ref, i);
	assert_int_equal(i, FEW + 1);
	saref_table_free(&t);
}

static void test_pass(void **state)
{
	struct saref_table *t = saref_table_new(0);
	uint32_t ref = SAREF_MOST;

	(void)state;
	assert_int_equal(saref_take(t, &ref, &sas[1]), MS_OK);
	saref_pass(t, ref, &sas[2]);
	assert_ptr_equal(saref_find(t, ref), &sas[2]);
	ref = 1;
	assert_ptr_equal(saref_next(t, &ref), &sas[2]);
	assert_int_equal(ref, SAREF_MOST);
	saref_give_back(t, ref);
	assert_null(saref_next(t, &ref));
	assert_null(saref_find(t, UINT32_MAX));
	saref_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The tables against themselves: transitions, grammar, layouts. */
#include "core/ike/ike_sa.h"
#include "core/ike/version.h"
#include "core/ikev2/ikev2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALWAYS                                                                                     \
	(IKE_HAS(IKE_P_SK) | IKE_HAS(IKE_P_NOTIFY) | IKE_HAS(IKE_P_VENDOR) | IKE_HAS(IKE_P_CERT) | \
		IKE_HAS(IKE_P_CERTREQ) | IKE_HAS(IKE_P_CP))

static bool takes(const struct ike_transition *t, uint64_t set)
{
	return (set & t->need) == t->need && !(set & ~(t->need | t->may | ALWAYS));
}

/* Two rows of one state never take the same set: the smallest set both could take is all that both
 * need. */
static void test_rows_exclude_each_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ikev2.n_rows; i++) {
		for (unsigned j = i + 1; j < ikev2.n_rows; j++) {
			const struct ike_transition *a = &ikev2.rows[i],
						    *b = &ikev2.rows[j];
			bool same_from = a->from == b->from ? true : (a->from & b->from) != 0;

			if (a->exchange != b->exchange || a->role != b->role || !same_from)
				continue;
			if (takes(a, a->need | b->need) && takes(b, a->need | b->need))
				fail_msg("\"%s\" and \"%s\" take the same message", a->story,
					b->story);
		}
	}
}

static void test_rows_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ikev2.n_rows; i++) {
		const struct ike_transition *t = &ikev2.rows[i];

		assert_non_null(t->story);
		assert_non_null(t->act);
		assert_non_null(ike_exchange_name(t->exchange));
		assert_int_equal(t->need & t->may, 0);
		assert_true(t->to == 0 || strcmp(ike_state_name(t->to), "STATE_UNDEFINED") != 0);
		/* found by what it needs, and by all that it may have */
		for (unsigned bit = 0; bit <= IKE_DELETING - IKE_PARENT_I1; bit++) {
			enum ike_state from =
				t->from ? (enum ike_state)(IKE_PARENT_I1 + bit) : IKE_UNBORN;

			if (t->from && !(t->from >> bit & 1))
				continue;
			assert_ptr_equal(
				ike_transition_find(&ikev2, from, t->exchange, t->role, t->need), t);
			assert_ptr_equal(ike_transition_find(&ikev2, from, t->exchange, t->role,
						 t->need | t->may | ALWAYS),
				t);
		}
	}
}

/* From nothing and from the initiator's first state every state of the table can be reached. */
static void test_states_reachable(void **state)
{
	uint32_t reached = IKE_FROM(IKE_PARENT_I1); /* by ike_initiate() */
	bool more = true;

	(void)state;
	while (more) {
		more = false;
		for (unsigned i = 0; i < ikev2.n_rows; i++) {
			const struct ike_transition *t = &ikev2.rows[i];

			if (t->to == 0 || t->to == IKE_GONE || (t->from && !(t->from & reached)))
				continue;
			if (!(reached & IKE_FROM(t->to))) {
				reached |= IKE_FROM(t->to);
				more = true;
			}
		}
	}
	for (enum ike_state s = IKE_PARENT_I1; s <= IKE_PARENT_R2; s++)
		assert_true(reached & IKE_FROM(s));
	/* and every state can be left */
	for (enum ike_state s = IKE_PARENT_I1; s <= IKE_PARENT_R2; s++) {
		unsigned ways = 0;

		for (unsigned i = 0; i < ikev2.n_rows; i++)
			ways += (ikev2.rows[i].from & IKE_FROM(s)) != 0;
		assert_true(ways > 0);
	}
}

/* What a row needs must be allowed by the grammar of its message, else it can never be taken. */
static void test_rows_fit_grammar(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ikev2.n_rows; i++) {
		const struct ike_transition *t = &ikev2.rows[i];
		uint64_t allowed = 0, forced = 0;

		for (unsigned g = 0; g < ike_grammar_rows; g++) {
			const struct ike_grammar_row *r = &ike_grammar[g];

			if (r->exchange != t->exchange || r->role != t->role)
				continue;
			allowed |= IKE_HAS(r->payload);
			if (r->min > 0)
				forced |= IKE_HAS(r->payload);
		}
		assert_int_equal((t->need | t->may) & 0xffffffff & ~allowed, 0);
		assert_int_equal(forced & ~(t->need | t->may | ALWAYS), 0);
	}
}

static void test_grammar_has_no_double_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ike_grammar_rows; i++) {
		const struct ike_grammar_row *a = &ike_grammar[i];

		assert_true(a->min <= a->max);
		for (unsigned j = i + 1; j < ike_grammar_rows; j++) {
			const struct ike_grammar_row *b = &ike_grammar[j];

			assert_false(a->exchange == b->exchange && a->role == b->role &&
				     a->payload == b->payload);
		}
	}
}

static void test_dot(void **state)
{
	size_t n = ike_fsm_dot(&ikev2, NULL, 0);
	char *text = malloc(n + 1);
	FILE *f;

	(void)state;
	assert_int_equal(ike_fsm_dot(&ikev2, text, n + 1), n);
	assert_non_null(
		strstr(text, "\"STATE_PARENT_I1\" -> \"STATE_PARENT_I2\" "
			     "[label=\"IKE_SA_INIT response: IKE_SA_INIT done, authenticate\"];"));
	assert_string_equal(text + n - 2, "}\n");
	f = getenv("IKE_DOT") ? fopen(getenv("IKE_DOT"), "w") : NULL;
	if (f) {
		fputs(text, f);
		fclose(f);
	}
	free(text);
}

static void test_every_payload_has_a_layout(void **state)
{
	(void)state;
	for (unsigned t = 0; t < 256; t++)
		assert_true((ike_layout_of(t) != NULL) == (ike_payload_name(t) != NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_exclude_each_other),
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_states_reachable),
		cmocka_unit_test(test_rows_fit_grammar),
		cmocka_unit_test(test_grammar_has_no_double_rows),
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_every_payload_has_a_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

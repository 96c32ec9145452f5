/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NON_FIRST_FRAGMENTS_ALSO (RFC 7296 s1.3.1): who does not want later fragments on an SA for some ports
 * leaves it out of the answer, and the CHILD SA is made all the same.
 */
#include "core/sim/tape_test.h"

static const uint8_t notify[] = { 0, 0, IKE_N_NON_FIRST_FRAGMENTS_ALSO >> 8,
	IKE_N_NON_FIRST_FRAGMENTS_ALSO & 0xff };

static void some_ports(struct ms_conn_desc *d)
{
	d->left.protoport = strdup("17/1701");
	d->right.protoport = strdup("17/1701");
}

static void rekey(struct pair *p)
{
	assert_int_equal(ike_rekey_conn(p->west->ike, p->wc, true), MS_OK);
}

/* Before all others. */
static void add_notify(struct chain *c)
{
	memmove(c->types + 1, c->types, c->n);
	memmove(c->bodies + 1, c->bodies, c->n * sizeof(c->bodies[0]));
	c->types[0] = IKE_P_NOTIFY;
	c->bodies[0] = ms_bytes(notify, sizeof(notify));
	c->n++;
}

static bool has_notify(const struct chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == IKE_P_NOTIFY && c->bodies[i].len >= 4 &&
			memcmp(c->bodies[i].ptr + 2, notify + 2, 2) == 0)
			return true;
	return false;
}

/* The message says it, whoever sends it: what follows is as if it did not, and says nothing of it. */
static void said_in(unsigned number, bool ports)
{
	struct sim_words w = plain;
	struct tape t;
	struct pair p;
	struct sim_node *from, *to;
	struct inner in, out, answer;
	struct chain c;

	w.more = ports ? some_ports : NULL;
	p = number < 5 ? paused_with(&w, &t, number) : paused_later(&w, &t, rekey, number);
	from = number % 2 ? p.west : p.east;
	to = number % 2 ? p.east : p.west;
	open_record(ike_first(to->ike), &t.r[number], &in);
	chain_of(&in, &c);
	assert_false(has_notify(&c));
	add_notify(&c);
	assert_true(has_notify(&c));
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(from->ike), &t.r[number], &out, out.octets, out.len);
	t.stop_before = 0;
	sim_run(p.sim, 40000);
	assert_int_equal(sim_children(p.west), 1);
	assert_true(sim_agree(p.west, p.east));
	if (number % 2) {
		open_record(ike_first(p.west->ike), &t.r[number + 1], &answer);
		chain_of(&answer, &c);
		assert_false(has_notify(&c));
	}
	settle_and_end(&p);
}

static void test_ignored(void **state)
{
	(void)state;
	for (unsigned number = 3; number <= 6; number++) {
		said_in(number, false);
		said_in(number, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ignored) };

	return cmocka_run_group_tests_name(
		"later_fragments", tests, sim_test_setup, sim_test_teardown);
}

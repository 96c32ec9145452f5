/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MOBIKE's return routability (RFC 4555 s3.7): who moved has to say back what was sent to the new address,
 * all of it and nothing more; a peer with all keys that cannot is none.
 */
#include "core/sim/tape_test.h"

static void mobile(struct ms_conn_desc *d)
{
	d->mobike = true;
}

/* 5 and 6: the update and its answer; 7 and 8: the question and west's answer. */
static void move_west(struct pair *p)
{
	assert_int_equal(
		ms_addr_parse(&p->west->addr, "192.1.2.46", 10, 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	ike_network_changed(p->west->ike);
}

static void as_it_was(struct chain *c)
{
	(void)c;
}

static void flipped(struct chain *c)
{
	static uint8_t other[64];

	assert_true(c->bodies[0].len <= sizeof(other));
	memcpy(other, c->bodies[0].ptr, c->bodies[0].len);
	other[c->bodies[0].len - 1] ^= 1;
	c->bodies[0].ptr = other;
}

static void longer(struct chain *c)
{
	static uint8_t other[65];

	assert_true(c->bodies[0].len < sizeof(other));
	memcpy(other, c->bodies[0].ptr, c->bodies[0].len);
	c->bodies[0] = ms_bytes(other, c->bodies[0].len + 1);
}

static void shorter(struct chain *c)
{
	c->bodies[0].len--;
}

static void nothing(struct chain *c)
{
	c->n = 0;
}

static void test_cookie2(void **state)
{
	static void (*const changes[])(struct chain *) = { as_it_was, flipped, longer, shorter, nothing };

	(void)state;
	for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct sim_words w = tunnel;
		struct tape t;
		struct pair p;
		struct ike_sa from;
		struct inner in, out;
		struct chain c;

		w.more = mobile;
		p = paused_later(&w, &t, move_west, 8);
		from = *ike_first(p.west->ike);
		from.iv = 0x7000;
		open_record(ike_first(p.east->ike), &t.r[8], &in);
		chain_of(&in, &c);
		assert_int_equal(c.n, 1);
		assert_int_equal(p.east->moved, 0);
		changes[i](&c);
		chain_put(&c, &out, &in.h);
		say_sealed(&p, &from, &t.r[8], &out, out.octets, out.len);
		assert_int_equal(p.east->moved, changes[i] == as_it_was);
		t.stop_before = 0;
		sim_run(p.sim, 40000);
		assert_int_equal(sim_ikes(p.east), changes[i] == as_it_was);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookie2),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

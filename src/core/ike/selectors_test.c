/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic selectors of which nothing is left for us: TS_UNACCEPTABLE (RFC 7296 s2.9), and no CHILD SA. */
#include "core/ike/ask_test.h"

/* CREATE_CHILD_SA with these selectors. */
static unsigned answer_to_ts(struct pair *p, struct ms_bytes tsi, struct ms_bytes tsr)
{
	uint8_t sa[] = { 0, 0, 0, 32, 1, 3, 4, 2, 1, 2, 3, 4, 3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0,
		128, 0, 0, 0, 8, 5, 0, 0, 0 };
	const struct chain c = { 4, { IKE_P_SA, IKE_P_NONCE, IKE_P_TSI, IKE_P_TSR },
		{ ms_bytes(sa, sizeof(sa)), ms_bytes(a_nonce, 32), tsi, tsr } };

	return answer_to(p, NULL, &c);
}

#define NET(x)	  { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, x, 0, 192, 0, x, 255 }
#define TYPE(t)	  { 1, 0, 0, 0, t, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1, 255 }
#define PORTS(x)  { 1, 0, 0, 0, 7, 6, 0, 16, 0xff, 0xff, 0, 0, 192, 0, x, 0, 192, 0, x, 255 }

static void test_nothing_left(void **state)
{
	static const struct {
		uint8_t tsi[20], tsr[20];
		unsigned error;
	} rows[] = {
		{ NET(1), NET(2), 0 },
		{ NET(1), NET(3), IKE_N_TS_UNACCEPTABLE },
		{ NET(3), NET(2), IKE_N_TS_UNACCEPTABLE },
		{ NET(2), NET(1), IKE_N_TS_UNACCEPTABLE },
		{ TYPE(9), NET(2), IKE_N_TS_UNACCEPTABLE }, /* Fibre Channel, RFC 4595 */
		{ NET(1), TYPE(9), IKE_N_TS_UNACCEPTABLE },
		{ TYPE(8), TYPE(8), IKE_N_TS_UNACCEPTABLE }, /* IPv6, too short for it */
		{ PORTS(1), NET(2), IKE_N_TS_UNACCEPTABLE }, /* OPAQUE */
		{ NET(1), PORTS(2), IKE_N_TS_UNACCEPTABLE },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p = pair_new(&plain);

		pair_up(&p);
		assert_pair_up(&p);
		if (answer_to_ts(&p, ms_bytes(rows[i].tsi, 20), ms_bytes(rows[i].tsr, 20)) !=
			rows[i].error)
			fail_msg("row %u", i);
		assert_int_equal(sim_sas(p.east), rows[i].error ? 2 : 4);
		pair_free(&p);
	}
}

static void mobile(struct ms_conn_desc *d)
{
	d->mobike = true;
}

/* East's connections are for whoever it is at its own address.  After a move the old one is that of the
 * IKE SA's connection, and not any more that of a connection that is made for the peer now. */
static void test_address_that_was_left(void **state)
{
	const uint8_t old[20] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 1, 2, 45, 192, 1, 2, 45 };
	const uint8_t tsr[20] = NET(3);
	struct sim_words w = plain, e;
	struct pair p;

	(void)state;
	w.leftsubnet = NULL;
	w.more = mobile;
	e = w;
	e.left = "%any";
	for (unsigned moved = 0; moved < 2; moved++) {
		e.name = "west-east";
		e.rightsubnet = "192.0.2.0/24";
		p = pair_of(&w, &e, NULL);
		e.name = "second";
		e.rightsubnet = "192.0.3.0/24";
		sim_conn(p.east, &e);
		pair_up(&p);
		assert_pair_up(&p);
		if (moved) {
			assert_int_equal(ms_addr_parse(&p.west->addr, "192.1.2.46", 10, 0,
				MS_TEXT_NUMERIC, NULL), MS_OK);
			ike_network_changed(p.west->ike);
			sim_run(p.sim, 10000);
			assert_int_equal(p.east->moved, 1);
		}
		assert_int_equal(answer_to_ts(&p, ms_bytes(old, 20), ms_bytes(tsr, 20)),
			moved ? IKE_N_TS_UNACCEPTABLE : 0);
		assert_int_equal(sim_sas(p.east), moved ? 2 : 4);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_address_that_was_left),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an authenticated peer tells of addresses and was not asked for, or in another length than is due: its
 * own ones (RFC 4555 s3.4), how it sees ours (s3.8), and those that it gives us (RFC 7296 s3.15).
 */
#include "core/ike/steps_test.h"
#include "core/ikev2/mobike_priv.h"
#include "core/sim/tape_test.h"

static void mobile(struct ms_conn_desc *d)
{
	d->mobike = true;
}

static uint8_t room[IKE_MAX_PAYLOADS][64];

static void add_notify(struct chain *c, unsigned type, const uint8_t *data, size_t len)
{
	uint8_t *o = room[c->n];

	assert_true(c->n < IKE_MAX_PAYLOADS && 4 + len <= sizeof(room[0]));
	memset(o, 0, 4);
	o[2] = (uint8_t)(type >> 8);
	o[3] = (uint8_t)type;
	memcpy(o + 4, data, len);
	c->types[c->n] = IKE_P_NOTIFY;
	c->bodies[c->n++] = ms_bytes(o, 4 + len);
}

/* Message `number` with its chain changed; all of them come from the right peer. */
static void say_changed(struct pair *p, const struct tape *t, unsigned number, struct chain *c,
	const struct ike_header *h)
{
	struct sim_node *from = number % 2 ? p->west : p->east;
	struct inner out;

	chain_put(c, &out, h);
	say_sealed(p, ike_first(from->ike), &t->r[number], &out, out.octets, out.len);
	sim_run(p->sim, 10);
}

static struct pair heard(const struct sim_words *w, struct tape *t, unsigned number, struct chain *c,
	struct inner *in)
{
	struct pair p = paused_with(w, t, number);

	open_record(ike_first((number % 2 ? p.east : p.west)->ike), &t->r[number], in);
	chain_of(in, c);
	return p;
}

/* --- the peer's addresses --- */

static void test_additional_addresses(void **state)
{
	static const uint8_t a4[17] = { 198, 51, 100, 7 }, lo4[4] = { 127, 0, 0, 1 }, any[16];
	static const uint8_t a6[17] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 }, lo6[16] = { [15] = 1 };
	static const struct {
		unsigned type;
		const uint8_t *data;
		size_t len;
		bool kept;
	} rows[] = {
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, a4, 4, true },
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, a4, 0, false },
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, a4, 3, false },
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, a4, 5, false },
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, a6, 16, false },
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, lo4, 4, false },
		{ IKE_N_ADDITIONAL_IP4_ADDRESS, any, 4, false },
		{ IKE_N_ADDITIONAL_IP6_ADDRESS, a6, 16, true },
		{ IKE_N_ADDITIONAL_IP6_ADDRESS, a4, 4, false },
		{ IKE_N_ADDITIONAL_IP6_ADDRESS, a6, 15, false },
		{ IKE_N_ADDITIONAL_IP6_ADDRESS, a6, 17, false },
		{ IKE_N_ADDITIONAL_IP6_ADDRESS, lo6, 16, false },
		{ IKE_N_ADDITIONAL_IP6_ADDRESS, any, 16, false },
		{ IKE_N_NO_ADDITIONAL_ADDRESSES, a4, 4, false },
	};
	struct sim_words w = tunnel;

	(void)state;
	w.more = mobile;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tape t;
		struct inner in;
		struct chain c;
		struct pair p = heard(&w, &t, 3, &c, &in);

		add_notify(&c, rows[i].type, rows[i].data, rows[i].len);
		say_changed(&p, &t, 3, &c, &in.h);
		assert_int_equal(sim_children(p.east), 1);
		if (ike_first(p.east->ike)->mobike->n_peers != rows[i].kept)
			fail_msg("row %u", i);
		pair_free(&p);
	}
}

static void test_many_addresses(void **state)
{
	struct sim_words w = tunnel;
	struct tape t;
	struct inner in;
	struct chain c;
	struct pair p;

	(void)state;
	w.more = mobile;
	p = heard(&w, &t, 3, &c, &in);
	for (unsigned i = 0; i < MAX_ADDRESSES + 3; i++) {
		const uint8_t a[4] = { 198, 51, 100, (uint8_t)(1 + i) };

		add_notify(&c, IKE_N_ADDITIONAL_IP4_ADDRESS, a, 4);
	}
	say_changed(&p, &t, 3, &c, &in.h);
	assert_int_equal(sim_children(p.east), 1);
	assert_int_equal(ike_first(p.east->ike)->mobike->n_peers, MAX_ADDRESSES);
	assert_int_equal(ike_first(p.east->ike)->mobike->peers[MAX_ADDRESSES - 1].b[3], MAX_ADDRESSES);
	pair_free(&p);
}

/* --- how it sees us --- */

static void liveness_of_west(struct pair *p)
{
	want(p->west, IKE_WANT_DPD);
}

/* A hash that is none says nothing; one of the right length says that a translator sees to it that we are
 * elsewhere now, and then the peer is told so. */
static void test_hash_of_our_address(void **state)
{
	static const size_t lens[] = { 20, 0, 4, 19, 21, 32 };
	static const uint8_t hash[32] = { 1, 2, 3 };
	struct sim_words w = tunnel;

	(void)state;
	w.more = mobile;
	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct tape t;
		struct pair p = paused_later(&w, &t, liveness_of_west, 6);
		struct ike_sa *west = ike_first(p.west->ike), east = *ike_first(p.east->ike);
		struct chain c = { .n = 0 };
		struct inner in, out;

		east.iv = 0x7000;
		open_record(west, &t.r[6], &in);
		add_notify(&c, IKE_N_NAT_DETECTION_DESTINATION_IP, hash, lens[i]);
		chain_put(&c, &out, &in.h);
		say_sealed(&p, &east, &t.r[6], &out, out.octets, out.len);
		/* else nothing is asked any more */
		assert_int_equal(west->request != NULL, lens[i] == 20);
		pair_free(&p);
	}
}

/* --- addresses for us --- */

static void asks_for_ip4(struct ms_conn_desc *d)
{
	d->left.modecfgclient = true;
	d->left.addresspool = strdup("10.99.0.1-10.99.0.250");
}

#define IP4	   0, 1, 0, 4, 10, 99, 0, 1
#define IP6	   0, 8, 0, 17, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 128
#define IP6_SUBNET 0, 15, 0, 17, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64

static void test_reply_with_more_than_was_asked_for(void **state)
{
	static const struct {
		bool asked;
		size_t len;
		uint8_t cp[64];
		bool up, ip4;
	} rows[] = {
		{ true, 12, { 2, 0, 0, 0, IP4 }, true, true },
		{ true, 33, { 2, 0, 0, 0, IP4, IP6 }, true, true },
		{ true, 54, { 2, 0, 0, 0, IP6, IP4, IP6_SUBNET }, true, true },
		{ true, 25, { 2, 0, 0, 0, IP6 }, false, false },
		{ true, 12, { 2, 0, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0 }, false, false },
		{ true, 12, { 1, 0, 0, 0, IP4 }, false, false }, /* a request is no reply */
		{ false, 12, { 2, 0, 0, 0, IP4 }, true, false },
		{ false, 54, { 2, 0, 0, 0, IP4, IP6, IP6_SUBNET }, true, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = plain;
		struct tape t;
		struct inner in;
		struct chain c;
		struct pair p;
		bool there = false;

		if (rows[i].asked) {
			w.leftsubnet = NULL;
			w.more = asks_for_ip4;
		}
		p = heard(&w, &t, 4, &c, &in);
		for (unsigned k = 0; k < c.n; k++)
			if (c.types[k] == IKE_P_CP) {
				c.bodies[k] = ms_bytes(rows[i].cp, rows[i].len);
				there = true;
			}
		assert_int_equal(there, rows[i].asked);
		if (!there) {
			c.types[c.n] = IKE_P_CP;
			c.bodies[c.n++] = ms_bytes(rows[i].cp, rows[i].len);
		}
		say_changed(&p, &t, 4, &c, &in.h);
		if (sim_children(p.west) != rows[i].up)
			fail_msg("row %u", i);
		if (!rows[i].up) {
			assert_int_equal(p.west->over_err, MS_ERR_PEER_REFUSED);
		} else {
			const struct ike_sa *ike = ike_first(p.west->ike);

			assert_int_equal(ike->lease[0].family, rows[i].ip4 ? AF_INET : 0);
			assert_int_equal(p.wc->local.sourceip.family, rows[i].ip4 ? AF_INET : 0);
			assert_int_equal(ike->lease[1].family, 0);
			assert_int_equal(p.wc->local.sourceip6.family, 0);
			assert_int_equal(p.wc->n_nets, 0);
		}
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_additional_addresses),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_hash_of_our_address),
		cmocka_unit_test(test_reply_with_more_than_was_asked_for),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

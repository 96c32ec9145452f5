/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded exchange, every truncation and every flipped bit of it, against fresh states: each is
 * dropped or answered, and the right datagram still leads to the tunnel where nothing authentic was
 * said meanwhile.  The protected messages are mutated twice: as datagrams, and inside SK with
 * correct encryption, as a peer could who has the keys.  Meant to run under ASan and UBSan.
 */
#include "core/sim/tape_test.h"

/* Message 1: a responder without state.  Message 2: an initiator that waits for it. */
static void mutate_init(unsigned number)
{
	struct tape t;
	struct pair p = paused(&t, number);
	size_t len = t.r[number].len;
	uint8_t copy[4096];

	settle(&p);
	for (size_t i = 0; i < len; i++) {
		p = paused(&t, number);
		say(&p, &t.r[number], t.r[number].octets, i);
		settle(&p);
	}
	for (size_t bit = 0; bit < len * 8; bit++) {
		p = paused(&t, number);
		memcpy(copy, t.r[number].octets, len);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		say(&p, &t.r[number], copy, len);
		assert_true(sim_ikes(p.west) + sim_ikes(p.east) == 0);
		settle(&p);
	}
}

static void test_ike_sa_init_request(void **state)
{
	(void)state;
	mutate_init(1);
}

static void test_ike_sa_init_response(void **state)
{
	(void)state;
	mutate_init(2);
}

/* Messages 3 and 4: no mutated datagram passes the integrity check, the true one does. */
static void mutate_protected(unsigned number)
{
	struct tape t;
	struct pair p = paused(&t, number);
	struct record *r = &t.r[number];
	uint8_t copy[4096];
	unsigned east = sim_ikes(p.east);

	for (size_t i = 0; i < r->len; i++)
		say(&p, r, r->octets, i);
	for (size_t bit = 0; bit < r->len * 8; bit++) {
		memcpy(copy, r->octets, r->len);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		say(&p, r, copy, r->len);
	}
	assert_int_equal(sim_states(p.west), 1);
	assert_int_equal(sim_states(p.east), 1);
	assert_int_equal(sim_ikes(p.west), 0);
	assert_int_equal(sim_ikes(p.east), east);
	t.stop_before = 0;
	say(&p, r, r->octets, r->len);
	sim_run(p.sim, 1000);
	assert_pair_up(&p);
	pair_free(&p);
}

static void test_ike_auth_request(void **state)
{
	(void)state;
	mutate_protected(3);
}

static void test_ike_auth_response(void **state)
{
	(void)state;
	mutate_protected(4);
}

/* The two fragments of IKE_AUTH: no mutated one is kept, the first neither when the second is due. */
static void mutate_fragment(unsigned number)
{
	struct tape t;
	struct pair p = paused_with(&long_names, &t, number);
	struct record *r = &t.r[number];
	uint8_t copy[4096];
	size_t kept = p.east->ike->fragment_octets;

	assert_true((kept > 0) == (number == 4));
	assert_int_equal(r->octets[16], IKE_P_SKF);
	for (size_t i = 0; i < r->len; i++)
		say(&p, r, r->octets, i);
	for (size_t bit = 0; bit < r->len * 8; bit++) {
		memcpy(copy, r->octets, r->len);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		say(&p, r, copy, r->len);
		assert_int_equal(p.east->ike->fragment_octets, kept);
	}
	assert_int_equal(sim_states(p.east), 1);
	assert_int_equal(sim_ikes(p.east), 0);
	t.stop_before = 0;
	say(&p, r, r->octets, r->len);
	sim_run(p.sim, 1000);
	assert_pair_up(&p);
	assert_int_equal(p.east->ike->fragment_octets, 0);
	pair_free(&p);
}

static void test_fragments(void **state)
{
	(void)state;
	mutate_fragment(3);
	mutate_fragment(4);
}

/* --- inside SK
 * -------------------------------------------------------------------------------------- */

/* With an address asked for and given, and MOBIKE. */
static void cp_and_mobike(struct ms_conn_desc *d)
{
	d->left.modecfgclient = true;
	d->left.addresspool = strdup("10.99.0.1-10.99.0.250");
	d->modecfgdns = calloc(2, sizeof(char *));
	d->modecfgdns[0] = strdup("192.0.2.53");
	d->modecfgdomains = calloc(2, sizeof(char *));
	d->modecfgdomains[0] = strdup("example.com");
	d->mobike = true;
}

static const struct sim_words rich = {
	.name = "west-east",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@west",
	.rightid = "@east",
	.ike = "aes_gcm128-sha2_256-x25519",
	.esp = "aes_gcm128",
	.more = cp_and_mobike,
};

static const struct sim_words *words = &plain;

static void one_inner(unsigned number, size_t cut, size_t bit)
{
	struct tape t;
	struct pair p = paused_with(words, &t, number);
	struct sim_node *from = number % 2 ? p.west : p.east, *to = number % 2 ? p.east : p.west;
	struct ike_sa *sender = ike_first(from->ike), *receiver = ike_first(to->ike);
	struct inner in;

	open_record(receiver, &t.r[number], &in);
	if (cut < in.len) {
		in.len = cut;
	} else {
		bit %= in.len * 8;
		in.octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	say_sealed(&p, sender, &t.r[number], &in, in.octets, in.len);
	t.stop_before = 0;
	settle(&p);
}

static size_t inner_len(unsigned number)
{
	struct tape t;
	struct pair p = paused_with(words, &t, number);
	struct inner in;

	open_record(ike_first((number % 2 ? p.east : p.west)->ike), &t.r[number], &in);
	settle(&p);
	return in.len;
}

static void mutate_inner(unsigned number)
{
	size_t len = inner_len(number);

	for (size_t i = 0; i < len; i++)
		one_inner(number, i, 0);
	for (size_t bit = 0; bit < len * 8; bit++)
		one_inner(number, SIZE_MAX, bit);
}

static void test_inside_ike_auth_request(void **state)
{
	(void)state;
	mutate_inner(3);
}

static void test_inside_ike_auth_response(void **state)
{
	(void)state;
	mutate_inner(4);
}

/* CP, MOBIKE's notifies, several selectors' lengths: whatever is in them, nothing breaks. */
static void test_inside_with_cp_and_mobike(void **state)
{
	(void)state;
	words = &rich;
	mutate_inner(3);
	mutate_inner(4);
	words = &plain;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ike_sa_init_request),
		cmocka_unit_test(test_ike_sa_init_response),
		cmocka_unit_test(test_ike_auth_request),
		cmocka_unit_test(test_ike_auth_response),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_inside_ike_auth_request),
		cmocka_unit_test(test_inside_ike_auth_response),
		cmocka_unit_test(test_inside_with_cp_and_mobike),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

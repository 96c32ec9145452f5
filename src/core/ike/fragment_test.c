/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in fragments between two parties: what is sent, and what is lost on the way. */
#include "core/sim/tape_test.h"

static uint64_t count(const struct sim_node *n, enum ike_counter c)
{
	return ike_counter(n->ike, c);
}

/* --- two parties ----------------------------------------------------------------------------- */

struct watch {
	unsigned whole, fragments, from_west, largest_total;
	size_t largest;
	unsigned lose_from_east; /* so many of them */
};

static void watching(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct watch *w = arg;

	if (p->octets[16] == IKE_P_SKF) {
		unsigned total = (unsigned)p->octets[34] << 8 | p->octets[35];

		w->fragments++;
		w->from_west += strcmp(p->from->name, "west") == 0;
		if (total > w->largest_total)
			w->largest_total = total;
		if (strcmp(p->from->name, "east") == 0 && w->lose_from_east > 0) {
			w->lose_from_east--;
			fate->lose = true;
		}
	} else {
		w->whole++;
	}
	if (p->len > w->largest)
		w->largest = p->len;
}

static struct pair watched(const struct sim_words *w, const struct sim_words *e, struct watch *watch)
{
	struct pair p = pair_of(w, e, NULL);

	memset(watch, 0, sizeof(*watch));
	p.sim->network = watching;
	p.sim->network_arg = watch;
	return p;
}

static void test_both_directions(void **state)
{
	struct watch w;
	struct pair p = watched(&long_names, &long_names, &w);

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(w.whole, 2); /* IKE_SA_INIT */
	assert_int_equal(w.from_west, 3);
	assert_int_equal(w.fragments, 5);
	assert_true(w.largest <= 576 - 28);
	assert_int_equal(count(p.west, IKE_C_FRAGMENTED), 1);
	assert_int_equal(count(p.east, IKE_C_FRAGMENTED), 1);
	assert_int_equal(count(p.west, IKE_C_REASSEMBLED), 1);
	assert_int_equal(count(p.east, IKE_C_REASSEMBLED), 1);
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 60000);
	assert_pair_empty(&p);
	pair_free(&p);
}

#define MANY_ESP                                                             \
	"aes_gcm128,aes_gcm192,aes_gcm256,chacha20_poly1305,aes128-sha2_256," \
	"aes192-sha2_256,aes256-sha2_256,aes128-sha2_512,aes192-sha2_512,"    \
	"aes256-sha2_512,aes128-sha1,aes192-sha1,aes256-sha1"

/* Without force: 1280 octets, in both address families. */
static void test_default_limit(void **state)
{
	struct sim_words v4 = long_names, v6;
	struct watch w;
	struct pair p;

	(void)state;
	v4.fragmentation = MS_FRAGMENTATION_YES;
	v4.esp = MANY_ESP;
	v6 = v4;
	v6.left = "2001:db8:1:2::45";
	v6.right = "2001:db8:1:2::23";
	for (unsigned family = 4; family <= 6; family += 2) {
		const struct sim_words *words = family == 4 ? &v4 : &v6;

		memset(&w, 0, sizeof(w));
		p.sim = sim_new(family);
		p.west = sim_node(p.sim, "west", words->left, NULL);
		p.east = sim_node(p.sim, "east", words->right, NULL);
		p.wc = sim_conn(p.west, words);
		p.ec = sim_conn(p.east, words);
		p.sim->network = watching;
		p.sim->network_arg = &w;
		pair_up(&p);
		assert_pair_up(&p);
		assert_int_equal(w.from_west, 2);
		assert_int_equal(w.fragments, 2); /* the answer is small enough */
		assert_true(w.largest <= 1280 - (family == 4 ? 28u : 48u));
		pair_free(&p);
	}
}

/* AES-CBC fills blocks; the limit holds with them and beside a NAT's marker. */
static void test_limit_with_blocks(void **state)
{
	struct sim_words words = long_names;
	struct watch w;
	struct pair p;

	(void)state;
	words.ike = "aes128-sha2_256-x25519";
	words.encapsulation = MS_YES;
	p = watched(&words, &words, &w);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(w.from_west, 3);
	assert_true(w.largest <= 576 - 28 - 4);
	assert_true(w.largest > 576 - 28 - 4 - 16);
	pair_free(&p);
}

static void test_one_side_says_no(void **state)
{
	struct sim_words no = long_names;

	(void)state;
	no.no_fragmentation = true;
	for (int i = 0; i < 3; i++) {
		struct watch w;
		struct pair p =
			watched(i == 1 ? &long_names : &no, i == 0 ? &long_names : &no, &w);

		pair_up(&p);
		assert_pair_up(&p);
		assert_int_equal(w.fragments, 0);
		assert_int_equal(w.whole, 4);
		pair_free(&p);
	}
}

/* A successor has what its predecessor had agreed on (there is no IKE_SA_INIT for it). */
static void test_rekeyed(void **state)
{
	struct sim_words words = long_names;
	struct watch w;
	struct pair p;
	uint32_t serial;
	struct ike_sa *heir;

	(void)state;
	words.ike_lifetime_ms = 60000;
	p = watched(&words, &words, &w);
	pair_initiate(&p);
	sim_run(p.sim, 5000);
	serial = ike_first(p.west->ike)->serial;
	sim_run(p.sim, 55000);
	heir = ike_first(p.west->ike);
	assert_non_null(heir);
	assert_true(heir->serial != serial);
	assert_true(heir->peer_fragments);
	assert_true(ike_first(p.east->ike)->peer_fragments);
	pair_free(&p);
}

/* --- a bad network --------------------------------------------------------------------------- */

struct script {
	unsigned number;
	enum { LOSE, DOUBLE, DOUBLE_LATE, LATE, LATER, FATES } what;
	unsigned seen;
};

static void scripted(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct script *s = arg;

	if (p->number != s->number)
		return;
	s->seen++;
	fate->lose = s->what == LOSE;
	fate->copies = s->what == DOUBLE || s->what == DOUBLE_LATE;
	fate->copy_delay_ms = s->what == DOUBLE_LATE ? 2000 : 0;
	/* after its neighbours, or after everything was said again */
	fate->delay_ms = s->what == LATE ? 30 : s->what == LATER ? 1700 : 0;
}

/* 2 + 5 up, 2 down. */
static void test_each_packet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 9 * FATES * 2; i++) {
		struct script s = { 1 + i / 2 % 9, i / 18, 0 };
		struct pair p = pair_new(&long_names);

		p.sim->later = i % 2;
		p.sim->network = scripted;
		p.sim->network_arg = &s;
		pair_up(&p);
		assert_pair_up(&p);
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 60000);
		assert_pair_empty(&p);
		assert_int_equal(s.seen, 1);
		assert_int_equal(p.west->ike->fragment_octets, 0);
		assert_int_equal(p.east->ike->fragment_octets, 0);
		pair_free(&p);
	}
}

/* All at once, by a seed; the last fragment may overtake the first. */
static void rough(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	uint64_t *r = arg;

	(void)p;
	*r = *r * 6364136223846793005u + 1442695040888963407u;
	fate->lose = *r >> 60 < 3;
	fate->copies = (*r >> 56) % 4 == 0;
	fate->delay_ms = *r >> 48 & 63;
	fate->copy_delay_ms = *r >> 40 & 1023;
}

static void test_rough_worlds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct pair p = pair_new(&long_names);
		uint64_t r = seed * 0x9e3779b97f4a7c15;

		p.sim->later = seed % 2;
		p.sim->network = rough;
		p.sim->network_arg = &r;
		pair_up(&p);
		p.sim->network = NULL;
		ike_terminate_conn(p.west->ike, p.wc);
		ike_terminate_conn(p.east->ike, p.ec);
		sim_run(p.sim, 100000);
		assert_pair_empty(&p);
		pair_up(&p);
		assert_pair_up(&p);
		assert_int_equal(p.east->ike->fragment_octets, 0);
		pair_free(&p);
	}
}

/* s2.6.1: the request again, in all its fragments; its first one only asks for the answer again. */
static void test_answer_lost(void **state)
{
	struct watch w;
	struct pair p = watched(&long_names, &long_names, &w);

	(void)state;
	w.lose_from_east = 2;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(w.from_west, 6);
	assert_int_equal(w.fragments, 10);
	assert_int_equal(count(p.east, IKE_C_ANSWERED_AGAIN), 1);
	assert_int_equal(count(p.east, IKE_C_DROP_FRAGMENT), 2);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_directions),
		cmocka_unit_test(test_default_limit),
		cmocka_unit_test(test_limit_with_blocks),
		cmocka_unit_test(test_one_side_says_no),
		cmocka_unit_test(test_rekeyed),
		cmocka_unit_test(test_each_packet),
		cmocka_unit_test(test_rough_worlds),
		cmocka_unit_test(test_answer_lost),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

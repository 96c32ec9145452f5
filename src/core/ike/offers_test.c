/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several connections between the same hosts, each with an ike= of its own: the responder takes what
 * any of them allows, and the identities tell later which one it is.
 */
#include "core/sim/log_test.h"
#include "core/sim/sim_test.h"

#define STRONG "aes_gcm256-sha2_512-x25519"
#define OLD    "aes128-sha2_256-modp2048"
#define THIRD  "chacha20_poly1305-sha2_256-ecp256"

static struct sim_words words(const char *name, const char *west_id, const char *ike)
{
	struct sim_words w = tunnel;

	w.name = name;
	w.leftid = west_id;
	w.ike = ike;
	return w;
}

/* The one that is meant is the first, the last, or in the middle. */
static void test_any_place(void **state)
{
	static const char *const lines[] = { STRONG, OLD, THIRD };

	(void)state;
	for (unsigned place = 0; place < 3; place++)
		for (unsigned line = 0; line < 3; line++) {
			static const char *const names[] = { "c0", "c1", "c2" };
			static const char *const ids[] = { "@other", "@another", "@last" };
			struct sim_words w = words("west-east", "@west", lines[line]), e[3];
			struct pair p;

			for (unsigned i = 0; i < 3; i++)
				e[i] = words(names[i], ids[i], lines[(i + line + 3 - place) % 3]);
			e[place].leftid = "@west";
			p = pair_of(&w, &e[0], NULL);
			sim_conn(p.east, &e[1]);
			sim_conn(p.east, &e[2]);
			pair_up(&p);
			assert_pair_up(&p);
			assert_int_equal(conn_by_name(p.east->conns, names[place])->newest_child != 0, 1);
			assert_int_equal(p.sim->packets, 4);
			pair_free(&p);
		}
}

/* For anybody, beside one for this very address; the identity is the other one's. */
static void test_template(void **state)
{
	struct sim_words w = words("west-east", "@road", OLD), fixed = words("fixed", "@west", STRONG),
			 road = words("road", "@road", OLD);
	struct pair p;

	(void)state;
	road.left = "%any";
	p = pair_of(&w, &fixed, NULL);
	sim_conn(p.east, &road);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(conn_by_name(p.east->conns, "road")->n_instances, 1);
	pair_free(&p);
}

/* A suite that only another peer's connection allows is not enough, */
static void test_identity_decides(void **state)
{
	struct sim_words w = words("west-east", "@west", OLD), mine = words("mine", "@west", STRONG),
			 other = words("other", "@other", OLD), any = words("any", "%any", OLD);
	struct pair p;

	(void)state;
	p = pair_of(&w, &mine, NULL);
	sim_conn(p.east, &other);
	sim_conn(p.east, &any);
	listen_to_log();
	pair_up(&p);
	stop_listening();
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_non_null(strstr(logged, "IKE_AUTH refused with NO_PROPOSAL_CHOSEN: "
				       "\"mine\" does not allow AES_CBC"));
	assert_int_equal(sim_children(p.east), 0);
	pair_free(&p);
}

/* but of two for the same peer the one that allows it is taken. */
static void test_same_identity(void **state)
{
	struct sim_words w = words("west-east", "@west", OLD), first = words("first", "@west", STRONG),
			 second = words("second", "@west", OLD);
	struct pair p;

	(void)state;
	p = pair_of(&w, &first, NULL);
	sim_conn(p.east, &second);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_not_equal(conn_by_name(p.east->conns, "second")->newest_child, 0);
	pair_free(&p);
}

/* The group of the one that fits is asked for, and that one is found again then. */
static void test_invalid_ke(void **state)
{
	struct sim_words w = words("west-east", "@west", "aes128-sha2_256-x25519+modp2048"),
			 first = words("first", "@other", STRONG), second = words("second", "@west", OLD);
	struct pair p;

	(void)state;
	p = pair_of(&w, &first, NULL);
	sim_conn(p.east, &second);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.sim->packets, 6);
	pair_free(&p);
}

static void test_none_fits(void **state)
{
	struct sim_words w = words("west-east", "@west", THIRD), first = words("first", "@west", STRONG),
			 second = words("second", "@other", OLD);
	struct pair p;

	(void)state;
	p = pair_of(&w, &first, NULL);
	sim_conn(p.east, &second);
	listen_to_log();
	pair_up(&p);
	stop_listening();
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_non_null(strstr(logged, "(nor does it fit 1 other ike= of these hosts)"));
	assert_int_equal(p.sim->packets, 2);
	assert_pair_empty(&p);
	pair_free(&p);
}

static bool count(void *arg, struct conn *c)
{
	(void)c;
	++*(unsigned *)arg;
	return false;
}

/* Each line is looked at once, however many connections have it, and goes with the last of them. */
static void test_work(void **state)
{
	enum { N = 3000 };
	static const char *const lines[] = { STRONG, OLD, THIRD };
	static char names[N][12];
	struct sim_words e = words("first", "@first", STRONG);
	struct pair p = pair_of(&tunnel, &e, NULL);
	unsigned asked = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "c%u", i);
		e = words(names[i], "@peer", lines[i % 3]);
		if (i % 2)
			e.left = "%any";
		sim_conn(p.east, &e);
	}
	assert_null(conn_find_offer(
		p.east->conns, &p.east->addr, &p.west->addr, count, &asked));
	assert_int_equal(asked, 6);
	for (unsigned i = 0; i < N; i++)
		if (i % 3 != 1)
			conn_delete(p.east->conns, conn_by_name(p.east->conns, names[i]));
	conn_delete(p.east->conns, conn_by_name(p.east->conns, "first"));
	p.ec = NULL;
	asked = 0;
	assert_null(conn_find_offer(
		p.east->conns, &p.east->addr, &p.west->addr, count, &asked));
	assert_int_equal(asked, 2);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_place),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_identity_decides),
		cmocka_unit_test(test_same_identity),
		cmocka_unit_test(test_invalid_ke),
		cmocka_unit_test(test_none_fits),
		cmocka_unit_test(test_work),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

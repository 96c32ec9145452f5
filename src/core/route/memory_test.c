/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation fails once, and from some one on all of them for a while, while a connection is
 * routed, while packets meet its trap, while it moves, while it is unrouted, and while it is replaced
 * by another one of its name: who waits is told, no packet of its leaves in clear while it is routed,
 * and afterwards it can be had again.
 */
#include "core/route/route_priv.h"
#include "core/sim/sim_memory_test.h"
#include "core/sim/sim_test.h"

#define FOR_A_WHILE_MS 20000

static struct pair pair_routing(bool later)
{
	struct sim_words w = tunnel;
	struct pair p;

	w.retransmit_timeout_ms = 5000;
	p = pair_new(&w);
	p.sim->later = later;
	for (unsigned i = 0; i < 2; i++) {
		struct sim_node *n = i ? p.east : p.west;

		n->env = (struct route_env){ .hook = sim_hook, .stack = "sim" };
		sim_route(n);
	}
	return p;
}

/* --- what is looked at -------------------------------------------------------------------------- */

struct asked {
	unsigned answers;
	ms_err err;
};

static void answered(void *arg, ms_err err, const struct ms_why *why)
{
	struct asked *a = arg;

	(void)why;
	a->answers++;
	a->err = err;
}

static void policies_are_known(const struct pair *p)
{
	struct ms_why why = { "" };

	for (unsigned i = 0; i < 2; i++) {
		const struct sim_node *n = i ? p->east : p->west;
		enum ms_shunt shunt;

		if (!route_check(n->route, &why))
			fail_msg("%s: %s", n->name, why.text);
		for (const struct sim_policy *e = n->policies; e; e = e->next) {
			assert_true(route_knows(n->route, &e->src, &e->dst, &shunt));
			assert_true(shunt == e->shunt);
			assert_true(e->shunt != MS_SHUNT_NONE || sim_find_sa(n, &e->said));
		}
	}
}

static void packet(struct pair *p)
{
	struct ms_addr from = ms_addr_v4(0xc0000101), to = ms_addr_v4(0xc0000201);
	struct ms_subnet src = ms_subnet_host(&from), dst = ms_subnet_host(&to);
	struct ms_selector mine = ms_selector_of_subnet(&src), theirs = ms_selector_of_subnet(&dst);

	route_packet(p->west->route, &mine, &theirs);
}

/* With memory all of it works, and nothing is left. */
static void works_and_ends(struct pair *p)
{
	struct asked a = { 0, MS_OK };

	sim_run(p->sim, 120000);
	policies_are_known(p);
	route_connection(p->west->route, p->wc, answered, &a);
	sim_run(p->sim, 1000);
	assert_int_equal(a.answers, 1);
	assert_int_equal(a.err, MS_OK);
	packet(p);
	sim_run(p->sim, 60000);
	assert_int_equal(sim_ikes(p->west), 1);
	assert_int_equal(sim_children(p->west), 1);
	assert_true(sim_agree(p->west, p->east));
	policies_are_known(p);
	ike_terminate_conn(p->west->ike, p->wc);
	sim_run(p->sim, 60000);
	assert_int_equal(sim_sas(p->west) + sim_sas(p->east), 0);
	assert_non_null(p->west->policies); /* its trap */
	route_delete_conn(p->west->route, p->wc);
	sim_run(p->sim, 60000);
	assert_null(p->west->policies);
	assert_false(route_busy(p->west->route));
	pair_free(p);
}

/* --- steps ---------------------------------------------------------------------------------------- */

static bool routes(unsigned n, bool for_good, bool later)
{
	struct pair p = pair_routing(later);
	struct asked a = { 0, MS_OK };
	bool done;

	memory_arm(n, for_good);
	route_connection(p.west->route, p.wc, answered, &a);
	done = memory_run_short(p.sim, 1000);
	assert_int_equal(a.answers, 1);
	if (a.err == MS_OK)
		assert_non_null(p.west->policies);
	else
		assert_int_equal(p.wc->routing, RT_UNROUTED);
	works_and_ends(&p);
	return done;
}

static struct pair pair_routed(bool later)
{
	struct pair p = pair_routing(later);
	struct asked a = { 0, MS_OK };

	route_connection(p.west->route, p.wc, answered, &a);
	sim_run(p.sim, 1000);
	assert_int_equal(a.err, MS_OK);
	return p;
}

/* A trap, a shunt or a tunnel: something stands there all the time. */
static bool catches(unsigned n, bool for_good, bool later)
{
	struct pair p = pair_routed(later);
	bool done = true;

	memory_arm(n, for_good);
	for (unsigned i = 0; i < 10; i++) {
		packet(&p);
		sim_run(p.sim, FOR_A_WHILE_MS / 10);
		assert_non_null(p.west->policies);
	}
	done = memory_run_short(p.sim, 1);
	if (done)
		assert_int_equal(sim_children(p.west), 1);
	works_and_ends(&p);
	return done;
}

/* Its route leads to another device: sooner or later it does, and the trap stays. */
static bool moves(unsigned n, bool for_good, bool later)
{
	struct pair p = pair_routed(later);
	struct asked a = { 0, MS_OK };
	bool done;

	strcpy(p.wc->device, "other0");
	memory_arm(n, for_good);
	route_moved(p.west->route, p.wc, answered, &a);
	for (unsigned i = 0; i < 10; i++) {
		sim_run(p.sim, 100);
		assert_non_null(p.west->policies);
	}
	done = memory_run_short(p.sim, 1);
	assert_int_equal(a.answers, 1);
	sim_run(p.sim, 120000);
	assert_true(a.err == MS_OK || a.err == MS_ERR_NOMEM);
	assert_string_equal(p.wc->route_of->device, "other0");
	works_and_ends(&p);
	return done;
}

static bool unroutes(unsigned n, bool for_good, bool later)
{
	struct pair p = pair_routed(later);
	struct asked a = { 0, MS_OK };
	bool done;

	memory_arm(n, for_good);
	route_unroute(p.west->route, p.wc, answered, &a);
	done = memory_run_short(p.sim, 1000);
	assert_int_equal(a.answers, 1);
	sim_run(p.sim, 120000); /* what could not be taken away is tried again */
	if (a.err == MS_OK)
		assert_null(p.west->policies);
	works_and_ends(&p);
	return done;
}

static ms_err add(struct pair *p, const struct ms_conn_desc *d)
{
	struct ms_why why = { "" };
	struct conn *c;
	ms_err err = conn_add(p->west->conns, d, &c, &why);

	if (err)
		return err;
	p->wc = c;
	return sim_orient(p->west, c, &why);
}

/* As daemon/add.c does it: what cannot be understood leaves the old one as it is; else that is gone at
 * once, and the new one is there or it is not. */
static bool replaces(unsigned n, bool for_good, bool later)
{
	struct pair p = pair_routed(later);
	const char *name = p.wc->desc->name;
	struct ms_conn_desc *d = p.wc->desc;
	struct conn *old = conn_ref(p.wc);
	struct asked a = { 0, MS_OK };
	struct ms_why why = { "" };
	bool done;
	ms_err err;

	packet(&p);
	sim_run(p.sim, 10000);
	assert_int_equal(sim_children(p.west), 1);
	memory_arm(n, for_good);
	err = conn_check(p.west->conns, d, &why);
	if (err != MS_OK) { /* nothing of it was done */
		done = memory_run_short(p.sim, FOR_A_WHILE_MS);
		assert_false(done);
		assert_int_equal(sim_children(p.west), 1);
		assert_int_equal(p.wc->routing, RT_ROUTED_TUNNEL);
		conn_unref(&old);
		works_and_ends(&p);
		return false;
	}
	route_delete_conn(p.west->route, p.wc);
	err = add(&p, d);
	if (err == MS_OK)
		route_connection(p.west->route, p.wc, answered, &a);
	done = memory_run_short(p.sim, FOR_A_WHILE_MS);
	assert_int_equal(a.answers, err == MS_OK);
	assert_int_equal(conn_by_name(p.west->conns, name) != NULL, p.wc != old);
	if (p.wc == old)
		assert_int_equal(add(&p, d), MS_OK);
	conn_unref(&old);
	works_and_ends(&p);
	return done;
}

static void all_of(bool (*step)(unsigned n, bool for_good, bool later))
{
	for (unsigned how = 0; how < 4; how++) {
		unsigned n = 1;

		while (!step(n, how & 1, how & 2))
			n++;
		assert_in_range(n, 2, 1000);
	}
}

static void test_route(void **state)
{
	(void)state;
	all_of(routes);
}

static void test_packets(void **state)
{
	(void)state;
	all_of(catches);
}

static void test_move(void **state)
{
	(void)state;
	all_of(moves);
}

static void test_unroute(void **state)
{
	(void)state;
	all_of(unroutes);
}

static void test_replace(void **state)
{
	(void)state;
	all_of(replaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_unroute),
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests_name("route memory", tests, sim_test_setup, sim_test_teardown);
}

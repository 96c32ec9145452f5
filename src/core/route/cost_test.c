/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change of one connection's routing costs must not grow with the number of others: the steps of
 * the maps of eroutes, routes and waits are counted, among a hundred connections and among thousands.
 */
#include "core/route/test_rig.h"

#include "core/conn/pairs.h"

#define FEW  100
#define MANY 4000

enum kind {
	APART, /* each has networks of its own */
	SHARED, /* all lead to one network: they share its route */
	RIVALS, /* all want the very same pair: one has it, the others wait for it */
	KINDS
};

static struct conn *add(struct world *w, enum kind kind, unsigned i)
{
	char name[16], mine[24], theirs[24], peer[24];

	snprintf(name, sizeof name, "c%u", i);
	snprintf(mine, sizeof mine, "10.%u.%u.0/24", i >> 8, i & 255);
	snprintf(theirs, sizeof theirs, "172.%u.%u.0/24", i >> 8, i & 255);
	snprintf(peer, sizeof peer, "198.18.%u.%u", i >> 8, i & 255);
	return rig_conn(w, &(struct rig_words){ .name = name, .right = peer,
		.leftsubnet = kind == RIVALS ? "10.0.0.0/24" : mine,
		.rightsubnet = kind == APART ? theirs : "192.0.2.0/24" });
}

/* Routes it, a packet comes, it gets an SA group, loses it, and is unrouted. */
static void whole_life(struct world *w, struct conn *c)
{
	struct child_sa child = rig_child(c, 7);

	route_connection(w->route, c, answered, w);
	route_packet(w->route, &c->local.clients[0], &c->remote.clients[0]);
	c->child_sas = &child;
	c->newest_child = child.serial;
	route_child_up(w->route, &child, answered, w);
	assert_int_equal(w->err, MS_OK);
	assert_int_equal(c->routing, RT_ROUTED_TUNNEL);
	c->child_sas = NULL;
	c->newest_child = 0;
	route_child_down(w->route, &child);
	route_release(w->route, c);
	assert_int_equal(c->routing, RT_UNROUTED);
}

static uint64_t cost(enum kind kind, unsigned n)
{
	struct world *w = rig_new(NULL);
	uint64_t before;
	void *state = w;

	w->quiet = true;
	for (unsigned i = 0; i < n; i++) {
		struct conn *c = add(w, kind, i);

		w->unchecked = i % 1000 != 0;
		route_connection(w->route, c, answered, w);
		c->wanted_routed = true;
	}
	w->unchecked = true;
	before = pair_map_steps;
	/* the oldest, a new one, and one of the middle */
	whole_life(w, conn_by_name(w->conns, "c0"));
	whole_life(w, add(w, kind, n));
	whole_life(w, conn_by_name(w->conns, kind == RIVALS ? "c1" : "c50"));
	before = pair_map_steps - before;
	w->unchecked = false;
	rig_check(w);
	rig_free(&state);
	return before;
}

static void test_cost(void **state)
{
	static const char *const names[] = { "apart", "shared", "rivals" };

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint64_t few = cost((enum kind)kind, FEW), many = cost((enum kind)kind, MANY);

		printf("%s: %u steps among %d, %u among %d\n", names[kind], (unsigned)few, FEW,
			(unsigned)many, MANY);
		assert_in_range(many, 1, 2 * few + 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cost) };

	return cmocka_run_group_tests(tests, rig_crypto, rig_no_crypto);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Our end gets another address: shunts and routes follow, and at no time is a packet without them that
 * had them before. */
#include "core/route/test_rig.h"

#define ELSEWHERE 0xc001022e /* 192.1.2.46 */

static bool elsewhere(void *arg, const struct ms_addr *a)
{
	struct ms_addr us = ms_addr_v4(ELSEWHERE);

	(void)arg;
	return ms_addr_eq(a, &us);
}

static int setup(void **state)
{
	*state = rig_new(NULL);
	return 0;
}

static struct conn *conn_of(struct world *w, const char *name, const char *left_net)
{
	return rig_conn(w, &(struct rig_words){ .name = name, .left = "%defaultroute",
		.leftsubnet = left_net, .rightsubnet = "192.0.2.0/24" });
}

/* It is known where the connection is now, as to the daemon before it acts on it. */
static void find_out(struct world *w, struct conn *c, uint32_t gateway, const char *device)
{
	struct ms_addr src[2] = { ms_addr_v4(ELSEWHERE) }, gate[2] = { ms_addr_v4(gateway) };
	struct ms_why why;

	assert_int_equal(conn_orient(w->conns, c, elsewhere, NULL, src, gate, &why), MS_OK);
	strcpy(c->device, device);
	c->moved = true;
}

static void act(struct world *w, struct conn *c)
{
	route_moved(w->route, c, answered, w);
	c->moved = false;
}

static void move(struct world *w, struct conn *c)
{
	find_out(w, c, 0xc00102fe, "ipsec0");
	act(w, c);
}

static bool has(struct world *w, uint32_t from, enum ms_shunt shunt)
{
	struct ms_selector src = rig_host(from), dst = rig_host(0xc0000201);
	struct route_fate f;

	return route_fate(w->route, &src, &dst, &f) && f.shunt == shunt;
}

/* The trap is there before what was for the old address goes, and the route is made again, not taken
 * away. */
static void test_trap_of_a_host(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", NULL);
	struct ms_selector now = rig_host(ELSEWHERE);

	route_connection(w->route, c, answered, w);
	expect_log(w, "prepare route trap ");
	move(w, c);
	expect_log(w, "trap delete route ");
	assert_true(ms_selector_eq(&w->hook_mine, &now));
	assert_int_equal(w->err, MS_OK);
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	assert_true(has(w, ELSEWHERE, MS_SHUNT_TRAP));
	assert_int_equal(w->n_policies, 1);
	route_unroute(w->route, c, answered, w);
	expect_log(w, "delete unroute ");
}

/* Networks behind us stay where they are: nothing is to be done for them. */
static void test_trap_of_a_network(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", "10.1.0.0/16");

	route_connection(w->route, c, answered, w);
	w->log[0] = '\0';
	move(w, c);
	expect_log(w, "trap ");
	assert_true(has(w, 0x0a010001, MS_SHUNT_TRAP));
	assert_int_equal(w->n_policies, 1);
}

/* The SA group goes with the address it was made at, and while the hook is told nothing is done twice: the
 * trap that comes stays, and the tunnel of another try after it. */
static void test_tunnel(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", NULL);
	struct ms_selector was = rig_host(RIG_WEST);
	struct child_sa child, next;

	route_connection(w->route, c, answered, w);
	child = rig_child(c, 5);
	child.mine = &was;
	c->child_sas = &child;
	route_child_up(w->route, &child, answered, w);
	c->child_sas = NULL;
	w->log[0] = '\0';
	find_out(w, c, 0xc00102fe, "ipsec0");
	w->defer_hooks = true;
	route_child_down(w->route, &child);
	act(w, c);
	expect_log(w, "down ");
	w->hook.done(w->hook.arg, MS_OK, NULL);
	expect_log(w, "trap delete trap route ");
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	next = rig_child(c, 6);
	c->child_sas = &next;
	route_child_up(w->route, &next, answered, w);
	expect_log(w, "sa:1006 up ");
	assert_int_equal(w->n_policies, 1);
	c->child_sas = NULL;
	route_child_down(w->route, &next);
}

/* Nobody asked for a trap: what keeps the packets of a tunnel that is no more does so further on. */
static void test_not_routed_by_hand(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", "10.1.0.0/16");
	struct child_sa child = rig_child(c, 5);

	move(w, c);
	expect_log(w, "");
	assert_int_equal(c->routing, RT_UNROUTED);
	route_child_up(w->route, &child, answered, w);
	route_child_down(w->route, &child);
	w->log[0] = '\0';
	move(w, c);
	expect_log(w, "drop ");
	assert_true(has(w, 0x0a010001, MS_SHUNT_DROP));
}

/* It could not be routed where it was. */
static void test_routed_at_last(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", NULL);

	w->fail = true;
	w->fail_verb = MS_HOOK_ROUTE;
	route_connection(w->route, c, answered, w);
	assert_int_equal(w->err, MS_ERR_SYSTEM);
	assert_int_equal(c->routing, RT_UNROUTED);
	w->fail = false;
	w->log[0] = '\0';
	move(w, c);
	expect_log(w, "prepare route trap ");
	/* Nor where it is now: then it is not routed, and the one who asks is told. */
	w->fail = true;
	find_out(w, c, 0xc00102fe, "ipsec1");
	act(w, c);
	expect_log(w, "trap route ipsec1 delete unroute prepare ipsec1 route ipsec1 unroute ipsec1 ");
	assert_int_equal(w->err, MS_ERR_SYSTEM);
	assert_int_equal(c->routing, RT_UNROUTED);
	assert_int_equal(w->n_policies, 0);
}

/* A script of somebody's own knows no route that changes. */
static void test_script_cannot(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", NULL);
	struct ms_why why = { "File exists" };

	route_connection(w->route, c, answered, w);
	assert_int_equal(w->answers, 1);
	w->log[0] = '\0';
	w->defer_hooks = true;
	move(w, c);
	expect_log(w, "trap delete route ");
	w->hook.done(w->hook.arg, MS_ERR_SYSTEM, &why);
	expect_log(w, "delete unroute prepare route trap ");
	assert_int_equal(w->answers, 2);
	assert_int_equal(w->err, MS_OK);
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	assert_true(has(w, ELSEWHERE, MS_SHUNT_TRAP));
}

/* Two share a route, which leads another way now: it is made before the old one goes, and nobody is in
 * the other's way. */
static void test_shared(void **state)
{
	struct world *w = *state;
	struct conn *a = conn_of(w, "a", "10.1.0.0/16"), *b = conn_of(w, "b", "10.2.0.0/16"),
		    *c = rig_conn(w, &(struct rig_words){ .name = "c",
			    .leftsubnet = "10.3.0.0/16", .rightsubnet = "192.0.2.0/24" });

	w->unchecked = true; /* between a and b they differ */
	route_connection(w->route, a, answered, w);
	route_connection(w->route, b, answered, w);
	expect_log(w, "prepare route trap trap ");
	find_out(w, a, 0xc0010301, "ipsec1");
	find_out(w, b, 0xc0010301, "ipsec1");
	act(w, a);
	assert_int_equal(w->err, MS_OK);
	expect_log(w, "trap route ipsec1 ");
	act(w, b);
	assert_int_equal(w->err, MS_OK);
	expect_log(w, "trap route ipsec1 unroute ");
	rig_check(w);
	/* One that did not move along is in the way. */
	route_connection(w->route, c, answered, w);
	assert_int_equal(w->err, MS_ERR_DUPLICATE);
	route_unroute(w->route, a, answered, w);
	route_unroute(w->route, b, answered, w);
	expect_log(w, "delete delete unroute ipsec1 ");
	route_connection(w->route, c, answered, w);
	route_connection(w->route, a, answered, w);
	assert_int_equal(w->err, MS_ERR_DUPLICATE);
}

/* Where another one has the eroute at the new address there is nothing for it. */
static void test_taken(void **state)
{
	struct world *w = *state;
	struct conn *a = conn_of(w, "a", NULL), *b = conn_of(w, "b", NULL);

	route_connection(w->route, a, answered, w);
	move(w, b);
	route_connection(w->route, b, answered, w);
	assert_int_equal(w->n_policies, 2);
	w->log[0] = '\0';
	move(w, a);
	assert_int_equal(w->err, MS_ERR_BUSY);
	assert_string_equal(w->why, "cannot install eroute -- it is in use for \"b\" #0");
	expect_log(w, "delete ");
	assert_int_equal(a->routing, RT_UNROUTED);
	assert_int_equal(b->routing, RT_ROUTED_PROSPECTIVE);
	assert_int_equal(w->n_policies, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, rig_free)
	const struct CMUnitTest tests[] = {
		T(test_trap_of_a_host),
		T(test_trap_of_a_network),
		T(test_tunnel),
		T(test_not_routed_by_hand),
		T(test_routed_at_last),
		T(test_script_cannot),
		T(test_shared),
		T(test_taken),
	};

	return cmocka_run_group_tests(tests, rig_crypto, rig_no_crypto);
}

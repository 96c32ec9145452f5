/* SPDX-License-Identifier: Apache-2.0 */
/* Routing of one connection: each step in its order, and what follows when one fails. */
#include "core/route/test_rig.h"

static int setup(void **state)
{
	struct world *w = rig_new(NULL);

	w->conn = rig_conn(w, &(struct rig_words){ .name = "west-east",
		.leftsubnet = "192.0.1.0/24", .rightsubnet = "192.0.2.0/24" });
	w->child = rig_child(w->conn, 2);
	*state = w;
	return 0;
}

static void expect(struct world *w, const char *log, enum conn_routing routing)
{
	assert_string_equal(w->log, log);
	assert_int_equal(w->conn->routing, routing);
	w->log[0] = '\0';
}

static void up(struct world *w)
{
	route_child_up(w->route, &w->child, answered, w);
}

static void test_up_and_down(void **state)
{
	struct world *w = *state;

	up(w);
	expect(w, "prepare route sa:1002 up ", RT_ROUTED_TUNNEL);
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->err, MS_OK);
	assert_int_equal(w->conn->eroute_owner, 2);
	/* The tunnel goes: the route stays and nothing leaks. */
	route_child_down(w->route, &w->child);
	expect(w, "down drop ", RT_ROUTED_PROSPECTIVE);
	assert_int_equal(w->conn->eroute_owner, 0);
	/* Up again: the route is there already. */
	up(w);
	expect(w, "sa:1002 up ", RT_ROUTED_TUNNEL);
}

static void test_rekey_moves_the_eroute(void **state)
{
	struct world *w = *state;
	struct child_sa old = w->child;

	up(w);
	w->child.serial = 3;
	w->child.spi_out = 0x2002;
	w->log[0] = '\0';
	up(w);
	expect(w, "sa:2002 ", RT_ROUTED_TUNNEL);
	assert_int_equal(w->conn->eroute_owner, 3);
	/* The old one does not own the eroute any more: its end changes nothing. */
	route_child_down(w->route, &old);
	expect(w, "", RT_ROUTED_TUNNEL);
}

static void test_route_and_trap(void **state)
{
	struct world *w = *state;

	route_connection(w->route, w->conn, answered, w);
	expect(w, "prepare route trap ", RT_ROUTED_PROSPECTIVE);
	up(w);
	expect(w, "sa:1002 up ", RT_ROUTED_TUNNEL);
	route_unroute(w->route, w->conn, answered, w);
	assert_int_equal(w->err, MS_ERR_BUSY);
	expect(w, "", RT_ROUTED_TUNNEL);
	route_child_down(w->route, &w->child);
	expect(w, "down trap ", RT_ROUTED_PROSPECTIVE);
	route_unroute(w->route, w->conn, answered, w);
	assert_int_equal(w->err, MS_OK);
	expect(w, "delete unroute ", RT_UNROUTED);
	route_unroute(w->route, w->conn, answered, w);
	assert_int_equal(w->answers, 5);
	expect(w, "", RT_UNROUTED);
}

static void test_updown_fails(void **state)
{
	struct world *w = *state;

	w->fail = true;
	w->fail_verb = MS_HOOK_ROUTE;
	up(w);
	expect(w, "prepare route unroute ", RT_UNROUTED);
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->err, MS_ERR_SYSTEM);
	assert_string_equal(w->why, "route-client failed");
	w->fail_verb = MS_HOOK_UP;
	up(w);
	expect(w, "prepare route sa:1002 up delete unroute ", RT_UNROUTED);
	assert_int_equal(w->conn->eroute_owner, 0);
	/* What only cleans up may fail. */
	w->fail_verb = MS_HOOK_PREPARE;
	up(w);
	expect(w, "prepare route sa:1002 up ", RT_ROUTED_TUNNEL);
	assert_int_equal(w->err, MS_OK);
}

static void test_changes_wait_for_each_other(void **state)
{
	struct world *w = *state;

	w->defer = true;
	up(w);
	assert_string_equal(w->log, "prepare route sa:1002 ");
	/* Gone before it was in: the second change waits, then undoes the first. */
	route_child_down(w->route, &w->child);
	assert_string_equal(w->log, "prepare route sa:1002 ");
	w->defer = false;
	kernel_goes_on(w);
	expect(w, "prepare route sa:1002 up down drop ", RT_ROUTED_PROSPECTIVE);
}

static void test_delete_takes_all(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_ref(w->conn);

	up(w);
	w->log[0] = '\0';
	conn_delete(w->conns, c);
	route_child_down(w->route, &w->child);
	expect(w, "down delete unroute ", RT_UNROUTED);
	route_release(w->route, c);
	expect(w, "", RT_UNROUTED);
	conn_unref(&c);
}

static void test_delete_of_routed(void **state)
{
	struct world *w = *state;

	route_connection(w->route, w->conn, answered, w);
	w->log[0] = '\0';
	route_release(w->route, w->conn);
	expect(w, "delete unroute ", RT_UNROUTED);
}

static void test_narrowed(void **state)
{
	struct world *w = *state;
	struct ms_selector narrow = w->conn->remote.clients[0];

	narrow.range.last = narrow.range.first = ms_addr_v4(0xc0000207);
	w->child.theirs = &narrow;
	up(w);
	w->log[0] = '\0';
	route_child_down(w->route, &w->child);
	expect(w, "down drop delete ", RT_ROUTED_PROSPECTIVE);
}

/* The trap is asked for again: without it the eroute would point to nothing for good. */
static void test_refused_trap(void **state)
{
	struct world *w = *state;
	struct ms_selector narrow = w->conn->remote.clients[0], wide = narrow;

	route_connection(w->route, w->conn, answered, w);
	up(w);
	w->log[0] = '\0';
	w->refuse = true;
	route_child_down(w->route, &w->child);
	expect(w, "down refused refused ", RT_ROUTED_PROSPECTIVE);
	pass_time(w, 6000);
	expect(w, "refused refused ", RT_ROUTED_PROSPECTIVE);
	w->refuse = false;
	pass_time(w, 6000);
	expect(w, "trap ", RT_ROUTED_PROSPECTIVE);
	pass_time(w, 600000);
	expect(w, "", RT_ROUTED_PROSPECTIVE);
	/* Eroutes of narrower selectors go with it. */
	narrow.range.last = narrow.range.first = ms_addr_v4(0xc0000207);
	w->child.theirs = &narrow;
	up(w);
	w->refuse = true;
	w->log[0] = '\0';
	route_child_down(w->route, &w->child);
	w->refuse = false;
	pass_time(w, 6000);
	expect(w, "down refused refused trap delete ", RT_ROUTED_PROSPECTIVE);
	assert_int_equal(route_eroute_count(w->route), 1);
	assert_non_null(rig_policy(w, &w->conn->local.clients[0], &wide));
}

/* So is the shunt after a hold. */
static void test_refused_after_hold(void **state)
{
	struct world *w = *state;

	route_connection(w->route, w->conn, answered, w);
	route_packet(w->route, &w->conn->local.clients[0], &w->conn->remote.clients[0]);
	w->log[0] = '\0';
	w->refuse = true;
	route_attempt_over(w->route, w->conn, MS_ERR_TIMEOUT, NULL);
	expect(w, "refused refused ", RT_ROUTED_PROSPECTIVE);
	w->refuse = false;
	pass_time(w, 6000);
	expect(w, "trap ", RT_ROUTED_PROSPECTIVE);
}

/* Of two SAs for the same the one with the eroute goes, the kernel does not let the other one have it,
 * and then that one goes, too: the eroute may not point to nothing for good. */
static void test_refused_heir(void **state)
{
	struct world *w = *state;
	struct child_sa heir = rig_child(w->conn, 1), gone;

	route_connection(w->route, w->conn, answered, w);
	w->conn->child_sas = &heir;
	up(w);
	gone = w->child;
	gone.up = false;
	w->refuse = true;
	w->log[0] = '\0';
	route_child_down(w->route, &gone);
	expect(w, "refused ", RT_ROUTED_TUNNEL);
	pass_time(w, 6000);
	expect(w, "refused ", RT_ROUTED_TUNNEL);
	w->conn->child_sas = NULL;
	route_child_down(w->route, &heir);
	expect(w, "", RT_ROUTED_TUNNEL);
	w->refuse = false;
	pass_time(w, 6000);
	expect(w, "down trap ", RT_ROUTED_PROSPECTIVE);
	pass_time(w, 600000);
	expect(w, "", RT_ROUTED_PROSPECTIVE);
}

/* New addresses of an SA group (MOBIKE) are told to the kernel until it takes them. */
static void test_refused_move(void **state)
{
	struct world *w = *state;
	struct ms_selector *mine = &w->conn->local.clients[0], *theirs = &w->conn->remote.clients[0];
	struct ms_addr moved = ms_addr_v4(0xc0010264);

	w->conn->child_sas = &w->child;
	up(w);
	w->child.remote.addr = moved;
	w->refuse = true;
	w->log[0] = '\0';
	route_child_moved(w->route, &w->child);
	expect(w, "refused ", RT_ROUTED_TUNNEL);
	pass_time(w, 6000);
	expect(w, "refused ", RT_ROUTED_TUNNEL);
	w->refuse = false;
	pass_time(w, 6000);
	expect(w, "sa:1002 ", RT_ROUTED_TUNNEL);
	assert_true(ms_addr_eq(&rig_policy(w, mine, theirs)->tunnel_dst, &moved));
	pass_time(w, 600000);
	expect(w, "", RT_ROUTED_TUNNEL);
	w->conn->child_sas = NULL;
}

static void test_acquire(void **state)
{
	struct world *w = *state;
	struct ms_addr s = ms_addr_v4(0xc0000101), d = ms_addr_v4(0xc0000201),
		       x = ms_addr_v4(0x0a000001);
	struct ms_subnet sn = ms_subnet_host(&s), dn = ms_subnet_host(&d), xn = ms_subnet_host(&x);
	struct ms_selector src = ms_selector_of_subnet(&sn), dst = ms_selector_of_subnet(&dn),
			   far = ms_selector_of_subnet(&xn);

	assert_null(route_find(w->route, &src, &dst));
	route_connection(w->route, w->conn, answered, w);
	assert_ptr_equal(route_find(w->route, &src, &dst), w->conn);
	assert_null(route_find(w->route, &src, &far));
	assert_null(route_find(w->route, &dst, &src));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, rig_free)
	const struct CMUnitTest tests[] = {
		T(test_up_and_down),
		T(test_rekey_moves_the_eroute),
		T(test_route_and_trap),
		T(test_updown_fails),
		T(test_changes_wait_for_each_other),
		T(test_delete_takes_all),
		T(test_delete_of_routed),
		T(test_narrowed),
		T(test_refused_trap),
		T(test_refused_after_hold),
		T(test_refused_heir),
		T(test_refused_move),
		T(test_acquire),
	};

	return cmocka_run_group_tests(tests, rig_crypto, rig_no_crypto);
}

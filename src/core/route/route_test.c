/* SPDX-License-Identifier: Apache-2.0 */
/* Routing against a kernel and hooks that write down what they were told, at once or later. */
#include "core/route/route.h"

#include <modswan/registry.h>

#include "core/child/child_sa.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
	char log[4096];
	struct host host;
	struct route *route;
	struct conn_table *conns;
	struct conn *conn;
	struct child_sa child;
	enum ms_hook_verb fail_verb;
	bool fail;
	bool defer; /* kernel answers wait in `waiting` */
	struct {
		ms_kernel_done_f *done;
		void *arg;
		unsigned n;
	} waiting;
	unsigned answers;
	ms_err err;
	char why[256];
};

static void note(struct world *w, const char *text)
{
	strcat(w->log, text);
	strcat(w->log, " ");
}

static const char *const shunts[] = { "sa", "pass", "drop", "reject", "trap", "hold" };
static const char *const verbs[] = { "prepare", "route", "unroute", "up", "down" };

static void kernel(void *ctx, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
	void *arg)
{
	struct world *w = ctx;
	char text[32];

	for (unsigned i = 0; i < n; i++) {
		if (ops[i].kind == MS_KOP_POLICY_DELETE)
			strcpy(text, "delete");
		else if (ops[i].policy.shunt == MS_SHUNT_NONE)
			snprintf(text, sizeof text, "sa:%x", ops[i].policy.said.spi);
		else
			strcpy(text, shunts[ops[i].policy.shunt]);
		note(w, text);
	}
	if (w->defer) {
		assert_null(w->waiting.done);
		w->waiting.done = done;
		w->waiting.arg = arg;
		w->waiting.n = n;
		return;
	}
	done(arg, MS_OK, n, NULL);
}

static void kernel_goes_on(struct world *w)
{
	ms_kernel_done_f *done = w->waiting.done;

	w->waiting.done = NULL;
	done(w->waiting.arg, MS_OK, w->waiting.n, NULL);
}

static void hook(void *ctx, struct conn *c, const struct ms_hook_event *e, ms_hook_done_f *done,
	void *arg)
{
	struct world *w = ctx;
	struct ms_why why = { "" };

	(void)c;
	note(w, verbs[e->verb]);
	assert_string_equal(e->connection, "west-east");
	assert_string_equal(e->interface, "ipsec0");
	assert_true(e->client);
	if (w->fail && e->verb == w->fail_verb)
		done(arg, ms_fail(&why, MS_ERR_SYSTEM, "%s-client failed", verbs[e->verb]), &why);
	else
		done(arg, MS_OK, NULL);
}

static void answered(void *arg, ms_err err, const struct ms_why *why)
{
	struct world *w = arg;

	w->answers++;
	w->err = err;
	snprintf(w->why, sizeof w->why, "%s", ms_why_text(why, err));
}

static bool west(void *arg, const struct ms_addr *a)
{
	struct ms_addr us = ms_addr_v4(0xc001022d);

	(void)arg;
	return ms_addr_eq(a, &us);
}

static const struct host_ops ops = { .kernel = kernel };

static int setup(void **state)
{
	static const uint64_t seed[2];
	struct world *w = calloc(1, sizeof *w);
	struct route_env env = { .hook = hook, .ctx = w, .stack = "klips" };
	struct ms_conn_desc d;
	struct ms_why why;

	ms_conn_desc_defaults(&d);
	d.name = strdup("west-east");
	free(d.left.host);
	free(d.right.host);
	d.left.host = strdup("192.1.2.45");
	d.right.host = strdup("192.1.2.23");
	d.left.subnet = strdup("192.0.1.0/24");
	d.right.subnet = strdup("192.0.2.0/24");
	w->host = (struct host){ &ops, w, NULL };
	w->route = route_new(&w->host, &env);
	w->conns = conn_table_new(seed);
	if (conn_add(w->conns, &d, &w->conn, &why) != MS_OK ||
		conn_orient(w->conns, w->conn, west, NULL, NULL, NULL, &why) != MS_OK)
		return -1;
	ms_conn_desc_free(&d);
	strcpy(w->conn->device, "ipsec0");
	w->child = (struct child_sa){ .conn = w->conn, .serial = 2, .spi_out = 0x1002, .tunnel = true,
		.local = w->conn->local.host, .remote = w->conn->remote.host,
		.mine = w->conn->local.clients, .n_mine = 1, .theirs = w->conn->remote.clients,
		.n_theirs = 1 };
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	conn_table_free(&w->conns);
	route_free(&w->route);
	free(w);
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
	expect(w, "prepare route delete unroute ", RT_UNROUTED);
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
	expect(w, "down delete drop ", RT_ROUTED_PROSPECTIVE);
}

static void test_acquire(void **state)
{
	struct world *w = *state;
	struct ms_addr s = ms_addr_v4(0xc0000101), d = ms_addr_v4(0xc0000201),
		       x = ms_addr_v4(0x0a000001);
	struct ms_subnet sn = ms_subnet_host(&s), dn = ms_subnet_host(&d), xn = ms_subnet_host(&x);
	struct ms_selector src = ms_selector_of_subnet(&sn), dst = ms_selector_of_subnet(&dn),
			   far = ms_selector_of_subnet(&xn);

	assert_null(route_find(w->conns, &src, &dst));
	route_connection(w->route, w->conn, answered, w);
	assert_ptr_equal(route_find(w->conns, &src, &dst), w->conn);
	assert_null(route_find(w->conns, &src, &far));
	assert_null(route_find(w->conns, &dst, &src));
}

static int register_crypto(void **state)
{
	(void)state;
	if (openssl_load(NULL) != MS_OK)
		return -1;
	return ms_crypto_register(&openssl_ops, "openssl") == MS_OK ? 0 : -1;
}

static int unregister_crypto(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_up_and_down),
		T(test_rekey_moves_the_eroute),
		T(test_route_and_trap),
		T(test_updown_fails),
		T(test_changes_wait_for_each_other),
		T(test_delete_takes_all),
		T(test_delete_of_routed),
		T(test_narrowed),
		T(test_acquire),
	};

	return cmocka_run_group_tests(tests, register_crypto, unregister_crypto);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opportunism against sources that answer when the test wants them to. */
#include "core/route/test_rig.h"

#define ASKS 200

static struct ask {
	opp_found_f *found;
	void *arg;
	struct ms_addr mine, theirs;
} asks[ASKS];
static unsigned n_asks, n_cancelled;

static ms_err ask(void *ctx, const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg,
	struct ms_why *why)
{
	(void)ctx;
	(void)template;
	(void)why;
	assert_true(n_asks < ASKS);
	asks[n_asks] = (struct ask){ found, arg, *mine, *theirs };
	*query = &asks[n_asks++];
	return MS_OK;
}

static void cancel(void *ctx, void *query)
{
	(void)ctx;
	((struct ask *)query)->found = NULL;
	n_cancelled++;
}

static void answer(unsigned i, ms_err err, const struct opp_gateway *g, unsigned n, uint32_t ttl_s)
{
	struct ms_why why = { "as the test says" };
	opp_found_f *found = asks[i].found;

	asks[i].found = NULL;
	assert_non_null(found);
	found(asks[i].arg, err, g, n, ttl_s, &why);
}

static const struct opp_env env = { .ask = ask, .cancel = cancel, .max_pending = 50,
	.max_asking = 10, .per_second = 20 };

static struct ms_selector us, them;

static struct conn *template(struct world *w, int failure)
{
	struct conn *c = rig_conn(w, &(struct rig_words){ .name = "private-or-clear",
		.right = "%opportunistic", .rightsubnet = "10.0.0.0/8", .failure = failure });

	route_connection(w->route, c, answered, w);
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	w->log[0] = '\0';
	return c;
}

static int setup(void **state)
{
	struct world *w = rig_new(&env);

	n_asks = n_cancelled = 0;
	us = rig_host(0xc001022d);
	them = rig_host(0x0a000005);
	w->conn = template(w, MS_FAILURE_PASS);
	*state = w;
	return 0;
}

static struct opp_gateway gateway(uint32_t a)
{
	return (struct opp_gateway){ .addr = ms_addr_v4(a) };
}

static void test_keyed(void **state)
{
	struct world *w = *state;
	struct opp_gateway g = gateway(0x0a000005);
	struct route_fate fate;
	struct opp_counts n;
	struct child_sa child;
	struct conn *c;

	for (unsigned i = 0; i < 1000; i++) /* however many packets */
		route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 1);
	assert_int_equal(route_bare_count(w->route), 1);
	answer(0, MS_OK, &g, 1, 3600);
	assert_int_equal(w->initiated, 1);
	c = w->initiating;
	assert_true(c->instance != 0 && c->template == w->conn);
	assert_int_equal(c->routing, RT_UNROUTED_HOLD);
	assert_int_equal(route_bare_count(w->route), 0); /* the hold is the instance's */
	rig_check(w);
	child = rig_child(c, 9);
	c->child_sas = &child;
	c->newest_child = 9;
	route_child_up(w->route, &child, answered, w);
	route_attempt_over(w->route, c, MS_OK, NULL);
	assert_int_equal(c->routing, RT_ROUTED_TUNNEL);
	assert_true(route_fate(w->route, &us, &them, &fate));
	assert_int_equal(fate.shunt, MS_SHUNT_NONE);
	assert_ptr_equal(fate.owner, c);
	opp_counts(w->route, &n);
	assert_int_equal(n.pending, 0);
	assert_int_equal(n.keyed, 1);
	expect_log(w, "hold prepare route sa:1009 up ");
	/* Used in the first minute: it stays for twenty; then nobody uses it. */
	w->octets = 100;
	pass_time(w, 60000);
	assert_int_equal(w->terminated, 0);
	pass_time(w, 1200000);
	assert_int_equal(w->terminated, 1);
	c->child_sas = NULL;
	c->newest_child = 0;
	route_child_down(w->route, &child);
	expect_log(w, "down delete unroute ");
	/* The next packet meets the template's trap. */
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 2);
}

static void test_nothing_published(void **state)
{
	struct world *w = *state;
	struct route_fate fate;
	struct bare_shunt b;
	char text[128];

	assert_true(route_fate(w->route, &us, &them, &fate));
	assert_int_equal(fate.shunt, MS_SHUNT_TRAP);
	assert_ptr_equal(fate.owner, w->conn);
	assert_false(route_fate(w->route, &them, &us, &fate));
	route_packet(w->route, &us, &them);
	assert_true(route_fate(w->route, &us, &them, &fate));
	assert_int_equal(fate.shunt, MS_SHUNT_HOLD);
	answer(0, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	expect_log(w, "pass ");
	assert_true(route_fate(w->route, &us, &them, &fate));
	assert_int_equal(fate.shunt, MS_SHUNT_PASS);
	assert_null(fate.owner);
	assert_string_equal(fate.why, "oe-failing");
	assert_true(route_bare_at(w->route, &us, &them, &b));
	route_bare_text(&b, text, sizeof text);
	assert_string_equal(text, "192.1.2.45/32:0 -0-> 10.0.0.5/32:0 => %pass 0    oe-failing");
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 1);
	/* shuntlifetime= is a minute here; then the trap is back. */
	pass_time(w, 60000);
	expect_log(w, "delete ");
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 2);
	rig_check(w);
}

/* A trap for two hosts: the hold stands in its place, and it comes back whatever became of that. */
static void test_host_to_host(void **state)
{
	struct world *w = *state;
	struct opp_gateway g = gateway(0x0a000007);
	struct ms_why why = { "the peer refused" };
	struct child_sa child;
	struct conn *one, *c;

	them = rig_host(0x0a000007);
	one = rig_conn(w, &(struct rig_words){ .name = "private-or-clear#10.0.0.7/32",
		.right = "%opportunistic", .rightsubnet = "10.0.0.7/32",
		.failure = MS_FAILURE_PASS });
	route_connection(w->route, one, answered, w);
	w->log[0] = '\0';
	/* nothing is published: a shunt for its time, then the trap */
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 1);
	answer(0, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	expect_log(w, "pass ");
	rig_check(w);
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 1);
	pass_time(w, 60000);
	expect_log(w, "trap ");
	rig_check(w);
	/* the peer refuses, and does not believe us: clear, as failureshunt= says */
	route_packet(w->route, &us, &them);
	answer(1, MS_OK, &g, 1, 3600);
	assert_ptr_equal(w->initiating->template, one);
	rig_check(w);
	route_attempt_over(w->route, w->initiating, MS_ERR_AUTH, &why);
	expect_log(w, "hold pass ");
	rig_check(w);
	pass_time(w, 3600000);
	expect_log(w, "trap ");
	/* a tunnel, and after it the trap */
	route_packet(w->route, &us, &them);
	answer(2, MS_OK, &g, 1, 3600);
	c = w->initiating;
	child = rig_child(c, 9);
	c->child_sas = &child;
	c->newest_child = 9;
	route_child_up(w->route, &child, answered, w);
	route_attempt_over(w->route, c, MS_OK, NULL);
	assert_int_equal(c->routing, RT_ROUTED_TUNNEL);
	assert_int_equal(one->routing, RT_ROUTED_PROSPECTIVE);
	expect_log(w, "hold sa:1009 up ");
	c->child_sas = NULL;
	c->newest_child = 0;
	route_child_down(w->route, &child);
	expect_log(w, "down trap ");
	rig_check(w);
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 4);
}

static void test_bogus_is_denied(void **state)
{
	struct world *w = *state;

	route_packet(w->route, &us, &them);
	answer(0, MS_ERR_AUTH, NULL, 0, 300);
	expect_log(w, "drop ");
}

static void test_gateways_in_turn(void **state)
{
	struct world *w = *state;
	struct opp_gateway g[3] = { gateway(0x0a000006), gateway(0xc001022d), gateway(0x0a000007) };
	struct ms_why why = { "no answer" };
	struct conn *c;

	route_packet(w->route, &us, &them);
	answer(0, MS_OK, g, 3, 0);
	c = conn_ref(w->initiating);
	assert_true(ms_addr_eq(&c->remote.host.addr, &g[0].addr));
	route_attempt_over(w->route, c, MS_ERR_TIMEOUT, &why);
	assert_true(c->deleted);
	conn_unref(&c);
	/* Not ourselves. */
	assert_true(ms_addr_eq(&w->initiating->remote.host.addr, &g[2].addr));
	assert_int_equal(w->initiated, 2);
	rig_check(w);
	c = conn_ref(w->initiating);
	route_attempt_over(w->route, c, MS_ERR_TIMEOUT, &why);
	expect_log(w, "hold hold pass ");
	conn_unref(&c);
	assert_int_equal(route_bare_count(w->route), 1);
	rig_check(w);
}

/* A gateway without the key of its record: no longer than the record lives.  One that refuses us: as long
 * as any failure. */
static void test_keys_roll_over(void **state)
{
	static const struct {
		ms_err err;
		uint32_t ttl_s;
		uint64_t life_ms;
	} rows[] = {
		{ MS_ERR_AUTH, 120, 120000 },
		{ MS_ERR_AUTH, 5, 60000 },
		{ MS_ERR_AUTH, 86400, 900000 },
		{ MS_ERR_PEER_REFUSED, 120, 900000 },
	};
	struct opp_gateway g = gateway(0x0a000006);
	struct world *w = *state;

	route_shunt_life(w->route, 900000);
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ms_why why = { "the signature does not fit" };
		struct route_fate fate;
		struct conn *c;

		n_asks = 0;
		them = rig_host(0x0a000200 + i);
		route_packet(w->route, &us, &them);
		answer(0, MS_OK, &g, 1, rows[i].ttl_s);
		c = conn_ref(w->initiating);
		route_attempt_over(w->route, c, rows[i].err, &why);
		conn_unref(&c);
		assert_true(route_fate(w->route, &us, &them, &fate));
		assert_int_equal(fate.shunt, MS_SHUNT_PASS);
		assert_int_equal(fate.until_ms - rig_now(w), rows[i].life_ms);
	}
	rig_check(w);
}

static void test_private_drops_and_none_breathes(void **state)
{
	struct world *w = *state;

	w->conn->desc->failure_shunt = MS_FAILURE_DROP;
	route_packet(w->route, &us, &them);
	answer(0, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	expect_log(w, "drop ");
	w->conn->desc->failure_shunt = MS_FAILURE_NONE;
	them = rig_host(0x0a000006);
	route_packet(w->route, &us, &them);
	answer(1, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	pass_time(w, 10000);
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 3);
}

static void test_a_scan_is_bounded(void **state)
{
	struct world *w = *state;
	struct opp_counts n;

	for (unsigned i = 0; i < 65536; i++) {
		them = rig_host(0x0a010000 + i);
		route_packet(w->route, &us, &them);
	}
	opp_counts(w->route, &n);
	assert_int_equal(n_asks, 10); /* at once */
	assert_int_equal(n.pending, 50);
	assert_int_equal(n.refused, 65536 - 50);
	assert_int_equal(route_bare_count(w->route), 50);
	/* and in a second: 20, of which ten are gone */
	for (unsigned i = 0; i < 10; i++)
		answer(i, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	assert_int_equal(n_asks, 20);
	for (unsigned i = 10; i < 20; i++)
		answer(i, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	assert_int_equal(n_asks, 20);
	pass_time(w, 100);
	assert_in_range(n_asks, 21, 22);
	rig_check(w);
}

static void test_template_goes(void **state)
{
	struct world *w = *state;
	struct opp_gateway g = gateway(0x0a000005);
	struct conn *c = conn_ref(w->conn);

	route_packet(w->route, &us, &them);
	conn_delete(w->conns, c);
	route_release(w->route, c);
	answer(0, MS_OK, &g, 1, 0);
	assert_int_equal(w->initiated, 0);
	assert_int_equal(route_bare_count(w->route), 0);
	assert_int_equal(w->n_policies, 0);
	conn_unref(&c);
}

static void test_peer_was_quicker(void **state)
{
	struct world *w = *state;
	struct ms_endpoint peer = { them.range.first, 500 };
	struct opp_gateway g = gateway(0x0a000005);
	struct child_sa child;
	struct conn *c;

	route_packet(w->route, &us, &them);
	c = conn_instantiate_pair(w->conns, w->conn, &peer, NULL, &us, &them, NULL, 0);
	child = rig_child(c, 9);
	c->child_sas = &child;
	route_child_up(w->route, &child, answered, w);
	assert_int_equal(route_bare_count(w->route), 0);
	rig_check(w);
	answer(0, MS_OK, &g, 1, 0);
	assert_int_equal(w->initiated, 0);
	c->child_sas = NULL;
	route_child_down(w->route, &child);
	conn_delete(w->conns, c);
	conn_unref(&c);
}

/* What an older policy left behind for two hosts goes when a closer one comes, or its own goes. */
static void test_another_policy(void **state)
{
	struct world *w = *state;
	struct conn *closer;

	route_packet(w->route, &us, &them);
	answer(0, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	expect_log(w, "pass ");
	closer = rig_conn(w, &(struct rig_words){ .name = "private#10.0.0.0/24",
		.right = "%opportunistic", .rightsubnet = "10.0.0.0/24",
		.failure = MS_FAILURE_DROP });
	route_connection(w->route, closer, answered, w);
	expect_log(w, "prepare route trap ");
	assert_int_equal(route_bare_count(w->route), 1);
	pass_time(w, 1000);
	expect_log(w, "delete ");
	assert_int_equal(route_bare_count(w->route), 0);
	/* A question under way is nobody's, either: the next packet asks for the one that decides. */
	route_packet(w->route, &us, &them);
	assert_int_equal(n_asks, 2);
	route_delete_conn(w->route, closer);
	answer(1, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	assert_int_equal(route_bare_count(w->route), 0);
	w->log[0] = '\0';
	route_packet(w->route, &us, &them);
	answer(2, MS_ERR_NO_CREDENTIAL, NULL, 0, 0);
	expect_log(w, "pass ");
	rig_check(w);
}

/* Whatever is wrong with the DNS: what becomes of packets, and for how long. */
static void test_faults_of_dns(void **state)
{
	static const struct {
		ms_err err;
		uint32_t ttl_s;
		int failure;
		enum ms_shunt shunt;
		uint64_t life_ms;
	} rows[] = {
		/* nobody answers: the peer may be booting */
		{ MS_ERR_TIMEOUT, 0, MS_FAILURE_PASS, MS_SHUNT_PASS, 300000 },
		{ MS_ERR_TIMEOUT, 0, MS_FAILURE_DROP, MS_SHUNT_DROP, 300000 },
		{ MS_ERR_TIMEOUT, 0, MS_FAILURE_NONE, MS_SHUNT_DROP, 10000 },
		/* SERVFAIL, REFUSED, an alias without end; more records than anybody needs */
		{ MS_ERR_SYSTEM, 0, MS_FAILURE_PASS, MS_SHUNT_PASS, 900000 },
		{ MS_ERR_SYSTEM, 30, MS_FAILURE_DROP, MS_SHUNT_DROP, 900000 },
		{ MS_ERR_LIMIT, 5, MS_FAILURE_PASS, MS_SHUNT_PASS, 900000 },
		/* records that say nothing that could be used */
		{ MS_ERR_SYNTAX, 0, MS_FAILURE_PASS, MS_SHUNT_PASS, 900000 },
		{ MS_ERR_BAD_KEY, 0, MS_FAILURE_DROP, MS_SHUNT_DROP, 900000 },
		/* nothing is published, as long as that is said */
		{ MS_ERR_NO_CREDENTIAL, 5, MS_FAILURE_PASS, MS_SHUNT_PASS, 60000 },
		{ MS_ERR_NO_CREDENTIAL, 600, MS_FAILURE_PASS, MS_SHUNT_PASS, 600000 },
		{ MS_ERR_NO_CREDENTIAL, 86400, MS_FAILURE_DROP, MS_SHUNT_DROP, 900000 },
		/* bogus: denied, whatever is wanted */
		{ MS_ERR_AUTH, 0, MS_FAILURE_PASS, MS_SHUNT_DROP, 900000 },
		{ MS_ERR_AUTH, 5, MS_FAILURE_NONE, MS_SHUNT_DROP, 60000 },
	};
	struct world *w = *state;

	route_shunt_life(w->route, 900000);
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct route_fate fate;

		w->conn->desc->failure_shunt = rows[i].failure;
		n_asks = 0;
		them = rig_host(0x0a000100 + i);
		route_packet(w->route, &us, &them);
		assert_int_equal(n_asks, 1);
		answer(0, rows[i].err, NULL, 0, rows[i].ttl_s);
		assert_true(route_fate(w->route, &us, &them, &fate));
		assert_int_equal(fate.shunt, rows[i].shunt);
		assert_int_equal(fate.until_ms - rig_now(w), rows[i].life_ms);
		/* nobody is asked again meanwhile */
		route_packet(w->route, &us, &them);
		assert_int_equal(n_asks, 1);
	}
	rig_check(w);
}

static void test_asked_by_hand(void **state)
{
	struct world *w = *state;
	struct ms_addr far = ms_addr_v4(0xcb007101);
	struct ms_why why = { "" };

	assert_int_equal(opp_initiate(w->route, &us.range.first, &far, &why), MS_ERR_NOT_FOUND);
	assert_string_equal(why.text, "no routed Opportunistic template covers this pair");
	assert_int_equal(opp_initiate(w->route, &us.range.first, &them.range.first, &why), MS_OK);
	assert_int_equal(n_asks, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, rig_free)
	const struct CMUnitTest tests[] = {
		T(test_keyed),
		T(test_nothing_published),
		T(test_host_to_host),
		T(test_bogus_is_denied),
		T(test_gateways_in_turn),
		T(test_keys_roll_over),
		T(test_private_drops_and_none_breathes),
		T(test_a_scan_is_bounded),
		T(test_template_goes),
		T(test_peer_was_quicker),
		T(test_another_policy),
		T(test_faults_of_dns),
		T(test_asked_by_hand),
	};

	return cmocka_run_group_tests(tests, rig_crypto, rig_no_crypto);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Several connections: routes that are shared, eroutes that are taken and given back; failure shunts
 * and holds; then anything in any order, with the invariants looked at after each change. */
#include "core/route/test_rig.h"

static int setup(void **state)
{
	*state = rig_new(NULL);
	return 0;
}

static struct conn *conn_of(struct world *w, const char *name, const char *right, const char *left_net)
{
	return rig_conn(w, &(struct rig_words){ .name = name, .right = right,
		.leftsubnet = left_net, .rightsubnet = "192.0.2.0/24" });
}

static void test_shared_route(void **state)
{
	struct world *w = *state;
	struct conn *a = conn_of(w, "a", NULL, "10.1.0.0/16"), *b = conn_of(w, "b", NULL, "10.2.0.0/16");

	route_connection(w->route, a, answered, w);
	route_connection(w->route, b, answered, w);
	/* The second finds the route there. */
	expect_log(w, "prepare route trap trap ");
	assert_ptr_equal(route_owner(w->route, b, NULL), b);
	route_unroute(w->route, a, answered, w);
	expect_log(w, "delete ");
	assert_ptr_equal(route_owner(w->route, a, NULL), b);
	route_unroute(w->route, b, answered, w);
	expect_log(w, "delete unroute ");
	assert_null(route_owner(w->route, a, NULL));
}

static void test_another_way(void **state)
{
	struct world *w = *state;
	struct conn *a = conn_of(w, "a", NULL, "10.1.0.0/16"), *b = conn_of(w, "b", NULL, "10.2.0.0/16");

	strcpy(b->device, "ipsec1");
	route_connection(w->route, a, answered, w);
	route_connection(w->route, b, answered, w);
	assert_int_equal(w->err, MS_ERR_DUPLICATE);
	assert_string_equal(w->why, "cannot route -- route already in use for \"a\"");
	assert_int_equal(b->routing, RT_UNROUTED);
}

static void test_taken_and_given_back(void **state)
{
	struct world *w = *state;
	struct conn *a = conn_of(w, "a", NULL, "10.1.0.0/16"),
		    *b = conn_of(w, "b", "192.1.3.23", "10.1.0.0/16"), *ero;
	struct child_sa child = rig_child(b, 5);

	route_connection(w->route, a, answered, w);
	/* A shunt is not taken by a shunt, */
	route_connection(w->route, b, answered, w);
	assert_int_equal(w->err, MS_ERR_BUSY);
	w->log[0] = '\0';
	/* but by an SA group. */
	b->child_sas = &child;
	route_child_up(w->route, &child, answered, w);
	assert_int_equal(w->err, MS_OK);
	expect_log(w, "sa:1005 up ");
	assert_int_equal(a->routing, RT_UNROUTED);
	assert_int_equal(b->routing, RT_ROUTED_TUNNEL);
	assert_ptr_equal(route_owner(w->route, a, &ero), b);
	assert_ptr_equal(ero, b);
	/* It comes back: never is the pair without an eroute. */
	b->child_sas = NULL;
	route_child_down(w->route, &child);
	expect_log(w, "down trap trap ");
	assert_int_equal(a->routing, RT_ROUTED_PROSPECTIVE);
	assert_int_equal(b->routing, RT_UNROUTED);
	rig_check(w);
}

static void test_another_peers_group_stays(void **state)
{
	struct world *w = *state;
	struct conn *a = conn_of(w, "a", NULL, "10.1.0.0/16"),
		    *b = conn_of(w, "b", "192.1.3.23", "10.1.0.0/16");
	struct child_sa ca = rig_child(a, 5), cb = rig_child(b, 6);

	route_child_up(w->route, &ca, answered, w);
	route_child_up(w->route, &cb, answered, w);
	assert_int_equal(w->err, MS_ERR_BUSY);
	assert_string_equal(w->why, "cannot install eroute -- it is in use for \"a\" #5");
	assert_int_equal(a->routing, RT_ROUTED_TUNNEL);
	assert_int_equal(b->routing, RT_UNROUTED);
	route_child_down(w->route, &ca);
}

static void test_same_peer_elsewhere(void **state)
{
	struct world *w = *state;
	struct conn *a = rig_conn(w, &(struct rig_words){ .name = "a", .rightid = "@road",
		.leftsubnet = "10.1.0.0/16", .rightsubnet = "192.0.2.0/24" });
	struct conn *b = rig_conn(w, &(struct rig_words){ .name = "b", .right = "192.1.3.23",
		.rightid = "@road", .leftsubnet = "10.1.0.0/16", .rightsubnet = "192.0.2.0/24" });
	struct child_sa ca = rig_child(a, 5), cb = rig_child(b, 6);

	a->child_sas = &ca;
	a->newest_child = 5;
	b->child_sas = &cb;
	route_child_up(w->route, &ca, answered, w);
	w->log[0] = '\0';
	route_child_up(w->route, &cb, answered, w);
	assert_int_equal(w->err, MS_OK);
	expect_log(w, "sa:1006 down up ");
	assert_int_equal(a->routing, RT_UNROUTED);
	/* Its own SA goes: the older one is still there. */
	b->child_sas = NULL;
	conn_delete(w->conns, conn_ref(b));
	route_child_down(w->route, &cb);
	assert_int_equal(a->routing, RT_ROUTED_TUNNEL);
	assert_int_equal(a->eroute_owner, 5);
	expect_log(w, "down sa:1005 up ");
	conn_unref(&b);
	a->child_sas = NULL;
	route_child_down(w->route, &ca);
}

/* The peer took its SAs down; while the hook is told, another peer comes up for the same networks.  With a
 * trap of its own it is the heir, too. */
static void while_the_hook_runs(struct world *w, bool heir)
{
	struct conn *a = conn_of(w, "a", NULL, "10.1.0.0/16"),
		    *b = conn_of(w, "b", "192.1.3.23", "10.1.0.0/16");
	struct child_sa ca = rig_child(a, 5), cb = rig_child(b, 6);
	unsigned answers;

	if (heir)
		route_connection(w->route, b, answered, w);
	a->child_sas = &ca;
	route_child_up(w->route, &ca, answered, w);
	a->child_sas = NULL;
	w->log[0] = '\0';
	w->defer_hooks = true;
	route_child_down(w->route, &ca);
	answers = w->answers;
	b->child_sas = &cb;
	route_child_up(w->route, &cb, answered, w);
	expect_log(w, "down ");
	assert_int_equal(w->answers, answers);
	assert_int_equal(b->routing, RT_UNROUTED);
	w->hook.done(w->hook.arg, MS_OK, NULL);
	expect_log(w, "drop sa:1006 up ");
	assert_int_equal(w->answers, answers + 1);
	assert_int_equal(w->err, MS_OK);
	assert_int_equal(b->routing, RT_ROUTED_TUNNEL);
	assert_int_equal(a->routing, RT_UNROUTED);
	rig_check(w);
	b->child_sas = NULL;
	route_child_down(w->route, &cb);
	assert_false(route_busy(w->route));
}

static void test_next_waits_for_the_hook(void **state)
{
	while_the_hook_runs(*state, false);
}

static void test_heir_waits_for_the_hook(void **state)
{
	while_the_hook_runs(*state, true);
}

/* --- failure ---------------------------------------------------------------------------------------- */

static void packet(struct world *w)
{
	struct ms_selector src = rig_host(0x0a010001), dst = rig_host(0xc0000201);

	route_packet(w->route, &src, &dst);
}

static void test_failure_shunt(void **state)
{
	struct world *w = *state;
	struct ms_why why = { "silence" };
	struct conn *c = rig_conn(w, &(struct rig_words){ .name = "a", .leftsubnet = "10.1.0.0/16",
		.rightsubnet = "192.0.2.0/24", .failure = MS_FAILURE_REJECT });

	route_connection(w->route, c, answered, w);
	packet(w);
	expect_log(w, "prepare route trap hold ");
	assert_int_equal(c->routing, RT_ROUTED_HOLD);
	assert_int_equal(w->initiated, 1);
	route_attempt_over(w->route, c, MS_ERR_TIMEOUT, &why);
	expect_log(w, "reject ");
	assert_int_equal(c->routing, RT_ROUTED_FAILURE);
	pass_time(w, 59000);
	expect_log(w, "");
	pass_time(w, 1000);
	expect_log(w, "trap ");
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	assert_int_equal(route_deadline(w->route), UINT64_MAX);
}

static void test_failure_none_and_cancelled(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", NULL, "10.1.0.0/16");

	route_connection(w->route, c, answered, w);
	packet(w);
	route_attempt_over(w->route, c, MS_ERR_TIMEOUT, NULL);
	expect_log(w, "prepare route trap hold trap ");
	packet(w);
	route_attempt_over(w->route, c, MS_ERR_CANCELLED, NULL);
	expect_log(w, "hold trap ");
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	/* It cannot even begin. */
	w->initiate_err = MS_ERR_CONFIG;
	packet(w);
	expect_log(w, "hold trap ");
}

static void test_negotiation_passes(void **state)
{
	struct world *w = *state;
	struct conn *c = rig_conn(w, &(struct rig_words){ .name = "a", .leftsubnet = "10.1.0.0/16",
		.rightsubnet = "192.0.2.0/24", .negotiation = MS_NEGOTIATION_PASS });
	struct child_sa child = rig_child(c, 5);

	route_connection(w->route, c, answered, w);
	packet(w);
	expect_log(w, "prepare route trap pass ");
	route_child_up(w->route, &child, answered, w);
	expect_log(w, "sa:1005 up ");
	route_child_down(w->route, &child);
}

static void test_hold_is_looked_at(void **state)
{
	struct world *w = *state;
	struct conn *c = conn_of(w, "a", NULL, "10.1.0.0/16");

	route_connection(w->route, c, answered, w);
	packet(w);
	packet(w);
	assert_int_equal(w->initiated, 2);
	pass_time(w, 60000);
	assert_int_equal(w->initiated, 3);
	assert_int_equal(c->routing, RT_ROUTED_HOLD);
}

static void test_replacement_failed(void **state)
{
	struct world *w = *state;
	struct conn *c = rig_conn(w, &(struct rig_words){ .name = "a", .leftsubnet = "10.1.0.0/16",
		.rightsubnet = "192.0.2.0/24", .failure = MS_FAILURE_PASS });
	struct child_sa child = rig_child(c, 5);

	route_child_up(w->route, &child, answered, w);
	/* A failed rekeying leaves the eroute; */
	c->keying_failed = true;
	route_attempt_over(w->route, c, MS_ERR_TIMEOUT, NULL);
	assert_int_equal(c->routing, RT_ROUTED_TUNNEL);
	/* and when its life is over the context is that of failure. */
	route_child_down(w->route, &child);
	assert_int_equal(c->routing, RT_ROUTED_FAILURE);
	expect_log(w, "prepare route sa:1005 up down pass ");
}

static void test_unknown_hold(void **state)
{
	struct world *w = *state;
	struct ms_selector src = rig_host(0x0a4d0105), dst = rig_host(0x0a580009);
	struct bare_shunt b;
	char text[128];

	route_packet(w->route, &src, &dst);
	route_packet(w->route, &src, &dst);
	assert_int_equal(route_bare_count(w->route), 1);
	assert_true(route_bare_at(w->route, &src, &dst, &b));
	route_bare_text(&b, text, sizeof text);
	assert_string_equal(text, "10.77.1.5/32:0 -0-> 10.88.0.9/32:0 => %hold 0    no eroute");
	pass_time(w, 60000);
	assert_int_equal(route_bare_count(w->route), 0);
}

/* --- anything, in any order --------------------------------------------------------------------------- */

#define CONNS 6

static uint32_t dice;

static uint32_t roll(uint32_t below)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % below;
}

struct actor {
	struct conn *c;
	struct child_sa child[2];
	bool up[2];
};

static void link_children(struct actor *a)
{
	a->c->child_sas = NULL;
	a->c->newest_child = 0;
	for (unsigned i = 0; i < 2; i++) {
		if (!a->up[i])
			continue;
		a->child[i].conn_next = a->c->child_sas;
		a->c->child_sas = &a->child[i];
		if (a->child[i].serial > a->c->newest_child)
			a->c->newest_child = a->child[i].serial;
	}
}

static void sa_up(struct world *w, struct actor *a, uint32_t serial)
{
	unsigned i = a->up[0] ? 1 : 0;

	if (a->up[i])
		return;
	a->child[i] = rig_child(a->c, serial);
	a->up[i] = true;
	link_children(a);
	route_child_up(w->route, &a->child[i], answered, w);
	if (w->err != MS_OK && !w->defer) {
		a->up[i] = false;
		link_children(a);
		route_child_down(w->route, &a->child[i]);
	}
}

static void sa_down(struct world *w, struct actor *a)
{
	unsigned i = roll(2);

	if (!a->up[i])
		return;
	a->up[i] = false;
	link_children(a);
	route_child_down(w->route, &a->child[i]);
}

static void anything(struct world *w, struct actor *a, uint32_t serial)
{
	switch (roll(8)) {
	case 0:
		route_connection(w->route, a->c, answered, w);
		break;
	case 1:
		route_unroute(w->route, a->c, answered, w);
		break;
	case 2:
	case 3:
		sa_up(w, a, serial);
		break;
	case 4:
		sa_down(w, a);
		break;
	case 5:
		packet(w);
		break;
	case 6:
		a->c->keying_failed = true;
		route_attempt_over(w->route, a->c, roll(3) ? MS_ERR_TIMEOUT : MS_ERR_CANCELLED,
			NULL);
		break;
	default:
		pass_time(w, roll(70000));
		break;
	}
}

static void test_anything(void **state)
{
	struct world *w = *state;
	struct actor actors[CONNS] = { 0 };
	char name[8], right[16];
	unsigned seen[RT_STATES] = { 0 };

	w->quiet = true;
	for (unsigned i = 0; i < CONNS; i++) {
		snprintf(name, sizeof name, "c%u", i);
		snprintf(right, sizeof right, "192.1.3.%u", i + 1);
		actors[i].c = rig_conn(w, &(struct rig_words){ .name = name, .right = right,
			.rightid = i % 3 == 0 ? "@same" : NULL,
			.leftsubnet = i % 2 ? "10.1.0.0/16" : "10.2.0.0/16",
			.rightsubnet = i == 5 ? "192.0.0.0/16" : "192.0.2.0/24",
			.failure = (int)i % 4 });
	}
	for (dice = 0; dice < 3; dice++) {
		uint32_t seed = dice;

		for (uint32_t i = 1; i < 20000; i++) {
			struct actor *a = &actors[roll(CONNS)];

			anything(w, a, i + seed * 20000);
			rig_check(w);
			for (unsigned k = 0; k < CONNS; k++)
				seen[actors[k].c->routing]++;
		}
		dice = seed;
	}
	for (unsigned i = 0; i < RT_STATES; i++)
		if (i != RT_UNROUTED_HOLD) /* instances only */
			assert_true(seen[i] > 100);
	assert_true(w->changes > 10000);
	for (unsigned i = 0; i < CONNS; i++) {
		actors[i].c->child_sas = NULL;
		actors[i].c->newest_child = 0;
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, rig_free)
	const struct CMUnitTest tests[] = {
		T(test_shared_route),
		T(test_another_way),
		T(test_taken_and_given_back),
		T(test_another_peers_group_stays),
		T(test_next_waits_for_the_hook),
		T(test_heir_waits_for_the_hook),
		T(test_same_peer_elsewhere),
		T(test_failure_shunt),
		T(test_failure_none_and_cancelled),
		T(test_negotiation_passes),
		T(test_hold_is_looked_at),
		T(test_replacement_failed),
		T(test_unknown_hold),
		T(test_anything),
	};

	return cmocka_run_group_tests(tests, rig_crypto, rig_no_crypto);
}

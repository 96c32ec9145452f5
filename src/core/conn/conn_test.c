/* SPDX-License-Identifier: Apache-2.0 */
/* Connections as they are added and deleted; instances and groups. */
#include "core/conn/test_words.h"

static void test_bad_words(void **state)
{
	static const struct {
		struct words w;
		const char *words;
	} cases[] = {
		{ { "a", "192.1.2.345", "192.1.2.23", NULL, NULL, NULL, NULL }, "left=" },
		{ { "b", "192.1.2.45", "%group", NULL, NULL, NULL, NULL },
			"%group goes with type=passthrough, drop or reject" },
		{ { "c", "192.1.2.45", "192.1.2.23", "192.0.1.0/33", NULL, NULL, NULL },
			"leftsubnet=" },
		{ { "d", "192.1.2.45", "192.1.2.23", NULL, NULL, NULL, "@" }, "rightid=" },
	};
	struct conn_table *t = conn_table_new(seed);

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ms_why why = { "" };
		struct conn *c;

		assert_int_not_equal(add(t, &cases[i].w, &c, &why), MS_OK);
		assert_null(c);
		if (strstr(why.text, cases[i].words) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", why.text, cases[i].words);
		assert_non_null(strstr(why.text, cases[i].w.name));
	}
	assert_int_equal(conn_count(t), 0);
	conn_table_free(&t);
}

/* The keyword's own line, not the connection's; a connection that is good forgets the lines. */
static void test_places(void **state)
{
	const unsigned ike = (unsigned)(ms_conf_find(ms_conn_keys, "ike") - ms_conn_keys);
	struct conn_table *t = conn_table_new(seed);
	struct ms_conn_desc d = describe(&west_east);
	struct ms_why why = { "" };
	struct conn *c;

	(void)state;
	free(d.source);
	d.source = dup("/etc/ipsec.conf:3");
	assert_true(ms_conn_note_place(&d, ike, "/etc/other.conf", 12));
	free(d.ike);
	d.ike = dup("rot13");
	assert_int_not_equal(conn_add(t, &d, &c, &why), MS_OK);
	assert_non_null(strstr(why.text, "(/etc/other.conf:12): ike=\"rot13\""));
	free(d.ike);
	d.ike = NULL;
	assert_int_equal(conn_add(t, &d, &c, &why), MS_OK);
	assert_null(c->desc->places);
	conn_delete(t, c);
	ms_conn_desc_free(&d);
	conn_table_free(&t);
}

/* Of the keys that are written for an end those with its CKAID; none left is a mistake. */
static void test_ckaid(void **state)
{
	static const char first[] = "0sMCowBQYDK2VwAyEAhLShdO5u85AfJs/kUdIMkfD99kCbdcPblHz38z3WkBI=";
	static const char first_ckaid[] = "3659e2cc6f5af9404b077f7f106b0ae24affca66";
	static const char other_ckaid[] = "3659e2cc6f5af9404b077f7f106b0ae24affca67";
	struct conn_table *t = conn_table_new(seed);
	struct ms_conn_desc d = describe(&west_east);
	struct ms_why why = { "" };
	struct ms_pubkey *key = NULL;
	struct conn *c;

	(void)state;
	d.authby = MS_AUTH_EDDSA;
	d.right.pubkey = dup(first);
	d.right.ckaid = dup(first_ckaid);
	d.left.ckaid = dup(other_ckaid); /* of a key that is looked for later */
	if (conn_add(t, &d, &c, &why) != MS_OK)
		fail_msg("%s", why.text);
	assert_int_equal(orient(t, c, "192.1.2.45", &why), MS_OK);
	assert_non_null(key = c->remote.pubkeys[0]);
	assert_true(c->local.has_ckaid && c->remote.has_ckaid);
	assert_true(conn_end_may_have(&c->remote, key));
	assert_false(conn_end_may_have(&c->local, key));
	conn_delete(t, c);
	free(d.right.ckaid);
	d.right.ckaid = dup(other_ckaid);
	assert_int_equal(conn_add(t, &d, &c, &why), MS_ERR_CONFIG);
	assert_non_null(strstr(why.text, "rightckaid="));
	assert_non_null(strstr(why.text, first_ckaid));
	ms_conn_desc_free(&d);
	conn_table_free(&t);
}

static void test_duplicate_and_delete(void **state)
{
	struct conn_table *t = conn_table_new(seed);
	struct ms_why why = { "" };
	struct conn *c, *d;

	(void)state;
	assert_int_equal(add(t, &west_east, &c, &why), MS_OK);
	assert_int_equal(add(t, &west_east, &d, &why), MS_ERR_DUPLICATE);
	assert_string_equal(why.text, "attempt to redefine connection \"west-east\"");
	conn_ref(c);
	conn_delete(t, c);
	assert_true(c->deleted);
	assert_null(conn_by_name(t, "west-east"));
	assert_int_equal(conn_count(t), 0);
	conn_unref(&c);
	assert_int_equal(add(t, &west_east, &c, &why), MS_OK);
	conn_table_free(&t);
}

static void test_instance(void **state)
{
	static const struct words w = { "road", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "@east",
		"%any" };
	struct conn_table *t = conn_table_new(seed);
	struct ms_endpoint peer = { addr("198.51.100.44"), 4500 };
	struct ms_subnet host = ms_subnet_host(&peer.addr);
	struct ms_selector want = ms_selector_of_subnet(&host);
	struct ms_id r = id("@road");
	struct ms_why why = { "" };
	struct conn *c, *i;
	char name[64];

	(void)state;
	assert_int_equal(add(t, &w, &c, &why), MS_OK);
	assert_int_equal(orient(t, c, "192.1.2.23", &why), MS_OK);
	i = conn_instantiate(t, c, &peer, &r);
	assert_non_null(i);
	conn_name_text(i, name, sizeof name);
	assert_string_equal(name, "\"road\"[1] 198.51.100.44");
	assert_true(ms_selector_eq(&i->remote.clients[0], &want));
	assert_true(ms_id_eq(&i->remote.id, &r));
	assert_ptr_equal(conn_by_name(t, "road"), c);
	assert_ptr_equal(conn_find_host_pair(t, &c->local.host.addr, &peer.addr), c);
	assert_null(conn_pair_bucket(t, &c->local.host.addr, &peer.addr));
	conn_delete(t, i);
	conn_unref(&i);
	ms_id_free(&r);
	conn_table_free(&t);
}

/* Costs must not grow with the number: this would take minutes were it quadratic. */
static void test_many(void **state)
{
	enum { N = 50000 };
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr us = addr("192.1.2.23");
	struct ms_why why = { "" };
	struct conn *c;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		char name[16], peer[16];
		struct words w = { name, "192.1.2.23", peer, NULL, NULL, NULL, NULL };

		snprintf(name, sizeof name, "c%u", i);
		snprintf(peer, sizeof peer, "10.%u.%u.1", i >> 8, i & 255);
		assert_int_equal(add(t, &w, &c, &why), MS_OK);
		assert_int_equal(orient(t, c, "192.1.2.23", &why), MS_OK);
	}
	for (unsigned i = 0; i < N; i++) {
		char name[16];
		struct ms_addr peer = ms_addr_v4(0x0a000001u | i << 8);

		snprintf(name, sizeof name, "c%u", i);
		c = conn_by_name(t, name);
		assert_non_null(c);
		assert_ptr_equal(conn_find_host_pair(t, &us, &peer), c);
	}
	conn_table_free(&t);
}

static void assert_name(const struct conn *c, const char *want)
{
	char name[256];

	assert_int_equal(conn_name_text(c, name, sizeof name), strlen(want));
	assert_string_equal(name, want);
}

static void test_groups(void **state)
{
	const struct words w = { "private", "192.1.2.23", "%opportunisticgroup", NULL, NULL, NULL,
		NULL };
	struct conn_table *t = conn_table_new(seed);
	struct ms_endpoint gw = { addr("192.1.3.9"), 500 };
	struct ms_selector far = net("10.2.0.0/16"), mine = net("192.1.2.23/32"),
			   theirs = net("10.2.3.4/32");
	struct ms_id gw_id = id("@gw.example");
	struct conn *g, *m, *i;
	struct ms_why why;

	(void)state;
	assert_int_equal(add(t, &w, &g, &why), MS_OK);
	assert_int_equal(orient(t, g, "192.1.2.23", &why), MS_OK);
	assert_true(g->group && g->opportunistic && conn_is_template(g));
	assert_null(conn_find_host_pair(t, &mine.range.first, &gw.addr));
	m = conn_group_member(t, g, NULL, &far);
	assert_non_null(m);
	assert_true(m->member && m->opportunistic && !m->group && m->oriented);
	assert_name(m, "\"private#10.2.0.0/16\"");
	assert_ptr_equal(conn_by_name(t, "private"), g);
	assert_ptr_equal(conn_find_host_pair(t, &mine.range.first, &gw.addr), g);
	i = conn_instantiate_pair(t, m, &gw, &gw_id, &mine, &theirs, NULL, 0);
	assert_non_null(i);
	assert_false(i->opportunistic || conn_is_template(i));
	assert_name(i, "\"private#10.2.0.0/16\"[1] 192.1.3.9");
	assert_true(ms_selector_eq(&i->remote.clients[0], &theirs));
	assert_true(ms_id_eq(&i->remote.id, &gw_id));
	assert_ptr_equal(g->children, m);
	assert_ptr_equal(m->children, i);
	assert_int_equal(conn_count(t), 3);
	conn_delete(t, i);
	conn_unref(&i);
	assert_null(m->children);
	conn_delete(t, m);
	assert_int_equal(g->n_instances, 0);
	ms_id_free(&gw_id);
	conn_table_free(&t);
}

static void test_group_words(void **state)
{
	const struct words both = { "a", "%group", "%opportunistic", NULL, NULL, NULL, NULL };
	const struct words tunnel = { "b", "192.1.2.23", "%group", NULL, NULL, NULL, NULL };
	const struct words all = { "packetdefault", "192.1.2.23", "%opportunistic", "0.0.0.0/0", NULL,
		NULL, NULL };
	struct conn_table *t = conn_table_new(seed);
	struct ms_selector everything = net("0.0.0.0/0");
	struct ms_why why;
	struct conn *c;

	(void)state;
	assert_int_equal(add(t, &both, &c, &why), MS_ERR_CONFIG);
	assert_int_equal(add(t, &tunnel, &c, &why), MS_ERR_CONFIG);
	assert_int_equal(add(t, &all, &c, &why), MS_OK);
	assert_int_equal(orient(t, c, "192.1.2.23", &why), MS_OK);
	assert_true(c->opportunistic && !c->group);
	assert_true(ms_selector_eq(&c->remote.clients[0], &everything));
	conn_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_ckaid),
		cmocka_unit_test(test_duplicate_and_delete),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_group_words),
	};

	return cmocka_run_group_tests(tests, register_crypto, unregister_crypto);
}

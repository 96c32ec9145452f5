/* SPDX-License-Identifier: Apache-2.0 */
/* What the responder finds. */
#include "core/conn/test_words.h"

static void test_find_by_identity(void **state)
{
	static const struct words words[] = {
		{ "any", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "@east", "%any" },
		{ "road", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "@east", "@road" },
		{ "exact", "192.1.2.23", "192.1.2.45", "192.0.2.0/24", NULL, "@east", "@west" },
	};
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr us = addr("192.1.2.23"), west = addr("192.1.2.45"), other = addr("10.9.9.9");
	struct ms_id w = id("@west"), r = id("@road"), x = id("@stranger"), me = id("@east"),
		     wrong = id("@north");
	struct conn *c[3];
	struct ms_why why = { "" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(add(t, &words[i], &c[i], &why), MS_OK);
		assert_int_equal(orient(t, c[i], "192.1.2.23", &why), MS_OK);
	}
	assert_ptr_equal(conn_find_ids(t, &us, &west, &me, &w, MS_AUTH_PSK), c[2]);
	assert_ptr_equal(conn_find_ids(t, &us, &other, &me, &r, MS_AUTH_PSK), c[1]);
	assert_ptr_equal(conn_find_ids(t, &us, &west, NULL, &r, MS_AUTH_PSK), c[1]);
	assert_ptr_equal(conn_find_ids(t, &us, &other, &me, &x, MS_AUTH_PSK), c[0]);
	assert_null(conn_find_ids(t, &us, &other, &wrong, &x, MS_AUTH_PSK));
	assert_null(conn_find_ids(t, &us, &other, &me, &x, MS_AUTH_RSA));
	assert_true(conn_is_template(c[0]));
	assert_false(conn_is_template(c[2]));
	ms_id_free(&w);
	ms_id_free(&r);
	ms_id_free(&x);
	ms_id_free(&me);
	ms_id_free(&wrong);
	conn_table_free(&t);
}

/* Whose certificate the peer showed, in place of creds. */
static bool issued_by(void *arg, const struct conn *c)
{
	return !conn_names_ca(c) || strcmp(c->remote.ca, arg) == 0;
}

static void test_issuers(void **state)
{
	static const char *const cas[] = { NULL, "C=CH, CN=a", "C=CH, CN=b", "%any", "C=CH, CN=a" };
	static const char *const names[] = { "none", "a", "b", "any", "a-pattern" };
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr us = addr("192.1.2.23"), other = addr("10.9.9.9");
	struct ms_id x = id("C=CH, O=x, CN=x");
	struct ms_why why = { "" };
	struct conn *c[5];
	char a[] = "C=CH, CN=a", b[] = "C=CH, CN=b", stranger[] = "C=CH, CN=z";

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		const struct words w = { names[i], "192.1.2.23", "%any", "192.0.2.0/24", NULL,
			"@east", i == 4 ? "C=CH, O=*, CN=*" : "%any" };
		struct ms_conn_desc d = describe(&w);

		d.authby = MS_AUTH_RSA;
		d.right.ca = dup(cas[i]);
		assert_int_equal(conn_add(t, &d, &c[i], &why), MS_OK);
		ms_conn_desc_free(&d);
		assert_int_equal(orient(t, c[i], "192.1.2.23", &why), MS_OK);
		if (i < 4)
			continue;
		assert_ptr_equal(conn_find_ids_ca(t, &us, &other, NULL, &x, MS_AUTH_RSA, issued_by, a),
			c[4]);
		conn_delete(t, c[4]);
	}
	assert_ptr_equal(
		conn_find_ids_ca(t, &us, &other, NULL, &x, MS_AUTH_RSA, issued_by, a), c[1]);
	assert_ptr_equal(
		conn_find_ids_ca(t, &us, &other, NULL, &x, MS_AUTH_RSA, issued_by, b), c[2]);
	/* nobody wants this issuer: those that take any */
	assert_ptr_equal(
		conn_find_ids_ca(t, &us, &other, NULL, &x, MS_AUTH_RSA, issued_by, stranger), c[0]);
	/* no certificate came */
	assert_ptr_equal(conn_find_ids(t, &us, &other, NULL, &x, MS_AUTH_RSA), c[1]);
	ms_id_free(&x);
	conn_table_free(&t);
}

static void test_patterns(void **state)
{
	static const struct words words[] = {
		{ "any", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "@east", "%any" },
		{ "all", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "@east", "C=CH, CN=*" },
		{ "one", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "@east", "C=CH, CN=one" },
		{ "cert", "192.1.2.23", "192.1.2.45", "192.0.2.0/24", NULL, "@east", "%fromcert" },
		{ "wild", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "C=CH, CN=*", "@x" },
		{ "ours", "192.1.2.23", "%any", "192.0.2.0/24", NULL, "%fromcert", "@x" },
	};
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr us = addr("192.1.2.23"), other = addr("10.9.9.9"), west = addr("192.1.2.45");
	struct ms_id one = id("C=CH, CN=one"), two = id("C=CH, CN=two"), x = id("@stranger");
	struct ms_why why = { "" };
	struct conn *c[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(add(t, &words[i], &c[i], &why), MS_OK);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(orient(t, c[i], "192.1.2.23", &why), MS_OK);
	/* the narrowest */
	assert_ptr_equal(conn_find_ids(t, &us, &other, NULL, &one, MS_AUTH_PSK), c[2]);
	assert_ptr_equal(conn_find_ids(t, &us, &other, NULL, &two, MS_AUTH_PSK), c[1]);
	assert_ptr_equal(conn_find_ids(t, &us, &other, NULL, &x, MS_AUTH_PSK), c[0]);
	/* what the peer's certificate will say: any, here from one address */
	assert_ptr_equal(conn_find_ids(t, &us, &west, NULL, &x, MS_AUTH_PSK), c[3]);
	/* we have one name, and it must be known */
	assert_int_equal(orient(t, c[4], "192.1.2.23", &why), MS_ERR_CONFIG);
	assert_non_null(strstr(why.text, "wildcard"));
	assert_int_equal(orient(t, c[5], "192.1.2.23", &why), MS_ERR_CONFIG);
	assert_non_null(strstr(why.text, "leftcert="));
	ms_id_free(&one);
	ms_id_free(&two);
	ms_id_free(&x);
	conn_table_free(&t);
}

/* Both ends are where the connection has them. */
static struct conn *find(struct conn_table *t, struct conn *c, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	return conn_find_clients(
		t, c, &c->local.host.addr, &c->remote.host.addr, mine, 1, theirs, 1);
}

static void test_find_clients(void **state)
{
	static const struct words words[] = {
		{ "one", "192.1.2.45", "192.1.2.23", "192.0.1.0/24", "192.0.2.0/24", NULL, NULL },
		{ "two", "192.1.2.45", "192.1.2.23", "192.0.1.0/24", "192.0.9.0/24", NULL, NULL },
	};
	struct conn_table *t = conn_table_new(seed);
	struct ms_selector mine = net("192.0.1.0/24"), first = net("192.0.2.0/24"),
			   second = net("192.0.9.0/25"), none = net("10.0.0.0/8"),
			   all = net("0.0.0.0/0");
	const struct words anybody = { "any", "192.1.2.45", "%any", NULL, NULL, NULL, NULL };
	struct ms_selector here = net("192.1.2.45/32"), there = net("192.1.2.23/32");
	struct ms_why why = { "" };
	struct conn *c[2], *alone;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(add(t, &words[i], &c[i], &why), MS_OK);
		assert_int_equal(orient(t, c[i], "192.1.2.45", &why), MS_OK);
	}
	assert_ptr_equal(find(t, c[0], &mine, &first), c[0]);
	assert_ptr_equal(find(t, c[0], &mine, &second), c[1]);
	assert_ptr_equal(find(t, c[1], &mine, &all), c[1]);
	assert_null(find(t, c[0], &mine, &none));
	/* one for anybody without networks is for the peer itself */
	assert_int_equal(add(t, &anybody, &alone, &why), MS_OK);
	assert_int_equal(orient(t, alone, "192.1.2.45", &why), MS_OK);
	assert_ptr_equal(find(t, c[0], &here, &there), alone);
	assert_null(find(t, c[0], &here, &none));
	conn_table_free(&t);
}

/* One connection was moved along with its host, or its peer, and the other one not yet. */
static void test_find_clients_moved(void **state)
{
	static const struct words words[] = {
		{ "old", "192.1.2.45", "192.1.2.23", "192.0.1.0/24", "192.0.2.0/24", "@west", "@east" },
		{ "here", "192.1.2.46", "192.1.2.23", "192.0.1.0/24", "192.0.3.0/24", "@west", "@east" },
		{ "there", "192.1.2.45", "192.1.2.24", "192.0.1.0/24", "192.0.4.0/24", "@west", "@east" },
		{ "both", "192.1.2.46", "192.1.2.24", "192.0.1.0/24", "192.0.5.0/24", "@west", "@east" },
	};
	static const char *const nets[] = { "192.0.2.0/24", "192.0.3.0/24", "192.0.4.0/24",
		"192.0.5.0/24" };
	struct conn_table *t = conn_table_new(seed);
	struct ms_selector mine = net("192.0.1.0/24");
	struct ms_why why = { "" };
	struct conn *c[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(add(t, &words[i], &c[i], &why), MS_OK);
		assert_int_equal(orient(t, c[i], words[i].left, &why), MS_OK);
	}
	for (unsigned i = 0; i < 4; i++) {
		struct ms_selector theirs = net(nets[i]);

		assert_ptr_equal(conn_find_clients(t, c[0], &c[3]->local.host.addr,
			&c[3]->remote.host.addr, &mine, 1, &theirs, 1), c[i]);
		if (i > 0)
			assert_null(find(t, c[0], &mine, &theirs));
	}
	conn_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_by_identity),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_find_clients),
		cmocka_unit_test(test_find_clients_moved),
	};

	return cmocka_run_group_tests(tests, register_crypto, unregister_crypto);
}

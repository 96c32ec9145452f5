/* SPDX-License-Identifier: Apache-2.0 */
#include "core/conn/conn_priv.h"

#include <modswan/registry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/crypto-openssl/crypto-openssl.h"

static const uint64_t seed[2] = { 1, 2 };

static char *dup(const char *s)
{
	return s == NULL ? NULL : strdup(s);
}

struct words {
	const char *name, *left, *right, *leftsubnet, *rightsubnet, *leftid, *rightid;
};

static struct ms_conn_desc describe(const struct words *w)
{
	struct ms_conn_desc d;

	assert_true(ms_conn_desc_defaults(&d));
	d.name = dup(w->name);
	free(d.left.host);
	free(d.right.host);
	d.left.host = dup(w->left);
	d.right.host = dup(w->right);
	d.left.subnet = dup(w->leftsubnet);
	d.right.subnet = dup(w->rightsubnet);
	d.left.id = dup(w->leftid);
	d.right.id = dup(w->rightid);
	d.authby = MS_AUTH_PSK;
	return d;
}

static ms_err add(struct conn_table *t, const struct words *w, struct conn **c, struct ms_why *why)
{
	struct ms_conn_desc d = describe(w);
	ms_err err = conn_add(t, &d, c, why);

	ms_conn_desc_free(&d);
	return err;
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

static struct ms_id id(const char *text)
{
	struct ms_id i;

	assert_int_equal(ms_id_parse(&i, text, strlen(text), NULL), MS_OK);
	return i;
}

static struct ms_selector net(const char *text)
{
	struct ms_subnet s;

	assert_int_equal(ms_subnet_parse(&s, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return ms_selector_of_subnet(&s);
}

/* arg: our one address */
static bool is_local(void *arg, const struct ms_addr *a)
{
	struct ms_addr us = addr(arg);

	return ms_addr_eq(a, &us);
}

static ms_err orient(struct conn_table *t, struct conn *c, const char *us, struct ms_why *why)
{
	char text[64];

	strcpy(text, us);
	return conn_orient(t, c, is_local, text, NULL, NULL, why);
}

static const struct words west_east = { "west-east", "192.1.2.45", "192.1.2.23", "192.0.1.0/24",
	"192.0.2.0/24", "@west", "@east" };

static void test_orient_both_ways(void **state)
{
	struct conn_table *t = conn_table_new(seed);
	struct conn *c;
	struct ms_why why = { "" };
	char name[64];

	(void)state;
	assert_int_equal(add(t, &west_east, &c, &why), MS_OK);
	assert_int_equal(orient(t, c, "192.1.2.45", &why), MS_OK);
	assert_true(c->left_is_local);
	assert_true(ms_selector_eq(&c->local.clients[0], &(struct ms_selector){ 0 }) == false);
	struct ms_selector west = net("192.0.1.0/24"), east = net("192.0.2.0/24");

	assert_true(ms_selector_eq(&c->local.clients[0], &west));
	/* the same file on the other gateway */
	assert_int_equal(orient(t, c, "192.1.2.23", &why), MS_OK);
	assert_false(c->left_is_local);
	assert_true(ms_selector_eq(&c->local.clients[0], &east));
	assert_true(ms_selector_eq(&c->remote.clients[0], &west));
	/* and back, when addresses change */
	assert_int_equal(orient(t, c, "192.1.2.45", &why), MS_OK);
	assert_true(ms_selector_eq(&c->local.clients[0], &west));
	conn_name_text(c, name, sizeof name);
	assert_string_equal(name, "\"west-east\"");
	conn_table_free(&t);
}

static void test_not_ours(void **state)
{
	struct conn_table *t = conn_table_new(seed);
	struct conn *c;
	struct ms_why why = { "" };
	struct ms_addr w = addr("192.1.2.45"), e = addr("192.1.2.23");

	(void)state;
	assert_int_equal(add(t, &west_east, &c, &why), MS_OK);
	assert_int_equal(orient(t, c, "10.0.0.1", &why), MS_ERR_NOT_FOUND);
	assert_string_equal(why.text, "connection \"west-east\": neither left=192.1.2.45 nor "
				      "right=192.1.2.23 is an address of this host");
	assert_false(c->oriented);
	assert_null(conn_find_host_pair(t, &w, &e));
	assert_int_equal(orient(t, c, "192.1.2.45", &why), MS_OK);
	assert_ptr_equal(conn_find_host_pair(t, &w, &e), c);
	assert_null(conn_find_host_pair(t, &e, &w));
	/* the address goes away again: no longer found */
	assert_int_equal(orient(t, c, "10.0.0.1", &why), MS_ERR_NOT_FOUND);
	assert_null(conn_find_host_pair(t, &w, &e));
	conn_table_free(&t);
}

static bool all_local(void *arg, const struct ms_addr *a)
{
	(void)arg;
	(void)a;
	return true;
}

static void test_both_ours(void **state)
{
	struct conn_table *t = conn_table_new(seed);
	struct conn *c;
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(add(t, &west_east, &c, &why), MS_OK);
	assert_int_equal(conn_orient(t, c, all_local, NULL, NULL, NULL, &why), MS_ERR_CONFIG);
	assert_non_null(strstr(why.text, "both ends"));
	conn_table_free(&t);
}

static void test_default_route(void **state)
{
	static const struct words w = { "road", "%defaultroute", "192.1.2.23", NULL, NULL, NULL, NULL };
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr src = addr("192.1.3.209"), gw = addr("192.1.3.254"), got;
	struct ms_why why = { "" };
	struct conn *c;

	(void)state;
	assert_int_equal(add(t, &w, &c, &why), MS_OK);
	assert_int_equal(orient(t, c, "10.0.0.1", &why), MS_ERR_NOT_FOUND);
	assert_int_equal(conn_orient(t, c, is_local, (char[]){ "10.0.0.1" }, &src, &gw, &why), MS_OK);
	assert_true(ms_addr_eq(&c->local.host.addr, &src));
	assert_true(ms_addr_eq(&c->local.nexthop, &gw));
	assert_true(ms_addr_eq(&c->local.clients[0].range.first, &src));
	assert_true(ms_id_to_addr(&c->local.id, &got));
	assert_true(ms_addr_eq(&got, &src));
	conn_table_free(&t);
}

/* What devices have, in place of the net provider; `arg` is the IPv4 address of eth1. */
static bool device_address(void *arg, const char *device, int family, struct ms_addr *out)
{
	const char *v4 = *(const char **)arg;

	if (strcmp(device, "eth1") != 0 || (family != AF_INET6 && v4 == NULL))
		return false;
	*out = addr(family == AF_INET6 ? "2001:db8::45" : v4);
	return true;
}

/* left=%eth1: ours as soon as the device has an address, and wherever it moves to. */
static void test_device(void **state)
{
	static const struct words words[] = {
		{ "v4", "%eth1", "192.1.2.23", NULL, NULL, NULL, NULL },
		{ "v6", "2001:db8::23", "%eth1", NULL, NULL, NULL, NULL },
		{ "none", "%eth2", "192.1.2.23", NULL, NULL, NULL, NULL },
	};
	struct conn_table *t = conn_table_new(seed);
	struct ms_why why = { "" };
	const char *v4 = NULL;
	struct ms_addr now = addr("192.1.2.99");
	struct conn *c[3];

	(void)state;
	conn_table_devices(t, device_address, &v4);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(add(t, &words[i], &c[i], &why), MS_OK);
		assert_int_equal(orient(t, c[i], "10.0.0.1", &why), i == 1 ? MS_OK : MS_ERR_NOT_FOUND);
	}
	assert_false(c[1]->left_is_local);
	for (unsigned i = 0; i < 2; i++) {
		v4 = i == 0 ? "192.1.2.45" : "192.1.2.99";
		assert_int_equal(orient(t, c[0], "10.0.0.1", &why), MS_OK);
	}
	assert_true(ms_addr_eq(&c[0]->local.host.addr, &now));
	assert_true(ms_addr_eq(&c[0]->local.clients[0].range.first, &now));
	conn_table_free(&t);
}

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
	assert_ptr_equal(conn_find_clients(t, c[0], &mine, 1, &first, 1), c[0]);
	assert_ptr_equal(conn_find_clients(t, c[0], &mine, 1, &second, 1), c[1]);
	assert_ptr_equal(conn_find_clients(t, c[1], &mine, 1, &all, 1), c[1]);
	assert_null(conn_find_clients(t, c[0], &mine, 1, &none, 1));
	/* one for anybody without networks is for the peer itself */
	assert_int_equal(add(t, &anybody, &alone, &why), MS_OK);
	assert_int_equal(orient(t, alone, "192.1.2.45", &why), MS_OK);
	assert_ptr_equal(conn_find_clients(t, c[0], &here, 1, &there, 1), alone);
	assert_null(conn_find_clients(t, c[0], &here, 1, &none, 1));
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orient_both_ways),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_both_ours),
		cmocka_unit_test(test_default_route),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_duplicate_and_delete),
		cmocka_unit_test(test_find_by_identity),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_find_clients),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_group_words),
	};

	return cmocka_run_group_tests(tests, register_crypto, unregister_crypto);
}

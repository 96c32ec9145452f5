/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a group at both families' addresses of ours: who finds them, and what they are called. */
#include "core/conn/conn.h"

#include <modswan/registry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/crypto-openssl/crypto-openssl.h"

#define US  "192.1.2.23"
#define US6 "2001:db8::23"

static const uint64_t seed[2] = { 1, 2 };

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

static struct ms_selector net(const char *text)
{
	struct ms_subnet s;

	assert_int_equal(ms_subnet_parse(&s, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return ms_selector_of_subnet(&s);
}

static bool is_us(void *arg, const struct ms_addr *a)
{
	const struct ms_addr us = addr(US);

	(void)arg;
	return ms_addr_eq(a, &us);
}

static struct conn *group(struct conn_table *t, const char *leftid)
{
	struct ms_conn_desc d;
	struct ms_why why = { "" };
	struct conn *g = NULL;

	assert_true(ms_conn_desc_defaults(&d));
	d.name = strdup("private");
	free(d.left.host);
	free(d.right.host);
	d.left.host = strdup(US);
	d.right.host = strdup("%opportunisticgroup");
	d.left.id = leftid == NULL ? NULL : strdup(leftid);
	d.authby = MS_AUTH_PSK;
	assert_int_equal(conn_add(t, &d, &g, &why), MS_OK);
	assert_int_equal(conn_orient(t, g, is_us, NULL, NULL, NULL, &why), MS_OK);
	ms_conn_desc_free(&d);
	return g;
}

static bool is_called(const struct conn *c, const char *text)
{
	char id[MS_ID_TEXT];

	ms_id_text(&c->local.id, id, sizeof(id));
	return strcmp(id, text) == 0;
}

/* One of them is found for all, and whichever goes, somebody stays. */
static void test_stand_in(void **state)
{
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr v6 = addr(US6), peer = addr("2001:db8::45"), v4 = addr(US),
		       peer4 = addr("192.1.2.45");
	struct ms_selector theirs[3] = { net("2001:db8::/64"), net("2001:db8:1::/64"),
		net("2001:db8:2::/64") };
	struct conn *g = group(t, NULL);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct conn *m = conn_group_member(t, g, NULL, &theirs[i]);

		assert_non_null(m);
		assert_int_equal(conn_move_local(t, m, &v6), MS_OK);
		assert_true(is_called(m, US6));
	}
	for (unsigned i = 0; i < 3; i++) {
		struct conn *found = conn_find_host_pair(t, &v6, &peer);

		assert_non_null(found);
		assert_true(found->member && !found->deleted);
		assert_ptr_equal(conn_find_ids(t, &v6, &peer, &found->local.id, &g->local.id,
					 MS_AUTH_PSK), found);
		assert_ptr_equal(conn_find_host_pair(t, &v4, &peer4), g);
		conn_delete(t, found);
	}
	assert_null(conn_find_host_pair(t, &v6, &peer));
	conn_table_free(&t);
}

/* %myid that was found out: each family's own, for all that have no SAs. */
static void test_myid(void **state)
{
	struct conn_table *t = conn_table_new(seed);
	struct ms_addr v6 = addr(US6);
	struct ms_selector theirs = net("10.0.0.0/8"), theirs6 = net("2001:db8::/32");
	struct conn *g = group(t, "%myid"), *m, *m6;
	struct ms_id name = { 0 };

	(void)state;
	assert_false(conn_table_myid_wanted(t)); /* nobody to speak with */
	m = conn_group_member(t, g, NULL, &theirs);
	m6 = conn_group_member(t, g, NULL, &theirs6);
	assert_true(m != NULL && m6 != NULL);
	assert_true(conn_table_myid_wanted(t));
	assert_int_equal(conn_move_local(t, m6, &v6), MS_OK);
	assert_true(is_called(g, US) && is_called(m, US) && is_called(m6, US6));
	assert_int_equal(ms_id_parse(&name, "@xy.example.com", 15, NULL), MS_OK);
	assert_int_equal(conn_table_myid_found(t, AF_INET6, &name), MS_OK);
	assert_true(is_called(m, US) && is_called(m6, "@xy.example.com"));
	m->ike_sas = (struct ike_sa *)(uintptr_t)8; /* what is up keeps its name */
	assert_int_equal(conn_table_myid_found(t, AF_INET, &name), MS_OK);
	assert_true(is_called(g, "@xy.example.com") && is_called(m, US));
	m->ike_sas = NULL;
	assert_int_equal(conn_table_myid_found(t, AF_INET, NULL), MS_OK);
	assert_int_equal(conn_table_myid_found(t, AF_INET6, NULL), MS_OK);
	assert_true(is_called(g, US) && is_called(m, US) && is_called(m6, US6));
	ms_id_free(&name);
	conn_table_free(&t);
	/* and where it is written */
	t = conn_table_new(seed);
	assert_true(conn_table_myid(t, "@written.example.com"));
	g = group(t, "%myid");
	assert_true(is_called(g, "@written.example.com"));
	conn_table_free(&t);
}

static int set_up(void **state)
{
	(void)state;
	return openssl_load(NULL) != MS_OK || ms_crypto_register(&openssl_ops, "openssl") != MS_OK;
}

static int tear_down(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stand_in),
		cmocka_unit_test(test_myid),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which end is ours. */
#include "core/conn/test_words.h"

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
	const struct ms_addr src[2] = { addr("192.1.3.209") }, gw[2] = { addr("192.1.3.254") };
	struct ms_addr got;
	struct ms_why why = { "" };
	struct conn *c;

	(void)state;
	assert_int_equal(add(t, &w, &c, &why), MS_OK);
	assert_int_equal(orient(t, c, "10.0.0.1", &why), MS_ERR_NOT_FOUND);
	assert_int_equal(conn_orient(t, c, is_local, (char[]){ "10.0.0.1" }, src, gw, &why), MS_OK);
	assert_true(ms_addr_eq(&c->local.host.addr, &src[0]));
	assert_true(ms_addr_eq(&c->local.nexthop, &gw[0]));
	assert_true(ms_addr_eq(&c->local.clients[0].range.first, &src[0]));
	assert_true(ms_id_to_addr(&c->local.id, &got));
	assert_true(ms_addr_eq(&got, &src[0]));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orient_both_ways),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_both_ours),
		cmocka_unit_test(test_default_route),
		cmocka_unit_test(test_device),
	};

	return cmocka_run_group_tests(tests, register_crypto, unregister_crypto);
}

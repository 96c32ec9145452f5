/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: who gets which address, and who gets it again. */
#include "attr-pool.h"
#include "pool.h"

#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

extern const struct ms_plugin attr_pool_LTX_modswan_plugin;

static struct ms_id id_of(const char *text)
{
	struct ms_id id = { 0 };

	assert_int_equal(ms_id_parse(&id, text, strlen(text), NULL), MS_OK);
	return id;
}

static struct pool *pool_of(const char *text)
{
	struct pool *p = NULL;
	struct ms_why why = { "" };

	assert_int_equal(pool_new(&p, text, 42, &why), MS_OK);
	return p;
}

/* The address as text, "limit", or "none". */
static const char *take(struct pool *p, const char *who, int family, const char *wish, bool share)
{
	static char text[MS_ADDR_TEXT];
	struct ms_id id = id_of(who);
	struct ms_addr a, wanted = { 0 };
	ms_err err;

	if (wish != NULL)
		assert_int_equal(ms_addr_parse(&wanted, wish, strlen(wish), 0, 0, NULL), MS_OK);
	err = pool_take(p, &id, family, &wanted, share, &a);
	ms_id_free(&id);
	if (err == MS_ERR_LIMIT)
		return "limit";
	if (err == MS_ERR_NOT_FOUND)
		return "none";
	assert_int_equal(err, MS_OK);
	ms_addr_text(&a, text, sizeof text);
	return text;
}

static void give_back(struct pool *p, const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, 0, NULL), MS_OK);
	pool_give_back(p, &a);
}

#define assert_takes(p, who, text) assert_string_equal(take(p, who, AF_INET, NULL, true), text)

static void test_order(void **state)
{
	struct pool *p = pool_of("10.9.0.0/30,10.9.1.7-10.9.1.8");

	(void)state;
	assert_takes(p, "@a", "10.9.0.1");
	assert_takes(p, "@b", "10.9.0.2");
	assert_takes(p, "@c", "10.9.1.7");
	assert_takes(p, "@d", "10.9.1.8");
	assert_takes(p, "@e", "limit");
	assert_string_equal(take(p, "@a", AF_INET6, NULL, true), "none");
	pool_free(&p);
}

static void test_same_again(void **state)
{
	struct pool *p = pool_of("10.9.0.1-10.9.0.3");

	(void)state;
	assert_takes(p, "@a", "10.9.0.1");
	assert_takes(p, "@b", "10.9.0.2");
	/* in use, and the same peer: make before break */
	assert_takes(p, "@A", "10.9.0.1");
	assert_string_equal(take(p, "@a", AF_INET, NULL, false), "10.9.0.3");
	give_back(p, "10.9.0.1");
	assert_takes(p, "@c", "limit");
	give_back(p, "10.9.0.1");
	give_back(p, "10.9.0.2");
	/* idle: kept for the identity */
	assert_takes(p, "@b", "10.9.0.2");
	give_back(p, "10.9.0.2");
	/* the one that has been idle longest */
	assert_takes(p, "@c", "10.9.0.1");
	assert_takes(p, "@d", "10.9.0.2");
	assert_takes(p, "@b", "limit");
	give_back(p, "10.9.0.99");
	give_back(p, "10.9.0.1");
	give_back(p, "10.9.0.1");
	assert_takes(p, "@b", "10.9.0.1");
	pool_free(&p);
}

static void test_wishes(void **state)
{
	struct pool *p = pool_of("10.9.0.1-10.9.0.5,2001:db8::/64");

	(void)state;
	assert_string_equal(take(p, "@a", AF_INET, "10.9.0.3", true), "10.9.0.3");
	assert_string_equal(take(p, "@b", AF_INET, "10.9.0.3", true), "10.9.0.1");
	assert_string_equal(take(p, "@c", AF_INET, "10.8.0.3", true), "10.9.0.2");
	assert_takes(p, "@d", "10.9.0.4");
	assert_string_equal(take(p, "@d", AF_INET6, "2001:db8::77", true), "2001:db8::77");
	assert_string_equal(take(p, "@e", AF_INET6, NULL, true), "2001:db8::1");
	pool_free(&p);
}

static void test_static(void **state)
{
	struct pool *p = pool_of("10.9.0.1-10.9.0.3");
	struct ms_id id = id_of("@boss");
	struct ms_addr a = ms_addr_v4(0x0a090002);

	(void)state;
	assert_int_equal(pool_fix(p, &id, &a), MS_OK);
	assert_int_equal(pool_fix(p, &id, &a), MS_ERR_DUPLICATE);
	assert_takes(p, "@a", "10.9.0.1");
	assert_string_equal(take(p, "@b", AF_INET, "10.9.0.2", true), "10.9.0.3");
	assert_takes(p, "@c", "limit");
	assert_takes(p, "@boss", "10.9.0.2");
	give_back(p, "10.9.0.2");
	assert_takes(p, "@c", "limit");
	assert_takes(p, "@boss", "10.9.0.2");
	ms_id_free(&id);
	pool_free(&p);
}

static void test_no_identity(void **state)
{
	struct pool *p = pool_of("10.9.0.1-10.9.0.3");
	struct ms_id nobody = { .type = MS_ID_NULL };
	struct ms_addr a, b, none = { 0 };

	(void)state;
	assert_int_equal(pool_take(p, &nobody, AF_INET, &none, true, &a), MS_OK);
	assert_int_equal(pool_take(p, &nobody, AF_INET, &none, true, &b), MS_OK);
	assert_false(ms_addr_eq(&a, &b));
	pool_free(&p);
}

/* 70,000 leases, twice round: none twice at once, each identity's own again. */
static void test_many(void **state)
{
	struct pool *p = pool_of("10.0.0.0/15");
	enum { MANY = 70000 };
	static struct ms_addr had[MANY];
	struct ms_addr none = { 0 };
	char name[20];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			struct ms_addr a;
			struct ms_id id;

			snprintf(name, sizeof name, "@host%u", i);
			id = id_of(name);
			assert_int_equal(pool_take(p, &id, AF_INET, &none, true, &a), MS_OK);
			ms_id_free(&id);
			if (round > 0)
				assert_true(ms_addr_eq(&a, &had[i]));
			else if (i > 0)
				assert_true(ms_addr_cmp(&had[i - 1], &a) < 0);
			had[i] = a;
		}
		for (unsigned i = 0; i < MANY; i++)
			pool_give_back(p, &had[i]);
	}
	pool_free(&p);
}

static void test_bad_text(void **state)
{
	static const char *const bad[] = { "10.0.0.1-", "10.9.0.9-10.9.0.1", "nonsense",
		"10.0.0.0/33", "10.0.0.1-2001:db8::1" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pool *p = NULL;
		struct ms_why why = { "" };

		assert_int_not_equal(pool_new(&p, bad[i], 1, &why), MS_OK);
		assert_null(p);
		assert_true(why.text[0] != '\0');
	}
}

/* --- the plugin ------------------------------------------------------------------------------- */

struct answer {
	ms_err err;
	struct ms_attr_lease lease;
	char nets[200];
	unsigned lines;
};

static void leased(
	void *arg, ms_err err, const struct ms_attr_lease *lease, const struct ms_why *why)
{
	struct answer *a = arg;

	(void)why;
	a->err = err;
	a->lease = *lease;
	a->nets[0] = '\0';
	for (unsigned i = 0; i < lease->n_subnets; i++) {
		char *end = a->nets + strlen(a->nets);

		strcpy(end + ms_subnet_text(&lease->subnets[i], end, MS_SUBNET_TEXT), " ");
	}
}

static void line(void *arg, const char *text)
{
	(void)text;
	((struct answer *)arg)->lines++;
}

static void test_plugin(void **state)
{
	const struct ms_plugin *plugin = &attr_pool_LTX_modswan_plugin;
	const struct ms_attr_ops *ops = plugin->features[0].ops;
	char fixed[] = "@boss=10.9.0.2", *leases[] = { fixed, NULL };
	char all[] = "10.2.0.0/16", ours[] = "10.9.0.1-10.9.0.2=2001:db8:2::/48";
	char others[] = "10.9.0.1-10.9.0.20=192.0.2.0/24", *subnets[] = { all, others, ours, NULL };
	const struct attr_conf conf = { .leases = leases, .subnets = subnets };
	struct ms_services services = { .size = sizeof services };
	struct ms_id boss = id_of("@boss"), a = id_of("@a");
	struct ms_attr_request rq = { .pool = "10.9.0.1-10.9.0.2", .peer = &boss, .share = true };
	struct answer got = { .err = MS_OK };
	void *inst = NULL;

	(void)state;
	assert_int_equal(plugin->load(&inst, &services, &conf, NULL), MS_OK);
	rq.ask[MS_ATTR_V4] = rq.ask[MS_ATTR_V6] = true;
	ops->lease(inst, &rq, leased, &got);
	assert_int_equal(got.err, MS_OK);
	assert_int_equal(got.lease.addr[MS_ATTR_V4].b[3], 2);
	assert_int_equal(got.lease.addr[MS_ATTR_V6].family, 0);
	assert_string_equal(got.nets, "10.2.0.0/16 2001:db8:2::/48 ");
	rq.peer = &a;
	ops->lease(inst, &rq, leased, &got);
	assert_int_equal(got.lease.addr[MS_ATTR_V4].b[3], 1);
	rq.share = false;
	ops->lease(inst, &rq, leased, &got);
	assert_int_equal(got.err, MS_ERR_LIMIT);
	rq.ask[MS_ATTR_V4] = false;
	ops->lease(inst, &rq, leased, &got);
	assert_int_equal(got.err, MS_ERR_CONFIG);
	rq.pool = "what?";
	ops->lease(inst, &rq, leased, &got);
	assert_int_equal(got.err, MS_ERR_CONFIG);
	ops->list(inst, line, &got);
	assert_int_equal(got.lines, 3);
	plugin->unload(&inst);
	ms_id_free(&boss);
	ms_id_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_no_identity),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_plugin),
	};

	return cmocka_run_group_tests_name("attr-pool", tests, NULL, NULL);
}

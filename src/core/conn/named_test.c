/* SPDX-License-Identifier: Apache-2.0 */
/* Aliases, and the connections that leftsubnets= and rightsubnets= make. */
#include "core/conn/test_words.h"

static char **list(const char *words)
{
	char **l = calloc(strlen(words) + 1, sizeof *l), *copy = strdup(words), *save = NULL;
	unsigned n = 0;

	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		l[n++] = strdup(w);
	free(copy);
	return l;
}

struct collected {
	struct conn_table *t;
	char text[4096];
};

static ms_err collect(void *arg, const struct ms_conn_desc *d, struct ms_why *why)
{
	struct collected *c = arg;
	struct conn *conn;
	size_t used = strlen(c->text);

	snprintf(c->text + used, sizeof c->text - used, "%s %s %s;", d->name,
		d->left.subnet == NULL ? "-" : d->left.subnet,
		d->right.subnet == NULL ? "-" : d->right.subnet);
	return c->t == NULL ? MS_OK : conn_add(c->t, d, &conn, why);
}

static void test_pairs(void **state)
{
	static const struct {
		const char *left, *lefts, *right, *rights, *want;
	} cases[] = {
		{ NULL, "10.1.0.0/16 10.2.0.0/16", NULL, "10.8.0.0/16 10.9.0.0/16",
			"n/1x1 10.1.0.0/16 10.8.0.0/16;n/1x2 10.1.0.0/16 10.9.0.0/16;"
			"n/2x1 10.2.0.0/16 10.8.0.0/16;n/2x2 10.2.0.0/16 10.9.0.0/16;" },
		{ "10.1.0.0/16", NULL, NULL, "10.8.0.0/16 10.9.0.0/16",
			"n/0x1 10.1.0.0/16 10.8.0.0/16;n/0x2 10.1.0.0/16 10.9.0.0/16;" },
		{ NULL, "10.1.0.0/16", NULL, NULL, "n/1x0 10.1.0.0/16 -;" },
		{ "10.0.0.0/16", "10.1.0.0/16", "10.8.0.0/16", NULL,
			"n/0x0 10.0.0.0/16 10.8.0.0/16;n/1x0 10.1.0.0/16 10.8.0.0/16;" },
		/* numbers stay, whatever has no partner */
		{ NULL, "10.1.0.0/16 2001:db8:1::/48", NULL, "2001:db8:2::/48 10.9.0.0/16",
			"n/1x2 10.1.0.0/16 10.9.0.0/16;n/2x1 2001:db8:1::/48 2001:db8:2::/48;" },
		{ "10.1.0.0/16,2001:db8:1::/48", NULL, NULL, "2001:db8:2::/48",
			"n/0x1 10.1.0.0/16,2001:db8:1::/48 2001:db8:2::/48;" },
		{ "10.1.0.0/16", NULL, "10.2.0.0/16,10.3.0.0/16", NULL,
			"n 10.1.0.0/16 10.2.0.0/16,10.3.0.0/16;" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct words w = { "n", "192.1.2.45", "192.1.2.23", cases[i].left, cases[i].right,
			NULL, NULL };
		struct ms_conn_desc d = describe(&w);
		struct collected c = { NULL, "" };

		d.left.subnets = cases[i].lefts == NULL ? NULL : list(cases[i].lefts);
		d.right.subnets = cases[i].rights == NULL ? NULL : list(cases[i].rights);
		assert_int_equal(ms_conn_each_pair(&d, collect, &c, NULL), MS_OK);
		assert_string_equal(c.text, cases[i].want);
		ms_conn_desc_free(&d);
	}
}

static void assert_refused(const struct words *w, char **lefts, char **rights, ms_err want,
	const char *text)
{
	struct ms_conn_desc d = describe(w);
	struct collected c = { NULL, "" };
	struct ms_why why = { "" };

	d.left.subnets = lefts;
	d.right.subnets = rights;
	assert_int_equal(ms_conn_each_pair(&d, collect, &c, &why), want);
	assert_non_null(strstr(why.text, text));
	ms_conn_desc_free(&d);
}

static void test_bounds(void **state)
{
	const struct words w = { "n", "192.1.2.45", "192.1.2.23", NULL, NULL, NULL, NULL };
	char **many = calloc(34, sizeof *many), **more = calloc(34, sizeof *more), net_text[32];

	(void)state;
	for (unsigned i = 0; i < 33; i++) {
		snprintf(net_text, sizeof net_text, "10.%u.0.0/16", i);
		many[i] = strdup(net_text);
		more[i] = strdup(net_text);
	}
	assert_refused(&w, many, more, MS_ERR_LIMIT, "more than 1024 pairs");
	assert_refused(&w, list("10.1.0.0/16"), list("2001:db8::/48"), MS_ERR_CONFIG,
		"of its address family");
	assert_refused(&w, NULL, list("2001:db8::/48"), MS_ERR_CONFIG, "of its address family");
}

/* Groups make pairs themselves. */
static void test_group_networks(void **state)
{
	const struct words w = { "private", "192.1.2.23", "%opportunisticgroup", NULL, NULL, NULL, NULL };
	struct conn_table *t = conn_table_new(seed);
	struct ms_conn_desc d = describe(&w);
	struct collected c = { t, "" };

	(void)state;
	d.left.subnets = list("10.1.0.0/16 10.2.0.0/16");
	assert_int_equal(ms_conn_each_pair(&d, collect, &c, NULL), MS_OK);
	assert_int_equal(conn_count(t), 1);
	assert_int_equal(conn_by_name(t, "private")->local.n_clients, 2);
	ms_conn_desc_free(&d);
	conn_table_free(&t);
}

static void assert_named(struct conn_table *t, const char *name, bool section, const char *want)
{
	char text[256] = "";
	struct conn_list l;

	assert_true(section ? conn_list_section(t, name, &l) : conn_list_named(t, name, &l));
	for (unsigned i = 0; i < l.n; i++) {
		assert_true(conn_is_called(l.conn[i], name));
		strcat(text, l.conn[i]->desc->name);
		strcat(text, " ");
	}
	assert_string_equal(text, want);
	conn_list_free(&l);
}

static void test_aliases(void **state)
{
	const struct words n = { "n", "192.1.2.45", "192.1.2.23", NULL, NULL, NULL, NULL };
	const struct words o = { "o", "192.1.2.45", "192.1.2.23", NULL, NULL, NULL, NULL };
	struct conn_table *t = conn_table_new(seed);
	struct ms_conn_desc d = describe(&n), e = describe(&o);
	struct collected c = { t, "" };
	struct conn *conn;

	(void)state;
	d.left.subnets = list("10.1.0.0/16 10.2.0.0/16");
	d.connalias = list("all both all");
	e.connalias = list("all n");
	assert_int_equal(ms_conn_each_pair(&d, collect, &c, NULL), MS_OK);
	assert_int_equal(ms_conn_each_pair(&e, collect, &c, NULL), MS_OK);
	assert_named(t, "all", false, "n/1x0 n/2x0 o ");
	assert_named(t, "both", false, "n/1x0 n/2x0 ");
	assert_named(t, "n", false, "n/1x0 n/2x0 o ");
	assert_named(t, "n", true, "n/1x0 n/2x0 ");
	assert_named(t, "n/2x0", false, "n/2x0 ");
	assert_named(t, "o", false, "o ");
	assert_named(t, "o", true, "");
	assert_named(t, "x", false, "");
	conn_delete(t, conn_by_name(t, "n/1x0"));
	assert_named(t, "all", false, "n/2x0 o ");
	/* a connection stands before an alias */
	assert_int_equal(add(t, &n, &conn, NULL), MS_OK);
	assert_named(t, "n", false, "n ");
	assert_named(t, "n", true, "n/2x0 ");
	ms_conn_desc_free(&d);
	ms_conn_desc_free(&e);
	conn_table_free(&t);
}

/* Thousands of one alias: this would take minutes were it quadratic. */
static void test_many_aliases(void **state)
{
	enum { N = 20000 };
	const struct words w = { "a", "192.1.2.23", "192.1.2.45", NULL, NULL, NULL, NULL };
	struct conn_table *t = conn_table_new(seed);
	struct ms_conn_desc d = describe(&w);
	char *name = d.name, text[16];
	struct conn_list l;
	struct conn *c;

	(void)state;
	d.connalias = list("all");
	d.name = text;
	for (unsigned i = 0; i < N; i++) {
		snprintf(text, sizeof text, "c%u", i);
		assert_int_equal(conn_add(t, &d, &c, NULL), MS_OK);
	}
	assert_true(conn_list_named(t, "all", &l));
	assert_int_equal(l.n, N);
	for (unsigned i = 0; i < N; i++)
		conn_delete(t, l.conn[i]);
	conn_list_free(&l);
	assert_int_equal(conn_count(t), 0);
	d.name = name;
	ms_conn_desc_free(&d);
	conn_table_free(&t);
}

static void test_check(void **state)
{
	const struct words good = { "n", "192.1.2.45", "192.1.2.23", NULL, NULL, NULL, NULL };
	const struct words bad = { "n", "192.1.2.45", "192.1.2.23", NULL, NULL, NULL, "@" };
	struct conn_table *t = conn_table_new(seed);
	struct ms_conn_desc g = describe(&good), b = describe(&bad);
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(conn_check(t, &g, &why), MS_OK);
	assert_int_not_equal(conn_check(t, &b, &why), MS_OK);
	assert_non_null(strstr(why.text, "rightid="));
	assert_int_equal(conn_count(t), 0);
	ms_conn_desc_free(&g);
	ms_conn_desc_free(&b);
	conn_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_group_networks),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_many_aliases),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, register_crypto, unregister_crypto);
}

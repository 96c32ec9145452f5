/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/conf/daemon_keys.h"
#include "lib/conf/gen.h"

#include <modswan/config.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sample {
	bool on, kind;
	uint32_t count, set, percent;
	uint64_t wait;
	char *name, *pin;
	int mode;
	char **words;
};

static ms_err no_x(const char *value, struct ms_why *why)
{
	return strchr(value, 'x') == NULL ? MS_OK : ms_fail(why, MS_ERR_TEXT, "no x, please");
}

static const struct ms_conf_choice modes[] = { { "slow", 1, "a" }, { "fast", 2, "b" },
	{ "quick", 2, NULL }, { NULL, 0, NULL } };
static const struct ms_conf_choice kinds[] = { { "esp", 0, NULL }, { "ah", 1, NULL },
	{ NULL, 0, NULL } };
static const struct ms_conf_choice flags[] = { { "a", 1, NULL }, { "b", 2, NULL }, { "c", 4, NULL },
	{ NULL, 0, NULL } };
static const struct ms_conf_choice many[] = { { "%forever", 0, NULL }, { NULL, 0, NULL } };

#define S struct sample
static const struct ms_conf_key keys[] = {
	MS_KEY_BOOL(S, on, "on", .def = true),
	MS_KEY_BOOL(S, kind, "kind", .choices = kinds),
	MS_KEY_UINT(S, count, "count", .min = 2, .max = 10, .def = 3, .choices = many),
	MS_KEY_UINT(S, percent, "percent", .unit = "%", .def = 100),
	MS_KEY_FLAGS(S, set, "set", .choices = flags, .def = 5),
	MS_KEY_TIME(S, wait, "wait-time", .min = 500, .max = 86400000, .def = 9 * 60000),
	MS_KEY_STRING(S, name, "name", .def_text = "west", .check = no_x),
	MS_KEY_STRING(S, pin, "pin", .flags = MS_CONF_SECRET, .check = no_x),
	MS_KEY_ENUM(S, mode, "mode", .choices = modes, .def = 1),
	MS_KEY_LIST(S, words, "words", .def_text = "one,two", .check = no_x),
	{ .name = "title", .type = MS_CONF_STRING, .flags = MS_CONF_ALIAS, .def_text = "name" },
	{ .name = "old", .type = MS_CONF_STRING, .flags = MS_CONF_IGNORED },
	{ .name = "gone",
		.type = MS_CONF_STRING,
		.flags = MS_CONF_REFUSED,
		.def_text = "no",
		.brief = "use mode" },
	MS_KEY_END,
};

/* key, value, text afterwards or the error */
static const struct {
	const char *key, *value, *text, *error;
} values[] = {
	{ "on", "no", "no", NULL },
	{ "on", "TRUE", "yes", NULL },
	{ "on", "off", "no", NULL },
	{ "on", "", "yes", NULL },
	{ "on", "maybe", NULL, "\"maybe\": expected yes or no" },
	{ "kind", "AH", "ah", NULL },
	{ "count", "2", "2", NULL },
	{ "count", "10", "10", NULL },
	{ "count", "%forever", "%forever", NULL },
	{ "count", "%forevr", NULL,
		"\"%forevr\": expected a number of 2 to 10 or %forever; did you mean %forever?" },
	{ "count", "1", NULL, "\"1\": expected a number of 2 to 10 or %forever" },
	{ "count", "11", NULL, "\"11\": expected a number of 2 to 10 or %forever" },
	{ "count", "4294967296", NULL, "\"4294967296\": expected a number of 2 to 10 or %forever" },
	{ "count", "-1", NULL, "\"-1\": expected a number of 2 to 10 or %forever" },
	{ "count", "3x", NULL, "\"3x\": expected a number of 2 to 10 or %forever" },
	{ "count", "3%", NULL, "\"3%\": expected a number of 2 to 10 or %forever" },
	{ "percent", "250%", "250%", NULL },
	{ "percent", "50", "50%", NULL },
	{ "percent", "50%%", NULL, "\"50%%\": expected a number%" },
	{ "wait-time", "500ms", "500ms", NULL },
	{ "wait_time", "90", "90s", NULL },
	{ "wait-time", "1.5h", "90m", NULL },
	{ "wait-time", "0.5", "500ms", NULL },
	{ "wait-time", "24h", "1d", NULL },
	{ "wait-time", "25h", NULL, "\"25h\": expected a time of 500ms to 1d (30s, 9m, 8h, 1d)" },
	{ "wait-time", "0", NULL, "\"0\": expected a time of 500ms to 1d (30s, 9m, 8h, 1d)" },
	{ "wait-time", "1y", NULL, "\"1y\": expected a time of 500ms to 1d (30s, 9m, 8h, 1d)" },
	{ "wait-time", "1.", NULL, "\"1.\": expected a time of 500ms to 1d (30s, 9m, 8h, 1d)" },
	{ "wait-time", "99999999999999999999w", NULL,
		"\"99999999999999999999w\": expected a time of 500ms to 1d (30s, 9m, 8h, 1d)" },
	{ "name", "east", "east", NULL },
	{ "name", "xeast", NULL, "\"xeast\": no x, please" },
	{ "Title", "road", "road", NULL },
	{ "pin", "1234", "(secret)", NULL },
	{ "pin", "12x34", NULL, "\"(secret)\": no x, please" },
	{ "mode", "quick", "fast", NULL },
	{ "mode", "SLOW", "slow", NULL },
	{ "mode", "fsat", NULL, "\"fsat\": expected one of slow, fast; did you mean fast?" },
	{ "mode", "zzz", NULL, "\"zzz\": expected one of slow, fast" },
	{ "set", "a|b", "a,b", NULL },
	{ "set", "c, a", "a,c", NULL },
	{ "set", "a,d1", NULL, "\"d1\": expected a list of a, b, c" },
	{ "words", "{ one two,three }", "one,two,three", NULL },
	{ "words", "one", "one", NULL },
	{ "words", "{}", NULL, "\"{}\": an empty list" },
	{ "words", "a,x", NULL, "\"x\": no x, please" },
	{ "words", "", "one,two", NULL },
	{ "old", "anything", "", NULL },
	{ "gone", "no", "", NULL },
	{ "gone", "off", "", NULL },
	{ "gone", "yes", NULL, "\"yes\": known from the family, not supported here: use mode" },
};

static void one_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		const struct ms_conf_key *key = ms_conf_find(keys, values[i].key);
		struct ms_why why = { "" };
		struct sample s;
		char text[64];
		size_t needed;
		ms_err err;

		assert_non_null(key);
		assert_true(ms_conf_defaults(keys, &s));
		err = ms_conf_set(key, &s, values[i].value, &why);
		if (values[i].error != NULL) {
			assert_int_not_equal(err, MS_OK);
			assert_string_equal(why.text, values[i].error);
		} else {
			assert_int_equal(err, MS_OK);
			needed = ms_conf_text(key, &s, text, sizeof text);
			assert_int_equal(needed, strlen(text));
			assert_string_equal(text, values[i].text);
		}
		ms_conf_free(keys, &s);
	}
}

static void defaults_and_copy(void **state)
{
	struct sample a, b;

	(void)state;
	memset(&a, 0xa5, sizeof a);
	assert_true(ms_conf_defaults(keys, &a));
	assert_true(a.on);
	assert_int_equal(a.count, 3);
	assert_int_equal(a.wait, 540000);
	assert_string_equal(a.name, "west");
	assert_null(a.pin);
	assert_string_equal(a.words[1], "two");
	assert_null(a.words[2]);
	memset(&b, 0xa5, sizeof b);
	assert_true(ms_conf_copy(keys, &b, &a));
	assert_ptr_not_equal(a.name, b.name);
	assert_string_equal(b.name, "west");
	assert_string_equal(b.words[0], "one");
	assert_int_equal(b.set, 5);
	ms_conf_free(keys, &a);
	assert_null(a.name);
	ms_conf_free(keys, &a);
	ms_conf_free(keys, &b);
}

static void nearest_words(void **state)
{
	unsigned best = UINT_MAX;

	(void)state;
	assert_int_equal(ms_text_distance("leftsubnet", "leftsubnet"), 0);
	assert_int_equal(ms_text_distance("leftsubent", "leftsubnet"), 1);
	assert_int_equal(ms_text_distance("nat_keepalive", "NAT-KeepAlive"), 0);
	assert_int_equal(ms_text_distance("", "abc"), 3);
	assert_int_equal(ms_text_distance("kitten", "sitting"), 3);
	assert_string_equal(ms_conf_nearest(keys, "wait-tiem")->name, "wait-time");
	assert_string_equal(ms_conf_nearest(keys, "nmae")->name, "name");
	assert_null(ms_conf_nearest(keys, "zzzzzz"));
	assert_null(ms_conf_nearest(keys, "gnoe")); /* refused rows are no advice */
	assert_false(ms_text_is_near("ab", "xyz", &best));
	assert_true(ms_text_is_near("rsasg", "rsasig", &best));
	assert_false(ms_text_is_near("rsasg", "rsasig", &best));
}

static void with_file(const char *text, struct sample *out, ms_err want, const char *error)
{
	char path[] = "/tmp/modswan-conf-test-XXXXXX";
	char expected[512];
	struct ms_why why = { "" };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(ms_conf_load(path, keys, out, &why), want);
	unlink(path);
	if (error != NULL) {
		snprintf(expected, sizeof expected, "%s:%s", path, error);
		assert_string_equal(why.text, expected);
		assert_string_equal(out->name, "west"); /* as the defaults made it */
	}
}

static void files(void **state)
{
	struct sample s;

	(void)state;
	with_file("# nothing\n", &s, MS_OK, NULL);
	assert_string_equal(s.name, "west");
	ms_conf_free(keys, &s);
	with_file(
		"on = false;\ncount = 7;\nwait-time = \"2m\";\nname = \"a, b\";\nmode = \"fast\";\n"
		"set = [ \"a\", \"b\" ];\nwords = [ \"x1\" ];\n",
		&s, MS_ERR_TEXT, "7: words = \"x1\": no x, please");
	ms_conf_free(keys, &s);
	with_file("on = false;\ncount = 7;\nwait-time = 120;\nname = \"a, b\";\nmode = \"fast\";\n"
		  "set = [ \"a\", \"b\" ];\nwords = [ \"v 1\" ];\nold = 1; title = \"t\";\n",
		&s, MS_OK, NULL);
	assert_false(s.on);
	assert_int_equal(s.count, 7);
	assert_int_equal(s.wait, 120000);
	assert_string_equal(s.name, "t");
	assert_int_equal(s.set, 3);
	assert_string_equal(s.words[0], "v 1");
	ms_conf_free(keys, &s);
	assert_int_equal(ms_conf_load("/nonexistent/file.conf", keys, &s, NULL), MS_OK);
	assert_string_equal(s.name, "west");
	ms_conf_free(keys, &s);
}

/* Rows agree with themselves: each default is acceptable text, names are unique, aliases lead
 * somewhere, and what is shown to people is there. */
static void check_table(const struct ms_conf_key *table, void *out)
{
	for (const struct ms_conf_key *k = table; k->type != MS_CONF_END; k++) {
		struct ms_why why = { "" };
		char text[512];

		for (const struct ms_conf_key *j = table; j < k; j++) {
			if (ms_text_distance(j->name, k->name) == 0)
				fail_msg("%s is there twice", k->name);
		}
		if ((k->flags & MS_CONF_ALIAS) != 0) {
			const struct ms_conf_key *real = ms_conf_find(table, k->def_text);

			if (real == NULL || (real->flags & MS_CONF_ALIAS) != 0)
				fail_msg("%s leads nowhere", k->name);
			continue;
		}
		if ((k->flags & (MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0)
			continue;
		if (k->brief == NULL)
			fail_msg("%s has no help", k->name);
		ms_conf_text(k, out, text, sizeof text);
		if (text[0] != '\0' && ms_conf_set(k, out, text, &why) != MS_OK)
			fail_msg("the default of %s: %s", k->name, why.text);
	}
}

static void tables(void **state)
{
	struct ms_conn_desc desc;
	struct ms_setup_desc setup;
	struct ms_daemon_conf daemon;

	(void)state;
	assert_true(ms_conn_desc_defaults(&desc));
	check_table(ms_conn_keys, &desc);
	check_table(ms_end_keys, &desc.left);
	assert_int_equal(desc.keyingtries, 0);
	assert_int_equal(desc.rekey_margin_ms, 540000);
	assert_true(desc.pfs);
	ms_conn_desc_free(&desc);
	assert_true(ms_conf_defaults(ms_setup_keys, &setup));
	check_table(ms_setup_keys, &setup);
	ms_conf_free(ms_setup_keys, &setup);
	assert_true(ms_conf_defaults(ms_daemon_keys, &daemon));
	check_table(ms_daemon_keys, &daemon);
	ms_conf_free(ms_daemon_keys, &daemon);
}

static void descriptions(void **state)
{
	const struct ms_conf_key *esp = ms_conf_find(ms_conn_keys, "phase2alg");
	const struct ms_conf_key *v = ms_conf_find(ms_conn_keys, "ikev2");
	const struct ms_conf_key *host = ms_conf_find(ms_end_keys, "");
	struct ms_conn_desc d, copy;

	(void)state;
	assert_true(ms_conn_desc_defaults(&d));
	d.name = strdup("net1");
	assert_int_equal(ms_conf_set(esp, &d, "aes256", NULL), MS_OK);
	assert_string_equal(d.esp, "aes256");
	assert_int_equal(ms_conf_set(v, &d, "never", NULL), MS_OK);
	assert_int_equal(d.keyexchange, MS_KEX_IKEV1);
	assert_int_equal(ms_conf_set(host, &d.right, "192.0.2.1", NULL), MS_OK);
	assert_true(ms_conn_desc_copy(&copy, &d));
	ms_conn_desc_free(&d);
	assert_string_equal(copy.name, "net1");
	assert_null(copy.source);
	assert_string_equal(copy.right.host, "192.0.2.1");
	assert_null(copy.left.host);
	ms_conn_desc_free(&copy);
}

static unsigned row_of(const struct ms_conf_key *table, const char *name)
{
	return (unsigned)(ms_conf_find(table, name) - table);
}

static unsigned rows(const struct ms_conf_key *table)
{
	unsigned n = 0;

	while (table[n].type != MS_CONF_END)
		n++;
	return n;
}

static void places(void **state)
{
	const unsigned left = rows(ms_conn_keys), right = left + rows(ms_end_keys);
	struct ms_conn_desc d, copy;
	char buf[64], small[8];

	(void)state;
	assert_true(ms_conn_desc_defaults(&d));
	assert_null(ms_conn_where(&d, "ike=x", buf, sizeof buf));
	d.source = strdup("/etc/a:b.conf:7");
	assert_true(ms_conn_note_place(&d, row_of(ms_conn_keys, "ike"), "/etc/a:b.conf", 8));
	assert_true(ms_conn_note_place(&d, row_of(ms_conn_keys, "esp"), "/etc/a", 9));
	assert_true(ms_conn_note_place(&d, left + row_of(ms_end_keys, ""), "/etc/a:b.conf", 10));
	assert_true(ms_conn_note_place(&d, right + row_of(ms_end_keys, "id"), "/etc/a", 11));
	assert_true(ms_conn_desc_copy(&copy, &d));
	ms_conn_desc_free(&d);
	assert_string_equal(ms_conn_where(&copy, "ike=\"x\": no", buf, sizeof buf), "/etc/a:b.conf:8");
	assert_string_equal(ms_conn_where(&copy, "esp=x", buf, sizeof buf), "/etc/a:9");
	assert_string_equal(ms_conn_where(&copy, "phase2alg=x", buf, sizeof buf), "/etc/a:9");
	assert_string_equal(ms_conn_where(&copy, "ah=x", buf, sizeof buf), "/etc/a:9");
	assert_string_equal(ms_conn_where(&copy, "left=: no", buf, sizeof buf), "/etc/a:b.conf:10");
	assert_string_equal(ms_conn_where(&copy, "rightid=: no", buf, sizeof buf), "/etc/a:11");
	/* what was not written, no keyword, no room */
	assert_string_equal(ms_conn_where(&copy, "leftid=: no", buf, sizeof buf), "/etc/a:b.conf:7");
	assert_string_equal(ms_conn_where(&copy, "nosuch=1", buf, sizeof buf), "/etc/a:b.conf:7");
	assert_string_equal(ms_conn_where(&copy, "", buf, sizeof buf), "/etc/a:b.conf:7");
	assert_string_equal(ms_conn_where(&copy, "ike=", small, sizeof small), "/etc/a:");
	ms_conn_desc_free(&copy);
}

/* The sample file says nothing new, with its comment signs and without. */
static void samples(void **state)
{
	struct ms_daemon_conf conf, normal;
	char path[] = "/tmp/modswan-conf-test-XXXXXX", *text = NULL, *save = NULL;
	struct ms_why why = { "" };
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	unsigned settings = 0;

	(void)state;
	ms_conf_gen_sample(out, "x.conf", "a summary", ms_daemon_keys);
	fclose(out);
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		bool setting = line[0] == '#' && line[1] != ' ' && line[1] != '\0';

		assert_true(strlen(line) < 80);
		fprintf(file, "%s\n", line + setting);
		settings += setting;
	}
	fclose(file);
	free(text);
	if (ms_conf_load(path, ms_daemon_keys, &conf, &why) != MS_OK)
		fail_msg("%s", why.text);
	unlink(path);
	assert_true(ms_conf_defaults(ms_daemon_keys, &normal));
	for (const struct ms_conf_key *k = ms_daemon_keys; k->type != MS_CONF_END;
		k++, settings--) {
		char a[256], b[256];

		ms_conf_text(k, &conf, a, sizeof a);
		ms_conf_text(k, &normal, b, sizeof b);
		assert_string_equal(a, b);
	}
	assert_int_equal(settings, 0);
	ms_conf_free(ms_daemon_keys, &conf);
	ms_conf_free(ms_daemon_keys, &normal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value),
		cmocka_unit_test(defaults_and_copy),
		cmocka_unit_test(nearest_words),
		cmocka_unit_test(files),
		cmocka_unit_test(tables),
		cmocka_unit_test(descriptions),
		cmocka_unit_test(places),
		cmocka_unit_test(samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

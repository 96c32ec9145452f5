/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/plugin/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where libtool leaves the modules, seen from the build folder. */
#define BUILT "src/lib/plugin/test/.libs"

static char folder[64], second[64], confdir[64];

static void copy(const char *from, const char *to_folder)
{
	char command[512];

	snprintf(command, sizeof command, "cp " BUILT "/%s.so %s/", from, to_folder);
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/modswan-plugins-XXXXXX");
	strcpy(second, "/tmp/modswan-plugins-XXXXXX");
	strcpy(confdir, "/tmp/modswan-conf-XXXXXX");
	if (mkdtemp(folder) == NULL || mkdtemp(second) == NULL || mkdtemp(confdir) == NULL)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s %s %s", folder, second, confdir);
	return system(command);
}

static struct ms_plugins *load(const char *const *names, const char *two, struct ms_why *why,
	ms_err want)
{
	static const struct ms_logger log = { NULL, MS_SOURCE_PLUGIN, NULL, NULL, NULL };
	struct ms_services services = { .confdir = confdir, .rundir = "/tmp", .log = &log };
	struct ms_plugins *set = ms_plugins_new(&services);

	assert_int_equal(ms_plugins_find(set, folder, why), MS_OK);
	if (two != NULL)
		assert_int_equal(ms_plugins_find(set, two, why), MS_OK);
	assert_int_equal(ms_plugins_load(set, names, why), want);
	return set;
}

static struct ms_plugin_info info(struct ms_plugins *set, unsigned i)
{
	struct ms_plugin_info out;

	assert_true(ms_plugins_info(set, i, &out));
	return out;
}

static void expect_refused(const char *module, const char *words)
{
	struct ms_plugins *set;
	struct ms_why why;
	struct ms_plugin_info got;

	copy(module, folder);
	set = load(NULL, NULL, &why, MS_OK);
	got = info(set, 0);
	assert_int_equal(got.state, MS_PLUGIN_REFUSED);
	if (strstr(got.reason, words) == NULL)
		fail_msg("reason is \"%s\", expected \"%s\"", got.reason, words);
	assert_null(ms_plugins_provider(set, MS_ROLE_HOOK, NULL, 0));
	ms_plugins_free(&set);
	assert_null(set);
}

static void test_good(void **state)
{
	struct ms_plugins *set;
	struct ms_why why;
	const struct ms_provider *p;

	(void)state;
	copy("t-good", folder);
	set = load(NULL, NULL, &why, MS_OK);
	assert_int_equal(info(set, 0).state, MS_PLUGIN_LOADED);
	p = ms_plugins_provider(set, MS_ROLE_HOOK, "t-good", 0);
	assert_non_null(p);
	assert_int_equal(*(const int *)p->ops, 42);
	assert_non_null(p->instance);
	assert_null(ms_plugins_provider(set, MS_ROLE_HOOK, "t-good", 1));
	ms_plugins_free(&set);
}

static void test_wrong_abi(void **state)
{
	(void)state;
	char text[64];

	snprintf(text, sizeof text, "built for ABI 4711, this program has ABI %u", MS_PLUGIN_ABI);
	expect_refused("t-abi", text);
}

static void test_wrong_name(void **state)
{
	(void)state;
	expect_refused("t-liar", "calls itself \"t-honest\", but its file is named \"t-liar\"");
}

static void test_missing_symbol(void **state)
{
	(void)state;
	expect_refused("t-symbol", "this_symbol_is_nowhere");
}

static void test_load_fails(void **state)
{
	(void)state;
	expect_refused("t-fails", "no luck with 7");
}

static void test_not_a_plugin(void **state)
{
	char path[128];
	FILE *f;
	struct ms_plugins *set;
	struct ms_why why;

	(void)state;
	snprintf(path, sizeof path, "%s/junk.so", folder);
	f = fopen(path, "w");
	fputs("this is no shared object", f);
	fclose(f);
	set = load(NULL, NULL, &why, MS_OK);
	assert_int_equal(info(set, 0).state, MS_PLUGIN_REFUSED);
	assert_non_null(strstr(info(set, 0).reason, "junk.so"));
	ms_plugins_free(&set);
}

static void test_duplicate(void **state)
{
	struct ms_plugins *set;
	struct ms_why why;

	(void)state;
	copy("t-good", folder);
	copy("t-good", second);
	set = load(NULL, second, &why, MS_OK);
	assert_int_equal(info(set, 0).state, MS_PLUGIN_LOADED);
	assert_int_equal(info(set, 1).state, MS_PLUGIN_REFUSED);
	assert_non_null(strstr(info(set, 1).reason, folder));
	assert_non_null(strstr(info(set, 1).reason, second));
	ms_plugins_free(&set);
}

static void test_missing_need(void **state)
{
	struct ms_plugins *set;
	struct ms_why why;
	struct ms_feature_info f;

	(void)state;
	copy("t-needy", folder); /* needs hook:t-good */
	copy("t-partly", folder); /* second feature needs hook:t-nowhere */
	set = load(NULL, NULL, &why, MS_OK);
	assert_int_equal(info(set, 0).state, MS_PLUGIN_OFF);
	assert_string_equal(info(set, 0).reason,
		"it needs hook:t-good, which no loaded plugin offers");
	assert_int_equal(info(set, 1).state, MS_PLUGIN_LOADED);
	assert_true(ms_plugins_feature(set, 1, 0, &f));
	assert_true(f.on);
	assert_true(ms_plugins_feature(set, 1, 1, &f));
	assert_false(f.on);
	assert_string_equal(f.reason, "needs hook:t-nowhere");
	assert_false(ms_plugins_feature(set, 1, 2, &f));
	assert_null(ms_plugins_provider(set, MS_ROLE_POLICY, NULL, 0));
	ms_plugins_free(&set);
}

static void test_order_by_need(void **state)
{
	struct ms_plugins *set;
	struct ms_why why;

	(void)state;
	copy("t-needy", folder);
	copy("t-good", folder);
	/* found in the order good, needy; rename so that the needy one comes first */
	set = load(NULL, NULL, &why, MS_OK);
	assert_string_equal(ms_plugins_provider(set, MS_ROLE_HOOK, NULL, 0)->name, "t-good");
	assert_string_equal(ms_plugins_provider(set, MS_ROLE_HOOK, NULL, 1)->name, "t-needy");
	ms_plugins_free(&set);
	/* and when the need lives in a folder that is read later */
	copy("t-good", second);
	assert_int_equal(unlink(strcat(folder, "/t-good.so")), 0);
	*strrchr(folder, '/') = '\0';
	set = load(NULL, second, &why, MS_OK);
	assert_string_equal(info(set, 0).name, "t-needy");
	assert_int_equal(info(set, 0).state, MS_PLUGIN_LOADED);
	assert_string_equal(ms_plugins_provider(set, MS_ROLE_HOOK, NULL, 0)->name, "t-good");
	ms_plugins_free(&set);
}

static void test_list(void **state)
{
	const char *const wanted[] = { "t-good", "t-nope", NULL };
	struct ms_plugins *set;
	struct ms_why why;

	(void)state;
	copy("t-good", folder);
	copy("t-needy", folder);
	set = load(wanted, NULL, &why, MS_ERR_PLUGIN);
	assert_string_equal(why.text, "plugin \"t-nope\" was not found");
	assert_int_equal(info(set, 0).state, MS_PLUGIN_LOADED);
	assert_int_equal(info(set, 1).state, MS_PLUGIN_OFF);
	ms_plugins_free(&set);
}

static void test_bad_settings(void **state)
{
	char path[128];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/modswan", confdir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/modswan/t-good.conf", confdir);
	f = fopen(path, "w");
	fputs("size = 101;\n", f);
	fclose(f);
	expect_refused("t-good", "t-good.conf:1");
}

static void test_no_folder(void **state)
{
	struct ms_services services = { .confdir = confdir };
	struct ms_plugins *set = ms_plugins_new(&services);
	struct ms_why why;

	(void)state;
	assert_int_equal(ms_plugins_find(set, "/nonexistent/plugins", &why), MS_ERR_SYSTEM);
	assert_non_null(strstr(why.text, "/nonexistent/plugins"));
	ms_plugins_free(&set);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_good),
		T(test_wrong_abi),
		T(test_wrong_name),
		T(test_missing_symbol),
		T(test_load_fails),
		T(test_not_a_plugin),
		T(test_duplicate),
		T(test_missing_need),
		T(test_order_by_need),
		T(test_list),
		T(test_bad_settings),
		T(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Leases that outlive the daemon: the plugin is loaded again and again beside one file. */
#include "attr-pool.h"
#include "store.h"

#include "lib/loop/loop.h"

#include <modswan/attr.h>
#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define POOL "10.9.0.1-10.9.0.3, 2001:db8::10-2001:db8::20"

extern const struct ms_plugin attr_pool_LTX_modswan_plugin;

struct daemon {
	char dir[64], path[80];
	struct ms_logger log;
	struct ms_services services;
	struct attr_conf conf;
	const struct ms_attr_ops *ops;
	void *inst;
	char text[MS_ADDR_TEXT]; /* of the last answer */
};

static char file_name[] = "leases";

static void start(struct daemon *d)
{
	const struct ms_plugin *plugin = &attr_pool_LTX_modswan_plugin;

	assert_int_equal(plugin->load(&d->inst, &d->services, &d->conf, NULL), MS_OK);
	d->ops = plugin->features[0].ops;
}

static void stop(struct daemon *d)
{
	attr_pool_LTX_modswan_plugin.unload(&d->inst);
}

static int setup(void **state)
{
	struct daemon *d = calloc(1, sizeof *d);

	strcpy(d->dir, "/tmp/keep_test.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof d->path, "%s/%s", d->dir, file_name);
	d->log.source = MS_SOURCE_PLUGIN;
	d->services = (struct ms_services){ .size = sizeof d->services, .loop = ms_loop_new(1),
		.log = &d->log, .rundir = d->dir };
	d->conf = (struct attr_conf){ .file = file_name, .lease_ms = 3600000 };
	start(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	static const char *const left[] = { "", ".bad", ".new" };
	struct daemon *d = *state;
	char path[100];

	stop(d);
	ms_loop_free(&d->services.loop);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", d->path, left[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(d->dir), 0);
	free(d);
	return 0;
}

static void leased(
	void *arg, ms_err err, const struct ms_attr_lease *lease, const struct ms_why *why)
{
	struct daemon *d = arg;
	const struct ms_addr *a = &lease->addr[lease->addr[0].family != 0 ? 0 : 1];

	(void)why;
	strcpy(d->text, "none");
	if (err == MS_OK)
		ms_addr_text(a, d->text, sizeof d->text);
}

static const char *take_of(struct daemon *d, const struct ms_id *id, int family)
{
	struct ms_attr_request rq = { .pool = POOL, .peer = id, .share = true };

	rq.ask[family == AF_INET6 ? MS_ATTR_V6 : MS_ATTR_V4] = true;
	d->ops->lease(d->inst, &rq, leased, d);
	return d->text;
}

static const char *take(struct daemon *d, const char *who, int family)
{
	struct ms_id id = { 0 };

	assert_int_equal(ms_id_parse(&id, who, strlen(who), NULL), MS_OK);
	(void)take_of(d, &id, family);
	ms_id_free(&id);
	return d->text;
}

static void release(struct daemon *d, const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, 0, NULL), MS_OK);
	d->ops->release(d->inst, POOL, &a);
}

static void write_file(struct daemon *d, const char *text)
{
	FILE *f = fopen(d->path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool exists(const struct daemon *d, const char *suffix)
{
	char path[100];

	snprintf(path, sizeof path, "%s%s", d->path, suffix);
	return access(path, F_OK) == 0;
}

static void test_comes_back(void **state)
{
	struct daemon *d = *state;

	assert_false(exists(d, "")); /* not before there is a lease */
	assert_string_equal(take(d, "@a", AF_INET), "10.9.0.1");
	assert_string_equal(take(d, "C=CH, O=Mod Swan, CN=b", AF_INET), "10.9.0.2");
	assert_string_equal(take(d, "@b", AF_INET6), "2001:db8::10");
	release(d, "10.9.0.1");
	stop(d); /* one was given back, the others are as after a crash */
	start(d);
	assert_string_equal(take(d, "@c", AF_INET), "10.9.0.3");
	assert_string_equal(take(d, "C=CH, O=Mod Swan, CN=b", AF_INET), "10.9.0.2");
	assert_string_equal(take(d, "@A", AF_INET), "10.9.0.1");
	assert_string_equal(take(d, "@d", AF_INET6), "2001:db8::11");
	assert_string_equal(take(d, "@b", AF_INET6), "2001:db8::10");
	assert_string_equal(take(d, "@e", AF_INET), "none");
}

static void test_goes_to_another(void **state)
{
	struct daemon *d = *state;

	assert_string_equal(take(d, "@a", AF_INET), "10.9.0.1");
	assert_string_equal(take(d, "@b", AF_INET), "10.9.0.2");
	assert_string_equal(take(d, "@c", AF_INET), "10.9.0.3");
	release(d, "10.9.0.2");
	assert_string_equal(take(d, "@d", AF_INET), "10.9.0.2");
	stop(d);
	start(d);
	assert_string_equal(take(d, "@d", AF_INET), "10.9.0.2");
	assert_string_equal(take(d, "@c", AF_INET), "10.9.0.3");
	assert_string_equal(take(d, "@b", AF_INET), "10.9.0.1"); /* @a's: nobody else is away */
}

static void test_every_identity(void **state)
{
	static const uint8_t octets[] = { 0, ' ', '\n', 0xff, '#', ':' };
	static const struct {
		enum ms_id_type type;
		size_t len;
	} ids[] = { { MS_ID_KEY_ID, 6 }, { MS_ID_FQDN, 5 }, { MS_ID_RFC822_ADDR, 3 },
		{ MS_ID_DER_ASN1_DN, 4 }, { MS_ID_IPV4_ADDR, 4 }, { MS_ID_KEY_ID, 0 } };
	struct daemon *d = *state;
	char first[6][MS_ADDR_TEXT];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 6; i++) {
			struct ms_id id = { 0 };

			assert_int_equal(ms_id_set(&id, ids[i].type,
						 ms_bytes(octets, ids[i].len)),
				MS_OK);
			(void)take_of(d, &id, AF_INET6);
			ms_id_free(&id);
			if (round == 0)
				strcpy(first[i], d->text);
			assert_string_equal(first[i], d->text);
		}
		stop(d);
		start(d);
	}
	assert_false(exists(d, ".bad"));
}

static void test_bad_files(void **state)
{
	static const char good[] = "modswan leases 1\n10.9.0.2 %lld @b " POOL "\n%s";
	static const char *const bad[] = { "10.9.0.300 1 @c " POOL "\n", "10.9.0.3\n",
		"10.9.0.3 x @c " POOL "\n", "10.9.0.3 1 #11:abc " POOL "\n", "10.9.0.3 1 @c\n",
		"\n", "10.9.0.3 1 #11:zz " POOL "\n", "10.9.0.3 1  " POOL "\n",
		"10.9.0.3 99999999999999999999 @c " POOL "\n" };
	struct daemon *d = *state;
	char text[400];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		stop(d);
		snprintf(text, sizeof text, good, (long long)time(NULL), bad[i]);
		write_file(d, text);
		start(d);
		/* nothing of it: also not the good line */
		assert_string_equal(take(d, "@b", AF_INET), "10.9.0.1");
		assert_true(exists(d, ".bad"));
	}
	stop(d);
	write_file(d, "[Unit]\nDescription=something else\n");
	start(d);
	assert_string_equal(take(d, "@b", AF_INET), "10.9.0.1");
	/* half a line is what a crash leaves */
	stop(d);
	snprintf(text, sizeof text, good, (long long)time(NULL), "10.9.0.3 17");
	write_file(d, text);
	start(d);
	assert_string_equal(take(d, "@b", AF_INET), "10.9.0.2");
	assert_string_equal(take(d, "@c", AF_INET), "10.9.0.1");
	stop(d);
	start(d);
	assert_string_equal(take(d, "@c", AF_INET), "10.9.0.1");
}

static void test_expiry(void **state)
{
	struct daemon *d = *state;
	long long now = time(NULL);
	char text[400];

	stop(d);
	snprintf(text, sizeof text,
		"modswan leases 1\n10.9.0.3 %lld @old " POOL "\n10.9.0.2 %lld @new " POOL
		"\n10.9.0.1 %lld @future " POOL "\n",
		now - 3700, now - 3500, now + 100000);
	write_file(d, text);
	start(d);
	assert_string_equal(take(d, "@x", AF_INET), "10.9.0.3");
	assert_string_equal(take(d, "@new", AF_INET), "10.9.0.2");
	assert_string_equal(take(d, "@future", AF_INET), "10.9.0.1");
}

static off_t size_of(const struct daemon *d)
{
	struct stat st;

	assert_int_equal(stat(d->path, &st), 0);
	return st.st_size;
}

/* The file does not grow for ever, and what happens while it is written anew is not lost. */
static void test_is_shortened(void **state)
{
	struct daemon *d = *state;
	off_t largest = 0;
	bool seen = false;

	assert_string_equal(take(d, "@keeps", AF_INET), "10.9.0.1");
	for (unsigned i = 0; i < 4000; i++) {
		char name[20];

		snprintf(name, sizeof name, "@n%u", i);
		assert_string_equal(take(d, name, AF_INET), i % 2 == 0 ? "10.9.0.2" : "10.9.0.3");
		release(d, d->text);
		if (i % 50 == 0)
			ms_loop_turn(d->services.loop, false);
		seen = seen || exists(d, ".new");
		if (size_of(d) > largest)
			largest = size_of(d);
	}
	while (exists(d, ".new"))
		ms_loop_turn(d->services.loop, true);
	assert_true(seen);
	assert_true(size_of(d) < 4000 * 50);
	stop(d);
	start(d);
	assert_string_equal(take(d, "@keeps", AF_INET), "10.9.0.1");
	assert_string_equal(take(d, "@n3999", AF_INET), "10.9.0.3");
	assert_string_equal(take(d, "@n3998", AF_INET), "10.9.0.2");
}

/* Where nothing can be written, addresses are given all the same. */
static void test_no_place(void **state)
{
	struct daemon *d = *state;
	char nowhere[] = "/proc/nowhere/leases", folder[] = "/tmp";

	stop(d);
	d->conf.file = nowhere;
	start(d);
	assert_string_equal(take(d, "@a", AF_INET), "10.9.0.1");
	stop(d);
	d->conf.file = folder;
	start(d);
	assert_string_equal(take(d, "@b", AF_INET), "10.9.0.1");
	stop(d);
	d->conf.file = NULL;
	start(d);
	assert_string_equal(take(d, "@c", AF_INET), "10.9.0.1");
	assert_false(exists(d, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goes_to_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_identity, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expiry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_is_shortened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_place, setup, teardown),
	};

	return cmocka_run_group_tests_name("attr-pool keep", tests, NULL, NULL);
}

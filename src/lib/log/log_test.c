/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/log/sink.h"
#include "lib/mem/arena.h"
#include "lib/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t name_prefix(const void *object, char *buf, size_t size)
{
	return (size_t)snprintf(buf, size, "\"%s\": ", (const char *)object);
}

struct tapped {
	unsigned n;
	char last[512];
};

static void tap(void *arg, const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text)
{
	struct tapped *t = arg;

	(void)lg;
	(void)level;
	t->n++;
	snprintf(t->last, sizeof t->last, "%s%s", prefix, text);
}

static void test_prefix_and_escape(void **state)
{
	struct ms_logger lg = { NULL, MS_SOURCE_IKE, name_prefix, "net1", NULL };
	struct ms_logger inner = { &lg, MS_SOURCE_CHILD, name_prefix, "c", NULL };
	struct tapped t = { 0, "" };

	(void)state;
	ms_log_tap(tap, &t);
	ms_notice(&inner, "peer said %s", "a\nb\x1b[0m\xff");
	assert_string_equal(t.last, "\"net1\": \"c\": peer said a\\x0ab\\x1b[0m\\xff");
	ms_debug(&inner, "not shown");
	assert_int_equal(t.n, 1);
	ms_log_tap(NULL, NULL);
}

static void test_limit(void **state)
{
	struct ms_log_limit limit = { .burst = 3, .per_minute = 1 };
	struct ms_logger lg = { NULL, MS_SOURCE_IKE, NULL, NULL, &limit };
	struct tapped t = { 0, "" };

	(void)state;
	ms_log_tap(tap, &t);
	for (unsigned i = 0; i < 100; i++)
		ms_notice(&lg, "flood %u", i);
	assert_int_equal(t.n, 3);
	ms_log_tap(NULL, NULL);
}

/* What no sink takes is not made; a tap that comes later hears again. */
static void test_settled(void **state)
{
	struct ms_logger lg = { NULL, MS_SOURCE_IKE, NULL, NULL, NULL };
	char path[] = "/tmp/log_test.XXXXXX";
	struct tapped t = { 0, "" };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	ms_log_open("log_test");
	assert_true(ms_log_wants(&lg, MS_LOG_INFO));
	ms_log_settled();
	assert_false(ms_log_wants(&lg, MS_LOG_ERROR));
	assert_int_equal(
		ms_log_to_file(path, false, MS_LOG_NOTICE, MS_LOG_PLAIN, false, NULL), MS_OK);
	ms_log_settled();
	assert_true(ms_log_wants(&lg, MS_LOG_NOTICE));
	assert_false(ms_log_wants(&lg, MS_LOG_INFO));
	ms_log_tap(tap, &t);
	ms_info(&lg, "heard");
	assert_string_equal(t.last, "heard");
	ms_log_tap(NULL, NULL);
	ms_log_close();
	assert_true(ms_log_wants(&lg, MS_LOG_INFO));
	unlink(path);
}

static void test_json_file(void **state)
{
	char path[] = "/tmp/modswan-log-XXXXXX", text[512];
	struct ms_logger lg = { NULL, MS_SOURCE_KERNEL, name_prefix, "q\"x", NULL };
	int fd = mkstemp(path);
	ssize_t n;

	(void)state;
	assert_true(fd >= 0);
	ms_log_open("test");
	ms_notice(&lg, "before any sink");
	assert_int_equal(ms_log_to_file(path, false, MS_LOG_INFO, MS_LOG_JSON, true, NULL), MS_OK);
	ms_notice(&lg, "back\\slash");
	ms_log_close();
	n = read(fd, text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "\"level\":\"notice\",\"source\":\"kernel\","
				     "\"object\":\"\\\"q\\\"x\\\": \",\"text\":\"back\\\\slash\"}"));
	assert_non_null(strstr(text, "before any sink"));
	close(fd);
	unlink(path);
}

static void test_arena(void **state)
{
	struct ms_arena *a = ms_arena_new(128, true);

	(void)state;
	for (unsigned i = 1; i < 500; i++) {
		uint8_t *p = ms_arena_alloc(a, i);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (unsigned k = 0; k < i; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, i);
	}
	assert_string_equal(ms_arena_strdup(a, "west"), "west");
	assert_null(ms_arena_alloc(a, SIZE_MAX - 8));
	ms_arena_free(&a);
	assert_null(a);
}

static void test_wire(void **state)
{
	uint8_t buf[8];
	struct wire_writer w = wire_writer(buf, sizeof buf);
	struct wire_reader r;

	(void)state;
	wire_put_u16(&w, 0);
	wire_put_u32(&w, 0x01020304);
	wire_patch_uint(&w, 0, 6, 2);
	assert_true(wire_written(&w));
	assert_int_equal(wire_result(&w).len, 6);
	r = wire_reader(wire_result(&w));
	assert_int_equal(wire_u16(&r), 6);
	assert_int_equal(wire_u32(&r), 0x01020304);
	assert_true(wire_ok(&r));
	assert_int_equal(wire_u8(&r), 0);
	assert_false(wire_ok(&r));
	assert_int_equal(wire_left(&r), 0);
	wire_put_u32(&w, 1);
	assert_false(wire_written(&w));
	wire_put_u8(&w, 1); /* sticky, though there is room */
	assert_int_equal(wire_result(&w).len, 0);
}

static void test_errors(void **state)
{
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(ms_fail(&why, MS_ERR_TS, "no %s", "overlap"), MS_ERR_TS);
	ms_why_prefix(&why, "ipsec.conf:%d: ", 7);
	assert_string_equal(why.text, "ipsec.conf:7: no overlap");
	for (int e = 0; e < MS_ERR_COUNT; e++)
		assert_non_null(ms_err_text((ms_err)e));
	assert_int_equal(ms_err_class(MS_ERR_TS), MS_CLASS_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_and_escape),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_json_file),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

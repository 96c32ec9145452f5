/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/loop/loop.h"

#include <modswan/kernel.h>
#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct ms_plugin kernel_null_LTX_modswan_plugin;

struct fixture {
	struct ms_loop *loop;
	void *inst;
	const struct ms_kernel_ops *ops;
	unsigned calls, failed;
	ms_err err;
};

static void done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct fixture *f = arg;

	(void)why;
	f->calls++;
	f->err = err;
	f->failed = failed;
}

static void load(struct fixture *f)
{
	struct ms_services s = { .size = sizeof s };

	memset(f, 0, sizeof *f);
	f->loop = ms_loop_new(1);
	s.loop = f->loop;
	f->ops = kernel_null_LTX_modswan_plugin.features[0].ops;
	assert_int_equal(kernel_null_LTX_modswan_plugin.load(&f->inst, &s, NULL, NULL), MS_OK);
}

static void unload(struct fixture *f)
{
	kernel_null_LTX_modswan_plugin.unload(&f->inst);
	assert_null(f->inst);
	ms_loop_free(&f->loop);
}

static int cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void test_spis_are_unique(void **state)
{
	enum { N = 1000, ROUNDS = 100 };
	static struct ms_kernel_op ops[N];
	static uint32_t all[N * ROUNDS];
	struct fixture f;
	unsigned i, r;

	(void)state;
	load(&f);
	for (r = 0; r < ROUNDS; r++) {
		for (i = 0; i < N; i++)
			ops[i].kind = MS_KOP_GET_SPI;
		f.ops->submit(f.inst, ops, N, done, &f);
		assert_int_equal(f.calls, r); /* not before submit has returned */
		while (f.calls == r)
			ms_loop_turn(f.loop, true);
		assert_int_equal(f.err, MS_OK);
		assert_int_equal(f.failed, N);
		for (i = 0; i < N; i++)
			all[r * N + i] = ops[i].sa.said.spi;
	}
	qsort(all, N * ROUNDS, sizeof all[0], cmp);
	assert_true(all[0] >= 4096);
	for (i = 1; i < N * ROUNDS; i++)
		assert_true(all[i] != all[i - 1]);
	unload(&f);
}

static void test_socket(void **state)
{
	struct ms_endpoint local = { .addr = ms_addr_v4(0x7f000001), .port = 0 };
	struct fixture f;
	int fd = -1;

	(void)state;
	load(&f);
	assert_int_equal(f.ops->encap_socket(f.inst, &local, &fd, NULL), MS_OK);
	assert_true(fd >= 0);
	close(fd);
	local.addr = ms_addr_v4(0xc0000201); /* not ours */
	assert_int_equal(f.ops->encap_socket(f.inst, &local, &fd, NULL), MS_ERR_SYSTEM);
	unload(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spis_are_unique),
		cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

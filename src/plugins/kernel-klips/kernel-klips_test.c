/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin against a real klips of its own; no device is made, so no privilege is needed. */
#include "kernel-klips.h"

#include "lib/loop/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct ms_plugin kernel_klips_LTX_modswan_plugin;

struct fixture {
	char dir[64];
	struct ms_loop *loop;
	struct ms_services services;
	struct settings conf;
	const struct ms_kernel_ops *ops;
	void *inst;
	pid_t klips;
	/* what happened */
	unsigned done, failed;
	ms_err err;
	char why[384];
	unsigned states;
	bool reachable, fresh;
	unsigned datagrams, expires;
	char data[64];
	struct ms_endpoint remote;
};

static struct fixture f;

static void on_acquire(void *ctx, const struct ms_selector *src, const struct ms_selector *dst)
{
	(void)ctx;
	(void)src;
	(void)dst;
}

static void on_expire(void *ctx, const struct ms_said *said, bool hard)
{
	(void)ctx;
	(void)said;
	f.expires += hard;
}

static void on_mapping(void *ctx, const struct ms_said *said, const struct ms_endpoint *peer)
{
	(void)ctx;
	(void)said;
	(void)peer;
}

static void on_datagram(void *ctx, const struct ms_endpoint *local, const struct ms_endpoint *remote,
	struct ms_bytes data)
{
	(void)ctx;
	(void)local;
	f.datagrams++;
	f.remote = *remote;
	snprintf(f.data, sizeof f.data, "%.*s", (int)data.len, (const char *)data.ptr);
}

static void on_state(void *ctx, bool reachable, bool fresh)
{
	(void)ctx;
	f.states++;
	f.reachable = reachable;
	f.fresh = fresh;
}

static const struct ms_kernel_events events = { on_acquire, on_expire, on_mapping, on_datagram,
	on_state };

static void done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	(void)arg;
	f.done++;
	f.err = err;
	f.failed = failed;
	snprintf(f.why, sizeof f.why, "%s", why == NULL ? "" : why->text);
}

/* klips without a wrapper's extra process, so that its pid is the one that we kill. */
static void start_klips(void)
{
	char sock[128];
	unsigned i;

	f.klips = fork();
	assert_true(f.klips >= 0);
	if (f.klips == 0) {
		execl("./klips", "klips", "--rundir", f.dir, "--confdir", f.dir, "--plugindir",
			"src/plugins/crypto-openssl/.libs", "--nofork", "--stderrlog", (char *)NULL);
		_exit(127);
	}
	snprintf(sock, sizeof sock, "%s/klips.ctl", f.dir);
	for (i = 0; i < 500 && access(sock, F_OK) != 0; i++)
		usleep(20000);
	assert_int_equal(access(sock, F_OK), 0);
}

static void stop_klips(int signum)
{
	char path[128];

	kill(f.klips, signum);
	waitpid(f.klips, NULL, 0);
	/* what a killed one leaves would look like a started one */
	snprintf(path, sizeof path, "%s/klips.ctl", f.dir);
	unlink(path);
}

static int setup(void **state)
{
	(void)state;
	memset(&f, 0, sizeof f);
	strcpy(f.dir, "/tmp/kernel-klips-test.XXXXXX");
	assert_non_null(mkdtemp(f.dir));
	start_klips();
	f.loop = ms_loop_new(1);
	f.services = (struct ms_services){ .size = sizeof f.services, .loop = f.loop,
		.confdir = f.dir, .rundir = f.dir };
	f.ops = kernel_klips_LTX_modswan_plugin.features[0].ops;
	assert_int_equal(kernel_klips_LTX_modswan_plugin.load(&f.inst, &f.services, &f.conf, NULL),
		MS_OK);
	assert_int_equal(f.ops->start(f.inst, &events, NULL, NULL), MS_OK);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	f.ops->stop(f.inst);
	kernel_klips_LTX_modswan_plugin.unload(&f.inst);
	ms_loop_free(&f.loop);
	stop_klips(SIGTERM);
	snprintf(command, sizeof command, "rm -r %s", f.dir);
	return system(command) != 0;
}

static void submit_and_wait(struct ms_kernel_op *ops, unsigned n)
{
	unsigned before = f.done;

	f.ops->submit(f.inst, ops, n, done, NULL);
	assert_int_equal(f.done, before);
	while (f.done == before)
		ms_loop_turn(f.loop, true);
}

static const uint8_t key[24] = { 1, 2, 3 };

static struct ms_kernel_op sa_op(enum ms_kernel_op_kind kind, bool inbound, uint32_t spi)
{
	struct ms_addr us = ms_addr_v4(0xc0000201), peer = ms_addr_v4(0xc0000202);
	struct ms_subnet a = ms_subnet_make(&us, 24), b = ms_subnet_make(&peer, 32);
	struct ms_kernel_op op = { .kind = kind };

	op.sa.said = (struct ms_said){ inbound ? us : peer, spi, MS_PROTO_ESP };
	op.sa.src = inbound ? peer : us;
	op.sa.inbound = inbound;
	op.sa.tunnel = true;
	op.sa.encr = 20;
	op.sa.encr_bits = 128;
	op.sa.encr_key = ms_bytes(key, 20);
	op.sa.replay_window = 128;
	op.sa.sel_src = ms_selector_of_subnet(&b);
	op.sa.sel_dst = ms_selector_of_subnet(&a);
	return op;
}

static struct ms_kernel_op policy_op(enum ms_kernel_op_kind kind, enum ms_shunt shunt, uint32_t spi)
{
	struct ms_kernel_op op = { .kind = kind };
	struct ms_addr a = ms_addr_v4(0x0a010000), b = ms_addr_v4(0x0a020000);
	struct ms_subnet an = ms_subnet_make(&a, 24), bn = ms_subnet_make(&b, 24);

	op.policy.src = ms_selector_of_subnet(&an);
	op.policy.dst = ms_selector_of_subnet(&bn);
	op.policy.shunt = shunt;
	op.policy.said = (struct ms_said){ ms_addr_v4(0xc0000202), spi, MS_PROTO_ESP };
	return op;
}

/* One listing of klips, as text. */
static const char *listing(const char *name)
{
	static char text[65536];
	char path[128], line[32];
	size_t len = 0;
	ssize_t r;
	int fd;

	snprintf(path, sizeof path, "%s/klips.ctl", f.dir);
	assert_int_equal(ms_unix_connect(&fd, path, SOCK_STREAM, NULL), MS_OK);
	snprintf(line, sizeof line, "%s\n", name);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	while (ms_unix_wait(fd, 3000) == MS_OK && (r = read(fd, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)r;
	close(fd);
	text[len] = '\0';
	return text;
}

static void test_life_of_a_tunnel(void **state)
{
	struct ms_kernel_op ops[3];
	uint32_t spi;

	(void)state;
	ops[0] = sa_op(MS_KOP_GET_SPI, true, 0);
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_OK);
	spi = ops[0].sa.said.spi;
	assert_true(spi >= 0x1000);

	ops[0] = sa_op(MS_KOP_SA_UPDATE, true, spi);
	ops[1] = sa_op(MS_KOP_SA_ADD, false, 0x7777);
	ops[2] = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_NONE, 0x7777);
	submit_and_wait(ops, 3);
	assert_string_equal(f.why, "");
	assert_int_equal(f.err, MS_OK);
	assert_int_equal(f.failed, 3);
	assert_string_equal(listing("eroute"),
		"0          10.1.0.0/24:0      -> 10.2.0.0/24:0      => tun0x1002@192.0.2.2:0 () ()\n");
	assert_non_null(strstr(listing("spigrp"), "tun0x1002@192.0.2.2 esp0x7777@192.0.2.2 \n"));
	assert_non_null(strstr(listing("spi"), "policy=192.0.2.2/32->192.0.2.0/24"));

	ops[0] = sa_op(MS_KOP_SA_QUERY, false, 0x7777);
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_OK);
	assert_true(ops[0].counters.added_s > 1000000);
	assert_int_equal(ops[0].counters.used_s, 0);
	assert_int_equal(ops[0].counters.packets, 0);

	ops[0] = policy_op(MS_KOP_POLICY_DELETE, MS_SHUNT_NONE, 0);
	ops[1] = sa_op(MS_KOP_SA_DELETE, false, 0x7777);
	ops[2] = sa_op(MS_KOP_SA_DELETE, true, spi);
	submit_and_wait(ops, 3);
	assert_int_equal(f.err, MS_OK);
	assert_string_equal(listing("eroute"), "");
	assert_string_equal(listing("spi"), "");
}

static void test_several_selectors(void **state)
{
	struct ms_kernel_op op = sa_op(MS_KOP_SA_ADD, true, 0x800);
	struct ms_selector src[2] = { op.sa.sel_src, op.sa.sel_src };
	struct ms_selector dst[1] = { op.sa.sel_dst };

	(void)state;
	src[1].range.first = src[1].range.last = ms_addr_v4(0x0a030001);
	src[1].protocol = 6;
	src[1].port_first = src[1].port_last = 25;
	op.sa.sels_src = src;
	op.sa.sels_dst = dst;
	op.sa.n_sels_src = 2;
	op.sa.n_sels_dst = 1;
	/* families differ: there is no hull */
	memset(&op.sa.sel_src, 0, sizeof op.sa.sel_src);
	submit_and_wait(&op, 1);
	assert_string_equal(f.why, "");
	assert_non_null(strstr(listing("spi"),
		"policy=192.0.2.2/32,10.3.0.1/32/tcp/25->192.0.2.0/24 "));
}

/* With a CPI an IPComp SA stands between the tunnel and ESP, and comes and goes with them; peers may choose
 * one CPI for several SAs. */
static void test_compression(void **state)
{
	struct ms_kernel_op ops[2];

	(void)state;
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x7777);
	ops[1] = sa_op(MS_KOP_SA_ADD, false, 0x7778);
	ops[0].sa.cpi = ops[1].sa.cpi = 0x1234;
	ops[1].sa.tunnel = false;
	submit_and_wait(ops, 2);
	assert_string_equal(f.why, "");
	assert_non_null(strstr(listing("spigrp"),
		"tun0x1001@192.0.2.2 comp0x1234@192.0.2.2 esp0x7777@192.0.2.2 \n"));
	assert_non_null(strstr(listing("spigrp"), "1234@192.0.2.2 esp0x7778@192.0.2.2 \n"));
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x7777);
	ops[0].sa.cpi = 0x1235;
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_ERR_DUPLICATE);
	assert_null(strstr(listing("spi"), "comp0x1235"));
	ops[0].kind = ops[1].kind = MS_KOP_SA_DELETE;
	submit_and_wait(ops, 2);
	assert_int_equal(f.err, MS_OK);
	assert_string_equal(listing("spi"), "");
}

static void test_first_failure_stops(void **state)
{
	struct ms_kernel_op ops[4];

	(void)state;
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x100);
	ops[1] = sa_op(MS_KOP_SA_DELETE, false, 0x200); /* is not there */
	ops[2] = sa_op(MS_KOP_SA_ADD, false, 0x300);
	ops[3] = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_DROP, 0);
	submit_and_wait(ops, 4);
	assert_int_equal(f.err, MS_ERR_NOT_FOUND);
	assert_int_equal(f.failed, 1);
	assert_string_equal(f.why, "klips refused DELETE: No such process");
	assert_non_null(strstr(listing("spi"), "esp0x100@192.0.2.2"));
	assert_null(strstr(listing("spi"), "esp0x300@192.0.2.2"));
	assert_string_equal(listing("eroute"), "");

	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x100);
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_ERR_DUPLICATE);
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x400);
	ops[0].sa.encr_key.len = 7;
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_ERR_KERNEL);
	assert_string_equal(f.why, "klips refused ADD: Invalid argument");
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x400);
	ops[0].sa.encr = 3; /* 3DES, only on demand */
	ops[0].sa.encr_key.len = 24;
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_ERR_UNSUPPORTED);
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x400);
	ops[0].sa.encr = 12; /* CBC without integrity: no algorithm has 20 octets of key */
	submit_and_wait(ops, 1);
	assert_int_not_equal(f.err, MS_OK);
	ops[0].sa.encr_key.len = 16;
	submit_and_wait(ops, 1);
	assert_int_not_equal(f.err, MS_OK);
}

static void test_policies(void **state)
{
	struct ms_kernel_op op = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_TRAP, 0);

	(void)state;
	/* 10.1.0.1-10.1.0.6 needs .1/32 .2/31 .4/31 .6/32 */
	op.policy.src.range.first = ms_addr_v4(0x0a010001);
	op.policy.src.range.last = ms_addr_v4(0x0a010006);
	op.policy.src.protocol = op.policy.dst.protocol = 6;
	op.policy.dst.port_first = op.policy.dst.port_last = 25;
	op.policy.src_id = "@west";
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_OK);
	assert_non_null(strstr(listing("eroute"),
		"0          10.1.0.2/31:0      -> 10.2.0.0/24:25     => %trap:6 (@west) ()\n"));
	assert_non_null(strstr(listing("eroute"), "10.1.0.4/31:0 "));
	assert_non_null(strstr(listing("eroute"), "10.1.0.6/32:0 "));
	op.kind = MS_KOP_POLICY_DELETE;
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_OK);
	assert_string_equal(listing("eroute"), "");
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_ERR_NOT_FOUND);

	op = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_PASS, 0);
	op.policy.dst.range.first = ms_addr_any(AF_INET6);
	op.policy.dst.range.last = ms_addr_any(AF_INET6);
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_ERR_UNSUPPORTED);
	op = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_PASS, 0);
	op.policy.src.range.first = ms_addr_v4(1);
	op.policy.src.range.last = ms_addr_v4(0xfffffffe);
	op.policy.dst.range = op.policy.src.range;
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_ERR_LIMIT);
}

static void test_move(void **state)
{
	struct ms_kernel_op ops[2];

	(void)state;
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x500);
	ops[1] = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_NONE, 0x500);
	submit_and_wait(ops, 2);
	assert_int_equal(f.err, MS_OK);
	ops[0].kind = MS_KOP_SA_MOVE;
	ops[0].sa.old_dst = ops[0].sa.said.dst;
	ops[0].sa.said.dst = ms_addr_v4(0xc6336401);
	ops[0].sa.encap_src = ops[0].sa.encap_dst = 4500;
	submit_and_wait(ops, 1);
	assert_string_equal(f.why, "");
	assert_non_null(strstr(listing("eroute"), "=> tun0x1001@198.51.100.1:0 () ()\n"));
	assert_non_null(strstr(listing("spigrp"), "tun0x1001@198.51.100.1 esp0x500@198.51.100.1 \n"));
	assert_non_null(strstr(listing("spi"), "natencap=nonesp natsport=4500 natdport=4500"));
	/* and without saying where it was */
	ops[0].sa.old_dst.family = 0;
	ops[0].sa.said.dst = ms_addr_v4(0xc6336402);
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_OK);
	assert_non_null(strstr(listing("spigrp"), "esp0x500@198.51.100.2"));
	ops[0].sa.said.spi = 0x501;
	submit_and_wait(ops, 1);
	assert_int_equal(f.err, MS_ERR_NOT_FOUND);
}

static void send_to(const struct ms_endpoint *to, const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = ms_endpoint_to_sockaddr(to, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&ss, ss_len), len);
	close(fd);
}

static void test_encap_socket_and_datagrams(void **state)
{
	struct ms_endpoint local = { ms_addr_v4(0x7f000001), 0 };
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	unsigned i;
	int fd, again;

	(void)state;
	/* a port that is free now */
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(bind(fd, (struct sockaddr *)&ss, ms_endpoint_to_sockaddr(&local, &ss)) == 0);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	assert_int_equal(ms_endpoint_from_sockaddr(&local, (struct sockaddr *)&ss), MS_OK);
	close(fd);

	assert_int_equal(f.ops->encap_socket(f.inst, &local, &fd, NULL), MS_OK);
	close(fd); /* the daemon dies; klips keeps it */
	assert_int_equal(f.ops->encap_socket(f.inst, &local, &again, NULL), MS_OK);
	len = sizeof ss;
	assert_int_equal(getsockname(again, (struct sockaddr *)&ss, &len), 0);

	send_to(&local, "\xff", 1);
	send_to(&local, "abc", 3);
	send_to(&local, "garbage that looks like ESP", 27);
	send_to(&local, "\0\0\0\0IKE", 7);
	for (i = 0; i < 50 && f.datagrams == 0; i++) {
		ms_loop_turn(f.loop, false);
		usleep(20000);
	}
	assert_int_equal(f.datagrams, 1);
	assert_string_equal(f.data, "IKE");
	assert_int_equal(f.remote.addr.b[0], 127);
	assert_non_null(strstr(listing("counters"), "udp_keepalive                 1"));
	assert_non_null(strstr(listing("counters"), "udp_runt                      1"));
	assert_non_null(strstr(listing("counters"), "in_no_sa                      1"));
	close(again);
}

static void test_lifetime(void **state)
{
	struct ms_kernel_op op = sa_op(MS_KOP_SA_ADD, false, 0x600);
	unsigned i;

	(void)state;
	op.sa.hard_seconds = 1;
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_OK);
	for (i = 0; i < 300 && f.expires == 0; i++) {
		ms_loop_turn(f.loop, false);
		usleep(20000);
	}
	assert_int_equal(f.expires, 1);
	assert_string_equal(listing("spi"), "");
}

static void wait_states(unsigned n)
{
	unsigned i;

	for (i = 0; i < 500 && f.states < n; i++) {
		ms_loop_turn(f.loop, false);
		usleep(20000);
	}
	assert_int_equal(f.states, n);
}

static void test_klips_dies_and_comes_back(void **state)
{
	struct ms_kernel_op op = sa_op(MS_KOP_SA_ADD, false, 0x700);

	(void)state;
	submit_and_wait(&op, 1);
	assert_int_equal(f.states, 0); /* the first klips is no news */
	f.ops->submit(f.inst, &op, 1, done, NULL);
	stop_klips(SIGKILL);
	wait_states(1);
	assert_false(f.reachable);
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_ERR_KERNEL_GONE);
	start_klips();
	wait_states(2);
	assert_true(f.reachable);
	assert_true(f.fresh);
	submit_and_wait(&op, 1);
	assert_int_equal(f.err, MS_OK);
}

static void test_flush(void **state)
{
	struct ms_kernel_op ops[2];

	(void)state;
	ops[0] = sa_op(MS_KOP_SA_ADD, false, 0x800);
	ops[1] = policy_op(MS_KOP_POLICY_SET, MS_SHUNT_NONE, 0x800);
	submit_and_wait(ops, 2);
	assert_int_equal(f.err, MS_OK);
	f.ops->flush(f.inst);
	assert_string_equal(listing("eroute"), "");
	assert_string_equal(listing("spi"), "");
	assert_int_equal(kill(f.klips, 0), 0); /* not started by the plugin: stays */
}

static void test_many_at_once(void **state)
{
	enum { N = 3000 };
	static struct ms_kernel_op ops[N];
	unsigned i;

	(void)state;
	for (i = 0; i < N; i++)
		ops[i] = sa_op(MS_KOP_SA_ADD, false, 0x1000 + i);
	submit_and_wait(ops, N);
	assert_int_equal(f.err, MS_OK);
	for (i = 0; i < N; i++)
		ops[i].kind = MS_KOP_SA_DELETE;
	submit_and_wait(ops, N);
	assert_int_equal(f.err, MS_OK);
	assert_string_equal(listing("spi"), "");
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_life_of_a_tunnel),
		TEST(test_several_selectors),
		TEST(test_compression),
		TEST(test_first_failure_stops),
		TEST(test_policies),
		TEST(test_move),
		TEST(test_encap_socket_and_datagrams),
		TEST(test_lifetime),
		TEST(test_klips_dies_and_comes_back),
		TEST(test_flush),
		TEST(test_many_at_once),
	};

	if (access("./klips", X_OK) != 0 || access("src/plugins/crypto-openssl/.libs", F_OK) != 0)
		return 77; /* not built */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

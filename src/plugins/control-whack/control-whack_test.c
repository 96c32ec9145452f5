/* SPDX-License-Identifier: Apache-2.0 */
/* The face before a core made of a few commands, with clients on real sockets in the same loop. */
#include "lib/loop/loop.h"

#include <modswan/plugin.h>
#include <modswan/whack.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern const struct ms_plugin control_whack_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &control_whack_LTX_modswan_plugin;

#define FLOOD_LINES 100000
#define MAX_CALLS   16

struct ms_command_call {
	const struct ms_reply_ops *ops;
	void *reply;
	bool open;
};

/* A core whose "wait" commands end when the test says so. */
struct core {
	struct ms_command_call calls[MAX_CALLS];
	unsigned n_calls, executed;
	bool async;
	char last_arg[64];
};

struct world {
	char dir[64], path[128];
	struct ms_loop *loop;
	struct ms_logger log;
	struct ms_services services;
	struct ms_control_core face_core;
	struct core core;
	void *conf, *inst;
	const struct ms_control_ops *ops;
};

static struct ms_command_call *core_execute(
	void *arg, const struct ms_request *r, const struct ms_reply_ops *ops, void *reply)
{
	struct core *core = arg;
	char text[128];

	core->executed++;
	core->async = r->asynchronous;
	if (r->n_args > 0)
		snprintf(core->last_arg, sizeof core->last_arg, "%s=%s", r->args[0].name,
			r->args[0].value);
	if (strcmp(r->command, "wait") == 0) {
		struct ms_command_call *call = &core->calls[core->n_calls++];

		call->ops = ops;
		call->reply = reply;
		call->open = true;
		ops->line(reply, MS_RC_COMMENT, "waiting");
		return call;
	}
	if (strcmp(r->command, "flood") == 0)
		for (unsigned i = 0; i < FLOOD_LINES; i++) {
			snprintf(text, sizeof text, "line %u of many, long enough to fill buffers",
				i);
			ops->line(reply, MS_RC_COMMENT, text);
		}
	if (strcmp(r->command, "nosuch") == 0) {
		ops->line(reply, MS_RC_BADWHACKMESSAGE, "unknown command");
		ops->done(reply, MS_RC_BADWHACKMESSAGE);
		return NULL;
	}
	ops->done(reply, MS_RC_SUCCESS);
	return NULL;
}

static void core_forget(struct ms_command_call *call)
{
	assert_true(call->open);
	call->open = false;
}

static unsigned open_calls(const struct core *core)
{
	unsigned n = 0;

	for (unsigned i = 0; i < core->n_calls; i++)
		n += core->calls[i].open;
	return n;
}

static void finish(struct ms_command_call *call, int code)
{
	call->open = false;
	call->ops->done(call->reply, code);
}

/* --- the world -------------------------------------------------------------------------------- */

static void set_key(struct world *w, const char *name, uint64_t value)
{
	for (const struct ms_conf_key *k = plugin->keys; k->type != MS_CONF_END; k++) {
		if (strcmp(k->name, name) != 0)
			continue;
		if (k->type == MS_CONF_TIME)
			memcpy((char *)w->conf + k->offset, &value, sizeof value);
		else
			*(uint32_t *)(void *)((char *)w->conf + k->offset) = (uint32_t)value;
		return;
	}
	fail();
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ms_why why = { "" };

	assert_non_null(w);
	strcpy(w->dir, "/tmp/whackXXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof w->path, "%s/" MS_WHACK_SOCKET, w->dir);
	w->loop = ms_loop_new(1);
	w->log.source = MS_SOURCE_CONTROL;
	w->services.size = sizeof w->services;
	w->services.loop = w->loop;
	w->services.log = &w->log;
	w->services.rundir = w->dir;
	w->conf = calloc(1, plugin->conf_size);
	for (const struct ms_conf_key *k = plugin->keys; k->type != MS_CONF_END; k++)
		set_key(w, k->name, (uint64_t)k->def);
	assert_int_equal(plugin->load(&w->inst, &w->services, w->conf, &why), MS_OK);
	w->ops = plugin->features[0].ops;
	w->face_core.size = sizeof w->face_core;
	w->face_core.core = &w->core;
	w->face_core.execute = core_execute;
	w->face_core.forget = core_forget;
	assert_int_equal(w->ops->start(w->inst, &w->face_core, &why), MS_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	plugin->unload(&w->inst);
	assert_null(w->inst);
	ms_loop_free(&w->loop);
	assert_int_equal(access(w->path, F_OK), -1);
	assert_int_equal(rmdir(w->dir), 0);
	free(w->conf);
	free(w);
	return 0;
}

static int client(struct world *w)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(sa.sun_path, w->path, sizeof sa.sun_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

static void say(int fd, const char *command, const struct ms_arg *args, unsigned n)
{
	struct ms_request r = { command, args, n, false };
	uint8_t buf[1024];
	size_t used;

	assert_int_equal(ms_whack_encode(buf, sizeof buf, &used, &r, NULL), MS_OK);
	assert_int_equal(send(fd, buf, used, 0), (ssize_t)used);
}

static void turns(struct world *w, unsigned n)
{
	while (n-- > 0)
		ms_loop_turn(w->loop, false);
}

/* Everything up to the end of the connection. */
static size_t hear(struct world *w, int fd, char *buf, size_t size)
{
	size_t got = 0;
	ssize_t n;

	for (unsigned i = 0; i < 100000; i++) {
		turns(w, 1);
		n = recv(fd, buf + got, size - 1 - got, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			got += (size_t)n;
		assert_true(got < size - 1);
	}
	buf[got] = '\0';
	return got;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_socket_is_private(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_command(void **state)
{
	static const struct ms_arg args[] = { { MS_WHACK_ASYNC, "yes" }, { "name", "net1" } };
	struct world *w = *state;
	char buf[256];
	int fd = client(w);

	say(fd, "up", args, 2);
	hear(w, fd, buf, sizeof buf);
	assert_string_equal(buf, "=004\n");
	assert_string_equal(w->core.last_arg, "name=net1");
	assert_true(w->core.async);
	close(fd);
	fd = client(w);
	say(fd, "nosuch", NULL, 0);
	hear(w, fd, buf, sizeof buf);
	assert_string_equal(buf, "030 unknown command\n=030\n");
	assert_false(w->core.async);
	close(fd);
}

static void test_octet_by_octet(void **state)
{
	struct world *w = *state;
	static const char frame[] = "\0\0\0\x03up";
	char buf[64];
	int fd = client(w);

	for (unsigned i = 0; i < sizeof frame; i++) {
		assert_int_equal(w->core.executed, 0);
		assert_int_equal(send(fd, frame + i, 1, 0), 1);
		turns(w, 3);
	}
	hear(w, fd, buf, sizeof buf);
	assert_string_equal(buf, "=004\n");
	close(fd);
}

static void test_later_answer(void **state)
{
	struct world *w = *state;
	char buf[256];
	int a = client(w), b = client(w);
	ssize_t n;

	say(a, "wait", NULL, 0);
	say(b, "wait", NULL, 0);
	turns(w, 20);
	assert_int_equal(w->core.n_calls, 2);
	n = recv(a, buf, sizeof buf, 0);
	assert_int_equal(n, (ssize_t)strlen("000 waiting\n"));
	for (unsigned i = 0; i < 2; i++)
		w->core.calls[i].ops->line(w->core.calls[i].reply, 104, "initiate");
	finish(&w->core.calls[1], MS_RC_ROUTE);
	finish(&w->core.calls[0], MS_RC_SUCCESS);
	hear(w, a, buf, sizeof buf);
	assert_string_equal(buf, "104 initiate\n=004\n");
	hear(w, b, buf, sizeof buf);
	assert_string_equal(buf, "000 waiting\n104 initiate\n=025\n");
	close(a);
	close(b);
}

static void test_client_vanishes(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	say(fd, "wait", NULL, 0);
	turns(w, 10);
	assert_int_equal(open_calls(&w->core), 1);
	close(fd);
	turns(w, 10);
	assert_int_equal(open_calls(&w->core), 0);
	/* and in the middle of a reply: the broken pipe shows within line() */
	fd = client(w);
	say(fd, "wait", NULL, 0);
	turns(w, 10);
	close(fd);
	w->core.calls[1].ops->line(w->core.calls[1].reply, 0, "into the void");
	w->core.calls[1].ops->line(w->core.calls[1].reply, 0, "and again");
	assert_true(w->core.calls[1].open);
	turns(w, 10);
	assert_int_equal(open_calls(&w->core), 0);
	/* and before it has said anything */
	fd = client(w);
	assert_int_equal(send(fd, "\0\0", 2, 0), 2);
	close(fd);
	turns(w, 10);
	assert_int_equal(w->core.executed, 2);
}

static void test_garbage(void **state)
{
	static const char *const rows[] = { "GET / HTTP/1.1\r\n\r\n", "\xff\xff\xff\xff",
		"\x7f\x45LF    ", "status\n" };
	static const char bad_body[] = "\0\0\0\x05up\0x";
	struct world *w = *state;
	char buf[512];
	int fd;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		fd = client(w);
		assert_true(send(fd, rows[i], strlen(rows[i]), 0) > 0);
		hear(w, fd, buf, sizeof buf);
		assert_memory_equal(buf, "030 request of ", 15);
		assert_non_null(strstr(buf, "\n=030\n"));
		close(fd);
	}
	fd = client(w);
	assert_int_equal(send(fd, bad_body, sizeof bad_body, 0), sizeof bad_body);
	hear(w, fd, buf, sizeof buf);
	assert_non_null(strstr(buf, "\n=030\n"));
	close(fd);
	assert_int_equal(w->core.executed, 0);
}

static uint32_t dice = 1;

static uint32_t any_number(uint32_t below)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % below;
}

/* CVE-2018-5388: frames whose length says more or less than there is, with any octets. */
static void test_cve_2018_5388_lengths_that_lie(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 2, 3, 4, 19, 20, 21, 63, MS_WHACK_REQUEST_OCTETS - 1,
		MS_WHACK_REQUEST_OCTETS, MS_WHACK_REQUEST_OCTETS + 1, 0x7fffffff, 0x80000000,
		0xfffffffb, 0xfffffffc, 0xffffffff };
	struct world *w = *state;
	uint8_t frame[64];
	char buf[512];
	int fd;

	for (unsigned i = 0; i < 400; i++) {
		uint32_t n = lengths[any_number(sizeof lengths / sizeof *lengths)];
		size_t len = any_number(sizeof frame + 1);

		for (size_t k = 0; k < sizeof frame; k++)
			frame[k] = "up\0x=y\0=\xff"[any_number(10)];
		for (unsigned k = 0; k < 4; k++)
			frame[k] = (uint8_t)(n >> (24 - 8 * k));
		fd = client(w);
		assert_int_equal(send(fd, frame, len, MSG_NOSIGNAL), (ssize_t)len);
		turns(w, any_number(3));
		close(fd);
		turns(w, 2);
	}
	turns(w, 20);
	assert_int_equal(open_calls(&w->core), 0);
	fd = client(w);
	say(fd, "up", NULL, 0);
	hear(w, fd, buf, sizeof buf);
	assert_string_equal(buf, "=004\n");
	close(fd);
}

static void test_half_a_message(void **state)
{
	struct world *w = *state;
	char buf[64];
	int fd;

	set_key(w, "request_timeout", 100);
	fd = client(w);
	assert_int_equal(send(fd, "\0\0\0\x03up", 6, 0), 6);
	for (unsigned i = 0; i < 50; i++) {
		usleep(5000);
		turns(w, 2);
	}
	assert_int_equal(recv(fd, buf, sizeof buf, 0), 0);
	assert_int_equal(w->core.executed, 0);
	close(fd);
}

static void test_too_many(void **state)
{
	struct world *w = *state;
	char buf[256];
	int fd[4];

	set_key(w, "max_clients", 3);
	for (unsigned i = 0; i < 3; i++) {
		fd[i] = client(w);
		say(fd[i], "wait", NULL, 0);
	}
	turns(w, 10);
	fd[3] = client(w);
	hear(w, fd[3], buf, sizeof buf);
	assert_string_equal(buf, "001 too many commands at once\n=001\n");
	for (unsigned i = 0; i < 4; i++)
		close(fd[i]);
	turns(w, 10);
	assert_int_equal(open_calls(&w->core), 0);
	fd[0] = client(w);
	say(fd[0], "up", NULL, 0);
	hear(w, fd[0], buf, sizeof buf);
	assert_string_equal(buf, "=004\n");
	close(fd[0]);
}

static void test_flood_to_a_slow_reader(void **state)
{
	struct world *w = *state;
	size_t size = (size_t)FLOOD_LINES * 80;
	char *buf = malloc(size), *s;
	unsigned lines = 0;
	int fd = client(w);

	assert_non_null(buf);
	say(fd, "flood", NULL, 0);
	turns(w, 10);
	hear(w, fd, buf, size);
	for (s = buf; (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	assert_int_equal(lines, FLOOD_LINES + 1);
	assert_non_null(strstr(buf, "000 line 99999 of many"));
	assert_non_null(strstr(buf, "\n=004\n"));
	close(fd);
	free(buf);
}

static void test_who_does_not_read(void **state)
{
	struct world *w = *state;
	char buf[64];
	int fd[2];

	set_key(w, "max_pending", 64);
	fd[0] = client(w);
	say(fd[0], "flood", NULL, 0);
	turns(w, 10);
	set_key(w, "max_pending", 1 << 20);
	set_key(w, "write_timeout", 100);
	fd[1] = client(w);
	say(fd[1], "flood", NULL, 0);
	for (unsigned i = 0; i < 50; i++) {
		usleep(5000);
		turns(w, 2);
	}
	for (unsigned i = 0; i < 2; i++) {
		ssize_t n;
		size_t got = 0;

		while ((n = recv(fd[i], buf, sizeof buf, 0)) > 0)
			got += (size_t)n;
		assert_int_equal(n, 0);
		assert_true(got < 1000000); /* what the kernel had taken, no more */
		close(fd[i]);
	}
}

static void test_more_than_one_request(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	say(fd, "wait", NULL, 0);
	say(fd, "wait", NULL, 0);
	turns(w, 10);
	assert_int_equal(w->core.executed, 1);
	assert_int_equal(open_calls(&w->core), 0);
	close(fd);
}

static void test_stop_with_clients(void **state)
{
	struct world *w = *state;
	struct ms_why why = { "" };
	int a = client(w), b = client(w);
	char buf[64];

	say(a, "wait", NULL, 0);
	turns(w, 10);
	w->ops->stop(w->inst);
	assert_int_equal(open_calls(&w->core), 0);
	assert_int_equal(recv(b, buf, sizeof buf, 0), 0);
	assert_int_equal(access(w->path, F_OK), -1);
	assert_int_equal(w->ops->start(w->inst, &w->face_core, &why), MS_OK);
	close(a);
	close(b);
}

static void test_socket_in_the_way(void **state)
{
	struct world *w = *state;
	struct ms_why why = { "" };
	void *second;
	int fd;

	assert_int_equal(plugin->load(&second, &w->services, w->conf, &why), MS_OK);
	assert_int_equal(w->ops->start(second, &w->face_core, &why), MS_ERR_BUSY);
	assert_non_null(strstr(why.text, w->path));
	/* A stale socket is replaced, another file is not. */
	w->ops->stop(w->inst);
	fd = open(w->path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(w->ops->start(second, &w->face_core, &why), MS_ERR_SYSTEM);
	assert_int_equal(unlink(w->path), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	{
		struct sockaddr_un sa = { .sun_family = AF_UNIX };

		memcpy(sa.sun_path, w->path, sizeof sa.sun_path);
		assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	}
	close(fd);
	assert_int_equal(w->ops->start(second, &w->face_core, &why), MS_OK);
	plugin->unload(&second);
	assert_int_equal(w->ops->start(w->inst, &w->face_core, &why), MS_OK);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { T(test_socket_is_private), T(test_command),
		T(test_octet_by_octet), T(test_later_answer), T(test_client_vanishes),
		T(test_garbage), T(test_cve_2018_5388_lengths_that_lie), T(test_half_a_message), T(test_too_many),
		T(test_flood_to_a_slow_reader), T(test_who_does_not_read),
		T(test_more_than_one_request), T(test_stop_with_clients),
		T(test_socket_in_the_way) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

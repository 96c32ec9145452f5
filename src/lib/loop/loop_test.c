/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct seen {
	struct ms_loop *loop;
	struct ms_timer *timer;
	unsigned fired, worked, done;
	char lines[256];
	struct ms_process_result result;
	bool exited;
};

static void fire(void *arg)
{
	struct seen *s = arg;

	if (++s->fired < 3)
		ms_timer_set(s->timer, 1);
	else
		ms_timer_free(&s->timer); /* from its own callback */
}

static void test_timer(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };

	(void)state;
	s.timer = ms_timer_new(s.loop, fire, &s);
	ms_timer_set(s.timer, 1);
	ms_loop_run(s.loop);
	assert_int_equal(s.fired, 3);
	assert_null(s.timer);
	ms_loop_free(&s.loop);
	assert_null(s.loop);
}

static void fire_at_once(void *arg)
{
	struct seen *s = arg;

	assert_true(++s->fired < 1000); /* or the descriptor waits for ever */
	ms_timer_set(s->timer, 0);
}

static void something_to_read(void *arg, int fd, unsigned events)
{
	struct seen *s = arg;

	(void)fd;
	assert_int_equal(events, MS_READABLE);
	s->done++;
	ms_timer_free(&s->timer);
	ms_loop_stop(s->loop);
}

/* Work that is cut into pieces by a timer without a delay lets others have their turn. */
static void test_next_turn(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };
	struct ms_timer *never = ms_timer_new(s.loop, fire, &s);
	struct ms_watch *watch;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	watch = ms_watch_new(s.loop, fds[0], MS_READABLE, something_to_read, &s);
	s.timer = ms_timer_new(s.loop, fire_at_once, &s);
	ms_timer_set(never, 0);
	ms_timer_set(s.timer, 0);
	ms_timer_stop(never);
	ms_timer_free(&never);
	ms_loop_run(s.loop);
	assert_int_equal(s.done, 1);
	assert_true(s.fired > 0);
	ms_watch_free(&watch);
	close(fds[0]);
	close(fds[1]);
	ms_loop_free(&s.loop);
}

static void work(void *arg)
{
	struct seen *s = arg;

	s->worked++;
}

static void work_done(void *arg, bool cancelled)
{
	struct seen *s = arg;

	assert_false(cancelled);
	s->done++;
}

static void test_job(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };

	(void)state;
	assert_non_null(ms_job_submit(s.loop, work, work_done, &s));
	assert_int_equal(s.done, 0);
	ms_loop_run(s.loop);
	assert_int_equal(s.worked, 1);
	assert_int_equal(s.done, 1);
	ms_loop_free(&s.loop);
}

static void line(void *arg, const char *text)
{
	struct seen *s = arg;

	strcat(s->lines, text);
	strcat(s->lines, ";");
}

static void exited(void *arg, const struct ms_process_result *r)
{
	struct seen *s = arg;

	s->exited = true;
	s->result = *r;
}

static void run(struct seen *s, const char *script, uint64_t timeout_ms)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	const char *env[] = { "PATH=/usr/bin:/bin", "WHO=sunset", NULL };
	struct ms_process *p;

	assert_int_equal(ms_process_run(s->loop, &p, argv, env, timeout_ms, line, exited, s, NULL),
		MS_OK);
	ms_loop_run(s->loop);
	assert_true(s->exited);
}

static void test_process(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };

	(void)state;
	run(&s, "echo hello $WHO; echo two >&2; printf tail; exit 7", 0);
	assert_string_equal(s.lines, "hello sunset;two;tail;");
	assert_int_equal(s.result.exit_status, 7);
	assert_int_equal(s.result.signal, 0);
	ms_loop_free(&s.loop);
}

static void test_process_timeout(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };

	(void)state;
	run(&s, "sleep 20 & exec sleep 20", 50);
	assert_true(s.result.timed_out);
	assert_int_equal(s.result.signal, 9);
	ms_loop_free(&s.loop);
}

/* The time limit reaches what the child has started, too. */
static void test_process_group(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };
	char file[64], script[160];

	(void)state;
	snprintf(file, sizeof file, "/tmp/loop_test.%d", (int)getpid());
	snprintf(script, sizeof script, "(sleep 0.3; : > %s) & sleep 20; true", file);
	run(&s, script, 50);
	assert_true(s.result.timed_out);
	usleep(500000);
	assert_int_equal(access(file, F_OK), -1);
	ms_loop_free(&s.loop);
}

static void test_process_missing(void **state)
{
	const char *argv[] = { "/nonexistent/program", NULL };
	struct ms_loop *loop = ms_loop_new(2);
	struct ms_process *p;
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(ms_process_run(loop, &p, argv, NULL, 0, NULL, exited, NULL, &why),
		MS_ERR_SYSTEM);
	assert_non_null(strstr(why.text, "/nonexistent/program"));
	ms_loop_free(&loop);
}

static void ready(void *arg, int fd, unsigned events)
{
	struct seen *s = arg;
	char c;

	assert_int_equal(events, MS_READABLE);
	assert_int_equal(read(fd, &c, 1), 1);
	s->fired++;
	ms_loop_stop(s->loop);
}

static void test_watch(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };
	struct ms_watch *w;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	w = ms_watch_new(s.loop, fds[0], MS_READABLE, ready, &s);
	assert_int_equal(write(fds[1], "x", 1), 1);
	ms_loop_run(s.loop);
	assert_int_equal(s.fired, 1);
	ms_watch_free(&w);
	close(fds[0]);
	close(fds[1]);
	ms_loop_free(&s.loop);
}

static void drain(void *arg, int fd, unsigned events)
{
	struct seen *s = arg;
	char c;

	assert_true(events & MS_READABLE);
	if (recv(fd, &c, 1, MSG_DONTWAIT) == 1)
		s->fired++;
	else
		s->done++;
}

/* An error that the socket reports does not make the watch deaf. */
static void test_watch_after_error(void **state)
{
	struct seen s = { .loop = ms_loop_new(2) };
	struct sockaddr_in me = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in peer = me;
	socklen_t len = sizeof me;
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct ms_watch *w;

	(void)state;
	assert_int_equal(bind(a, (struct sockaddr *)&me, sizeof me), 0);
	assert_int_equal(getsockname(a, (struct sockaddr *)&me, &len), 0);
	assert_int_equal(bind(b, (struct sockaddr *)&peer, sizeof peer), 0);
	assert_int_equal(getsockname(b, (struct sockaddr *)&peer, &len), 0);
	assert_int_equal(connect(a, (struct sockaddr *)&peer, sizeof peer), 0);
	close(b);
	w = ms_watch_new(s.loop, a, MS_READABLE, drain, &s);
	assert_int_equal(send(a, "x", 1, 0), 1); /* nobody there: ECONNREFUSED comes back */
	for (unsigned i = 0; i < 100 && s.done == 0; i++) {
		usleep(1000);
		ms_loop_turn(s.loop, false);
	}
	assert_int_equal(s.done, 1);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(b, (struct sockaddr *)&peer, sizeof peer), 0);
	assert_int_equal(sendto(b, "y", 1, 0, (struct sockaddr *)&me, sizeof me), 1);
	for (unsigned i = 0; i < 100 && s.fired == 0; i++) {
		usleep(1000);
		ms_loop_turn(s.loop, false);
	}
	assert_int_equal(s.fired, 1);
	ms_watch_free(&w);
	close(a);
	close(b);
	ms_loop_free(&s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_next_turn),
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_process_timeout),
		cmocka_unit_test(test_process_group),
		cmocka_unit_test(test_process_missing),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_after_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

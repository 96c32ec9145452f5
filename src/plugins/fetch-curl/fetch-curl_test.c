/* SPDX-License-Identifier: Apache-2.0 */
/* Requests against a server in a thread of this test: answers, bounds, redirections, silence. */
#include <modswan/fetch.h>
#include <modswan/plugin.h>

#include "lib/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern const struct ms_plugin fetch_curl_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &fetch_curl_LTX_modswan_plugin;

/* --- the server --- */

struct server {
	int fd, port;
	pthread_t thread;
	int kept[64]; /* silent connections */
	atomic_uint n_kept;
};

static void say(int fd, const char *text)
{
	/* a client that has enough hangs up */
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void answer(struct server *s, int fd, const char *request)
{
	char head[4400];
	int n = 0;

	if (strncmp(request, "GET /ok ", 8) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	} else if (strncmp(request, "POST /echo ", 11) == 0) {
		const char *body = strstr(request, "\r\n\r\n");

		snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s%s",
			strlen(body + 4) + 5,
			strstr(request, "Content-Type: application/ocsp-request\r\n") ? "typed" :
											"plain",
			body + 4);
		say(fd, head);
	} else if (strncmp(request, "GET /big ", 9) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
	} else if (strncmp(request, "GET /endless ", 13) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n\r\n");
		for (int i = 0; i < 300; i++)
			say(fd, "0123456789");
	} else if (sscanf(request, "GET /again%d ", &n) == 1) {
		char to[32] = "ok";

		if (n > 0)
			snprintf(to, sizeof to, "again%d", n - 1);
		snprintf(head, sizeof head,
			"HTTP/1.1 302 Found\r\nLocation: /%s\r\nContent-Length: 0\r\n\r\n", to);
		say(fd, head);
	} else if (strncmp(request, "GET /file ", 10) == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");
	} else if (strncmp(request, "GET /silent ", 12) == 0) {
		s->kept[s->n_kept++] = fd;
		return;
	} else {
		say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	}
	close(fd);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	char request[4096];

	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		size_t used = 0;

		if (fd < 0)
			return NULL;
		/* a request of these is one segment, but its body may come by itself */
		while (used < sizeof request - 1) {
			ssize_t n = read(fd, request + used, sizeof request - 1 - used);
			const char *end;

			if (n <= 0)
				break;
			used += (size_t)n;
			request[used] = '\0';
			end = strstr(request, "\r\n\r\n");
			if (end != NULL && (strncmp(request, "POST", 4) != 0 || end[4] != '\0'))
				break;
		}
		request[used] = '\0';
		answer(s, fd, request);
	}
}

static void server_start(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s->fd, 64), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	for (unsigned i = 0; i < s->n_kept; i++)
		close(s->kept[i]);
}

/* --- the world --- */

struct world {
	struct server server;
	struct ms_loop *loop;
	struct ms_logger log;
	struct ms_services services;
	void *conf, *inst;
	const struct ms_fetch_ops *ops;
};

struct outcome {
	unsigned calls;
	ms_err err;
	char text[4096];
	struct ms_why why;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ms_why why = { "" };

	assert_non_null(w);
	server_start(&w->server);
	w->loop = ms_loop_new(1);
	w->log.source = MS_SOURCE_CREDS;
	w->services = (struct ms_services){ .size = sizeof w->services, .loop = w->loop,
		.log = &w->log };
	w->conf = calloc(1, plugin->conf_size);
	assert_true(ms_conf_defaults(plugin->keys, w->conf));
	assert_int_equal(plugin->load(&w->inst, &w->services, w->conf, &why), MS_OK);
	w->ops = plugin->features[0].ops;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	plugin->unload(&w->inst);
	assert_null(w->inst);
	ms_loop_free(&w->loop);
	ms_conf_free(plugin->keys, w->conf);
	free(w->conf);
	server_stop(&w->server);
	free(w);
	return 0;
}

static void take(void *arg, ms_err err, struct ms_bytes octets, const struct ms_why *why)
{
	struct outcome *o = arg;

	o->calls++;
	o->err = err;
	if (octets.len > 0)
		memcpy(o->text, octets.ptr, octets.len);
	o->text[octets.len] = '\0';
	if (why != NULL)
		o->why = *why;
}

static ms_err ask(struct world *w, const char *path, const char *body, uint64_t timeout_ms,
	struct outcome *o, struct ms_fetch **f)
{
	char url[256];
	struct ms_fetch_request r = { .url = url, .max_octets = 1000, .timeout_ms = timeout_ms };

	if (body != NULL) {
		r.body = ms_bytes(body, strlen(body));
		r.content_type = "application/ocsp-request";
	}
	snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", w->server.port, path);
	memset(o, 0, sizeof *o);
	return w->ops->get(w->inst, &r, f, take, o, &o->why);
}

static void wait_for(struct world *w, struct outcome *o)
{
	while (o->calls == 0)
		ms_loop_turn(w->loop, true);
	assert_int_equal(o->calls, 1);
}

static ms_err outcome_of(struct world *w, const char *path, const char *body, struct outcome *o)
{
	struct ms_fetch *f = NULL;

	assert_int_equal(ask(w, path, body, 20000, o, &f), MS_OK);
	assert_int_equal(o->calls, 0);
	wait_for(w, o);
	return o->err;
}

/* --- tests --- */

static void test_answers(void **state)
{
	struct world *w = *state;
	struct outcome o;

	assert_int_equal(outcome_of(w, "ok", NULL, &o), MS_OK);
	assert_string_equal(o.text, "hello");
	assert_int_equal(outcome_of(w, "echo", "octets", &o), MS_OK);
	assert_string_equal(o.text, "typedoctets");
	assert_int_equal(outcome_of(w, "nothing", NULL, &o), MS_ERR_NOT_FOUND);
	assert_non_null(strstr(o.why.text, "HTTP status 404"));
}

static void test_bounds(void **state)
{
	struct world *w = *state;
	struct outcome o;

	assert_int_equal(outcome_of(w, "big", NULL, &o), MS_ERR_LIMIT);
	assert_int_equal(outcome_of(w, "endless", NULL, &o), MS_ERR_LIMIT);
	assert_non_null(strstr(o.why.text, "more than 1000 octets"));
}

static void test_redirections(void **state)
{
	struct world *w = *state;
	struct outcome o;

	/* again2 -> again1 -> again0 -> ok: three */
	assert_int_equal(outcome_of(w, "again2", NULL, &o), MS_OK);
	assert_string_equal(o.text, "hello");
	assert_int_equal(outcome_of(w, "again3", NULL, &o), MS_ERR_SYSTEM);
	assert_int_equal(outcome_of(w, "file", NULL, &o), MS_ERR_SYSTEM);
	assert_string_equal(o.text, "");
}

static void test_refused(void **state)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/x", "", "http:/x",
		"ldap://127.0.0.1/cn=x", "httpx://127.0.0.1/", "//127.0.0.1/" };
	struct world *w = *state;
	struct ms_fetch *f = NULL;
	struct outcome o = { 0 };
	char *endless = malloc(MS_FETCH_URL_MAX + 20);

	for (unsigned i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct ms_fetch_request r = { .url = urls[i], .max_octets = 9, .timeout_ms = 9 };

		assert_int_equal(
			w->ops->get(w->inst, &r, &f, take, &o, &o.why), MS_ERR_UNSUPPORTED);
	}
	assert_non_null(endless);
	memset(endless, 'x', MS_FETCH_URL_MAX + 19);
	endless[MS_FETCH_URL_MAX + 19] = '\0';
	memcpy(endless, "http://", 7);
	{
		struct ms_fetch_request r = { .url = endless, .max_octets = 9, .timeout_ms = 9 };

		assert_int_equal(w->ops->get(w->inst, &r, &f, take, &o, &o.why), MS_ERR_LIMIT);
	}
	free(endless);
	assert_null(f);
	assert_int_equal(o.calls, 0);
}

/* A silent server: the loop goes on, others are answered meanwhile, and the time limit holds, for
 * those that waited too. */
static void test_silence(void **state)
{
	struct world *w = *state;
	struct ms_fetch *f[12];
	struct outcome silent[10], other;
	uint64_t began = ms_loop_now_ms(w->loop);

	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(ask(w, "silent", NULL, 3000, &silent[i], &f[i]), MS_OK);
	assert_int_equal(outcome_of(w, "ok", NULL, &other), MS_OK);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(silent[i].calls, 0);
	/* eight at once: the last two of these wait for their turn, and their time runs too */
	for (unsigned i = 7; i < 10; i++)
		assert_int_equal(ask(w, "silent", NULL, 3000, &silent[i], &f[i]), MS_OK);
	for (unsigned i = 0; i < 10; i++)
		wait_for(w, &silent[i]);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(silent[i].err, MS_ERR_TIMEOUT);
	assert_true(ms_loop_now_ms(w->loop) - began >= 3000);
	assert_true(w->server.n_kept >= 8);
}

static void test_cancel(void **state)
{
	struct world *w = *state;
	struct ms_fetch *f = NULL, *left = NULL;
	struct outcome o, still;

	assert_int_equal(ask(w, "silent", NULL, 20000, &o, &f), MS_OK);
	assert_int_equal(ask(w, "silent", NULL, 20000, &still, &left), MS_OK);
	while (w->server.n_kept < 2)
		ms_loop_turn(w->loop, true);
	w->ops->cancel(w->inst, &f);
	assert_null(f);
	w->ops->cancel(w->inst, &f);
	/* `still` is under way when the plugin is unloaded: nobody is called */
	assert_int_equal(o.calls + still.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_redirections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a name server in a thread of this test, which answers, fails, is silent, or has more
 * to say than fits.  Signatures are tested with a real server: testing/scenarios/dns-peers.
 */
#include <modswan/plugin.h>
#include <modswan/resolver.h>

#include "lib/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern const struct ms_plugin resolver_unbound_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &resolver_unbound_LTX_modswan_plugin;

/* --- the server ---------------------------------------------------------------------------------- */

static struct {
	int udp, tcp, port;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint ok_questions, tcp_questions;
} server;

struct message {
	uint8_t b[65536];
	size_t len;
	unsigned answers;
};

static void put(struct message *m, const void *data, size_t len)
{
	memcpy(m->b + m->len, data, len);
	m->len += len;
}

static void put16(struct message *m, unsigned v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(m, b, 2);
}

/* owner NULL: the question's name */
static void record(struct message *m, const char *owner, unsigned type, const void *data, size_t len)
{
	if (owner == NULL)
		put(m, "\xc0\x0c", 2);
	else
		put(m, owner, strlen(owner) + 1);
	put16(m, type);
	put16(m, 1);
	put(m, "\0\0\0\x4d", 4); /* 77 s */
	put16(m, (unsigned)len);
	put(m, data, len);
	m->answers++;
}

static void answer_for(struct message *m, const char *name, unsigned type, bool tcp)
{
	static const char addr[] = "\xc0\0\2\1";
	uint8_t text[201];

	if (strcasecmp(name, "nx.home") == 0) {
		m->b[3] |= 3;
	} else if (strcasecmp(name, "servfail.home") == 0) {
		m->b[3] |= 2;
	} else if (strcasecmp(name, "refused.home") == 0) {
		m->b[3] |= 5;
	} else if (strcasecmp(name, "ok.home") == 0 && type == MS_DNS_A) {
		server.ok_questions++;
		record(m, NULL, type, addr, 4);
	} else if (strcasecmp(name, "alias.home") == 0 && type == MS_DNS_A) {
		record(m, NULL, 5, "\2ok\4home\0", 9);
		record(m, "\2ok\4home", type, addr, 4);
	} else if (strcasecmp(name, "loop.home") == 0) {
		record(m, NULL, 5, "\4loop\4home\0", 11);
	} else if (strcasecmp(name, "big.home") == 0 && type == MS_DNS_TXT) {
		if (!tcp) {
			m->b[2] |= 2; /* TC */
			return;
		}
		for (unsigned i = 0; i < 50; i++) {
			memset(text, 'a' + (int)(i % 26), sizeof text);
			text[0] = 200;
			text[1] = (uint8_t)('0' + i);
			record(m, NULL, type, text, sizeof text);
		}
	} else if (strcasecmp(name, "huge.home") == 0 && type == MS_DNS_A) {
		if (!tcp) {
			m->b[2] |= 2;
			return;
		}
		for (unsigned i = 0; i < 3000; i++) {
			uint8_t a[4] = { 10, 1, (uint8_t)(i >> 8), (uint8_t)i };

			record(m, NULL, type, a, 4);
		}
	}
}

/* The answer's octets; 0: silence. */
static size_t serve(struct message *m, const uint8_t *q, size_t len, bool tcp)
{
	char name[256] = "";
	size_t at = 12, used = 0;
	unsigned type;

	if (len < 17)
		return 0;
	while (at < len && q[at] != 0 && at + q[at] < len && used + q[at] + 2u < sizeof name) {
		if (used > 0)
			name[used++] = '.';
		memcpy(name + used, q + at + 1, q[at]);
		used += q[at];
		at += q[at] + 1u;
	}
	name[used] = '\0';
	type = (unsigned)q[at + 1] << 8 | q[at + 2];
	if (strncasecmp(name, "silent", 6) == 0)
		return 0;
	server.tcp_questions += tcp;
	memset(m, 0, 12);
	m->len = m->answers = 0;
	put(m, q, at + 5);
	m->b[2] = 0x85; /* an answer, authoritative, recursion desired */
	m->b[3] = 0x80;
	m->b[4] = 0, m->b[5] = 1;
	memset(m->b + 6, 0, 6);
	answer_for(m, name, type, tcp);
	m->b[6] = (uint8_t)(m->answers >> 8);
	m->b[7] = (uint8_t)m->answers;
	return m->len;
}

static void serve_tcp(struct message *m)
{
	static uint8_t q[4096];
	int fd = accept(server.tcp, NULL, NULL);
	struct timeval patience = { 5, 0 };
	uint8_t head[2];
	size_t len, got = 0;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (recv(fd, head, 2, MSG_WAITALL) == 2 &&
		(got = (size_t)head[0] << 8 | head[1]) <= sizeof q &&
		recv(fd, q, got, MSG_WAITALL) == (ssize_t)got &&
		(len = serve(m, q, got, true)) > 0) {
		head[0] = (uint8_t)(len >> 8);
		head[1] = (uint8_t)len;
		if (send(fd, head, 2, MSG_NOSIGNAL) == 2)
			(void)!send(fd, m->b, len, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *serving(void *arg)
{
	static struct message m;
	static uint8_t q[4096];

	(void)arg;
	while (!server.stop) {
		struct pollfd p[2] = { { server.udp, POLLIN, 0 }, { server.tcp, POLLIN, 0 } };
		struct sockaddr_in from;
		socklen_t from_len = sizeof from;

		if (poll(p, 2, 50) <= 0)
			continue;
		if (p[0].revents) {
			ssize_t n = recvfrom(server.udp, q, sizeof q, 0, (struct sockaddr *)&from,
				&from_len);
			size_t len = n > 0 ? serve(&m, q, (size_t)n, false) : 0;

			if (len > 0)
				(void)!sendto(server.udp, m.b, len, 0, (struct sockaddr *)&from,
					from_len);
		}
		if (p[1].revents)
			serve_tcp(&m);
	}
	return NULL;
}

static int server_start(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	(void)state;
	for (unsigned tries = 0; tries < 50; tries++) {
		server.udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		server.tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		a.sin_port = 0;
		if (bind(server.udp, (struct sockaddr *)&a, sizeof a) == 0 &&
			getsockname(server.udp, (struct sockaddr *)&a, &len) == 0 &&
			bind(server.tcp, (struct sockaddr *)&a, sizeof a) == 0 &&
			listen(server.tcp, 16) == 0) {
			server.port = ntohs(a.sin_port);
			return pthread_create(&server.thread, NULL, serving, NULL);
		}
		close(server.udp);
		close(server.tcp);
	}
	return -1;
}

static int server_stop(void **state)
{
	(void)state;
	server.stop = true;
	pthread_join(server.thread, NULL);
	close(server.udp);
	close(server.tcp);
	return 0;
}

/* --- asking -------------------------------------------------------------------------------------- */

static struct ms_loop *loop;
static const struct ms_logger lg = { NULL, MS_SOURCE_NET, NULL, NULL, NULL };
static struct ms_services services = { .size = sizeof services, .log = &lg };
static const struct ms_resolver_ops *ops;
static void *inst, *conf;

/* setting NULL: none */
static void begin(const char *setting, const char *value)
{
	char forwarder[64];
	struct ms_why why = { "" };

	loop = ms_loop_new(1);
	assert_non_null(loop);
	services.loop = loop;
	ops = plugin->features[0].ops;
	conf = calloc(1, plugin->conf_size);
	assert_non_null(conf);
	assert_true(ms_conf_defaults(plugin->keys, conf));
	snprintf(forwarder, sizeof forwarder, "127.0.0.1@%d", server.port);
	assert_int_equal(
		ms_conf_set(ms_conf_find(plugin->keys, "forwarders"), conf, forwarder, &why), MS_OK);
	assert_int_equal(ms_conf_set(ms_conf_find(plugin->keys, "hosts"), conf, "none", &why), MS_OK);
	assert_int_equal(
		ms_conf_set(ms_conf_find(plugin->keys, "trust_anchor_file"), conf, "none", &why),
		MS_OK);
	if (setting != NULL)
		assert_int_equal(ms_conf_set(ms_conf_find(plugin->keys, setting), conf, value, &why),
			MS_OK);
	assert_int_equal(plugin->load(&inst, &services, conf, &why), MS_OK);
}

static void end(void)
{
	plugin->unload(&inst);
	ms_conf_free(plugin->keys, conf);
	free(conf);
	ms_loop_free(&loop);
}

struct got {
	unsigned times, n;
	ms_err err;
	enum ms_dns_status status;
	uint32_t ttl_s;
	char canonical[MS_DNS_NAME_MAX + 1];
	size_t octets;
	uint8_t first[16];
	struct ms_why why;
};

static void came(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	struct got *g = arg;

	g->times++;
	g->err = err;
	g->n = a->n;
	g->status = a->status;
	g->ttl_s = a->ttl_s;
	g->why = *why;
	strcpy(g->canonical, a->canonical);
	for (unsigned i = 0; i < a->n; i++)
		g->octets += a->records[i].len;
	if (a->n > 0 && a->records[0].len <= sizeof g->first)
		memcpy(g->first, a->records[0].ptr, a->records[0].len);
}

static struct ms_dns_query *begin_ask(struct got *g, const char *name, uint16_t type)
{
	struct ms_dns_query *q = NULL;
	struct ms_why why = { "" };

	memset(g, 0, sizeof *g);
	assert_int_equal(ops->ask(inst, name, type, 0, &q, came, g, &why), MS_OK);
	assert_non_null(q);
	assert_int_equal(g->times, 0);
	return q;
}

static ms_err ask(struct got *g, const char *name, uint16_t type)
{
	(void)begin_ask(g, name, type);
	while (g->times == 0)
		ms_loop_turn(loop, true);
	return g->err;
}

static void answers(void **state)
{
	struct got g;

	(void)state;
	begin(NULL, NULL);
	assert_int_equal(ask(&g, "ok.home", MS_DNS_A), MS_OK);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.octets, 4);
	assert_memory_equal(g.first, "\xc0\0\2\1", 4);
	assert_in_range(g.ttl_s, 70, 77);
	assert_int_equal(g.status, MS_DNS_INSECURE);
	assert_string_equal(g.canonical, "ok.home");
	assert_int_equal(ask(&g, "alias.home.", MS_DNS_A), MS_OK);
	assert_string_equal(g.canonical, "ok.home");
	assert_int_equal(ask(&g, "ok.home", MS_DNS_AAAA), MS_ERR_NOT_FOUND);
	assert_non_null(strstr(g.why.text, "no AAAA record"));
	assert_int_equal(ask(&g, "nx.home", MS_DNS_A), MS_ERR_NOT_FOUND);
	assert_non_null(strstr(g.why.text, "knows no name"));
	end();
}

static void too_much(void **state)
{
	struct got g;
	unsigned before = server.tcp_questions;

	(void)state;
	begin(NULL, NULL);
	/* truncated: asked for again over TCP */
	assert_int_equal(ask(&g, "big.home", MS_DNS_TXT), MS_OK);
	assert_int_equal(g.n, 50);
	assert_int_equal(g.octets, 50 * 201);
	assert_true(server.tcp_questions > before);
	assert_int_equal(ask(&g, "huge.home", MS_DNS_A), MS_ERR_LIMIT);
	assert_int_equal(g.n, 0);
	end();
	begin("octets", "5000");
	assert_int_equal(ask(&g, "big.home", MS_DNS_TXT), MS_ERR_LIMIT);
	end();
}

static void troubles(void **state)
{
	struct got g;

	(void)state;
	begin("timeout", "2s");
	assert_int_equal(ask(&g, "silent.home", MS_DNS_A), MS_ERR_TIMEOUT);
	assert_non_null(strstr(g.why.text, "silent.home"));
	end();
	begin(NULL, NULL);
	assert_int_equal(ask(&g, "servfail.home", MS_DNS_A), MS_ERR_SYSTEM);
	assert_int_equal(ask(&g, "refused.home", MS_DNS_A), MS_ERR_SYSTEM);
	assert_int_equal(ask(&g, "loop.home", MS_DNS_A), MS_ERR_SYSTEM);
	end();
}

static void bounds(void **state)
{
	struct got g[16];
	struct ms_dns_query *q[16], *more;
	struct ms_why why = { "" };
	unsigned before;

	(void)state;
	begin("outstanding", "3");
	/* equal ones are one */
	before = server.ok_questions;
	for (unsigned i = 0; i < 16; i++)
		q[i] = begin_ask(&g[i], i % 2 ? "OK.home" : "ok.home.", MS_DNS_A);
	ops->cancel(inst, &q[0]);
	ops->cancel(inst, &q[7]);
	assert_null(q[7]);
	while (g[15].times == 0)
		ms_loop_turn(loop, true);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(g[i].times, i != 0 && i != 7);
	assert_int_equal(server.ok_questions, before + 1);
	/* different ones count */
	q[0] = begin_ask(&g[0], "silent1.home", MS_DNS_A);
	q[1] = begin_ask(&g[1], "silent2.home", MS_DNS_A);
	q[2] = begin_ask(&g[2], "silent2.home", MS_DNS_AAAA);
	assert_int_equal(ops->ask(inst, "silent3.home", MS_DNS_A, 0, &more, came, &g[3], &why),
		MS_ERR_LIMIT);
	ops->cancel(inst, &q[1]);
	q[3] = begin_ask(&g[3], "ok.home", MS_DNS_A);
	while (g[3].times == 0)
		ms_loop_turn(loop, true);
	assert_int_equal(g[3].err, MS_OK);
	assert_int_equal(ops->ask(inst, "no name", MS_DNS_A, 0, &more, came, &g[3], &why),
		MS_ERR_TEXT);
	assert_int_equal(ops->ask(inst, "", MS_DNS_A, 0, &more, came, &g[3], &why), MS_ERR_TEXT);
	/* two are under way at the end */
	end();
	assert_int_equal(g[0].times, 0);
	assert_int_equal(g[2].times, 0);
}

static struct got inner;
static struct ms_dns_query *victim;

static void asks_again(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	came(arg, err, a, why);
	(void)begin_ask(&inner, "ok.home", MS_DNS_A);
	ops->cancel(inst, &victim);
}

/* From a callback: another question, and taking back one of the same name. */
static void from_inside(void **state)
{
	struct got g = { 0 }, other;
	struct ms_dns_query *q;
	struct ms_why why = { "" };

	(void)state;
	begin(NULL, NULL);
	assert_int_equal(ops->ask(inst, "ok.home", MS_DNS_A, 0, &q, asks_again, &g, &why), MS_OK);
	victim = begin_ask(&other, "ok.home", MS_DNS_A);
	while (g.times == 0 || inner.times == 0)
		ms_loop_turn(loop, true);
	assert_int_equal(g.err, MS_OK);
	assert_int_equal(inner.err, MS_OK);
	assert_int_equal(other.times, 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(too_much),
		cmocka_unit_test(troubles),
		cmocka_unit_test(bounds),
		cmocka_unit_test(from_inside),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}

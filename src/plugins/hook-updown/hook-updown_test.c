/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/log/sink.h"
#include "lib/loop/loop.h"

#include "updown.h"

#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct ms_plugin hook_updown_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &hook_updown_LTX_modswan_plugin;

struct world {
	struct ms_loop *loop;
	struct ms_logger log;
	struct ms_services services;
	const struct ms_hook_ops *ops;
	void *conf, *inst;
	char dir[32];
	char lines[2048];
	unsigned done;
	ms_err err;
	struct ms_why why;
};

static void tap(void *arg, const struct ms_logger *lg, enum ms_log_level level, const char *prefix,
	const char *text)
{
	struct world *w = arg;
	size_t n = strlen(w->lines);

	(void)lg;
	(void)level;
	(void)prefix;
	snprintf(w->lines + n, sizeof w->lines - n, "%s\n", text);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ms_why why = { "" };

	assert_non_null(w);
	strcpy(w->dir, "/tmp/updownXXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->loop = ms_loop_new(1);
	w->log.source = MS_SOURCE_HOOK;
	w->services.size = sizeof w->services;
	w->services.loop = w->loop;
	w->services.log = &w->log;
	w->conf = calloc(1, plugin->conf_size);
	assert_true(ms_conf_defaults(plugin->keys, w->conf));
	assert_int_equal(plugin->load(&w->inst, &w->services, w->conf, &why), MS_OK);
	w->ops = plugin->features[0].ops;
	ms_log_tap(tap, w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char cmd[64];

	plugin->unload(&w->inst);
	ms_log_tap(NULL, NULL);
	ms_loop_free(&w->loop);
	ms_conf_free(plugin->keys, w->conf);
	free(w->conf);
	snprintf(cmd, sizeof cmd, "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
	free(w);
	return 0;
}

static void set(struct world *w, const char *key, const char *value)
{
	assert_int_equal(ms_conf_set(ms_conf_find(plugin->keys, key), w->conf, value, NULL), MS_OK);
}

static void on_done(void *arg, ms_err err, const struct ms_why *why)
{
	struct world *w = arg;

	w->done++;
	w->err = err;
	if (why != NULL)
		w->why = *why;
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, 0, NULL), MS_OK);
	return a;
}

static struct ms_selector selector(const char *text)
{
	struct ms_selector s;

	assert_int_equal(ms_selector_parse(&s, text, strlen(text), 0, 0, NULL), MS_OK);
	return s;
}

static struct ms_hook_event event(const char *command)
{
	struct ms_hook_event e = {
		.verb = MS_HOOK_ROUTE,
		.connection = "net1",
		.command = command,
		.interface = "ipsec0",
		.stack = "klips",
		.me = addr("192.0.2.9"),
		.peer = addr("198.51.100.7"),
		.next_hop = addr("192.0.2.1"),
		.my_id = "@west",
		.peer_id = "@east",
		.my_client = selector("10.0.1.0/24/17/1701"),
		.peer_client = selector("10.0.2.0/24/6/1000-2000"),
		.client = true,
		.tunnel = true,
		.policy = "PSK+ENCRYPT",
	};

	return e;
}

static void wait_done(struct world *w, unsigned n)
{
	for (unsigned i = 0; i < 5000 && w->done < n; i++) {
		ms_loop_turn(w->loop, false);
		usleep(1000);
	}
	assert_int_equal(w->done, n);
}

static ms_err run(struct world *w, const struct ms_hook_event *e)
{
	w->done = 0;
	w->lines[0] = '\0';
	w->why.text[0] = '\0';
	w->ops->event(w->inst, e, on_done, w);
	wait_done(w, 1);
	return w->err;
}

static const char *get(char **env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* --- what the script is told -------------------------------------------------------------------
 */

static void test_environment(void **state)
{
	static const char *const want[][2] = { { "PLUTO_VERSION", "2.0" },
		{ "PLUTO_VERB", "route-client" }, { "PLUTO_CONNECTION", "net1" },
		{ "PLUTO_INTERFACE", "ipsec0" }, { "PLUTO_STACK", "klips" },
		{ "PLUTO_PROTO_STACK", "klips" }, { "PLUTO_NEXT_HOP", "192.0.2.1" },
		{ "PLUTO_ME", "192.0.2.9" }, { "PLUTO_MY_ID", "@west" },
		{ "PLUTO_MY_CLIENT", "10.0.1.0/24" }, { "PLUTO_MY_CLIENT_NET", "10.0.1.0" },
		{ "PLUTO_MY_CLIENT_MASK", "255.255.255.0" }, { "PLUTO_MY_PORT", "1701" },
		{ "PLUTO_MY_CLIENT_NETWORKS", "10.0.1.0/24" }, { "PLUTO_MY_PROTOCOL", "17" },
		{ "PLUTO_MY_SOURCEIP", "" }, { "PLUTO_PEER", "198.51.100.7" },
		{ "PLUTO_PEER_ID", "@east" }, { "PLUTO_PEER_CLIENT", "10.0.2.0/24" },
		{ "PLUTO_PEER_CLIENT_NET", "10.0.2.0" },
		{ "PLUTO_PEER_CLIENT_MASK", "255.255.255.0" },
		{ "PLUTO_PEER_CLIENT_NETWORKS", "10.0.2.0/24" }, { "PLUTO_PEER_PORT", "1000-2000" },
		{ "PLUTO_PEER_PROTOCOL", "6" }, { "PLUTO_PEER_CA", "" },
		{ "PLUTO_CONN_POLICY", "PSK+ENCRYPT" }, { "PLUTO_CONN_ADDRFAMILY", "ipv4" },
		{ "PLUTO_CONNECTION_TYPE", "tunnel" }, { "PLUTO_METRIC", "" },
		{ "PLUTO_MTU", "1300" }, { "PLUTO_FIREWALL", "no" }, { "PLUTO_XAUTH_USERNAME", "" },
		{ "PLUTO_SAREF_TRACKING", "no" }, { "PLUTO_IS_PEER_CISCO", "0" },
		{ "PLUTO_CISCO_DNS_INFO", "192.0.2.53 2001:db8::53" },
		{ "PLUTO_CISCO_DOMAIN_INFO", "" },
		{ "PLUTO_PEER_DNS_INFO", "192.0.2.53 2001:db8::53" },
		{ "PLUTO_PEER_DOMAIN_INFO", "" },
		{ "PLUTO_PEER_BANNER", "" }, { "PLUTO_NM_CONFIGURED", "0" },
		{ "TEST_OF_OURS", "stays" } };
	struct ms_hook_event e = event(NULL);
	unsigned pluto = 0;
	char **env;

	e.dns = "192.0.2.53 2001:db8::53";

	(void)state;
	setenv("PLUTO_OLD", "1", 1);
	setenv("TEST_OF_OURS", "stays", 1);
	e.mtu = 1300;
	env = updown_env(&e);
	assert_non_null(env);
	for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
		assert_non_null(get(env, want[i][0]));
		assert_string_equal(get(env, want[i][0]), want[i][1]);
	}
	for (char **s = env; *s != NULL; s++)
		pluto += strncmp(*s, "PLUTO_", 6) == 0;
	assert_int_equal(pluto, sizeof want / sizeof *want - 1);
	updown_env_free(&env);
	assert_null(env);
	updown_env_free(&env);
}

static void test_networks(void **state)
{
	static const char *const rows[][2] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.0.0.1-10.0.0.1", "10.0.0.1/32" },
		{ "10.0.0.1-10.0.0.4", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/32" },
		{ "0.0.0.1-255.255.255.255",
			"0.0.0.1/32 0.0.0.2/31 0.0.0.4/30 0.0.0.8/29 0.0.0.16/28 0.0.0.32/27 "
			"0.0.0.64/26 0.0.0.128/25 0.0.1.0/24 0.0.2.0/23 0.0.4.0/22 0.0.8.0/21 "
			"0.0.16.0/20 0.0.32.0/19 0.0.64.0/18 0.0.128.0/17 0.1.0.0/16 0.2.0.0/15 "
			"0.4.0.0/14 0.8.0.0/13 0.16.0.0/12 0.32.0.0/11 0.64.0.0/10 0.128.0.0/9 "
			"1.0.0.0/8 2.0.0.0/7 4.0.0.0/6 8.0.0.0/5 16.0.0.0/4 32.0.0.0/3 64.0.0.0/2 "
			"128.0.0.0/1" },
		{ "2001:db8::-2001:db8::2", "2001:db8::/127 2001:db8::2/128" },
		{ "::/0", "::/0" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ms_selector s = selector(rows[i][0]);
		char *list = updown_networks(&s.range);

		assert_non_null(list);
		assert_string_equal(list, rows[i][1]);
		free(list);
	}
}

/* An identity that a peer chose reaches the script whole, and nobody reads it as a command. */
static void test_hostile_words(void **state)
{
	static const char *const hostile[] = { "'; : > hurt; '", "`: > hurt`", "$(: > hurt)",
		"\"; : > hurt; \"", "a\nPLUTO_VERB=up\n: > hurt", "-e\t; : > hurt" };
	struct world *w = *state;
	char command[128], hurt[64];

	snprintf(command, sizeof command, "cd %s && printf '<%%s>\\n' \"$PLUTO_PEER_ID\"", w->dir);
	snprintf(hurt, sizeof hurt, "%s/hurt", w->dir);
	for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct ms_hook_event e = event(command);
		char want[128];

		e.peer_id = hostile[i];
		e.connection = hostile[i];
		assert_int_equal(run(w, &e), MS_OK);
		snprintf(want, sizeof want, "route-client output: <%s>\n", hostile[i]);
		if (i < 4)
			assert_non_null(strstr(w->lines, want));
		assert_int_equal(access(hurt, F_OK), -1);
	}
	assert_non_null(strstr(w->lines, "<-e\\011; : > hurt>"));
}

/* --- every step through a shell ---------------------------------------------------------------- */

struct side {
	const char *me, *peer, *next_hop, *source, *mine, *theirs; /* of the event */
	const char *words; /* what the script is told of them */
};

static void fill(struct ms_hook_event *e, const struct side *s)
{
	e->me = addr(s->me);
	e->peer = addr(s->peer);
	e->next_hop = addr(s->next_hop);
	e->source_ip = addr(s->source);
	e->my_client = selector(s->mine);
	e->peer_client = selector(s->theirs);
}

static const struct side sides[2][2] = {
	{ { "192.0.2.9", "198.51.100.7", "192.0.2.1", "192.0.2.9", "192.0.2.9/32", "198.51.100.7/32",
		  "PLUTO_ME=192.0.2.9\nPLUTO_MY_CLIENT=192.0.2.9/32\n"
		  "PLUTO_MY_CLIENT_MASK=255.255.255.255\nPLUTO_MY_CLIENT_NET=192.0.2.9\n"
		  "PLUTO_MY_CLIENT_NETWORKS=192.0.2.9/32\nPLUTO_MY_PORT=0\nPLUTO_MY_PROTOCOL=0\n"
		  "PLUTO_MY_SOURCEIP=192.0.2.9\nPLUTO_NEXT_HOP=192.0.2.1\n"
		  "PLUTO_PEER=198.51.100.7\nPLUTO_PEER_CLIENT=198.51.100.7/32\n"
		  "PLUTO_PEER_CLIENT_MASK=255.255.255.255\nPLUTO_PEER_CLIENT_NET=198.51.100.7\n"
		  "PLUTO_PEER_CLIENT_NETWORKS=198.51.100.7/32\nPLUTO_PEER_PORT=0\n"
		  "PLUTO_PEER_PROTOCOL=0\n" },
		{ "2001:db8::9", "2001:db8:1::7", "fe80::1", "2001:db8::9", "2001:db8::9/128",
			"2001:db8:1::7/128",
			"PLUTO_ME=2001:db8::9\nPLUTO_MY_CLIENT=2001:db8::9/128\n"
			"PLUTO_MY_CLIENT_MASK=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n"
			"PLUTO_MY_CLIENT_NET=2001:db8::9\n"
			"PLUTO_MY_CLIENT_NETWORKS=2001:db8::9/128\nPLUTO_MY_PORT=0\n"
			"PLUTO_MY_PROTOCOL=0\nPLUTO_MY_SOURCEIP=2001:db8::9\n"
			"PLUTO_NEXT_HOP=fe80::1\nPLUTO_PEER=2001:db8:1::7\n"
			"PLUTO_PEER_CLIENT=2001:db8:1::7/128\n"
			"PLUTO_PEER_CLIENT_MASK=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n"
			"PLUTO_PEER_CLIENT_NET=2001:db8:1::7\n"
			"PLUTO_PEER_CLIENT_NETWORKS=2001:db8:1::7/128\nPLUTO_PEER_PORT=0\n"
			"PLUTO_PEER_PROTOCOL=0\n" } },
	{ { "192.0.2.9", "198.51.100.7", "192.0.2.1", "10.0.1.1", "10.0.1.0/24/17/1701",
		  "10.0.2.0-10.0.4.255/6/1000-2000",
		  "PLUTO_ME=192.0.2.9\nPLUTO_MY_CLIENT=10.0.1.0/24\n"
		  "PLUTO_MY_CLIENT_MASK=255.255.255.0\nPLUTO_MY_CLIENT_NET=10.0.1.0\n"
		  "PLUTO_MY_CLIENT_NETWORKS=10.0.1.0/24\nPLUTO_MY_PORT=1701\nPLUTO_MY_PROTOCOL=17\n"
		  "PLUTO_MY_SOURCEIP=10.0.1.1\nPLUTO_NEXT_HOP=192.0.2.1\n"
		  "PLUTO_PEER=198.51.100.7\nPLUTO_PEER_CLIENT=10.0.2.0-10.0.4.255\n"
		  "PLUTO_PEER_CLIENT_MASK=\nPLUTO_PEER_CLIENT_NET=10.0.2.0\n"
		  "PLUTO_PEER_CLIENT_NETWORKS=10.0.2.0/23 10.0.4.0/24\nPLUTO_PEER_PORT=1000-2000\n"
		  "PLUTO_PEER_PROTOCOL=6\n" },
		{ "192.0.2.9", "198.51.100.7", "192.0.2.1", "2001:db8:a::1", "2001:db8:a::/48", "::/0",
			"PLUTO_ME=192.0.2.9\nPLUTO_MY_CLIENT=2001:db8:a::/48\n"
			"PLUTO_MY_CLIENT_MASK=ffff:ffff:ffff::\nPLUTO_MY_CLIENT_NET=2001:db8:a::\n"
			"PLUTO_MY_CLIENT_NETWORKS=2001:db8:a::/48\nPLUTO_MY_PORT=0\n"
			"PLUTO_MY_PROTOCOL=0\nPLUTO_MY_SOURCEIP=2001:db8:a::1\n"
			"PLUTO_NEXT_HOP=192.0.2.1\nPLUTO_PEER=198.51.100.7\n"
			"PLUTO_PEER_CLIENT=::/0\nPLUTO_PEER_CLIENT_MASK=::\n"
			"PLUTO_PEER_CLIENT_NET=::\nPLUTO_PEER_CLIENT_NETWORKS=::/0\n"
			"PLUTO_PEER_PORT=0\nPLUTO_PEER_PROTOCOL=0\n" } },
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text)
{
	char *copy = strdup(text), *rest = copy, *line[64];
	unsigned n = 0;

	while (n < 64 && (line[n] = strsep(&rest, "\n")) != NULL && *line[n] != '\0')
		n++;
	qsort(line, n, sizeof *line, by_text);
	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		text += sprintf(text, "%s\n", line[i]);
	free(copy);
}

/* The whole of PLUTO_*, as a shell that the hook starts has it. */
static void test_every_step(void **state)
{
	static const char *const verbs[] = { [MS_HOOK_PREPARE] = "prepare", [MS_HOOK_ROUTE] = "route",
		[MS_HOOK_UNROUTE] = "unroute", [MS_HOOK_UP] = "up", [MS_HOOK_DOWN] = "down" };
	struct world *w = *state;
	char command[128], path[64], numbers[64], got[4096], want[4096];

	snprintf(path, sizeof path, "%s/env", w->dir);
	snprintf(command, sizeof command, "env | grep ^PLUTO_ >%s", path);
	for (unsigned i = 0; i < 5 * 4; i++) {
		bool client = i & 1, six = i & 2, tunnel = i % 3 != 0, firewall = i % 5 != 0;
		struct ms_hook_event e = event(command);
		FILE *f;

		e.verb = (enum ms_hook_verb)(i / 4);
		e.client = client;
		e.tunnel = tunnel;
		e.firewall = firewall;
		e.peer_ca = "C=CH, O=\"a; b\", CN=x";
		e.dns = "192.0.2.53";
		e.domains = "example.net a.example";
		e.metric = i;
		e.mtu = i == 0 ? 0 : 1200 + i;
		fill(&e, &sides[client][six]);
		assert_int_equal(run(w, &e), MS_OK);
		f = fopen(path, "r");
		assert_non_null(f);
		got[fread(got, 1, sizeof got - 1, f)] = '\0';
		fclose(f);
		snprintf(want, sizeof want,
			"PLUTO_CISCO_DNS_INFO=192.0.2.53\n"
			"PLUTO_CISCO_DOMAIN_INFO=example.net a.example\n"
			"PLUTO_CONNECTION=net1\nPLUTO_CONNECTION_TYPE=%s\n"
			"PLUTO_CONN_ADDRFAMILY=%s\nPLUTO_CONN_POLICY=PSK+ENCRYPT\n"
			"PLUTO_FIREWALL=%s\nPLUTO_INTERFACE=ipsec0\nPLUTO_IS_PEER_CISCO=0\n",
			tunnel ? "tunnel" : "transport", six ? "ipv6" : "ipv4",
			firewall ? "yes" : "no");
		snprintf(numbers, sizeof numbers, i == 0 ? "PLUTO_METRIC=\nPLUTO_MTU=\n" :
			"PLUTO_METRIC=%u\nPLUTO_MTU=%u\n", i, 1200 + i);
		snprintf(want + strlen(want), sizeof want - strlen(want),
			"%s%sPLUTO_MY_ID=@west\nPLUTO_NM_CONFIGURED=0\nPLUTO_PEER_BANNER=\n"
			"PLUTO_PEER_CA=C=CH, O=\"a; b\", CN=x\nPLUTO_PEER_DNS_INFO=192.0.2.53\n"
			"PLUTO_PEER_DOMAIN_INFO=example.net a.example\nPLUTO_PEER_ID=@east\n"
			"PLUTO_PROTO_STACK=klips\nPLUTO_SAREF_TRACKING=no\nPLUTO_STACK=klips\n"
			"PLUTO_VERB=%s-%s%s\nPLUTO_VERSION=2.0\nPLUTO_XAUTH_USERNAME=\n",
			numbers, sides[client][six].words, verbs[e.verb],
			client ? "client" : "host", six ? "-v6" : "");
		sort_lines(want);
		sort_lines(got);
		assert_string_equal(got, want);
	}
}

/* --- running ------------------------------------------------------------------------------------
 */

static void test_success_and_output(void **state)
{
	struct world *w = *state;
	struct ms_hook_event e = event("echo one; echo two >&2; echo $PLUTO_VERB");

	assert_int_equal(run(w, &e), MS_OK);
	assert_string_equal(w->lines, "\"net1\": route-client output: one\n"
				      "\"net1\": route-client output: two\n"
				      "\"net1\": route-client output: route-client\n");
}

static void test_failures(void **state)
{
	struct world *w = *state;
	struct ms_hook_event e = event("exit 7");

	assert_int_equal(run(w, &e), MS_ERR_SYSTEM);
	assert_string_equal(w->why.text, "route-client command exited with status 7");
	e = event("kill -KILL $$");
	assert_int_equal(run(w, &e), MS_ERR_SYSTEM);
	assert_string_equal(w->why.text, "route-client command was ended by signal 9");
	e = event("/nonexistent/script --up");
	e.verb = MS_HOOK_UP;
	assert_int_equal(run(w, &e), MS_ERR_SYSTEM);
	assert_string_equal(w->why.text, "up-client command exited with status 127");
	set(w, "timeout", "50ms");
	e = event("sleep 20; echo late");
	assert_int_equal(run(w, &e), MS_ERR_SYSTEM);
	assert_string_equal(
		w->why.text, "route-client command was not done after 50 ms and was killed");
	assert_string_equal(w->lines, "");
}

static void test_default_command(void **state)
{
	struct world *w = *state;
	struct ms_hook_event e = event(NULL);
	char path[64], chmod[80];
	FILE *f;

	set(w, "command", "/nonexistent/_updown");
	assert_int_equal(run(w, &e), MS_ERR_SYSTEM);
	assert_non_null(strstr(w->why.text, "route-client command: "));
	assert_non_null(strstr(w->why.text, "/nonexistent/_updown"));
	snprintf(path, sizeof path, "%s/updown", w->dir);
	f = fopen(path, "w");
	fputs("#!/bin/sh\necho \"$#:$1\"\n", f);
	fclose(f);
	snprintf(chmod, sizeof chmod, "chmod 755 %s", path);
	assert_int_equal(system(chmod), 0);
	set(w, "command", path);
	assert_int_equal(run(w, &e), MS_OK);
	assert_string_equal(w->lines, "\"net1\": route-client output: 0:\n");
	e.firewall = true;
	assert_int_equal(run(w, &e), MS_OK);
	assert_string_equal(w->lines, "\"net1\": route-client output: 1:firewall\n");
	/* switched off: nothing runs, and the step is done within the call */
	e.command = "%disabled";
	w->done = 0;
	w->ops->event(w->inst, &e, on_done, w);
	assert_int_equal(w->done, 1);
	assert_int_equal(w->err, MS_OK);
}

/* One connection's steps in their order, whatever they take. */
static void test_order(void **state)
{
	struct world *w = *state;
	struct ms_hook_event e = event("sleep 0.1; echo first");

	w->ops->event(w->inst, &e, on_done, w);
	e = event("sleep 0.03; echo second");
	w->ops->event(w->inst, &e, on_done, w);
	e = event("echo third");
	w->ops->event(w->inst, &e, on_done, w);
	e.connection = "net2";
	e.command = "echo other";
	w->ops->event(w->inst, &e, on_done, w);
	assert_int_equal(w->done, 0);
	wait_done(w, 4);
	assert_string_equal(w->lines, "\"net2\": route-client output: other\n"
				      "\"net1\": route-client output: first\n"
				      "\"net1\": route-client output: second\n"
				      "\"net1\": route-client output: third\n");
}

static void test_many(void **state)
{
	struct world *w = *state;
	char name[16], command[128];
	FILE *f;
	unsigned most = 0, now = 0;
	int c;

	set(w, "parallel", "3");
	snprintf(command, sizeof command, "echo + >>%s/log; sleep 0.01; echo - >>%s/log", w->dir,
		w->dir);
	for (unsigned i = 0; i < 30; i++) {
		struct ms_hook_event e = event(command);

		snprintf(name, sizeof name, "net%u", i);
		e.connection = name;
		w->ops->event(w->inst, &e, on_done, w);
	}
	wait_done(w, 30);
	snprintf(command, sizeof command, "%s/log", w->dir);
	f = fopen(command, "r");
	assert_non_null(f);
	while ((c = fgetc(f)) != EOF) {
		now += c == '+';
		now -= c == '-';
		if (now > most)
			most = now;
	}
	fclose(f);
	assert_int_equal(now, 0);
	assert_in_range(most, 2, 3);
}

static void test_unload_while_running(void **state)
{
	struct world *w = *state;
	struct ms_hook_event e = event("sleep 20");
	struct ms_why why = { "" };

	w->ops->event(w->inst, &e, on_done, w);
	w->ops->event(w->inst, &e, on_done, w);
	ms_loop_turn(w->loop, false);
	plugin->unload(&w->inst);
	assert_int_equal(w->done, 2);
	assert_int_equal(w->err, MS_ERR_CANCELLED);
	assert_int_equal(plugin->load(&w->inst, &w->services, w->conf, &why), MS_OK);
}

/* done() may ask for the next step at once, as the core does. */
static void again(void *arg, ms_err err, const struct ms_why *why)
{
	struct world *w = arg;
	struct ms_hook_event e = event("true");

	(void)err;
	(void)why;
	if (++w->done < 5)
		w->ops->event(w->inst, &e, again, w);
}

static void test_from_done(void **state)
{
	struct world *w = *state;
	struct ms_hook_event e = event("true");

	w->ops->event(w->inst, &e, again, w);
	wait_done(w, 5);
	set(w, "command", "/nonexistent/_updown");
	e.command = NULL;
	w->done = 0;
	w->ops->event(w->inst, &e, again, w);
	wait_done(w, 5);
}

static struct ms_hook_event member(enum ms_hook_verb verb, const char *net)
{
	struct ms_hook_event e = event(NULL);

	e.verb = verb;
	e.connection = "block";
	e.policy = "GROUP";
	e.peer.family = 0;
	e.peer_client = selector(net);
	return e;
}

/* Members of a group: as many in one command as may be, in the order of their steps. */
static void test_batch(void **state)
{
	static const struct {
		enum ms_hook_verb verb;
		const char *net;
	} steps[] = { { MS_HOOK_ROUTE, "10.9.0.0/16" }, /* runs at once */
		{ MS_HOOK_ROUTE, "10.1.0.0/16" }, { MS_HOOK_ROUTE, "10.2.0.0/16" },
		{ MS_HOOK_ROUTE, "10.3.0.0-10.3.0.2" }, { MS_HOOK_ROUTE, "10.4.0.0/16" },
		{ MS_HOOK_UNROUTE, "10.2.0.0/16" }, { MS_HOOK_ROUTE, "10.2.0.0/16" },
		{ MS_HOOK_ROUTE, "2001:db8::/32" }, { MS_HOOK_UP, "10.5.0.0/16" } };
	static const char want[] = "route-client 10.9.0.0/16\n"
		"route-client 10.1.0.0/16 10.2.0.0/16 10.3.0.0/31 10.3.0.2/32\n"
		"route-client 10.4.0.0/16\nunroute-client 10.2.0.0/16\nroute-client 10.2.0.0/16\n"
		"route-client-v6 2001:db8::/32\nup-client 10.5.0.0/16\n";
	struct world *w = *state;
	char script[64], out[64], text[1024] = "";
	FILE *f;

	snprintf(script, sizeof script, "%s/updown", w->dir);
	snprintf(out, sizeof out, "%s/out", w->dir);
	f = fopen(script, "w");
	fprintf(f, "#!/bin/sh\necho \"$PLUTO_VERB $PLUTO_PEER_CLIENT_NETWORKS\" >>%s\n"
		   "[ \"$PLUTO_VERB\" != unroute-client ]\n", out);
	fclose(f);
	assert_int_equal(chmod(script, 0755), 0);
	set(w, "command", script);
	set(w, "networks", "3");
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct ms_hook_event e = member(steps[i].verb, steps[i].net);

		if (e.peer_client.range.first.family == AF_INET6)
			e.my_client = selector("2001:db8:1::/64");
		w->ops->event(w->inst, &e, on_done, w);
	}
	wait_done(w, sizeof steps / sizeof *steps);
	f = fopen(out, "r");
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, want);
	/* another program than ours is given one at a time, unless somebody says otherwise; nobody
	 * who waits is forgotten at the end */
	set(w, "networks", "0");
	w->done = 0;
	for (unsigned i = 1; i < 4; i++) {
		struct ms_hook_event e = member(steps[i].verb, steps[i].net);

		w->ops->event(w->inst, &e, on_done, w);
	}
	wait_done(w, 3);
	set(w, "networks", "9");
	for (unsigned i = 0; i < 5; i++) {
		struct ms_hook_event e = member(steps[i].verb, steps[i].net);

		w->ops->event(w->inst, &e, on_done, w);
	}
	plugin->unload(&w->inst);
	assert_int_equal(w->done, 8);
	f = fopen(out, "r");
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	assert_memory_equal(text, want, strlen(want));
	assert_non_null(strstr(text + strlen(want), "route-client 10.1.0.0/16\nroute-client 10.2.0.0/16\n"
		"route-client 10.3.0.0/31 10.3.0.2/32\n"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_environment),
		cmocka_unit_test(test_networks),
		T(test_every_step), T(test_hostile_words), T(test_success_and_output), T(test_failures),
		T(test_default_command), T(test_order), T(test_many), T(test_unload_while_running),
		T(test_from_done), T(test_batch) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/log/sink.h"
#include "lib/loop/loop.h"

#include "updown_test.h"

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
		{ "PLUTO_PEER_SUBNET_INFO", "192.0.2.0/24 10.2.0.0/24" },
		{ "PLUTO_PEER_BANNER", "" }, { "PLUTO_NM_CONFIGURED", "0" },
		{ "TEST_OF_OURS", "stays" } };
	struct ms_hook_event e = event(NULL);
	unsigned pluto = 0;
	char **env;

	e.dns = "192.0.2.53 2001:db8::53";
	e.subnets = "192.0.2.0/24 10.2.0.0/24";

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_environment),
		cmocka_unit_test(test_networks),
		T(test_hostile_words), T(test_success_and_output), T(test_failures),
		T(test_default_command), T(test_order), T(test_many), T(test_unload_while_running),
		T(test_from_done), T(test_batch) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

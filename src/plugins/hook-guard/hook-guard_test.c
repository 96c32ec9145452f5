/* SPDX-License-Identifier: Apache-2.0 */
/* The rules as text, and that steps are done when nft is; what nft makes of them: scenario clear-guard. */
#include "ruleset.h"

#include "lib/loop/loop.h"

#include <modswan/plugin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct ms_plugin hook_guard_LTX_modswan_plugin;

static struct ms_hook_event event(enum ms_hook_verb verb, const char *name)
{
	struct ms_addr a = ms_addr_v4(0xc0000100), b = ms_addr_v4(0xc0000200);
	struct ms_subnet an = ms_subnet_make(&a, 24), bn = ms_subnet_make(&b, 32);

	return (struct ms_hook_event){ .verb = verb, .connection = name, .interface = "ipsec0",
		.my_client = ms_selector_of_subnet(&an), .peer_client = ms_selector_of_subnet(&bn),
		.protect = true };
}

static char *written(const struct ruleset *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ruleset_write(r, f);
	fclose(f);
	return text;
}

static void test_rules(void **state)
{
	struct ms_hook_event one = event(MS_HOOK_ROUTE, "one"), two = event(MS_HOOK_ROUTE, "two");
	struct ruleset r;
	char *text;

	(void)state;
	ruleset_init(&r, "/run/pluto-2");
	text = written(&r);
	assert_string_equal(text, "table inet modswan_guard_run_pluto_2\n"
		"delete table inet modswan_guard_run_pluto_2\n");
	free(text);
	two.my_client.protocol = two.peer_client.protocol = 6;
	two.my_client.port_first = two.my_client.port_last = 25;
	assert_true(ruleset_add(&r, &one));
	assert_true(ruleset_add(&r, &one));
	assert_true(ruleset_add(&r, &two));
	assert_int_equal(r.n, 2);
	text = written(&r);
	assert_non_null(strstr(text, "\t\tiifname != { \"ipsec0\", \"lo\" } ip saddr 192.0.2.0 "
		"ip daddr 192.0.1.0-192.0.1.255 counter drop\n"));
	assert_non_null(strstr(text, " meta l4proto 6 th dport 25-25 counter drop\n"));
	assert_non_null(strstr(text, "meta l4proto { esp, ah, comp } accept"));
	assert_non_null(strstr(text, "udp dport { 500, 4500 } accept"));
	assert_null(strstr(text, "udp dport 5"));
	free(text);
	/* a daemon with ports of its own */
	two.ike_port = 5500;
	two.nat_port = 4500;
	assert_true(ruleset_add(&r, &two));
	text = written(&r);
	assert_non_null(strstr(text, "\t\tudp dport 5500 accept\n\t\tudp sport 5500 accept\n"));
	assert_null(strstr(text, "udp dport 4500 "));
	free(text);
	ruleset_remove(&r, &one);
	ruleset_remove(&r, &one);
	assert_int_equal(r.n, 1);
	ruleset_clear(&r);
}

/* --- runs ------------------------------------------------------------------------------------- */

static unsigned n_done;
static ms_err last;

static void done(void *arg, ms_err err, const struct ms_why *why)
{
	(void)arg;
	(void)why;
	n_done++;
	last = err;
}

/* nft is a program that says no after the first run. */
static void test_runs(void **state)
{
	char dir[] = "/tmp/hook-guard-test.XXXXXX", nft[64], runs[64], *conf_nft = nft;
	const struct ms_plugin *p = &hook_guard_LTX_modswan_plugin;
	const struct ms_hook_ops *ops = p->features[0].ops;
	struct ms_logger log = { .source = MS_SOURCE_HOOK };
	struct ms_services services = { .size = sizeof services, .log = &log, .rundir = dir };
	struct ms_hook_event up = event(MS_HOOK_UP, "one"), route = event(MS_HOOK_ROUTE, "one");
	struct ms_hook_event other = event(MS_HOOK_ROUTE, "two");
	void *inst = NULL;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(nft, sizeof nft, "%s/nft", dir);
	snprintf(runs, sizeof runs, "%s/runs", dir);
	f = fopen(nft, "w");
	fprintf(f, "#!/bin/sh\ngrep -c drop \"$2\" >>%s\n[ \"$(wc -l <%s)\" = 1 ]\n", runs, runs);
	fclose(f);
	assert_int_equal(access(nft, F_OK), 0);
	assert_int_equal(chmod(nft, 0755), 0);
	services.loop = ms_loop_new(1);
	assert_int_equal(p->load(&inst, &services, &conf_nft, NULL), MS_OK);
	n_done = 0;
	ops->event(inst, &up, done, NULL);
	assert_int_equal(n_done, 1);
	ops->event(inst, &route, done, NULL);
	ops->event(inst, &other, done, NULL);
	ops->event(inst, &route, done, NULL);
	assert_int_equal(n_done, 1);
	while (n_done < 2)
		ms_loop_turn(services.loop, true);
	assert_int_equal(last, MS_OK);
	while (n_done < 4)
		ms_loop_turn(services.loop, true);
	assert_int_equal(last, MS_ERR_SYSTEM);
	route.protect = false;
	ops->event(inst, &route, done, NULL);
	assert_int_equal(n_done, 5);
	assert_int_equal(last, MS_OK);
	/* one that waits is told when the plugin goes */
	other.verb = MS_HOOK_UNROUTE;
	ops->event(inst, &other, done, NULL);
	p->unload(&inst);
	assert_int_equal(n_done, 6);
	assert_int_equal(last, MS_ERR_CANCELLED);
	ms_loop_free(&services.loop);
	unlink(nft);
	unlink(runs);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Groups' files: what they say, what is wrong with them, and that changes are told. */
#include "groups.h"

#include <modswan/plugin.h>
#include <modswan/resolver.h>

#include "lib/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern const struct ms_plugin policy_groups_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &policy_groups_LTX_modswan_plugin;

/* "RANGE PROTO LOCAL PEER @LINE" of each entry and name, in one text. */
static const char *said(const struct group_text *t)
{
	static char text[4096];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < t->list->n_entries; i++) {
		const struct ms_policy_entry *e = &t->list->entries[i];
		struct ms_subnet net;
		char range[MS_RANGE_TEXT];

		if (ms_range_to_subnet(&e->peers, &net) == MS_OK)
			ms_subnet_text(&net, range, sizeof range);
		else
			ms_range_text(&e->peers, range, sizeof range);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s %u %u %u @%u\n", range,
			e->protocol, e->local_port, e->peer_port, e->line);
	}
	for (size_t i = 0; i < t->n_names; i++) {
		const struct ms_policy_entry *e = &t->names[i].entry;

		n += (size_t)snprintf(text + n, sizeof text - n, "%s %u %u %u @%u\n",
			t->names[i].host, e->protocol, e->local_port, e->peer_port, e->line);
	}
	return text;
}

static struct group_text parsed(const char *text)
{
	struct group_text t;

	assert_true(group_parse(&t, "g", "/p/g", text, strlen(text)));
	return t;
}

static void assert_says(const char *text, const char *what)
{
	struct group_text t = parsed(text);

	assert_int_equal(t.list->n_problems, 0);
	assert_string_equal(said(&t), what);
	group_text_free(&t);
}

static void test_forms(void **state)
{
	(void)state;
	assert_says("", "");
	assert_says("# nothing\n\n   \t\n#\n", "");
	/* the files of the family's own handbook */
	assert_says("    192.0.2.96/27              # The finance department\n"
		    "    192.0.2.192/29             # HR\n"
		    "\t192.0.2.12                 # HR gateway\n"
		    "    irc.private.example.com    # Private IRC server\n",
		"192.0.2.96/27 0 0 0 @1\n192.0.2.192/29 0 0 0 @2\n192.0.2.12/32 0 0 0 @3\n"
		"irc.private.example.com 0 0 0 @4\n");
	assert_says("192.0.2.9              # several hosts\n192.0.2.11             \n192.0.2.12\n",
		"192.0.2.9/32 0 0 0 @1\n192.0.2.11/32 0 0 0 @2\n192.0.2.12/32 0 0 0 @3\n");
	assert_says("0.0.0.0/0\n::/0", "0.0.0.0/0 0 0 0 @1\n::/0 0 0 0 @2\n");
	assert_says("10.0.0.0/255.0.0.0\n10.1.2.3/8\r\n", "10.0.0.0/8 0 0 0 @1\n10.0.0.0/8 0 0 0 @2\n");
	assert_says("192.0.2.1-192.0.2.9\n192.0.2.1...192.0.2.2",
		"192.0.2.1-192.0.2.9 0 0 0 @1\n192.0.2.1-192.0.2.2 0 0 0 @2\n");
	assert_says("192.0.2.1 192.0.2.2#two", "192.0.2.1/32 0 0 0 @1\n192.0.2.2/32 0 0 0 @1\n");
	assert_says("Mail.Example.COM.", "mail.example.com 0 0 0 @1\n");
	assert_says("a b", "a 0 0 0 @1\nb 0 0 0 @1\n");
}

static void test_ports(void **state)
{
	(void)state;
	assert_says("192.0.2.0/24 tcp 0 25", "192.0.2.0/24 6 0 25 @1\n");
	assert_says("192.0.2.0/24 17 53 0 # dns", "192.0.2.0/24 17 53 0 @1\n");
	assert_says("192.0.2.0/24 icmp", "192.0.2.0/24 1 0 0 @1\n");
	assert_says("192.0.2.0/24 tcp 22", "192.0.2.0/24 6 22 0 @1\n");
	assert_says("192.0.2.0/24 esp 0 0", "192.0.2.0/24 50 0 0 @1\n");
	assert_says("192.0.2.1 tcp 192.0.2.2 udp 0 53 h.example",
		"192.0.2.1/32 6 0 0 @1\n192.0.2.2/32 17 0 53 @1\nh.example 0 0 0 @1\n");
}

static void assert_wrong(const char *line, const char *words)
{
	char text[512], start[64];
	struct group_text t;

	/* what stands before and behind is not lost */
	snprintf(text, sizeof text, "192.0.2.1\n%s\n192.0.2.3\n", line);
	t = parsed(text);
	assert_int_equal(t.list->n_problems, 1);
	snprintf(start, sizeof start, "\"/p/g\" line 2: ");
	assert_memory_equal(t.list->problems[0], start, strlen(start));
	if (strstr(t.list->problems[0], words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", t.list->problems[0], words);
	assert_string_equal(said(&t), "192.0.2.1/32 0 0 0 @1\n192.0.2.3/32 0 0 0 @3\n");
	group_text_free(&t);
}

static void test_problems(void **state)
{
	(void)state;
	assert_wrong("192.0.2.256", "192.0.2.256");
	assert_wrong("192.0.2.0/33", "192.0.2.0/33");
	assert_wrong("192.0.2.9-192.0.2.1", "192.0.2.9-192.0.2.1");
	assert_wrong("-foo", "-foo");
	assert_wrong("foo..bar", "foo..bar");
	assert_wrong("\"spam\"", "host name");
	assert_wrong("\x01\x80", "\"\?\?\"");
	assert_wrong("192.0.2.2 300", "protocol \"300\": expected");
	assert_wrong("192.0.2.2 tcp 0 65536", "port \"65536\": expected");
	assert_wrong("192.0.2.2 esp 0 25", "port \"25\": protocol 50 has no ports");
}

static void test_many_problems(void **state)
{
	char *text = malloc(1000 * 4 + 32), *p = text;
	struct group_text t;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		p += sprintf(p, "%s", "-x\n");
	strcpy(p, "192.0.2.1");
	t = parsed(text);
	free(text);
	assert_int_equal(t.list->n_problems, 100);
	assert_non_null(strstr(t.list->problems[99], "901 lines more"));
	assert_string_equal(said(&t), "192.0.2.1/32 0 0 0 @1001\n");
	group_text_free(&t);
}

static void test_names_of_groups(void **state)
{
	(void)state;
	assert_true(group_name_ok("private-or-clear"));
	assert_false(group_name_ok("../private"));
	assert_false(group_name_ok(".private.swp"));
	assert_false(group_name_ok("private~"));
	assert_false(group_name_ok(""));
}

/* --- the plugin --- */

struct world {
	char dir[64], path[128];
	struct ms_loop *loop;
	struct ms_services services;
	struct {
		char *directory;
		bool watch;
	} conf;
	void *inst;
	const struct ms_policy_ops *ops;
	unsigned changes, answers;
	char last[64];
	size_t n_entries;
	bool found;
};

static void changed(void *ctx, const char *group)
{
	struct world *w = ctx;

	w->changes++;
	snprintf(w->last, sizeof w->last, "%s", group == NULL ? "*" : group);
}

static void answered(void *arg, ms_err err, struct ms_policy_list *list, const struct ms_why *why)
{
	struct world *w = arg;

	(void)why;
	assert_int_equal(err, MS_OK);
	assert_string_equal(list->group, "clear");
	assert_string_equal(list->file, w->path);
	w->answers++;
	w->n_entries = list->n_entries;
	w->found = list->found;
	w->ops->list_free(w->inst, &list);
	assert_null(list);
}

static void turn_until(struct world *w, const unsigned *count, unsigned wanted)
{
	time_t end = time(NULL) + 20;

	while (*count < wanted && time(NULL) < end)
		ms_loop_turn(w->loop, true);
	assert_true(*count >= wanted);
}

static void tick(void *arg)
{
	ms_timer_set(*(struct ms_timer **)arg, 100);
}

static void world_new(struct world *w)
{
	static const struct ms_policy_events events = { .changed = changed };

	memset(w, 0, sizeof *w);
	strcpy(w->dir, "groups_test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_non_null(realpath(w->dir, w->path));
	w->loop = ms_loop_new(1);
	w->services = (struct ms_services){ .size = sizeof w->services, .loop = w->loop,
		.confdir = strdup(w->path) };
	strcat(w->path, "/ipsec.d/policies/clear");
	w->conf.watch = true;
	assert_int_equal(plugin->load(&w->inst, &w->services, &w->conf, NULL), MS_OK);
	w->ops = plugin->features[0].ops;
	assert_int_equal(w->ops->start(w->inst, &events, w, NULL), MS_OK);
}

static void world_free(struct world *w)
{
	char cmd[128];

	w->ops->stop(w->inst);
	plugin->unload(&w->inst);
	assert_null(w->inst);
	ms_loop_free(&w->loop);
	snprintf(cmd, sizeof cmd, "rm -r '%s'", w->services.confdir);
	assert_int_equal(system(cmd), 0);
	free((void *)(uintptr_t)w->services.confdir);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void read_again(struct world *w, size_t entries, bool found)
{
	unsigned want = w->answers + 1;

	w->ops->read(w->inst, "clear", answered, w);
	turn_until(w, &w->answers, want);
	assert_int_equal(w->n_entries, entries);
	assert_int_equal(w->found, found);
}

static void test_plugin(void **state)
{
	char folder[160], other[200];
	struct world w;
	struct ms_timer *t;
	unsigned seen;

	(void)state;
	world_new(&w);
	t = ms_timer_new(w.loop, tick, &t); /* keeps turns short */
	ms_timer_set(t, 100);
	read_again(&w, 0, false);
	/* the folder comes, step by step */
	snprintf(folder, sizeof folder, "%s/ipsec.d", w.services.confdir);
	assert_int_equal(mkdir(folder, 0755), 0);
	strcat(folder, "/policies");
	assert_int_equal(mkdir(folder, 0755), 0);
	turn_until(&w, &w.changes, 1);
	assert_string_equal(w.last, "*");
	seen = w.changes;
	write_file(w.path, "192.0.2.1\n192.0.2.2\n");
	turn_until(&w, &w.changes, seen + 1);
	read_again(&w, 2, true);
	/* an editor's way: another file takes its place */
	seen = w.changes;
	snprintf(other, sizeof other, "%s/.clear.new", folder);
	write_file(other, "192.0.2.1\n");
	assert_int_equal(rename(other, w.path), 0);
	turn_until(&w, &w.changes, seen + 1);
	assert_string_equal(w.last, "clear");
	read_again(&w, 1, true);
	seen = w.changes;
	assert_int_equal(unlink(w.path), 0);
	turn_until(&w, &w.changes, seen + 1);
	read_again(&w, 0, false);
	ms_timer_free(&t);
	world_free(&w);
}

/* --- names --- */

struct ms_dns_query {
	int nothing;
};

/* Answers are given by hand. */
struct dns {
	struct question {
		char name[64];
		uint16_t type;
		ms_resolver_done_f *done;
		void *arg;
		struct ms_dns_query query;
	} asked[16];
	unsigned n, cancelled;
	uint32_t ttl_s;
};

static ms_err dns_ask(void *inst, const char *name, uint16_t type, uint32_t flags,
	struct ms_dns_query **out, ms_resolver_done_f *done, void *arg, struct ms_why *why)
{
	struct dns *d = inst;
	struct question *q = &d->asked[d->n++];

	(void)why;
	assert_true(d->n <= 16 && flags == 0);
	snprintf(q->name, sizeof q->name, "%s", name);
	q->type = type;
	q->done = done;
	q->arg = arg;
	*out = &q->query;
	return MS_OK;
}

static void dns_cancel(void *inst, struct ms_dns_query **query)
{
	((struct dns *)inst)->cancelled++;
	*query = NULL;
}

static const struct ms_resolver_ops dns_ops = { sizeof dns_ops, dns_ask, dns_cancel };
static struct dns dns;
static const struct ms_provider dns_provider = { MS_ROLE_RESOLVER, "hand", "hand", &dns_ops, &dns };

static const struct ms_provider *provide(const struct ms_services *s, enum ms_role role,
	const char *name, unsigned i)
{
	(void)s;
	(void)name;
	return role == MS_ROLE_RESOLVER && i == 0 ? &dns_provider : NULL;
}

static void dns_say(unsigned i, ms_err err, const uint8_t *octets, size_t len, unsigned n)
{
	struct ms_bytes records[4];
	const struct ms_dns_answer a = { .name = dns.asked[i].name, .type = dns.asked[i].type,
		.ttl_s = dns.ttl_s, .n = n, .records = records };

	for (unsigned k = 0; k < n; k++)
		records[k] = ms_bytes(octets + k * len, len);
	dns.asked[i].done(dns.asked[i].arg, err, &a, NULL);
}

static void test_hosts(void **state)
{
	static const uint8_t two[] = { 192, 0, 2, 7, 192, 0, 2, 5 };
	struct ms_timer *t;
	struct world w;
	unsigned want;
	char cmd[200];

	(void)state;
	memset(&dns, 0, sizeof dns);
	dns.ttl_s = 300;
	world_new(&w);
	w.services.provider = provide;
	t = ms_timer_new(w.loop, tick, &t);
	ms_timer_set(t, 100);
	snprintf(cmd, sizeof cmd, "mkdir -p '%s/ipsec.d/policies'", w.services.confdir);
	assert_int_equal(system(cmd), 0);
	write_file(w.path, "192.0.2.1\nMail.example.com tcp 0 25\ngone.example.com\n");
	/* the addresses come later, and are told of */
	read_again(&w, 1, true);
	turn_until(&w, &dns.n, 4);
	turn_until(&w, &w.changes, 1); /* of the folder */
	for (unsigned i = 0; i < 4; i++) {
		bool mail = strcmp(dns.asked[i].name, "mail.example.com") == 0;

		want = w.changes;
		if (!mail || dns.asked[i].type == MS_DNS_AAAA)
			dns_say(i, MS_ERR_NOT_FOUND, NULL, 0, 0);
		else
			dns_say(i, MS_OK, two, 4, 2);
		if (mail && dns.asked[i].type == MS_DNS_AAAA)
			assert_int_equal(w.changes, want + 1);
	}
	assert_string_equal(w.last, "clear");
	read_again(&w, 3, true);
	assert_int_equal(dns.n, 4); /* what is known is not asked again */
	/* a name that went is not followed any more */
	write_file(w.path, "other.example.com\n");
	read_again(&w, 0, true);
	turn_until(&w, &dns.n, 6);
	w.ops->forget(w.inst, "clear");
	assert_int_equal(dns.cancelled, 2);
	ms_timer_free(&t);
	world_free(&w);
}

/* Answers the last two questions, about one name; IPv6's has no answer.  How many there were so far. */
static unsigned both_asked(ms_err err, const uint8_t *octets, unsigned n)
{
	unsigned at = dns.n - 2;

	for (unsigned i = at; i < at + 2; i++)
		if (dns.asked[i].type == MS_DNS_A)
			dns_say(i, err, octets, 4, n);
		else
			dns_say(i, MS_ERR_NOT_FOUND, NULL, 0, 0);
	return at + 2;
}

/* Asked again when the answer's time is over: other addresses, silence, none any more. */
static void test_hosts_again(void **state)
{
	static const uint8_t addrs[] = { 192, 0, 2, 7, 192, 0, 2, 5, 192, 0, 2, 6 };
	struct ms_timer *t;
	struct world w;
	unsigned asked;
	char cmd[200];

	(void)state;
	memset(&dns, 0, sizeof dns);
	group_names_least_ms = 200;
	world_new(&w);
	w.services.provider = provide;
	t = ms_timer_new(w.loop, tick, &t);
	ms_timer_set(t, 100);
	snprintf(cmd, sizeof cmd, "mkdir -p '%s/ipsec.d/policies'", w.services.confdir);
	assert_int_equal(system(cmd), 0);
	write_file(w.path, "mail.example.com udp 0 53\n2001:db8::/32\n");
	turn_until(&w, &w.changes, 1);
	read_again(&w, 1, true);
	turn_until(&w, &dns.n, 2);
	asked = both_asked(MS_OK, addrs, 2);
	read_again(&w, 3, true);
	/* the same ones, in another order: nobody is told */
	turn_until(&w, &dns.n, asked + 2);
	w.changes = 0;
	asked = both_asked(MS_OK, addrs, 2);
	assert_int_equal(w.changes, 0);
	/* one more */
	turn_until(&w, &dns.n, asked + 2);
	asked = both_asked(MS_OK, addrs, 3);
	assert_int_equal(w.changes, 1);
	read_again(&w, 4, true);
	/* gone: the name's line has no part in the group until it is back */
	turn_until(&w, &dns.n, asked + 2);
	asked = both_asked(MS_ERR_NOT_FOUND, NULL, 0);
	assert_int_equal(w.changes, 2);
	read_again(&w, 1, true);
	turn_until(&w, &dns.n, asked + 2);
	asked = both_asked(MS_OK, addrs, 1);
	assert_int_equal(w.changes, 3);
	read_again(&w, 2, true);
	/* the servers do not answer: what is known stays */
	turn_until(&w, &dns.n, asked + 2);
	(void)both_asked(MS_ERR_TIMEOUT, NULL, 0);
	assert_int_equal(w.changes, 3);
	read_again(&w, 2, true);
	group_names_least_ms = 30000;
	ms_timer_free(&t);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_many_problems),
		cmocka_unit_test(test_names_of_groups),
		cmocka_unit_test(test_plugin),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_hosts_again),
	};

	return cmocka_run_group_tests_name("policy-groups", tests, NULL, NULL);
}

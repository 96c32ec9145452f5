/* SPDX-License-Identifier: Apache-2.0 */
/* Lists become rules: who keeps a pair, what is new, what is gone. */
#include "core/conn/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conn {
	int nothing;
};

static struct conn members[64];

static struct ms_selector selector(const char *text)
{
	struct ms_selector s;

	assert_int_equal(ms_selector_parse(&s, text, strlen(text), 0, 0, NULL), MS_OK);
	return s;
}

static struct group_client client(const char *text)
{
	struct ms_selector s = selector(text);

	return (struct group_client){ s, s.range.first };
}

/* "192.0.2.0/24" or "192.0.2.0/24/6 LOCAL PEER" in lines */
static struct ms_policy_list *list(const char *file, const char *text)
{
	struct ms_policy_list *l = calloc(1, sizeof *l);
	char *copy = strdup(text), *save = NULL;
	uint32_t line = 0;

	l->file = strdup(file);
	l->entries = calloc(64, sizeof *l->entries);
	for (char *w = strtok_r(copy, "\n", &save); w != NULL; w = strtok_r(NULL, "\n", &save)) {
		struct ms_policy_entry *e = &l->entries[l->n_entries++];
		unsigned protocol = 0, local = 0, peer = 0;
		struct ms_asr asr;
		char net[64];

		assert_true(sscanf(w, "%63s %u %u %u", net, &protocol, &local, &peer) >= 1);
		assert_int_equal(ms_asr_parse(&asr, net, strlen(net), 0, 0, NULL), MS_OK);
		*e = (struct ms_policy_entry){ asr.range, ++line, (uint16_t)local, (uint16_t)peer,
			(uint8_t)protocol };
	}
	free(copy);
	return l;
}

static void list_free(struct ms_policy_list *l)
{
	free(l->entries);
	free(l->file);
	free(l);
}

static struct group_change merged(const struct group_part *parts, unsigned n,
	struct group_rules *before)
{
	struct group_change c;

	assert_int_equal(group_merge(&c, parts, n, before), MS_OK);
	assert_null(before->rule);
	return c;
}

/* The rule for these peers; NULL: none. */
static struct group_rule *rule_of(struct group_change *c, const char *theirs)
{
	struct ms_selector s = selector(theirs);

	for (size_t i = 0; i < c->now.n; i++)
		if (ms_selector_eq(&c->now.rule[i].theirs, &s))
			return &c->now.rule[i];
	return NULL;
}

static void test_first_keeps(void **state)
{
	const struct group_client me = client("192.0.2.13");
	struct ms_policy_list *a = list("/p/a", "0.0.0.0/0\n192.0.2.96/27\n192.0.2.96/27");
	struct ms_policy_list *b = list("/p/b", "10.0.0.0/8\n0.0.0.0/0");
	struct group_part parts[] = { { "a", 1, &me, 1, a, true }, { "b", 2, &me, 1, b, true } };
	struct group_rules none = { NULL, 0 };
	struct group_change c = merged(parts, 2, &none);

	(void)state;
	assert_int_equal(c.now.n, 3);
	assert_int_equal(rule_of(&c, "0.0.0.0/0")->group, 1);
	assert_int_equal(rule_of(&c, "10.0.0.0/8")->group, 2);
	assert_int_equal(c.n_problems, 2);
	/* the family's own message */
	assert_string_equal(c.problems[0],
		"\"/p/b\" line 2: subnet \"0.0.0.0/0\", source 192.0.2.13/32, already \"a\"");
	assert_string_equal(c.problems[1],
		"\"/p/a\" line 3: subnet \"192.0.2.96/27\", source 192.0.2.13/32, already \"a\"");
	group_change_free(&c);
	/* told once, when the list was read */
	parts[0].fresh = parts[1].fresh = false;
	c = merged(parts, 2, &none);
	assert_int_equal(c.n_problems, 0);
	group_change_free(&c);
	list_free(a);
	list_free(b);
}

static void test_two_defaults(void **state)
{
	/* the fine print: so long as they protect different local ends */
	const struct group_client me = client("192.0.2.13"), net = client("192.0.2.128/29");
	struct ms_policy_list *all = list("/p/x", "0.0.0.0/0");
	const struct group_part parts[] = { { "a", 1, &me, 1, all, true },
		{ "a-net", 2, &net, 1, all, true } };
	struct group_rules none = { NULL, 0 };
	struct group_change c = merged(parts, 2, &none);

	(void)state;
	assert_int_equal(c.now.n, 2);
	assert_int_equal(c.n_problems, 0);
	group_change_free(&c);
	list_free(all);
}

static void test_forms(void **state)
{
	const struct group_client ends[] = { client("192.0.2.13"), client("2001:db8::13") };
	struct ms_policy_list *l = list("/p/a",
		"192.0.2.1-192.0.2.4\n192.0.2.64 6 0 25\n192.0.2.64 17\n2001:db8:1::/48\n"
		"0.0.0.0-255.255.255.255");
	const struct group_part both = { "a", 1, ends, 2, l, true };
	const struct group_part one = { "a", 1, ends, 1, l, true };
	struct group_rules none = { NULL, 0 };
	struct group_change c = merged(&both, 1, &none);

	(void)state;
	assert_int_equal(c.n_problems, 0);
	assert_int_equal(c.now.n, 7);
	assert_non_null(rule_of(&c, "192.0.2.1/32"));
	assert_non_null(rule_of(&c, "192.0.2.2/31"));
	assert_non_null(rule_of(&c, "192.0.2.4/32"));
	assert_non_null(rule_of(&c, "0.0.0.0/0"));
	assert_non_null(rule_of(&c, "192.0.2.64/32/6/25"));
	assert_int_equal(rule_of(&c, "192.0.2.64/32/6/25")->mine.protocol, 6);
	assert_int_equal(rule_of(&c, "192.0.2.64/32/6/25")->mine.port_last, 65535);
	assert_non_null(rule_of(&c, "192.0.2.64/32/17"));
	assert_int_equal(rule_of(&c, "2001:db8:1::/48")->host.family, AF_INET6);
	group_change_free(&c);
	c = merged(&one, 1, &none);
	assert_int_equal(c.now.n, 6);
	assert_int_equal(c.n_problems, 1);
	assert_string_equal(c.problems[0],
		"\"/p/a\" line 4: \"a\" has no IPv6 address or network of ours");
	group_change_free(&c);
	list_free(l);
}

static void test_changes(void **state)
{
	const struct group_client me = client("192.0.2.13"), moved = client("192.0.2.14");
	struct ms_policy_list *a = list("/p/a", "10.1.0.0/16\n10.2.0.0/16\n10.3.0.0/16");
	struct ms_policy_list *a2 = list("/p/a", "10.4.0.0/16\n10.3.0.0/16\n10.1.0.0/16");
	struct ms_policy_list *b = list("/p/b", "10.2.0.0/16");
	struct group_part parts[] = { { "a", 1, &me, 1, a, true }, { "b", 2, &me, 1, b, true } };
	struct group_rules before = { NULL, 0 };
	struct group_change c = merged(parts, 1, &before);

	(void)state;
	assert_int_equal(c.now.n, 3);
	for (size_t i = 0; i < c.now.n; i++)
		c.now.rule[i].member = &members[i];
	before = c.now;
	c.now = (struct group_rules){ NULL, 0 };
	group_change_free(&c);
	/* one line went, one came, one went to another group */
	parts[0].list = a2;
	c = merged(parts, 2, &before);
	assert_int_equal(c.now.n, 4);
	assert_ptr_equal(rule_of(&c, "10.1.0.0/16")->member, &members[0]);
	assert_ptr_equal(rule_of(&c, "10.3.0.0/16")->member, &members[2]);
	assert_null(rule_of(&c, "10.4.0.0/16")->member);
	assert_null(rule_of(&c, "10.2.0.0/16")->member);
	assert_int_equal(rule_of(&c, "10.2.0.0/16")->group, 2);
	assert_int_equal(c.n_gone, 1);
	assert_ptr_equal(c.gone[0], &members[1]);
	before = c.now;
	c.now = (struct group_rules){ NULL, 0 };
	group_change_free(&c);
	/* the group was loaded anew: another serial, other members */
	parts[0].serial = 7;
	c = merged(parts, 2, &before);
	assert_int_equal(c.n_gone, 2);
	rule_of(&c, "10.4.0.0/16")->member = &members[3];
	before = c.now;
	c.now = (struct group_rules){ NULL, 0 };
	group_change_free(&c);
	/* our address changed */
	parts[0].clients = parts[1].clients = &moved;
	c = merged(parts, 2, &before);
	assert_int_equal(c.n_gone, 1);
	assert_int_equal(c.now.n, 4);
	group_change_free(&c);
	list_free(a);
	list_free(a2);
	list_free(b);
}

static void test_many(void **state)
{
	const struct group_client me = client("192.0.2.13");
	struct ms_policy_list l = { .file = (char[]){ "/p/a" }, .n_entries = 100000 };
	const struct group_part part = { "a", 1, &me, 1, &l, true };
	struct group_rules before = { NULL, 0 };
	struct group_change c;

	(void)state;
	l.entries = calloc(l.n_entries, sizeof *l.entries);
	for (uint32_t i = 0; i < l.n_entries; i++) {
		struct ms_addr a = ms_addr_v4(0x0a000000u + (i * 7919u) % 100000u);

		l.entries[i] = (struct ms_policy_entry){ { a, a }, i + 1, 0, 0, 0 };
	}
	c = merged(&part, 1, &before);
	assert_int_equal(c.now.n, 100000);
	assert_int_equal(c.n_problems, 0);
	for (size_t i = 0; i < c.now.n; i++)
		c.now.rule[i].member = &members[0];
	before = c.now;
	c.now = (struct group_rules){ NULL, 0 };
	group_change_free(&c);
	l.n_entries--;
	c = merged(&part, 1, &before);
	assert_int_equal(c.now.n, 99999);
	assert_int_equal(c.n_gone, 1);
	group_change_free(&c);
	/* all twins: told in few words */
	for (uint32_t i = 0; i < l.n_entries; i++)
		l.entries[i].peers = l.entries[0].peers;
	c = merged(&part, 1, &before);
	assert_int_equal(c.now.n, 1);
	assert_int_equal(c.n_problems, 100);
	assert_non_null(strstr(c.problems[99], "99899 lines more"));
	group_change_free(&c);
	free(l.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_keeps),
		cmocka_unit_test(test_two_defaults),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

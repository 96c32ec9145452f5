/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec policy`: what becomes of packets, in one form for whatever carries them.
 *
 * Each line is one policy: direction, source, "->", destination, "=>", what is done, and how many
 * packets it was done to where that is known.  A row of `stacks` is one way to carry packets; each
 * writes its policies through policy_put().
 */
#include "tools/eroute_line.h"
#include "tools/policy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELP, VERSION, USAGE, DETECT, ALL, INBOUND, IN, OUTBOUND, OUT, FORWARD, FWD, STACK, READ, DEBUG };

struct call {
	struct policy_call policy;
	const char *stack;
	bool detects;
};

static const struct tool_slot table[] = {
	[HELP] = TOOL_TAKEN(TOOL_HELP),
	[VERSION] = TOOL_TAKEN(TOOL_VERSION),
	[USAGE] = TOOL_TAKE("usage", NULL, "show the usage line and exit"),
	[DETECT] = TOOL_FLAG("detect-stack", "show what carries packets here: klips or netkey",
		struct call, detects),
	[ALL] = TOOL_TAKE("all", NULL, "policies of all directions; so it is without any of these"),
	[INBOUND] = TOOL_TAKE("inbound", NULL, "what may come in"),
	[IN] = TOOL_TAKE("in", NULL, NULL),
	[OUTBOUND] = TOOL_TAKE("outbound", NULL, "what is done to packets that go out"),
	[OUT] = TOOL_TAKE("out", NULL, NULL),
	[FORWARD] = TOOL_TAKE(
		"forward", NULL, "what may be forwarded; klips makes no difference to inbound"),
	[FWD] = TOOL_TAKE("fwd", NULL, NULL),
	[STACK] = TOOL_TEXT(
		"stack", "STACK", "do not detect: klips or netkey", struct call, stack),
	[READ] = TOOL_TEXT("read", "FILE",
		"take the SAs from a saved listing, as ipsec spi prints it", struct call, policy.read),
	[DEBUG] = TOOL_FLAG("debug", "show what is asked", struct call, policy.debug),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options policy_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &policy_options,
	.text = "Usage: ipsec policy [--all | --inbound | --outbound | --forward] [--stack STACK]\n"
		"                    [--read FILE] [--debug]\n"
		"       ipsec policy --detect-stack | --usage | --help\n",
	.status = 2,
};

void policy_put(const char *dir, const char *src, const char *dst, const char *what,
	const char *packets)
{
	printf("%-3s %-21s -> %-21s => %s", dir, src, dst, what);
	if (packets != NULL)
		printf(" (%s)", packets);
	putchar('\n');
}

/* --- klips ------------------------------------------------------------------------------------ */

/* Lines that were read, to be looked up by their first word. */
struct lines {
	char **line;
	size_t n, cap;
};

static void keep_line(void *arg, const char *text)
{
	struct lines *l = arg;

	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : l->cap * 2;
		char **bigger = tool_alloc(cap * sizeof *bigger);

		if (l->n > 0)
			memcpy(bigger, l->line, l->n * sizeof *bigger);
		free(l->line);
		l->line = bigger;
		l->cap = cap;
	}
	l->line[l->n++] = tool_format("%s", text);
}

static void free_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->line[i]);
	free(l->line);
}

static int by_first_word(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t xn = strcspn(x, " "), yn = strcspn(y, " ");
	int order = memcmp(x, y, xn < yn ? xn : yn);

	return order != 0 ? order : xn < yn ? -1 : xn > yn;
}

/* The line with this first word, or NULL. */
static const char *look_up(const struct lines *l, const char *word)
{
	char **found = l->n == 0 ? NULL
				 : bsearch(&word, l->line, l->n, sizeof *l->line, by_first_word);

	return found == NULL ? NULL : *found;
}

struct klips_policies {
	const struct policy_call *c;
	struct lines groups;
};

static char *trimmed(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == ' ')
		len--;
	return tool_format("%.*s", (int)len, text);
}

static void print_eroute(void *arg, const char *text)
{
	const struct klips_policies *k = arg;
	char count[24], src[80], dst[80], sa[120], said[100];
	const char *group;
	size_t len;

	if (sscanf(text, "%23s %79s -> %79s => %119s", count, src, dst, sa) != 4)
		return;
	len = eroute_said_octets(sa);
	snprintf(said, sizeof said, "%.*s", (int)(len < sizeof said ? len : sizeof said - 1), sa);
	group = sa[0] == '%' ? NULL : look_up(&k->groups, said);
	char *what = group != NULL ? trimmed(group) : tool_format("%s", said);
	char *all = sa[len] == ':' && strcmp(sa + len, ":0") != 0
		? tool_format("%s protocol %s", what, sa + len + 1)
		: tool_format("%s", what);
	char *packets = tool_format("%s packets", count);

	policy_put("out", src, dst, all, packets);
	free(packets);
	free(all);
	free(what);
}

/* The first SA of a group stands for all of it; without a policy anything may come out. */
static void print_inbound(void *arg, const char *text)
{
	const struct klips_policies *k = arg;
	const char *policy = strstr(text, " policy="), *arrow, *group;
	char said[100];

	if (strstr(text, ": dir=in ") == NULL || sscanf(text, "%99s", said) != 1)
		return;
	group = look_up(&k->groups, said);
	if (group == NULL)
		return; /* another one is first */
	char *what = trimmed(group);

	if (policy != NULL && (arrow = strstr(policy, "->")) != NULL) {
		char *src = tool_format("%.*s", (int)(arrow - policy - 8), policy + 8);
		char *dst = tool_format("%.*s", (int)strcspn(arrow + 2, " "), arrow + 2);

		policy_put("in", src, dst, what, NULL);
		free(src);
		free(dst);
	} else {
		policy_put("in", "any", "any", what, NULL);
	}
	free(what);
}

static ms_err ask(const struct policy_call *c, const char *what, void (*line)(void *arg, const char *text),
	void *arg, struct ms_why *why)
{
	if (c->debug)
		printf("ipsec policy: asks klips for %s\n", what);
	return tool_klips_command(c->t, what, line, arg, why);
}

static ms_err read_sas(struct klips_policies *k, struct ms_why *why)
{
	FILE *f = fopen(k->c->read, "r");
	char *text = NULL;
	size_t cap = 0;

	if (f == NULL)
		return ms_fail(why, MS_ERR_NOT_FOUND, "cannot read %s", k->c->read);
	while (getline(&text, &cap, f) > 0) {
		text[strcspn(text, "\n")] = '\0';
		print_inbound(k, text);
	}
	free(text);
	fclose(f);
	return MS_OK;
}

static ms_err list_klips(const struct policy_call *c, struct ms_why *why)
{
	struct klips_policies k = { .c = c };
	ms_err err = ask(c, "spigrp", keep_line, &k.groups, why);

	if (err == MS_OK && k.groups.n > 0)
		qsort(k.groups.line, k.groups.n, sizeof *k.groups.line, by_first_word);
	if (err == MS_OK && (c->dirs & POLICY_OUT) != 0)
		err = ask(c, "eroute", print_eroute, &k, why);
	if (err == MS_OK && (c->dirs & POLICY_IN) != 0)
		err = c->read != NULL ? read_sas(&k, why) : ask(c, "spi", print_inbound, &k, why);
	free_lines(&k.groups);
	return err;
}

static bool klips_runs(const struct tool *t)
{
	char *path = tool_format("%s/klips.ctl", t->rundir);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* --- the kernel's own ------------------------------------------------------------------------- */

static bool kernel_has_xfrm(const struct tool *t)
{
	(void)t;
	return access("/proc/net/xfrm_stat", F_OK) == 0;
}

/* --- all -------------------------------------------------------------------------------------- */

/* In the order in which they are looked for. */
static const struct {
	const char *name;
	bool (*here)(const struct tool *t);
	ms_err (*list)(const struct policy_call *c, struct ms_why *why);
} stacks[] = {
	{ "klips", klips_runs, list_klips },
	{ "netkey", kernel_has_xfrm, policy_list_netkey },
};
enum { STACKS = sizeof stacks / sizeof stacks[0] };

static unsigned detect(const struct tool *t)
{
	unsigned i = 0;

	while (i < STACKS && !stacks[i].here(t))
		i++;
	return i;
}

static int list(const struct policy_call *c, const char *stack)
{
	struct ms_why why = { "" };
	unsigned i = 0;
	ms_err err;

	if (stack == NULL)
		i = detect(c->t);
	while (stack != NULL && i < STACKS && strcmp(stacks[i].name, stack) != 0)
		i++;
	if (i == STACKS && stack != NULL) {
		tool_error(c->t, "--stack %s: klips or netkey", stack);
		return 1;
	}
	if (i == STACKS) {
		tool_error(c->t, "neither klips nor the kernel carries packets here");
		return 1;
	}
	err = stacks[i].list(c, &why);
	if (err != MS_OK)
		tool_error(c->t, "%s", ms_why_text(&why, err));
	return err == MS_OK ? 0 : 1;
}

static const unsigned direction[] = {
	[ALL] = POLICY_IN | POLICY_OUT | POLICY_FWD,
	[INBOUND] = POLICY_IN,
	[IN] = POLICY_IN,
	[OUTBOUND] = POLICY_OUT,
	[OUT] = POLICY_OUT,
	[FORWARD] = POLICY_FWD,
	[FWD] = POLICY_FWD,
};

static int show_stack(const struct tool *t)
{
	unsigned i = detect(t);

	if (i < STACKS)
		puts(stacks[i].name);
	else
		tool_error(t, "neither klips nor the kernel carries packets here");
	return i < STACKS ? 0 : 1;
}

static int take_row(void *arg, int row, const char *value)
{
	struct call *c = arg;

	(void)value;
	if (row == USAGE) {
		fputs(usage.text, stdout);
		return 0;
	}
	c->policy.dirs |= direction[row];
	return -1;
}

int tool_policy(struct tool *t, int argc, char **argv)
{
	struct call c = { .policy = { .t = t } };
	int status = tool_args_read(t, &usage, argc, argv, take_row, &c);

	if (status != -1)
		return status;
	if (c.detects)
		return show_stack(t);
	if (c.policy.dirs == 0)
		c.policy.dirs = direction[ALL];
	return list(&c.policy, c.stack);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec manual`: connections of ipsec.conf whose keys are in the file.
 *
 * What it does are the commands that a person would type, ipsec spi and so on, and --show prints
 * them; but they run inside this process, so that no key stands on a command line.
 */
#include "tools/manual.h"
#include "tools/manual_updown.h"

#include <modswan/mem.h>

#include <stdlib.h>
#include <string.h>

enum { HELP, VERSION, SHOW, SHOWONLY, OTHER, IAM, CONFIG, NOINCLUDE, UNION, UP, DOWN, ROUTE,
	UNROUTE };

enum { MAX_PARTS = 32 };

struct call {
	struct tool *t;
	int verb; /* UP .. UNROUTE; 0: none */
	bool show, showonly, join;
	const char *names[MAX_PARTS];
	struct manual_wish wish;
	const char *name; /* for people */
};

static const struct tool_slot table[] = {
	[HELP] = TOOL_TAKEN(TOOL_HELP),
	[VERSION] = TOOL_TAKEN(TOOL_VERSION),
	[SHOW] = TOOL_FLAG("show", "show the commands, and do them", struct call, show),
	[SHOWONLY] = TOOL_FLAG("showonly", "show the commands only", struct call, showonly),
	[OTHER] = TOOL_FLAG("other", "do what the other end does", struct call, wish.other),
	[IAM] = TOOL_TEXT("iam", "ADDRESS@IFACE", "which address is ours, and which interface has it",
		struct call, wish.iam),
	[CONFIG] = TOOL_TEXT("config", "FILE", "read NAME from FILE, not from ipsec.conf", struct call,
		wish.config),
	[NOINCLUDE] = TOOL_FLAG("noinclude", "read nothing that the file includes", struct call,
		wish.no_include),
	[UNION] = TOOL_FLAG("union",
		"all names are parts, whose settings together are the connection", struct call, join),
	[UP] = TOOL_TAKE("up", NULL, "make the SAs and send the packets there"),
	[DOWN] = TOOL_TAKE("down", NULL, "take them away"),
	[ROUTE] = TOOL_TAKE("route", NULL, "route the packets to the ipsec device, without SAs"),
	[UNROUTE] = TOOL_TAKE("unroute", NULL, "take the route away"),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options manual_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &manual_options,
	.text = "Usage: ipsec manual [OPTION]... --up|--down|--route|--unroute NAME\n"
		"       ipsec manual [OPTION]... --up|--down|--route|--unroute --union PART...\n",
	.status = 2,
	.words = true,
	.loud = true,
};

/* --- doing it --------------------------------------------------------------------------------- */

static void show_word(const char *word)
{
	if (strpbrk(word, " \t'\"$`\\*?[]()<>|&;#~%") == NULL && word[0] != '\0')
		fputs(word, stdout);
	else
		printf("'%s'", word);
}

static void show_step(const struct call *c, const struct manual_conn *conn,
	const struct manual_step *s)
{
	if (s->updown != NULL) {
		printf("PLUTO_VERB=%s %s", s->updown, manual_updown_command(c->t, conn));
	} else {
		fputs("ipsec", stdout);
		for (unsigned i = 0; i < s->n; i++) {
			putchar(' ');
			show_word(i > 0 && manual_hides(s->word[i - 1]) ? "(key)" : s->word[i]);
		}
	}
	putchar('\n');
	fflush(stdout);
}

static int do_step(const struct call *c, const struct manual_conn *conn, struct manual_step *s)
{
	struct tool t = *c->t;
	char *argv[MANUAL_WORDS + 1];

	if (c->show || c->showonly)
		show_step(c, conn, s);
	if (c->showonly)
		return 0;
	if (s->updown != NULL)
		return manual_updown(c->t, conn, s->updown);
	for (unsigned i = 0; i < s->n; i++)
		argv[i] = tool_format("%s", s->word[i]);
	argv[s->n] = NULL;
	t.command = tool_find_command(s->word[0]);
	t.label = NULL;
	int status = t.command->run(&t, (int)s->n, argv);

	for (unsigned i = 0; i < s->n; i++) {
		ms_wipe(argv[i], strlen(argv[i]));
		free(argv[i]);
	}
	return status;
}

/* After a failure what was done is undone; nobody wants to hear what of it was not there. */
static int do_all(const struct call *c, const struct manual_conn *conn, struct manual_plan *p,
	bool undoing)
{
	struct ms_why why = { "" };
	struct manual_plan down;
	int status = 0;

	for (unsigned i = 0; i < p->n; i++) {
		int s = do_step(c, conn, &p->step[i]);

		if (s != 0)
			status = s;
		if (s != 0 && c->verb == UP && !undoing) {
			fprintf(stderr, "ipsec manual: \"%s\" did not come up, taking it down again\n",
				c->name);
			if (manual_make(&down, conn, MANUAL_DOWN, &why) == MS_OK)
				(void)do_all(c, conn, &down, true);
			return status;
		}
	}
	return status;
}

static int fatal(const struct call *c, const struct ms_why *why, ms_err err)
{
	fprintf(stderr, "ipsec manual: fatal error in \"%s\": %s\n", c->name, ms_why_text(why, err));
	return 1;
}

static int run(struct call *c)
{
	static const enum manual_verb verbs[] = { [UP] = MANUAL_UP, [DOWN] = MANUAL_DOWN,
		[ROUTE] = MANUAL_ROUTE, [UNROUTE] = MANUAL_UNROUTE };
	struct manual_conn *conn = tool_alloc(sizeof *conn);
	struct manual_plan *plan = tool_alloc(sizeof *plan);
	struct ms_why why = { "" };
	ms_err err;
	int status;

	conn->name = c->name;
	err = manual_read(conn, c->t, &c->wish, &why);
	if (err == MS_OK)
		err = manual_make(plan, conn, verbs[c->verb], &why);
	status = err == MS_OK ? do_all(c, conn, plan, false) : fatal(c, &why, err);
	manual_free(conn);
	free(conn);
	free(plan);
	return status;
}

/* --- command line ----------------------------------------------------------------------------- */

static const char *joined(const struct call *c)
{
	char *all = tool_format("%s", c->names[0]);

	for (unsigned i = 1; i < c->wish.n; i++) {
		char *more = tool_format("%s+%s", all, c->names[i]);

		free(all);
		all = more;
	}
	return all;
}

static int take(void *arg, int row, const char *value)
{
	struct call *c = arg;

	if (row != TOOL_WORD) {
		if (c->verb != 0)
			return tool_refuse(c->t, &usage, "both --%s and --%s",
				table[c->verb].o.name, table[row].o.name);
		c->verb = row;
	} else {
		if (c->wish.n == MAX_PARTS)
			return tool_refuse(c->t, &usage, "more than %d names", MAX_PARTS);
		c->names[c->wish.n++] = value;
	}
	return -1;
}

/* NAME up, as it was before options. */
static bool old_form(struct call *c)
{
	if (c->verb != 0 || c->join || c->wish.n != 2)
		return false;
	for (int row = UP; row <= UNROUTE; row++)
		if (strcmp(c->names[1], table[row].o.name) == 0)
			c->verb = row;
	if (c->verb == 0)
		return false;
	fprintf(stderr, "ipsec manual: warning: \"%s %s\" is the old form of \"--%s %s\"\n",
		c->names[0], c->names[1], c->names[1], c->names[0]);
	c->wish.n = 1;
	return true;
}

static int parse(struct call *c, int argc, char **argv)
{
	int status = tool_args_read(c->t, &usage, argc, argv, take, c);

	if (status != -1)
		return status;
	if (!old_form(c)) {
		if (c->verb == 0)
			return tool_refuse(c->t, &usage, "nothing to do: no --up or the like");
		if (c->wish.n == 0)
			return tool_refuse(c->t, &usage, "--%s needs the name of a connection",
				table[c->verb].o.name);
		if (c->wish.n > 1 && !c->join)
			return tool_refuse(c->t, &usage, "unexpected word `%s' without --union",
				c->names[1]);
	}
	c->name = joined(c);
	return -1;
}

int tool_manual(struct tool *t, int argc, char **argv)
{
	struct call c = { .t = t };
	int status;

	c.wish.names = c.names;
	status = parse(&c, argc, argv);
	return status != -1 ? status : run(&c);
}

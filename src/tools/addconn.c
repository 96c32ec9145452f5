/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec addconn`: the family's loader.
 *
 * pluto reads ipsec.conf itself, so what this command loads it loads by `ipsec auto --add`; the rest
 * tells shell scripts what is in the file.
 */
#include "tools/conffile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { O_CONFIG, O_CHECKCONFIG, O_ADDALL, O_AUTOALL, O_LISTADD, O_LISTROUTE, O_LISTSTART, O_CONFIGSETUP,
	O_VARPREFIX, O_VERBOSE, O_HELP, O_VERSION, O_ROOTDIR, O_CTLBASE, O_SEARCH, O_DEBUG,
	O_DEFAULTROUTE, O_NEXTHOP, O_WARNINGS };

static const struct tool_option table[] = {
	[O_CONFIG] = { "config", "FILE", "read FILE, not ipsec.conf" },
	[O_CHECKCONFIG] = { "checkconfig", NULL, "only check it, as ipsec checkconfig does" },
	[O_ADDALL] = { "addall", NULL, "load all with auto=add, route or start" },
	[O_AUTOALL] = { "autoall", NULL, "load them, and route and bring up those that want it" },
	[O_LISTADD] = { "listadd", NULL, "name those with auto=add" },
	[O_LISTROUTE] = { "listroute", NULL, "name those with auto=route" },
	[O_LISTSTART] = { "liststart", NULL, "name those with auto=start" },
	[O_CONFIGSETUP] = { "configsetup", NULL, "print config setup as shell text" },
	[O_VARPREFIX] = { "varprefix", "TEXT", "what the names of its variables begin with" },
	[O_VERBOSE] = { "verbose", NULL, "name each connection that is looked at" },
	[O_HELP] = { "help", NULL, "show this text and exit" },
	[O_VERSION] = { "version", NULL, "show the version and exit" },
	/* of the family, not here */
	[O_ROOTDIR] = { "rootdir", "DIR", NULL },
	[O_CTLBASE] = { "ctlbase", "PATH", NULL },
	[O_SEARCH] = { "search", NULL, NULL },
	[O_DEBUG] = { "debug", NULL, NULL },
	[O_DEFAULTROUTE] = { "defaultroute", "ADDRESS", NULL },
	[O_NEXTHOP] = { "defaultroutenexthop", "ADDRESS", NULL },
	[O_WARNINGS] = { "warningsfatal", NULL, NULL },
	{ NULL, NULL, NULL },
};

const struct tool_options addconn_options = TOOL_OPTIONS(table, false);

#define EXIT_USAGE    10
#define EXIT_BAD_FILE 3

struct call {
	struct tool *tool;
	const char *file, *prefix;
	int verb; /* O_CHECKCONFIG .. O_CONFIGSETUP; 0: NAMEs are loaded */
	bool verbose, bad;
	char **name; /* given, or found */
	unsigned n, room;
	int *autostart; /* of those that were found */
};

static int usage(const struct tool *t, FILE *f, int status)
{
	fprintf(f, "Usage: ipsec %s [OPTION]... [NAME]...\n\n", t->command->name);
	tool_print_options(f, &addconn_options);
	return status;
}

static void complain(struct call *c, const char *text)
{
	tool_error(c->tool, "can not load config '%s': %s",
		c->file != NULL ? c->file : "ipsec.conf", text);
	c->bad = true;
}

/* --- what is in the file ------------------------------------------------------------------------ */

static bool wanted(const struct call *c, int autostart)
{
	switch (c->verb) {
	case O_LISTADD:
		return autostart == MS_AUTO_ADD;
	case O_LISTROUTE:
		return autostart == MS_AUTO_ROUTE;
	case O_LISTSTART:
		return autostart == MS_AUTO_START;
	default:
		return autostart != MS_AUTO_IGNORE && autostart != MS_AUTO_MANUAL;
	}
}

static void take_conn(void *arg, const struct ms_conn_desc *d)
{
	struct call *c = arg;

	if (c->verbose)
		printf("%s: conn %s\n", d->source, d->name);
	/* those that nobody wrote pluto loads itself */
	if (d->source[0] == '(' || !wanted(c, d->autostart))
		return;
	if (c->n == c->room) {
		c->room = c->room == 0 ? 16 : c->room * 2;
		c->name = reallocarray(c->name, c->room, sizeof *c->name);
		c->autostart = reallocarray(c->autostart, c->room, sizeof *c->autostart);
		if (c->name == NULL || c->autostart == NULL)
			abort();
	}
	c->autostart[c->n] = d->autostart;
	c->name[c->n++] = tool_format("%s", d->name);
}

static void broken_conn(void *arg, const char *name, const char *text)
{
	(void)name;
	complain(arg, text);
}

/* --- config setup for shells --------------------------------------------------------------------- */

static void put_variable(const char *prefix, const char *name, const char *value)
{
	printf("export %s", prefix);
	for (; *name != '\0'; name++)
		putchar(isalnum((unsigned char)*name) ? *name : '_');
	fputs("='", stdout);
	for (; *value != '\0'; value++)
		if (*value == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*value);
	puts("'");
}

static void put_setup(const struct call *c, const struct ms_setup_desc *setup)
{
	for (const struct ms_conf_key *k = ms_setup_keys; k->type != MS_CONF_END; k++) {
		size_t size = 1 + ms_conf_text(k, setup, NULL, 0);
		char *text;

		if ((k->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0 || size == 1)
			continue;
		text = tool_alloc(size);
		(void)ms_conf_text(k, setup, text, size);
		put_variable(c->prefix, k->name, text);
		free(text);
	}
}

static void read_file(struct call *c)
{
	static const struct ms_config_sink sink = { take_conn, broken_conn };
	struct tool_config config;
	struct ms_setup_desc setup;
	struct ms_why why = { "" };
	ms_err err = tool_config_open(&config, c->tool, c->file, &why);

	if (err == MS_OK)
		err = config.ops->setup(config.instance, &setup, &why);
	if (err == MS_OK && c->verb == O_CONFIGSETUP)
		put_setup(c, &setup);
	if (err == MS_OK)
		config.ops->setup_free(config.instance, &setup);
	if (err == MS_OK && c->verb != O_CONFIGSETUP)
		err = config.ops->conns(config.instance, NULL, &sink, c, &why);
	if (err != MS_OK)
		complain(c, ms_why_text(&why, err));
	if (c->verb == O_CONFIGSETUP)
		printf("%s_confreadstatus=%s\n", c->prefix, c->bad ? "failed" : "");
	tool_config_close(&config);
}

/* --- loading ---------------------------------------------------------------------------------- */

static int by_auto(struct call *c, const char *verb, char *name)
{
	char *words[] = { tool_format("auto"), tool_format("--%s", verb), name,
		c->file == NULL ? NULL : tool_format("--config=%s", c->file), NULL };
	struct tool t = *c->tool;
	int status;

	if (strcmp(verb, "add") != 0)
		words[3] = tool_format("--asynchronous");
	t.command = tool_find_command("auto");
	status = t.command->run(&t, words[3] == NULL ? 3 : 4, words);
	free(words[0]);
	free(words[1]);
	free(words[3]);
	return status;
}

static int load(struct call *c)
{
	int status = 0;

	for (unsigned i = 0; i < c->n; i++) {
		int s = by_auto(c, "add", c->name[i]);

		if (s == 0 && c->verb == O_AUTOALL && c->autostart[i] == MS_AUTO_ROUTE)
			s = by_auto(c, "route", c->name[i]);
		if (s == 0 && c->verb == O_AUTOALL && c->autostart[i] == MS_AUTO_START)
			s = by_auto(c, "up", c->name[i]);
		if (status == 0)
			status = s;
	}
	return status;
}

static int run(struct call *c)
{
	if (c->verb == 0)
		return load(c);
	if (c->verb == O_CHECKCONFIG)
		return tool_check_file(c->tool, c->file, c->verbose);
	read_file(c);
	if (c->verb == O_ADDALL || c->verb == O_AUTOALL) {
		int status = load(c);

		return c->bad ? EXIT_BAD_FILE : status;
	}
	for (unsigned i = 0; i < c->n; i++)
		printf("%s%s", c->name[i], i + 1 < c->n ? " " : "\n");
	return c->bad ? EXIT_BAD_FILE : 0;
}

/* -1: go on; else the exit status. */
static int take_option(struct call *c, int row, const char *value)
{
	if (row == O_HELP)
		return usage(c->tool, stdout, 0);
	if (row == O_VERSION) {
		tool_version(stdout);
		return 0;
	}
	if (row >= O_ROOTDIR) {
		tool_error(c->tool, "--%s is known from the family, not supported here",
			table[row].name);
		return usage(c->tool, stderr, EXIT_USAGE);
	}
	if (row == O_CONFIG)
		c->file = value;
	else if (row == O_VARPREFIX)
		c->prefix = value;
	else if (row == O_VERBOSE)
		c->verbose = true;
	else if (c->verb != 0) {
		tool_error(c->tool, "both --%s and --%s", table[c->verb].name, table[row].name);
		return usage(c->tool, stderr, EXIT_USAGE);
	} else
		c->verb = row;
	return -1;
}

int tool_addconn(struct tool *t, int argc, char **argv)
{
	struct call c = { .tool = t, .prefix = "" };
	int row, status = -1;
	struct tool_args a;

	tool_args_start(&a, t, &addconn_options, argc, argv, EXIT_USAGE);
	c.room = (unsigned)argc;
	c.name = tool_alloc(c.room * sizeof *c.name);
	c.autostart = tool_alloc(c.room * sizeof *c.autostart);
	while (status == -1 && (row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			status = a.problem;
		else if (row == TOOL_WORD)
			c.name[c.n++] = tool_format("%s", a.value);
		else
			status = take_option(&c, row, a.value);
	}
	if (status == -1 && (c.verb == 0) != (c.n > 0)) {
		tool_error(t, "%s%s", c.n > 0 ? "unexpected word: " : "nothing to do",
			c.n > 0 ? c.name[0] : "");
		status = usage(t, stderr, EXIT_USAGE);
	}
	if (status == -1)
		status = run(&c);
	for (unsigned i = 0; i < c.n; i++)
		free(c.name[i]);
	free(c.name);
	free(c.autostart);
	return status;
}

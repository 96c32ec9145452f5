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

static const struct tool_slot table[] = {
	[O_CONFIG] = TOOL_TEXT("config", "FILE", "read FILE, not ipsec.conf", struct call, file),
	[O_CHECKCONFIG] = TOOL_TAKE("checkconfig", NULL, "only check it, as ipsec checkconfig does"),
	[O_ADDALL] = TOOL_TAKE("addall", NULL, "load all with auto=add, route or start"),
	[O_AUTOALL] =
		TOOL_TAKE("autoall", NULL, "load them, and route and bring up those that want it"),
	[O_LISTADD] = TOOL_TAKE("listadd", NULL, "name those with auto=add"),
	[O_LISTROUTE] = TOOL_TAKE("listroute", NULL, "name those with auto=route"),
	[O_LISTSTART] = TOOL_TAKE("liststart", NULL, "name those with auto=start"),
	[O_CONFIGSETUP] = TOOL_TAKE("configsetup", NULL, "print config setup as shell text"),
	[O_VARPREFIX] = TOOL_TEXT("varprefix", "TEXT", "what the names of its variables begin with",
		struct call, prefix),
	[O_VERBOSE] =
		TOOL_FLAG("verbose", "name each connection that is looked at", struct call, verbose),
	[O_HELP] = TOOL_TAKEN(TOOL_HELP),
	[O_VERSION] = TOOL_TAKEN(TOOL_VERSION),
	[O_ROOTDIR] = TOOL_REFUSED("rootdir", "DIR"),
	[O_CTLBASE] = TOOL_REFUSED("ctlbase", "PATH"),
	[O_SEARCH] = TOOL_REFUSED("search", NULL),
	[O_DEBUG] = TOOL_REFUSED("debug", NULL),
	[O_DEFAULTROUTE] = TOOL_REFUSED("defaultroute", "ADDRESS"),
	[O_NEXTHOP] = TOOL_REFUSED("defaultroutenexthop", "ADDRESS"),
	[O_WARNINGS] = TOOL_REFUSED("warningsfatal", NULL),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options addconn_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &addconn_options,
	.text = "Usage: ipsec addconn [OPTION]... [NAME]...\n",
	.status = EXIT_USAGE,
	.words = true,
	.loud = true,
};

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

static int take_verb(void *arg, int row, const char *value)
{
	struct call *c = arg;

	if (row == TOOL_WORD)
		c->name[c->n++] = tool_format("%s", value);
	else if (c->verb != 0)
		return tool_refuse(c->tool, &usage, "both --%s and --%s", table[c->verb].o.name,
			table[row].o.name);
	else
		c->verb = row;
	return -1;
}

int tool_addconn(struct tool *t, int argc, char **argv)
{
	struct call c = { .tool = t, .prefix = "" };
	int status;

	c.room = (unsigned)argc;
	c.name = tool_alloc(c.room * sizeof *c.name);
	c.autostart = tool_alloc(c.room * sizeof *c.autostart);
	status = tool_args_read(t, &usage, argc, argv, take_verb, &c);
	if (status == -1 && c.verb != 0 && c.n > 0)
		status = tool_refuse(t, &usage, "--%s takes no name: unexpected word: %s",
			table[c.verb].o.name, c.name[0]);
	else if (status == -1 && c.verb == 0 && c.n == 0)
		status = tool_refuse(t, &usage, "nothing to do");
	if (status == -1)
		status = run(&c);
	for (unsigned i = 0; i < c.n; i++)
		free(c.name[i]);
	free(c.name);
	free(c.autostart);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands that are one question to pluto, perhaps about one connection. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

static const struct tool_option table[] = {
	{ "help", NULL, "show this text and exit" },
	{ "version", NULL, "show the version and exit" },
	{ NULL, NULL, NULL },
};

const struct tool_options simple_options = TOOL_OPTIONS(table, false);
const struct tool_options status_options = TOOL_OPTIONS(table, false);

/* Subcommand, pluto's command, whether a connection may be named. */
static const struct {
	const char *name, *command;
	bool conn;
} rows[] = {
	{ "addresspoolstatus", "addresspoolstatus", false },
	{ "briefstatus", "briefstatus", false },
	{ "listen", "listen", false },
	{ "listpubkeys", "listpubkeys", false },
	{ "listsecrets", "listsecrets", false },
	{ "plugins", "plugins", false },
	{ "rereadall", "rereadall", false },
	{ "rereadsecrets", "rereadsecrets", false },
	{ "secrets", "rereadsecrets", false },
	{ "showstates", "showstates", true },
	{ "shuntstatus", "shuntstatus", false },
	{ "trafficstatus", "trafficstatus", true },
	{ "status", "status", true },
};

static int usage(const struct tool *t, FILE *f, int status)
{
	fprintf(f, "Usage: ipsec %s%s%s\n\n", t->command->name, t->command->args != NULL ? " " : "",
		t->command->args != NULL ? t->command->args : "");
	tool_print_options(f, &simple_options);
	return status;
}

/* -1: go on. */
static int read_words(struct tool *t, int argc, char **argv, bool may_name, const char **conn)
{
	struct tool_args a;
	int row;

	tool_args_start(&a, t, &simple_options, argc, argv, 2);
	while ((row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		if (row == 0)
			return usage(t, stdout, 0);
		if (row == 1) {
			tool_version(stdout);
			return 0;
		}
		if (!may_name || *conn != NULL) {
			tool_error(t, "unexpected word `%s'", a.value);
			return usage(t, stderr, 2);
		}
		*conn = a.value;
	}
	return -1;
}

int tool_simple(struct tool *t, int argc, char **argv)
{
	const char *conn = NULL;
	unsigned i = 0;
	int status;

	while (strcmp(rows[i].name, t->command->name) != 0)
		i++;
	status = read_words(t, argc, argv, rows[i].conn, &conn);
	if (status != -1)
		return status;
	return tool_simple_command(t, rows[i].command, conn == NULL ? NULL : "name", conn, NULL);
}

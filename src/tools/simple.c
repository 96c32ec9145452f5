/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands that are one question to pluto, perhaps about one connection. */
#include "tools/tool.h"

#include <string.h>

static const struct tool_option table[] = {
	TOOL_HELP,
	TOOL_VERSION,
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

struct call {
	const struct tool *t;
	const char *conn;
	struct tool_usage usage;
};

static int take_name(void *arg, int row, const char *value)
{
	struct call *c = arg;

	(void)row;
	if (c->conn != NULL)
		return tool_refuse(c->t, &c->usage, "unexpected word `%s'", value);
	c->conn = value;
	return -1;
}

int tool_simple(struct tool *t, int argc, char **argv)
{
	const char *args = t->command->args;
	struct call c = { .t = t, .usage = { .options = &simple_options, .status = 2, .loud = true } };
	unsigned i = 0;
	int status;

	while (strcmp(rows[i].name, t->command->name) != 0)
		i++;
	c.usage.text = tool_format("Usage: ipsec %s%s%s\n", t->command->name, args != NULL ? " " : "",
		args != NULL ? args : "");
	c.usage.words = rows[i].conn;
	status = tool_args_read(t, &c.usage, argc, argv, take_name, &c);
	if (status != -1)
		return status;
	return tool_simple_command(t, rows[i].command, c.conn == NULL ? NULL : "name", c.conn, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec eroute`: the extended routes of KLIPS.
 *
 * Without options it lists them.  The options that change them are known, and refused for now.
 */
#include "tools/tool.h"

#include <string.h>

static const struct tool_option table[] = {
	{ "help", NULL, "show this text and exit" },
	{ "version", NULL, "show the version and exit" },
	{ "label", "TEXT", "put TEXT into error messages" },
	{ "debug", NULL, NULL },
	{ "add", NULL, NULL },
	{ "addin", NULL, NULL },
	{ "replace", NULL, NULL },
	{ "del", NULL, NULL },
	{ "clear", NULL, NULL },
	{ "eraf", "FAMILY", NULL },
	{ "src", "NET/MASK", NULL },
	{ "dst", "NET/MASK", NULL },
	{ "transport-proto", "PROTO", NULL },
	{ "src-port", "PORT", NULL },
	{ "dst-port", "PORT", NULL },
	{ "af", "FAMILY", NULL },
	{ "edst", "ADDRESS", NULL },
	{ "spi", "SPI", NULL },
	{ "proto", "PROTO", NULL },
	{ "said", "SAID", NULL },
	{ NULL, NULL, NULL },
};

const struct tool_options eroute_options = TOOL_OPTIONS(table, true);

static void print_line(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

/* --help and --version end with 1, as scripts of the family expect of the low-level tools. */
static int usage(void)
{
	puts("Usage: ipsec eroute [--label TEXT]\n");
	tool_print_options(stdout, &eroute_options);
	return 1;
}

int tool_eroute(struct tool *t, int argc, char **argv)
{
	struct ms_why why = { "" };
	struct tool_args a;
	int row;

	tool_args_start(&a, t, &eroute_options, argc, argv, 1);
	while ((row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		if (row == TOOL_WORD) {
			tool_error(t, "unexpected word `%s'", a.value);
			return 1;
		}
		if (row == 0)
			return usage();
		if (row == 1) {
			tool_version(stdout);
			return 1;
		}
		if (strcmp(table[row].name, "label") == 0) {
			t->label = a.value;
		} else if (strcmp(table[row].name, "debug") != 0) {
			tool_error(t,
				"option `--%s' is not supported yet: eroutes can be listed "
				"only",
				table[row].name);
			return 1;
		}
	}
	if (tool_klips_command(t, "eroute", print_line, NULL, &why) != MS_OK) {
		tool_error(t, "%s", why.text);
		return 1;
	}
	return 0;
}

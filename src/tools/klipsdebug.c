/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec klipsdebug`: what KLIPS logs, by one X_DEBUG message; and its counters. */
#include "tools/klips_link.h"

#include <errno.h>
#include <string.h>

#define ACTIONS "'--set', '--clear', '--all', '--none' or '--counters'"

enum { HELP, VERSION, LABEL, DEBUG, SET, CLEAR_FLAG, ALL, NONE, COUNTERS };

static const struct tool_option table[] = {
	[HELP] = { "help", NULL, "show this text and exit" },
	[VERSION] = { "version", NULL, "show the version and exit" },
	[LABEL] = { "label", "TEXT", "put TEXT into error messages" },
	[DEBUG] = { "debug", NULL, "show what is sent and what comes back" },
	[SET] = { "set", "FLAG", "log what FLAG stands for" },
	[CLEAR_FLAG] = { "clear", "FLAG", "do not" },
	[ALL] = { "all", NULL, "log all, except verbosely" },
	[NONE] = { "none", NULL, "log none of it" },
	[COUNTERS] = { "counters", NULL, "show why packets went where they went" },
	{ NULL, NULL, NULL },
};

const struct tool_options klipsdebug_options = TOOL_OPTIONS(table, true);

/* Bit 31 of the netlink word says set or clear. */
enum { NETLINK_WORD = 1, VERBOSE_WORD = 11, TUNNEL_XMIT = 0x10 };
#define DEBUG_SET UINT32_C(0x80000000)
#define EVERY_BIT UINT32_C(0x7fffffff)

static const struct {
	const char *name;
	unsigned word;
	uint32_t bits;
} flags[] = {
	{ "tunnel", 0, EVERY_BIT },
	{ "tunnel-xmit", 0, TUNNEL_XMIT },
	{ "netlink", NETLINK_WORD, EVERY_BIT },
	{ "xform", 2, EVERY_BIT },
	{ "eroute", 3, EVERY_BIT },
	{ "spi", 4, EVERY_BIT },
	{ "radij", 5, EVERY_BIT },
	{ "esp", 6, EVERY_BIT },
	{ "ah", 7, EVERY_BIT },
	{ "rcv", 8, EVERY_BIT },
	{ "pfkey", 9, EVERY_BIT },
	{ "ipcomp", 10, EVERY_BIT },
	{ "comp", 10, EVERY_BIT },
	{ "verbose", VERBOSE_WORD, EVERY_BIT },
};

static const struct klips_reason reasons[] = {
	{ EINVAL, "Invalid argument, check the log of KLIPS for details." },
	{ EACCES, "Access denied.  You must be root." },
	{ EPERM, "Access denied.  You must be root." },
	{ EUNATCH, "KLIPS not loaded." },
	{ 0, "Unknown error." },
};

static int usage(FILE *f)
{
	fputs("Usage: ipsec klipsdebug\n"
	      "       ipsec klipsdebug --set FLAG | --clear FLAG | --all | --none | --counters\n"
	      "FLAG: ",
		f);
	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++)
		fprintf(f, "%s%s", i == 0 ? "" : "|", flags[i].name);
	fputs("\n\n", f);
	tool_print_options(f, &klipsdebug_options);
	return 1;
}

static bool put_flag(struct ms_pfkey_debug *d, const char *name)
{
	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(flags[i].name, name) == 0) {
			d->word[flags[i].word] |= flags[i].bits;
			return true;
		}
	return false;
}

static int change(const struct tool *t, bool debug, int action, const char *flag)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_DEBUG, .has = MS_PFKEY_BIT(X_DEBUG_SET) };

	if (flag != NULL && !put_flag(&m.debug, flag)) {
		tool_error(t, "unknown flag `%s'", flag);
		return usage(stderr);
	}
	for (unsigned i = 0; flag == NULL && i < MS_PFKEY_DEBUG_WORDS; i++)
		if (action == NONE || i != VERBOSE_WORD)
			m.debug.word[i] = EVERY_BIT;
	if (action == SET || action == ALL)
		m.debug.word[NETLINK_WORD] |= DEBUG_SET;
	return klips_ask_once(t, debug, &m, reasons);
}

int tool_klipsdebug(struct tool *t, int argc, char **argv)
{
	const char *flag = NULL;
	struct tool_args a;
	bool debug = false;
	int row, action = 0;

	tool_args_start(&a, t, &klipsdebug_options, argc, argv, 1);
	while ((row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD) {
			usage(stderr);
			return a.problem;
		}
		if (row == TOOL_WORD) {
			tool_error(t, "unexpected word `%s'", a.value);
			return usage(stderr);
		}
		if (row == HELP)
			return usage(stdout);
		if (row == VERSION) {
			tool_version(stdout);
			return 0;
		}
		if (row == LABEL) {
			t->label = a.value;
		} else if (row == DEBUG) {
			debug = true;
		} else if (action != 0) {
			tool_error(t, "Only one of " ACTIONS " options permitted.");
			return 1;
		} else {
			action = row;
			flag = a.value;
		}
	}
	if (action == 0 || action == COUNTERS)
		return klips_list(t, action == 0 ? "klipsdebug" : "counters");
	return change(t, debug, action, flag);
}

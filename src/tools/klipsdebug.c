/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec klipsdebug`: what KLIPS logs, by one X_DEBUG message; and its counters. */
#include "tools/klips_link.h"

#include <errno.h>
#include <string.h>

#define ACTIONS "'--set', '--clear', '--all', '--none' or '--counters'"

enum { HELP, VERSION, LABEL, DEBUG, SET, CLEAR_FLAG, ALL, NONE, COUNTERS };

struct call {
	const struct tool *t;
	bool debug;
	int action;
	const char *flag;
	struct tool_usage usage;
};

static const struct tool_slot table[] = {
	[HELP] = TOOL_TAKEN(TOOL_HELP),
	[VERSION] = TOOL_TAKEN(TOOL_VERSION),
	[LABEL] = TOOL_TAKEN(TOOL_LABEL),
	[DEBUG] = TOOL_FLAG("debug", "show what is sent and what comes back", struct call, debug),
	[SET] = TOOL_TAKE("set", "FLAG", "log what FLAG stands for"),
	[CLEAR_FLAG] = TOOL_TAKE("clear", "FLAG", "do not"),
	[ALL] = TOOL_TAKE("all", NULL, "log all, except verbosely"),
	[NONE] = TOOL_TAKE("none", NULL, "log none of it"),
	[COUNTERS] = TOOL_TAKE("counters", NULL, "show why packets went where they went"),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options klipsdebug_options = TOOL_SLOTS(table, true);

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

/* All flags with bars between them. */
static char *flag_words(void)
{
	char *all = tool_format("%s", flags[0].name);

	for (unsigned i = 1; i < sizeof flags / sizeof flags[0]; i++)
		all = tool_format("%s|%s", all, flags[i].name);
	return all;
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

static int change(const struct call *c)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_DEBUG, .has = MS_PFKEY_BIT(X_DEBUG_SET) };

	if (c->flag != NULL && !put_flag(&m.debug, c->flag))
		return tool_refuse(c->t, &c->usage, "--%s: unknown flag `%s'", table[c->action].o.name,
			c->flag);
	for (unsigned i = 0; c->flag == NULL && i < MS_PFKEY_DEBUG_WORDS; i++)
		if (c->action == NONE || i != VERBOSE_WORD)
			m.debug.word[i] = EVERY_BIT;
	if (c->action == SET || c->action == ALL)
		m.debug.word[NETLINK_WORD] |= DEBUG_SET;
	return klips_ask_once(c->t, c->debug, &m, reasons);
}

static int take_action(void *arg, int row, const char *value)
{
	struct call *c = arg;

	if (c->action != 0) {
		tool_error(c->t, "Only one of " ACTIONS " options permitted.");
		return 1;
	}
	c->action = row;
	c->flag = value;
	return -1;
}

int tool_klipsdebug(struct tool *t, int argc, char **argv)
{
	struct call c = { .t = t, .usage = { .options = &klipsdebug_options, .status = 1, .loud = true,
					  .help_status = 1 } };
	int status;

	c.usage.text = tool_format("Usage: ipsec klipsdebug\n"
				   "       ipsec klipsdebug --set FLAG | --clear FLAG | --all | --none "
				   "| --counters\n"
				   "FLAG: %s\n",
		flag_words());
	status = tool_args_read(t, &c.usage, argc, argv, take_action, &c);

	if (status != -1)
		return status;
	if (c.action == 0 || c.action == COUNTERS)
		return klips_list(t, c.action == 0 ? "klipsdebug" : "counters");
	return change(&c);
}

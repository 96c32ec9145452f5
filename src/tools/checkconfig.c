/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec checkconfig`: is ipsec.conf as the daemon wants it?  Silent when it is. */
#include "tools/conffile.h"

#define EXIT_USAGE    10
#define EXIT_BAD_FILE 3

struct check {
	const struct tool *tool;
	const char *file;
	bool verbose, bad, algorithms;
};

static const struct tool_slot table[] = {
	TOOL_TEXT("config", "FILE", "check FILE, not ipsec.conf", struct check, file),
	TOOL_FLAG("verbose", "name each connection", struct check, verbose),
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options checkconfig_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &checkconfig_options,
	.text = "Usage: ipsec checkconfig [--config FILE] [--verbose]\n",
	.status = EXIT_USAGE,
	.loud = true,
};

static void complain(struct check *k, const char *text)
{
	tool_error(k->tool, "can not load config '%s': %s", k->file != NULL ? k->file : "ipsec.conf",
		text);
	k->bad = true;
}

/* What is keyed by hand asks other programs. */
static bool by_hand(const struct ms_conn_desc *d)
{
	return d->manual.spi != NULL || d->manual.spibase != NULL;
}

static void good_conn(void *arg, const struct ms_conn_desc *desc)
{
	struct check *k = arg;
	struct ms_why why = { "" };
	char place[512];
	ms_err err;

	if (k->verbose)
		printf("%s: conn %s\n", desc->source, desc->name);
	if (!k->algorithms || by_hand(desc))
		return;
	err = ms_conn_check_offers(desc, &why);
	if (err == MS_OK)
		return;
	(void)ms_why_text(&why, err);
	ms_why_prefix(&why, "%.200s: conn %.60s: ",
		ms_conn_where(desc, why.text, place, sizeof place), desc->name);
	complain(k, why.text);
}

/* Each connection that is broken is told; the others would be loaded. */
static void broken_conn(void *arg, const char *name, const char *text)
{
	(void)name;
	complain(arg, text);
}

int tool_check_file(const struct tool *t, const char *file, bool verbose)
{
	static const struct ms_config_sink sink = { good_conn, broken_conn };
	struct check k = { t, file, verbose, false, false };
	struct ms_setup_desc setup;
	struct tool_config c;
	struct ms_why why = { "" };
	ms_err err = tool_config_open(&c, t, file, &why);

	if (err == MS_OK) {
		k.algorithms = tool_config_crypto(&c, &why) == MS_OK;
		if (!k.algorithms)
			tool_error(t, "warning: whether algorithms are offered was not checked: %s",
				ms_why_text(&why, MS_ERR_PLUGIN));
		why.text[0] = '\0';
	}
	if (err == MS_OK)
		err = c.ops->setup(c.instance, &setup, &why);
	if (err == MS_OK) {
		c.ops->setup_free(c.instance, &setup);
		err = c.ops->conns(c.instance, NULL, &sink, &k, &why);
	}
	if (err != MS_OK)
		complain(&k, ms_why_text(&why, err));
	tool_config_close(&c);
	return k.bad ? EXIT_BAD_FILE : 0;
}

int tool_checkconfig(struct tool *t, int argc, char **argv)
{
	struct check k = { .tool = t };
	int status = tool_args_read(t, &usage, argc, argv, NULL, &k);

	return status != -1 ? status : tool_check_file(t, k.file, k.verbose);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec readwriteconf`: ipsec.conf as it was understood, in one form.
 *
 * What was taken in with include, also= and %default stands in each connection itself, and what is as
 * it would be anyway is left out.  Reading what was written gives the same again.
 */
#include "tools/conffile.h"

#include <modswan/mem.h>

#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE    10
#define EXIT_BAD_FILE 3

struct call {
	const struct tool *tool;
	const char *file;
	char **name;
	unsigned n;
	bool verbose, ignore, all, bad;
	FILE *out;
};

static const struct tool_slot table[] = {
	TOOL_TEXT("config", "FILE", "read FILE, not ipsec.conf", struct call, file),
	TOOL_FLAG("ignoreconnnotfound", "pass over a NAME that is not there", struct call, ignore),
	TOOL_FLAG("verbose", "say in which line each connection begins", struct call, verbose),
	TOOL_FLAG("debug", NULL, struct call, verbose),
	TOOL_FLAG("all", "all connections, which is so without NAME too", struct call, all),
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	TOOL_REFUSED("rootdir", "DIR"),
	TOOL_REFUSED("rootdir2", "DIR"),
	TOOL_REFUSED("whackout", "FILE"),
	TOOL_REFUSED("text", NULL),
	TOOL_REFUSED("warningsarefatal", NULL),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options readwriteconf_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &readwriteconf_options,
	.text = "Usage: ipsec readwriteconf [OPTION]... [NAME]...\n",
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

/* --- writing ---------------------------------------------------------------------------------- */

/* The text of a value; keys, too: who may read the file has them anyway. */
static char *value_of(const struct ms_conf_key *k, const void *from)
{
	size_t size = 1 + ms_conf_text(k, from, NULL, 0);
	char *text;

	if (k->type == MS_CONF_STRING) {
		const char *const *member = (const void *)((const char *)from + k->offset);

		return tool_format("%s", *member == NULL ? "" : *member);
	}
	text = tool_alloc(size);
	(void)ms_conf_text(k, from, text, size);
	return text;
}

static void put_value(FILE *out, const char *value)
{
	const char *quote = strpbrk(value, " \t#{") != NULL ? "\"" : "";

	fprintf(out, "%s%s%s\n", quote, value, quote);
}

static void put_rows(FILE *out, const struct ms_conf_key *keys, const void *from, const void *normal,
	const char *side)
{
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		char *text, *usual;

		if ((k->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0)
			continue;
		text = value_of(k, from);
		usual = value_of(k, normal);
		if (strcmp(text, usual) != 0) {
			fprintf(out, "\t%s%s=", side, k->name);
			put_value(out, text);
		}
		ms_wipe(text, strlen(text));
		free(text);
		free(usual);
	}
}

static void put_setup(struct call *c, const struct ms_setup_desc *setup)
{
	struct ms_setup_desc normal;

	fprintf(c->out, "version 2.0\n\nconfig setup\n");
	if (!ms_conf_defaults(ms_setup_keys, &normal))
		return;
	put_rows(c->out, ms_setup_keys, setup, &normal, "");
	ms_conf_free(ms_setup_keys, &normal);
}

static void put_conn(void *arg, const struct ms_conn_desc *d)
{
	struct call *c = arg;
	struct ms_conn_desc normal;

	/* nobody wrote it */
	if (d->source[0] == '(')
		return;
	if (!ms_conn_desc_defaults(&normal)) {
		complain(c, "out of memory");
		return;
	}
	fprintf(c->out, "\n# begin conn %s\n", d->name);
	if (c->verbose)
		fprintf(c->out, "# %s\n", d->source);
	fprintf(c->out, "conn %s\n", d->name);
	put_rows(c->out, ms_end_keys, &d->left, &normal.left, "left");
	put_rows(c->out, ms_end_keys, &d->right, &normal.right, "right");
	put_rows(c->out, ms_conn_keys, d, &normal, "");
	fprintf(c->out, "# end conn %s\n", d->name);
	ms_conn_desc_free(&normal);
}

static void broken_conn(void *arg, const char *name, const char *text)
{
	(void)name;
	complain(arg, text);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void some(struct call *c, struct tool_config *config, const struct ms_config_sink *sink)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct ms_why why = { "" };
		ms_err err = config->ops->conns(config->instance, c->name[i], sink, c, &why);

		if (err != MS_OK && !(err == MS_ERR_UNKNOWN && c->ignore))
			complain(c, ms_why_text(&why, err));
	}
}

static void read_write(struct call *c)
{
	static const struct ms_config_sink sink = { put_conn, broken_conn };
	struct tool_config config;
	struct ms_setup_desc setup;
	struct ms_why why = { "" };
	ms_err err = tool_config_open(&config, c->tool, c->file, &why);

	if (err == MS_OK)
		err = config.ops->setup(config.instance, &setup, &why);
	if (err == MS_OK) {
		put_setup(c, &setup);
		config.ops->setup_free(config.instance, &setup);
		if (c->n > 0)
			some(c, &config, &sink);
		else
			err = config.ops->conns(config.instance, NULL, &sink, c, &why);
	}
	if (err != MS_OK)
		complain(c, ms_why_text(&why, err));
	tool_config_close(&config);
}

/* Nothing is written of a file with a mistake. */
static int run(struct call *c)
{
	char *text = NULL;
	size_t size = 0;

	c->out = open_memstream(&text, &size);
	if (c->out == NULL)
		return EXIT_BAD_FILE;
	read_write(c);
	if (fclose(c->out) != 0)
		complain(c, "out of memory");
	if (!c->bad)
		fwrite(text, 1, size, stdout);
	ms_wipe(text, size);
	free(text);
	return c->bad ? EXIT_BAD_FILE : 0;
}

static int take_name(void *arg, int row, const char *value)
{
	struct call *c = arg;

	(void)row;
	c->name[c->n++] = (char *)(uintptr_t)value;
	return -1;
}

int tool_readwriteconf(struct tool *t, int argc, char **argv)
{
	struct call c = { .tool = t, .name = tool_alloc((size_t)argc * sizeof(char *)) };
	int status = tool_args_read(t, &usage, argc, argv, take_name, &c);

	if (status == -1)
		status = run(&c);
	free(c.name);
	return status;
}

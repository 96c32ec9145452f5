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

enum { O_CONFIG, O_IGNORE, O_VERBOSE, O_DEBUG, O_ALL, O_HELP, O_VERSION, O_ROOTDIR, O_ROOTDIR2,
	O_WHACKOUT, O_TEXT, O_WARNINGS };

static const struct tool_option table[] = {
	[O_CONFIG] = { "config", "FILE", "read FILE, not ipsec.conf" },
	[O_IGNORE] = { "ignoreconnnotfound", NULL, "pass over a NAME that is not there" },
	[O_VERBOSE] = { "verbose", NULL, "say in which line each connection begins" },
	[O_DEBUG] = { "debug", NULL, NULL },
	[O_ALL] = { "all", NULL, "all connections, which is so without NAME too" },
	[O_HELP] = { "help", NULL, "show this text and exit" },
	[O_VERSION] = { "version", NULL, "show the version and exit" },
	/* of the family, not here */
	[O_ROOTDIR] = { "rootdir", "DIR", NULL },
	[O_ROOTDIR2] = { "rootdir2", "DIR", NULL },
	[O_WHACKOUT] = { "whackout", "FILE", NULL },
	[O_TEXT] = { "text", NULL, NULL },
	[O_WARNINGS] = { "warningsarefatal", NULL, NULL },
	{ NULL, NULL, NULL },
};

const struct tool_options readwriteconf_options = TOOL_OPTIONS(table, false);

#define EXIT_USAGE    10
#define EXIT_BAD_FILE 3

struct call {
	const struct tool *tool;
	const char *file;
	char **name;
	unsigned n;
	bool verbose, ignore, bad;
	FILE *out;
};

static int usage(const struct tool *t, FILE *f, int status)
{
	fprintf(f, "Usage: ipsec %s [OPTION]... [NAME]...\n\n", t->command->name);
	tool_print_options(f, &readwriteconf_options);
	return status;
}

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
	c->ignore |= row == O_IGNORE;
	c->verbose |= row == O_VERBOSE || row == O_DEBUG;
	return -1;
}

int tool_readwriteconf(struct tool *t, int argc, char **argv)
{
	struct call c = { .tool = t, .name = tool_alloc((size_t)argc * sizeof(char *)) };
	int row, status = -1;
	struct tool_args a;

	tool_args_start(&a, t, &readwriteconf_options, argc, argv, EXIT_USAGE);
	while (status == -1 && (row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			status = a.problem;
		else if (row == TOOL_WORD)
			c.name[c.n++] = (char *)a.value;
		else
			status = take_option(&c, row, a.value);
	}
	if (status == -1)
		status = run(&c);
	free(c.name);
	return status;
}

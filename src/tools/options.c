/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables as listings, and what every command says in the same words. */
#include "tools/tool.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Memory lives until the end of this short program; where it is known is noted, so that a leak
 * checker does not take it for lost. */
static void *keep(void *p)
{
	static void **kept;
	static size_t n, cap;

	if (p != NULL && n == cap) {
		void **grown = realloc(kept, (cap + 256) * sizeof *grown);

		p = grown == NULL ? NULL : p;
		kept = grown == NULL ? kept : grown;
		cap += grown == NULL ? 0 : 256;
	}
	if (p == NULL) {
		fputs("ipsec: out of memory\n", stderr);
		exit(1);
	}
	kept[n++] = p;
	return p;
}

void *tool_alloc(size_t size)
{
	return keep(calloc(1, size));
}

char *tool_format(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return keep(s);
}

static void complain(const struct tool *t, const char *fmt, va_list ap)
{
	fprintf(stderr, "ipsec %s%s%s: ", t->command->name, t->label != NULL ? " --label " : "",
		t->label != NULL ? t->label : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void tool_error(const struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(t, fmt, ap);
	va_end(ap);
}

int tool_refuse(const struct tool *t, const struct tool_usage *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(t, fmt, ap);
	va_end(ap);
	if (u->loud)
		return tool_show_usage(u, stderr, u->status);
	fprintf(stderr, "See `ipsec %s --help' for its options.\n", t->command->name);
	return u->status;
}

const struct tool_option *tool_option_at(const struct tool_options *o, unsigned i)
{
	const struct tool_option *row =
		(const struct tool_option *)(const void *)((const char *)o->rows + i * o->stride);

	return row->name == NULL ? NULL : row;
}

/* --- listings --------------------------------------------------------------------------------- */

bool tool_option_may(const struct tool_option *o)
{
	return o->arg != NULL && o->arg[0] == '[';
}

/* "Op Ar N" of "[N]". */
static void print_for_manual(const struct tool_option *o)
{
	if (o->arg == NULL)
		printf(".It Fl Fl %s\n%s\n", o->name, o->help);
	else if (tool_option_may(o))
		printf(".It Fl Fl %s Op Ar %.*s\n%s\n", o->name, (int)strcspn(o->arg + 1, "]"),
			o->arg + 1, o->help);
	else
		printf(".It Fl Fl %s Ar %s\n%s\n", o->name, o->arg, o->help);
}

/* As items of a list in mdoc(7), from one option to another. */
static void list_for_manual(const struct tool_options *o, const char *from, const char *to)
{
	const struct tool_option *row;
	bool within = from == NULL;

	for (unsigned i = 0; (row = tool_option_at(o, i)) != NULL; i++) {
		within = within || strcmp(row->name, from) == 0;
		if (within && row->help != NULL)
			print_for_manual(row);
		within = within && (to == NULL || strcmp(row->name, to) != 0);
	}
	if (o->from_file && to == NULL)
		puts(".It Fl Fl optionsfrom Ar FILE\nread more options from the file");
}

bool tool_list_options(const struct tool_options *o, int argc, char **argv)
{
	const struct tool_option *row;

	if (argc < 2 || strcmp(argv[1], "--options") != 0)
		return false;
	if (argc > 2 && o != NULL) {
		list_for_manual(o, argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL);
		return true;
	}
	for (unsigned i = 0; o != NULL && (row = tool_option_at(o, i)) != NULL; i++)
		printf("--%s%s%s%s\n", row->name, row->arg != NULL ? " " : "",
			row->arg != NULL ? row->arg : "", row->help == NULL ? " (hidden)" : "");
	if (o != NULL && o->from_file)
		puts("--optionsfrom FILE");
	return true;
}

void tool_print_options(FILE *f, const struct tool_options *o)
{
	const struct tool_option *row;
	char left[80];

	for (unsigned i = 0; (row = tool_option_at(o, i)) != NULL; i++) {
		if (row->help == NULL)
			continue;
		snprintf(left, sizeof left, "--%s%s%s", row->name, row->arg != NULL ? " " : "",
			row->arg != NULL ? row->arg : "");
		fprintf(f, "  %-28s %s\n", left, row->help);
	}
	if (o->from_file)
		fprintf(f, "  %-28s %s\n", "--optionsfrom FILE", "read more options from FILE");
}

int tool_show_usage(const struct tool_usage *u, FILE *f, int status)
{
	fputs(u->text, f);
	fputc('\n', f);
	tool_print_options(f, u->options);
	return status;
}

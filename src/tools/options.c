/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: parsing, --optionsfrom files, listings. */
#include "tools/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LINE_OCTETS 1024 /* with the newline */
#define MAX_FILES        100  /* a file may name itself */

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

void tool_error(const struct tool *t, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "ipsec %s%s%s: ", t->command->name, t->label != NULL ? " --label " : "",
		t->label != NULL ? t->label : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const struct tool_option *tool_option_at(const struct tool_options *o, unsigned i)
{
	const struct tool_option *row =
		(const struct tool_option *)(const void *)((const char *)o->rows + i * o->stride);

	return row->name == NULL ? NULL : row;
}

/* --- listings --------------------------------------------------------------------------------- */

/* As items of a list in mdoc(7), from one option to another. */
static void list_for_manual(const struct tool_options *o, const char *from, const char *to)
{
	const struct tool_option *row;
	bool within = from == NULL;

	for (unsigned i = 0; (row = tool_option_at(o, i)) != NULL; i++) {
		within = within || strcmp(row->name, from) == 0;
		if (within && row->help != NULL)
			printf(".It Fl Fl %s%s%s\n%s\n", row->name, row->arg != NULL ? " Ar " : "",
				row->arg != NULL ? row->arg : "", row->help);
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

/* --- parsing ---------------------------------------------------------------------------------- */

void tool_args_start(struct tool_args *a, const struct tool *t, const struct tool_options *o,
	int argc, char **argv, int usage_status)
{
	(void)t;
	memset(a, 0, sizeof *a);
	a->options = o;
	a->argv = argv;
	a->argc = argc;
	a->next = 1;
	a->problem = usage_status;
}

/* Puts `word` (a string of its own) at `at`. */
static void insert(struct tool_args *a, int at, char *word)
{
	char **grown = tool_alloc(((size_t)a->argc + 2) * sizeof *grown);

	memcpy(grown, a->argv, (size_t)at * sizeof *grown);
	grown[at] = word;
	memcpy(grown + at + 1, a->argv + at, (size_t)(a->argc - at) * sizeof *grown);
	free(a->spliced);
	a->argv = a->spliced = grown;
	a->argc++;
}

static char *word_of(const char *s, size_t len)
{
	if (len >= 2 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0]) {
		s++;
		len -= 2;
	}
	return tool_format("%.*s", (int)len, s);
}

/* One line: an option, cut at the first blanks from its value, or one word. */
static int insert_line(struct tool_args *a, int at, char *line)
{
	size_t len = strlen(line), name;

	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		line[--len] = '\0';
	while (*line == ' ' || *line == '\t') {
		line++;
		len--;
	}
	if (len == 0 || *line == '#')
		return at;
	name = *line == '-' ? strcspn(line, " \t") : len;
	insert(a, at++, *line == '-' ? tool_format("%.*s", (int)name, line) : word_of(line, len));
	if (name < len) {
		char *rest = line + name + strspn(line + name, " \t");

		insert(a, at++, word_of(rest, strlen(rest)));
	}
	return at;
}

static bool take_file(struct tool_args *a, const struct tool *t, const char *path)
{
	char line[FILE_LINE_OCTETS + 1];
	FILE *f = NULL;
	int at = a->next;
	bool good = true;

	a->problem = 2;
	if (++a->files > MAX_FILES)
		tool_error(t, "more than %d uses of --optionsfrom: do the files name each other?",
			MAX_FILES);
	else if ((f = fopen(path, "re")) == NULL)
		tool_error(t, "cannot read options from \"%s\": %s", path, strerror(errno));
	if (f == NULL)
		return false;
	while (good && fgets(line, sizeof line, f) != NULL) {
		good = strchr(line, '\n') != NULL || feof(f);
		if (good)
			at = insert_line(a, at, line);
		else
			tool_error(t, "a line of \"%s\" is longer than %d octets", path,
				FILE_LINE_OCTETS - 1);
	}
	fclose(f);
	return good;
}

/* Row whose name is, or alone begins with, the first `len` octets of `name`. */
static int find(const struct tool_options *o, const char *name, size_t len, bool *ambiguous)
{
	const struct tool_option *row;
	int found = TOOL_BAD;

	*ambiguous = false;
	for (unsigned i = 0; (row = tool_option_at(o, i)) != NULL; i++) {
		if (strncmp(row->name, name, len) != 0)
			continue;
		if (row->name[len] == '\0') {
			*ambiguous = false;
			return (int)i;
		}
		if (found != TOOL_BAD)
			*ambiguous = true;
		found = (int)i;
	}
	return found;
}

static int refuse(struct tool_args *a, const struct tool *t, const char *text, const char *word)
{
	tool_error(t, text, word);
	fprintf(stderr, "See `ipsec %s --help' for its options.\n", t->command->name);
	(void)a;
	return TOOL_BAD;
}

static int take_value(struct tool_args *a, const struct tool *t, const struct tool_option *row,
	char *eq, int which)
{
	a->value = NULL;
	if (row->arg == NULL && eq != NULL)
		return refuse(a, t, "option `--%s' takes no value", row->name);
	if (row->arg == NULL)
		return which;
	if (eq != NULL)
		a->value = eq + 1;
	else if (a->next < a->argc)
		a->value = a->argv[a->next++];
	else
		return refuse(a, t, "option `--%s' needs a value", row->name);
	return which;
}

int tool_args_next(struct tool_args *a, const struct tool *t)
{
	static const struct tool_option from_file = { "optionsfrom", "FILE", NULL };

	while (a->next < a->argc) {
		char *word = a->argv[a->next++], *eq;
		bool ambiguous;
		size_t len;
		int which;

		if (word[0] != '-' || word[1] == '\0') {
			a->value = word;
			return TOOL_WORD;
		}
		if (word[1] != '-')
			return refuse(a, t, "unknown option `%s'", word);
		eq = strchr(word, '=');
		len = eq == NULL ? strlen(word + 2) : (size_t)(eq - word) - 2;
		which = len == 0 ? TOOL_BAD : find(a->options, word + 2, len, &ambiguous);
		if (which == TOOL_BAD && a->options->from_file && len >= 8 &&
			strncmp("optionsfrom", word + 2, len) == 0) {
			if (take_value(a, t, &from_file, eq, 0) == TOOL_BAD ||
				!take_file(a, t, a->value))
				return TOOL_BAD;
			continue;
		}
		if (which == TOOL_BAD)
			return refuse(a, t, "unknown option `%s'", word);
		if (ambiguous)
			return refuse(a, t, "option `%s' may mean several", word);
		return take_value(a, t, tool_option_at(a->options, (unsigned)which), eq, which);
	}
	return TOOL_END;
}

/* --- a whole command line ---------------------------------------------------------------------- */

int tool_show_usage(const struct tool_usage *u, FILE *f, int status)
{
	fputs(u->text, f);
	fputc('\n', f);
	tool_print_options(f, u->options);
	return status;
}

static bool is_row(const struct tool_usage *u, int row, const char *name)
{
	return row >= 0 && strcmp(tool_option_at(u->options, (unsigned)row)->name, name) == 0;
}

int tool_args_read(const struct tool *t, const struct tool_usage *u, int argc, char **argv,
	tool_take_f *take, void *arg)
{
	struct tool_args a;
	int row, status = -1;

	tool_args_start(&a, t, u->options, argc, argv, u->status);
	while (status == -1 && (row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		if (is_row(u, row, "help"))
			return tool_show_usage(u, stdout, 0);
		if (is_row(u, row, "version")) {
			tool_version(stdout);
			return 0;
		}
		if (row == TOOL_WORD && !u->words) {
			tool_error(t, "unexpected word `%s'", a.value);
			return u->status;
		}
		status = take(arg, row, a.value);
	}
	return status;
}

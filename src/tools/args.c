/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines: the one place that takes them apart, for every command, by the table of its options.
 *
 * A value stands behind "=" or is the next word.  What a row can say of itself (a switch, a text, a
 * number in a range) is put where the row says; the rest goes to the command, in the order of the
 * line, for in the family's low-level commands the order has a meaning (--af before --edst).
 */
#include "tools/tool.h"

#include <modswan/text.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LINE_OCTETS 1024 /* with the newline */
#define MAX_FILES        100  /* a file may name itself */

enum { END = -1, BAD = -3 };

struct args {
	struct tool *t;
	const struct tool_usage *u;
	char **argv;    /* the caller's, or: */
	char **spliced; /* a list of our own, with what files named by --optionsfrom hold */
	int argc, next;
	unsigned files;
	const char *value; /* of the option or the word just given */
	int problem;       /* exit status for BAD */
};

/* --- files ------------------------------------------------------------------------------------ */

/* Puts `word` (a string of its own) at `at`. */
static void insert(struct args *a, int at, char *word)
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
static int insert_line(struct args *a, int at, char *line)
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

static bool take_file(struct args *a, const char *path)
{
	char line[FILE_LINE_OCTETS + 1];
	FILE *f = NULL;
	int at = a->next;
	bool good = true;

	a->problem = 2;
	if (++a->files > MAX_FILES)
		tool_error(a->t, "more than %d uses of --optionsfrom: do the files name each other?",
			MAX_FILES);
	else if ((f = fopen(path, "re")) == NULL)
		tool_error(a->t, "--optionsfrom: cannot read options from \"%s\": %s", path, strerror(errno));
	if (f == NULL)
		return false;
	while (good && fgets(line, sizeof line, f) != NULL) {
		good = strchr(line, '\n') != NULL || feof(f);
		if (good)
			at = insert_line(a, at, line);
		else
			tool_error(a->t, "a line of \"%s\" is longer than %d octets", path,
				FILE_LINE_OCTETS - 1);
	}
	fclose(f);
	a->problem = good ? a->u->status : 2;
	return good;
}

/* --- one option ------------------------------------------------------------------------------- */

static bool begins(const struct tool_option *row, const char *name, size_t len)
{
	return strncmp(row->name, name, len) == 0;
}

static int refuse_several(const struct args *a, const char *name, size_t len)
{
	const struct tool_options *o = a->u->options;
	const struct tool_option *row;
	char all[200] = "";

	for (unsigned i = 0; (row = tool_option_at(o, i)) != NULL; i++) {
		size_t used = strlen(all);

		if (begins(row, name, len))
			snprintf(all + used, sizeof all - used, "%s--%s", used == 0 ? "" : ", ",
				row->name);
	}
	(void)tool_refuse(a->t, a->u, "option `--%.*s' may mean several: %s", (int)len, name, all);
	return BAD;
}

/* Row whose name is, or alone begins with, the first `len` octets of `name`. */
static int find(const struct args *a, const char *word, const char *name, size_t len)
{
	const struct tool_option *row;
	unsigned n = 0;
	int found = BAD;

	for (unsigned i = 0; len > 0 && (row = tool_option_at(a->u->options, i)) != NULL; i++) {
		if (!begins(row, name, len))
			continue;
		found = (int)i;
		if (row->name[len] == '\0')
			return found;
		n++;
	}
	if (n > 1)
		return refuse_several(a, name, len);
	if (n == 0)
		(void)tool_refuse(a->t, a->u, "unknown option `%s'", word);
	return found;
}

static int take_value(struct args *a, const struct tool_option *row, const char *eq, int which)
{
	bool next = a->next < a->argc;

	a->value = eq == NULL ? NULL : eq + 1;
	if (row->arg == NULL && eq != NULL) {
		(void)tool_refuse(a->t, a->u, "option `--%s' takes no value, not \"%s\"", row->name,
			eq + 1);
		return BAD;
	}
	if (row->arg == NULL || eq != NULL)
		return which;
	if (tool_option_may(row))
		next = next && a->argv[a->next][0] != '-';
	else if (!next) {
		(void)tool_refuse(a->t, a->u, "option `--%s' needs a value: %s", row->name, row->arg);
		return BAD;
	}
	if (next)
		a->value = a->argv[a->next++];
	return which;
}

static bool is_from_file(const struct args *a, const char *name, size_t len)
{
	return a->u->options->from_file && len >= 8 && strncmp("optionsfrom", name, len) == 0;
}

/* The next option's row, TOOL_WORD, END or BAD. */
static int next_word(struct args *a)
{
	static const struct tool_option from_file = { "optionsfrom", "FILE", NULL };

	while (a->next < a->argc) {
		char *word = a->argv[a->next++], *eq = strchr(word, '=');
		const char *name = word + (word[0] == '-' && word[1] == '-' ? 2 : 1);
		size_t len;
		int which;

		if (word[0] != '-' || word[1] == '\0') {
			a->value = word;
			return TOOL_WORD;
		}
		len = eq == NULL ? strlen(name) : (size_t)(eq - name);
		if (word[1] != '-' && !(a->u->one_dash && isalpha((unsigned char)word[1])))
			len = 0;
		if (is_from_file(a, name, len)) {
			if (take_value(a, &from_file, eq, 0) == BAD || !take_file(a, a->value))
				return BAD;
			continue;
		}
		which = find(a, word, name, len);
		return which == BAD ? BAD
				    : take_value(a, tool_option_at(a->u->options, (unsigned)which), eq,
					      which);
	}
	return END;
}

/* --- where it goes ---------------------------------------------------------------------------- */

static int put_text(struct args *a, const struct tool_slot *s, const char **to)
{
	if (s->kind == TOOL_IS_ONCE && *to != NULL) {
		tool_error(a->t, "Error, --%s parameter redefined:%s, already defined as:%s", s->o.name,
			a->value, *to);
		return a->u->status;
	}
	*to = a->value;
	return -1;
}

static int put_number(struct args *a, const struct tool_slot *s, uint64_t *to)
{
	if (ms_number_parse(to, a->value, strlen(a->value), 10, s->max, NULL) == MS_OK &&
		*to >= s->min)
		return -1;
	tool_error(a->t, "--%s %s: a number from %llu to %llu", s->o.name, a->value,
		(unsigned long long)s->min, (unsigned long long)s->max);
	return a->u->status;
}

static int put(struct args *a, int row, tool_take_f *take, void *arg)
{
	const struct tool_options *o = a->u->options;
	const struct tool_slot *s = NULL;
	void *to = arg;

	if (o->slots && row >= 0)
		s = (const struct tool_slot *)(const void *)tool_option_at(o, (unsigned)row);
	if (s == NULL || s->kind == TOOL_IS_TAKEN)
		return take(arg, row, a->value);
	to = (char *)arg + s->at;
	switch (s->kind) {
	case TOOL_IS_FLAG:
		*(bool *)to = true;
		return -1;
	case TOOL_IS_TEXT:
	case TOOL_IS_ONCE:
		return put_text(a, s, to);
	case TOOL_IS_NUMBER:
		return put_number(a, s, to);
	case TOOL_IS_TAKEN:
	case TOOL_IS_REFUSED:
		break;
	}
	return tool_refuse(a->t, a->u, "--%s is known from the family, not supported here",
		s->o.name);
}

/* Rows that mean the same everywhere are answered here. */
static int answer(struct args *a, int row, tool_take_f *take, void *arg)
{
	const char *name = row < 0 ? "" : tool_option_at(a->u->options, (unsigned)row)->name;
	bool help = strcmp(name, "help") == 0, version = strcmp(name, "version") == 0;
	FILE *f = a->u->on_stderr ? stderr : stdout;
	int status = -1;

	if (row == TOOL_WORD && !a->u->words)
		return tool_refuse(a->t, a->u, "unexpected word `%s'", a->value);
	if (strcmp(name, "label") == 0) {
		a->t->label = a->value;
		return -1;
	}
	if (!help && !version)
		return put(a, row, take, arg);
	if (a->u->asks)
		status = take(arg, row, NULL);
	if (status != -1)
		return status;
	if (help)
		return tool_show_usage(a->u, f, a->u->help_status);
	tool_version(f);
	return a->u->version_status;
}

int tool_args_read(struct tool *t, const struct tool_usage *u, int argc, char **argv,
	tool_take_f *take, void *arg)
{
	struct args a = { .t = t, .u = u, .argv = argv, .argc = argc, .next = 1,
		.problem = u->status };
	int row, status = -1;

	while (status == -1 && (row = next_word(&a)) != END)
		status = row == BAD ? a.problem : answer(&a, row, take, arg);
	return status;
}

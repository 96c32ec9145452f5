/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser, and what must hold for every option table. */
#include "tools/whack.h"

#include <modswan/config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct tool_option rows[] = {
	{ "up", NULL, "" },
	{ "update", NULL, "" },
	{ "name", "NAME", "" },
	{ "listen", NULL, "" },
	{ "listall", NULL, "" },
	{ "ref", "[N]", "" },
	{ NULL, NULL, NULL },
};
static const struct tool_options table = TOOL_OPTIONS(rows, true);
static const struct tool_command command = { .name = "test" };
static struct tool tool = { .command = &command };

struct answers {
	char text[256];
	size_t n;
};

static int note(void *arg, int row, const char *value)
{
	struct answers *a = arg;

	if (row == TOOL_WORD)
		a->n += (size_t)snprintf(a->text + a->n, sizeof a->text - a->n, "[%s]", value);
	else
		a->n += (size_t)snprintf(a->text + a->n, sizeof a->text - a->n, "%d%s%s ", row,
			value != NULL ? "=" : "", value != NULL ? value : "");
	return -1;
}

/* The parser's answers as a text: row numbers, words in brackets, '!' for a refusal. */
static const char *parse(const char *const *words, bool one_dash)
{
	const struct tool_usage u = { .options = &table, .text = "", .status = 7, .words = true,
		.one_dash = one_dash };
	static struct answers a;
	char *argv[16] = { (char *)(uintptr_t) "test" };
	int argc = 1, status;

	for (; *words != NULL; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	memset(&a, 0, sizeof a);
	status = tool_args_read(&tool, &u, argc, argv, note, &a);
	if (status != -1)
		snprintf(a.text + a.n, sizeof a.text - a.n, "!%d", status);
	return a.text;
}

#define PARSE(...)    parse((const char *const[]){ __VA_ARGS__, NULL }, false)
#define PARSE_ONE(...) parse((const char *const[]){ __VA_ARGS__, NULL }, true)

static void test_parsing(void **state)
{
	(void)state;
	assert_string_equal(PARSE("--up"), "0 ");
	assert_string_equal(PARSE("--upd", "--update"), "1 1 ");
	assert_string_equal(PARSE("--name", "x", "--name=y", "--n="), "2=x 2=y 2= ");
	assert_string_equal(PARSE("--name", "--up"), "2=--up ");
	assert_string_equal(PARSE("a", "--up", "-", "b"), "[a]0 [-][b]");
	assert_string_equal(PARSE("--liste"), "3 ");
	assert_string_equal(PARSE("--name=a=b"), "2=a=b ");
	/* a value that may be left out */
	assert_string_equal(PARSE("--ref=16", "--up"), "5=16 0 ");
	assert_string_equal(PARSE("--ref", "16", "17"), "5=16 [17]");
	assert_string_equal(PARSE("--ref", "--up"), "5 0 ");
	assert_string_equal(PARSE("--ref"), "5 ");
	assert_string_equal(PARSE_ONE("-up", "-name", "x", "-name=y", "--n", "z"),
		"0 2=x 2=y 2=z ");
	assert_string_equal(PARSE_ONE("-1"), "!7");
}

struct filled {
	bool flag;
	const char *text, *once;
	uint64_t number;
};

static const struct tool_slot slot_rows[] = {
	TOOL_FLAG("flag", "", struct filled, flag),
	TOOL_TEXT("text", "TEXT", "", struct filled, text),
	TOOL_ONCE("once", "TEXT", "", struct filled, once),
	TOOL_NUMBER("number", "N", "", struct filled, number, 3, 300),
	TOOL_REFUSED("family", "X"),
	TOOL_TAKEN(TOOL_LABEL),
	{ .o = { NULL, NULL, NULL } },
};
static const struct tool_options slot_table = TOOL_SLOTS(slot_rows, false);

static int fill(struct filled *f, const char *a, const char *b)
{
	const struct tool_usage u = { .options = &slot_table, .text = "", .status = 7 };
	char *argv[] = { (char *)(uintptr_t) "test", (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL };

	memset(f, 0, sizeof *f);
	return tool_args_read(&tool, &u, 1 + (a != NULL) + (b != NULL), argv, NULL, f);
}

static void test_slots(void **state)
{
	static const char *const bad[] = { "--number=2", "--number=301", "--number=x", "--number=",
		"--number=-3", "--family=x", "word" };
	struct filled f;

	(void)state;
	assert_int_equal(fill(&f, "--flag", "--text=x"), -1);
	assert_true(f.flag);
	assert_string_equal(f.text, "x");
	assert_int_equal(fill(&f, "--text=x", "--text=y"), -1);
	assert_string_equal(f.text, "y");
	assert_int_equal(fill(&f, "--once=x", NULL), -1);
	assert_int_equal(fill(&f, "--once=x", "--once=y"), 7);
	assert_string_equal(f.once, "x");
	assert_int_equal(fill(&f, "--number", "3"), -1);
	assert_int_equal(f.number, 3);
	assert_int_equal(fill(&f, "--number=300", NULL), -1);
	assert_int_equal(f.number, 300);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(fill(&f, bad[i], NULL), 7);
	assert_int_equal(fill(&f, "--label", "here"), -1);
	assert_string_equal(tool.label, "here");
	tool.label = NULL;
}

static void test_refusals(void **state)
{
	static const char *const words[] = { "--list", "--nosuch", "--", "-u", "--name", "--up=x",
		"--upx", "--=x" };

	(void)state;
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		assert_string_equal(PARSE(words[i]), "!7");
}

static const char *with_file(const char *content)
{
	char path[] = "/tmp/options_testXXXXXX";
	const char *answer;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
	answer = PARSE("--up", "--optionsfrom", path, "last");
	unlink(path);
	return answer;
}

static void test_files(void **state)
{
	(void)state;
	assert_string_equal(with_file("--name x\n"), "0 2=x [last]");
	assert_string_equal(with_file("# a comment\n\n  --update  \n"), "0 1 [last]");
	assert_string_equal(with_file("--name \t \"a b\"\n'c d'\n"), "0 2=a b [c d][last]");
	assert_string_equal(with_file("--name\nx"), "0 2=x [last]");
	assert_string_equal(with_file("one two\n"), "0 [one two][last]");
	assert_string_equal(with_file(""), "0 [last]");
	assert_string_equal(with_file("\"\n"), "0 [\"][last]");
	assert_string_equal(PARSE("--optionsfrom", "/nonexistent/file"), "!2");
	assert_string_equal(PARSE("--optionsfrom"), "!7");
}

static void check_table(const char *name, const struct tool_options *o)
{
	const struct tool_option *a, *b;

	for (unsigned i = 0; (a = tool_option_at(o, i)) != NULL; i++) {
		if (a->name[0] == '\0' ||
			strspn(a->name, "abcdefghijklmnopqrstuvwxyz0123456789-_") !=
				strlen(a->name))
			fail_msg("%s: option \"%s\" has a bad name", name, a->name);
		for (unsigned k = 0; k < i && (b = tool_option_at(o, k)) != NULL; k++)
			if (strcmp(a->name, b->name) == 0)
				fail_msg("%s: option \"%s\" is there twice", name, a->name);
	}
}

static void test_whack_table(void **state)
{
	(void)state;
	check_table("whack", &whack_options);
	for (unsigned i = 0; i < whack_rows(); i++)
		assert_int_equal(whack_row(whack_table[i].o.name), i);
}

/* Each keyword that whack can produce is one of ipsec.conf, and its fixed values are good ones. */
static void test_whack_keywords(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (unsigned i = 0; i < whack_rows(); i++) {
		const struct whack_option *o = &whack_table[i];
		bool end = o->scope == WHACK_END;
		const struct ms_conf_key *key;

		if (o->key == NULL || (!end && o->scope != WHACK_POLICY))
			continue;
		key = ms_conf_find(end ? ms_end_keys : ms_conn_keys, o->key);
		/* one that has no effect here need not be of the right type */
		if (key != NULL && (o->kind != WHACK_SECONDS || key->type == MS_CONF_TIME ||
					   (key->flags & (MS_CONF_IGNORED | MS_CONF_REFUSED))))
			continue;
		print_error("--%s: \"%s\" is %s of ipsec.conf\n", o->o.name, o->key,
			key == NULL ? "no keyword" : "no time");
		bad++;
	}
	assert_int_equal(bad, 0);
}

static unsigned versions;
void tool_version(FILE *f)
{
	(void)f;
	versions++;
}

/* Refuses the second word with status 5. */
static int take(void *arg, int row, const char *value)
{
	unsigned *n = arg;

	assert_true(row == 2 || row == TOOL_WORD);
	assert_string_equal(value, row == 2 ? "value" : "word");
	return ++*n == 2 ? 5 : -1;
}

static int whole(bool words, const char *a, const char *b, const char *c)
{
	static const struct tool_option few[] = { [0] = TOOL_HELP, [1] = TOOL_VERSION,
		[2] = { "name", "NAME", "" }, { NULL, NULL, NULL } };
	static const struct tool_options options = TOOL_OPTIONS(few, false);
	const struct tool_usage usage = { .options = &options, .text = "Usage: test\n", .status = 7,
		.words = words };
	char *argv[] = { (char *)(uintptr_t) "test", (char *)(uintptr_t)a, (char *)(uintptr_t)b,
		(char *)(uintptr_t)c, NULL };
	int argc = 1 + (a != NULL) + (b != NULL) + (c != NULL);
	unsigned n = 0;

	return tool_args_read(&tool, &usage, argc, argv, take, &n);
}

static void test_whole_line(void **state)
{
	(void)state;
	assert_int_equal(whole(true, NULL, NULL, NULL), -1);
	assert_int_equal(whole(true, "word", NULL, NULL), -1);
	assert_int_equal(whole(true, "--name", "value", "word"), 5);
	assert_int_equal(whole(false, "--name=value", NULL, NULL), -1);
	assert_int_equal(whole(false, "word", NULL, NULL), 7);
	assert_int_equal(whole(true, "--name", NULL, NULL), 7);
	assert_int_equal(whole(true, "--other", NULL, NULL), 7);
	/* what stands before and behind is not looked at any more */
	assert_int_equal(whole(true, "word", "--version", "--other"), 0);
	assert_int_equal(versions, 1);
	assert_int_equal(whole(true, "--help", "--version", NULL), 0);
	assert_int_equal(versions, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parsing),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_whole_line),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_files),
		cmocka_unit_test(test_whack_table), cmocka_unit_test(test_whack_keywords) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

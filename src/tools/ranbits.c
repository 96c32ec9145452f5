/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec ranbits`: random bits as text. */
#include "tools/hostkey.h"

#include <modswan/text.h>

#include <string.h>
#include <unistd.h>

#define MAX_BITS 20000u

enum { QUICK, CONTINUOUS, BYTES, HELP, VERSION };

static const struct tool_option table[] = {
	[QUICK] = { "quick", NULL, "take them from /dev/urandom, which never waits" },
	[CONTINUOUS] = { "continuous", NULL, "no underscores between the digits" },
	[BYTES] = { "bytes", NULL, "the number counts octets, not bits" },
	[HELP] = { "help", NULL, "show this text and exit" },
	[VERSION] = { "version", NULL, "show the version and exit" },
	{ NULL, NULL, NULL },
};

const struct tool_options ranbits_options = TOOL_OPTIONS(table, false);

static int usage(FILE *f, int status)
{
	fputs("Usage: ipsec ranbits [--quick] [--continuous] [--bytes] N\n\n", f);
	tool_print_options(f, &ranbits_options);
	return status;
}

static int print_bits(const struct tool *t, uint64_t bits, bool quick, int format)
{
	uint8_t octets[MAX_BITS / 8];
	size_t len = (size_t)(bits + 7) / 8;
	struct text out = { NULL, 0, 0 };
	struct ms_why why = { "" };
	ms_err err = random_octets(quick ? "/dev/urandom" : "/dev/random", octets, len, &why);

	if (err == MS_OK) {
		text_add_data(&out, ms_bytes(octets, len), format);
		text_add(&out, "\n");
		err = text_write(&out, STDOUT_FILENO, &why);
	}
	if (err != MS_OK)
		tool_error(t, "%s", why.text);
	ms_wipe(octets, sizeof octets);
	text_free(&out);
	return err == MS_OK ? 0 : 1;
}

int tool_ranbits(struct tool *t, int argc, char **argv)
{
	const char *number = NULL;
	bool given[VERSION + 1] = { false };
	struct ms_why why = { "" };
	struct tool_args a;
	uint64_t n;
	int row;

	tool_args_start(&a, t, &ranbits_options, argc, argv, 2);
	while ((row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		if (row == HELP)
			return usage(stdout, 0);
		if (row == VERSION)
			return tool_version(stdout), 0;
		if (row == TOOL_WORD && number != NULL)
			return usage(stderr, 2);
		if (row == TOOL_WORD)
			number = a.value;
		else
			given[row] = true;
	}
	if (number == NULL)
		return usage(stderr, 2);
	if (ms_number_parse(&n, number, strlen(number), 10, UINT32_MAX, &why) != MS_OK || n == 0) {
		tool_error(t, "invalid %s count: \"%s\"", given[BYTES] ? "byte" : "bit", number);
		return 1;
	}
	n = given[BYTES] ? n * 8 : n;
	if (n > MAX_BITS) {
		tool_error(t, "overlarge bit count (%llu), maximum %u", (unsigned long long)n,
			MAX_BITS);
		return 1;
	}
	return print_bits(t, n, given[QUICK], given[CONTINUOUS] ? 'x' : 'h');
}

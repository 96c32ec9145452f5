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
	[HELP] = TOOL_HELP,
	[VERSION] = TOOL_VERSION,
	{ NULL, NULL, NULL },
};

const struct tool_options ranbits_options = TOOL_OPTIONS(table, false);

static const struct tool_usage usage = {
	.options = &ranbits_options,
	.text = "Usage: ipsec ranbits [--quick] [--continuous] [--bytes] N\n",
	.status = 2,
	.words = true,
};

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

struct order {
	const char *number;
	bool given[VERSION + 1];
};

static int take(void *arg, int row, const char *value)
{
	struct order *o = arg;

	if (row == TOOL_WORD && o->number != NULL)
		return tool_show_usage(&usage, stderr, 2);
	if (row == TOOL_WORD)
		o->number = value;
	else
		o->given[row] = true;
	return -1;
}

int tool_ranbits(struct tool *t, int argc, char **argv)
{
	struct order o = { .number = NULL };
	struct ms_why why = { "" };
	uint64_t n;
	int status = tool_args_read(t, &usage, argc, argv, take, &o);

	if (status != -1)
		return status;
	if (o.number == NULL)
		return tool_show_usage(&usage, stderr, 2);
	if (ms_number_parse(&n, o.number, strlen(o.number), 10, UINT32_MAX, &why) != MS_OK || n == 0) {
		tool_error(t, "invalid %s count: \"%s\"", o.given[BYTES] ? "byte" : "bit", o.number);
		return 1;
	}
	n = o.given[BYTES] ? n * 8 : n;
	if (n > MAX_BITS) {
		tool_error(t, "overlarge bit count (%llu), maximum %u", (unsigned long long)n,
			MAX_BITS);
		return 1;
	}
	return print_bits(t, n, o.given[QUICK], o.given[CONTINUOUS] ? 'x' : 'h');
}

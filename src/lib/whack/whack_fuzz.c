/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: requests as the daemon receives them and replies as the tools do.  What decodes must
 * encode to the same octets.
 */
#include <modswan/whack.h>

#include <assert.h>

#include "fuzz/fuzz.h"

/* For testing/fuzz/driver.c: frames and reply lines as they should be. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const struct ms_arg args[] = { { "name", "west-east" }, { "async", "yes" },
		{ "leftupdown", "a=b \n\xff" }, { "x", "" } };
	static const char *const commands[] = { "status", "up", "define", "x-1_2" };
	static const char *const lines[] = { "000 a line", "=004", "104 \"a\" #1: b" };
	struct ms_request r = { i < 4 ? commands[i] : "", args, i, false };
	size_t used = 0;

	if (i < 4)
		return ms_whack_encode(out, cap, &used, &r, NULL) == MS_OK ? used : 0;
	if (i - 4 >= sizeof lines / sizeof *lines)
		return 0;
	used = strlen(lines[i - 4]);
	memcpy(out, lines[i - 4], used);
	return used;
}

static void request(const uint8_t *data, size_t size)
{
	static struct ms_whack_request r;
	static uint8_t again[MS_WHACK_HEADER_OCTETS + MS_WHACK_REQUEST_OCTETS];
	char *body;
	size_t octets, used;

	if (size < MS_WHACK_HEADER_OCTETS || ms_whack_decode_header(data, &octets, NULL) != MS_OK)
		return;
	if (octets > size - MS_WHACK_HEADER_OCTETS)
		octets = size - MS_WHACK_HEADER_OCTETS;
	body = malloc(octets + 1);
	if (body == NULL)
		return;
	memcpy(body, data + MS_WHACK_HEADER_OCTETS, octets);
	if (ms_whack_decode(&r, body, octets, NULL) == MS_OK) {
		struct ms_request back = { r.command, r.args, r.n_args, false };
		ms_err err = ms_whack_encode(again, sizeof again, &used, &back, NULL);

		assert(err == MS_OK && used == MS_WHACK_HEADER_OCTETS + octets);
		assert(memcmp(again + MS_WHACK_HEADER_OCTETS, data + MS_WHACK_HEADER_OCTETS,
			       octets) == 0);
	}
	free(body);
}

static void reply(const uint8_t *data, size_t size)
{
	struct ms_whack_reply r;
	char *line = malloc(size + 1), out[MS_WHACK_LINE_OCTETS];

	if (line == NULL)
		return;
	memcpy(line, data, size);
	line[size] = '\0';
	if (ms_whack_parse_reply(&r, line, NULL) == MS_OK)
		assert(ms_whack_exit_status(1, r.code) <= 255);
	assert(ms_whack_line(out, sizeof out, 0, line) < sizeof out);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	request(data, size);
	reply(data, size);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec rsasigkey`: a new RSA key for signatures, or an old one completed, on stdout. */
#include "tools/rsakey.h"

#include <modswan/text.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ROUNDS 10000u

struct order {
	struct rsa_order wish;
	const struct tool *t;
	const char *oldkey, *bits;
};

enum { EXPONENT, HOSTNAME };

static const struct tool_slot table[] = {
	[EXPONENT] = TOOL_TAKE("e", "N", "public exponent (3)"),
	[HOSTNAME] = TOOL_TAKE("hostname", "NAME", "name in the comment (this host's)"),
	TOOL_FLAG("verbose", "tell on stderr how it goes", struct order, wish.verbose),
	TOOL_TEXT("random", "DEVICE", "source of random octets (/dev/random)", struct order,
		wish.random),
	TOOL_NUMBER("rounds", "N", "rounds of the test for primes (30)", struct order, wish.rounds, 1,
		MAX_ROUNDS),
	TOOL_FLAG("noopt", "the private exponent modulo (p-1)(q-1), for old programs", struct order,
		wish.plain_d),
	TOOL_TEXT("oldkey", "FILE", "complete a key of an older form; - is stdin", struct order,
		oldkey),
	TOOL_TEXT("plugin", "NAME", "plugin that makes the key (the best that is installed)",
		struct order, wish.plugin),
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options rsasigkey_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &rsasigkey_options,
	.text = "Usage: ipsec rsasigkey [OPTION]... NBITS\n"
		"       ipsec rsasigkey [OPTION]... --oldkey FILE\n",
	.status = 2,
	.words = true,
};

static int take_option(void *arg, int row, const char *value)
{
	struct order *o = arg;

	if (row == EXPONENT)
		return rsa_take_exponent(o->t, &o->wish, value) ? -1 : usage.status;
	if (row == HOSTNAME)
		return rsa_take_hostname(o->t, &o->wish, value) ? -1 : usage.status;
	if (o->bits != NULL)
		return tool_refuse(o->t, &usage, "unexpected word `%s'", value);
	o->bits = value;
	return -1;
}

static ms_err read_old(struct ms_rsa_key *key, const struct tool *t, const struct order *o,
	struct ms_why *why)
{
	struct text text = { NULL, 0, 0 };
	ms_err err = text_read(&text, o->oldkey, why);

	if (err == MS_OK)
		err = rsa_key_parse(key, text.ptr, why);
	text_free(&text);
	return err == MS_OK ? rsa_key_complete(key, t, &o->wish, why) : err;
}

static int work(const struct tool *t, const struct order *o)
{
	struct text text = { NULL, 0, 0 };
	struct ms_why why = { "" };
	struct ms_rsa_key key = { 0 };
	ms_err err = o->oldkey != NULL ? read_old(&key, t, o, &why)
				       : rsa_key_make(&key, t, &o->wish, &why);

	if (err == MS_OK) {
		if (rsa_key_bits(&key) < RSA_LOADED_BITS)
			tool_error(t, "warning: pluto refuses keys of less than %u bits",
				RSA_LOADED_BITS);
		rsa_key_text(&text, &key, o->wish.hostname);
		err = text_write(&text, STDOUT_FILENO, &why);
	}
	if (err != MS_OK)
		tool_error(t, "%s", ms_why_text(&why, err));
	ms_rsa_key_free(&key);
	text_free(&text);
	return err == MS_OK ? 0 : 1;
}

int tool_rsasigkey(struct tool *t, int argc, char **argv)
{
	struct order o = { .wish = RSA_ORDER, .t = t };
	uint64_t bits;
	int status;

	umask(077);
	status = tool_args_read(t, &usage, argc, argv, take_option, &o);
	if (status != -1)
		return status;
	if ((o.oldkey == NULL) == (o.bits == NULL))
		return tool_show_usage(&usage, stderr, 2);
	if (o.wish.hostname == NULL)
		o.wish.hostname = own_hostname();
	if (o.bits != NULL) {
		if (ms_number_parse(&bits, o.bits, strlen(o.bits), 10, UINT32_MAX, NULL) != MS_OK) {
			tool_error(t, "invalid bit count: \"%s\"", o.bits);
			return 1;
		}
		o.wish.bits = (uint32_t)bits;
	}
	return work(t, &o);
}

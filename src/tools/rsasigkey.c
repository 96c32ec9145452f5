/* SPDX-License-Identifier: Apache-2.0 */
/* `ipsec rsasigkey`: a new RSA key for signatures, or an old one completed, on stdout. */
#include "tools/rsakey.h"

#include <modswan/text.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ROUNDS 10000u

enum { VERBOSE, RANDOM, ROUNDS, EXPONENT, HOSTNAME, NOOPT, OLDKEY, PLUGIN, HELP, VERSION };

static const struct tool_option table[] = {
	[VERBOSE] = { "verbose", NULL, "tell on stderr how it goes" },
	[RANDOM] = { "random", "DEVICE", "source of random octets (/dev/random)" },
	[ROUNDS] = { "rounds", "N", "rounds of the test for primes (30)" },
	[EXPONENT] = { "e", "N", "public exponent (3)" },
	[HOSTNAME] = { "hostname", "NAME", "name in the comment (this host's)" },
	[NOOPT] = { "noopt", NULL, "the private exponent modulo (p-1)(q-1), for old programs" },
	[OLDKEY] = { "oldkey", "FILE", "complete a key of an older form; - is stdin" },
	[PLUGIN] = { "plugin", "NAME", "plugin that makes the key (the best that is installed)" },
	[HELP] = { "help", NULL, "show this text and exit" },
	[VERSION] = { "version", NULL, "show the version and exit" },
	{ NULL, NULL, NULL },
};

const struct tool_options rsasigkey_options = TOOL_OPTIONS(table, false);

struct order {
	struct rsa_order wish;
	const char *oldkey, *bits;
	int status; /* -1: go on */
};

static int usage(FILE *f, int status)
{
	fputs("Usage: ipsec rsasigkey [OPTION]... NBITS\n"
	      "       ipsec rsasigkey [OPTION]... --oldkey FILE\n\n",
		f);
	tool_print_options(f, &rsasigkey_options);
	return status;
}

static int bad_number(const struct tool *t, const char *what, const char *text)
{
	tool_error(t, "%s cannot be `%s'", what, text);
	return 2;
}

static void take_number(const struct tool *t, struct order *o, int row, const char *text)
{
	uint64_t n;

	if (row == ROUNDS) {
		if (ms_number_parse(&n, text, strlen(text), 10, MAX_ROUNDS, NULL) != MS_OK ||
			n == 0)
			o->status = bad_number(t, "rounds", text);
		else
			o->wish.rounds = (uint32_t)n;
		return;
	}
	if (ms_number_parse(&n, text, strlen(text), 0, UINT32_MAX, NULL) != MS_OK || n < 3 ||
		n % 2 == 0)
		o->status = bad_number(t, "the public exponent", text);
	else
		o->wish.e = n;
}

static void take_option(const struct tool *t, struct order *o, int row, const char *value)
{
	switch (row) {
	case VERBOSE:
		o->wish.verbose = true;
		break;
	case RANDOM:
		o->wish.random = value;
		break;
	case ROUNDS:
	case EXPONENT:
		take_number(t, o, row, value);
		break;
	case HOSTNAME:
		o->wish.hostname = value;
		if (!hostname_is_plain(value))
			o->status = bad_number(t, "the host name", value);
		break;
	case NOOPT:
		o->wish.plain_d = true;
		break;
	case OLDKEY:
		o->oldkey = value;
		break;
	case PLUGIN:
		o->wish.plugin = value;
		break;
	case HELP:
		o->status = usage(stdout, 0);
		break;
	case VERSION:
		tool_version(stdout);
		o->status = 0;
		break;
	default: /* TOOL_WORD */
		if (o->bits != NULL)
			o->status = usage(stderr, 2);
		o->bits = value;
	}
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
	struct order o = { .wish = RSA_ORDER, .status = -1 };
	struct tool_args a;
	uint64_t bits;
	int row;

	umask(077);
	tool_args_start(&a, t, &rsasigkey_options, argc, argv, 2);
	while (o.status < 0 && (row = tool_args_next(&a, t)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		take_option(t, &o, row, a.value);
	}
	if (o.status >= 0)
		return o.status;
	if ((o.oldkey == NULL) == (o.bits == NULL))
		return usage(stderr, 2);
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

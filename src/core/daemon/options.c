/* SPDX-License-Identifier: Apache-2.0 */
#include "core/daemon/options.h"

#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { O_CONFDIR = 256, O_RUNDIR, O_NOFORK, O_STDERRLOG, O_STDERRTIME, O_HELP, O_VERSION, O_OPTIONS };

static const struct {
	const char *name, *value, *help;
	int code;
} rows[] = {
	{ "confdir", "DIR", "ipsec.conf and its companions are there", O_CONFDIR },
	{ "rundir", "DIR", "sockets and the pid file go there", O_RUNDIR },
	{ "nofork", NULL, "stay in the foreground", O_NOFORK },
	{ "stderrlog", NULL, "log to stderr too (with --nofork)", O_STDERRLOG },
	{ "plutostderrlogtime", NULL, "with time stamps", O_STDERRTIME },
	{ "help", NULL, "this text", O_HELP },
	{ "version", NULL, "the version", O_VERSION },
	{ "options", NULL, NULL, O_OPTIONS }, /* the table, for the check of the manual page */
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static void help(FILE *f)
{
	fprintf(f, "Usage: pluto [OPTION]...\n\n");
	for (unsigned i = 0; i < N_ROWS; i++)
		if (rows[i].help != NULL)
			fprintf(f, "  --%s%s%-*s %s\n", rows[i].name,
				rows[i].value == NULL ? "" : " ",
				rows[i].value == NULL ? 24 - (int)__builtin_strlen(rows[i].name) :
							23 - (int)__builtin_strlen(rows[i].name),
				rows[i].value == NULL ? "" : rows[i].value, rows[i].help);
}

static int list_options(void)
{
	for (unsigned i = 0; i < N_ROWS; i++)
		if (rows[i].help != NULL)
			printf("--%s\n", rows[i].name);
	return 0;
}

int pluto_options_parse(struct pluto_options *o, int argc, char **argv)
{
	struct option table[N_ROWS + 1] = { { NULL, 0, NULL, 0 } };
	const char *env;
	int code;

	for (unsigned i = 0; i < N_ROWS; i++)
		table[i] = (struct option){ rows[i].name, rows[i].value != NULL, NULL, rows[i].code };
	*o = (struct pluto_options){ .confdir = MS_CONFDIR, .rundir = MS_RUNDIR };
	if ((env = getenv("IPSEC_CONFS")) != NULL)
		o->confdir = env;
	if ((env = getenv("IPSEC_RUNDIR")) != NULL)
		o->rundir = env;
	while ((code = getopt_long(argc, argv, "", table, NULL)) != -1)
		switch (code) {
		case O_CONFDIR:
			o->confdir = optarg;
			break;
		case O_RUNDIR:
			o->rundir = optarg;
			break;
		case O_NOFORK:
			o->nofork = true;
			break;
		case O_STDERRLOG:
			o->stderrlog = true;
			break;
		case O_STDERRTIME:
			o->stderrlogtime = true;
			break;
		case O_HELP:
			help(stdout);
			return 0;
		case O_VERSION:
			printf("Linux ModSwan %s\n", PACKAGE_VERSION);
			return 0;
		case O_OPTIONS:
			return list_options();
		default:
			help(stderr);
			return 1;
		}
	if (optind < argc) {
		fprintf(stderr, "pluto: unexpected word \"%s\"\n", argv[optind]);
		return 1;
	}
	return -1;
}

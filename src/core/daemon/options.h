/* SPDX-License-Identifier: Apache-2.0 */
/* pluto's options: one table, from which parsing and --help come and against which the manual page is
 * checked. */
#ifndef MODSWAN_CORE_OPTIONS_H
#define MODSWAN_CORE_OPTIONS_H

#include <stdbool.h>

struct pluto_options {
	const char *confdir, *rundir;
	bool nofork, stderrlog, stderrlogtime;
};

/* -1: go on; else the exit status (help, version, errors). Strings point into argv or are constant. */
int pluto_options_parse(struct pluto_options *o, int argc, char **argv);

#endif

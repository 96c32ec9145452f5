/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs many stories (story.h): first every seed that ever failed, then new ones; a failure prints the
 * one line that tells the same story again.
 *
 * The programs worlds_test and mesh_test are each a struct trial.  As tests they take no arguments;
 * testing/sim gives them some.
 */
#ifndef MODSWAN_CORE_SIM_TRIAL_H
#define MODSWAN_CORE_SIM_TRIAL_H

#include "core/sim/story.h"

struct trial {
	const char *thing;  /* "world" */
	const char *things; /* "worlds": its option, too */
	const char *members; /* "plutos", likewise */
	const char *links;  /* "connections" */
	const char *word;   /* of testing/sim, which chooses this program: "" or " --mesh" */
	const char *seeds;  /* file of those that failed once, below the source's top */
	unsigned each, short_run; /* how many else, and in a test */
	uint64_t also_from; /* and in a test so many from this seed on */
	unsigned also;
	unsigned memory;    /* each so many run twice and memory in use is compared; 0: none */
	bool scans;
	bool mesh;          /* by the second letter of cover.h */
	void (*run)(const struct story_options *o, struct story_result *result);
	/* Of all results, added up; NULL: nothing more is to be said. */
	void (*summary)(const struct story_result *sum);
};

/* The whole program; returns what main() does. */
int trial_main(const struct trial *t, int argc, char **argv);

#endif

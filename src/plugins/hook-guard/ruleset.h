/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of networks that are guarded, and the rules that they make. */
#ifndef HOOK_GUARD_RULESET_H
#define HOOK_GUARD_RULESET_H

#include <modswan/hook.h>

#include <stdio.h>

struct guarded {
	struct guarded *next;
	char *connection;
	char interface[16];
	struct ms_selector mine, theirs;
};

struct ruleset {
	struct guarded *first;
	unsigned n;
	uint16_t ports[2]; /* that IKE comes to besides 500 and 4500; 0: none */
	char table[128];
};

/* The table's name comes from the run directory, so that two instances do not meet. */
void ruleset_init(struct ruleset *r, const char *rundir);
void ruleset_clear(struct ruleset *r);
/* Twice the same is once; false: no memory. */
bool ruleset_add(struct ruleset *r, const struct ms_hook_event *e);
void ruleset_remove(struct ruleset *r, const struct ms_hook_event *e);
/* A script for nft -f that puts the table in place as a whole, or takes it away when nothing is
 * guarded. */
void ruleset_write(const struct ruleset *r, FILE *out);

#endif

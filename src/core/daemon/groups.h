/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy groups while the daemon runs: whose lists are read, and which members there are.
 */
#ifndef MODSWAN_CORE_DAEMON_GROUPS_H
#define MODSWAN_CORE_DAEMON_GROUPS_H

#include <modswan/policy.h>

struct conn;
struct daemon;
struct groups;

/* What became of the lists, a line each; then the end, with how many members came and went. */
struct groups_asker {
	void (*line)(void *arg, const char *text);
	void (*done)(void *arg, ms_err err, size_t came, size_t went, size_t all);
};

/* *out NULL without a provider of policies. */
ms_err groups_new(struct groups **out, struct daemon *d, struct ms_why *why) MS_MUST_CHECK;
/* No members are made any more; those that there are go with their groups. */
void groups_stop(struct groups *g);
bool groups_busy(const struct groups *g);
void groups_free(struct groups **g);

/* A group's connection came, went, or has another address: lists that are known are looked at again,
 * new ones are read.  Cheap; g may be NULL, as in all that follows. */
void groups_touch(struct groups *g);
/* Reads the lists of this group (NULL: all) again.  asker may be NULL; its arg must live until done(),
 * unless groups_free() comes first. */
void groups_reread(struct groups *g, const char *group, const struct groups_asker *asker, void *arg);

/* Where a member's line stands: the list's file and the line; false: not known (any more). */
bool groups_source(const struct groups *g, const struct conn *member, const char **file_r,
	uint32_t *line_r);

#endif

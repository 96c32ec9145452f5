/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy groups while connections are there: whose lists are read, and which members there are.
 */
#ifndef MODSWAN_CORE_ROUTE_GROUPS_H
#define MODSWAN_CORE_ROUTE_GROUPS_H

#include <modswan/policy.h>

#include "core/route/route.h"

struct groups;

/* The world around it; what the pointers lead to outlives it. */
struct groups_env {
	const struct ms_policy_ops *policies;
	void *policies_inst;
	struct conn_table *conns;
	struct route *route;
	const struct host *host; /* its jobs */
	const struct ms_logger *log;
	/* groups_tick() is to be called then, but not before this has returned; the newest word
	 * counts. */
	void (*soon)(void *ctx, uint64_t ms);
	/* A person would do the same: SAs, routing and instances go with it. */
	void (*delete_conn)(void *ctx, struct conn *c);
	/* The member's own address is not the group's: which device is it on?  May be NULL. */
	void (*find_device)(void *ctx, struct conn *c);
	/* Our address at the default route of this family; NULL or unset: there is none. */
	const struct ms_addr *(*default_src)(void *ctx, int family);
	void *ctx;
};

/* What became of the lists, a line each; then the end, with how many members came and went. */
struct groups_asker {
	void (*line)(void *arg, const char *text);
	void (*done)(void *arg, ms_err err, size_t came, size_t went, size_t all);
};

ms_err groups_new(struct groups **out, const struct groups_env *env, struct ms_why *why)
	MS_MUST_CHECK;
/* What was to be done soon. */
void groups_tick(struct groups *g);
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

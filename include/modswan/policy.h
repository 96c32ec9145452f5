/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role policy: which peers belong to which policy group.
 *
 * A group is the name of a connection with right=%group or %opportunisticgroup; a source knows its
 * peers.  What that means for packets, which of two groups wins and what is new since the last time
 * is found out by the core: a source only yields lists, and tells when one would be another now.
 */
#ifndef MODSWAN_POLICY_H
#define MODSWAN_POLICY_H

#include <modswan/addr.h>
#include <modswan/error.h>

#include <stddef.h>
#include <stdint.h>

/* What one line says of peers.  With a protocol it is about that protocol only, with a port about
 * that port of our side or theirs; 0: any. */
struct ms_policy_entry {
	struct ms_range peers;
	uint32_t line;
	uint16_t local_port, peer_port;
	uint8_t protocol;
};

struct ms_policy_list {
	char *group;
	char *file; /* as in messages */
	bool found; /* false: there is no such file, which is the same as an empty one */
	struct ms_policy_entry *entries; /* in the order of the file */
	size_t n_entries;
	/* What could not be understood, one whole message each ("FILE" line N: ...); the rest is
	 * in the list all the same. */
	char **problems;
	size_t n_problems;
};

/* list: the receiver's from here on, to be given back with list_free(); NULL on error. */
typedef void ms_policy_read_f(void *arg, ms_err err, struct ms_policy_list *list,
	const struct ms_why *why);

struct ms_policy_events {
	/* read() of this group would say something else than last time; NULL: perhaps of any. */
	void (*changed)(void *ctx, const char *group);
};

struct ms_policy_ops {
	uint32_t size;
	/* Events come from now on, once per change and group. */
	ms_err (*start)(void *inst, const struct ms_policy_events *events, void *ctx,
		struct ms_why *why);
	/* No events any more; reads under way still answer. */
	void (*stop)(void *inst);
	/* Reads a group; answers exactly once, at once or later.  Host names are looked
	 * up besides: changed() tells when one has other addresses. */
	void (*read)(void *inst, const char *group, ms_policy_read_f *done, void *arg);
	void (*list_free)(void *inst, struct ms_policy_list **list);
	/* The core's connection for this group is gone: its names need not be followed any more. */
	void (*forget)(void *inst, const char *group);
};

#endif

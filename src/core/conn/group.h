/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy groups: from lists of peers to members, and what is new since the last time.
 *
 * All groups together make one list of rules, each a pair of selectors (ours, theirs) that belongs to
 * one group; which of two overlapping rules wins for a packet is the eroutes' business, so a pair may
 * be there once only.  The group that was added first keeps it.  Nothing here touches a connection:
 * group_merge() may run in a worker job, on lists and rules that nobody changes meanwhile.
 */
#ifndef MODSWAN_CORE_GROUP_H
#define MODSWAN_CORE_GROUP_H

#include <modswan/addr.h>
#include <modswan/policy.h>

struct conn;

/* One of the group's own ends: its clients, or the host itself. */
struct group_client {
	struct ms_selector mine;
	struct ms_addr host; /* IKE's address for it */
};

/* A group in a round; all is borrowed. */
struct group_part {
	const char *name;
	uint32_t serial; /* of the group's connection */
	const struct group_client *clients;
	unsigned n_clients;
	const struct ms_policy_list *list;
	bool fresh; /* what is wrong with its lines is told */
};

struct group_rule {
	struct ms_selector mine, theirs;
	struct ms_addr host;
	uint32_t group; /* serial */
	uint32_t part;  /* index; of this round only */
	uint32_t line;
	struct conn *member; /* a reference; NULL: not made yet */
};

struct group_rules {
	struct group_rule *rule; /* sorted by mine, theirs */
	size_t n;
};

struct group_change {
	struct group_rules now;
	struct conn **gone; /* members, with their references, of rules that are no more */
	size_t n_gone;
	char **problems; /* a line each */
	size_t n_problems;
};

/* The members of `before` go over to the rules that stay or to out->gone; it is empty afterwards.
 * MS_ERR_NOMEM: *before is as it was, out is empty. */
ms_err group_merge(struct group_change *out, const struct group_part *parts, unsigned n_parts,
	struct group_rules *before) MS_MUST_CHECK;
/* Members' references are the caller's business. */
void group_rules_free(struct group_rules *r);
void group_change_free(struct group_change *c);

#endif

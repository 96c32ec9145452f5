/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin share: a group's file as read. */
#ifndef POLICY_GROUPS_H
#define POLICY_GROUPS_H

#include <modswan/policy.h>

/* A host name in place of an address; what stands behind it is that of `entry`. */
struct group_name {
	char *host; /* lower case, no dot at the end */
	struct ms_policy_entry entry;
};

struct group_text {
	struct ms_policy_list *list;
	struct group_name *names;
	size_t n_names;
};

/* Understands a whole file; `path` is for messages.  False: out of memory, *out is empty then. */
bool group_parse(struct group_text *out, const char *group, const char *path, const char *text,
	size_t len);
/* Reads the file first; a missing one is empty. */
ms_err group_read(struct group_text *out, const char *group, const char *path, struct ms_why *why);
void group_text_free(struct group_text *t);
void group_list_free(struct ms_policy_list **list);
/* Adds one more entry.  False: out of memory. */
bool group_add_entry(struct ms_policy_list *l, const struct ms_policy_entry *e);

/* A name of a group is a file's name: no slash, no dot in front, not an editor's leftover. */
bool group_name_ok(const char *name);

/* --- names.c: host names --------------------------------------------------------------------------- */

struct group_names;
struct ms_services;

/* The shortest time between two questions for a name. */
extern uint32_t group_names_least_ms;

/* changed() tells that a name of the group has other addresses; never from within group_names_list(). */
struct group_names *group_names_new(const struct ms_services *services,
	void (*changed)(void *arg, const char *group), void *arg);
void group_names_free(struct group_names **names);
/* Adds what is known of the text's names to its list; names that are new are looked up, those that
 * the group no longer has are forgotten.  False: out of memory. */
bool group_names_list(struct group_names *names, struct group_text *t);
void group_names_forget(struct group_names *names, const char *group);

/* --- watch.c: files that change ----------------------------------------------------------------- */

struct ms_loop;
struct ms_logger;
struct group_watch;

/* changed() is called a moment after the last change of a file; name NULL: any file may be another
 * one.  `dir` need not be there yet. */
struct group_watch *group_watch_new(struct ms_loop *loop, const char *dir,
	void (*changed)(void *arg, const char *name), void *arg);
void group_watch_free(struct group_watch **w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside hook-updown: a step as the script sees it. */
#ifndef MODSWAN_UPDOWN_H
#define MODSWAN_UPDOWN_H

#include <modswan/hook.h>

#include <stdbool.h>
#include <stddef.h>

#define UPDOWN_VERB_TEXT 24 /* "prepare-client-v6" */

/* "up-client", "route-host-v6" ... */
void updown_verb(const struct ms_hook_event *event, char *buf, size_t size);

/* The environment of the script: ours without PLUTO_*, then the step's; NULL-terminated, to be
 * freed with updown_env_free().  NULL: out of memory. */
char **updown_env(const struct ms_hook_event *event);
void updown_env_free(char ***env);

/* The fewest networks that together are the range, as "NET/BITS NET/BITS ..."; NULL: out of memory.
 */
char *updown_networks(const struct ms_range *range);

/* --- batch.c ------------------------------------------------------------------------------------- */

struct updown_batch;

/* The step is about the route of a group's member, and nothing else hangs on it. */
bool updown_batch_may(const struct ms_hook_event *e);
struct updown_batch *updown_batch_new(const struct ms_hook_event *first);
void updown_batch_free(struct updown_batch **b);
/* False: it is not the same step but for the network, or there is no room. */
bool updown_batch_add(struct updown_batch *b, const struct ms_hook_event *e, unsigned max);
/* The first one's environment with the networks of all in PLUTO_PEER_CLIENT_NETWORKS. */
char **updown_batch_env(const struct updown_batch *b);

#endif

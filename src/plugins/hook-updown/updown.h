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

#endif

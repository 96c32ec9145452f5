/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins as a tool sees them: those that the daemon would find, with the same settings. */
#ifndef MODSWAN_TOOLS_PLUGINS_H
#define MODSWAN_TOOLS_PLUGINS_H

#include "tools/tool.h"

#include "lib/conf/daemon_keys.h"
#include "lib/plugin/loader.h"

struct tool_plugins {
	struct ms_logger log;
	struct ms_services services;
	struct ms_daemon_conf conf; /* modswan.conf */
	const char *folder;	    /* where they were looked for */
	struct ms_plugins *set;
};

/* Reads modswan.conf and opens what is in its folder; none is loaded.  loop: for plugins that want
 * one, else NULL; it stays the caller's.  *p must not move, and is to be closed after success and
 * failure. */
ms_err tool_plugins_find(struct tool_plugins *p, const struct tool *t, struct ms_loop *loop,
	struct ms_why *why) MS_MUST_CHECK;
/* *i_r: which one of the set has this name.  MS_ERR_PLUGIN: none, or it was refused. */
ms_err tool_plugins_named(const struct tool_plugins *p, const char *name, unsigned *i_r,
	struct ms_why *why) MS_MUST_CHECK;
void tool_plugins_close(struct tool_plugins *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ipsec.conf as a tool sees it: the same plugin reads it as in the daemon. */
#ifndef MODSWAN_TOOLS_CONFFILE_H
#define MODSWAN_TOOLS_CONFFILE_H

#include "tools/plugins.h"

#include <modswan/config.h>
#include <modswan/log.h>
#include <modswan/plugin.h>

struct tool_config {
	struct tool_plugins plugins;
	const struct ms_plugin *plugin;
	void *settings, *instance;
	const struct ms_config_ops *ops;
};

/* file NULL: ipsec.conf of the instance. Close after success and failure. */
ms_err tool_config_open(struct tool_config *c, const struct tool *t, const char *file,
	struct ms_why *why) MS_MUST_CHECK;
void tool_config_close(struct tool_config *c);

#endif

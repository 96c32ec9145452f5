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
	const char **crypto; /* plugins that are loaded */
};

/* file NULL: ipsec.conf of the instance. Close after success and failure. */
ms_err tool_config_open(struct tool_config *c, const struct tool *t, const char *file,
	struct ms_why *why) MS_MUST_CHECK;
/* The crypto plugins that the daemon would load, for ms_conn_check_offers(); after success here, until it is
 * closed.  MS_ERR_PLUGIN: there is none. */
ms_err tool_config_crypto(struct tool_config *c, struct ms_why *why) MS_MUST_CHECK;
/* As `ipsec checkconfig` does; its exit status. */
int tool_check_file(const struct tool *t, const char *file, bool verbose);
void tool_config_close(struct tool_config *c);

#endif

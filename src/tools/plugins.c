/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/plugins.h"

#include <ltdl.h>
#include <stdlib.h>
#include <string.h>

ms_err tool_plugins_find(struct tool_plugins *p, const struct tool *t, struct ms_loop *loop,
	struct ms_why *why)
{
	char *path = tool_format("%s/modswan/modswan.conf", t->confdir);
	ms_err err;

	memset(p, 0, sizeof *p);
	p->log.source = MS_SOURCE_CONF;
	p->services = (struct ms_services){ .size = sizeof p->services, .log = &p->log,
		.confdir = t->confdir, .rundir = t->rundir, .loop = loop };
	err = ms_conf_load(path, ms_daemon_keys, &p->conf, why);
	if (err != MS_OK)
		return err;
	p->folder = p->conf.plugin_dir != NULL ? p->conf.plugin_dir : MS_PLUGINDIR;
	p->set = ms_plugins_new(&p->services);
	if (p->set == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	ms_plugins_find_preopened(p->set, (const struct ms_preopened *)lt_preloaded_symbols);
	return ms_plugins_find(p->set, p->folder, why);
}

ms_err tool_plugins_named(const struct tool_plugins *p, const char *name, unsigned *i_r,
	struct ms_why *why)
{
	struct ms_plugin_info info;

	for (unsigned i = 0; ms_plugins_info(p->set, i, &info); i++) {
		if (strcmp(info.name, name) != 0)
			continue;
		*i_r = i;
		return info.state == MS_PLUGIN_REFUSED
			? ms_fail(why, MS_ERR_PLUGIN, "plugin %s: %s", name, info.reason) : MS_OK;
	}
	return ms_fail(why, MS_ERR_PLUGIN, "plugin %s is not installed in %s", name, p->folder);
}

void tool_plugins_close(struct tool_plugins *p)
{
	if (p->set != NULL)
		ms_plugins_free(&p->set);
	ms_conf_free(ms_daemon_keys, &p->conf);
}

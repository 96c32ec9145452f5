/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/conffile.h"

#include "lib/conf/daemon_keys.h"
#include "lib/plugin/loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN_NAME "config-ipsecconf"

/* The folder of plugins is the daemon's. */
static ms_err find_plugins(struct tool_config *c, const struct tool *t, struct ms_why *why)
{
	char *path = tool_format("%s/modswan/modswan.conf", t->confdir);
	struct ms_daemon_conf conf = { 0 };
	ms_err err = ms_conf_load(path, ms_daemon_keys, &conf, why);

	if (err == MS_OK)
		err = ms_plugins_find(
			c->plugins, conf.plugin_dir != NULL ? conf.plugin_dir : MS_PLUGINDIR, why);
	ms_conf_free(ms_daemon_keys, &conf);
	return err;
}

static ms_err take_plugin(struct tool_config *c, struct ms_why *why)
{
	struct ms_plugin_info info;

	for (unsigned i = 0; ms_plugins_info(c->plugins, i, &info); i++) {
		if (strcmp(info.name, PLUGIN_NAME) != 0)
			continue;
		if (info.state == MS_PLUGIN_REFUSED)
			return ms_fail(
				why, MS_ERR_PLUGIN, "plugin " PLUGIN_NAME ": %s", info.reason);
		c->plugin = ms_plugins_datum(c->plugins, i);
		return MS_OK;
	}
	return ms_fail(why, MS_ERR_PLUGIN, "plugin " PLUGIN_NAME " is not installed");
}

/* The plugin's settings file counts here, too; `file` stands above it. */
static ms_err read_settings(
	struct tool_config *c, const struct tool *t, const char *file, struct ms_why *why)
{
	const struct ms_conf_key *keys = c->plugin->keys, *key;
	char *path;
	ms_err err;

	if (keys == NULL)
		return MS_OK;
	c->settings = tool_alloc(c->plugin->conf_size);
	path = tool_format("%s/modswan/" PLUGIN_NAME ".conf", t->confdir);
	err = ms_conf_load(path, keys, c->settings, why);
	free(path);
	if (err != MS_OK || file == NULL)
		return err;
	if (access(file, R_OK) != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot read %s: %s", file, strerror(errno));
	key = ms_conf_find(keys, "file");
	if (key == NULL)
		return ms_fail(why, MS_ERR_BUG, "plugin " PLUGIN_NAME " takes no file name");
	path = realpath(file, NULL);
	err = ms_conf_set(key, c->settings, path != NULL ? path : file, why);
	free(path);
	return err;
}

ms_err tool_config_open(
	struct tool_config *c, const struct tool *t, const char *file, struct ms_why *why)
{
	ms_err err;

	memset(c, 0, sizeof *c);
	c->log.source = MS_SOURCE_CONF;
	c->services.size = sizeof c->services;
	c->services.log = &c->log;
	c->services.confdir = t->confdir;
	c->services.rundir = t->rundir;
	c->plugins = ms_plugins_new(&c->services);
	if (c->plugins == NULL)
		return MS_ERR_NOMEM;
	err = find_plugins(c, t, why);
	if (err == MS_OK)
		err = take_plugin(c, why);
	if (err == MS_OK)
		err = read_settings(c, t, file, why);
	if (err != MS_OK)
		return err;
	err = c->plugin->load(&c->instance, &c->services, c->settings, why);
	if (err == MS_OK)
		c->ops = c->plugin->features[0].ops;
	return err;
}

void tool_config_close(struct tool_config *c)
{
	if (c->ops != NULL)
		c->plugin->unload(&c->instance);
	if (c->settings != NULL)
		ms_conf_free(c->plugin->keys, c->settings);
	free(c->settings);
	ms_plugins_free(&c->plugins);
	memset(c, 0, sizeof *c);
}

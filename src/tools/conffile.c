/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/conffile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN_NAME "config-ipsecconf"

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
	unsigned i = 0;
	ms_err err;

	memset(c, 0, sizeof *c);
	err = tool_plugins_find(&c->plugins, t, NULL, why);
	if (err == MS_OK)
		err = tool_plugins_named(&c->plugins, PLUGIN_NAME, &i, why);
	if (err == MS_OK)
		c->plugin = ms_plugins_datum(c->plugins.set, i);
	if (err == MS_OK)
		err = read_settings(c, t, file, why);
	if (err != MS_OK)
		return err;
	err = c->plugin->load(&c->instance, &c->plugins.services, c->settings, why);
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
	tool_plugins_close(&c->plugins);
	memset(c, 0, sizeof *c);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/conffile.h"

#include <modswan/registry.h>

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

/* Algorithms must be known before the plugins that use them are loaded. */
static void on_provider(void *arg, const struct ms_provider *p)
{
	ms_err *err = arg;

	if (p->role == MS_ROLE_CRYPTO && *err == MS_OK)
		*err = ms_crypto_register(p->ops, p->name);
}

static bool has_crypto(const struct ms_plugin *datum)
{
	const struct ms_feature *f = datum->features;

	while (f->kind != MS_FEATURE_END &&
		!(f->kind == MS_FEATURE_PROVIDES && f->role == MS_ROLE_CRYPTO))
		f++;
	return f->kind != MS_FEATURE_END;
}

ms_err tool_config_crypto(struct tool_config *c, struct ms_why *why)
{
	const char *const *names = (const char *const *)c->plugins.conf.plugins;
	const char *const *also = (const char *const *)c->plugins.conf.plugins_also;
	struct ms_plugin_info info;
	unsigned all = 0, n = 0;
	ms_err registered = MS_OK, err;

	while (ms_plugins_info(c->plugins.set, all, &info))
		all++;
	c->crypto = tool_alloc((all + 1) * sizeof *c->crypto);
	for (unsigned i = 0; i < all && ms_plugins_info(c->plugins.set, i, &info); i++) {
		const struct ms_plugin *datum = ms_plugins_datum(c->plugins.set, i);

		if (info.state != MS_PLUGIN_REFUSED && datum != NULL && has_crypto(datum) &&
			ms_plugin_wanted(datum, names, also))
			c->crypto[n++] = datum->name;
	}
	if (n == 0)
		return ms_fail(why, MS_ERR_PLUGIN, "no plugin in %.200s offers algorithms",
			c->plugins.folder);
	ms_plugins_on_provider(c->plugins.set, on_provider, &registered);
	err = ms_plugins_load(c->plugins.set, c->crypto, why);
	ms_plugins_note_absent(c->plugins.set);
	return err != MS_OK ? err : registered;
}

static void forget_algorithms(struct tool_config *c)
{
	const struct ms_provider *p;

	for (unsigned i = 0; c->crypto != NULL && c->plugins.set != NULL &&
			     (p = ms_plugins_provider(c->plugins.set, MS_ROLE_CRYPTO, NULL, i)) != NULL;
		i++)
		ms_crypto_unregister(p->name);
	free(c->crypto);
}

void tool_config_close(struct tool_config *c)
{
	if (c->ops != NULL)
		c->plugin->unload(&c->instance);
	if (c->settings != NULL)
		ms_conf_free(c->plugin->keys, c->settings);
	free(c->settings);
	forget_algorithms(c);
	tool_plugins_close(&c->plugins);
	memset(c, 0, sizeof *c);
}

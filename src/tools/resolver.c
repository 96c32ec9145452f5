/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/resolver.h"

#include "lib/conf/daemon_keys.h"
#include "lib/loop/loop.h"
#include "lib/plugin/loader.h"

#include <modswan/loop.h>
#include <modswan/plugin.h>

#include <stdlib.h>
#include <string.h>

/* Nobody wants to wait as long as a daemon may. */
enum { PATIENCE_MS = 5000 };

struct tool_resolver {
	struct ms_logger log;
	struct ms_services services;
	struct ms_plugins *plugins;
	const struct ms_provider *provider;
	struct ms_timer *patience;
	/* of the question under way */
	struct ms_dns_query *query;
	bool over;
	ms_resolver_done_f *done;
	void *arg;
	bool nobody_answers; /* that is not tried twice */
};

static void too_long(void *arg)
{
	struct tool_resolver *r = arg;

	r->nobody_answers = r->over = true;
}

static ms_err load(struct tool_resolver *r, const struct tool *t, struct ms_why *why)
{
	static const char *const names[] = { "config-ipsecconf", "resolver-unbound", NULL };
	char *path = tool_format("%s/modswan/modswan.conf", t->confdir);
	struct ms_daemon_conf conf = { 0 };
	ms_err err = ms_conf_load(path, ms_daemon_keys, &conf, why);

	free(path);
	if (err == MS_OK)
		err = ms_plugins_find(
			r->plugins, conf.plugin_dir != NULL ? conf.plugin_dir : MS_PLUGINDIR, why);
	if (err == MS_OK)
		err = ms_plugins_load(r->plugins, names, why);
	ms_conf_free(ms_daemon_keys, &conf);
	r->provider = ms_plugins_provider(r->plugins, MS_ROLE_RESOLVER, NULL, 0);
	if (r->provider != NULL)
		return MS_OK; /* without ipsec.conf, too */
	return err != MS_OK ? err : ms_fail(why, MS_ERR_PLUGIN, "no plugin resolves names");
}

struct tool_resolver *tool_resolver_open(const struct tool *t, struct ms_why *why)
{
	struct tool_resolver *r = tool_alloc(sizeof *r);

	memset(r, 0, sizeof *r);
	r->log.source = MS_SOURCE_CONF;
	r->services = (struct ms_services){ .size = sizeof r->services, .log = &r->log,
		.confdir = t->confdir, .rundir = t->rundir, .loop = ms_loop_new(1) };
	r->plugins = r->services.loop == NULL ? NULL : ms_plugins_new(&r->services);
	r->patience = r->plugins == NULL ? NULL : ms_timer_new(r->services.loop, too_long, r);
	if (r->patience == NULL)
		(void)ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (r->patience == NULL || load(r, t, why) != MS_OK)
		tool_resolver_close(&r);
	return r;
}

void tool_resolver_close(struct tool_resolver **resolver)
{
	struct tool_resolver *r = *resolver;

	*resolver = NULL;
	if (r == NULL)
		return;
	ms_timer_free(&r->patience);
	if (r->plugins != NULL)
		ms_plugins_free(&r->plugins);
	if (r->services.loop != NULL)
		ms_loop_free(&r->services.loop);
	free(r);
}

static void answered(void *arg, ms_err err, const struct ms_dns_answer *answer,
	const struct ms_why *why)
{
	struct tool_resolver *r = arg;

	r->query = NULL;
	r->over = true;
	r->nobody_answers = err == MS_ERR_TIMEOUT;
	r->done(r->arg, err, answer, why);
}

ms_err tool_resolver_ask(struct tool_resolver *r, const char *name, uint16_t type,
	ms_resolver_done_f *done, void *arg, struct ms_why *why)
{
	const struct ms_resolver_ops *ops = r->provider->ops;
	ms_err err;

	r->over = false;
	r->done = done;
	r->arg = arg;
	if (r->nobody_answers)
		return ms_fail(why, MS_ERR_TIMEOUT, "no name server answers");
	err = ops->ask(r->provider->instance, name, type, 0, &r->query, answered, r, why);
	if (err != MS_OK)
		return err;
	ms_timer_set(r->patience, PATIENCE_MS);
	while (!r->over)
		ms_loop_turn(r->services.loop, true);
	ms_timer_stop(r->patience);
	if (r->query == NULL)
		return MS_OK;
	ops->cancel(r->provider->instance, &r->query);
	return ms_fail(why, MS_ERR_TIMEOUT, "no name server answers");
}

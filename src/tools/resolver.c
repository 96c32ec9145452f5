/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/resolver.h"

#include "lib/loop/loop.h"
#include "tools/plugins.h"

#include <modswan/loop.h>
#include <modswan/plugin.h>

#include <stdlib.h>
#include <string.h>

/* Nobody wants to wait as long as a daemon may. */
enum { PATIENCE_MS = 5000 };

struct tool_resolver {
	struct ms_loop *loop;
	struct tool_plugins plugins;
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
	ms_err err = tool_plugins_find(&r->plugins, t, r->loop, why);

	if (err == MS_OK)
		err = ms_plugins_load(r->plugins.set, names, why);
	if (r->plugins.set == NULL)
		return err;
	r->provider = ms_plugins_provider(r->plugins.set, MS_ROLE_RESOLVER, NULL, 0);
	if (r->provider != NULL)
		return MS_OK; /* without ipsec.conf, too */
	return err != MS_OK ? err : ms_fail(why, MS_ERR_PLUGIN, "no plugin resolves names");
}

struct tool_resolver *tool_resolver_open(const struct tool *t, struct ms_why *why)
{
	struct tool_resolver *r = tool_alloc(sizeof *r);

	memset(r, 0, sizeof *r);
	r->loop = ms_loop_new(1);
	r->patience = r->loop == NULL ? NULL : ms_timer_new(r->loop, too_long, r);
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
	tool_plugins_close(&r->plugins);
	if (r->loop != NULL)
		ms_loop_free(&r->loop);
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
		ms_loop_turn(r->loop, true);
	ms_timer_stop(r->patience);
	if (r->query == NULL)
		return MS_OK;
	ops->cancel(r->provider->instance, &r->query);
	return ms_fail(why, MS_ERR_TIMEOUT, "no name server answers");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the plugin `skeleton` from a folder as the daemon does and gives it some steps:
 *
 *	skeleton_test CONFDIR FOLDER STEPS
 *
 * Prints what the loader knows of it and its log lines; exit 0 when it was loaded and answered.
 */
#include "lib/log/sink.h"
#include "lib/loop/loop.h"
#include "lib/plugin/loader.h"

#include <modswan/hook.h>

#include <stdio.h>
#include <stdlib.h>

static unsigned answers;

static void on_done(void *arg, ms_err err, const struct ms_why *why)
{
	(void)arg;
	(void)why;
	answers += err == MS_OK;
}

static void on_log(void *arg, const struct ms_logger *lg, enum ms_log_level level,
	const char *prefix, const char *text)
{
	(void)arg;
	(void)lg;
	(void)level;
	printf("log: %s%s\n", prefix, text);
}

static void show(const struct ms_plugins *set)
{
	static const char *const states[] = { "found", "loaded", "off", "refused" };
	struct ms_plugin_info info;
	struct ms_feature_info f;

	for (unsigned i = 0; ms_plugins_info(set, i, &info); i++) {
		printf("%s: %s, ABI %u%s%s\n", info.name, states[info.state], info.abi,
			info.reason != NULL ? ": " : "", info.reason != NULL ? info.reason : "");
		for (unsigned k = 0; ms_plugins_feature(set, i, k, &f); k++)
			printf("%s: %s:%s %s\n", info.name, ms_role_name(f.role), f.name,
				f.on ? "on" : "off");
	}
}

static void give_steps(const struct ms_provider *p, unsigned n)
{
	const struct ms_hook_ops *ops = p->ops;
	struct ms_hook_event e = { .connection = "net1" };

	for (unsigned i = 0; i < n; i++) {
		e.verb = (enum ms_hook_verb)(i % (MS_HOOK_DOWN + 1));
		ops->event(p->instance, &e, on_done, NULL);
	}
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "skeleton", NULL };
	struct ms_logger log = { .source = MS_SOURCE_PLUGIN };
	struct ms_services services = { .size = sizeof services, .log = &log, .rundir = "/tmp" };
	const struct ms_provider *p;
	struct ms_plugins *set;
	struct ms_why why = { "" };
	unsigned steps;

	if (argc != 4)
		return 2;
	ms_log_tap(on_log, NULL);
	services.loop = ms_loop_new(1);
	services.confdir = argv[1];
	steps = (unsigned)atoi(argv[3]);
	set = ms_plugins_new(&services);
	if (ms_plugins_find(set, argv[2], &why) != MS_OK ||
		ms_plugins_load(set, names, &why) != MS_OK)
		printf("error: %s\n", why.text);
	show(set);
	p = ms_plugins_provider(set, MS_ROLE_HOOK, "skeleton", 0);
	if (p != NULL)
		give_steps(p, steps);
	ms_plugins_free(&set);
	ms_loop_free(&services.loop);
	return p != NULL && answers == steps ? 0 : 1;
}

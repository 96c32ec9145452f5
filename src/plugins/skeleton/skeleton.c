/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton: how to write a plugin.
 *
 * It is a whole one: it offers role hook, has a setting, counts the steps of connections and logs
 * every so many of them.  A copy of this file is a start for one of your own; it needs nothing but
 * the headers under modswan/ and the library, which `pkg-config modswan` knows:
 *
 *	cc -shared -fPIC -o mine.so mine.c $(pkg-config --cflags --libs modswan)
 *	cp mine.so $(pkg-config --variable=plugindir modswan)
 *
 * Then `plugins` in modswan.conf may name it, and `ipsec plugins` shows it.  A plugin of this tree
 *has its folder in src/plugins, a build fragment plugin.mk there, a line in configure.ac and an
 *include in Makefile.am.
 *
 * Rules for all plugins:
 *  - Everything runs on the loop's thread and must not block; <modswan/loop.h> has timers, watched
 *    descriptors, jobs for worker threads and child processes.
 *  - What is borrowed (struct ms_hook_event, for one) is gone after the call: copy what you keep.
 *  - No global variables that change: the instance that load() makes is handed to every function.
 *  - An error is returned with its reason in `why`, or logged, not both.
 */
#include <modswan/hook.h>
#include <modswan/plugin.h>

#include <inttypes.h>
#include <stdlib.h>

/* --- settings ------------------------------------------------------------------------------------
 * A row of the table is all there is to do: the loader reads skeleton.conf into the struct, refuses
 * what is out of bounds, and the sample file and the manual come from the same rows. */

struct skeleton_conf {
	uint32_t every;
};

static const struct ms_conf_key keys[] = {
	MS_KEY_UINT(struct skeleton_conf, every, "every", .min = 1, .max = 1000000, .def = 1,
		.unit = "steps", .brief = "log one line for so many steps of connections"),
	MS_KEY_END,
};

/* --- the instance ----------------------------------------------------------------------------- */

struct skeleton {
	const struct ms_logger *log;      /* lines carry the plugin's name */
	const struct skeleton_conf *conf; /* stays until unload() */
	uint64_t steps;
};

/* Called when everything that MS_NEEDS names is there.  Whatever fails here must leave nothing
 * behind, for unload() is then not called. */
static ms_err skeleton_load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct skeleton *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "no memory for the counter");
	s->log = services->log;
	s->conf = conf;
	*instance_r = s;
	return MS_OK;
}

static void skeleton_unload(void **instance)
{
	struct skeleton *s = *instance;

	*instance = NULL;
	if (s == NULL)
		return;
	ms_info(s->log, "%" PRIu64 " steps seen", s->steps);
	free(s);
}

/* --- role hook -----------------------------------------------------------------------------------
 * modswan/hook.h says what each function has to do.  Here: done() exactly once, now or later. */

static void skeleton_event(
	void *inst, const struct ms_hook_event *event, ms_hook_done_f *done, void *arg)
{
	static const char *const verbs[] = { "prepare", "route", "unroute", "up", "down" };
	struct skeleton *s = inst;

	s->steps++;
	if (s->steps % s->conf->every == 0)
		ms_notice(s->log, "\"%s\": %s, step %" PRIu64, event->connection,
			verbs[event->verb], s->steps);
	done(arg, MS_OK, NULL);
}

static const struct ms_hook_ops ops = {
	.size = sizeof ops, /* so that the struct may grow at its end */
	.event = skeleton_event,
};

/* --- what is exported ----------------------------------------------------------------------------
 * One constant datum; the loader reads it before any code of the plugin runs.  A feature that
 * cannot work without another plugin's says so: MS_NEEDS(NET, NULL) after the MS_PROVIDES row. */

static const struct ms_feature features[] = {
	MS_PROVIDES(HOOK, "skeleton", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(skeleton, "skeleton", .summary = "how to write a plugin: counts steps of connections",
	.features = features, .keys = keys, .conf_size = sizeof(struct skeleton_conf),
	.load = skeleton_load, .unload = skeleton_unload,
	.on_demand = true); /* yours is not: it is loaded when it is there */

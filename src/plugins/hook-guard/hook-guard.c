/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook-guard: clear packets that policy wants protected are dropped where they arrive.
 *
 * klips sees what comes out of tunnels and checks it; what comes past it, straight from the physical
 * device with an address of the peer's network, only a firewall can stop.  From a connection's routing
 * on until it is unrouted, nftables drops what arrives from the peer's networks for ours by any other
 * device than the tunnel's.
 *
 * The table is written as a whole to RUNDIR/guard.nft and given to `nft -f`, which changes it in one
 * transaction.  While nft runs, further changes gather; each step is done when a run that had it is.
 *
 * Standards: RFC 4301 s5.2 (step 4: packets that should have been protected are discarded).
 */
#include "ruleset.h"

#include <modswan/log.h>
#include <modswan/loop.h>
#include <modswan/plugin.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NFT_TIMEOUT_MS = 20000 };

struct guard_conf {
	char *nft;
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct guard_conf, nft, "nft", .def_text = "/usr/sbin/nft",
		.brief = "the nft program of nftables"),
	MS_KEY_END,
};

/* Who waits until a run is over. */
struct waiter {
	struct waiter *next;
	ms_hook_done_f *done;
	void *arg;
};

struct guard {
	struct ms_loop *loop;
	const struct ms_logger *log;
	const struct guard_conf *conf;
	char *path;
	struct ruleset rules;
	struct ms_process *process; /* NULL: none runs */
	struct waiter *running, *waiting;
};

static void answer(struct waiter **list, ms_err err, const struct ms_why *why)
{
	struct waiter *w = *list;

	*list = NULL;
	while (w != NULL) {
		struct waiter *next = w->next;

		w->done(w->arg, err, why);
		free(w);
		w = next;
	}
}

static void on_line(void *arg, const char *line)
{
	const struct guard *g = arg;

	ms_notice(g->log, "nft: %s", line);
}

static void start(struct guard *g);

static void on_exit_of_nft(void *arg, const struct ms_process_result *r)
{
	struct guard *g = arg;
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	g->process = NULL;
	if (r->timed_out)
		err = ms_fail(&why, MS_ERR_SYSTEM, "guard: nft was not done in time");
	else if (r->exit_status != 0)
		err = ms_fail(&why, MS_ERR_SYSTEM, "guard: nft refused %s", g->path);
	answer(&g->running, err, &why);
	if (g->process == NULL && g->waiting != NULL)
		start(g);
}

static ms_err write_rules(const struct guard *g, struct ms_why *why)
{
	FILE *f = fopen(g->path, "we");
	bool bad;

	if (f == NULL)
		return ms_fail(why, MS_ERR_SYSTEM, "guard: %s: %s", g->path, strerror(errno));
	ruleset_write(&g->rules, f);
	bad = ferror(f) != 0;
	if (fclose(f) != 0 || bad)
		return ms_fail(why, MS_ERR_SYSTEM, "guard: %s: %s", g->path, strerror(errno));
	return MS_OK;
}

/* One run for all that wait. */
static void start(struct guard *g)
{
	const char *argv[] = { g->conf->nft, "-f", g->path, NULL };
	struct ms_why why = { "" };
	ms_err err = write_rules(g, &why);

	g->running = g->waiting;
	g->waiting = NULL;
	if (err == MS_OK)
		err = ms_process_run(g->loop, &g->process, argv, NULL, NFT_TIMEOUT_MS, on_line,
			on_exit_of_nft, g, &why);
	if (err == MS_OK)
		return;
	g->process = NULL;
	ms_why_prefix(&why, "guard: ");
	answer(&g->running, err, &why);
}

static void guard_event(void *inst, const struct ms_hook_event *event, ms_hook_done_f *done,
	void *arg)
{
	struct guard *g = inst;
	bool add = event->verb == MS_HOOK_ROUTE;
	struct waiter *w;

	if ((!add && event->verb != MS_HOOK_UNROUTE) || !event->protect) {
		done(arg, MS_OK, NULL);
		return;
	}
	w = calloc(1, sizeof *w);
	if (w == NULL || (add && !ruleset_add(&g->rules, event))) {
		free(w);
		done(arg, MS_ERR_NOMEM, NULL);
		return;
	}
	if (!add)
		ruleset_remove(&g->rules, event);
	*w = (struct waiter){ g->waiting, done, arg };
	g->waiting = w;
	if (g->process == NULL)
		start(g);
}

static ms_err guard_load(void **instance_r, const struct ms_services *services, const void *conf,
	struct ms_why *why)
{
	struct guard *g = calloc(1, sizeof *g);

	(void)why;
	if (g == NULL)
		return MS_ERR_NOMEM;
	if (asprintf(&g->path, "%s/guard.nft", services->rundir) < 0) {
		free(g);
		return MS_ERR_NOMEM;
	}
	g->loop = services->loop;
	g->log = services->log;
	g->conf = conf;
	ruleset_init(&g->rules, services->rundir);
	*instance_r = g;
	return MS_OK;
}

static void guard_unload(void **instance)
{
	struct guard *g = *instance;

	*instance = NULL;
	if (g == NULL)
		return;
	ms_process_free(&g->process);
	answer(&g->running, MS_ERR_CANCELLED, NULL);
	answer(&g->waiting, MS_ERR_CANCELLED, NULL);
	ruleset_clear(&g->rules);
	remove(g->path);
	free(g->path);
	free(g);
}

static const struct ms_hook_ops ops = { .size = sizeof ops, .event = guard_event };

static const struct ms_feature features[] = {
	MS_PROVIDES(HOOK, "guard", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(hook_guard, "hook-guard",
	.summary = "nftables rules against clear packets that should have come through a tunnel",
	.features = features, .keys = keys, .conf_size = sizeof(struct guard_conf),
	.load = guard_load, .unload = guard_unload, .on_demand = true);

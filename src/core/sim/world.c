/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/world_priv.h"

#include "core/sim/sim_crypto.h"
#include "lib/log/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const world_kind_names[WORLD_KINDS] = { "calm", "lossy", "rough", "wild" };

static double seconds(const struct world *w)
{
	return (double)(w->sim->now - WORLD_START) / 1000;
}

void world_fail(struct world *w, const char *fmt, ...)
{
	struct world_result *r = w->result;
	char what[400];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(r->text, sizeof(r->text), "at %.3f s: %s", seconds(w), what);
	world_say(w, "FAILED: %s", what);
}

void world_say(const struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->o.verbose)
		return;
	fprintf(stderr, "%8llu -- ", (unsigned long long)(w->sim->now - WORLD_START));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* In a wild world kernels refuse what would make it true again. */
static void routing(void *arg, struct sim_node *n, const struct ms_why *why)
{
	struct world *w = arg;

	if (w->kind != WORLD_WILD)
		world_fail(w, "%s: %s", n->name, why->text);
}

static void sent(void *world, struct sim_node *n, struct ms_bytes datagram)
{
	struct world *w = world;
	struct ms_why why = { "" };

	if (!watch_datagram(w->watch, datagram, &why))
		world_fail(w, "%s: %s", n->name, why.text);
}

static void tell_policy(const struct world *w, const struct sim_node *n,
	const struct ms_kernel_op *op)
{
	char dst[MS_SELECTOR_TEXT];

	ms_selector_text(&op->policy.dst, dst, sizeof(dst));
	if (op->kind == MS_KOP_POLICY_DELETE)
		world_say(w, "%s: eroute to %s goes", n->name, dst);
	else if (op->policy.shunt == MS_SHUNT_NONE)
		world_say(w, "%s: eroute to %s is 0x%08x", n->name, dst,
			(unsigned)op->policy.said.spi);
	else
		world_say(w, "%s: eroute to %s is a shunt", n->name, dst);
}

static void kernel_did(void *world, struct sim_node *n, const struct ms_kernel_op *op)
{
	struct world *w = world;
	struct ms_why why = { "" };

	if (op->kind == MS_KOP_POLICY_SET || op->kind == MS_KOP_POLICY_DELETE)
		tell_policy(w, n, op);
	if (!watch_kernel(w->watch, op, &why))
		world_fail(w, "%s: %s", n->name, why.text);
}

/* Runs on; what is wrong ends it. */
static bool run(struct world *w, uint64_t ms)
{
	uint64_t until = w->sim->now + ms, look = w->sim->now;

	while (!w->result->failed) {
		look += 1000;
		if (look > until)
			look = until;
		while (!w->result->failed && sim_step(w->sim, look))
			if (w->sim->n_events - w->counted_events > 100000)
				world_fail(w, "events without end");
		if (w->result->failed)
			return false;
		w->sim->now = look;
		world_bounds(w);
		if (look == until)
			return !w->result->failed;
	}
	return false;
}

/* Both ends find out about each other by liveness and lifetimes, so that is how long it may take.
 */
static void second_act(struct world *w)
{
	uint64_t limit = w->sim->now + 2 * w->lifetime_ms + 240000;
	char why[300] = "";

	world_say(w, "quiet from now on");
	world_heal(w);
	/* What was on its way is here before anything is asked. */
	if (!run(w, 20000))
		return;
	while (!world_settled(w, why, sizeof(why))) {
		if (w->sim->now > limit) {
			world_fail(w, "still not settled: %s", why);
			return;
		}
		if (!run(w, 1900))
			return;
	}
	world_say(w, "settled");
}

static void probe_all(struct world *w)
{
	for (unsigned i = 0; i < w->n_ties; i++)
		for (unsigned k = 0; k < 2; k++)
			world_packet(w, &w->ties[i], &w->ties[i].end[k]);
}

/* It was settled, and nothing goes wrong any more: so it stays. */
static void stays(struct world *w)
{
	uint64_t until = w->sim->now + w->lifetime_ms;
	char why[300];
	unsigned bad = 0;

	while (w->sim->now < until) {
		if (!run(w, 3700))
			return;
		bad = world_settled(w, why, sizeof(why)) ? 0 : bad + 1;
		/* Among many plutos there is always one that asks another. */
		if (bad > 6 + w->sim->n_nodes / 10) {
			world_fail(w, "settled before, and no more: %s", why);
			return;
		}
		probe_all(w);
	}
}

static void third_act(struct world *w)
{
	world_say(w, "all is taken down");
	w->traffic_over = true;
	if (!run(w, 5000))
		return;
	for (unsigned i = 0; i < w->n_ties; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct tie_end *e = &w->ties[i].end[k];
			struct conn *c = world_conn(&w->ties[i], e);

			e->wanted = false;
			if (c)
				c->wanted_up = c->wanted_routed = false;
		}
	for (unsigned i = 0; i < w->n_ties; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct tie_end *e = &w->ties[i].end[k];
			struct conn *c = world_conn(&w->ties[i], e);

			/* One end alone does as well as both. */
			if (c && (k == 0 || w->o.seed % 3))
				ike_terminate_conn(e->node->ike, c);
		}
	/* An IKE SA without children goes when its life is over. */
	if (run(w, w->lifetime_ms + 100000))
		world_empty(w);
}

static void count(struct world *w)
{
	struct world_result *r = w->result;

	r->kind = w->kind;
	r->plutos = w->sim->n_nodes;
	r->conns = w->n_ties;
	r->events = w->sim->n_events;
	r->datagrams = w->sim->packets;
	r->simulated_ms = w->sim->now - WORLD_START;
	for (unsigned i = 0; i < w->sim->n_nodes; i++) {
		const struct sim_node *n = w->sim->nodes[i];

		if (!n->ike)
			continue;
		r->ike_sas += ike_counter(n->ike, IKE_C_IKE_ESTABLISHED);
		r->child_sas += ike_counter(n->ike, IKE_C_CHILD_ESTABLISHED);
	}
	for (unsigned i = 0; i < w->n_ties; i++)
		r->packets += w->ties[i].end[0].sent + w->ties[i].end[1].sent;
}

void world_run(const struct world_options *o, struct world_result *result)
{
	struct world w = { .o = *o, .result = result };
	struct dice d = { o->seed ^ 0x6d6f647377616e };

	memset(result, 0, sizeof(*result));
	w.plan.state = dice_next(&d);
	w.net.state = dice_next(&d);
	w.fate.state = dice_next(&d);
	w.traffic.state = dice_next(&d);
	sim_crypto_seed(dice_next(&d));
	w.rich = o->seed % 8 == 5;
	w.extra.state = o->seed ^ 0x72696368;
	sim_verbose = o->verbose;
	w.sim = sim_new(o->seed);
	w.watch = watch_new();
	w.sim->network = world_network;
	w.sim->network_arg = &w;
	w.sim->watch = (struct sim_watch){ sent, kernel_did, NULL, routing, &w };
	world_plan(&w);
	world_traffic(&w);
	world_trouble(&w);
	if (run(&w, w.rough_ms))
		second_act(&w);
	if (!result->failed)
		stays(&w);
	if (!result->failed)
		third_act(&w);
	count(&w);
	sim_free(&w.sim);
	world_plan_free(&w);
	watch_free(&w.watch);
	sim_verbose = false;
}

bool worlds_load(void)
{
	ms_log_open("sim");
	if (getenv("SIM_VERBOSE")) /* the log too */
		ms_log_to_stderr(MS_LOG_INFO, MS_LOG_PLAIN, false);
	return sim_crypto_load() == MS_OK && world_keys_load();
}

void worlds_unload(void)
{
	world_keys_unload();
	sim_crypto_unload();
	ms_log_close();
}

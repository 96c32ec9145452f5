/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/mesh_priv.h"

#include "core/sim/sim_crypto.h"
#include "lib/log/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 3000

const char *const mesh_kind_names[MESH_KINDS] = { "calm", "lossy", "rough", "wild" };

void mesh_fail(struct mesh *m, const char *fmt, ...)
{
	struct mesh_result *r = m->result;
	char what[400];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	snprintf(r->text, sizeof r->text, "at %.3f s: %s",
		(double)(m->sim->now - MESH_START) / 1000, what);
	mesh_say(m, "FAILED: %s", what);
}

void mesh_say(const struct mesh *m, const char *fmt, ...)
{
	va_list ap;

	if (!m->o.verbose)
		return;
	fprintf(stderr, "%8llu -- ", (unsigned long long)(m->sim->now - MESH_START));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* --- what is watched ----------------------------------------------------------------------------------- */

static void routing(void *arg, struct sim_node *n, const struct ms_why *why)
{
	mesh_fail(arg, "%s: %s", n->name, why->text);
}

static void sent(void *arg, struct sim_node *n, struct ms_bytes datagram)
{
	struct mesh *m = arg;
	struct ms_why why = { "" };

	if (!watch_datagram(m->watch, datagram, &why))
		mesh_fail(m, "%s: %s", n->name, why.text);
}

static void tell(const struct mesh *m, const struct sim_node *n, const struct ms_kernel_op *op)
{
	static const char *const shunts[] = { "an SA", "%pass", "%drop", "%reject", "%trap", "%hold" };
	char dst[MS_SELECTOR_TEXT];

	if (!m->o.verbose)
		return;
	ms_selector_text(&op->policy.dst, dst, sizeof dst);
	if (op->kind == MS_KOP_POLICY_DELETE)
		mesh_say(m, "%s: eroute to %s goes", n->name, dst);
	else if (op->kind == MS_KOP_POLICY_SET)
		mesh_say(m, "%s: eroute to %s is %s", n->name, dst, shunts[op->policy.shunt]);
}

static void kernel_did(void *arg, struct sim_node *n, const struct ms_kernel_op *op)
{
	struct mesh *m = arg;
	struct ms_why why = { "" };

	tell(m, n, op);
	mesh_kernel_did(m, n, op);
	if (!watch_kernel(m->watch, op, &why))
		mesh_fail(m, "%s: %s", n->name, why.text);
}

/* --- acts ----------------------------------------------------------------------------------------------- */

/* Runs on; what is wrong ends it. */
bool mesh_go(struct mesh *m, uint64_t ms)
{
	uint64_t until = m->sim->now + ms, look = m->sim->now;

	while (!m->result->failed && look < until) {
		look = look + 1000 < until ? look + 1000 : until;
		while (!m->result->failed && sim_step(m->sim, look))
			if (m->sim->n_events - m->counted_events > 3000000)
				mesh_fail(m, "events without end");
		if (!m->result->failed)
			m->sim->now = look;
		mesh_bounds(m);
	}
	return !m->result->failed;
}

/* What was believed has to be forgotten, shunts and lives have to end; a peer that lost all is found
 * out when the life of its SAs is over, at the latest. */
static void second_act(struct mesh *m)
{
	uint64_t since = m->sim->now, limit = since + MESH_SETTLE_MS;
	char why[300] = "";

	mesh_say(m, "quiet from now on");
	mesh_heal(m);
	do {
		if (m->sim->now > limit) {
			mesh_fail(m, "still not settled: %s", why);
			return;
		}
		if (!mesh_go(m, LOOK_MS))
			return;
		mesh_look(m);
	} while (!mesh_all_since(m, since + LOOK_MS, why, sizeof why));
	mesh_say(m, "settled");
}

/* Lives end and begin again; each time it is as before, when one negotiation has had its time. */
static void stays(struct mesh *m)
{
	uint64_t until = m->sim->now + MESH_LIFE_MS + 2 * MESH_SHUNT_MS;
	char why[300];

	while (m->sim->now < until) {
		if (!mesh_go(m, LOOK_MS))
			return;
		mesh_look(m);
		if (mesh_none_longer(m, MESH_PATIENCE_MS, why, sizeof why))
			continue;
		mesh_fail(m, "settled before, and no more: %s", why);
		return;
	}
}

static void third_act(struct mesh *m)
{
	mesh_say(m, "nobody speaks any more");
	m->silent = true;
	if (mesh_go(m, MESH_LIFE_MS + MESH_SHUNT_MS + 2 * 1200000))
		mesh_empty(m);
}

static void count(struct mesh *m)
{
	struct mesh_result *r = m->result;

	r->kind = m->kind;
	r->hosts = m->n_hosts;
	r->flows = m->n_flows;
	r->events = m->sim->n_events;
	r->datagrams = m->sim->packets;
	r->packets = m->packets;
	r->questions = m->questions;
	r->simulated_ms = m->sim->now - MESH_START;
	for (unsigned i = 0; i < m->n_hosts; i++) {
		if (m->hosts[i].n->ike == NULL)
			continue;
		r->ike_sas += ike_counter(m->hosts[i].n->ike, IKE_C_IKE_ESTABLISHED);
		r->child_sas += ike_counter(m->hosts[i].n->ike, IKE_C_CHILD_ESTABLISHED);
	}
	mesh_count_flows(m);
}

void mesh_begin(struct mesh *m)
{
	struct dice d = { m->o.seed ^ 0x6d657368 };

	memset(m->result, 0, sizeof *m->result);
	m->plan.state = dice_next(&d);
	m->net.state = dice_next(&d);
	m->fate.state = dice_next(&d);
	m->traffic.state = dice_next(&d);
	m->dns.state = dice_next(&d);
	sim_crypto_seed(dice_next(&d));
	m->kind = m->o.kind >= 0 ? (enum mesh_kind)m->o.kind :
				   (enum mesh_kind)dice_below(&d, MESH_KINDS);
	sim_verbose = m->o.verbose;
	m->sim = sim_new(m->o.seed);
	m->watch = watch_new();
	m->sim->network = mesh_network;
	m->sim->network_arg = m;
	m->sim->watch = (struct sim_watch){ sent, kernel_did, NULL, routing, m };
	mesh_plan(m);
	m->act_ms = dice_between(&m->fate, 60000, 600000);
	mesh_trouble(m);
}

void mesh_end(struct mesh *m)
{
	count(m);
	m->silent = true;
	for (unsigned i = 0; i < m->n_hosts; i++)
		mesh_halt(&m->hosts[i], false);
	sim_free(&m->sim);
	mesh_plan_free(m);
	watch_free(&m->watch);
	sim_verbose = false;
}

void mesh_run(const struct mesh_options *o, struct mesh_result *result)
{
	struct mesh m = { .o = *o, .result = result };

	mesh_begin(&m);
	for (unsigned i = 0; i < m.n_hosts; i++)
		mesh_boot(&m.hosts[i]);
	mesh_traffic(&m);
	if (mesh_go(&m, m.act_ms))
		second_act(&m);
	if (!result->failed)
		stays(&m);
	if (!result->failed)
		third_act(&m);
	mesh_end(&m);
}

bool mesh_load(void)
{
	ms_log_open("sim");
	if (getenv("SIM_VERBOSE") != NULL) /* the log too */
		ms_log_to_stderr(MS_LOG_INFO, MS_LOG_PLAIN, false);
	return sim_crypto_load() == MS_OK && mesh_keys_load() && mesh_conns_load();
}

void mesh_unload(void)
{
	mesh_conns_unload();
	mesh_keys_unload();
	sim_crypto_unload();
	ms_log_close();
}

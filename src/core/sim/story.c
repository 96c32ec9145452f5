/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/story.h"

#include "core/sim/sim_crypto.h"
#include "lib/log/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const story_kind_names[STORY_KINDS] = { "calm", "lossy", "rough", "wild" };

/* --- telling ---------------------------------------------------------------------------------- */

void story_fail(struct story *s, const char *fmt, ...)
{
	struct story_result *r = s->result;
	char what[400];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(r->text, sizeof(r->text), "at %.3f s: %s",
		(double)(s->sim->now - STORY_START) / 1000, what);
	story_say(s, "FAILED: %s", what);
}

void story_say(const struct story *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->o.verbose)
		return;
	fprintf(stderr, "%8llu -- ", (unsigned long long)(s->sim->now - STORY_START));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool story_no(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return false;
}

/* --- watching --------------------------------------------------------------------------------- */

static void routing(void *arg, struct sim_node *n, const struct ms_why *why)
{
	struct story *s = arg;

	if (!s->broken_routing)
		story_fail(s, "%s: %s", n->name, why->text);
}

static void sent(void *arg, struct sim_node *n, struct ms_bytes datagram)
{
	struct story *s = arg;
	struct ms_why why = { "" };

	if (s->datagrams)
		story_say(s, "%s: sends %s %02x.. id %u exchange %u, %zu octets", n->name,
			datagram.ptr[19] & 0x20 ? "response" : "request", datagram.ptr[0],
			datagram.ptr[23], datagram.ptr[18], datagram.len);
	if (!watch_datagram(s->watch, datagram, &why))
		story_fail(s, "%s: %s", n->name, why.text);
}

static void tell_policy(
	const struct story *s, const struct sim_node *n, const struct ms_kernel_op *op)
{
	static const char *const shunts[] = { "", "%pass", "%drop", "%reject", "%trap", "%hold" };
	char dst[MS_SELECTOR_TEXT];

	if (!s->o.verbose)
		return;
	ms_selector_text(&op->policy.dst, dst, sizeof(dst));
	if (op->kind == MS_KOP_POLICY_DELETE)
		story_say(s, "%s: eroute to %s goes", n->name, dst);
	else if (op->policy.shunt == MS_SHUNT_NONE)
		story_say(s, "%s: eroute to %s is 0x%08x", n->name, dst,
			(unsigned)op->policy.said.spi);
	else
		story_say(s, "%s: eroute to %s is %s", n->name, dst, shunts[op->policy.shunt]);
}

static void kernel_did(void *arg, struct sim_node *n, const struct ms_kernel_op *op)
{
	struct story *s = arg;
	struct ms_why why = { "" };

	if (op->kind == MS_KOP_POLICY_SET || op->kind == MS_KOP_POLICY_DELETE)
		tell_policy(s, n, op);
	if (s->kernel)
		s->kernel(s->arg, n, op);
	if (!watch_kernel(s->watch, op, &why))
		story_fail(s, "%s: %s", n->name, why.text);
}

/* --- running ---------------------------------------------------------------------------------- */

void story_begin(struct story *s, const struct story_options *o, struct story_result *result)
{
	memset(result, 0, sizeof(*result));
	s->o = *o;
	s->datagrams = getenv("SIM_DATAGRAMS") != NULL;
	s->result = result;
	sim_verbose = o->verbose;
	s->sim = sim_new(o->seed);
	s->watch = watch_new();
	s->sim->watch = (struct sim_watch){ sent, kernel_did, NULL, routing, s };
}

bool story_go(struct story *s, uint64_t ms)
{
	struct sim *sim = s->sim;
	uint64_t until = sim->now + ms, look = sim->now, events;

	while (!s->result->failed && look < until) {
		look = look + 1000 < until ? look + 1000 : until;
		while (!s->result->failed && sim_step(sim, look))
			if (sim->n_events - s->counted_events > s->most_events)
				story_fail(s, "events without end");
		if (s->result->failed)
			break;
		sim->now = look;
		events = sim->n_events - s->counted_events;
		s->counted_events = sim->n_events;
		s->look(s->arg, events);
	}
	return !s->result->failed;
}

void story_count(struct story *s)
{
	struct story_result *r = s->result;

	r->events = s->sim->n_events;
	r->datagrams = s->sim->packets;
	r->simulated_ms = s->sim->now - STORY_START;
	memcpy(r->seen, s->sim->seen, sizeof(r->seen));
	for (unsigned i = 0; i < s->sim->n_nodes; i++) {
		const struct ike_engine *ike = s->sim->nodes[i]->ike;

		if (!ike)
			continue;
		sim_cover_engine(s->sim->nodes[i], r->seen);
		r->ike_sas += ike_counter(ike, IKE_C_IKE_ESTABLISHED);
		r->child_sas += ike_counter(ike, IKE_C_CHILD_ESTABLISHED);
	}
}

void story_end(struct story *s)
{
	sim_free(&s->sim);
	watch_free(&s->watch);
	sim_verbose = false;
}

bool story_load(void)
{
	ms_log_open("sim");
	if (getenv("SIM_VERBOSE")) /* the log too */
		ms_log_to_stderr(MS_LOG_INFO, MS_LOG_PLAIN, false);
	return sim_crypto_load() == MS_OK;
}

void story_unload(void)
{
	sim_crypto_unload();
	ms_log_close();
}

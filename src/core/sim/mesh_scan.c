/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan of a network through a trap: each address is a flow of its own, and each flow a question to
 * DNS.  What waits, what is asked in a second, what is remembered and how much memory that takes have
 * bounds; meanwhile somebody who has a key is still heard; and afterwards nothing is left.
 */
#include "core/sim/mesh_priv.h"

#include <malloc.h>
#include <stdlib.h>

#define PER_TURN 20 /* packets in 10 ms */
#define OCTETS_PER_FLOW 4096 /* of those that may be remembered, at both the daemon and the kernel */

struct scan {
	struct mesh *m;
	uint32_t at, end;
};

static size_t in_use(void)
{
	struct mallinfo2 i = mallinfo2();

	return i.uordblks + i.hblkhd;
}

static void go_on(struct sim *s, void *arg)
{
	struct scan *scan = arg;
	struct mesh *m = scan->m;

	for (unsigned i = 0; i < PER_TURN && scan->at < scan->end; i++)
		mesh_packet(m, &(struct mesh_packet){ NULL, false, &m->hosts[0],
			m->hosts[0].n->addr, ms_addr_v4(scan->at++) });
	if (scan->at < scan->end)
		sim_at(s, s->now + 10, go_on, scan);
}

static void plan(struct mesh *m)
{
	for (unsigned i = 0; i < 2; i++) {
		struct mesh_host *h = &m->hosts[i];
		struct ms_addr any = ms_addr_v4(0);

		h->key = KEY_FULL;
		h->record = MS_DNS_TXT;
		h->n_lines = 1;
		h->lines[0] = (struct mesh_line){ ms_subnet_make(&any, 0),
			POLICY_PRIVATE_OR_CLEAR };
	}
	m->n_flows = 1;
	m->flows[0] = (struct mesh_flow){ .m = m, .a = &m->hosts[0], .b = &m->hosts[1],
		.every_ms = 3000 };
}

static void bounds(struct mesh *m, size_t before)
{
	const struct mesh_host *h = &m->hosts[0];
	size_t flows = h->n_holds + route_bare_count(h->n->route) + 4096;

	if (in_use() > before + flows * OCTETS_PER_FLOW)
		story_fail(&m->s, "%zu octets are in use for %zu flows", in_use() - before, flows);
}

void mesh_scan(const struct story_options *opt, struct story_result *result)
{
	struct story_options o = *opt;
	struct mesh m = { .n_hosts = 0 };
	uint32_t net = 0x0ac80000; /* 10.200.0.0, where nobody is */
	struct scan scan = { &m, net, net + (1u << (32 - o.scan)) };
	size_t before;
	char why[300];

	o.size = 2;
	o.kind = STORY_CALM;
	mesh_begin(&m, &o, result);
	plan(&m);
	for (unsigned i = 0; i < 2; i++)
		mesh_boot(&m.hosts[i]);
	before = in_use();
	sim_at(m.sim, m.sim->now + 2000, go_on, &scan);
	sim_at(m.sim, m.sim->now + 3000, mesh_speak, &m.flows[0]);
	while (!result->failed && scan.at < scan.end && story_go(&m.s, 1000))
		bounds(&m, before);
	/* Flows before it had 90 questions in a second. */
	for (unsigned i = 0; i < 60 && story_go(&m.s, 3000); i++) {
		bounds(&m, before);
		mesh_look(&m);
	}
	if (!result->failed && !mesh_all_since(&m, m.sim->now - 12000, why, sizeof why))
		story_fail(&m.s, "%s", why);
	m.silent = true;
	if (story_go(&m.s, MESH_LIFE_MS + MESH_SHUNT_MS + 2 * 1200000))
		mesh_empty(&m);
	if (!result->failed && in_use() > before + 1000000)
		story_fail(&m.s, "%zu octets stay", in_use() - before);
	mesh_end(&m);
}

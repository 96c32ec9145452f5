/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there, with what key and what lists, and who speaks to whom: drawn before anything happens. */
#include "core/sim/mesh_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Hosts live in 10.0.0.0/8, several to each of some /28, /24 and /16. */
static uint32_t random_addr(struct mesh *m)
{
	uint32_t wide = (uint32_t)dice_below(&m->plan, 4), net = (uint32_t)dice_below(&m->plan, 8);

	return 0x0a000000 | wide << 16 | net << 8 | (uint32_t)dice_between(&m->plan, 1, 254);
}

static unsigned *slot(const struct mesh *m, const struct ms_addr *a)
{
	uint32_t v = (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 |
		     a->b[3];
	unsigned i = (v * 2654435761u >> 8) & m->addr_mask;

	while (m->by_addr[i] != 0 && !ms_addr_eq(&m->hosts[m->by_addr[i] - 1].n->addr, a))
		i = (i + 1) & m->addr_mask;
	return &m->by_addr[i];
}

struct mesh_host *mesh_owner(const struct mesh *m, const struct ms_addr *a)
{
	unsigned i = *slot(m, a);

	return i == 0 ? NULL : &m->hosts[i - 1];
}

/* A network that has hosts in it: around one of them. */
static struct ms_subnet random_net(struct mesh *m)
{
	static const unsigned char bits[] = { 0, 8, 16, 16, 24, 24, 24, 28, 32, 32, 32, 32 };
	const struct mesh_host *h = &m->hosts[dice_below(&m->plan, m->n_hosts)];

	return ms_subnet_make(&h->n->addr, bits[dice_below(&m->plan, sizeof bits)]);
}

static enum mesh_policy random_policy(struct mesh *m)
{
	static const enum mesh_policy p[] = { POLICY_CLEAR, POLICY_CLEAR_OR_PRIVATE,
		POLICY_CLEAR_OR_PRIVATE, POLICY_PRIVATE_OR_CLEAR, POLICY_PRIVATE_OR_CLEAR,
		POLICY_PRIVATE_OR_CLEAR, POLICY_PRIVATE, POLICY_PRIVATE, POLICY_BLOCK };

	return p[dice_below(&m->plan, sizeof p / sizeof p[0])];
}

void mesh_plan_lines(struct mesh *m, struct mesh_host *h)
{
	h->n_lines = (unsigned)dice_below(&m->plan, MESH_LINES);
	for (unsigned i = 0; i < h->n_lines; i++)
		h->lines[i] = (struct mesh_line){ random_net(m), random_policy(m) };
}

static void plan_host(struct mesh *m, unsigned i)
{
	static const enum mesh_key chances[] = { KEY_NONE, KEY_INITIATE, KEY_FULL, KEY_FULL,
		KEY_FULL, KEY_FULL };
	static const uint16_t records[] = { MS_DNS_TXT, MS_DNS_IPSECKEY, MS_DNS_KEY };
	struct ike_params params = { .port = 500, .unique_ids = MS_YES };
	struct mesh_host *h = &m->hosts[i];
	struct ms_addr a;

	do
		a = ms_addr_v4(random_addr(m));
	while (mesh_owner(m, &a) != NULL);
	h->m = m;
	h->index = i;
	snprintf(h->name, sizeof h->name, "h%u", i);
	snprintf(h->fqdn, sizeof h->fqdn, "h%u.mesh.example", i);
	snprintf(h->myid, sizeof h->myid, "@%s", h->fqdn);
	ms_addr_text(&a, h->text, sizeof h->text);
	h->key = chances[dice_below(&m->plan, sizeof chances / sizeof chances[0])];
	h->rsa = (unsigned)dice_below(&m->plan, MESH_RSA_KEYS);
	h->record = m->full ? records[dice_below(&m->plan, 3)] : MS_DNS_TXT;
	h->n = sim_node(m->sim, h->name, h->text, &params);
	sim_halt(h->n, false);
	mesh_host_init(h);
	if (m->kind >= STORY_ROUGH && dice_percent(&m->plan, 20)) {
		h->n->slow_ms = dice_below(&m->plan, 200);
		h->n->in_order = true;
	}
	*slot(m, &a) = i + 1;
}

static void plan_flow(struct mesh *m, struct mesh_host *a, struct mesh_host *b)
{
	if (a == b)
		return;
	for (unsigned i = 0; i < m->n_flows; i++) {
		struct mesh_flow *f = &m->flows[i];

		if (f->a == a && f->b == b)
			return;
		if (f->a == b && f->b == a)
			f->back = &m->flows[m->n_flows];
	}
	m->flows[m->n_flows] = (struct mesh_flow){ .m = m, .a = a, .b = b,
		.every_ms = dice_between(&m->plan, 2000, 12000) };
	for (unsigned i = 0; i < m->n_flows; i++)
		if (m->flows[i].a == b && m->flows[i].b == a)
			m->flows[m->n_flows].back = &m->flows[i];
	m->n_flows++;
}

/* Some hosts are servers, with whom many speak. */
static void plan_flows(struct mesh *m)
{
	unsigned each = m->n_hosts > 100 ? 4 : 3;

	m->flows = calloc(2 * (size_t)each * m->n_hosts, sizeof *m->flows);
	for (unsigned i = 0; i < each * m->n_hosts; i++) {
		unsigned servers = m->n_hosts / 20 + 1;
		struct mesh_host *a = &m->hosts[dice_below(&m->plan, m->n_hosts)];
		struct mesh_host *b = &m->hosts[dice_below(&m->plan,
			dice_percent(&m->plan, 25) ? servers : m->n_hosts)];

		plan_flow(m, a, b);
		if (dice_percent(&m->plan, 40))
			plan_flow(m, b, a);
	}
}

void mesh_plan(struct mesh *m)
{
	m->n_hosts = m->s.o.size != 0 ? m->s.o.size : (unsigned)dice_between(&m->plan, 2, 12);
	m->hosts = calloc(m->n_hosts, sizeof *m->hosts);
	for (m->addr_mask = 63; m->addr_mask < 4 * m->n_hosts; m->addr_mask = 2 * m->addr_mask + 1)
		continue;
	m->by_addr = calloc(m->addr_mask + 1, sizeof *m->by_addr);
	for (unsigned i = 0; i < m->n_hosts; i++)
		plan_host(m, i);
	for (unsigned i = 0; i < m->n_hosts; i++)
		mesh_plan_lines(m, &m->hosts[i]);
	plan_flows(m);
	for (unsigned i = 0; i < MESH_SPLITS; i++)
		m->split[i] = calloc(m->n_hosts, sizeof(bool));
}

void mesh_plan_free(struct mesh *m)
{
	for (unsigned i = 0; i < MESH_SPLITS; i++)
		free(m->split[i]);
	free(m->flows);
	free(m->by_addr);
	free(m->hosts);
}

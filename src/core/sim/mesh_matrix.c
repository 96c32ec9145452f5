/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must become of packets between two hosts: the matrix of policies, as rules.
 *
 * The rules say the same as the 132 cells that testing/scenarios/policy-matrix tries on a real wire
 * (its README.md has the cells that the handbook left open), and what follows for a host whose key
 * is known under its name only: it can begin, nobody can begin with it.
 */
#include "core/sim/mesh_priv.h"

static bool covers(const struct ms_subnet *net, const struct ms_addr *a)
{
	struct ms_subnet host = ms_subnet_host(a);

	return ms_subnet_contains(net, &host);
}

enum mesh_policy mesh_policy(const struct mesh_host *here, const struct ms_addr *there)
{
	const struct mesh_line *best = NULL;

	/* The longest prefix; of equal ones that which stands in the group that came first. */
	for (unsigned i = 0; i < here->n_lines; i++) {
		const struct mesh_line *l = &here->lines[i];

		if (!covers(&l->net, there))
			continue;
		if (best == NULL || l->net.bits > best->net.bits ||
			(l->net.bits == best->net.bits && l->policy < best->policy))
			best = l;
	}
	return best == NULL ? POLICY_NONE : best->policy;
}

bool mesh_leaves_in_clear(enum mesh_policy p)
{
	return p != POLICY_PRIVATE && p != POLICY_BLOCK;
}

static bool begins(const struct mesh_host *here, enum mesh_policy p)
{
	return (here->m->nameless || here->key != KEY_NONE) && (p == POLICY_PRIVATE_OR_CLEAR || p == POLICY_PRIVATE);
}

static bool answers(const struct mesh_host *here, enum mesh_policy p)
{
	return (here->m->nameless || here->key == KEY_FULL) && (p == POLICY_CLEAR_OR_PRIVATE ||
		p == POLICY_PRIVATE_OR_CLEAR || p == POLICY_PRIVATE);
}

/* Who has sent something may begin; who gets something answers it, and that is sending. */
bool mesh_encrypts(const struct mesh_flow *f)
{
	enum mesh_policy a = mesh_policy(f->a, &f->b->n->addr);
	enum mesh_policy b = mesh_policy(f->b, &f->a->n->addr);
	bool a_sends = true, b_sends = f->back != NULL || mesh_leaves_in_clear(a);

	a_sends |= b_sends && mesh_leaves_in_clear(b);
	return (a_sends && begins(f->a, a) && answers(f->b, b)) ||
	       (b_sends && begins(f->b, b) && answers(f->a, a));
}

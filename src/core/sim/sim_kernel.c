/* SPDX-License-Identifier: Apache-2.0 */
/* A node's kernel: it remembers SAs and policies, and refuses what a real one would. */
#include "core/sim/sim_priv.h"

#include <stdlib.h>
#include <string.h>

static struct sim_sa **find_sa(struct sim_node *n, const struct ms_said *said)
{
	struct sim_sa **p = &n->sas;

	while (*p && !ms_said_eq(&(*p)->said, said))
		p = &(*p)->next;
	return p;
}

static void fill(struct sim_sa *sa, const struct ms_kernel_sa *k)
{
	sa->said = k->said;
	sa->src = k->src;
	sa->larval = false;
	sa->inbound = k->inbound;
	sa->tunnel = k->tunnel;
	sa->esn = k->esn;
	sa->encr = k->encr;
	sa->encr_bits = k->encr_bits;
	sa->integ = k->integ;
	sa->cpi = k->cpi;
	sa->encap_src = k->encap_src;
	sa->encap_dst = k->encap_dst;
	sa->encr_octets = k->encr_key.len;
	sa->integ_octets = k->integ_key.len;
	memcpy(sa->key, k->encr_key.ptr, k->encr_key.len);
	if (k->integ_key.len > 0)
		memcpy(sa->key + k->encr_key.len, k->integ_key.ptr, k->integ_key.len);
	sa->sel_src = k->sel_src;
	sa->sel_dst = k->sel_dst;
}

static struct sim_policy *find_policy(struct sim_node *n, const struct ms_kernel_policy *k)
{
	static const uint64_t seed[2];

	sim_allocating++;
	if (!n->policy_map.buckets && !pair_map_init(&n->policy_map, seed))
		abort();
	sim_allocating--;
	return (struct sim_policy *)(void *)pair_map_exact(&n->policy_map, &k->src, &k->dst);
}

static void policy_set(struct sim_node *n, const struct ms_kernel_policy *k)
{
	struct sim_policy *p = find_policy(n, k);

	if (!p) {
		p = sim_alloc(sizeof(*p));
		p->next = n->policies;
		if (p->next)
			p->next->prev = p;
		n->policies = p;
		p->src = p->node.src = k->src;
		p->dst = p->node.dst = k->dst;
		sim_allocating++;
		if (!pair_map_add(&n->policy_map, &p->node))
			abort();
		sim_allocating--;
	}
	p->shunt = k->shunt;
	p->said = k->said;
}

static void policy_free(struct sim_node *n, struct sim_policy *p)
{
	*(p->prev ? &p->prev->next : &n->policies) = p->next;
	if (p->next)
		p->next->prev = p->prev;
	pair_map_remove(&n->policy_map, &p->node);
	free(p);
}

static ms_err policy_delete(struct sim_node *n, const struct ms_kernel_policy *k)
{
	struct sim_policy *p = find_policy(n, k);

	if (!p)
		return MS_ERR_NOT_FOUND;
	policy_free(n, p);
	return MS_OK;
}

static ms_err carry_out(struct sim_node *n, struct ms_kernel_op *op)
{
	struct sim_sa **p = find_sa(n, &op->sa.said), *sa = *p;

	switch (op->kind) {
	case MS_KOP_GET_SPI:
		op->sa.said.spi = n->next_spi++;
		/* fall through */
	case MS_KOP_SA_ADD:
		if (op->kind == MS_KOP_SA_ADD && sa)
			return MS_ERR_DUPLICATE;
		sa = sim_alloc(sizeof(*sa));
		sa->next = n->sas;
		n->sas = sa;
		if (op->kind == MS_KOP_SA_ADD) {
			fill(sa, &op->sa);
		} else {
			sa->said = op->sa.said;
			sa->larval = sa->inbound = true;
		}
		return MS_OK;
	case MS_KOP_SA_UPDATE:
		if (!sa || !sa->larval)
			return MS_ERR_NOT_FOUND;
		fill(sa, &op->sa);
		return MS_OK;
	case MS_KOP_SA_DELETE:
		if (!sa)
			return MS_ERR_NOT_FOUND;
		*p = sa->next;
		free(sa);
		return MS_OK;
	case MS_KOP_SA_QUERY:
		if (!sa)
			return MS_ERR_NOT_FOUND;
		op->counters.octets = sa->octets;
		return MS_OK;
	case MS_KOP_SA_MOVE:
		if (op->sa.old_dst.family != 0 && !ms_addr_eq(&op->sa.old_dst, &op->sa.said.dst)) {
			struct ms_said old = op->sa.said;

			if (sa)
				return MS_ERR_DUPLICATE;
			old.dst = op->sa.old_dst;
			sa = *find_sa(n, &old);
		}
		if (!sa)
			return MS_ERR_NOT_FOUND;
		sim_cover_move(n->sim, sa, &op->sa);
		sa->said = op->sa.said;
		sa->src = op->sa.src;
		sa->encap_src = op->sa.encap_src;
		sa->encap_dst = op->sa.encap_dst;
		return MS_OK;
	case MS_KOP_POLICY_SET:
		policy_set(n, &op->policy);
		return MS_OK;
	case MS_KOP_POLICY_DELETE:
		return policy_delete(n, &op->policy);
	}
	return MS_ERR_BUG;
}

ms_err sim_kernel(struct sim_node *n, struct ms_kernel_op *ops, unsigned n_ops, unsigned *failed_r,
	struct ms_why *why)
{
	const struct sim_watch *w = &n->sim->watch;
	unsigned i = 0;
	ms_err err = MS_OK;

	for (; i < n_ops; i++) {
		if ((int)ops[i].kind == n->fail_kernel_op)
			err = ms_fail(why, MS_ERR_KERNEL, "refused by the test");
		else
			err = carry_out(n, &ops[i]);
		n->sim->seen[COVER_REFUSED] += (int)ops[i].kind == n->fail_kernel_op;
		if (err)
			break;
		if (w->kernel)
			w->kernel(w->arg, n, &ops[i]);
	}
	*failed_r = i;
	return err;
}

struct sim_sa *sim_find_sa(const struct sim_node *n, const struct ms_said *said)
{
	struct sim_sa *sa = n->sas;

	while (sa && !ms_said_eq(&sa->said, said))
		sa = sa->next;
	return sa;
}

void sim_kernel_clear(struct sim_node *n)
{
	while (n->sas) {
		struct sim_sa *sa = n->sas;

		n->sas = sa->next;
		free(sa);
	}
	while (n->policies)
		policy_free(n, n->policies);
	if (n->policy_map.buckets)
		pair_map_done(&n->policy_map);
	memset(&n->policy_map, 0, sizeof(n->policy_map));
}

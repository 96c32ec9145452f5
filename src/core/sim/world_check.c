/* SPDX-License-Identifier: Apache-2.0 */
/* Do both ends agree, does everything wanted work, is anything left? */
#include "core/sim/world_priv.h"

#include "core/ike/ike_sa.h"

#include <string.h>

/* --- one node --------------------------------------------------------------------------------- */

static bool at_rest(const struct sim_node *n, char *why, size_t size)
{
	for (const struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike)) {
		if (!ike->established || ike->state == IKE_DELETING || ike->request || ike->busy)
			return story_no(why, size, "%s: #%u is %s, %s", n->name, (unsigned)ike->serial,
				ike_state_name(ike->state), ike->request ? "asks" : "busy");
		for (const struct child_sa *c = ike_first_child(ike); c; c = c->next)
			if (c->state != CHILD_ESTABLISHED)
				return story_no(why, size, "%s: CHILD SA #%u is in state %d", n->name,
					(unsigned)c->serial, c->state);
	}
	return true;
}

static const struct child_sa *child_with(const struct sim_node *n, uint32_t in, uint32_t out)
{
	for (const struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike))
		for (const struct child_sa *c = ike_first_child(ike); c; c = c->next)
			if (c->spi_in == in && c->spi_out == out)
				return c;
	return NULL;
}

static const struct ike_sa *ike_with(const struct sim_node *n, const struct ike_sa *twin)
{
	for (const struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike))
		if (memcmp(ike->spi_i, twin->spi_i, 8) == 0 &&
			memcmp(ike->spi_r, twin->spi_r, 8) == 0)
			return ike;
	return NULL;
}

static bool agree(struct world *w, const struct sim_node *n, char *why, size_t size)
{
	for (const struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike)) {
		struct ms_endpoint inside;
		const struct sim_node *peer = sim_owner(w->sim, &ike->remote, &inside);

		if (!peer || !ike_with(peer, ike))
			return story_no(why, size, "%s: #%u is not known to its peer", n->name,
				(unsigned)ike->serial);
		for (const struct child_sa *c = ike_first_child(ike); c; c = c->next) {
			const struct child_sa *twin = child_with(peer, c->spi_out, c->spi_in);

			if (!twin || strcmp(twin->conn->desc->name, c->conn->desc->name) != 0 ||
				!ike_with(peer, ike) || twin->ike != ike_with(peer, ike))
				return story_no(why, size, "%s: CHILD SA #%u is not known to its peer",
					n->name, (unsigned)c->serial);
		}
	}
	return true;
}

/* Each SA of the kernel belongs to a CHILD SA, with the same key at its other end. */
static bool kernel_agrees(struct world *w, const struct sim_node *n, char *why, size_t size)
{
	unsigned children = sim_children(n), sas = sim_sas(n);

	if (sas != 2 * children)
		return story_no(why, size, "%s: %u SAs in the kernel for %u CHILD SAs", n->name, sas,
			children);
	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next) {
		struct ms_endpoint to = { sa->said.dst, 4500 }, inside;
		struct ms_said said = sa->said;
		const struct sim_node *peer;
		const struct sim_sa *twin;

		if (sa->inbound)
			continue;
		peer = sim_owner(w->sim, &to, &inside);
		if (peer)
			said.dst = peer->addr;
		twin = peer ? sim_find_sa(peer, &said) : NULL;
		if (!twin || !twin->inbound || twin->larval || twin->encr != sa->encr ||
			twin->integ != sa->integ || twin->esn != sa->esn || twin->cpi != sa->cpi ||
			memcmp(twin->key, sa->key, sa->encr_octets + sa->integ_octets) != 0)
			return story_no(why, size, "%s: an SA has no twin at its peer", n->name);
	}
	for (const struct sim_policy *p = n->policies; p; p = p->next)
		/* A kernel that refused the shunt keeps it: packets go nowhere, at least. */
		if (w->kind != STORY_WILD && p->shunt == MS_SHUNT_NONE && !sim_find_sa(n, &p->said))
			return story_no(why, size, "%s: an eroute without its SA", n->name);
	return true;
}

/* --- connections ------------------------------------------------------------------------------ */

static bool flows(struct world *w, struct tie *t, char *why, size_t size)
{
	for (unsigned i = 0; i < 2; i++) {
		struct tie_end *e = &t->end[i];

		if (e->arrived_ms + 8000 < w->sim->now)
			return story_no(why, size, "%s: nothing of \"%s\" arrived at the other end for %u s",
				e->node->name, t->name,
				(unsigned)((w->sim->now - e->arrived_ms) / 1000));
	}
	return true;
}

/* Two at most where both ends began at the same time. */
#define CHILDREN_OF_ONE 3

static bool one_is_enough(const struct tie *t, const struct tie_end *e, char *why, size_t size)
{
	const struct conn *c = world_conn(t, e);
	unsigned n = 0;

	for (const struct child_sa *s = c ? c->child_sas : NULL; s; s = s->conn_next)
		n++;
	return n <= CHILDREN_OF_ONE ||
	       story_no(why, size, "%s: %u CHILD SAs of \"%s\"", e->node->name, n, t->name);
}

bool world_settled(struct world *w, char *why, size_t size)
{
	for (unsigned i = 0; i < w->sim->n_nodes; i++)
		if (!at_rest(w->sim->nodes[i], why, size))
			return false;
	for (unsigned i = 0; i < w->sim->n_nodes; i++)
		if (!agree(w, w->sim->nodes[i], why, size) ||
			!kernel_agrees(w, w->sim->nodes[i], why, size))
			return false;
	for (unsigned k = 0; k < w->n_ties; k++) {
		struct tie *t = &w->ties[k];

		if ((t->end[0].wanted || t->end[1].wanted) && !flows(w, t, why, size))
			return false;
		if (!one_is_enough(t, &t->end[0], why, size) ||
			!one_is_enough(t, &t->end[1], why, size))
			return false;
	}
	return true;
}

/* --- bounds ----------------------------------------------------------------------------------- */

/* For each end of a connection: IKE SAs and SAs of the kernel at most, and events in a second. */
#define STATES_PER_END 12
#define SAS_PER_END    24
#define EVENTS_PER_END 150

void world_bounds(struct world *w, uint64_t events)
{
	struct sim *s = w->sim;
	unsigned states = 0, sas = 0;

	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (!s->nodes[i]->ike)
			continue;
		states += sim_states(s->nodes[i]);
		sas += sim_sas(s->nodes[i]);
	}
	if (states > 2 * w->n_ties * STATES_PER_END)
		story_fail(&w->s, "%u IKE SAs for %u connections", states, w->n_ties);
	if (sas > 2 * w->n_ties * SAS_PER_END)
		story_fail(&w->s, "%u SAs for %u connections", sas, w->n_ties);
	if (events > 2 * w->n_ties * EVENTS_PER_END)
		story_fail(&w->s, "%u events in a second", (unsigned)events);
}

void world_empty(struct world *w)
{
	for (unsigned i = 0; i < w->sim->n_nodes; i++) {
		struct sim_node *n = w->sim->nodes[i];

		if (n->leases)
			story_fail(&w->s, "%s: %d leases are left", n->name, n->leases);
		if (sim_states(n) || sim_sas(n))
			story_fail(&w->s, "%s: %u IKE SAs and %u SAs are left", n->name, sim_states(n),
				sim_sas(n));
		for (const struct sim_policy *p = n->policies; p; p = p->next)
			if (p->shunt == MS_SHUNT_NONE && w->kind != STORY_WILD)
				story_fail(&w->s, "%s: an eroute is left", n->name);
		if (n->ike->fragment_octets || n->ike->half_open)
			story_fail(&w->s, "%s: %u octets of fragments, %u half-open IKE SAs are left",
				n->name, (unsigned)n->ike->fragment_octets, n->ike->half_open);
	}
}

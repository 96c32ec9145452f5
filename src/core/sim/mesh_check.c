/* SPDX-License-Identifier: Apache-2.0 */
/* Does every pair fare as the matrix says, is anything too much, is anything left? */
#include "core/sim/mesh_priv.h"

#include "core/ike/ike_sa.h"

/* --- flows -------------------------------------------------------------------------------------------- */

enum fate { FATE_STOPPED, FATE_CLEAR, FATE_PROTECTED };
static const char *const fates[] = { "stopped", "clear", "protected" };

static enum fate last_fate(const struct mesh_way *w)
{
	uint64_t clear = w->clear_ms, safe = w->protected_ms, stopped = w->stopped_ms;

	if (stopped > clear && stopped > safe)
		return FATE_STOPPED;
	return safe >= clear && safe > 0 ? FATE_PROTECTED : clear > 0 ? FATE_CLEAR : FATE_STOPPED;
}

static const char *policy_name(enum mesh_policy p)
{
	return p == POLICY_NONE ? "none" : mesh_groups[p];
}

static enum fate wanted_fate(const struct mesh_host *here, const struct mesh_host *there, bool safe)
{
	if (safe)
		return FATE_PROTECTED;
	return mesh_leaves_in_clear(mesh_policy(here, &there->n->addr)) ? FATE_CLEAR : FATE_STOPPED;
}

/* The last request, and what followed from it, were as they should be. */
static bool flow_as_wanted(const struct mesh_flow *f, char *why, size_t size)
{
	static const char *const keys[] = { "no key", "a name's key", "a key" };
	bool safe = mesh_encrypts(f);
	enum fate want = wanted_fate(f->a, f->b, safe), back = wanted_fate(f->b, f->a, safe);
	enum fate got = last_fate(&f->request), got_back = last_fate(&f->reply);
	bool arrives = want != FATE_STOPPED, answered = arrives && back != FATE_STOPPED;

	if (got == want && (!arrives || got_back == back) &&
		(!arrives || f->request.arrived_ms >= f->asked_ms) &&
		(!answered || f->reply.arrived_ms >= f->asked_ms))
		return true;
	return story_no(why, size, "%s (%s, %s) to %s (%s, %s): %s and %s, wanted %s and %s%s%s",
		f->a->name, policy_name(mesh_policy(f->a, &f->b->n->addr)), keys[f->a->key],
		f->b->name, policy_name(mesh_policy(f->b, &f->a->n->addr)), keys[f->b->key],
		fates[got], fates[got_back], fates[want], arrives ? fates[back] : "nothing",
		arrives && f->request.arrived_ms < f->asked_ms ? ", does not arrive" : "",
		answered && f->reply.arrived_ms < f->asked_ms ? ", is not answered" : "");
}

/* --- hosts -------------------------------------------------------------------------------------------- */

/* Whom its peer has not proved to be anybody goes by itself, in the peer's time. */
static bool is_stuck(const struct ike_sa *ike)
{
	if (!ike->established)
		return ike->initiator;
	if (ike->state == IKE_DELETING)
		return true;
	for (const struct child_sa *c = ike_first_child(ike); c != NULL; c = c->next)
		if (c->state != CHILD_ESTABLISHED)
			return true;
	return false;
}

/* One SA pair for two hosts, whoever began, and the same at both ends. */
static bool is_odd(const struct mesh_host *h, const struct sim_sa *sa, const char **what)
{
	const struct mesh_host *peer = mesh_owner(h->m, &sa->said.dst);
	const struct sim_sa *twin;

	/* What was lost when the network was bad is found out at the end of its life. */
	if (h->m->kind != STORY_CALM && h->m->sim->now < h->m->healed_ms + MESH_LIFE_MS)
		return false;
	if (sa->inbound || peer == NULL)
		return false;
	twin = sim_find_sa(peer->n, &sa->said);
	*what = "an SA that its peer does not know";
	if (twin == NULL || !twin->inbound)
		return true;
	*what = "two SA pairs with one peer";
	for (const struct sim_sa *o = sa->next; o != NULL; o = o->next)
		if (!o->inbound && ms_addr_eq(&o->said.dst, &sa->said.dst))
			return true;
	return false;
}

/* The seventh invariant has to look into the kernel; its own holds may be news still. */
static bool is_known(const struct mesh_host *h, const struct sim_policy *p)
{
	enum ms_shunt shunt;

	return p->shunt == MS_SHUNT_HOLD ||
	       (route_knows(h->n->route, &p->src, &p->dst, &shunt) && shunt == p->shunt);
}

/* What is wrong at a host, the first of it: which thing, and how it is called. */
static uint64_t trouble_of(const struct mesh_host *h, const char **what)
{
	*what = "has not loaded its groups";
	if (h->n->ike == NULL || groups_busy(h->groups))
		return 1;
	*what = "an IKE SA that goes nowhere";
	for (const struct ike_sa *ike = ike_first(h->n->ike); ike != NULL; ike = ike_next(ike))
		if (is_stuck(ike))
			return UINT64_C(1) << 32 | ike->serial;
	for (const struct sim_sa *sa = h->n->sas; sa != NULL; sa = sa->next)
		if (is_odd(h, sa, what))
			return UINT64_C(2) << 32 | sa->said.spi;
	*what = "an eroute of the kernel that is not known";
	for (const struct sim_policy *p = h->n->policies; p != NULL; p = p->next)
		if (!is_known(h, p))
			return UINT64_C(3) << 32 | p->dst.range.first.b[2] << 8 |
			       p->dst.range.first.b[3];
	return 0;
}

/* --- all of it ---------------------------------------------------------------------------------------- */

void mesh_look(struct mesh *m)
{
	char why[300];

	for (unsigned i = 0; i < m->n_flows; i++) {
		struct mesh_flow *f = &m->flows[i];

		if (f->asked_ms + 1000 >= m->sim->now) /* its answer is on the way */
			continue;
		if (flow_as_wanted(f, why, sizeof why)) {
			f->good_ms = m->sim->now;
			f->bad_ms = 0;
		} else if (f->bad_ms == 0) {
			f->bad_ms = m->sim->now;
		}
	}
	for (unsigned i = 0; i < m->n_hosts; i++) {
		struct mesh_host *h = &m->hosts[i];
		const char *what;
		uint64_t trouble = trouble_of(h, &what);

		if (trouble != h->trouble)
			h->trouble_ms = m->sim->now;
		h->trouble = trouble;
	}
}

bool mesh_all_since(struct mesh *m, uint64_t since_ms, char *why, size_t size)
{
	for (unsigned i = 0; i < m->n_flows; i++)
		if (m->flows[i].good_ms < since_ms)
			return flow_as_wanted(&m->flows[i], why, size) && false;
	return true;
}

bool mesh_none_longer(struct mesh *m, uint64_t ms, char *why, size_t size)
{
	uint64_t since = m->sim->now - ms;

	for (unsigned i = 0; i < m->n_flows; i++) {
		const struct mesh_flow *f = &m->flows[i];

		if (f->bad_ms != 0 && f->bad_ms < since && !flow_as_wanted(f, why, size))
			return false;
	}
	for (unsigned i = 0; i < m->n_hosts; i++) {
		const struct mesh_host *h = &m->hosts[i];
		const char *what;

		if (h->trouble == 0 || h->trouble_ms >= since || trouble_of(h, &what) != h->trouble)
			continue;
		return story_no(why, size, "%s: %s", h->name, what);
	}
	return true;
}

/* --- bounds ------------------------------------------------------------------------------------------- */

#define MAX_PENDING 1024
#define MAX_ASKING 64
#define MAX_BARE 16384
/* In a second: those of opportunism, of two kinds each, once more for a name's keys; and what peers
 * who begin make us ask. */
#define QUESTIONS 1000

void mesh_bounds(struct mesh *m, uint64_t events)
{
	if (events > 200 * (uint64_t)(m->n_flows + m->n_hosts + 10) + 100000)
		story_fail(&m->s, "%llu events in a second", (unsigned long long)events);
	for (unsigned i = 0; i < m->n_hosts; i++) {
		struct mesh_host *h = &m->hosts[i];
		struct opp_counts n;

		if (h->n->route == NULL)
			continue;
		opp_counts(h->n->route, &n);
		if (n.pending > MAX_PENDING || n.asking > MAX_ASKING ||
			route_bare_count(h->n->route) > MAX_BARE)
			story_fail(&m->s, "%s: %u flows wait, %u questions are open, %u bare shunts",
				h->name, n.pending, n.asking, route_bare_count(h->n->route));
		if (h->asked - h->asked_before > QUESTIONS)
			story_fail(&m->s, "%s: %u questions in a second", h->name,
				h->asked - h->asked_before);
		h->asked_before = h->asked;
	}
}

void mesh_empty(struct mesh *m)
{
	for (unsigned i = 0; i < m->n_hosts; i++) {
		struct mesh_host *h = &m->hosts[i];
		struct opp_counts n;

		opp_counts(h->n->route, &n);
		if (sim_states(h->n) || sim_sas(h->n) || n.pending || n.asking ||
			route_bare_count(h->n->route) || h->n_holds)
			story_fail(&m->s, "%s: %u IKE SAs, %u SAs, %u flows, %u questions, %u bare shunts, "
				"%u holds are left", h->name, sim_states(h->n), sim_sas(h->n), n.pending,
				n.asking, route_bare_count(h->n->route), h->n_holds);
		for (const struct sim_policy *p = h->n->policies; p != NULL; p = p->next)
			if (p->shunt == MS_SHUNT_NONE)
				story_fail(&m->s, "%s: an eroute is left", h->name);
		for (struct conn *c = conn_first(h->n->conns); c != NULL; c = c->all_next)
			if (c->instance != 0)
				story_fail(&m->s, "%s: an instance of \"%s\" is left", h->name,
					c->desc->name);
	}
}

void mesh_count_flows(struct mesh *m)
{
	bool seen[MESH_POLICIES][MESH_KEYS][MESH_POLICIES][MESH_KEYS] = { 0 };
	struct story_result *r = m->s.result;

	for (unsigned i = 0; i < m->n_flows; i++) {
		const struct mesh_flow *f = &m->flows[i];
		enum mesh_policy a = mesh_policy(f->a, &f->b->n->addr);
		enum mesh_policy b = mesh_policy(f->b, &f->a->n->addr);
		bool safe = mesh_encrypts(f);

		r->cells += !seen[a][f->a->key][b][f->b->key];
		seen[a][f->a->key][b][f->b->key] = true;
		r->encrypted += safe;
		r->blocked += !safe && !mesh_leaves_in_clear(a);
		r->unanswered += !safe && mesh_leaves_in_clear(a) && !mesh_leaves_in_clear(b);
		r->clear += !safe && mesh_leaves_in_clear(a) && mesh_leaves_in_clear(b);
	}
}

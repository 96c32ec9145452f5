/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CHILD SA will be: connection, suite, selectors, mode.  The responder chooses, the
 * initiator checks the choice.  Standards: RFC 7296 s1.3.1, s2.7, s2.9.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/notify.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/ipcomp.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"

#include <stdlib.h>
#include <string.h>

static void add_esn(struct ms_proposal *p, int esn)
{
	bool here = false;

	for (unsigned i = 0; i < p->n; i++)
		here |= p->t[i].type == MS_TRANSFORM_ESN;
	if (here || p->n + 2 > MS_MAX_TRANSFORMS)
		return;
	if (esn != MS_NO)
		p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_ESN, 1, 0 };
	if (esn != MS_YES)
		p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_ESN, 0, 0 };
}

/* pfs=yes without a group in esp=: the IKE SA's own is wanted, and none at all is taken, because
 * peers whose proposals name no group mean that. */
static void add_group(struct ms_proposal *p, uint16_t group, bool or_none)
{
	if (p->n + 2 > MS_MAX_TRANSFORMS)
		return;
	p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_KE, group, 0 };
	if (or_none)
		p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_KE, MS_KE_NONE, 0 };
}

ms_err child_proposals(const struct conn *c, uint16_t pfs_group, struct ms_proposals *out)
{
	if (!c->esp)
		return MS_ERR_CONFIG;
	*out = *c->esp;
	for (unsigned i = 0; i < out->n; i++) {
		struct ms_proposal *p = &out->p[i];
		unsigned n = 0;
		bool has_ke = false;

		for (unsigned j = 0; j < p->n; j++) {
			if (p->t[j].type == MS_TRANSFORM_KE && !pfs_group)
				continue;
			has_ke |= p->t[j].type == MS_TRANSFORM_KE;
			p->t[n++] = p->t[j];
		}
		p->n = (uint8_t)n;
		if (pfs_group && !has_ke && c->desc->pfs)
			add_group(p, c->pfs_group ? c->pfs_group : pfs_group, !c->pfs_group);
		add_esn(p, c->desc->esn);
	}
	return MS_OK;
}

static bool keep_selectors(
	struct ms_selector **to, uint8_t *n_r, const struct ms_selector *s, unsigned n)
{
	free(*to);
	*n_r = 0;
	*to = malloc((n ? n : 1) * sizeof(*s));
	if (!*to)
		return false;
	if (n > 0)
		memcpy(*to, s, n * sizeof(*s));
	*n_r = (uint8_t)n;
	return true;
}

static ms_err refuse(struct ike_exchange *x, ms_err err)
{
	x->child_refused = ike_notify_of(err);
	return err;
}

/* pfs=no: the responder takes a stricter peer's key exchange, with any group that the IKE SA could
 * have. */
static void accept_group(struct ms_proposals *ours, uint16_t group)
{
	for (unsigned i = 0; i < ours->n; i++) {
		bool has_ke = false;

		for (unsigned j = 0; j < ours->p[i].n; j++)
			has_ke |= ours->p[i].t[j].type == MS_TRANSFORM_KE;
		if (!has_ke)
			add_group(&ours->p[i], group, true);
	}
}

static ms_err choose_suite(struct ike_sa *ike, struct child_sa *child, uint16_t pfs_group,
	unsigned ke_group, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ms_proposals ours;
	char offered[200], wanted[150];
	ms_err err = child_proposals(child->conn, pfs_group, &ours);

	if (err == MS_OK && !child->initiator && pfs_group && ke_group &&
		!child->conn->desc->pfs && ike_proposals_have_ke(child->conn->ike, (uint16_t)ke_group))
		accept_group(&ours, (uint16_t)ke_group);
	if (err == MS_OK)
		err = ike_get_proposals(x, x->sa, &ours, 4, why);
	if (err == MS_OK)
		err = ike_choose_suite(&child->suite, &ours, x, ke_group);
	if (err == MS_OK && !child->ah && !ms_encr_find(child->suite.encr, child->suite.encr_bits))
		err = MS_ERR_NO_PROPOSAL;
	if (err == MS_OK) {
		child->spi_out = x->spis[x->chosen];
		return MS_OK;
	}
	if (err != MS_ERR_NO_PROPOSAL)
		return err;
	ike_proposals_peer_text(x->sa, offered, sizeof(offered));
	ms_proposals_text(&ours, wanted, sizeof(wanted));
	return ms_fail(why, err, "no %s proposal fits: offered %s, wanted %s",
		child->ah ? "AH" : "ESP", offered, wanted);
}

ms_err child_ah_fits(const struct child_sa *child, struct ms_why *why)
{
	if (!child->ah || !child->encapsulated)
		return MS_OK;
	return ms_fail(why, MS_ERR_NO_PROPOSAL,
		"phase2=ah: AH cannot pass the address translator between the two hosts");
}

static ms_err refuse_ts(struct ike_sa *ike, const struct conn *c, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	char mine[80], theirs[80], want_mine[80], want_theirs[80];

	child_selectors_text(x->ts_mine, x->n_mine, mine, sizeof(mine));
	child_selectors_text(x->ts_theirs, x->n_theirs, theirs, sizeof(theirs));
	child_selectors_text(c->local.clients, c->local.n_clients, want_mine, sizeof(want_mine));
	child_selectors_text(
		c->remote.clients, c->remote.n_clients, want_theirs, sizeof(want_theirs));
	return ms_fail(why, MS_ERR_TS, "offered %s === %s, wanted %s === %s", mine, theirs,
		want_mine, want_theirs);
}

/* Is every selector of the peer's in the result?  narrowing=no wants that. */
static bool unnarrowed(const struct ms_selector *peers, unsigned n_peers,
	const struct ms_selector *result, unsigned n_result)
{
	for (unsigned i = 0; i < n_peers; i++) {
		bool found = false;

		for (unsigned j = 0; j < n_result && !found; j++)
			found = ms_selector_contains(&result[j], &peers[i]);
		if (!found)
			return false;
	}
	return true;
}

/* A template becomes an instance for this peer; one that is there already will do. */
static bool take_conn(struct child_sa *child, struct conn *c)
{
	struct ike_sa *ike = child->ike;

	if (!conn_is_template(c)) {
		child_set_conn(child, c);
		return true;
	}
	for (struct child_sa *o = ike->children; o; o = o->next)
		if (o->conn->template == c) {
			child_set_conn(child, o->conn);
			return true;
		}
	c = conn_instantiate(ike->e->conns, c, &ike->remote, &ike->peer_id);
	if (!c)
		return false;
	if (conn_same_pool(c, ike->conn) && !conn_end_lease(&c->remote, ike->lease)) {
		ike_drop_instance(ike->e, c);
		conn_unref(&c);
		return false;
	}
	child_set_conn(child, c);
	conn_unref(&c);
	return true;
}

/* RFC 3948 s5.2: two hosts behind one translator look the same from here, and packets to one of them
 * would go through the other one's SA. */
static ms_err refuse_rival(
	const struct child_sa *child, const struct child_sa *rival, struct ms_why *why)
{
	char host[MS_ADDR_TEXT], peer[MS_ID_TEXT];

	ms_addr_text(&child->remote.addr, host, sizeof(host));
	ms_id_text(&rival->ike->peer_id, peer, sizeof(peer));
	return ms_fail(why, MS_ERR_TS,
		"transport mode for the same traffic is #%u's of '%.120s', who is behind %s too",
		(unsigned)rival->serial, peer, host);
}

/* child->conn becomes the one that its selectors ask for. */
static ms_err pick_conn(struct ike_sa *ike, struct child_sa *child, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct conn *c;

	if (child_wants_pair(child)) {
		c = child_pair_conn(child, why);
		if (!c)
			return why->text[0] ? MS_ERR_TS : refuse_ts(ike, child->conn, why);
		if (child_is_general(ike->conn))
			ike_set_conn(ike, c);
		child_set_conn(child, c);
		conn_unref(&c);
		return MS_OK;
	}
	c = conn_find_clients(ike->e->conns, child->conn, &ike->local.addr, &ike->remote.addr, x->ts_mine,
		x->n_mine, x->ts_theirs, x->n_theirs);
	if (!c)
		return refuse_ts(ike, child->conn, why);
	return take_conn(child, c) ? MS_OK : MS_ERR_NOMEM;
}

ms_err child_choose(struct ike_sa *ike, struct child_sa *child, uint16_t pfs_group,
	unsigned ke_group, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ms_selector mine[CHILD_MAX_SELECTORS], theirs[CHILD_MAX_SELECTORS];
	unsigned n_mine, n_theirs;
	const struct child_sa *rival;
	struct conn *c = NULL;
	ms_err err;

	if (x->transport && child->conn->desc->type == MS_TYPE_TRANSPORT)
		ike_ts_substitute(ike, x);
	err = pick_conn(ike, child, why);
	if (err)
		return refuse(x, err);
	c = child->conn;
	n_mine = ike_ts_narrow(c->local.clients, c->local.n_clients, x->ts_mine, x->n_mine, mine);
	n_theirs = ike_ts_narrow(
		c->remote.clients, c->remote.n_clients, x->ts_theirs, x->n_theirs, theirs);
	if (n_mine == 0 || n_theirs == 0)
		return refuse(x, refuse_ts(ike, child->conn, why));
	if (!c->desc->narrowing && !c->remote.pool &&
		(!unnarrowed(x->ts_mine, x->n_mine, mine, n_mine) ||
			!unnarrowed(x->ts_theirs, x->n_theirs, theirs, n_theirs)))
		return refuse(x, refuse_ts(ike, child->conn, why));
	/* s1.3.1: we may decline transport mode, but not tunnel mode for transport's sake. */
	child->tunnel = c->desc->type != MS_TYPE_TRANSPORT;
	if (!child->tunnel && !x->transport)
		return refuse(x, ms_fail(why, MS_ERR_NO_PROPOSAL,
					 "offered tunnel mode, wanted transport mode"));
	err = child_ah_fits(child, why);
	if (err == MS_OK)
		err = child_refuse_theft(child, mine, n_mine, theirs, n_theirs, why);
	if (err == MS_OK)
		err = choose_suite(ike, child, pfs_group, ke_group, why);
	if (err)
		return refuse(x, err);
	if (!keep_selectors(&child->mine, &child->n_mine, mine, n_mine) ||
		!keep_selectors(&child->theirs, &child->n_theirs, theirs, n_theirs))
		return refuse(x, MS_ERR_NOMEM);
	rival = child_rival(child);
	if (rival)
		return refuse(x, refuse_rival(child, rival, why));
	ike_ipcomp_choose(child);
	return MS_OK;
}

static bool all_within(
	const struct ms_selector *s, unsigned n, const struct ms_selector *of, unsigned n_of)
{
	for (unsigned i = 0; i < n; i++) {
		bool found = false;

		for (unsigned j = 0; j < n_of && !found; j++)
			found = ms_selector_contains(&of[j], &s[i]);
		if (!found)
			return false;
	}
	return n > 0;
}

ms_err child_accept(
	struct ike_sa *ike, struct child_sa *child, uint16_t pfs_group, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct conn *c = child->conn;
	struct ms_selector mine[CHILD_MAX_SELECTORS], theirs[CHILD_MAX_SELECTORS],
		offer[CONN_MAX_SELECTORS];
	unsigned n_mine, n_theirs, n_offer = conn_offer(c, offer);
	ms_err err = choose_suite(
		ike, child, pfs_group, pfs_group && ike->x->ke ? ike->x->ke->id : 0, why);

	if (err)
		return err;
	if (x->peers->n != 1)
		return ms_fail(why, MS_ERR_SYNTAX, "the peer chose %u proposals", x->peers->n);
	if (x->transport != (c->desc->type == MS_TYPE_TRANSPORT))
		return ms_fail(why, MS_ERR_NO_PROPOSAL, "the peer chose %s mode, wanted the other",
			x->transport ? "transport" : "tunnel");
	child->tunnel = !x->transport;
	/* s2.23.1: some answer with the addresses that we sent, some with those that they see. */
	if (x->transport)
		ike_ts_substitute(ike, x);
	if (!all_within(x->ts_mine, x->n_mine, offer, n_offer) ||
		!all_within(x->ts_theirs, x->n_theirs, c->remote.clients, c->remote.n_clients))
		return refuse_ts(ike, child->conn, why);
	n_mine = ike_ts_narrow(c->local.clients, c->local.n_clients, x->ts_mine, x->n_mine, mine);
	n_theirs = ike_ts_narrow(
		c->remote.clients, c->remote.n_clients, x->ts_theirs, x->n_theirs, theirs);
	if (n_mine == 0 || n_theirs == 0)
		return refuse_ts(ike, child->conn, why);
	if (!c->desc->narrowing &&
		(!unnarrowed(c->local.clients, c->local.n_clients, mine, n_mine) ||
			!unnarrowed(c->remote.clients, c->remote.n_clients, theirs, n_theirs)))
		return refuse_ts(ike, child->conn, why);
	n_theirs = ike_nets_split(c, theirs, n_theirs);
	if (!keep_selectors(&child->mine, &child->n_mine, mine, n_mine) ||
		!keep_selectors(&child->theirs, &child->n_theirs, theirs, n_theirs))
		return MS_ERR_NOMEM;
	return ike_ipcomp_accept(child, why);
}

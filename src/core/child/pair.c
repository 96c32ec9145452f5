/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which connection is a peer's that nobody wrote down, and what peers without a name may have.
 *
 * Opportunism makes an instance for one pair of addresses; the closest policy of ours for that pair
 * says of which template, if at all (RFC 4322 s3.3).  Both ends may begin at once: the instance that
 * waits for our own attempt is the peer's, too, so that their SAs are found to be twins.
 *
 * A peer that is not authenticated (RFC 7619 s2.5) speaks for its own address alone, and takes
 * nothing that is meant for somebody who is.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"

static bool is_host(const struct ms_selector *s, unsigned n)
{
	return n == 1 && ms_addr_eq(&s->range.first, &s->range.last);
}

static bool is_pair(const struct conn *c)
{
	const struct conn_end *l = &c->local, *r = &c->remote;

	return r->has_client && is_host(l->clients, l->n_clients) &&
	       is_host(r->clients, r->n_clients);
}

bool child_is_general(const struct conn *c)
{
	return !is_pair(c);
}

static bool covers(const struct conn *c, const struct ike_exchange *x)
{
	return x->n_mine > 0 && x->n_theirs > 0 &&
	       ms_selector_contains(&c->local.clients[0], x->ts_mine) &&
	       ms_selector_contains(&c->remote.clients[0], x->ts_theirs);
}

static bool speaks_for_itself(const struct ike_sa *ike)
{
	return ms_addr_eq(&ike->x->ts_theirs->range.first, &ike->remote.addr);
}

/* It was made when it was not yet known for whom, or for another pair: one gateway speaks for many,
 * and for whom it does is always looked at. */
bool child_wants_pair(const struct child_sa *child)
{
	const struct conn *c = child->conn;

	if (c->template == NULL || (!c->template->group && !c->template->opportunistic))
		return false;
	return !is_pair(c) || !covers(c, child->ike->x) ||
	       (!child->ike->established && !speaks_for_itself(child->ike));
}

/* --- how the peer has proved itself --------------------------------------------------------------- */

static bool is_nameless(const struct ike_sa *ike)
{
	return ike->peer_id.type == MS_ID_NULL;
}

/* Is it enough for this connection?  Before IKE_AUTH is over the AUTH payload tells, then what the
 * IKE SA's own connection allowed. */
static bool is_enough(const struct ike_sa *ike, const struct conn *c)
{
	uint32_t used = ike->x->his_auth;

	if (used == 0)
		used = is_nameless(ike) ? MS_AUTH_NULL : ike->conn->remote.auth & ~MS_AUTH_NULL;
	return (used & ~c->remote.auth) == 0 ||
	       (used != MS_AUTH_NULL && (used & c->remote.auth) != 0);
}

static bool has_named_peer(const struct conn *c)
{
	for (const struct child_sa *o = c->child_sas; o; o = o->conn_next)
		if ((o->state == CHILD_INSTALLING || o->state == CHILD_ESTABLISHED) &&
			!is_nameless(o->ike))
			return true;
	return false;
}

static struct conn *policy(const struct ike_sa *ike, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	const struct host *h = ike->e->host;

	return h->ops->policy == NULL ? NULL : h->ops->policy(h->ctx, mine, theirs);
}

static const struct conn *root(const struct conn *c)
{
	return c->instance != 0 && c->template != NULL ? c->template : c;
}

static bool negotiates(const struct conn *c)
{
	return c->opportunistic || c->desc->type == MS_TYPE_TUNNEL ||
	       c->desc->type == MS_TYPE_TRANSPORT;
}

/* Is this connection, whose eroute covers what the peer wants, another one's that asks for proof? */
static bool is_theft(const struct child_sa *child, const struct conn *owner)
{
	if (owner == NULL)
		return false;
	if (has_named_peer(owner))
		return true;
	return root(owner) != root(child->conn) && negotiates(owner) &&
	       !(owner->remote.auth & MS_AUTH_NULL);
}

ms_err child_refuse_theft(const struct child_sa *child, const struct ms_selector *mine,
	unsigned n_mine, const struct ms_selector *theirs, unsigned n_theirs, struct ms_why *why)
{
	char text[MS_SELECTOR_TEXT];

	if (!is_nameless(child->ike))
		return MS_OK;
	for (unsigned i = 0; i < n_mine; i++)
		for (unsigned k = 0; k < n_theirs; k++) {
			const struct conn *owner = policy(child->ike, &mine[i], &theirs[k]);

			if (!is_theft(child, owner))
				continue;
			ms_selector_text(&theirs[k], text, sizeof(text));
			return ms_fail(why, MS_ERR_TS,
				"%s belongs to \"%s\", which a peer without authentication does "
				"not get", text, owner->desc->name);
		}
	return MS_OK;
}

/* --- opportunism ----------------------------------------------------------------------------------- */

/* Our own attempt for the pair, or what came of an earlier one. */
static bool is_same_peer(const struct ike_sa *ike, const struct conn *c)
{
	return !c->deleted && is_pair(c) && covers(c, ike->x) &&
	       ms_addr_eq(&c->remote.host.addr, &ike->remote.addr) &&
	       ms_id_eq(&c->remote.id, &ike->peer_id) && c->remote.id.type != MS_ID_ANY;
}

static struct conn *unsuitable(struct ms_why *why, const struct ms_addr *peer, const char *text)
{
	char at[MS_ADDR_TEXT];

	ms_addr_text(peer, at, sizeof(at));
	(void)ms_fail(why, MS_ERR_TS, "our policy for %s %s", at, text);
	return NULL;
}

/* What decides is what would become of our packets to the peer: only those whom the policy gives to
 * an opportunistic connection may speak IPsec with us (the closest policy wins, RFC 4322 s3.3).  A
 * peer speaks for itself; for others it has to be delegated to, which is asked next. */
struct conn *child_pair_conn(struct child_sa *child, struct ms_why *why)
{
	struct ike_sa *ike = child->ike;
	const struct host *h = ike->e->host;
	const struct ike_exchange *x = ike->x;
	const struct ms_addr *peer;
	struct conn *c, *at;

	if (h->ops->policy == NULL || !is_host(x->ts_mine, x->n_mine) ||
		!is_host(x->ts_theirs, x->n_theirs))
		return NULL;
	peer = &x->ts_theirs->range.first;
	child->delegated = !ms_addr_eq(peer, &ike->remote.addr);
	if (child->delegated && is_nameless(ike))
		return unsuitable(why, peer, "asks for authentication of who speaks for it");
	if (child->delegated && h->ops->authorise == NULL)
		return NULL;
	at = policy(ike, x->ts_mine, x->ts_theirs);
	c = at != NULL && at->instance != 0 ? at->template : at;
	if (c == NULL || !c->opportunistic || c->group)
		return unsuitable(why, peer, "is not opportunistic");
	if (!is_enough(ike, c))
		return unsuitable(why, peer, "asks for another authentication");
	if (at != c && is_same_peer(ike, at))
		return conn_ref(at);
	return conn_instantiate_pair(ike->e->conns, c, &ike->remote, &ike->peer_id, x->ts_mine,
		x->ts_theirs, NULL, 0);
}

struct conn *child_policy_instance(struct ike_sa *ike, struct conn *template)
{
	const struct ike_exchange *x = ike->x;

	if (!is_host(x->ts_mine, x->n_mine) || !is_host(x->ts_theirs, x->n_theirs) ||
		!speaks_for_itself(ike) ||
		!ms_selector_contains(&template->local.clients[0], x->ts_mine) ||
		!ms_selector_contains(&template->remote.clients[0], x->ts_theirs))
		return ike_instance(ike, template);
	return conn_instantiate_pair(ike->e->conns, template, &ike->remote, &ike->peer_id,
		x->ts_mine, x->ts_theirs, NULL, 0);
}

struct conn *child_policy_template(const struct ike_sa *ike, uint32_t auth)
{
	const struct ike_exchange *x = ike->x;
	struct conn *c;

	if (!is_host(x->ts_mine, x->n_mine) || !is_host(x->ts_theirs, x->n_theirs))
		return NULL;
	c = policy(ike, x->ts_mine, x->ts_theirs);
	if (c != NULL && c->instance != 0)
		c = c->template;
	if (c == NULL || !c->opportunistic || c->group || !(c->remote.auth & auth) ||
		(x->asked_id.type != MS_ID_ANY && !ms_id_eq(&x->asked_id, &c->local.id)))
		return NULL;
	return ms_id_match(&c->remote.id, &ike->peer_id) ? c : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the responder asks: which connection is meant? */
#include "core/conn/conn_priv.h"
#include "core/conn/names.h"

#include <strings.h>

bool conn_negotiates(const struct conn *c)
{
	if (c->group && c->n_instances == 0)
		return false;
	return c->opportunistic || c->desc->type == MS_TYPE_TUNNEL ||
	       c->desc->type == MS_TYPE_TRANSPORT;
}

static bool pair_is(const struct conn *c, const struct ms_addr *local, const struct ms_addr *remote)
{
	return ms_addr_eq(&c->local.host.addr, local) && ms_addr_eq(&c->remote.host.addr, remote);
}

static struct conn *first_of_pair(
	const struct conn_table *t, const struct ms_addr *local, const struct ms_addr *remote)
{
	struct conn *c = conn_pair_bucket(t, local, remote);

	while (c != NULL && !(pair_is(c, local, remote) && conn_negotiates(c) && c->instance == 0))
		c = c->next_pair;
	return c;
}

/* The peer calls from another address of its name. */
static struct conn *move_to(struct conn_table *t, struct conn *c, const struct ms_addr *remote)
{
	ms_err err;

	conn_pair_remove(t, c);
	err = conn_end_host(&c->remote, remote);
	conn_pair_insert(t, c);
	return err == MS_OK ? c : NULL;
}

void conn_peer_moved(struct conn_table *t, struct conn *c, const struct ms_addr *at)
{
	const struct conn_name *name = c->remote.name;

	/* What the SAs that are there were made for stays what it is. */
	if (name == NULL || !c->oriented || c->instance != 0 || !c->remote.has_client ||
		c->remote.id_is_host || at->family != c->local.host.addr.family ||
		ms_addr_eq(at, &c->remote.host.addr))
		return;
	for (unsigned i = 0; i < name->n; i++)
		if (ms_addr_eq(&name->addrs[i], at)) {
			(void)move_to(t, c, at);
			return;
		}
}

struct conn *conn_find_host_pair(
	struct conn_table *t, const struct ms_addr *local, const struct ms_addr *remote)
{
	static const struct ms_addr any;
	struct conn *c = first_of_pair(t, local, remote);

	if (c == NULL && (c = conn_alias_find(t, local, remote)) != NULL)
		return move_to(t, c, remote);
	return c != NULL ? c : first_of_pair(t, local, &any);
}

bool conn_end_by_cert(const struct conn_end *e)
{
	const uint32_t signs = MS_AUTH_RSA | MS_AUTH_RSA_SHA1 | MS_AUTH_ECDSA | MS_AUTH_EDDSA;

	return (e->auth & signs) != 0 && e->pubkeys[0] == NULL;
}

struct conn *conn_find_by_cert(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote)
{
	static const struct ms_addr any;
	const struct ms_addr *const tries[] = { remote, &any };

	for (unsigned i = 0; i < 2 && t->by_cert > 0; i++)
		for (struct conn *c = conn_pair_bucket(t, local, tries[i]); c != NULL;
			c = c->next_pair)
			if (pair_is(c, local, tries[i]) && conn_negotiates(c) && c->instance == 0 &&
				conn_end_by_cert(&c->remote))
				return c;
	return NULL;
}

bool conn_names_ca(const struct conn *c)
{
	return c->remote.ca != NULL && strcasecmp(c->remote.ca, "%any") != 0 &&
	       conn_end_by_cert(&c->remote);
}

/* Higher is better, 0: does not fit. An exact identity beats a wildcard, a connection for this very
 * address beats one for %any; one that wants this issuer is between. */
static unsigned score(const struct conn *c, const struct ms_id *my_id, const struct ms_id *peer_id,
	uint32_t auth)
{
	unsigned s = 1;

	if (!conn_negotiates(c) || c->instance != 0 || (c->remote.auth & auth) == 0)
		return 0;
	if (my_id != NULL && my_id->type != MS_ID_ANY && !ms_id_eq(&c->local.id, my_id))
		return 0;
	if (!ms_id_match(&c->remote.id, peer_id))
		return 0;
	if (c->remote.id.type != MS_ID_ANY)
		s += ms_id_is_pattern(&c->remote.id) ? 4 : 8;
	if (conn_names_ca(c))
		s += 2;
	if (c->remote.host.addr.family != 0)
		s += 1;
	return s;
}

struct conn *conn_find_ids(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote, const struct ms_id *my_id, const struct ms_id *peer_id,
	uint32_t auth)
{
	return conn_find_ids_ca(t, local, remote, my_id, peer_id, auth, NULL, NULL);
}

struct conn *conn_find_ids_ca(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote, const struct ms_id *my_id, const struct ms_id *peer_id,
	uint32_t auth, conn_fits_f *fits, void *arg)
{
	static const struct ms_addr any;
	const struct ms_addr *const tries[] = { remote, &any };
	struct conn *best = NULL;
	unsigned best_score = 0;

	for (unsigned i = 0; i < 2; i++)
		for (struct conn *c = conn_pair_bucket(t, local, tries[i]); c != NULL;
			c = c->next_pair) {
			unsigned s;

			if (!pair_is(c, local, tries[i]))
				continue;
			s = score(c, my_id, peer_id, auth);
			/* Equals: the one that was added first.  fits() is asked last, since it takes
			 * the longest. */
			if ((s > best_score ||
				    (s > 0 && s == best_score && c->serial < best->serial)) &&
				(fits == NULL || fits(arg, c))) {
				best = c;
				best_score = s;
			}
		}
	return best;
}

/* Some part of what is offered lies in what the connection allows. */
static bool overlaps(const struct ms_selector *have, unsigned n_have,
	const struct ms_selector *offered, unsigned n_offered)
{
	struct ms_selector both;

	for (unsigned i = 0; i < n_have; i++)
		for (unsigned k = 0; k < n_offered; k++)
			if (ms_selector_intersect(&have[i], &offered[k], &both))
				return true;
	return false;
}

static bool covers(const struct ms_selector *have, unsigned n_have,
	const struct ms_selector *offered, unsigned n_offered)
{
	for (unsigned k = 0; k < n_offered; k++) {
		bool in = false;

		for (unsigned i = 0; i < n_have && !in; i++)
			in = ms_selector_contains(&have[i], &offered[k]);
		if (!in)
			return false;
	}
	return true;
}

/* A template without networks is for its peer alone, which is where that of `like` is, or has the
 * address that `like` gave it. */
static unsigned client_score(const struct conn *c, const struct conn *like,
	const struct ms_selector *mine, unsigned n_mine, const struct ms_selector *theirs,
	unsigned n_theirs)
{
	const struct conn_end *l = &c->local, *r = &c->remote;
	const struct ms_selector *wants = r->clients;
	unsigned n_wants = r->n_clients;
	struct ms_selector alone;

	if (conn_same_pool(c, like) && like->instance != 0) {
		wants = like->remote.clients;
		n_wants = like->remote.n_clients;
	} else if (!r->has_client && r->n_clients == 1 && wants->range.first.family == 0 && !c->group &&
		!c->opportunistic) {
		alone = *wants;
		alone.range.first = alone.range.last = like->remote.host.addr;
		wants = &alone;
	}
	if (!overlaps(l->clients, l->n_clients, mine, n_mine) ||
		!overlaps(wants, n_wants, theirs, n_theirs))
		return 0;
	/* Nothing needs narrowing: better than what does. */
	if (covers(l->clients, l->n_clients, mine, n_mine) &&
		covers(wants, n_wants, theirs, n_theirs))
		return 2;
	return 1;
}

/* How the peer has proved itself must be enough for b too. */
static bool same_peer(const struct conn *a, const struct conn *b)
{
	return conn_negotiates(b) && b->instance == 0 && (a->remote.auth & ~b->remote.auth) == 0 &&
	       ms_id_eq(&a->local.id, &b->local.id) &&
	       ms_id_match(&b->remote.id, &a->remote.id);
}

/* Clients that are leased are known to the connection of IKE_AUTH alone, and to those of the same
 * pool. */
static bool lease_fits(const struct conn *d, const struct conn *c)
{
	return (d->remote.pool == NULL || d == c->template || conn_same_pool(d, c)) &&
	       (!conn_end_asks(&d->local) || d == c);
}

struct conn *conn_find_clients(const struct conn_table *t, struct conn *c, const struct ms_addr *here,
	const struct ms_addr *there, const struct ms_selector *mine, unsigned n_mine,
	const struct ms_selector *theirs, unsigned n_theirs)
{
	static const struct ms_addr any;
	const struct ms_addr *const ours[] = { &c->local.host.addr, here };
	const struct ms_addr *const peers[] = { &c->remote.host.addr, there, &any };
	/* Of one that was deleted the IKE SA alone may be there still. */
	unsigned best_score =
		c->deleted ? 0 : client_score(c, c, mine, n_mine, theirs, n_theirs);
	struct conn *best = best_score > 0 ? c : NULL;

	for (unsigned i = 0; i < 6 && best_score < 2; i++) {
		const struct ms_addr *local = ours[i / 3], *remote = peers[i % 3];

		for (struct conn *d = conn_pair_bucket(t, local, remote); d != NULL;
			d = d->next_pair) {
			unsigned s;

			if (!pair_is(d, local, remote) || !same_peer(c, d) || !lease_fits(d, c))
				continue;
			s = client_score(d, c, mine, n_mine, theirs, n_theirs);
			if (s > best_score) {
				best = d;
				best_score = s;
			}
		}
	}
	return best;
}

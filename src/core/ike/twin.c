/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twins: both ends initiated at the same time, and both got through.
 *
 * RFC 7296 s2.8.1 decides: the SA with the lowest of the four nonces loses, and who initiated it
 * deletes it, after its twin was heard of and has all connections that the loser carried.  The same
 * rule holds for two IKE SAs and for two CHILD SAs of one connection on one IKE SA.  An attempt that
 * is still at its beginning when the peer's has come through ends as a success.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/twin.h"
#include "core/ike/window.h"

#include <string.h>

#define SETTLE_MS UINT64_C(1000)
#define LIMIT_MS  UINT64_C(60000) /* for connections to move */
#define CHAIN_MAX 16 /* that go for each other */

uint64_t ike_lower_nonce(const struct ike_exchange *x)
{
	const struct ms_bytes nonces[] = { x->ni, x->nr };
	uint64_t lowest = UINT64_MAX;

	for (int i = 0; i < 2; i++) {
		struct wire_reader r = wire_reader(nonces[i]);
		uint64_t v = wire_uint(&r, 8);

		if (wire_ok(&r) && v < lowest)
			lowest = v;
	}
	return lowest;
}

static bool alive(const struct ike_sa *ike)
{
	return ike->established && !ike->gone && !ike->no_revival && ike->state != IKE_DELETING;
}

/* One that goes already, for whatever reason, wins and loses nothing: two that went for each other
 * would make each other's CHILD SAs for ever. */
static bool stays(const struct ike_sa *ike)
{
	return alive(ike) && ike->twin == 0 && !ike->replacing;
}

/* Only one of two can have the address that the peer leased. */
static bool has_lease(const struct ike_sa *ike)
{
	return ike->lease[0].family != 0 || ike->lease[1].family != 0;
}

/* What was proved for one would not be enough for the other's connections. */
static bool same_proof(const struct conn *a, const struct conn *b)
{
	return a->local.auth == b->local.auth && a->remote.auth == b->remote.auth;
}

bool ike_is_twin(const struct ike_sa *a, const struct ike_sa *b)
{
	uint64_t apart =
		a->made_ms > b->made_ms ? a->made_ms - b->made_ms : b->made_ms - a->made_ms;

	return a != b && stays(a) && stays(b) && a->began != b->began && !a->replaces &&
	       !b->replaces && !has_lease(a) && !has_lease(b) && apart < IKE_TWIN_WINDOW_MS &&
	       ms_id_eq(&a->peer_id, &b->peer_id) &&
	       ms_id_eq(&a->conn->local.id, &b->conn->local.id) && same_proof(a->conn, b->conn) &&
	       ms_addr_eq(&a->remote.addr, &b->remote.addr);
}

/* A child of the connection (NULL: of any) that is up or on its way there. */
static bool carries(const struct ike_sa *ike, const struct conn *c, bool up)
{
	for (const struct child_sa *child = ike->children; child; child = child->next)
		if ((!c || child->conn == c) && (child->state == CHILD_ESTABLISHED ||
						(!up && child->state < CHILD_ESTABLISHED)))
			return true;
	return false;
}

static struct child_sa *carried(const struct ike_sa *ike, const struct conn *c)
{
	struct child_sa *newest = NULL;

	for (struct child_sa *o = ike->children; o; o = o->next)
		if (o->conn == c && o->state == CHILD_ESTABLISHED &&
			(!newest || o->serial > newest->serial))
			newest = o;
	return newest;
}

static void resolve_ike(struct ike_sa *ike, struct ike_sa *other)
{
	struct ike_sa *loser = ike->lower < other->lower ? ike : other;
	struct ike_sa *winner = loser == ike ? other : ike;
	struct ms_logger lg = ike_logger(loser);

	/* One that was begun to take another one's place does not go for what was there by then: that
	 * goes for it, here or, as a link of a chain, at the peer's. */
	if (loser->successor && winner->made_ms <= loser->born_ms)
		return;
	if (ike->lower == other->lower || !loser->began ||
		!carries(ike, NULL, true) || !carries(other, NULL, true))
		return;
	ms_info(&lg, "both ends initiated at once: #%u stays, #%u goes", (unsigned)winner->serial,
		(unsigned)loser->serial);
	ike_retire(loser, winner);
}

void ike_retire(struct ike_sa *ike, const struct ike_sa *heir)
{
	ike->twin = heir->serial;
	ike->twin_since = ike_now(ike->e);
	ike->twin_at = ike->twin_since + SETTLE_MS;
	ike_arm(ike);
}

static bool goes_for(const struct ike_sa *o, const struct ike_sa *ike, bool how)
{
	(void)how;
	return o->twin == ike->serial;
}

void ike_twin_inherit(struct ike_sa *heir, struct ike_sa *ike)
{
	struct ike_sa *o;

	heir->began = ike->began;
	heir->born_ms = ike->born_ms;
	heir->made_ms = ike->made_ms;
	heir->lower = ike->lower;
	heir->successor = ike->successor;
	heir->twin = ike->twin;
	heir->twin_since = ike->twin_since;
	heir->twin_at = ike->twin_at;
	/* Its husk takes nothing along. */
	ike->twin = 0;
	ike->twin_at = IKE_NEVER;
	/* Those of the connection, and of others with the same peer. */
	for (o = ike->conn->ike_sas; o; o = o->conn_next)
		if (o->twin == ike->serial)
			o->twin = heir->serial;
	while ((o = ike_same_ids(ike, goes_for, false)) != NULL)
		o->twin = heir->serial;
}

static void resolve_child(struct child_sa *child)
{
	struct ike_sa *ike = child->ike;

	/* Rekeyings at once have their own rule in their own place. */
	if (ike->x && ike->x->rekeys)
		return;
	for (struct child_sa *o = ike->children; o; o = o->next) {
		uint64_t apart = o->established_s > child->established_s
					 ? o->established_s - child->established_s
					 : child->established_s - o->established_s;
		struct child_sa *loser = o->lower < child->lower ? o : child;

		if (o == child || o->conn != child->conn || o->state != CHILD_ESTABLISHED ||
			o->initiator == child->initiator || o->lower == child->lower ||
			o->replaces || child->replaces || apart * 1000 >= IKE_TWIN_WINDOW_MS ||
			!loser->initiator)
			continue;
		if (child->conn->newest_child == loser->serial)
			child->conn->newest_child = loser == o ? child->serial : o->serial;
		child_expire_soon(loser, SETTLE_MS);
		return;
	}
}

/* One of ours that waits for its turn need not begin: the peer's is there. */
static void end_attempts(struct ike_sa *ike, struct conn *c)
{
	for (struct ike_sa *o = c->ike_sas, *next; o; o = next) {
		next = o->conn_next;
		if (o == ike || !o->initiator || o->established || o->replaces ||
			o->state != IKE_UNBORN || o->resend_at == IKE_NEVER)
			continue;
		o->no_revival = true;
		if (o->telling)
			ike->e->host->ops->attempt_over(ike->e->host->ctx, c, MS_OK, NULL);
		o->telling = false;
		ike_gone(o, MS_ERR_CANCELLED, NULL);
		return;
	}
}

void ike_resolve_twins(struct child_sa *child)
{
	struct ike_sa *ike = child->ike, *other;

	if (!child->initiator)
		end_attempts(ike, child->conn);
	resolve_child(child);
	other = ike_twin_of(ike);
	if (other)
		resolve_ike(ike, other);
}

/* For whom it goes.  That one may go for a third one meanwhile: what moved to it would come back. */
static struct ike_sa *winner_of(struct ike_sa *ike)
{
	struct ike_sa *winner = ike_by_serial(ike->e, ike->twin);

	for (unsigned i = 0; i < CHAIN_MAX && winner && winner->twin != 0; i++)
		winner = ike_by_serial(ike->e, winner->twin);
	if (!winner || winner->twin != 0 || !alive(winner))
		return NULL;
	ike->twin = winner->serial;
	return winner;
}

/* False: nothing stands in the way of its going. */
static bool awaited(const struct child_sa *child, struct ike_sa *winner)
{
	struct child_sa *other = carried(winner, child->conn);

	if (other && other->put_off) {
		/* Its own end may be near, and now it is the connection's only one. */
		other->wants |= CHILD_WANT_REKEY;
		winner->wants |= IKE_WANT_CHILD_REKEY;
		return true;
	}
	return !other && (carries(winner, child->conn, false) ||
				 ike_child_attempt(winner, child->conn) == MS_OK);
}

void ike_twin_due(struct ike_sa *ike)
{
	struct ike_sa *winner = winner_of(ike);
	uint64_t now = ike_now(ike->e);
	bool late = now - ike->twin_since > LIMIT_MS;

	ike->twin_at = IKE_NEVER;
	/* It stays then, and lives no longer than others do. */
	if (!winner) {
		ike->twin = 0;
		ike->replacing = false;
		if (ike->replace_at == IKE_NEVER && ike->conn->desc->rekey)
			ike->replace_at = now + SETTLE_MS;
		return;
	}
	/* The peer has it when it says something in it: where it began, not before. */
	if (winner->heard_ms < ike->twin_since + !winner->initiator && !late) {
		winner->wants |= IKE_WANT_DPD;
		ike_next_request(winner);
		ike->twin_at = now + SETTLE_MS;
		return;
	}
	for (struct child_sa *c = ike->children, *next; c; c = next) {
		next = c->next;
		if (c->attempt && c->state == CHILD_LARVAL &&
			(c->wants & CHILD_WANT_NEW || c->rekey_at != IKE_NEVER)) {
			child_adopt(c, winner);
			if (c->wants & CHILD_WANT_NEW)
				winner->wants |= IKE_WANT_CHILD_NEW;
			continue;
		}
		if (c->state == CHILD_ESTABLISHED && awaited(c, winner))
			ike->twin_at = now + SETTLE_MS;
	}
	ike_next_request(winner);
	if (ike->twin_at != IKE_NEVER && !late)
		return;
	/* Its children first: what the peer sends on them is taken until he has heard of it. */
	if (ike->children && !late) {
		for (struct child_sa *c = ike->children, *next; c; c = next) {
			next = c->next;
			if (c->state == CHILD_ESTABLISHED || c->state == CHILD_REKEYED)
				child_retire(c);
		}
		ike->twin_at = now + SETTLE_MS;
		return;
	}
	ike_superseded(ike);
}

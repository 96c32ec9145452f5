/* SPDX-License-Identifier: Apache-2.0 */
/* Taking SAs down: by a person's word, by age, at the end of the daemon. */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/receive.h"
#include "core/ike/version.h"
#include "core/ike/window.h"

#include <stdlib.h>

static void delete_child(struct child_sa *child, bool keep_in)
{
	struct ike_sa *ike = child->ike;

	if (child->state == CHILD_GONE || child->state == CHILD_DELETING)
		return;
	if (child->spi_in == 0) { /* the peer never heard of it */
		child_gone(child);
		return;
	}
	child_out_of_kernel(child, keep_in);
	child->state = CHILD_DELETING;
	child_not_newest(child);
	child->wants = CHILD_WANT_DELETE;
	ike->wants |= IKE_WANT_CHILD_DELETE;
	ike_next_request(ike);
}

void child_want_delete(struct child_sa *child)
{
	delete_child(child, false);
}

void child_retire(struct child_sa *child)
{
	delete_child(child, true);
}

/* The IKE SA goes and takes all its children along; their connections come again when `revive`, all
 * but one. */
static void drop_children(struct ike_sa *ike, bool revive, const struct conn *but)
{
	ike->no_revival = true;
	while (ike->children) {
		struct child_sa *child = child_ref(ike->children);
		bool lost = revive && child->conn != but && child_missed(child);

		child_gone(child);
		child_attempt_over(child, MS_ERR_CANCELLED, NULL);
		if (lost)
			ike_revive(ike->e, child->conn, false);
		child_unref(&child);
	}
}

void ike_supplant(struct ike_sa *old, const struct ike_sa *by)
{
	struct ms_logger lg = ike_logger(old);

	ms_info(&lg, "superseded by #%u of the same peer", (unsigned)by->serial);
	ike_count(old->e, IKE_C_SUPERSEDED);
	drop_children(old, true, NULL);
	ike_gone(old, MS_ERR_CANCELLED, NULL);
}

static void want_delete(struct ike_sa *ike, bool revive, const struct conn *but);

void ike_strand(struct ike_sa *ike, bool can_tell)
{
	struct ms_logger lg = ike_logger(ike);
	char from[MS_ADDR_TEXT];

	ms_addr_text(&ike->local.addr, from, sizeof(from));
	ms_notice(&lg, "its address %s is not the connection's any more", from);
	if (can_tell) {
		want_delete(ike, true, NULL);
		return;
	}
	drop_children(ike, true, NULL);
	ike_gone(ike, MS_ERR_CANCELLED, NULL);
}

/* The peer may have it by now, and is told when it has answered; or it has answered, and whether it is
 * who it should be does not matter any more. */
static void drop_attempt(struct ike_sa *ike)
{
	bool sent = ike->state == IKE_PARENT_I2 && ike->request;
	bool answered = ike->state == IKE_PARENT_I2 && ike->x && ike->x->auth.ptr;

	if (!sent && !answered) {
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
		return;
	}
	ike_apart(ike, MS_ERR_CANCELLED, NULL);
	ike->wants = IKE_WANT_DELETE;
	if (sent)
		return;
	ike->e->params.v2->next_request(ike);
	ike_idle(ike);
}

static void want_delete(struct ike_sa *ike, bool revive, const struct conn *but)
{
	struct ms_logger lg = ike_logger(ike);

	if (ike->gone || ike->state == IKE_DELETING)
		return;
	ms_info(&lg, "deleting state (%s)", ike_state_name(ike->state));
	if (!ike->established) {
		drop_attempt(ike);
		return;
	}
	/* An action under way ends without its child, and then the peer is told. */
	drop_children(ike, revive, but);
	ike->replace_at = ike->expire_at = ike->dpd_at = ike->keepalive_at = IKE_NEVER;
	ike->look_at = ike->twin_at = IKE_NEVER;
	ike->wants = IKE_WANT_DELETE;
	ike_arm(ike);
	ike_next_request(ike);
}

void ike_want_delete(struct ike_sa *ike)
{
	want_delete(ike, false, NULL);
}

void ike_superseded(struct ike_sa *ike)
{
	want_delete(ike, true, NULL);
}

void ike_expired(struct ike_sa *ike)
{
	want_delete(ike, !ike->no_revival, NULL);
}

/* Another connection whose children use the IKE SA. */
static struct conn *other_user(const struct ike_sa *ike)
{
	/* A lease is its connection's, and so is the IKE_AUTH that asks for one. */
	if (ike->lease[0].family != 0 || ike->lease[1].family != 0 || ike->state == IKE_PARENT_R1)
		return NULL;
	for (struct child_sa *child = ike->children; child; child = child->next)
		if (child->conn != ike->conn && !child->conn->part &&
			child->state != CHILD_DELETING && child->state != CHILD_GONE)
			return child->conn;
	return NULL;
}

/* False: there is none. */
static bool bequeath(struct ike_sa *ike)
{
	struct conn *heir = ike->established ? other_user(ike) : NULL;

	if (!heir)
		return false;
	if (ike->conn->newest_ike == ike->serial)
		ike->conn->newest_ike = 0;
	ike_set_conn(ike, heir);
	return true;
}

void ike_pass_on(struct ike_sa *ike)
{
	for (const struct child_sa *child = ike->children; child; child = child->next)
		if (child->conn == ike->conn)
			return;
	(void)bequeath(ike);
}

/* The connection that it is a part of goes next, and its IKE SA with it: a Delete for the part alone
 * would be in the way of that one. */
static void terminate_part(struct conn *c)
{
	while (c->child_sas && c->child_sas->ike->state != IKE_DELETING) {
		struct ike_sa *ike = ike_sa_ref(c->child_sas->ike);

		ike->no_revival = true;
		ike_want_delete(ike);
		ike_sa_unref(&ike);
	}
}

void ike_terminate_conn(struct ike_engine *e, struct conn *c)
{
	(void)conn_ref(c);
	if (c->part)
		terminate_part(c);
	for (struct ike_sa *ike = c->ike_sas, *next; ike; ike = next) {
		next = ike->conn_next;
		if (ike->heir || bequeath(ike))
			continue;
		/* Others that used it because it is the one with the lease come again by themselves. */
		ike->no_revival = true;
		want_delete(ike, true, c);
	}
	for (struct child_sa *child = c->child_sas, *next; child; child = next) {
		struct child_sa *held = child_ref(child);

		next = child->conn_next;
		child_want_delete(child);
		if (held->attempt) {
			held->attempt = false;
			if (held->telling)
				e->host->ops->attempt_over(
					e->host->ctx, c, MS_ERR_CANCELLED, NULL);
		}
		child_unref(&held);
	}
	conn_unref(&c);
}

ms_err ike_terminate_serial(struct ike_engine *e, uint32_t serial)
{
	struct ike_sa *ike = ike_by_serial(e, serial);
	struct child_sa *child = child_by_serial(e, serial);

	if (ike && ike->established) {
		/* These SAs shall go, not the connections: those come again when they are wanted. */
		want_delete(ike, true, NULL);
	} else if (ike) {
		ike->no_revival = true;
		ike_want_delete(ike);
	} else if (child) {
		struct conn *c = conn_ref(child->conn);
		bool lost = child->state == CHILD_ESTABLISHED;

		child_want_delete(child);
		if (lost)
			ike_revive(e, c, false);
		conn_unref(&c);
	} else {
		return MS_ERR_NOT_FOUND;
	}
	return MS_OK;
}

/* By IKE SAs: their CHILD SAs' Deletes, connection by connection, would be in the way of theirs. */
void ike_delete_all(struct ike_engine *e)
{
	struct ike_walk w;
	struct ike_sa *ike;

	ike_walk_begin(e, &w);
	while ((ike = ike_walk_next(&w)) != NULL)
		if (ike->established) {
			ike->no_revival = true;
			ike_want_delete(ike);
		}
	ike_walk_end(e, &w);
}

bool ike_untold(const struct ike_engine *e)
{
	const struct ike_sa *ike = e->first;

	while (ike && !(ike->wants & IKE_WANT_DELETE))
		ike = ike->next;
	return ike != NULL;
}

void ike_shutdown(struct ike_engine *e)
{
	e->closing = true;
	while (e->first) {
		struct ike_sa *ike = e->first;

		ike->no_revival = true;
		/* A request under way still holds the window (s2.3): its peer finds out by itself. */
		if (ike->established && !ike->request && ike->state != IKE_DELETING) {
			ike->wants = IKE_WANT_DELETE;
			ike->e->params.v2->next_request(ike);
		}
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
	}
}

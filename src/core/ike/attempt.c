/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts to bring connections up, and taking them down: who begins, who tries again, who is told.
 *
 * Every attempt is an IKE SA of its own with fresh SPIs.  keyingtries= bounds them (0: for ever);
 * who waits for the outcome is told after the last one, or after the first when there is no last
 * one.
 */
#include "core/ike/ike_sa.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_MS     5000 /* after a refusal, growing with each */
#define PAUSE_MAX_MS 60000
#define REVIVE_MS    1000

static ms_err start_attempt(
	struct ike_engine *e, struct conn *c, uint64_t delay_ms, bool telling, uint32_t replaces)
{
	struct ms_endpoint local = c->local.host, remote = c->remote.host;
	struct ike_sa *ike;

	local.port = e->params.port;
	if (remote.port == 0)
		remote.port = 500;
	ike = ike_sa_new(e, c, true, &local, &remote);
	if (!ike)
		return MS_ERR_NOMEM;
	ike->telling = telling;
	ike->replaces = replaces;
	if (delay_ms == 0) {
		ike_sa_init_start(ike);
	} else {
		ike->resend_at = ike_now(e) + delay_ms;
		ike_arm(ike);
	}
	return MS_OK;
}

static struct ike_sa *attempt_of(const struct conn *c)
{
	for (struct ike_sa *ike = c->ike_sas; ike; ike = ike->conn_next)
		if (ike->initiator && !ike->established && !ike->no_revival)
			return ike;
	return NULL;
}

static struct ike_sa *established_of(const struct conn *c)
{
	for (struct ike_sa *ike = c->ike_sas; ike; ike = ike->conn_next)
		if (ike->established && ike->state != IKE_DELETING)
			return ike;
	return NULL;
}

static ms_err can_initiate(const struct conn *c, struct ms_why *why)
{
	if (!c->oriented)
		return ms_fail(why, MS_ERR_CONFIG, "neither end is one of our addresses");
	if (conn_is_template(c) && ms_addr_is_any(&c->remote.host.addr))
		return ms_fail(why, MS_ERR_CONFIG,
			"cannot initiate connection without knowing peer IP address "
			"(kind=CK_TEMPLATE)");
	if (!c->ike || !c->esp || c->desc->type > MS_TYPE_TRANSPORT)
		return ms_fail(why, MS_ERR_CONFIG, "its type= is a shunt, nothing is negotiated");
	if (c->desc->keyexchange != MS_KEX_IKEV2)
		return ms_fail(why, MS_ERR_CONFIG, "keyexchange= is not ikev2");
	return MS_OK;
}

ms_err ike_initiate(struct ike_engine *e, struct conn *c, struct ms_why *why)
{
	struct ike_sa *ike;
	ms_err err = can_initiate(c, why);

	if (err)
		return err;
	ike = attempt_of(c);
	if (ike) {
		ike->telling = true;
		/* It waits for its next try: now is the time. */
		if (ike->state == IKE_UNBORN && ike->resend_at != IKE_NEVER) {
			ike->resend_at = ike_now(e);
			ike_arm(ike);
		}
		return ms_fail(
			why, MS_ERR_BUSY, "an attempt is under way (#%u)", (unsigned)ike->serial);
	}
	c->tries = 0;
	ike = established_of(c);
	return start_attempt(e, c, 0, true, ike ? ike->serial : 0);
}

bool ike_attempt_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why)
{
	uint32_t max = c->desc->keyingtries;
	struct ms_logger lg = conn_logger(c, MS_SOURCE_IKE);
	uint64_t delay = 0;

	c->tries++;
	ms_notice(&lg, "attempt %u failed: %s", (unsigned)c->tries, ms_why_text(why, err));
	if (c->deleted || !c->wanted_up || (max != 0 && c->tries >= max)) {
		c->tries = 0;
		if (telling)
			e->host->ops->attempt_over(e->host->ctx, c, err, why);
		return false;
	}
	/* Without an end nobody can wait for it. */
	if (max == 0 && telling) {
		telling = false;
		e->host->ops->attempt_over(e->host->ctx, c, err, why);
	}
	if (err != MS_ERR_TIMEOUT)
		delay = c->tries * PAUSE_MS < PAUSE_MAX_MS ? c->tries * PAUSE_MS : PAUSE_MAX_MS;
	if (max)
		ms_info(&lg, "starting keying attempt %u of at most %u", (unsigned)c->tries + 1,
			(unsigned)max);
	else
		ms_info(&lg, "starting keying attempt %u of an unlimited number",
			(unsigned)c->tries + 1);
	err = start_attempt(e, c, delay, telling, 0);
	if (err && telling)
		e->host->ops->attempt_over(e->host->ctx, c, err, NULL);
	return err == MS_OK;
}

void ike_revive(struct ike_engine *e, struct conn *c, bool always)
{
	struct ms_logger lg = conn_logger(c, MS_SOURCE_IKE);

	if (e->closing || c->deleted || !(c->wanted_up || always) || c->newest_child != 0 ||
		attempt_of(c) || can_initiate(c, NULL))
		return;
	ms_notice(&lg, "connection is supposed to remain up; revival attempt in %u seconds",
		REVIVE_MS / 1000);
	if (start_attempt(e, c, REVIVE_MS, false, 0))
		ms_error(&lg, "revival failed: out of memory");
}

void ike_replace(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);

	if (ike->replacing || ike->no_revival || can_initiate(ike->conn, NULL) ||
		attempt_of(ike->conn))
		return;
	ms_info(&lg, "replacing the IKE SA by a new one");
	ike->replacing = true;
	if (start_attempt(ike->e, ike->conn, 0, false, ike->serial))
		ms_error(&lg, "no memory for a new IKE SA");
}

void ike_attempt_succeeded(struct ike_sa *ike)
{
	struct ike_engine *e = ike->e;
	struct ike_sa *old = ike->replaces ? ike_by_serial(e, ike->replaces) : NULL;
	bool telling = ike->telling;

	ike->telling = false;
	ike->replaces = 0;
	if (telling)
		e->host->ops->attempt_over(e->host->ctx, ike->conn, MS_OK, NULL);
	if (old && old != ike) {
		old->no_revival = true;
		ike_want_delete(old);
	}
}

void ike_established(struct ike_sa *ike, bool initial_contact)
{
	struct ike_engine *e = ike->e;
	struct ms_logger lg = ike_logger(ike);
	char peer[MS_ID_TEXT];
	struct ike_sa *old;

	ike->established = true;
	ike->established_s = e->host->ops->wall_s(e->host->ctx);
	if (ike->half_open)
		e->half_open--;
	ike->half_open = false;
	ms_id_text(&ike->peer_id, peer, sizeof(peer));
	ms_info(&lg, "authenticated peer '%s' with %s", peer,
		ike->x ? ike_name(ike_auth_method_name, ike->x->auth.ptr[0]) : "its predecessor");
	ike_count(e, IKE_C_IKE_ESTABLISHED);
	ike->conn->newest_ike = ike->serial;
	ike_index_ids(ike);
	for (;;) {
		old = ike_same_ids(ike);
		/* s2.4: INITIAL_CONTACT says that the peer has nothing of what was before. */
		if (!old || !(initial_contact ||
				    (e->params.unique_ids && !ike->initiator &&
					    !ms_addr_eq(&old->remote.addr, &ike->remote.addr))))
			break;
		lg = ike_logger(old);
		ms_info(&lg, "superseded by #%u of the same peer", (unsigned)ike->serial);
		old->no_revival = true;
		ike_gone(old, MS_ERR_CANCELLED, NULL);
	}
}

/* --- taking down ---------------------------------------------------------------------------------
 */

void child_want_delete(struct child_sa *child)
{
	struct ike_sa *ike = child->ike;

	if (child->state == CHILD_GONE || child->state == CHILD_DELETING)
		return;
	child_out_of_kernel(child);
	child->state = CHILD_DELETING;
	if (child->conn->newest_child == child->serial)
		child->conn->newest_child = 0;
	child->wants = CHILD_WANT_DELETE;
	ike->wants |= IKE_WANT_CHILD_DELETE;
	ike_next_request(ike);
}

void ike_want_delete(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);

	if (ike->gone || ike->state == IKE_DELETING)
		return;
	ms_info(&lg, "deleting state (%s)", ike_state_name(ike->state));
	if (!ike->established) {
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
		return;
	}
	/* An action under way ends without its child, and then the peer is told. */
	ike->no_revival = true;
	while (ike->children)
		child_gone(ike->children);
	ike->replace_at = ike->expire_at = ike->dpd_at = ike->keepalive_at = IKE_NEVER;
	ike->wants = IKE_WANT_DELETE;
	ike_arm(ike);
	ike_next_request(ike);
}

void ike_terminate_conn(struct ike_engine *e, struct conn *c)
{
	(void)conn_ref(c);
	for (struct ike_sa *ike = c->ike_sas, *next; ike; ike = next) {
		next = ike->conn_next;
		ike->no_revival = true;
		ike_want_delete(ike);
	}
	for (struct child_sa *child = c->child_sas, *next; child; child = next) {
		next = child->conn_next;
		child_want_delete(child);
	}
	(void)e;
	conn_unref(&c);
}

ms_err ike_terminate_serial(struct ike_engine *e, uint32_t serial)
{
	struct ike_sa *ike = ike_by_serial(e, serial);
	struct child_sa *child = child_by_serial(e, serial);

	if (ike) {
		ike->no_revival = true;
		ike_want_delete(ike);
	} else if (child) {
		child_want_delete(child);
	} else {
		return MS_ERR_NOT_FOUND;
	}
	return MS_OK;
}

void ike_shutdown(struct ike_engine *e)
{
	e->closing = true;
	while (e->first) {
		struct ike_sa *ike = e->first;

		ike->no_revival = true;
		/* A request under way holds the window: its peer finds out by itself. */
		if (ike->established && !ike->request && ike->state != IKE_DELETING) {
			ike->wants = IKE_WANT_DELETE;
			ike_informational_start(ike);
		}
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts to bring connections up, and taking them down: who begins, who tries again, who is told.
 *
 * An attempt is a CHILD SA on an IKE SA with the same peer where there is one or one is under way,
 * else an IKE SA of its own with fresh SPIs.  keyingtries= bounds them (0: for ever); who waits for
 * the outcome is told after the last one, or after the first when there is no last one.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/twin.h"
#include "core/ike/version.h"
#include "core/ike/window.h"

#include "core/conn/names.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_MS     5000 /* after a refusal, growing with each */
#define PAUSE_MAX_MS 60000
#define REVIVE_MS    1000
#define NAMELESS_ASKED 8 /* at once */
#define NAMELESS_SILENT_MS UINT64_C(10000)
#define NAME_MS      1000 /* a name that was asked for again has some time to answer */

/* On an IKE SA that is there, or will be. */
static ms_err start_child(struct ike_sa *ike, struct conn *c, uint64_t delay_ms, bool telling)
{
	struct child_sa *child = child_new(ike, c, true);

	if (!child)
		return MS_ERR_NOMEM;
	child->attempt = true;
	child->telling = telling;
	if (delay_ms > 0) {
		child_rekey_later(child, delay_ms);
		return MS_OK;
	}
	if (telling && ike->state == IKE_UNBORN && ike->resend_at != IKE_NEVER) {
		ike->resend_at = ike_now(ike->e);
		ike_arm(ike);
	}
	child->wants |= CHILD_WANT_NEW;
	ike->wants |= IKE_WANT_CHILD_NEW;
	ike_next_request(ike);
	return MS_OK;
}

ms_err ike_child_attempt(struct ike_sa *ike, struct conn *c)
{
	return start_child(ike, c, 0, false);
}

static ms_err start_attempt(
	struct ike_engine *e, struct conn *c, uint64_t delay_ms, bool telling, uint32_t replaces)
{
	struct ms_endpoint local, remote;
	struct ike_sa *ike = replaces ? NULL : ike_find_shared(e, c), *old;

	if (ike)
		return start_child(ike, c, delay_ms, telling);
	if (c->remote.name && !c->ike_sas && e->host->ops->readdress)
		e->host->ops->readdress(e->host->ctx, c);
	local = c->local.host;
	remote = c->remote.host;
	local.port = e->params.port;
	if (remote.port == 0)
		remote.port = 500;
	old = replaces ? ike_by_serial(e, replaces) : NULL;
	/* Where the peer is now. */
	if (old && old->mobike && old->remote.addr.family == local.addr.family)
		remote.addr = old->remote.addr;
	ike = ike_sa_new(e, c, true, &local, &remote, 0);
	if (!ike)
		return MS_ERR_NOMEM;
	ike->telling = telling;
	ike->replaces = replaces;
	ike->successor = replaces != 0;
	ike_index_ids(ike);
	if (delay_ms == 0) {
		ike->e->params.v2->start(ike);
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

static struct child_sa *child_attempt_of(const struct conn *c)
{
	for (struct child_sa *child = c->child_sas; child; child = child->conn_next)
		if (child->attempt && child->state < CHILD_ESTABLISHED)
			return child;
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
	char trouble[600];

	if (!c->oriented && conn_names_trouble(c, trouble, sizeof(trouble)))
		return ms_fail(why, MS_ERR_NOT_FOUND, "%s", trouble);
	if (!c->oriented)
		return ms_fail(why, MS_ERR_CONFIG, "neither end is one of our addresses");
	if (conn_is_template(c) && ms_addr_is_any(&c->remote.host.addr))
		return ms_fail(why, MS_ERR_CONFIG,
			"cannot initiate connection without knowing peer IP address "
			"(kind=CK_TEMPLATE)");
	if (!c->ike || !c->esp || c->desc->type > MS_TYPE_TRANSPORT)
		return ms_fail(why, MS_ERR_CONFIG, "its type= is a shunt, nothing is negotiated");
	if (c->remote.pool)
		return ms_fail(why, MS_ERR_CONFIG,
			"the peer has to begin: it gets its address from here");
	if (c->desc->keyexchange != MS_KEX_IKEV2)
		return ms_fail(why, MS_ERR_CONFIG, "keyexchange= is not ikev2");
	return MS_OK;
}

ms_err ike_initiate(struct ike_engine *e, struct conn *c, struct ms_why *why)
{
	struct ike_sa *ike;
	struct child_sa *child;
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
	child = child_attempt_of(c);
	if (child) {
		child->telling = true;
		if (child->rekey_at != IKE_NEVER)
			child_rekey_later(child, 0);
		return ms_fail(
			why, MS_ERR_BUSY, "an attempt is under way (#%u)", (unsigned)child->serial);
	}
	c->tries = 0;
	/* The peer has just brought it up. */
	child = c->newest_child ? child_by_serial(e, c->newest_child) : NULL;
	if (child && !child->initiator && !child->ike->initiator &&
		ike_now(e) - child->ike->made_ms < IKE_TWIN_WINDOW_MS) {
		e->host->ops->attempt_over(e->host->ctx, c, MS_OK, NULL);
		return MS_OK;
	}
	/* Up already: a person wants it anew. */
	ike = c->newest_child ? established_of(c) : NULL;
	return start_attempt(e, c, 0, true, ike ? ike->serial : 0);
}

/* Attempts that fail beside one that waits for its turn leave it at that. */
static bool another_tries(const struct conn *c, bool telling)
{
	struct child_sa *child = child_attempt_of(c);
	struct ike_sa *ike = attempt_of(c);

	if (ike)
		ike->telling |= telling;
	else if (child)
		child->telling |= telling;
	return ike || child;
}

bool ike_attempt_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why)
{
	uint32_t max = c->desc->keyingtries;
	struct ms_logger lg = conn_logger(c, MS_SOURCE_IKE);
	uint64_t delay = 0;

	c->tries++;
	c->keying_failed = true;
	ms_notice(&lg, "attempt %u failed: %s", (unsigned)c->tries, ms_why_text(why, err));
	if (c->deleted || !c->wanted_up || (max != 0 && c->tries >= max)) {
		if (max != 0 && c->tries >= max)
			ike_count(e, IKE_C_GIVEN_UP);
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
	if (another_tries(c, telling))
		return true;
	if (err != MS_ERR_TIMEOUT)
		delay = c->tries * PAUSE_MS < PAUSE_MAX_MS ? c->tries * PAUSE_MS : PAUSE_MAX_MS;
	if (max)
		ms_info(&lg, "starting keying attempt %u of at most %u", (unsigned)c->tries + 1,
			(unsigned)max);
	else
		ms_info(&lg, "starting keying attempt %u of an unlimited number",
			(unsigned)c->tries + 1);
	if (c->remote.name && delay < NAME_MS)
		delay = NAME_MS;
	err = start_attempt(e, c, delay, telling, 0);
	if (err && telling)
		e->host->ops->attempt_over(e->host->ctx, c, err, NULL);
	return err == MS_OK;
}

void ike_peer_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why)
{
	struct ms_addr failed = c->remote.host.addr;

	if (c->remote.name && !c->deleted && !c->ike_sas && e->host->ops->another_address &&
		e->host->ops->another_address(e->host->ctx, c)) {
		struct ms_logger lg = conn_logger(c, MS_SOURCE_IKE);
		char from[MS_ADDR_TEXT], to[MS_ADDR_TEXT];

		ms_addr_text(&failed, from, sizeof(from));
		ms_addr_text(&c->remote.host.addr, to, sizeof(to));
		ms_notice(&lg, "nothing came of %s: %s; trying %s", from, ms_why_text(why, err), to);
		if (start_attempt(e, c, 0, telling, 0) == MS_OK)
			return;
	}
	(void)ike_attempt_failed(e, c, telling, err, why);
}

void ike_attempt_elsewhere(struct ike_engine *e, struct conn *c, bool telling)
{
	if (start_attempt(e, c, 0, telling, 0) && telling)
		e->host->ops->attempt_over(e->host->ctx, c, MS_ERR_NOMEM, NULL);
}

bool ike_waits(const struct conn *c)
{
	for (struct ike_sa *ike = c->ike_sas; ike; ike = ike->conn_next)
		if (ike->state != IKE_UNBORN || ike->resend_at == IKE_NEVER)
			return false;
	return true;
}

void ike_readdressed(struct ike_engine *e, struct conn *c)
{
	struct ike_sa *ike = attempt_of(c);
	bool telling;
	uint32_t replaces;

	if (!ike || !ike_waits(c) || ms_addr_eq(&ike->remote.addr, &c->remote.host.addr))
		return;
	telling = ike->telling;
	replaces = ike->replaces;
	ike->telling = false;
	ike->no_revival = true;
	ike_gone(ike, MS_ERR_CANCELLED, NULL);
	if (start_attempt(e, c, 0, telling, replaces) && telling)
		e->host->ops->attempt_over(e->host->ctx, c, MS_ERR_NOMEM, NULL);
}

/* Where the peer is for all SAs of the connection; NULL: there are none, or they differ. */
static const struct ms_addr *peer_at(const struct conn *c)
{
	const struct ms_addr *at = NULL;

	for (const struct ike_sa *ike = c->ike_sas; ike; ike = ike->conn_next) {
		if (!ike->established || ike->no_revival || ike->state == IKE_DELETING)
			continue;
		if (at && !ms_addr_eq(at, &ike->remote.addr))
			return NULL;
		at = &ike->remote.addr;
	}
	for (const struct child_sa *child = c->child_sas; child; child = child->conn_next) {
		if (child->state != CHILD_ESTABLISHED)
			continue;
		if (at && !ms_addr_eq(at, &child->ike->remote.addr))
			return NULL;
		at = &child->ike->remote.addr;
	}
	return at;
}

void ike_follow_peer(struct ike_engine *e, struct conn *c)
{
	const struct ms_addr *at = peer_at(c);

	if (at && !c->deleted)
		conn_peer_moved(e->conns, c, at);
}

/* One of its SAs or attempts that is bound to another address. */
static struct ike_sa *stray_of(const struct conn *c, const struct ms_addr *now)
{
	struct ike_sa *ike = c->ike_sas;

	while (ike && (ms_addr_eq(&ike->local.addr, now) || ike->mobike ||
			      ike->state == IKE_DELETING || ike->wants & IKE_WANT_DELETE))
		ike = ike->conn_next;
	return ike;
}

static void leave_address(struct ike_engine *e, struct conn *c, const struct ms_addr *now,
	ike_is_local_f *is_local, void *arg)
{
	struct ike_sa *ike;

	while ((ike = stray_of(c, now)) != NULL) {
		bool telling = ike->telling, again = ike->initiator && !ike->no_revival && !c->template;
		uint32_t replaces = ike->replaces;

		if (ike->established) {
			ike_strand(ike, is_local(arg, &ike->local.addr));
			continue;
		}
		ike->telling = false;
		ike->no_revival = true;
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
		if (again && start_attempt(e, c, 0, telling, replaces) && telling)
			e->host->ops->attempt_over(e->host->ctx, c, MS_ERR_NOMEM, NULL);
	}
}

void ike_left_address(struct ike_engine *e, struct conn *c, ike_is_local_f *is_local, void *arg)
{
	struct conn *i, *next;

	conn_ref(c);
	leave_address(e, c, &c->local.host.addr, is_local, arg);
	for (i = c->children; i; i = next) {
		next = i->sibling_next;
		conn_ref(i);
		leave_address(e, i, &c->local.host.addr, is_local, arg);
		conn_unref(&i);
	}
	conn_unref(&c);
}

void ike_revive(struct ike_engine *e, struct conn *c, bool always)
{
	struct ms_logger lg = conn_logger(c, MS_SOURCE_IKE);

	if (e->closing || c->deleted || c->part || !(c->wanted_up || always) || c->newest_child != 0 ||
		attempt_of(c) || child_attempt_of(c) || can_initiate(c, NULL))
		return;
	ms_notice(&lg, "connection is supposed to remain up; revival attempt in %u seconds",
		REVIVE_MS / 1000);
	ike_count(e, IKE_C_REVIVED);
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

bool ike_replace_later(const struct ike_sa *ike)
{
	struct ike_sa *old = ike->replaces ? ike_by_serial(ike->e, ike->replaces) : NULL;

	if (!old || !old->established || old->no_revival || old->state == IKE_DELETING)
		return false;
	old->replacing = false;
	if (old->replace_at == IKE_NEVER && old->conn->desc->rekey) {
		old->replace_at = ike_now(old->e) + PAUSE_MS;
		ike_arm(old);
	}
	return true;
}

/* Other connections' CHILD SAs on the IKE SA that is replaced: made anew on its successor. */
static void bring_along(struct ike_sa *ike, struct ike_sa *old)
{
	for (struct child_sa *child = old->children; child; child = child->next)
		if (child->state == CHILD_ESTABLISHED && child->conn != ike->conn &&
			!child_attempt_of(child->conn) &&
			start_child(ike, child->conn, 0, false)) {
			struct ms_logger lg = child_logger(child);

			ms_error(&lg, "no memory for its successor");
		}
}

/* Nothing of the old one is needed any more (make before break). */
static void end_replaced(struct ike_sa *ike)
{
	struct ike_sa *old;

	if (!ike->replaces || !ike->established)
		return;
	for (struct child_sa *child = ike->children; child; child = child->next)
		if (child->attempt)
			return;
	old = ike_by_serial(ike->e, ike->replaces);
	ike->replaces = 0;
	if (old && old != ike && old->established && old->state != IKE_DELETING)
		ike_retire(old, ike);
	else if (old && old != ike)
		ike_superseded(old);
}

void ike_attempt_succeeded(struct ike_sa *ike)
{
	struct ike_engine *e = ike->e;
	struct ike_sa *old = ike->replaces ? ike_by_serial(e, ike->replaces) : NULL;
	bool telling = ike->telling;

	ike->telling = false;
	if (ike->conn->remote.name)
		ike->conn->remote.name->tried = 0;
	if (telling)
		e->host->ops->attempt_over(e->host->ctx, ike->conn, MS_OK, NULL);
	if (old && old != ike)
		bring_along(ike, old);
	end_replaced(ike);
}

void child_attempt_over(struct child_sa *child, ms_err err, const struct ms_why *why)
{
	struct ike_engine *e = child->ike->e;
	bool telling = child->telling;

	if (!child->attempt)
		return;
	child->attempt = child->telling = false;
	if (e->closing)
		return;
	if (err)
		(void)ike_attempt_failed(e, child->conn, telling, err, why);
	else if (telling)
		e->host->ops->attempt_over(e->host->ctx, child->conn, MS_OK, NULL);
	if (!child->ike->gone)
		end_replaced(child->ike);
}

/* s2.4: INITIAL_CONTACT says that the peer has nothing of what was before.  What was made since he
 * began is not meant: both ends may begin at once. */
static bool goes(const struct ike_sa *old, const struct ike_sa *ike, bool initial_contact)
{
	if (initial_contact)
		return old->made_ms < ike->born_ms;
	return ike->e->params.unique_ids && !ike->initiator &&
	       !ms_addr_eq(&old->remote.addr, &ike->remote.addr);
}

/* RFC 7619 s2.3: a peer without a name says nothing of others' SAs, whatever it claims.  Those at
 * its address that were silent for a while are asked whether they are alive. */
static void look_for_dead(struct ike_sa *ike)
{
	uint32_t serials[NAMELESS_ASKED];
	unsigned n = ike_nameless_at(ike, serials, NAMELESS_ASKED);
	uint64_t now = ike_now(ike->e);

	for (unsigned i = 0; i < n; i++) {
		struct ike_sa *old = ike_by_serial(ike->e, serials[i]);

		if (!old || old->state == IKE_DELETING || now - old->heard_ms < NAMELESS_SILENT_MS)
			continue;
		old->wants |= IKE_WANT_DPD;
		ike_next_request(old);
	}
}

static void tell_authenticated(const struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);
	char peer[MS_ID_TEXT];

	if (ike->peer_id.type == MS_ID_NULL) {
		ms_addr_text(&ike->remote.addr, peer, sizeof(peer));
		ms_notice(&lg, "the peer at %s is NOT authenticated (NULL authentication, RFC 7619): "
			"encryption alone", peer);
		return;
	}
	if (!ms_log_wants(&lg, MS_LOG_INFO))
		return;
	ms_id_text(&ike->peer_id, peer, sizeof(peer));
	ms_info(&lg, "authenticated peer '%s' with %s", peer,
		ike->x ? ike_name(ike_auth_method_name, ike->x->auth.ptr[0]) : "its predecessor");
}

void ike_established(struct ike_sa *ike, bool initial_contact)
{
	struct ike_engine *e = ike->e;
	struct ike_sa *old;

	ike->established = true;
	ike->nameless = ike->proof == PROOF_NONE;
	e->counts.open++;
	e->counts.nameless += ike->nameless;
	for (struct child_sa *c = ike->children; c; c = c->next)
		child_count(c, 1);
	ike->made_ms = ike_now(e);
	ike->established_s = e->host->ops->wall_s(e->host->ctx);
	ike->lower = ike->x ? ike_lower_nonce(ike->x) : UINT64_MAX;
	if (ike->half_open)
		e->half_open--;
	ike->half_open = false;
	tell_authenticated(ike);
	ike_count(e, IKE_C_IKE_ESTABLISHED);
	ike->conn->newest_ike = ike->serial;
	ike_index_ids(ike);
	while ((old = ike_same_ids(ike, goes, initial_contact)) != NULL)
		ike_supplant(old, ike);
	if (ike->x) /* an heir knows nothing new, and may be born while its answer is in the making */
		look_for_dead(ike);
}

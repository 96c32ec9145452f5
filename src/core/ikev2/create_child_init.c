/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE_CHILD_SA for CHILD SAs, the initiator: create_child_sa.c tells the story. */
#include "core/child/child_priv.h"
#include "core/ike/lifetime.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/report.h"
#include "core/ike/window.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/create_child.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/ipcomp.h"
#include "core/ikev2/jobs.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"

#include <stdlib.h>

#define RETRY_MS 5000 /* after TEMPORARY_FAILURE, and as much again at random */
#define REPLACE_MS 30000 /* after a refusal, when a fresh IKE SA came to nothing */
#define KE_ROUNDS 2 /* INVALID_KE_PAYLOAD in a row */
#define YOUNG_MS 10000 /* longer than an answer is on its way */

static void further_failed(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct child_sa *child = child_ref(ike->x->child);

	ike_report(ike, child->serial, MS_RC_LOG_SERIOUS, "CHILD SA failed: %s",
		ms_why_text(why, err));
	if (child->state != CHILD_DELETING)
		child_gone(child);
	create_child_done(ike);
	child_attempt_over(child, err ? err : MS_ERR_CANCELLED, why);
	child_unref(&child);
}

/* The attempt is over without a new child; the old one tries again, or its IKE SA is replaced. */
static void give_up(struct ike_sa *ike, uint64_t retry_ms, const struct ms_why *why, ms_err err)
{
	struct child_sa *old = child_by_serial(ike->e, ike->x->rekeys);
	struct ms_logger lg = ike_logger(ike);

	if (ike->x->rekeys == 0) {
		further_failed(ike, err, why);
		return;
	}
	if (err)
		ms_notice(&lg, "rekeying of CHILD SA #%u failed: %s", (unsigned)ike->x->rekeys,
			ms_why_text(why, err));
	if (ike->x->child && ike->x->child->state != CHILD_DELETING)
		child_gone(ike->x->child);
	if (old && old->state == CHILD_ESTABLISHED)
		child_rekey_later(old, retry_ms ? retry_ms : REPLACE_MS);
	if (old && old->state == CHILD_ESTABLISHED && !retry_ms)
		ike_replace(ike);
	create_child_done(ike);
}

static void send_request(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct child_sa *child = x->child, *old = child_by_serial(ike->e, x->rekeys);
	struct ms_proposals ours;
	struct ike_out out;
	uint8_t spi[4], old_spi[4];
	struct wire_writer w = wire_writer(spi, sizeof(spi)),
			   o = wire_writer(old_spi, sizeof(old_spi));
	struct ike_notify_payload rekey = { child_protocol(child), 4, IKE_N_REKEY_SA,
		ms_bytes(old_spi, 4), { NULL, 0 } };

	struct ms_why local = { "" };

	if (err == MS_OK && x->rekeys == 0 && (err = child_ah_fits(child, &local)) != MS_OK) {
		further_failed(ike, err, &local);
		return;
	}
	if (err == MS_OK)
		err = child_proposals(child->conn, create_child_group(ike), &ours);
	if (err == MS_OK)
		err = ike_cp_turn(ike, child->conn);
	if (err || (x->rekeys && (!old || old->state != CHILD_ESTABLISHED)) ||
		child->state != CHILD_LARVAL) {
		give_up(ike, RETRY_MS, why, err);
		return;
	}
	wire_put_u32(&w, child->spi_in);
	ike_request_begin(ike, &out, IKE_X_CREATE_CHILD_SA);
	if (old) {
		wire_put_u32(&o, old->spi_in);
		ike_out_put(&out, IKE_P_NOTIFY, &rekey);
	}
	create_child_put_flags(&out, old ? !old->tunnel : child->conn->desc->type == MS_TYPE_TRANSPORT);
	ike_ipcomp_offer(child, &out);
	ike_put_proposals(&out, &ours, ms_bytes(spi, sizeof(spi)));
	ike_put_ke_nonce(&out, x->ke ? x->ke->id : 0,
		ms_bytes(x->ke_pub, x->ke ? x->ke->init_octets : 0), x->ni);
	/* s2.9.2: what was narrowed once is asked for whole again. */
	ike_put_ts(&out, IKE_P_TSI, child->conn->local.clients, child->conn->local.n_clients);
	ike_put_ts(&out, IKE_P_TSR, child->conn->remote.clients, child->conn->remote.n_clients);
	err = ike_request_send(ike, &out);
	if (err) {
		give_up(ike, RETRY_MS, NULL, err);
		return;
	}
	ike->x_out = x;
	ike->x = NULL;
	ike_idle(ike);
}

static void with_ke(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err)
		give_up(ike, RETRY_MS, why, err);
	else if (ike->x->child->spi_in != 0)
		send_request(ike, MS_OK, NULL);
	else
		child_get_spi(ike->x->child, send_request);
}

static void go(struct ike_sa *ike, struct child_sa *child, const struct ms_ke_alg *ke)
{
	ike->x->child = child_ref(child);
	ike->x->ke = ke;
	ike->busy = IKE_BUSY_OTHER;
	if (ke)
		ike_job_ke_start(ike, with_ke);
	else
		with_ke(ike, MS_OK, NULL);
}

static void start(struct child_sa *old, const struct ms_ke_alg *ke, unsigned ke_rounds)
{
	struct ike_sa *ike = old->ike;
	struct ike_exchange *x = ike_exchange_new(ike);
	struct child_sa *child = x ? child_new(ike, old->conn, true) : NULL;
	struct ms_logger lg = child_logger(old);

	ms_info(&lg, "rekeying");
	if (!child || !create_child_nonce(ike, &x->ni)) {
		if (child)
			child_gone(child);
		ike_exchange_free(&ike->x);
		child_rekey_later(old, RETRY_MS);
		return;
	}
	x->rekeys = old->serial;
	x->ke_rounds = ke_rounds;
	go(ike, child, ke);
}

static void start_further(struct child_sa *child, const struct ms_ke_alg *ke, unsigned ke_rounds)
{
	struct ike_sa *ike = child->ike;

	if (!ike_exchange_new(ike) || !create_child_nonce(ike, &ike->x->ni)) {
		ike_exchange_free(&ike->x);
		child_rekey_later(child, RETRY_MS);
		return;
	}
	ike->x->ke_rounds = ke_rounds;
	go(ike, child, ke);
}

/* s2.19: its client has an address from the peer in IKE_AUTH, or none, and this IKE SA brought none. */
static bool without_lease(const struct child_sa *child)
{
	const struct ike_sa *ike = child->ike;

	return child->attempt && conn_end_asks(&child->conn->local) && ike->lease[0].family == 0 &&
	       ike->lease[1].family == 0;
}

static void on_its_own(struct child_sa *child)
{
	struct ike_engine *e = child->ike->e;
	struct conn *c = conn_ref(child->conn);
	bool telling = child->telling;

	child->attempt = child->telling = false;
	child_gone(child);
	ike_attempt_elsewhere(e, c, telling);
	conn_unref(&c);
}

void ike_create_child_start(struct child_sa *child)
{
	struct ike_sa *ike = child->ike;
	struct ms_logger lg = child_logger(child);
	struct ms_proposals ours;

	if (child->state != CHILD_LARVAL)
		return;
	/* The peer was faster. */
	if (child->attempt && child->conn->newest_child > child->serial) {
		(void)child_ref(child);
		child_gone(child);
		child_attempt_over(child, MS_OK, NULL);
		child_unref(&child);
		ike_next_request(ike);
		return;
	}
	/* They may have changed while it waited; an SPI is one of an address. */
	if (child->spi_in != 0 && !ms_addr_eq(&child->local.addr, &ike->local.addr))
		child_forget_spi(child);
	child->local = ike->local;
	child->remote = ike->remote;
	child->encapsulated = ike->nat_here || ike->nat_there;
	if (without_lease(child)) {
		on_its_own(child);
		ike_next_request(ike);
		return;
	}
	if (ike_cp_apply(child->conn, ike->lease)) {
		child_rekey_later(child, RETRY_MS);
		return;
	}
	ms_info(&lg, "initiating CHILD SA using IKE SA #%u", (unsigned)ike->serial);
	start_further(child,
		child_proposals(child->conn, create_child_group(ike), &ours) == MS_OK
			? ike_first_ke(&ours)
			: NULL,
		0);
}

void ike_rekey_child_start(struct child_sa *child)
{
	struct ms_proposals ours;

	if (child->state != CHILD_ESTABLISHED)
		return;
	if (child_proposals(child->conn, create_child_group(child->ike), &ours))
		return;
	start(child, ike_first_ke(&ours), 0);
}

static void replaced(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct child_sa *old = child_by_serial(ike->e, x->rekeys), *child = x->child;
	struct ms_logger lg = ike_logger(ike);

	if (err == MS_OK && child->state == CHILD_DELETING)
		err = MS_ERR_CANCELLED;
	if (err) {
		child_want_delete(child);
		give_up(ike, RETRY_MS, why, err);
		return;
	}
	if (create_child_we_lose(x) && child_by_serial(ike->e, x->rival)) {
		ms_info(&lg, "both sides rekeyed at once: #%u stays, #%u goes", (unsigned)x->rival,
			(unsigned)child->serial);
		child_retire(child);
		create_child_done(ike);
		return;
	}
	child_established(child);
	child->replaces = x->rekeys;
	if (old)
		child_retire(old);
	(void)child_ref(child);
	create_child_done(ike);
	child_attempt_over(child, MS_OK, NULL);
	child_unref(&child);
}

static void finish_ke(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	/* Taken down while its answer was under way. */
	if (err == MS_OK && ike->x->child->state != CHILD_LARVAL)
		err = MS_ERR_CANCELLED;
	if (err)
		replaced(ike, err, why);
	else
		child_install(ike->x->child, replaced);
}

void ike_create_child_response(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x_out;
	struct ms_why why = { "" };
	ms_err err;

	ike_request_answered(ike);
	if (!x || !x->child) {
		ike_next_request(ike);
		return;
	}
	ike->x = x;
	ike->x_out = NULL;
	ike->busy = IKE_BUSY_OTHER;
	err = create_child_take(rx, &why);
	if (err == MS_OK)
		err = child_accept(ike, x->child, create_child_group(ike), &why);
	if (err == MS_OK && x->child->suite.ke != MS_KE_NONE &&
		(!x->ke || x->child->suite.ke != x->ke->id || x->ke_group != x->ke->id ||
			x->ke_peer.len != x->ke->resp_octets))
		err = ms_fail(&why, MS_ERR_BAD_KE, "the answer's KE payload does not fit");
	if (err)
		replaced(ike, err, &why);
	else if (x->child->suite.ke != MS_KE_NONE)
		ike_job_ke_finish(ike, finish_ke);
	else
		finish_ke(ike, MS_OK, NULL);
}

/* Starts again with the group that the peer wants; false: it was not offered, or the peer wants another one
 * each time. */
static bool other_group(struct ike_sa *ike, const struct ike_notify_payload *n)
{
	struct child_sa *old = child_by_serial(ike->e, ike->x->rekeys), *child = NULL;
	struct ms_proposals ours;
	unsigned rounds = ike->x->ke_rounds + 1;
	uint16_t group;

	if (rounds > KE_ROUNDS || n->type != IKE_N_INVALID_KE_PAYLOAD || n->data.len != 2 ||
		(ike->x->rekeys && !old) || ike->x->child->state != CHILD_LARVAL)
		return false;
	group = (uint16_t)(n->data.ptr[0] << 8 | n->data.ptr[1]);
	if (child_proposals(ike->x->child->conn, create_child_group(ike), &ours) ||
		(ike->x->ke && ike->x->ke->id == group) || !ike_proposals_have_ke(&ours, group) ||
		!ms_ke_find(group))
		return false;
	if (old)
		child_gone(ike->x->child);
	else
		child = child_ref(ike->x->child);
	ike_exchange_free(&ike->x);
	ike->busy = IKE_NOT_BUSY;
	if (old)
		start(old, ms_ke_find(group), rounds);
	else
		start_further(child, ms_ke_find(group), rounds);
	child_unref(&child);
	return true;
}

/* With the same child, SPI and all. */
static void again_later(struct ike_sa *ike, uint64_t in_ms)
{
	child_rekey_later(ike->x->child, in_ms);
	create_child_done(ike);
}

/* s1.3: the peer takes no more on this IKE SA, and may on another one. */
static void elsewhere(struct ike_sa *ike)
{
	struct child_sa *child = ike->x->child;
	struct conn *c = conn_ref(child->conn);
	bool telling = child->telling;

	ike->full = true;
	child->attempt = child->telling = false;
	child_gone(child);
	create_child_done(ike);
	ike_attempt_elsewhere(ike->e, c, telling);
	conn_unref(&c);
}

static void child_refused(struct ike_sa *ike, const struct ike_notify_payload *n)
{
	struct child_sa *old = child_by_serial(ike->e, ike->x->rekeys);
	struct ms_why why = { "" };
	uint32_t random;
	struct conn *c;

	ike_random(ike->e, &random, sizeof(random));
	if (other_group(ike, n))
		return;
	(void)ms_fail(&why, MS_ERR_PEER_REFUSED, "the peer refused: %s",
		ike_name(ike_notify_name, n->type));
	if (ike->x->rekeys == 0) {
		/* s2.25: it is busy with something else. */
		if (n->type == IKE_N_TEMPORARY_FAILURE && ike->x->child->state == CHILD_LARVAL) {
			again_later(ike, RETRY_MS + random % RETRY_MS);
			return;
		}
		if (n->type == IKE_N_NO_ADDITIONAL_SAS && ike->x->child->state == CHILD_LARVAL &&
			ike->x->child->attempt)
			elsewhere(ike);
		else
			further_failed(ike, ike_err_of_notify(n->type), &why);
		return;
	}
	/* A young one may be on its way: our answer that made it is late, our request was not. */
	if (n->type == IKE_N_CHILD_SA_NOT_FOUND && old && !old->initiator &&
		ike_now(ike->e) < old->born_ms + YOUNG_MS) {
		give_up(ike, RETRY_MS + random % RETRY_MS, &why, MS_ERR_PEER_REFUSED);
		return;
	}
	if (n->type == IKE_N_CHILD_SA_NOT_FOUND && old) {
		/* s2.25: the peer has it no more; it need not be told. */
		c = conn_ref(old->conn);
		child_gone(old);
		give_up(ike, 0, &why, MS_ERR_PEER_REFUSED);
		ike_revive(ike->e, c, false);
		conn_unref(&c);
		return;
	}
	give_up(ike, n->type == IKE_N_TEMPORARY_FAILURE ? RETRY_MS + random % RETRY_MS : 0, &why,
		MS_ERR_PEER_REFUSED);
}

void ike_create_child_refused(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_notify_payload n;

	ike_request_answered(ike);
	if (!ike->x_out || !ike_msg_error(&rx->m, &n)) {
		ike_next_request(ike);
		return;
	}
	ike->x = ike->x_out;
	ike->x_out = NULL;
	if (ike->x->new_ike)
		ike_rekey_ike_failed(ike, n.type);
	else
		child_refused(ike, &n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE_CHILD_SA for CHILD SAs, both roles: further ones, and rekeying.
 * Standards: RFC 7296 s1.3.1, s1.3.3, s2.8, s2.8.1 (both sides rekey at once), s2.25.
 *
 *     HDR, SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *                                                       <--  HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 *
 * The new pair is in the kernel on both sides before the old one is deleted, which its rekeyer
 * does. Our request's exchange waits in ike->x_out, so that the peer's requests find ike->x free.
 */
#include "core/ike/ike_sa.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 5000 /* after TEMPORARY_FAILURE, and as much again at random */

static uint16_t group_of(const struct ike_sa *ike)
{
	return ike->suite.ke;
}

static void done(struct ike_sa *ike)
{
	ike_exchange_free(&ike->x);
	ike_idle(ike);
}

/* What both roles read. */
static ms_err take(struct ike_rx *rx, struct ms_why *why)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	bool request = !ike_msg_is_response(&rx->m);
	const struct ike_payload *ke = ike_msg_find(&rx->m, IKE_P_KE);
	const struct ike_payload *nonce = ike_msg_find(&rx->m, IKE_P_NONCE);
	struct ike_ke_payload k;
	struct ike_notify_payload n;
	struct ms_bytes theirs = ike_keep(x, nonce->body);
	ms_err err;

	x->sa = ike_keep(x, ike_msg_find(&rx->m, IKE_P_SA)->body);
	if (!theirs.ptr || !x->sa.ptr)
		return MS_ERR_NOMEM;
	*(request ? &x->ni : &x->nr) = theirs;
	if (!ike_nonce_fits(nonce))
		return ms_fail(why, MS_ERR_SYNTAX, "nonce of %zu octets", nonce->body.len);
	x->ke_group = 0;
	if (ke) {
		if (ike_payload_get(ke, &k))
			return MS_ERR_SYNTAX;
		x->ke_peer = ike_keep(x, k.data);
		x->ke_group = k.group;
		if (!x->ke_peer.ptr)
			return MS_ERR_NOMEM;
	}
	x->transport = ike_msg_notify(&rx->m, IKE_N_USE_TRANSPORT_MODE, true, &n);
	err = ike_get_ts(x->arena, ike_msg_find(&rx->m, IKE_P_TSI),
		request ? &x->ts_theirs : &x->ts_mine, request ? &x->n_theirs : &x->n_mine, why);
	if (err)
		return err;
	return ike_get_ts(x->arena, ike_msg_find(&rx->m, IKE_P_TSR),
		request ? &x->ts_mine : &x->ts_theirs, request ? &x->n_mine : &x->n_theirs, why);
}

static bool make_nonce(struct ike_sa *ike, struct ms_bytes *out)
{
	uint8_t nonce[IKE_NONCE_OCTETS];

	ike_random(ike->e, nonce, sizeof(nonce));
	*out = ike_keep(ike->x, ms_bytes(nonce, sizeof(nonce)));
	return out->ptr != NULL;
}

/* --- both at once
 * --------------------------------------------------------------------------------- */

/* The lower of an exchange's two nonces, in room of IKE_NONCE_MAX octets, zero-padded. */
static void lower_nonce(const struct ike_exchange *x, uint8_t *out)
{
	uint8_t other[IKE_NONCE_MAX] = { 0 };

	memset(out, 0, IKE_NONCE_MAX);
	memcpy(out, x->ni.ptr, x->ni.len);
	memcpy(other, x->nr.ptr, x->nr.len);
	if (memcmp(other, out, IKE_NONCE_MAX) < 0)
		memcpy(out, other, IKE_NONCE_MAX);
}

/* The peer's rekeying of a child that we are rekeying too: what the comparison will need. */
static void note_rival(struct ike_sa *ike, const struct ike_exchange *x, uint32_t serial)
{
	struct ike_exchange *mine = ike->x_out;

	if (!mine || !mine->child || mine->rekeys == 0 || mine->rekeys != x->rekeys)
		return;
	mine->rival = serial;
	mine->rival_nonce = ms_arena_alloc(mine->arena, IKE_NONCE_MAX);
	if (mine->rival_nonce)
		lower_nonce(x, mine->rival_nonce);
}

/* s2.8.1: the exchange with the lowest of the four nonces loses; who made it deletes its child. */
static bool we_lose(const struct ike_exchange *x)
{
	uint8_t ours[IKE_NONCE_MAX];

	if (x->rival == 0 || !x->rival_nonce)
		return false;
	lower_nonce(x, ours);
	return memcmp(ours, x->rival_nonce, IKE_NONCE_MAX) < 0;
}

/* --- responder
 * --------------------------------------------------------------------------------------- */

void ike_create_refuse(struct ike_sa *ike, unsigned notify, struct ms_bytes data)
{
	struct ike_exchange *x = ike->x;

	if (x && x->child)
		child_gone(x->child);
	ike_response_notify(ike, IKE_X_CREATE_CHILD_SA, ike->recv_id, notify, data);
	done(ike);
}

static void refuse(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ms_logger lg = ike_logger(ike);
	unsigned notify = ike->x->child_refused ? ike->x->child_refused : ike_notify_of(err);

	ms_notice(&lg, "CREATE_CHILD_SA refused with %s: %s", ike_name(ike_notify_name, notify),
		ms_why_text(why, err));
	ike_create_refuse(ike, notify, ms_bytes(NULL, 0));
}

static void put_flags(struct ike_out *out, bool transport)
{
	if (transport)
		ike_put_notify(out, IKE_N_USE_TRANSPORT_MODE, ms_bytes(NULL, 0));
	ike_put_notify(out, IKE_N_ESP_TFC_PADDING_NOT_SUPPORTED, ms_bytes(NULL, 0));
}

static void answer(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct child_sa *child = x->child, *old;
	struct ike_out out;
	uint8_t spi[4];
	struct wire_writer w = wire_writer(spi, sizeof(spi));

	if (err) {
		refuse(ike, err, why);
		return;
	}
	wire_put_u32(&w, child->spi_in);
	ike_response_begin(ike, &out, IKE_X_CREATE_CHILD_SA, ike->recv_id);
	put_flags(&out, !child->tunnel);
	ike_put_suite(&out, &child->suite, x->numbers[x->chosen], wire_result(&w));
	ike_put_ke_nonce(
		&out, child->suite.ke, ms_bytes(x->ke_pub, x->ke ? x->ke->resp_octets : 0), x->nr);
	ike_put_ts(&out, IKE_P_TSI, child->theirs, child->n_theirs);
	ike_put_ts(&out, IKE_P_TSR, child->mine, child->n_mine);
	if (ike_response_send(ike, &out)) {
		child_gone(child);
		done(ike);
		return;
	}
	old = x->rekeys ? child_by_serial(ike->e, x->rekeys) : NULL;
	child_established(child);
	if (old && old->state == CHILD_ESTABLISHED) {
		note_rival(ike, x, child->serial);
		child->replaces = old->serial;
		old->state = CHILD_REKEYED;
	}
	done(ike);
}

static void with_spi(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err)
		refuse(ike, err, why);
	else
		child_install(ike->x->child, answer);
}

static void with_shared(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err)
		refuse(ike, err, why);
	else
		child_get_spi(ike->x->child, with_spi);
}

static void choose(struct ike_rx *rx, struct conn *base)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	const struct ms_ke_alg *ke;
	struct ms_why why = { "" };
	uint8_t group[2];
	ms_err err = take(rx, &why);

	if (err == MS_OK) {
		struct child_sa *child = child_new(ike, base, false);

		x->child = child ? child_ref(child) : NULL;
		err = child ? child_choose(ike, child, group_of(ike), x->ke_group, &why)
			    : MS_ERR_NOMEM;
	}
	if (err == MS_OK && !make_nonce(ike, &x->nr))
		err = MS_ERR_NOMEM;
	if (err) {
		refuse(ike, err, &why);
		return;
	}
	ike->busy = IKE_BUSY_REQUEST;
	if (x->child->suite.ke == MS_KE_NONE) {
		with_shared(ike, MS_OK, NULL);
		return;
	}
	ke = ms_ke_find(x->child->suite.ke);
	if (!ke || x->ke_group != ke->id) {
		group[0] = (uint8_t)(x->child->suite.ke >> 8);
		group[1] = (uint8_t)x->child->suite.ke;
		ike_create_refuse(ike, IKE_N_INVALID_KE_PAYLOAD, ms_bytes(group, 2));
		return;
	}
	if (x->ke_peer.len != ke->init_octets) {
		refuse(ike, ms_fail(&why, MS_ERR_BAD_KE, "KE data of %zu octets", x->ke_peer.len),
			&why);
		return;
	}
	x->ke = ke;
	ike_job_ke_respond(ike, with_shared);
}

/* False: answered already. */
static bool begin(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;

	/* s2.25.2: nothing new while the IKE SA itself is rekeyed or goes. */
	if ((ike->x_out && ike->x_out->new_ike) || ike->no_revival ||
		ike->wants & IKE_WANT_DELETE || !ike_exchange_new(ike)) {
		ike_response_notify(ike, IKE_X_CREATE_CHILD_SA, rx->m.h.id, IKE_N_TEMPORARY_FAILURE,
			ms_bytes(NULL, 0));
		ike_next_request(ike);
		return false;
	}
	ike->x->row = rx->row;
	return true;
}

void ike_create_child_request(struct ike_rx *rx)
{
	if (begin(rx))
		choose(rx, rx->ike->conn);
}

void ike_rekey_child_request(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_notify_payload n;
	struct child_sa *old = NULL;

	if (!begin(rx))
		return;
	if (ike_msg_notify(&rx->m, IKE_N_REKEY_SA, true, &n) && n.protocol == MS_PROTOCOL_ESP &&
		n.spi.len == 4) {
		struct wire_reader r = wire_reader(n.spi);

		old = child_find_out(ike, wire_u32(&r));
	}
	/* s2.25.1 */
	if (!old || old->state == CHILD_DELETING) {
		ike_create_refuse(ike, old ? IKE_N_TEMPORARY_FAILURE : IKE_N_CHILD_SA_NOT_FOUND,
			ms_bytes(NULL, 0));
		return;
	}
	ike->x->rekeys = old->serial;
	choose(rx, old->conn);
}

void ike_create_child_late(struct ike_rx *rx)
{
	ike_response_notify(rx->ike, IKE_X_CREATE_CHILD_SA, rx->m.h.id, IKE_N_TEMPORARY_FAILURE,
		ms_bytes(NULL, 0));
}

/* --- initiator
 * -------------------------------------------------------------------------------------- */

static void further_failed(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct child_sa *child = child_ref(ike->x->child);

	ike_report(ike, child->serial, MS_RC_LOG_SERIOUS, "CHILD SA failed: %s",
		ms_why_text(why, err));
	if (child->state != CHILD_DELETING)
		child_gone(child);
	done(ike);
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
	if (old && old->state == CHILD_ESTABLISHED && retry_ms)
		child_rekey_later(old, retry_ms);
	else if (old && old->state == CHILD_ESTABLISHED)
		ike_replace(ike);
	done(ike);
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
	struct ike_notify_payload rekey = { MS_PROTOCOL_ESP, 4, IKE_N_REKEY_SA,
		ms_bytes(old_spi, 4), { NULL, 0 } };

	if (err == MS_OK)
		err = child_proposals(child->conn, group_of(ike), &ours);
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
	put_flags(&out, old ? !old->tunnel : child->conn->desc->type == MS_TYPE_TRANSPORT);
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

static void start(struct child_sa *old, const struct ms_ke_alg *ke)
{
	struct ike_sa *ike = old->ike;
	struct ike_exchange *x = ike_exchange_new(ike);
	struct child_sa *child = x ? child_new(ike, old->conn, true) : NULL;
	struct ms_logger lg = child_logger(old);

	ms_info(&lg, "rekeying");
	if (!child || !make_nonce(ike, &x->ni)) {
		if (child)
			child_gone(child);
		ike_exchange_free(&ike->x);
		child_rekey_later(old, RETRY_MS);
		return;
	}
	x->rekeys = old->serial;
	go(ike, child, ke);
}

static void start_further(struct child_sa *child, const struct ms_ke_alg *ke)
{
	struct ike_sa *ike = child->ike;

	if (!ike_exchange_new(ike) || !make_nonce(ike, &ike->x->ni)) {
		ike_exchange_free(&ike->x);
		child_rekey_later(child, RETRY_MS);
		return;
	}
	go(ike, child, ke);
}

void ike_create_child_start(struct child_sa *child)
{
	struct ike_sa *ike = child->ike;
	struct ms_logger lg = child_logger(child);
	struct ms_proposals ours;

	if (child->state != CHILD_LARVAL)
		return;
	/* They may have changed while it waited. */
	child->local = ike->local;
	child->remote = ike->remote;
	child->encapsulated = ike->nat_here || ike->nat_there;
	ms_info(&lg, "initiating CHILD SA using IKE SA #%u", (unsigned)ike->serial);
	start_further(child, child_proposals(child->conn, group_of(ike), &ours) == MS_OK
				     ? ike_first_ke(&ours)
				     : NULL);
}

void ike_rekey_child_start(struct child_sa *child)
{
	struct ms_proposals ours;

	if (child->state != CHILD_ESTABLISHED)
		return;
	if (child_proposals(child->conn, group_of(child->ike), &ours))
		return;
	start(child, ike_first_ke(&ours));
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
	if (we_lose(x) && child_by_serial(ike->e, x->rival)) {
		ms_info(&lg, "both sides rekeyed at once: #%u stays, #%u goes", (unsigned)x->rival,
			(unsigned)child->serial);
		child_want_delete(child);
		done(ike);
		return;
	}
	child_established(child);
	child->replaces = x->rekeys;
	if (old)
		child_want_delete(old);
	(void)child_ref(child);
	done(ike);
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
	err = take(rx, &why);
	if (err == MS_OK)
		err = child_accept(ike, x->child, group_of(ike), &why);
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

/* Starts again with the group that the peer wants; false: it was not offered. */
static bool other_group(struct ike_sa *ike, const struct ike_notify_payload *n)
{
	struct child_sa *old = child_by_serial(ike->e, ike->x->rekeys), *child = NULL;
	struct ms_proposals ours;
	uint16_t group;

	if (n->type != IKE_N_INVALID_KE_PAYLOAD || n->data.len != 2 ||
		(ike->x->rekeys && !old) || ike->x->child->state != CHILD_LARVAL)
		return false;
	group = (uint16_t)(n->data.ptr[0] << 8 | n->data.ptr[1]);
	if (child_proposals(ike->x->child->conn, group_of(ike), &ours) ||
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
		start(old, ms_ke_find(group));
	else
		start_further(child, ms_ke_find(group));
	child_unref(&child);
	return true;
}

/* With the same child, SPI and all. */
static void again_later(struct ike_sa *ike, uint64_t in_ms)
{
	child_rekey_later(ike->x->child, in_ms);
	done(ike);
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
		further_failed(ike, ike_err_of_notify(n->type), &why);
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

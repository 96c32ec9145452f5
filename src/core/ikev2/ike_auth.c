/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE_AUTH, both roles: identities, authentication, the first CHILD SA.
 * Standards: RFC 7296 s1.2, s1.2.1 (a refused CHILD SA leaves the IKE SA), s2.15, s2.21.2.
 *
 *     HDR, SK {IDi, [IDr,] AUTH, SAi2, TSi, TSr}  -->
 *                                                 <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr}
 *
 * Each step may wait for the host (secrets, jobs, kernel, routing) and goes on in the next
 * function.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/report.h"
#include "core/ike/window.h"
#include "core/ikev2/auth.h"
#include "core/ikev2/cert.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/ipcomp.h"
#include "core/ikev2/keymat.h"
#include "core/ikev2/mobike.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"

#include <string.h>

#define ID_HEAD 4

/* --- identities ----------------------------------------------------------------------------- */

static struct ms_bytes id_body(struct ike_exchange *x, const struct ms_id *id)
{
	uint8_t *body = ms_arena_alloc(x->arena, ID_HEAD + (size_t)id->len);
	struct wire_writer w = wire_writer(body, body ? ID_HEAD + (size_t)id->len : 0);
	struct ike_id_payload p = { id->type, ms_bytes(id->data, id->len) };

	ike_layout_put(&ike_id_layout, &w, &p);
	return wire_result(&w);
}

static ms_err take_id(const struct ike_payload *p, struct ms_id *out, struct ms_why *why)
{
	struct ike_id_payload id;
	ms_err err;

	if (ike_payload_get(p, &id))
		return MS_ERR_SYNTAX;
	if (id.data.len == 0 && id.type != MS_ID_NULL)
		return ms_fail(why, MS_ERR_SYNTAX, "empty identity");
	if ((id.type == MS_ID_IPV4_ADDR && id.data.len != 4) ||
		(id.type == MS_ID_IPV6_ADDR && id.data.len != 16) || id.type == MS_ID_ANY)
		return ms_fail(why, MS_ERR_SYNTAX, "identity of type %u with %zu octets",
			(unsigned)id.type, id.data.len);
	err = ms_id_set(out, (enum ms_id_type)id.type, id.data);
	return err == MS_ERR_NOMEM ? err
	       : err ? ms_fail(why, MS_ERR_SYNTAX, "identity of %zu octets", id.data.len)
		     : MS_OK;
}

/* RFC 7619 s2.2: what a peer says that proves nothing is no identity. */
static void forget_name(struct ms_id *id, struct ms_bytes auth)
{
	if (ike_auth_kind(auth) != MS_AUTH_NULL)
		return;
	ms_id_free(id);
	id->type = MS_ID_NULL;
}

static bool has_name(const struct ms_id *id)
{
	return !ms_id_is_pattern(id) && id->type != MS_ID_NULL;
}

/* Everything that must outlive the datagram. */
static ms_err take_common(struct ike_rx *rx, unsigned id_type, struct ms_why *why)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	const struct ike_payload *sa = ike_msg_find(&rx->m, IKE_P_SA);
	const struct ike_payload *tsi = ike_msg_find(&rx->m, IKE_P_TSI);
	const struct ike_payload *tsr = ike_msg_find(&rx->m, IKE_P_TSR);
	const struct ike_payload *cp = ike_msg_find(&rx->m, IKE_P_CP);
	struct ike_notify_payload n;
	ms_err err = MS_OK;

	x->his_id = ike_keep(x, ike_msg_find(&rx->m, id_type)->body);
	x->auth = ike_keep(x, ike_msg_find(&rx->m, IKE_P_AUTH)->body);
	if (sa)
		x->sa = ike_keep(x, sa->body);
	if (cp)
		x->cp = ike_keep(x, cp->body);
	x->his_auth = ike_auth_kind(x->auth);
	if (!x->his_id.ptr || !x->auth.ptr || (sa && !x->sa.ptr))
		return MS_ERR_NOMEM;
	ike_certs_take(rx);
	x->transport = ike_msg_notify(&rx->m, IKE_N_USE_TRANSPORT_MODE, true, &n);
	ike_ipcomp_take(x, &rx->m);
	x->initial_contact = ike_msg_notify(&rx->m, IKE_N_INITIAL_CONTACT, true, &n);
	if (tsi)
		err = ike_get_ts(x->arena, tsi, ike->initiator ? &x->ts_mine : &x->ts_theirs,
			ike->initiator ? &x->n_mine : &x->n_theirs, why);
	if (err == MS_OK && tsr)
		err = ike_get_ts(x->arena, tsr, ike->initiator ? &x->ts_theirs : &x->ts_mine,
			ike->initiator ? &x->n_theirs : &x->n_mine, why);
	return err;
}

/* The handshake is over; what it needed goes. */
static void finish(struct ike_sa *ike)
{
	ike_exchange_free(&ike->x);
	ike_keymat_trim(ike);
	ike_idle(ike);
}

static void put_child(struct ike_sa *ike, struct ike_out *out)
{
	struct child_sa *child = ike->x->child;
	struct ms_bytes none = ms_bytes(NULL, 0);

	if (ike->initiator ? child->conn->desc->type == MS_TYPE_TRANSPORT : !child->tunnel)
		ike_put_notify(out, IKE_N_USE_TRANSPORT_MODE, none);
	ike_put_notify(out, IKE_N_ESP_TFC_PADDING_NOT_SUPPORTED, none);
	if (ike->initiator)
		ike_ipcomp_offer(child, out);
	else
		ike_ipcomp_answer(child, out);
}

/* --- initiator ------------------------------------------------------------------------------ */

static void send_request(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct conn *c = ike->conn;
	struct ms_proposals ours;
	struct ms_selector mine[CONN_MAX_SELECTORS];
	struct ike_out out;
	uint8_t spi[4];
	struct wire_writer w = wire_writer(spi, sizeof(spi));
	struct ms_why local = { "" };

	if (err == MS_OK)
		err = child_ah_fits(x->child, &local);
	if (err == MS_OK)
		err = child_proposals(x->child->conn, 0, &ours);
	if (err) {
		ike_gone(ike, err, local.text[0] ? &local : why);
		return;
	}
	wire_put_u32(&w, x->child->spi_in);
	ike_request_begin(ike, &out, IKE_X_IKE_AUTH);
	ike_out_open(&out, IKE_P_IDI);
	wire_put(&out.w, x->my_id);
	ike_certs_put(ike, &out);
	ike_certreq_put(ike, &out);
	if (has_name(&c->remote.id)) {
		struct ike_id_payload idr = { c->remote.id.type,
			ms_bytes(c->remote.id.data, c->remote.id.len) };

		ike_out_put(&out, IKE_P_IDR, &idr);
	}
	ike_out_open(&out, IKE_P_AUTH);
	wire_put(&out.w, x->my_auth);
	if (c->desc->initial_contact && has_name(&c->remote.id) && has_name(&c->local.id) &&
		!ike_has_ids(ike->e, &c->local.id, &c->remote.id, ike))
		ike_put_notify(&out, IKE_N_INITIAL_CONTACT, ms_bytes(NULL, 0));
	ike_cp_put_request(ike, &out);
	ike_mobike_put(ike, &out);
	put_child(ike, &out);
	ike_put_proposals(&out, &ours, ms_bytes(spi, sizeof(spi)));
	ike_put_ts(&out, IKE_P_TSI, mine, conn_offer(c, mine));
	ike_put_ts(&out, IKE_P_TSR, c->remote.clients, c->remote.n_clients);
	err = ike_request_send(ike, &out);
	if (err) {
		ike_gone(ike, err, NULL);
		return;
	}
	{
		char crypto[200];

		ike_crypto_text(ike, crypto, sizeof(crypto));
		ike_report_state(ike, x->child->serial, MS_RC_NEW_STATE + IKE_PARENT_I2, crypto);
	}
	ike_idle(ike);
}

static void got_spi(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;

	if (err == MS_OK) {
		x->my_id = id_body(x, &ike->conn->local.id);
		if (!x->my_id.ptr)
			err = MS_ERR_NOMEM;
	}
	if (err) {
		ike_gone(ike, err, why);
		return;
	}
	ike_auth_make(ike, send_request);
}

void ike_auth_start(struct ike_sa *ike)
{
	struct child_sa *child = child_new(ike, ike->conn, true);

	if (!child) {
		ike_gone(ike, MS_ERR_NOMEM, NULL);
		return;
	}
	ike->x->child = child_ref(child);
	child_get_spi(child, got_spi);
}

/* RFC 7296 s2.21.2: the peer believes that the IKE SA is up.  It is told in an exchange of its own, again
 * and again until it answers, while nothing else can be had of the IKE SA. */
static void peer_failed(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_delete_payload d = { .protocol = MS_PROTOCOL_IKE };
	struct ike_out out;

	ike_request_begin(ike, &out, IKE_X_INFORMATIONAL);
	ike_put_notify(&out, IKE_N_AUTHENTICATION_FAILED, ms_bytes(NULL, 0));
	ike_out_put(&out, IKE_P_DELETE, &d);
	if (ike_request_send(ike, &out)) {
		struct ms_logger lg = ike_logger(ike);

		ms_debug(&lg, "the peer could not be told of the failure");
		ike_gone(ike, err, why);
		return;
	}
	ike_apart(ike, err, why);
	ike_idle(ike);
}

/* The IKE SA stays (s1.2.1); the child does not, and the peer is told when it has one. */
static void child_failed(struct ike_sa *ike, ms_err err, const struct ms_why *why, bool peer_has_it)
{
	struct child_sa *child = ike->x->child;
	struct conn *c = conn_ref(ike->conn);
	bool telling = ike->telling;

	ike->telling = false;
	ike_report(ike, child->serial, MS_RC_LOG_SERIOUS, "CHILD SA failed: %s",
		ms_why_text(why, err));
	if (peer_has_it && child->spi_in != 0)
		child_want_delete(child);
	else
		child_gone(child);
	/* Another try uses this IKE SA (s1.2.1) or makes its own; one without use need not stay
	 * beside it. */
	if (ike_attempt_failed(ike->e, c, telling, err, why) && !ike->children)
		ike_want_delete(ike);
	conn_unref(&c);
}

static void child_up(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err) {
		child_failed(ike, err, why, true);
	} else {
		child_established(ike->x->child);
		ike_attempt_succeeded(ike);
		ike_nets_further(ike);
	}
	if (!ike->gone)
		finish(ike);
}

static void verified(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ms_why local = { "" };

	if (err) {
		peer_failed(ike, err, why);
		return;
	}
	ike_established(ike, false);
	ike_advance(ike, x->row);
	if (x->child_refused) {
		err = ike_err_of_notify(x->child_refused);
		(void)ms_fail(&local, err, "the peer refused it: %s",
			ike_name(ike_notify_name, x->child_refused));
		child_failed(ike, err, &local, false);
		finish(ike);
		return;
	}
	err = ike_cp_take_reply(ike, &local);
	if (err == MS_OK)
		err = child_accept(ike, x->child, 0, &local);
	if (err) {
		child_failed(ike, err, &local, true);
		finish(ike);
		return;
	}
	child_install(x->child, child_up);
}

void ike_auth_response(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	struct ms_why why = { "" };
	struct ms_id id = { 0 };
	struct ike_notify_payload n;
	char got[MS_ID_TEXT], want[MS_ID_TEXT];
	ms_err err = take_id(ike_msg_find(&rx->m, IKE_P_IDR), &id, &why);

	if (err == MS_OK)
		err = take_common(rx, IKE_P_IDR, &why);
	if (err == MS_OK)
		forget_name(&id, x->auth);
	ike_mobike_take(ike, &rx->m);
	ike_request_answered(ike);
	/* Whom we wanted must be whom we got, before any credential is looked at. */
	if (err == MS_OK && !ms_id_match(&ike->conn->remote.id, &id)) {
		ms_id_text(&id, got, sizeof(got));
		ms_id_text(&ike->conn->remote.id, want, sizeof(want));
		err = ms_fail(
			&why, MS_ERR_AUTH, "the peer is '%.150s', wanted '%.150s'", got, want);
	}
	ms_id_free(&ike->peer_id);
	ike->peer_id = id;
	if (!x->sa.ptr)
		x->child_refused = ike_msg_error(&rx->m, &n) ? n.type : IKE_N_NO_PROPOSAL_CHOSEN;
	ike->busy = IKE_BUSY_OTHER;
	if (err)
		verified(ike, err, &why);
	else
		ike_auth_verify(ike, verified);
}

void ike_auth_refused(struct ike_rx *rx)
{
	struct ike_notify_payload n;
	struct ms_why why = { "" };

	if (!ike_msg_error(&rx->m, &n))
		return;
	ike_gone(rx->ike,
		ms_fail(&why, ike_err_of_notify(n.type), "the peer refused IKE_AUTH: %s",
			ike_name(ike_notify_name, n.type)),
		&why);
}

/* Taken down while the answer was awaited: what the peer has made since goes by our Delete. */
void ike_auth_unwanted(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;

	ike_request_answered(ike);
	if (!ike_msg_find(&rx->m, IKE_P_AUTH)) {
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
		return;
	}
	ike->wants = IKE_WANT_DELETE;
	ike_informational_start(ike);
}

/* --- responder ------------------------------------------------------------------------------ */

static void refuse(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	unsigned notify = ike_notify_of(err);
	struct ms_logger lg = ike_logger(ike);

	/* Which of the two it was is none of a stranger's business. */
	if (ms_err_class(err) == MS_CLASS_CREDENTIAL)
		notify = IKE_N_AUTHENTICATION_FAILED;
	ms_notice(&lg, "IKE_AUTH refused with %s: %s", ike_name(ike_notify_name, notify),
		ms_why_text(why, err));
	ike_response_notify(ike, IKE_X_IKE_AUTH, ike->recv_id, notify, ms_bytes(NULL, 0));
	ike_gone(ike, err, why);
}

static void send_answer(struct ike_sa *ike)
{
	struct ike_exchange *x = ike->x;
	struct child_sa *child = x->child;
	struct ike_out out;
	uint8_t spi[4];
	struct wire_writer w = wire_writer(spi, sizeof(spi));
	ms_err err;

	ike_response_begin(ike, &out, IKE_X_IKE_AUTH, ike->recv_id);
	ike_out_open(&out, IKE_P_IDR);
	wire_put(&out.w, x->my_id);
	ike_certs_put(ike, &out);
	ike_out_open(&out, IKE_P_AUTH);
	wire_put(&out.w, x->my_auth);
	ike_cp_put_reply(ike, &out);
	ike_mobike_put(ike, &out);
	if (x->child_refused) {
		ike_put_notify(&out, x->child_refused, ms_bytes(NULL, 0));
	} else {
		wire_put_u32(&w, child->spi_in);
		put_child(ike, &out);
		ike_put_suite(&out, &child->suite, x->numbers[x->chosen], wire_result(&w));
		ike_put_child_ts(x, &out);
	}
	err = ike_response_send(ike, &out);
	if (err) {
		ike_gone(ike, err, NULL);
		return;
	}
	ike_advance(ike, x->row);
	if (x->child_refused)
		ike_report_state(ike, ike->serial, MS_RC_LOG, NULL);
	else
		child_established(child);
	finish(ike);
}

/* No child, for a reason that is logged; the IKE SA is up all the same. */
static void without_child(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ms_logger lg = ike_logger(ike);

	if (!x->child_refused)
		x->child_refused = ike_notify_of(err);
	ms_notice(&lg, "CHILD SA refused with %s: %s", ike_name(ike_notify_name, x->child_refused),
		ms_why_text(why, err));
	if (x->child)
		child_gone(x->child);
	send_answer(ike);
}

static void child_ready(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err)
		without_child(ike, err, why);
	else
		send_answer(ike);
}

static void child_spi(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err)
		without_child(ike, err, why);
	else
		child_install(ike->x->child, child_ready);
}

static void choose_child(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ms_why local = { "" };
	struct child_sa *child;

	if (err) {
		x->child_refused = IKE_N_INTERNAL_ADDRESS_FAILURE;
		without_child(ike, err, why);
		return;
	}
	if (ike->wants & IKE_WANT_DELETE) {
		without_child(ike, ms_fail(&local, MS_ERR_CANCELLED, "taken down meanwhile"), &local);
		return;
	}
	child = child_new(ike, ike->conn, false);
	if (!child) {
		without_child(ike, MS_ERR_NOMEM, NULL);
		return;
	}
	x->child = child_ref(child);
	err = child_choose(ike, child, 0, 0, &local);
	if (err)
		without_child(ike, err, &local);
	else
		child_get_spi(child, child_spi);
}

static void made(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ms_why local = { "" };

	if (err) {
		refuse(ike, err, why);
		return;
	}
	ike_established(ike, x->initial_contact);
	if (!ike->conn->remote.pool) {
		choose_child(ike, MS_OK, NULL);
	} else if (ike_cp_asked(ike)) {
		ike_cp_lease(ike, choose_child);
	} else {
		/* RFC 7296 s3.15.4 */
		x->child_refused = IKE_N_FAILED_CP_REQUIRED;
		without_child(ike,
			ms_fail(&local, MS_ERR_PEER_REFUSED, "the peer asked for no address"),
			&local);
	}
}

static void verified_peer(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	if (err == MS_OK) {
		ike->x->my_id = id_body(ike->x, &ike->conn->local.id);
		if (!ike->x->my_id.ptr)
			err = MS_ERR_NOMEM;
	}
	if (err)
		refuse(ike, err, why);
	else
		ike_auth_make(ike, made);
}

void ike_auth_request(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	const struct ike_payload *idr = ike_msg_find(&rx->m, IKE_P_IDR);
	struct ms_why why = { "" };
	ms_err err;

	ms_id_free(&ike->peer_id);
	ms_id_free(&ike->x->asked_id);
	err = take_id(ike_msg_find(&rx->m, IKE_P_IDI), &ike->peer_id, &why);
	if (err == MS_OK && idr)
		err = take_id(idr, &ike->x->asked_id, &why);
	if (err == MS_OK)
		err = take_common(rx, IKE_P_IDI, &why);
	if (err == MS_OK)
		forget_name(&ike->peer_id, ike->x->auth);
	if (err == MS_OK)
		err = ike_auth_conn(ike, &why);
	if (err) {
		refuse(ike, err, &why);
		return;
	}
	ike_mobike_take(ike, &rx->m);
	ike->half_open_until = IKE_NEVER;
	ike->busy = IKE_BUSY_REQUEST;
	ike_auth_verify(ike, verified_peer);
}

void ike_auth_eap(struct ike_rx *rx)
{
	struct ms_why why = { "" };

	refuse(rx->ike, ms_fail(&why, MS_ERR_AUTH, "the peer wants EAP, which is not configured"),
		&why);
}

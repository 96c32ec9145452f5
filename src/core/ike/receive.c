/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A datagram's way in: header, SA, window, decryption, walker, grammar, transition.  What does not
 * get through is counted by reason and dropped; authenticated nonsense is answered (RFC 7296
 * s2.21).
 */
#include "core/ike/fragment.h"
#include "core/ike/ike_sa.h"
#include "core/ike/natd.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/sk.h"
#include "core/ike/version.h"
#include "core/ike/window.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEAR_ANSWERS_PER_S 200
#define EXCHANGE_AT	    18 /* in the header */

void ike_log_stranger(const struct ike_rx *rx, const char *fmt, ...)
{
	struct ms_logger lg = { rx->e->host->log, MS_SOURCE_IKE, NULL, NULL, &rx->e->limit };
	char text[512], from[MS_ENDPOINT_TEXT];
	va_list ap;

	if (!ms_log_wants(&lg, MS_LOG_INFO))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ms_endpoint_text(&rx->remote, from, sizeof(from));
	ms_info(&lg, "packet from %s: %s", from, text);
}

/* Complaints are bounded.  Cookies and the wanted group are not: they are smaller than what they
 * answer, and honest initiators need them most when strangers send many requests. */
static bool may_answer_clear(struct ike_engine *e, unsigned notify)
{
	uint64_t now = ike_now(e);

	if (notify == IKE_N_COOKIE || notify == IKE_N_INVALID_KE_PAYLOAD)
		return true;

	if (now - e->clear_filled_ms >= 1000 || e->clear_filled_ms == 0) {
		e->clear_filled_ms = now;
		e->clear_left = CLEAR_ANSWERS_PER_S;
	}
	if (e->clear_left == 0)
		return false;
	e->clear_left--;
	return true;
}

void ike_answer_clear(const struct ike_rx *rx, unsigned notify, struct ms_bytes data)
{
	struct ike_header h = rx->m.h;
	struct ike_out out;
	uint8_t buf[256];
	struct ms_bytes datagram;

	/* Never an answer to an answer. */
	if (ike_msg_is_response(&rx->m) || !may_answer_clear(rx->e, notify))
		return;
	h.next = IKE_P_NONE;
	h.version = IKE_VERSION_2;
	h.flags = IKE_F_RESPONSE | (h.flags & IKE_F_INITIATOR ? 0 : IKE_F_INITIATOR);
	ike_out_begin(&out, buf, sizeof(buf), &h);
	ike_put_notify(&out, notify, data);
	datagram = ike_out_finish(&out);
	if (datagram.len > 0)
		ike_send(rx->e, &rx->local, &rx->remote, datagram);
}

/* True when the message may go on to its SA. */
static bool check_spis(const struct ike_rx *rx)
{
	const struct ike_sa *ike = rx->ike;
	const struct ike_header *h = &rx->m.h;
	bool from_initiator = (h->flags & IKE_F_INITIATOR) != 0;

	if (from_initiator == ike->initiator)
		return false;
	if (memcmp(h->spi_i, ike->spi_i, 8) != 0)
		return false;
	/* The responder's SPI is not known before its first answer. */
	if (ike->initiator && ike->state == IKE_PARENT_I1)
		return h->exchange == IKE_X_IKE_SA_INIT;
	return memcmp(h->spi_r, ike->spi_r, 8) == 0;
}

/* The same request again: its answer is in the making. */
static bool working_on(const struct ike_rx *rx)
{
	return rx->ike->busy == IKE_BUSY_REQUEST && !ike_msg_is_response(&rx->m) &&
	       rx->m.h.id == rx->ike->recv_id;
}

static void keep_waiting(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_packet *p;

	/* One message may wait. */
	if (ike->waiting || working_on(rx)) {
		ike_count(rx->e, IKE_C_DROP_BUSY);
		return;
	}
	p = malloc(sizeof(*p) + rx->m.raw.len);
	if (!p) {
		ike_count(rx->e, IKE_C_DROP_MEMORY);
		return;
	}
	p->len = (uint32_t)rx->m.raw.len;
	memcpy(p->octets, rx->m.raw.ptr, rx->m.raw.len);
	ike->waiting = p;
	ike->waiting_local = rx->local;
	ike->waiting_remote = rx->remote;
}

/* An authenticated request that cannot be understood or does not fit. */
static void refuse_request(struct ike_rx *rx, ms_err err, const struct ms_why *why)
{
	struct ike_sa *ike = ike_sa_ref(rx->ike);
	struct ms_logger lg = ike_logger(ike);
	uint8_t critical = (uint8_t)rx->m.critical;
	bool fatal =
		err == MS_ERR_SYNTAX || err == MS_ERR_TRUNCATED || rx->ike->state == IKE_PARENT_R1;

	ms_notice(&lg, "%s request refused: %s", ike_name(ike_exchange_name, rx->m.h.exchange),
		ms_why_text(why, err));
	if (err == MS_ERR_CRITICAL)
		ike_response_notify(ike, rx->m.h.exchange, rx->m.h.id,
			IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, ms_bytes(&critical, 1));
	else
		ike_response_notify(
			ike, rx->m.h.exchange, rx->m.h.id, IKE_N_INVALID_SYNTAX, ms_bytes(NULL, 0));
	/* RFC 7296 s2.21.3: INVALID_SYNTAX is fatal to the IKE SA on both sides. */
	if (fatal)
		ike_gone(ike, err, why);
	ike_sa_unref(&ike);
}

static void act(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	bool response = ike_msg_is_response(&rx->m);
	struct ms_why why = { "" };
	const struct ike_transition *row = ike_transition_find(rx->e->params.v2,
		ike ? (enum ike_state)ike->state : IKE_UNBORN, rx->m.h.exchange,
		response ? IKE_RESPONSE : IKE_REQUEST, rx->m.set);
	char text[256];

	if (row) {
		rx->row = row;
		if (ike && ike->x)
			ike->x->row = row;
		row->act(rx);
		return;
	}
	ike_count(rx->e, IKE_C_DROP_STATE);
	ike_msg_text(&rx->m, text, sizeof(text));
	/* The peer is quicker with its first request than its answer was, which proves who it is:
	 * both come again. */
	if (ike && ike->initiator && !ike->established && !response)
		return;
	if (ike && rx->m.sk_at != 0 && !response) {
		(void)ms_fail(&why, MS_ERR_UNEXPECTED, "%s does not fit %s", text,
			ike_state_name(ike->state));
		refuse_request(rx, MS_ERR_UNEXPECTED, &why);
		return;
	}
	ike_log_stranger(
		rx, "%s does not fit %s", text, ike ? ike_state_name(ike->state) : "a new IKE SA");
}

static void receive_clear(struct ike_rx *rx)
{
	struct ms_why why = { "" };
	ms_err err = ike_msg_walk(&rx->m, &why);
	uint8_t critical;

	if (err == MS_OK)
		err = ike_msg_grammar(&rx->m, &why);
	if (err == MS_OK) {
		act(rx);
		return;
	}
	ike_count(rx->e, IKE_C_DROP_SYNTAX);
	ike_log_stranger(rx, "%s %s: %s", ike_name(ike_exchange_name, rx->m.h.exchange),
		ike_msg_is_response(&rx->m) ? "response" : "request", ms_why_text(&why, err));
	critical = (uint8_t)rx->m.critical;
	if (err == MS_ERR_CRITICAL)
		ike_answer_clear(rx, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, ms_bytes(&critical, 1));
	else
		ike_answer_clear(rx, IKE_N_INVALID_SYNTAX, ms_bytes(NULL, 0));
}

/* A first request: stateless until its action decides otherwise. */
static void receive_init(struct ike_rx *rx)
{
	static const uint8_t zero[8];
	const struct ike_header *h = &rx->m.h;
	struct ike_sa *ike;

	if (memcmp(h->spi_r, zero, 8) != 0 || memcmp(h->spi_i, zero, 8) == 0 || h->id != 0 ||
		!(h->flags & IKE_F_INITIATOR)) {
		ike_count(rx->e, IKE_C_DROP_SYNTAX);
		return;
	}
	ike = ike_find_init(rx->e, h->spi_i, &rx->remote);
	if (ike) {
		/* RFC 7296 s2.1: the same request gets the same answer. */
		if (ike->state == IKE_PARENT_R1 && ike->response && ike->x &&
			ms_bytes_eq(ike->x->init_i, rx->m.raw)) {
			ike_count(rx->e, IKE_C_ANSWERED_AGAIN);
			ike_send_packet(rx->e, &rx->local, &rx->remote, ike->response);
		} else {
			ike_count(rx->e, IKE_C_DROP_ID);
		}
		return;
	}
	receive_clear(rx);
}

static bool in_window(struct ike_rx *rx)
{
	const struct ike_sa *ike = rx->ike;
	uint32_t id = rx->m.h.id;

	if (ike_msg_is_response(&rx->m))
		return ike->request != NULL && id == ike->send_id;
	if (id == UINT32_MAX) /* the next one would be 0 once more */
		return false;
	return id == ike->recv_id || (id == ike->recv_id - 1 && ike->response && ike->recv_id > 0);
}

/* A whole message of the peer. */
static void understand(struct ike_rx *rx, struct ms_bytes inner)
{
	struct ms_why why = { "" };
	ms_err err;

	ike_follow(rx->ike, &rx->local, &rx->remote);
	err = ike_msg_walk_inner(&rx->m, inner, &why);
	if (err == MS_OK)
		err = ike_msg_grammar(&rx->m, &why);
	if (err == MS_OK) {
		act(rx);
		return;
	}
	ike_count(rx->e, IKE_C_DROP_GRAMMAR);
	if (!ike_msg_is_response(&rx->m))
		refuse_request(rx, err, &why);
}

/* Fragments that were complete while the SA was busy. */
static void collected(struct ike_sa *ike, enum ike_role role)
{
	struct ike_rx rx = { .e = ike->e, .ike = ike };
	struct ms_bytes inner;

	if (!ike->gone && !ike->busy && ike_fragment_join(ike, role, &rx, &inner))
		understand(&rx, inner);
}

void ike_idle(struct ike_sa *ike)
{
	struct ike_packet *p = ike->waiting;

	ike->busy = IKE_NOT_BUSY;
	if (ike->gone)
		return;
	ike_sa_ref(ike);
	ike->waiting = NULL;
	if (p) {
		struct ms_endpoint local = ike->waiting_local, remote = ike->waiting_remote;

		ike_receive(ike->e, &local, &remote, ms_bytes(p->octets, p->len));
		free(p);
	}
	for (unsigned role = IKE_REQUEST; role <= IKE_RESPONSE; role++)
		collected(ike, (enum ike_role)role);
	ike_next_request(ike);
	ike_sa_unref(&ike);
}

/* The last request came again: its answer was lost.  Of its fragments only the first one asks for
 * the answer (RFC 7383 s2.6.1), or there would be as many answers as fragments. */
static void answer_again(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;

	if (rx->m.fragment > 1) {
		ike_count(rx->e, IKE_C_DROP_FRAGMENT);
		return;
	}
	ike_count(rx->e, IKE_C_ANSWERED_AGAIN);
	if (ike->e->params.v2->follow(ike, &rx->local, &rx->remote))
		ike_send_packet(rx->e, &rx->local, &rx->remote, ike->response);
	else
		ike_send_packet(rx->e, &ike->local, &ike->remote, ike->response);
}

static void receive_protected(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_engine *e = rx->e;
	struct ms_bytes inner;
	ms_err err = ike_msg_walk(&rx->m, NULL);
	enum ike_role role = ike_msg_is_response(&rx->m) ? IKE_RESPONSE : IKE_REQUEST;
	bool again = role == IKE_REQUEST && rx->m.h.id != ike->recv_id;

	if (err || rx->m.sk_at == 0) {
		ike_count(e, err ? IKE_C_DROP_SYNTAX : IKE_C_DROP_UNPROTECTED);
		return;
	}
	/* Nothing that we know has a place beside SKF. */
	if (rx->m.fragment && rx->m.n != 1) {
		ike_count(e, IKE_C_DROP_SYNTAX);
		return;
	}
	if (rx->m.fragment && !again && !ike_fragment_wanted(rx))
		return;
	memcpy(e->rx_scratch, rx->m.raw.ptr, rx->m.raw.len);
	err = ike_sk_open(ike, e->rx_scratch, &rx->m, &inner);
	if (err) {
		ike_count(e, IKE_C_DROP_INTEGRITY);
		return;
	}
	/* From here on it is the peer who speaks, or once spoke: what comes again may be anybody's. */
	if (again) {
		answer_again(rx);
		return;
	}
	ike->heard_ms = ike_now(e); /* s2.4: a fresh message proves that it is alive */
	if (rx->m.fragment) {
		ike_fragment_keep(rx, inner);
		if (ike->busy || !ike_fragment_join(ike, role, rx, &inner))
			return;
	}
	understand(rx, inner);
}

static void receive_sa(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	bool init = rx->m.h.exchange == IKE_X_IKE_SA_INIT;

	if (!check_spis(rx)) {
		ike_count(rx->e, IKE_C_DROP_SPI);
		return;
	}
	if (!in_window(rx)) {
		ike_count(rx->e, IKE_C_DROP_ID);
		return;
	}
	if (init != (ike->state == IKE_PARENT_I1)) {
		ike_count(rx->e, IKE_C_DROP_STATE);
		return;
	}
	/* Fragments are collected meanwhile, but not those of the request in work. */
	if (ike->busy && (init || rx->m.h.next != IKE_P_SKF || working_on(rx))) {
		keep_waiting(rx);
		return;
	}
	ike_sa_ref(ike); /* actions may end it */
	if (init)
		receive_clear(rx);
	else
		receive_protected(rx);
	ike_sa_unref(&ike);
}

/* `ipsec ikeping`: a bare header of version 1 comes back with its cookies swapped. */
static bool echo(const struct ike_rx *rx)
{
	const struct ike_header *h = &rx->m.h;
	uint8_t buf[IKE_HEADER_OCTETS];

	if (h->version != IKE_VERSION_1 || h->exchange != IKE_X_ECHO_REQUEST ||
		rx->m.raw.len != sizeof(buf))
		return false;
	memcpy(buf, rx->m.raw.ptr, sizeof(buf));
	memcpy(buf, h->spi_r, sizeof(h->spi_r));
	memcpy(buf + sizeof(h->spi_r), h->spi_i, sizeof(h->spi_i));
	buf[EXCHANGE_AT] = IKE_X_ECHO_REPLY;
	if (may_answer_clear(rx->e, 0))
		ike_send(rx->e, &rx->local, &rx->remote, ms_bytes(buf, sizeof(buf)));
	return true;
}

static bool check_version(struct ike_rx *rx)
{
	unsigned major = rx->m.h.version >> 4;

	if (major == 2)
		return true;
	if (echo(rx))
		return false;
	ike_count(rx->e, IKE_C_DROP_VERSION);
	/* RFC 7296 s2.5; version 1 has its own engine. */
	if (major > 2)
		ike_answer_clear(rx, IKE_N_INVALID_MAJOR_VERSION, ms_bytes(NULL, 0));
	return false;
}

void ike_receive(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram)
{
	struct ike_rx rx;

	rx.e = e;
	rx.ike = NULL;
	rx.row = NULL;
	rx.local = *local;
	rx.remote = *remote;
	ike_count(e, IKE_C_RECEIVED);
	if (datagram.len > IKE_MAX_DATAGRAM || ike_msg_header(&rx.m, datagram)) {
		ike_count(e, IKE_C_DROP_SHORT);
		return;
	}
	if (!check_version(&rx))
		return;
	if (rx.m.h.exchange == IKE_X_IKE_SA_INIT && !ike_msg_is_response(&rx.m)) {
		receive_init(&rx);
		return;
	}
	rx.ike = ike_find_spi(e, rx.m.h.flags & IKE_F_INITIATOR ? rx.m.h.spi_r : rx.m.h.spi_i);
	if (rx.ike) {
		receive_sa(&rx);
		return;
	}
	ike_count(e, IKE_C_DROP_SPI);
	ike_answer_clear(&rx, IKE_N_INVALID_IKE_SPI, ms_bytes(NULL, 0));
}

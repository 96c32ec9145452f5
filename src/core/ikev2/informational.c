/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INFORMATIONAL: deletion, liveness, notifies.  Standards: RFC 7296 s1.4, s1.4.1, s2.4.
 *
 * Only what came inside SK is looked at.  Unknown notifies are ignored (s3.10.1).
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/report.h"
#include "core/ike/window.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/mobike.h"

#include <string.h>

/* --- requests ------------------------------------------------------------------------------- */

/* Our SPI of the pair whose other half the peer deletes; 0: no such pair. */
static uint32_t delete_pair(struct ike_sa *ike, unsigned protocol, uint32_t spi_out)
{
	struct child_sa *child = child_find_out(ike, protocol, spi_out);
	struct conn *c;
	uint32_t spi_in;
	bool lost;

	if (!child || child->state == CHILD_GONE)
		return 0;
	/* s1.4.1: when both sides delete at once, ours is not named again. */
	spi_in = child->state == CHILD_DELETING ? 0 : child->spi_in;
	lost = child->state == CHILD_ESTABLISHED;
	c = conn_ref(child->conn);
	ike_report(ike, child->serial, MS_RC_LOG, "deleted by the peer");
	child_gone(child);
	if (lost && !ike->no_revival)
		ike_revive(ike->e, c, false);
	conn_unref(&c);
	return spi_in;
}

/* Each SPI is looked up anew: a list may name one pair twice. Octets of our SPIs. */
static size_t delete_children(
	struct ike_sa *ike, const struct ike_delete_payload *d, uint8_t *spis, size_t room)
{
	struct wire_reader r = wire_reader(d->spis);
	struct wire_writer w = wire_writer(spis, room);

	for (uint32_t i = 0; i < d->n && wire_left(&r) >= 4; i++) {
		uint32_t ours = delete_pair(ike, d->protocol, wire_u32(&r));

		if (ours != 0)
			wire_put_u32(&w, ours);
	}
	return wire_result(&w).len;
}

void ike_informational_request(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_out out;
	struct ike_notify_payload n;
	static const uint8_t protocols[] = { MS_PROTOCOL_ESP, MS_PROTOCOL_AH };
	uint8_t spis[2][512];
	size_t used[2] = { 0, 0 };
	bool delete_ike = false, answered;

	for (unsigned i = 0; i < rx->m.n; i++) {
		struct ike_delete_payload d;

		if (rx->m.p[i].type != IKE_P_DELETE || ike_payload_get(&rx->m.p[i], &d))
			continue;
		if (d.protocol == MS_PROTOCOL_IKE)
			delete_ike = true;
		for (unsigned k = 0; k < 2 && d.spi_octets == 4; k++)
			if (d.protocol == protocols[k])
				used[k] += delete_children(ike, &d, spis[k] + used[k],
					sizeof(spis[k]) - used[k]);
	}
	if (ike_msg_notify(&rx->m, IKE_N_AUTHENTICATION_FAILED, true, &n))
		delete_ike = true;
	ike_response_begin(ike, &out, IKE_X_INFORMATIONAL, rx->m.h.id);
	for (unsigned k = 0; k < 2 && !delete_ike; k++) {
		struct ike_delete_payload d = { protocols[k], 4, (uint32_t)(used[k] / 4),
			ms_bytes(spis[k], used[k]) };

		if (used[k] > 0)
			ike_out_put(&out, IKE_P_DELETE, &d);
	}
	if (!delete_ike)
		ike_mobike_request(rx, &out);
	answered = ike_response_send(ike, &out) == MS_OK;
	if (delete_ike) {
		struct ms_why why = { "" };

		ike_gone(ike,
			ms_fail(&why, MS_ERR_PEER_REFUSED, "the peer deleted the IKE SA%s",
				answered ? "" : " (no answer could be sent)"),
			&why);
		return;
	}
	ike_mobike_answer_sent(ike);
	ike_next_request(ike);
}

/* --- our own --------------------------------------------------------------------------------- */

/* False: there are more. */
static bool put_deletes_of(struct ike_sa *ike, struct ike_out *out, uint8_t protocol)
{
	uint8_t spis[256];
	struct wire_writer w = wire_writer(spis, sizeof(spis));
	struct ike_delete_payload d = { .protocol = protocol, .spi_octets = 4 };
	bool all = true;

	for (struct child_sa *c = ike->children; c; c = c->next) {
		if (!(c->wants & CHILD_WANT_DELETE) || child_protocol(c) != protocol)
			continue;
		if (w.len == w.cap) {
			all = false;
			break;
		}
		wire_put_u32(&w, c->spi_in);
		c->wants &= (uint8_t)~CHILD_WANT_DELETE;
		d.n++;
	}
	d.spis = wire_result(&w);
	if (d.n > 0)
		ike_out_put(out, IKE_P_DELETE, &d);
	return all;
}

static void put_child_deletes(struct ike_sa *ike, struct ike_out *out)
{
	bool esp = put_deletes_of(ike, out, MS_PROTOCOL_ESP);
	bool ah = put_deletes_of(ike, out, MS_PROTOCOL_AH);

	if (esp && ah)
		ike->wants &= (uint8_t)~IKE_WANT_CHILD_DELETE;
}

void ike_informational_start(struct ike_sa *ike)
{
	struct ike_out out;
	bool only_liveness = ike->wants == IKE_WANT_DPD;

	ike_request_begin(ike, &out, IKE_X_INFORMATIONAL);
	if (ike->wants & IKE_WANT_DELETE) {
		struct ike_delete_payload d = { .protocol = MS_PROTOCOL_IKE };

		ike->wants = 0;
		ike->state = IKE_DELETING;
		ike_out_put(&out, IKE_P_DELETE, &d);
	} else if (ike->mobike && ike->wants & (IKE_WANT_ADDRESSES | IKE_WANT_COOKIE2)) {
		ike_mobike_put_request(ike, &out);
	} else if (ike->wants & IKE_WANT_CHILD_DELETE) {
		put_child_deletes(ike, &out);
	} else {
		ike_mobike_put_request(ike, &out);
	}
	if (!ike_mobike_tells(ike))
		ike->wants &= (uint8_t)~IKE_WANT_DPD;
	if (ike_request_send(ike, &out)) {
		struct ms_logger lg = ike_logger(ike);

		ms_error(&lg, "an INFORMATIONAL request could not be made");
		/* Nobody will answer it, and what waits for that would wait for ever. */
		if (!only_liveness) {
			ike->give_up_at = ike_now(ike->e);
			ike_arm(ike);
		}
	}
}

void ike_informational_response(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct child_sa *c, *next;

	ike_request_answered(ike);
	if (ike->state == IKE_DELETING) {
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
		return;
	}
	ike_mobike_answered(ike, &rx->m);
	/* Pairs that we asked to delete are through, whether the peer names its half or not. */
	for (c = ike->children; c; c = next) {
		next = c->next;
		if (c->state == CHILD_DELETING && !(c->wants & CHILD_WANT_DELETE))
			child_gone(c);
	}
	ike_next_request(ike);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and responses: one request under way in each direction (RFC 7296 s2.1, s2.3).  A request
 * is kept and sent again with growing pauses until its answer is here; the last response is kept
 * for requests that come again.
 */
#include "core/ike/fragment.h"
#include "core/ike/ike_sa.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/report.h"
#include "core/ike/sk.h"
#include "core/ike/version.h"
#include "core/ike/window.h"

#include <stdlib.h>
#include <string.h>

/* RFC 7296 s2.2: before its message ids are used up, an IKE SA is rekeyed, or else closed. */
#define IDS_LOW  UINT32_C(0xf0000000)
#define IDS_LAST (UINT32_MAX - 16) /* enough for that */

static void next_id(struct ike_sa *ike, uint32_t *id)
{
	++*id;
	if (*id == IDS_LOW)
		ike->replace_at = ike_now(ike->e);
	else if (*id == IDS_LAST)
		ike->expire_at = ike_now(ike->e);
	if (*id == IDS_LOW || *id == IDS_LAST)
		ike_arm(ike);
}

static void begin(
	struct ike_sa *ike, struct ike_out *out, unsigned exchange, uint32_t id, unsigned flags)
{
	struct ike_header h = { .version = IKE_VERSION_2, .exchange = exchange, .id = id };

	memcpy(h.spi_i, ike->spi_i, 8);
	memcpy(h.spi_r, ike->spi_r, 8);
	h.flags = flags | (ike->initiator ? IKE_F_INITIATOR : 0);
	ike_out_begin(out, ike->e->tx_scratch, sizeof(ike->e->tx_scratch), &h);
	if (exchange != IKE_X_IKE_SA_INIT)
		ike_out_sk(out, ike->encr->iv_octets);
}

static ms_err whole(struct ike_sa *ike, struct ike_out *out, struct ike_packet **packet_r)
{
	struct ms_bytes datagram;
	struct ike_packet *p;

	if (out->sk_at != 0) {
		ms_err err = ike_sk_seal(ike, out);

		if (err)
			return err;
		datagram = wire_result(&out->w);
	} else {
		datagram = ike_out_finish(out);
	}
	if (datagram.len == 0)
		return MS_ERR_SPACE;
	p = malloc(sizeof(*p) + datagram.len);
	if (!p)
		return MS_ERR_NOMEM;
	p->len = (uint32_t)datagram.len;
	memcpy(p->octets, datagram.ptr, datagram.len);
	*packet_r = p;
	return MS_OK;
}

void ike_send_packet(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, const struct ike_packet *p)
{
	struct wire_reader r = wire_reader(ms_bytes(p->octets, p->len));

	while (wire_left(&r) > 0) {
		struct wire_reader head = r;
		struct ike_header h;
		struct ms_bytes datagram;

		if (ike_layout_get(&ike_header_layout, &head, &h))
			return;
		datagram = wire_take(&r, h.length);
		if (datagram.len == 0)
			return;
		ike_send(e, local, remote, datagram);
	}
}

static ms_err finish(struct ike_sa *ike, struct ike_out *out, struct ike_packet **keep,
	const struct ms_endpoint *local, const struct ms_endpoint *remote)
{
	struct ike_packet *p = NULL;
	ms_err err = ike_fragment_needed(ike, out) ? ike_fragment_seal(ike, out, &p)
						   : whole(ike, out, &p);

	if (err)
		return err;
	free(*keep);
	*keep = p;
	ike_send_packet(ike->e, local, remote, p);
	return MS_OK;
}

static uint64_t first_interval(const struct ike_sa *ike)
{
	uint64_t ms = ike->conn->desc->retransmit_interval_ms;

	return ms ? ms : ike->e->params.retransmit_interval_ms;
}

void ike_request_begin(struct ike_sa *ike, struct ike_out *out, unsigned exchange)
{
	begin(ike, out, exchange, ike->send_id, 0);
}

ms_err ike_request_send(struct ike_sa *ike, struct ike_out *out)
{
	uint64_t now = ike_now(ike->e), timeout = ike->conn->desc->retransmit_timeout_ms;
	ms_err err = finish(ike, out, &ike->request, &ike->local, &ike->remote);

	if (err)
		return err;
	ike->sends = 1;
	ike->resend_at = now + first_interval(ike);
	ike->give_up_at = now + (timeout ? timeout : ike->e->params.retransmit_timeout_ms);
	ike_arm(ike);
	return MS_OK;
}

void ike_request_answered(struct ike_sa *ike)
{
	free(ike->request);
	ike->request = NULL;
	ike_fragments_free(ike, IKE_RESPONSE);
	next_id(ike, &ike->send_id);
	ike->resend_at = ike->give_up_at = IKE_NEVER;
	ike_arm(ike);
}

void ike_resend(struct ike_sa *ike)
{
	uint64_t pause;

	if (!ike->request)
		return;
	pause = first_interval(ike) << (ike->sends < 16 ? ike->sends : 16);
	ike->sends++;
	ike->resend_at = ike_now(ike->e) + pause;
	ike_count(ike->e, IKE_C_RETRANSMITTED);
	ike_send_packet(ike->e, &ike->local, &ike->remote, ike->request);
	ike_report(ike, ike->serial, MS_RC_RETRANSMISSION,
		"%s: retransmission; will wait %u.%u seconds for response",
		ike_state_name(ike->state), (unsigned)(pause / 1000),
		(unsigned)(pause % 1000 / 100));
	ike_arm(ike);
	ike->e->params.v2->unanswered(ike);
}

void ike_response_begin(struct ike_sa *ike, struct ike_out *out, unsigned exchange, uint32_t id)
{
	begin(ike, out, exchange, id, IKE_F_RESPONSE);
}

ms_err ike_response_send(struct ike_sa *ike, struct ike_out *out)
{
	struct ms_endpoint local, remote;
	ms_err err;

	ike->e->params.v2->answer_to(ike, &local, &remote);
	err = finish(ike, out, &ike->response, &local, &remote);
	ike_fragments_free(ike, IKE_REQUEST);
	next_id(ike, &ike->recv_id);
	if (err) {
		free(ike->response);
		ike->response = NULL;
	}
	return err;
}

void ike_response_notify(
	struct ike_sa *ike, unsigned exchange, uint32_t id, unsigned notify, struct ms_bytes data)
{
	struct ike_out out;

	ike_response_begin(ike, &out, exchange, id);
	ike_put_notify(&out, notify, data);
	if (ike_response_send(ike, &out)) {
		struct ms_logger lg = ike_logger(ike);

		ms_error(&lg, "no answer could be made for request %u", (unsigned)id);
	}
}

void ike_next_request(struct ike_sa *ike)
{
	if (ike->gone || ike->busy || ike->request || ike->wants == 0 || !ike->established ||
		ike->send_id == UINT32_MAX)
		return;
	ike->e->params.v2->next_request(ike);
}

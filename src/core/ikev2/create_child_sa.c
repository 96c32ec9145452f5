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
#include "core/child/child_priv.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/window.h"
#include "core/ikev2/create_child.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/ipcomp.h"
#include "core/ikev2/jobs.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"

#include <stdlib.h>
#include <string.h>

void create_child_done(struct ike_sa *ike)
{
	ike_exchange_free(&ike->x);
	ike_idle(ike);
}

/* What both roles read. */
ms_err create_child_take(struct ike_rx *rx, struct ms_why *why)
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
	ike_ipcomp_take(x, &rx->m);
	err = ike_get_ts(x->arena, ike_msg_find(&rx->m, IKE_P_TSI),
		request ? &x->ts_theirs : &x->ts_mine, request ? &x->n_theirs : &x->n_mine, why);
	if (err)
		return err;
	return ike_get_ts(x->arena, ike_msg_find(&rx->m, IKE_P_TSR),
		request ? &x->ts_mine : &x->ts_theirs, request ? &x->n_mine : &x->n_theirs, why);
}

bool create_child_nonce(struct ike_sa *ike, struct ms_bytes *out)
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
bool create_child_we_lose(const struct ike_exchange *x)
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
	create_child_done(ike);
}

static void refuse(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ms_logger lg = ike_logger(ike);
	unsigned notify = ike->x->child_refused ? ike->x->child_refused : ike_notify_of(err);

	/* s2.25.1: it was taken down while it was made; a Delete that says so is on its way. */
	if (err == MS_ERR_CANCELLED)
		notify = IKE_N_TEMPORARY_FAILURE;
	ms_notice(&lg, "CREATE_CHILD_SA refused with %s: %s", ike_name(ike_notify_name, notify),
		ms_why_text(why, err));
	ike_create_refuse(ike, notify, ms_bytes(NULL, 0));
}

void create_child_put_flags(struct ike_out *out, bool transport)
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
	create_child_put_flags(&out, !child->tunnel);
	ike_ipcomp_answer(child, &out);
	ike_put_suite(&out, &child->suite, x->numbers[x->chosen], wire_result(&w));
	ike_put_ke_nonce(
		&out, child->suite.ke, ms_bytes(x->ke_pub, x->ke ? x->ke->resp_octets : 0), x->nr);
	ike_put_child_ts(x, &out);
	if (ike_response_send(ike, &out)) {
		child_gone(child);
		create_child_done(ike);
		return;
	}
	old = x->rekeys ? child_by_serial(ike->e, x->rekeys) : NULL;
	child_established(child);
	if (old && old->state == CHILD_ESTABLISHED) {
		note_rival(ike, x, child->serial);
		child->replaces = old->serial;
		old->state = CHILD_REKEYED;
	}
	create_child_done(ike);
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
	ms_err err = create_child_take(rx, &why);

	if (err == MS_OK) {
		struct child_sa *child = child_new(ike, base, false);

		x->child = child ? child_ref(child) : NULL;
		err = child ? child_choose(ike, child, create_child_group(ike), x->ke_group, &why)
			    : MS_ERR_NOMEM;
	}
	if (err == MS_OK && !create_child_nonce(ike, &x->nr))
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

	/* s2.25.2: nothing new while the IKE SA itself is rekeyed or goes, be it that its Delete waits. */
	if ((ike->x_out && ike->x_out->new_ike) || ike->no_revival ||
		ike_cp_turn(ike, ike->conn) != MS_OK || !ike_exchange_new(ike)) {
		ike_response_notify(ike, IKE_X_CREATE_CHILD_SA, rx->m.h.id, IKE_N_TEMPORARY_FAILURE,
			ms_bytes(NULL, 0));
		ike_next_request(ike);
		return false;
	}
	ike->x->row = rx->row;
	return true;
}

static bool has_room(const struct ike_sa *ike, uint64_t most)
{
	uint64_t n = 0;

	for (const struct child_sa *c = ike->children; c; c = c->next)
		n++;
	return n < most;
}

void ike_create_child_request(struct ike_rx *rx)
{
	if (!begin(rx))
		return;
	if (has_room(rx->ike, rx->ike->e->params.max_children))
		choose(rx, rx->ike->conn);
	else
		ike_create_refuse(rx->ike, IKE_N_NO_ADDITIONAL_SAS, ms_bytes(NULL, 0));
}

/* s3.10: one of the notifies that say which SA they speak of. */
static void not_found(struct ike_rx *rx, const struct ike_notify_payload *rekey)
{
	struct ike_sa *ike = rx->ike;
	struct ike_notify_payload n = { rekey->protocol, (uint32_t)rekey->spi.len,
		IKE_N_CHILD_SA_NOT_FOUND, rekey->spi, { NULL, 0 } };
	struct ike_out out;

	ike_response_begin(ike, &out, IKE_X_CREATE_CHILD_SA, ike->recv_id);
	ike_out_put(&out, IKE_P_NOTIFY, &n);
	if (ike_response_send(ike, &out)) {
		struct ms_logger lg = ike_logger(ike);

		ms_error(&lg, "the refusal of a rekeying could not be sent");
	}
	create_child_done(ike);
}

void ike_rekey_child_request(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_notify_payload n = { 0 };
	struct child_sa *old = NULL;

	if (!begin(rx))
		return;
	if (ike_msg_notify(&rx->m, IKE_N_REKEY_SA, true, &n) && n.spi.len == 4) {
		struct wire_reader r = wire_reader(n.spi);

		old = child_find_out(ike, n.protocol, wire_u32(&r));
	}
	/* s2.25.1 */
	if (!old) {
		not_found(rx, &n);
		return;
	}
	/* Each may be rekeyed; but the old ones are the peer's to delete, and there is no end of heirs before. */
	if (old->state == CHILD_DELETING || !has_room(ike, 2 * (uint64_t)ike->e->params.max_children)) {
		ike_create_refuse(ike, IKE_N_TEMPORARY_FAILURE, ms_bytes(NULL, 0));
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

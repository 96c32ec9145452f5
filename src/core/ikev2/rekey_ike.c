/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE_CHILD_SA for the IKE SA itself, both roles.
 * Standards: RFC 7296 s1.3.2, s2.8, s2.18, s2.25.2.
 *
 *     HDR, SK {SA, Ni, KEi}  -->
 *                            <--  HDR, SK {SA, Nr, KEr}
 *
 * The new IKE SA takes over the children; who asked for it deletes the old one.  A peer that rekeys
 * while we do, or while we change children, is told to come again: both sides then retry at times
 * of their own.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/report.h"
#include "core/ike/twin.h"
#include "core/ike/version.h"
#include "core/ike/window.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/jobs.h"
#include "core/ikev2/keymat.h"
#include "core/ikev2/mobike.h"
#include "core/ikev2/sa_payload.h"

#include <string.h>

#define RETRY_MS    5000
#define OLD_LIFE_MS 60000 /* for the peer to delete the old one */

static void done(struct ike_sa *ike)
{
	ike_exchange_free(&ike->x);
	ike_idle(ike);
}

static struct ike_sa *heir_new(struct ike_sa *ike, bool initiator)
{
	struct ike_sa *heir =
		ike_sa_new(ike->e, ike->conn, initiator, &ike->local, &ike->remote, 0);

	if (!heir)
		return NULL;
	heir->no_revival = true; /* until it is established */
	heir->heir = true;
	heir->nat_here = ike->nat_here;
	heir->nat_there = ike->nat_there;
	heir->floated = ike->floated;
	heir->peer_rfc7427 = ike->peer_rfc7427;
	heir->peer_fragments = ike->peer_fragments;
	heir->hashes = ike->hashes;
	heir->proof = ike->proof;
	heir->peer_key = ike->peer_key ? ms_sign()->pubkey_ref(ike->peer_key) : NULL;
	if (ms_id_copy(&heir->peer_id, &ike->peer_id)) {
		ike_gone(heir, MS_ERR_NOMEM, NULL);
		return NULL;
	}
	return heir;
}

static ms_err take(struct ike_rx *rx, struct ms_suite *suite, struct ms_why *why)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	static const uint8_t zero[8];
	const struct ike_payload *nonce = ike_msg_find(&rx->m, IKE_P_NONCE);
	struct ike_ke_payload ke;
	struct ms_bytes theirs = ike_keep(x, nonce->body);
	ms_err err;

	if (ike_payload_get(ike_msg_find(&rx->m, IKE_P_KE), &ke))
		return MS_ERR_SYNTAX;
	x->ke_peer = ike_keep(x, ke.data);
	x->ke_group = ke.group;
	*(ike_msg_is_response(&rx->m) ? &x->nr : &x->ni) = theirs;
	if (!theirs.ptr || !x->ke_peer.ptr)
		return MS_ERR_NOMEM;
	if (!ike_nonce_fits(nonce))
		return ms_fail(why, MS_ERR_SYNTAX, "nonce of %zu octets", nonce->body.len);
	err = ike_get_proposals(x, ike_msg_find(&rx->m, IKE_P_SA)->body, ike->conn->ike, 8, why);
	if (err == MS_OK && memcmp(x->spi8, zero, 8) == 0)
		return ms_fail(why, MS_ERR_SYNTAX, "SPI 0");
	if (err == MS_OK)
		err = ike_choose_suite(suite, ike->conn->ike, x, ke.group);
	if (err == MS_OK && !ms_ke_find(suite->ke))
		err = ms_fail(why, MS_ERR_NO_PROPOSAL, "a proposal without key exchange");
	return err;
}

static ms_err give_keys(struct ike_sa *ike, struct ike_sa *heir)
{
	ms_err err = heir->gone ? MS_ERR_BUSY : ike_algorithms(heir, NULL);

	return err ? err : ike_keymat(heir, ike->x, ike);
}

/* Keys, children, lifetimes: from here on the heir is the IKE SA. */
static ms_err take_over(struct ike_sa *ike, struct ike_sa *heir)
{
	/* Taken down meanwhile: the old one is still there to say so. */
	ms_err err = ike->wants & IKE_WANT_DELETE ? MS_ERR_BUSY : give_keys(ike, heir);

	if (err)
		return err;
	ike_exchange_free(&heir->x);
	ike_keymat_trim(heir);
	heir->heir = false;
	ike_set_conn(heir, ike->conn); /* which may be another one by now */
	heir->state = heir->initiator ? IKE_PARENT_I3 : IKE_PARENT_R2;
	heir->no_revival = ike->no_revival;
	ike_mobike_inherit(heir, ike);
	memcpy(heir->lease, ike->lease, sizeof(heir->lease));
	memset(ike->lease, 0, sizeof(ike->lease));
	ike_established(heir, false);
	ike_twin_inherit(heir, ike);
	for (struct child_sa *c = ike->children, *next; c; c = next) {
		next = c->next;
		child_adopt(c, heir);
	}
	heir->wants = ike->wants &
		      (IKE_WANT_CHILD_DELETE | IKE_WANT_CHILD_REKEY | IKE_WANT_CHILD_NEW |
			      IKE_WANT_ADDRESSES | IKE_WANT_COOKIE2);
	if (ike_mobike_tells(heir))
		heir->wants |= IKE_WANT_DPD;
	heir->local = ike->local;
	heir->remote = ike->remote;
	heir->replacing = ike->replacing;
	heir->replaces = ike->replaces;
	ike->replaces = 0;
	for (struct ike_sa *o = ike->conn->ike_sas; o; o = o->conn_next)
		if (o->replaces == ike->serial)
			o->replaces = heir->serial;
	ike_pass_on(heir);
	ike->wants = 0;
	ike->no_revival = true;
	ike->replace_at = ike->dpd_at = ike->keepalive_at = IKE_NEVER;
	ike->expire_at = ike_now(ike->e) + OLD_LIFE_MS;
	ike_arm(ike);
	ike_start_lifetime(heir);
	ike_report(heir, heir->serial, MS_RC_LOG, "%s: rekeyed #%u", ike_state_name(heir->state),
		(unsigned)ike->serial);
	return MS_OK;
}

/* --- responder
 * ------------------------------------------------------------------------------------ */

static void answer(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ike_sa *heir = x->new_ike;
	struct ms_logger lg = ike_logger(ike);
	struct ike_out out;

	if (err == MS_OK) {
		ike_response_begin(ike, &out, IKE_X_CREATE_CHILD_SA, ike->recv_id);
		ike_put_suite(&out, &heir->suite, x->numbers[x->chosen], ms_bytes(heir->spi_r, 8));
		ike_put_ke_nonce(&out, x->ke->id, ms_bytes(x->ke_pub, x->ke->resp_octets), x->nr);
		err = take_over(ike, heir);
	}
	if (err) {
		ms_notice(&lg, "rekeying of the IKE SA refused: %s", ms_why_text(why, err));
		ike_create_refuse(ike, ike_notify_of(err), ms_bytes(NULL, 0));
		return;
	}
	if (ike_response_send(ike, &out))
		ms_error(&lg, "the answer to the rekeying could not be sent");
	ike_sa_ref(heir);
	done(ike);
	ike_next_request(heir);
	ike_sa_unref(&heir);
}

static bool changing_children(const struct ike_sa *ike)
{
	for (const struct child_sa *c = ike->children; c; c = c->next)
		/* Those whose turn has not come go over to the new one. */
		if ((c->state == CHILD_LARVAL && !(c->wants & CHILD_WANT_NEW) &&
			    c->rekey_at == IKE_NEVER) ||
			c->state == CHILD_INSTALLING || c->state == CHILD_DELETING)
			return true;
	return false;
}

static void temporary(struct ike_rx *rx)
{
	ike_response_notify(rx->ike, IKE_X_CREATE_CHILD_SA, rx->m.h.id, IKE_N_TEMPORARY_FAILURE,
		ms_bytes(NULL, 0));
	ike_next_request(rx->ike);
}

void ike_rekey_ike_request(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ms_why why = { "" };
	struct ms_suite suite;
	struct ike_exchange *x;
	uint8_t nonce[IKE_NONCE_OCTETS], group[2];
	ms_err err;

	/* s2.25.2: nor does one that goes for another one get an heir. */
	if (ike->x_out || ike->no_revival || ike->twin != 0 || changing_children(ike) ||
		!ike_exchange_new(ike)) {
		temporary(rx);
		return;
	}
	x = ike->x;
	x->row = rx->row;
	err = take(rx, &suite, &why);
	if (err == MS_OK && x->ke_group != suite.ke) {
		group[0] = (uint8_t)(suite.ke >> 8);
		group[1] = (uint8_t)suite.ke;
		ike_create_refuse(ike, IKE_N_INVALID_KE_PAYLOAD, ms_bytes(group, 2));
		return;
	}
	if (err == MS_OK && x->ke_peer.len != ms_ke_find(suite.ke)->init_octets)
		err = MS_ERR_BAD_KE;
	if (err == MS_OK) {
		ike_random(ike->e, nonce, sizeof(nonce));
		x->nr = ike_keep(x, ms_bytes(nonce, sizeof(nonce)));
		x->new_ike = x->nr.ptr ? heir_new(ike, false) : NULL;
		err = x->new_ike ? MS_OK : MS_ERR_NOMEM;
	}
	if (err) {
		struct ms_logger lg = ike_logger(ike);

		ms_notice(&lg, "rekeying of the IKE SA refused: %s", ms_why_text(&why, err));
		ike_create_refuse(ike, ike_notify_of(err), ms_bytes(NULL, 0));
		return;
	}
	(void)ike_sa_ref(x->new_ike);
	memcpy(x->new_ike->spi_i, x->spi8, 8);
	x->new_ike->suite = suite;
	x->ke = ms_ke_find(suite.ke);
	ike->busy = IKE_BUSY_REQUEST;
	ike_job_ke_respond(ike, answer);
}

/* --- initiator
 * -------------------------------------------------------------------------------------- */

static void later(struct ike_sa *ike)
{
	uint32_t random;

	ike_random(ike->e, &random, sizeof(random));
	ike->replace_at = ike_now(ike->e) + RETRY_MS + random % RETRY_MS;
	ike_arm(ike);
}

static void failed(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ms_logger lg = ike_logger(ike);

	ms_notice(&lg, "rekeying of the IKE SA failed: %s", ms_why_text(why, err));
	later(ike);
	done(ike);
}

void ike_rekey_ike_failed(struct ike_sa *ike, unsigned notify)
{
	struct ms_why why = { "" };
	ms_err err = ms_fail(&why, MS_ERR_PEER_REFUSED, "the peer refused: %s",
		ike_name(ike_notify_name, notify));

	if (notify == IKE_N_TEMPORARY_FAILURE) {
		failed(ike, err, &why);
		return;
	}
	/* It will not do so next time either: a fresh IKE SA takes this one's place. */
	ike_replace(ike);
	done(ike);
}

static void send_request(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ike_out out;

	if (err == MS_OK) {
		ike_request_begin(ike, &out, IKE_X_CREATE_CHILD_SA);
		ike_put_proposals(&out, ike->conn->ike, ms_bytes(x->new_ike->spi_i, 8));
		ike_put_ke_nonce(&out, x->ke->id, ms_bytes(x->ke_pub, x->ke->init_octets), x->ni);
		err = ike_request_send(ike, &out);
	}
	if (err) {
		failed(ike, err, why);
		return;
	}
	ike->x_out = x;
	ike->x = NULL;
	ike_idle(ike);
}

void ike_rekey_ike_start(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);
	struct ike_exchange *x;
	uint8_t nonce[IKE_NONCE_OCTETS];

	if (changing_children(ike) || !ike_exchange_new(ike)) {
		later(ike);
		return;
	}
	ms_info(&lg, "rekeying");
	x = ike->x;
	ike_random(ike->e, nonce, sizeof(nonce));
	x->ni = ike_keep(x, ms_bytes(nonce, sizeof(nonce)));
	x->ke = ms_ke_find(ike->suite.ke);
	x->new_ike = x->ni.ptr && x->ke ? heir_new(ike, true) : NULL;
	if (!x->new_ike) {
		ike_exchange_free(&ike->x);
		later(ike);
		return;
	}
	(void)ike_sa_ref(x->new_ike);
	ike->busy = IKE_BUSY_OTHER;
	ike_job_ke_start(ike, send_request);
}

/* Taken down while its answer was under way: the peer has the heir, children and all, so that both are
 * deleted. */
static void disown(struct ike_sa *ike, struct ike_sa *heir)
{
	ike_exchange_free(&heir->x);
	ike_keymat_trim(heir);
	ike_sa_unref(&ike->x->new_ike); /* or it would go with the exchange */
	ike_apart(heir, MS_ERR_CANCELLED, NULL);
	heir->wants = IKE_WANT_DELETE;
	heir->e->params.v2->next_request(heir);
	done(ike);
}

static void finished(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_sa *heir = ike_sa_ref(ike->x->new_ike);
	bool unwanted = ike->wants & IKE_WANT_DELETE;

	(void)ike_sa_ref(ike);
	if (err == MS_OK)
		err = unwanted ? give_keys(ike, heir) : take_over(ike, heir);
	if (err == MS_OK && unwanted) {
		disown(ike, heir);
	} else if (err) {
		failed(ike, err, why);
	} else {
		done(ike);
		ike_want_delete(ike);
		ike_next_request(heir);
	}
	ike_sa_unref(&heir);
	ike_sa_unref(&ike);
}

void ike_rekey_ike_response(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x_out;
	struct ms_why why = { "" };
	ms_err err;

	ike_request_answered(ike);
	if (!x || !x->new_ike) {
		ike_next_request(ike);
		return;
	}
	ike->x = x;
	ike->x_out = NULL;
	ike->busy = IKE_BUSY_OTHER;
	err = take(rx, &x->new_ike->suite, &why);
	if (err == MS_OK &&
		(x->peers->n != 1 || x->new_ike->suite.ke != x->ke->id ||
			x->ke_group != x->ke->id || x->ke_peer.len != x->ke->resp_octets))
		err = ms_fail(&why, MS_ERR_BAD_KE, "the answer does not fit what was asked");
	if (err) {
		failed(ike, err, &why);
		return;
	}
	memcpy(x->new_ike->spi_r, x->spi8, 8);
	ike_job_ke_finish(ike, finished);
}

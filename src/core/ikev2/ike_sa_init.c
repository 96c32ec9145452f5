/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE_SA_INIT, both roles: algorithms, Diffie-Hellman, nonces, NAT detection.
 * Standards: RFC 7296 s1.2, s2.6 (cookie), s2.7, s2.23; RFC 7427 s4 (hash algorithms),
 * RFC 7383 s2.3 (fragmentation supported).
 *
 *     HDR, [N(COOKIE),] SAi1, KEi, Ni  -->
 *                                      <--  HDR, SAr1, KEr, Nr
 *
 * The responder keeps nothing before it has chosen a suite; nothing here is authenticated, so
 * a message that does not fit is dropped and the right one may still come.
 */
#include "core/ike/ike_sa.h"
#include "core/ike/natd.h"
#include "core/ike/notify.h"
#include "core/ike/receive.h"
#include "core/ike/report.h"
#include "core/ike/window.h"
#include "core/ikev2/cert.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/jobs.h"
#include "core/ikev2/keymat.h"
#include "core/ikev2/sa_payload.h"

#include <stdio.h>
#include <string.h>

#define COOKIE_ROUNDS 3
#define KE_ROUNDS     3
#define ANSWER_OCTETS 384 /* without the value of the key exchange; alignment too */

/* A responder says only what the initiator said before. */
static void put_common(struct ike_sa *ike, struct ike_out *out, bool hashes, bool fragments)
{
	static const uint8_t list[] = { 0, MS_HASH_SHA2_256, 0, MS_HASH_SHA2_384, 0,
		MS_HASH_SHA2_512, 0, MS_HASH_IDENTITY };

	ike_natd_put(ike, out, !ike->initiator);
	if (hashes)
		ike_put_notify(out, IKE_N_SIGNATURE_HASH_ALGORITHMS, ms_bytes(list, sizeof(list)));
	if (fragments && ike->conn->desc->fragmentation != MS_FRAGMENTATION_NO)
		ike_put_notify(out, IKE_N_IKEV2_FRAGMENTATION_SUPPORTED, ms_bytes(NULL, 0));
	if (ike->e->params.vendor_id.len > 0) {
		struct ike_data_payload v = { ike->e->params.vendor_id };

		ike_out_put(out, IKE_P_VENDOR, &v);
	}
}

static void take_hashes(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_notify_payload n;
	struct wire_reader r;

	if (!ike_msg_notify(m, IKE_N_SIGNATURE_HASH_ALGORITHMS, false, &n))
		return;
	ike->peer_rfc7427 = true;
	for (r = wire_reader(n.data); wire_left(&r) >= 2;) {
		unsigned id = wire_u16(&r);

		if (id < 8)
			ike->hashes |= (uint8_t)(1u << id);
	}
}

static void take_fragmentation(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_notify_payload n;

	ike->peer_fragments =
		ike->conn->desc->fragmentation != MS_FRAGMENTATION_NO &&
		ike_msg_notify(m, IKE_N_IKEV2_FRAGMENTATION_SUPPORTED, false, &n);
}

/* --- initiator ------------------------------------------------------------------------------ */

static ms_err send_request(struct ike_sa *ike)
{
	struct ike_exchange *x = ike->x;
	struct ike_out out;
	ms_err err;

	ike_request_begin(ike, &out, IKE_X_IKE_SA_INIT);
	if (x->cookie.len > 0)
		ike_put_notify(&out, IKE_N_COOKIE, x->cookie);
	ike_put_proposals(&out, ike->conn->ike, ms_bytes(NULL, 0));
	ike_put_ke_nonce(&out, x->ke->id, ms_bytes(x->ke_pub, x->ke->init_octets), x->ni);
	put_common(ike, &out, true, true);
	err = ike_request_send(ike, &out);
	if (err)
		return err;
	x->init_i = ike_keep(x, ms_bytes(ike->request->octets, ike->request->len));
	return x->init_i.len > 0 ? MS_OK : MS_ERR_NOMEM;
}

static void started(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	bool first = ike->state == IKE_UNBORN;

	if (err == MS_OK)
		err = send_request(ike);
	if (err) {
		ike_gone(ike, err, why);
		return;
	}
	ike->state = IKE_PARENT_I1;
	if (first)
		ike_report_state(ike, ike->serial, MS_RC_NEW_STATE + IKE_PARENT_I1, NULL);
	ike_idle(ike);
}

void ike_sa_init_start(struct ike_sa *ike)
{
	struct ike_exchange *x = ike->x;
	const struct ms_ke_alg *group = ike_first_ke(ike->conn->ike);
	uint8_t nonce[IKE_NONCE_OCTETS];
	struct ms_logger lg = ike_logger(ike);
	struct ms_why why = { "" };

	ike_random(ike->e, nonce, sizeof(nonce));
	x->ni = ike_keep(x, ms_bytes(nonce, sizeof(nonce)));
	if (!group || !x->ni.ptr) {
		ms_err err =
			group ? MS_ERR_NOMEM
			      : ms_fail(&why, MS_ERR_NO_ALGORITHM,
					"no key exchange method of ike= is offered by a provider");

		ike_gone(ike, err, &why);
		return;
	}
	ms_info(&lg, "initiating IKEv2 connection");
	x->ke = group;
	ike->busy = IKE_BUSY_OTHER;
	ike_job_ke_start(ike, started);
}

void ike_sa_init_cookie(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_notify_payload n;
	ms_err err;

	/* s2.6: at most 64 octets; a peer that never has enough is no peer. */
	if (!ike_msg_notify(&rx->m, IKE_N_COOKIE, false, &n) || n.data.len == 0 ||
		n.data.len > IKE_MAX_COOKIE || ike->x->cookie_rounds++ >= COOKIE_ROUNDS) {
		ike_count(rx->e, IKE_C_DROP_SYNTAX);
		return;
	}
	ike->x->cookie = ike_keep(ike->x, n.data);
	err = send_request(ike);
	if (err)
		ike_gone(ike, err, NULL);
}

void ike_sa_init_ke(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	struct ike_notify_payload n;
	struct ms_logger lg = ike_logger(ike);
	unsigned group;

	if (!ike_msg_notify(&rx->m, IKE_N_INVALID_KE_PAYLOAD, false, &n) || n.data.len != 2)
		return;
	group = (unsigned)n.data.ptr[0] << 8 | n.data.ptr[1];
	/* s2.7: only a group that we offered, or an attacker chooses the weakest. */
	if (group == x->ke->id || !ike_proposals_have_ke(ike->conn->ike, (uint16_t)group) ||
		!ms_ke_find((uint16_t)group) || x->ke_rounds++ >= KE_ROUNDS) {
		ike_count(rx->e, IKE_C_DROP_SYNTAX);
		ms_info(&lg, "peer wants key exchange method %u, which was not offered, ignoring",
			group);
		return;
	}
	ms_info(&lg, "peer wants %s instead of %s", ms_ke_find((uint16_t)group)->name, x->ke->name);
	if (x->ke_priv)
		x->ke->priv_free(&x->ke_priv);
	x->ke = ms_ke_find((uint16_t)group);
	ike->busy = IKE_BUSY_OTHER;
	ike_job_ke_start(ike, started);
}

void ike_sa_init_refused(struct ike_rx *rx)
{
	struct ike_notify_payload n;
	struct ms_why why = { "" };
	char wanted[400];

	if (!ike_msg_error(&rx->m, &n))
		return;
	ms_proposals_text(rx->ike->conn->ike, wanted, sizeof(wanted));
	ike_gone(rx->ike,
		ms_fail(&why, ike_err_of_notify(n.type),
			"the peer refused IKE_SA_INIT: %s (unauthenticated); we offered %s",
			ike_name(ike_notify_name, n.type), wanted),
		&why);
}

static void finished(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	const struct ike_transition *row = ike->x->row;

	if (err == MS_OK)
		err = ike_keymat(ike, ike->x, NULL);
	if (err) {
		ike_gone(ike, err, why);
		return;
	}
	ike_float(ike);
	ike_advance(ike, row);
	ike_auth_start(ike);
}

/* One transform of each type, all of them ours. */
static ms_err accept_suite(struct ike_sa *ike, struct ms_bytes sa, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	unsigned chosen, n;
	ms_err err = ike_get_proposals(x, sa, ike->conn->ike, 0, why);

	if (err)
		return err;
	err = ms_suite_choose(&ike->suite, ike->conn->ike, x->peers, &chosen);
	if (err)
		return err;
	n = 1u + (ike->suite.prf != 0) + (ike->suite.integ != 0) + (ike->suite.ke != 0);
	for (unsigned i = 0; i < x->peers->p[0].n; i++)
		n -= x->peers->p[0].t[i].id != 0;
	if (x->peers->n != 1 || n != 0)
		return ms_fail(why, MS_ERR_SYNTAX, "the answer is not one suite");
	return ike_algorithms(ike, why);
}

static ms_err take_response(struct ike_rx *rx, struct ms_why *why)
{
	static const uint8_t zero[8];
	struct ike_sa *ike = rx->ike;
	struct ike_exchange *x = ike->x;
	const struct ike_payload *nonce = ike_msg_find(&rx->m, IKE_P_NONCE);
	struct ike_ke_payload ke;
	ms_err err = accept_suite(ike, ike_msg_find(&rx->m, IKE_P_SA)->body, why);

	if (err)
		return err;
	if (ike_payload_get(ike_msg_find(&rx->m, IKE_P_KE), &ke) || ke.group != x->ke->id ||
		ike->suite.ke != x->ke->id || ke.data.len != x->ke->resp_octets)
		return ms_fail(why, MS_ERR_BAD_KE, "KE payload does not fit %s", x->ke->name);
	if (!ike_nonce_fits(nonce) || memcmp(rx->m.h.spi_r, zero, 8) == 0)
		return ms_fail(why, MS_ERR_SYNTAX, "nonce of %zu octets or no responder SPI",
			nonce->body.len);
	x->ke_peer = ike_keep(x, ke.data);
	x->nr = ike_keep(x, nonce->body);
	x->init_r = ike_keep(x, rx->m.raw);
	if (!x->ke_peer.ptr || !x->nr.ptr || !x->init_r.ptr)
		return MS_ERR_NOMEM;
	return MS_OK;
}

void ike_sa_init_response(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ms_logger lg = ike_logger(ike);
	struct ms_why why = { "" };
	ms_err err = take_response(rx, &why);

	if (err) {
		ike_count(rx->e, IKE_C_DROP_SYNTAX);
		ms_info(&lg, "IKE_SA_INIT response: %s, ignoring", ms_why_text(&why, err));
		return;
	}
	memcpy(ike->spi_r, rx->m.h.spi_r, 8);
	take_hashes(ike, &rx->m);
	take_fragmentation(ike, &rx->m);
	ike_certs_take(rx);
	ike_natd_check(ike, &rx->m);
	ike_request_answered(ike);
	ike->busy = IKE_BUSY_OTHER;
	ike_job_ke_finish(ike, finished);
}

/* --- responder ------------------------------------------------------------------------------ */

static void answer(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	struct ike_out out;

	if (err == MS_OK)
		err = ike_keymat(ike, x, NULL);
	if (err == MS_OK) {
		ike_response_begin(ike, &out, IKE_X_IKE_SA_INIT, 0);
		ike_put_suite(&out, &ike->suite, x->numbers[0], ms_bytes(NULL, 0));
		ike_put_ke_nonce(&out, x->ke->id, ms_bytes(x->ke_pub, x->ke->resp_octets), x->nr);
		ike_certreq_put(ike, &out);
		put_common(ike, &out, ike->peer_rfc7427, ike->peer_fragments);
		err = ike_response_send(ike, &out);
	}
	if (err == MS_OK) {
		x->init_r = ike_keep(x, ms_bytes(ike->response->octets, ike->response->len));
		err = x->init_r.ptr ? MS_OK : MS_ERR_NOMEM;
	}
	if (err) {
		ike_gone(ike, err, why);
		return;
	}
	ike_advance(ike, x->row);
	ike_report_state(ike, ike->serial, MS_RC_NEW_STATE + IKE_PARENT_R1, NULL);
	ike_idle(ike);
}

static void refuse(const struct ike_rx *rx, struct conn *c, unsigned n_others, ms_err err,
	const struct ms_why *why)
{
	struct ms_logger lg = conn_logger(c, MS_SOURCE_IKE);
	char offered[512], wanted[400], others[64] = "", from[MS_ENDPOINT_TEXT];

	lg.limit = &rx->e->limit;
	ms_endpoint_text(&rx->remote, from, sizeof(from));
	ike_proposals_peer_text(ike_msg_find(&rx->m, IKE_P_SA)->body, offered, sizeof(offered));
	ms_proposals_text(c->ike, wanted, sizeof(wanted));
	if (n_others > 0)
		snprintf(others, sizeof(others), " (nor does it fit %u other ike= of these hosts)",
			n_others);
	ms_notice(&lg, "IKE_SA_INIT from %s refused with %s: %s; offered %s, wanted %s%s", from,
		ike_name(ike_notify_name, ike_notify_of(err)), ms_why_text(why, err), offered,
		wanted, others);
	ike_answer_clear(rx, ike_notify_of(err), ms_bytes(NULL, 0));
}

/* What is kept of the stranger's message and of our answer: our nonce, the two values of the key
 * exchange that are ours, and the answer, of which the rest is short. */
static size_t kept_octets(const struct ike_rx *rx, const struct ms_ke_alg *alg)
{
	return rx->m.raw.len + IKE_NONCE_OCTETS + 2 * (size_t)alg->resp_octets +
	       alg->shared_octets + ANSWER_OCTETS;
}

/* A part of the message, in the copy of it that is kept. */
static struct ms_bytes same_part(
	struct ms_bytes copy, const struct ike_msg *m, struct ms_bytes part)
{
	struct wire_reader r = wire_reader(copy);

	(void)wire_take(&r, (size_t)(part.ptr - m->raw.ptr));
	return wire_take(&r, part.len);
}

static void create(struct ike_rx *rx, struct conn *c, const struct ms_suite *suite, unsigned number,
	struct ms_bytes ke)
{
	const struct ms_ke_alg *alg = ms_ke_find(suite->ke);
	struct ike_sa *ike =
		ike_sa_new(rx->e, c, false, &rx->local, &rx->remote, kept_octets(rx, alg));
	struct ms_why why = { "" };
	uint8_t nonce[IKE_NONCE_OCTETS];
	struct ms_logger lg;
	char from[MS_ENDPOINT_TEXT];

	if (!ike) {
		ike_count(rx->e, IKE_C_DROP_MEMORY);
		return;
	}
	lg = ike_logger(ike);
	memcpy(ike->spi_i, rx->m.h.spi_i, 8);
	ike_index_init(ike);
	ike->half_open = true;
	rx->e->half_open++;
	ike->suite = *suite;
	ike->x->row = rx->row;
	ike->x->numbers[0] = (uint8_t)number;
	ike->x->ke = alg;
	ike_random(rx->e, nonce, sizeof(nonce));
	ike->x->nr = ike_keep(ike->x, ms_bytes(nonce, sizeof(nonce)));
	ike->x->init_i = ike_keep(ike->x, rx->m.raw);
	if (!ike->x->nr.ptr || !ike->x->init_i.ptr || ike_algorithms(ike, &why)) {
		ike_gone(ike, MS_ERR_NOMEM, &why);
		return;
	}
	ike->x->ni = same_part(ike->x->init_i, &rx->m, ike_msg_find(&rx->m, IKE_P_NONCE)->body);
	ike->x->ke_peer = same_part(ike->x->init_i, &rx->m, ke);
	take_hashes(ike, &rx->m);
	take_fragmentation(ike, &rx->m);
	ike_natd_check(ike, &rx->m);
	ms_endpoint_text(&rx->remote, from, sizeof(from));
	ms_debug(&lg, "responding to IKE_SA_INIT from %s", from);
	ike->busy = IKE_BUSY_REQUEST;
	ike_job_ke_respond(ike, answer);
}

/* What is asked of each ike= of the two hosts. */
struct choice {
	struct ike_rx *rx;
	struct ike_exchange *tmp;
	struct ms_suite suite;
	unsigned group;		 /* of the KE payload */
	const struct conn *first; /* asked already */
	unsigned n_others;
};

static ms_err suite_of(struct choice *ch, const struct conn *c, struct ms_why *why)
{
	ms_err err = ike_get_proposals(
		ch->tmp, ike_msg_find(&ch->rx->m, IKE_P_SA)->body, c->ike, 0, why);

	return err == MS_OK ? ike_choose_suite(&ch->suite, c->ike, ch->tmp, ch->group) : err;
}

static bool suits(void *arg, struct conn *c)
{
	struct choice *ch = arg;

	if (c->ike == ch->first->ike || c->desc->keyexchange != MS_KEX_IKEV2)
		return false;
	ch->n_others++;
	return suite_of(ch, c, NULL) == MS_OK;
}

/* The identities will tell whose it is: until then any connection of the two hosts that can do what
 * the peer offers stands in. */
static ms_err choose_conn(struct choice *ch, struct conn **c, struct ms_why *why)
{
	ms_err err = suite_of(ch, *c, why);
	struct conn *other;

	if (err != MS_ERR_NO_PROPOSAL)
		return err;
	ch->first = *c;
	other = conn_find_offer(ch->rx->e->conns, &ch->rx->local.addr, &ch->rx->remote.addr, suits,
		ch);
	if (!other)
		return err;
	*c = other;
	return MS_OK;
}

/* Chooses; answers and returns false when there is nothing to keep state for. */
static bool negotiate(struct choice *ch, struct conn **c, struct ike_ke_payload *ke)
{
	struct ike_rx *rx = ch->rx;
	const struct ms_ke_alg *alg;
	struct ms_why why = { "" };
	uint8_t group[2];
	ms_err err = ike_payload_get(ike_msg_find(&rx->m, IKE_P_KE), ke);

	ch->group = ke->group;
	if (err == MS_OK)
		err = choose_conn(ch, c, &why);
	alg = err == MS_OK ? ms_ke_find(ch->suite.ke) : NULL;
	if (err == MS_OK && !alg)
		err = ms_fail(&why, MS_ERR_NO_PROPOSAL, "a proposal without key exchange");
	if (err == MS_OK && !ike_nonce_fits(ike_msg_find(&rx->m, IKE_P_NONCE)))
		err = ms_fail(&why, MS_ERR_SYNTAX, "nonce of %zu octets",
			ike_msg_find(&rx->m, IKE_P_NONCE)->body.len);
	if (err == MS_OK && ke->group != alg->id) {
		group[0] = (uint8_t)(alg->id >> 8);
		group[1] = (uint8_t)alg->id;
		ike_answer_clear(rx, IKE_N_INVALID_KE_PAYLOAD, ms_bytes(group, 2));
		return false;
	}
	if (err == MS_OK && ke->data.len != alg->init_octets)
		err = ms_fail(&why, MS_ERR_BAD_KE, "KE data of %zu octets for %s", ke->data.len,
			alg->name);
	if (err == MS_OK)
		return true;
	refuse(rx, *c, ch->n_others, err, &why);
	return false;
}

static bool prove_address(struct ike_rx *rx)
{
	struct ike_notify_payload n;
	uint8_t cookie[IKE_COOKIE_OCTETS];

	if (!ike_cookie_wanted(rx->e))
		return true;
	if (ike_msg_notify(&rx->m, IKE_N_COOKIE, false, &n) && ike_cookie_good(rx->e, rx, n.data))
		return true;
	if (ike_cookie_make(rx->e, rx, cookie) == MS_OK) {
		ike_count(rx->e, IKE_C_COOKIES_SENT);
		ike_answer_clear(rx, IKE_N_COOKIE, ms_bytes(cookie, sizeof(cookie)));
	}
	return false;
}

void ike_sa_init_request(struct ike_rx *rx)
{
	struct ike_exchange tmp = { .arena = NULL };
	struct choice ch = { .rx = rx, .tmp = &tmp };
	struct ike_ke_payload ke;
	struct conn *c = conn_find_host_pair(rx->e->conns, &rx->local.addr, &rx->remote.addr);

	if (!c || !c->ike || c->desc->keyexchange != MS_KEX_IKEV2) {
		ike_count(rx->e, IKE_C_DROP_NO_CONN);
		ike_log_stranger(rx, "IKE_SA_INIT, but no connection is known between these hosts");
		ike_answer_clear(rx, IKE_N_NO_PROPOSAL_CHOSEN, ms_bytes(NULL, 0));
		return;
	}
	if (!prove_address(rx))
		return;
	if (rx->e->half_open >= rx->e->params.max_half_open) {
		ike_count(rx->e, IKE_C_DROP_HALF_OPEN);
		return;
	}
	tmp.arena = ms_arena_new(sizeof(struct ms_proposals) + 64, false);
	if (!tmp.arena) {
		ike_count(rx->e, IKE_C_DROP_MEMORY);
		return;
	}
	if (negotiate(&ch, &c, &ke))
		create(rx, c, &ch.suite, tmp.numbers[tmp.chosen], ke.data);
	ms_arena_free(&tmp.arena);
}

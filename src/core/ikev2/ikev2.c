/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKEv2: its transition table, and what the engine asks of a version.
 *
 * Notifies without steering meaning, vendor ids and certificates never decide about a row.  Rows of
 * one state and exchange exclude each other: fsm_test proves it.  The next exchanges' places:
 * IKE_INTERMEDIATE, IKE_FOLLOWUP_KE, EAP rounds of IKE_AUTH.
 */
#include "core/ike/version.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/exchanges.h"
#include "core/ikev2/ikev2.h"
#include "core/ikev2/mobike.h"

#define P(type)     IKE_HAS(IKE_P_##type)
#define N(bit)      IKE_HAS_NOTIFY(STEER_##bit)
#define FROM(state) IKE_FROM(IKE_PARENT_##state)
#define ESTABLISHED (FROM(I3) | FROM(R2))
#define REQUEST(x)  .exchange = IKE_X_##x, .role = IKE_REQUEST
#define RESPONSE(x) .exchange = IKE_X_##x, .role = IKE_RESPONSE

#define ANY_NOTIFY \
	(N(ERROR) | N(CHILD_ERROR) | N(COOKIE) | N(INVALID_KE) | N(REKEY_SA) | N(TRANSPORT))
/* What never decides about a row. */
#define ALWAYS (P(SK) | P(NOTIFY) | P(VENDOR) | P(CERT) | P(CERTREQ) | P(CP))

/* clang-format off */
static const struct ike_transition rows[] = {
	/* <-- HDR, SAi1, KEi, Ni                  HDR, SAr1, KEr, Nr --> */
	{ .story = "answer IKE_SA_INIT", REQUEST(IKE_SA_INIT), .from = 0,
	  .need = P(SA) | P(KE) | P(NONCE), .may = N(COOKIE) | N(TRANSPORT),
	  .act = ike_sa_init_request, .to = IKE_PARENT_R1, .timer = TIMER_HALF_OPEN },
	/* <-- HDR, N(COOKIE) */
	{ .story = "IKE_SA_INIT again with the cookie", RESPONSE(IKE_SA_INIT), .from = FROM(I1),
	  .need = N(COOKIE), .may = 0,
	  .act = ike_sa_init_cookie, .to = IKE_PARENT_I1, .timer = TIMER_RETRANSMIT },
	/* <-- HDR, N(INVALID_KE_PAYLOAD) */
	{ .story = "IKE_SA_INIT again with the wanted group", RESPONSE(IKE_SA_INIT),
	  .from = FROM(I1),
	  .need = N(INVALID_KE), .may = 0,
	  .act = ike_sa_init_ke, .to = IKE_PARENT_I1, .timer = TIMER_RETRANSMIT },
	/* <-- HDR, N(error) */
	{ .story = "IKE_SA_INIT refused", RESPONSE(IKE_SA_INIT), .from = FROM(I1),
	  .need = N(ERROR), .may = N(CHILD_ERROR),
	  .act = ike_sa_init_refused, .to = IKE_GONE, .timer = TIMER_NONE },
	{ .story = "IKE_SA_INIT finds no proposal", RESPONSE(IKE_SA_INIT), .from = FROM(I1),
	  .need = N(CHILD_ERROR), .may = 0,
	  .act = ike_sa_init_refused, .to = IKE_GONE, .timer = TIMER_NONE },
	/* <-- HDR, SAr1, KEr, Nr                  HDR, SK {IDi, AUTH, SAi2, TSi, TSr} --> */
	{ .story = "IKE_SA_INIT done, authenticate", RESPONSE(IKE_SA_INIT), .from = FROM(I1),
	  .need = P(SA) | P(KE) | P(NONCE), .may = N(TRANSPORT),
	  .act = ike_sa_init_response, .to = IKE_PARENT_I2, .timer = TIMER_RETRANSMIT },

	/* <-- HDR, SK {IDi, [IDr,] AUTH, SAi2, TSi, TSr}
	 *                                      HDR, SK {IDr, AUTH, SAr2, TSi, TSr} --> */
	{ .story = "answer IKE_AUTH", REQUEST(IKE_AUTH), .from = FROM(R1),
	  .need = P(IDI) | P(AUTH) | P(SA) | P(TSI) | P(TSR), .may = P(IDR) | N(TRANSPORT),
	  .act = ike_auth_request, .to = IKE_PARENT_R2, .timer = TIMER_LIFETIME },
	{ .story = "IKE_AUTH wants EAP", REQUEST(IKE_AUTH), .from = FROM(R1),
	  .need = P(IDI) | P(SA) | P(TSI) | P(TSR), .may = P(IDR) | N(TRANSPORT),
	  .act = ike_auth_eap, .to = IKE_GONE, .timer = TIMER_NONE },
	/* <-- HDR, SK {IDr, AUTH, SAr2, TSi, TSr} */
	{ .story = "IKE_AUTH done", RESPONSE(IKE_AUTH), .from = FROM(I2),
	  .need = P(IDR) | P(AUTH) | P(SA) | P(TSI) | P(TSR), .may = N(TRANSPORT),
	  .act = ike_auth_response, .to = IKE_PARENT_I3, .timer = TIMER_LIFETIME },
	{ .story = "IKE_AUTH done, CHILD SA refused", RESPONSE(IKE_AUTH), .from = FROM(I2),
	  .need = P(IDR) | P(AUTH) | N(CHILD_ERROR), .may = N(ERROR),
	  .act = ike_auth_response, .to = IKE_PARENT_I3, .timer = TIMER_LIFETIME },
	{ .story = "IKE_AUTH refused", RESPONSE(IKE_AUTH), .from = FROM(I2),
	  .need = N(ERROR), .may = N(CHILD_ERROR),
	  .act = ike_auth_refused, .to = IKE_GONE, .timer = TIMER_NONE },
	{ .story = "IKE_AUTH refused with a CHILD SA's error", RESPONSE(IKE_AUTH),
	  .from = FROM(I2),
	  .need = N(CHILD_ERROR), .may = 0,
	  .act = ike_auth_refused, .to = IKE_GONE, .timer = TIMER_NONE },

	/* <-- HDR, SK {...}                       HDR, SK {D} --> */
	{ .story = "IKE_AUTH answered, but nobody wants it any more", RESPONSE(IKE_AUTH),
	  .from = IKE_FROM(IKE_DELETING), .need = 0,
	  .may = P(IDR) | P(AUTH) | P(SA) | P(TSI) | P(TSR) | ANY_NOTIFY,
	  .act = ike_auth_unwanted, .to = 0, .timer = TIMER_NONE },

	/* HDR, SK {[N,] [D]} both ways */
	{ .story = "answer INFORMATIONAL", REQUEST(INFORMATIONAL),
	  .from = ESTABLISHED | IKE_FROM(IKE_DELETING),
	  .need = 0, .may = P(DELETE) | ANY_NOTIFY,
	  .act = ike_informational_request, .to = 0, .timer = TIMER_NONE },
	{ .story = "INFORMATIONAL answered", RESPONSE(INFORMATIONAL),
	  .from = ESTABLISHED | IKE_FROM(IKE_DELETING),
	  .need = 0, .may = P(DELETE) | ANY_NOTIFY,
	  .act = ike_informational_response, .to = 0, .timer = TIMER_NONE },

	/* <-- HDR, SK {SA, Ni, [KEi,] TSi, TSr}    HDR, SK {SA, Nr, [KEr,] TSi, TSr} --> */
	{ .story = "answer CREATE_CHILD_SA", REQUEST(CREATE_CHILD_SA), .from = ESTABLISHED,
	  .need = P(SA) | P(NONCE) | P(TSI) | P(TSR), .may = P(KE) | N(TRANSPORT),
	  .act = ike_create_child_request, .to = 0, .timer = TIMER_NONE },
	{ .story = "answer a CHILD SA's rekeying", REQUEST(CREATE_CHILD_SA), .from = ESTABLISHED,
	  .need = P(SA) | P(NONCE) | P(TSI) | P(TSR) | N(REKEY_SA), .may = P(KE) | N(TRANSPORT),
	  .act = ike_rekey_child_request, .to = 0, .timer = TIMER_NONE },
	{ .story = "answer the IKE SA's rekeying", REQUEST(CREATE_CHILD_SA), .from = ESTABLISHED,
	  .need = P(SA) | P(NONCE) | P(KE), .may = 0,
	  .act = ike_rekey_ike_request, .to = 0, .timer = TIMER_NONE },
	{ .story = "CREATE_CHILD_SA comes too late", REQUEST(CREATE_CHILD_SA),
	  .from = IKE_FROM(IKE_DELETING), .need = P(SA) | P(NONCE),
	  .may = P(KE) | P(TSI) | P(TSR) | ANY_NOTIFY,
	  .act = ike_create_child_late, .to = 0, .timer = TIMER_NONE },
	{ .story = "CHILD SA rekeyed", RESPONSE(CREATE_CHILD_SA), .from = ESTABLISHED,
	  .need = P(SA) | P(NONCE) | P(TSI) | P(TSR), .may = P(KE) | N(TRANSPORT),
	  .act = ike_create_child_response, .to = 0, .timer = TIMER_NONE },
	{ .story = "IKE SA rekeyed", RESPONSE(CREATE_CHILD_SA), .from = ESTABLISHED,
	  .need = P(SA) | P(NONCE) | P(KE), .may = 0,
	  .act = ike_rekey_ike_response, .to = 0, .timer = TIMER_NONE },
	{ .story = "CREATE_CHILD_SA refused", RESPONSE(CREATE_CHILD_SA), .from = ESTABLISHED,
	  .need = N(ERROR), .may = N(CHILD_ERROR) | N(INVALID_KE),
	  .act = ike_create_child_refused, .to = 0, .timer = TIMER_NONE },
	{ .story = "CREATE_CHILD_SA refused for now", RESPONSE(CREATE_CHILD_SA),
	  .from = ESTABLISHED,
	  .need = N(CHILD_ERROR), .may = N(INVALID_KE),
	  .act = ike_create_child_refused, .to = 0, .timer = TIMER_NONE },
	{ .story = "CREATE_CHILD_SA wants another group", RESPONSE(CREATE_CHILD_SA),
	  .from = ESTABLISHED, .need = N(INVALID_KE), .may = 0,
	  .act = ike_create_child_refused, .to = 0, .timer = TIMER_NONE },
};
/* clang-format on */

/* By falling urgency. */
static void next_request(struct ike_sa *ike)
{
	if (ike->wants & (IKE_WANT_DELETE | IKE_WANT_CHILD_DELETE | IKE_WANT_DPD |
				 IKE_WANT_ADDRESSES | IKE_WANT_COOKIE2)) {
		ike_informational_start(ike);
		return;
	}
	if (ike->wants & IKE_WANT_REKEY) {
		ike->wants &= (uint8_t)~IKE_WANT_REKEY;
		ike_rekey_ike_start(ike);
		return;
	}
	for (struct child_sa *c = ike->children; c; c = c->next) {
		if (c->wants & CHILD_WANT_NEW) {
			c->wants &= (uint8_t)~CHILD_WANT_NEW;
			ike_create_child_start(c);
			return;
		}
		if (c->wants & CHILD_WANT_REKEY) {
			c->wants &= (uint8_t)~CHILD_WANT_REKEY;
			ike_rekey_child_start(c);
			return;
		}
	}
	ike->wants &= (uint8_t)~(IKE_WANT_CHILD_REKEY | IKE_WANT_CHILD_NEW);
}

static void look(struct ike_sa *ike)
{
	ike_mobike_look(ike, false);
}

const struct ike_version ikev2 = {
	.name = "ikev2",
	.rows = rows,
	.n_rows = sizeof(rows) / sizeof(rows[0]),
	.always = ALWAYS,
	.start = ike_sa_init_start,
	.next_request = next_request,
	.gone = ike_cp_release,
	.floats = ike_mobike_wanted,
	.follow = ike_mobike_follow,
	.look = look,
	.unanswered = ike_mobike_unanswered,
	.answer_to = ike_answer_to,
};

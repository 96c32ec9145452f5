/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message grammar: which payloads a message of an exchange may carry.  A payload type without a row
 * is not allowed there; the transition table (fsm.c) says which of the optional ones a state needs.
 * Standards: RFC 7296 s1.2, s1.3, s1.4 and appendix C.
 */
#include "core/ike/message.h"

#define REQ(exchange, payload, min, max, protected)                                 \
	{                                                                           \
		IKE_X_##exchange, IKE_REQUEST, IKE_P_##payload, min, max, protected \
	}
#define RSP(exchange, payload, min, max, protected)                                  \
	{                                                                            \
		IKE_X_##exchange, IKE_RESPONSE, IKE_P_##payload, min, max, protected \
	}
#define MANY IKE_MAX_PAYLOADS

const struct ike_grammar_row ike_grammar[] = {
	REQ(IKE_SA_INIT, SA, 1, 1, false),
	REQ(IKE_SA_INIT, KE, 1, 1, false),
	REQ(IKE_SA_INIT, NONCE, 1, 1, false),
	REQ(IKE_SA_INIT, NOTIFY, 0, MANY, false),
	REQ(IKE_SA_INIT, VENDOR, 0, MANY, false),

	RSP(IKE_SA_INIT, SA, 0, 1, false), /* errors and cookies come without */
	RSP(IKE_SA_INIT, KE, 0, 1, false),
	RSP(IKE_SA_INIT, NONCE, 0, 1, false),
	RSP(IKE_SA_INIT, CERTREQ, 0, MANY, false),
	RSP(IKE_SA_INIT, NOTIFY, 0, MANY, false),
	RSP(IKE_SA_INIT, VENDOR, 0, MANY, false),

	REQ(IKE_AUTH, SK, 1, 1, false),
	REQ(IKE_AUTH, IDI, 1, 1, true),
	REQ(IKE_AUTH, IDR, 0, 1, true),
	REQ(IKE_AUTH, CERT, 0, MANY, true),
	REQ(IKE_AUTH, CERTREQ, 0, MANY, true),
	REQ(IKE_AUTH, AUTH, 0, 1, true), /* without: EAP, refused by a transition */
	REQ(IKE_AUTH, CP, 0, 1, true),
	REQ(IKE_AUTH, SA, 0, 1, true),
	REQ(IKE_AUTH, TSI, 0, 1, true),
	REQ(IKE_AUTH, TSR, 0, 1, true),
	REQ(IKE_AUTH, NOTIFY, 0, MANY, true),
	REQ(IKE_AUTH, VENDOR, 0, MANY, true),

	RSP(IKE_AUTH, SK, 1, 1, false),
	RSP(IKE_AUTH, IDR, 0, 1, true),
	RSP(IKE_AUTH, CERT, 0, MANY, true),
	RSP(IKE_AUTH, AUTH, 0, 1, true),
	RSP(IKE_AUTH, CP, 0, 1, true),
	RSP(IKE_AUTH, SA, 0, 1, true),
	RSP(IKE_AUTH, TSI, 0, 1, true),
	RSP(IKE_AUTH, TSR, 0, 1, true),
	RSP(IKE_AUTH, NOTIFY, 0, MANY, true),
	RSP(IKE_AUTH, VENDOR, 0, MANY, true),

	REQ(CREATE_CHILD_SA, SK, 1, 1, false),
	REQ(CREATE_CHILD_SA, SA, 1, 1, true),
	REQ(CREATE_CHILD_SA, NONCE, 1, 1, true),
	REQ(CREATE_CHILD_SA, KE, 0, 1, true),
	REQ(CREATE_CHILD_SA, TSI, 0, 1, true),
	REQ(CREATE_CHILD_SA, TSR, 0, 1, true),
	REQ(CREATE_CHILD_SA, CP, 0, 1, true),
	REQ(CREATE_CHILD_SA, NOTIFY, 0, MANY, true),
	REQ(CREATE_CHILD_SA, VENDOR, 0, MANY, true),

	RSP(CREATE_CHILD_SA, SK, 1, 1, false),
	RSP(CREATE_CHILD_SA, SA, 0, 1, true),
	RSP(CREATE_CHILD_SA, NONCE, 0, 1, true),
	RSP(CREATE_CHILD_SA, KE, 0, 1, true),
	RSP(CREATE_CHILD_SA, TSI, 0, 1, true),
	RSP(CREATE_CHILD_SA, TSR, 0, 1, true),
	RSP(CREATE_CHILD_SA, CP, 0, 1, true),
	RSP(CREATE_CHILD_SA, NOTIFY, 0, MANY, true),
	RSP(CREATE_CHILD_SA, VENDOR, 0, MANY, true),

	REQ(INFORMATIONAL, SK, 1, 1, false),
	REQ(INFORMATIONAL, NOTIFY, 0, MANY, true),
	REQ(INFORMATIONAL, DELETE, 0, MANY, true),
	REQ(INFORMATIONAL, CP, 0, 1, true),
	REQ(INFORMATIONAL, VENDOR, 0, MANY, true),

	RSP(INFORMATIONAL, SK, 1, 1, false),
	RSP(INFORMATIONAL, NOTIFY, 0, MANY, true),
	RSP(INFORMATIONAL, DELETE, 0, MANY, true),
	RSP(INFORMATIONAL, CP, 0, 1, true),
	RSP(INFORMATIONAL, VENDOR, 0, MANY, true),
};
const unsigned ike_grammar_rows = sizeof(ike_grammar) / sizeof(ike_grammar[0]);

ms_err ike_msg_grammar(const struct ike_msg *m, struct ms_why *why)
{
	unsigned role = ike_msg_is_response(m) ? IKE_RESPONSE : IKE_REQUEST;
	uint8_t count[2][IKE_P_LAST - IKE_P_FIRST + 1] = { { 0 } };
	uint64_t allowed = 0;
	bool known = false;

	for (unsigned i = 0; i < m->n; i++)
		count[m->p[i].protected][m->p[i].type - IKE_P_FIRST]++;
	for (unsigned i = 0; i < ike_grammar_rows; i++) {
		const struct ike_grammar_row *g = &ike_grammar[i];
		unsigned here, elsewhere;

		if (g->exchange != m->h.exchange || g->role != role)
			continue;
		known = true;
		allowed |= IKE_HAS(g->payload);
		here = count[g->protected][g->payload - IKE_P_FIRST];
		elsewhere = count[!g->protected][g->payload - IKE_P_FIRST];
		if (here >= g->min && here <= g->max && elsewhere == 0)
			continue;
		return ms_fail(why, MS_ERR_SYNTAX,
			"%s %s has %u %s payloads %s SK, between %u and %u are allowed",
			ike_name(ike_exchange_name, g->exchange),
			role == IKE_RESPONSE ? "response" : "request", elsewhere ? elsewhere : here,
			ike_name(ike_payload_name, g->payload),
			(elsewhere != 0) == g->protected ? "outside" : "inside", g->min, g->max);
	}
	if (!known)
		return ms_fail(why, MS_ERR_UNEXPECTED, "exchange type %u is not known",
			(unsigned)m->h.exchange);
	for (unsigned i = 0; i < m->n; i++)
		if (!(allowed & IKE_HAS(m->p[i].type)))
			return ms_fail(why, MS_ERR_SYNTAX, "%s has no place in %s",
				ike_name(ike_payload_name, m->p[i].type),
				ike_name(ike_exchange_name, m->h.exchange));
	return MS_OK;
}

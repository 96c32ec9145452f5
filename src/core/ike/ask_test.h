/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE_CHILD_SA requests of west's that its engine knows nothing of, and what east says to them. */
#ifndef CORE_IKE_ASK_TEST_H
#define CORE_IKE_ASK_TEST_H

#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/sim/tape_test.h"

static inline void lose_all(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	(void)arg;
	(void)p;
	fate->lose = true;
}

static inline void keep_answer(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct record *r = arg;

	fate->lose = true;
	r->len = p->len;
	memcpy(r->octets, p->octets, p->len);
}

/* On west's IKE SA w (NULL: the first one); the error that east answers with, 0: none. */
static inline unsigned answer_to(struct pair *p, struct ike_sa *w, const struct chain *request)
{
	struct record answer = { .len = 0 }, said = { .src = *west500(p), .dst = *east500(p) };
	struct ike_header h = { .version = IKE_VERSION_2, .exchange = IKE_X_CREATE_CHILD_SA,
		.flags = IKE_F_INITIATOR };
	struct ike_notify_payload n;
	struct inner in;
	struct chain got;
	struct wire_reader r;

	w = w ? w : ike_first(p->west->ike);
	h.id = w->send_id;
	memcpy(h.spi_i, w->spi_i, 8);
	memcpy(h.spi_r, w->spi_r, 8);
	chain_put(request, &in, &h);
	p->sim->network = keep_answer;
	p->sim->network_arg = &answer;
	say_sealed(p, w, &said, &in, in.octets, in.len);
	p->sim->network = lose_all;
	assert_true(answer.len > 0);
	open_record(w, &answer, &in);
	chain_of(&in, &got);
	if (got.n == 0 || got.types[0] != IKE_P_NOTIFY)
		return 0;
	r = wire_reader(got.bodies[0]);
	assert_int_equal(ike_layout_get(&ike_notify_layout, &r, &n), MS_OK);
	return n.type < 16384 ? n.type : 0;
}

static uint8_t a_nonce[32] = { 1 };

/* A CHILD SA with AES-GCM: a further one, or, with a REKEY_SA's body, one in place of another. */
static inline unsigned answer_to_child(struct pair *p, struct ike_sa *w, const struct ms_bytes *rekey)
{
	static uint8_t spi; /* another one each time */
	uint8_t sa[] = { 0, 0, 0, 32, 1, 3, 4, 2, 1, 2, 3, ++spi, 3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0,
		128, 0, 0, 0, 8, 5, 0, 0, 0 };
	uint8_t mine[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 1, 0, 192, 0, 1, 255 };
	uint8_t yours[] = { 1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 2, 0, 192, 0, 2, 255 };
	struct chain c = { 4, { IKE_P_SA, IKE_P_NONCE, IKE_P_TSI, IKE_P_TSR },
		{ ms_bytes(sa, sizeof(sa)), ms_bytes(a_nonce, 32), ms_bytes(mine, sizeof(mine)),
			ms_bytes(yours, sizeof(yours)) } };

	if (rekey) {
		c.types[4] = IKE_P_NOTIFY;
		c.bodies[4] = *rekey;
		c.n = 5;
	}
	return answer_to(p, w, &c);
}

/* New keys for the IKE SA: AES-GCM, SHA2-256, X25519. */
static inline unsigned answer_to_ike(struct pair *p, struct ike_sa *w)
{
	uint8_t sa[] = { 0, 0, 0, 44, 1, 1, 8, 3, 1, 2, 3, 4, 5, 6, 7, 8, 3, 0, 0, 12, 1, 0, 0, 20,
		0x80, 14, 0, 128, 3, 0, 0, 8, 2, 0, 0, 5, 0, 0, 0, 8, 4, 0, 0, 31 };
	uint8_t ke[4 + 32] = { 0, 31, 0, 0, 9 };
	const struct chain c = { 3, { IKE_P_SA, IKE_P_NONCE, IKE_P_KE },
		{ ms_bytes(sa, sizeof(sa)), ms_bytes(a_nonce, 32), ms_bytes(ke, sizeof(ke)) } };

	return answer_to(p, w, &c);
}

#endif

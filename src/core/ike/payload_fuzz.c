/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the message decoder.  First octet: the type of the first payload (0: the input is
 * a whole datagram).  What decodes must encode to the same octets and print within its room.
 */
#include "core/ike/ike_sa.h"
#include "core/ikev2/auth.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"
#include "fuzz/fuzz.h"

/* Room for the largest decoded payload. */
union decoded {
	struct ike_ke_payload ke;
	struct ike_notify_payload notify;
	struct ike_delete_payload del;
	struct ike_proposal_head proposal;
	struct ike_header header;
};

/* Reserved octets are ignored when read and zero when written: the second round must be stable. */
static void round_trip(const struct ike_payload *p)
{
	const struct ike_layout *l = ike_layout_of(p->type);
	static uint8_t first[IKE_MAX_DATAGRAM], second[IKE_MAX_DATAGRAM];
	struct wire_writer w = wire_writer(first, sizeof(first));
	struct wire_reader r;
	union decoded d;
	char text[400], small[8];

	memset(&d, 0, sizeof(d));
	if (ike_payload_get(p, &d))
		return;
	MUST(ike_layout_text(l, &d, text, sizeof(text)) == strlen(text) ||
		strlen(text) == sizeof(text) - 1);
	(void)ike_layout_text(l, &d, small, sizeof(small));
	ike_layout_put(l, &w, &d);
	MUST(wire_written(&w) && wire_result(&w).len == p->body.len);
	r = wire_reader(wire_result(&w));
	memset(&d, 0, sizeof(d));
	MUST(ike_layout_get(l, &r, &d) == MS_OK);
	w = wire_writer(second, sizeof(second));
	ike_layout_put(l, &w, &d);
	MUST(memcmp(first, second, p->body.len) == 0);
}

static void sa_payload(struct ike_exchange *x, struct ms_bytes body)
{
	static const struct ms_proposals ours = { .n = 1,
		.p = { { MS_PROTOCOL_IKE, 6,
			{ { 1, 20, 128 }, { 1, 12, 256 }, { 2, 5, 0 }, { 3, 12, 0 }, { 4, 31, 0 },
				{ 4, 14, 0 } } } } };
	struct ms_suite suite;
	unsigned chosen;
	char text[300];

	(void)ike_proposals_peer_text(body, text, sizeof(text));
	for (unsigned spi = 0; spi <= 8; spi += 4)
		if (ike_get_proposals(x, body, &ours, spi, NULL) == MS_OK) {
			MUST(x->peers->n > 0 && x->peers->n <= MS_MAX_PROPOSALS);
			if (ms_suite_choose(&suite, &ours, x->peers, &chosen) == MS_OK)
				MUST(chosen < x->peers->n);
		}
}

static void ts_payload(struct ike_exchange *x, const struct ike_payload *p)
{
	struct ms_selector *s, out[CHILD_MAX_SELECTORS];
	static uint8_t again[IKE_MAX_DATAGRAM];
	struct ike_header h = { .exchange = IKE_X_IKE_AUTH };
	struct ike_out o;
	unsigned n;
	char text[200];

	if (ike_get_ts(x->arena, p, &s, &n, NULL))
		return;
	(void)child_selectors_text(s, n, text, sizeof(text));
	MUST(ike_ts_narrow(s, n, s, n, out) <= CHILD_MAX_SELECTORS);
	ike_out_begin(&o, again, sizeof(again), &h);
	ike_put_ts(&o, p->type, s, n);
	MUST(ike_out_finish(&o).len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ike_exchange x = { .arena = ms_arena_new(8192, false) };
	struct ike_msg m;
	struct ms_why why = { "" };
	char text[600];
	uint8_t *copy;
	ms_err err;

	if (size < 1 || size > IKE_MAX_DATAGRAM) {
		ms_arena_free(&x.arena);
		return 0;
	}
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	memset(&m, 0, sizeof(m));
	if (data[0] == 0) {
		err = ike_msg_header(&m, ms_bytes(copy, size - 1));
		if (err == MS_OK)
			err = ike_msg_walk(&m, &why);
	} else {
		m.raw = ms_bytes(copy, size - 1);
		m.first_inner = data[0];
		err = ike_msg_walk_inner(&m, m.raw, &why);
	}
	MUST(m.n <= IKE_MAX_PAYLOADS);
	if (ike_msg_grammar(&m, &why))
		MUST(why.text[0] != '\0');
	(void)ike_msg_text(&m, text, sizeof(text));
	for (unsigned i = 0; i < m.n; i++) {
		round_trip(&m.p[i]);
		if (m.p[i].type == IKE_P_SA)
			sa_payload(&x, m.p[i].body);
		else if (m.p[i].type == IKE_P_TSI || m.p[i].type == IKE_P_TSR)
			ts_payload(&x, &m.p[i]);
		else if (m.p[i].type == IKE_P_AUTH)
			(void)ike_auth_kind(m.p[i].body);
	}
	(void)err;
	free(copy);
	ms_arena_free(&x.arena);
	return 0;
}

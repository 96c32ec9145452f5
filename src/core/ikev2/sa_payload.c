/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SA payloads, reader and writer: RFC 7296 s3.3.  The reader keeps only transforms that we offer
 * ourselves, so that a peer with a hundred of them costs no more than one with ten; a proposal with
 * a type of which nothing is left cannot be chosen and is left out.
 */
#include "core/ike/ike_sa.h"
#include "core/ikev2/sa_payload.h"

#include <stdio.h>
#include <string.h>

static void put_transform(struct wire_writer *w, const struct ms_transform *t, bool last)
{
	uint8_t attr[4];
	struct wire_writer a = wire_writer(attr, sizeof(attr));
	struct ike_transform_head h = { .last = last ? 0 : 3, .type = t->type, .id = t->id };
	struct ike_attribute bits = { 0x8000 | IKE_ATTR_KEY_LENGTH, t->key_bits };

	/* s3.3.5: no Key Length for ciphers of one size. */
	if (t->key_bits && t->type == MS_TRANSFORM_ENCR && ms_encr_has_key_bits(t->id)) {
		ike_layout_put(&ike_attribute_layout, &a, &bits);
		h.rest = wire_result(&a);
	}
	ike_layout_put(&ike_transform_layout, w, &h);
}

static void put_proposal(struct wire_writer *w, unsigned number, unsigned protocol,
	struct ms_bytes spi, const struct ms_transform *t, unsigned n, bool last)
{
	struct ike_proposal_head h = { .last = last ? 0 : 2,
		.number = number,
		.protocol = protocol,
		.spi_octets = (uint32_t)spi.len,
		.n_transforms = n,
		.spi = spi };
	size_t from = w->len;

	ike_layout_put(&ike_proposal_layout, w, &h);
	for (unsigned i = 0; i < n; i++)
		put_transform(w, &t[i], i + 1 == n);
	wire_patch_uint(w, from + 2, w->len - from, 2);
}

void ike_put_proposals(struct ike_out *out, const struct ms_proposals *p, struct ms_bytes spi)
{
	ike_out_open(out, IKE_P_SA);
	for (unsigned i = 0; i < p->n; i++)
		put_proposal(
			&out->w, i + 1, p->p[i].protocol, spi, p->p[i].t, p->p[i].n, i + 1 == p->n);
}

void ike_put_suite(
	struct ike_out *out, const struct ms_suite *s, unsigned number, struct ms_bytes spi)
{
	struct ms_transform t[MS_TRANSFORM_TYPES];
	unsigned n = 0;

	if (s->protocol != MS_PROTOCOL_AH)
		t[n++] = (struct ms_transform){ MS_TRANSFORM_ENCR, s->encr, s->encr_bits };
	if (s->prf)
		t[n++] = (struct ms_transform){ MS_TRANSFORM_PRF, s->prf, 0 };
	if (s->integ)
		t[n++] = (struct ms_transform){ MS_TRANSFORM_INTEG, s->integ, 0 };
	if (s->ke)
		t[n++] = (struct ms_transform){ MS_TRANSFORM_KE, s->ke, 0 };
	if (s->protocol != MS_PROTOCOL_IKE)
		t[n++] = (struct ms_transform){ MS_TRANSFORM_ESN, s->esn, 0 };
	ike_out_open(out, IKE_P_SA);
	put_proposal(&out->w, number, s->protocol, spi, t, n, true);
}

static bool we_offer(const struct ms_proposals *ours, const struct ms_transform *t)
{
	/* None of a type is what leaving the type out says. */
	if (t->id == 0 && (t->type == MS_TRANSFORM_INTEG || t->type == MS_TRANSFORM_KE ||
				  t->type == MS_TRANSFORM_ESN))
		return true;
	for (unsigned i = 0; i < ours->n; i++)
		for (unsigned j = 0; j < ours->p[i].n; j++) {
			const struct ms_transform *o = &ours->p[i].t[j];

			if (o->type == t->type && o->id == t->id &&
				(o->key_bits == t->key_bits ||
					(t->type == MS_TRANSFORM_ENCR &&
						!ms_encr_has_key_bits(t->id))))
				return true;
		}
	return false;
}

static bool has_transform(const struct ms_proposal *p, const struct ms_transform *t)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == t->type && p->t[i].id == t->id &&
			p->t[i].key_bits == t->key_bits)
			return true;
	return false;
}

/* s3.3.6: a transform with an attribute that is not understood cannot be chosen. */
static ms_err get_transform(
	struct wire_reader *r, struct ms_transform *t, bool *usable_r, bool *last_r)
{
	struct ike_transform_head h;
	struct wire_reader a;

	if (ike_layout_get(&ike_transform_layout, r, &h))
		return MS_ERR_SYNTAX;
	*t = (struct ms_transform){ (uint8_t)h.type, (uint16_t)h.id, 0 };
	*usable_r = h.type > 0 && h.type < MS_TRANSFORM_TYPES;
	*last_r = h.last == 0;
	for (a = wire_reader(h.rest); wire_left(&a) > 0;) {
		struct ike_attribute attr;

		if (ike_layout_get(&ike_attribute_layout, &a, &attr))
			return MS_ERR_SYNTAX;
		if (attr.type == (0x8000 | IKE_ATTR_KEY_LENGTH)) {
			t->key_bits = (uint16_t)attr.value;
			continue;
		}
		*usable_r = false;
		if (!(attr.type & 0x8000)) {
			(void)wire_take(&a, attr.value);
			if (!wire_ok(&a))
				return MS_ERR_SYNTAX;
		}
	}
	return MS_OK;
}

/* *usable_r: every type that it lists has a transform that we offer. */
static ms_err get_proposal(const struct ike_proposal_head *h, const struct ms_proposals *ours,
	struct ms_proposal *p, bool *usable_r)
{
	struct wire_reader r = wire_reader(h->rest);
	unsigned listed = 0, kept = 0;

	p->protocol = (uint8_t)h->protocol;
	p->n = 0;
	for (unsigned i = 0; i < h->n_transforms; i++) {
		struct ms_transform t;
		bool usable, last;

		if (get_transform(&r, &t, &usable, &last) || last != (i + 1 == h->n_transforms))
			return MS_ERR_SYNTAX;
		listed |= 1u << (t.type < 31 ? t.type : 31);
		if (!usable || !we_offer(ours, &t) || has_transform(p, &t))
			continue;
		if (t.type == MS_TRANSFORM_ENCR && !ms_encr_has_key_bits(t.id))
			t.key_bits = 0;
		if (p->n == MS_MAX_TRANSFORMS)
			continue;
		p->t[p->n++] = t;
		kept |= 1u << t.type;
	}
	*usable_r = listed != 0 && listed == kept;
	return wire_ok(&r) && wire_left(&r) == 0 ? MS_OK : MS_ERR_SYNTAX;
}

static void sort_by_type(struct ms_proposal *p)
{
	for (unsigned i = 1; i < p->n; i++) {
		struct ms_transform t = p->t[i];
		unsigned j = i;

		for (; j > 0 && p->t[j - 1].type > t.type; j--)
			p->t[j] = p->t[j - 1];
		p->t[j] = t;
	}
}

static uint32_t spi_of(struct ms_bytes b)
{
	uint32_t v = 0;

	for (size_t i = 0; i < b.len && i < 4; i++)
		v = v << 8 | b.ptr[i];
	return v;
}

ms_err ike_get_proposals(struct ike_exchange *x, struct ms_bytes body,
	const struct ms_proposals *ours, unsigned spi_octets, struct ms_why *why)
{
	struct wire_reader r = wire_reader(body);
	bool last = false;

	if (!x->peers)
		x->peers = ms_arena_alloc(x->arena, sizeof(*x->peers));
	if (!x->peers)
		return MS_ERR_NOMEM;
	x->peers->n = 0;
	while (!last) {
		struct ike_proposal_head h;
		struct ms_proposal *p = &x->peers->p[x->peers->n];
		bool usable;

		if (ike_layout_get(&ike_proposal_layout, &r, &h) || (h.last != 0 && h.last != 2))
			return ms_fail(why, MS_ERR_SYNTAX, "malformed proposal in the SA payload");
		last = h.last == 0;
		if (x->peers->n == MS_MAX_PROPOSALS)
			continue; /* the reader goes on: the payload is bounded */
		if (get_proposal(&h, ours, p, &usable))
			return ms_fail(why, MS_ERR_SYNTAX, "malformed transform in proposal %u",
				(unsigned)h.number);
		if (!usable || h.protocol != ours->p[0].protocol || h.spi.len != spi_octets)
			continue;
		if (spi_octets == 4 && spi_of(h.spi) == 0)
			return ms_fail(
				why, MS_ERR_SYNTAX, "proposal %u has SPI 0", (unsigned)h.number);
		sort_by_type(p);
		x->numbers[x->peers->n] = (uint8_t)h.number;
		x->spis[x->peers->n] = spi_of(h.spi);
		if (spi_octets == 8)
			memcpy(x->spi8, h.spi.ptr, 8);
		x->peers->n++;
	}
	if (!wire_ok(&r) || wire_left(&r) != 0)
		return ms_fail(why, MS_ERR_SYNTAX, "octets after the last proposal");
	return x->peers->n > 0 ? MS_OK : MS_ERR_NO_PROPOSAL;
}

size_t ike_proposals_peer_text(struct ms_bytes body, char *buf, size_t size)
{
	struct wire_reader r = wire_reader(body);
	size_t n = 0;
	struct ike_proposal_head h = { .last = 2 };

#define ADD(...) \
	n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, __VA_ARGS__)
	ADD("%s", "");
	while (h.last != 0 && ike_layout_get(&ike_proposal_layout, &r, &h) == MS_OK) {
		struct wire_reader t = wire_reader(h.rest);
		struct ms_transform tr;
		bool usable, last;

		ADD("%s%s:", n > 0 ? ", " : "", ike_name(ike_protocol_name, h.protocol));
		for (unsigned i = 0; i < h.n_transforms; i++) {
			char text[48];

			if (get_transform(&t, &tr, &usable, &last))
				return n;
			ms_transform_text(tr.type, tr.id, tr.key_bits, text, sizeof(text));
			ADD("%s%s", i > 0 ? "/" : "", text);
		}
	}
#undef ADD
	return n;
}

bool ike_proposals_have_ke(const struct ms_proposals *p, uint16_t ke)
{
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned j = 0; j < p->p[i].n; j++)
			if (p->p[i].t[j].type == MS_TRANSFORM_KE && p->p[i].t[j].id == ke)
				return true;
	return false;
}

const struct ms_ke_alg *ike_first_ke(const struct ms_proposals *p)
{
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned j = 0; j < p->p[i].n; j++)
			if (p->p[i].t[j].type == MS_TRANSFORM_KE && p->p[i].t[j].id != MS_KE_NONE &&
				ms_ke_find(p->p[i].t[j].id))
				return ms_ke_find(p->p[i].t[j].id);
	return NULL;
}

/* First with the group whose KE payload is here: it spares a round trip. */
ms_err ike_choose_suite(struct ms_suite *suite, const struct ms_proposals *ours,
	struct ike_exchange *x, unsigned group)
{
	struct ms_proposals narrow = *x->peers;

	for (unsigned i = 0; i < narrow.n; i++) {
		struct ms_proposal *p = &narrow.p[i];
		unsigned n = 0;

		for (unsigned j = 0; j < p->n; j++)
			if (p->t[j].type != MS_TRANSFORM_KE || p->t[j].id == group)
				p->t[n++] = p->t[j];
		p->n = (uint8_t)n;
	}
	if (group && ms_suite_choose(suite, ours, &narrow, &x->chosen) == MS_OK &&
		suite->ke == group)
		return MS_OK;
	return ms_suite_choose(suite, ours, x->peers, &x->chosen);
}

void ike_put_ke_nonce(
	struct ike_out *out, unsigned group, struct ms_bytes pub, struct ms_bytes nonce)
{
	struct ike_ke_payload ke = { group, pub };
	struct ike_data_payload n = { nonce };

	if (pub.len > 0)
		ike_out_put(out, IKE_P_KE, &ke);
	ike_out_put(out, IKE_P_NONCE, &n);
}

bool ike_nonce_fits(const struct ike_payload *p)
{
	return p->body.len >= IKE_NONCE_MIN && p->body.len <= IKE_NONCE_MAX;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms of proposals and suites; what they write, the parser reads back as the same. */
#include "lib/addr/text.h"

#include <modswan/crypto.h>
#include <modswan/proposal.h>
#include <modswan/registry.h>

#include <stdio.h>

/* The order in which the family writes them. */
static const uint8_t order[] = { MS_TRANSFORM_ENCR, MS_TRANSFORM_INTEG, MS_TRANSFORM_PRF,
	MS_TRANSFORM_KE, MS_TRANSFORM_ESN };
#define ORDER (sizeof order / sizeof order[0])

static void put_transform(struct ms_out *o, const struct ms_transform *t)
{
	char name[64];

	ms_transform_text(t->type, t->id, t->key_bits, name, sizeof name);
	/* both registries call number 0 NONE: say which is meant */
	ms_out_str(o, t->type == MS_TRANSFORM_KE && t->id == 0 ? "DH0" : name);
}

/* ESN is worth words only when it can be YES; an absent INTEG beside an AEAD never. */
static bool shown(const struct ms_proposal *p, uint8_t type)
{
	bool any = false, only_zero = true;
	unsigned i;

	for (i = 0; i < p->n && i < MS_MAX_TRANSFORMS; i++)
		if (p->t[i].type == type) {
			any = true;
			only_zero = only_zero && p->t[i].id == 0;
		}
	if (type == MS_TRANSFORM_ESN || type == MS_TRANSFORM_INTEG)
		return any && !only_zero;
	return any;
}

static void put_proposal(struct ms_out *o, const struct ms_proposal *p)
{
	bool first = true;
	unsigned i, k;

	for (k = 0; k < ORDER; k++) {
		if (!shown(p, order[k]))
			continue;
		const char *before = first ? "" : "-";

		for (i = 0; i < p->n && i < MS_MAX_TRANSFORMS; i++) {
			if (p->t[i].type != order[k])
				continue;
			ms_out_str(o, before);
			put_transform(o, &p->t[i]);
			before = "+";
		}
		first = false;
	}
	/* transforms of types that we do not know, from a peer */
	for (i = 0; i < p->n && i < MS_MAX_TRANSFORMS; i++)
		if (ms_transform_type_name(p->t[i].type) == NULL) {
			ms_out_str(o, first ? "" : "-");
			put_transform(o, &p->t[i]);
			first = false;
		}
}

size_t ms_proposals_text(const struct ms_proposals *p, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	unsigned i;

	for (i = 0; i < p->n && i < MS_MAX_PROPOSALS; i++) {
		ms_out_str(&o, i > 0 ? "," : "");
		put_proposal(&o, &p->p[i]);
	}
	return ms_out_end(&o);
}

size_t ms_suite_text(const struct ms_suite *s, char *buf, size_t size)
{
	struct ms_proposal p = { .protocol = s->protocol };
	struct ms_out o = ms_out_begin(buf, size);
	const struct ms_transform all[] = {
		{ MS_TRANSFORM_ENCR, s->encr, s->encr_bits },
		{ MS_TRANSFORM_INTEG, s->integ, 0 },
		{ MS_TRANSFORM_PRF, s->prf, 0 },
		{ MS_TRANSFORM_KE, s->ke, 0 },
		{ MS_TRANSFORM_ESN, s->esn, 0 },
	};
	unsigned i;

	for (i = 0; i < ORDER; i++)
		if (all[i].id != 0)
			p.t[p.n++] = all[i];
	put_proposal(&o, &p);
	return ms_out_end(&o);
}

/* --- with numbers, for status ------------------------------------------------------------------ */

static void put_numbered(struct ms_out *o, const struct ms_transform *t)
{
	const char *name = ms_transform_name(t->type, t->id);
	char text[80];

	if (name != NULL)
		snprintf(text, sizeof text, "%s(%u)", name, t->id);
	else
		snprintf(text, sizeof text, "%s_%u(%u)", ms_transform_type_name(t->type), t->id, t->id);
	ms_out_str(o, text);
	if (t->type == MS_TRANSFORM_ENCR) {
		snprintf(text, sizeof text, "_%03u", t->key_bits);
		ms_out_str(o, text);
	}
}

/* Alternatives of one type behind `before`; false: there are none. */
static bool put_alternatives(
	struct ms_out *o, const struct ms_proposal *p, uint8_t type, const char *before)
{
	bool any = false;

	for (unsigned i = 0; i < p->n && i < MS_MAX_TRANSFORMS; i++) {
		if (p->t[i].type != type)
			continue;
		ms_out_str(o, any ? "+" : before);
		put_numbered(o, &p->t[i]);
		any = true;
	}
	return any;
}

size_t ms_proposals_listing(const struct ms_proposals *p, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);

	for (unsigned i = 0; i < p->n && i < MS_MAX_PROPOSALS; i++) {
		const struct ms_proposal *one = &p->p[i];
		bool ike = one->protocol == MS_PROTOCOL_IKE;
		const char *before = i > 0 ? ", " : "";

		if (put_alternatives(&o, one, MS_TRANSFORM_ENCR, before))
			before = "-";
		if (!put_alternatives(&o, one, MS_TRANSFORM_INTEG, before) && !ike)
			ms_out_str(&o, "-NONE(0)"); /* an AEAD's */
		if (ike) {
			put_alternatives(&o, one, MS_TRANSFORM_PRF, before);
			put_alternatives(&o, one, MS_TRANSFORM_KE, before);
		}
	}
	return ms_out_end(&o);
}

size_t ms_proposals_groups(const struct ms_proposals *p, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	struct ms_proposal all = { .n = 0 };

	for (unsigned i = 0; i < p->n && i < MS_MAX_PROPOSALS; i++)
		for (unsigned k = 0; k < p->p[i].n && k < MS_MAX_TRANSFORMS; k++) {
			const struct ms_transform *t = &p->p[i].t[k];
			unsigned j = 0;

			while (j < all.n && all.t[j].id != t->id)
				j++;
			if (t->type == MS_TRANSFORM_KE && t->id != MS_KE_NONE && j == all.n &&
				all.n < MS_MAX_TRANSFORMS)
				all.t[all.n++] = *t;
		}
	put_alternatives(&o, &all, MS_TRANSFORM_KE, "");
	return ms_out_end(&o);
}

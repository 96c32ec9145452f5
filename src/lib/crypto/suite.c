/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing one suite out of two lists of proposals.
 *
 * Our proposals are tried in our order; among the peer's proposals that fit one of ours, the one
 * wins that gives the best transforms by our order.  A type that is absent and a type that offers
 * NONE (INTEG, KE) are the same.
 *
 * Standards: RFC 7296 s2.7, s3.3, s3.3.2, s3.3.3, s3.3.5, s3.3.6; RFC 5282 s8 for AEADs.
 */
#include "lib/crypto/transforms.h"

#include <modswan/proposal.h>
#include <modswan/registry.h>

#include <limits.h>
#include <string.h>

/* Where one transform stands in our list; worse is higher. */
#define NOT_THERE UINT_MAX

static bool same(const struct ms_transform *a, const struct ms_transform *b)
{
	return a->type == b->type && a->id == b->id && a->key_bits == b->key_bits;
}

static bool offers(const struct ms_proposal *p, const struct ms_transform *t)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (same(&p->t[i], t))
			return true;
	return false;
}

static bool has_type(const struct ms_proposal *p, uint8_t type)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (p->t[i].type == type)
			return true;
	return false;
}

/* True when the proposal can do without a transform of this type. */
static bool can_lack(const struct ms_proposal *p, uint8_t type)
{
	const struct ms_transform none = { type, 0, 0 };

	if (!has_type(p, type))
		return true;
	return (type == MS_TRANSFORM_INTEG || type == MS_TRANSFORM_KE) && offers(p, &none);
}

/* The best common transform of a type; real: not NONE.  NOT_THERE: none is common. */
static unsigned best(
	const struct ms_proposal *ours, const struct ms_proposal *peer, uint8_t type, bool real)
{
	unsigned i;

	for (i = 0; i < ours->n; i++)
		if (ours->t[i].type == type && !(real && ours->t[i].id == 0) &&
			offers(peer, &ours->t[i]))
			return i;
	return NOT_THERE;
}

/* NONE by the one side may stand for absence on the other: RFC 7296 s3.3.6.  *id_r is 0 for it. */
static bool choose_optional(const struct ms_proposal *ours, const struct ms_proposal *peer,
	uint8_t type, uint16_t *id_r, unsigned *rank_r)
{
	unsigned at = best(ours, peer, type, false);

	*id_r = 0;
	*rank_r = at != NOT_THERE ? at : MS_MAX_TRANSFORMS;
	if (at != NOT_THERE) {
		*id_r = ours->t[at].id;
		return true;
	}
	return can_lack(ours, type) && can_lack(peer, type);
}

static bool choose_integ(const struct ms_proposal *ours, const struct ms_proposal *peer,
	bool wanted, struct ms_suite *out, unsigned *rank_r)
{
	unsigned at;

	out->integ = 0;
	*rank_r = 0;
	if (!wanted)
		return can_lack(ours, MS_TRANSFORM_INTEG) && can_lack(peer, MS_TRANSFORM_INTEG);
	at = best(ours, peer, MS_TRANSFORM_INTEG, true);
	if (at == NOT_THERE)
		return false;
	out->integ = ours->t[at].id;
	*rank_r = at;
	return true;
}

/* Encryption and integrity belong together: an AEAD wants none beside it, all others want one. */
static bool choose_protection(const struct ms_proposal *ours, const struct ms_proposal *peer,
	struct ms_suite *out, unsigned rank[MS_TRANSFORM_TYPES])
{
	unsigned i;

	if (ours->protocol == MS_PROTOCOL_AH)
		return !has_type(peer, MS_TRANSFORM_ENCR) &&
		       choose_integ(ours, peer, true, out, &rank[MS_TRANSFORM_INTEG]);
	for (i = 0; i < ours->n; i++) {
		const struct ms_transform *t = &ours->t[i];

		if (t->type != MS_TRANSFORM_ENCR || !offers(peer, t) ||
			!choose_integ(ours, peer, !ms_encr_is_aead(t->id), out,
				&rank[MS_TRANSFORM_INTEG]))
			continue;
		out->encr = t->id;
		out->encr_bits = t->key_bits;
		rank[MS_TRANSFORM_ENCR] = i;
		return true;
	}
	return false;
}

static bool fit(const struct ms_proposal *ours, const struct ms_proposal *peer,
	struct ms_suite *out, unsigned rank[MS_TRANSFORM_TYPES])
{
	bool ike = ours->protocol == MS_PROTOCOL_IKE;
	unsigned i;

	memset(out, 0, sizeof *out);
	memset(rank, 0, MS_TRANSFORM_TYPES * sizeof rank[0]);
	if (ours->protocol != peer->protocol || ours->n > MS_MAX_TRANSFORMS ||
		peer->n > MS_MAX_TRANSFORMS)
		return false;
	out->protocol = ours->protocol;
	/* RFC 7296 s3.3.6: a type that is not understood makes the proposal unacceptable */
	for (i = 0; i < peer->n; i++)
		if (ms_transform_type_name(peer->t[i].type) == NULL)
			return false;
	if (!choose_protection(ours, peer, out, rank) ||
		!choose_optional(
			ours, peer, MS_TRANSFORM_PRF, &out->prf, &rank[MS_TRANSFORM_PRF]) ||
		!choose_optional(ours, peer, MS_TRANSFORM_KE, &out->ke, &rank[MS_TRANSFORM_KE]) ||
		!choose_optional(ours, peer, MS_TRANSFORM_ESN, &out->esn, &rank[MS_TRANSFORM_ESN]))
		return false;
	/* RFC 7296 s3.3.3: what must be there; number 0 is NO for ESN, but no PRF and no group */
	if (ike)
		return out->prf != 0 && out->ke != 0 && !has_type(peer, MS_TRANSFORM_ESN);
	return has_type(ours, MS_TRANSFORM_ESN) && has_type(peer, MS_TRANSFORM_ESN);
}

static bool better(const unsigned a[MS_TRANSFORM_TYPES], const unsigned b[MS_TRANSFORM_TYPES])
{
	unsigned i;

	for (i = 1; i < MS_TRANSFORM_TYPES; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

ms_err ms_suite_choose(struct ms_suite *out, const struct ms_proposals *ours,
	const struct ms_proposals *peers, unsigned *chosen_r)
{
	unsigned best_rank[MS_TRANSFORM_TYPES], rank[MS_TRANSFORM_TYPES], i, k;
	bool found = false;
	struct ms_suite suite;

	for (i = 0; i < ours->n && i < MS_MAX_PROPOSALS && !found; i++)
		for (k = 0; k < peers->n && k < MS_MAX_PROPOSALS; k++) {
			if (!fit(&ours->p[i], &peers->p[k], &suite, rank) ||
				(found && !better(rank, best_rank)))
				continue;
			found = true;
			memcpy(best_rank, rank, sizeof rank);
			*out = suite;
			*chosen_r = k;
		}
	return found ? MS_OK : MS_ERR_NO_PROPOSAL;
}

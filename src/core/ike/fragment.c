/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in fragments: RFC 7383.
 *
 * A message that is larger than a datagram should be is cut before encryption, and each piece is
 * encrypted as a message of its own; so only pieces of the authentic peer are ever kept.  One
 * message in each direction is collected, the one that the window lets in: memory is bounded by
 * count and octets for an SA and by octets for the engine, where those who have not authenticated
 * themselves cannot use up what the others need.  An incomplete message is forgotten after a minute
 * without a new piece, or when its exchange ends in another way.
 */
#include "core/ike/fragment.h"
#include "core/ike/ike_sa.h"
#include "core/ike/sk.h"

#include <stdlib.h>
#include <string.h>

#define SKF_HEAD (IKE_HEADER_OCTETS + 4 + 4) /* what comes before the IV */

struct ike_fragments {
	struct ike_header h;
	struct ms_endpoint local, remote; /* of the last that came */
	uint32_t first_inner;             /* from fragment 1 */
	uint32_t total, have;
	size_t octets;
	struct ike_packet *part[]; /* decrypted */
};

/* --- out ------------------------------------------------------------------------------------- */

/* Octets of an IKE message, without the headers around it. */
static size_t message_limit(const struct ike_sa *ike)
{
	bool ipv4 = ms_addr_octets(&ike->remote.addr) == 4;
	size_t limit = IKE_FRAGMENT_OCTETS;

	if (ipv4 && ike->conn->desc->fragmentation == MS_FRAGMENTATION_FORCE)
		limit = IKE_FRAGMENT_OCTETS_FORCE;
	/* IP, UDP, non-ESP marker of RFC 3948 s2.2 */
	return limit - (ipv4 ? 20 : 40) - 8 - (ike->floated ? 4 : 0);
}

bool ike_fragment_needed(struct ike_sa *ike, struct ike_out *out)
{
	size_t text;

	if (out->sk_at == 0 || !ike->peer_fragments ||
		ike->conn->desc->fragmentation == MS_FRAGMENTATION_NO)
		return false;
	ike_out_close(out);
	text = out->sk_iv + ike->encr->iv_octets;
	return wire_written(&out->w) &&
	       ike_sk_sealed(ike, out->sk_iv, out->w.len - text) > message_limit(ike);
}

static ms_err seal_one(struct ike_sa *ike, const struct ike_header *h, unsigned number,
	unsigned total, struct ms_bytes piece, struct wire_writer *all)
{
	uint8_t buf[IKE_FRAGMENT_OCTETS];
	struct ike_out out;
	ms_err err;

	ike_out_begin(&out, buf, sizeof(buf), h);
	/* The header's next payload is the whole message's first inner one here. */
	ike_out_skf(&out, ike->encr->iv_octets, number, total, h->next);
	wire_put(&out.w, piece);
	err = ike_sk_seal(ike, &out);
	if (err == MS_OK)
		wire_put(all, wire_result(&out.w));
	return err;
}

ms_err ike_fragment_seal(struct ike_sa *ike, struct ike_out *out, struct ike_packet **packet_r)
{
	size_t limit = message_limit(ike), room = ike_sk_room(ike, SKF_HEAD, limit);
	size_t text = out->sk_iv + ike->encr->iv_octets;
	struct wire_reader r = wire_reader(wire_result(&out->w)), head = r;
	unsigned total;
	struct ike_header h;
	struct ike_generic sk;
	struct wire_writer all;
	ms_err err;

	if (room == 0 || ike_layout_get(&ike_header_layout, &head, &h) ||
		ike_layout_get(&ike_generic_layout, &head, &sk))
		return MS_ERR_SPACE;
	h.next = sk.next;
	(void)wire_take(&r, text);
	total = (unsigned)((wire_left(&r) + room - 1) / room);
	*packet_r = malloc(sizeof(**packet_r) + total * limit);
	if (!*packet_r)
		return MS_ERR_NOMEM;
	all = wire_writer((*packet_r)->octets, total * limit);
	err = MS_OK;
	for (unsigned i = 1; i <= total && err == MS_OK; i++)
		err = seal_one(ike, &h, i, total,
			wire_take(&r, wire_left(&r) < room ? wire_left(&r) : room), &all);
	ms_wipe(out->w.base, out->w.len);
	if (err == MS_OK && !wire_written(&all))
		err = MS_ERR_SPACE;
	if (err) {
		free(*packet_r);
		*packet_r = NULL;
		return err;
	}
	(*packet_r)->len = (uint32_t)all.len;
	ike_count(ike->e, IKE_C_FRAGMENTED);
	return MS_OK;
}

/* --- in -------------------------------------------------------------------------------------- */

void ike_fragments_free(struct ike_sa *ike, enum ike_role role)
{
	struct ike_fragments *f = ike->fragments[role];

	if (!f)
		return;
	ike->fragments[role] = NULL;
	ike->e->fragment_octets -= f->octets;
	for (uint32_t i = 0; i < f->total; i++) {
		if (f->part[i])
			ms_wipe(f->part[i]->octets, f->part[i]->len);
		free(f->part[i]);
	}
	free(f);
	if (!ike->fragments[!role])
		ike->fragments_until = IKE_NEVER;
}

static enum ike_role role_of(const struct ike_rx *rx)
{
	return ike_msg_is_response(&rx->m) ? IKE_RESPONSE : IKE_REQUEST;
}

static bool wanted(const struct ike_rx *rx)
{
	const struct ike_fragments *f = rx->ike->fragments[role_of(rx)];

	if (!rx->ike->peer_fragments || rx->m.fragments > IKE_MAX_FRAGMENTS)
		return false;
	if (!f || f->h.id != rx->m.h.id)
		return true;
	/* s2.6.1: more of them than before: the peer cut the message anew. */
	if (rx->m.fragments != f->total)
		return rx->m.fragments > f->total;
	return rx->m.h.exchange == f->h.exchange && !f->part[rx->m.fragment - 1];
}

bool ike_fragment_wanted(const struct ike_rx *rx)
{
	if (wanted(rx))
		return true;
	ike_count(rx->e, IKE_C_DROP_FRAGMENT);
	return false;
}

static struct ike_fragments *collection(struct ike_rx *rx)
{
	enum ike_role role = role_of(rx);
	struct ike_fragments *f = rx->ike->fragments[role];

	if (f && f->h.id == rx->m.h.id && f->total == rx->m.fragments)
		return f;
	ike_fragments_free(rx->ike, role);
	f = calloc(1, sizeof(*f) + rx->m.fragments * sizeof(f->part[0]));
	if (!f)
		return NULL;
	f->h = rx->m.h;
	f->total = rx->m.fragments;
	rx->ike->fragments[role] = f;
	return f;
}

static bool has_room(const struct ike_sa *ike, const struct ike_fragments *f, size_t octets)
{
	size_t mine = ike->established ? IKE_FRAGMENTS_OCTETS : IKE_FRAGMENTS_OCTETS_UNKNOWN;
	size_t all = ike->established ? IKE_FRAGMENTS_OCTETS_ENGINE
				      : IKE_FRAGMENTS_OCTETS_ENGINE / 2;

	return f->octets + octets <= mine && ike->e->fragment_octets + octets <= all;
}

void ike_fragment_keep(struct ike_rx *rx, struct ms_bytes inner)
{
	struct ike_sa *ike = rx->ike;
	struct ike_fragments *f = collection(rx);
	struct ike_packet *p;

	if (f && !has_room(ike, f, inner.len)) {
		ike_count(rx->e, IKE_C_DROP_FRAGMENT);
		return;
	}
	p = f ? malloc(sizeof(*p) + inner.len) : NULL;
	if (!p) {
		ike_count(rx->e, IKE_C_DROP_MEMORY);
		return;
	}
	p->len = (uint32_t)inner.len;
	if (inner.len > 0)
		memcpy(p->octets, inner.ptr, inner.len);
	f->part[rx->m.fragment - 1] = p;
	f->have++;
	f->octets += inner.len;
	ike->e->fragment_octets += inner.len;
	f->local = rx->local;
	f->remote = rx->remote;
	if (rx->m.fragment == 1)
		f->first_inner = rx->m.first_inner;
	ike->fragments_until = ike_now(rx->e) + IKE_FRAGMENTS_MS;
	ike_arm(ike);
}

bool ike_fragment_join(
	struct ike_sa *ike, enum ike_role role, struct ike_rx *rx, struct ms_bytes *inner_r)
{
	struct ike_fragments *f = ike->fragments[role];
	struct wire_writer w = wire_writer(ike->e->rx_scratch, sizeof(ike->e->rx_scratch));

	if (!f || f->have < f->total)
		return false;
	for (uint32_t i = 0; i < f->total; i++)
		wire_put(&w, ms_bytes(f->part[i]->octets, f->part[i]->len));
	rx->m.h = f->h;
	rx->local = f->local;
	rx->remote = f->remote;
	rx->m.sk_at = SKF_HEAD;
	ike_msg_join(&rx->m, f->first_inner);
	*inner_r = wire_result(&w);
	ike_fragments_free(ike, role);
	ike_count(ike->e, IKE_C_REASSEMBLED);
	return true;
}

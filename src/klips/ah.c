/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AH: the transform.
 *
 * The ICV is computed over the packet as it lies in its buffer, with the header's mutable fields
 * made 0 for that time; the header as it travels waits in the worker's scratch.  What AH covers
 * (identification, length) must not be touched after it: packets whose outermost transform is AH go
 * out with the header that they have (send.c).
 *
 * Standards: RFC 4302; RFC 2403, RFC 2404, RFC 4868, RFC 4494, RFC 3566 for the algorithms.
 */
#include "klips/ah.h"

#include "klips/note.h"
#include "klips/sadb.h"
#include "klips/talk.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include <arpa/inet.h>

enum { AH_FIXED = 12, AH_ALIGN6 = 8, AH_ALIGN4 = 4 };

static unsigned round_up(unsigned n, unsigned to)
{
	return (n + to - 1) / to * to;
}

unsigned ah_octets(const struct klips_sa *sa, unsigned version)
{
	return round_up(AH_FIXED + sa->integ->icv_octets, version == 6 ? AH_ALIGN6 : AH_ALIGN4);
}

static uint32_t ah_room(const struct klips_sa *sa, uint32_t room)
{
	unsigned header;

	if (sa->integ == NULL)
		return 0;
	header = ah_octets(sa, sa->said.dst.family == AF_INET6 ? 6 : 4);
	return room < header ? 0 : room - header;
}

static void mac(struct klips_worker *w, struct klips_sa *sa, unsigned n)
{
	struct xform_scratch *x = &w->x;
	unsigned i;

	for (i = 0; i < n; i++) {
		uint32_t high = htonl((uint32_t)(x->seq[i] >> 32));

		memcpy(x->esn_high[i], &high, 4);
		x->integ[i].tail = sa->esn ? x->esn_high[i] : NULL;
		x->integ[i].tail_len = sa->esn ? 4 : 0;
		x->integ[i].ok = false;
	}
	sa->integ->mac(sa->integ_ctx[w->index], x->integ, n);
}

/* --- out ------------------------------------------------------------------------------------ */

static void write_ah(uint8_t *ah, const struct klips_sa *sa, unsigned octets, uint8_t next,
	uint64_t seq)
{
	uint32_t be = htonl(sa->said.spi);

	memset(ah, 0, octets);
	ah[0] = next;
	ah[1] = (uint8_t)(octets / 4 - 2);
	memcpy(ah + 4, &be, 4);
	be = htonl((uint32_t)seq);
	memcpy(ah + 8, &be, 4);
}

/* The ICV covers the identification: one that is 0 would be filled in by the system. */
static void identify(uint8_t *ip, uint64_t seq)
{
	uint16_t id = (uint16_t)(seq % UINT16_MAX + 1);

	if (ip[4] == 0 && ip[5] == 0) {
		ip[4] = (uint8_t)(id >> 8);
		ip[5] = (uint8_t)id;
	}
}

/* Makes room, writes AH and masks the header.  False: dead. */
static bool frame(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, unsigned slot)
{
	struct xform_scratch *x = &w->x;
	struct ah_place place;
	struct ip_view v;
	uint8_t *old = p->data;
	unsigned octets;

	if (!ip_parse(p->data, p->len, &v)) {
		pkt_drop(w, p, KC_OUT_FAMILY);
		return false;
	}
	place = ah_place(p->data, &v);
	octets = ah_octets(sa, v.version);
	if (v.fragment || place.at > XFORM_MAX_HEADER) {
		pkt_drop(w, p, v.fragment ? KC_OUT_FRAGMENT : KC_OUT_OPTIONS);
		return false;
	}
	if (p->len + octets > PKT_MAX || pkt_headroom(p) < octets) {
		pkt_drop(w, p, KC_OUT_LENGTH);
		return false;
	}
	p->data -= octets;
	p->len += octets;
	memmove(p->data, old, place.at);
	write_ah(p->data + place.at, sa, octets, place.next, x->seq[slot]);
	if (v.version == 4)
		identify(p->data, x->seq[slot]);
	ip_rewrite(p->data, &v, place.at == v.header ? IPPROTO_AH : v.next, p->len);
	p->data[place.next_at] = IPPROTO_AH;
	x->header_octets[slot] = place.at;
	memcpy(x->header[slot], p->data, place.at);
	if (!ah_mask(p->data, place.at)) {
		pkt_drop(w, p, KC_OUT_OPTIONS);
		return false;
	}
	x->pkts[slot] = p;
	x->integ[slot] = (struct ms_integ_job){ .data = p->data, .data_len = p->len,
		.icv = p->data + place.at + AH_FIXED };
	return true;
}

static void ah_apply(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	struct xform_scratch *x = &w->x;
	unsigned live = 0, i;
	char text[TALK_PACKET];
	uint64_t seq, octets = 0;

	for (i = 0; i < n; i++)
		live += !pkts[i]->dead;
	seq = live == 0 || sa->integ == NULL ? 0 : sequence_take(w, sa, live);
	for (i = 0, live = 0; i < n; i++) {
		uint32_t before = pkts[i]->len;

		if (pkts[i]->dead)
			continue;
		if (seq == 0) {
			pkt_drop(w, pkts[i], KC_OUT_SEQUENCE_END);
			continue;
		}
		x->seq[live] = seq++;
		if (!frame(w, sa, pkts[i], live))
			continue;
		octets += before - x->header_octets[live];
		live++;
	}
	if (live == 0)
		return;
	mac(w, sa, live);
	for (i = 0; i < live; i++) {
		memcpy(x->pkts[i]->data, x->header[i], x->header_octets[i]);
		if (!x->integ[i].ok)
			pkt_drop(w, x->pkts[i], KC_OUT_CRYPTO);
	}
	talk(w->k, ROOM_AH, TALK_ANY, "%s covers %u packets up to number %llu", talk_said(text, &sa->said),
		live, (unsigned long long)seq - 1);
	sa_used(w, sa, octets, live);
}

/* --- in ------------------------------------------------------------------------------------- */

/* The IP header stands before p->data; IPv6 raw sockets keep it, but nothing of what the ICV covers
 * is lost with it (extension headers excepted: such packets fail the check). */
static bool header_before(struct pkt *p)
{
	struct ms_addr src = p->peer.addr;

	if (p->ip != NULL)
		return p->ip + p->ip_octets == p->data;
	if (src.family != AF_INET6 || p->dst.family != AF_INET6)
		return false;
	p->ip_octets = sizeof(struct ip6_hdr);
	if (pkt_headroom(p) < p->ip_octets)
		return false;
	p->ip = p->data - p->ip_octets;
	ip_write(p->ip, &src, &p->dst, IPPROTO_AH, 0, 0, p->ip_octets + p->len);
	return true;
}

/* RFC 4302 s2.2; for IPv4 also what fills up to 8 octets, as Linux does. */
static bool length_ok(const struct klips_sa *sa, const struct pkt *p, unsigned version)
{
	unsigned got = (p->data[1] + 2u) * 4;

	return got <= p->len
		&& (got == ah_octets(sa, version) || got == ah_octets(sa, 6));
}

/* Length and early replay check; fills one job.  False: dead.  That there is an SPI, and a length before it,
 * was seen when the SA was looked for. */
static bool check_job(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, unsigned slot)
{
	struct xform_scratch *x = &w->x;
	unsigned icv = sa->integ->icv_octets;
	uint32_t be;

	if (!header_before(p) || !length_ok(sa, p, p->ip[0] >> 4)) {
		pkt_drop(w, p, KC_IN_AH_HEADER);
		__atomic_add_fetch(&sa->size_errors, 1, __ATOMIC_RELAXED);
		return false;
	}
	memcpy(&be, p->data + 8, 4);
	if (!sequence_check(w, sa, p, ntohl(be), &x->seq[slot]))
		return false;
	if (!ah_mask(p->ip, p->ip_octets)) {
		pkt_drop(w, p, KC_IN_OPTIONS);
		return false;
	}
	memcpy(x->icv_in[slot], p->data + AH_FIXED, icv);
	memset(p->data + AH_FIXED, 0, icv);
	x->pkts[slot] = p;
	x->integ[slot] = (struct ms_integ_job){ .data = p->ip, .data_len = p->ip_octets + p->len,
		.icv = x->icv[slot] };
	return true;
}

static void ah_undo(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	struct xform_scratch *x = &w->x;
	unsigned live = 0, packets = 0, i;
	char text[TALK_PACKET];
	uint64_t octets = 0;

	sequence_hold(sa);
	for (i = 0; i < n; i++) {
		if (pkts[i]->dead)
			continue;
		if (sa->integ == NULL || sa->replay == NULL)
			pkt_drop(w, pkts[i], KC_IN_SA_STATE);
		else if (check_job(w, sa, pkts[i], live))
			live++;
	}
	sequence_release(sa);
	if (live == 0)
		return;
	mac(w, sa, live);
	sequence_hold(sa);
	for (i = 0; i < live; i++) {
		if (!x->integ[i].ok || !ms_ct_equal(x->icv[i], x->icv_in[i], sa->integ->icv_octets))
			auth_failed(w, sa, x->pkts[i]);
		else
			sequence_accept(w, sa, x->pkts[i], x->seq[i]);
	}
	sequence_release(sa);
	for (i = 0; i < live; i++) {
		struct pkt *p = x->pkts[i];
		unsigned skip = (p->data[1] + 2u) * 4;

		if (p->dead)
			continue;
		p->next = p->data[0];
		p->data += skip;
		p->len -= skip;
		p->ip = NULL; /* not before the data any more */
		p->done = sa;
		octets += p->len;
		packets++;
		note_peer(w, sa, p);
	}
	talk(w->k, ROOM_AH, TALK_ANY, "%s finds %u of %u packets whole", talk_said(text, &sa->said),
		packets, n);
	if (packets > 0)
		sa_used(w, sa, octets, packets);
}

const struct klips_xform ah_xform = {
	.protocol = IPPROTO_AH,
	.rank = 3,
	.name = "AH",
	.apply = ah_apply,
	.undo = ah_undo,
	.room = ah_room,
};

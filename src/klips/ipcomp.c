/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPComp: the transform, with raw deflate.
 *
 * A packet that does not get shorter goes out as it is, without an IPComp header, and so do those
 * that are too short to try.  After some that did not get shorter in a row (encrypted content,
 * say), a number of packets is not tried at all; the number doubles as long as trying does not
 * help.  Coming in, output has a place of fixed size: what would be longer than an IP packet can be
 * is dropped when that is full, however much the data would still give.
 *
 * Streams and output live in the worker and are made once.  The CPI is the low half of the SPI.
 *
 * Standards: RFC 3173, RFC 2394, RFC 1951.
 */
#include "klips/ipcomp.h"

#include "klips/ip.h"
#include "klips/note.h"
#include "klips/sadb.h"
#include "klips/talk.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	LEAST_PAYLOAD = 90, /* shorter ones rarely shrink */
	FAILS_AT_FIRST = 8,
	FAILS_LATER = 2,
	FIRST_REST = 4,
	LONGEST_REST = 64,
	LEVEL = 3,
	MEMORY_LEVEL = 8,
};

struct ipcomp {
	z_stream deflate, inflate;
	uint8_t out[PKT_MAX + 1];
};

struct ipcomp *ipcomp_new(void)
{
	struct ipcomp *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	if (deflateInit2(&c->deflate, LEVEL, Z_DEFLATED, -MAX_WBITS, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(c);
		return NULL;
	}
	if (inflateInit2(&c->inflate, -MAX_WBITS) != Z_OK) {
		deflateEnd(&c->deflate);
		free(c);
		return NULL;
	}
	return c;
}

void ipcomp_free(struct ipcomp **cp)
{
	struct ipcomp *c = *cp;

	if (c == NULL)
		return;
	deflateEnd(&c->deflate);
	inflateEnd(&c->inflate);
	ms_wipe(c->out, sizeof c->out);
	free(c);
	*cp = NULL;
}

static uint16_t cpi_of(const struct klips_sa *sa)
{
	return (uint16_t)sa->said.spi;
}

/* Never longer than before. */
static uint32_t ipcomp_room(const struct klips_sa *sa, uint32_t room)
{
	(void)sa;
	return room;
}

/* --- out ------------------------------------------------------------------------------------ */

/* Is this packet one of those that are not tried? */
static bool resting(struct klips_sa *sa)
{
	uint8_t left = shared_get(sa->comp.left);

	if (left == 0)
		return false;
	shared_set(sa->comp.left, (uint8_t)(left - 1));
	return true;
}

/* Several workers may do this at a time for one SA; the worst is a packet more or less. */
static void remember(struct klips_sa *sa, bool shorter)
{
	uint8_t failed = shared_get(sa->comp.failed), rest = shared_get(sa->comp.rest);

	if (shorter) {
		shared_set(sa->comp.failed, 0);
		shared_set(sa->comp.rest, 0);
		return;
	}
	if (++failed < (rest == 0 ? FAILS_AT_FIRST : FAILS_LATER)) {
		shared_set(sa->comp.failed, failed);
		return;
	}
	rest = rest == 0 ? FIRST_REST : rest * 2 > LONGEST_REST ? LONGEST_REST : (uint8_t)(rest * 2);
	shared_set(sa->comp.failed, 0);
	shared_set(sa->comp.rest, rest);
	shared_set(sa->comp.left, rest);
}

/* Octets in c->out, fewer than `most`; 0: it does not get that short. */
static uint32_t shrink(struct ipcomp *c, uint8_t *data, uint32_t len, uint32_t most)
{
	z_stream *z = &c->deflate;

	if (deflateReset(z) != Z_OK)
		return 0;
	z->next_in = data;
	z->avail_in = len;
	z->next_out = c->out;
	z->avail_out = most;
	return deflate(z, Z_FINISH) == Z_STREAM_END ? (uint32_t)z->total_out : 0;
}

/* RFC 3173 s2.2: the whole payload or nothing. */
static void compress_one(struct klips_worker *w, struct klips_sa *sa, struct pkt *p,
	const struct ip_view *v)
{
	uint32_t body = p->len - v->header, out;
	uint8_t *at = p->data + v->header;

	if (body < LEAST_PAYLOAD || v->fragment) {
		count(&w->counters, KC_OUT_COMP_SHORT, 1);
		return;
	}
	if (resting(sa)) {
		count(&w->counters, KC_OUT_COMP_REST, 1);
		return;
	}
	out = shrink(w->comp, at, body, body - IPCOMP_HEADER - 1);
	remember(sa, out != 0);
	if (out == 0) {
		talk(w->k, ROOM_IPCOMP, TALK_ANY, "CPI %u: %u octets do not get shorter", cpi_of(sa), body);
		count(&w->counters, KC_OUT_COMP_GREW, 1);
		return;
	}
	at[0] = v->next;
	at[1] = 0;
	at[2] = (uint8_t)(cpi_of(sa) >> 8);
	at[3] = (uint8_t)cpi_of(sa);
	memcpy(at + IPCOMP_HEADER, w->comp->out, out);
	p->len = v->header + IPCOMP_HEADER + out;
	ip_rewrite(p->data, v, IPPROTO_COMP, p->len);
	count(&w->counters, KC_OUT_COMPRESSED, 1);
	talk(w->k, ROOM_IPCOMP, TALK_ANY, "CPI %u: %u octets become %u", cpi_of(sa), body,
		out + IPCOMP_HEADER);
	__atomic_add_fetch(&sa->comp.before, body, __ATOMIC_RELAXED);
	__atomic_add_fetch(&sa->comp.after, out + IPCOMP_HEADER, __ATOMIC_RELAXED);
}

static void ipcomp_apply(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	unsigned packets = 0, i;
	uint64_t octets = 0;

	for (i = 0; i < n; i++) {
		struct pkt *p = pkts[i];
		struct ip_view v;

		if (p->dead)
			continue;
		if (!ip_parse(p->data, p->len, &v)) {
			pkt_drop(w, p, KC_OUT_FAMILY);
			continue;
		}
		octets += p->len - v.header;
		packets++;
		compress_one(w, sa, p, &v);
	}
	if (packets > 0)
		sa_used(w, sa, octets, packets);
}

/* --- in ------------------------------------------------------------------------------------- */

/* False: dead.  Leaves the content where a fresh packet's would be. */
static bool expand(struct klips_worker *w, struct klips_sa *sa, struct pkt *p)
{
	struct ipcomp *c = w->comp;
	z_stream *z = &c->inflate;
	uint8_t next;
	int r;

	if (p->len <= IPCOMP_HEADER || (p->data[2] << 8 | p->data[3]) != cpi_of(sa)) {
		pkt_drop(w, p, KC_IN_COMP_HEADER);
		return false;
	}
	next = p->data[0];
	if (inflateReset(z) != Z_OK) {
		pkt_drop(w, p, KC_IN_COMP_DATA);
		return false;
	}
	z->next_in = p->data + IPCOMP_HEADER;
	z->avail_in = p->len - IPCOMP_HEADER;
	z->next_out = c->out;
	z->avail_out = sizeof c->out;
	r = inflate(z, Z_FINISH);
	if (r != Z_STREAM_END) {
		bool full = (r == Z_BUF_ERROR || r == Z_OK) && z->avail_out == 0;

		pkt_drop(w, p, full ? KC_IN_COMP_BOMB : KC_IN_COMP_DATA);
		return false;
	}
	if (z->total_out > PKT_MAX - ip_header_octets(&p->dst)) {
		pkt_drop(w, p, KC_IN_COMP_BOMB);
		return false;
	}
	talk(w->k, ROOM_IPCOMP, TALK_ANY, "CPI %u: %u octets were %lu", cpi_of(sa), p->len, z->total_out);
	__atomic_add_fetch(&sa->comp.before, z->total_out, __ATOMIC_RELAXED);
	__atomic_add_fetch(&sa->comp.after, p->len, __ATOMIC_RELAXED);
	p->buf = p->own;
	p->end = p->own + PKT_BUF;
	p->data = p->buf + PKT_HEADROOM;
	p->len = (uint32_t)z->total_out;
	memcpy(p->data, c->out, p->len);
	p->next = next;
	p->ip = NULL;
	p->done = sa;
	return true;
}

static void ipcomp_undo(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	unsigned packets = 0, i;
	uint64_t octets = 0;

	for (i = 0; i < n; i++) {
		if (pkts[i]->dead || !expand(w, sa, pkts[i]))
			continue;
		octets += pkts[i]->len;
		packets++;
	}
	count(&w->counters, KC_IN_COMPRESSED, packets);
	if (packets > 0)
		sa_used(w, sa, octets, packets);
}

const struct klips_xform ipcomp_xform = {
	.protocol = IPPROTO_COMP,
	.rank = 1,
	.name = "COMP",
	.apply = ipcomp_apply,
	.undo = ipcomp_undo,
	.room = ipcomp_room,
};

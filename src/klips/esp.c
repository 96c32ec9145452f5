/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP: the transform.
 *
 * As all transforms it works on whole IP packets: ESP stands between the base header and what
 * follows, which is transport mode; tunnel mode is IPIP before it in the group.
 *
 * IV: counter modes use the 64-bit sequence number plus a random start, which never repeats for a
 * key; CBC uses random octets (RFC 3602 s2.1: unpredictable).
 *
 * Standards: RFC 4303, RFC 4106, RFC 7634, RFC 3602.
 */
#include "klips/esp.h"

#include "klips/ip.h"
#include "klips/note.h"
#include "klips/sadb.h"
#include "klips/talk.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include <modswan/mem.h>

#include <arpa/inet.h>
#include <inttypes.h>

enum { ESP_HEADER = 8, ESP_TRAILER = 2, ESP_ALIGN = 4, UDP_HEADER = 8 };

unsigned esp_align(const struct klips_sa *sa)
{
	return sa->encr->block_octets > ESP_ALIGN ? sa->encr->block_octets : ESP_ALIGN;
}

unsigned esp_icv_octets(const struct klips_sa *sa)
{
	return sa->encr->icv_octets != 0 ? sa->encr->icv_octets
					 : sa->integ == NULL ? 0 : sa->integ->icv_octets;
}

static uint32_t esp_room(const struct klips_sa *sa, uint32_t room)
{
	uint32_t base = ip_header_octets(&sa->said.dst), fixed, align;

	if (sa->encr == NULL)
		return 0;
	fixed = base + ESP_HEADER + sa->encr->iv_octets + esp_icv_octets(sa);
	if (sa->encap_dst != 0)
		fixed += UDP_HEADER;
	align = esp_align(sa);
	if (room < fixed + align + ESP_TRAILER)
		return 0;
	return base + (room - fixed) / align * align - ESP_TRAILER;
}

/* SPI, sequence, and with ESN the high half between them, RFC 4106 s5. */
static unsigned write_aad(uint8_t *aad, uint32_t spi, uint64_t seq, bool esn)
{
	uint32_t be[3];

	be[0] = htonl(spi);
	if (!esn) {
		be[1] = htonl((uint32_t)seq);
		memcpy(aad, be, 8);
		return 8;
	}
	be[1] = htonl((uint32_t)(seq >> 32));
	be[2] = htonl((uint32_t)seq);
	memcpy(aad, be, 12);
	return 12;
}

/* --- out ------------------------------------------------------------------------------------ */

/* Makes room before and behind, writes header, IV place, padding and trailer.  False: dead. */
static bool frame(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, uint64_t seq,
	struct ms_encr_job *job)
{
	unsigned iv = sa->encr->iv_octets, icv = esp_icv_octets(sa), align = esp_align(sa);
	unsigned shift = ESP_HEADER + iv, pad, i;
	uint8_t *old = p->data, *esp, *tail;
	struct ip_view v;
	uint32_t body, total, be;

	if (!ip_parse(p->data, p->len, &v)) {
		pkt_drop(w, p, KC_OUT_FAMILY);
		return false;
	}
	body = p->len - v.header;
	pad = (align - (body + ESP_TRAILER) % align) % align;
	total = p->len + shift + pad + ESP_TRAILER + icv;
	if (total > PKT_MAX || pkt_headroom(p) < shift
		|| pkt_tailroom(p) < pad + ESP_TRAILER + icv) {
		pkt_drop(w, p, KC_OUT_LENGTH);
		return false;
	}
	tail = p->data + p->len;
	p->data -= shift;
	p->len = total;
	memmove(p->data, old, v.header);
	esp = p->data + v.header;
	be = htonl(sa->said.spi);
	memcpy(esp, &be, 4);
	be = htonl((uint32_t)seq);
	memcpy(esp + 4, &be, 4);
	for (i = 0; i < pad; i++)
		tail[i] = (uint8_t)(i + 1);
	tail[pad] = (uint8_t)pad;
	tail[pad + 1] = v.next;
	ip_rewrite(p->data, &v, IPPROTO_ESP, total);
	job->iv = esp + ESP_HEADER;
	job->data = esp + shift;
	job->data_len = body + pad + ESP_TRAILER;
	job->icv = job->data + job->data_len;
	job->ok = false;
	return true;
}

static bool write_iv(struct klips_worker *w, const struct klips_sa *sa, struct ms_encr_job *job,
	uint64_t seq)
{
	unsigned n = sa->encr->iv_octets;
	uint8_t *iv = job->data - n;
	const uint8_t *random;
	uint64_t v = sa->iv_start + seq;
	unsigned i;

	if (n == 0)
		return true;
	if (sa->encr->block_octets == 1 && n == 8) {
		for (i = 8; i-- > 0; v >>= 8)
			iv[i] = (uint8_t)v;
		return true;
	}
	random = worker_random(w, n);
	if (random == NULL)
		return false;
	memcpy(iv, random, n);
	return true;
}

/* For listings. */
static void keep_iv(struct klips_sa *sa, const uint8_t *iv)
{
	uint64_t v[2] = { 0, 0 };

	memcpy(v, iv, sa->encr->iv_octets < sizeof v ? sa->encr->iv_octets : sizeof v);
	shared_set(sa->iv[0], v[0]);
	shared_set(sa->iv[1], v[1]);
}

/* Encrypt-then-MAC over SPI to the end of the ciphertext, ESN's high half behind it. */
static void mac_jobs(struct klips_worker *w, const struct klips_sa *sa, unsigned n, bool own_icv)
{
	struct xform_scratch *x = &w->x;
	unsigned shift = ESP_HEADER + sa->encr->iv_octets, i;

	for (i = 0; i < n; i++) {
		struct ms_integ_job *m = &x->integ[i];
		uint32_t high = htonl((uint32_t)(x->seq[i] >> 32));

		memcpy(x->esn_high[i], &high, 4);
		m->data = x->encr[i].data - shift;
		m->data_len = x->encr[i].data_len + shift;
		m->icv = own_icv ? x->icv[i] : x->encr[i].icv;
		m->tail = sa->esn ? x->esn_high[i] : NULL;
		m->tail_len = sa->esn ? 4 : 0;
		m->ok = false;
	}
	sa->integ->mac(sa->integ_ctx[w->index], x->integ, n);
}

static void esp_apply(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	struct xform_scratch *x = &w->x;
	unsigned live = 0, i;
	uint64_t seq, octets = 0;
	char text[TALK_PACKET];

	for (i = 0; i < n; i++)
		live += !pkts[i]->dead;
	seq = live == 0 || sa->encr == NULL ? 0 : sequence_take(w, sa, live);
	for (i = 0, live = 0; i < n; i++) {
		struct ms_encr_job *job = &x->encr[live];

		if (pkts[i]->dead)
			continue;
		if (seq == 0) {
			pkt_drop(w, pkts[i], KC_OUT_SEQUENCE_END);
			continue;
		}
		x->seq[live] = seq++;
		if (!frame(w, sa, pkts[i], x->seq[live], job))
			continue;
		if (!write_iv(w, sa, job, x->seq[live])) {
			pkt_drop(w, pkts[i], KC_OUT_CRYPTO);
			continue;
		}
		job->aad = x->aad[live];
		job->aad_len = write_aad(x->aad[live], sa->said.spi, x->seq[live], sa->esn);
		octets += job->data_len - ESP_TRAILER - job->data[job->data_len - ESP_TRAILER];
		x->pkts[live++] = pkts[i];
	}
	if (live == 0)
		return;
	talk(w->k, ROOM_ESP, TALK_ANY, "%s seals %u packets up to number %" PRIu64,
		talk_said(text, &sa->said), live, seq - 1);
	keep_iv(sa, x->encr[live - 1].iv);
	sa->encr->seal(sa->encr_ctx[w->index], x->encr, live);
	if (sa->integ != NULL)
		mac_jobs(w, sa, live, false);
	for (i = 0; i < live; i++)
		if (!x->encr[i].ok || (sa->integ != NULL && !x->integ[i].ok))
			pkt_drop(w, x->pkts[i], KC_OUT_CRYPTO);
	sa_used(w, sa, octets, live);
}

/* --- in ------------------------------------------------------------------------------------- */

/* Length and early replay check; fills one job.  False: dead. */
static bool open_job(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, unsigned slot)
{
	struct xform_scratch *x = &w->x;
	struct ms_encr_job *job = &x->encr[slot];
	unsigned shift = ESP_HEADER + sa->encr->iv_octets, icv = esp_icv_octets(sa);
	uint32_t be;

	if (p->len < shift + icv + ESP_TRAILER
		|| (p->len - shift - icv) % sa->encr->block_octets != 0) {
		pkt_drop(w, p, KC_IN_RUNT);
		__atomic_add_fetch(&sa->size_errors, 1, __ATOMIC_RELAXED);
		return false;
	}
	memcpy(&be, p->data + 4, 4);
	if (!sequence_check(w, sa, p, ntohl(be), &x->seq[slot]))
		return false;
	job->iv = p->data + ESP_HEADER;
	job->data = p->data + shift;
	job->data_len = p->len - shift - icv;
	job->icv = job->data + job->data_len;
	job->aad = x->aad[slot];
	job->aad_len = write_aad(x->aad[slot], sa->said.spi, x->seq[slot], sa->esn);
	job->ok = false;
	x->pkts[slot] = p;
	return true;
}

/* Checks the ICVs of a cipher with separate integrity; only what passes is left in the arrays. */
static unsigned verify(struct klips_worker *w, struct klips_sa *sa, unsigned n)
{
	struct xform_scratch *x = &w->x;
	unsigned i, kept = 0;

	mac_jobs(w, sa, n, true);
	for (i = 0; i < n; i++) {
		if (!x->integ[i].ok
			|| !ms_ct_equal(x->icv[i], x->encr[i].icv, sa->integ->icv_octets)) {
			auth_failed(w, sa, x->pkts[i]);
			continue;
		}
		x->encr[kept] = x->encr[i];
		x->seq[kept] = x->seq[i];
		x->pkts[kept++] = x->pkts[i];
	}
	return kept;
}

/* RFC 4303 s2.4: padding is 1, 2, 3, ...  Leaves the content in p. */
static bool strip(struct klips_worker *w, struct klips_sa *sa, struct pkt *p,
	const struct ms_encr_job *job)
{
	uint32_t pad = job->data[job->data_len - 2], i;
	const uint8_t *from;

	if (pad + ESP_TRAILER > job->data_len) {
		pkt_drop(w, p, KC_IN_PADDING);
		__atomic_add_fetch(&sa->pad_errors, 1, __ATOMIC_RELAXED);
		return false;
	}
	from = job->data + job->data_len - ESP_TRAILER - pad;
	for (i = 0; i < pad; i++) {
		if (from[i] != i + 1) {
			pkt_drop(w, p, KC_IN_PADDING);
			__atomic_add_fetch(&sa->pad_errors, 1, __ATOMIC_RELAXED);
			return false;
		}
	}
	p->next = job->data[job->data_len - 1];
	p->data = job->data;
	p->len = job->data_len - ESP_TRAILER - pad;
	p->done = sa;
	return true;
}

/* Which of n opened ones are authentic and new; the others die. */
static void accept_new(struct klips_worker *w, struct klips_sa *sa, unsigned n)
{
	struct xform_scratch *x = &w->x;
	unsigned i;

	sequence_hold(sa);
	for (i = 0; i < n; i++) {
		if (!x->encr[i].ok)
			auth_failed(w, sa, x->pkts[i]);
		else
			sequence_accept(w, sa, x->pkts[i], x->seq[i]);
	}
	sequence_release(sa);
}

static void esp_undo(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	unsigned live = 0, packets = 0, i;
	const uint8_t *last = NULL;
	char text[TALK_PACKET];
	uint64_t octets = 0;

	sequence_hold(sa);
	for (i = 0; i < n; i++) {
		if (pkts[i]->dead)
			continue;
		if (sa->encr == NULL || sa->replay == NULL)
			pkt_drop(w, pkts[i], KC_IN_SA_STATE);
		else if (open_job(w, sa, pkts[i], live))
			live++;
	}
	sequence_release(sa);
	if (live > 0 && sa->integ != NULL)
		live = verify(w, sa, live);
	if (live == 0)
		return;
	sa->encr->open(sa->encr_ctx[w->index], w->x.encr, live);
	accept_new(w, sa, live);
	for (i = 0; i < live; i++) {
		struct pkt *p = w->x.pkts[i];

		if (p->dead || !strip(w, sa, p, &w->x.encr[i]))
			continue;
		octets += p->len;
		packets++;
		last = w->x.encr[i].iv;
		note_peer(w, sa, p);
	}
	talk(w->k, ROOM_ESP, TALK_ANY, "%s opens %u of %u packets", talk_said(text, &sa->said), packets, n);
	if (packets == 0)
		return;
	keep_iv(sa, last);
	sa_used(w, sa, octets, packets);
}

const struct klips_xform esp_xform = {
	.protocol = IPPROTO_ESP,
	.rank = 2,
	.name = "ESP",
	.apply = esp_apply,
	.undo = esp_undo,
	.room = esp_room,
};

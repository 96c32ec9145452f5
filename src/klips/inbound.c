/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inbound: protected packets of one batch, undone step by step and handed to the host.
 *
 * Runs of packets with the same SA go through a transform together.  The chain of transforms must
 * be the SA group's, from the wire inwards: nothing less, nothing more.
 *
 * Standards: RFC 4301 s5.2, RFC 3948 s3.1.2.
 */
#include "klips/checksum.h"
#include "klips/device.h"
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/ip.h"
#include "klips/mss.h"
#include "klips/stray.h"
#include "klips/talk.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include <arpa/inet.h>
#include <string.h>

enum { SPI_OCTETS = 4, CPI_OCTETS = 4, NEW_TTL = 64, TCP_CSUM_AT = 16, UDP_CSUM_AT = 6, UDP_OCTETS = 8 };

static bool usable(const struct klips_sa *sa)
{
	uint8_t state = shared_get(sa->state);

	return (state == MS_PFKEY_MATURE || state == MS_PFKEY_DYING) && sa->xform != NULL
		&& sa->xform->undo != NULL;
}

/* Where the SPI stands in a header of this protocol; -1: it has none. */
static int spi_at(uint8_t protocol)
{
	return protocol == IPPROTO_ESP ? 0 : protocol == IPPROTO_AH ? 4 : -1;
}

static bool read_spi(const struct pkt *p, uint32_t *out)
{
	int at = spi_at(p->next);

	if (at < 0 || p->len < (unsigned)at + SPI_OCTETS)
		return false;
	memcpy(out, p->data + at, SPI_OCTETS);
	*out = ntohl(*out);
	return true;
}

/* The SA of a header that tells by an SPI, or by nothing but its ends. */
static struct klips_sa *find_named(struct klips_worker *w, struct pkt *p)
{
	struct ms_said said = { .dst = p->dst, .protocol = p->next };
	struct klips_sa *sa = NULL;

	if (p->next == IPPROTO_IPIP || p->next == IPPROTO_IPV6 || p->next == IPPROTO_COMP) {
		sa = sadb_find_bare(w->k->sadb, p->next, &p->peer.addr, &p->dst,
			p->len < CPI_OCTETS ? 0 : (uint16_t)(p->data[2] << 8 | p->data[3]));
	} else if (!read_spi(p, &said.spi)) {
		pkt_drop(w, p, KC_IN_RUNT);
		return NULL;
	} else {
		sa = sadb_find(w->k->sadb, &said);
		if (sa != NULL && rcu_get(sa->outer) != NULL) {
			pkt_drop(w, p, KC_IN_INCOMPLETE);
			return NULL;
		}
	}
	if (sa == NULL) {
		stray_packet(w, p);
		pkt_drop(w, p, KC_IN_NO_SA);
	}
	return sa;
}

/* The SA of the header that came first.  What its group has outside of it should have come before:
 * without that the packet is not protected as it was agreed. */
static struct klips_sa *find_sa(struct klips_worker *w, struct pkt *p)
{
	struct klips_sa *sa = find_named(w, p);
	char text[TALK_PACKET];

	if (sa == NULL)
		return NULL;
	if (!usable(sa))
		pkt_drop(w, p, KC_IN_SA_STATE);
	/* RFC 3948: what came in UDP belongs to an SA that is encapsulated, and the other way */
	else if ((p->peer.port != 0) != (sa->encap_src != 0))
		pkt_drop(w, p, KC_IN_POLICY);
	else {
		talk(w->k, ROOM_RCV, TALK_ANY, "%u octets for %s", p->len, talk_said(text, &sa->said));
		return sa;
	}
	return NULL;
}

/* Calls undo for runs of the same SA; p->sa tells whose turn it is, NULL: not this packet's. */
static void undo_runs(struct klips_worker *w, unsigned n)
{
	unsigned i = 0, end;

	while (i < n) {
		struct klips_sa *sa = w->batch[i]->sa;

		for (end = i + 1; end < n && w->batch[end]->sa == sa; end++)
			continue;
		if (sa != NULL)
			sa->xform->undo(w, sa, w->batch + i, end - i);
		i = end;
	}
}

/* IPIP left a whole packet and there is more to undo inside: steps over its header. */
static bool enter(struct klips_worker *w, struct pkt *p)
{
	struct ip_view v;

	if (!ip_parse(p->data, p->len, &v)) {
		pkt_drop(w, p, KC_IN_INNER);
		return false;
	}
	if (v.fragment) {
		pkt_drop(w, p, KC_IN_FRAGMENT);
		return false;
	}
	p->peer = (struct ms_endpoint){ .addr = ip_src(p->data) };
	p->dst = ip_dst(p->data);
	p->tos = v.tos;
	p->ttl = v.ttl;
	p->next = v.upper;
	p->ip = p->data;
	p->ip_octets = v.upper_at;
	p->data += v.upper_at;
	p->len = v.total - v.upper_at;
	return true;
}

/* Is what comes next in the packet this SA's? */
static bool is_of(const struct pkt *p, const struct klips_sa *sa)
{
	uint32_t spi;

	if (!ms_addr_eq(&p->dst, &sa->said.dst))
		return false;
	if (sa->said.protocol == MS_PROTO_TUN)
		return p->next == IPPROTO_IPIP || p->next == IPPROTO_IPV6;
	if (sa->said.protocol != p->next)
		return false;
	return spi_at(p->next) < 0 || (read_spi(p, &spi) && spi == sa->said.spi);
}

static bool is_transform(uint8_t protocol)
{
	return spi_at(protocol) >= 0 || protocol == IPPROTO_COMP;
}

static struct klips_sa *broken(struct klips_worker *w, struct pkt *p)
{
	pkt_drop(w, p, p->next == IPPROTO_NONE ? KC_IN_DUMMY : KC_IN_NESTED);
	return NULL;
}

/* The SA that must be undone next, or NULL when the chain is at its end or broken. */
static struct klips_sa *next_sa(struct klips_worker *w, struct pkt *p)
{
	struct klips_sa *in = rcu_get(p->done->inner);
	bool tunnel = p->done->said.protocol == MS_PROTO_TUN;

	if (in != NULL && tunnel && !enter(w, p))
		return NULL;
	/* RFC 3173 s2.2: what would not get shorter was not compressed */
	if (in != NULL && in->said.protocol == MS_PROTO_COMP && p->next != IPPROTO_COMP) {
		p->done = in;
		tunnel = false;
		in = rcu_get(in->inner);
	}
	if (in == NULL)
		return !tunnel && is_transform(p->next) ? broken(w, p) : NULL;
	if (!is_of(p, in))
		return broken(w, p);
	if (!usable(in)) {
		pkt_drop(w, p, KC_IN_SA_STATE);
		return NULL;
	}
	return in;
}

/* RFC 3948 s3.1.2: translators changed the addresses under way, and the checksum of TCP or UDP is
 * still that of the others.  What came is authentic, so it is made anew. */
static void renew_checksum(struct pkt *p, const struct ip_view *v)
{
	uint8_t *upper = p->data + v->upper_at;
	uint32_t len = v->total - v->upper_at;
	bool udp = v->upper == IPPROTO_UDP;
	unsigned at = udp ? UDP_CSUM_AT : TCP_CSUM_AT;
	uint16_t sum;

	if ((!udp && v->upper != IPPROTO_TCP) || v->fragment || len < at + sizeof sum)
		return;
	if (udp) {
		uint32_t said = (uint32_t)(upper[4] << 8 | upper[5]);

		memcpy(&sum, upper + at, sizeof sum);
		if (sum == 0 || said < UDP_OCTETS || said > len)
			return;
		len = said;
	}
	memset(upper + at, 0, sizeof sum);
	sum = (uint16_t)~sum_fold(
		sum_pseudo(p->data, v->upper) + htons((uint16_t)len) + sum_octets(upper, len));
	if (sum == 0 && udp)
		sum = 0xffff;
	memcpy(upper + at, &sum, sizeof sum);
}

/* Transport mode: the content gets a base header again (RFC 4303 s3.1.1). */
static void restore_header(struct klips_worker *w, struct pkt *p)
{
	unsigned header = ip_header_octets(&p->dst);
	struct ip_view v;

	if (p->next == IPPROTO_NONE) {
		pkt_drop(w, p, KC_IN_DUMMY);
		return;
	}
	if (p->len + header > PKT_MAX) {
		pkt_drop(w, p, KC_IN_INNER);
		return;
	}
	if (pkt_headroom(p) < header)
		pkt_move_home(p);
	p->data -= header; /* over what the transforms took off */
	p->len += header;
	ip_write(p->data, &p->peer.addr, &p->dst, p->next, p->tos, p->ttl, p->len);
	if (!ip_parse(p->data, p->len, &v))
		pkt_drop(w, p, KC_IN_INNER);
	else if (!content_allowed(p->done, p->data, &v))
		pkt_drop(w, p, KC_IN_POLICY);
	else if (p->peer.port != 0)
		renew_checksum(p, &v);
}

static void finish(struct klips_worker *w, struct pkt *p)
{
	char said[TALK_PACKET], text[TALK_PACKET];

	if (p->done->said.protocol != MS_PROTO_TUN)
		restore_header(w, p);
	if (p->dead)
		return;
	if (shared_get(p->done->to_device) != 0)
		p->device = device_numbered(w->k, shared_get(p->done->to_device) - 1);
	talk(w->k, ROOM_RCV, TALK_ANY, "out of %s: %s", talk_said(said, &p->done->said),
		talk_packet(text, p->data, p->len));
	mss_inbound(w, p->device, p);
}

void inbound(struct klips_worker *w, unsigned n)
{
	unsigned i, more;

	for (i = 0; i < n; i++) {
		struct pkt *p = w->batch[i];

		p->sa = p->dead ? NULL : find_sa(w, p);
		if (p->ttl == 0)
			p->ttl = NEW_TTL;
	}
	do {
		undo_runs(w, n);
		for (i = 0, more = 0; i < n; i++) {
			struct pkt *p = w->batch[i];

			if (p->sa == NULL)
				continue;
			p->sa = p->dead ? NULL : next_sa(w, p);
			more += p->sa != NULL;
		}
	} while (more > 0);
	for (i = 0; i < n; i++)
		if (!w->batch[i]->dead)
			finish(w, w->batch[i]);
	tun_deliver(w, w->batch, n);
}

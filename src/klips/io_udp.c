/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encapsulation sockets: what comes in is ESP, IKE or a keep-alive.
 *
 * Standards: RFC 3948 s2.
 */
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/note.h"

#include <netinet/in.h>
#include <string.h>

enum { MARKER = 4, SHORTEST_ESP = 8 };

/* Linux 5.0 */
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static void read_join(const struct cmsghdr *c, uint32_t *size)
{
	int n;

	if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO)
		return;
	memcpy(&n, CMSG_DATA(c), sizeof n);
	*size = n > 0 ? (uint32_t)n : 0;
}

bool control_read(struct msghdr *h, struct pkt *p, uint32_t *size)
{
	struct cmsghdr *c;

	*size = 0;
	if (ms_endpoint_from_sockaddr(&p->peer, h->msg_name) != MS_OK)
		return false;
	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			p->dst = (struct ms_addr){ .family = AF_INET };
			memcpy(p->dst.b, &info.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			p->tos = *CMSG_DATA(c);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			p->dst = (struct ms_addr){ .family = AF_INET6 };
			memcpy(p->dst.b, &info.ipi6_addr, 16);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			int tclass;

			memcpy(&tclass, CMSG_DATA(c), sizeof tclass);
			p->tos = (uint8_t)tclass;
		} else {
			read_join(c, size);
		}
	}
	return p->dst.family != 0;
}

static void pass_ike(struct klips_worker *w, const struct encap *e, struct pkt *p)
{
	struct note n = { .kind = NOTE_DATAGRAM, .local = e->local, .remote = p->peer };

	count(&w->counters, KC_UDP_IKE, 1);
	p->dead = true;
	if (p->dst.family != 0)
		n.local.addr = p->dst;
	n.held = held_new(p->data + MARKER, p->len - MARKER, NULL);
	if (n.held != NULL)
		note_post(w, &n);
	else
		count(&w->counters, KC_NOTE_LOST, 1);
}

static void classify(struct klips_worker *w, const struct encap *e, struct pkt *p)
{
	static const uint8_t non_esp[MARKER];

	p->next = IPPROTO_ESP;
	if (p->len == 1 && p->data[0] == 0xff)
		pkt_drop(w, p, KC_UDP_KEEPALIVE);
	else if (p->len > MARKER && memcmp(p->data, non_esp, MARKER) == 0)
		pass_ike(w, e, p);
	else if (p->len < SHORTEST_ESP)
		pkt_drop(w, p, KC_UDP_RUNT);
	else
		count(&w->counters, KC_IN_READ, 1);
}

/* One datagram of those that a message holds, at `at`; its borders are its own. */
static void take(struct klips_worker *w, const struct encap *e, const struct pkt *all, uint8_t *at,
	uint32_t len, unsigned slot)
{
	struct pkt *p = &w->pkts[slot];

	pkt_fresh(p, len);
	p->buf = at == all->data ? all->buf : at;
	p->end = at + len == all->data + all->len ? all->end : at + len;
	p->data = at;
	p->peer = all->peer;
	p->dst = all->dst;
	p->tos = all->tos;
	p->device = all->device;
	w->batch[slot] = p;
	classify(w, e, p);
}

void udp_ready(struct klips_worker *w, struct klips_source *s)
{
	struct encap *e = s->owner;
	unsigned n = receive_joined(w, s), i, slots = 0;

	for (i = 0; i < n; i++) {
		struct pkt *all = &w->joined[i];
		uint32_t size, at, len;

		if (all->dead || !control_read(&w->io.msgs[i].msg_hdr, all, &size)) {
			count(&w->counters, KC_UDP_RUNT, 1);
			continue;
		}
		if (size == 0)
			size = all->len;
		all->device = device_for_addr(w->k, &all->dst);
		device_counts(w, all->device);
		for (at = 0; at < all->len; at += len) {
			len = all->len - at < size ? all->len - at : size;
			take(w, e, all, all->data + at, len, slots++);
			if (slots == PKT_BATCH) {
				inbound(w, slots);
				slots = 0;
			}
		}
	}
	inbound(w, slots);
}

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

bool control_read(struct msghdr *h, struct pkt *p)
{
	struct cmsghdr *c;

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

void udp_ready(struct klips_worker *w, struct klips_source *s)
{
	struct encap *e = s->owner;
	unsigned n = receive_batch(w, s->fd), i;

	for (i = 0; i < n; i++) {
		struct pkt *p = w->batch[i];

		if (p->dead || !control_read(&w->io.msgs[i].msg_hdr, p)) {
			pkt_drop(w, p, KC_UDP_RUNT);
			continue;
		}
		classify(w, e, p);
		if (!p->dead)
			p->device = device_for_addr(w->k, &p->dst);
	}
	inbound(w, n);
}

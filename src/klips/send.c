/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Out to the untrusted side, a batch per system call.
 *
 * ESP goes through sockets of its protocol, so that the system writes the outer header and cuts
 * what is too long; source address, device and traffic class are told by control messages.  Clear
 * packets, and those whose outermost transform is another one, go out with the header they have.
 */
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/ip.h"

#include <errno.h>
#include <string.h>

/* Where the octets after the outer header go to. */
struct way {
	int fd;
	unsigned ifindex;
	uint16_t port; /* UDP destination, host order */
};

static void put_control(struct msghdr *h, uint8_t *buf, size_t size, const uint8_t *packet,
	const struct ip_view *v, unsigned ifindex)
{
	struct cmsghdr *c;
	int tos = v->tos;

	memset(buf, 0, size);
	h->msg_control = buf;
	h->msg_controllen = size;
	c = CMSG_FIRSTHDR(h);
	if (v->version == 4) {
		struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };

		memcpy(&info.ipi_spec_dst, packet + 12, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		h->msg_controllen = CMSG_SPACE(sizeof info);
	} else {
		struct in6_pktinfo info = { .ipi6_ifindex = ifindex };

		memcpy(&info.ipi6_addr, packet + 8, 16);
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		h->msg_controllen = CMSG_SPACE(sizeof info);
	}
	if (tos == 0)
		return;
	c = (struct cmsghdr *)(void *)(buf + h->msg_controllen);
	c->cmsg_level = v->version == 4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = v->version == 4 ? IP_TOS : IPV6_TCLASS;
	c->cmsg_len = CMSG_LEN(sizeof tos);
	memcpy(CMSG_DATA(c), &tos, sizeof tos);
	h->msg_controllen += CMSG_SPACE(sizeof tos);
}

/* Fills message `slot` with the packet's octets from `skip` on. */
static void put_message(struct klips_worker *w, unsigned slot, struct pkt *p, unsigned skip,
	uint16_t port)
{
	struct io_scratch *io = &w->io;
	struct msghdr *h = &io->msgs[slot].msg_hdr;
	struct ms_endpoint to = { .addr = ip_dst(p->data), .port = port };

	memset(h, 0, sizeof *h);
	h->msg_name = &io->names[slot];
	h->msg_namelen = ms_endpoint_to_sockaddr(&to, &io->names[slot]);
	io->iov[slot] = (struct iovec){ p->data + skip, p->len - skip };
	h->msg_iov = &io->iov[slot];
	h->msg_iovlen = 1;
	io->pkts[slot] = p;
}

/* All of n messages; one that the system refuses is counted and skipped. */
static void flush(struct klips_worker *w, int fd, unsigned n, enum klips_counter reason)
{
	unsigned at = 0, sent = 0;

	while (at < n) {
		int r = sendmmsg(fd, w->io.msgs + at, n - at, MSG_DONTWAIT);

		if (r > 0) {
			at += (unsigned)r;
			sent += (unsigned)r;
		} else if (errno != EINTR) {
			count(&w->counters, KC_OUT_SEND, 1);
			at++;
		}
	}
	count(&w->counters, reason, sent);
}

static bool choose_way(struct klips_worker *w, const struct klips_device *d,
	const struct klips_sa *sa, struct way *out)
{
	if (sa->encap_dst == 0) {
		out->fd = sa->said.dst.family == AF_INET6 ? d->raw6.fd : d->raw4.fd;
		out->port = 0;
	} else {
		const struct encap *e = encap_find(w->k, &sa->src, sa->encap_src);

		out->fd = e == NULL ? -1 : e->source.fd;
		out->port = sa->encap_dst;
	}
	out->ifindex = d->phys_ifindex;
	return out->fd >= 0;
}

void send_protected(struct klips_worker *w, struct klips_device *d, struct klips_sa *sa,
	struct pkt **pkts, unsigned n)
{
	struct way way;
	bool found = choose_way(w, d, sa, &way);
	unsigned i, ready = 0;
	struct ip_view v;

	for (i = 0; i < n; i++) {
		struct pkt *p = pkts[i];

		if (p->dead)
			continue;
		if (!found || !ip_parse(p->data, p->len, &v)) {
			pkt_drop(w, p, KC_OUT_NO_SOCKET);
			continue;
		}
		put_message(w, ready, p, v.header, way.port);
		put_control(&w->io.msgs[ready].msg_hdr, w->io.control[ready],
			sizeof w->io.control[ready], p->data, &v, way.ifindex);
		ready++;
	}
	flush(w, way.fd, ready, KC_OUT_SENT);
}

void send_clear(struct klips_worker *w, struct klips_device *d, struct pkt **pkts, unsigned n,
	enum klips_counter reason)
{
	unsigned family, i, ready;

	for (family = 4; family <= 6; family += 2) {
		int fd = family == 4 ? d->pass4 : d->pass6;

		for (i = 0, ready = 0; i < n; i++) {
			if (pkts[i]->dead || pkts[i]->data[0] >> 4 != family)
				continue;
			if (fd < 0)
				pkt_drop(w, pkts[i], KC_OUT_NO_SOCKET);
			else
				put_message(w, ready++, pkts[i], 0, 0);
		}
		flush(w, fd, ready, reason);
	}
}

void send_whole(struct klips_worker *w, struct klips_device *d, struct pkt **pkts, unsigned n)
{
	send_clear(w, d, pkts, n, KC_OUT_SENT);
}

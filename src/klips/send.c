/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Out to the untrusted side, a batch per system call.
 *
 * ESP goes through sockets of its protocol or, many datagrams in one message, through UDP sockets, so
 * that the system writes the outer header and cuts what is too long; source address, device and
 * traffic class are told by control messages.  Clear packets, and those whose outermost transform is
 * another one, go out with the header they have.
 */
#include "klips/fragment.h"
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/ip.h"

#include <errno.h>
#include <string.h>

/* What one message may hold: UDP_MAX_SEGMENTS of the oldest kernels, and a datagram's length. */
enum { GSO_SEGMENTS = 64, GSO_OCTETS = 65000 };

/* Where the octets after the outer header go to. */
struct way {
	int fd, df_fd; /* without and with DF */
	unsigned ifindex;
	uint16_t port; /* UDP destination, host order; 0: raw */
};

/* Messages under construction: each packet has a vector, each message one or, in UDP, several. */
struct mail {
	struct io_scratch *io;
	unsigned n, vectors;
	uint32_t octets, size; /* of the last message, of its first datagram */
	uint8_t tos;	       /* of the last message */
};

/* UDP segmentation offload (Linux 4.18): one message is many datagrams. */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static void put_one(struct msghdr *h, uint8_t *buf, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)(buf + h->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	h->msg_control = buf;
	h->msg_controllen += CMSG_SPACE(n);
}

static void put_control(struct msghdr *h, uint8_t *buf, const uint8_t *packet,
	const struct ip_view *v, unsigned ifindex)
{
	int tos = v->tos;

	h->msg_controllen = 0;
	if (v->version == 4) {
		struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };

		memcpy(&info.ipi_spec_dst, packet + 12, 4);
		put_one(h, buf, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
	} else {
		struct in6_pktinfo info = { .ipi6_ifindex = ifindex };

		memcpy(&info.ipi6_addr, packet + 8, 16);
		put_one(h, buf, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
	}
	if (tos == 0)
		return;
	if (v->version == 4)
		put_one(h, buf, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
	else
		put_one(h, buf, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
}

/* A new message with the packet's octets from `skip` on. */
static struct msghdr *new_message(struct mail *m, struct pkt *p, unsigned skip, uint16_t port)
{
	struct io_scratch *io = m->io;
	struct msghdr *h = &io->msgs[m->n].msg_hdr;
	struct ms_endpoint to = { .addr = ip_dst(p->data), .port = port };

	memset(h, 0, sizeof *h);
	h->msg_name = &io->names[m->n];
	h->msg_namelen = ms_endpoint_to_sockaddr(&to, &io->names[m->n]);
	h->msg_iov = &io->iov[m->vectors];
	h->msg_iovlen = 1;
	io->iov[m->vectors++] = (struct iovec){ p->data + skip, p->len - skip };
	m->n++;
	m->octets = m->size = p->len - skip;
	return h;
}

/* Datagrams of one size and one last that may be shorter are one message. */
static bool append(struct mail *m, const struct pkt *p, const struct ip_view *v)
{
	struct msghdr *h = m->n == 0 ? NULL : &m->io->msgs[m->n - 1].msg_hdr;
	uint32_t len = p->len - v->header;

	if (h == NULL || v->tos != m->tos || len > m->size || h->msg_iovlen >= GSO_SEGMENTS
		|| m->octets % m->size != 0 || m->octets + len > GSO_OCTETS)
		return false;
	m->io->iov[m->vectors++] = (struct iovec){ p->data + v->header, len };
	h->msg_iovlen++;
	m->octets += len;
	return true;
}

static void close_message(struct mail *m)
{
	struct msghdr *h = m->n == 0 ? NULL : &m->io->msgs[m->n - 1].msg_hdr;
	uint16_t size = (uint16_t)m->size;

	if (h != NULL && h->msg_iovlen > 1)
		put_one(h, h->msg_control, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
}

/* The system would not cut it (no offload there, too long for the path): datagram by datagram. */
static unsigned send_apart(int fd, struct msghdr *h)
{
	struct msghdr one = *h;
	unsigned i, sent = 0;

	one.msg_iovlen = 1;
	one.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	for (i = 0; i < h->msg_iovlen; i++) {
		one.msg_iov = h->msg_iov + i;
		sent += sendmsg(fd, &one, MSG_DONTWAIT) >= 0;
	}
	return sent;
}

/* All messages; what the system refuses is counted and skipped. */
static void flush(struct klips_worker *w, int fd, struct mail *m, enum klips_counter reason)
{
	unsigned at = 0, sent = 0;

	while (at < m->n) {
		struct mmsghdr *first = m->io->msgs + at;
		int r = sendmmsg(fd, first, m->n - at, MSG_DONTWAIT);

		if (r > 0) {
			for (at += (unsigned)r; r > 0; r--)
				sent += (unsigned)first++->msg_hdr.msg_iovlen;
		} else if (errno != EINTR) {
			if (first->msg_hdr.msg_iovlen > 1 && errno != EAGAIN && errno != ENOBUFS)
				sent += send_apart(fd, &first->msg_hdr);
			at++;
		}
	}
	count(&w->counters, reason, sent);
	count(&w->counters, KC_OUT_SEND, m->vectors - sent);
	m->n = m->vectors = 0;
}

static void choose_way(struct klips_worker *w, const struct klips_device *d,
	const struct klips_sa *sa, struct way *out)
{
	if (sa->encap_dst == 0) {
		out->fd = d->queues[w->index]
				  .raw[sa->said.dst.family == AF_INET6 ? RAW_ESP6 : RAW_ESP4]
				  .fd;
		out->df_fd = -1;
		out->port = 0;
	} else {
		const struct encap *e = encap_find(w->k, &sa->src, sa->encap_src);

		out->fd = e == NULL ? -1 : e->sources[w->index % e->n].fd;
		out->df_fd = e != NULL && e->df_fd >= 0 ? e->df_fd : out->fd;
		out->port = sa->encap_dst;
	}
	out->ifindex = d->phys_ifindex;
	if (out->ifindex == 0)
		out->fd = -1; /* by no other device, which might lead back here */
}

static void put_packet(struct mail *m, struct pkt *p, const struct ip_view *v, const struct way *way)
{
	struct msghdr *h;

	if (way->port != 0 && append(m, p, v))
		return;
	close_message(m);
	h = new_message(m, p, v->header, way->port);
	/* as a rule all messages of a batch are alike; but a datagram's may get more */
	if (m->n > 1 && v->tos == m->tos && way->port == 0) {
		const struct msghdr *before = &m->io->msgs[m->n - 2].msg_hdr;

		h->msg_control = before->msg_control;
		h->msg_controllen = before->msg_controllen;
	} else {
		put_control(h, m->io->control[m->n - 1], p->data, v, way->ifindex);
	}
	m->tos = v->tos;
}

/* What must be cut has none outside, whatever its own header says (transport mode). */
static bool has_df(const struct pkt *p)
{
	return p->data[0] >> 4 == 4 && (p->data[6] & IP_DF >> 8) != 0 && !p->cut;
}

/* Those with (want) or without DF in their outer header; true: there are others. */
static bool send_some(struct klips_worker *w, const struct way *way, struct pkt **pkts, unsigned n,
	bool want)
{
	struct mail m = { .io = &w->io };
	bool others = false;
	struct ip_view v;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct pkt *p = pkts[i];

		if (p->dead)
			continue;
		if (way->fd < 0 || !ip_parse(p->data, p->len, &v)) {
			pkt_drop(w, p, KC_OUT_NO_SOCKET);
			continue;
		}
		if (has_df(p) != want) {
			others = true;
			continue;
		}
		put_packet(&m, p, &v, way);
	}
	close_message(&m);
	flush(w, want ? way->df_fd : way->fd, &m, KC_OUT_SENT);
	return others;
}

static unsigned only_df(struct pkt **pkts, unsigned n, struct pkt **out)
{
	unsigned i, k = 0;

	for (i = 0; i < n; i++)
		if (!pkts[i]->dead && has_df(pkts[i]))
			out[k++] = pkts[i];
	return k;
}

void send_cut(struct klips_worker *w, struct klips_device *d, const struct klips_sa *sa,
	struct pkt **pkts, unsigned n)
{
	uint32_t mtu = shared_get(d->phys_mtu), path = shared_get(sa->path_mtu);
	unsigned i;

	if (path != 0 && path < mtu)
		mtu = path;
	for (i = 0; i < n; i++)
		if (pkts[i]->cut && !pkts[i]->dead && sa->encap_dst == 0 && pkts[i]->len > mtu)
			fragment_send(w, d, pkts[i], mtu);
}

void send_protected(struct klips_worker *w, struct klips_device *d, struct klips_sa *sa,
	struct pkt **pkts, unsigned n)
{
	struct pkt *df[PKT_BATCH];
	struct way way;

	choose_way(w, d, sa, &way);
	if (!send_some(w, &way, pkts, n, false))
		return;
	if (way.df_fd >= 0) {
		send_some(w, &way, pkts, n, true);
	} else {
		/* not in UDP: the header that the transforms wrote is the one to send */
		send_clear(w, d, df, only_df(pkts, n, df), KC_OUT_SENT);
	}
}

void send_clear(struct klips_worker *w, struct klips_device *d, struct pkt **pkts, unsigned n,
	enum klips_counter reason)
{
	struct mail m = { .io = &w->io };
	unsigned family, i;

	for (family = 4; family <= 6; family += 2) {
		int fd = family == 4 ? d->pass4 : d->pass6;

		for (i = 0; i < n; i++) {
			if (pkts[i]->dead || pkts[i]->data[0] >> 4 != family)
				continue;
			if (fd < 0)
				pkt_drop(w, pkts[i], KC_OUT_NO_SOCKET);
			else
				new_message(&m, pkts[i], 0, 0);
		}
		flush(w, fd, &m, reason);
	}
}

void send_whole(struct klips_worker *w, struct klips_device *d, struct pkt **pkts, unsigned n)
{
	send_clear(w, d, pkts, n, KC_OUT_SENT);
}

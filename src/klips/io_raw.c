/* SPDX-License-Identifier: Apache-2.0 */
/* Raw ESP and AH sockets: open and receive. */
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/ip.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_OCTETS = 4 << 20 };

static void set_options(int fd, int family)
{
	int on = 1, size = BUFFER_OCTETS, dont;

	socket_age_start(fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	/* the outer header never carries DF: what is too long is cut by the system */
	if (family == AF_INET) {
		dont = IP_PMTUDISC_DONT;
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof dont);
	} else {
		dont = IPV6_PMTUDISC_DONT;
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof dont);
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
	}
}

int raw_open(int family, int protocol, const char *phys)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0)
		return -1;
	if (phys != NULL
		&& setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, phys, (socklen_t)strlen(phys)) < 0) {
		int e = errno;

		close(fd);
		errno = e;
		return -1;
	}
	set_options(fd, family);
	return fd;
}

/* The n-th part of the SPIs: classic BPF over what raw sockets get, the IPv4 packet or, in IPv6, what
 * follows the headers. */
int raw_share(int fd, int family, int protocol, unsigned index, unsigned n)
{
	uint32_t at = protocol == IPPROTO_AH ? 4 : 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, at),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	if (n == 1)
		return 0;
	if (family == AF_INET6)
		code[0] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Messages into the packets' own buffers; how many.  Who sent them and how costs extra. */
static unsigned receive(struct klips_worker *w, struct klips_source *s, struct pkt *pkts, unsigned max,
	bool names)
{
	struct io_scratch *io = &w->io;
	unsigned i;
	int n;

	for (i = 0; i < max; i++) {
		struct msghdr *h = &io->msgs[i].msg_hdr;

		io->iov[i] = (struct iovec){ pkts[i].own + PKT_HEADROOM, PKT_MAX };
		memset(h, 0, sizeof *h);
		h->msg_iov = &io->iov[i];
		h->msg_iovlen = 1;
		if (names) {
			h->msg_name = &io->names[i];
			h->msg_namelen = sizeof io->names[i];
		} else if (i > 0) {
			continue; /* of the first the time is wanted */
		}
		h->msg_control = io->control[i];
		h->msg_controllen = sizeof io->control[i];
	}
	n = recvmmsg(s->fd, io->msgs, max, MSG_DONTWAIT, NULL);
	for (i = 0; n > 0 && i < (unsigned)n; i++) {
		pkt_fresh(&pkts[i], io->msgs[i].msg_len);
		pkts[i].dead = (io->msgs[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
	}
	if (n > 0)
		socket_age_look(w, s, &io->msgs[0].msg_hdr);
	return n > 0 ? (unsigned)n : 0;
}

static unsigned receive_batch(struct klips_worker *w, struct klips_source *s, bool names)
{
	unsigned n = receive(w, s, w->pkts, w->batch_most, names), i;

	for (i = 0; i < n; i++)
		w->batch[i] = &w->pkts[i];
	return n;
}

unsigned receive_joined(struct klips_worker *w, struct klips_source *s)
{
	return receive(w, s, w->joined, w->joined_most, true);
}

/* IPv4 raw sockets give the header; the system has put fragments together. */
void raw4_ready(struct klips_worker *w, struct klips_source *s)
{
	unsigned n = receive_batch(w, s, false), i;
	struct ip_view v;

	device_counts(w, s->owner);
	count(&w->counters, KC_IN_READ, n);
	for (i = 0; i < n; i++) {
		struct pkt *p = w->batch[i];

		if (p->dead || !ip_parse(p->data, p->len, &v)) {
			pkt_drop(w, p, KC_IN_RUNT);
			continue;
		}
		p->peer = (struct ms_endpoint){ .addr = ip_src(p->data) };
		p->dst = ip_dst(p->data);
		p->tos = v.tos;
		p->ttl = v.ttl;
		p->next = v.next;
		p->ip = p->data;
		p->ip_octets = v.header;
		p->data += v.header;
		p->len = v.total - v.header;
		p->device = s->owner;
	}
	inbound(w, n);
}

void raw6_ready(struct klips_worker *w, struct klips_source *s)
{
	unsigned n = receive_batch(w, s, true), i;
	struct klips_device *d = s->owner;
	uint32_t size;

	device_counts(w, d);
	count(&w->counters, KC_IN_READ, n);
	for (i = 0; i < n; i++) {
		struct pkt *p = w->batch[i];

		if (p->dead || !control_read(&w->io.msgs[i].msg_hdr, p, &size)) {
			pkt_drop(w, p, KC_IN_RUNT);
			continue;
		}
		p->peer.port = 0; /* raw sockets put the protocol there */
		p->next = device_raw_protocol((enum device_raw)(s - d->queues[w->index].raw));
		p->device = d;
	}
	inbound(w, n);
}

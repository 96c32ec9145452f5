/* SPDX-License-Identifier: Apache-2.0 */
/* Two UDP sockets, IKE (500) and NAT traversal (4500), read and written in batches. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH         64
#define SLOT_OCTETS   4096
#define MARKER_OCTETS 4 /* RFC 3948 s2.2 */

struct slot {
	struct sockaddr_storage addr;
	struct iovec iov;
	uint8_t data[SLOT_OCTETS];
};

struct port {
	struct load *l;
	struct ms_endpoint local;
	bool nat;
	int fd;
	struct ms_watch *watch;
	unsigned queued;
	struct slot out[BATCH];
	struct mmsghdr out_hdr[BATCH];
};

struct sockets {
	struct port ports[2]; /* IKE, NAT traversal */
	struct slot in[BATCH];
	struct mmsghdr in_hdr[BATCH];
};

static void prepare(struct mmsghdr *hdr, struct slot *slots)
{
	for (unsigned i = 0; i < BATCH; i++) {
		slots[i].iov = (struct iovec){ slots[i].data, SLOT_OCTETS };
		hdr[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &slots[i].addr,
						   .msg_namelen = sizeof slots[i].addr,
						   .msg_iov = &slots[i].iov,
						   .msg_iovlen = 1 } };
	}
}

static void received(struct port *p, struct slot *slot, size_t len)
{
	struct ms_endpoint remote;
	struct ms_bytes data = ms_bytes(slot->data, len);
	static const uint8_t marker[MARKER_OCTETS];

	if (ms_endpoint_from_sockaddr(&remote, (const struct sockaddr *)&slot->addr) != MS_OK)
		return;
	if (p->nat) {
		/* Without the marker it is ESP or a keep-alive, which is not awaited here. */
		if (len < MARKER_OCTETS || memcmp(data.ptr, marker, MARKER_OCTETS) != 0)
			return;
		data = ms_bytes(data.ptr + MARKER_OCTETS, len - MARKER_OCTETS);
	}
	ike_receive(p->l->ike, &p->local, &remote, data);
}

static void readable(void *arg, int fd, unsigned events)
{
	struct port *p = arg;
	struct sockets *s = p->l->sockets;
	int n;

	(void)events;
	do {
		prepare(s->in_hdr, s->in);
		n = recvmmsg(fd, s->in_hdr, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			received(p, &s->in[i], s->in_hdr[i].msg_len);
	} while (n == BATCH);
}

static void flush_port(struct port *p)
{
	unsigned done = 0;

	while (done < p->queued) {
		int n = sendmmsg(p->fd, p->out_hdr + done, p->queued - done, MSG_DONTWAIT);

		/* What cannot be sent is lost, as on any network: it will be sent again. */
		done += n > 0 ? (unsigned)n : 1;
	}
	p->queued = 0;
}

void sockets_flush(struct sockets *s)
{
	for (unsigned i = 0; i < 2; i++)
		flush_port(&s->ports[i]);
}

void sockets_send(struct sockets *s, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram)
{
	struct port *p = &s->ports[local->port == s->ports[1].local.port];
	size_t head = p->nat ? MARKER_OCTETS : 0;
	struct slot *slot;

	if (datagram.len + head > SLOT_OCTETS)
		return; /* an IKE message of this tool's proposals is a tenth of that */
	if (p->queued == BATCH)
		flush_port(p);
	slot = &p->out[p->queued];
	memset(slot->data, 0, head);
	memcpy(slot->data + head, datagram.ptr, datagram.len);
	slot->iov = (struct iovec){ slot->data, datagram.len + head };
	p->out_hdr[p->queued] = (struct mmsghdr){ .msg_hdr = { .msg_name = &slot->addr,
							  .msg_namelen = ms_endpoint_to_sockaddr(
								  remote, &slot->addr),
							  .msg_iov = &slot->iov,
							  .msg_iovlen = 1 } };
	p->queued++;
}

static ms_err open_port(struct load *l, struct port *p, uint16_t number, struct ms_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int size = 8 << 20;

	p->l = l;
	p->local = (struct ms_endpoint){ l->local, number };
	p->nat = number == 4500;
	len = ms_endpoint_to_sockaddr(&p->local, &ss);
	p->fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&ss, len) != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "UDP port %u of %s: %s", number, l->o->local,
			strerror(errno));
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	p->watch = ms_watch_new(l->loop, p->fd, MS_READABLE, readable, p);
	return p->watch == NULL ? MS_ERR_NOMEM : MS_OK;
}

ms_err sockets_open(struct load *l, struct ms_why *why)
{
	struct sockets *s = calloc(1, sizeof *s);
	ms_err err;

	if (s == NULL)
		return MS_ERR_NOMEM;
	s->ports[0].fd = s->ports[1].fd = -1;
	l->sockets = s;
	err = open_port(l, &s->ports[0], 500, why);
	if (err == MS_OK)
		err = open_port(l, &s->ports[1], 4500, why);
	return err;
}

void sockets_close(struct sockets **s)
{
	if (*s == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		ms_watch_free(&(*s)->ports[i].watch);
		if ((*s)->ports[i].fd >= 0)
			close((*s)->ports[i].fd);
	}
	free(*s);
	*s = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side: TUN queues.
 *
 * Before each packet stands a struct virtio_net_hdr, so that super-packets come in whole and leave
 * whole: the host's stack runs once for some 40 segments.
 */
#include "klips/coalesce.h"
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Since Linux 6.2. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* In one turn, so that the other sources get theirs. */
enum { SUPERS = 8 };

int tun_open(const char *name, bool first, struct tun_offloads *o)
{
	static const unsigned tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR |
					  (first ? IFF_TUN_EXCL : 0) };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), size, e;

	if (fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
	size = sizeof(struct virtio_net_hdr);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) < 0) {
		e = errno;
		close(fd);
		errno = e;
		return -1;
	}
	o->vnet = true;
	o->uso = ioctl(fd, TUNSETOFFLOAD, tso | TUN_F_USO4 | TUN_F_USO6) == 0;
	if (!o->uso && ioctl(fd, TUNSETOFFLOAD, tso) < 0)
		return fd; /* packets come one by one then */
	return fd;
}

/* The bits of the header go to *h, the packet to the slot; octets of the packet, or 0. */
static uint32_t tun_read(const struct klips_device *d, int fd, struct pkt *p,
	struct virtio_net_hdr *h)
{
	uint32_t header = d->offloads.vnet ? sizeof *h : 0;
	struct iovec iov[2] = { { h, header }, { p->own + PKT_HEADROOM, PKT_MAX } };
	ssize_t n;

	memset(h, 0, sizeof *h);
	n = readv(fd, iov, 2);
	return n <= (ssize_t)header ? 0 : (uint32_t)n - header;
}

static unsigned take_super(struct klips_worker *w, struct klips_device *d, unsigned slot)
{
	struct pkt *p = &w->pkts[slot];
	uint8_t *own = w->super.own;

	w->super = *p;
	p->own = own;
	return outbound_super(w, d, slot);
}

void tun_ready(struct klips_worker *w, struct klips_source *s)
{
	struct klips_device *d = s->owner;
	unsigned n = 0, supers = 0, entries = 0;
	struct virtio_net_hdr h;
	uint32_t len = 0;
	bool offload;

	device_counts(w, d);
	while (n < w->batch_most && supers < SUPERS) {
		struct pkt *p = &w->pkts[n];

		len = tun_read(d, s->fd, p, &h);
		if (len == 0)
			break;
		entries++;
		pkt_fresh(p, len);
		w->batch[n] = p;
		offload = offload_read(p, &h);
		if (p->todo.protocol != 0 && offload) {
			n = take_super(w, d, n);
			supers++;
			continue;
		}
		count(&w->counters, KC_OUT_READ, 1);
		if (offload)
			checksum_complete(p);
		else
			pkt_drop(w, p, KC_OUT_MALFORMED);
		n++;
	}
	if (entries > 0)
		tun_age_look(w, s, entries, len == 0);
	if (n > 0)
		outbound(w, d, n);
}

/* --- to the host ---------------------------------------------------------------------------- */

static void tun_write(struct klips_worker *w, struct klips_device *d, struct bundle *b)
{
	struct virtio_net_hdr h;
	struct iovec iov[1 + BUNDLE_PARTS];
	unsigned n = bundle_finish(b, &h, iov + 1);
	bool vnet = d->offloads.vnet;
	ssize_t want = (ssize_t)(b->total + (vnet ? sizeof h : 0));

	iov[0] = (struct iovec){ &h, sizeof h };
	if (writev(d->queues[w->index].tun.fd, vnet ? iov : iov + 1, (int)n + vnet) != want) {
		count(&w->counters, KC_IN_WRITE, b->n);
		return;
	}
	count(&w->counters, KC_IN_DELIVERED, b->n);
	count(&w->counters, KC_IN_SUPER, b->n > 1);
}

/* One device's. */
static void write_run(struct klips_worker *w, struct klips_device *d, struct pkt **pkts,
	unsigned n)
{
	unsigned made = coalesce(pkts, n, &d->offloads, w->bundles), i;

	for (i = 0; i < made; i++)
		tun_write(w, d, &w->bundles[i]);
}

void tun_deliver(struct klips_worker *w, struct pkt **pkts, unsigned n)
{
	unsigned i, end;

	for (i = 0; i < n; i = end) {
		struct klips_device *d = pkts[i]->device;

		for (end = i + 1; end < n && pkts[end]->device == d; end++)
			continue;
		if (d != NULL)
			write_run(w, d, pkts + i, end - i);
		else
			for (; i < end; i++)
				if (!pkts[i]->dead)
					pkt_drop(w, pkts[i], KC_IN_WRITE);
	}
}

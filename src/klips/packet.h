/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet buffers: each worker owns slots for one batch, used for whatever it handles next.
 *
 * data lies somewhere between buf and end, with PKT_HEADROOM before it when it was read and enough
 * room behind for padding and ICV.  A packet may also lie in a larger buffer with others before and
 * behind it; then buf and end are the borders of its own octets.
 */
#ifndef KLIPS_PACKET_H
#define KLIPS_PACKET_H

#include <modswan/addr.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	PKT_BATCH = 128,
	PKT_JOINED = 32, /* messages that may hold many datagrams */
	PKT_HEADROOM = 1024, /* what the headers of the longest usable group need */
	PKT_MAX = 65535,
	PKT_TAILROOM = 320, /* padding up to 255, ICV */
	PKT_BUF = PKT_HEADROOM + PKT_MAX + 1 + PKT_TAILROOM,
};

struct eroute;
struct klips_sa;
struct klips_device;

/* What the host left to do, segment.h. */
struct offload {
	bool partial;	  /* checksum lacks what is from csum_start on */
	uint8_t protocol; /* not 0: a super-packet of TCP or UDP */
	uint16_t size;	  /* of each segment's payload */
	uint16_t csum_start, csum_offset;
};

/* What the host's side of a device can do. */
struct tun_offloads {
	bool vnet; /* a struct virtio_net_hdr before each packet; joined TCP segments are taken */
	bool uso;  /* joined UDP datagrams, too */
};

struct pkt {
	uint8_t *own; /* the slot's buffer of PKT_BUF octets */
	uint8_t *buf, *end, *data;
	uint32_t len;
	bool dead; /* counted and done with */
	bool injected; /* was held */
	bool looked_up; /* out: with the super-packet that it is a segment of */
	struct offload todo;
	bool cut; /* out: too big for its path, must not have DF outside */

	/* out: the SA group's head */
	struct klips_sa *sa;
	struct eroute *eroute;

	/* in: outer header, the transform that is next, and the SA undone last */
	struct ms_endpoint peer; /* port 0: not in UDP */
	struct ms_addr dst;
	uint8_t tos, ttl, next;
	/* The IP header that stands right before the first transform's, with options and extension
	 * headers; NULL: the system kept it. */
	uint8_t *ip;
	uint16_t ip_octets;
	struct klips_sa *done;
	struct klips_device *device;
	struct pkt *more; /* coalesced: the segment that follows */
};

/* Ready for len octets at the usual place of its own buffer. */
static inline void pkt_fresh(struct pkt *p, uint32_t len)
{
	uint8_t *own = p->own;

	memset(p, 0, sizeof *p);
	p->own = p->buf = own;
	p->end = own + PKT_BUF;
	p->data = own + PKT_HEADROOM;
	p->len = len;
}

static inline uint32_t pkt_tailroom(const struct pkt *p)
{
	return (uint32_t)(p->end - (p->data + p->len));
}

static inline uint32_t pkt_headroom(const struct pkt *p)
{
	return (uint32_t)(p->data - p->buf);
}

/* Into its own buffer, where there is room all around; it did not lie there before. */
static inline void pkt_move_home(struct pkt *p)
{
	p->buf = p->own;
	p->end = p->own + PKT_BUF;
	memcpy(p->own + PKT_HEADROOM, p->data, p->len);
	p->data = p->own + PKT_HEADROOM;
}

#endif

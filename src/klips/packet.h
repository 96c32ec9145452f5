/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet buffers: each worker owns one batch of them, used for whatever it reads next.
 *
 * data lies somewhere in buf, with PKT_HEADROOM before it when it was read and enough room behind
 * for padding and ICV.
 */
#ifndef KLIPS_PACKET_H
#define KLIPS_PACKET_H

#include <modswan/addr.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	PKT_BATCH = 64,
	PKT_HEADROOM = 1024, /* what the headers of the longest usable group need */
	PKT_MAX = 65535,
	PKT_TAILROOM = 320, /* padding up to 255, ICV */
	PKT_BUF = PKT_HEADROOM + PKT_MAX + 1 + PKT_TAILROOM,
};

struct eroute;
struct klips_sa;
struct klips_device;

struct pkt {
	uint8_t *buf, *data;
	uint32_t len;
	bool dead; /* counted and done with */
	bool injected; /* was held */

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
};

static inline uint32_t pkt_tailroom(const struct pkt *p)
{
	return (uint32_t)(p->buf + PKT_BUF - (p->data + p->len));
}

static inline uint32_t pkt_headroom(const struct pkt *p)
{
	return (uint32_t)(p->data - p->buf);
}

#endif

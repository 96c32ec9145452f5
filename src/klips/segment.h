/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host hands over before its last work is done: packets whose checksum is not complete,
 * and super-packets, which are many TCP segments or UDP datagrams under one header.
 *
 * The work is done here, since what leaves goes into tunnels that no device can look into.
 */
#ifndef KLIPS_SEGMENT_H
#define KLIPS_SEGMENT_H

#include "klips/ip.h"
#include "klips/packet.h"

#include <linux/virtio_net.h>

/* Takes the header that came before the packet into p->todo; false: it does not fit the packet. */
bool offload_read(struct pkt *p, const struct virtio_net_hdr *h);
/* Completes the checksum of a packet that is no super-packet. */
void checksum_complete(struct pkt *p);

/* The cutting of one super-packet. */
struct segmenter {
	const uint8_t *packet;
	uint32_t total;	 /* octets of the super-packet */
	uint32_t header; /* of these that stand before each segment */
	uint32_t at, size; /* of payload: next, per segment */
	uint32_t seq;
	uint16_t upper_at, id;
	bool tcp;
	uint64_t pseudo;
};

/* p is a super-packet and v what it is.  False: the packet contradicts itself. */
bool segment_begin(struct segmenter *s, const struct pkt *p, const struct ip_view *v);
/* Before the first is taken: none gets longer than `limit` octets where the protocol lets us choose,
 * which is TCP. */
void segment_limit(struct segmenter *s, uint32_t limit);
/* The next one, whole, at out->data; false: there is none. */
bool segment_next(struct segmenter *s, struct pkt *out);
/* How many there are to come. */
unsigned segment_count(const struct segmenter *s);
/* Octets of the longest segment. */
uint32_t segment_longest(const struct segmenter *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining packets of one flow that came one after the other, so that the host handles them as one.
 *
 * Joined is what cutting gives back as it was: TCP segments with the same headers but for sequence
 * number, identification, checksum and a last one's FIN or PSH; UDP datagrams of the same length.
 * All but the last are of one size.  Nothing joins whose checksum is not right: what the host gets
 * is declared to be good.
 */
#ifndef KLIPS_COALESCE_H
#define KLIPS_COALESCE_H

#include "klips/packet.h"

#include <linux/virtio_net.h>
#include <sys/uio.h>

/* What goes to the host in one piece: a packet, or several joined. */
struct bundle {
	struct pkt *first, *last;
	unsigned n;
	uint32_t total;	 /* octets of the packet that it is */
	uint32_t header; /* of these before the payload; 0: nothing joins */
	uint32_t size;	 /* payload of all but the last */
	uint32_t seq;	 /* TCP: what must come next */
	uint16_t id;	 /* IPv4: of the last */
	uint8_t upper_at;
	uint8_t flags;	/* TCP: FIN and PSH of the last */
	bool tcp, checked, open;
};

enum { BUNDLE_PARTS = 64 };

/* Sorts n packets into at most n bundles, in the order in which they came; dead ones are left out.
 * Joins what the host takes. */
unsigned coalesce(struct pkt **pkts, unsigned n, const struct tun_offloads *can,
	struct bundle *out);
/* Writes the headers of the whole over the first packet's and says where everything lies, without *h.
 * Returns the number of vectors. */
unsigned bundle_finish(struct bundle *b, struct virtio_net_hdr *h, struct iovec *iov);

#endif

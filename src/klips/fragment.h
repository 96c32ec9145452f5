/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protected packets that their path cannot carry whole, cut by us: the system would do so only up to
 * what it believes of the path, and never to packets that come with a header of their own.
 *
 * Standards: RFC 791 s3.2, RFC 8200 s4.5, RFC 6864.
 */
#ifndef KLIPS_FRAGMENT_H
#define KLIPS_FRAGMENT_H

#include "klips/worker.h"

#include <sys/uio.h>

struct klips_device;

struct fragmenter {
	uint8_t header[80]; /* of the next fragment */
	unsigned header_octets;
	uint32_t at, end, step; /* of the content */
	const uint8_t *packet;
};

/* False: this packet cannot be cut, or mtu is too small for any content. */
bool fragment_begin(struct fragmenter *f, const uint8_t *packet, uint32_t len, uint32_t mtu,
	uint32_t id);
/* False: there are no more.  Pieces of the next one, valid until the next call. */
bool fragment_next(struct fragmenter *f, struct iovec out[2]);

/* Sends p in fragments of at most mtu octets and counts; p is dead afterwards. */
void fragment_send(struct klips_worker *w, const struct klips_device *d, struct pkt *p, uint32_t mtu);

#endif

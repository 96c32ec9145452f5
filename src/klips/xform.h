/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms: one row per protocol that an SA group can hold.
 *
 * Every transform takes whole IP packets and leaves whole IP packets, so that any order that a
 * group has works; calls are for n packets of one SA.  What cannot be carried is counted and
 * marked dead.  Coming in, undo() starts at the protocol's own header (packet.h) and tells the
 * protocol that follows it.
 */
#ifndef KLIPS_XFORM_H
#define KLIPS_XFORM_H

#include "klips/packet.h"

#include <stdint.h>

struct klips_sa;
struct klips_worker;

struct klips_xform {
	uint8_t protocol;
	const char *name; /* in listings */
	void (*apply)(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n);
	/* NULL: not met on the wire by itself */
	void (*undo)(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n);
	/* The largest packet that it makes no larger than `room` octets. */
	uint32_t (*room)(const struct klips_sa *sa, uint32_t room);
};

/* NULL: none. */
const struct klips_xform *klips_xform_of(uint8_t protocol);

/* RFC 4301 s5.2: may this packet come out of the SA? */
struct ip_view;
bool content_allowed(const struct klips_sa *sa, const uint8_t *data, const struct ip_view *v);

extern const struct klips_xform esp_xform, ipip_xform;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms: one row per protocol that an SA group can hold.
 *
 * Every transform takes whole IP packets and leaves whole IP packets, so that any order that a
 * group has works; calls are for n packets of one SA.  What cannot be carried is counted and
 * marked dead.  Coming in, undo() starts at the protocol's own header (packet.h) and tells the
 * protocol that follows it.
 *
 * What follows what: behind one IP header IPComp, then ESP, then AH, each at most once, any of them
 * left out (RFC 4301 s4.1 with RFC 3173 s2.2: compression before encryption); IPIP may follow
 * anything and starts anew with the header that it writes.
 */
#ifndef KLIPS_XFORM_H
#define KLIPS_XFORM_H

#include "klips/packet.h"

#include <stdint.h>

struct klips_sa;
struct klips_worker;

struct klips_xform {
	uint8_t protocol;
	uint8_t rank;	  /* greater than that of what is before it behind the same header */
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
/* The same of a whole packet in p, by the first fragment of its datagram if it is a later one; false:
 * dead, counted, or kept until the first comes. */
bool content_takes(struct klips_worker *w, const struct klips_sa *sa, struct pkt *p,
	const struct ip_view *v);

/* May outer be applied right after inner?  One without a transform here: yes, it never runs. */
bool klips_xform_follows(const struct klips_sa *inner, const struct klips_sa *outer);

/* --- sequence numbers, for ESP and AH -------------------------------------------------------- */

/* Takes n numbers; the first of them, or 0 when there are not enough left (RFC 4303 s3.3.3). */
uint64_t sequence_take(struct klips_worker *w, struct klips_sa *sa, unsigned n);
/* With several workers: packets of an SA leave in the order of their numbers, or the peer's replay
 * window would lose those that another worker overtook.  To be called before and after sending what
 * numbers were taken for; waits for others, but not for long. */
void turn_wait(struct klips_worker *w);
void turn_pass(struct klips_worker *w);
/* The window is this thread's from hold to release: once for a batch, for nothing that waits. */
void sequence_hold(struct klips_sa *sa);
void sequence_release(struct klips_sa *sa);
/* Held.  Before the integrity check: the whole number, and may it come?  False: dead. */
bool sequence_check(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, uint32_t low,
	uint64_t *seq_r);
/* Held.  After it: marks the number as seen.  False: dead. */
bool sequence_accept(struct klips_worker *w, struct klips_sa *sa, struct pkt *p, uint64_t seq);
void auth_failed(struct klips_worker *w, struct klips_sa *sa, struct pkt *p);

extern const struct klips_xform ah_xform, esp_xform, ipcomp_xform, ipip_xform;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First fragments are remembered, so that the later ones of their datagram go the same way.
 *
 * Only the first fragment of a datagram has ports (and, in IPv6, surely the protocol).  What it had is
 * kept for as long as hosts wait for the rest; a later one that comes before it waits a moment where
 * its way depends on ports, and is dropped when the first does not come.  What is sent on is only ever
 * decided by ports that a first fragment had: later ones begin behind them (8 octets at least), so none
 * can write other ports over those that were looked at.
 *
 * Each worker has a table of its own: the system hashes all fragments of a datagram to one queue, and
 * an SA's packets come to one worker.  Bounds: entries (the newest wins), octets and packets that wait,
 * time.
 *
 * Standards: RFC 4301 s7.3 (stateful fragment checking), s7.4, RFC 791, RFC 8200 s4.5.
 */
#ifndef KLIPS_FIRSTS_H
#define KLIPS_FIRSTS_H

#include "klips/ip.h"

struct firsts;
struct held;
struct klips_device;
struct klips_worker;
struct pkt;

/* For one of so many workers; NULL: no memory. */
struct firsts *firsts_new(unsigned n_workers);
void firsts_free(struct firsts **f);

/* A packet that is a fragment; `of` keeps directions and SAs apart, it is never followed. */
struct fragment_of {
	const uint8_t *data;
	const struct ip_view *v;
	const void *of;
};

/* A first one, whose flow this is.  What waited for it, oldest first, is the caller's now. */
struct held *firsts_put(struct klips_worker *w, const struct fragment_of *f, const struct flow *flow);
/* A later one: gets protocol and ports of the first into *flow; false: that was not seen. */
bool firsts_get(struct klips_worker *w, const struct fragment_of *f, struct flow *flow);
/* A later one that must wait, as it is now: p is dead, a copy is kept. */
void firsts_wait(struct klips_worker *w, const struct fragment_of *f, struct pkt *p,
	struct klips_device *d);

#endif

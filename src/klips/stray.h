/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strays: ESP and AH for SAs that are not there, because their peer believes in what we lost when we
 * were started anew (RFC 4322 s8.3; RFC 7296 s2.4 leaves him waiting for our silence).
 *
 * Where a trap stands for packets of ours to that peer, a stray asks the key daemon for a tunnel as such
 * a packet would: the new tunnel tells him.  Anybody can send strays under any address, so they are few
 * in a second; nothing is held for them.
 */
#ifndef KLIPS_STRAY_H
#define KLIPS_STRAY_H

struct klips_worker;
struct pkt;

enum { STRAYS_PER_SECOND = 8 }; /* of one worker */

/* On the worker's thread: no SA was found for this packet.  hold_stray() goes on. */
void stray_packet(struct klips_worker *w, const struct pkt *p);
#endif

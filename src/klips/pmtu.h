/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path MTU outside: what routers on the way to the peers say of our protected packets.
 *
 * ICMP "fragmentation needed" and ICMPv6 "packet too big" come in on raw sockets of the control
 * thread.  One is believed when it quotes a packet that an outbound SA of ours may have sent a
 * short while ago; then the path (source, destination) and the SA have the new MTU, SAs that are
 * made later for the same path have it from the start, and after ten minutes it is forgotten, so
 * that a path which got wider is found again.  A message only ever makes a path narrower.
 *
 * Standards: RFC 4301 s8, RFC 1191, RFC 8201.
 */
#ifndef KLIPS_PMTU_H
#define KLIPS_PMTU_H

#include "klips/sadb.h"

#include <modswan/error.h>

struct klips;
struct pmtu;

enum { PMTU_LIFE_S = 600 };

/* Without sockets when the system gives none: then nothing is learned. */
ms_err pmtu_new(struct pmtu **out, struct klips *k, struct ms_why *why) MS_MUST_CHECK;
void pmtu_free(struct pmtu **p);
/* Control thread, online; p may be NULL: nothing was learned. */
void pmtu_tick(struct pmtu *p);
/* What is known of the path of this outermost SA, 0: nothing.  From now on the SA is told. */
uint32_t pmtu_join(struct pmtu *p, struct klips_sa *sa);

/* One message as the raw sockets give it: with the IPv4 header, from the ICMPv6 header on.
 * False: not believed. */
bool pmtu_icmp4(struct pmtu *p, const uint8_t *packet, size_t len);
bool pmtu_icmp6(struct pmtu *p, const uint8_t *icmp, size_t len);

#endif

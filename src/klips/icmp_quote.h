/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP errors inside tunnels, which belong to the SA of the packet that they are about.
 *
 * A router behind a gateway, or the gateway itself, answers with an address of its own, which often
 * lies outside of what the tunnel protects: that is why the middle of a traceroute stayed empty.
 * The packet that is quoted does lie inside, with source and destination exchanged.
 *
 * Standards: RFC 4301 s6.2.
 */
#ifndef KLIPS_ICMP_QUOTE_H
#define KLIPS_ICMP_QUOTE_H

#include "klips/ip.h"

/* False: no ICMP error, or it does not go to the quoted packet's source.  Else *out is the flow of
 * what would be an answer to the quoted packet. */
bool icmp_quoted_flow(const uint8_t *packet, const struct ip_view *v, struct flow *out);

#endif

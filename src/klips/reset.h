/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP resets for segments that %reject refuses: to their sender it looks like a port that nobody
 * listens on.
 *
 * Standards: RFC 9293 s3.10.7.1 (a segment for a connection that is not there).
 */
#ifndef KLIPS_RESET_H
#define KLIPS_RESET_H

#include "klips/ip.h"

#include <stddef.h>

enum { RESET_MAX_OCTETS = 40 + 20 };

/* The reset as a whole packet, its length; 0: this packet gets none (no whole TCP segment, a
 * fragment, a reset itself). */
size_t reset_make(uint8_t out[RESET_MAX_OCTETS], const uint8_t *packet, const struct ip_view *v);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* AH; see ah.c and ah_mutable.c. */
#ifndef KLIPS_AH_H
#define KLIPS_AH_H

#include "klips/ip.h"

struct klips_sa;

/* Octets of the whole AH header behind an IP header of this version, RFC 4302 s2.2 and s2.6. */
unsigned ah_octets(const struct klips_sa *sa, unsigned version);

/* Where AH goes to, and where the header before it names its successor. */
struct ah_place {
	uint16_t at, next_at;
	uint8_t next;
};

/* RFC 4302 s3.1.1: after hop-by-hop options, routing headers and what belongs to them. */
struct ah_place ah_place(const uint8_t *ip, const struct ip_view *v);
/* Makes the header what both ends put into the ICV: mutable fields 0, predictable ones as they are
 * when the packet arrives (RFC 4302 s3.3.3.1).  octets: up to the AH header.  False: there is
 * something whose arrival cannot be predicted. */
bool ah_mask(uint8_t *ip, unsigned octets);

#endif

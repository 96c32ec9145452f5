/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: SA groups of any members, made twice, once for each direction. */
#ifndef KLIPS_GROUP_H
#define KLIPS_GROUP_H

#include "klips/rig.h"

enum { GROUP_MAX = 16 };

/* One member, inner to outer. */
struct group_member {
	uint8_t protocol;
	int family;	/* of its end points: 192.0.2.x, 2001:db8::x */
	uint8_t net;	/* x is net*2+1 and net*2+2: end points of a tunnel */
	uint16_t encr, key_bits, integ;
	bool esn;
};

struct group {
	unsigned n;
	struct klips_sa *out[GROUP_MAX], *in[GROUP_MAX];
};

/* MS_ERR_NO_ALGORITHM: not here; else what sadb_link() said.  On error nothing is left. */
ms_err group_new(struct rig *r, struct group *g, const struct group_member *m, unsigned n,
	uint32_t spi) MS_MUST_CHECK;
void group_free(struct rig *r, struct group *g);
/* Sends the packet through members from..to (exclusive) of the outbound side. */
struct pkt *group_protect(struct rig *r, struct group *g, const void *packet, uint32_t len,
	unsigned from, unsigned to);
struct ms_addr group_addr(int family, unsigned last);

#endif

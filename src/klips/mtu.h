/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that are too big for the tunnel that they shall go into.
 *
 * Standards: RFC 4301 s8.2, RFC 1191, RFC 4443, RFC 2473 s7.
 */
#ifndef KLIPS_MTU_H
#define KLIPS_MTU_H

#include "klips/ip.h"
#include "klips/worker.h"

struct klips_sa;

/* len: of the longest packet that p stands for; head: of the group.  True: its sender was told, and it
 * must be dropped.  Else it may have become one that is cut outside (p->cut). */
bool mtu_refuses(struct klips_worker *w, const struct klips_device *d, struct pkt *p,
	const struct ip_view *v, const struct klips_sa *head, uint32_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP that would not learn how much fits: the segment size that SYNs announce is lowered, in both
 * directions, for paths on which nobody hears of ICMP.
 *
 * Standards: RFC 9293 s3.7.1, RFC 1624.
 */
#ifndef KLIPS_MSS_H
#define KLIPS_MSS_H

#include "klips/ip.h"
#include "klips/worker.h"

struct klips_sa;

/* A SYN announces at most mss octets afterwards; true: it was changed. */
bool mss_clamp(uint8_t *packet, const struct ip_view *v, uint32_t mss);
/* As the device wants it: into the group, or out of one to the host. */
void mss_outbound(struct klips_worker *w, const struct klips_device *d, struct pkt *p,
	const struct ip_view *v, const struct klips_sa *head);
void mss_inbound(struct klips_worker *w, const struct klips_device *d, struct pkt *p);

#endif

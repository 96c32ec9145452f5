/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP errors to senders behind us, at a bounded rate.
 *
 * Standards: RFC 792, RFC 1191, RFC 1812 s4.3.2 (when not to send), RFC 4443.
 */
#ifndef KLIPS_ICMP_H
#define KLIPS_ICMP_H

#include "klips/ip.h"
#include "klips/worker.h"

/* Fragmentation needed, packet too big. */
void icmp_too_big(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v, uint32_t mtu);
/* In transit. */
void icmp_time_exceeded(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v);
/* A reset for TCP, else: administratively prohibited. */
void icmp_reject(struct klips_worker *w, const struct klips_device *d, const struct pkt *p,
	const struct ip_view *v);

#endif

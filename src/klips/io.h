/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the packet path: what reads them, what writes them. */
#ifndef KLIPS_IO_H
#define KLIPS_IO_H

#include "klips/device.h"
#include "klips/encap.h"
#include "klips/worker.h"

/* -1 with errno; IPPROTO_RAW: whole packets out, nothing in. phys NULL: not bound. */
int raw_open(int family, int protocol, const char *phys);
/* Of all SPIs only those that are index modulo n; -1 with errno. */
int raw_share(int fd, int family, int protocol, unsigned index, unsigned n);

void tun_ready(struct klips_worker *w, struct klips_source *s);
void raw4_ready(struct klips_worker *w, struct klips_source *s);
void raw6_ready(struct klips_worker *w, struct klips_source *s);
void udp_ready(struct klips_worker *w, struct klips_source *s);

/* A queue of a TUN device; the first one makes the device and must not join somebody else's of the
 * same name.  -1 with errno. */
int tun_open(const char *name, bool first, struct tun_offloads *o);
/* Gives what is alive to the packets' devices, by this worker's queue. */
void tun_deliver(struct klips_worker *w, struct pkt **pkts, unsigned n);
/* Whole protected packets of one ESP SA (the outermost of its group). */
void send_protected(struct klips_worker *w, struct klips_device *d, struct klips_sa *sa,
	struct pkt **pkts, unsigned n);
/* Those of them that their path cannot carry whole, unless they go in UDP, which the system cuts: in
 * fragments; they are dead afterwards. */
void send_cut(struct klips_worker *w, struct klips_device *d, const struct klips_sa *sa,
	struct pkt **pkts, unsigned n);
/* Protected packets that go out with the header that they have: AH covers it. */
void send_whole(struct klips_worker *w, struct klips_device *d, struct pkt **pkts, unsigned n);
/* Whole clear packets; reason: what is counted when they are out. */
void send_clear(struct klips_worker *w, struct klips_device *d, struct pkt **pkts, unsigned n,
	enum klips_counter reason);

/* recvmmsg into w->joined; how many, w->io holds names and control octets. */
unsigned receive_joined(struct klips_worker *w, struct klips_source *s);
/* Peer, destination and traffic class of a received message; *size: of the datagrams that it holds,
 * 0: of one. */
bool control_read(struct msghdr *h, struct pkt *p, uint32_t *size);

#endif

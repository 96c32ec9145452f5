/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests and fuzzers: the packet path without devices, sockets or threads.
 *
 * One worker, one device whose TUN queue is a socket pair; the caller is the worker's thread.
 */
#ifndef KLIPS_RIG_H
#define KLIPS_RIG_H

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/note.h"
#include "klips/worker.h"

#include <modswan/registry.h>

struct rig {
	struct klips k;
	struct klips_worker *w;
	struct klips_device *d; /* 192.0.2.1 and 2001:db8::1 */
	void (*on_note)(struct klips *k, struct note *n); /* NULL: notes are forgotten */
	int host; /* what is delivered comes out here, one record per packet */
};

/* Aborts when something is not to be had. */
void rig_new(struct rig *r);
void rig_free(struct rig *r);

/* An SA pair of the same keys: group out, then group in; tunnel or transport. */
struct rig_pair {
	struct klips_sa *out, *in; /* the ESP members */
};

struct rig_spec {
	uint16_t encr, key_bits, integ;
	int outer; /* AF_INET, AF_INET6 */
	bool tunnel, esn, encap;
	uint32_t window;
};

/* False: no such algorithm. From 192.0.2.1 to 192.0.2.2, or 2001:db8::1 to ::2. */
bool rig_pair(struct rig *r, const struct rig_spec *spec, uint32_t spi, struct rig_pair *out);
void rig_pair_remove(struct rig *r, struct rig_pair *p);

/* Puts a packet into slot i of the batch, as read from TUN. */
struct pkt *rig_packet(struct rig *r, unsigned i, const void *data, uint32_t len);
/* Turns a protected packet into what the raw socket would have read. */
void rig_arrive(struct rig *r, struct pkt *p, uint16_t udp_port);
/* Applies the group to n packets of the batch. */
void rig_protect(struct rig *r, struct rig_pair *p, unsigned n);
/* The next packet that the host was given; 0: none. */
uint32_t rig_delivered(struct rig *r, void *buf, uint32_t size);
/* Lets the control side take what the worker told it. */
void rig_notes(struct rig *r);
/* A UDP packet 10.1.0.1 -> 10.2.0.1 (or fd01::1 -> fd02::1) of total octets. */
uint32_t rig_make(void *buf, int family, uint32_t total, uint8_t tos);

#endif

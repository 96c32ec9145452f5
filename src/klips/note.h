/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes: what workers tell the control thread.
 *
 * A bounded queue under a mutex, with an eventfd that wakes the loop.  Only what is rare goes here
 * (packets that wait for an SA, IKE datagrams, lives that end, peers that moved); when it is full
 * the note is lost and counted, never the worker's time.
 */
#ifndef KLIPS_NOTE_H
#define KLIPS_NOTE_H

#include "klips/eroute_key.h"

#include <modswan/addr.h>
#include <modswan/error.h>

struct klips;
struct klips_sa;
struct klips_worker;
struct klips_device;
struct pkt;

/* A copy of a packet outside a worker's batch. */
struct held {
	struct held *next;
	unsigned device; /* N of ipsecN: what is behind the name may change meanwhile */
	bool arrived; /* out of an SA, and checked: for the host */
	uint32_t len;
	uint8_t data[];
};

struct held *held_new(const uint8_t *data, uint32_t len, struct klips_device *device);

enum note_kind { NOTE_TRAP, NOTE_HOLD, NOTE_EXPIRE, NOTE_MAPPING, NOTE_DATAGRAM, NOTE_QUEUE,
	NOTE_STRAY };

struct note {
	enum note_kind kind;
	struct held *held;	/* TRAP, HOLD, DATAGRAM: the octets; the receiver's to free */
	union flow_words flow;	/* TRAP, HOLD: of the packet; STRAY: back to its sender */
	struct flow_mask mask;	/* TRAP: of the eroute */
	struct ms_said said;	/* EXPIRE, MAPPING */
	bool hard;		/* EXPIRE */
	struct ms_endpoint local, remote; /* MAPPING: remote; DATAGRAM: both */
	unsigned device, entries;	  /* QUEUE: of ipsecN, how long it should be */
};

struct note_queue;

/* fn runs on the loop's thread, with the control thread online. */
ms_err note_queue_new(struct note_queue **out, struct klips *k,
	void (*fn)(struct klips *k, struct note *n)) MS_MUST_CHECK;
void note_queue_free(struct note_queue **q);

/* --- workers -------------------------------------------------------------------------------- */

/* Takes n->held over in any case. */
void note_post(struct klips_worker *w, struct note *n);
void note_expire(struct klips_worker *w, struct klips_sa *sa, bool hard);
/* An authentic packet came: is its sender where the SA says? */
void note_peer(struct klips_worker *w, struct klips_sa *sa, const struct pkt *p);
/* Counts, first and last use, limits. */
void sa_used(struct klips_worker *w, struct klips_sa *sa, uint64_t octets, unsigned packets);

#endif

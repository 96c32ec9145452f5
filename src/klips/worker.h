/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: one thread that carries packets both ways.
 *
 * It waits for its sources (TUN queues, raw and UDP sockets, its own wake-up), reads a batch from
 * one that is ready, and takes the whole batch through look-up, transforms and sending before it
 * looks at the next.  Nothing here is touched by another thread, except `inject` under its mutex
 * and the counters, which listings read.
 */
#ifndef KLIPS_WORKER_H
#define KLIPS_WORKER_H

#include "klips/coalesce.h"
#include "klips/counters.h"
#include "klips/eroute.h"
#include "klips/packet.h"
#include "klips/queue_age.h"

#include <modswan/crypto.h>
#include <modswan/error.h>
#include <modswan/mem.h>

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

struct held;
struct klips;
struct klips_worker;
struct ipcomp;
struct firsts;

/* What epoll points to.  Memory lives until a grace period after it was taken from the set. */
struct klips_source {
	void (*ready)(struct klips_worker *w, struct klips_source *s);
	int fd;
	void *owner; /* device or encapsulation socket */
	struct queue_age age;
};

enum { RANDOM_POOL = 4096, XFORM_MAX_HEADER = 256 };

/* Scratch of the transforms, one entry per packet of a batch. */
struct xform_scratch {
	struct ms_encr_job encr[PKT_BATCH];
	struct ms_integ_job integ[PKT_BATCH];
	struct pkt *pkts[PKT_BATCH];
	uint64_t seq[PKT_BATCH];
	uint8_t aad[PKT_BATCH][12];
	uint8_t icv[PKT_BATCH][MS_MAX_ICV_OCTETS];
	uint8_t esn_high[PKT_BATCH][4];
	/* AH: the header as it travels, and the ICV that came */
	uint8_t header[PKT_BATCH][XFORM_MAX_HEADER];
	uint16_t header_octets[PKT_BATCH];
	uint8_t icv_in[PKT_BATCH][MS_MAX_ICV_OCTETS];
};

/* Scratch of sending and receiving. */
struct io_scratch {
	struct mmsghdr msgs[PKT_BATCH];
	struct iovec iov[PKT_BATCH];
	struct sockaddr_storage names[PKT_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[PKT_BATCH][128];
	struct pkt *pkts[PKT_BATCH];
};

struct klips_worker {
	struct klips *k;
	unsigned index;
	pthread_t thread;
	int epfd;
	struct klips_source wake;
	bool started, stop;

	struct counters counters;
	struct eroute_cache eroutes;
	uint8_t *buffers;
	unsigned batch_most, joined_most; /* messages read at once: bounds what all workers hold */
	struct pkt pkts[PKT_BATCH];
	struct pkt *batch[PKT_BATCH];
	struct pkt super; /* read while its segments fill the slots */
	struct pkt joined[PKT_JOINED]; /* as read; their datagrams are the batch */
	struct bundle bundles[PKT_BATCH];
	struct xform_scratch x;
	struct {
		struct klips_sa *sa;
		uint64_t first, last;
	} turn; /* the numbers taken last */
	struct ipcomp *comp;
	struct firsts *firsts;
	struct io_scratch io;
	uint8_t random[RANDOM_POOL];
	unsigned random_left;
	uint64_t handled; /* packets read before the last turn */
	struct {
		uint64_t second;
		unsigned left;
	} strays;
	uint64_t icmp_filled_ms;
	uint32_t icmp_tokens;

	pthread_mutex_t mutex;
	struct held *inject; /* packets that waited, to be handled as if read now */
};

/* NULL: no memory or descriptors. */
struct klips_worker *worker_new(struct klips *k, unsigned index);
ms_err worker_start(struct klips_worker *w) MS_MUST_CHECK;
/* Stops and joins. */
void worker_free(struct klips_worker **w);

ms_err worker_watch(struct klips_worker *w, struct klips_source *s) MS_MUST_CHECK;
/* The source may still be in use until a grace period has passed. */
void worker_unwatch(struct klips_worker *w, struct klips_source *s);

/* Control thread, or the worker itself for later: takes the list over. */
void worker_inject(struct klips_worker *w, struct held *list);

/* --- on the worker's thread ----------------------------------------------------------------- */

/* n fresh packets in w->batch, data at PKT_HEADROOM. */
void worker_reset(struct klips_worker *w, unsigned n);
/* Unpredictable octets, at most RANDOM_POOL at once; NULL: the system has none. */
const uint8_t *worker_random(struct klips_worker *w, unsigned len);

/* Counted, and said to who asked (talk.h): it goes no further. */
void pkt_drop(struct klips_worker *w, struct pkt *p, enum klips_counter why);

/* Outbound: clear packets from a device in w->batch. */
void outbound(struct klips_worker *w, struct klips_device *dev, unsigned n);
/* The same for the super-packet in w->super, read after n packets that stand in w->batch and are not
 * done yet.  Its segments take slots after them; returns how many packets stand there then. */
unsigned outbound_super(struct klips_worker *w, struct klips_device *dev, unsigned n);
/* Inbound: protected packets in w->batch, data at the protocol's header. */
void inbound(struct klips_worker *w, unsigned n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues bounded by time.
 *
 * What is to be read waits in the system's queues: a socket's buffer, a TUN queue.  Both have a bound of
 * size, at which the system drops what comes, cheaply, before it was copied or woke anybody.  A bound of
 * size that is right for one machine is a delay of tenths of a second on a slower one.  So each queue's
 * bound follows how long packets wait in it: where even those that waited least, in an interval, waited
 * longer than the target, there is a queue that only delays, and its bound becomes what can be read in
 * the target's time; where hardly anything waits, it grows back.  Bursts shorter than the interval find
 * all the room there is.
 *
 * To drop what is old after it was read would cost a part of what it saves: the work of reading
 * everything that comes, when there is no time for all of it.
 *
 * Standards: target and interval are those of RFC 8289 s3.2 (CoDel).
 */
#ifndef KLIPS_QUEUE_AGE_H
#define KLIPS_QUEUE_AGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct klips;
struct klips_device;
struct klips_source;
struct klips_worker;
struct note;

enum { QUEUE_TARGET_NS = 5000000, QUEUE_INTERVAL_NS = 100000000 };

/* A queue that was not read to its end, and nobody knows how old what is in it is. */
#define QUEUE_AGE_UNKNOWN UINT64_MAX

struct queue_age {
	uint64_t since; /* the interval's begin, ns; 0: none yet */
	uint64_t least; /* the shortest wait in it, ns */
	uint64_t taken; /* entries read in it */
	uint32_t bound; /* 0: as it was made */
};

struct queue_bounds {
	uint32_t least, most;
};

/* Entries were read at `now` (ns, any clock), the first of which had waited `age`.  Returns what the
 * bound should be, which is mostly what it is. */
uint32_t queue_age_look(struct queue_age *q, uint64_t now, uint64_t age, unsigned entries, uint32_t bound,
	const struct queue_bounds *limits);

/* --- workers -------------------------------------------------------------------------------- */

/* Sockets say how old their messages are, and have the bound that they have unless they are too slow. */
void socket_age_start(int fd);
/* The first message of those read; its control octets have the time. */
void socket_age_look(struct klips_worker *w, struct klips_source *s, struct msghdr *first);
/* emptied: there is nothing more to be read. */
void tun_age_look(struct klips_worker *w, struct klips_source *s, unsigned entries, bool emptied);

/* Any thread: messages for which there was no room. */
uint64_t socket_overflows(int fd);

/* --- control thread ------------------------------------------------------------------------- */

/* before: what d takes over from, or NULL. */
void device_queue_start(struct klips_device *d, const struct klips_device *before);
void device_queue_told(struct klips *k, const struct note *n);

#endif

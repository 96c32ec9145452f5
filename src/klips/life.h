/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends of SAs: limits of packets and octets are seen by workers (note.c), those of time and
 * of flows here.
 *
 * A soft limit that is passed is told once, and the SA goes on dying; a hard one ends its group.
 *
 * Standards: RFC 2367 s3.1.8, RFC 4301 s4.4.2.1.
 */
#ifndef KLIPS_LIFE_H
#define KLIPS_LIFE_H

#include "klips/sadb.h"

struct klips;

/* A flow is led to the SA: an eroute, or what may come out of it.  Counts for its whole group, and ends
 * it when that is more than its hard limit. */
void life_allocate(struct klips *k, struct klips_sa *member);
/* A time limit of this SA may have passed; arg: the klips. */
void life_due(void *arg, struct klips_sa *sa);
/* A worker says that a limit has passed. */
void life_expire(struct klips *k, const struct ms_said *said, bool hard);

#endif

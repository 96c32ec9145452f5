/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SAs that a key daemon left behind when it died.
 *
 * They stay and work: that is the point of klips being a process of its own.  When a new daemon has
 * put its own SAs in their place, nobody will ever delete the old ones, so they are given a last
 * minute and then removed.  What was made by hand, without a registered key daemon, stays.
 */
#ifndef KLIPS_ORPHAN_H
#define KLIPS_ORPHAN_H

#include "klips/instance.h"

/* One look at all SAs.  Left behind are those whose maker is not `present`, and of these: outbound
 * groups that no eroute leads to any more, inbound ones without an outbound one of the same reqid
 * that is still in use. */
void orphan_sweep(struct klips *k, bool (*present)(void *arg, uint32_t pid), void *arg);

#endif

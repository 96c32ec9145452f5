/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps and holds: packets that wait until someone decides.
 *
 * The first packet that meets a trap makes a hold for its flow and an ACQUIRE; it is kept, and so are
 * the newest few of the flow.  When an eroute that covers the flow comes (an SA group, a pass, a refusal), the
 * hold goes and the packets are looked up again.  A hold that nobody answers is asked for again, also
 * when a new key daemon comes, and goes after a while.  There are never more than some thousands:
 * further flows are dropped and counted until there is room.  Control thread only.
 */
#ifndef KLIPS_HOLD_H
#define KLIPS_HOLD_H

#include "klips/eroute_key.h"
#include "klips/note.h"

struct hold_table;

struct hold_table *hold_table_new(struct klips *k);
void hold_table_free(struct hold_table **t);

/* A packet met a trap, or a hold; n->held is taken over. */
void hold_trap(struct hold_table *t, struct note *n);
void hold_packet(struct hold_table *t, struct note *n);
/* A peer sent for an SA that is no more (stray.h): an ACQUIRE, and nothing that waits for it. */
void hold_stray(struct hold_table *t, const struct note *n);
/* An eroute that decides was put in. */
void hold_release(struct hold_table *t, const union flow_words *key, const struct flow_mask *mask);
/* The key daemon put in a hold of its own: what waits under it waits for that one from now on, as
 * long as the key daemon wants. */
void hold_adopt(struct hold_table *t, const union flow_words *key, const struct flow_mask *mask);
/* An eroute was taken out: what waits under it is dropped. */
void hold_forget(struct hold_table *t, const union flow_words *key, const struct flow_mask *mask);
/* The key daemon cannot do what ACQUIRE number seq asked for. */
void hold_failed(struct hold_table *t, uint32_t seq);
/* A key daemon came that has heard of none of them: asks at the next tick. */
void hold_ask_again(struct hold_table *t);
void hold_clear(struct hold_table *t);
void hold_tick(struct hold_table *t, uint64_t now_s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anti-replay window: a ring of bits indexed by sequence number.
 *
 * Sequence numbers are 64 bits wide inside; replay_infer() makes them from the 32 on the wire.
 * replay_check() before the integrity check saves work, replay_accept() after it decides.  The
 * caller keeps two threads from using one window at once.
 *
 * Standards: RFC 4303 s3.4.3 and appendix A2; RFC 6479 for the ring whose words are cleared whole.
 */
#ifndef KLIPS_REPLAY_H
#define KLIPS_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_MAX_WINDOW 4096

struct replay {
	uint64_t top;	 /* highest accepted, 0: none yet */
	uint32_t window; /* packets; 0: nothing is checked */
	uint32_t words;	 /* of bits, a power of two */
	uint64_t jump;	 /* the most that `top` ever grew at once, after the first */
	uint64_t bits[];
};

/* Octets of a struct replay for this window. */
uint32_t replay_octets(uint32_t window);
void replay_init(struct replay *r, uint32_t window);
/* The 64-bit number that the 32 received bits stand for; without ESN just those. */
uint64_t replay_infer(const struct replay *r, uint32_t low, bool esn);
/* False: too old, seen before, or zero. */
bool replay_check(const struct replay *r, uint64_t seq);
/* Marks; false when replay_check() is by now. */
bool replay_accept(struct replay *r, uint64_t seq);
/* Bit n: top - n was seen. */
uint64_t replay_newest(const struct replay *r);

#endif

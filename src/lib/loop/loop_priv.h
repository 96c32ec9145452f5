/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODSWAN_LOOP_PRIV_H
#define MODSWAN_LOOP_PRIV_H

#include "lib/loop/loop.h"

#include <uv.h>

/* Four for each octave of microseconds: the last one is 16 s. */
#define LOOP_BUCKETS 96

struct ms_loop {
	uv_loop_t uv;
	uv_prepare_t prepare; /* where a turn is measured */
	uv_idle_t idle; /* runs while there are timers for the next turn */
	struct ms_timer *soon, **soon_end;
	uint64_t turn_ns, idle_ns; /* of the clock and of idle time, when the last one was */
	uint32_t turns[LOOP_BUCKETS]; /* by how long they were busy */
	uint64_t longest_ns;
	uint64_t jobs, job_ns; /* done, and processor time of theirs */
	unsigned dying; /* children that were given up and are not buried yet */
};

/* load.c */
void loop_turn_over(struct ms_loop *loop, uint64_t busy_ns);
uint64_t loop_thread_ns(void);

/* Frees the memory around a closed handle: the handle is its first member. */
void loop_free_closed(uv_handle_t *h);

#endif

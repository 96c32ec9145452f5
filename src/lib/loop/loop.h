/* SPDX-License-Identifier: Apache-2.0 */
/* The loop as its owner, the program's main, sees it; <modswan/loop.h> is what others use. */
#ifndef MODSWAN_LOOP_OWNER_H
#define MODSWAN_LOOP_OWNER_H

#include <modswan/loop.h>

/* workers: threads for jobs, 0: as many as cores.  NULL: out of memory or descriptors.  The worker
 * pool is the process's: the first loop decides its size. */
struct ms_loop *ms_loop_new(unsigned workers);
/* Another number of workers, as long as no job was submitted yet. */
void ms_loop_workers(unsigned workers);
/* Runs until ms_loop_stop(). */
void ms_loop_run(struct ms_loop *loop);
/* One turn; wait: block until something happens. */
void ms_loop_turn(struct ms_loop *loop, bool wait);
void ms_loop_stop(struct ms_loop *loop);
/* All handles must have been freed; closes what is left over. */
void ms_loop_free(struct ms_loop **loop);
/* At the end of a program, when no loop is left: the worker threads end.  Not undone. */
void ms_loop_end_workers(void);

typedef void ms_signal_f(void *arg, int signum);
/* At most one callback per signal; lives as long as the loop. */
ms_err ms_loop_signal(struct ms_loop *loop, int signum, ms_signal_f *fn, void *arg) MS_MUST_CHECK;

/* What the loop did since it was made. A turn is what is done between two waits for events; nothing
 * else happens meanwhile, so its time is a stall. */
struct ms_loop_load {
	uint64_t turns;
	uint64_t p50_us, p99_us, longest_us; /* busy time of turns, exact to a fifth */
	uint64_t jobs, job_us;		     /* jobs done, and processor time they took */
};
void ms_loop_load(const struct ms_loop *loop, struct ms_loop_load *out);

#endif

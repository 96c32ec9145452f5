/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: one owner thread, worker jobs for what takes long.
 *
 * All callbacks run on the thread that runs the loop, except ms_job_work_f.  None may block; 5 ms
 * is the house's limit.  Handles belong to who made them; the _free functions take the address of
 * the pointer, may be called from the handle's own callback, and guarantee that no further callback
 * comes.
 */
#ifndef MODSWAN_LOOP_H
#define MODSWAN_LOOP_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ms_loop;
struct ms_timer;
struct ms_watch;
struct ms_job;
struct ms_process;

/* Milliseconds of a monotonic clock, as of this turn of the loop. */
uint64_t ms_loop_now_ms(struct ms_loop *loop);

typedef void ms_timer_f(void *arg);
struct ms_timer *ms_timer_new(struct ms_loop *loop, ms_timer_f *fire, void *arg);
/* Once; replaces an earlier setting.  0: in the next turn, so that descriptors have theirs before. */
void ms_timer_set(struct ms_timer *t, uint64_t delay_ms);
void ms_timer_stop(struct ms_timer *t);
void ms_timer_free(struct ms_timer **t);

enum { MS_READABLE = 1, MS_WRITABLE = 2 };
typedef void ms_watch_f(void *arg, int fd, unsigned events);
/* The descriptor stays the caller's: free the watch before closing it. */
struct ms_watch *ms_watch_new(struct ms_loop *loop, int fd, unsigned events, ms_watch_f *ready,
	void *arg);
void ms_watch_set(struct ms_watch *w, unsigned events);
void ms_watch_free(struct ms_watch **w);

typedef void ms_job_work_f(void *arg);		     /* in a worker thread */
typedef void ms_job_done_f(void *arg, bool cancelled); /* on the loop's thread, exactly once */
/* Returns NULL when out of memory: nothing will be called. */
struct ms_job *ms_job_submit(struct ms_loop *loop, ms_job_work_f *work, ms_job_done_f *done,
	void *arg);
void ms_job_cancel(struct ms_job *job); /* best effort; done() still comes */

struct ms_process_result {
	int exit_status; /* 0..255, or -1 when a signal ended it */
	int signal;
	bool timed_out;
};
typedef void ms_process_line_f(void *arg, const char *line); /* stdout and stderr, by line */
typedef void ms_process_exit_f(void *arg, const struct ms_process_result *r);
/* argv and env are NULL-terminated and copied; env NULL: ours.  Killed after timeout_ms (0: never).*/
ms_err ms_process_run(struct ms_loop *loop, struct ms_process **out, const char *const *argv,
	const char *const *env, uint64_t timeout_ms, ms_process_line_f *line,
	ms_process_exit_f *exited, void *arg, struct ms_why *why) MS_MUST_CHECK;
/* Forgets the callbacks; the child is killed. */
void ms_process_free(struct ms_process **p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* libuv wrapped once: no uv_ name outside this folder. */
#include "lib/loop/loop_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ms_timer {
	uv_timer_t uv; /* first: see loop_free_closed() */
	ms_timer_f *fire;
	void *arg;
	struct ms_timer *next, **link; /* among those of the next turn; link NULL: not there */
};

struct ms_watch {
	uv_poll_t uv;
	int fd;
	int wanted; /* UV_READABLE, UV_WRITABLE */
	ms_watch_f *ready;
	void *arg;
};

struct ms_job {
	uv_work_t uv;
	struct ms_loop *loop;
	uint64_t ns; /* of the worker's processor time */
	ms_job_work_f *work;
	ms_job_done_f *done;
	void *arg;
};

struct signal_handle {
	uv_signal_t uv;
	ms_signal_f *fn;
	void *arg;
};

void loop_free_closed(uv_handle_t *h)
{
	free(h);
}

/* Between two of these the loop waited (idle) and ran callbacks (busy). */
static void before_wait(uv_prepare_t *h)
{
	struct ms_loop *loop = h->data;
	uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(&loop->uv), busy;

	busy = now - loop->turn_ns - (idle - loop->idle_ns);
	if (loop->turn_ns != 0)
		loop_turn_over(loop, busy);
	loop->turn_ns = now;
	loop->idle_ns = idle;
}

/* libuv reads the variable when the first job comes. */
void ms_loop_workers(unsigned workers)
{
	char text[16];

	if (workers == 0)
		workers = uv_available_parallelism();
	snprintf(text, sizeof text, "%u", workers);
	setenv("UV_THREADPOOL_SIZE", text, 1);
}

struct ms_loop *ms_loop_new(unsigned workers)
{
	struct ms_loop *loop = calloc(1, sizeof *loop);

	if (loop == NULL)
		return NULL;
	ms_loop_workers(workers);
	if (uv_loop_init(&loop->uv) != 0) {
		free(loop);
		return NULL;
	}
	loop->uv.data = loop;
	(void)uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
	uv_prepare_init(&loop->uv, &loop->prepare);
	loop->prepare.data = loop;
	uv_prepare_start(&loop->prepare, before_wait);
	uv_unref((uv_handle_t *)&loop->prepare);
	uv_idle_init(&loop->uv, &loop->idle);
	loop->idle.data = loop;
	loop->soon_end = &loop->soon;
	return loop;
}

void ms_loop_run(struct ms_loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void ms_loop_turn(struct ms_loop *loop, bool wait)
{
	uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

void ms_loop_stop(struct ms_loop *loop)
{
	uv_stop(&loop->uv);
}

static void close_left_over(uv_handle_t *h, void *arg)
{
	struct ms_loop *loop = arg;

	if (uv_is_closing(h))
		return;
	if (h == (uv_handle_t *)&loop->prepare)
		uv_close(h, NULL);
	else
		uv_close(h, h->type == UV_SIGNAL ? loop_free_closed : NULL);
}

void ms_loop_free(struct ms_loop **loop)
{
	if (*loop == NULL)
		return;
	/* No zombies: they were killed, so it does not take long. */
	while ((*loop)->dying > 0)
		uv_run(&(*loop)->uv, UV_RUN_ONCE);
	uv_walk(&(*loop)->uv, close_left_over, *loop);
	while (uv_run(&(*loop)->uv, UV_RUN_DEFAULT) != 0)
		;
	uv_loop_close(&(*loop)->uv);
	free(*loop);
	*loop = NULL;
}

void ms_loop_end_workers(void)
{
	uv_library_shutdown();
}

uint64_t ms_loop_now_ms(struct ms_loop *loop)
{
	return uv_now(&loop->uv);
}

/* --- timers ------------------------------------------------------------------------------- */

/*
 * Timers without a delay.  libuv would run one that is set anew again and again before it looks at any
 * descriptor; here all wait for the next turn, so that work may be cut into pieces by them.
 */
static void soon_leave(struct ms_timer *t)
{
	struct ms_loop *loop = t->uv.loop->data;

	if (t->link == NULL)
		return;
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	else if (loop->soon_end == &t->next)
		loop->soon_end = t->link;
	t->link = NULL;
}

static void run_soon(uv_idle_t *h)
{
	struct ms_loop *loop = h->data;
	struct ms_timer *list = loop->soon, *t;

	/* What is set from here on is for the turn after this one. */
	loop->soon = NULL;
	loop->soon_end = &loop->soon;
	if (list != NULL)
		list->link = &list;
	while ((t = list) != NULL) {
		soon_leave(t);
		t->fire(t->arg);
	}
	if (loop->soon == NULL)
		uv_idle_stop(h);
}

static void soon_enter(struct ms_timer *t)
{
	struct ms_loop *loop = t->uv.loop->data;

	t->next = NULL;
	t->link = loop->soon_end;
	*t->link = t;
	loop->soon_end = &t->next;
	uv_idle_start(&loop->idle, run_soon);
}

static void timer_fired(uv_timer_t *h)
{
	struct ms_timer *t = (struct ms_timer *)h;

	t->fire(t->arg);
}

struct ms_timer *ms_timer_new(struct ms_loop *loop, ms_timer_f *fire, void *arg)
{
	struct ms_timer *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	uv_timer_init(&loop->uv, &t->uv);
	t->fire = fire;
	t->arg = arg;
	return t;
}

void ms_timer_set(struct ms_timer *t, uint64_t delay_ms)
{
	soon_leave(t);
	if (delay_ms == 0) {
		uv_timer_stop(&t->uv);
		soon_enter(t);
		return;
	}
	/* The loop's idea of now may be old when callbacks took long. */
	uv_update_time(t->uv.loop);
	uv_timer_start(&t->uv, timer_fired, delay_ms, 0);
}

void ms_timer_stop(struct ms_timer *t)
{
	soon_leave(t);
	uv_timer_stop(&t->uv);
}

void ms_timer_free(struct ms_timer **t)
{
	if (*t == NULL)
		return;
	soon_leave(*t);
	uv_close((uv_handle_t *)&(*t)->uv, loop_free_closed);
	*t = NULL;
}

/* --- descriptors --------------------------------------------------------------------------- */

static void watch_ready(uv_poll_t *h, int status, int events)
{
	struct ms_watch *w = (struct ms_watch *)h;
	unsigned ev = 0;

	/* An error on the descriptor shows as readable: the owner's read tells what it is. */
	if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)))
		ev |= MS_READABLE;
	if (events & UV_WRITABLE)
		ev |= MS_WRITABLE;
	/* libuv stops at an error (ENOBUFS of netlink, an ICMP answer to a datagram); for a socket
	 * it is over once it has been read. */
	if (status < 0 && w->wanted != 0)
		uv_poll_start(&w->uv, w->wanted, watch_ready);
	w->ready(w->arg, w->fd, ev);
}

void ms_watch_set(struct ms_watch *w, unsigned events)
{
	w->wanted = 0;
	if (events & MS_READABLE)
		w->wanted |= UV_READABLE;
	if (events & MS_WRITABLE)
		w->wanted |= UV_WRITABLE;
	if (w->wanted == 0)
		uv_poll_stop(&w->uv);
	else
		uv_poll_start(&w->uv, w->wanted, watch_ready);
}

struct ms_watch *ms_watch_new(struct ms_loop *loop, int fd, unsigned events, ms_watch_f *ready,
	void *arg)
{
	struct ms_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	if (uv_poll_init(&loop->uv, &w->uv, fd) != 0) {
		free(w);
		return NULL;
	}
	w->fd = fd;
	w->ready = ready;
	w->arg = arg;
	ms_watch_set(w, events);
	return w;
}

void ms_watch_free(struct ms_watch **w)
{
	if (*w == NULL)
		return;
	uv_poll_stop(&(*w)->uv);
	uv_close((uv_handle_t *)&(*w)->uv, loop_free_closed);
	*w = NULL;
}

/* --- jobs ---------------------------------------------------------------------------------- */

static void job_work(uv_work_t *req)
{
	struct ms_job *job = (struct ms_job *)req;

	job->ns = loop_thread_ns();
	job->work(job->arg);
	job->ns = loop_thread_ns() - job->ns;
}

static void job_done(uv_work_t *req, int status)
{
	struct ms_job *job = (struct ms_job *)req;

	job->loop->jobs++;
	job->loop->job_ns += status == 0 ? job->ns : 0;
	job->done(job->arg, status == UV_ECANCELED);
	free(job);
}

struct ms_job *ms_job_submit(struct ms_loop *loop, ms_job_work_f *work, ms_job_done_f *done,
	void *arg)
{
	struct ms_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->loop = loop;
	job->work = work;
	job->done = done;
	job->arg = arg;
	if (uv_queue_work(&loop->uv, &job->uv, job_work, job_done) != 0) {
		free(job);
		return NULL;
	}
	return job;
}

void ms_job_cancel(struct ms_job *job)
{
	uv_cancel((uv_req_t *)&job->uv);
}

/* --- signals ------------------------------------------------------------------------------- */

static void signal_came(uv_signal_t *h, int signum)
{
	struct signal_handle *s = (struct signal_handle *)h;

	s->fn(s->arg, signum);
}

ms_err ms_loop_signal(struct ms_loop *loop, int signum, ms_signal_f *fn, void *arg)
{
	struct signal_handle *s = calloc(1, sizeof *s);

	if (s == NULL)
		return MS_ERR_NOMEM;
	uv_signal_init(&loop->uv, &s->uv);
	s->fn = fn;
	s->arg = arg;
	if (uv_signal_start(&s->uv, signal_came, signum) != 0) {
		uv_close((uv_handle_t *)&s->uv, loop_free_closed);
		return MS_ERR_SYSTEM;
	}
	uv_unref((uv_handle_t *)&s->uv);
	return MS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes: output by line, an exit status, a time limit; no shell in between. */
#include "lib/loop/loop_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_OCTETS 1024
#define PIPE_LINGER_MS 200

/* Lives until its three handles are closed. */
struct ms_process {
	struct ms_loop *loop;
	uv_process_t process;
	uv_pipe_t out;
	uv_timer_t timer;
	unsigned open_handles;
	bool exited, out_ended, timed_out, abandoned, reported;
	struct ms_process_result result;
	ms_process_line_f *line;
	ms_process_exit_f *on_exit;
	void *arg;
	size_t used;
	char text[LINE_OCTETS];
	char chunk[4096];
};

static void handle_closed(uv_handle_t *h)
{
	struct ms_process *p = h->data;

	if (--p->open_handles == 0)
		free(p);
}

static void close_all(struct ms_process *p)
{
	uv_handle_t *h[] = { (uv_handle_t *)&p->process, (uv_handle_t *)&p->out,
		(uv_handle_t *)&p->timer };

	for (unsigned i = 0; i < 3; i++)
		if (!uv_is_closing(h[i]))
			uv_close(h[i], handle_closed);
}

static void flush_line(struct ms_process *p)
{
	if (p->used == 0)
		return;
	p->text[p->used] = '\0';
	p->used = 0;
	if (!p->abandoned && p->line != NULL)
		p->line(p->arg, p->text);
}

static void maybe_over(struct ms_process *p)
{
	if (!p->exited || !p->out_ended || p->reported)
		return;
	p->reported = true;
	flush_line(p);
	close_all(p);
	if (p->abandoned)
		p->loop->dying--;
	else
		p->on_exit(p->arg, &p->result);
}

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct ms_process *p = h->data;

	(void)suggested;
	*buf = uv_buf_init(p->chunk, sizeof p->chunk);
}

static void got_output(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct ms_process *p = s->data;

	if (n < 0) {
		p->out_ended = true;
		maybe_over(p);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf->base[i] == '\n' || p->used == LINE_OCTETS - 1)
			flush_line(p);
		if (buf->base[i] != '\n')
			p->text[p->used++] = buf->base[i];
	}
}

/* With everything it started: the child leads a process group of its own. */
static void kill_group(struct ms_process *p)
{
	kill(-uv_process_get_pid(&p->process), SIGKILL);
}

/* Before the child's end this is its time limit; after it, the end of the wait for the pipe, which
 * a grandchild may hold open. */
static void time_is_up(uv_timer_t *h)
{
	struct ms_process *p = h->data;

	if (p->exited) {
		p->out_ended = true;
		maybe_over(p);
		return;
	}
	p->timed_out = true;
	kill_group(p);
}

static void process_exited(uv_process_t *h, int64_t status, int signum)
{
	struct ms_process *p = h->data;

	p->exited = true;
	p->result.exit_status = signum != 0 ? -1 : (int)status;
	p->result.signal = signum;
	p->result.timed_out = p->timed_out;
	uv_timer_stop(&p->timer);
	maybe_over(p);
	if (!p->reported)
		uv_timer_start(&p->timer, time_is_up, PIPE_LINGER_MS, 0);
}

static int spawn(struct ms_loop *loop, struct ms_process *p, const char *const *argv,
	const char *const *env, int out_fd)
{
	uv_stdio_container_t stdio[3];
	uv_process_options_t options = { 0 };

	stdio[0].flags = UV_IGNORE;
	stdio[1].flags = stdio[2].flags = UV_INHERIT_FD;
	stdio[1].data.fd = stdio[2].data.fd = out_fd;
	options.file = argv[0];
	options.args = (char **)(uintptr_t)argv;
	options.env = (char **)(uintptr_t)env;
	options.stdio = stdio;
	options.stdio_count = 3;
	options.exit_cb = process_exited;
	options.flags = UV_PROCESS_DETACHED;
	return uv_spawn(&loop->uv, &p->process, &options);
}

ms_err ms_process_run(struct ms_loop *loop, struct ms_process **out, const char *const *argv,
	const char *const *env, uint64_t timeout_ms, ms_process_line_f *line,
	ms_process_exit_f *exited, void *arg, struct ms_why *why)
{
	struct ms_process *p = calloc(1, sizeof *p);
	int fds[2], err;

	*out = NULL;
	if (p == NULL)
		return MS_ERR_NOMEM;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		free(p);
		return ms_fail(why, MS_ERR_SYSTEM, "cannot make a pipe: %s", strerror(errno));
	}
	p->loop = loop;
	p->line = line;
	p->on_exit = exited;
	p->arg = arg;
	uv_pipe_init(&loop->uv, &p->out, 0);
	uv_timer_init(&loop->uv, &p->timer);
	p->process.data = p->out.data = p->timer.data = p;
	p->open_handles = 3;
	uv_pipe_open(&p->out, fds[0]);
	err = spawn(loop, p, argv, env, fds[1]);
	close(fds[1]);
	if (err != 0) {
		p->reported = true;
		close_all(p);
		return ms_fail(why, MS_ERR_SYSTEM, "cannot run \"%s\": %s", argv[0],
			uv_strerror(err));
	}
	uv_read_start((uv_stream_t *)&p->out, give_room, got_output);
	if (timeout_ms > 0)
		uv_timer_start(&p->timer, time_is_up, timeout_ms, 0);
	*out = p;
	return MS_OK;
}

void ms_process_free(struct ms_process **pp)
{
	struct ms_process *p = *pp;

	*pp = NULL;
	if (p == NULL || p->reported)
		return;
	p->abandoned = true;
	p->loop->dying++;
	if (!p->exited)
		kill_group(p);
}

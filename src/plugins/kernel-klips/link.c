/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to klips: opening it again and again, sending, matching answers to requests. */
#include "kernel-klips.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READS_PER_TURN = 256, RETRY_FIRST_MS = 200, RETRY_MAX_MS = 5000, START_TIMEOUT_MS = 20000 };

static void readable(void *arg, int fd, unsigned events);
static void lost(struct link *l);

/* --- sending ---------------------------------------------------------------------------------- */

static void set_events(struct link *l)
{
	ms_watch_set(l->watch, MS_READABLE | (l->out_first != NULL ? MS_WRITABLE : 0u));
}

static ms_err enqueue(struct link *l, const uint8_t *data, size_t len)
{
	struct outgoing *o = malloc(sizeof *o + len);

	if (o == NULL)
		return MS_ERR_NOMEM;
	o->next = NULL;
	o->len = len;
	memcpy(o->data, data, len);
	*l->out_last = o;
	l->out_last = &o->next;
	set_events(l);
	return MS_OK;
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
}

ms_err link_send(struct link *l, struct ms_pfkey_msg *m, struct pending *p, struct ms_why *why)
{
	uint8_t buf[4096];
	size_t len = 0;
	ms_err err;

	if (l->fd < 0)
		return ms_fail(why, MS_ERR_KERNEL_GONE, "klips is not running");
	m->seq = ++l->seq;
	m->pid = l->pid;
	err = ms_pfkey_build(m, MS_PFKEY_DOWN, buf, sizeof buf, &len, why);
	if (err == MS_OK && (l->out_first != NULL || ms_unix_send(l->fd, buf, len, -1) != MS_OK))
		err = l->out_first != NULL || would_block()
			? enqueue(l, buf, len)
			: ms_fail(why, MS_ERR_KERNEL_GONE, "klips: %s", strerror(errno));
	ms_wipe(buf, sizeof buf);
	if (err != MS_OK)
		return err;
	p->seq = m->seq;
	*l->last = p;
	l->last = &p->next;
	return MS_OK;
}

static void drain(struct link *l)
{
	struct outgoing *o;

	while ((o = l->out_first) != NULL) {
		if (ms_unix_send(l->fd, o->data, o->len, -1) != MS_OK && would_block())
			break;
		l->out_first = o->next;
		ms_wipe(o->data, o->len);
		free(o);
	}
	if (l->out_first == NULL)
		l->out_last = &l->out_first;
	set_events(l);
}

/* --- receiving -------------------------------------------------------------------------------- */

static void hello_answer(struct link *l, const struct ms_pfkey_msg *m)
{
	bool known = l->instance != 0, fresh = l->instance != m->instance.id;

	l->instance = m->instance.id;
	ms_debug(&l->log, "klips has %u SAs and %u eroutes", m->instance.sas, m->instance.eroutes);
	if (known && l->events != NULL)
		l->events->state(l->ctx, true, fresh);
}

static void answer(struct link *l, struct pending *p, const struct ms_pfkey_msg *m)
{
	if (p->job != NULL)
		submit_answer(l, p, m);
	else if (m != NULL && m->err == 0 && p->type == MS_PFKEY_X_MS_HELLO)
		hello_answer(l, m);
	free(p);
}

/* True: it was an answer to one of ours.  Those that were overtaken got none. */
static bool match(struct link *l, const struct ms_pfkey_msg *m)
{
	struct pending *p;

	if (m->pid != l->pid || l->first == NULL
		|| (int32_t)(m->seq - l->first->seq) < 0 || (int32_t)(m->seq - l->seq) > 0)
		return false;
	while ((p = l->first) != NULL) {
		bool found = p->seq == m->seq;

		l->first = p->next;
		if (l->first == NULL)
			l->last = &l->first;
		answer(l, p, found ? m : NULL);
		if (found)
			return true;
	}
	return false;
}

static void readable(void *arg, int fd, unsigned events)
{
	struct link *l = arg;
	unsigned i;

	if ((events & MS_WRITABLE) != 0)
		drain(l);
	for (i = 0; (events & MS_READABLE) != 0 && i < READS_PER_TURN && l->fd == fd; i++) {
		struct ms_pfkey_msg m;
		struct ms_why why = { "" };
		int passed;
		size_t len = 0;
		ms_err err = ms_unix_receive(fd, l->buf, sizeof l->buf, &len, &passed);

		if (err == MS_ERR_BUSY)
			return;
		if (err != MS_OK) {
			lost(l);
			return;
		}
		if (passed >= 0)
			close(passed);
		if (ms_pfkey_parse(&m, l->buf, len, MS_PFKEY_UP, &why) != MS_OK)
			ms_error(&l->log, "klips said what cannot be understood: %s, ignoring",
				why.text);
		else if (!match(l, &m))
			event_message(l, &m);
	}
}

/* --- opening and losing ------------------------------------------------------------------------- */

static ms_err send_plain(struct link *l, uint8_t type, uint8_t satype, struct ms_why *why)
{
	struct ms_pfkey_msg m = { .type = type, .satype = satype };
	struct pending *p = calloc(1, sizeof *p);
	ms_err err;

	if (p == NULL)
		return MS_ERR_NOMEM;
	p->type = type;
	err = link_send(l, &m, p, why);
	if (err != MS_OK)
		free(p);
	return err;
}

static ms_err connect_once(struct link *l, struct ms_why *why)
{
	ms_err err = ms_unix_connect(&l->fd, l->socket_path, SOCK_SEQPACKET, why);

	if (err != MS_OK)
		return err;
	l->attached.until_ms = 0;
	l->watch = ms_watch_new(l->services->loop, l->fd, MS_READABLE, readable, l);
	err = l->watch == NULL ? MS_ERR_NOMEM : send_plain(l, MS_PFKEY_X_MS_HELLO, 0, why);
	if (err == MS_OK)
		err = send_plain(l, MS_PFKEY_REGISTER, MS_PFKEY_SATYPE_ESP, why);
	return err;
}

/* Closes the socket and tells those who wait that no answer comes. */
static void cut(struct link *l)
{
	struct pending *p, *list = l->first;
	struct outgoing *o;

	ms_watch_free(&l->watch);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->first = NULL;
	l->last = &l->first;
	while ((o = l->out_first) != NULL) {
		l->out_first = o->next;
		ms_wipe(o->data, o->len);
		free(o);
	}
	l->out_last = &l->out_first;
	while ((p = list) != NULL) {
		list = p->next;
		answer(l, p, NULL);
	}
}

static void retry_later(struct link *l)
{
	ms_timer_set(l->retry, l->retry_ms);
	l->retry_ms = l->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : l->retry_ms * 2;
}

static void started(void *arg, const struct ms_process_result *r)
{
	struct link *l = arg;

	ms_process_free(&l->starter);
	if (r->exit_status != 0)
		ms_error(&l->log, "klips did not start: exit status %d", r->exit_status);
	retry_later(l);
}

static void starter_line(void *arg, const char *line)
{
	struct link *l = arg;

	ms_error(&l->log, "%s", line);
}

static void retry(void *arg)
{
	struct link *l = arg;
	const char *argv[KLIPS_ARGV];
	struct ms_why why = { "" };
	ms_err err;

	if (l->stopped || l->starter != NULL)
		return;
	err = connect_once(l, &why);
	if (err == MS_OK) {
		l->retry_ms = RETRY_FIRST_MS;
		return;
	}
	cut(l);
	if (err == MS_ERR_NOT_FOUND && l->conf->autostart) {
		klips_command(l, argv);
		err = ms_process_run(l->services->loop, &l->starter, argv, NULL, START_TIMEOUT_MS,
			starter_line, started, l, &why);
		if (err == MS_OK)
			return;
		ms_error(&l->log, "klips cannot be started: %s", ms_why_text(&why, err));
	}
	retry_later(l);
}

static void lost(struct link *l)
{
	cut(l);
	if (l->stopped)
		return;
	if (l->events != NULL)
		l->events->state(l->ctx, false, false);
	l->retry_ms = RETRY_FIRST_MS;
	retry_later(l);
}

ms_err link_open(struct link *l, struct ms_why *why)
{
	ms_err err;

	l->stopped = false;
	l->retry_ms = RETRY_FIRST_MS;
	l->retry = ms_timer_new(l->services->loop, retry, l);
	if (l->retry == NULL)
		return MS_ERR_NOMEM;
	err = connect_once(l, why);
	if (err == MS_ERR_NOT_FOUND && l->conf->autostart) {
		err = call_start_klips(l, why);
		if (err == MS_OK)
			err = connect_once(l, why);
	}
	if (err != MS_OK)
		link_close(l);
	return err;
}

void link_close(struct link *l)
{
	l->stopped = true;
	l->events = NULL;
	ms_timer_free(&l->retry);
	ms_process_free(&l->starter);
	cut(l);
}

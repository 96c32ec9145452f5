/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client of the control socket: reads one request, runs it, sends the replies.
 *
 * The core may answer within execute(), or much later, or not at all before the client goes away;
 * it may also be in the middle of its own work when it calls line().  So nothing here frees a
 * client or calls forget() from inside a reply function: what has to end is marked, and the
 * client's timer, set to now, ends it from the loop.
 */
#include "face.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_OCTETS 65536

struct whack_client {
	struct whack_face *face;
	struct whack_client *next, **link;
	int fd;
	struct ms_watch *watch;
	struct ms_timer *timer; /* request, then write timeout; or the end, when `broken` */
	struct ms_command_call *call;
	bool running; /* execute() was called and done() was not */
	bool within;  /* execute() is on the stack: replies are gathered */
	bool over;    /* the end marker is queued */
	bool broken;  /* to be ended by the timer */

	uint8_t header[MS_WHACK_HEADER_OCTETS];
	size_t got; /* octets of header and body so far */
	size_t body_octets;
	char *body;

	char *out; /* unsent: out_len octets from out_at on */
	size_t out_at, out_len, out_cap;
};

static void client_end(struct whack_client *c)
{
	if (c->running && c->call != NULL)
		c->face->core->forget(c->call);
	ms_watch_free(&c->watch);
	ms_timer_free(&c->timer);
	close(c->fd);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	c->face->n_clients--;
	free(c->body);
	free(c->out);
	free(c);
}

static void client_break(struct whack_client *c)
{
	c->broken = true;
	c->out_len = 0;
	ms_timer_set(c->timer, 0);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* As much as the socket takes now. */
static void send_pending(struct whack_client *c)
{
	bool moved = false;

	while (c->out_len > 0 && !c->broken) {
		ssize_t n =
			send(c->fd, c->out + c->out_at, c->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			client_break(c);
			return;
		}
		c->out_at += (size_t)n;
		c->out_len -= (size_t)n;
		moved = true;
	}
	if (c->out_len == 0)
		c->out_at = 0;
	if (c->over && c->out_len == 0)
		client_break(c); /* all said */
	else if (c->out_len == 0)
		ms_timer_stop(c->timer);
	else if (moved)
		ms_timer_set(c->timer, c->face->conf->write_timeout_ms);
	ms_watch_set(c->watch, c->out_len > 0 ? MS_READABLE | MS_WRITABLE : MS_READABLE);
}

static bool make_room(struct whack_client *c, size_t octets)
{
	size_t limit = (size_t)c->face->conf->max_pending_kib * 1024, cap = c->out_cap;
	char *grown;

	if (c->out_len + octets > limit) {
		ms_notice(c->face->log,
			"a client does not read its replies, %zu octets wait: dropping it",
			c->out_len);
		return false;
	}
	if (c->out_at + c->out_len + octets <= cap)
		return true;
	if (c->out_at > 0 && c->out_len > 0)
		memmove(c->out, c->out + c->out_at, c->out_len);
	c->out_at = 0;
	while (cap < c->out_len + octets)
		cap = cap == 0 ? MS_WHACK_LINE_OCTETS : cap * 2;
	if (cap == c->out_cap)
		return true;
	grown = realloc(c->out, cap);
	if (grown == NULL)
		return false;
	c->out = grown;
	c->out_cap = cap;
	return true;
}

static void queue(struct whack_client *c, const char *text, size_t octets)
{
	bool idle = c->out_len == 0;

	if (c->broken)
		return;
	if (!make_room(c, octets)) {
		client_break(c);
		return;
	}
	memcpy(c->out + c->out_at + c->out_len, text, octets);
	c->out_len += octets;
	if (idle)
		ms_timer_set(c->timer, c->face->conf->write_timeout_ms);
	/* What comes bit by bit goes at once, a listing in large pieces; the end marker pushes what
	 * is left, so that `shutdown` is answered before the loop stops. */
	if ((idle && !c->within) || c->over ||
		c->out_len / SEND_OCTETS != (c->out_len - octets) / SEND_OCTETS)
		send_pending(c);
}

/* --- the core's replies ----------------------------------------------------------------------- */

static void reply_line(void *reply, int code, const char *text)
{
	char line[MS_WHACK_LINE_OCTETS];

	queue(reply, line, ms_whack_line(line, sizeof line, code, text));
}

static void reply_done(void *reply, int code)
{
	struct whack_client *c = reply;
	char end[16];

	c->running = false;
	c->call = NULL;
	c->over = true;
	queue(c, end, ms_whack_end(end, sizeof end, code));
}

static const struct ms_reply_ops reply_ops = { .line = reply_line, .done = reply_done };

/* --- the request ------------------------------------------------------------------------------ */

/* Takes the face's own argument out of the request. */
static bool take_async(struct ms_whack_request *r)
{
	bool yes = false;
	unsigned kept = 0;

	for (unsigned i = 0; i < r->n_args; i++) {
		if (strcmp(r->args[i].name, MS_WHACK_ASYNC) == 0)
			yes = strcmp(r->args[i].value, "yes") == 0;
		else
			r->args[kept++] = r->args[i];
	}
	r->n_args = kept;
	return yes;
}

static void refuse(struct whack_client *c, ms_err err, const struct ms_why *why)
{
	ms_notice(c->face->log, "request refused: %s", ms_why_text(why, err));
	reply_line(c, MS_RC_BADWHACKMESSAGE, ms_why_text(why, err));
	reply_done(c, MS_RC_BADWHACKMESSAGE);
}

static void run(struct whack_client *c)
{
	struct ms_whack_request decoded;
	struct ms_request request;
	struct ms_command_call *call;
	struct ms_why why = { "" };
	ms_err err = ms_whack_decode(&decoded, c->body, c->body_octets, &why);

	ms_timer_stop(c->timer);
	if (err != MS_OK) {
		refuse(c, err, &why);
		return;
	}
	request.asynchronous = take_async(&decoded);
	request.command = decoded.command;
	request.args = decoded.args;
	request.n_args = decoded.n_args;
	ms_debug(c->face->log, "command \"%s\"", request.command);
	c->running = c->within = true;
	call = c->face->core->execute(c->face->core->core, &request, &reply_ops, c);
	c->within = false;
	if (!c->running)
		return;
	c->call = call;
	if (c->out_len > 0)
		send_pending(c);
}

/* Octets still wanted of header or body, and where they go. */
static size_t wanted(struct whack_client *c, void **where_r)
{
	if (c->got < MS_WHACK_HEADER_OCTETS) {
		*where_r = c->header + c->got;
		return MS_WHACK_HEADER_OCTETS - c->got;
	}
	*where_r = c->body + (c->got - MS_WHACK_HEADER_OCTETS);
	return MS_WHACK_HEADER_OCTETS + c->body_octets - c->got;
}

static bool header_complete(struct whack_client *c)
{
	struct ms_why why = { "" };
	ms_err err = ms_whack_decode_header(c->header, &c->body_octets, &why);

	if (err == MS_OK) {
		c->body = malloc(c->body_octets);
		err = c->body == NULL ? MS_ERR_NOMEM : MS_OK;
	}
	if (err == MS_OK)
		return true;
	refuse(c, err, &why);
	return false;
}

static void read_request(struct whack_client *c)
{
	while (!c->broken && !c->over && !c->running) {
		void *where;
		size_t want = wanted(c, &where);
		ssize_t n = recv(c->fd, where, want, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			client_break(c); /* gone before it said all */
			return;
		}
		c->got += (size_t)n;
		if (c->got == MS_WHACK_HEADER_OCTETS && !header_complete(c))
			return;
		if (c->got > MS_WHACK_HEADER_OCTETS &&
			c->got == MS_WHACK_HEADER_OCTETS + c->body_octets)
			run(c);
	}
}

/* After the request only the end is awaited; octets that come all the same are an error. */
static void read_end(struct whack_client *c)
{
	char more[256];
	ssize_t n = recv(c->fd, more, sizeof more, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n > 0)
		ms_notice(c->face->log, "a client sent more than its request: dropping it");
	client_break(c);
}

static void client_ready(void *arg, int fd, unsigned events)
{
	struct whack_client *c = arg;

	(void)fd;
	if (c->broken)
		return;
	if (events & MS_WRITABLE)
		send_pending(c);
	if (!(events & MS_READABLE) || c->broken)
		return;
	if (c->running || c->over)
		read_end(c);
	else
		read_request(c);
}

static void client_timer(void *arg)
{
	struct whack_client *c = arg;

	if (!c->broken)
		ms_notice(c->face->log,
			c->out_len > 0 ? "a client does not read its replies: dropping it"
				       : "a client did not send its request in time: dropping it");
	client_end(c);
}

/* --- for face.c ------------------------------------------------------------------------------- */

void whack_client_start(struct whack_face *face, int fd)
{
	struct whack_client *c = calloc(1, sizeof *c);

	if (c == NULL) {
		close(fd);
		return;
	}
	c->face = face;
	c->fd = fd;
	c->next = face->clients;
	c->link = &face->clients;
	if (c->next != NULL)
		c->next->link = &c->next;
	face->clients = c;
	face->n_clients++;
	c->timer = ms_timer_new(face->loop, client_timer, c);
	c->watch = ms_watch_new(face->loop, fd, MS_READABLE, client_ready, c);
	if (c->timer == NULL || c->watch == NULL) {
		client_end(c);
		return;
	}
	ms_timer_set(c->timer, face->conf->request_timeout_ms);
}

void whack_client_refuse(int fd, const char *text)
{
	char line[MS_WHACK_LINE_OCTETS];
	size_t n = ms_whack_line(line, sizeof line, MS_RC_WHACK_PROBLEM, text);

	n += ms_whack_end(line + n, sizeof line - n, MS_RC_WHACK_PROBLEM);
	(void)!send(fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

void whack_clients_stop(struct whack_face *face)
{
	while (face->clients != NULL)
		client_end(face->clients);
}

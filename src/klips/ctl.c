/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/ctl.h"

#include "klips/instance.h"
#include "klips/listener.h"
#include "klips/listing.h"
#include "klips/rcu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16, MAX_LINE = 64, PATIENCE_MS = 10000 };

struct ctl_client {
	struct ctl_server *server;
	struct ctl_client *next;
	struct ms_watch *watch;
	struct ms_timer *timer;
	int fd;
	char line[MAX_LINE];
	size_t line_len;
	struct listing *listing; /* more is to come */
	struct text text;	 /* a piece of it */
	size_t sent;
	bool answering;
};

struct ctl_server {
	struct klips *k;
	struct listener *listener;
	struct ctl_client *clients;
	unsigned n;
};

static void client_free(struct ctl_client *c)
{
	struct ctl_client **at;

	for (at = &c->server->clients; *at != c; at = &(*at)->next)
		continue;
	*at = c->next;
	c->server->n--;
	ms_watch_free(&c->watch);
	ms_timer_free(&c->timer);
	close(c->fd);
	listing_end(&c->listing);
	free(c->text.buf);
	free(c);
}

static void too_slow(void *arg)
{
	client_free(arg);
}

/* False: it does not take more now.  A client that is gone has taken all. */
static bool send_text(struct ctl_client *c)
{
	while (c->sent < c->text.len) {
		ssize_t r = send(c->fd, c->text.buf + c->sent, c->text.len - c->sent, MSG_NOSIGNAL);

		if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (r < 0) {
			listing_end(&c->listing);
			return true;
		}
		c->sent += (size_t)r;
		ms_timer_set(c->timer, PATIENCE_MS);
	}
	c->text.len = c->sent = 0;
	return true;
}

/* True: a whole line is there, or no more will come. */
static bool read_line(struct ctl_client *c)
{
	ssize_t r = recv(c->fd, c->line + c->line_len, MAX_LINE - 1 - c->line_len, 0);
	char *end;

	if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (r > 0)
		c->line_len += (size_t)r;
	c->line[c->line_len] = '\0';
	end = strchr(c->line, '\n');
	if (end != NULL)
		*end = '\0';
	return end != NULL || r <= 0 || c->line_len == MAX_LINE - 1;
}

static void start_answer(struct ctl_client *c)
{
	c->answering = true;
	c->listing = listing_start(c->server->k, c->line);
	if (c->listing == NULL)
		text_put(&c->text, "unknown listing \"%s\"\n", c->line);
	ms_timer_set(c->timer, PATIENCE_MS);
	ms_watch_set(c->watch, MS_WRITABLE);
}

/* One piece in each turn of the loop. */
static void client_ready(void *arg, int fd, unsigned events)
{
	struct ctl_client *c = arg;

	(void)fd;
	(void)events;
	if (!c->answering && !read_line(c))
		return;
	control_enter();
	if (!c->answering)
		start_answer(c);
	if (send_text(c)) {
		if (c->listing == NULL)
			client_free(c);
		else if (!listing_more(c->listing, &c->text))
			listing_end(&c->listing);
	}
	control_leave();
}

static void client_new(void *arg, int fd, pid_t pid)
{
	struct ctl_server *s = arg;
	struct ctl_client *c;

	(void)pid;
	if (s->n >= MAX_CLIENTS || (c = calloc(1, sizeof *c)) == NULL) {
		close(fd);
		return;
	}
	c->server = s;
	c->fd = fd;
	c->next = s->clients;
	s->clients = c;
	s->n++;
	c->timer = ms_timer_new(s->k->loop, too_slow, c);
	c->watch = ms_watch_new(s->k->loop, fd, MS_READABLE, client_ready, c);
	if (c->timer == NULL || c->watch == NULL)
		client_free(c);
	else
		ms_timer_set(c->timer, PATIENCE_MS);
}

ms_err ctl_server_new(struct ctl_server **out, struct klips *k, const char *path,
	struct ms_why *why)
{
	struct ctl_server *s = calloc(1, sizeof *s);
	ms_err err;

	if (s == NULL)
		return MS_ERR_NOMEM;
	s->k = k;
	*out = s;
	err = listener_new(&s->listener, k->loop, path, SOCK_STREAM, client_new, s, why);
	if (err != MS_OK)
		ctl_server_free(out);
	return err;
}

void ctl_server_free(struct ctl_server **sp)
{
	struct ctl_server *s = *sp;

	if (s == NULL)
		return;
	while (s->clients != NULL)
		client_free(s->clients);
	listener_free(&s->listener);
	free(s);
	*sp = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/ctl.h"

#include "klips/instance.h"
#include "klips/listing.h"

#include <modswan/unix.h>

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
	struct text text;
	size_t sent;
	bool answering;
};

struct ctl_server {
	struct klips *k;
	int fd;
	char *path;
	struct ms_watch *watch;
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
	free(c->text.buf);
	free(c);
}

static void too_slow(void *arg)
{
	client_free(arg);
}

/* True: all is written, or the client is gone. */
static bool send_text(struct ctl_client *c)
{
	while (c->sent < c->text.len) {
		ssize_t r = send(c->fd, c->text.buf + c->sent, c->text.len - c->sent, MSG_NOSIGNAL);

		if (r < 0)
			return errno != EAGAIN && errno != EWOULDBLOCK;
		c->sent += (size_t)r;
	}
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

static void client_ready(void *arg, int fd, unsigned events)
{
	struct ctl_client *c = arg;

	(void)fd;
	(void)events;
	if (!c->answering) {
		if (!read_line(c))
			return;
		c->answering = true;
		control_enter();
		if (!listing(c->server->k, c->line, &c->text))
			text_put(&c->text, "unknown listing \"%s\"\n", c->line);
		control_leave();
		ms_timer_set(c->timer, PATIENCE_MS);
	}
	if (send_text(c))
		client_free(c);
	else
		ms_watch_set(c->watch, MS_WRITABLE);
}

static void accept_ready(void *arg, int fd, unsigned events)
{
	struct ctl_server *s = arg;
	struct ctl_client *c;
	struct ucred cred;
	socklen_t len = sizeof cred;
	int cfd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (cfd < 0)
		return;
	if (s->n >= MAX_CLIENTS || getsockopt(cfd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0
		|| (cred.uid != 0 && cred.uid != geteuid())
		|| (c = calloc(1, sizeof *c)) == NULL) {
		close(cfd);
		return;
	}
	c->server = s;
	c->fd = cfd;
	c->next = s->clients;
	s->clients = c;
	s->n++;
	c->timer = ms_timer_new(s->k->loop, too_slow, c);
	c->watch = ms_watch_new(s->k->loop, cfd, MS_READABLE, client_ready, c);
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
	s->fd = -1;
	*out = s;
	s->path = strdup(path);
	err = s->path == NULL ? MS_ERR_NOMEM : ms_unix_listen(&s->fd, path, SOCK_STREAM, 0600, why);
	if (err == MS_OK) {
		s->watch = ms_watch_new(k->loop, s->fd, MS_READABLE, accept_ready, s);
		if (s->watch == NULL)
			err = MS_ERR_NOMEM;
	}
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
	ms_watch_free(&s->watch);
	if (s->fd >= 0) {
		close(s->fd);
		unlink(s->path);
	}
	free(s->path);
	free(s);
	*sp = NULL;
}

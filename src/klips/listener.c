/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/listener.h"

#include <modswan/unix.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct listener {
	int fd;
	char *path;
	struct ms_watch *watch;
	listener_f *fn;
	void *arg;
};

static void accept_ready(void *arg, int fd, unsigned events)
{
	struct listener *l = arg;
	struct ucred cred;
	socklen_t len = sizeof cred;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (client < 0)
		return;
	if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
		(cred.uid == 0 || cred.uid == geteuid()))
		l->fn(l->arg, client, cred.pid);
	else
		close(client);
}

ms_err listener_new(struct listener **out, struct ms_loop *loop, const char *path, int type,
	listener_f *fn, void *arg, struct ms_why *why)
{
	struct listener *l = calloc(1, sizeof *l);
	ms_err err;

	if (l == NULL)
		return MS_ERR_NOMEM;
	*out = l;
	l->fd = -1;
	l->fn = fn;
	l->arg = arg;
	l->path = strdup(path);
	err = l->path == NULL ? MS_ERR_NOMEM : ms_unix_listen(&l->fd, path, type, 0600, why);
	if (err == MS_OK) {
		l->watch = ms_watch_new(loop, l->fd, MS_READABLE, accept_ready, l);
		if (l->watch == NULL)
			err = MS_ERR_NOMEM;
	}
	if (err != MS_OK)
		listener_free(out);
	return err;
}

void listener_free(struct listener **lp)
{
	struct listener *l = *lp;

	if (l == NULL)
		return;
	ms_watch_free(&l->watch);
	if (l->fd >= 0) {
		close(l->fd);
		unlink(l->path);
	}
	free(l->path);
	free(l);
	*lp = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control-whack: the daemon's command table on the socket that `ipsec whack` speaks to.
 *
 * The socket is for root alone: its mode is 0600, and the kernel's word about who connected is
 * asked for as well (SO_PEERCRED; the daemon's own user may, too, so that tests need no root).
 * This file listens; client.c reads requests and sends replies; the wire form is libmodswan's
 * (<modswan/whack.h>).  Everything runs on the loop's thread.
 */
#include "face.h"

#include <modswan/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG          64
#define ACCEPTS_PER_TURN 16
#define ACCEPT_RETRY_MS  250

static const struct ms_conf_key keys[] = {
	MS_KEY_UINT(struct whack_conf, max_clients, "max_clients", .min = 1, .max = 10000,
		.def = 64, .unit = "connections", .brief = "how many commands may run at once",
		.text = "A command that waits for a tunnel holds its connection until the tunnel "
			"is up or given up. Clients above this number are told so and dropped."),
	MS_KEY_TIME(struct whack_conf, request_timeout_ms, "request_timeout", .min = 100,
		.max = 600000, .def = 10000,
		.brief = "how long a client may take to send its request"),
	MS_KEY_TIME(struct whack_conf, write_timeout_ms, "write_timeout", .min = 100,
		.max = 3600000, .def = 60000,
		.brief = "how long a client may leave its replies unread"),
	MS_KEY_UINT(struct whack_conf, max_pending_kib, "max_pending", .min = 64, .max = 2097152,
		.def = 262144, .unit = "KiB",
		.brief = "how much unread reply the daemon keeps for one client"),
	MS_KEY_END,
};

static void accept_ready(void *arg, int fd, unsigned events);

static bool may_connect(const struct whack_face *face, int fd)
{
	struct ucred peer = { 0, (uid_t)-1, (gid_t)-1 };
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	ms_notice(face->log, "control connection of user %u refused", (unsigned)peer.uid);
	return false;
}

static void accept_retry(void *arg)
{
	struct whack_face *face = arg;

	ms_watch_set(face->watch, MS_READABLE);
}

static void accept_ready(void *arg, int listener, unsigned events)
{
	struct whack_face *face = arg;

	(void)events;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd < 0) {
			/* No descriptors: do not spin until some are free. */
			ms_error(face->log, "cannot accept a control connection: %s",
				strerror(errno));
			ms_watch_set(face->watch, 0);
			ms_timer_set(face->retry, ACCEPT_RETRY_MS);
			return;
		}
		if (!may_connect(face, fd))
			whack_client_refuse(fd, "permission denied (must be superuser)");
		else if (face->n_clients >= face->conf->max_clients)
			whack_client_refuse(fd, "too many commands at once");
		else
			whack_client_start(face, fd);
	}
}

/* --- the socket file -------------------------------------------------------------------------- */

/* A socket file that nobody listens on is left over from a crash. */
static ms_err remove_stale(const struct sockaddr_un *sa, struct ms_why *why)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;
	int rc, err;

	if (fd < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot make a socket: %s", strerror(errno));
	rc = connect(fd, (const struct sockaddr *)sa, sizeof *sa);
	err = errno;
	close(fd);
	if (rc == 0 || err == EAGAIN)
		return ms_fail(why, MS_ERR_BUSY, "another daemon listens on \"%s\"", sa->sun_path);
	if (err == ENOENT)
		return MS_OK;
	if (lstat(sa->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return ms_fail(why, MS_ERR_SYSTEM, "\"%s\" is there and no socket", sa->sun_path);
	if (unlink(sa->sun_path) != 0 && errno != ENOENT)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot remove \"%s\": %s", sa->sun_path,
			strerror(errno));
	return MS_OK;
}

static ms_err bind_private(int fd, const struct sockaddr_un *sa, struct ms_why *why)
{
	mode_t before = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)sa, sizeof *sa), err = errno;

	umask(before);
	if (rc != 0)
		return ms_fail(
			why, MS_ERR_SYSTEM, "cannot make \"%s\": %s", sa->sun_path, strerror(err));
	if (listen(fd, BACKLOG) != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot listen on \"%s\": %s", sa->sun_path,
			strerror(errno));
	return MS_OK;
}

static ms_err open_socket(struct whack_face *face, struct ms_why *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	ms_err err;

	memcpy(sa.sun_path, face->path, sizeof sa.sun_path);
	err = remove_stale(&sa, why);
	if (err != MS_OK)
		return err;
	face->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (face->fd < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot make a socket: %s", strerror(errno));
	err = bind_private(face->fd, &sa, why);
	if (err != MS_OK) {
		close(face->fd);
		face->fd = -1;
	}
	return err;
}

/* --- role control ----------------------------------------------------------------------------- */

static void whack_stop(void *inst)
{
	struct whack_face *face = inst;

	whack_clients_stop(face);
	ms_watch_free(&face->watch);
	ms_timer_free(&face->retry);
	if (face->fd >= 0) {
		close(face->fd);
		unlink(face->path);
	}
	face->fd = -1;
	face->core = NULL;
}

static ms_err whack_start(void *inst, const struct ms_control_core *core, struct ms_why *why)
{
	struct whack_face *face = inst;
	ms_err err = open_socket(face, why);

	if (err != MS_OK)
		return err;
	face->core = core;
	face->retry = ms_timer_new(face->loop, accept_retry, face);
	face->watch = ms_watch_new(face->loop, face->fd, MS_READABLE, accept_ready, face);
	if (face->retry != NULL && face->watch != NULL)
		return MS_OK;
	whack_stop(face);
	return MS_ERR_NOMEM;
}

static ms_err whack_load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct whack_face *face = calloc(1, sizeof *face);
	int n;

	if (face == NULL)
		return MS_ERR_NOMEM;
	face->loop = services->loop;
	face->log = services->log;
	face->conf = conf;
	face->fd = -1;
	n = snprintf(face->path, sizeof face->path, "%s/" MS_WHACK_SOCKET, services->rundir);
	if (n < 0 || (size_t)n >= sizeof face->path) {
		free(face);
		return ms_fail(why, MS_ERR_CONFIG, "run directory \"%s\" is too long for a socket",
			services->rundir);
	}
	*instance_r = face;
	return MS_OK;
}

static void whack_unload(void **instance)
{
	struct whack_face *face = *instance;

	*instance = NULL;
	if (face == NULL)
		return;
	whack_stop(face);
	free(face);
}

static const struct ms_control_ops ops = {
	.size = sizeof ops,
	.start = whack_start,
	.stop = whack_stop,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(CONTROL, "whack", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(control_whack, "control-whack", .summary = "the whack control socket",
	.features = features, .keys = keys, .conf_size = sizeof(struct whack_conf),
	.load = whack_load, .unload = whack_unload);

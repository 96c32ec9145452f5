/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait for their answer: start-up, devices, encapsulation sockets, the end.
 *
 * Each opens a connection of its own, so that nothing else can come between; klips answers them
 * within a turn of its loop, and a bound keeps a broken one from holding up the daemon.
 */
#include "kernel-klips.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 3000, END_TRIES = 200, END_STEP_MS = 10 };

extern char **environ;

/* fd_out: passed with the request, -1: none; *fd_in: what came, -1: nothing. */
static ms_err call(struct link *l, struct ms_pfkey_msg *m, int fd_out, int *fd_in,
	struct ms_why *why)
{
	struct ms_pfkey_msg answer;
	uint8_t buf[4096];
	size_t len = 0;
	int fd = -1;
	struct ucred peer;
	socklen_t peer_len = sizeof peer;
	ms_err err;

	*fd_in = -1;
	m->pid = l->pid;
	m->seq = 1;
	err = ms_pfkey_build(m, MS_PFKEY_DOWN, buf, sizeof buf, &len, why);
	if (err == MS_OK)
		err = ms_unix_connect(&fd, l->socket_path, SOCK_SEQPACKET, why);
	if (err == MS_ERR_NOT_FOUND)
		err = MS_ERR_KERNEL_GONE;
	if (err == MS_OK && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == 0)
		l->klips_pid = peer.pid;
	if (err == MS_OK)
		err = ms_unix_send(fd, buf, len, fd_out);
	do {
		if (err == MS_OK)
			err = ms_unix_wait(fd, PATIENCE_MS);
		if (err == MS_OK)
			err = ms_unix_receive(fd, buf, sizeof buf, &len, fd_in);
		if (err == MS_OK)
			err = ms_pfkey_parse(&answer, buf, len, MS_PFKEY_UP, why);
		/* other clients' answers are sent to everybody */
	} while (err == MS_OK && (answer.type != m->type || answer.pid != m->pid));
	if (fd >= 0)
		close(fd);
	if (err != MS_OK)
		return err;
	if (answer.err != 0)
		return ms_fail(why, klips_error(answer.err), "klips refused %s: %s",
			ms_pfkey_type_name(m->type), strerror(answer.err));
	*m = answer; /* views are not used by the callers */
	return MS_OK;
}

/* --- encapsulation sockets ---------------------------------------------------------------------- */

static ms_err bind_socket(const struct ms_endpoint *local, int *fd_r, struct ms_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len = ms_endpoint_to_sockaddr(local, &ss);
	int on = 1, fd = len == 0 ? -1
				  : socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0
		&& (ss.ss_family != AF_INET6
			|| setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0)
		&& bind(fd, (struct sockaddr *)&ss, len) == 0) {
		*fd_r = fd;
		return MS_OK;
	}
	ms_fail(why, MS_ERR_SYSTEM, "UDP port %u: %s", local->port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return MS_ERR_SYSTEM;
}

ms_err call_encap_socket(struct link *l, const struct ms_endpoint *local, int *fd_r,
	struct ms_why *why)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_ENCAP_SOCKET,
		.has = MS_PFKEY_BIT(X_MS_LOCAL) };
	int passed, fd = -1;
	ms_err err;

	ms_pfkey_addr_set(&m.local, &local->addr, local->port);
	err = call(l, &m, -1, fd_r, why);
	if (err == MS_OK && *fd_r >= 0)
		return MS_OK; /* it survived an earlier daemon */
	if (err != MS_ERR_NOT_FOUND)
		return err == MS_OK ? ms_fail(why, MS_ERR_KERNEL, "klips sent no socket") : err;
	err = bind_socket(local, &fd, why);
	if (err != MS_OK)
		return err;
	memset(&m, 0, sizeof m);
	m.type = MS_PFKEY_X_MS_ENCAP_SOCKET;
	m.has = MS_PFKEY_BIT(X_MS_LOCAL);
	ms_pfkey_addr_set(&m.local, &local->addr, local->port);
	err = call(l, &m, fd, &passed, why);
	if (passed >= 0)
		close(passed);
	if (err != MS_OK) {
		close(fd);
		return err;
	}
	*fd_r = fd;
	return MS_OK;
}

/* --- devices ------------------------------------------------------------------------------------ */

ms_err call_attach(struct link *l, const char *physical, const char *name, char *buf, size_t size,
	struct ms_why *why)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_ATTACH, .has = MS_PFKEY_BIT(X_MS_DEVICE) };
	int passed;
	ms_err err;

	snprintf(m.device.phys, sizeof m.device.phys, "%s", physical);
	snprintf(m.device.name, sizeof m.device.name, "%s", name);
	m.device.mtu = l->mtu;
	m.device.mss = l->mss;
	err = call(l, &m, -1, &passed, why);
	if (passed >= 0)
		close(passed);
	if (err == MS_OK && (m.has & MS_PFKEY_BIT(X_MS_DEVICE)) != 0)
		snprintf(buf, size, "%s", m.device.name);
	return err;
}

/* --- beginning and end -------------------------------------------------------------------------- */

static void nap(void)
{
	struct timespec ts = { .tv_nsec = END_STEP_MS * 1000000L };

	nanosleep(&ts, NULL);
}

void call_teardown(struct link *l, bool end)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_TEARDOWN };
	struct ms_why why = { "" };
	int passed;
	unsigned i;
	ms_err err;

	if (end) {
		m.has = MS_PFKEY_BIT(X_MS_INSTANCE);
		m.instance.exit = 1;
	}
	err = call(l, &m, -1, &passed, &why);
	if (passed >= 0)
		close(passed);
	if (err != MS_OK) {
		ms_error(&l->log, "klips is not torn down: %s", ms_why_text(&why, err));
		return;
	}
	/* when we say that it is over, nothing of it shall be left */
	for (i = 0; end && i < END_TRIES && l->klips_pid > 0 && kill(l->klips_pid, 0) == 0; i++)
		nap();
}

void klips_command(const struct link *l, const char *argv[KLIPS_ARGV])
{
	unsigned n = 5;

	argv[0] = l->conf->program != NULL ? l->conf->program : MS_EXECDIR "/klips";
	argv[1] = "--rundir";
	argv[2] = l->services->rundir;
	argv[3] = "--confdir";
	argv[4] = l->services->confdir;
	if (l->show_tos)
		argv[n++] = "--nohidetos";
	if (l->no_fragicmp)
		argv[n++] = "--nofragicmp";
	if (l->no_eroute != MS_NOEROUTE_DROP) {
		argv[n++] = "--noeroute";
		argv[n++] = l->no_eroute == MS_NOEROUTE_PASS ? "pass" : "reject";
	}
	if (l->debug != NULL) {
		argv[n++] = "--debug";
		argv[n++] = l->debug;
	}
	while (n < KLIPS_ARGV)
		argv[n++] = NULL;
}

/* klips goes into the background by itself: the child that we wait for ends when it is ready. */
ms_err call_start_klips(const struct link *l, struct ms_why *why)
{
	const char *argv[KLIPS_ARGV];
	int r, status = 0;
	pid_t pid;

	klips_command(l, argv);
	ms_info(&l->log, "starting %s", argv[0]);
	r = posix_spawn(&pid, argv[0], NULL, NULL, (char *const *)(void *)argv, environ);
	if (r != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: %s", argv[0], strerror(r));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ms_fail(why, MS_ERR_SYSTEM, "%s: %s", argv[0], strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s did not start", argv[0]);
	return MS_OK;
}

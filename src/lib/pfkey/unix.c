/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/unix.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

union one_fd {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

static ms_err address(struct sockaddr_un *sun, const char *path, struct ms_why *why)
{
	memset(sun, 0, sizeof *sun);
	sun->sun_family = AF_UNIX;
	if ((size_t)snprintf(sun->sun_path, sizeof sun->sun_path, "%s", path) >= sizeof sun->sun_path)
		return ms_fail(why, MS_ERR_LIMIT, "%s is too long for a socket's name", path);
	return MS_OK;
}

static ms_err give_up(int fd, struct ms_why *why, ms_err err, const char *what, const char *path)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return ms_fail(why, err, "%s %s: %s", what, path, strerror(e));
}

ms_err ms_unix_listen(int *fd_r, const char *path, int type, unsigned mode, struct ms_why *why)
{
	struct sockaddr_un sun;
	ms_err err = address(&sun, path, why);
	mode_t old;
	int fd, r;

	if (err != MS_OK)
		return err;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return give_up(fd, why, MS_ERR_SYSTEM, "socket", path);
	unlink(path);
	old = umask(~mode & 0777);
	r = bind(fd, (struct sockaddr *)&sun, sizeof sun);
	umask(old);
	if (r < 0 || chmod(path, mode) < 0 || listen(fd, 64) < 0)
		return give_up(fd, why, MS_ERR_SYSTEM, "cannot listen on", path);
	*fd_r = fd;
	return MS_OK;
}

ms_err ms_unix_connect(int *fd_r, const char *path, int type, struct ms_why *why)
{
	struct sockaddr_un sun;
	ms_err err = address(&sun, path, why);
	int fd;

	if (err != MS_OK)
		return err;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return give_up(fd, why, MS_ERR_SYSTEM, "socket", path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) < 0)
		return give_up(fd, why, errno == ENOENT || errno == ECONNREFUSED ? MS_ERR_NOT_FOUND
										 : MS_ERR_SYSTEM,
			"cannot connect to", path);
	*fd_r = fd;
	return MS_OK;
}

ms_err ms_unix_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r > 0 ? MS_OK : r == 0 ? MS_ERR_TIMEOUT : MS_ERR_SYSTEM;
}

ms_err ms_unix_send(int fd, const void *data, size_t len, int passed)
{
	union one_fd control;
	struct iovec iov = { (void *)(unsigned long)data, len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t r;

	if (passed >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof control);
		h.msg_control = control.buf;
		h.msg_controllen = sizeof control.buf;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(c), &passed, sizeof passed);
	}
	do
		r = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r == (ssize_t)len ? MS_OK : MS_ERR_SYSTEM;
}

ms_err ms_unix_receive(int fd, void *buf, size_t size, size_t *len_r, int *passed_r)
{
	union one_fd control;
	struct iovec iov = { buf, size };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = sizeof control.buf };
	struct cmsghdr *c;
	ssize_t r;

	*passed_r = -1;
	do
		r = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return MS_ERR_BUSY;
	if (r <= 0)
		return MS_ERR_KERNEL_GONE;
	for (c = CMSG_FIRSTHDR(&h); c != NULL; c = CMSG_NXTHDR(&h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
			&& c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(passed_r, CMSG_DATA(c), sizeof(int));
	if ((h.msg_flags & MSG_TRUNC) != 0) {
		if (*passed_r >= 0)
			close(*passed_r);
		*passed_r = -1;
		return MS_ERR_SPACE;
	}
	*len_r = (size_t)r;
	return MS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The tools' side of the sockets of pluto and klips: blocking, one question each. */
#include "tools/tool.h"

#include <modswan/whack.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define KLIPS_SOCKET "klips.ctl"

char *tool_pluto_socket(const struct tool *t)
{
	return tool_format("%s/" MS_WHACK_SOCKET, t->rundir);
}

/* -1: nobody there; the reason in the words people know from the family. */
static int connect_to(const char *path, const char *who, struct ms_why *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof sa.sun_path) {
		ms_fail(why, MS_ERR_CONFIG, "socket path \"%s\" is too long", path);
		return -1;
	}
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	err = errno;
	if (fd >= 0)
		close(fd);
	if (err == EACCES || err == EPERM)
		ms_fail(why, MS_ERR_SYSTEM, "no permission to talk to %s (%s): must be superuser",
			who, path);
	else if (err == ENOENT || err == ECONNREFUSED)
		ms_fail(why, MS_ERR_NOT_FOUND, "%s is not running (%s \"%s\")", who,
			err == ENOENT ? "no" : "nobody listens on", path);
	else
		ms_fail(why, MS_ERR_SYSTEM, "cannot talk to %s (%s): %s", who, path, strerror(err));
	return -1;
}

static bool send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_request(int fd, const struct ms_request *request, struct ms_why *why)
{
	const size_t cap = MS_WHACK_HEADER_OCTETS + 2 * MS_WHACK_REQUEST_OCTETS;
	uint8_t *frame = tool_alloc(cap);
	size_t used = 0;
	bool good = ms_whack_encode(frame, cap, &used, request, why) == MS_OK;

	/* A daemon that refuses at once has answered already: its words are worth more. */
	if (good)
		(void)send_all(fd, frame, used);
	free(frame);
	return good;
}

/* --- replies ---------------------------------------------------------------------------------- */

static void print_line(
	const struct tool_replies *replies, int code, const char *text, const char *raw)
{
	if (replies != NULL && replies->line != NULL) {
		replies->line(replies->arg, code, text, raw);
		return;
	}
	/* People watch a negotiation line by line. */
	puts(raw);
	fflush(stdout);
}

bool tool_command(const char *socket_path, const struct ms_request *request,
	const struct tool_replies *replies, int *status, struct ms_why *why)
{
	int fd = connect_to(socket_path, "Pluto", why);
	struct ms_whack_reply reply;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f = NULL;
	bool ended = false;

	if (fd >= 0 && !send_request(fd, request, why)) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		f = fdopen(fd, "r");
	if (f == NULL) {
		*status = 1;
		return false;
	}
	while (!ended && (len = getline(&line, &cap, f)) > 0) {
		if (line[len - 1] != '\n')
			break;
		line[len - 1] = '\0';
		if (ms_whack_parse_reply(&reply, line, why) != MS_OK)
			break;
		*status = ms_whack_exit_status(*status, reply.code);
		ended = reply.end;
		if (!ended)
			print_line(replies, reply.code, reply.text, line);
	}
	free(line);
	fclose(f);
	if (!ended) {
		*status = 1;
		ms_fail(why, MS_ERR_TRUNCATED, "Pluto went away before \"%s\" was over",
			request->command);
	}
	return ended;
}

int tool_simple_command(const struct tool *t, const char *command, const char *arg,
	const char *value, const struct tool_replies *replies)
{
	struct ms_arg a = { arg, value };
	struct ms_request request = { command, &a, arg != NULL ? 1 : 0, false };
	char *path = tool_pluto_socket(t);
	struct ms_why why = { "" };
	int status = 0;

	if (!tool_command(path, &request, replies, &status, &why))
		tool_error(t, "%s", why.text);
	free(path);
	return status;
}

ms_err tool_klips_command(const struct tool *t, const char *command,
	void (*line)(void *arg, const char *text), void *arg, struct ms_why *why)
{
	char *path = tool_format("%s/" KLIPS_SOCKET, t->rundir), *text = NULL;
	int fd = connect_to(path, "KLIPS", why);
	size_t cap = 0;
	ssize_t len;
	FILE *f;

	free(path);
	if (fd < 0)
		return MS_ERR_NOT_FOUND;
	path = tool_format("%s\n", command);
	(void)send_all(fd, path, strlen(path));
	free(path);
	f = fdopen(fd, "r");
	if (f == NULL) {
		close(fd);
		return ms_fail(why, MS_ERR_SYSTEM, "cannot read from KLIPS: %s", strerror(errno));
	}
	while ((len = getline(&text, &cap, f)) > 0) {
		text[strcspn(text, "\n")] = '\0';
		line(arg, text);
	}
	free(text);
	fclose(f);
	return MS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for pluto (and klips) for ipsec_test.sh: it starts, answers on the control socket and
 * ends as the real one does, and repeats what it was asked.
 *
 *	FAKE_EXIT=N	do not start, exit with N
 *	FAKE_KLIPS=1	have a klips, too
 *	FAKE_DEAF=1	answer nothing
 *
 * Commands: "crash" ends with status 7; "fail" answers with the code in its argument code; the name
 * "forks" leaves it a child of its own name; shutdown ends it; all others are repeated, one line
 * per argument.
 */
#include <modswan/whack.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *rundir = "/nonexistent";
static char pid_file[256], klips_file[256];

static void write_pid(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f != NULL) {
		fprintf(f, "%ld\n", (long)getpid());
		fclose(f);
	}
}

static int listener(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/%s", rundir, name);
	unlink(sa.sun_path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 || listen(fd, 8) != 0)
		exit(1);
	return fd;
}

static void remove_file(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", rundir, name);
	unlink(path);
}

/* --- klips ------------------------------------------------------------------------------------ */

static void klips_term(int signum)
{
	(void)signum;
	remove_file("klips.ctl");
	remove_file("klips.pid");
	_exit(0);
}

static void be_klips(void)
{
	static const char eroute[] = "3          10.0.1.0/24        -> 10.0.2.0/24        => "
				     "tun0x1002@192.0.2.1\n";
	char question[64];
	int fd;

	prctl(PR_SET_NAME, "klips");
	setsid();
	signal(SIGTERM, klips_term);
	fd = listener("klips.ctl");
	write_pid(klips_file);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		ssize_t n = read(c, question, sizeof question - 1);

		question[n > 0 ? n : 0] = '\0';
		if (strcmp(question, "eroute\n") == 0)
			(void)!write(c, eroute, sizeof eroute - 1);
		close(c);
	}
}

/* --- pluto ------------------------------------------------------------------------------------ */

static void pluto_term(int signum)
{
	unlink(pid_file);
	remove_file(MS_WHACK_SOCKET);
	signal(signum, SIG_DFL);
	raise(signum);
}

static const char *value_of(const struct ms_whack_request *r, const char *name)
{
	for (unsigned i = 0; i < r->n_args; i++)
		if (strcmp(r->args[i].name, name) == 0)
			return r->args[i].value;
	return "";
}

static void say(int fd, int code, const char *text)
{
	char line[MS_WHACK_LINE_OCTETS];

	(void)!write(fd, line, ms_whack_line(line, sizeof line, code, text));
}

/* What a hook's process is before it becomes another program. */
static _Noreturn void be_forked(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(0, ~0U, 0);
	for (;;)
		pause();
}

static void answer(int fd, const struct ms_whack_request *r)
{
	char text[1024], end[16];
	int code = 0;

	if (strcmp(r->command, "crash") == 0)
		_exit(7);
	if (strcmp(value_of(r, "name"), "forks") == 0 && fork() == 0)
		be_forked();
	snprintf(text, sizeof text, "command %s", r->command);
	say(fd, 0, text);
	say(fd, 2, "a log line");
	for (unsigned i = 0; i < r->n_args; i++) {
		snprintf(text, sizeof text, "%s=[%s]", r->args[i].name, r->args[i].value);
		say(fd, 0, text);
	}
	if (strcmp(r->command, "trafficstatus") == 0)
		say(fd, 6, "#1: \"net1\", type=ESP, add_time=1, inBytes=0, outBytes=0");
	if (strcmp(value_of(r, "name"), "nosuch") == 0) {
		say(fd, 21, "no connection named \"nosuch\"");
		code = 21;
	} else if (strcmp(r->command, "up") == 0) {
		say(fd, 104, "\"net1\" #1: initiate");
		say(fd, 4, "\"net1\" #1: established");
	}
	if (strcmp(value_of(r, "name"), "halfway") != 0)
		(void)!write(fd, end, ms_whack_end(end, sizeof end, code));
	if (strcmp(r->command, "shutdown") == 0)
		pluto_term(SIGTERM);
}

static void serve(int fd)
{
	static char body[MS_WHACK_REQUEST_OCTETS];
	struct ms_whack_request r;
	uint8_t header[MS_WHACK_HEADER_OCTETS];
	size_t octets, got = 0;
	ssize_t n;

	if (getenv("FAKE_DEAF") != NULL)
		return;
	if (recv(fd, header, sizeof header, MSG_WAITALL) != sizeof header ||
		ms_whack_decode_header(header, &octets, NULL) != MS_OK)
		return;
	while (got < octets && (n = read(fd, body + got, octets - got)) > 0)
		got += (size_t)n;
	if (got == octets && ms_whack_decode(&r, body, octets, NULL) == MS_OK)
		answer(fd, &r);
}

int main(int argc, char **argv)
{
	int fd;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--rundir") == 0)
			rundir = argv[i + 1];
	if (getenv("FAKE_EXIT") != NULL)
		return atoi(getenv("FAKE_EXIT"));
	snprintf(pid_file, sizeof pid_file, "%s/pluto.pid", rundir);
	snprintf(klips_file, sizeof klips_file, "%s/klips.pid", rundir);
	if (getenv("FAKE_KLIPS") != NULL && access(klips_file, F_OK) != 0) {
		if (fork() == 0)
			be_klips();
		for (unsigned i = 0; i < 200 && access(klips_file, F_OK) != 0; i++)
			usleep(10000);
	}
	fd = listener(MS_WHACK_SOCKET);
	if (fork() != 0) {
		for (unsigned i = 0; i < 200 && access(pid_file, F_OK) != 0; i++)
			usleep(10000);
		return 0;
	}
	setsid();
	signal(SIGTERM, pluto_term);
	write_pid(pid_file);
	for (;;) {
		int c = accept(fd, NULL, NULL);

		serve(c);
		close(c);
	}
}

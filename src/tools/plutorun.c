/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: starts pluto, and starts it again when it crashes (plutorestartoncrash=).
 *
 * `ipsec setup start` runs it as `ipsec _plutorun FD` and hears over that pipe how the first start
 * went.  pluto puts itself into the background; the supervisor is the reaper of what it starts and
 * so gets to know how pluto ends.  An end that was wished for (exit 0, SIGTERM, SIGKILL) or that
 * would only happen again (10: another one runs, 13) is the end of the supervisor, too.
 */
#include "tools/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define PAUSE_S 10

static volatile sig_atomic_t stopped;

static void on_term(int signum)
{
	(void)signum;
	stopped = 1;
}

/* 0..255, and signals as the shell counts them. */
static int shell_status(int wstatus)
{
	return WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : 128 + WTERMSIG(wstatus);
}

/* Runs pluto until it is in the background. */
static int start_pluto(const struct tool *t)
{
	char *path = tool_format("%s/pluto", t->execdir);
	pid_t child = fork();
	int wstatus;

	if (child == 0) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		execl(path, "pluto", "--confdir", t->confdir, "--rundir", t->rundir, (char *)NULL);
		fprintf(stderr, "ipsec_setup: cannot run \"%s\": %s\n", path, strerror(errno));
		_exit(127);
	}
	free(path);
	while (child > 0 && waitpid(child, &wstatus, 0) < 0)
		if (errno != EINTR)
			return 1;
	return child < 0 ? 1 : shell_status(wstatus);
}

/* Waits for pluto's end, and buries whatever else it left to us.  -1: it is not ours to wait for,
 * or we were told to stop. */
static int wait_for_pluto(const struct tool *t)
{
	struct setup_state s;
	pid_t pid, pluto;
	int wstatus;

	setup_look(t, &s);
	pluto = s.daemon[SETUP_PLUTO].pid;
	for (;;) {
		pid = waitpid(-1, &wstatus, 0);
		if (stopped || (pid < 0 && errno != EINTR))
			return -1;
		if (pid > 0 && pid == pluto)
			return shell_status(wstatus);
	}
}

static bool is_final(int status)
{
	return status == 0 || status == 10 || status == 13 || status == 128 + SIGKILL ||
	       status == 128 + SIGTERM;
}

static void write_pid_file(const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		return;
	fprintf(f, "%ld\n", (long)getpid());
	fclose(f);
}

static void tell(const char *fd_text, int status)
{
	int fd = atoi(fd_text), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned char octet = (unsigned char)status;

	(void)!write(fd, &octet, 1);
	close(fd);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
}

static void become_supervisor(void)
{
	struct sigaction sa = { .sa_handler = on_term }; /* no SA_RESTART: waitpid() is to end */

	sigaction(SIGTERM, &sa, NULL);
	signal(SIGHUP, SIG_IGN);
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "plutorun");
	(void)!chdir("/");
	openlog("ipsec_plutorun", LOG_PID, LOG_DAEMON);
}

int tool_plutorun(struct tool *t, int argc, char **argv)
{
	char *pid_file = setup_pid_file(t, SETUP_RUNNER);
	int status;

	become_supervisor();
	status = start_pluto(t);
	if (status == 0)
		write_pid_file(pid_file);
	if (argc > 1)
		tell(argv[1], status);
	if (status != 0) {
		free(pid_file);
		return status;
	}
	while (!stopped) {
		if (status == 0)
			status = wait_for_pluto(t);
		if (stopped || status < 0 || is_final(status))
			break;
		syslog(LOG_ERR, "!pluto failure!:  exited with error status %d (signal %d)", status,
			status > 128 ? status - 128 : 0);
		sleep(PAUSE_S);
		if (stopped)
			break;
		syslog(LOG_NOTICE, "restarting Pluto");
		status = start_pluto(t);
	}
	unlink(pid_file);
	free(pid_file);
	return 0;
}

/* --- the caller's side ------------------------------------------------------------------------ */

int plutorun_start(const struct tool *t, bool restart_on_crash)
{
	int fds[2];
	unsigned char octet = 1;
	ssize_t n;
	pid_t child;
	char fd_text[16];

	if (!restart_on_crash)
		return start_pluto(t);
	if (pipe(fds) != 0)
		return 1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	snprintf(fd_text, sizeof fd_text, "%d", fds[1]);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "ipsec", "--confdir", t->confdir, "--rundir", t->rundir,
			"_plutorun", fd_text, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	do
		n = child < 0 ? 0 : read(fds[0], &octet, 1);
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (n == 1 && octet != 0 && child > 0)
		waitpid(child, NULL, 0);
	return n == 1 ? octet : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pluto's command line, and how it becomes a daemon.
 *
 * The parent waits on a pipe until the child listens, so that whoever starts pluto knows that it is
 * ready, or reads on stderr why it is not.  Exit: 0 well, 1 failed, 10 another one runs already (the
 * family's codes).
 */
#include "core/daemon/daemon.h"

#include "lib/log/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/daemon/options.h"

#define EXIT_LOCKED 10
#define START_MS 5000

static char pid_path[4096];

static size_t no_prefix(const void *object, char *buf, size_t size)
{
	(void)object;
	if (size > 0)
		buf[0] = '\0';
	return 0;
}

/* The pid file is the lock: made exclusively, taken over when its process is gone. */
static int take_pid_file(const struct daemon *d)
{
	char text[32];
	int fd, n;

	snprintf(pid_path, sizeof pid_path, "%s/pluto.pid", d->rundir);
	for (unsigned tries = 0; tries < 2; tries++) {
		FILE *f;
		long pid = 0;

		fd = open(pid_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0)
			break;
		if (errno != EEXIST) {
			fprintf(stderr, "pluto: cannot make %s: %s\n", pid_path, strerror(errno));
			return 1;
		}
		f = fopen(pid_path, "re");
		if (f != NULL) {
			if (fscanf(f, "%ld", &pid) != 1)
				pid = 0;
			fclose(f);
		}
		if (pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM)) {
			fprintf(stderr, "pluto: lock file %s says that process %ld runs already\n",
				pid_path, pid);
			return EXIT_LOCKED;
		}
		unlink(pid_path);
	}
	if (fd < 0)
		return EXIT_LOCKED;
	n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (write(fd, text, (size_t)n) != n) {
		fprintf(stderr, "pluto: cannot write %s: %s\n", pid_path, strerror(errno));
		close(fd);
		return 1;
	}
	close(fd);
	return 0;
}

/* In the parent: waits for the child's word and exits. In the child: returns the pipe's end. */
static int detach(void)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child < 0)
		return -1;
	if (child > 0) {
		unsigned char status = 1;
		ssize_t n;

		close(fds[1]);
		do
			n = read(fds[0], &status, 1);
		while (n < 0 && errno == EINTR);
		_exit(status);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

static void tell_parent(int fd, unsigned char status)
{
	int null;

	if (fd < 0)
		return;
	if (status == 0) {
		null = open("/dev/null", O_RDWR);
		if (null >= 0) {
			dup2(null, 0);
			dup2(null, 1);
			dup2(null, 2);
			if (null > 2)
				close(null);
		}
	}
	if (write(fd, &status, 1) != 1)
		fprintf(stderr, "pluto: nobody waits for the start\n");
	close(fd);
}

static void on_stop_signal(void *arg, int signum)
{
	struct daemon *d = arg;

	ms_notice(&d->log, "shutting down: signal %d", signum);
	ms_loop_stop(d->loop);
}

static void on_hup(void *arg, int signum)
{
	struct daemon *d = arg;

	(void)signum;
	ms_log_reopen();
	ms_notice(&d->log, "log file opened again; to read files again use ipsec whack "
			   "(--rereadsecrets, --listen) or ipsec auto --replace");
}

static void give_up_waiting(void *arg)
{
	*(bool *)arg = true;
}

/* Ready means that the sockets are open and the connections oriented. */
static void wait_until_started(struct daemon *d)
{
	bool late = false;
	struct ms_timer *t = ms_timer_new(d->loop, give_up_waiting, &late);

	if (t == NULL)
		return;
	ms_timer_set(t, START_MS);
	while (!d->started && !late)
		ms_loop_turn(d->loop, true);
	ms_timer_free(&t);
	if (late)
		ms_error(&d->log, "still no word of this host's addresses, going on");
}

static ms_err run(struct daemon *d, struct ms_why *why)
{
	char path[4096];
	ms_err err;

	snprintf(path, sizeof path, "%s/modswan/modswan.conf", d->confdir);
	err = ms_conf_load(path, ms_daemon_keys, &d->conf, why);
	if (err != MS_OK)
		return err;
	d->loop = ms_loop_new(d->conf.worker_threads);
	if (d->loop == NULL)
		return MS_ERR_NOMEM;
	if (ms_loop_signal(d->loop, SIGTERM, on_stop_signal, d) != MS_OK ||
		ms_loop_signal(d->loop, SIGINT, on_stop_signal, d) != MS_OK ||
		ms_loop_signal(d->loop, SIGHUP, on_hup, d) != MS_OK)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot catch signals");
	err = daemon_start(d, why);
	if (err == MS_OK)
		wait_until_started(d);
	return err;
}

int main(int argc, char **argv)
{
	struct pluto_options o;
	struct daemon d = { 0 };
	struct ms_why why = { "" };
	int ready_fd = -1, code;
	ms_err err;

	code = pluto_options_parse(&o, argc, argv);
	if (code >= 0)
		return code;
	d.confdir = o.confdir;
	d.rundir = o.rundir;
	d.log = (struct ms_logger){ NULL, MS_SOURCE_MAIN, no_prefix, NULL, NULL };
	d.net_log = (struct ms_logger){ NULL, MS_SOURCE_NET, no_prefix, NULL, NULL };
	d.kernel_log = (struct ms_logger){ NULL, MS_SOURCE_KERNEL, no_prefix, NULL, NULL };
	d.conn_log = (struct ms_logger){ NULL, MS_SOURCE_CONN, no_prefix, NULL, NULL };
	setenv("IPSEC_CONFS", o.confdir, 1);
	setenv("IPSEC_RUNDIR", o.rundir, 1);
	if (mkdir(o.rundir, 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "pluto: cannot make %s: %s\n", o.rundir, strerror(errno));
		return 1;
	}
	if (!o.nofork && (ready_fd = detach()) < 0) {
		fprintf(stderr, "pluto: cannot fork: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	code = take_pid_file(&d);
	if (code != 0) {
		tell_parent(ready_fd, (unsigned char)code);
		return code;
	}
	ms_log_open("pluto");
	if (o.stderrlog)
		ms_log_to_stderr(MS_LOG_INFO, MS_LOG_PLAIN, o.stderrlogtime);
	err = run(&d, &why);
	if (err != MS_OK) {
		fprintf(stderr, "pluto: %s\n", ms_why_text(&why, err));
		ms_error(&d.log, "%s", ms_why_text(&why, err));
		tell_parent(ready_fd, 1);
	} else {
		if (o.nofork)
			printf("Pluto initialized\n"), fflush(stdout);
		tell_parent(ready_fd, 0);
		ms_loop_run(d.loop);
	}
	if (d.loop != NULL)
		daemon_stop(&d);
	ms_loop_free(&d.loop);
	ms_loop_end_workers();
	ms_conf_free(ms_daemon_keys, &d.conf);
	unlink(pid_path);
	ms_log_close();
	return err == MS_OK ? 0 : 1;
}

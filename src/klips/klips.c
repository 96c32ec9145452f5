/* SPDX-License-Identifier: Apache-2.0 */
/*
 * klips: the IPsec data plane, a process of its own.
 *
 * Two kinds of threads.  The control thread runs the loop: it owns all tables, serves PF_KEY
 * (pfkey_*.c) and listings (ctl.c), keeps holds and lifetimes, and makes devices.  Workers
 * (worker.c) carry packets: TUN -> outbound.c -> transforms -> send.c, and io_raw.c, io_udp.c ->
 * inbound.c -> transforms -> TUN.  Workers read the tables under RCU, change counters and sequence
 * numbers by atomics, and tell the control thread what is rare by notes (note.c).  So the packet
 * path takes no lock and waits for nobody.
 *
 * The key daemon is a client like any other: SAs, eroutes and encapsulation sockets stay when it
 * goes, and packets keep flowing.
 *
 * Standards: RFC 4301, RFC 4303, RFC 3948, RFC 2367.
 */
#include "klips/klips.h"

#include "lib/log/sink.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { OPT_RUNDIR = 256, OPT_CONFDIR, OPT_PLUGINDIR, OPT_NOFORK, OPT_STDERRLOG, OPT_DEBUG,
	OPT_WORKERS, OPT_SAS, OPT_HIDETOS, OPT_NOHIDETOS, OPT_FRAGICMP, OPT_NOFRAGICMP, OPT_NOEROUTE,
	OPT_VERSION, OPT_HELP };

static const struct option long_options[] = {
	{ "rundir", required_argument, NULL, OPT_RUNDIR },
	{ "confdir", required_argument, NULL, OPT_CONFDIR },
	{ "plugindir", required_argument, NULL, OPT_PLUGINDIR },
	{ "nofork", no_argument, NULL, OPT_NOFORK },
	{ "stderrlog", no_argument, NULL, OPT_STDERRLOG },
	{ "debug", required_argument, NULL, OPT_DEBUG },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "sas", required_argument, NULL, OPT_SAS },
	{ "hidetos", no_argument, NULL, OPT_HIDETOS },
	{ "nohidetos", no_argument, NULL, OPT_NOHIDETOS },
	{ "fragicmp", no_argument, NULL, OPT_FRAGICMP },
	{ "nofragicmp", no_argument, NULL, OPT_NOFRAGICMP },
	{ "noeroute", required_argument, NULL, OPT_NOEROUTE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: klips [--rundir DIR] [--confdir DIR] [--plugindir DIR] [--nofork]\n"
	"             [--stderrlog] [--debug WORD[,WORD...]] [--workers N] [--sas N]\n"
	"             [--hidetos | --nohidetos] [--fragicmp | --nofragicmp] \n"
	"             [--noeroute drop|pass|reject] [--version] [--help]\n";

static bool parse_debug(struct options *o, const char *words)
{
	char *copy = strdup(words), *save = NULL, *w;
	struct ms_why why = { "" };
	bool ok = copy != NULL;

	for (w = copy == NULL ? NULL : strtok_r(copy, ", ", &save); w != NULL && ok;
		w = strtok_r(NULL, ", ", &save)) {
		ok = ms_log_debug_word(w, &o->debug, &why) == MS_OK;
		if (!ok)
			fprintf(stderr, "klips: %s\n", ms_why_text(&why, MS_ERR_UNKNOWN));
	}
	free(copy);
	return ok;
}

static bool parse_no_eroute(struct options *o, const char *word)
{
	static const struct {
		const char *word;
		enum ms_shunt shunt;
	} rows[] = { { "drop", MS_SHUNT_DROP }, { "pass", MS_SHUNT_PASS },
		{ "reject", MS_SHUNT_REJECT } };
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].word, word) == 0) {
			o->no_eroute = rows[i].shunt;
			return true;
		}
	fprintf(stderr, "klips: --noeroute %s: expected drop, pass or reject\n", word);
	return false;
}

/* -1: go on; else the exit status. */
static int parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (c) {
		case OPT_RUNDIR:
			o->rundir = optarg;
			break;
		case OPT_CONFDIR:
			o->confdir = optarg;
			break;
		case OPT_PLUGINDIR:
			o->plugindir = optarg;
			break;
		case OPT_NOFORK:
			o->nofork = true;
			break;
		case OPT_STDERRLOG:
			o->stderrlog = true;
			break;
		case OPT_DEBUG:
			if (!parse_debug(o, optarg))
				return 2;
			break;
		case OPT_WORKERS:
			o->workers = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case OPT_SAS:
			o->most_sas = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case OPT_HIDETOS:
			o->hide_tos = true;
			break;
		case OPT_NOHIDETOS:
			o->hide_tos = false;
			break;
		case OPT_FRAGICMP:
			o->tell_too_big = true;
			break;
		case OPT_NOEROUTE:
			if (!parse_no_eroute(o, optarg))
				return 2;
			break;
		case OPT_NOFRAGICMP:
			o->tell_too_big = false;
			break;
		case OPT_VERSION:
			printf("klips (ModSwan) %s\n", PACKAGE_VERSION);
			return 0;
		case OPT_HELP:
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind == argc && o->workers <= KLIPS_MAX_WORKERS)
		return -1;
	fputs(usage, stderr);
	return 2;
}

/* The child goes on, the parent waits for its word and exits with it. */
static int daemonise(void)
{
	int pipes[2], null;
	char status = 1;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -1;
	switch (fork()) {
	case -1:
		return -1;
	case 0:
		break;
	default:
		close(pipes[1]);
		if (read(pipes[0], &status, 1) != 1)
			status = 1;
		_exit(status);
	}
	close(pipes[0]);
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	return pipes[1];
}

static void tell_parent(int *fd, char status)
{
	if (*fd < 0)
		return;
	if (write(*fd, &status, 1) < 0)
		ms_log_reopen(); /* nobody waits any more */
	close(*fd);
	*fd = -1;
}

/* Held locked for life: one klips per run directory. */
static int open_pidfile(const char *path, struct ms_why *why)
{
	char text[16];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), n;

	if (fd < 0) {
		ms_fail(why, MS_ERR_SYSTEM, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ms_fail(why, MS_ERR_BUSY, "%s is locked: klips is running already", path);
		close(fd);
		return -1;
	}
	n = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)n) != n) {
		ms_fail(why, MS_ERR_SYSTEM, "%s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static void open_log(const struct options *o)
{
	ms_log_open("klips");
	if (o->stderrlog)
		ms_log_to_stderr(o->debug != 0 ? MS_LOG_DEBUG : MS_LOG_INFO, MS_LOG_PLAIN, true);
	else
		ms_log_to_syslog(o->debug != 0 ? MS_LOG_DEBUG : MS_LOG_INFO, LOG_DAEMON);
	ms_log_debug_sources(o->debug);
}

static int run(const struct options *o, int *parent)
{
	struct ms_logger log = { .source = MS_SOURCE_MAIN };
	struct ms_why why = { "" };
	struct klips *k = NULL;
	char path[PATH_MAX];
	int pidfile;
	ms_err err;

	mkdir(o->rundir, 0755);
	snprintf(path, sizeof path, "%s/klips.pid", o->rundir);
	pidfile = open_pidfile(path, &why);
	if (pidfile < 0) {
		fprintf(stderr, "klips: %s\n", why.text);
		tell_parent(parent, 1);
		return 1;
	}
	err = klips_new(&k, o, &why);
	if (err != MS_OK) {
		fprintf(stderr, "klips: %s\n", ms_why_text(&why, err));
		ms_error(&log, "%s", ms_why_text(&why, err));
	} else {
		tell_parent(parent, 0);
		if (!o->stderrlog && !o->nofork && freopen("/dev/null", "w", stderr) == NULL)
			ms_error(&log, "stderr: %s", strerror(errno));
		klips_run(k);
		klips_free(&k);
	}
	unlink(path);
	close(pidfile);
	tell_parent(parent, 1);
	return err == MS_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o = { .rundir = MS_RUNDIR, .confdir = MS_CONFDIR, .plugindir = MS_PLUGINDIR,
		.hide_tos = true, .tell_too_big = true, .no_eroute = MS_SHUNT_DROP };
	int parent = -1, status = parse_options(&o, argc, argv);

	if (status >= 0)
		return status;
	if (!o.nofork && (parent = daemonise()) < 0) {
		perror("klips: fork");
		return 1;
	}
	open_log(&o);
	status = run(&o, &parent);
	ms_log_close();
	return status;
}

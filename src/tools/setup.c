/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec setup`: the service.
 *
 * start runs pluto (through its supervisor), which starts klips where a connection's kernel is
 * klips and loads the connections of auto=.  stop takes everything down in the reverse order and
 * leaves no process, file, interface or route of this instance.
 */
#include "tools/conffile.h"
#include "tools/setup.h"

#include "config.h"

#include <modswan/whack.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define PLUTO_PATIENCE_MS 10000
#define KLIPS_PATIENCE_MS 5000
#define RUNDIR_MARK       ".made"

struct setup {
	struct tool *tool;
	const char *verb;
	bool show, showonly;
};

static const struct tool_slot table[] = {
	TOOL_FLAG("show", "show what is run, and run it", struct setup, show),
	TOOL_FLAG("showonly", "show what would be run", struct setup, showonly),
	TOOL_TAKEN(TOOL_HELP),
	TOOL_TAKEN(TOOL_VERSION),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options setup_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &setup_options,
	.text = "Usage: ipsec setup [--show | --showonly] start|stop|restart|force-reload|status\n"
		"       ipsec setup --help | --version\n",
	.status = 2,
	.words = true,
	.asks = true,
};

void setup_say(bool aloud, int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsyslog(priority, fmt, ap);
	va_end(ap);
	if (!aloud)
		return;
	fputs("ipsec_setup: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* --- start ------------------------------------------------------------------------------------ */

static bool is_up(const struct setup_state *s)
{
	return s->daemon[SETUP_PLUTO].pid != 0 || s->daemon[SETUP_PLUTO].stray != 0;
}

static void end_klips(const struct setup_state *s)
{
	const struct setup_daemon *k = &s->daemon[SETUP_KLIPS];

	if (k->pid != 0)
		setup_end(k->pid, KLIPS_PATIENCE_MS);
	if (k->stray != 0)
		setup_end(k->stray, KLIPS_PATIENCE_MS);
}

/* A run directory that was not there is made, marked as ours, and goes when the service stops. */
static bool make_rundir(const struct tool *t)
{
	char *mark = tool_format("%s/" RUNDIR_MARK, t->rundir);
	int fd;

	if (mkdir(t->rundir, 0755) != 0)
		return errno == EEXIST;
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	return true;
}

static void remove_rundir(const struct tool *t)
{
	char *mark = tool_format("%s/" RUNDIR_MARK, t->rundir);

	/* with files of somebody else it stays */
	if (unlink(mark) == 0)
		(void)rmdir(t->rundir);
}

/* Whoever is told to start or stop has the run directory to itself meanwhile. */
static int lock_rundir(const struct tool *t)
{
	int fd;

	if (!make_rundir(t)) {
		setup_say(true, LOG_ERR, "cannot make %s: %s", t->rundir, strerror(errno));
		return -1;
	}
	fd = open(t->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	setup_say(true, LOG_ERR, "cannot use %s: %s", t->rundir, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void remove_orphans(const struct tool *t, const struct setup_state *s)
{
	for (unsigned p = 0; p < SETUP_PROGRAMS; p++) {
		char *path = setup_pid_file(t, p);

		if (s->daemon[p].has_file && s->daemon[p].pid == 0) {
			setup_say(true, LOG_NOTICE, "Removing orphaned %s:", path);
			unlink(path);
		}
		free(path);
	}
}

/* A file that cannot be read stops pluto, which says why. */
static bool restart_on_crash(const struct tool *t)
{
	struct ms_setup_desc setup;
	struct tool_config config;
	bool yes = false;

	if (tool_config_open(&config, t, NULL, NULL) == MS_OK &&
		config.ops->setup(config.instance, &setup, NULL) == MS_OK) {
		yes = setup.plutorestartoncrash;
		config.ops->setup_free(config.instance, &setup);
	}
	tool_config_close(&config);
	return yes;
}

static int start_daemons(const struct setup *c, const struct setup_state *before)
{
	struct setup_state now;
	int status;

	remove_orphans(c->tool, before);
	status = plutorun_start(c->tool, restart_on_crash(c->tool));
	if (status == 0) {
		setup_start_manual(c->tool);
		setup_say(false, LOG_NOTICE, "...ModSwan IPsec started");
		return 0;
	}
	if (status == 10)
		setup_say(true, LOG_ERR, "another Pluto is already running, start aborted");
	else
		setup_say(true, LOG_ERR, "Pluto could not be started (exit status %d)", status);
	/* A klips that it had started already would be left over. */
	setup_look(c->tool, &now);
	if (before->daemon[SETUP_KLIPS].pid == 0 && before->daemon[SETUP_KLIPS].stray == 0 &&
		status != 10)
		end_klips(&now);
	if (status != 10)
		remove_rundir(c->tool);
	return 1;
}

static int do_start(const struct setup *c, const char *word)
{
	struct setup_state s;
	int lock, status = 1;

	if (c->show || c->showonly)
		printf("%s/pluto --confdir %s --rundir %s\n", c->tool->execdir, c->tool->confdir,
			c->tool->rundir);
	if (c->showonly)
		return 0;
	lock = lock_rundir(c->tool);
	if (lock < 0)
		return 1;
	setup_look(c->tool, &s);
	if (is_up(&s)) {
		setup_say(true, LOG_ERR, "ModSwan IPsec is already running, start aborted");
	} else {
		setup_say(true, LOG_NOTICE, "%s ModSwan IPsec %s...", word, PACKAGE_VERSION);
		status = start_daemons(c, &s);
	}
	close(lock);
	return status;
}

/* --- stop ------------------------------------------------------------------------------------- */

static void no_line(void *arg, int code, const char *text, const char *raw)
{
	(void)arg;
	(void)code;
	(void)text;
	(void)raw;
}

/* False: it does not answer. */
static bool ask_pluto_to_end(const struct tool *t)
{
	static const struct tool_replies quiet = { no_line, NULL };
	struct ms_arg flush = { "flush", "yes" };
	struct ms_request request = { "shutdown", &flush, 1, false };
	char *path = tool_pluto_socket(t);
	int status = 0;
	bool answered = tool_command(path, &request, &quiet, &status, NULL);

	free(path);
	return answered && status == 0;
}

static void end_pluto(const struct tool *t, const struct setup_state *s)
{
	const struct setup_daemon *d = &s->daemon[SETUP_PLUTO];

	if (d->pid != 0 && !(ask_pluto_to_end(t) && setup_wait_gone(d->pid, PLUTO_PATIENCE_MS)))
		setup_end(d->pid, PLUTO_PATIENCE_MS);
	if (d->stray != 0)
		setup_end(d->stray, PLUTO_PATIENCE_MS);
}

/* What daemons that ended as they should have removed themselves. */
static void remove_files(const struct tool *t)
{
	static const char *const names[] = { "pluto.ctl", "pluto.pid", "plutorun.pid", "klips.ctl",
		"klips.sock", "klips.pid", "ipsec_eroute", "ipsec_spi", "ipsec_spigrp", "ipsec_tncfg",
		"ipsec_version", "ipsec_klipsdebug", "ipsec_counters", "pf_key", "pf_key_registered",
		"pf_key_supported" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = tool_format("%s/%s", t->rundir, names[i]);

		if (unlink(path) == 0)
			setup_say(true, LOG_NOTICE, "Removing orphaned %s:", path);
		free(path);
	}
}

/* Routes went with their device; what else _updown changed for connections that nobody took down is
 * noted in this folder. */
static void undo_updown(const struct tool *t)
{
	char *notes = tool_format("%s/updown", t->rundir);
	static const char command[] =
		"PLUTO_VERSION=2.0 PLUTO_VERB=cleanup \"$IPSEC_EXECDIR\"/_updown";

	if (access(notes, F_OK) == 0 && system(command) != 0)
		setup_say(true, LOG_WARNING, "cannot undo what is noted in %s", notes);
	free(notes);
}

static int stop_all(const struct setup *c)
{
	struct setup_state s;
	bool was_up;

	setup_look(c->tool, &s);
	was_up = is_up(&s);
	setup_say(true, LOG_NOTICE, "Stopping ModSwan IPsec...");
	if (!was_up)
		setup_say(true, LOG_WARNING,
			"stop ordered, but IPsec is not running: doing "
			"cleanup anyway");
	for (unsigned i = 0; i < 2; i++) {
		pid_t runner = i == 0 ? s.daemon[SETUP_RUNNER].pid : s.daemon[SETUP_RUNNER].stray;

		if (runner != 0)
			setup_end(runner, KLIPS_PATIENCE_MS);
	}
	end_pluto(c->tool, &s);
	setup_look(c->tool, &s);
	end_klips(&s);
	undo_updown(c->tool);
	remove_files(c->tool);
	remove_rundir(c->tool);
	setup_say(false, LOG_NOTICE, "...ModSwan IPsec stopped");
	return was_up ? 0 : 1;
}

static int do_stop(const struct setup *c)
{
	int lock, status;

	if (c->show || c->showonly)
		printf("ipsec whack --shutdown\n");
	if (c->showonly)
		return 0;
	lock = lock_rundir(c->tool);
	if (lock < 0)
		return 1;
	status = stop_all(c);
	close(lock);
	return status;
}

static int do_restart(const struct setup *c)
{
	(void)do_stop(c);
	return do_start(c, "Restarting");
}

/* --- status ----------------------------------------------------------------------------------- */

static void count_traffic(void *arg, int code, const char *text, const char *raw)
{
	(void)text;
	(void)raw;
	*(unsigned *)arg += code == MS_RC_TRAFFIC;
}

static void count_line(void *arg, const char *text)
{
	*(unsigned *)arg += text[0] != '\0';
}

/* -1: KLIPS does not answer. */
static int count_eroutes(const struct tool *t)
{
	unsigned n = 0;

	return tool_klips_command(t, "eroute", count_line, &n, NULL) == MS_OK ? (int)n : -1;
}

static bool count_tunnels(const struct tool *t, unsigned *n)
{
	const struct tool_replies count = { count_traffic, n };
	struct ms_request request = { "trafficstatus", NULL, 0, false };
	char *path = tool_pluto_socket(t);
	int status = 0;
	bool answered = tool_command(path, &request, &count, &status, NULL);

	free(path);
	return answered;
}

/* The first complaint opens the list. */
static void but(unsigned *n, const char *fmt, ...) MS_PRINTF(2, 3);

static void but(unsigned *n, const char *fmt, ...)
{
	va_list ap;

	if ((*n)++ == 0)
		puts("but...");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static int status_up(const struct tool *t, const struct setup_state *s)
{
	const struct setup_daemon *k = &s->daemon[SETUP_KLIPS];
	unsigned tunnels = 0, problems = 0;
	bool answers = count_tunnels(t, &tunnels);

	printf("IPsec running  - pluto pid: %ld\n", (long)s->daemon[SETUP_PLUTO].pid);
	printf("pluto pid %ld\n", (long)s->daemon[SETUP_PLUTO].pid);
	if (answers && tunnels == 0)
		puts("No tunnels up");
	else if (answers)
		printf("%u tunnel%s up\n", tunnels, tunnels == 1 ? "" : "s");
	if (k->pid != 0 && count_eroutes(t) > 0)
		puts("some eroutes exist");
	if (!answers)
		but(&problems, "Pluto does not answer on its control socket!");
	if (k->has_file && k->pid == 0)
		but(&problems, "KLIPS is not running, but its pid file is there!");
	if (k->stray != 0)
		but(&problems, "orphaned KLIPS (pid %ld) is running!", (long)k->stray);
	if (s->daemon[SETUP_PLUTO].stray != 0)
		but(&problems, "orphaned Pluto (pid %ld) is running!",
			(long)s->daemon[SETUP_PLUTO].stray);
	return problems > 0 ? 1 : 0;
}

static int status_down(const struct tool *t, const struct setup_state *s)
{
	const struct setup_daemon *p = &s->daemon[SETUP_PLUTO], *k = &s->daemon[SETUP_KLIPS];
	unsigned problems = 0;
	char *path = setup_pid_file(t, SETUP_PLUTO);
	int eroutes;

	puts("IPsec stopped");
	if (p->has_file)
		but(&problems, "has %s file!", path);
	if (p->stray != 0)
		but(&problems, "%s Pluto is running! (pid %ld)",
			p->has_file ? "illicit" : "orphaned", (long)p->stray);
	if (k->pid != 0 || k->stray != 0)
		but(&problems, "KLIPS is running! (pid %ld)",
			(long)(k->pid != 0 ? k->pid : k->stray));
	eroutes = k->pid != 0 ? count_eroutes(t) : 0;
	if (eroutes > 0)
		but(&problems, "some (%d) eroutes exist!", eroutes);
	free(path);
	return problems > 0 ? 1 : 3;
}

static int do_status(const struct setup *c)
{
	struct setup_state s;

	setup_look(c->tool, &s);
	return s.daemon[SETUP_PLUTO].pid != 0 ? status_up(c->tool, &s) : status_down(c->tool, &s);
}

/* --- the command ------------------------------------------------------------------------------ */

static int do_verb(const struct setup *c)
{
	bool status = strcmp(c->verb, "status") == 0;

	if (status && (c->show || c->showonly)) {
		setup_say(true, LOG_ERR, "--show and --showonly do not go with status");
		return 1;
	}
	if (status)
		return do_status(c);
	if (geteuid() != 0 && !c->showonly) {
		setup_say(true, LOG_ERR, "permission denied (must be superuser)");
		return 1;
	}
	if (strcmp(c->verb, "start") == 0)
		return do_start(c, "Starting");
	if (strcmp(c->verb, "stop") == 0)
		return do_stop(c);
	return do_restart(c);
}

static bool is_verb(const char *word)
{
	static const char *const verbs[] = { "start", "stop", "restart", "force-reload", "status",
		NULL };

	for (unsigned i = 0; verbs[i] != NULL; i++)
		if (strcmp(verbs[i], word) == 0)
			return true;
	return false;
}

static int take_word(void *arg, int row, const char *value)
{
	struct setup *c = arg;

	if (row != TOOL_WORD) {
		if (!c->show && !c->showonly)
			return -1;
		setup_say(true, LOG_ERR, "--show and --showonly do not go with --%s",
			table[row].o.name);
		return 1;
	}
	if (c->verb != NULL || !is_verb(value)) {
		fprintf(stderr, "ipsec_setup: unknown action `%s'\n", value);
		return tool_show_usage(&usage, stderr, usage.status);
	}
	c->verb = value;
	return -1;
}

int tool_setup(struct tool *t, int argc, char **argv)
{
	struct setup c = { .tool = t, .verb = is_verb(t->command->name) ? t->command->name : NULL };
	int status;

	openlog("ipsec_setup", 0, LOG_DAEMON);
	status = tool_args_read(t, &usage, argc, argv, take_word, &c);
	if (status != -1)
		return status;
	if (c.verb == NULL)
		return tool_show_usage(&usage, stderr, usage.status);
	return do_verb(&c);
}

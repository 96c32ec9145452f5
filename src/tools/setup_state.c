/* SPDX-License-Identifier: Apache-2.0 */
/* Which daemons of an instance run: pid files, and what /proc says about them. */
#include "tools/setup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS        10
#define ZOMBIE_MS      300 /* how long a parent may take to bury its child */
#define CMDLINE_OCTETS 4096

const char *const setup_names[SETUP_PROGRAMS] = { "plutorun", "pluto", "klips" };

char *setup_pid_file(const struct tool *t, enum setup_program p)
{
	return tool_format("%s/%s.pid", t->rundir, setup_names[p]);
}

/* Octets read of /proc/PID/FILE, NUL-terminated behind them; 0: no such process any more. */
static size_t read_proc(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	n = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[n] = '\0';
	return n;
}

/* The letter of its state, and its parent; 0: no such process any more. */
static char read_state(pid_t pid, pid_t *parent)
{
	char stat[512], letter;
	const char *behind_name;
	long ppid;

	if (read_proc(pid, "stat", stat, sizeof stat) == 0)
		return 0;
	behind_name = strrchr(stat, ')'); /* the name may hold anything */
	if (behind_name == NULL || sscanf(behind_name, ") %c %ld", &letter, &ppid) != 2)
		return 0;
	*parent = (pid_t)ppid;
	return letter;
}

static bool is_zombie(pid_t pid)
{
	pid_t parent;
	char state = read_state(pid, &parent);

	return state == 0 || state == 'Z' || state == 'X';
}

/* Words of a command line, NUL between them. */
static bool has_word(const char *cmdline, size_t len, const char *word)
{
	for (const char *p = cmdline; p < cmdline + len; p += strlen(p) + 1)
		if (strcmp(p, word) == 0)
			return true;
	return false;
}

/* The program's name; libtool runs it as lt-NAME before it is installed. The supervisor is this
 * very program with the word _plutorun. */
static bool is_program(pid_t pid, enum setup_program p)
{
	char comm[32], cmdline[CMDLINE_OCTETS];
	size_t len;

	if (p == SETUP_RUNNER) {
		len = read_proc(pid, "cmdline", cmdline, sizeof cmdline);
		return has_word(cmdline, len, "_plutorun") && !is_zombie(pid);
	}
	if (read_proc(pid, "comm", comm, sizeof comm) == 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	if (strcmp(strncmp(comm, "lt-", 3) == 0 ? comm + 3 : comm, setup_names[p]) != 0)
		return false;
	return !is_zombie(pid);
}

/* What a daemon starts has its name until it becomes another program. */
static bool is_forked_of(pid_t pid, enum setup_program p)
{
	pid_t parent;

	return read_state(pid, &parent) != 0 && parent > 1 && is_program(parent, p);
}

/* Does it run for our run directory?  Without --rundir it runs for the built-in one. */
static bool is_ours(const struct tool *t, pid_t pid)
{
	char cmdline[CMDLINE_OCTETS];
	size_t len = read_proc(pid, "cmdline", cmdline, sizeof cmdline);

	for (const char *p = cmdline; p < cmdline + len; p += strlen(p) + 1) {
		if (strncmp(p, "--rundir=", 9) == 0)
			return strcmp(p + 9, t->rundir) == 0;
		if (strcmp(p, "--rundir") == 0)
			return p + 9 < cmdline + len && strcmp(p + 9, t->rundir) == 0;
	}
	return len > 0 && strcmp(t->rundir, MS_RUNDIR) == 0;
}

static void look_at_file(const struct tool *t, enum setup_program p, struct setup_daemon *d)
{
	char *path = setup_pid_file(t, p);
	FILE *f = fopen(path, "re");
	long pid = 0;

	free(path);
	if (f == NULL)
		return;
	d->has_file = true;
	if (fscanf(f, "%ld", &pid) == 1 && pid > 1 && is_program((pid_t)pid, p))
		d->pid = (pid_t)pid;
	fclose(f);
}

void setup_look(const struct tool *t, struct setup_state *s)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;

	memset(s, 0, sizeof *s);
	for (unsigned p = 0; p < SETUP_PROGRAMS; p++)
		look_at_file(t, p, &s->daemon[p]);
	while (proc != NULL && (e = readdir(proc)) != NULL) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? (pid_t)atol(e->d_name) : 0;

		for (unsigned p = 0; p < SETUP_PROGRAMS && pid > 0; p++)
			if (pid != s->daemon[p].pid && pid != getpid() && is_program(pid, p) &&
				is_ours(t, pid) && !is_forked_of(pid, p))
				s->daemon[p].stray = pid;
	}
	if (proc != NULL)
		closedir(proc);
}

/* --- ending ----------------------------------------------------------------------------------- */

bool setup_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

bool setup_wait_gone(pid_t pid, unsigned timeout_ms)
{
	unsigned dead_for = 0;

	/* A zombie does nothing more, but for a while it is still to be seen. */
	for (unsigned waited = 0; !setup_gone(pid); waited += POLL_MS) {
		if (is_zombie(pid) && (dead_for += POLL_MS) > ZOMBIE_MS)
			return true;
		if (waited >= timeout_ms)
			return false;
		usleep(POLL_MS * 1000);
	}
	return true;
}

void setup_end(pid_t pid, unsigned patience_ms)
{
	if (pid <= 1 || (kill(pid, SIGTERM) != 0 && errno == ESRCH))
		return;
	if (!setup_wait_gone(pid, patience_ms)) {
		kill(pid, SIGKILL);
		setup_wait_gone(pid, patience_ms);
	}
}

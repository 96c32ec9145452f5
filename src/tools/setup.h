/* SPDX-License-Identifier: Apache-2.0 */
/* Inside `ipsec setup`: what is there of an instance. */
#ifndef MODSWAN_TOOLS_SETUP_H
#define MODSWAN_TOOLS_SETUP_H

#include "tools/tool.h"

#include <sys/types.h>

enum setup_program { SETUP_RUNNER, SETUP_PLUTO, SETUP_KLIPS, SETUP_PROGRAMS };

/* One daemon of the instance. */
struct setup_daemon {
	pid_t pid;     /* of the pid file, when that process is such a daemon; else 0 */
	pid_t stray;   /* one of this instance that no pid file names; 0: none */
	bool has_file; /* the pid file is there */
};

struct setup_state {
	struct setup_daemon daemon[SETUP_PROGRAMS];
};

extern const char *const setup_names[SETUP_PROGRAMS]; /* "plutorun", "pluto", "klips" */

char *setup_pid_file(const struct tool *t, enum setup_program p); /* to be freed */
void setup_look(const struct tool *t, struct setup_state *s);
/* The process is gone for good, not even a zombie. */
bool setup_gone(pid_t pid);
/* True when it went within the time. */
bool setup_wait_gone(pid_t pid, unsigned timeout_ms);
/* SIGTERM, and when that does not do, SIGKILL. */
void setup_end(pid_t pid, unsigned patience_ms);

/* To syslog (tag ipsec_setup) and, when `aloud`, to stderr. */
void setup_say(bool aloud, int priority, const char *fmt, ...) MS_PRINTF(3, 4);

/* Brings up what is keyed by hand; says what fails. */
void setup_start_manual(const struct tool *t);
/* Starts the supervisor, which starts pluto. The first start's exit status of pluto. */
int plutorun_start(const struct tool *t, bool restart_on_crash);

#endif

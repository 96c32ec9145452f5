/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook-updown: runs the administrator's command at each step of a connection's life.
 *
 * Without leftupdown= the command is our own _updown, run directly.  A command of one's own is text
 * for /bin/sh, written by the administrator and by nobody else; everything about the step is in the
 * environment (env.c).  Steps of one connection run one after the other, steps of different ones
 * side by side up to a limit.  Nothing waits: the script's end calls done().  Routes of many members
 * of a policy group are one step (batch.c).
 */
#include "updown.h"

#include <modswan/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_COMMAND MS_EXECDIR "/_updown"
#define DISABLED        "%disabled" /* leftupdown=%disabled: no command at all */

struct updown_conf {
	char *command;
	uint64_t timeout_ms;
	uint32_t parallel;
	uint32_t networks;
};

struct updown;

/* Who waits for a step. */
struct waiter {
	ms_hook_done_f *done;
	void *arg;
};

/* A step that waits or runs. */
struct step {
	struct step *next;
	struct updown *u;
	struct ms_process *process; /* NULL: waits */
	bool running;
	char *connection;
	char *command; /* for the shell; NULL: the default */
	bool firewall;
	char verb[UPDOWN_VERB_TEXT];
	char **env;
	struct updown_batch *batch; /* NULL: it is what one waits for */
	struct waiter *waiters;
	unsigned n, room;
};

struct updown {
	struct ms_loop *loop;
	const struct ms_logger *log;
	const struct updown_conf *conf;
	struct step *first, **last;
	struct step *newest; /* the last one, if it is there still */
	unsigned running;
	bool starting; /* start_steps() is on the stack */
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct updown_conf, command, "command",
		.brief = "the program run for connections without leftupdown=",
		.text = "Its path, without arguments. When it is not set: the _updown that was "
			"installed with this software."),
	MS_KEY_TIME(struct updown_conf, timeout_ms, "timeout", .min = 10, .max = 3600000,
		.def = 30000, .brief = "how long a command may take",
		.text = "A command that is not done by then is killed with all that it started, "
			"and "
			"the step has failed."),
	MS_KEY_UINT(struct updown_conf, parallel, "parallel", .min = 1, .max = 1024, .def = 16,
		.unit = "commands", .brief = "how many commands run at once"),
	MS_KEY_UINT(struct updown_conf, networks, "networks", .min = 0, .max = 100000, .def = 0,
		.unit = "networks", .brief = "how many networks of a policy group one command is given",
		.text = "In PLUTO_PEER_CLIENT_NETWORKS; the other variables are those of the first one. "
			"0 stands for 4000 with the _updown that came with this software and for 1 with "
			"another command. A leftupdown= is always given one."),
	MS_KEY_END,
};

/* --- steps ------------------------------------------------------------------------------------ */

static void step_free(struct step *s)
{
	ms_process_free(&s->process);
	updown_env_free(&s->env);
	updown_batch_free(&s->batch);
	free(s->waiters);
	free(s->connection);
	free(s->command);
	free(s);
}

static void unlink_step(struct step *s)
{
	struct step **link = &s->u->first;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	if (s->u->newest == s)
		s->u->newest = NULL;
	if (s->next == NULL)
		s->u->last = link;
}

/* The step is no more before anybody hears of its end. */
static void tell_and_free(struct step *s, ms_err err, const struct ms_why *why)
{
	struct waiter *waiters = s->waiters;
	unsigned n = s->n;

	s->waiters = NULL;
	step_free(s);
	for (unsigned i = 0; i < n; i++)
		waiters[i].done(waiters[i].arg, err, why);
	free(waiters);
}

static void step_over(struct step *s, ms_err err, const struct ms_why *why)
{
	unlink_step(s);
	if (s->running)
		s->u->running--;
	s->process = NULL; /* ends by itself */
	tell_and_free(s, err, why);
}

static void step_line(void *arg, const char *line)
{
	const struct step *s = arg;

	ms_notice(s->u->log, "\"%s\": %s output: %s", s->connection, s->verb, line);
}

static void start_steps(struct updown *u);

static void step_exited(void *arg, const struct ms_process_result *r)
{
	struct step *s = arg;
	struct updown *u = s->u;
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	if (r->timed_out)
		err = ms_fail(&why, MS_ERR_SYSTEM,
			"%s command was not done after %llu ms and was "
			"killed",
			s->verb, (unsigned long long)u->conf->timeout_ms);
	else if (r->signal != 0)
		err = ms_fail(&why, MS_ERR_SYSTEM, "%s command was ended by signal %d", s->verb,
			r->signal);
	else if (r->exit_status != 0)
		err = ms_fail(&why, MS_ERR_SYSTEM, "%s command exited with status %d", s->verb,
			r->exit_status);
	step_over(s, err, &why);
	start_steps(u);
}

static void start_step(struct step *s)
{
	const struct updown_conf *conf = s->u->conf;
	const char *program = conf->command != NULL ? conf->command : DEFAULT_COMMAND;
	const char *own[] = { "/bin/sh", "-c", s->command, NULL };
	const char *ours[] = { program, s->firewall ? "firewall" : NULL, NULL };
	struct ms_why why = { "" };
	ms_err err;

	s->running = true;
	s->u->running++;
	ms_debug(s->u->log, "\"%s\": %s: running %s", s->connection, s->verb,
		s->command != NULL ? s->command : program);
	if (s->batch != NULL)
		s->env = updown_batch_env(s->batch);
	if (s->env == NULL) {
		step_over(s, MS_ERR_NOMEM, NULL);
		return;
	}
	err = ms_process_run(s->u->loop, &s->process, s->command != NULL ? own : ours,
		(const char *const *)s->env, conf->timeout_ms, step_line, step_exited, s, &why);
	if (err == MS_OK)
		return;
	ms_why_prefix(&why, "%s command: ", s->verb);
	step_over(s, err, &why);
}

static bool connection_is_busy(const struct updown *u, const struct step *s)
{
	unsigned seen = 0;

	for (const struct step *o = u->first; o != NULL && seen < u->running; o = o->next) {
		if (!o->running)
			continue;
		seen++;
		if (strcmp(o->connection, s->connection) == 0)
			return true;
	}
	return false;
}

/* The oldest step that may run now.  One that is passed over because its connection is busy keeps
 * later ones of that connection waiting, too. */
static struct step *next_step(struct updown *u)
{
	for (struct step *s = u->first; s != NULL && u->running < u->conf->parallel; s = s->next)
		if (!s->running && !connection_is_busy(u, s))
			return s;
	return NULL;
}

/* A step that cannot be started is over at once, and its done() may ask for more: those wait for
 * this loop to come to them. */
static void start_steps(struct updown *u)
{
	struct step *s;

	if (u->starting)
		return;
	u->starting = true;
	while ((s = next_step(u)) != NULL)
		start_step(s);
	u->starting = false;
}

/* --- role hook -------------------------------------------------------------------------------- */

static bool add_waiter(struct step *s, ms_hook_done_f *done, void *arg)
{
	if (s->n == s->room) {
		unsigned room = s->room == 0 ? 1 : s->room * 2;
		struct waiter *more = reallocarray(s->waiters, room, sizeof *more);

		if (more == NULL)
			return false;
		s->waiters = more;
		s->room = room;
	}
	s->waiters[s->n++] = (struct waiter){ done, arg };
	return true;
}

static unsigned most_networks(const struct updown *u)
{
	if (u->conf->networks != 0)
		return u->conf->networks;
	return u->conf->command == NULL ? 4000 : 1;
}

static struct step *step_new(
	struct updown *u, const struct ms_hook_event *event, ms_hook_done_f *done, void *arg)
{
	struct step *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->u = u;
	s->firewall = event->firewall;
	updown_verb(event, s->verb, sizeof s->verb);
	if (most_networks(u) > 1 && updown_batch_may(event))
		s->batch = updown_batch_new(event);
	else
		s->env = updown_env(event);
	s->connection = strdup(event->connection);
	if (event->command != NULL)
		s->command = strdup(event->command);
	if ((s->env != NULL || s->batch != NULL) && s->connection != NULL &&
		(event->command == NULL || s->command != NULL) && add_waiter(s, done, arg))
		return s;
	step_free(s);
	return NULL;
}

/* The newest step, if it waits still, may take this one along.  Only the newest: steps for a network
 * keep their order. */
static bool join(struct updown *u, const struct ms_hook_event *event, ms_hook_done_f *done, void *arg)
{
	struct step *s = u->newest;

	if (s == NULL || s->running || s->batch == NULL || s->n >= most_networks(u))
		return false;
	/* Who is written down twice would be told twice: the place first. */
	if (!add_waiter(s, done, arg))
		return false;
	if (updown_batch_add(s->batch, event, most_networks(u)))
		return true;
	s->n--;
	return false;
}

static void updown_event(
	void *inst, const struct ms_hook_event *event, ms_hook_done_f *done, void *arg)
{
	struct updown *u = inst;
	struct step *s;

	if (event->command != NULL &&
		(event->command[0] == '\0' || strcmp(event->command, DISABLED) == 0)) {
		done(arg, MS_OK, NULL);
		return;
	}
	if (join(u, event, done, arg))
		return;
	s = step_new(u, event, done, arg);
	if (s == NULL) {
		done(arg, MS_ERR_NOMEM, NULL);
		return;
	}
	*u->last = s;
	u->last = &s->next;
	u->newest = s;
	start_steps(u);
}

static ms_err updown_load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct updown *u = calloc(1, sizeof *u);

	(void)why;
	if (u == NULL)
		return MS_ERR_NOMEM;
	u->loop = services->loop;
	u->log = services->log;
	u->conf = conf;
	u->last = &u->first;
	*instance_r = u;
	return MS_OK;
}

/* Commands that run are killed; who waits for them gets to know. */
static void updown_unload(void **instance)
{
	struct updown *u = *instance;

	*instance = NULL;
	if (u == NULL)
		return;
	u->starting = true; /* nothing is started any more */
	while (u->first != NULL) {
		struct step *s = u->first;

		unlink_step(s);
		tell_and_free(s, MS_ERR_CANCELLED, NULL);
	}
	free(u);
}

static const struct ms_hook_ops ops = { .size = sizeof ops, .event = updown_event };

static const struct ms_feature features[] = {
	MS_PROVIDES(HOOK, "updown", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(hook_updown, "hook-updown", .summary = "runs updown scripts", .features = features,
	.keys = keys, .conf_size = sizeof(struct updown_conf), .load = updown_load,
	.unload = updown_unload);

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/control/control_priv.h"

#include "core/ike/ike.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_OCTETS 2048

/* --- replies --------------------------------------------------------------------------------- */

const char *call_arg(const call *c, const char *name)
{
	for (unsigned i = 0; i < c->request->n_args; i++)
		if (strcmp(c->request->args[i].name, name) == 0)
			return c->request->args[i].value;
	return NULL;
}

void call_line(call *c, int code, const char *fmt, ...)
{
	char text[LINE_OCTETS];
	va_list ap;

	if (c->ops == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->ops->line(c->reply, code, text);
}

void call_record(call *c, const char *kind, const struct ms_field_value *v, unsigned n)
{
	if (c->ops != NULL && c->ops->record != NULL)
		c->ops->record(c->reply, kind, v, n);
}

static void call_free(call *c)
{
	call **slot = &c->ctl->calls;

	while (*slot != c)
		slot = &(*slot)->next;
	*slot = c->next;
	if (c->ended != NULL)
		c->ended(c->ended_arg);
	conn_list_free(&c->watched);
	free(c);
}

void call_done(call *c, int code)
{
	if (c->ops != NULL)
		c->ops->done(c->reply, code);
	c->ops = NULL;
	c->over = true;
	/* Inside its own command the call must stay until that returns. */
	if (c->request == NULL)
		call_free(c);
}

static const struct {
	ms_err err;
	int code;
} codes[] = {
	{ MS_OK, MS_RC_COMMENT },
	{ MS_ERR_DUPLICATE, MS_RC_DUPNAME },
	{ MS_ERR_UNKNOWN, MS_RC_UNKNOWN_NAME },
	{ MS_ERR_NOT_FOUND, MS_RC_ORIENT },
	{ MS_ERR_BUSY, MS_RC_RTBUSY },
	{ MS_ERR_NO_CREDENTIAL, MS_RC_NOKEY },
	{ MS_ERR_TIMEOUT, MS_RC_NORETRANSMISSION },
	{ MS_ERR_NO_ALGORITHM, MS_RC_NOALGO },
	{ MS_ERR_BUG, MS_RC_INTERNALERR },
	{ MS_ERR_NOMEM, MS_RC_INTERNALERR },
	{ MS_ERR_KERNEL, MS_RC_ROUTE },
	{ MS_ERR_KERNEL_GONE, MS_RC_ROUTE },
};

int code_of(ms_err err)
{
	for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].err == err)
			return codes[i].code;
	return ms_err_class(err) == MS_CLASS_CONFIG ? MS_RC_BADWHACKMESSAGE : MS_RC_LOG_SERIOUS;
}

static int end_code(int code)
{
	return code == MS_RC_LOG_SERIOUS ? MS_RC_WHACK_PROBLEM : code;
}

void call_fail(call *c, ms_err err, const struct ms_why *why)
{
	int code = code_of(err);

	call_line(c, code, "%s", ms_why_text(why, err));
	call_done(c, end_code(code));
}

bool call_conns(call *c, struct conn_list *out)
{
	const char *name = call_arg(c, "name");

	if (!conn_list_named(c->d->conns, name, out)) {
		call_fail(c, MS_ERR_NOMEM, NULL);
		return false;
	}
	if (out->n > 0)
		return true;
	call_line(c, MS_RC_UNKNOWN_NAME, "no connection named \"%s\"", name);
	call_done(c, MS_RC_UNKNOWN_NAME);
	return false;
}

void call_part_begins(call *c)
{
	c->pending++;
}

void call_part_over(call *c, int code)
{
	if (c->code == MS_RC_COMMENT)
		c->code = end_code(code);
	if (--c->pending == 0)
		call_done(c, c->code);
}

void call_watch(call *c, struct conn *conn)
{
	call_part_begins(c);
	if (!conn_list_add(&c->watched, conn))
		call_part_over(c, MS_RC_INTERNALERR);
}

void call_watch_quiet(call *c, struct conn *conn)
{
	if (conn->route_jobs == NULL)
		return;
	c->for_quiet = true;
	call_watch(c, conn);
}

/* --- requests -------------------------------------------------------------------------------- */

static const struct command *find_command(const char *name)
{
	const struct command *cmd = commands;

	while (cmd->name != NULL && strcmp(cmd->name, name) != 0)
		cmd++;
	return cmd->name == NULL ? NULL : cmd;
}

static bool takes(const struct command *cmd, const char *arg)
{
	for (unsigned i = 0; i < COMMAND_ARGS && cmd->args[i].name != NULL; i++)
		if (strcmp(cmd->args[i].name, arg) == 0)
			return true;
	return cmd->any_args;
}

static ms_err check_args(const struct command *cmd, const struct ms_request *r, struct ms_why *why)
{
	for (unsigned i = 0; i < r->n_args; i++)
		if (!takes(cmd, r->args[i].name))
			return ms_fail(why, MS_ERR_UNKNOWN, "command \"%s\" takes no argument \"%s\"",
				cmd->name, r->args[i].name);
	for (unsigned i = 0; i < COMMAND_ARGS && cmd->args[i].name != NULL; i++) {
		bool there = false;

		for (unsigned k = 0; k < r->n_args && !there; k++)
			there = strcmp(r->args[k].name, cmd->args[i].name) == 0 &&
				r->args[k].value[0] != '\0';
		if (cmd->args[i].required && !there)
			return ms_fail(why, MS_ERR_CONFIG, "command \"%s\" needs the argument \"%s\"",
				cmd->name, cmd->args[i].name);
	}
	return MS_OK;
}

static struct ms_command_call *execute(void *core, const struct ms_request *request,
	const struct ms_reply_ops *ops, void *reply)
{
	struct control *ctl = core;
	const struct command *cmd = find_command(request->command);
	struct ms_why why = { "" };
	call *c = calloc(1, sizeof *c);
	ms_err err = MS_OK;

	if (c == NULL) {
		ops->done(reply, MS_RC_INTERNALERR);
		return NULL;
	}
	c->ctl = ctl;
	c->d = ctl->d;
	c->ops = ops;
	c->reply = reply;
	c->asynchronous = request->asynchronous;
	c->request = request;
	c->next = ctl->calls;
	ctl->calls = c;
	if (cmd == NULL)
		err = ms_fail(&why, MS_ERR_UNKNOWN, "unknown command \"%s\"", request->command);
	else
		err = check_args(cmd, request, &why);
	if (err != MS_OK) {
		call_line(c, MS_RC_BADWHACKMESSAGE, "%s", why.text);
		call_done(c, MS_RC_BADWHACKMESSAGE);
	} else {
		cmd->run(c);
	}
	c->request = NULL;
	if (c->over) {
		call_free(c);
		return NULL;
	}
	return c;
}

static void forget(struct ms_command_call *c)
{
	c->ops = NULL;
	/* A watcher without a reader has nothing left to do. */
	if (c->watched.n > 0 && c->request == NULL)
		call_done(c, MS_RC_COMMENT);
}

static const char *nth_command(void *core, unsigned i, const char **help_r)
{
	(void)core;
	for (unsigned k = 0; k <= i; k++)
		if (commands[k].name == NULL)
			return NULL;
	*help_r = commands[i].help;
	return commands[i].name;
}

/* --- what happens to connections --------------------------------------------------------------- */

/* n: it does not watch it. */
static unsigned place_of(const call *w, const struct conn *c)
{
	unsigned i = 0;

	while (i < w->watched.n && w->watched.conn[i] != c)
		i++;
	return i;
}

static void unwatch(call *w, unsigned i, int code)
{
	conn_unref(&w->watched.conn[i]);
	w->watched.conn[i] = w->watched.conn[--w->watched.n];
	call_part_over(w, code);
}

void call_unwatch(call *c, struct conn *conn, int code)
{
	unsigned i = place_of(c, conn);

	if (i < c->watched.n)
		unwatch(c, i, code);
}

static void to_watchers(struct control *ctl, struct conn *c, int code, const char *text)
{
	for (call *w = ctl->calls; w != NULL; w = w->next)
		if (place_of(w, c) < w->watched.n)
			call_line(w, code, "%s", text);
}

/* The watchers of a connection, of one kind, have one less to watch; who has none left ends, which
 * frees it. */
static void end_watchers(struct control *ctl, struct conn *c, bool for_quiet, int code)
{
	call *next;

	conn_ref(c);
	for (call *w = ctl->calls; w != NULL; w = next) {
		unsigned i = place_of(w, c);

		next = w->next;
		if (i == w->watched.n || w->for_quiet != for_quiet || w->over)
			continue;
		unwatch(w, i, code);
	}
	conn_unref(&c);
}

void control_route_changed(struct control *ctl, struct conn *c)
{
	if (c->route_jobs == NULL)
		end_watchers(ctl, c, true, MS_RC_COMMENT);
}

bool control_listened(const struct control *ctl)
{
	const call *w = ctl->calls;

	while (w != NULL && w->watched.n == 0)
		w = w->next;
	return w != NULL;
}

void control_report(struct control *ctl, struct conn *c, uint32_t serial, int code,
	const char *text)
{
	char line[LINE_OCTETS], name[256];

	conn_name_text(c, name, sizeof name);
	if (serial != 0)
		snprintf(line, sizeof line, "%s #%u: %s", name, serial, text);
	else
		snprintf(line, sizeof line, "%s: %s", name, text);
	to_watchers(ctl, c, code, line);
}

void control_attempt_over(struct control *ctl, struct conn *c, ms_err err,
	const struct ms_why *why)
{
	int code = err == MS_OK ? MS_RC_SUCCESS : code_of(err);

	if (err != MS_OK) {
		char line[LINE_OCTETS], name[256];

		conn_name_text(c, name, sizeof name);
		snprintf(line, sizeof line, "%s: %s", name, ms_why_text(why, err));
		to_watchers(ctl, c, code, line);
	}
	end_watchers(ctl, c, false, code == MS_RC_SUCCESS ? MS_RC_COMMENT : code);
}

void control_forget_conn(struct control *ctl, struct conn *c)
{
	to_watchers(ctl, c, MS_RC_LOG, "the connection is being deleted");
	end_watchers(ctl, c, false, MS_RC_UNKNOWN_NAME);
	end_watchers(ctl, c, true, MS_RC_COMMENT);
}

/* --- faces -------------------------------------------------------------------------------------- */

struct control *control_new(struct daemon *d)
{
	struct control *ctl = calloc(1, sizeof *ctl);

	if (ctl == NULL)
		return NULL;
	ctl->d = d;
	ctl->core = (struct ms_control_core){ sizeof ctl->core, ctl, execute, forget, nth_command };
	return ctl;
}

ms_err control_start(struct control *ctl, struct ms_why *why)
{
	const struct ms_provider *p;

	for (unsigned i = 0; (p = daemon_provider(ctl->d, MS_ROLE_CONTROL, i)) != NULL; i++) {
		const struct ms_control_ops *ops = p->ops;
		ms_err err = ops->start(p->instance, &ctl->core, why);

		if (err != MS_OK)
			return err;
	}
	return MS_OK;
}

void control_stop(struct control *ctl)
{
	const struct ms_provider *p;

	while (ctl->calls != NULL) {
		call_line(ctl->calls, MS_RC_LOG, "shutting down");
		call_done(ctl->calls, MS_RC_COMMENT);
	}
	for (unsigned i = 0; (p = daemon_provider(ctl->d, MS_ROLE_CONTROL, i)) != NULL; i++) {
		const struct ms_control_ops *ops = p->ops;

		ops->stop(p->instance);
	}
}

void control_free(struct control **ctl)
{
	if (*ctl == NULL)
		return;
	while ((*ctl)->calls != NULL) {
		(*ctl)->calls->request = NULL;
		call_done((*ctl)->calls, MS_RC_COMMENT);
	}
	free(*ctl);
	*ctl = NULL;
}

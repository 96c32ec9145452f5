/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec whack`: options become commands for pluto.
 *
 * One call may ask for several things; they are sent one after the other in the order of the option
 * table, and the first that fails ends the call.
 */
#include "tools/whack.h"

#include <modswan/whack.h>

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* `whack error: [LABEL ]["NAME" ]TEXT`; always 1. */
static int whack_error(const struct whack *w, const char *fmt, ...) MS_PRINTF(2, 3);

static int whack_error(const struct whack *w, const char *fmt, ...)
{
	va_list ap;

	fputs("whack error: ", stderr);
	if (w->tool->label != NULL)
		fprintf(stderr, "%s ", w->tool->label);
	if (w->name != NULL)
		fprintf(stderr, "\"%s\" ", w->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 1;
}

static const struct tool_usage usage = {
	.options = &whack_options,
	.text = "Usage: ipsec whack [--name NAME] ACTION...\n"
		"       ipsec whack --name NAME END-OPTION... --to END-OPTION... POLICY-OPTION...\n"
		"       ipsec whack --debug-none|--debug-all|--debug-WORD...\n",
	.status = 1,
	.words = true,
};

/* --- reading options -------------------------------------------------------------------------- */

static bool is_number(const char *s)
{
	char *end;

	errno = 0;
	(void)strtoull(s, &end, 0);
	return *s >= '0' && *s <= '9' && *end == '\0' && errno == 0;
}

static int own_option(struct whack *w, unsigned row, const char *value)
{
	const char *name = whack_table[row].o.name;

	if (strcmp(name, "ctlbase") == 0) {
		w->ctlbase = value;
	} else if (strcmp(name, "asynchronous") == 0) {
		w->asynchronous = true;
	} else if (strcmp(name, "name") == 0) {
		if (*value == '\0')
			return whack_error(w, "--name needs a name");
		w->name = value;
	} else if (strcmp(name, "to") == 0) {
		w->to = true;
	}
	return 0;
}

static int take_row(struct whack *w, unsigned row, const char *value)
{
	const struct whack_option *o = &whack_table[row];
	struct whack_seen *seen = o->scope == WHACK_END ? &w->end[w->to] : &w->general;

	if (o->kind == WHACK_REFUSED)
		return whack_error(w, "--%s is known from the family, not supported here",
			o->o.name);
	if (seen->row[row])
		return whack_error(w, "option --%s twice%s", o->o.name,
			o->scope == WHACK_END ? " for one end" : "");
	seen->row[row] = true;
	if ((o->kind == WHACK_NUMBER || o->kind == WHACK_SECONDS) &&
		!(is_number(value) || strcmp(value, "%forever") == 0))
		return whack_error(w, "--%s needs a number, not \"%s\"", o->o.name, value);
	if (o->scope == WHACK_END)
		w->end_value[w->to][row] = value;
	else
		w->value[row] = value;
	return o->kind == WHACK_OWN ? own_option(w, row, value) : 0;
}

static int take_option(void *arg, int row, const char *value)
{
	struct whack *w = arg;

	if (row == TOOL_WORD)
		return whack_error(w, "unexpected word \"%s\"", value);
	return take_row(w, (unsigned)row, value) != 0 ? 1 : -1;
}

/* --- checks over all -------------------------------------------------------------------------- */

static bool wants_action(const struct whack *w)
{
	for (unsigned i = 0; i < whack_rows(); i++)
		if (whack_table[i].scope == WHACK_ACTION && w->general.row[i])
			return true;
	return false;
}

/* An action that is about --name, or that takes it. */
static bool name_has_use(const struct whack *w)
{
	for (unsigned i = 0; i < whack_rows(); i++)
		if (w->general.row[i] &&
			(whack_table[i].kind == WHACK_NAMED || whack_table[i].kind == WHACK_DEBUG))
			return true;
	return whack_defines(w);
}

static int check_names(const struct whack *w)
{
	for (unsigned i = 0; i < whack_rows() && w->name == NULL; i++)
		if (whack_table[i].kind == WHACK_NAMED && w->general.row[i])
			return whack_error(w, "--%s needs --name", whack_table[i].o.name);
	if (w->name == NULL && (whack_defines(w) || w->to))
		return whack_error(w, "connection description without --name");
	if (w->name != NULL && !name_has_use(w))
		return whack_error(w, "no reason for --name");
	return 0;
}

static int check_pairs(const struct whack *w)
{
	if (whack_has(w, "oppohere") != whack_has(w, "oppothere"))
		return whack_error(w, "--oppohere and --oppothere must be used together");
	if (!whack_has(w, "keyid") && (whack_has(w, "addkey") || whack_has(w, "pubkeyrsa")))
		return whack_error(w, "--addkey and --pubkeyrsa need --keyid");
	if (!whack_has(w, "initiate") && (whack_has(w, "xauthname") || whack_has(w, "xauthuser") ||
						 whack_has(w, "xauthpass")))
		return whack_error(w, "--xauthname and --xauthpass need --initiate");
	return 0;
}

/* --- sending ---------------------------------------------------------------------------------- */

static int send_command(const struct whack *w, const char *command, const struct ms_arg *args,
	unsigned n, const struct tool_replies *replies)
{
	char *path =
		w->ctlbase != NULL ? tool_format("%s.ctl", w->ctlbase) : tool_pluto_socket(w->tool);
	struct ms_arg *all = tool_alloc((n + 1) * sizeof *all);
	struct ms_request request = { command, all, n, w->asynchronous };
	struct ms_why why = { "" };
	int status = 0;

	if (n > 0)
		memcpy(all, args, n * sizeof *all);
	if (w->asynchronous) {
		all[n].name = MS_WHACK_ASYNC;
		all[n].value = "yes";
		request.n_args++;
	}
	if (!tool_command(path, &request, replies, &status, &why))
		whack_error(w, "%s", why.text);
	free(all);
	free(path);
	return status;
}

static int send_definition(const struct whack *w)
{
	struct whack_request_args *args = tool_alloc(sizeof *args);
	struct ms_why why = { "" };
	int status;

	if (whack_description(w, args, &why) != MS_OK)
		status = whack_error(w, "%s", why.text);
	else
		status = send_command(w, "define", args->arg, args->n, NULL);
	free(args);
	return status;
}

static void no_line(void *arg, int code, const char *text, const char *raw)
{
	(void)arg;
	(void)text;
	/* There was nothing to delete before the new description: as wanted. */
	if (code != MS_RC_UNKNOWN_NAME)
		puts(raw);
}

/* --delete with a description is a replacement. */
static int send_delete(const struct whack *w)
{
	static const struct tool_replies quiet = { no_line, NULL };
	struct ms_arg name = { "name", w->name };
	int status = send_command(w, "delete", &name, 1, whack_defines(w) ? &quiet : NULL);

	return whack_defines(w) && status == MS_RC_UNKNOWN_NAME ? 0 : status;
}

static int send_debug(const struct whack *w)
{
	struct ms_arg args[2] = { { "words", NULL }, { "name", w->name } };
	char *words = NULL;

	for (unsigned i = 0; i < whack_rows(); i++)
		if (whack_table[i].kind == WHACK_DEBUG && w->general.row[i])
			words = words == NULL ? tool_format("%s", whack_table[i].value)
					      : tool_format("%s,%s", words, whack_table[i].value);
	if (words == NULL)
		return 0;
	args[0].value = words;
	return send_command(w, "debug", args, w->name != NULL && !whack_defines(w) ? 2 : 1, NULL);
}

static int send_key(const struct whack *w)
{
	struct ms_arg args[3] = { { "id", w->value[whack_row("keyid")] } };
	unsigned n = 1;

	if (whack_has(w, "pubkeyrsa")) {
		args[n].name = "rsa";
		args[n++].value = w->value[whack_row("pubkeyrsa")];
	}
	if (whack_has(w, "addkey")) {
		args[n].name = "add";
		args[n++].value = "yes";
	}
	return send_command(w, "key", args, n, NULL);
}

static int send_oppo(const struct whack *w)
{
	struct ms_arg args[2] = { { "here", w->value[whack_row("oppohere")] },
		{ "there", w->value[whack_row("oppothere")] } };

	return send_command(w, "oppo", args, 2, NULL);
}

static int send_named(const struct whack *w, const char *command)
{
	struct ms_arg args[3] = { { "name", w->name } };
	const char *user = whack_has(w, "xauthuser") ? "xauthuser" : "xauthname";
	unsigned n = 1;

	if (strcmp(command, "delete") == 0)
		return send_delete(w);
	if (strcmp(command, "up") == 0 && whack_has(w, user)) {
		args[n].name = "xauthname";
		args[n++].value = w->value[whack_row(user)];
	}
	if (strcmp(command, "up") == 0 && whack_has(w, "xauthpass")) {
		args[n].name = "xauthpass";
		args[n++].value = w->value[whack_row("xauthpass")];
	}
	return send_command(w, command, args, n, NULL);
}

static int send_listall(const struct whack *w)
{
	static const char *const lists[] = { "listpubkeys", "listcerts", "listcacerts", "listcrls",
		"listsecrets", "listalgs", NULL };
	int status = 0;

	for (unsigned i = 0; lists[i] != NULL && status == 0; i++)
		status = send_command(w, lists[i], NULL, 0, NULL);
	return status;
}

static int send_row(const struct whack *w, unsigned i)
{
	const struct whack_option *row = &whack_table[i];
	struct ms_arg arg = { row->key, w->value[i] };

	if (row->kind == WHACK_NAMED)
		return send_named(w, row->value);
	if (row->kind == WHACK_COMMAND)
		return send_command(w, row->value, &arg, row->key != NULL ? 1 : 0, NULL);
	if (strcmp(row->o.name, "keyid") == 0)
		return send_key(w);
	if (strcmp(row->o.name, "oppohere") == 0)
		return send_oppo(w);
	if (strcmp(row->o.name, "listall") == 0)
		return send_listall(w);
	return 0;
}

static int send_all(const struct whack *w)
{
	unsigned last_delete = whack_row("delete");
	int status = send_debug(w);

	for (unsigned i = 0; i < whack_rows() && status == 0; i++) {
		if (whack_table[i].scope == WHACK_ACTION && w->general.row[i])
			status = send_row(w, i);
		if (i == last_delete && status == 0 && whack_defines(w))
			status = send_definition(w);
	}
	return status;
}

int tool_whack(struct tool *t, int argc, char **argv)
{
	struct whack *w = tool_alloc(sizeof *w);
	int status;

	w->tool = t;
	status = tool_args_read(t, &usage, argc, argv, take_option, w);
	if (status == -1 && !wants_action(w) && !whack_defines(w) && w->name == NULL && !w->to)
		status = whack_error(w, "no action: see ipsec whack --help");
	else if (status == -1 && (check_names(w) != 0 || check_pairs(w) != 0))
		status = 1;
	if (status == -1 && whack_defines(w)) {
		/* Refuse before anything is done. */
		struct whack_request_args *args = tool_alloc(sizeof *args);
		struct ms_why why = { "" };

		if (whack_description(w, args, &why) != MS_OK)
			status = whack_error(w, "%s", why.text);
		free(args);
	}
	if (status == -1)
		status = send_all(w);
	free(w);
	return status;
}

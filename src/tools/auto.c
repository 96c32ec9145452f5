/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec auto`: connections of ipsec.conf, by name.  pluto reads the file itself; this command says
 * what to do and shows how it went.
 */
#include "tools/tool.h"

#include <modswan/whack.h>

#include <stdlib.h>
#include <string.h>

enum auto_kind {
	AUTO_OPTION,
	AUTO_CONN,   /* needs NAME */
	AUTO_DAEMON, /* takes none */
};

struct auto_option {
	struct tool_slot s;
	enum auto_kind kind;
	const char *command; /* pluto's */
};

struct auto_call {
	struct tool *tool;
	const struct auto_option *verb;
	const char *name, *file;
	char *config; /* absolute: pluto works elsewhere */
	bool show, showonly, asynchronous, verbose, utc, noinclude;
};

static const struct auto_option table[] = {
	{ TOOL_TAKEN(TOOL_HELP), AUTO_OPTION, NULL },
	{ TOOL_TAKEN(TOOL_VERSION), AUTO_OPTION, NULL },
	{ TOOL_FLAG("show", "show the commands, and do them", struct auto_call, show),
		AUTO_OPTION, NULL },
	{ TOOL_FLAG("showonly", "show the commands only", struct auto_call, showonly),
		AUTO_OPTION, NULL },
	{ TOOL_FLAG("asynchronous", "do not wait for the outcome", struct auto_call, asynchronous),
		AUTO_OPTION, NULL },
	{ TOOL_FLAG("verbose", "show pluto's log lines too", struct auto_call, verbose),
		AUTO_OPTION, NULL },
	{ TOOL_FLAG("utc", "show times in UTC", struct auto_call, utc), AUTO_OPTION, NULL },
	{ TOOL_TEXT("config", "FILE", "read NAME from FILE, not from ipsec.conf", struct auto_call, file),
		AUTO_OPTION, NULL },
	{ TOOL_FLAG("noinclude", NULL, struct auto_call, noinclude), AUTO_OPTION, NULL },
	{ TOOL_TAKE("add", NULL, "load the connection"), AUTO_CONN, "add" },
	{ TOOL_TAKE("replace", NULL, "load it again, in place of what is loaded"),
		AUTO_CONN, "replace" },
	{ TOOL_TAKE("delete", NULL, "take it down and forget it"), AUTO_CONN, "delete" },
	{ TOOL_TAKE("up", NULL, "negotiate it"), AUTO_CONN, "up" },
	{ TOOL_TAKE("down", NULL, "delete its SAs, keep its route"), AUTO_CONN, "down" },
	{ TOOL_TAKE("route", NULL, "catch its packets and negotiate for them"),
		AUTO_CONN, "route" },
	{ TOOL_TAKE("ondemand", NULL, NULL), AUTO_CONN, "route" },
	{ TOOL_TAKE("start", NULL, NULL), AUTO_CONN, "up" },
	{ TOOL_TAKE("unroute", NULL, "take its route away"), AUTO_CONN, "unroute" },
	{ TOOL_TAKE("ready", NULL, "look for interfaces, secrets and groups again"),
		AUTO_DAEMON, "listen" },
	{ TOOL_TAKE("rereadgroups", NULL, "read the policy groups again"),
		AUTO_DAEMON, "rereadgroups" },
	{ TOOL_TAKE("status", NULL, "show everything"), AUTO_DAEMON, "status" },
	{ TOOL_TAKE("rereadsecrets", NULL, "read ipsec.secrets again"),
		AUTO_DAEMON, "rereadsecrets" },
	{ TOOL_TAKE("rereadcerts", NULL, "read the certificates again"),
		AUTO_DAEMON, "rereadcerts" },
	{ TOOL_TAKE("rereadcacerts", NULL, "read the CA certificates again"),
		AUTO_DAEMON, "rereadcacerts" },
	{ TOOL_TAKE("rereadaacerts", NULL, "read the AA certificates again"),
		AUTO_DAEMON, "rereadaacerts" },
	{ TOOL_TAKE("rereadocspcerts", NULL, "read the OCSP certificates again"),
		AUTO_DAEMON, "rereadocspcerts" },
	{ TOOL_TAKE("rereadacerts", NULL, "read the attribute certificates again"),
		AUTO_DAEMON, "rereadacerts" },
	{ TOOL_TAKE("rereadcrls", NULL, "read the revocation lists again"),
		AUTO_DAEMON, "rereadcrls" },
	{ TOOL_TAKE("rereadall", NULL, "read all credentials again"), AUTO_DAEMON, "rereadall" },
	{ TOOL_TAKE("listpubkeys", NULL, "show public keys"), AUTO_DAEMON, "listpubkeys" },
	{ TOOL_TAKE("checkpubkeys", NULL, "show public keys that soon end"),
		AUTO_DAEMON, "checkpubkeys" },
	{ TOOL_TAKE("listcerts", NULL, "show certificates"), AUTO_DAEMON, "listcerts" },
	{ TOOL_TAKE("listcacerts", NULL, "show CA certificates"), AUTO_DAEMON, "listcacerts" },
	{ TOOL_TAKE("listcrls", NULL, "show revocation lists"), AUTO_DAEMON, "listcrls" },
	{ TOOL_TAKE("listgroups", NULL, "show groups"), AUTO_DAEMON, "listgroups" },
	{ TOOL_TAKE("listpsks", NULL, "show whose shared secrets are known"),
		AUTO_DAEMON, "listpsks" },
	{ TOOL_TAKE("listcards", NULL, "show smart cards"), AUTO_DAEMON, "listcards" },
	{ TOOL_TAKE("listall", NULL, "show everything that can be listed"),
		AUTO_DAEMON, "listall" },
	{ TOOL_TAKE("listocsp", NULL, "show how many OCSP answers are kept"),
		AUTO_DAEMON, "listocsp" },
	{ TOOL_TAKE("fetchcrls", NULL, "fetch revocation lists again"), AUTO_DAEMON, "fetchcrls" },
	{ TOOL_TAKE("purgeocsp", NULL, "forget OCSP answers"), AUTO_DAEMON, "purgeocsp" },
	{ .kind = AUTO_OPTION },
};

const struct tool_options auto_options = TOOL_SLOTS(table, false);

static const struct tool_usage usage = {
	.options = &auto_options,
	.text = "Usage: ipsec auto [OPTION]... --VERB NAME\n"
		"       ipsec auto [OPTION]... --VERB\n",
	.status = 2,
	.words = true,
	.loud = true,
};

static int fatal(const struct auto_call *c, const char *text)
{
	fprintf(stderr, "ipsec_auto: fatal error in \"%s\": %s\n", c->name, text);
	return 1;
}

static int take(void *arg, int row, const char *value)
{
	struct auto_call *c = arg;

	if (row == TOOL_WORD) {
		if (c->name != NULL)
			return tool_refuse(c->tool, &usage, "unexpected word `%s'", value);
		c->name = value;
	} else {
		if (c->verb != NULL)
			return tool_refuse(c->tool, &usage, "both --%s and --%s", c->verb->s.o.name,
				table[row].s.o.name);
		c->verb = &table[row];
	}
	return -1;
}

static int read_options(struct auto_call *c, int argc, char **argv)
{
	int status = tool_args_read(c->tool, &usage, argc, argv, take, c);

	if (status != -1)
		return status;
	if (c->verb == NULL)
		return tool_refuse(c->tool, &usage, "no --VERB: nothing to do");
	if ((c->verb->kind == AUTO_CONN) != (c->name != NULL))
		return tool_refuse(c->tool, &usage, "--%s takes %s", c->verb->s.o.name,
			c->verb->kind == AUTO_CONN ? "the name of a connection" : "no name");
	if (c->file == NULL)
		return -1;
	if (strcmp(c->verb->command, "add") != 0 && strcmp(c->verb->command, "replace") != 0)
		return tool_refuse(c->tool, &usage, "--config goes with --add and --replace only");
	c->config = realpath(c->file, NULL);
	if (c->config == NULL)
		c->config = tool_format("%s", c->file);
	return -1;
}

/* The same as a whack command, for people. */
static void show(const struct auto_call *c)
{
	const char *cmd = c->verb->command;

	if (strcmp(cmd, "add") == 0 || strcmp(cmd, "replace") == 0) {
		printf("pluto: %s \"%s\" from %s\n", cmd, c->name,
			c->config != NULL ? c->config : "ipsec.conf");
		return;
	}
	if (strcmp(cmd, "up") == 0)
		cmd = "initiate";
	else if (strcmp(cmd, "down") == 0)
		cmd = "terminate";
	printf("ipsec whack%s%s%s --%s%s\n", c->name != NULL ? " --name \"" : "",
		c->name != NULL ? c->name : "", c->name != NULL ? "\"" : "", cmd,
		c->asynchronous ? " --asynchronous" : "");
}

static void print_line(void *arg, int code, const char *text, const char *raw)
{
	const struct auto_call *c = arg;

	(void)text;
	/* What goes to the log anyway is told only to those who ask. */
	if (code == MS_RC_LOG && !c->verbose && strcmp(c->verb->command, "up") == 0)
		return;
	puts(raw);
	fflush(stdout);
}

static int send_verb(struct auto_call *c, const char *command)
{
	struct ms_arg args[4];
	struct ms_request request = { command, args, 0, c->asynchronous };
	const struct tool_replies replies = { print_line, c };
	char *path = tool_pluto_socket(c->tool);
	struct ms_why why = { "" };
	int status = 0;

	if (c->name != NULL)
		args[request.n_args++] = (struct ms_arg){ "name", c->name };
	if (c->config != NULL)
		args[request.n_args++] = (struct ms_arg){ "config", c->config };
	if (c->asynchronous)
		args[request.n_args++] = (struct ms_arg){ MS_WHACK_ASYNC, "yes" };
	if (!tool_command(path, &request, &replies, &status, &why)) {
		if (c->name != NULL)
			fatal(c, why.text);
		else
			fprintf(stderr, "ipsec_auto: %s\n", why.text);
	}
	free(path);
	return status;
}

int tool_auto(struct tool *t, int argc, char **argv)
{
	static const char *const lists[] = { "listpubkeys", "listcerts", "listcacerts", "listcrls",
		"listsecrets", "listalgs" };
	struct auto_call c = { .tool = t };
	int status = read_options(&c, argc, argv);

	if (status != -1)
		return status;
	if (c.show || c.showonly)
		show(&c);
	status = 0;
	if (c.showonly)
		return 0;
	if (strcmp(c.verb->command, "listall") != 0) {
		status = send_verb(&c, c.verb->command);
	} else {
		for (unsigned i = 0; i < sizeof lists / sizeof lists[0] && status == 0; i++)
			status = send_verb(&c, lists[i]);
	}
	free(c.config);
	return status;
}

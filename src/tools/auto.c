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
	struct tool_option o;
	enum auto_kind kind;
	const char *command; /* pluto's */
};

static const struct auto_option table[] = {
	{ { "help", NULL, "show this text and exit" }, AUTO_OPTION, NULL },
	{ { "version", NULL, "show the version and exit" }, AUTO_OPTION, NULL },
	{ { "show", NULL, "show the commands, and do them" }, AUTO_OPTION, NULL },
	{ { "showonly", NULL, "show the commands only" }, AUTO_OPTION, NULL },
	{ { "asynchronous", NULL, "do not wait for the outcome" }, AUTO_OPTION, NULL },
	{ { "verbose", NULL, "show pluto's log lines too" }, AUTO_OPTION, NULL },
	{ { "utc", NULL, "show times in UTC" }, AUTO_OPTION, NULL },
	{ { "config", "FILE", "read NAME from FILE, not from ipsec.conf" }, AUTO_OPTION, NULL },
	{ { "noinclude", NULL, NULL }, AUTO_OPTION, NULL },
	{ { "add", NULL, "load the connection" }, AUTO_CONN, "add" },
	{ { "replace", NULL, "load it again, in place of what is loaded" }, AUTO_CONN, "replace" },
	{ { "delete", NULL, "take it down and forget it" }, AUTO_CONN, "delete" },
	{ { "up", NULL, "negotiate it" }, AUTO_CONN, "up" },
	{ { "down", NULL, "delete its SAs, keep its route" }, AUTO_CONN, "down" },
	{ { "route", NULL, "catch its packets and negotiate for them" }, AUTO_CONN, "route" },
	{ { "ondemand", NULL, NULL }, AUTO_CONN, "route" },
	{ { "start", NULL, NULL }, AUTO_CONN, "up" },
	{ { "unroute", NULL, "take its route away" }, AUTO_CONN, "unroute" },
	{ { "ready", NULL, "look for interfaces, secrets and groups again" }, AUTO_DAEMON,
		"listen" },
	{ { "rereadgroups", NULL, "read the policy groups again" }, AUTO_DAEMON,
		"rereadgroups" },
	{ { "status", NULL, "show everything" }, AUTO_DAEMON, "status" },
	{ { "rereadsecrets", NULL, "read ipsec.secrets again" }, AUTO_DAEMON, "rereadsecrets" },
	{ { "rereadcerts", NULL, "read the certificates again" }, AUTO_DAEMON, "rereadcerts" },
	{ { "rereadcacerts", NULL, "read the CA certificates again" }, AUTO_DAEMON,
		"rereadcacerts" },
	{ { "rereadaacerts", NULL, "read the AA certificates again" }, AUTO_DAEMON,
		"rereadaacerts" },
	{ { "rereadocspcerts", NULL, "read the OCSP certificates again" }, AUTO_DAEMON,
		"rereadocspcerts" },
	{ { "rereadacerts", NULL, "read the attribute certificates again" }, AUTO_DAEMON,
		"rereadacerts" },
	{ { "rereadcrls", NULL, "read the revocation lists again" }, AUTO_DAEMON, "rereadcrls" },
	{ { "rereadall", NULL, "read all credentials again" }, AUTO_DAEMON, "rereadall" },
	{ { "listpubkeys", NULL, "show public keys" }, AUTO_DAEMON, "listpubkeys" },
	{ { "checkpubkeys", NULL, "show public keys that soon end" }, AUTO_DAEMON, "checkpubkeys" },
	{ { "listcerts", NULL, "show certificates" }, AUTO_DAEMON, "listcerts" },
	{ { "listcacerts", NULL, "show CA certificates" }, AUTO_DAEMON, "listcacerts" },
	{ { "listcrls", NULL, "show revocation lists" }, AUTO_DAEMON, "listcrls" },
	{ { "listgroups", NULL, "show groups" }, AUTO_DAEMON, "listgroups" },
	{ { "listpsks", NULL, "show whose shared secrets are known" }, AUTO_DAEMON, "listpsks" },
	{ { "listcards", NULL, "show smart cards" }, AUTO_DAEMON, "listcards" },
	{ { "listall", NULL, "show everything that can be listed" }, AUTO_DAEMON, "listall" },
	{ { "listocsp", NULL, "show how many OCSP answers are kept" }, AUTO_DAEMON, "listocsp" },
	{ { "fetchcrls", NULL, "fetch revocation lists again" }, AUTO_DAEMON, "fetchcrls" },
	{ { "purgeocsp", NULL, "forget OCSP answers" }, AUTO_DAEMON, "purgeocsp" },
	{ { NULL, NULL, NULL }, AUTO_OPTION, NULL },
};

const struct tool_options auto_options = TOOL_OPTIONS(table, false);

struct auto_call {
	struct tool *tool;
	const struct auto_option *verb;
	const char *name;
	char *config; /* absolute: pluto works elsewhere */
	bool show, showonly, asynchronous, verbose, utc;
};

static int usage(FILE *f, int status)
{
	fputs("Usage: ipsec auto [OPTION]... --VERB NAME\n       ipsec auto [OPTION]... --VERB\n\n",
		f);
	tool_print_options(f, &auto_options);
	return status;
}

static int fatal(const struct auto_call *c, const char *text)
{
	fprintf(stderr, "ipsec_auto: fatal error in \"%s\": %s\n", c->name, text);
	return 1;
}

/* -1: go on, else the exit status. */
static int take_option(struct auto_call *c, const struct auto_option *o, const char *value)
{
	const char *n = o->o.name;

	if (o->kind != AUTO_OPTION) {
		if (c->verb != NULL) {
			fprintf(stderr, "ipsec auto: both --%s and --%s\n", c->verb->o.name, n);
			return usage(stderr, 2);
		}
		c->verb = o;
	} else if (strcmp(n, "help") == 0) {
		return usage(stdout, 0);
	} else if (strcmp(n, "version") == 0) {
		tool_version(stdout);
		return 0;
	} else if (strcmp(n, "config") == 0) {
		c->config = realpath(value, NULL);
		if (c->config == NULL)
			c->config = tool_format("%s", value);
	}
	c->show |= strcmp(n, "show") == 0;
	c->showonly |= strcmp(n, "showonly") == 0;
	c->asynchronous |= strcmp(n, "asynchronous") == 0;
	c->verbose |= strcmp(n, "verbose") == 0;
	c->utc |= strcmp(n, "utc") == 0;
	return -1;
}

static int take_word(struct auto_call *c, const char *word)
{
	if (c->name != NULL) {
		fprintf(stderr, "ipsec auto: unexpected word `%s'\n", word);
		return usage(stderr, 2);
	}
	c->name = word;
	return -1;
}

static int read_options(struct auto_call *c, int argc, char **argv)
{
	struct tool_args a;
	int row, status = -1;

	tool_args_start(&a, c->tool, &auto_options, argc, argv, 2);
	while (status == -1 && (row = tool_args_next(&a, c->tool)) != TOOL_END) {
		if (row == TOOL_BAD)
			return a.problem;
		status = row == TOOL_WORD ? take_word(c, a.value)
					  : take_option(c, &table[row], a.value);
	}
	if (status != -1)
		return status;
	if (c->verb == NULL || (c->verb->kind == AUTO_CONN) != (c->name != NULL)) {
		if (c->verb != NULL)
			fprintf(stderr, "ipsec auto: --%s takes %s\n", c->verb->o.name,
				c->verb->kind == AUTO_CONN ? "the name of a connection"
							   : "no name");
		return usage(stderr, 2);
	}
	if (c->config != NULL && strcmp(c->verb->command, "add") != 0 &&
		strcmp(c->verb->command, "replace") != 0) {
		fprintf(stderr, "ipsec auto: --config goes with --add and --replace only\n");
		return usage(stderr, 2);
	}
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

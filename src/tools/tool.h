/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the subcommands of `ipsec` share: the places of one instance, option tables, the way to the
 * daemons.
 *
 * A subcommand is a row of tool_commands (commands.c) and one file.  Its options are a table; the
 * parser, --help, the hidden --options listing and the check of the manual page all read it.
 */
#ifndef MODSWAN_TOOLS_TOOL_H
#define MODSWAN_TOOLS_TOOL_H

#include <modswan/control.h>
#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One instance of the software on this machine, and the command that was called. */
struct tool {
	const char *confdir, *rundir, *execdir, *sbindir;
	const struct tool_command *command;
	const char *label; /* --label, NULL: none */
};

struct tool_command {
	const char *name;
	const char *args;                                  /* for the usage line; NULL: none */
	const char *help;                                  /* NULL: not listed */
	int (*run)(struct tool *t, int argc, char **argv); /* argv[0]: the command's name */
	const struct tool_options *options;                /* NULL: none */
};

extern const struct tool_command tool_commands[]; /* ends with a NULL name */
const struct tool_command *tool_find_command(const char *name);

/* --- options ---------------------------------------------------------------------------------- */

struct tool_option {
	const char *name; /* without "--"; NULL ends a table */
	const char *arg;  /* what its value is called; NULL: it takes none */
	const char *help; /* NULL: not listed, another spelling */
};

/* A table whose rows start with a struct tool_option. */
struct tool_options {
	const void *rows;
	size_t stride;
	bool from_file; /* --optionsfrom FILE is understood */
};
#define TOOL_OPTIONS(table, file)                \
	{                                        \
		(table), sizeof *(table), (file) \
	}

const struct tool_option *tool_option_at(const struct tool_options *o, unsigned i); /* or NULL */

struct tool_args {
	const struct tool_options *options;
	char **argv;    /* the caller's, or: */
	char **spliced; /* a list of our own, with what files named by --optionsfrom hold */
	int argc, next;
	unsigned files;
	const char *value; /* of the option or the word just given */
	int problem;       /* exit status for TOOL_BAD */
};

enum { TOOL_END = -1, TOOL_WORD = -2, TOOL_BAD = -3 };

/* usage_status: exit status for what cannot be understood.  argv must outlive *a.  What comes from
 * files lives as long as the process. */
void tool_args_start(struct tool_args *a, const struct tool *t, const struct tool_options *o,
	int argc, char **argv, int usage_status);
/* The next option's row number, or TOOL_WORD (a word that is no option, in value), TOOL_END, or
 * TOOL_BAD: a message was printed, exit with a->problem.  Any unambiguous prefix of a name does. */
int tool_args_next(struct tool_args *a, const struct tool *t);
/* What most commands do with their words.  Rows called help and version are answered here. */
struct tool_usage {
	const struct tool_options *options;
	const char *text; /* "Usage: ..." and more, before the list of options */
	int status;	  /* for what cannot be understood */
	bool words;	  /* words that are no options are taken; else refused */
};
#define TOOL_HELP { "help", NULL, "show this text and exit" }
#define TOOL_VERSION { "version", NULL, "show the version and exit" }
/* An option's row or TOOL_WORD; value: its value, or the word.  -1: go on, else the exit status. */
typedef int tool_take_f(void *arg, int row, const char *value);
/* -1: all words were taken; else the exit status, and what there is to say was said. */
int tool_args_read(const struct tool *t, const struct tool_usage *u, int argc, char **argv,
	tool_take_f *take, void *arg);
/* Prints text and options; returns status. */
int tool_show_usage(const struct tool_usage *u, FILE *f, int status);
/* "--options", the hidden listing that the manual pages are checked against, and "--options mdoc
 * [FROM [TO]]", the list that goes into them: prints, true. */
bool tool_list_options(const struct tool_options *o, int argc, char **argv);
void tool_print_options(FILE *f, const struct tool_options *o);

/* "PROG: TEXT" or "PROG --label L: TEXT" on stderr. */
void tool_error(const struct tool *t, const char *fmt, ...) MS_PRINTF(2, 3);
void tool_version(FILE *f);
/* Ends the program when there is no memory. */
void *tool_alloc(size_t size);
char *tool_format(const char *fmt, ...) MS_PRINTF(1, 2);

/* --- the daemon's control socket -------------------------------------------------------------- */

struct tool_replies {
	/* One reply; raw: the line as received.  NULL: print every line. */
	void (*line)(void *arg, int code, const char *text, const char *raw);
	void *arg;
};

/* Sends one command and waits for its end.  *status: as ms_whack_exit_status() says, starting from
 * what it was.  False: no daemon or it went away; *status is 1, `why` says what. */
bool tool_command(const char *socket_path, const struct ms_request *request,
	const struct tool_replies *replies, int *status, struct ms_why *why);
/* RUNDIR/pluto.ctl; to be freed. */
char *tool_pluto_socket(const struct tool *t);
/* One command with at most one argument (arg NULL: none); errors are printed. The exit status. */
int tool_simple_command(const struct tool *t, const char *command, const char *arg,
	const char *value, const struct tool_replies *replies);
/* A question to klips (RUNDIR/klips.ctl); each line of the answer is handed on with its LF cut.
 * MS_ERR_NOT_FOUND: no klips. */
ms_err tool_klips_command(const struct tool *t, const char *command,
	void (*line)(void *arg, const char *text), void *arg, struct ms_why *why) MS_MUST_CHECK;

/* --- subcommands ------------------------------------------------------------------------------ */

int tool_auto(struct tool *t, int argc, char **argv);
int tool_addconn(struct tool *t, int argc, char **argv);
int tool_checkconfig(struct tool *t, int argc, char **argv);
int tool_readwriteconf(struct tool *t, int argc, char **argv);
int tool_eroute(struct tool *t, int argc, char **argv);
int tool_ikeping(struct tool *t, int argc, char **argv);
int tool_newhostkey(struct tool *t, int argc, char **argv);
int tool_klipsdebug(struct tool *t, int argc, char **argv);
int tool_manual(struct tool *t, int argc, char **argv);
int tool_pf_key(struct tool *t, int argc, char **argv);
int tool_plutorun(struct tool *t, int argc, char **argv);
int tool_policy(struct tool *t, int argc, char **argv);
int tool_ranbits(struct tool *t, int argc, char **argv);
int tool_rsasigkey(struct tool *t, int argc, char **argv);
int tool_script(struct tool *t, int argc, char **argv); /* EXECDIR/NAME */
int tool_setup(struct tool *t, int argc, char **argv);
int tool_showpolicy(struct tool *t, int argc, char **argv);
int tool_showhostkey(struct tool *t, int argc, char **argv);
int tool_simple(struct tool *t, int argc, char **argv);
int tool_spi(struct tool *t, int argc, char **argv);
int tool_spigrp(struct tool *t, int argc, char **argv);
int tool_status(struct tool *t, int argc, char **argv);
int tool_tncfg(struct tool *t, int argc, char **argv);
/* Other names of commands, and those that we do not have; -1: not one of them. */
int tool_verb(struct tool *t, int argc, char **argv);
int tool_verify(struct tool *t, int argc, char **argv);
int tool_version_command(struct tool *t, int argc, char **argv);
int tool_why(struct tool *t, int argc, char **argv);
int tool_whack(struct tool *t, int argc, char **argv);

extern const struct tool_options auto_options, eroute_options, ikeping_options, verify_options,
	setup_options, simple_options,
	status_options, whack_options, addconn_options, checkconfig_options, readwriteconf_options, newhostkey_options,
	ranbits_options, rsasigkey_options, showhostkey_options, showpolicy_options,
	klipsdebug_options, manual_options, pf_key_options,
	policy_options, why_options, spi_options, spigrp_options, tncfg_options;

#endif

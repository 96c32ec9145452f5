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
#include <stdint.h>
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
	const char *arg;  /* what its value is called, in brackets if it may be left out; NULL: none */
	const char *help; /* NULL: not listed, another spelling */
};
#define TOOL_HELP { "help", NULL, "show this text and exit" }
#define TOOL_VERSION { "version", NULL, "show the version and exit" }
#define TOOL_LABEL { "label", "TEXT", "put TEXT into error messages" }

/* A row that says where its value goes: into a member of the struct that tool_args_read() is given. */
enum tool_slot_kind {
	TOOL_IS_TAKEN,   /* by tool_take_f */
	TOOL_IS_FLAG,    /* bool */
	TOOL_IS_TEXT,    /* const char *; the last one counts */
	TOOL_IS_ONCE,    /* the same; a second one is refused */
	TOOL_IS_NUMBER,  /* uint64_t from min to max */
	TOOL_IS_REFUSED, /* of the family, not here */
};
struct tool_slot {
	struct tool_option o;
	enum tool_slot_kind kind;
	size_t at;
	uint64_t min, max;
};
#define TOOL_TAKEN(o) { o, TOOL_IS_TAKEN, 0, 0, 0 }
#define TOOL_TAKE(n, a, h) { { (n), (a), (h) }, TOOL_IS_TAKEN, 0, 0, 0 }
#define TOOL_FLAG(n, h, s, m) { { (n), NULL, (h) }, TOOL_IS_FLAG, offsetof(s, m), 0, 0 }
#define TOOL_TEXT(n, a, h, s, m) { { (n), (a), (h) }, TOOL_IS_TEXT, offsetof(s, m), 0, 0 }
#define TOOL_ONCE(n, a, h, s, m) { { (n), (a), (h) }, TOOL_IS_ONCE, offsetof(s, m), 0, 0 }
#define TOOL_NUMBER(n, a, h, s, m, min, max) \
	{ { (n), (a), (h) }, TOOL_IS_NUMBER, offsetof(s, m), (min), (max) }
#define TOOL_REFUSED(n, a) { { (n), (a), NULL }, TOOL_IS_REFUSED, 0, 0, 0 }

/* A table whose rows start with a struct tool_option, or all of them with a struct tool_slot. */
struct tool_options {
	const void *rows;
	size_t stride;
	bool from_file; /* --optionsfrom FILE is understood */
	bool slots;
};
#define TOOL_OPTIONS(table, file)                       \
	{                                               \
		(table), sizeof *(table), (file), false \
	}
#define TOOL_SLOTS(table, file)                        \
	{                                              \
		(table), sizeof *(table), (file), true \
	}

const struct tool_option *tool_option_at(const struct tool_options *o, unsigned i); /* or NULL */
bool tool_option_may(const struct tool_option *o); /* its value may be left out */

/* How a command's words are read. */
struct tool_usage {
	const struct tool_options *options;
	const char *text; /* "Usage: ..." and more, before the list of options */
	int status;	  /* for what cannot be understood */
	bool words;	  /* words that are no options are taken; else refused */
	bool loud;	  /* behind a refusal stands all of this text, else a hint at --help */
	bool one_dash;	  /* -name is --name, too */
	bool asks;	  /* --help and --version are taken, too, before they are answered */
	bool on_stderr;   /* as they are answered there */
	int help_status, version_status;
};
enum { TOOL_WORD = -2 };
/* An option's row or TOOL_WORD; value: its value, or the word.  -1: go on, else the exit status. */
typedef int tool_take_f(void *arg, int row, const char *value);
/* Rows called help, version and label are answered, slots of *arg filled; all else goes to `take`, in
 * the line's order.  Any unambiguous prefix of a name does.  argv must outlive the values; what comes
 * from files lives as long as the process.  -1: all was taken; else the exit status, and what there
 * is to say was said. */
int tool_args_read(struct tool *t, const struct tool_usage *u, int argc, char **argv,
	tool_take_f *take, void *arg);
/* A complaint of tool_error(), then the usage or a hint at it; u->status. */
int tool_refuse(const struct tool *t, const struct tool_usage *u, const char *fmt, ...)
	MS_PRINTF(3, 4);
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

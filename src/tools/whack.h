/* SPDX-License-Identifier: Apache-2.0 */
/* Inside `ipsec whack`: its option table, and a connection description made of options. */
#ifndef MODSWAN_TOOLS_WHACK_H
#define MODSWAN_TOOLS_WHACK_H

#include "tools/tool.h"

enum whack_scope {
	WHACK_GENERAL,
	WHACK_END,    /* once before --to and once after it */
	WHACK_POLICY, /* part of a description, of both ends */
	WHACK_ACTION,
};

enum whack_kind {
	WHACK_REFUSED,    /* of the family, without counterpart here */
	WHACK_OWN,        /* whack.c knows it by name */
	WHACK_WORD,       /* key=value: a keyword of ipsec.conf with a fixed value */
	WHACK_TEXT,       /* key=the option's argument */
	WHACK_NUMBER,     /* the same, a C number */
	WHACK_SECONDS,    /* the same, seconds */
	WHACK_POLICY_BIT, /* value: enum policy_bit as a letter; a combination makes the keyword */
	WHACK_COMMAND,    /* a command; key: its argument's name, value: the command */
	WHACK_NAMED,      /* a command about --name; value: the command */
	WHACK_DEBUG,      /* a word for the command debug */
};

struct whack_option {
	struct tool_option o;
	enum whack_scope scope;
	enum whack_kind kind;
	const char *key;
	const char *value;
};

extern const struct whack_option whack_table[];
unsigned whack_rows(void);

#define WHACK_MAX_ROWS 256
#define WHACK_MAX_ARGS 96

/* Which options were seen: by row. */
struct whack_seen {
	bool row[WHACK_MAX_ROWS];
};

struct whack_request_args {
	struct ms_arg arg[WHACK_MAX_ARGS];
	unsigned n;
};

struct whack {
	struct tool *tool;
	const char *name; /* --name */
	const char *ctlbase;
	bool asynchronous, to; /* --to was seen */
	struct whack_seen general;
	struct whack_seen end[2];
	const char *value[WHACK_MAX_ROWS];        /* arguments of general, policy and action rows */
	const char *end_value[2][WHACK_MAX_ROWS]; /* and of the ends' */
};

/* Row of an option by its name; the table has it. */
unsigned whack_row(const char *name);
bool whack_has(const struct whack *w, const char *name);

/* True when the options describe a connection. */
bool whack_defines(const struct whack *w);
/* Refuses what cannot be a connection, else fills the arguments of the command define.  The reason
 * is the text of `whack error: "NAME" TEXT`. */
ms_err whack_description(const struct whack *w, struct whack_request_args *out, struct ms_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec manual`: a connection of ipsec.conf that is keyed by hand, turned into a plan of commands.
 *
 * manual_conn.c reads the connection and finds out which end is ours, manual_plan.c writes the plan,
 * manual.c carries it out.
 */
#ifndef MODSWAN_TOOLS_MANUAL_H
#define MODSWAN_TOOLS_MANUAL_H

#include "tools/tool.h"

#include <modswan/addr.h>
#include <modswan/config.h>
#include <modswan/text.h>

enum manual_verb { MANUAL_UP, MANUAL_DOWN, MANUAL_ROUTE, MANUAL_UNROUTE };

/* One end as it stands in commands. */
struct manual_end {
	const struct ms_end_desc *desc;
	struct ms_addr host;
	struct ms_subnet net; /* leftsubnet=, else the host */
	struct ms_protoport pp;
};

struct manual_conn {
	const char *name; /* of the connection; PART+PART for a union */
	struct ms_conn_desc desc;
	struct manual_end me, them;
	bool i_am_left;
	struct ms_addr next_hop;
	char device[16]; /* ipsecN */
};

struct manual_wish {
	const char *const *names; /* more than one: parts of a union */
	unsigned n;
	const char *config; /* --config, NULL: ipsec.conf */
	const char *iam;    /* ADDRESS@IFACE, NULL: found out */
	bool other, no_include;
};

/* Zeroed *c is filled; `why` says what is wrong with the connection. */
ms_err manual_read(struct manual_conn *c, const struct tool *t, const struct manual_wish *wish,
	struct ms_why *why) MS_MUST_CHECK;
void manual_free(struct manual_conn *c);

/* --- plan ------------------------------------------------------------------------------------- */

enum { MANUAL_WORDS = 32, MANUAL_STEPS = 32 };

struct manual_step {
	const char *updown; /* verb, or NULL: words are a subcommand of ours */
	const char *word[MANUAL_WORDS + 1];
	unsigned n;
};

struct manual_plan {
	struct manual_step step[MANUAL_STEPS];
	unsigned n;
};

/* Commands of a verb, in order.  MS_ERR_CONFIG: the connection cannot be keyed by hand. */
ms_err manual_make(struct manual_plan *p, const struct manual_conn *c, enum manual_verb verb,
	struct ms_why *why) MS_MUST_CHECK;
/* A word that follows this one is a key. */
bool manual_hides(const char *option);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role control: faces of the daemon's command table.
 *
 * Every command is declared once in the core with name, arguments and result fields.  A face (the
 * whack socket, VICI) turns its wire form into a request and the reply's records into its own.
 */
#ifndef MODSWAN_CONTROL_H
#define MODSWAN_CONTROL_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The family's status codes (FreeS/WAN whack). */
enum ms_reply_code {
	MS_RC_COMMENT = 0,
	MS_RC_WHACK_PROBLEM = 1,
	MS_RC_LOG = 2,
	MS_RC_LOG_SERIOUS = 3,
	MS_RC_SUCCESS = 4,
	MS_RC_TRAFFIC = 6, /* lines of trafficstatus */
	MS_RC_RETRANSMISSION = 10,
	MS_RC_DUPNAME = 20,
	MS_RC_UNKNOWN_NAME = 21,
	MS_RC_ORIENT = 22,
	MS_RC_CLASH = 23,
	MS_RC_DEAF = 24,
	MS_RC_ROUTE = 25,
	MS_RC_RTBUSY = 26,
	MS_RC_BADID = 27,
	MS_RC_NOKEY = 28,
	MS_RC_NOPEERIP = 29,
	MS_RC_BADWHACKMESSAGE = 30,
	MS_RC_NORETRANSMISSION = 31,
	MS_RC_INTERNALERR = 32,
	MS_RC_OPPOFAILURE = 33,
	MS_RC_NOALGO = 34,
	MS_RC_NEW_STATE = 100, /* + state number */
	MS_RC_NOTIFICATION = 200, /* + notification */
};

struct ms_arg {
	const char *name;
	const char *value;
};

struct ms_request {
	const char *command;
	const struct ms_arg *args;
	unsigned n_args;
	bool asynchronous; /* the caller does not wait for the outcome */
};

/* Values of one record, in the order of the command's fields. */
struct ms_field_value {
	const char *name;
	const char *text;
};

struct ms_reply_ops {
	/* One line for people. */
	void (*line)(void *reply, int code, const char *text);
	/* One record for machines; a face that shows lines only leaves it NULL. */
	void (*record)(void *reply, const char *kind, const struct ms_field_value *v, unsigned n);
	/* The command is over; nothing comes after this.  code: the family's. */
	void (*done)(void *reply, int code);
};

struct ms_command_call; /* one running command, the core's */

/* What the core offers to faces. */
struct ms_control_core {
	uint32_t size;
	void *core;
	/* reply must live until done(), or until forget() was called. Unknown commands and bad
	 * arguments end in done(MS_RC_BADWHACKMESSAGE) after a line that says why. */
	struct ms_command_call *(*execute)(void *core, const struct ms_request *request,
		const struct ms_reply_ops *ops, void *reply);
	/* The caller went away: the command goes on, its replies go nowhere. */
	void (*forget)(struct ms_command_call *call);
	/* The i-th command's name and help line, NULL after the last. */
	const char *(*command)(void *core, unsigned i, const char **help_r);
};

struct ms_control_ops {
	uint32_t size;
	ms_err (*start)(void *inst, const struct ms_control_core *core, struct ms_why *why);
	void (*stop)(void *inst);
};

#endif

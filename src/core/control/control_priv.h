/* SPDX-License-Identifier: Apache-2.0 */
/* Between control.c (calls) and the cmd_*.c files (commands). */
#ifndef MODSWAN_CORE_CONTROL_PRIV_H
#define MODSWAN_CORE_CONTROL_PRIV_H

#include "core/control/control.h"
#include "core/daemon/daemon.h"

struct ms_command_call {
	struct ms_command_call *next;
	struct control *ctl;
	struct daemon *d;
	const struct ms_reply_ops *ops; /* NULL: the caller went away */
	void *reply;
	const struct ms_request *request; /* only while the command's function runs */
	struct conn_list watched;
	unsigned pending; /* parts that are not over, the command's own function among them */
	int code;	  /* how the call ends: of the first part that went wrong */
	bool asynchronous;
	bool for_quiet; /* waits until no change of routing is under way, not for reports */
	bool over;
	/* For commands that go on later: the call is freed. NULL: nobody wants to know. */
	void (*ended)(void *arg);
	void *ended_arg;
};

typedef struct ms_command_call call;

struct control {
	struct daemon *d;
	struct ms_command_call *calls;
	struct ms_control_core core;
};

enum { COMMAND_ARGS = 6 };

struct command_arg {
	const char *name;
	bool required;
};

struct command {
	const char *name;
	struct command_arg args[COMMAND_ARGS]; /* the last one is empty */
	bool any_args; /* also any other name: the function judges */
	const char *help;
	void (*run)(call *c);
};

extern const struct command commands[];

/* NULL when it was not given. */
const char *call_arg(const call *c, const char *name);
void call_line(call *c, int code, const char *fmt, ...) MS_PRINTF(3, 4);
/* A record for machines; text for people comes with call_line(). */
void call_record(call *c, const char *kind, const struct ms_field_value *v, unsigned n);
/* The end; the call is freed. */
void call_done(call *c, int code);
/* Says why and ends. */
void call_fail(call *c, ms_err err, const struct ms_why *why);
/* The family's code for an error. */
int code_of(ms_err err);
/* The connections that argument `name` means (conn_list_named()), to be freed; false: there is none, and
 * the call was ended with MS_RC_UNKNOWN_NAME. */
bool call_conns(call *c, struct conn_list *out);
/* A call with several parts is over when each of them is, and its own function. */
void call_part_begins(call *c);
void call_part_over(call *c, int code);
/* Arguments src, dst, protocol, sport and dport. */
ms_err call_packet(const call *c, struct ms_selector *src, struct ms_selector *dst,
	struct ms_why *why) MS_MUST_CHECK;
/* From now on the call gets the connection's reports, until its end: a part. */
void call_watch(call *c, struct conn *conn);

void call_unwatch(call *c, struct conn *conn, int code);

/* A part that is over once no change of the connection's routing is under way. */
void call_watch_quiet(call *c, struct conn *conn);

void cmd_add(call *c);
void cmd_replace(call *c);
void cmd_define(call *c);
void cmd_delete(call *c);
void cmd_up(call *c);
void cmd_down(call *c);
void cmd_rekey_ike(call *c);
void cmd_rekey_child(call *c);
void cmd_route(call *c);
void cmd_unroute(call *c);
void cmd_oppo(call *c);
void cmd_deletestate(call *c);

void cmd_status(call *c);
void cmd_briefstatus(call *c);
void cmd_trafficstatus(call *c);
void cmd_addresspoolstatus(call *c);
void cmd_showstates(call *c);
void cmd_shuntstatus(call *c);

void cmd_shutdown(call *c);
void cmd_listen(call *c);
void cmd_unlisten(call *c);
void cmd_myid(call *c);
void cmd_rereadgroups(call *c);
void cmd_listgroups(call *c);
void cmd_why(call *c);
void cmd_policy(call *c);
void cmd_reread(call *c);
void cmd_list_creds(call *c);
void cmd_refresh_creds(call *c);
void cmd_plugins(call *c);
void cmd_listpubkeys(call *c);
void cmd_listsecrets(call *c);
void cmd_listalgs(call *c);
void cmd_debug(call *c);
void cmd_counters(call *c);
void cmd_fsm(call *c);

#endif

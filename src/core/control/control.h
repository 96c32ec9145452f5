/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command table and the calls under way.
 *
 * Each command is one row: name, arguments, help, function.  Faces (role control) hand requests in
 * and get lines, records and a closing code back.  A command that waits for a connection (up, down,
 * route) watches it: what the IKE core reports of the connection goes to all its watchers.
 */
#ifndef MODSWAN_CORE_CONTROL_H
#define MODSWAN_CORE_CONTROL_H

#include <modswan/control.h>

#include "core/conn/conn.h"

struct daemon;
struct control;

struct control *control_new(struct daemon *d);
ms_err control_start(struct control *ctl, struct ms_why *why) MS_MUST_CHECK;
void control_stop(struct control *ctl);
void control_free(struct control **ctl);

/* What happened to a connection, for its watchers; who reports has logged it. */
void control_report(struct control *ctl, struct conn *c, uint32_t serial, int code,
	const char *text);
/* Some call watches a connection. */
bool control_listened(const struct control *ctl);
void control_attempt_over(struct control *ctl, struct conn *c, ms_err err,
	const struct ms_why *why);
/* A change of its routing ended: calls that wait for quiet get their end. */
void control_route_changed(struct control *ctl, struct conn *c);
/* The connection is being deleted: its watchers get an end. */
void control_forget_conn(struct control *ctl, struct conn *c);

/* "PSK+ENCRYPT+TUNNEL+PFS+...": what a connection is for, as status says it. */
void control_policy_words(const struct conn *conn, char *buf, size_t size);

#endif

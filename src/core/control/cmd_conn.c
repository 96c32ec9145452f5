/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about one connection. */
#include "core/control/control_priv.h"

#include <modswan/text.h>

#include <stdlib.h>
#include <string.h>

static void added(call *c, struct conn_list *l, ms_err err, const struct ms_why *why)
{
	for (unsigned i = 0; i < l->n; i++)
		call_line(c, MS_RC_LOG, "added connection description \"%s\"",
			l->conn[i]->desc->name);
	conn_list_free(l);
	if (err == MS_OK)
		call_done(c, MS_RC_COMMENT);
	else
		call_fail(c, err, why);
}

static void add(call *c, bool replace)
{
	struct ms_why why = { "" };
	struct conn_list l;
	ms_err err = daemon_add_named(c->d, call_arg(c, "name"), replace, &l, &why);

	added(c, &l, err, &why);
}

void cmd_add(call *c)
{
	add(c, false);
}

void cmd_replace(call *c)
{
	add(c, true);
}

/* leftsubnet=... goes to the end's table, the rest to the connection's. */
static ms_err set_keyword(struct ms_conn_desc *desc, const char *name, const char *value,
	struct ms_why *why)
{
	const struct ms_conf_key *key;
	void *into = desc;
	ms_err err;

	if (strncmp(name, "left", 4) == 0) {
		into = &desc->left;
		key = ms_conf_find(ms_end_keys, name + 4);
	} else if (strncmp(name, "right", 5) == 0) {
		into = &desc->right;
		key = ms_conf_find(ms_end_keys, name + 5);
	} else {
		key = ms_conf_find(ms_conn_keys, name);
	}
	if (key == NULL)
		return ms_fail(why, MS_ERR_UNKNOWN, "unknown keyword \"%s\"", name);
	err = ms_conf_set(key, into, value, why);
	if (err != MS_OK)
		ms_why_prefix(why, "%s=: ", name);
	return err;
}

void cmd_define(call *c)
{
	const struct ms_request *r = c->request;
	const char *name = call_arg(c, "conn");
	struct ms_conn_desc desc;
	struct conn_list l = { NULL, 0 };
	struct ms_why why = { "" };
	ms_err err = MS_ERR_NOMEM;

	if (!ms_conn_desc_defaults(&desc)) {
		call_fail(c, err, NULL);
		return;
	}
	desc.name = strdup(name);
	desc.source = strdup("whack");
	if (desc.name != NULL && desc.source != NULL)
		err = MS_OK;
	for (unsigned i = 0; err == MS_OK && i < r->n_args; i++)
		if (strcmp(r->args[i].name, "conn") != 0)
			err = set_keyword(&desc, r->args[i].name, r->args[i].value, &why);
	if (err == MS_OK)
		err = daemon_add_desc(c->d, &desc, &l, &why);
	ms_conn_desc_free(&desc);
	added(c, &l, err, &why);
}

/* --- parts: what the name means, one by one -------------------------------------------------------- */

/* How the command went for one connection; what it left to wait for are parts of their own. */
typedef int part_f(call *c, struct conn *conn);

static void each_conn(call *c, part_f *part)
{
	struct conn_list l;

	if (!call_conns(c, &l))
		return;
	call_part_begins(c);
	for (unsigned i = 0; i < l.n; i++)
		if (!l.conn[i]->deleted) {
			call_part_begins(c);
			call_part_over(c, part(c, l.conn[i]));
		}
	conn_list_free(&l);
	call_part_over(c, MS_RC_COMMENT);
}

static int part_failed(call *c, ms_err err, const struct ms_why *why)
{
	call_line(c, code_of(err), "%s", ms_why_text(why, err));
	return code_of(err);
}

static void say_terminating(call *c, const struct conn *conn)
{
	char name[256];

	conn_name_text(conn, name, sizeof name);
	call_line(c, MS_RC_LOG, "%s: terminating SAs using this connection", name);
}

void cmd_delete(call *c)
{
	struct conn_list l;

	if (!call_conns(c, &l))
		return;
	for (unsigned i = 0; i < l.n; i++)
		say_terminating(c, l.conn[i]);
	daemon_delete_conns(c->d, &l);
	call_done(c, MS_RC_COMMENT);
}

/* What stands in the way, told; MS_RC_COMMENT: nothing. */
static int hindrance(call *c, struct conn *conn)
{
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	if (!c->d->listening || !c->d->started) {
		call_line(c, MS_RC_DEAF, "need --listen before this");
		return MS_RC_DEAF;
	}
	if (!conn->oriented || conn->device[0] == '\0')
		err = daemon_orient(c->d, conn, &why);
	if (err == MS_OK)
		return MS_RC_COMMENT;
	call_line(c, MS_RC_ORIENT, "%s", ms_why_text(&why, err));
	return MS_RC_ORIENT;
}

/* A name of its ends has no address yet: --up waits for what DNS says. */
static bool waits_for_names(call *c, struct conn *conn)
{
	if (conn->oriented || !conn_has_name(conn) || !c->d->listening || !c->d->started ||
		daemon_orient(c->d, conn, NULL) == MS_OK)
		return false;
	conn_names_again(conn);
	if (!conn_names_pending(conn))
		return false;
	conn->wanted_up = conn->up_pending = true;
	if (!c->asynchronous)
		call_watch(c, conn);
	return true;
}

static int up(call *c, struct conn *conn)
{
	struct ms_why why = { "" };
	int code;
	ms_err err;

	if (waits_for_names(c, conn))
		return MS_RC_COMMENT;
	code = hindrance(c, conn);
	if (code != MS_RC_COMMENT)
		return code;
	conn->wanted_up = true;
	if (!c->asynchronous)
		call_watch(c, conn);
	err = ike_initiate(c->d->ike, conn, &why);
	if (err == MS_OK || err == MS_ERR_BUSY)
		return MS_RC_COMMENT;
	conn->wanted_up = false;
	code = part_failed(c, err, &why);
	if (!c->asynchronous)
		call_unwatch(c, conn, code);
	return code;
}

void cmd_up(call *c)
{
	each_conn(c, up);
}

/* Instances go with their last SA. */
static void terminate_all(struct daemon *d, struct conn *conn)
{
	struct conn *next;

	for (struct conn *i = conn->children; i != NULL; i = next) {
		next = i->sibling_next;
		terminate_all(d, i);
	}
	ike_terminate_conn(d->ike, conn);
}

static int down(call *c, struct conn *conn)
{
	terminate_all(c->d, conn);
	call_watch_quiet(c, conn);
	return MS_RC_COMMENT;
}

/* None of them comes up again while the others go down. */
void cmd_down(call *c)
{
	struct conn_list l;

	if (!call_conns(c, &l))
		return;
	for (unsigned i = 0; i < l.n; i++) {
		say_terminating(c, l.conn[i]);
		l.conn[i]->wanted_up = l.conn[i]->up_pending = false;
	}
	conn_list_free(&l);
	each_conn(c, down);
}

/* The order is given; how it went, the log tells. */
static void rekey(call *c, bool child)
{
	struct conn_list l;
	struct ms_why why = { "" };
	unsigned n = 0;

	if (!call_conns(c, &l))
		return;
	for (unsigned k = 0; k < l.n; k++) {
		n += ike_rekey_conn(c->d->ike, l.conn[k], child) == MS_OK;
		for (struct conn *i = l.conn[k]->children; i != NULL; i = i->sibling_next)
			n += ike_rekey_conn(c->d->ike, i, child) == MS_OK;
	}
	conn_list_free(&l);
	if (n > 0)
		call_done(c, MS_RC_COMMENT);
	else
		call_fail(c, ms_fail(&why, MS_ERR_UNKNOWN, "no %s SA of \"%s\" is up",
			child ? "CHILD" : "IKE", call_arg(c, "name")), &why);
}

void cmd_rekey_ike(call *c)
{
	rekey(c, false);
}

void cmd_rekey_child(call *c)
{
	rekey(c, true);
}

/* The call may have lost its reader meanwhile, never its memory: it is freed by call_done. */
static void route_answer(void *arg, ms_err err, const struct ms_why *why)
{
	call *c = arg;

	call_part_over(c, err == MS_OK ? MS_RC_COMMENT : part_failed(c, err, why));
}

/* A group has no packets: its members have, those that are there and those that will be. */
static void route_members(call *c, struct conn *group, bool routed)
{
	struct conn *next;

	group->wanted_routed = routed;
	for (struct conn *m = group->children; m != NULL; m = next) {
		next = m->sibling_next;
		if (routed)
			route_connection(c->d->route, m, NULL, NULL);
		else
			route_unroute(c->d->route, m, NULL, NULL);
	}
}

static bool is_shunt(const struct conn *c)
{
	return c->desc->type != MS_TYPE_TUNNEL && c->desc->type != MS_TYPE_TRANSPORT;
}

static int route(call *c, struct conn *conn)
{
	int code = hindrance(c, conn);

	if (code != MS_RC_COMMENT)
		return code;
	if (conn->group) {
		route_members(c, conn, true);
		return MS_RC_COMMENT;
	}
	if (conn->remote.host.addr.family == 0 && !conn->opportunistic &&
		!(is_shunt(conn) && conn->remote.has_client)) {
		call_line(c, MS_RC_NOPEERIP, "cannot route a connection whose peer is %%any");
		return MS_RC_NOPEERIP;
	}
	call_part_begins(c);
	route_connection(c->d->route, conn, route_answer, c);
	return MS_RC_COMMENT;
}

void cmd_route(call *c)
{
	each_conn(c, route);
}

static int unroute(call *c, struct conn *conn)
{
	if (conn->group) {
		route_members(c, conn, false);
		return MS_RC_COMMENT;
	}
	call_part_begins(c);
	route_unroute(c->d->route, conn, route_answer, c);
	return MS_RC_COMMENT;
}

void cmd_unroute(call *c)
{
	each_conn(c, unroute);
}

/* As if a packet of this pair had come. */
void cmd_oppo(call *c)
{
	const char *text[] = { call_arg(c, "here"), call_arg(c, "there") };
	struct ms_addr addr[2];
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	for (unsigned i = 0; i < 2 && err == MS_OK; i++)
		err = ms_addr_parse(&addr[i], text[i], strlen(text[i]), 0, MS_TEXT_NUMERIC, &why);
	if (err != MS_OK) {
		call_fail(c, err, &why);
		return;
	}
	err = opp_initiate(c->d->route, &addr[0], &addr[1], &why);
	if (err == MS_OK) {
		call_done(c, MS_RC_COMMENT);
		return;
	}
	call_line(c, MS_RC_OPPOFAILURE, "Can't Opportunistically initiate for %s to %s: %s", text[0],
		text[1], ms_why_text(&why, err));
	call_done(c, MS_RC_OPPOFAILURE);
}

void cmd_deletestate(call *c)
{
	const char *text = call_arg(c, "serial");
	struct ms_why why = { "" };
	uint64_t n;
	ms_err err = ms_number_parse(&n, text, strlen(text), 10, UINT32_MAX, &why);

	if (err == MS_OK && ike_terminate_serial(c->d->ike, (uint32_t)n) != MS_OK)
		err = ms_fail(&why, MS_ERR_UNKNOWN, "no state #%s", text);
	if (err != MS_OK)
		call_fail(c, err, &why);
	else
		call_done(c, MS_RC_COMMENT);
}

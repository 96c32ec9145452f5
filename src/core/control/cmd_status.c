/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status, showstates, briefstatus, trafficstatus, addresspoolstatus.
 *
 * There may be a hundred thousand SAs, and nothing may stop the loop for so long: a listing is made in
 * pieces, a few rows in each turn of the loop.  SAs and connections come and go meanwhile; each is
 * shown as it is when its turn comes.  Everything but the traffic is known here; octet counts are
 * asked of the kernel backend for each piece, whose text is written when they are back.
 */
#include "core/control/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 16 }; /* connections or CHILD SAs of one turn: half a millisecond */

/* One line or two: an IKE SA, or with `child` one of its CHILD SAs. */
struct row {
	uint32_t ike, child;
	bool asked;
	struct ms_kernel_op ops[2]; /* in, out */
};

struct listing {
	call *c; /* NULL: it is over; answers may still come */
	void (*print)(struct listing *l, const struct row *r);
	void (*finish)(struct listing *l); /* ends the call */
	char *only; /* one connection's name; NULL: all */
	struct ms_timer *timer;
	struct conn_walk conns;
	bool states; /* the connections have been listed */
	unsigned active;
	struct ike_walk sas;
	struct row *rows; /* of this piece */
	unsigned n, room;
	unsigned left; /* answers to come, and one */
};

static void listing_free(struct listing *l)
{
	free(l->only);
	free(l->rows);
	free(l);
}

/* The call was freed: because all is said, or the daemon stops. */
static void listing_over(void *arg)
{
	struct listing *l = arg;

	conn_walk_end(l->c->d->conns, &l->conns);
	ike_walk_end(l->c->d->ike, &l->sas);
	ms_timer_free(&l->timer);
	l->c = NULL;
	if (l->left == 0)
		listing_free(l);
}

static bool concerns(const struct listing *l, const struct conn *c)
{
	return l->only == NULL || conn_is_called(c, l->only);
}

/* --- SAs ---------------------------------------------------------------------------------------- */

static struct row *add_row(struct listing *l, uint32_t ike, uint32_t child)
{
	if (l->n == l->room) {
		unsigned room = l->room == 0 ? 2 * PIECE : 2 * l->room;
		struct row *more = realloc(l->rows, room * sizeof *more);

		if (more == NULL)
			return NULL;
		l->rows = more;
		l->room = room;
	}
	l->rows[l->n] = (struct row){ .ike = ike, .child = child };
	return &l->rows[l->n++];
}

static bool add_child(struct listing *l, uint32_t ike, const struct child_sa *k)
{
	struct row *r = add_row(l, ike, k->serial);

	if (r == NULL)
		return false;
	r->asked = k->state == CHILD_ESTABLISHED;
	r->ops[0].kind = r->ops[1].kind = MS_KOP_SA_QUERY;
	r->ops[0].sa.said = (struct ms_said){ k->local.addr, k->spi_in, child_proto(k) };
	r->ops[0].sa.inbound = true;
	r->ops[1].sa.said = (struct ms_said){ k->remote.addr, k->spi_out, child_proto(k) };
	return true;
}

/* False: out of memory. */
static bool add_sa(struct listing *l, struct ike_sa *ike)
{
	struct ike_info info;
	bool wanted;

	ike_info(ike, &info);
	wanted = concerns(l, info.conn);
	for (struct child_sa *k = ike_first_child(ike); k != NULL; k = k->next)
		if ((wanted || concerns(l, k->conn)) && !add_child(l, info.serial, k))
			return false;
	return !wanted || add_row(l, info.serial, 0) != NULL;
}

static void answered(struct listing *l)
{
	if (--l->left > 0)
		return;
	if (l->c == NULL) {
		listing_free(l);
		return;
	}
	for (unsigned i = 0; i < l->n; i++)
		l->print(l, &l->rows[i]);
	ms_timer_set(l->timer, 0);
}

/* One array of operations stops at its first failure, and an SA may just have gone: each has its own. */
static void query_done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	(void)err;
	(void)failed;
	(void)why;
	answered(arg);
}

static void list_sas(struct listing *l)
{
	const struct host *h = &l->c->d->host;
	struct ike_sa *ike = NULL;

	l->n = 0;
	while (l->n < PIECE && (ike = ike_walk_next(&l->sas)) != NULL)
		if (!add_sa(l, ike)) {
			call_fail(l->c, MS_ERR_NOMEM, NULL);
			return;
		}
	if (l->n == 0) {
		l->finish(l);
		return;
	}
	l->left = 1;
	for (unsigned i = 0; i < l->n; i++)
		if (l->rows[i].asked) {
			l->left++;
			h->ops->kernel(h->ctx, l->rows[i].ops, 2, query_done, l);
		}
	answered(l);
}

/* --- going on ----------------------------------------------------------------------------------- */

static void list_conns(struct listing *l)
{
	struct conn *k = NULL;

	for (unsigned i = 0; i < PIECE && (k = conn_walk_next(&l->conns)) != NULL; i++) {
		if (concerns(l, k))
			status_conn(l->c, k);
		l->active += k->routing == RT_ROUTED_TUNNEL;
	}
	ms_timer_set(l->timer, 0);
	if (k != NULL)
		return;
	l->states = true;
	call_line(l->c, MS_RC_COMMENT, " ");
	call_line(l->c, MS_RC_COMMENT, "Total IPsec connections: loaded %u, active %u",
		conn_count(l->c->d->conns), l->active);
	call_line(l->c, MS_RC_COMMENT, " ");
	status_counts(l->c);
	call_line(l->c, MS_RC_COMMENT, " ");
}

static void go_on(void *arg)
{
	struct listing *l = arg;

	if (l->c->ops == NULL)
		call_done(l->c, MS_RC_COMMENT); /* nobody reads it any more */
	else if (l->states)
		list_sas(l);
	else
		list_conns(l);
}

/* NULL: out of memory, the call was ended. */
static struct listing *listing_new(call *c, void (*print)(struct listing *l, const struct row *r),
	void (*finish)(struct listing *l))
{
	const char *only = call_arg(c, "name");
	struct listing *l = calloc(1, sizeof *l);

	if (l != NULL) {
		l->only = only == NULL ? NULL : strdup(only);
		l->timer = ms_timer_new(c->d->loop, go_on, l);
	}
	if (l == NULL || l->timer == NULL || (only != NULL && l->only == NULL)) {
		if (l != NULL) {
			ms_timer_free(&l->timer);
			listing_free(l);
		}
		call_fail(c, MS_ERR_NOMEM, NULL);
		return NULL;
	}
	l->c = c;
	l->print = print;
	l->finish = finish;
	l->states = true;
	conn_walk_begin(c->d->conns, &l->conns);
	ike_walk_begin(c->d->ike, &l->sas);
	c->ended = listing_over;
	c->ended_arg = l;
	ms_timer_set(l->timer, 0);
	return l;
}

static void list_end(struct listing *l)
{
	call_done(l->c, MS_RC_COMMENT);
}

/* --- traffic ------------------------------------------------------------------------------------ */

/* Addresses of the peer that are out of a pool of ours: its clients. */
static void lease_text(const struct conn *c, char *buf, size_t size)
{
	const struct conn_end *e = &c->remote;
	size_t n = 0;

	buf[0] = '\0';
	if (e->pool == NULL || c->instance == 0)
		return;
	for (unsigned i = 0; i < e->n_clients && i < 2 && n < size; i++) {
		char addr[MS_ADDR_TEXT];

		ms_addr_text(&e->clients[i].range.first, addr, sizeof addr);
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i == 0 ? ", lease=" : "+", addr);
	}
}

static void print_traffic(struct listing *l, const struct row *r)
{
	const struct child_sa *k = r->asked ? child_by_serial(l->c->d->ike, r->child) : NULL;
	char serial[16], since[24], in[24], out[24], name[128], id[MS_ID_TEXT];
	char lease[2 * MS_ADDR_TEXT + 8]; /* "" or ", lease=ADDRESS" */
	struct ms_field_value v[] = { { "serial", serial }, { "connection", name },
		{ "type", "ESP" }, { "add_time", since }, { "inBytes", in }, { "outBytes", out },
		{ "id", id } };

	if (k == NULL || !concerns(l, k->conn))
		return;
	conn_name_text(k->conn, name, sizeof name);
	ms_id_text(&k->conn->remote.id, id, sizeof id);
	lease_text(k->conn, lease, sizeof lease);
	snprintf(serial, sizeof serial, "%u", k->serial);
	snprintf(since, sizeof since, "%llu", (unsigned long long)k->established_s);
	snprintf(in, sizeof in, "%llu", (unsigned long long)r->ops[0].counters.octets);
	snprintf(out, sizeof out, "%llu", (unsigned long long)r->ops[1].counters.octets);
	call_record(l->c, "traffic", v, 7);
	call_line(l->c, MS_RC_TRAFFIC,
		"#%s: %s, type=ESP, add_time=%s, inBytes=%s, outBytes=%s, id='%s'%s", serial, name,
		since, in, out, id, lease);
}

void cmd_trafficstatus(call *c)
{
	(void)listing_new(c, print_traffic, list_end);
}

/* --- status ------------------------------------------------------------------------------------- */

static void print_state(struct listing *l, const struct row *r)
{
	const struct ike_sa *ike = ike_by_serial(l->c->d->ike, r->ike);
	const struct child_sa *k = r->child == 0 ? NULL
						 : child_by_serial(l->c->d->ike, r->child);
	struct ike_info info;

	if (ike == NULL || (r->child != 0 && k == NULL))
		return;
	ike_info(ike, &info);
	if (k != NULL)
		status_child(l->c, &info, k, r->asked ? r->ops : NULL);
	else
		status_ike(l->c, &info);
}

static void bare_shunt(void *arg, const struct bare_shunt *b)
{
	char text[256];

	route_bare_text(b, text, sizeof text);
	call_line(arg, MS_RC_COMMENT, "%s", text);
}

static void bare_shunts(call *c)
{
	call_line(c, MS_RC_COMMENT, "Bare Shunt list:");
	call_line(c, MS_RC_COMMENT, " ");
	route_bare_each(c->d->route, bare_shunt, c);
}

void cmd_shuntstatus(call *c)
{
	bare_shunts(c);
	call_done(c, MS_RC_COMMENT);
}

static void status_end(struct listing *l)
{
	call_line(l->c, MS_RC_COMMENT, " ");
	bare_shunts(l->c);
	list_end(l);
}

void cmd_status(call *c)
{
	struct listing *l = listing_new(c, print_state, status_end);

	if (l == NULL)
		return;
	l->states = false;
	if (l->only == NULL)
		status_daemon(c);
}

void cmd_showstates(call *c)
{
	(void)listing_new(c, print_state, list_end);
}

void cmd_briefstatus(call *c)
{
	struct ms_loop_load load;

	ms_loop_load(c->d->loop, &load);
	status_counts(c);
	call_line(c, MS_RC_COMMENT,
		"Loop: turns(%llu), busy p50(%llu us), p99(%llu us), longest(%llu us)",
		(unsigned long long)load.turns, (unsigned long long)load.p50_us,
		(unsigned long long)load.p99_us, (unsigned long long)load.longest_us);
	call_line(c, MS_RC_COMMENT, "Jobs: done(%llu), processor time(%llu us)",
		(unsigned long long)load.jobs, (unsigned long long)load.job_us);
	call_done(c, MS_RC_COMMENT);
}

/* --- addresspoolstatus -------------------------------------------------------------------------- */

static void pool_line(void *arg, const char *text)
{
	call_line(arg, MS_RC_COMMENT, "%s", text);
}

void cmd_addresspoolstatus(call *c)
{
	const struct ms_provider *p;

	for (unsigned i = 0; (p = daemon_provider(c->d, MS_ROLE_ATTR, i)) != NULL; i++)
		((const struct ms_attr_ops *)p->ops)->list(p->instance, pool_line, c);
	call_done(c, MS_RC_COMMENT);
}

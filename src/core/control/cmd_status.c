/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status, showstates, briefstatus, trafficstatus, addresspoolstatus.
 *
 * Everything but the traffic is known here; octet counts are asked of the kernel backend first, in
 * one array, and the text is written when they are back.
 */
#include "core/control/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One CHILD SA as it was when asked; the answer may come after it went. */
struct traffic_row {
	uint32_t serial;
	char name[128];
	char id[MS_ID_TEXT];
	char lease[2 * MS_ADDR_TEXT + 8]; /* "" or ", lease=ADDRESS" */
	uint64_t since_s;
};

struct traffic {
	call *c;
	void (*then)(struct traffic *t);
	char *only; /* one connection's name; NULL: all */
	struct traffic_row *rows;
	struct ms_kernel_op *ops; /* two for each row: in, out */
	unsigned n, at; /* at: where the next row is likely to be */
};

static void traffic_free(struct traffic *t)
{
	free(t->only);
	free(t->rows);
	free(t->ops);
	free(t);
}

static bool concerns(const char *only, const struct conn *c)
{
	return only == NULL || conn_is_called(c, only);
}

static unsigned count_children(const struct daemon *d)
{
	unsigned n = 0;

	for (struct ike_sa *i = ike_first(d->ike); i != NULL; i = ike_next(i))
		for (struct child_sa *k = ike_first_child(i); k != NULL; k = k->next)
			n++;
	return n;
}

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

static void add_row(struct traffic *t, const struct child_sa *k)
{
	struct traffic_row *row = &t->rows[t->n];
	struct ms_kernel_op *in = &t->ops[2 * t->n], *out = in + 1;

	row->serial = k->serial;
	row->since_s = k->established_s;
	conn_name_text(k->conn, row->name, sizeof row->name);
	ms_id_text(&k->conn->remote.id, row->id, sizeof row->id);
	lease_text(k->conn, row->lease, sizeof row->lease);
	in->kind = out->kind = MS_KOP_SA_QUERY;
	in->sa.said = (struct ms_said){ k->local.addr, k->spi_in, child_proto(k) };
	in->sa.inbound = true;
	out->sa.said = (struct ms_said){ k->remote.addr, k->spi_out, child_proto(k) };
	t->n++;
}

/* One array stops at its first failure, and an SA may just have gone: each pair is its own. */
struct query {
	struct traffic *t;
	unsigned left;
};

static void query_done(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct query *q = arg;

	(void)err;
	(void)failed;
	(void)why;
	if (--q->left > 0)
		return;
	q->t->then(q->t);
	traffic_free(q->t);
	free(q);
}

static void ask_traffic(call *c, void (*then)(struct traffic *t))
{
	const char *only = c->request == NULL ? NULL : call_arg(c, "name");
	unsigned max = count_children(c->d);
	struct traffic *t = calloc(1, sizeof *t);
	struct query *q = calloc(1, sizeof *q);

	if (t != NULL) {
		t->rows = calloc(max + 1, sizeof *t->rows);
		t->ops = calloc(2 * (size_t)max + 1, sizeof *t->ops);
		t->only = only == NULL ? NULL : strdup(only);
	}
	if (t == NULL || q == NULL || t->rows == NULL || t->ops == NULL) {
		if (t != NULL)
			traffic_free(t);
		free(q);
		call_fail(c, MS_ERR_NOMEM, NULL);
		return;
	}
	t->c = c;
	t->then = then;
	for (struct ike_sa *i = ike_first(c->d->ike); i != NULL; i = ike_next(i))
		for (struct child_sa *k = ike_first_child(i); k != NULL; k = k->next)
			if (concerns(only, k->conn) && k->state == CHILD_ESTABLISHED)
				add_row(t, k);
	q->t = t;
	q->left = t->n + 1;
	for (unsigned i = 0; i < t->n; i++)
		c->d->host.ops->kernel(c->d, &t->ops[2 * i], 2, query_done, q);
	query_done(q, MS_OK, 0, NULL);
}

static void print_traffic(struct traffic *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct traffic_row *r = &t->rows[i];
		char serial[16], since[24], in[24], out[24];
		struct ms_field_value v[] = { { "serial", serial }, { "connection", r->name },
			{ "type", "ESP" }, { "add_time", since }, { "inBytes", in },
			{ "outBytes", out }, { "id", r->id } };

		snprintf(serial, sizeof serial, "%u", r->serial);
		snprintf(since, sizeof since, "%llu", (unsigned long long)r->since_s);
		snprintf(in, sizeof in, "%llu",
			(unsigned long long)t->ops[2 * i].counters.octets);
		snprintf(out, sizeof out, "%llu",
			(unsigned long long)t->ops[2 * i + 1].counters.octets);
		call_record(t->c, "traffic", v, 7);
		call_line(t->c, MS_RC_TRAFFIC,
			"#%s: %s, type=ESP, add_time=%s, inBytes=%s, outBytes=%s, id='%s'%s",
			serial, r->name, since, in, out, r->id, r->lease);
	}
	call_done(t->c, MS_RC_COMMENT);
}

void cmd_trafficstatus(call *c)
{
	ask_traffic(c, print_traffic);
}

/* --- status ------------------------------------------------------------------------------------- */

/* Rows stand in the order of SAs when they were asked: the next one is near the last. */
static const struct ms_kernel_op *row_of(struct traffic *t, uint32_t serial)
{
	for (unsigned i = 0; i < t->n; i++) {
		unsigned at = t->at + i < t->n ? t->at + i : t->at + i - t->n;

		if (t->rows[at].serial == serial) {
			t->at = at + 1 < t->n ? at + 1 : 0;
			return &t->ops[2 * at];
		}
	}
	return NULL;
}

static void print_states(struct traffic *t)
{
	call *c = t->c;

	for (struct ike_sa *i = ike_first(c->d->ike); i != NULL; i = ike_next(i)) {
		struct ike_info info;

		ike_info(i, &info);
		if (!concerns(t->only, info.conn))
			continue;
		for (struct child_sa *k = ike_first_child(i); k != NULL; k = k->next)
			status_child(c, &info, k, row_of(t, k->serial));
		status_ike(c, &info);
	}
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

static void print_status(struct traffic *t)
{
	call *c = t->c;
	unsigned active = 0;

	if (t->only == NULL)
		status_daemon(c);
	for (struct conn *k = conn_first(c->d->conns); k != NULL; k = k->all_next)
		if (concerns(t->only, k))
			status_conn(c, k);
	for (struct conn *k = conn_first(c->d->conns); k != NULL; k = k->all_next)
		active += k->routing == RT_ROUTED_TUNNEL;
	call_line(c, MS_RC_COMMENT, " ");
	call_line(c, MS_RC_COMMENT, "Total IPsec connections: loaded %u, active %u",
		conn_count(c->d->conns), active);
	call_line(c, MS_RC_COMMENT, " ");
	status_counts(c);
	call_line(c, MS_RC_COMMENT, " ");
	print_states(t);
	call_line(c, MS_RC_COMMENT, " ");
	bare_shunts(c);
	call_done(c, MS_RC_COMMENT);
}

void cmd_status(call *c)
{
	ask_traffic(c, print_status);
}

static void print_showstates(struct traffic *t)
{
	print_states(t);
	call_done(t->c, MS_RC_COMMENT);
}

void cmd_showstates(call *c)
{
	ask_traffic(c, print_showstates);
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

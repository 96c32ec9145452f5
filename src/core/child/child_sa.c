/* SPDX-License-Identifier: Apache-2.0 */
/* Birth, indexes, lines and end of a CHILD SA. */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/report.h"
#include "core/ike/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_said(const struct ike_engine *e, uint32_t spi, const struct ms_addr *dst)
{
	uint8_t key[20];

	memcpy(key, dst->b, 16);
	memcpy(key + 16, &spi, 4);
	return ike_hash(e->seed, key, sizeof(key));
}

static void link_conn(struct child_sa *child)
{
	child->conn_prev = NULL;
	child->conn_next = child->conn->child_sas;
	if (child->conn_next)
		child->conn_next->conn_prev = child;
	child->conn->child_sas = child;
}

static void unlink_conn(struct child_sa *child)
{
	if (child->conn_prev)
		child->conn_prev->conn_next = child->conn_next;
	else
		child->conn->child_sas = child->conn_next;
	if (child->conn_next)
		child->conn_next->conn_prev = child->conn_prev;
}

void child_count(const struct child_sa *child, int by)
{
	struct ike_counts *n = &child->ike->e->counts;

	if (!child->ike->established)
		return; /* ike_established() counts those that are there then */
	n->children += (uint32_t)by;
	if (child->ike->nameless)
		n->nameless_children += (uint32_t)by;
}

static void link_ike(struct child_sa *child, struct ike_sa *ike)
{
	child->ike = ike_sa_ref(ike);
	child->prev = NULL;
	child->next = ike->children;
	if (child->next)
		child->next->prev = child;
	ike->children = child;
	child_count(child, 1);
}

static void unlink_ike(struct child_sa *child)
{
	child_count(child, -1);
	if (child->prev)
		child->prev->next = child->next;
	else
		child->ike->children = child->next;
	if (child->next)
		child->next->prev = child->prev;
	child->prev = child->next = NULL;
}

void child_set_conn(struct child_sa *child, struct conn *c)
{
	struct conn *old = child->conn;

	if (old == c)
		return;
	unlink_conn(child);
	child->conn = conn_ref(c);
	link_conn(child);
	child->reqid = c->reqid;
	if (child->spi_in == 0)
		child->ah = c->desc->ah;
	if (old != child->ike->conn)
		ike_drop_instance(child->ike->e, old);
	conn_unref(&old);
}

void child_adopt(struct child_sa *child, struct ike_sa *ike)
{
	struct ike_sa *old = child->ike;

	unlink_ike(child);
	link_ike(child, ike);
	if (child->conn->newest_ike == old->serial)
		child->conn->newest_ike = ike->serial;
	ike_sa_unref(&old);
}

struct child_sa *child_new(struct ike_sa *ike, struct conn *c, bool initiator)
{
	struct child_sa *child = calloc(1, sizeof(*child));
	struct ike_engine *e = ike->e;

	if (!child || !ike_heap_keep(&e->heap)) {
		free(child);
		return NULL;
	}
	child->refs = 1;
	child->initiator = initiator;
	child->tunnel = true;
	child->ah = c->desc->ah;
	child->timer.kind = IKE_TIMER_CHILD;
	child->rekey_at = child->expire_at = IKE_NEVER;
	child->local = ike->local;
	child->remote = ike->remote;
	child->encapsulated = ike->nat_here || ike->nat_there;
	child->conn = conn_ref(c);
	child->reqid = c->reqid;
	link_conn(child);
	link_ike(child, ike);
	child->serial = ike_serial(e);
	child->by_serial.is_child = true;
	child->by_out.mark = 1;
	ike_table_add(&e->by_serial, &child->by_serial.node,
		ike_hash(e->seed, &child->serial, sizeof(child->serial)));
	return child;
}

struct child_sa *child_ref(struct child_sa *child)
{
	child->refs++;
	return child;
}

void child_unref(struct child_sa **p)
{
	struct child_sa *child = *p;

	*p = NULL;
	if (!child || --child->refs > 0)
		return;
	conn_unref(&child->conn);
	ike_sa_unref(&child->ike);
	free(child->mine);
	free(child->theirs);
	free(child);
}

void child_index_in(struct child_sa *child)
{
	struct ike_engine *e = child->ike->e;

	ike_table_add(
		&e->by_child_spi, &child->by_in, hash_said(e, child->spi_in, &child->local.addr));
}

static uint32_t hash_host(const struct ike_engine *e, const struct ms_addr *a)
{
	return ike_hash(e->seed, a->b, sizeof(a->b));
}

void child_index_out(struct child_sa *child)
{
	struct ike_engine *e = child->ike->e;

	ike_table_add(&e->by_child_spi, &child->by_out,
		hash_said(e, child->spi_out, &child->remote.addr));
	if (!child->tunnel)
		ike_table_add(&e->by_host, &child->by_host, hash_host(e, &child->remote.addr));
}

void child_unindex_out(struct child_sa *child)
{
	struct ike_engine *e = child->ike->e;

	ike_table_remove(&e->by_child_spi, &child->by_out);
	ike_table_remove(&e->by_host, &child->by_host);
}

static bool overlap(const struct ms_selector *a, unsigned n_a, const struct ms_selector *b, unsigned n_b)
{
	struct ms_selector both;

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (ms_selector_intersect(&a[i], &b[k], &both))
				return true;
	return false;
}

/* One that comes again is no rival of itself; those without a name may be anybody. */
static bool same_peer(const struct ike_sa *a, const struct ike_sa *b)
{
	return a == b || (a->peer_id.type != MS_ID_NULL && ms_id_eq(&a->peer_id, &b->peer_id));
}

struct child_sa *child_rival(const struct child_sa *child)
{
	const struct ike_engine *e = child->ike->e;
	struct ike_node *n = child->tunnel ? NULL
					   : ike_table_first(&e->by_host,
						     hash_host(e, &child->remote.addr));

	for (; n; n = ike_table_next(n)) {
		struct child_sa *o = container_of(n, struct child_sa, by_host);

		if (o != child && ms_addr_eq(&o->remote.addr, &child->remote.addr) &&
			(o->state == CHILD_INSTALLING || o->state == CHILD_ESTABLISHED) &&
			!same_peer(o->ike, child->ike) &&
			overlap(o->mine, o->n_mine, child->mine, child->n_mine) &&
			overlap(o->theirs, o->n_theirs, child->theirs, child->n_theirs))
			return o;
	}
	return NULL;
}

struct child_sa *child_find(struct ike_engine *e, const struct ms_said *said)
{
	struct ike_node *n = ike_table_first(&e->by_child_spi, hash_said(e, said->spi, &said->dst));

	for (; n; n = ike_table_next(n)) {
		struct child_sa *in = container_of(n, struct child_sa, by_in);
		struct child_sa *out = container_of(n, struct child_sa, by_out);

		/* Both nodes are in one table: which of them it is shows in the node itself. */
		if (n->mark == 0 && in->spi_in == said->spi && child_proto(in) == said->protocol &&
			ms_addr_eq(&in->local.addr, &said->dst))
			return in;
		if (n->mark == 1 && out->spi_out == said->spi &&
			child_proto(out) == said->protocol &&
			ms_addr_eq(&out->remote.addr, &said->dst))
			return out;
	}
	return NULL;
}

struct child_sa *child_find_out(struct ike_sa *ike, unsigned protocol, uint32_t spi_out)
{
	for (struct child_sa *c = ike->children; c; c = c->next)
		if (c->spi_out == spi_out && c->spi_out != 0 && child_protocol(c) == protocol)
			return c;
	return NULL;
}

struct child_sa *child_newest(struct conn *c)
{
	struct child_sa *best = NULL;

	for (struct child_sa *o = c->child_sas; o; o = o->conn_next)
		if (o->state == CHILD_ESTABLISHED && (!best || o->serial > best->serial))
			best = o;
	return best;
}

void child_not_newest(struct child_sa *child)
{
	struct conn *c = child->conn;
	struct child_sa *heir;

	if (c->newest_child != child->serial)
		return;
	heir = child_newest(c);
	c->newest_child = heir ? heir->serial : 0;
	if (heir && heir->put_off)
		child_rekey_later(heir, 0);
}

#define LEFT_MS 1000

void child_left_due(struct child_sa *child)
{
	struct ike_engine *e = child->ike->e;

	if (!child_delete_left(child)) {
		ike_arm_timer(e, &child->timer, ike_now(e) + LEFT_MS);
		return;
	}
	ike_arm_timer(e, &child->timer, IKE_NEVER);
	ike_heap_keep_no_more(&e->heap);
	child_unref(&child);
}

void child_gone(struct child_sa *child)
{
	struct ike_engine *e = child->ike->e;
	struct conn *c = child->conn;
	struct child_sa *heir;

	if (child->state == CHILD_GONE)
		return;
	child_out_of_kernel(child, false);
	child->state = CHILD_GONE;
	(void)child_ref(child);
	child_left_due(child);
	ike_table_remove(&e->by_child_spi, &child->by_in);
	child_unindex_out(child);
	ike_table_remove(&e->by_serial, &child->by_serial.node);
	unlink_conn(child);
	unlink_ike(child);
	child_not_newest(child);
	if (c != child->ike->conn) {
		heir = child_newest(c);
		if (c->newest_ike == child->ike->serial)
			c->newest_ike = heir ? heir->ike->serial : 0;
		ike_drop_instance(e, c);
	}
	child_unref(&child);
}

static void tell_established(struct child_sa *child)
{
	struct ike_sa *ike = child->ike;
	const struct host *h = ike->e->host;
	struct ms_logger lg = child_logger(child);
	char mine[256], theirs[256], text[256], line[480];

	if (!ike_heard(ike->e, &lg, MS_LOG_NOTICE))
		return;
	child_text(child, text, sizeof(text));
	child_selectors_text(child->mine, child->n_mine, mine, sizeof(mine));
	child_selectors_text(child->theirs, child->n_theirs, theirs, sizeof(theirs));
	ms_info(&lg, "negotiated connection [%s] -> [%s]", mine, theirs);
	snprintf(line, sizeof(line), "%s: %s %s mode %s", ike_state_name(ike->state),
		ike_state_story(ike->state), child->tunnel ? "tunnel" : "transport", text);
	ms_notice(&lg, "%s", line);
	h->ops->report(h->ctx, child->conn, child->serial, MS_RC_SUCCESS, line);
}

void child_established(struct child_sa *child)
{
	struct ike_sa *ike = child->ike;
	struct ike_engine *e = ike->e;
	struct conn *c = child->conn;

	child->state = CHILD_ESTABLISHED;
	child->established_s = e->host->ops->wall_s(e->host->ctx);
	child->born_ms = ike_now(e);
	c->newest_child = child->serial;
	c->newest_ike = ike->serial;
	c->tries = 0;
	/* auto=keep: up once, up for good.  An instance's peer is met where it comes from. */
	if (c->desc->autostart == MS_AUTO_KEEP && !c->template)
		c->wanted_up = true;
	ike_count(e, IKE_C_CHILD_ESTABLISHED);
	child_start_lifetime(child);
	/* The peer's mapping may be another one than when it was begun. */
	child_move_all(ike);
	child->lower = ike->x ? ike_lower_nonce(ike->x) : 0;
	ike_resolve_twins(child);
	tell_established(child);
}

size_t child_suite_text(const struct ms_suite *s, char *buf, size_t size)
{
	char encr[48], integ[48] = "NONE";

	if (s->integ)
		ms_transform_text(MS_TRANSFORM_INTEG, s->integ, 0, integ, sizeof(integ));
	if (s->protocol == MS_PROTOCOL_AH)
		return (size_t)snprintf(buf, size, "%s", integ);
	ms_transform_text(MS_TRANSFORM_ENCR, s->encr, s->encr_bits, encr, sizeof(encr));
	return (size_t)snprintf(buf, size, "%s-%s", encr, integ);
}

size_t child_text(const struct child_sa *child, char *buf, size_t size)
{
	char suite[100], natd[MS_ENDPOINT_TEXT] = "none", comp[48] = "";

	child_suite_text(&child->suite, suite, sizeof(suite));
	if (child->encapsulated)
		ms_endpoint_text(&child->remote, natd, sizeof(natd));
	if (child->cpi_in && child->cpi_out)
		snprintf(comp, sizeof(comp), " IPCOMP=>0x%08x <0x%08x", (unsigned)child->cpi_out,
			(unsigned)child->cpi_in);
	return (size_t)snprintf(buf, size,
		"{%s%s=>0x%08x <0x%08x xfrm=%s%s%s NATOA=none NATD=%s DPD=%s%s}",
		child->ah ? "AH" : "ESP", child->encapsulated ? "inUDP" : "", (unsigned)child->spi_out,
		(unsigned)child->spi_in, suite, child->suite.esn ? "-ESN" : "", comp, natd,
		child->conn->desc->dpd_delay_ms ? "active" : "passive",
		child->ike->peer_id.type == MS_ID_NULL ? " PEER=unauthenticated" : "");
}

size_t child_selectors_text(const struct ms_selector *s, unsigned n, char *buf, size_t size)
{
	size_t len = 0;

	if (size > 0)
		buf[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		char one[MS_SELECTOR_TEXT];

		ms_selector_text(&s[i], one, sizeof(one));
		len += (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0,
			"%s%s", i > 0 ? " " : "", one);
	}
	return len;
}

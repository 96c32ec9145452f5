/* SPDX-License-Identifier: Apache-2.0 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/receive.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT(value, otherwise)              \
	do {                                   \
		if ((value) == 0)              \
			(value) = (otherwise); \
	} while (0)

struct ike_engine *ike_engine_new(
	const struct host *host, struct conn_table *conns, const struct ike_params *params)
{
	struct ike_engine *e = calloc(1, sizeof(*e));
	struct ike_table *const tables[] = { e ? &e->by_spi : NULL, e ? &e->by_init : NULL,
		e ? &e->by_ids : NULL, e ? &e->by_serial : NULL, e ? &e->by_child_spi : NULL,
		e ? &e->by_host : NULL };

	if (!e)
		return NULL;
	e->host = host;
	e->conns = conns;
	e->params = *params;
	DEFAULT(e->params.port, 500);
	DEFAULT(e->params.nat_port, 4500);
	DEFAULT(e->params.cookie_threshold, 25000);
	DEFAULT(e->params.max_half_open, 50000);
	DEFAULT(e->params.max_children, 10000);
	DEFAULT(e->params.half_open_ms, 30000);
	DEFAULT(e->params.retransmit_interval_ms, 500);
	DEFAULT(e->params.retransmit_timeout_ms, 60000);
	e->deadline = IKE_NEVER;
	e->limit.burst = 20;
	e->limit.per_minute = 60;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (!ike_table_init(tables[i])) {
			ike_engine_free(&e);
			return NULL;
		}
	}
	ike_random(e, e->seed, sizeof(e->seed));
	return e;
}

/* Nothing is told to the kernel any more. */
static void forget_left(struct ike_engine *e)
{
	struct ike_timer *t;

	while ((t = ike_heap_top(&e->heap)) != NULL) {
		struct child_sa *child = container_of(t, struct child_sa, timer);

		(void)ike_heap_set(&e->heap, t, IKE_NEVER);
		child_unref(&child);
	}
}

void ike_engine_free(struct ike_engine **ep)
{
	struct ike_engine *e = *ep;

	if (!e)
		return;
	e->closing = true;
	while (e->first) {
		struct ike_sa *ike = e->first;

		/* Nobody is told: children forget the kernel first. */
		for (struct child_sa *c = ike->children; c; c = c->next) {
			c->in_kernel_in = c->in_kernel_out = c->up = false;
			c->left[0].spi = c->left[1].spi = 0;
		}
		ike_gone(ike, MS_ERR_CANCELLED, NULL);
	}
	forget_left(e);
	ike_table_done(&e->by_spi);
	ike_table_done(&e->by_init);
	ike_table_done(&e->by_ids);
	ike_table_done(&e->by_serial);
	ike_table_done(&e->by_child_spi);
	ike_table_done(&e->by_host);
	ike_heap_done(&e->heap);
	ms_wipe(e, sizeof(*e));
	free(e);
	*ep = NULL;
}

uint32_t ike_serial(struct ike_engine *e)
{
	if (++e->next_serial == 0)
		e->next_serial = 1;
	return e->next_serial;
}

/* Tells the host only when its wake-up has to be another one. */
static void set_deadline(struct ike_engine *e)
{
	const struct ike_timer *top = ike_heap_top(&e->heap);
	uint64_t at = top ? top->at : IKE_NEVER;

	if (at == e->deadline)
		return;
	e->deadline = at;
	if (!e->closing)
		e->host->ops->deadline(e->host->ctx, at);
}

void ike_arm_timer(struct ike_engine *e, struct ike_timer *t, uint64_t at)
{
	(void)ike_heap_set(&e->heap, t, at); /* SAs keep a place */
	set_deadline(e);
}

uint64_t ike_deadline(const struct ike_engine *e)
{
	return e->deadline;
}

void ike_tick(struct ike_engine *e)
{
	uint64_t now = ike_now(e);
	struct ike_timer *t;

	while ((t = ike_heap_top(&e->heap)) != NULL && t->at <= now) {
		(void)ike_heap_set(&e->heap, t, IKE_NEVER);
		if (t->kind == IKE_TIMER_SA)
			ike_timer_fired(container_of(t, struct ike_sa, timer), now);
		else
			child_timer_fired(container_of(t, struct child_sa, timer), now);
	}
	set_deadline(e);
}

struct ike_sa *ike_first(const struct ike_engine *e)
{
	return e->first;
}

struct ike_sa *ike_next(const struct ike_sa *ike)
{
	return ike->next;
}

void ike_walk_begin(struct ike_engine *e, struct ike_walk *w)
{
	w->at = e->first;
	w->next = e->walks;
	e->walks = w;
}

struct ike_sa *ike_walk_next(struct ike_walk *w)
{
	struct ike_sa *ike = w->at;

	if (ike)
		w->at = ike->next;
	return ike;
}

void ike_walk_end(struct ike_engine *e, struct ike_walk *w)
{
	struct ike_walk **slot = &e->walks;

	while (*slot && *slot != w)
		slot = &(*slot)->next;
	if (*slot)
		*slot = w->next;
}

struct child_sa *ike_first_child(const struct ike_sa *ike)
{
	return ike->children;
}

static struct ike_node *find_serial(const struct ike_engine *e, uint32_t serial)
{
	return ike_table_first(&e->by_serial, ike_hash(e->seed, &serial, sizeof(serial)));
}

/* Serial nodes of both kinds are in one table: the timer's kind tells which it is. */
struct ike_sa *ike_by_serial(const struct ike_engine *e, uint32_t serial)
{
	for (struct ike_node *n = find_serial(e, serial); n; n = ike_table_next(n)) {
		struct ike_sa *ike = container_of(n, struct ike_sa, by_serial.node);

		if (!container_of(n, struct ike_serial_node, node)->is_child &&
			ike->serial == serial)
			return ike;
	}
	return NULL;
}

struct child_sa *child_by_serial(const struct ike_engine *e, uint32_t serial)
{
	for (struct ike_node *n = find_serial(e, serial); n; n = ike_table_next(n)) {
		struct child_sa *child = container_of(n, struct child_sa, by_serial.node);

		if (container_of(n, struct ike_serial_node, node)->is_child &&
			child->serial == serial)
			return child;
	}
	return NULL;
}

uint64_t ike_counter(const struct ike_engine *e, enum ike_counter c)
{
	return c < IKE_COUNTER_COUNT ? e->counters[c] : 0;
}

const char *ike_counter_text(enum ike_counter c)
{
	static const char *const text[] = {
#define IKE_COUNTER_TEXT(id, text) text,
		IKE_COUNTERS(IKE_COUNTER_TEXT)
#undef IKE_COUNTER_TEXT
	};
	return c < IKE_COUNTER_COUNT ? text[c] : "";
}

unsigned ike_half_open(const struct ike_engine *e)
{
	return e->half_open;
}

struct ike_counts ike_counts(const struct ike_engine *e)
{
	return e->counts;
}

void ike_send(struct ike_engine *e, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram)
{
	ike_count(e, IKE_C_SENT);
	e->host->ops->send(e->host->ctx, local, remote, datagram);
}

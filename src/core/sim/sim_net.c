/* SPDX-License-Identifier: Apache-2.0 */
/* Time and network of a world: events in the order of time, and within a millisecond of causes. */
#include "core/sim/sim_priv.h"

#include <stdlib.h>
#include <string.h>

volatile unsigned sim_allocating;

void *sim_alloc(size_t octets)
{
	void *p;

	sim_allocating++;
	p = calloc(1, octets ? octets : 1);
	sim_allocating--;
	if (!p)
		abort();
	return p;
}

/* --- time ------------------------------------------------------------------------------------- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void sink(struct sim *s, unsigned i)
{
	struct sim_event *e = s->events[i];

	for (;;) {
		unsigned k = 2 * i + 1;

		if (k + 1 < s->n_waiting && before(s->events[k + 1], s->events[k]))
			k++;
		if (k >= s->n_waiting || !before(s->events[k], e))
			break;
		s->events[i] = s->events[k];
		i = k;
	}
	s->events[i] = e;
}

static void rise(struct sim *s, unsigned i)
{
	struct sim_event *e = s->events[i];

	for (; i > 0 && before(e, s->events[(i - 1) / 2]); i = (i - 1) / 2)
		s->events[i] = s->events[(i - 1) / 2];
	s->events[i] = e;
}

static struct sim_event *take(struct sim *s, unsigned i)
{
	struct sim_event *e = s->events[i], *last = s->events[--s->n_waiting];

	if (last != e) {
		s->events[i] = last;
		rise(s, i);
		sink(s, i);
	}
	return e;
}

struct sim_event *sim_at(struct sim *s, uint64_t at, sim_event_f *run, void *arg)
{
	struct sim_event *e = sim_alloc(sizeof(*e));

	if (s->n_waiting == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		sim_allocating++;
		s->events = realloc(s->events, s->room * sizeof(struct sim_event *));
		sim_allocating--;
		if (!s->events)
			abort();
	}
	e->at = at;
	e->number = s->n_events++;
	e->run = run;
	e->arg = arg;
	s->events[s->n_waiting++] = e;
	rise(s, s->n_waiting - 1);
	return e;
}

static void timer_due(struct sim *s, void *arg)
{
	struct sim_node *n = arg;

	if (s->now < n->timer_at)
		return; /* an earlier one took its place, and has been */
	n->timer_at = UINT64_MAX;
	if (!n->ike)
		return;
	if (n->deadline <= s->now + n->clock_ms)
		ike_tick(n->ike);
	if (n->route && route_deadline(n->route) <= s->now + n->clock_ms)
		route_tick(n->route);
	sim_set_timer(n);
}

/* An earlier event than needed looks again; a later one cannot be there. */
void sim_set_timer(struct sim_node *n)
{
	struct sim *s = n->sim;
	uint64_t at = n->deadline, route_at = n->route ? route_deadline(n->route) : UINT64_MAX;

	if (route_at < at)
		at = route_at;
	if (at == UINT64_MAX)
		return;
	at = at > n->clock_ms ? at - n->clock_ms : 0;
	if (at < s->now)
		at = s->now;
	if (at >= n->timer_at)
		return;
	n->timer_at = at;
	sim_at(s, at, timer_due, n);
}

bool sim_step(struct sim *s, uint64_t until)
{
	struct sim_event *e;

	if (s->n_waiting == 0 || s->events[0]->at > until)
		return false;
	e = take(s, 0);
	if (e->at > s->now)
		s->now = e->at;
	e->run(s, e->arg);
	free(e);
	return true;
}

void sim_run(struct sim *s, uint64_t ms)
{
	uint64_t until = s->now + ms;

	while (sim_step(s, until))
		;
	s->now = until;
}

/* --- network ---------------------------------------------------------------------------------- */

/* Several may be behind one NAT, which keeps ports but for an offset that public.port says. */
static bool behind(const struct sim_node *n, const struct ms_endpoint *to, bool port_fits)
{
	return n->public.addr.family != 0 && ms_addr_eq(&n->public.addr, &to->addr) &&
	       (!port_fits || (uint16_t)(to->port - n->public.port) < 10000);
}

static bool has(const struct sim_node *n, const struct ms_addr *a)
{
	return n->public.addr.family == 0 &&
	       (ms_addr_eq(&n->addr, a) || (n->addr2.family != 0 && ms_addr_eq(&n->addr2, a)));
}

struct sim_node *sim_owner(
	const struct sim *s, const struct ms_endpoint *to, struct ms_endpoint *inside)
{
	*inside = *to;
	for (unsigned port_fits = 2; port_fits-- > 0;)
		for (unsigned i = 0; i < s->n_nodes; i++) {
			struct sim_node *n = s->nodes[i];

			if (has(n, &to->addr))
				return n;
			if (!behind(n, to, port_fits != 0))
				continue;
			inside->addr = n->addr;
			inside->port = (uint16_t)(to->port - n->public.port);
			return n;
		}
	return NULL;
}

static void packet_free(struct sim_packet *p)
{
	free(p->octets);
	free(p);
}

static void deliver(struct sim *s, void *arg)
{
	struct sim_packet *p = arg;
	struct ms_endpoint inside;
	struct sim_node *n = sim_owner(s, &p->dst, &inside);

	/* A NAT that has no such mapping passes nothing, IKE as little as ESP. */
	if (n && n->public.addr.family != 0 && inside.port != 500 && inside.port != 4500)
		n = NULL;
	if (n && !n->down && n->ike)
		sim_cover_arrival(p, n);
	if (n && !n->down && n->ike)
		ike_receive(n->ike, &inside, &p->src, ms_bytes(p->octets, p->len));
	packet_free(p);
}

static struct sim_packet *packet_copy(const struct sim_packet *p)
{
	struct sim_packet *c = sim_alloc(sizeof(*c));

	*c = *p;
	/* exactly as long, so that a sanitizer sees every step beyond it */
	c->octets = sim_alloc(p->len);
	memcpy(c->octets, p->octets, p->len);
	return c;
}

void sim_send(struct sim_node *n, const struct ms_endpoint *local, const struct ms_endpoint *remote,
	struct ms_bytes datagram)
{
	struct sim *s = n->sim;
	struct sim_packet p = { 0, n, *local, *remote, NULL, datagram.len }, *c;
	struct sim_fate fate = { false, 0, 0, 0 };
	struct sim_packet *changed;

	if (n->down)
		return;
	p.number = ++s->packets;
	if (n->public.addr.family != 0) {
		p.src.addr = n->public.addr;
		p.src.port = (uint16_t)(p.src.port + n->public.port);
	}
	p.octets = (uint8_t *)(uintptr_t)datagram.ptr;
	changed = packet_copy(&p);
	if (s->network)
		s->network(s->network_arg, changed, &fate);
	sim_cover_datagram(s, changed, &fate);
	for (unsigned i = 0; i < fate.copies; i++) {
		c = packet_copy(changed);
		sim_at(s, s->now + s->latency_ms + fate.copy_delay_ms, deliver, c);
	}
	if (fate.lose)
		packet_free(changed);
	else
		sim_at(s, s->now + s->latency_ms + fate.delay_ms, deliver, changed);
}

void sim_say(struct sim *s, const struct ms_endpoint *from, const struct ms_endpoint *to,
	struct ms_bytes datagram)
{
	struct sim_packet p = { 0, NULL, *from, *to, (uint8_t *)(uintptr_t)datagram.ptr,
		datagram.len };

	deliver(s, packet_copy(&p));
}

/* --- ends ---------------------------------------------------------------------------------------
 */

void sim_answer_all(struct sim *s, const struct sim_node *n)
{
	for (unsigned i = 0; i < s->n_waiting;) {
		struct sim_event *e;

		if (!s->events[i]->answers || (n && s->events[i]->answers != n)) {
			i++;
			continue;
		}
		e = take(s, i);
		e->run(s, e->arg);
		free(e);
		i = 0; /* answers ask for more */
	}
}

void sim_forget_events(struct sim *s)
{
	for (unsigned i = 0; i < s->n_waiting; i++) {
		if (s->events[i]->run == deliver)
			packet_free(s->events[i]->arg);
		else if (s->events[i]->drop)
			s->events[i]->drop(s->events[i]->arg);
		free(s->events[i]);
	}
	free(s->events);
	s->events = NULL;
	s->n_waiting = s->room = 0;
}

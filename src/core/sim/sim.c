/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/sim_priv.h"

#include <modswan/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- time ------------------------------------------------------------------------------------- */

void sim_at(struct sim *s, uint64_t at, sim_event_f *run, void *arg)
{
	struct sim_event *e = calloc(1, sizeof(*e)), **p = &s->events;

	e->at = at;
	e->run = run;
	e->arg = arg;
	while (*p && (*p)->at <= at)
		p = &(*p)->next;
	e->next = *p;
	*p = e;
	s->n_events++;
}

static struct sim_node *next_due(struct sim *s, uint64_t *at)
{
	struct sim_node *best = NULL;

	*at = UINT64_MAX;
	for (unsigned i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].ike && s->nodes[i].deadline < *at) {
			best = &s->nodes[i];
			*at = best->deadline;
		}
	return best;
}

bool sim_step(struct sim *s, uint64_t until)
{
	uint64_t timer_at;
	struct sim_node *n = next_due(s, &timer_at);
	struct sim_event *e = s->events;

	if (e && e->at <= timer_at) {
		if (e->at > until)
			return false;
		s->events = e->next;
		if (e->at > s->now)
			s->now = e->at;
		e->run(s, e->arg);
		free(e);
		return true;
	}
	if (!n || timer_at > until)
		return false;
	if (timer_at > s->now)
		s->now = timer_at;
	ike_tick(n->ike);
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

static struct sim_node *owner(
	struct sim *s, const struct ms_endpoint *to, struct ms_endpoint *inside)
{
	*inside = *to;
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct sim_node *n = &s->nodes[i];

		if (n->public.addr.family != 0) {
			/* The NAT keeps ports but for an offset that public.port says. */
			if (ms_addr_eq(&n->public.addr, &to->addr)) {
				inside->addr = n->addr;
				inside->port = (uint16_t)(to->port - n->public.port);
				return n;
			}
		} else if (ms_addr_eq(&n->addr, &to->addr)) {
			return n;
		}
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
	struct sim_node *n = owner(s, &p->dst, &inside);

	if (n && !n->down && n->ike)
		ike_receive(n->ike, &inside, &p->src, ms_bytes(p->octets, p->len));
	packet_free(p);
}

static struct sim_packet *packet_copy(const struct sim_packet *p)
{
	struct sim_packet *c = malloc(sizeof(*c));

	*c = *p;
	/* exactly as long, so that a sanitizer sees every step beyond it */
	c->octets = malloc(p->len ? p->len : 1);
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

/* --- world -------------------------------------------------------------------------------------
 */

struct sim *sim_new(uint64_t seed)
{
	struct sim *s = calloc(1, sizeof(*s));

	s->random = seed * 0x9e3779b97f4a7c15 + 1;
	s->now = 1000000;
	s->latency_ms = 5;
	return s;
}

static void drop_event(struct sim_event *e)
{
	if (e->run == deliver)
		packet_free(e->arg);
}

void sim_free(struct sim **sp)
{
	struct sim *s = *sp;

	if (!s)
		return;
	/* Answers that are on their way must come before an engine goes. */
	for (unsigned i = 0; i < s->n_nodes; i++)
		s->nodes[i].down = true;
	for (unsigned i = 0; i < s->n_nodes; i++)
		ike_shutdown(s->nodes[i].ike);
	while (s->events) {
		struct sim_event *e = s->events;

		s->events = e->next;
		if (e->run == deliver)
			drop_event(e);
		else
			e->run(s, e->arg);
		free(e);
	}
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct sim_node *n = &s->nodes[i];

		ike_engine_free(&n->ike);
		conn_table_free(&n->conns);
		while (n->sas) {
			struct sim_sa *sa = n->sas;

			n->sas = sa->next;
			free(sa);
		}
	}
	free(s);
	*sp = NULL;
}

struct sim_node *sim_node(
	struct sim *s, const char *name, const char *addr, const struct ike_params *params)
{
	struct sim_node *n = &s->nodes[s->n_nodes++];
	static const struct ike_params defaults = { .port = 500 };
	uint64_t seed[2] = { s->random, s->n_nodes };

	n->sim = s;
	n->name = name;
	n->deadline = UINT64_MAX;
	n->fail_kernel_op = -1;
	n->next_spi = 0x1000 * s->n_nodes;
	n->psk = ms_bytes("a shared secret of the tests", 28);
	if (ms_addr_parse(&n->addr, addr, strlen(addr), 0, MS_TEXT_NUMERIC, NULL))
		abort();
	n->host.ops = &sim_host_ops;
	n->host.ctx = n;
	n->conns = conn_table_new(seed);
	n->ike = ike_engine_new(&n->host, n->conns, params ? params : &defaults);
	return n;
}

static char *dup(const char *text)
{
	return text ? strdup(text) : NULL;
}

static bool is_local(void *arg, const struct ms_addr *a)
{
	const struct sim_node *n = arg;

	return ms_addr_eq(a, &n->addr);
}

static void set(char **to, const char *text)
{
	if (!text)
		return;
	free(*to);
	*to = dup(text);
}

struct conn *sim_conn(struct sim_node *n, const struct sim_words *w)
{
	struct ms_conn_desc d;
	struct ms_why why = { "" };
	struct conn *c = NULL;

	if (!ms_conn_desc_defaults(&d))
		abort();
	set(&d.name, w->name);
	set(&d.left.host, w->left);
	set(&d.right.host, w->right);
	set(&d.left.subnet, w->leftsubnet);
	set(&d.right.subnet, w->rightsubnet);
	set(&d.left.id, w->leftid);
	set(&d.right.id, w->rightid);
	set(&d.left.pubkey, w->leftkey);
	set(&d.right.pubkey, w->rightkey);
	set(&d.ike, w->ike);
	set(&d.esp, w->esp);
	d.authby = w->authby ? w->authby : MS_AUTH_PSK;
	d.type = w->type;
	d.encapsulation = w->encapsulation ? w->encapsulation : MS_AUTO;
	if (w->fragmentation)
		d.fragmentation = w->fragmentation;
	if (w->no_fragmentation)
		d.fragmentation = MS_FRAGMENTATION_NO;
	d.keyingtries = w->keyingtries ? w->keyingtries : 1;
	d.ike_lifetime_ms = w->ike_lifetime_ms;
	d.ipsec_lifetime_ms = w->ipsec_lifetime_ms;
	d.rekey_margin_ms = 9000;
	d.dpd_delay_ms = w->dpd_delay_ms;
	d.retransmit_interval_ms = 500;
	d.retransmit_timeout_ms = 30000;
	d.rekey = !w->no_rekey;
	d.pfs = w->pfs;
	if (w->more)
		w->more(&d);
	if (conn_add(n->conns, &d, &c, &why) ||
		conn_orient(n->conns, c, is_local, n, NULL, NULL, &why)) {
		fprintf(stderr, "%s: connection refused: %s\n", n->name, why.text);
		abort();
	}
	ms_conn_desc_free(&d);
	return c;
}

/* --- looking -----------------------------------------------------------------------------------
 */

unsigned sim_states(const struct sim_node *n)
{
	unsigned count = 0;

	for (struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike))
		count++;
	return count;
}

unsigned sim_ikes(const struct sim_node *n)
{
	unsigned count = 0;

	for (struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike)) {
		struct ike_info info;

		ike_info(ike, &info);
		count += info.established && info.state != IKE_DELETING;
	}
	return count;
}

unsigned sim_children(const struct sim_node *n)
{
	unsigned count = 0;

	for (struct ike_sa *ike = ike_first(n->ike); ike; ike = ike_next(ike))
		for (struct child_sa *c = ike_first_child(ike); c; c = c->next)
			count += c->state == CHILD_ESTABLISHED;
	return count;
}

unsigned sim_sas(const struct sim_node *n)
{
	unsigned count = 0;

	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next)
		count++;
	return count;
}

static bool has_twin(const struct sim_node *n, const struct sim_sa *sa)
{
	for (const struct sim_sa *o = n->sas; o; o = o->next) {
		if (o->said.spi != sa->said.spi || o->inbound == sa->inbound || o->larval)
			continue;
		return o->encr == sa->encr && o->encr_bits == sa->encr_bits &&
		       o->integ == sa->integ && o->esn == sa->esn && o->tunnel == sa->tunnel &&
		       o->encr_octets == sa->encr_octets && o->integ_octets == sa->integ_octets &&
		       memcmp(o->key, sa->key, sa->encr_octets + sa->integ_octets) == 0 &&
		       ms_selector_eq(&o->sel_src, &sa->sel_src) &&
		       ms_selector_eq(&o->sel_dst, &sa->sel_dst) &&
		       (o->encap_dst != 0) == (sa->encap_dst != 0);
	}
	return false;
}

static bool all_have_twins(const struct sim_node *a, const struct sim_node *b)
{
	for (const struct sim_sa *sa = a->sas; sa; sa = sa->next)
		if (sa->larval || sa->encr_octets == 0 || !has_twin(b, sa))
			return false;
	return true;
}

bool sim_agree(const struct sim_node *a, const struct sim_node *b)
{
	return sim_sas(a) == sim_sas(b) && sim_ikes(a) == sim_ikes(b) &&
	       sim_children(a) == sim_children(b) && all_have_twins(a, b) && all_have_twins(b, a);
}

bool sim_said(const struct sim_node *n, int code, const char *part)
{
	unsigned count = n->n_lines < SIM_LINES ? n->n_lines : SIM_LINES;

	for (unsigned i = 0; i < count; i++)
		if (n->lines[i].code == code && strstr(n->lines[i].text, part))
			return true;
	return false;
}

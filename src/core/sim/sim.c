/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ikev2/ikev2.h"
#include "core/sim/sim_priv.h"

#include <modswan/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sim_verbose;

/* --- world -------------------------------------------------------------------------------------
 */

struct sim *sim_new(uint64_t seed)
{
	struct sim *s = calloc(1, sizeof(*s));

	s->random = seed * 0x9e3779b97f4a7c15 + 1;
	s->now = 1000000;
	s->latency_ms = 5;
	sim_verbose = sim_verbose || getenv("SIM_VERBOSE");
	return s;
}

void sim_halt(struct sim_node *n, bool politely)
{
	if (!n->ike)
		return;
	/* Answers that are on their way must come before an engine goes. */
	n->down = !politely;
	ike_shutdown(n->ike);
	n->down = true;
	sim_answer_all(n->sim, n);
	sim_cover_engine(n, n->sim->seen);
	ike_engine_free(&n->ike);
	conn_names_free(&n->names);
	route_free(&n->route);
	conn_table_free(&n->conns);
	sim_kernel_clear(n);
	n->deadline = UINT64_MAX;
}

void sim_free(struct sim **sp)
{
	struct sim *s = *sp;

	if (!s)
		return;
	for (unsigned i = 0; i < s->n_nodes; i++) {
		sim_halt(s->nodes[i], false);
		free(s->nodes[i]);
	}
	sim_forget_events(s);
	free(s);
	*sp = NULL;
}

/* --- routing -------------------------------------------------------------------------------- */

static ms_err initiate(void *ctx, struct conn *c, struct ms_why *why)
{
	return ike_initiate(((struct sim_node *)ctx)->ike, c, why);
}

static void terminate(void *ctx, struct conn *c)
{
	ike_terminate_conn(((struct sim_node *)ctx)->ike, c);
}

static void probe(void *ctx, struct conn *c)
{
	ike_probe_conn(((struct sim_node *)ctx)->ike, c);
}

static void route_deadline_changed(void *ctx, uint64_t at_ms)
{
	(void)at_ms;
	sim_set_timer(ctx);
}

/* Each change of routing is followed by a look at the invariants. */
static void route_changed(void *ctx, struct conn *c)
{
	struct sim_node *n = ctx;
	const struct sim_watch *w = &n->sim->watch;
	struct ms_why why = { "" };

	(void)c;
	if (n->route && w->routing && !route_check(n->route, &why))
		w->routing(w->arg, n, &why);
}

void sim_route(struct sim_node *n)
{
	n->env.initiate = initiate;
	n->env.terminate = terminate;
	n->env.probe = probe;
	n->env.deadline = route_deadline_changed;
	n->env.changed = route_changed;
	n->env.conns = n->conns;
	n->env.ctx = n;
	n->route = route_new(&n->host, &n->env);
}

void sim_hook(void *ctx, struct conn *c, const struct ms_hook_event *event, ms_hook_done_f *done,
	void *arg)
{
	(void)ctx;
	(void)c;
	(void)event;
	done(arg, MS_OK, NULL);
}

void sim_boot(struct sim_node *n)
{
	uint64_t seed[2] = { n->sim->random, n->number };

	n->down = false;
	n->conns = conn_table_new(seed);
	n->params.v2 = &ikev2;
	n->ike = ike_engine_new(&n->host, n->conns, &n->params);
	if (n->env.hook)
		sim_route(n);
	if (n->resolver)
		sim_names(n);
	if (!n->conns || !n->ike || (n->env.hook && !n->route))
		abort();
}

struct sim_node *sim_node(
	struct sim *s, const char *name, const char *addr, const struct ike_params *params)
{
	struct sim_node *n = calloc(1, sizeof(*n));

	if (s->n_nodes == SIM_NODES)
		abort();
	s->nodes[s->n_nodes++] = n;
	n->sim = s;
	n->name = name;
	n->number = s->n_nodes;
	n->deadline = n->timer_at = UINT64_MAX;
	n->fail_kernel_op = -1;
	n->next_spi = 0x1000 * s->n_nodes;
	n->psk = ms_bytes("a shared secret of the tests", 28);
	if (ms_addr_parse(&n->addr, addr, strlen(addr), 0, MS_TEXT_NUMERIC, NULL))
		abort();
	n->home = n->addr;
	n->host.ops = &sim_host_ops;
	n->host.ctx = n;
	n->params = params ? *params : (struct ike_params){ .port = 500 };
	sim_boot(n);
	return n;
}

static char *dup(const char *text)
{
	return text ? strdup(text) : NULL;
}

bool sim_is_local(void *arg, const struct ms_addr *a)
{
	const struct sim_node *n = arg;

	return ms_addr_eq(a, &n->addr) || ms_addr_eq(a, &n->home);
}

ms_err sim_orient(struct sim_node *n, struct conn *c, struct ms_why *why)
{
	/* It has one, of whatever family. */
	const struct ms_addr src[2] = { n->addr, n->addr };

	return conn_orient(n->conns, c, sim_is_local, n, src, NULL, why);
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
	d.keyingtries = w->forever ? 0 : w->keyingtries ? w->keyingtries : 1;
	d.ike_lifetime_ms = w->ike_lifetime_ms;
	d.ipsec_lifetime_ms = w->ipsec_lifetime_ms;
	d.rekey_margin_ms = w->rekey_margin_ms ? w->rekey_margin_ms : 9000;
	d.dpd_delay_ms = w->dpd_delay_ms;
	d.retransmit_interval_ms = 500;
	d.retransmit_timeout_ms = w->retransmit_timeout_ms ? w->retransmit_timeout_ms : 30000;
	d.rekey = !w->no_rekey;
	d.pfs = w->pfs;
	if (w->more)
		w->more(&d);
	if (w->tune)
		w->tune(&d, w->arg);
	if (conn_add(n->conns, &d, &c, &why) || (sim_orient(n, c, &why) && !conn_has_name(c))) {
		fprintf(stderr, "%s: connection refused: %s\n", n->name, why.text);
		abort();
	}
	ms_conn_desc_free(&d);
	if (n->names && conn_has_name(c))
		conn_names_watch(n->names, c);
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
		       o->cpi == sa->cpi &&
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
		if (sa->larval || sa->encr_octets + sa->integ_octets == 0 || !has_twin(b, sa))
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

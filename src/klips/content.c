/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may come out of an inbound SA.
 *
 * Standards: RFC 4301 s5.2 (check against the selectors), s6.2 (ICMP errors), s7 (fragments).
 */
#include "klips/firsts.h"
#include "klips/icmp_quote.h"
#include "klips/instance.h"
#include "klips/ip.h"
#include "klips/note.h"
#include "klips/sadb.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include <stdlib.h>

/* --- what it is ------------------------------------------------------------------------------- */

static struct sa_content *content_new(unsigned n_src, unsigned n_dst)
{
	struct sa_content *c = calloc(1, sizeof *c + (n_src + n_dst) * sizeof c->selectors[0]);

	if (c != NULL) {
		c->n_src = n_src;
		c->n_dst = n_dst;
	}
	return c;
}

static void content_reclaim(struct rcu_head *head)
{
	free(rcu_reclaim(head, struct sa_content, rcu));
}

static bool all_ports(const struct ms_selector *s)
{
	return s->port_first == 0 && s->port_last == UINT16_MAX;
}

static void content_set(struct klips_sa *sa, struct sa_content *new)
{
	struct sa_content *old = sa->content;
	unsigned i;

	for (i = 0; i < new->n_src + new->n_dst; i++)
		new->upper |= !all_ports(&new->selectors[i]) || new->selectors[i].protocol != 0;
	rcu_put(sa->content, new);
	if (old != NULL)
		rcu_later(&old->rcu, content_reclaim);
}

ms_err sa_set_content(struct klips_sa *sa, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct sa_content *new = content_new(1, 1);

	if (new == NULL)
		return MS_ERR_NOMEM;
	new->selectors[0] = *src;
	new->selectors[1] = *dst;
	content_set(sa, new);
	return MS_OK;
}

ms_err sa_set_selectors(struct klips_sa *sa, struct ms_bytes list)
{
	struct ms_selector s;
	struct sa_content *new;
	unsigned n[2] = { 0, 0 }, at[2], i;
	bool dst;

	for (i = 0; ms_pfkey_selector_get(list, i, &s, &dst); i++)
		n[dst]++;
	if (i * (size_t)MS_PFKEY_SELECTOR_OCTETS != list.len || n[0] == 0 || n[1] == 0)
		return MS_ERR_SYNTAX;
	new = content_new(n[0], n[1]);
	if (new == NULL)
		return MS_ERR_NOMEM;
	at[0] = 0;
	at[1] = n[0];
	for (i = 0; ms_pfkey_selector_get(list, i, &s, &dst); i++)
		new->selectors[at[dst]++] = s;
	content_set(sa, new);
	return MS_OK;
}

/* --- does a packet belong to it? -------------------------------------------------------------- */

/* Protocol and ports are known; the ports cannot be; neither matters. */
enum ports { PORTS_KNOWN, PORTS_OPAQUE, PORTS_ANY };

static bool in_selector(const struct ms_selector *s, const struct ms_addr *a, uint8_t proto,
	uint16_t port, enum ports ports)
{
	if (!ms_range_has(&s->range, a))
		return false;
	if (ports == PORTS_ANY)
		return true;
	if (s->protocol != 0 && s->protocol != proto)
		return false;
	/* RFC 4301 s4.4.1.1: a fragment without ports matches only where all ports do */
	if (ports == PORTS_OPAQUE)
		return all_ports(s);
	return port >= s->port_first && port <= s->port_last;
}

static bool in_any(const struct ms_selector *s, unsigned n, const struct ms_addr *a, uint8_t proto,
	uint16_t port, enum ports ports)
{
	for (; n > 0; n--, s++)
		if (in_selector(s, a, proto, port, ports))
			return true;
	return false;
}

static bool flow_allowed(const struct sa_content *c, const struct flow *f, enum ports ports)
{
	struct ms_addr src = flow_addr(f, f->src), dst = flow_addr(f, f->dst);

	return in_any(c->selectors, c->n_src, &src, f->proto, f->sport, ports)
		&& in_any(c->selectors + c->n_src, c->n_dst, &dst, f->proto, f->dport, ports);
}

static bool whole_allowed(const struct sa_content *c, const uint8_t *data, const struct ip_view *v)
{
	struct flow f;

	ip_flow(data, v, &f);
	if (flow_allowed(c, &f, v->later_fragment ? PORTS_OPAQUE : PORTS_KNOWN))
		return true;
	return icmp_quoted_flow(data, v, &f) && flow_allowed(c, &f, PORTS_KNOWN);
}

bool content_allowed(const struct klips_sa *sa, const uint8_t *data, const struct ip_view *v)
{
	const struct sa_content *c = rcu_get(sa->content);

	return c == NULL || whole_allowed(c, data, v);
}

/* --- fragments: RFC 4301 s7.3 ----------------------------------------------------------------- */

/* What waited for this one shares its fate. */
static void release(struct klips_worker *w, struct held *waited, bool allowed)
{
	struct held *h, *next;

	for (h = waited; h != NULL; h = next) {
		next = h->next;
		h->arrived = true;
		if (allowed)
			continue;
		count(&w->counters, KC_IN_POLICY, 1);
		free(h);
	}
	if (waited != NULL && allowed)
		worker_inject(w, waited);
}

static bool first_allowed(struct klips_worker *w, const struct sa_content *c,
	const struct fragment_of *of)
{
	struct held *waited;
	struct flow f;
	bool allowed;

	ip_flow(of->data, of->v, &f);
	allowed = flow_allowed(c, &f, PORTS_KNOWN);
	waited = firsts_put(w, of, &f);
	release(w, waited, allowed);
	return allowed;
}

/* False and not dead: it is refused. */
static bool later_allowed(struct klips_worker *w, const struct sa_content *c,
	const struct fragment_of *of, struct pkt *p)
{
	struct flow f;

	ip_flow(of->data, of->v, &f);
	if (firsts_get(w, of, &f))
		return flow_allowed(c, &f, PORTS_KNOWN);
	if (flow_allowed(c, &f, PORTS_OPAQUE))
		return true;
	if (ip_ports_unknown(of->v) && flow_allowed(c, &f, PORTS_ANY))
		firsts_wait(w, of, p, p->device);
	return false;
}

bool content_takes(struct klips_worker *w, const struct klips_sa *sa, struct pkt *p,
	const struct ip_view *v)
{
	const struct sa_content *c = rcu_get(sa->content);
	struct fragment_of of = { p->data, v, sa };
	bool allowed;

	if (c == NULL)
		return true;
	/* what is in more transforms is none of ours to wait for */
	if (!v->fragment || !c->upper || rcu_get(sa->inner) != NULL)
		allowed = whole_allowed(c, p->data, v);
	else if (v->later_fragment)
		allowed = later_allowed(w, c, &of, p);
	else
		allowed = first_allowed(w, c, &of);
	if (!allowed && !p->dead)
		pkt_drop(w, p, KC_IN_POLICY);
	return allowed;
}

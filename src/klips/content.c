/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may come out of an inbound SA.
 *
 * Standards: RFC 4301 s5.2 (check against the selectors), s6.2 (ICMP errors), s7 (fragments).
 */
#include "klips/icmp_quote.h"
#include "klips/ip.h"
#include "klips/sadb.h"
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

static void content_set(struct klips_sa *sa, struct sa_content *new)
{
	struct sa_content *old = sa->content;

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

static bool in_selector(const struct ms_selector *s, const struct ms_addr *a, uint8_t proto,
	uint16_t port, bool ports)
{
	if (!ms_range_has(&s->range, a) || (s->protocol != 0 && s->protocol != proto))
		return false;
	/* RFC 4301 s4.4.1.1: a fragment without ports matches only where all ports do */
	if (!ports)
		return s->port_first == 0 && s->port_last == UINT16_MAX;
	return port >= s->port_first && port <= s->port_last;
}

static bool in_any(const struct ms_selector *s, unsigned n, const struct ms_addr *a, uint8_t proto,
	uint16_t port, bool ports)
{
	for (; n > 0; n--, s++)
		if (in_selector(s, a, proto, port, ports))
			return true;
	return false;
}

static bool flow_allowed(const struct sa_content *c, const struct flow *f, bool ports)
{
	struct ms_addr src = flow_addr(f, f->src), dst = flow_addr(f, f->dst);

	return in_any(c->selectors, c->n_src, &src, f->proto, f->sport, ports)
		&& in_any(c->selectors + c->n_src, c->n_dst, &dst, f->proto, f->dport, ports);
}

bool content_allowed(const struct klips_sa *sa, const uint8_t *data, const struct ip_view *v)
{
	const struct sa_content *c = rcu_get(sa->content);
	struct flow f;

	if (c == NULL)
		return true;
	ip_flow(data, v, &f);
	if (flow_allowed(c, &f, !v->later_fragment))
		return true;
	return icmp_quoted_flow(data, v, &f) && flow_allowed(c, &f, true);
}

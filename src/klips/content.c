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

static bool flow_allowed(const struct sa_content *c, const struct flow *f, bool ports)
{
	struct ms_addr src = flow_addr(f, f->src), dst = flow_addr(f, f->dst);

	return in_selector(&c->src, &src, f->proto, f->sport, ports)
		&& in_selector(&c->dst, &dst, f->proto, f->dport, ports);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/conn/group.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PROBLEMS 100

struct merge {
	struct group_change *out;
	const struct group_part *parts;
	size_t cap, left_out;
	bool nomem;
};

/* --- problems ---------------------------------------------------------------------------------- */

MS_PRINTF(2, 3)
static void problem(struct merge *m, const char *fmt, ...)
{
	struct group_change *out = m->out;
	char *text = NULL;
	va_list ap;

	if (out->n_problems >= MAX_PROBLEMS) {
		m->left_out++;
		return;
	}
	if (out->problems == NULL)
		out->problems = calloc(MAX_PROBLEMS + 1, sizeof *out->problems);
	va_start(ap, fmt);
	if (out->problems == NULL || vasprintf(&text, fmt, ap) < 0)
		m->nomem = true;
	else
		out->problems[out->n_problems++] = text;
	va_end(ap);
}

static const char *net_text(const struct ms_selector *s, char buf[MS_SELECTOR_TEXT])
{
	struct ms_subnet net;

	if (s->protocol == 0 && ms_range_to_subnet(&s->range, &net) == MS_OK)
		ms_subnet_text(&net, buf, MS_SELECTOR_TEXT);
	else
		ms_selector_text(s, buf, MS_SELECTOR_TEXT);
	return buf;
}

static void already(struct merge *m, const struct group_rule *r, const struct group_rule *first)
{
	const struct group_part *p = &m->parts[r->part];
	char theirs[MS_SELECTOR_TEXT], mine[MS_SELECTOR_TEXT];

	if (!p->fresh && !m->parts[first->part].fresh)
		return;
	problem(m, "\"%s\" line %u: subnet \"%s\", source %s, already \"%s\"", p->list->file,
		r->line, net_text(&r->theirs, theirs), net_text(&r->mine, mine),
		m->parts[first->part].name);
}

/* --- rules of one line -------------------------------------------------------------------------- */

static void add_rule(struct merge *m, const struct group_rule *rule)
{
	struct group_rules *now = &m->out->now;

	if (now->n == m->cap) {
		size_t cap = m->cap == 0 ? 64 : m->cap * 2;
		struct group_rule *p = reallocarray(now->rule, cap, sizeof *p);

		if (p == NULL) {
			m->nomem = true;
			return;
		}
		now->rule = p;
		m->cap = cap;
	}
	now->rule[now->n++] = *rule;
}

static void next_addr(struct ms_addr *a)
{
	size_t n = ms_addr_octets(a);

	while (n > 0 && ++a->b[n - 1] == 0)
		n--;
}

/* Eroutes know networks: a range becomes the fewest that are the range together. */
static void add_networks(struct merge *m, struct group_rule *rule, const struct ms_range *r)
{
	unsigned total = (unsigned)ms_addr_octets(&r->first) * 8;
	struct ms_addr at = r->first;

	while (!m->nomem) {
		struct ms_subnet net = ms_subnet_host(&at);

		for (unsigned bits = total; bits > 0; bits--) {
			struct ms_subnet wider = ms_subnet_make(&at, bits - 1);
			struct ms_addr last = ms_subnet_last(&wider);

			if (!ms_addr_eq(&wider.net, &at) || ms_addr_cmp(&last, &r->last) > 0)
				break;
			net = wider;
		}
		rule->theirs.range = ms_range_of_subnet(&net);
		add_rule(m, rule);
		at = rule->theirs.range.last;
		if (ms_addr_eq(&at, &r->last))
			return;
		next_addr(&at);
	}
}

static void set_port(struct ms_selector *s, uint8_t protocol, uint16_t port)
{
	s->protocol = protocol;
	s->port_first = port;
	s->port_last = port != 0 ? port : 65535;
}

static void add_entry(struct merge *m, uint32_t part, const struct ms_policy_entry *e)
{
	const struct group_part *p = &m->parts[part];
	bool any = false;

	for (unsigned i = 0; i < p->n_clients; i++) {
		const struct group_client *c = &p->clients[i];
		struct group_rule rule = { .mine = c->mine, .host = c->host, .group = p->serial,
			.part = part, .line = e->line };

		if (c->mine.range.first.family != e->peers.first.family)
			continue;
		any = true;
		if (e->protocol != 0)
			set_port(&rule.mine, e->protocol, e->local_port);
		set_port(&rule.theirs, rule.mine.protocol, e->peer_port);
		add_networks(m, &rule, &e->peers);
	}
	if (!any && p->fresh)
		problem(m, "\"%s\" line %u: \"%s\" has no %s address or network of ours",
			p->list->file, e->line, p->name,
			e->peers.first.family == AF_INET6 ? "IPv6" : "IPv4");
}

/* --- all of them --------------------------------------------------------------------------------- */

static int compare_selectors(const struct ms_selector *a, const struct ms_selector *b)
{
	int order = ms_addr_cmp(&a->range.first, &b->range.first);

	if (order == 0)
		order = ms_addr_cmp(&a->range.last, &b->range.last);
	if (order == 0)
		order = (int)a->protocol - b->protocol;
	if (order == 0)
		order = (int)a->port_first - b->port_first;
	return order != 0 ? order : (int)a->port_last - b->port_last;
}

static int compare_pairs(const struct group_rule *a, const struct group_rule *b)
{
	int order = compare_selectors(&a->mine, &b->mine);

	return order != 0 ? order : compare_selectors(&a->theirs, &b->theirs);
}

static int compare_rules(const void *x, const void *y)
{
	const struct group_rule *a = x, *b = y;
	int order = compare_pairs(a, b);

	if (order == 0 && a->part != b->part)
		order = a->part < b->part ? -1 : 1;
	if (order == 0 && a->line != b->line)
		order = a->line < b->line ? -1 : 1;
	return order;
}

static void leave_out_twins(struct merge *m)
{
	struct group_rules *now = &m->out->now;
	size_t kept = 0;

	for (size_t i = 0; i < now->n; i++) {
		if (kept > 0 && compare_pairs(&now->rule[kept - 1], &now->rule[i]) == 0)
			already(m, &now->rule[i], &now->rule[kept - 1]);
		else
			now->rule[kept++] = now->rule[i];
	}
	now->n = kept;
}

/* Nothing can fail any more: members change hands. */
static void hand_over(struct group_change *out, struct group_rules *before)
{
	size_t k = 0;

	for (size_t i = 0; i < before->n; i++) {
		struct group_rule *old = &before->rule[i], *now;

		while (k < out->now.n && compare_pairs(&out->now.rule[k], old) < 0)
			k++;
		now = k < out->now.n ? &out->now.rule[k] : NULL;
		if (old->member == NULL)
			continue;
		if (now != NULL && compare_pairs(now, old) == 0 && now->group == old->group &&
			ms_addr_eq(&now->host, &old->host))
			now->member = old->member;
		else
			out->gone[out->n_gone++] = old->member;
	}
	group_rules_free(before);
}

ms_err group_merge(struct group_change *out, const struct group_part *parts, unsigned n_parts,
	struct group_rules *before)
{
	struct merge m = { .out = out, .parts = parts };

	memset(out, 0, sizeof *out);
	for (uint32_t i = 0; i < n_parts; i++)
		for (size_t k = 0; k < parts[i].list->n_entries && !m.nomem; k++)
			add_entry(&m, i, &parts[i].list->entries[k]);
	if (out->now.n > 0)
		qsort(out->now.rule, out->now.n, sizeof *out->now.rule, compare_rules);
	leave_out_twins(&m);
	if (m.left_out > 0 && !m.nomem) {
		size_t more = m.left_out + 1;

		free(out->problems[--out->n_problems]);
		problem(&m, "and %zu lines more that are not heeded", more);
	}
	out->gone = calloc(before->n + 1, sizeof(struct conn *));
	if (m.nomem || out->gone == NULL) {
		group_change_free(out);
		return MS_ERR_NOMEM;
	}
	hand_over(out, before);
	return MS_OK;
}

void group_rules_free(struct group_rules *r)
{
	free(r->rule);
	r->rule = NULL;
	r->n = 0;
}

void group_change_free(struct group_change *c)
{
	for (size_t i = 0; i < c->n_problems; i++)
		free(c->problems[i]);
	free(c->problems);
	free(c->gone);
	group_rules_free(&c->now);
	memset(c, 0, sizeof *c);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ruleset.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { IKE_PORT = 500, NAT_PORT = 4500 };

void ruleset_init(struct ruleset *r, const char *rundir)
{
	char *p;

	memset(r, 0, sizeof *r);
	snprintf(r->table, sizeof r->table, "modswan_guard%s", rundir);
	for (p = r->table; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *p) == NULL)
			*p = '_';
}

static void guarded_free(struct guarded *g)
{
	free(g->connection);
	free(g);
}

void ruleset_clear(struct ruleset *r)
{
	while (r->first != NULL) {
		struct guarded *g = r->first;

		r->first = g->next;
		guarded_free(g);
	}
	r->n = 0;
}

static bool selector_eq(const struct ms_selector *a, const struct ms_selector *b)
{
	return ms_range_eq(&a->range, &b->range) && a->protocol == b->protocol
		&& a->port_first == b->port_first && a->port_last == b->port_last;
}

static struct guarded **find(struct ruleset *r, const struct ms_hook_event *e)
{
	struct guarded **at = &r->first;

	while (*at != NULL && (strcmp((*at)->connection, e->connection) != 0
		|| !selector_eq(&(*at)->mine, &e->my_client)
		|| !selector_eq(&(*at)->theirs, &e->peer_client)))
		at = &(*at)->next;
	return at;
}

bool ruleset_add(struct ruleset *r, const struct ms_hook_event *e)
{
	struct guarded **at = find(r, e), *g = *at;

	r->ports[0] = e->ike_port == IKE_PORT ? 0 : e->ike_port;
	r->ports[1] = e->nat_port == NAT_PORT ? 0 : e->nat_port;

	if (g == NULL) {
		g = calloc(1, sizeof *g);
		if (g == NULL || (g->connection = strdup(e->connection)) == NULL) {
			free(g);
			return false;
		}
		*at = g;
		r->n++;
	}
	snprintf(g->interface, sizeof g->interface, "%s", e->interface);
	g->mine = e->my_client;
	g->theirs = e->peer_client;
	return true;
}

void ruleset_remove(struct ruleset *r, const struct ms_hook_event *e)
{
	struct guarded **at = find(r, e), *g = *at;

	if (g == NULL)
		return;
	*at = g->next;
	r->n--;
	guarded_free(g);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void put_range(FILE *out, const char *what, const struct ms_selector *s)
{
	char first[MS_ADDR_TEXT], last[MS_ADDR_TEXT];
	const struct ms_range *r = &s->range;

	ms_addr_text(&r->first, first, sizeof first);
	ms_addr_text(&r->last, last, sizeof last);
	fprintf(out, " %s %s %s", r->first.family == AF_INET6 ? "ip6" : "ip", what, first);
	if (!ms_addr_eq(&r->first, &r->last))
		fprintf(out, "-%s", last);
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static void put_ports(FILE *out, const char *what, const struct ms_selector *s)
{
	if (!has_ports(s->protocol) || (s->port_first == 0 && s->port_last == UINT16_MAX))
		return;
	fprintf(out, " th %s %u-%u", what, s->port_first, s->port_last);
}

/* What comes from the peer's side to ours by another device than the tunnel's was not protected. */
static void put_rule(FILE *out, const struct guarded *g)
{
	fprintf(out, "\t\tiifname != { \"%s\", \"lo\" }", g->interface);
	put_range(out, "saddr", &g->theirs);
	put_range(out, "daddr", &g->mine);
	if (g->theirs.protocol != 0)
		fprintf(out, " meta l4proto %u", g->theirs.protocol);
	put_ports(out, "sport", &g->theirs);
	put_ports(out, "dport", &g->mine);
	fputs(" counter drop\n", out);
}

void ruleset_write(const struct ruleset *r, FILE *out)
{
	const struct guarded *g;
	unsigned i;

	/* made, so that it can be deleted whether it was there or not */
	fprintf(out, "table inet %s\ndelete table inet %s\n", r->table, r->table);
	if (r->first == NULL)
		return;
	fprintf(out, "table inet %s {\n\tchain arriving {\n"
		"\t\ttype filter hook prerouting priority raw; policy accept;\n"
		"\t\t# IPsec itself, and IKE, between hosts that are guarded themselves\n"
		"\t\tmeta l4proto { esp, ah, comp } accept\n"
		"\t\tudp dport { 500, 4500 } accept\n"
		"\t\tudp sport { 500, 4500 } accept\n", r->table);
	for (i = 0; i < 2; i++)
		if (r->ports[i] != 0)
			fprintf(out, "\t\tudp dport %u accept\n\t\tudp sport %u accept\n",
				r->ports[i], r->ports[i]);
	/* neighbours are found in the clear (RFC 4301 s4.4.1, RFC 4861) */
	fputs("\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, "
		"nd-router-advert } accept\n", out);
	for (g = r->first; g != NULL; g = g->next)
		if (g->mine.range.first.family == g->theirs.range.first.family)
			put_rule(out, g);
	fputs("\t}\n}\n", out);
}

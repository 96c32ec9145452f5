/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why: what decides about a packet, step by step.
 *
 * Here stand the steps that pluto knows: whose packet it is, which connections cover it, which of
 * them is the closest and what state that is in, and what the DNS says of the other end.  `ipsec why`
 * adds the eroute, which klips knows.  Every connection is looked at: this is for people.
 */
#include "core/control/control_priv.h"
#include "core/creds/gateway.h"
#include "core/route/groups.h"

#include <modswan/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SHOWN 16

struct cover {
	const struct conn *conn;
	unsigned mine, theirs; /* which of its clients */
	unsigned score;
};

/* KLIPS' order: the longer source prefix first, then the destination's, then protocol and ports. */
static unsigned closeness(const struct ms_selector *s, const struct ms_selector *d)
{
	struct ms_subnet src, dst;
	unsigned score = 1;

	if (ms_range_to_subnet(&s->range, &src) == MS_OK)
		score += src.bits * 4096u;
	if (ms_range_to_subnet(&d->range, &dst) == MS_OK)
		score += dst.bits * 8u;
	score += (s->protocol != 0) * 4u;
	score += (s->port_first == s->port_last) * 2u;
	return score + (d->port_first == d->port_last);
}

/* The closest ones, best first; returns how many there are in all. */
static unsigned covers(const struct daemon *d, const struct ms_selector *src,
	const struct ms_selector *dst, struct cover *out, unsigned *n_out)
{
	unsigned all = 0, n = 0;

	for (const struct conn *c = conn_first(d->conns); c != NULL; c = c->all_next)
		for (unsigned i = 0; !c->group && c->oriented &&
			i < c->local.n_clients * c->remote.n_clients; i++) {
			struct cover w = { c, i / c->remote.n_clients, i % c->remote.n_clients, 0 };
			const struct ms_selector *s = &c->local.clients[w.mine];
			const struct ms_selector *t = &c->remote.clients[w.theirs];
			unsigned at = n;

			if (!ms_selector_contains(s, src) || !ms_selector_contains(t, dst))
				continue;
			all++;
			/* Of two for the same, the one that has the eroute. */
			w.score = closeness(s, t) * 16u + (unsigned)c->routing;
			while (at > 0 && out[at - 1].score < w.score)
				at--;
			if (at == MAX_SHOWN)
				continue;
			n -= n == MAX_SHOWN;
			memmove(&out[at + 1], &out[at], (n - at) * sizeof *out);
			out[at] = w;
			n++;
		}
	*n_out = n;
	return all;
}

static void show_cover(call *c, const struct cover *w)
{
	const struct conn *conn = w->conn;
	char name[256], src[MS_SELECTOR_TEXT], dst[MS_SELECTOR_TEXT], where[512];
	const char *file = conn->desc->source;
	uint32_t line;

	conn_name_text(conn, name, sizeof name);
	ms_selector_text(&conn->local.clients[w->mine], src, sizeof src);
	ms_selector_text(&conn->remote.clients[w->theirs], dst, sizeof dst);
	snprintf(where, sizeof where, "%s", file == NULL ? "whack" : file);
	if (groups_source(c->d->groups, conn, &file, &line))
		snprintf(where, sizeof where, "%s:%u", file, line);
	call_line(c, MS_RC_COMMENT, "    %s: %s -> %s; %s; from %s", name, src, dst,
		route_state_name(conn->routing), where);
}

static const char *const shunt_meanings[] = { [MS_SHUNT_PASS] = "packets pass in clear",
	[MS_SHUNT_DROP] = "packets are discarded", [MS_SHUNT_REJECT] = "packets are refused with ICMP",
	[MS_SHUNT_TRAP] = "a packet makes it negotiate",
	[MS_SHUNT_HOLD] = "packets wait, it is being negotiated" };

static const char *meaning(const struct conn *c, const struct route_fate *fate)
{
	if (fate->owner != c)
		return "it is not routed: its packets are not led to the IPsec device for its sake";
	if (fate->shunt == MS_SHUNT_NONE)
		return c->remote.id.type == MS_ID_NULL ?
			"packets go through its tunnel; the peer is not authenticated" :
			"packets go through its tunnel";
	if (fate->shunt == MS_SHUNT_TRAP && c->opportunistic && c->remote.auth == MS_AUTH_NULL)
		return "a packet makes it negotiate with its destination, which has to prove nothing";
	if (fate->shunt == MS_SHUNT_TRAP && c->opportunistic)
		return c->remote.auth & MS_AUTH_NULL ?
			"a packet asks the DNS who speaks for its destination; if nobody, it makes "
			"it negotiate with its destination, which has to prove nothing" :
			"a packet asks the DNS who speaks for its destination";
	return shunt_meanings[fate->shunt];
}

/* A shunt that belongs to no connection stands above them. */
static void show_shunt(call *c, const struct route_fate *fate)
{
	uint64_t now = c->d->host.ops->now_ms(c->d);
	char rest[48] = "";

	if (fate->until_ms != UINT64_MAX)
		snprintf(rest, sizeof rest, ", for %llu s more",
			(unsigned long long)(fate->until_ms > now ? fate->until_ms - now : 0) / 1000);
	call_line(c, MS_RC_COMMENT, "a shunt (%s%s) decides: %s", fate->why, rest,
		fate->shunt == MS_SHUNT_HOLD ? "packets wait, a negotiation is under way" :
					       shunt_meanings[fate->shunt]);
}

/* --- the DNS -------------------------------------------------------------------------------------- */

static const struct ms_provider *creds_source(void *arg, unsigned i)
{
	return daemon_provider(arg, MS_ROLE_CREDS, i);
}

static void dns_answer(void *arg, ms_err err, const struct ms_gateway *gateways, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	static const char *const status[] = { [MS_DNS_BOGUS] = "bogus",
		[MS_DNS_INSECURE] = "not signed", [MS_DNS_SECURE] = "signed and good" };
	call *c = arg;

	if (err != MS_OK)
		call_line(c, MS_RC_COMMENT, "the DNS: %s", ms_why_text(why, err));
	for (unsigned i = 0; err == MS_OK && i < n; i++) {
		char id[MS_ID_TEXT];

		ms_id_text(&gateways[i].id, id, sizeof id);
		call_line(c, MS_RC_COMMENT,
			"the DNS: %s speaks for it (precedence %u, %s record, %u keys, %s, for %u s)", id,
			gateways[i].precedence, gateways[i].source, gateways[i].n_keys,
			status[how->status], how->ttl_s);
	}
	call_done(c, MS_RC_COMMENT);
}

/* False: nobody was asked. */
static bool ask_dns(call *c, const struct conn *template, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	const struct gateway_wish wish =
		opp_source_wish(template, &src->range.first, &dst->range.first);
	struct gateway_query *query;
	struct ms_why why = { "" };
	ms_err err = gateway_ask(creds_source, c->d, &wish, &query, dns_answer, c, &why);

	if (err != MS_OK)
		call_line(c, MS_RC_COMMENT, "the DNS was not asked: %s", ms_why_text(&why, err));
	return err == MS_OK;
}

/* --- the packet ------------------------------------------------------------------------------------- */

static ms_err port_of(const call *c, const char *arg, struct ms_selector *s, struct ms_why *why)
{
	const char *text = call_arg(c, arg);
	uint16_t port;
	ms_err err;

	if (text == NULL)
		return MS_OK;
	err = ms_port_parse(&port, text, strlen(text), s->protocol, MS_TEXT_SERVICES, why);
	if (err == MS_OK && port != 0)
		s->port_first = s->port_last = port;
	return err;
}

ms_err call_packet(const call *c, struct ms_selector *src, struct ms_selector *dst,
	struct ms_why *why)
{
	const char *protocol = call_arg(c, "protocol");
	struct ms_selector *const ends[] = { src, dst };
	static const char *const names[] = { "src", "dst" }, *const ports[] = { "sport", "dport" };
	ms_err err = MS_OK;

	for (unsigned i = 0; err == MS_OK && i < 2; i++) {
		const char *text = call_arg(c, names[i]);
		struct ms_subnet host;
		struct ms_addr a;

		err = ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, why);
		if (err != MS_OK)
			break;
		host = ms_subnet_host(&a);
		*ends[i] = ms_selector_of_subnet(&host);
		if (protocol != NULL)
			err = ms_protocol_parse(&ends[i]->protocol, protocol, strlen(protocol),
				MS_TEXT_SERVICES, why);
		if (err == MS_OK)
			err = port_of(c, ports[i], ends[i], why);
	}
	if (err == MS_OK && src->range.first.family != dst->range.first.family)
		err = ms_fail(why, MS_ERR_TEXT, "one address is IPv4, the other IPv6");
	return err;
}

/* --- the command ------------------------------------------------------------------------------------- */

/* Whose trap it was that led, or would lead, to what there is; NULL: no opportunism. */
static const struct conn *template_of(const struct conn *c)
{
	if (!c->opportunistic)
		c = c->template;
	/* Without authentication there is nothing to ask. */
	return c != NULL && c->opportunistic && c->remote.auth != MS_AUTH_NULL ? c : NULL;
}

/* The one that is routed and closest; what is not routed has no say, unless nothing is. */
static const struct conn *decider(const struct route_fate *fate, const struct cover *found,
	unsigned n)
{
	unsigned i = 0;

	if (fate->owner != NULL)
		return fate->owner;
	while (i < n && found[i].conn->routing == RT_UNROUTED)
		i++;
	return found[i < n ? i : 0].conn;
}

void cmd_why(call *c)
{
	struct ms_selector src, dst;
	struct cover found[MAX_SHOWN + 1];
	struct route_fate fate = { MS_SHUNT_NONE, NULL, NULL, UINT64_MAX };
	char text[2][MS_SELECTOR_TEXT], name[256];
	const struct conn *conn;
	struct ms_why why = { "" };
	unsigned n, all;
	ms_err err = call_packet(c, &src, &dst, &why);

	if (err != MS_OK) {
		call_fail(c, err, &why);
		return;
	}
	ms_selector_text(&src, text[0], sizeof text[0]);
	ms_selector_text(&dst, text[1], sizeof text[1]);
	call_line(c, MS_RC_COMMENT, "packet %s -> %s", text[0], text[1]);
	call_line(c, MS_RC_COMMENT, "its source is %s",
		daemon_is_local(c->d, &src.range.first) ? "an address of this host"
							 : "not this host: it is forwarded");
	all = covers(c->d, &src, &dst, found, &n);
	(void)route_fate(c->d->route, &src, &dst, &fate);
	if (all == 0)
		call_line(c, MS_RC_COMMENT, "no connection and no group covers it");
	else
		call_line(c, MS_RC_COMMENT, "covered by %u, the closest first:", all);
	for (unsigned i = 0; i < n; i++)
		show_cover(c, &found[i]);
	if (fate.why != NULL)
		show_shunt(c, &fate);
	conn = all == 0 ? NULL : decider(&fate, found, n);
	if (conn != NULL && fate.why == NULL) {
		conn_name_text(conn, name, sizeof name);
		call_line(c, MS_RC_COMMENT, "%s decides: %s%s", name,
			conn->routing == RT_ROUTED_FAILURE ? "negotiation failed, " : "",
			meaning(conn, &fate));
	}
	conn = conn == NULL ? NULL : template_of(conn);
	if (conn == NULL || !ask_dns(c, conn, &src, &dst))
		call_done(c, MS_RC_COMMENT);
}

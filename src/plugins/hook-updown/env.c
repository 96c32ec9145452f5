/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of an updown script.
 *
 * Names and meanings are the family's, interface version 2.0.  What a peer said (its identity, its
 * networks) reaches the script as a value here and nowhere else, so no shell ever reads it as words
 * of its own; control characters are written as \ooo.
 */
#include "updown.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

struct env {
	char **list;
	size_t n, cap;
	bool bad; /* out of memory */
};

void updown_env_free(char ***env)
{
	if (*env == NULL)
		return;
	for (char **s = *env; *s != NULL; s++)
		free(*s);
	free(*env);
	*env = NULL;
}

static void put_string(struct env *e, char *s)
{
	if (e->n + 2 > e->cap) {
		size_t cap = e->cap == 0 ? 128 : e->cap * 2;
		char **grown = realloc(e->list, cap * sizeof *grown);

		if (grown == NULL) {
			e->bad = true;
			free(s);
			return;
		}
		e->list = grown;
		e->cap = cap;
	}
	e->bad = e->bad || s == NULL;
	if (s != NULL)
		e->list[e->n++] = s;
	e->list[e->n] = NULL;
}

static void put(struct env *e, const char *fmt, ...) MS_PRINTF(2, 3);

static void put(struct env *e, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	put_string(e, s);
}

/* A value from outside. */
static void put_text(struct env *e, const char *name, const char *value)
{
	size_t len = value == NULL ? 0 : strlen(value), n;
	char *s = malloc(strlen(name) + 1 + 4 * len + 1);

	if (s != NULL) {
		n = (size_t)sprintf(s, "%s=", name);
		for (size_t i = 0; i < len; i++) {
			unsigned char c = (unsigned char)value[i];

			if (c < ' ' || c == 0x7f)
				n += (size_t)sprintf(s + n, "\\%03o", c);
			else
				s[n++] = (char)c;
		}
		s[n] = '\0';
	}
	put_string(e, s);
}

static void put_addr(struct env *e, const char *name, const struct ms_addr *a)
{
	char text[MS_ADDR_TEXT] = "";

	if (a->family != 0)
		ms_addr_text(a, text, sizeof text);
	put(e, "%s=%s", name, text);
}

/* --- one end's client ---------------------------------------------------------------------------
 */

/* The largest network that starts at `first` and ends not behind `last`. */
static struct ms_subnet first_network(const struct ms_addr *first, const struct ms_addr *last)
{
	unsigned all = (unsigned)ms_addr_octets(first) * 8, bits = all;
	struct ms_subnet net = ms_subnet_make(first, all);

	while (bits > 0) {
		struct ms_subnet wider = ms_subnet_make(first, bits - 1);
		struct ms_addr end = ms_subnet_last(&wider);

		if (!ms_addr_eq(&wider.net, first) || ms_addr_cmp(&end, last) > 0)
			break;
		net = wider;
		bits--;
	}
	return net;
}

/* False when there is none behind it. */
static bool next_addr(struct ms_addr *a)
{
	for (size_t i = ms_addr_octets(a); i-- > 0;)
		if (++a->b[i] != 0)
			return true;
	return false;
}

char *updown_networks(const struct ms_range *range)
{
	struct ms_addr at = range->first, end;
	char *list = strdup(""), *longer, text[MS_SUBNET_TEXT];
	struct ms_subnet net;

	do {
		net = first_network(&at, &range->last);
		end = ms_subnet_last(&net);
		ms_subnet_text(&net, text, sizeof text);
		if (list == NULL ||
			asprintf(&longer, "%s%s%s", list, list[0] != '\0' ? " " : "", text) < 0) {
			free(list);
			return NULL;
		}
		free(list);
		list = longer;
		at = end;
	} while (ms_addr_cmp(&end, &range->last) < 0 && next_addr(&at));
	return list;
}

/* 0: any; one port; or FIRST-LAST. */
static void put_port(struct env *e, const char *who, const struct ms_selector *s)
{
	if (s->port_first == 0 && s->port_last == 65535)
		put(e, "PLUTO_%s_PORT=0", who);
	else if (s->port_first == s->port_last)
		put(e, "PLUTO_%s_PORT=%u", who, s->port_first);
	else
		put(e, "PLUTO_%s_PORT=%u-%u", who, s->port_first, s->port_last);
}

static void put_client(struct env *e, const char *who, const struct ms_selector *s)
{
	struct ms_subnet net;
	struct ms_addr mask = { 0 };
	char text[MS_RANGE_TEXT];
	char *networks = updown_networks(&s->range);

	if (ms_range_to_subnet(&s->range, &net) == MS_OK) {
		mask = ms_subnet_mask(&net);
		ms_subnet_text(&net, text, sizeof text);
	} else {
		ms_range_text(&s->range, text, sizeof text);
	}
	put(e, "PLUTO_%s_CLIENT=%s", who, text);
	ms_addr_text(&s->range.first, text, sizeof text);
	put(e, "PLUTO_%s_CLIENT_NET=%s", who, text);
	text[0] = '\0';
	if (mask.family != 0)
		ms_addr_text(&mask, text, sizeof text);
	put(e, "PLUTO_%s_CLIENT_MASK=%s", who, text);
	/* ours: the same as networks, one or several, also when it is no single one */
	put(e, "PLUTO_%s_CLIENT_NETWORKS=%s", who, networks != NULL ? networks : "");
	e->bad = e->bad || networks == NULL;
	free(networks);
	put_port(e, who, s);
	put(e, "PLUTO_%s_PROTOCOL=%u", who, s->protocol);
}

/* --- all
 * ------------------------------------------------------------------------------------------ */

static bool is_v6(const struct ms_hook_event *event)
{
	return event->my_client.range.first.family == AF_INET6;
}

void updown_verb(const struct ms_hook_event *event, char *buf, size_t size)
{
	static const char *const verbs[] = {
		[MS_HOOK_PREPARE] = "prepare",
		[MS_HOOK_ROUTE] = "route",
		[MS_HOOK_UNROUTE] = "unroute",
		[MS_HOOK_UP] = "up",
		[MS_HOOK_DOWN] = "down",
	};

	snprintf(buf, size, "%s-%s%s", verbs[event->verb], event->client ? "client" : "host",
		is_v6(event) ? "-v6" : "");
}

/* Known in the family, without meaning here so far. */
static const char *const constant[] = { "PLUTO_XAUTH_USERNAME=",
	"PLUTO_SAREF_TRACKING=no", "PLUTO_IS_PEER_CISCO=0", "PLUTO_PEER_BANNER=",
	"PLUTO_NM_CONFIGURED=0", NULL };

static void put_step(struct env *e, const struct ms_hook_event *event)
{
	char verb[UPDOWN_VERB_TEXT];

	updown_verb(event, verb, sizeof verb);
	put(e, "PLUTO_VERSION=2.0");
	put(e, "PLUTO_VERB=%s", verb);
	put_text(e, "PLUTO_CONNECTION", event->connection);
	put_text(e, "PLUTO_INTERFACE", event->interface);
	put_text(e, "PLUTO_STACK", event->stack);
	put_text(e, "PLUTO_PROTO_STACK", event->stack);
	put_addr(
		e, "PLUTO_NEXT_HOP", event->next_hop.family != 0 ? &event->next_hop : &event->peer);
	put_addr(e, "PLUTO_ME", &event->me);
	put_text(e, "PLUTO_MY_ID", event->my_id);
	put_client(e, "MY", &event->my_client);
	put_addr(e, "PLUTO_MY_SOURCEIP", &event->source_ip);
	put_addr(e, "PLUTO_PEER", &event->peer);
	put_text(e, "PLUTO_PEER_ID", event->peer_id);
	put_text(e, "PLUTO_PEER_CA", event->peer_ca);
	put_client(e, "PEER", &event->peer_client);
	put_text(e, "PLUTO_PEER_DNS_INFO", event->dns);
	put_text(e, "PLUTO_PEER_DOMAIN_INFO", event->domains);
	put_text(e, "PLUTO_PEER_SUBNET_INFO", event->subnets);
	/* as older scripts call them */
	put_text(e, "PLUTO_CISCO_DNS_INFO", event->dns);
	put_text(e, "PLUTO_CISCO_DOMAIN_INFO", event->domains);
	put_text(e, "PLUTO_CONN_POLICY", event->policy);
	put(e, "PLUTO_CONN_ADDRFAMILY=%s", is_v6(event) ? "ipv6" : "ipv4");
	put(e, "PLUTO_CONNECTION_TYPE=%s", event->tunnel ? "tunnel" : "transport");
	put(e, "PLUTO_FIREWALL=%s", event->firewall ? "yes" : "no");
	if (event->metric != 0)
		put(e, "PLUTO_METRIC=%u", event->metric);
	else
		put(e, "PLUTO_METRIC=");
	if (event->mtu != 0)
		put(e, "PLUTO_MTU=%u", event->mtu);
	else
		put(e, "PLUTO_MTU=");
	for (unsigned i = 0; constant[i] != NULL; i++)
		put(e, "%s", constant[i]);
}

char **updown_env(const struct ms_hook_event *event)
{
	struct env e = { NULL, 0, 0, false };

	for (char **s = environ; s != NULL && *s != NULL; s++)
		if (strncmp(*s, "PLUTO_", 6) != 0)
			put(&e, "%s", *s);
	put_step(&e, event);
	if (e.bad)
		updown_env_free(&e.list);
	return e.list;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of ipsec_eroute, in the form of the family's manual page: packet count, source, "->",
 * destination, "=>", SAID, and the identities of both ends in parentheses.
 *
 *	1867       172.31.252.0/24:0  -> 0.0.0.0/0:0        => tun0x130@192.168.43.1:0 () ()
 *	125        3049:1::/64        -> 0:0/0              => tun:130@3058:4::5 () ()
 *	12         10.1.0.0/24:0      -> 10.2.0.0/24:25     => %trap:6
 *
 * IPv4 always has its ports and, behind an SA, its protocol.  In IPv6 a zero is left out; a protocol
 * behind an SA has eight full groups before it, so that it is not taken for one of them.  A shunt
 * has identities only when it was given some.
 */
#include "klips/listing.h"

#include "klips/eroute.h"
#include "klips/rcu.h"

#include <modswan/text.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { NET_TEXT = MS_ADDR_TEXT + 12, SAID_TEXT = MS_SAID_TEXT + 16 };

static void net_text(const struct eroute *er, const uint8_t *b, unsigned bits, uint16_t port,
	char *out, size_t size)
{
	struct ms_addr a = flow_addr(&er->key.flow, b);
	bool six = a.family == AF_INET6;
	char addr[MS_ADDR_TEXT], ports[8] = "";

	ms_addr_text(&a, addr, sizeof addr);
	if (!six || port != 0)
		snprintf(ports, sizeof ports, ":%u", port);
	snprintf(out, size, "%s/%u%s", six && bits == 0 ? "0:0" : addr, bits, ports);
}

/* PROTO:SPI@ADDRESS:PROTOCOL */
static void said6_text(const struct ms_said *said, unsigned proto, char *out, size_t size)
{
	char text[MS_SAID_TEXT];
	const uint8_t *b = said->dst.b;
	size_t name;

	ms_said_text(said, 'x', text, sizeof text);
	name = strcspn(text, "@");
	snprintf(out, size, "%.*s@%x:%x:%x:%x:%x:%x:%x:%x:%u", (int)name, text, b[0] << 8 | b[1],
		b[2] << 8 | b[3], b[4] << 8 | b[5], b[6] << 8 | b[7], b[8] << 8 | b[9],
		b[10] << 8 | b[11], b[12] << 8 | b[13], b[14] << 8 | b[15], proto);
}

static void said_text(const struct eroute *er, char *out, size_t size)
{
	unsigned proto = er->key.flow.proto;
	char said[MS_SAID_TEXT];

	ms_said_text(&er->said, 'x', said, sizeof said);
	if (proto == 0 && (er->shunt != MS_SHUNT_NONE || er->said.dst.family == AF_INET6))
		snprintf(out, size, "%s", said);
	else if (er->shunt == MS_SHUNT_NONE && er->said.dst.family == AF_INET6)
		said6_text(&er->said, proto, out, size);
	else
		snprintf(out, size, "%s:%u", said, proto);
}

/* One word: what would not be, as \040, the way of /proc/mounts. */
static void put_identity(struct text *t, const char *id)
{
	text_put(t, " (");
	for (; id != NULL && *id != '\0'; id++)
		text_put(t, isgraph((unsigned char)*id) && strchr("()\\", *id) == NULL ? "%c" : "\\%03o",
			(unsigned char)*id);
	text_put(t, ")");
}

void list_eroute(struct text *t, const struct eroute *er)
{
	const struct flow *f = &er->key.flow;
	char src[NET_TEXT], dst[NET_TEXT], said[SAID_TEXT];

	net_text(er, f->src, er->mask.src, f->sport, src, sizeof src);
	net_text(er, f->dst, er->mask.dst, f->dport, dst, sizeof dst);
	said_text(er, said, sizeof said);
	text_put(t, "%-10" PRIu64 " %-18s -> %-18s => %s", shared_get(er->packets), src, dst, said);
	if (er->shunt == MS_SHUNT_NONE || er->src_id != NULL || er->dst_id != NULL) {
		put_identity(t, er->src_id);
		put_identity(t, er->dst_id);
	}
	text_put(t, "\n");
}

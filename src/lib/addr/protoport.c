/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols, ports, and the two together as protoport= and eroutes write them.
 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "lib/addr/text.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

enum port_use {
	NO_PORTS,
	PORTS, /* source and destination ports */
	TYPES, /* RFC 4301 s4.4.1.1: type and code in the place of ports */
};

/* The first name of a number is the one printed. */
static const struct {
	const char *name;
	uint8_t number;
	enum port_use use;
} protocols[] = {
	{ "icmp", 1, TYPES },
	{ "igmp", 2, NO_PORTS },
	{ "ipip", 4, NO_PORTS },
	{ "ipencap", 4, NO_PORTS },
	{ "tcp", 6, PORTS },
	{ "egp", 8, NO_PORTS },
	{ "udp", 17, PORTS },
	{ "dccp", 33, PORTS },
	{ "ipv6", 41, NO_PORTS },
	{ "rsvp", 46, NO_PORTS },
	{ "gre", 47, NO_PORTS },
	{ "esp", 50, NO_PORTS },
	{ "ah", 51, NO_PORTS },
	{ "icmpv6", 58, TYPES },
	{ "ipv6-icmp", 58, TYPES },
	{ "icmp6", 58, TYPES },
	{ "eigrp", 88, NO_PORTS },
	{ "ospf", 89, NO_PORTS },
	{ "pim", 103, NO_PORTS },
	{ "ipcomp", 108, NO_PORTS },
	{ "vrrp", 112, NO_PORTS },
	{ "l2tp", 115, NO_PORTS },
	{ "sctp", 132, PORTS },
	{ "mh", 135, TYPES },
	{ "mobility-header", 135, TYPES },
	{ "udplite", 136, PORTS },
};

#define PROTOCOLS   (sizeof protocols / sizeof protocols[0])
#define NAME_OCTETS 64 /* no name in protocols(5) or services(5) comes near */

const char *ms_protocol_name(uint8_t protocol)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++) {
		if (protocols[i].number == protocol)
			return protocols[i].name;
	}
	return NULL;
}

bool ms_protocol_has_ports(uint8_t protocol)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++) {
		if (protocols[i].number == protocol)
			return protocols[i].use != NO_PORTS;
	}
	return false;
}

static bool copy_name(char z[NAME_OCTETS], struct ms_slice s)
{
	if (s.len >= NAME_OCTETS)
		return false;
	memcpy(z, s.p, s.len);
	z[s.len] = '\0';
	return true;
}

static bool protocol_lookup(uint8_t *out, struct ms_slice s)
{
	struct protoent entry, *found = NULL;
	char z[NAME_OCTETS], scratch[2048];

	if (!copy_name(z, s) || getprotobyname_r(z, &entry, scratch, sizeof scratch, &found) != 0 ||
		found == NULL || found->p_proto < 0 || found->p_proto > UINT8_MAX)
		return false;
	*out = (uint8_t)found->p_proto;
	return true;
}

ms_err ms_protocol_parse(
	uint8_t *out, const char *text, size_t len, unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len);
	uint64_t n;
	size_t i;
	ms_err err;

	err = ms_text_check(s, "a protocol name or number", why);
	if (err != MS_OK)
		return err;
	if (ms_digit(s.p[0]) <= 9) {
		err = ms_number_parse(&n, s.p, s.len, 0, UINT8_MAX, why);
		if (err != MS_OK) {
			ms_why_prefix(why, "protocol ");
			return err;
		}
		*out = (uint8_t)n;
		return MS_OK;
	}
	if (ms_slice_is(s, "%any") || ms_slice_is(s, "any")) {
		*out = 0;
		return MS_OK;
	}
	for (i = 0; i < PROTOCOLS; i++) {
		if (ms_slice_is(s, protocols[i].name)) {
			*out = protocols[i].number;
			return MS_OK;
		}
	}
	if ((flags & MS_TEXT_SERVICES) != 0 && protocol_lookup(out, s))
		return MS_OK;
	return ms_text_fail(why, MS_ERR_UNKNOWN, s,
		"unknown protocol; a name like tcp or a number 0 to 255 was expected");
}

static bool service_lookup(uint16_t *out, struct ms_slice s, uint8_t protocol)
{
	struct servent entry, *found = NULL;
	char z[NAME_OCTETS], scratch[2048];

	if (!copy_name(z, s) ||
		getservbyname_r(z, ms_protocol_name(protocol), &entry, scratch, sizeof scratch,
			&found) != 0 ||
		found == NULL)
		return false;
	*out = ntohs((uint16_t)found->s_port);
	return true;
}

ms_err ms_port_parse(uint16_t *out, const char *text, size_t len, uint8_t protocol, unsigned flags,
	struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len);
	uint64_t n;
	ms_err err;

	err = ms_text_check(s, "a port", why);
	if (err != MS_OK)
		return err;
	if (ms_digit(s.p[0]) > 9) {
		if ((flags & MS_TEXT_SERVICES) != 0 && service_lookup(out, s, protocol))
			return MS_OK;
		return ms_text_fail(why, MS_ERR_UNKNOWN, s,
			"unknown port; %sa number 0 to 65535 was expected",
			(flags & MS_TEXT_SERVICES) != 0 ? "a service of this protocol or " : "");
	}
	err = ms_number_parse(&n, s.p, s.len, 0, UINT16_MAX, why);
	if (err != MS_OK) {
		ms_why_prefix(why, "port ");
		return err;
	}
	*out = (uint16_t)n;
	return MS_OK;
}

/* PORT or PORT-PORT; 0 is all of them. */
static ms_err ports_parse(
	struct ms_protoport *p, struct ms_slice s, unsigned flags, struct ms_why *why)
{
	struct ms_slice first = s, last;
	size_t dash = ms_digit(s.p[0]) <= 9 ? ms_slice_find(s, "-") : s.len;
	ms_err err;

	first = ms_slice_upto(s, dash);
	err = ms_port_parse(&p->port_first, first.p, first.len, p->protocol, flags, why);
	if (err != MS_OK)
		return err;
	p->port_last = p->port_first;
	if (dash < s.len) {
		last = ms_slice_from(s, dash + 1);
		err = ms_port_parse(&p->port_last, last.p, last.len, p->protocol, flags, why);
		if (err == MS_OK && p->port_first > p->port_last)
			err = ms_text_fail(why, MS_ERR_RANGE, s, "ports end before they begin");
	} else if (p->port_first == 0) {
		p->port_last = UINT16_MAX;
	}
	return err;
}

ms_err ms_protoport_parse(
	struct ms_protoport *out, const char *text, size_t len, unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), port;
	struct ms_protoport p = { .port_last = UINT16_MAX };
	size_t slash;
	ms_err err;

	err = ms_text_check(s, "PROTOCOL or PROTOCOL/PORT", why);
	if (err != MS_OK)
		return err;
	slash = ms_slice_find(s, "/");
	err = ms_protocol_parse(&p.protocol, s.p, slash, flags, why);
	if (err != MS_OK)
		return err;
	if (slash < s.len) {
		port = ms_slice_from(s, slash + 1);
		if (port.len == 0)
			return ms_text_fail(why, MS_ERR_TEXT, s, "port missing after '/'");
		if (ms_slice_is(port, "%any"))
			p.port_wild = p.protocol != 0;
		else
			err = ports_parse(&p, port, flags, why);
		if (err != MS_OK)
			return err;
	}
	if ((p.port_first != 0 || p.port_last != UINT16_MAX || p.port_wild) &&
		!ms_protocol_has_ports(p.protocol))
		return ms_text_fail(why, MS_ERR_RANGE, s, "protocol %u has no ports", p.protocol);
	*out = p;
	return MS_OK;
}

bool ms_protoport_eq(const struct ms_protoport *a, const struct ms_protoport *b)
{
	return a->protocol == b->protocol && a->port_first == b->port_first &&
	       a->port_last == b->port_last && a->port_wild == b->port_wild;
}

size_t ms_protoport_text(const struct ms_protoport *p, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	bool all = p->port_first == 0 && p->port_last == UINT16_MAX;

	ms_out_uint(&o, p->protocol, 10, 0);
	ms_out_char(&o, '/');
	if (p->port_wild) {
		ms_out_str(&o, "%any");
		return ms_out_end(&o);
	}
	ms_out_uint(&o, p->port_first, 10, 0);
	if (!all && (p->port_last != p->port_first || p->port_first == 0)) {
		ms_out_char(&o, '-');
		ms_out_uint(&o, p->port_last, 10, 0);
	}
	return ms_out_end(&o);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints: an address and a UDP port.  An IPv4-mapped IPv6 address stays what it is: sockets of
 * this project are of one family.
 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "lib/addr/text.h"

#include <arpa/inet.h>
#include <string.h>

bool ms_endpoint_eq(const struct ms_endpoint *a, const struct ms_endpoint *b)
{
	return a->port == b->port && ms_addr_eq(&a->addr, &b->addr);
}

ms_err ms_endpoint_from_sockaddr(struct ms_endpoint *out, const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		out->port = ntohs(in.sin_port);
		return ms_addr_from_octets(&out->addr, (const uint8_t *)&in.sin_addr, 4);
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		out->port = ntohs(in6.sin6_port);
		return ms_addr_from_octets(&out->addr, in6.sin6_addr.s6_addr, 16);
	}
	return MS_ERR_UNSUPPORTED;
}

socklen_t ms_endpoint_to_sockaddr(const struct ms_endpoint *e, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	if (e->addr.family == AF_INET) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(e->port) };

		memcpy(&in.sin_addr, e->addr.b, 4);
		memcpy(ss, &in, sizeof in);
		return sizeof in;
	}
	if (e->addr.family == AF_INET6) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };

		memcpy(&in6.sin6_addr, e->addr.b, 16);
		memcpy(ss, &in6, sizeof in6);
		return sizeof in6;
	}
	return 0;
}

ms_err ms_endpoint_parse(struct ms_endpoint *out, const char *text, size_t len, int family,
	uint16_t default_port, unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), host = s, port = { NULL, 0 };
	struct ms_endpoint e = { .port = default_port };
	bool has_port = false;
	size_t i;
	ms_err err;

	err = ms_text_check(s, "ADDRESS, ADDRESS:PORT or [IPV6]:PORT", why);
	if (err != MS_OK)
		return err;
	if (s.p[0] == '[') {
		i = ms_slice_find(s, "]");
		if (i == s.len)
			return ms_text_fail(why, MS_ERR_TEXT, s, "'[' without ']'");
		host = ms_slice_upto(ms_slice_from(s, 1), i - 1);
		port = ms_slice_from(s, i + 1);
		if (port.len > 0 && port.p[0] != ':')
			return ms_text_fail(why, MS_ERR_TEXT, s, "expected :PORT after ']'");
		has_port = port.len > 0;
		port = ms_slice_from(port, 1);
		if (family == AF_INET)
			return ms_text_fail(why, MS_ERR_TEXT, s,
				"IPv6 address where an IPv4 address was expected");
		family = AF_INET6;
	} else if ((i = ms_slice_find(s, ":")) < s.len && ms_slice_rfind(s, ':') == i) {
		/* one colon: a port; more: an IPv6 address without port */
		host = ms_slice_upto(s, i);
		port = ms_slice_from(s, i + 1);
		has_port = true;
	}
	err = ms_addr_parse(&e.addr, host.p, host.len, family, flags, why);
	if (err == MS_OK && has_port)
		err = ms_port_parse(&e.port, port.p, port.len, IPPROTO_UDP, flags, why);
	if (err == MS_OK)
		*out = e;
	return err;
}

size_t ms_endpoint_text(const struct ms_endpoint *e, char *buf, size_t size)
{
	char addr[MS_ADDR_TEXT];
	struct ms_out o = ms_out_begin(buf, size);
	bool v6 = e->addr.family == AF_INET6;

	ms_addr_text(&e->addr, addr, sizeof addr);
	ms_out_str(&o, v6 ? "[" : "");
	ms_out_str(&o, addr);
	ms_out_str(&o, v6 ? "]:" : ":");
	ms_out_uint(&o, e->port, 10, 0);
	return ms_out_end(&o);
}

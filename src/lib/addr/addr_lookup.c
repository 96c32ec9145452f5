/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses, for tools only: it blocks as long as the resolver wants.
 */
#include <modswan/addr.h>

#include "lib/addr/text.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#define NAME_MAX_OCTETS 253 /* RFC 1035 s2.3.4, as text without the final dot */

/* networks(5) writes an IPv4 network number, and the library gives it in host order without its
 * trailing zero octets: "loopback 127.0.0.0" may come as 127. */
static bool network_lookup(struct ms_addr *out, const char *name)
{
	struct netent entry, *found = NULL;
	char scratch[2048];
	int h_err;
	uint32_t n;

	if (getnetbyname_r(name, &entry, scratch, sizeof scratch, &found, &h_err) != 0 ||
		found == NULL || found->n_addrtype != AF_INET)
		return false;
	n = found->n_net;
	while (n != 0 && n <= 0x00ffffff)
		n <<= 8;
	*out = ms_addr_v4(n);
	return true;
}

ms_err ms_addr_lookup(struct ms_addr *out, struct ms_slice name, int family, struct ms_why *why)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM }, *list = NULL;
	const char *wanted = family == AF_INET ? "IPv4" : family == AF_INET6 ? "IPv6" : "IP";
	struct in_addr abbreviated;
	struct ms_endpoint e;
	char z[NAME_MAX_OCTETS + 2];
	ms_err err;
	int rc;

	if (!ms_slice_only(name, allowed) || name.p[0] == '-' || name.p[0] == '.')
		return ms_text_fail(why, MS_ERR_TEXT, name,
			"neither a numeric address nor a possible host name");
	if (name.len >= sizeof z)
		return ms_text_fail(
			why, MS_ERR_TEXT, name, "host name longer than %d octets", NAME_MAX_OCTETS);
	memcpy(z, name.p, name.len);
	z[name.len] = '\0';
	/* getaddrinfo would take what we refuse: 10.0x9.1, 010.1 */
	if (inet_aton(z, &abbreviated) != 0)
		return ms_text_fail(
			why, MS_ERR_TEXT, name, "numbers that are not a dotted decimal address");
	rc = getaddrinfo(z, NULL, &hints, &list);
	if (rc != 0) {
		if (family != AF_INET6 && network_lookup(out, z))
			return MS_OK;
		return ms_text_fail(why, MS_ERR_NOT_FOUND, name,
			"name does not resolve to an %s address: %s", wanted, gai_strerror(rc));
	}
	err = ms_endpoint_from_sockaddr(&e, list->ai_addr);
	freeaddrinfo(list);
	if (err != MS_OK)
		return ms_text_fail(
			why, err, name, "name resolves to something that is not an IP address");
	*out = e.addr;
	return MS_OK;
}

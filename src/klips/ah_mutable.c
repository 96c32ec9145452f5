/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AH: which octets of an IP header the ICV covers.
 *
 * Options are classes in a table; source routes are brought into the form in which the packet
 * arrives, so that sender and receiver compute the same.
 *
 * Standards: RFC 4302 s3.3.3.1 and appendix A, RFC 8200 s4.2 (option types), RFC 2460 s4.4 (type 0
 * routing header), RFC 6275 s6.4 (type 2).
 */
#include "klips/ah.h"

#include <string.h>

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_SECURITY = 130,
	OPT_LOOSE_ROUTE = 131,
	OPT_EXT_SECURITY = 133,
	OPT_COMMERCIAL = 134,
	OPT_STRICT_ROUTE = 137,
	OPT_ROUTER_ALERT = 148,
	OPT_MULTI_DESTINATION = 149,
};
enum { OPT6_PAD1 = 0, OPT6_CHANGES = 0x20, MAX_HEADERS = 16 };

/* --- IPv4 ----------------------------------------------------------------------------------- */

static bool immutable(uint8_t option)
{
	static const uint8_t kept[] = { OPT_SECURITY, OPT_EXT_SECURITY, OPT_COMMERCIAL,
		OPT_ROUTER_ALERT, OPT_MULTI_DESTINATION };

	return memchr(kept, option, sizeof kept) != NULL;
}

/* The last address of a route that is not used up yet is where the packet will arrive. */
static void arrive(uint8_t *ip, const uint8_t *option, unsigned len)
{
	if (len >= 7 && option[2] >= 4 && option[2] <= len - 3u)
		memcpy(ip + 16, option + 3 + ((len - 3) / 4 - 1) * 4, 4);
}

static bool mask_options(uint8_t *ip, unsigned octets)
{
	unsigned at = sizeof(struct iphdr), len;

	for (; at < octets && ip[at] != OPT_END; at += len) {
		uint8_t *option = ip + at;

		len = 1;
		if (option[0] == OPT_NOP)
			continue;
		if (at + 2 > octets || option[1] < 2 || at + option[1] > octets)
			return false;
		len = option[1];
		if (option[0] == OPT_LOOSE_ROUTE || option[0] == OPT_STRICT_ROUTE)
			arrive(ip, option, len);
		if (!immutable(option[0]))
			memset(option, 0, len);
	}
	return true;
}

static bool mask4(uint8_t *ip, unsigned octets)
{
	ip[1] = 0;	       /* DSCP, ECN */
	memset(ip + 6, 0, 3);  /* flags, fragment offset, TTL */
	memset(ip + 10, 0, 2); /* checksum */
	return mask_options(ip, octets);
}

/* --- IPv6 ----------------------------------------------------------------------------------- */

static bool mask_options6(uint8_t *h, unsigned octets)
{
	unsigned at = 2;

	while (at < octets) {
		if (h[at] == OPT6_PAD1) {
			at++;
			continue;
		}
		if (at + 2 > octets || at + 2u + h[at + 1] > octets)
			return false;
		if ((h[at] & OPT6_CHANGES) != 0)
			memset(h + at + 2, 0, h[at + 1]);
		at += 2u + h[at + 1];
	}
	return true;
}

/* Types 0 and 2: each hop swaps its address with the next one of the list. */
static bool arrive6(uint8_t *ip, uint8_t *h, unsigned octets)
{
	unsigned n = (octets - 8) / 16, left = h[3], i;
	uint8_t last[16], *list = h + 8;

	if (left == 0)
		return true;
	if ((h[2] != 0 && h[2] != 2) || (octets - 8) % 16 != 0 || left > n)
		return false;
	memcpy(last, list + (n - 1) * 16, 16);
	for (i = n - 1; i > n - left; i--)
		memcpy(list + i * 16, list + (i - 1) * 16, 16);
	memcpy(list + (n - left) * 16, ip + 24, 16);
	memcpy(ip + 24, last, 16);
	h[3] = 0;
	return true;
}

static bool mask6(uint8_t *ip, unsigned octets)
{
	unsigned at = sizeof(struct ip6_hdr), step, i;
	uint8_t next = ip[6];

	ip[0] = 6 << 4; /* traffic class and flow label */
	memset(ip + 1, 0, 3);
	ip[7] = 0; /* hop limit */
	for (i = 0; at < octets && i < MAX_HEADERS; i++, at += step) {
		uint8_t *h = ip + at;
		bool ok;

		if (at + 8 > octets)
			return false;
		step = (h[1] + 1u) * 8;
		if (at + step > octets)
			return false;
		if (next == IPPROTO_ROUTING)
			ok = arrive6(ip, h, step);
		else
			ok = (next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS)
				&& mask_options6(h, step);
		if (!ok)
			return false;
		next = h[0];
	}
	return at == octets;
}

bool ah_mask(uint8_t *ip, unsigned octets)
{
	if (ip[0] >> 4 == 4)
		return octets >= sizeof(struct iphdr) && mask4(ip, octets);
	return octets >= sizeof(struct ip6_hdr) && mask6(ip, octets);
}

/* --- place ---------------------------------------------------------------------------------- */

struct ah_place ah_place(const uint8_t *ip, const struct ip_view *v)
{
	struct ah_place r = { v->header, v->version == 4 ? 9 : 6, v->next }, look = r;
	unsigned i;

	if (v->version == 4)
		return r;
	/* destination options stand before only when a routing header follows them */
	for (i = 0; i < MAX_HEADERS && look.at + 8u <= v->total; i++) {
		if (look.next != IPPROTO_HOPOPTS && look.next != IPPROTO_ROUTING
			&& look.next != IPPROTO_DSTOPTS)
			break;
		if (look.at + (ip[look.at + 1] + 1u) * 8 > v->total)
			break;
		if (look.next != IPPROTO_DSTOPTS) {
			look.next_at = look.at;
			look.at = (uint16_t)(look.at + (ip[look.at + 1] + 1u) * 8);
			look.next = ip[look.next_at];
			r = look;
			continue;
		}
		look.next_at = look.at;
		look.at = (uint16_t)(look.at + (ip[look.at + 1] + 1u) * 8);
		look.next = ip[look.next_at];
	}
	return r;
}

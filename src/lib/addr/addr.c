/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address room: addresses, endpoints, subnets, ranges, selectors, SAIDs, binary data, numbers,
 * protocols and ports: values and every text form that the S/WAN family reads or writes.
 *
 * Pure functions without state or allocation, callable from any thread.  Only the look-up of names
 * (MS_TEXT_DNS, MS_TEXT_SERVICES) leaves the process.  One subject per file:
 *
 *	addr.c, addr_text.c, addr_lookup.c	addresses
 *	endpoint.c subnet.c range.c		what is made of them
 *	selector.c protoport.c			RFC 7296 traffic selectors; "tcp/25"
 *	said.c					(destination, SPI, protocol), shunts
 *	data.c rsablob.c number.c		0x 0s 0t data, RFC 3110 keys, numbers
 *	hash.c					SipHash, for indexes whose keys a peer chooses
 *	text.c					writer and slices that all of them use
 *
 * Parsers take (text, length), look at nothing beyond it and refuse NUL, other control characters
 * and blanks, so what they accept can be logged as it came.  A refusal quotes the value (never
 * that of binary data, which may be a key) and says what was expected.
 *
 * Standards: RFC 4291 s2.2 and RFC 5952 (IPv6 text), RFC 4632 (prefixes), RFC 3596 s2.5
 * (ip6.arpa), RFC 4648 s4 (base64), RFC 3110 (RSA keys), RFC 7296 s3.13.1 (traffic selectors).
 */
#include <modswan/addr.h>

#include <string.h>

size_t ms_addr_octets(const struct ms_addr *a)
{
	switch (a->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

struct ms_addr ms_addr_any(int family)
{
	struct ms_addr a = { 0 };

	if (family == AF_INET || family == AF_INET6)
		a.family = (uint8_t)family;
	return a;
}

struct ms_addr ms_addr_v4(uint32_t host_order)
{
	struct ms_addr a = { .family = AF_INET };

	a.b[0] = (uint8_t)(host_order >> 24);
	a.b[1] = (uint8_t)(host_order >> 16);
	a.b[2] = (uint8_t)(host_order >> 8);
	a.b[3] = (uint8_t)host_order;
	return a;
}

ms_err ms_addr_from_octets(struct ms_addr *out, const uint8_t *b, size_t len)
{
	if (len != 4 && len != 16)
		return MS_ERR_TEXT;
	*out = ms_addr_any(len == 4 ? AF_INET : AF_INET6);
	memcpy(out->b, b, len);
	return MS_OK;
}

bool ms_addr_is_any(const struct ms_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, ms_addr_octets(a)) == 0;
}

bool ms_addr_is_loopback(const struct ms_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->b[0] == 127;
	return a->family == AF_INET6 && memcmp(a->b, one, sizeof one) == 0;
}

bool ms_addr_eq(const struct ms_addr *a, const struct ms_addr *b)
{
	return ms_addr_cmp(a, b) == 0;
}

int ms_addr_cmp(const struct ms_addr *a, const struct ms_addr *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->b, b->b, ms_addr_octets(a));
	return (c > 0) - (c < 0);
}

bool ms_addr_prefix_eq(const struct ms_addr *a, const struct ms_addr *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->family != b->family)
		return false;
	if (whole >= ms_addr_octets(a))
		return ms_addr_eq(a, b);
	if (memcmp(a->b, b->b, whole) != 0)
		return false;
	return rest == 0 || ((a->b[whole] ^ b->b[whole]) >> (8 - rest)) == 0;
}

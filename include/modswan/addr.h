/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, endpoints, subnets, ranges, SAIDs: value types, and their text forms.
 *
 * All are plain values without pointers: copy them by assignment, keep them anywhere.  Bytes are in
 * network order, ports and SPIs in host order unless a name says `_be`.  Text functions write at
 * most `size` octets with a terminating NUL and return the number of octets needed without it
 * (like snprintf); parsers take text that need not be NUL-terminated.
 */
#ifndef MODSWAN_ADDR_H
#define MODSWAN_ADDR_H

#include <modswan/error.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address without port or zone.  family 0: unset. */
struct ms_addr {
	uint8_t family; /* AF_INET, AF_INET6 or 0 */
	uint8_t b[16];  /* 4 or 16 octets, the rest zero */
};

/* An address and a UDP port. */
struct ms_endpoint {
	struct ms_addr addr;
	uint16_t port;
};

/* A network: host bits are always zero. */
struct ms_subnet {
	struct ms_addr net;
	uint8_t bits;
};

/* first <= last, one family. */
struct ms_range {
	struct ms_addr first, last;
};

/* RFC 7296 s3.13.1: what one traffic selector says. protocol 0: any; ports 0..65535: any;
 * ICMP type and code as in the RFC. */
#define MS_PORT_OPAQUE_FIRST 65535 /* first > last: ports must be unreadable (OPAQUE) */
#define MS_PORT_OPAQUE_LAST  0
struct ms_selector {
	struct ms_range range;
	uint8_t protocol;
	uint16_t port_first, port_last;
};

/* Security Association identifier: (destination, SPI, protocol).  For shunts protocol is
 * IPPROTO_INT (61) and spi one of MS_SPI_*. */
struct ms_said {
	struct ms_addr dst;
	uint32_t spi;
	uint8_t protocol; /* MS_PROTO_* */
};

enum ms_said_protocol {
	MS_PROTO_TUN = 4,
	MS_PROTO_ESP = 50,
	MS_PROTO_AH = 51,
	MS_PROTO_INT = 61,
	MS_PROTO_COMP = 108,
};

enum ms_shunt_spi {
	MS_SPI_PASS = 256,
	MS_SPI_DROP = 257,
	MS_SPI_REJECT = 258,
	MS_SPI_HOLD = 259,
	MS_SPI_TRAP = 260,
	MS_SPI_TRAPSUBNET = 261,
};

#define MS_ADDR_TEXT     46 /* octets that any address needs with its NUL */
#define MS_SUBNET_TEXT   64 /* 2 forms of addr/mask for IPv4, addr/128 for IPv6 */
#define MS_RANGE_TEXT    96 /* first-last */
#define MS_ENDPOINT_TEXT 64 /* [v6]:port */
#define MS_SAID_TEXT     72 /* proto:spi@addr */
#define MS_SELECTOR_TEXT 128
#define MS_REVERSE_TEXT  74 /* 32 nibbles with dots, ip6.arpa. */

/* --- values ------------------------------------------------------------------------------- */

size_t ms_addr_octets(const struct ms_addr *a); /* 4, 16, or 0 when unset */
struct ms_addr ms_addr_any(int family);         /* 0.0.0.0 or :: */
struct ms_addr ms_addr_v4(uint32_t host_order);
/* MS_ERR_TEXT when len is neither 4 nor 16. */
ms_err ms_addr_from_octets(struct ms_addr *out, const uint8_t *b, size_t len) MS_MUST_CHECK;
bool ms_addr_is_any(const struct ms_addr *a); /* unset or all zero */
bool ms_addr_is_loopback(const struct ms_addr *a);
bool ms_addr_eq(const struct ms_addr *a, const struct ms_addr *b);
int ms_addr_cmp(const struct ms_addr *a, const struct ms_addr *b); /* by family, then octets */
bool ms_addr_prefix_eq(const struct ms_addr *a, const struct ms_addr *b, unsigned bits);
/* The address without its first `bits` bits: the host part. */
struct ms_addr ms_addr_host_part(const struct ms_addr *a, unsigned bits);
struct ms_addr ms_mask_of_bits(int family, unsigned bits);
/* MS_ERR_RANGE when the ones of the mask are not all in front. */
ms_err ms_mask_to_bits(const struct ms_addr *mask, unsigned *bits) MS_MUST_CHECK;
bool ms_endpoint_eq(const struct ms_endpoint *a, const struct ms_endpoint *b);
/* MS_ERR_UNSUPPORTED when sa is neither AF_INET nor AF_INET6. */
ms_err ms_endpoint_from_sockaddr(struct ms_endpoint *out, const struct sockaddr *sa) MS_MUST_CHECK;
/* Returns the length of the sockaddr written, 0 when the address is unset. */
socklen_t ms_endpoint_to_sockaddr(const struct ms_endpoint *e, struct sockaddr_storage *ss);

struct ms_subnet ms_subnet_host(const struct ms_addr *a);                /* /32 or /128 */
struct ms_subnet ms_subnet_make(const struct ms_addr *a, unsigned bits); /* host bits cleared */
bool ms_subnet_eq(const struct ms_subnet *a, const struct ms_subnet *b);
bool ms_subnet_has(const struct ms_subnet *s, const struct ms_addr *a);
bool ms_subnet_contains(const struct ms_subnet *outer, const struct ms_subnet *inner);
bool ms_subnet_is_host(const struct ms_subnet *s);
struct ms_addr ms_subnet_mask(const struct ms_subnet *s);
struct ms_addr ms_subnet_last(const struct ms_subnet *s);

struct ms_range ms_range_of_subnet(const struct ms_subnet *s);
bool ms_range_eq(const struct ms_range *a, const struct ms_range *b);
bool ms_range_has(const struct ms_range *r, const struct ms_addr *a);
bool ms_range_contains(const struct ms_range *outer, const struct ms_range *inner);
/* False when nothing is common; *out may be one of the arguments. */
bool ms_range_intersect(const struct ms_range *a, const struct ms_range *b, struct ms_range *out);
/* MS_ERR_RANGE when the range is not exactly one subnet. */
ms_err ms_range_to_subnet(const struct ms_range *r, struct ms_subnet *out) MS_MUST_CHECK;

struct ms_selector ms_selector_of_subnet(const struct ms_subnet *s);
bool ms_selector_eq(const struct ms_selector *a, const struct ms_selector *b);
bool ms_selector_contains(const struct ms_selector *outer, const struct ms_selector *inner);
bool ms_selector_intersect(
	const struct ms_selector *a, const struct ms_selector *b, struct ms_selector *out);

/* Shunts have no destination: there, all unspecified addresses are equal. */
bool ms_said_eq(const struct ms_said *a, const struct ms_said *b);

/* --- text forms ---------------------------------------------------------------------------- */

enum ms_text_flags {
	MS_TEXT_NUMERIC = 0,  /* numbers only: no look-up, never blocks */
	MS_TEXT_DNS = 1,      /* host names too, through getaddrinfo: only for tools, it blocks */
	MS_TEXT_SERVICES = 2, /* names of /etc/protocols and /etc/services */
	MS_TEXT_SHORT = 4,    /* addresses: 10 is 10.0.0.0, as networks are written */
};

/* family 0: either.  The parsers leave *out alone unless they return MS_OK; `why` quotes the text
 * (except binary data) and says what was expected.  MS_ERR_TEXT: not the form; MS_ERR_RANGE: the
 * form, but a number out of bounds; MS_ERR_UNKNOWN: no such protocol, port or shunt name;
 * MS_ERR_NOT_FOUND: a name that does not resolve. */
ms_err ms_addr_parse(struct ms_addr *out, const char *text, size_t len, int family, unsigned flags,
	struct ms_why *why) MS_MUST_CHECK;
size_t ms_addr_text(const struct ms_addr *a, char *buf, size_t size);      /* RFC 5952; "%unset" */
size_t ms_addr_long_text(const struct ms_addr *a, char *buf, size_t size); /* without "::" */
/* in-addr.arpa / ip6.arpa form with final dot; needs MS_REVERSE_TEXT octets at most. */
size_t ms_addr_reverse_text(const struct ms_addr *a, char *buf, size_t size);
/* "NET/BITS", "NET/MASK" (IPv4, contiguous), "%default"; NET may be short (10/8) and may have host
 * bits, which are cleared.  0/0 and 0:0/0 do for ::/0. */
ms_err ms_subnet_parse(struct ms_subnet *out, const char *text, size_t len, int family,
	unsigned flags, struct ms_why *why) MS_MUST_CHECK;
/* The same with an optional ":PORT" (C number) behind; *port 0 when there is none. */
ms_err ms_subnet_port_parse(struct ms_subnet *out, uint16_t *port, const char *text, size_t len,
	int family, unsigned flags, struct ms_why *why) MS_MUST_CHECK;
size_t ms_subnet_text(const struct ms_subnet *s, char *buf, size_t size);      /* NET/BITS */
size_t ms_subnet_mask_text(const struct ms_subnet *s, char *buf, size_t size); /* NET/MASK (v4) */

/* "address, subnet or range": what the text was, and the addresses it covers. */
enum ms_asr_kind {
	MS_ASR_ADDR,
	MS_ASR_SUBNET,
	MS_ASR_RANGE,
};

struct ms_asr {
	enum ms_asr_kind kind;
	uint8_t bits; /* of the subnet; 32 or 128 for an address, 0 for a range */
	struct ms_range range;
};

/* "A", "A/BITS", "A/MASK", "%default", "A...B", "A-B" ('-' between numeric addresses only). */
ms_err ms_asr_parse(struct ms_asr *out, const char *text, size_t len, int family, unsigned flags,
	struct ms_why *why) MS_MUST_CHECK;
/* "A-B" and "A...B", a subnet, or one address. */
ms_err ms_range_parse(struct ms_range *out, const char *text, size_t len, int family,
	struct ms_why *why) MS_MUST_CHECK;
size_t ms_range_text(const struct ms_range *r, char *buf, size_t size); /* A-B */
/* A, A:PORT, V6, [V6], [V6]:PORT. */
ms_err ms_endpoint_parse(struct ms_endpoint *out, const char *text, size_t len, int family,
	uint16_t default_port, unsigned flags, struct ms_why *why) MS_MUST_CHECK;
size_t ms_endpoint_text(const struct ms_endpoint *e, char *buf, size_t size); /* a:p, [v6]:p */
/* RANGE, RANGE/PROTO, RANGE/PROTO/PORT, RANGE/PROTO/PORT-PORT, RANGE/PROTO/%opaque, where RANGE is
 * an address, NET/BITS or A-B.  Protocols and ports as in text.h; "%any" for protocol 0. */
ms_err ms_selector_parse(struct ms_selector *out, const char *text, size_t len, int family,
	unsigned flags, struct ms_why *why) MS_MUST_CHECK;
/* Parses back, unless it has ports of a protocol without ports, as a peer's might. */
size_t ms_selector_text(const struct ms_selector *s, char *buf, size_t size);
/* PROTO.HEX@V4, PROTO:HEX@V6, PROTON@ADDR with N a C number (257, 0x101, 0401); %pass and so on. */
ms_err ms_said_parse(struct ms_said *out, const char *text, size_t len, unsigned flags,
	struct ms_why *why) MS_MUST_CHECK;
/* format 0: esp.101@10.7.7.7 / esp:101@::1;  'f': esp.00000101@10.7.7.7;  'x': esp0x101@10.7.7.7 as
 * kernels and eroute listings print (an IPv6 SAID is esp:101@::1 there, too).  Shunts print as
 * %pass and so on, a tun SPI 0 without destination as %passthrough4 or 6, in all of them.  All
 * parse back, except protocols that are not MS_PROTO_*, which print as unkNN. */
size_t ms_said_text(const struct ms_said *s, int format, char *buf, size_t size);

/* Binary data: 0x hex (one '_' may stand between octets), 0s base64 (padded), 0t text.  base 0: by
 * prefix; 16, 64, 256: that base, no prefix needed (none allowed in 64 and 256); or'ed with
 * MS_DATA_BLANKS: blanks and tabs between characters of hex and base64 are skipped.  At least one
 * octet.  *used_r: octets written; on MS_ERR_SPACE (cap too small) the octets needed.  out is
 * wiped on failure and `why` never shows any of the text, which may be a secret. */
#define MS_DATA_BLANKS 0x1000u
ms_err ms_data_parse(uint8_t *out, size_t cap, size_t *used_r, const char *text, size_t len,
	unsigned base, struct ms_why *why) MS_MUST_CHECK;
/* format 'x' 0xHEX, 'h' 0xHEX_HEX ('_' every 8 digits), ':' colons, 16 hex, 's' 0sBASE64, 64
 * base64.  Other formats write nothing. */
size_t ms_data_text(const uint8_t *data, size_t len, int format, char *buf, size_t size);

#endif

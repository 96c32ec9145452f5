/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small text forms that are not addresses: numbers, protocols and ports, RSA key ids.
 *
 * The rules of addr.h hold: parsers take text that need not be NUL-terminated and leave *out alone
 * unless they return MS_OK; text functions return the octets needed without the NUL.
 */
#ifndef MODSWAN_TEXT_H
#define MODSWAN_TEXT_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stdint.h>

/* --- numbers -------------------------------------------------------------------------------- */

/* base 0: as in C (10, 0x10, 010); 8, 10, 16: digits only.  MS_ERR_RANGE above max. */
ms_err ms_number_parse(uint64_t *out, const char *text, size_t len, unsigned base, uint64_t max,
	struct ms_why *why) MS_MUST_CHECK;
/* format 8, 10, 16: digits only; 'o', 'd', 'x': as in C (010, 8, 0x8). */
size_t ms_number_text(uint64_t n, int format, char *buf, size_t size);

/* --- protocols and ports -------------------------------------------------------------------- */

/* Names of the IANA registry that IPsec policies use, or a number 0..255; "%any" is 0.  With
 * MS_TEXT_SERVICES (addr.h) also those of /etc/protocols. */
ms_err ms_protocol_parse(uint8_t *out, const char *text, size_t len, unsigned flags,
	struct ms_why *why) MS_MUST_CHECK;
/* NULL when the protocol has no name here. */
const char *ms_protocol_name(uint8_t protocol);
/* Does the selector of this protocol have ports, or, as RFC 4301 s4.4.1.1 keeps them in the port
 * fields, ICMP type and code or a Mobility Header type? */
bool ms_protocol_has_ports(uint8_t protocol);

/* A C number 0..65535; with MS_TEXT_SERVICES also a service of this protocol. */
ms_err ms_port_parse(uint16_t *out, const char *text, size_t len, uint8_t protocol, unsigned flags,
	struct ms_why *why) MS_MUST_CHECK;

/* protoport= of one end: PROTO, PROTO/PORT, PROTO/PORT-PORT, PROTO/%any, %any. */
struct ms_protoport {
	uint8_t protocol;               /* 0: any */
	uint16_t port_first, port_last; /* 0..65535: all */
	bool port_wild;                 /* %any: the peer names the one port; first..last is all */
};

/* Port 0 means all ports. */
ms_err ms_protoport_parse(struct ms_protoport *out, const char *text, size_t len, unsigned flags,
	struct ms_why *why) MS_MUST_CHECK;
bool ms_protoport_eq(const struct ms_protoport *a, const struct ms_protoport *b);
/* Numbers as status listings show them: 17/1701, 17/%any, 6/0, 17/1024-65535, 0/0. */
size_t ms_protoport_text(const struct ms_protoport *p, char *buf, size_t size);
#define MS_PROTOPORT_TEXT 20

/* --- RSA public keys as octets, RFC 3110 s2 -------------------------------------------------- */

/* Views into the blob, which the caller keeps. */
struct ms_rsa_blob {
	const uint8_t *e, *n;
	size_t e_octets, n_octets;
};

/* MS_ERR_BAD_KEY when lengths do not fit, or a number is zero or starts with a zero octet. */
ms_err ms_rsa_blob_split(
	struct ms_rsa_blob *out, const uint8_t *blob, size_t len, struct ms_why *why) MS_MUST_CHECK;
/* The key's short name: the first nine characters of its base64 form ("AQ..." when e is 3). */
size_t ms_rsa_keyid_text(const uint8_t *blob, size_t len, char *buf, size_t size);
#define MS_RSA_KEYID_TEXT 10

#endif

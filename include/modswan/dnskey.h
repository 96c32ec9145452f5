/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource records that publish keys and gateways, as values: TXT X-IPsec-Server(P)=GATEWAY KEY,
 * KEY, IPSECKEY.
 *
 * Standards: RFC 4322 s5.2, RFC 2535 s3, RFC 4025, RFC 9373.
 */
#ifndef MODSWAN_DNSKEY_H
#define MODSWAN_DNSKEY_H

#include <modswan/addr.h>
#include <modswan/resolver.h>

#define MS_DNS_KEY_OCTETS 2304 /* RFC 3110 of 16384 bits with an exponent of as much as 255 octets */
#define MS_DNS_KEY_TEXT 4096 /* of a TXT record, strings joined */

enum ms_dns_gateway {
	MS_DNS_GATEWAY_SELF, /* none is named: the owner itself */
	MS_DNS_GATEWAY_ADDR,
	MS_DNS_GATEWAY_NAME,
};

enum ms_dns_key_form {
	MS_DNS_KEY_NONE, /* the gateway's own records have it */
	MS_DNS_KEY_RFC3110,
	MS_DNS_KEY_SPKI,
};

struct ms_dns_key {
	uint32_t precedence;
	enum ms_dns_gateway gateway;
	struct ms_addr addr;
	char name[MS_DNS_NAME_MAX + 1];
	enum ms_dns_key_form form;
	size_t key_octets;
	uint8_t key[MS_DNS_KEY_OCTETS];
};

/* Each takes the record's data as it was in the message.  MS_ERR_NOT_FOUND: it is about something
 * else; MS_ERR_SYNTAX, MS_ERR_BAD_KEY, MS_ERR_LIMIT, MS_ERR_UNSUPPORTED: it cannot be used. */
ms_err ms_dns_key_txt(struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why) MS_MUST_CHECK;
ms_err ms_dns_key_key(struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why) MS_MUST_CHECK;
ms_err ms_dns_key_ipseckey(struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why) MS_MUST_CHECK;
/* By type: TXT, KEY or IPSECKEY. */
ms_err ms_dns_key_read(uint16_t type, struct ms_bytes rdata, struct ms_dns_key *out, struct ms_why *why)
	MS_MUST_CHECK;

#endif

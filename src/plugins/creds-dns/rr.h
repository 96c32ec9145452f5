/* SPDX-License-Identifier: Apache-2.0 */
/* Resource records that publish keys and gateways, as values. */
#ifndef CREDS_DNS_RR_H
#define CREDS_DNS_RR_H

#include <modswan/addr.h>
#include <modswan/resolver.h>

#define RR_KEY_OCTETS 2304 /* RFC 3110 of 16384 bits with an exponent of as much as 255 octets */
#define RR_TEXT_OCTETS 4096 /* of a TXT record, strings joined */

enum rr_gateway {
	RR_GATEWAY_SELF, /* none is named: the owner itself */
	RR_GATEWAY_ADDR,
	RR_GATEWAY_NAME,
};

enum rr_key_form {
	RR_KEY_NONE, /* the gateway's own records have it */
	RR_KEY_RFC3110,
	RR_KEY_SPKI,
};

struct rr {
	uint32_t precedence;
	enum rr_gateway gateway;
	struct ms_addr addr;
	char name[MS_DNS_NAME_MAX + 1];
	enum rr_key_form form;
	size_t key_octets;
	uint8_t key[RR_KEY_OCTETS];
};

/* Each takes the record's data as it was in the message.  MS_ERR_NOT_FOUND: it is about something
 * else; MS_ERR_SYNTAX, MS_ERR_BAD_KEY, MS_ERR_LIMIT, MS_ERR_UNSUPPORTED: it cannot be used. */
ms_err rr_txt(struct ms_bytes rdata, struct rr *out, struct ms_why *why) MS_MUST_CHECK;
ms_err rr_key(struct ms_bytes rdata, struct rr *out, struct ms_why *why) MS_MUST_CHECK;
ms_err rr_ipseckey(struct ms_bytes rdata, struct rr *out, struct ms_why *why) MS_MUST_CHECK;
/* By type: TXT, KEY or IPSECKEY. */
ms_err rr_read(uint16_t type, struct ms_bytes rdata, struct rr *out, struct ms_why *why)
	MS_MUST_CHECK;

#endif

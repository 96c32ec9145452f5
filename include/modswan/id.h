/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE identities (RFC 7296 s3.5) and their text forms in the family's files:
 * an address, @fqdn, user@fqdn (also @user@fqdn), @#hex (key id), @~hex and a distinguished name,
 * %any, %none.
 */
#ifndef MODSWAN_ID_H
#define MODSWAN_ID_H

#include <modswan/addr.h>
#include <modswan/mem.h>

/* IANA "IKEv2 Identification Payload ID Types" */
enum ms_id_type {
	MS_ID_ANY = 0, /* matches everything; never sent */
	MS_ID_IPV4_ADDR = 1,
	MS_ID_FQDN = 2,
	MS_ID_RFC822_ADDR = 3,
	MS_ID_IPV6_ADDR = 5,
	MS_ID_DER_ASN1_DN = 9,
	MS_ID_DER_ASN1_GN = 10,
	MS_ID_KEY_ID = 11,
	MS_ID_NULL = 13, /* RFC 7619 */
};

#define MS_ID_MAX_OCTETS 512 /* longer ones from a peer are refused */
#define MS_ID_TEXT 640

/* data is heap memory owned by the struct; a zeroed struct is MS_ID_ANY. */
struct ms_id {
	uint8_t type;
	uint16_t len;
	uint8_t *data;
};

/* MS_ERR_NOMEM, MS_ERR_LIMIT.  out is overwritten, not freed. */
ms_err ms_id_set(struct ms_id *out, enum ms_id_type type, struct ms_bytes data) MS_MUST_CHECK;
ms_err ms_id_of_addr(struct ms_id *out, const struct ms_addr *a) MS_MUST_CHECK;
ms_err ms_id_copy(struct ms_id *out, const struct ms_id *from) MS_MUST_CHECK;
void ms_id_free(struct ms_id *id); /* leaves MS_ID_ANY */
ms_err ms_id_parse(struct ms_id *out, const char *text, size_t len, struct ms_why *why)
	MS_MUST_CHECK;
/* Like snprintf.  What a peer sent is escaped: safe for logs and shells' single quotes. */
size_t ms_id_text(const struct ms_id *id, char *buf, size_t size);
/* FQDN and RFC822 compare without case. */
bool ms_id_eq(const struct ms_id *a, const struct ms_id *b);
/* pattern MS_ID_ANY matches all; "C=CH, O=x, CN=*" any value in place of the *, and with one the
 * parts in any order; @*.example.org and *@example.org everything that ends so. */
bool ms_id_match(const struct ms_id *pattern, const struct ms_id *id);
/* True when it can match more than one identity; such a one is never sent. */
bool ms_id_is_pattern(const struct ms_id *id);
/* False unless the identity is an address. */
bool ms_id_to_addr(const struct ms_id *id, struct ms_addr *out);

#endif

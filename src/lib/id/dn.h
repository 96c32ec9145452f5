/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names: X.501 names in DER (RFC 5280 s4.1.2.4) and as text (after RFC 4514). */
#ifndef LIB_ID_DN_H
#define LIB_ID_DN_H

#include <modswan/error.h>
#include <modswan/mem.h>

#include <stdbool.h>

/* "C=CH, O=x, CN=y" or "/C=CH/O=x/CN=y", most significant part first as people write it here.
 * *len_r: octets written.  MS_ERR_TEXT, MS_ERR_LIMIT when cap is too small. */
ms_err ms_dn_parse(uint8_t *out, size_t cap, size_t *len_r, const char *text, size_t len,
	struct ms_why *why) MS_MUST_CHECK;
/* Like snprintf; false: not a name in DER, nothing is written. */
bool ms_dn_text(struct ms_bytes der, char *buf, size_t size, size_t *needed_r);
/* RFC 5280 s7.1 as far as ASCII goes: case and runs of blanks do not matter. */
bool ms_dn_eq(struct ms_bytes a, struct ms_bytes b);
/* A value of the pattern that is * alone stands for every value of that attribute, and with one the
 * parts may come in any order.  Without one this is ms_dn_eq(). */
bool ms_dn_match(struct ms_bytes pattern, struct ms_bytes name);
bool ms_dn_has_wildcard(struct ms_bytes name);

#endif

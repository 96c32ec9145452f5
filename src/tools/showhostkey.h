/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of a public key (showhostkey_form.c). */
#ifndef MODSWAN_TOOLS_SHOWHOSTKEY_H
#define MODSWAN_TOOLS_SHOWHOSTKEY_H

#include "tools/hostkey.h"

struct show {
	const char *gateway; /* NULL: none */
	uint64_t precedence; /* 0 to 255 */
	unsigned gateway_type; /* RFC 4025 s2.3: 0 none, 1 IPv4, 2 IPv6, 3 name */
};

/* Sets gateway_type.  for_txt: only what a TXT record of the family names, IPv4 or @NAME. */
ms_err show_gateway_check(struct show *s, bool for_txt, struct ms_why *why);

/* Prints comment and line; false: this kind of key has no such form, nothing was printed. */
typedef bool show_f(const struct hostkey *k, const struct show *s);
show_f show_key_record, show_left, show_right, show_txt, show_ipseckey, show_dhclient;
void show_list(const struct hostkey *k, unsigned number, bool dump);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/id/dn_i.h"

#include <string.h>
#include <strings.h>

/* The first name of an OID is the one that is printed. */
static const struct dn_attribute attributes[] = {
	{ "C", 3, { 0x55, 4, 6 }, false },
	{ "ST", 3, { 0x55, 4, 8 }, false },
	{ "L", 3, { 0x55, 4, 7 }, false },
	{ "O", 3, { 0x55, 4, 10 }, false },
	{ "OU", 3, { 0x55, 4, 11 }, false },
	{ "CN", 3, { 0x55, 4, 3 }, false },
	{ "E", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 }, true },
	{ "emailAddress", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 }, true },
	{ "Email", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 }, true },
	{ "unstructuredName", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2 }, false },
	{ "DC", 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25 }, true },
	{ "UID", 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1 }, false },
	{ "serialNumber", 3, { 0x55, 4, 5 }, false },
	{ "SN", 3, { 0x55, 4, 4 }, false },
	{ "S", 3, { 0x55, 4, 4 }, false },
	{ "G", 3, { 0x55, 4, 42 }, false },
	{ "GN", 3, { 0x55, 4, 42 }, false },
	{ "I", 3, { 0x55, 4, 43 }, false },
	{ "T", 3, { 0x55, 4, 12 }, false },
	{ "D", 3, { 0x55, 4, 13 }, false },
	{ "N", 3, { 0x55, 4, 41 }, false },
	{ "street", 3, { 0x55, 4, 9 }, false },
	{ "postalCode", 3, { 0x55, 4, 17 }, false },
	{ "dnQualifier", 3, { 0x55, 4, 46 }, false },
};

#define N_ATTRIBUTES (sizeof attributes / sizeof attributes[0])

const struct dn_attribute *dn_attribute_of_oid(struct ms_bytes oid)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++) {
		if (ms_bytes_eq(oid, ms_bytes(attributes[i].oid, attributes[i].len)))
			return &attributes[i];
	}
	return NULL;
}

const struct dn_attribute *dn_attribute_of_name(const char *name, size_t len)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++) {
		if (strlen(attributes[i].name) == len &&
			strncasecmp(attributes[i].name, name, len) == 0)
			return &attributes[i];
	}
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the writer of distinguished names share. */
#ifndef LIB_ID_DN_I_H
#define LIB_ID_DN_I_H

#include "lib/id/dn.h"
#include "lib/wire/der.h"

#define MAX_OID 32
#define MAX_SET 8 /* attributes in one relative name */

struct dn_attribute {
	const char *name;
	uint8_t len;
	uint8_t oid[10];
	bool ia5;
};

/* NULL: no such attribute type. */
const struct dn_attribute *dn_attribute_of_oid(struct ms_bytes oid);
const struct dn_attribute *dn_attribute_of_name(const char *name, size_t len);

#endif

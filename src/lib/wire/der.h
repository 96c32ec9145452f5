/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of DER (X.690) with tags of one octet and contents of at most 65535. */
#ifndef MODSWAN_WIRE_DER_H
#define MODSWAN_WIRE_DER_H

#include "lib/wire/wire.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_T61 = 0x14,
	DER_IA5 = 0x16,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/* The next element's tag and contents; false: malformed, or nothing is left, and the reader is bad
 * from then on. */
static inline bool der_next(struct wire_reader *r, uint8_t *tag, struct ms_bytes *value)
{
	size_t len;

	*tag = wire_u8(r);
	len = wire_u8(r);
	if (len == 0x81) {
		len = wire_u8(r);
		r->bad = r->bad || len < 0x80; /* the shorter form had to do */
	} else if (len == 0x82) {
		len = wire_u16(r);
		r->bad = r->bad || len < 0x100;
	} else if (len >= 0x80) {
		r->bad = true;
	}
	*value = wire_take(r, len);
	return wire_ok(r);
}

/* The next element, which must have that tag. */
static inline bool der_take(struct wire_reader *r, uint8_t tag, struct ms_bytes *value)
{
	uint8_t found;

	if (der_next(r, &found, value) && found != tag)
		r->bad = true;
	return wire_ok(r);
}

/* An element that is all there is. */
static inline bool der_whole(struct ms_bytes octets, uint8_t tag, struct ms_bytes *value)
{
	struct wire_reader r = wire_reader(octets);

	return der_take(&r, tag, value) && wire_left(&r) == 0;
}

#endif

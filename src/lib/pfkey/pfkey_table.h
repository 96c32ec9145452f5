/* SPDX-License-Identifier: Apache-2.0 */
/* Layout of extensions and grammar of messages; see pfkey_table.c. */
#ifndef LIB_PFKEY_TABLE_H
#define LIB_PFKEY_TABLE_H

#include <modswan/pfkey.h>

enum { PFKEY_WORD = 8, PFKEY_VERSION = 2 };

enum pfkey_kind {
	PFKEY_U8,	/* host order, copied as they are */
	PFKEY_U16,
	PFKEY_U32,
	PFKEY_U64,
	PFKEY_BE16,	/* network order on the wire */
	PFKEY_BE32,
	PFKEY_NAME,	/* char[16], NUL-terminated */
	PFKEY_SOCKADDR, /* struct ms_endpoint, to the end of the extension */
	PFKEY_BITS_KEY, /* struct ms_bytes; its octets from the u16 of bits before it */
	PFKEY_LENGTH_DATA, /* struct ms_bytes; its octets from the u32 before it */
	PFKEY_TEXT,	/* struct ms_bytes, ends with a NUL */
	PFKEY_REST,	/* struct ms_bytes, whole words to the end */
	PFKEY_SELECTOR, /* struct ms_selector, 44 octets */
};

struct pfkey_field {
	uint8_t kind;
	uint8_t at;	 /* octets from the start of the extension */
	uint16_t member; /* octets from the start of the extension's own struct */
	const char *name;
};

struct pfkey_ext {
	const char *name;
	const struct pfkey_field *fields;
	uint8_t n_fields;
	uint16_t min_octets, max_octets; /* of the extension with its header; max 0: any */
	uint16_t member;		 /* in struct ms_pfkey_msg */
};

struct pfkey_message {
	const char *name; /* NULL: unknown */
	bool any_satype;  /* zero is allowed */
	uint64_t need[2], may[2]; /* by enum ms_pfkey_dir; may includes need */
	bool legal[2];
};

/* The first extension of `need` that is not in `has`, or NULL. */
const char *pfkey_missing(uint64_t need, uint64_t has);
const struct pfkey_ext *pfkey_ext_row(unsigned id);
const struct pfkey_message *pfkey_message_row(unsigned type);

#endif

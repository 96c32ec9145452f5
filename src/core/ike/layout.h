/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payload layouts: one table per figure of RFC 7296 section 3.  The same rows decode, encode and
 * print; readers never look at an octet that a row did not bound.
 *
 * Numbers are decoded into uint32_t members, opaque parts into views of the packet.  A payload's
 * own length and next-payload fields belong to the walker (message.h), not to these tables; the
 * parts inside an SA or TS payload carry their length themselves (LAYOUT_LENGTH).
 */
#ifndef MODSWAN_CORE_IKE_LAYOUT_H
#define MODSWAN_CORE_IKE_LAYOUT_H

#include <modswan/error.h>

#include "core/ike/iana.h"
#include "lib/wire/wire.h"

struct ike_header {
	uint8_t spi_i[8], spi_r[8];
	uint32_t next, version, exchange, flags, id, length;
};
struct ike_generic {
	uint32_t next, flags, length;
};
struct ike_proposal_head {
	uint32_t last, length, number, protocol, spi_octets, n_transforms;
	struct ms_bytes spi, rest; /* rest: transforms */
};
struct ike_transform_head {
	uint32_t last, length, type, id;
	struct ms_bytes rest; /* attributes */
};
struct ike_attribute {
	uint32_t type, value; /* of the short form */
};
struct ike_ke_payload {
	uint32_t group;
	struct ms_bytes data;
};
struct ike_id_payload {
	uint32_t type;
	struct ms_bytes data;
};
struct ike_auth_payload {
	uint32_t method;
	struct ms_bytes data;
};
struct ike_cert_payload {
	uint32_t encoding;
	struct ms_bytes data;
};
struct ike_cp_payload {
	uint32_t type;
	struct ms_bytes attributes;
};
struct ike_skf_payload {
	uint32_t number, total;
	struct ms_bytes data; /* encrypted */
};
struct ike_data_payload { /* nonce, vendor id, encrypted */
	struct ms_bytes data;
};
struct ike_notify_payload {
	uint32_t protocol, spi_octets, type;
	struct ms_bytes spi, data;
};
struct ike_delete_payload {
	uint32_t protocol, spi_octets, n;
	struct ms_bytes spis;
};
struct ike_ts_payload {
	uint32_t n;
	struct ms_bytes rest; /* selectors */
};
struct ike_selector_head {
	uint32_t type, protocol, length, port_first, port_last;
	struct ms_bytes addresses;
};

enum ike_field_kind {
	LAYOUT_END,
	LAYOUT_UINT,     /* octets wide */
	LAYOUT_NAMED,    /* the same, with a name table */
	LAYOUT_RESERVED, /* zero when sent, ignored when received (RFC 7296 s2.5) */
	LAYOUT_OCTETS,   /* fixed array in the struct */
	LAYOUT_LENGTH,   /* 16 bit: octets of the whole part, this layout bounds it */
	LAYOUT_SPI,      /* as many octets as the member at `aux` says */
	LAYOUT_REST,     /* what is left */
};

struct ike_field {
	uint8_t kind, octets;
	uint16_t offset, aux;
	const char *name;
	ike_name_f *names;
};

struct ike_layout {
	const char *name;
	uint16_t min_octets;
	const struct ike_field *fields;
};

extern const struct ike_layout ike_header_layout, ike_generic_layout, ike_proposal_layout,
	ike_transform_layout, ike_attribute_layout, ike_ke_layout, ike_id_layout, ike_auth_layout,
	ike_cert_layout, ike_data_layout, ike_notify_layout, ike_delete_layout, ike_ts_layout,
	ike_selector_layout, ike_skf_layout, ike_cp_layout;

/* Of a payload type; NULL: unknown type. */
const struct ike_layout *ike_layout_of(unsigned payload_type);

/* MS_ERR_TRUNCATED when a field is not there, MS_ERR_SYNTAX when an inner length is too small. */
ms_err ike_layout_get(const struct ike_layout *l, struct wire_reader *in, void *out) MS_MUST_CHECK;
/* A LAYOUT_LENGTH field is computed. */
void ike_layout_put(const struct ike_layout *l, struct wire_writer *out, const void *in);
/* "group=31, data=32 octets"; like snprintf. Octets are shown as counts only. */
size_t ike_layout_text(const struct ike_layout *l, const void *in, char *buf, size_t size);

#endif

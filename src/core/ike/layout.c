/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ike/layout.h"

#include <stddef.h>
#include <stdio.h>

/* clang-format off */
#define AT(type, member) offsetof(struct type, member)
#define UINT(type, member, octets) { LAYOUT_UINT, octets, AT(type, member), 0, #member, NULL }
#define NAMED(type, member, octets, names)                                                         \
	{ LAYOUT_NAMED, octets, AT(type, member), 0, #member, names }
#define RESERVED(octets) { LAYOUT_RESERVED, octets, 0, 0, NULL, NULL }
#define OCTETS(type, member, octets) { LAYOUT_OCTETS, octets, AT(type, member), 0, #member, NULL }
#define LENGTH(type) { LAYOUT_LENGTH, 2, AT(type, length), 0, "length", NULL }
#define SPI(type) { LAYOUT_SPI, 0, AT(type, spi), AT(type, spi_octets), "spi", NULL }
#define REST(type, member) { LAYOUT_REST, 0, AT(type, member), 0, #member, NULL }
#define END { LAYOUT_END, 0, 0, 0, NULL, NULL }
#define LAYOUT(ident, text, octets, ...)                                                           \
	static const struct ike_field ident##_fields[] = { __VA_ARGS__, END };                     \
	const struct ike_layout ident##_layout = { text, octets, ident##_fields }

/* RFC 7296 s3.1 */
LAYOUT(ike_header, "HDR", 28, OCTETS(ike_header, spi_i, 8), OCTETS(ike_header, spi_r, 8),
	NAMED(ike_header, next, 1, ike_payload_name), UINT(ike_header, version, 1),
	NAMED(ike_header, exchange, 1, ike_exchange_name), UINT(ike_header, flags, 1),
	UINT(ike_header, id, 4), UINT(ike_header, length, 4));
/* s3.2 */
LAYOUT(ike_generic, "generic", 4, NAMED(ike_generic, next, 1, ike_payload_name),
	UINT(ike_generic, flags, 1), UINT(ike_generic, length, 2));
/* s3.3.1 */
LAYOUT(ike_proposal, "proposal", 8, UINT(ike_proposal_head, last, 1), RESERVED(1),
	LENGTH(ike_proposal_head), UINT(ike_proposal_head, number, 1),
	NAMED(ike_proposal_head, protocol, 1, ike_protocol_name),
	UINT(ike_proposal_head, spi_octets, 1), UINT(ike_proposal_head, n_transforms, 1),
	SPI(ike_proposal_head), REST(ike_proposal_head, rest));
/* s3.3.2 */
LAYOUT(ike_transform, "transform", 8, UINT(ike_transform_head, last, 1), RESERVED(1),
	LENGTH(ike_transform_head), NAMED(ike_transform_head, type, 1, ike_transform_type_name),
	RESERVED(1), UINT(ike_transform_head, id, 2), REST(ike_transform_head, rest));
/* s3.3.5, short form */
LAYOUT(ike_attribute, "attribute", 4, UINT(ike_attribute, type, 2), UINT(ike_attribute, value, 2));
/* s3.4 */
LAYOUT(ike_ke, "KE", 4, UINT(ike_ke_payload, group, 2), RESERVED(2), REST(ike_ke_payload, data));
/* s3.5 */
LAYOUT(ike_id, "ID", 4, NAMED(ike_id_payload, type, 1, ike_id_type_name), RESERVED(3),
	REST(ike_id_payload, data));
/* s3.6, s3.7 */
LAYOUT(ike_cert, "CERT", 1, UINT(ike_cert_payload, encoding, 1), REST(ike_cert_payload, data));
/* s3.8 */
LAYOUT(ike_auth, "AUTH", 4, NAMED(ike_auth_payload, method, 1, ike_auth_method_name), RESERVED(3),
	REST(ike_auth_payload, data));
/* s3.9, s3.12, s3.14 */
LAYOUT(ike_data, "data", 0, REST(ike_data_payload, data));
/* s3.10 */
LAYOUT(ike_notify, "N", 4, NAMED(ike_notify_payload, protocol, 1, ike_protocol_name),
	UINT(ike_notify_payload, spi_octets, 1),
	NAMED(ike_notify_payload, type, 2, ike_notify_name), SPI(ike_notify_payload),
	REST(ike_notify_payload, data));
/* s3.11 */
LAYOUT(ike_delete, "D", 4, NAMED(ike_delete_payload, protocol, 1, ike_protocol_name),
	UINT(ike_delete_payload, spi_octets, 1), UINT(ike_delete_payload, n, 2),
	REST(ike_delete_payload, spis));
/* s3.13 */
LAYOUT(ike_ts, "TS", 4, UINT(ike_ts_payload, n, 1), RESERVED(3), REST(ike_ts_payload, rest));
/* s3.13.1 */
LAYOUT(ike_selector, "selector", 8, NAMED(ike_selector_head, type, 1, ike_ts_type_name),
	UINT(ike_selector_head, protocol, 1), LENGTH(ike_selector_head),
	UINT(ike_selector_head, port_first, 2), UINT(ike_selector_head, port_last, 2),
	REST(ike_selector_head, addresses));
/* s3.15 */
LAYOUT(ike_cp, "CP", 4, NAMED(ike_cp_payload, type, 1, ike_cfg_type_name), RESERVED(3),
	REST(ike_cp_payload, attributes));
/* RFC 7383 s2.5 */
LAYOUT(ike_skf, "SKF", 4, UINT(ike_skf_payload, number, 2), UINT(ike_skf_payload, total, 2),
	REST(ike_skf_payload, data));
/* clang-format on */

const struct ike_layout *ike_layout_of(unsigned type)
{
	static const struct ike_layout *const by_type[] = {
		[IKE_P_SA] = &ike_data_layout,
		[IKE_P_KE] = &ike_ke_layout,
		[IKE_P_IDI] = &ike_id_layout,
		[IKE_P_IDR] = &ike_id_layout,
		[IKE_P_CERT] = &ike_cert_layout,
		[IKE_P_CERTREQ] = &ike_cert_layout,
		[IKE_P_AUTH] = &ike_auth_layout,
		[IKE_P_NONCE] = &ike_data_layout,
		[IKE_P_NOTIFY] = &ike_notify_layout,
		[IKE_P_DELETE] = &ike_delete_layout,
		[IKE_P_VENDOR] = &ike_data_layout,
		[IKE_P_TSI] = &ike_ts_layout,
		[IKE_P_TSR] = &ike_ts_layout,
		[IKE_P_SK] = &ike_data_layout,
		[IKE_P_CP] = &ike_cp_layout,
		[IKE_P_EAP] = &ike_data_layout,
		[IKE_P_SKF] = &ike_skf_layout,
	};

	return type < sizeof(by_type) / sizeof(by_type[0]) ? by_type[type] : NULL;
}

/* Members are plain objects at the table's offset. */
static void *member(void *base, uint16_t offset)
{
	return (char *)base + offset;
}

static const void *const_member(const void *base, uint16_t offset)
{
	return (const char *)base + offset;
}

ms_err ike_layout_get(const struct ike_layout *l, struct wire_reader *in, void *out)
{
	struct wire_reader part = *in, *r = in;

	for (const struct ike_field *f = l->fields; f->kind != LAYOUT_END; f++) {
		void *m = member(out, f->offset);

		switch (f->kind) {
		case LAYOUT_UINT:
		case LAYOUT_NAMED:
			*(uint32_t *)m = (uint32_t)wire_uint(r, f->octets);
			break;
		case LAYOUT_RESERVED:
			(void)wire_take(r, f->octets);
			break;
		case LAYOUT_OCTETS:
			wire_copy(r, m, f->octets);
			break;
		case LAYOUT_LENGTH:
			/* Everything after this field is read from the bounded part. */
			*(uint32_t *)m = (uint32_t)wire_uint(r, f->octets);
			if (wire_ok(r) && *(uint32_t *)m < l->min_octets)
				return MS_ERR_SYNTAX;
			{
				size_t before = wire_left(&part) - wire_left(r);

				part = wire_reader(wire_take(r, *(uint32_t *)m - before));
				if (!wire_ok(r))
					return MS_ERR_TRUNCATED;
				r = &part;
			}
			break;
		case LAYOUT_SPI:
			*(struct ms_bytes *)m =
				wire_take(r, *(const uint32_t *)const_member(out, f->aux));
			break;
		case LAYOUT_REST:
			*(struct ms_bytes *)m = wire_rest(r);
			break;
		}
	}
	return wire_ok(r) && wire_ok(in) ? MS_OK : MS_ERR_TRUNCATED;
}

void ike_layout_put(const struct ike_layout *l, struct wire_writer *out, const void *in)
{
	size_t from = out->len, length_at = 0;

	for (const struct ike_field *f = l->fields; f->kind != LAYOUT_END; f++) {
		const void *m = const_member(in, f->offset);

		switch (f->kind) {
		case LAYOUT_UINT:
		case LAYOUT_NAMED:
			wire_put_uint(out, *(const uint32_t *)m, f->octets);
			break;
		case LAYOUT_RESERVED:
			wire_put_uint(out, 0, f->octets);
			break;
		case LAYOUT_OCTETS:
			wire_put(out, ms_bytes(m, f->octets));
			break;
		case LAYOUT_LENGTH:
			length_at = out->len;
			wire_put_uint(out, 0, f->octets);
			break;
		case LAYOUT_SPI:
		case LAYOUT_REST:
			wire_put(out, *(const struct ms_bytes *)m);
			break;
		}
	}
	if (length_at > 0)
		wire_patch_uint(out, length_at, out->len - from, 2);
}

size_t ike_layout_text(const struct ike_layout *l, const void *in, char *buf, size_t size)
{
	size_t n = 0;

#define ADD(...) \
	n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, __VA_ARGS__)
	if (size > 0)
		buf[0] = '\0';
	for (const struct ike_field *f = l->fields; f->kind != LAYOUT_END; f++) {
		const void *m = const_member(in, f->offset);

		if (f->kind == LAYOUT_RESERVED)
			continue;
		if (n > 0)
			ADD(", ");
		if (f->kind == LAYOUT_NAMED)
			ADD("%s=%s", f->name, ike_name(f->names, *(const uint32_t *)m));
		else if (f->kind == LAYOUT_UINT || f->kind == LAYOUT_LENGTH)
			ADD("%s=%u", f->name, (unsigned)*(const uint32_t *)m);
		else if (f->kind == LAYOUT_OCTETS) {
			const uint8_t *o = m;

			ADD("%s=", f->name);
			for (unsigned i = 0; i < f->octets; i++)
				ADD("%02x", o[i]);
		} else
			ADD("%s=%zu octets", f->name, ((const struct ms_bytes *)m)->len);
	}
#undef ADD
	return n;
}

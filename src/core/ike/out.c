/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ike/out.h"

#define NEXT_OFFSET   16 /* of the header's next-payload field */
#define LENGTH_OFFSET 24 /* of the header's length */

void ike_out_begin(struct ike_out *o, void *buf, size_t size, const struct ike_header *h)
{
	o->w = wire_writer(buf, size);
	o->next_at = NEXT_OFFSET;
	o->payload_at = 0;
	o->sk_at = o->sk_iv = 0;
	ike_layout_put(&ike_header_layout, &o->w, h);
}

void ike_out_close(struct ike_out *o)
{
	size_t len = o->w.len - o->payload_at;

	if (o->payload_at == 0)
		return;
	if (len > UINT16_MAX)
		o->w.bad = true;
	wire_patch_uint(&o->w, o->payload_at + 2, len, 2);
	o->payload_at = 0;
}

void ike_out_open(struct ike_out *o, unsigned type)
{
	struct ike_generic g = { IKE_P_NONE, 0, 0 };

	ike_out_close(o);
	wire_patch_uint(&o->w, o->next_at, type, 1);
	o->payload_at = o->next_at = o->w.len;
	ike_layout_put(&ike_generic_layout, &o->w, &g);
}

void ike_out_put(struct ike_out *o, unsigned type, const void *payload)
{
	ike_out_open(o, type);
	ike_layout_put(ike_layout_of(type), &o->w, payload);
}

void ike_out_sk(struct ike_out *o, unsigned iv_octets)
{
	ike_out_open(o, IKE_P_SK);
	o->sk_at = o->payload_at;
	o->payload_at = 0;
	/* SK's own next-payload field names the first payload inside. */
	o->next_at = o->sk_at;
	o->sk_iv = o->w.len;
	(void)wire_reserve(&o->w, iv_octets);
}

void ike_out_skf(struct ike_out *o, unsigned iv_octets, unsigned number, unsigned total,
	unsigned first_inner)
{
	struct ike_skf_payload skf = { number, total, { NULL, 0 } };

	ike_out_open(o, IKE_P_SKF);
	ike_layout_put(&ike_skf_layout, &o->w, &skf);
	o->sk_at = o->next_at = o->payload_at;
	o->payload_at = 0;
	wire_patch_uint(&o->w, o->sk_at, number == 1 ? first_inner : IKE_P_NONE, 1);
	o->sk_iv = o->w.len;
	(void)wire_reserve(&o->w, iv_octets);
}

struct ms_bytes ike_out_finish(struct ike_out *o)
{
	ike_out_close(o);
	wire_patch_uint(&o->w, LENGTH_OFFSET, o->w.len, 4);
	return wire_result(&o->w);
}

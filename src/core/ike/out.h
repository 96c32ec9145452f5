/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building one message: header, payload chain, SK around the inner part.  Payloads are opened by
 * type and closed by the next one; next-payload fields and lengths fill themselves.  Errors (no
 * room) stick in the writer and show when the message is finished.
 */
#ifndef MODSWAN_CORE_IKE_OUT_H
#define MODSWAN_CORE_IKE_OUT_H

#include "core/ike/layout.h"

struct ike_out {
	struct wire_writer w;
	size_t next_at;    /* where the next payload's type goes */
	size_t payload_at; /* of the open payload, 0: none */
	size_t sk_at;      /* generic header of SK or SKF, 0: not protected */
	size_t sk_iv;      /* its IV */
};

void ike_out_begin(struct ike_out *o, void *buf, size_t size, const struct ike_header *h);
/* Body follows through o->w. */
void ike_out_open(struct ike_out *o, unsigned type);
void ike_out_put(struct ike_out *o, unsigned type, const void *payload); /* by its layout */
/* Everything after this is inside SK; iv_octets are left free. */
void ike_out_sk(struct ike_out *o, unsigned iv_octets);
/* The same for one fragment (RFC 7383 s2.5); the first inner payload is named in fragment 1 only. */
void ike_out_skf(struct ike_out *o, unsigned iv_octets, unsigned number, unsigned total,
	unsigned first_inner);
/* Lengths of a clear message; an empty view when it did not fit. */
struct ms_bytes ike_out_finish(struct ike_out *o);
void ike_out_close(struct ike_out *o); /* the open payload */

#endif

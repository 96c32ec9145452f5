/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPComp for CHILD SAs: RFC 7296 s2.22, RFC 3173 s3.3, RFC 2394 (deflate).
 *
 *     ... N(IPCOMP_SUPPORTED), SA, ...  -->
 *                                       <--  ... N(IPCOMP_SUPPORTED), SA, ...
 *
 * Each end names the CPI by which it wants to get compressed packets.  The initiator may name one
 * for each algorithm, the responder answers with one of them or says nothing: then there is no
 * compression, in neither direction.  Ours is one of the numbers that are negotiated; inside of an
 * ESP SA it need not differ from others'.  A rekeyed CHILD SA negotiates anew.
 */
#include "core/ike/ike_sa.h"
#include "core/ike/notify.h"
#include "core/ikev2/ipcomp.h"

enum { DEFLATE = 2, FIRST_CPI = 256, LAST_CPI = 61439 };

static bool wanted(const struct ike_sa *ike, const struct child_sa *child)
{
	const struct host *h = ike->e->host;

	return child->conn->desc->compress && h->ops->kernel_caps &&
	       h->ops->kernel_caps(h->ctx) & MS_KCAP_COMPRESS;
}

static uint16_t new_cpi(const struct ike_engine *e)
{
	uint32_t random;

	ike_random(e, &random, sizeof(random));
	return (uint16_t)(FIRST_CPI + random % (LAST_CPI - FIRST_CPI + 1));
}

static void put(const struct child_sa *child, struct ike_out *out)
{
	uint8_t data[3];
	struct wire_writer w = wire_writer(data, sizeof(data));

	if (child->cpi_in == 0)
		return;
	wire_put_u16(&w, child->cpi_in);
	wire_put_u8(&w, DEFLATE);
	ike_put_notify(out, IKE_N_IPCOMP_SUPPORTED, wire_result(&w));
}

void ike_ipcomp_offer(struct child_sa *child, struct ike_out *out)
{
	child->cpi_out = 0;
	if (!wanted(child->ike, child))
		child->cpi_in = 0;
	else if (child->cpi_in == 0)
		child->cpi_in = new_cpi(child->ike->e);
	put(child, out);
}

void ike_ipcomp_answer(const struct child_sa *child, struct ike_out *out)
{
	put(child, out);
}

void ike_ipcomp_take(struct ike_exchange *x, const struct ike_msg *m)
{
	x->comp = false;
	x->cpi = 0;
	for (unsigned i = 0; i < m->n && x->cpi == 0; i++) {
		struct ike_notify_payload n;
		struct wire_reader r;
		unsigned cpi, algorithm;

		if (m->p[i].type != IKE_P_NOTIFY || !m->p[i].protected ||
			ike_payload_get(&m->p[i], &n) || n.type != IKE_N_IPCOMP_SUPPORTED)
			continue;
		x->comp = true;
		r = wire_reader(n.data);
		cpi = wire_u16(&r);
		algorithm = wire_u8(&r);
		if (wire_ok(&r) && algorithm == DEFLATE && cpi >= FIRST_CPI && cpi <= LAST_CPI)
			x->cpi = (uint16_t)cpi;
	}
}

void ike_ipcomp_choose(struct child_sa *child)
{
	const struct ike_exchange *x = child->ike->x;

	child->cpi_in = child->cpi_out = 0;
	if (x->cpi == 0 || !wanted(child->ike, child))
		return;
	child->cpi_in = new_cpi(child->ike->e);
	child->cpi_out = x->cpi;
}

ms_err ike_ipcomp_accept(struct child_sa *child, struct ms_why *why)
{
	const struct ike_exchange *x = child->ike->x;

	if (!x->comp) {
		child->cpi_in = 0;
		return MS_OK;
	}
	/* It would compress in a way that was not offered. */
	if (x->cpi == 0 || child->cpi_in == 0)
		return ms_fail(why, MS_ERR_SYNTAX,
			"the peer accepts IPComp that was not offered to it");
	child->cpi_out = x->cpi;
	return MS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CERT and CERTREQ payloads.
 *
 * They never decide about a transition: what is of use is kept for the authentication of the same
 * exchange, the rest is left.  Of the encodings only 4 (X.509 certificate for signatures) is used.
 * Hash-and-URL (12, 13) is not: nobody was told that it would be understood, and fetching what an
 * unknown peer names is not done.  Raw keys (11, 15), PKCS #7 (1), CRLs (7) and OCSP answers (14)
 * are left too; whoever needs them has them in files or fetches them.
 *
 * Standards: RFC 7296 s3.6, s3.7; RFC 4945 s3.2, s3.3.
 */
#include "core/ike/ike_sa.h"
#include "core/ikev2/cert.h"

#include <modswan/config.h>
#include <modswan/creds.h>

#include <string.h>

#define X509_SIGNATURE 4
#define MAX_ASKED      4096 /* octets of hashes that a peer's CERTREQs may hold */
#define MAX_ASKING     2000 /* of ours: a hundred CAs */

static void take_cert(struct ike_exchange *x, struct ms_bytes der)
{
	if (x->n_certs == MS_MAX_CERTS || der.len == 0 || der.len > MS_MAX_CERT_OCTETS)
		return;
	if (!x->certs)
		x->certs = ms_arena_alloc(x->arena, MS_MAX_CERTS * sizeof(*x->certs));
	if (!x->certs)
		return;
	x->certs[x->n_certs] = ike_keep(x, der);
	if (x->certs[x->n_certs].ptr)
		x->n_certs++;
}

static void take_request(struct ike_exchange *x, struct ms_bytes hashes)
{
	struct wire_writer w;

	x->certreq = true;
	if (hashes.len == 0 || hashes.len % MS_CA_HASH_OCTETS || hashes.len > MAX_ASKED)
		return;
	if (!x->asked)
		x->asked = ms_arena_alloc(x->arena, MAX_ASKED);
	if (!x->asked)
		return;
	w = wire_writer(x->asked, MAX_ASKED);
	(void)wire_reserve(&w, x->asked_octets);
	wire_put(&w, hashes);
	if (wire_written(&w))
		x->asked_octets = w.len;
}

void ike_certs_take(struct ike_rx *rx)
{
	struct ike_exchange *x = rx->ike->x;
	struct ms_logger lg = ike_logger(rx->ike);
	unsigned left_out = 0;

	for (unsigned i = 0; i < rx->m.n; i++) {
		const struct ike_payload *p = &rx->m.p[i];
		struct ike_cert_payload c;

		if ((p->type != IKE_P_CERT && p->type != IKE_P_CERTREQ) || ike_payload_get(p, &c))
			continue;
		if (c.encoding != X509_SIGNATURE)
			left_out++;
		else if (p->type == IKE_P_CERT)
			take_cert(x, c.data);
		else
			take_request(x, c.data);
	}
	if (left_out)
		ms_debug(&lg, "%u CERT or CERTREQ payloads of encodings that are not used",
			left_out);
}

void ike_certs_put(struct ike_sa *ike, struct ike_out *out)
{
	const struct ike_exchange *x = ike->x;

	for (unsigned i = 0; i < x->n_my_certs; i++) {
		struct ike_cert_payload c = { X509_SIGNATURE, x->my_certs[i] };

		ike_out_put(out, IKE_P_CERT, &c);
	}
}

/* Only where a certificate would be of use: the peer signs, and no key of its is written.  A responder
 * does not know yet which of its connections is meant: any of them will do. */
void ike_certreq_put(struct ike_sa *ike, struct ike_out *out)
{
	const struct host *h = ike->e->host;
	const struct conn *c = ike->conn;
	uint8_t hashes[MAX_ASKING];
	struct ike_cert_payload asked = { X509_SIGNATURE, ms_bytes(hashes, 0) };

	if (!conn_end_by_cert(&c->remote))
		c = ike->initiator ? NULL
				   : conn_find_by_cert(ike->e->conns, &ike->local.addr,
					     &ike->remote.addr);
	if (!h->ops->ca_hashes || !c)
		return;
	asked.data.len = h->ops->ca_hashes(h->ctx, c, hashes, sizeof(hashes));
	if (asked.data.len)
		ike_out_put(out, IKE_P_CERTREQ, &asked);
}

ms_err ike_certs_keep_mine(struct ike_sa *ike, const struct ms_bytes *certs, unsigned n)
{
	struct ike_exchange *x = ike->x;
	int when = ike->conn->local.sendcert;

	x->n_my_certs = 0;
	if (n == 0 || n > MS_MAX_CERTS || when == MS_SENDCERT_NEVER ||
		(when == MS_SENDCERT_IFASKED && !x->certreq))
		return MS_OK;
	x->my_certs = ms_arena_alloc(x->arena, n * sizeof(*x->my_certs));
	if (!x->my_certs)
		return MS_ERR_NOMEM;
	for (unsigned i = 0; i < n; i++) {
		x->my_certs[i] = ike_keep(x, certs[i]);
		if (!x->my_certs[i].ptr)
			return MS_ERR_NOMEM;
	}
	x->n_my_certs = n;
	return MS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responder: which connection is meant, now that the peer has said who it is.  Identity first, then the
 * issuer of its certificate, then what IKE_SA_INIT agreed on.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ikev2/auth.h"
#include "core/ikev2/cp.h"
#include "core/ikev2/exchanges.h"

/* The suite was chosen for one connection of the addresses; the one of the identities decides. */
static bool suite_allowed(const struct ike_sa *ike, const struct conn *c)
{
	const struct ms_suite *s = &ike->suite;
	struct ms_proposals only = { .n = 1 };
	struct ms_proposal *p = &only.p[0];
	struct ms_suite again;
	unsigned chosen;

	if (c->ike == ike->conn->ike)
		return true;
	p->protocol = MS_PROTOCOL_IKE;
	p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_ENCR, s->encr, s->encr_bits };
	p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_PRF, s->prf, 0 };
	if (s->integ)
		p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_INTEG, s->integ, 0 };
	p->t[p->n++] = (struct ms_transform){ MS_TRANSFORM_KE, s->ke, 0 };
	return ms_suite_choose(&again, c->ike, &only, &chosen) == MS_OK;
}

/* What of a connection is looked at beside its identities. */
struct wish {
	const struct ike_sa *ike;
	bool suite;
	int pool; /* enum ms_tristate: MS_AUTO, it does not matter */
};

/* s2.19: the initiator asks for an address, the responder has one to give. */
static bool pool_fits(const struct conn *c, bool asked)
{
	return (c->remote.pool != NULL) == asked && !conn_end_asks(&c->local);
}

static bool fits(void *arg, const struct conn *c)
{
	const struct wish *w = arg;
	const struct ike_sa *ike = w->ike;
	const struct host *h = ike->e->host;

	if ((w->suite && !suite_allowed(ike, c)) || (w->pool != MS_AUTO && !pool_fits(c, w->pool == MS_YES)))
		return false;
	return h->ops->ca_fits == NULL || ike->x->n_certs == 0 || !conn_names_ca(c) ||
	       h->ops->ca_fits(h->ctx, c, ike->x->certs, ike->x->n_certs);
}

static struct conn *best_conn(struct ike_sa *ike, uint32_t kind, bool suite, int pool)
{
	struct wish w = { ike, suite, pool };

	return conn_find_ids_ca(ike->e->conns, &ike->local.addr, &ike->remote.addr,
		&ike->x->asked_id, &ike->peer_id, kind, fits, &w);
}

/* Whom the peer says to be decides, and its ike= then: one for anybody does not stand in for the one
 * that names this peer. */
static ms_err conn_with_suite(struct ike_sa *ike, uint32_t kind, struct conn **c, struct ms_why *why)
{
	struct conn *other;
	char text[200];

	if (suite_allowed(ike, *c))
		return MS_OK;
	other = best_conn(ike, kind, true, (*c)->remote.pool ? MS_YES : MS_NO);
	if (other && ms_id_eq(&other->remote.id, &(*c)->remote.id)) {
		*c = other;
		return MS_OK;
	}
	ms_suite_text(&ike->suite, text, sizeof(text));
	return ms_fail(why, MS_ERR_NO_PROPOSAL, "\"%s\" does not allow %s", (*c)->desc->name, text);
}

/* Of connections with the same peer the one with a pool is for who asks for an address. */
static struct conn *conn_with_pool(struct ike_sa *ike, uint32_t kind, struct conn *c)
{
	bool asks = ike_cp_asked(ike);
	struct conn *other;

	if (pool_fits(c, asks))
		return c;
	other = best_conn(ike, kind, false, asks ? MS_YES : MS_NO);
	return other && ms_id_eq(&other->remote.id, &c->remote.id) ? other : c;
}

ms_err ike_auth_conn(struct ike_sa *ike, struct ms_why *why)
{
	struct ike_exchange *x = ike->x;
	uint32_t kind = ike_auth_kind(x->auth);
	struct conn *c = kind ? best_conn(ike, kind, false, MS_AUTO) : NULL;
	char peer[MS_ID_TEXT], me[MS_ID_TEXT];
	ms_err err;

	/* Nobody wants this issuer: whoever has the identity tells what is wrong with the certificate. */
	if (!c && kind)
		c = conn_find_ids(ike->e->conns, &ike->local.addr, &ike->remote.addr, &x->asked_id,
			&ike->peer_id, kind);
	if (!c) {
		ms_id_text(&ike->peer_id, peer, sizeof(peer));
		ms_id_text(&x->asked_id, me, sizeof(me));
		return ms_fail(why, MS_ERR_AUTH,
			"no connection for peer '%.120s' who wants '%.120s' "
			"with %s",
			peer, me, ike_name(ike_auth_method_name, x->auth.ptr[0]));
	}
	/* Of opportunistic connections our policy for the peer is the one that is meant. */
	if (c->opportunistic) {
		struct conn *closest = child_policy_template(ike, kind);

		c = closest ? closest : c;
	}
	c = conn_with_pool(ike, kind, c);
	err = conn_with_suite(ike, kind, &c, why);
	if (err)
		return err;
	if (!conn_is_template(c)) {
		ike_set_conn(ike, c);
		return MS_OK;
	}
	c = c->opportunistic && !c->group ? child_policy_instance(ike, c) : ike_instance(ike, c);
	if (!c)
		return MS_ERR_NOMEM;
	ike_set_conn(ike, c);
	conn_unref(&c);
	return MS_OK;
}

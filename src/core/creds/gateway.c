/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question is one or two look-ups: the peer's client, and our own when it is somebody else.
 * Both are under way at the same time; what the first brings is copied until the second is there.
 */
#include "core/creds/gateway.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>

struct look_up {
	const struct ms_provider *source;
	struct ms_creds_query *query;
};

struct gateway_query {
	struct look_up peer, ours;
	unsigned pending;
	ms_err err;
	struct ms_why why;
	struct ms_published how;
	struct ms_gateway *gateways; /* copies, with references of keys */
	unsigned n;
	/* whom our client, or the one that is checked, has to name */
	struct ms_id id;
	struct ms_addr addr;
	struct ms_pubkey *key;
	gateway_found_f *found;
	gateway_checked_f *checked;
	void *arg;
};

bool gateway_is(const struct ms_gateway *g, const struct ms_id *id, const struct ms_addr *addr,
	const struct ms_pubkey *key)
{
	bool named = id != NULL && id->type != MS_ID_ANY && ms_id_eq(&g->id, id);
	bool known = key == NULL;

	for (unsigned i = 0; !named && addr != NULL && addr->family != 0 && i < g->n_addrs; i++)
		named = ms_addr_eq(&g->addrs[i], addr);
	for (unsigned i = 0; !known && i < g->n_keys; i++)
		known = ms_sign()->pubkey_eq(g->keys[i], key);
	return named && known;
}

static void stop(struct look_up *l)
{
	const struct ms_creds_ops *ops = l->source == NULL ? NULL : l->source->ops;

	if (l->query != NULL)
		ops->cancel(l->source->instance, &l->query);
}

static void query_free(struct gateway_query *q)
{
	stop(&q->peer);
	stop(&q->ours);
	for (unsigned i = 0; i < q->n; i++) {
		for (unsigned k = 0; k < q->gateways[i].n_keys; k++)
			ms_sign()->pubkey_free(&q->gateways[i].keys[k]);
		ms_id_free(&q->gateways[i].id);
	}
	free(q->gateways);
	if (q->key != NULL)
		ms_sign()->pubkey_free(&q->key);
	ms_id_free(&q->id);
	free(q);
}

void gateway_cancel(struct gateway_query **query)
{
	if (*query != NULL)
		query_free(*query);
	*query = NULL;
}

static ms_err keep(struct gateway_query *q, const struct ms_gateway *gateways, unsigned n)
{
	q->gateways = calloc(n, sizeof *q->gateways);
	if (q->gateways == NULL)
		return MS_ERR_NOMEM;
	for (unsigned i = 0; i < n; i++) {
		struct ms_gateway *g = &q->gateways[i];

		*g = gateways[i];
		memset(&g->id, 0, sizeof g->id);
		for (unsigned k = 0; k < g->n_keys; k++)
			ms_sign()->pubkey_ref(g->keys[k]);
		q->n++;
		if (ms_id_copy(&g->id, &gateways[i].id) != MS_OK)
			return MS_ERR_NOMEM;
	}
	return MS_OK;
}

static void also_true(struct ms_published *sum, const struct ms_published *how)
{
	if (how->status < sum->status)
		sum->status = how->status;
	if (how->ttl_s < sum->ttl_s)
		sum->ttl_s = how->ttl_s;
}

static void one_more(struct gateway_query *q, ms_err err, const struct ms_published *how,
	const struct ms_why *why)
{
	also_true(&q->how, how);
	if (err != MS_OK && q->err == MS_OK)
		q->err = ms_fail(&q->why, err, "%s", ms_why_text(why, err));
	if (--q->pending > 0 && q->err == MS_OK)
		return;
	if (q->found != NULL)
		q->found(q->arg, q->err, q->gateways, q->err == MS_OK ? q->n : 0, &q->how, &q->why);
	else
		q->checked(q->arg, q->err, &q->how, &q->why);
	query_free(q);
}

static void got_peers(void *arg, ms_err err, const struct ms_gateway *gateways, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	struct gateway_query *q = arg;

	q->peer.query = NULL;
	if (err == MS_OK)
		err = keep(q, gateways, n);
	one_more(q, err, how, why);
}

static void got_named(void *arg, ms_err err, const struct ms_gateway *gateways, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	struct gateway_query *q = arg;
	struct ms_why local = { "" };
	char id[MS_ID_TEXT];

	q->ours.query = NULL;
	for (unsigned i = 0; err == MS_OK && i < n; i++)
		if (gateway_is(&gateways[i], &q->id, &q->addr, q->key)) {
			one_more(q, MS_OK, how, NULL);
			return;
		}
	ms_id_text(&q->id, id, sizeof id);
	if (err == MS_OK)
		err = ms_fail(&local, MS_ERR_AUTH, "its records name other gateways than %s%s", id,
			q->key == NULL ? "" : " with that key");
	else
		ms_fail(&local, err, "%s", ms_why_text(why, err));
	/* No records is a no, too. */
	if (err == MS_ERR_NO_CREDENTIAL)
		err = MS_ERR_AUTH;
	ms_why_prefix(&local, q->found == NULL ? "the client of the peer: " : "our own client: ");
	one_more(q, err, how, &local);
}

static ms_err look(struct gateway_query *q, struct look_up *l, creds_source_f *sources,
	void *sources_arg, const struct ms_addr *client, ms_creds_gateways_f *done,
	struct ms_why *why)
{
	ms_err err;

	for (unsigned i = 0; (l->source = sources(sources_arg, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = l->source->ops;

		if (ops->gateways == NULL)
			continue;
		err = ops->gateways(l->source->instance, client, &l->query, done, q, why);
		q->pending += err == MS_OK;
		return err;
	}
	return ms_fail(why, MS_ERR_UNSUPPORTED, "no loaded plugin looks for published gateways");
}

static struct gateway_query *query_new(
	const struct ms_id *id, const struct ms_addr *addr, struct ms_pubkey *key, void *arg)
{
	struct gateway_query *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->arg = arg;
	q->how = (struct ms_published){ MS_DNS_SECURE, UINT32_MAX };
	if (addr != NULL)
		q->addr = *addr;
	if (key != NULL)
		q->key = ms_sign()->pubkey_ref(key);
	if (id == NULL || ms_id_copy(&q->id, id) == MS_OK)
		return q;
	query_free(q);
	return NULL;
}

static ms_err begun(struct gateway_query *q, ms_err err, struct gateway_query **out)
{
	if (err == MS_OK)
		*out = q;
	else
		query_free(q);
	return err;
}

ms_err gateway_ask(creds_source_f *sources, void *sources_arg, const struct gateway_wish *wish,
	struct gateway_query **out, gateway_found_f *found, void *arg, struct ms_why *why)
{
	struct gateway_query *q = query_new(wish->me, &wish->our_addr, wish->our_key, arg);
	ms_err err;

	if (q == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	q->found = found;
	err = look(q, &q->peer, sources, sources_arg, &wish->peer_client, got_peers, why);
	if (err == MS_OK && wish->me != NULL && !ms_addr_eq(&wish->our_client, &wish->our_addr))
		err = look(q, &q->ours, sources, sources_arg, &wish->our_client, got_named, why);
	return begun(q, err, out);
}

ms_err gateway_check(creds_source_f *sources, void *sources_arg, const struct ms_addr *client,
	const struct ms_id *peer, const struct ms_addr *peer_addr, struct ms_pubkey *key,
	struct gateway_query **out, gateway_checked_f *checked, void *arg, struct ms_why *why)
{
	struct gateway_query *q = query_new(peer, peer_addr, key, arg);

	if (q == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	q->checked = checked;
	return begun(q, look(q, &q->ours, sources, sources_arg, client, got_named, why), out);
}

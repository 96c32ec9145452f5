/* SPDX-License-Identifier: Apache-2.0 */
/* Opportunism asks who is the gateway of a peer's client: the credential sources know (gateway.h). */
#include "core/creds/opp_source.h"

#include <modswan/resolver.h>

#include <stdlib.h>
#include <string.h>

struct question {
	struct gateway_query *query;
	opp_found_f *found;
	void *arg;
	struct opp_source *s;
	struct ms_addr theirs;
};

/* One for each address of each gateway: they are tried one after the other. */
static unsigned spread(const struct ms_gateway *gateways, unsigned n, enum peer_proof proof,
	struct opp_gateway *out)
{
	unsigned used = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < gateways[i].n_addrs && used < OPP_MAX_GATEWAYS; k++) {
			struct opp_gateway *g = &out[used++];

			memset(g, 0, sizeof *g);
			g->addr = gateways[i].addrs[k];
			g->id = gateways[i].id; /* borrowed, as is all the rest */
			g->proof = proof;
			for (; g->n_keys < gateways[i].n_keys && g->n_keys < OPP_MAX_KEYS;
				g->n_keys++)
				g->keys[g->n_keys] = gateways[i].keys[g->n_keys];
		}
	return used;
}

static void say_gateway(const struct question *q, const struct ms_gateway *g,
	const struct ms_published *how)
{
	static struct ms_log_limit limit = { .burst = 20, .per_minute = 60 };
	struct ms_logger lg = { q->s->log, MS_SOURCE_CONN, NULL, NULL, &limit };
	char client[MS_ADDR_TEXT], id[MS_ID_TEXT];

	ms_addr_text(&q->theirs, client, sizeof client);
	ms_id_text(&g->id, id, sizeof id);
	ms_info(&lg, "gateway of %s is %s, by its %s record (%s)", client, id, g->source,
		ms_dns_status_name(how->status));
}

static void answer(void *arg, ms_err err, const struct ms_gateway *gateways, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	struct question *q = arg;
	struct opp_gateway list[OPP_MAX_GATEWAYS];

	if (err == MS_OK)
		say_gateway(q, &gateways[0], how);
	q->found(q->arg, err, list,
		spread(gateways, n,
			err == MS_OK && how->status == MS_DNS_SECURE ? PROOF_DNSSEC : PROOF_DNS, list),
		how->ttl_s, why);
	free(q);
}

struct gateway_wish opp_source_wish(const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs)
{
	const struct conn_end *us = &template->local;
	struct gateway_wish wish = { .our_client = *mine, .peer_client = *theirs,
		.our_addr = us->host.addr };

	/* Only for others must somebody have said that we are their gateway. */
	if (!ms_addr_eq(mine, &us->host.addr)) {
		wish.me = &us->id;
		wish.our_key = us->pubkeys[0];
	}
	return wish;
}

static ms_err ask(void *ctx, const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg,
	struct ms_why *why)
{
	const struct gateway_wish wish = opp_source_wish(template, mine, theirs);
	struct opp_source *s = ctx;
	struct question *q = calloc(1, sizeof *q);
	ms_err err;

	if (q == NULL)
		return MS_ERR_NOMEM;
	q->found = found;
	q->arg = arg;
	q->s = s;
	q->theirs = *theirs;
	err = gateway_ask(s->sources, s->sources_arg, &wish, &q->query, answer, q, why);
	if (err == MS_OK)
		*query = q;
	else
		free(q);
	return err;
}

static void cancel(void *ctx, void *query)
{
	struct question *q = query;

	(void)ctx;
	gateway_cancel(&q->query);
	free(q);
}

struct opp_env opp_source_env(struct opp_source *s)
{
	return (struct opp_env){ .ask = ask, .cancel = cancel, .ctx = s };
}

/* --- the other way round ----------------------------------------------------------------------- */

struct check {
	struct gateway_query *query;
	struct ms_addr client;
	host_done_f *done;
	void *arg;
};

static void checked(void *arg, ms_err err, const struct ms_published *how, const struct ms_why *why)
{
	struct check *c = arg;
	struct ms_why own = { "" };
	char client[MS_ADDR_TEXT];

	(void)how;
	ms_addr_text(&c->client, client, sizeof client);
	if (err != MS_OK)
		(void)ms_fail(&own, MS_ERR_TS, "DNS fails to confirm delegation of %s: %s", client,
			ms_why_text(why, err));
	c->done(c->arg, err == MS_OK ? MS_OK : MS_ERR_TS, &own);
	free(c);
}

void opp_source_authorise(struct opp_source *s, const struct ms_addr *client,
	const struct ms_id *peer, const struct ms_addr *peer_addr, host_done_f *done, void *arg)
{
	struct check *c = calloc(1, sizeof *c);
	struct ms_why why = { "" };
	ms_err err;

	if (c == NULL) {
		done(arg, MS_ERR_NOMEM, NULL);
		return;
	}
	*c = (struct check){ NULL, *client, done, arg };
	err = gateway_check(s->sources, s->sources_arg, client, peer, peer_addr, NULL, &c->query,
		checked, c, &why);
	if (err == MS_OK)
		return;
	free(c);
	done(arg, MS_ERR_TS, &why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opportunism asks who is the gateway of a peer's client: the credential sources know (gateway.h). */
#include "core/creds/opp_source.h"

#include <modswan/registry.h>
#include <modswan/resolver.h>

#include <stdlib.h>
#include <string.h>

/* For others we speak with a key of ours that their records must have: it is found out first. */
struct own_key {
	struct question *q; /* NULL: nobody wants the answer */
};

struct question {
	struct gateway_query *query;
	struct own_key *own;
	opp_found_f *found;
	void *arg;
	struct opp_source *s;
	struct conn *template; /* a reference */
	struct ms_addr mine, theirs;
	bool asking; /* ask() has not returned: an error is its result */
	ms_err err;
	struct ms_why why;
};

static void question_free(struct question *q)
{
	conn_unref(&q->template);
	free(q);
}

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
	question_free(q);
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

static void failed(struct question *q, ms_err err, const struct ms_why *why)
{
	if (q->asking) {
		q->err = ms_fail(&q->why, err, "%s", ms_why_text(why, err));
		return;
	}
	q->found(q->arg, err, NULL, 0, 0, why);
	question_free(q);
}

static void ask_for(struct question *q, struct ms_pubkey *our_key)
{
	struct gateway_wish wish = opp_source_wish(q->template, &q->mine, &q->theirs);
	struct ms_why why = { "" };
	ms_err err;

	wish.our_key = our_key;
	err = gateway_ask(q->s->sources, q->s->sources_arg, &wish, &q->query, answer, q, &why);
	if (err != MS_OK)
		failed(q, err, &why);
}

static void got_own(void *arg, ms_err err, struct ms_privkey *key, const struct ms_why *why)
{
	struct own_key *own = arg;
	struct question *q = own->q;
	struct ms_pubkey *pub = NULL;
	struct ms_why local = { "" };

	free(own);
	if (q == NULL)
		return;
	q->own = NULL;
	if (err == MS_OK)
		err = ms_sign()->pubkey_of(&pub, key);
	if (err != MS_OK) {
		(void)ms_fail(&local, err, "our own client: %s", ms_why_text(why, err));
		failed(q, err, &local);
		return;
	}
	ask_for(q, pub);
	ms_sign()->pubkey_free(&pub);
}

static ms_err ask(void *ctx, const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg,
	struct ms_why *why)
{
	struct question *q = calloc(1, sizeof *q);
	ms_err err;

	if (q == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	*q = (struct question){ .found = found, .arg = arg, .s = ctx, .mine = *mine,
		.theirs = *theirs, .template = conn_ref((struct conn *)(uintptr_t)template),
		.asking = true };
	if (opp_source_wish(template, mine, theirs).me == NULL) {
		ask_for(q, NULL);
	} else if ((q->own = malloc(sizeof *q->own)) == NULL) {
		q->err = ms_fail(&q->why, MS_ERR_NOMEM, "out of memory");
	} else {
		q->own->q = q;
		creds_private_key(q->s->sources, q->s->sources_arg, template, NULL,
			template->local.pubkeys[0], got_own, q->own);
	}
	q->asking = false;
	err = q->err;
	if (err == MS_OK) {
		*query = q;
		return MS_OK;
	}
	(void)ms_fail(why, err, "%s", q->why.text);
	question_free(q);
	return err;
}

static void cancel(void *ctx, void *query)
{
	struct question *q = query;

	(void)ctx;
	if (q->own != NULL)
		q->own->q = NULL;
	gateway_cancel(&q->query);
	question_free(q);
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
	const struct ms_id *peer, const struct ms_addr *peer_addr, struct ms_pubkey *key,
	host_done_f *done, void *arg)
{
	struct check *c;
	struct ms_why why = { "" };
	ms_err err;

	if (key == NULL) {
		done(arg, ms_fail(&why, MS_ERR_TS, "a peer that signs with no key is delegated nothing"),
			&why);
		return;
	}
	c = calloc(1, sizeof *c);
	if (c == NULL) {
		done(arg, MS_ERR_NOMEM, NULL);
		return;
	}
	*c = (struct check){ NULL, *client, done, arg };
	err = gateway_check(s->sources, s->sources_arg, client, peer, peer_addr, key, &c->query,
		checked, c, &why);
	if (err == MS_OK)
		return;
	free(c);
	done(arg, MS_ERR_TS, &why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question for keys or gateways is several questions to DNS, its parts, in two rounds.
 *
 * First all kinds of records at the owner's name at once.  Then, for gateways that were named: the
 * addresses of a name, and the keys of one whose record has none.  There is no third round and no PTR
 * is ever asked for, so a stranger's records make us ask at most 16 gateways' 5 questions.
 *
 * What cannot be read is left out; only when nothing is left its reason is told.
 *
 * Standards: RFC 4322 s3.2 and s5, RFC 4025.
 */
#include "dns.h"

#include <modswan/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
	struct ms_creds_query *of;
	struct part *next;
	struct ms_dns_query *query;
	uint16_t type;
	int gateway; /* whose this is; -1: the question's own */
};

struct ms_creds_query {
	struct creds_dns *dns;
	struct ms_creds_query *next;
	const struct ms_provider *resolver;
	struct part *parts;
	unsigned pending;
	bool second_round;
	char name[MS_DNS_NAME_MAX + 1];
	struct ms_id id;       /* whose keys; ANY: gateways are asked for */
	struct ms_addr client; /* whose gateways */
	struct collection found;
	struct ms_published how;
	ms_err err; /* why there may be nothing */
	struct ms_why why;
	ms_creds_keys_f *keys_done;
	ms_creds_gateways_f *gateways_done;
	void *arg;
};

static const uint16_t key_types[] = { MS_DNS_TXT, MS_DNS_IPSECKEY, MS_DNS_KEY };
static const uint16_t gateway_types[] = { MS_DNS_TXT, MS_DNS_IPSECKEY };
static const uint16_t address_types[] = { MS_DNS_A, MS_DNS_AAAA };

static void answered(void *arg, ms_err err, const struct ms_dns_answer *a,
	const struct ms_why *why);

static void query_free(struct ms_creds_query *q)
{
	const struct ms_resolver_ops *ops = q->resolver->ops;
	struct ms_creds_query **at = &q->dns->first;

	while (q->parts != NULL) {
		struct part *p = q->parts;

		q->parts = p->next;
		if (p->query != NULL)
			ops->cancel(q->resolver->instance, &p->query);
		free(p);
	}
	while (*at != NULL && *at != q)
		at = &(*at)->next;
	if (*at == q) {
		*at = q->next;
		q->dns->n--;
	}
	collection_free(&q->found);
	ms_id_free(&q->id);
	free(q);
}

/* What is worth telling when nothing was found: that nobody knows before that something is wrong,
 * and both before that there is nothing. */
static unsigned weight(ms_err err)
{
	switch (err) {
	case MS_OK:
		return 0;
	case MS_ERR_NOT_FOUND:
	case MS_ERR_NO_CREDENTIAL:
		return 1;
	case MS_ERR_AUTH:
		return 3;
	case MS_ERR_TIMEOUT:
	case MS_ERR_SYSTEM:
	case MS_ERR_LIMIT:
		return 4;
	default:
		return 2;
	}
}

static void note(struct ms_creds_query *q, ms_err err, const struct ms_why *why)
{
	if (weight(err) <= weight(q->err))
		return;
	q->err = err;
	ms_fail(&q->why, err, "%s", ms_why_text(why, err));
}

static ms_err add_part(struct ms_creds_query *q, const char *name, uint16_t type, int gateway)
{
	const struct ms_resolver_ops *ops = q->resolver->ops;
	struct part *p = calloc(1, sizeof *p);
	struct ms_why why = { "" };
	ms_err err = MS_ERR_NOMEM;

	if (p != NULL) {
		*p = (struct part){ q, q->parts, NULL, type, gateway };
		err = ops->ask(q->resolver->instance, name, type,
			q->dns->dnssec == MS_OE_DNSSEC_IGNORE ? MS_DNS_UNCHECKED : 0, &p->query,
			answered, p, &why);
	}
	if (err != MS_OK) {
		free(p);
		note(q, err, &why);
		return err;
	}
	q->parts = p;
	q->pending++;
	return MS_OK;
}

/* --- what came ---------------------------------------------------------------------------------- */

static void take_addresses(struct ms_gateway *g, const struct ms_dns_answer *a)
{
	for (unsigned i = 0; i < a->n && g->n_addrs < MS_MAX_GATEWAY_ADDRS; i++) {
		struct ms_addr *to = &g->addrs[g->n_addrs];

		if (a->records[i].len == (a->type == MS_DNS_A ? 4u : 16u) &&
			ms_addr_from_octets(to, a->records[i].ptr, a->records[i].len) == MS_OK &&
			!ms_addr_is_any(to))
			g->n_addrs++;
	}
}

static ms_err take_record(struct ms_creds_query *q, const struct part *p, struct ms_bytes record,
	struct ms_why *why)
{
	struct ms_gateway *g = &q->found.gateways[p->gateway < 0 ? 0 : p->gateway];
	struct ms_dns_key rr;
	ms_err err = ms_dns_key_read(p->type, record, &rr, why);

	if (err != MS_OK)
		return err;
	if (p->gateway < 0 && q->gateways_done != NULL)
		return collect_gateway(&q->found, &rr, p->type, &q->client, why);
	if (!speaks_of(&rr, p->type, &g->id))
		return ms_fail(why, MS_ERR_NOT_FOUND, "it names another gateway");
	if (rr.form == MS_DNS_KEY_NONE)
		return ms_fail(why, MS_ERR_NOT_FOUND, "it has no key");
	return collect_key(g, &rr, why);
}

static void take_records(struct ms_creds_query *q, const struct part *p,
	const struct ms_dns_answer *a)
{
	unsigned used = 0;

	for (unsigned i = 0; i < a->n; i++) {
		struct ms_why why = { "" };
		ms_err err = take_record(q, p, a->records[i], &why);

		used += err == MS_OK;
		if (err == MS_OK || why.text[0] == '\0')
			continue;
		ms_why_prefix(&why, "%s record %u of %s: ", ms_dns_type_name(p->type), i + 1,
			a->name);
		ms_debug(q->dns->services->log, "%s", why.text);
		note(q, err == MS_ERR_NOT_FOUND || err == MS_ERR_LIMIT ? MS_ERR_NO_CREDENTIAL : err,
			&why);
	}
	if (used == 0)
		return;
	if (a->status < q->how.status)
		q->how.status = a->status;
	if (a->ttl_s < q->how.ttl_s)
		q->how.ttl_s = a->ttl_s;
}

/* --- rounds -------------------------------------------------------------------------------------- */

static void over(struct ms_creds_query *q)
{
	struct ms_gateway *self = q->found.gateways;
	bool found;
	char text[MS_ADDR_TEXT];
	ms_err err = MS_OK;

	if (q->gateways_done != NULL)
		collection_settle(&q->found);
	found = q->gateways_done != NULL ? q->found.n > 0 : self->n_keys > 0;
	if (!found) {
		/* What was found and not used says nothing of what is told. */
		err = weight(q->err) <= 1 ? MS_ERR_NO_CREDENTIAL : q->err;
		if (q->gateways_done != NULL && weight(q->err) <= 1 && q->err != MS_ERR_NO_CREDENTIAL) {
			ms_addr_text(&q->client, text, sizeof text);
			ms_fail(&q->why, err, "no TXT or IPSECKEY record for %s (%s)", q->name, text);
		} else if (weight(q->err) <= 1 && q->err != MS_ERR_NO_CREDENTIAL) {
			ms_fail(&q->why, err, "no TXT, IPSECKEY or KEY record for %s", q->name);
		}
	}
	if (q->how.ttl_s == UINT32_MAX)
		q->how.ttl_s = 0;
	if (!found)
		q->how.status = err == MS_ERR_AUTH ? MS_DNS_BOGUS : MS_DNS_INSECURE;
	if (q->gateways_done != NULL)
		q->gateways_done(q->arg, err, self, q->found.n, &q->how, &q->why);
	else
		q->keys_done(q->arg, err, self->keys, self->n_keys, &q->how, &q->why);
	query_free(q);
}

static void begin_second_round(struct ms_creds_query *q)
{
	char name[MS_DNS_NAME_MAX + 2];

	q->second_round = true;
	if (q->gateways_done == NULL)
		return;
	for (unsigned i = 0; i < q->found.n; i++) {
		const struct ms_gateway *g = &q->found.gateways[i];

		if (!owner_of(&g->id, name, sizeof name))
			continue;
		for (unsigned k = 0; k < 2 && q->found.by_name[i]; k++)
			(void)add_part(q, name, address_types[k], (int)i);
		for (unsigned k = 0; k < 3 && g->n_keys == 0; k++)
			(void)add_part(q, name, key_types[k], (int)i);
	}
}

static void answered(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	struct part *p = arg;
	struct ms_creds_query *q = p->of;
	bool address = p->type == MS_DNS_A || p->type == MS_DNS_AAAA;
	struct ms_why unsigned_why = { "" };

	p->query = NULL;
	/* A wrong address of a gateway leads to somebody who has not got the key. */
	if (address && err == MS_OK) {
		take_addresses(&q->found.gateways[p->gateway], a);
	} else if (!address) {
		if (err == MS_OK && q->dns->dnssec == MS_OE_DNSSEC_REQUIRE &&
			a->status != MS_DNS_SECURE) {
			err = ms_fail(&unsigned_why, MS_ERR_AUTH,
				"the %s records of %s are not signed (oe-dnssec=require)",
				ms_dns_type_name(p->type), a->name);
			why = &unsigned_why;
		}
		if (err == MS_OK)
			take_records(q, p, a);
		else
			note(q, err, why);
	}
	if (--q->pending == 0 && !q->second_round)
		begin_second_round(q);
	if (q->pending == 0)
		over(q);
}

/* --- questions ------------------------------------------------------------------------------------ */

static ms_err query_new(struct creds_dns *dns, void *arg, struct ms_creds_query **out,
	struct ms_why *why)
{
	const struct ms_services *s = dns->services;
	struct ms_creds_query *q;

	if (dns->n >= dns->conf->outstanding)
		return ms_fail(why, MS_ERR_LIMIT, "%u look-ups of keys are under way already", dns->n);
	q = calloc(1, sizeof *q);
	if (q == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	q->resolver = s->provider(s, MS_ROLE_RESOLVER, NULL, 0);
	if (q->resolver == NULL) {
		free(q);
		return ms_fail(why, MS_ERR_UNSUPPORTED, "no plugin of role resolver is loaded");
	}
	q->dns = dns;
	q->arg = arg;
	q->how = (struct ms_published){ MS_DNS_SECURE, UINT32_MAX };
	q->next = dns->first;
	dns->first = q;
	dns->n++;
	*out = q;
	return MS_OK;
}

static ms_err begin(struct ms_creds_query *q, const uint16_t *types, unsigned n,
	struct ms_creds_query **out, struct ms_why *why)
{
	ms_err err = MS_OK;

	for (unsigned i = 0; i < n && err == MS_OK; i++)
		err = add_part(q, q->name, types[i], -1);
	if (err == MS_OK) {
		*out = q;
		return MS_OK;
	}
	err = ms_fail(why, err, "%s", ms_why_text(&q->why, err));
	query_free(q);
	return err;
}

ms_err lookup_keys(void *inst, const struct ms_id *peer, struct ms_creds_query **out,
	ms_creds_keys_f *done, void *arg, struct ms_why *why)
{
	struct ms_creds_query *q;
	char text[MS_ID_TEXT];
	ms_err err = query_new(inst, arg, &q, why);

	if (err != MS_OK)
		return err;
	q->keys_done = done;
	if (!owner_of(peer, q->name, sizeof q->name)) {
		ms_id_text(peer, text, sizeof text);
		query_free(q);
		return ms_fail(why, MS_ERR_NO_CREDENTIAL,
			"an identity such as %s has no place in DNS", text);
	}
	err = ms_id_copy(&q->id, peer);
	if (err == MS_OK)
		err = ms_id_copy(&q->found.gateways[0].id, peer);
	if (err != MS_OK) {
		query_free(q);
		return err;
	}
	q->found.n = 1;
	return begin(q, key_types, 3, out, why);
}

ms_err lookup_gateways(void *inst, const struct ms_addr *client, struct ms_creds_query **out,
	ms_creds_gateways_f *done, void *arg, struct ms_why *why)
{
	struct ms_creds_query *q;
	ms_err err = query_new(inst, arg, &q, why);

	if (err != MS_OK)
		return err;
	q->gateways_done = done;
	q->client = *client;
	ms_addr_reverse_text(client, q->name, sizeof q->name);
	return begin(q, gateway_types, 2, out, why);
}

void lookup_cancel(void *inst, struct ms_creds_query **query)
{
	(void)inst;
	if (*query != NULL)
		query_free(*query);
	*query = NULL;
}

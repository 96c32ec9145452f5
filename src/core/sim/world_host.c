/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and names of a full world: who proves himself by what, and when that is known. */
#include "core/sim/world_priv.h"

#include <modswan/creds.h>
#include <modswan/registry.h>
#include <modswan/resolver.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERT_OCTETS 900
#define TTL_S 20 /* the longest */

struct host_ops world_host_ops;

/* --- certificates ----------------------------------------------------------------------------- */

/* Octets that the engine carries and nobody reads: the key is found by the name. */
static uint8_t cert[CERT_OCTETS];

static struct world *world_of(void *host)
{
	return ((struct sim_node *)host)->user;
}

static void own_key(void *host, const struct conn *c, const struct ms_id *peer,
	struct ms_bytes asked, host_own_f *done, void *arg)
{
	const struct ms_bytes certs[2] = { ms_bytes(cert, sizeof(cert)),
		ms_bytes(cert, sizeof(cert) / 2) };
	struct sim_node *n = host;

	(void)peer;
	done(arg, MS_OK, n->priv, certs, asked.len > 0 || conn_end_by_cert(&c->local) ? 2 : 0, NULL);
}

struct asking {
	struct sim_node *n;
	unsigned key; /* WORLD_KEYS: whose name that is nobody knows */
	bool refused;
	host_peer_key_f *done;
	void *arg;
};

static void cert_known(struct sim *s, void *arg)
{
	struct asking *a = arg;
	struct ms_pubkey *key = a->key < WORLD_KEYS ? world_pubkey(a->key) : NULL;
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	(void)s;
	if (!key || a->refused)
		err = ms_fail(&why, MS_ERR_AUTH, "%s", key ? "no CRL" : "nobody of that name");
	a->done(a->arg, err, &key, err == MS_OK, PROOF_CERT, &why);
	free(a);
}

/* A CRL has to be fetched now and then; sometimes it does not come. */
static void peer_key(void *host, const struct conn *c, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg)
{
	struct world *w = world_of(host);
	struct asking *a = sim_alloc(sizeof(*a));
	char name[MS_ID_TEXT];
	uint64_t late = dice_percent(&w->extra, 30) ? dice_below(&w->extra, 4000) : 0;

	(void)c;
	(void)certs;
	*a = (struct asking){ host, WORLD_KEYS, false, done, arg };
	ms_id_text(peer, name, sizeof(name));
	for (unsigned i = 0; n > 0 && i < w->sim->n_nodes; i++)
		if (strcmp(w->names[i][1], name) == 0)
			a->key = i % WORLD_KEYS;
	a->refused = !w->calm && w->kind >= STORY_LOSSY && dice_percent(&w->extra, 10);
	w->sim->seen[COVER_CERT_LATE] += late > 0;
	w->sim->seen[COVER_CERT_REFUSED] += a->refused;
	sim_at(w->sim, w->sim->now + 1 + late, cert_known, a)->answers = a->n;
}

static size_t ca_hashes(void *host, const struct conn *c, uint8_t *buf, size_t size)
{
	(void)host;
	(void)c;
	if (size < MS_CA_HASH_OCTETS)
		return 0;
	memset(buf, 0xca, MS_CA_HASH_OCTETS);
	return MS_CA_HASH_OCTETS;
}

/* --- names ------------------------------------------------------------------------------------ */

struct ms_dns_query {
	struct sim_node *n; /* NULL: cancelled */
	struct sim_node *whose;
	char name[MS_DNS_NAME_MAX + 2];
	uint16_t type;
	ms_resolver_done_f *done;
	void *arg;
};

static void dns_answer(struct sim *s, void *arg)
{
	struct ms_dns_query *q = arg;
	struct world *w = q->n ? q->n->user : NULL;
	struct ms_bytes record;
	struct ms_dns_answer a = { .name = q->name, .canonical = q->name, .type = q->type,
		.status = MS_DNS_INSECURE, .records = &record };
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	(void)s;
	if (w && !w->calm && dice_percent(&w->extra, 15)) {
		err = ms_fail(&why, MS_ERR_TIMEOUT, "nobody answers");
	} else if (w && (q->whose->home.family == AF_INET) == (q->type == MS_DNS_A)) {
		record = ms_bytes(q->whose->home.b, q->type == MS_DNS_A ? 4 : 16);
		a.n = 1;
		a.ttl_s = (uint32_t)dice_between(&w->extra, 2, TTL_S);
	} else if (w) {
		err = ms_fail(&why, MS_ERR_NOT_FOUND, "none of that type");
	}
	if (w) {
		s->seen[err == MS_ERR_TIMEOUT ? COVER_LOOKED_IN_VAIN : COVER_LOOKED_UP]++;
		q->done(q->arg, err, &a, &why);
	}
	free(q);
}

static ms_err ask(void *inst, const char *name, uint16_t type, uint32_t flags,
	struct ms_dns_query **out, ms_resolver_done_f *done, void *arg, struct ms_why *why)
{
	struct sim_node *n = inst;
	struct world *w = n->user;
	struct ms_dns_query *q;
	unsigned i;

	(void)flags;
	if (sscanf(name, "p%u.example", &i) != 1 || i == 0 || i > w->sim->n_nodes)
		return ms_fail(why, MS_ERR_TEXT, "nobody has that name");
	q = sim_alloc(sizeof(*q));
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->n = n;
	q->whose = w->sim->nodes[i - 1];
	q->type = type;
	q->done = done;
	q->arg = arg;
	sim_at(w->sim, w->sim->now + 1 + dice_below(&w->extra, 2000), dns_answer, q)->drop = free;
	*out = q;
	return MS_OK;
}

/* Its event is on the way still. */
static void cancel(void *inst, struct ms_dns_query **query)
{
	(void)inst;
	(*query)->n = NULL;
	*query = NULL;
}

static const struct ms_resolver_ops resolver = { sizeof(resolver), ask, cancel };

void world_host_load(void)
{
	world_host_ops = sim_host_ops;
	world_host_ops.own_key = own_key;
	world_host_ops.peer_key = peer_key;
	world_host_ops.ca_hashes = ca_hashes;
	for (unsigned i = 0; i < CERT_OCTETS; i++)
		cert[i] = (uint8_t)(i * 7);
}

void world_dns_start(struct world *w)
{
	for (unsigned i = 0; i < w->sim->n_nodes; i++) {
		struct sim_node *n = w->sim->nodes[i];

		n->resolver = &resolver;
		n->named = world_named;
		sim_names(n);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/creds/myid_priv.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>

static const struct {
	int family; /* 0: the host's name */
	bool gateways;
} places[MYID_PLACES] = {
	[MYID_V4_GATEWAY] = { AF_INET, true },
	[MYID_V4_KEY] = { AF_INET, false },
	[MYID_V6_GATEWAY] = { AF_INET6, true },
	[MYID_V6_KEY] = { AF_INET6, false },
	[MYID_NAME] = { 0, false },
};

/* --- results ------------------------------------------------------------------------------------ */

static const struct ms_addr *address_of(const struct myid *m, int family)
{
	return &m->addr[family == AF_INET6];
}

/* What the family's places say; NULL: nothing. */
static const struct ms_id *best(const struct myid *m, int family)
{
	const unsigned first = family == AF_INET6 ? MYID_V6_GATEWAY : MYID_V4_GATEWAY;
	const struct ms_id *gateway = &m->place[first].found, *key = &m->place[first + 1].found;
	struct ms_addr a;

	if (gateway->type != MS_ID_ANY && ms_id_to_addr(gateway, &a))
		return gateway;
	if (key->type != MS_ID_ANY)
		return key;
	if (gateway->type != MS_ID_ANY)
		return gateway;
	return m->place[MYID_NAME].found.type != MS_ID_ANY ? &m->place[MYID_NAME].found : NULL;
}

const struct ms_id *myid_of(const struct myid *m, int family)
{
	return &m->now[family == AF_INET6];
}

bool myid_text(const struct myid *m, char *buf, size_t size)
{
	const struct ms_id *id = best(m, AF_INET);

	if (id == NULL || (m->addr[0].family == 0 && m->addr[1].family != 0))
		id = best(m, AF_INET6);
	if (id == NULL)
		return false;
	ms_id_text(id, buf, size);
	return true;
}

static void say(const struct myid *m, int family)
{
	const struct ms_id *id = best(m, family);
	char text[MS_ID_TEXT] = "our address", what[MS_ADDR_TEXT];

	if (address_of(m, family)->family == 0)
		return;
	ms_addr_text(address_of(m, family), what, sizeof what);
	if (id != NULL)
		ms_id_text(id, text, sizeof text);
	ms_info(m->env.log, "%%myid at %s is %s: %s", what, text,
		id == NULL ? "no key of ours is published for it or for this host's name" :
			     "a key of ours is published there");
}

static void settle(struct myid *m)
{
	m->settled = true;
	while (m->held != NULL)
		myid_release(m);
}

/* Where an address is what speaks for us, or nothing is, the connection's own address is meant. */
static void compare(struct myid *m, int family)
{
	struct ms_id *now = &m->now[family == AF_INET6], fresh = { 0 };
	const struct ms_id *id = best(m, family);
	struct ms_addr a;
	bool said = m->said[family == AF_INET6], same;

	if (id != NULL && !ms_id_to_addr(id, &a) && ms_id_copy(&fresh, id) != MS_OK)
		return;
	same = ms_id_eq(now, &fresh) || (now->type == MS_ID_ANY && fresh.type == MS_ID_ANY);
	if (!same || !said)
		say(m, family);
	m->said[family == AF_INET6] = true;
	if (same) {
		ms_id_free(&fresh);
		return;
	}
	ms_id_free(now);
	*now = fresh;
	m->env.changed(m->env.ctx, family);
}

static void next_round(struct myid *m)
{
	uint64_t wait = MYID_AGAIN_MAX_MS;

	for (unsigned i = 0; i < MYID_PLACES; i++) {
		const struct place *p = &m->place[i];

		if (p->found.type != MS_ID_ANY && p->ttl_s < wait / 1000)
			wait = (uint64_t)p->ttl_s * 1000;
		if (p->trouble)
			wait = MYID_AGAIN_MIN_MS;
	}
	/* Who publishes nothing need not ask often. */
	if (best(m, AF_INET) == NULL && best(m, AF_INET6) == NULL) {
		wait = (uint64_t)MYID_AGAIN_MIN_MS << m->in_vain;
		m->in_vain += wait < MYID_AGAIN_MAX_MS;
	} else {
		m->in_vain = 0;
	}
	if (wait < MYID_AGAIN_MIN_MS)
		wait = MYID_AGAIN_MIN_MS;
	m->due_ms = m->env.now_ms(m->env.ctx) +
		    (wait > MYID_AGAIN_MAX_MS ? MYID_AGAIN_MAX_MS : wait);
	m->env.deadline(m->env.ctx, m->due_ms);
}

static void round_over(struct myid *m)
{
	compare(m, AF_INET);
	compare(m, AF_INET6);
	next_round(m);
	settle(m);
}

/* --- one place ---------------------------------------------------------------------------------- */

static void forget_candidates(struct place *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		ms_id_free(&p->candidate[i].id);
		ms_sign()->pubkey_free(&p->candidate[i].key);
	}
	p->n = p->at = 0;
}

static void stop(struct place *p)
{
	const struct ms_creds_ops *ops = p->source == NULL ? NULL : p->source->ops;

	if (p->query != NULL)
		ops->cancel(p->source->instance, &p->query);
	if (p->check != NULL)
		p->check->place = NULL;
	p->check = NULL;
	forget_candidates(p);
	p->busy = false;
}

/* id NULL: it says nothing of us. */
static void place_over(struct place *p, const struct ms_id *id)
{
	struct myid *m = p->of;
	struct ms_id fresh = { 0 };

	p->busy = false;
	if (id == NULL || ms_id_copy(&fresh, id) == MS_OK) {
		ms_id_free(&p->found);
		p->found = fresh;
	}
	forget_candidates(p);
	if (--m->pending == 0)
		round_over(m);
}

/* A name server that is silent takes nothing away. */
static void troubled(struct place *p)
{
	struct myid *m = p->of;

	p->busy = false;
	p->trouble = true;
	if (--m->pending == 0)
		round_over(m);
}

static void check_next(struct place *p);

/* The answer of a question for a private key; NULL: nobody wants it. */
static struct place *check_over(void *arg)
{
	struct check *c = arg;
	struct place *p = c->place;

	free(c);
	if (p != NULL)
		p->check = NULL;
	return p;
}

static void has_private_key(struct place *p, const struct ms_id *me, struct ms_pubkey *pub,
	host_private_f *done)
{
	struct check *c = malloc(sizeof *c);

	if (c == NULL) {
		place_over(p, NULL);
		return;
	}
	c->place = p;
	p->check = c;
	creds_key_of(p->of->env.sources, p->of->env.sources_arg, me, pub, done, c);
}

static void checked(void *arg, ms_err err, struct ms_privkey *key, const struct ms_why *why)
{
	struct place *p = check_over(arg);

	(void)key, (void)why;
	if (p == NULL)
		return;
	if (err == MS_OK) {
		place_over(p, &p->candidate[p->at].id);
		return;
	}
	p->at++;
	check_next(p);
}

/* Is there a private key of ours to it? */
static void check_next(struct place *p)
{
	if (p->at == p->n)
		place_over(p, NULL);
	else
		has_private_key(p, &p->candidate[p->at].id, p->candidate[p->at].key, checked);
}

static void add(struct place *p, const struct ms_id *id, struct ms_pubkey *key)
{
	struct candidate *c = &p->candidate[p->n];

	if (p->n == MYID_CANDIDATES)
		return;
	*c = (struct candidate){ 0 };
	if (ms_id_copy(&c->id, id) != MS_OK)
		return;
	c->key = ms_sign()->pubkey_ref(key);
	p->n++;
}

static bool came(struct place *p, ms_err err, const struct ms_published *how)
{
	p->query = NULL;
	p->ttl_s = how->ttl_s;
	if (err == MS_OK)
		return true;
	/* Nothing is there, or nothing that others would believe. */
	if (err == MS_ERR_NO_CREDENTIAL || err == MS_ERR_AUTH)
		place_over(p, NULL);
	else
		troubled(p);
	return false;
}

static void got_keys(void *arg, ms_err err, struct ms_pubkey *const *keys, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	struct place *p = arg;

	(void)why;
	if (!came(p, err, how))
		return;
	for (unsigned i = 0; i < n; i++)
		add(p, &p->asked, keys[i]);
	check_next(p);
}

/* Somebody else's address may have the same key; that is not what we are called. */
static void got_gateways(void *arg, ms_err err, const struct ms_gateway *g, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	struct place *p = arg;
	struct ms_addr a;

	(void)why;
	if (!came(p, err, how))
		return;
	for (unsigned i = 0; i < n; i++) {
		if (ms_id_to_addr(&g[i].id, &a) && !ms_id_eq(&g[i].id, &p->asked))
			continue;
		for (unsigned k = 0; k < g[i].n_keys; k++)
			add(p, &g[i].id, g[i].keys[k]);
	}
	check_next(p);
}

static void ask(struct place *p)
{
	const struct myid *m = p->of;
	const unsigned which = (unsigned)(p - m->place);
	const struct ms_addr *a = address_of(m, places[which].family);
	ms_err err = MS_ERR_UNSUPPORTED;

	for (unsigned i = 0; (p->source = m->env.sources(m->env.sources_arg, i)) != NULL; i++) {
		const struct ms_creds_ops *ops = p->source->ops;

		if (places[which].gateways ? ops->gateways == NULL : ops->published_keys == NULL)
			continue;
		err = places[which].gateways ?
			ops->gateways(p->source->instance, a, &p->query, got_gateways, p, NULL) :
			ops->published_keys(
				p->source->instance, &p->asked, &p->query, got_keys, p, NULL);
		break;
	}
	if (err == MS_ERR_UNSUPPORTED || err == MS_ERR_NO_CREDENTIAL)
		place_over(p, NULL);
	else if (err != MS_OK)
		troubled(p);
}

static void may_ask(void *arg, ms_err err, struct ms_privkey *key, const struct ms_why *why)
{
	struct place *p = check_over(arg);

	(void)key, (void)why;
	if (p == NULL)
		return;
	if (err == MS_OK)
		ask(p);
	else
		place_over(p, NULL);
}

/* Who has no private key to go by that name need not look who publishes one. */
static void look_at(struct myid *m, unsigned which)
{
	struct place *p = &m->place[which];
	const int family = places[which].family;
	ms_err err = MS_ERR_NOT_FOUND;

	ms_id_free(&p->asked);
	if (family != 0 && address_of(m, family)->family != 0)
		err = ms_id_of_addr(&p->asked, address_of(m, family));
	else if (family == 0 && m->name[0] != '\0')
		err = ms_id_set(&p->asked, MS_ID_FQDN, ms_bytes(m->name, strlen(m->name)));
	p->busy = true;
	p->trouble = false;
	m->pending++;
	if (err == MS_OK)
		has_private_key(p, &p->asked, NULL, may_ask);
	else
		place_over(p, NULL);
}

static void begin(struct myid *m)
{
	for (unsigned i = 0; i < MYID_PLACES; i++)
		stop(&m->place[i]);
	m->pending = 1;
	for (unsigned i = 0; i < MYID_PLACES; i++)
		look_at(m, i);
	/* Credential sources have bounds of their own; this one is for the flows that wait. */
	m->due_ms = m->env.now_ms(m->env.ctx) +
		    (m->settled ? MYID_AGAIN_MAX_MS : MYID_SETTLE_MS);
	m->env.deadline(m->env.ctx, m->due_ms);
	if (--m->pending == 0)
		round_over(m);
}

void myid_tick(struct myid *m)
{
	if (!m->looking || m->env.now_ms(m->env.ctx) < m->due_ms)
		return;
	if (!m->expected && (m->pending == 0 || m->settled)) {
		begin(m);
		return;
	}
	settle(m);
	m->due_ms = m->env.now_ms(m->env.ctx) + MYID_AGAIN_MAX_MS;
	m->env.deadline(m->env.ctx, m->due_ms);
}

void myid_look(struct myid *m, const char *name, const struct ms_addr *v4, const struct ms_addr *v6)
{
	m->name[0] = '\0';
	if (name != NULL && strchr(name, '.') != NULL && strlen(name) < sizeof m->name)
		strcpy(m->name, name);
	m->addr[0] = *v4;
	m->addr[1] = *v6;
	m->looking = true;
	m->expected = false;
	m->in_vain = 0;
	begin(m);
}

void myid_expect(struct myid *m)
{
	if (m->looking)
		return;
	m->looking = m->expected = true;
	m->due_ms = m->env.now_ms(m->env.ctx) + MYID_SETTLE_MS;
	m->env.deadline(m->env.ctx, m->due_ms);
}

bool myid_looks(const struct myid *m)
{
	return m->looking;
}

void myid_end(struct myid *m)
{
	for (unsigned i = 0; i < MYID_PLACES; i++)
		stop(&m->place[i]);
	m->looking = m->expected = false;
	m->pending = 0;
	settle(m);
}

bool myid_settled(const struct myid *m)
{
	return !m->looking || m->settled;
}

struct myid *myid_new(const struct myid_env *env)
{
	struct myid *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->env = *env;
	for (unsigned i = 0; i < MYID_PLACES; i++)
		m->place[i].of = m;
	return m;
}

void myid_free(struct myid **myid)
{
	struct myid *m = *myid;

	*myid = NULL;
	if (m == NULL)
		return;
	for (unsigned i = 0; i < MYID_PLACES; i++) {
		stop(&m->place[i]);
		ms_id_free(&m->place[i].asked);
		ms_id_free(&m->place[i].found);
	}
	while (m->held != NULL)
		myid_drop(m);
	ms_id_free(&m->now[0]);
	ms_id_free(&m->now[1]);
	free(m);
}

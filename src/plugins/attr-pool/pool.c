/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool: ranges, a mark up to where addresses were handed out, and the leases below it.
 *
 * An identity gets the address that it had, as long as nobody else needed it: addresses never used
 * go first, then the one that has been idle longest.  Leases are found by identity and by address
 * in chained tables, so no operation looks at all of them.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

struct side { /* of one address family */
	struct ms_range range[POOL_MAX_RANGES];
	unsigned n, at;	     /* at: range of the mark */
	struct ms_addr next; /* the mark; unset: the range at `at` is not begun */
	struct pool_lease *idle_first, *idle_last;
	struct pool_lease *live; /* of these the first that is not expired */
};

struct pool {
	char *text;
	uint64_t seed;
	struct side side[MS_ATTR_FAMILIES];
	struct pool_lease **by_id, **by_addr;
	size_t mask, count;
	int64_t now;
};

static struct side *side_of(struct pool *p, int family)
{
	return &p->side[family == AF_INET6 ? MS_ATTR_V6 : MS_ATTR_V4];
}

static bool step(struct ms_addr *a)
{
	for (size_t i = ms_addr_octets(a); i-- > 0;)
		if (++a->b[i] != 0)
			return true;
	return false;
}

static void step_back(struct ms_addr *a)
{
	for (size_t i = ms_addr_octets(a); i-- > 0;)
		if (a->b[i]-- != 0)
			return;
}

/* --- tables --------------------------------------------------------------------------------- */

static size_t hash(const struct pool *p, unsigned first, const uint8_t *data, size_t len)
{
	uint64_t h = p->seed ^ first;

	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return (size_t)h & p->mask;
}

static size_t hash_addr(const struct pool *p, const struct ms_addr *a)
{
	return hash(p, a->family, a->b, ms_addr_octets(a));
}

/* Names compare without case, so all are hashed so. */
static size_t hash_id(const struct pool *p, const struct ms_id *id, int family)
{
	uint8_t low[MS_ID_MAX_OCTETS];
	size_t n = id->len < sizeof low ? id->len : sizeof low;

	for (size_t i = 0; i < n; i++)
		low[i] = id->data[i] >= 'A' && id->data[i] <= 'Z' ? (uint8_t)(id->data[i] + 32) :
								    id->data[i];
	return hash(p, (unsigned)id->type << 8 | (unsigned)family, low, n);
}

static void chain_id(struct pool *p, struct pool_lease *l)
{
	struct pool_lease **id = &p->by_id[hash_id(p, &l->id, l->addr.family)];

	l->next_id = *id;
	*id = l;
}

static void chain(struct pool *p, struct pool_lease *l)
{
	struct pool_lease **addr = &p->by_addr[hash_addr(p, &l->addr)];

	l->next_addr = *addr;
	*addr = l;
	if (!l->expired)
		chain_id(p, l);
}

static void unchain_id(struct pool *p, struct pool_lease *l)
{
	struct pool_lease **at = &p->by_id[hash_id(p, &l->id, l->addr.family)];

	while (*at != l)
		at = &(*at)->next_id;
	*at = l->next_id;
}

static bool grow(struct pool *p)
{
	size_t n = p->mask == 0 ? FIRST_BUCKETS : (p->mask + 1) * 2, old_n = p->mask + 1;
	struct pool_lease **old = p->by_addr, **old_id = p->by_id;
	struct pool_lease **id = calloc(n, sizeof *id), **addr = calloc(n, sizeof *addr);

	if (id == NULL || addr == NULL) {
		free(id);
		free(addr);
		return old != NULL; /* longer chains, still right */
	}
	p->by_id = id;
	p->by_addr = addr;
	p->mask = n - 1;
	for (size_t i = 0; old != NULL && i < old_n; i++)
		for (struct pool_lease *l = old[i], *next; l != NULL; l = next) {
			next = l->next_addr;
			chain(p, l);
		}
	free(old);
	free(old_id);
	return true;
}

static struct pool_lease *find_addr(const struct pool *p, const struct ms_addr *a)
{
	struct pool_lease *l = p->by_addr[hash_addr(p, a)];

	while (l != NULL && !ms_addr_eq(&l->addr, a))
		l = l->next_addr;
	return l;
}

static void idle_add(struct pool *p, struct pool_lease *l)
{
	struct side *s = side_of(p, l->addr.family);

	l->idle_prev = s->idle_last;
	l->idle_next = NULL;
	*(s->idle_last == NULL ? &s->idle_first : &s->idle_last->idle_next) = l;
	s->idle_last = l;
	if (s->live == NULL)
		s->live = l;
}

static void idle_remove(struct pool *p, struct pool_lease *l)
{
	struct side *s = side_of(p, l->addr.family);

	if (s->live == l)
		s->live = l->idle_next;
	*(l->idle_prev == NULL ? &s->idle_first : &l->idle_prev->idle_next) = l->idle_next;
	*(l->idle_next == NULL ? &s->idle_last : &l->idle_next->idle_prev) = l->idle_prev;
	l->idle_prev = l->idle_next = NULL;
}

/* --- a pool -------------------------------------------------------------------------------------
 */

static ms_err add_range(struct pool *p, const char *text, size_t len, struct ms_why *why)
{
	struct ms_range r;
	struct ms_subnet net;
	struct side *s;
	bool slash = memchr(text, '/', len) != NULL;
	ms_err err = ms_range_parse(&r, text, len, 0, why);

	if (err != MS_OK)
		return err;
	s = side_of(p, r.first.family);
	if (s->n == POOL_MAX_RANGES)
		return ms_fail(why, MS_ERR_LIMIT, "more than %d ranges", POOL_MAX_RANGES);
	if (slash && ms_range_to_subnet(&r, &net) == MS_OK) {
		unsigned host_bits = (unsigned)ms_addr_octets(&r.first) * 8 - net.bits;

		if (host_bits >= 2) {
			(void)step(&r.first);
			if (r.first.family == AF_INET)
				step_back(&r.last);
		}
	}
	s->range[s->n++] = r;
	return MS_OK;
}

ms_err pool_new(struct pool **out, const char *text, uint64_t seed, struct ms_why *why)
{
	struct pool *p = calloc(1, sizeof *p);
	ms_err err = MS_OK;

	*out = NULL;
	if (p != NULL) {
		p->seed = seed;
		p->text = strdup(text);
	}
	if (p == NULL || p->text == NULL || !grow(p)) {
		pool_free(&p);
		return MS_ERR_NOMEM;
	}
	for (const char *at = text; err == MS_OK && *at != '\0';) {
		size_t len = strcspn(at, ", ");

		if (len > 0)
			err = add_range(p, at, len, why);
		at += len + (at[len] != '\0');
	}
	if (err != MS_OK) {
		pool_free(&p);
		return err;
	}
	*out = p;
	return MS_OK;
}

void pool_free(struct pool **p)
{
	struct pool *dying = *p;

	*p = NULL;
	if (dying == NULL)
		return;
	for (size_t i = 0; dying->by_addr != NULL && i <= dying->mask; i++)
		for (struct pool_lease *l = dying->by_addr[i], *next; l != NULL; l = next) {
			next = l->next_addr;
			ms_id_free(&l->id);
			free(l);
		}
	free(dying->by_id);
	free(dying->by_addr);
	free(dying->text);
	free(dying);
}

const char *pool_text(const struct pool *p)
{
	return p->text;
}

bool pool_has(const struct pool *p, const struct ms_addr *a)
{
	for (unsigned f = 0; f < MS_ATTR_FAMILIES; f++)
		for (unsigned i = 0; i < p->side[f].n; i++)
			if (ms_range_has(&p->side[f].range[i], a))
				return true;
	return false;
}

static ms_err add_lease(struct pool *p, const struct ms_id *id, const struct ms_addr *a,
	struct pool_lease **out)
{
	struct pool_lease *l = calloc(1, sizeof *l);

	if (l == NULL || ms_id_copy(&l->id, id) != MS_OK) {
		free(l);
		return MS_ERR_NOMEM;
	}
	if (p->count > p->mask)
		(void)grow(p);
	p->count++;
	l->addr = *a;
	chain(p, l);
	*out = l;
	return MS_OK;
}

ms_err pool_fix(struct pool *p, const struct ms_id *id, const struct ms_addr *a)
{
	struct pool_lease *l = find_addr(p, a);
	ms_err err;

	if (l != NULL)
		return MS_ERR_DUPLICATE;
	err = add_lease(p, id, a, &l);
	if (err == MS_OK)
		l->fixed = true;
	return err;
}

/* The next address that was never handed out; false: there is none. */
static bool fresh(struct pool *p, struct side *s, struct ms_addr *out)
{
	for (; s->at < s->n; s->at++, s->next = (struct ms_addr){ 0 }) {
		const struct ms_range *r = &s->range[s->at];

		if (s->next.family == 0)
			s->next = r->first;
		while (ms_addr_cmp(&s->next, &r->last) <= 0) {
			*out = s->next;
			/* Static leases and wishes may be ahead of the mark. */
			if (!step(&s->next))
				s->next = r->last; /* the very last address there is */
			if (find_addr(p, out) == NULL)
				return true;
			if (ms_addr_eq(out, &r->last))
				break;
		}
	}
	return false;
}

static struct pool_lease *of_identity(const struct pool *p, const struct ms_id *id, int family,
	bool share)
{
	struct pool_lease *l = p->by_id[hash_id(p, id, family)];

	if (id->type == MS_ID_NULL || id->type == MS_ID_ANY)
		return NULL; /* nobody in particular */
	for (; l != NULL; l = l->next_id)
		if (l->addr.family == family && ms_id_eq(&l->id, id) && (share || l->users == 0))
			return l;
	return NULL;
}

/* An idle lease goes to somebody else. */
static ms_err hand_over(struct pool *p, struct pool_lease *l, const struct ms_id *id)
{
	struct ms_id copy = { 0 };
	ms_err err = ms_id_copy(&copy, id);

	if (err != MS_OK)
		return err;
	if (!l->expired)
		unchain_id(p, l);
	l->expired = false;
	ms_id_free(&l->id);
	l->id = copy;
	chain_id(p, l);
	return MS_OK;
}

ms_err pool_take(struct pool *p, const struct ms_id *id, int family, const struct ms_addr *wanted,
	bool share, struct ms_addr *out)
{
	struct side *s = side_of(p, family);
	struct pool_lease *l = of_identity(p, id, family, share);
	ms_err err = MS_OK;
	struct ms_addr a;

	if (s->n == 0)
		return MS_ERR_NOT_FOUND;
	if (l == NULL && wanted->family == family && pool_has(p, wanted)) {
		struct pool_lease *there = find_addr(p, wanted);

		if (there == NULL)
			err = add_lease(p, id, wanted, &l);
		else if (there->users == 0 && !there->fixed)
			err = hand_over(p, l = there, id);
	}
	if (err == MS_OK && l == NULL && fresh(p, s, &a)) {
		err = add_lease(p, id, &a, &l);
	} else if (err == MS_OK && l == NULL) {
		l = s->idle_first;
		err = l == NULL ? MS_ERR_LIMIT : hand_over(p, l, id);
	}
	if (err != MS_OK)
		return err;
	if (l->idle_prev != NULL || l->idle_next != NULL || s->idle_first == l)
		idle_remove(p, l);
	l->users++;
	l->used = p->now;
	*out = l->addr;
	return MS_OK;
}

void pool_give_back(struct pool *p, const struct ms_addr *a)
{
	struct pool_lease *l = find_addr(p, a);

	if (l == NULL || l->users == 0)
		return;
	l->used = p->now;
	if (--l->users == 0 && !l->fixed)
		idle_add(p, l);
}

void pool_at(struct pool *p, int64_t now_s)
{
	p->now = now_s;
}

ms_err pool_restore(struct pool *p, const struct ms_id *id, const struct ms_addr *a, int64_t used)
{
	const struct pool_lease *has = of_identity(p, id, a->family, true);
	struct pool_lease *l;
	ms_err err;

	if (!pool_has(p, a) || find_addr(p, a) != NULL || (has != NULL && has->fixed))
		return MS_OK;
	err = add_lease(p, id, a, &l);
	if (err != MS_OK)
		return err;
	l->used = used;
	idle_add(p, l);
	return MS_OK;
}

/* They stay in their place: what was idle longest is the first to go to somebody else. */
void pool_expire(struct pool *p, int64_t before_s)
{
	for (unsigned f = 0; f < MS_ATTR_FAMILIES; f++)
		for (struct pool_lease **l = &p->side[f].live;
			*l != NULL && (*l)->used < before_s; *l = (*l)->idle_next) {
			unchain_id(p, *l);
			(*l)->expired = true;
		}
}

const struct pool_lease *pool_lease_of(const struct pool *p, const struct ms_addr *a)
{
	return find_addr(p, a);
}

size_t pool_count(const struct pool *p)
{
	return p->count;
}

bool pool_some(const struct pool *p, size_t *at, size_t buckets,
	void (*f)(void *arg, const struct pool_lease *l), void *arg)
{
	for (; buckets > 0 && *at <= p->mask; buckets--, ++*at)
		for (const struct pool_lease *l = p->by_addr[*at]; l != NULL; l = l->next_addr)
			f(arg, l);
	return *at <= p->mask;
}

void pool_each(const struct pool *p, void (*f)(void *arg, const struct pool_lease *l), void *arg)
{
	for (size_t i = 0; i <= p->mask; i++)
		for (const struct pool_lease *l = p->by_addr[i]; l != NULL; l = l->next_addr)
			f(arg, l);
}

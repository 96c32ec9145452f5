/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names in groups.
 *
 * A name is looked up when a list first has it, and again when what is known of it ends.  A list has
 * the addresses that are known when it is read; groups are told when a name of theirs has others.  A
 * name that has none has no part in its group; what was known stays while servers do not answer.
 */
#include "groups.h"

#include <modswan/log.h>
#include <modswan/loop.h>
#include <modswan/plugin.h>
#include <modswan/resolver.h>

#include <stdlib.h>
#include <string.h>

#define MAX_ADDRS     32
#define MOST_MS	      86400000u
#define AGAIN_MS      60000u /* nobody answered */
#define FAMILIES      2

/* However short an answer lives; tests do not wait as long. */
uint32_t group_names_least_ms = 30000;

struct name_user {
	struct name_user *next;
	char *group;
};

struct name {
	struct name *next;
	struct group_names *names;
	char *host;
	struct name_user *users;
	struct ms_timer *timer;
	struct ms_dns_query *query[FAMILIES];
	const struct ms_provider *resolver; /* of the queries */
	unsigned pending;
	struct ms_addr addr[MAX_ADDRS], fresh[MAX_ADDRS];
	unsigned n_addrs, n_fresh;
	uint64_t again_ms; /* of what is coming in: when to ask again */
	bool failed;	   /* a server did not answer */
	bool told;	   /* a person knows that there is no address */
};

struct group_names {
	const struct ms_services *services;
	struct name *first;
	void (*changed)(void *arg, const char *group);
	void *arg;
};

struct group_names *group_names_new(const struct ms_services *services,
	void (*changed)(void *arg, const char *group), void *arg)
{
	struct group_names *n = calloc(1, sizeof *n);

	if (n != NULL)
		*n = (struct group_names){ services, NULL, changed, arg };
	return n;
}

/* --- questions ------------------------------------------------------------------------------------ */

static void cancel(struct name *n)
{
	for (unsigned i = 0; i < FAMILIES; i++)
		if (n->query[i] != NULL)
			((const struct ms_resolver_ops *)n->resolver->ops)
				->cancel(n->resolver->instance, &n->query[i]);
	n->pending = 0;
}

static void name_free(struct name *n)
{
	struct name_user *u, *next;

	cancel(n);
	ms_timer_free(&n->timer);
	for (u = n->users; u != NULL; u = next) {
		next = u->next;
		free(u->group);
		free(u);
	}
	free(n->host);
	free(n);
}

static int by_addr(const void *a, const void *b)
{
	return ms_addr_cmp(a, b);
}

/* Both families have answered. */
static void answered(struct name *n)
{
	const struct ms_logger *log = n->names->services->log;
	bool same;

	ms_timer_set(n->timer, n->failed ? AGAIN_MS : n->again_ms);
	/* With half an answer nobody is taken out. */
	if (n->failed && n->n_fresh < n->n_addrs)
		return;
	qsort(n->fresh, n->n_fresh, sizeof n->fresh[0], by_addr);
	same = n->n_fresh == n->n_addrs;
	for (unsigned i = 0; same && i < n->n_addrs; i++)
		same = ms_addr_eq(&n->addr[i], &n->fresh[i]);
	if (n->n_fresh == 0 && !n->told && log != NULL)
		ms_notice(log, "\"%s\" has no address: its lines are not heeded until it has", n->host);
	n->told = n->n_fresh == 0;
	if (same)
		return;
	memcpy(n->addr, n->fresh, n->n_fresh * sizeof n->fresh[0]);
	n->n_addrs = n->n_fresh;
	for (const struct name_user *u = n->users; u != NULL; u = u->next)
		n->names->changed(n->names->arg, u->group);
}

static void take_answer(struct name *n, unsigned family, ms_err err,
	const struct ms_dns_answer *answer)
{
	uint64_t life = (uint64_t)answer->ttl_s * 1000;

	n->query[family] = NULL;
	if (err != MS_OK && err != MS_ERR_NOT_FOUND)
		n->failed = true;
	for (unsigned i = 0; err == MS_OK && i < answer->n && n->n_fresh < MAX_ADDRS; i++)
		if (ms_addr_from_octets(&n->fresh[n->n_fresh], answer->records[i].ptr,
			    answer->records[i].len) == MS_OK)
			n->n_fresh++;
	if (life < group_names_least_ms)
		life = group_names_least_ms;
	if (life < n->again_ms)
		n->again_ms = life;
	if (--n->pending == 0)
		answered(n);
}

static void answer4(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	(void)why;
	take_answer(arg, 0, err, a);
}

static void answer6(void *arg, ms_err err, const struct ms_dns_answer *a, const struct ms_why *why)
{
	(void)why;
	take_answer(arg, 1, err, a);
}

static void ask(void *arg)
{
	static const uint16_t types[FAMILIES] = { MS_DNS_A, MS_DNS_AAAA };
	static ms_resolver_done_f *const done[FAMILIES] = { answer4, answer6 };
	struct name *n = arg;
	const struct ms_services *sv = n->names->services;
	const struct ms_resolver_ops *ops;

	n->resolver = sv->provider == NULL ? NULL : sv->provider(sv, MS_ROLE_RESOLVER, NULL, 0);
	n->n_fresh = 0;
	n->failed = false;
	n->again_ms = MOST_MS;
	n->pending = 1;
	for (unsigned i = 0; n->resolver != NULL && i < FAMILIES; i++) {
		ops = n->resolver->ops;
		n->pending++;
		if (ops->ask(n->resolver->instance, n->host, types[i], 0, &n->query[i], done[i], n,
			    NULL) != MS_OK) {
			n->query[i] = NULL;
			n->pending--;
			n->failed = true;
		}
	}
	n->failed |= n->resolver == NULL;
	if (--n->pending == 0)
		answered(n);
}

/* --- lists ------------------------------------------------------------------------------------------ */

static struct name *find(struct group_names *names, const char *host)
{
	struct name *n = names->first;

	while (n != NULL && strcmp(n->host, host) != 0)
		n = n->next;
	if (n != NULL)
		return n;
	n = calloc(1, sizeof *n);
	if (n == NULL)
		return NULL;
	n->names = names;
	n->host = strdup(host);
	n->timer = ms_timer_new(names->services->loop, ask, n);
	if (n->host == NULL || n->timer == NULL) {
		name_free(n);
		return NULL;
	}
	n->next = names->first;
	names->first = n;
	ms_timer_set(n->timer, 0);
	return n;
}

static bool use(struct name *n, const char *group)
{
	struct name_user *u = n->users;

	while (u != NULL && strcmp(u->group, group) != 0)
		u = u->next;
	if (u != NULL)
		return true;
	u = calloc(1, sizeof *u);
	if (u == NULL || (u->group = strdup(group)) == NULL) {
		free(u);
		return false;
	}
	u->next = n->users;
	n->users = u;
	return true;
}

static void leave(struct name *n, const char *group)
{
	struct name_user **slot = &n->users, *u;

	while ((u = *slot) != NULL && strcmp(u->group, group) != 0)
		slot = &u->next;
	if (u == NULL)
		return;
	*slot = u->next;
	free(u->group);
	free(u);
}

static void drop_unused(struct group_names *names)
{
	struct name **slot = &names->first, *n;

	while ((n = *slot) != NULL) {
		if (n->users != NULL) {
			slot = &n->next;
			continue;
		}
		*slot = n->next;
		name_free(n);
	}
}

bool group_names_list(struct group_names *names, struct group_text *t)
{
	const char *group = t->list->group;
	bool ok = true;

	for (struct name *n = names->first; n != NULL; n = n->next)
		leave(n, group);
	for (size_t i = 0; ok && i < t->n_names; i++) {
		struct name *n = find(names, t->names[i].host);

		ok = n != NULL && use(n, group);
		for (unsigned k = 0; ok && k < n->n_addrs; k++) {
			struct ms_policy_entry e = t->names[i].entry;

			e.peers.first = e.peers.last = n->addr[k];
			ok = group_add_entry(t->list, &e);
		}
	}
	drop_unused(names);
	return ok;
}

void group_names_forget(struct group_names *names, const char *group)
{
	for (struct name *n = names->first; n != NULL; n = n->next)
		leave(n, group);
	drop_unused(names);
}

void group_names_free(struct group_names **names)
{
	struct name *n, *next;

	if (*names == NULL)
		return;
	for (n = (*names)->first; n != NULL; n = next) {
		next = n->next;
		name_free(n);
	}
	free(*names);
	*names = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other addresses of peers that are names.
 *
 * The index of host pairs has a connection under the one address that is in use.  A peer with several
 * may call from any of them: these are found here, and the connection moves there unless it is up.
 */
#include "core/conn/conn_priv.h"
#include "core/conn/names.h"

#include "lib/addr/hash.h"

#include <stdlib.h>

#define FIRST_BUCKETS 64

struct conn_alias {
	struct conn_alias *next;    /* in its bucket */
	struct conn_alias *sibling; /* of the same connection */
	struct conn *conn;
	struct ms_addr remote;
};

static size_t bucket(const struct conn_table *t, const struct ms_addr *remote)
{
	return (size_t)ms_addr_hash(remote, t->seed) & (t->n_alias_buckets - 1);
}

/* False: out of memory; the chains may be longer than they should. */
static bool grow(struct conn_table *t)
{
	size_t old_n = t->n_alias_buckets, n = old_n == 0 ? FIRST_BUCKETS : old_n * 2;
	struct conn_alias **old = t->aliases, **fresh;

	if (t->n_aliases < old_n)
		return true;
	fresh = calloc(n, sizeof(struct conn_alias *));
	if (fresh == NULL)
		return old_n > 0;
	t->aliases = fresh;
	t->n_alias_buckets = n;
	for (size_t i = 0; i < old_n; i++)
		for (struct conn_alias *a = old[i], *next; a != NULL; a = next) {
			next = a->next;
			a->next = fresh[bucket(t, &a->remote)];
			fresh[bucket(t, &a->remote)] = a;
		}
	free(old);
	return true;
}

void conn_aliases_insert(struct conn_table *t, struct conn *c)
{
	struct conn_name *name = c->remote.name;

	for (unsigned i = 0; name != NULL && i < name->n; i++) {
		struct conn_alias *a;

		if (ms_addr_eq(&name->addrs[i], &c->remote.host.addr) ||
			name->addrs[i].family != c->local.host.addr.family || !grow(t))
			continue;
		a = malloc(sizeof *a);
		if (a == NULL)
			return;
		*a = (struct conn_alias){ t->aliases[bucket(t, &name->addrs[i])], name->aliases, c,
			name->addrs[i] };
		t->aliases[bucket(t, &a->remote)] = a;
		name->aliases = a;
		t->n_aliases++;
	}
}

void conn_aliases_remove(struct conn_table *t, struct conn *c)
{
	struct conn_name *name = c->remote.name;

	while (name != NULL && name->aliases != NULL) {
		struct conn_alias *a = name->aliases, **at = &t->aliases[bucket(t, &a->remote)];

		name->aliases = a->sibling;
		while (*at != a)
			at = &(*at)->next;
		*at = a->next;
		t->n_aliases--;
		free(a);
	}
}

struct conn *conn_alias_find(
	const struct conn_table *t, const struct ms_addr *local, const struct ms_addr *remote)
{
	if (t->n_aliases == 0)
		return NULL;
	for (struct conn_alias *a = t->aliases[bucket(t, remote)]; a != NULL; a = a->next)
		if (ms_addr_eq(&a->remote, remote) &&
			ms_addr_eq(&a->conn->local.host.addr, local) && a->conn->newest_ike == 0 &&
			a->conn->newest_child == 0)
			return a->conn;
	return NULL;
}

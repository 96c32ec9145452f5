/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aliases (connalias=, leftsubnets=): one name for several connections.
 *
 * A hash table of all (alias, connection) pairs; a connection's pairs are one array.
 */
#include "core/conn/conn_priv.h"

#include "lib/addr/hash.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

struct conn_aka {
	struct conn_aka *next, **slot; /* of the same bucket; slot points to this one */
	struct conn *conn;
	const char *name; /* into desc */
};

static size_t count(const struct conn *c)
{
	size_t n = 0;

	while (c->desc->connalias != NULL && c->desc->connalias[n] != NULL)
		n++;
	return n;
}

static struct conn_aka **bucket(const struct conn_table *t, const char *name)
{
	return &t->akas[ms_siphash(t->seed, name, strlen(name)) & (t->n_aka_buckets - 1)];
}

static void push(const struct conn_table *t, struct conn_aka *a)
{
	struct conn_aka **slot = bucket(t, a->name);

	a->next = *slot;
	a->slot = slot;
	if (a->next != NULL)
		a->next->slot = &a->next;
	*slot = a;
}

/* False: out of memory, and there is no table yet. */
static bool grow(struct conn_table *t)
{
	size_t old_n = t->n_aka_buckets, n = old_n == 0 ? FIRST_BUCKETS : old_n * 2;
	struct conn_aka **old = t->akas, **fresh;

	if (t->n_akas < old_n)
		return true;
	fresh = calloc(n, sizeof(struct conn_aka *));
	if (fresh == NULL)
		return old_n > 0;
	t->akas = fresh;
	t->n_aka_buckets = n;
	for (size_t i = 0; i < old_n; i++)
		for (struct conn_aka *a = old[i], *next; a != NULL; a = next) {
			next = a->next;
			push(t, a);
		}
	free(old);
	return true;
}

/* It may be written twice. */
static bool is_repeated(const struct conn *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(c->desc->connalias[k], c->desc->connalias[i]) == 0)
			return true;
	return false;
}

ms_err conn_aka_insert(struct conn_table *t, struct conn *c)
{
	size_t n = count(c);

	if (n == 0)
		return MS_OK;
	if (!grow(t) || (c->aka = calloc(n, sizeof *c->aka)) == NULL)
		return MS_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		c->aka[i].conn = c;
		c->aka[i].name = c->desc->connalias[i];
		if (is_repeated(c, i))
			continue;
		push(t, &c->aka[i]);
		t->n_akas++;
	}
	return MS_OK;
}

void conn_aka_remove(struct conn_table *t, struct conn *c)
{
	if (c->aka == NULL)
		return;
	for (size_t i = 0; i < count(c); i++) {
		struct conn_aka *a = &c->aka[i];

		if (a->slot == NULL)
			continue;
		*a->slot = a->next;
		if (a->next != NULL)
			a->next->slot = a->slot;
		t->n_akas--;
	}
	free(c->aka);
	c->aka = NULL;
}

/* --- looking -------------------------------------------------------------------------------------- */

bool conn_is_called(const struct conn *c, const char *name)
{
	if (strcmp(c->desc->name, name) == 0)
		return true;
	for (size_t i = 0; i < count(c); i++)
		if (strcmp(c->desc->connalias[i], name) == 0)
			return true;
	return false;
}

bool conn_list_add(struct conn_list *l, struct conn *c)
{
	struct conn **grown = l->conn;

	if ((l->n & (l->n - 1)) == 0)
		grown = reallocarray(l->conn, l->n == 0 ? 1 : l->n * 2, sizeof *grown);
	if (grown == NULL)
		return false;
	l->conn = grown;
	l->conn[l->n++] = conn_ref(c);
	return true;
}

static int by_serial(const void *x, const void *y)
{
	const struct conn *const *a = x, *const *b = y;

	return ((*a)->serial > (*b)->serial) - ((*a)->serial < (*b)->serial);
}

static bool list_aliased(const struct conn_table *t, const char *name, bool section,
	struct conn_list *out)
{
	struct conn_aka *a = t->n_akas == 0 ? NULL : *bucket(t, name);

	for (; a != NULL; a = a->next) {
		const char *of = a->conn->desc->section;

		if (strcmp(a->name, name) != 0 ||
			(section && (of == NULL || strcmp(of, name) != 0)))
			continue;
		if (!conn_list_add(out, a->conn)) {
			conn_list_free(out);
			return false;
		}
	}
	if (out->n > 1)
		qsort(out->conn, out->n, sizeof(struct conn *), by_serial);
	return true;
}

bool conn_list_named(const struct conn_table *t, const char *name, struct conn_list *out)
{
	struct conn *c = conn_by_name(t, name);

	*out = (struct conn_list){ NULL, 0 };
	return c != NULL ? conn_list_add(out, c) : list_aliased(t, name, false, out);
}

bool conn_list_section(const struct conn_table *t, const char *name, struct conn_list *out)
{
	*out = (struct conn_list){ NULL, 0 };
	return list_aliased(t, name, true, out);
}

void conn_list_free(struct conn_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		conn_unref(&l->conn[i]);
	free(l->conn);
	*l = (struct conn_list){ NULL, 0 };
}

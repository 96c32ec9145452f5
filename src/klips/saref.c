/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/saref.h"

#include <stdlib.h>

enum { SUBTABLES = (SAREF_MOST + 1) / SAREF_ENTRIES };

struct subtable {
	unsigned used;
	struct klips_sa *sa[SAREF_ENTRIES];
};

struct saref_table {
	uint32_t most, used, last; /* last: given */
	struct subtable *sub[SUBTABLES]; /* NULL: all free */
};

struct saref_table *saref_table_new(uint32_t most)
{
	struct saref_table *t = calloc(1, sizeof *t);

	if (t != NULL)
		t->most = most == 0 || most > SAREF_MOST ? SAREF_MOST : most;
	return t;
}

void saref_table_free(struct saref_table **tp)
{
	struct saref_table *t = *tp;
	unsigned i;

	if (t == NULL)
		return;
	for (i = 0; i < SUBTABLES; i++)
		free(t->sub[i]);
	free(t);
	*tp = NULL;
}

struct klips_sa *saref_find(const struct saref_table *t, uint32_t ref)
{
	const struct subtable *s = ref > t->most ? NULL : t->sub[ref / SAREF_ENTRIES];

	return s == NULL ? NULL : s->sa[ref % SAREF_ENTRIES];
}

struct klips_sa *saref_next(const struct saref_table *t, uint32_t *ref)
{
	uint32_t at = *ref;

	while (at <= t->most) {
		const struct subtable *s = t->sub[at / SAREF_ENTRIES];

		if (s == NULL || s->used == 0) {
			at = (at / SAREF_ENTRIES + 1) * SAREF_ENTRIES;
		} else if (s->sa[at % SAREF_ENTRIES] != NULL) {
			*ref = at;
			return s->sa[at % SAREF_ENTRIES];
		} else {
			at++;
		}
	}
	return NULL;
}

/* The first free one from `at` on, up to the end; 0: there is none. */
static uint32_t free_one(const struct saref_table *t, uint32_t at)
{
	while (at <= t->most) {
		const struct subtable *s = t->sub[at / SAREF_ENTRIES];

		if (s == NULL || s->sa[at % SAREF_ENTRIES] == NULL)
			return at;
		at = s->used == SAREF_ENTRIES ? (at / SAREF_ENTRIES + 1) * SAREF_ENTRIES : at + 1;
	}
	return 0;
}

ms_err saref_take(struct saref_table *t, uint32_t *ref, struct klips_sa *sa)
{
	uint32_t mine = *ref;
	struct subtable **s;

	if (mine > t->most || t->used == t->most)
		return mine != 0 && saref_find(t, mine) != NULL ? MS_ERR_BUSY : MS_ERR_LIMIT;
	if (mine == 0) {
		mine = free_one(t, t->last + 1);
		if (mine == 0)
			mine = free_one(t, 1);
		t->last = mine;
	} else if (saref_find(t, mine) != NULL) {
		return MS_ERR_BUSY;
	}
	s = &t->sub[mine / SAREF_ENTRIES];
	if (*s == NULL)
		*s = calloc(1, sizeof **s);
	if (*s == NULL)
		return MS_ERR_NOMEM;
	(*s)->sa[mine % SAREF_ENTRIES] = sa;
	(*s)->used++;
	t->used++;
	*ref = mine;
	return MS_OK;
}

void saref_pass(struct saref_table *t, uint32_t ref, struct klips_sa *sa)
{
	t->sub[ref / SAREF_ENTRIES]->sa[ref % SAREF_ENTRIES] = sa;
}

/* Sub-tables that are empty go: what many SAs needed for a while is not kept. */
void saref_give_back(struct saref_table *t, uint32_t ref)
{
	struct subtable **s = ref > t->most ? NULL : &t->sub[ref / SAREF_ENTRIES];

	if (s == NULL || *s == NULL || (*s)->sa[ref % SAREF_ENTRIES] == NULL)
		return;
	(*s)->sa[ref % SAREF_ENTRIES] = NULL;
	t->used--;
	if (--(*s)->used > 0)
		return;
	free(*s);
	*s = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsecconf.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_BUCKETS (sizeof((struct words *)0)->bucket / sizeof(uint32_t))

bool ipsecconf_grow(void **array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap == 0 ? 16 : *cap * 2;
	void *p;

	if (n < *cap)
		return true;
	if (more <= *cap)
		return false;
	p = reallocarray(*array, more, size);
	if (p == NULL)
		return false;
	*array = p;
	*cap = more;
	return true;
}

static int fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

/* FNV-1a over folded characters. */
uint32_t hash_word(const char *word)
{
	uint32_t h = 2166136261u;

	for (; *word != '\0'; word++)
		h = (h ^ (uint32_t)fold(*word)) * 16777619u;
	return h ^ h >> 15;
}

bool word_eq(const char *a, const char *b)
{
	while (*a != '\0' && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct word *words_find(const struct words *w, const char *name)
{
	uint32_t i = w->bucket[hash_word(name) % N_BUCKETS];

	while (i != 0 && !word_eq(w->word[i].name, name))
		i = w->word[i].next;
	return i == 0 ? NULL : &w->word[i];
}

const char *words_nearest(const struct words *w, const char *name)
{
	unsigned best = UINT_MAX;
	const char *near = NULL;

	for (uint32_t i = 1; i < w->n; i++) {
		const struct ms_conf_key *key = w->word[i].key;

		if ((key == NULL || (key->flags & MS_CONF_REFUSED) == 0) &&
			ms_text_is_near(name, w->word[i].name, &best))
			near = w->word[i].name;
	}
	return near;
}

static uint32_t add(struct words *w, const char *side, const char *name,
	const struct ms_conf_key *key, enum place place, uint32_t slot)
{
	uint32_t *bucket, i;
	char *full;

	if (w->n == 0)
		w->n = 1; /* 0 means none */
	i = w->n;
	if (!ipsecconf_grow((void **)&w->word, i, &w->cap, sizeof *w->word) ||
		asprintf(&full, "%s%s", side, name) < 0)
		return 0;
	bucket = &w->bucket[hash_word(full) % N_BUCKETS];
	w->word[i] = (struct word){
		.name = full, .key = key, .place = place, .slot = slot, .flip = i, .next = *bucket
	};
	*bucket = i;
	w->n++;
	return i;
}

/* An alias shares the slot of its row, so that both in one section are found to be one too many. */
static uint32_t slot_of(const struct ms_conf_key *keys, const struct ms_conf_key *row)
{
	if ((row->flags & MS_CONF_ALIAS) == 0)
		return (uint32_t)(row - keys);
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if (word_eq(k->name, row->def_text))
			return (uint32_t)(k - keys);
	}
	return (uint32_t)(row - keys);
}

static uint32_t count(const struct ms_conf_key *keys)
{
	uint32_t n = 0;

	while (keys[n].type != MS_CONF_END)
		n++;
	return n;
}

static bool add_plain(struct words *w, const struct ms_conf_key *keys, enum place place)
{
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if (add(w, "", k->name, ms_conf_find(keys, k->name), place,
			    w->slots + slot_of(keys, k)) == 0)
			return false;
	}
	w->slots += count(keys);
	return true;
}

static bool add_sides(struct words *w, const struct ms_conf_key *keys)
{
	uint32_t n = count(keys);

	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		const struct ms_conf_key *real = ms_conf_find(keys, k->name);
		uint32_t slot = w->slots + slot_of(keys, k);
		uint32_t left = add(w, "left", k->name, real, PLACE_LEFT, slot);
		uint32_t right = add(w, "right", k->name, real, PLACE_RIGHT, slot + n);

		if (left == 0 || right == 0)
			return false;
		w->word[left].flip = right;
		w->word[right].flip = left;
	}
	w->slots += 2 * n;
	return true;
}

ms_err words_init_setup(struct words *w)
{
	return add_plain(w, ms_setup_keys, PLACE_SETUP) ? MS_OK : MS_ERR_NOMEM;
}

ms_err words_init_conn(struct words *w)
{
	/* also= may be written several times: it has no slot of its own. */
	if (add_plain(w, ms_conn_keys, PLACE_CONN) && add_sides(w, ms_end_keys) &&
		add(w, "", "also", NULL, PLACE_ALSO, 0) != 0 &&
		add(w, "", "alsoflip", NULL, PLACE_ALSOFLIP, 0) != 0)
		return MS_OK;
	return MS_ERR_NOMEM;
}

void words_free(struct words *w)
{
	for (uint32_t i = 1; i < w->n; i++)
		free(w->word[i].name);
	free(w->word);
	memset(w, 0, sizeof *w);
}

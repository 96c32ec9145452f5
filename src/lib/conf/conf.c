/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key tables (modswan/conf.h): life of the values.
 *
 * One table row describes one setting; this room turns rows into behaviour:
 *   conf.c       defaults, copy, free, look-up by name
 *   value.c      text to value, with units, bounds and what was expected
 *   text.c       value to text
 *   nearest.c    the known word that a misspelled one was meant to be
 *   file.c       the libconfig binding
 *   gen.c        sample files and manual sections
 *   *_keys.c     the tables of ipsec.conf and modswan.conf
 *
 * Values live in the owner's struct and belong to it: strings and lists are heap memory there, and
 * every function here leaves the struct in a state that ms_conf_free() can take.  There is no
 * global state, so any thread may use the tables.
 */
#include "lib/conf/conf_i.h"

#include <stdlib.h>
#include <string.h>

void conf_list_free(char ***list)
{
	if (*list != NULL) {
		for (char **p = *list; *p != NULL; p++)
			free(*p);
		free(*list);
		*list = NULL;
	}
}

static void free_member(const struct ms_conf_key *key, void *out)
{
	char **text;

	switch (key->type) {
	case MS_CONF_STRING:
		text = conf_member(key, out);
		free(*text);
		*text = NULL;
		break;
	case MS_CONF_LIST:
		conf_list_free(conf_member(key, out));
		break;
	default:
		break;
	}
}

static bool default_list(const struct ms_conf_key *key, char ***list)
{
	const char *p = key->def_text;
	unsigned n = 1;

	for (const char *q = p; *q != '\0'; q++)
		n += *q == ',';
	*list = calloc(n + 1, sizeof **list);
	if (*list == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		size_t len = strcspn(p, ",");

		(*list)[i] = strndup(p, len);
		if ((*list)[i] == NULL) {
			conf_list_free(list);
			return false;
		}
		p += len + (p[len] == ',');
	}
	return true;
}

bool conf_set_default(const struct ms_conf_key *key, void *out)
{
	void *m = conf_member(key, out);

	free_member(key, out);
	switch (key->type) {
	case MS_CONF_BOOL:
		*(bool *)m = key->def != 0;
		return true;
	case MS_CONF_UINT:
	case MS_CONF_FLAGS:
		*(uint32_t *)m = (uint32_t)key->def;
		return true;
	case MS_CONF_TIME:
		*(uint64_t *)m = (uint64_t)key->def;
		return true;
	case MS_CONF_ENUM:
		*(int *)m = (int)key->def;
		return true;
	case MS_CONF_STRING:
		if (key->def_text == NULL)
			return true;
		*(char **)m = strdup(key->def_text);
		return *(char **)m != NULL;
	case MS_CONF_LIST:
		return key->def_text == NULL || default_list(key, m);
	case MS_CONF_END:
		break;
	}
	return true;
}

bool ms_conf_defaults(const struct ms_conf_key *keys, void *out)
{
	const struct ms_conf_key *k;

	/* Owners hand in raw memory: no pointer in it may be taken for a heap block. */
	for (k = keys; k->type != MS_CONF_END; k++) {
		if (conf_has_member(k) && k->type == MS_CONF_STRING)
			*(char **)conf_member(k, out) = NULL;
		else if (conf_has_member(k) && k->type == MS_CONF_LIST)
			*(char ***)conf_member(k, out) = NULL;
	}
	for (k = keys; k->type != MS_CONF_END; k++) {
		if (conf_has_member(k) && !conf_set_default(k, out)) {
			ms_conf_free(keys, out);
			return false;
		}
	}
	return true;
}

void ms_conf_free(const struct ms_conf_key *keys, void *out)
{
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if (conf_has_member(k))
			free_member(k, out);
	}
}

static bool copy_list(char ***to, char *const *from)
{
	size_t n = 0;

	*to = NULL;
	if (from == NULL)
		return true;
	while (from[n] != NULL)
		n++;
	*to = calloc(n + 1, sizeof **to);
	if (*to == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		(*to)[i] = strdup(from[i]);
		if ((*to)[i] == NULL) {
			conf_list_free(to);
			return false;
		}
	}
	return true;
}

static bool copy_member(const struct ms_conf_key *key, void *to, const void *from)
{
	const void *src = conf_member_const(key, from);
	void *dst = conf_member(key, to);
	const char *text;

	switch (key->type) {
	case MS_CONF_BOOL:
		*(bool *)dst = *(const bool *)src;
		return true;
	case MS_CONF_UINT:
	case MS_CONF_FLAGS:
		*(uint32_t *)dst = *(const uint32_t *)src;
		return true;
	case MS_CONF_TIME:
		*(uint64_t *)dst = *(const uint64_t *)src;
		return true;
	case MS_CONF_ENUM:
		*(int *)dst = *(const int *)src;
		return true;
	case MS_CONF_STRING:
		text = *(char *const *)src;
		*(char **)dst = text == NULL ? NULL : strdup(text);
		return text == NULL || *(char **)dst != NULL;
	case MS_CONF_LIST:
		return copy_list(dst, *(char **const *)src);
	case MS_CONF_END:
		break;
	}
	return true;
}

bool ms_conf_copy(const struct ms_conf_key *keys, void *to, const void *from)
{
	const struct ms_conf_key *k;

	for (k = keys; k->type != MS_CONF_END; k++) {
		if (conf_has_member(k) && k->type == MS_CONF_STRING)
			*(char **)conf_member(k, to) = NULL;
		else if (conf_has_member(k) && k->type == MS_CONF_LIST)
			*(char ***)conf_member(k, to) = NULL;
	}
	for (k = keys; k->type != MS_CONF_END; k++) {
		if (conf_has_member(k) && !copy_member(k, to, from)) {
			ms_conf_free(keys, to);
			return false;
		}
	}
	return true;
}

static const struct ms_conf_key *find_row(const struct ms_conf_key *keys, const char *name)
{
	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if (conf_word_eq(k->name, name))
			return k;
	}
	return NULL;
}

const struct ms_conf_key *ms_conf_find(const struct ms_conf_key *keys, const char *name)
{
	const struct ms_conf_key *k = find_row(keys, name);

	/* An alias with choices of its own says the same thing in other words: it sets the member
	 * itself.  Any other alias is just a second name. */
	if (k != NULL && (k->flags & MS_CONF_ALIAS) != 0 && k->choices == NULL)
		return find_row(keys, k->def_text);
	return k;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/conf_i.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_ITEMS 1024 /* of one list */

static const char *shown(const struct ms_conf_key *key, const char *value)
{
	return (key->flags & MS_CONF_SECRET) != 0 ? "(secret)" : value;
}

static ms_err bad(const struct ms_conf_key *key, const char *value, ms_err err, const char *near,
	struct ms_why *why)
{
	char want[CONF_TEXT_MAX];

	if (why == NULL)
		return err;
	conf_expected(key, want, sizeof want);
	if (near != NULL)
		return ms_fail(why, err, "\"%.80s\": expected %.200s; did you mean %s?",
			shown(key, value), want, near);
	return ms_fail(why, err, "\"%.80s\": expected %.250s", shown(key, value), want);
}

static const struct ms_conf_choice *find_choice(const struct ms_conf_key *key, const char *word)
{
	for (const struct ms_conf_choice *c = key->choices; c != NULL && c->name != NULL; c++) {
		if (strcasecmp(c->name, word) == 0)
			return c;
	}
	return NULL;
}

static const char *near_choice(const struct ms_conf_key *key, const char *word)
{
	const char *near = NULL;
	unsigned best = (unsigned)-1;

	for (const struct ms_conf_choice *c = key->choices; c != NULL && c->name != NULL; c++) {
		if (c->value != MS_CONF_NOT_HERE && ms_text_is_near(word, c->name, &best))
			near = c->name;
	}
	return near;
}

static ms_err not_here(const char *value, const char *advice, struct ms_why *why)
{
	return ms_fail(why, MS_ERR_UNSUPPORTED,
		"\"%.80s\": known from the family, not supported here%s%s", value,
		advice == NULL ? "" : ": ", advice == NULL ? "" : advice);
}

/* 1, 0, or -1 for a word that is neither yes nor no. */
static int yes_or_no(const char *value)
{
	static const struct {
		const char *word;
		int value;
	} words[] = { { "yes", 1 }, { "no", 0 }, { "true", 1 }, { "false", 0 }, { "on", 1 },
		{ "off", 0 }, { "1", 1 }, { "0", 0 } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(value, words[i].word) == 0)
			return words[i].value;
	}
	return -1;
}

static ms_err set_bool(
	const struct ms_conf_key *key, void *m, const char *value, struct ms_why *why)
{
	int answer = yes_or_no(value);

	if (key->choices != NULL) {
		const struct ms_conf_choice *c = find_choice(key, value);

		if (c == NULL)
			return bad(key, value, MS_ERR_TEXT, near_choice(key, value), why);
		*(bool *)m = c->value != 0;
		return MS_OK;
	}
	if (answer < 0)
		return bad(key, value, MS_ERR_TEXT, NULL, why);
	*(bool *)m = answer != 0;
	return MS_OK;
}

static ms_err set_uint(
	const struct ms_conf_key *key, void *m, const char *value, struct ms_why *why)
{
	uint64_t max = key->max > 0 ? (uint64_t)key->max : UINT32_MAX;
	const struct ms_conf_choice *c = find_choice(key, value);
	const char *p = value;
	uint64_t n = 0;

	if (c != NULL) {
		*(uint32_t *)m = (uint32_t)c->value;
		return MS_OK;
	}
	if (!isdigit((unsigned char)*p))
		return bad(key, value, MS_ERR_TEXT, near_choice(key, value), why);
	for (; isdigit((unsigned char)*p); p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > UINT32_MAX)
			return bad(key, value, MS_ERR_RANGE, NULL, why);
	}
	if (*p == '%' && key->unit != NULL && strcmp(key->unit, "%") == 0)
		p++;
	if (*p != '\0')
		return bad(key, value, MS_ERR_TEXT, NULL, why);
	if (n > max || n < (uint64_t)key->min)
		return bad(key, value, MS_ERR_RANGE, NULL, why);
	*(uint32_t *)m = (uint32_t)n;
	return MS_OK;
}

/* The number in thousandths, so that 1.5h needs no floating point; false: not a number. */
static bool scan_milli(const char **pp, uint64_t *milli)
{
	const char *p = *pp;
	uint64_t whole = 0, scale = 1000, part = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		if (whole > UINT64_C(1000000000000))
			return false;
		whole = whole * 10 + (uint64_t)(*p - '0');
	}
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			return false;
		for (; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			part += scale * (uint64_t)(*p - '0');
		}
	}
	*milli = whole * 1000 + part;
	*pp = p;
	return true;
}

static ms_err set_time(
	const struct ms_conf_key *key, void *m, const char *value, struct ms_why *why)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
		{ "d", 86400000 }, { "w", 604800000 } };
	const struct ms_conf_choice *c = find_choice(key, value);
	uint64_t milli, ms = 0;
	const char *p = value;
	size_t i;

	if (c != NULL) {
		*(uint64_t *)m = (uint64_t)c->value;
		return MS_OK;
	}
	if (!scan_milli(&p, &milli))
		return bad(key, value, MS_ERR_TEXT, NULL, why);
	for (i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcasecmp(p, units[i].unit) == 0)
			break;
	}
	if (i == sizeof units / sizeof units[0])
		return bad(key, value, MS_ERR_TEXT, NULL, why);
	if (milli > UINT64_MAX / units[i].ms)
		return bad(key, value, MS_ERR_RANGE, NULL, why);
	ms = milli * units[i].ms / 1000;
	if (ms < (uint64_t)key->min || ms > (key->max > 0 ? (uint64_t)key->max : INT64_MAX))
		return bad(key, value, MS_ERR_RANGE, NULL, why);
	*(uint64_t *)m = ms;
	return MS_OK;
}

static ms_err check_text(const struct ms_conf_key *key, const char *value, struct ms_why *why)
{
	ms_err err;

	if (key->check == NULL)
		return MS_OK;
	err = key->check(value, why);
	if (err != MS_OK)
		ms_why_prefix(why, "\"%.80s\": ", shown(key, value));
	return err;
}

static ms_err set_string(
	const struct ms_conf_key *key, void *m, const char *value, struct ms_why *why)
{
	ms_err err = check_text(key, value, why);
	char *copy;

	if (err != MS_OK)
		return err;
	copy = strdup(value);
	if (copy == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	free(*(char **)m);
	*(char **)m = copy;
	return MS_OK;
}

static ms_err set_enum(
	const struct ms_conf_key *key, void *m, const char *value, struct ms_why *why)
{
	const struct ms_conf_choice *c = find_choice(key, value);

	if (c == NULL)
		return bad(key, value, MS_ERR_TEXT, near_choice(key, value), why);
	*(int *)m = c->value;
	return MS_OK;
}

static ms_err set_flags(const struct ms_conf_key *key, void *m, const char *const *items,
	unsigned n, struct ms_why *why)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct ms_conf_choice *c = find_choice(key, items[i]);

		if (c == NULL)
			return bad(key, items[i], MS_ERR_TEXT, near_choice(key, items[i]), why);
		if (c->value == MS_CONF_NOT_HERE)
			return not_here(items[i], c->help, why);
		set |= (uint32_t)c->value;
	}
	*(uint32_t *)m = set;
	return MS_OK;
}

static ms_err set_list(const struct ms_conf_key *key, void *m, const char *const *items, unsigned n,
	struct ms_why *why)
{
	char **list = calloc(n + 1, sizeof *list);
	ms_err err = MS_OK;

	if (list == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < n && err == MS_OK; i++) {
		err = check_text(key, items[i], why);
		if (err == MS_OK && (list[i] = strdup(items[i])) == NULL)
			err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	if (err != MS_OK) {
		conf_list_free(&list);
		return err;
	}
	conf_list_free(m);
	*(char ***)m = list;
	return MS_OK;
}

ms_err conf_set_items(const struct ms_conf_key *key, void *out, const char *const *items,
	unsigned n, struct ms_why *why)
{
	void *m = conf_member(key, out);

	if (key->type == MS_CONF_FLAGS)
		return set_flags(key, m, items, n, why);
	return set_list(key, m, items, n, why);
}

/* Items stand between commas or blanks, flags also between bars; braces around all are allowed. */
static ms_err split(const struct ms_conf_key *key, void *out, const char *value, struct ms_why *why)
{
	const char *sep = key->type == MS_CONF_FLAGS ? ", \t|" : ", \t";
	const char *items[MAX_ITEMS];
	size_t len = strlen(value);
	char *copy, *save = NULL;
	unsigned n = 0;
	ms_err err;

	if (value[0] == '{' && value[len - 1] == '}')
		copy = strndup(value + 1, len - 2);
	else
		copy = strdup(value);
	if (copy == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	for (char *p = strtok_r(copy, sep, &save); p != NULL && n < MAX_ITEMS;
		p = strtok_r(NULL, sep, &save))
		items[n++] = p;
	if (n == 0)
		err = ms_fail(why, MS_ERR_TEXT, "\"%.80s\": an empty list", value);
	else if (n == MAX_ITEMS)
		err = ms_fail(why, MS_ERR_LIMIT, "a list of more than %d items", MAX_ITEMS - 1);
	else
		err = conf_set_items(key, out, items, n, why);
	free(copy);
	return err;
}

static ms_err refused(const struct ms_conf_key *key, const char *value, struct ms_why *why)
{
	/* def_text is what happens anyway: to write it does no harm. */
	if (key->def_text != NULL &&
		(strcasecmp(value, key->def_text) == 0 ||
			(yes_or_no(value) >= 0 && yes_or_no(value) == yes_or_no(key->def_text))))
		return MS_OK;
	return not_here(value, key->brief, why);
}

ms_err ms_conf_set(const struct ms_conf_key *key, void *out, const char *value, struct ms_why *why)
{
	void *m = conf_member(key, out);
	const struct ms_conf_choice *c;

	if ((key->flags & MS_CONF_IGNORED) != 0 || (value[0] == '\0' && !conf_has_member(key)))
		return MS_OK;
	if ((key->flags & MS_CONF_REFUSED) != 0)
		return refused(key, value, why);
	if (value[0] == '\0')
		return conf_set_default(key, out) ? MS_OK
						  : ms_fail(why, MS_ERR_NOMEM, "out of memory");
	c = find_choice(key, value);
	if (c != NULL && c->value == MS_CONF_NOT_HERE)
		return not_here(value, c->help, why);
	switch (key->type) {
	case MS_CONF_BOOL:
		return set_bool(key, m, value, why);
	case MS_CONF_UINT:
		return set_uint(key, m, value, why);
	case MS_CONF_TIME:
		return set_time(key, m, value, why);
	case MS_CONF_STRING:
		return set_string(key, m, value, why);
	case MS_CONF_ENUM:
		return set_enum(key, m, value, why);
	case MS_CONF_FLAGS:
	case MS_CONF_LIST:
		return split(key, out, value, why);
	case MS_CONF_END:
		break;
	}
	return ms_fail(why, MS_ERR_BUG, "a row without type");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/conf_i.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void conf_append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

void conf_time_text(uint64_t ms, char *buf, size_t size)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" } };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (ms == 0 || ms % units[i].ms == 0) {
			snprintf(buf, size, "%" PRIu64 "%s", ms / units[i].ms,
				ms == 0 ? "s" : units[i].unit);
			return;
		}
	}
	snprintf(buf, size, "%" PRIu64 "ms", ms);
}

static void choice_words(const struct ms_conf_key *key, bool all, char *buf, size_t size)
{
	const char *sep = "";

	/* Choices without help are other spellings or more of the same; when no choice has help, all are
	 * shown. */
	bool explained = false;

	for (const struct ms_conf_choice *c = key->choices; c->name != NULL; c++)
		explained |= c->help != NULL && c->value != MS_CONF_NOT_HERE;
	for (const struct ms_conf_choice *c = key->choices; c->name != NULL; c++) {
		if ((explained && !all && c->help == NULL) || c->value == MS_CONF_NOT_HERE)
			continue;
		conf_append(buf, size, "%s%s", sep, c->name);
		sep = ", ";
	}
}

static void bounds_text(const struct ms_conf_key *key, char *buf, size_t size)
{
	bool is_time = key->type == MS_CONF_TIME;
	char low[32], high[32];

	if (key->max <= 0) {
		if (key->min > 0 && is_time) {
			conf_time_text((uint64_t)key->min, low, sizeof low);
			conf_append(buf, size, " of at least %s", low);
		} else if (key->min > 0) {
			conf_append(buf, size, " of at least %" PRId64, key->min);
		}
		return;
	}
	if (is_time) {
		conf_time_text((uint64_t)key->min, low, sizeof low);
		conf_time_text((uint64_t)key->max, high, sizeof high);
		conf_append(buf, size, " of %s to %s", low, high);
	} else {
		conf_append(buf, size, " of %" PRId64 " to %" PRId64, key->min, key->max);
	}
}

void conf_expected(const struct ms_conf_key *key, char *buf, size_t size)
{
	buf[0] = '\0';
	switch (key->type) {
	case MS_CONF_BOOL:
	case MS_CONF_ENUM:
		if (key->choices == NULL) {
			conf_append(buf, size, "yes or no");
			return;
		}
		conf_append(buf, size, "one of ");
		choice_words(key, false, buf, size);
		return;
	case MS_CONF_FLAGS:
		conf_append(buf, size, "a list of ");
		choice_words(key, true, buf, size);
		return;
	case MS_CONF_UINT:
		conf_append(buf, size, "a number");
		break;
	case MS_CONF_TIME:
		conf_append(buf, size, "a time");
		break;
	case MS_CONF_STRING:
		conf_append(buf, size, "a word or text");
		return;
	case MS_CONF_LIST:
		conf_append(buf, size, "a list");
		return;
	case MS_CONF_END:
		return;
	}
	bounds_text(key, buf, size);
	if (key->type == MS_CONF_TIME)
		conf_append(buf, size, " (30s, 9m, 8h, 1d)");
	else if (key->unit != NULL)
		conf_append(buf, size, strcmp(key->unit, "%") == 0 ? "%s" : " %s", key->unit);
	if (key->choices != NULL) {
		conf_append(buf, size, " or ");
		choice_words(key, false, buf, size);
	}
}

static const char *choice_name(const struct ms_conf_key *key, int64_t value)
{
	for (const struct ms_conf_choice *c = key->choices; c != NULL && c->name != NULL; c++) {
		if (c->value == value)
			return c->name;
	}
	return NULL;
}

struct writer {
	char *buf;
	size_t size, used;
};

static void put(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	if (w->used < w->size) {
		size_t room = w->size - w->used - 1;
		size_t n = len < room ? len : room;

		memcpy(w->buf + w->used, text, n);
		w->buf[w->used + n] = '\0';
	}
	w->used += len;
}

static void put_flags(struct writer *w, const struct ms_conf_key *key, uint32_t set)
{
	const char *sep = "";

	for (const struct ms_conf_choice *c = key->choices; c->name != NULL; c++) {
		uint32_t bits = (uint32_t)c->value;

		if (bits != 0 && (set & bits) == bits) {
			put(w, sep);
			put(w, c->name);
			sep = ",";
			set &= ~bits;
		}
	}
}

static void put_number(struct writer *w, const struct ms_conf_key *key, uint64_t n)
{
	const char *name = n <= INT64_MAX ? choice_name(key, (int64_t)n) : NULL;
	char num[40];

	if (name != NULL) {
		put(w, name);
		return;
	}
	if (key->type == MS_CONF_TIME)
		conf_time_text(n, num, sizeof num);
	else
		snprintf(num, sizeof num, "%" PRIu64 "%s", n,
			key->unit != NULL && strcmp(key->unit, "%") == 0 ? "%" : "");
	put(w, num);
}

static void put_list(struct writer *w, char *const *list)
{
	const char *sep = "";

	for (; list != NULL && *list != NULL; list++) {
		put(w, sep);
		put(w, *list);
		sep = ",";
	}
}

size_t ms_conf_text(const struct ms_conf_key *key, const void *from, char *buf, size_t size)
{
	struct writer w = { buf, size, 0 };
	const void *m = conf_member_const(key, from);
	const char *name;

	if (size > 0)
		buf[0] = '\0';
	if (!conf_has_member(key) && key->choices == NULL)
		return 0;
	switch (key->type) {
	case MS_CONF_BOOL:
		name = choice_name(key, *(const bool *)m);
		put(&w, name != NULL ? name : *(const bool *)m ? "yes" : "no");
		break;
	case MS_CONF_UINT:
		put_number(&w, key, *(const uint32_t *)m);
		break;
	case MS_CONF_TIME:
		put_number(&w, key, *(const uint64_t *)m);
		break;
	case MS_CONF_ENUM:
		name = choice_name(key, *(const int *)m);
		put(&w, name != NULL ? name : "?");
		break;
	case MS_CONF_FLAGS:
		put_flags(&w, key, *(const uint32_t *)m);
		break;
	case MS_CONF_STRING:
		if (*(char *const *)m != NULL)
			put(&w, (key->flags & MS_CONF_SECRET) != 0 ? "(secret)"
								   : *(char *const *)m);
		break;
	case MS_CONF_LIST:
		put_list(&w, *(char **const *)m);
		break;
	case MS_CONF_END:
		break;
	}
	return w.used;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libconfig binding: every top-level setting of a file is a row of the table, nothing else is
 * allowed in the file.  libconfig's own types are checked before the text of the value is given to
 * the same function that reads every other source, so bounds and words are the same everywhere.
 */
#include "lib/conf/conf_i.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#define MAX_ITEMS 1024

static const char *type_name(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a fraction";
	case CONFIG_TYPE_STRING:
		return "text";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return "a list";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "nothing";
	}
}

static void value_text(const config_setting_t *s, char *buf, size_t size)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(buf, size, "%lld", config_setting_get_int64(s));
		return;
	case CONFIG_TYPE_FLOAT:
		snprintf(buf, size, "%g", config_setting_get_float(s));
		return;
	case CONFIG_TYPE_BOOL:
		snprintf(buf, size, "%s", config_setting_get_bool(s) ? "true" : "false");
		return;
	case CONFIG_TYPE_GROUP:
		snprintf(buf, size, "{ ... }");
		return;
	default:
		snprintf(buf, size, "[ ... ]");
	}
}

static ms_err wrong_type(
	const struct ms_conf_key *key, const config_setting_t *s, struct ms_why *why)
{
	char want[CONF_TEXT_MAX], value[64];

	conf_expected(key, want, sizeof want);
	value_text(s, value, sizeof value);
	return ms_fail(why, MS_ERR_TEXT, "%s: found %s, expected %.250s",
		(key->flags & MS_CONF_SECRET) != 0 ? "(secret)" : value, type_name(s), want);
}

static ms_err set_array(
	const struct ms_conf_key *key, void *out, const config_setting_t *s, struct ms_why *why)
{
	int n = config_setting_length(s);
	const char *items[MAX_ITEMS];

	if (key->type != MS_CONF_LIST && key->type != MS_CONF_FLAGS)
		return wrong_type(key, s, why);
	if (n > MAX_ITEMS)
		return ms_fail(why, MS_ERR_LIMIT, "a list of more than %d items", MAX_ITEMS);
	if (n == 0)
		return ms_conf_set(key, out, "", why); /* as empty text: the default */
	for (int i = 0; i < n; i++) {
		items[i] = config_setting_get_string_elem(s, i);
		if (items[i] == NULL)
			return ms_fail(why, MS_ERR_TEXT,
				"[ ... ]: item %d of the list is not text in quotes", i + 1);
	}
	return conf_set_items(key, out, items, (unsigned)n, why);
}

static ms_err set_number(
	const struct ms_conf_key *key, void *out, const config_setting_t *s, struct ms_why *why)
{
	char text[32];

	if (key->type != MS_CONF_UINT && key->type != MS_CONF_TIME)
		return wrong_type(key, s, why);
	snprintf(text, sizeof text, "%lld", config_setting_get_int64(s));
	return ms_conf_set(key, out, text, why);
}

static ms_err set_setting(
	const struct ms_conf_key *key, void *out, const config_setting_t *s, struct ms_why *why)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return set_number(key, out, s, why);
	case CONFIG_TYPE_BOOL:
		if (key->type != MS_CONF_BOOL && key->type != MS_CONF_ENUM)
			return wrong_type(key, s, why);
		return ms_conf_set(key, out, config_setting_get_bool(s) ? "yes" : "no", why);
	case CONFIG_TYPE_STRING:
		/* A list of one may be written without brackets, but its text is one item. */
		if (key->type == MS_CONF_LIST) {
			const char *item = config_setting_get_string(s);

			return conf_set_items(key, out, &item, 1, why);
		}
		return ms_conf_set(key, out, config_setting_get_string(s), why);
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return set_array(key, out, s, why);
	default:
		return wrong_type(key, s, why);
	}
}

static ms_err unknown(const struct ms_conf_key *keys, const char *name, struct ms_why *why)
{
	const struct ms_conf_key *near = ms_conf_nearest(keys, name);

	if (near == NULL)
		return ms_fail(why, MS_ERR_UNKNOWN, "unknown setting %.80s", name);
	return ms_fail(
		why, MS_ERR_UNKNOWN, "unknown setting %.80s; did you mean %s?", name, near->name);
}

static ms_err take(const char *path, const struct ms_conf_key *keys, void *out,
	const config_setting_t *s, struct ms_why *why)
{
	const char *file = config_setting_source_file(s);
	const char *name = config_setting_name(s);
	const struct ms_conf_key *key = ms_conf_find(keys, name);
	ms_err err;

	if (key == NULL) {
		err = unknown(keys, name, why);
	} else if ((key->flags & MS_CONF_IGNORED) != 0) {
		err = MS_OK;
	} else {
		err = set_setting(key, out, s, why);
		if (err != MS_OK)
			ms_why_prefix(why, "%.60s = ", name);
	}
	if (err != MS_OK)
		ms_why_prefix(why, "%.120s:%u: ", file != NULL ? file : path,
			config_setting_source_line(s));
	return err;
}

static ms_err read_file(config_t *cfg, const char *path, struct ms_why *why)
{
	FILE *f = fopen(path, "re");
	ms_err err = MS_OK;

	if (f == NULL && (errno == ENOENT || errno == ENOTDIR))
		return MS_OK;
	if (f == NULL)
		return ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s", path, strerror(errno));
	if (config_read(cfg, f) != CONFIG_TRUE) {
		const char *file = config_error_file(cfg);

		err = ms_fail(why, MS_ERR_CONFIG, "%.200s:%d: %s", file != NULL ? file : path,
			config_error_line(cfg), config_error_text(cfg));
	}
	fclose(f);
	return err;
}

ms_err ms_conf_load(const char *path, const struct ms_conf_key *keys, void *out, struct ms_why *why)
{
	config_setting_t *root, *s;
	config_t cfg;
	ms_err err;

	if (!ms_conf_defaults(keys, out))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	config_init(&cfg);
	err = read_file(&cfg, path, why);
	root = config_root_setting(&cfg);
	for (unsigned i = 0; err == MS_OK && (s = config_setting_get_elem(root, i)) != NULL; i++)
		err = take(path, keys, out, s, why);
	config_destroy(&cfg);
	if (err != MS_OK) {
		ms_conf_free(keys, out);
		/* Out of memory twice leaves the members NULL, which ms_conf_free() can take. */
		if (!ms_conf_defaults(keys, out))
			return MS_ERR_NOMEM;
	}
	return err;
}

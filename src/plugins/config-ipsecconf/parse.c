/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to sections and parameters.
 *
 *   version 2                 first significant line, may be missing
 *   include NAME-OR-PATTERN   not indented
 *   config|conn NAME          not indented; opens a section
 *   <blanks>NAME = VALUE      a parameter of the open section
 *
 * A blank line or a line that is not indented closes the section.  Comments are no lines at all,
 * wherever they begin.  Values are checked here, because here file and line are known.
 */
#include "ipsecconf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t";

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

static bool is_name(const char *text)
{
	if (!isalnum((unsigned char)*text))
		return false;
	while (is_name_char(*text))
		text++;
	return *text == '\0';
}

static void cut_tail(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
		text[--len] = '\0';
}

/* Cuts "  # ..." off; the # must stand behind a blank.  Quotes are the caller's affair. */
static void cut_comment(char *text)
{
	for (char *p = text; *p != '\0'; p++) {
		if (*p == '#' && (p == text || strchr(blanks, p[-1]) != NULL)) {
			*p = '\0';
			break;
		}
	}
	cut_tail(text);
}

static ms_err check_octets(const char *line, size_t len, struct ms_why *why)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c == '\r')
			return ms_fail(why, MS_ERR_CONFIG,
				"unprintable character 0x0d (a file with DOS line ends?)");
		if ((c < 0x20 && c != '\t') || c >= 0x7f)
			return ms_fail(why, MS_ERR_CONFIG, "unprintable character 0x%02x", c);
	}
	return MS_OK;
}

/* --- lines that are not indented --- */

/* Numerically 2.0: "2", "2.0", "2.00". */
static bool is_version_2(const char *v)
{
	if (*v++ != '2')
		return false;
	if (*v == '\0')
		return true;
	if (*v++ != '.' || *v == '\0')
		return false;
	while (*v == '0')
		v++;
	return *v == '\0';
}

static ms_err take_version(char *rest, bool first, struct ms_why *why)
{
	cut_comment(rest);
	if (!is_version_2(rest))
		return ms_fail(why, MS_ERR_UNSUPPORTED,
			"version \"%.40s\" of this file: expected 2.0", rest);
	if (!first)
		return ms_fail(why, MS_ERR_CONFIG, "version must be the first line of a file");
	return MS_OK;
}

static ms_err take_include(struct parser *p, char *rest, struct ms_why *why)
{
	char *end;

	if (*rest == '"') {
		end = strchr(++rest, '"');
		if (end == NULL)
			return ms_fail(why, MS_ERR_CONFIG, "a quote is not closed");
		*end++ = '\0';
		cut_comment(end);
	} else {
		cut_comment(rest);
		end = rest + strcspn(rest, blanks);
		if (*end != '\0')
			*end++ = '\0';
	}
	if (*rest == '\0' || *end != '\0')
		return ms_fail(
			why, MS_ERR_CONFIG, "expected one file name or pattern behind include");
	p->include = rest;
	return MS_OK;
}

static ms_err rehash(struct kind *k, struct ms_why *why)
{
	uint32_t n = k->n_buckets == 0 ? 64 : k->n_buckets * 4;
	uint32_t *bucket = calloc(n, sizeof *bucket);

	if (bucket == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	free(k->bucket);
	k->bucket = bucket;
	k->n_buckets = n;
	for (uint32_t i = 0; i < k->n; i++) {
		uint32_t h = hash_word(k->section[i].name) % n;

		k->section[i].next = bucket[h];
		bucket[h] = i + 1;
	}
	return MS_OK;
}

/* Names of sections are compared exactly; the hash folds, which only costs a comparison. */
struct section *kind_find(const struct kind *k, const char *name)
{
	uint32_t i = k->n_buckets == 0 ? 0 : k->bucket[hash_word(name) % k->n_buckets];

	while (i != 0 && strcmp(k->section[i - 1].name, name) != 0)
		i = k->section[i - 1].next;
	return i == 0 ? NULL : &k->section[i - 1];
}

static ms_err open_ordinary(
	struct parser *p, struct kind *k, const char *name, struct where w, struct ms_why *why)
{
	struct section *s = kind_find(k, name);
	uint32_t h;

	if (s != NULL)
		return ms_fail(why, MS_ERR_DUPLICATE, "%s %.60s is there already, in %.120s:%u",
			k->type, name, p->conf->source[s->at.source]->path, s->at.line);
	if (!ipsecconf_grow((void **)&k->section, k->n, &k->cap, sizeof *k->section))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (k->n >= k->n_buckets) {
		ms_err err = rehash(k, why);

		if (err != MS_OK)
			return err;
	}
	s = &k->section[k->n];
	h = hash_word(name) % k->n_buckets;
	*s = (struct section){
		.name = name, .at = w, .first = p->conf->n_params, .next = k->bucket[h]
	};
	k->bucket[h] = ++k->n;
	k->ordinary = true;
	p->section = s;
	return MS_OK;
}

static ms_err open_section(
	struct parser *p, struct kind *k, char *rest, struct where w, struct ms_why *why)
{
	size_t len;

	cut_comment(rest);
	len = strcspn(rest, blanks);
	if (*rest == '\0' || rest[len] != '\0')
		return ms_fail(why, MS_ERR_CONFIG, "expected one name behind %s", k->type);
	if (strcmp(rest, "%default") == 0) {
		if (k->ordinary)
			return ms_fail(why, MS_ERR_CONFIG,
				"%s %%default must come before the other %s sections", k->type,
				k->type);
		k->defaults.name = rest;
		k->defaults.at = w;
		p->section = &k->defaults;
	} else {
		ms_err err = MS_OK;

		if (!is_name(rest))
			err = ms_fail(why, MS_ERR_TEXT,
				"\"%.60s\": a name is made of letters, digits, '.', '_' and '-'",
				rest);
		else if (k == &p->conf->kind[KIND_SETUP] && strcmp(rest, "setup") != 0)
			err = ms_fail(why, MS_ERR_UNKNOWN,
				"config %.60s: the only one there is, is config setup", rest);
		if (err == MS_OK)
			err = open_ordinary(p, k, rest, w, why);
		if (err != MS_OK)
			return err;
	}
	p->kind = k;
	k->round++;
	return MS_OK;
}

static ms_err unknown_heading(
	const struct parser *p, const char *word, const char *rest, struct ms_why *why)
{
	static const char *const types[] = { "version", "include", "config", "conn" };
	unsigned best = (unsigned)-1;
	const char *near = NULL;

	if (strchr(word, '=') != NULL || *rest == '=')
		return ms_fail(why, MS_ERR_CONFIG, "\"%.60s\": a parameter must be indented", word);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (ms_text_is_near(word, types[i], &best))
			near = types[i];
	}
	(void)p;
	if (near != NULL)
		return ms_fail(why, MS_ERR_UNKNOWN,
			"unknown section type %.60s: expected config or conn; did you mean %s?",
			word, near);
	return ms_fail(
		why, MS_ERR_UNKNOWN, "unknown section type %.60s: expected config or conn", word);
}

static ms_err take_heading(
	struct parser *p, char *line, struct where w, bool first, struct ms_why *why)
{
	size_t len = strcspn(line, blanks);
	char *rest = line + len;

	if (*rest != '\0') {
		*rest++ = '\0';
		rest += strspn(rest, blanks);
	}
	if (strcmp(line, "version") == 0)
		return take_version(rest, first, why);
	if (strcmp(line, "include") == 0)
		return take_include(p, rest, why);
	for (unsigned i = 0; i < 2; i++) {
		if (strcmp(line, p->conf->kind[i].type) == 0)
			return open_section(p, &p->conf->kind[i], rest, w, why);
	}
	return unknown_heading(p, line, rest, why);
}

/* --- parameters --- */

/* Isolates the value; what stands behind it may only be a comment. */
static ms_err take_value(char *text, char **value_r, struct ms_why *why)
{
	char *end, *rest;

	*value_r = text;
	if (*text == '"') {
		*value_r = text + 1;
		end = strchr(text + 1, '"');
		if (end == NULL)
			return ms_fail(why, MS_ERR_CONFIG, "a quote is not closed");
		*end = '\0';
		rest = end + 1;
		/* "# ..." needs a blank before it, here as everywhere. */
		if (*rest != '\0' && strchr(blanks, *rest) == NULL)
			return ms_fail(why, MS_ERR_CONFIG, "text right behind a closing quote");
		cut_comment(rest);
	} else if (*text == '{') {
		end = strchr(text, '}');
		if (end == NULL)
			return ms_fail(why, MS_ERR_CONFIG, "a brace is not closed");
		rest = end + 1;
		if (*rest != '\0') {
			*rest++ = '\0';
			cut_comment(rest);
		}
	} else {
		cut_comment(text);
		if (strchr(text, '"') != NULL)
			return ms_fail(why, MS_ERR_CONFIG, "a quote inside a value");
		end = text + strcspn(text, blanks);
		rest = end;
		if (*end != '\0')
			return ms_fail(why, MS_ERR_CONFIG,
				"a blank inside a value without quotes: write \"%.80s\"", text);
	}
	rest += strspn(rest, blanks);
	if (*rest != '\0')
		return ms_fail(why, MS_ERR_CONFIG, "\"%.40s\" behind the value", rest);
	return MS_OK;
}

static ms_err unknown_word(const struct parser *p, const char *name, struct ms_why *why)
{
	const struct kind *other =
		&p->conf->kind[p->kind == &p->conf->kind[KIND_SETUP] ? KIND_CONN : KIND_SETUP];
	const char *near = words_nearest(&p->kind->words, name);

	if (words_find(&other->words, name) != NULL)
		return ms_fail(why, MS_ERR_UNKNOWN, "%.60s= belongs into a %s section", name,
			other == &p->conf->kind[KIND_SETUP] ? "config setup" : "conn");
	if (near != NULL)
		return ms_fail(
			why, MS_ERR_UNKNOWN, "unknown keyword %.60s; did you mean %s?", name, near);
	return ms_fail(why, MS_ERR_UNKNOWN, "unknown keyword %.60s", name);
}

static void *scratch_of(struct ipsecconf *c, enum place place)
{
	switch (place) {
	case PLACE_SETUP:
		return &c->setup_scratch;
	case PLACE_LEFT:
		return &c->conn_scratch.left;
	case PLACE_RIGHT:
		return &c->conn_scratch.right;
	default:
		return &c->conn_scratch;
	}
}

static void warn_no_effect(const struct parser *p, const struct word *word, struct where w)
{
	const struct ipsecconf *c = p->conf;
	struct ms_why text = { "" };

	if (c->warn == NULL)
		return;
	if (word->key->brief == NULL)
		ms_fail(&text, MS_OK, "%s= has no effect", word->name);
	else
		ms_fail(&text, MS_OK, "%s= has no effect: %s", word->name, word->key->brief);
	ms_why_prefix(&text, "%.200s:%u: ", c->source[w.source]->path, w.line);
	c->warn(c->warn_arg, text.text);
}

static ms_err check_value(struct parser *p, const struct word *word, const char *value,
	struct where w, struct ms_why *why)
{
	ms_err err;

	if (word->key == NULL) {
		if (p->section == &p->kind->defaults)
			return ms_fail(why, MS_ERR_CONFIG,
				"%s= is not allowed in a %%default section", word->name);
		if (!is_name(value))
			return ms_fail(why, MS_ERR_TEXT,
				"%s=\"%.60s\": expected the name of a section", word->name, value);
		return MS_OK;
	}
	err = ms_conf_set(word->key, scratch_of(p->conf, word->place), value, why);
	if (err != MS_OK)
		ms_why_prefix(why, "%s=", word->name);
	else if ((word->key->flags & (MS_CONF_IGNORED | MS_CONF_REFUSED)) != 0)
		warn_no_effect(p, word, w);
	return err;
}

static ms_err twice(const struct parser *p, const struct param *first, const struct word *word,
	struct ms_why *why)
{
	const char *file = p->conf->source[first->at.source]->path;

	if (first->word == word)
		return ms_fail(why, MS_ERR_DUPLICATE, "%s= is there already, in %.120s:%u",
			word->name, file, first->at.line);
	return ms_fail(why, MS_ERR_DUPLICATE, "%s= says what %s= said already, in %.120s:%u",
		word->name, first->word->name, file, first->at.line);
}

static ms_err add_default(struct parser *p, struct param param, struct ms_why *why)
{
	unsigned i = p->kind == &p->conf->kind[KIND_SETUP] ? KIND_SETUP : KIND_CONN;
	struct param *params = p->conf->default_param[i];

	for (uint32_t j = 0; j < p->section->n; j++) {
		if (params[j].word->slot == param.word->slot)
			return twice(p, &params[j], param.word, why);
	}
	if (!ipsecconf_grow((void **)&p->conf->default_param[i], p->section->n,
		    &p->conf->cap_defaults[i], sizeof param))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	p->conf->default_param[i][p->section->n++] = param;
	return MS_OK;
}

static ms_err add_param(struct parser *p, struct param param, struct ms_why *why)
{
	struct ipsecconf *c = p->conf;
	struct kind *k = p->kind;
	uint32_t slot = param.word->slot;

	if (p->section == &k->defaults)
		return add_default(p, param, why);
	if (param.word->key != NULL) {
		if (k->slot_round[slot] == k->round)
			return twice(p, &c->param[k->slot_param[slot]], param.word, why);
		k->slot_round[slot] = k->round;
		k->slot_param[slot] = c->n_params;
	}
	if (!ipsecconf_grow((void **)&c->param, c->n_params, &c->cap_params, sizeof *c->param))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	c->param[c->n_params++] = param;
	p->section->n++;
	return MS_OK;
}

static ms_err no_section(const struct parser *p, const char *name, struct ms_why *why)
{
	if (p->ended_by.line != 0)
		return ms_fail(why, MS_ERR_CONFIG,
			"%.60s= outside a section: the blank line %u ended \"%.60s\"", name,
			p->ended_by.line, p->last_name);
	return ms_fail(why, MS_ERR_CONFIG, "%.60s= outside a section", name);
}

/* What the words of a known section say. */
static ms_err take_pair(struct parser *p, const char *name, const char *value, struct where w,
	struct ms_why *why)
{
	struct param param = { .at = w, .value = value };
	ms_err err;

	if ((name[0] | 0x20) == 'x' && (name[1] == '-' || name[1] == '_'))
		return MS_OK; /* people's own extensions */
	param.word = words_find(&p->kind->words, name);
	if (param.word == NULL)
		return unknown_word(p, name, why);
	err = check_value(p, param.word, value, w, why);
	return err == MS_OK ? add_param(p, param, why) : err;
}

/* The line can be read, and what it says is wrong: that is its own connection's trouble. */
static ms_err break_section(struct parser *p, struct where w, ms_err err, struct ms_why *why)
{
	struct ms_why text = { "" };

	if (p->section->broken != NULL)
		return MS_OK;
	ms_fail(&text, err, "%s", ms_why_text(why, err));
	(void)ipsecconf_at(p->conf, w, err, &text);
	p->section->broken_err = err;
	p->section->broken = strdup(text.text);
	if (p->section->broken == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (why != NULL)
		why->text[0] = '\0';
	return MS_OK;
}

static ms_err take_param(struct parser *p, char *line, struct where w, struct ms_why *why)
{
	char *name = line, *value, *end;
	ms_err err;

	for (end = name; is_name_char(*end);)
		end++;
	value = end + strspn(end, blanks);
	if (*value != '=') {
		name[strcspn(name, blanks)] = '\0';
		if (strcmp(name, "conn") == 0 || strcmp(name, "config") == 0 ||
			strcmp(name, "include") == 0 || strcmp(name, "version") == 0)
			return ms_fail(why, MS_ERR_CONFIG, "%s must not be indented", name);
		return ms_fail(why, MS_ERR_CONFIG, "\"%.60s\": expected NAME=VALUE", name);
	}
	*end = '\0';
	if (!isalpha((unsigned char)*name))
		return ms_fail(why, MS_ERR_TEXT, "\"%.60s\" is no name of a parameter", name);
	value++;
	value += strspn(value, blanks);
	if (*value != '#' || value[-1] == '=')
		err = take_value(value, &value, why);
	else
		err = (*value = '\0', MS_OK); /* a comment in place of the value */
	if (err != MS_OK)
		return err;
	if (p->section == NULL)
		return no_section(p, name, why);
	err = take_pair(p, name, value, w, why);
	if (err == MS_OK || err == MS_ERR_NOMEM || p->section == &p->kind->defaults ||
		p->kind == &p->conf->kind[KIND_SETUP])
		return err;
	return break_section(p, w, err, why);
}
/* --- any line --- */

static void close_section(struct parser *p)
{
	p->kind = NULL;
	p->section = NULL;
}

void parse_end(struct parser *p)
{
	close_section(p);
	p->ended_by = (struct where){ 0, 0 };
}

ms_err parse_line(
	struct parser *p, char *line, size_t len, struct where w, bool first, struct ms_why *why)
{
	size_t indent = strspn(line, blanks);
	ms_err err;

	if (indent == len) {
		if (p->section != NULL) {
			p->last_name = p->section->name;
			p->ended_by = w;
		}
		close_section(p);
		return MS_OK;
	}
	if (line[indent] == '#')
		return MS_OK;
	err = check_octets(line, len, why);
	if (err != MS_OK)
		return err;
	if (indent > 0)
		return take_param(p, line + indent, w, why);
	parse_end(p);
	return take_heading(p, line, w, first, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * also=, alsoflip= and %default.
 *
 * A connection's values come from its own section first, then from the sections that it asks for,
 * then from those that these ask for, and last from %default.  The nearest value counts; two
 * different values at the same distance are an error, because only their author can know which
 * one was meant.  A section reached on several ways counts once, a way back to the start is an
 * error.  Everything is found breadth first with marks, so the work for one connection is linear
 * in what it takes in.
 */
#include "ipsecconf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TAKEN 256 /* sections that one connection may take in */

struct step {
	struct section *section;
	const struct param *via; /* the also= that asked for it */
	uint32_t depth;
	bool flip;
};

struct round {
	struct ipsecconf *conf;
	struct kind *kind;
	uint32_t number;
	struct step step[MAX_TAKEN];
	uint32_t n;
	const struct param **by_slot;
	uint32_t *depth; /* by slot */
};

static const struct word *turned(const struct kind *k, const struct word *word, bool flip)
{
	return flip ? &k->words.word[word->flip] : word;
}

static const char *file_of(const struct ipsecconf *c, struct where w)
{
	return c->source[w.source]->path;
}

static ms_err no_such_section(const struct kind *k, const char *name, struct ms_why *why)
{
	unsigned best = UINT_MAX;
	const char *near = NULL;

	for (uint32_t i = 0; i < k->n; i++) {
		if (ms_text_is_near(name, k->section[i].name, &best))
			near = k->section[i].name;
	}
	if (near != NULL)
		return ms_fail(why, MS_ERR_UNKNOWN, "there is no %s %.60s; did you mean %.60s?",
			k->type, name, near);
	return ms_fail(why, MS_ERR_UNKNOWN, "there is no %s %.60s", k->type, name);
}

static ms_err ask_for(
	struct round *r, const struct step *from, const struct param *p, struct ms_why *why)
{
	struct section *s = kind_find(r->kind, p->value);
	bool flip = from->flip != (p->word->place == PLACE_ALSOFLIP);

	if (s == NULL) {
		ms_err err = no_such_section(r->kind, p->value, why);

		ms_why_prefix(why, "%s=%.60s: ", p->word->name, p->value);
		return err;
	}
	if (s == r->step[0].section)
		return ms_fail(why, MS_ERR_CONFIG, "%s=%.60s leads back to conn %.60s itself",
			p->word->name, p->value, s->name);
	if (s->mark[flip] == r->number) {
		const struct param *before = &r->conf->param[s->via];

		/* Once is enough, but a section that asks twice has a mistake in it. */
		if (before >= r->conf->param + from->section->first &&
			before < r->conf->param + from->section->first + from->section->n)
			return ms_fail(why, MS_ERR_DUPLICATE,
				"%s=%.60s is there already, in %.120s:%u", p->word->name, p->value,
				file_of(r->conf, before->at), before->at.line);
		return MS_OK;
	}
	if (r->n == MAX_TAKEN)
		return ms_fail(why, MS_ERR_LIMIT,
			"more than %d sections are taken in by conn %.60s", MAX_TAKEN - 1,
			r->step[0].section->name);
	s->mark[flip] = r->number;
	s->via = (uint32_t)(p - r->conf->param);
	r->step[r->n++] = (struct step){ s, p, from->depth + 1, flip };
	return MS_OK;
}

static ms_err take(
	struct round *r, const struct step *from, const struct param *p, struct ms_why *why)
{
	const struct word *word = turned(r->kind, p->word, from->flip);
	const struct param *old = r->by_slot[word->slot];

	if (old == NULL) {
		r->by_slot[word->slot] = p;
		r->depth[word->slot] = from->depth;
		return MS_OK;
	}
	if (r->depth[word->slot] < from->depth ||
		(old->word->key == p->word->key && strcmp(old->value, p->value) == 0))
		return MS_OK;
	return ms_fail(why, MS_ERR_DUPLICATE,
		"conn %.60s takes in %s=%.80s from here and %s=%.80s from %.120s:%u: write the one "
		"that is "
		"meant into conn %.60s itself",
		r->step[0].section->name, p->word->name, p->value, old->word->name, old->value,
		file_of(r->conf, old->at), old->at.line, r->step[0].section->name);
}

/* What it takes in is its own trouble, too. */
static ms_err broken(const struct round *r, const struct step *s, struct ms_why *why)
{
	ms_err err = ms_fail(why, s->section->broken_err, "%s", s->section->broken);

	if (s->via == NULL)
		return err;
	ms_why_prefix(why, "%s=%.60s: ", s->via->word->name, s->section->name);
	return ipsecconf_at(r->conf, s->via->at, err, why);
}

static ms_err collect(struct round *r, struct ms_why *why)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct step from = r->step[i];

		if (from.section->broken != NULL)
			return broken(r, &from, why);
		for (uint32_t j = 0; j < from.section->n; j++) {
			const struct param *p = &r->conf->param[from.section->first + j];
			ms_err err = p->word->key == NULL ? ask_for(r, &from, p, why)
							  : take(r, &from, p, why);

			if (err != MS_OK)
				return ipsecconf_at(r->conf, p->at, err, why);
		}
	}
	return MS_OK;
}

static void take_defaults(struct round *r, unsigned kind)
{
	for (uint32_t i = 0; i < r->kind->defaults.n; i++) {
		const struct param *p = &r->conf->default_param[kind][i];

		if (r->by_slot[p->word->slot] == NULL)
			r->by_slot[p->word->slot] = p;
	}
}

/* --- filling in --- */

static ms_err fill_conn(struct resolved *out, const struct kind *k, struct ms_why *why)
{
	uint32_t n_plain = 0;

	while (ms_conn_keys[n_plain].type != MS_CONF_END)
		n_plain++;
	for (uint32_t slot = 0; slot < k->words.slots; slot++) {
		const struct param *p = out->by_slot[slot];
		void *to = &out->desc;
		ms_err err;

		if (p == NULL)
			continue;
		if (slot >= n_plain) {
			bool right = slot - n_plain >= (k->words.slots - n_plain) / 2;

			to = right ? &out->desc.right : &out->desc.left;
		}
		err = ms_conf_set(p->word->key, to, p->value, why);
		if (err != MS_OK) {
			ms_why_prefix(why, "%s=", p->word->name);
			return ipsecconf_at(out->conf, p->at, err, why);
		}
	}
	return MS_OK;
}

static ms_err name_conn(struct resolved *out, struct ms_why *why)
{
	const struct where w = out->section->at;

	out->desc.name = strdup(out->section->name);
	if (asprintf(&out->desc.source, "%s:%u", file_of(out->conf, w), w.line) < 0)
		out->desc.source = NULL;
	if (out->desc.name != NULL && out->desc.source != NULL)
		return MS_OK;
	return ms_fail(why, MS_ERR_NOMEM, "out of memory");
}

static ms_err note_places(struct resolved *out, const struct kind *k, struct ms_why *why)
{
	for (uint32_t slot = 0; slot < k->words.slots; slot++) {
		const struct param *p = out->by_slot[slot];

		if (p != NULL && !ms_conn_note_place(&out->desc, slot, file_of(out->conf, p->at),
					 p->at.line))
			return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	return MS_OK;
}

ms_err resolve_conn(
	struct ipsecconf *c, struct section *s, struct resolved *out, struct ms_why *why)
{
	struct kind *k = &c->kind[KIND_CONN];
	struct round r = {
		.conf = c, .kind = k, .by_slot = out->by_slot, .depth = k->slot_param, .n = 1
	};
	ms_err err;

	out->conf = c;
	out->section = s;
	r.number = ++k->round;
	r.step[0] = (struct step){ s, NULL, 0, false };
	memset(out->by_slot, 0, k->words.slots * sizeof *out->by_slot);
	if (!ms_conn_desc_defaults(&out->desc))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = collect(&r, why);
	if (err == MS_OK) {
		if (!s->builtin)
			take_defaults(&r, KIND_CONN);
		err = name_conn(out, why);
		if (err == MS_OK)
			err = note_places(out, k, why);
	}
	return err == MS_OK ? fill_conn(out, k, why) : err;
}

ms_err resolve_setup(struct ipsecconf *c, struct ms_setup_desc *out, struct ms_why *why)
{
	struct kind *k = &c->kind[KIND_SETUP];
	struct section *s = kind_find(k, "setup");
	ms_err err = MS_OK;

	if (!ms_conf_defaults(ms_setup_keys, out))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	/* %default first: what the section itself says is written over it. */
	for (uint32_t i = 0; i < k->defaults.n && err == MS_OK; i++) {
		const struct param *p = &c->default_param[KIND_SETUP][i];

		err = ipsecconf_at(c, p->at, ms_conf_set(p->word->key, out, p->value, why), why);
	}
	for (uint32_t i = 0; s != NULL && i < s->n && err == MS_OK; i++) {
		const struct param *p = &c->param[s->first + i];

		err = ipsecconf_at(c, p->at, ms_conf_set(p->word->key, out, p->value, why), why);
	}
	if (err != MS_OK)
		ms_conf_free(ms_setup_keys, out);
	return err;
}

const struct param *ipsecconf_written(const struct resolved *r, const char *name)
{
	const struct word *word = words_find(&r->conf->kind[KIND_CONN].words, name);

	return word == NULL ? NULL : r->by_slot[word->slot];
}

/* --- all of them --- */

/* A section without auto= that lacks an end is there to be taken in by others. */
static bool is_template(const struct resolved *r)
{
	return r->desc.autostart == MS_AUTO_IGNORE &&
	       (r->desc.left.host == NULL || r->desc.right.host == NULL);
}

static ms_err one_conn(struct ipsecconf *c, struct section *s, bool asked,
	const struct ms_config_sink *sink, void *arg, const struct param **by_slot,
	struct ms_why *why)
{
	struct resolved r = { .by_slot = by_slot };
	ms_err err = resolve_conn(c, s, &r, why);
	bool whole = asked || !is_template(&r);

	if (s->builtin && !asked && !builtin_wanted(s->name, c->oe))
		r.desc.autostart = MS_AUTO_IGNORE;
	if (err == MS_OK && whole)
		err = check_conn(&r, why);
	if (err == MS_OK && whole && sink != NULL)
		sink->conn(arg, &r.desc);
	ms_conn_desc_free(&r.desc);
	return err;
}

static ms_err each_conn(struct ipsecconf *c, const struct ms_config_sink *sink, void *arg,
	const struct param **by_slot, struct ms_why *why)
{
	struct kind *k = &c->kind[KIND_CONN];
	ms_err err = MS_OK;

	for (uint32_t i = 0; i < k->n && err == MS_OK; i++) {
		struct ms_why text = { "" };

		err = one_conn(c, &k->section[i], false, sink, arg, by_slot, &text);
		if (err == MS_OK)
			continue;
		if (err == MS_ERR_NOMEM || sink == NULL || sink->broken == NULL)
			return ms_fail(why, err, "%s", ms_why_text(&text, err));
		sink->broken(arg, k->section[i].name, text.text);
		err = MS_OK;
	}
	return err;
}

/* --- by name, or by alias --- */

static bool has_alias(const struct ms_conn_desc *d, const char *name)
{
	char **a = d->connalias;

	while (a != NULL && *a != NULL && strcmp(*a, name) != 0)
		a++;
	return a != NULL && *a != NULL;
}

/* Of one that cannot be read to its end. */
static bool says_alias(const struct ipsecconf *c, const struct section *s, const char *name)
{
	struct ms_conn_desc d = { 0 };
	bool found = false;

	for (uint32_t i = 0; i < s->n && !found; i++) {
		const struct param *p = &c->param[s->first + i];

		if (p->word->key == NULL || strcmp(p->word->key->name, "connalias") != 0)
			continue;
		found = ms_conf_set(p->word->key, &d, p->value, NULL) == MS_OK &&
			has_alias(&d, name);
		ms_conf_free(ms_conn_keys, &d);
	}
	return found;
}

/* MS_ERR_NOT_FOUND: it has no such alias. */
static ms_err if_alias(struct ipsecconf *c, struct section *s, const char *name,
	const struct param **by_slot, struct ms_why *why)
{
	struct resolved r = { .by_slot = by_slot };
	ms_err err = resolve_conn(c, s, &r, why);
	bool is = err == MS_OK ? has_alias(&r.desc, name) && !is_template(&r) :
				 says_alias(c, s, name);

	ms_conn_desc_free(&r.desc);
	return !is ? MS_ERR_NOT_FOUND : err;
}

static ms_err by_alias(struct ipsecconf *c, const char *name, const struct ms_config_sink *sink,
	void *arg, const struct param **by_slot, struct ms_why *why)
{
	struct kind *k = &c->kind[KIND_CONN];
	bool found = false;

	for (uint32_t i = 0; i < k->n; i++) {
		ms_err err = if_alias(c, &k->section[i], name, by_slot, why);

		if (err == MS_ERR_NOT_FOUND)
			continue;
		if (err == MS_OK)
			err = one_conn(c, &k->section[i], false, sink, arg, by_slot, why);
		if (err != MS_OK)
			return err;
		found = true;
	}
	return found ? MS_OK : no_such_section(k, name, why);
}

static ms_err by_name(struct ipsecconf *c, const char *name, const struct ms_config_sink *sink,
	void *arg, const struct param **by_slot, struct ms_why *why)
{
	struct section *s = kind_find(&c->kind[KIND_CONN], name);
	ms_err err;

	if (s != NULL)
		return one_conn(c, s, true, sink, arg, by_slot, why);
	/* All of them are good, or none is handed over. */
	err = by_alias(c, name, NULL, NULL, by_slot, why);
	return err == MS_OK && sink != NULL ? by_alias(c, name, sink, arg, by_slot, why) : err;
}

ms_err ipsecconf_conns(struct ipsecconf *c, const char *name, const struct ms_config_sink *sink,
	void *arg, struct ms_why *why)
{
	const struct param **by_slot;
	struct ms_setup_desc setup;
	ms_err err = resolve_setup(c, &setup, why);

	if (err != MS_OK)
		return err;
	c->oe = setup.oe;
	ms_conf_free(ms_setup_keys, &setup);
	by_slot = calloc(c->kind[KIND_CONN].words.slots, sizeof *by_slot);
	if (by_slot == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (name != NULL)
		err = by_name(c, name, sink, arg, by_slot, why);
	else if (sink == NULL || sink->broken == NULL)
		err = each_conn(c, NULL, NULL, by_slot, why);
	if (err == MS_OK && name == NULL && sink != NULL)
		err = each_conn(c, sink, arg, by_slot, why);
	free(by_slot);
	return err;
}

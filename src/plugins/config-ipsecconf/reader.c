/* SPDX-License-Identifier: Apache-2.0 */
/* Files, lines, includes. */
#include "ipsecconf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH       20
#define MAX_SOURCES     65536
#define MAX_FILE_OCTETS (256u << 20)

ms_err ipsecconf_at(const struct ipsecconf *c, struct where w, ms_err err, struct ms_why *why)
{
	if (err != MS_OK && w.line != 0)
		ms_why_prefix(why, "%.200s:%u: ", c->source[w.source]->path, w.line);
	return err;
}

static ms_err nomem(struct ms_why *why)
{
	return ms_fail(why, MS_ERR_NOMEM, "out of memory");
}

/* --- one file --- */

static ms_err slurp_fd(int fd, struct source *s, struct ms_why *why)
{
	size_t cap = 0;
	struct stat st;
	ssize_t n;

	/* a pipe would keep the daemon waiting */
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISBLK(st.st_mode)))
		return ms_fail(why, MS_ERR_SYSTEM, "%.200s: not a regular file", s->path);
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (size_t)st.st_size <= MAX_FILE_OCTETS)
		cap = (size_t)st.st_size;
	do {
		char *p;

		if (s->len + 1 >= cap) {
			cap = cap < 4096 ? 4096 : cap + cap / 2 + 1;
			p = realloc(s->text, cap + 1);
			if (p == NULL)
				return nomem(why);
			s->text = p;
		} else if (s->text == NULL && (s->text = malloc(cap + 1)) == NULL) {
			return nomem(why);
		}
		n = read(fd, s->text + s->len, cap - s->len);
		if (n < 0 && errno != EINTR)
			return ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s", s->path, strerror(errno));
		if (n > 0)
			s->len += (size_t)n;
		if (s->len > MAX_FILE_OCTETS)
			return ms_fail(why, MS_ERR_LIMIT, "%.200s: larger than %u MB", s->path,
				MAX_FILE_OCTETS >> 20);
	} while (n != 0);
	s->text[s->len] = '\0';
	return MS_OK;
}

static ms_err new_source(
	struct ipsecconf *c, const char *path, uint32_t *index_r, struct ms_why *why)
{
	struct source *s = calloc(1, sizeof *s);

	if (s == NULL || !ipsecconf_grow((void **)&c->source, c->n_sources, &c->cap_sources,
				 sizeof *c->source)) {
		free(s);
		return nomem(why);
	}
	*index_r = c->n_sources;
	c->source[c->n_sources++] = s;
	s->path = strdup(path);
	return s->path == NULL ? nomem(why) : MS_OK;
}

/* MS_ERR_NOT_FOUND: no such file. */
static ms_err open_source(
	struct ipsecconf *c, const char *path, uint32_t *index_r, struct ms_why *why)
{
	ms_err err;
	int fd;

	if (c->n_sources == MAX_SOURCES)
		return ms_fail(why, MS_ERR_LIMIT, "more than %d files are included", MAX_SOURCES);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return ms_fail(why,
			errno == ENOENT || errno == ENOTDIR ? MS_ERR_NOT_FOUND : MS_ERR_SYSTEM,
			"%.200s: %s", path, strerror(errno));
	err = new_source(c, path, index_r, why);
	if (err == MS_OK)
		err = slurp_fd(fd, c->source[*index_r], why);
	close(fd);
	return err;
}

static ms_err read_source(struct parser *p, const char *path, struct ms_why *why);

/* --- includes --- */

static char *beside(const char *including, const char *name)
{
	const char *slash = strrchr(including, '/');
	char *path;
	int n;

	if (name[0] == '/' || slash == NULL)
		return strdup(name);
	n = asprintf(&path, "%.*s%s", (int)(slash + 1 - including), including, name);
	return n < 0 ? NULL : path;
}

static ms_err include_pattern(struct parser *p, const char *pattern, bool wild, struct ms_why *why)
{
	glob_t found;
	ms_err err = MS_OK;
	int rc = glob(pattern, GLOB_ERR, NULL, &found);

	if (rc == GLOB_NOMATCH) {
		if (wild)
			return MS_OK;
		return ms_fail(why, MS_ERR_NOT_FOUND, "include: %.200s: no such file", pattern);
	}
	if (rc != 0)
		return ms_fail(why, MS_ERR_SYSTEM, "include: %.200s cannot be searched", pattern);
	for (size_t i = 0; i < found.gl_pathc && err == MS_OK; i++)
		err = read_source(p, found.gl_pathv[i], why);
	globfree(&found);
	return err;
}

static ms_err follow_include(struct parser *p, struct where w, struct ms_why *why)
{
	const char *name = p->include;
	char *pattern;
	ms_err err;

	p->include = NULL;
	if (p->depth == MAX_DEPTH)
		return ipsecconf_at(p->conf, w,
			ms_fail(why, MS_ERR_LIMIT,
				"include is nested more than %d deep (does a file include itself?)",
				MAX_DEPTH),
			why);
	pattern = beside(p->conf->source[w.source]->path, name);
	if (pattern == NULL)
		return nomem(why);
	p->depth++;
	err = include_pattern(p, pattern, strpbrk(name, "*?[") != NULL, why);
	p->depth--;
	free(pattern);
	/* What is wrong inside a file names that file; all else is this line's fault. */
	if (err != MS_OK && why != NULL && strncmp(why->text, "include: ", 9) == 0)
		return ipsecconf_at(p->conf, w, err, why);
	return err;
}

/* --- lines --- */

static ms_err read_lines(struct parser *p, struct where w, struct ms_why *why)
{
	const struct source *s = p->conf->source[w.source];
	char *line = s->text, *end = s->text + s->len;
	bool first = true;
	ms_err err;

	while (line < end) {
		char *nl = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((nl != NULL ? nl : end) - line);
		size_t blank = strspn(line, " \t");

		w.line++;
		line[len] = '\0';
		err = parse_line(p, line, len, w, first, why);
		if (err != MS_OK)
			return ipsecconf_at(p->conf, w, err, why);
		if (p->include != NULL) {
			err = follow_include(p, w, why);
			if (err != MS_OK)
				return err;
		}
		first = first && (line[blank] == '\0' || line[blank] == '#');
		line += len + 1;
	}
	parse_end(p);
	return MS_OK;
}

static ms_err read_source(struct parser *p, const char *path, struct ms_why *why)
{
	struct where w = { 0, 0 };
	ms_err err = open_source(p->conf, path, &w.source, why);

	if (err != MS_OK && p->depth > 0)
		/* It was there a moment ago, or cannot be read. */
		ms_why_prefix(why, "include: ");
	return err != MS_OK ? err : read_lines(p, w, why);
}

static ms_err add_builtin(struct parser *p, struct ms_why *why)
{
	struct kind *k = &p->conf->kind[KIND_CONN];
	struct where w = { 0, 0 };
	uint32_t written = k->n;
	struct source *s;
	ms_err err = new_source(p->conf, "(built in)", &w.source, why);

	if (err != MS_OK)
		return err;
	s = p->conf->source[w.source];
	s->text = builtin_text(k);
	if (s->text == NULL)
		return nomem(why);
	s->len = strlen(s->text);
	err = read_lines(p, w, why);
	for (uint32_t i = written; i < k->n; i++)
		k->section[i].builtin = true;
	return err;
}

static bool slots_new(struct kind *k)
{
	k->slot_param = calloc(k->words.slots, sizeof *k->slot_param);
	k->slot_round = calloc(k->words.slots, sizeof *k->slot_round);
	return k->slot_param != NULL && k->slot_round != NULL;
}

ms_err ipsecconf_read(
	struct ipsecconf **out, const char *path, warn_f *warn, void *arg, struct ms_why *why)
{
	struct ipsecconf *c = calloc(1, sizeof *c);
	struct parser p = { .conf = c };
	ms_err err;

	*out = NULL;
	if (c == NULL)
		return nomem(why);
	c->warn = warn;
	c->warn_arg = arg;
	c->kind[KIND_SETUP].type = "config";
	c->kind[KIND_CONN].type = "conn";
	if (words_init_setup(&c->kind[KIND_SETUP].words) != MS_OK ||
		words_init_conn(&c->kind[KIND_CONN].words) != MS_OK ||
		!slots_new(&c->kind[KIND_SETUP]) || !slots_new(&c->kind[KIND_CONN]) ||
		!ms_conf_defaults(ms_setup_keys, &c->setup_scratch) ||
		!ms_conn_desc_defaults(&c->conn_scratch)) {
		ipsecconf_free(&c);
		return nomem(why);
	}
	err = read_source(&p, path, why);
	if (err == MS_ERR_NOT_FOUND && c->n_sources == 0) {
		/* No file: nothing is configured. */
		if (why != NULL)
			why->text[0] = '\0';
		err = MS_OK;
	}
	if (err == MS_OK)
		err = add_builtin(&p, why);
	if (err != MS_OK)
		ipsecconf_free(&c);
	*out = c;
	return err;
}

static void kind_free(struct kind *k)
{
	words_free(&k->words);
	for (uint32_t i = 0; i < k->n; i++)
		free(k->section[i].broken);
	free(k->section);
	free(k->bucket);
	free(k->slot_param);
	free(k->slot_round);
}

void ipsecconf_free(struct ipsecconf **conf)
{
	struct ipsecconf *c = *conf;

	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->n_sources; i++) {
		free(c->source[i]->path);
		free(c->source[i]->text);
		free(c->source[i]);
	}
	free(c->source);
	free(c->param);
	for (unsigned i = 0; i < 2; i++) {
		free(c->default_param[i]);
		kind_free(&c->kind[i]);
	}
	ms_conf_free(ms_setup_keys, &c->setup_scratch);
	ms_conn_desc_free(&c->conn_scratch);
	free(c);
	*conf = NULL;
}

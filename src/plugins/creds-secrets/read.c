/* SPDX-License-Identifier: Apache-2.0 */
/* Files, includes and entries of ipsec.secrets. */
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH   10
#define MAX_FILES   4096
#define MAX_OCTETS  (64u << 20)
#define MAX_INDICES 1024

bool secrets_grow(void **array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap == 0 ? 16 : *cap * 2;
	void *p;

	if (n < *cap)
		return true;
	p = reallocarray(*array, more, size);
	if (p == NULL)
		return false;
	*array = p;
	*cap = more;
	return true;
}

/* --- whole files --- */

/* Grows by copy and wipe: realloc() could leave octets behind. */
static bool widen(struct ms_secret *s, size_t *cap)
{
	size_t more = *cap * 2;
	uint8_t *p = malloc(more);

	if (p == NULL)
		return false;
	memcpy(p, s->ptr, s->len);
	ms_wipe(s->ptr, *cap);
	free(s->ptr);
	s->ptr = p;
	*cap = more;
	return true;
}

static ms_err slurp(int fd, struct ms_secret *s, size_t cap)
{
	s->ptr = malloc(cap);
	if (s->ptr == NULL)
		return MS_ERR_NOMEM;
	for (;;) {
		ssize_t n = read(fd, s->ptr + s->len, cap - s->len);

		if (n == 0)
			return MS_OK;
		if (n < 0 && errno != EINTR)
			return MS_ERR_SYSTEM;
		s->len += n > 0 ? (size_t)n : 0;
		if (s->len > MAX_OCTETS)
			return MS_ERR_LIMIT;
		if (s->len == cap && !widen(s, &cap))
			return MS_ERR_NOMEM;
	}
}

/* NULL: only root, we and a group that somebody chose. */
static const char *exposed(const struct stat *st)
{
	if ((st->st_mode & (S_IROTH | S_IWOTH)) != 0)
		return "everybody can read or write it";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to neither root nor this daemon's user";
	return NULL;
}

/* What is looked at is what was opened, wherever links led.  A pipe would keep us waiting, and a device
 * is no place for secrets. */
static ms_err open_regular(const char *path, int *fd_r, struct stat *st, struct ms_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return ms_fail(why,
			errno == ENOENT || errno == ENOTDIR ? MS_ERR_NOT_FOUND : MS_ERR_SYSTEM,
			"%.200s: %s", path, strerror(errno));
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode)) {
		*fd_r = fd;
		return MS_OK;
	}
	close(fd);
	return ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s", path,
		S_ISDIR(st->st_mode) ? strerror(EISDIR) : "not a regular file");
}

ms_err octets_read(
	struct ms_secret *out, const char *path, const char **exposed_r, struct ms_why *why)
{
	struct stat st = { 0 };
	int fd = -1;
	ms_err err = open_regular(path, &fd, &st, why);

	*out = (struct ms_secret){ NULL, 0 };
	if (err != MS_OK)
		return err;
	*exposed_r = exposed(&st);
	err = slurp(
		fd, out, st.st_size > 0 && st.st_size < MAX_OCTETS ? (size_t)st.st_size + 1 : 4096);
	if (err == MS_ERR_LIMIT)
		ms_fail(why, err, "%.200s: larger than %u MB", path, MAX_OCTETS >> 20);
	else if (err != MS_OK)
		ms_fail(why, err, "%.200s: %s", path,
			err == MS_ERR_NOMEM ? "out of memory" : strerror(errno));
	close(fd);
	if (err != MS_OK)
		ms_secret_free(out);
	return err;
}

/* --- entries --- */

static void entry_free(struct entry *e)
{
	for (uint32_t i = 0; i < e->n; i++)
		ms_id_free(&e->index[i]);
	free(e->index);
	ms_secret_free(&e->psk);
	ms_secret_free(&e->passphrase);
	free(e->key_file);
	if (e->pub != NULL)
		e->ops->pubkey_free(&e->pub);
	if (e->key != NULL)
		e->ops->privkey_free(&e->key);
}

static void occurs_free(struct occurs *o)
{
	free(o->node);
	free(o->bucket);
}

void secrets_free(struct secrets **secrets)
{
	struct secrets *s = *secrets;

	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		entry_free(&s->entry[i]);
	for (uint32_t i = 0; i < s->n_files; i++)
		free(s->file[i]);
	free(s->entry);
	free(s->file);
	free(s->defaults);
	occurs_free(&s->everybody);
	occurs_free(&s->mine);
	free(s);
	*secrets = NULL;
}

static bool is_any(const struct ms_id *id)
{
	struct ms_addr a;

	return id->type == MS_ID_ANY || (ms_id_to_addr(id, &a) && ms_addr_is_any(&a));
}

static ms_err add_index(struct entry *e, uint32_t *cap, const struct lexer *lx, struct ms_why *why)
{
	ms_err err;

	if (e->n == MAX_INDICES)
		return ms_fail(why, MS_ERR_LIMIT, "more than %d indices", MAX_INDICES);
	if (!secrets_grow((void **)&e->index, e->n, cap, sizeof *e->index))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	memset(&e->index[e->n], 0, sizeof *e->index);
	/* Why it is none is not told: the text might be a secret behind a forgotten colon. */
	err = ms_id_parse(&e->index[e->n], lx->text, lx->len, NULL);
	if (err == MS_ERR_NOMEM)
		return ms_fail(why, err, "out of memory");
	if (err != MS_OK)
		return ms_fail(why, err,
			"index %u is no identity: expected an address, @NAME, USER@NAME, @#HEX, "
			"%%any or "
			"a distinguished name in quotes, and then a colon",
			e->n + 1);
	e->any |= is_any(&e->index[e->n]);
	e->n++;
	return MS_OK;
}

/* A record of one quoted text and nothing else is a shared secret in the oldest form. */
static bool lone_quote(const struct lexer *at, struct ms_why *why)
{
	struct lexer ahead = *at;

	return at->kind == TOKEN_QUOTED && lexer_next(&ahead, why) == MS_OK &&
	       ahead.kind == TOKEN_END;
}

static ms_err read_entry(
	struct reader *r, struct lexer *lx, struct entry *e, bool *usable, struct ms_why *why)
{
	uint32_t cap = 0, any = 0;
	ms_err err = MS_OK;

	if (!lone_quote(lx, why)) {
		while (err == MS_OK && lx->kind != TOKEN_COLON) {
			if (lx->kind == TOKEN_END)
				return ms_fail(why, MS_ERR_CONFIG,
					"no colon in this entry (it needs a blank or the line's "
					"end behind "
					"it)");
			err = add_index(e, &cap, lx, why);
			if (err == MS_OK)
				err = lexer_next(lx, why);
		}
		if (err == MS_OK)
			err = lexer_next(lx, why);
	}
	for (uint32_t i = 0; i < e->n; i++)
		any += is_any(&e->index[i]);
	e->default_one = any == e->n;
	return err == MS_OK ? key_read(r, lx, e, usable, why) : err;
}

static bool index_entry(struct secrets *s, uint32_t i)
{
	const struct entry *e = &s->entry[i];
	bool psk = e->psk.ptr != NULL;

	if (e->default_one) {
		if (!secrets_grow((void **)&s->defaults, s->n_defaults, &s->cap_defaults,
			    sizeof *s->defaults))
			return false;
		s->defaults[s->n_defaults++] = i;
	}
	for (uint32_t k = 0; k < e->n; k++) {
		if (psk && !occurs_add(&s->everybody, &e->index[k], i))
			return false;
		if ((!psk || e->n == 1 || e->any) && !occurs_add(&s->mine, &e->index[k], i))
			return false;
	}
	return true;
}

static ms_err take_entry(struct reader *r, struct lexer *lx, const char *file, struct ms_why *why)
{
	struct entry e = { .file = file, .line = lx->token_line };
	struct secrets *s = r->out;
	bool usable = false;
	ms_err err = read_entry(r, lx, &e, &usable, why);

	if (err == MS_OK && usable && !secrets_grow((void **)&s->entry, s->n, &s->cap, sizeof e))
		err = ms_fail(why, MS_ERR_NOMEM, "out of memory");
	if (err != MS_OK || !usable) {
		e.ops = r->ops;
		entry_free(&e);
		return err;
	}
	s->entry[s->n++] = e;
	if (!index_entry(s, s->n - 1))
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	return MS_OK;
}

/* --- includes and files --- */

static ms_err read_file(struct reader *r, const char *path, struct ms_why *why);

static ms_err include_pattern(struct reader *r, const char *pattern, struct ms_why *why)
{
	glob_t found;
	ms_err err = MS_OK;
	int rc = glob(pattern, GLOB_ERR, NULL, &found);
	struct ms_why text;

	if (rc == GLOB_NOMATCH && strpbrk(pattern, "*?[") != NULL) {
		ms_fail(&text, MS_OK, "no file matched %.200s", pattern);
		r->note(r->note_arg, text.text);
		return MS_OK;
	}
	if (rc != 0)
		return ms_fail(why, MS_ERR_NOT_FOUND, "include: no file matched %.200s", pattern);
	for (size_t i = 0; i < found.gl_pathc && err == MS_OK; i++)
		err = read_file(r, found.gl_pathv[i], why);
	globfree(&found);
	return err;
}

static ms_err take_include(
	struct reader *r, struct lexer *lx, const char *file, bool *inside, struct ms_why *why)
{
	const char *slash = strrchr(file, '/');
	char *pattern;
	ms_err err = lexer_next(lx, why);
	int n;

	*inside = false;
	if (err != MS_OK)
		return err;
	if (lx->kind != TOKEN_WORD && lx->kind != TOKEN_QUOTED)
		return ms_fail(
			why, MS_ERR_CONFIG, "expected a file name or pattern behind include");
	if (slash == NULL || lx->text[0] == '/')
		n = asprintf(&pattern, "%.*s", (int)lx->len, lx->text);
	else
		n = asprintf(&pattern, "%.*s%.*s", (int)(slash + 1 - file), file, (int)lx->len,
			lx->text);
	if (n < 0)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = lexer_next(lx, why);
	if (err == MS_OK && lx->kind != TOKEN_END)
		err = ms_fail(
			why, MS_ERR_CONFIG, "expected one file name or pattern behind include");
	else if (err == MS_OK && r->depth == MAX_DEPTH)
		err = ms_fail(why, MS_ERR_LIMIT, "include is nested more than %d deep", MAX_DEPTH);
	if (err == MS_OK) {
		r->depth++;
		err = include_pattern(r, pattern, why);
		r->depth--;
		/* What went wrong in a file has that file's name before it. */
		*inside = why == NULL || strncmp(why->text, "include: ", 9) != 0;
	}
	free(pattern);
	return err;
}

static ms_err read_records(struct reader *r, struct lexer *lx, const char *file, struct ms_why *why)
{
	bool more = true, inside = false;
	ms_err err = MS_OK;

	while (err == MS_OK) {
		err = lexer_record(lx, &more, why);
		if (err != MS_OK || !more)
			break;
		if (lexer_is(lx, "include"))
			err = take_include(r, lx, file, &inside, why);
		else
			err = take_entry(r, lx, file, why);
	}
	if (err != MS_OK && !inside)
		ms_why_prefix(why, "%.200s:%u: ", file, lx->token_line);
	return err;
}

static ms_err read_file(struct reader *r, const char *path, struct ms_why *why)
{
	struct ms_secret file = { NULL, 0 };
	struct secrets *s = r->out;
	struct lexer lx;
	const char *fault = NULL;
	ms_err err;

	if (s->n_files == MAX_FILES)
		return ms_fail(why, MS_ERR_LIMIT, "include: more than %d files", MAX_FILES);
	err = octets_read(&file, path, &fault, why);
	if (err != MS_OK) {
		if (r->depth > 0)
			ms_why_prefix(why, "include: ");
		return err;
	}
	if (!secrets_grow((void **)&s->file, s->n_files, &s->cap_files, sizeof *s->file) ||
		(s->file[s->n_files] = strdup(path)) == NULL) {
		ms_secret_free(&file);
		return ms_fail(why, MS_ERR_NOMEM, "include: out of memory");
	}
	s->n_files++;
	if (fault != NULL) {
		struct ms_why text;

		ms_fail(&text, MS_OK, "%.200s: a file of secrets, and %s", path, fault);
		r->note(r->note_arg, text.text);
	}
	lexer_init(&lx, ms_bytes(file.ptr, file.len));
	err = read_records(r, &lx, s->file[s->n_files - 1], why);
	ms_secret_free(&file);
	return err;
}

ms_err secrets_read(struct secrets **out, const char *path, const char *keydir,
	const struct ms_sign_ops *ops, note_f *note, void *arg, struct ms_why *why)
{
	struct secrets *s = calloc(1, sizeof *s);
	struct reader r = { s, keydir, ops, note, arg, 0 };
	ms_err err;

	*out = NULL;
	if (s == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	err = read_file(&r, path, why);
	if (err == MS_ERR_NOT_FOUND && s->n_files == 0) {
		if (why != NULL)
			why->text[0] = '\0';
		err = MS_OK;
	}
	if (err != MS_OK)
		secrets_free(&s);
	*out = s;
	return err;
}

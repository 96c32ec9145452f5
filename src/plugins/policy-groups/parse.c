/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group's file.
 *
 *	file   = { line }
 *	line   = { target [ protocol [ local-port [ peer-port ] ] ] } [ "#" comment ]
 *	target = address | net/bits | net/mask | first-last | first...last | host name
 *
 * A line may hold several targets, as the family's files may; what stands behind a target and is a
 * protocol belongs to that target.  Every number is numeric or a name of the system's tables.  A
 * target that cannot be understood costs that line, and nothing else.
 */
#include "groups.h"

#include <modswan/text.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_OCTETS (256u << 20)
#define MAX_PROBLEMS    100 /* a file of something else is not repeated line by line */

struct word {
	const char *text;
	size_t len;
};

struct parser {
	struct group_text *out;
	const char *path;
	uint32_t line;
	size_t cap_names, cap_problems, left_out;
	bool nomem;
};

static bool grow(void **array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap < 16 ? 16 : *cap * 2;
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

/* Capacities are 16 and then powers of two, so the count alone tells when there is no room. */
bool group_add_entry(struct ms_policy_list *l, const struct ms_policy_entry *e)
{
	size_t n = l->n_entries, cap = n;

	if (n > 0 && (n < 16 || (n & (n - 1)) != 0))
		cap = n + 1;
	if (!grow((void **)&l->entries, n, &cap, sizeof *l->entries))
		return false;
	l->entries[l->n_entries++] = *e;
	return true;
}

/* --- problems ------------------------------------------------------------------------------------ */

MS_PRINTF(2, 3)
static void problem(struct parser *p, const char *fmt, ...)
{
	struct ms_policy_list *l = p->out->list;
	char what[512], *text = NULL;
	va_list ap;

	if (l->n_problems >= MAX_PROBLEMS) {
		p->left_out++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (!grow((void **)&l->problems, l->n_problems, &p->cap_problems, sizeof *l->problems) ||
		asprintf(&text, "\"%s\" line %u: %s", p->path, p->line, what) < 0) {
		p->nomem = true;
		return;
	}
	l->problems[l->n_problems++] = text;
}

/* The word as it may be shown: what is no visible character is a question mark. */
static const char *shown(const struct word *w, char buf[64])
{
	size_t n = w->len < 60 ? w->len : 60;

	for (size_t i = 0; i < n; i++)
		buf[i] = isgraph((unsigned char)w->text[i]) ? w->text[i] : '?';
	strcpy(buf + n, w->len > n ? "..." : "");
	return buf;
}

/* --- words --------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* False: the line is at its end. */
static bool next_word(struct word *rest, struct word *w)
{
	size_t n = 0;

	while (rest->len > 0 && is_blank(*rest->text)) {
		rest->text++;
		rest->len--;
	}
	if (rest->len == 0 || *rest->text == '#')
		return false;
	while (n < rest->len && !is_blank(rest->text[n]) && rest->text[n] != '#')
		n++;
	*w = (struct word){ rest->text, n };
	rest->text += n;
	rest->len -= n;
	return true;
}

/* RFC 1123 s2.1, and the underscore that people use; one that ends like an address is none. */
static bool is_host_name(const struct word *w)
{
	size_t label = 0, n = w->len;
	bool letter = false;

	if (n > 1 && w->text[n - 1] == '.')
		n--;
	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)w->text[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			letter = false;
			continue;
		}
		if (!isalnum(c) && c != '_' && (c != '-' || label == 0))
			return false;
		letter |= !isdigit(c);
		if (++label > 63)
			return false;
	}
	return label > 0 && letter;
}

static void add_name(struct parser *p, const struct word *w, const struct ms_policy_entry *e)
{
	struct group_text *t = p->out;
	char *host = strndup(w->text, w->len);

	if (host == NULL ||
		!grow((void **)&t->names, t->n_names, &p->cap_names, sizeof *t->names)) {
		free(host);
		p->nomem = true;
		return;
	}
	for (char *c = host; *c != '\0'; c++) {
		*c = (char)tolower((unsigned char)*c);
		if (*c == '.' && c[1] == '\0')
			*c = '\0';
	}
	t->names[t->n_names++] = (struct group_name){ host, *e };
}

/* --- one target ---------------------------------------------------------------------------------- */

/* A number that has no dot, slash or colon is never a target, and a known name behind one neither. */
static bool is_protocol(const struct word *w, uint8_t *protocol)
{
	for (size_t i = 0; i < w->len; i++)
		if (!isalnum((unsigned char)w->text[i]) && w->text[i] != '-' && w->text[i] != '%')
			return false;
	return ms_protocol_parse(protocol, w->text, w->len, MS_TEXT_NUMERIC, NULL) == MS_OK;
}

static bool is_number(const struct word *w)
{
	for (size_t i = 0; i < w->len; i++)
		if (!isdigit((unsigned char)w->text[i]))
			return false;
	return w->len > 0;
}

static bool port_of(struct parser *p, const struct word *w, const struct ms_policy_entry *e,
	uint16_t *port)
{
	struct ms_why why = { "" };
	char buf[64];
	ms_err err = ms_port_parse(port, w->text, w->len, e->protocol, MS_TEXT_SERVICES, &why);

	if (err == MS_OK && *port != 0 && !ms_protocol_has_ports(e->protocol)) {
		problem(p, "port \"%s\": protocol %u has no ports", shown(w, buf), e->protocol);
		return false;
	}
	if (err != MS_OK)
		problem(p, "port \"%s\": expected a number up to 65535 or a service's name, 0 for any",
			shown(w, buf));
	return err == MS_OK;
}

/* What may follow a target.  *more_r: `w` is a word that belongs to what comes next. */
static bool selectors(struct parser *p, struct word *rest, struct word *w, bool *more_r,
	struct ms_policy_entry *e)
{
	uint16_t *ports[] = { &e->local_port, &e->peer_port };
	char buf[64];

	*more_r = next_word(rest, w);
	if (!*more_r)
		return true;
	if (!is_protocol(w, &e->protocol)) {
		if (!is_number(w))
			return true; /* another target */
		problem(p, "protocol \"%s\": expected a number up to 255 or a name", shown(w, buf));
		return false;
	}
	for (unsigned i = 0; i < 2; i++) {
		*more_r = next_word(rest, w);
		if (!*more_r)
			return true;
		/* An address or a network is the next target, a number or a service a port. */
		if (memchr(w->text, '.', w->len) != NULL || memchr(w->text, '/', w->len) != NULL ||
			memchr(w->text, ':', w->len) != NULL)
			return true;
		if (!port_of(p, w, e, ports[i]))
			return false;
	}
	*more_r = next_word(rest, w);
	return true;
}

/* One target with what follows it; false: the rest of the line is left out. */
static bool target(struct parser *p, struct word *rest, struct word *w, bool *more_r)
{
	struct ms_policy_entry e = { .line = p->line };
	struct ms_why why = { "" };
	struct word t = *w;
	struct ms_asr asr;
	char buf[64];
	ms_err err = ms_asr_parse(&asr, t.text, t.len, 0, MS_TEXT_NUMERIC, &why);
	bool name = err != MS_OK && is_host_name(&t);

	if (err != MS_OK && !name) {
		problem(p,
			"\"%s\": expected an address, NET/BITS, FIRST-LAST or a host name (%s)",
			shown(&t, buf), ms_why_text(&why, err));
		return false;
	}
	if (!selectors(p, rest, w, more_r, &e))
		return false;
	if (name) {
		add_name(p, &t, &e);
		return true;
	}
	e.peers = asr.range;
	if (!group_add_entry(p->out->list, &e))
		p->nomem = true;
	return true;
}

static void parse_line(struct parser *p, struct word line)
{
	struct word w;
	bool more = next_word(&line, &w);

	while (more && !p->nomem && target(p, &line, &w, &more))
		;
}

bool group_parse(struct group_text *out, const char *group, const char *path, const char *text,
	size_t len)
{
	struct parser p = { .out = out, .path = path };

	memset(out, 0, sizeof *out);
	out->list = calloc(1, sizeof *out->list);
	if (out->list == NULL)
		return false;
	out->list->group = strdup(group);
	out->list->file = strdup(path);
	out->list->found = true;
	p.nomem = out->list->group == NULL || out->list->file == NULL;
	while (len > 0 && !p.nomem) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - text) : len;

		p.line++;
		parse_line(&p, (struct word){ text, n });
		n += nl != NULL;
		text += n;
		len -= n;
	}
	if (p.left_out > 0) {
		size_t more = p.left_out;
		struct ms_policy_list *l = out->list;

		free(l->problems[--l->n_problems]);
		problem(&p, "and %zu lines more that are wrong", more + 1);
	}
	if (p.nomem)
		group_text_free(out);
	return !p.nomem;
}

/* --- files --------------------------------------------------------------------------------------- */

static ms_err slurp(int fd, const char *path, char **text_r, size_t *len_r, struct ms_why *why)
{
	size_t cap = 65536, len = 0;
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return ms_fail(why, MS_ERR_SYSTEM, "%.200s is not a file", path);
	if (st.st_size > 0 && st.st_size < MAX_FILE_OCTETS)
		cap = (size_t)st.st_size + 1;
	do {
		if (text == NULL || len == cap) {
			char *more = realloc(text, text == NULL ? cap : (cap *= 2));

			if (more == NULL) {
				free(text);
				return MS_ERR_NOMEM;
			}
			text = more;
		}
		n = read(fd, text + len, cap - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len <= MAX_FILE_OCTETS) || (n < 0 && errno == EINTR));
	if (n == 0) {
		*text_r = text;
		*len_r = len;
		return MS_OK;
	}
	free(text);
	if (n > 0)
		return ms_fail(why, MS_ERR_LIMIT, "%.200s is larger than %u MB", path,
			MAX_FILE_OCTETS >> 20);
	return ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s", path, strerror(errno));
}

ms_err group_read(struct group_text *out, const char *group, const char *path, struct ms_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t len = 0;
	ms_err err;

	memset(out, 0, sizeof *out);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		if (!group_parse(out, group, path, "", 0))
			return MS_ERR_NOMEM;
		out->list->found = false;
		return MS_OK;
	}
	if (fd < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s", path, strerror(errno));
	err = slurp(fd, path, &text, &len, why);
	close(fd);
	if (err == MS_OK && !group_parse(out, group, path, text, len))
		err = MS_ERR_NOMEM;
	free(text);
	return err;
}

void group_list_free(struct ms_policy_list **list)
{
	struct ms_policy_list *l = *list;

	*list = NULL;
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n_problems; i++)
		free(l->problems[i]);
	free(l->problems);
	free(l->entries);
	free(l->group);
	free(l->file);
	free(l);
}

void group_text_free(struct group_text *t)
{
	for (size_t i = 0; i < t->n_names; i++)
		free(t->names[i].host);
	free(t->names);
	group_list_free(&t->list);
	memset(t, 0, sizeof *t);
}

bool group_name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < 256 && name[0] != '.' && name[0] != '#' && name[n - 1] != '~' &&
	       strchr(name, '/') == NULL;
}

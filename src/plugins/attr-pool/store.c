/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of leases: a heading, then a line for each time that an address is handed out or given
 * back, so that whoever has to start anew knows who had which:
 *
 *	modswan leases 1
 *	10.9.0.10 1763746800 @road 10.9.0.10-10.9.0.99
 *
 * that is address, seconds since 1970, identity, and the words of the pool, which may have blanks.  An
 * identity whose text does not read back stands there as #TYPE:OCTETS.  The last line of an address
 * counts.  A last line without its end is what a crash leaves, and is not there; any other line that is
 * wrong makes the whole file wrong, so that never half of it is believed.
 */
#include "store.h"

#include <modswan/text.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADING "modswan leases 1\n"
#define ID_WORD (2 * MS_ID_MAX_OCTETS + MS_ID_TEXT)

/* --- identities ------------------------------------------------------------------------------- */

static bool reads_back(const struct ms_id *id, const char *text)
{
	struct ms_id again = { 0 };
	bool same = strpbrk(text, " \t\n") == NULL && text[0] != '#' &&
		    ms_id_parse(&again, text, strlen(text), NULL) == MS_OK &&
		    again.type == id->type && again.len == id->len &&
		    (id->len == 0 || memcmp(again.data, id->data, id->len) == 0);

	ms_id_free(&again);
	return same;
}

static void id_word(const struct ms_id *id, char word[ID_WORD])
{
	size_t n;

	ms_id_text(id, word, ID_WORD);
	if (reads_back(id, word))
		return;
	n = (size_t)snprintf(word, ID_WORD, "#%u:", (unsigned)id->type);
	for (size_t i = 0; i < id->len && n + 3 <= ID_WORD; i++)
		n += (size_t)snprintf(word + n, ID_WORD - n, "%02x", (unsigned)id->data[i]);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

static ms_err parse_octets(struct ms_id *out, const char *text, size_t len, struct ms_why *why)
{
	const char *colon = memchr(text, ':', len);
	uint8_t octets[MS_ID_MAX_OCTETS];
	uint64_t type = 0;
	size_t n = 0;

	if (colon == NULL || ms_number_parse(&type, text, (size_t)(colon - text), 10, 255, why))
		return ms_fail(why, MS_ERR_SYNTAX, "expected #TYPE:OCTETS");
	for (const char *at = colon + 1; at < text + len; at += 2) {
		int high = hex_digit(at[0]), low = at + 1 < text + len ? hex_digit(at[1]) : -1;

		if (high < 0 || low < 0 || n == sizeof octets)
			return ms_fail(why, MS_ERR_SYNTAX, "these are no octets of an identity");
		octets[n++] = (uint8_t)(high * 16 + low);
	}
	return ms_id_set(out, (enum ms_id_type)type, ms_bytes(octets, n));
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The next word of a line, which goes on behind it; 0: there is none. */
static size_t word(const char **line, const char **start)
{
	size_t n = strcspn(*line, " ");

	*start = *line;
	*line += n;
	if (**line == ' ')
		++*line;
	return n;
}

static ms_err parse_line(struct lease_store_row *row, const char *line, struct ms_why *why)
{
	const char *at;
	uint64_t used;
	size_t n = word(&line, &at);
	ms_err err = ms_addr_parse(&row->addr, at, n, 0, MS_TEXT_NUMERIC, why);

	if (err == MS_OK) {
		n = word(&line, &at);
		err = ms_number_parse(&used, at, n, 10, INT64_MAX, why);
	}
	if (err == MS_OK) {
		row->used = (int64_t)used;
		n = word(&line, &at);
		err = n > 0 && at[0] == '#' ? parse_octets(&row->id, at + 1, n - 1, why)
					    : ms_id_parse(&row->id, at, n, why);
	}
	if (err == MS_OK && *line == '\0')
		err = ms_fail(why, MS_ERR_SYNTAX, "expected ADDRESS TIME IDENTITY POOL");
	if (err != MS_OK)
		return err == MS_ERR_NOMEM ? err : MS_ERR_SYNTAX;
	row->pool = strdup(line);
	return row->pool == NULL ? MS_ERR_NOMEM : MS_OK;
}

static ms_err add_row(struct lease_store_rows *rows, const char *line, struct ms_why *why)
{
	struct lease_store_row *r;
	ms_err err;

	if ((rows->n & (rows->n - 1)) == 0) {
		r = reallocarray(rows->row, rows->n == 0 ? 1 : 2 * rows->n, sizeof *r);
		if (r == NULL)
			return MS_ERR_NOMEM;
		rows->row = r;
	}
	r = &rows->row[rows->n];
	memset(r, 0, sizeof *r);
	r->line = rows->lines;
	err = parse_line(r, line, why);
	if (err == MS_OK)
		rows->n++;
	else
		lease_store_row_free(r);
	return err;
}

static int by_address(const void *a, const void *b)
{
	const struct lease_store_row *x = a, *y = b;
	int order = strcmp(x->pool, y->pool);

	if (order == 0)
		order = ms_addr_cmp(&x->addr, &y->addr);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static int by_time(const void *a, const void *b)
{
	const struct lease_store_row *x = a, *y = b;
	int order = (x->used > y->used) - (x->used < y->used);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static void keep_newest(struct lease_store_rows *rows)
{
	size_t kept = 0;

	if (rows->n == 0)
		return;
	qsort(rows->row, rows->n, sizeof rows->row[0], by_address);
	for (size_t i = 0; i < rows->n; i++) {
		struct lease_store_row *r = &rows->row[i];

		if (i + 1 < rows->n && strcmp(r->pool, r[1].pool) == 0 &&
			ms_addr_eq(&r->addr, &r[1].addr))
			lease_store_row_free(r);
		else
			rows->row[kept++] = *r;
	}
	rows->n = kept;
	qsort(rows->row, rows->n, sizeof rows->row[0], by_time);
}

static ms_err read_lines(FILE *f, struct lease_store_rows *out, struct ms_why *why)
{
	char *line = NULL;
	size_t room = 0;
	ms_err err = MS_OK;
	ssize_t n;

	while (err == MS_OK && (n = getline(&line, &room, f)) > 0) {
		out->lines++;
		if (out->lines == 1 && strcmp(line, HEADING) != 0) {
			err = ms_fail(why, MS_ERR_SYNTAX, "this is no file of leases");
		} else if (line[n - 1] == '\n' && out->lines > 1) {
			line[n - 1] = '\0';
			err = strlen(line) + 1 == (size_t)n
				      ? add_row(out, line, why)
				      : ms_fail(why, MS_ERR_SYNTAX, "a NUL character");
		}
	}
	free(line);
	return err;
}

ms_err lease_store_read(const char *path, struct lease_store_rows *out, struct ms_why *why)
{
	FILE *f = fopen(path, "re");
	ms_err err;

	memset(out, 0, sizeof *out);
	if (f == NULL && errno == ENOENT)
		return MS_OK;
	if (f == NULL)
		return ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s", path, strerror(errno));
	err = read_lines(f, out, why);
	if (err == MS_OK && ferror(f))
		err = ms_fail(why, MS_ERR_SYSTEM, "%.200s cannot be read", path);
	fclose(f);
	if (err == MS_ERR_SYNTAX)
		ms_why_prefix(why, "line %zu: ", out->lines);
	if (err == MS_OK)
		keep_newest(out);
	else
		lease_store_rows_free(out);
	return err;
}

void lease_store_row_free(struct lease_store_row *row)
{
	free(row->pool);
	row->pool = NULL;
	ms_id_free(&row->id);
}

void lease_store_rows_free(struct lease_store_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		lease_store_row_free(&rows->row[i]);
	free(rows->row);
	memset(rows, 0, sizeof *rows);
}

/* --- writing ---------------------------------------------------------------------------------- */

static ms_err write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len)
		return MS_OK;
	/* half a line would spoil the next one */
	if (n >= 0 && ftruncate(fd, lseek(fd, 0, SEEK_END) - n) == 0)
		errno = ENOSPC;
	return MS_ERR_SYSTEM;
}

/* What a crash left without its end is no part of what follows. */
static ms_err end_last_line(int fd, off_t size)
{
	char last = '\0';

	while (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
		size--;
	return ftruncate(fd, size) == 0 ? MS_OK : MS_ERR_SYSTEM;
}

ms_err lease_store_open(int *fd_r, const char *path, bool fresh, struct ms_why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0600);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ms_err err = size < 0 ? MS_ERR_SYSTEM : MS_OK;

	if (err == MS_OK && size > 0)
		err = end_last_line(fd, size);
	if (err == MS_OK && lseek(fd, 0, SEEK_END) == 0)
		err = write_all(fd, HEADING, strlen(HEADING));
	if (err != MS_OK) {
		err = ms_fail(why, err, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	*fd_r = fd;
	return MS_OK;
}

ms_err lease_store_add(int fd, const char *pool, const struct ms_addr *addr, const struct ms_id *id,
	int64_t used)
{
	char at[MS_ADDR_TEXT], who[ID_WORD], *line;
	ms_err err;
	int n;

	if (id->type == MS_ID_NULL || id->type == MS_ID_ANY)
		return MS_OK;
	ms_addr_text(addr, at, sizeof at);
	id_word(id, who);
	n = asprintf(&line, "%s %" PRId64 " %s %s\n", at, used, who, pool);
	if (n < 0)
		return MS_ERR_NOMEM;
	err = write_all(fd, line, (size_t)n);
	free(line);
	return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases that outlive the daemon: each change adds a line to a file, which is read when the daemon
 * starts.
 *
 * When most of its lines are out of date, a new file is written in small slices, so that nobody waits
 * for it; what changes meanwhile goes into both.  The new one takes the old one's place when it is
 * whole, so that at every moment there is a whole file.  Leases of pools that no peer asked for yet
 * wait as rows and are written again as they are.
 */
#include "keep.h"

#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPARE_LINES 1000 /* out of date ones that are not worth a new file */
#define SLICE	    256	 /* buckets, or rows, at a time */
#define SLICE_MS    2

struct keep {
	struct ms_loop *loop;
	const struct ms_logger *log;
	keep_next_f *next;
	void *arg;
	char *path, *new_path;
	int64_t lease_s; /* 0: for ever */
	struct lease_store_rows rows; /* of pools that are not there yet */
	size_t lines;		/* of the file */
	int fd, new_fd;		/* -1: none */
	bool ailing;		/* what is wrong with the file was said */
	/* how far the new file is */
	struct ms_timer *timer;
	size_t new_lines, row, bucket;
	const struct pool *pool;
};

static int64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static void complain(struct keep *k, const char *what)
{
	if (!k->ailing)
		ms_error(k->log, "%s: %s; leases are kept in memory only", k->path, what);
	k->ailing = true;
}

/* Not before there is something to say. */
static void open_old(struct keep *k)
{
	struct ms_why why = { "" };

	if (lease_store_open(&k->fd, k->path, false, &why) != MS_OK)
		complain(k, why.text);
	if (k->lines == 0)
		k->lines = 1;
}

static void add(struct keep *k, int fd, size_t *lines, const char *pool, const struct ms_addr *addr,
	const struct ms_id *id, int64_t used)
{
	if (fd < 0)
		return;
	if (lease_store_add(fd, pool, addr, id, used) != MS_OK)
		complain(k, strerror(errno));
	++*lines;
}

/* --- a new file ------------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static size_t leases(const struct keep *k)
{
	size_t n = k->rows.n;

	for (struct pool *p = k->next(k->arg, NULL); p != NULL; p = k->next(k->arg, p))
		n += pool_count(p);
	return n;
}

static void copy_lease(void *arg, const struct pool_lease *l)
{
	struct keep *k = arg;

	if (l->used != 0 && !l->expired)
		add(k, k->new_fd, &k->new_lines, pool_text(k->pool), &l->addr, &l->id, l->used);
}

/* False: that was all. */
static bool slice(struct keep *k)
{
	for (unsigned i = 0; i < SLICE && k->row < k->rows.n; i++, k->row++) {
		const struct lease_store_row *r = &k->rows.row[k->row];

		add(k, k->new_fd, &k->new_lines, r->pool, &r->addr, &r->id, r->used);
	}
	if (k->row < k->rows.n)
		return true;
	if (k->pool == NULL) {
		k->pool = k->next(k->arg, NULL);
	} else if (!pool_some(k->pool, &k->bucket, SLICE, copy_lease, k)) {
		k->pool = k->next(k->arg, k->pool);
		k->bucket = 0;
	}
	return k->pool != NULL;
}

static void finish(struct keep *k)
{
	if (k->ailing || rename(k->new_path, k->path) != 0) {
		complain(k, "it cannot be replaced");
		close_fd(&k->new_fd);
		return;
	}
	close_fd(&k->fd);
	k->fd = k->new_fd;
	k->new_fd = -1;
	k->lines = k->new_lines;
}

static void write_slice(void *arg)
{
	struct keep *k = arg;

	if (slice(k))
		ms_timer_set(k->timer, SLICE_MS);
	else
		finish(k);
}

static void begin(struct keep *k)
{
	struct ms_why why = { "" };

	if (k->timer == NULL || lease_store_open(&k->new_fd, k->new_path, true, &why) != MS_OK)
		return; /* the old one goes on */
	k->new_lines = 1;
	k->row = k->bucket = 0;
	k->pool = NULL;
	ms_timer_set(k->timer, SLICE_MS);
}

/* --- what happens ------------------------------------------------------------------------------ */

void keep_note(struct keep *k, const struct pool *p, const struct ms_addr *a)
{
	const struct pool_lease *l = k == NULL ? NULL : pool_lease_of(p, a);

	if (l == NULL)
		return;
	if (k->fd < 0 && !k->ailing)
		open_old(k);
	add(k, k->fd, &k->lines, pool_text(p), &l->addr, &l->id, l->used);
	add(k, k->new_fd, &k->new_lines, pool_text(p), &l->addr, &l->id, l->used);
	if (k->new_fd < 0 && !k->ailing && k->lines > SPARE_LINES &&
		k->lines - SPARE_LINES > 2 * leases(k))
		begin(k);
}

void keep_time(const struct keep *k, struct pool *p)
{
	int64_t now = now_s();

	pool_at(p, now);
	if (k != NULL && k->lease_s > 0)
		pool_expire(p, now - k->lease_s);
}

void keep_restore(struct keep *k, struct pool *p)
{
	struct lease_store_rows *rows = k == NULL ? NULL : &k->rows;
	int64_t now = now_s();
	size_t left = 0;

	for (size_t i = 0; rows != NULL && i < rows->n; i++) {
		struct lease_store_row *r = &rows->row[i];

		if (strcmp(r->pool, pool_text(p)) != 0) {
			rows->row[left++] = *r;
			continue;
		}
		/* a clock that was put back */
		if (pool_restore(p, &r->id, &r->addr, r->used < now ? r->used : now) != MS_OK)
			ms_notice(k->log, "no memory for a lease of %s", k->path);
		lease_store_row_free(r);
	}
	if (rows == NULL)
		return;
	rows->n = left;
	/* From the start: they moved, and the new file has lines twice at worst. */
	k->row = k->bucket = 0;
	k->pool = NULL;
}

/* --- the old file ------------------------------------------------------------------------------ */

static void drop_expired(struct keep *k)
{
	int64_t before = now_s() - k->lease_s;
	size_t left = 0;

	for (size_t i = 0; k->lease_s > 0 && i < k->rows.n; i++)
		if (k->rows.row[i].used < before)
			lease_store_row_free(&k->rows.row[i]);
		else
			k->rows.row[left++] = k->rows.row[i];
	if (k->lease_s > 0)
		k->rows.n = left;
}

static ms_err read_old(struct keep *k, struct ms_why *why)
{
	struct ms_why wrong = { "" };
	char *bad = NULL;
	ms_err err = lease_store_read(k->path, &k->rows, &wrong);

	k->lines = k->rows.lines;
	if (err != MS_ERR_SYNTAX) {
		*why = wrong;
		return err;
	}
	if (asprintf(&bad, "%s.bad", k->path) < 0)
		return MS_ERR_NOMEM;
	err = MS_OK;
	if (rename(k->path, bad) != 0)
		err = ms_fail(why, MS_ERR_SYSTEM, "%.200s: %s: %s", k->path, wrong.text,
			strerror(errno));
	else
		ms_error(k->log, "%s: %s: none of its leases are used, it is %s now", k->path,
			wrong.text, bad);
	free(bad);
	return err;
}

ms_err keep_new(struct keep **out, struct ms_loop *loop, const struct ms_logger *log, const char *path,
	uint64_t lease_ms, keep_next_f *next, void *arg, struct ms_why *why)
{
	struct keep *k = calloc(1, sizeof *k);
	ms_err err = MS_ERR_NOMEM;

	*out = NULL;
	if (k == NULL)
		return MS_ERR_NOMEM;
	*k = (struct keep){ .loop = loop, .log = log, .next = next, .arg = arg, .fd = -1, .new_fd = -1,
		.lease_s = (int64_t)((lease_ms + 999) / 1000) };
	k->path = strdup(path);
	if (k->path != NULL && asprintf(&k->new_path, "%s.new", path) < 0)
		k->new_path = NULL;
	if (k->path != NULL && k->new_path != NULL)
		err = read_old(k, why);
	if (err == MS_OK && loop != NULL) {
		k->timer = ms_timer_new(loop, write_slice, k);
		err = k->timer == NULL ? MS_ERR_NOMEM : MS_OK;
	}
	if (err != MS_OK) {
		keep_free(&k);
		return err;
	}
	drop_expired(k);
	*out = k;
	return MS_OK;
}

void keep_free(struct keep **keep)
{
	struct keep *k = *keep;

	*keep = NULL;
	if (k == NULL)
		return;
	if (k->new_fd >= 0)
		unlink(k->new_path);
	close_fd(&k->fd);
	close_fd(&k->new_fd);
	ms_timer_free(&k->timer);
	lease_store_rows_free(&k->rows);
	free(k->path);
	free(k->new_path);
	free(k);
}

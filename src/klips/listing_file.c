/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/listing_file.h"

#include "klips/instance.h"
#include "klips/listing.h"
#include "klips/rcu.h"
#include "klips/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_OCTETS = 8 << 20, PIECE_PAUSE_MS = 2, SHARE = 50, MIN_AGE_MS = 1000 };

/* What a file's content depends on. */
enum depends { ON_ITSELF, ON_EROUTES, ON_SAS, ON_SAS_ALONE };

static const struct {
	const char *listing, *file, *tree; /* tree: the name below RUNDIR/ipsec, a link; NULL: none */
	mode_t mode;
	enum depends depends;
} rows[] = {
	{ "eroute", "ipsec_eroute", "eroute/all", 0400, ON_EROUTES },
	{ "spi", "ipsec_spi", "spi/all", 0400, ON_SAS },
	{ "spigrp", "ipsec_spigrp", "spigrp/all", 0400, ON_SAS },
	{ "saref", "ipsec_saref", "saref", 0400, ON_SAS_ALONE },
	{ "tncfg", "ipsec_tncfg", "tncfg", 0400, ON_ITSELF },
	{ "version", "ipsec_version", "version", 0444, ON_ITSELF },
	{ "klipsdebug", "ipsec_klipsdebug", "klipsdebug", 0400, ON_ITSELF },
	{ "counters", "ipsec_counters", "stats/counters", 0400, ON_ITSELF },
	{ "trap_count", "ipsec_trap_count", "stats/trap_count", 0400, ON_ITSELF },
	{ "trap_sendcount", "ipsec_trap_sendcount", "stats/trap_sendcount", 0400, ON_ITSELF },
	{ "birth", "ipsec_birth_ipv4", "birth/ipv4", 0400, ON_ITSELF },
	{ "birth", "ipsec_birth_ipv6", "birth/ipv6", 0400, ON_ITSELF },
	{ "xforms", "ipsec_xforms", "xforms", 0400, ON_ITSELF },
	{ "natt", "ipsec_natt", "natt", 0400, ON_ITSELF },
	{ "pf_key", "pf_key", NULL, 0400, ON_ITSELF },
	{ "pf_key_registered", "pf_key_registered", NULL, 0400, ON_ITSELF },
	{ "pf_key_supported", "pf_key_supported", NULL, 0400, ON_ITSELF },
};
enum { FILES = sizeof rows / sizeof rows[0] };

struct file {
	bool written;
	uint64_t seen;	   /* mark of what is in it */
	uint64_t not_before_ms;
};

struct listing_files {
	struct klips *k;
	struct ms_timer *timer;
	struct file file[FILES];
	/* the one that is being written */
	unsigned at; /* FILES: none */
	struct listing *listing;
	struct text text;
	int fd;
	size_t octets;
	uint64_t mark, cost_ns;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static char *path_of(const struct listing_files *f, unsigned i, const char *suffix)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s%s", f->k->rundir, rows[i].file, suffix);
	return path;
}

/* --- the tree --------------------------------------------------------------------------------- */

static const char *const dirs[] = { "", "/eroute", "/spi", "/spigrp", "/stats", "/birth" };
enum { DIRS = sizeof dirs / sizeof dirs[0] };

static void tree_path(const struct listing_files *f, const char *slash, const char *name, char out[4096])
{
	snprintf(out, 4096, "%s/ipsec%s%s", f->k->rundir, slash, name);
}

/* Without it the files are there all the same. */
static void make_tree(const struct listing_files *f)
{
	char path[4096], target[64];
	unsigned i;

	for (i = 0; i < DIRS; i++) {
		tree_path(f, dirs[i], "", path);
		mkdir(path, 0755);
	}
	for (i = 0; i < FILES; i++) {
		if (rows[i].tree == NULL)
			continue;
		tree_path(f, "/", rows[i].tree, path);
		snprintf(target, sizeof target, "%s%s", strchr(rows[i].tree, '/') != NULL ? "../../" : "../",
			rows[i].file);
		unlink(path);
		if (symlink(target, path) < 0)
			ms_error(&f->k->log, "cannot make %s: %s", path, strerror(errno));
	}
}

static void remove_tree(const struct listing_files *f)
{
	char path[4096];
	unsigned i;

	for (i = 0; i < FILES; i++)
		if (rows[i].tree != NULL) {
			tree_path(f, "/", rows[i].tree, path);
			unlink(path);
		}
	for (i = DIRS; i-- > 0;) {
		tree_path(f, dirs[i], "", path);
		rmdir(path);
	}
}

/* --- what has changed ------------------------------------------------------------------------- */

static uint64_t traffic(const struct klips *k)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < k->n_workers; i++)
		sum += shared_get(k->workers[i]->counters.n[KC_OUT_READ])
			+ shared_get(k->workers[i]->counters.n[KC_IN_READ]);
	return sum;
}

static uint64_t text_mark(const struct text *t)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325); /* FNV-1a: for change, not against anybody */
	size_t i;

	for (i = 0; i < t->len; i++)
		mark = (mark ^ (uint8_t)t->buf[i]) * UINT64_C(0x100000001b3);
	return mark;
}

/* Differs when the file would.  Short listings are made for it, into f->text. */
static uint64_t mark_of(struct listing_files *f, unsigned i)
{
	struct listing *l;

	f->text.len = 0;
	switch (rows[i].depends) {
	case ON_EROUTES:
		return eroute_changes(f->k->eroutes) * UINT64_C(0x9e3779b97f4a7c15) + traffic(f->k);
	case ON_SAS:
		return sadb_changes(f->k->sadb) * UINT64_C(0x9e3779b97f4a7c15) + traffic(f->k);
	case ON_SAS_ALONE:
		return sadb_changes(f->k->sadb);
	case ON_ITSELF:
		break;
	}
	l = listing_start(f->k, rows[i].listing);
	while (l != NULL && listing_more(l, &f->text))
		continue;
	listing_end(&l);
	return text_mark(&f->text);
}

/* --- one file --------------------------------------------------------------------------------- */

static void give_up(struct listing_files *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	listing_end(&f->listing);
	f->at = FILES;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void finish(struct listing_files *f)
{
	struct file *file = &f->file[f->at];
	uint64_t wait_ms = f->cost_ns / 1000000 * SHARE;
	char new[4096];

	snprintf(new, sizeof new, "%s", path_of(f, f->at, ".new"));
	if (rename(new, path_of(f, f->at, "")) == 0) {
		file->written = true;
		file->seen = f->mark;
	}
	file->not_before_ms = now_ns() / 1000000 + (wait_ms < MIN_AGE_MS ? 0 : wait_ms);
	give_up(f);
}

static void begin(struct listing_files *f, unsigned i, uint64_t mark)
{
	f->at = i;
	f->mark = mark;
	f->octets = 0;
	f->cost_ns = 0;
	f->text.len = 0;
	unlink(path_of(f, i, ".new"));
	f->fd = open(path_of(f, i, ".new"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, rows[i].mode);
	f->listing = f->fd < 0 ? NULL : listing_start(f->k, rows[i].listing);
	if (f->listing == NULL)
		give_up(f);
}

/* A piece; true: more is to come. */
static bool more(struct listing_files *f)
{
	uint64_t start = now_ns();
	bool rest = listing_more(f->listing, &f->text);

	if (rest && f->octets + f->text.len > MAX_OCTETS) {
		text_put(&f->text, "# and more: ask ipsec %s\n", rows[f->at].listing);
		rest = false;
	}
	if (!write_all(f->fd, f->text.buf, f->text.len)) {
		give_up(f);
		return false;
	}
	f->octets += f->text.len;
	f->text.len = 0;
	f->cost_ns += now_ns() - start;
	if (!rest)
		finish(f);
	return rest;
}

/* --- all -------------------------------------------------------------------------------------- */

static void go_on(struct listing_files *f, unsigned from)
{
	unsigned i = from;

	while (f->at != FILES || i < FILES) {
		if (f->at == FILES) {
			uint64_t mark;

			if (f->file[i].not_before_ms <= now_ns() / 1000000) {
				mark = mark_of(f, i);
				if (!f->file[i].written || mark != f->file[i].seen)
					begin(f, i, mark);
			}
			i++;
		} else if (more(f)) {
			ms_timer_set(f->timer, PIECE_PAUSE_MS);
			return;
		}
	}
}

static void on_timer(void *arg)
{
	struct listing_files *f = arg;

	control_enter();
	if (f->at != FILES)
		go_on(f, f->at + 1);
	control_leave();
}

void listing_files_tick(struct listing_files *f)
{
	if (f->at == FILES)
		go_on(f, 0);
}

struct listing_files *listing_files_new(struct klips *k)
{
	struct listing_files *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->k = k;
	f->fd = -1;
	f->at = FILES;
	f->timer = ms_timer_new(k->loop, on_timer, f);
	if (f->timer == NULL) {
		free(f);
		return NULL;
	}
	make_tree(f);
	return f;
}

void listing_files_free(struct listing_files **fp)
{
	struct listing_files *f = *fp;
	unsigned i;

	if (f == NULL)
		return;
	give_up(f);
	for (i = 0; i < FILES; i++) {
		unlink(path_of(f, i, ".new"));
		unlink(path_of(f, i, ""));
	}
	remove_tree(f);
	ms_timer_free(&f->timer);
	free(f->text.buf);
	free(f);
	*fp = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that change, by inotify.
 *
 * The folder need not be there: then its nearest parent that is there is watched until it comes.
 * Editors write several times, or write another file and rename it; a file counts as changed when
 * nothing happened to it for a moment.
 */
#include "groups.h"

#include <modswan/loop.h>

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SETTLE_MS   50
#define MAX_PENDING 32

#define FILE_EVENTS (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF)

struct group_watch {
	struct ms_watch *watch;
	struct ms_timer *settle;
	void (*changed)(void *arg, const char *name);
	void *arg;
	char *dir;
	int fd, wd; /* wd -1: nothing is watched */
	bool whole; /* wd is the folder itself, not a parent */
	bool all;   /* any file may have changed */
	char *pending[MAX_PENDING];
	unsigned n_pending;
};

/* --- what is watched ------------------------------------------------------------------------------ */

/* The folder or the nearest parent; true: the folder itself. */
static bool arm(struct group_watch *w)
{
	char *path = strdup(w->dir), *slash;
	bool whole = true;

	if (w->wd >= 0)
		inotify_rm_watch(w->fd, w->wd);
	w->wd = -1;
	while (path != NULL) {
		w->wd = inotify_add_watch(w->fd, path[0] == '\0' ? "/" : path,
			FILE_EVENTS | SELF_EVENTS | IN_ONLYDIR);
		if (w->wd >= 0 || path[0] == '\0' || (slash = strrchr(path, '/')) == NULL)
			break;
		*slash = '\0';
		whole = false;
	}
	free(path);
	w->whole = whole && w->wd >= 0;
	return w->whole;
}

static void forget_pending(struct group_watch *w)
{
	for (unsigned i = 0; i < w->n_pending; i++)
		free(w->pending[i]);
	w->n_pending = 0;
	w->all = false;
}

static void settled(void *arg)
{
	struct group_watch *w = arg;
	char *names[MAX_PENDING];
	unsigned n = w->n_pending;
	bool all = w->all;

	memcpy(names, w->pending, sizeof names);
	w->n_pending = 0;
	w->all = false;
	if (all)
		w->changed(w->arg, NULL);
	for (unsigned i = 0; i < n; i++) {
		if (!all)
			w->changed(w->arg, names[i]);
		free(names[i]);
	}
}

static void note(struct group_watch *w, const char *name)
{
	char *copy;

	for (unsigned i = 0; i < w->n_pending; i++)
		if (strcmp(w->pending[i], name) == 0)
			return;
	copy = w->n_pending < MAX_PENDING ? strdup(name) : NULL;
	if (copy == NULL)
		w->all = true;
	else
		w->pending[w->n_pending++] = copy;
}

static void take(struct group_watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW) {
		w->all = true;
		return;
	}
	if (e->wd != w->wd)
		return; /* of a watch that was given up */
	if (!w->whole || (e->mask & (SELF_EVENTS | IN_IGNORED)) != 0) {
		/* The folder may be there now, or no longer. */
		bool was = w->whole;

		if (e->mask & IN_IGNORED)
			w->wd = -1;
		w->all |= arm(w) || was;
	} else if (e->len > 0 && group_name_ok(e->name)) {
		note(w, e->name);
	}
}

static void readable(void *arg, int fd, unsigned events)
{
	_Alignas(struct inotify_event) char buf[8192];
	struct group_watch *w = arg;
	ssize_t n;

	(void)events;
	while ((n = read(fd, buf, sizeof buf)) > 0) {
		size_t at = 0;

		while (at + sizeof(struct inotify_event) <= (size_t)n) {
			const struct inotify_event *e = (const void *)(buf + at);

			at += sizeof *e + e->len;
			take(w, e);
		}
	}
	if (w->all || w->n_pending > 0)
		ms_timer_set(w->settle, SETTLE_MS);
}

struct group_watch *group_watch_new(struct ms_loop *loop, const char *dir,
	void (*changed)(void *arg, const char *name), void *arg)
{
	struct group_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->changed = changed;
	w->arg = arg;
	w->wd = -1;
	w->dir = strdup(dir);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->settle = ms_timer_new(loop, settled, w);
	if (w->fd >= 0)
		w->watch = ms_watch_new(loop, w->fd, MS_READABLE, readable, w);
	if (w->dir == NULL || w->settle == NULL || w->watch == NULL) {
		group_watch_free(&w);
		return NULL;
	}
	arm(w);
	return w;
}

void group_watch_free(struct group_watch **watch)
{
	struct group_watch *w = *watch;

	*watch = NULL;
	if (w == NULL)
		return;
	ms_watch_free(&w->watch);
	ms_timer_free(&w->settle);
	if (w->fd >= 0)
		close(w->fd);
	forget_pending(w);
	free(w->dir);
	free(w);
}

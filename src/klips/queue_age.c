/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/queue_age.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/note.h"
#include "klips/rcu.h"
#include "klips/talk.h"
#include "klips/worker.h"

#include <linux/sock_diag.h>
#include <string.h>
#include <time.h>

/* A source that was not read for so long was empty, mostly. */
enum { PAUSE_INTERVALS = 3, HOLD_INTERVALS = 10 };

enum { SOCKET_OCTETS = 4 << 20, SOCKET_LEAST = 256 << 10, TUN_LEAST = 32 };

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t judge(uint64_t age, uint32_t bound, const struct queue_bounds *limits)
{
	uint64_t wish = bound;

	if (age > QUEUE_TARGET_NS) {
		wish = age / 4 > QUEUE_TARGET_NS ? bound / 4 : (uint64_t)bound * QUEUE_TARGET_NS / age;
		return wish < limits->least ? limits->least : (uint32_t)wish;
	}
	if (age < QUEUE_TARGET_NS / 2)
		wish += bound / 4 + 1;
	return wish > limits->most ? limits->most : (uint32_t)wish;
}

uint32_t queue_age_look(struct queue_age *q, uint64_t now, uint64_t age, unsigned entries, uint32_t bound,
	const struct queue_bounds *limits)
{
	uint64_t passed = now - q->since, least;

	q->least = age < q->least ? age : q->least;
	q->taken += entries;
	if (q->since != 0 && now >= q->since && passed < QUEUE_INTERVAL_NS)
		return bound;
	least = q->least;
	if (q->since == 0 || now < q->since || passed > (uint64_t)PAUSE_INTERVALS * QUEUE_INTERVAL_NS)
		least = 0;
	else if (least == QUEUE_AGE_UNKNOWN) /* full all the time: the last to be read comes after all others */
		least = passed / (q->taken + 1) * bound;
	*q = (struct queue_age){ .since = now, .least = QUEUE_AGE_UNKNOWN, .bound = q->bound };
	return judge(least, bound, limits);
}

/* --- sockets -------------------------------------------------------------------------------- */

void socket_age_start(int fd)
{
	int on = 1, size = SOCKET_OCTETS;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

static bool came_at(struct msghdr *h, uint64_t *ns)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof ts);
		*ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
		return true;
	}
	return false;
}

void socket_age_look(struct klips_worker *w, struct klips_source *s, struct msghdr *first)
{
	static const struct queue_bounds limits = { SOCKET_LEAST, SOCKET_OCTETS };
	uint32_t bound = s->age.bound != 0 ? s->age.bound : SOCKET_OCTETS, wish;
	uint64_t now = clock_ns(CLOCK_MONOTONIC), wall = clock_ns(CLOCK_REALTIME), then;
	int size;

	if (!came_at(first, &then))
		return;
	/* A wall clock that was set makes the few look older or younger that came before: the interval, by
	 * the other clock, is longer than they may wait. */
	wish = queue_age_look(&s->age, now, wall > then ? wall - then : 0, 1, bound, &limits);
	if (wish == bound)
		return;
	size = (int)wish;
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		return;
	s->age.bound = wish;
	count(&w->counters, KC_QUEUE_SHORTER, wish < bound);
	talk(w->k, ROOM_RCV, TALK_ANY, "packets waited too long or hardly in a socket, its bound is now %u octets",
		wish);
}

uint64_t socket_overflows(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof info;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

/* --- TUN ------------------------------------------------------------------------------------ */

void tun_age_look(struct klips_worker *w, struct klips_source *s, unsigned entries, bool emptied)
{
	const struct klips_device *d = s->owner;
	struct queue_bounds limits = { TUN_LEAST, d->queue_most };
	uint32_t bound = shared_get(d->queue_bound);
	struct note n = { .kind = NOTE_QUEUE, .device = d->number };
	uint64_t before = s->age.since;

	n.entries = queue_age_look(&s->age, clock_ns(CLOCK_MONOTONIC), emptied ? 0 : QUEUE_AGE_UNKNOWN,
		entries, bound, &limits);
	if (s->age.since == before || (n.entries == bound && bound >= d->queue_most))
		return;
	count(&w->counters, KC_QUEUE_SHORTER, n.entries < bound);
	note_post(w, &n);
}

void device_queue_told(struct klips *k, const struct note *n)
{
	struct klips_device *d = device_numbered(k, n->device);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (d == NULL)
		return;
	/* one of its workers is content with what another has too much of */
	if (n->entries <= d->queue_bound)
		d->queue_held_ns = now;
	else if (now - d->queue_held_ns < (uint64_t)HOLD_INTERVALS * QUEUE_INTERVAL_NS)
		return;
	if (n->entries != d->queue_bound && if_set_queue(d->name, n->entries) == 0)
		shared_set(d->queue_bound, n->entries);
	talk(k, ROOM_TUNNEL, TALK_ANY, "queue of %s: at most %u entries", d->name, d->queue_bound);
}

void device_queue_start(struct klips_device *d, const struct klips_device *before)
{
	uint32_t now;

	if (if_get_queue(d->name, &now) < 0)
		return;
	d->queue_bound = d->queue_most = now;
	if (before != NULL && before->queue_bound == now)
		d->queue_most = before->queue_most;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/note.h"

#include "klips/device.h"
#include "klips/instance.h"
#include "klips/worker.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_NOTES = 1024 };

struct note_queue {
	struct klips *k;
	void (*fn)(struct klips *k, struct note *n);
	struct ms_watch *watch;
	int fd;
	pthread_mutex_t mutex;
	struct note ring[MAX_NOTES];
	unsigned first, n;
};

struct held *held_new(const uint8_t *data, uint32_t len, struct klips_device *device)
{
	struct held *h = malloc(sizeof *h + len);

	if (h == NULL)
		return NULL;
	h->next = NULL;
	h->device = device == NULL ? UINT_MAX : device->number;
	h->arrived = false;
	h->len = len;
	memcpy(h->data, data, len);
	return h;
}

static bool take(struct note_queue *q, struct note *out)
{
	bool some;

	pthread_mutex_lock(&q->mutex);
	some = q->n > 0;
	if (some) {
		*out = q->ring[q->first];
		q->first = (q->first + 1) % MAX_NOTES;
		q->n--;
	}
	pthread_mutex_unlock(&q->mutex);
	return some;
}

static void ready(void *arg, int fd, unsigned events)
{
	struct note_queue *q = arg;
	struct note n;
	uint64_t v;
	unsigned i;

	(void)events;
	if (read(fd, &v, sizeof v) != (ssize_t)sizeof v)
		return;
	control_enter();
	for (i = 0; i < MAX_NOTES && take(q, &n); i++)
		q->fn(q->k, &n);
	control_leave();
	v = 1; /* perhaps more came meanwhile: other events get their turn first */
	if (i == MAX_NOTES && write(fd, &v, sizeof v) < 0)
		return;
}

ms_err note_queue_new(struct note_queue **out, struct klips *k,
	void (*fn)(struct klips *k, struct note *n))
{
	struct note_queue *q = calloc(1, sizeof *q);

	if (q == NULL)
		return MS_ERR_NOMEM;
	q->k = k;
	q->fn = fn;
	pthread_mutex_init(&q->mutex, NULL);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd >= 0)
		q->watch = ms_watch_new(k->loop, q->fd, MS_READABLE, ready, q);
	*out = q;
	if (q->watch != NULL)
		return MS_OK;
	note_queue_free(out);
	return MS_ERR_SYSTEM;
}

void note_queue_free(struct note_queue **qp)
{
	struct note_queue *q = *qp;
	struct note n;

	if (q == NULL)
		return;
	while (take(q, &n))
		free(n.held);
	ms_watch_free(&q->watch);
	if (q->fd >= 0)
		close(q->fd);
	pthread_mutex_destroy(&q->mutex);
	free(q);
	*qp = NULL;
}

/* --- workers -------------------------------------------------------------------------------- */

void note_post(struct klips_worker *w, struct note *n)
{
	struct note_queue *q = w->k->notes;
	uint64_t one = 1;
	bool room;

	pthread_mutex_lock(&q->mutex);
	room = q->n < MAX_NOTES;
	if (room) {
		q->ring[(q->first + q->n) % MAX_NOTES] = *n;
		q->n++;
	}
	pthread_mutex_unlock(&q->mutex);
	if (!room) {
		count(&w->counters, KC_NOTE_LOST, 1);
		free(n->held);
		n->held = NULL;
		return;
	}
	if (write(q->fd, &one, sizeof one) < 0)
		return; /* the counter is full: the loop will wake anyhow */
}

/* True for the one caller that sets the bit first. */
static bool tell_once(struct klips_sa *sa, uint8_t bit)
{
	return (__atomic_fetch_or(&sa->told, bit, __ATOMIC_RELAXED) & bit) == 0;
}

void note_expire(struct klips_worker *w, struct klips_sa *sa, bool hard)
{
	struct note n = { .kind = NOTE_EXPIRE, .said = sa->said, .hard = hard };

	if (tell_once(sa, hard ? SA_TOLD_HARD : SA_TOLD_SOFT))
		note_post(w, &n);
}

void note_peer(struct klips_worker *w, struct klips_sa *sa, const struct pkt *p)
{
	struct note n = { .kind = NOTE_MAPPING, .said = sa->said, .remote = p->peer };

	if (ms_addr_eq(&p->peer.addr, &sa->src)
		&& (sa->encap_src == 0 || p->peer.port == sa->encap_src))
		return;
	count(&w->counters, KC_IN_ROAMED, 1);
	/* RFC 7296 s2.23: behind a NAT the peer's new place is where authentic packets come from. */
	if (sa->encap_src != 0 && p->peer.port != 0 && tell_once(sa, SA_TOLD_MAPPING))
		note_post(w, &n);
}

static bool passed(uint64_t count, uint64_t limit)
{
	return limit != 0 && count > limit;
}

void sa_used(struct klips_worker *w, struct klips_sa *sa, uint64_t octets, unsigned packets)
{
	uint64_t all_octets = __atomic_add_fetch(&sa->octets, octets, __ATOMIC_RELAXED);
	uint64_t all_packets = __atomic_add_fetch(&sa->packets, packets, __ATOMIC_RELAXED);

	if (shared_get(sa->first_used_s) == 0)
		shared_set(sa->first_used_s, klips_now_s(w->k));
	shared_set(sa->used_s, klips_now_s(w->k));
	if (passed(all_octets, sa->hard.octets) || passed(all_packets, sa->hard.packets)) {
		shared_set(sa->state, MS_PFKEY_DEAD);
		note_expire(w, sa, true);
	} else if (passed(all_octets, sa->soft.octets) || passed(all_packets, sa->soft.packets)) {
		if (shared_get(sa->state) == MS_PFKEY_MATURE)
			shared_set(sa->state, MS_PFKEY_DYING);
		note_expire(w, sa, false);
	}
}

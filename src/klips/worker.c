/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/worker.h"

#include "klips/firsts.h"
#include "klips/instance.h"
#include "klips/io.h"
#include "klips/ipcomp.h"
#include "klips/note.h"
#include "klips/talk.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 32 };

/* Under load packets come one by one as fast as they are taken, and each would wake the worker, which
 * costs the sender more than all the rest.  So after a turn that was neither idle nor full, it looks
 * away for as long as some more need to gather: what network devices do to their interrupts. */
enum { NAP_US = 30, NAP_LEAST = 8, NAP_MOST = PKT_BATCH - PKT_BATCH / 4, TIMER_SLACK_NS = 1000 };

char rcu_grace;

void worker_reset(struct klips_worker *w, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		pkt_fresh(&w->pkts[i], w->pkts[i].len);
		w->batch[i] = &w->pkts[i];
	}
}

static void say_drop(const struct klips *k, const struct pkt *p, enum klips_counter why)
{
	char peer[MS_ADDR_TEXT], dst[MS_ADDR_TEXT], text[TALK_PACKET];
	enum room room = room_of_counter(why);

	if (p->peer.addr.family == 0) {
		talk(k, room, TALK_ANY, "%s: %s", talk_packet(text, p->data, p->len), counter_text(why));
		return;
	}
	ms_addr_text(&p->peer.addr, peer, sizeof peer);
	ms_addr_text(&p->dst, dst, sizeof dst);
	talk(k, room, TALK_ANY, "from %s to %s protocol %u, %u octets: %s", peer, dst, p->next, p->len,
		counter_text(why));
}

void pkt_drop(struct klips_worker *w, struct pkt *p, enum klips_counter why)
{
	p->dead = true;
	count(&w->counters, why, 1);
	if (talks(w->k, room_of_counter(why), TALK_ANY))
		say_drop(w->k, p, why);
}

const uint8_t *worker_random(struct klips_worker *w, unsigned len)
{
	if (w->random_left < len) {
		/* 256 octets at a time are never interrupted, getrandom(2) */
		unsigned at;

		for (at = 0; at < RANDOM_POOL; at += 256)
			if (getrandom(w->random + at, 256, 0) != 256)
				return NULL;
		w->random_left = RANDOM_POOL;
	}
	w->random_left -= len;
	return w->random + w->random_left;
}

/* As if it had just been read, or just been checked. */
static void run_one(struct klips_worker *w, const struct held *h)
{
	struct klips_device *d = device_numbered(w->k, h->device);
	struct pkt *p = &w->pkts[0];

	if (h->len > PKT_MAX || d == NULL)
		return;
	p->len = h->len;
	worker_reset(w, 1);
	memcpy(p->data, h->data, h->len);
	p->injected = true;
	p->device = d;
	device_counts(w, d);
	if (h->arrived)
		tun_deliver(w, w->batch, 1);
	else
		outbound(w, d, 1);
	device_counts(w, NULL);
}

/* One at a time keeps order. */
static void run_injected(struct klips_worker *w, struct held *list)
{
	while (list != NULL) {
		struct held *h = list;

		list = h->next;
		run_one(w, h);
		free(h);
	}
}

static void wake_ready(struct klips_worker *w, struct klips_source *s)
{
	struct held *list;
	uint64_t v;

	if (read(s->fd, &v, sizeof v) < 0 && errno == EAGAIN)
		return;
	pthread_mutex_lock(&w->mutex);
	list = w->inject;
	w->inject = NULL;
	pthread_mutex_unlock(&w->mutex);
	run_injected(w, list);
}

static void nap(struct klips_worker *w)
{
	static const struct timespec time = { 0, NAP_US * 1000 };
	uint64_t all = w->counters.n[KC_IN_READ] + w->counters.n[KC_OUT_READ], n = all - w->handled;

	w->handled = all;
	if (n >= NAP_LEAST && n < NAP_MOST)
		nanosleep(&time, NULL);
}

static void *run(void *arg)
{
	struct klips_worker *w = arg;
	struct epoll_event events[MAX_EVENTS];

	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	rcu_register_thread();
	while (!shared_get(w->stop)) {
		int n, i;

		/* Events are taken online, so that a source which goes away waits for their use. */
		rcu_pause();
		n = epoll_wait(w->epfd, events, MAX_EVENTS, 0);
		for (i = 0; i < n; i++) {
			struct klips_source *s = events[i].data.ptr;

			s->ready(w, s);
			device_counts(w, NULL);
		}
		if (n > 0) {
			nap(w);
			continue;
		}
		/* Nothing to do: sleep offline, or nothing would ever be reclaimed. */
		rcu_sleep();
		epoll_wait(w->epfd, events, 1, -1);
		rcu_thread_online();
	}
	order_before(&rcu_grace);
	rcu_unregister_thread();
	return NULL;
}

ms_err worker_start(struct klips_worker *w)
{
	sigset_t all, old;
	int r;

	/* signals are the control thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->started = r == 0;
	return w->started ? MS_OK : MS_ERR_SYSTEM;
}

enum { ALL_SLOTS = 384, LEAST_SLOTS = 4 };

/* Each may hold the longest packet there is.  So that many workers do not take the more memory, each
 * reads the less at once. */
static unsigned share(unsigned most, const struct klips *k)
{
	unsigned part = ALL_SLOTS / k->n_workers;

	return part > most ? most : part < LEAST_SLOTS ? LEAST_SLOTS : part;
}

struct klips_worker *worker_new(struct klips *k, unsigned index)
{
	struct klips_worker *w = calloc(1, sizeof *w);
	unsigned i;

	if (w == NULL)
		return NULL;
	w->k = k;
	w->index = index;
	w->batch_most = share(PKT_BATCH, k);
	w->joined_most = share(PKT_JOINED, k);
	pthread_mutex_init(&w->mutex, NULL);
	w->comp = ipcomp_new();
	w->firsts = firsts_new(k->n_workers);
	w->buffers = malloc((size_t)PKT_BUF * (PKT_BATCH + 1 + PKT_JOINED));
	w->epfd = epoll_create1(EPOLL_CLOEXEC);
	w->wake = (struct klips_source){ .ready = wake_ready, .owner = w };
	w->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->buffers != NULL && w->comp != NULL && w->firsts != NULL && w->epfd >= 0 && w->wake.fd >= 0
		&& worker_watch(w, &w->wake) == MS_OK) {
		for (i = 0; i < PKT_BATCH; i++)
			w->pkts[i].own = w->buffers + (size_t)i * PKT_BUF;
		w->super.own = w->buffers + (size_t)i * PKT_BUF;
		for (i = 0; i < PKT_JOINED; i++)
			w->joined[i].own = w->super.own + (size_t)(i + 1) * PKT_BUF;
		return w;
	}
	worker_free(&w);
	return NULL;
}

void worker_free(struct klips_worker **wp)
{
	struct klips_worker *w = *wp;
	struct held *h;
	uint64_t one = 1;

	if (w == NULL)
		return;
	if (w->started) {
		shared_set(w->stop, true);
		if (write(w->wake.fd, &one, sizeof one) == (ssize_t)sizeof one)
			pthread_join(w->thread, NULL);
	}
	while ((h = w->inject) != NULL) {
		w->inject = h->next;
		free(h);
	}
	if (w->wake.fd >= 0)
		close(w->wake.fd);
	if (w->epfd >= 0)
		close(w->epfd);
	free(w->buffers);
	ipcomp_free(&w->comp);
	firsts_free(&w->firsts);
	pthread_mutex_destroy(&w->mutex);
	ms_wipe(w, sizeof *w);
	free(w);
	*wp = NULL;
}

ms_err worker_watch(struct klips_worker *w, struct klips_source *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };

	return epoll_ctl(w->epfd, EPOLL_CTL_ADD, s->fd, &ev) == 0 ? MS_OK : MS_ERR_SYSTEM;
}

void worker_unwatch(struct klips_worker *w, struct klips_source *s)
{
	struct epoll_event none = { .events = 0 };

	if (s->fd >= 0)
		epoll_ctl(w->epfd, EPOLL_CTL_DEL, s->fd, &none);
}

void worker_inject(struct klips_worker *w, struct held *list)
{
	uint64_t one = 1;
	struct held **at;

	pthread_mutex_lock(&w->mutex);
	for (at = &w->inject; *at != NULL; at = &(*at)->next)
		continue;
	*at = list;
	pthread_mutex_unlock(&w->mutex);
	if (write(w->wake.fd, &one, sizeof one) < 0)
		return; /* its counter is full: it will wake anyhow */
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Queues bounded by time: the rule against modelled queues, then a socket that is read too slowly. */
#include "klips/encap.h"
#include "klips/io.h"
#include "klips/queue_age.h"
#include "klips/rig.h"


#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>
#include <cmocka.h>

enum { LEAST = 32, MOST = 10000, MS = 1000000, BATCH = 64 };

static const struct queue_bounds limits = { LEAST, MOST };

/* A queue whose entries come evenly and are read in batches, as fast as the reader can. */
struct model {
	struct queue_age age;
	uint64_t now, queued, dropped, read;
	double come;   /* not yet whole */
	uint32_t bound;
	bool told;     /* entries say how old they are */
};

/* arrive, serve: entries a second.  Ends after `ms`; the queue's delay then, ns. */
static uint64_t play(struct model *m, double arrive, double serve, unsigned ms)
{
	uint64_t end = m->now + (uint64_t)ms * MS, step = (uint64_t)(BATCH * 1e9 / serve);

	while (m->now < end) {
		uint64_t n = m->queued < BATCH ? m->queued : BATCH, age;

		/* who is behind as many entries as were there has waited for them to come */
		age = (uint64_t)((double)m->queued * 1e9 / serve);
		if (n > 0)
			m->bound = queue_age_look(&m->age, m->now, m->told		 ? age
					: m->queued > n ? QUEUE_AGE_UNKNOWN
							: 0,
				(unsigned)n, m->bound, &limits);
		m->queued -= n;
		m->read += n;
		m->now += step;
		m->come += arrive * (double)step / 1e9;
		m->queued += (uint64_t)m->come;
		m->come -= (double)(uint64_t)m->come;
		if (m->queued > m->bound) {
			m->dropped += m->queued - m->bound;
			m->queued = m->bound;
		}
	}
	return (uint64_t)((double)m->queued * 1e9 / serve);
}

static void overload(bool told)
{
	struct model m = { .now = 1, .bound = MOST, .told = told };
	uint64_t delay;

	/* at half its capacity nothing changes */
	assert_true(play(&m, 50000, 100000, 1000) < QUEUE_TARGET_NS);
	assert_int_equal(m.bound, MOST);
	assert_int_equal(m.dropped, 0);
	/* at twice it the full queue would delay by 100 ms */
	delay = play(&m, 200000, 100000, 2000);
	assert_in_range(delay, 1 * MS, 8 * MS);
	assert_in_range(m.bound, 100, 800);
	/* and nothing is lost of what can be done */
	m.read = 0;
	delay = play(&m, 200000, 100000, 1000);
	assert_in_range(m.read, 99000, 101000);
	assert_in_range(delay, 1 * MS, 8 * MS);
	/* a reader that becomes ten times slower has the shorter queue, too */
	delay = play(&m, 200000, 10000, 3000);
	assert_in_range(delay, 1 * MS, 20 * MS); /* it is the least that counts: batches of 6 ms */
	/* when the flood ends the room comes back */
	play(&m, 5000, 100000, 5000);
	assert_int_equal(m.bound, MOST);
}

static void test_told(void **state)
{
	(void)state;
	overload(true);
}

static void test_untold(void **state)
{
	(void)state;
	overload(false);
}

/* Bursts of 50 ms that fill the queue, and time to read it. */
static void test_bursts(void **state)
{
	struct model m = { .now = 1, .bound = MOST, .told = true };
	unsigned i;

	(void)state;
	for (i = 0; i < 20; i++) {
		play(&m, 180000, 100000, 50);
		play(&m, 10000, 100000, 150);
	}
	assert_int_equal(m.bound, MOST);
	assert_int_equal(m.dropped, 0);
}

/* A clock that is set, and sources that are seldom read, prove nothing. */
static void test_nothing_known(void **state)
{
	struct queue_age age = { 0 };
	uint64_t now = 1;
	unsigned i;

	(void)state;
	for (i = 0; i < 50; i++, now += 1000ull * MS)
		assert_int_equal(queue_age_look(&age, now, 50 * MS, 1, MOST, &limits), MOST);
	for (i = 0; i < 50; i++, now -= 30 * MS)
		assert_int_equal(queue_age_look(&age, now, 50 * MS, 1, MOST, &limits), MOST);
	/* the least stays the least */
	for (i = 0; i < 50; i++, now += 101 * MS)
		assert_in_range(queue_age_look(&age, now, 900 * MS, 1, LEAST, &limits), LEAST, LEAST * 2);
}

/* --- a socket ------------------------------------------------------------------------------- */

struct line {
	struct rig rig;
	struct encap *e;
	int from;
};

static void pause_ms(unsigned ms)
{
	struct timespec t = { 0, (long)ms * MS };

	nanosleep(&t, NULL);
}

static int bound_of(int fd)
{
	int octets = 0;
	socklen_t len = sizeof octets;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, &len), 0);
	return octets;
}

static int setup(void **state)
{
	struct line *l = calloc(1, sizeof *l);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;

	assert_non_null(l);
	rig_new(&l->rig);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	socket_age_start(fd);
	l->e = calloc(1, sizeof *l->e + sizeof l->e->sources[0]);
	assert_non_null(l->e);
	l->e->n = 1;
	l->e->sources[0] = (struct klips_source){ .ready = udp_ready, .fd = fd, .owner = l->e };
	l->from = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(l->from, (struct sockaddr *)&a, sizeof a), 0);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct line *l = *state;

	close(l->e->sources[0].fd);
	close(l->from);
	rig_free(&l->rig);
	free(l->e);
	free(l);
	return 0;
}

static void test_socket(void **state)
{
	static const uint8_t nobodys[20] = { 9, 9, 9, 9 };
	struct line *l = *state;
	uint8_t taken[64];
	struct klips_worker *w = l->rig.w;
	struct klips_source *s = &l->e->sources[0];
	int first = bound_of(s->fd), then;
	unsigned i;

	if (first < 8 << 20)
		skip(); /* only root may have such sockets */
	/* what finds no room is not read, but counted */
	assert_true(socket_overflows(s->fd) == 0);
	for (i = 0; i < 200000 && socket_overflows(s->fd) == 0; i++)
		assert_true(send(l->from, nobodys, sizeof nobodys, 0) == sizeof nobodys);
	assert_true(socket_overflows(s->fd) >= 1);
	for (i = 0; i < 200000 && recv(s->fd, taken, sizeof taken, MSG_DONTWAIT) > 0; i++)
		continue;
	/* each is read 12 ms after it came, at the earliest */
	for (i = 0; i < 60; i++) {
		assert_int_equal(send(l->from, nobodys, sizeof nobodys, 0), sizeof nobodys);
		pause_ms(12);
		udp_ready(w, s);
	}
	assert_int_equal(w->counters.n[KC_IN_NO_SA], 60);
	assert_true(w->counters.n[KC_QUEUE_SHORTER] >= 1);
	then = bound_of(s->fd);
	assert_true(then < first);
	/* at once: it grows, even if this test has to wait for the processor now and then */
	for (i = 0; i < 4000 && bound_of(s->fd) <= then; i++) {
		assert_int_equal(send(l->from, nobodys, sizeof nobodys, 0), sizeof nobodys);
		udp_ready(w, s);
		pause_ms(2);
	}
	assert_true(bound_of(s->fd) > then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test_setup_teardown(test_socket, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

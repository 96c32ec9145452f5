/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole klips whose wall clock is set, forth and back, while SAs, holds and larval SAs grow old: each
 * thing ends in the second in which it ends without that, and the clock is not even read.
 *
 * This program has its own clock_gettime(), time() and gettimeofday(), which stand before the system's
 * for all libraries: clocks stand still but for what the test says.
 */
#include "klips/hold.h"
#include "klips/klips.h"
#include "klips/note.h"
#include "klips/pfkey_make.h"
#include "klips/queue_age.h"
#include "klips/worker.h"

#include "lib/log/sink.h"
#include "lib/loop/loop.h"

#include <modswan/registry.h>
#include <modswan/unix.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define PLUGINS "src/plugins/crypto-openssl/.libs"

enum { SECONDS = 330, TURNS = 6, LOG = 4096, STEP_AT = 7 };

/* --- the clocks ------------------------------------------------------------------------------- */

static int64_t passed_ns = 1000 * SECOND, set_ns = 1700000000 * SECOND; /* atomic */
static unsigned wall_reads;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ns = __atomic_load_n(&passed_ns, __ATOMIC_RELAXED);

	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		__atomic_fetch_add(&wall_reads, 1, __ATOMIC_RELAXED);
		ns += __atomic_load_n(&set_ns, __ATOMIC_RELAXED);
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		break;
	default:
		return (int)syscall(SYS_clock_gettime, id, ts);
	}
	ts->tv_sec = (time_t)(ns / SECOND);
	ts->tv_nsec = (long)(ns % SECOND);
	return 0;
}

time_t time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){ ts.tv_sec, (suseconds_t)(ts.tv_nsec / 1000) };
	return 0;
}

static void pass(int64_t ns)
{
	__atomic_fetch_add(&passed_ns, ns, __ATOMIC_RELAXED);
}

static void set_wall(int64_t ns)
{
	__atomic_fetch_add(&set_ns, ns, __ATOMIC_RELAXED);
}

/* --- one klips -------------------------------------------------------------------------------- */

static char plugins[4096], dir[] = "/tmp/klips-clock-XXXXXX";
static struct klips *k;
static int fd;
static uint8_t buf[MS_PFKEY_MAX_OCTETS];
static char told[LOG]; /* what was heard or seen, and when */
static size_t used;

static void note(unsigned second, const char *what, uint32_t spi)
{
	used += (size_t)snprintf(told + used, LOG - used, "%u:%s:%x ", second, what, spi);
	assert_true(used < LOG);
}

static void turn(void)
{
	unsigned i;

	for (i = 0; i < TURNS; i++)
		ms_loop_turn(k->loop, false);
}

static bool hear(struct ms_pfkey_msg *m)
{
	ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

	if (n > 0)
		assert_int_equal(ms_pfkey_parse(m, buf, (size_t)n, MS_PFKEY_UP, NULL), MS_OK);
	return n > 0;
}

/* The answer. */
static struct ms_pfkey_msg say(struct ms_pfkey_msg m)
{
	struct ms_pfkey_msg answer;
	uint8_t out[2048];
	size_t len;

	assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, out, sizeof out, &len, NULL), MS_OK);
	assert_int_equal(ms_unix_send(fd, out, len, -1), MS_OK);
	turn();
	do
		assert_true(hear(&answer));
	while (answer.type != m.type);
	return answer;
}

static uint8_t add(uint32_t spi, unsigned soft_s, unsigned hard_s)
{
	struct ms_pfkey_msg m = pfkey_make_named("ADD ESP");

	m.sa.spi = spi;
	memset(m.life, 0, sizeof m.life);
	m.life[MS_PFKEY_LIFE_SOFT].addtime = soft_s;
	m.life[MS_PFKEY_LIFE_HARD].addtime = hard_s;
	return say(m).err;
}

static union flow_words flow;

static bool held(void)
{
	struct eroute *er;
	bool yes;

	control_enter();
	er = eroute_find(k->eroutes, &flow);
	yes = er != NULL && er->shunt == MS_SHUNT_HOLD;
	control_leave();
	return yes;
}

/* A packet meets a trap. */
static void begin_hold(void)
{
	struct ms_pfkey_msg m = pfkey_make_named("X_ADDFLOW");
	struct note n = { .kind = NOTE_TRAP };
	static const uint8_t packet[40];

	m.satype = MS_PFKEY_SATYPE_INT;
	m.sa.spi = MS_SPI_TRAP;
	assert_int_equal(say(m).err, 0);
	memset(&flow, 0, sizeof flow);
	flow.flow = (struct flow){ .family = AF_INET, .src = { 10, 1, 0, 5 }, .dst = { 10, 2, 0, 6 } };
	n.flow = flow;
	n.held = held_new(packet, sizeof packet, NULL);
	control_enter();
	hold_trap(k->holds, &n);
	free(n.held);
	control_leave();
	assert_true(held());
}

static void begin(void)
{
	const struct options o = { .rundir = dir, .confdir = dir, .plugindir = plugins, .workers = 1,
		.no_eroute = MS_SHUNT_DROP };
	struct ms_why why = { "" };
	char path[64];

	ms_log_to_stderr(MS_LOG_ERROR, MS_LOG_PLAIN, false);
	if (klips_new(&k, &o, &why) != MS_OK)
		fail_msg("%s", why.text);
	snprintf(path, sizeof path, "%s/klips.sock", dir);
	assert_int_equal(ms_unix_connect(&fd, path, SOCK_SEQPACKET, &why), MS_OK);
	turn();
	assert_int_equal(say(pfkey_make_named("REGISTER")).err, 0);
}

static void end(void)
{
	close(fd);
	/* its plugin goes with klips */
	ms_crypto_unregister("openssl");
	klips_free(&k);
}

/* --- growing old ------------------------------------------------------------------------------ */

static bool there(uint32_t spi)
{
	struct ms_pfkey_msg m = pfkey_make_named("GET");

	m.sa.spi = spi;
	return say(m).err == 0;
}

static void second(unsigned s)
{
	struct ms_pfkey_msg m;

	pass(SECOND);
	turn();
	while (hear(&m)) {
		if (m.type == MS_PFKEY_EXPIRE)
			note(s, (m.has & MS_PFKEY_BIT(LIFETIME_HARD)) != 0 ? "hard" : "soft", m.sa.spi);
		if (m.type == MS_PFKEY_ACQUIRE)
			note(s, "asked", 0);
	}
}

/* Steps: of the wall clock, after some seconds and after as many again. */
static void grow_old(int64_t step, int64_t step2)
{
	struct ms_pfkey_msg m = pfkey_make_named("GETSPI");
	bool was_held = true, was_larval = true;
	uint64_t born;
	unsigned s;

	used = 0;
	begin();
	assert_int_equal(add(0x5001, 10, 30), 0);
	assert_int_equal(add(0x5002, 0, 200), 0);
	assert_int_equal(add(0x5003, 0, 0), 0);
	m.range.min = m.range.max = 0x6000;
	assert_int_equal(say(m).err, 0);
	begin_hold();
	m = pfkey_make_named("GET");
	m.sa.spi = 0x5003;
	born = say(m).life[MS_PFKEY_LIFE_CURRENT].addtime;
	__atomic_store_n(&wall_reads, 0, __ATOMIC_RELAXED);
	for (s = 1; s <= SECONDS; s++) {
		if (s == STEP_AT || s == 2 * STEP_AT)
			set_wall(s == STEP_AT ? step : step2);
		second(s);
		if (was_held && !(was_held = held()))
			note(s, "let go", 0);
		if (was_larval && !(was_larval = there(0x6000)))
			note(s, "larval gone", 0x6000);
	}
	assert_true(there(0x5003));
	assert_int_equal(say(m).life[MS_PFKEY_LIFE_CURRENT].addtime, born);
	/* neither decides on it nor looks at it */
	assert_int_equal(__atomic_load_n(&wall_reads, __ATOMIC_RELAXED), 0);
	end();
}

static void test_steps(void **state)
{
	static const int64_t steps[][2] = { { 1, 0 }, { -1, 0 }, { 86400, 0 }, { -86400, 0 },
		{ 3600, -7200 }, { -3600, 7200 }, { -1699990000, 0 }, { 2000000000, 0 } };
	char plain[LOG];
	unsigned i;

	(void)state;
	grow_old(0, 0);
	memcpy(plain, told, sizeof plain);
	/* limits are passed by more than they say */
	assert_non_null(strstr(plain, "11:soft:5001 "));
	assert_non_null(strstr(plain, "31:hard:5001 "));
	assert_non_null(strstr(plain, "60:let go:0 "));
	assert_non_null(strstr(plain, "201:hard:5002 "));
	assert_non_null(strstr(plain, "301:larval gone:6000 "));
	assert_non_null(strstr(plain, ":asked:0 "));
	for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		grow_old(steps[i][0] * SECOND, steps[i][1] * SECOND);
		assert_string_equal(told, plain);
	}
}

/* --- queues ----------------------------------------------------------------------------------- */

/* The first of a batch came at `then` by the wall clock. */
static void look(struct klips_worker *w, struct klips_source *s, int64_t then)
{
	char control[CMSG_SPACE(sizeof(struct timespec))] = { 0 };
	struct timespec ts = { .tv_sec = (time_t)(then / SECOND), .tv_nsec = (long)(then % SECOND) };
	struct msghdr h = { .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_TIMESTAMPNS;
	c->cmsg_len = CMSG_LEN(sizeof ts);
	memcpy(CMSG_DATA(c), &ts, sizeof ts);
	socket_age_look(w, s, &h);
}

/* n batches, 10 ms after each other, each of which waited wait_ms. */
static void read_on(struct klips_worker *w, struct klips_source *s, unsigned n, unsigned wait_ms, int64_t late)
{
	for (; n > 0; n--) {
		pass(SECOND / 100);
		look(w, s, passed_ns + set_ns - wait_ms * (SECOND / 1000) + late);
	}
}

/* A clock that is set does not make a socket shorter; packets that wait too long still do. */
static void test_queue(void **state)
{
	static const int64_t steps[] = { 128, 200, 1000, 3600000, -128, -3600000 };
	struct klips_worker *w = calloc(1, sizeof *w);
	struct klips none = { .n_workers = 0 };
	unsigned i;

	(void)state;
	assert_non_null(w);
	w->k = &none;
	for (i = 0; i < 10 * sizeof steps / sizeof steps[0]; i++) {
		struct klips_source s = { .fd = socket(AF_INET, SOCK_DGRAM, 0) };
		int64_t step = steps[i / 10] * (SECOND / 1000);

		/* the step comes anywhere in an interval */
		read_on(w, &s, 50 + i % 10, 1, 0);
		set_wall(step);
		/* one that came before, by the clock as it was */
		read_on(w, &s, 1, 1, -step);
		read_on(w, &s, 50, 1, 0);
		assert_int_equal(s.age.bound, 0);
		assert_int_equal(w->counters.n[KC_QUEUE_SHORTER], 0);
		/* only who may have sockets of this size sees them become shorter */
		if (geteuid() == 0) {
			read_on(w, &s, 50, 60, 0);
			assert_int_not_equal(s.age.bound, 0);
			w->counters.n[KC_QUEUE_SHORTER] = 0;
		}
		close(s.fd);
	}
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_steps),
	};
	int failed;

	if (access(PLUGINS "/crypto-openssl.so", R_OK) < 0 || realpath(PLUGINS, plugins) == NULL
		|| mkdtemp(dir) == NULL)
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}

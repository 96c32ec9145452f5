/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What half-open IKE SAs cost: strangers make them for one datagram each.  As many as a responder
 * takes by default are made, from as many addresses; from half of them on each has to show a cookie.
 */
#include "core/sim/tape_test.h"

#include <malloc.h>
#include <time.h>

#define MANY     50000 /* max_half_open */
#define FREE     25000 /* cookie_threshold */
#define LIFE_MS  30000 /* half_open_ms */
#define PER_MS   10
#define FILL_MS  (MANY / PER_MS)
#define SPI_AT   0
#define SOME     500 /* index tables are small then */

/* Each, at most: the IKE SA, its keys, both messages, and the answer for who asks again. */
#define X25519_OCTETS   2700
#define MODP2048_OCTETS 3900

struct flood {
	struct pair p;
	struct record first; /* a request */
	struct chain chain;  /* its payloads, with room for a cookie before them */
	struct record answer;
	unsigned answers, datagrams;
};

static void keep_last(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct flood *f = arg;
	struct record *r = p->from == f->p.east ? &f->answer : &f->first;

	f->datagrams++;
	f->answers += p->from == f->p.east;
	r->src = p->src;
	r->dst = p->dst;
	r->len = p->len;
	assert_true(p->len <= sizeof(r->octets));
	memcpy(r->octets, p->octets, p->len);
	fate->lose = true;
}

/* West is one of all that east would talk to. */
static void flood_begin(struct flood *f, const char *ike)
{
	const struct ike_params params = { .cookies = MS_AUTO }; /* as the daemon's */
	struct sim_words w = tunnel, e = tunnel;

	w.ike = e.ike = ike;
	e.left = "%any";
	memset(f, 0, sizeof(*f));
	f->p = pair_of(&w, &e, &params);
	f->p.sim->network = keep_last;
	f->p.sim->network_arg = f;
	pair_initiate(&f->p);
	sim_run(f->p.sim, 100);
	assert_true(f->first.len > 0);
	assert_int_equal(f->answers, 0);
	f->p.west->down = true;
	chain_of_record(&f->first, &f->chain);
	memmove(&f->chain.types[1], &f->chain.types[0], f->chain.n);
	memmove(&f->chain.bodies[1], &f->chain.bodies[0], f->chain.n * sizeof(f->chain.bodies[0]));
	f->chain.types[0] = IKE_P_NOTIFY;
	f->chain.n++;
}

/* The i-th stranger's request. */
static void ask(struct flood *f, uint32_t i)
{
	f->first.src.addr = ms_addr_v4(0x0a000001 + i);
	memcpy(f->first.octets + SPI_AT, &i, sizeof(i));
	f->first.octets[SPI_AT + 7] = 0xfe;
	say(&f->p, &f->first, f->first.octets, f->first.len);
}

/* And again, with the cookie that it was answered with. */
static void ask_with_cookie(struct flood *f, uint32_t i)
{
	struct chain answer;

	ask(f, i);
	chain_of_record(&f->answer, &answer);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.types[0], IKE_P_NOTIFY);
	f->chain.bodies[0] = answer.bodies[0];
	say_clear(&f->p, &f->first, &f->chain);
}

/* --- work --- */

struct probes {
	uint32_t members, longest;
	uint64_t all; /* steps that finding each of the members takes, together */
};

static void count_chain(struct probes *s, const struct ike_node *n)
{
	uint32_t len = 0;

	for (; n; n = n->next)
		s->all += ++len;
	s->members += len;
	if (len > s->longest)
		s->longest = len;
}

/* Finding one costs a step or two, however many there are. */
static void assert_quick(const struct ike_table *t, uint32_t members)
{
	struct probes s = { 0 };

	for (uint32_t i = 0; i <= t->mask; i++)
		count_chain(&s, t->slots[i]);
	for (uint32_t i = t->moved; t->old && i <= t->old_mask; i++)
		count_chain(&s, t->old[i]);
	assert_int_equal(s.members, members);
	assert_true(s.all <= 2 * (uint64_t)members);
	assert_true(s.longest <= 12);
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void fill(struct flood *f)
{
	struct ike_engine *e = f->p.east->ike;
	double at[3] = { cpu_us() };

	for (uint32_t i = 0; i < MANY; i++) {
		unsigned before = f->datagrams;

		if (i < FREE)
			ask(f, i);
		else
			ask_with_cookie(f, i);
		/* Nobody else hears of it, and a cookie costs no key exchange. */
		assert_int_equal(f->datagrams - before, i < FREE ? 1 : 2);
		assert_int_equal(f->p.east->jobs, i + 1);
		assert_int_equal(ike_half_open(e), i + 1);
		if (i % PER_MS == PER_MS - 1)
			sim_run(f->p.sim, 1);
		if (i == 999 || i == MANY - 1) {
			assert_quick(&e->by_spi, i + 1);
			assert_quick(&e->by_init, i + 1);
			assert_quick(&e->by_serial, i + 1);
			assert_int_equal(e->heap.n, i + 1); /* a timer each */
		}
		if (i == FREE / 2 || i == FREE - 1)
			at[i == FREE / 2 ? 1 : 2] = cpu_us();
	}
	assert_int_equal(f->answers, FREE + 2 * (MANY - FREE));
	assert_int_equal(ike_counter(e, IKE_C_COOKIES_SENT), MANY - FREE);
	printf("%.0f us each to %d, %.0f us to %d, %.0f us with cookies to %d\n",
		(at[1] - at[0]) / (FREE / 2.), FREE / 2, (at[2] - at[1]) / (FREE / 2.), FREE,
		(cpu_us() - at[2]) / (MANY - FREE), MANY);
}

/* One more has no place, be its cookie as good as it may. */
static void assert_full(struct flood *f)
{
	struct ike_engine *e = f->p.east->ike;
	uint64_t dropped = ike_counter(e, IKE_C_DROP_HALF_OPEN);
	unsigned jobs = f->p.east->jobs, answers = f->answers;

	ask_with_cookie(f, MANY);
	assert_int_equal(ike_counter(e, IKE_C_DROP_HALF_OPEN), dropped + 1);
	assert_int_equal(ike_half_open(e), MANY);
	assert_int_equal(sim_states(f->p.east), MANY);
	assert_int_equal(f->p.east->jobs, jobs);
	assert_int_equal(f->answers, answers + 1); /* the cookie */
	/* Those that are in are known still: the first one's request gets its answer once more. */
	f->answer.len = 0;
	ask(f, 0);
	assert_int_equal(ike_counter(e, IKE_C_ANSWERED_AGAIN), 1);
	e->counters[IKE_C_ANSWERED_AGAIN] = 0;
	assert_true(f->answer.len > 200);
}

/* All of them go by themselves, the oldest first, and when their time is over. */
static void drain(struct flood *f)
{
	struct ike_engine *e = f->p.east->ike;
	unsigned datagrams = f->datagrams;

	sim_run(f->p.sim, LIFE_MS - FILL_MS - 1);
	assert_int_equal(ike_half_open(e), MANY);
	sim_run(f->p.sim, FILL_MS / 2);
	assert_in_range(ike_half_open(e), MANY / 2 - 2 * PER_MS, MANY / 2 + 2 * PER_MS);
	sim_run(f->p.sim, FILL_MS / 2 + 1);
	assert_int_equal(ike_half_open(e), 0);
	assert_int_equal(sim_states(f->p.east), 0);
	assert_int_equal(e->heap.n, 0);
	assert_int_equal(f->datagrams, datagrams);
}

/* --- memory --- */

static size_t table_octets(const struct ike_table *t)
{
	return ((size_t)t->mask + 1 + (t->old ? (size_t)t->old_mask + 1 : 0)) * sizeof(t->slots[0]);
}

/* What does not get smaller. */
static size_t index_octets(const struct ike_engine *e)
{
	return table_octets(&e->by_spi) + table_octets(&e->by_init) + table_octets(&e->by_serial) +
	       e->heap.cap * sizeof(e->heap.v[0]);
}

static void test_flood(void **state)
{
	struct flood f;
	size_t empty, full;

	(void)state;
	flood_begin(&f, "aes_gcm128-sha2_256-x25519");
	empty = mallinfo2().uordblks;
	fill(&f);
	full = mallinfo2().uordblks;
	printf("half-open IKE SA: %zu octets, indexes too\n", (full - empty) / MANY);
	/* a sanitizer's allocator tells nothing */
	assert_true((full - empty) / MANY <= X25519_OCTETS);
	assert_full(&f);
	drain(&f);
	assert_true(mallinfo2().uordblks <= empty + index_octets(f.p.east->ike) + 16384);
	pair_free(&f.p);
}

/* Where the values of the key exchange are long, they are what it keeps. */
static void test_long_values(void **state)
{
	struct flood f;
	size_t empty, each;

	(void)state;
	flood_begin(&f, "aes_gcm128-sha2_256-modp2048");
	empty = mallinfo2().uordblks;
	for (uint32_t i = 0; i < SOME; i++)
		ask(&f, i);
	each = (mallinfo2().uordblks - empty) / SOME;
	assert_int_equal(ike_half_open(f.p.east->ike), SOME);
	printf("half-open IKE SA, modp2048: %zu octets\n", each);
	assert_true(each <= MODP2048_OCTETS);
	pair_free(&f.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_long_values),
	};

	return cmocka_run_group_tests_name("half-open", tests, sim_test_setup, sim_test_teardown);
}

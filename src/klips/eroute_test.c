/* SPDX-License-Identifier: Apache-2.0 */
/* The table against a list that is searched from end to end. */
#include "klips/eroute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 400 };

static uint64_t prng = 0x853c49e6748fea9bu;

static uint32_t rnd(void)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (uint32_t)(prng >> 20);
}

struct row {
	union flow_words key;
	struct flow_mask mask;
	uint32_t id;
	bool live;
};

/* Few different values, so that keys overlap and meet. */
static void rnd_flow(struct flow *f)
{
	unsigned i;

	memset(f, 0, sizeof *f);
	f->family = rnd() % 3 == 0 ? AF_INET6 : AF_INET;
	for (i = 0; i < (f->family == AF_INET ? 4 : 16); i++) {
		f->src[i] = (uint8_t)(rnd() % 3 << 6);
		f->dst[i] = (uint8_t)(rnd() % 3 << 6);
	}
	f->proto = rnd() % 2 == 0 ? 6 : 17;
	f->sport = (uint16_t)(rnd() % 3 << 14);
	f->dport = (uint16_t)(rnd() % 3);
}

static void rnd_mask(const struct flow *f, struct flow_mask *m)
{
	unsigned bits = f->family == AF_INET ? 32 : 128;

	memset(m, 0, sizeof *m);
	m->family = f->family;
	m->src = (uint8_t)(rnd() % 4 == 0 ? bits : rnd() % 12);
	m->dst = (uint8_t)(rnd() % 4 == 0 ? bits : rnd() % 12);
	m->proto = rnd() % 3 == 0 ? 8 : 0;
	m->sport = (uint8_t)(rnd() % 3 == 0 ? rnd() % 17 : 0);
	m->dport = rnd() % 3 == 0 ? 16 : 0;
}

static unsigned rank(const struct flow_mask *m, unsigned i)
{
	const uint8_t order[] = { m->src, m->dst, m->proto, m->sport, m->dport };

	return order[i];
}

static bool more_specific(const struct flow_mask *a, const struct flow_mask *b)
{
	unsigned i;

	for (i = 0; i < 5; i++)
		if (rank(a, i) != rank(b, i))
			return rank(a, i) > rank(b, i);
	return false;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned i;

	for (i = 0; i < bits; i++)
		if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static bool covers(const struct flow *k, const struct flow_mask *m, const struct flow *f)
{
	return k->family == f->family && bits_equal(k->src, f->src, m->src)
		&& bits_equal(k->dst, f->dst, m->dst) && (m->proto == 0 || k->proto == f->proto)
		&& (m->sport == 0 || (k->sport ^ f->sport) >> (16 - m->sport) == 0)
		&& (m->dport == 0 || (k->dport ^ f->dport) >> (16 - m->dport) == 0);
}

static const struct row *naive(const struct row *rows, unsigned n, const struct flow *f)
{
	const struct row *best = NULL;
	unsigned i;

	for (i = 0; i < n; i++)
		if (rows[i].live && covers(&rows[i].key.flow, &rows[i].mask, f)
			&& (best == NULL || more_specific(&rows[i].mask, &best->mask)))
			best = &rows[i];
	return best;
}

static bool count_one(void *arg, struct eroute *er)
{
	(void)er;
	++*(unsigned *)arg;
	return true;
}

/* Of one table. */
static struct eroute_cache cache;

static void check_all(struct eroute_table *t, const struct row *rows, unsigned n)
{
	static union flow_words flows[300];
	static struct eroute *each[300], *batch[300];
	unsigned i, live = 0, seen = 0;

	for (i = 0; i < 300; i++) {
		union flow_words f;
		struct eroute *er;
		const struct row *want;

		rnd_flow(&f.flow);
		want = naive(rows, n, &f.flow);
		er = eroute_find(t, &f);
		flows[i] = f;
		each[i] = er;
		assert_ptr_equal(eroute_find_cached(t, &cache, &f), er);
		assert_ptr_equal(eroute_find_cached(t, &cache, &f), er);
		if (want == NULL) {
			assert_null(er);
			continue;
		}
		assert_non_null(er);
		assert_int_equal(er->said.spi, want->id);
	}
	eroute_find_batch(t, flows, batch, 300);
	assert_memory_equal(batch, each, sizeof each);
	memset(&cache, 0, sizeof cache);
	eroute_cache_warm(t, &cache, flows, 300);
	for (i = 0; i < 300; i++)
		assert_ptr_equal(eroute_find_cached(t, &cache, &flows[i]), each[i]);
	for (i = 0; i < n; i++)
		live += rows[i].live;
	assert_int_equal(eroute_count(t), live);
	eroute_each(t, count_one, &seen);
	assert_int_equal(seen, live);
}

static void one_table(void)
{
	static struct row rows[MANY];
	struct eroute_table *t = eroute_table_new();
	unsigned i, k;

	assert_non_null(t);
	memset(&cache, 0, sizeof cache);
	for (i = 0; i < MANY; i++) {
		struct row *r = &rows[i];
		struct eroute *er, *was;
		struct flow f;
		bool replace = rnd() % 2 == 0;
		ms_err err;

		rnd_flow(&f);
		rnd_mask(&f, &r->mask);
		er = eroute_new(&f, &r->mask);
		er->said.spi = r->id = i;
		r->key = er->key;
		was = eroute_exact(t, &f, &r->mask);
		err = eroute_put(t, er, replace);
		assert_int_equal(err, was != NULL && !replace ? MS_ERR_DUPLICATE : MS_OK);
		r->live = err == MS_OK;
		for (k = 0; k < i && r->live; k++)
			if (flow_eq(&rows[k].key, &r->key) && flow_mask_eq(&rows[k].mask, &r->mask))
				rows[k].live = false;
		if (!r->live)
			eroute_free(&er);
		k = rnd() % (i + 1);
		if (rnd() % 4 == 0 && rows[k].live) {
			was = eroute_exact(t, &rows[k].key.flow, &rows[k].mask);
			assert_non_null(was);
			eroute_remove(t, was);
			rows[k].live = false;
		}
		if (i % 20 == 19)
			check_all(t, rows, i + 1);
	}
	eroute_clear(t);
	assert_int_equal(eroute_count(t), 0);
	eroute_table_free(&t);
	assert_null(t);
}

static void test_against_model(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 25; i++)
		one_table();
}

static void test_counts_survive_replacement(void **state)
{
	struct eroute_table *t = eroute_table_new();
	struct flow f = { .family = AF_INET, .src = { 10, 1 }, .dst = { 10, 2 } };
	struct flow_mask m = { AF_INET, 16, 16, 0, 0, 0 };
	struct eroute *er = eroute_new(&f, &m);

	(void)state;
	assert_int_equal(eroute_put(t, er, false), MS_OK);
	er->packets = 17;
	er = eroute_new(&f, &m);
	assert_int_equal(eroute_put(t, er, true), MS_OK);
	assert_int_equal(eroute_exact(t, &f, &m)->packets, 17);
	assert_int_equal(eroute_count(t), 1);
	eroute_table_free(&t);
}

/* Every change makes the cache forget, also that there was nothing. */
static void test_cache(void **state)
{
	struct eroute_table *t = eroute_table_new();
	union flow_words f = { .flow = { .family = AF_INET, .src = { 10 }, .dst = { 11 } } };
	struct flow_mask wide = { AF_INET, 8, 8, 0, 0, 0 }, narrow = { AF_INET, 32, 8, 0, 0, 0 };
	struct eroute *a = eroute_new(&f.flow, &wide), *b = eroute_new(&f.flow, &narrow), *c;

	(void)state;
	memset(&cache, 0, sizeof cache);
	assert_null(eroute_find_cached(t, &cache, &f));
	assert_int_equal(eroute_put(t, a, false), MS_OK);
	assert_ptr_equal(eroute_find_cached(t, &cache, &f), a);
	assert_int_equal(eroute_put(t, b, false), MS_OK);
	assert_ptr_equal(eroute_find_cached(t, &cache, &f), b);
	c = eroute_clone(b);
	assert_int_equal(eroute_put(t, c, true), MS_OK);
	assert_ptr_equal(eroute_find_cached(t, &cache, &f), c);
	eroute_remove(t, c);
	assert_ptr_equal(eroute_find_cached(t, &cache, &f), a);
	eroute_clear(t);
	assert_null(eroute_find_cached(t, &cache, &f));
	eroute_table_free(&t);
}

static void test_covers(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct flow a, b;
		struct flow_mask am, bm;
		struct eroute *ea, *eb;
		bool want;

		rnd_flow(&a);
		rnd_flow(&b);
		rnd_mask(&a, &am);
		rnd_mask(&b, &bm);
		ea = eroute_new(&a, &am);
		eb = eroute_new(&b, &bm);
		want = covers(&ea->key.flow, &am, &eb->key.flow) && am.src <= bm.src
			&& am.dst <= bm.dst && am.proto <= bm.proto && am.sport <= bm.sport
			&& am.dport <= bm.dport;
		assert_int_equal(flow_covers(&ea->key.flow, &am, &eb->key.flow, &bm), want);
		eroute_free(&ea);
		eroute_free(&eb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_counts_survive_replacement),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_covers),
	};
	int failed;

	rcu_register_thread();
	flow_hash_key[0] = 0x0123456789abcdefu;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Against a plain list of what should be in it, with hashes that collide; and under readers that must
 * always find what is never taken out. */
#include "klips/hashtable.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ITEMS = 3000, CHANGES = 60000, KEPT = 500, READERS = 2, ROUNDS = 30000 };

struct item {
	uint64_t key;
	bool in;
};

static uint64_t prng = 88172645463325252u;

static uint32_t rnd(void)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (uint32_t)(prng >> 24);
}

static bool match(const void *item, const void *key)
{
	return ((const struct item *)item)->key == *(const uint64_t *)key;
}

/* Few values: runs are long, and many items have one hash. */
static uint64_t poor_hash(uint64_t key)
{
	return key % 97 * 16;
}

static uint64_t good_hash(uint64_t key)
{
	return (key + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void against_model(uint64_t (*hash)(uint64_t key), unsigned items)
{
	struct item *all = calloc(items, sizeof *all), *twin = calloc(items, sizeof *twin);
	struct hashtable t;
	unsigned i, n = 0;

	assert_true(all != NULL && twin != NULL);
	assert_int_equal(hashtable_init(&t), MS_OK);
	for (i = 0; i < items; i++)
		all[i].key = twin[i].key = i;
	for (i = 0; i < CHANGES; i++) {
		/* grows, shrinks, grows */
		unsigned k = rnd() % items, bias = i / (CHANGES / 4) % 2 == 0 ? 3 : 1;
		uint64_t h = hash(k);

		if (!all[k].in && !twin[k].in && rnd() % 4 < bias) {
			assert_int_equal(hashtable_add(&t, h, &all[k]), MS_OK);
			all[k].in = true;
			n++;
		} else if (all[k].in && rnd() % 3 == 0) {
			hashtable_replace(&t, h, &all[k], &twin[k]);
			all[k].in = false;
			twin[k].in = true;
		} else if ((all[k].in || twin[k].in) && rnd() % 4 >= bias) {
			assert_true(hashtable_remove(&t, h, all[k].in ? &all[k] : &twin[k]));
			assert_false(hashtable_remove(&t, h, all[k].in ? &all[k] : &twin[k]));
			all[k].in = twin[k].in = false;
			n--;
		}
		assert_int_equal(t.n, n);
		assert_true(t.used >= t.n && t.used <= t.array->mask);
		k = rnd() % items;
		h = k;
		assert_ptr_equal(hashtable_find(&t, hash(k), match, &h),
			all[k].in ? &all[k] : twin[k].in ? &twin[k] : NULL);
		assert_int_equal(hashtable_guess(&t, hash(k)) != NULL || !(all[k].in || twin[k].in),
			true);
	}
	for (i = 0; i < items; i++)
		if (all[i].in || twin[i].in)
			assert_true(hashtable_remove(&t, hash(i), all[i].in ? &all[i] : &twin[i]));
	assert_int_equal(t.n, 0);
	assert_true(t.array->mask < 256);
	rcu_barrier();
	hashtable_done(&t);
	free(all);
	free(twin);
}

static void test_model(void **state)
{
	(void)state;
	against_model(good_hash, ITEMS);
	against_model(poor_hash, 300);
}

static struct hashtable shared;
static struct item kept[KEPT], others[ITEMS];
static bool stop;

static void *reader(void *arg)
{
	uint64_t lost = 0, i = 0;

	rcu_register_thread();
	while (!shared_get(stop)) {
		uint64_t key = i++ % KEPT;
		struct item *found = hashtable_find(&shared, good_hash(key), match, &key);

		lost += found == NULL || found->key != key;
		key = KEPT + i % ITEMS;
		found = hashtable_find(&shared, good_hash(key), match, &key);
		lost += found != NULL && found->key != key;
		if (i % 64 == 0)
			rcu_pause();
	}
	rcu_unregister_thread();
	*(uint64_t *)arg = lost;
	return NULL;
}

static void test_readers(void **state)
{
	pthread_t threads[READERS];
	uint64_t lost[READERS];
	unsigned i;

	(void)state;
	assert_int_equal(hashtable_init(&shared), MS_OK);
	for (i = 0; i < KEPT; i++) {
		kept[i].key = i;
		assert_int_equal(hashtable_add(&shared, good_hash(i), &kept[i]), MS_OK);
	}
	for (i = 0; i < ITEMS; i++)
		others[i].key = KEPT + i;
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, &lost[i]), 0);
	for (i = 0; i < ROUNDS; i++) {
		struct item *o = &others[rnd() % (i % 4000 < 2000 ? ITEMS : 50)];

		if (o->in)
			assert_true(hashtable_remove(&shared, good_hash(o->key), o));
		else
			assert_int_equal(hashtable_add(&shared, good_hash(o->key), o), MS_OK);
		o->in = !o->in;
	}
	shared_set(stop, true);
	control_leave();
	for (i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(lost[i], 0);
	}
	control_enter();
	rcu_barrier();
	hashtable_done(&shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_readers),
	};
	int failed;

	rcu_register_thread();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a look-up and a change of the eroute table cost, with 100 to 1,000,000 eroutes.
 *
 * A quarter each of four shapes: net to net, host to net, host to host, and host to host with
 * protocol and port.  Every look-up is for an eroute chosen at random, which is the hardest case: no
 * two of them share a cache line.
 */
#include "tables.h"

#include "klips/eroute.h"
#include "klips/packet.h"

#include <stdlib.h>

enum { SHAPES = 4, LOOKUPS = 1 << 17, CHANGES = 20000 };

static const struct flow_mask masks[SHAPES] = {
	{ AF_INET, 24, 24, 0, 0, 0 },
	{ AF_INET, 32, 24, 0, 0, 0 },
	{ AF_INET, 32, 32, 0, 0, 0 },
	{ AF_INET, 32, 32, 8, 0, 16 },
};

struct world {
	struct eroute_table *table;
	uint64_t n, random, found;
	union flow_words *flows; /* LOOKUPS of them */
};

static void put_v4(uint8_t *to, uint32_t host)
{
	to[0] = (uint8_t)(host >> 24);
	to[1] = (uint8_t)(host >> 16);
	to[2] = (uint8_t)(host >> 8);
	to[3] = (uint8_t)host;
}

/* The flow that only eroute i covers: shapes have sources of their own. */
static void flow_of(uint64_t i, struct flow *f)
{
	uint32_t shape = (uint32_t)(i % SHAPES), number = (uint32_t)(i / SHAPES);

	memset(f, 0, sizeof *f);
	f->family = AF_INET;
	put_v4(f->src, (10u + shape) << 24 | (number & 0xffff) << 8 | 1);
	put_v4(f->dst, (100u + (number >> 16)) << 24 | (number * 7 & 0xffff) << 8 | 9);
	f->proto = 6;
	f->sport = (uint16_t)(number * 13);
	f->dport = 443;
}

static bool add(struct world *w, uint64_t i, bool replace)
{
	struct flow f;
	struct eroute *er;

	flow_of(i, &f);
	er = eroute_new(&f, &masks[i % SHAPES]);
	if (er == NULL || eroute_put(w->table, er, replace) != MS_OK)
		return false;
	er->said.spi = (uint32_t)i;
	return true;
}

static void one(void *arg, uint64_t i)
{
	struct world *w = arg;

	w->found += eroute_find(w->table, &w->flows[i & (LOOKUPS - 1)])->said.spi;
}

static void batch(void *arg, uint64_t i)
{
	struct world *w = arg;
	struct eroute *found[PKT_BATCH];
	const union flow_words *flows = &w->flows[i * PKT_BATCH & (LOOKUPS - 1)];
	unsigned k;

	eroute_find_batch(w->table, flows, found, PKT_BATCH);
	for (k = 0; k < PKT_BATCH; k++)
		w->found += found[k]->said.spi;
}

/* As klips does: the batch goes into the worker's cache, from which each packet takes its own. */
static void cached(void *arg, uint64_t i)
{
	static struct eroute_cache cache;
	struct world *w = arg;
	const union flow_words *flows = &w->flows[i * PKT_BATCH & (LOOKUPS - 1)];
	unsigned k;

	eroute_cache_warm(w->table, &cache, flows, PKT_BATCH);
	for (k = 0; k < PKT_BATCH; k++)
		w->found += eroute_find_cached(w->table, &cache, &flows[k])->said.spi;
}

static void replace_one(void *arg, uint64_t i)
{
	struct world *w = arg;

	(void)i;
	if (!add(w, next_random(&w->random) % w->n, true))
		abort();
}

static void remove_and_add(void *arg, uint64_t i)
{
	struct world *w = arg;
	uint64_t number = next_random(&w->random) % w->n;
	struct flow f;
	struct eroute *er;

	(void)i;
	flow_of(number, &f);
	er = eroute_exact(w->table, &f, &masks[number % SHAPES]);
	if (er == NULL)
		abort();
	eroute_remove(w->table, er);
	if (!add(w, number, false))
		abort();
}

/* Random eroutes; `active` of them in turn. */
static void choose(struct world *w, uint64_t active)
{
	uint64_t i;

	for (i = 0; i < LOOKUPS; i++) {
		uint64_t number = next_random(&w->random) % (active < w->n ? active : w->n);

		/* spread over the whole table */
		flow_of(active < w->n ? number * (w->n / active) : number, &w->flows[i].flow);
	}
}

static bool run(uint64_t n, double *out)
{
	struct world w = { .n = n, .random = 1 };
	double before;
	uint64_t from, i;
	bool ok = true;

	rcu_register_thread();
	w.table = eroute_table_new();
	w.flows = calloc(LOOKUPS, sizeof *w.flows);
	before = tables_heap();
	from = cpu_ns();
	for (i = 0; i < n && ok; i++)
		ok = w.table != NULL && w.flows != NULL && add(&w, i, false);
	if (ok) {
		out[3] = (double)(cpu_ns() - from) / (double)n;
		out[6] = (tables_heap() - before) / (double)n;
		choose(&w, n);
		tables_time(batch, &w, LOOKUPS / PKT_BATCH);
		out[0] = tables_time(batch, &w, LOOKUPS / PKT_BATCH) / PKT_BATCH;
		out[7] = tables_time(cached, &w, LOOKUPS / PKT_BATCH) / PKT_BATCH;
		out[1] = tables_time(one, &w, LOOKUPS);
		choose(&w, 1000);
		out[2] = tables_time(batch, &w, LOOKUPS / PKT_BATCH) / PKT_BATCH;
		out[4] = tables_time(replace_one, &w, CHANGES);
		out[5] = tables_time(remove_and_add, &w, CHANGES);
	}
	eroute_table_free(&w.table);
	free(w.flows);
	rcu_unregister_thread();
	return ok;
}

int main(int argc, char **argv)
{
	static const char *const metrics[] = { "batch_ns", "single_ns", "thousand_ns", "add_ns",
		"replace_ns", "remove_add_ns", "octets", "cached_ns", NULL };
	static const struct table_bench bench = { "eroute", "eroutes", metrics, run };

	flow_hash_key[0] = 1;
	flow_hash_key[1] = 2;
	return tables_main(&bench, argc, argv);
}

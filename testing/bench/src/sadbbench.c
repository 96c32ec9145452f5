/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a look-up and a change of the SA table cost, with 100 to 1,000,000 SAs.
 *
 * SAs as pluto makes them: one address of ours, random SPIs, ESP with AES-GCM and a replay window.
 * Every look-up is for an SA chosen at random.
 */
#include "tables.h"

#include "klips/eroute_key.h"
#include "klips/sadb.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKUPS = 1 << 17, CHANGES = 20000, WINDOW = 64 };

struct world {
	struct sadb *db;
	uint64_t n, random, found;
	struct ms_said *saids; /* LOOKUPS of them */
};

static struct ms_said said_of(uint64_t i)
{
	uint64_t state = i;
	struct ms_said s = { .dst = ms_addr_v4(0xc0000201), .protocol = MS_PROTO_ESP };

	s.spi = 0x10000000u | (uint32_t)(i << 8) | (uint32_t)(next_random(&state) & 0xff);
	return s;
}

static bool add(struct world *w, uint64_t i)
{
	struct ms_said said = said_of(i);
	struct klips_sa *sa = sa_new(&said);

	if (sa == NULL || sa_set_window(sa, WINDOW) != MS_OK)
		return false;
	sa->state = MS_PFKEY_MATURE;
	sa->added_s = 1000;
	sa->hard.add_s = 3600 + i % 1000;
	if (sadb_put(w->db, sa, false) != MS_OK)
		return false;
	sadb_schedule(w->db, sa, 1000);
	return true;
}

static void one(void *arg, uint64_t i)
{
	struct world *w = arg;

	w->found += sadb_find(w->db, &w->saids[i & (LOOKUPS - 1)])->said.spi;
}

static void remove_and_add(void *arg, uint64_t i)
{
	struct world *w = arg;
	uint64_t number = next_random(&w->random) % w->n;
	struct ms_said said = said_of(number);
	struct klips_sa *sa = sadb_find(w->db, &said);

	(void)i;
	if (sa == NULL)
		abort();
	sadb_remove_group(w->db, sa);
	if (!add(w, number))
		abort();
}

static void due(void *arg, struct klips_sa *sa)
{
	struct world *w = arg;

	w->found += sa->said.spi;
}

static void choose(struct world *w, uint64_t active)
{
	uint64_t i;

	for (i = 0; i < LOOKUPS; i++) {
		uint64_t number = next_random(&w->random) % (active < w->n ? active : w->n);

		w->saids[i] = said_of(active < w->n ? number * (w->n / active) : number);
	}
}

static bool run(uint64_t n, double *out)
{
	struct world w = { .n = n, .random = 1 };
	double before;
	uint64_t from, i;
	bool ok = true;

	rcu_register_thread();
	w.db = sadb_new(0);
	w.saids = calloc(LOOKUPS, sizeof *w.saids);
	if (w.db != NULL)
		sadb_tick(w.db, 1000, due, &w);
	before = tables_heap();
	from = cpu_ns();
	for (i = 0; i < n && ok; i++)
		ok = w.db != NULL && w.saids != NULL && add(&w, i);
	if (ok) {
		out[2] = (double)(cpu_ns() - from) / (double)n;
		out[5] = (tables_heap() - before) / (double)n;
		choose(&w, n);
		tables_time(one, &w, LOOKUPS);
		out[0] = tables_time(one, &w, LOOKUPS);
		choose(&w, 1000);
		out[1] = tables_time(one, &w, LOOKUPS);
		out[3] = tables_time(remove_and_add, &w, CHANGES);
		from = cpu_ns();
		sadb_tick(w.db, 1001, due, &w);
		out[4] = (double)(cpu_ns() - from);
	}
	sadb_free(&w.db);
	free(w.saids);
	rcu_unregister_thread();
	return ok;
}

int main(int argc, char **argv)
{
	static const char *const metrics[] = { "single_ns", "thousand_ns", "add_ns", "remove_add_ns",
		"tick_ns", "octets", NULL };
	static const struct table_bench bench = { "sadb", "sas", metrics, run };

	flow_hash_key[0] = 1;
	flow_hash_key[1] = 2;
	return tables_main(&bench, argc, argv);
}

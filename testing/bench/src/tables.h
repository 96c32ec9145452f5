/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks of klips' tables share: sizes, the best of several rounds, the report. */
#ifndef TESTING_BENCH_TABLES_H
#define TESTING_BENCH_TABLES_H

#include "bench.h"

#include <stdbool.h>
#include <stddef.h>

enum { TABLE_ROUNDS = 5, MAX_METRICS = 12 };

struct table_bench {
	const char *name, *unit; /* "eroute", "eroutes" */
	const char *const *metrics; /* NULL-terminated; the first is the look-up of the aim */
	/* Makes a table of n, fills in out[] in nanoseconds (last: octets), and takes it away. */
	bool (*run)(uint64_t n, double *out);
};

/* Command line, all sizes, the table or JSON; the exit status. */
int tables_main(const struct table_bench *b, int argc, char **argv);

/* Nanoseconds for each of `times` calls of fn(arg, i), the best of TABLE_ROUNDS. */
double tables_time(void (*fn)(void *arg, uint64_t i), void *arg, uint64_t times);
/* Octets of heap in use. */
double tables_heap(void);

#endif

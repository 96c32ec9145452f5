/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double tables_time(void (*fn)(void *arg, uint64_t i), void *arg, uint64_t times)
{
	double best = 0;
	unsigned round;

	for (round = 0; round < TABLE_ROUNDS; round++) {
		uint64_t from = cpu_ns(), i;
		double took;

		for (i = 0; i < times; i++)
			fn(arg, i);
		took = (double)(cpu_ns() - from) / (double)times;
		if (round == 0 || took < best)
			best = took;
	}
	return best;
}

double tables_heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return (double)m.uordblks + (double)m.hblkhd;
}

static void json(const struct table_bench *b, uint64_t n, const double *out)
{
	unsigned i;

	for (i = 0; b->metrics[i] != NULL; i++)
		printf("{\"bench\": \"%s\", \"%s\": %llu, \"metric\": \"%s\", \"value\": %.1f}\n",
			b->name, b->unit, (unsigned long long)n, b->metrics[i], out[i]);
}

static void line(const struct table_bench *b, uint64_t n, const double *out)
{
	unsigned i;

	printf("%10llu", (unsigned long long)n);
	for (i = 0; b->metrics[i] != NULL; i++)
		printf(" %*.0f", (int)strlen(b->metrics[i]) > 9 ? (int)strlen(b->metrics[i]) : 9, out[i]);
	printf("\n");
	fflush(stdout);
}

int tables_main(const struct table_bench *b, int argc, char **argv)
{
	uint64_t max = 1000000, n;
	double first = 0, out[MAX_METRICS];
	bool as_json = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			as_json = true;
		} else if (strcmp(argv[i], "--max") == 0 && i + 1 < argc) {
			max = strtoull(argv[++i], NULL, 10);
		} else {
			fprintf(stderr, "usage: %sbench [--max N] [--json]\n", b->name);
			return 2;
		}
	}
	if (!as_json) {
		printf("%10s", b->unit);
		for (i = 0; b->metrics[i] != NULL; i++)
			printf(" %9s", b->metrics[i]);
		printf("\n");
	}
	for (n = 100; n <= max; n *= 10) {
		memset(out, 0, sizeof out);
		if (!b->run(n, out)) {
			fprintf(stderr, "%s: out of memory\n", b->name);
			return 1;
		}
		if (as_json)
			json(b, n, out);
		else
			line(b, n, out);
		if (n == 100)
			first = out[0];
	}
	if (!as_json && max >= 1000)
		printf("%s: the last line is %.2f times the first\n", b->metrics[0], out[0] / first);
	return 0;
}

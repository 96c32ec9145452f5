/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs worlds: first every seed that ever failed (worlds.seeds), then new ones.
 *
 * As a test it takes no arguments; testing/sim gives it some.  A failure prints the one line that
 * runs the same world again.  Some worlds run again: memory in use must not grow with each run.
 */
#include "core/sim/world.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct totals {
	unsigned worlds, failed, by_kind[WORLD_KINDS];
	uint64_t events, datagrams, packets, simulated_ms, ike_sas, child_sas;
};

struct settings {
	struct world_options o;
	unsigned worlds;
	unsigned every; /* each so many worlds memory is compared */
	unsigned stop;  /* after so many failures */
	const char *seeds;
	bool quiet, kept;
};

static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* Chunks that malloc() keeps at hand count as in use: it shall keep none. */
static void exact_malloc(char **argv)
{
	mallopt(M_MXFAST, 0);
	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
	execv("/proc/self/exe", argv);
}

static void add(struct totals *t, const struct world_result *r)
{
	t->worlds++;
	t->failed += r->failed;
	t->by_kind[r->kind]++;
	t->events += r->events;
	t->datagrams += r->datagrams;
	t->packets += r->packets;
	t->simulated_ms += r->simulated_ms;
	t->ike_sas += r->ike_sas;
	t->child_sas += r->child_sas;
}

static void tell(const struct world_options *o, const char *kind, const char *text)
{
	printf("FAIL: %s world: %s\n      testing/sim --seed %llu", kind, text,
		(unsigned long long)o->seed);
	if (o->plutos)
		printf(" --plutos %u", o->plutos);
	printf(" -v\n");
	fflush(stdout);
}

static void one(struct totals *t, const struct world_options *o, bool memory)
{
	struct world_result r;
	size_t before, after;

	world_run(o, &r);
	/* The first time something may be made for good; a leak grows always. */
	for (unsigned turn = 0; memory && !r.failed; turn++) {
		before = in_use();
		world_run(o, &r);
		after = in_use();
		if (r.failed || after <= before)
			break;
		if (turn < 4)
			continue;
		r.failed = true;
		snprintf(r.text, sizeof(r.text), "%zu octets are left over each time it ends",
			after - before);
	}
	add(t, &r);
	if (r.failed)
		tell(o, world_kind_names[r.kind], r.text);
	else if (o->verbose)
		printf("seed %llu: %s, %u plutos, %u connections, %llu IKE and %llu CHILD SAs\n",
			(unsigned long long)o->seed, world_kind_names[r.kind], r.plutos, r.conns,
			(unsigned long long)r.ike_sas, (unsigned long long)r.child_sas);
}

/* Lines: seed, plutos (0: the seed decides), what it found. */
static bool kept(struct totals *t, const struct settings *s)
{
	FILE *f = fopen(s->seeds, "r");
	char line[512];
	unsigned n = 0;

	if (!f) {
		fprintf(stderr, "%s cannot be read\n", s->seeds);
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		struct world_options o = { .verbose = s->o.verbose };
		unsigned long long seed;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%llu %u", &seed, &o.plutos) != 2) {
			fprintf(stderr, "%s: not understood: %s", s->seeds, line);
			fclose(f);
			return false;
		}
		o.seed = seed;
		one(t, &o, false);
		n++;
	}
	fclose(f);
	if (!s->quiet)
		printf("%u kept seeds, %u failed\n", n, t->failed);
	return true;
}

static void summary(const struct totals *t, double seconds)
{
	printf("%u worlds in %.1f s (", t->worlds, seconds);
	for (unsigned k = 0; k < WORLD_KINDS; k++)
		printf("%s%u %s", k ? ", " : "", t->by_kind[k], world_kind_names[k]);
	printf("): %.1f hours, %llu IKE SAs, %llu CHILD SAs, %llu datagrams, %llu packets: "
	       "%u failed\n",
		(double)t->simulated_ms / 3600000, (unsigned long long)t->ike_sas,
		(unsigned long long)t->child_sas, (unsigned long long)t->datagrams,
		(unsigned long long)t->packets, t->failed);
}

static int usage(void)
{
	puts("usage: testing/sim [--worlds N] [--seed S] [--plutos N] [--memory N] [--stop N] [-v]\n"
	     "  --worlds N  how many, with the seeds S, S + 1, ... (with --seed: 1, else 3000)\n"
	     "  --plutos N  in each world, up to 1000 (else the seed decides: 2 to 5)\n"
	     "  --memory N  each N-th world runs twice and memory in use is compared (else 50)\n"
	     "  --stop N    end after so many failures (else 20)\n"
	     "  --kept      the seeds that failed once, before the others\n"
	     "  -v          the story of each world on stderr");
	return 2;
}

static int options(struct settings *s, int argc, char **argv)
{
	static const struct option words[] = { { "worlds", 1, NULL, 'w' }, { "seed", 1, NULL, 's' },
		{ "plutos", 1, NULL, 'p' }, { "memory", 1, NULL, 'm' }, { "stop", 1, NULL, 'x' },
		{ "kept", 0, NULL, 'k' }, { "verbose", 0, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	bool seeded = false;
	int c;

	while ((c = getopt_long(argc, argv, "v", words, NULL)) != -1) {
		unsigned long long n = optarg ? strtoull(optarg, NULL, 0) : 0;

		switch (c) {
		case 'w':
			s->worlds = (unsigned)n;
			break;
		case 's':
			s->o.seed = n;
			seeded = true;
			break;
		case 'p':
			s->o.plutos = (unsigned)n;
			break;
		case 'm':
			s->every = (unsigned)n;
			break;
		case 'x':
			s->stop = (unsigned)n;
			break;
		case 'k':
			s->kept = true;
			break;
		case 'v':
			s->o.verbose = true;
			break;
		default:
			return usage();
		}
	}
	if (s->worlds == 0)
		s->worlds = seeded ? 1 : 3000;
	if (s->o.plutos == 1 || s->o.plutos > 1000 || optind < argc)
		return usage();
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s = { { 1, 0, false }, 0, 50, 20, "", false, argc == 1 };
	const char *srcdir = getenv("srcdir");
	struct timespec from, to;
	struct totals t = { 0 };
	char path[512];

	exact_malloc(argv);
	if (options(&s, argc, argv) || !worlds_load())
		return 2;
	snprintf(path, sizeof(path), "%s/src/core/sim/worlds.seeds", srcdir ? srcdir : ".");
	s.seeds = path;
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (s.kept && !kept(&t, &s))
		return 2;
	for (unsigned i = 0; i < s.worlds && t.failed < s.stop; i++, s.o.seed++)
		one(&t, &s.o, s.every && i % s.every == s.every / 2);
	clock_gettime(CLOCK_MONOTONIC, &to);
	summary(&t, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	worlds_unload();
	return t.failed ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/trial.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct course {
	const struct trial *t;
	struct story_options o;
	unsigned many, every, stop;
	bool kept, test, coverage;
	/* so far */
	unsigned run, failed, by_kind[STORY_KINDS];
	struct story_result sum;
	unsigned in[COVER_END]; /* how many had this kind */
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

static void add(struct course *c, const struct story_result *r)
{
	struct story_result *s = &c->sum;

	c->run++;
	c->failed += r->failed;
	c->by_kind[r->kind]++;
	s->size += r->size;
	s->links += r->links;
	s->events += r->events;
	s->datagrams += r->datagrams;
	s->packets += r->packets;
	s->questions += r->questions;
	s->simulated_ms += r->simulated_ms;
	s->ike_sas += r->ike_sas;
	s->child_sas += r->child_sas;
	s->encrypted += r->encrypted;
	s->clear += r->clear;
	s->unanswered += r->unanswered;
	s->blocked += r->blocked;
	for (unsigned i = 0; i < COVER_END; i++) {
		s->seen[i] += r->seen[i];
		c->in[i] += r->seen[i] != 0;
	}
	if (r->cells > s->cells)
		s->cells = r->cells;
}

/* --- one -------------------------------------------------------------------------------------- */

static void tell(
	const struct course *c, const struct story_options *o, const struct story_result *r)
{
	printf("FAIL: %s %s: %s\n      testing/sim%s --seed %llu", story_kind_names[r->kind],
		c->t->thing, r->text, c->t->word, (unsigned long long)o->seed);
	if (o->scan)
		printf(" --scan %u", o->scan);
	if (o->size)
		printf(" --%s %u", c->t->members, o->size);
	if (o->kind >= 0)
		printf(" --kind %s", story_kind_names[o->kind]);
	printf(" -v\n");
	fflush(stdout);
}

static void one(struct course *c, const struct story_options *o, bool memory)
{
	struct story_result r;
	size_t before, after;

	c->t->run(o, &r);
	/* The first time something may be made for good; a leak grows always. */
	for (unsigned turn = 0; memory && !r.failed; turn++) {
		before = in_use();
		c->t->run(o, &r);
		after = in_use();
		if (r.failed || after <= before)
			break;
		if (turn < 4)
			continue;
		r.failed = true;
		snprintf(r.text, sizeof(r.text), "%zu octets are left over each time it ends",
			after - before);
	}
	add(c, &r);
	if (r.failed)
		tell(c, o, &r);
	else if (o->verbose)
		printf("seed %llu: %s, %u %s, %u %s, %llu IKE and %llu CHILD SAs\n",
			(unsigned long long)o->seed, story_kind_names[r.kind], r.size,
			c->t->members, r.links, c->t->links, (unsigned long long)r.ike_sas,
			(unsigned long long)r.child_sas);
}

/* --- seeds that failed once ------------------------------------------------------------------- */

static int kind_of(const char *word)
{
	int k = STORY_KINDS;

	while (k-- > 0)
		if (strcmp(story_kind_names[k], word) == 0)
			return k;
	return STORY_KINDS;
}

/* Lines: seed, members (0: the seed decides), kind where the seed does not decide, what it found. */
static bool line_read(const char *text, struct story_options *o)
{
	unsigned long long seed;
	char word[16] = "";

	if (sscanf(text, "%llu %u %15s", &seed, &o->size, word) < 2)
		return false;
	o->seed = seed;
	o->kind = kind_of(word);
	if (o->kind == STORY_KINDS)
		o->kind = -1;
	return true;
}

static bool kept(struct course *c)
{
	const char *srcdir = getenv("srcdir");
	char path[512], text[512];
	bool ok = true;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", c->t->seeds);
	f = fopen(path, "r");
	if (!f) {
		fprintf(stderr, "%s cannot be read\n", path);
		return false;
	}
	while (ok && fgets(text, sizeof(text), f)) {
		struct story_options o = { .verbose = c->o.verbose };

		if (text[0] == '#' || text[0] == '\n')
			continue;
		ok = line_read(text, &o);
		if (ok)
			one(c, &o, false);
		else
			fprintf(stderr, "%s: not understood: %s", path, text);
	}
	fclose(f);
	if (ok)
		printf("%u kept seeds, %u failed\n", c->run, c->failed);
	return ok;
}

/* --- all -------------------------------------------------------------------------------------- */

static void summary(const struct course *c, const struct timespec *from)
{
	const struct story_result *s = &c->sum;
	struct timespec to;

	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%u %s in %.1f s (", c->run, c->t->things,
		(double)(to.tv_sec - from->tv_sec) + (double)(to.tv_nsec - from->tv_nsec) / 1e9);
	for (unsigned k = 0; k < STORY_KINDS; k++)
		printf("%s%u %s", k ? ", " : "", c->by_kind[k], story_kind_names[k]);
	printf("): %u %s, %u %s", s->size, c->t->members, s->links, c->t->links);
	if (c->t->summary)
		c->t->summary(s);
	printf(", %.1f hours, %llu IKE SAs, %llu CHILD SAs, %llu datagrams, %llu packets: "
	       "%u failed\n",
		(double)s->simulated_ms / 3600000, (unsigned long long)s->ike_sas,
		(unsigned long long)s->child_sas, (unsigned long long)s->datagrams,
		(unsigned long long)s->packets, c->failed);
}

/* Each kind that there must be; false: one was not there. */
static bool coverage(const struct course *c)
{
	static const struct {
		bool in[2];
		const char *text;
	} kinds[] = {
#define COVER_ROW(id, world, mesh, text) { { world, mesh }, text },
		COVER_KINDS(COVER_ROW)
#undef COVER_ROW
	};
	bool all = true;

	for (unsigned i = 0; i < COVER_END; i++) {
		bool needed = kinds[i].in[c->t->mesh], never = needed && c->in[i] == 0;

		all = all && !never;
		if (needed && (c->coverage || (never && c->test)))
			printf("%12llu in %6u  %s%s\n", (unsigned long long)c->sum.seen[i],
				c->in[i], kinds[i].text, never ? ": NEVER" : "");
	}
	return all;
}

static int usage(const struct trial *t)
{
	printf("usage: testing/sim%s [--%s N] [--seed S] [--%s N] [--kind KIND] ... [-v]\n"
	       "  --%s N  how many, with the seeds S, S + 1, ... (one %s of one seed, else %u)\n"
	       "  --%s N  in each %s, up to 1000 (else the seed decides)\n"
	       "  --kind KIND  calm, lossy, rough or wild (else the seed decides)\n",
		t->word, t->things, t->members, t->things, t->thing, t->each, t->members, t->thing);
	if (t->scans)
		puts("  --scan BITS  two, one of which scans a network of so many bits (16: 65536 "
		     "flows)");
	puts("  --memory N   each N-th runs twice and memory in use is compared\n"
	     "  --stop N     end after so many failures (else 20)\n"
	     "  --kept       the seeds that failed once, before the others\n"
	     "  --coverage   what happened how often, and in how many\n"
	     "  -v           the story of each on stderr");
	return 2;
}

static bool option(struct course *c, int letter)
{
	unsigned n = optarg ? (unsigned)strtoul(optarg, NULL, 0) : 0;

	switch (letter) {
	case 'w':
		c->many = n;
		return true;
	case 's':
		c->o.seed = strtoull(optarg, NULL, 0);
		return true;
	case 'p':
		c->o.size = n;
		return n != 1 && n <= 1000;
	case 'K':
		c->o.kind = kind_of(optarg);
		return c->o.kind < STORY_KINDS;
	case 'c':
		c->o.scan = n;
		return c->t->scans && n >= 13 && n <= 32;
	case 'm':
		c->every = n;
		return true;
	case 'x':
		c->stop = n;
		return true;
	case 'k':
		return c->kept = true;
	case 'C':
		return c->coverage = true;
	case 'v':
		return c->o.verbose = true;
	default:
		return false;
	}
}

static bool options(struct course *c, int argc, char **argv)
{
	const struct option words[] = { { c->t->things, 1, NULL, 'w' }, { "seed", 1, NULL, 's' },
		{ c->t->members, 1, NULL, 'p' }, { "kind", 1, NULL, 'K' }, { "scan", 1, NULL, 'c' },
		{ "memory", 1, NULL, 'm' }, { "stop", 1, NULL, 'x' }, { "kept", 0, NULL, 'k' },
		{ "coverage", 0, NULL, 'C' },
		{ "verbose", 0, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	bool seeded = false;
	int letter;

	while ((letter = getopt_long(argc, argv, "v", words, NULL)) != -1) {
		if (!option(c, letter))
			return false;
		seeded |= letter == 's' || letter == 'c' || (letter == 'p' && c->t->scans);
	}
	if (c->many == 0)
		c->many = seeded ? 1 : argc == 1 ? c->t->short_run : c->t->each;
	return optind == argc;
}

int trial_main(const struct trial *t, int argc, char **argv)
{
	struct course c = { .t = t, .o = { .seed = 1, .kind = -1 }, .every = t->memory,
		.stop = 20, .kept = argc == 1, .test = argc == 1 };
	struct timespec from;

	exact_malloc(argv);
	if (!options(&c, argc, argv))
		return usage(t);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (c.kept && !kept(&c))
		return 2;
	for (unsigned i = 0; i < c.many && c.failed < c.stop; i++, c.o.seed++)
		one(&c, &c.o, c.every && i % c.every == c.every / 2);
	c.o.seed = t->also_from;
	for (unsigned i = 0; c.test && i < t->also && c.failed < c.stop; i++, c.o.seed++)
		one(&c, &c.o, c.every && i % c.every == c.every / 2);
	if (argc == 1 && t->scans)
		one(&c, &(struct story_options){ .seed = 1, .kind = -1, .scan = 20 }, false);
	summary(&c, &from);
	/* A test has to see everything. */
	return (!coverage(&c) && c.test) || c.failed;
}

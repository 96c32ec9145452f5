/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs meshes: first every seed that ever failed (meshes.seeds), then new ones.
 *
 * As a test it takes no arguments; testing/sim --mesh gives it some.  A failure prints the one line
 * that runs the same mesh again.
 */
#include "core/sim/mesh.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct totals {
	unsigned meshes, failed, by_kind[MESH_KINDS];
	struct mesh_result sum;
};

struct settings {
	struct mesh_options o;
	unsigned meshes, stop, scan;
	bool kept;
};

static void add(struct totals *t, const struct mesh_result *r)
{
	struct mesh_result *s = &t->sum;

	t->meshes++;
	t->failed += r->failed;
	t->by_kind[r->kind]++;
	s->hosts += r->hosts;
	s->flows += r->flows;
	s->encrypted += r->encrypted;
	s->clear += r->clear;
	s->unanswered += r->unanswered;
	s->blocked += r->blocked;
	s->datagrams += r->datagrams;
	s->packets += r->packets;
	s->questions += r->questions;
	s->simulated_ms += r->simulated_ms;
	s->ike_sas += r->ike_sas;
	s->child_sas += r->child_sas;
	if (r->cells > s->cells)
		s->cells = r->cells;
}

static void one(struct totals *t, const struct mesh_options *o, unsigned scan)
{
	struct mesh_result r;

	if (scan != 0)
		mesh_scan(o, scan, &r);
	else
		mesh_run(o, &r);
	add(t, &r);
	if (!r.failed)
		return;
	printf("FAIL: %s mesh: %s\n      testing/sim --mesh --seed %llu", mesh_kind_names[r.kind],
		r.text, (unsigned long long)o->seed);
	if (scan != 0)
		printf(" --scan %u", scan);
	if (o->hosts != 0)
		printf(" --hosts %u", o->hosts);
	if (o->kind >= 0)
		printf(" --kind %s", mesh_kind_names[o->kind]);
	printf(" -v\n");
	fflush(stdout);
}

static int kind_of(const char *word)
{
	int k = MESH_KINDS;

	while (k-- > 0)
		if (strcmp(mesh_kind_names[k], word) == 0)
			return k;
	return MESH_KINDS;
}

/* Lines: seed, hosts (0: the seed decides), kind, what it found. */
static bool kept(struct totals *t)
{
	const char *srcdir = getenv("srcdir");
	char path[512], text[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/src/core/sim/meshes.seeds", srcdir != NULL ? srcdir : ".");
	f = fopen(path, "r");
	if (f == NULL) {
		fprintf(stderr, "%s cannot be read\n", path);
		return false;
	}
	while (fgets(text, sizeof text, f) != NULL) {
		struct mesh_options o = { 0 };
		unsigned long long seed;
		char kind[16];

		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (sscanf(text, "%llu %u %15s", &seed, &o.hosts, kind) != 3 ||
			(o.kind = kind_of(kind)) == MESH_KINDS) {
			fprintf(stderr, "%s: not understood: %s", path, text);
			fclose(f);
			return false;
		}
		o.seed = seed;
		one(t, &o, 0);
	}
	fclose(f);
	return true;
}

static void summary(const struct totals *t, double seconds)
{
	const struct mesh_result *s = &t->sum;

	printf("%u meshes in %.1f s (", t->meshes, seconds);
	for (unsigned k = 0; k < MESH_KINDS; k++)
		printf("%s%u %s", k != 0 ? ", " : "", t->by_kind[k], mesh_kind_names[k]);
	printf("): %u hosts, %u flows (%u encrypted, %u clear, %u not answered, %u stopped; up to %u "
	       "cells in one), %.1f hours, %llu IKE SAs, %llu CHILD SAs, %llu datagrams, %llu packets, "
	       "%llu questions: %u failed\n",
		s->hosts, s->flows, s->encrypted, s->clear, s->unanswered, s->blocked, s->cells,
		(double)s->simulated_ms / 3600000, (unsigned long long)s->ike_sas,
		(unsigned long long)s->child_sas, (unsigned long long)s->datagrams,
		(unsigned long long)s->packets, (unsigned long long)s->questions, t->failed);
}

static int usage(void)
{
	puts("usage: testing/sim --mesh [--meshes N] [--seed S] [--hosts N] [--kind KIND] [--stop N] "
	     "[--kept] [-v]\n"
	     "  --meshes N  how many, with the seeds S, S + 1, ... (with --seed or --hosts: 1, else 300)\n"
	     "  --hosts N   in each mesh, up to 1000 (else the seed decides: 2 to 12)\n"
	     "  --kind KIND calm, lossy, rough or wild (else the seed decides)\n"
	     "  --scan BITS two hosts, one of which scans a network of so many bits (16: 65536 flows)\n"
	     "  --stop N    end after so many failures (else 20)\n"
	     "  --kept      the seeds that failed once, before the others\n"
	     "  -v          the story of each mesh on stderr");
	return 2;
}

static int options(struct settings *s, int argc, char **argv)
{
	static const struct option words[] = { { "meshes", 1, NULL, 'm' }, { "seed", 1, NULL, 's' },
		{ "hosts", 1, NULL, 'n' }, { "kind", 1, NULL, 'K' }, { "stop", 1, NULL, 'x' },
		{ "scan", 1, NULL, 'c' }, { "kept", 0, NULL, 'k' }, { "verbose", 0, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	bool seeded = false;
	int c;

	while ((c = getopt_long(argc, argv, "v", words, NULL)) != -1) {
		unsigned long long n = optarg != NULL ? strtoull(optarg, NULL, 0) : 0;

		switch (c) {
		case 'm':
			s->meshes = (unsigned)n;
			break;
		case 's':
			s->o.seed = n;
			seeded = true;
			break;
		case 'n':
			s->o.hosts = (unsigned)n;
			seeded = true;
			break;
		case 'K':
			s->o.kind = kind_of(optarg);
			break;
		case 'x':
			s->stop = (unsigned)n;
			break;
		case 'c':
			s->scan = (unsigned)n;
			seeded = true;
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
	if (s->meshes == 0)
		s->meshes = seeded ? 1 : 300;
	if (s->o.hosts == 1 || s->o.hosts > 1000 || s->o.kind == MESH_KINDS || optind < argc ||
		(s->scan != 0 && (s->scan < 13 || s->scan > 32)))
		return usage();
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s = { { .seed = 1, .kind = -1 }, argc == 1 ? 40 : 0, 20, 0,
		argc == 1 };
	struct timespec from, to;
	struct totals t = { 0 };

	if (options(&s, argc, argv) != 0 || !mesh_load())
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (s.kept && !kept(&t))
		return 2;
	for (unsigned i = 0; i < s.meshes && t.failed < s.stop; i++, s.o.seed++)
		one(&t, &s.o, s.scan);
	if (argc == 1)
		one(&t, &(struct mesh_options){ .seed = 1 }, 20);
	clock_gettime(CLOCK_MONOTONIC, &to);
	summary(&t, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	mesh_unload();
	return t.failed != 0 ? 1 : 0;
}

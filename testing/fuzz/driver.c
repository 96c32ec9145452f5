/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without libFuzzer: every file named, and a fixed number of inputs made from a
 * seed (random octets, and mutations of the files), so that `make check` always tries some.
 *
 *	NAME_fuzz [-runs=N] [-seed=N] [-write-seeds=FOLDER] [FILE]...
 *
 * A target may have seeds of its own (fuzz_seed()), which are used like files.
 * testing/fuzz/campaign compiles this file with MS_LIBFUZZER, and then libFuzzer is the driver.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef MS_LIBFUZZER
/* The i-th seed, at most `cap` octets; 0: no more. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap) __attribute__((weak));
/* How many inputs `make check` has time for, when not 20000. */
extern const unsigned long fuzz_runs __attribute__((weak));

#define INPUT_OCTETS 4096
#define MAX_FILES    256

struct input {
	size_t len;
	uint8_t octets[INPUT_OCTETS];
};

static struct input *files[MAX_FILES];
static unsigned n_files;
static uint64_t state;

/* splitmix64: the same inputs everywhere */
static uint64_t next_random(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input *in = n_files < MAX_FILES ? calloc(1, sizeof *in) : NULL;

	if (f == NULL || in == NULL) {
		perror(path);
		exit(2);
	}
	in->len = fread(in->octets, 1, sizeof in->octets, f);
	fclose(f);
	files[n_files++] = in;
}

static void take_seeds(void)
{
	struct input *in;

	while (fuzz_seed != NULL && n_files < MAX_FILES) {
		in = calloc(1, sizeof *in);
		if (in == NULL)
			exit(2);
		in->len = fuzz_seed(n_files, in->octets, sizeof in->octets);
		if (in->len == 0) {
			free(in);
			return;
		}
		files[n_files++] = in;
	}
}

static void mutate(struct input *in)
{
	unsigned changes = 1 + (unsigned)(next_random() % 4);

	if (n_files > 0 && next_random() % 4 != 0) {
		*in = *files[next_random() % n_files];
	} else {
		in->len = next_random() % 128;
		for (size_t i = 0; i < in->len; i++)
			in->octets[i] = (uint8_t)next_random();
	}
	while (changes-- > 0 && in->len > 0) {
		size_t at = next_random() % in->len;

		switch (next_random() % 3) {
		case 0:
			in->octets[at] ^= (uint8_t)(1u << (next_random() % 8));
			break;
		case 1:
			in->octets[at] = (uint8_t)next_random();
			break;
		default:
			in->len = at;
		}
	}
}

/* An exact heap copy, so that a sanitizer sees every octet read too far. */
static void run(const struct input *in)
{
	uint8_t *copy = malloc(in->len == 0 ? 1 : in->len);

	if (copy == NULL)
		exit(2);
	memcpy(copy, in->octets, in->len);
	LLVMFuzzerTestOneInput(copy, in->len);
	free(copy);
}

static void write_seeds(const char *folder)
{
	for (unsigned i = 0; i < n_files; i++) {
		char path[512];
		FILE *f;

		snprintf(path, sizeof path, "%s/seed-%u", folder, i);
		f = fopen(path, "wb");
		if (f == NULL || fwrite(files[i]->octets, 1, files[i]->len, f) != files[i]->len ||
			fclose(f) != 0) {
			perror(path);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long runs = &fuzz_runs != NULL ? fuzz_runs : 20000;
	static struct input in;

	take_seeds();
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "-runs=", 6) == 0)
			runs = strtoul(argv[i] + 6, NULL, 10);
		else if (strncmp(argv[i], "-seed=", 6) == 0)
			state = strtoull(argv[i] + 6, NULL, 10);
		else if (strncmp(argv[i], "-write-seeds=", 13) == 0)
			write_seeds(argv[i] + 13);
		else
			read_file(argv[i]);
	for (unsigned i = 0; i < n_files; i++)
		run(files[i]);
	for (unsigned long i = 0; i < runs; i++) {
		mutate(&in);
		run(&in);
	}
	while (n_files > 0)
		free(files[--n_files]);
	return 0;
}
#endif

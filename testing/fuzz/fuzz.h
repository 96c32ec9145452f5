/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzz targets share: the two functions that a driver calls (driver.c, or libFuzzer), what must
 * hold whatever the input is, and inputs made of words.
 */
#ifndef TESTING_FUZZ_H
#define TESTING_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One input; always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* The i-th input to begin with, at most `cap` octets; 0: no more.  A target need not have it. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap);

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* A fuzz_seed() of texts. */
static inline size_t fuzz_seed_text(
	const char *const *texts, unsigned n_texts, unsigned i, uint8_t *out, size_t cap)
{
	size_t n = i < n_texts ? strlen(texts[i]) : 0;

	MUST(n <= cap);
	if (n > 0)
		memcpy(out, texts[i], n);
	return n;
}

/* Each octet picks a word; as many as `text` holds are put together. Returns the text's length. */
static inline size_t fuzz_words(const char *const *words, unsigned n_words, const uint8_t *data,
	size_t size, char *text, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		const char *w = words[data[i] % n_words];
		size_t n = strlen(w);

		if (used + n > cap)
			break;
		memcpy(text + used, w, n);
		used += n;
	}
	return used;
}

/* A file in memory for readers that take a path.  The caller closes the descriptor. */
static inline int fuzz_file(const char *name, const char *text, size_t len, char path[64])
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

#endif

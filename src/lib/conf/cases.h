/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test cases as files: NN-name.in is the input, NN-name.err or NN-name.out what must come of it,
 * to the letter.  The program works inside the folder, so messages name files without directories.
 * With MS_CASES_WRITE set, expectations are written instead of compared; read them afterwards.
 */
#ifndef LIB_CONF_CASES_H
#define LIB_CONF_CASES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes what happened with `path` to out. */
typedef void case_f(const char *path, FILE *out);

static int case_filter(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 3 && strcmp(d->d_name + len - 3, ".in") == 0;
}

static char *case_slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL)
		return strdup("(no such file)\n");
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

static bool case_one(const char *in, const char *ext, case_f *run)
{
	char path[512], *got = NULL, *want;
	size_t size = 0;
	FILE *out = open_memstream(&got, &size);
	bool same;

	run(in, out);
	fclose(out);
	snprintf(path, sizeof path, "%.*s%s", (int)(strlen(in) - 3), in, ext);
	if (getenv("MS_CASES_WRITE") != NULL) {
		out = fopen(path, "we");
		if (out == NULL || fwrite(got, 1, size, out) != size || fclose(out) != 0)
			perror(path);
	}
	want = case_slurp(path);
	same = strcmp(want, got) == 0;
	if (!same)
		fprintf(stderr, "%s\n--- expected\n%s--- found\n%s---\n", in, want, got);
	free(want);
	free(got);
	return same;
}

/* Runs every case of $srcdir/DIR; the number of failed ones, or 1 when there are none at all. */
static int cases_run(const char *dir, const char *ext, case_f *run)
{
	const char *top = getenv("srcdir");
	char path[1024], *back = getcwd(NULL, 0);
	struct dirent **list;
	int n, failed = 0;

	snprintf(path, sizeof path, "%s/%s", top != NULL ? top : ".", dir);
	if (back == NULL || chdir(path) != 0) {
		perror(path);
		free(back);
		return 1;
	}
	n = scandir(".", &list, case_filter, alphasort);
	for (int i = 0; i < n; i++) {
		failed += !case_one(list[i]->d_name, ext, run);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	printf("%s: %d cases, %d failed\n", dir, n, failed);
	if (chdir(back) != 0)
		perror(back);
	free(back);
	return n > 0 ? failed : 1;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/conf_i.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 63 /* words beyond are nobody's misspelling */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static int fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

bool conf_word_eq(const char *a, const char *b)
{
	while (*a != '\0' && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Insertions, deletions, replacements and swaps of neighbours count one each; case and the kind
 * of dash count nothing.  Three rows of the usual matrix are enough for swaps. */
unsigned ms_text_distance(const char *a, const char *b)
{
	unsigned rows[3][LONGEST + 1];
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > LONGEST || blen > LONGEST)
		return (unsigned)-1;
	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			unsigned same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1]) && up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[alen % 3][blen];
}

bool ms_text_is_near(const char *word, const char *known, unsigned *best)
{
	unsigned d = ms_text_distance(word, known);
	size_t limit = strlen(word) / 3;

	if (d > (limit == 0 ? 1 : limit) || d >= *best || d >= strlen(known))
		return false;
	*best = d;
	return true;
}

const struct ms_conf_key *ms_conf_nearest(const struct ms_conf_key *keys, const char *name)
{
	const struct ms_conf_key *near = NULL;
	unsigned best = (unsigned)-1;

	for (const struct ms_conf_key *k = keys; k->type != MS_CONF_END; k++) {
		if ((k->flags & MS_CONF_REFUSED) == 0 && ms_text_is_near(name, k->name, &best))
			near = k;
	}
	return near;
}

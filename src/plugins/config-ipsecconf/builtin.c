/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that nobody wrote: those of the policy groups, and packetdefault.
 *
 * They come behind all others, and one that somebody wrote under the same name stands in its place.
 * also= may name them.  %default does not reach them, so that what a person writes for his own
 * connections does not change what a policy group means.
 */
#include "ipsecconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPPORTUNISTIC                                                                     \
	"\tleftid=%myid\n\tleftrsasigkey=%dnsondemand\n\trightrsasigkey=%dnsondemand\n" \
	"\tkeyingtries=3\n\tikelifetime=1h\n\tkeylife=1h\n\trekey=no\n"

static const struct {
	const char *name;
	int least; /* enum ms_oe */
	const char *text;
} builtin[] = {
	{ "clear", MS_OE_GROUPS, "\ttype=passthrough\n\tauthby=never\n\tright=%group\n" },
	{ "clear-or-private", MS_OE_GROUPS,
		"\ttype=passthrough\n\tright=%opportunisticgroup\n"
		"\tfailureshunt=passthrough\n" OPPORTUNISTIC },
	{ "private-or-clear", MS_OE_GROUPS,
		"\ttype=tunnel\n\tright=%opportunisticgroup\n"
		"\tfailureshunt=passthrough\n" OPPORTUNISTIC },
	{ "private", MS_OE_GROUPS,
		"\ttype=tunnel\n\tright=%opportunisticgroup\n"
		"\tfailureshunt=drop\n" OPPORTUNISTIC },
	{ "block", MS_OE_GROUPS, "\ttype=reject\n\tauthby=never\n\tright=%group\n" },
	{ "packetdefault", MS_OE_YES,
		"\ttype=tunnel\n\tleftsubnet=0.0.0.0/0\n\tright=%opportunistic\n"
		"\tfailureshunt=passthrough\n" OPPORTUNISTIC },
};
enum { BUILTIN = sizeof builtin / sizeof builtin[0] };

bool builtin_wanted(const char *name, int oe)
{
	unsigned i = 0;

	while (i < BUILTIN && strcmp(builtin[i].name, name) != 0)
		i++;
	return i == BUILTIN || oe >= builtin[i].least;
}

/* What is missing, as a file would say it. */
char *builtin_text(const struct kind *conns)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (unsigned i = 0; i < BUILTIN; i++)
		if (kind_find(conns, builtin[i].name) == NULL)
			fprintf(f, "conn %s\n\tleft=%%defaultroute\n\tauto=route\n%s\n",
				builtin[i].name, builtin[i].text);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

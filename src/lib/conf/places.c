/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the keywords of a connection stand.
 *
 * What a description asks for is found to be wrong long after its files were read; the one line that
 * has to be changed is still told.  There are many connections, so they are noted in short: a line
 * for each keyword, SLOT LINE, with the file's name behind it where it is not the connection's own.
 */
#include <modswan/config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The connection's own file: its source without ":LINE". */
static size_t own_file(const struct ms_conn_desc *d)
{
	const char *colon = d->source == NULL ? NULL : strrchr(d->source, ':');

	return colon == NULL ? 0 : (size_t)(colon - d->source);
}

bool ms_conn_note_place(struct ms_conn_desc *d, unsigned slot, const char *file, unsigned line)
{
	size_t len = own_file(d);
	bool own = strlen(file) == len && memcmp(file, d->source, len) == 0;
	char *longer;

	if (asprintf(&longer, "%s%u %u%s%s\n", d->places == NULL ? "" : d->places, slot, line,
		    own ? "" : " ", own ? "" : file) < 0)
		return false;
	free(d->places);
	d->places = longer;
	return true;
}

static unsigned rows(const struct ms_conf_key *keys)
{
	unsigned n = 0;

	while (keys[n].type != MS_CONF_END)
		n++;
	return n;
}

/* An alias has the slot of what it stands for; -1: no such keyword. */
static int row_of(const struct ms_conf_key *keys, const char *name)
{
	const struct ms_conf_key *k = ms_conf_find(keys, name);

	if (k != NULL && (k->flags & MS_CONF_ALIAS) != 0)
		k = ms_conf_find(keys, k->def_text);
	return k == NULL ? -1 : (int)(k - keys);
}

static int slot_of(const char *name)
{
	unsigned plain = rows(ms_conn_keys), end = rows(ms_end_keys);
	int slot = row_of(ms_conn_keys, name);

	if (slot >= 0)
		return slot;
	if (strncmp(name, "left", 4) == 0 && (slot = row_of(ms_end_keys, name + 4)) >= 0)
		return slot + (int)plain;
	if (strncmp(name, "right", 5) == 0 && (slot = row_of(ms_end_keys, name + 5)) >= 0)
		return slot + (int)(plain + end);
	return -1;
}

static const char *place_of(
	const struct ms_conn_desc *d, const char *name, char *buf, size_t size)
{
	int slot = slot_of(name);
	const char *p = slot < 0 ? NULL : d->places, *end;

	for (; p != NULL && (end = strchr(p, '\n')) != NULL; p = end + 1) {
		char *rest;

		if (strtol(p, &rest, 10) != slot)
			continue;
		unsigned long line = strtoul(rest, &rest, 10);

		if (*rest == ' ')
			snprintf(buf, size, "%.*s:%lu", (int)(end - rest - 1), rest + 1, line);
		else
			snprintf(buf, size, "%.*s:%lu", (int)own_file(d), d->source, line);
		return buf;
	}
	return NULL;
}

const char *ms_conn_where(const struct ms_conn_desc *d, const char *complaint, char *buf, size_t size)
{
	size_t len = strspn(complaint, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	const char *place = NULL;
	char name[64];

	if (complaint[len] == '=' && len < sizeof name) {
		snprintf(name, sizeof name, "%.*s", (int)len, complaint);
		place = place_of(d, name, buf, size);
		/* the transforms of AH may be written as esp= */
		if (place == NULL && strcmp(name, "ah") == 0)
			place = place_of(d, "esp", buf, size);
	}
	return place != NULL ? place : d->source;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The feature graph: a feature can be on when all its needs are offered by plugins already loaded. */
#include "lib/plugin/loader_priv.h"

#include <string.h>

const struct ms_feature *plugin_provides(const struct ms_plugin *datum, unsigned k)
{
	const struct ms_feature *f = datum->features;

	for (; f != NULL && f->kind != MS_FEATURE_END; f++)
		if (f->kind == MS_FEATURE_PROVIDES && k-- == 0)
			return f;
	return NULL;
}

static bool same(const struct ms_feature *want, enum ms_role role, const char *name)
{
	return want->role == role && (want->name == NULL || strcmp(want->name, name) == 0);
}

static bool offered(const struct ms_plugins *set, const struct ms_feature *want)
{
	return ms_plugins_provider(set, want->role, want->name, 0) != NULL;
}

const struct ms_feature *graph_missing(const struct ms_plugins *set, const struct plugin *p,
	unsigned k)
{
	const struct ms_feature *f = plugin_provides(p->datum, k);

	for (f++; f->kind == MS_FEATURE_NEEDS || f->kind == MS_FEATURE_USES; f++)
		if (f->kind == MS_FEATURE_NEEDS && !offered(set, f))
			return f;
	return NULL;
}

/* Could a plugin that still waits offer this? */
static bool may_come(const struct ms_plugins *set, const struct plugin *self,
	const struct ms_feature *want)
{
	for (const struct plugin *p = set->plugins; p != NULL; p = p->next) {
		const struct ms_feature *f;

		if (p == self || !p->wanted || p->state != MS_PLUGIN_FOUND)
			continue;
		for (unsigned k = 0; (f = plugin_provides(p->datum, k)) != NULL; k++)
			if (same(want, f->role, f->name))
				return true;
	}
	return false;
}

enum readiness { NOTHING_ON, PART_ON, WAITS_FOR_USE, WHOLE };

static enum readiness readiness(const struct ms_plugins *set, const struct plugin *p)
{
	bool all = true, some = false, waits = false;

	for (const struct ms_feature *f = p->datum->features; f != NULL && f->kind != MS_FEATURE_END;
		f++)
		/* Any of a role: all of them, since the first may not have what is hoped for. */
		if (f->kind == MS_FEATURE_USES && (f->name == NULL || !offered(set, f)) &&
			may_come(set, p, f))
			waits = true;
	for (unsigned k = 0; plugin_provides(p->datum, k) != NULL; k++) {
		if (graph_missing(set, p, k) == NULL)
			some = true;
		else
			all = false;
	}
	if (!some)
		return NOTHING_ON;
	if (!all)
		return PART_ON;
	return waits ? WAITS_FOR_USE : WHOLE;
}

struct plugin *graph_next(const struct ms_plugins *set)
{
	struct plugin *best = NULL;
	enum readiness best_r = NOTHING_ON;

	for (struct plugin *p = set->plugins; p != NULL; p = p->next) {
		enum readiness r;

		if (!p->wanted || p->state != MS_PLUGIN_FOUND)
			continue;
		r = readiness(set, p);
		if (r > best_r) {
			best = p;
			best_r = r;
		}
	}
	return best;
}

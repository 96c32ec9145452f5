/* SPDX-License-Identifier: Apache-2.0 */
/* Between loader.c (finding, loading) and graph.c (which features can be on). */
#ifndef MODSWAN_LOADER_PRIV_H
#define MODSWAN_LOADER_PRIV_H

#include "lib/plugin/dso.h"
#include "lib/plugin/loader.h"

#define MAX_FEATURES 16 /* provided by one plugin */

struct plugin {
	struct plugin *next; /* in the order in which they were found */
	struct ms_plugins *set;
	char *name;
	char *file;
	struct dso *dso; /* NULL: preopened, or refused */
	const struct ms_plugin *datum;
	enum ms_plugin_state state;
	bool wanted;
	struct ms_why reason;
	void *conf, *instance;
	struct ms_services services;
	struct ms_logger log;
	struct ms_provider providers[MAX_FEATURES];
	bool on[MAX_FEATURES];
	unsigned load_order; /* 1.. when loaded */
};

struct ms_plugins {
	struct ms_services services;
	struct plugin *plugins;
	const struct plugin **order; /* loaded ones */
	unsigned n_loaded, cap_loaded;
	void (*on_provider)(void *arg, const struct ms_provider *p);
	void *on_provider_arg;
};

/* The k-th PROVIDES row, NULL after the last. */
const struct ms_feature *plugin_provides(const struct ms_plugin *datum, unsigned k);
/* The first need of the k-th feature that no loaded plugin satisfies, NULL: none. */
const struct ms_feature *graph_missing(const struct ms_plugins *set, const struct plugin *p,
	unsigned k);
/* Which wanted plugin to load next, NULL: no more can be.  Whole ones first, then those that lack
 * only what they could use, then those of which a part can be on. */
struct plugin *graph_next(const struct ms_plugins *set);

#endif

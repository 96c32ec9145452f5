/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugins of a program: found, judged, put in order, loaded.
 *
 * A set belongs to the program's main and lives on the loop's thread.  ms_plugins_find() opens every
 * candidate and reads its datum; ms_plugins_load() reads settings, works out the feature graph and
 * calls load() in an order in which needs come first.  What was refused or is off stays in the list
 * with the reason.
 */
#ifndef MODSWAN_LOADER_H
#define MODSWAN_LOADER_H

#include <modswan/plugin.h>

struct ms_plugins;

enum ms_plugin_state {
	MS_PLUGIN_FOUND,
	MS_PLUGIN_LOADED,
	MS_PLUGIN_OFF,	   /* all its features are off, or it was not asked for */
	MS_PLUGIN_REFUSED, /* not usable: wrong ABI, name, duplicate, symbols, settings, load() */
};

struct ms_plugin_info {
	const char *name;
	const char *file; /* "(built in)" for a preopened one */
	const char *summary;
	uint32_t abi;
	enum ms_plugin_state state;
	const char *reason; /* NULL when loaded whole */
};

struct ms_feature_info {
	enum ms_role role;
	const char *name;
	bool on;
	const char *reason; /* when off */
};

/* services: loop, confdir, rundir are handed on; log is the parent of each plugin's logger.  Strings
 * must outlive the set. */
struct ms_plugins *ms_plugins_new(const struct ms_services *services);
/* Called for each provider as soon as its plugin is loaded, before the next plugin is. */
void ms_plugins_on_provider(struct ms_plugins *set,
	void (*fn)(void *arg, const struct ms_provider *p), void *arg);
/* Opens the plugins of one folder; may be called several times, earlier folders win.  A folder that
 * is not there is an error, unless there are plugins already (all of them may be linked in). */
ms_err ms_plugins_find(struct ms_plugins *set, const char *folder, struct ms_why *why) MS_MUST_CHECK;
/* The plugins that were linked in through libtool's preopening: list is the program's own
 * lt_preloaded_symbols (rows of name and address, a row without name ends it). */
struct ms_preopened {
	const char *name;
	void *address;
};
void ms_plugins_find_preopened(struct ms_plugins *set, const struct ms_preopened *list);
/* names: NULL-terminated list of those wanted, NULL: all but those on
 * demand.  also: more of them, or NULL.  MS_ERR_PLUGIN: a name on
 * the list was not found or is not usable; the others are loaded all the same. */
ms_err ms_plugins_load_also(struct ms_plugins *set, const char *const *names,
	const char *const *also, struct ms_why *why) MS_MUST_CHECK;
ms_err ms_plugins_load(struct ms_plugins *set, const char *const *names, struct ms_why *why)
	MS_MUST_CHECK;
/* Is this plugin wanted by such lists? */
bool ms_plugin_wanted(const struct ms_plugin *datum, const char *const *names,
	const char *const *also);
/* Lets the registry of algorithms know what plugins that are not loaded would offer. */
void ms_plugins_note_absent(const struct ms_plugins *set);
/* As ms_services.provider. */
const struct ms_provider *ms_plugins_provider(const struct ms_plugins *set, enum ms_role role,
	const char *name, unsigned i);
/* False after the last. */
bool ms_plugins_info(const struct ms_plugins *set, unsigned i, struct ms_plugin_info *out);
bool ms_plugins_feature(const struct ms_plugins *set, unsigned i, unsigned k,
	struct ms_feature_info *out);
/* What the i-th plugin exports, also when it is off; NULL when it could not be read. */
const struct ms_plugin *ms_plugins_datum(const struct ms_plugins *set, unsigned i);
/* unload() in reverse order, then closes. */
void ms_plugins_free(struct ms_plugins **set);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading the plugins that are built, inside the build folder. */
#include "providers.h"

#include <ltdl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PLUGINS = 8 };

void vectors_die(const char *what, const char *where)
{
	fprintf(stderr, "vectors: %s: %s\n", where, what);
	exit(99);
}

void vectors_folder(char *buf, size_t size)
{
	const char *srcdir = getenv("srcdir");

	snprintf(buf, size, "%s/testing/vectors", srcdir == NULL ? "." : srcdir);
}

static void on_provider(void *arg, const struct ms_provider *p)
{
	void (**each)(const struct ms_provider *) = arg;

	if (p->role == MS_ROLE_CRYPTO)
		(*each)(p);
}

static bool is_built(struct ms_plugins *set, const char *name)
{
	struct ms_plugin_info info;
	struct ms_why why = { "" };
	char folder[4096];

	snprintf(folder, sizeof folder, "src/plugins/%s/.libs", name);
	if (access(folder, R_OK) == 0 && ms_plugins_find(set, folder, &why) != MS_OK)
		vectors_die(why.text, folder);
	for (unsigned k = 0; ms_plugins_info(set, k, &info); k++)
		if (strcmp(info.name, name) == 0 && info.state == MS_PLUGIN_FOUND)
			return true;
	return false;
}

unsigned vectors_providers(const char *const *plugins, void (*each)(const struct ms_provider *p))
{
	static const struct ms_logger log = { .source = MS_SOURCE_PLUGIN };
	struct ms_services services = { .log = &log, .confdir = "/nonexistent", .rundir = "/nonexistent" };
	struct ms_plugins *set = ms_plugins_new(&services);
	const char *names[MAX_PLUGINS + 1];
	struct ms_why why = { "" };
	unsigned n = 0;

	if (set == NULL)
		vectors_die("no memory", "plugins");
	ms_plugins_on_provider(set, on_provider, &each);
	ms_plugins_find_preopened(set, (const struct ms_preopened *)lt_preloaded_symbols);
	for (unsigned i = 0; plugins[i] != NULL && n < MAX_PLUGINS; i++)
		if (is_built(set, plugins[i]))
			names[n++] = plugins[i];
	names[n] = NULL;
	if (n > 0 && ms_plugins_load(set, names, &why) != MS_OK)
		vectors_die(why.text, "plugins");
	ms_plugins_free(&set);
	return n;
}

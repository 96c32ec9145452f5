/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two traps of libltdl are dealt with here: it binds lazily, so a missing symbol would show only
 * when it is called; and its error text is the last loader's, which is "file not found" for every
 * fault.  A loader of our own binds at once and keeps dlerror()'s words.
 */
#include "lib/plugin/dso.h"

#include <dlfcn.h>
#include <ltdl.h>
#include <stdio.h>
#include <stdlib.h>

struct dso {
	lt_dlhandle handle;
};

static unsigned users;
static char open_error[256];

static lt_module now_open(lt_user_data data, const char *file, lt_dladvise advise)
{
	void *m;

	(void)data;
	(void)advise;
	m = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (m == NULL)
		snprintf(open_error, sizeof open_error, "%s", dlerror());
	return m;
}

static int now_close(lt_user_data data, lt_module m)
{
	(void)data;
	return dlclose(m);
}

static void *now_symbol(lt_user_data data, lt_module m, const char *name)
{
	(void)data;
	return dlsym(m, name);
}

static const lt_dlvtable now_loader = {
	.name = "modswan-now",
	.module_open = now_open,
	.module_close = now_close,
	.find_sym = now_symbol,
	.priority = LT_DLLOADER_PREPEND,
};

static bool start(void)
{
	static bool loader_added;

	if (users == 0 && lt_dlinit() != 0)
		return false;
	users++;
	if (!loader_added) {
		/* The lazy loader would open what ours refuses; its table becomes ours to free. */
		free((void *)lt_dlloader_remove("lt_dlopen"));
		loader_added = lt_dlloader_add(&now_loader) == 0;
	}
	return loader_added;
}

static void finish(void)
{
	/* lt_dlexit() would throw our loader out with all that it loaded: libltdl stays. */
	users--;
	if (users == 0)
		users = 1;
}

ms_err dso_open(struct dso **out, const char *path, struct ms_why *why)
{
	struct dso *d;

	*out = NULL;
	if (!start())
		return ms_fail(why, MS_ERR_PLUGIN, "libltdl does not start: %s", lt_dlerror());
	d = calloc(1, sizeof *d);
	if (d == NULL)
		return MS_ERR_NOMEM;
	open_error[0] = '\0';
	d->handle = lt_dlopen(path);
	if (d->handle == NULL) {
		const char *words = lt_dlerror();

		free(d);
		finish();
		return ms_fail(why, MS_ERR_PLUGIN, "%s", open_error[0] != '\0' ? open_error : words);
	}
	*out = d;
	return MS_OK;
}

ms_err dso_datum(struct dso *d, const struct ms_plugin **out, struct ms_why *why)
{
	*out = lt_dlsym(d->handle, "modswan_plugin");
	if (*out == NULL)
		return ms_fail(why, MS_ERR_PLUGIN,
			"it exports no symbol modswan_plugin, so it is no plugin");
	return MS_OK;
}

void dso_close(struct dso **d)
{
	if (*d == NULL)
		return;
	lt_dlclose((*d)->handle);
	free(*d);
	*d = NULL;
	finish();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding, judging and loading plugins.
 *
 * A plugin is judged by its datum, before any of its functions is called: ABI number, name equal to
 * the file's, not loaded already.  Every refusal names both values.
 */
#include "lib/plugin/loader_priv.h"

#include <modswan/registry.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ms_role_name(enum ms_role role)
{
	static const char *const names[] = {
#define MS_ROLE_NAME(id, name) [MS_ROLE_##id] = name,
		MS_ROLES(MS_ROLE_NAME)
#undef MS_ROLE_NAME
	};

	return (unsigned)role < MS_ROLE_COUNT ? names[role] : "unknown";
}

struct ms_plugins *ms_plugins_new(const struct ms_services *services)
{
	struct ms_plugins *set = calloc(1, sizeof *set);

	if (set != NULL)
		set->services = *services;
	return set;
}

void ms_plugins_on_provider(struct ms_plugins *set,
	void (*fn)(void *arg, const struct ms_provider *p), void *arg)
{
	set->on_provider = fn;
	set->on_provider_arg = arg;
}

/* --- finding ------------------------------------------------------------------------------- */

static struct plugin *plugin_add(struct ms_plugins *set, const char *name, const char *file)
{
	struct plugin *p = calloc(1, sizeof *p), **end = &set->plugins;

	if (p == NULL)
		return NULL;
	p->set = set;
	p->name = strdup(name);
	p->file = strdup(file);
	if (p->name == NULL || p->file == NULL) {
		free(p->name);
		free(p->file);
		free(p);
		return NULL;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = p;
	return p;
}

static void refuse(struct plugin *p)
{
	p->state = MS_PLUGIN_REFUSED;
}

static const struct plugin *same_name(const struct plugin *p)
{
	for (const struct plugin *q = p->set->plugins; q != p; q = q->next)
		if (q->state != MS_PLUGIN_REFUSED && strcmp(q->name, p->name) == 0)
			return q;
	return NULL;
}

/* Judges the datum; true: usable.  Nothing after magic and abi is read unless both are right. */
static bool judge(struct plugin *p, const struct ms_plugin *datum)
{
	const struct plugin *twin;
	unsigned n = 0;

	if (datum->magic != MS_PLUGIN_MAGIC)
		ms_fail(&p->reason, MS_ERR_ABI, "its datum starts with 0x%08x, expected 0x%08x",
			datum->magic, MS_PLUGIN_MAGIC);
	else if (datum->abi != MS_PLUGIN_ABI)
		ms_fail(&p->reason, MS_ERR_ABI, "it was built for ABI %u, this program has ABI %u",
			datum->abi, MS_PLUGIN_ABI);
	else if (datum->name == NULL || strcmp(datum->name, p->name) != 0)
		ms_fail(&p->reason, MS_ERR_PLUGIN,
			"it calls itself \"%s\", but its file is named \"%s\"",
			datum->name == NULL ? "" : datum->name, p->name);
	else if ((twin = same_name(p)) != NULL)
		ms_fail(&p->reason, MS_ERR_DUPLICATE,
			"\"%s\" in %s was found already, this is %s", p->name, twin->file, p->file);
	else {
		while (plugin_provides(datum, n) != NULL)
			n++;
		if (n >= 1 && n <= MAX_FEATURES) {
			p->datum = datum;
			return true;
		}
		ms_fail(&p->reason, MS_ERR_PLUGIN, "it provides %u features, expected 1 to %u", n,
			MAX_FEATURES);
	}
	return false;
}

static void find_file(struct ms_plugins *set, const char *folder, const char *file_name)
{
	char path[4096], name[256];
	const struct ms_plugin *datum;
	struct plugin *p;

	snprintf(path, sizeof path, "%s/%s", folder, file_name);
	snprintf(name, sizeof name, "%.*s", (int)(strlen(file_name) - 3), file_name);
	p = plugin_add(set, name, path);
	if (p == NULL)
		return;
	if (dso_open(&p->dso, path, &p->reason) != MS_OK ||
		dso_datum(p->dso, &datum, &p->reason) != MS_OK || !judge(p, datum)) {
		refuse(p);
		dso_close(&p->dso);
	}
}

static int only_modules(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 3 && strcmp(e->d_name + n - 3, ".so") == 0;
}

ms_err ms_plugins_find(struct ms_plugins *set, const char *folder, struct ms_why *why)
{
	struct dirent **list;
	int n = scandir(folder, &list, only_modules, alphasort);

	if (n < 0 && errno == ENOENT && set->plugins != NULL)
		return MS_OK;
	if (n < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot read the plugin folder \"%s\": %s", folder,
			strerror(errno));
	for (int i = 0; i < n; i++) {
		find_file(set, folder, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return MS_OK;
}

void ms_plugins_find_preopened(struct ms_plugins *set, const struct ms_preopened *list)
{
	static const char tail[] = "_LTX_modswan_plugin";

	for (; list != NULL && list->name != NULL; list++) {
		size_t n = strlen(list->name);
		const struct ms_plugin *datum = list->address;
		struct plugin *p;

		if (n < sizeof tail || datum == NULL ||
			strcmp(list->name + n - (sizeof tail - 1), tail) != 0)
			continue;
		p = plugin_add(set, datum->name, "(built in)");
		if (p != NULL && !judge(p, datum))
			refuse(p);
	}
}

/* --- loading ------------------------------------------------------------------------------- */

static const struct ms_provider *service_provider(const struct ms_services *s, enum ms_role role,
	const char *name, unsigned i)
{
	const struct plugin *p = s->host;

	return ms_plugins_provider(p->set, role, name, i);
}

static size_t plugin_prefix(const void *object, char *buf, size_t size)
{
	const struct plugin *p = object;

	return (size_t)snprintf(buf, size, "%s: ", p->name);
}

static ms_err read_settings(struct plugin *p, struct ms_why *why)
{
	char path[4096];

	if (p->datum->keys == NULL)
		return MS_OK;
	p->conf = calloc(1, p->datum->conf_size);
	if (p->conf == NULL)
		return MS_ERR_NOMEM;
	snprintf(path, sizeof path, "%s/modswan/%s.conf", p->set->services.confdir, p->name);
	return ms_conf_load(path, p->datum->keys, p->conf, why);
}

static void forget_settings(struct plugin *p)
{
	if (p->conf == NULL)
		return;
	ms_conf_free(p->datum->keys, p->conf);
	free(p->conf);
	p->conf = NULL;
}

static bool remember_loaded(struct ms_plugins *set, const struct plugin *p)
{
	if (set->n_loaded == set->cap_loaded) {
		unsigned cap = set->cap_loaded == 0 ? 16 : set->cap_loaded * 2;
		const struct plugin **order = realloc(set->order, cap * sizeof *order);

		if (order == NULL)
			return false;
		set->order = order;
		set->cap_loaded = cap;
	}
	set->order[set->n_loaded++] = p;
	return true;
}

static void announce(struct ms_plugins *set, struct plugin *p)
{
	const struct ms_feature *f;

	for (unsigned k = 0; (f = plugin_provides(p->datum, k)) != NULL; k++) {
		if (!p->on[k])
			continue;
		p->providers[k] = (struct ms_provider){ f->role, f->name, p->name, f->ops,
			p->instance };
		if (set->on_provider != NULL)
			set->on_provider(set->on_provider_arg, &p->providers[k]);
	}
}

static void load_one(struct ms_plugins *set, struct plugin *p)
{
	ms_err err;

	p->services = set->services;
	p->services.size = sizeof p->services;
	p->log = (struct ms_logger){ set->services.log, MS_SOURCE_PLUGIN, plugin_prefix, p, NULL };
	p->services.log = &p->log;
	p->services.provider = service_provider;
	p->services.host = p;
	for (unsigned k = 0; plugin_provides(p->datum, k) != NULL; k++)
		p->on[k] = graph_missing(set, p, k) == NULL;
	err = read_settings(p, &p->reason);
	if (err == MS_OK && p->datum->load != NULL)
		err = p->datum->load(&p->instance, &p->services, p->conf, &p->reason);
	if (err == MS_OK && !remember_loaded(set, p)) {
		if (p->datum->unload != NULL)
			p->datum->unload(&p->instance);
		err = MS_ERR_NOMEM;
	}
	if (err != MS_OK) {
		if (p->reason.text[0] == '\0')
			ms_fail(&p->reason, err, "%s", ms_err_text(err));
		memset(p->on, 0, sizeof p->on);
		forget_settings(p);
		refuse(p);
		return;
	}
	p->state = MS_PLUGIN_LOADED;
	p->load_order = set->n_loaded;
	announce(set, p);
}

static bool listed(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool ms_plugin_wanted(const struct ms_plugin *datum, const char *const *names,
	const char *const *also)
{
	if (listed(also, datum->name))
		return true;
	return names == NULL ? !datum->on_demand : listed(names, datum->name);
}

static ms_err check_wanted(const struct ms_plugins *set, const char *const *names,
	struct ms_why *why)
{
	for (; names != NULL && *names != NULL; names++) {
		const struct plugin *p, *found = NULL;

		for (p = set->plugins; p != NULL; p = p->next)
			if (strcmp(p->name, *names) == 0 &&
				(found == NULL || p->state == MS_PLUGIN_LOADED))
				found = p;
		if (found == NULL)
			return ms_fail(why, MS_ERR_PLUGIN, "plugin \"%s\" was not found", *names);
		if (found->state != MS_PLUGIN_LOADED)
			return ms_fail(why, MS_ERR_PLUGIN, "plugin \"%s\": %s", *names,
				found->reason.text);
	}
	return MS_OK;
}

static void say_why_off(struct ms_plugins *set, struct plugin *p)
{
	const struct ms_feature *need;

	p->state = MS_PLUGIN_OFF;
	if (!p->wanted) {
		ms_fail(&p->reason, MS_ERR_PLUGIN, "not on the list of plugins to load");
		return;
	}
	need = graph_missing(set, p, 0);
	ms_fail(&p->reason, MS_ERR_PLUGIN, "it needs %s%s%s, which no loaded plugin offers",
		ms_role_name(need->role), need->name == NULL ? "" : ":",
		need->name == NULL ? "" : need->name);
}

ms_err ms_plugins_load_also(struct ms_plugins *set, const char *const *names,
	const char *const *also, struct ms_why *why)
{
	struct plugin *p;
	ms_err err;

	for (p = set->plugins; p != NULL; p = p->next)
		p->wanted = p->datum != NULL && ms_plugin_wanted(p->datum, names, also);
	while ((p = graph_next(set)) != NULL)
		load_one(set, p);
	for (p = set->plugins; p != NULL; p = p->next)
		if (p->state == MS_PLUGIN_FOUND)
			say_why_off(set, p);
	err = check_wanted(set, names, why);
	return err == MS_OK ? check_wanted(set, also, why) : err;
}

ms_err ms_plugins_load(struct ms_plugins *set, const char *const *names, struct ms_why *why)
{
	return ms_plugins_load_also(set, names, NULL, why);
}

void ms_plugins_note_absent(const struct ms_plugins *set)
{
	const struct ms_feature *f;

	for (const struct plugin *p = set->plugins; p != NULL; p = p->next)
		for (unsigned k = 0; p->state == MS_PLUGIN_OFF && p->datum != NULL &&
			(f = plugin_provides(p->datum, k)) != NULL; k++)
			if (f->role == MS_ROLE_CRYPTO)
				ms_crypto_note_absent(f->ops, f->name, p->name);
}

/* --- looking ------------------------------------------------------------------------------- */

const struct ms_provider *ms_plugins_provider(const struct ms_plugins *set, enum ms_role role,
	const char *name, unsigned i)
{
	for (unsigned k = 0; k < set->n_loaded; k++)
		for (unsigned f = 0; f < MAX_FEATURES; f++) {
			const struct ms_provider *p = &set->order[k]->providers[f];

			if (p->name == NULL || p->role != role ||
				(name != NULL && strcmp(p->name, name) != 0))
				continue;
			if (i-- == 0)
				return p;
		}
	return NULL;
}

static const struct plugin *nth(const struct ms_plugins *set, unsigned i)
{
	const struct plugin *p = set->plugins;

	while (p != NULL && i-- > 0)
		p = p->next;
	return p;
}

bool ms_plugins_info(const struct ms_plugins *set, unsigned i, struct ms_plugin_info *out)
{
	const struct plugin *p = nth(set, i);

	if (p == NULL)
		return false;
	*out = (struct ms_plugin_info){ p->name, p->file,
		p->datum == NULL ? NULL : p->datum->summary, p->datum == NULL ? 0 : p->datum->abi,
		p->state, p->reason.text[0] == '\0' ? NULL : p->reason.text };
	return true;
}

bool ms_plugins_feature(const struct ms_plugins *set, unsigned i, unsigned k,
	struct ms_feature_info *out)
{
	static _Thread_local char reason[128];
	const struct plugin *p = nth(set, i);
	const struct ms_feature *f, *need;

	if (p == NULL || p->datum == NULL || (f = plugin_provides(p->datum, k)) == NULL)
		return false;
	*out = (struct ms_feature_info){ f->role, f->name, p->on[k], NULL };
	if (!p->on[k] && (need = graph_missing(set, p, k)) != NULL) {
		snprintf(reason, sizeof reason, "needs %s%s%s", ms_role_name(need->role),
			need->name == NULL ? "" : ":", need->name == NULL ? "" : need->name);
		out->reason = reason;
	}
	return true;
}

const struct ms_plugin *ms_plugins_datum(const struct ms_plugins *set, unsigned i)
{
	const struct plugin *p = nth(set, i);

	return p == NULL ? NULL : p->datum;
}

static void plugin_free(struct plugin *p)
{
	forget_settings(p);
	dso_close(&p->dso);
	free(p->name);
	free(p->file);
	free(p);
}

void ms_plugins_free(struct ms_plugins **set)
{
	struct plugin *p, *next;

	if (*set == NULL)
		return;
	for (unsigned k = (*set)->n_loaded; k-- > 0;) {
		struct plugin *loaded = (struct plugin *)(uintptr_t)(*set)->order[k];

		if (loaded->datum->unload != NULL)
			loaded->datum->unload(&loaded->instance);
	}
	for (p = (*set)->plugins; p != NULL; p = next) {
		next = p->next;
		plugin_free(p);
	}
	free((*set)->order);
	free(*set);
	*set = NULL;
}

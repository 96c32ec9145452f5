/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy-groups: peers of policy groups from ipsec.d/policies.
 *
 *   parse.c    a file's lines
 *   names.c    host names
 *   watch.c    files that change
 *
 * A group's file has the group's name.  Files are read and understood in worker jobs, so that a list
 * of a hundred thousand peers stalls nobody; everything else runs on the owner's thread.
 */
#include "groups.h"

#include <modswan/config.h>
#include <modswan/loop.h>
#include <modswan/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	char *directory;
	bool watch;
};

struct groups {
	const struct ms_services *services;
	const struct settings *conf;
	const struct ms_policy_events *events; /* NULL: not started */
	void *ctx;
	struct group_watch *watch;
	struct group_names *names;
};

/* --- places ---------------------------------------------------------------------------------------- */

static char *join(const char *dir, const char *name)
{
	char *path;

	if (name[0] == '/')
		return strdup(name);
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Our own setting, then ipsecdir= of config setup, then the usual place. */
static char *folder(const struct groups *g)
{
	const struct ms_services *sv = g->services;
	const struct ms_provider *p =
		sv->provider == NULL ? NULL : sv->provider(sv, MS_ROLE_CONFIG, NULL, 0);
	const struct ms_config_ops *config = p == NULL ? NULL : p->ops;
	struct ms_setup_desc setup;
	char *dir, *policies = NULL;

	if (g->conf->directory != NULL)
		return join(sv->confdir, g->conf->directory);
	if (config == NULL || config->setup(p->instance, &setup, NULL) != MS_OK)
		return join(sv->confdir, "ipsec.d/policies");
	dir = join(sv->confdir, setup.ipsecdir != NULL ? setup.ipsecdir : "ipsec.d");
	if (dir != NULL)
		policies = join(dir, "policies");
	free(dir);
	config->setup_free(p->instance, &setup);
	return policies;
}

/* --- reading ---------------------------------------------------------------------------------------- */

struct reading {
	struct groups *g;
	char *group, *path;
	struct group_text text;
	ms_err err;
	struct ms_why why;
	ms_policy_read_f *done;
	void *arg;
};

static void reading_free(struct reading *r)
{
	group_text_free(&r->text);
	free(r->group);
	free(r->path);
	free(r);
}

static void work(void *arg)
{
	struct reading *r = arg;

	r->err = group_read(&r->text, r->group, r->path, &r->why);
}

static void worked(void *arg, bool cancelled)
{
	struct reading *r = arg;
	struct ms_policy_list *list;

	if (cancelled)
		r->err = MS_ERR_CANCELLED;
	if (r->err == MS_OK && !group_names_list(r->g->names, &r->text))
		r->err = MS_ERR_NOMEM;
	list = r->err == MS_OK ? r->text.list : NULL;
	if (list != NULL)
		r->text.list = NULL;
	r->done(r->arg, r->err, list, &r->why);
	reading_free(r);
}

static void read_group(void *inst, const char *group, ms_policy_read_f *done, void *arg)
{
	struct groups *g = inst;
	struct ms_why why = { "" };
	struct reading *r;
	char *dir;

	if (!group_name_ok(group)) {
		(void)ms_fail(&why, MS_ERR_CONFIG, "\"%.60s\" cannot be the name of a group's file",
			group);
		done(arg, MS_ERR_CONFIG, NULL, &why);
		return;
	}
	r = calloc(1, sizeof *r);
	dir = folder(g);
	if (r != NULL && dir != NULL) {
		r->g = g;
		r->group = strdup(group);
		r->path = join(dir, group);
		r->done = done;
		r->arg = arg;
	}
	free(dir);
	if (r != NULL && r->group != NULL && r->path != NULL &&
		ms_job_submit(g->services->loop, work, worked, r) != NULL)
		return;
	if (r != NULL)
		reading_free(r);
	done(arg, MS_ERR_NOMEM, NULL, NULL);
}

static void list_free(void *inst, struct ms_policy_list **list)
{
	(void)inst;
	group_list_free(list);
}

static void forget(void *inst, const char *group)
{
	struct groups *g = inst;

	group_names_forget(g->names, group);
}

/* --- changes ---------------------------------------------------------------------------------------- */

static void file_changed(void *arg, const char *name)
{
	const struct groups *g = arg;

	if (g->events != NULL)
		g->events->changed(g->ctx, name);
}

static ms_err start(void *inst, const struct ms_policy_events *events, void *ctx, struct ms_why *why)
{
	struct groups *g = inst;
	char *dir;

	(void)why;
	g->events = events;
	g->ctx = ctx;
	if (!g->conf->watch)
		return MS_OK;
	dir = folder(g);
	if (dir != NULL)
		g->watch = group_watch_new(g->services->loop, dir, file_changed, g);
	/* Then a person says --rereadgroups. */
	if (g->watch == NULL)
		ms_notice(g->services->log, "%s cannot be watched", dir == NULL ? "?" : dir);
	free(dir);
	return MS_OK;
}

static void stop(void *inst)
{
	struct groups *g = inst;

	group_watch_free(&g->watch);
	g->events = NULL;
}

/* --- the plugin ---------------------------------------------------------------------------------------- */

static void unload(void **instance)
{
	struct groups *g = *instance;

	if (g == NULL)
		return;
	stop(g);
	group_names_free(&g->names);
	free(g);
	*instance = NULL;
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct groups *g = calloc(1, sizeof *g);

	if (g == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	g->services = services;
	g->conf = conf;
	g->names = group_names_new(services, file_changed, g);
	if (g->names == NULL) {
		free(g);
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	*instance_r = g;
	return MS_OK;
}

static const struct ms_policy_ops ops = {
	.size = sizeof ops,
	.start = start,
	.stop = stop,
	.read = read_group,
	.list_free = list_free,
	.forget = forget,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(POLICY, "groups", &ops),
	MS_USES(CONFIG, NULL),	 /* ipsecdir= */
	MS_USES(RESOLVER, NULL), /* host names */
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct settings, directory, "directory",
		.brief = "the folder of the groups' files",
		.text = "A name that does not begin with / is looked for beside the other "
			"configuration files.  Without it, the folder policies of ipsecdir= of "
			"config setup, and without that ipsec.d/policies."),
	MS_KEY_BOOL(struct settings, watch, "watch", .def = true,
		.brief = "a file that changes is read again at once",
		.text = "Without it, ipsec auto --rereadgroups reads the files."),
	MS_KEY_END,
};

MS_PLUGIN(policy_groups, "policy-groups", .summary = "peers of policy groups from ipsec.d/policies",
	.features = features, .keys = keys, .conf_size = sizeof(struct settings), .load = load,
	.unload = unload, );

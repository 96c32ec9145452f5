/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections come from the configuration and go at a person's word.
 *
 * One description may make several connections (leftsubnets=), and one name may mean several
 * descriptions (connalias=).  What a person asks for is done whole or not at all; at the start each
 * description stands for itself.
 */
#include "core/daemon/daemon.h"

#include "core/control/control.h"
#include "core/route/groups.h"

#include <stdlib.h>
#include <string.h>

void daemon_delete_conn(struct daemon *d, struct conn *c)
{
	c->up_pending = false;
	conn_names_forget(c);
	if (c->group)
		groups_touch(d->groups);
	control_forget_conn(d->control, c);
	route_delete_conn(d->route, c);
}

static void delete_list(struct daemon *d, struct conn_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!l->conn[i]->deleted)
			daemon_delete_conn(d, l->conn[i]);
	conn_list_free(l);
}

void daemon_delete_conns(struct daemon *d, struct conn_list *l)
{
	/* None of them comes up again while the others go. */
	for (unsigned i = 0; i < l->n; i++)
		l->conn[i]->wanted_up = false;
	delete_list(d, l);
}

/* --- one description -------------------------------------------------------------------------------- */

struct adding {
	struct daemon *d;
	bool replace;
	const char *only; /* of the pairs, this one; NULL: all */
	struct ms_conn_desc *desc; /* copies */
	unsigned n_desc, room;
	bool nomem;
	struct conn_list added;
};

static bool is_other(const struct adding *a, const struct ms_conn_desc *desc)
{
	return a->only != NULL && strcmp(desc->name, a->only) != 0;
}

static ms_err add_pair(void *arg, const struct ms_conn_desc *desc, struct ms_why *why)
{
	struct adding *a = arg;
	struct daemon *d = a->d;
	struct ms_why orient_why = { "" };
	struct conn *c;
	ms_err err;

	if (is_other(a, desc))
		return MS_OK;
	err = conn_add(d->conns, desc, &c, why);
	if (err != MS_OK)
		return err;
	if (!conn_list_add(&a->added, c)) {
		conn_delete(d->conns, c);
		return MS_ERR_NOMEM;
	}
	ms_notice(&d->conn_log, "added connection description \"%s\"", desc->name);
	if (desc->ah)
		ms_notice(&d->conn_log, "\"%s\": phase2=ah: packets are authenticated, not encrypted",
			desc->name);
	if (conn_has_name(c))
		conn_names_watch(d->names, c);
	if (c->group)
		groups_touch(d->groups);
	/* Not oriented is no error here: addresses come and go, --up tells. */
	if (d->listening && daemon_orient(d, c, &orient_why) != MS_OK)
		ms_debug(&d->conn_log, "%s", orient_why.text);
	if (d->started && !myid_looks(d->myid))
		daemon_myid_look(d);
	return MS_OK;
}

static ms_err check_kernel(const struct daemon *d, const struct ms_conn_desc *desc, struct ms_why *why)
{
	const char *where;
	char place[512];

	if (desc->kernel == NULL || strcmp(desc->kernel, d->kernel->name) == 0)
		return MS_OK;
	where = ms_conn_where(desc, "kernel=", place, sizeof place);
	return ms_fail(why, MS_ERR_UNSUPPORTED,
		"connection \"%s\" (%.200s): kernel=%s: every connection uses protostack=%s here",
		desc->name, where == NULL ? "whack" : where, desc->kernel, d->kernel->name);
}

static ms_err check_pair(void *arg, const struct ms_conn_desc *desc, struct ms_why *why)
{
	struct adding *a = arg;

	return is_other(a, desc) ? MS_OK : conn_check(a->d->conns, desc, why);
}

/* What stands in its way: the connection of this name, or all that leftsubnets= made of it. */
static ms_err make_way(struct adding *a, const struct ms_conn_desc *desc, struct ms_why *why)
{
	const char *name = a->only != NULL ? a->only : desc->name;
	struct conn *c = conn_by_name(a->d->conns, name);
	struct conn_list pairs;

	if (!conn_list_section(a->d->conns, name, &pairs))
		return MS_ERR_NOMEM;
	if (!a->replace && (c != NULL || pairs.n > 0)) {
		conn_list_free(&pairs);
		return ms_fail(why, MS_ERR_DUPLICATE, "attempt to redefine connection \"%s\"", name);
	}
	if (c != NULL)
		daemon_delete_conn(a->d, c);
	daemon_delete_conns(a->d, &pairs);
	return MS_OK;
}

/* --- all of them ------------------------------------------------------------------------------------ */

/* What is there now stays as it is unless all descriptions are good. */
static ms_err apply(struct adding *a, struct ms_why *why)
{
	ms_err err = MS_OK;

	for (unsigned i = 0; i < a->n_desc && err == MS_OK; i++)
		err = check_kernel(a->d, &a->desc[i], why);
	for (unsigned i = 0; i < a->n_desc && err == MS_OK && a->replace; i++)
		err = ms_conn_each_pair(&a->desc[i], check_pair, a, why);
	for (unsigned i = 0; i < a->n_desc && err == MS_OK; i++)
		err = make_way(a, &a->desc[i], why);
	for (unsigned i = 0; i < a->n_desc && err == MS_OK; i++)
		err = ms_conn_each_pair(&a->desc[i], add_pair, a, why);
	if (err == MS_OK && a->only != NULL && a->added.n == 0)
		err = ms_fail(why, MS_ERR_UNKNOWN, "there is no conn %.200s", a->only);
	if (err != MS_OK)
		delete_list(a->d, &a->added);
	return err;
}

ms_err daemon_add_desc(struct daemon *d, const struct ms_conn_desc *desc, struct conn_list *added,
	struct ms_why *why)
{
	struct ms_conn_desc borrowed = *desc;
	struct adding a = { .d = d, .desc = &borrowed, .n_desc = 1 };
	ms_err err = apply(&a, why);

	*added = a.added;
	return err;
}

static void at_start(void *arg, const struct ms_conn_desc *desc)
{
	struct daemon *d = arg;
	struct conn_list added;
	struct ms_why why = { "" };
	ms_err err;

	if (desc->autostart == MS_AUTO_IGNORE || desc->autostart == MS_AUTO_MANUAL)
		return;
	err = daemon_add_desc(d, desc, &added, &why);
	if (err != MS_OK)
		ms_error(&d->conn_log, "could not add conn \"%s\": %s", desc->name,
			ms_why_text(&why, err));
	conn_list_free(&added);
}

static void at_start_broken(void *arg, const char *name, const char *text)
{
	struct daemon *d = arg;

	ms_error(&d->conn_log, "could not load conn \"%s\": %s", name, text);
}

static const struct ms_config_ops *config_of(const struct daemon *d, struct ms_why *why)
{
	if (d->config == NULL)
		ms_fail(why, MS_ERR_UNSUPPORTED, "no plugin reads a configuration");
	return d->config == NULL ? NULL : d->config->ops;
}

ms_err daemon_add_all(struct daemon *d, struct ms_why *why)
{
	static const struct ms_config_sink sink = { .conn = at_start, .broken = at_start_broken };
	const struct ms_config_ops *ops = config_of(d, why);

	return ops == NULL ? MS_ERR_UNSUPPORTED :
			     ops->conns(d->config->instance, NULL, &sink, d, why);
}

static void take_copy(void *arg, const struct ms_conn_desc *desc)
{
	struct adding *a = arg;

	if (a->n_desc == a->room) {
		unsigned room = a->room == 0 ? 4 : a->room * 2;
		struct ms_conn_desc *grown = reallocarray(a->desc, room, sizeof *grown);

		if (grown == NULL) {
			a->nomem = true;
			return;
		}
		a->desc = grown;
		a->room = room;
	}
	if (ms_conn_desc_copy(&a->desc[a->n_desc], desc))
		a->n_desc++;
	else
		a->nomem = true;
}

/* NAME/1x2 stands in no file: NAME does. */
static ms_err read_named(struct adding *a, const char *name, struct ms_why *why)
{
	static const struct ms_config_sink sink = { .conn = take_copy };
	const struct ms_config_ops *ops = config_of(a->d, why);
	void *inst = a->d->config == NULL ? NULL : a->d->config->instance;
	const char *slash = strchr(name, '/');
	char *section;
	ms_err err;

	if (ops == NULL)
		return MS_ERR_UNSUPPORTED;
	if (slash == NULL)
		return ops->conns(inst, name, &sink, a, why);
	section = strndup(name, (size_t)(slash - name));
	if (section == NULL)
		return MS_ERR_NOMEM;
	a->only = name;
	err = ops->conns(inst, section, &sink, a, why);
	free(section);
	return err;
}

ms_err daemon_add_named(struct daemon *d, const char *name, bool replace, struct conn_list *added,
	struct ms_why *why)
{
	struct adding a = { .d = d, .replace = replace };
	ms_err err = read_named(&a, name, why);

	if (err == MS_OK && a.nomem)
		err = MS_ERR_NOMEM;
	if (err == MS_OK)
		err = apply(&a, why);
	for (unsigned i = 0; i < a.n_desc; i++)
		ms_conn_desc_free(&a.desc[i]);
	free(a.desc);
	*added = a.added;
	return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round: lists that may be new are read, all lists are merged into rules (core/conn/group.h, in a
 * worker job), members of rules that are gone are deleted, members of new rules are made.  Members
 * that stay are not touched.  A round does a little in each turn of the loop; what happens meanwhile
 * starts another one afterwards.
 */
#include "core/route/groups.h"

#include "core/conn/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_TURN 64  /* members made or deleted before others have their turn */
#define WAIT_MS	 5
#define PATIENCE 400 /* times WAIT_MS: an updown command that hangs does not stop all groups */

enum phase { IDLE, READING, MERGING, DELETING, WAITING, MAKING };

struct group_file {
	struct group_file *next;
	char *name;
	struct ms_policy_list *list; /* NULL: not read yet */
	bool stale;		     /* is to be read */
	bool fresh;		     /* was read in this round */
};

struct asker {
	struct asker *next;
	const struct groups_asker *ops;
	void *arg;
	bool heard; /* the round under way is the one */
};

struct groups {
	struct groups_env env;
	const struct ms_policy_ops *ops;
	void *inst;
	enum phase phase;
	bool again, stopped;
	struct group_file *files; /* in the order in which the groups were added */
	unsigned reading;
	struct group_rules rules;
	struct asker *askers;
	/* of the round under way */
	struct group_part *parts;
	struct group_client *clients;
	unsigned n_parts;
	struct group_change change;
	ms_err merged;
	size_t at, came;
	unsigned waits;
};

static void step(struct groups *g);

static void soon(struct groups *g, uint64_t ms)
{
	g->env.soon(g->env.ctx, ms);
}

static void say(struct groups *g, const char *text)
{
	ms_notice(g->env.log, "%s", text);
	for (struct asker *a = g->askers; a != NULL; a = a->next)
		if (a->heard)
			a->ops->line(a->arg, text);
}

/* --- lists -------------------------------------------------------------------------------------- */

static struct conn *group_conn(const struct groups *g, const char *name)
{
	struct conn *c = conn_by_name(g->env.conns, name);

	return c != NULL && c->group ? c : NULL;
}

static struct group_file *file_of(const struct groups *g, const char *name)
{
	struct group_file *f = g->files;

	while (f != NULL && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

static void file_free(struct groups *g, struct group_file *f)
{
	if (f->list != NULL)
		g->ops->list_free(g->inst, &f->list);
	free(f->name);
	free(f);
}

/* Groups that went are forgotten, those that came are behind the others. */
static void find_groups(struct groups *g)
{
	struct group_file **slot = &g->files;

	while (*slot != NULL) {
		struct group_file *f = *slot;

		if (group_conn(g, f->name) != NULL) {
			slot = &f->next;
			continue;
		}
		*slot = f->next;
		g->ops->forget(g->inst, f->name);
		file_free(g, f);
	}
	for (struct conn *c = conn_first_group(g->env.conns); c != NULL; c = c->group_next) {
		struct group_file *f;

		if (file_of(g, c->desc->name) != NULL)
			continue;
		f = calloc(1, sizeof *f);
		if (f == NULL || (f->name = strdup(c->desc->name)) == NULL) {
			free(f);
			return;
		}
		f->stale = true;
		*slot = f;
		slot = &f->next;
	}
}

struct question {
	struct groups *g;
	struct group_file *file;
};

static void merge(struct groups *g);

static void was_read(void *arg, ms_err err, struct ms_policy_list *list, const struct ms_why *why)
{
	struct question *q = arg;
	struct groups *g = q->g;
	struct group_file *f = q->file;
	char text[512];

	free(q);
	if (err != MS_OK) {
		/* What is known stays. */
		snprintf(text, sizeof text, "group \"%s\" is not read: %s", f->name,
			ms_why_text(why, err));
		say(g, text);
	} else {
		if (f->list != NULL)
			g->ops->list_free(g->inst, &f->list);
		f->list = list;
		f->fresh = true;
		if (list->found) {
			snprintf(text, sizeof text, "loading group \"%s\"", list->file);
			say(g, text);
		}
		for (size_t i = 0; i < list->n_problems; i++)
			say(g, list->problems[i]);
	}
	if (--g->reading == 0)
		merge(g);
}

static void read_lists(struct groups *g)
{
	g->phase = READING;
	g->again = false;
	for (struct asker *a = g->askers; a != NULL; a = a->next)
		a->heard = true;
	find_groups(g);
	g->reading = 1; /* answers may come at once */
	for (struct group_file *f = g->files; f != NULL; f = f->next) {
		struct question *q;

		f->fresh = false;
		if (!f->stale)
			continue;
		f->stale = false;
		q = malloc(sizeof *q);
		if (q == NULL)
			continue;
		*q = (struct question){ g, f };
		g->reading++;
		g->ops->read(g->inst, f->name, was_read, q);
	}
	if (--g->reading == 0)
		merge(g);
}

/* --- rules --------------------------------------------------------------------------------------- */

/* The group's own ends; one at %defaultroute has two, if there are default routes of both families. */
static unsigned clients_of(const struct groups *g, const struct conn *c, struct group_client *out)
{
	const struct ms_end_desc *end = c->left_is_local ? &c->desc->left : &c->desc->right;
	unsigned n = 0, other = c->local.host.addr.family == AF_INET;
	const struct ms_addr *also = g->env.default_src(g->env.ctx, other ? AF_INET6 : AF_INET);

	for (unsigned i = 0; i < c->local.n_clients; i++)
		out[n++] = (struct group_client){ c->local.clients[i], c->local.host.addr };
	if (!c->local.has_client && strcmp(end->host, "%defaultroute") == 0 && also != NULL &&
		also->family != 0) {
		out[n] = out[0];
		out[n].host = *also;
		out[n++].mine.range = (struct ms_range){ *also, *also };
	}
	return n;
}

static void merge_work(void *arg)
{
	struct groups *g = arg;

	g->merged = group_merge(&g->change, g->parts, g->n_parts, &g->rules);
}

static void end_round(struct groups *g, ms_err err);

static void merge_done(void *arg)
{
	struct groups *g = arg;

	free(g->parts);
	free(g->clients);
	g->parts = NULL;
	g->clients = NULL;
	if (g->merged != MS_OK) {
		end_round(g, g->merged);
		return;
	}
	for (size_t i = 0; i < g->change.n_problems; i++)
		say(g, g->change.problems[i]);
	g->rules = g->change.now;
	g->change.now = (struct group_rules){ NULL, 0 };
	g->phase = DELETING;
	g->at = g->came = 0;
	g->waits = 0;
	step(g);
}

static void merge(struct groups *g)
{
	unsigned n = 0, k = 0;

	if (g->stopped) {
		end_round(g, MS_ERR_CANCELLED);
		return;
	}
	for (struct group_file *f = g->files; f != NULL; f = f->next)
		n++;
	g->phase = MERGING;
	g->n_parts = 0;
	g->parts = calloc(n + 1, sizeof *g->parts);
	g->clients = calloc((size_t)n * (CONN_MAX_SELECTORS + 1) + 1, sizeof *g->clients);
	for (struct group_file *f = g->files;
		g->parts != NULL && g->clients != NULL && f != NULL; f = f->next) {
		const struct conn *c = group_conn(g, f->name);
		struct group_part *p = &g->parts[g->n_parts];

		if (c == NULL || !c->oriented || f->list == NULL)
			continue;
		*p = (struct group_part){ .name = f->name, .serial = c->serial,
			.clients = g->clients + k, .list = f->list, .fresh = f->fresh };
		p->n_clients = clients_of(g, c, g->clients + k);
		k += p->n_clients;
		g->n_parts++;
	}
	if (g->parts != NULL && g->clients != NULL) {
		g->merged = MS_ERR_CANCELLED; /* unless the work is done */
		g->env.host->ops->job(g->env.host->ctx, merge_work, merge_done, g);
		return;
	}
	free(g->parts);
	free(g->clients);
	g->parts = NULL;
	g->clients = NULL;
	end_round(g, MS_ERR_NOMEM);
}

/* --- members ------------------------------------------------------------------------------------- */

static void delete_some(struct groups *g)
{
	size_t end = g->at + PER_TURN;

	for (; g->at < end && g->at < g->change.n_gone; g->at++)
		if (!g->change.gone[g->at]->deleted)
			g->env.delete_conn(g->env.ctx, g->change.gone[g->at]);
	if (g->at < g->change.n_gone) {
		soon(g, 0);
		return;
	}
	g->phase = WAITING;
	step(g);
}

/* An eroute has one owner: who comes waits for who goes. */
static void wait_for_eroutes(struct groups *g)
{
	while (g->at > 0 && g->change.gone[g->at - 1]->route_jobs == NULL)
		conn_unref(&g->change.gone[--g->at]);
	if (g->at > 0 && ++g->waits < PATIENCE) {
		soon(g, WAIT_MS);
		return;
	}
	while (g->at > 0)
		conn_unref(&g->change.gone[--g->at]);
	g->phase = MAKING;
	step(g);
}

static void routed(void *arg, ms_err err, const struct ms_why *why)
{
	struct groups *g = arg;

	if (err != MS_OK)
		ms_error(g->env.log, "could not route a member of a group: %s",
			ms_why_text(why, err));
}

static struct conn *make_member(struct groups *g, const struct group_rule *r)
{
	struct conn *group = NULL, *c;

	for (struct conn *k = conn_first_group(g->env.conns); k != NULL && group == NULL;
		k = k->group_next)
		if (k->serial == r->group)
			group = k;
	if (group == NULL || !group->oriented)
		return NULL; /* it went meanwhile: another round comes */
	c = conn_group_member(g->env.conns, group, &r->mine, &r->theirs);
	if (c == NULL)
		return NULL;
	c->local.has_client = group->local.has_client;
	if (!ms_addr_eq(&c->local.host.addr, &r->host)) {
		/* Out of memory: as if it was not made at all. */
		if (conn_move_local(g->env.conns, c, &r->host) != MS_OK) {
			conn_delete(g->env.conns, c);
			return NULL;
		}
		if (g->env.find_device != NULL)
			g->env.find_device(g->env.ctx, c);
	}
	if (group->wanted_routed)
		route_connection(g->env.route, c, routed, g);
	return c;
}

static void make_some(struct groups *g)
{
	unsigned n = 0;

	for (; g->at < g->rules.n && n < PER_TURN; g->at++) {
		struct group_rule *r = &g->rules.rule[g->at];

		if (r->member != NULL)
			continue;
		n++;
		r->member = make_member(g, r);
		if (r->member != NULL) {
			conn_ref(r->member);
			g->came++;
		}
	}
	if (g->at < g->rules.n)
		soon(g, 0);
	else
		end_round(g, MS_OK);
}

static void end_round(struct groups *g, ms_err err)
{
	struct asker **slot = &g->askers, *a;
	size_t went = g->change.n_gone;

	group_change_free(&g->change);
	g->phase = IDLE;
	if (err != MS_OK && err != MS_ERR_CANCELLED)
		ms_error(g->env.log, "policy groups: %s", ms_err_text(err));
	if (g->came > 0 || went > 0)
		ms_info(g->env.log, "policy groups: %zu members came, %zu went, there are %zu",
			g->came, went, g->rules.n);
	while ((a = *slot) != NULL) {
		if (!a->heard) {
			slot = &a->next;
			continue;
		}
		*slot = a->next;
		a->ops->done(a->arg, err, g->came, went, g->rules.n);
		free(a);
	}
	g->came = 0;
	if (g->again)
		soon(g, 0);
}

static void step(struct groups *g)
{
	if (g->stopped && g->phase != IDLE) {
		for (size_t i = 0; i < g->change.n_gone; i++)
			conn_unref(&g->change.gone[i]);
		end_round(g, MS_ERR_CANCELLED);
		return;
	}
	switch (g->phase) {
	case IDLE:
		if (!g->stopped)
			read_lists(g);
		break;
	case DELETING:
		delete_some(g);
		break;
	case WAITING:
		wait_for_eroutes(g);
		break;
	case MAKING:
		make_some(g);
		break;
	case READING:
	case MERGING:
		break; /* an answer goes on */
	}
}

/* --- from outside ----------------------------------------------------------------------------------- */

void groups_touch(struct groups *g)
{
	if (g == NULL || g->stopped)
		return;
	if (g->phase == IDLE)
		soon(g, 0);
	else
		g->again = true;
}

void groups_reread(struct groups *g, const char *group, const struct groups_asker *asker, void *arg)
{
	struct asker *a;

	if (g == NULL || g->stopped) {
		if (asker != NULL)
			asker->done(arg, MS_OK, 0, 0, 0);
		return;
	}
	for (struct group_file *f = g->files; f != NULL; f = f->next)
		if (group == NULL || strcmp(f->name, group) == 0)
			f->stale = true;
	if (asker != NULL) {
		a = calloc(1, sizeof *a);
		if (a == NULL) {
			asker->done(arg, MS_ERR_NOMEM, 0, 0, 0);
			return;
		}
		*a = (struct asker){ g->askers, asker, arg, false };
		g->askers = a;
	}
	groups_touch(g);
}

static void changed(void *ctx, const char *group)
{
	struct groups *g = ctx;

	if (group == NULL || file_of(g, group) != NULL)
		groups_reread(g, group, NULL, NULL);
}

bool groups_source(const struct groups *g, const struct conn *member, const char **file_r,
	uint32_t *line_r)
{
	const struct group_file *f;

	if (g == NULL || !member->member)
		return false;
	f = file_of(g, member->template->desc->name);
	for (size_t i = 0; f != NULL && f->list != NULL && i < g->rules.n; i++)
		if (g->rules.rule[i].member == member) {
			*file_r = f->list->file;
			*line_r = g->rules.rule[i].line;
			return true;
		}
	return false;
}

ms_err groups_new(struct groups **out, const struct groups_env *env, struct ms_why *why)
{
	static const struct ms_policy_events events = { .changed = changed };
	struct groups *g = calloc(1, sizeof *g);
	ms_err err;

	*out = NULL;
	if (g == NULL)
		return MS_ERR_NOMEM;
	g->env = *env;
	g->ops = env->policies;
	g->inst = env->policies_inst;
	err = g->ops->start(g->inst, &events, g, why);
	if (err != MS_OK) {
		g->stopped = true;
		groups_free(&g);
		return err;
	}
	*out = g;
	return MS_OK;
}

void groups_tick(struct groups *g)
{
	step(g);
}

void groups_stop(struct groups *g)
{
	if (g == NULL || g->stopped)
		return;
	g->stopped = true;
	g->ops->stop(g->inst);
	/* Reading and merging end by themselves. */
	if (g->phase != READING && g->phase != MERGING)
		step(g);
}

bool groups_busy(const struct groups *g)
{
	return g != NULL && g->phase != IDLE;
}

void groups_free(struct groups **groups)
{
	struct groups *g = *groups;

	*groups = NULL;
	if (g == NULL)
		return;
	groups_stop(g);
	for (size_t i = 0; i < g->rules.n; i++)
		conn_unref(&g->rules.rule[i].member);
	group_rules_free(&g->rules);
	for (struct group_file *f = g->files, *next; f != NULL; f = next) {
		next = f->next;
		file_free(g, f);
	}
	for (struct asker *a = g->askers, *next; a != NULL; a = next) {
		next = a->next;
		free(a);
	}
	free(g);
}

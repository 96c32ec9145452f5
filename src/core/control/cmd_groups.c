/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about policy groups. */
#include "core/control/control_priv.h"
#include "core/route/groups.h"

static void group_line(void *arg, const char *text)
{
	call_line(arg, MS_RC_LOG, "%s", text);
}

static void groups_done(void *arg, ms_err err, size_t came, size_t went, size_t all)
{
	if (err != MS_OK) {
		call_fail(arg, err, NULL);
		return;
	}
	call_line(arg, MS_RC_LOG, "policy groups: %zu members came, %zu went, there are %zu", came,
		went, all);
	call_done(arg, MS_RC_COMMENT);
}

void cmd_rereadgroups(call *c)
{
	static const struct groups_asker asker = { group_line, groups_done };

	groups_reread(c->d->groups, NULL, &asker, c);
}

void cmd_listgroups(call *c)
{
	char name[256];

	for (const struct conn *g = conn_first_group(c->d->conns); g != NULL; g = g->group_next) {
		call_line(c, MS_RC_COMMENT, "\"%s\": %u members%s%s", g->desc->name, g->n_instances,
			g->oriented ? "" : ", unoriented", g->wanted_routed ? ", routed" : "");
		for (const struct conn *m = g->children; m != NULL; m = m->sibling_next) {
			conn_name_text(m, name, sizeof name);
			call_line(c, MS_RC_COMMENT, "    %s", name);
		}
	}
	call_done(c, MS_RC_COMMENT);
}

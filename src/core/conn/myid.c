/* SPDX-License-Identifier: Apache-2.0 */
/* What %myid stands for. */
#include "core/conn/conn_priv.h"

#include <stdlib.h>
#include <string.h>

bool conn_table_myid(struct conn_table *t, const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	if (text != NULL && copy == NULL)
		return false;
	free(t->myid);
	t->myid = copy;
	return true;
}

ms_err conn_take_myid(const struct conn_table *t, struct conn *c)
{
	const struct ms_id *found = &t->myid_found[c->local.host.addr.family == AF_INET6];
	struct ms_id fresh = { 0 };
	ms_err err;

	if (!c->local.id_is_myid || c->local.host.addr.family == 0)
		return MS_OK;
	err = found->type != MS_ID_ANY ? ms_id_copy(&fresh, found) :
					 ms_id_of_addr(&fresh, &c->local.host.addr);
	if (err != MS_OK)
		return err;
	ms_id_free(&c->local.id);
	c->local.id = fresh;
	return MS_OK;
}

ms_err conn_table_myid_found(struct conn_table *t, int family, const struct ms_id *id)
{
	struct ms_id *now = &t->myid_found[family == AF_INET6], fresh = { 0 };
	ms_err err = id == NULL ? MS_OK : ms_id_copy(&fresh, id);

	if (err != MS_OK)
		return err;
	ms_id_free(now);
	*now = fresh;
	for (struct conn *c = t->first; c != NULL && err == MS_OK; c = c->all_next)
		if (c->local.host.addr.family == family && c->ike_sas == NULL &&
			c->child_sas == NULL)
			err = conn_take_myid(t, c);
	return err;
}

bool conn_table_myid_wanted(const struct conn_table *t)
{
	for (const struct conn *c = t->first; c != NULL; c = c->all_next)
		if (conn_negotiates(c) &&
			(c->local.id_is_myid || (!c->oriented && c->remote.id_is_myid)))
			return true;
	return false;
}

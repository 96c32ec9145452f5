/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a group at another address of ours than the group's own: those of the other family.
 *
 * A peer that initiates is answered by what the index of host pairs has for its addresses.  The group
 * itself is there for the address that it has; for any other one of its members stands in for all, so
 * that the chain does not grow with their number.
 */
#include "core/conn/conn_priv.h"

static bool is_at(const struct conn *c, const struct ms_addr *a)
{
	return c->oriented && !c->deleted && ms_addr_eq(&c->local.host.addr, a);
}

/* Nobody of the group is there yet. */
static bool is_wanted(const struct conn_table *t, const struct conn *c)
{
	static const struct ms_addr any;
	const struct ms_addr *a = &c->local.host.addr;

	if (!c->member || ms_addr_eq(a, &c->template->local.host.addr))
		return false;
	for (const struct conn *o = conn_pair_bucket(t, a, &any); o != NULL; o = o->next_pair)
		if (o->template == c->template && is_at(o, a))
			return false;
	return true;
}

ms_err conn_move_local(struct conn_table *t, struct conn *c, const struct ms_addr *a)
{
	ms_err err;

	if (c->oriented)
		conn_pair_remove(t, c);
	err = conn_end_host(&c->local, a);
	if (err == MS_OK)
		err = conn_take_myid(t, c);
	c->stands_in = c->oriented && is_wanted(t, c);
	if (c->oriented)
		conn_pair_insert(t, c);
	return err;
}

static struct conn *heir_of(const struct conn *c)
{
	const struct ms_addr *a = &c->local.host.addr;
	struct conn *o;

	/* Neighbours in the list are mostly of one kind. */
	for (o = c->sibling_next; o != NULL; o = o->sibling_next)
		if (is_at(o, a))
			return o;
	for (o = c->template->children; o != c; o = o->sibling_next)
		if (is_at(o, a))
			return o;
	return NULL;
}

void conn_stand_in_goes(struct conn_table *t, struct conn *c)
{
	struct conn *heir;

	if (!c->stands_in)
		return;
	heir = heir_of(c);
	conn_pair_remove(t, c);
	c->stands_in = false;
	if (heir == NULL)
		return;
	heir->stands_in = true;
	conn_pair_insert(t, heir);
}

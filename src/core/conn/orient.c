/* SPDX-License-Identifier: Apache-2.0 */
/* Which end is ours. */
#include "core/conn/conn_priv.h"

#include <string.h>

struct orientation {
	bool (*is_local)(void *arg, const struct ms_addr *a);
	void *arg;
	const struct ms_addr *default_src, *default_gw;
};

static bool end_is_ours(const struct conn_end *e, const struct ms_end_desc *d,
	const struct orientation *o)
{
	if (strcmp(d->host, "%defaultroute") == 0)
		return o->default_src != NULL && o->default_src->family != 0;
	return e->host.addr.family != 0 && o->is_local(o->arg, &e->host.addr);
}

static void swap_ends(struct conn *c)
{
	struct conn_end e = c->local;

	c->local = c->remote;
	c->remote = e;
	c->left_is_local = !c->left_is_local;
}

/* The address that stands for %defaultroute goes where the host's address would: host, client of a
 * host, identity that was not written. */
static ms_err fill_default_route(struct conn_end *e, const struct ms_end_desc *d,
	const struct orientation *o)
{
	if (strcmp(d->host, "%defaultroute") != 0 || o->default_src == NULL)
		return MS_OK;
	e->host.addr = *o->default_src;
	if (o->default_gw != NULL)
		e->nexthop = *o->default_gw;
	/* A lease stays what the clients are. */
	if (!e->has_client && !(conn_end_asks(e) && e->clients[0].range.first.family != 0))
		e->clients[0].range.first = e->clients[0].range.last = e->host.addr;
	if (d->id == NULL) {
		ms_id_free(&e->id);
		return ms_id_of_addr(&e->id, &e->host.addr);
	}
	return MS_OK;
}

static ms_err choose(struct conn *c, const struct orientation *o, struct ms_why *why)
{
	const struct ms_end_desc *l = &c->desc->left, *r = &c->desc->right;
	bool left, right;

	if (!c->left_is_local)
		swap_ends(c);
	left = end_is_ours(&c->local, l, o);
	right = end_is_ours(&c->remote, r, o);
	/* Loopback tests apart, both ends ours is a mistake; the port tells two daemons apart. */
	if (left && right && c->local.host.port == c->remote.host.port)
		return ms_fail(why, MS_ERR_CONFIG,
			"connection \"%s\": both ends (left=%s, right=%s) are this host",
			c->desc->name, l->host, r->host);
	if (!left && !right)
		return ms_fail(why, MS_ERR_NOT_FOUND,
			"connection \"%s\": neither left=%s nor right=%s is an address of this host",
			c->desc->name, l->host, r->host);
	if (!left)
		swap_ends(c);
	if (c->local.id_from_cert && c->local.id.type == MS_ID_ANY)
		return ms_fail(why, MS_ERR_CONFIG,
			"connection \"%s\": our own id=%%fromcert needs a certificate, %scert=",
			c->desc->name, c->left_is_local ? "left" : "right");
	if (c->local.id.type != MS_ID_ANY && ms_id_is_pattern(&c->local.id))
		return ms_fail(why, MS_ERR_CONFIG,
			"connection \"%s\": our own identity cannot have a wildcard",
			c->desc->name);
	return MS_OK;
}

ms_err conn_orient(struct conn_table *t, struct conn *c,
	bool (*is_local)(void *arg, const struct ms_addr *a), void *arg,
	const struct ms_addr *default_src, const struct ms_addr *default_gw, struct ms_why *why)
{
	const struct orientation o = { is_local, arg, default_src, default_gw };
	ms_err err;

	if (c->oriented)
		conn_pair_remove(t, c);
	c->oriented = false;
	err = choose(c, &o, why);
	if (err == MS_OK)
		err = fill_default_route(&c->local, c->left_is_local ? &c->desc->left :
								       &c->desc->right, &o);
	if (err != MS_OK)
		return err;
	c->oriented = true;
	conn_pair_insert(t, c);
	return MS_OK;
}

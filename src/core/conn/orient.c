/* SPDX-License-Identifier: Apache-2.0 */
/* Which end is ours. */
#include "core/conn/conn_priv.h"
#include "core/conn/names.h"

#include <string.h>

struct orientation {
	bool (*is_local)(void *arg, const struct ms_addr *a);
	void *arg;
	const struct ms_addr *default_src, *default_gw; /* IPv4, IPv6 */
	const struct conn_table *table;
	int family; /* that our end must have; 0: any */
};

static const int families[2] = { AF_INET, AF_INET6 };

/* The address of left=%eth0; false: there is none (yet). */
static bool device_address(const struct orientation *o, const struct ms_end_desc *d,
	struct ms_addr *out)
{
	const struct conn_table *t = o->table;
	const char *device = ms_host_device(d->host);

	return device != NULL && t->device_address != NULL &&
	       t->device_address(t->device_arg, device, o->family, out);
}

/* A peer that is a name may have addresses of either family. */
static bool has_default_route(const struct orientation *o, bool peer_is_name)
{
	unsigned i = o->family == AF_INET6;

	return o->default_src != NULL &&
	       (o->default_src[i].family != 0 ||
		       (peer_is_name && o->family == 0 && o->default_src[1].family != 0));
}

static bool end_is_ours(const struct conn_end *e, const struct ms_end_desc *d,
	const struct orientation *o, const struct conn_end *peer)
{
	struct ms_addr a;

	for (unsigned i = 0; e->name != NULL && i < e->name->n; i++)
		if (o->is_local(o->arg, &e->name->addrs[i]))
			return true;
	if (e->name != NULL)
		return false;
	if (strcmp(d->host, "%defaultroute") == 0)
		return has_default_route(o, peer->name != NULL);
	if (ms_host_device(d->host) != NULL)
		return device_address(o, d, &a);
	return e->host.addr.family != 0 && o->is_local(o->arg, &e->host.addr);
}

static void swap_ends(struct conn *c)
{
	struct conn_end e = c->local;

	c->local = c->remote;
	c->remote = e;
	c->left_is_local = !c->left_is_local;
}

/* An address that was found out goes where a written one would: host, client of a host, identity that
 * was not written. */
ms_err conn_end_host(struct conn_end *e, const struct ms_addr *a)
{
	e->host.addr = *a;
	/* A lease stays what the clients are. */
	if (!e->has_client && !(conn_end_asks(e) && e->clients[0].range.first.family != 0))
		e->clients[0].range.first = e->clients[0].range.last = e->host.addr;
	if (!e->id_is_host)
		return MS_OK;
	ms_id_free(&e->id);
	return ms_id_of_addr(&e->id, &e->host.addr);
}

bool conn_end_has(const struct conn_end *e, const struct ms_selector *s)
{
	for (unsigned i = 0; i < e->n_clients; i++)
		if (ms_selector_eq(&e->clients[i], s))
			return true;
	return false;
}

static ms_err name_our_host(struct conn_end *e, const struct orientation *o)
{
	const struct ms_addr *ours = NULL;

	for (unsigned i = 0; i < e->name->n; i++)
		if (o->is_local(o->arg, &e->name->addrs[i]) &&
			(ours == NULL ||
				(ours->family != o->family && e->name->addrs[i].family == o->family)))
			ours = &e->name->addrs[i];
	return ours != NULL ? conn_end_host(e, ours) : MS_OK;
}

/* Can our end have an address of families[i]? */
static bool can_be(const struct conn_end *e, const struct ms_end_desc *d,
	const struct orientation *o, unsigned i)
{
	struct orientation one = *o;
	struct ms_addr a;

	if (o->family != 0 && o->family != families[i])
		return false;
	if (strcmp(d->host, "%defaultroute") == 0)
		return o->default_src != NULL && o->default_src[i].family != 0;
	one.family = families[i];
	if (ms_host_device(d->host) != NULL)
		return device_address(&one, d, &a);
	for (unsigned k = 0; e->name != NULL && k < e->name->n; k++)
		if (e->name->addrs[k].family == families[i] &&
			o->is_local(o->arg, &e->name->addrs[k]))
			return true;
	return e->name == NULL && e->host.addr.family == families[i];
}

/* A peer that is a name decides in which family we meet, as far as our end has a choice: that of its
 * address in use, or else of the first one that we can reach. */
static void choose_family(struct conn *c, const struct ms_end_desc *us, struct orientation *o)
{
	struct conn_name *name = c->remote.name;
	int family = 0;

	if (name == NULL)
		return;
	for (unsigned i = 0; i < 2; i++)
		name->reachable[i] = can_be(&c->local, us, o, i);
	for (unsigned i = 0; i < name->n; i++) {
		const struct ms_addr *a = &name->addrs[i];

		if (name->reachable[a->family == AF_INET6] &&
			(family == 0 || (name->tried == 0 && ms_addr_eq(a, &c->remote.host.addr))))
			family = a->family;
	}
	if (family != 0)
		o->family = family;
}

/* The address in use as long as the name still has it, unless it was just tried in vain. */
static ms_err name_peer(struct conn *c, struct ms_why *why)
{
	struct conn_end *e = &c->remote;
	const struct ms_addr *to = NULL;
	int family = c->local.host.addr.family;
	char trouble[600];

	for (unsigned i = 0; i < e->name->n; i++) {
		const struct ms_addr *a = &e->name->addrs[i];

		if (a->family != family)
			continue;
		if (to == NULL || (e->name->tried == 0 && ms_addr_eq(a, &e->host.addr)))
			to = a;
	}
	if (to != NULL)
		return conn_end_host(e, to);
	if (conn_names_trouble(c, trouble, sizeof trouble))
		return ms_fail(why, MS_ERR_NOT_FOUND, "connection \"%s\": %s", c->desc->name,
			trouble);
	return ms_fail(why, MS_ERR_NOT_FOUND, "connection \"%s\": %s has no IPv%c address",
		c->desc->name, e->name->text, family == AF_INET ? '4' : '6');
}

static ms_err fill_device(struct conn_end *e, const struct ms_end_desc *d,
	const struct orientation *o)
{
	struct ms_addr a;

	return device_address(o, d, &a) ? conn_end_host(e, &a) : MS_OK;
}

static ms_err fill_default_route(struct conn_end *e, const struct ms_end_desc *d,
	const struct orientation *o)
{
	unsigned i = o->family == AF_INET6;

	if (strcmp(d->host, "%defaultroute") != 0 || o->default_src == NULL ||
		o->default_src[i].family == 0)
		return MS_OK;
	if (o->default_gw != NULL)
		e->nexthop = o->default_gw[i];
	return conn_end_host(e, &o->default_src[i]);
}

static ms_err choose(struct conn *c, const struct orientation *o, struct ms_why *why)
{
	const struct ms_end_desc *l = &c->desc->left, *r = &c->desc->right;
	char trouble[600];
	bool left, right;

	if (!c->left_is_local)
		swap_ends(c);
	left = end_is_ours(&c->local, l, o, &c->remote);
	right = end_is_ours(&c->remote, r, o, &c->local);
	/* Loopback tests apart, both ends ours is a mistake; the port tells two daemons apart. */
	if (left && right && c->local.host.port == c->remote.host.port)
		return ms_fail(why, MS_ERR_CONFIG,
			"connection \"%s\": both ends (left=%s, right=%s) are this host",
			c->desc->name, l->host, r->host);
	if (!left && !right && conn_names_trouble(c, trouble, sizeof trouble))
		return ms_fail(why, MS_ERR_NOT_FOUND, "connection \"%s\": %s", c->desc->name,
			trouble);
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

/* Of the addresses that are written: both ends have the same. */
static int family_of(const struct conn *c)
{
	const struct ms_end_desc *ends[] = { &c->desc->left, &c->desc->right };
	struct ms_addr a;

	for (unsigned i = 0; i < 2; i++)
		if (ms_addr_parse(&a, ends[i]->host, strlen(ends[i]->host), 0, MS_TEXT_NUMERIC,
			    NULL) == MS_OK)
			return a.family;
	return c->desc->host_family;
}

ms_err conn_orient(struct conn_table *t, struct conn *c,
	bool (*is_local)(void *arg, const struct ms_addr *a), void *arg,
	const struct ms_addr default_src[2], const struct ms_addr default_gw[2], struct ms_why *why)
{
	struct orientation o = { is_local, arg, default_src, default_gw, t, family_of(c) };
	const struct ms_end_desc *us;
	ms_err err;

	if (c->oriented)
		conn_pair_remove(t, c);
	c->oriented = false;
	err = choose(c, &o, why);
	if (err != MS_OK)
		return err;
	us = c->left_is_local ? &c->desc->left : &c->desc->right;
	choose_family(c, us, &o);
	err = c->local.name != NULL ? name_our_host(&c->local, &o) :
	      ms_host_device(us->host) != NULL ? fill_device(&c->local, us, &o) :
						 fill_default_route(&c->local, us, &o);
	if (err == MS_OK && c->remote.name != NULL)
		err = name_peer(c, why);
	if (err == MS_OK)
		err = conn_take_myid(t, c);
	if (err != MS_OK)
		return err;
	c->oriented = true;
	conn_pair_insert(t, c);
	return MS_OK;
}

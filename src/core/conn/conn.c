/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections' lives: references, names, instances.
 *
 * build.c understands the words of a description, orient.c finds out which end is ours, table.c
 * keeps the indexes, find.c answers the responder.  Everything runs on the owner thread.
 */
#include "core/conn/conn_priv.h"
#include "core/conn/names.h"

#include <modswan/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conn *conn_ref(struct conn *c)
{
	c->refs++;
	return c;
}

static void conn_free(struct conn *c)
{
	conn_end_free(&c->local);
	conn_end_free(&c->remote);
	if (c->template != NULL) {
		conn_unref(&c->template);
	} else if (c->desc != NULL) {
		ms_conn_desc_free(c->desc);
		free(c->desc);
	}
	free(c->dns);
	free(c->domains);
	free(c->nets);
	free(c);
}

void conn_unref(struct conn **c)
{
	struct conn *dying = *c;

	*c = NULL;
	if (dying != NULL && --dying->refs == 0)
		conn_free(dying);
}

static size_t member_text(const struct conn *c, char *buf, size_t size)
{
	const struct ms_selector *s = &c->remote.clients[0];
	char net[MS_RANGE_TEXT], more[48] = "";
	struct ms_subnet subnet;

	if (ms_range_to_subnet(&s->range, &subnet) == MS_OK)
		ms_subnet_text(&subnet, net, sizeof net);
	else
		ms_range_text(&s->range, net, sizeof net);
	if (s->protocol != 0)
		snprintf(more, sizeof more, "=%u/%u/%u", s->protocol,
			c->local.clients[0].port_last == 65535 ? 0 : c->local.clients[0].port_first,
			s->port_last == 65535 ? 0 : s->port_first);
	return (size_t)snprintf(buf, size, "\"%s#%s%s\"", c->desc->name, net, more);
}

size_t conn_name_text(const struct conn *c, char *buf, size_t size)
{
	char addr[MS_ADDR_TEXT];
	size_t n;

	if (c->member)
		return member_text(c, buf, size);
	if (c->instance == 0)
		return (size_t)snprintf(buf, size, "\"%s\"", c->desc->name);
	ms_addr_text(&c->remote.host.addr, addr, sizeof addr);
	if (!c->template->member)
		return (size_t)snprintf(buf, size, "\"%s\"[%u] %s", c->desc->name, c->instance, addr);
	n = member_text(c->template, buf, size);
	return n + (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, "[%u] %s",
		c->instance, addr);
}

static size_t log_prefix(const void *object, char *buf, size_t size)
{
	size_t n = conn_name_text(object, buf, size);

	return n + (n < size ? (size_t)snprintf(buf + n, size - n, ": ") : 2);
}

struct ms_logger conn_logger(const struct conn *c, enum ms_log_source source)
{
	return (struct ms_logger){ NULL, source, log_prefix, c, NULL };
}

bool conn_end_copy(struct conn_end *to, const struct conn_end *from)
{
	*to = *from;
	to->clients = NULL;
	to->name = NULL;
	memset(to->pubkeys, 0, sizeof to->pubkeys);
	memset(&to->id, 0, sizeof to->id);
	if (ms_id_copy(&to->id, &from->id) != MS_OK)
		return false;
	if (from->n_clients > 0) {
		to->clients = malloc(from->n_clients * sizeof *to->clients);
		if (to->clients == NULL)
			return false;
		memcpy(to->clients, from->clients, from->n_clients * sizeof *to->clients);
	}
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (from->pubkeys[i] != NULL)
			to->pubkeys[i] = ms_sign()->pubkey_ref(from->pubkeys[i]);
	return true;
}

void conn_end_free(struct conn_end *e)
{
	ms_id_free(&e->id);
	conn_name_free(&e->name);
	free(e->clients);
	e->clients = NULL;
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (e->pubkeys[i] != NULL)
			ms_sign()->pubkey_free(&e->pubkeys[i]);
}

/* A copy of `from` below `parent`, not yet in the table. */
static struct conn *derive(struct conn_table *t, struct conn *parent, const struct conn *from)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->refs = 1;
	c->template = conn_ref(parent);
	c->desc = parent->desc;
	c->ike = parent->ike;
	c->esp = parent->esp;
	c->pfs_group = parent->pfs_group;
	c->oriented = true;
	c->left_is_local = parent->left_is_local;
	c->reqid = ++t->reqid;
	memcpy(c->device, from->device, sizeof c->device);
	memcpy(c->physical, from->physical, sizeof c->physical);
	if (!conn_end_copy(&c->local, &from->local) || !conn_end_copy(&c->remote, &from->remote))
		conn_unref(&c);
	return c;
}

static bool one_client(struct conn_end *e, const struct ms_selector *s)
{
	struct ms_selector *only = malloc(sizeof *only);

	if (only == NULL)
		return false;
	*only = *s;
	free(e->clients);
	e->clients = only;
	e->n_clients = 1;
	e->has_client = true;
	return true;
}

/* The table's reference, too.  On failure the caller's is gone. */
static struct conn *insert_derived(struct conn_table *t, struct conn *c)
{
	if (conn_table_insert(t, c) != MS_OK)
		conn_unref(&c);
	return c;
}

static bool set_peer(struct conn *c, const struct ms_endpoint *remote, const struct ms_id *peer_id)
{
	c->remote.host = *remote;
	return c->remote.id.type != MS_ID_ANY || peer_id == NULL ||
	       ms_id_copy(&c->remote.id, peer_id) == MS_OK;
}

/* An instance has no instances: those of what it is one of are meant. */
static struct conn *instance_parent(struct conn *template)
{
	return template->instance != 0 ? template->template : template;
}

struct conn *conn_instantiate(struct conn_table *t, struct conn *template,
	const struct ms_endpoint *remote, const struct ms_id *peer_id)
{
	struct conn *c = derive(t, instance_parent(template), template);

	if (c == NULL)
		return NULL;
	if (!set_peer(c, remote, peer_id)) {
		conn_unref(&c);
		return NULL;
	}
	if (!c->remote.has_client && c->remote.n_clients > 0) {
		struct ms_subnet host = ms_subnet_host(&remote->addr);
		struct ms_selector s = ms_selector_of_subnet(&host);

		s.protocol = c->remote.clients[0].protocol;
		s.port_first = c->remote.clients[0].port_first;
		s.port_last = c->remote.clients[0].port_last;
		c->remote.clients[0] = s;
	}
	c->instance = ++t->instances;
	c = insert_derived(t, c);
	return c == NULL ? NULL : conn_ref(c);
}

/* Both ends may begin at the same moment: what they bring up is the same thing. */
static struct conn *instance_for(const struct conn_table *t, const struct conn *parent,
	const struct ms_addr *remote, const struct ms_id *peer_id, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	struct conn *c = conn_clients_bucket(t, &mine->range.first, &theirs->range.first);

	while (c != NULL && (c->template != parent ||
		!ms_addr_eq(&c->remote.host.addr, remote) ||
		(peer_id != NULL && !ms_id_eq(&c->remote.id, peer_id)) ||
		!ms_selector_eq(&c->local.clients[0], mine) ||
		!ms_selector_eq(&c->remote.clients[0], theirs)))
		c = c->next_pair;
	return c;
}

/* Keys that are written for the template are the only ones. */
static void found_keys(struct conn *c, struct ms_pubkey *const *keys, unsigned n)
{
	unsigned to = 0;

	if (c->template->remote.pubkeys[0] != NULL)
		return;
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (c->remote.pubkeys[i] != NULL)
			ms_sign()->pubkey_free(&c->remote.pubkeys[i]);
	for (unsigned i = 0; i < n && to < CONN_MAX_KEYS; i++)
		if (conn_end_may_have(&c->remote, keys[i]))
			c->remote.pubkeys[to++] = ms_sign()->pubkey_ref(keys[i]);
}

struct conn *conn_instantiate_pair(struct conn_table *t, struct conn *template,
	const struct ms_endpoint *remote, const struct ms_id *peer_id,
	const struct ms_selector *mine, const struct ms_selector *theirs,
	struct ms_pubkey *const *keys, unsigned n_keys)
{
	struct conn *c = instance_for(t, instance_parent(template), &remote->addr, peer_id, mine,
		theirs);

	if (c != NULL) {
		/* Keys may have changed since; what is up stays with the one that it was proved by. */
		if (n_keys > 0 && c->child_sas == NULL && c->ike_sas == NULL)
			found_keys(c, keys, n_keys);
		return conn_ref(c);
	}
	c = derive(t, instance_parent(template), template);
	if (c == NULL)
		return NULL;
	if (!set_peer(c, remote, peer_id) || !one_client(&c->local, mine) ||
		!one_client(&c->remote, theirs)) {
		conn_unref(&c);
		return NULL;
	}
	if (n_keys > 0)
		found_keys(c, keys, n_keys);
	c->instance = ++t->instances;
	c->for_pair = true;
	c = insert_derived(t, c);
	return c == NULL ? NULL : conn_ref(c);
}

static bool copy_nets(struct conn *to, const struct conn *from)
{
	if (from->n_nets == 0)
		return true;
	to->nets = malloc(from->n_nets * sizeof *to->nets);
	if (to->nets == NULL)
		return false;
	memcpy(to->nets, from->nets, from->n_nets * sizeof *to->nets);
	to->n_nets = from->n_nets;
	return true;
}

struct conn *conn_part(struct conn_table *t, struct conn *c, const struct ms_selector *theirs)
{
	struct conn *part = derive(t, instance_parent(c), c);

	if (part == NULL)
		return NULL;
	if (!one_client(&part->remote, theirs) || !copy_nets(part, c)) {
		conn_unref(&part);
		return NULL;
	}
	part->instance = ++t->instances;
	part->part = true;
	part = insert_derived(t, part);
	return part == NULL ? NULL : conn_ref(part);
}

struct conn *conn_group_member(struct conn_table *t, struct conn *group,
	const struct ms_selector *mine, const struct ms_selector *theirs)
{
	struct conn *c = derive(t, group, group);

	if (c == NULL)
		return NULL;
	c->member = true;
	c->opportunistic = group->opportunistic;
	c->oriented = group->oriented;
	if ((mine != NULL && !one_client(&c->local, mine)) || !one_client(&c->remote, theirs)) {
		conn_unref(&c);
		return NULL;
	}
	return insert_derived(t, c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections' lives: references, names, instances.
 *
 * build.c understands the words of a description, orient.c finds out which end is ours, table.c
 * keeps the indexes, find.c answers the responder.  Everything runs on the owner thread.
 */
#include "core/conn/conn_priv.h"

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
	free(c);
}

void conn_unref(struct conn **c)
{
	struct conn *dying = *c;

	*c = NULL;
	if (dying != NULL && --dying->refs == 0)
		conn_free(dying);
}

size_t conn_name_text(const struct conn *c, char *buf, size_t size)
{
	char addr[MS_ADDR_TEXT];

	if (c->instance == 0)
		return (size_t)snprintf(buf, size, "\"%s\"", c->desc->name);
	ms_addr_text(&c->remote.host.addr, addr, sizeof addr);
	return (size_t)snprintf(buf, size, "\"%s\"[%u] %s", c->desc->name, c->instance, addr);
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
	for (unsigned i = 0; i < 2; i++)
		if (from->pubkeys[i] != NULL)
			to->pubkeys[i] = ms_sign()->pubkey_ref(from->pubkeys[i]);
	return true;
}

void conn_end_free(struct conn_end *e)
{
	ms_id_free(&e->id);
	free(e->clients);
	e->clients = NULL;
	for (unsigned i = 0; i < 2; i++)
		if (e->pubkeys[i] != NULL)
			ms_sign()->pubkey_free(&e->pubkeys[i]);
}

struct conn *conn_instantiate(struct conn_table *t, struct conn *template,
	const struct ms_endpoint *remote, const struct ms_id *peer_id)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->refs = 1;
	c->template = conn_ref(template->template != NULL ? template->template : template);
	c->desc = c->template->desc;
	c->ike = c->template->ike;
	c->esp = c->template->esp;
	c->oriented = true;
	c->left_is_local = c->template->left_is_local;
	c->reqid = ++t->reqid;
	memcpy(c->device, template->device, sizeof c->device);
	memcpy(c->physical, template->physical, sizeof c->physical);
	if (!conn_end_copy(&c->local, &template->local) ||
		!conn_end_copy(&c->remote, &template->remote))
		goto failed;
	c->remote.host = *remote;
	if (c->remote.id.type == MS_ID_ANY && peer_id != NULL) {
		if (ms_id_copy(&c->remote.id, peer_id) != MS_OK)
			goto failed;
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
	c->template->n_instances++;
	if (conn_table_insert(t, c) != MS_OK)
		goto failed;
	return conn_ref(c);
failed:
	conn_unref(&c);
	return NULL;
}

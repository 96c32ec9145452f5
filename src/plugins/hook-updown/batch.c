/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of policy groups by the thousand: what has to be done to the routes of many of them, and is
 * the same but for their networks, is one step.
 */
#include "updown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linux takes 128 KiB in one string of an environment. */
#define NETWORKS_OCTETS 100000

static const char networks_name[] = "PLUTO_PEER_CLIENT_NETWORKS=";

struct updown_batch {
	struct ms_hook_event like; /* the first one; strings are our own */
	char *networks;		   /* with the variable's name */
	size_t len;
	unsigned n;
};

static const char *const *texts(const struct ms_hook_event *e, const char *out[5])
{
	out[0] = e->connection;
	out[1] = e->interface;
	out[2] = e->my_id;
	out[3] = e->peer_id;
	out[4] = e->policy;
	return out;
}

bool updown_batch_may(const struct ms_hook_event *e)
{
	return e->command == NULL && !e->firewall && e->policy != NULL && e->policy[0] != '\0' &&
	       e->source_ip.family == 0 && e->peer.family == 0 && e->dns == NULL &&
	       e->domains == NULL && e->subnets == NULL && e->verb <= MS_HOOK_UNROUTE;
}

static bool alike(const struct ms_hook_event *a, const struct ms_hook_event *b)
{
	const char *one[5], *other[5];

	texts(a, one);
	texts(b, other);
	for (unsigned i = 0; i < 5; i++)
		if (one[i] != other[i] &&
			(one[i] == NULL || other[i] == NULL || strcmp(one[i], other[i]) != 0))
			return false;
	return a->verb == b->verb && a->stack == b->stack && ms_addr_eq(&a->me, &b->me) &&
	       ms_addr_eq(&a->next_hop, &b->next_hop) &&
	       ms_selector_eq(&a->my_client, &b->my_client) &&
	       a->peer_client.range.first.family == b->peer_client.range.first.family &&
	       a->mtu == b->mtu && a->metric == b->metric && a->client == b->client &&
	       a->tunnel == b->tunnel && a->protect == b->protect && a->ike_port == b->ike_port &&
	       a->nat_port == b->nat_port;
}

static bool append(struct updown_batch *b, const struct ms_range *range)
{
	char *more = updown_networks(range);
	size_t len = more == NULL ? 0 : strlen(more);
	bool fits = more != NULL && b->len + len + 2 <= NETWORKS_OCTETS;

	if (fits) {
		b->len += (size_t)snprintf(b->networks + b->len, NETWORKS_OCTETS - b->len, "%s%s",
			b->n == 0 ? "" : " ", more);
		b->n++;
	}
	free(more);
	return fits;
}

bool updown_batch_add(struct updown_batch *b, const struct ms_hook_event *e, unsigned max)
{
	return b->n < max && updown_batch_may(e) && alike(&b->like, e) &&
	       append(b, &e->peer_client.range);
}

static char *copy(const char *text, bool *bad)
{
	char *s = text == NULL ? NULL : strdup(text);

	*bad = *bad || (text != NULL && s == NULL);
	return s;
}

struct updown_batch *updown_batch_new(const struct ms_hook_event *e)
{
	struct updown_batch *b = calloc(1, sizeof *b);
	bool bad = false;

	if (b == NULL)
		return NULL;
	b->like = *e;
	b->like.connection = copy(e->connection, &bad);
	b->like.interface = copy(e->interface, &bad);
	b->like.my_id = copy(e->my_id, &bad);
	b->like.peer_id = copy(e->peer_id, &bad);
	b->like.policy = copy(e->policy, &bad);
	b->networks = malloc(NETWORKS_OCTETS);
	if (b->networks != NULL) {
		strcpy(b->networks, networks_name);
		b->len = strlen(networks_name);
	}
	if (bad || b->networks == NULL || !append(b, &e->peer_client.range))
		updown_batch_free(&b);
	return b;
}

void updown_batch_free(struct updown_batch **batch)
{
	struct updown_batch *b = *batch;
	const char *own[5];

	*batch = NULL;
	if (b == NULL)
		return;
	texts(&b->like, own);
	for (unsigned i = 0; i < 5; i++)
		free((char *)(uintptr_t)own[i]);
	free(b->networks);
	free(b);
}

char **updown_batch_env(const struct updown_batch *b)
{
	char **env = updown_env(&b->like);

	for (char **s = env; s != NULL && *s != NULL; s++) {
		char *list;

		if (strncmp(*s, networks_name, strlen(networks_name)) != 0)
			continue;
		list = strdup(b->networks);
		if (list == NULL) {
			updown_env_free(&env);
			return NULL;
		}
		free(*s);
		*s = list;
	}
	return env;
}

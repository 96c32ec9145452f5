/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that one end gets from the other, as clients of the connection. */
#include "core/conn/conn_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool conn_same_pool(const struct conn *a, const struct conn *b)
{
	return a->remote.pool != NULL && b->remote.pool != NULL &&
	       strcmp(a->remote.pool, b->remote.pool) == 0;
}

bool conn_end_lease(struct conn_end *e, const struct ms_addr addr[2])
{
	struct ms_selector *s = calloc(2, sizeof *s);
	unsigned n = 0;

	if (s == NULL)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		struct ms_subnet host;

		if (addr[i].family == 0)
			continue;
		host = ms_subnet_host(&addr[i]);
		s[n] = ms_selector_of_subnet(&host);
		s[n].protocol = e->clients[0].protocol;
		s[n].port_first = e->clients[0].port_first;
		s[n].port_last = e->clients[0].port_last;
		n++;
	}
	/* Without an address: which packets of the next one's are meant is kept. */
	if (n == 0) {
		s[n] = e->clients[0];
		s[n].range = (struct ms_range){ .first = { .family = 0 } };
		n++;
	}
	free(e->clients);
	e->clients = s;
	e->n_clients = n;
	return true;
}

unsigned conn_offer(const struct conn *c, struct ms_selector *out)
{
	const struct conn_end *e = &c->local;
	unsigned n = 0;

	if (!conn_end_asks(e) || e->has_client) {
		memcpy(out, e->clients, e->n_clients * sizeof *out);
		return e->n_clients;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct ms_addr any = ms_addr_any(i == 0 ? AF_INET : AF_INET6);
		struct ms_subnet all = ms_subnet_make(&any, 0);

		if (!e->cp_ask[i])
			continue;
		out[n] = ms_selector_of_subnet(&all);
		out[n].protocol = e->clients[0].protocol;
		out[n].port_first = e->clients[0].port_first;
		out[n].port_last = e->clients[0].port_last;
		n++;
	}
	return n;
}

size_t conn_nets_text(const struct conn *c, char *buf, size_t size)
{
	size_t n = 0;

	if (size > 0)
		buf[0] = '\0';
	for (unsigned i = 0; i < c->n_nets; i++) {
		char text[MS_SUBNET_TEXT];

		ms_subnet_text(&c->nets[i], text, sizeof text);
		n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, "%s%s",
			i > 0 ? " " : "", text);
	}
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Role net: addresses, routes and interfaces of this machine, and their changes. */
#ifndef MODSWAN_NET_H
#define MODSWAN_NET_H

#include <modswan/addr.h>
#include <modswan/error.h>

struct ms_net_address {
	struct ms_addr addr;
	uint8_t prefix_bits;
	uint32_t ifindex;
	char ifname[16];
	bool up;
};

struct ms_net_route {
	struct ms_addr src;	/* preferred source; unset: none */
	struct ms_addr gateway; /* unset: on link */
	uint32_t ifindex;
	char ifname[16];
};

typedef void ms_net_route_f(void *arg, ms_err err, const struct ms_net_route *route);

struct ms_net_events {
	/* The table of addresses changed (also once when it is first complete). */
	void (*addresses)(void *ctx);
	void (*routes)(void *ctx); /* some route changed: ask again what you depend on */
};

struct ms_net_ops {
	uint32_t size;
	/* Events follow; the first addresses() tells that the table is complete. */
	ms_err (*start)(void *inst, const struct ms_net_events *events, void *ctx,
		struct ms_why *why);
	void (*stop)(void *inst);
	/* The table as known now, borrowed until the next turn of the loop. */
	unsigned (*addresses)(void *inst, const struct ms_net_address **list_r);
	/* Which way to dst (%defaultroute: the unspecified address of a family); answers later,
	 * MS_ERR_NOT_FOUND: no route. */
	void (*route)(void *inst, const struct ms_addr *dst, ms_net_route_f *done, void *arg);
};

#endif

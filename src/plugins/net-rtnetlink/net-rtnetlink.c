/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net-rtnetlink: addresses, routes and interfaces of Linux, through netlink (libmnl).
 *
 * One socket carries the dumps of links and addresses and every change after them; it feeds the
 * table (table.c).  When the kernel had to drop changes (ENOBUFS) or a dump was disturbed
 * (NLM_F_DUMP_INTR), everything is dumped again while the old table stays in use.  Route look-ups
 * have a socket of their own (query.c).  Nothing blocks; all runs on the loop's thread.
 *
 * Standards: RFC 3549.
 */
#include "rtnetlink.h"

#include <modswan/plugin.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECEIVE_BUFFER_OCTETS (4 * 1024 * 1024)
#define ROUTES_SETTLE_MS      30 /* one routes() for a burst of changes */
#define REDUMP_PAUSE_MS       50  /* when changes come faster than they can be read */
#define PIECES_PER_TURN       64

enum dump_state { DUMP_NONE, DUMP_LINKS, DUMP_ADDRESSES };

struct rtnl {
	struct ms_loop *loop;
	const struct ms_logger *log;
	const struct ms_net_events *events;
	void *ctx;
	struct mnl_socket *socket;
	struct ms_watch *watch;
	struct ms_timer *redump, *routes;
	bool routes_pending, complete, disturbed;
	enum dump_state dump;
	uint32_t seq;
	struct net_table table;
	struct net_queries queries;
};

/* --- dumps ------------------------------------------------------------------------------------ */

static void redump_later(struct rtnl *r)
{
	r->dump = DUMP_NONE;
	ms_timer_set(r->redump, REDUMP_PAUSE_MS);
}

static void ask_dump(struct rtnl *r, enum dump_state what)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = what == DUMP_LINKS ? RTM_GETLINK : RTM_GETADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++r->seq;
	if (what == DUMP_LINKS)
		mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	else
		mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
	r->dump = what;
	if (mnl_socket_sendto(r->socket, h, h->nlmsg_len) < 0)
		redump_later(r);
}

static void start_dump(void *arg)
{
	struct rtnl *r = arg;

	r->disturbed = false;
	table_dump_begins(&r->table);
	ask_dump(r, DUMP_LINKS);
}

static void dump_ended(struct rtnl *r, bool failed)
{
	if (failed || r->disturbed || r->table.no_memory) {
		redump_later(r);
	} else if (r->dump == DUMP_LINKS) {
		ask_dump(r, DUMP_ADDRESSES);
	} else {
		r->dump = DUMP_NONE;
		table_dump_ends(&r->table);
		if (!r->complete)
			r->table.dirty = true; /* the first time also when there is nothing */
		r->complete = true;
	}
}

/* --- changes ---------------------------------------------------------------------------------- */

static void routes_settled(void *arg)
{
	struct rtnl *r = arg;

	r->routes_pending = false;
	if (r->events->routes != NULL)
		r->events->routes(r->ctx);
}

static void one_message(struct rtnl *r, const struct nlmsghdr *h)
{
	bool of_dump = r->dump != DUMP_NONE && h->nlmsg_seq == r->seq &&
		       h->nlmsg_pid == mnl_socket_get_portid(r->socket);

	if (of_dump && (h->nlmsg_flags & NLM_F_DUMP_INTR))
		r->disturbed = true;
	switch (h->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (!r->routes_pending)
			ms_timer_set(r->routes, ROUTES_SETTLE_MS);
		r->routes_pending = true;
		break;
	case NLMSG_DONE:
	case NLMSG_ERROR:
		if (of_dump)
			dump_ended(r, h->nlmsg_type == NLMSG_ERROR);
		break;
	default:
		/* Parts of a dump that was given up are too old to believe. */
		if (of_dump || !(h->nlmsg_flags & NLM_F_MULTI))
			table_message(&r->table, h);
	}
}

static void tell_addresses(struct rtnl *r)
{
	if (!r->complete || !r->table.dirty)
		return;
	r->table.dirty = false;
	if (r->events->addresses != NULL)
		r->events->addresses(r->ctx);
}

static void rtnl_ready(void *arg, int fd, unsigned events)
{
	static _Alignas(struct nlmsghdr) char buf[RTNL_BUFFER_OCTETS];
	struct rtnl *r = arg;

	(void)fd;
	(void)events;
	for (unsigned pieces = 0; pieces < PIECES_PER_TURN; pieces++) {
		ssize_t n = mnl_socket_recvfrom(r->socket, buf, sizeof buf);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			/* ENOBUFS: changes were lost. The same for whatever else goes wrong. */
			ms_info(r->log, "netlink: %s; reading all interfaces again",
				n == 0 ? "end of file" : strerror(errno));
			redump_later(r);
			routes_settled(r);
			break;
		}
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf; mnl_nlmsg_ok(h, left);
			h = mnl_nlmsg_next(h, &left))
			one_message(r, h);
	}
	tell_addresses(r);
}

/* --- role net --------------------------------------------------------------------------------- */

static void rtnl_stop(void *inst)
{
	struct rtnl *r = inst;

	queries_stop(&r->queries);
	ms_watch_free(&r->watch);
	ms_timer_free(&r->redump);
	ms_timer_free(&r->routes);
	if (r->socket != NULL)
		mnl_socket_close(r->socket);
	r->socket = NULL;
	table_free(&r->table);
	r->complete = r->routes_pending = false;
	r->dump = DUMP_NONE;
}

static ms_err open_socket(struct rtnl *r, struct ms_why *why)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };
	int size = RECEIVE_BUFFER_OCTETS, fd;

	r->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (r->socket == NULL || mnl_socket_bind(r->socket, 0, MNL_SOCKET_AUTOPID) != 0)
		return ms_fail(
			why, MS_ERR_SYSTEM, "cannot open a netlink socket: %s", strerror(errno));
	fd = mnl_socket_get_fd(r->socket);
	/* More than root's limit allows is no reason to fail: we recover from lost changes. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		(void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) {
		int g = groups[i];

		if (mnl_socket_setsockopt(r->socket, NETLINK_ADD_MEMBERSHIP, &g, sizeof g) != 0)
			return ms_fail(why, MS_ERR_SYSTEM, "cannot listen to netlink group %d: %s",
				g, strerror(errno));
	}
	return MS_OK;
}

static ms_err start_all(struct rtnl *r, struct ms_why *why)
{
	ms_err err = open_socket(r, why);

	if (err != MS_OK)
		return err;
	err = queries_start(&r->queries, r->loop, why);
	if (err != MS_OK)
		return err;
	r->redump = ms_timer_new(r->loop, start_dump, r);
	r->routes = ms_timer_new(r->loop, routes_settled, r);
	r->watch = ms_watch_new(r->loop, mnl_socket_get_fd(r->socket), MS_READABLE, rtnl_ready, r);
	if (r->redump == NULL || r->routes == NULL || r->watch == NULL)
		return MS_ERR_NOMEM;
	start_dump(r);
	return MS_OK;
}

static ms_err rtnl_start(
	void *inst, const struct ms_net_events *events, void *ctx, struct ms_why *why)
{
	struct rtnl *r = inst;
	ms_err err;

	if (r->socket != NULL)
		return ms_fail(why, MS_ERR_BUG, "net-rtnetlink was started twice");
	r->events = events;
	r->ctx = ctx;
	err = start_all(r, why);
	if (err != MS_OK)
		rtnl_stop(r);
	return err;
}

static unsigned rtnl_addresses(void *inst, const struct ms_net_address **list_r)
{
	struct rtnl *r = inst;

	*list_r = r->table.addrs.v;
	return r->table.addrs.n;
}

static void rtnl_route(void *inst, const struct ms_addr *dst, ms_net_route_f *done, void *arg)
{
	struct rtnl *r = inst;

	queries_ask(&r->queries, dst, done, arg);
}

static ms_err rtnl_load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct rtnl *r = calloc(1, sizeof *r);

	(void)conf;
	(void)why;
	if (r == NULL)
		return MS_ERR_NOMEM;
	r->loop = services->loop;
	r->log = services->log;
	r->queries.table = &r->table;
	r->queries.log = services->log;
	r->queries.last = &r->queries.first;
	*instance_r = r;
	return MS_OK;
}

static void rtnl_unload(void **instance)
{
	struct rtnl *r = *instance;

	*instance = NULL;
	if (r == NULL)
		return;
	rtnl_stop(r);
	free(r);
}

static const struct ms_net_ops ops = {
	.size = sizeof ops,
	.start = rtnl_start,
	.stop = rtnl_stop,
	.addresses = rtnl_addresses,
	.route = rtnl_route,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(NET, "rtnetlink", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(net_rtnetlink, "net-rtnetlink", .summary = "addresses, routes and interfaces of Linux",
	.features = features, .load = rtnl_load, .unload = rtnl_unload);

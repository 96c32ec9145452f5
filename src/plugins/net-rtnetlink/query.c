/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which way to an address: one question after the other on a socket of its own.
 *
 * A question about an address is one RTM_GETROUTE.  A question about the default route (the
 * unspecified address) takes two: a dump of the main table, whose default route with the least
 * metric wins, and a look-up through that route's interface, which tells the source address the
 * kernel would take.  Answers are matched by sequence number.
 */
#include "rtnetlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum query_step { STEP_LOOKUP, STEP_DEFAULT_DUMP, STEP_DEFAULT_SOURCE };

struct net_query {
	struct net_query *next;
	enum query_step step;
	struct ms_addr dst;
	ms_net_route_f *done;
	void *arg;
	uint32_t seq;
	/* the best so far */
	bool found;
	uint32_t metric;
	struct ms_net_route route;
	ms_err failed; /* before it was sent */
};

static bool send_request(struct net_queries *q, struct nlmsghdr *h, struct net_query *query)
{
	query->seq = h->nlmsg_seq = ++q->seq;
	if (mnl_socket_sendto(q->socket, h, h->nlmsg_len) >= 0)
		return true;
	ms_debug(q->log, "cannot ask for a route: %s", strerror(errno));
	return false;
}

static struct nlmsghdr *request(void *buf, int family, uint16_t flags, struct rtmsg **m_r)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	*m_r = mnl_nlmsg_put_extra_header(h, sizeof **m_r);
	(*m_r)->rtm_family = (unsigned char)family;
	return h;
}

static bool ask_way(
	struct net_queries *q, struct net_query *query, const struct ms_addr *dst, uint32_t ifindex)
{
	char buf[512];
	struct rtmsg *m;
	struct nlmsghdr *h = request(buf, dst->family, 0, &m);

	m->rtm_dst_len = (unsigned char)(ms_addr_octets(dst) * 8);
	mnl_attr_put(h, RTA_DST, ms_addr_octets(dst), dst->b);
	if (ifindex != 0)
		mnl_attr_put_u32(h, RTA_OIF, ifindex);
	return send_request(q, h, query);
}

static bool ask_table(struct net_queries *q, struct net_query *query)
{
	char buf[512];
	struct rtmsg *m;
	struct nlmsghdr *h = request(buf, query->dst.family, NLM_F_DUMP, &m);

	/* The kernel heeds the table only with NETLINK_GET_STRICT_CHK; consider() looks again. */
	m->rtm_table = RT_TABLE_MAIN;
	mnl_attr_put_u32(h, RTA_TABLE, RT_TABLE_MAIN);
	return send_request(q, h, query);
}

/* What the kernel would talk from towards the world through the route found.  A gateway's own
 * address will do, but a link-local one would only show the link-local source. */
static bool ask_source(struct net_queries *q, struct net_query *query)
{
	static const uint8_t doc6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct ms_addr dst = query->route.gateway;

	query->step = STEP_DEFAULT_SOURCE;
	if (query->dst.family == AF_INET && dst.family != AF_INET)
		dst = ms_addr_v4(0xc0000201); /* 192.0.2.1 */
	else if (query->dst.family == AF_INET6 &&
		 (dst.family != AF_INET6 || (dst.b[0] == 0xfe && (dst.b[1] & 0xc0) == 0x80)))
		if (ms_addr_from_octets(&dst, doc6, sizeof doc6) != MS_OK)
			return false;
	return ask_way(q, query, &dst, query->route.ifindex);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void query_next(struct net_queries *q)
{
	struct net_query *query = q->first;
	bool sent;

	if (q->in_flight || query == NULL)
		return;
	q->in_flight = true;
	sent = query->step == STEP_DEFAULT_DUMP ? ask_table(q, query)
						: ask_way(q, query, &query->dst, 0);
	if (!sent) {
		query->failed = MS_ERR_SYSTEM;
		ms_timer_set(q->kick, 0);
	}
}

/* The question may be followed by others asked from within done(). */
static void query_over(struct net_queries *q, ms_err err)
{
	struct net_query *query = q->first;

	q->first = query->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->in_flight = false;
	query->done(query->arg, err, err == MS_OK ? &query->route : NULL);
	free(query);
	query_next(q);
}

static void kicked(void *arg)
{
	struct net_queries *q = arg;

	if (q->first != NULL && q->first->failed != MS_OK)
		query_over(q, q->first->failed);
}

/* One next hop of the route, or the route's own attributes. */
static void take_hop(
	struct ms_net_route *r, int family, const struct nlattr *gateway, const struct nlattr *via)
{
	const struct rtvia *v = via == NULL ? NULL : mnl_attr_get_payload(via);

	if (rtnl_address(&r->gateway, family, gateway) || v == NULL)
		return;
	/* RFC 5549: an IPv4 route by way of an IPv6 neighbour */
	if (v->rtvia_family == AF_INET6 && mnl_attr_get_payload_len(via) == sizeof *v + 16)
		(void)!ms_addr_from_octets(&r->gateway, v->rtvia_addr, 16);
}

static void take_multipath(struct ms_net_route *r, int family, const struct nlattr *multipath)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	const struct nlattr *gateway = NULL, *via = NULL, *attr;
	size_t len = mnl_attr_get_payload_len(multipath);

	if (len < sizeof *hop || hop->rtnh_len < sizeof *hop || hop->rtnh_len > len)
		return;
	r->ifindex = (uint32_t)hop->rtnh_ifindex;
	mnl_attr_for_each_payload((const void *)(hop + 1),
		hop->rtnh_len - sizeof *hop) if (mnl_attr_get_type(attr) == RTA_GATEWAY) gateway =
		attr;
	else if (mnl_attr_get_type(attr) == RTA_VIA) via = attr;
	take_hop(r, family, gateway, via);
}

static void take_route(struct net_queries *q, struct ms_net_route *r, const struct rtmsg *m,
	const struct nlattr *const *attrs)
{
	const struct net_link *l;

	memset(r, 0, sizeof *r);
	rtnl_address(&r->src, m->rtm_family, attrs[RTA_PREFSRC]);
	r->ifindex = rtnl_u32(attrs[RTA_OIF], 0);
	take_hop(r, m->rtm_family, attrs[RTA_GATEWAY], attrs[RTA_VIA]);
	if (attrs[RTA_MULTIPATH] != NULL)
		take_multipath(r, m->rtm_family, attrs[RTA_MULTIPATH]);
	l = table_link(q->table, r->ifindex);
	if (l != NULL)
		memcpy(r->ifname, l->name, sizeof r->ifname);
}

static bool is_ipsec_device(const char *name)
{
	return strncmp(name, "ipsec", 5) == 0 && name[5] >= '0' && name[5] <= '9';
}

/* A row of the dump: is it a better default route?  Routes into our own tunnels are none. */
static void consider(struct net_queries *q, struct net_query *query, const struct rtmsg *m,
	const struct nlattr *const *attrs)
{
	uint32_t metric, table = rtnl_u32(attrs[RTA_TABLE], m->rtm_table);
	const struct net_link *l;
	struct ms_net_route r;

	if (m->rtm_dst_len != 0 || m->rtm_type != RTN_UNICAST || table != RT_TABLE_MAIN ||
		m->rtm_family != query->dst.family)
		return;
	metric = rtnl_u32(attrs[RTA_PRIORITY], 0);
	if (query->found && metric >= query->metric)
		return;
	take_route(q, &r, m, attrs);
	l = table_link(q->table, r.ifindex);
	if (l == NULL || !l->up || is_ipsec_device(l->name))
		return;
	query->found = true;
	query->metric = metric;
	query->route = r;
}

static void route_message(struct net_queries *q, struct net_query *query, const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attrs[RTA_VIA + 1];
	struct ms_net_route r;

	if (mnl_nlmsg_get_payload_len(h) < sizeof *m)
		return;
	rtnl_attrs(h, sizeof *m, attrs, RTA_VIA);
	if (query->step == STEP_DEFAULT_DUMP) {
		consider(q, query, m, attrs);
		return;
	}
	take_route(q, &r, m, attrs);
	if (query->step == STEP_DEFAULT_SOURCE) {
		if (r.src.family != 0 && query->route.src.family == 0)
			query->route.src = r.src;
		query_over(q, MS_OK);
		return;
	}
	query->route = r;
	query_over(q,
		m->rtm_type == RTN_UNICAST || m->rtm_type == RTN_LOCAL ? MS_OK : MS_ERR_NOT_FOUND);
}

/* The end of a dump, or a refusal (code: negative errno). */
static void query_ended(struct net_queries *q, struct net_query *query, int code)
{
	if (query->step == STEP_DEFAULT_DUMP && query->found) {
		if (!ask_source(q, query))
			query_over(q, MS_OK);
		return;
	}
	/* No source to be had is no reason to hide the route. */
	if (query->step == STEP_DEFAULT_SOURCE)
		query_over(q, MS_OK);
	else
		query_over(
			q, code == -ENOMEM || code == -ENOBUFS ? MS_ERR_SYSTEM : MS_ERR_NOT_FOUND);
}

static void one_message(struct net_queries *q, const struct nlmsghdr *h)
{
	struct net_query *query = q->first;

	if (query == NULL || !q->in_flight || h->nlmsg_seq != query->seq)
		return; /* of a question that is no longer */
	if (h->nlmsg_type == RTM_NEWROUTE)
		route_message(q, query, h);
	else if (h->nlmsg_type == NLMSG_DONE)
		query_ended(q, query, 0);
	else if (h->nlmsg_type == NLMSG_ERROR &&
		 mnl_nlmsg_get_payload_len(h) >= sizeof(struct nlmsgerr))
		query_ended(q, query, ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error);
}

static void query_ready(void *arg, int fd, unsigned events)
{
	static _Alignas(struct nlmsghdr) char buf[RTNL_BUFFER_OCTETS];
	struct net_queries *q = arg;

	(void)fd;
	(void)events;
	/* A done() may stop everything. */
	for (unsigned pieces = 0; pieces < 16 && q->socket != NULL; pieces++) {
		ssize_t n = mnl_socket_recvfrom(q->socket, buf, sizeof buf);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			/* An answer was lost: the one who asks gets to know. */
			if (q->in_flight && q->first != NULL)
				query_over(q, MS_ERR_SYSTEM);
			return;
		}
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
			q->socket != NULL && mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			one_message(q, h);
	}
}

/* --- for net-rtnetlink.c ---------------------------------------------------------------------- */

void queries_ask(struct net_queries *q, const struct ms_addr *dst, ms_net_route_f *done, void *arg)
{
	struct net_query *query = calloc(1, sizeof *query);

	if (query == NULL || q->socket == NULL) {
		free(query);
		done(arg, query == NULL ? MS_ERR_NOMEM : MS_ERR_BUG, NULL);
		return;
	}
	query->dst = *dst;
	query->step = ms_addr_is_any(dst) ? STEP_DEFAULT_DUMP : STEP_LOOKUP;
	query->done = done;
	query->arg = arg;
	*q->last = query;
	q->last = &query->next;
	query_next(q);
}

ms_err queries_start(struct net_queries *q, struct ms_loop *loop, struct ms_why *why)
{
	int on = 1;

	q->last = &q->first;
	q->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (q->socket == NULL || mnl_socket_bind(q->socket, 0, MNL_SOCKET_AUTOPID) != 0)
		return ms_fail(
			why, MS_ERR_SYSTEM, "cannot open a netlink socket: %s", strerror(errno));
	mnl_socket_setsockopt(q->socket, NETLINK_GET_STRICT_CHK, &on, sizeof on);
	q->kick = ms_timer_new(loop, kicked, q);
	q->watch = ms_watch_new(loop, mnl_socket_get_fd(q->socket), MS_READABLE, query_ready, q);
	return q->kick == NULL || q->watch == NULL ? MS_ERR_NOMEM : MS_OK;
}

void queries_stop(struct net_queries *q)
{
	ms_watch_free(&q->watch);
	ms_timer_free(&q->kick);
	if (q->socket != NULL)
		mnl_socket_close(q->socket);
	q->socket = NULL;
	while (q->first != NULL) {
		struct net_query *query = q->first;

		q->first = query->next;
		query->done(query->arg, MS_ERR_CANCELLED, NULL);
		free(query);
	}
	q->last = &q->first;
	q->in_flight = false;
}

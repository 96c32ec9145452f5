/* SPDX-License-Identifier: Apache-2.0 */
/* Inside net-rtnetlink: the table of links and addresses, and the queue of route questions. */
#ifndef MODSWAN_RTNETLINK_H
#define MODSWAN_RTNETLINK_H

#include <modswan/log.h>
#include <modswan/loop.h>
#include <modswan/net.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <stdbool.h>

#define RTNL_BUFFER_OCTETS 32768 /* what the kernel puts in one piece of a dump */

/* --- table.c: what is known ------------------------------------------------------------------- */

struct net_link {
	uint32_t ifindex;
	bool up;
	char name[16];
};

/* An array that grows; sorted by its key except while a dump fills it. */
struct net_links {
	struct net_link *v;
	unsigned n, cap;
};
struct net_addrs {
	struct ms_net_address *v;
	unsigned n, cap;
};

/* now: what others see.  next: being dumped, becomes `now` when it is complete. */
struct net_table {
	struct net_links links, next_links;
	struct net_addrs addrs, next_addrs;
	bool dumping, dirty, no_memory;
};

void table_dump_begins(struct net_table *t);
/* Sorts, swaps, and sets `dirty` when something differs from before. */
void table_dump_ends(struct net_table *t);
/* RTM_NEWLINK, DELLINK, NEWADDR, DELADDR; sets `dirty` when `now` changed. */
void table_message(struct net_table *t, const struct nlmsghdr *h);
const struct net_link *table_link(const struct net_table *t, uint32_t ifindex);
void table_free(struct net_table *t);

/* An address attribute of the family; false when its length does not fit. */
bool rtnl_address(struct ms_addr *out, int family, const struct nlattr *a);
/* An attribute's number; what stands instead when there is none or its length does not fit. */
uint32_t rtnl_u32(const struct nlattr *a, uint32_t otherwise);
/* attrs[0..max] filled by type, the rest NULL. */
void rtnl_attrs(
	const struct nlmsghdr *h, unsigned header, const struct nlattr **attrs, unsigned max);

/* --- query.c: which way to ... ---------------------------------------------------------------- */

struct net_query;
struct net_queries {
	const struct net_table *table;
	const struct ms_logger *log;
	struct mnl_socket *socket;
	struct ms_watch *watch;
	struct ms_timer *kick;
	uint32_t seq;
	struct net_query *first, **last; /* first: the one in flight */
	bool in_flight;
};

ms_err queries_start(struct net_queries *q, struct ms_loop *loop, struct ms_why *why);
void queries_stop(struct net_queries *q); /* what is unanswered ends in MS_ERR_CANCELLED */
void queries_ask(struct net_queries *q, const struct ms_addr *dst, ms_net_route_f *done, void *arg);

#endif

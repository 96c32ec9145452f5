/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links and addresses, kept from a dump and the changes after it.
 *
 * Dump and changes come through one socket, so a change that the kernel tells of is never older
 * than what the dump said before it.  While a dump runs, changes go into both tables.
 */
#include "rtnetlink.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

void rtnl_attrs(
	const struct nlmsghdr *h, unsigned header, const struct nlattr **attrs, unsigned max)
{
	const struct nlattr *a;

	memset(attrs, 0, (max + 1) * sizeof *attrs);
	if (mnl_nlmsg_get_payload_len(h) < header)
		return;
	mnl_attr_for_each(a, h, header) if (mnl_attr_get_type(a) <= max)
		attrs[mnl_attr_get_type(a)] = a;
}

bool rtnl_address(struct ms_addr *out, int family, const struct nlattr *a)
{
	size_t want = family == AF_INET ? 4 : 16;

	if (a == NULL || mnl_attr_get_payload_len(a) != want)
		return false;
	return ms_addr_from_octets(out, mnl_attr_get_payload(a), want) == MS_OK;
}

uint32_t rtnl_u32(const struct nlattr *a, uint32_t otherwise)
{
	return a != NULL && mnl_attr_get_payload_len(a) == 4 ? mnl_attr_get_u32(a) : otherwise;
}

/* --- arrays ----------------------------------------------------------------------------------- */

static int link_cmp(const void *a, const void *b)
{
	const struct net_link *x = a, *y = b;

	return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

static int addr_cmp(const void *a, const void *b)
{
	const struct ms_net_address *x = a, *y = b;
	int c;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	c = ms_addr_cmp(&x->addr, &y->addr);
	return c != 0 ? c : (int)x->prefix_bits - (int)y->prefix_bits;
}

/* Room for one more element of `size` octets. */
static bool grow(void **v, unsigned n, unsigned *cap, size_t size)
{
	unsigned want = *cap == 0 ? 16 : *cap * 2;
	void *grown;

	if (n < *cap)
		return true;
	grown = realloc(*v, want * size);
	if (grown == NULL)
		return false;
	*v = grown;
	*cap = want;
	return true;
}

/* Index of the element, or where it belongs in a sorted array (found false). */
static unsigned place(const void *v, unsigned n, size_t size, const void *key,
	int (*cmp)(const void *, const void *), bool sorted, bool *found)
{
	unsigned low = 0, high = n;

	*found = false;
	for (unsigned i = 0; !sorted && i < n; i++)
		if (cmp((const char *)v + i * size, key) == 0) {
			*found = true;
			return i;
		}
	if (!sorted)
		return n;
	while (low < high && !*found) {
		unsigned mid = low + (high - low) / 2;
		int c = cmp((const char *)v + mid * size, key);

		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Puts, replaces or (gone) removes one element; true when the array is different now. */
static bool change(struct net_table *t, void **v, unsigned *n, unsigned *cap, size_t size,
	const void *item, int (*cmp)(const void *, const void *), bool sorted, bool gone)
{
	bool found;
	unsigned at = place(*v, *n, size, item, cmp, sorted, &found);
	char *p;

	if (gone && !found)
		return false;
	if (!gone && !found && !grow(v, *n, cap, size)) {
		t->no_memory = true;
		return false;
	}
	p = (char *)*v + at * size;
	if (gone) {
		memmove(p, p + size, (*n - at - 1) * size);
		--*n;
		return true;
	}
	if (found && memcmp(p, item, size) == 0)
		return false;
	if (!found)
		memmove(p + size, p, ((*n)++ - at) * size);
	memcpy(p, item, size);
	return true;
}

static bool change_link(struct net_table *t, struct net_links *l, const struct net_link *item,
	bool sorted, bool gone)
{
	return change(
		t, (void **)&l->v, &l->n, &l->cap, sizeof *item, item, link_cmp, sorted, gone);
}

static bool change_addr(struct net_table *t, struct net_addrs *a, const struct ms_net_address *item,
	bool sorted, bool gone)
{
	return change(
		t, (void **)&a->v, &a->n, &a->cap, sizeof *item, item, addr_cmp, sorted, gone);
}

/* --- messages --------------------------------------------------------------------------------- */

const struct net_link *table_link(const struct net_table *t, uint32_t ifindex)
{
	struct net_link key = { .ifindex = ifindex };

	if (t->links.n == 0)
		return NULL;
	return bsearch(&key, t->links.v, t->links.n, sizeof key, link_cmp);
}

/* A link's name and state stand with each of its addresses; true when they were others. */
static bool carry(struct ms_net_address *a, const struct net_link *l)
{
	if (a->up == l->up && strcmp(a->ifname, l->name) == 0)
		return false;
	memcpy(a->ifname, l->name, sizeof a->ifname);
	a->up = l->up;
	return true;
}

static void link_changed(struct net_table *t, const struct net_link *l)
{
	for (unsigned i = 0; i < t->addrs.n; i++)
		if (t->addrs.v[i].ifindex == l->ifindex && carry(&t->addrs.v[i], l))
			t->dirty = true;
}

static void link_gone(struct net_table *t, uint32_t ifindex)
{
	struct net_addrs *a = &t->addrs;
	unsigned kept = 0;

	for (unsigned i = 0; i < a->n; i++)
		if (a->v[i].ifindex != ifindex)
			a->v[kept++] = a->v[i];
	t->dirty = t->dirty || kept != a->n;
	a->n = kept;
}

/* Up to a NUL, which need not be there. */
static void put_name(struct net_link *l, const struct nlattr *a)
{
	size_t len = strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

	memcpy(l->name, mnl_attr_get_payload(a), len < sizeof l->name ? len : sizeof l->name - 1);
}

static void link_message(struct net_table *t, const struct nlmsghdr *h)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attrs[IFLA_IFNAME + 1];
	bool gone = h->nlmsg_type == RTM_DELLINK;
	struct net_link l;

	/* AF_BRIDGE speaks of ports, not of links. */
	if (mnl_nlmsg_get_payload_len(h) < sizeof *m || m->ifi_family != AF_UNSPEC)
		return;
	rtnl_attrs(h, sizeof *m, attrs, IFLA_IFNAME);
	memset(&l, 0, sizeof l);
	l.ifindex = (uint32_t)m->ifi_index;
	l.up = (m->ifi_flags & IFF_UP) != 0;
	if (attrs[IFLA_IFNAME] != NULL)
		put_name(&l, attrs[IFLA_IFNAME]);
	else if (!gone)
		return;
	if (t->dumping)
		change_link(t, &t->next_links, &l, false, gone);
	change_link(t, &t->links, &l, true, gone);
	if (gone)
		link_gone(t, l.ifindex);
	else if (!(h->nlmsg_flags & NLM_F_MULTI))
		link_changed(t, &l);
}

static void addr_message(struct net_table *t, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attrs[IFA_FLAGS + 1];
	const struct net_link *l;
	struct ms_net_address a;
	uint32_t flags;
	bool gone;

	if (mnl_nlmsg_get_payload_len(h) < sizeof *m ||
		(m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return;
	rtnl_attrs(h, sizeof *m, attrs, IFA_FLAGS);
	memset(&a, 0, sizeof a);
	/* On point-to-point links IFA_ADDRESS is the other end's. */
	if (!rtnl_address(&a.addr, m->ifa_family,
		    attrs[IFA_LOCAL] != NULL ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS]))
		return;
	flags = rtnl_u32(attrs[IFA_FLAGS], m->ifa_flags);
	/* An address that is still being checked for duplicates cannot be bound (RFC 4862 s5.4);
	 * it counts once the kernel says that it is settled. */
	gone = h->nlmsg_type == RTM_DELADDR || (flags & IFA_F_DADFAILED) != 0 ||
	       ((flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0);
	a.prefix_bits = m->ifa_prefixlen;
	a.ifindex = m->ifa_index;
	l = table_link(t, a.ifindex);
	if (l != NULL)
		carry(&a, l);
	if (t->dumping)
		change_addr(t, &t->next_addrs, &a, false, gone);
	/* Parts of a dump come as RTM_NEWADDR with NLM_F_MULTI: they wait for its end. */
	if (!(h->nlmsg_flags & NLM_F_MULTI) && change_addr(t, &t->addrs, &a, true, gone))
		t->dirty = true;
}

void table_message(struct net_table *t, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_message(t, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		addr_message(t, h);
		break;
	}
}

/* --- dumps ------------------------------------------------------------------------------------ */

void table_dump_begins(struct net_table *t)
{
	t->next_links.n = 0;
	t->next_addrs.n = 0;
	t->dumping = true;
	t->no_memory = false;
}

void table_dump_ends(struct net_table *t)
{
	struct net_links links = t->links;
	struct net_addrs addrs = t->addrs;

	t->dumping = false;
	t->links = t->next_links;
	t->next_links = links;
	t->addrs = t->next_addrs;
	t->next_addrs = addrs;
	if (t->links.n > 0)
		qsort(t->links.v, t->links.n, sizeof *t->links.v, link_cmp);
	if (t->addrs.n > 0)
		qsort(t->addrs.v, t->addrs.n, sizeof *t->addrs.v, addr_cmp);
	for (unsigned i = 0; i < t->addrs.n; i++) {
		const struct net_link *l = table_link(t, t->addrs.v[i].ifindex);

		if (l != NULL)
			carry(&t->addrs.v[i], l);
	}
	if (t->addrs.n != addrs.n ||
		(addrs.n > 0 && memcmp(t->addrs.v, addrs.v, addrs.n * sizeof *addrs.v) != 0))
		t->dirty = true;
}

void table_free(struct net_table *t)
{
	free(t->links.v);
	free(t->next_links.v);
	free(t->addrs.v);
	free(t->next_addrs.v);
	memset(t, 0, sizeof *t);
}

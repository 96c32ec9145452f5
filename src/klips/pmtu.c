/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/pmtu.h"

#include "klips/instance.h"
#include "klips/ip.h"
#include "klips/pmtu_quote.h"
#include "klips/sa_build.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUCKETS = 256, MAX_PATHS = 1024, PER_TURN = 64, PER_SECOND = 500, MAX_MESSAGE = 1500 };
/* How far back a quoted sequence number may lie: a second of a million packets. */
enum { RECENT = 1 << 20 };

struct path {
	struct cds_list_head node, sas;
	struct ms_addr src, dst;
	uint32_t mtu;
	uint64_t learned_s;
};

struct pmtu {
	struct klips *k;
	int fd4, fd6; /* -1: none */
	struct ms_watch *watch4, *watch6;
	struct cds_list_head buckets[BUCKETS];
	unsigned n;
	uint64_t second_s;
	unsigned this_second;
};

/* --- paths ------------------------------------------------------------------------------------ */

static struct cds_list_head *bucket(struct pmtu *p, const struct ms_addr *src,
	const struct ms_addr *dst)
{
	uint64_t w[4], h = flow_hash_key[0];
	unsigned i;

	memcpy(w, src->b, 16);
	memcpy(w + 2, dst->b, 16);
	for (i = 0; i < 4; i++)
		h = flow_mix(h, w[i]);
	return &p->buckets[flow_mix(h, flow_hash_key[1]) % BUCKETS];
}

static struct path *path_find(struct pmtu *p, const struct ms_addr *src, const struct ms_addr *dst)
{
	struct path *i;

	cds_list_for_each_entry(i, bucket(p, src, dst), node)
		if (ms_addr_eq(&i->src, src) && ms_addr_eq(&i->dst, dst))
			return i;
	return NULL;
}

static struct path *path_new(struct pmtu *p, const struct klips_sa *sa)
{
	struct path *path = p->n >= MAX_PATHS ? NULL : calloc(1, sizeof *path);

	if (path == NULL)
		return NULL;
	path->src = sa->src;
	path->dst = sa->said.dst;
	CDS_INIT_LIST_HEAD(&path->sas);
	cds_list_add(&path->node, bucket(p, &path->src, &path->dst));
	p->n++;
	return path;
}

/* Its SAs are as if nothing had been learned. */
static void path_forget(struct pmtu *p, struct path *path)
{
	struct cds_list_head *at, *next;

	cds_list_del(&path->node);
	p->n--;
	cds_list_for_each_safe(at, next, &path->sas) {
		cds_list_del_init(at);
		sa_group_changed(p->k, rcu_container(at, struct klips_sa, by_path));
	}
	free(path);
}

uint32_t pmtu_join(struct pmtu *p, struct klips_sa *sa)
{
	struct path *path = p == NULL ? NULL : path_find(p, &sa->src, &sa->said.dst);

	cds_list_del_init(&sa->by_path);
	if (path == NULL)
		return 0;
	cds_list_add(&sa->by_path, &path->sas);
	return path->mtu;
}

void pmtu_tick(struct pmtu *p)
{
	uint64_t now = klips_now_s(p->k);
	struct path *path, *next;
	unsigned i;

	if (p->n == 0)
		return;
	for (i = 0; i < BUCKETS; i++)
		cds_list_for_each_entry_safe(path, next, &p->buckets[i], node)
			if (now - path->learned_s >= PMTU_LIFE_S)
				path_forget(p, path);
}

/* --- is it ours? ------------------------------------------------------------------------------ */

static struct klips_sa *quoted_sa(struct pmtu *p, const struct pmtu_quote *q)
{
	struct ms_said said = { .dst = q->dst, .spi = q->spi, .protocol = q->protocol };
	struct klips_sa *sa = sadb_find(p->k->sadb, &said);
	uint32_t last;

	if (sa == NULL || sa->inbound || !ms_addr_eq(&sa->src, &q->src)
		|| q->sport != sa->encap_src || q->dport != sa->encap_dst)
		return NULL;
	/* eight octets are always quoted (RFC 792): of AH they hold no number */
	if (!q->has_seq)
		return q->protocol == IPPROTO_AH ? sa : NULL;
	last = (uint32_t)__atomic_load_n(&sa->seq, __ATOMIC_RELAXED);
	return last - q->seq < RECENT ? sa : NULL;
}

/* False: nothing new. */
static bool learn(struct pmtu *p, struct klips_sa *sa, uint32_t mtu)
{
	struct path *path = path_find(p, &sa->src, &sa->said.dst);
	struct cds_list_head *at, *next;

	if (path == NULL)
		path = path_new(p, sa);
	else if (mtu >= path->mtu)
		return false;
	if (path == NULL)
		return false;
	path->mtu = mtu;
	path->learned_s = klips_now_s(p->k);
	if (cds_list_empty(&sa->by_path))
		cds_list_add(&sa->by_path, &path->sas);
	cds_list_for_each_safe(at, next, &path->sas)
		sa_group_changed(p->k, rcu_container(at, struct klips_sa, by_path));
	return true;
}

static bool believe(struct pmtu *p, const struct pmtu_quote *q, uint32_t mtu)
{
	struct klips_sa *sa = quoted_sa(p, q);
	char to[MS_ADDR_TEXT];

	/* RFC 1191 s5, RFC 8201 s4: nobody who can carry a packet is told that it is too big */
	if (sa == NULL || mtu >= q->total || !learn(p, sa, mtu)) {
		count(&p->k->counters, KC_PMTU_REFUSED, 1);
		return false;
	}
	count(&p->k->counters, KC_PMTU_LEARNED, 1);
	ms_addr_text(&q->dst, to, sizeof to);
	ms_debug(&p->k->log, "path to %s carries %u octets", to, mtu);
	return true;
}

bool pmtu_icmp4(struct pmtu *p, const uint8_t *packet, size_t len)
{
	struct pmtu_quote q;
	uint32_t mtu;

	return pmtu_quote4(packet, len, &q, &mtu) && believe(p, &q, mtu);
}

bool pmtu_icmp6(struct pmtu *p, const uint8_t *icmp, size_t len)
{
	struct pmtu_quote q;
	uint32_t mtu;

	return pmtu_quote6(icmp, len, &q, &mtu) && believe(p, &q, mtu);
}

/* --- sockets ---------------------------------------------------------------------------------- */

/* More than so many in a second are not looked at. */
static bool allowed(struct pmtu *p)
{
	uint64_t now = klips_now_s(p->k);

	if (p->second_s != now) {
		p->second_s = now;
		p->this_second = 0;
	}
	return ++p->this_second <= PER_SECOND;
}

static void ready(void *arg, int fd, unsigned events)
{
	struct pmtu *p = arg;
	uint8_t buf[MAX_MESSAGE];
	unsigned i;

	(void)events;
	control_enter();
	for (i = 0; i < PER_TURN; i++) {
		ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

		if (n <= 0)
			break;
		if (!allowed(p))
			continue;
		if (fd == p->fd4)
			pmtu_icmp4(p, buf, (size_t)n);
		else
			pmtu_icmp6(p, buf, (size_t)n);
	}
	control_leave();
}

static int open4(void)
{
	/* linux/icmp.h has this number and clashes with netinet's */
	enum { RAW_ICMP_FILTER = 1, DEST_UNREACH = 3 };
	uint32_t all_but = ~(UINT32_C(1) << DEST_UNREACH);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);

	if (fd >= 0)
		setsockopt(fd, SOL_RAW, RAW_ICMP_FILTER, &all_but, sizeof all_but);
	return fd;
}

static int open6(void)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &filter);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
	return fd;
}

ms_err pmtu_new(struct pmtu **out, struct klips *k, struct ms_why *why)
{
	struct pmtu *p = calloc(1, sizeof *p);
	unsigned i;

	if (p == NULL)
		return MS_ERR_NOMEM;
	p->k = k;
	for (i = 0; i < BUCKETS; i++)
		CDS_INIT_LIST_HEAD(&p->buckets[i]);
	*out = p;
	p->fd4 = open4();
	p->fd6 = open6();
	if (p->fd4 >= 0)
		p->watch4 = ms_watch_new(k->loop, p->fd4, MS_READABLE, ready, p);
	if (p->fd6 >= 0)
		p->watch6 = ms_watch_new(k->loop, p->fd6, MS_READABLE, ready, p);
	if ((p->fd4 < 0 || p->watch4 != NULL) && (p->fd6 < 0 || p->watch6 != NULL))
		return MS_OK;
	pmtu_free(out);
	return ms_fail(why, MS_ERR_SYSTEM, "cannot watch for ICMP");
}

void pmtu_free(struct pmtu **pp)
{
	struct pmtu *p = *pp;
	struct path *path, *next;
	unsigned i;

	if (p == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		cds_list_for_each_entry_safe(path, next, &p->buckets[i], node)
			path_forget(p, path);
	ms_watch_free(&p->watch4);
	ms_watch_free(&p->watch6);
	if (p->fd4 >= 0)
		close(p->fd4);
	if (p->fd6 >= 0)
		close(p->fd6);
	free(p);
	*pp = NULL;
}

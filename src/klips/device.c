/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/device.h"

#include "klips/instance.h"
#include "klips/io.h"
#include "klips/queue_age.h"
#include "klips/sa_build.h"
#include "klips/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIN_MTU = 1280 }; /* RFC 8200 s5 */

/* --- the list ------------------------------------------------------------------------------- */

struct klips_device *device_for_addr(const struct klips *k, const struct ms_addr *addr)
{
	const struct device_list *l = rcu_get(k->devices);
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (device_has_addr(l->devices[i], addr))
			return l->devices[i];
	return l->n > 0 ? l->devices[0] : NULL;
}

struct klips_device *device_by_name(const struct klips *k, const char *name)
{
	unsigned i;

	for (i = 0; i < k->devices->n; i++)
		if (strcmp(k->devices->devices[i]->name, name) == 0)
			return k->devices->devices[i];
	return NULL;
}

struct klips_device *device_numbered(const struct klips *k, unsigned number)
{
	const struct device_list *l = rcu_get(k->devices);
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (l->devices[i]->number == number)
			return l->devices[i];
	return NULL;
}

static void list_reclaim(struct rcu_head *head)
{
	free(rcu_reclaim(head, struct device_list, rcu));
}

/* A copy with one more (add) or one less (without); sorted by number. */
static ms_err list_change(struct klips *k, struct klips_device *add, struct klips_device *without)
{
	struct device_list *old = k->devices, *new;
	unsigned i;

	new = calloc(1, sizeof *new + (old->n + 1) * sizeof new->devices[0]);
	if (new == NULL)
		return MS_ERR_NOMEM;
	for (i = 0; i < old->n; i++) {
		if (add != NULL && add->number < old->devices[i]->number) {
			new->devices[new->n++] = add;
			add = NULL;
		}
		if (old->devices[i] != without)
			new->devices[new->n++] = old->devices[i];
	}
	if (add != NULL)
		new->devices[new->n++] = add;
	rcu_put(k->devices, new);
	rcu_later(&old->rcu, list_reclaim);
	return MS_OK;
}

/* --- attach --------------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Everything of its physical device. */
static void close_phys(struct klips_device *d)
{
	unsigned i, r;

	for (i = 0; i < d->n_queues; i++)
		for (r = 0; r < RAW_SOCKETS; r++)
			close_fd(&d->queues[i].raw[r].fd);
	close_fd(&d->pass4);
	close_fd(&d->pass6);
}

uint64_t device_overflows(const struct klips_device *d)
{
	uint64_t sum = d->overflows;
	unsigned i, r;

	for (i = 0; i < d->n_queues; i++)
		for (r = 0; r < RAW_SOCKETS; r++)
			sum += socket_overflows(d->queues[i].raw[r].fd);
	return sum;
}

static void close_tun(struct klips_device *d)
{
	unsigned i;

	for (i = 0; i < d->n_queues; i++)
		close_fd(&d->queues[i].tun.fd);
}

static void close_device(struct klips_device *d)
{
	close_tun(d);
	close_phys(d);
	device_free(d);
}

static const struct {
	int family, protocol;
	void (*ready)(struct klips_worker *w, struct klips_source *s);
} raws[RAW_SOCKETS] = {
	[RAW_ESP4] = { AF_INET, IPPROTO_ESP, raw4_ready },
	[RAW_ESP6] = { AF_INET6, IPPROTO_ESP, raw6_ready },
	[RAW_AH4] = { AF_INET, IPPROTO_AH, raw4_ready },
	[RAW_AH6] = { AF_INET6, IPPROTO_AH, raw6_ready },
	[RAW_4IN4] = { AF_INET, IPPROTO_IPIP, raw4_ready },
	[RAW_6IN4] = { AF_INET, IPPROTO_IPV6, raw4_ready },
	[RAW_COMP4] = { AF_INET, IPPROTO_COMP, raw4_ready },
	[RAW_4IN6] = { AF_INET6, IPPROTO_IPIP, raw6_ready },
	[RAW_6IN6] = { AF_INET6, IPPROTO_IPV6, raw6_ready },
	[RAW_COMP6] = { AF_INET6, IPPROTO_COMP, raw6_ready },
};

uint8_t device_raw_protocol(enum device_raw r)
{
	return (uint8_t)raws[r].protocol;
}

static struct klips_device *new_device(const struct klips *k, unsigned number, const char *phys)
{
	struct klips_device *d = calloc(1, sizeof *d + k->n_workers * sizeof d->queues[0]);
	unsigned i, r;

	if (d == NULL)
		return NULL;
	d->number = number;
	snprintf(d->name, sizeof d->name, "ipsec%u", number);
	snprintf(d->phys, sizeof d->phys, "%s", phys);
	d->n_queues = k->n_workers;
	for (i = 0; i < d->n_queues; i++) {
		d->queues[i].tun = (struct klips_source){ .ready = tun_ready, .fd = -1, .owner = d };
		for (r = 0; r < RAW_SOCKETS; r++)
			d->queues[i].raw[r] = (struct klips_source){ .ready = raws[r].ready, .fd = -1,
				.owner = d };
	}
	d->pass4 = d->pass6 = -1;
	return d;
}

static ms_err open_tun(struct klips_device *d, struct ms_why *why)
{
	unsigned i;

	for (i = 0; i < d->n_queues; i++) {
		d->queues[i].tun.fd = tun_open(d->name, i == 0, &d->offloads);
		if (d->queues[i].tun.fd < 0)
			return ms_fail(why, MS_ERR_SYSTEM, "%s: TUN: %s", d->name, strerror(errno));
	}
	if_tune(d->name);
	return MS_OK;
}

/* One for each worker, or none at all. */
static bool open_raws(struct klips_device *d, enum device_raw r)
{
	unsigned i;
	int e;

	for (i = 0; i < d->n_queues; i++) {
		int fd = raw_open(raws[r].family, raws[r].protocol, d->phys);

		d->queues[i].raw[r].fd = fd;
		if (fd >= 0 && raw_share(fd, raws[r].family, raws[r].protocol, i, d->n_queues) == 0)
			continue;
		e = errno;
		for (i = 0; i < d->n_queues; i++)
			close_fd(&d->queues[i].raw[r].fd);
		errno = e;
		return false;
	}
	return true;
}

static ms_err open_phys(struct klips_device *d, struct ms_why *why)
{
	bool ok;

	d->phys_ifindex = if_nametoindex(d->phys);
	d->pass4 = raw_open(AF_INET, IPPROTO_RAW, d->phys);
	ok = d->phys_ifindex != 0 && d->pass4 >= 0 && open_raws(d, RAW_ESP4);
	if (!ok)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: raw sockets: %s", d->phys, strerror(errno));
	/* the system may lack these */
	if (!open_raws(d, RAW_AH4) || !open_raws(d, RAW_ESP6) || !open_raws(d, RAW_AH6))
		errno = 0;
	d->pass6 = raw_open(AF_INET6, IPPROTO_RAW, d->phys);
	if (if_get_mtu(d->phys, &d->phys_mtu) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: MTU: %s", d->phys, strerror(errno));
	return MS_OK;
}

static ms_err configure(struct klips_device *d, const struct klips_device *before,
	struct ms_why *why)
{
	ms_err err;

	d->mtu = d->mtu_wanted != 0 ? d->mtu_wanted : d->phys_mtu;
	if (if_set_mtu(d->name, d->mtu) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: MTU %u: %s", d->name, d->mtu,
			strerror(errno));
	device_queue_start(d, before);
	err = device_follow_addrs(d, before, why);
	if (err != MS_OK)
		return err;
	if (if_up(d->name) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: up: %s", d->name, strerror(errno));
	return MS_OK;
}

static ms_err watch_all(struct klips *k, struct klips_device *d)
{
	ms_err err = MS_OK;
	unsigned i, r;

	for (i = 0; i < d->n_queues && err == MS_OK; i++) {
		struct device_queue *q = &d->queues[i];

		err = worker_watch(k->workers[i], &q->tun);
		for (r = 0; r < RAW_SOCKETS && err == MS_OK; r++)
			if (q->raw[r].fd >= 0)
				err = worker_watch(k->workers[i], &q->raw[r]);
	}
	return err;
}

/* By one of ours, or by anybody else's interface: another klips may run beside us. */
static bool number_taken(const struct klips *k, unsigned number)
{
	char name[IFNAMSIZ];
	unsigned i;

	snprintf(name, sizeof name, "ipsec%u", number);
	if (if_nametoindex(name) != 0)
		return true;
	for (i = 0; i < k->devices->n; i++)
		if (k->devices->devices[i]->number == number)
			return true;
	return false;
}

/* ipsec0..ipsec63, or the first free one for an empty name. */
static ms_err choose_number(const struct klips *k, const char *name, unsigned *out,
	struct ms_why *why)
{
	char canonical[IFNAMSIZ];

	if (name[0] == '\0') {
		for (*out = 0; *out <= DEVICE_MAX_NUMBER; ++*out)
			if (!number_taken(k, *out))
				return MS_OK;
		return ms_fail(why, MS_ERR_LIMIT, "no ipsec device is free");
	}
	if (sscanf(name, "ipsec%u", out) == 1 && *out <= DEVICE_MAX_NUMBER) {
		snprintf(canonical, sizeof canonical, "ipsec%u", *out);
		if (strcmp(canonical, name) == 0)
			return number_taken(k, *out)
				? ms_fail(why, MS_ERR_BUSY, "%s is attached already", name)
				: MS_OK;
	}
	return ms_fail(why, MS_ERR_NOT_FOUND, "%s is none of ipsec0..ipsec%d", name,
		DEVICE_MAX_NUMBER);
}

/* An alias names the device under it. */
static void base_name(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s", name);
	out[strcspn(out, ":")] = '\0';
}

static void unwatch_all(struct klips *k, struct klips_device *d)
{
	unsigned i, r;

	for (i = 0; i < d->n_queues; i++) {
		worker_unwatch(k->workers[i], &d->queues[i].tun);
		for (r = 0; r < RAW_SOCKETS; r++)
			worker_unwatch(k->workers[i], &d->queues[i].raw[r]);
	}
}

/* Into the list and under the workers' eyes; on error it is gone. */
static ms_err install(struct klips *k, struct klips_device *d, struct ms_why *why)
{
	ms_err err = list_change(k, d, NULL);

	if (err != MS_OK) {
		close_device(d);
		return err;
	}
	err = watch_all(k, d);
	if (err == MS_OK)
		return MS_OK;
	device_detach(k, d);
	return ms_fail(why, err, "cannot watch the device's descriptors");
}

static ms_err attach_new(struct klips *k, const char *phys, const struct device_wish *wish,
	struct klips_device **out, struct ms_why *why)
{
	unsigned number;
	ms_err err = choose_number(k, wish->name, &number, why);
	struct klips_device *d = err == MS_OK ? new_device(k, number, phys) : NULL;

	if (d == NULL)
		return err == MS_OK ? MS_ERR_NOMEM : err;
	d->mtu_wanted = wish->mtu;
	d->mss = wish->mss;
	err = open_tun(d, why);
	if (err == MS_OK)
		err = open_phys(d, why);
	if (err == MS_OK)
		err = configure(d, NULL, why);
	if (err != MS_OK) {
		close_device(d);
		return err;
	}
	talk(k, ROOM_TUNNEL, TALK_TUNNEL_INIT, "%s on %s (interface %u): %u queues, %u addresses, "
		"super-packets of %s", d->name, d->phys, d->phys_ifindex, d->n_queues, d->n_addrs,
		d->offloads.uso ? "TCP and UDP" : d->offloads.vnet ? "TCP" : "nothing");
	*out = d;
	return install(k, d, why);
}

static struct klips_device *of_phys(const struct klips *k, const char *phys)
{
	unsigned i;

	for (i = 0; i < k->devices->n; i++)
		if (strcmp(k->devices->devices[i]->phys, phys) == 0)
			return k->devices->devices[i];
	return NULL;
}

ms_err device_attach(struct klips *k, const struct device_wish *wish, struct klips_device **out,
	struct ms_why *why)
{
	struct klips_device *d, *free_one = device_by_name(k, wish->name);
	char phys[IFNAMSIZ];
	ms_err err = MS_OK;

	base_name(phys, sizeof phys, wish->phys);
	d = of_phys(k, phys);
	if (d != NULL && wish->name[0] != '\0' && d != free_one)
		return ms_fail(why, MS_ERR_BUSY, "%s is attached to %s", phys, d->name);
	if (if_nametoindex(phys) == 0)
		return ms_fail(why, MS_ERR_NOT_FOUND, "no interface %s", phys);
	if (d == NULL && free_one != NULL && free_one->phys[0] == '\0') {
		d = free_one;
		err = device_renew(k, &d, phys, why);
	}
	if (err != MS_OK)
		return err;
	if (d == NULL)
		return attach_new(k, phys, wish, out, why);
	if (wish->mss != 0)
		shared_set(d->mss, wish->mss);
	if (wish->mtu != 0 && wish->mtu != d->mtu_wanted) {
		d->mtu_wanted = wish->mtu;
		device_set_mtu(k, d);
	}
	*out = d;
	return MS_OK;
}

ms_err device_create(struct klips *k, unsigned number, struct ms_why *why)
{
	struct klips_device *d;
	ms_err err;

	if (number > DEVICE_MAX_NUMBER)
		return ms_fail(why, MS_ERR_NOT_FOUND, "the last device is ipsec%d",
			DEVICE_MAX_NUMBER);
	if (number_taken(k, number))
		return ms_fail(why, MS_ERR_BUSY, "ipsec%u is there already", number);
	d = new_device(k, number, "");
	if (d == NULL)
		return MS_ERR_NOMEM;
	d->created = true;
	err = open_tun(d, why);
	if (err == MS_OK)
		return install(k, d, why);
	close_device(d);
	return err;
}

/* Where ipsecN itself was deleted by somebody, it is made again. */
static ms_err take_tun(struct klips_device *new, struct klips_device *d, struct ms_why *why)
{
	unsigned i;

	if (if_nametoindex(d->name) == 0) {
		close_tun(d);
		d->n_addrs = 0;
		d->last4.family = 0;
		return open_tun(new, why);
	}
	for (i = 0; i < new->n_queues; i++)
		new->queues[i].tun.fd = d->queues[i].tun.fd;
	return MS_OK;
}

ms_err device_renew(struct klips *k, struct klips_device **dp, const char *phys,
	struct ms_why *why)
{
	struct klips_device *d = *dp, *new = new_device(k, d->number, phys);
	bool there = phys[0] != '\0' && if_nametoindex(phys) != 0;
	ms_err err;

	if (new == NULL)
		return MS_ERR_NOMEM;
	new->mtu_wanted = d->mtu_wanted;
	new->mss = shared_get(d->mss);
	new->created = d->created;
	new->overflows = device_overflows(d);
	new->offloads = d->offloads;
	unwatch_all(k, d);
	err = take_tun(new, d, why);
	if (err == MS_OK && there)
		err = open_phys(new, why);
	if (err == MS_OK && there) {
		err = configure(new, d, why);
	} else if (err == MS_OK && phys[0] != '\0') {
		/* its addresses and MTU are kept for the day when it comes back */
		err = device_keep_addrs(new, d);
		new->last4 = d->last4;
		new->mtu = d->mtu;
	} else if (err == MS_OK) {
		err = device_follow_addrs(new, d, why);
	}
	if (err == MS_OK)
		err = list_change(k, new, d);
	if (err != MS_OK) {
		close_phys(new);
		device_free(new);
		return watch_all(k, d) == MS_OK ? err : MS_ERR_SYSTEM;
	}
	talk(k, ROOM_TUNNEL, TALK_TUNNEL_INIT, "%s on %s is renewed: interface %u, %u addresses", new->name,
		new->phys, new->phys_ifindex, new->n_addrs);
	rcu_wait();
	close_phys(d);
	device_free(d);
	*dp = new;
	err = watch_all(k, new);
	device_follow_bare(k);
	return err;
}

/* What a system without IPv6 lacks nobody sends, either. */
static void open_bare(struct klips *k, struct klips_device *d)
{
	struct klips_source *raw = d->queues[0].raw;
	unsigned r;

	for (r = RAW_BARE; r < RAW_SOCKETS; r++) {
		if (raw[r].fd >= 0)
			continue;
		raw[r].fd = raw_open(raws[r].family, raws[r].protocol, d->phys);
		if (raw[r].fd >= 0 && worker_watch(k->workers[0], &raw[r]) != MS_OK)
			close_fd(&raw[r].fd);
	}
}

static void close_bare(struct klips *k, struct klips_device *d)
{
	struct klips_source *raw = d->queues[0].raw;
	unsigned r, open = 0;

	for (r = RAW_BARE; r < RAW_SOCKETS; r++) {
		open += raw[r].fd >= 0;
		worker_unwatch(k->workers[0], &raw[r]);
	}
	if (open == 0)
		return;
	rcu_wait();
	for (r = RAW_BARE; r < RAW_SOCKETS; r++)
		close_fd(&raw[r].fd);
}

void device_follow_bare(struct klips *k)
{
	bool wanted = sadb_count_bare(k->sadb) > 0;
	unsigned i;

	for (i = 0; i < k->devices->n; i++) {
		struct klips_device *d = k->devices->devices[i];

		if (wanted && d->phys_ifindex != 0)
			open_bare(k, d);
		else
			close_bare(k, d);
	}
}

void device_detach(struct klips *k, struct klips_device *d)
{
	unwatch_all(k, d);
	if (list_change(k, NULL, d) != MS_OK)
		return; /* it stays, unwatched, until there is memory */
	rcu_wait();
	close_device(d);
}

static bool group_again(void *arg, struct klips_sa *sa)
{
	if (sa->outer == NULL && !sa->inbound)
		sa_group_changed(arg, sa);
	return true;
}

void device_set_mtu(struct klips *k, struct klips_device *d)
{
	uint32_t mtu = d->mtu_wanted != 0 ? d->mtu_wanted : d->phys_mtu;

	if (mtu != d->mtu && if_set_mtu(d->name, mtu) == 0)
		d->mtu = mtu;
	sadb_each(k->sadb, group_again, k);
}

void device_lower_mtu(struct klips_device *d, uint32_t mtu)
{
	if (mtu < MIN_MTU)
		mtu = MIN_MTU;
	if (d->mtu_wanted != 0 || mtu >= d->mtu || if_set_mtu(d->name, mtu) < 0)
		return;
	d->mtu = mtu;
}

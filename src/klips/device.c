/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/device.h"

#include "klips/instance.h"
#include "klips/io.h"

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

bool device_known(const struct klips *k, const struct klips_device *d)
{
	const struct device_list *l = rcu_get(k->devices);
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (l->devices[i] == d)
			return true;
	return false;
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

static void close_device(struct klips_device *d)
{
	unsigned i;

	for (i = 0; i < d->n_tun; i++)
		if (d->tun[i].fd >= 0)
			close(d->tun[i].fd);
	if (d->raw4.fd >= 0)
		close(d->raw4.fd);
	if (d->raw6.fd >= 0)
		close(d->raw6.fd);
	if (d->ah4.fd >= 0)
		close(d->ah4.fd);
	if (d->ah6.fd >= 0)
		close(d->ah6.fd);
	if (d->pass4 >= 0)
		close(d->pass4);
	if (d->pass6 >= 0)
		close(d->pass6);
	free(d);
}

static struct klips_device *new_device(const struct klips *k, unsigned number, const char *phys)
{
	struct klips_device *d = calloc(1, sizeof *d + k->n_workers * sizeof d->tun[0]);
	unsigned i;

	if (d == NULL)
		return NULL;
	d->number = number;
	snprintf(d->name, sizeof d->name, "ipsec%u", number);
	snprintf(d->phys, sizeof d->phys, "%s", phys);
	d->n_tun = k->n_workers;
	for (i = 0; i < d->n_tun; i++)
		d->tun[i] = (struct klips_source){ tun_ready, -1, d };
	d->raw4 = (struct klips_source){ raw4_ready, -1, d };
	d->raw6 = (struct klips_source){ raw6_ready, -1, d };
	d->ah4 = (struct klips_source){ raw4_ready, -1, d };
	d->ah6 = (struct klips_source){ raw6_ready, -1, d };
	d->pass4 = d->pass6 = -1;
	return d;
}

static ms_err open_sockets(struct klips_device *d, struct ms_why *why)
{
	unsigned i;

	for (i = 0; i < d->n_tun; i++) {
		d->tun[i].fd = tun_open(d->name, i == 0, &d->offloads);
		if (d->tun[i].fd < 0)
			return ms_fail(why, MS_ERR_SYSTEM, "%s: TUN: %s", d->name, strerror(errno));
	}
	d->raw4.fd = raw_open(AF_INET, IPPROTO_ESP, d->phys);
	d->pass4 = raw_open(AF_INET, IPPROTO_RAW, d->phys);
	if (d->raw4.fd < 0 || d->pass4 < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: raw sockets: %s", d->phys, strerror(errno));
	d->ah4.fd = raw_open(AF_INET, IPPROTO_AH, d->phys);
	d->raw6.fd = raw_open(AF_INET6, IPPROTO_ESP, d->phys);
	d->ah6.fd = raw_open(AF_INET6, IPPROTO_AH, d->phys);
	d->pass6 = raw_open(AF_INET6, IPPROTO_RAW, d->phys);
	return MS_OK;
}

static ms_err configure(struct klips_device *d, uint32_t mtu, struct ms_why *why)
{
	if (if_get_mtu(d->phys, &d->phys_mtu) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: MTU: %s", d->phys, strerror(errno));
	d->mtu = mtu != 0 ? mtu : d->phys_mtu;
	if_tune(d->name);
	if (if_set_mtu(d->name, d->mtu) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: MTU %u: %s", d->name, d->mtu,
			strerror(errno));
	d->n_addrs = if_copy_addrs(d->phys, d->name, d->addrs, DEVICE_ADDRS);
	if (if_up(d->name) < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "%s: up: %s", d->name, strerror(errno));
	return MS_OK;
}

static ms_err watch_all(struct klips *k, struct klips_device *d)
{
	ms_err err = MS_OK;
	unsigned i;

	for (i = 0; i < d->n_tun && err == MS_OK; i++)
		err = worker_watch(k->workers[i], &d->tun[i]);
	if (err == MS_OK)
		err = worker_watch(k->workers[0], &d->raw4);
	if (err == MS_OK && d->ah4.fd >= 0)
		err = worker_watch(k->workers[0], &d->ah4);
	if (err == MS_OK && d->raw6.fd >= 0)
		err = worker_watch(k->workers[0], &d->raw6);
	if (err == MS_OK && d->ah6.fd >= 0)
		err = worker_watch(k->workers[0], &d->ah6);
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

ms_err device_attach(struct klips *k, const char *phys_name, const char *name, uint32_t mtu,
	struct klips_device **out, struct ms_why *why)
{
	char phys[IFNAMSIZ];
	struct klips_device *d;
	unsigned i, number;
	ms_err err;

	base_name(phys, sizeof phys, phys_name);
	for (i = 0; i < k->devices->n; i++) {
		d = k->devices->devices[i];
		if (strcmp(d->phys, phys) != 0)
			continue;
		if (name[0] != '\0' && strcmp(d->name, name) != 0)
			return ms_fail(why, MS_ERR_BUSY, "%s is attached to %s", phys, d->name);
		*out = d;
		return MS_OK;
	}
	if (if_nametoindex(phys) == 0)
		return ms_fail(why, MS_ERR_NOT_FOUND, "no interface %s", phys);
	err = choose_number(k, name, &number, why);
	if (err != MS_OK)
		return err;
	d = new_device(k, number, phys);
	if (d == NULL)
		return MS_ERR_NOMEM;
	d->phys_ifindex = if_nametoindex(phys);
	err = open_sockets(d, why);
	if (err == MS_OK)
		err = configure(d, mtu, why);
	if (err == MS_OK)
		err = list_change(k, d, NULL);
	if (err != MS_OK) {
		close_device(d);
		return err;
	}
	err = watch_all(k, d);
	if (err != MS_OK) {
		device_detach(k, d);
		return ms_fail(why, err, "%s: cannot watch its descriptors", d->name);
	}
	*out = d;
	return MS_OK;
}

void device_detach(struct klips *k, struct klips_device *d)
{
	struct klips_source *raw[] = { &d->raw4, &d->ah4, &d->raw6, &d->ah6 };
	unsigned i;

	for (i = 0; i < d->n_tun; i++)
		worker_unwatch(k->workers[i], &d->tun[i]);
	for (i = 0; i < sizeof raw / sizeof raw[0]; i++)
		worker_unwatch(k->workers[0], raw[i]);
	if (list_change(k, NULL, d) != MS_OK)
		return; /* it stays, unwatched, until there is memory */
	rcu_wait();
	close_device(d);
}

void device_lower_mtu(struct klips_device *d, uint32_t mtu)
{
	if (mtu < MIN_MTU)
		mtu = MIN_MTU;
	if (mtu >= d->mtu || if_set_mtu(d->name, mtu) < 0)
		return;
	d->mtu = mtu;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipsec0..N: TUN devices, each attached to a physical one.
 *
 * The device carries the physical one's addresses as host addresses, so that source selection
 * works and no route is stolen.  All sockets to the untrusted side are bound to the physical
 * device, so that a route into ipsecN can never lead a protected packet back in.
 *
 * The list is replaced as a whole under RCU; a device's memory and descriptors live until a grace
 * period after it was detached.
 */
#ifndef KLIPS_DEVICE_H
#define KLIPS_DEVICE_H

#include "klips/rcu.h"
#include "klips/worker.h"

#include <modswan/addr.h>
#include <modswan/error.h>

#include <net/if.h>

enum { DEVICE_ADDRS = 16, DEVICE_MAX_NUMBER = 63 };

struct klips_device {
	unsigned number; /* ipsecN */
	char name[IFNAMSIZ], phys[IFNAMSIZ];
	unsigned phys_ifindex;
	uint32_t phys_mtu;
	uint32_t mtu; /* of ipsecN, lowered by SAs, never raised; control thread */
	struct ms_addr addrs[DEVICE_ADDRS]; /* copied from phys */
	unsigned n_addrs;
	struct klips_source raw4, raw6; /* ESP in and out; fd -1: family not there */
	struct klips_source ah4, ah6;	/* AH in */
	int pass4, pass6;		/* IP_HDRINCL, out only */
	struct tun_offloads offloads;
	unsigned n_tun;
	struct klips_source tun[]; /* one queue per worker */
};

struct device_list {
	struct rcu_head rcu;
	unsigned n;
	struct klips_device *devices[];
};

static inline bool device_has_addr(const struct klips_device *d, const struct ms_addr *a)
{
	unsigned i;

	for (i = 0; i < d->n_addrs; i++)
		if (ms_addr_eq(&d->addrs[i], a))
			return true;
	return false;
}

/* Workers or control, online; NULL: none. addr: the device with it, else the first. */
struct klips_device *device_for_addr(const struct klips *k, const struct ms_addr *addr);

/* Is this still one of ours? */
bool device_known(const struct klips *k, const struct klips_device *d);

/* --- control thread only -------------------------------------------------------------------- */

/* name may be empty: the first free one, or the one that phys is attached to already.
 * MS_ERR_NOT_FOUND: no such physical device; MS_ERR_BUSY: one of the two is attached elsewhere.
 * mtu 0: the physical device's. */
ms_err device_attach(struct klips *k, const char *phys, const char *name, uint32_t mtu,
	struct klips_device **out, struct ms_why *why) MS_MUST_CHECK;
void device_detach(struct klips *k, struct klips_device *d);
struct klips_device *device_by_name(const struct klips *k, const char *name);
/* Makes ipsecN's MTU at most this. */
void device_lower_mtu(struct klips_device *d, uint32_t mtu);

/* device_if.c: the system's side; errno style: 0 or -1. */
int if_get_mtu(const char *name, uint32_t *mtu);
int if_set_mtu(const char *name, uint32_t mtu);
int if_up(const char *name);
unsigned if_copy_addrs(const char *phys, const char *to, struct ms_addr *addrs, unsigned max);
void if_tune(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipsec0..N: TUN devices, each attached to a physical one.
 *
 * The device carries the physical one's addresses as host addresses, so that source selection
 * works and no route is stolen.  All sockets to the untrusted side are bound to the physical
 * device, so that a route into ipsecN can never lead a protected packet back in.
 *
 * The list is replaced as a whole under RCU; a device's memory and descriptors live until a grace
 * period after it was detached.  When the physical one changes (device_watch.c), a new struct takes
 * over the TUN queues: routes into ipsecN stay whatever happens below it.
 */
#ifndef KLIPS_DEVICE_H
#define KLIPS_DEVICE_H

#include "klips/rcu.h"
#include "klips/worker.h"

#include <modswan/addr.h>
#include <modswan/error.h>

#include <net/if.h>

/* PF_KEY's X_PLUMBIF has this number for ipsec0. */
enum { DEVICE_MAX_NUMBER = 63, DEVICE_FIRST_IFNUM = 49152 };

/* What SYNs of TCP may at most announce. */
enum device_mss { DEVICE_MSS_ANY, DEVICE_MSS_AUTO /* what fits through the tunnel */ };

/* ESP in and out, AH in; and what comes in bare (sadb.h): only while there are SAs of that kind, and only
 * to the first worker. */
enum device_raw { RAW_ESP4, RAW_ESP6, RAW_AH4, RAW_AH6, RAW_BARE, RAW_4IN4 = RAW_BARE, RAW_6IN4, RAW_COMP4,
	RAW_4IN6, RAW_6IN6, RAW_COMP6, RAW_SOCKETS };

/* What one worker has of a device.  Each raw socket takes its share of the SPIs, so that an SA's
 * packets stay with one worker and in order; the system spreads the host's flows over the TUN queues. */
struct device_queue {
	struct klips_source tun;
	struct klips_source raw[RAW_SOCKETS]; /* fd -1: family not there */
	uint64_t counts[KC_COUNT];	      /* the worker's, of this device */
};

struct klips_device {
	unsigned number; /* ipsecN */
	char name[IFNAMSIZ], phys[IFNAMSIZ];
	unsigned phys_ifindex; /* 0: it is not there */
	uint32_t phys_mtu;
	uint32_t mtu;	     /* of ipsecN, lowered by SAs; control thread */
	uint32_t mtu_wanted; /* by a person, 0: found out */
	uint32_t mss;	     /* enum device_mss, else octets; relaxed */
	uint32_t queue_bound, queue_most; /* entries of a TUN queue, queue_age.h: now (relaxed), at first */
	uint64_t overflows; /* of sockets that it had before; control thread */
	uint64_t queue_held_ns;		  /* when it had to be as short as it is; control thread */
	bool created;	     /* stays, without a physical one, when it is detached */
	struct ms_addr *addrs; /* copied from phys; owned */
	unsigned n_addrs;
	struct ms_addr last4; /* ipsecN has it still, though phys lost it; family 0: none */
	int pass4, pass6;		/* IP_HDRINCL, out only */
	struct tun_offloads offloads;
	unsigned n_queues;
	struct device_queue queues[]; /* one per worker */
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

/* What the worker counts from now on is of this device; NULL: of none.  Until it looks for other
 * work, so that the device is there. */
static inline void device_counts(struct klips_worker *w, struct klips_device *d)
{
	w->counters.device = d == NULL ? NULL : d->queues[w->index].counts;
}

/* Workers or control, online; NULL: none. addr: the device with it, else the first. */
struct klips_device *device_for_addr(const struct klips *k, const struct ms_addr *addr);

/* Packets that came faster than they were handled, and for which the system had no room: from the
 * untrusted side; from the host, since ipsecN was made. */
uint64_t device_overflows(const struct klips_device *d);
uint64_t if_overflows(const char *name);

/* ipsecN as it is now; NULL: it is gone. */
struct klips_device *device_numbered(const struct klips *k, unsigned number);

/* --- control thread only -------------------------------------------------------------------- */

/* name may be empty: the first free one, or the one that phys is attached to already.
 * MS_ERR_NOT_FOUND: no such physical device; MS_ERR_BUSY: one of the two is attached elsewhere.
 * mtu, mss 0: as they were, at first the physical device's and DEVICE_MSS_ANY. */
struct device_wish {
	const char *phys, *name;
	uint32_t mtu, mss;
};
ms_err device_attach(struct klips *k, const struct device_wish *wish, struct klips_device **out,
	struct ms_why *why) MS_MUST_CHECK;
/* ipsecN without a physical device; MS_ERR_BUSY: there is one. */
ms_err device_create(struct klips *k, unsigned number, struct ms_why *why) MS_MUST_CHECK;
void device_detach(struct klips *k, struct klips_device *d);
/* Sockets for what comes in bare are opened or closed, as there are such SAs. */
void device_follow_bare(struct klips *k);
/* The protocol of what a raw socket reads. */
uint8_t device_raw_protocol(enum device_raw r);
/* With what phys is now (empty: none): on success *d is another struct. */
ms_err device_renew(struct klips *k, struct klips_device **d, const char *phys,
	struct ms_why *why) MS_MUST_CHECK;
/* MTU of the physical device, or the one that is wanted, has changed. */
void device_set_mtu(struct klips *k, struct klips_device *d);
struct klips_device *device_by_name(const struct klips *k, const char *name);
/* Makes ipsecN's MTU at most this, unless a person wants another. */
void device_lower_mtu(struct klips_device *d, uint32_t mtu);

/* device_addrs.c: `d`, which nobody uses yet. */
/* d->addrs becomes what phys has, and ipsecN's addresses follow, but for the last of IPv4: with it
 * the system would take all IPv4 routes into ipsecN away. before: NULL, or what d takes over from. */
ms_err device_follow_addrs(struct klips_device *d, const struct klips_device *before,
	struct ms_why *why) MS_MUST_CHECK;
/* Those of a physical device that is away. */
ms_err device_keep_addrs(struct klips_device *d, const struct klips_device *from) MS_MUST_CHECK;
void device_free(struct klips_device *d);

/* device_if.c: the system's side; errno style: 0 or -1. */
int if_get_mtu(const char *name, uint32_t *mtu);
int if_set_mtu(const char *name, uint32_t mtu);
int if_get_queue(const char *name, uint32_t *entries);
int if_set_queue(const char *name, uint32_t entries);
int if_up(const char *name);
/* Not link-local ones. The caller frees them; where there are none they are NULL. -1 and errno. */
int if_addrs(const char *name, struct ms_addr **addrs_r, unsigned *n_r);
int if_change_addr(const char *name, const struct ms_addr *addr, bool add);
void if_tune(const char *name);

#endif

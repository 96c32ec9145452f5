/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One klips: what the control thread owns and the workers read.
 *
 * Tables are RCU structures of their own; plain members are constant while workers run, or relaxed
 * atomics where it says so.
 */
#ifndef KLIPS_INSTANCE_H
#define KLIPS_INSTANCE_H

#include "klips/counters.h"
#include "klips/eroute.h"
#include "klips/sadb.h"

#include <modswan/log.h>
#include <modswan/loop.h>

struct klips_worker;
struct device_list;
struct device_watch;
struct encap_list;
struct hold_table;
struct pmtu;
struct note_queue;
struct pfkey_server;
struct ctl_server;
struct listing_files;

struct klips {
	struct ms_loop *loop;
	struct ms_logger log;
	const char *rundir, *confdir;
	uint64_t instance_id;
	bool hide_tos;
	bool tell_too_big; /* fragicmp */
	enum ms_shunt no_eroute; /* what becomes of a packet without eroute: DROP, PASS, REJECT */

	struct eroute_table *eroutes;
	struct sadb *sadb;
	struct device_list *devices; /* RCU */
	struct encap_list *encaps;   /* RCU */
	struct klips_worker **workers;
	unsigned n_workers;
	int icmp4_fd, icmp6_fd; /* raw, not bound to a device */

	struct hold_table *holds;
	struct note_queue *notes;
	struct pmtu *pmtu;
	struct device_watch *device_watch;
	struct counters counters; /* of the control thread */
	struct pfkey_server *pfkey;
	struct ctl_server *ctl;
	struct listing_files *files;
	struct ms_timer *second;
	uint32_t debug[MS_PFKEY_DEBUG_WORDS]; /* relaxed; which rooms talk, talk.h */
	uint32_t debug_sources;		       /* log sources that --debug wants in any case */
	/* Seconds since the epoch as it was when klips started: a wall clock that is set later neither ends
	 * SAs nor keeps them alive. */
	uint64_t epoch_s;
	uint64_t now_s; /* relaxed; told by the control thread */
	uint32_t fragment_id; /* relaxed; of the last packet that was cut */
	uint64_t traps, traps_sent, holds_refused; /* relaxed */
	bool exiting;
	bool taken_over; /* a key daemon replaced an eroute of another one */
};

static inline uint64_t klips_now_s(const struct klips *k)
{
	return shared_get(k->now_s);
}

/* Everything but the process: devices, SAs, eroutes, sockets. */
void klips_teardown(struct klips *k);
/* Leaves the loop after this turn. */
void klips_exit(struct klips *k);
/* k->debug was changed: tell the log. */
void klips_debug_changed(struct klips *k);

#endif

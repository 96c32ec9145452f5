/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SAs and their groups.
 *
 * Identity is (destination, SPI, protocol).  A group is a chain in the family's order: the first
 * member (IPIP, say) is applied first to packets that go out and undone last on those that come
 * in; `outer` leads towards the wire, `inner` towards the content.  The control thread makes,
 * links and removes SAs; workers find them under RCU and change only counters, the sequence number
 * and, under `lock`, the replay window.
 *
 * Standards: RFC 4301 s4.4.2, RFC 4303, RFC 2367 for states and lifetimes.
 */
#ifndef KLIPS_SADB_H
#define KLIPS_SADB_H

#include "klips/rcu.h"
#include "klips/replay.h"
#include "klips/walk.h"

#include <modswan/crypto.h>
#include <modswan/kernel.h>
#include <modswan/pfkey.h>

#include <pthread.h>

struct klips_xform;

/* All limits 0: none. */
struct sa_limits {
	uint64_t octets, packets, add_s, use_s;
	uint32_t allocations; /* flows */
};

/* What may come out of an inbound SA: from any of the first n_src to any of the n_dst behind them. */
struct sa_content {
	struct rcu_head rcu;
	unsigned n_src, n_dst;
	bool upper; /* some selector looks at protocol or ports */
	struct ms_selector selectors[];
};

/* What an SA that was left behind still gets. */
enum { SA_LAST_MINUTE_S = 60 };

/* Bits of klips_sa.told: each EXPIRE is sent once. */
enum { SA_TOLD_SOFT = 1, SA_TOLD_HARD = 2, SA_TOLD_MAPPING = 4 };

struct klips_sa {
	struct cds_lfht_node node;
	struct rcu_head rcu;
	struct ms_said said;
	struct ms_addr src;
	const struct klips_xform *xform; /* NULL: no transform of this protocol here */
	struct klips_sa *outer, *inner;  /* RCU */

	/* constant once it is in the table */
	const struct ms_encr_alg *encr; /* NULL: not ESP */
	const struct ms_integ_alg *integ; /* NULL: none, or an AEAD */
	void **encr_ctx, **integ_ctx;	  /* one for each worker */
	unsigned n_ctx;
	uint16_t encap_src, encap_dst; /* ports, host order; 0: no UDP */
	uint8_t encap_type;
	uint8_t auth_octets, encr_octets; /* of keys, for listings */
	bool inbound, esn;
	bool mode_known; /* inbound was said, not guessed */
	uint32_t window;
	uint64_t iv_start; /* random; the IV of counter modes is this plus the sequence number */
	struct sa_content *content; /* RCU; inbound; NULL: anything */
	struct sa_limits soft, hard;
	struct {
		uint8_t failed;	    /* packets in a row that did not get shorter */
		uint8_t rest, left; /* packets not tried the last time; those to come */
		uint64_t before, after; /* octets of what was compressed */
	} comp; /* workers; relaxed */
	uint32_t reqid;
	uint32_t ref;	  /* saref.h; before it is in the table: the one wished for, 0: any */
	uint32_t ref_him; /* what its maker says is the other direction's, 0: nothing */
	uint32_t mtu; /* wanted for what goes in, 0: found out */
	uint32_t flags; /* as its maker said: enum ms_pfkey_sa_flags */
	unsigned outif; /* what comes out is ipsecN's: N + 1; 0: the device's that it came in on */
	uint8_t df;   /* enum ms_df; of the outer header that an IPIP member writes */
	uint8_t encap_dscp; /* enum ms_encap_dscp */
	bool decap_dscp;    /* inbound: the outer DSCP goes over to the content */
	bool bare; /* IPIP, IPComp: packets may come with nothing around them that protects */

	/* workers */
	unsigned to_device; /* head of an inbound group: outif of its members; relaxed */
	uint8_t state; /* enum ms_pfkey_sa_state; relaxed */
	uint8_t told;
	uint32_t inner_mtu; /* head of an outbound group: largest packet that fits; relaxed */
	uint64_t seq;	    /* last number used; atomic */
	uint64_t sent;	    /* last number that went out, about; atomic */
	uint64_t octets, packets;   /* relaxed atomics */
	uint64_t iv[2];		    /* of the last packet, for listings; relaxed */
	uint64_t first_used_s, used_s;
	uint64_t replay_errors, auth_errors, pad_errors, size_errors;
	pthread_spinlock_t lock;
	struct replay *replay;

	/* control thread */
	uint64_t added_s; /* seconds since the epoch */
	uint64_t due_s;	  /* next time limit, 0: none */
	struct cds_list_head wheel;
	struct cds_list_head all; /* for walks */
	struct cds_list_head eroutes; /* whose cached pointer is this */
	struct cds_list_head by_path; /* outermost ones whose path MTU was learned, pmtu.h */
	uint32_t path_mtu;	      /* learned, 0: not */
	uint32_t allocations; /* flows that were led to it */
	uint32_t pid;	      /* who made it */
	bool managed;	      /* by a registered key daemon */
	uint64_t abandoned_s; /* since when nobody will delete it, 0: not so; see orphan.h */
};

struct sadb;

/* most: SAs at most; 0: as many as there can be references (saref.h). */
struct sadb *sadb_new(uint32_t most);
void sadb_free(struct sadb **db); /* no worker may be reading */

/* Worker or control, online. */
struct klips_sa *sadb_find(struct sadb *db, const struct ms_said *said);
static inline struct klips_sa *sa_head(struct klips_sa *sa)
{
	struct klips_sa *in;

	while ((in = rcu_get(sa->inner)) != NULL)
		sa = in;
	return sa;
}

/* Headers without an SPI: the bare inbound SA of IPIP (protocol 4 or 41) or IPComp between these ends.
 * What IPComp did not make shorter comes as IPIP and belongs to the SA inside of it. */
struct klips_sa *sadb_find_bare(struct sadb *db, uint8_t protocol, const struct ms_addr *src,
	const struct ms_addr *dst, uint16_t cpi);
/* Any thread: how many bare inbound SAs there are. */
unsigned sadb_count_bare(const struct sadb *db);

/* --- control thread only -------------------------------------------------------------------- */

/* Not yet in the table; owner is the caller until sadb_put(). */
struct klips_sa *sa_new(const struct ms_said *said);
void sa_free(struct klips_sa **sa);
/* Algorithms and keys for n_ctx workers; AH: encr NULL.  MS_ERR_BAD_KEY: wrong length. */
ms_err sa_set_crypto(struct klips_sa *sa, const struct ms_encr_alg *encr,
	const struct ms_integ_alg *integ, struct ms_bytes encr_key, struct ms_bytes integ_key,
	unsigned n_ctx, struct ms_why *why) MS_MUST_CHECK;
ms_err sa_set_window(struct klips_sa *sa, uint32_t window) MS_MUST_CHECK;

/* Also of one in the table. */
ms_err sa_set_content(struct klips_sa *sa, const struct ms_selector *src,
	const struct ms_selector *dst) MS_MUST_CHECK;
/* The same from an X_MS_SELECTORS list; MS_ERR_SYNTAX: it is none, or lacks a side. */
ms_err sa_set_selectors(struct klips_sa *sa, struct ms_bytes list) MS_MUST_CHECK;

/* The reference wished for becomes the SA's before it is in the table, so that no other one of its group
 * gets it; errors as those of sadb_put().  The second gives it back, if it never came into the table. */
ms_err sadb_reserve_ref(struct sadb *db, struct klips_sa *sa) MS_MUST_CHECK;
void sadb_release_ref(struct sadb *db, struct klips_sa *sa);
/* MS_ERR_DUPLICATE: there already, unless the one there is larval and `update`; MS_ERR_LIMIT: too many
 * SAs, or bare ones; MS_ERR_BUSY: another SA has the reference wished for.  Gives the SA its reference. */
enum { SADB_MAX_BARE = 64 };
ms_err sadb_put(struct sadb *db, struct klips_sa *sa, bool update) MS_MUST_CHECK;
/* The whole group goes; eroutes forget their pointers; memory after a grace period. */
void sadb_remove_group(struct sadb *db, struct klips_sa *sa);
/* Out of the table, still alive, so that it can be changed after a grace period; and back. */
void sadb_take(struct sadb *db, struct klips_sa *sa);
void sadb_put_back(struct sadb *db, struct klips_sa *sa);
/* inner becomes the member before outer.  MS_ERR_DUPLICATE: one of them is linked there;
 * MS_ERR_CONFIG: this order of transforms is not legal (xform.h). */
ms_err sadb_link(struct klips_sa *inner, struct klips_sa *outer) MS_MUST_CHECK;
/* Takes the group apart; members stay. */
void sadb_unlink_group(struct klips_sa *sa);
uint32_t sadb_count(const struct sadb *db);
/* By reference; the second one as saref_next(). */
struct klips_sa *sadb_find_ref(const struct sadb *db, uint32_t ref);
struct klips_sa *sadb_next_ref(const struct sadb *db, uint32_t *ref);
/* Grows with each SA and group that comes or goes. */
uint64_t sadb_changes(const struct sadb *db);
void sadb_each(struct sadb *db, bool (*fn)(void *arg, struct klips_sa *sa), void *arg);
/* The same piece by piece, in order of making: NULL at the end.  Always ended. */
void sadb_walk_start(struct sadb *db, struct walk *w);
struct klips_sa *sadb_walk_next(struct sadb *db, struct walk *w);

/* Time limits: sorts the SA into the wheel by its next limit after now. */
void sadb_schedule(struct sadb *db, struct klips_sa *sa, uint64_t now_s);
/* Calls fn for each SA whose time has come, for every second since the last call. */
void sadb_tick(struct sadb *db, uint64_t now_s, void (*fn)(void *arg, struct klips_sa *sa),
	void *arg);

#endif

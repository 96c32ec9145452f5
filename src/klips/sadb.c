/* SPDX-License-Identifier: Apache-2.0 */
/* The SA table, groups, and the wheel of time limits. */
#include "klips/sadb.h"

#include "klips/eroute.h"
#include "klips/saref.h"
#include "klips/xform.h"

#include <stdlib.h>

enum { WHEEL_SLOTS = 4096, LARVAL_LIFE_S = 300 };

struct sadb {
	struct cds_lfht *table;
	uint32_t n;
	uint64_t ticked_s;
	struct walk_list walks;
	struct saref_table *refs;
	uint64_t changes;
	struct cds_list_head wheel[WHEEL_SLOTS]; /* slot: second modulo WHEEL_SLOTS */
	unsigned n_bare;			 /* relaxed */
	struct klips_sa *bare[SADB_MAX_BARE];	 /* RCU, NULL: free */
};

/* Groups know no table: of all in this process. */
static uint64_t group_changes;

static uint64_t said_hash(const struct ms_said *said)
{
	uint64_t w[2], h = flow_hash_key[0];

	memcpy(w, said->dst.b, 16);
	h = flow_mix(h, w[0]);
	h = flow_mix(h, w[1]);
	h = flow_mix(h, (uint64_t)said->spi << 16 | (uint64_t)said->dst.family << 8 | said->protocol);
	return flow_mix(h, flow_hash_key[1]);
}

static int match(struct cds_lfht_node *node, const void *key)
{
	order_after(node);
	return ms_said_eq(&rcu_container(node, struct klips_sa, node)->said, key);
}

/* liburcu's thread makes the table larger by how long the chains are that it is told of.  When many SAs
 * come at once it is told too late, and again, and without a bound it ends with many times what is
 * needed.  With this one a million SAs have chains of four. */
enum { LEAST_BUCKETS = 256, MOST_BUCKETS = 1 << 18 };

struct sadb *sadb_new(uint32_t most)
{
	struct sadb *db = calloc(1, sizeof *db);
	unsigned i;

	if (db == NULL)
		return NULL;
	db->table = cds_lfht_new(LEAST_BUCKETS, LEAST_BUCKETS, MOST_BUCKETS, CDS_LFHT_AUTO_RESIZE,
		NULL);
	db->refs = saref_table_new(most);
	if (db->table == NULL || db->refs == NULL) {
		if (db->table != NULL)
			cds_lfht_destroy(db->table, NULL);
		saref_table_free(&db->refs);
		free(db);
		return NULL;
	}
	walk_list_init(&db->walks);
	for (i = 0; i < WHEEL_SLOTS; i++)
		CDS_INIT_LIST_HEAD(&db->wheel[i]);
	return db;
}

static bool remove_any(void *arg, struct klips_sa *sa)
{
	sadb_remove_group(arg, sa);
	return true;
}

void sadb_free(struct sadb **dbp)
{
	struct sadb *db = *dbp;

	if (db == NULL)
		return;
	sadb_each(db, remove_any, db);
	rcu_barrier();
	cds_lfht_destroy(db->table, NULL);
	saref_table_free(&db->refs);
	free(db);
	*dbp = NULL;
}

struct klips_sa *sadb_find(struct sadb *db, const struct ms_said *said)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_lookup(db->table, said_hash(said), match, said, &iter);
	node = cds_lfht_iter_get_node(&iter);
	if (node == NULL)
		return NULL;
	order_after(node);
	return rcu_container(node, struct klips_sa, node);
}

/* --- bare ones -------------------------------------------------------------------------------- */

static bool is_bare(const struct klips_sa *sa)
{
	return sa->bare && sa->inbound;
}

/* Puts `new` where `old` stands; NULL: a free place. */
static bool bare_change(struct sadb *db, const struct klips_sa *old, struct klips_sa *new)
{
	unsigned i = 0;

	while (i < SADB_MAX_BARE && db->bare[i] != old)
		i++;
	if (i == SADB_MAX_BARE)
		return false;
	shared_set(db->n_bare, db->n_bare + (new != NULL) - (old != NULL));
	rcu_put(db->bare[i], new);
	return true;
}

static bool is_ipip(uint8_t protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6;
}

/* The part of the group that this header begins. */
static struct klips_sa *begins(struct klips_sa *sa, uint8_t protocol, uint16_t cpi)
{
	struct klips_sa *in = rcu_get(sa->inner);

	if (sa->said.protocol == MS_PROTO_TUN)
		return is_ipip(protocol) ? sa : NULL;
	if (protocol == IPPROTO_COMP)
		return (uint16_t)sa->said.spi == cpi ? sa : NULL;
	/* RFC 3173 s2.2 */
	return is_ipip(protocol) && in != NULL && in->said.protocol == MS_PROTO_TUN
			&& ms_addr_eq(&in->said.dst, &sa->said.dst) ? in : NULL;
}

struct klips_sa *sadb_find_bare(struct sadb *db, uint8_t protocol, const struct ms_addr *src,
	const struct ms_addr *dst, uint16_t cpi)
{
	unsigned i;

	if (shared_get(db->n_bare) == 0)
		return NULL;
	for (i = 0; i < SADB_MAX_BARE; i++) {
		struct klips_sa *sa = rcu_get(db->bare[i]), *found;

		/* nothing else tells who sent it */
		if (sa == NULL || rcu_get(sa->outer) != NULL || !ms_addr_eq(&sa->src, src)
			|| !ms_addr_eq(&sa->said.dst, dst))
			continue;
		found = begins(sa, protocol, cpi);
		if (found != NULL)
			return found;
	}
	return NULL;
}

unsigned sadb_count_bare(const struct sadb *db)
{
	return shared_get(db->n_bare);
}

/* --- changes ---------------------------------------------------------------------------------- */

static void reclaim(struct rcu_head *head)
{
	struct klips_sa *sa = rcu_reclaim(head, struct klips_sa, rcu);

	sa_free(&sa);
}

/* Out of everything but the hash table. */
static void retire(struct klips_sa *sa)
{
	struct cds_list_head *at, *next;

	shared_set(sa->state, MS_PFKEY_DEAD);
	cds_list_for_each_safe(at, next, &sa->eroutes) {
		rcu_put(rcu_container(at, struct eroute, by_sa)->sa, NULL);
		cds_list_del_init(at);
	}
	cds_list_del_init(&sa->wheel);
	cds_list_del_init(&sa->by_path);
	rcu_later(&sa->rcu, reclaim);
}

/* Of one that updates a larval one: that one's reference, unless another one is wished for. */
static ms_err take_ref(struct sadb *db, struct klips_sa *old, struct klips_sa *sa)
{
	ms_err err;

	if (old != NULL && (sa->ref == 0 || sa->ref == old->ref)) {
		sa->ref = old->ref;
		saref_pass(db->refs, sa->ref, sa);
		return MS_OK;
	}
	err = sa->ref != 0 && saref_find(db->refs, sa->ref) == sa ? MS_OK : saref_take(db->refs, &sa->ref, sa);
	if (err == MS_OK && old != NULL)
		saref_give_back(db->refs, old->ref);
	return err;
}

ms_err sadb_reserve_ref(struct sadb *db, struct klips_sa *sa)
{
	struct klips_sa *holder = saref_find(db->refs, sa->ref);

	if (holder != NULL) /* the larval one of the same name gives it up */
		return ms_said_eq(&holder->said, &sa->said) ? MS_OK : MS_ERR_BUSY;
	return sa->ref == 0 ? MS_OK : saref_take(db->refs, &sa->ref, sa);
}

void sadb_release_ref(struct sadb *db, struct klips_sa *sa)
{
	if (saref_find(db->refs, sa->ref) == sa)
		saref_give_back(db->refs, sa->ref);
}

ms_err sadb_put(struct sadb *db, struct klips_sa *sa, bool update)
{
	struct klips_sa *old = sadb_find(db, &sa->said);
	ms_err err;

	if (old != NULL && (!update || old->state != MS_PFKEY_LARVAL))
		return MS_ERR_DUPLICATE;
	order_before(&sa->node);
	if (is_bare(sa) && !bare_change(db, NULL, sa))
		return MS_ERR_LIMIT;
	err = take_ref(db, old, sa);
	if (err != MS_OK) {
		if (is_bare(sa))
			bare_change(db, sa, NULL);
		return err;
	}
	if (old == NULL) {
		cds_lfht_add(db->table, said_hash(&sa->said), &sa->node);
		walk_list_add(&db->walks, &sa->all);
		db->changes++;
		db->n++;
		return MS_OK;
	}
	cds_lfht_add_replace(db->table, said_hash(&sa->said), match, &sa->said, &sa->node);
	walk_list_replace(&db->walks, &old->all, &sa->all);
	db->changes++;
	retire(old);
	return MS_OK;
}

void sadb_take(struct sadb *db, struct klips_sa *sa)
{
	struct cds_list_head *at;

	if (cds_lfht_del(db->table, &sa->node) == 0) {
		walk_list_remove(&db->walks, &sa->all);
		db->changes++;
		db->n--;
		if (is_bare(sa))
			bare_change(db, sa, NULL);
	}
	cds_list_for_each(at, &sa->eroutes)
		rcu_put(rcu_container(at, struct eroute, by_sa)->sa, NULL);
}

void sadb_put_back(struct sadb *db, struct klips_sa *sa)
{
	order_before(&sa->node);
	cds_lfht_add(db->table, said_hash(&sa->said), &sa->node);
	walk_list_add(&db->walks, &sa->all);
	db->changes++;
	db->n++;
	if (is_bare(sa) && !bare_change(db, NULL, sa))
		return; /* cannot be: it just left */
}

static void remove_one(struct sadb *db, struct klips_sa *sa)
{
	if (cds_lfht_del(db->table, &sa->node) != 0)
		return;
	walk_list_remove(&db->walks, &sa->all);
	db->changes++;
	db->n--;
	saref_give_back(db->refs, sa->ref);
	if (is_bare(sa))
		bare_change(db, sa, NULL);
	retire(sa);
}

/* Links of removed members stay as they are: a worker may be walking them until the grace period
 * is over, and all of the group goes together. */
void sadb_remove_group(struct sadb *db, struct klips_sa *sa)
{
	struct klips_sa *next;

	for (sa = sa_head(sa); sa != NULL; sa = next) {
		next = sa->outer;
		remove_one(db, sa);
	}
}

ms_err sadb_link(struct klips_sa *inner, struct klips_sa *outer)
{
	struct klips_sa *i;

	if (inner->outer != NULL || outer->inner != NULL)
		return MS_ERR_DUPLICATE;
	for (i = outer; i != NULL; i = i->outer)
		if (i == inner)
			return MS_ERR_DUPLICATE;
	if (!klips_xform_follows(inner, outer))
		return MS_ERR_CONFIG;
	group_changes++;
	rcu_put(outer->inner, inner);
	rcu_put(inner->outer, outer);
	return MS_OK;
}

void sadb_unlink_group(struct klips_sa *sa)
{
	struct klips_sa *next;

	group_changes++;
	for (sa = sa_head(sa); sa != NULL; sa = next) {
		next = sa->outer;
		rcu_put(sa->outer, NULL);
		if (next != NULL)
			rcu_put(next->inner, NULL);
	}
}

struct klips_sa *sadb_find_ref(const struct sadb *db, uint32_t ref)
{
	return saref_find(db->refs, ref);
}

struct klips_sa *sadb_next_ref(const struct sadb *db, uint32_t *ref)
{
	return saref_next(db->refs, ref);
}

uint32_t sadb_count(const struct sadb *db)
{
	return db->n;
}

uint64_t sadb_changes(const struct sadb *db)
{
	return db->changes + group_changes;
}

void sadb_walk_start(struct sadb *db, struct walk *w)
{
	walk_start(w, &db->walks);
}

struct klips_sa *sadb_walk_next(struct sadb *db, struct walk *w)
{
	struct cds_list_head *item = walk_next(w, &db->walks);

	return item == NULL ? NULL : rcu_container(item, struct klips_sa, all);
}

void sadb_each(struct sadb *db, bool (*fn)(void *arg, struct klips_sa *sa), void *arg)
{
	struct klips_sa *sa;
	struct walk w;

	sadb_walk_start(db, &w);
	while ((sa = sadb_walk_next(db, &w)) != NULL && fn(arg, sa))
		continue;
	walk_end(&w);
}

/* --- time ----------------------------------------------------------------------------------- */

static void earliest(uint64_t *due, uint64_t base, uint64_t limit)
{
	/* a limit is passed when the count is greater than it */
	if (base != 0 && limit != 0 && (*due == 0 || base + limit + 1 < *due))
		*due = base + limit + 1;
}

void sadb_schedule(struct sadb *db, struct klips_sa *sa, uint64_t now_s)
{
	uint64_t used = shared_get(sa->first_used_s), due = 0;

	cds_list_del_init(&sa->wheel);
	if (sa->state == MS_PFKEY_LARVAL) {
		earliest(&due, sa->added_s, LARVAL_LIFE_S);
	} else {
		if ((shared_get(sa->told) & SA_TOLD_SOFT) == 0) {
			earliest(&due, sa->added_s, sa->soft.add_s);
			earliest(&due, used, sa->soft.use_s);
		}
		earliest(&due, sa->added_s, sa->hard.add_s);
		earliest(&due, sa->abandoned_s, SA_LAST_MINUTE_S);
		earliest(&due, used, sa->hard.use_s);
		/* first use is seen by the workers: look again soon */
		if (used == 0 && (sa->soft.use_s | sa->hard.use_s) != 0
			&& (due == 0 || due > now_s + 1))
			due = now_s + 1;
	}
	if (due == 0)
		return;
	sa->due_s = due <= db->ticked_s ? db->ticked_s + 1 : due;
	cds_list_add_tail(&sa->wheel, &db->wheel[sa->due_s % WHEEL_SLOTS]);
}

static void tick_slot(struct cds_list_head *slot, uint64_t now_s,
	void (*fn)(void *arg, struct klips_sa *sa), void *arg)
{
	struct cds_list_head due, *at, *next;
	struct klips_sa *sa;

	/* fn may remove any SA: take one at a time from a list of our own */
	CDS_INIT_LIST_HEAD(&due);
	cds_list_for_each_safe(at, next, slot)
		if (rcu_container(at, struct klips_sa, wheel)->due_s <= now_s)
			cds_list_move(at, &due);
	while (!cds_list_empty(&due)) {
		sa = cds_list_first_entry(&due, struct klips_sa, wheel);
		cds_list_del_init(&sa->wheel);
		fn(arg, sa);
	}
}

void sadb_tick(struct sadb *db, uint64_t now_s, void (*fn)(void *arg, struct klips_sa *sa),
	void *arg)
{
	uint64_t s = db->ticked_s + 1;

	if (now_s <= db->ticked_s)
		return;
	if (db->ticked_s == 0 || now_s - db->ticked_s > WHEEL_SLOTS)
		s = now_s - WHEEL_SLOTS + 1;
	db->ticked_s = now_s;
	for (; s <= now_s; s++)
		tick_slot(&db->wheel[s % WHEEL_SLOTS], now_s, fn, arg);
}

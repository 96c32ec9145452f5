/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/hold.h"

#include "klips/instance.h"
#include "klips/pfkey_server.h"
#include "klips/talk.h"
#include "klips/worker.h"

#include <stdlib.h>

/* The first packet of a flow, which often is the one that matters (SYN, the request), and the newest
 * few; all together never more than MAX_OCTETS. */
enum { MAX_HOLDS = 8192, BUCKETS = 8192, MAX_PACKETS = 4, MAX_OCTETS = 8 << 20 };
/* A hold that nobody answers is asked for again after 5, 10, 20 seconds, and goes after 60. */
enum { FIRST_ASK_S = 5, HOLD_LIFE_S = 60, ASKS_PER_TICK = 256 };
enum { SHAPES = 16 };

/* One waiting flow, oldest first in the list. */
struct hold {
	struct cds_list_head node;
	struct hold *same_bucket;
	union flow_words key;
	struct flow_mask mask;
	struct held *packets; /* oldest first */
	unsigned n_packets;
	bool automatic;	     /* made by a trap: has an eroute of its own and a life */
	bool was_trap;	     /* stands where the trap stood */
	struct ms_said trap_said;
	union flow_words flow; /* of the packet that made it: what is asked for */
	uint32_t seq;	       /* of the last ACQUIRE for it; 0: nobody was there to be asked */
	uint64_t born_s, ask_s; /* ask_s: when to ask again */
	unsigned patience_s;
};

struct hold_table {
	struct klips *k;
	struct cds_list_head list;
	struct hold *buckets[BUCKETS];
	unsigned n, n_shape[SHAPES];
	size_t octets; /* of all packets */
};

struct hold_table *hold_table_new(struct klips *k)
{
	struct hold_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->k = k;
	CDS_INIT_LIST_HEAD(&t->list);
	return t;
}

/* --- the table --------------------------------------------------------------------------------- */

static struct hold **bucket(struct hold_table *t, const union flow_words *key)
{
	return &t->buckets[flow_hash(key) % BUCKETS];
}

/* Which parts of a host-to-host flow count. */
static unsigned shape(const struct flow_mask *m)
{
	return (m->family == AF_INET6 ? 8u : 0) + (m->proto != 0 ? 4u : 0) + (m->sport != 0 ? 2u : 0)
		+ (m->dport != 0 ? 1u : 0);
}

static bool host_to_host(const struct flow_mask *m)
{
	unsigned whole = m->family == AF_INET6 ? 128 : 32;

	return m->src == whole && m->dst == whole;
}

/* Takes the packet that *at points to out of the hold. */
static struct held *unlink_packet(struct hold_table *t, struct hold *h, struct held **at)
{
	struct held *p = *at;

	*at = p->next;
	p->next = NULL;
	h->n_packets--;
	t->octets -= p->len;
	return p;
}

static void hold_free(struct hold_table *t, struct hold *h)
{
	struct hold **at;

	while (h->packets != NULL)
		free(unlink_packet(t, h, &h->packets));
	for (at = bucket(t, &h->key); *at != h; at = &(*at)->same_bucket)
		continue;
	*at = h->same_bucket;
	cds_list_del(&h->node);
	if (host_to_host(&h->mask))
		t->n_shape[shape(&h->mask)]--;
	t->n--;
	free(h);
}

/* The newest wins: over all but the first, and where there is no room for that, too. */
static void keep(struct hold_table *t, struct hold *h, struct note *n)
{
	struct held **end;

	if (h->n_packets == MAX_PACKETS)
		free(unlink_packet(t, h, &h->packets->next));
	while (t->octets + n->held->len > MAX_OCTETS && h->packets != NULL)
		free(unlink_packet(t, h, h->packets->next != NULL ? &h->packets->next : &h->packets));
	if (t->octets + n->held->len > MAX_OCTETS)
		return;
	for (end = &h->packets; *end != NULL; end = &(*end)->next)
		continue;
	*end = n->held;
	h->n_packets++;
	t->octets += n->held->len;
	n->held = NULL;
}

void hold_clear(struct hold_table *t)
{
	struct hold *h, *next;

	cds_list_for_each_entry_safe(h, next, &t->list, node)
		hold_free(t, h);
}

void hold_table_free(struct hold_table **t)
{
	if (*t == NULL)
		return;
	hold_clear(*t);
	free(*t);
	*t = NULL;
}

static struct hold *hold_find(struct hold_table *t, const union flow_words *key,
	const struct flow_mask *mask)
{
	struct hold *h;

	for (h = *bucket(t, key); h != NULL; h = h->same_bucket)
		if (flow_eq(&h->key, key) && flow_mask_eq(&h->mask, mask))
			return h;
	return NULL;
}

static struct hold *hold_new(struct hold_table *t, const union flow_words *key,
	const struct flow_mask *mask)
{
	struct hold *h = t->n >= MAX_HOLDS ? NULL : calloc(1, sizeof *h), **at = bucket(t, key);

	if (h == NULL) {
		shared_set(t->k->holds_refused, t->k->holds_refused + 1);
		return NULL;
	}
	h->key = *key;
	h->mask = *mask;
	h->born_s = klips_now_s(t->k);
	h->same_bucket = *at;
	*at = h;
	cds_list_add_tail(&h->node, &t->list);
	if (host_to_host(mask))
		t->n_shape[shape(mask)]++;
	t->n++;
	return h;
}

static void inject(struct klips *k, struct held *packet)
{
	worker_inject(k->workers[0], packet);
}

/* Makes the eroute that catches the flow's further packets. */
static struct eroute *put_eroute(struct klips *k, const struct flow *key,
	const struct flow_mask *mask, enum ms_shunt shunt, const struct ms_said *said)
{
	struct eroute *er = eroute_new(key, mask);

	if (er == NULL)
		return NULL;
	er->shunt = shunt;
	er->said = *said;
	er->automatic = shunt == MS_SHUNT_HOLD;
	if (eroute_put(k->eroutes, er, true) != MS_OK)
		eroute_free(&er);
	return er;
}

/* The hold's own eroute goes; where it stood in the trap's place, the trap comes back. */
static void remove_eroute(struct klips *k, const struct hold *h, bool restore)
{
	struct eroute *er = eroute_exact(k->eroutes, &h->key.flow, &h->mask);

	if (!h->automatic || er == NULL || er->shunt != MS_SHUNT_HOLD)
		return;
	if (!h->was_trap || !restore)
		eroute_remove(k->eroutes, er);
	else if (put_eroute(k, &h->key.flow, &h->mask, MS_SHUNT_TRAP, &h->trap_said) == NULL)
		eroute_remove(k->eroutes, er);
}

/* Source and destination whole; protocol and ports as far as the trap had them. */
static void hold_mask(const struct flow_mask *trap, struct flow_mask *out)
{
	*out = *trap;
	out->src = out->dst = trap->family == AF_INET6 ? 128 : 32;
	out->sport = trap->sport != 0 ? 16 : 0;
	out->dport = trap->dport != 0 ? 16 : 0;
}

/* Sends an ACQUIRE; who answers has until ask_s. */
static void ask(struct hold_table *t, struct hold *h)
{
	char text[TALK_PACKET];

	h->seq = pfkey_acquire(t->k->pfkey, &h->flow.flow);
	talk(t->k, ROOM_EROUTE, TALK_ANY, "%s waits: %s", talk_flow(text, &h->flow),
		h->seq != 0 ? "a key daemon was asked" : "there is no key daemon to ask");
	if (h->seq != 0)
		shared_set(t->k->traps_sent, t->k->traps_sent + 1);
	h->ask_s = klips_now_s(t->k) + h->patience_s;
	h->patience_s *= 2;
}

static void catch_flow(struct hold_table *t, const struct eroute *trap, struct note *n)
{
	struct ms_said said = { .spi = MS_SPI_HOLD, .protocol = MS_PROTO_INT };
	struct ms_said trap_said = trap->said;
	struct flow_mask mask;
	union flow_words words;
	struct hold *h;
	bool same;
	unsigned w;

	hold_mask(&trap->mask, &mask);
	flow_mask_words(&mask, &words);
	for (w = 0; w < FLOW_WORDS; w++)
		words.w[w] &= n->flow.w[w];
	same = flow_mask_eq(&mask, &trap->mask);
	said.dst = ms_addr_any(trap->mask.family);
	shared_set(t->k->traps, t->k->traps + 1);
	if (hold_find(t, &words, &mask) != NULL)
		return;
	h = hold_new(t, &words, &mask);
	if (h == NULL)
		return;
	h->flow = n->flow;
	h->patience_s = FIRST_ASK_S;
	ask(t, h);
	/* without anybody to ask, the next packet shall ask again */
	h->automatic = h->seq != 0;
	h->was_trap = same;
	h->trap_said = trap_said;
	if (!h->automatic || put_eroute(t->k, &words.flow, &mask, MS_SHUNT_HOLD, &said) == NULL) {
		hold_free(t, h);
		return;
	}
	keep(t, h, n);
}

/* Both kinds: the table may have changed since the worker looked, so look again. */
static void handle(struct hold_table *t, struct note *n)
{
	struct eroute *er = eroute_find(t->k->eroutes, &n->flow);
	struct hold *h;

	if (er != NULL && er->shunt == MS_SHUNT_TRAP) {
		catch_flow(t, er, n);
	} else if (er != NULL && er->shunt == MS_SHUNT_HOLD) {
		h = hold_find(t, &er->key, &er->mask);
		if (h == NULL)
			h = hold_new(t, &er->key, &er->mask);
		if (h != NULL)
			keep(t, h, n);
	} else if (er != NULL) {
		inject(t->k, n->held);
		n->held = NULL;
	}
	free(n->held);
	n->held = NULL;
}

void hold_trap(struct hold_table *t, struct note *n)
{
	handle(t, n);
}

void hold_packet(struct hold_table *t, struct note *n)
{
	handle(t, n);
}

void hold_stray(struct hold_table *t, const struct note *n)
{
	const struct eroute *er = eroute_find(t->k->eroutes, &n->flow);
	char text[TALK_PACKET];

	if (er == NULL || er->shunt != MS_SHUNT_TRAP)
		return; /* by now somebody else has asked */
	talk(t->k, ROOM_RCV, TALK_ANY, "%s: its sender has a tunnel that is no more",
		talk_flow(text, &n->flow));
	(void)pfkey_acquire(t->k->pfkey, &n->flow.flow);
}

/* Calls fn for each hold that the flows of key and mask cover; fn may free it. */
static void each_covered(struct hold_table *t, const union flow_words *key,
	const struct flow_mask *mask,
	void (*fn)(struct hold_table *t, struct hold *h, bool exact))
{
	struct hold *h, *next;

	if (host_to_host(mask) && t->n_shape[shape(mask)] == t->n) {
		h = hold_find(t, key, mask);
		if (h != NULL)
			fn(t, h, true);
		return;
	}
	cds_list_for_each_entry_safe(h, next, &t->list, node)
		if (flow_covers(&key->flow, mask, &h->key.flow, &h->mask))
			fn(t, h, flow_eq(&h->key, key) && flow_mask_eq(&h->mask, mask));
}

static void release(struct hold_table *t, struct hold *h, bool exact)
{
	remove_eroute(t->k, h, !exact);
	while (h->packets != NULL)
		inject(t->k, unlink_packet(t, h, &h->packets));
	hold_free(t, h);
}

static void forget(struct hold_table *t, struct hold *h, bool exact)
{
	remove_eroute(t->k, h, !exact);
	hold_free(t, h);
}

/* A hold in the place of a trap that is closer than the new eroute stays that trap's. */
static void adopt(struct hold_table *t, struct hold *h, bool exact)
{
	if (h->was_trap && !exact)
		return;
	if (!exact)
		remove_eroute(t->k, h, false);
	h->automatic = false;
}

void hold_adopt(struct hold_table *t, const union flow_words *key, const struct flow_mask *mask)
{
	each_covered(t, key, mask, adopt);
}

void hold_release(struct hold_table *t, const union flow_words *key, const struct flow_mask *mask)
{
	each_covered(t, key, mask, release);
}

void hold_forget(struct hold_table *t, const union flow_words *key, const struct flow_mask *mask)
{
	each_covered(t, key, mask, forget);
}

void hold_failed(struct hold_table *t, uint32_t seq)
{
	struct hold *h;

	cds_list_for_each_entry(h, &t->list, node)
		if (h->automatic && h->seq == seq) {
			forget(t, h, false);
			return;
		}
}

void hold_ask_again(struct hold_table *t)
{
	struct hold *h;

	cds_list_for_each_entry(h, &t->list, node) {
		h->ask_s = klips_now_s(t->k);
		h->patience_s = FIRST_ASK_S;
	}
}

void hold_tick(struct hold_table *t, uint64_t now_s)
{
	struct hold *h, *next;
	unsigned asks = 0;

	cds_list_for_each_entry_safe(h, next, &t->list, node) {
		if (!h->automatic)
			continue;
		if (h->born_s + HOLD_LIFE_S <= now_s)
			forget(t, h, false);
		else if (h->ask_s <= now_s && asks++ < ASKS_PER_TICK)
			ask(t, h);
	}
}

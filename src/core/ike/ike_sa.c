/* SPDX-License-Identifier: Apache-2.0 */
/* Birth, indexes and end of an IKE SA. */
#include "core/child/child_priv.h"
#include "core/ike/fragment.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/twin.h"
#include "core/ike/version.h"

#include <stdlib.h>
#include <string.h>

#define EXCHANGE_OCTETS 3072

static uint32_t hash_spi(const struct ike_engine *e, const uint8_t spi[8])
{
	return ike_hash(e->seed, spi, 8);
}

static uint32_t hash_init(
	const struct ike_engine *e, const uint8_t spi_i[8], const struct ms_endpoint *remote)
{
	uint8_t key[8 + 16 + 2];

	memcpy(key, spi_i, 8);
	memcpy(key + 8, remote->addr.b, 16);
	key[24] = (uint8_t)(remote->port >> 8);
	key[25] = (uint8_t)remote->port;
	return ike_hash(e->seed, key, sizeof(key));
}

/* Peers without a name (RFC 7619) are told apart by where they are. */
static uint32_t hash_ids(const struct ike_engine *e, const struct ms_id *me,
	const struct ms_id *peer, const struct ms_addr *at)
{
	uint8_t key[2 * (1 + MS_ID_MAX_OCTETS) + sizeof(at->b)];
	size_t n = 0;
	const struct ms_id *const ids[] = { me, peer };

	for (int i = 0; i < 2; i++) {
		size_t len = ids[i]->len <= MS_ID_MAX_OCTETS ? ids[i]->len : MS_ID_MAX_OCTETS;

		key[n++] = ids[i]->type;
		for (size_t j = 0; j < len; j++) {
			uint8_t c = ids[i]->data[j];

			/* ms_id_eq() takes names without case, so the hash does for all. */
			key[n++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
		}
	}
	if (peer->type == MS_ID_NULL) {
		memcpy(key + n, at->b, sizeof(at->b));
		n += sizeof(at->b);
	}
	return ike_hash(e->seed, key, n);
}

static void link_conn(struct ike_sa *ike)
{
	struct conn *c = ike->conn;

	ike->conn_prev = NULL;
	ike->conn_next = c->ike_sas;
	if (c->ike_sas)
		c->ike_sas->conn_prev = ike;
	c->ike_sas = ike;
}

static void unlink_conn(struct ike_sa *ike)
{
	if (ike->conn_prev)
		ike->conn_prev->conn_next = ike->conn_next;
	else
		ike->conn->ike_sas = ike->conn_next;
	if (ike->conn_next)
		ike->conn_next->conn_prev = ike->conn_prev;
}

void ike_drop_instance(struct ike_engine *e, struct conn *c)
{
	if (c->instance && !c->ike_sas && !c->child_sas && !e->closing)
		conn_delete(e->conns, c);
}

void ike_set_conn(struct ike_sa *ike, struct conn *c)
{
	struct conn *old = ike->conn;

	if (old == c)
		return;
	unlink_conn(ike);
	ike->conn = conn_ref(c);
	link_conn(ike);
	ike_drop_instance(ike->e, old);
	conn_unref(&old);
}

static void choose_spi(struct ike_sa *ike)
{
	uint8_t *spi = ike->initiator ? ike->spi_i : ike->spi_r;
	static const uint8_t zero[8];

	do
		ike_random(ike->e, spi, 8);
	while (memcmp(spi, zero, 8) == 0 || ike_find_spi(ike->e, spi));
	ike_table_add(&ike->e->by_spi, &ike->by_spi, hash_spi(ike->e, spi));
}

static struct ike_exchange *exchange_new(struct ike_sa *ike, size_t octets)
{
	struct ms_arena *arena = ms_arena_new(octets, true);
	struct ike_exchange *x = arena ? ms_arena_alloc(arena, sizeof(*x)) : NULL;

	if (!x) {
		ms_arena_free(&arena);
		return NULL;
	}
	x->arena = arena;
	ike->x = x;
	return x;
}

struct ike_sa *ike_sa_new(struct ike_engine *e, struct conn *c, bool initiator,
	const struct ms_endpoint *local, const struct ms_endpoint *remote, size_t octets)
{
	struct ike_sa *ike = calloc(1, sizeof(*ike));

	if (!ike || !ike_heap_keep(&e->heap)) {
		free(ike);
		return NULL;
	}
	ike->e = e;
	ike->refs = 1;
	ike->born_ms = ike_now(e);
	ike->initiator = initiator;
	ike->began = initiator;
	ike->local = *local;
	ike->remote = *remote;
	ike->timer.kind = IKE_TIMER_SA;
	ike->resend_at = ike->give_up_at = ike->half_open_until = IKE_NEVER;
	ike->replace_at = ike->expire_at = ike->dpd_at = ike->keepalive_at = IKE_NEVER;
	ike->fragments_until = ike->look_at = ike->twin_at = IKE_NEVER;
	if (!exchange_new(ike, octets ? sizeof(*ike->x) + octets : EXCHANGE_OCTETS)) {
		ike_heap_keep_no_more(&e->heap);
		free(ike);
		return NULL;
	}
	ike->conn = conn_ref(c);
	link_conn(ike);
	ike->prev = e->last;
	if (e->last)
		e->last->next = ike;
	else
		e->first = ike;
	e->last = ike;
	e->counts.ike++;
	ike->serial = ike_serial(e);
	ike_table_add(&e->by_serial, &ike->by_serial.node,
		ike_hash(e->seed, &ike->serial, sizeof(ike->serial)));
	choose_spi(ike);
	return ike;
}

struct ike_sa *ike_sa_ref(struct ike_sa *ike)
{
	ike->refs++;
	return ike;
}

void ike_sa_unref(struct ike_sa **p)
{
	struct ike_sa *ike = *p;

	*p = NULL;
	if (!ike || --ike->refs > 0)
		return;
	ms_secret_free(&ike->keys);
	ms_id_free(&ike->peer_id);
	if (ike->peer_key)
		ms_sign()->pubkey_free(&ike->peer_key);
	conn_unref(&ike->conn);
	free(ike->request);
	free(ike->response);
	free(ike->waiting);
	free(ike->mobike);
	ike_fragments_free(ike, IKE_REQUEST);
	ike_fragments_free(ike, IKE_RESPONSE);
	free(ike);
}

static void leave_indexes(struct ike_sa *ike)
{
	struct ike_engine *e = ike->e;

	ike_table_remove(&e->by_spi, &ike->by_spi);
	ike_table_remove(&e->by_init, &ike->by_init);
	ike_table_remove(&e->by_ids, &ike->by_ids);
	ike_table_remove(&e->by_serial, &ike->by_serial.node);
	ike_arm_timer(e, &ike->timer, IKE_NEVER);
	ike_heap_keep_no_more(&e->heap);
	for (struct ike_walk *w = e->walks; w; w = w->next)
		if (w->at == ike)
			w->at = ike->next;
	e->counts.ike--;
	e->counts.open -= ike->established;
	e->counts.nameless -= ike->nameless;
	if (ike->prev)
		ike->prev->next = ike->next;
	else
		e->first = ike->next;
	if (ike->next)
		ike->next->prev = ike->prev;
	else
		e->last = ike->prev;
	if (!ike->apart)
		unlink_conn(ike);
	ike->prev = ike->next = NULL;
	if (ike->half_open)
		e->half_open--;
	ike->half_open = false;
}

/* Its connection comes up again when it should: as wanted_up says, or as dpdaction= does after
 * a peer fell silent. */
static void lose_child(struct child_sa *child, ms_err err, const struct ms_why *why)
{
	struct ike_sa *ike = child->ike;
	struct conn *c = conn_ref(child->conn);
	bool lost = ike->established && !ike->no_revival && child_missed(child);
	bool silent = err == MS_ERR_TIMEOUT;
	struct ike_engine *e = ike->e;

	(void)child_ref(child);
	child_gone(child);
	child_attempt_over(child, err ? err : MS_ERR_CANCELLED, why);
	child_unref(&child);
	if (lost && !(silent && c->desc->dpd_action == MS_DPD_CLEAR))
		ike_revive(e, c, silent && c->desc->dpd_action == MS_DPD_RESTART);
	conn_unref(&c);
}

/* What becomes of the connection whose IKE SA is no more. */
static void left_behind(struct ike_sa *ike, struct conn *c, ms_err err, const struct ms_why *why)
{
	struct ike_engine *e = ike->e;
	bool initiating = ike->initiator && !ike->established && !ike->no_revival;
	bool telling = ike->telling, replaced = initiating && ike_replace_later(ike);

	ike->telling = false;
	if (!ike->established && !ike->apart && err)
		ike_count(e, IKE_C_IKE_FAILED);
	if (!e->closing && initiating && !replaced)
		ike_peer_failed(e, c, telling, err, why);
	else if (!e->closing && telling)
		e->host->ops->attempt_over(e->host->ctx, c, err ? err : MS_ERR_CANCELLED, why);
	/* The old one may have lost the connection meanwhile. */
	if (replaced)
		ike_revive(e, c, false);
	ike_drop_instance(e, c);
}

void ike_apart(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct conn *c = conn_ref(ike->conn);

	ike->state = IKE_DELETING;
	ike->wants = 0;
	free(ike->mobike);
	ike->mobike = NULL;
	ike_table_remove(&ike->e->by_ids, &ike->by_ids);
	unlink_conn(ike);
	ike_exchange_free(&ike->x);
	ike_exchange_free(&ike->x_out);
	while (ike->children)
		lose_child(ike->children, err, why);
	left_behind(ike, c, err, why);
	ike->apart = ike->no_revival = true;
	conn_unref(&c);
}

void ike_gone(struct ike_sa *ike, ms_err err, const struct ms_why *why)
{
	struct conn *c = conn_ref(ike->conn);

	if (ike->gone) {
		conn_unref(&c);
		return;
	}
	ike->gone = true;
	ike->e->params.v2->gone(ike);
	leave_indexes(ike);
	ike->state = IKE_GONE;
	ike_exchange_free(&ike->x);
	ike_exchange_free(&ike->x_out);
	ike_fragments_free(ike, IKE_REQUEST);
	ike_fragments_free(ike, IKE_RESPONSE);
	while (ike->children)
		lose_child(ike->children, err, why);
	if (c->newest_ike == ike->serial)
		c->newest_ike = c->ike_sas && c->ike_sas->established ? c->ike_sas->serial : 0;
	left_behind(ike, c, err, why);
	conn_unref(&c);
	ike_sa_unref(&ike);
}

struct ike_sa *ike_find_spi(struct ike_engine *e, const uint8_t spi[8])
{
	struct ike_node *n = ike_table_first(&e->by_spi, hash_spi(e, spi));

	for (; n; n = ike_table_next(n)) {
		struct ike_sa *ike = container_of(n, struct ike_sa, by_spi);

		if (memcmp(ike_my_spi(ike), spi, 8) == 0)
			return ike;
	}
	return NULL;
}

void ike_index_init(struct ike_sa *ike)
{
	ike_table_add(&ike->e->by_init, &ike->by_init, hash_init(ike->e, ike->spi_i, &ike->remote));
}

struct ike_sa *ike_find_init(
	struct ike_engine *e, const uint8_t spi_i[8], const struct ms_endpoint *remote)
{
	struct ike_node *n = ike_table_first(&e->by_init, hash_init(e, spi_i, remote));

	for (; n; n = ike_table_next(n)) {
		struct ike_sa *ike = container_of(n, struct ike_sa, by_init);

		/* The index keeps the address of the first message: the hash of it must do,
		 * since the SA may have moved on to another port. */
		if (memcmp(ike->spi_i, spi_i, 8) == 0)
			return ike;
	}
	return NULL;
}

/* The peer, or before it has proved who it is, whom we want. */
static const struct ms_id *peer_of(const struct ike_sa *ike)
{
	return ike->established ? &ike->peer_id : &ike->conn->remote.id;
}

void ike_index_ids(struct ike_sa *ike)
{
	ike_table_remove(&ike->e->by_ids, &ike->by_ids);
	if (peer_of(ike)->type != MS_ID_ANY)
		ike_table_add(&ike->e->by_ids, &ike->by_ids,
			hash_ids(ike->e, &ike->conn->local.id, peer_of(ike), &ike->remote.addr));
}

/* Peers without a name are no one's equals. */
static struct ike_sa *with_ids(struct ike_engine *e, const struct ms_id *me,
	const struct ms_id *peer, const struct conn *template, const struct ike_sa *but)
{
	struct ike_node *n = peer->type == MS_ID_NULL
				     ? NULL
				     : ike_table_first(&e->by_ids, hash_ids(e, me, peer, NULL));

	for (; n; n = ike_table_next(n)) {
		struct ike_sa *ike = container_of(n, struct ike_sa, by_ids);

		if (ike != but && ike->established && ms_id_eq(&ike->peer_id, peer) &&
			ms_id_eq(&ike->conn->local.id, me) &&
			ike->conn->template == template)
			return ike;
	}
	return NULL;
}

static struct ike_node *first_like(const struct ike_sa *ike)
{
	return ike_table_first(&ike->e->by_ids,
		hash_ids(ike->e, &ike->conn->local.id, &ike->peer_id, &ike->remote.addr));
}

struct ike_sa *ike_twin_of(struct ike_sa *ike)
{
	struct ike_node *n = first_like(ike);

	for (; n; n = ike_table_next(n)) {
		struct ike_sa *o = container_of(n, struct ike_sa, by_ids);

		if (ike_is_twin(ike, o))
			return o;
	}
	return NULL;
}

unsigned ike_nameless_at(const struct ike_sa *ike, uint32_t *serials, unsigned max)
{
	struct ike_node *n = ike->peer_id.type == MS_ID_NULL ? first_like(ike) : NULL;
	unsigned found = 0;

	for (; n && found < max; n = ike_table_next(n)) {
		const struct ike_sa *o = container_of(n, struct ike_sa, by_ids);

		if (o != ike && o->established && o->peer_id.type == MS_ID_NULL &&
			ms_addr_eq(&o->remote.addr, &ike->remote.addr))
			serials[found++] = o->serial;
	}
	return found;
}

struct ike_sa *ike_same_ids(struct ike_sa *ike,
	bool (*take)(const struct ike_sa *old, const struct ike_sa *ike, bool how), bool how)
{
	const struct ms_id *me = &ike->conn->local.id;
	struct ike_node *n = ike->peer_id.type == MS_ID_NULL ? NULL : first_like(ike);

	for (; n; n = ike_table_next(n)) {
		struct ike_sa *old = container_of(n, struct ike_sa, by_ids);

		if (old != ike && old->established && ms_id_eq(&old->peer_id, &ike->peer_id) &&
			ms_id_eq(&old->conn->local.id, me) && take(old, ike, how))
			return old;
	}
	return NULL;
}

struct conn *ike_instance(struct ike_sa *ike, struct conn *template)
{
	struct ike_engine *e = ike->e;
	struct ike_sa *old = e->params.unique_ids
				     ? with_ids(e, &template->local.id, &ike->peer_id, template, ike)
				     : NULL;
	bool by_address = !template->remote.pool && !template->remote.has_client;
	/* share-lease=no: each IKE SA's clients are its own */
	bool by_lease = template->remote.pool && !template->desc->share_lease;

	if (!old || old->conn->deleted || by_lease ||
		(by_address && !ms_addr_eq(&old->conn->remote.host.addr, &ike->remote.addr)))
		return conn_instantiate(e->conns, template, &ike->remote, &ike->peer_id);
	old->conn->remote.host = ike->remote;
	return conn_ref(old->conn);
}

static bool same_way(const struct conn *a, const struct conn *b)
{
	return a->ike == b->ike && a->local.auth == b->local.auth &&
	       a->remote.auth == b->remote.auth &&
	       a->desc->fragmentation == b->desc->fragmentation &&
	       a->desc->encapsulation == b->desc->encapsulation &&
	       (!conn_end_asks(&b->local) || a == b) &&
	       ms_endpoint_eq(&a->local.host, &b->local.host) &&
	       ms_endpoint_eq(&a->remote.host, &b->remote.host);
}

static bool among(const struct ms_pubkey *key, struct ms_pubkey *const *keys)
{
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (keys[i] != NULL && ms_sign()->pubkey_eq(keys[i], key))
			return true;
	return false;
}

static bool has_keys(const struct conn *c)
{
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (c->remote.pubkeys[i] != NULL)
			return true;
	return false;
}

/* Keys that are written, or that a client's records have, are the only ones for it: another
 * connection's peer with the same name may have proved itself by another one. */
static bool same_key(const struct ike_sa *ike, const struct conn *c)
{
	struct ms_pubkey *const *theirs = ike->conn->remote.pubkeys;

	if (!has_keys(c))
		return true;
	if (ike->peer_key != NULL)
		return among(ike->peer_key, c->remote.pubkeys);
	if (ike->established)
		return c->remote.auth & (MS_AUTH_PSK | MS_AUTH_NULL);
	/* Under way: whichever it will be. */
	for (unsigned i = 0; i < CONN_MAX_KEYS; i++)
		if (theirs[i] != NULL && !among(theirs[i], c->remote.pubkeys))
			return false;
	return has_keys(ike->conn);
}

struct ike_sa *ike_find_shared(struct ike_engine *e, const struct conn *c)
{
	struct ike_node *n = ike_table_first(
		&e->by_ids, hash_ids(e, &c->local.id, &c->remote.id, &c->remote.host.addr));

	for (; n; n = ike_table_next(n)) {
		struct ike_sa *ike = container_of(n, struct ike_sa, by_ids);

		/* One under way serves too, but not for the connection that it is made for. */
		if (ike->gone || ike->no_revival || ike->replacing || ike->twin || ike->full ||
			(!ike->established && (!ike->initiator || ike->conn == c)) ||
			ike->state == IKE_DELETING || ike->wants & IKE_WANT_DELETE)
			continue;
		/* s2.19: an address is asked for in IKE_AUTH, or never. */
		if (conn_end_asks(&c->local) && ike->lease[0].family == 0 &&
			ike->lease[1].family == 0)
			continue;
		if (ms_id_eq(peer_of(ike), &c->remote.id) &&
			ms_id_eq(&ike->conn->local.id, &c->local.id) &&
			same_way(ike->conn, c) && same_key(ike, c))
			return ike;
	}
	return NULL;
}

bool ike_has_ids(struct ike_engine *e, const struct ms_id *me, const struct ms_id *peer,
	const struct ike_sa *but)
{
	struct ike_node *n = peer->type == MS_ID_NULL
				     ? NULL
				     : ike_table_first(&e->by_ids, hash_ids(e, me, peer, NULL));

	/* One whose answer is being looked at may be there for the peer already. */
	for (; n; n = ike_table_next(n)) {
		const struct ike_sa *ike = container_of(n, struct ike_sa, by_ids);

		if (ike != but && (ike->established || ike->state == IKE_PARENT_I2) &&
			ms_id_eq(peer_of(ike), peer) && ms_id_eq(&ike->conn->local.id, me))
			return true;
	}
	return false;
}

void ike_arm(struct ike_sa *ike)
{
	const uint64_t due[] = { ike->resend_at, ike->give_up_at, ike->half_open_until,
		ike->replace_at, ike->expire_at, ike->dpd_at, ike->keepalive_at,
		ike->fragments_until, ike->look_at, ike->twin_at };
	uint64_t at = IKE_NEVER;

	if (ike->gone)
		return;
	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++)
		if (due[i] < at)
			at = due[i];
	ike_arm_timer(ike->e, &ike->timer, at);
}

struct ike_exchange *ike_exchange_new(struct ike_sa *ike)
{
	return exchange_new(ike, EXCHANGE_OCTETS);
}

void ike_exchange_free(struct ike_exchange **p)
{
	struct ike_exchange *x = *p;
	struct ms_arena *arena;

	if (!x)
		return;
	*p = NULL;
	if (x->ke && x->ke_priv)
		x->ke->priv_free(&x->ke_priv);
	ms_id_free(&x->asked_id);
	child_unref(&x->child);
	if (x->new_ike && !x->new_ike->established)
		ike_gone(x->new_ike, MS_ERR_CANCELLED, NULL);
	ike_sa_unref(&x->new_ike);
	arena = x->arena;
	ms_arena_free(&arena);
}

struct ms_bytes ike_keep(struct ike_exchange *x, struct ms_bytes b)
{
	void *copy = ms_arena_copy(x->arena, b);

	return ms_bytes(copy, copy ? b.len : 0);
}

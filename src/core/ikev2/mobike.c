/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MOBIKE: SAs stay while addresses change, within and between address families.
 * Standards: RFC 4555; its section numbers stand here.
 *
 * The initiator of the IKE SA decides (s3.5): when addresses or routes change, or a request stays
 * without answer, it looks for a path to one of the peer's addresses, sends from there, and tells
 * UPDATE_SA_ADDRESSES.  The responder answers, checks that the peer is where it says (s3.7,
 * return routability), and then moves its IPsec SAs.  Answers go where their request came from;
 * addresses change by such an update alone (s3.8), not by packets of another source.
 */
#include "core/ike/ike_sa.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ADDRESSES  8
#define COOKIE2_OCTETS 16
#define TRIES_PER_PATH 3 /* of a request, before the next address of the peer is tried */
#define NATD_OCTETS    20
#define SETTLE_MS      300 /* addresses and routes come and go in groups */

enum told { TOLD_NOTHING, TOLD_ADDRESSES, TOLD_COOKIE2 };

struct ike_mobike {
	struct ms_endpoint told_local, told_remote; /* in our last UPDATE_SA_ADDRESSES */
	struct ms_addr peers[MAX_ADDRESSES];	    /* where the peer can be reached besides */
	uint8_t n_peers, at;
	uint8_t told;    /* enum told: the request under way */
	bool looking;    /* a path is being looked for */
	bool look_again; /* and meanwhile things have changed */
	bool natd_known; /* the peer has said where it sees us: */
	bool elsewhere;  /* the request in work came from another address than ike->remote */
	uint8_t natd[NATD_OCTETS];
	uint8_t cookie2[COOKIE2_OCTETS];
	struct ms_endpoint answer_local, answer_remote;
};

bool ike_mobike_wanted(const struct ike_sa *ike)
{
	const struct conn *c = ike->conn;

	return c->desc->mobike && c->desc->type == MS_TYPE_TUNNEL &&
	       ike->e->host->ops->path != NULL;
}

/* --- addresses ------------------------------------------------------------------------------- */

static void put_addresses(struct ike_sa *ike, struct ike_out *out)
{
	const struct host *h = ike->e->host;
	struct ms_addr list[MAX_ADDRESSES];
	unsigned n = h->ops->addresses(h->ctx, list, MAX_ADDRESSES), put = 0;

	for (unsigned i = 0; i < n; i++) {
		if (ms_addr_eq(&list[i], &ike->local.addr) || ms_addr_is_loopback(&list[i]))
			continue;
		ike_put_notify(out,
			list[i].family == AF_INET6 ? IKE_N_ADDITIONAL_IP6_ADDRESS
						   : IKE_N_ADDITIONAL_IP4_ADDRESS,
			ms_bytes(list[i].b, ms_addr_octets(&list[i])));
		put++;
	}
	if (put == 0)
		ike_put_notify(out, IKE_N_NO_ADDITIONAL_ADDRESSES, ms_bytes(NULL, 0));
}

/* The whole list, when the message has one (s3.6). */
static void take_addresses(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_mobike *mob = ike->mobike;
	bool begun = false;

	for (unsigned i = 0; i < m->n; i++) {
		struct ike_notify_payload n;
		struct ms_addr a;

		if (m->p[i].type != IKE_P_NOTIFY || !m->p[i].protected ||
			ike_payload_get(&m->p[i], &n) ||
			n.type < IKE_N_ADDITIONAL_IP4_ADDRESS ||
			n.type > IKE_N_NO_ADDITIONAL_ADDRESSES)
			continue;
		if (!begun)
			mob->n_peers = mob->at = 0;
		begun = true;
		if (n.type == IKE_N_NO_ADDITIONAL_ADDRESSES || mob->n_peers == MAX_ADDRESSES ||
			n.data.len != (n.type == IKE_N_ADDITIONAL_IP6_ADDRESS ? 16 : 4) ||
			ms_addr_from_octets(&a, n.data.ptr, n.data.len) || ms_addr_is_any(&a) ||
			ms_addr_is_loopback(&a))
			continue;
		mob->peers[mob->n_peers++] = a;
	}
}

void ike_mobike_put(struct ike_sa *ike, struct ike_out *out)
{
	if (!ike_mobike_wanted(ike) || (!ike->initiator && !ike->mobike))
		return;
	ike_put_notify(out, IKE_N_MOBIKE_SUPPORTED, ms_bytes(NULL, 0));
	put_addresses(ike, out);
}

void ike_mobike_take(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_notify_payload n;

	if (!ike_mobike_wanted(ike) || !ike_msg_notify(m, IKE_N_MOBIKE_SUPPORTED, true, &n) ||
		ike->mobike)
		return;
	ike->mobike = calloc(1, sizeof(*ike->mobike));
	if (!ike->mobike)
		return; /* goes without */
	ike->mobike->told_local = ike->local;
	ike->mobike->told_remote = ike->remote;
	take_addresses(ike, m);
}

void ike_mobike_inherit(struct ike_sa *heir, struct ike_sa *ike)
{
	bool looking = ike->mobike && ike->mobike->looking;

	heir->mobike = ike->mobike;
	ike->mobike = NULL;
	if (!heir->mobike)
		return;
	heir->mobike->told = TOLD_NOTHING;
	heir->mobike->looking = heir->mobike->elsewhere = false;
	if (looking)
		ike_mobike_look(heir, false);
}

/* --- children --------------------------------------------------------------------------------- */

void ike_move_children(struct ike_sa *ike)
{
	const struct host *h = ike->e->host;
	bool encapsulated = ike->nat_here || ike->nat_there;

	for (struct child_sa *c = ike->children; c; c = c->next) {
		struct ms_endpoint local = c->local, remote = c->remote;

		/* One in the making comes along when it is up. */
		if (c->state != CHILD_ESTABLISHED && c->state != CHILD_REKEYED)
			continue;
		if (!ike->mobike && !c->encapsulated)
			continue;
		if (ms_endpoint_eq(&local, &ike->local) && ms_endpoint_eq(&remote, &ike->remote) &&
			(!ike->mobike || c->encapsulated == encapsulated))
			continue;
		ike_table_remove(&ike->e->by_child_spi, &c->by_in);
		ike_table_remove(&ike->e->by_child_spi, &c->by_out);
		c->local = ike->local;
		c->remote = ike->remote;
		if (ike->mobike)
			c->encapsulated = encapsulated;
		child_index_in(c);
		child_index_out(c);
		child_move(c, &local.addr, &remote.addr);
		if (h->ops->child_moved)
			h->ops->child_moved(h->ctx, c);
	}
}

static void moved(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);
	char local[MS_ENDPOINT_TEXT], remote[MS_ENDPOINT_TEXT];

	ms_endpoint_text(&ike->local, local, sizeof(local));
	ms_endpoint_text(&ike->remote, remote, sizeof(remote));
	ms_notice(&lg, "MOBIKE: SAs go between %s and %s now", local, remote);
	ike_move_children(ike);
}

/* --- requests of ours ------------------------------------------------------------------------- */

void ike_mobike_put_request(struct ike_sa *ike, struct ike_out *out)
{
	struct ike_mobike *mob = ike->mobike;

	if (!mob)
		return;
	mob->told = TOLD_NOTHING;
	if (ike->wants & IKE_WANT_ADDRESSES) {
		ike->wants &= (uint8_t)~IKE_WANT_ADDRESSES;
		mob->told = TOLD_ADDRESSES;
		mob->told_local = ike->local;
		mob->told_remote = ike->remote;
		ike_put_notify(out, IKE_N_UPDATE_SA_ADDRESSES, ms_bytes(NULL, 0));
		ike_natd_put(ike, out, true);
		put_addresses(ike, out);
	} else if (ike->wants & IKE_WANT_COOKIE2) {
		ike->wants &= (uint8_t)~IKE_WANT_COOKIE2;
		mob->told = TOLD_COOKIE2;
		ike_random(ike->e, mob->cookie2, sizeof(mob->cookie2));
		ike_put_notify(out, IKE_N_COOKIE2, ms_bytes(mob->cookie2, sizeof(mob->cookie2)));
	} else if (ike->initiator && ike->nat_here) {
		/* s3.8: a liveness check shows whether the mapping is still the same. */
		ike_natd_put(ike, out, true);
	}
}

/* The peer sees us at another address than the last time. */
static bool mapping_changed(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_mobike *mob = ike->mobike;
	struct ike_notify_payload n;
	bool changed;

	if (!ike_msg_notify(m, IKE_N_NAT_DETECTION_DESTINATION_IP, true, &n) ||
		n.data.len != NATD_OCTETS)
		return false;
	changed = mob->natd_known && memcmp(mob->natd, n.data.ptr, NATD_OCTETS) != 0;
	memcpy(mob->natd, n.data.ptr, NATD_OCTETS);
	mob->natd_known = true;
	return changed;
}

static void addresses_told(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_mobike *mob = ike->mobike;
	struct ms_logger lg = ike_logger(ike);
	struct ike_notify_payload n;

	if (!ms_endpoint_eq(&mob->told_local, &ike->local) ||
		!ms_endpoint_eq(&mob->told_remote, &ike->remote)) {
		ike->wants |= IKE_WANT_ADDRESSES; /* s3.5: they changed once more meanwhile */
		return;
	}
	if (ike_msg_error(m, &n)) {
		ms_notice(&lg, "MOBIKE: the peer refused our new address: %s",
			ike_name(ike_notify_name, n.type));
		return;
	}
	ike_natd_check(ike, m);
	(void)mapping_changed(ike, m);
	take_addresses(ike, m);
	ike_start_keepalive(ike);
	ike_arm(ike);
	moved(ike);
}

static void cookie2_answered(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_notify_payload n;
	struct ms_logger lg = ike_logger(ike);

	if (ike_msg_notify(m, IKE_N_COOKIE2, true, &n) && n.data.len == COOKIE2_OCTETS &&
		ms_ct_equal(n.data.ptr, ike->mobike->cookie2, COOKIE2_OCTETS)) {
		/* It moved once more meanwhile: that is checked next. */
		if (!(ike->wants & IKE_WANT_COOKIE2))
			moved(ike);
		return;
	}
	/* s3.7 */
	ms_notice(&lg, "MOBIKE: the peer did not prove that it is at its new address");
	ike_want_delete(ike);
}

void ike_mobike_answered(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_mobike *mob = ike->mobike;
	unsigned told;

	if (!mob)
		return;
	told = mob->told;
	mob->told = TOLD_NOTHING;
	if (told == TOLD_ADDRESSES)
		addresses_told(ike, m);
	else if (told == TOLD_COOKIE2)
		cookie2_answered(ike, m);
	else if (ike->initiator && (mapping_changed(ike, m) ||
					   !ms_endpoint_eq(&mob->told_local, &ike->local) ||
					   !ms_endpoint_eq(&mob->told_remote, &ike->remote)))
		ike->wants |= IKE_WANT_ADDRESSES;
}

/* --- requests of the peer ------------------------------------------------------------------------
 */

bool ike_mobike_follow(
	struct ike_sa *ike, const struct ms_endpoint *local, const struct ms_endpoint *remote)
{
	struct ike_mobike *mob = ike->mobike;

	if (!mob || !ike->established)
		return false;
	mob->answer_local = *local;
	mob->answer_remote = *remote;
	mob->elsewhere =
		!ms_endpoint_eq(local, &ike->local) || !ms_endpoint_eq(remote, &ike->remote);
	return true;
}

void ike_answer_to(const struct ike_sa *ike, struct ms_endpoint *local, struct ms_endpoint *remote)
{
	bool elsewhere = ike->mobike && ike->mobike->elsewhere;

	*local = elsewhere ? ike->mobike->answer_local : ike->local;
	*remote = elsewhere ? ike->mobike->answer_remote : ike->remote;
}

/* s3.9: addresses and ports of the packet, as its sender knew them. */
static bool nat_between(const struct ike_rx *rx, struct ms_bytes sent)
{
	size_t len = ms_addr_octets(&rx->remote.addr);
	struct wire_reader r = wire_reader(sent);
	struct ms_bytes src = wire_take(&r, len), dst = wire_take(&r, len);
	unsigned src_port = wire_u16(&r), dst_port = wire_u16(&r);

	return !wire_ok(&r) || wire_left(&r) != 0 ||
	       memcmp(src.ptr, rx->remote.addr.b, len) != 0 ||
	       memcmp(dst.ptr, rx->local.addr.b, len) != 0 || src_port != rx->remote.port ||
	       dst_port != rx->local.port;
}

static void update(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;

	if (!ms_endpoint_eq(&ike->local, &rx->local) ||
		!ms_endpoint_eq(&ike->remote, &rx->remote) || ike->wants & IKE_WANT_COOKIE2) {
		ike->local = rx->local;
		ike->remote = rx->remote;
		ike->mobike->elsewhere = false;
		ike->wants |= IKE_WANT_COOKIE2;
	}
	ike_natd_check(ike, &rx->m);
}

void ike_mobike_request(struct ike_rx *rx, struct ike_out *out)
{
	struct ike_sa *ike = rx->ike;
	struct ike_notify_payload n;
	bool natd = ike_msg_notify(&rx->m, IKE_N_NAT_DETECTION_SOURCE_IP, true, &n);

	if (!ike->mobike)
		return;
	if (ike_msg_notify(&rx->m, IKE_N_NO_NATS_ALLOWED, true, &n) && nat_between(rx, n.data)) {
		ike_put_notify(out, IKE_N_UNEXPECTED_NAT_DETECTED, ms_bytes(NULL, 0));
		return;
	}
	take_addresses(ike, &rx->m);
	/* Only the initiator of the IKE SA may (s3.5). */
	if (!ike->initiator && ike_msg_notify(&rx->m, IKE_N_UPDATE_SA_ADDRESSES, true, &n))
		update(rx);
	if (natd)
		ike_natd_put_seen(ike, out, &rx->local, &rx->remote);
	if (ike_msg_notify(&rx->m, IKE_N_COOKIE2, true, &n) && n.data.len >= 8 &&
		n.data.len <= 64)
		ike_put_notify(out, IKE_N_COOKIE2, n.data);
}

/* --- paths ---------------------------------------------------------------------------------------
 */

struct path_wait {
	struct ike_sa *ike;
	struct ms_addr dst;
	unsigned tried;
};

static void look(struct path_wait *w);

static void use_path(struct ike_sa *ike, const struct ms_addr *src, const struct ms_addr *dst)
{
	struct ike_mobike *mob = ike->mobike;
	struct ms_logger lg = ike_logger(ike);
	char from[MS_ADDR_TEXT], to[MS_ADDR_TEXT];

	if (ms_addr_eq(&ike->local.addr, src) && ms_addr_eq(&ike->remote.addr, dst))
		return;
	/* The one that we leave takes the place of the one that we go to. */
	for (unsigned i = 0; i < mob->n_peers; i++)
		if (ms_addr_eq(&mob->peers[i], dst))
			mob->peers[i] = ike->remote.addr;
	ms_addr_text(src, from, sizeof(from));
	ms_addr_text(dst, to, sizeof(to));
	ms_info(&lg, "MOBIKE: path from %s to %s", from, to);
	ike->local.addr = *src;
	ike->remote.addr = *dst;
	ike->wants |= IKE_WANT_ADDRESSES;
	if (ike->request) {
		/* Another path deserves as many tries as the first one. */
		ike->sends = 1;
		ike->resend_at = ike_now(ike->e);
		ike_arm(ike);
	}
	ike_next_request(ike);
}

static void path_known(void *arg, ms_err err, const struct ms_addr *src)
{
	struct path_wait *w = arg;
	struct ike_sa *ike = w->ike;
	struct ike_mobike *mob = ike->mobike;
	bool again;

	if (ike->gone || !mob) {
		free(w);
		ike_sa_unref(&ike);
		return;
	}
	if (err != MS_OK && w->tried < mob->n_peers) {
		w->dst = mob->peers[w->tried++];
		look(w);
		return;
	}
	again = mob->look_again;
	mob->looking = mob->look_again = false;
	if (err == MS_OK)
		use_path(ike, src, &w->dst);
	free(w);
	if (again && !ike->gone)
		ike_mobike_look(ike, false);
	ike_sa_unref(&ike);
}

static void look(struct path_wait *w)
{
	const struct host *h = w->ike->e->host;

	h->ops->path(h->ctx, &w->dst, path_known, w);
}

void ike_mobike_look(struct ike_sa *ike, bool other)
{
	struct ike_mobike *mob = ike->mobike;
	struct path_wait *w;

	if (!mob || !ike->initiator || !ike->established || ike->state == IKE_DELETING)
		return;
	if (mob->looking) {
		mob->look_again = true;
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return;
	w->ike = ike_sa_ref(ike);
	w->dst = ike->remote.addr;
	if (other && mob->n_peers > 0)
		w->dst = mob->peers[mob->at++ % mob->n_peers];
	mob->looking = true;
	look(w);
}

void ike_mobike_unanswered(struct ike_sa *ike)
{
	if (ike->mobike && ike->initiator && ike->mobike->n_peers > 0 &&
		ike->sends % TRIES_PER_PATH == 0)
		ike_mobike_look(ike, true);
}

void ike_network_changed(struct ike_engine *e)
{
	for (struct ike_sa *ike = e->first; ike; ike = ike->next) {
		if (!ike->mobike || !ike->initiator)
			continue;
		ike->look_at = ike_now(e) + SETTLE_MS;
		ike_arm(ike);
	}
}

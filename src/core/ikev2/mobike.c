/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MOBIKE: SAs stay while addresses change, within and between address families.
 * Standards: RFC 4555; its section numbers stand here.
 *
 * The initiator of the first IKE SA decides (s3.5): when addresses or routes change, or a request stays
 * without answer, it looks for a path to one of the peer's addresses, sends from there, and tells
 * UPDATE_SA_ADDRESSES.  The responder answers, checks that the peer is where it says (s3.7,
 * return routability), and then moves its IPsec SAs.  Answers go where their request came from;
 * addresses change by such an update alone (s3.8), not by packets of another source.
 *
 * Either end tells when the list of its addresses changed (s3.6).  A responder that lost the address
 * in use tells so from another one, and the initiator, who finds the old one missing in the list,
 * moves to where the list came from.  Some initiators just follow: the answer is enough for our SAs.
 */
#include "core/child/child_priv.h"
#include "core/ike/lifetime.h"
#include "core/ike/natd.h"
#include "core/ike/notify.h"
#include "core/ikev2/mobike.h"
#include "core/ikev2/mobike_priv.h"

#include <stdlib.h>
#include <string.h>

bool ike_mobike_wanted(const struct ike_sa *ike)
{
	const struct conn *c = ike->conn;

	return c->desc->mobike && c->desc->type == MS_TYPE_TUNNEL &&
	       ike->e->host->ops->path != NULL;
}

/* --- addresses ------------------------------------------------------------------------------- */

struct mobike_list mobike_list(const struct ike_sa *ike)
{
	const struct host *h = ike->e->host;
	struct mobike_list list;
	unsigned n = h->ops->addresses(h->ctx, list.a, MAX_OURS);

	list.n = 0;
	for (unsigned i = 0; i < n; i++)
		if (ike->conn->remote.pool || !mobike_in_list(ike->lease, 2, &list.a[i]))
			list.a[list.n++] = list.a[i];
	return list;
}

uint32_t mobike_list_sum(const struct ike_sa *ike, const struct mobike_list *list)
{
	uint32_t sum = list->n;

	for (unsigned i = 0; i < list->n; i++)
		sum += ike_hash(ike->e->seed, list->a[i].b, sizeof(list->a[i].b));
	return sum;
}

bool mobike_in_list(const struct ms_addr *list, unsigned n, const struct ms_addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (ms_addr_eq(&list[i], a))
			return true;
	return false;
}

/* An address in the networks that the tunnel is for is reached through the tunnel at best. */
static bool behind_tunnel(const struct ike_sa *ike, const struct ms_addr *a)
{
	const struct conn_end *e = &ike->conn->local;

	for (unsigned i = 0; i < e->n_clients; i++)
		if (ms_range_has(&e->clients[i].range, a) &&
			!ms_range_has(&e->clients[i].range, &ike->local.addr))
			return true;
	return false;
}

static void put_addresses(struct ike_sa *ike, struct ike_out *out)
{
	const struct mobike_list list = mobike_list(ike);
	unsigned put = 0;

	if (ike->mobike) {
		ike->mobike->list = mobike_list_sum(ike, &list);
		ike->mobike->tell_list = false;
	}
	for (unsigned i = 0; i < list.n && put < MAX_ADDRESSES; i++) {
		const struct ms_addr *a = &list.a[i];

		if (ms_addr_eq(a, &ike->local.addr) || ms_addr_is_loopback(a) ||
			behind_tunnel(ike, a))
			continue;
		ike_put_notify(out,
			a->family == AF_INET6 ? IKE_N_ADDITIONAL_IP6_ADDRESS
					      : IKE_N_ADDITIONAL_IP4_ADDRESS,
			ms_bytes(a->b, ms_addr_octets(a)));
		put++;
	}
	if (put == 0)
		ike_put_notify(out, IKE_N_NO_ADDITIONAL_ADDRESSES, ms_bytes(NULL, 0));
}

/* The whole list, when the message has one (s3.6); false: it has none. */
static bool take_addresses(struct ike_sa *ike, const struct ike_msg *m)
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
	return begun;
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
	(void)take_addresses(ike, m);
	ike->mobike->initiator = ike->initiator;
	/* The initiator's list went out before there was a place to note it. */
	if (ike->initiator) {
		const struct mobike_list list = mobike_list(ike);

		ike->mobike->list = mobike_list_sum(ike, &list);
	}
}

void ike_mobike_inherit(struct ike_sa *heir, struct ike_sa *ike)
{
	bool looking = ike->mobike && ike->mobike->looking;

	heir->mobike = ike->mobike;
	ike->mobike = NULL;
	if (!heir->mobike)
		return;
	heir->mobike->told = TOLD_NOTHING;
	heir->mobike->looking = heir->mobike->elsewhere = heir->mobike->away = false;
	if (looking)
		ike_mobike_look(heir, false);
}

/* Established CHILD SAs go between other addresses than the IKE SA; remote: the peer's. */
static bool children_elsewhere(const struct ike_sa *ike, bool remote)
{
	for (const struct child_sa *c = ike->children; c; c = c->next)
		if ((c->state == CHILD_ESTABLISHED || c->state == CHILD_REKEYED) &&
			!ms_endpoint_eq(remote ? &c->remote : &c->local,
				remote ? &ike->remote : &ike->local))
			return true;
	return false;
}

static void moved(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);
	char local[MS_ENDPOINT_TEXT], remote[MS_ENDPOINT_TEXT];

	ms_endpoint_text(&ike->local, local, sizeof(local));
	ms_endpoint_text(&ike->remote, remote, sizeof(remote));
	ms_notice(&lg, "MOBIKE: SAs go between %s and %s now", local, remote);
	child_move_all(ike);
	ike_follow_peer(ike->e, ike->conn);
	for (const struct child_sa *c = ike->children; c; c = c->next)
		ike_follow_peer(ike->e, c->conn);
}

/* --- requests of ours ------------------------------------------------------------------------- */

/* s3.9: encapsulation=no will have no translator in between. */
static void put_no_nats(struct ike_sa *ike, struct ike_out *out)
{
	size_t len = ms_addr_octets(&ike->local.addr);
	uint8_t data[2 * 16 + 4];
	struct wire_writer w = wire_writer(data, sizeof(data));

	if (ike->conn->desc->encapsulation != MS_NO)
		return;
	wire_put(&w, ms_bytes(ike->local.addr.b, len));
	wire_put(&w, ms_bytes(ike->remote.addr.b, len));
	wire_put_u16(&w, ike->local.port);
	wire_put_u16(&w, ike->remote.port);
	ike_put_notify(out, IKE_N_NO_NATS_ALLOWED, wire_result(&w));
}

bool ike_mobike_tells(const struct ike_sa *ike)
{
	return ike->mobike && ike->mobike->tell_list;
}

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
		put_no_nats(ike, out);
		ike_natd_put(ike, out, true);
		put_addresses(ike, out);
	} else if (ike->wants & IKE_WANT_COOKIE2) {
		ike->wants &= (uint8_t)~IKE_WANT_COOKIE2;
		mob->told = TOLD_COOKIE2;
		ike_random(ike->e, mob->cookie2, sizeof(mob->cookie2));
		ike_put_notify(out, IKE_N_COOKIE2, ms_bytes(mob->cookie2, sizeof(mob->cookie2)));
	} else if (mob->tell_list) {
		mob->told = TOLD_LIST;
		put_addresses(ike, out);
	} else if (mob->initiator && ike->nat_here) {
		/* s3.8: a liveness check shows whether the mapping is still the same. */
		ike_natd_put(ike, out, true);
	}
}

/* The peer sees us at another address than the last time.  Where it saw us when the SA was made was
 * never told, and may be another one already. */
static bool mapping_changed(struct ike_sa *ike, const struct ike_msg *m)
{
	struct ike_mobike *mob = ike->mobike;
	struct ike_notify_payload n;
	bool changed;

	if (!ike_msg_notify(m, IKE_N_NAT_DETECTION_DESTINATION_IP, true, &n) ||
		n.data.len != NATD_OCTETS)
		return false;
	changed = !mob->natd_known || memcmp(mob->natd, n.data.ptr, NATD_OCTETS) != 0;
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
		/* s3.5: another pair may do. */
		if (mob->refused++ < mob->n_peers)
			ike_mobike_look(ike, true);
		return;
	}
	mob->refused = 0;
	ike_natd_check(ike, m);
	(void)mapping_changed(ike, m);
	(void)take_addresses(ike, m);
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

/* A responder that speaks from another address was answered there.  Its SAs cannot stay where they were,
 * and not every initiator tells it an update (s3.5) before it sends there. */
static void list_answered(struct ike_sa *ike)
{
	ike->mobike->away = false;
	if (!(ike->wants & IKE_WANT_COOKIE2) &&
		(children_elsewhere(ike, false) || children_elsewhere(ike, true)))
		moved(ike);
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
	else if (told == TOLD_LIST && !mob->initiator)
		list_answered(ike);
	else if (mob->initiator && (mapping_changed(ike, m) ||
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

/* An address that is nobody's, everybody's or ours cannot be where the peer is. */
static bool acceptable(const struct ike_rx *rx)
{
	const struct ms_addr *a = &rx->remote.addr;
	const struct mobike_list list = mobike_list(rx->ike);
	bool multicast = a->family == AF_INET ? a->b[0] >= 224 : a->b[0] == 0xff;

	return !ms_addr_is_any(a) && !multicast && !ms_addr_is_loopback(a) &&
	       !mobike_in_list(list.a, list.n, a);
}

static void update(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	bool peer_moves = !ms_endpoint_eq(&ike->remote, &rx->remote);

	ike->local = rx->local;
	ike->remote = rx->remote;
	ike->mobike->elsewhere = ike->mobike->away = false;
	/* s3.7: that it hears us there is to be proved before anything else goes there. */
	if (peer_moves || (children_elsewhere(ike, true) && ike->mobike->told != TOLD_COOKIE2))
		ike->wants |= IKE_WANT_COOKIE2;
	ike_natd_check(ike, &rx->m);
	/* It is we who moved: that needs no proof. */
	if (!(ike->wants & IKE_WANT_COOKIE2) && ike->mobike->told != TOLD_COOKIE2 &&
		children_elsewhere(ike, false))
		ike->mobike->move = true;
}

/* What the move brings about may make messages of its own: the answer has to be out by then. */
void ike_mobike_answer_sent(struct ike_sa *ike)
{
	if (!ike->mobike || !ike->mobike->move)
		return;
	ike->mobike->move = false;
	moved(ike);
}

/* s3.6: the initiator hears of the peer's addresses; where it is not any more we cannot stay. */
static void follow_list(struct ike_rx *rx)
{
	struct ike_sa *ike = rx->ike;
	struct ike_mobike *mob = ike->mobike;
	const struct ms_addr *from = &rx->remote.addr;

	if (ms_addr_eq(from, &ike->remote.addr))
		return;
	if (!mobike_in_list(mob->peers, mob->n_peers, from)) {
		if (mob->n_peers == MAX_ADDRESSES)
			mob->n_peers--;
		memmove(mob->peers + 1, mob->peers, mob->n_peers * sizeof(mob->peers[0]));
		mob->peers[0] = *from;
		mob->n_peers++;
		mob->at = 0;
	}
	if (mobike_in_list(mob->peers, mob->n_peers, &ike->remote.addr))
		return;
	mob->gone = true;
	/* Not before the answer is out. */
	ike->look_at = ike_now(ike->e);
	ike_arm(ike);
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
	if (!ike->mobike->initiator && ike_msg_notify(&rx->m, IKE_N_UPDATE_SA_ADDRESSES, true, &n) &&
		!acceptable(rx)) {
		ike_put_notify(out, IKE_N_UNACCEPTABLE_ADDRESSES, ms_bytes(NULL, 0));
		return;
	}
	if (take_addresses(ike, &rx->m) && ike->mobike->initiator)
		follow_list(rx);
	/* Only the initiator of the IKE SA may (s3.5). */
	if (!ike->mobike->initiator && ike_msg_notify(&rx->m, IKE_N_UPDATE_SA_ADDRESSES, true, &n))
		update(rx);
	if (natd)
		ike_natd_put_seen(ike, out, &rx->local, &rx->remote);
	if (ike_msg_notify(&rx->m, IKE_N_COOKIE2, true, &n) && n.data.len >= 8 &&
		n.data.len <= 64)
		ike_put_notify(out, IKE_N_COOKIE2, n.data);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MOBIKE: ways to the peer (RFC 4555 s3.5, s3.6).  The initiator looks for one and moves there; the
 * responder looks for one only when its own address is no more.
 */
#include "core/ike/window.h"
#include "core/ikev2/mobike.h"
#include "core/ikev2/mobike_priv.h"

#include <stdlib.h>

#define TRIES_PER_PATH 3 /* of a request, before the next address of the peer is tried */
/* Addresses and routes come and go in groups.  Who looks too early finds no way, and looks again with the
 * next change; who looks late has lost all packets until then. */
#define SETTLE_MS 50

struct path_wait {
	struct ike_sa *ike;
	struct ms_addr dst;
	unsigned tried;
};

static void look(struct path_wait *w);

/* When it is another one than the peer knows. */
static void tell_list(struct ike_sa *ike)
{
	const struct mobike_list list = mobike_list(ike);

	if (mobike_list_sum(ike, &list) == ike->mobike->list)
		return;
	ike->mobike->tell_list = true;
	ike->wants |= IKE_WANT_DPD;
}

/* The responder only speaks from there, or to there, as long as its own address is no more. */
static void use_path(struct ike_sa *ike, const struct ms_addr *src, const struct ms_addr *dst)
{
	struct ike_mobike *mob = ike->mobike;
	struct ms_logger lg = ike_logger(ike);
	char from[MS_ADDR_TEXT], to[MS_ADDR_TEXT];

	if (ms_addr_eq(&ike->local.addr, src) && ms_addr_eq(&ike->remote.addr, dst)) {
		tell_list(ike);
		ike_next_request(ike);
		return;
	}
	/* The one that we leave takes the place of the one that we go to, unless it is no more. */
	for (unsigned i = 0; i < mob->n_peers; i++)
		if (ms_addr_eq(&mob->peers[i], dst))
			mob->peers[i] = mob->gone ? mob->peers[--mob->n_peers] : ike->remote.addr;
	mob->gone = false;
	ms_addr_text(src, from, sizeof(from));
	ms_addr_text(dst, to, sizeof(to));
	ms_info(&lg, "MOBIKE: path from %s to %s", from, to);
	ike->local.addr = *src;
	ike->remote.addr = *dst;
	if (mob->initiator) {
		ike->wants |= IKE_WANT_ADDRESSES;
	} else {
		tell_list(ike);
		mob->away = mob->tell_list || mob->told == TOLD_LIST;
	}
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

static bool still_here(const struct ike_sa *ike)
{
	const struct mobike_list list = mobike_list(ike);

	return ms_addr_is_loopback(&ike->local.addr) ||
	       mobike_in_list(list.a, list.n, &ike->local.addr);
}

void ike_mobike_look(struct ike_sa *ike, bool other)
{
	struct ike_mobike *mob = ike->mobike;
	struct path_wait *w;

	if (!mob || !ike->established || ike->state == IKE_DELETING)
		return;
	if (!mob->initiator && !mob->away && still_here(ike)) {
		tell_list(ike);
		ike_next_request(ike);
		return;
	}
	if (mob->looking) {
		mob->look_again = true;
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return;
	w->ike = ike_sa_ref(ike);
	w->dst = ike->remote.addr;
	if ((other || mob->gone) && mob->n_peers > 0)
		w->dst = mob->peers[mob->at++ % mob->n_peers];
	mob->looking = true;
	look(w);
}

void ike_mobike_unanswered(struct ike_sa *ike)
{
	const struct ike_mobike *mob = ike->mobike;

	if (mob && (mob->initiator || mob->away) && mob->n_peers > 0 &&
		ike->sends % TRIES_PER_PATH == 0)
		ike_mobike_look(ike, true);
}

void ike_network_changed(struct ike_engine *e)
{
	for (struct ike_sa *ike = e->first; ike; ike = ike->next) {
		if (!ike->mobike)
			continue;
		ike->look_at = ike_now(e) + SETTLE_MS;
		ike_arm(ike);
	}
}

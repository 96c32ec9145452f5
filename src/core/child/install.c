/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CHILD SA and the kernel: our SPI, both SAs, the way for the packets, and taking it all back.
 *
 * Keys are derived right before they are handed over and wiped when the kernel has answered.
 * Every wait holds references, because SAs may go while the kernel works.
 */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/sk.h"
#include "lib/crypto/prfplus.h"

#include <stdlib.h>
#include <string.h>

struct child_wait {
	struct child_sa *child;
	ike_step_f *next;
	unsigned n;
	struct ms_kernel_op ops[2];
	uint8_t keys[4 * MS_MAX_KEY_OCTETS];
};

static struct child_wait *wait_new(struct child_sa *child, ike_step_f *next)
{
	struct child_wait *w = calloc(1, sizeof(*w));

	if (w) {
		w->child = child_ref(child);
		w->next = next;
	}
	return w;
}

static void wait_end(struct child_wait *w, ms_err err, const struct ms_why *why)
{
	struct child_sa *child = w->child;
	struct ike_sa *ike = ike_sa_ref(child->ike);
	ike_step_f *next = w->next;

	ms_wipe(w->keys, sizeof(w->keys));
	free(w);
	/* A chain of steps always goes on while its IKE SA is there, or it would stay busy. */
	if (next && !ike->gone)
		next(ike, child->state == CHILD_GONE && !err ? MS_ERR_CANCELLED : err, why);
	child_unref(&child);
	ike_sa_unref(&ike);
}

static void submit(struct child_wait *w, ms_kernel_done_f *done)
{
	const struct host *h = w->child->ike->e->host;

	h->ops->kernel(h->ctx, w->ops, w->n, done, w);
}

static struct ms_said said_of(const struct child_sa *child, bool inbound)
{
	struct ms_said s = { inbound ? child->local.addr : child->remote.addr,
		inbound ? child->spi_in : child->spi_out, child_proto(child) };
	return s;
}

static void deleted(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	(void)err;
	(void)failed;
	(void)why;
	wait_end(arg, MS_OK, NULL);
}

static void delete_said(struct child_sa *child, const struct ms_said *said, bool inbound)
{
	struct child_wait *w = wait_new(child, NULL);

	if (!w) {
		child->left[inbound] = *said;
		return;
	}
	w->n = 1;
	w->ops[0].kind = MS_KOP_SA_DELETE;
	w->ops[0].sa.said = *said;
	w->ops[0].sa.src = inbound ? child->remote.addr : child->local.addr;
	w->ops[0].sa.inbound = inbound;
	submit(w, deleted);
}

static void delete_sa(struct child_sa *child, bool inbound)
{
	struct ms_said said = said_of(child, inbound);

	delete_said(child, &said, inbound);
}

bool child_delete_left(struct child_sa *child)
{
	for (int inbound = 0; inbound < 2; inbound++) {
		struct ms_said said = child->left[inbound];

		child->left[inbound].spi = 0;
		if (said.spi != 0)
			delete_said(child, &said, inbound);
	}
	return child->left[0].spi == 0 && child->left[1].spi == 0;
}

/* What is still where it was goes there: half a pair is of no use, and the connection comes again. */
static void was_moved(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct child_wait *w = arg;
	struct child_sa *child = w->child;
	struct ike_engine *e = child->ike->e;
	struct ms_logger lg = child_logger(child);
	struct conn *c = conn_ref(child->conn);
	bool lost = child->state == CHILD_ESTABLISHED;

	for (unsigned i = failed; err && i < w->n; i++) {
		struct ms_said said = w->ops[i].sa.said;

		said.dst = w->ops[i].sa.old_dst;
		delete_said(child, &said, i == 0);
		*(i == 0 ? &child->in_kernel_in : &child->in_kernel_out) = false;
	}
	if (err && child->state != CHILD_GONE && !child->ike->gone) {
		ms_error(&lg, "the kernel did not move it: %s", ms_why_text(why, err));
		child_want_delete(child);
		if (lost)
			ike_revive(e, c, false);
	}
	conn_unref(&c);
	wait_end(w, MS_OK, NULL);
}

/* --- our SPI --------------------------------------------------------------------------------- */

void child_forget_spi(struct child_sa *child)
{
	if (child->in_kernel_in)
		delete_sa(child, true);
	child->in_kernel_in = false;
	ike_table_remove(&child->ike->e->by_child_spi, &child->by_in);
	child->spi_in = 0;
}

static void got_spi(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct child_wait *w = arg;
	struct child_sa *child = w->child;

	(void)failed;
	if (err == MS_OK) {
		child->spi_in = w->ops[0].sa.said.spi;
		if (child->state == CHILD_GONE || child->ike->gone) {
			delete_sa(child, true);
		} else {
			child->in_kernel_in = true;
			child_index_in(child);
		}
	}
	wait_end(w, err, why);
}

static void ask_spi(struct child_wait *w)
{
	struct child_sa *child = w->child;

	w->n = 1;
	w->ops[0].kind = MS_KOP_GET_SPI;
	w->ops[0].sa.said = said_of(child, true);
	w->ops[0].sa.src = child->remote.addr;
	w->ops[0].sa.inbound = true;
	w->ops[0].sa.reqid = child->reqid;
	submit(w, got_spi);
}

static void authorised(void *arg, ms_err err, const struct ms_why *why)
{
	struct child_wait *w = arg;

	if (err == MS_OK && (w->child->state == CHILD_GONE || w->child->ike->gone))
		err = MS_ERR_CANCELLED;
	if (err)
		wait_end(w, err, why);
	else
		ask_spi(w);
}

void child_get_spi(struct child_sa *child, ike_step_f *next)
{
	const struct host *h = child->ike->e->host;
	struct child_wait *w = wait_new(child, next);

	if (!w)
		next(child->ike, MS_ERR_NOMEM, NULL);
	else if (child->delegated)
		h->ops->authorise(h->ctx, &child->theirs[0].range.first, &child->ike->peer_id,
			&child->remote.addr, child->ike->peer_key, authorised, w);
	else
		ask_spi(w);
}

/* --- both SAs --------------------------------------------------------------------------------- */

/* RFC 7296 s2.17: KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr); initiator's direction first, encryption
 * before integrity. */
static ms_err derive(struct child_wait *w, struct ms_bytes encr[2], struct ms_bytes integ[2])
{
	struct ike_sa *ike = w->child->ike;
	const struct ike_exchange *x = ike->x;
	const struct ms_suite *s = &w->child->suite;
	bool ah = w->child->ah;
	const struct ms_encr_alg *ea = ah ? NULL : ms_encr_find(s->encr, s->encr_bits);
	const struct ms_integ_alg *ia = s->integ ? ms_integ_find(s->integ) : NULL;
	struct ms_bytes seed[3];
	unsigned n = 0;
	size_t el, il, at = 0;

	if ((!ah && !ea) || ((ah || s->integ) && !ia))
		return MS_ERR_NO_ALGORITHM;
	el = ea ? (size_t)ea->key_octets + ea->salt_octets : 0;
	il = ia ? ia->key_octets : 0;
	if (2 * (el + il) > sizeof(w->keys))
		return MS_ERR_BUG;
	if (x->shared.len > 0)
		seed[n++] = x->shared;
	seed[n++] = x->ni;
	seed[n++] = x->nr;
	for (int i = 0; i < 2; i++) {
		encr[i] = ms_bytes(w->keys + at, el);
		integ[i] = ms_bytes(w->keys + at + el, il);
		at += el + il;
	}
	return ms_prf_plus(ike->prf, ike_key(ike, IKE_SK_D), seed, n, w->keys, at);
}

/* The smallest selector around all of them. */
static struct ms_selector hull(const struct ms_selector *s, unsigned n)
{
	struct ms_selector h = s[0];

	for (unsigned i = 1; i < n; i++) {
		if (s[i].range.first.family != h.range.first.family) {
			memset(&h, 0, sizeof(h)); /* unset: the backend has the policies */
			return h;
		}
		if (ms_addr_cmp(&s[i].range.first, &h.range.first) < 0)
			h.range.first = s[i].range.first;
		if (ms_addr_cmp(&s[i].range.last, &h.range.last) > 0)
			h.range.last = s[i].range.last;
		if (s[i].protocol != h.protocol)
			h.protocol = 0;
		if (s[i].port_first != h.port_first || s[i].port_last != h.port_last) {
			h.port_first = 0;
			h.port_last = UINT16_MAX;
		}
	}
	return h;
}

static void fill_sa(struct child_sa *child, struct ms_kernel_sa *sa, bool inbound,
	struct ms_bytes encr, struct ms_bytes integ)
{
	const struct ms_conn_desc *d = child->conn->desc;
	struct ms_selector mine = hull(child->mine, child->n_mine);
	struct ms_selector theirs = hull(child->theirs, child->n_theirs);

	sa->said = said_of(child, inbound);
	sa->src = inbound ? child->remote.addr : child->local.addr;
	sa->inbound = inbound;
	sa->tunnel = child->tunnel;
	sa->esn = child->suite.esn != 0;
	sa->encr = child->suite.encr;
	sa->encr_bits = child->suite.encr_bits;
	sa->integ = child->suite.integ;
	sa->encr_key = encr;
	sa->integ_key = integ;
	sa->cpi = inbound ? child->cpi_in : child->cpi_out;
	sa->replay_window = d->replay_window;
	sa->reqid = child->reqid;
	if (child->encapsulated) {
		sa->encap_src = inbound ? child->remote.port : child->local.port;
		sa->encap_dst = inbound ? child->local.port : child->remote.port;
	}
	sa->sel_src = inbound ? theirs : mine;
	sa->sel_dst = inbound ? mine : theirs;
	if (child->n_mine > 1 || child->n_theirs > 1) {
		sa->sels_src = inbound ? child->theirs : child->mine;
		sa->n_sels_src = inbound ? child->n_theirs : child->n_mine;
		sa->sels_dst = inbound ? child->mine : child->theirs;
		sa->n_sels_dst = inbound ? child->n_mine : child->n_theirs;
	}
	sa->mtu = d->mtu;
	sa->df = (uint8_t)d->df;
	sa->encap_dscp = (uint8_t)d->encap_dscp;
	sa->decap_dscp = d->decap_dscp;
}

/* One that was taken down meanwhile does not come up any more. */
static void way_laid(void *arg, ms_err err, const struct ms_why *why)
{
	struct child_wait *w = arg;

	if (err == MS_OK && w->child->state != CHILD_INSTALLING)
		err = MS_ERR_CANCELLED;
	wait_end(w, err, why);
}

static void installed(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct child_wait *w = arg;
	struct child_sa *child = w->child;
	const struct host *h = child->ike->e->host;

	ms_wipe(w->keys, sizeof(w->keys));
	if (err != MS_OK && failed > 0)
		child->in_kernel_out = false;
	if (err == MS_OK)
		child->in_kernel_out = true;
	if (child->state != CHILD_INSTALLING || child->ike->gone) {
		/* It went while the kernel worked: what was made meanwhile goes too. */
		if (err == MS_OK)
			delete_sa(child, false);
		if (err == MS_OK || failed > 0)
			delete_sa(child, true);
		child->in_kernel_in = child->in_kernel_out = false;
		wait_end(w, MS_ERR_CANCELLED, NULL);
		return;
	}
	if (err) {
		wait_end(w, err, why);
		return;
	}
	child_index_out(child);
	child->up = true;
	h->ops->child_up(h->ctx, child, way_laid, w);
}

void child_install(struct child_sa *child, ike_step_f *next)
{
	struct child_wait *w = wait_new(child, next);
	struct ms_bytes encr[2], integ[2];
	unsigned out = child->initiator ? 0 : 1;
	ms_err err;

	if (!w) {
		next(child->ike, MS_ERR_NOMEM, NULL);
		return;
	}
	child->state = CHILD_INSTALLING;
	err = derive(w, encr, integ);
	if (err) {
		wait_end(w, err, NULL);
		return;
	}
	w->n = 2;
	w->ops[0].kind = MS_KOP_SA_UPDATE;
	fill_sa(child, &w->ops[0].sa, true, encr[!out], integ[!out]);
	w->ops[1].kind = MS_KOP_SA_ADD;
	fill_sa(child, &w->ops[1].sa, false, encr[out], integ[out]);
	submit(w, installed);
}

void child_move(
	struct child_sa *child, const struct ms_addr *old_local, const struct ms_addr *old_remote)
{
	struct child_wait *w = wait_new(child, NULL);

	if (!w)
		return;
	w->n = 2;
	for (int i = 0; i < 2; i++) {
		w->ops[i].kind = MS_KOP_SA_MOVE;
		fill_sa(child, &w->ops[i].sa, i == 0, ms_bytes(NULL, 0), ms_bytes(NULL, 0));
		w->ops[i].sa.old_dst = i == 0 ? *old_local : *old_remote;
	}
	submit(w, was_moved);
}

void child_out_of_kernel(struct child_sa *child, bool keep_in)
{
	const struct host *h = child->ike->e->host;

	if (child->up) {
		child->up = false;
		h->ops->child_down(h->ctx, child);
	}
	if (child->in_kernel_in && !keep_in) {
		child->in_kernel_in = false;
		delete_sa(child, true);
	}
	if (child->in_kernel_out) {
		child->in_kernel_out = false;
		delete_sa(child, false);
	}
}

void child_move_all(struct ike_sa *ike)
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
		child_unindex_out(c);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What time does to SAs: retransmission's end, half-open SAs, lifetimes, liveness, keep-alives.
 * Standards: RFC 7296 s2.4 (liveness), s2.8 (lifetimes are each side's own); RFC 3948 s4.
 */
#include "core/child/child_priv.h"
#include "core/ike/fragment.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/ike/report.h"
#include "core/ike/twin.h"
#include "core/ike/version.h"
#include "core/ike/window.h"

#include <stdlib.h>
#include <string.h>

/* The family's rule: the initiator replaces at lifetime - margin * (1 + fuzz * random), the
 * responder, who would rather be asked, at lifetime - margin / 2. */
static uint64_t replace_after(
	struct ike_engine *e, const struct ms_conn_desc *d, uint64_t life_ms, bool initiator)
{
	uint64_t margin = d->rekey_margin_ms;
	uint32_t random;

	if (!initiator) {
		margin /= 2;
	} else if (d->rekey_fuzz_percent > 0) {
		ike_random(e, &random, sizeof(random));
		margin += margin * d->rekey_fuzz_percent / 100 * (random % 1024) / 1024;
	}
	return margin < life_ms ? life_ms - margin : life_ms / 2;
}

void ike_start_lifetime(struct ike_sa *ike)
{
	const struct ms_conn_desc *d = ike->conn->desc;
	uint64_t now = ike_now(ike->e);

	ike->heard_ms = now;
	if (d->ike_lifetime_ms) {
		ike->expire_at = now + d->ike_lifetime_ms;
		if (d->rekey)
			ike->replace_at =
				now + replace_after(ike->e, d, d->ike_lifetime_ms, ike->initiator);
	}
	if (d->dpd_delay_ms)
		ike->dpd_at = now + d->dpd_delay_ms;
	ike_start_keepalive(ike);
	ike_arm(ike);
}

void ike_start_keepalive(struct ike_sa *ike)
{
	uint64_t every = ike->e->params.nat_keepalive_ms;

	ike->keepalive_at = IKE_NEVER;
	if (ike->nat_here && ike->conn->desc->nat_keepalive && every &&
		ike->e->host->ops->keepalive)
		ike->keepalive_at = ike_now(ike->e) + every;
}

static void child_arm(struct child_sa *child)
{
	ike_arm_timer(child->ike->e, &child->timer,
		child->rekey_at < child->expire_at ? child->rekey_at : child->expire_at);
}

void child_rekey_later(struct child_sa *child, uint64_t in_ms)
{
	child->rekey_at = ike_now(child->ike->e) + in_ms;
	child_arm(child);
}

void child_expire_soon(struct child_sa *child, uint64_t in_ms)
{
	child->expire_at = ike_now(child->ike->e) + in_ms;
	child->rekey_at = IKE_NEVER;
	child_arm(child);
}

void child_start_lifetime(struct child_sa *child)
{
	const struct ms_conn_desc *d = child->conn->desc;
	struct ike_engine *e = child->ike->e;
	uint64_t now = ike_now(e);

	if (d->ipsec_lifetime_ms) {
		child->expire_at = now + d->ipsec_lifetime_ms;
		if (d->rekey)
			child->rekey_at =
				now + replace_after(e, d, d->ipsec_lifetime_ms, child->initiator);
	}
	child_arm(child);
}

/* --- liveness --------------------------------------------------------------------------------- */

#define LIVENESS_MAX 8 /* children that are asked for traffic */

struct traffic {
	struct ike_sa *ike;
	unsigned n;
	uint32_t serials[LIVENESS_MAX];
	struct ms_kernel_op ops[LIVENESS_MAX];
};

static void traffic_known(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct traffic *t = arg;
	struct ike_sa *ike = t->ike;
	bool seen = false;

	(void)err;
	(void)why;
	for (unsigned i = 0; i < t->n && i < failed && !ike->gone; i++) {
		struct child_sa *c = child_by_serial(ike->e, t->serials[i]);

		if (!c || c->octets_in == t->ops[i].counters.octets)
			continue;
		c->octets_in = t->ops[i].counters.octets;
		seen = true;
	}
	free(t);
	/* s2.4: traffic that came in proves liveness as well as a message does. */
	if (!ike->gone && !seen && ike->state != IKE_DELETING) {
		ike_count(ike->e, IKE_C_LIVENESS);
		ike->wants |= IKE_WANT_DPD;
		ike_next_request(ike);
	}
	ike_sa_unref(&ike);
}

static void check_liveness(struct ike_sa *ike, uint64_t now)
{
	uint64_t delay = ike->conn->desc->dpd_delay_ms;
	struct traffic *t;

	/* The SA may have passed to a connection that wants none. */
	ike->dpd_at = delay ? now + delay : IKE_NEVER;
	if (delay == 0)
		return;
	if (ike->request)
		return; /* its retransmission tells */
	if (now - ike->heard_ms < delay) {
		ike->dpd_at = ike->heard_ms + delay;
		return;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return;
	t->ike = ike_sa_ref(ike);
	for (struct child_sa *c = ike->children; c && t->n < LIVENESS_MAX; c = c->next) {
		if (c->state != CHILD_ESTABLISHED)
			continue;
		t->serials[t->n] = c->serial;
		t->ops[t->n].kind = MS_KOP_SA_QUERY;
		t->ops[t->n].sa.said = (struct ms_said){ c->local.addr, c->spi_in, child_proto(c) };
		t->ops[t->n].sa.inbound = true;
		t->n++;
	}
	if (t->n == 0)
		traffic_known(t, MS_OK, 0, NULL);
	else
		ike->e->host->ops->kernel(ike->e->host->ctx, t->ops, t->n, traffic_known, t);
}

void ike_probe_conn(struct ike_engine *e, struct conn *c)
{
	struct child_sa *child = child_by_serial(e, c->newest_child);

	if (!child || child->ike->gone || !child->ike->established || child->ike->state == IKE_DELETING)
		return;
	child->ike->wants |= IKE_WANT_DPD;
	ike_next_request(child->ike);
}

/* --- what is due --------------------------------------------------------------------------------
 */

static void give_up(struct ike_sa *ike)
{
	struct ms_why why = { "" };
	static const char first[] =
		"No response (or no acceptable response) to our first IKEv2 message";
	const char *hint = ike->state == IKE_PARENT_I1 ? first
			   : ike->state == IKE_PARENT_I2
				   ? "Possible authentication failure: no acceptable "
				     "response to our first encrypted message"
			   : ike->request ? "the peer does not answer"
					  : "nothing can be said to the peer";

	ike_count(ike->e, IKE_C_SILENT);
	if (ike->state != IKE_DELETING && ike->request)
		ike_report(ike, ike->serial, MS_RC_NORETRANSMISSION,
			"max number of retransmissions (%u) reached %s.  %s",
			(unsigned)(ike->sends ? ike->sends - 1 : 0), ike_state_name(ike->state),
			hint);
	ike_gone(ike, ms_fail(&why, MS_ERR_TIMEOUT, "%s", hint), &why);
}

static void expire(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);

	ms_notice(&lg, "IKE SA expired%s",
		ike->conn->newest_ike == ike->serial ? " (LATEST!)" : " (superseded)");
	ike_expired(ike);
}

static void keepalive(struct ike_sa *ike, uint64_t now)
{
	const struct host *h = ike->e->host;

	ike->keepalive_at = now + ike->e->params.nat_keepalive_ms;
	h->ops->keepalive(h->ctx, &ike->local, &ike->remote);
}

#define AGAIN_MS 2000

/* A whole handshake is for the initiator to begin, or for who asks for an address in it.  Where its
 * life is longer than ours we begin ourselves before ours is over. */
static void reauthenticate(struct ike_sa *ike)
{
	uint64_t late = ike->conn->desc->rekey_margin_ms / 2, now = ike_now(ike->e);

	bool begins = ike->began || conn_end_asks(&ike->conn->local);

	if (!begins && ike->expire_at != IKE_NEVER && ike->expire_at > now + late)
		ike->replace_at = ike->expire_at - late;
	else if (begins || !ike->nat_there) /* nobody begins with a host behind a translator */
		ike_replace(ike);
}

/* One that nobody has used for all its life is not made anew.  Nor is one that goes for its twin, but
 * that may go first, and then it stays.  How it is made anew is for those to say who use it. */
static void replace(struct ike_sa *ike)
{
	struct ms_logger lg = ike_logger(ike);

	if (ike->twin != 0) {
		ike->replace_at = ike_now(ike->e) + AGAIN_MS;
		return;
	}
	ike_pass_on(ike);
	if (ike->children && ike->conn->desc->reauth) {
		reauthenticate(ike);
		return;
	}
	/* What is under way may bring it a CHILD SA. */
	if (!ike->children && (ike->wants || ike->request || ike->busy)) {
		ike->replace_at = ike_now(ike->e) + AGAIN_MS;
		return;
	}
	if (ike->children) {
		ike->wants |= IKE_WANT_REKEY;
		ike_next_request(ike);
		return;
	}
	ms_info(&lg, "no CHILD SA uses it: it is not rekeyed");
	ike_want_delete(ike);
}

void ike_timer_fired(struct ike_sa *ike, uint64_t now)
{
	ike_sa_ref(ike);
	if (ike->state == IKE_UNBORN && ike->initiator && ike->resend_at <= now) {
		ike->resend_at = IKE_NEVER;
		if (!ike->telling && !ike->replaces && !ike->children && ike->conn->newest_child) {
			/* A revival whose connection the peer brought up meanwhile. */
			ike->no_revival = true;
			ike_gone(ike, MS_ERR_CANCELLED, NULL);
		} else {
			ike->e->params.v2->start(ike);
		}
	} else if (ike->half_open_until <= now) {
		ike_gone(ike, MS_ERR_TIMEOUT, NULL);
	} else if (ike->give_up_at <= now) {
		give_up(ike);
	} else {
		if (ike->resend_at <= now)
			ike_resend(ike);
		if (ike->fragments_until <= now) {
			ike_fragments_free(ike, IKE_REQUEST);
			ike_fragments_free(ike, IKE_RESPONSE);
		}
		if (ike->expire_at <= now) {
			ike->expire_at = ike->replace_at = IKE_NEVER;
			expire(ike);
		}
		if (!ike->gone && ike->replace_at <= now) {
			ike->replace_at = IKE_NEVER;
			replace(ike);
		}
		if (!ike->gone && ike->dpd_at <= now)
			check_liveness(ike, now);
		if (!ike->gone && ike->keepalive_at <= now)
			keepalive(ike, now);
		if (!ike->gone && ike->twin_at <= now)
			ike_twin_due(ike);
		if (!ike->gone && ike->look_at <= now) {
			ike->look_at = IKE_NEVER;
			ike->e->params.v2->look(ike);
		}
	}
	if (!ike->gone)
		ike_arm(ike);
	ike_sa_unref(&ike);
}

static void child_expire(struct child_sa *child)
{
	struct ms_logger lg = child_logger(child);
	struct conn *c = conn_ref(child->conn);
	struct ike_engine *e = child->ike->e;

	ms_notice(&lg, "CHILD SA expired%s",
		c->newest_child == child->serial ? " (LATEST!)" : " (superseded)");
	if (c->newest_child != 0 && c->newest_child != child->serial)
		child_retire(child);
	else
		child_want_delete(child);
	if (c->newest_child == 0)
		ike_revive(e, c, false);
	conn_unref(&c);
}

/* A revival whose connection the peer brought up meanwhile. */
static bool needless(const struct child_sa *child)
{
	return !child->telling && child->spi_in == 0 && child->conn->newest_child != 0;
}

void child_timer_fired(struct child_sa *child, uint64_t now)
{
	if (child->state == CHILD_GONE) {
		child_left_due(child);
		return;
	}
	if (child->expire_at <= now) {
		child->expire_at = child->rekey_at = IKE_NEVER;
		child_expire(child);
		return;
	}
	child->rekey_at = IKE_NEVER;
	child_arm(child);
	if (child->attempt && child->state == CHILD_LARVAL && needless(child)) {
		(void)child_ref(child);
		child_gone(child);
		child_attempt_over(child, MS_OK, NULL);
		child_unref(&child);
		return;
	}
	if (child->attempt && child->state == CHILD_LARVAL) {
		child->wants |= CHILD_WANT_NEW;
		child->ike->wants |= IKE_WANT_CHILD_NEW;
		ike_next_request(child->ike);
		return;
	}
	if (child->state != CHILD_ESTABLISHED)
		return;
	/* The newest one is rekeyed; but that one may go first, and then this one stays. */
	child->put_off = child->conn->newest_child != child->serial;
	if (child->put_off) {
		child_rekey_later(child, AGAIN_MS);
		return;
	}
	child->wants |= CHILD_WANT_REKEY;
	child->ike->wants |= IKE_WANT_CHILD_REKEY;
	ike_next_request(child->ike);
}

ms_err ike_rekey_conn(struct ike_engine *e, struct conn *c, bool child)
{
	struct child_sa *newest = child_by_serial(e, c->newest_child);
	struct ike_sa *ike = ike_by_serial(e, c->newest_ike);

	if (!ike && newest)
		ike = newest->ike; /* another connection's, which this one shares */
	if (child ? !newest || newest->state != CHILD_ESTABLISHED : !ike || !ike->established)
		return MS_ERR_NOT_FOUND;
	if (child) {
		child_rekey_later(newest, 0);
	} else {
		ike->replace_at = ike_now(e);
		ike_arm(ike);
	}
	return MS_OK;
}

void ike_kernel_expire(struct ike_engine *e, const struct ms_said *said, bool hard)
{
	struct child_sa *c = child_find(e, said);

	if (!c || c->state != CHILD_ESTABLISHED)
		return;
	if (hard)
		c->expire_at = ike_now(e);
	else
		c->rekey_at = ike_now(e);
	child_arm(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How IKE and CHILD SAs begin, go on, are replaced and end: attempt.c, lifetime.c, terminate.c. */
#ifndef MODSWAN_CORE_IKE_LIFETIME_H
#define MODSWAN_CORE_IKE_LIFETIME_H

#include "core/ike/ike_sa.h"

void ike_start_lifetime(struct ike_sa *ike);
void ike_start_keepalive(struct ike_sa *ike); /* when we are behind a NAT */
void child_start_lifetime(struct child_sa *child);
void ike_timer_fired(struct ike_sa *ike, uint64_t now);
void child_timer_fired(struct child_sa *child, uint64_t now);
/* A fresh IKE SA with child that takes this one's place; the old one stays until it is up. */
void ike_replace(struct ike_sa *ike);
/* Such a one came to nothing: is the old one still there?  Then it is tried again later. */
bool ike_replace_later(const struct ike_sa *ike);
/* After an attempt failed: another one as keyingtries says (true), or the end. */
bool ike_attempt_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why);
/* On an IKE SA of its own, since that of before is full: no try of keyingtries. */
void ike_attempt_elsewhere(struct ike_engine *e, struct conn *c, bool telling);

/* The same for an IKE SA that was not established: another address of a peer that is a name goes
 * before another try. */
void ike_peer_failed(
	struct ike_engine *e, struct conn *c, bool telling, ms_err err, const struct ms_why *why);

/* The connection lost its last CHILD SA: brings it up again when it is wanted up, or always. */
void ike_revive(struct ike_engine *e, struct conn *c, bool always);
/* Authenticated: indexes, newest, what INITIAL_CONTACT and uniqueids= remove. */
void ike_established(struct ike_sa *ike, bool initial_contact);
/* The child of the attempt is up: who waits is told, a replaced IKE SA goes. */
void ike_attempt_succeeded(struct ike_sa *ike);
/* The same for a child that was asked for on an IKE SA that was there already. */
void child_attempt_over(struct child_sa *child, ms_err err, const struct ms_why *why);
/* Asks for the SA's deletion as soon as the window lets it. */
void ike_want_delete(struct ike_sa *ike);
/* Another IKE SA took its place; what came to it meanwhile comes up there. */
void ike_superseded(struct ike_sa *ike);
/* One without CHILD SAs of its own connection passes to one that has some, unless it has a lease. */
void ike_pass_on(struct ike_sa *ike);
void ike_strand(struct ike_sa *ike, bool can_tell); /* its connection has another address */
/* At once and without a word, since its peer knows nothing of it; its connections come again when
 * they are wanted. */
void ike_supplant(struct ike_sa *old, const struct ike_sa *by);
/* The same when its time is over: connections that are wanted up come again. */
void ike_expired(struct ike_sa *ike);
void child_want_delete(struct child_sa *child);
/* The same for one that has a successor: what the peer still sends on it is taken until he has
 * heard of it. */
void child_retire(struct child_sa *child);
void child_rekey_later(struct child_sa *child, uint64_t in_ms);

/* A CHILD SA of the connection on an IKE SA that is there, or will be. */
ms_err ike_child_attempt(struct ike_sa *ike, struct conn *c) MS_MUST_CHECK;
void child_expire_soon(struct child_sa *child, uint64_t in_ms);

#endif

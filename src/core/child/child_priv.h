/* SPDX-License-Identifier: Apache-2.0 */
/* CHILD SAs as the engine's rooms see them. */
#ifndef MODSWAN_CORE_CHILD_PRIV_H
#define MODSWAN_CORE_CHILD_PRIV_H

#include "core/ike/ike_sa.h"

struct child_sa *child_new(struct ike_sa *ike, struct conn *c, bool initiator);
struct child_sa *child_ref(struct child_sa *child);
/* One more or one less in the engine's counts. */
void child_count(const struct child_sa *child, int by);
void child_unref(struct child_sa **child);
void child_set_conn(struct child_sa *child, struct conn *c);
/* The other IKE SA takes it over (rekeying of IKE SAs). */
void child_adopt(struct child_sa *child, struct ike_sa *ike);
void child_index_in(struct child_sa *child);
void child_index_out(struct child_sa *child); /* and in transport mode by the peer's address */
void child_unindex_out(struct child_sa *child);
/* In transport mode: another peer's CHILD SA that packets of this one's selectors would fit, because
 * both peers are behind one translator.  NULL: none. */
struct child_sa *child_rival(const struct child_sa *child);
/* Way and SAs taken back; nothing is awaited. */
void child_out_of_kernel(struct child_sa *child, bool keep_in);
/* The newest established one of a connection; NULL: none. */
struct child_sa *child_newest(struct conn *c);
/* It goes, and is not established any more: another one is the newest, and rekeyed now when that was put
 * off. */
void child_not_newest(struct child_sa *child);
/* Out of indexes, routing and kernel.  What there is no memory for to have it deleted there is deleted
 * later. */
void child_gone(struct child_sa *child);
/* False: there was no memory again. */
bool child_delete_left(struct child_sa *child);
/* One that is gone: once more. */
void child_left_due(struct child_sa *child);
/* Asks the kernel for our SPI; goes on at next. */
void child_get_spi(struct child_sa *child, ike_step_f *next);
/* Gives it back: another one will be asked for. */
void child_forget_spi(struct child_sa *child);
/* Derives keys (s2.17), adds both SAs, has the way laid; goes on at next. */
void child_install(struct child_sa *child, ike_step_f *next);
/* Established: lines, newest, lifetime. */
void child_established(struct child_sa *child);
/* What we offer for it, with ESN as configured.  pfs_group 0: without key exchange (IKE_AUTH); else
 * the groups of esp=, or, where that has none and pfs= is on, pfsgroup=, or this one or none. */
ms_err child_proposals(
	const struct conn *c, uint16_t pfs_group, struct ms_proposals *out) MS_MUST_CHECK;
/* The responder's choice, from child->conn: suite, selectors, mode.  ke_group: of the peer's KE
 * payload, 0: none.  On error x->child_refused is set. */
ms_err child_choose(struct ike_sa *ike, struct child_sa *child, uint16_t pfs_group,
	unsigned ke_group, struct ms_why *why) MS_MUST_CHECK;
/* The initiator's check of the answer. */
ms_err child_accept(struct ike_sa *ike, struct child_sa *child, uint16_t pfs_group,
	struct ms_why *why) MS_MUST_CHECK;

/* --- pair.c -------------------------------------------------------------------------------------- */

/* Not for one pair of addresses alone. */
bool child_is_general(const struct conn *c);
/* Its connection was made for whomever, or for another pair than the peer's selectors. */
bool child_wants_pair(const struct child_sa *child);
/* The instance of our policy for that pair; a new reference.  NULL: none, `why` says so or is empty. */
struct conn *child_pair_conn(struct child_sa *child, struct ms_why *why);
/* The opportunistic template that our policy has for the selectors of IKE_AUTH and that takes such a
 * peer; NULL: none. */
struct conn *child_policy_template(const struct ike_sa *ike, uint32_t auth);
/* Its instance for the pair of IKE_AUTH: that of our own attempt, where both begin at once.  A new
 * reference; NULL: out of memory. */
struct conn *child_policy_instance(struct ike_sa *ike, struct conn *template);
/* A peer without authentication does not get what is meant for somebody else (RFC 7619 s2.5). */
ms_err child_refuse_theft(const struct child_sa *child, const struct ms_selector *mine,
	unsigned n_mine, const struct ms_selector *theirs, unsigned n_theirs, struct ms_why *why)
	MS_MUST_CHECK;

struct child_sa *child_find(struct ike_engine *e, const struct ms_said *said);
/* protocol: enum ms_protocol. */
struct child_sa *child_find_out(struct ike_sa *ike, unsigned protocol, uint32_t spi_out);
/* RFC 4302 covers the outer addresses, so AH cannot pass where they are translated. */
ms_err child_ah_fits(const struct child_sa *child, struct ms_why *why) MS_MUST_CHECK;
/* In the kernel, from these addresses to child's. */
void child_move(
	struct child_sa *child, const struct ms_addr *old_local, const struct ms_addr *old_remote);
/* Established children follow the IKE SA's addresses. */
void child_move_all(struct ike_sa *ike);

#endif

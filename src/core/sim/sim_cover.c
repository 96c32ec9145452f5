/* SPDX-License-Identifier: Apache-2.0 */
/* What of cover.h the simulation sees by itself: on the wire, at engines that end, at new SAs. */
#include "core/sim/sim_priv.h"

#include "core/ike/iana.h"
#include "core/ike/ike_sa.h"

#include <string.h>

#define EXCHANGE_AT 18 /* RFC 7296 s3.1 */
#define FLAGS_AT 19

/* --- datagrams --------------------------------------------------------------------------------- */

static bool says_delete(const struct ike_sa *ike)
{
	if (ike->state == IKE_DELETING)
		return true;
	for (const struct child_sa *c = ike_first_child(ike); c; c = c->next)
		if (c->state == CHILD_DELETING)
			return true;
	return false;
}

/* A request of kind INFORMATIONAL of an SA that is deleting something says just that. */
static bool has_delete(const struct sim_packet *p)
{
	const struct ike_sa *ike;

	if (!p->from->ike || p->len < IKE_HEADER_OCTETS ||
		p->octets[EXCHANGE_AT] != IKE_X_INFORMATIONAL || p->octets[FLAGS_AT] & IKE_F_RESPONSE)
		return false;
	for (ike = ike_first(p->from->ike); ike; ike = ike_next(ike))
		if (memcmp(ike->spi_i, p->octets, 8) == 0 && memcmp(ike->spi_r, p->octets + 8, 8) == 0)
			return says_delete(ike);
	return false;
}

void sim_cover_datagram(struct sim *s, const struct sim_packet *p, const struct sim_fate *fate)
{
	s->seen[COVER_DOUBLED] += fate->copies;
	s->seen[COVER_LATE] += fate->delay_ms > 0 && !fate->lose;
	if (!fate->lose)
		return;
	s->seen[COVER_LOST]++;
	s->seen[COVER_DELETE_LOST] += has_delete(p);
}

/* By what came before from the same sender; of two senders in one place the older is forgotten. */
void sim_cover_arrival(const struct sim_packet *p, struct sim_node *to)
{
	unsigned *last;

	if (!p->from)
		return;
	last = &to->last_seen[p->from->number % SIM_SEEN_FROM];
	to->sim->seen[COVER_OVERTOOK] += p->number < *last;
	if (p->number > *last)
		*last = p->number;
}

/* --- engines ----------------------------------------------------------------------------------- */

void sim_cover_engine(const struct sim_node *n, uint64_t seen[COVER_END])
{
	static const struct {
		enum cover to;
		enum ike_counter from;
	} rows[] = { { COVER_RETRANSMITTED, IKE_C_RETRANSMITTED },
		{ COVER_ANSWERED_AGAIN, IKE_C_ANSWERED_AGAIN },
		{ COVER_COOKIES, IKE_C_COOKIES_SENT }, { COVER_FRAGMENTED, IKE_C_FRAGMENTED },
		{ COVER_REASSEMBLED, IKE_C_REASSEMBLED }, { COVER_LIVENESS, IKE_C_LIVENESS },
		{ COVER_SILENT, IKE_C_SILENT }, { COVER_SUPERSEDED, IKE_C_SUPERSEDED },
		{ COVER_REVIVED, IKE_C_REVIVED }, { COVER_GIVEN_UP, IKE_C_GIVEN_UP } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		seen[rows[i].to] += ike_counter(n->ike, rows[i].from);
}

/* --- SAs --------------------------------------------------------------------------------------- */

/* Behind a NAT only the port is another one. */
void sim_cover_move(struct sim *s, const struct sim_sa *sa, const struct ms_kernel_sa *k)
{
	bool moved = !ms_addr_eq(&sa->said.dst, &k->said.dst) || !ms_addr_eq(&sa->src, &k->src) ||
		     (k->old_dst.family != 0 && !ms_addr_eq(&k->old_dst, &k->said.dst));

	s->seen[moved ? COVER_MOVED : COVER_REMAPPED]++;
}

static bool is_narrower(const struct child_sa *c)
{
	const struct conn *conn = c->conn;

	if (c->n_mine < conn->local.n_clients || c->n_theirs < conn->remote.n_clients)
		return true;
	for (unsigned i = 0; i < c->n_mine; i++)
		for (unsigned k = 0; k < conn->local.n_clients; k++)
			if (ms_selector_contains(&conn->local.clients[k], &c->mine[i]) &&
				!ms_selector_eq(&conn->local.clients[k], &c->mine[i]))
				return true;
	for (unsigned i = 0; i < c->n_theirs; i++)
		for (unsigned k = 0; k < conn->remote.n_clients; k++)
			if (ms_selector_contains(&conn->remote.clients[k], &c->theirs[i]) &&
				!ms_selector_eq(&conn->remote.clients[k], &c->theirs[i]))
				return true;
	return false;
}

static void shares(const struct child_sa *c, uint64_t *seen)
{
	for (const struct child_sa *o = ike_first_child(c->ike); o; o = o->next)
		if (o != c && o->conn != c->conn && o->state == CHILD_ESTABLISHED) {
			seen[COVER_SHARED]++;
			break;
		}
}

/* RFC 7296 s2.8.3: the old one is there until the new one works. */
static bool is_anew(const struct ike_sa *ike)
{
	const struct ike_sa *old = ike->replaces ? ike_by_serial(ike->e, ike->replaces) : NULL;

	return ike->conn->desc->reauth && old && old->established && old->children &&
	       old->state != IKE_DELETING;
}

void sim_cover_child(struct sim *s, const struct child_sa *c)
{
	static const enum cover by_proof[PROOF_KINDS] = { [PROOF_NONE] = COVER_NULL_AUTH,
		[PROOF_SECRET] = COVER_END, [PROOF_KEY] = COVER_RAW_KEY,
		[PROOF_CERT] = COVER_CERTIFICATE, [PROOF_DNS] = COVER_DNS_KEY,
		[PROOF_DNSSEC] = COVER_DNS_KEY };
	const struct ike_sa *ike = c->ike;

	s->seen[COVER_TRANSPORT] += !c->tunnel;
	s->seen[COVER_AH] += c->ah;
	s->seen[COVER_COMPRESSED] += c->cpi_in != 0 || c->cpi_out != 0;
	s->seen[COVER_ENCAPSULATED] += c->encapsulated;
	s->seen[COVER_IPV6] += ike->remote.addr.family == AF_INET6;
	if (ike->x) {
		s->seen[COVER_REKEYED] += ike->x->rekeys != 0;
		s->seen[COVER_COLLIDED] += ike->x->rekeys != 0 && ike->x->rival != 0;
	}
	s->seen[COVER_SEVERAL] += c->n_mine > 1 || c->n_theirs > 1;
	s->seen[COVER_NARROWED] += is_narrower(c);
	s->seen[COVER_DELEGATED] += c->delegated;
	if (by_proof[ike->proof] != COVER_END)
		s->seen[by_proof[ike->proof]]++;
	s->seen[COVER_REAUTHENTICATED] += is_anew(ike);
	shares(c, s->seen);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* NAT detection and its consequences: RFC 7296 s2.23. */
#include "core/child/child_priv.h"
#include "core/ike/ike_sa.h"
#include "core/ike/natd.h"
#include "core/ike/notify.h"
#include "core/ike/version.h"

#include <string.h>

#define NATD_OCTETS 20

/* SHA-1(SPIi | SPIr | address | port) */
static bool natd_hash(const uint8_t spi_i[8], const uint8_t spi_r[8], const struct ms_endpoint *ep,
	uint8_t out[NATD_OCTETS])
{
	const struct ms_hash_alg *sha1 = ms_hash_find(MS_HASH_SHA1);
	uint8_t port[2] = { (uint8_t)(ep->port >> 8), (uint8_t)ep->port };
	struct ms_bytes parts[] = { ms_bytes(spi_i, 8), ms_bytes(spi_r, 8),
		ms_bytes(ep->addr.b, ms_addr_octets(&ep->addr)), ms_bytes(port, 2) };

	return sha1 && sha1->hash(sha1, parts, 4, out) == MS_OK;
}

static void put(struct ike_sa *ike, struct ike_out *out, const uint8_t *spi_r,
	const struct ms_endpoint *local, const struct ms_endpoint *remote)
{
	uint8_t hash[NATD_OCTETS];

	if (!natd_hash(ike->spi_i, spi_r, local, hash))
		return;
	/* encapsulation=yes: a hash that cannot fit makes the peer see a NAT. */
	if (ike->conn->desc->encapsulation == MS_YES)
		hash[0] ^= 0xff;
	ike_put_notify(out, IKE_N_NAT_DETECTION_SOURCE_IP, ms_bytes(hash, sizeof(hash)));
	if (natd_hash(ike->spi_i, spi_r, remote, hash))
		ike_put_notify(
			out, IKE_N_NAT_DETECTION_DESTINATION_IP, ms_bytes(hash, sizeof(hash)));
}

void ike_natd_put(struct ike_sa *ike, struct ike_out *out, bool with_spi_r)
{
	static const uint8_t zero[8];

	put(ike, out, with_spi_r ? ike->spi_r : zero, &ike->local, &ike->remote);
}

void ike_natd_put_seen(struct ike_sa *ike, struct ike_out *out, const struct ms_endpoint *local,
	const struct ms_endpoint *remote)
{
	put(ike, out, ike->spi_r, local, remote);
}

void ike_natd_check(struct ike_sa *ike, const struct ike_msg *m)
{
	uint8_t mine[NATD_OCTETS], theirs[NATD_OCTETS];
	bool source_seen = false, source_fits = false, dest_seen = false, dest_fits = false;

	if (!natd_hash(m->h.spi_i, m->h.spi_r, &ike->local, mine) ||
		!natd_hash(m->h.spi_i, m->h.spi_r, &ike->remote, theirs))
		return;
	/* Several source hashes are possible: one that fits is enough. */
	for (unsigned i = 0; i < m->n; i++) {
		struct ike_notify_payload n;

		if (m->p[i].type != IKE_P_NOTIFY || ike_payload_get(&m->p[i], &n))
			continue;
		if (n.type == IKE_N_NAT_DETECTION_SOURCE_IP) {
			source_seen = true;
			source_fits |= ms_bytes_eq(n.data, ms_bytes(theirs, sizeof(theirs)));
		} else if (n.type == IKE_N_NAT_DETECTION_DESTINATION_IP) {
			dest_seen = true;
			dest_fits |= ms_bytes_eq(n.data, ms_bytes(mine, sizeof(mine)));
		}
	}
	if (!source_seen || !dest_seen)
		return;
	ike->nat_there = !source_fits;
	ike->nat_here = !dest_fits || ike->conn->desc->encapsulation == MS_YES;
	if (ike->conn->desc->encapsulation == MS_NO)
		ike->nat_here = ike->nat_there = false;
}

void ike_float(struct ike_sa *ike)
{
	/* RFC 4555 s3.3: who may move later goes where NATs let it pass. */
	if (ike->floated || !(ike->nat_here || ike->nat_there || ike->e->params.v2->floats(ike)))
		return;
	ike->floated = true;
	ike->local.port = ike->e->params.nat_port;
	/* Another port than 500 was written by a person, who knows. */
	if (ike->remote.port == 500)
		ike->remote.port = 4500;
}

void ike_follow(
	struct ike_sa *ike, const struct ms_endpoint *local, const struct ms_endpoint *remote)
{
	struct ms_logger lg = ike_logger(ike);
	char from[MS_ENDPOINT_TEXT], to[MS_ENDPOINT_TEXT];

	if (ike->e->params.v2->follow(ike, local, remote) ||
		(ms_endpoint_eq(&ike->remote, remote) && ms_endpoint_eq(&ike->local, local)))
		return;
	/* The first protected message may come from the NAT-T port; later only the peer behind a
	 * NAT moves, never we. */
	if (ike->established && (ike->nat_here || !ike->nat_there))
		return;
	if (!ike->established && ike->initiator)
		return;
	ms_endpoint_text(&ike->remote, from, sizeof(from));
	ms_endpoint_text(remote, to, sizeof(to));
	if (ike->established)
		ms_info(&lg, "new NAT mapping, was %s, now %s", from, to);
	ike->local = *local;
	ike->remote = *remote;
	if (local->port == ike->e->params.nat_port)
		ike->floated = true;
	child_move_all(ike);
}

void ike_kernel_mapping(
	struct ike_engine *e, const struct ms_said *said, const struct ms_endpoint *peer)
{
	struct child_sa *c = child_find(e, said);

	if (!c || !c->encapsulated || c->ike->gone || c->ike->nat_here || c->ike->mobike)
		return;
	ike_follow(c->ike, &c->ike->local, peer);
	/* The IKE SA may have known before this one was up. */
	if (ms_endpoint_eq(&c->ike->remote, peer))
		child_move_all(c->ike);
}

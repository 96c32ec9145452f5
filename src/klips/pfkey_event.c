/* SPDX-License-Identifier: Apache-2.0 */
/* What klips says unasked: ACQUIRE, EXPIRE, X_NAT_T_NEW_MAPPING; and the ACQUIRE of others. */
#include "klips/hold.h"
#include "klips/instance.h"
#include "klips/pfkey_server.h"
#include "klips/sa_build.h"

#include "klips/pfkey_tell.h"

#include <errno.h>

enum { SOFT_S = 57600, HARD_S = 86400 };

uint32_t pfkey_acquire(struct pfkey_server *s, const struct flow *flow)
{
	const struct ms_pfkey_comb comb = { .auth = 5, .encrypt = MS_ENCR_AES_CBC,
		.auth_minbits = 256, .auth_maxbits = 256, .encrypt_minbits = 128,
		.encrypt_maxbits = 256, .soft_addtime = SOFT_S, .hard_addtime = HARD_S,
		.soft_usetime = SOFT_S, .hard_usetime = HARD_S };
	uint8_t combs[MS_PFKEY_COMB_OCTETS];
	struct ms_addr src = flow_addr(flow, flow->src), dst = flow_addr(flow, flow->dst);
	struct ms_pfkey_msg m = { .type = MS_PFKEY_ACQUIRE, .satype = MS_PFKEY_SATYPE_ESP,
		.has = MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
			| MS_PFKEY_BIT(PROPOSAL) };

	ms_pfkey_comb_put(combs, &comb);
	m.combs = ms_bytes(combs, sizeof combs);
	m.proposal_replay = 64;
	ms_pfkey_addr_set(&m.src, &src, flow->sport);
	ms_pfkey_addr_set(&m.dst, &dst, flow->dport);
	m.src.proto = m.dst.proto = flow->proto;
	return pfkey_tell_registered(s, &m) > 0 ? m.seq : 0;
}

/* RFC 2367 s3.1.6: an application asks the key managers; or one of them says, by an errno, that it
 * cannot do what we asked for with that number. */
int pfkey_asked(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	if (m->err != 0) {
		hold_failed(c->k->holds, m->seq);
		return PFKEY_ANSWERED;
	}
	return pfkey_pass_on(c->server, m) > 0 ? 0 : EPROTONOSUPPORT;
}

void pfkey_expire(struct pfkey_server *s, const struct klips_sa *sa, bool hard)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_EXPIRE };

	sa_to_message(sa, &m);
	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
		| MS_PFKEY_BIT(LIFETIME_CURRENT)
		| (hard ? MS_PFKEY_BIT(LIFETIME_HARD) : MS_PFKEY_BIT(LIFETIME_SOFT));
	pfkey_tell_registered(s, &m);
}

/* Source is where authentic packets come from now; destination, with SPI and protocol, names the
 * SA. */
void pfkey_new_mapping(struct pfkey_server *s, const struct klips_sa *sa,
	const struct ms_endpoint *peer)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_NAT_T_NEW_MAPPING };

	sa_to_message(sa, &m);
	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
		| MS_PFKEY_BIT(X_NAT_T_SPORT) | MS_PFKEY_BIT(X_NAT_T_DPORT);
	ms_pfkey_addr_set(&m.src, &peer->addr, 0);
	m.nat_sport = peer->port;
	m.nat_dport = sa->encap_dst;
	pfkey_tell_registered(s, &m);
}

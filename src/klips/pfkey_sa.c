/* SPDX-License-Identifier: Apache-2.0 */
/* PF_KEY messages about SAs: GETSPI, ADD, UPDATE, DELETE, GET, FLUSH, X_MS_MOVE. */
#include "klips/device.h"
#include "klips/instance.h"
#include "klips/ipcomp.h"
#include "klips/pfkey_server.h"
#include "klips/sa_build.h"
#include "klips/talk.h"

#include <errno.h>

enum { LOWEST_SPI = 256, SPI_TRIES = 100, MAX_WINDOW = 64 };

int pfkey_errno(ms_err err)
{
	static const struct {
		ms_err err;
		int no;
	} rows[] = {
		{ MS_OK, 0 },
		{ MS_ERR_NOMEM, ENOMEM },
		{ MS_ERR_DUPLICATE, EEXIST },
		{ MS_ERR_NOT_FOUND, ENOENT },
		{ MS_ERR_BUSY, EBUSY },
		{ MS_ERR_LIMIT, ENOSPC },
		{ MS_ERR_SYSTEM, EIO },
		{ MS_ERR_UNKNOWN, ENODEV },
		{ MS_ERR_UNSUPPORTED, EPROTONOSUPPORT },
		{ MS_ERR_NO_ALGORITHM, EPROTONOSUPPORT },
	};
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].err == err)
			return rows[i].no;
	return EINVAL;
}

struct ms_said pfkey_said(const struct ms_pfkey_msg *m)
{
	struct ms_said said = { .dst = m->dst.ep.addr, .spi = m->sa.spi,
		.protocol = ms_pfkey_protocol_of(m->satype) };

	return said;
}

static bool same_family(const struct ms_pfkey_msg *m)
{
	return m->src.ep.addr.family == m->dst.ep.addr.family;
}

int pfkey_getspi(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	uint32_t lo = m->range.min < LOWEST_SPI ? LOWEST_SPI : m->range.min, hi = m->range.max, r;
	struct ms_said said = pfkey_said(m);
	struct klips_sa *sa;
	unsigned try;
	ms_err err;

	if (said.protocol == 0 || said.protocol == MS_PROTO_INT || !same_family(m))
		return EINVAL;
	if (hi == 0)
		hi = UINT32_MAX;
	if (said.protocol == MS_PROTO_COMP && hi > IPCOMP_LAST_CPI)
		hi = IPCOMP_LAST_CPI;
	if (lo > hi)
		return EINVAL;
	for (try = 0; try < SPI_TRIES; try++) {
		if (ms_random(&r, sizeof r) != MS_OK)
			return EIO;
		said.spi = lo + (uint32_t)(r % ((uint64_t)hi - lo + 1));
		if (sadb_find(c->k->sadb, &said) != NULL)
			continue;
		sa = sa_new(&said);
		if (sa == NULL)
			return ENOMEM;
		sa->state = MS_PFKEY_LARVAL;
		sa->inbound = true; /* the receiver chooses the SPI */
		sa->src = m->src.ep.addr;
		sa->added_s = klips_now_s(c->k);
		err = sadb_put(c->k->sadb, sa, false);
		if (err != MS_OK) {
			sa_free(&sa);
			return pfkey_errno(err);
		}
		sadb_schedule(c->k->sadb, sa, klips_now_s(c->k));
		m->has |= MS_PFKEY_BIT(SA);
		m->sa.spi = said.spi;
		m->sa.ref = sa->ref;
		m->sa.state = MS_PFKEY_LARVAL;
		return 0;
	}
	return EEXIST;
}

/* RFC 2367 s3.1.3, and what the family refused. */
static bool well_formed(const struct ms_pfkey_msg *m, uint8_t protocol)
{
	bool keyed = protocol == MS_PROTO_ESP || protocol == MS_PROTO_AH;
	bool keys = (m->has & (MS_PFKEY_BIT(KEY_AUTH) | MS_PFKEY_BIT(KEY_ENCRYPT))) != 0;

	if (protocol == 0 || protocol == MS_PROTO_INT || m->sa.spi < LOWEST_SPI || !same_family(m))
		return false;
	if (m->sa.state != MS_PFKEY_MATURE || m->sa.replay > MAX_WINDOW)
		return false;
	return keyed || (!keys && m->sa.auth == 0);
}

static int add_or_update(struct pfkey_call *c, struct ms_pfkey_msg *m, bool update)
{
	struct sa_maker maker = { pfkey_client_pid(c->client), pfkey_client_manages(c->client) };
	struct ms_said said = pfkey_said(m);
	struct klips_sa *old;
	ms_err err;

	if (!well_formed(m, said.protocol))
		return EINVAL;
	old = sadb_find(c->k->sadb, &said);
	if (update && old == NULL)
		return ENOENT;
	if (old != NULL && !(update && old->state == MS_PFKEY_LARVAL))
		return EEXIST;
	err = sa_from_message(c->k, m, update, &maker, &c->why);
	if (err == MS_OK && sadb_count_bare(c->k->sadb) > 0)
		device_follow_bare(c->k);
	return pfkey_errno(err);
}

int pfkey_add(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	return add_or_update(c, m, false);
}

int pfkey_update(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	return add_or_update(c, m, true);
}

int pfkey_delete(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct ms_said said = pfkey_said(m);
	char text[TALK_PACKET];
	struct klips_sa *sa = sadb_find(c->k->sadb, &said);

	if (sa == NULL)
		return ESRCH;
	talk(c->k, ROOM_SPI, TALK_ANY, "%s and its group are deleted", talk_said(text, &said));
	sadb_remove_group(c->k->sadb, sa);
	return 0;
}

static void fill_limits(struct ms_pfkey_life *out, const struct sa_limits *in)
{
	memset(out, 0, sizeof *out);
	out->octets = in->octets;
	out->packets = (uint32_t)in->packets;
	out->packets_high = (uint32_t)(in->packets >> 32);
	out->addtime = in->add_s;
	out->usetime = in->use_s;
	out->allocations = in->allocations;
}

static uint32_t sa_flags(const struct klips_sa *sa)
{
	static const uint32_t df[] = { [MS_DF_SET] = MS_PFKEY_X_DF_SET,
		[MS_DF_CLEAR] = MS_PFKEY_X_DF_CLEAR };
	static const uint32_t dscp[] = { [MS_DSCP_SHOW] = MS_PFKEY_X_SHOW_DSCP,
		[MS_DSCP_HIDE] = MS_PFKEY_X_HIDE_DSCP };

	return (sa->esn ? MS_PFKEY_X_ESN : 0u) | (sa->inbound ? MS_PFKEY_X_INBOUND : 0u)
		| df[sa->df] | dscp[sa->encap_dscp] | (sa->decap_dscp ? MS_PFKEY_X_DECAP_DSCP : 0u)
		| (sa->bare ? MS_PFKEY_X_BARE : 0u);
}

void sa_to_message(const struct klips_sa *sa, struct ms_pfkey_msg *m)
{
	uint64_t packets = shared_get(sa->packets);
	struct ms_pfkey_life *current = &m->life[MS_PFKEY_LIFE_CURRENT];

	m->satype = ms_pfkey_satype_of(sa->said.protocol);
	m->has |= MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
		| MS_PFKEY_BIT(LIFETIME_CURRENT) | MS_PFKEY_BIT(LIFETIME_HARD)
		| MS_PFKEY_BIT(LIFETIME_SOFT) | MS_PFKEY_BIT(X_MS_COUNTERS)
		| MS_PFKEY_BIT(X_MS_SA);
	m->sa = (struct ms_pfkey_sa){ .spi = sa->said.spi, .state = shared_get(sa->state),
		.replay = (uint8_t)(sa->window > 64 ? 64 : sa->window),
		.encrypt = sa->encr == NULL ? 0 : (uint8_t)sa->encr->id,
		.auth = sa->integ == NULL ? 0 : ms_pfkey_auth_of(sa->integ->id),
		.flags = sa->flags, .ref = sa->ref };
	if (sa->ref_him != 0)
		m->has |= MS_PFKEY_BIT(X_SAREF);
	m->saref = (struct ms_pfkey_saref){ sa->ref, sa->ref_him };
	if (sa->encap_type != 0) {
		m->has |= MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
			| MS_PFKEY_BIT(X_NAT_T_DPORT);
		m->nat_type = sa->encap_type;
		m->nat_sport = sa->encap_src;
		m->nat_dport = sa->encap_dst;
	}
	ms_pfkey_addr_set(&m->src, &sa->src, 0);
	ms_pfkey_addr_set(&m->dst, &sa->said.dst, 0);
	m->counters = (struct ms_pfkey_x_counters){ shared_get(sa->octets), packets,
		shared_get(sa->replay_errors), shared_get(sa->auth_errors) };
	memset(current, 0, sizeof *current);
	current->octets = m->counters.octets;
	current->allocations = sa->allocations;
	current->packets = (uint32_t)packets;
	current->packets_high = (uint32_t)(packets >> 32);
	current->addtime = sa->added_s;
	current->usetime = shared_get(sa->used_s);
	fill_limits(&m->life[MS_PFKEY_LIFE_HARD], &sa->hard);
	fill_limits(&m->life[MS_PFKEY_LIFE_SOFT], &sa->soft);
	m->x_sa = (struct ms_pfkey_x_sa){ .encr = sa->encr == NULL ? 0 : sa->encr->id,
		.integ = sa->integ == NULL ? 0 : sa->integ->id, .window = sa->window,
		.reqid = sa->reqid, .mtu = shared_get(sa->inner_mtu),
		.flags = sa_flags(sa) };
}

int pfkey_get(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct ms_said said = pfkey_said(m);
	struct klips_sa *sa = sadb_find(c->k->sadb, &said);

	if (sa == NULL)
		return ESRCH;
	sa_to_message(sa, m);
	return 0;
}

struct flush {
	struct sadb *db;
	uint8_t protocol; /* 0: all */
};

static bool flush_one(void *arg, struct klips_sa *sa)
{
	struct flush *f = arg;

	if (f->protocol == 0 || sa->said.protocol == f->protocol)
		sadb_remove_group(f->db, sa);
	return true;
}

int pfkey_flush(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct flush f = { c->k->sadb, ms_pfkey_protocol_of(m->satype) };

	if (m->satype != 0 && f.protocol == 0)
		return EINVAL;
	sadb_each(c->k->sadb, flush_one, &f);
	return 0;
}

/* An SA by SPI, protocol and direction: all SAs are looked at, for callers without its address. */
struct search {
	struct ms_said said;
	bool inbound;
	struct klips_sa *found;
	unsigned n;
};

static bool search_one(void *arg, struct klips_sa *sa)
{
	struct search *s = arg;

	if (sa->said.spi == s->said.spi && sa->said.protocol == s->said.protocol
		&& sa->inbound == s->inbound) {
		s->found = sa;
		s->n++;
	}
	return true;
}

int pfkey_move(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	struct ms_said said = pfkey_said(m);
	struct klips_sa *sa = sadb_find(c->k->sadb, &said);

	if (sa == NULL && (m->has & MS_PFKEY_BIT(X_MS_SA)) != 0) {
		struct search s = { .said = said,
			.inbound = (m->x_sa.flags & MS_PFKEY_X_INBOUND) != 0 };

		sadb_each(c->k->sadb, search_one, &s);
		if (s.n > 1)
			return EEXIST;
		sa = s.found;
	}
	if (sa == NULL)
		return ESRCH;
	if (m->src.ep.addr.family != m->dst2.ep.addr.family)
		return EINVAL;
	return pfkey_errno(sa_move(c->k, sa, m));
}

int pfkey_grpsa(struct pfkey_call *c, struct ms_pfkey_msg *m)
{
	const uint64_t two = MS_PFKEY_BIT(X_SATYPE2) | MS_PFKEY_BIT(X_SA2)
		| MS_PFKEY_BIT(X_ADDRESS_DST2);
	struct ms_said said = pfkey_said(m), said2;
	struct klips_sa *first = sadb_find(c->k->sadb, &said), *second;
	char text[TALK_PACKET], text2[TALK_PACKET];
	ms_err err;

	if (first == NULL)
		return ENOENT;
	m->sa.ref = first->ref;
	if ((m->has & two) == 0) {
		sa_ungroup(first);
		return 0;
	}
	if ((m->has & two) != two)
		return EINVAL;
	said2 = (struct ms_said){ m->dst2.ep.addr, m->sa2.spi, ms_pfkey_protocol_of(m->satype2) };
	second = sadb_find(c->k->sadb, &said2);
	if (second == NULL)
		return ENOENT;
	m->sa2.ref = second->ref;
	err = sadb_link(first, second);
	talk(c->k, ROOM_SPI, TALK_ANY, "%s in front of %s: %s", talk_said(text, &said),
		talk_said(text2, &said2), err == MS_OK ? "grouped" : ms_err_text(err));
	if (err == MS_OK)
		sa_group_changed(c->k, first);
	return pfkey_errno(err);
}

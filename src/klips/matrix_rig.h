/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two klips, SAs with whatever the registry offers out of messages as a client sends them, and packets
 * that go from the first to the second.  Included by test programs only.
 */
#ifndef KLIPS_MATRIX_RIG_H
#define KLIPS_MATRIX_RIG_H

#include "klips/ip.h"
#include "klips/ipcomp.h"
#include "klips/pfkey_server.h"
#include "klips/rig.h"
#include "klips/sa_build.h"
#include "klips/xform.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_SUITES = 256, DEPTH = 6, LONGEST = 14, SPI = 0x1000, ROOM = 9000 };
enum { TUN4, TUN6, COMP, ESP, AH, KINDS };
struct suite {
	const struct ms_encr_alg *encr; /* NULL: AH */
	const struct ms_integ_alg *integ;
};

static struct rig rigs[2]; /* packets go from the first to the second */
static struct suite esps[MAX_SUITES], ahs[MAX_SUITES];
static unsigned n_esps, n_ahs;
static uint8_t plain[ROOM], wire[PKT_BUF], got[PKT_BUF];
static uint64_t prng = 88172645463325252u;

static inline unsigned chance(unsigned limit)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (unsigned)(prng >> 33) % limit;
}

/* --- what there is ---------------------------------------------------------------------------- */

static inline void find_suites(void)
{
	struct ms_alg_info e, m;
	unsigned i, j;

	for (i = 0; ms_crypto_list(i, &e); i++) {
		struct suite s = { NULL, NULL };

		if (!e.first || (e.kind != MS_ALG_ENCR && e.kind != MS_ALG_INTEG))
			continue;
		if (e.kind == MS_ALG_INTEG) {
			ahs[n_ahs++].integ = ms_integ_find(e.id);
			continue;
		}
		s.encr = ms_encr_find(e.id, e.key_bits);
		assert_non_null(s.encr);
		for (j = 0; ms_crypto_list(j, &m); j++) {
			if (s.encr->icv_octets == 0 && m.kind == MS_ALG_INTEG && m.first) {
				s.integ = ms_integ_find(m.id);
				esps[n_esps++] = s;
			}
		}
		if (s.encr->icv_octets != 0)
			esps[n_esps++] = s;
		assert_true(n_esps < MAX_SUITES);
	}
}

/* --- SAs from messages -------------------------------------------------------------------------- */

struct member {
	uint8_t kind, net; /* net: end points 2n+1 and 2n+2 */
	int family;	   /* of its end points */
	struct suite suite;
	bool esn, encap;
	uint32_t window;
};

struct chain {
	unsigned n;
	struct klips_sa *sa[2][LONGEST]; /* of either klips */
};

static inline struct ms_addr end_point(int family, unsigned last)
{
	struct ms_addr a = { .family = (uint16_t)family };

	if (family == AF_INET)
		memcpy(a.b, (const uint8_t[]){ 192, 0, 2 }, 3);
	else
		memcpy(a.b, (const uint8_t[]){ 0x20, 1, 0x0d, 0xb8 }, 4);
	a.b[family == AF_INET ? 3 : 15] = (uint8_t)last;
	return a;
}

static const uint8_t key_octets[] = "sixty-four octets or more that are not all the same, so that "
				    "their order counts";

static inline void describe(struct ms_pfkey_msg *m, const struct member *s, uint32_t spi, bool inbound)
{
	static const uint8_t protocols[KINDS] = { MS_PROTO_TUN, MS_PROTO_TUN, MS_PROTO_COMP,
		MS_PROTO_ESP, MS_PROTO_AH };
	struct ms_addr src = end_point(s->family, s->net * 2u + 1);
	struct ms_addr dst = end_point(s->family, s->net * 2u + 2);

	memset(m, 0, sizeof *m);
	m->type = MS_PFKEY_ADD;
	m->satype = ms_pfkey_satype_of(protocols[s->kind]);
	m->has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST)
		| MS_PFKEY_BIT(X_MS_SA);
	m->sa.spi = spi;
	m->sa.state = MS_PFKEY_MATURE;
	ms_pfkey_addr_set(&m->src, &src, 0);
	ms_pfkey_addr_set(&m->dst, &dst, 0);
	m->x_sa.window = s->window;
	m->x_sa.flags = (s->esn ? MS_PFKEY_X_ESN : 0u) | (inbound ? MS_PFKEY_X_INBOUND : 0u);
	if (s->suite.encr != NULL) {
		m->has |= MS_PFKEY_BIT(KEY_ENCRYPT);
		m->x_sa.encr = s->suite.encr->id;
		m->key_encrypt.key = ms_bytes(key_octets,
			(size_t)s->suite.encr->key_octets + s->suite.encr->salt_octets);
	}
	if (s->suite.integ != NULL) {
		m->has |= MS_PFKEY_BIT(KEY_AUTH);
		m->x_sa.integ = s->suite.integ->id;
		m->key_auth.key = ms_bytes(key_octets, s->suite.integ->key_octets);
	}
	if (s->encap) {
		m->has |= MS_PFKEY_BIT(X_NAT_T_TYPE) | MS_PFKEY_BIT(X_NAT_T_SPORT)
			| MS_PFKEY_BIT(X_NAT_T_DPORT);
		m->nat_type = 2;
		m->nat_sport = m->nat_dport = 4500;
	}
}

static inline int add(struct rig *r, struct ms_pfkey_msg *m)
{
	static const struct sa_maker maker = { 1, false };
	struct ms_why why = { "" };

	return pfkey_errno(sa_from_message(&r->k, m, false, &maker, &why));
}

static inline int link_two(struct rig *r, const struct klips_sa *inner, const struct klips_sa *outer)
{
	struct pfkey_call c = { .k = &r->k };
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_GRPSA };

	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST) | MS_PFKEY_BIT(X_SATYPE2)
		| MS_PFKEY_BIT(X_SA2) | MS_PFKEY_BIT(X_ADDRESS_DST2);
	m.satype = ms_pfkey_satype_of(inner->said.protocol);
	m.satype2 = ms_pfkey_satype_of(outer->said.protocol);
	m.sa.spi = inner->said.spi;
	m.sa2.spi = outer->said.spi;
	ms_pfkey_addr_set(&m.dst, &inner->said.dst, 0);
	ms_pfkey_addr_set(&m.dst2, &outer->said.dst, 0);
	return pfkey_grpsa(&c, &m);
}

static inline void chain_free(struct chain *c)
{
	unsigned side, i;

	for (side = 0; side < 2; side++)
		for (i = 0; i < c->n; i++) {
			struct ms_said said = c->sa[side][i]->said;

			/* the whole group goes at once */
			if (sadb_find(rigs[side].k.sadb, &said) != NULL)
				sadb_remove_group(rigs[side].k.sadb, c->sa[side][i]);
		}
	rcu_quiescent_state();
}

/* In both; 0, or the errno that the first refusal came with. */
static inline int chain_new(struct chain *c, const struct member *m, unsigned n)
{
	struct ms_pfkey_msg msg;
	unsigned side, i;
	int err = 0, e;

	memset(c, 0, sizeof *c);
	c->n = n;
	for (side = 0; side < 2; side++) {
		for (i = 0; i < n; i++) {
			struct ms_said said;

			describe(&msg, &m[i], SPI + i, side == 1);
			assert_int_equal(add(&rigs[side], &msg), 0);
			said = pfkey_said(&msg);
			c->sa[side][i] = sadb_find(rigs[side].k.sadb, &said);
			assert_non_null(c->sa[side][i]);
		}
		for (i = 0; i + 1 < n; i++) {
			e = link_two(&rigs[side], c->sa[side][i], c->sa[side][i + 1]);
			err = err == 0 ? e : err;
		}
	}
	if (err != 0)
		chain_free(c);
	return err;
}

/* --- packets ------------------------------------------------------------------------------------ */

static inline void make_plain(int family, uint32_t total, bool noise)
{
	struct ms_addr src = end_point(family, 1), dst = end_point(family, 2);
	unsigned i;

	memset(plain, 0, total);
	ip_write(plain, &src, &dst, IPPROTO_UDP, 0, 63, total);
	for (i = ip_header_octets(&src); noise && i < total; i++)
		plain[i] = (uint8_t)chance(256);
	/* no checksum of UDP: one that is wrong would be made right behind a translator */
	memset(plain + ip_header_octets(&src) + 6, 0, 2);
}

/* What the first klips makes of the plain packet, copied to `wire`; 0: it would not. */
static inline uint32_t protect(const struct chain *c, uint32_t len)
{
	struct pkt *p = rig_packet(&rigs[0], 0, plain, len);
	unsigned i;

	for (i = 0; i < c->n; i++)
		c->sa[0][i]->xform->apply(rigs[0].w, c->sa[0][i], rigs[0].w->batch, 1);
	if (p->dead)
		return 0;
	memcpy(wire, p->data, p->len);
	return p->len;
}

/* What the second klips gives its host of `wire`. */
static inline uint32_t arrive(uint32_t len, bool encap)
{
	struct pkt *p = rig_packet(&rigs[1], 0, wire, len);

	rig_arrive(&rigs[1], p, encap ? 4500 : 0);
	inbound(rigs[1].w, 1);
	return rig_delivered(&rigs[1], got, sizeof got);
}

static inline void carry(const struct chain *c, int family, uint32_t size, bool noise, bool encap)
{
	uint32_t len;

	make_plain(family, size, noise);
	len = protect(c, size);
	assert_int_not_equal(len, 0);
	assert_int_equal(arrive(len, encap), size);
	assert_memory_equal(got, plain, size);
}

static inline void spell(struct member *m, const uint8_t *kinds, unsigned n, int family)
{
	static unsigned turn;
	uint8_t net = 0;
	unsigned i;

	memset(m, 0, n * sizeof *m);
	for (i = 0; i < n; i++, turn++) {
		if (kinds[i] <= TUN6) {
			family = kinds[i] == TUN4 ? AF_INET : AF_INET6;
			net++;
		}
		m[i].kind = kinds[i];
		m[i].family = family;
		m[i].net = net;
		m[i].esn = turn % 3 == 0;
		m[i].window = 64;
		if (kinds[i] == ESP)
			m[i].suite = esps[turn % n_esps];
		if (kinds[i] == AH)
			m[i].suite = ahs[turn % n_ahs];
	}
}

static inline int matrix_start(void **state)
{
	(void)state;
	rig_new(&rigs[0]);
	rig_new(&rigs[1]);
	find_suites();
	return 0;
}

static inline int matrix_end(void **state)
{
	(void)state;
	rig_free(&rigs[1]);
	rig_free(&rigs[0]);
	return 0;
}

#endif

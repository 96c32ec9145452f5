/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/sa_build.h"

#include "klips/device.h"
#include "klips/ipcomp.h"
#include "klips/pmtu.h"
#include "klips/talk.h"
#include "klips/xform.h"

#include <modswan/proposal.h>

#include <stdio.h>

enum { FIRST_TUN_SPI = 0x1001, TUN_SPI_TRIES = 1 << 20, DEFAULT_MTU = 1500 };
enum { COMP_SPI_TRIES = 64, MAX_INNER = 2 };
/* RFC 791 s3.1: every link carries so much */
enum { MIN_INNER_MTU = 68 };

#define HAS(m, id) (((m)->has & MS_PFKEY_BIT(id)) != 0)

/* Octets of salt behind the key: RFC 4106 s8.1, RFC 4309 s7.1, RFC 3686 s5.1, RFC 7634 s2. */
static unsigned salt_octets(uint16_t encr)
{
	switch (encr) {
	case MS_ENCR_AES_CCM_8:
	case MS_ENCR_AES_CCM_12:
	case MS_ENCR_AES_CCM_16:
		return 3;
	case MS_ENCR_AES_CTR:
	case MS_ENCR_AES_GCM_8:
	case MS_ENCR_AES_GCM_12:
	case MS_ENCR_AES_GCM_16:
	case MS_ENCR_CHACHA20_POLY1305:
		return 4;
	}
	return 0;
}

/* Offered, but not with such a key: the key is wrong; else the algorithm is. */
static ms_err no_encr(uint16_t id, size_t octets, struct ms_why *why)
{
	const char *reason = ms_crypto_why_not(MS_ALG_ENCR, id, (uint16_t)(octets * 8));
	char name[64], sizes[64] = "";
	struct ms_alg_info info;
	size_t used = 0;
	unsigned i;

	ms_transform_text(MS_TRANSFORM_ENCR, id, 0, name, sizeof name);
	for (i = 0; ms_crypto_list(i, &info); i++) {
		const struct ms_encr_alg *alg;

		if (info.kind != MS_ALG_ENCR || info.id != id || !info.first || used >= sizeof sizes)
			continue;
		alg = ms_encr_find(id, info.key_bits);
		used += (size_t)snprintf(sizes + used, sizeof sizes - used, "%s%u",
			used == 0 ? "" : ", ", alg->key_octets + alg->salt_octets);
	}
	if (used > 0)
		return ms_fail(why, MS_ERR_BAD_KEY, "%s wants a key of %s octets, got %zu", name, sizes,
			octets);
	return ms_fail(why, MS_ERR_NO_ALGORITHM, "%s is not offered%s%s", name,
		reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
}

static ms_err no_integ(uint16_t id, struct ms_why *why)
{
	const char *reason = ms_crypto_why_not(MS_ALG_INTEG, id, 0);
	char name[64];

	ms_transform_text(MS_TRANSFORM_INTEG, id, 0, name, sizeof name);
	return ms_fail(why, MS_ERR_NO_ALGORITHM, "%s is not offered%s%s", name,
		reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
}

static void say_algorithms(const struct klips *k, const struct klips_sa *sa,
	const struct ms_encr_alg *encr, const struct ms_integ_alg *integ)
{
	char said[TALK_PACKET], cipher[64] = "none", check[64] = "none";

	if (encr != NULL)
		ms_transform_text(MS_TRANSFORM_ENCR, encr->id, (uint16_t)(encr->key_octets * 8), cipher, sizeof cipher);
	if (integ != NULL)
		ms_transform_text(MS_TRANSFORM_INTEG, integ->id, 0, check, sizeof check);
	talk(k, ROOM_XFORM, TALK_ANY, "%s: encryption %s, integrity %s", talk_said(said, &sa->said),
		cipher, check);
}

static ms_err set_crypto(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m,
	struct ms_why *why)
{
	bool x = HAS(m, X_MS_SA);
	uint16_t encr_id = x ? m->x_sa.encr : m->sa.encrypt;
	uint16_t integ_id = x ? m->x_sa.integ : ms_pfkey_integ_of(m->sa.auth);
	size_t octets = HAS(m, KEY_ENCRYPT) ? m->key_encrypt.key.len : 0;
	const struct ms_encr_alg *encr = NULL;
	const struct ms_integ_alg *integ = NULL;
	bool ah = sa->said.protocol == MS_PROTO_AH;

	if (ah && (encr_id != 0 || octets != 0 || integ_id == 0))
		return ms_fail(why, MS_ERR_SYNTAX, "AH has an integrity algorithm and nothing else");
	if (!ah && octets >= salt_octets(encr_id))
		encr = ms_encr_find(encr_id, (uint16_t)((octets - salt_octets(encr_id)) * 8));
	if (!ah && encr == NULL)
		return no_encr(encr_id, octets, why);
	if (!x && m->sa.auth != 0 && integ_id == 0)
		return ms_fail(why, MS_ERR_NO_ALGORITHM, "no authentication %u", m->sa.auth);
	if (integ_id != 0) {
		integ = ms_integ_find(integ_id);
		if (integ == NULL)
			return no_integ(integ_id, why);
	}
	if (talks(k, ROOM_XFORM, TALK_ANY))
		say_algorithms(k, sa, encr, integ);
	return sa_set_crypto(sa, encr, integ, m->key_encrypt.key, m->key_auth.key, k->n_workers, why);
}

static void set_limits(struct sa_limits *out, const struct ms_pfkey_life *in)
{
	out->octets = in->octets;
	out->packets = (uint64_t)in->packets_high << 32 | in->packets;
	out->add_s = in->addtime;
	out->use_s = in->usetime;
	out->allocations = in->allocations;
}

/* Inbound is what was said, else what ends at one of our addresses. */
static bool is_inbound(const struct klips *k, const struct ms_pfkey_msg *m)
{
	unsigned i;

	if (HAS(m, X_MS_SA) && (m->x_sa.flags & MS_PFKEY_X_GUESS) == 0)
		return (m->x_sa.flags & MS_PFKEY_X_INBOUND) != 0;
	for (i = 0; i < k->devices->n; i++)
		if (device_has_addr(k->devices->devices[i], &m->dst.ep.addr))
			return true;
	return false;
}

static void set_header_rules(struct klips_sa *sa, uint32_t flags)
{
	sa->df = (flags & MS_PFKEY_X_DF_SET) != 0 ? MS_DF_SET
		: (flags & MS_PFKEY_X_DF_CLEAR) != 0 ? MS_DF_CLEAR : MS_DF_COPY;
	sa->encap_dscp = (flags & MS_PFKEY_X_SHOW_DSCP) != 0 ? MS_DSCP_SHOW
		: (flags & MS_PFKEY_X_HIDE_DSCP) != 0 ? MS_DSCP_HIDE : MS_DSCP_DEFAULT;
	sa->decap_dscp = (flags & MS_PFKEY_X_DECAP_DSCP) != 0;
	sa->bare = (flags & MS_PFKEY_X_BARE) != 0
		&& (sa->said.protocol == MS_PROTO_TUN || sa->said.protocol == MS_PROTO_COMP);
}

static ms_err set_common(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m)
{
	sa->state = MS_PFKEY_MATURE;
	sa->src = m->src.ep.addr;
	sa->inbound = is_inbound(k, m);
	sa->added_s = klips_now_s(k);
	if (HAS(m, X_MS_SA)) {
		sa->reqid = m->x_sa.reqid;
		sa->mtu = m->x_sa.mtu;
		set_header_rules(sa, m->x_sa.flags);
	}
	if (HAS(m, X_MS_SELECTORS) && sa->inbound)
		return sa_set_selectors(sa, m->selectors);
	if (HAS(m, X_MS_SEL_SRC) && HAS(m, X_MS_SEL_DST) && sa->inbound)
		return sa_set_content(sa, &m->sel_src, &m->sel_dst);
	return MS_OK;
}

static void set_encap(struct klips_sa *sa, const struct ms_pfkey_msg *m)
{
	sa->encap_type = HAS(m, X_NAT_T_TYPE) ? m->nat_type : 0;
	sa->encap_src = sa->encap_type != 0 ? m->nat_sport : 0;
	sa->encap_dst = sa->encap_type != 0 ? m->nat_dport : 0;
}

/* Window, sequence numbers, keys: ESP and AH. */
static ms_err build_keyed(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m,
	struct ms_why *why)
{
	ms_err err;

	if (HAS(m, X_NAT_T_TYPE) && m->nat_type != 0
		&& (m->nat_type != 2 || m->nat_sport == 0 || m->nat_dport == 0))
		return ms_fail(why, MS_ERR_UNSUPPORTED, "UDP encapsulation type %u", m->nat_type);
	/* RFC 3948 s1: AH cannot pass a NAT */
	if (HAS(m, X_NAT_T_TYPE) && m->nat_type != 0 && sa->said.protocol != MS_PROTO_ESP)
		return ms_fail(why, MS_ERR_UNSUPPORTED, "only ESP goes in UDP");
	set_encap(sa, m);
	sa->esn = HAS(m, X_MS_SA) && (m->x_sa.flags & MS_PFKEY_X_ESN) != 0;
	err = sa_set_window(sa, HAS(m, X_MS_SA) ? m->x_sa.window : m->sa.replay);
	if (err == MS_OK)
		err = ms_random(&sa->iv_start, sizeof sa->iv_start);
	return err == MS_OK ? set_crypto(k, sa, m, why) : err;
}

/* RFC 3173 s3.3: the CPI has 16 bits; algorithm 2 is deflate, 0 stands for it. */
static ms_err build_comp(const struct klips_sa *sa, const struct ms_pfkey_msg *m,
	struct ms_why *why)
{
	if (sa->said.spi > IPCOMP_LAST_CPI)
		return ms_fail(why, MS_ERR_RANGE, "CPI %u is more than %d", sa->said.spi,
			IPCOMP_LAST_CPI);
	if (m->sa.encrypt != 0 && m->sa.encrypt != IPCOMP_DEFLATE)
		return ms_fail(why, MS_ERR_NO_ALGORITHM, "no compression %u", m->sa.encrypt);
	return MS_OK;
}

/* Names and places that only the SA itself has, not the inner ones. */
static ms_err set_own(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m,
	struct ms_why *why)
{
	sa->flags = m->sa.flags;
	if (HAS(m, X_SAREF)) {
		sa->ref = m->saref.me;
		sa->ref_him = m->saref.him;
	}
	if (!HAS(m, X_PLUMBIF_NUM))
		return MS_OK;
	if (m->plumb < DEVICE_FIRST_IFNUM)
		return ms_fail(why, MS_ERR_UNSUPPORTED, "device %u is none of ours: ipsec0 is %u", m->plumb,
			DEVICE_FIRST_IFNUM);
	sa->outif = m->plumb - DEVICE_FIRST_IFNUM + 1u;
	if (device_numbered(k, sa->outif - 1) == NULL)
		return ms_fail(why, MS_ERR_UNKNOWN, "there is no ipsec%u", sa->outif - 1);
	return MS_OK;
}

/* The SA that the message names first. */
static ms_err build_first(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m,
	struct ms_why *why)
{
	ms_err err = set_common(k, sa, m);

	if (err == MS_OK)
		err = set_own(k, sa, m, why);
	if (err != MS_OK || sa->said.protocol == MS_PROTO_TUN)
		return err;
	if (HAS(m, LIFETIME_SOFT))
		set_limits(&sa->soft, &m->life[MS_PFKEY_LIFE_SOFT]);
	if (HAS(m, LIFETIME_HARD))
		set_limits(&sa->hard, &m->life[MS_PFKEY_LIFE_HARD]);
	switch (sa->said.protocol) {
	case MS_PROTO_AH:
	case MS_PROTO_ESP:
		return build_keyed(k, sa, m, why);
	case MS_PROTO_COMP:
		return build_comp(sa, m, why);
	}
	return ms_fail(why, MS_ERR_UNSUPPORTED, "no transform for protocol %u", sa->said.protocol);
}

/* As the family did: numbers from 0x1001 upwards, the first that is free. */
static uint32_t free_tun_spi(struct klips *k, const struct ms_addr *dst)
{
	static uint32_t next = FIRST_TUN_SPI;
	struct ms_said said = { .dst = *dst, .protocol = MS_PROTO_TUN };
	unsigned i;

	for (i = 0; i < TUN_SPI_TRIES; i++) {
		said.spi = next++;
		if (next < FIRST_TUN_SPI)
			next = FIRST_TUN_SPI;
		if (said.spi >= FIRST_TUN_SPI && sadb_find(k->sadb, &said) == NULL)
			return said.spi;
	}
	return 0;
}

/* The IPIP SA that goes first in the group; sa2.spi 0: we choose. */
static ms_err build_tunnel(struct klips *k, struct ms_pfkey_msg *m, struct klips_sa **out,
	struct ms_why *why)
{
	struct ms_said said = { .dst = m->dst2.ep.addr, .spi = m->sa2.spi,
		.protocol = MS_PROTO_TUN };
	ms_err err;

	if (!HAS(m, X_SATYPE2) || !HAS(m, X_ADDRESS_DST2) || m->satype2 != MS_PFKEY_SATYPE_IPIP
		|| said.dst.family != m->src.ep.addr.family)
		return ms_fail(why, MS_ERR_SYNTAX, "the second SA must be IPIP of the same family");
	if (said.spi == 0)
		said.spi = m->sa2.spi = free_tun_spi(k, &said.dst);
	if (sadb_find(k->sadb, &said) != NULL)
		return MS_ERR_DUPLICATE;
	*out = sa_new(&said);
	if (*out == NULL)
		return MS_ERR_NOMEM;
	err = set_common(k, *out, m);
	if (err != MS_OK)
		sa_free(out);
	return err;
}

/* Peers choose CPIs, and there are not many: the same one may come again for one address.  The
 * packets show the low half of the SPI, so the other half makes the name unique. */
static bool free_comp_name(struct klips *k, struct ms_said *said)
{
	uint32_t cpi = said->spi;
	uint16_t high = 0;
	unsigned i;

	for (i = 0; i < COMP_SPI_TRIES; i++) {
		said->spi = (uint32_t)high << 16 | cpi;
		if (sadb_find(k->sadb, said) == NULL)
			return true;
		if (ms_random(&high, sizeof high) != MS_OK)
			return false;
	}
	return false;
}

/* The IPComp SA that X_MS_SA asks for. */
static ms_err build_inner_comp(struct klips *k, const struct ms_pfkey_msg *m, struct klips_sa **out,
	struct ms_why *why)
{
	struct ms_said said = { m->dst.ep.addr, m->x_sa.cpi, MS_PROTO_COMP };
	ms_err err;

	if (ms_pfkey_protocol_of(m->satype) != MS_PROTO_ESP
		&& ms_pfkey_protocol_of(m->satype) != MS_PROTO_AH)
		return ms_fail(why, MS_ERR_SYNTAX, "a CPI for an SA that is neither ESP nor AH");
	if (!free_comp_name(k, &said))
		return MS_ERR_DUPLICATE;
	*out = sa_new(&said);
	if (*out == NULL)
		return MS_ERR_NOMEM;
	err = set_common(k, *out, m);
	if (err != MS_OK)
		sa_free(out);
	return err;
}

/* Inner ones of the group, linked before anybody can find them.  On error nothing is in the table. */
static ms_err build_inner(struct klips *k, struct klips_sa *sa, struct ms_pfkey_msg *m,
	struct klips_sa *inner[MAX_INNER], struct ms_why *why)
{
	ms_err err = MS_OK;
	unsigned i, n = 0;

	if (HAS(m, X_SA2))
		err = build_tunnel(k, m, &inner[n++], why);
	if (err == MS_OK && HAS(m, X_MS_SA) && m->x_sa.cpi != 0)
		err = build_inner_comp(k, m, &inner[n++], why);
	for (i = 0; i < n && err == MS_OK; i++)
		err = sadb_link(inner[i], i + 1 < n ? inner[i + 1] : sa);
	return err;
}

static void give_up(struct klips *k, struct klips_sa *inner[MAX_INNER], struct klips_sa *sa)
{
	unsigned i;

	if (sa != NULL) {
		sadb_release_ref(k->sadb, sa);
		sadb_unlink_group(sa);
	}
	for (i = 0; i < MAX_INNER; i++)
		if (inner[i] != NULL && sadb_find(k->sadb, &inner[i]->said) == inner[i])
			sadb_remove_group(k->sadb, inner[i]);
		else
			sa_free(&inner[i]);
	sa_free(&sa);
}

static void answer_refs(struct ms_pfkey_msg *m, const struct klips_sa *sa)
{
	const struct klips_sa *head = sa;

	while (head->inner != NULL)
		head = head->inner;
	m->sa.ref = m->saref.me = sa->ref;
	if (HAS(m, X_SA2))
		m->sa2.ref = head->ref;
}

ms_err sa_from_message(struct klips *k, struct ms_pfkey_msg *m, bool update,
	const struct sa_maker *maker, struct ms_why *why)
{
	struct ms_said said = { m->dst.ep.addr, m->sa.spi, ms_pfkey_protocol_of(m->satype) };
	struct klips_sa *sa = sa_new(&said), *inner[MAX_INNER] = { NULL, NULL };
	char text[TALK_PACKET], in[TALK_PACKET];
	ms_err err = sa == NULL ? MS_ERR_NOMEM : build_first(k, sa, m, why);
	unsigned i;

	if (err == MS_OK)
		err = sadb_reserve_ref(k->sadb, sa);
	if (err == MS_OK)
		err = build_inner(k, sa, m, inner, why);
	for (i = 0; err == MS_OK && i < MAX_INNER; i++)
		if (inner[i] != NULL)
			/* their names were free a moment ago, and nobody else takes any */
			err = sadb_put(k->sadb, inner[i], false);
	if (err == MS_OK)
		err = sadb_put(k->sadb, sa, update);
	if (err != MS_OK) {
		give_up(k, inner, sa);
		return err;
	}
	sa->pid = maker->pid;
	sa->managed = maker->manager;
	answer_refs(m, sa);
	sadb_schedule(k->sadb, sa, klips_now_s(k));
	sa_group_changed(k, sa);
	talk(k, ROOM_SPI, TALK_ANY, "%s is %s, %s, in a group from %s on", talk_said(text, &said),
		update ? "updated" : "added", sa->inbound ? "inbound" : "outbound",
		talk_said(in, &sa_head(sa)->said));
	return MS_OK;
}

/* The largest packet that may go into the group, for outer ones of `size` octets. */
static uint32_t room_inside(const struct klips_sa *outermost, uint32_t size,
	const struct klips_sa *head)
{
	const struct klips_sa *sa;

	for (sa = outermost; sa != NULL; sa = sa->inner)
		size = sa->xform == NULL ? size : sa->xform->room(sa, size);
	if (size < MIN_INNER_MTU)
		size = MIN_INNER_MTU; /* the rest is cut outside */
	return head->mtu != 0 && head->mtu < size ? head->mtu : size;
}

void sa_group_changed(struct klips *k, struct klips_sa *member)
{
	struct klips_sa *head = sa_head(member), *sa = head;
	struct klips_device *d = NULL;
	uint32_t size, room;
	unsigned i;

	if (head->inbound) {
		for (i = 0; sa != NULL; sa = sa->outer)
			i = sa->outif != 0 ? sa->outif : i;
		shared_set(head->to_device, i);
		return;
	}
	while (sa->outer != NULL)
		sa = sa->outer;
	for (i = 0; i < k->devices->n; i++)
		if (device_has_addr(k->devices->devices[i], &sa->src))
			d = k->devices->devices[i];
	size = d != NULL ? d->phys_mtu : DEFAULT_MTU;
	/* what a path is narrower than its device is not the device's affair */
	if (d != NULL && (room = room_inside(sa, size, head)) != 0)
		device_lower_mtu(d, room);
	shared_set(sa->path_mtu, pmtu_join(k->pmtu, sa));
	if (sa->path_mtu != 0 && sa->path_mtu < size)
		size = sa->path_mtu;
	shared_set(head->inner_mtu, room_inside(sa, size, head));
}

void sa_ungroup(struct klips_sa *member)
{
	struct klips_sa *sa;

	for (sa = sa_head(member); sa != NULL; sa = sa->outer)
		shared_set(sa->to_device, sa->inbound ? sa->outif : 0);
	sadb_unlink_group(member);
}

/* --- moving ----------------------------------------------------------------------------------- */

/* Eroutes that led to the SA follow it. */
static void follow(struct klips *k, struct klips_sa *sa)
{
	struct cds_list_head before, *at, *next;

	/* those that follow join the SA's list: walk what it was */
	CDS_INIT_LIST_HEAD(&before);
	cds_list_splice(&sa->eroutes, &before);
	CDS_INIT_LIST_HEAD(&sa->eroutes);
	cds_list_for_each_safe(at, next, &before) {
		struct eroute *new = eroute_clone(rcu_container(at, struct eroute, by_sa));

		if (new == NULL)
			continue;
		new->said = sa->said;
		if (eroute_put(k->eroutes, new, true) != MS_OK)
			eroute_free(&new);
		else
			eroute_cache_sa(new, sa);
	}
	cds_list_splice(&before, &sa->eroutes); /* without memory they stay as they were */
}

/* The group is taken out and put back under its new name; packets that come in between find
 * nothing, as they would on the old path.  What workers read as constant changes only after a grace
 * period. */
ms_err sa_move(struct klips *k, struct klips_sa *sa, const struct ms_pfkey_msg *m)
{
	struct ms_said said = { m->dst2.ep.addr, sa->said.spi, sa->said.protocol };
	struct klips_sa *i, *found = sadb_find(k->sadb, &said);
	struct ms_addr old = sa->said.dst;

	if (found != NULL && found != sa)
		return MS_ERR_DUPLICATE;
	for (i = sa_head(sa); i != NULL; i = i->outer)
		sadb_take(k->sadb, i);
	rcu_wait();
	for (i = sa_head(sa); i != NULL; i = i->outer) {
		if (ms_addr_eq(&i->said.dst, &old)) { /* not those of tunnels inside the tunnel */
			i->src = m->src.ep.addr;
			i->said.dst = m->dst2.ep.addr;
		}
		if (i->said.protocol == MS_PROTO_ESP && HAS(m, X_NAT_T_TYPE))
			set_encap(i, m);
		__atomic_fetch_and(&i->told, (uint8_t)~SA_TOLD_MAPPING, __ATOMIC_RELAXED);
		sadb_put_back(k->sadb, i);
	}
	for (i = sa_head(sa); i != NULL; i = i->outer)
		follow(k, i);
	sa_group_changed(k, sa);
	return MS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The tables: where fields stand in an extension, which extensions a message has. */
#include "lib/pfkey/pfkey_table.h"

#define FIELD(k, pos, type, m, text) { PFKEY_##k, (pos), offsetof(type, m), text }
#define VALUE(k, pos, text) { PFKEY_##k, (pos), 0, text }

static const struct pfkey_field f_sa[] = {
	FIELD(BE32, 4, struct ms_pfkey_sa, spi, "spi"),
	FIELD(U8, 8, struct ms_pfkey_sa, replay, "replay"),
	FIELD(U8, 9, struct ms_pfkey_sa, state, "state"),
	FIELD(U8, 10, struct ms_pfkey_sa, auth, "auth"),
	FIELD(U8, 11, struct ms_pfkey_sa, encrypt, "encrypt"),
	FIELD(U32, 12, struct ms_pfkey_sa, flags, "flags"),
	FIELD(U32, 16, struct ms_pfkey_sa, ref, "ref"),
};
static const struct pfkey_field f_life[] = {
	FIELD(U32, 4, struct ms_pfkey_life, allocations, "alloc"),
	FIELD(U64, 8, struct ms_pfkey_life, octets, "bytes"),
	FIELD(U64, 16, struct ms_pfkey_life, addtime, "add"),
	FIELD(U64, 24, struct ms_pfkey_life, usetime, "use"),
	FIELD(U32, 32, struct ms_pfkey_life, packets, "packets"),
	FIELD(U32, 36, struct ms_pfkey_life, packets_high, "packets_high"),
};
static const struct pfkey_field f_addr[] = {
	FIELD(U8, 4, struct ms_pfkey_addr, proto, "proto"),
	FIELD(U8, 5, struct ms_pfkey_addr, prefix, "prefix"),
	FIELD(SOCKADDR, 8, struct ms_pfkey_addr, ep, "addr"),
};
static const struct pfkey_field f_key[] = {
	FIELD(U16, 4, struct ms_pfkey_key, bits, "bits"),
	FIELD(BITS_KEY, 8, struct ms_pfkey_key, key, "key"),
};
static const struct pfkey_field f_ident[] = {
	FIELD(U16, 4, struct ms_pfkey_ident, type, "type"),
	FIELD(U64, 8, struct ms_pfkey_ident, id, "id"),
	FIELD(TEXT, 16, struct ms_pfkey_ident, text, "text"),
};
static const struct pfkey_field f_rest[] = { VALUE(REST, 8, "list") };
static const struct pfkey_field f_proposal[] = {
	FIELD(U8, 4, struct ms_pfkey_msg, proposal_replay, "replay"),
	FIELD(REST, 8, struct ms_pfkey_msg, combs, "combs"),
};
static const struct pfkey_field f_range[] = {
	FIELD(U32, 4, struct ms_pfkey_spirange, min, "min"),
	FIELD(U32, 8, struct ms_pfkey_spirange, max, "max"),
};
static const struct pfkey_field f_byte[] = { VALUE(U8, 4, "value") };
static const struct pfkey_field f_port[] = { VALUE(BE16, 4, "port") };
static const struct pfkey_field f_u16[] = { VALUE(U16, 4, "value") };
static const struct pfkey_field f_u32[] = { VALUE(U32, 4, "value") };
static const struct pfkey_field f_debug[] = {
	FIELD(U32, 4, struct ms_pfkey_debug, word[0], "tunnel"),
	FIELD(U32, 8, struct ms_pfkey_debug, word[1], "netlink"),
	FIELD(U32, 12, struct ms_pfkey_debug, word[2], "xform"),
	FIELD(U32, 16, struct ms_pfkey_debug, word[3], "eroute"),
	FIELD(U32, 20, struct ms_pfkey_debug, word[4], "spi"),
	FIELD(U32, 24, struct ms_pfkey_debug, word[5], "radij"),
	FIELD(U32, 28, struct ms_pfkey_debug, word[6], "esp"),
	FIELD(U32, 32, struct ms_pfkey_debug, word[7], "ah"),
	FIELD(U32, 36, struct ms_pfkey_debug, word[8], "rcv"),
	FIELD(U32, 40, struct ms_pfkey_debug, word[9], "pfkey"),
	FIELD(U32, 44, struct ms_pfkey_debug, word[10], "ipcomp"),
	FIELD(U32, 48, struct ms_pfkey_debug, word[11], "verbose"),
};
static const struct pfkey_field f_protocol[] = {
	FIELD(U8, 4, struct ms_pfkey_protocol, proto, "proto"),
	FIELD(U8, 5, struct ms_pfkey_protocol, direction, "direction"),
	FIELD(U8, 6, struct ms_pfkey_protocol, flags, "flags"),
};
static const struct pfkey_field f_saref[] = {
	FIELD(U32, 4, struct ms_pfkey_saref, me, "me"),
	FIELD(U32, 8, struct ms_pfkey_saref, him, "him"),
};
static const struct pfkey_field f_x_sa[] = {
	FIELD(U16, 4, struct ms_pfkey_x_sa, encr, "encr"),
	FIELD(U16, 6, struct ms_pfkey_x_sa, integ, "integ"),
	FIELD(U32, 8, struct ms_pfkey_x_sa, window, "window"),
	FIELD(U32, 12, struct ms_pfkey_x_sa, reqid, "reqid"),
	FIELD(U32, 16, struct ms_pfkey_x_sa, mtu, "mtu"),
	FIELD(U32, 20, struct ms_pfkey_x_sa, flags, "flags"),
	FIELD(U16, 24, struct ms_pfkey_x_sa, cpi, "cpi"),
};
static const struct pfkey_field f_selector[] = { VALUE(SELECTOR, 4, "selector") };
static const struct pfkey_field f_counters[] = {
	FIELD(U64, 8, struct ms_pfkey_x_counters, octets, "octets"),
	FIELD(U64, 16, struct ms_pfkey_x_counters, packets, "packets"),
	FIELD(U64, 24, struct ms_pfkey_x_counters, replay_errors, "replay_errors"),
	FIELD(U64, 32, struct ms_pfkey_x_counters, auth_errors, "auth_errors"),
};
static const struct pfkey_field f_device[] = {
	FIELD(U32, 4, struct ms_pfkey_x_device, mtu, "mtu"),
	FIELD(NAME, 8, struct ms_pfkey_x_device, name, "name"),
	FIELD(NAME, 24, struct ms_pfkey_x_device, phys, "phys"),
	FIELD(U32, 40, struct ms_pfkey_x_device, mss, "mss"),
};
static const struct pfkey_field f_data[] = { VALUE(LENGTH_DATA, 8, "data") };
static const struct pfkey_field f_instance[] = {
	FIELD(U32, 4, struct ms_pfkey_x_instance, exit, "exit"),
	FIELD(U64, 8, struct ms_pfkey_x_instance, id, "id"),
	FIELD(U32, 16, struct ms_pfkey_x_instance, sas, "sas"),
	FIELD(U32, 20, struct ms_pfkey_x_instance, eroutes, "eroutes"),
};

#define EXT(id, f, lo, hi, m)                                                                      \
	[MS_PFKEY_EXT_##id] = { #id, f, sizeof f / sizeof f[0], (lo), (hi),                        \
		offsetof(struct ms_pfkey_msg, m) }
#define ADDRESS(id, m) EXT(id, f_addr, 24, 40, m)

static const struct pfkey_ext exts[MS_PFKEY_EXT_LIMIT] = {
	EXT(SA, f_sa, 24, 24, sa),
	EXT(LIFETIME_CURRENT, f_life, 40, 40, life[MS_PFKEY_LIFE_CURRENT]),
	EXT(LIFETIME_HARD, f_life, 40, 40, life[MS_PFKEY_LIFE_HARD]),
	EXT(LIFETIME_SOFT, f_life, 40, 40, life[MS_PFKEY_LIFE_SOFT]),
	ADDRESS(ADDRESS_SRC, src),
	ADDRESS(ADDRESS_DST, dst),
	ADDRESS(ADDRESS_PROXY, proxy),
	EXT(KEY_AUTH, f_key, 16, 0, key_auth),
	EXT(KEY_ENCRYPT, f_key, 16, 0, key_encrypt),
	EXT(IDENTITY_SRC, f_ident, 16, 0, id_src),
	EXT(IDENTITY_DST, f_ident, 16, 0, id_dst),
	EXT(SENSITIVITY, f_rest, 16, 0, sensitivity),
	/* f_proposal counts from the start of the message */
	[MS_PFKEY_EXT_PROPOSAL] = { "PROPOSAL", f_proposal, 2, 8, 0, 0 },
	EXT(SUPPORTED_AUTH, f_rest, 8, 0, supported_auth),
	EXT(SUPPORTED_ENCRYPT, f_rest, 8, 0, supported_encrypt),
	EXT(SPIRANGE, f_range, 16, 16, range),
	EXT(X_SATYPE2, f_byte, 8, 8, satype2),
	EXT(X_SA2, f_sa, 24, 24, sa2),
	ADDRESS(X_ADDRESS_DST2, dst2),
	ADDRESS(X_ADDRESS_SRC_FLOW, src_flow),
	ADDRESS(X_ADDRESS_DST_FLOW, dst_flow),
	ADDRESS(X_ADDRESS_SRC_MASK, src_mask),
	ADDRESS(X_ADDRESS_DST_MASK, dst_mask),
	EXT(X_DEBUG_SET, f_debug, 56, 56, debug),
	EXT(X_PROTOCOL, f_protocol, 8, 8, protocol),
	EXT(X_NAT_T_TYPE, f_byte, 8, 8, nat_type),
	EXT(X_NAT_T_SPORT, f_port, 8, 8, nat_sport),
	EXT(X_NAT_T_DPORT, f_port, 8, 8, nat_dport),
	ADDRESS(X_NAT_T_OA, oa),
	EXT(X_PLUMBIF_NUM, f_u16, 8, 8, plumb),
	EXT(X_SAREF, f_saref, 16, 16, saref),
	EXT(X_MS_SA, f_x_sa, 32, 32, x_sa),
	EXT(X_MS_SEL_SRC, f_selector, 48, 48, sel_src),
	EXT(X_MS_SEL_DST, f_selector, 48, 48, sel_dst),
	EXT(X_MS_COUNTERS, f_counters, 40, 40, counters),
	EXT(X_MS_DEVICE, f_device, 48, 48, device),
	ADDRESS(X_MS_LOCAL, local),
	ADDRESS(X_MS_REMOTE, remote),
	EXT(X_MS_DATA, f_data, 8, 0, data),
	EXT(X_MS_CHAIN, f_u32, 8, 8, chain),
	EXT(X_MS_INSTANCE, f_instance, 24, 24, instance),
	EXT(X_MS_SELECTORS, f_rest, 8 + MS_PFKEY_SELECTOR_OCTETS, 0, selectors),
};

/* Short names for sets of extensions, as in the table of reference/klips s8. */
#define B(id) MS_PFKEY_BIT(id)
#define S_ B(SA)
#define AD_ (B(ADDRESS_SRC) | B(ADDRESS_DST))
#define HF_ (B(LIFETIME_HARD) | B(LIFETIME_SOFT))
#define C_ B(LIFETIME_CURRENT)
#define P_ B(ADDRESS_PROXY)
#define K_ (B(KEY_AUTH) | B(KEY_ENCRYPT))
#define I_ (B(IDENTITY_SRC) | B(IDENTITY_DST) | B(SENSITIVITY))
#define NP_ (B(X_NAT_T_SPORT) | B(X_NAT_T_DPORT))
#define N_ (NP_ | B(X_NAT_T_TYPE) | B(X_NAT_T_OA))
#define TWO_ (B(X_SATYPE2) | B(X_SA2) | B(X_ADDRESS_DST2))
#define FL_                                                                                        \
	(B(X_ADDRESS_SRC_FLOW) | B(X_ADDRESS_DST_FLOW) | B(X_ADDRESS_SRC_MASK)                     \
		| B(X_ADDRESS_DST_MASK))
#define X_ (B(X_MS_SA) | B(X_MS_SEL_SRC) | B(X_MS_SEL_DST) | B(X_MS_SELECTORS))
/* Ours: ADD and UPDATE that name a second SA make that one too and put it first in a group. */
#define MORE_ (B(X_PLUMBIF_NUM) | B(X_SAREF) | TWO_ | X_)
#define CH_ B(X_MS_CHAIN)
#define PR_ B(X_PROTOCOL)

#define MESSAGE(id, any, nd, md, nu, mu)                                                           \
	[MS_PFKEY_##id] = { #id, any, { (nd), (nu) }, { (nd) | (md) | CH_, (nu) | (mu) | CH_ },    \
		{ true, true } }
#define MESSAGE_UP(id, any, nu, mu)                                                                \
	[MS_PFKEY_##id] = { #id, any, { 0, (nu) }, { 0, (nu) | (mu) }, { false, true } }

static const struct pfkey_message messages[] = {
	MESSAGE(GETSPI, false, AD_ | B(SPIRANGE), P_, S_ | AD_, 0),
	MESSAGE(UPDATE, false, S_ | AD_, C_ | HF_ | P_ | K_ | I_ | N_ | MORE_, S_ | AD_,
		C_ | HF_ | P_ | I_ | N_ | MORE_),
	MESSAGE(ADD, false, S_ | AD_, HF_ | P_ | K_ | I_ | N_ | MORE_, S_ | AD_,
		HF_ | I_ | N_ | MORE_),
	MESSAGE(DELETE, false, S_ | AD_, 0, S_ | AD_, 0),
	MESSAGE(GET, false, S_ | AD_, 0, S_ | AD_,
		C_ | HF_ | P_ | K_ | I_ | N_ | X_ | B(X_SAREF) | B(X_MS_COUNTERS)),
	MESSAGE(ACQUIRE, false, AD_ | B(PROPOSAL), P_ | I_, AD_ | B(PROPOSAL), P_ | I_),
	MESSAGE(REGISTER, true, 0, 0, 0, B(SUPPORTED_AUTH) | B(SUPPORTED_ENCRYPT)),
	MESSAGE_UP(EXPIRE, false, S_ | C_ | AD_, HF_),
	MESSAGE(FLUSH, true, 0, 0, 0, 0),
	MESSAGE(DUMP, true, 0, 0, S_ | AD_,
		K_ | C_ | HF_ | P_ | I_ | N_ | X_ | B(X_SAREF)),
	/* upwards a whole message follows */
	[MS_PFKEY_X_PROMISC] = { "X_PROMISC", true, { 0, 0 }, { CH_, 0 }, { true, true } },
	MESSAGE(X_PCHANGE, true, 0, 0, 0, 0),
	MESSAGE(X_GRPSA, false, S_ | B(ADDRESS_DST), TWO_, S_ | B(ADDRESS_DST), TWO_),
	MESSAGE(X_ADDFLOW, false, S_ | B(ADDRESS_DST) | FL_, B(ADDRESS_SRC) | I_ | PR_,
		S_ | B(ADDRESS_DST) | FL_, B(ADDRESS_SRC) | I_ | PR_),
	MESSAGE(X_DELFLOW, true, 0, FL_ | S_ | I_ | PR_, 0, FL_ | S_ | I_ | PR_),
	MESSAGE(X_DEBUG, true, B(X_DEBUG_SET), 0, B(X_DEBUG_SET), 0),
	MESSAGE_UP(X_NAT_T_NEW_MAPPING, false, S_ | AD_ | NP_, 0),
	MESSAGE(X_PLUMBIF, true, B(X_PLUMBIF_NUM), 0, B(X_PLUMBIF_NUM), 0),
	MESSAGE(X_UNPLUMBIF, true, B(X_PLUMBIF_NUM), 0, B(X_PLUMBIF_NUM), 0),
	MESSAGE(X_MS_HELLO, true, 0, 0, B(X_MS_INSTANCE), 0),
	MESSAGE(X_MS_ATTACH, true, B(X_MS_DEVICE), 0, B(X_MS_DEVICE), 0),
	MESSAGE(X_MS_DETACH, true, B(X_MS_DEVICE), 0, B(X_MS_DEVICE), 0),
	MESSAGE(X_MS_ENCAP_SOCKET, true, B(X_MS_LOCAL), 0, B(X_MS_LOCAL), 0),
	MESSAGE_UP(X_MS_DATAGRAM, true, B(X_MS_LOCAL) | B(X_MS_REMOTE) | B(X_MS_DATA), 0),
	MESSAGE(X_MS_MOVE, false, S_ | AD_ | B(X_ADDRESS_DST2), N_ | B(X_MS_SA), S_ | AD_,
		N_ | B(X_ADDRESS_DST2) | B(X_MS_SA)),
	MESSAGE(X_MS_TEARDOWN, true, 0, B(X_MS_INSTANCE), 0, B(X_MS_INSTANCE)),
};

const struct pfkey_ext *pfkey_ext_row(unsigned id)
{
	return id < MS_PFKEY_EXT_LIMIT && exts[id].name != NULL ? &exts[id] : NULL;
}

const struct pfkey_message *pfkey_message_row(unsigned type)
{
	if (type >= sizeof messages / sizeof messages[0] || messages[type].name == NULL)
		return NULL;
	return &messages[type];
}

/* The first extension of `need` that is not in `has`, or NULL. */
const char *pfkey_missing(uint64_t need, uint64_t has)
{
	unsigned id;

	for (id = 0; id < MS_PFKEY_EXT_LIMIT; id++)
		if ((need & ~has & UINT64_C(1) << id) != 0)
			return ms_pfkey_ext_name(id);
	return NULL;
}

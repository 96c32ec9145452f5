/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PF_KEYv2 (RFC 2367) with the KLIPS extensions, as spoken on RUNDIR/klips.sock.
 *
 * One struct holds any message in decoded form; layout tables in lib/pfkey read it, write it and
 * print it.  Numbers 1..32 are the family's; what only our klips understands (X_MS_...) starts at
 * 48 for extensions and 64 for message types.  Multi-octet fields are in host order, as everywhere
 * in PF_KEY, except SPIs and ports inside socket addresses.
 *
 * Decoded views (struct ms_bytes) point into the buffer that was parsed.
 */
#ifndef MODSWAN_PFKEY_H
#define MODSWAN_PFKEY_H

#include <modswan/addr.h>
#include <modswan/error.h>
#include <modswan/mem.h>

#include <stdbool.h>
#include <stdint.h>

#define MS_PFKEY_HEADER_OCTETS 16
/* A message that carries an IKE datagram is the largest. */
#define MS_PFKEY_MAX_OCTETS (66 * 1024)

/* id, number */
#define MS_PFKEY_TYPES(X)                                                                          \
	X(GETSPI, 1)                                                                               \
	X(UPDATE, 2)                                                                               \
	X(ADD, 3)                                                                                  \
	X(DELETE, 4)                                                                               \
	X(GET, 5)                                                                                  \
	X(ACQUIRE, 6)                                                                              \
	X(REGISTER, 7)                                                                             \
	X(EXPIRE, 8)                                                                               \
	X(FLUSH, 9)                                                                                \
	X(DUMP, 10)                                                                                \
	X(X_PROMISC, 11)                                                                           \
	X(X_PCHANGE, 12)                                                                           \
	X(X_GRPSA, 13)                                                                             \
	X(X_ADDFLOW, 14)                                                                           \
	X(X_DELFLOW, 15)                                                                           \
	X(X_DEBUG, 16)                                                                             \
	X(X_NAT_T_NEW_MAPPING, 17)                                                                 \
	X(X_PLUMBIF, 18)                                                                           \
	X(X_UNPLUMBIF, 19)                                                                         \
	/* who are you: answers X_MS_INSTANCE */                                                   \
	X(X_MS_HELLO, 64)                                                                          \
	/* X_MS_DEVICE: phys needed, name optional; the answer holds both */                       \
	X(X_MS_ATTACH, 65)                                                                         \
	/* X_MS_DEVICE: name */                                                                    \
	X(X_MS_DETACH, 66)                                                                         \
	/* X_MS_LOCAL; without a descriptor: asks for the one that survived (ENOENT when there is  \
	 * none; the answer carries it by SCM_RIGHTS), with one: keep and read this */             \
	X(X_MS_ENCAP_SOCKET, 67)                                                                   \
	/* up only: X_MS_LOCAL, X_MS_REMOTE, X_MS_DATA came in on an encapsulation socket */       \
	X(X_MS_DATAGRAM, 68)                                                                       \
	/* SA and dst as known now; src, dst2, NAT-T ports as they shall be.  Where there is no such\
	 * SA, the one with its SPI and direction (X_MS_SA) is taken if there is just one */       \
	X(X_MS_MOVE, 69)                                                                           \
	/* removes everything; X_MS_INSTANCE.exit: and ends the process */                         \
	X(X_MS_TEARDOWN, 70)

enum ms_pfkey_type {
#define MS_PFKEY_TYPE_ENUM(id, n) MS_PFKEY_##id = (n),
	MS_PFKEY_TYPES(MS_PFKEY_TYPE_ENUM)
#undef MS_PFKEY_TYPE_ENUM
};

/* id, number */
#define MS_PFKEY_EXTS(X)                                                                           \
	X(SA, 1)                                                                                   \
	X(LIFETIME_CURRENT, 2)                                                                     \
	X(LIFETIME_HARD, 3)                                                                        \
	X(LIFETIME_SOFT, 4)                                                                        \
	X(ADDRESS_SRC, 5)                                                                          \
	X(ADDRESS_DST, 6)                                                                          \
	X(ADDRESS_PROXY, 7)                                                                        \
	X(KEY_AUTH, 8)                                                                             \
	X(KEY_ENCRYPT, 9)                                                                          \
	X(IDENTITY_SRC, 10)                                                                        \
	X(IDENTITY_DST, 11)                                                                        \
	X(SENSITIVITY, 12)                                                                         \
	X(PROPOSAL, 13)                                                                            \
	X(SUPPORTED_AUTH, 14)                                                                      \
	X(SUPPORTED_ENCRYPT, 15)                                                                   \
	X(SPIRANGE, 16)                                                                            \
	X(X_KMPRIVATE, 17)                                                                         \
	X(X_SATYPE2, 18)                                                                           \
	X(X_SA2, 19)                                                                               \
	X(X_ADDRESS_DST2, 20)                                                                      \
	X(X_ADDRESS_SRC_FLOW, 21)                                                                  \
	X(X_ADDRESS_DST_FLOW, 22)                                                                  \
	X(X_ADDRESS_SRC_MASK, 23)                                                                  \
	X(X_ADDRESS_DST_MASK, 24)                                                                  \
	X(X_DEBUG_SET, 25)                                                                         \
	X(X_PROTOCOL, 26)                                                                          \
	X(X_NAT_T_TYPE, 27)                                                                        \
	X(X_NAT_T_SPORT, 28)                                                                       \
	X(X_NAT_T_DPORT, 29)                                                                       \
	X(X_NAT_T_OA, 30)                                                                          \
	X(X_PLUMBIF_NUM, 31)                                                                       \
	X(X_SAREF, 32)                                                                             \
	X(X_MS_SA, 48)                                                                             \
	X(X_MS_SEL_SRC, 49)                                                                        \
	X(X_MS_SEL_DST, 50)                                                                        \
	X(X_MS_COUNTERS, 51)                                                                       \
	X(X_MS_DEVICE, 52)                                                                         \
	X(X_MS_LOCAL, 53)                                                                          \
	X(X_MS_REMOTE, 54)                                                                         \
	X(X_MS_DATA, 55)                                                                           \
	X(X_MS_CHAIN, 56)                                                                          \
	X(X_MS_INSTANCE, 57)                                                                       \
	X(X_MS_SELECTORS, 58)

enum ms_pfkey_ext {
#define MS_PFKEY_EXT_ENUM(id, n) MS_PFKEY_EXT_##id = (n),
	MS_PFKEY_EXTS(MS_PFKEY_EXT_ENUM)
#undef MS_PFKEY_EXT_ENUM
	MS_PFKEY_EXT_LIMIT = 64
};

#define MS_PFKEY_BIT(id) (UINT64_C(1) << MS_PFKEY_EXT_##id)

enum ms_pfkey_satype {
	MS_PFKEY_SATYPE_UNSPEC = 0,
	MS_PFKEY_SATYPE_AH = 2,
	MS_PFKEY_SATYPE_ESP = 3,
	MS_PFKEY_SATYPE_IPIP = 9,
	MS_PFKEY_SATYPE_COMP = 10,
	MS_PFKEY_SATYPE_INT = 11,
	MS_PFKEY_SATYPE_LIMIT = 12
};

enum ms_pfkey_sa_state { MS_PFKEY_LARVAL, MS_PFKEY_MATURE, MS_PFKEY_DYING, MS_PFKEY_DEAD };

enum ms_pfkey_sa_flags {
	MS_PFKEY_PFS = 1,
	MS_PFKEY_REPLACEFLOW = 2,
	MS_PFKEY_CLEARFLOW = 4,
	MS_PFKEY_INFLOW = 8,
	MS_PFKEY_POLICYONLY = 16,
};

struct ms_pfkey_sa {
	uint32_t spi; /* host order */
	uint8_t replay, state, auth, encrypt;
	uint32_t flags, ref;
};

struct ms_pfkey_life {
	uint32_t allocations;
	uint64_t octets;
	uint64_t addtime, usetime; /* limits: seconds; current: seconds since the epoch */
	uint32_t packets, packets_high; /* the family leaves the second one zero */
};

struct ms_pfkey_addr {
	uint8_t proto, prefix;
	struct ms_endpoint ep;
};

struct ms_pfkey_key {
	uint16_t bits;
	struct ms_bytes key;
};

struct ms_pfkey_ident {
	uint16_t type; /* 1 prefix, 2 FQDN, 3 user@FQDN, 4 connection */
	uint64_t id;
	struct ms_bytes text; /* without its NUL */
};

struct ms_pfkey_spirange {
	uint32_t min, max;
};

enum { MS_PFKEY_DEBUG_WORDS = 12 };
struct ms_pfkey_debug {
	uint32_t word[MS_PFKEY_DEBUG_WORDS]; /* tunnel netlink xform eroute spi radij esp ah rcv
						pfkey ipcomp verbose */
};

struct ms_pfkey_protocol {
	uint8_t proto, direction, flags;
};

struct ms_pfkey_saref {
	uint32_t me, him;
};

enum ms_pfkey_x_sa_flags {
	MS_PFKEY_X_ESN = 1,
	MS_PFKEY_X_INBOUND = 2,
	/* DF of the outer header; neither: that of the content */
	MS_PFKEY_X_DF_SET = 4,
	MS_PFKEY_X_DF_CLEAR = 8,
	/* DSCP of the outer header is that of the content; neither: as klips was told at start */
	MS_PFKEY_X_SHOW_DSCP = 16,
	MS_PFKEY_X_HIDE_DSCP = 32,
	/* and the other way when it comes in */
	MS_PFKEY_X_DECAP_DSCP = 64,
	/* INBOUND is not said: klips finds it out by its own addresses */
	MS_PFKEY_X_GUESS = 128,
	/* IPIP, IPComp: packets that come without ESP and AH around them are taken, too */
	MS_PFKEY_X_BARE = 256,
};

/* What the family's SA extension has no room for. */
struct ms_pfkey_x_sa {
	uint16_t encr, integ; /* IKEv2 transform numbers; override auth and encrypt */
	uint32_t window;      /* packets, 0..4096 */
	uint32_t reqid, mtu, flags;
	/* ADD, UPDATE of ESP and AH: an IPComp SA (deflate) is made, too, and stands inside of this
	 * one in the group; packets show this CPI (RFC 3173 s3.3).  0: none. */
	uint16_t cpi;
};

struct ms_pfkey_x_counters {
	uint64_t octets, packets, replay_errors, auth_errors;
};

#define MS_PFKEY_X_MSS_ANY UINT32_MAX

struct ms_pfkey_x_device {
	uint32_t mtu; /* 0: found out */
	char name[16], phys[16];
	uint32_t mss; /* of TCP's SYNs at most; 1: what fits, MS_PFKEY_X_MSS_ANY: any; 0: as it was */
};

struct ms_pfkey_x_instance {
	uint64_t id; /* differs between two runs of klips */
	uint32_t sas, eroutes;
	uint32_t exit;
};

enum { MS_PFKEY_LIFE_CURRENT, MS_PFKEY_LIFE_HARD, MS_PFKEY_LIFE_SOFT };

struct ms_pfkey_msg {
	uint8_t type, err /* errno */, satype;
	uint32_t seq, pid;
	uint64_t has; /* MS_PFKEY_BIT()s: which of the following count */
	struct ms_pfkey_sa sa, sa2;
	struct ms_pfkey_life life[3]; /* MS_PFKEY_LIFE_ */
	struct ms_pfkey_addr src, dst, proxy, dst2;
	struct ms_pfkey_addr src_flow, dst_flow, src_mask, dst_mask, oa, local, remote;
	struct ms_pfkey_key key_auth, key_encrypt;
	struct ms_pfkey_ident id_src, id_dst;
	struct ms_bytes sensitivity;
	uint8_t proposal_replay;
	struct ms_bytes combs;		       /* ms_pfkey_comb_get() */
	struct ms_bytes supported_auth, supported_encrypt; /* ms_pfkey_alg_get() */
	struct ms_pfkey_spirange range;
	uint8_t satype2;
	struct ms_pfkey_debug debug;
	struct ms_pfkey_protocol protocol;
	uint8_t nat_type; /* 0 none, 1 non-IKE, 2 non-ESP */
	uint16_t nat_sport, nat_dport; /* host order */
	uint16_t plumb;
	struct ms_pfkey_saref saref;
	struct ms_pfkey_x_sa x_sa;
	struct ms_selector sel_src, sel_dst;
	struct ms_bytes selectors; /* instead of these two, where there are several */
	struct ms_pfkey_x_counters counters;
	struct ms_pfkey_x_device device;
	struct ms_bytes data; /* X_MS_DATA; of X_PROMISC from klips: the message that it shows */
	/* Messages of one client with the same number: after one has failed, the rest is answered
	 * with ECANCELED and does nothing, so that a train of messages needs no waiting. */
	uint32_t chain;
	struct ms_pfkey_x_instance instance;
};

/* One algorithm of a SUPPORTED extension, 8 octets each. */
struct ms_pfkey_alg {
	uint8_t id, ivlen;
	uint16_t minbits, maxbits;
};

/* One combination of a PROPOSAL. */
struct ms_pfkey_comb {
	uint8_t auth, encrypt;
	uint16_t flags, auth_minbits, auth_maxbits, encrypt_minbits, encrypt_maxbits;
	uint64_t soft_addtime, hard_addtime, soft_usetime, hard_usetime;
};

#define MS_PFKEY_ALG_OCTETS 8
#define MS_PFKEY_SELECTOR_OCTETS 48
#define MS_PFKEY_COMB_OCTETS 80

enum ms_pfkey_dir { MS_PFKEY_DOWN /* to klips */, MS_PFKEY_UP /* from klips */ };

/* Everything that breaks a rule is MS_ERR_SYNTAX or MS_ERR_TRUNCATED (EINVAL to the sender);
 * type, seq and pid of *out are right whenever 16 octets were there. */
ms_err ms_pfkey_parse(struct ms_pfkey_msg *out, const void *buf, size_t len,
	enum ms_pfkey_dir dir, struct ms_why *why) MS_MUST_CHECK;
/* MS_ERR_SPACE: cap is too small. MS_ERR_BUG: the message breaks the grammar. */
ms_err ms_pfkey_build(const struct ms_pfkey_msg *m, enum ms_pfkey_dir dir, void *buf, size_t cap,
	size_t *len_r, struct ms_why *why) MS_MUST_CHECK;
/* Zeroes the keys in a message of any shape, so that it can be shown. */
void ms_pfkey_blank_keys(void *buf, size_t len);
/* One line; keys only by length.  Like snprintf. */
size_t ms_pfkey_text(const struct ms_pfkey_msg *m, char *buf, size_t size);

const char *ms_pfkey_type_name(unsigned type);	   /* NULL: unknown */
const char *ms_pfkey_ext_name(unsigned ext);	   /* NULL: unknown */
const char *ms_pfkey_satype_name(unsigned satype); /* NULL: unknown */
/* What a message may and must carry, as MS_PFKEY_BIT()s; false: unknown type. */
bool ms_pfkey_grammar(unsigned type, enum ms_pfkey_dir dir, uint64_t *need_r, uint64_t *may_r);

uint8_t ms_pfkey_satype_of(uint8_t protocol);  /* MS_PROTO_ -> satype, 0: none */
uint8_t ms_pfkey_protocol_of(uint8_t satype);  /* 0: none */
/* PF_KEY authentication algorithm and IKEv2 integrity transform; 0: no counterpart. */
uint8_t ms_pfkey_auth_of(uint16_t integ);
uint16_t ms_pfkey_integ_of(uint8_t auth);

bool ms_pfkey_alg_get(struct ms_bytes list, size_t i, struct ms_pfkey_alg *out);
void ms_pfkey_alg_put(uint8_t out[MS_PFKEY_ALG_OCTETS], const struct ms_pfkey_alg *alg);
/* One of X_MS_SELECTORS; dst: of our side. False: no more, or what is there is none. */
bool ms_pfkey_selector_get(struct ms_bytes list, size_t i, struct ms_selector *out, bool *dst_r);
void ms_pfkey_selector_put(uint8_t out[MS_PFKEY_SELECTOR_OCTETS], const struct ms_selector *s,
	bool dst);
bool ms_pfkey_comb_get(struct ms_bytes list, size_t i, struct ms_pfkey_comb *out);
void ms_pfkey_comb_put(uint8_t out[MS_PFKEY_COMB_OCTETS], const struct ms_pfkey_comb *comb);

/* Fills *a and sets nothing else. */
void ms_pfkey_addr_set(struct ms_pfkey_addr *a, const struct ms_addr *addr, uint16_t port);

#endif

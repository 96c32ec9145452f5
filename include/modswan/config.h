/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role config: connection descriptions and daemon settings as people write them.
 *
 * A description holds words, not meanings: which end is ours, which addresses names stand for and
 * whether algorithms exist is found out by the core.  Syntax is checked by the source, which knows
 * file and line.
 */
#ifndef MODSWAN_CONFIG_H
#define MODSWAN_CONFIG_H

#include <modswan/conf.h>
#include <modswan/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_CONN_MAX_SUBNETS 16	/* of leftsubnet=, in one CHILD SA */
#define MS_CONN_MAX_PAIRS   1024 /* connections that leftsubnets= and rightsubnets= make of one */

enum ms_conn_type { MS_TYPE_TUNNEL, MS_TYPE_TRANSPORT, MS_TYPE_PASS, MS_TYPE_DROP, MS_TYPE_REJECT };
enum ms_conn_auto { MS_AUTO_IGNORE, MS_AUTO_ADD, MS_AUTO_ROUTE, MS_AUTO_START, MS_AUTO_KEEP,
	MS_AUTO_MANUAL };
enum ms_conn_auth { MS_AUTH_PSK = 1, MS_AUTH_RSA = 2, MS_AUTH_ECDSA = 4, MS_AUTH_NEVER = 8,
	MS_AUTH_NULL = 16, MS_AUTH_EDDSA = 32, MS_AUTH_RSA_SHA1 = 64 };
enum ms_tristate { MS_NO, MS_YES, MS_AUTO };
enum ms_fragmentation { MS_FRAGMENTATION_NO, MS_FRAGMENTATION_YES, MS_FRAGMENTATION_FORCE };
enum ms_dpd_action { MS_DPD_HOLD, MS_DPD_CLEAR, MS_DPD_RESTART };
enum ms_oe { MS_OE_NO, MS_OE_GROUPS, MS_OE_YES };
/* What becomes of packets after negotiation failed, and while it is under way. */
enum ms_failureshunt { MS_FAILURE_NONE, MS_FAILURE_PASS, MS_FAILURE_DROP, MS_FAILURE_REJECT };
enum ms_negotiationshunt { MS_NEGOTIATION_HOLD, MS_NEGOTIATION_PASS };
enum ms_noeroute { MS_NOEROUTE_DROP, MS_NOEROUTE_PASS, MS_NOEROUTE_REJECT };
enum ms_keyexchange { MS_KEX_IKEV2, MS_KEX_IKEV1 };

enum ms_sendcert { MS_SENDCERT_ALWAYS, MS_SENDCERT_IFASKED, MS_SENDCERT_NEVER };
enum ms_sendca { MS_SENDCA_ALL, MS_SENDCA_ISSUER, MS_SENDCA_NONE };

/* SAs with keys from the file, for `ipsec manual`.  Keys in text form (0x, 0s, 0t); SPIs as in C. */
struct ms_manual_end {
	char *espenckey, *espauthkey, *ahkey; /* of SAs towards this end; NULL: the common ones */
	char *espspi, *ahspi;
};

struct ms_manual_desc {
	char *spi, *spibase; /* one of them; NULL, NULL: not keyed by hand */
	char *ah;	     /* also of negotiated ones: see ms_conn_desc.ah */
	char *espenckey, *espauthkey, *ahkey;
	uint32_t espreplay_window, ahreplay_window; /* packets; 0: none */
};

/* left... or right...; strings are heap memory, NULL when not written */
struct ms_end_desc {
	char *host;	 /* address, name, %any, %defaultroute, %group, %eth0 ... */
	char *nexthop;	 /* %direct, %defaultroute, address */
	char *subnet;	 /* NET/MASK, several with commas: one CHILD SA for all */
	char **subnets;	 /* each pair of left and right: a connection of its own */
	char *protoport; /* 17/1701, tcp/%any */
	char *sourceip;	 /* address; %config, %config4, %config6: asked of the peer */
	char *addresspool; /* A-B,NET/BITS: the peer's addresses come from there */
	char *id;
	char *rsasigkey; /* 0s..., %dnsondemand ... */
	char *rsasigkey2;
	char *pubkey;	 /* any raw public key: 0s base64 SubjectPublicKeyInfo */
	char *ckaid;	 /* 40 hexadecimal digits: the key, of those that there are */
	char *cert;	 /* name or path of the certificate's file */
	char *ca;	 /* name of the issuer, %same, %any */
	int sendcert;	 /* enum ms_sendcert */
	char *updown;
	uint32_t ikeport; /* 0: 500 */
	uint32_t auth;	 /* enum ms_conn_auth set; 0: authby decides */
	bool firewall;
	bool modecfgclient; /* this end asks for an address */
	bool modecfgserver;
	struct ms_manual_end manual;
};

struct ms_conn_desc {
	char *name;
	char *source; /* "ipsec.conf:12" */
	char *places; /* where its keywords stand, for ms_conn_where(); NULL: not known */
	char *section; /* of a pair of leftsubnets=: the whole connection's name; else NULL */
	char **connalias; /* other names */
	struct ms_end_desc left, right;
	int type;		 /* enum ms_conn_type */
	int autostart;		 /* enum ms_conn_auto */
	int keyexchange;	 /* enum ms_keyexchange */
	uint32_t authby;	 /* enum ms_conn_auth set */
	char *ike, *esp;	 /* proposals; NULL: defaults */
	bool ah;		 /* phase2=ah */
	char *pfsgroup;		 /* of pfs=yes; NULL: esp= or the IKE SA says */
	bool pfs, rekey, narrowing, compress;
	int esn;		 /* enum ms_tristate: no, yes, either */
	int fragmentation;	 /* enum ms_fragmentation */
	int encapsulation;	 /* enum ms_tristate */
	bool nat_keepalive;
	uint64_t ike_lifetime_ms, ipsec_lifetime_ms, rekey_margin_ms;
	uint32_t rekey_fuzz_percent;
	uint32_t keyingtries;	 /* 0: for ever */
	uint64_t retransmit_interval_ms, retransmit_timeout_ms;
	uint64_t dpd_delay_ms;
	int dpd_action;		 /* enum ms_dpd_action */
	uint32_t replay_window;	 /* packets */
	int failure_shunt;	 /* enum ms_failureshunt */
	int negotiation_shunt;	 /* enum ms_negotiationshunt */
	uint32_t mtu, metric, priority, reqid;
	int df;			 /* enum ms_df */
	int encap_dscp;		 /* enum ms_encap_dscp */
	bool decap_dscp;
	char *kernel;		 /* backend's name; NULL: the default one */
	int sendca;		 /* enum ms_sendca */
	bool require_id_on_certificate;
	char **modecfgdns, **modecfgdomains; /* handed out with addresses */
	bool ignore_peer_dns;
	bool share_lease;	 /* a peer that comes again gets the address that it has */
	bool cisco_split; /* only networks that the peer names go through the tunnel */
	bool mobike, reauth;
	int host_family;	 /* of hosts that are written as names: AF_INET, AF_INET6, 0: both */
	bool initial_contact;	 /* send it with the first IKE SA of two identities */
	struct ms_manual_desc manual;
};

/* How far records of DNS that DNSSEC does not vouch for are believed. */
enum ms_oe_dnssec { MS_OE_DNSSEC_IGNORE, MS_OE_DNSSEC_PREFER, MS_OE_DNSSEC_REQUIRE };

struct ms_setup_desc {
	char **interfaces;	/* ipsec0=eth1, %defaultroute, %none */
	char *protostack;	/* kernel backend: klips, null ... */
	char *myid;
	char *logfile;
	char **plutodebug, **klipsdebug;
	bool uniqueids;
	bool logtime, logappend;
	char **listen;		/* addresses to listen on; NULL: all */
	uint32_t ikeport, nat_ikeport;
	uint64_t nat_keepalive_ms;
	uint64_t shunt_lifetime_ms; /* of failure shunts and bare ones */
	uint32_t nhelpers;	/* worker threads; 0: as many as cores */
	uint32_t ddos_threshold, max_halfopen;
	int ddos_mode;		/* enum ms_tristate: no, busy, auto */
	char **manualstart;	/* connections for `ipsec manual --up` at the start */
	bool hidetos, fragicmp;
	int noeroute;		/* enum ms_noeroute */
	int oe;			/* enum ms_oe: which of the connections that nobody wrote are there */
	uint32_t overridemtu;	/* 0: found out */
	uint32_t mssclamp;	/* 0: no, 1: what fits, else octets */
	char *dumpdir;
	char *secretsfile, *ipsecdir;
	bool plutorestartoncrash;
	/* certificates: creds providers read these themselves */
	bool nocrsend;
	bool crl_strict, ocsp_enable, ocsp_strict;
	uint64_t crl_check_interval_ms; /* 0: CRLs are not fetched */
	uint64_t crl_timeout_ms, ocsp_timeout_ms;
	bool ocsp_post;
	char *ocsp_uri, *ocsp_trustname;
	uint64_t ocsp_cache_min_age_ms, ocsp_cache_max_age_ms;
	uint32_t ocsp_cache_size;
	char *curl_iface;
	/* DNS: resolver and creds providers read these themselves */
	int oe_dnssec;		/* enum ms_oe_dnssec */
	bool dnssec_enable;
	char *dnssec_rootkey_file, *dnssec_anchors;
};

struct ms_config_sink {
	/* Each description is borrowed for the call. */
	void (*conn)(void *arg, const struct ms_conn_desc *desc);
	/* A connection that cannot be handed over, and why; the others are.  NULL: one that is broken
	 * is an error of the whole, and nothing is handed over. */
	void (*broken)(void *arg, const char *name, const char *text);
};

struct ms_config_ops {
	uint32_t size;
	/* The whole of config setup; defaults when there is no file.  Free with setup_free. */
	ms_err (*setup)(void *inst, struct ms_setup_desc *out, struct ms_why *why);
	void (*setup_free)(void *inst, struct ms_setup_desc *setup);
	/* Reads everything again; on error nothing is handed over.  name NULL: all conns (also
	 * those with auto=ignore: the receiver decides), else that one, or all that have it as an
	 * alias: MS_ERR_UNKNOWN; what is wrong with others does not matter then.
	 * sink NULL: everything is read and checked, nothing handed over. */
	ms_err (*conns)(void *inst, const char *name, const struct ms_config_sink *sink, void *arg,
		struct ms_why *why);
};

/* The key tables behind ipsec.conf, in libmodswan because the tools and other config sources use
 * them too: rows of `config setup`, of `conn` (without sides), and of one end. */
extern const struct ms_conf_key ms_setup_keys[];
extern const struct ms_conf_key ms_conn_keys[];
extern const struct ms_conf_key ms_end_keys[];

/* left=%eth0, an address of that device: "eth0"; NULL: the host is written otherwise. */
const char *ms_host_device(const char *host);

/* The networks of a subnet, one by one: *at is the text first, then what is left of it.  NULL: no more. */
const char *ms_conn_next_subnet(const char **at, size_t *len);
/* right=%group, %opportunistic or %opportunisticgroup. */
bool ms_conn_opportunistic(const struct ms_conn_desc *d);
/* leftsubnets= or rightsubnets= make several connections of it. */
bool ms_conn_has_pairs(const struct ms_conn_desc *d);
/* Calls fn with each of these, left by left, networks of one address family only; with d itself when
 * there are no pairs.  The description is borrowed for the call.  Ends with fn's first error;
 * MS_ERR_CONFIG: there is no pair at all, MS_ERR_LIMIT: there are too many. */
typedef ms_err ms_conn_pair_f(void *arg, const struct ms_conn_desc *d, struct ms_why *why);
ms_err ms_conn_each_pair(const struct ms_conn_desc *d, ms_conn_pair_f *fn, void *arg,
	struct ms_why *why);

/* pfsgroup= in numbers; 0: not written.  Asks the loaded crypto plugins. */
ms_err ms_conn_pfs_group(const struct ms_conn_desc *d, uint16_t *group_r, struct ms_why *why)
	MS_MUST_CHECK;
/* Does it ask for what the loaded crypto plugins do not offer, or for what is not spoken here?  The text
 * names the keyword and its value. */
ms_err ms_conn_check_offers(const struct ms_conn_desc *d, struct ms_why *why) MS_MUST_CHECK;

/* Where a complaint belongs: FILE:LINE of the keyword that it begins with ("ike=..."), else of the
 * connection.  In buf, or d->source, which may be NULL. */
const char *ms_conn_where(const struct ms_conn_desc *d, const char *complaint, char *buf, size_t size);
/* Notes in d->places that the keyword of this slot (rows of ms_conn_keys, then of ms_end_keys for the
 * left end, then for the right) stands in a line, of file if it is not the connection's own. */
bool ms_conn_note_place(struct ms_conn_desc *d, unsigned slot, const char *file, unsigned line);

bool ms_conn_desc_defaults(struct ms_conn_desc *d);
bool ms_conn_desc_copy(struct ms_conn_desc *to, const struct ms_conn_desc *from);
void ms_conn_desc_free(struct ms_conn_desc *d);

#endif

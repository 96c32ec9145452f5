/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections: what may be negotiated with whom.
 *
 * A description (ms_conn_desc) becomes a connection once its words are understood; orientation finds
 * out which end is ours.  A connection whose peer is %any is a template: instances are made from it
 * per peer and share its configuration.  Connections are refcounted: the table holds one reference,
 * each IKE and CHILD SA one.
 *
 * A connection with right=%group or %opportunisticgroup is a group: packets never belong to it, only
 * to its members, one for each line of the group's file.  A member of an opportunistic group, and a
 * connection with right=%opportunistic, is a template whose instances are made for one pair of
 * addresses, when a packet asks for it or a peer does.
 */
#ifndef MODSWAN_CORE_CONN_H
#define MODSWAN_CORE_CONN_H

#include <modswan/addr.h>
#include <modswan/config.h>
#include <modswan/creds.h>
#include <modswan/crypto.h>
#include <modswan/id.h>
#include <modswan/log.h>
#include <modswan/proposal.h>

#include "core/proof.h"

#define CONN_MAX_SELECTORS MS_CONN_MAX_SUBNETS
#define CONN_MAX_KEYS 4 /* of one end: two can be written, records may have more (RFC 4322 s5.4) */

/* How far packets are led to it, and what becomes of them there; their order counts: what is
 * RT_ROUTED_PROSPECTIVE or more has a route.  core/route/fsm.h says what leads where. */
enum conn_routing {
	RT_UNROUTED,
	RT_UNROUTED_HOLD,
	RT_ROUTED_PROSPECTIVE,
	RT_ROUTED_HOLD,
	RT_ROUTED_FAILURE,
	RT_ROUTED_TUNNEL,
	RT_STATES
};

struct conn_aka;
struct conn_name;
struct conn_offer;

struct conn_end {
	struct ms_endpoint host; /* addr unset: %any, or a name without addresses */
	struct conn_name *name;	 /* the host is written as one (names.h); NULL: it is not */
	struct ms_id id;	 /* MS_ID_ANY: any, only as peer */
	struct ms_selector *clients; /* at least one once oriented */
	unsigned n_clients;
	bool has_client;	 /* clients were written (else the host itself) */
	uint32_t auth;		 /* enum ms_conn_auth set that this end uses */
	struct ms_pubkey *pubkeys[CONN_MAX_KEYS]; /* raw public keys, NULL where none */
	enum peer_proof keys_from; /* what pubkeys are worth; PROOF_NONE: they are written */
	bool key_published;	 /* rsasigkey=%dnsondemand: the end's own records have it */
	struct ms_addr nexthop;	 /* unset: %direct */
	struct ms_addr sourceip; /* written, or of the lease; the IPv4 one of two */
	struct ms_addr sourceip6; /* the other one of a lease */
	const char *pool;	 /* into desc: addresses of this end, when the other is ours */
	bool cp_ask[2];		 /* asks for an address: IPv4, IPv6 */
	const char *updown;	 /* into desc */
	const char *cert, *ca;	 /* into desc; NULL: not written */
	int sendcert;		 /* enum ms_sendcert */
	bool has_ckaid;		 /* no key without this one is its: */
	uint8_t ckaid[MS_CKAID_OCTETS];
	bool id_from_cert;	 /* id=%fromcert */
	bool id_is_host; /* none was written, nor myid=: it follows host.addr */
	bool id_is_myid; /* %myid without myid=: it is what others find our key under */
};

/* NULL: none is written. */
static inline const uint8_t *conn_end_ckaid(const struct conn_end *e)
{
	return e->has_ckaid ? e->ckaid : NULL;
}
/* May this key be the end's? */
static inline bool conn_end_may_have(const struct conn_end *e, const struct ms_pubkey *key)
{
	return !e->has_ckaid || ms_has_ckaid(key, e->ckaid);
}
/* The end signs, and no key of its is written. */
bool conn_end_by_cert(const struct conn_end *e);

struct ike_sa;
struct child_sa;

struct conn {
	unsigned refs;
	uint32_t serial;	 /* of this object, for listings */
	uint32_t instance;	 /* 0: not an instance; else its number, [N] */
	struct conn *template;	 /* of an instance; holds a reference */
	uint32_t n_instances;	 /* of a template, or members of a group, in the table */
	struct conn *children;	 /* these; ->sibling_next */
	struct conn *sibling_prev, *sibling_next;
	bool group;		 /* right=%group, %opportunisticgroup: only its members have packets */
	bool opportunistic;	 /* who speaks for its peers is found out for each packet's pair */
	bool member;		 /* of the group that is its template; has no number */
	bool for_pair;		 /* an instance of an opportunistic template */
	bool part; /* an instance for one network of what a connection asks for (conn_part()) */
	bool counted_by_cert;	 /* the table's own */
	bool stands_in;		 /* too: a member that peers find at this address of ours */
	struct ms_conn_desc *desc; /* shared with the template */
	const struct ms_proposals *ike, *esp; /* interned, live as long as the process */
	uint16_t pfs_group; /* pfsgroup=; 0: not written */
	struct conn_end local, remote;
	bool oriented;
	bool moved;		 /* by the last orienting, and nobody has acted on it */
	bool found;		 /* it has an end that is ours, which it had not before that */
	bool left_is_local;
	bool deleted;		 /* out of the table, held by SAs only */

	/* what is in force now */
	enum conn_routing routing;
	uint32_t newest_ike, newest_child; /* serials, 0: none */
	struct ike_sa *ike_sas;		   /* the IKE engine's lists of this connection's SAs */
	struct child_sa *child_sas;
	uint32_t eroute_owner;		   /* child serial */
	bool up_pending;		   /* --up waits for addresses of names */
	bool wanted_up;			   /* --up or auto=start: revive after loss */
	bool wanted_routed;		   /* --route or auto=route: packets bring it up */
	struct route_job *route_jobs;	   /* core/route's queue for this connection */
	struct route_of *route_of;	   /* what it has in the kernel; NULL: nothing */
	bool keying_failed;		   /* the last attempt to key or rekey it did */
	uint32_t tries;			   /* keying attempts since the last success */
	uint32_t reqid;
	char *dns, *domains;		   /* name servers that the peer named, words */
	struct ms_subnet *nets;		   /* what the peer says is behind it; NULL: nothing */
	uint8_t n_nets;
	char device[16];		   /* ipsec0 */
	char physical[16];

	struct conn *next_name, *next_pair; /* conn_table's chains */
	struct conn *all_prev, *all_next;
	struct conn_offer *offer; /* the table's own; the others with the same hosts and ike= */
	struct conn *offer_prev, *offer_next;
	struct conn *group_next; /* of a group: the one that was added after it */
	struct conn_aka *aka;	 /* the table's own; one for each of connalias= */
};

/* "net1", or "net1"[3] 198.51.100.44 ; like snprintf. */
size_t conn_name_text(const struct conn *c, char *buf, size_t size);
/* A logger that writes the name before each line; parent may be NULL. */
struct ms_logger conn_logger(const struct conn *c, enum ms_log_source source);

struct conn *conn_ref(struct conn *c);
void conn_unref(struct conn **c);

static inline bool conn_is_template(const struct conn *c)
{
	return c->group || c->opportunistic ||
	       (c->remote.host.addr.family == 0 && c->remote.name == NULL) ||
	       (c->remote.id.type == MS_ID_ANY &&
		       (c->remote.name == NULL || c->remote.host.addr.family != 0)) ||
	       (c->remote.pool != NULL && c->template == NULL);
}

/* Their peers' addresses are of the same pool. */
bool conn_same_pool(const struct conn *a, const struct conn *b);

static inline bool conn_end_asks(const struct conn_end *e)
{
	return e->cp_ask[0] || e->cp_ask[1];
}

/* --- leases (lease.c) -------------------------------------------------------------------------- */

/* The addresses (unset ones left out) become this end's clients.  False: out of memory. */
bool conn_end_lease(struct conn_end *e, const struct ms_addr addr[2]);
/* Our selectors as we propose them: everything of a family as long as the peer has to give us an
 * address of it.  At most CONN_MAX_SELECTORS; returns how many. */
unsigned conn_offer(const struct conn *c, struct ms_selector *out);

/* The networks that the peer named, NET/BITS words; like snprintf. */
size_t conn_nets_text(const struct conn *c, char *buf, size_t size);

/* --- the table ---------------------------------------------------------------------------- */

struct conn_table;

struct conn_table *conn_table_new(const uint64_t hash_seed[2]);
void conn_table_free(struct conn_table **t);

/* What %myid stands for in descriptions added from now on; NULL: the end's address.  False: out of
 * memory. */
bool conn_table_myid(struct conn_table *t, const char *text);
/* What was found out for it where nobody wrote myid=, for ends with an address of this family; NULL or
 * MS_ID_ANY: the address.  Connections that have it take it, unless they have SAs: these end under
 * the name that they began with. */
ms_err conn_table_myid_found(struct conn_table *t, int family, const struct ms_id *id) MS_MUST_CHECK;
/* Some connection depends on it, and is no group without members. */
bool conn_table_myid_wanted(const struct conn_table *t);
/* Who knows the subject of a certificate that id=%fromcert speaks of. */
typedef ms_err conn_subject_f(void *arg, const char *cert, struct ms_id *out, struct ms_why *why);
void conn_table_subjects(struct conn_table *t, conn_subject_f *fn, void *arg);
/* Who knows the first address of a device that left=%eth0 names, of a family or (0) of any. */
typedef bool conn_device_f(void *arg, const char *device, int family, struct ms_addr *out);
void conn_table_devices(struct conn_table *t, conn_device_f *fn, void *arg);
/* Understands the description and adds it, not yet oriented.  MS_ERR_DUPLICATE, MS_ERR_CONFIG...;
 * the reason names connection, keyword and value.  *out is borrowed from the table. */
ms_err conn_add(struct conn_table *t, const struct ms_conn_desc *desc, struct conn **out,
	struct ms_why *why) MS_MUST_CHECK;
/* Takes it out of all indexes; SAs may hold it a little longer. */
void conn_delete(struct conn_table *t, struct conn *c);
/* Only whether conn_add() would take it; the one of this name does not count. */
ms_err conn_check(struct conn_table *t, const struct ms_conn_desc *desc, struct ms_why *why) MS_MUST_CHECK;
struct conn *conn_by_name(const struct conn_table *t, const char *name);
/* What a person means by a name: the connection that is called so, else all that have it as an alias,
 * in order of addition.  The list has references.  False: out of memory. */
struct conn_list {
	struct conn **conn;
	unsigned n;
};
bool conn_list_named(const struct conn_table *t, const char *name, struct conn_list *out);
/* The connections that leftsubnets= made of the one called so. */
bool conn_list_section(const struct conn_table *t, const char *name, struct conn_list *out);
bool conn_list_add(struct conn_list *l, struct conn *c); /* a reference of its own */
void conn_list_free(struct conn_list *l);
/* The name is this connection's, or one of its aliases. */
bool conn_is_called(const struct conn *c, const char *name);
struct conn *conn_first(const struct conn_table *t); /* in order of addition; ->all_next */
struct conn *conn_first_group(const struct conn_table *t); /* the same; ->group_next */

/* The same in pieces: connections may come and go between two of them.  The walker is the caller's,
 * and must end before it goes away. */
struct conn_walk {
	struct conn_walk *next;
	struct conn *at;
};
void conn_walk_begin(struct conn_table *t, struct conn_walk *w);
struct conn *conn_walk_next(struct conn_walk *w); /* NULL: that was all */
void conn_walk_end(struct conn_table *t, struct conn_walk *w); /* no-op when it has not begun */
unsigned conn_count(const struct conn_table *t);

/* How status shows a connection's proposals (ms_proposals_listing), kept from the first time on:
 * what the text says, what the loaded providers offer of it, and the groups.  False: out of
 * memory. */
struct conn_proposal_words {
	const char *wanted, *found, *groups;
};
bool conn_proposal_words(const struct ms_proposals *interned, struct conn_proposal_words *out);

/* Which end is ours: `is_local` tells whether we listen on an address.  default_src, default_gw: those
 * of %defaultroute for IPv4 and for IPv6, unset where there is none; or NULL.  Orients again when
 * addresses changed.
 * MS_ERR_NOT_FOUND: neither end is ours; MS_ERR_CONFIG: both are. */
ms_err conn_orient(struct conn_table *t, struct conn *c,
	bool (*is_local)(void *arg, const struct ms_addr *a), void *arg,
	const struct ms_addr default_src[2], const struct ms_addr default_gw[2],
	struct ms_why *why) MS_MUST_CHECK;

/* It is one of the end's clients. */
bool conn_end_has(const struct conn_end *e, const struct ms_selector *s);

/* Our end is at another of our addresses: its identity, too, unless it was written. */
ms_err conn_move_local(struct conn_table *t, struct conn *c, const struct ms_addr *a)
	MS_MUST_CHECK;

/* All SAs of the connection are with the peer at this address by now.  Where its name has it, too, the
 * connection follows them, and the peer is known when it begins anew from there. */
void conn_peer_moved(struct conn_table *t, struct conn *c, const struct ms_addr *at);

/* --- look-ups of the IKE responder --------------------------------------------------------- */

/* Any connection that could be meant by an IKE_SA_INIT between these two addresses, exact pairs
 * before %any; NULL: none.  One that is not up, whose peer is a name with this address among others,
 * moves to it.  Its proposals and addresses decide until identities are known. */
struct conn *conn_find_host_pair(struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote);
/* One of them that `wants` is content with, each of their ike= lines asked about once; NULL: none. */
typedef bool conn_wants_f(void *arg, struct conn *c);
struct conn *conn_find_offer(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote, conn_wants_f *wants, void *arg);
/* One of them whose peer has to prove itself by a certificate; NULL: none. */
struct conn *conn_find_by_cert(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote);
/* The best connection for the pair once IDr (may be MS_ID_ANY: peer did not say) and IDi are known
 * and fit `auth` (one bit of enum ms_conn_auth, what the peer used). */
struct conn *conn_find_ids(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote, const struct ms_id *my_id, const struct ms_id *peer_id,
	uint32_t auth);
/* The same of those that `fits` is content with: other issuers (leftca=, rightca=) and other ike= do
 * not fit.  Of two otherwise equal ones that which names the issuer is better. */
typedef bool conn_fits_f(void *arg, const struct conn *c);
struct conn *conn_find_ids_ca(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote, const struct ms_id *my_id, const struct ms_id *peer_id,
	uint32_t auth, conn_fits_f *fits, void *arg);
/* Its peer has to have a certificate of an issuer that is written. */
bool conn_names_ca(const struct conn *c);
/* The best connection with the same hosts and identities as `c` whose clients allow these selectors
 * (after narrowing); usually `c` itself.  NULL: none.  here, there: where both ends are now, since both
 * may move; other connections know that sooner or later than `c`. */
struct conn *conn_find_clients(const struct conn_table *t, struct conn *c, const struct ms_addr *here,
	const struct ms_addr *there, const struct ms_selector *mine, unsigned n_mine,
	const struct ms_selector *theirs, unsigned n_theirs);
/* From a template, for one peer; a new reference.  NULL: out of memory. */
struct conn *conn_instantiate(struct conn_table *t, struct conn *template,
	const struct ms_endpoint *remote, const struct ms_id *peer_id);
/* The same of an opportunistic template, for one pair of clients; not opportunistic itself.  One that
 * is there for this pair and peer is taken, whoever made it.  keys
 * (NULL: none) are what the peer may prove itself with; references are taken. */
struct conn *conn_instantiate_pair(struct conn_table *t, struct conn *template,
	const struct ms_endpoint *remote, const struct ms_id *peer_id,
	const struct ms_selector *mine, const struct ms_selector *theirs,
	struct ms_pubkey *const *keys, unsigned n_keys);

/* An instance like c, which has its peer, for this part of the peer's clients alone; it goes with its
 * CHILD SA.  A new reference; NULL: out of memory. */
struct conn *conn_part(struct conn_table *t, struct conn *c, const struct ms_selector *theirs);

/* --- groups ---------------------------------------------------------------------------------- */

/* A member of a group for these peers, in the table until conn_delete(); borrowed.  mine NULL: the
 * group's own clients.  It is as oriented as the group is.  NULL: out of memory. */
struct conn *conn_group_member(struct conn_table *t, struct conn *group,
	const struct ms_selector *mine, const struct ms_selector *theirs);

#endif

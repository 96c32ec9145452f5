/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what table.c, build.c, orient.c and find.c share. */
#ifndef MODSWAN_CORE_CONN_PRIV_H
#define MODSWAN_CORE_CONN_PRIV_H

#include "core/conn/conn.h"

/* Buckets are powers of two and double when there are more entries than buckets. */
struct conn_index {
	struct conn **buckets;
	size_t mask;
};

struct conn_alias;
struct conn_offer;

struct conn_table {
	uint64_t seed[2];
	struct conn_index by_name, by_pair;
	struct conn_index by_clients; /* instances for one pair of addresses */
	struct conn *first, *last;
	struct conn *groups;
	struct conn_walk *walks;
	unsigned count;	 /* in the table, instances too */
	unsigned by_cert; /* of those in the index of pairs: whose peer has to have a certificate */
	uint32_t serial; /* last one given */
	uint32_t instances;
	uint32_t reqid;
	struct conn_proposals *proposals; /* interned */
	conn_subject_f *subject;
	void *subject_arg;
	conn_device_f *device_address;
	void *device_arg;
	struct conn_aka **akas; /* named.c */
	size_t n_aka_buckets, n_akas;
	struct conn_alias **aliases; /* alias.c */
	size_t n_alias_buckets, n_aliases;
	struct conn_offer **offers; /* offers.c */
	size_t n_offer_buckets, n_offers;
	char *myid;	 /* what %myid stands for; NULL: the address, or this */
	struct ms_id myid_found[2]; /* IPv4, IPv6; ANY: nothing */
};

struct conn_proposals {
	struct conn_proposals *next;
	int protocol;
	char *text; /* NULL: defaults */
	char *wanted, *found, *groups; /* words for status; NULL: nobody asked yet */
	struct ms_proposals value; /* what connections point to */
};

/* Turns the description's words into values; c->desc is set already. */
ms_err conn_build(struct conn_table *t, struct conn *c, struct ms_why *why) MS_MUST_CHECK;
/* One end's clients, identity and keys; `e` was zeroed, host is known. */
ms_err conn_build_end(const struct conn_table *t, struct conn_end *e, const struct ms_conn_desc *d,
	const struct ms_end_desc *end, const char *side, struct ms_why *why) MS_MUST_CHECK;
void conn_end_free(struct conn_end *e);
bool conn_end_copy(struct conn_end *to, const struct conn_end *from);

ms_err conn_intern(struct conn_table *t, enum ms_protocol protocol, const char *text,
	const struct ms_proposals **out, struct ms_why *why) MS_MUST_CHECK;
void conn_proposals_free(struct conn_proposals **p);

/* The address of a host that was not written as one, and what follows from it. */
ms_err conn_end_host(struct conn_end *e, const struct ms_addr *a)
	MS_MUST_CHECK;
/* %myid of an oriented connection, where it was found out (myid.c). */
ms_err conn_take_myid(const struct conn_table *t, struct conn *c) MS_MUST_CHECK;
/* connalias= (named.c). */
ms_err conn_aka_insert(struct conn_table *t, struct conn *c) MS_MUST_CHECK;
void conn_aka_remove(struct conn_table *t, struct conn *c);
/* It is being deleted: another member, if there is one, is found instead (member.c). */
void conn_stand_in_goes(struct conn_table *t, struct conn *c);
/* Other addresses of the remote name, with what is in the index of host pairs (alias.c). */
void conn_aliases_insert(struct conn_table *t, struct conn *c);
void conn_aliases_remove(struct conn_table *t, struct conn *c);
/* A connection that is not up and whose peer has this address too. */
struct conn *conn_alias_find(
	const struct conn_table *t, const struct ms_addr *local, const struct ms_addr *remote);

/* Its ike= among those of its hosts (offers.c); only oriented connections are there. */
void conn_offer_insert(struct conn_table *t, struct conn *c);
void conn_offer_remove(struct conn_table *t, struct conn *c);
/* A group without members has nobody to speak with. */
bool conn_negotiates(const struct conn *c);

bool conn_index_init(struct conn_index *ix);
/* In or out of the index of host pairs: only oriented connections are in it. */
void conn_pair_insert(struct conn_table *t, struct conn *c);
void conn_pair_remove(struct conn_table *t, struct conn *c);
struct conn *conn_pair_bucket(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote);
struct conn *conn_clients_bucket(const struct conn_table *t, const struct ms_addr *mine,
	const struct ms_addr *theirs);
/* In all indexes; serial and references are given. */
ms_err conn_table_insert(struct conn_table *t, struct conn *c) MS_MUST_CHECK;

#endif

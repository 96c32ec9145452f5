/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that are written as names: what DNS says of them, and when to ask again.
 *
 * A connection whose left= or right= is a name is loaded at once and oriented when the name has
 * addresses.  Names are asked for again when their time to live is over, when every address was tried
 * in vain, and when a person wants the connection up.  An answer without addresses leaves those that
 * are known: what worked is better than nothing.
 */
#ifndef MODSWAN_CORE_CONN_NAMES_H
#define MODSWAN_CORE_CONN_NAMES_H

#include <modswan/resolver.h>

#include "core/conn/conn.h"

#define CONN_MAX_ADDRS 16 /* of one name; more are left out */

/* Of a conn_end. */
struct conn_name {
	const char *text; /* into desc */
	struct ms_addr addrs[CONN_MAX_ADDRS];
	unsigned n;
	unsigned tried; /* how many since the last success or answer */
	bool wanted[2];	   /* IPv4, IPv6 */
	bool reachable[2]; /* our end can have an address of that family; conn_orient() finds out */
	char *trouble;	/* why the last look-up brought nothing; NULL: it did bring something */
	enum ms_dns_status status;

	struct conn_alias *aliases; /* alias.c */

	/* names.c */
	struct conn_names *names;
	struct conn *conn;
	struct conn_name *prev, *next;
	struct ms_dns_query *queries[2];
	struct ms_addr coming[CONN_MAX_ADDRS];
	unsigned n_coming, failures;
	uint32_t ttl_s;
	uint64_t due_ms;
};

struct conn_names;

struct conn_names_env {
	const struct ms_resolver_ops *resolver; /* NULL: nobody can ask */
	void *inst;
	uint64_t (*now_ms)(void *ctx);
	/* Call conn_names_tick() then; UINT64_MAX: never. */
	void (*deadline)(void *ctx, uint64_t at_ms);
	/* A look-up for it is over: orient it again.  It may be deleted meanwhile. */
	void (*answered)(void *ctx, struct conn *c);
	void *ctx;
};

/* NULL: out of memory. */
struct conn_names *conn_names_new(const struct conn_names_env *env);
void conn_names_free(struct conn_names **n);
void conn_names_tick(struct conn_names *n);

static inline bool conn_has_name(const struct conn *c)
{
	return c->local.name != NULL || c->remote.name != NULL;
}

/* Looks its names up now, and from now on whenever that is due. */
void conn_names_watch(struct conn_names *n, struct conn *c);
void conn_names_forget(struct conn *c);
/* Now, unless that is under way. */
void conn_names_again(struct conn *c);
/* Answers are awaited. */
bool conn_names_pending(const struct conn *c);
/* "right=gw.example.com: ..." for a name of c that has no addresses; false: all have. */
bool conn_names_trouble(const struct conn *c, char *buf, size_t size);
/* The peer did not answer at its address: true when it has another one that was not tried yet, which
 * the next conn_orient() takes; else names are looked up again. */
bool conn_names_next(struct conn *c);

/* --- for build.c and orient.c --- */
struct conn_name *conn_name_new(const char *text, int family);
void conn_name_free(struct conn_name **name);

#endif

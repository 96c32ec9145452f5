/* SPDX-License-Identifier: Apache-2.0 */
/* The search for %myid, as the files myid*.c see it. */
#ifndef MODSWAN_CORE_MYID_PRIV_H
#define MODSWAN_CORE_MYID_PRIV_H

#include "core/creds/myid.h"

#include <modswan/resolver.h>

#define MYID_CANDIDATES 16 /* of one place; more are left out */

enum {
	MYID_V4_GATEWAY,
	MYID_V4_KEY,
	MYID_V6_GATEWAY,
	MYID_V6_KEY,
	MYID_NAME,
	MYID_PLACES
};

struct candidate {
	struct ms_id id;
	struct ms_pubkey *key;
};

struct place;

/* Questions for private keys cannot be taken back. */
struct check {
	struct place *place; /* NULL: nobody wants the answer */
};

struct place {
	struct myid *of;
	const struct ms_provider *source;
	struct ms_creds_query *query;
	struct check *check;
	struct ms_id asked, found; /* found ANY: nothing */
	struct candidate candidate[MYID_CANDIDATES];
	unsigned n, at;
	uint32_t ttl_s;
	bool busy, trouble;
};

struct held;

struct myid {
	struct myid_env env;
	struct place place[MYID_PLACES];
	char name[MS_DNS_NAME_MAX + 1];
	struct ms_addr addr[2];
	struct ms_id now[2];
	bool said[2], looking, expected, settled;
	unsigned pending, in_vain;
	uint64_t due_ms;
	struct opp_env inner;
	struct held *held;
};

/* The first one that waits asks; is forgotten. */
void myid_release(struct myid *m);
void myid_drop(struct myid *m);

#endif

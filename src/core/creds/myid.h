/* SPDX-License-Identifier: Apache-2.0 */
/*
 * %myid where nobody wrote myid=: which of our names do others find our key under?
 *
 * An address of ours is one when its reverse map has a key of ours, as its own key or as that of a
 * gateway; a reverse map that names a gateway by name, with a key of ours, says what we are called; and
 * the host's name is one when its records have a key of ours.  They are preferred in this order, for
 * each address family on its own.  Whatever is published under none of them, the address is used.
 *
 * All look-ups go on at once and are repeated: what was found when its time to live is over, what was
 * not found after a while that grows.  Flows that come before the first answers wait for these, but
 * never long.
 */
#ifndef MODSWAN_CORE_MYID_H
#define MODSWAN_CORE_MYID_H

#include "core/creds/creds.h"
#include "core/route/opp.h"

/* How long the first flows wait at most, and when is asked again. */
#define MYID_SETTLE_MS 3000
#define MYID_AGAIN_MIN_MS 60000
#define MYID_AGAIN_MAX_MS 3600000

struct myid;

struct myid_env {
	creds_source_f *sources;
	void *sources_arg;
	uint64_t (*now_ms)(void *ctx);
	/* Call myid_tick() then. */
	void (*deadline)(void *ctx, uint64_t at_ms);
	/* What %myid stands for at an end with an address of this family changed. */
	void (*changed)(void *ctx, int family);
	void *ctx;
	const struct ms_logger *log;
};

/* NULL: out of memory. */
struct myid *myid_new(const struct myid_env *env);
void myid_free(struct myid **m);

/* Looks from now on, and at once again at every call: something may have changed.  name: of the host,
 * NULL or without a dot: none; an unset address: none of that family.  What was found stays until
 * something else is. */
void myid_look(struct myid *m, const char *name, const struct ms_addr *v4, const struct ms_addr *v6);
void myid_tick(struct myid *m);
bool myid_looks(const struct myid *m);
/* A look is to come: flows wait for it. */
void myid_expect(struct myid *m);
/* Nobody wants to know any more. */
void myid_end(struct myid *m);
/* The first answers are there, or will not come soon; or nobody looks. */
bool myid_settled(const struct myid *m);

/* What it stands for; MS_ID_ANY: the address.  Borrowed. */
const struct ms_id *myid_of(const struct myid *m, int family);
/* "192.0.2.1", "@east.example.com", of the first family that has one; false: nothing is published. */
bool myid_text(const struct myid *m, char *buf, size_t size);

/* An opp_env whose questions wait until it is settled; inner is copied. */
struct opp_env myid_hold(struct myid *m, const struct opp_env *inner);

#endif

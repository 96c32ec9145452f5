/* SPDX-License-Identifier: Apache-2.0 */
/* Flows of opportunism, as the files opp*.c see them. */
#ifndef MODSWAN_CORE_ROUTE_OPP_PRIV_H
#define MODSWAN_CORE_ROUTE_OPP_PRIV_H

#include "core/route/route_priv.h"

enum opp_state { OPP_POTENTIAL, OPP_PENDING, OPP_KEYED };

struct opp {
	struct pair_node node;
	struct opp *prev, *next; /* of the list of its state */
	struct opp_table *table;
	uint8_t state;
	bool asking;
	bool unproved; /* a gateway had not the key of the records */
	struct conn *template, *instance; /* references */
	struct ms_selector mine, theirs;
	void *query;
	struct opp_gateway *gateways;
	unsigned n, at;
	uint32_t ttl_s;
	ms_err err; /* of the last gateway */
	struct ms_why why;
	struct ike_timer timer; /* KEYED: the next look */
	uint64_t in, out;	/* octets at the last one */
	uint64_t used_ms;	/* when there were more than before, the last time */
};

struct opp_list {
	struct opp *first, *last;
};

struct opp_table {
	struct route *route;
	struct opp_env env;
	struct pair_map map;
	struct opp_list lists[OPP_KEYED + 1];
	struct opp_list waiting; /* to be asked */
	struct opp_counts counts;
	unsigned tokens;
	uint64_t filled_ms;
	struct ike_timer pump;
};

struct opp *opp_find(const struct route *r, const struct ms_selector *mine,
	const struct ms_selector *theirs);
void opp_to_state(struct opp *o, enum opp_state state, bool asking);
void opp_free(struct opp *o);

/* In the list of its state; NULL: out of memory. */
struct opp *opp_new(struct route *r, struct conn *template, const struct ms_selector *mine,
	const struct ms_selector *theirs);
/* The peer was quicker: the pair has an SA group. */
bool opp_is_keyed(const struct opp *o);
/* Its policy does not decide for the two hosts any more. */
bool opp_is_astray(const struct opp *o);

/* --- opp_ask.c ------------------------------------------------------------------------------------ */

/* As many questions as may be asked now. */
void opp_pump(struct opp_table *t);

/* --- opp_try.c ------------------------------------------------------------------------------------ */

/* The next gateway, or the end. */
void opp_try_next(struct opp *o);
/* A shunt for a while. */
void opp_fail(struct opp *o, ms_err err, const struct ms_why *why);
/* Nobody wants it any more. */
void opp_cancel(struct opp *o);

/* --- opp_idle.c ----------------------------------------------------------------------------------- */

/* From now on it is KEYED, and looked at from time to time. */
void opp_keyed(struct opp *o);
void opp_look(struct opp *o);

#endif

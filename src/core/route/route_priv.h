/* SPDX-License-Identifier: Apache-2.0 */
/* Between route.c (what to do) and job.c (doing it step by step). */
#ifndef MODSWAN_CORE_ROUTE_PRIV_H
#define MODSWAN_CORE_ROUTE_PRIV_H

#include "core/route/route.h"

enum step_kind { STEP_HOOK, STEP_SET, STEP_DELETE, STEP_STATE };

/* One step, for all pairs of clients. */
struct step {
	enum step_kind kind;
	enum ms_hook_verb verb;	     /* HOOK */
	enum ms_shunt shunt;	     /* SET */
	enum conn_routing routing;   /* STATE: what is true from here on */
	bool may_fail;		     /* errors are logged and the job goes on */
};

#define MAX_STEPS 8

struct pairs {
	struct ms_selector *mine, *theirs;
	unsigned n_mine, n_theirs;
};

struct route_job {
	struct route_job *next; /* of the same connection */
	struct route *route;
	struct conn *conn; /* a reference */
	struct pairs pairs;
	/* the SA group, when there is one */
	struct ms_said said;
	struct ms_addr tunnel_src, tunnel_dst;
	bool tunnel;
	uint32_t reqid, child;
	struct step steps[MAX_STEPS];
	unsigned n_steps, at, pair;
	/* Chosen when the job's turn comes, since earlier jobs may have changed everything; false:
	 * nothing is to be done. */
	bool (*plan)(struct route_job *job, struct ms_why *why);
	enum conn_routing before; /* when its turn came */
	bool undoing;
	ms_err err;
	struct ms_why why;
	host_done_f *done; /* may be NULL */
	void *arg;
	struct ms_kernel_op *ops;
	char my_id[MS_ID_TEXT], peer_id[MS_ID_TEXT];
	char *dns, *domains; /* copies: the connection may get others meanwhile */
};

struct route {
	const struct host *host;
	struct route_env env;
	unsigned jobs; /* not finished */
};

/* Deleted, or an instance: nothing stays of its routing. */
bool route_goes_for_good(const struct conn *c);
/* What becomes of its packets while there is no SA. */
enum ms_shunt route_resting_shunt(const struct conn *c);

/* NULL: out of memory; done was called with it. */
struct route_job *job_new(struct route *r, struct conn *c, host_done_f *done, void *arg);
bool job_pairs_of_conn(struct route_job *job);
bool job_pairs_of_child(struct route_job *job, const struct child_sa *child);
void job_step(struct route_job *job, struct step s);
/* Waits for the connection's turn, plans, runs. */
void job_queue(struct route_job *job);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/route/route_priv.h"

#include "core/child/child_sa.h"

#include <stdlib.h>

#define FAILURE_MS UINT64_C(900000)

struct route *route_new(const struct host *host, const struct route_env *env)
{
	struct route *r = calloc(1, sizeof *r);
	const uint64_t *seed = env->hash_seed;

	if (r == NULL)
		return NULL;
	r->host = host;
	r->env = *env;
	r->policy_timer.kind = TIMER_OF_POLICY;
	route_shunt_life(r, env->failure_ms);
	if (pair_map_init(&r->eroutes, seed) && pair_map_init(&r->uses, seed) &&
		pair_map_init(&r->waits, seed) && (r->bare = bare_table_new(r)) != NULL &&
		(r->opp = opp_table_new(r)) != NULL)
		return r;
	route_free(&r);
	return NULL;
}

/* What it has is forgotten. */
static void forget_conn(struct route *r, struct conn *c)
{
	conn_ref(c);
	route_waits_no_more(r, c);
	while (c->route_of != NULL && c->route_of->uses != NULL)
		route_use_end(r, c->route_of->uses);
	while (c->route_of != NULL && c->route_of->eroutes != NULL)
		eroute_drop(r, c->route_of->eroutes);
	route_disown(r, c);
	conn_unref(&c);
}

void route_free(struct route **route)
{
	struct route *r = *route;

	if (r == NULL)
		return;
	*route = NULL;
	r->going = true;
	opp_table_free(&r->opp);
	bare_table_free(&r->bare);
	while (r->all != NULL)
		forget_conn(r, r->all->conn);
	pair_map_done(&r->eroutes);
	pair_map_done(&r->uses);
	pair_map_done(&r->waits);
	ike_heap_done(&r->heap);
	free(r);
}

bool route_busy(const struct route *r)
{
	return r->jobs > 0;
}

void route_shunt_life(struct route *r, uint64_t failure_ms)
{
	r->failure_ms = failure_ms == 0 ? FAILURE_MS : failure_ms;
}

const char *route_state_name(enum conn_routing s)
{
	static const char *const names[] = {
		[RT_UNROUTED] = "unrouted",
		[RT_UNROUTED_HOLD] = "unrouted HOLD",
		[RT_ROUTED_PROSPECTIVE] = "prospective erouted",
		[RT_ROUTED_HOLD] = "erouted HOLD",
		[RT_ROUTED_FAILURE] = "fail erouted",
		[RT_ROUTED_TUNNEL] = "erouted",
	};

	return names[s];
}

/* --- SA groups ------------------------------------------------------------------------------- */

static void child_job(struct route *r, struct child_sa *child,
	bool (*plan)(struct route_job *job, struct ms_why *why), host_done_f *done, void *arg)
{
	struct route_job *job = job_new(r, child->conn, done, arg);
	bool known = job != NULL && job_pairs_of_child(job, child);

	if (!known && plan == plan_child_down)
		route_look_again(r, child->conn);
	if (job == NULL)
		return;
	if (known)
		job->plan = plan;
	else
		job->err = MS_ERR_NOMEM;
	job_queue(job);
}

void route_child_up(struct route *r, struct child_sa *child, host_done_f *done, void *arg)
{
	child_job(r, child, plan_child_up, done, arg);
}

void route_child_moved(struct route *r, struct child_sa *child)
{
	child_job(r, child, plan_child_moved, NULL, NULL);
}

void route_child_down(struct route *r, struct child_sa *child)
{
	child_job(r, child, plan_child_down, NULL, NULL);
}

/* --- requests of a person -------------------------------------------------------------------- */

void route_connection(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	route_happen(r, c, RE_ROUTE, done, arg);
}

void route_unroute(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	route_happen(r, c, route_goes_for_good(c) ? RE_GOES : RE_UNROUTE, done, arg);
}

void route_moved(struct route *r, struct conn *c, host_done_f *done, void *arg)
{
	route_happen(r, c, RE_MOVED, done, arg);
}

void route_release(struct route *r, struct conn *c)
{
	if (c->routing != RT_UNROUTED || c->route_jobs != NULL || c->route_of != NULL)
		route_happen(r, c, RE_GOES, NULL, NULL);
}

/* The IKE core may delete it by itself when its last SA goes. */
static void delete_instance(struct route *r, struct conn *i)
{
	conn_ref(i);
	while (i->children != NULL)
		delete_instance(r, i->children);
	r->env.terminate(r->env.ctx, i);
	conn_delete(r->env.conns, i);
	route_release(r, i);
	conn_unref(&i);
}

void route_delete_conn(struct route *r, struct conn *c)
{
	conn_ref(c);
	/* Instances and members live and die with their template. */
	while (c->children != NULL)
		delete_instance(r, c->children);
	c->wanted_up = false;
	conn_delete(r->env.conns, c);
	r->env.terminate(r->env.ctx, c);
	route_release(r, c);
	conn_unref(&c);
}

/* --- packets --------------------------------------------------------------------------------- */

static struct eroute *eroute_for(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return (struct eroute *)(void *)pair_map_find(&r->eroutes, src, dst, NULL, NULL);
}

struct conn *route_find(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct eroute *e = eroute_for(r, src, dst);

	return e == NULL ? NULL : e->owner;
}

struct route_start {
	struct route *r;
	struct conn *c;
};

/* The state has changed to one of waiting, or it has an SA already. */
static void begin(void *arg, ms_err err, const struct ms_why *job_why)
{
	struct route_start *start = arg;
	struct ms_why why = { "" };

	/* No hold, no attempt: opportunism does not wait for its end. */
	if (err != MS_OK)
		(void)opp_attempt_over(start->r, start->c, err, job_why);
	if (err == MS_OK && !start->c->deleted && start->r->env.initiate != NULL)
		err = start->r->env.initiate(start->r->env.ctx, start->c, &why);
	else
		err = MS_OK;
	if (err != MS_OK && err != MS_ERR_BUSY)
		route_attempt_over(start->r, start->c, err, &why);
	conn_unref(&start->c);
	free(start);
}

/* Negotiation begins when the hold is there: its end must find it. */
void route_ask_for(struct route *r, struct conn *c)
{
	struct route_start *start = malloc(sizeof *start);

	if (start == NULL)
		return;
	*start = (struct route_start){ r, conn_ref(c) };
	route_happen(r, c, RE_PACKET, begin, start);
}

void route_packet(struct route *r, const struct ms_selector *src, const struct ms_selector *dst)
{
	struct eroute *e = eroute_for(r, src, dst);
	struct ms_selector one_src = *src, one_dst = *dst;

	if (e == NULL) {
		/* A trap of which nobody knows any more. */
		one_src.protocol = one_dst.protocol = 0;
		one_src.port_first = one_dst.port_first = 0;
		one_src.port_last = one_dst.port_last = 65535;
		route_bare_set(r, &one_src, &one_dst, MS_SHUNT_HOLD, HOLD_LIFE_MS, "no eroute");
	} else if (e->owner->opportunistic && e->shunt == MS_SHUNT_TRAP) {
		opp_packet(r, e->owner, src, dst);
	} else if (e->shunt == MS_SHUNT_TRAP || e->shunt == MS_SHUNT_HOLD) {
		route_ask_for(r, e->owner);
	}
}

void route_attempt_over(struct route *r, struct conn *c, ms_err err, const struct ms_why *why)
{
	if (opp_attempt_over(r, c, err, why))
		return;
	if (c->routing == RT_UNROUTED && c->route_jobs == NULL)
		return;
	/* Nobody is to blame when there is no need for it, or a person ended it. */
	route_happen(r, c, err == MS_OK || err == MS_ERR_CANCELLED ? RE_CANCELLED : RE_FAILED, NULL,
		NULL);
}

/* --- time ------------------------------------------------------------------------------------- */

uint64_t route_deadline(const struct route *r)
{
	struct ike_timer *t = ike_heap_top(&r->heap);

	return t == NULL ? UINT64_MAX : t->at;
}

void route_set_timer(struct route *r, struct ike_timer *t, uint64_t at)
{
	uint64_t before = route_deadline(r);

	(void)ike_heap_set(&r->heap, t, at); /* without memory it stays until somebody acts */
	if (route_deadline(r) != before && r->env.deadline != NULL && !r->going)
		r->env.deadline(r->env.ctx, route_deadline(r));
}

void route_look_again(struct route *r, struct conn *c)
{
	if (c->route_of != NULL)
		route_set_timer(r, &c->route_of->timer, route_now(r) + REST_AGAIN_MS);
}

static struct child_sa *child_of(const struct conn *c, const struct eroute *e)
{
	struct child_sa *child = c->child_sas;

	while (child != NULL && (child->serial != e->child || !child->up))
		child = child->conn_next;
	return child;
}

/* An eroute to an SA group of whose end, or of whose new addresses, nothing could be made at the time. */
static void lost_child(struct route *r, struct conn *c)
{
	const struct eroute *e = c->route_of->eroutes;
	struct child_sa gone = { .n_mine = 1, .n_theirs = 1, .conn = c };

	while (e != NULL &&
		(e->shunt != MS_SHUNT_NONE || (child_of(c, e) != NULL && !e->refused)))
		e = e->next;
	if (e == NULL)
		return;
	if (child_of(c, e) != NULL) {
		route_child_moved(r, child_of(c, e));
		return;
	}
	gone.serial = e->child;
	gone.mine = &(struct ms_selector){ .protocol = 0 };
	gone.theirs = &(struct ms_selector){ .protocol = 0 };
	*gone.mine = e->node.src;
	*gone.theirs = e->node.dst;
	route_look_again(r, c);
	route_child_down(r, &gone);
}

/* What stayed because there was no memory to take it away. */
static void release_again(struct route *r, struct conn *c)
{
	struct route_job *job = job_new(r, c, NULL, NULL);

	route_look_again(r, c);
	if (job == NULL)
		return;
	job->event = RE_STOLEN;
	job->plan = plan_let_go;
	job->leaving = true;
	job_queue(job);
}

static void conn_timer(struct route *r, struct route_of *o)
{
	if (o->conn->deleted && o->conn->routing > RT_UNROUTED &&
		o->conn->routing != RT_ROUTED_TUNNEL) {
		route_look_again(r, o->conn);
		route_release(r, o->conn);
		return;
	}
	switch (o->conn->routing) {
	case RT_UNROUTED:
		if (route_has_any(o->conn))
			release_again(r, o->conn);
		break;
	case RT_ROUTED_TUNNEL:
		lost_child(r, o->conn);
		break;
	case RT_ROUTED_FAILURE:
	case RT_ROUTED_PROSPECTIVE:
		if (o->astray) {
			route_look_again(r, o->conn);
			route_moved(r, o->conn, NULL, NULL);
			break;
		}
		if (o->conn->routing == RT_ROUTED_PROSPECTIVE && route_rests(o->conn))
			break;
		route_look_again(r, o->conn);
		route_happen(r, o->conn, RE_FAILURE_OVER, NULL, NULL);
		break;
	case RT_ROUTED_HOLD:
	case RT_UNROUTED_HOLD:
		route_set_timer(r, &o->timer, route_now(r) + HOLD_LIFE_MS);
		route_ask_for(r, o->conn);
		break;
	default:
		break;
	}
}

void route_tick(struct route *r)
{
	struct ike_timer *t;
	uint64_t now = route_now(r);

	while ((t = ike_heap_top(&r->heap)) != NULL && t->at <= now) {
		enum timer_kind kind = (enum timer_kind)t->kind;

		route_set_timer(r, t, UINT64_MAX);
		if (kind == TIMER_OF_CONN)
			conn_timer(r, container_of(t, struct route_of, timer));
		else if (kind == TIMER_OF_BARE)
			bare_timer(r, t);
		else if (kind == TIMER_OF_POLICY)
			route_govern(r);
		else
			opp_timer(r, t);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr-pool: addresses for peers out of pools that connections name (rightaddresspool=).
 *
 * A pool comes into being when the first peer asks for it; connections with the same words share it.
 * A peer that comes again gets the address that it had, also from a daemon that was started anew
 * (keep.c), unless somebody else needed it or the lease is too old.  Addresses of settings' `leases`
 * belong to one identity for good.
 */
#include "attr-pool.h"
#include "keep.h"

#include <modswan/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MAX_SUBNETS 64 /* to one peer */

struct pool_entry {
	struct pool_entry *next;
	struct pool *pool;
};

struct attr_pool {
	const struct ms_logger *log;
	const struct attr_conf *conf;
	struct pool_entry *pools; /* as many as configurations have words for, few */
	struct keep *keep;	  /* NULL: leases go with us */
	uint64_t seed;
};

/* "ID=ADDRESS", ID in ipsec.conf's words. */
static ms_err split_lease(
	const char *text, struct ms_id *id, struct ms_addr *addr, struct ms_why *why)
{
	const char *eq = strrchr(text, '=');
	ms_err err;

	if (eq == NULL)
		return ms_fail(why, MS_ERR_TEXT, "expected IDENTITY=ADDRESS");
	err = ms_addr_parse(addr, eq + 1, strlen(eq + 1), 0, MS_TEXT_NUMERIC, why);
	if (err == MS_OK)
		err = ms_id_parse(id, text, (size_t)(eq - text), why);
	return err;
}

static ms_err check_lease(const char *text, struct ms_why *why)
{
	struct ms_id id = { 0 };
	struct ms_addr addr;
	ms_err err = split_lease(text, &id, &addr, why);

	ms_id_free(&id);
	return err;
}

/* "[POOL=]NET/BITS"; pool_len 0: all pools. */
static ms_err split_subnet(
	const char *text, size_t *pool_len, struct ms_subnet *net, struct ms_why *why)
{
	const char *eq = strrchr(text, '='), *at = eq == NULL ? text : eq + 1;

	*pool_len = eq == NULL ? 0 : (size_t)(eq - text);
	if (eq == text)
		return ms_fail(why, MS_ERR_TEXT, "expected POOL=NET/BITS");
	return ms_subnet_parse(net, at, strlen(at), 0, MS_TEXT_NUMERIC, why);
}

static ms_err check_subnet(const char *text, struct ms_why *why)
{
	struct ms_subnet net;
	size_t pool_len;

	return split_subnet(text, &pool_len, &net, why);
}

static const struct ms_conf_key keys[] = {
	MS_KEY_LIST(struct attr_conf, leases, "leases", .check = check_lease,
		.brief = "addresses that belong to one identity, IDENTITY=ADDRESS",
		.text = "The identity is written as in leftid=, the address must lie in the pool "
			"that the peer's connection names; one of each family is possible."),
	MS_KEY_LIST(struct attr_conf, subnets, "subnets", .check = check_subnet,
		.brief = "networks that peers are told of, NET/BITS or POOL=NET/BITS",
		.text = "They are sent with the address (INTERNAL_IP4_SUBNET, INTERNAL_IP6_SUBNET) in place "
			"of the networks of the connection's own end, which are sent otherwise: for "
			"networks that are reached by CHILD SAs of other connections, or when there are "
			"not as many behind this gateway as leftsubnet=0.0.0.0/0 has room for.  POOL is "
			"written as in rightaddresspool=; what has one is for that pool alone, what has "
			"none for all pools.  What may be sent is still what leftsubnet= says."),
	MS_KEY_STRING(struct attr_conf, file, "lease_file", .def_text = "attr-pool.leases",
		.brief = "file that leases outlive the daemon in; none: they do not",
		.text = "A name without a slash at its start lies in the folder of sockets and pid "
			"files, which most systems empty when they start: name a file below /var/lib "
			"for leases that outlive that too.  A file that is wrong is put aside and "
			"said to be, and none of it is used."),
	MS_KEY_TIME(struct attr_conf, lease_ms, "lease_time", .def = 7 * 24 * 3600 * INT64_C(1000),
		.brief = "how long an address that is not in use is kept for who had it; 0: for ever",
		.text = "Even before that it goes to somebody else when no other one is left."),
	MS_KEY_END,
};

static void fix_leases(struct attr_pool *a, struct pool *pool)
{
	for (char **text = a->conf->leases; text != NULL && *text != NULL; text++) {
		struct ms_id id = { 0 };
		struct ms_addr addr;

		if (split_lease(*text, &id, &addr, NULL) == MS_OK && pool_has(pool, &addr) &&
			pool_fix(pool, &id, &addr) != MS_OK)
			ms_notice(a->log, "lease %s is left out", *text);
		ms_id_free(&id);
	}
}

static ms_err find_pool(struct attr_pool *a, const char *text, struct pool **out, struct ms_why *why)
{
	struct pool_entry *e = a->pools;
	ms_err err;

	while (e != NULL && strcmp(pool_text(e->pool), text) != 0)
		e = e->next;
	if (e == NULL) {
		e = calloc(1, sizeof *e);
		if (e == NULL)
			return MS_ERR_NOMEM;
		err = pool_new(&e->pool, text, a->seed, why);
		if (err != MS_OK) {
			free(e);
			return err == MS_ERR_NOMEM ? err : MS_ERR_CONFIG;
		}
		fix_leases(a, e->pool);
		keep_restore(a->keep, e->pool);
		e->next = a->pools;
		a->pools = e;
	}
	*out = e->pool;
	return MS_OK;
}

/* Those for this pool. */
static unsigned find_subnets(
	const struct attr_conf *conf, const char *pool, struct ms_subnet *out, unsigned max)
{
	unsigned n = 0;
	size_t len;

	for (char **text = conf->subnets; text != NULL && *text != NULL && n < max; text++)
		if (split_subnet(*text, &len, &out[n], NULL) == MS_OK &&
			(len == 0 || (len == strlen(pool) && strncmp(*text, pool, len) == 0)))
			n++;
	return n;
}

static void attr_lease(
	void *inst, const struct ms_attr_request *rq, ms_attr_lease_f *done, void *arg)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct attr_pool *a = inst;
	struct ms_subnet subnets[MAX_SUBNETS];
	struct ms_attr_lease lease = { .subnets = subnets };
	struct ms_why why = { "" };
	struct pool *pool = NULL;
	bool any = false;
	ms_err err = find_pool(a, rq->pool, &pool, &why);

	if (err == MS_OK)
		keep_time(a->keep, pool);
	lease.n_subnets = find_subnets(a->conf, rq->pool, subnets, MAX_SUBNETS);
	for (unsigned f = 0; err == MS_OK && f < MS_ATTR_FAMILIES; f++) {
		if (!rq->ask[f])
			continue;
		err = pool_take(pool, rq->peer, families[f], &rq->wanted[f], rq->share,
			&lease.addr[f]);
		any = any || err == MS_OK;
		if (err == MS_OK)
			keep_note(a->keep, pool, &lease.addr[f]);
		/* One family is better than none. */
		if (err == MS_ERR_NOT_FOUND)
			err = MS_OK;
	}
	if (err == MS_ERR_LIMIT && any)
		err = MS_OK;
	if (err == MS_OK && !any)
		err = ms_fail(&why, MS_ERR_CONFIG, "%.200s has no address of that family", rq->pool);
	else if (err == MS_ERR_LIMIT)
		(void)ms_fail(&why, err, "no address of %.200s is free", rq->pool);
	done(arg, err, &lease, &why);
}

static void attr_release(void *inst, const char *text, const struct ms_addr *addr)
{
	struct attr_pool *a = inst;

	for (struct pool_entry *e = a->pools; e != NULL; e = e->next)
		if (strcmp(pool_text(e->pool), text) == 0) {
			keep_time(a->keep, e->pool);
			pool_give_back(e->pool, addr);
			keep_note(a->keep, e->pool, addr);
		}
}

struct listing {
	void (*line)(void *arg, const char *text);
	void *arg;
};

static void list_lease(void *arg, const struct pool_lease *l)
{
	const struct listing *to = arg;
	char addr[MS_ADDR_TEXT], id[MS_ID_TEXT], text[MS_ADDR_TEXT + MS_ID_TEXT + 40];

	ms_addr_text(&l->addr, addr, sizeof addr);
	ms_id_text(&l->id, id, sizeof id);
	snprintf(text, sizeof text, "  %s %s%s %s", addr,
		l->users > 0 ? "in use" : l->expired ? "expired" : "idle",
		l->fixed ? " static" : "", id);
	to->line(to->arg, text);
}

static void attr_list(void *inst, void (*line)(void *arg, const char *text), void *arg)
{
	struct attr_pool *a = inst;
	struct listing to = { line, arg };

	for (struct pool_entry *e = a->pools; e != NULL; e = e->next) {
		keep_time(a->keep, e->pool);
		line(arg, pool_text(e->pool));
		pool_each(e->pool, list_lease, &to);
	}
}

static struct pool *next_pool(void *arg, const struct pool *p)
{
	const struct attr_pool *a = arg;
	const struct pool_entry *e = a->pools;

	for (; p != NULL && e != NULL; e = e->next)
		if (e->pool == p) {
			e = e->next;
			break;
		}
	return e == NULL ? NULL : e->pool;
}

static void attr_unload(void **instance)
{
	struct attr_pool *a = *instance;

	if (a == NULL)
		return;
	keep_free(&a->keep);
	for (struct pool_entry *e = a->pools, *next; e != NULL; e = next) {
		next = e->next;
		pool_free(&e->pool);
		free(e);
	}
	free(a);
	*instance = NULL;
}

static ms_err start_keeping(struct attr_pool *a, const struct ms_services *services)
{
	const char *file = a->conf->file;
	struct ms_why why = { "" };
	char *path = NULL;
	ms_err err;

	if (file == NULL || file[0] == '\0')
		return MS_OK;
	if (asprintf(&path, "%s%s%s", file[0] == '/' ? "" : services->rundir,
		    file[0] == '/' ? "" : "/", file) < 0)
		return MS_ERR_NOMEM;
	err = keep_new(&a->keep, services->loop, a->log, path, a->conf->lease_ms, next_pool, a, &why);
	free(path);
	if (err != MS_ERR_SYSTEM)
		return err;
	ms_error(a->log, "%s; leases are kept in memory only", why.text);
	return MS_OK;
}

static ms_err attr_load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct attr_pool *a = calloc(1, sizeof *a);
	ms_err err;

	if (a == NULL || getrandom(&a->seed, sizeof a->seed, 0) != (ssize_t)sizeof a->seed) {
		free(a);
		return ms_fail(why, MS_ERR_NOMEM, "attr-pool: no memory or no random numbers");
	}
	a->log = services->log;
	a->conf = conf;
	err = start_keeping(a, services);
	if (err != MS_OK) {
		free(a);
		return err;
	}
	*instance_r = a;
	return MS_OK;
}

static const struct ms_attr_ops attr_ops = {
	.size = sizeof attr_ops,
	.lease = attr_lease,
	.release = attr_release,
	.list = attr_list,
};

static const struct ms_feature attr_features[] = {
	MS_PROVIDES(ATTR, "pool", &attr_ops),
	MS_FEATURES_END,
};

MS_PLUGIN(attr_pool, "attr-pool",
	.summary = "addresses for peers out of pools",
	.features = attr_features,
	.keys = keys,
	.conf_size = sizeof(struct attr_conf),
	.load = attr_load,
	.unload = attr_unload);

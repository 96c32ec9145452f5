/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of routing: a kernel and hooks that write down what they were told, at once or later, a
 * clock, and an IKE that begins when it is asked to. */
#ifndef MODSWAN_CORE_ROUTE_TEST_RIG_H
#define MODSWAN_CORE_ROUTE_TEST_RIG_H

#include "core/route/route.h"

#include <modswan/registry.h>

#include "core/child/child_sa.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_POLICIES 4096
#define RIG_WEST 0xc001022d /* 192.1.2.45 */

struct world {
	char log[16384];
	bool quiet; /* nothing is written down */
	bool unchecked; /* the invariants are not looked at: there are too many connections */
	struct host host;
	struct route *route;
	struct conn_table *conns;
	struct conn *conn;
	struct child_sa child;
	uint64_t now;
	enum ms_hook_verb fail_verb;
	bool fail;
	bool defer; /* kernel answers wait in `waiting` */
	bool refuse; /* the kernel sets no policy */
	struct ms_selector hook_mine; /* that the last hook was told of */
	bool defer_hooks; /* the next hook's answer waits in `hook` */
	struct {
		ms_hook_done_f *done;
		void *arg;
	} hook;
	struct {
		ms_kernel_done_f *done;
		void *arg;
		unsigned n;
	} waiting;
	unsigned answers;
	ms_err err;
	char why[256];
	/* what the kernel has */
	struct ms_kernel_policy policies[RIG_POLICIES];
	unsigned n_policies;
	uint64_t octets; /* through any SA */
	unsigned initiated, terminated;
	struct conn *initiating; /* a reference; the last one */
	ms_err initiate_err;
	unsigned changes; /* after each the invariants were looked at */
};

static inline void note(struct world *w, const char *text)
{
	if (w->quiet || strlen(w->log) + strlen(text) + 2 > sizeof w->log)
		return;
	strcat(w->log, text);
	strcat(w->log, " ");
}

static inline struct ms_kernel_policy *rig_policy(struct world *w, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	for (unsigned i = 0; i < w->n_policies; i++)
		if (ms_selector_eq(&w->policies[i].src, src) &&
			ms_selector_eq(&w->policies[i].dst, dst))
			return &w->policies[i];
	return NULL;
}

static inline void carry_out(struct world *w, struct ms_kernel_op *op)
{
	static const char *const shunts[] = { "sa", "pass", "drop", "reject", "trap", "hold" };
	struct ms_kernel_policy *p;
	char text[32];

	if (op->kind == MS_KOP_SA_QUERY) {
		op->counters.octets = w->octets;
		return;
	}
	p = rig_policy(w, &op->policy.src, &op->policy.dst);
	if (op->kind == MS_KOP_POLICY_DELETE) {
		strcpy(text, "delete");
		if (p != NULL)
			*p = w->policies[--w->n_policies];
	} else {
		if (p == NULL) {
			assert_true(w->n_policies < RIG_POLICIES);
			p = &w->policies[w->n_policies++];
		}
		*p = op->policy;
		if (op->policy.shunt == MS_SHUNT_NONE)
			snprintf(text, sizeof text, "sa:%x", op->policy.said.spi);
		else
			strcpy(text, shunts[op->policy.shunt]);
	}
	note(w, text);
}

static inline void rig_kernel(void *ctx, struct ms_kernel_op *ops, unsigned n,
	ms_kernel_done_f *done, void *arg)
{
	struct world *w = ctx;

	for (unsigned i = 0; i < n; i++) {
		if (w->refuse && ops[i].kind == MS_KOP_POLICY_SET) {
			note(w, "refused");
			done(arg, MS_ERR_KERNEL, i, NULL);
			return;
		}
		carry_out(w, &ops[i]);
	}
	if (w->defer) {
		assert_null(w->waiting.done);
		w->waiting.done = done;
		w->waiting.arg = arg;
		w->waiting.n = n;
		return;
	}
	done(arg, MS_OK, n, NULL);
}

static inline void kernel_goes_on(struct world *w)
{
	ms_kernel_done_f *done = w->waiting.done;

	w->waiting.done = NULL;
	done(w->waiting.arg, MS_OK, w->waiting.n, NULL);
}

static inline void rig_hook(void *ctx, struct conn *c, const struct ms_hook_event *e,
	ms_hook_done_f *done, void *arg)
{
	static const char *const verbs[] = { "prepare", "route", "unroute", "up", "down" };
	struct world *w = ctx;
	struct ms_why why = { "" };

	note(w, verbs[e->verb]);
	w->hook_mine = e->my_client;
	if (e->verb != MS_HOOK_UNROUTE)
		assert_string_equal(e->interface, c->device);
	if (strcmp(e->interface, "ipsec0") != 0)
		note(w, e->interface);
	if (w->defer_hooks) {
		w->defer_hooks = false;
		w->hook.done = done;
		w->hook.arg = arg;
		return;
	}
	if (w->fail && e->verb == w->fail_verb)
		done(arg, ms_fail(&why, MS_ERR_SYSTEM, "%s-client failed", verbs[e->verb]), &why);
	else
		done(arg, MS_OK, NULL);
}

/* Whatever happens, this holds: between the connections, and between us and the kernel. */
static inline void rig_check(struct world *w)
{
	struct ms_why why = { "" };
	enum ms_shunt shunt;

	if (!route_check(w->route, &why))
		fail_msg("%s (after: %s)", why.text, w->log);
	if (route_busy(w->route))
		return;
	for (unsigned i = 0; i < w->n_policies; i++) {
		const struct ms_kernel_policy *p = &w->policies[i];

		if (!route_knows(w->route, &p->src, &p->dst, &shunt) || shunt != p->shunt)
			fail_msg("an eroute of the kernel is not known (after: %s)", w->log);
	}
}

static inline void rig_changed(void *ctx, struct conn *c)
{
	struct world *w = ctx;

	(void)c;
	w->changes++;
	if (!w->unchecked)
		rig_check(w);
}

static inline ms_err rig_initiate(void *ctx, struct conn *c, struct ms_why *why)
{
	struct world *w = ctx;

	w->initiated++;
	conn_unref(&w->initiating);
	w->initiating = conn_ref(c);
	if (w->initiate_err != MS_OK)
		return ms_fail(why, w->initiate_err, "it cannot be initiated");
	return MS_OK;
}

static inline void rig_terminate(void *ctx, struct conn *c)
{
	struct world *w = ctx;

	(void)c;
	w->terminated++;
}

static inline void answered(void *arg, ms_err err, const struct ms_why *why)
{
	struct world *w = arg;

	w->answers++;
	w->err = err;
	snprintf(w->why, sizeof w->why, "%s", ms_why_text(why, err));
}

static inline bool west(void *arg, const struct ms_addr *a)
{
	struct ms_addr us = ms_addr_v4(RIG_WEST);

	(void)arg;
	return ms_addr_eq(a, &us);
}

static inline uint64_t rig_now(void *ctx)
{
	return ((struct world *)ctx)->now;
}

static inline void rig_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 7, len);
}

static const struct host_ops rig_ops = { .kernel = rig_kernel, .now_ms = rig_now,
	.random = rig_random };

struct rig_words {
	const char *name, *left, *right, *rightid, *leftsubnet, *rightsubnet;
	int type, failure, negotiation;
	bool has_type;
};

static inline struct conn *rig_conn(struct world *w, const struct rig_words *words)
{
	struct ms_conn_desc d;
	struct ms_addr home[2] = { ms_addr_v4(RIG_WEST) }, gate[2] = { ms_addr_v4(0xc00102fe) };
	struct ms_why why;
	struct conn *c;

	assert_true(ms_conn_desc_defaults(&d));
	free(d.left.host);
	free(d.right.host);
	d.name = strdup(words->name);
	d.left.host = strdup(words->left == NULL ? "192.1.2.45" : words->left);
	d.right.host = strdup(words->right == NULL ? "192.1.2.23" : words->right);
	if (words->rightid != NULL)
		d.right.id = strdup(words->rightid);
	if (words->leftsubnet != NULL)
		d.left.subnet = strdup(words->leftsubnet);
	if (words->rightsubnet != NULL)
		d.right.subnet = strdup(words->rightsubnet);
	d.type = words->type;
	d.failure_shunt = words->failure;
	d.negotiation_shunt = words->negotiation;
	assert_int_equal(conn_add(w->conns, &d, &c, &why), MS_OK);
	assert_int_equal(conn_orient(w->conns, c, west, NULL, home, gate, &why), MS_OK);
	ms_conn_desc_free(&d);
	strcpy(c->device, "ipsec0");
	return c;
}

/* A CHILD SA of the connection with its clients, established. */
static inline struct child_sa rig_child(struct conn *c, uint32_t serial)
{
	return (struct child_sa){ .conn = c, .serial = serial, .spi_out = 0x1000 + serial,
		.spi_in = 0x9000 + serial, .tunnel = true, .up = true, .state = CHILD_ESTABLISHED,
		.local = c->local.host, .remote = c->remote.host, .mine = c->local.clients,
		.n_mine = (uint8_t)c->local.n_clients, .theirs = c->remote.clients,
		.n_theirs = (uint8_t)c->remote.n_clients };
}

static inline struct world *rig_new(const struct opp_env *opp)
{
	static const uint64_t seed[2];
	struct world *w = calloc(1, sizeof *w);
	struct route_env env = { .hook = rig_hook, .changed = rig_changed,
		.initiate = rig_initiate, .terminate = rig_terminate, .ctx = w, .stack = "klips",
		.failure_ms = 60000, .opp = opp };

	assert_non_null(w);
	w->now = 1000000;
	w->host = (struct host){ &rig_ops, w, NULL };
	env.conns = w->conns = conn_table_new(seed);
	w->route = route_new(&w->host, &env);
	assert_non_null(w->route);
	return w;
}

static inline int rig_free(void **state)
{
	struct world *w = *state;

	conn_unref(&w->initiating);
	route_free(&w->route);
	conn_table_free(&w->conns);
	free(w);
	return 0;
}

static inline void expect_log(struct world *w, const char *log)
{
	assert_string_equal(w->log, log);
	w->log[0] = '\0';
}

static inline void pass_time(struct world *w, uint64_t ms)
{
	w->now += ms;
	route_tick(w->route);
}

static inline struct ms_selector rig_host(uint32_t a)
{
	struct ms_addr addr = ms_addr_v4(a);
	struct ms_subnet net = ms_subnet_host(&addr);

	return ms_selector_of_subnet(&net);
}

static inline int rig_crypto(void **state)
{
	(void)state;
	if (openssl_load(NULL) != MS_OK)
		return -1;
	return ms_crypto_register(&openssl_ops, "openssl") == MS_OK ? 0 : -1;
}

static inline int rig_no_crypto(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

#endif

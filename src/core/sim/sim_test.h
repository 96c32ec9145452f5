/* SPDX-License-Identifier: Apache-2.0 */
/* West and east, the two gateways of most tests. Included by test programs only. */
#ifndef MODSWAN_CORE_SIM_TEST_H
#define MODSWAN_CORE_SIM_TEST_H

#include <modswan/registry.h>

#include "core/sim/sim.h"
#include "lib/log/sink.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct pair {
	struct sim *sim;
	struct sim_node *west, *east;
	struct conn *wc, *ec;
};

static const struct sim_words tunnel __attribute__((unused)) = {
	.name = "west-east",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@west",
	.rightid = "@east",
};

static inline struct pair pair_of(
	const struct sim_words *w, const struct sim_words *e, const struct ike_params *params)
{
	struct pair p;

	p.sim = sim_new(42);
	p.west = sim_node(p.sim, "west", "192.1.2.45", params);
	p.east = sim_node(p.sim, "east", "192.1.2.23", params);
	p.wc = sim_conn(p.west, w);
	p.ec = sim_conn(p.east, e);
	return p;
}

static inline struct pair pair_new(const struct sim_words *w)
{
	return pair_of(w, w, NULL);
}

static inline void pair_free(struct pair *p)
{
	sim_free(&p->sim);
}

static inline void pair_initiate(struct pair *p)
{
	struct ms_why why = { "" };

	assert_int_equal(ike_initiate(p->west->ike, p->wc, &why), MS_OK);
}

/* West initiates; a minute is enough for everything. */
static inline void pair_up(struct pair *p)
{
	pair_initiate(p);
	sim_run(p->sim, 60000);
}

#define assert_pair_up(p)                                     \
	do {                                                  \
		assert_int_equal((p)->west->over_err, MS_OK); \
		assert_int_equal(sim_ikes((p)->west), 1);     \
		assert_int_equal(sim_children((p)->west), 1); \
		assert_int_equal(sim_sas((p)->west), 2);      \
		assert_true(sim_agree((p)->west, (p)->east)); \
	} while (0)
#define assert_pair_empty(p)                                       \
	do {                                                       \
		assert_int_equal(sim_states((p)->west), 0);        \
		assert_int_equal(sim_states((p)->east), 0);        \
		assert_int_equal(sim_sas((p)->west), 0);           \
		assert_int_equal(sim_sas((p)->east), 0);           \
		assert_int_equal((p)->west->up, (p)->west->downs); \
		assert_int_equal((p)->east->up, (p)->east->downs); \
	} while (0)

static inline int sim_test_setup(void **state)
{
	(void)state;
	ms_log_open("test");
	if (getenv("SIM_VERBOSE"))
		ms_log_to_stderr(MS_LOG_DEBUG, MS_LOG_PLAIN, false);
	if (openssl_load(NULL) != MS_OK)
		return -1;
	return ms_crypto_register(&openssl_ops, "openssl") == MS_OK ? 0 : -1;
}

static inline int sim_test_teardown(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	ms_log_close();
	return 0;
}

#endif

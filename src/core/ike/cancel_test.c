/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things that go while somebody works for them, step by step: SAs, connections, engines and secrets
 * vanish at every moment of an exchange; random numbers are as extreme as they can be.
 */
#include "core/ike/window.h"
#include "core/sim/sim_key.h"
#include "core/sim/sim_priv.h"
#include "core/sim/sim_test.h"

#include "core/ike/ike_sa.h"

static const struct sim_words words = {
	.name = "west-east",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.2.0/24",
	.leftid = "@west",
	.rightid = "@east",
	.ike = "aes_gcm128-sha2_256-x25519",
	.esp = "aes_gcm128",
	.pfs = true,
	.retransmit_timeout_ms = 5000,
};

static struct sim_key keys[2];

static struct pair begin(bool with_keys)
{
	struct sim_words w = words;
	struct pair p;

	if (with_keys) {
		w.authby = MS_AUTH_EDDSA;
		w.leftkey = keys[0].spki;
		w.rightkey = keys[1].spki;
	}
	p = pair_new(&w);
	p.west->priv = keys[0].priv;
	p.east->priv = keys[1].priv;
	p.sim->later = true; /* jobs, secrets and kernels answer afterwards */
	p.west->slow_ms = 3;
	return p;
}

/* --- CVE-2011-4073: the helper's answer comes when nobody is there any more ------------------------ */

enum { WEST_ENDS, EAST_ENDS, BOTH_END, WEST_DELETES, EAST_DELETES, WEST_HALTS, EAST_HALTS, HOWS };

static void cancel(struct pair *p, int how)
{
	if (how == WEST_HALTS)
		sim_halt(p->west, true);
	else if (how == EAST_HALTS)
		sim_halt(p->east, true);
	if (how == WEST_HALTS || how == EAST_HALTS)
		return;
	if (how != EAST_ENDS && how != EAST_DELETES)
		ike_terminate_conn(p->west->ike, p->wc);
	if (how != WEST_ENDS && how != WEST_DELETES)
		ike_terminate_conn(p->east->ike, p->ec);
	if (how == WEST_DELETES)
		conn_delete(p->west->conns, p->wc);
	if (how == EAST_DELETES)
		conn_delete(p->east->conns, p->ec);
}

/* West and what is left of its connection go too, and nothing must be left of anything. */
static void nothing_left(struct pair *p, int how)
{
	sim_run(p->sim, 60000);
	if (p->west->ike && how != WEST_DELETES)
		ike_terminate_conn(p->west->ike, p->wc);
	if (p->east->ike && how != EAST_DELETES)
		ike_terminate_conn(p->east->ike, p->ec);
	sim_run(p->sim, 120000);
	for (unsigned i = 0; i < 2; i++) {
		struct sim_node *n = i ? p->east : p->west;

		if (!n->ike)
			continue;
		assert_int_equal(sim_states(n), 0);
		assert_int_equal(sim_sas(n), 0);
		assert_int_equal(n->up, n->downs);
	}
	pair_free(p);
}

static void rekey_child(struct pair *p)
{
	struct child_sa *c = ike_first_child(ike_first(p->west->ike));
	struct ms_said said = { p->west->addr, c->spi_in, MS_PROTO_ESP };

	ike_kernel_expire(p->west->ike, &said, false);
}

static void rekey_ike(struct pair *p)
{
	struct ike_sa *ike = ike_first(p->west->ike);

	ike->wants |= IKE_WANT_REKEY;
	ike_next_request(ike);
}

/* False: the exchange was over before. */
static bool steps_then(void (*start)(struct pair *p), bool with_keys, unsigned steps, int how)
{
	struct pair p = begin(with_keys);
	uint64_t until;
	bool reached = true;

	if (start) {
		pair_up(&p);
		assert_pair_up(&p);
		start(&p);
	} else {
		pair_initiate(&p);
	}
	until = p.sim->now + 400;
	for (unsigned i = 0; i < steps && reached; i++)
		reached = sim_step(p.sim, until);
	cancel(&p, how);
	nothing_left(&p, how);
	return reached;
}

static void test_cve_2011_4073_gone_while_a_job_runs(void **state)
{
	static void (*const starts[])(struct pair *p) = { NULL, NULL, rekey_child, rekey_ike };

	(void)state;
	for (unsigned s = 0; s < 4; s++)
		for (int how = 0; how < HOWS; how++) {
			unsigned steps = 0;

			while (steps_then(starts[s], s == 1, steps, how))
				steps++;
			assert_in_range(steps, 8, 200);
		}
}

/* --- CVE-2024-2357: secrets that go, and come again ------------------------------------------------ */

static void test_cve_2024_2357_secret_gone_at_every_step(void **state)
{
	(void)state;
	for (int how = 0; how < 8; how++)
		for (unsigned steps = 0; steps < 24; steps++) {
			bool with_keys = how & 1, back = how & 4;
			struct pair p = begin(with_keys);
			struct sim_node *n = how & 2 ? p.west : p.east;
			struct ms_bytes psk = n->psk;
			struct ms_privkey *priv = n->priv;

			pair_initiate(&p);
			for (unsigned i = 0; i < steps; i++)
				(void)sim_step(p.sim, p.sim->now + 400);
			n->psk = ms_bytes(NULL, 0);
			n->priv = NULL;
			if (back) {
				sim_run(p.sim, 2);
				n->psk = psk;
				n->priv = priv;
			}
			sim_run(p.sim, 60000);
			assert_int_equal(p.west->over, 1);
			if (p.west->over_err == MS_OK)
				assert_pair_up(&p);
			else
				assert_pair_empty(&p);
			n->psk = psk;
			n->priv = priv;
			nothing_left(&p, BOTH_END);
		}
}

/* --- CVE-2021-41991: random numbers that are extremes ---------------------------------------------- */

static uint32_t extreme;
static unsigned bad_spis;
static uint8_t taken_spi[8];

static void extreme_octets(void *host, void *out, size_t len)
{
	sim_host_ops.random(host, out, len);
	if (len == sizeof(extreme))
		memcpy(out, &extreme, len);
	else if (len == 8 && bad_spis > 0 && bad_spis-- % 2)
		memset(out, 0, len);
	else if (len == 8 && bad_spis > 0)
		memcpy(out, taken_spi, len);
}

static void test_cve_2021_41991_random_extremes(void **state)
{
	static const uint32_t extremes[] = { 0, 1, INT32_MAX, (uint32_t)INT32_MIN, UINT32_MAX,
		1023, 1024, 0xfffffc00 };
	struct host_ops ops = sim_host_ops;

	(void)state;
	ops.random = extreme_octets;
	for (unsigned i = 0; i < sizeof(extremes) / sizeof(extremes[0]); i++) {
		struct sim_words w = words;
		struct pair p;
		struct ike_sa *ike;
		struct child_sa *child;
		uint64_t life_i = 100000, life_c = 40000, margin = 9000;

		extreme = extremes[i];
		w.ike_lifetime_ms = life_i;
		w.ipsec_lifetime_ms = life_c;
		p = pair_new(&w);
		p.west->host.ops = p.east->host.ops = &ops;
		pair_initiate(&p);
		sim_run(p.sim, 1000);
		assert_pair_up(&p);
		/* rekeymargin=9s, rekeyfuzz=100%: between one and two margins before the end */
		ike = ike_first(p.west->ike);
		child = ike_first_child(ike);
		assert_in_range(ike->expire_at - ike->replace_at, margin, 2 * margin);
		assert_in_range(child->expire_at - child->rekey_at, margin, 2 * margin);
		/* both rekey at the same moment, again and again */
		for (unsigned k = 0; k < 50; k++) {
			ike_kernel_expire(p.west->ike,
				&(struct ms_said){ p.west->addr,
					child_by_serial(p.west->ike, p.wc->newest_child)->spi_in,
					MS_PROTO_ESP },
				false);
			ike_kernel_expire(p.east->ike,
				&(struct ms_said){ p.east->addr,
					child_by_serial(p.east->ike, p.ec->newest_child)->spi_in,
					MS_PROTO_ESP },
				false);
			sim_run(p.sim, 20000);
			assert_true(sim_children(p.west) > 0);
		}
		sim_run(p.sim, 5000);
		assert_true(sim_agree(p.west, p.east));
		nothing_left(&p, BOTH_END);
	}
}

/* An SPI that is zero or in use is not taken, however often it is drawn. */
static void test_cve_2021_41991_spis_drawn_again(void **state)
{
	static const uint8_t zero[8];
	struct host_ops ops = sim_host_ops;
	struct pair p = pair_new(&words);
	struct ike_sa *first, *second;

	(void)state;
	ops.random = extreme_octets;
	pair_up(&p);
	first = ike_first(p.west->ike);
	memcpy(taken_spi, first->spi_i, 8);
	p.west->host.ops = &ops;
	bad_spis = 100;
	second = ike_sa_new(p.west->ike, p.wc, true, &first->local, &first->remote, 0);
	assert_non_null(second);
	assert_int_equal(bad_spis, 0);
	assert_memory_not_equal(second->spi_i, zero, 8);
	assert_memory_not_equal(second->spi_i, taken_spi, 8);
	ike_gone(second, MS_ERR_CANCELLED, NULL);
	nothing_left(&p, BOTH_END);
}

static int setup(void **state)
{
	if (sim_test_setup(state) != 0)
		return -1;
	keys[0] = sim_key_new("ed25519");
	keys[1] = sim_key_new("ed25519");
	return 0;
}

static int teardown(void **state)
{
	sim_key_free(&keys[0]);
	sim_key_free(&keys[1]);
	return sim_test_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2011_4073_gone_while_a_job_runs),
		cmocka_unit_test(test_cve_2024_2357_secret_gone_at_every_step),
		cmocka_unit_test(test_cve_2021_41991_random_extremes),
		cmocka_unit_test(test_cve_2021_41991_spis_drawn_again),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

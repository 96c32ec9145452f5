/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that other IKE daemons had in authentication and identities; see cve_test.c. */
#include "core/sim/sim_key.h"
#include "core/sim/tape_test.h"

static uint8_t forged_auth[2048];
static size_t forged_len;

static void forge(struct chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == IKE_P_AUTH)
			c->bodies[i] = ms_bytes(forged_auth, forged_len);
}

/* Says west's IKE_AUTH with a forged AUTH payload; east must refuse. */
static void forged_signature(const struct sim_words *w, const struct sim_key *l,
	const struct sim_key *r, size_t head, size_t len, uint8_t fill)
{
	struct tape t;
	struct pair p = pair_new(w);
	struct inner in, out;
	struct chain c;

	memset(&t, 0, sizeof(t));
	t.stop_before = 3;
	p.west->priv = l->priv;
	p.east->priv = r->priv;
	p.sim->network = taping;
	p.sim->network_arg = &t;
	pair_initiate(&p);
	sim_run(p.sim, 100);
	open_record(ike_first(p.east->ike), &t.r[3], &in);
	chain_of(&in, &c);
	for (unsigned i = 0; i < c.n; i++)
		if (c.types[i] == IKE_P_AUTH)
			memcpy(forged_auth, c.bodies[i].ptr, head);
	memset(forged_auth + head, fill, len);
	forged_len = head + len;
	forge(&c);
	chain_put(&c, &out, &in.h);
	say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
	sim_run(p.sim, 100);
	assert_int_equal(sim_ikes(p.east), 0);
	assert_int_equal(sim_sas(p.east), 0);
	settle(&p);
}

/* CVE-2013-2944, CVE-2012-2388, CVE-2017-11185: empty, zero and too large signatures. */
static void test_cve_2013_2944_empty_and_zero_signatures(void **state)
{
	static const struct {
		const char *kind;
		uint32_t auth;
		size_t head; /* method, reserved, length, AlgorithmIdentifier */
	} cases[] = { { "rsa", MS_AUTH_RSA, 4 + 1 + 67 }, { "P-256", MS_AUTH_ECDSA, 4 + 1 + 12 },
		{ "ed25519", MS_AUTH_EDDSA, 4 + 1 + 7 } };
	static const size_t lens[] = { 0, 1, 8, 64, 70, 255, 256, 257 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim_key l = sim_key_new(cases[i].kind), r = sim_key_new(cases[i].kind);
		struct sim_words w = plain;

		w.authby = cases[i].auth;
		w.leftkey = l.spki;
		w.rightkey = r.spki;
		for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
			forged_signature(&w, &l, &r, cases[i].head, lens[k], 0x00);
			forged_signature(&w, &l, &r, cases[i].head, lens[k], 0xff);
		}
		for (size_t head = 4; head < cases[i].head; head += 3)
			forged_signature(&w, &l, &r, head, 0, 0);
		sim_key_free(&l);
		sim_key_free(&r);
	}
}

static uint8_t long_id[4 + 600];
static size_t long_id_len;

static void swap_id(struct chain *c, unsigned how)
{
	(void)how;
	c->bodies[0] = ms_bytes(long_id, long_id_len);
}

/* CVE-2010-2628, CVE-2013-6075: identities of every type, longer than buffers, with anything in
 * them. */
static void test_cve_2010_2628_long_identities(void **state)
{
	static const size_t lens[] = { 0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 255, 256, 511, 512, 513,
		600 };

	(void)state;
	for (unsigned type = 0; type < 16; type++) {
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			memset(long_id, 0, 4);
			long_id[0] = (uint8_t)type;
			for (size_t k = 0; k < lens[i]; k++)
				long_id[4 + k] = (uint8_t)(i % 3 == 0   ? '\''
							   : i % 3 == 1 ? 0x30
									: k * 7);
			long_id_len = 4 + lens[i];
			changed_inner(3, swap_id, 0);
			changed_inner(4, swap_id, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2013_2944_empty_and_zero_signatures),
		cmocka_unit_test(test_cve_2010_2628_long_identities),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

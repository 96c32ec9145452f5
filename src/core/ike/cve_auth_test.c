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

/* --- configuration that a peer gives --------------------------------------------------------------- */

static void road_warrior(struct ms_conn_desc *d)
{
	d->left.modecfgclient = true;
	d->left.addresspool = strdup("10.99.0.1-10.99.0.250");
}

static uint8_t cp[2000];
static size_t cp_len;

static void swap_cp(struct chain *c, unsigned how)
{
	(void)how;
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == IKE_P_CP)
			c->bodies[i] = ms_bytes(cp, cp_len);
}

static void cp_add(unsigned type, const char *value, size_t len)
{
	uint8_t *p = cp + cp_len;

	p[0] = (uint8_t)(type >> 8);
	p[1] = (uint8_t)type;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		p[4 + i] = (uint8_t)value[i];
	cp_len += 4 + len;
}

/* What scripts and files may be given: names of letters, digits, '-', '_', '.', and addresses. */
static void assert_harmless(const char *text)
{
	for (; text && *text; text++)
		assert_non_null(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_.: ", *text));
}

/* CVE-2010-3302, CVE-2010-3308, CVE-2010-3752, CVE-2010-3753: names of domains and servers that are
 * too long, too many, or words of a shell. */
static void test_cve_2010_3752_domains_and_servers(void **state)
{
	static const char *const domains[] = { "example.com", "'; reboot; '", "`id`", "$(id)", "a b",
		"a\nb", "\"", "", "..", "%n%n", "\xff", "-rf", "a;b", "a&b", "a|b", "a>b", "a\0b" };
	static const size_t lens[] = { 0, 1, 4, 11, 16, 63, 255, 256, 600 };
	struct sim_words w = plain;

	(void)state;
	w.leftsubnet = NULL;
	w.more = road_warrior;
	for (size_t d = 0; d < sizeof(domains) / sizeof(domains[0]); d++)
		for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
			struct tape t;
			struct pair p = paused_with(&w, &t, 4);
			struct ike_sa *to = ike_first(p.west->ike);
			struct inner in, out;
			struct chain c;
			char value[600] = "";

			for (size_t i = 0; i < sizeof(value) && domains[d][0]; i++)
				value[i] = domains[d][i % (strlen(domains[d]) + (d == 16))];
			memset(cp, 0, 4);
			cp[0] = 2; /* CFG_REPLY */
			cp_len = 4;
			cp_add(1, "\x0a\x63\x00\x07", 4); /* 10.99.0.7 */
			cp_add(3, value, lens[k]);	  /* INTERNAL_IP4_DNS */
			cp_add(25, value, lens[k]);	  /* INTERNAL_DNS_DOMAIN */
			cp_add(25, domains[d], strlen(domains[d]));
			open_record(to, &t.r[4], &in);
			chain_of(&in, &c);
			swap_cp(&c, 0);
			chain_put(&c, &out, &in.h);
			say_sealed(&p, ike_first(p.east->ike), &t.r[4], &out, out.octets, out.len);
			t.stop_before = 0;
			sim_run(p.sim, 1000);
			assert_int_equal(sim_ikes(p.west), 1);
			assert_int_equal(p.wc->local.sourceip.b[3], 7);
			assert_harmless(p.wc->dns);
			assert_harmless(p.wc->domains);
			settle_and_end(&p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2013_2944_empty_and_zero_signatures),
		cmocka_unit_test(test_cve_2010_2628_long_identities),
		cmocka_unit_test(test_cve_2010_3752_domains_and_servers),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

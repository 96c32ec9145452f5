/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AH (RFC 4302) negotiated by IKE: its own proposals, its number in SA, Delete and REKEY_SA payloads
 * (RFC 7296 s3.3.1, s3.11, s3.10), keys of integrity alone (s2.17), and no way through a translator.
 */
#include "core/ike/iana.h"
#include "core/sim/sim_test.h"

static void with_ah(struct ms_conn_desc *d)
{
	d->ah = true;
}

static struct sim_words ah_words(const char *algorithms)
{
	struct sim_words w = tunnel;

	w.more = with_ah;
	w.esp = algorithms;
	return w;
}

static void assert_ah(const struct sim_node *n, unsigned integ, unsigned key_octets)
{
	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next) {
		assert_int_equal(sa->said.protocol, MS_PROTO_AH);
		assert_int_equal(sa->encr, 0);
		assert_int_equal(sa->encr_octets, 0);
		assert_int_equal(sa->integ, integ);
		assert_int_equal(sa->integ_octets, key_octets);
	}
}

static void test_up(void **state)
{
	static const struct {
		const char *words;
		enum ms_conn_type type;
		unsigned integ, octets;
		const char *text;
	} rows[] = {
		{ NULL, MS_TYPE_TUNNEL, MS_INTEG_HMAC_SHA2_512_256, 64, "HMAC_SHA2_512_256" },
		{ "sha2_256", MS_TYPE_TUNNEL, MS_INTEG_HMAC_SHA2_256_128, 32, "HMAC_SHA2_256_128" },
		{ "sha1", MS_TYPE_TRANSPORT, MS_INTEG_HMAC_SHA1_96, 20, "HMAC_SHA1_96" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = ah_words(rows[i].words);
		char want[64], text[256];
		struct pair p;

		w.type = rows[i].type;
		if (w.type == MS_TYPE_TRANSPORT)
			w.leftsubnet = w.rightsubnet = NULL;
		p = pair_new(&w);
		pair_up(&p);
		assert_pair_up(&p);
		assert_ah(p.west, rows[i].integ, rows[i].octets);
		assert_ah(p.east, rows[i].integ, rows[i].octets);
		child_text(p.wc->child_sas, text, sizeof(text));
		snprintf(want, sizeof(want), " xfrm=%s%s ", rows[i].text,
			p.wc->child_sas->suite.esn ? "-ESN" : "");
		assert_memory_equal(text, "{AH=>0x", 7);
		assert_non_null(strstr(text, want));
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 60000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

/* New pairs, by either end, with and without key exchange; the old ones are deleted by their number. */
static void test_rekey(void **state)
{
	(void)state;
	for (unsigned pfs = 0; pfs < 2; pfs++) {
		struct sim_words w = ah_words("sha2_256"), e = w;
		uint32_t first;
		struct pair p;

		w.pfs = e.pfs = pfs;
		w.ipsec_lifetime_ms = 100000;
		p = pair_of(&w, &e, NULL);
		pair_up(&p);
		first = p.wc->newest_child;
		sim_run(p.sim, 300000);
		assert_int_not_equal(p.wc->newest_child, first);
		assert_pair_up(&p);
		assert_ah(p.west, MS_INTEG_HMAC_SHA2_256_128, 32);
		pair_free(&p);
	}
}

/* One IKE SA has children of both kinds; what is deleted goes, the other one stays. */
static void test_both_kinds(void **state)
{
	struct sim_words esp = tunnel, ah = ah_words("sha2_256");
	struct ms_why why = { "" };
	struct conn *c;
	struct pair p;

	(void)state;
	ah.name = "ah";
	ah.leftsubnet = "10.1.0.0/16";
	p = pair_new(&esp);
	c = sim_conn(p.west, &ah);
	sim_conn(p.east, &ah);
	pair_up(&p);
	assert_int_equal(ike_initiate(p.west->ike, c, &why), MS_OK);
	sim_run(p.sim, 10000);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_int_equal(sim_children(p.west), 2);
	assert_true(sim_agree(p.west, p.east));
	ike_terminate_conn(p.east->ike, conn_by_name(p.east->conns, "ah"));
	sim_run(p.sim, 10000);
	assert_int_equal(sim_children(p.west), 1);
	assert_true(sim_agree(p.west, p.east));
	for (const struct sim_sa *sa = p.west->sas; sa; sa = sa->next)
		assert_int_equal(sa->said.protocol, MS_PROTO_ESP);
	assert_int_equal(ike_initiate(p.west->ike, c, &why), MS_OK);
	sim_run(p.sim, 10000);
	assert_int_equal(sim_children(p.west), 2);
	ike_terminate_conn(p.west->ike, c);
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 60000);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* Neither takes the other's protocol. */
static void test_mismatch(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sim_words ah = ah_words("sha2_256"), esp = tunnel;
		struct pair p = pair_of(i == 0 ? &ah : &esp, i == 0 ? &esp : &ah, NULL);

		pair_up(&p);
		assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
		assert_int_equal(sim_children(p.west) + sim_children(p.east), 0);
		assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
		pair_free(&p);
	}
}

static void test_translator(void **state)
{
	struct sim_words w = ah_words("sha2_256");
	struct pair p = pair_new(&w);

	(void)state;
	assert_int_equal(ms_addr_parse(&p.west->public.addr, "198.51.100.9", 12, 0, 0, NULL), MS_OK);
	p.west->public.port = 4096;
	conn_delete(p.east->conns, p.ec);
	w.left = "%any";
	p.ec = sim_conn(p.east, &w);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_non_null(strstr(p.west->over_text, "AH cannot pass the address translator"));
	assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_both_kinds),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_translator),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

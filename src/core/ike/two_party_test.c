/* SPDX-License-Identifier: Apache-2.0 */
/* Two engines in one process: what they agree on, and what they take down. */
#include "core/ikev2/ikev2.h"
#include "core/sim/sim_key.h"
#include "core/sim/sim_test.h"

static void test_psk(void **state)
{
	struct pair p = pair_new(&tunnel);

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	assert_true(sim_said(p.west, 133, "STATE_PARENT_I1: sent v2I1, expected v2R1"));
	assert_true(sim_said(p.west, 134, "STATE_PARENT_I2: sent v2I2, expected v2R2 {auth=IKEv2"));
	assert_true(
		sim_said(p.west, 4, "STATE_PARENT_I3: PARENT SA established tunnel mode {ESP=>0x"));
	assert_true(sim_said(p.east, 4, "STATE_PARENT_R2: received v2I2, PARENT SA established"));
	assert_int_equal(p.west->over, 1);
	assert_int_equal(p.sim->packets, 4);
	assert_int_equal(ike_half_open(p.east->ike), 0);
	pair_free(&p);
}

/* Every answer of the host comes later: nothing may rely on order within a call. */
static void test_all_later(void **state)
{
	struct pair p = pair_new(&tunnel);

	(void)state;
	p.sim->later = true;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.west->jobs, 2);
	assert_int_equal(p.east->jobs, 1);
	pair_free(&p);
}

static void with_keys(const char *left, const char *right, uint32_t authby)
{
	struct sim_key l = sim_key_new(left), r = sim_key_new(right);
	struct sim_words w = tunnel;
	struct pair p;

	w.authby = authby;
	w.leftkey = l.spki;
	w.rightkey = r.spki;
	p = pair_new(&w);
	p.west->priv = l.priv;
	p.east->priv = r.priv;
	p.west->psk = p.east->psk = ms_bytes(NULL, 0);
	pair_up(&p);
	assert_pair_up(&p);
	/* DH twice and a signature each made and verified */
	assert_int_equal(p.west->jobs, 4);
	assert_int_equal(p.east->jobs, 3);
	/* The wrong key must not do: swap them, as if an impostor had east's place. */
	pair_free(&p);
	p = pair_new(&w);
	p.west->priv = l.priv;
	p.east->priv = l.priv;
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_int_equal(sim_ikes(p.west), 0);
	assert_int_equal(sim_sas(p.west), 0);
	pair_free(&p);
	sim_key_free(&l);
	sim_key_free(&r);
}

static void test_rsa(void **state)
{
	(void)state;
	with_keys("rsa", "rsa", MS_AUTH_RSA);
}

/* RFC 4055 s3.1: such a key signs with its one hash only, which is not the first that is tried. */
static void test_restricted_rsa(void **state)
{
	(void)state;
	with_keys("pss-sha384", "pss-sha512", MS_AUTH_RSA);
	with_keys("pss-sha256", "rsa", MS_AUTH_RSA);
}

static void test_ecdsa(void **state)
{
	(void)state;
	with_keys("P-256", "P-256", MS_AUTH_ECDSA);
	with_keys("P-384", "P-521", MS_AUTH_ECDSA);
}

static void test_ed25519(void **state)
{
	(void)state;
	with_keys("ed25519", "ed25519", MS_AUTH_EDDSA);
}

/* One side signs, the other has a shared key, in one connection. */
static void test_mixed_auth(void **state)
{
	struct sim_key l = sim_key_new("rsa"), r = sim_key_new("P-256");
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.authby = MS_AUTH_RSA | MS_AUTH_ECDSA;
	w.leftkey = l.spki;
	w.rightkey = r.spki;
	p = pair_new(&w);
	p.west->priv = l.priv;
	p.east->priv = r.priv;
	pair_up(&p);
	assert_pair_up(&p);
	pair_free(&p);
	sim_key_free(&l);
	sim_key_free(&r);
}

static const char *const ike_suites[] = {
	"aes_gcm128-sha2_256-x25519",
	"aes_gcm256-sha2_512-ecp384",
	"aes_gcm128-sha1-ecp256",
	"aes128-sha2_256-modp2048",
	"aes256-sha2_512-ecp521",
	"aes128-sha1-modp3072",
	"aes256-sha2_384-x25519",
	"chacha20_poly1305-sha2_256-x25519",
	"aes128-sha2_256-modp4096",
};
static const char *const esp_suites[] = {
	"aes_gcm128",
	"aes_gcm256",
	"aes128-sha2_256",
	"aes256-sha2_512",
	"aes256-sha1",
	"chacha20_poly1305",
};

static void test_ike_suites(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ike_suites) / sizeof(ike_suites[0]); i++) {
		struct sim_words w = tunnel;
		struct pair p;

		w.ike = ike_suites[i];
		p = pair_new(&w);
		pair_up(&p);
		assert_pair_up(&p);
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 1000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

static void test_esp_suites(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(esp_suites) / sizeof(esp_suites[0]); i++) {
		struct sim_words w = tunnel;
		struct pair p;

		w.esp = esp_suites[i];
		p = pair_new(&w);
		pair_up(&p);
		assert_pair_up(&p);
		pair_free(&p);
	}
}

/* ESP with PFS configured: IKE_AUTH offers no key exchange (RFC 7296 s1.2). */
static void test_esp_with_group(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.esp = "aes_gcm128-x25519,aes256-sha2_256-modp2048";
	p = pair_new(&w);
	pair_up(&p);
	assert_pair_up(&p);
	pair_free(&p);
}

static void test_invalid_ke(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.ike = "aes_gcm128-sha2_256-x25519+ecp256";
	e.ike = "aes_gcm128-sha2_256-ecp256";
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.sim->packets, 6);
	pair_free(&p);
}

static void test_cookie(void **state)
{
	struct ike_params params = { .cookies = MS_YES };
	struct pair p = pair_of(&tunnel, &tunnel, &params);

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.sim->packets, 6);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_COOKIES_SENT), 1);
	pair_free(&p);
}

static void test_cookie_and_invalid_ke(void **state)
{
	struct ike_params params = { .cookies = MS_YES };
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.ike = "aes_gcm128-sha2_256-x25519+ecp256";
	e.ike = "aes_gcm128-sha2_256-ecp256";
	p = pair_of(&w, &e, &params);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.sim->packets, 8);
	pair_free(&p);
}

static void assert_selectors(
	const struct sim_node *n, bool inbound, const char *src, const char *dst)
{
	char text[MS_SELECTOR_TEXT];

	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next) {
		if (sa->inbound != inbound)
			continue;
		ms_selector_text(&sa->sel_src, text, sizeof(text));
		assert_string_equal(text, src);
		ms_selector_text(&sa->sel_dst, text, sizeof(text));
		assert_string_equal(text, dst);
	}
}

static void test_narrowing(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.rightsubnet = "192.0.0.0/16"; /* asks for more than east allows */
	e.leftsubnet = "192.0.1.128/25";
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_pair_up(&p);
	assert_selectors(p.west, false, "192.0.1.128/25", "192.0.2.0/24");
	pair_free(&p);
}

static void test_transport(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.leftsubnet = w.rightsubnet = NULL;
	w.type = MS_TYPE_TRANSPORT;
	p = pair_new(&w);
	pair_up(&p);
	assert_pair_up(&p);
	assert_false(p.west->sas->tunnel);
	assert_true(sim_said(p.west, 4, "transport mode {ESP"));
	pair_free(&p);
}

static void test_host_to_host_ipv6(void **state)
{
	static const struct sim_words w = { .name = "six",
		.left = "2001:db8:1::1",
		.right = "2001:db8:2::1",
		.leftsubnet = "2001:db8:a::/48",
		.rightsubnet = "2001:db8:b::/48" };
	struct pair p;

	(void)state;
	p.sim = sim_new(1);
	p.west = sim_node(p.sim, "west", "2001:db8:1::1", NULL);
	p.east = sim_node(p.sim, "east", "2001:db8:2::1", NULL);
	p.wc = sim_conn(p.west, &w);
	p.ec = sim_conn(p.east, &w);
	pair_up(&p);
	assert_pair_up(&p);
	pair_free(&p);
}

/* --- deletion
 * ------------------------------------------------------------------------------------- */

static void test_delete(void **state)
{
	(void)state;
	for (int by_east = 0; by_east < 2; by_east++) {
		struct pair p = pair_new(&tunnel);

		pair_up(&p);
		assert_pair_up(&p);
		if (by_east)
			ike_terminate_conn(p.east->ike, p.ec);
		else
			ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 1000);
		assert_pair_empty(&p);
		assert_int_equal(p.wc->newest_ike, 0);
		assert_int_equal(p.ec->newest_child, 0);
		/* and up again */
		pair_up(&p);
		assert_pair_up(&p);
		pair_free(&p);
	}
}

static void test_delete_both_at_once(void **state)
{
	struct pair p = pair_new(&tunnel);

	(void)state;
	pair_up(&p);
	ike_terminate_conn(p.east->ike, p.ec);
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 1000);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* RFC 7296 s1.4.1: the pair goes on both sides, the IKE SA stays. */
static void test_delete_child(void **state)
{
	(void)state;
	for (int both = 0; both < 2; both++) {
		struct pair p = pair_new(&tunnel);

		pair_up(&p);
		assert_int_equal(ike_terminate_serial(p.west->ike, p.wc->newest_child), MS_OK);
		if (both)
			assert_int_equal(
				ike_terminate_serial(p.east->ike, p.ec->newest_child), MS_OK);
		sim_run(p.sim, 1000);
		assert_int_equal(sim_ikes(p.west), 1);
		assert_int_equal(sim_ikes(p.east), 1);
		assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
		assert_int_equal(p.west->downs, 1);
		assert_int_equal(p.east->downs, 1);
		assert_int_equal(ike_terminate_serial(p.west->ike, 4711), MS_ERR_NOT_FOUND);
		pair_free(&p);
	}
}

static void test_shutdown(void **state)
{
	struct pair p = pair_new(&tunnel);

	(void)state;
	pair_up(&p);
	ike_shutdown(p.west->ike);
	sim_run(p.sim, 1000);
	assert_pair_empty(&p);
	pair_free(&p);
}

static void test_initial_contact(void **state)
{
	struct pair p = pair_new(&tunnel);
	struct ike_sa *old;
	uint32_t serial;

	(void)state;
	pair_up(&p);
	old = ike_first(p.east->ike);
	assert_non_null(old);
	serial = p.ec->newest_ike;
	/* West loses its memory, says nothing and starts again. */
	p.west->down = true;
	ike_shutdown(p.west->ike);
	ike_engine_free(&p.west->ike);
	p.west->down = false;
	{
		static const struct ike_params params = { .v2 = &ikev2, .port = 500 };

		p.west->ike = ike_engine_new(&p.west->host, p.west->conns, &params);
	}
	pair_up(&p);
	assert_pair_up(&p);
	assert_null(ike_by_serial(p.east->ike, serial));
	pair_free(&p);
}

static void test_simultaneous(void **state)
{
	struct pair p = pair_new(&tunnel);
	struct ms_why why;

	(void)state;
	pair_initiate(&p);
	assert_int_equal(ike_initiate(p.east->ike, p.ec, &why), MS_OK);
	sim_run(p.sim, 60000);
	assert_true(sim_agree(p.west, p.east));
	assert_true(sim_children(p.west) >= 1);
	assert_int_equal(p.west->over_err, MS_OK);
	assert_int_equal(p.east->over_err, MS_OK);
	assert_non_null(child_by_serial(p.west->ike, p.wc->newest_child));
	pair_free(&p);
}

static void test_busy_attempt(void **state)
{
	struct pair p = pair_new(&tunnel);
	struct ms_why why;

	(void)state;
	pair_initiate(&p);
	assert_int_equal(ike_initiate(p.west->ike, p.wc, &why), MS_ERR_BUSY);
	sim_run(p.sim, 60000);
	assert_pair_up(&p);
	assert_int_equal(p.west->over, 1);
	/* Up again while it is up: a new pair takes the old one's place. */
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.west->over, 2);
	pair_free(&p);
}

/* --- NAT
 * ------------------------------------------------------------------------------------------- */

static void test_nat(void **state)
{
	struct sim_words e = tunnel;
	struct pair p;
	unsigned encapsulated = 0;

	(void)state;
	e.left = "%any"; /* east cannot know where west comes from */
	p = pair_of(&tunnel, &e, NULL);
	assert_int_equal(
		ms_addr_parse(&p.west->public.addr, "198.51.100.7", 12, 0, 0, NULL), MS_OK);
	p.west->public.port = 10000; /* 500 -> 10500 */
	pair_up(&p);
	assert_pair_up(&p);
	for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next) {
		encapsulated += sa->encap_src != 0;
		assert_int_equal(sa->inbound ? sa->encap_src : sa->encap_dst, 14500);
		assert_int_equal(sa->inbound ? sa->encap_dst : sa->encap_src, 4500);
	}
	assert_int_equal(encapsulated, 2);
	assert_true(sim_said(p.east, 4, "ESPinUDP=>0x"));
	/* The NAT forgets and maps anew: the next protected message tells east (s2.23). */
	p.west->public.port = 20000;
	assert_int_equal(ike_terminate_serial(p.west->ike, p.wc->newest_child), MS_OK);
	sim_run(p.sim, 1000);
	{
		struct ike_info info;

		ike_info(ike_first(p.east->ike), &info);
		assert_int_equal(info.remote.port, 24500);
		assert_true(info.nat_there);
	}
	pair_free(&p);
}

/* What was made from the template for one peer goes with its last SA, also when it never had one.
 */
static void test_instances(void **state)
{
	struct sim_words e = tunnel;
	struct pair p;

	(void)state;
	e.left = "%any";
	p = pair_of(&tunnel, &e, NULL);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(conn_count(p.east->conns), 2);
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 60000);
	assert_int_equal(sim_states(p.east), 0);
	assert_int_equal(conn_count(p.east->conns), 1);
	pair_free(&p);
	p = pair_of(&tunnel, &e, NULL);
	p.east->psk = ms_bytes("another", 7);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_int_equal(sim_states(p.east), 0);
	assert_int_equal(conn_count(p.east->conns), 1);
	pair_free(&p);
}

static void test_forced_encapsulation(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.encapsulation = MS_YES;
	p = pair_of(&w, &tunnel, NULL);
	pair_up(&p);
	assert_pair_up(&p);
	assert_int_equal(p.west->sas->encap_src, 4500);
	pair_free(&p);
}

static void test_mapping_event(void **state)
{
	struct sim_words e = tunnel;
	struct pair p;
	struct ms_said said;
	struct ms_endpoint peer;

	(void)state;
	e.left = "%any";
	p = pair_of(&tunnel, &e, NULL);
	assert_int_equal(
		ms_addr_parse(&p.west->public.addr, "198.51.100.7", 12, 0, 0, NULL), MS_OK);
	pair_up(&p);
	assert_pair_up(&p);
	said = (struct ms_said){ p.east->addr, ike_first_child(ike_first(p.east->ike))->spi_in,
		MS_PROTO_ESP };
	peer = (struct ms_endpoint){ p.west->public.addr, 7777 };
	ike_kernel_mapping(p.east->ike, &said, &peer);
	for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next)
		assert_int_equal(sa->inbound ? sa->encap_src : sa->encap_dst, 7777);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psk),
		cmocka_unit_test(test_all_later),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_restricted_rsa),
		cmocka_unit_test(test_ecdsa),
		cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_mixed_auth),
		cmocka_unit_test(test_ike_suites),
		cmocka_unit_test(test_esp_suites),
		cmocka_unit_test(test_esp_with_group),
		cmocka_unit_test(test_invalid_ke),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_cookie_and_invalid_ke),
		cmocka_unit_test(test_narrowing),
		cmocka_unit_test(test_transport),
		cmocka_unit_test(test_host_to_host_ipv6),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_delete_both_at_once),
		cmocka_unit_test(test_delete_child),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_initial_contact),
		cmocka_unit_test(test_simultaneous),
		cmocka_unit_test(test_busy_attempt),
		cmocka_unit_test(test_nat),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_forced_encapsulation),
		cmocka_unit_test(test_mapping_event),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Clean failure: the right NOTIFY, the right words, nothing left behind on either side. */
#include "core/ike/ike_sa.h"
#include "core/sim/sim_key.h"
#include "core/sim/log_test.h"
#include "core/sim/sim_test.h"

/* Refusals must name what was offered and wanted: in the log. */
static struct pair refused_pair(const struct sim_words *w, const struct sim_words *e)
{
	struct pair p = pair_of(w, e, NULL);

	listen_to_log();
	return p;
}

static void refused_end(struct pair *p)
{
	stop_listening();
	pair_free(p);
}

static void test_wrong_psk(void **state)
{
	struct pair p = refused_pair(&tunnel, &tunnel);

	(void)state;
	p.east->psk = ms_bytes("another secret", 14);
	pair_up(&p);
	assert_int_equal(p.west->over, 1);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_non_null(strstr(p.west->over_text, "AUTHENTICATION_FAILED"));
	assert_non_null(
		strstr(logged, "\"west-east\" #1: IKE_AUTH refused with "
			       "AUTHENTICATION_FAILED: AUTH does not fit: another shared key?"));
	assert_pair_empty(&p);
	refused_end(&p);
}

/* CVE-2024-2357: the secret goes between IKE_SA_INIT and IKE_AUTH; retransmissions follow. */
static void test_cve_2024_2357_psk_missing(void **state)
{
	(void)state;
	for (int later = 0; later < 2; later++) {
		struct pair p = refused_pair(&tunnel, &tunnel);

		p.sim->later = later;
		pair_initiate(&p);
		sim_run(p.sim, 6);
		assert_int_equal(sim_states(p.east), 1);
		p.east->psk = ms_bytes(NULL, 0);
		sim_run(p.sim, 60000);
		assert_int_equal(p.west->over_err, MS_ERR_AUTH);
		assert_pair_empty(&p);
		refused_end(&p);
	}
}

static void test_no_psk_here(void **state)
{
	struct pair p = refused_pair(&tunnel, &tunnel);

	(void)state;
	p.west->psk = ms_bytes(NULL, 0);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_CREDENTIAL);
	assert_int_equal(sim_states(p.west), 0);
	assert_int_equal(sim_sas(p.west), 0);
	/* East's half-open SA goes by itself. */
	assert_pair_empty(&p);
	refused_end(&p);
}

static void test_no_proposal(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.ike = "aes_gcm128-sha2_256-x25519";
	e.ike = "aes256-sha2_512-modp2048";
	p = refused_pair(&w, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_int_equal(p.sim->packets, 2);
	assert_non_null(strstr(logged, "IKE_SA_INIT from 192.1.2.45:500 refused with "
				       "NO_PROPOSAL_CHOSEN"));
	assert_non_null(strstr(logged, "offered IKE:AES_GCM_16_128/HMAC_SHA2_256/X25519, wanted "));
	assert_pair_empty(&p);
	refused_end(&p);
}

/* From east, or somebody who can guess, in clear: one notify. */
static void say_notify(struct pair *p, unsigned notify, struct ms_bytes data)
{
	uint8_t answer[64] = { [16] = IKE_P_NOTIFY, [17] = 0x20, [18] = IKE_X_IKE_SA_INIT,
		[19] = IKE_F_RESPONSE, [27] = (uint8_t)(36 + data.len), [31] = (uint8_t)(8 + data.len),
		[34] = (uint8_t)(notify >> 8), [35] = (uint8_t)notify };
	struct ms_endpoint w = { p->west->addr, 500 }, e = { p->east->addr, 500 };
	struct ike_info info;

	ike_info(ike_first(p->west->ike), &info);
	memcpy(answer, info.spi_i, 8);
	memcpy(answer + 36, data.ptr, data.len);
	sim_say(p->sim, &e, &w, ms_bytes(answer, 36 + data.len));
	sim_run(p->sim, 10);
}

static struct pair two_groups(void)
{
	struct sim_words words = tunnel;
	struct pair p;

	words.ike = "aes_gcm128-sha2_256-x25519+ecp256";
	p = refused_pair(&words, &words);
	p.east->down = true;
	pair_initiate(&p);
	sim_run(p.sim, 10);
	assert_int_equal(p.sim->packets, 1);
	return p;
}

/* A group that was not offered, whether there is such a one or not: an attacker would choose the
 * weakest. */
static void test_invalid_ke_group_not_offered(void **state)
{
	static const uint8_t groups[][2] = { { 0, 2 }, { 0, MS_KE_ECP521 }, { 0, MS_KE_MODP2048 } };
	struct pair p = two_groups();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		say_notify(&p, IKE_N_INVALID_KE_PAYLOAD, ms_bytes(groups[i], 2));
		assert_int_equal(ike_counter(p.west->ike, IKE_C_DROP_SYNTAX), i + 1);
	}
	assert_int_equal(p.sim->packets, 1);
	p.east->down = false;
	sim_run(p.sim, 60000);
	assert_pair_up(&p);
	refused_end(&p);
}

/* Neither other groups nor cookies are an endless game. */
static void test_rounds_are_bounded(void **state)
{
	(void)state;
	for (int cookies = 0; cookies < 2; cookies++) {
		struct pair p = two_groups();

		for (uint8_t i = 0; i < 20; i++) {
			uint8_t group[2] = { 0, i & 1 ? MS_KE_X25519 : MS_KE_ECP256 };
			uint8_t cookie[8] = { i };

			if (cookies)
				say_notify(&p, IKE_N_COOKIE, ms_bytes(cookie, 8));
			else
				say_notify(&p, IKE_N_INVALID_KE_PAYLOAD, ms_bytes(group, 2));
		}
		assert_int_equal(p.sim->packets, 4);
		refused_end(&p);
	}
}

static void test_ts_unacceptable(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.rightsubnet = "10.9.0.0/24";
	p = refused_pair(&w, &e);
	pair_up(&p);
	/* RFC 7296 s1.2.1: the IKE SA is up, without a child. */
	assert_int_equal(p.west->over_err, MS_ERR_TS);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_int_equal(sim_ikes(p.east), 1);
	assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
	assert_non_null(strstr(logged, "CHILD SA refused with TS_UNACCEPTABLE: offered 10.9.0.0/24 "
				       "=== 192.0.1.0/24, wanted 192.0.2.0/24 === 192.0.1.0/24"));
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 1000);
	assert_pair_empty(&p);
	refused_end(&p);
}

/* narrowing=no: a part of what was offered is not good enough, for neither end. */
static void test_narrowing_refused(void **state)
{
	for (unsigned end = 0; end < 2; end++) {
		struct sim_words w = tunnel, e = tunnel;
		struct pair p;

		(void)state;
		w.rightsubnet = "192.0.0.0/16";
		p = refused_pair(&w, &e);
		(end == 0 ? p.wc : p.ec)->desc->narrowing = false;
		pair_up(&p);
		assert_int_equal(sim_children(p.west), 0);
		assert_int_equal(p.west->over_err, MS_ERR_TS);
		refused_end(&p);
	}
}

/* Tried again for ever, each time anew, without heaping up IKE SAs; then the peer comes to reason.
 */
static void test_ts_unacceptable_tried_again(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	e.leftsubnet = "10.9.0.0/24";
	p = refused_pair(&w, &e);
	p.wc->desc->keyingtries = 0;
	p.wc->wanted_up = true;
	pair_initiate(&p);
	for (int i = 0; i < 30; i++) {
		sim_run(p.sim, 10000);
		assert_true(sim_states(p.west) <= 1);
		assert_true(sim_states(p.east) <= 1);
	}
	assert_int_equal(p.west->over, 1);
	assert_int_equal(p.west->over_err, MS_ERR_TS);
	assert_non_null(strstr(logged, "of an unlimited number"));
	conn_delete(p.east->conns, p.ec);
	p.ec = sim_conn(p.east, &w);
	sim_run(p.sim, 70000);
	assert_int_equal(sim_children(p.west), 1);
	assert_true(sim_agree(p.west, p.east));
	refused_end(&p);
}

static void test_esp_no_proposal(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.esp = "aes_gcm128";
	e.esp = "aes256-sha2_512";
	p = refused_pair(&w, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
	assert_non_null(strstr(logged, "no ESP proposal fits: offered ESP:AES_GCM_16_128/"));
	refused_end(&p);
}

static void test_mode_mismatch(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.leftsubnet = w.rightsubnet = e.leftsubnet = e.rightsubnet = NULL;
	e.type = MS_TYPE_TRANSPORT;
	p = refused_pair(&w, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
	refused_end(&p);
	/* We want transport, the peer answers with tunnel: we delete it. */
	w.type = MS_TYPE_TRANSPORT;
	e.type = MS_TYPE_TUNNEL;
	p = refused_pair(&w, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_int_equal(sim_sas(p.west) + sim_sas(p.east), 0);
	assert_int_equal(p.east->up, p.east->downs);
	refused_end(&p);
}

static void test_wrong_peer_identity(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.rightid = "@somebody";
	p = refused_pair(&w, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_non_null(strstr(logged, "no connection for peer '@west' who wants '@somebody'"));
	assert_pair_empty(&p);
	refused_end(&p);
	/* %fromcert-like: we ask for nobody in particular but accept one only */
	w = tunnel;
	w.leftid = "@impostor";
	p = refused_pair(&w, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_pair_empty(&p);
	refused_end(&p);
}

/* CVE-2015-4171: a responder with a valid key but another identity must learn nothing and is told.
 */
/* The request went to a rogue who is what it asked for: from then on another one is wanted, so that
 * nothing but our own look at the answer can tell. */
static void wants_another(void *arg, struct sim_packet *packet, struct sim_fate *fate)
{
	struct pair *p = arg;

	(void)fate;
	if (packet->number != 3)
		return;
	ms_id_free(&p->wc->remote.id);
	assert_int_equal(ms_id_parse(&p->wc->remote.id, "@east.example", 13, NULL), MS_OK);
}

static void test_cve_2015_4171_responder_identity(void **state)
{
	struct sim_key l = sim_key_new("P-256"), r = sim_key_new("P-256");
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.authby = e.authby = MS_AUTH_ECDSA;
	w.leftkey = e.leftkey = l.spki;
	w.rightkey = e.rightkey = r.spki;
	w.rightid = e.rightid = "@rogue.example";
	p = refused_pair(&w, &e);
	p.west->priv = l.priv;
	p.east->priv = r.priv;
	p.sim->network = wants_another;
	p.sim->network_arg = &p;
	pair_initiate(&p);
	sim_run(p.sim, 60000);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_int_equal(p.west->up, 0);
	assert_pair_empty(&p);
	refused_end(&p);
	w = e = tunnel;
	w.authby = e.authby = MS_AUTH_ECDSA;
	w.leftkey = e.leftkey = l.spki;
	w.rightkey = e.rightkey = r.spki;
	w.rightid = "@east.example";
	e.rightid = "@rogue.example";
	e.leftid = "@west";
	p = refused_pair(&w, &e);
	p.west->priv = l.priv;
	p.east->priv = r.priv;
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_pair_empty(&p);
	refused_end(&p);
	sim_key_free(&l);
	sim_key_free(&r);
}

/* The peer authenticates with a method that the connection does not allow. */
static void test_method_not_allowed(void **state)
{
	struct sim_key r = sim_key_new("P-256");
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.authby = MS_AUTH_PSK;
	e.authby = MS_AUTH_ECDSA;
	e.leftkey = e.rightkey = r.spki;
	p = refused_pair(&w, &e);
	p.east->priv = r.priv;
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_pair_empty(&p);
	refused_end(&p);
	sim_key_free(&r);
}

static void test_no_connection(void **state)
{
	struct sim_words e = tunnel;
	struct pair p;

	(void)state;
	e.left = "10.1.1.1";
	p = refused_pair(&tunnel, &e);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_DROP_NO_CONN), 1);
	assert_non_null(strstr(
		logged, "packet from 192.1.2.45:500: IKE_SA_INIT, but no connection is known"));
	assert_pair_empty(&p);
	refused_end(&p);
}

static void test_kernel_refuses(void **state)
{
	static const int ops[] = { MS_KOP_GET_SPI, MS_KOP_SA_UPDATE, MS_KOP_SA_ADD, -1 };

	(void)state;
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < 4; i++) {
			struct pair p = refused_pair(&tunnel, &tunnel);
			struct sim_node *n = side ? p.east : p.west;

			n->fail_kernel_op = ops[i];
			n->fail_child_up = ops[i] == -1;
			pair_up(&p);
			assert_int_not_equal(p.west->over_err, MS_OK);
			assert_int_equal(sim_sas(p.west), 0);
			assert_int_equal(sim_sas(p.east), 0);
			assert_int_equal(p.west->up, p.west->downs);
			assert_int_equal(p.east->up, p.east->downs);
			refused_end(&p);
		}
	}
}

static void test_half_open_limit(void **state)
{
	struct ike_params params = { .max_half_open = 3, .half_open_ms = 10000 };
	struct pair p = pair_of(&tunnel, &tunnel, &params);
	struct ms_endpoint e = { p.east->addr, 500 }, w = { p.west->addr, 500 };
	struct sim_packet *first = NULL;

	(void)state;
	(void)first;
	/* Four initiators that never go on. */
	for (int i = 0; i < 4; i++) {
		struct sim_node *n = p.west;

		assert_int_equal(ike_initiate(n->ike, p.wc, NULL), MS_OK);
		sim_run(p.sim, 6);
		n->down = true;
		ike_terminate_conn(n->ike, p.wc);
		n->down = false;
	}
	assert_int_equal(ike_half_open(p.east->ike), 3);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_DROP_HALF_OPEN), 1);
	sim_run(p.sim, 11000);
	assert_int_equal(ike_half_open(p.east->ike), 0);
	assert_int_equal(sim_states(p.east), 0);
	(void)e;
	(void)w;
	pair_free(&p);
}

static void test_cookie_by_load(void **state)
{
	struct ike_params params = { .cookies = MS_AUTO, .cookie_threshold = 2 };
	struct pair p = pair_of(&tunnel, &tunnel, &params);

	(void)state;
	for (int i = 0; i < 2; i++) {
		pair_initiate(&p);
		sim_run(p.sim, 6);
		p.west->down = true;
		ike_terminate_conn(p.west->ike, p.wc);
		p.west->down = false;
	}
	assert_int_equal(ike_counter(p.east->ike, IKE_C_COOKIES_SENT), 0);
	pair_up(&p);
	assert_int_equal(ike_counter(p.east->ike, IKE_C_COOKIES_SENT), 1);
	assert_pair_up(&p);
	pair_free(&p);
}

static void test_give_up(void **state)
{
	struct pair p = refused_pair(&tunnel, &tunnel);

	(void)state;
	p.east->down = true;
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_TIMEOUT);
	assert_true(sim_said(p.west, 10, "STATE_PARENT_I1: retransmission; will wait 1.0 seconds"));
	assert_true(sim_said(p.west, 10, "will wait 16.0 seconds for response"));
	assert_true(
		sim_said(p.west, 31, "max number of retransmissions (5) reached STATE_PARENT_I1"));
	assert_int_equal(p.sim->packets, 6);
	assert_int_equal(sim_states(p.west), 0);
	refused_end(&p);
}

static void test_keyingtries(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.keyingtries = 3;
	p = refused_pair(&w, &w);
	p.wc->wanted_up = true;
	p.east->down = true;
	pair_initiate(&p);
	sim_run(p.sim, 80000);
	assert_int_equal(p.west->over, 0);
	sim_run(p.sim, 20000);
	assert_int_equal(p.west->over, 1);
	assert_int_equal(p.west->over_err, MS_ERR_TIMEOUT);
	assert_int_equal(p.sim->packets, 18);
	assert_non_null(strstr(logged, "starting keying attempt 3 of at most 3"));
	/* The third try finds the peer again. */
	p.wc->wanted_up = true;
	pair_initiate(&p);
	sim_run(p.sim, 65000);
	p.east->down = false;
	sim_run(p.sim, 20000);
	assert_pair_up(&p);
	refused_end(&p);
}

static void test_liveness(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;
	unsigned before;

	(void)state;
	w.dpd_delay_ms = 5000;
	w.keyingtries = 1;
	p = refused_pair(&w, &tunnel);
	pair_up(&p);
	assert_pair_up(&p);
	before = p.sim->packets;
	assert_true(before > 4 + 8); /* a check each 5 s, with an answer */
	/* Traffic in proves life: no check. */
	for (int i = 0; i < 10; i++) {
		for (struct sim_sa *sa = p.west->sas; sa; sa = sa->next)
			sa->octets += 100;
		sim_run(p.sim, 5000);
	}
	assert_true(p.sim->packets - before <= 2);
	p.east->down = true;
	sim_run(p.sim, 60000);
	assert_int_equal(sim_states(p.west), 0);
	assert_int_equal(sim_sas(p.west), 0);
	assert_int_equal(p.west->up, p.west->downs);
	assert_true(sim_said(p.west, 31, "the peer does not answer"));
	refused_end(&p);
}

static void test_revival(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.dpd_delay_ms = 5000;
	p = refused_pair(&w, &tunnel);
	p.wc->wanted_up = true;
	pair_up(&p);
	assert_pair_up(&p);
	/* The peer deletes: we were told to be up, so we are again. */
	ike_terminate_conn(p.east->ike, p.ec);
	sim_run(p.sim, 10000);
	assert_pair_up(&p);
	assert_non_null(strstr(logged, "revival attempt"));
	/* Only the child. */
	assert_int_equal(ike_terminate_serial(p.east->ike, p.ec->newest_child), MS_OK);
	sim_run(p.sim, 10000);
	assert_int_equal(sim_children(p.west), 1);
	refused_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_psk),
		cmocka_unit_test(test_cve_2024_2357_psk_missing),
		cmocka_unit_test(test_no_psk_here),
		cmocka_unit_test(test_no_proposal),
		cmocka_unit_test(test_invalid_ke_group_not_offered),
		cmocka_unit_test(test_rounds_are_bounded),
		cmocka_unit_test(test_ts_unacceptable),
		cmocka_unit_test(test_narrowing_refused),
		cmocka_unit_test(test_ts_unacceptable_tried_again),
		cmocka_unit_test(test_esp_no_proposal),
		cmocka_unit_test(test_mode_mismatch),
		cmocka_unit_test(test_wrong_peer_identity),
		cmocka_unit_test(test_cve_2015_4171_responder_identity),
		cmocka_unit_test(test_method_not_allowed),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_kernel_refuses),
		cmocka_unit_test(test_half_open_limit),
		cmocka_unit_test(test_cookie_by_load),
		cmocka_unit_test(test_give_up),
		cmocka_unit_test(test_keyingtries),
		cmocka_unit_test(test_liveness),
		cmocka_unit_test(test_revival),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

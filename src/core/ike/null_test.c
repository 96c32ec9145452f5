/* SPDX-License-Identifier: Apache-2.0 */
/* NULL authentication (RFC 7619), and ends that prove themselves in different ways. */
#include "core/sim/sim_key.h"
#include "core/sim/tape_test.h"

static struct sim_words nameless(void)
{
	struct sim_words w = tunnel;

	w.leftid = w.rightid = NULL;
	w.authby = MS_AUTH_NULL;
	return w;
}

static void test_both(void **state)
{
	for (int later = 0; later < 2; later++) {
		struct sim_words w = nameless();
		struct pair p = pair_new(&w);
		struct ike_info info;

		(void)state;
		p.sim->later = later;
		p.west->psk = p.east->psk = ms_bytes(NULL, 0);
		pair_up(&p);
		assert_pair_up(&p);
		ike_info(ike_first(p.east->ike), &info);
		assert_int_equal(info.peer_id->type, MS_ID_NULL);
		assert_int_equal(info.proof, PROOF_NONE);
		pair_free(&p);
	}
}

static void left_null(struct ms_conn_desc *d)
{
	d->left.auth = MS_AUTH_NULL;
	d->right.auth = MS_AUTH_EDDSA;
}

/* Only the gateway proves who it is. */
static void test_one_side(void **state)
{
	struct sim_key r = sim_key_new("ed448");
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.leftid = NULL;
	w.rightkey = r.spki;
	w.more = left_null;
	p = pair_new(&w);
	p.west->psk = p.east->psk = ms_bytes(NULL, 0);
	p.east->priv = r.priv;
	pair_up(&p);
	assert_pair_up(&p);
	pair_free(&p);
	/* Who has not the key is not taken for the gateway. */
	p = pair_new(&w);
	p.west->psk = p.east->psk = ms_bytes(NULL, 0);
	pair_up(&p);
	assert_int_equal(sim_ikes(p.west), 0);
	assert_int_equal(sim_sas(p.west), 0);
	pair_free(&p);
	sim_key_free(&r);
}

/* Nobody gets in without a proof where one is wanted, under whatever name. */
static void test_not_allowed(void **state)
{
	struct sim_words w = nameless(), e = tunnel;
	struct pair p;

	(void)state;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_int_equal(sim_states(p.east), 0);
	pair_free(&p);
	w.leftid = "@west";
	w.rightid = "@east";
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_AUTH);
	assert_int_equal(sim_states(p.east), 0);
	pair_free(&p);
}

/* A name without proof takes nobody's place: the real west keeps its SAs. */
static void test_no_contact(void **state)
{
	struct ike_params params = { .unique_ids = true };
	struct sim_words real = tunnel, any = nameless(), wild;
	struct pair p = pair_of(&real, &real, &params);
	struct sim_node *evil = sim_node(p.sim, "evil", "192.1.2.66", NULL);
	struct conn *c;
	struct ms_why why;

	(void)state;
	wild = any;
	wild.name = "anybody";
	wild.left = "%any";
	wild.leftsubnet = NULL;
	(void)sim_conn(p.east, &wild);
	any.left = "192.1.2.66";
	any.leftsubnet = NULL;
	any.leftid = "@west"; /* what it says */
	c = sim_conn(evil, &any);
	pair_up(&p);
	assert_pair_up(&p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ike_initiate(evil->ike, c, &why), MS_OK);
		sim_run(p.sim, 3000);
		assert_int_equal(sim_ikes(evil), 1);
		assert_int_equal(sim_ikes(p.west), 1);
		assert_int_equal(sim_children(p.west), 1);
	}
	pair_free(&p);
}

/* Two peers without a name are two. */
static void test_many_nameless(void **state)
{
	struct ike_params params = { .unique_ids = true };
	struct sim_words wild = nameless();
	struct sim *s = sim_new(42);
	struct sim_node *east = sim_node(s, "east", "192.1.2.23", &params), *n;
	struct ms_why why;

	(void)state;
	wild.left = "%any";
	wild.leftsubnet = NULL;
	(void)sim_conn(east, &wild);
	for (int i = 0; i < 5; i++) {
		char address[] = "192.1.2.101";
		struct sim_words w = nameless();

		address[10] = (char)('1' + i);
		n = sim_node(s, "n", address, NULL);
		w.left = address;
		w.leftsubnet = NULL;
		assert_int_equal(ike_initiate(n->ike, sim_conn(n, &w), &why), MS_OK);
		sim_run(s, 2000);
	}
	assert_int_equal(sim_ikes(east), 5);
	assert_int_equal(sim_children(east), 5);
	sim_free(&s);
}

/* Each end in a way of its own. */
static void secret_and_ecdsa(struct ms_conn_desc *d)
{
	d->left.auth = MS_AUTH_PSK;
	d->right.auth = MS_AUTH_ECDSA;
}

static void test_asymmetric(void **state)
{
	struct sim_key r = sim_key_new("P-256");
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.rightkey = r.spki;
	w.more = secret_and_ecdsa;
	p = pair_new(&w);
	p.east->priv = r.priv;
	pair_up(&p);
	assert_pair_up(&p);
	pair_free(&p);
	sim_key_free(&r);
}

static void test_ed448(void **state)
{
	struct sim_key l = sim_key_new("ed448"), r = sim_key_new("ed25519");
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.authby = MS_AUTH_EDDSA;
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

/* A responder whose proof is good, but not of the kind that is wanted by now: nothing else refuses it. */
static void test_other_proof_than_wanted(void **state)
{
	static const struct {
		uint32_t shown, wanted;
	} rows[] = { { MS_AUTH_PSK, MS_AUTH_PSK }, { MS_AUTH_PSK, MS_AUTH_ECDSA },
		{ MS_AUTH_PSK, MS_AUTH_NULL }, { MS_AUTH_NULL, MS_AUTH_NULL },
		{ MS_AUTH_NULL, MS_AUTH_PSK }, { MS_AUTH_NULL, MS_AUTH_ECDSA } };

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_words w = rows[i].shown == MS_AUTH_NULL ? nameless() : tunnel;
		struct tape t;
		struct pair p = paused_with(&w, &t, 4);
		bool fits = rows[i].shown == rows[i].wanted;

		p.wc->remote.auth = rows[i].wanted;
		t.stop_before = 0;
		say(&p, &t.r[4], t.r[4].octets, t.r[4].len);
		sim_run(p.sim, 1000);
		assert_int_equal(p.west->over_err, fits ? MS_OK : MS_ERR_AUTH);
		assert_int_equal(sim_ikes(p.west), fits);
		pair_free(&p);
	}
}

/* RFC 7619 s2.1: it proves that nobody changed the handshake. */
static void test_changed_proof(void **state)
{
	(void)state;
	for (unsigned number = 3; number <= 4; number++) {
		struct sim_words w = nameless();
		struct tape t;
		struct pair p = paused_with(&w, &t, number);
		struct sim_node *to = number == 3 ? p.east : p.west, *from = number == 3 ? p.west : p.east;
		struct inner in;
		struct chain c;

		open_record(ike_first(to->ike), &t.r[number], &in);
		chain_of(&in, &c);
		for (unsigned i = 0; i < c.n; i++)
			if (c.types[i] == IKE_P_AUTH)
				in.octets[c.bodies[i].ptr - in.octets + 4] ^= 1;
		say_sealed(&p, ike_first(from->ike), &t.r[number], &in, in.octets, in.len);
		assert_int_equal(sim_ikes(to), 0);
		assert_int_equal(sim_sas(to), 0);
		t.stop_before = 0;
		settle(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_one_side),
		cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_no_contact),
		cmocka_unit_test(test_many_nameless),
		cmocka_unit_test(test_asymmetric),
		cmocka_unit_test(test_ed448),
		cmocka_unit_test(test_other_proof_than_wanted),
		cmocka_unit_test(test_changed_proof),
	};

	return cmocka_run_group_tests_name("null", tests, sim_test_setup, sim_test_teardown);
}

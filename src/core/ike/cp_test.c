/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration Payload: an address asked for, handed out, kept, and given back. */
#include "core/child/child_sa.h"
#include "core/ike/ike_sa.h"
#include "core/ike/lifetime.h"
#include "core/sim/sim_test.h"

static void server(struct ms_conn_desc *d)
{
	d->left.addresspool = strdup("10.99.0.1-10.99.0.250,2001:db8:99::/112");
	d->modecfgdns = calloc(4, sizeof(char *));
	d->modecfgdns[0] = strdup("192.0.2.53");
	d->modecfgdns[1] = strdup("192.0.2.54");
	d->modecfgdns[2] = strdup("2001:db8::53");
	d->modecfgdomains = calloc(2, sizeof(char *));
	d->modecfgdomains[0] = strdup("example.com");
}

static void client(struct ms_conn_desc *d)
{
	d->left.modecfgclient = true;
}

static void client46(struct ms_conn_desc *d)
{
	d->left.sourceip = strdup("%config");
	d->right.subnet = strdup("0.0.0.0/0,::/0");
}

static void server46(struct ms_conn_desc *d)
{
	server(d);
	d->right.subnet = strdup("0.0.0.0/0,::/0");
}

static struct sim_words words_of(void (*more)(struct ms_conn_desc *d), const char *left)
{
	struct sim_words w = tunnel;

	w.left = left;
	w.leftsubnet = NULL;
	w.leftid = left[0] == '%' ? "%any" : "@west";
	w.more = more;
	return w;
}

static void server_unshared(struct ms_conn_desc *d)
{
	server(d);
	d->share_lease = false;
}

/* A road warrior with an unknown address, and what it asks of the gateway. */
static struct pair road(void (*ask)(struct ms_conn_desc *d))
{
	struct sim_words w = words_of(ask, "192.1.2.45"), e = words_of(server, "%any");
	struct ike_params params = { .unique_ids = true };

	if (ask == client46) {
		w.rightsubnet = e.rightsubnet = NULL;
		e.more = server46;
	}
	return pair_of(&w, &e, &params);
}

static void text_of(const struct ms_selector *s, unsigned n, const char *want)
{
	char text[300];

	child_selectors_text(s, n, text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_address(void **state)
{
	for (int later = 0; later < 2; later++) {
		struct pair p = road(client);
		struct child_sa *child;

		(void)state;
		p.sim->later = later;
		pair_up(&p);
		assert_pair_up(&p);
		child = p.wc->child_sas;
		text_of(child->mine, child->n_mine, "10.99.0.1/32");
		text_of(child->theirs, child->n_theirs, "192.0.2.0/24");
		assert_int_equal(p.wc->local.sourceip.b[3], 1);
		assert_string_equal(p.wc->dns, "192.0.2.53 192.0.2.54");
		assert_string_equal(p.wc->domains, "example.com");
		assert_int_equal(p.east->leases, 1);
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 5000);
		assert_int_equal(p.east->leases, 0);
		/* It comes again and says what it had. */
		pair_initiate(&p);
		sim_run(p.sim, 5000);
		assert_int_equal(p.wc->local.sourceip.b[3], 1);
		pair_free(&p);
	}
}

static void test_both_families(void **state)
{
	struct pair p = road(client46);
	struct child_sa *child;

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	child = p.wc->child_sas;
	text_of(child->mine, child->n_mine, "10.99.0.1/32 2001:db8:99::2/128");
	assert_int_equal(child->n_theirs, 2);
	assert_string_equal(p.wc->dns, "192.0.2.53 192.0.2.54 2001:db8::53");
	assert_int_equal(p.east->leases, 2);
	pair_free(&p);
}

/* The peer asks for none, or there is none: the IKE SA is up without a child, and nothing leaks. */
static void test_without(void **state)
{
	struct sim_words w = tunnel, e = words_of(server, "%any");
	struct pair p;

	(void)state;
	w.leftsubnet = NULL;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_PEER_REFUSED);
	assert_non_null(strstr(p.west->over_text, "FAILED_CP_REQUIRED"));
	assert_int_equal(sim_sas(p.west), 0);
	pair_free(&p);
	p = road(client);
	p.east->no_leases = true;
	pair_up(&p);
	assert_non_null(strstr(p.west->over_text, "INTERNAL_ADDRESS_FAILURE"));
	assert_int_equal(p.east->leases, 0);
	assert_int_equal(sim_sas(p.east), 0);
	pair_free(&p);
}

/* We ask, the gateway knows nothing of addresses. */
static void test_gateway_gives_none(void **state)
{
	struct sim_words w = words_of(client, "192.1.2.45"), e = tunnel;
	struct pair p;

	(void)state;
	e.leftsubnet = NULL;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_ERR_PEER_REFUSED);
	assert_string_equal(p.west->over_text, "the peer gave no address");
	assert_int_equal(sim_sas(p.west), 0);
	assert_int_equal(sim_sas(p.east), 0);
	pair_free(&p);
}

/* Rekeying of both kinds keeps the lease; the last one gives it back. */
static void test_rekeyed(void **state)
{
	struct pair p;
	struct sim_words w = words_of(client, "192.1.2.45"), e = words_of(server, "%any");

	(void)state;
	w.ike_lifetime_ms = e.ike_lifetime_ms = 60000;
	w.ipsec_lifetime_ms = e.ipsec_lifetime_ms = 40000;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	sim_run(p.sim, 200000);
	assert_pair_up(&p);
	assert_int_equal(p.east->leases, 1);
	assert_int_equal(p.east->leased, 1);
	text_of(p.wc->child_sas->mine, 1, "10.99.0.1/32");
	ike_terminate_conn(p.west->ike, p.wc);
	sim_run(p.sim, 5000);
	assert_int_equal(p.east->leases, 0);
	assert_pair_empty(&p);
	assert_int_equal(conn_count(p.east->conns), 1);
	pair_free(&p);
}

/* share-lease=no, and uniqueids=no: an address for each IKE SA of an identity. */
static void test_share(void **state)
{
	static const struct {
		bool unique_ids, share_lease;
	} rows[] = { { true, true }, { true, false }, { false, true }, { false, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_words w = words_of(client, "192.1.2.45");
		struct sim_words e =
			words_of(rows[i].share_lease ? server : server_unshared, "%any");
		struct ike_params params = { .unique_ids = rows[i].unique_ids };
		struct pair p = pair_of(&w, &e, &params);

		p.east->lease_shared = !(rows[i].unique_ids && rows[i].share_lease);
		pair_up(&p);
		assert_pair_up(&p);
		assert_int_equal(p.east->leases, 1);
		assert_int_equal(
			p.east->lease_shared, rows[i].unique_ids && rows[i].share_lease);
		pair_free(&p);
	}
}

/* share-lease=no: while a client has two IKE SAs, as in each reauthentication, each has an address, and
 * the clients of the one are not the other's. */
static void test_leases_apart(void **state)
{
	struct sim_words w = words_of(client, "192.1.2.45"), e = words_of(server_unshared, "%any");
	struct ike_params params = { .unique_ids = true };
	struct pair p = pair_of(&w, &e, &params);

	(void)state;
	pair_up(&p);
	ike_replace(ike_first(p.west->ike));
	sim_run(p.sim, 400);
	assert_int_equal(sim_ikes(p.east), 2);
	assert_int_equal(p.east->leases, 2);
	for (struct ike_sa *ike = ike_first(p.east->ike); ike; ike = ike_next(ike)) {
		assert_true(ms_addr_eq(&ike->conn->remote.clients[0].range.first, &ike->lease[0]));
		assert_non_null(ike->children);
		assert_true(ms_addr_eq(&ike->children->theirs->range.first, &ike->lease[0]));
	}
	sim_run(p.sim, 10000);
	assert_pair_up(&p);
	assert_int_equal(p.east->leases, 1);
	assert_int_equal(conn_count(p.east->conns), 2);
	pair_free(&p);
}

/* A ghost of a client, an attempt that it gave up and that came through late, brought another lease. */
static void test_ghost(void **state)
{
	const struct ms_addr ghosts[2] = { ms_addr_v4(0x0a6300fa), { .family = 0 } };
	struct pair p = road(client);

	(void)state;
	pair_up(&p);
	for (unsigned i = 0; i < 2; i++) {
		struct sim_node *n = i == 0 ? p.west : p.east;
		uint32_t before = p.wc->newest_child;

		assert_true(conn_end_lease(&p.ec->children->remote, ghosts));
		assert_int_equal(ike_rekey_conn(n->ike, i == 0 ? p.wc : p.ec->children, true),
			MS_OK);
		sim_run(p.sim, 3000);
		assert_pair_up(&p);
		assert_int_not_equal(p.wc->newest_child, before);
		text_of(p.wc->child_sas->mine, 1, "10.99.0.1/32");
	}
	pair_free(&p);
}

/* The client restarts behind another address: one instance, the new address, no lease lost. */
static void test_roams(void **state)
{
	struct sim_words w2 = words_of(client, "192.1.2.46");
	struct pair p = road(client);
	struct sim_node *other = sim_node(p.sim, "west2", "192.1.2.46", NULL);
	struct conn *c = sim_conn(other, &w2);
	struct ms_why why;

	(void)state;
	pair_up(&p);
	assert_int_equal(conn_count(p.east->conns), 2);
	p.west->down = true;
	assert_int_equal(ike_initiate(other->ike, c, &why), MS_OK);
	sim_run(p.sim, 3000);
	assert_int_equal(sim_ikes(p.east), 1);
	assert_int_equal(sim_children(p.east), 1);
	assert_int_equal(conn_count(p.east->conns), 2);
	assert_int_equal(p.east->leases, 1);
	assert_true(sim_agree(p.east, other));
	pair_free(&p);
}

/* The connection with the pool goes while an address is looked for, and another one waits for the IKE SA
 * of the two: it does not get that one, and the address comes back. */
static void test_taken_down_meanwhile(void **state)
{
	struct sim_words w = words_of(client, "192.1.2.45"), e = words_of(server, "192.1.2.45");
	struct sim_words other = tunnel;
	struct pair p = pair_of(&w, &e, NULL);
	struct conn *plain;
	struct ms_why why;

	(void)state;
	other.name = "other";
	other.keyingtries = 3;
	(void)sim_conn(p.west, &other);
	plain = sim_conn(p.east, &other);
	plain->wanted_up = true;
	pair_initiate(&p);
	sim_run(p.sim, 12);
	/* verified by then, and the address comes later */
	p.east->slow_ms = 300;
	sim_run(p.sim, 700);
	assert_int_equal(sim_ikes(p.east), 1);
	assert_int_equal(p.east->leases, 0);
	assert_int_equal(ike_initiate(p.east->ike, plain, &why), MS_OK);
	assert_int_equal(sim_states(p.east), 1);
	ike_terminate_conn(p.east->ike, p.ec->children);
	p.east->slow_ms = 0;
	sim_run(p.sim, 60000);
	assert_int_equal(p.east->leased, 1);
	assert_int_equal(p.east->leases, 0);
	assert_int_equal(p.east->downs, 0);
	assert_int_equal(sim_children(p.east), 1);
	assert_non_null(plain->child_sas);
	assert_true(sim_agree(p.west, p.east));
	pair_free(&p);
}

/* An IKE SA that brought no address leaves which packets are meant as it was: those of the next lease are
 * no fewer. */
static void test_no_lease_between(void **state)
{
	struct conn_end e = { .n_clients = 1, .clients = calloc(1, sizeof(struct ms_selector)) };
	struct ms_addr lease[2] = { { .family = 0 }, { .family = 0 } };

	(void)state;
	e.clients[0].port_last = 65535;
	for (unsigned i = 0; i < 4; i++) {
		lease[0].family = i % 2 ? AF_INET : 0;
		assert_true(conn_end_lease(&e, lease));
		assert_int_equal(e.n_clients, 1);
		assert_int_equal(e.clients[0].range.first.family, lease[0].family);
		assert_int_equal(e.clients[0].port_first, 0);
		assert_int_equal(e.clients[0].port_last, 65535);
	}
	free(e.clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_without),
		cmocka_unit_test(test_gateway_gives_none),
		cmocka_unit_test(test_rekeyed),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_leases_apart),
		cmocka_unit_test(test_ghost),
		cmocka_unit_test(test_roams),
		cmocka_unit_test(test_taken_down_meanwhile),
		cmocka_unit_test(test_no_lease_between),
	};

	return cmocka_run_group_tests_name("cp", tests, sim_test_setup, sim_test_teardown);
}

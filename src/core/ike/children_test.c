/* SPDX-License-Identifier: Apache-2.0 */
/* Several CHILD SAs on one IKE SA, also at the initiator's wish; several selectors in one. */
#include "core/ike/ike_sa.h"
#include "core/sim/sim_test.h"

static const struct sim_words second = {
	.name = "second",
	.left = "192.1.2.45",
	.right = "192.1.2.23",
	.leftsubnet = "192.0.1.0/24",
	.rightsubnet = "192.0.22.0/24",
	.leftid = "@west",
	.rightid = "@east",
};

struct two {
	struct pair p;
	struct conn *wc2, *ec2;
};

static struct two two_new(const struct sim_words *first, const struct sim_words *other)
{
	struct two t = { .p = pair_new(first) };

	t.wc2 = sim_conn(t.p.west, other);
	t.ec2 = sim_conn(t.p.east, other);
	return t;
}

static void initiate(struct sim_node *n, struct conn *c)
{
	struct ms_why why = { "" };

	assert_int_equal(ike_initiate(n->ike, c, &why), MS_OK);
}

static void two_up(struct two *t)
{
	pair_up(&t->p);
	initiate(t->p.west, t->wc2);
	sim_run(t->p.sim, 2000);
}

#define assert_both(t, n_ike, n_child)                               \
	do {                                                         \
		assert_int_equal(sim_ikes((t)->p.west), n_ike);      \
		assert_int_equal(sim_children((t)->p.west), n_child); \
		assert_true(sim_agree((t)->p.west, (t)->p.east));    \
	} while (0)

static void test_second_shares(void **state)
{
	for (int later = 0; later < 2; later++) {
		struct two t = two_new(&tunnel, &second);

		(void)state;
		t.p.sim->later = later;
		two_up(&t);
		assert_both(&t, 1, 2);
		assert_int_equal(t.p.west->over, 2);
		assert_int_equal(t.p.west->over_err, MS_OK);
		assert_int_equal(t.p.sim->packets, 6);
		assert_ptr_equal(t.wc2->child_sas->ike, t.p.wc->ike_sas);
		assert_int_equal(t.wc2->newest_ike, t.p.wc->newest_ike);
		assert_string_equal(t.p.east->conns && t.ec2->child_sas ? "second" : "", "second");
		pair_free(&t.p);
	}
}

/* Both are asked for before anything is there: the second waits for the first one's IKE SA. */
static void test_both_at_once(void **state)
{
	struct two t = two_new(&tunnel, &second);

	(void)state;
	t.p.sim->later = true;
	pair_initiate(&t.p);
	initiate(t.p.west, t.wc2);
	sim_run(t.p.sim, 5000);
	assert_both(&t, 1, 2);
	assert_int_equal(t.p.west->over, 2);
	pair_free(&t.p);
}

/* The one that carries the IKE SA fails: the other goes its own way and fails by itself. */
static void test_waits_and_fails(void **state)
{
	struct two t = two_new(&tunnel, &second);

	(void)state;
	t.p.east->down = true;
	pair_initiate(&t.p);
	initiate(t.p.west, t.wc2);
	sim_run(t.p.sim, 90000);
	assert_int_equal(t.p.west->over, 2);
	assert_int_equal(t.p.west->over_err, MS_ERR_TIMEOUT);
	assert_int_equal(sim_states(t.p.west), 0);
	assert_null(t.wc2->child_sas);
	pair_free(&t.p);
}

static void test_down_one(void **state)
{
	struct two t = two_new(&tunnel, &second);

	(void)state;
	two_up(&t);
	ike_terminate_conn(t.p.west->ike, t.wc2);
	sim_run(t.p.sim, 2000);
	assert_both(&t, 1, 1);
	assert_null(t.ec2->child_sas);
	/* The owner of the IKE SA goes: the other one inherits it. */
	initiate(t.p.west, t.wc2);
	sim_run(t.p.sim, 2000);
	assert_both(&t, 1, 2);
	ike_terminate_conn(t.p.west->ike, t.p.wc);
	sim_run(t.p.sim, 2000);
	assert_both(&t, 1, 1);
	assert_ptr_equal(t.wc2->ike_sas, t.wc2->child_sas->ike);
	assert_null(t.p.wc->ike_sas);
	assert_int_equal(t.p.wc->newest_ike, 0);
	ike_terminate_conn(t.p.west->ike, t.wc2);
	sim_run(t.p.sim, 2000);
	assert_pair_empty(&t.p);
	pair_free(&t.p);
}

/* Other identities or methods: an IKE SA of its own. */
static void test_not_shared(void **state)
{
	struct sim_words other = second;
	struct two t;

	(void)state;
	other.leftid = "@west2";
	t = two_new(&tunnel, &other);
	two_up(&t);
	assert_both(&t, 2, 2);
	pair_free(&t.p);
	other = second;
	other.ike = "aes_gcm256-sha2_512-ecp384";
	t = two_new(&tunnel, &other);
	two_up(&t);
	assert_both(&t, 2, 2);
	pair_free(&t.p);
}

static void test_refused(void **state)
{
	struct sim_words mine = second;
	struct pair p = pair_new(&tunnel);
	struct conn *c;

	(void)state;
	mine.esp = "aes256-sha2_512";
	c = sim_conn(p.west, &mine);
	mine.esp = "aes_gcm128";
	(void)sim_conn(p.east, &mine);
	pair_up(&p);
	initiate(p.west, c);
	sim_run(p.sim, 2000);
	assert_int_equal(p.west->over, 2);
	assert_int_equal(p.west->over_err, MS_ERR_NO_PROPOSAL);
	assert_int_equal(sim_children(p.west), 1);
	assert_true(sim_agree(p.west, p.east));
	assert_null(c->child_sas);
	pair_free(&p);
}

/* NO_ADDITIONAL_SAS: what does not fit on the IKE SA is made on one of its own, at once and with the
 * only try that there is. */
static void test_no_room(void **state)
{
	static const struct ike_params small = { .max_children = 2 };
	struct sim_words third = second;
	struct two t = { .p = pair_of(&tunnel, &tunnel, &small) };
	struct conn *c;

	(void)state;
	t.wc2 = sim_conn(t.p.west, &second);
	t.ec2 = sim_conn(t.p.east, &second);
	third.name = "third";
	third.leftsubnet = "192.0.111.0/24";
	c = sim_conn(t.p.west, &third);
	c->desc->keyingtries = 1;
	(void)sim_conn(t.p.east, &third);
	two_up(&t);
	assert_both(&t, 1, 2);
	initiate(t.p.west, c);
	sim_run(t.p.sim, 5000);
	assert_both(&t, 2, 3);
	assert_int_equal(t.p.west->over, 3);
	assert_int_equal(t.p.west->over_err, MS_OK);
	assert_ptr_not_equal(c->child_sas->ike, t.wc2->child_sas->ike);
	/* rekeying needs no room, and further ones go to where it is */
	assert_int_equal(ike_rekey_conn(t.p.west->ike, t.wc2, true), MS_OK);
	sim_run(t.p.sim, 5000);
	assert_both(&t, 2, 3);
	ike_terminate_conn(t.p.west->ike, t.wc2);
	sim_run(t.p.sim, 2000);
	initiate(t.p.west, t.wc2);
	sim_run(t.p.sim, 5000);
	assert_both(&t, 2, 3);
	assert_ptr_equal(c->child_sas->ike, t.wc2->child_sas->ike);
	pair_free(&t.p);
}

static void no_narrowing(struct ms_conn_desc *d)
{
	d->narrowing = false;
}

/* A connection that the peer does not know, and whose selectors may not be narrowed. */
static void test_unknown_selectors(void **state)
{
	struct sim_words mine = second;
	struct pair p = pair_new(&tunnel);
	struct conn *c;

	(void)state;
	mine.more = no_narrowing;
	c = sim_conn(p.west, &mine);
	c->desc->keyingtries = 2;
	c->wanted_up = true;
	pair_up(&p);
	initiate(p.west, c);
	sim_run(p.sim, 20000);
	assert_int_equal(p.west->over, 2);
	assert_int_equal(p.west->over_err, MS_ERR_TS);
	assert_int_equal(sim_ikes(p.west), 1);
	assert_int_equal(sim_children(p.west), 1);
	pair_free(&p);
}

/* pfs=yes, and the peer wants another group than the first that we offer. */
static void test_other_group(void **state)
{
	struct sim_words mine = second;
	struct pair p = pair_new(&tunnel);
	struct conn *c;

	(void)state;
	mine.pfs = true;
	mine.esp = "aes_gcm128-x25519+ecp256";
	c = sim_conn(p.west, &mine);
	mine.esp = "aes_gcm128-ecp256";
	(void)sim_conn(p.east, &mine);
	pair_up(&p);
	initiate(p.west, c);
	sim_run(p.sim, 2000);
	assert_int_equal(p.west->over_err, MS_OK);
	assert_int_equal(sim_children(p.west), 2);
	assert_true(sim_agree(p.west, p.east));
	assert_int_equal(p.sim->packets, 8);
	pair_free(&p);
}

/* Rekeying of the IKE SA takes both along; each child's own rekeying goes on. */
static void test_rekeyed(void **state)
{
	struct sim_words a = tunnel, b = second;
	struct two t;

	(void)state;
	a.ike_lifetime_ms = b.ike_lifetime_ms = 60000;
	a.ipsec_lifetime_ms = b.ipsec_lifetime_ms = 45000;
	t = two_new(&a, &b);
	two_up(&t);
	sim_run(t.p.sim, 200000);
	assert_both(&t, 1, 2);
	assert_int_equal(t.wc2->newest_ike, t.p.wc->newest_ike);
	assert_ptr_equal(
		ike_by_serial(t.p.west->ike, t.wc2->newest_ike), t.wc2->child_sas->ike);
	pair_free(&t.p);
}

/* The peer falls silent: both are lost, both come again when wanted, over one IKE SA. */
static void test_both_revived(void **state)
{
	struct sim_words a = tunnel, b = second;
	struct two t;

	(void)state;
	a.dpd_delay_ms = b.dpd_delay_ms = 5000;
	a.keyingtries = b.keyingtries = 1000;
	t = two_new(&a, &b);
	t.p.wc->wanted_up = t.wc2->wanted_up = true;
	two_up(&t);
	assert_both(&t, 1, 2);
	t.p.east->down = true;
	sim_run(t.p.sim, 60000);
	assert_int_equal(sim_children(t.p.west), 0);
	t.p.east->down = false;
	sim_run(t.p.sim, 120000);
	assert_int_equal(sim_ikes(t.p.west), 1);
	assert_int_equal(sim_children(t.p.west), 2);
	pair_free(&t.p);
}

/* A person asks for one that is up: a new IKE SA, and the other child comes along before the old
 * ones go. */
static void test_up_again(void **state)
{
	struct two t = two_new(&tunnel, &second);
	uint32_t old;

	(void)state;
	two_up(&t);
	old = t.p.wc->newest_ike;
	initiate(t.p.west, t.p.wc);
	sim_run(t.p.sim, 5000);
	assert_both(&t, 1, 2);
	assert_int_not_equal(t.p.wc->newest_ike, old);
	assert_int_equal(t.wc2->newest_ike, t.p.wc->newest_ike);
	assert_null(ike_by_serial(t.p.west->ike, old));
	pair_free(&t.p);
}

static void reauth(struct ms_conn_desc *d)
{
	d->reauth = true;
}

static unsigned handshakes; /* IKE_SA_INIT requests */

static void count(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	(void)arg;
	(void)fate;
	handshakes += p->len > 28 && p->octets[18] == 34 && !(p->octets[19] & 0x20);
}

/* At the end of the IKE SA's life both connections come along to one that was made anew, and there is
 * a pair of SAs for each at every moment. */
static void test_reauth(void **state)
{
	struct sim_words a = tunnel, b = second;
	struct two t;

	(void)state;
	a.ike_lifetime_ms = b.ike_lifetime_ms = 60000;
	a.more = b.more = reauth;
	t = two_new(&a, &b);
	t.p.sim->network = count;
	handshakes = 0;
	two_up(&t);
	for (int i = 0; i < 1000; i++) {
		sim_run(t.p.sim, 200);
		assert_true(t.p.wc->newest_child != 0 && t.wc2->newest_child != 0);
		assert_true(t.p.ec->newest_child != 0 && t.ec2->newest_child != 0);
	}
	assert_in_range(handshakes, 4, 6);
	sim_run(t.p.sim, 5000);
	assert_both(&t, 1, 2);
	pair_free(&t.p);
}

static void three_and_two(struct ms_conn_desc *d)
{
	d->left.subnet = strdup("10.1.0.0/16,10.2.0.0/16,2001:db8:1::/48");
	d->right.subnet = strdup("10.8.0.0/16,10.9.0.0/16");
}

static void two_and_one(struct ms_conn_desc *d)
{
	d->left.subnet = strdup("10.2.3.0/24,2001:db8:1::/48");
	d->right.subnet = strdup("10.9.0.0/16, 10.7.0.0/16");
}

static void test_selectors(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct child_sa *child;
	struct pair p;
	char text[300];

	(void)state;
	w.leftsubnet = w.rightsubnet = e.leftsubnet = e.rightsubnet = NULL;
	w.more = e.more = three_and_two;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_pair_up(&p);
	child = p.ec->child_sas;
	assert_int_equal(child->n_mine, 2);
	assert_int_equal(child->n_theirs, 3);
	pair_free(&p);
	e.more = two_and_one;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	assert_pair_up(&p);
	child = p.wc->child_sas;
	child_selectors_text(child->mine, child->n_mine, text, sizeof(text));
	assert_int_equal(child->n_mine, 2);
	assert_non_null(strstr(text, "10.2.3.0/24"));
	assert_int_equal(child->n_theirs, 1);
	pair_free(&p);
}

/* Transport mode, west behind a translator. */
static struct pair transport_nat(struct ms_addr *public, struct ms_addr *private)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	w.left = "10.0.0.5";
	e.left = "%any";
	w.leftsubnet = w.rightsubnet = e.leftsubnet = e.rightsubnet = NULL;
	w.type = e.type = MS_TYPE_TRANSPORT;
	w.ipsec_lifetime_ms = 60000;
	e.ipsec_lifetime_ms = 47000;
	p.sim = sim_new(42);
	p.west = sim_node(p.sim, "west", "10.0.0.5", NULL);
	p.east = sim_node(p.sim, "east", "192.1.2.23", NULL);
	assert_int_equal(ms_addr_parse(public, "203.0.113.9", 11, 0, 0, NULL), MS_OK);
	assert_int_equal(ms_addr_parse(private, "10.0.0.5", 8, 0, 0, NULL), MS_OK);
	p.west->public = (struct ms_endpoint){ *public, 1000 };
	p.wc = sim_conn(p.west, &w);
	p.ec = sim_conn(p.east, &e);
	return p;
}

/* RFC 7296 s2.23.1: transport mode, the initiator behind a translator; each end's selectors have the
 * addresses that it sees, after rekeying by either end too. */
static void test_transport_nat(void **state)
{
	struct ms_addr public, private;
	struct pair p = transport_nat(&public, &private);

	(void)state;
	pair_initiate(&p);
	for (int i = 0; i < 8; i++) {
		unsigned found = 0;

		sim_run(p.sim, 20000);
		assert_int_equal(p.west->over_err, MS_OK);
		assert_int_equal(sim_ikes(p.east), 1);
		for (const struct sim_sa *sa = p.west->sas; sa; sa = sa->next)
			found += !sa->tunnel && ms_addr_eq(sa->inbound ? &sa->sel_dst.range.first
								       : &sa->sel_src.range.first,
							 &private);
		assert_true(found >= 2);
		for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next)
			found += !sa->tunnel && ms_addr_eq(sa->inbound ? &sa->sel_src.range.first
								       : &sa->sel_dst.range.first,
							 &public);
		assert_true(found >= 4);
	}
	assert_int_equal(sim_children(p.west), 1);
	assert_int_equal(sim_children(p.east), 1);
	pair_free(&p);
}

/* Some responders answer with the addresses that they see, not with those that were sent. */
static void test_transport_nat_answered_as_seen(void **state)
{
	struct ms_addr public, private;
	struct pair p = transport_nat(&public, &private);
	unsigned forgotten = 0;

	(void)state;
	p.sim->later = true;
	pair_initiate(&p);
	for (int i = 0; i < 2000; i++) {
		struct ike_sa *ike = ike_first(p.east->ike);

		sim_run(p.sim, 1);
		if (ike && ike->x && ike->x->was_theirs.family != 0) {
			ike->x->was_theirs.family = 0;
			forgotten++;
		}
	}
	assert_true(forgotten > 0);
	assert_int_equal(p.west->over_err, MS_OK);
	assert_int_equal(sim_children(p.west), 1);
	assert_true(ms_addr_eq(&p.wc->child_sas->mine[0].range.first, &private));
	assert_true(ms_addr_eq(
		&ike_first_child(ike_first(p.east->ike))->theirs[0].range.first, &public));
	pair_free(&p);
}

/* RFC 7296 s2.23.1, RFC 3948 s5.2: two hosts behind one translator.  The second one's packets could not
 * be told from the first one's: it is refused, unless its traffic is another, or it is the first one that
 * comes again. */
static void test_two_behind_one_nat(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct sim *sim = sim_new(42);
	struct sim_node *east = sim_node(sim, "east", "192.1.2.23", NULL), *n[4];
	static const struct {
		const char *name, *addr, *id;
		uint16_t first_port;
		bool refused;
	} rows[] = { { "one", "10.0.0.5", "@one", 1, false }, { "two", "10.0.0.6", "@two", 1, true },
		{ "three", "10.0.0.7", "@three", 2, false }, { "again", "10.0.0.8", "@one", 1, false } };

	(void)state;
	e.left = "%any";
	e.leftid = "%any";
	w.leftsubnet = w.rightsubnet = e.leftsubnet = e.rightsubnet = NULL;
	w.type = e.type = MS_TYPE_TRANSPORT;
	(void)sim_conn(east, &e);
	for (unsigned i = 0; i < 4; i++) {
		struct ms_why why;
		struct conn *c;

		n[i] = sim_node(sim, rows[i].name, rows[i].addr, NULL);
		assert_int_equal(ms_addr_parse(&n[i]->public.addr, "203.0.113.9", 11, 0, 0, NULL), MS_OK);
		n[i]->public.port = (uint16_t)(10000 * (i + 1));
		w.left = rows[i].addr;
		w.leftid = rows[i].id;
		c = sim_conn(n[i], &w);
		c->local.clients[0].protocol = 17;
		c->local.clients[0].port_first = c->local.clients[0].port_last = rows[i].first_port;
		assert_int_equal(ike_initiate(n[i]->ike, c, &why), MS_OK);
		sim_run(sim, 3000);
		assert_int_equal(n[i]->over_err, rows[i].refused ? MS_ERR_TS : MS_OK);
		assert_int_equal(sim_children(n[i]), !rows[i].refused);
		if (rows[i].refused)
			assert_non_null(strstr(n[i]->over_text, "TS_UNACCEPTABLE"));
	}
	/* The first one is gone: the second has its turn. */
	for (unsigned i = 0; i < 4; i += 3)
		ike_terminate_conn(n[i]->ike, ike_first(n[i]->ike)->conn);
	sim_run(sim, 3000);
	ike_terminate_conn(n[1]->ike, ike_first(n[1]->ike)->conn);
	sim_run(sim, 3000);
	{
		struct ms_why why;

		assert_int_equal(ike_initiate(n[1]->ike, conn_first(n[1]->conns), &why), MS_OK);
	}
	sim_run(sim, 3000);
	assert_int_equal(sim_children(n[1]), 1);
	sim_free(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_shares),
		cmocka_unit_test(test_both_at_once),
		cmocka_unit_test(test_waits_and_fails),
		cmocka_unit_test(test_down_one),
		cmocka_unit_test(test_not_shared),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_unknown_selectors),
		cmocka_unit_test(test_other_group),
		cmocka_unit_test(test_rekeyed),
		cmocka_unit_test(test_both_revived),
		cmocka_unit_test(test_up_again),
		cmocka_unit_test(test_reauth),
		cmocka_unit_test(test_transport_nat),
		cmocka_unit_test(test_transport_nat_answered_as_seen),
		cmocka_unit_test(test_two_behind_one_nat),
		cmocka_unit_test(test_selectors),
	};

	return cmocka_run_group_tests_name("children", tests, sim_test_setup, sim_test_teardown);
}

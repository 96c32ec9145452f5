/* SPDX-License-Identifier: Apache-2.0 */
/* MOBIKE (RFC 4555): a peer that moves keeps its SAs, and nobody else can move them. */
#include "core/ike/ike_sa.h"
#include "core/sim/sim_test.h"

static void mobile(struct ms_conn_desc *d)
{
	d->mobike = true;
}

static struct pair mobile_pair(void (*east)(struct ms_conn_desc *d), uint64_t dpd_ms)
{
	struct sim_words w = tunnel, e = tunnel;

	w.more = mobile;
	w.dpd_delay_ms = dpd_ms;
	e.more = east;
	return pair_of(&w, &e, NULL);
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

static void move_to(struct sim_node *n, const char *text)
{
	n->addr = addr(text);
	ike_network_changed(n->ike);
}

/* Both directions' SAs go between these two addresses, on both sides. */
static void assert_between(struct pair *p, const char *west, const char *east, bool encapsulated)
{
	struct ms_addr w = addr(west), e = addr(east);
	const struct sim_node *n[] = { p->west, p->east };

	for (int i = 0; i < 2; i++) {
		assert_int_equal(sim_sas(n[i]), 2);
		for (const struct sim_sa *sa = n[i]->sas; sa; sa = sa->next) {
			bool to_west = sa->inbound == (i == 0);

			assert_true(ms_addr_eq(&sa->said.dst, to_west ? &w : &e));
			assert_true(ms_addr_eq(&sa->src, to_west ? &e : &w));
			assert_int_equal(sa->encap_dst != 0, encapsulated);
		}
	}
	assert_true(sim_agree(p->west, p->east));
}

static void test_not_agreed(void **state)
{
	struct pair p = mobile_pair(NULL, 0);

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	move_to(p.west, "192.1.2.46");
	sim_run(p.sim, 2000);
	assert_int_equal(p.west->moved, 0);
	pair_free(&p);
}

static void test_moves(void **state)
{
	struct pair p = mobile_pair(mobile, 0);
	unsigned before;

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	assert_between(&p, "192.1.2.45", "192.1.2.23", false);
	before = p.sim->packets;
	ike_network_changed(p.west->ike); /* nothing of ours changed */
	sim_run(p.sim, 2000);
	assert_int_equal(p.sim->packets, before);
	move_to(p.west, "198.51.100.7");
	sim_run(p.sim, 2000);
	/* UPDATE_SA_ADDRESSES, COOKIE2, each with its answer */
	assert_int_equal(p.sim->packets, before + 4);
	assert_between(&p, "198.51.100.7", "192.1.2.23", false);
	assert_int_equal(p.west->moved, 1);
	assert_int_equal(p.east->moved, 1);
	/* Everything goes on from there: requests of both, and the end. */
	move_to(p.west, "192.1.2.45");
	move_to(p.west, "198.51.100.8");
	sim_run(p.sim, 5000);
	assert_between(&p, "198.51.100.8", "192.1.2.23", false);
	ike_terminate_conn(p.east->ike, p.ec);
	sim_run(p.sim, 2000);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* From IPv4 to IPv6 and back: the peer said that it has both. */
static void test_other_family(void **state)
{
	struct pair p = mobile_pair(mobile, 0);

	(void)state;
	p.east->addr2 = addr("2001:db8::23");
	pair_up(&p);
	assert_pair_up(&p);
	move_to(p.west, "2001:db8::45");
	sim_run(p.sim, 5000);
	assert_between(&p, "2001:db8::45", "2001:db8::23", false);
	move_to(p.west, "192.1.2.47");
	sim_run(p.sim, 5000);
	assert_between(&p, "192.1.2.47", "192.1.2.23", false);
	pair_free(&p);
}

static void deaf(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	if (ms_addr_eq(&p->dst.addr, arg) || ms_addr_eq(&p->src.addr, arg))
		fate->lose = true;
}

/* One of the peer's addresses does not answer any more. */
static void test_other_address(void **state)
{
	struct pair p = mobile_pair(mobile, 5000);
	struct ms_addr gone = addr("192.1.2.23");

	(void)state;
	p.east->addr2 = addr("192.1.2.24");
	pair_up(&p);
	assert_pair_up(&p);
	p.sim->network = deaf;
	p.sim->network_arg = &gone;
	sim_run(p.sim, 25000);
	assert_between(&p, "192.1.2.45", "192.1.2.24", false);
	assert_int_equal(sim_ikes(p.west), 1);
	pair_free(&p);
}

/* Behind a translator: the SAs are encapsulated from then on, and no more when it moves out. */
static void test_into_nat(void **state)
{
	struct ike_params params = { .nat_keepalive_ms = 20000 };
	struct sim_words w = tunnel;
	struct pair p;
	unsigned n = 0;

	(void)state;
	w.more = mobile;
	p = pair_of(&w, &w, &params);
	pair_up(&p);
	p.west->public = (struct ms_endpoint){ addr("203.0.113.9"), 1000 };
	move_to(p.west, "10.0.0.5");
	sim_run(p.sim, 3000);
	for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next) {
		struct ms_addr want = addr("203.0.113.9");

		assert_true(sa->encap_dst != 0);
		n += ms_addr_eq(sa->inbound ? &sa->src : &sa->said.dst, &want);
	}
	assert_int_equal(n, 2);
	assert_true(sim_agree(p.west, p.east));
	sim_run(p.sim, 60000);
	assert_true(p.west->keepalives > 1);
	p.west->public.addr.family = 0;
	move_to(p.west, "192.1.2.45");
	sim_run(p.sim, 3000);
	assert_between(&p, "192.1.2.45", "192.1.2.23", false);
	pair_free(&p);
}

/* The translator's mapping changes: liveness checks show it, the first one too. */
static void new_mapping(uint64_t after_ms)
{
	struct pair p;
	struct sim_words w = tunnel, e = tunnel;

	w.more = e.more = mobile;
	w.dpd_delay_ms = 5000;
	w.left = "10.0.0.5";
	e.left = "203.0.113.9";
	p.sim = sim_new(42);
	p.west = sim_node(p.sim, "west", "10.0.0.5", NULL);
	p.east = sim_node(p.sim, "east", "192.1.2.23", NULL);
	p.west->public = (struct ms_endpoint){ addr("203.0.113.9"), 1000 };
	p.wc = sim_conn(p.west, &w);
	p.ec = sim_conn(p.east, &e);
	pair_initiate(&p);
	sim_run(p.sim, after_ms);
	assert_pair_up(&p);
	p.west->public.port = 2000;
	sim_run(p.sim, 20000);
	assert_true(p.east->moved >= 1);
	for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next)
		assert_int_equal(sa->inbound ? sa->encap_src : sa->encap_dst, 4500 + 2000);
	pair_free(&p);
}

static void test_new_mapping(void **state)
{
	(void)state;
	new_mapping(72000);
	new_mapping(1000);
}

/* A request that is under way when the address changes goes out again from the new one. */
static void test_while_busy(void **state)
{
	for (int later = 0; later < 2; later++) {
		struct pair p = mobile_pair(mobile, 0);

		(void)state;
		pair_up(&p);
		p.sim->later = later;
		p.sim->latency_ms = 200;
		p.west->addr = addr("198.51.100.7");
		ike_kernel_expire(p.west->ike, &p.west->sas->said, false);
		sim_run(p.sim, 50);
		ike_network_changed(p.west->ike);
		sim_run(p.sim, 100);
		move_to(p.west, "198.51.100.8");
		sim_run(p.sim, 20000);
		assert_between(&p, "198.51.100.8", "192.1.2.23", false);
		pair_free(&p);
	}
}

/* Rekeyed IKE SAs can move as well. */
static void test_heir(void **state)
{
	struct sim_words w = tunnel;
	struct pair p;

	(void)state;
	w.more = mobile;
	w.ike_lifetime_ms = 60000;
	p = pair_of(&w, &w, NULL);
	pair_up(&p);
	sim_run(p.sim, 30000);
	move_to(p.west, "198.51.100.7");
	sim_run(p.sim, 120000);
	assert_between(&p, "198.51.100.7", "192.1.2.23", false);
	pair_free(&p);
}

/* s1.3: who initiated the first IKE SA stays the one who moves, whoever rekeys it. */
static void test_heir_of_the_responder(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.more = e.more = mobile;
	e.ike_lifetime_ms = 60000;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	sim_run(p.sim, 30000);
	assert_false(ike_first(p.west->ike)->initiator);
	move_to(p.west, "198.51.100.7");
	sim_run(p.sim, 3000);
	assert_between(&p, "198.51.100.7", "192.1.2.23", false);
	move_to(p.east, "192.1.2.24");
	sim_run(p.sim, 3000);
	assert_between(&p, "198.51.100.7", "192.1.2.24", false);
	pair_free(&p);
}

/* A kernel that does not move an SA: it is deleted, and the connection comes again where it is wanted. */
static void test_kernel_does_not_move(void **state)
{
	for (int later = 0; later < 2; later++) {
		struct pair p = mobile_pair(mobile, 0);

		(void)state;
		p.wc->wanted_up = true;
		p.sim->later = later;
		pair_up(&p);
		p.west->fail_kernel_op = MS_KOP_SA_MOVE;
		move_to(p.west, "192.1.2.46");
		sim_run(p.sim, 500);
		p.west->fail_kernel_op = -1;
		sim_run(p.sim, 10000);
		assert_between(&p, "192.1.2.46", "192.1.2.23", false);
		assert_int_equal(sim_ikes(p.west), 1);
		pair_free(&p);
	}
}

/* Packets from elsewhere move nothing by themselves (s3.8), whoever sends them. */
static void twice(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct pair *pair = arg;

	(void)fate;
	if (p->from == pair->west)
		p->src.addr = addr("203.0.113.66");
}

static void test_no_following(void **state)
{
	struct pair p = mobile_pair(mobile, 5000);

	(void)state;
	pair_up(&p);
	p.sim->network = twice;
	p.sim->network_arg = &p;
	sim_run(p.sim, 8000);
	assert_int_equal(p.east->moved, 0);
	assert_between(&p, "192.1.2.45", "192.1.2.23", false);
	pair_free(&p);
}

/* The new address does not answer the COOKIE2 request: the SAs stay where they were (s3.7). */
static void no_cookie2(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	struct pair *pair = arg;

	/* requests of east: the flag of responses is not set */
	if (p->from == pair->east && p->len > 28 && !(p->octets[19] & 0x20))
		fate->lose = true;
}

static void test_return_routability(void **state)
{
	struct pair p = mobile_pair(mobile, 0);

	(void)state;
	pair_up(&p);
	p.sim->network = no_cookie2;
	p.sim->network_arg = &p;
	move_to(p.west, "198.51.100.7");
	sim_run(p.sim, 5000);
	assert_int_equal(p.west->moved, 1);
	assert_int_equal(p.east->moved, 0);
	sim_run(p.sim, 60000);
	assert_int_equal(sim_ikes(p.east), 0);
	pair_free(&p);
}

/* s3.6: the responder's address changes.  It says so from the new one, the initiator finds the old one
 * missing and moves there. */
static void test_responder_moves(void **state)
{
	for (int later = 0; later < 2; later++) {
		struct pair p = mobile_pair(mobile, 0);
		unsigned before;

		(void)state;
		p.sim->later = later;
		pair_up(&p);
		assert_pair_up(&p);
		before = p.sim->packets;
		move_to(p.east, "192.1.2.24");
		sim_run(p.sim, 2000);
		/* the list, UPDATE_SA_ADDRESSES, each with its answer: it is the peer's old place */
		assert_int_equal(p.sim->packets, before + 4);
		assert_between(&p, "192.1.2.45", "192.1.2.24", false);
		assert_int_equal(p.east->moved, 1);
		assert_int_equal(p.west->moved, 1);
		/* and on, and both at once */
		move_to(p.east, "192.1.2.25");
		sim_run(p.sim, 3000);
		assert_between(&p, "192.1.2.45", "192.1.2.25", false);
		ike_terminate_conn(p.west->ike, p.wc);
		sim_run(p.sim, 2000);
		assert_pair_empty(&p);
		pair_free(&p);
	}
}

static void no_path(void *host, const struct ms_addr *dst, host_path_f *done, void *arg)
{
	(void)host;
	(void)dst;
	done(arg, MS_ERR_NOT_FOUND, NULL);
}

/* An initiator that answers the list and tells no update of its own: the responder's SAs are where it
 * speaks from all the same, as the old address is nobody's. */
static void test_responder_is_followed(void **state)
{
	struct pair p = mobile_pair(mobile, 0);
	struct host_ops ops;
	struct ms_addr moved_to = addr("192.1.2.24");
	unsigned inbound = 0;

	(void)state;
	pair_up(&p);
	assert_pair_up(&p);
	ops = *p.west->host.ops;
	ops.path = no_path;
	p.west->host.ops = &ops;
	move_to(p.east, "192.1.2.24");
	sim_run(p.sim, 2000);
	assert_int_equal(p.west->moved, 0);
	assert_int_equal(p.east->moved, 1);
	for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next) {
		assert_true(ms_addr_eq(sa->inbound ? &sa->said.dst : &sa->src, &moved_to));
		inbound += sa->inbound;
	}
	assert_int_equal(inbound, 1);
	pair_free(&p);
}

/* The first address that the responder speaks to from its new place does not answer: it tries others. */
static void test_responder_seeks(void **state)
{
	struct pair p = mobile_pair(mobile, 0);

	(void)state;
	p.west->addr2 = addr("192.1.2.46");
	pair_up(&p);
	assert_pair_up(&p);
	/* it has another first address, and was not told of that: it hears at the second one */
	p.west->addr = addr("192.1.2.47");
	move_to(p.east, "192.1.2.24");
	sim_run(p.sim, 20000);
	assert_int_equal(sim_ikes(p.east), 1);
	assert_between(&p, "192.1.2.47", "192.1.2.24", false);
	pair_free(&p);
}

/* It has no address of that family any more: it speaks to another one of the peer's, which has to
 * prove that it is there. */
static void test_responder_changes_family(void **state)
{
	struct pair p = mobile_pair(mobile, 0);

	(void)state;
	p.west->addr2 = addr("2001:db8::45");
	pair_up(&p);
	assert_pair_up(&p);
	move_to(p.east, "2001:db8::23");
	sim_run(p.sim, 5000);
	assert_between(&p, "2001:db8::45", "2001:db8::23", false);
	assert_int_equal(sim_ikes(p.east), 1);
	pair_free(&p);
}

/* Lists are told when they change, by either end, and what is told is what the other end tries. */
static void test_lists(void **state)
{
	struct pair p = mobile_pair(mobile, 5000);
	struct ms_addr gone = addr("192.1.2.23");
	unsigned before;

	(void)state;
	pair_up(&p);
	sim_run(p.sim, 1500); /* between two liveness checks */
	p.east->addr2 = addr("192.1.2.24");
	before = p.sim->packets;
	ike_network_changed(p.east->ike);
	sim_run(p.sim, 1000);
	assert_int_equal(p.sim->packets, before + 2);
	assert_int_equal(p.west->moved, 0);
	ike_network_changed(p.east->ike);
	sim_run(p.sim, 1000);
	assert_int_equal(p.sim->packets, before + 2);
	p.west->addr2 = addr("2001:db8::45");
	ike_network_changed(p.west->ike);
	sim_run(p.sim, 1000);
	assert_int_equal(p.sim->packets, before + 4);
	p.sim->network = deaf;
	p.sim->network_arg = &gone;
	sim_run(p.sim, 25000);
	assert_between(&p, "192.1.2.45", "192.1.2.24", false);
	pair_free(&p);
}

/* NO_ADDITIONAL_ADDRESSES: the second one is gone, and when the first does not answer either there is
 * no other to try. */
static void test_no_additional(void **state)
{
	struct pair p = mobile_pair(mobile, 5000);
	struct ms_addr gone = addr("192.1.2.23");

	(void)state;
	p.east->addr2 = addr("192.1.2.24");
	pair_up(&p);
	p.east->addr2.family = 0;
	ike_network_changed(p.east->ike);
	sim_run(p.sim, 1000);
	p.sim->network = deaf;
	p.sim->network_arg = &gone;
	sim_run(p.sim, 60000);
	assert_int_equal(sim_ikes(p.west), 0);
	pair_free(&p);
}

/* s3.5: nobody's, everybody's and our own addresses are refused, and the SAs stay. */
static void seems_from(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	(void)fate;
	if (p->from->number == 1)
		p->src.addr = *(struct ms_addr *)arg;
}

static void test_unacceptable(void **state)
{
	static const char *const from[] = { "224.0.0.1", "127.0.0.1", "192.1.2.23", "0.0.0.0" };

	(void)state;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		struct pair p = mobile_pair(mobile, 0);
		struct ms_addr a = addr(from[i]);

		pair_up(&p);
		p.sim->network = seems_from;
		p.sim->network_arg = &a;
		move_to(p.west, "192.1.2.46");
		sim_run(p.sim, 1000);
		assert_int_equal(p.east->moved, 0);
		for (const struct sim_sa *sa = p.east->sas; sa; sa = sa->next)
			assert_int_equal((sa->inbound ? sa->src : sa->said.dst).b[3], 45);
		pair_free(&p);
	}
}

/* s3.9: encapsulation=no will have no translator in between, and says so: the peer does not move its SAs
 * behind one. */
static void no_nat(struct ms_conn_desc *d)
{
	d->mobike = true;
	d->encapsulation = MS_NO;
}

static void test_no_nats_allowed(void **state)
{
	struct sim_words w = tunnel, e = tunnel;
	struct pair p;

	(void)state;
	w.more = no_nat;
	e.more = mobile;
	p = pair_of(&w, &e, NULL);
	pair_up(&p);
	move_to(p.west, "192.1.2.46");
	sim_run(p.sim, 3000);
	assert_between(&p, "192.1.2.46", "192.1.2.23", false);
	p.west->public = (struct ms_endpoint){ addr("203.0.113.9"), 1000 };
	move_to(p.west, "10.0.0.5");
	sim_run(p.sim, 3000);
	assert_int_equal(p.east->moved, 1);
	assert_int_equal(p.west->moved, 1);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_agreed),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_other_family),
		cmocka_unit_test(test_other_address),
		cmocka_unit_test(test_into_nat),
		cmocka_unit_test(test_new_mapping),
		cmocka_unit_test(test_while_busy),
		cmocka_unit_test(test_heir),
		cmocka_unit_test(test_heir_of_the_responder),
		cmocka_unit_test(test_kernel_does_not_move),
		cmocka_unit_test(test_no_following),
		cmocka_unit_test(test_return_routability),
		cmocka_unit_test(test_responder_moves),
		cmocka_unit_test(test_responder_is_followed),
		cmocka_unit_test(test_responder_seeks),
		cmocka_unit_test(test_responder_changes_family),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_additional),
		cmocka_unit_test(test_unacceptable),
		cmocka_unit_test(test_no_nats_allowed),
	};

	return cmocka_run_group_tests_name("mobike", tests, sim_test_setup, sim_test_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that are written as names: when they are looked up, and which address is tried when. */
#include "core/conn/names.h"
#include "core/sim/sim_priv.h"
#include "core/sim/sim_test.h"

#include "lib/dns/fake_resolver_test.h"

static struct host_ops ops;
static struct fake_resolver dns;

struct world {
	struct pair p;
	struct conn_names *names;
	struct conn *c; /* west's, with a name */
	uint64_t due_ms;
	unsigned answers;
	bool oriented;
	struct ms_why why;
};

static struct world *world;

static bool is_west(void *arg, const struct ms_addr *a)
{
	struct world *w = arg;

	return ms_addr_eq(a, &w->p.west->addr) || ms_addr_eq(a, &w->p.west->addr2);
}

static ms_err orient(struct world *w)
{
	const struct ms_addr src[2] = { w->p.west->addr, w->p.west->addr2 };

	return conn_orient(w->p.west->conns, w->c, is_west, w, src, NULL, &w->why);
}

static uint64_t now_ms(void *ctx)
{
	return ((struct world *)ctx)->p.sim->now;
}

static void deadline(void *ctx, uint64_t at_ms)
{
	((struct world *)ctx)->due_ms = at_ms;
}

static void answered(void *ctx, struct conn *c)
{
	struct world *w = ctx;

	assert_ptr_equal(c, w->c);
	w->answers++;
	if (c->oriented && !ike_waits(c)) {
		ike_follow_peer(w->p.west->ike, c);
		return;
	}
	w->oriented = orient(w) == MS_OK;
	if (w->oriented)
		ike_readdressed(w->p.west->ike, c);
}

static bool another_address(void *host, struct conn *c)
{
	(void)host;
	return conn_names_next(c) && orient(world) == MS_OK;
}

static void readdress(void *host, struct conn *c)
{
	(void)host;
	assert_ptr_equal(c, world->c);
	(void)orient(world);
}

/* Time goes on with answers in between. */
static void run(struct world *w, uint64_t ms)
{
	uint64_t end = w->p.sim->now + ms;

	while (w->p.sim->now < end) {
		sim_run(w->p.sim, 100);
		if (w->due_ms <= w->p.sim->now)
			conn_names_tick(w->names);
		fake_answer(&dns);
	}
}

static void begin(struct world *w, void (*more)(struct ms_conn_desc *d))
{
	struct sim_words words = tunnel;
	struct ms_conn_desc d;
	struct conn_names_env env = { &fake_resolver_ops, &dns, now_ms, deadline, answered, w };

	memset(w, 0, sizeof *w);
	memset(&dns, 0, sizeof dns);
	world = w;
	ops = sim_host_ops;
	ops.another_address = another_address;
	ops.readdress = readdress;
	words.name = "plain";
	w->p = pair_new(&words);
	w->p.west->host.ops = &ops;
	w->due_ms = UINT64_MAX;
	w->names = conn_names_new(&env);
	assert_non_null(w->names);
	conn_delete(w->p.west->conns, w->p.wc);
	assert_true(ms_conn_desc_defaults(&d));
	d.name = strdup("named");
	free(d.left.host);
	free(d.right.host);
	d.left.host = strdup("192.1.2.45");
	d.right.host = strdup("east.example");
	d.left.subnet = strdup("192.0.1.0/24");
	d.right.subnet = strdup("192.0.2.0/24");
	d.left.id = strdup("@west");
	d.right.id = strdup("@east");
	d.authby = MS_AUTH_PSK;
	d.keyingtries = 1;
	d.retransmit_interval_ms = 500;
	d.retransmit_timeout_ms = 5000;
	if (more)
		more(&d);
	assert_int_equal(conn_add(w->p.west->conns, &d, &w->c, &w->why), MS_OK);
	ms_conn_desc_free(&d);
	assert_true(conn_has_name(w->c));
	assert_false(conn_is_template(w->c));
	conn_names_watch(w->names, w->c);
}

static void end(struct world *w)
{
	conn_names_free(&w->names);
	assert_int_equal(dns.waiting, 0);
	pair_free(&w->p);
}

static void a(const char *text, uint32_t ttl_s)
{
	static struct ms_addr store[32];
	static unsigned n;
	struct ms_addr *at = &store[n++ % 32];

	assert_int_equal(ms_addr_parse(at, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	fake_record(&dns, "east.example", at->family == AF_INET ? MS_DNS_A : MS_DNS_AAAA,
		MS_DNS_SECURE, ttl_s, at->b, ms_addr_octets(at));
}

static bool peer_is(const struct world *w, const char *text)
{
	char now[MS_ADDR_TEXT];

	ms_addr_text(&w->c->remote.host.addr, now, sizeof now);
	return strcmp(now, text) == 0;
}

static void unresolved_stays(void **state)
{
	struct world w;
	struct ms_why why = { "" };
	char text[400];

	(void)state;
	begin(&w, NULL);
	assert_int_equal(orient(&w), MS_ERR_NOT_FOUND);
	assert_non_null(strstr(w.why.text, "right=east.example: is being looked up"));
	assert_true(conn_names_pending(w.c));
	run(&w, 1000);
	assert_int_equal(w.answers, 1);
	assert_false(w.oriented);
	assert_false(w.c->oriented);
	assert_true(conn_names_trouble(w.c, text, sizeof text));
	assert_non_null(strstr(text, "no A"));
	assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_ERR_NOT_FOUND);
	/* nobody is taken for it */
	assert_null(conn_find_host_pair(w.p.west->conns, &w.p.west->addr, &w.p.east->addr));
	/* asked for again, and less and less often */
	run(&w, 600000);
	assert_in_range(w.answers, 5, 12);
	a("192.1.2.23", 300);
	run(&w, 700000);
	assert_true(w.c->oriented);
	assert_true(peer_is(&w, "192.1.2.23"));
	assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_OK);
	run(&w, 10000);
	assert_int_equal(sim_children(w.p.west), 1);
	end(&w);
}

static void all_in_turn(void **state)
{
	struct world w;
	struct ms_why why = { "" };
	unsigned asked;

	(void)state;
	begin(&w, NULL);
	a("192.1.2.201", 3600);
	a("2001:db8::1", 3600); /* nothing for an end with an IPv4 address */
	a("192.1.2.202", 3600);
	a("192.1.2.23", 3600);
	run(&w, 100);
	assert_true(peer_is(&w, "192.1.2.201"));
	assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_OK);
	run(&w, 30000);
	assert_int_equal(sim_children(w.p.west), 1);
	assert_int_equal(w.p.west->over, 1);
	assert_int_equal(w.p.west->over_err, MS_OK);
	assert_true(peer_is(&w, "192.1.2.23"));
	/* up it stays there, whatever DNS says */
	dns.n = 0;
	a("192.1.2.201", 10);
	run(&w, 3700000);
	assert_true(peer_is(&w, "192.1.2.23"));
	assert_int_equal(sim_children(w.p.west), 1);

	/* all dead: one try is every address once, then the name is asked for again */
	ike_terminate_conn(w.p.west->ike, w.c);
	run(&w, 5000);
	dns.n = 0;
	a("192.1.2.201", 100000);
	a("192.1.2.202", 100000);
	conn_names_again(w.c);
	run(&w, 1000);
	asked = dns.asked;
	w.p.west->over = 0;
	assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_OK);
	run(&w, 8000);
	assert_int_equal(w.p.west->over, 0);
	run(&w, 8000);
	assert_int_equal(w.p.west->over, 1);
	assert_int_equal(w.p.west->over_err, MS_ERR_TIMEOUT);
	assert_int_equal(dns.asked, asked + 2);
	end(&w);
}

static void for_ever(struct ms_conn_desc *d)
{
	d->keyingtries = 0;
}

/* The name's address changes while the peer is silent: the next try goes to the new one. */
static void moved(void **state)
{
	struct world w;
	struct ms_why why = { "" };

	(void)state;
	begin(&w, for_ever);
	a("192.1.2.201", 10);
	run(&w, 100);
	w.c->wanted_up = true;
	assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_OK);
	run(&w, 3000);
	dns.n = 0;
	a("192.1.2.23", 10);
	run(&w, 20000);
	assert_true(peer_is(&w, "192.1.2.23"));
	assert_int_equal(sim_children(w.p.west), 1);
	end(&w);
}

/* The peer begins, from an address that is not the one in use. */
static void peer_calls(void **state)
{
	struct world w;
	struct ms_why why = { "" };

	(void)state;
	begin(&w, NULL);
	a("192.1.2.201", 3600);
	a("192.1.2.23", 3600);
	a("192.1.2.202", 3600);
	run(&w, 100);
	assert_true(peer_is(&w, "192.1.2.201"));
	assert_int_equal(ike_initiate(w.p.east->ike, w.p.ec, &why), MS_OK);
	run(&w, 10000);
	assert_true(peer_is(&w, "192.1.2.23"));
	assert_int_equal(sim_children(w.p.west), 1);
	assert_true(sim_agree(w.p.west, w.p.east));
	/* up, nobody moves it */
	assert_null(conn_find_host_pair(
		w.p.west->conns, &w.p.west->addr, &w.c->remote.name->addrs[0]));
	assert_true(peer_is(&w, "192.1.2.23"));
	/* the index forgets names that go */
	conn_names_forget(w.c);
	ike_terminate_conn(w.p.west->ike, w.c);
	run(&w, 5000);
	conn_delete(w.p.west->conns, w.c);
	assert_null(conn_find_host_pair(w.p.west->conns, &w.p.west->addr, &w.p.east->addr));
	end(&w);
}

static void mobile(struct ms_conn_desc *d)
{
	d->mobike = true;
}

/* The peer moved with its SAs (RFC 4555), and its name did, before or later: from there it may begin anew.
 * What its name does not have is not taken for it. */
static void moved_up(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 3; order++) {
		struct world w;
		struct ms_why why = { "" };

		begin(&w, mobile);
		w.p.ec->desc->mobike = true;
		a("192.1.2.23", 10);
		run(&w, 100);
		assert_int_equal(ike_initiate(w.p.east->ike, w.p.ec, &why), MS_OK);
		run(&w, 5000);
		assert_int_equal(sim_children(w.p.west), 1);
		dns.n = 0;
		a(order < 2 ? "192.1.2.77" : "192.1.2.78", 10);
		run(&w, order == 1 ? 20000 : 0);
		assert_true(peer_is(&w, "192.1.2.23"));
		w.p.east->addr.b[3] = 77;
		ike_network_changed(w.p.east->ike);
		run(&w, 20000);
		assert_true(peer_is(&w, order < 2 ? "192.1.2.77" : "192.1.2.23"));
		assert_ptr_equal(conn_find_host_pair(w.p.west->conns, &w.p.west->addr,
					 &w.p.east->addr),
			order < 2 ? w.c : NULL);
		assert_int_equal(sim_children(w.p.west), 1);
		assert_true(sim_agree(w.p.west, w.p.east));
		end(&w);
	}
}

static void only_v6(struct ms_conn_desc *d)
{
	struct ms_addr *also = &world->p.west->addr2;

	d->host_family = AF_INET6;
	free(d->left.host);
	d->left.host = strdup("2001:db8::45");
	assert_int_equal(ms_addr_parse(also, "2001:db8::45", 12, 0, MS_TEXT_NUMERIC, NULL), MS_OK);
}

static void families(void **state)
{
	struct world w;
	struct conn_table *t;
	struct ms_conn_desc d;
	struct conn *c;
	const uint64_t seed[2] = { 1, 2 };

	(void)state;
	begin(&w, only_v6);
	a("192.1.2.23", 3600);
	run(&w, 1000);
	assert_int_equal(dns.asked, 1); /* AAAA */
	assert_false(w.c->oriented);
	a("2001:db8::1", 3600);
	run(&w, 100000);
	assert_int_equal(w.c->remote.name->n, 1);
	assert_true(peer_is(&w, "2001:db8::1"));
	end(&w);

	begin(&w, NULL);
	a("2001:db8::1", 3600);
	run(&w, 1000);
	assert_int_equal(orient(&w), MS_ERR_NOT_FOUND);
	assert_non_null(strstr(w.why.text, "no IPv4 address"));
	end(&w);

	t = conn_table_new(seed);
	assert_true(ms_conn_desc_defaults(&d));
	d.name = strdup("x");
	free(d.left.host);
	d.left.host = strdup("192.0.2.1");
	free(d.right.host);
	d.right.host = strdup("%any");
	d.host_family = AF_INET6;
	assert_int_not_equal(conn_add(t, &d, &c, &w.why), MS_OK);
	ms_conn_desc_free(&d);
	conn_table_free(&t);
}

/* The time to live is over in the midst of the attempts: the order in which they are tried stays. */
static void short_lived(void **state)
{
	struct world w;
	struct ms_why why = { "" };

	(void)state;
	begin(&w, for_ever);
	a("192.1.2.201", 5);
	a("192.1.2.202", 5);
	a("192.1.2.203", 5);
	a("192.1.2.23", 5);
	run(&w, 100);
	w.c->wanted_up = true;
	w.c->desc->retransmit_timeout_ms = 12000;
	assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_OK);
	run(&w, 45000);
	assert_true(peer_is(&w, "192.1.2.23"));
	assert_int_equal(sim_children(w.p.west), 1);
	end(&w);
}

static void wherever(struct ms_conn_desc *d)
{
	struct ms_addr *also = &world->p.west->addr2;

	assert_int_equal(ms_addr_parse(also, "2001:db8::45", 12, 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	free(d->left.host);
	d->left.host = strdup("%defaultroute");
}

/* Our end has both families: when nobody answers in the one, the other one is tried, from our address
 * there. */
static void both_families(void **state)
{
	struct world w;
	struct ms_why why = { "" };

	(void)state;
	for (int dead = 0; dead < 2; dead++) {
		begin(&w, wherever);
		w.c->desc->keyingtries = 2;
		w.c->wanted_up = true;
		a("2001:db8::23", 3600);
		a(dead ? "192.1.2.201" : "192.1.2.23", 3600);
		run(&w, 100);
		/* IPv4 first, whatever comes first in the answers */
		assert_true(ms_addr_eq(&w.c->local.host.addr, &w.p.west->addr));
		assert_int_equal(ike_initiate(w.p.west->ike, w.c, &why), MS_OK);
		run(&w, dead ? 7000 : 2000);
		assert_true(peer_is(&w, dead ? "2001:db8::23" : "192.1.2.23"));
		assert_true(ms_addr_eq(&w.c->local.host.addr,
			dead ? &w.p.west->addr2 : &w.p.west->addr));
		assert_int_equal(sim_children(w.p.west), !dead);
		/* one try is each address once */
		assert_int_equal(w.p.west->over, !dead);
		end(&w);
	}
}

static void our_own(struct ms_conn_desc *d)
{
	free(d->left.host);
	d->left.host = strdup("east.example");
	free(d->right.host);
	d->right.host = strdup("192.1.2.23");
	free(d->left.id);
	d->left.id = NULL;
}

/* A name of ours: which of its addresses we have, and the identity that goes with it. */
static void ours(void **state)
{
	struct world w;
	struct ms_addr id;

	(void)state;
	begin(&w, our_own);
	assert_int_equal(orient(&w), MS_ERR_NOT_FOUND);
	assert_non_null(strstr(w.why.text, "left=east.example"));
	a("192.1.2.99", 3600);
	a("192.1.2.45", 3600);
	run(&w, 1000);
	assert_true(w.c->oriented);
	assert_true(w.c->left_is_local);
	assert_true(ms_addr_eq(&w.c->local.host.addr, &w.p.west->addr));
	assert_true(ms_id_to_addr(&w.c->local.id, &id));
	assert_true(ms_addr_eq(&id, &w.p.west->addr));
	end(&w);
}

/* Timeouts do not lose what is known; a full resolver is asked again; deletion asks nobody. */
static void faults(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	a("192.1.2.23", 5);
	run(&w, 1000);
	assert_true(w.c->oriented);
	dns.n = 0;
	fake_trouble(&dns, "east.example", MS_DNS_A, MS_ERR_TIMEOUT);
	fake_trouble(&dns, "east.example", MS_DNS_AAAA, MS_ERR_AUTH);
	run(&w, 60000);
	assert_true(w.c->oriented);
	assert_true(peer_is(&w, "192.1.2.23"));
	assert_non_null(w.c->remote.name->trouble);
	dns.n = 0;
	a("192.1.2.23", 5);
	run(&w, 600000);
	assert_null(w.c->remote.name->trouble);
	dns.room = 1; /* two are needed */
	run(&w, 10000);
	assert_non_null(w.c->remote.name->trouble);
	dns.room = 0;
	run(&w, 6000);
	assert_null(w.c->remote.name->trouble);
	conn_names_again(w.c);
	assert_int_equal(dns.waiting, 2);
	conn_names_forget(w.c);
	assert_int_equal(dns.waiting, 0);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unresolved_stays),
		cmocka_unit_test(all_in_turn),
		cmocka_unit_test(moved),
		cmocka_unit_test(peer_calls),
		cmocka_unit_test(moved_up),
		cmocka_unit_test(families),
		cmocka_unit_test(short_lived),
		cmocka_unit_test(both_families),
		cmocka_unit_test(ours),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* INTERNAL_IP4/6_SUBNET: networks that a gateway names, and what becomes of them. */
#include "core/child/child_priv.h"
#include "core/ikev2/cp.h"
#include "core/sim/log_test.h"
#include "core/sim/sim_test.h"

#define MANY 40

static bool split;
static uint64_t lifetime_ms;

static int setup(void **state)
{
	(void)state;
	split = false;
	lifetime_ms = 0;
	listen_to_log();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop_listening();
	return 0;
}

static struct ms_subnet net_of(const char *text)
{
	struct ms_subnet net;

	assert_int_equal(ms_subnet_parse(&net, text, strlen(text), 0, 0, NULL), MS_OK);
	return net;
}

static void server(struct ms_conn_desc *d)
{
	d->left.addresspool = strdup("10.99.0.1-10.99.0.250,2001:db8:99::/112");
}

static void client(struct ms_conn_desc *d)
{
	d->left.modecfgclient = true;
	d->cisco_split = split;
}

/* Both families, asking for everything. */
static void client46(struct ms_conn_desc *d)
{
	d->left.sourceip = strdup("%config");
	d->cisco_split = split;
	d->right.subnet = strdup("0.0.0.0/0");
	d->right.subnets = calloc(2, sizeof(char *));
	d->right.subnets[0] = strdup("::/0");
}

static struct sim_words words_of(const char *asks)
{
	struct sim_words w = tunnel;

	w.leftsubnet = NULL;
	w.rightsubnet = asks;
	w.more = asks ? client : client46;
	w.ipsec_lifetime_ms = lifetime_ms;
	return w;
}

static struct sim_words server_words(const char *name, const char *behind)
{
	struct sim_words e = tunnel;

	e.name = name;
	e.left = "%any";
	e.leftid = "%any";
	e.leftsubnet = NULL;
	e.rightsubnet = behind;
	e.more = server;
	return e;
}

/* asks NULL: everything of both families. */
static struct pair road(const char *asks, const char *behind)
{
	struct sim_words w = words_of(asks), e = server_words("west-east", behind);
	struct ike_params params = { .unique_ids = true };

	return pair_of(&w, &e, &params);
}

static void announce(struct pair *p, const struct ms_subnet *nets, unsigned n)
{
	p->east->announced = nets;
	p->east->n_announced = n;
}

/* The established CHILD SA to this network; NULL: none. */
static struct child_sa *child_to(const struct sim_node *n, const char *net)
{
	for (struct ike_sa *ike = ike_first(n->ike); ike; ike = ike->next)
		for (struct child_sa *c = ike->children; c; c = c->next) {
			char text[300];

			child_selectors_text(c->theirs, c->n_theirs, text, sizeof(text));
			if (c->state == CHILD_ESTABLISHED && strcmp(text, net) == 0)
				return c;
		}
	return NULL;
}

static void assert_children(struct pair *p, unsigned n)
{
	assert_int_equal(sim_ikes(p->west), 1);
	assert_int_equal(sim_children(p->west), n);
	assert_int_equal(sim_sas(p->west), 2 * n);
	assert_true(sim_agree(p->west, p->east));
}

static void end(struct pair *p)
{
	ike_terminate_conn(p->west->ike, p->wc);
	sim_run(p->sim, 60000);
	assert_pair_empty(p);
	assert_int_equal(p->east->leases, 0);
	assert_int_equal(conn_count(p->west->conns), 1);
	pair_free(p);
}

/* RFC 7296 s3.15.1, s2.9: a client that asks for everything gets what the gateway has, and is told of the
 * networks there; one that asks for less is told what it misses, and gets what it asked for. */
static void test_own_networks(void **state)
{
	static const struct {
		const char *asks, *gets, *told;
	} rows[] = { { "0.0.0.0/0", "192.0.2.0/24", "received INTERNAL_IP4_SUBNET 192.0.2.0/24\n" },
		{ "192.0.2.0/24", "192.0.2.0/24", "received INTERNAL_IP4_SUBNET 192.0.2.0/24\n" },
		{ "192.0.2.0/25", "192.0.2.0/25", "the peer is a gateway to 192.0.2.0/24 too" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p;
		char nets[100];

		(void)setup(state);
		p = road(rows[i].asks, "192.0.2.0/24");
		pair_up(&p);
		assert_children(&p, 1);
		assert_non_null(child_to(p.west, rows[i].gets));
		assert_non_null(strstr(logged, rows[i].told));
		assert_true(sim_said(p.west, MS_RC_LOG, "received INTERNAL_IP4_SUBNET"));
		conn_nets_text(p.wc, nets, sizeof(nets));
		assert_string_equal(nets, "192.0.2.0/24");
		end(&p);
	}
}

/* s3.15.2: what our policy has and the first CHILD SA has not gets one of its own, both are rekeyed, and
 * go together. */
static void test_further(void **state)
{
	struct ms_subnet nets[2] = { net_of("192.0.2.0/24"), net_of("10.2.0.0/16") };
	struct sim_words other = server_words("other", "10.2.0.0/16");
	struct child_sa *a, *b;
	struct pair p;
	uint32_t spi;

	(void)state;
	lifetime_ms = 40000;
	p = road("0.0.0.0/0", "192.0.2.0/24");
	announce(&p, nets, 2);
	(void)sim_conn(p.east, &other);
	pair_initiate(&p);
	sim_run(p.sim, 5000);
	assert_children(&p, 2);
	a = child_to(p.west, "192.0.2.0/24");
	b = child_to(p.west, "10.2.0.0/16");
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_equal(a->conn, p.wc);
	assert_true(b->conn->part);
	assert_ptr_equal(b->conn->template, p.wc);
	assert_true(ms_selector_eq(&a->mine[0], &b->mine[0]));
	assert_int_equal(b->conn->local.sourceip.b[3], 1);
	assert_int_equal(p.east->leases, 1);
	spi = b->spi_in;
	sim_run(p.sim, 100000);
	assert_children(&p, 2);
	b = child_to(p.west, "10.2.0.0/16");
	assert_non_null(b);
	assert_int_not_equal(b->spi_in, spi);
	/* and of a new IKE SA's, too, at the gateway's word */
	assert_int_equal(ike_rekey_conn(p.east->ike, ike_first(p.east->ike)->conn, false), MS_OK);
	assert_int_equal(ike_rekey_conn(p.east->ike, child_to(p.east, "10.99.0.1/32")->conn, true),
		MS_OK);
	sim_run(p.sim, 5000);
	assert_children(&p, 2);
	end(&p);
}

/* Never more than what the connection asks for; and what the gateway refuses is no trouble. */
static void test_not_widened(void **state)
{
	struct ms_subnet nets[3] = { net_of("192.0.2.0/24"), net_of("10.2.0.0/16"),
		net_of("0.0.0.0/0") };
	struct sim_words other = server_words("other", "10.2.0.0/16");
	struct pair p = road("192.0.2.0/24", "192.0.2.0/24");

	(void)state;
	announce(&p, nets, 3);
	(void)sim_conn(p.east, &other);
	pair_up(&p);
	assert_children(&p, 1);
	assert_non_null(child_to(p.west, "192.0.2.0/24"));
	assert_non_null(strstr(logged, "the peer is a gateway to 10.2.0.0/16 too"));
	assert_non_null(strstr(logged, "the peer is a gateway to 0.0.0.0/0 too"));
	end(&p);
	p = road("0.0.0.0/0", "192.0.2.0/24");
	announce(&p, nets, 2);
	pair_up(&p);
	assert_int_equal(p.west->over_err, MS_OK);
	assert_children(&p, 1);
	assert_true(sim_said(p.west, MS_RC_LOG_SERIOUS, "TS_UNACCEPTABLE"));
	assert_int_equal(conn_count(p.west->conns), 1);
	/* and is not asked for again and again */
	logged[0] = '\0';
	sim_run(p.sim, 600000);
	assert_null(strstr(logged, "10.2.0.0"));
	end(&p);
}

/* The gateway ends one of them: the rest stays, nothing comes again by itself. */
static void test_deleted(void **state)
{
	struct ms_subnet nets[2] = { net_of("192.0.2.0/24"), net_of("10.2.0.0/16") };
	struct sim_words other = server_words("other", "10.2.0.0/16");
	struct pair p = road("0.0.0.0/0", "192.0.2.0/24");
	struct child_sa *b;

	(void)state;
	announce(&p, nets, 2);
	(void)sim_conn(p.east, &other);
	p.wc->wanted_up = true;
	pair_up(&p);
	assert_children(&p, 2);
	b = child_to(p.west, "10.2.0.0/16");
	assert_int_equal(ike_terminate_serial(p.east->ike,
		child_find(p.east->ike, &(struct ms_said){ p.east->addr, b->spi_out, MS_PROTO_ESP })
			->serial), MS_OK);
	sim_run(p.sim, 60000);
	assert_children(&p, 1);
	assert_int_equal(conn_count(p.west->conns), 1);
	/* a new IKE SA has both again, and nothing of the old one */
	pair_up(&p);
	assert_children(&p, 2);
	pair_up(&p);
	assert_children(&p, 2);
	assert_int_equal(conn_count(p.west->conns), 2);
	p.wc->wanted_up = false;
	end(&p);
}

/* As the daemon ends: instances, their connection, and then there is no time for answers: the IKE SA's
 * Delete goes out at once. */
static void test_shutdown(void **state)
{
	struct ms_subnet nets[2] = { net_of("192.0.2.0/24"), net_of("10.2.0.0/16") };
	struct sim_words other = server_words("other", "10.2.0.0/16");
	struct pair p = road("0.0.0.0/0", "192.0.2.0/24");

	(void)state;
	announce(&p, nets, 2);
	(void)sim_conn(p.east, &other);
	pair_up(&p);
	assert_children(&p, 2);
	ike_terminate_conn(p.west->ike, child_to(p.west, "10.2.0.0/16")->conn);
	ike_terminate_conn(p.west->ike, p.wc);
	assert_int_equal(ike_first(p.west->ike)->state, IKE_DELETING);
	sim_run(p.sim, 1000);
	assert_pair_empty(&p);
	pair_free(&p);
}

/* cisco-split=yes leads into the tunnel what is named of what was agreed on, also after rekeying. */
static void test_split(void **state)
{
	struct ms_subnet nets[3] = { net_of("192.0.2.0/24"), net_of("10.2.0.0/16"),
		net_of("2001:db8:2::/48") };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct pair p;

		split = i > 0;
		lifetime_ms = 40000;
		p = road("0.0.0.0/0", "0.0.0.0/0");
		announce(&p, nets, i == 2 ? 0 : 3);
		for (int round = 0; round < 3; round++) {
			round == 0 ? pair_up(&p) : sim_run(p.sim, 40000);
			assert_int_equal(sim_children(p.west), 1);
			assert_non_null(child_to(p.west,
				i == 1 ? "192.0.2.0/24 10.2.0.0/16" : "0.0.0.0/0"));
			assert_non_null(child_to(p.east, "10.99.0.1/32"));
		}
		end(&p);
	}
}

/* Both families, each with its own networks. */
static void test_both_families(void **state)
{
	struct ms_subnet nets[2] = { net_of("10.2.0.0/16"), net_of("2001:db8:2::/48") };
	struct sim_words v4 = server_words("other4", "10.2.0.0/16"),
			 v6 = server_words("other6", "2001:db8:2::/48");
	struct pair p = road(NULL, "192.0.2.0/24");
	char text[100];

	(void)state;
	announce(&p, nets, 2);
	(void)sim_conn(p.east, &v4);
	(void)sim_conn(p.east, &v6);
	pair_up(&p);
	conn_nets_text(p.wc, text, sizeof(text));
	assert_string_equal(text, "10.2.0.0/16 2001:db8:2::/48");
	assert_children(&p, 3);
	assert_non_null(child_to(p.west, "192.0.2.0/24"));
	assert_non_null(child_to(p.west, "10.2.0.0/16"));
	assert_non_null(child_to(p.west, "2001:db8:2::/48"));
	end(&p);
}

/* A gateway that names networks without end. */
static void test_bounded(void **state)
{
	struct ms_subnet nets[MANY];
	struct pair p;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		struct ms_addr a = ms_addr_v4(0x0a000000 + (i << 8));

		nets[i] = ms_subnet_make(&a, 24);
	}
	p = road("0.0.0.0/0", "192.0.2.0/24");
	announce(&p, nets, MANY);
	pair_up(&p);
	assert_children(&p, 1);
	assert_int_equal(p.wc->n_nets, CONN_MAX_SELECTORS);
	assert_int_equal(conn_count(p.west->conns), 1);
	assert_non_null(strstr(logged, "more than 16 networks of the peer, ignoring"));
	end(&p);
}

static void test_malformed(void **state)
{
	static const struct {
		unsigned type;
		const char *octets;
		size_t len;
		const char *net; /* NULL: ignored, */
		const char *told; /* with these words */
	} rows[] = {
		{ 13, "\xc0\x00\x02\x00\xff\xff\xff\x00", 8, "192.0.2.0/24", NULL },
		{ 13, "\xc0\x00\x02\x07\xff\xff\xff\x00", 8, "192.0.2.0/24", NULL },
		{ 13, "\0\0\0\0\0\0\0\0", 8, "0.0.0.0/0", NULL },
		{ 13, "\xc0\x00\x02\x00\xff\x00\xff\x00", 8, NULL, "(a mask with holes)" },
		{ 13, "\xc0\x00\x02\x00\x00\x00\x00\xff", 8, NULL, "(a mask with holes)" },
		{ 13, "", 0, NULL, NULL },
		{ 13, "\xc0\x00\x02\x00", 4, NULL, "(4 octets)" },
		{ 13, "\xc0\x00\x02\x00\xff\xff\xff\x00\x00", 9, NULL, "(9 octets)" },
		{ 15, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20", 17, "2001:db8::/32", NULL },
		{ 15, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x80", 17, "2001:db8::/128", NULL },
		{ 15, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x81", 17, NULL,
			"(a prefix of 129 bits)" },
		{ 15, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\xff", 17, NULL,
			"(a prefix of 255 bits)" },
		{ 15, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16, NULL, "(16 octets)" },
		{ 15, "", 0, NULL, NULL },
	};
	struct pair p = road(NULL, "192.0.2.0/24");
	unsigned lines = 0;

	(void)state;
	pair_up(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ike_nets nets = { .n = 0 };
		char text[MS_SUBNET_TEXT] = "";

		logged[0] = '\0';
		p.west->ike->limit.left = p.west->ike->limit.burst;
		assert_true(ike_nets_take(ike_first(p.west->ike), rows[i].type,
			ms_bytes(rows[i].octets, rows[i].len), &nets));
		assert_int_equal(nets.n, rows[i].net != NULL);
		if (rows[i].net) {
			ms_subnet_text(&nets.net[0], text, sizeof(text));
			assert_string_equal(text, rows[i].net);
		}
		assert_int_equal(rows[i].told != NULL, logged[0] != '\0');
		if (rows[i].told)
			assert_non_null(strstr(logged, rows[i].told));
	}
	/* A message full of them is no more than some lines. */
	logged[0] = '\0';
	for (unsigned i = 0; i < 5000; i++) {
		struct ike_nets nets = { .n = 0 };

		(void)ike_nets_take(ike_first(p.west->ike), 13, ms_bytes(rows[6].octets, 4), &nets);
	}
	for (const char *at = logged; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_true(lines < 100);
	end(&p);
	/* Only of families that an address was asked for. */
	p = road("0.0.0.0/0", "192.0.2.0/24");
	pair_up(&p);
	for (unsigned i = 0; i < 2; i++) {
		struct ike_nets nets = { .n = 0 };

		assert_true(ike_nets_take(ike_first(p.west->ike), rows[8 * i].type,
			ms_bytes(rows[8 * i].octets, rows[8 * i].len), &nets));
		assert_int_equal(nets.n, i == 0);
	}
	assert_false(ike_nets_take(ike_first(p.west->ike), 1, ms_bytes("\x0a\0\0\1", 4), NULL));
	end(&p);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_own_networks), T(test_further), T(test_not_widened),
		T(test_deleted), T(test_shutdown), T(test_split), T(test_both_families), T(test_bounded),
		T(test_malformed) };

	return cmocka_run_group_tests_name("cp_nets", tests, sim_test_setup, sim_test_teardown);
}

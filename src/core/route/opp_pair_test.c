/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts with opportunistic templates, whole: routing, IKE, and who may take what from whom. */
#include "core/sim/sim_key.h"
#include "core/sim/sim_test.h"

#define WEST "192.1.2.45"
#define EAST "192.1.2.23"

/* What the DNS of these tests knows: the peer's key, or nothing. */
struct records {
	unsigned asked;
	struct ms_privkey *priv; /* NULL: nothing is published */
};

static void tell(const struct records *r, const struct ms_addr *theirs, opp_found_f *found,
	void *arg)
{
	struct opp_gateway g = { .addr = *theirs };
	struct ms_why why = { "nothing is published" };

	if (r->priv == NULL) {
		found(arg, MS_ERR_NO_CREDENTIAL, NULL, 0, 0, &why);
		return;
	}
	assert_int_equal(ms_sign()->pubkey_of(&g.keys[0], r->priv), MS_OK);
	g.n_keys = 1;
	found(arg, MS_OK, &g, 1, 3600, &why);
	ms_sign()->pubkey_free(&g.keys[0]);
}

static struct question {
	const struct records *r;
	struct ms_addr theirs;
	opp_found_f *found;
	void *arg;
} open_question[2];
static unsigned n_open;

static ms_err ask(void *ctx, const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg,
	struct ms_why *why)
{
	struct records *r = ctx;

	(void)template;
	(void)mine;
	(void)why;
	r->asked++;
	assert_true(n_open < 2);
	open_question[n_open] = (struct question){ r, *theirs, found, arg };
	*query = &open_question[n_open++];
	return MS_OK;
}

static void cancel(void *ctx, void *query)
{
	(void)ctx;
	((struct question *)query)->found = NULL;
}

static void answer_all(void)
{
	for (unsigned i = 0; i < n_open; i++)
		if (open_question[i].found != NULL)
			tell(open_question[i].r, &open_question[i].theirs, open_question[i].found,
				open_question[i].arg);
	n_open = 0;
}

struct world {
	struct sim *sim;
	struct sim_node *west, *east;
	struct conn *wc, *ec;
	struct records records;
	struct opp_env env;
};

static void broken(void *arg, struct sim_node *n, const struct ms_why *why)
{
	(void)arg;
	fail_msg("%s: %s", n->name, why->text);
}

static struct sim_node *host(struct world *w, const char *name, const char *addr)
{
	struct ike_params params = { .unique_ids = true };
	struct sim_node *n = sim_node(w->sim, name, addr, &params);

	n->env = (struct route_env){ .hook = sim_hook, .stack = "sim", .opp = &w->env };
	n->in_order = true;
	sim_route(n);
	return n;
}

/* An opportunistic template for everybody; each end as it is written, with the keys of both. */
static struct conn *template(
	struct sim_node *n, uint32_t mine, uint32_t theirs, const char *peer_key)
{
	char addr[MS_ADDR_TEXT];
	struct sim_words words = { .name = "private", .left = addr, .right = "%opportunistic",
		.rightkey = peer_key, .authby = mine | theirs, .no_rekey = true,
		.retransmit_timeout_ms = 10000 };
	struct conn *c;

	ms_addr_text(&n->addr, addr, sizeof(addr));
	c = sim_conn(n, &words);
	c->local.auth = mine;
	c->remote.auth = theirs;
	if (mine == MS_AUTH_NULL) {
		ms_id_free(&c->local.id);
		c->local.id.type = MS_ID_NULL;
	}
	if (theirs == MS_AUTH_NULL)
		c->remote.id.type = MS_ID_NULL;
	c->wanted_routed = true;
	route_connection(n->route, c, NULL, NULL);
	sim_run(n->sim, 10);
	assert_int_equal(c->routing, RT_ROUTED_PROSPECTIVE);
	return c;
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	n_open = 0;
	w->sim = sim_new(42);
	w->env = (struct opp_env){ .ask = ask, .cancel = cancel, .ctx = &w->records };
	w->sim->watch.routing = broken;
	w->west = host(w, "west", WEST);
	w->east = host(w, "east", EAST);
	return w;
}

static struct world *world_of(uint32_t west, uint32_t east)
{
	struct world *w = world_new();

	w->wc = template(w->west, west, east, NULL);
	w->ec = template(w->east, east, west, NULL);
	return w;
}

static void world_free(struct world **w)
{
	sim_free(&(*w)->sim);
	free(*w);
	*w = NULL;
}

static struct ms_selector host_of(const struct sim_node *n)
{
	struct ms_subnet net = ms_subnet_host(&n->addr);

	return ms_selector_of_subnet(&net);
}

/* A packet of `from` for `to` meets a trap. */
static void packet(struct sim_node *from, const struct sim_node *to)
{
	struct ms_selector src = host_of(from), dst = host_of(to);

	route_packet(from->route, &src, &dst);
}

/* Whose SA do packets take?  NULL: a shunt or a trap. */
static const struct child_sa *way(const struct sim_node *from, const struct sim_node *to)
{
	struct ms_selector src = host_of(from), dst = host_of(to);
	const struct conn *c = route_find(from->route, &src, &dst);
	const struct child_sa *child;

	if (c == NULL || c->routing != RT_ROUTED_TUNNEL)
		return NULL;
	for (child = c->child_sas; child != NULL; child = child->conn_next)
		if (child->serial == c->eroute_owner)
			return child;
	return NULL;
}

#define assert_one_pair(w)                                                  \
	do {                                                                \
		assert_int_equal(sim_ikes((w)->west), 1);                   \
		assert_int_equal(sim_ikes((w)->east), 1);                   \
		assert_int_equal(sim_children((w)->west), 1);               \
		assert_int_equal(sim_children((w)->east), 1);               \
		assert_int_equal(sim_sas((w)->west), 2);                    \
		assert_true(sim_agree((w)->west, (w)->east));               \
		assert_non_null(way((w)->west, (w)->east));                 \
		assert_non_null(way((w)->east, (w)->west));                 \
	} while (0)

/* --- without authentication ------------------------------------------------------------------- */

static void test_null(void **state)
{
	struct world *w = world_of(MS_AUTH_NULL, MS_AUTH_NULL);
	char text[256];

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		packet(w->west, w->east);
	sim_run(w->sim, 5000);
	assert_one_pair(w);
	assert_int_equal(w->records.asked, 0);
	/* It is marked as what it is. */
	(void)child_text(way(w->west, w->east), text, sizeof(text));
	assert_non_null(strstr(text, "PEER=unauthenticated"));
	world_free(&w);
}

/* Either end may be the one that proves itself, and either may begin. */
static void test_one_side(void **state)
{
	struct sim_key key = sim_key_new("ed25519");

	(void)state;
	for (unsigned begins = 0; begins < 2; begins++) {
		struct world *w = world_new();
		const struct child_sa *child;

		w->records.priv = key.priv;
		w->east->priv = key.priv;
		w->wc = template(w->west, MS_AUTH_NULL, MS_AUTH_EDDSA, key.spki);
		w->ec = template(w->east, MS_AUTH_EDDSA, MS_AUTH_NULL, NULL);
		packet(begins ? w->east : w->west, begins ? w->west : w->east);
		answer_all();
		sim_run(w->sim, 5000);
		assert_one_pair(w);
		assert_int_equal(w->records.asked, begins ? 0 : 1);
		child = way(w->west, w->east);
		assert_int_not_equal(child->conn->remote.id.type, MS_ID_NULL);
		child = way(w->east, w->west);
		assert_int_equal(child->conn->remote.id.type, MS_ID_NULL);
		world_free(&w);
	}
	sim_key_free(&key);
}

/* rsasig, or else null: what is published is used, and where nothing is, nothing is proved. */
static void test_published_or_null(void **state)
{
	struct sim_key key = sim_key_new("ed25519");

	(void)state;
	for (unsigned published = 0; published < 2; published++) {
		struct world *w = world_new();
		uint32_t both = MS_AUTH_EDDSA | MS_AUTH_NULL;

		w->records.priv = published ? key.priv : NULL;
		if (published)
			w->west->priv = w->east->priv = key.priv;
		w->wc = template(w->west, both, both, key.spki);
		w->ec = template(w->east, both, both, key.spki);
		packet(w->west, w->east);
		assert_int_equal(w->records.asked, 1);
		answer_all();
		sim_run(w->sim, 5000);
		assert_one_pair(w);
		assert_int_equal(way(w->west, w->east)->conn->remote.id.type == MS_ID_NULL,
			!published);
		world_free(&w);
	}
	sim_key_free(&key);
}

/* Where our policy for that peer wants proof, none is not enough. */
static void test_policy_wants_proof(void **state)
{
	struct world *w = world_new();
	struct sim_words other = { .name = "others", .left = EAST, .right = "%opportunistic",
		.rightsubnet = "10.0.0.0/8", .authby = MS_AUTH_NULL };
	struct conn *c;

	(void)state;
	w->wc = template(w->west, MS_AUTH_NULL, MS_AUTH_NULL, NULL);
	w->ec = template(w->east, MS_AUTH_EDDSA, MS_AUTH_EDDSA, NULL);
	/* There is a connection that takes it, but not for that peer. */
	c = sim_conn(w->east, &other);
	c->wanted_routed = true;
	route_connection(w->east->route, c, NULL, NULL);
	packet(w->west, w->east);
	sim_run(w->sim, 20000);
	assert_int_equal(sim_children(w->west), 0);
	assert_int_equal(sim_children(w->east), 0);
	assert_null(way(w->east, w->west));
	world_free(&w);
}

/* --- both at once --------------------------------------------------------------------------------- */

struct loss {
	unsigned number;
};

static void lose_one(void *arg, struct sim_packet *p, struct sim_fate *fate)
{
	fate->lose = p->number == ((struct loss *)arg)->number;
}

static void at_once(const struct sim_key *key, const char *west_id, unsigned seed, unsigned apart,
	unsigned lost)
{
	struct loss loss = { lost };
	uint32_t auth = key != NULL ? MS_AUTH_EDDSA : MS_AUTH_NULL;
	struct world *w = world_new();

	w->sim->random = 977 * seed;
	w->sim->latency_ms = 10;
	w->sim->later = seed & 1;
	w->sim->network = lose_one;
	w->sim->network_arg = &loss;
	w->records.priv = key != NULL ? key->priv : NULL;
	w->west->priv = w->east->priv = key != NULL ? key->priv : NULL;
	w->wc = template(w->west, auth, auth, key != NULL ? key->spki : NULL);
	w->ec = template(w->east, auth, auth, key != NULL ? key->spki : NULL);
	if (west_id != NULL) {
		ms_id_free(&w->wc->local.id);
		assert_int_equal(
			ms_id_parse(&w->wc->local.id, west_id, strlen(west_id), NULL), MS_OK);
	}
	packet(w->west, w->east);
	answer_all();
	sim_run(w->sim, apart);
	packet(w->east, w->west);
	answer_all();
	sim_run(w->sim, 40000);
	assert_one_pair(w);
	assert_int_equal(sim_states(w->west), 1);
	assert_int_equal(sim_states(w->east), 1);
	assert_int_equal(route_bare_count(w->west->route), 0);
	assert_int_equal(route_bare_count(w->east->route), 0);
	world_free(&w);
}

static void test_at_once(void **state)
{
	struct sim_key key = sim_key_new("ed25519");

	(void)state;
	for (unsigned seed = 1; seed <= 2; seed++)
		for (unsigned apart = 0; apart < 50; apart += 7)
			for (unsigned lost = 0; lost <= 8; lost += 2) {
				at_once(NULL, NULL, seed, apart, lost);
				at_once(&key, NULL, seed, apart, lost);
			}
	sim_key_free(&key);
}

/* West calls itself by another name than its reverse map does: east expects its address. */
static void test_at_once_by_another_name(void **state)
{
	struct sim_key key = sim_key_new("ed25519");

	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++)
		for (unsigned apart = 0; apart < 50; apart += 7)
			for (unsigned lost = 0; lost <= 8; lost += 2)
				at_once(&key, "@west.example.com", seed, apart, lost);
	sim_key_free(&key);
}

/* --- what nobody without a name may do ------------------------------------------------------------- */

/* West comes again as somebody who has no key. */
static void comes_without_key(struct world *w)
{
	sim_halt(w->west, false);
	sim_boot(w->west);
	w->west->priv = NULL;
	w->wc = template(w->west, MS_AUTH_NULL, MS_AUTH_EDDSA | MS_AUTH_NULL, NULL);
	w->records.priv = NULL;
	packet(w->west, w->east);
	answer_all();
}

static void test_no_theft(void **state)
{
	struct sim_key key = sim_key_new("ed25519");
	struct world *w = world_new();
	uint32_t both = MS_AUTH_EDDSA | MS_AUTH_NULL, spi;

	(void)state;
	w->records.priv = key.priv;
	w->west->priv = w->east->priv = key.priv;
	w->wc = template(w->west, MS_AUTH_EDDSA, MS_AUTH_EDDSA, key.spki);
	w->ec = template(w->east, both, both, key.spki);
	packet(w->west, w->east);
	answer_all();
	sim_run(w->sim, 5000);
	assert_one_pair(w);
	spi = way(w->east, w->west)->spi_out;
	/* East's SA with the real west stays, and packets go there. */
	w->east->priv = NULL; /* so that east, too, is willing to go without */
	comes_without_key(w);
	sim_run(w->sim, 20000);
	assert_non_null(way(w->east, w->west));
	assert_int_equal(way(w->east, w->west)->spi_out, spi);
	assert_int_equal(sim_children(w->east), 1);
	assert_null(way(w->west, w->east));
	world_free(&w);
	sim_key_free(&key);
}

/* The other way round: who proves himself takes the place of who did not. */
static void test_proof_wins(void **state)
{
	struct sim_key key = sim_key_new("ed25519");
	struct world *w = world_new();
	uint32_t both = MS_AUTH_EDDSA | MS_AUTH_NULL;

	(void)state;
	w->ec = template(w->east, both, both, key.spki);
	w->wc = template(w->west, MS_AUTH_NULL, MS_AUTH_NULL, NULL);
	packet(w->west, w->east);
	sim_run(w->sim, 5000);
	assert_one_pair(w);
	assert_int_equal(way(w->east, w->west)->conn->remote.id.type, MS_ID_NULL);
	sim_halt(w->west, false);
	sim_boot(w->west);
	w->records.priv = key.priv;
	w->west->priv = w->east->priv = key.priv;
	w->wc = template(w->west, MS_AUTH_EDDSA, MS_AUTH_EDDSA, key.spki);
	packet(w->west, w->east);
	answer_all();
	sim_run(w->sim, 5000);
	assert_non_null(way(w->west, w->east));
	assert_non_null(way(w->east, w->west));
	assert_int_not_equal(way(w->east, w->west)->conn->remote.id.type, MS_ID_NULL);
	world_free(&w);
	sim_key_free(&key);
}

/* A peer that came again: its older SA is asked whether it is alive, and goes; others' stay. */
static void test_comes_again(void **state)
{
	struct world *w = world_of(MS_AUTH_NULL, MS_AUTH_NULL);
	struct sim_node *north = host(w, "north", "192.1.2.33");

	(void)state;
	(void)template(north, MS_AUTH_NULL, MS_AUTH_NULL, NULL);
	packet(w->west, w->east);
	packet(north, w->east);
	sim_run(w->sim, 30000);
	assert_int_equal(sim_ikes(w->east), 2);
	sim_halt(w->west, false);
	sim_boot(w->west);
	w->wc = template(w->west, MS_AUTH_NULL, MS_AUTH_NULL, NULL);
	packet(w->west, w->east);
	sim_run(w->sim, 5000);
	/* At once packets take the new one. */
	assert_non_null(way(w->west, w->east));
	assert_true(way(w->east, w->west)->spi_out == way(w->west, w->east)->spi_in);
	sim_run(w->sim, 20000); /* nor is anything idle for a minute yet */
	assert_int_equal(sim_ikes(w->west), 1);
	assert_int_equal(sim_ikes(north), 1);
	assert_int_equal(sim_ikes(w->east), 2);
	assert_int_equal(sim_children(w->east), 2);
	assert_true(way(w->east, w->west)->spi_out == way(w->west, w->east)->spi_in);
	assert_non_null(way(w->east, north));
	world_free(&w);
}

/* --- tunnels without a peer, or without use ----------------------------------------------------- */

static void passed(struct sim_node *n, bool inbound, uint64_t octets)
{
	for (struct sim_sa *sa = n->sas; sa != NULL; sa = sa->next)
		if (sa->inbound == inbound)
			sa->octets += octets;
}

/* East is no more, and west has packets for it: it asks whether anybody is there, and the trap is back. */
static void test_vanished(void **state)
{
	struct world *w = world_of(MS_AUTH_NULL, MS_AUTH_NULL);

	(void)state;
	packet(w->west, w->east);
	sim_run(w->sim, 5000);
	assert_one_pair(w);
	/* In use, both ways: nobody is asked. */
	for (unsigned i = 0; i < 3; i++) {
		passed(w->west, false, 1000);
		passed(w->west, true, 1000);
		passed(w->east, false, 1000);
		sim_run(w->sim, 60000);
	}
	assert_one_pair(w);
	sim_halt(w->east, false);
	passed(w->west, false, 1000);
	sim_run(w->sim, 60000);
	sim_run(w->sim, 20000);
	assert_int_equal(sim_states(w->west), 0);
	assert_int_equal(sim_sas(w->west), 0);
	assert_null(way(w->west, w->east));
	assert_int_equal(w->wc->routing, RT_ROUTED_PROSPECTIVE);
	world_free(&w);
}

/* Who has not begun takes unused tunnels down, too. */
static void test_idle(void **state)
{
	struct world *w = world_of(MS_AUTH_NULL, MS_AUTH_NULL);

	(void)state;
	packet(w->west, w->east);
	sim_run(w->sim, 5000);
	assert_one_pair(w);
	passed(w->west, false, 1000);
	sim_run(w->sim, 70000);
	assert_int_equal(sim_children(w->east), 0);
	assert_int_equal(sim_children(w->west), 0);
	assert_null(way(w->west, w->east));
	assert_null(way(w->east, w->west));
	world_free(&w);
}

/* It speaks for its own address alone. */
static void test_own_address(void **state)
{
	struct world *w = world_of(MS_AUTH_NULL, MS_AUTH_NULL);
	struct sim_words words = { .name = "thief", .left = WEST, .leftsubnet = "192.1.2.99/32",
		.right = EAST, .rightsubnet = EAST "/32", .authby = MS_AUTH_NULL };
	struct conn *c = sim_conn(w->west, &words);
	struct ms_why why;

	(void)state;
	assert_int_equal(ike_initiate(w->west->ike, c, &why), MS_OK);
	sim_run(w->sim, 20000);
	assert_int_equal(sim_children(w->west), 0);
	assert_int_equal(sim_children(w->east), 0);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_one_side),
		cmocka_unit_test(test_published_or_null),
		cmocka_unit_test(test_policy_wants_proof),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_at_once_by_another_name),
		cmocka_unit_test(test_no_theft),
		cmocka_unit_test(test_proof_wins),
		cmocka_unit_test(test_comes_again),
		cmocka_unit_test(test_own_address),
		cmocka_unit_test(test_vanished),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests_name("opp-pair", tests, sim_test_setup, sim_test_teardown);
}

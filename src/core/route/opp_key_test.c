/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gateways that speak for others: what counts is the key in the client's own records, not the name or
 * address beside it (RFC 4322 s3.2, s3.3).  Two gateways, whole: routing, IKE, and the same questions
 * to credential sources as pluto's; only the answers of DNS are written here.
 */
#include "core/creds/opp_source.h"
#include "core/creds/test_source.h"
#include "core/sim/sim_key.h"
#include "core/sim/sim_priv.h"
#include "core/sim/sim_test.h"

#define WEST	"192.1.2.45"
#define EAST	"192.1.2.23"
#define ALICE	"10.1.0.5" /* behind west */
#define BOB	"10.2.0.7" /* behind east */
#define CAROL	"10.2.0.8" /* too */

enum { KEY_WEST, KEY_EAST, KEY_OTHER, KEY_THIRD, KEYS = KEY_THIRD + 3 };
static struct sim_key keys[KEYS];

/* --- what the records of clients say ------------------------------------------------------------- */

struct record {
	const char *client, *gateway;
	unsigned key;
};

static struct record records[6];
static unsigned n_records;
static enum ms_dns_status status;

static void publish(const char *client, const char *gateway, unsigned key)
{
	assert_true(n_records < 6);
	records[n_records++] = (struct record){ client, gateway, key };
}

static void withdraw(const char *client)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n_records; i++)
		if (strcmp(records[i].client, client) != 0)
			records[kept++] = records[i];
	n_records = kept;
}

/* Answers come in the next round of deliver(). */
static void answer(struct ms_creds_query *q)
{
	struct ms_gateway g[1] = { { .source = "TXT" } };
	struct ms_published how = { status, 60 };
	struct ms_why why = { "" };
	unsigned n = 0;

	for (unsigned i = 0; i < n_records; i++) {
		const struct record *r = &records[i];

		if (!is(&q->id, r->client))
			continue;
		/* one gateway in each test, with one key or more */
		if (n++ == 0) {
			assert_int_equal(ms_id_parse(&g->id, r->gateway, strlen(r->gateway), NULL),
				MS_OK);
			assert_true(ms_id_to_addr(&g->id, &g->addrs[0]));
			g->n_addrs = 1;
		}
		assert_int_equal(
			ms_sign()->pubkey_of(&g->keys[g->n_keys++], keys[r->key].priv), MS_OK);
	}
	if (n == 0)
		q->gateways(q->arg, ms_fail(&why, MS_ERR_NO_CREDENTIAL, "no records"), NULL, 0, &how,
			&why);
	else if (status == MS_DNS_BOGUS)
		q->gateways(q->arg, ms_fail(&why, MS_ERR_AUTH, "bogus"), NULL, 0, &how, &why);
	else
		q->gateways(q->arg, MS_OK, g, 1, &how, NULL);
	while (g->n_keys > 0)
		ms_sign()->pubkey_free(&g->keys[--g->n_keys]);
	ms_id_free(&g->id);
}

static void deliver(struct sim *s, unsigned ms)
{
	for (unsigned at = 0; at < ms; at += 10) {
		answer_all(answer);
		sim_run(s, 10);
	}
}

/* --- two gateways ---------------------------------------------------------------------------------- */

static void own_key(void *inst, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_pubkey *pub, ms_creds_private_f *done, void *arg)
{
	struct sim_node *n = inst;
	struct ms_why why = { "" };

	(void)me, (void)peer, (void)pub;
	if (n->priv != NULL)
		done(arg, MS_OK, n->priv, ms_sign(), NULL);
	else
		done(arg, ms_fail(&why, MS_ERR_NO_CREDENTIAL, "no private key"), NULL, NULL, &why);
}

static const struct ms_creds_ops secrets = { .size = sizeof(secrets), .private_key = own_key };
static const struct ms_creds_ops published = { .size = sizeof(published), .gateways = ask_gateways,
	.cancel = cancel };

struct gateway {
	struct sim_node *n;
	struct ms_provider provider[2];
	struct opp_source source;
	struct opp_env env;
	struct conn *template;
};

static const struct ms_provider *sources(void *arg, unsigned i)
{
	return i < 2 ? &((struct gateway *)arg)->provider[i] : NULL;
}

struct world {
	struct sim *sim;
	struct gateway west, east;
};

static void authorise(void *host, const struct ms_addr *client, const struct ms_id *peer,
	const struct ms_addr *peer_addr, struct ms_pubkey *key, host_done_f *done, void *arg)
{
	struct gateway *g = ((struct sim_node *)host)->user;

	opp_source_authorise(&g->source, client, peer, peer_addr, key, done, arg);
}

/* An opportunistic template for the net behind it; peer: what it knows its peers by, NULL: records. */
static void gateway(struct world *w, struct gateway *g, const char *name, const char *addr,
	const char *net, struct ms_privkey *priv, const char *peer)
{
	static const struct ms_logger lg = { NULL, MS_SOURCE_CONN, NULL, NULL, NULL };
	static struct host_ops ops;
	const struct ike_params params = { .unique_ids = true };
	const struct sim_words words = { .name = name, .left = addr, .leftsubnet = net,
		.right = "%opportunistic", .rightkey = peer, .authby = MS_AUTH_EDDSA,
		.no_rekey = true, .retransmit_timeout_ms = 10000 };

	ops = sim_host_ops;
	ops.authorise = authorise;
	g->n = sim_node(w->sim, name, addr, &params);
	g->n->host.ops = &ops;
	g->n->user = g;
	g->n->priv = priv;
	g->provider[0] = (struct ms_provider){ MS_ROLE_CREDS, "secrets", "secrets", &secrets, g->n };
	g->provider[1] =
		(struct ms_provider){ MS_ROLE_CREDS, "published", "published", &published, g->n };
	g->source = (struct opp_source){ sources, g, &lg };
	g->env = opp_source_env(&g->source);
	g->n->env = (struct route_env){ .hook = sim_hook, .stack = "sim", .opp = &g->env };
	g->n->in_order = true;
	sim_route(g->n);
	g->template = sim_conn(g->n, &words);
	g->template->wanted_routed = true;
	route_connection(g->n->route, g->template, NULL, NULL);
	sim_run(w->sim, 10);
	assert_int_equal(g->template->routing, RT_ROUTED_PROSPECTIVE);
}

/* East knows west's key, so that west always proves to be what it says. */
static struct world *world_new(struct ms_privkey *east)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	n_records = 0;
	status = MS_DNS_SECURE;
	w->sim = sim_new(42);
	gateway(w, &w->west, "west", WEST, "10.1.0.0/24", keys[KEY_WEST].priv, NULL);
	gateway(w, &w->east, "east", EAST, "10.2.0.0/24", east, keys[KEY_WEST].spki);
	return w;
}

static void world_free(struct world **w)
{
	sim_free(&(*w)->sim);
	assert_null(waiting);
	free(*w);
	*w = NULL;
}

static struct ms_selector host_of(const char *text)
{
	struct ms_subnet net;
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	net = ms_subnet_host(&a);
	return ms_selector_of_subnet(&net);
}

static void packet(struct world *w, const char *to)
{
	struct ms_selector src = host_of(ALICE), dst = host_of(to);

	route_packet(w->west.n->route, &src, &dst);
}

/* Alice speaks to somebody behind east. */
static void speak(struct world *w, const char *to)
{
	packet(w, to);
	deliver(w->sim, 20000);
}

static bool is_way(const struct gateway *g, const char *from, const char *to)
{
	struct ms_selector src = host_of(from), dst = host_of(to);
	const struct conn *c = route_find(g->n->route, &src, &dst);

	return c != NULL && c->routing == RT_ROUTED_TUNNEL;
}

#define assert_tunnel(w, to, is)                                                                \
	do {                                                                                    \
		assert_int_equal(is_way(&(w)->west, ALICE, (to)), (is));                        \
		assert_int_equal(is_way(&(w)->east, (to), ALICE), (is));                        \
	} while (0)

/* --- tests ----------------------------------------------------------------------------------------- */

static void test_both_delegate(void **state)
{
	struct world *w = world_new(keys[KEY_EAST].priv);

	(void)state;
	publish(ALICE, WEST, KEY_WEST);
	publish(BOB, EAST, KEY_EAST);
	speak(w, BOB);
	assert_tunnel(w, BOB, true);
	world_free(&w);
}

/* Responder: the initiator proves to be the gateway that Alice names, but not with the key there. */
static void test_initiators_key(void **state)
{
	(void)state;
	for (unsigned fits = 0; fits < 2; fits++) {
		struct world *w = world_new(keys[KEY_EAST].priv);

		publish(BOB, EAST, KEY_EAST);
		publish(ALICE, WEST, KEY_WEST);
		packet(w, BOB);
		answer_all(answer);
		/* West began by what it read; it is another thing when east looks. */
		if (!fits) {
			withdraw(ALICE);
			publish(ALICE, WEST, KEY_OTHER);
		}
		deliver(w->sim, 20000);
		assert_tunnel(w, BOB, fits);
		assert_int_equal(sim_children(w->east.n), fits);
		world_free(&w);
	}
}

/* Initiator: who answers at Bob's gateway has its name and address, and another key. */
static void test_responders_key(void **state)
{
	(void)state;
	for (unsigned fits = 0; fits < 2; fits++) {
		struct world *w = world_new(keys[fits ? KEY_EAST : KEY_OTHER].priv);

		publish(ALICE, WEST, KEY_WEST);
		publish(BOB, EAST, KEY_EAST);
		speak(w, BOB);
		assert_tunnel(w, BOB, fits);
		assert_int_equal(sim_children(w->west.n), fits);
		world_free(&w);
	}
}

/* Before it begins: our own client names us with a key that is not ours. */
static void test_own_key(void **state)
{
	struct world *w = world_new(keys[KEY_EAST].priv);

	(void)state;
	publish(ALICE, WEST, KEY_OTHER);
	publish(BOB, EAST, KEY_EAST);
	speak(w, BOB);
	assert_tunnel(w, BOB, false);
	assert_int_equal(sim_ikes(w->west.n), 0);
	world_free(&w);
	w = world_new(keys[KEY_EAST].priv);
	publish(ALICE, WEST, KEY_WEST);
	publish(BOB, EAST, KEY_EAST);
	w->west.n->priv = NULL;
	speak(w, BOB);
	assert_tunnel(w, BOB, false);
	assert_int_equal(sim_ikes(w->west.n), 0);
	world_free(&w);
}

/* While keys change there are two records, and either will do, for each role. */
static void test_roll_over(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		struct world *w = world_new(keys[KEY_EAST].priv);

		publish(ALICE, WEST, first ? KEY_WEST : KEY_OTHER);
		publish(ALICE, WEST, first ? KEY_OTHER : KEY_WEST);
		publish(BOB, EAST, first ? KEY_OTHER : KEY_EAST);
		publish(BOB, EAST, first ? KEY_EAST : KEY_OTHER);
		speak(w, BOB);
		assert_tunnel(w, BOB, true);
		world_free(&w);
	}
}

/* As many as four keys, the last of which is the one; and what is published later is what counts. */
static void test_many_keys(void **state)
{
	struct world *w = world_new(keys[KEY_EAST].priv);

	(void)state;
	publish(ALICE, WEST, KEY_WEST);
	for (unsigned i = 0; i < 3; i++)
		publish(BOB, EAST, KEY_THIRD + i);
	publish(BOB, EAST, KEY_EAST);
	speak(w, BOB);
	assert_tunnel(w, BOB, true);
	world_free(&w);
	w = world_new(keys[KEY_EAST].priv);
	publish(ALICE, WEST, KEY_WEST);
	publish(BOB, EAST, KEY_OTHER);
	speak(w, BOB);
	assert_tunnel(w, BOB, false);
	withdraw(BOB);
	publish(BOB, EAST, KEY_EAST);
	deliver(w->sim, 3600 * 1000); /* the shunt's life is over */
	speak(w, BOB);
	assert_tunnel(w, BOB, true);
	world_free(&w);
}

/* The IKE SA that is there was proved by one key; a client whose records have another one for the same
 * gateway does not go through it. */
static void test_no_shared_ike(void **state)
{
	(void)state;
	for (unsigned fits = 0; fits < 2; fits++) {
		struct world *w = world_new(keys[KEY_EAST].priv);

		publish(ALICE, WEST, KEY_WEST);
		publish(BOB, EAST, KEY_EAST);
		publish(CAROL, EAST, fits ? KEY_EAST : KEY_OTHER);
		speak(w, BOB);
		assert_tunnel(w, BOB, true);
		speak(w, CAROL);
		assert_tunnel(w, CAROL, fits);
		assert_tunnel(w, BOB, true);
		assert_int_equal(sim_ikes(w->west.n), 1);
		world_free(&w);
	}
}

/* What DNSSEC refutes delegates nothing, even with the right key. */
static void test_bogus(void **state)
{
	struct world *w = world_new(keys[KEY_EAST].priv);

	(void)state;
	publish(ALICE, WEST, KEY_WEST);
	publish(BOB, EAST, KEY_EAST);
	status = MS_DNS_BOGUS;
	speak(w, BOB);
	assert_tunnel(w, BOB, false);
	assert_int_equal(sim_ikes(w->west.n), 0);
	world_free(&w);
}

static int setup(void **state)
{
	int rc = sim_test_setup(state);

	for (unsigned i = 0; rc == 0 && i < KEYS; i++)
		keys[i] = sim_key_new("ed25519");
	return rc;
}

static int teardown(void **state)
{
	for (unsigned i = 0; i < KEYS; i++)
		sim_key_free(&keys[i]);
	return sim_test_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_delegate),
		cmocka_unit_test(test_initiators_key),
		cmocka_unit_test(test_responders_key),
		cmocka_unit_test(test_own_key),
		cmocka_unit_test(test_roll_over),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_no_shared_ike),
		cmocka_unit_test(test_bogus),
	};

	return cmocka_run_group_tests_name("opp-key", tests, setup, teardown);
}

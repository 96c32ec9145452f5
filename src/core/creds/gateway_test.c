/* SPDX-License-Identifier: Apache-2.0 */
/* Opportunism's questions against sources whose answers are written here. */
#include "core/creds/gateway.h"
#include "core/creds/test_source.h"

#include "plugins/crypto-openssl/crypto-openssl.h"

/* --- what the source answers ---------------------------------------------------------------------- */

static struct says {
	const char *client;
	ms_err err;
	struct ms_gateway gateways[2];
	unsigned n;
	struct ms_published how;
} says[4];
static unsigned n_says;
static bool full;

static ms_err gateways(void *inst, const struct ms_addr *client, struct ms_creds_query **out,
	ms_creds_gateways_f *done, void *arg, struct ms_why *why)
{
	return full ? ms_fail(why, MS_ERR_LIMIT, "no room")
		    : ask_gateways(inst, client, out, done, arg, why);
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

static void answer_one(struct ms_creds_query *q)
{
	struct ms_published none = { MS_DNS_INSECURE, 0 };
	struct ms_why why = { "" };
	unsigned i = 0;

	while (i < n_says && !is(&q->id, says[i].client))
		i++;
	if (i < n_says)
		q->gateways(q->arg, says[i].err, says[i].gateways,
			says[i].err == MS_OK ? says[i].n : 0, &says[i].how, &why);
	else
		q->gateways(q->arg, ms_fail(&why, MS_ERR_NO_CREDENTIAL, "nothing there"), NULL, 0,
			&none, &why);
}

static void answer(void)
{
	answer_all(answer_one);
}

static const struct ms_creds_ops secrets = { .size = sizeof secrets };
static const struct ms_creds_ops ops = {
	.size = sizeof ops,
	.gateways = gateways,
	.cancel = cancel,
};

static const struct ms_provider *sources(void *arg, unsigned i)
{
	static const struct ms_provider list[] = {
		{ MS_ROLE_CREDS, "secrets", "secrets", &secrets, NULL },
		{ MS_ROLE_CREDS, "published", "published", &ops, NULL },
	};

	return i < *(unsigned *)arg ? &list[i] : NULL;
}

static unsigned all = 2, only_secrets = 1;

/* --- what is published ------------------------------------------------------------------------------ */

static struct ms_pubkey *keys[2];

static void forget(void)
{
	for (unsigned i = 0; i < n_says; i++)
		for (unsigned k = 0; k < says[i].n; k++)
			ms_id_free(&says[i].gateways[k].id);
	memset(says, 0, sizeof says);
	n_says = 0;
	asked = 0;
	assert_null(waiting);
}

static void publish(const char *client, const char *gateway, unsigned key, enum ms_dns_status status,
	uint32_t ttl_s)
{
	struct says *s = NULL;
	struct ms_gateway *g;

	for (unsigned i = 0; i < n_says; i++)
		if (strcmp(says[i].client, client) == 0)
			s = &says[i];
	if (s == NULL)
		s = &says[n_says++];
	s->client = client;
	s->how = (struct ms_published){ status, ttl_s };
	g = &s->gateways[s->n++];
	assert_int_equal(ms_id_parse(&g->id, gateway, strlen(gateway), NULL), MS_OK);
	if (ms_id_to_addr(&g->id, &g->addrs[0]))
		g->n_addrs = 1;
	g->keys[0] = keys[key];
	g->n_keys = 1;
}

/* --- answers ------------------------------------------------------------------------------------------ */

static struct {
	unsigned times, n;
	ms_err err;
	struct ms_published how;
	struct ms_why why;
	char id[64];
} got;

static void found(void *arg, ms_err err, const struct ms_gateway *g, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	assert_ptr_equal(arg, &got);
	got.times++;
	got.err = err;
	got.n = n;
	got.how = *how;
	got.why = *why;
	if (n > 0) {
		ms_id_text(&g[0].id, got.id, sizeof got.id);
		assert_true(ms_sign()->pubkey_eq(g[0].keys[0], keys[0]));
	}
}

static void checked(void *arg, ms_err err, const struct ms_published *how, const struct ms_why *why)
{
	found(arg, err, NULL, 0, how, why);
}

static ms_err ask(const char *ours, const char *peer, const char *me, struct ms_pubkey *key)
{
	struct gateway_wish w = { .our_client = addr(ours), .peer_client = addr(peer),
		.our_addr = addr("192.1.2.45"), .our_key = key };
	struct gateway_query *q = NULL;
	struct ms_id id = { 0 };
	ms_err err;

	memset(&got, 0, sizeof got);
	if (me != NULL)
		assert_int_equal(ms_id_parse(&id, me, strlen(me), NULL), MS_OK);
	w.me = me == NULL ? NULL : &id;
	err = gateway_ask(sources, &all, &w, &q, found, &got, &got.why);
	ms_id_free(&id);
	if (err != MS_OK)
		return err;
	assert_int_equal(got.times, 0);
	answer();
	assert_int_equal(got.times, 1);
	return got.err;
}

static ms_err check(const char *client, const char *peer, struct ms_pubkey *key)
{
	struct ms_addr a = addr(client), from = addr("192.1.2.23");
	struct gateway_query *q = NULL;
	struct ms_id id;

	memset(&got, 0, sizeof got);
	assert_int_equal(ms_id_parse(&id, peer, strlen(peer), NULL), MS_OK);
	assert_int_equal(gateway_check(sources, &all, &a, &id, &from, key, &q, checked, &got, &got.why),
		MS_OK);
	ms_id_free(&id);
	answer();
	assert_int_equal(got.times, 1);
	return got.err;
}

/* --- tests ------------------------------------------------------------------------------------------- */

static void peers_gateway(void **state)
{
	(void)state;
	publish("192.0.2.1", "192.1.2.23", 0, MS_DNS_SECURE, 60);
	assert_int_equal(ask("192.1.2.45", "192.0.2.1", "@west", NULL), MS_OK);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.id, "192.1.2.23");
	assert_int_equal(got.how.status, MS_DNS_SECURE);
	assert_int_equal(got.how.ttl_s, 60);
	assert_int_equal(asked, 1); /* our client is ourselves */
	assert_int_equal(ask("192.1.2.45", "192.0.2.9", "@west", NULL), MS_ERR_NO_CREDENTIAL);
	assert_non_null(strstr(got.why.text, "nothing there"));
	says[0].err = MS_ERR_TIMEOUT;
	assert_int_equal(ask("192.1.2.45", "192.0.2.1", NULL, NULL), MS_ERR_TIMEOUT);
	says[0].err = MS_OK;
	full = true;
	assert_int_equal(ask("192.1.2.45", "192.0.2.1", NULL, NULL), MS_ERR_LIMIT);
	full = false;
	forget();
}

/* RFC 4322 s3.2.4.1: a gateway asks whether it may speak for its own client. */
static void our_client(void **state)
{
	(void)state;
	publish("192.0.2.1", "192.1.2.23", 0, MS_DNS_SECURE, 60);
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", "@west", NULL), MS_ERR_AUTH);
	assert_int_equal(asked, 2);
	assert_non_null(strstr(got.why.text, "our own client: "));
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", NULL, NULL), MS_OK); /* not asked */
	publish("192.0.1.1", "@west", 0, MS_DNS_INSECURE, 30);
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", "@west", keys[0]), MS_OK);
	assert_int_equal(got.how.status, MS_DNS_INSECURE); /* the worse of both */
	assert_int_equal(got.how.ttl_s, 30);
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", "@west", keys[1]), MS_ERR_AUTH);
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", "@other", keys[0]), MS_ERR_AUTH);
	publish("192.0.1.1", "192.1.2.45", 1, MS_DNS_SECURE, 30); /* by address */
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", "@other", keys[1]), MS_OK);
	says[1].err = MS_ERR_SYSTEM;
	assert_int_equal(ask("192.0.1.1", "192.0.2.1", "@west", NULL), MS_ERR_SYSTEM);
	forget();
}

static void may_it_speak(void **state)
{
	(void)state;
	publish("192.0.2.1", "@east", 0, MS_DNS_SECURE, 60);
	assert_int_equal(check("192.0.2.1", "@east", keys[0]), MS_OK);
	assert_int_equal(check("192.0.2.1", "@EAST", NULL), MS_OK);
	assert_int_equal(check("192.0.2.1", "@east", keys[1]), MS_ERR_AUTH);
	assert_int_equal(check("192.0.2.1", "@mallory", keys[0]), MS_ERR_AUTH);
	assert_int_equal(check("192.0.2.2", "@east", keys[0]), MS_ERR_AUTH); /* no records: no */
	publish("192.0.2.3", "192.1.2.23", 0, MS_DNS_SECURE, 60);
	assert_int_equal(check("192.0.2.3", "@mallory", keys[0]), MS_OK); /* the address and the key */
	forget();
}

static void ends_early(void **state)
{
	struct gateway_wish w = { .our_client = addr("192.0.1.1"), .peer_client = addr("192.0.2.1") };
	struct gateway_query *q = NULL;
	struct ms_id me;
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(ms_id_parse(&me, "@west", 5, NULL), MS_OK);
	w.me = &me;
	w.our_key = keys[0];
	memset(&got, 0, sizeof got);
	assert_int_equal(gateway_ask(sources, &all, &w, &q, found, &got, &why), MS_OK);
	gateway_cancel(&q);
	assert_null(q);
	gateway_cancel(&q);
	assert_null(waiting);
	assert_int_equal(got.times, 0);
	/* the second look-up finds no room: the first one is taken back */
	assert_int_equal(
		gateway_ask(sources, &only_secrets, &w, &q, found, &got, &why), MS_ERR_UNSUPPORTED);
	ms_id_free(&me);
	forget();
}

static int set_up(void **state)
{
	uint8_t blob[258];

	(void)state;
	if (openssl_load(NULL) != MS_OK || ms_crypto_register(&openssl_ops, "openssl") != MS_OK)
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		memset(blob, 0xc5 + 2 * (int)i, sizeof blob);
		blob[0] = 1;
		blob[1] = 3;
		if (ms_sign()->pubkey_from_rfc3110(&keys[i], ms_bytes(blob, sizeof blob), NULL))
			return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		ms_sign()->pubkey_free(&keys[i]);
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_gateway),
		cmocka_unit_test(our_client),
		cmocka_unit_test(may_it_speak),
		cmocka_unit_test(ends_early),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

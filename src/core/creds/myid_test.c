/* SPDX-License-Identifier: Apache-2.0 */
/* What we are called, against sources whose answers are written here, with a clock of its own. */
#include "core/creds/myid.h"
#include "core/creds/test_source.h"

#include "plugins/crypto-openssl/crypto-openssl.h"

#define US   "192.0.2.11"
#define US6  "2001:db8::11"
#define NAME "xy.example.com"

enum { OURS, SECOND, FOREIGN, KEYS };
static struct ms_pubkey *keys[KEYS];

/* --- what is published ---------------------------------------------------------------------------- */

/* A key of `id`, or with client: the gateway of it. */
static struct says {
	const char *client, *id;
	unsigned key;
	uint32_t ttl_s;
	ms_err err; /* instead */
} says[8];
static unsigned n_says;
static bool silent; /* no answer comes */
static bool keyless; /* we have no private key */

/* Whose private key we have. */
static void private_key(void *inst, const struct ms_id *me, const struct ms_id *peer,
	const struct ms_pubkey *pub, ms_creds_private_f *done, void *arg)
{
	struct ms_why why = { "" };
	bool have = pub == NULL ? !keyless :
		ms_sign()->pubkey_eq(pub, keys[OURS]) || ms_sign()->pubkey_eq(pub, keys[SECOND]);

	(void)inst, (void)me, (void)peer;
	if (have)
		done(arg, MS_OK, NULL, NULL, NULL);
	else
		done(arg, ms_fail(&why, MS_ERR_NO_CREDENTIAL, "not ours"), NULL, NULL, &why);
}

static const struct ms_creds_ops secrets = { .size = sizeof secrets, .private_key = private_key };
static const struct ms_creds_ops published = { .size = sizeof published, .gateways = ask_gateways,
	.published_keys = ask_keys, .cancel = cancel };

static const struct ms_provider *sources(void *arg, unsigned i)
{
	static const struct ms_provider list[] = {
		{ MS_ROLE_CREDS, "secrets", "secrets", &secrets, NULL },
		{ MS_ROLE_CREDS, "published", "published", &published, NULL },
	};

	(void)arg;
	return i < 2 ? &list[i] : NULL;
}

static void publish(const char *client, const char *id, unsigned key, uint32_t ttl_s)
{
	assert_true(n_says < 8);
	says[n_says++] = (struct says){ client, id, key, ttl_s, MS_OK };
}

static void answer_one(struct ms_creds_query *q)
{
	struct ms_gateway g[8];
	struct ms_pubkey *k[8];
	struct ms_published how = { MS_DNS_SECURE, 0 };
	struct ms_why why = { "" };
	ms_err err = MS_OK;
	unsigned n = 0;

	for (unsigned i = 0; i < n_says; i++) {
		const struct says *s = &says[i];

		if ((s->client != NULL) != (q->gateways != NULL) ||
			!is(&q->id, s->client != NULL ? s->client : s->id))
			continue;
		err = s->err;
		how.ttl_s = s->ttl_s;
		k[n] = keys[s->key];
		memset(&g[n], 0, sizeof g[n]);
		assert_int_equal(ms_id_parse(&g[n].id, s->id, strlen(s->id), NULL), MS_OK);
		g[n].keys[0] = keys[s->key];
		g[n++].n_keys = 1;
	}
	if (n == 0)
		err = ms_fail(&why, MS_ERR_NO_CREDENTIAL, "nothing there");
	if (q->gateways != NULL)
		q->gateways(q->arg, err, g, err == MS_OK ? n : 0, &how, &why);
	else
		q->keys(q->arg, err, k, err == MS_OK ? n : 0, &how, &why);
	for (unsigned i = 0; i < n; i++)
		ms_id_free(&g[i].id);
}

static void answer(void)
{
	if (!silent)
		answer_all(answer_one);
}

/* --- the world ------------------------------------------------------------------------------------- */

static struct myid *m;
static uint64_t now, due;
static unsigned changes[2];

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return now;
}

static void deadline(void *ctx, uint64_t at_ms)
{
	(void)ctx;
	due = at_ms;
}

static void changed(void *ctx, int family)
{
	(void)ctx;
	changes[family == AF_INET6]++;
}

static void pass(uint64_t ms)
{
	uint64_t end = now + ms;

	while (due <= end) {
		now = due;
		due = UINT64_MAX;
		myid_tick(m);
		answer();
	}
	now = end;
}

static struct ms_addr addr(const char *text)
{
	struct ms_addr a = { 0 };

	if (text != NULL)
		assert_int_equal(
			ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

static void look(const char *name, const char *v4, const char *v6)
{
	struct ms_addr a4 = addr(v4), a6 = addr(v6);

	myid_look(m, name, &a4, &a6);
	answer();
}

static void begin(void)
{
	static const struct ms_logger lg = { NULL, MS_SOURCE_CREDS, NULL, NULL, NULL };
	const struct myid_env env = { .sources = sources, .now_ms = now_ms, .deadline = deadline,
		.changed = changed, .log = &lg };

	n_says = asked = changes[0] = changes[1] = 0;
	silent = false;
	now = 1000;
	due = UINT64_MAX;
	m = myid_new(&env);
	assert_non_null(m);
}

static void end(void)
{
	myid_free(&m);
	myid_free(&m);
	assert_null(waiting);
}

static void assert_myid(int family, const char *text)
{
	const struct ms_id *id = myid_of(m, family);

	if (text == NULL)
		assert_int_equal(id->type, MS_ID_ANY);
	else
		assert_true(is(id, text));
}

static void assert_shown(const char *text)
{
	char buf[MS_ID_TEXT];

	assert_int_equal(myid_text(m, buf, sizeof buf), text != NULL);
	if (text != NULL)
		assert_string_equal(buf, text);
}

/* --- tests ----------------------------------------------------------------------------------------- */

static void its_address(void **state)
{
	(void)state;
	begin();
	publish(US, US, OURS, 300);
	publish(NULL, "@" NAME, OURS, 300); /* is there for later times, and does no harm */
	look(NAME, US, NULL);
	assert_true(myid_settled(m));
	assert_myid(AF_INET, NULL); /* the connection's own address */
	assert_shown(US);
	assert_myid(AF_INET6, "@" NAME);
	end();
	begin();
	publish(NULL, US6, OURS, 300); /* as a KEY alone */
	look(NAME, US, US6);
	assert_myid(AF_INET, NULL);
	assert_myid(AF_INET6, NULL);
	assert_shown(US6); /* nothing for the first family */
	assert_int_equal(asked, 5);
	end();
}

static void its_name(void **state)
{
	(void)state;
	begin();
	publish(NULL, "@" NAME, SECOND, 300);
	look(NAME, US, US6);
	assert_myid(AF_INET, "@" NAME);
	assert_myid(AF_INET6, "@" NAME);
	assert_shown("@" NAME);
	assert_int_equal(changes[0], 1);
	assert_int_equal(changes[1], 1);
	look("xy", US, US6); /* is no name of DNS */
	assert_myid(AF_INET, NULL);
	assert_int_equal(changes[0], 2);
	end();
	/* somebody else's keys, or the right one among them */
	begin();
	publish(NULL, "@" NAME, FOREIGN, 300);
	publish(US, US, FOREIGN, 300);
	look(NAME, US, NULL);
	assert_myid(AF_INET, NULL);
	assert_shown(NULL);
	publish(NULL, "@" NAME, OURS, 300);
	look(NAME, US, NULL);
	assert_shown("@" NAME);
	end();
}

/* Nobody needs to hear of a host that could not answer to any name. */
static void no_key(void **state)
{
	(void)state;
	begin();
	keyless = true;
	look(NAME, US, US6);
	assert_true(myid_settled(m));
	assert_int_equal(asked, 0);
	keyless = false;
	publish(NULL, "@" NAME, OURS, 300);
	pass(MYID_AGAIN_MIN_MS);
	assert_shown("@" NAME);
	end();
}

/* The reverse map says how it calls us. */
static void as_gateway(void **state)
{
	(void)state;
	begin();
	publish(US, "@gw.example.net", OURS, 300);
	publish(NULL, "@" NAME, OURS, 300);
	look(NAME, US, NULL);
	assert_myid(AF_INET, "@gw.example.net");
	end();
	begin();
	publish(US, "@gw.example.net", FOREIGN, 300); /* a gateway that is not us */
	publish(US, "198.51.100.1", OURS, 300);	      /* another address */
	look(NAME, US, NULL);
	assert_myid(AF_INET, NULL);
	assert_shown(NULL);
	end();
}

/* What is published later is found, what is withdrawn is forgotten, silence changes nothing. */
static void dns_changes(void **state)
{
	unsigned before;

	(void)state;
	begin();
	look(NAME, US, NULL);
	assert_shown(NULL);
	before = asked;
	publish(NULL, "@" NAME, OURS, 120);
	pass(MYID_AGAIN_MIN_MS - 1);
	assert_int_equal(asked, before);
	pass(1);
	assert_shown("@" NAME);
	before = asked;
	pass(119000);
	assert_int_equal(asked, before);
	pass(1000);
	assert_int_equal(asked, before + 3);
	says[0].err = MS_ERR_TIMEOUT;
	pass(120000);
	assert_shown("@" NAME);
	n_says = 0;
	pass(MYID_AGAIN_MIN_MS);
	assert_shown(NULL);
	assert_int_equal(changes[0], 2);
	/* who publishes nothing asks less and less often */
	before = asked;
	pass(24 * 3600 * 1000);
	assert_in_range(asked - before, 3 * 24, 3 * 32);
	end();
}

/* --- flows that wait ------------------------------------------------------------------------------- */

static unsigned inner_asked, inner_cancelled, found_times;
static ms_err inner_err;

static ms_err inner_ask(void *ctx, const struct conn *template, const struct ms_addr *mine,
	const struct ms_addr *theirs, void **query, opp_found_f *found, void *arg, struct ms_why *why)
{
	(void)ctx, (void)template, (void)mine, (void)theirs, (void)found, (void)arg;
	inner_asked++;
	*query = &inner_asked;
	return inner_err == MS_OK ? MS_OK : ms_fail(why, inner_err, "no");
}

static void inner_cancel(void *ctx, void *query)
{
	(void)ctx;
	assert_ptr_equal(query, &inner_asked);
	inner_cancelled++;
}

static void found(void *arg, ms_err err, const struct opp_gateway *g, unsigned n, uint32_t ttl_s,
	const struct ms_why *why)
{
	(void)arg, (void)g, (void)n, (void)ttl_s, (void)why;
	assert_int_equal(err, MS_ERR_LIMIT);
	found_times++;
}

static void flows_wait(void **state)
{
	const struct opp_env inner = { .ask = inner_ask, .cancel = inner_cancel };
	struct ms_addr a = addr(US), none = { 0 };
	struct conn *c = calloc(1, sizeof *c);
	struct opp_env env;
	void *q[3];

	(void)state;
	c->refs = 1;
	begin();
	env = myid_hold(m, &inner);
	silent = true;
	myid_expect(m);
	assert_false(myid_settled(m));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(env.ask(env.ctx, c, &a, &a, &q[i], found, NULL, NULL), MS_OK);
	assert_int_equal(inner_asked, 0);
	env.cancel(env.ctx, q[1]);
	assert_int_equal(inner_cancelled, 0);
	myid_look(m, NAME, &a, &none);
	pass(MYID_SETTLE_MS - 1);
	assert_int_equal(inner_asked, 0);
	pass(1); /* a name server that says nothing is not waited for longer */
	assert_int_equal(inner_asked, 2);
	env.cancel(env.ctx, q[0]);
	env.cancel(env.ctx, q[2]);
	assert_int_equal(inner_cancelled, 2);
	/* late answers still count */
	silent = false;
	publish(NULL, "@" NAME, OURS, 300);
	answer();
	assert_shown("@" NAME);
	assert_int_equal(env.ask(env.ctx, c, &a, &a, &q[0], found, NULL, NULL), MS_OK);
	assert_int_equal(inner_asked, 3);
	env.cancel(env.ctx, q[0]);
	end();
	/* an end while some wait; an error once they are let go */
	begin();
	env = myid_hold(m, &inner);
	silent = true;
	myid_expect(m);
	assert_int_equal(env.ask(env.ctx, c, &a, &a, &q[0], found, NULL, NULL), MS_OK);
	inner_err = MS_ERR_LIMIT;
	myid_end(m);
	assert_int_equal(found_times, 1);
	inner_err = MS_OK;
	myid_expect(m);
	assert_int_equal(env.ask(env.ctx, c, &a, &a, &q[0], found, NULL, NULL), MS_OK);
	env.cancel(env.ctx, q[0]);
	myid_look(m, NAME, &a, &none);
	end();
	assert_int_equal(c->refs, 1);
	free(c);
}

static int set_up(void **state)
{
	uint8_t blob[258];

	(void)state;
	if (openssl_load(NULL) != MS_OK || ms_crypto_register(&openssl_ops, "openssl") != MS_OK)
		return -1;
	for (unsigned i = 0; i < KEYS; i++) {
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
	for (unsigned i = 0; i < KEYS; i++)
		ms_sign()->pubkey_free(&keys[i]);
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_address),
		cmocka_unit_test(its_name),
		cmocka_unit_test(no_key),
		cmocka_unit_test(as_gateway),
		cmocka_unit_test(dns_changes),
		cmocka_unit_test(flows_wait),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

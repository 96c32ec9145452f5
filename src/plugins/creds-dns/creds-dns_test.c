/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups of keys and gateways against a resolver whose answers are written here. */
#include <modswan/config.h>
#include <modswan/creds.h>
#include <modswan/dnskey.h>
#include <modswan/plugin.h>
#include <modswan/registry.h>

#include "lib/dns/fake_resolver_test.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct ms_plugin creds_dns_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &creds_dns_LTX_modswan_plugin;

/* --- what the plugin sees ----------------------------------------------------------------------- */

static struct fake_resolver dns;
static int dnssec;

static ms_err setup(void *inst, struct ms_setup_desc *out, struct ms_why *why)
{
	(void)inst, (void)why;
	memset(out, 0, sizeof *out);
	out->oe_dnssec = dnssec;
	return MS_OK;
}

static void setup_free(void *inst, struct ms_setup_desc *s)
{
	(void)inst, (void)s;
}

static const struct ms_config_ops config_ops = { .setup = setup, .setup_free = setup_free };

static const struct ms_provider *provider(
	const struct ms_services *s, enum ms_role role, const char *name, unsigned i)
{
	static const struct ms_provider resolver = { MS_ROLE_RESOLVER, "fake", "fake",
		&fake_resolver_ops, &dns };
	static const struct ms_provider config = { MS_ROLE_CONFIG, "fake", "fake", &config_ops,
		NULL };

	(void)s, (void)name;
	if (i > 0)
		return NULL;
	return role == MS_ROLE_RESOLVER ? &resolver : role == MS_ROLE_CONFIG ? &config : NULL;
}

static const struct ms_logger lg = { NULL, MS_SOURCE_CREDS, NULL, NULL, NULL };
static struct ms_services services = { .size = sizeof services, .log = &lg, .provider = provider };
static void *inst, *conf;
static const struct ms_creds_ops *ops;

static void begin(int how)
{
	struct ms_why why = { "" };

	memset(&dns, 0, sizeof dns);
	dnssec = how;
	ops = plugin->features[0].ops;
	conf = calloc(1, plugin->conf_size);
	assert_non_null(conf);
	assert_true(ms_conf_defaults(plugin->keys, conf));
	assert_int_equal(plugin->load(&inst, &services, conf, &why), MS_OK);
}

static void end(void)
{
	plugin->unload(&inst);
	ms_conf_free(plugin->keys, conf);
	free(conf);
	assert_int_equal(dns.waiting, 0);
	assert_int_equal(dns.asked_ptr, 0); /* RFC 4322 s3.2: a PTR leads nowhere */
}

/* --- records -------------------------------------------------------------------------------------- */

#define KEY_OCTETS 258

/* The n-th of some RSA keys, RFC 3110. */
static void rsa(uint8_t *out, unsigned n)
{
	out[0] = 1;
	out[1] = 3;
	memset(out + 2, 0xc5, KEY_OCTETS - 2);
	out[3] = (uint8_t)n;
	out[4] = (uint8_t)(n >> 8);
}

static const char *name_of(const char *addr)
{
	static char names[8][MS_REVERSE_TEXT];
	static unsigned n;
	char *out = names[n++ % 8];
	struct ms_addr a;

	if (ms_addr_parse(&a, addr, strlen(addr), 0, MS_TEXT_NUMERIC, NULL) != MS_OK)
		return addr;
	ms_addr_reverse_text(&a, out, MS_REVERSE_TEXT);
	out[strlen(out) - 1] = '\0';
	return out;
}

static struct fake_record *last(void)
{
	return &dns.records[dns.n - 1];
}

static char names[FAKE_RECORDS * 4][MS_DNS_NAME_MAX + 1];
static unsigned n_names;

static void put(const char *where, uint16_t type, const uint8_t *data, size_t len)
{
	static uint8_t room[1 << 20];
	static size_t used;
	uint8_t *at;

	if (used + len > sizeof room)
		used = 0;
	at = room + used;
	memcpy(at, data, len);
	used += len;
	fake_record(&dns, name_of(where), type, MS_DNS_SECURE, 300, at, len);
	/* fake_record keeps the pointer of a name that changes */
	assert_true(n_names < FAKE_RECORDS * 4);
	strcpy(names[n_names], last()->name);
	last()->name = names[n_names++];
}

static void txt(const char *where, unsigned precedence, const char *gateway, int key)
{
	uint8_t blob[KEY_OCTETS], rdata[1024];
	char text[512];
	size_t len, at = 0;

	len = (size_t)snprintf(text, sizeof text, "X-IPsec-Server(%u)=%s ", precedence, gateway);
	if (key >= 0) {
		rsa(blob, (unsigned)key);
		len += ms_data_text(blob, sizeof blob, 64, text + len, sizeof text - len);
	}
	for (size_t done = 0; done < len;) {
		size_t n = len - done < 255 ? len - done : 255;

		rdata[at++] = (uint8_t)n;
		memcpy(rdata + at, text + done, n);
		at += n;
		done += n;
	}
	put(where, MS_DNS_TXT, rdata, at);
}

static void key_record(const char *where, unsigned key)
{
	uint8_t rdata[4 + KEY_OCTETS] = { 0x42, 0, 4, 1 };

	rsa(rdata + 4, key);
	put(where, MS_DNS_KEY, rdata, sizeof rdata);
}

static void ipseckey(const char *where, uint8_t precedence, const char *gateway, unsigned key)
{
	uint8_t rdata[300 + KEY_OCTETS] = { precedence, 0, 2 };
	struct ms_addr a;
	size_t at = 3;

	if (gateway != NULL &&
		ms_addr_parse(&a, gateway, strlen(gateway), 0, MS_TEXT_NUMERIC, NULL) == MS_OK) {
		rdata[1] = a.family == AF_INET ? 1 : 2;
		memcpy(rdata + at, a.b, ms_addr_octets(&a));
		at += ms_addr_octets(&a);
	}
	rsa(rdata + at, key);
	put(where, MS_DNS_IPSECKEY, rdata, at + KEY_OCTETS);
}

static void address(const char *where, const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	put(where, a.family == AF_INET ? MS_DNS_A : MS_DNS_AAAA, a.b, ms_addr_octets(&a));
}

/* --- answers -------------------------------------------------------------------------------------- */

static struct {
	unsigned times, n, n_keys[MS_MAX_GATEWAYS], n_addrs[MS_MAX_GATEWAYS];
	ms_err err;
	struct ms_why why;
	struct ms_published how;
	char ids[MS_MAX_GATEWAYS][64];
	unsigned precedence[MS_MAX_GATEWAYS];
	bool first_key; /* key 1 is among them */
} got;

static bool has_key(struct ms_pubkey *const *keys, unsigned n, unsigned key)
{
	uint8_t blob[KEY_OCTETS];
	struct ms_pubkey *k = NULL;
	bool has = false;

	rsa(blob, key);
	assert_int_equal(ms_sign()->pubkey_from_rfc3110(&k, ms_bytes(blob, sizeof blob), NULL), MS_OK);
	for (unsigned i = 0; i < n; i++)
		has |= ms_sign()->pubkey_eq(keys[i], k);
	ms_sign()->pubkey_free(&k);
	return has;
}

static void note(ms_err err, const struct ms_published *how, const struct ms_why *why)
{
	got.times++;
	got.err = err;
	got.why = *why;
	got.how = *how;
}

static void keys_came(void *arg, ms_err err, struct ms_pubkey *const *keys, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	(void)arg;
	note(err, how, why);
	got.n = n;
	got.first_key = has_key(keys, n, 1);
}

static void gateways_came(void *arg, ms_err err, const struct ms_gateway *g, unsigned n,
	const struct ms_published *how, const struct ms_why *why)
{
	(void)arg;
	note(err, how, why);
	got.n = n;
	for (unsigned i = 0; i < n; i++) {
		ms_id_text(&g[i].id, got.ids[i], sizeof got.ids[i]);
		got.n_keys[i] = g[i].n_keys;
		got.n_addrs[i] = g[i].n_addrs;
		got.precedence[i] = g[i].precedence;
	}
	got.first_key = n > 0 && has_key(g[0].keys, g[0].n_keys, 1);
}

static ms_err keys(const char *id_text)
{
	struct ms_creds_query *q = NULL;
	struct ms_id id = { 0 };
	struct ms_why why = { "" };
	ms_err err;

	memset(&got, 0, sizeof got);
	assert_int_equal(ms_id_parse(&id, id_text, strlen(id_text), NULL), MS_OK);
	err = ops->published_keys(inst, &id, &q, keys_came, NULL, &why);
	ms_id_free(&id);
	if (err != MS_OK)
		return err;
	assert_int_equal(got.times, 0);
	fake_answer(&dns);
	assert_int_equal(got.times, 1);
	return got.err;
}

static ms_err gateways(const char *client)
{
	struct ms_creds_query *q = NULL;
	struct ms_addr a;
	struct ms_why why = { "" };
	ms_err err;

	memset(&got, 0, sizeof got);
	assert_int_equal(ms_addr_parse(&a, client, strlen(client), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	err = ops->gateways(inst, &a, &q, gateways_came, NULL, &why);
	if (err != MS_OK)
		return err;
	assert_int_equal(got.times, 0);
	fake_answer(&dns);
	assert_int_equal(got.times, 1);
	return got.err;
}

/* --- keys of an identity --------------------------------------------------------------------------- */

static void keys_of_identities(void **state)
{
	(void)state;
	begin(MS_OE_DNSSEC_PREFER);
	txt("xy.example.com", 10, "@xy.example.com", 1);
	txt("xy.example.com", 10, "@other.example.com", 2); /* somebody else's */
	key_record("xy.example.com", 3);
	assert_int_equal(keys("@xy.example.com"), MS_OK);
	assert_int_equal(got.n, 2);
	assert_true(got.first_key);
	assert_int_equal(got.how.status, MS_DNS_SECURE);
	assert_int_equal(got.how.ttl_s, 300);
	assert_int_equal(keys("@XY.Example.com"), MS_OK);
	assert_int_equal(dns.asked, 6); /* TXT, KEY and IPSECKEY each time */
	/* the reverse map of an address */
	txt("192.0.2.11", 10, "192.0.2.11", 1);
	ipseckey("192.0.2.11", 10, "192.0.2.12", 2); /* a delegation */
	ipseckey("192.0.2.11", 10, NULL, 4);
	assert_int_equal(keys("192.0.2.11"), MS_OK);
	assert_int_equal(got.n, 2);
	assert_true(got.first_key);
	ipseckey("2001:db8::5", 10, NULL, 1);
	assert_int_equal(keys("2001:db8::5"), MS_OK);
	assert_true(got.first_key);
	/* nothing, or nothing that has a place */
	assert_int_equal(keys("@nobody.example.com"), MS_ERR_NO_CREDENTIAL);
	assert_non_null(strstr(got.why.text, "nobody.example.com"));
	assert_int_equal(keys("user@example.com"), MS_ERR_NO_CREDENTIAL);
	assert_int_equal(keys("C=CH, O=x, CN=y"), MS_ERR_NO_CREDENTIAL);
	assert_int_equal(keys("@#6e6f"), MS_ERR_NO_CREDENTIAL);
	end();
}

static void trust(void **state)
{
	(void)state;
	begin(MS_OE_DNSSEC_REQUIRE);
	txt("a.example", 10, "@a.example", 1);
	last()->status = MS_DNS_INSECURE;
	assert_int_equal(keys("@a.example"), MS_ERR_AUTH);
	assert_non_null(strstr(got.why.text, "not signed"));
	txt("b.example", 10, "@b.example", 1);
	assert_int_equal(keys("@b.example"), MS_OK);
	assert_int_equal(got.how.status, MS_DNS_SECURE);
	end();
	begin(MS_OE_DNSSEC_PREFER);
	txt("a.example", 10, "@a.example", 1);
	last()->status = MS_DNS_INSECURE;
	assert_int_equal(keys("@a.example"), MS_OK);
	assert_int_equal(got.how.status, MS_DNS_INSECURE);
	fake_trouble(&dns, "c.example", MS_DNS_TXT, MS_ERR_AUTH); /* bogus */
	assert_int_equal(keys("@c.example"), MS_ERR_AUTH);
	assert_int_equal(got.how.status, MS_DNS_BOGUS);
	end();
	/* the question says that nobody needs to check */
	begin(MS_OE_DNSSEC_IGNORE);
	txt("b.example", 10, "@b.example", 1);
	assert_int_equal(keys("@b.example"), MS_OK);
	assert_int_equal(got.how.status, MS_DNS_INSECURE);
	end();
}

static void faults(void **state)
{
	static const ms_err errs[] = { MS_ERR_TIMEOUT, MS_ERR_SYSTEM, MS_ERR_LIMIT };
	struct ms_creds_query *q = NULL;
	struct ms_id id = { 0 };
	struct ms_why why = { "" };

	(void)state;
	begin(MS_OE_DNSSEC_PREFER);
	for (unsigned i = 0; i < 3; i++) {
		dns.n = 0;
		fake_trouble(&dns, "a.example", MS_DNS_TXT, errs[i]);
		assert_int_equal(keys("@a.example"), errs[i]);
		assert_int_equal(gateways("192.0.2.77"), MS_ERR_NO_CREDENTIAL);
		/* what there is elsewhere is used */
		key_record("a.example", 1);
		assert_int_equal(keys("@a.example"), MS_OK);
		assert_true(got.first_key);
	}
	/* no room for all of a question's parts: nothing is asked, nothing left over */
	dns.room = 2;
	assert_int_equal(keys("@a.example"), MS_ERR_LIMIT);
	assert_int_equal(dns.waiting, 0);
	dns.room = 0;
	/* taken back in the middle */
	assert_int_equal(ms_id_parse(&id, "@a.example", 10, NULL), MS_OK);
	assert_int_equal(ops->published_keys(inst, &id, &q, keys_came, NULL, &why), MS_OK);
	assert_int_equal(dns.waiting, 3);
	ops->cancel(inst, &q);
	assert_null(q);
	assert_int_equal(dns.waiting, 0);
	/* unload with a question under way: end() */
	assert_int_equal(ops->published_keys(inst, &id, &q, keys_came, NULL, &why), MS_OK);
	ms_id_free(&id);
	end();
}

/* --- gateways of a client -------------------------------------------------------------------------- */

static void delegations(void **state)
{
	(void)state;
	begin(MS_OE_DNSSEC_PREFER);
	txt("192.0.2.11", 20, "192.0.2.254", 2);
	txt("192.0.2.11", 10, "192.0.2.253", 1);
	txt("192.0.2.11", 10, "192.0.2.253", 3); /* its next key */
	ipseckey("192.0.2.11", 15, "2001:db8::1", 4);
	ipseckey("192.0.2.11", 30, NULL, 5); /* the client itself */
	assert_int_equal(gateways("192.0.2.11"), MS_OK);
	assert_int_equal(got.n, 4);
	assert_string_equal(got.ids[0], "192.0.2.253");
	assert_int_equal(got.precedence[0], 10);
	assert_int_equal(got.n_keys[0], 2);
	assert_true(got.first_key);
	assert_string_equal(got.ids[1], "2001:db8::1");
	assert_string_equal(got.ids[2], "192.0.2.254");
	assert_string_equal(got.ids[3], "192.0.2.11");
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(got.n_addrs[i], 1);
	assert_int_equal(dns.asked, 2); /* TXT and IPSECKEY, and nothing after that */
	end();
}

/* @name: its addresses are looked up; without key: its own records are. */
static void second_round(void **state)
{
	(void)state;
	begin(MS_OE_DNSSEC_PREFER);
	txt("192.0.2.11", 10, "@gw.example", 1);
	address("gw.example", "192.0.2.1");
	address("gw.example", "2001:db8::7");
	last()->status = MS_DNS_INSECURE; /* who answers there still has to have the key */
	assert_int_equal(gateways("192.0.2.11"), MS_OK);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.ids[0], "@gw.example");
	assert_int_equal(got.n_addrs[0], 2);
	assert_int_equal(got.how.status, MS_DNS_SECURE);

	txt("192.0.2.12", 10, "192.0.2.200", -1);
	key_record("192.0.2.200", 1);
	assert_int_equal(gateways("192.0.2.12"), MS_OK);
	assert_int_equal(got.n, 1);
	assert_true(got.first_key);
	last()->status = MS_DNS_INSECURE;
	assert_int_equal(gateways("192.0.2.12"), MS_OK);
	assert_int_equal(got.how.status, MS_DNS_INSECURE);

	/* a chain of such records ends here */
	txt("192.0.2.13", 10, "192.0.2.14", -1);
	txt("192.0.2.14", 10, "192.0.2.15", -1);
	txt("192.0.2.15", 10, "192.0.2.15", 1);
	dns.asked = 0;
	assert_int_equal(gateways("192.0.2.13"), MS_ERR_NO_CREDENTIAL);
	assert_int_equal(dns.asked, 2 + 3);
	end();
}

static void many(void **state)
{
	char gw[32];

	(void)state;
	begin(MS_OE_DNSSEC_PREFER);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(gw, sizeof gw, "@gw%u.example", i);
		txt("192.0.2.11", i, gw, -1);
	}
	dns.asked = 0;
	assert_int_equal(gateways("192.0.2.11"), MS_ERR_NO_CREDENTIAL);
	assert_in_range(dns.asked, 2, 2 + 16 * 5);
	for (unsigned i = 0; i < 100; i++)
		key_record("big.example", i + 1);
	assert_int_equal(keys("@big.example"), MS_OK);
	assert_int_equal(got.n, MS_MAX_PUBLISHED_KEYS);
	end();
}

/* Rubbish beside a good record, and rubbish alone. */
static void hostile(void **state)
{
	static const uint8_t bad[] = "\35X-IPsec-Server(10)=C=CH,O=x,CN";
	uint8_t big[65535];

	(void)state;
	begin(MS_OE_DNSSEC_PREFER);
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = i % 256 == 0 ? 255 : 'X';
	put("192.0.2.11", MS_DNS_TXT, bad, sizeof bad - 1);
	put("192.0.2.11", MS_DNS_TXT, big, sizeof big);
	put("192.0.2.11", MS_DNS_IPSECKEY, big, 2);
	put("192.0.2.11", MS_DNS_TXT, big, 0);
	assert_int_equal(gateways("192.0.2.11"), MS_ERR_SYNTAX);
	assert_non_null(strstr(got.why.text, "record"));
	txt("192.0.2.11", 10, "192.0.2.11", 1);
	assert_int_equal(gateways("192.0.2.11"), MS_OK);
	assert_int_equal(got.n, 1);
	end();
}

static int set_up(void **state)
{
	(void)state;
	if (openssl_load(NULL) != MS_OK)
		return -1;
	return ms_crypto_register(&openssl_ops, "openssl") == MS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_identities),
		cmocka_unit_test(trust),
		cmocka_unit_test(faults),
		cmocka_unit_test(delegations),
		cmocka_unit_test(second_round),
		cmocka_unit_test(many),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

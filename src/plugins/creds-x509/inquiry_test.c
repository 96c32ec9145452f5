/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole plugin with a fetcher that the test is: what is asked for, when, and what becomes of
 * every kind of answer, or of none.
 */
#include "pki.h"

#include "lib/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <modswan/registry.h>

#include <openssl/ocsp.h>

extern const struct ms_plugin creds_x509_LTX_modswan_plugin;
extern const struct ms_plugin crypto_openssl_LTX_modswan_plugin;
extern const struct ms_crypto_ops openssl_ops;
static const struct ms_plugin *const plugin = &creds_x509_LTX_modswan_plugin;

#define CRL_URL	 "http://192.0.2.80/root.crl"
#define OCSP_URL "http://192.0.2.80/ocsp"

/* --- the fetcher and the configuration -------------------------------------------------------- */

struct ms_fetch {
	bool open;
	char url[1024];
	uint8_t body[512];
	size_t body_octets;
	uint64_t timeout_ms;
	ms_fetch_done_f *done;
	void *arg;
};

static struct ms_fetch fetches[32];
static unsigned n_fetches;

static ms_err get(void *inst, const struct ms_fetch_request *r, struct ms_fetch **out,
	ms_fetch_done_f *done, void *arg, struct ms_why *why)
{
	struct ms_fetch *f = &fetches[n_fetches++];

	(void)inst;
	(void)why;
	assert_true(n_fetches < 32 && r->body.len <= sizeof f->body && r->max_octets > 0);
	*f = (struct ms_fetch){ true, "", { 0 }, r->body.len, r->timeout_ms, done, arg };
	snprintf(f->url, sizeof f->url, "%s", r->url);
	if (r->body.len > 0)
		memcpy(f->body, r->body.ptr, r->body.len);
	*out = f;
	return MS_OK;
}

static void cancel(void *inst, struct ms_fetch **f)
{
	(void)inst;
	(*f)->open = false;
	*f = NULL;
}

static const struct ms_fetch_ops fetch_ops = { .size = sizeof fetch_ops, .get = get,
	.cancel = cancel };
static struct ms_setup_desc setup_words;

static ms_err read_setup(void *inst, struct ms_setup_desc *out, struct ms_why *why)
{
	(void)inst;
	(void)why;
	*out = setup_words;
	return MS_OK;
}

static void setup_free(void *inst, struct ms_setup_desc *s)
{
	(void)inst;
	(void)s;
}

static const struct ms_config_ops config_ops = { .size = sizeof config_ops, .setup = read_setup,
	.setup_free = setup_free };
static const struct ms_provider providers[] = {
	{ MS_ROLE_FETCH, "test", "test", &fetch_ops, NULL },
	{ MS_ROLE_CONFIG, "test", "test", &config_ops, NULL },
};

static const struct ms_provider *provider(
	const struct ms_services *s, enum ms_role role, const char *name, unsigned i)
{
	(void)s;
	(void)name;
	for (unsigned k = 0; k < 2; k++)
		if (providers[k].role == role && i == 0)
			return &providers[k];
	return NULL;
}

/* --- the world --------------------------------------------------------------------------------- */

static struct pki_cert root, other_root, end, plain, responder, appointed;
static char dir[PKI_DIR];

static struct pki_cert with_addresses(const char *name, const struct pki_cert *ca)
{
	struct pki_spec s = { .name = name, .key = "p256 end", .issuer = ca,
		.ext = { "basicConstraints=critical,CA:FALSE", "keyUsage=digitalSignature",
			"subjectAltName=DNS:west", "crlDistributionPoints=URI:" CRL_URL,
			"authorityInfoAccess=OCSP;URI:" OCSP_URL } };

	return pki_make(&s);
}

static int setup_all(void **state)
{
	struct pki_spec s = { .name = "responder", .key = "p256 responder",
		.ext = { "basicConstraints=CA:FALSE", "keyUsage=digitalSignature",
			"extendedKeyUsage=OCSPSigning" } };

	(void)state;
	assert_int_equal(ms_crypto_register(&openssl_ops, "openssl"), MS_OK);
	pki_dir(dir);
	root = pki_ca("root", NULL, "p256 root");
	other_root = pki_ca("other", NULL, "p256 other");
	end = with_addresses("west", &root);
	plain = pki_end("plain", &root, "p256 end", "DNS:west");
	s.issuer = &root;
	responder = pki_make(&s);
	s.issuer = NULL;
	s.name = "appointed";
	appointed = pki_make(&s);
	pki_write(dir, "cacerts/root.pem", (X509 *[]){ root.x509, NULL });
	pki_write(dir, "ocspcerts/appointed.pem", (X509 *[]){ appointed.x509, NULL });
	return 0;
}

static int teardown_all(void **state)
{
	struct pki_cert *all[] = { &root, &other_root, &end, &plain, &responder, &appointed };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		pki_free(all[i]);
	pki_keys_free();
	return pki_dir_remove(dir);
}

struct world {
	struct ms_loop *loop;
	struct ms_logger log;
	struct ms_services services;
	struct settings conf;
	void *inst;
	const struct ms_creds_ops *ops;
};

struct verdict {
	unsigned calls;
	ms_err err;
	bool has_key;
	struct ms_why why;
};

static time_t clock_s;

static time_t test_clock(void)
{
	return clock_s;
}

static void start(struct world *w)
{
	struct ms_why why = { "" };
	struct instance *in;

	memset(w, 0, sizeof *w);
	n_fetches = 0;
	clock_s = time(NULL);
	w->loop = ms_loop_new(2);
	w->log.source = MS_SOURCE_CREDS;
	w->services = (struct ms_services){ .size = sizeof w->services, .loop = w->loop,
		.log = &w->log, .confdir = dir, .provider = provider };
	w->conf = (struct settings){ dir, 112 };
	assert_int_equal(plugin->load(&w->inst, &w->services, &w->conf, &why), MS_OK);
	in = w->inst;
	in->clock = test_clock;
	w->ops = plugin->features[0].ops;
}

static void stop(struct world *w)
{
	plugin->unload(&w->inst);
	/* jobs of its own may still end */
	for (unsigned i = 0; i < 3; i++)
		ms_loop_turn(w->loop, false);
	ms_loop_free(&w->loop);
}

static void words(bool crl, bool crl_strict, bool ocsp, bool ocsp_strict)
{
	setup_words = (struct ms_setup_desc){ .crl_strict = crl_strict,
		.crl_check_interval_ms = crl ? 3600000 : 0, .crl_timeout_ms = 5000,
		.ocsp_enable = ocsp, .ocsp_strict = ocsp_strict, .ocsp_timeout_ms = 2000,
		.ocsp_post = true, .ocsp_cache_min_age_ms = 60000,
		.ocsp_cache_max_age_ms = 86400000, .ocsp_cache_size = 1000 };
}

static void take(void *arg, ms_err err, struct ms_pubkey *key, const struct ms_why *why)
{
	struct verdict *v = arg;

	v->calls++;
	v->err = err;
	v->has_key = key != NULL;
	if (why != NULL)
		v->why = *why;
}

static void ask_for(struct world *w, X509 *cert, const char *id, struct verdict *v)
{
	struct ms_cert_wish wish = { .require_id = true };
	struct ms_bytes der = cert != NULL ? pki_der(cert) : ms_bytes(NULL, 0);
	struct ms_id peer = { 0 };

	memset(v, 0, sizeof *v);
	assert_int_equal(ms_id_parse(&peer, id, strlen(id), NULL), MS_OK);
	w->ops->peer_cert(w->inst, &wish, &peer, &der, cert != NULL ? 1 : 0, take, v);
	OPENSSL_free((void *)(uintptr_t)der.ptr);
	ms_id_free(&peer);
}

static void wait_verdict(struct world *w, struct verdict *v)
{
	while (v->calls == 0)
		ms_loop_turn(w->loop, true);
	assert_int_equal(v->calls, 1);
	assert_true((v->err == MS_OK) == v->has_key);
}

static void wait_fetches(struct world *w, unsigned n)
{
	while (n_fetches < n)
		ms_loop_turn(w->loop, true);
	assert_int_equal(n_fetches, n);
}

static void deliver(unsigned i, ms_err err, struct ms_bytes octets)
{
	struct ms_fetch *f = &fetches[i];

	assert_true(f->open);
	f->open = false;
	f->done(f->arg, err, octets, NULL);
}

static void deliver_crl(unsigned i, const struct pki_cert *ca, X509 *revoked, long from, long to)
{
	X509_CRL *crl = pki_crl(ca, (X509 *[]){ revoked, NULL }, from, to);
	uint8_t *der = NULL;
	int n = i2d_X509_CRL(crl, &der);

	deliver(i, MS_OK, ms_bytes(der, (size_t)n));
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

/* --- lists --------------------------------------------------------------------------------------- */

static void test_list_is_fetched(void **state)
{
	struct world w;
	struct verdict a, b;

	(void)state;
	words(true, true, false, false);
	start(&w);
	ask_for(&w, end.x509, "@west", &a);
	wait_fetches(&w, 1);
	assert_string_equal(fetches[0].url, CRL_URL);
	assert_int_equal(fetches[0].timeout_ms, 5000);
	/* a second peer of the same CA waits for the same list */
	ask_for(&w, end.x509, "@west", &b);
	for (unsigned i = 0; i < 50; i++)
		ms_loop_turn(w.loop, false);
	assert_int_equal(a.calls + b.calls, 0);
	deliver_crl(0, &root, NULL, -60, 3600);
	wait_verdict(&w, &a);
	wait_verdict(&w, &b);
	assert_int_equal(a.err, MS_OK);
	assert_int_equal(b.err, MS_OK);
	assert_int_equal(n_fetches, 1);
	/* it is known now */
	ask_for(&w, end.x509, "@west", &a);
	wait_verdict(&w, &a);
	assert_int_equal(a.err, MS_OK);
	assert_int_equal(n_fetches, 1);
	stop(&w);
}

static void test_list_revokes(void **state)
{
	struct world w;
	struct verdict v;

	(void)state;
	words(true, false, false, false);
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 1);
	deliver_crl(0, &root, end.x509, -60, 3600);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	assert_non_null(strstr(v.why.text, "revoked"));
	stop(&w);
}

/* What is no list, nobody's, another's, or outdated is as good as none. */
static void useless_list(unsigned kind, bool strict)
{
	struct world w;
	struct verdict v;

	words(true, strict, false, false);
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 1);
	if (kind == 0)
		deliver(0, MS_ERR_TIMEOUT, ms_bytes(NULL, 0));
	else if (kind == 1)
		deliver(0, MS_OK, ms_bytes("nonsense", 8));
	else if (kind == 2) /* signed by another key, revoking: must not count */
		deliver_crl(0, &other_root, end.x509, -60, 3600);
	else
		deliver_crl(0, &root, NULL, -7200, -3600);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, strict ? MS_ERR_AUTH : MS_OK);
	if (strict)
		assert_non_null(strstr(v.why.text, "crl-strict"));
	/* the server is left alone for a while, then asked again */
	ask_for(&w, end.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(n_fetches, 1);
	clock_s += 31;
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 2);
	deliver_crl(1, &root, NULL, -60, 3600);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_OK);
	stop(&w);
}

static void test_useless_lists(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		useless_list(kind, false);
		useless_list(kind, true);
	}
}

/* A list in crls/ that ended: what it revokes stays revoked, that it is silent means nothing. */
static void test_stale_file(void **state)
{
	X509_CRL *crl = pki_crl(&root, (X509 *[]){ end.x509, NULL }, -7200, -3600);
	char path[256];
	struct world w;
	struct verdict v;

	(void)state;
	pki_write_crl(dir, "crls/root.pem", crl);
	X509_CRL_free(crl);
	words(false, false, false, false);
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	ask_for(&w, plain.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_OK);
	stop(&w);
	words(false, true, false, false);
	start(&w);
	ask_for(&w, plain.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	assert_non_null(strstr(v.why.text, "crl-strict"));
	stop(&w);
	snprintf(path, sizeof path, "%s/crls/root.pem", dir);
	assert_int_equal(remove(path), 0);
}

/* An older list never takes a newer one's place. */
static void test_no_way_back(void **state)
{
	struct world w;
	struct verdict v;

	(void)state;
	words(true, true, false, false);
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 1);
	deliver_crl(0, &root, end.x509, -60, 3600);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	w.ops->refresh(w.inst, MS_CREDS_CRLS);
	wait_fetches(&w, 2);
	deliver_crl(1, &root, NULL, -3600, 7200);
	while (((struct instance *)w.inst)->downloads != NULL)
		ms_loop_turn(w.loop, true);
	ask_for(&w, end.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	stop(&w);
}

/* --- CVE-2022-40617: nothing is fetched for a certificate whose chain is not trusted ------------- */

static void test_cve_2022_40617_no_fetch_before_trust(void **state)
{
	struct pki_cert stranger = with_addresses("west", &other_root);
	struct pki_cert self = with_addresses("west", NULL);
	struct world w;
	struct verdict v;

	(void)state;
	words(true, true, true, true);
	start(&w);
	ask_for(&w, stranger.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	ask_for(&w, self.x509, "@west", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	/* nor for one that is good, but somebody else's */
	ask_for(&w, end.x509, "@east", &v);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_ERR_AUTH);
	assert_int_equal(n_fetches, 0);
	stop(&w);
	pki_free(&stranger);
	pki_free(&self);
}

/* --- OCSP ------------------------------------------------------------------------------------------ */

static ms_err ocsp_case(const struct pki_cert *signer, int status, long from, long to,
	const uint8_t *request, size_t octets, X509 *about, const char **why)
{
	static struct verdict v;
	struct ms_bytes answer;
	struct world w;

	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 1);
	assert_string_equal(fetches[0].url, OCSP_URL);
	assert_int_equal(fetches[0].timeout_ms, 2000);
	answer = pki_ocsp(about, root.x509, signer, status, from, to,
		request != NULL ? request : octets != 0 ? NULL : fetches[0].body,
		request != NULL ? octets : fetches[0].body_octets);
	deliver(0, MS_OK, answer);
	OPENSSL_free((void *)(uintptr_t)answer.ptr);
	wait_verdict(&w, &v);
	*why = v.why.text;
	/* known now, good or bad */
	if (v.err == MS_OK || strstr(v.why.text, "revoked") != NULL) {
		ms_err before = v.err;

		ask_for(&w, end.x509, "@west", &v);
		wait_verdict(&w, &v);
		assert_int_equal(v.err, before);
		assert_int_equal(n_fetches, 1);
	}
	stop(&w);
	return v.err;
}

#define GOOD	V_OCSP_CERTSTATUS_GOOD
#define REVOKED V_OCSP_CERTSTATUS_REVOKED

static void test_ocsp(void **state)
{
	const char *why;
	struct ocsp_ask old;

	(void)state;
	words(false, false, true, true);
	assert_int_equal(ocsp_case(&root, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_OK);
	assert_int_equal(ocsp_case(&responder, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_OK);
	/* without the nonce: prepared in advance */
	assert_int_equal(ocsp_case(&root, GOOD, -60, 3600, NULL, 1, end.x509, &why), MS_OK);
	assert_int_equal(
		ocsp_case(&root, REVOKED, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	assert_non_null(strstr(why, "revoked, says the OCSP server"));
	assert_int_equal(ocsp_case(&root, V_OCSP_CERTSTATUS_UNKNOWN, -60, 3600, NULL, 0, end.x509,
				 &why),
		MS_ERR_AUTH);
	/* signed by nobody who may: a stranger, the end itself, a plain certificate of the CA */
	assert_int_equal(
		ocsp_case(&other_root, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	assert_int_equal(ocsp_case(&end, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	assert_int_equal(ocsp_case(&plain, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	assert_int_equal(
		ocsp_case(&appointed, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	/* outdated, not yet valid, about another, to another question */
	assert_int_equal(
		ocsp_case(&root, GOOD, -7200, -3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	assert_int_equal(ocsp_case(&root, GOOD, 3600, 7200, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	assert_int_equal(
		ocsp_case(&root, GOOD, -60, 3600, NULL, 0, plain.x509, &why), MS_ERR_AUTH);
	assert_int_equal(ocsp_ask(&old, end.x509, root.x509, NULL), MS_OK);
	assert_int_equal(ocsp_case(&root, GOOD, -60, 3600, old.der, (size_t)old.octets, end.x509,
				 &why),
		MS_ERR_AUTH);
	ocsp_ask_free(&old);
	/* what is not required may fail, but revoked is revoked */
	words(false, false, true, false);
	assert_int_equal(ocsp_case(&other_root, REVOKED, -60, 3600, NULL, 0, end.x509, &why), MS_OK);
	assert_int_equal(
		ocsp_case(&root, REVOKED, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
	/* a responder that the administrator appointed */
	words(false, false, true, true);
	setup_words.ocsp_uri = (char *)(uintptr_t)OCSP_URL;
	setup_words.ocsp_trustname = (char *)(uintptr_t)"appointed.pem";
	assert_int_equal(ocsp_case(&appointed, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_OK);
	assert_int_equal(
		ocsp_case(&other_root, GOOD, -60, 3600, NULL, 0, end.x509, &why), MS_ERR_AUTH);
}

static void test_ocsp_octets(void **state)
{
	struct ms_bytes whole = pki_ocsp(end.x509, root.x509, &root, GOOD, -60, 3600, NULL, 0);
	struct store *s = pki_store(dir, NULL, NULL);
	STACK_OF(X509) *chain = sk_X509_new_null();
	enum revocation r;
	struct ocsp_ask a;
	time_t until;

	(void)state;
	sk_X509_push(chain, end.x509);
	sk_X509_push(chain, root.x509);
	assert_int_equal(ocsp_ask(&a, end.x509, root.x509, NULL), MS_OK);
	for (size_t n = 0; n <= whole.len; n++) {
		uint8_t *copy = malloc(n + 1);
		ms_err err;

		memcpy(copy, whole.ptr, n);
		err = ocsp_read(&a, ms_bytes(copy, n), s, chain, NULL, time(NULL), &r, &until, NULL);
		assert_true((err == MS_OK) == (n == whole.len));
		free(copy);
	}
	ocsp_ask_free(&a);
	sk_X509_free(chain);
	store_unref(&s);
	OPENSSL_free((void *)(uintptr_t)whole.ptr);
}

static void test_get_url(void **state)
{
	struct ocsp_ask a;
	char *url;

	(void)state;
	assert_int_equal(ocsp_ask(&a, end.x509, root.x509, NULL), MS_OK);
	url = ocsp_get_url("http://a/", &a);
	assert_non_null(url);
	assert_true(strlen(url) <= 255 && strncmp(url, "http://a/M", 10) == 0);
	assert_null(strpbrk(url + 9, "+/="));
	free(url);
	{
		char server[300];

		memset(server, 'a', sizeof server);
		server[299] = '\0';
		assert_null(ocsp_get_url(server, &a));
	}
	ocsp_ask_free(&a);
}

/* --- ends ------------------------------------------------------------------------------------------ */

static void test_no_certificate(void **state)
{
	struct world w;
	struct verdict v;

	(void)state;
	words(false, false, false, false);
	start(&w);
	ask_for(&w, NULL, "@west", &v);
	assert_int_equal(v.calls, 1);
	assert_int_equal(v.err, MS_ERR_NO_CREDENTIAL);
	stop(&w);
}

/* Unloaded while a job or a server is asked: nobody is called any more, nothing is lost. */
static void test_unload_midway(void **state)
{
	struct world w;
	struct verdict v;

	(void)state;
	words(true, true, true, true);
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	stop(&w);
	assert_int_equal(v.calls, 0);
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 2);
	stop(&w);
	assert_int_equal(v.calls, 0);
	assert_false(fetches[0].open || fetches[1].open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_is_fetched),
		cmocka_unit_test(test_list_revokes),
		cmocka_unit_test(test_useless_lists),
		cmocka_unit_test(test_stale_file),
		cmocka_unit_test(test_no_way_back),
		cmocka_unit_test(test_cve_2022_40617_no_fetch_before_trust),
		cmocka_unit_test(test_ocsp),
		cmocka_unit_test(test_ocsp_octets),
		cmocka_unit_test(test_get_url),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_unload_midway),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

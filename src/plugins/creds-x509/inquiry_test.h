/* SPDX-License-Identifier: Apache-2.0 */
/* The whole plugin with a fetcher that the test is.  Included by test programs only, behind what
 * they include. */
#ifndef CREDS_X509_INQUIRY_TEST_H
#define CREDS_X509_INQUIRY_TEST_H

#pragma GCC diagnostic ignored "-Wunused-function"

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

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creds-x509: certificates of ipsec.d, chains, revocation.
 *
 *   store.c     files and what OpenSSL finds in them
 *   match.c     what a certificate says: identities, usage, keys
 *   chain.c     from a certificate to a CA that is trusted
 *   cache.c     revocation lists and OCSP answers that are known
 *   download.c  those on their way, through role fetch
 *   ocsp.c      requests and answers
 *   inquiry.c   is a peer's certificate good?
 *   own.c       our own certificate, and CERTREQ
 *   list.c      listings
 *
 * The instance and everything that waits belong to the loop's thread.  Chains are built and lists
 * are read in jobs, which hold a reference to an immutable store; the cache has a lock.  Private keys
 * are not handled here: they are in ipsec.secrets.
 *
 * Standards: RFC 5280, RFC 4945, RFC 6960.
 */
#include "x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static time_t wall_clock(void)
{
	return time(NULL);
}

static const struct ms_provider *fetcher(struct instance *in)
{
	const struct ms_services *sv = in->services;

	return sv->provider == NULL ? NULL : sv->provider(sv, MS_ROLE_FETCH, NULL, 0);
}

/* --- settings --- */

static const struct {
	uint32_t bits;
	int level; /* OpenSSL's security levels */
} levels[] = { { 80, 1 }, { 112, 2 }, { 128, 3 }, { 192, 4 }, { 256, 5 } };

static int auth_level(uint32_t bits)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (bits <= levels[i].bits)
			return levels[i].level;
	return 5;
}

static void take_setup(struct policy *p, struct ms_setup_desc *s)
{
	p->nocrsend = s->nocrsend;
	p->crl_strict = s->crl_strict;
	p->crl_interval_ms = s->crl_check_interval_ms;
	p->crl_timeout_ms = s->crl_timeout_ms;
	p->ocsp_enable = s->ocsp_enable;
	p->ocsp_strict = s->ocsp_strict;
	p->ocsp_post = s->ocsp_post;
	p->ocsp_timeout_ms = s->ocsp_timeout_ms;
	p->ocsp_min_age = (time_t)(s->ocsp_cache_min_age_ms / 1000);
	p->ocsp_max_age = (time_t)(s->ocsp_cache_max_age_ms / 1000);
	p->ocsp_size = s->ocsp_cache_size;
	p->ocsp_uri = s->ocsp_uri != NULL ? strdup(s->ocsp_uri) : NULL;
	p->ocsp_trustname = s->ocsp_trustname != NULL ? strdup(s->ocsp_trustname) : NULL;
	p->iface = s->curl_iface != NULL ? strdup(s->curl_iface) : NULL;
}

static char *join(const char *dir, const char *name)
{
	char *path;

	if (name[0] == '/')
		return strdup(name);
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* What config setup says; its errors are told where it is read for itself. */
static char *read_settings(const struct instance *in, struct policy *policy)
{
	const struct ms_services *sv = in->services;
	const struct ms_provider *p =
		sv->provider == NULL ? NULL : sv->provider(sv, MS_ROLE_CONFIG, NULL, 0);
	const struct ms_config_ops *config = p == NULL ? NULL : p->ops;
	const char *dir = in->conf->dir;
	struct ms_setup_desc setup;
	char *path;
	bool have = config != NULL && config->setup(p->instance, &setup, NULL) == MS_OK;

	*policy = policy_defaults();
	policy->auth_level = auth_level(in->conf->security_bits);
	if (have)
		take_setup(policy, &setup);
	if (dir == NULL && have)
		dir = setup.ipsecdir;
	path = join(sv->confdir, dir != NULL ? dir : "ipsec.d");
	if (have)
		config->setup_free(p->instance, &setup);
	return path;
}

/* --- reading the files --- */

static bool passphrase(void *arg, const char *path, struct ms_bytes *out)
{
	const struct instance *in = arg;
	const struct ms_services *sv = in->services;
	const struct ms_provider *p;

	for (unsigned i = 0; sv->provider != NULL &&
			     (p = sv->provider(sv, MS_ROLE_CREDS, NULL, i)) != NULL;
		i++) {
		const struct ms_creds_ops *ops = p->ops;

		if (ops->passphrase != NULL && ops->passphrase(p->instance, path, out))
			return true;
	}
	return false;
}

static void check_again(void *arg)
{
	struct instance *in = arg;

	crls_refresh(in, false);
	if (in->store->policy.crl_interval_ms > 0)
		ms_timer_set(in->timer, in->store->policy.crl_interval_ms);
}

static void log_line(void *arg, const char *text)
{
	const struct instance *in = arg;

	ms_info(in->services->log, "%s", text);
}

struct two_ways {
	struct instance *in;
	ms_creds_line_f *line;
	void *arg;
};

static void log_and_tell(void *arg, const char *text)
{
	const struct two_ways *w = arg;

	log_line(w->in, text);
	if (w->line != NULL)
		w->line(w->arg, text);
}

/* All of them: telling which file belongs to which kind is not worth keeping old ones. */
static ms_err read_all(struct instance *in, ms_creds_line_f *line, void *arg, struct ms_why *why)
{
	struct two_ways both = { in, line, arg };
	struct policy policy;
	char *dir = read_settings(in, &policy);
	struct store_from from = { dir, passphrase, in, log_and_tell, &both };
	struct store *fresh = NULL;
	ms_err err = dir == NULL ? MS_ERR_NOMEM : store_read(&fresh, &from, why);

	free(dir);
	if (err != MS_OK) {
		policy_free(&policy);
		return err;
	}
	fresh->policy = policy;
	own_forget(in);
	store_unref(&in->store);
	in->store = fresh;
	if (policy.crl_interval_ms > 0)
		ms_timer_set(in->timer, policy.crl_interval_ms);
	else
		ms_timer_stop(in->timer);
	return MS_OK;
}

/* --- the role --- */

static ms_err reread_some(
	void *inst, uint32_t kinds, ms_creds_line_f *line, void *arg, struct ms_why *why)
{
	/* Secrets too: what is new there may open a PKCS#12 file. */
	return kinds == 0 ? MS_OK : read_all(inst, line, arg, why);
}

static void refresh(void *inst, uint32_t kinds)
{
	struct instance *in = inst;

	if (kinds & MS_CREDS_OCSP)
		cache_forget_ocsp(&in->cache);
	if (kinds & MS_CREDS_CRLS)
		crls_refresh(in, true);
}

static void peer_cert(void *inst, const struct ms_cert_wish *wish, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, ms_creds_peer_f *done, void *arg)
{
	inquire(inst, wish, peer, certs, n, done, arg);
}

static ms_err cert_subject(void *inst, const char *cert, struct ms_id *out, struct ms_why *why)
{
	const struct instance *in = inst;
	const struct cert *c = store_named(in->store, cert, IN_CERTS);

	if (c == NULL)
		return ms_fail(why, MS_ERR_NO_CREDENTIAL, "no certificate \"%.200s\" in certs", cert);
	if (X509_NAME_entry_count(X509_get_subject_name(c->x509)) == 0)
		return ms_fail(why, MS_ERR_NO_CREDENTIAL, "\"%.200s\" has no subject", cert);
	return name_to_id(X509_get_subject_name(c->x509), out);
}

/* --- the plugin --- */

static void instance_free(struct instance *in)
{
	own_forget(in);
	store_unref(&in->store);
	cache_free(&in->cache);
	free(in);
}

void job_over(struct instance *in)
{
	in->jobs--;
	if (in->closing && in->jobs == 0)
		instance_free(in);
}

static void unload(void **instance)
{
	struct instance *in = *instance;

	if (in == NULL)
		return;
	*instance = NULL;
	ms_timer_free(&in->timer);
	inquiries_free(in);
	downloads_free(in);
	in->closing = true;
	if (in->jobs == 0)
		instance_free(in);
}

/* What cannot be read is told; certificates may come later. */
static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	struct instance *in = calloc(1, sizeof *in);
	void *made = in;
	ms_err err;

	if (in == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	in->services = services;
	in->conf = conf;
	in->clock = wall_clock;
	in->fetcher = fetcher;
	cache_init(&in->cache);
	in->timer = ms_timer_new(services->loop, check_again, in);
	err = in->timer == NULL ? MS_ERR_NOMEM : read_all(in, NULL, NULL, why);
	if (err != MS_OK) {
		unload(&made);
		return err;
	}
	*instance_r = in;
	return MS_OK;
}

static const struct ms_creds_ops ops = {
	.size = sizeof ops,
	.own_cert = own_cert,
	.peer_cert = peer_cert,
	.ca_hashes = ca_hashes,
	.ca_fits = ca_fits,
	.cert_subject = cert_subject,
	.reread_some = reread_some,
	.list_some = list_some,
	.refresh = refresh,
};

static const struct ms_feature features[] = {
	MS_PROVIDES(CREDS, "x509", &ops),
	MS_NEEDS(CRYPTO, NULL),
	MS_USES(CONFIG, NULL),	      /* config setup */
	MS_USES(CREDS, "secrets"),    /* passphrases */
	MS_USES(FETCH, NULL),	      /* revocation lists, OCSP */
	MS_FEATURES_END,
};

static const struct ms_conf_key keys[] = {
	MS_KEY_STRING(struct settings, dir, "directory",
		.brief = "the folder with certs, cacerts, ocspcerts and crls",
		.text = "Without it, ipsecdir= of config setup, and without that ipsec.d."),
	MS_KEY_UINT(struct settings, security_bits, "security-bits", .min = 80, .max = 256,
		.def = 112, .unit = "bits",
		.brief = "strength that keys and signatures of every certificate must have",
		.text = "112 asks for RSA keys of 2048 bits and refuses SHA-1; 128 asks for 3072, 192 "
			"for 7680.  80 takes RSA keys of 1024 bits, for old peers."),
	MS_KEY_END,
};

MS_PLUGIN(creds_x509, "creds-x509", .summary = "X.509 certificates, CRLs and OCSP",
	.features = features, .keys = keys, .conf_size = sizeof(struct settings), .load = load,
	.unload = unload, );

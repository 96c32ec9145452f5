/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation lists and OCSP answers on their way.
 *
 * Whatever waits for the same octets waits for one request.  What came is read and verified in a
 * job, since a list may be large, and goes into the cache; then those who waited are told, without
 * being told whether it was of use: they look into the cache.  A server that gave nothing useful is
 * left alone for a while, so that it costs one peer its time and not all of them.
 *
 * Only addresses out of certificates whose chain was verified come here.
 */
#include "x509.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENALTY_S 30

struct waiter {
	struct waiter *next;
	downloaded_f *done;
	void *arg;
};

struct download {
	struct download *next;
	struct instance *in;
	struct store *store;
	char *key, *url;
	X509 *cert, *issuer;
	STACK_OF(X509) *chain;
	struct ocsp_ask ask; /* of OCSP; der NULL: a list */
	struct ms_fetch *fetch;
	struct waiter *waiters;
	bool orphan; /* the instance goes */
	bool came;   /* the server answered, with whatever */

	/* of the job */
	struct ms_secret octets;
	time_t now;
	ms_err err;
	struct ms_why why;
};

static void unlink_download(struct download *d)
{
	struct download **at = &d->in->downloads;

	while (*at != NULL && *at != d)
		at = &(*at)->next;
	if (*at == d)
		*at = d->next;
}

static void download_free(struct download *d)
{
	while (d->waiters != NULL) {
		struct waiter *w = d->waiters;

		d->waiters = w->next;
		free(w);
	}
	ms_secret_free(&d->octets);
	X509_free(d->cert);
	X509_free(d->issuer);
	sk_X509_pop_free(d->chain, X509_free);
	if (d->ask.request != NULL)
		ocsp_ask_free(&d->ask);
	store_unref(&d->store);
	free(d->key);
	free(d->url);
	free(d);
}

/* --- what came ------------------------------------------------------------------------------- */

static void over(struct download *d)
{
	struct instance *in = d->in;
	struct waiter *waiters = d->waiters;

	if (d->err != MS_OK) {
		ms_notice(in->services->log, "%s: %s", d->url, ms_why_text(&d->why, d->err));
		/* A server that does not answer does so for all certificates. */
		cache_failed(&in->cache, d->came ? d->key : d->url, in->clock() + PENALTY_S);
	} else {
		in->arrivals++;
	}
	unlink_download(d);
	d->waiters = NULL;
	download_free(d);
	while (waiters != NULL) {
		struct waiter *w = waiters;

		waiters = w->next;
		w->done(w->arg);
		free(w);
	}
}

static void read_crl(struct download *d)
{
	X509_CRL *crl = crl_in(ms_bytes(d->octets.ptr, d->octets.len));
	const ASN1_TIME *next = crl != NULL ? X509_CRL_get0_nextUpdate(crl) : NULL;

	if (crl == NULL)
		d->err = ms_fail(&d->why, MS_ERR_SYNTAX, "no revocation list");
	else if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(d->issuer)) != 0)
		d->err = ms_fail(&d->why, MS_ERR_AUTH, "the list is another issuer's");
	else if (X509_CRL_verify(crl, X509_get0_pubkey(d->issuer)) != 1)
		d->err = ms_fail(&d->why, MS_ERR_AUTH, "the list's signature is wrong");
	else if (next != NULL && X509_cmp_time(next, &d->now) < 0)
		d->err = ms_fail(&d->why, MS_ERR_AUTH, "the list is outdated");
	ERR_clear_error();
	if (d->err != MS_OK || !X509_up_ref(d->issuer)) {
		X509_CRL_free(crl);
		return;
	}
	if (!cache_put_crl(&d->in->cache, crl, d->issuer, d->url))
		d->err = ms_fail(&d->why, MS_ERR_AUTH, "the list is older than the one that is here");
}

static void read_ocsp(struct download *d)
{
	const struct policy *p = &d->store->policy;
	const struct cert *responder = NULL;
	enum revocation state = REV_UNKNOWN;
	uint8_t key[CERT_KEY_OCTETS];
	time_t until = 0;

	if (p->ocsp_trustname != NULL) {
		responder = store_named(d->store, p->ocsp_trustname, IN_OCSPCERTS);
		if (responder == NULL)
			responder = store_named(d->store, p->ocsp_trustname, IN_CERTS);
	}
	d->err = ocsp_read(&d->ask, ms_bytes(d->octets.ptr, d->octets.len), d->store, d->chain,
		responder != NULL ? responder->x509 : NULL, d->now, &state, &until, &d->why);
	if (d->err != MS_OK)
		return;
	cert_key(d->cert, d->issuer, key);
	cache_put_ocsp(&d->in->cache, key, state, until, p->ocsp_size);
}

static void work(void *arg)
{
	struct download *d = arg;

	if (d->ask.request != NULL)
		read_ocsp(d);
	else
		read_crl(d);
}

static void worked(void *arg, bool cancelled)
{
	struct download *d = arg;
	struct instance *in = d->in;

	(void)cancelled;
	if (d->orphan)
		download_free(d);
	else
		over(d);
	job_over(in);
}

static void came(void *arg, ms_err err, struct ms_bytes octets, const struct ms_why *why)
{
	struct download *d = arg;

	d->fetch = NULL;
	if (d->orphan) {
		download_free(d);
		return;
	}
	d->came = err == MS_OK;
	d->err = err;
	if (err != MS_OK)
		ms_fail(&d->why, err, "%s", ms_why_text(why, err));
	else if (!ms_secret_set(&d->octets, octets))
		d->err = MS_ERR_NOMEM;
	d->now = d->in->clock();
	if (d->err == MS_OK && ms_job_submit(d->in->services->loop, work, worked, d) != NULL) {
		d->in->jobs++;
		return;
	}
	if (d->err == MS_OK)
		d->err = MS_ERR_NOMEM;
	over(d);
}

/* --- asking ------------------------------------------------------------------------------------ */

static bool send_request(struct download *d)
{
	struct instance *in = d->in;
	const struct ms_provider *p = in->fetcher(in);
	const struct ms_fetch_ops *ops = p != NULL ? p->ops : NULL;
	const struct policy *policy = &d->store->policy;
	bool ocsp = d->ask.request != NULL;
	struct ms_fetch_request r = { .url = d->url,
		.max_octets = ocsp ? MAX_OCSP_OCTETS : MAX_CRL_OCTETS,
		.timeout_ms = ocsp ? policy->ocsp_timeout_ms : policy->crl_timeout_ms,
		.interface = policy->iface,
		.accept = ocsp ? "application/ocsp-response" : NULL };
	char *get = ocsp && !policy->ocsp_post ? ocsp_get_url(d->url, &d->ask) : NULL;
	ms_err err;

	if (get != NULL) {
		r.url = get;
	} else if (ocsp) {
		r.body = ms_bytes(d->ask.der, (size_t)d->ask.octets);
		r.content_type = "application/ocsp-request";
	}
	err = ops != NULL ? ops->get(p->instance, &r, &d->fetch, came, d, &d->why)
			  : ms_fail(&d->why, MS_ERR_UNSUPPORTED, "no plugin fetches URLs");
	free(get);
	if (err != MS_OK) {
		ms_notice(in->services->log, "%s: %s", d->url, ms_why_text(&d->why, err));
		cache_failed(&in->cache, d->key, in->clock() + PENALTY_S);
	}
	return err == MS_OK;
}

static struct download *download_new(struct instance *in, const struct wanted *w, const char *key)
{
	struct download *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->in = in;
	d->store = store_ref(in->store);
	d->key = strdup(key);
	d->url = strdup(w->url);
	d->chain = w->chain != NULL ? X509_chain_up_ref(w->chain) : NULL;
	if (w->cert != NULL && X509_up_ref(w->cert))
		d->cert = w->cert;
	if (X509_up_ref(w->issuer))
		d->issuer = w->issuer;
	if (d->key == NULL || d->url == NULL || d->issuer == NULL ||
		(w->ocsp && ocsp_ask(&d->ask, w->cert, w->issuer, &d->why) != MS_OK)) {
		download_free(d);
		return NULL;
	}
	return d;
}

static void key_of(const struct wanted *w, char *out, size_t size)
{
	uint8_t key[CERT_KEY_OCTETS];
	size_t n;

	if (!w->ocsp) {
		snprintf(out, size, "%s", w->url);
		return;
	}
	cert_key(w->cert, w->issuer, key);
	n = (size_t)snprintf(out, size, "%s ", w->url);
	for (unsigned i = 0; i < sizeof key && n + 2 < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%02x", key[i]);
}

static bool join(struct download *d, downloaded_f *done, void *arg)
{
	struct waiter *w = done != NULL ? malloc(sizeof *w) : NULL;

	if (w == NULL)
		return done == NULL;
	*w = (struct waiter){ d->waiters, done, arg };
	d->waiters = w;
	return true;
}

bool download(struct instance *in, const struct wanted *w, downloaded_f *done, void *arg)
{
	char key[MS_FETCH_URL_MAX + 80];
	struct download *d = in->downloads;

	if (strlen(w->url) > MS_FETCH_URL_MAX)
		return false;
	key_of(w, key, sizeof key);
	if (cache_has_failed(&in->cache, key, in->clock()) ||
		cache_has_failed(&in->cache, w->url, in->clock()))
		return false;
	while (d != NULL && strcmp(d->key, key) != 0)
		d = d->next;
	if (d != NULL)
		return join(d, done, arg);
	d = download_new(in, w, key);
	if (d == NULL)
		return false;
	if (!join(d, done, arg) || !send_request(d)) {
		download_free(d);
		return false;
	}
	d->next = in->downloads;
	in->downloads = d;
	return true;
}

void download_forget(struct instance *in, void *arg)
{
	for (struct download *d = in->downloads; d != NULL; d = d->next)
		for (struct waiter **at = &d->waiters; *at != NULL;) {
			struct waiter *w = *at;

			if (w->arg == arg) {
				*at = w->next;
				free(w);
			} else {
				at = &w->next;
			}
		}
}

void downloads_free(struct instance *in)
{
	const struct ms_provider *p = in->fetcher(in);

	while (in->downloads != NULL) {
		struct download *d = in->downloads;

		in->downloads = d->next;
		if (d->fetch != NULL && p != NULL) {
			const struct ms_fetch_ops *ops = p->ops;

			ops->cancel(p->instance, &d->fetch);
			download_free(d);
		} else {
			d->orphan = true; /* its job, or who fetches, still holds it */
		}
	}
}

/* --- again --------------------------------------------------------------------------------------- */

struct again {
	struct again *next;
	X509 *issuer;
	char *url;
};

/* The cache's list may change as soon as something came, so addresses are copied first. */
static struct again *those_to_fetch(struct instance *in, bool all)
{
	time_t soon = in->clock() + (time_t)(2 * in->store->policy.crl_interval_ms / 1000);
	struct again *list = NULL;

	pthread_mutex_lock(&in->cache.lock);
	for (struct crl_entry *e = in->cache.crls; e != NULL; e = e->next) {
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(e->crl);
		struct again *a;

		if (!all && next != NULL && X509_cmp_time(next, &soon) > 0)
			continue;
		a = malloc(sizeof *a);
		if (a == NULL || !X509_up_ref(e->issuer)) {
			free(a);
			break;
		}
		*a = (struct again){ list, e->issuer, strdup(e->url) };
		list = a;
	}
	pthread_mutex_unlock(&in->cache.lock);
	return list;
}

void crls_refresh(struct instance *in, bool all)
{
	struct again *a = those_to_fetch(in, all);

	while (a != NULL) {
		struct again *next = a->next;
		struct wanted w = { .issuer = a->issuer, .url = a->url };

		if (a->url != NULL)
			(void)download(in, &w, NULL, NULL);
		X509_free(a->issuer);
		free(a->url);
		free(a);
		a = next;
	}
}

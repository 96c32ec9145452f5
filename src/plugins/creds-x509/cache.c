/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was learnt about revocation: lists that were fetched, answers of OCSP servers, servers that
 * did not answer.  Jobs look here too, so there is a lock; nothing is done under it but looking.
 */
#include "x509.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

void cache_init(struct cache *c)
{
	memset(c, 0, sizeof *c);
	pthread_mutex_init(&c->lock, NULL);
}

static void crl_entry_free(struct crl_entry *e)
{
	X509_CRL_free(e->crl);
	X509_free(e->issuer);
	free(e->url);
	free(e);
}

void cache_free(struct cache *c)
{
	cache_forget_ocsp(c);
	while (c->crls != NULL) {
		struct crl_entry *e = c->crls;

		c->crls = e->next;
		crl_entry_free(e);
	}
	while (c->failed != NULL) {
		struct failed *f = c->failed;

		c->failed = f->next;
		free(f);
	}
	pthread_mutex_destroy(&c->lock);
}

/* --- lists --- */

/* Lists of one issuer may come from several places and speak of different certificates. */
static struct crl_entry **find_crl(struct cache *c, const X509_CRL *crl, const char *url)
{
	struct crl_entry **at = &c->crls;

	while (*at != NULL && (strcmp((*at)->url, url) != 0 ||
				      X509_NAME_cmp(X509_CRL_get_issuer((*at)->crl),
					      X509_CRL_get_issuer(crl)) != 0))
		at = &(*at)->next;
	return at;
}

bool cache_put_crl(struct cache *c, X509_CRL *crl, X509 *issuer, const char *url)
{
	struct crl_entry *e = malloc(sizeof *e), **at, *old = e;

	if (e != NULL)
		*e = (struct crl_entry){ NULL, crl, strdup(url), issuer };
	if (e == NULL || e->url == NULL) {
		X509_CRL_free(crl);
		X509_free(issuer);
		free(e);
		return false;
	}
	pthread_mutex_lock(&c->lock);
	at = find_crl(c, crl, url);
	/* RFC 5280 s6.3.3 does not say so, but going back would undo a revocation. */
	if (*at == NULL || ASN1_TIME_compare(X509_CRL_get0_lastUpdate((*at)->crl),
				   X509_CRL_get0_lastUpdate(crl)) <= 0) {
		old = *at;
		e->next = old != NULL ? old->next : NULL;
		*at = e;
	}
	pthread_mutex_unlock(&c->lock);
	if (old != NULL)
		crl_entry_free(old);
	return old != e;
}

static bool push(STACK_OF(X509_CRL) *to, X509_CRL *crl)
{
	if (!X509_CRL_up_ref(crl))
		return false;
	if (sk_X509_CRL_push(to, crl) > 0)
		return true;
	X509_CRL_free(crl);
	return false;
}

STACK_OF(X509_CRL) *cache_crls(struct cache *c, const struct store *s)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	bool ok = all != NULL;

	for (int i = 0; ok && i < sk_X509_CRL_num(s->crls); i++)
		ok = push(all, sk_X509_CRL_value(s->crls, i));
	pthread_mutex_lock(&c->lock);
	for (struct crl_entry *e = c->crls; ok && e != NULL; e = e->next)
		ok = push(all, e->crl);
	pthread_mutex_unlock(&c->lock);
	if (!ok) {
		sk_X509_CRL_pop_free(all, X509_CRL_free);
		return NULL;
	}
	return all;
}

static bool fresh_for(const X509_CRL *crl, X509 *cert, time_t now)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

	return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(cert)) == 0 &&
	       X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &now) < 0 &&
	       (next == NULL || X509_cmp_time(next, &now) > 0);
}

bool cache_has_fresh_crl(struct cache *c, const struct store *s, X509 *cert, time_t now)
{
	bool found = false;

	for (int i = 0; i < sk_X509_CRL_num(s->crls) && !found; i++)
		found = fresh_for(sk_X509_CRL_value(s->crls, i), cert, now);
	pthread_mutex_lock(&c->lock);
	for (struct crl_entry *e = c->crls; e != NULL && !found; e = e->next)
		found = fresh_for(e->crl, cert, now);
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* --- OCSP --- */

/* Issuer (name and key) and serial number, as RFC 6960 s4.1.1 names a certificate. */
void cert_key(X509 *cert, X509 *issuer, uint8_t key[CERT_KEY_OCTETS])
{
	uint8_t hash[MS_CA_HASH_OCTETS], *name = NULL;
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	int len = i2d_X509_NAME(X509_get_subject_name(issuer), &name);
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	memset(key, 0, CERT_KEY_OCTETS);
	spki_sha1(issuer, hash);
	if (md != NULL && len > 0 && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1) {
		EVP_DigestUpdate(md, hash, sizeof hash);
		EVP_DigestUpdate(md, name, (size_t)len);
		EVP_DigestUpdate(md, ASN1_STRING_get0_data(serial),
			(size_t)ASN1_STRING_length(serial));
		EVP_DigestFinal_ex(md, key, NULL);
	}
	EVP_MD_CTX_free(md);
	OPENSSL_free(name);
	ERR_clear_error();
}

static struct ocsp_entry **find_ocsp(struct cache *c, const uint8_t *key)
{
	struct ocsp_entry **at = &c->ocsp[key[0] % OCSP_BUCKETS];

	while (*at != NULL && memcmp((*at)->key, key, CERT_KEY_OCTETS) != 0)
		at = &(*at)->next;
	return at;
}

void cache_put_ocsp(struct cache *c, const uint8_t key[CERT_KEY_OCTETS], enum revocation state,
	time_t until, uint32_t max)
{
	struct ocsp_entry **at, *e;

	pthread_mutex_lock(&c->lock);
	at = find_ocsp(c, key);
	/* Full: the bucket's last one goes, which came first. */
	if (*at == NULL && c->n_ocsp >= max && c->ocsp[key[0] % OCSP_BUCKETS] != NULL) {
		at = &c->ocsp[key[0] % OCSP_BUCKETS];
		while ((*at)->next != NULL)
			at = &(*at)->next;
	}
	e = *at;
	if (e != NULL) {
		*at = e->next;
		c->n_ocsp--;
	} else if (c->n_ocsp < max || c->ocsp[key[0] % OCSP_BUCKETS] == NULL) {
		e = calloc(1, sizeof *e);
	}
	if (e != NULL) {
		memcpy(e->key, key, CERT_KEY_OCTETS);
		e->state = state;
		e->until = until;
		e->next = c->ocsp[key[0] % OCSP_BUCKETS];
		c->ocsp[key[0] % OCSP_BUCKETS] = e;
		c->n_ocsp++;
	}
	pthread_mutex_unlock(&c->lock);
}

enum revocation cache_ocsp(struct cache *c, const uint8_t key[CERT_KEY_OCTETS], time_t now)
{
	enum revocation state = REV_UNKNOWN;
	struct ocsp_entry *e;

	pthread_mutex_lock(&c->lock);
	e = *find_ocsp(c, key);
	if (e != NULL && e->until > now)
		state = e->state;
	pthread_mutex_unlock(&c->lock);
	return state;
}

void cache_forget_ocsp(struct cache *c)
{
	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < OCSP_BUCKETS; i++)
		while (c->ocsp[i] != NULL) {
			struct ocsp_entry *e = c->ocsp[i];

			c->ocsp[i] = e->next;
			free(e);
		}
	c->n_ocsp = 0;
	pthread_mutex_unlock(&c->lock);
}

/* --- servers that do not answer --- */

#define MAX_FAILED 256

static void drop_old(struct cache *c, time_t now)
{
	unsigned n = 0;

	for (struct failed **at = &c->failed; *at != NULL;) {
		struct failed *f = *at;

		if (f->until > now && ++n < MAX_FAILED) {
			at = &f->next;
		} else {
			*at = f->next;
			free(f);
		}
	}
}

void cache_failed(struct cache *c, const char *key, time_t until)
{
	struct failed *f = malloc(sizeof *f + strlen(key) + 1);

	if (f == NULL)
		return;
	strcpy(f->key, key);
	f->until = until;
	pthread_mutex_lock(&c->lock);
	f->next = c->failed;
	c->failed = f;
	pthread_mutex_unlock(&c->lock);
}

bool cache_has_failed(struct cache *c, const char *key, time_t now)
{
	bool found = false;

	pthread_mutex_lock(&c->lock);
	drop_old(c, now);
	for (struct failed *f = c->failed; f != NULL && !found; f = f->next)
		found = strcmp(f->key, key) == 0;
	pthread_mutex_unlock(&c->lock);
	return found;
}

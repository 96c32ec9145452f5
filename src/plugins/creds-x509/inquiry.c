/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a peer's certificate good?
 *
 *	job: parse, chain, identity ---- wrong ----------------> no
 *	  |
 *	  what of revocation is not known and can be fetched? -- nothing --+
 *	  |                                                                |
 *	loop: fetch, several at once                                       |
 *	  |                                                                |
 *	job: the same again, with what came ----------------------------> verdict
 *
 * Nothing that a certificate names is fetched before its chain has been verified (CVE-2022-40617).
 * The second look builds the chain anew: files may have been read again meanwhile, and it costs less
 * than keeping both in step.
 */
#include "x509.h"

#include <modswan/registry.h>

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#define MAX_NEEDS (2 * (MAX_DEPTH + 1))

struct need {
	int at; /* in the chain */
	bool ocsp;
	char *url;
};

struct inquiry {
	struct inquiry *next;
	struct instance *in;
	bool orphan;
	ms_creds_peer_f *done;
	void *arg;

	struct store *store;
	struct ms_id peer;
	X509_NAME *ca;
	X509 *pinned;
	bool require_id;
	struct ms_bytes certs[MS_MAX_CERTS];
	unsigned n_certs;
	time_t now;

	/* of the job */
	bool last_look;
	STACK_OF(X509) *chain;
	struct need need[MAX_NEEDS];
	unsigned n_needs;
	struct ms_pubkey *key;
	ms_err err;
	struct ms_why why;

	unsigned pending;
	unsigned arrivals; /* in->arrivals when the job began */
	bool again;
	uint8_t octets[];
};

/* --- in a job: what is needed ------------------------------------------------------------------ */

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* The text of a URI name without zero octets inside; NULL: none. */
static char *uri_of(const GENERAL_NAME *name)
{
	const ASN1_STRING *text = name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
	size_t len = text != NULL ? (size_t)ASN1_STRING_length(text) : 0;
	const uint8_t *octets = text != NULL ? ASN1_STRING_get0_data(text) : NULL;
	char *url;

	if (len == 0 || len > MS_FETCH_URL_MAX)
		return NULL;
	for (size_t i = 0; i < len; i++)
		if (octets[i] <= ' ' || octets[i] >= 0x7f)
			return NULL;
	url = strndup((const char *)octets, len);
	if (url != NULL && !is_http(url)) {
		free(url);
		return NULL;
	}
	return url;
}

static char *crl_url(struct inquiry *q, X509 *cert)
{
	STACK_OF(DIST_POINT) *points =
		X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	char *url = NULL;

	for (int i = 0; i < sk_DIST_POINT_num(points) && url == NULL; i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);
		const GENERAL_NAMES *names = p->distpoint != NULL && p->distpoint->type == 0 ?
						     p->distpoint->name.fullname : NULL;

		/* indirect lists are not used */
		for (int k = 0; p->CRLissuer == NULL && k < sk_GENERAL_NAME_num(names) && url == NULL;
			k++) {
			url = uri_of(sk_GENERAL_NAME_value(names, k));
			if (url != NULL && cache_has_failed(&q->in->cache, url, q->now)) {
				free(url);
				url = NULL;
			}
		}
	}
	sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	ERR_clear_error();
	return url;
}

static char *ocsp_url(struct inquiry *q, X509 *cert)
{
	AUTHORITY_INFO_ACCESS *list;
	char *url = NULL;

	if (q->store->policy.ocsp_uri != NULL)
		return strdup(q->store->policy.ocsp_uri);
	list = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(list) && url == NULL; i++) {
		const ACCESS_DESCRIPTION *a = sk_ACCESS_DESCRIPTION_value(list, i);

		if (OBJ_obj2nid(a->method) == NID_ad_OCSP)
			url = uri_of(a->location);
	}
	AUTHORITY_INFO_ACCESS_free(list);
	ERR_clear_error();
	return url;
}

static void add_need(struct inquiry *q, int at, bool ocsp, char *url)
{
	if (url != NULL && q->n_needs < MAX_NEEDS)
		q->need[q->n_needs++] = (struct need){ at, ocsp, url };
	else
		free(url);
}

static void find_needs(struct inquiry *q)
{
	const struct policy *p = &q->store->policy;

	for (int i = 0; i + 1 < sk_X509_num(q->chain); i++) {
		X509 *cert = sk_X509_value(q->chain, i), *issuer = sk_X509_value(q->chain, i + 1);
		uint8_t key[CERT_KEY_OCTETS];

		if (p->ocsp_enable) {
			cert_key(cert, issuer, key);
			if (cache_ocsp(&q->in->cache, key, q->now) == REV_UNKNOWN)
				add_need(q, i, true, ocsp_url(q, cert));
		}
		if (p->crl_interval_ms > 0 &&
			!cache_has_fresh_crl(&q->in->cache, q->store, cert, q->now))
			add_need(q, i, false, crl_url(q, cert));
	}
}

/* --- in a job: the verdict -------------------------------------------------------------------- */

static ms_err not_good(struct inquiry *q, X509 *cert, const char *text)
{
	char name[MS_ID_TEXT];

	name_text(X509_get_subject_name(cert), name, sizeof name);
	return ms_fail(&q->why, MS_ERR_AUTH, "certificate of '%.200s': %s", name, text);
}

static ms_err judge(struct inquiry *q, int i, enum revocation by_list)
{
	const struct policy *p = &q->store->policy;
	X509 *cert = sk_X509_value(q->chain, i);
	enum revocation by_ocsp = REV_UNKNOWN;
	uint8_t key[CERT_KEY_OCTETS];
	char *url;
	bool asked;

	if (p->ocsp_enable) {
		cert_key(cert, sk_X509_value(q->chain, i + 1), key);
		by_ocsp = cache_ocsp(&q->in->cache, key, q->now);
	}
	if (by_list == REV_REVOKED)
		return not_good(q, cert, "revoked by its issuer's list");
	if (by_ocsp == REV_REVOKED)
		return not_good(q, cert, "revoked, says the OCSP server");
	if (by_ocsp == REV_GOOD)
		return MS_OK;
	/* An issuer whose certificate names no server is left to the lists. */
	url = p->ocsp_enable && p->ocsp_strict && i > 0 ? ocsp_url(q, cert) : NULL;
	asked = p->ocsp_enable && p->ocsp_strict && (i == 0 || url != NULL);
	free(url);
	if (asked)
		return not_good(q, cert, "no OCSP server says that it is good (ocsp-strict=yes)");
	if (p->crl_strict && by_list != REV_GOOD)
		return not_good(q, cert,
			"no valid revocation list says that it is good (crl-strict=yes)");
	return MS_OK;
}

static ms_err check_revocation(struct inquiry *q, const struct chain_request *r)
{
	STACK_OF(X509_CRL) *crls = cache_crls(&q->in->cache, q->store);
	enum revocation by_list[MAX_DEPTH + 2] = { REV_UNKNOWN };
	ms_err err = crls == NULL ? MS_ERR_NOMEM : MS_OK;

	if (err == MS_OK && sk_X509_CRL_num(crls) > 0)
		err = chain_crl_check(r, q->chain, crls, by_list, &q->why);
	for (int i = 0; i + 1 < sk_X509_num(q->chain) && i <= MAX_DEPTH && err == MS_OK; i++)
		err = judge(q, i, by_list[i]);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return err;
}

static void forget_key(struct inquiry *q)
{
	if (q->key != NULL && ms_sign() != NULL)
		ms_sign()->pubkey_free(&q->key);
	q->key = NULL;
}

static ms_err take_key(struct inquiry *q, X509 *cert)
{
	forget_key(q);
	return cert_pubkey(cert, &q->key, &q->why);
}

/* --- in a job: everything ---------------------------------------------------------------------- */

/* The end's own comes first (RFC 7296 s3.6); what is no certificate is left out behind it. */
static ms_err parse(struct inquiry *q, X509 **end, STACK_OF(X509) **others)
{
	*others = sk_X509_new_null();
	*end = NULL;
	if (*others == NULL)
		return MS_ERR_NOMEM;
	for (unsigned i = 0; i < q->n_certs; i++) {
		X509 *cert = cert_of_der(q->certs[i]);

		if (i == 0 && cert == NULL)
			return ms_fail(&q->why, MS_ERR_AUTH, "the peer's certificate is malformed");
		if (cert == NULL)
			continue;
		if (i == 0)
			*end = cert;
		else if (!sk_X509_push(*others, cert))
			X509_free(cert);
	}
	return MS_OK;
}

static ms_err check_pin(struct inquiry *q, X509 **end)
{
	if (q->pinned == NULL)
		return MS_OK;
	if (*end == NULL) {
		if (!X509_up_ref(q->pinned))
			return MS_ERR_NOMEM;
		*end = q->pinned;
		return MS_OK;
	}
	return X509_cmp(*end, q->pinned) == 0
		       ? MS_OK
		       : ms_fail(&q->why, MS_ERR_AUTH,
				 "the peer's certificate is another one than cert= says");
}

static void work(void *arg)
{
	struct inquiry *q = arg;
	STACK_OF(X509) *others = NULL;
	X509 *end = NULL;
	struct chain_request r = { .store = q->store, .pinned = q->pinned, .ca = q->ca,
		.id = q->require_id ? &q->peer : NULL, .now = q->now };

	sk_X509_pop_free(q->chain, X509_free);
	q->chain = NULL;
	q->err = parse(q, &end, &others);
	if (q->err == MS_OK)
		q->err = check_pin(q, &end);
	r.end = end;
	r.sent = others;
	if (q->err == MS_OK)
		q->err = chain_build(&r, &q->chain, &q->why);
	if (q->err == MS_OK && !q->last_look)
		find_needs(q);
	if (q->err == MS_OK && q->n_needs == 0)
		q->err = check_revocation(q, &r);
	if (q->err == MS_OK)
		q->err = take_key(q, end);
	X509_free(end);
	sk_X509_pop_free(others, X509_free);
	ERR_clear_error();
}

/* --- on the loop -------------------------------------------------------------------------------- */

static void needs_free(struct inquiry *q)
{
	for (unsigned i = 0; i < q->n_needs; i++)
		free(q->need[i].url);
	q->n_needs = 0;
}

static void inquiry_free(struct inquiry *q)
{
	needs_free(q);
	forget_key(q);
	sk_X509_pop_free(q->chain, X509_free);
	X509_NAME_free(q->ca);
	X509_free(q->pinned);
	ms_id_free(&q->peer);
	store_unref(&q->store);
	free(q);
}

static void answer(struct inquiry *q)
{
	struct inquiry **at = &q->in->inquiries;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	q->done(q->arg, q->err, q->err == MS_OK ? q->key : NULL, &q->why);
	inquiry_free(q);
}

static void look(struct inquiry *q);

static void arrived(void *arg)
{
	struct inquiry *q = arg;

	if (--q->pending > 0)
		return;
	q->last_look = true;
	look(q);
}

static void fetch_all(struct inquiry *q)
{
	q->pending = 1; /* ours, until all are asked for */
	for (unsigned i = 0; i < q->n_needs; i++) {
		const struct need *n = &q->need[i];
		struct wanted w = { .cert = sk_X509_value(q->chain, n->at),
			.issuer = sk_X509_value(q->chain, n->at + 1), .ocsp = n->ocsp,
			.url = n->url };
		STACK_OF(X509) *rest = sk_X509_new_null();

		for (int k = n->at; rest != NULL && k < sk_X509_num(q->chain); k++)
			(void)sk_X509_push(rest, sk_X509_value(q->chain, k));
		w.chain = rest;
		if (rest != NULL && download(q->in, &w, arrived, q))
			q->pending++;
		sk_X509_free(rest);
	}
	needs_free(q);
	arrived(q);
}

/* What it needs may have come while its job looked for it: it is not fetched twice for that. */
static bool look_again(struct inquiry *q)
{
	if (q->again || q->arrivals == q->in->arrivals)
		return false;
	q->again = true;
	needs_free(q);
	look(q);
	return true;
}

static void looked(void *arg, bool cancelled)
{
	struct inquiry *q = arg;
	struct instance *in = q->in;

	(void)cancelled;
	if (q->orphan)
		inquiry_free(q);
	else if (q->err != MS_OK || q->n_needs == 0)
		answer(q);
	else if (!look_again(q))
		fetch_all(q);
	job_over(in);
}

static void look(struct inquiry *q)
{
	q->now = q->in->clock();
	q->arrivals = q->in->arrivals;
	if (ms_job_submit(q->in->services->loop, work, looked, q) == NULL) {
		q->err = MS_ERR_NOMEM;
		answer(q);
		return;
	}
	q->in->jobs++;
}

/* --- the question -------------------------------------------------------------------------------- */

static struct inquiry *inquiry_new(struct instance *in, const struct ms_bytes *certs, unsigned n)
{
	struct inquiry *q;
	size_t size = 0;
	uint8_t *to;

	for (unsigned i = 0; i < n; i++)
		size += certs[i].len;
	q = calloc(1, sizeof *q + size);
	if (q == NULL)
		return NULL;
	to = q->octets;
	for (unsigned i = 0; i < n; i++) {
		memcpy(to, certs[i].ptr, certs[i].len);
		q->certs[i] = ms_bytes(to, certs[i].len);
		to += certs[i].len;
	}
	q->n_certs = n;
	q->in = in;
	q->store = store_ref(in->store);
	return q;
}

static ms_err take_wish(struct inquiry *q, const struct ms_cert_wish *wish, struct ms_why *why)
{
	const struct cert *pinned = NULL;
	ms_err err = wished_ca(q->store, wish, &q->ca, why);

	q->require_id = wish->require_id;
	if (err != MS_OK || (wish->peer_cert == NULL && q->n_certs > 0))
		return err;
	pinned = wish->peer_cert != NULL ? store_named(q->store, wish->peer_cert, IN_CERTS)
					 : store_with_ckaid(q->store, wish->peer_ckaid);
	if (pinned == NULL && wish->peer_cert == NULL)
		return ms_fail(why, MS_ERR_NO_CREDENTIAL,
			"the peer sent no certificate, and none has the CKAID of its ckaid=");
	if (pinned == NULL)
		return ms_fail(why, MS_ERR_AUTH, "the peer's cert=%.200s is not there",
			wish->peer_cert);
	if (!X509_up_ref(pinned->x509))
		return MS_ERR_NOMEM;
	q->pinned = pinned->x509;
	return MS_OK;
}

void inquire(struct instance *in, const struct ms_cert_wish *wish, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, ms_creds_peer_f *done, void *arg)
{
	struct ms_why why = { "" };
	struct inquiry *q;
	ms_err err;

	if (n == 0 && wish->peer_cert == NULL && wish->peer_ckaid == NULL) {
		done(arg, ms_fail(&why, MS_ERR_NO_CREDENTIAL, "the peer sent no certificate"), NULL,
			&why);
		return;
	}
	q = n <= MS_MAX_CERTS ? inquiry_new(in, certs, n) : NULL;
	err = q == NULL ? MS_ERR_NOMEM : ms_id_copy(&q->peer, peer);
	if (err == MS_OK)
		err = take_wish(q, wish, &why);
	if (err != MS_OK) {
		if (q != NULL)
			inquiry_free(q);
		done(arg, err, NULL, &why);
		return;
	}
	q->done = done;
	q->arg = arg;
	q->next = in->inquiries;
	in->inquiries = q;
	look(q);
}

void inquiries_free(struct instance *in)
{
	while (in->inquiries != NULL) {
		struct inquiry *q = in->inquiries;

		in->inquiries = q->next;
		if (q->pending > 0) {
			download_forget(in, q);
			inquiry_free(q);
		} else {
			q->orphan = true; /* its job still holds it */
		}
	}
}

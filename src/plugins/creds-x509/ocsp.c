/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP: a question about one certificate, and what an answer is worth.
 *
 * An answer counts when it is signed by the certificate's issuer, by whom the issuer appointed for
 * that (extended key usage OCSPSigning), or by the responder that ocsp-trustname= names; when it
 * speaks of this certificate, is valid now and does not carry another nonce than the question's.
 * Answers without a nonce are taken, as most servers prepare them in advance.  Whether a responder's
 * own certificate was revoked is not asked.
 *
 * Standards: RFC 6960, RFC 8954.
 */
#include "x509.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKEW_S 300	/* between our clock and the responder's */
#define MAX_GET_URL 255 /* RFC 6960 appendix A.1 */

/* --- asking --- */

ms_err ocsp_ask(struct ocsp_ask *out, X509 *cert, X509 *issuer, struct ms_why *why)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);

	memset(out, 0, sizeof *out);
	out->request = r;
	if (r == NULL || id == NULL || OCSP_request_add0_id(r, id) == NULL) {
		OCSP_CERTID_free(id);
		ocsp_ask_free(out);
		return x509_fail(why, MS_ERR_NOMEM, "OCSP request");
	}
	out->id = id;
	if (OCSP_request_add1_nonce(r, NULL, 16) != 1 ||
		(out->octets = i2d_OCSP_REQUEST(r, &out->der)) <= 0) {
		ocsp_ask_free(out);
		return x509_fail(why, MS_ERR_CRYPTO, "OCSP request");
	}
	return MS_OK;
}

void ocsp_ask_free(struct ocsp_ask *a)
{
	OCSP_REQUEST_free(a->request);
	OPENSSL_free(a->der);
	memset(a, 0, sizeof *a);
	ERR_clear_error();
}

char *ocsp_get_url(const char *server, const struct ocsp_ask *a)
{
	size_t b64 = 4 * (((size_t)a->octets + 2) / 3), used = strlen(server);
	uint8_t *text = malloc(b64 + 1);
	char *url = malloc(used + 1 + 3 * b64 + 1);

	if (text == NULL || url == NULL) {
		free(text);
		free(url);
		return NULL;
	}
	EVP_EncodeBlock(text, a->der, a->octets);
	memcpy(url, server, used);
	if (used == 0 || url[used - 1] != '/')
		url[used++] = '/';
	for (size_t i = 0; i < b64; i++) {
		const char *escaped = text[i] == '+' ? "%2B" : text[i] == '/' ? "%2F"
					      : text[i] == '='		      ? "%3D"
									      : NULL;

		if (escaped == NULL) {
			url[used++] = (char)text[i];
		} else {
			memcpy(url + used, escaped, 3);
			used += 3;
		}
	}
	url[used] = '\0';
	free(text);
	if (used > MAX_GET_URL) {
		free(url);
		return NULL;
	}
	return url;
}

/* --- the answer --- */

static bool is_valid_now(X509 *cert, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

static bool signed_by_appointed(OCSP_BASICRESP *basic, X509 *responder, time_t now)
{
	STACK_OF(X509) *one = sk_X509_new_null();
	bool ok = responder != NULL && one != NULL && is_valid_now(responder, now) &&
		  sk_X509_push(one, responder) > 0 &&
		  OCSP_basic_verify(basic, one, NULL, OCSP_TRUSTOTHER | OCSP_NOINTERN) == 1;

	sk_X509_free(one);
	ERR_clear_error();
	return ok;
}

static bool signed_by_issuer(OCSP_BASICRESP *basic, const struct store *store, STACK_OF(X509) *chain)
{
	STACK_OF(X509) *issuers = sk_X509_dup(chain);
	bool ok;

	if (issuers == NULL)
		return false;
	(void)sk_X509_shift(issuers); /* the certificate in question signs nothing about itself */
	ok = OCSP_basic_verify(basic, issuers, store->trusted, OCSP_NOEXPLICIT) == 1;
	sk_X509_free(issuers);
	return ok;
}

static ms_err read_status(OCSP_BASICRESP *basic, OCSP_CERTID *id, const struct policy *policy,
	time_t now, enum revocation *state, time_t *until, struct ms_why *why)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *next = NULL;
	int status, reason, days, seconds;
	time_t end = now;

	if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from, &next) != 1)
		return ms_fail(why, MS_ERR_AUTH, "the answer is about another certificate");
	if (OCSP_check_validity(from, next, SKEW_S,
		    next == NULL ? (long)policy->ocsp_max_age + SKEW_S : -1) != 1)
		return x509_fail(why, MS_ERR_AUTH, "the answer is not valid now");
	if (next != NULL && ASN1_TIME_diff(&days, &seconds, NULL, next) == 1)
		end = now + (time_t)days * 86400 + seconds;
	if (end < now + policy->ocsp_min_age)
		end = now + policy->ocsp_min_age;
	if (end > now + policy->ocsp_max_age)
		end = now + policy->ocsp_max_age;
	/* Whoever asked must at least find it. */
	*until = end > now + 5 ? end : now + 5;
	*state = status == V_OCSP_CERTSTATUS_GOOD      ? REV_GOOD
		 : status == V_OCSP_CERTSTATUS_REVOKED ? REV_REVOKED
						       : REV_UNKNOWN;
	return MS_OK;
}

ms_err ocsp_read(const struct ocsp_ask *a, struct ms_bytes answer, const struct store *store,
	STACK_OF(X509) *chain, X509 *responder, time_t now, enum revocation *state, time_t *until,
	struct ms_why *why)
{
	const uint8_t *p = answer.ptr;
	OCSP_RESPONSE *r = answer.len > 0 && answer.len <= MAX_OCSP_OCTETS ?
				   d2i_OCSP_RESPONSE(NULL, &p, (long)answer.len) : NULL;
	OCSP_BASICRESP *basic = NULL;
	ms_err err = MS_OK;

	if (r == NULL)
		err = x509_fail(why, MS_ERR_SYNTAX, "no OCSP answer");
	else if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		err = ms_fail(why, MS_ERR_PEER_REFUSED, "the OCSP server says %s",
			OCSP_response_status_str(OCSP_response_status(r)));
	else if ((basic = OCSP_response_get1_basic(r)) == NULL)
		err = x509_fail(why, MS_ERR_SYNTAX, "no basic OCSP answer");
	else if (OCSP_check_nonce(a->request, basic) == 0)
		err = ms_fail(why, MS_ERR_AUTH, "the answer is to another question (nonce)");
	else if (!signed_by_appointed(basic, responder, now) &&
		 !signed_by_issuer(basic, store, chain))
		err = x509_fail(why, MS_ERR_AUTH, "the answer is not signed by whom it must");
	else
		err = read_status(basic, a->id, &store->policy, now, state, until, why);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	return err;
}

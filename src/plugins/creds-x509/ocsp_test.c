/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP answers of every kind: which count, and which do not. */
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

#include "inquiry_test.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ocsp),
		cmocka_unit_test(test_ocsp_octets),
		cmocka_unit_test(test_get_url),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

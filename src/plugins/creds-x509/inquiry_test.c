/* SPDX-License-Identifier: Apache-2.0 */
/* Peers' certificates and revocation lists: what is fetched, when, and what becomes of every kind of
 * answer, or of none.  OCSP is in ocsp_test.c. */
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

#include "inquiry_test.h"

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

/* Before a list ends it is fetched again, without anybody asking. */
static void test_fetched_again(void **state)
{
	struct world w;
	struct verdict v;

	(void)state;
	words(true, true, false, false);
	setup_words.crl_check_interval_ms = 200;
	start(&w);
	ask_for(&w, end.x509, "@west", &v);
	wait_fetches(&w, 1);
	deliver_crl(0, &root, NULL, -60, 3600);
	wait_verdict(&w, &v);
	assert_int_equal(v.err, MS_OK);
	/* long before its end nothing happens; an hour later it is time */
	for (uint64_t until = ms_loop_now_ms(w.loop) + 500; ms_loop_now_ms(w.loop) < until;)
		ms_loop_turn(w.loop, true);
	assert_int_equal(n_fetches, 1);
	clock_s += 3600;
	wait_fetches(&w, 2);
	assert_string_equal(fetches[1].url, CRL_URL);
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
		cmocka_unit_test(test_fetched_again),
		cmocka_unit_test(test_cve_2022_40617_no_fetch_before_trust),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_unload_midway),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

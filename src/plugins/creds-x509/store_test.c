/* SPDX-License-Identifier: Apache-2.0 */
/* Files of every kind, and which certificate of ours is chosen. */
#include "pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pkcs12.h>

static struct pki_cert root, other, below;
static char dir[PKI_DIR];

static int setup_all(void **state)
{
	(void)state;
	pki_dir(dir);
	root = pki_ca("root", NULL, "p256 root");
	other = pki_ca("other root", NULL, "p256 other");
	below = pki_ca("below", &root, "p256 below");
	pki_write(dir, "cacerts/root.pem", (X509 *[]){ root.x509, NULL });
	pki_write(dir, "cacerts/other.pem", (X509 *[]){ other.x509, NULL });
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	pki_free(&root);
	pki_free(&other);
	pki_free(&below);
	pki_keys_free();
	return pki_dir_remove(dir);
}

static void write_p12(const char *file, const struct pki_cert *end, const struct pki_cert *ca,
	const char *pass)
{
	STACK_OF(X509) *more = sk_X509_new_null();
	PKCS12 *p12;
	char path[256];
	FILE *f;

	sk_X509_push(more, ca->x509);
	p12 = PKCS12_create(pass, "west", end->key, end->x509, more, 0, 0, 1000, 0, 0);
	assert_non_null(p12);
	snprintf(path, sizeof path, "%s/%s", dir, file);
	f = fopen(path, "wb");
	assert_int_equal(i2d_PKCS12_fp(f, p12), 1);
	fclose(f);
	PKCS12_free(p12);
	sk_X509_free(more);
}

static void test_files(void **state)
{
	struct pki_cert end = pki_end("files", &below, "p256 files", "DNS:files");
	struct note n = { "" };
	struct ms_why why = { "" };
	struct store *s;
	char path[256];
	FILE *f;

	(void)state;
	pki_write_der(dir, "certs/files.der", end.x509);
	pki_write(dir, "certs/files2.pem", (X509 *[]){ end.x509, below.x509, NULL });
	pki_write(dir, "cacerts/end.pem", (X509 *[]){ end.x509, NULL });
	write_p12("certs/files3.p12", &end, &below, "secret");
	snprintf(path, sizeof path, "%s/certs/nonsense.pem", dir);
	f = fopen(path, "w");
	fputs("nothing of use\n", f);
	fclose(f);
	s = pki_store(dir, "secret", &n);
	assert_non_null(store_named(s, "files", IN_CERTS));
	assert_non_null(store_named(s, "files.der", IN_CERTS));
	assert_int_equal(X509_cmp(store_named(s, "files2.pem", IN_CERTS)->x509, end.x509), 0);
	assert_int_equal(X509_cmp(store_named(s, "files3", IN_CERTS)->x509, end.x509), 0);
	assert_null(store_named(s, "file", IN_CERTS));
	assert_null(store_named(s, "end.pem", IN_CACERTS));
	assert_non_null(strstr(n.text, "end.pem: left out: it does not say that it is a CA's"));
	assert_non_null(strstr(n.text, "nonsense.pem: no certificate in PEM, DER or PKCS#12"));
	/* the CA from certs/ helps in building chains, but is not trusted itself */
	{
		struct chain_request r = { .store = s, .end = end.x509, .now = time(NULL) };
		STACK_OF(X509) *chain;

		assert_int_equal(chain_build(&r, &chain, &why), MS_OK);
		assert_int_equal(sk_X509_num(chain), 3);
		sk_X509_pop_free(chain, X509_free);
	}
	store_unref(&s);
	n.text[0] = '\0';
	s = pki_store(dir, "wrong", &n);
	assert_null(store_named(s, "files3.p12", IN_CERTS));
	assert_non_null(strstr(n.text, "files3.p12: no certificate that this passphrase opens"));
	store_unref(&s);
	pki_free(&end);
	snprintf(path, sizeof path, "rm -f %s/certs/* %s/cacerts/end.pem", dir, dir);
	assert_int_equal(system(path), 0);
}


/* --- our own --- */

static const struct cert *pick(
	struct store *s, const char *cert, const char *ca, const char *id, struct ms_bytes asked)
{
	struct ms_id me = { 0 };
	struct ms_cert_wish wish = { .my_cert = cert, .my_ca = ca, .me = &me, .asked = asked };
	const struct cert *c;

	assert_int_equal(ms_id_parse(&me, id, strlen(id), NULL), MS_OK);
	c = own_pick(s, &wish, time(NULL));
	ms_id_free(&me);
	return c;
}

static void test_own(void **state)
{
	static const char *const west = "@west";
	struct pki_cert a = pki_end("a", &root, "p256 a", "DNS:west");
	struct pki_cert b = pki_end("b", &other, "p256 b", "DNS:west");
	struct pki_spec old_spec = { .name = "old", .key = "p256 old", .issuer = &root,
		.from_s = -7200, .to_s = -3600, .ext = { "subjectAltName=DNS:old" } };
	struct pki_cert old = pki_make(&old_spec);
	struct ms_bytes none = ms_bytes(NULL, 0);
	uint8_t hash[MS_CA_HASH_OCTETS];
	struct store *s;

	(void)state;
	pki_write(dir, "certs/a.pem", (X509 *[]){ a.x509, NULL });
	pki_write(dir, "certs/b.pem", (X509 *[]){ b.x509, NULL });
	pki_write(dir, "certs/old.pem", (X509 *[]){ old.x509, NULL });
	s = pki_store(dir, NULL, NULL);
	assert_int_equal(X509_cmp(pick(s, "a.pem", NULL, "@other", none)->x509, a.x509), 0);
	assert_null(pick(s, "c.pem", NULL, west, none));
	assert_non_null(pick(s, NULL, NULL, west, none));
	assert_null(pick(s, NULL, NULL, "@east", none));
	/* an old one by its name only */
	assert_null(pick(s, NULL, NULL, "@old", none));
	assert_non_null(pick(s, "old", NULL, "@old", none));
	/* from the CA that the peer asks for, or that leftca= names */
	spki_sha1(root.x509, hash);
	assert_int_equal(
		X509_cmp(pick(s, NULL, NULL, west, ms_bytes(hash, sizeof hash))->x509, a.x509), 0);
	spki_sha1(other.x509, hash);
	assert_int_equal(
		X509_cmp(pick(s, NULL, NULL, west, ms_bytes(hash, sizeof hash))->x509, b.x509), 0);
	assert_int_equal(
		X509_cmp(pick(s, NULL, "C=CH, O=ModSwan, CN=root", west, none)->x509, a.x509), 0);
	assert_null(pick(s, NULL, "C=CH, O=ModSwan, CN=nobody", west, none));
	store_unref(&s);
	pki_free(&a);
	pki_free(&b);
	pki_free(&old);
}

/* leftckaid=: whatever the identity, and before it.  Of a P-256 key it is the hash of the whole of
 * subjectPublicKey. */
static void test_own_by_ckaid(void **state)
{
	struct pki_cert ends[2] = { pki_end("one", &root, "p256 one", "DNS:west"),
		pki_end("two", &root, "p256 two", "DNS:west") };
	uint8_t ckaid[EVP_MAX_MD_SIZE];
	struct ms_id me = { 0 };
	struct ms_cert_wish wish = { .me = &me };
	struct store *s;
	char path[512];

	(void)state;
	pki_write(dir, "certs/one.pem", (X509 *[]){ ends[0].x509, NULL });
	pki_write(dir, "certs/two.pem", (X509 *[]){ ends[1].x509, NULL });
	s = pki_store(dir, NULL, NULL);
	assert_int_equal(ms_id_parse(&me, "@nobody", 7, NULL), MS_OK);
	assert_null(own_pick(s, &wish, time(NULL)));
	wish.my_ckaid = ckaid;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(X509_pubkey_digest(ends[i].x509, EVP_sha1(), ckaid, NULL), 1);
		assert_int_equal(X509_cmp(own_pick(s, &wish, time(NULL))->x509, ends[i].x509), 0);
	}
	ckaid[0] ^= 1;
	assert_null(own_pick(s, &wish, time(NULL)));
	ms_id_free(&me);
	store_unref(&s);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/certs/%s.pem", dir, i == 0 ? "one" : "two");
		assert_int_equal(remove(path), 0);
		pki_free(&ends[i]);
	}
}

static void test_wished_ca(void **state)
{
	struct store *s = pki_store(dir, NULL, NULL);
	struct ms_id me = { 0 };
	struct ms_why why = { "" };
	X509_NAME *ca = NULL;
	struct ms_cert_wish wish = { .me = &me };

	(void)state;
	assert_int_equal(wished_ca(s, &wish, &ca, &why), MS_OK);
	assert_null(ca);
	wish.peer_ca = "C=CH, O=ModSwan, CN=root";
	assert_int_equal(wished_ca(s, &wish, &ca, &why), MS_OK);
	assert_int_equal(X509_NAME_cmp(ca, X509_get_subject_name(root.x509)), 0);
	X509_NAME_free(ca);
	wish.peer_ca = "%same";
	assert_int_equal(wished_ca(s, &wish, &ca, &why), MS_ERR_CONFIG);
	wish.my_cert = "b.pem";
	assert_int_equal(wished_ca(s, &wish, &ca, &why), MS_OK);
	assert_int_equal(X509_NAME_cmp(ca, X509_get_subject_name(other.x509)), 0);
	X509_NAME_free(ca);
	store_unref(&s);
}

static struct ms_bytes der_of(X509 *cert)
{
	uint8_t *octets = NULL;
	int len = i2d_X509(cert, &octets);

	assert_true(len > 0);
	return ms_bytes(octets, (size_t)len);
}

/* Which of several connections a peer's certificate fits; only names count here. */
static void test_ca_fits(void **state)
{
	struct pki_cert end = pki_end("west", &below, "p256", NULL);
	struct ms_bytes certs[] = { der_of(end.x509), der_of(below.x509), ms_bytes("no", 2) };
	struct instance in = { .store = pki_store(dir, NULL, NULL) };
	struct ms_id me = { 0 };
	struct ms_cert_wish wish = { .me = &me };

	(void)state;
	assert_true(ca_fits(&in, &wish, certs, 2)); /* any */
	wish.peer_ca = "C=CH, O=ModSwan, CN=below";
	assert_true(ca_fits(&in, &wish, certs, 1));
	wish.peer_ca = "C=CH, O=ModSwan, CN=root";
	assert_true(ca_fits(&in, &wish, certs, 2));
	assert_false(ca_fits(&in, &wish, certs, 1)); /* what is between did not come */
	wish.peer_ca = "C=CH, O=ModSwan, CN=other root";
	assert_false(ca_fits(&in, &wish, certs, 2));
	assert_false(ca_fits(&in, &wish, certs + 2, 1)); /* no certificate at all */
	assert_true(ca_fits(&in, &wish, NULL, 0));
	wish.peer_ca = "%same"; /* as what? */
	assert_false(ca_fits(&in, &wish, certs, 2));
	for (unsigned i = 0; i < 2; i++)
		OPENSSL_free((void *)(uintptr_t)certs[i].ptr);
	store_unref(&in.store);
	pki_free(&end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_own_by_ckaid),
		cmocka_unit_test(test_wished_ca),
		cmocka_unit_test(test_ca_fits),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

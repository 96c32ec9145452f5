/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that other IKE daemons had with certificates, beyond those that chain_test (2026-35331,
 * 2018-17540, 2017-9022, 2026-14957), inquiry_test (2022-40617) and core/ike's cert_test (2022-4967,
 * 2026-35329) have: parameters of RSA-PSS, malformed names, times and signatures.
 */
#include "pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static struct pki_cert root, end;
static struct store *store;
static char dir[PKI_DIR];

static int setup_all(void **state)
{
	(void)state;
	pki_dir(dir);
	root = pki_ca("root", NULL, "rsa2048 root");
	end = pki_end("west", &root, "rsa2048 end", "DNS:west");
	pki_write(dir, "cacerts/root.pem", (X509 *[]){ root.x509, NULL });
	store = pki_store(dir, NULL, NULL);
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	store_unref(&store);
	pki_free(&root);
	pki_free(&end);
	pki_keys_free();
	return pki_dir_remove(dir);
}

static ms_err judge(X509 *cert, struct ms_why *why)
{
	struct chain_request r = { .store = store, .end = cert, .now = time(NULL) };
	STACK_OF(X509) *chain = NULL;
	ms_err err = chain_build(&r, &chain, why);

	sk_X509_pop_free(chain, X509_free);
	return err;
}

/* Octets changed in place: `what` must be in the certificate. */
static ms_err changed(const void *what, size_t len, const void *into, struct ms_why *why)
{
	struct ms_bytes der = pki_der(end.x509);
	uint8_t *copy = malloc(der.len), *at;
	ms_err err = MS_ERR_SYNTAX;
	X509 *cert;

	memcpy(copy, der.ptr, der.len);
	at = memmem(copy, der.len, what, len);
	assert_non_null(at);
	memcpy(at, into, len);
	cert = cert_of_der(ms_bytes(copy, der.len));
	if (cert != NULL)
		err = judge(cert, why);
	X509_free(cert);
	free(copy);
	OPENSSL_free((void *)(uintptr_t)der.ptr);
	return err;
}

/* --- CVE-2021-41990: negative and huge salts; CVE-2018-6459: parameters that are not there --------- */

static const uint8_t pss_oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };

/* An end's certificate signed with PSS, whose parameters are then changed in both places. */
static ms_err with_pss(const uint8_t *parameters, size_t len, struct ms_why *why)
{
	struct pki_cert c = pki_end("pss", &root, "rsa2048 end", "DNS:west");
	ASN1_STRING *text = ASN1_STRING_new();
	const X509_ALGOR *inside = X509_get0_tbs_sigalg(c.x509), *outside = NULL;
	ms_err err;

	X509_get0_signature(NULL, &outside, c.x509);
	for (int i = 0; i < 2; i++) {
		X509_ALGOR *a = (X509_ALGOR *)(uintptr_t)(i ? outside : inside);

		if (parameters == NULL) {
			X509_ALGOR_set0(a, OBJ_nid2obj(NID_rsassaPss), V_ASN1_UNDEF, NULL);
			continue;
		}
		ASN1_STRING_set(text, parameters, (int)len);
		X509_ALGOR_set0(a, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE,
			ASN1_STRING_dup(text));
	}
	{
		struct ms_bytes der = pki_der(c.x509);
		X509 *again;

		/* through its octets, as a peer would send it */
		assert_non_null(memmem(der.ptr, der.len, pss_oid, sizeof pss_oid));
		again = cert_of_der(der);
		err = again == NULL ? MS_ERR_SYNTAX : judge(again, why);
		X509_free(again);
		OPENSSL_free((void *)(uintptr_t)der.ptr);
	}
	ASN1_STRING_free(text);
	pki_free(&c);
	ERR_clear_error();
	return err;
}

static void test_cve_2021_41990_2018_6459_pss_parameters(void **state)
{
	static const struct {
		uint8_t octets[16], len;
	} parameters[] = {
		{ { 0x30, 0x00 }, 2 },					  /* all defaults: SHA-1 */
		{ { 0x30, 0x05, 0xa2, 0x03, 0x02, 0x01, 0xff }, 7 },	  /* salt -1 */
		{ { 0x30, 0x05, 0xa2, 0x03, 0x02, 0x01, 0x00 }, 7 },	  /* 0 */
		{ { 0x30, 0x08, 0xa2, 0x06, 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff }, 10 },
		{ { 0x30, 0x08, 0xa2, 0x06, 0x02, 0x04, 0x80, 0x00, 0x00, 0x00 }, 10 },
		{ { 0x30, 0x0c, 0xa2, 0x0a, 0x02, 0x08, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			  0xff }, 14 },
		{ { 0x30, 0x04, 0xa1, 0x02, 0x30, 0x00 }, 6 },		  /* MGF without anything */
		{ { 0x30, 0x02, 0xa1, 0x00 }, 4 },
		{ { 0x30, 0x02, 0xa0, 0x00 }, 4 },
		{ { 0x30, 0x05, 0xa3, 0x03, 0x02, 0x01, 0x02 }, 7 },	  /* trailer 2 */
	};
	struct ms_why why;

	(void)state;
	assert_int_not_equal(with_pss(NULL, 0, &why), MS_OK);
	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
		assert_int_not_equal(
			with_pss(parameters[i].octets, parameters[i].len, &why), MS_OK);
}

/* A real PSS signature counts: what is refused above is refused for its parameters. */
static void test_pss_counts(void **state)
{
	struct pki_cert c = pki_end("pss", &root, "rsa2048 end", "DNS:west");
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p;
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(EVP_DigestSignInit(md, &p, EVP_sha256(), NULL, root.key), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(p, 32) > 0);
	assert_true(X509_sign_ctx(c.x509, md) > 0);
	assert_int_equal(judge(c.x509, &why), MS_OK);
	EVP_MD_CTX_free(md);
	pki_free(&c);
}

/* --- CVE-2009-2185, CVE-2009-2661: names and times that are none -------------------------------------- */

static void test_cve_2009_2185_2661_names_and_times(void **state)
{
	static const uint8_t cn_west[] = { 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04, 'w', 'e', 's', 't' };
	static const uint8_t forms[][11] = {
		{ 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x05, 'w', 'e', 's', 't' }, /* too long */
		{ 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x00, 'w', 'e', 's', 't' }, /* octets behind */
		{ 0x06, 0x00, 0x55, 0x04, 0x03, 0x0c, 0x04, 'w', 'e', 's', 't' },
		{ 0x06, 0x03, 0x55, 0x04, 0x83, 0x0c, 0x04, 'w', 'e', 's', 't' }, /* endless OID */
		{ 0x06, 0x03, 0x80, 0x04, 0x03, 0x0c, 0x04, 'w', 'e', 's', 't' },
		{ 0x05, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04, 'w', 'e', 's', 't' },
		{ 0x06, 0x03, 0x55, 0x04, 0x03, 0x3c, 0x84, 'w', 'e', 's', 't' },
		{ 0x06, 0x03, 0x55, 0x04, 0x03, 0x1e, 0x03, 'w', 'e', 's', 't' }, /* half a BMP char */
		{ 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04, 0xff, 0xfe, 0xc0, 0x80 },
	};
	static const char *const times[] = { "000000000000Z", "999999999999Z", "9913321290a0Z",
		"---------------", "2101010101010" };
	const ASN1_TIME *before = X509_get0_notBefore(end.x509);
	struct ms_why why = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		assert_int_not_equal(changed(cn_west, sizeof cn_west, forms[i], &why), MS_OK);
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		uint8_t text[13];

		assert_int_equal(ASN1_STRING_length(before), 13);
		memcpy(text, times[i], 13);
		assert_int_not_equal(
			changed(ASN1_STRING_get0_data(before), 13, text, &why), MS_OK);
	}
}

/* --- CVE-2013-6075, CVE-2013-5018: identities that are prefixes of names, or look like DER ------------- */

static void test_cve_2013_6075_5018_names_cut_short(void **state)
{
	struct ms_id whole = { 0 }, part = { 0 };

	(void)state;
	assert_int_equal(name_to_id(X509_get_subject_name(end.x509), &whole), MS_OK);
	assert_true(cert_has_id(end.x509, &whole));
	for (unsigned n = 1; n < whole.len; n++) {
		assert_int_equal(
			ms_id_set(&part, MS_ID_DER_ASN1_DN, ms_bytes(whole.data, n)), MS_OK);
		assert_false(cert_has_id(end.x509, &part));
		ms_id_free(&part);
		/* 0x30 ... as if it were a domain name */
		assert_int_equal(ms_id_set(&part, MS_ID_FQDN, ms_bytes(whole.data, n)), MS_OK);
		assert_false(cert_has_id(end.x509, &part));
		ms_id_free(&part);
	}
	ms_id_free(&whole);
}

/* An address of one family is no identity of the other: x509_fuzz found that octets alone counted. */
static void test_addresses_have_a_family(void **state)
{
	struct pki_cert c = pki_end("west", &root, "rsa2048 end", "IP:192.0.2.1,IP:2001:db8::1");
	static const uint8_t v4[] = { 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	static const struct {
		enum ms_id_type type;
		const uint8_t *octets;
		size_t len;
		bool has;
	} rows[] = { { MS_ID_IPV4_ADDR, v4, 4, true }, { MS_ID_IPV6_ADDR, v6, 16, true },
		{ MS_ID_IPV6_ADDR, v4, 4, false }, { MS_ID_IPV4_ADDR, v6, 16, false },
		{ MS_ID_IPV4_ADDR, v4, 3, false }, { MS_ID_FQDN, v4, 4, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ms_id id = { 0 };

		assert_int_equal(ms_id_set(&id, rows[i].type, ms_bytes(rows[i].octets, rows[i].len)),
			MS_OK);
		assert_int_equal(cert_has_id(c.x509, &id), rows[i].has);
		ms_id_free(&id);
	}
	pki_free(&c);
}

/* --- CVE-2018-16151, 16152, CVE-2026-50721, CVE-2017-11185: signatures that are none ------------------- */

static void test_cve_2018_16151_2017_11185_signatures(void **state)
{
	const ASN1_BIT_STRING *signature = NULL;
	const uint8_t *old;
	uint8_t forged[256];
	BIGNUM *n = NULL;
	struct ms_why why = { "" };

	(void)state;
	X509_get0_signature(&signature, NULL, end.x509);
	old = ASN1_STRING_get0_data(signature);
	assert_int_equal(ASN1_STRING_length(signature), 256);
	for (int fill = 0; fill < 256; fill += 255) {
		memset(forged, fill, sizeof forged);
		assert_int_not_equal(changed(old, 256, forged, &why), MS_OK);
	}
	memset(forged, 0, sizeof forged);
	forged[255] = 1;
	assert_int_not_equal(changed(old, 256, forged, &why), MS_OK);
	/* equal to the modulus */
	assert_int_equal(EVP_PKEY_get_bn_param(root.key, "n", &n), 1);
	BN_bn2binpad(n, forged, sizeof forged);
	assert_int_not_equal(changed(old, 256, forged, &why), MS_OK);
	BN_free(n);
}

/* Signs the certificate's octets with raw RSA: 00 01 PS 00 DigestInfo, then garbage. */
static void sign_loosely(X509 *cert, EVP_PKEY *key, size_t padding)
{
	static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
		0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
	uint8_t block[256] = { 0, 1 }, *tbs = NULL, out[256];
	int tbs_len = i2d_re_X509_tbs(cert, &tbs);
	const ASN1_BIT_STRING *old = NULL;
	EVP_PKEY_CTX *raw = EVP_PKEY_CTX_new(key, NULL);
	size_t len = sizeof out;

	assert_true(tbs_len > 0);
	memset(block + 2, 0xff, padding);
	memcpy(block + 3 + padding, info, sizeof info);
	assert_int_equal(EVP_Digest(tbs, (size_t)tbs_len, block + 3 + padding + sizeof info, NULL,
				 EVP_sha256(), NULL),
		1);
	assert_int_equal(EVP_PKEY_sign_init(raw), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(raw, RSA_NO_PADDING) > 0);
	assert_int_equal(EVP_PKEY_sign(raw, out, &len, block, sizeof block), 1);
	X509_get0_signature(&old, NULL, cert);
	assert_int_equal(ASN1_STRING_set((ASN1_STRING *)(uintptr_t)old, out, (int)len), 1);
	EVP_PKEY_CTX_free(raw);
	OPENSSL_free(tbs);
}

/* Bleichenbacher's forgery of 2006 needs a verifier that does not look behind the digest. */
static void test_cve_2018_16152_2026_50721_octets_behind_the_digest(void **state)
{
	static const size_t short_of[] = { 0, 1, 2, 32, 100, 194 };
	const size_t whole = 256 - 3 - 19 - 32;
	struct ms_why why = { "" };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		size_t padding = whole - short_of[i];
		struct pki_cert c = pki_end("west", &root, "rsa2048 end", "DNS:west");

		sign_loosely(c.x509, root.key, padding);
		assert_int_equal(judge(c.x509, &why) == MS_OK, padding == whole);
		pki_free(&c);
	}
}

/* --- CVE-2017-9023: choices of extensions that are none of those there are ------------------------------ */

/* An end's certificate with an extension of these octets, signed as it should be. */
static X509 *with_extension(int nid, const uint8_t *octets, size_t len)
{
	struct pki_cert c = pki_end("west", &root, "rsa2048 end", NULL);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;
	struct ms_bytes der;
	X509 *again;

	assert_int_equal(ASN1_OCTET_STRING_set(value, octets, (int)len), 1);
	e = X509_EXTENSION_create_by_NID(NULL, nid, 0, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(c.x509, e, -1), 1);
	assert_true(X509_sign(c.x509, root.key, EVP_sha256()) > 0);
	der = pki_der(c.x509);
	again = cert_of_der(der);
	OPENSSL_free((void *)(uintptr_t)der.ptr);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	pki_free(&c);
	return again;
}

/* SEQUENCEs around one element of any tag, one to four deep: where GeneralName, DistributionPointName,
 * AccessDescription and GeneralSubtree have their choice. */
static size_t nested(unsigned tag, unsigned depth, uint8_t length, uint8_t *out)
{
	static const uint8_t oid[] = { 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01 };
	uint8_t body[64];
	size_t len = 8;

	memset(body, 'w', sizeof body);
	body[0] = (uint8_t)tag;
	body[1] = length;
	if (depth == 3) { /* an access description's method comes first */
		memmove(body + sizeof oid, body, len);
		memcpy(body, oid, sizeof oid);
		len += sizeof oid;
	}
	for (unsigned i = 0; i < depth; i++) {
		memmove(body + 2, body, len);
		body[0] = depth == 4 && i < 2 ? 0xa0 : 0x30;
		body[1] = (uint8_t)len;
		len += 2;
	}
	memcpy(out, body, len);
	return len;
}

static void test_cve_2017_9023_choices_of_extensions(void **state)
{
	static const int nids[] = { NID_subject_alt_name, NID_name_constraints,
		NID_crl_distribution_points, NID_info_access, NID_authority_key_identifier,
		NID_certificate_policies };
	static const char *const texts[] = { "@west", "user@west", "192.0.2.1", "2001:db8::1" };
	struct ms_why why;

	(void)state;
	alarm(300); /* an endless loop ends the test */
	for (size_t n = 0; n < sizeof nids / sizeof nids[0]; n++)
		for (unsigned tag = 0; tag < 256; tag += tag >= 0x80 && tag < 0xb0 ? 1 : 7)
			for (unsigned depth = 1; depth <= 4; depth++) {
				uint8_t octets[64];
				/* right, empty, too long, of indefinite length */
				static const uint8_t lengths[] = { 6, 0, 7, 0x80 };
				uint8_t length = lengths[(tag + depth + n) % 4];
				X509 *cert = with_extension(
					nids[n], octets, nested(tag, depth, length, octets));
				struct ms_id id = { 0 };

				if (cert == NULL)
					continue;
				(void)judge(cert, &why);
				for (unsigned i = 0; i < 4; i++) {
					assert_int_equal(ms_id_parse(&id, texts[i], strlen(texts[i]),
								 NULL),
						MS_OK);
					assert_false(cert_has_id(cert, &id));
					ms_id_free(&id);
				}
				X509_free(cert);
			}
	alarm(0);
	ERR_clear_error();
}

/* --- CVE-2010-2628: names longer than any line, of octets that terminals and formats know --------------- */

static void assert_plain(const char *text)
{
	for (; *text != '\0'; text++)
		assert_true(*text >= 0x20 && *text < 0x7f);
}

/* Subject and issuer of `n` parts like this; signed, so that only its names are wrong. */
static struct pki_cert with_names(const char *part, size_t len, unsigned n)
{
	struct pki_cert c = pki_end("west", &root, "rsa2048 end", "DNS:west");
	X509_NAME *name = X509_NAME_new();

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_domainComponent, V_ASN1_UTF8STRING,
					 (const uint8_t *)part, (int)len, -1, 0),
			1);
	assert_int_equal(X509_set_subject_name(c.x509, name), 1);
	assert_int_equal(X509_set_issuer_name(c.x509, name), 1);
	assert_true(X509_sign(c.x509, root.key, EVP_sha256()) > 0);
	X509_NAME_free(name);
	return c;
}

static void test_cve_2010_2628_long_names(void **state)
{
	static const char *const fills[] = { "%n%s", "\n\r\x1b[2J", "';`$(x)`\"", "\xc3\xa4", "\x01",
		"A", ",+=\\" };
	static const unsigned counts[] = { 1, 2, 10, 100 };
	static const size_t lens[] = { 0, 1, 63, 200, 900 };

	(void)state;
	for (unsigned f = 0; f < 7; f++)
		for (unsigned k = 0; k < 20; k++) {
			struct ms_why why = { "" };
			char part[1000], text[400], whole[4 * 100 * 1000];
			struct pki_cert c;
			struct note note = { "" };
			struct store *s;
			char folder[PKI_DIR];
			size_t n, len = lens[k % 5] / strlen(fills[f]) * strlen(fills[f]);

			for (size_t i = 0; i < len; i++)
				part[i] = fills[f][i % strlen(fills[f])];
			c = with_names(part, len, counts[k / 5]);
			n = name_text(X509_get_subject_name(c.x509), whole, sizeof whole);
			assert_true(n < sizeof whole && strlen(whole) == n);
			assert_plain(whole);
			for (size_t size = 0; size < sizeof text; size += 1 + size / 4) {
				memset(text, 'x', sizeof text);
				assert_int_equal(
					name_text(X509_get_subject_name(c.x509), text, size), n);
				assert_true(size == 0 || strlen(text) < size);
				assert_int_equal(text[size], 'x');
			}
			assert_int_not_equal(judge(c.x509, &why), MS_OK);
			assert_plain(why.text);
			/* and as a file that is read */
			pki_dir(folder);
			pki_write(folder, "certs/long.pem", (X509 *[]){ c.x509, NULL });
			s = pki_store(folder, NULL, &note);
			store_unref(&s);
			assert_int_equal(pki_dir_remove(folder), 0);
			pki_free(&c);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2021_41990_2018_6459_pss_parameters),
		cmocka_unit_test(test_pss_counts),
		cmocka_unit_test(test_cve_2009_2185_2661_names_and_times),
		cmocka_unit_test(test_cve_2013_6075_5018_names_cut_short),
		cmocka_unit_test(test_addresses_have_a_family),
		cmocka_unit_test(test_cve_2018_16151_2017_11185_signatures),
		cmocka_unit_test(test_cve_2018_16152_2026_50721_octets_behind_the_digest),
		cmocka_unit_test(test_cve_2017_9023_choices_of_extensions),
		cmocka_unit_test(test_cve_2010_2628_long_names),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

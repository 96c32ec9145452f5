/* SPDX-License-Identifier: Apache-2.0 */
/* Files and chains: what is good, and everything that can be wrong with a certificate. */
#include "pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pki_cert root, rsa_root, other_root, below;
static char dir[PKI_DIR];

static int setup_all(void **state)
{
	(void)state;
	pki_dir(dir);
	root = pki_ca("root", NULL, "p256 root");
	rsa_root = pki_ca("RSA root", NULL, "rsa2048 root");
	other_root = pki_ca("other root", NULL, "p256 other");
	below = pki_ca("below", &root, "p256 below");
	pki_write(dir, "cacerts/root.pem", (X509 *[]){ root.x509, rsa_root.x509, NULL });
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	pki_free(&root);
	pki_free(&rsa_root);
	pki_free(&other_root);
	pki_free(&below);
	pki_keys_free();
	return pki_dir_remove(dir);
}

/* --- chains --- */

static ms_err build(struct store *s, X509 *end, X509 *between, const char *id, struct ms_why *why)
{
	STACK_OF(X509) *sent = sk_X509_new_null(), *chain = NULL;
	struct ms_id peer = { 0 };
	struct chain_request r = { .store = s, .end = end, .sent = sent, .now = time(NULL) };
	ms_err err;

	if (between != NULL)
		sk_X509_push(sent, between);
	if (id != NULL) {
		assert_int_equal(ms_id_parse(&peer, id, strlen(id), why), MS_OK);
		r.id = &peer;
	}
	err = chain_build(&r, &chain, why);
	assert_true((err == MS_OK) == (chain != NULL));
	sk_X509_pop_free(chain, X509_free);
	sk_X509_free(sent);
	ms_id_free(&peer);
	return err;
}

#define END "basicConstraints=critical,CA:FALSE"
#define SIGN "keyUsage=digitalSignature"

static void test_good(void **state)
{
	static const char *const keys[] = { "rsa2048", "p256", "p384", "ed25519" };
	struct store *s = pki_store(dir, NULL, NULL);
	struct ms_why why = { "" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pki_cert direct = pki_end("west", &root, keys[i], "DNS:west.example.org");
		struct pki_cert deep = pki_end("west", &below, keys[i], "DNS:west.example.org");

		assert_int_equal(
			build(s, direct.x509, NULL, "@west.example.org", &why), MS_OK);
		assert_int_equal(
			build(s, deep.x509, below.x509, "@WEST.example.ORG", &why), MS_OK);
		/* without the one between */
		assert_int_equal(
			build(s, deep.x509, NULL, "@west.example.org", &why), MS_ERR_AUTH);
		pki_free(&direct);
		pki_free(&deep);
	}
	store_unref(&s);
}

static const struct bad {
	const char *what;
	struct pki_spec spec;
	const char *reason;
} bads[] = {
	{ "expired", { .ext = { END, SIGN }, .from_s = -7200, .to_s = -3600 }, "expired" },
	{ "not yet valid", { .ext = { END, SIGN }, .from_s = 3600, .to_s = 7200 },
		"not yet valid" },
	{ "for signing code", { .ext = { END, SIGN, "extendedKeyUsage=codeSigning" } },
		"extended key usage" },
	{ "for OCSP", { .ext = { END, SIGN, "extendedKeyUsage=critical,OCSPSigning" } },
		"extended key usage" },
	{ "for encryption only", { .ext = { END, "keyUsage=keyEncipherment" } },
		"does not allow signatures" },
	{ "a CA's", { .ext = { "basicConstraints=critical,CA:TRUE", SIGN } }, "CA's, not an end's" },
	{ "unknown critical extension",
		{ .ext = { END, SIGN, "1.2.3.4=critical,ASN1:UTF8String:what" } },
		"unhandled critical extension" },
	{ "a weak key", { .key = "rsa1024", .ext = { END, SIGN } }, "key too weak" },
	{ "a small key", { .key = "rsa512", .ext = { END, SIGN } }, "RSA key of 512 bits" },
	{ "SHA-1", { .hash = "SHA1", .ext = { END, SIGN } }, "digest algorithm too weak" },
	{ "MD5", { .hash = "MD5", .ext = { END, SIGN } }, "digest algorithm too weak" },
};

static void test_bad(void **state)
{
	struct store *s = pki_store(dir, NULL, NULL);

	(void)state;
	for (unsigned i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		struct pki_spec spec = bads[i].spec;
		struct ms_why why = { "" };
		struct pki_cert c;

		spec.name = "west";
		spec.issuer = &rsa_root;
		if (spec.key == NULL)
			spec.key = "rsa2048";
		c = pki_make(&spec);
		if (build(s, c.x509, NULL, NULL, &why) != MS_ERR_AUTH ||
			strstr(why.text, bads[i].reason) == NULL)
			fail_msg("%s: \"%s\"", bads[i].what, why.text);
		pki_free(&c);
	}
	store_unref(&s);
}

static void test_accepted_usages(void **state)
{
	static const char *const usages[] = { "anyExtendedKeyUsage", "ipsecIKE", "serverAuth",
		"clientAuth", "1.3.6.1.5.5.8.2.2", "codeSigning,ipsecIKE", "ipsecEndSystem",
		"ipsecTunnel", "ipsecUser" };
	struct store *s = pki_store(dir, NULL, NULL);
	struct ms_why why = { "" };

	(void)state;
	for (unsigned i = 0; i < sizeof usages / sizeof usages[0]; i++) {
		char eku[128];
		struct pki_spec spec = { .name = "west", .key = "p256", .issuer = &root,
			.ext = { END, "keyUsage=nonRepudiation", eku } };
		struct pki_cert c;

		snprintf(eku, sizeof eku, "extendedKeyUsage=%s", usages[i]);
		c = pki_make(&spec);
		if (build(s, c.x509, NULL, NULL, &why) != MS_OK)
			fail_msg("%s: %s", usages[i], why.text);
		pki_free(&c);
	}
	store_unref(&s);
}

/* Issuers that are not what they should be. */
static void test_bad_issuers(void **state)
{
	static const struct {
		const char *what, *ext[3], *reason;
		long from_s, to_s;
	} issuers[] = {
		{ "without basicConstraints", { "keyUsage=keyCertSign" }, "CA", 0, 0 },
		{ "no CA", { END, "keyUsage=digitalSignature,keyCertSign" }, "CA", 0, 0 },
		{ "not allowed to sign", { "basicConstraints=CA:TRUE", "keyUsage=cRLSign" },
			"invalid CA", 0, 0 },
		{ "expired", { "basicConstraints=CA:TRUE" }, "expired", -7200, -3600 },
	};
	struct store *s = pki_store(dir, NULL, NULL);

	(void)state;
	for (unsigned i = 0; i < sizeof issuers / sizeof issuers[0]; i++) {
		struct pki_spec spec = { .name = "between", .key = "p256 between", .issuer = &root,
			.from_s = issuers[i].from_s, .to_s = issuers[i].to_s,
			.ext = { issuers[i].ext[0], issuers[i].ext[1] } };
		struct pki_cert ca = pki_make(&spec), end = pki_end("west", &ca, "p256", NULL);
		struct ms_why why = { "" };

		if (build(s, end.x509, ca.x509, NULL, &why) != MS_ERR_AUTH ||
			strstr(why.text, issuers[i].reason) == NULL)
			fail_msg("%s: \"%s\"", issuers[i].what, why.text);
		pki_free(&ca);
		pki_free(&end);
	}
	store_unref(&s);
}

static void test_other_ca(void **state)
{
	struct store *s = pki_store(dir, NULL, NULL);
	struct pki_cert end = pki_end("west", &other_root, "p256", NULL);
	struct pki_cert self = pki_end("west", NULL, "p256", "DNS:west");
	/* the right name, another key */
	struct pki_cert fake = pki_ca("root", NULL, "p256 fake");
	struct pki_cert forged = pki_end("west", &fake, "p256", NULL);
	struct ms_why why = { "" };

	(void)state;
	assert_int_equal(build(s, end.x509, NULL, NULL, &why), MS_ERR_AUTH);
	assert_int_equal(build(s, end.x509, other_root.x509, NULL, &why), MS_ERR_AUTH);
	assert_int_equal(build(s, self.x509, NULL, "@west", &why), MS_ERR_AUTH);
	assert_non_null(strstr(why.text, "self-signed"));
	assert_int_equal(build(s, forged.x509, fake.x509, NULL, &why), MS_ERR_AUTH);
	pki_free(&end);
	pki_free(&self);
	pki_free(&fake);
	pki_free(&forged);
	store_unref(&s);
}

static void test_path_length(void **state)
{
	struct pki_spec zero = { .name = "zero", .key = "p256 zero", .issuer = &root,
		.ext = { "basicConstraints=critical,CA:TRUE,pathlen:0",
			"keyUsage=critical,keyCertSign" } };
	struct pki_cert a = pki_make(&zero), b = pki_ca("one", &a, "p256 one");
	struct pki_cert good = pki_end("west", &a, "p256", NULL);
	struct pki_cert bad = pki_end("west", &b, "p256", NULL);
	struct store *s;
	struct ms_why why = { "" };

	(void)state;
	pki_write(dir, "certs/between.pem", (X509 *[]){ a.x509, b.x509, NULL });
	s = pki_store(dir, NULL, NULL);
	assert_int_equal(build(s, good.x509, NULL, NULL, &why), MS_OK);
	assert_int_equal(build(s, bad.x509, NULL, NULL, &why), MS_ERR_AUTH);
	assert_non_null(strstr(why.text, "path length"));
	store_unref(&s);
	pki_write(dir, "certs/between.pem", (X509 *[]){ NULL });
	pki_free(&a);
	pki_free(&b);
	pki_free(&good);
	pki_free(&bad);
}

/* --- CVE-2026-35331: excluded names compare as names do --- */

static void constrained(const char *constraint, const char *san, const char *cn, bool good)
{
	struct pki_spec spec = { .name = "constrained", .key = "p256 constrained", .issuer = &root,
		.ext = { "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign",
			constraint } };
	struct pki_cert ca = pki_make(&spec), end = pki_end(cn, &ca, "p256", san);
	struct store *s = pki_store(dir, NULL, NULL);
	struct ms_why why = { "" };
	ms_err err = build(s, end.x509, ca.x509, NULL, &why);

	if ((err == MS_OK) != good)
		fail_msg("%s, %s, %s: %s", constraint, san, cn, why.text);
	if (!good)
		assert_non_null(strstr(why.text, "subtree violation"));
	store_unref(&s);
	pki_free(&ca);
	pki_free(&end);
}

static void test_cve_2026_35331_name_constraints(void **state)
{
	static const char *const no_org = "nameConstraints=critical,excluded;DNS:strongswan.org";
	static const char *const only_org = "nameConstraints=critical,permitted;DNS:example.org";
	static const char *const no_west =
		"nameConstraints=critical,excluded;dirName:n\n[n]\nC=CH\nO=ModSwan\nCN=west\n";
	static const char *const no_net =
		"nameConstraints=critical,excluded;IP:192.0.2.0/255.255.255.0";
	static const char *const no_mail = "nameConstraints=critical,excluded;email:strongswan.org";

	(void)state;
	constrained(no_org, "DNS:vpn.strongSwan.org", "x", false);
	constrained(no_org, "DNS:strongSwan.org", "x", false);
	constrained(no_org, "DNS:strongswan.org", "x", false);
	constrained(no_org, "DNS:strongswan.net", "x", true);
	constrained(only_org, "DNS:west.EXAMPLE.org", "x", true);
	constrained(only_org, "DNS:west.example.com", "x", false);
	constrained(only_org, "DNS:west.example.org,DNS:west.example.com", "x", false);
	constrained(no_west, "DNS:a", "west", false);
	constrained(no_west, "DNS:a", "WEST", false);
	constrained(no_west, "DNS:a", "east", true);
	constrained(no_net, "IP:192.0.2.77", "x", false);
	constrained(no_net, "IP:192.0.3.77", "x", true);
	constrained(no_mail, "email:a@strongSwan.org", "x", false);
	constrained(no_mail, "email:a@strongswan.net", "x", true);
}

/* --- identities --- */

static void test_identities(void **state)
{
	static const struct {
		const char *id;
		bool good;
	} ids[] = {
		{ "@west.example.org", true },
		{ "@WEST.Example.ORG", true },
		{ "@west.example.or", false },
		{ "@west.example.org.", false },
		{ "@example.org", false },
		{ "@a.wild.example.org", false }, /* the certificate's *. is no wildcard */
		{ "@west", false },		  /* only in CN: not looked at */
		{ "user@example.org", true },
		{ "USER@example.ORG", true },
		{ "other@example.org", false },
		{ "192.0.2.1", true },
		{ "192.0.2.2", false },
		{ "2001:db8::1", true },
		{ "2001:db8::2", false },
		{ "C=CH, O=ModSwan, CN=west", true },
		{ "C=ch, O=MODSWAN, CN=West", true },
		{ "O=ModSwan, C=CH, CN=west", false },
		{ "C=CH, O=ModSwan", false },
		{ "C=CH, O=ModSwan, CN=west, CN=west", false },
		{ "C=CH, O=ModSwan, CN=west2", false },
		{ "C=CH, O=ModSwan, OU=west", false },
		{ "@#77657374", false }, /* key ids are in no certificate */
	};
	struct pki_cert end = pki_end("west", &root, "p256",
		"DNS:west.example.org,DNS:*.wild.example.org,email:user@example.org,"
		"IP:192.0.2.1,IP:2001:db8::1");
	struct store *s = pki_store(dir, NULL, NULL);

	(void)state;
	for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct ms_why why = { "" };
		ms_err err = build(s, end.x509, NULL, ids[i].id, &why);

		if (err != (ids[i].good ? MS_OK : MS_ERR_AUTH))
			fail_msg("%s: %s", ids[i].id, why.text);
	}
	store_unref(&s);
	pki_free(&end);
}

/* A zero octet inside a name ends nothing (CVE-2013-6075's class). */
static void test_zero_in_name(void **state)
{
	static const uint8_t name[] = "west\0.evil.example";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	struct pki_cert end = pki_end("x", &root, "p256", NULL);
	struct ms_id id = { 0 };

	(void)state;
	ASN1_STRING_set(text, name, sizeof name - 1);
	GENERAL_NAME_set0_value(one, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, one);
	assert_int_equal(
		X509_add1_ext_i2d(end.x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT), 1);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	assert_int_equal(ms_id_parse(&id, "@west", 5, NULL), MS_OK);
	assert_false(cert_has_id(end.x509, &id));
	ms_id_free(&id);
	pki_free(&end);
}

/* RFC 4945 s3.1.5: nobody is who has an empty name, be it that the certificate's is empty, too. */
static void test_empty_names(void **state)
{
	static const uint8_t empty[] = { 0x30, 0 };
	struct pki_cert end = pki_end("x", &root, "p256", NULL);
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = GENERAL_NAME_new();
	X509_NAME *nothing = X509_NAME_new();
	struct ms_id subject = { 0 }, host = { .type = MS_ID_FQDN };

	(void)state;
	assert_int_equal(X509_set_subject_name(end.x509, nothing), 1);
	X509_NAME_free(nothing);
	GENERAL_NAME_set0_value(one, GEN_DNS, ASN1_IA5STRING_new());
	sk_GENERAL_NAME_push(names, one);
	assert_int_equal(
		X509_add1_ext_i2d(end.x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT), 1);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	assert_int_equal(ms_id_set(&subject, MS_ID_DER_ASN1_DN, ms_bytes(empty, sizeof empty)), MS_OK);
	assert_false(cert_has_id(end.x509, &subject));
	assert_false(cert_has_id(end.x509, &host));
	ms_id_free(&subject);
	pki_free(&end);
}

/* --- malformed octets --- */

static void test_all_truncations(void **state)
{
	static const char *const keys[] = { "rsa2048", "p256", "ed25519" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct pki_cert end = pki_end("west", &root, keys[i], "DNS:west.example.org");
		struct ms_bytes der = pki_der(end.x509);

		for (size_t n = 0; n < der.len; n++) {
			uint8_t *copy = malloc(n + 1);

			memcpy(copy, der.ptr, n);
			assert_null(cert_of_der(ms_bytes(copy, n)));
			free(copy);
		}
		{
			uint8_t *longer = calloc(1, der.len + 1);
			X509 *whole;

			memcpy(longer, der.ptr, der.len);
			assert_null(cert_of_der(ms_bytes(longer, der.len + 1)));
			whole = cert_of_der(ms_bytes(longer, der.len));
			assert_non_null(whole);
			X509_free(whole);
			free(longer);
		}
		OPENSSL_free((void *)(uintptr_t)der.ptr);
		pki_free(&end);
	}
}

/* One wrong bit anywhere: never accepted (the signature covers all that matters), never a crash. */
static void test_all_flips(void **state)
{
	struct pki_cert end = pki_end("west", &root, "p256", "DNS:west.example.org");
	struct ms_bytes der = pki_der(end.x509);
	struct store *s = pki_store(dir, NULL, NULL);
	uint8_t *copy = malloc(der.len);

	(void)state;
	for (size_t at = 0; at < der.len; at++)
		for (unsigned bit = 0; bit < 8; bit += 3) {
			struct ms_why why = { "" };
			X509 *c;

			memcpy(copy, der.ptr, der.len);
			copy[at] ^= (uint8_t)(1u << bit);
			c = cert_of_der(ms_bytes(copy, der.len));
			if (c != NULL)
				assert_int_equal(build(s, c, NULL, "@west.example.org", &why),
					MS_ERR_AUTH);
			X509_free(c);
		}
	free(copy);
	store_unref(&s);
	OPENSSL_free((void *)(uintptr_t)der.ptr);
	pki_free(&end);
}

/* --- keys that are none: CVE-2018-17540 (tiny moduli), CVE-2017-9022 (even modulus, zero exponent),
 * CVE-2026-14957 (exponent 0) --- */

static struct ms_bytes rsa_spki(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
{
	static uint8_t out[2300];
	uint8_t *p = out;
	ASN1_INTEGER *in = ASN1_INTEGER_new(), *ie = ASN1_INTEGER_new();
	uint8_t body[2200], *q = body;
	X509_PUBKEY *pub = X509_PUBKEY_new();
	int len, body_len;

	ASN1_STRING_set(in, n, (int)n_len);
	ASN1_STRING_set(ie, e, (int)e_len);
	body_len = i2d_ASN1_INTEGER(in, NULL) + i2d_ASN1_INTEGER(ie, NULL);
	ASN1_put_object(&q, 1, body_len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	i2d_ASN1_INTEGER(in, &q);
	i2d_ASN1_INTEGER(ie, &q);
	X509_PUBKEY_set0_param(pub, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL,
		OPENSSL_memdup(body, (size_t)(q - body)), (int)(q - body));
	len = i2d_X509_PUBKEY(pub, &p);
	assert_true(len > 0 && (size_t)len < sizeof out);
	X509_PUBKEY_free(pub);
	ASN1_INTEGER_free(in);
	ASN1_INTEGER_free(ie);
	return ms_bytes(out, (size_t)len);
}

#define TOO_WEAK "too weak"

/* Whoever has such a key is refused for it: the end, a stranger, somebody's issuer.  NULL: it is a good one;
 * one that is merely weak does no harm where nothing depends on it. */
static void key_is(struct store *s, struct ms_bytes n, struct ms_bytes e, const char *reason)
{
	struct ms_bytes spki = rsa_spki(n.ptr, n.len, e.ptr, e.len);
	struct pki_spec spec = { .name = "west", .key = "p256", .issuer = &root, .spki = spki.ptr,
		.spki_octets = spki.len, .ext = { END, SIGN } };
	struct pki_cert c = pki_make(&spec), end = pki_end("west", &root, "p256", NULL), loner;

	spec.issuer = NULL;
	loner = pki_make(&spec);
	{
		X509 *const ends[] = { c.x509, loner.x509, end.x509 };
		X509 *const sent[] = { NULL, NULL, loner.x509 };

		for (unsigned i = 0; i < 3; i++) {
			struct ms_why why = { "" };
			ms_err err = build(s, ends[i], sent[i], NULL, &why);

			if (i == 2 && reason != NULL && strcmp(reason, TOO_WEAK) == 0)
				reason = NULL;
			if ((err == MS_OK) != (reason == NULL && i != 1))
				fail_msg("%zu octets, the %u. way: %s", n.len, i, ms_why_text(&why, err));
			if (reason != NULL && !(i == 1 && strcmp(reason, TOO_WEAK) == 0) &&
				strstr(why.text, reason) == NULL)
				fail_msg("%zu octets, the %u. way: \"%s\", wanted \"%s\"", n.len, i,
					why.text, reason);
		}
	}
	pki_free(&c);
	pki_free(&end);
	pki_free(&loner);
}

static void test_cve_2018_17540_2017_9022_2026_14957_keys(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *reason;
	} exponents[] = { { "\x01\x00\x01", 3, NULL }, { "\x03", 1, NULL },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8, NULL },
		{ "\x00", 1, "useless exponent" }, { "\x01", 1, "useless exponent" },
		{ "\x02", 1, "useless exponent" }, { "\x01\x00\x00", 3, "useless exponent" },
		{ "\x01\x00\x00\x00\x00\x00\x00\x00\x01", 9, "useless exponent" } };
	static const size_t sizes[] = { 1, 2, 3, 4, 8, 16, 64, 127, 128, 192, 256, 512, 2048, 2049 };
	static uint8_t n[2049];
	const struct ms_bytes f4 = ms_bytes("\x01\x00\x01", 3);
	struct store *s = pki_store(dir, NULL, NULL);

	(void)state;
	memset(n, 0xff, sizeof n);
	for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++)
		key_is(s, ms_bytes(n, 256), ms_bytes(exponents[i].octets, exponents[i].len),
			exponents[i].reason);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		key_is(s, ms_bytes(n, sizes[i]), f4,
			sizes[i] < 128 || sizes[i] > 2048 ? "an RSA key of"
			: sizes[i] < 256		  ? TOO_WEAK
							  : NULL);
	n[255] = 0xfe;
	key_is(s, ms_bytes(n, 256), f4, "even modulus");
	key_is(s, ms_bytes("", 1), f4, "an RSA key of 0 bits");
	store_unref(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_accepted_usages),
		cmocka_unit_test(test_bad_issuers),
		cmocka_unit_test(test_other_ca),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_cve_2026_35331_name_constraints),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_zero_in_name),
		cmocka_unit_test(test_empty_names),
		cmocka_unit_test(test_all_truncations),
		cmocka_unit_test(test_all_flips),
		cmocka_unit_test(test_cve_2018_17540_2017_9022_2026_14957_keys),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and keys that are none, made as forgers make them: PKCS#1 v1.5 blocks with something
 * left loose (Bleichenbacher 2006 and its kin), PSS with another salt, numbers out of range, other
 * encodings of the same numbers.  Only the exact signature may pass.
 *
 * Standards: RFC 8017 s8.1.2, s8.2.2, s9; FIPS 186-5 s6.4.2; RFC 8032 s5.1.7; X.690 s10.
 */
#include "plugins/crypto-openssl/crypto_test.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define OCTETS 256 /* of an RSA-2048 block */
#define SIGN   (&sign_ops)

static const uint8_t message[] = "Ni, Nr and the prf of ID";
static const struct ms_bytes text = { message, sizeof message - 1 };
static EVP_PKEY *rsa, *rsa3, *ec, *ed;
static struct ms_pubkey *rsa_pub, *rsa3_pub, *ec_pub, *ed_pub;

static struct ms_pubkey *public_of(EVP_PKEY *key)
{
	struct ms_pubkey *out = NULL;
	struct ms_why why = { "" };
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	assert_true(len > 0);
	if (SIGN->pubkey_from_spki(&out, ms_bytes(der, (size_t)len), &why) != MS_OK)
		fail_msg("%s", why.text);
	OPENSSL_free(der);
	return out;
}

static EVP_PKEY *rsa_with(unsigned exponent)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	BIGNUM *e = BN_new();

	assert_int_equal(BN_set_word(e, exponent), 1);
	assert_int_equal(EVP_PKEY_keygen_init(x), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(x, OCTETS * 8) > 0);
	assert_true(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(x, e) > 0);
	assert_int_equal(EVP_PKEY_generate(x, &key), 1);
	EVP_PKEY_CTX_free(x);
	BN_free(e);
	return key;
}

static int setup(void **state)
{
	if (crypto_setup(state) != 0)
		return -1;
	rsa = rsa_with(65537);
	rsa3 = rsa_with(3);
	ec = EVP_EC_gen("P-256");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	rsa_pub = public_of(rsa);
	rsa3_pub = public_of(rsa3);
	ec_pub = public_of(ec);
	ed_pub = public_of(ed);
	return 0;
}

static int teardown(void **state)
{
	SIGN->pubkey_free(&rsa_pub);
	SIGN->pubkey_free(&rsa3_pub);
	SIGN->pubkey_free(&ec_pub);
	SIGN->pubkey_free(&ed_pub);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa3);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
	return crypto_teardown(state);
}

/* --- RSA: blocks ------------------------------------------------------------------------------------ */

/* block to the private exponent */
static void raw_sign(EVP_PKEY *key, const uint8_t block[OCTETS], uint8_t out[OCTETS])
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(key, NULL);
	size_t len = OCTETS;

	assert_int_equal(EVP_PKEY_sign_init(x), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(x, RSA_NO_PADDING) > 0);
	assert_int_equal(EVP_PKEY_sign(x, out, &len, block, OCTETS), 1);
	assert_int_equal(len, OCTETS);
	EVP_PKEY_CTX_free(x);
}

static bool passes(const struct ms_pubkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const uint8_t *sig, size_t len)
{
	/* room of its own, so that a sanitizer sees an octet too far */
	uint8_t *copy = malloc(len + (len == 0));
	ms_err err;

	memcpy(copy, sig, len);
	err = SIGN->verify(key, scheme, hash, &text, 1, ms_bytes(copy, len));
	free(copy);
	assert_true(err == MS_OK || err == MS_ERR_AUTH);
	return err == MS_OK;
}

static bool pkcs1_passes(const uint8_t block[OCTETS])
{
	uint8_t sig[OCTETS];

	raw_sign(rsa, block, sig);
	return passes(rsa_pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, sig, OCTETS);
}

/* 00 01 FF... 00 info digest, and `behind` octets of garbage. */
static void block_of(const char *info_hex, size_t digest_octets, size_t behind, uint8_t *block)
{
	uint8_t info[64], digest[32];
	size_t n = unhex(info_hex, info, sizeof info);
	size_t pad = OCTETS - 3 - n - digest_octets - behind;

	assert_int_equal(EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL), 1);
	memset(block, 0xa5, OCTETS);
	block[0] = 0;
	block[1] = 1;
	memset(block + 2, 0xff, pad);
	block[2 + pad] = 0;
	memcpy(block + 3 + pad, info, n);
	memcpy(block + 3 + pad + n, digest, digest_octets < 32 ? digest_octets : 32);
}

#define SHA256_INFO "3031300d060960864801650304020105000420"

/* CVE-2026-50721, CVE-2026-50722, CVE-2018-16151, CVE-2018-16152: what a DigestInfo may not be. */
static void test_cve_2026_50721_pkcs1_blocks(void **state)
{
	static const struct {
		const char *info;
		size_t digest;
	} loose[] = {
		{ "302f300b0609608648016503040201" "0420", 32 },	 /* no parameters */
		{ "3033300f06096086480165030402010503a5a5a5" "0420", 32 }, /* NULL with octets */
		{ "3032300e0609608648016503040201058100" "0420", 32 },	 /* a long form's length */
		{ "308131300d060960864801650304020105000420", 32 },
		{ "3080300d060960864801650304020105000420", 32 },	 /* indefinite */
		{ "3032300d06096086480165030402010500048120", 32 },
		{ "3031300d060960864801650304020105002420", 32 },	 /* constructed */
		{ "3031300d060960864801650304020405000420", 32 },	 /* SHA-224's name */
		{ "3031300d060960864801650304020605000420", 32 },	 /* SHA-512/256's */
		{ "3021300d06096086480165030402010500" "0410", 16 },	 /* half a digest */
		{ "3011300d06096086480165030402010500" "0400", 0 },	 /* none */
		{ "3031300d060960864801650304020105000421", 32 },	 /* longer than there is */
		{ "3031300d0609608648016503040201050004ff", 32 },
		{ "30ff300d060960864801650304020105000420", 32 },
		{ "30313000060960864801650304020105000420", 32 },
		{ "", 32 },						 /* the digest alone */
		{ "0420", 32 },
		{ "3031300d06096086480165030402010500", 0 },
	};
	uint8_t block[OCTETS];

	(void)state;
	block_of(SHA256_INFO, 32, 0, block);
	assert_true(pkcs1_passes(block));
	for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
		block_of(loose[i].info, loose[i].digest, 0, block);
		if (pkcs1_passes(block))
			fail_msg("DigestInfo %zu passes", i);
	}
	for (size_t behind = 1; behind <= OCTETS - 3 - 19 - 32; behind += 1 + behind / 4) {
		block_of(SHA256_INFO, 32, behind, block);
		assert_false(pkcs1_passes(block));
	}
}

/* Every octet of the block counts, and every bit of the last ones. */
static void test_cve_2018_16152_pkcs1_every_octet(void **state)
{
	uint8_t good[OCTETS], block[OCTETS];

	(void)state;
	block_of(SHA256_INFO, 32, 0, good);
	for (size_t i = 1; i < OCTETS; i += i < 200 ? 3 : 1) {
		memcpy(block, good, OCTETS);
		block[i] ^= (uint8_t)(1u << (i % 8));
		assert_false(pkcs1_passes(block));
	}
	/* block types */
	for (unsigned type = 0; type < 256; type += type < 4 ? 1 : 63) {
		memcpy(block, good, OCTETS);
		block[1] = (uint8_t)type;
		assert_int_equal(pkcs1_passes(block), type == 1);
	}
	/* an early end of the padding */
	for (size_t i = 2; i < 200; i += 33) {
		memcpy(block, good, OCTETS);
		block[i] = 0;
		assert_false(pkcs1_passes(block));
	}
}

/* The least number whose cube begins as `block` does, as a signature for e = 3. */
static void cube_root(const uint8_t block[OCTETS], uint8_t out[OCTETS])
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *want = BN_bin2bn(block, OCTETS, NULL), *low = BN_new(), *high = BN_new();
	BIGNUM *mid = BN_new(), *cube = BN_new();

	BN_zero(low);
	BN_zero(high);
	assert_int_equal(BN_set_bit(high, OCTETS * 8 / 3 + 1), 1);
	for (;;) {
		BN_add(mid, low, high);
		BN_rshift1(mid, mid);
		if (BN_cmp(mid, low) == 0)
			break;
		BN_sqr(cube, mid, bn);
		BN_mul(cube, cube, mid, bn);
		BN_copy(BN_cmp(cube, want) < 0 ? low : high, mid);
	}
	assert_int_equal(BN_bn2binpad(high, out, OCTETS), OCTETS);
	BN_free(want);
	BN_free(low);
	BN_free(high);
	BN_free(mid);
	BN_free(cube);
	BN_CTX_free(bn);
}

/* CVE-2018-16151: no private key is needed where the verifier does not look behind the digest. */
static void test_cve_2018_16151_cube_root(void **state)
{
	(void)state;
	for (size_t pad = 8; pad <= 26; pad += 6) {
		uint8_t block[OCTETS], sig[OCTETS], cube[OCTETS];
		EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(rsa3, NULL);
		size_t len = OCTETS, behind = OCTETS - 3 - 19 - 32 - pad;

		block_of(SHA256_INFO, 32, behind, block);
		memset(block + OCTETS - behind, 0, behind);
		cube_root(block, sig);
		/* the forgery is one: it recovers to what begins right */
		assert_int_equal(EVP_PKEY_verify_recover_init(x), 1);
		assert_true(EVP_PKEY_CTX_set_rsa_padding(x, RSA_NO_PADDING) > 0);
		assert_int_equal(EVP_PKEY_verify_recover(x, cube, &len, sig, OCTETS), 1);
		assert_memory_equal(cube, block, OCTETS - behind);
		EVP_PKEY_CTX_free(x);
		assert_false(passes(rsa3_pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, sig, OCTETS));
	}
}

/* CVE-2017-11185, CVE-2012-2388: numbers that are no signatures, and signatures of other lengths. */
static void test_cve_2017_11185_rsa_numbers_and_lengths(void **state)
{
	static const enum ms_sign_scheme schemes[] = { MS_SIGN_RSA_PKCS1, MS_SIGN_RSA_PSS };
	uint8_t good[2 * OCTETS] = { 0 }, sig[2 * OCTETS], block[OCTETS];
	BIGNUM *n = NULL, *v = BN_new();

	(void)state;
	assert_int_equal(EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	block_of(SHA256_INFO, 32, 0, block);
	raw_sign(rsa, block, good + 1);
	for (unsigned k = 0; k < 2; k++) {
		for (int d = -2; d <= 2; d++) {
			/* around 0 and around the modulus */
			memset(sig, 0, OCTETS);
			sig[OCTETS - 1] = (uint8_t)(d < 0 ? -d : d);
			assert_false(passes(rsa_pub, schemes[k], MS_HASH_SHA2_256, sig, OCTETS));
			BN_copy(v, n);
			if (d < 0)
				BN_sub_word(v, (BN_ULONG)-d);
			else
				BN_add_word(v, (BN_ULONG)d);
			assert_int_equal(BN_bn2binpad(v, sig, OCTETS), OCTETS);
			assert_false(passes(rsa_pub, schemes[k], MS_HASH_SHA2_256, sig, OCTETS));
		}
		/* the signature and the modulus: the same residue */
		BN_bin2bn(good + 1, OCTETS, v);
		BN_add(v, v, n);
		assert_int_equal(BN_bn2binpad(v, sig, OCTETS + 1), OCTETS + 1);
		assert_false(passes(rsa_pub, schemes[k], MS_HASH_SHA2_256, sig, OCTETS + 1));
		if (sig[0] == 0)
			assert_false(passes(
				rsa_pub, schemes[k], MS_HASH_SHA2_256, sig + 1, OCTETS));
	}
	assert_true(passes(rsa_pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, good + 1, OCTETS));
	assert_false(passes(rsa_pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, good, OCTETS + 1));
	for (size_t len = 0; len < 2 * OCTETS - 1; len += len < 4 || len > 250 ? 1 : 41)
		assert_int_equal(
			passes(rsa_pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, good + 1, len),
			len == OCTETS);
	BN_free(v);
	BN_free(n);
}

/* --- RSA: PSS --------------------------------------------------------------------------------------- */

static size_t pss_sign(int salt, const EVP_MD *mgf1, uint8_t *out)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(rsa, NULL);
	uint8_t digest[32];
	size_t len = OCTETS;

	assert_int_equal(EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL), 1);
	assert_int_equal(EVP_PKEY_sign_init(x), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_PSS_PADDING) > 0);
	assert_true(EVP_PKEY_CTX_set_signature_md(x, EVP_sha256()) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md(x, mgf1) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(x, salt) > 0);
	assert_int_equal(EVP_PKEY_sign(x, out, &len, digest, sizeof digest), 1);
	EVP_PKEY_CTX_free(x);
	return len;
}

/* CVE-2021-41990: salts that are not as long as the hash. */
static void test_cve_2021_41990_pss_salts(void **state)
{
	static const int salts[] = { 0, 1, 20, 31, 32, 33, 48, 64, 222 };
	uint8_t sig[OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++) {
		assert_int_equal(pss_sign(salts[i], EVP_sha256(), sig), OCTETS);
		assert_int_equal(passes(rsa_pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, sig, OCTETS),
			salts[i] == 32);
		assert_false(passes(rsa_pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_384, sig, OCTETS));
		assert_false(passes(rsa_pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, sig, OCTETS));
	}
	/* CVE-2018-6459: another mask */
	assert_int_equal(pss_sign(32, EVP_sha1(), sig), OCTETS);
	assert_false(passes(rsa_pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, sig, OCTETS));
	assert_int_equal(pss_sign(32, EVP_sha512(), sig), OCTETS);
	assert_false(passes(rsa_pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, sig, OCTETS));
}

/* Each octet of the encoded block: top bits, the zeros before the salt, the hash, the trailer. */
static void test_cve_2018_6459_pss_every_octet(void **state)
{
	uint8_t sig[OCTETS], good[OCTETS], block[OCTETS];
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(rsa, NULL);
	size_t len = OCTETS;

	(void)state;
	assert_int_equal(pss_sign(32, EVP_sha256(), sig), OCTETS);
	assert_int_equal(EVP_PKEY_verify_recover_init(x), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(x, RSA_NO_PADDING) > 0);
	assert_int_equal(EVP_PKEY_verify_recover(x, good, &len, sig, OCTETS), 1);
	EVP_PKEY_CTX_free(x);
	assert_int_equal(good[OCTETS - 1], 0xbc);
	raw_sign(rsa, good, sig);
	assert_true(passes(rsa_pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, sig, OCTETS));
	for (size_t i = 0; i < OCTETS; i += i < 180 ? 5 : 1) {
		memcpy(block, good, OCTETS);
		block[i] ^= (uint8_t)(1u << (i % 7));
		raw_sign(rsa, block, sig);
		assert_false(passes(rsa_pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, sig, OCTETS));
	}
}

/* --- ECDSA and EdDSA ----------------------------------------------------------------------------------- */

static void ec_sign(BIGNUM **r, BIGNUM **s)
{
	uint8_t digest[32], der[80];
	const uint8_t *p = der;
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(ec, NULL);
	size_t len = sizeof der;
	ECDSA_SIG *sig;

	assert_int_equal(EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL), 1);
	assert_int_equal(EVP_PKEY_sign_init(x), 1);
	assert_int_equal(EVP_PKEY_sign(x, der, &len, digest, sizeof digest), 1);
	EVP_PKEY_CTX_free(x);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	assert_non_null(sig);
	*r = BN_dup(ECDSA_SIG_get0_r(sig));
	*s = BN_dup(ECDSA_SIG_get0_s(sig));
	ECDSA_SIG_free(sig);
}

/* Any number, also one that OpenSSL's own encoder refuses. */
static size_t integer(const BIGNUM *v, uint8_t *out)
{
	ASN1_INTEGER *i = BN_to_ASN1_INTEGER(v, NULL);
	int len = i2d_ASN1_INTEGER(i, &out);

	assert_true(len > 0);
	ASN1_INTEGER_free(i);
	return (size_t)len;
}

static bool pair_passes(const BIGNUM *r, const BIGNUM *s)
{
	uint8_t der[2048], raw[64];
	size_t len = integer(r, der + 4);
	bool ok;

	len += integer(s, der + 4 + len);
	if (len < 128) {
		memmove(der + 2, der + 4, len);
		der[1] = (uint8_t)len;
		len += 2;
	} else {
		der[1] = 0x82;
		der[2] = (uint8_t)(len >> 8);
		der[3] = (uint8_t)len;
		len += 4;
	}
	der[0] = 0x30;
	ok = passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, der, len);
	if (!BN_is_negative(r) && !BN_is_negative(s) && BN_bn2binpad(r, raw, 32) == 32 &&
		BN_bn2binpad(s, raw + 32, 32) == 32)
		assert_int_equal(
			passes(ec_pub, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, raw, 64), ok);
	return ok;
}

#define P256_ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
#define P256_PRIME "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"

/* CVE-2013-2944: numbers that are out of range, each with each. */
static void test_cve_2013_2944_ecdsa_numbers(void **state)
{
	BIGNUM *v[13] = { NULL }, *r, *s, *n = NULL;

	(void)state;
	assert_int_equal(BN_hex2bn(&n, P256_ORDER), sizeof P256_ORDER - 1);
	ec_sign(&r, &s);
	assert_true(pair_passes(r, s));
	BN_hex2bn(&v[0], "0");
	BN_hex2bn(&v[1], "1");
	BN_hex2bn(&v[2], "-1");
	BN_hex2bn(&v[3], P256_ORDER);
	BN_hex2bn(&v[4], P256_PRIME);
	for (unsigned i = 5; i < 13; i++)
		v[i] = BN_dup(i < 9 ? n : i < 11 ? r : s);
	BN_add_word(v[5], 1);
	BN_sub_word(v[6], 1);
	BN_lshift1(v[7], v[7]);
	BN_lshift(v[8], v[8], 4000); /* longer than any buffer */
	BN_add(v[9], v[9], n);
	BN_set_negative(v[10], 1);
	BN_add(v[11], v[11], n);
	BN_set_negative(v[12], 1);
	for (unsigned i = 0; i < 13; i++) {
		assert_false(pair_passes(v[i], s));
		assert_false(pair_passes(r, v[i]));
		for (unsigned k = 0; k < 13; k++)
			assert_false(pair_passes(v[i], v[k]));
	}
	for (unsigned i = 0; i < 13; i++)
		BN_free(v[i]);
	BN_free(r);
	BN_free(s);
	BN_free(n);
}

/* One pair has one encoding. */
static void test_cve_2013_2944_ecdsa_encodings(void **state)
{
	uint8_t good[80], bad[96];
	size_t len = sizeof good;
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(ec, NULL);
	uint8_t digest[32], raw[140] = { 0 };

	(void)state;
	assert_int_equal(EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL), 1);
	assert_int_equal(EVP_PKEY_sign_init(x), 1);
	assert_int_equal(EVP_PKEY_sign(x, good, &len, digest, sizeof digest), 1);
	EVP_PKEY_CTX_free(x);
	assert_true(passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, good, len));
	for (size_t n = 0; n < len; n++)
		assert_false(passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, good, n));
	/* octets behind, outside and inside the SEQUENCE */
	memcpy(bad, good, len);
	bad[len] = 0;
	assert_false(passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, bad, len + 1));
	bad[1]++;
	assert_false(passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, bad, len + 1));
	/* the length in its long form */
	bad[0] = 0x30;
	bad[1] = 0x81;
	memcpy(bad + 2, good + 1, len - 1);
	assert_false(passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, bad, len + 1));
	/* a zero before r */
	memcpy(bad, good, 4);
	bad[1] = (uint8_t)(good[1] + 1);
	bad[3] = (uint8_t)(good[3] + 1);
	bad[4] = 0;
	memcpy(bad + 5, good + 4, len - 4);
	assert_false(passes(ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, bad, len + 1));
	/* other tags, anywhere */
	for (unsigned tag = 0; tag < 256; tag++)
		if (tag != 0x30 && tag != 0x02)
			for (unsigned at = 0; at < 3; at += 2) {
				memcpy(bad, good, len);
				bad[at] = (uint8_t)tag;
				assert_false(passes(
					ec_pub, MS_SIGN_ECDSA, MS_HASH_SHA2_256, bad, len));
			}
	for (size_t n = 0; n < sizeof raw; n++)
		assert_false(passes(ec_pub, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, raw, n));
}

/* RFC 8032 s5.1.7: S below the order, or one signature would have many forms. */
static void test_eddsa_forms(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
		0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	uint8_t sig[65] = { 0 }, bad[65];
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	size_t len = 64;
	unsigned carry = 0;

	(void)state;
	assert_int_equal(EVP_DigestSignInit(x, NULL, NULL, NULL, ed), 1);
	assert_int_equal(EVP_DigestSign(x, sig, &len, text.ptr, text.len), 1);
	EVP_MD_CTX_free(x);
	assert_true(passes(ed_pub, MS_SIGN_EDDSA, 0, sig, 64));
	for (size_t n = 0; n <= 65; n++)
		assert_int_equal(passes(ed_pub, MS_SIGN_EDDSA, 0, sig, n), n == 64);
	memcpy(bad, sig, sizeof bad);
	for (unsigned i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		bad[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(passes(ed_pub, MS_SIGN_EDDSA, 0, bad, 64));
	for (unsigned fill = 0; fill < 256; fill += 255) {
		memset(bad, (int)fill, 64);
		assert_false(passes(ed_pub, MS_SIGN_EDDSA, 0, bad, 64));
		memcpy(bad, sig, 32);
		assert_false(passes(ed_pub, MS_SIGN_EDDSA, 0, bad, 64));
		memset(bad, (int)fill, 32);
		memcpy(bad + 32, sig + 32, 32);
		assert_false(passes(ed_pub, MS_SIGN_EDDSA, 0, bad, 64));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2026_50721_pkcs1_blocks),
		cmocka_unit_test(test_cve_2018_16152_pkcs1_every_octet),
		cmocka_unit_test(test_cve_2018_16151_cube_root),
		cmocka_unit_test(test_cve_2017_11185_rsa_numbers_and_lengths),
		cmocka_unit_test(test_cve_2021_41990_pss_salts),
		cmocka_unit_test(test_cve_2018_6459_pss_every_octet),
		cmocka_unit_test(test_cve_2013_2944_ecdsa_numbers),
		cmocka_unit_test(test_cve_2013_2944_ecdsa_encodings),
		cmocka_unit_test(test_eddsa_forms),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

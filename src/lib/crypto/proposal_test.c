/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/fake_provider_test.h"

#include <modswan/proposal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define IKE       MS_PROTOCOL_IKE
#define ESP       MS_PROTOCOL_ESP
#define AH        MS_PROTOCOL_AH
#define KE_ALL    "X25519+ECP256+MODP2048+MODP3072"
#define PRF_ALL   "HMAC_SHA2_512+HMAC_SHA2_256"
#define INTEG_ALL "HMAC_SHA2_512_256+HMAC_SHA2_256_128"
#define ONE_IKE   "AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_256-MODP2048"

static const struct {
	enum ms_protocol protocol;
	const char *text, *want;
} accepted[] = {
	/* defaults, without what the provider lacks */
	{ IKE, NULL,
		"AES_GCM_16_256+AES_GCM_16_128+CHACHA20_POLY1305-" PRF_ALL "-" KE_ALL
		",AES_CBC_256+AES_CBC_128-" INTEG_ALL "-" PRF_ALL "-" KE_ALL },
	{ ESP, "",
		"AES_GCM_16_256+AES_GCM_16_128+CHACHA20_POLY1305"
		",AES_CBC_256+AES_CBC_128-" INTEG_ALL },
	{ AH, NULL, INTEG_ALL },
	/* the family's and libreswan's spellings */
	{ IKE, "aes_gcm128-sha2_256-x25519", "AES_GCM_16_128-HMAC_SHA2_256-X25519" },
	{ IKE, "aes128-sha2_256-modp2048", ONE_IKE },
	{ IKE, "aes128-sha2_256;modp2048", ONE_IKE },
	{ IKE, "aes_cbc_128-hmac_sha2_256-dh14", ONE_IKE },
	{ IKE, "AES128-SHA256-MODP2048", ONE_IKE },
	{ IKE, "aes128-sha256-modp2048!", ONE_IKE },
	{ IKE, "  aes128-sha256-modp2048 ! ", ONE_IKE },
	{ IKE, "aes256-sha2_512+sha2_256-modp2048+ecp256",
		"AES_CBC_256-HMAC_SHA2_512_256+HMAC_SHA2_256_128-HMAC_SHA2_512+HMAC_SHA2_256-"
		"MODP2048+ECP256" },
	{ IKE, "aes_gcm", "AES_GCM_16_256+AES_GCM_16_128-" PRF_ALL "-" KE_ALL },
	{ IKE, "aes_gcm_c_128-sha2_512-dh31", "AES_GCM_16_128-HMAC_SHA2_512-X25519" },
	{ IKE, "aes_gcm_16_128-sha2_512-dh19", "AES_GCM_16_128-HMAC_SHA2_512-ECP256" },
	{ IKE, "chacha20_poly1305-sha2_512-x25519", "CHACHA20_POLY1305-HMAC_SHA2_512-X25519" },
	{ IKE, "aes192-sha1-dh15", "AES_CBC_192-HMAC_SHA1_96-HMAC_SHA1-MODP3072" },
	{ IKE, "aes_gcm128-sha1-x25519, aes128-sha1-ecp256",
		"AES_GCM_16_128-HMAC_SHA1-X25519,AES_CBC_128-HMAC_SHA1_96-HMAC_SHA1-ECP256" },
	{ IKE, "aes_gcm256-sha2_512-dh19", "AES_GCM_16_256-HMAC_SHA2_512-ECP256" },
	{ IKE, "aes_gcm-sha2;dh19", "AES_GCM_16_256+AES_GCM_16_128-HMAC_SHA2_256-ECP256" },
	{ IKE, "aes256-sha2_256-modp2048",
		"AES_CBC_256-HMAC_SHA2_256_128-HMAC_SHA2_256-MODP2048" },
	{ IKE, "aes256-sha2_256;modp2048+dh19,aes_gcm_256-sha2_512-dh_31!",
		"AES_CBC_256-HMAC_SHA2_256_128-HMAC_SHA2_256-MODP2048+ECP256,"
		"AES_GCM_16_256-HMAC_SHA2_512-X25519" },
	{ IKE, "aes_gcm_16+aes-hmac_sha2_256-ecp_256",
		"AES_GCM_16_256+AES_GCM_16_128-HMAC_SHA2_256-ECP256,"
		"AES_CBC_256+AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_256-ECP256" },
	{ IKE, "aes-sha2_512-x25519", "AES_CBC_256+AES_CBC_128-HMAC_SHA2_512_256-HMAC_SHA2_512-X25519" },
	{ ESP, "aes_gcm256", "AES_GCM_16_256" },
	{ ESP, "aes256-sha2_512;modp2048", "AES_CBC_256-HMAC_SHA2_512_256-MODP2048" },
	{ ESP, "aes_gcm_256-none;dh19", "AES_GCM_16_256-ECP256" },
	{ ESP, "aes_ccm_c256", "AES_CCM_16_256" },
	{ ESP, "aes_cbc256-hmac_sha2_256_128", "AES_CBC_256-HMAC_SHA2_256_128" },
	/* strongSwan's */
	{ IKE, "aes256gcm16-sha384-ecp256", "AES_GCM_16_256-HMAC_SHA2_384-ECP256" },
	{ ESP, "aes256gcm16-x25519-noesn", "AES_GCM_16_256-X25519" },
	{ ESP, "chacha20poly1305-curve25519-esn", "CHACHA20_POLY1305-X25519-ESN_YES" },
	{ IKE, "aes128gcm16-prfsha256-curve25519", "AES_GCM_16_128-HMAC_SHA2_256-X25519" },
	{ IKE, "aes256gcm128-prfsha384-ecp256", "AES_GCM_16_256-HMAC_SHA2_384-ECP256" },
	{ IKE, "chacha20poly1305-prfsha256-x25519", "CHACHA20_POLY1305-HMAC_SHA2_256-X25519" },
	{ IKE, "aes128-aes256-sha256-sha512-modp2048-ecp256",
		"AES_CBC_128+AES_CBC_256-HMAC_SHA2_256_128+HMAC_SHA2_512_256-"
		"HMAC_SHA2_256+HMAC_SHA2_512-MODP2048+ECP256" },
	{ IKE, "aes128-sha256-prfsha512-modp2048",
		"AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_512-MODP2048" },
	{ IKE, "aes128ctr-sha256-modp2048",
		"AES_CTR_128-HMAC_SHA2_256_128-HMAC_SHA2_256-MODP2048" },
	{ ESP, "aes256ccm128", "AES_CCM_16_256" },
	{ ESP, "aes128ccm8-x25519", "AES_CCM_8_128-X25519" },
	{ ESP, "aes128gcm64,aes128gcm96", "AES_GCM_8_128,AES_GCM_12_128" },
	/* an AEAD and another cipher part company */
	{ IKE, "aes_gcm128+aes128-sha2_256-x25519",
		"AES_GCM_16_128-HMAC_SHA2_256-X25519,"
		"AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_256-X25519" },
	{ ESP, "aes128+aes_gcm128-sha1", "AES_CBC_128-HMAC_SHA1_96,AES_GCM_16_128" },
	/* ESP and AH */
	{ ESP, "aes128-sha256", "AES_CBC_128-HMAC_SHA2_256_128" },
	{ ESP, "aes-sha1;modp2048", "AES_CBC_256+AES_CBC_128-HMAC_SHA1_96-MODP2048" },
	{ ESP, "aes_gcm128-null", "AES_GCM_16_128" },
	{ ESP, "aes_gcm_a128", "AES_GCM_8_128" },
	{ ESP, "aes_gcm128-null-modp2048+none", "AES_GCM_16_128-MODP2048+DH0" },
	{ ESP, "aes128-sha1-none", "AES_CBC_128-HMAC_SHA1_96-DH0" },
	{ ESP, "aes256", "AES_CBC_256-" INTEG_ALL },
	{ ESP, "null-sha2_256", "NULL-HMAC_SHA2_256_128" },
	{ ESP, "aes_gcm128-esn", "AES_GCM_16_128-ESN_YES" },
	{ ESP, "aes_gcm128-esn-noesn", "AES_GCM_16_128-ESN_YES+ESN_NO" },
	{ ESP, "aes_gcm128+aes_gcm128-x25519+dh31", "AES_GCM_16_128-X25519" },
	{ AH, "sha1+sha2_256", "HMAC_SHA1_96+HMAC_SHA2_256_128" },
	{ AH, "hmac_sha2_256_128-modp2048-esn", "HMAC_SHA2_256_128-MODP2048-ESN_YES" },
};

static void test_accepted(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		struct ms_proposals p, again;
		struct ms_why why = { "" };
		char text[1024];
		size_t len;
		ms_err err = ms_proposals_parse(&p, accepted[i].protocol, accepted[i].text, &why);

		if (err != MS_OK)
			fail_msg("%s: %s", accepted[i].text, ms_why_text(&why, err));
		len = ms_proposals_text(&p, text, sizeof text);
		assert_int_equal(len, strlen(text));
		assert_string_equal(text, accepted[i].want);
		assert_int_equal(
			ms_proposals_check(accepted[i].protocol, accepted[i].text, &why), MS_OK);
		/* what we print we understand */
		err = ms_proposals_parse(&again, accepted[i].protocol, text, &why);
		if (err != MS_OK)
			fail_msg("%s: %s", text, ms_why_text(&why, err));
		assert_memory_equal(&p, &again, sizeof p);
	}
}

static const struct {
	enum ms_protocol protocol;
	const char *text;
	ms_err err;
	const char *words; /* in the reason */
	bool check_too;    /* the words alone are wrong */
} refused[] = {
	{ IKE, "aes_gmc128-sha2_256", MS_ERR_UNKNOWN,
		"unknown algorithm \"aes_gmc128\"; the nearest known word is \"aes_gcm128\"",
		true },
	{ IKE, "aes128-sha265-modp2048", MS_ERR_UNKNOWN, "\"sha256\"", true },
	{ IKE, "aes128-sha256-mopd2048", MS_ERR_UNKNOWN, "\"modp2048\"", true },
	{ IKE, "chacha20_poly1350", MS_ERR_UNKNOWN, "\"chacha20_poly1305\"", true },
	{ IKE, "aes128-sha256-x25591", MS_ERR_UNKNOWN, "\"x25519\"", true },
	{ IKE, "aes129-sha256", MS_ERR_UNKNOWN, "\"aes128\"", true },
	{ IKE, "zzzzzzzzzzzz", MS_ERR_UNKNOWN, "unknown algorithm \"zzzzzzzzzzzz\"", true },
	{ IKE, "aes_gcm128-sha2_256-x25519-ke1_mlkem768", MS_ERR_UNKNOWN, "RFC 9370", true },
	{ IKE, "3des-md5-modp2048", MS_ERR_NO_ALGORITHM, "3DES is an old algorithm", false },
	{ IKE, "3des-sha1-modp1536", MS_ERR_NO_ALGORITHM, "3DES is an old algorithm", false },
	{ IKE, "aes128-md5-modp2048", MS_ERR_NO_ALGORITHM, "HMAC_MD5_96 is an old", false },
	{ IKE, "aes128-sha1-modp1024", MS_ERR_NO_ALGORITHM, "MODP1024 is an old", false },
	{ ESP, "des-md5", MS_ERR_NO_ALGORITHM, "DES is an old", false },
	{ IKE, "camellia128-sha1", MS_ERR_NO_ALGORITHM,
		"no loaded crypto plugin offers CAMELLIA_CBC_128", false },
	{ IKE, "aes128-sha2_256-ecp256bp", MS_ERR_NO_ALGORITHM, "offers BRAINPOOL256", false },
	{ IKE, "aes128-sha2_256-modp2048s256", MS_ERR_NO_ALGORITHM, "MODP2048_256 is an old", false },
	{ AH, "md5_128", MS_ERR_NO_ALGORITHM, "HMAC_MD5_128 is an old", false },
	{ IKE, "aes_gcm256-sha2_512-dh99", MS_ERR_UNKNOWN, "unknown algorithm \"dh99\"", true },
	{ IKE, "aes_gcm257-sha2", MS_ERR_UNKNOWN, "\"aes_gcm257\"", true },
	{ IKE, "aes256-sha2_256-modp2048,aes_gmc", MS_ERR_UNKNOWN, "\"aes_gmc\"", true },
	{ ESP, "aes256+sha2_265", MS_ERR_UNKNOWN, "\"sha2_265\"", true },
	{ IKE, "aes128-sha2_256-modp8192", MS_ERR_NO_ALGORITHM, "offers MODP8192", false },
	{ IKE, "aes_ctr256-sha1", MS_ERR_NO_ALGORITHM, "offers AES_CTR_256", false },
	{ IKE, "null-sha1", MS_ERR_CONFIG, "IKE cannot go without encryption", true },
	{ IKE, "aes128-sha1-dh0", MS_ERR_CONFIG, "IKE cannot go without a key exchange", true },
	{ IKE, "aes128-null", MS_ERR_CONFIG, "without authentication", true },
	{ ESP, "aes128-null", MS_ERR_CONFIG, "would encrypt without authentication", true },
	{ ESP, "null-null", MS_ERR_CONFIG, "without authentication", true },
	{ AH, "null", MS_ERR_CONFIG, "AH cannot go without integrity", true },
	{ ESP, "aes_gcm128-sha1", MS_ERR_CONFIG, "authenticates by itself", true },
	{ IKE, "aes_gcm128-hmac_sha2_256_128", MS_ERR_CONFIG, "authenticates by itself", true },
	{ IKE, "aes128-hmac_sha1_96-prfsha1-sha256", MS_ERR_CONFIG, "a hash is left over", true },
	{ IKE, "sha256-aes128", MS_ERR_CONFIG, "begin with the encryption", true },
	{ ESP, "modp2048", MS_ERR_CONFIG, "begin with the encryption", true },
	{ ESP, "aes128-prfsha256", MS_ERR_CONFIG, "a PRF belongs to IKE", true },
	{ IKE, "aes_gcm128-esn", MS_ERR_CONFIG, "belong to ESP and AH", true },
	{ AH, "aes128-sha1", MS_ERR_CONFIG, "AH does not encrypt", true },
	{ IKE, "aes128--sha1", MS_ERR_CONFIG, "an algorithm is missing in \"aes128--sha1\"", true },
	{ IKE, "aes128-sha1,", MS_ERR_CONFIG, "an algorithm is missing", true },
	{ IKE, "!", MS_ERR_CONFIG, "an algorithm is missing", true },
	{ IKE, "aes128-sha1-modp2048 modp3072", MS_ERR_UNKNOWN, "modp2048 modp3072", true },
	{ IKE, "chacha20_poly1305_128", MS_ERR_UNKNOWN, "chacha20_poly1305", true },
	{ IKE, "aes\x01-sha1", MS_ERR_UNKNOWN, "unknown algorithm", true },
};

static void test_refused(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct ms_proposals p;
		struct ms_why why = { "" };
		ms_err err = ms_proposals_parse(&p, refused[i].protocol, refused[i].text, &why);

		if (err != refused[i].err || strstr(why.text, refused[i].words) == NULL)
			fail_msg("%s: %s: \"%s\"", refused[i].text, ms_err_text(err), why.text);
		err = ms_proposals_check(refused[i].protocol, refused[i].text, NULL);
		assert_int_equal(err, refused[i].check_too ? refused[i].err : MS_OK);
	}
}

/*
 * What RFC 8247 s2 and RFC 8221 s5 and s6 say, with RFC 8031 s4 for the curves: MUST and SHOULD (+)
 * are in the defaults, MUST NOT and SHOULD NOT are not, what is MAY or MUST- is as the manual says.
 */
static const struct {
	enum ms_protocol protocol;
	uint8_t type;
	uint16_t id, bits;
	bool in;
} advice[] = {
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_AES_CBC, 256, true },	  /* MUST */
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_AES_CBC, 128, true },	  /* MUST */
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_CHACHA20_POLY1305, 0, true }, /* SHOULD */
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 256, true }, /* SHOULD */
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 128, true }, /* SHOULD */
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_AES_CCM_8, 128, false }, /* SHOULD, for IoT only */
	{ IKE, MS_TRANSFORM_ENCR, MS_ENCR_3DES, 0, false },	  /* MAY */
	{ IKE, MS_TRANSFORM_ENCR, 2, 0, false },		  /* DES, MUST NOT */
	{ IKE, MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0, true }, /* MUST */
	{ IKE, MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_512, 0, true }, /* SHOULD+ */
	{ IKE, MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA1, 0, false },	  /* MUST- */
	{ IKE, MS_TRANSFORM_PRF, MS_PRF_HMAC_MD5, 0, false },	  /* MUST NOT */
	{ IKE, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0, true }, /* MUST */
	{ IKE, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_512_256, 0, true }, /* SHOULD */
	{ IKE, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA1_96, 0, false },	  /* MUST- */
	{ IKE, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_MD5_96, 0, false },	  /* MUST NOT */
	{ IKE, MS_TRANSFORM_KE, MS_KE_MODP2048, 0, true },	  /* MUST */
	{ IKE, MS_TRANSFORM_KE, MS_KE_ECP256, 0, true },	  /* SHOULD */
	{ IKE, MS_TRANSFORM_KE, MS_KE_X25519, 0, true },	  /* SHOULD, RFC 8031 */
	{ IKE, MS_TRANSFORM_KE, MS_KE_MODP1536, 0, false },	  /* SHOULD NOT */
	{ IKE, MS_TRANSFORM_KE, MS_KE_MODP1024, 0, false },	  /* SHOULD NOT */
	{ IKE, MS_TRANSFORM_KE, 1, 0, false },			  /* MODP768, MUST NOT */
	{ IKE, MS_TRANSFORM_KE, 22, 0, false },			  /* MUST NOT */
	{ IKE, MS_TRANSFORM_KE, 23, 0, false },			  /* SHOULD NOT */
	{ IKE, MS_TRANSFORM_KE, 24, 0, false },			  /* SHOULD NOT */
	{ ESP, MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 256, true }, /* MUST */
	{ ESP, MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, 128, true }, /* MUST */
	{ ESP, MS_TRANSFORM_ENCR, MS_ENCR_AES_CBC, 128, true },	  /* MUST */
	{ ESP, MS_TRANSFORM_ENCR, MS_ENCR_CHACHA20_POLY1305, 0, true }, /* SHOULD */
	{ ESP, MS_TRANSFORM_ENCR, MS_ENCR_NULL, 0, false },	  /* MUST, but not unasked for */
	{ ESP, MS_TRANSFORM_ENCR, MS_ENCR_3DES, 0, false },	  /* SHOULD NOT */
	{ ESP, MS_TRANSFORM_ENCR, 7, 128, false },		  /* Blowfish, MUST NOT */
	{ ESP, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0, true }, /* MUST */
	{ ESP, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_512_256, 0, true }, /* SHOULD */
	{ ESP, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA1_96, 0, false },	  /* MUST- */
	{ ESP, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_MD5_96, 0, false },	  /* MUST NOT */
	{ ESP, MS_TRANSFORM_INTEG, MS_INTEG_NONE, 0, false }, /* MUST NOT beside a mere cipher */
	{ AH, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_256_128, 0, true },
	{ AH, MS_TRANSFORM_INTEG, MS_INTEG_HMAC_MD5_96, 0, false },
	{ AH, MS_TRANSFORM_INTEG, MS_INTEG_NONE, 0, false }, /* MUST NOT */
};

static void test_advice(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof advice / sizeof advice[0]; i++) {
		struct ms_proposals p;
		bool in = false;

		assert_int_equal(ms_proposals_words(&p, advice[i].protocol, NULL, NULL), MS_OK);
		for (unsigned k = 0; k < p.n; k++)
			for (unsigned j = 0; j < p.p[k].n; j++)
				in |= p.p[k].t[j].type == advice[i].type &&
				      p.p[k].t[j].id == advice[i].id &&
				      p.p[k].t[j].key_bits == advice[i].bits;
		if (in != advice[i].in)
			fail_msg("row %u: number %u of type %u is %sin the defaults", i, advice[i].id,
				advice[i].type, in ? "" : "not ");
	}
}

static void test_listing(void **state)
{
	static const struct {
		enum ms_protocol protocol;
		const char *text, *listing, *groups;
	} rows[] = {
		{ IKE, "aes128-sha1-modp2048",
			"AES_CBC(12)_128-HMAC_SHA1_96(2)-HMAC_SHA1(2)-MODP2048(14)", "MODP2048(14)" },
		{ ESP, "aes_gcm128-modp2048+ecp256,chacha20_poly1305-ecp256",
			"AES_GCM_16(20)_128-NONE(0), CHACHA20_POLY1305(28)_000-NONE(0)",
			"MODP2048(14)+ECP256(19)" },
		{ ESP, "aes-sha1-none", "AES_CBC(12)_256+AES_CBC(12)_128-HMAC_SHA1_96(2)", "" },
		{ ESP, "null-sha1-esn", "NULL(11)_000-HMAC_SHA1_96(2)", "" },
		{ AH, "sha1+sha2_256", "HMAC_SHA1_96(2)+HMAC_SHA2_256_128(12)", "" },
		/* words that nobody offers are wanted all the same */
		{ IKE, "camellia128-sha1-modp8192",
			"CAMELLIA_CBC(23)_128-HMAC_SHA1_96(2)-HMAC_SHA1(2)-MODP8192(18)",
			"MODP8192(18)" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ms_proposals p;
		char text[400];

		assert_int_equal(
			ms_proposals_words(&p, rows[i].protocol, rows[i].text, NULL), MS_OK);
		assert_int_equal(ms_proposals_listing(&p, text, sizeof text),
			strlen(rows[i].listing));
		assert_string_equal(text, rows[i].listing);
		assert_int_equal(ms_proposals_listing(&p, text, 4), strlen(rows[i].listing));
		assert_int_equal(strlen(text), 3);
		ms_proposals_groups(&p, text, sizeof text);
		assert_string_equal(text, rows[i].groups);
	}
}

static void test_limits(void **state)
{
	struct ms_why why = { "" };
	struct ms_proposals p;
	char text[20000] = "";
	unsigned i;

	(void)state;
	for (i = 0; i < MS_MAX_PROPOSALS; i++)
		strcat(text, i > 0 ? ",aes_gcm128" : "aes_gcm128");
	assert_int_equal(ms_proposals_parse(&p, ESP, text, &why), MS_OK);
	assert_int_equal(p.n, MS_MAX_PROPOSALS);
	strcat(text, ",aes_gcm128");
	assert_int_equal(ms_proposals_parse(&p, ESP, text, &why), MS_ERR_LIMIT);
	assert_string_equal(why.text, "more than 16 proposals");
	memset(text, 'a', sizeof text - 1);
	assert_int_equal(ms_proposals_parse(&p, ESP, text, &why), MS_ERR_LIMIT);
	text[200] = '\0';
	assert_int_equal(ms_proposals_parse(&p, ESP, text, &why), MS_ERR_UNKNOWN);
	assert_int_equal(ms_proposals_parse(&p, 77, "aes128", &why), MS_ERR_BUG);
}

static void test_no_provider(void **state)
{
	struct ms_why why = { "" };
	struct ms_proposals p;

	(void)state;
	ms_crypto_unregister("fake");
	assert_int_equal(ms_proposals_parse(&p, IKE, NULL, &why), MS_ERR_NO_ALGORITHM);
	assert_string_equal(why.text, "the loaded crypto plugins offer too little for IKE");
	assert_int_equal(ms_proposals_parse(&p, ESP, "aes_gcm128", &why), MS_ERR_NO_ALGORITHM);
	assert_int_equal(ms_proposals_check(IKE, "aes_gcm128-sha2_256-x25519", &why), MS_OK);
	assert_int_equal(ms_crypto_register_tested(&fake_ops, "fake", &pass_all), MS_OK);
}

static void test_suite_text(void **state)
{
	const struct ms_suite ike = { IKE, MS_ENCR_AES_CBC, 256, MS_PRF_HMAC_SHA2_512,
		MS_INTEG_HMAC_SHA2_256_128, MS_KE_X25519, 0 };
	const struct ms_suite esp = { ESP, MS_ENCR_AES_GCM_16, 128, 0, 0, 0, 1 };
	char text[128];
	size_t len;

	(void)state;
	len = ms_suite_text(&ike, text, sizeof text);
	assert_int_equal(len, strlen(text));
	assert_string_equal(text, "AES_CBC_256-HMAC_SHA2_256_128-HMAC_SHA2_512-X25519");
	ms_suite_text(&esp, text, sizeof text);
	assert_string_equal(text, "AES_GCM_16_128-ESN_YES");
	/* like snprintf: what fits, and the length of the whole */
	assert_int_equal(ms_suite_text(&esp, text, 5), strlen("AES_GCM_16_128-ESN_YES"));
	assert_string_equal(text, "AES_");
	assert_int_equal(ms_suite_text(&esp, NULL, 0), strlen("AES_GCM_16_128-ESN_YES"));
}

static int setup(void **state)
{
	(void)state;
	return ms_crypto_register_tested(&fake_ops, "fake", &pass_all) == MS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ms_crypto_unregister("fake");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_provider),
		cmocka_unit_test(test_suite_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

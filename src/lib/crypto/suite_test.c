/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/fake_provider_test.h"

#include <modswan/proposal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define IKE MS_PROTOCOL_IKE
#define ESP MS_PROTOCOL_ESP
#define AH  MS_PROTOCOL_AH

static const struct {
	enum ms_protocol protocol;
	const char *ours, *peers;
	const char *want; /* NULL: NO_PROPOSAL_CHOSEN */
	unsigned chosen;
} rows[] = {
	{ IKE, "aes_gcm128-sha2_256-x25519", "aes_gcm128-sha2_256-x25519",
		"AES_GCM_16_128-HMAC_SHA2_256-X25519", 0 },
	/* our order of transforms, whatever theirs is */
	{ IKE, "aes_gcm256+aes_gcm128-sha2_512+sha2_256-ecp256+x25519",
		"aes_gcm128+aes_gcm256-sha2_256+sha2_512-x25519+ecp256",
		"AES_GCM_16_256-HMAC_SHA2_512-ECP256", 0 },
	/* our order of proposals */
	{ IKE, "aes128-sha1-modp2048,aes_gcm128-sha2_256-x25519",
		"aes_gcm128-sha2_256-x25519,aes128-sha1-modp2048",
		"AES_CBC_128-HMAC_SHA1_96-HMAC_SHA1-MODP2048", 1 },
	/* the best of several of theirs that fit one of ours */
	{ IKE, "aes_gcm256+aes_gcm128-sha2_256-x25519",
		"aes_gcm128-sha2_256-x25519,aes_gcm256-sha2_256-x25519",
		"AES_GCM_16_256-HMAC_SHA2_256-X25519", 1 },
	/* every type must meet */
	{ IKE, "aes_gcm128-sha2_256-x25519", "aes_gcm256-sha2_256-x25519", NULL, 0 },
	{ IKE, "aes_gcm128-sha2_256-x25519", "aes_gcm128-sha2_512-x25519", NULL, 0 },
	{ IKE, "aes_gcm128-sha2_256-x25519", "aes_gcm128-sha2_256-ecp256", NULL, 0 },
	{ IKE, "aes128-sha1-x25519", "aes128-sha2_256-x25519", NULL, 0 },
	{ IKE, "aes_gcm128-sha2_256-x25519", "aes128-sha2_256-x25519", NULL, 0 },
	/* transforms do not mix between proposals */
	{ IKE, "aes_gcm128-sha2_256-x25519",
		"aes_gcm128-sha2_512-x25519,aes_gcm256-sha2_256-x25519", NULL, 0 },
	{ ESP, "aes_gcm128", "aes_gcm128", "AES_GCM_16_128", 0 },
	{ ESP, "aes_gcm256,aes128-sha1", "aes256-sha1,aes128-sha1+sha2_256",
		"AES_CBC_128-HMAC_SHA1_96", 1 },
	{ ESP, "aes128-sha1", "aes_gcm128", NULL, 0 },
	/* PFS: both, or neither, unless one side leaves the choice */
	{ ESP, "aes_gcm128-x25519", "aes_gcm128", NULL, 0 },
	{ ESP, "aes_gcm128", "aes_gcm128-x25519", NULL, 0 },
	{ ESP, "aes_gcm128-x25519+dh0", "aes_gcm128", "AES_GCM_16_128", 0 },
	{ ESP, "aes_gcm128", "aes_gcm128-x25519+dh0", "AES_GCM_16_128", 0 },
	{ ESP, "aes_gcm128-x25519+dh0", "aes_gcm128-dh0+x25519", "AES_GCM_16_128-X25519", 0 },
	{ ESP, "aes_gcm128-ecp256+dh0", "aes_gcm128-x25519+dh0", "AES_GCM_16_128", 0 },
	{ ESP, "aes_gcm128-dh0", "aes_gcm128-x25519", NULL, 0 },
	/* extended sequence numbers */
	{ ESP, "aes_gcm128", "aes_gcm128-esn", NULL, 0 },
	{ ESP, "aes_gcm128-esn+noesn", "aes_gcm128-noesn+esn", "AES_GCM_16_128-ESN_YES", 0 },
	{ ESP, "aes_gcm128-esn", "aes_gcm128-esn+noesn", "AES_GCM_16_128-ESN_YES", 0 },
	{ ESP, "null-sha1", "null-sha1", "NULL-HMAC_SHA1_96", 0 },
	{ AH, "sha1+sha2_256", "sha2_256", "HMAC_SHA2_256_128", 0 },
	{ AH, "sha1", "sha2_256", NULL, 0 },
};

static void test_table(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ms_proposals ours, peers;
		struct ms_suite suite;
		unsigned chosen = 99;
		char text[128];
		ms_err err;

		assert_int_equal(
			ms_proposals_parse(&ours, rows[i].protocol, rows[i].ours, NULL), MS_OK);
		assert_int_equal(
			ms_proposals_parse(&peers, rows[i].protocol, rows[i].peers, NULL), MS_OK);
		err = ms_suite_choose(&suite, &ours, &peers, &chosen);
		if (err != (rows[i].want != NULL ? MS_OK : MS_ERR_NO_PROPOSAL))
			fail_msg("%s <- %s: %s", rows[i].ours, rows[i].peers, ms_err_text(err));
		if (err != MS_OK)
			continue;
		ms_suite_text(&suite, text, sizeof text);
		assert_string_equal(text, rows[i].want);
		assert_int_equal(chosen, rows[i].chosen);
		assert_int_equal(suite.protocol, rows[i].protocol);
	}
}

/* What only a peer writes: transforms as they stand in the payload. */
/* clang-format off */
#define T_ENCR(id, bits) { MS_TRANSFORM_ENCR, id, bits }
#define T_PRF { MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_256, 0 }
#define T_INTEG(id) { MS_TRANSFORM_INTEG, id, 0 }
#define T_KE(id) { MS_TRANSFORM_KE, id, 0 }
#define T_ESN(id) { MS_TRANSFORM_ESN, id, 0 }
#define GCM T_ENCR(MS_ENCR_AES_GCM_16, 128)
#define CBC T_ENCR(MS_ENCR_AES_CBC, 128)
#define SHA2 T_INTEG(MS_INTEG_HMAC_SHA2_256_128)
#define X T_KE(MS_KE_X25519)
/* clang-format on */

static const struct {
	const char *name, *ours;
	struct ms_proposal peer;
	const char *want;
} raw_rows[] = {
	{ "AEAD with INTEG NONE", "aes_gcm128-sha2_256-x25519",
		{ IKE, 4, { GCM, T_INTEG(0), T_PRF, X } }, "AES_GCM_16_128-HMAC_SHA2_256-X25519" },
	{ "AEAD with a real INTEG only", "aes_gcm128-sha2_256-x25519",
		{ IKE, 4, { GCM, SHA2, T_PRF, X } }, NULL },
	{ "AEAD with NONE or INTEG", "aes_gcm128-sha2_256-x25519",
		{ IKE, 5, { GCM, SHA2, T_INTEG(0), T_PRF, X } },
		"AES_GCM_16_128-HMAC_SHA2_256-X25519" },
	{ "both kinds of cipher in one, CBC is ours", "aes128-sha2_256-x25519",
		{ IKE, 6, { GCM, CBC, T_INTEG(0), SHA2, T_PRF, X } },
		"AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_256-X25519" },
	{ "CBC with INTEG NONE only", "aes128-sha2_256-x25519",
		{ IKE, 4, { CBC, T_INTEG(0), T_PRF, X } }, NULL },
	{ "CBC without INTEG", "aes128-sha2_256-x25519", { IKE, 3, { CBC, T_PRF, X } }, NULL },
	{ "AES without key length", "aes128-sha2_256-x25519",
		{ IKE, 4, { T_ENCR(MS_ENCR_AES_CBC, 0), SHA2, T_PRF, X } }, NULL },
	{ "two key lengths of one cipher", "aes128-sha2_256-x25519",
		{ IKE, 5, { T_ENCR(MS_ENCR_AES_CBC, 256), CBC, SHA2, T_PRF, X } },
		"AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_256-X25519" },
	{ "the same twice", "aes128-sha2_256-x25519",
		{ IKE, 6, { CBC, CBC, SHA2, SHA2, T_PRF, X } },
		"AES_CBC_128-HMAC_SHA2_256_128-HMAC_SHA2_256-X25519" },
	{ "a key length where none belongs", "chacha20_poly1305-sha2_256-x25519",
		{ IKE, 3, { T_ENCR(MS_ENCR_CHACHA20_POLY1305, 256), T_PRF, X } }, NULL },
	{ "no PRF", "aes_gcm128-sha2_256-x25519", { IKE, 2, { GCM, X } }, NULL },
	{ "no KE", "aes_gcm128-sha2_256-x25519", { IKE, 2, { GCM, T_PRF } }, NULL },
	{ "KE NONE for IKE", "aes_gcm128-sha2_256-x25519", { IKE, 3, { GCM, T_PRF, T_KE(0) } },
		NULL },
	{ "no ENCR", "aes_gcm128-sha2_256-x25519", { IKE, 2, { T_PRF, X } }, NULL },
	{ "empty", "aes_gcm128-sha2_256-x25519", { IKE, 0, { { 0, 0, 0 } } }, NULL },
	{ "an unknown type beside (RFC 9370)", "aes_gcm128-sha2_256-x25519",
		{ IKE, 4, { GCM, T_PRF, X, { 6, 36, 0 } } }, NULL },
	{ "another protocol", "aes_gcm128-sha2_256-x25519", { ESP, 3, { GCM, T_PRF, X } }, NULL },
	{ "ESN in IKE", "aes_gcm128-sha2_256-x25519", { IKE, 4, { GCM, T_PRF, X, T_ESN(0) } },
		NULL },
	{ "unknown numbers beside known ones", "aes_gcm128-sha2_256-x25519",
		{ IKE, 5, { T_ENCR(1024, 128), GCM, T_PRF, T_KE(1030), X } },
		"AES_GCM_16_128-HMAC_SHA2_256-X25519" },
};

static void test_raw(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof raw_rows / sizeof raw_rows[0]; i++) {
		struct ms_proposals ours, peers = { .n = 1 };
		struct ms_suite suite;
		unsigned chosen;
		char text[128];
		ms_err err;

		peers.p[0] = raw_rows[i].peer;
		assert_int_equal(ms_proposals_parse(&ours, IKE, raw_rows[i].ours, NULL), MS_OK);
		err = ms_suite_choose(&suite, &ours, &peers, &chosen);
		if (err != (raw_rows[i].want != NULL ? MS_OK : MS_ERR_NO_PROPOSAL))
			fail_msg("%s: %s", raw_rows[i].name, ms_err_text(err));
		if (err != MS_OK)
			continue;
		ms_suite_text(&suite, text, sizeof text);
		assert_string_equal(text, raw_rows[i].want);
	}
}

/* ESP without the mandatory ESN transform; AH with a cipher. */
static void test_raw_child(void **state)
{
	struct ms_proposals ours, peers = { .n = 1 };
	struct ms_suite suite;
	unsigned chosen;

	(void)state;
	assert_int_equal(ms_proposals_parse(&ours, ESP, "aes_gcm128", NULL), MS_OK);
	peers.p[0] = (struct ms_proposal){ ESP, 1, { GCM } };
	assert_int_equal(ms_suite_choose(&suite, &ours, &peers, &chosen), MS_ERR_NO_PROPOSAL);
	peers.p[0] = (struct ms_proposal){ ESP, 2, { GCM, T_ESN(0) } };
	assert_int_equal(ms_suite_choose(&suite, &ours, &peers, &chosen), MS_OK);
	assert_int_equal(ms_proposals_parse(&ours, AH, "sha2_256", NULL), MS_OK);
	peers.p[0] = (struct ms_proposal){ AH, 3, { GCM, SHA2, T_ESN(0) } };
	assert_int_equal(ms_suite_choose(&suite, &ours, &peers, &chosen), MS_ERR_NO_PROPOSAL);
	peers.p[0] = (struct ms_proposal){ AH, 2, { SHA2, T_ESN(0) } };
	assert_int_equal(ms_suite_choose(&suite, &ours, &peers, &chosen), MS_OK);
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
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_raw_child),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Integrity, PRF, hash, prf+, random. */
#include "plugins/crypto-openssl/crypto_test.h"

#include "lib/crypto/prfplus.h"

#define WHAT     "7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define JEFE4    "4a6566654a6566654a6566654a656665"
#define DD10     "dddddddddddddddddddd"
#define AA20     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CMAC_KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define CMAC_64                                                            \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

#define COUNT16 "000102030405060708090a0b0c0d0e0f"
#define COUNT32 COUNT16 "101112131415161718191a1b1c1d1e1f"

/* RFC 3566 s4.6, RFC 2202 case 3, RFC 4868 s2.7.2 (the "Jefe" rows), RFC 4494 s4. */
static const struct {
	uint16_t id;
	const char *key, *data, *icv;
} integ_rows[] = {
	{ MS_INTEG_HMAC_SHA1_96, AA20, DD10 DD10 DD10 DD10 DD10, "125d7342b9ac11cd91a39af4" },
	{ MS_INTEG_HMAC_SHA2_256_128, JEFE4 JEFE4, WHAT, "167f928588c5cc2eef8e3093caa0e87c" },
	{ MS_INTEG_HMAC_SHA2_384_192, JEFE4 JEFE4 JEFE4, WHAT,
		"2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d" },
	{ MS_INTEG_HMAC_SHA2_512_256, JEFE4 JEFE4 JEFE4 JEFE4, WHAT,
		"cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454" },
	{ MS_INTEG_AES_CMAC_96, CMAC_KEY, "", "bb1d6929e95937287fa37d12" },
	{ MS_INTEG_AES_CMAC_96, CMAC_KEY, "6bc1bee22e409f96e93d7e117393172a",
		"070a16b46b4d4144f79bdd9d" },
	{ MS_INTEG_AES_CMAC_96, CMAC_KEY, CMAC_64, "51f0bebf7e3b9d92fc497417" },
	{ MS_INTEG_AES_XCBC_96, COUNT16, "", "75f0251d528ac01c4573dfd5" },
	{ MS_INTEG_AES_XCBC_96, COUNT16, "000102", "5b376580ae2f19afe7219cee" },
	{ MS_INTEG_AES_XCBC_96, COUNT16, COUNT16, "d2a246fa349b68a79998a439" },
	{ MS_INTEG_AES_XCBC_96, COUNT16, COUNT16 "10111213", "47f51b4564966215b8985c63" },
	{ MS_INTEG_AES_XCBC_96, COUNT16, COUNT32, "f54f0ec8d2b9f3d36807734b" },
	{ MS_INTEG_AES_XCBC_96, COUNT16, COUNT32 "2021", "becbb3bccdb518a30677d548" },
};

static void test_integ_vectors(void **state)
{
	unsigned i, split;

	(void)state;
	for (i = 0; i < sizeof integ_rows / sizeof integ_rows[0]; i++) {
		const struct ms_integ_alg *alg = ms_integ_find(integ_rows[i].id);
		uint8_t key[64], data[64], icv[MS_MAX_ICV_OCTETS + 1], want[MS_MAX_ICV_OCTETS];
		uint32_t len = (uint32_t)unhex(integ_rows[i].data, data, sizeof data);
		void *ctx;

		assert_non_null(alg);
		assert_int_equal(unhex(integ_rows[i].key, key, sizeof key), alg->key_octets);
		assert_int_equal(unhex(integ_rows[i].icv, want, sizeof want), alg->icv_octets);
		assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
		/* data and tail joined, wherever the cut is */
		for (split = 0; split <= len; split++) {
			struct ms_integ_job job = { .data = data,
				.data_len = split,
				.icv = icv,
				.tail = data + split,
				.tail_len = len - split };

			memset(icv, 0xee, sizeof icv);
			alg->mac(ctx, &job, 1);
			assert_true(job.ok);
			assert_memory_equal(icv, want, alg->icv_octets);
			assert_int_equal(icv[alg->icv_octets], 0xee);
		}
		alg->ctx_free(&ctx);
		assert_null(ctx);
	}
}

/* A batch gives what single packets give, and every bit of the data counts. */
static void test_integ_batch(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; integ_list[i] != NULL; i++) {
		const struct ms_integ_alg *alg = integ_list[i];
		uint8_t key[64] = { 9 }, data[3][100], icv[3][32], again[32];
		struct ms_integ_job jobs[3];
		void *ctx;

		assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
		for (k = 0; k < 3; k++) {
			memset(data[k], (int)k, sizeof data[k]);
			jobs[k] = (struct ms_integ_job){
				.data = data[k], .data_len = 100 - k, .icv = icv[k]
			};
		}
		alg->mac(ctx, jobs, 3);
		for (k = 0; k < 100 * 8; k++) {
			struct ms_integ_job job = {
				.data = data[0], .data_len = 100, .icv = again
			};

			data[0][k / 8] ^= (uint8_t)(1u << (k % 8));
			alg->mac(ctx, &job, 1);
			assert_true(job.ok);
			assert_memory_not_equal(again, icv[0], alg->icv_octets);
			data[0][k / 8] ^= (uint8_t)(1u << (k % 8));
		}
		for (k = 0; k < 3; k++) {
			jobs[k].icv = again;
			alg->mac(ctx, &jobs[k], 1);
			assert_memory_equal(again, icv[k], alg->icv_octets);
		}
		alg->ctx_free(&ctx);
	}
}

/* prf+ with K = 00..1f and S = 40..8f: the first 100 octets, and SHA-256 of all 255 rounds,
 * computed by another implementation of RFC 7296 s2.13. */
static const struct {
	uint16_t id;
	const char *first, *all_sha256;
} prf_plus_rows[] = {
	{ MS_PRF_HMAC_SHA1,
		"d1b813a0e5427252adb016885c4b91b74ed97fadf61fb6591754a2fe5e981503964ef6308fdcc989"
		"db266e35e8700db7420e85c1595e1dbaa7dcdc42a32466013dac3c4db0dab020e22ebef9fe4ecbfb"
		"650b6d1786779c7346b24005906402d59cde4cab",
		"feefd533a0d645dd435f143a440a8f884bad36231000d38269a2f28c2337fa6e" },
	{ MS_PRF_HMAC_SHA2_256,
		"b1e758d80cfb02f485af657b64085c8cf29cda59807bb04034fea3e24fa23490f98b5a8f71f8317f"
		"30b31938272c97dc49caadc9025dccb59e752c7bac6c0df8aa1bc0b31ee96287d81637a86018e484"
		"7b16ba175bce262ab1994b13cdd3f26682059183",
		"f1e956c967353ffc8f1630b25bae552c7a865ef159cca9aac639c24de1a08fa1" },
	{ MS_PRF_HMAC_SHA2_384,
		"4dd9d0f18d914659ed0a273b253c056bd9dd9074155fd0c36d4309e97d0b955de15816f0b745a330"
		"f947d78d2b0460eb783fea1c5101767f581093c452826563d8c87f4d0aab54b0701df6f13ac02218"
		"ca597c6ac6f4fc3cdc5fea00f10357e3eac37210",
		"271a4e4152605e025ed573cc655ef795f726ecbb1fc5b8e9e4db2d4588ef8a69" },
	{ MS_PRF_HMAC_SHA2_512,
		"11e35a34064d9164851e12fb5aed13be28c8fa817f96ce34f8c52d424f9d2e7d07b9f6dad457489a"
		"196281387f6d98da4f7a286bfe01ee343de8e3bcc9229a52c9db2f1dcdc092ba493d4ed30b475b94"
		"faaf215e6c37b49384716bc4a2a8899c37f2fd24",
		"a4168375de0dded8c2b5a70fc99e99ee3b170b4902bb12fe9f3e86c5ed795b0a" },
};

static void test_prf_plus(void **state)
{
	const struct ms_hash_alg *sha = ms_hash_find(MS_HASH_SHA2_256);
	uint8_t key[32], seed[80], want[100], digest[32];
	static uint8_t out[255 * 64 + 1];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)(0x40 + i);
	for (i = 0; i < sizeof prf_plus_rows / sizeof prf_plus_rows[0]; i++) {
		const struct ms_prf_alg *prf = ms_prf_find(prf_plus_rows[i].id);
		/* as SKEYSEED and Ni | Nr | SPIi | SPIr come: in parts */
		const struct ms_bytes parts[] = { { seed, 32 }, { seed + 32, 32 }, { seed, 0 },
			{ seed + 64, 8 }, { seed + 72, 8 } };
		size_t all = 255u * prf->out_octets;
		struct ms_bytes whole = ms_bytes(out, all);
		unsigned len;

		unhex(prf_plus_rows[i].first, want, sizeof want);
		for (len = 0; len <= 100; len++) {
			memset(out, 0xee, 101);
			assert_int_equal(
				ms_prf_plus(prf, ms_bytes(key, 32), parts, 5, out, len), MS_OK);
			assert_memory_equal(out, want, len);
			assert_int_equal(out[len], 0xee);
		}
		assert_int_equal(ms_prf_plus(prf, ms_bytes(key, 32), parts, 5, out, all), MS_OK);
		unhex(prf_plus_rows[i].all_sha256, want, 32);
		assert_int_equal(sha->hash(sha, &whole, 1, digest), MS_OK);
		assert_memory_equal(digest, want, 32);
		assert_int_equal(
			ms_prf_plus(prf, ms_bytes(key, 32), parts, 5, out, all + 1), MS_ERR_LIMIT);
		assert_int_equal(ms_prf_plus(prf, ms_bytes(key, 32), parts, 9, out, 1), MS_ERR_BUG);
	}
}

/* An empty key and empty parts are keys and data too (HMAC of nothing under nothing). */
static void test_empty(void **state)
{
	const struct ms_prf_alg *prf = ms_prf_find(MS_PRF_HMAC_SHA2_256);
	const struct ms_hash_alg *sha = ms_hash_find(MS_HASH_SHA2_256);
	uint8_t out[32], want[32];

	(void)state;
	assert_int_equal(prf->prf(prf, ms_bytes(NULL, 0), NULL, 0, out), MS_OK);
	unhex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", want, 32);
	assert_memory_equal(out, want, 32);
	assert_int_equal(sha->hash(sha, NULL, 0, out), MS_OK);
	unhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", want, 32);
	assert_memory_equal(out, want, 32);
}

static void test_random(void **state)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };

	(void)state;
	assert_int_equal(ms_random(a, sizeof a), MS_OK);
	assert_int_equal(ms_random(b, sizeof b), MS_OK);
	assert_memory_not_equal(a, b, sizeof a);
	assert_int_equal(ms_random(a, 0), MS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integ_vectors),
		cmocka_unit_test(test_integ_batch),
		cmocka_unit_test(test_prf_plus),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}

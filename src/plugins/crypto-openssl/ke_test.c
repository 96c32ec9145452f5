/* SPDX-License-Identifier: Apache-2.0 */
/* Key exchange: published vectors, agreement of both roles, peer values that must be refused. */
#include "plugins/crypto-openssl/crypto_test.h"

#include <pthread.h>

/* RFC 5903 s8.1 to s8.3, RFC 7748 s6.1 (Bob) and s6.2 (Alice); the public values were computed
 * again from the curves' equations. */
static const struct {
	uint16_t id;
	const char *priv, *pub, *peer, *shared;
} curve_rows[] = {
	{ MS_KE_ECP256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
		"dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252"
		"d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
		"d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e"
		"8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
		"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
	{ MS_KE_ECP384,
		"099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee"
		"3faef896783ab194",
		"667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4"
		"c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38e"
		"eb9fcff3c2c947dae69b4c634573a81c",
		"e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def9"
		"6fda41d0774a3571dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1ff"
		"f83fa40142209dff5eaad96db9e6386c",
		"11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d0"
		"9cf5d4a270f59746" },
	{ MS_KE_ECP521,
		"0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c295"
		"2c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
		"0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e38"
		"0aeae57c2d107564941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c9"
		"46146239d099e18e1d5a514c739d7cb4a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f15"
		"07438bf01beb6ca3926f9582",
		"00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e"
		"95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b6"
		"23c27ce0eac2f551a10c2c724d9852077b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f47"
		"32296579ab44fcd17f0fc56a",
		"01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa24"
		"0a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea" },
	{ MS_KE_X25519, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
		"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
		"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
		"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ MS_KE_X448,
		"9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391"
		"006382a6f127ab1d9ac2d8c0a598726b",
		"9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d4"
		"0c5b12da88120d53177f80e532c41fa0",
		"3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13c"
		"a706dcb57aec3dae07bdc1c67bf33609",
		"07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936"
		"521c24403085d59a449a5037514a879d" },
};

/*
 * RFC 3526 publishes no exchange.  Private values are SHA-256 of a label with the top bit set, the
 * peer's value is PEER; the two results, as SHA-256, were computed outside OpenSSL with primes made
 * from the RFC's formula in pi.
 */
#define PEER "1234567890abcdef1234567890abcdef"
static const struct {
	uint16_t id;
	const char *priv, *pub_sha256, *shared_sha256;
} modp_rows[] = {
	{ MS_KE_MODP2048, "ccb0e70e88322605b10c81c14beeb04c1c5aef1ab0dcff4e4ac6bbd5065e1113",
		"2d2c6cd38657ef88aa185c9213fff4e01246db41451259b9064020d80b7be969",
		"96b1a7d170ab9e8e21e4449902705b4855228a2b730a86666ff86f89afff571b" },
	{ MS_KE_MODP3072, "d3ec48be157dab9256faa7b6aa07287f65f9453a4fa4b30fce729c2711040db2",
		"04bb5e81922ca5ec0e146a0d5d81369f22e20d3b768396e490e2544fbcbb92b8",
		"ea61934e7d123d35426cf1d6294d3f3ee2229003383b28192aaac98a2e341fb9" },
	{ MS_KE_MODP4096, "e2f6736b0c7f498ed1b2504f04f178024c2c592da97603419d974a7209ba1494",
		"f11f78d04438be6d5cb2376856c68c0ecf3e909034a7666a7afc84854a26c908",
		"cd5e0305291f876b12273cae7662e600ee70f4a541cd410113eac03b6ab3abb2" },
	{ MS_KE_MODP6144, "9b30812004889ddb66176d03139287bd7233573bb80f6c4a6ff03968d3db9f85",
		"a73579d6c12870d382686d7bbe2da9076c2616e43970e6f26ab554b4a8780dfa",
		"4498142e789d80021477f34a60762bcc53a84885290d97d35d25abe8cd89f46f" },
	{ MS_KE_MODP8192, "b8be61c0a9cd3b687f75dbfdc9039b1643342ae5333d10dbe5932975226ccda6",
		"20fe09a8d4b43b20e70189e7b58d2e79fb07d56f1f2fea783039a5dc41d3c8fc",
		"0ed1f8f89457665f32f893bbf87ae9ccf8341024a7de36a82e4758baf019bfa9" },
};

typedef ms_err priv_f(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub);

static priv_f *priv_function(const struct ms_ke_alg *alg)
{
	if (alg->id == MS_KE_X25519 || alg->id == MS_KE_X448)
		return ke_x_priv;
	return alg->id >= MS_KE_ECP256 && alg->id <= MS_KE_ECP521 ? ke_ecp_priv : ke_modp_priv;
}

static void test_curves(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof curve_rows / sizeof curve_rows[0]; i++) {
		const struct ms_ke_alg *alg = ms_ke_find(curve_rows[i].id);
		uint8_t x[80], peer[160], want[160], pub[160], shared[160];
		size_t peer_len = unhex(curve_rows[i].peer, peer, sizeof peer);
		void *priv = NULL;

		assert_non_null(alg);
		assert_int_equal(
			priv_function(alg)(alg, ms_bytes(x, unhex(curve_rows[i].priv, x, sizeof x)),
				&priv, pub),
			MS_OK);
		assert_int_equal(unhex(curve_rows[i].pub, want, sizeof want), alg->init_octets);
		assert_memory_equal(pub, want, alg->init_octets);
		assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, peer_len), shared), MS_OK);
		assert_int_equal(
			unhex(curve_rows[i].shared, want, sizeof want), alg->shared_octets);
		assert_memory_equal(shared, want, alg->shared_octets);
		alg->priv_free(&priv);
		assert_null(priv);
	}
}

static void assert_sha256(const uint8_t *data, size_t len, const char *hex)
{
	const struct ms_hash_alg *sha = ms_hash_find(MS_HASH_SHA2_256);
	struct ms_bytes part = ms_bytes(data, len);
	uint8_t got[32], want[32];

	unhex(hex, want, sizeof want);
	assert_int_equal(sha->hash(sha, &part, 1, got), MS_OK);
	assert_memory_equal(got, want, 32);
}

static void test_modp(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof modp_rows / sizeof modp_rows[0]; i++) {
		const struct ms_ke_alg *alg = ms_ke_find(modp_rows[i].id);
		static uint8_t peer[MS_MAX_KE_OCTETS], out[MS_MAX_KE_OCTETS];
		uint8_t x[32];
		void *priv = NULL;

		assert_non_null(alg);
		unhex(modp_rows[i].priv, x, sizeof x);
		assert_int_equal(ke_modp_priv(alg, ms_bytes(x, sizeof x), &priv, out), MS_OK);
		assert_sha256(out, alg->init_octets, modp_rows[i].pub_sha256);
		memset(peer, 0, sizeof peer);
		unhex(PEER, peer + alg->init_octets - 16, 16);
		assert_int_equal(
			alg->finish(alg, priv, ms_bytes(peer, alg->init_octets), out), MS_OK);
		assert_sha256(out, alg->shared_octets, modp_rows[i].shared_sha256);
		alg->priv_free(&priv);
	}
}

/* A private value of one makes the shared secret a small number: zeros stand before it. */
static void test_padding(void **state)
{
	const struct ms_ke_alg *alg = ms_ke_find(MS_KE_MODP2048);
	uint8_t one = 1, pub[256], peer[256] = { 0 }, shared[256];
	static const uint8_t zeros[255];
	void *priv = NULL;

	(void)state;
	peer[255] = 9;
	assert_int_equal(ke_modp_priv(alg, ms_bytes(&one, 1), &priv, pub), MS_OK);
	assert_memory_equal(pub, zeros, 255);
	assert_int_equal(pub[255], 2);
	assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, 256), shared), MS_OK);
	assert_memory_equal(shared, zeros, 255);
	assert_int_equal(shared[255], 9);
	alg->priv_free(&priv);
}

static void test_both_roles_agree(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; ke_list[i] != NULL; i++) {
		const struct ms_ke_alg *alg = ke_list[i];
		static uint8_t last[MS_MAX_KE_OCTETS];

		for (k = 0; k < 2; k++) {
			static uint8_t a[MS_MAX_KE_OCTETS], b[MS_MAX_KE_OCTETS];
			static uint8_t sa[MS_MAX_KE_OCTETS], sb[MS_MAX_KE_OCTETS];
			void *priv = NULL;

			assert_int_equal(alg->start(alg, &priv, a), MS_OK);
			assert_int_equal(
				alg->respond(alg, ms_bytes(a, alg->init_octets), b, sb), MS_OK);
			assert_int_equal(
				alg->finish(alg, priv, ms_bytes(b, alg->resp_octets), sa), MS_OK);
			assert_memory_equal(sa, sb, alg->shared_octets);
			assert_memory_not_equal(sa, last, alg->shared_octets);
			memcpy(last, sa, alg->shared_octets);
			alg->priv_free(&priv);
			alg->priv_free(&priv);
		}
	}
}

static void refused(const struct ms_ke_alg *alg, void *priv, const uint8_t *peer, size_t len)
{
	static uint8_t pub[MS_MAX_KE_OCTETS], shared[MS_MAX_KE_OCTETS];

	assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, len), shared), MS_ERR_BAD_KE);
	assert_int_equal(alg->respond(alg, ms_bytes(peer, len), pub, shared), MS_ERR_BAD_KE);
}

static void test_wrong_lengths(void **state)
{
	static uint8_t peer[MS_MAX_KE_OCTETS + 1];
	unsigned i;

	(void)state;
	for (i = 0; ke_list[i] != NULL; i++) {
		const struct ms_ke_alg *alg = ke_list[i];
		void *priv = NULL;

		assert_int_equal(alg->start(alg, &priv, peer), MS_OK);
		refused(alg, priv, peer, 0);
		refused(alg, priv, peer, alg->resp_octets - 1u);
		peer[alg->resp_octets] = 0;
		refused(alg, priv, peer, alg->resp_octets + 1u);
		alg->priv_free(&priv);
	}
}

/* RFC 6989 s2.1: 0, 1, p - 1, p and what is above. */
static void test_modp_range(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < KE_MODP_GROUPS; i++) {
		const struct ms_ke_alg *alg = &ke_modp[i].alg;
		static uint8_t peer[MS_MAX_KE_OCTETS], out[MS_MAX_KE_OCTETS];
		BIGNUM *p = ke_modp[i].prime(NULL);
		size_t len = alg->init_octets;
		void *priv = NULL;

		assert_int_equal(alg->start(alg, &priv, out), MS_OK);
		memset(peer, 0, sizeof peer);
		refused(alg, priv, peer, len);
		peer[len - 1] = 1;
		refused(alg, priv, peer, len);
		peer[len - 1] = 2;
		assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, len), out), MS_OK);
		BN_bn2binpad(p, peer, (int)len);
		refused(alg, priv, peer, len);
		BN_sub_word(p, 1);
		BN_bn2binpad(p, peer, (int)len);
		refused(alg, priv, peer, len);
		BN_sub_word(p, 1);
		BN_bn2binpad(p, peer, (int)len);
		assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, len), out), MS_OK);
		memset(peer, 0xff, sizeof peer);
		refused(alg, priv, peer, len);
		BN_free(p);
		alg->priv_free(&priv);
	}
}

/* RFC 6989 s2.3: a point off the curve, coordinates above the prime, (0, 0). */
static void test_ecp_points(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < KE_ECP_CURVES; i++) {
		const struct ms_ke_alg *alg = &ke_ecp[i].alg;
		uint8_t good[160], peer[160];
		size_t len = alg->init_octets, half = len / 2;
		void *priv = NULL;
		unsigned bit;

		assert_int_equal(alg->start(alg, &priv, good), MS_OK);
		for (bit = 0; bit < 8; bit++) {
			memcpy(peer, good, len);
			peer[len - 1 - bit] ^= (uint8_t)(1u << bit);
			refused(alg, priv, peer, len);
			memcpy(peer, good, len);
			peer[half - 1 - bit] ^= (uint8_t)(1u << bit);
			refused(alg, priv, peer, len);
		}
		memset(peer, 0, sizeof peer);
		refused(alg, priv, peer, len);
		memset(peer, 0xff, sizeof peer);
		refused(alg, priv, peer, len);
		memcpy(peer, good, half);
		memset(peer + half, 0xff, half);
		refused(alg, priv, peer, len);
		alg->priv_free(&priv);
	}
}

/* RFC 7748 s6: points of small order give a secret of all zeros, whatever the private value. */
static void test_small_order(void **state)
{
	static const char *const x25519[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		/* the same with the bit that is masked out */
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000080",
	};
	const struct ms_ke_alg *alg = ms_ke_find(MS_KE_X25519);
	uint8_t peer[56], pub[56];
	void *priv = NULL;
	unsigned i;

	(void)state;
	assert_int_equal(alg->start(alg, &priv, pub), MS_OK);
	for (i = 0; i < sizeof x25519 / sizeof x25519[0]; i++) {
		unhex(x25519[i], peer, sizeof peer);
		refused(alg, priv, peer, 32);
	}
	alg->priv_free(&priv);

	alg = ms_ke_find(MS_KE_X448);
	assert_int_equal(alg->start(alg, &priv, pub), MS_OK);
	memset(peer, 0, sizeof peer);
	refused(alg, priv, peer, 56);
	peer[0] = 1;
	refused(alg, priv, peer, 56);
	memset(peer, 0xff, sizeof peer); /* p = 2^448 - 2^224 - 1 */
	peer[28] = 0xfe;
	refused(alg, priv, peer, 56);
	peer[0] = 0xfe; /* p - 1 */
	refused(alg, priv, peer, 56);
	alg->priv_free(&priv);
}

/* Worker jobs run exchanges of the same group at the same time. */
static void *exchanges(void *arg)
{
	static const uint16_t ids[] = { MS_KE_X25519, MS_KE_ECP256, MS_KE_MODP2048 };
	unsigned i, bad = 0;

	for (i = 0; i < 30; i++) {
		const struct ms_ke_alg *alg = ms_ke_find(ids[i % 3]);
		uint8_t a[256], b[256], sa[256], sb[256];
		void *priv = NULL;

		bad += alg->start(alg, &priv, a) != MS_OK ||
		       alg->respond(alg, ms_bytes(a, alg->init_octets), b, sb) != MS_OK ||
		       alg->finish(alg, priv, ms_bytes(b, alg->resp_octets), sa) != MS_OK ||
		       memcmp(sa, sb, alg->shared_octets) != 0;
		alg->priv_free(&priv);
	}
	*(unsigned *)arg = bad;
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	unsigned bad[4], i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, exchanges, &bad[i]), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(bad[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curves),
		cmocka_unit_test(test_modp),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_both_roles_agree),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_modp_range),
		cmocka_unit_test(test_ecp_points),
		cmocka_unit_test(test_small_order),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}

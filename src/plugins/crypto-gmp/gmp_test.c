/* SPDX-License-Identifier: Apache-2.0 */
/* GMP's groups against OpenSSL's, whose vectors were computed elsewhere: the same private value has
 * the same public one, both roles agree across the two, and both refuse the same values. */
#include "crypto-gmp.h"
#include "plugins/crypto-openssl/crypto_test.h"

#include <modswan/plugin.h>

#include <pthread.h>
#include <string.h>

extern const struct ms_plugin crypto_gmp_LTX_modswan_plugin;

/* As plugin.h's loader does it: settings from the key table. */
static const struct ms_crypto_ops *load(void *conf, const char *groups, const char *preference)
{
	const struct ms_plugin *p = &crypto_gmp_LTX_modswan_plugin;
	struct ms_why why = { "" };
	void *instance = NULL;

	assert_true(ms_conf_defaults(p->keys, conf));
	assert_int_equal(ms_conf_set(ms_conf_find(p->keys, "groups"), conf, groups, &why), MS_OK);
	assert_int_equal(
		ms_conf_set(ms_conf_find(p->keys, "preference"), conf, preference, &why), MS_OK);
	if (p->load(&instance, NULL, conf, &why) != MS_OK)
		fail_msg("%s", why.text);
	return p->features[0].ops;
}

static void unload(void *conf)
{
	void *instance = NULL;

	crypto_gmp_LTX_modswan_plugin.unload(&instance);
	ms_conf_free(crypto_gmp_LTX_modswan_plugin.keys, conf);
}

static uint64_t room[8]; /* for the plugin's settings */

static void test_same_public(void **state)
{
	static uint8_t a[MS_MAX_KE_OCTETS], b[MS_MAX_KE_OCTETS], x[PRIV_MAX_BITS / 8];

	(void)state;
	load(room, "", "");
	for (unsigned i = 0; i < GMP_GROUPS; i++) {
		const struct ms_ke_alg *ours = &modp[i].alg, *theirs = &ke_modp[i].alg;

		assert_int_equal(ours->id, theirs->id);
		assert_int_equal(ours->shared_octets, theirs->shared_octets);
		for (size_t len = 1; len <= modp[i].private_bits / 8; len += 31) {
			void *p = NULL, *q = NULL;

			for (size_t k = 0; k < len; k++)
				x[k] = (uint8_t)(7 * k + 3 * i + len);
			assert_int_equal(modp_priv(ours, ms_bytes(x, len), &p, a), MS_OK);
			assert_int_equal(ke_modp_priv(theirs, ms_bytes(x, len), &q, b), MS_OK);
			assert_memory_equal(a, b, ours->init_octets);
			ours->priv_free(&p);
			theirs->priv_free(&q);
			assert_null(p);
			ours->priv_free(&p);
		}
	}
	unload(room);
}

static void agree(const struct ms_ke_alg *i, const struct ms_ke_alg *r)
{
	static uint8_t a[MS_MAX_KE_OCTETS], b[MS_MAX_KE_OCTETS];
	static uint8_t sa[MS_MAX_KE_OCTETS], sb[MS_MAX_KE_OCTETS], last[MS_MAX_KE_OCTETS];
	void *priv = NULL;

	assert_int_equal(i->start(i, &priv, a), MS_OK);
	assert_int_equal(r->respond(r, ms_bytes(a, i->init_octets), b, sb), MS_OK);
	assert_int_equal(i->finish(i, priv, ms_bytes(b, r->resp_octets), sa), MS_OK);
	assert_memory_equal(sa, sb, i->shared_octets);
	assert_memory_not_equal(sa, last, i->shared_octets);
	memcpy(last, sa, i->shared_octets);
	i->priv_free(&priv);
}

static void test_agreement(void **state)
{
	(void)state;
	load(room, "", "");
	for (unsigned i = 0; i < GMP_GROUPS; i++) {
		agree(&modp[i].alg, &ke_modp[i].alg);
		agree(&ke_modp[i].alg, &modp[i].alg);
		agree(&modp[i].alg, &modp[i].alg);
	}
	unload(room);
}

static void refused(const struct ms_ke_alg *alg, void *priv, const uint8_t *peer, size_t len)
{
	static uint8_t pub[MS_MAX_KE_OCTETS], shared[MS_MAX_KE_OCTETS];

	assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, len), shared), MS_ERR_BAD_KE);
	assert_int_equal(alg->respond(alg, ms_bytes(peer, len), pub, shared), MS_ERR_BAD_KE);
}

/* RFC 6989 s2.1: 0, 1, p - 1, p and what is above, and other lengths. */
static void test_range(void **state)
{
	static uint8_t peer[MS_MAX_KE_OCTETS + 1], out[MS_MAX_KE_OCTETS];

	(void)state;
	load(room, "", "");
	for (unsigned i = 0; i < GMP_GROUPS; i++) {
		const struct ms_ke_alg *alg = &modp[i].alg;
		size_t len = alg->init_octets;
		BIGNUM *p = ke_modp[i].prime(NULL);
		void *priv = NULL;

		assert_int_equal(alg->start(alg, &priv, out), MS_OK);
		memset(peer, 0, sizeof peer);
		refused(alg, priv, peer, len);
		peer[len - 1] = 1;
		refused(alg, priv, peer, len);
		peer[len - 1] = 2;
		assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, len), out), MS_OK);
		refused(alg, priv, peer, len - 1);
		refused(alg, priv, peer, len + 1);
		refused(alg, priv, peer, 0);
		for (unsigned below = 0; below < 2; below++) { /* p, then p - 1 */
			BN_bn2binpad(p, peer, (int)len);
			refused(alg, priv, peer, len);
			BN_sub_word(p, 1);
		}
		BN_bn2binpad(p, peer, (int)len);
		assert_int_equal(alg->finish(alg, priv, ms_bytes(peer, len), out), MS_OK);
		memset(peer, 0xff, sizeof peer);
		refused(alg, priv, peer, len);
		BN_free(p);
		alg->priv_free(&priv);
	}
	unload(room);
}

/* Which of two providers is found is a matter of configuration. */
static void test_choice(void **state)
{
	const struct ms_crypto_ops *ops = load(room, "MODP2048, modp4096", "60");

	(void)state;
	assert_int_equal(ms_crypto_register(ops, "gmp"), MS_OK);
	assert_ptr_equal(ms_ke_find(MS_KE_MODP2048), &modp[0].alg);
	assert_ptr_equal(ms_ke_find(MS_KE_MODP3072), &ke_modp[1].alg);
	assert_ptr_equal(ms_ke_find(MS_KE_MODP4096), &modp[2].alg);
	ms_crypto_unregister("gmp");
	unload(room);
	ops = load(room, "", "40");
	assert_int_equal(ms_crypto_register(ops, "gmp"), MS_OK);
	assert_ptr_equal(ms_ke_find(MS_KE_MODP2048), &ke_modp[0].alg);
	ms_crypto_unregister("openssl");
	assert_ptr_equal(ms_ke_find(MS_KE_MODP2048), &modp[0].alg);
	assert_ptr_equal(ms_ke_find(MS_KE_MODP8192), &modp[4].alg);
	ms_crypto_unregister("gmp");
	unload(room);
	assert_int_equal(ms_crypto_register(&openssl_ops, "openssl"), MS_OK);
	assert_int_not_equal(ms_conf_set(crypto_gmp_LTX_modswan_plugin.keys, room, "MODP1024", NULL),
		MS_OK);
}

/* A prime that is not the RFC's is never offered. */
static void test_wrong_prime(void **state)
{
	struct ms_why why = { "" };

	(void)state;
	modp[3].offset++;
	assert_int_equal(modp_load(&why), MS_ERR_CRYPTO);
	modp[3].offset--;
	assert_string_equal(why.text, "MODP6144 does not come out as RFC 3526 says");
	assert_null(modp[0].p);
}

static void *work(void *arg)
{
	const struct ms_ke_alg *alg = &modp[0].alg;
	uint8_t a[256], b[256], sa[256], sb[256];
	intptr_t *good = arg;

	for (unsigned i = 0; i < 20; i++) {
		void *priv = NULL;

		*good += alg->start(alg, &priv, a) == MS_OK &&
			 alg->respond(alg, ms_bytes(a, 256), b, sb) == MS_OK &&
			 alg->finish(alg, priv, ms_bytes(b, 256), sa) == MS_OK &&
			 memcmp(sa, sb, 256) == 0;
		alg->priv_free(&priv);
	}
	return NULL;
}

static void test_threads(void **state)
{
	intptr_t good[4] = { 0 };
	pthread_t t[4];

	(void)state;
	load(room, "", "");
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &good[i]), 0);
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(good[i], 20);
	}
	unload(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_public),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_wrong_prime),
		cmocka_unit_test(test_threads),
	};


	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto-openssl: the algorithms of OpenSSL 3's libcrypto.
 *
 * Everything that OpenSSL looks up by name (ciphers, the CMAC) or derives from constants (curves,
 * MODP primes in Montgomery form) is prepared once in load() and then only read, so the ops need no
 * instance and may run in any thread.  encr.c, integ.c, md.c (PRF, hash), ke_*.c, keys.c, rsa.c,
 * rsa_make.c and sign.c each hold one subject with its table.
 *
 * Standards: RFC 8247, RFC 8221 name what must be here.
 */
#include "crypto-openssl.h"

#include "rsa.h"

#include <modswan/plugin.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include <limits.h>

const struct ms_ke_alg *const ke_list[] = { &ke_x25519, &ke_ecp[0].alg, &ke_ecp[1].alg,
	&ke_ecp[2].alg, &ke_x448, &ke_modp[0].alg, &ke_modp[1].alg, &ke_modp[2].alg,
	&ke_modp[3].alg, &ke_modp[4].alg, NULL };

static ms_err random_octets(void *out, size_t len)
{
	if (len > INT_MAX)
		return MS_ERR_LIMIT;
	if (RAND_bytes(out, (int)len) == 1)
		return MS_OK;
	ERR_clear_error();
	return MS_ERR_CRYPTO;
}

const struct ms_crypto_ops openssl_ops = {
	.size = sizeof openssl_ops,
	.preference = 50,
	.encr = encr_list,
	.integ = integ_list,
	.prf = prf_list,
	.hash = hash_list,
	.ke = ke_list,
	.sign = &sign_ops,
	.random = random_octets,
	.rsa = &rsa_make_ops,
};

static const struct {
	ms_err (*load)(struct ms_why *why);
	void (*unload)(void);
} rooms[] = {
	{ encr_load, encr_unload },
	{ integ_load, integ_unload },
	{ ke_modp_load, ke_modp_unload },
	{ ke_ecp_load, ke_ecp_unload },
	{ spki_load, spki_unload },
};

void openssl_unload(void)
{
	unsigned i;

	for (i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
		rooms[i].unload();
}

ms_err openssl_load(struct ms_why *why)
{
	unsigned i;

	for (i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
		ms_err err = rooms[i].load(why);

		if (err != MS_OK) {
			openssl_unload();
			return err;
		}
	}
	return MS_OK;
}

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	(void)services;
	(void)conf;
	*instance_r = NULL;
	return openssl_load(why);
}

static void unload(void **instance)
{
	*instance = NULL;
	openssl_unload();
}

static const struct ms_feature features[] = {
	MS_PROVIDES(CRYPTO, "openssl", &openssl_ops),
	MS_FEATURES_END,
};

MS_PLUGIN(crypto_openssl, "crypto-openssl", .summary = "algorithms of OpenSSL 3 libcrypto",
	.features = features, .load = load, .unload = unload);

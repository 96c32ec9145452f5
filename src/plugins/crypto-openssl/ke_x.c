/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Curve25519 and Curve448.  The private value is an EVP_PKEY, made from random octets in one step.
 *
 * Standards: RFC 7748, RFC 8031 (s3.2: a secret of all zeros, from a point of small order, is
 * refused; s3.1: public values of another length are, too).
 */
#include "crypto-openssl.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#define MAX_X 56

static const char *type_name(const struct ms_ke_alg *alg)
{
	return alg->id == MS_KE_X25519 ? "X25519" : "X448";
}

static void priv_free(void **priv)
{
	EVP_PKEY_free(*priv);
	*priv = NULL;
}

ms_err ke_x_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, type_name(alg), NULL, x.ptr, x.len);
	size_t len = alg->init_octets;

	if (pkey == NULL || EVP_PKEY_get_raw_public_key(pkey, pub, &len) != 1) {
		EVP_PKEY_free(pkey);
		ERR_clear_error();
		return MS_ERR_CRYPTO;
	}
	*priv_r = pkey;
	return MS_OK;
}

static ms_err start(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub)
{
	uint8_t x[MAX_X];
	ms_err err = MS_ERR_CRYPTO;

	if (RAND_priv_bytes(x, alg->shared_octets) == 1)
		err = ke_x_priv(alg, ms_bytes(x, alg->shared_octets), priv_r, pub);
	else
		ERR_clear_error();
	ms_wipe(x, sizeof x);
	return err;
}

static ms_err finish(const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer, uint8_t *shared)
{
	EVP_PKEY *other;
	EVP_PKEY_CTX *x;
	size_t len = alg->shared_octets;
	ms_err err = MS_ERR_BAD_KE;

	if (peer.len != alg->init_octets)
		return MS_ERR_BAD_KE;
	other = EVP_PKEY_new_raw_public_key_ex(NULL, type_name(alg), NULL, peer.ptr, peer.len);
	x = EVP_PKEY_CTX_new_from_pkey(NULL, priv, NULL);
	if (other == NULL || x == NULL || EVP_PKEY_derive_init(x) != 1 ||
		EVP_PKEY_derive_set_peer_ex(x, other, 0) != 1)
		err = MS_ERR_CRYPTO;
	/* fails for a secret of all zeros, and for nothing else that depends on the peer */
	else if (EVP_PKEY_derive(x, shared, &len) == 1 && len == alg->shared_octets)
		err = MS_OK;
	if (err != MS_OK)
		ERR_clear_error();
	EVP_PKEY_CTX_free(x);
	EVP_PKEY_free(other);
	return err;
}

static ms_err respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	void *priv = NULL;
	ms_err err = peer.len != alg->init_octets ? MS_ERR_BAD_KE : start(alg, &priv, pub);

	if (err == MS_OK)
		err = finish(alg, priv, peer, shared);
	priv_free(&priv);
	return err;
}

const struct ms_ke_alg ke_x25519 = { MS_KE_X25519, "X25519", 32, 32, 32, start, finish, respond,
	priv_free };
const struct ms_ke_alg ke_x448 = { MS_KE_X448, "X448", 56, 56, 56, start, finish, respond,
	priv_free };

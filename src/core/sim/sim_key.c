/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/sim_key.h"

#include <modswan/addr.h>
#include <modswan/registry.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

/* RFC 4055: a key that signs with one hash only. */
static EVP_PKEY *generate_restricted(const char *hash)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pkey = NULL;

	if (!x || EVP_PKEY_keygen_init(x) <= 0 || EVP_PKEY_CTX_set_rsa_keygen_bits(x, 2048) <= 0 ||
		EVP_PKEY_CTX_ctrl_str(x, "rsa_pss_keygen_md", hash) <= 0 ||
		EVP_PKEY_CTX_ctrl_str(x, "rsa_pss_keygen_mgf1_md", hash) <= 0 ||
		EVP_PKEY_keygen(x, &pkey) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(x);
	return pkey;
}

static EVP_PKEY *generate(const char *kind)
{
	if (strncmp(kind, "pss-", 4) == 0)
		return generate_restricted(kind + 4);
	if (strcmp(kind, "rsa") == 0)
		return EVP_RSA_gen(2048);
	if (strcmp(kind, "ed448") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	if (strcmp(kind, "ed25519") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_EC_gen(kind);
}

struct sim_key sim_key_new(const char *kind)
{
	struct sim_key k = { .priv = NULL };
	EVP_PKEY *pkey = generate(kind);
	unsigned char *der = NULL, *spki = NULL;
	/* PKCS#8, which has a key's restrictions */
	PKCS8_PRIV_KEY_INFO *p8 = pkey ? EVP_PKEY2PKCS8(pkey) : NULL;
	int der_len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : -1;
	int spki_len = pkey ? i2d_PUBKEY(pkey, &spki) : -1;

	if (der_len <= 0 || spki_len <= 0 ||
		ms_sign()->privkey_from_file_octets(
			&k.priv, ms_bytes(der, (size_t)der_len), ms_bytes(NULL, 0), NULL))
		abort();
	ms_data_text(spki, (size_t)spki_len, 's', k.spki, sizeof(k.spki));
	PKCS8_PRIV_KEY_INFO_free(p8);
	OPENSSL_free(der);
	OPENSSL_free(spki);
	EVP_PKEY_free(pkey);
	return k;
}

void sim_key_free(struct sim_key *k)
{
	ms_sign()->privkey_free(&k->priv);
}

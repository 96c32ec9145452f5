/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of the played peers: each has its own, made before anything is measured, for its own
 * identity and the one key that all of them have. */
#include "load.h"

#include <modswan/registry.h>

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALID_SECONDS 86400

struct certs {
	X509 *ca;
	EVP_PKEY *ca_key, *key;
	uint8_t ca_hash[MS_CA_HASH_OCTETS]; /* RFC 7296 s3.7: SHA-1 of the SubjectPublicKeyInfo */
};

/* One object of a PEM file by one of OpenSSL's readers. */
#define READ_PEM(out, path, reader)                     \
	do {                                            \
		FILE *f_ = fopen(path, "r");            \
		if (f_ != NULL) {                       \
			out = reader(f_, NULL, NULL, NULL); \
			fclose(f_);                     \
		}                                       \
	} while (0)

static bool hash_ca(struct certs *cs)
{
	uint8_t *spki = NULL;
	int n = i2d_PUBKEY(cs->ca_key, &spki);

	if (n <= 0)
		return false;
	SHA1(spki, (size_t)n, cs->ca_hash);
	OPENSSL_free(spki);
	return true;
}

ms_err certs_open(struct load *l, struct ms_why *why)
{
	struct certs *cs = calloc(1, sizeof *cs);

	if (cs == NULL)
		return MS_ERR_NOMEM;
	l->certs = cs;
	READ_PEM(cs->ca, l->o->ca_cert, PEM_read_X509);
	READ_PEM(cs->ca_key, l->o->ca_key, PEM_read_PrivateKey);
	READ_PEM(cs->key, l->o->key, PEM_read_PrivateKey);
	if (cs->ca == NULL || cs->ca_key == NULL || cs->key == NULL || !hash_ca(cs))
		return ms_fail(why, MS_ERR_BAD_KEY, "%s, %s, %s: no certificate and keys",
			l->o->ca_cert, l->o->ca_key, l->o->key);
	return MS_OK;
}

void certs_close(struct load *l)
{
	struct certs *cs = l->certs;

	if (cs == NULL)
		return;
	X509_free(cs->ca);
	EVP_PKEY_free(cs->ca_key);
	EVP_PKEY_free(cs->key);
	free(cs);
	l->certs = NULL;
	for (uint64_t i = 0; l->attempts != NULL && i < l->o->count; i++)
		OPENSSL_free((void *)(uintptr_t)l->attempts[i].cert.ptr);
}

static bool extend(X509 *x, int nid, const char *text)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, text);
	bool done = ext != NULL && X509_add_ext(x, ext, -1) == 1;

	X509_EXTENSION_free(ext);
	return done;
}

static bool fill(const struct certs *cs, X509 *x, const char *name, uint64_t number)
{
	X509_NAME *subject = X509_get_subject_name(x);
	char san[80];

	snprintf(san, sizeof san, "DNS:%s", name);
	return X509_set_version(x, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), number + 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -VALID_SECONDS) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x), VALID_SECONDS) != NULL &&
	       X509_NAME_add_entry_by_txt(
		       subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(x, X509_get_subject_name(cs->ca)) == 1 &&
	       X509_set_pubkey(x, cs->key) == 1 && extend(x, NID_subject_alt_name, san) &&
	       extend(x, NID_key_usage, "digitalSignature") &&
	       X509_sign(x, cs->ca_key, EVP_sha256()) > 0;
}

ms_err certs_make(struct load *l, struct attempt *a, const char *id, uint64_t number)
{
	X509 *x = X509_new();
	uint8_t *der = NULL;
	int n = -1;

	if (x != NULL && fill(l->certs, x, id + (*id == '@'), number))
		n = i2d_X509(x, &der);
	X509_free(x);
	if (n <= 0)
		return MS_ERR_NOMEM;
	a->cert = ms_bytes(der, (size_t)n);
	return MS_OK;
}

/* --- what the engine asks --------------------------------------------------------------------- */

void certs_own_key(void *host, const struct conn *c, const struct ms_id *peer,
	struct ms_bytes asked, host_own_f *done, void *arg)
{
	struct load *l = host;
	const struct ms_bytes *cert = &l->attempts[c->reqid - 1].cert;

	(void)peer;
	(void)asked;
	done(arg, l->key != NULL ? MS_OK : MS_ERR_NO_CREDENTIAL, l->key, cert, cert->len > 0, NULL);
}

/* The responder's key is known: what is measured is the responder. */
void certs_peer_key(void *host, const struct conn *c, const struct ms_id *peer,
	const struct ms_bytes *certs, unsigned n, host_peer_key_f *done, void *arg)
{
	struct load *l = host;
	struct ms_why why = { "" };

	(void)c;
	(void)peer;
	(void)certs;
	if (n > 0)
		done(arg, MS_OK, &l->peer_pub, 1, PROOF_CERT, NULL);
	else
		done(arg, ms_fail(&why, MS_ERR_NO_CREDENTIAL, "it sent no certificate"), NULL, 0,
			PROOF_NONE, &why);
}

size_t certs_ca_hashes(void *host, const struct conn *c, uint8_t *buf, size_t size)
{
	const struct load *l = host;

	(void)c;
	if (l->certs == NULL || size < sizeof l->certs->ca_hash)
		return 0;
	memcpy(buf, l->certs->ca_hash, sizeof l->certs->ca_hash);
	return sizeof l->certs->ca_hash;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A certification authority for the tests: makes keys, certificates, lists and OCSP answers with
 * any fault that is asked for.  Everything aborts on an error of its own. */
#ifndef CREDS_X509_PKI_H
#define CREDS_X509_PKI_H

#include "x509.h"

struct pki_cert {
	X509 *x509;
	EVP_PKEY *key; /* borrowed: keys are kept for the whole program */
};

struct pki_spec {
	const char *name;	       /* CN below C=CH, O=ModSwan */
	const char *key;	       /* "rsa2048 a": kind, then a name that tells two apart */
	const struct pki_cert *issuer; /* NULL: itself */
	long from_s, to_s;	       /* from now; 0, 0: -1 hour, +1 day */
	const char *hash;	       /* NULL: SHA256 */
	const char *ext[10];	       /* "name=value" as openssl.cnf has it */
	const uint8_t *spki;	       /* DER, in place of the key's own */
	size_t spki_octets;
};

struct pki_cert pki_make(const struct pki_spec *spec);
void pki_free(struct pki_cert *c);
/* What an honest CA and an honest end have. */
struct pki_cert pki_ca(const char *name, const struct pki_cert *issuer, const char *key);
struct pki_cert pki_end(const char *name, const struct pki_cert *issuer, const char *key,
	const char *san);
EVP_PKEY *pki_key(const char *kind);
void pki_keys_free(void);

/* revoked: NULL-terminated. */
X509_CRL *pki_crl(const struct pki_cert *ca, X509 *const *revoked, long from_s, long to_s);
/* status: V_OCSP_CERTSTATUS_...; signer: who signs, with its certificate in the answer; request: for
 * its nonce, NULL: none.  The answer's octets are malloced. */
struct ms_bytes pki_ocsp(X509 *cert, X509 *issuer, const struct pki_cert *signer, int status,
	long from_s, long to_s, const uint8_t *request, size_t request_octets);

/* A folder like ipsec.d, and what creds-x509 finds in it; pass: of all PKCS#12 files. */
#define PKI_DIR 64
struct note {
	char text[8192]; /* lines about files */
};
void pki_dir(char dir[PKI_DIR]);
int pki_dir_remove(const char *dir);
struct store *pki_store(const char *dir, const char *pass, struct note *n);

void pki_write(const char *dir, const char *file, X509 *const *certs); /* PEM */
void pki_write_der(const char *dir, const char *file, X509 *cert);
void pki_write_crl(const char *dir, const char *file, X509_CRL *crl);
struct ms_bytes pki_der(X509 *cert); /* OPENSSL_free() */

#endif

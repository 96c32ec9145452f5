/* SPDX-License-Identifier: Apache-2.0 */
#include "pki.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			ERR_print_errors_fp(stderr);                                    \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* --- keys --- */

#define MAX_KEYS 32
static struct {
	char kind[32];
	EVP_PKEY *key;
} keys[MAX_KEYS];

EVP_PKEY *pki_key(const char *kind)
{
	unsigned bits, i;

	for (i = 0; i < MAX_KEYS && keys[i].key != NULL; i++)
		if (strcmp(keys[i].kind, kind) == 0)
			return keys[i].key;
	MUST(i < MAX_KEYS);
	snprintf(keys[i].kind, sizeof keys[i].kind, "%s", kind);
	if (sscanf(kind, "rsa%u", &bits) == 1)
		keys[i].key = EVP_RSA_gen(bits);
	else if (strncmp(kind, "p256", 4) == 0)
		keys[i].key = EVP_EC_gen("P-256");
	else if (strncmp(kind, "p384", 4) == 0)
		keys[i].key = EVP_EC_gen("P-384");
	else
		keys[i].key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	MUST(keys[i].key != NULL);
	return keys[i].key;
}

void pki_keys_free(void)
{
	for (unsigned i = 0; i < MAX_KEYS; i++) {
		EVP_PKEY_free(keys[i].key);
		keys[i].key = NULL;
	}
}

/* --- certificates --- */

static const EVP_MD *md_for(EVP_PKEY *key, const char *hash)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	return EVP_get_digestbyname(hash != NULL ? hash : "SHA256");
}

/* "name=value", or "name=@part\n[part]\na=b": what follows the first line is a file's text. */
static void add_extension(X509 *cert, X509 *issuer, const char *text)
{
	const char *eq = strchr(text, '='), *end = eq + strcspn(eq, "\n");
	char name[64], value[512];
	BIO *bio = BIO_new_mem_buf(end, -1);
	CONF *conf = NCONF_new(NULL);
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	long line;

	MUST(eq != NULL && conf != NULL && bio != NULL && NCONF_load_bio(conf, bio, &line) == 1);
	snprintf(name, sizeof name, "%.*s", (int)(eq - text), text);
	snprintf(value, sizeof value, "%.*s", (int)(end - eq - 1), eq + 1);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	e = X509V3_EXT_nconf(conf, &ctx, name, value);
	MUST(e != NULL && X509_add_ext(cert, e, -1) == 1);
	X509_EXTENSION_free(e);
	NCONF_free(conf);
	BIO_free(bio);
}

static void set_name(X509 *cert, const char *cn)
{
	X509_NAME *n = X509_get_subject_name(cert);

	MUST(X509_NAME_add_entry_by_txt(n, "C", MBSTRING_ASC, (const uint8_t *)"CH", -1, -1, 0));
	MUST(X509_NAME_add_entry_by_txt(
		n, "O", MBSTRING_ASC, (const uint8_t *)"ModSwan", -1, -1, 0));
	MUST(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const uint8_t *)cn, -1, -1, 0));
}

static void set_key(X509 *cert, const struct pki_spec *s, EVP_PKEY *key)
{
	if (s->spki != NULL) {
		const uint8_t *p = s->spki;
		X509_PUBKEY *spki = d2i_X509_PUBKEY(NULL, &p, (long)s->spki_octets);
		ASN1_OBJECT *algorithm;
		const uint8_t *bits;
		uint8_t *copy;
		int n;

		MUST(spki != NULL);
		X509_PUBKEY_get0_param(&algorithm, &bits, &n, NULL, spki);
		copy = OPENSSL_memdup(bits, (size_t)n);
		MUST(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), OBJ_dup(algorithm),
			     V_ASN1_NULL, NULL, copy, n) == 1);
		X509_PUBKEY_free(spki);
		ERR_clear_error();
	} else {
		MUST(X509_set_pubkey(cert, key) == 1);
	}
}

struct pki_cert pki_make(const struct pki_spec *s)
{
	static long serial = 4096;
	EVP_PKEY *key = pki_key(s->key);
	EVP_PKEY *signer = s->issuer != NULL ? s->issuer->key : key;
	struct pki_cert c = { X509_new(), key };
	X509 *issuer = s->issuer != NULL ? s->issuer->x509 : c.x509;

	MUST(c.x509 != NULL);
	X509_set_version(c.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
	set_name(c.x509, s->name);
	MUST(X509_set_issuer_name(c.x509, X509_get_subject_name(issuer)) == 1);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), s->from_s || s->to_s ? s->from_s : -3600);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), s->from_s || s->to_s ? s->to_s : 86400);
	set_key(c.x509, s, key);
	for (unsigned i = 0; i < 10 && s->ext[i] != NULL; i++)
		add_extension(c.x509, issuer, s->ext[i]);
	MUST(X509_sign(c.x509, signer, md_for(signer, s->hash)) > 0);
	if (s->spki != NULL) {
		/* only decoding makes a key of octets */
		X509 *read = X509_dup(c.x509);

		MUST(read != NULL);
		X509_free(c.x509);
		c.x509 = read;
	}
	ERR_clear_error();
	return c;
}

void pki_free(struct pki_cert *c)
{
	X509_free(c->x509);
	c->x509 = NULL;
}

struct pki_cert pki_ca(const char *name, const struct pki_cert *issuer, const char *key)
{
	struct pki_spec s = { .name = name, .key = key, .issuer = issuer,
		.ext = { "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
			"subjectKeyIdentifier=hash" } };

	return pki_make(&s);
}

struct pki_cert pki_end(const char *name, const struct pki_cert *issuer, const char *key,
	const char *san)
{
	char text[256];
	struct pki_spec s = { .name = name, .key = key, .issuer = issuer,
		.ext = { "basicConstraints=critical,CA:FALSE", "keyUsage=digitalSignature" } };

	snprintf(text, sizeof text, "subjectAltName=%s", san != NULL ? san : "");
	if (san != NULL)
		s.ext[2] = text;
	return pki_make(&s);
}

/* --- lists and answers --- */

X509_CRL *pki_crl(const struct pki_cert *ca, X509 *const *revoked, long from_s, long to_s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = X509_gmtime_adj(NULL, from_s);

	MUST(crl != NULL && t != NULL);
	X509_CRL_set_version(crl, 1);
	MUST(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x509)) == 1);
	MUST(X509_CRL_set1_lastUpdate(crl, t) == 1);
	X509_gmtime_adj(t, to_s);
	MUST(X509_CRL_set1_nextUpdate(crl, t) == 1);
	X509_gmtime_adj(t, from_s);
	for (; revoked != NULL && *revoked != NULL; revoked++) {
		X509_REVOKED *r = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(*revoked));
		X509_REVOKED_set_revocationDate(r, t);
		MUST(X509_CRL_add0_revoked(crl, r) == 1);
	}
	ASN1_TIME_free(t);
	MUST(X509_CRL_sort(crl) == 1);
	MUST(X509_CRL_sign(crl, ca->key, md_for(ca->key, NULL)) > 0);
	return crl;
}

struct ms_bytes pki_ocsp(X509 *cert, X509 *issuer, const struct pki_cert *signer, int status,
	long from_s, long to_s, const uint8_t *request, size_t request_octets)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	ASN1_TIME *from = X509_gmtime_adj(NULL, from_s), *to = X509_gmtime_adj(NULL, to_s);
	OCSP_RESPONSE *r;
	uint8_t *der = NULL;
	int n;

	MUST(basic != NULL && id != NULL);
	if (request != NULL) {
		OCSP_REQUEST *q = d2i_OCSP_REQUEST(NULL, &request, (long)request_octets);

		MUST(q != NULL);
		OCSP_copy_nonce(basic, q);
		OCSP_REQUEST_free(q);
	}
	MUST(OCSP_basic_add1_status(basic, id, status, 0,
		     status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from, to) != NULL);
	MUST(OCSP_basic_sign(basic, signer->x509, signer->key, md_for(signer->key, NULL), NULL, 0) ==
		1);
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	n = i2d_OCSP_RESPONSE(r, &der);
	MUST(n > 0);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return ms_bytes(der, (size_t)n);
}

/* --- files --- */

static FILE *open_file(const char *dir, const char *file)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, file);
	f = fopen(path, "wb");
	MUST(f != NULL);
	return f;
}

void pki_write(const char *dir, const char *file, X509 *const *certs)
{
	FILE *f = open_file(dir, file);

	for (; *certs != NULL; certs++)
		MUST(PEM_write_X509(f, *certs) == 1);
	fclose(f);
}

void pki_write_der(const char *dir, const char *file, X509 *cert)
{
	FILE *f = open_file(dir, file);

	MUST(i2d_X509_fp(f, cert) == 1);
	fclose(f);
}

void pki_write_crl(const char *dir, const char *file, X509_CRL *crl)
{
	FILE *f = open_file(dir, file);

	MUST(PEM_write_X509_CRL(f, crl) == 1);
	fclose(f);
}

struct ms_bytes pki_der(X509 *cert)
{
	uint8_t *der = NULL;
	int n = i2d_X509(cert, &der);

	MUST(n > 0);
	return ms_bytes(der, (size_t)n);
}

/* --- folders --- */

void pki_dir(char dir[PKI_DIR])
{
	static const char *const folders[] = { "certs", "cacerts", "ocspcerts", "crls" };
	char path[PKI_DIR + 16];

	strcpy(dir, "/tmp/x509XXXXXX");
	MUST(mkdtemp(dir) != NULL);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		MUST(mkdir(path, 0700) == 0);
	}
}

int pki_dir_remove(const char *dir)
{
	char command[PKI_DIR + 16];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static void note_line(void *arg, const char *text)
{
	struct note *n = arg;
	size_t used = strlen(n->text);

	snprintf(n->text + used, sizeof n->text - used, "%s\n", text);
}

static bool p12_passphrase(void *arg, const char *path, struct ms_bytes *out)
{
	*out = ms_bytes(arg, arg != NULL ? strlen(arg) : 0);
	return strstr(path, ".p12") != NULL;
}

struct store *pki_store(const char *dir, const char *pass, struct note *n)
{
	struct note unused = { "" };
	struct store_from from = { dir, p12_passphrase, (void *)(uintptr_t)pass, note_line,
		n != NULL ? n : &unused };
	struct ms_why why = { "" };
	struct store *s = NULL;

	MUST(store_read(&s, &from, &why) == MS_OK);
	return s;
}

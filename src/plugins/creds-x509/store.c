/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of ipsec.d: certs, cacerts, ocspcerts, crls.
 *
 * Every file of a folder is read; one that holds nothing of use is named in the log and left.  PEM,
 * DER and PKCS#12 are told apart by their contents.  What is found becomes a store that never
 * changes again: jobs of the old one go on with it while a new one is made.
 *
 * A file in cacerts must say that it is a CA's (basicConstraints), whoever put it there.
 */
#include "x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_OCTETS (16 << 20)
#define MAX_FILES	100000

/* --- octets to objects --- */

static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1; /* nobody is there to be asked */
}

static bool certs_in_pem(struct ms_bytes octets, found_f *found, void *arg)
{
	BIO *bio = BIO_new_mem_buf(octets.ptr, (int)octets.len);
	bool any = false;
	X509 *cert;

	while (bio != NULL && (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		found(arg, cert);
		any = true;
	}
	BIO_free(bio);
	ERR_clear_error();
	return any;
}

static bool certs_in_p12(
	struct ms_bytes octets, struct ms_bytes passphrase, found_f *found, void *arg)
{
	const uint8_t *p = octets.ptr;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)octets.len);
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	char pass[256];
	bool any = false;

	if (p12 == NULL || passphrase.len >= sizeof pass) {
		PKCS12_free(p12);
		ERR_clear_error();
		return false;
	}
	if (passphrase.len > 0)
		memcpy(pass, passphrase.ptr, passphrase.len);
	pass[passphrase.len] = '\0';
	if (PKCS12_parse(p12, pass, &key, &cert, &others) == 1) {
		any = cert != NULL || sk_X509_num(others) > 0;
		if (cert != NULL)
			found(arg, cert);
		while (sk_X509_num(others) > 0)
			found(arg, sk_X509_shift(others));
	}
	ms_wipe(pass, sizeof pass);
	EVP_PKEY_free(key);
	sk_X509_pop_free(others, X509_free);
	PKCS12_free(p12);
	ERR_clear_error();
	return any;
}

X509 *cert_of_der(struct ms_bytes der)
{
	const uint8_t *p = der.ptr;
	X509 *cert = der.len > 0 && der.len <= MAX_FILE_OCTETS ?
			     d2i_X509(NULL, &p, (long)der.len) : NULL;

	if (cert != NULL && p != der.ptr + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

bool certs_in(struct ms_bytes octets, struct ms_bytes passphrase, found_f *found, void *arg)
{
	X509 *cert;

	if (octets.len == 0 || octets.len > MAX_FILE_OCTETS)
		return false;
	if (certs_in_pem(octets, found, arg))
		return true;
	cert = cert_of_der(octets);
	if (cert != NULL) {
		found(arg, cert);
		return true;
	}
	return certs_in_p12(octets, passphrase, found, arg);
}

X509_CRL *crl_in(struct ms_bytes octets)
{
	const uint8_t *p = octets.ptr;
	X509_CRL *crl;
	BIO *bio;

	if (octets.len == 0 || octets.len > MAX_CRL_OCTETS)
		return NULL;
	crl = d2i_X509_CRL(NULL, &p, (long)octets.len);
	if (crl == NULL) {
		bio = BIO_new_mem_buf(octets.ptr, (int)octets.len);
		if (bio != NULL)
			crl = PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL);
		BIO_free(bio);
	}
	ERR_clear_error();
	return crl;
}

/* --- files --- */

static bool read_file(const char *path, struct ms_secret *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t used = 0;
	ssize_t n = 0;

	*out = (struct ms_secret){ NULL, 0 };
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
		st.st_size <= MAX_FILE_OCTETS && (out->ptr = malloc((size_t)st.st_size)) != NULL) {
		out->len = (size_t)st.st_size;
		while (used < out->len && (n = read(fd, out->ptr + used, out->len - used)) > 0)
			used += (size_t)n;
	}
	close(fd);
	if (out->ptr == NULL || used < out->len) {
		ms_secret_free(out);
		return false;
	}
	return true;
}

struct reading {
	struct store *s;
	const struct store_from *from;
	const char *path;
	enum place place;
	unsigned n;
	bool failed; /* out of memory */
};

static void say(const struct reading *r, const char *text)
{
	char line[600];

	snprintf(line, sizeof line, "%.300s: %.200s", r->path, text);
	r->from->line(r->from->line_arg, line);
}

static bool grow(struct store *s)
{
	uint32_t cap = s->cap == 0 ? 16 : s->cap * 2;
	struct cert *more;

	if (s->n < s->cap)
		return true;
	more = realloc(s->cert, cap * sizeof *more);
	if (more == NULL)
		return false;
	s->cert = more;
	s->cap = cap;
	return true;
}

static bool helps(const struct cert *c)
{
	return c->is_ca && c->place == IN_CERTS;
}

static void add_cert(void *arg, X509 *x509)
{
	struct reading *r = arg;
	struct store *s = r->s;
	struct ms_why why = { "" };
	struct cert c = { .x509 = x509, .place = r->place };

	c.is_ca = X509_check_ca(x509) == 1;
	c.self_signed = (X509_get_extension_flags(x509) & EXFLAG_SS) != 0;
	/* A key that is none could only do harm later. */
	if (key_check(x509, &why) != MS_OK || (r->place == IN_CACERTS && !c.is_ca)) {
		say(r, why.text[0] != '\0' ? why.text : "left out: it does not say that it is a CA's");
		X509_free(x509);
		return;
	}
	spki_sha1(x509, c.spki_sha1);
	c.file = strdup(r->path);
	if (c.file == NULL || !grow(s) ||
		(c.place == IN_CACERTS && X509_STORE_add_cert(s->trusted, x509) != 1)) {
		free(c.file);
		X509_free(x509);
		r->failed = true;
		return;
	}
	s->cert[s->n++] = c;
	if (helps(&c) && X509_up_ref(x509) && !sk_X509_push(s->between, x509)) {
		X509_free(x509);
		r->failed = true;
	}
	r->n++;
}

static void read_cert_file(struct reading *r)
{
	struct ms_secret octets;
	struct ms_bytes passphrase = ms_bytes(NULL, 0);

	if (!read_file(r->path, &octets)) {
		say(r, "cannot be read");
		return;
	}
	if (r->from->passphrase == NULL ||
		!r->from->passphrase(r->from->arg, r->path, &passphrase))
		passphrase = ms_bytes(NULL, 0);
	if (!certs_in(ms_bytes(octets.ptr, octets.len), passphrase, add_cert, r))
		say(r, passphrase.len > 0 ? "no certificate that this passphrase opens"
					  : "no certificate in PEM, DER or PKCS#12");
	ms_secret_free(&octets);
}

/* Only what a line P12 of ipsec.secrets opens: certificates lie with their key there. */
static void read_private_file(struct reading *r)
{
	struct ms_bytes passphrase = ms_bytes(NULL, 0);
	const char *dot = strrchr(r->path, '.');

	if (dot != NULL && (strcmp(dot, ".p12") == 0 || strcmp(dot, ".pfx") == 0) &&
		r->from->passphrase != NULL &&
		r->from->passphrase(r->from->arg, r->path, &passphrase))
		read_cert_file(r);
}

static void read_crl_file(struct reading *r)
{
	struct ms_secret octets;
	X509_CRL *crl;

	if (!read_file(r->path, &octets)) {
		say(r, "cannot be read");
		return;
	}
	crl = crl_in(ms_bytes(octets.ptr, octets.len));
	ms_secret_free(&octets);
	if (crl == NULL) {
		say(r, "no revocation list in PEM or DER");
	} else if (!sk_X509_CRL_push(r->s->crls, crl)) {
		X509_CRL_free(crl);
		r->failed = true;
	} else {
		r->n++;
	}
}

static int visible(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && (n == 0 || d->d_name[n - 1] != '~');
}

static void read_folder(struct reading *r, const char *name, void (*one)(struct reading *r))
{
	struct dirent **file = NULL;
	char folder[512], *path, line[600];
	int n;

	snprintf(folder, sizeof folder, "%s/%s", r->from->dir, name);
	n = scandir(folder, &file, visible, alphasort);
	r->n = 0;
	for (int i = 0; i < n; i++) {
		struct stat st;

		if (i < MAX_FILES && asprintf(&path, "%s/%s", folder, file[i]->d_name) >= 0) {
			r->path = path;
			if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
				one(r);
			free(path);
		}
		free(file[i]);
	}
	free(file);
	if (r->n > 0) {
		snprintf(line, sizeof line, "loaded %u from \"%.400s\"", r->n, folder);
		r->from->line(r->from->line_arg, line);
	}
}

ms_err store_read(struct store **out, const struct store_from *from, struct ms_why *why)
{
	struct store *s = calloc(1, sizeof *s);
	struct reading r = { .s = s, .from = from };

	*out = NULL;
	if (s == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	atomic_init(&s->refs, 1);
	s->policy = policy_defaults();
	s->trusted = X509_STORE_new();
	s->between = sk_X509_new_null();
	s->crls = sk_X509_CRL_new_null();
	if (s->trusted == NULL || s->between == NULL || s->crls == NULL)
		r.failed = true;
	else /* for OCSP, whose verification makes its own context */
		X509_STORE_set_flags(s->trusted, X509_V_FLAG_PARTIAL_CHAIN);
	for (int i = 0; i < PLACES && !r.failed; i++) {
		static const char *const folder[] = { "certs", "cacerts", "ocspcerts" };

		r.place = (enum place)i;
		read_folder(&r, folder[i], read_cert_file);
	}
	r.place = IN_CERTS;
	if (!r.failed)
		read_folder(&r, "private", read_private_file);
	if (!r.failed)
		read_folder(&r, "crls", read_crl_file);
	ERR_clear_error();
	if (r.failed) {
		store_unref(&s);
		return ms_fail(why, MS_ERR_NOMEM, "out of memory");
	}
	*out = s;
	return MS_OK;
}

struct store *store_ref(struct store *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void store_unref(struct store **store)
{
	struct store *s = *store;

	*store = NULL;
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < s->n; i++) {
		X509_free(s->cert[i].x509);
		free(s->cert[i].file);
	}
	free(s->cert);
	X509_STORE_free(s->trusted);
	sk_X509_pop_free(s->between, X509_free);
	sk_X509_CRL_pop_free(s->crls, X509_CRL_free);
	policy_free(&s->policy);
	free(s);
}

/* --- looking up --- */

static bool named(const char *file, const char *name)
{
	const char *base = strrchr(file, '/'), *dot;
	size_t n = strlen(name);

	if (strcmp(file, name) == 0)
		return true;
	base = base == NULL ? file : base + 1;
	dot = strrchr(base, '.');
	return strcmp(base, name) == 0 ||
	       (dot != NULL && (size_t)(dot - base) == n && strncmp(base, name, n) == 0);
}

const struct cert *store_named(const struct store *s, const char *name, enum place place)
{
	const struct cert *first = NULL;

	/* A file may hold the issuers too: the end's own is meant. */
	for (uint32_t i = 0; i < s->n; i++) {
		const struct cert *c = &s->cert[i];

		if (c->place != place || !named(c->file, name))
			continue;
		if (!c->is_ca)
			return c;
		if (first == NULL)
			first = c;
	}
	return first;
}

const struct cert *store_issuer(const struct store *s, X509 *of)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->cert[i].is_ca && X509_check_issued(s->cert[i].x509, of) == X509_V_OK)
			return &s->cert[i];
	return NULL;
}

/* --- policy --- */

struct policy policy_defaults(void)
{
	return (struct policy){
		.crl_timeout_ms = 5000,
		.ocsp_timeout_ms = 2000,
		.ocsp_min_age = 3600,
		.ocsp_max_age = 86400,
		.ocsp_size = 1000,
		.auth_level = 2,
	};
}

void policy_free(struct policy *p)
{
	free(p->ocsp_uri);
	free(p->ocsp_trustname);
	free(p->iface);
	*p = policy_defaults();
}

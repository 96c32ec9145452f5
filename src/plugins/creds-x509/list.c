/* SPDX-License-Identifier: Apache-2.0 */
/* Listings in the family's form: certificates, CA certificates, revocation lists, OCSP answers. */
#include "x509.h"

#include <openssl/err.h>

#include <stdio.h>
#include <string.h>

struct listing {
	ms_creds_line_f *line;
	void *arg;
	time_t now;
};

static void MS_PRINTF(2, 3) put(const struct listing *l, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	l->line(l->arg, text);
}

static void head(const struct listing *l, const char *what)
{
	put(l, " ");
	put(l, "%s", what);
	put(l, " ");
}

static void date(const ASN1_TIME *t, char *buf, size_t size)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1 ||
		strftime(buf, size, "%a %b %d %H:%M:%S %Y UTC", &tm) == 0)
		snprintf(buf, size, "(none)");
}

static bool is_past(const ASN1_TIME *t, time_t now)
{
	return X509_cmp_time(t, &now) < 0;
}

static void serial(const ASN1_INTEGER *n, char *buf, size_t size)
{
	const uint8_t *octets = ASN1_STRING_get0_data(n);
	int len = ASN1_STRING_length(n);
	size_t used = (size_t)snprintf(buf, size, "0x");

	for (int i = 0; i < len && used + 2 < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%02x", octets[i]);
}

static const char *key_kind(X509 *cert)
{
	static const struct {
		const char *openssl, *ours;
	} kinds[] = { { "RSA", "RSA" }, { "RSA-PSS", "RSA-PSS" }, { "EC", "ECDSA" },
		{ "ED25519", "Ed25519" }, { "ED448", "Ed448" } };
	EVP_PKEY *key = X509_get0_pubkey(cert);

	for (size_t i = 0; key != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
		if (EVP_PKEY_is_a(key, kinds[i].openssl))
			return kinds[i].ours;
	return "other";
}

static void put_cert(const struct listing *l, const struct cert *c, const char *title)
{
	const char *base = strrchr(c->file, '/');
	char name[MS_ID_TEXT], text[128];
	EVP_PKEY *key = X509_get0_pubkey(c->x509);

	serial(X509_get0_serialNumber(c->x509), text, sizeof text);
	put(l, "%s \"%s\" - SN: %s", title, base != NULL ? base + 1 : c->file, text);
	name_text(X509_get_subject_name(c->x509), name, sizeof name);
	put(l, "  subject: %s", name);
	name_text(X509_get_issuer_name(c->x509), name, sizeof name);
	put(l, "  issuer: %s", name);
	date(X509_get0_notBefore(c->x509), text, sizeof text);
	put(l, "  not before: %s", text);
	date(X509_get0_notAfter(c->x509), text, sizeof text);
	put(l, "  not after: %s%s", text,
		is_past(X509_get0_notAfter(c->x509), l->now) ? " (expired)" : "");
	put(l, "  %d bit %s", key != NULL ? EVP_PKEY_get_bits(key) : 0, key_kind(c->x509));
}

static void put_certs(const struct listing *l, const struct store *s, bool ca)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct cert *c = &s->cert[i];

		if (c->is_ca == ca)
			put_cert(l, c,
				!ca		 ? "End certificate"
				: c->self_signed ? "Root CA certificate"
						 : "CA certificate");
	}
}

/* Keys that a peer or this host may prove itself by: those of end certificates. */
static void put_keys(const struct listing *l, const struct store *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct cert *c = &s->cert[i];
		EVP_PKEY *key = X509_get0_pubkey(c->x509);
		const char *base = strrchr(c->file, '/');
		char name[MS_ID_TEXT], until[128];

		if (c->is_ca || key == NULL)
			continue;
		name_text(X509_get_subject_name(c->x509), name, sizeof name);
		date(X509_get0_notAfter(c->x509), until, sizeof until);
		put(l, "       %d bit %s key of '%s' until %s%s in \"%s\"", EVP_PKEY_get_bits(key),
			key_kind(c->x509), name, until,
			is_past(X509_get0_notAfter(c->x509), l->now) ? " (expired)" : "",
			base != NULL ? base + 1 : c->file);
	}
}

static void put_crl(const struct listing *l, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	char name[MS_ID_TEXT], text[64];

	name_text(X509_CRL_get_issuer(crl), name, sizeof name);
	put(l, "issuer: %s", name);
	put(l, "  revoked certs: %d", revoked != NULL ? sk_X509_REVOKED_num(revoked) : 0);
	date(X509_CRL_get0_lastUpdate(crl), text, sizeof text);
	put(l, "  updates: this %s", text);
	date(next, text, sizeof text);
	put(l, "           next %s%s", text,
		next != NULL && is_past(next, l->now) ? " (outdated)" : "");
}

static void put_crls(const struct listing *l, struct instance *in)
{
	STACK_OF(X509_CRL) *crls = cache_crls(&in->cache, in->store);

	for (int i = 0; i < sk_X509_CRL_num(crls); i++)
		put_crl(l, sk_X509_CRL_value(crls, i));
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	ERR_clear_error();
}

static void put_ocsp(const struct listing *l, struct instance *in)
{
	static const char *const words[] = { "unknown", "good", "revoked" };
	unsigned n[3] = { 0 };

	pthread_mutex_lock(&in->cache.lock);
	for (unsigned i = 0; i < OCSP_BUCKETS; i++)
		for (struct ocsp_entry *e = in->cache.ocsp[i]; e != NULL; e = e->next)
			n[e->until > l->now ? e->state : REV_UNKNOWN]++;
	pthread_mutex_unlock(&in->cache.lock);
	for (unsigned i = 0; i < 3; i++)
		put(l, "  %u %s", n[i], words[i]);
}

void list_some(void *inst, enum ms_creds_kind kind, ms_creds_line_f *line, void *arg)
{
	struct instance *in = inst;
	struct listing l = { line, arg, in->clock() };

	switch (kind) {
	case MS_CREDS_CERTS:
		head(&l, "List of X.509 End Certificates:");
		put_certs(&l, in->store, false);
		break;
	case MS_CREDS_CACERTS:
		head(&l, "List of X.509 CA Certificates:");
		put_certs(&l, in->store, true);
		break;
	case MS_CREDS_CRLS:
		head(&l, "List of CRLs:");
		put_crls(&l, in);
		break;
	case MS_CREDS_PUBKEYS:
		put_keys(&l, in->store);
		break;
	case MS_CREDS_OCSP:
		head(&l, "List of OCSP answers:");
		put_ocsp(&l, in);
		break;
	default:
		break;
	}
}

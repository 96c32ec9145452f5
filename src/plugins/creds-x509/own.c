/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own certificate, what is sent with it, and whom we ask of the peer.
 *
 * A certificate that the connection names is taken as it is; else one of certs/ that bears our
 * identity, valid now, if possible from a CA that the peer said it trusts.  The root stays at home
 * (RFC 4945 s3.3.8: the peer has it or would not trust it).
 */
#include "x509.h"

#include <modswan/registry.h>

#include <openssl/err.h>

#include <string.h>
#include <strings.h>

/* --- issuers --- */

/* *out: at most MAX_DEPTH issuers; returns how many. */
static unsigned issuers_of(const struct store *s, X509 *cert, const struct cert **out)
{
	const struct cert *next = store_issuer(s, cert);
	unsigned n = 0;

	while (next != NULL && n < MAX_DEPTH) {
		out[n++] = next;
		next = next->self_signed ? NULL : store_issuer(s, next->x509);
	}
	return n;
}

static bool issued_below(const struct store *s, X509 *cert, const X509_NAME *ca)
{
	const struct cert *issuer[MAX_DEPTH];
	unsigned n = issuers_of(s, cert, issuer);

	if (X509_NAME_cmp(X509_get_issuer_name(cert), ca) == 0)
		return true;
	for (unsigned i = 0; i < n; i++)
		if (X509_NAME_cmp(X509_get_subject_name(issuer[i]->x509), ca) == 0)
			return true;
	return false;
}

static bool asked_for(const struct store *s, const struct cert *c, struct ms_bytes asked)
{
	const struct cert *issuer[MAX_DEPTH];
	unsigned n = issuers_of(s, c->x509, issuer);

	for (unsigned i = 0; i < n; i++)
		for (size_t at = 0; at + MS_CA_HASH_OCTETS <= asked.len; at += MS_CA_HASH_OCTETS)
			if (memcmp(asked.ptr + at, issuer[i]->spki_sha1, MS_CA_HASH_OCTETS) == 0)
				return true;
	return false;
}

/* --- which --- */

static bool valid_at(X509 *cert, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

static X509_NAME *parse_name(const char *text, struct ms_why *why)
{
	struct ms_id id = { 0 };
	X509_NAME *name = NULL;
	const uint8_t *p;

	if (ms_id_parse(&id, text, strlen(text), why) == MS_OK && id.type == MS_ID_DER_ASN1_DN) {
		p = id.data;
		name = d2i_X509_NAME(NULL, &p, id.len);
	}
	ms_id_free(&id);
	ERR_clear_error();
	return name;
}

static bool cert_has_ckaid(X509 *cert, const uint8_t ckaid[MS_CKAID_OCTETS])
{
	uint8_t *der = NULL, has[EVP_MAX_MD_SIZE];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	struct ms_bytes input;
	bool ok = len > 0 && ms_ckaid_input(ms_bytes(der, (size_t)len), &input) &&
		  EVP_Digest(input.ptr, input.len, has, NULL, EVP_sha1(), NULL) == 1 &&
		  memcmp(has, ckaid, MS_CKAID_OCTETS) == 0;

	OPENSSL_free(der);
	return ok;
}

const struct cert *store_with_ckaid(const struct store *s, const uint8_t ckaid[MS_CKAID_OCTETS])
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->cert[i].place == IN_CERTS && cert_has_ckaid(s->cert[i].x509, ckaid))
			return &s->cert[i];
	return NULL;
}

static const struct cert *pick_by_id(
	const struct store *s, const struct ms_cert_wish *wish, const X509_NAME *ca, time_t now)
{
	const struct cert *best = NULL;
	bool best_asked = false;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct cert *c = &s->cert[i];
		bool asked;

		if (c->place != IN_CERTS || c->is_ca || !valid_at(c->x509, now) ||
			!cert_has_id(c->x509, wish->me) ||
			(ca != NULL && !issued_below(s, c->x509, ca)))
			continue;
		asked = asked_for(s, c, wish->asked);
		/* Of two that fit equally well the one that lasts longer. */
		if (best == NULL || (asked && !best_asked) ||
			(asked == best_asked &&
				ASN1_TIME_compare(X509_get0_notAfter(c->x509),
					X509_get0_notAfter(best->x509)) > 0)) {
			best = c;
			best_asked = asked;
		}
	}
	return best;
}

const struct cert *own_pick(const struct store *s, const struct ms_cert_wish *wish, time_t now)
{
	const struct cert *c;
	X509_NAME *ca;

	if (wish->my_cert != NULL)
		return store_named(s, wish->my_cert, IN_CERTS);
	if (wish->my_ckaid != NULL)
		return store_with_ckaid(s, wish->my_ckaid);
	ca = wish->my_ca != NULL && wish->my_ca[0] != '%' ? parse_name(wish->my_ca, NULL) : NULL;
	c = pick_by_id(s, wish, ca, now);
	X509_NAME_free(ca);
	return c;
}

/* --- with what --- */

static unsigned issuers_to_send(const struct store *s, const struct cert *c, int send_ca,
	const struct cert **out)
{
	unsigned n = send_ca == MS_SENDCA_NONE ? 0 : issuers_of(s, c->x509, out);

	while (n > 0 && out[n - 1]->self_signed)
		n--;
	if (n > 1 && send_ca == MS_SENDCA_ISSUER)
		n = 1;
	return n < MS_MAX_CERTS - 1 ? n : MS_MAX_CERTS - 1;
}

static ms_err encode(X509 *const *certs, unsigned n, struct ms_bytes *out)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t *der = NULL;
		int len = i2d_X509(certs[i], &der);

		out[i] = ms_bytes(der, len > 0 ? (size_t)len : 0);
		if (len <= 0)
			return MS_ERR_NOMEM;
	}
	return MS_OK;
}

ms_err cert_pubkey(X509 *cert, struct ms_pubkey **out, struct ms_why *why)
{
	const struct ms_sign_ops *s = ms_sign();
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	ms_err err;

	if (s == NULL)
		err = ms_fail(why, MS_ERR_NO_ALGORITHM, "no plugin has signatures");
	else if (len <= 0)
		err = MS_ERR_NOMEM;
	else
		err = s->pubkey_from_spki(out, ms_bytes(der, (size_t)len), why);
	OPENSSL_free(der);
	return err;
}

static ms_err none_found(const struct ms_cert_wish *wish, struct ms_why *why)
{
	char id[MS_ID_TEXT], ckaid[MS_CKAID_TEXT];

	if (wish->my_cert != NULL)
		return ms_fail(why, MS_ERR_NO_CREDENTIAL,
			"our certificate cert=%.200s is not among the files", wish->my_cert);
	if (wish->my_ckaid != NULL) {
		ms_ckaid_text(wish->my_ckaid, ckaid);
		return ms_fail(why, MS_ERR_NO_CREDENTIAL,
			"no certificate of ours has the CKAID %s", ckaid);
	}
	ms_id_text(wish->me, id, sizeof id);
	return ms_fail(why, MS_ERR_NO_CREDENTIAL, "no certificate of ours has the identity '%.200s'",
		id);
}

void own_forget(struct instance *in)
{
	if (in->own_key != NULL && ms_sign() != NULL)
		ms_sign()->pubkey_free(&in->own_key);
	in->own_key = NULL;
	in->own = NULL;
}

/* The key of the certificate that we last used: nearly always the same. */
static ms_err know_own(struct instance *in, const struct cert *c, struct ms_why *why)
{
	ms_err err;

	if (in->own == c && in->own_key != NULL)
		return MS_OK;
	own_forget(in);
	err = cert_pubkey(c->x509, &in->own_key, why);
	if (err == MS_OK)
		in->own = c;
	return err;
}

void own_cert(void *inst, const struct ms_cert_wish *wish, ms_creds_own_f *done, void *arg)
{
	struct instance *in = inst;
	const struct cert *c = own_pick(in->store, wish, in->clock()), *issuer[MAX_DEPTH];
	struct ms_bytes der[MS_MAX_CERTS] = { { NULL, 0 } };
	X509 *certs[MS_MAX_CERTS];
	struct ms_pubkey *key = NULL;
	struct ms_why why = { "" };
	unsigned n = 0;
	ms_err err;

	if (c == NULL) {
		done(arg, none_found(wish, &why), NULL, 0, NULL, &why);
		return;
	}
	if (!valid_at(c->x509, in->clock()))
		ms_notice(in->services->log, "%s: this certificate is not valid now", c->file);
	certs[0] = c->x509;
	n = 1 + issuers_to_send(in->store, c, wish->send_ca, issuer);
	for (unsigned i = 1; i < n; i++)
		certs[i] = issuer[i - 1]->x509;
	err = encode(certs, n, der);
	if (err == MS_OK)
		err = know_own(in, c, &why);
	if (err == MS_OK)
		key = ms_sign()->pubkey_ref(in->own_key);
	done(arg, err, der, err == MS_OK ? n : 0, key, &why);
	if (key != NULL)
		ms_sign()->pubkey_free(&key);
	for (unsigned i = 0; i < n; i++)
		OPENSSL_free((void *)(uintptr_t)der[i].ptr);
	ERR_clear_error();
}

/* --- whom we trust --- */

ms_err wished_ca(const struct store *s, const struct ms_cert_wish *wish, X509_NAME **out,
	struct ms_why *why)
{
	const char *ca = wish->peer_ca;
	const struct cert *mine;

	*out = NULL;
	if (ca == NULL || strcasecmp(ca, "%any") == 0)
		return MS_OK;
	if (strcasecmp(ca, "%same") != 0 ||
		(wish->my_ca != NULL && wish->my_ca[0] != '%' && (ca = wish->my_ca) != NULL)) {
		*out = parse_name(ca, why);
		return *out != NULL ? MS_OK : ms_fail(why, MS_ERR_CONFIG, "ca=%.200s", ca);
	}
	mine = own_pick(s, wish, time(NULL));
	if (mine == NULL)
		return ms_fail(why, MS_ERR_CONFIG,
			"ca=%%same: we have no certificate of our own to compare with");
	*out = X509_NAME_dup(X509_get_issuer_name(mine->x509));
	return *out != NULL ? MS_OK : MS_ERR_NOMEM;
}

size_t ca_hashes(void *inst, const struct ms_cert_wish *wish, uint8_t *buf, size_t size)
{
	struct instance *in = inst;
	const struct store *s = in->store;
	X509_NAME *ca = NULL;
	size_t used = 0;

	/* Of a peer whose certificate is here nothing is to be asked. */
	if (s->policy.nocrsend || wish->peer_cert != NULL ||
		wished_ca(s, wish, &ca, NULL) != MS_OK)
		return 0;
	for (uint32_t i = 0; i < s->n && used + MS_CA_HASH_OCTETS <= size; i++) {
		const struct cert *c = &s->cert[i];

		if (c->place != IN_CACERTS ||
			(ca != NULL && X509_NAME_cmp(X509_get_subject_name(c->x509), ca) != 0))
			continue;
		memcpy(buf + used, c->spki_sha1, MS_CA_HASH_OCTETS);
		used += MS_CA_HASH_OCTETS;
	}
	X509_NAME_free(ca);
	return used;
}

/* The certificate of this name among those that came and our own; NULL: none. */
static X509 *named(
	const struct store *s, X509 *const *came, unsigned n, const X509_NAME *name)
{
	for (unsigned i = 0; i < n; i++)
		if (came[i] != NULL && X509_NAME_cmp(X509_get_subject_name(came[i]), name) == 0)
			return came[i];
	for (uint32_t i = 0; i < s->n; i++)
		if (s->cert[i].is_ca &&
			X509_NAME_cmp(X509_get_subject_name(s->cert[i].x509), name) == 0)
			return s->cert[i].x509;
	return NULL;
}

/* Names in a ring end with the steps. */
static bool leads_to(
	const struct store *s, X509 *const *came, unsigned n, const X509_NAME *ca)
{
	X509 *at = came[0];

	for (unsigned steps = 0; at != NULL && steps <= MS_MAX_CERTS; steps++) {
		const X509_NAME *issuer = X509_get_issuer_name(at);

		if (X509_NAME_cmp(issuer, ca) == 0)
			return true;
		at = named(s, came, n, issuer);
	}
	return false;
}

bool ca_fits(void *inst, const struct ms_cert_wish *wish, const struct ms_bytes *certs, unsigned n)
{
	const struct store *s = ((struct instance *)inst)->store;
	X509 *came[MS_MAX_CERTS] = { NULL };
	X509_NAME *ca = NULL;
	bool fits;

	if (n > MS_MAX_CERTS || wished_ca(s, wish, &ca, NULL) != MS_OK)
		return false;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *p = certs[i].ptr;

		came[i] = d2i_X509(NULL, &p, (long)certs[i].len);
	}
	fits = ca == NULL || n == 0 || leads_to(s, came, n, ca);
	for (unsigned i = 0; i < n; i++)
		X509_free(came[i]);
	X509_NAME_free(ca);
	ERR_clear_error();
	return fits;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate says: whose it is, and whether its key may be used for IKE.
 *
 * An identity is looked for where RFC 4945 s3.1 says: addresses, domain names and mailboxes in
 * subjectAltName, distinguished names in the subject.  There is no falling back to a domain name in
 * a CN, and no wildcard in a certificate: a name stands there as it is, or not.  Octets are compared
 * by their length, so a zero octet ends nothing.
 */
#include "x509.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#define MIN_RSA_BITS 1024
#define MAX_RSA_BITS 16384

ms_err x509_fail(struct ms_why *why, ms_err err, const char *what)
{
	unsigned long first = ERR_get_error();
	const char *reason = first != 0 ? ERR_reason_error_string(first) : NULL;

	ERR_clear_error();
	return ms_fail(why, err, "%s%s%s", what, reason != NULL ? ": " : "",
		reason != NULL ? reason : "");
}

/* --- names --- */

ms_err name_to_id(const X509_NAME *name, struct ms_id *out)
{
	uint8_t *der = NULL;
	int len = i2d_X509_NAME(name, &der);
	ms_err err;

	if (len <= 0) {
		ERR_clear_error();
		return MS_ERR_NOMEM;
	}
	err = ms_id_set(out, MS_ID_DER_ASN1_DN, ms_bytes(der, (size_t)len));
	OPENSSL_free(der);
	return err;
}

size_t name_text(const X509_NAME *name, char *buf, size_t size)
{
	struct ms_id id = { 0 };
	size_t n;

	if (name_to_id(name, &id) != MS_OK)
		return (size_t)snprintf(buf, size, "(a name that is too long)");
	n = ms_id_text(&id, buf, size);
	ms_id_free(&id);
	return n;
}

static const struct {
	enum ms_id_type id;
	int name;     /* GENERAL_NAME's type, which is one for both families */
	uint8_t octets; /* 0: any number */
} alternatives[] = {
	{ MS_ID_IPV4_ADDR, GEN_IPADD, 4 },
	{ MS_ID_IPV6_ADDR, GEN_IPADD, 16 },
	{ MS_ID_FQDN, GEN_DNS, 0 },
	{ MS_ID_RFC822_ADDR, GEN_EMAIL, 0 },
};

static bool is_alternative(const GENERAL_NAME *name, int type, const struct ms_id *id)
{
	const ASN1_STRING *text;
	struct ms_id one = { 0 };
	bool eq;

	if (name->type != type)
		return false;
	text = type == GEN_IPADD ? name->d.iPAddress : name->d.ia5;
	if (ASN1_STRING_length(text) <= 0 ||
		ms_id_set(&one, (enum ms_id_type)id->type,
			ms_bytes(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text))) !=
			MS_OK)
		return false;
	eq = ms_id_eq(&one, id);
	ms_id_free(&one);
	return eq;
}

static bool has_alternative(X509 *cert, int type, const struct ms_id *id)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = is_alternative(sk_GENERAL_NAME_value(names, i), type, id);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

static bool is_subject(X509 *cert, const struct ms_id *id)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	struct ms_id one = { 0 };
	bool eq;

	/* RFC 4945 s3.1.5: an empty name identifies nobody. */
	if (X509_NAME_entry_count(subject) == 0 || name_to_id(subject, &one) != MS_OK)
		return false;
	eq = ms_id_eq(&one, id);
	ms_id_free(&one);
	return eq;
}

bool cert_has_id(X509 *cert, const struct ms_id *id)
{
	if (id->type == MS_ID_DER_ASN1_DN)
		return is_subject(cert, id);
	for (size_t i = 0; i < sizeof alternatives / sizeof alternatives[0]; i++)
		if (alternatives[i].id == (enum ms_id_type)id->type)
			return (alternatives[i].octets == 0 || alternatives[i].octets == id->len) &&
			       has_alternative(cert, alternatives[i].name, id);
	return false; /* key ids and the like are in no certificate */
}

/* --- usage --- */

/* id-kp-ipsecIKE (RFC 4945 s5.1.3.12), its predecessors, and what general purpose CAs write. */
static const char *const usages[] = {
	"2.5.29.37.0",		/* any */
	"1.3.6.1.5.5.7.3.17",	/* ipsecIKE */
	"1.3.6.1.5.5.8.2.2",	/* iKEIntermediate */
	"1.3.6.1.5.5.7.3.5",	/* ipsecEndSystem */
	"1.3.6.1.5.5.7.3.6",	/* ipsecTunnel */
	"1.3.6.1.5.5.7.3.7",	/* ipsecUser */
	"1.3.6.1.5.5.7.3.1",	/* serverAuth */
	"1.3.6.1.5.5.7.3.2",	/* clientAuth */
};

static bool usage_fits(const ASN1_OBJECT *o)
{
	char text[80];

	if (OBJ_obj2txt(text, sizeof text, o, 1) <= 0)
		return false;
	for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++)
		if (strcmp(text, usages[i]) == 0)
			return true;
	return false;
}

static ms_err extended_usage_check(X509 *cert, struct ms_why *why)
{
	int critical = -1;
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	bool fits = list == NULL && critical == -1; /* not there at all */

	for (int i = 0; i < sk_ASN1_OBJECT_num(list) && !fits; i++)
		fits = usage_fits(sk_ASN1_OBJECT_value(list, i));
	EXTENDED_KEY_USAGE_free(list);
	ERR_clear_error();
	return fits ? MS_OK
		    : ms_fail(why, MS_ERR_AUTH,
			      "its extended key usage is for other purposes than IKE");
}

ms_err end_entity_check(X509 *cert, struct ms_why *why)
{
	uint32_t flags = X509_get_extension_flags(cert);

	if (flags & EXFLAG_INVALID)
		return ms_fail(why, MS_ERR_AUTH, "an extension of it is malformed");
	if (flags & EXFLAG_CA)
		return ms_fail(why, MS_ERR_AUTH, "it is a CA's, not an end's");
	if ((flags & EXFLAG_KUSAGE) &&
		!(X509_get_key_usage(cert) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return ms_fail(why, MS_ERR_AUTH, "its key usage does not allow signatures");
	return extended_usage_check(cert, why);
}

/* --- keys --- */

/* What a number theorist would call a key: OpenSSL takes nearly every pair of numbers. */
static ms_err rsa_check(EVP_PKEY *key, struct ms_why *why)
{
	BIGNUM *n = NULL, *e = NULL;
	ms_err err = MS_OK;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
		EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		err = ms_fail(why, MS_ERR_AUTH, "an RSA key without numbers");
	else if (BN_num_bits(n) < MIN_RSA_BITS || BN_num_bits(n) > MAX_RSA_BITS)
		err = ms_fail(why, MS_ERR_AUTH, "an RSA key of %d bits", BN_num_bits(n));
	else if (!BN_is_odd(n))
		err = ms_fail(why, MS_ERR_AUTH, "an RSA key with an even modulus");
	else if (!BN_is_odd(e) || BN_is_one(e) || BN_is_negative(e) || BN_num_bits(e) > 64)
		err = ms_fail(why, MS_ERR_AUTH, "an RSA key with a useless exponent");
	BN_free(n);
	BN_free(e);
	return err;
}

ms_err key_check(X509 *cert, struct ms_why *why)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	ms_err err = MS_OK;

	if (key == NULL)
		err = x509_fail(why, MS_ERR_AUTH, "a key that cannot be read");
	else if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		err = rsa_check(key, why);
	ERR_clear_error();
	return err;
}

void spki_sha1(X509 *cert, uint8_t out[MS_CA_HASH_OCTETS])
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	unsigned n = 0;

	memset(out, 0, MS_CA_HASH_OCTETS);
	if (len > 0)
		EVP_Digest(der, (size_t)len, out, &n, EVP_sha1(), NULL);
	OPENSSL_free(der);
	ERR_clear_error();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CKAIDs: what of a public key is hashed, and their text.
 *
 * Standards: RFC 5280 s4.1.2.7 (SubjectPublicKeyInfo), RFC 8017 A.1.1 (RSAPublicKey), RFC 5480 s2.2,
 * RFC 8410 s4 (points).
 */
#include "lib/wire/der.h"

#include <modswan/addr.h>
#include <modswan/creds.h>
#include <modswan/registry.h>

/* 1.2.840.113549.1.1: PKCS #1, under which .1 is rsaEncryption and .10 id-RSASSA-PSS. */
static const uint8_t pkcs1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01 };

static bool is_rsa(struct ms_bytes algorithm)
{
	struct wire_reader r = wire_reader(algorithm);
	struct ms_bytes oid;

	return der_take(&r, DER_OID, &oid) && oid.len == sizeof pkcs1 + 1 &&
	       memcmp(oid.ptr, pkcs1, sizeof pkcs1) == 0;
}

static bool modulus_of(struct ms_bytes key, struct ms_bytes *out)
{
	struct wire_reader r;
	struct ms_bytes both;

	if (!der_whole(key, DER_SEQUENCE, &both))
		return false;
	r = wire_reader(both);
	if (!der_take(&r, DER_INTEGER, out))
		return false;
	while (out->len > 0 && out->ptr[0] == 0)
		*out = ms_bytes(out->ptr + 1, out->len - 1);
	return out->len > 0;
}

bool ms_ckaid_input(struct ms_bytes spki, struct ms_bytes *out)
{
	struct ms_bytes body, algorithm, bits;
	struct wire_reader r;

	if (!der_whole(spki, DER_SEQUENCE, &body))
		return false;
	r = wire_reader(body);
	if (!der_take(&r, DER_SEQUENCE, &algorithm) || !der_take(&r, DER_BIT_STRING, &bits) ||
		wire_left(&r) > 0)
		return false;
	r = wire_reader(bits);
	if (wire_u8(&r) != 0 || wire_left(&r) == 0) /* octets that are not all used */
		return false;
	*out = wire_rest(&r);
	return is_rsa(algorithm) ? modulus_of(*out, out) : true;
}

ms_err ms_ckaid_of_spki(uint8_t out[MS_CKAID_OCTETS], struct ms_bytes spki, struct ms_why *why)
{
	const struct ms_hash_alg *sha1 = ms_hash_find(MS_HASH_SHA1);
	struct ms_bytes input;

	if (sha1 == NULL)
		return ms_fail(why, MS_ERR_NO_ALGORITHM, "no plugin has SHA-1, which CKAIDs are of");
	if (!ms_ckaid_input(spki, &input))
		return ms_fail(why, MS_ERR_BAD_KEY, "a public key whose form has no CKAID");
	return sha1->hash(sha1, &input, 1, out);
}

ms_err ms_ckaid(uint8_t out[MS_CKAID_OCTETS], const struct ms_pubkey *key, struct ms_why *why)
{
	uint8_t spki[4096];
	size_t len = ms_sign() == NULL ? 0 : ms_sign()->pubkey_to_spki(key, spki, sizeof spki);

	if (len == 0 || len > sizeof spki)
		return ms_fail(why, MS_ERR_BAD_KEY, "a public key that cannot be written");
	return ms_ckaid_of_spki(out, ms_bytes(spki, len), why);
}

bool ms_has_ckaid(const struct ms_pubkey *key, const uint8_t ckaid[MS_CKAID_OCTETS])
{
	uint8_t has[MS_CKAID_OCTETS];

	return ms_ckaid(has, key, NULL) == MS_OK && memcmp(has, ckaid, sizeof has) == 0;
}

ms_err ms_ckaid_parse(uint8_t out[MS_CKAID_OCTETS], const char *text, struct ms_why *why)
{
	size_t used = 0;
	ms_err err = ms_data_parse(out, MS_CKAID_OCTETS, &used, text, strlen(text), 16, NULL);

	if (err == MS_OK && used == MS_CKAID_OCTETS)
		return MS_OK;
	return ms_fail(why, MS_ERR_TEXT, "expected %d hexadecimal digits", 2 * MS_CKAID_OCTETS);
}

void ms_ckaid_text(const uint8_t ckaid[MS_CKAID_OCTETS], char out[MS_CKAID_TEXT])
{
	ms_data_text(ckaid, MS_CKAID_OCTETS, 16, out, MS_CKAID_TEXT);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys in the forms that nearly all of them have, without OpenSSL's decoders: those look at
 * all that they could decode for each single key, which takes longer than a signature does.
 *
 * Only what is written exactly as DER wants it is taken here; for everything else spki_read() says
 * that it does not know it, and the decoders have the word.  So the octets of a key that was read
 * here are its encoding, too.
 *
 * Standards: RFC 5280 s4.1.2.7, RFC 3279 s2.3.1, RFC 5480 s2, RFC 8410 s4.
 */
#include "crypto-openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <string.h>

#include "rsa.h"

#define UNCOMPRESSED  4 /* SEC 1 s2.3.3: first octet of a point that is x and y */
#define TAG_INTEGER   0x02
#define TAG_BITS      0x03
#define TAG_SEQUENCE  0x30
#define RSA_ALGORITHM "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"

/* All but the key itself is the same in every key of a kind: its length follows from the curve. */
static struct form {
	const char *head;
	uint8_t head_octets, key_octets;
	const char *type;  /* raw key; NULL: a point of `curve` */
	const char *curve;
	EVP_PKEY *params; /* of the curve; made at load */
} forms[] = {
	{ "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01"
	  "\x07\x03\x42\x00", 26, 65, NULL, "P-256", NULL },
	{ "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62"
	  "\x00", 23, 97, NULL, "P-384", NULL },
	{ "\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03"
	  "\x81\x86\x00", 25, 133, NULL, "P-521", NULL },
	{ "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12, 32, "ED25519", NULL, NULL },
	{ "\x30\x43\x30\x05\x06\x03\x2b\x65\x71\x03\x3a\x00", 12, 57, "ED448", NULL, NULL },
};
#define FORMS (sizeof forms / sizeof forms[0])

/* The contents of the element that `in` begins with, which is taken off; false: not this tag, or
 * not the shortest way to say its length. */
static bool element(struct ms_bytes *in, uint8_t tag, struct ms_bytes *out)
{
	size_t len, head = 2;

	if (in->len < head || in->ptr[0] != tag)
		return false;
	len = in->ptr[1];
	if (len == 0x81 && in->len >= 3) {
		len = in->ptr[2];
		head = 3;
		if (len < 0x80)
			return false;
	} else if (len == 0x82 && in->len >= 4) {
		len = (size_t)in->ptr[2] << 8 | in->ptr[3];
		head = 4;
		if (len < 0x100)
			return false;
	} else if (len >= 0x80) {
		return false;
	}
	if (in->len - head < len)
		return false;
	*out = ms_bytes(in->ptr + head, len);
	*in = ms_bytes(in->ptr + head + len, in->len - head - len);
	return true;
}

/* Above zero, and without octets that say nothing. */
static bool number(struct ms_bytes *in, struct ms_bytes *out)
{
	if (!element(in, TAG_INTEGER, out) || out->len == 0 || (out->ptr[0] & 0x80) != 0)
		return false;
	if (out->ptr[0] != 0)
		return true;
	*out = ms_bytes(out->ptr + 1, out->len - 1);
	return out->len > 0 && (out->ptr[0] & 0x80) != 0;
}

static EVP_PKEY *read_rsa(struct ms_bytes der)
{
	const size_t algorithm = sizeof RSA_ALGORITHM - 1;
	struct ms_bytes all, bits, key, n, e;

	if (!element(&der, TAG_SEQUENCE, &all) || der.len != 0 || all.len < algorithm ||
		memcmp(all.ptr, RSA_ALGORITHM, algorithm) != 0)
		return NULL;
	all = ms_bytes(all.ptr + algorithm, all.len - algorithm);
	if (!element(&all, TAG_BITS, &bits) || all.len != 0 || bits.len == 0 || bits.ptr[0] != 0)
		return NULL;
	bits = ms_bytes(bits.ptr + 1, bits.len - 1);
	if (!element(&bits, TAG_SEQUENCE, &key) || bits.len != 0 || !number(&key, &n) ||
		!number(&key, &e) || key.len != 0)
		return NULL;
	return rsa_public(n, e);
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *read_point(const struct form *f, struct ms_bytes point)
{
	EVP_PKEY *key = f->params != NULL && point.ptr[0] == UNCOMPRESSED ? EVP_PKEY_new() : NULL;

	if (key != NULL && (EVP_PKEY_copy_parameters(key, f->params) != 1 ||
				   EVP_PKEY_set1_encoded_public_key(key, point.ptr, point.len) != 1)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

EVP_PKEY *spki_read(struct ms_bytes der)
{
	EVP_PKEY *key = NULL;

	for (unsigned i = 0; i < FORMS && key == NULL; i++) {
		const struct form *f = &forms[i];
		struct ms_bytes octets;

		if (der.len != (size_t)f->head_octets + f->key_octets ||
			memcmp(der.ptr, f->head, f->head_octets) != 0)
			continue;
		octets = ms_bytes(der.ptr + f->head_octets, f->key_octets);
		key = f->type == NULL ? read_point(f, octets)
				      : EVP_PKEY_new_raw_public_key_ex(
						NULL, f->type, NULL, octets.ptr, octets.len);
	}
	if (key == NULL)
		key = read_rsa(der);
	if (key == NULL)
		ERR_clear_error();
	return key;
}

static EVP_PKEY *params_of(const char *curve)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
			OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)curve, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (x != NULL && EVP_PKEY_fromdata_init(x) == 1)
		(void)EVP_PKEY_fromdata(x, &key, EVP_PKEY_KEY_PARAMETERS, params);
	EVP_PKEY_CTX_free(x);
	return key;
}

/* A curve that this OpenSSL lacks stays NULL, and the decoders say so. */
ms_err spki_load(struct ms_why *why)
{
	(void)why;
	for (unsigned i = 0; i < FORMS; i++)
		if (forms[i].curve != NULL)
			forms[i].params = params_of(forms[i].curve);
	ERR_clear_error();
	return MS_OK;
}

void spki_unload(void)
{
	for (unsigned i = 0; i < FORMS; i++) {
		EVP_PKEY_free(forms[i].params);
		forms[i].params = NULL;
	}
}

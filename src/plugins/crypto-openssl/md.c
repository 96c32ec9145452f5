/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes and HMAC on states that are plain values.
 *
 * The per-message interface of OpenSSL 3 (EVP_MD, EVP_MAC) allocates whenever a state is copied and
 * HMAC copies two per message; a keyed HMAC over 64 octets takes 360 ns that way and a new key
 * 700 to 1,500 ns.  The SHA functions below are the same assembly code behind plain structs: 230
 * ns, no allocation, and an SA's HMAC context is two such structs.  They are deprecated as a way
 * around providers, not for their safety; this file is the only user.
 *
 * Standards: FIPS 180-4, RFC 2104, RFC 4868.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto-openssl.h"

#include <string.h>

#define MAX_BLOCK 128

/* clang-format off */
#define MD_FUNCTIONS(name, NAME, member)                                                           \
	static void name##_init(union md_state *s)                                                 \
	{                                                                                          \
		NAME##_Init(&s->member);                                                           \
	}                                                                                          \
	static void name##_update(union md_state *s, const void *data, size_t len)                 \
	{                                                                                          \
		NAME##_Update(&s->member, data, len);                                              \
	}                                                                                          \
	static void name##_final(union md_state *s, uint8_t *out)                                  \
	{                                                                                          \
		NAME##_Final(out, &s->member);                                                     \
	}

MD_FUNCTIONS(sha1, SHA1, sha1)
MD_FUNCTIONS(sha256, SHA256, sha256)
MD_FUNCTIONS(sha384, SHA384, sha512)
MD_FUNCTIONS(sha512, SHA512, sha512)
/* clang-format on */

const struct md md_sha1 = { MS_HASH_SHA1, 64, 20, sizeof(SHA_CTX), "SHA1", sha1_init, sha1_update,
	sha1_final };
const struct md md_sha256 = { MS_HASH_SHA2_256, 64, 32, sizeof(SHA256_CTX), "SHA256", sha256_init,
	sha256_update, sha256_final };
const struct md md_sha384 = { MS_HASH_SHA2_384, 128, 48, sizeof(SHA512_CTX), "SHA384", sha384_init,
	sha384_update, sha384_final };
const struct md md_sha512 = { MS_HASH_SHA2_512, 128, 64, sizeof(SHA512_CTX), "SHA512", sha512_init,
	sha512_update, sha512_final };

const struct md *md_by_hash(uint16_t hash_id)
{
	static const struct md *const all[] = { &md_sha1, &md_sha256, &md_sha384, &md_sha512 };
	unsigned i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->hash_id == hash_id)
			return all[i];
	return NULL;
}

static void update_parts(
	const struct md *md, union md_state *s, const struct ms_bytes *parts, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (parts[i].len > 0)
			md->update(s, parts[i].ptr, parts[i].len);
}

void md_parts(const struct md *md, const struct ms_bytes *parts, unsigned n, uint8_t *out)
{
	union md_state s;

	md->init(&s);
	update_parts(md, &s, parts, n);
	md->final(&s, out);
}

static void pad_state(const struct md *md, union md_state *s, const uint8_t *key, uint8_t pad)
{
	uint8_t block[MAX_BLOCK];

	/* All of it, whatever the hash takes: a loop of known length is a few instructions. */
	for (unsigned i = 0; i < sizeof block; i++)
		block[i] = key[i] ^ pad;
	md->init(s);
	md->update(s, block, md->block);
	ms_wipe(block, sizeof block);
}

void hmac_key(struct hmac *h, const struct md *md, struct ms_bytes key)
{
	uint8_t block[MAX_BLOCK] = { 0 };

	h->md = md;
	if (key.len > md->block)
		md_parts(md, &key, 1, block);
	else if (key.len > 0)
		memcpy(block, key.ptr, key.len);
	pad_state(md, &h->inner, block, 0x36);
	pad_state(md, &h->outer, block, 0x5c);
	ms_wipe(block, sizeof block);
}

void hmac_parts(const struct hmac *h, const struct ms_bytes *parts, unsigned n, uint8_t *out)
{
	const struct md *md = h->md;
	uint8_t digest[MS_MAX_HASH_OCTETS];
	union md_state s;

	memcpy(&s, &h->inner, md->state_octets);
	update_parts(md, &s, parts, n);
	md->final(&s, digest);
	memcpy(&s, &h->outer, md->state_octets);
	md->update(&s, digest, md->out);
	md->final(&s, out);
}

/* --- PRF and hash descriptors ---------------------------------------------------------------- */

static ms_err prf(const struct md *md, struct ms_bytes key, const struct ms_bytes *parts,
	unsigned n, uint8_t *out)
{
	struct hmac h;

	hmac_key(&h, md, key);
	hmac_parts(&h, parts, n, out);
	ms_wipe(&h, sizeof h);
	return MS_OK;
}

/* clang-format off */
#define PRF(ident, iana, text, md)                                                                 \
	static ms_err prf_##ident(const struct ms_prf_alg *alg, struct ms_bytes key,               \
		const struct ms_bytes *parts, unsigned n, uint8_t *out)                            \
	{                                                                                          \
		(void)alg;                                                                         \
		return prf(&md, key, parts, n, out);                                               \
	}                                                                                          \
	static const struct ms_prf_alg prf_alg_##ident = { iana, text, SIZE_##ident, SIZE_##ident, \
		prf_##ident };
/* RFC 4868 s2.1.2, RFC 2104: the preferred key is as long as the output */
#define SIZE_sha1 20
#define SIZE_sha256 32
#define SIZE_sha384 48
#define SIZE_sha512 64
PRF(sha1, MS_PRF_HMAC_SHA1, "HMAC_SHA1", md_sha1)
PRF(sha256, MS_PRF_HMAC_SHA2_256, "HMAC_SHA2_256", md_sha256)
PRF(sha384, MS_PRF_HMAC_SHA2_384, "HMAC_SHA2_384", md_sha384)
PRF(sha512, MS_PRF_HMAC_SHA2_512, "HMAC_SHA2_512", md_sha512)
/* clang-format on */

const struct ms_prf_alg *const prf_list[] = { &prf_alg_sha256, &prf_alg_sha384, &prf_alg_sha512,
	&prf_alg_sha1, NULL };

static ms_err hash(
	const struct ms_hash_alg *alg, const struct ms_bytes *parts, unsigned n, uint8_t *out)
{
	md_parts(md_by_hash(alg->id), parts, n, out);
	return MS_OK;
}

static const struct ms_hash_alg hash_algs[] = {
	{ MS_HASH_SHA1, "SHA1", 20, hash },
	{ MS_HASH_SHA2_256, "SHA2_256", 32, hash },
	{ MS_HASH_SHA2_384, "SHA2_384", 48, hash },
	{ MS_HASH_SHA2_512, "SHA2_512", 64, hash },
};
const struct ms_hash_alg *const hash_list[] = { &hash_algs[0], &hash_algs[1], &hash_algs[2],
	&hash_algs[3], NULL };

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/words.h"

#include "lib/crypto/transforms.h"

#include <modswan/conf.h>
#include <modswan/crypto.h>
#include <modswan/proposal.h>

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct alias {
	const char *text; /* lower case, as a person would write it */
	enum word_kind kind;
	uint16_t id, prf;
};

static const struct alias aliases[] = {
	{ "aes", WORD_ENCR, MS_ENCR_AES_CBC, 0 },
	{ "aes_gcm", WORD_ENCR, MS_ENCR_AES_GCM_16, 0 },
	{ "aes_gcm_a", WORD_ENCR, MS_ENCR_AES_GCM_8, 0 },
	{ "aes_gcm_b", WORD_ENCR, MS_ENCR_AES_GCM_12, 0 },
	{ "aes_gcm_c", WORD_ENCR, MS_ENCR_AES_GCM_16, 0 },
	{ "aes_ccm", WORD_ENCR, MS_ENCR_AES_CCM_16, 0 },
	{ "aes_ccm_a", WORD_ENCR, MS_ENCR_AES_CCM_8, 0 },
	{ "aes_ccm_b", WORD_ENCR, MS_ENCR_AES_CCM_12, 0 },
	{ "aes_ccm_c", WORD_ENCR, MS_ENCR_AES_CCM_16, 0 },
	{ "3des_cbc", WORD_ENCR, MS_ENCR_3DES, 0 },
	{ "camellia", WORD_ENCR, 23, 0 },
	{ "null", WORD_NULL, 0, 0 },
	{ "none", WORD_NULL, 0, 0 },
	{ "md5", WORD_HASH, MS_INTEG_HMAC_MD5_96, MS_PRF_HMAC_MD5 },
	{ "hmac_md5", WORD_HASH, MS_INTEG_HMAC_MD5_96, MS_PRF_HMAC_MD5 },
	{ "sha", WORD_HASH, MS_INTEG_HMAC_SHA1_96, MS_PRF_HMAC_SHA1 },
	{ "sha1", WORD_HASH, MS_INTEG_HMAC_SHA1_96, MS_PRF_HMAC_SHA1 },
	{ "hmac_sha1", WORD_HASH, MS_INTEG_HMAC_SHA1_96, MS_PRF_HMAC_SHA1 },
	{ "sha2", WORD_HASH, MS_INTEG_HMAC_SHA2_256_128, MS_PRF_HMAC_SHA2_256 },
	{ "sha256", WORD_HASH, MS_INTEG_HMAC_SHA2_256_128, MS_PRF_HMAC_SHA2_256 },
	{ "sha2_256", WORD_HASH, MS_INTEG_HMAC_SHA2_256_128, MS_PRF_HMAC_SHA2_256 },
	{ "hmac_sha2_256", WORD_HASH, MS_INTEG_HMAC_SHA2_256_128, MS_PRF_HMAC_SHA2_256 },
	{ "sha384", WORD_HASH, MS_INTEG_HMAC_SHA2_384_192, MS_PRF_HMAC_SHA2_384 },
	{ "sha2_384", WORD_HASH, MS_INTEG_HMAC_SHA2_384_192, MS_PRF_HMAC_SHA2_384 },
	{ "hmac_sha2_384", WORD_HASH, MS_INTEG_HMAC_SHA2_384_192, MS_PRF_HMAC_SHA2_384 },
	{ "sha512", WORD_HASH, MS_INTEG_HMAC_SHA2_512_256, MS_PRF_HMAC_SHA2_512 },
	{ "sha2_512", WORD_HASH, MS_INTEG_HMAC_SHA2_512_256, MS_PRF_HMAC_SHA2_512 },
	{ "hmac_sha2_512", WORD_HASH, MS_INTEG_HMAC_SHA2_512_256, MS_PRF_HMAC_SHA2_512 },
	{ "aes_xcbc", WORD_HASH, MS_INTEG_AES_XCBC_96, MS_PRF_AES128_XCBC },
	{ "aes_cmac", WORD_HASH, MS_INTEG_AES_CMAC_96, 8 },
	{ "prfmd5", WORD_PRF, MS_PRF_HMAC_MD5, 0 },
	{ "prfsha1", WORD_PRF, MS_PRF_HMAC_SHA1, 0 },
	{ "prfsha256", WORD_PRF, MS_PRF_HMAC_SHA2_256, 0 },
	{ "prfsha384", WORD_PRF, MS_PRF_HMAC_SHA2_384, 0 },
	{ "prfsha512", WORD_PRF, MS_PRF_HMAC_SHA2_512, 0 },
	{ "prfaesxcbc", WORD_PRF, MS_PRF_AES128_XCBC, 0 },
	{ "prfaescmac", WORD_PRF, 8, 0 },
	{ "ecp224bp", WORD_KE, 27, 0 },
	{ "ecp256bp", WORD_KE, 28, 0 },
	{ "ecp384bp", WORD_KE, 29, 0 },
	{ "ecp512bp", WORD_KE, 30, 0 },
	{ "modp1024s160", WORD_KE, 22, 0 },
	{ "modp2048s224", WORD_KE, 23, 0 },
	{ "modp2048s256", WORD_KE, 24, 0 },
	{ "modpnone", WORD_KE, MS_KE_NONE, 0 },
	{ "md5_128", WORD_INTEG, 6, 0 },
	{ "sha1_160", WORD_INTEG, 7, 0 },
	{ "curve25519", WORD_KE, MS_KE_X25519, 0 },
	{ "curve448", WORD_KE, MS_KE_X448, 0 },
	{ "modp_none", WORD_KE, MS_KE_NONE, 0 },
	{ "esn", WORD_ESN, 1, 0 },
	{ "noesn", WORD_ESN, 0, 0 },
};
#define ALIASES (sizeof aliases / sizeof aliases[0])

/* clang-format off */
/* strongSwan's aes128gcm16: what stands after the key size; the ICV in octets or in bits. */
static const struct {
	const char *text;
	uint16_t id;
} after_size[] = {
	{ "gcm", MS_ENCR_AES_GCM_16 },
	{ "gcm8", MS_ENCR_AES_GCM_8 }, { "gcm64", MS_ENCR_AES_GCM_8 },
	{ "gcm12", MS_ENCR_AES_GCM_12 }, { "gcm96", MS_ENCR_AES_GCM_12 },
	{ "gcm16", MS_ENCR_AES_GCM_16 }, { "gcm128", MS_ENCR_AES_GCM_16 },
	{ "ccm", MS_ENCR_AES_CCM_16 },
	{ "ccm8", MS_ENCR_AES_CCM_8 }, { "ccm64", MS_ENCR_AES_CCM_8 },
	{ "ccm12", MS_ENCR_AES_CCM_12 }, { "ccm96", MS_ENCR_AES_CCM_12 },
	{ "ccm16", MS_ENCR_AES_CCM_16 }, { "ccm128", MS_ENCR_AES_CCM_16 },
	{ "ctr", MS_ENCR_AES_CTR }, { "cbc", MS_ENCR_AES_CBC },
};
/* clang-format on */

static const uint16_t key_sizes[] = { 128, 192, 256 };

/* Transform types whose IANA names are words; PRF names stand in the table above as HASH. */
static const struct {
	uint8_t type;
	enum word_kind kind;
	const char *prefix;
} named[] = {
	{ MS_TRANSFORM_ENCR, WORD_ENCR, "" },
	{ MS_TRANSFORM_INTEG, WORD_INTEG, "" },
	{ MS_TRANSFORM_PRF, WORD_PRF, "prf_" },
	{ MS_TRANSFORM_PRF, WORD_PRF, "" },
	{ MS_TRANSFORM_KE, WORD_KE, "" },
	{ MS_TRANSFORM_ESN, WORD_ESN, "" },
};

/* Lower case without underscores; false: too long or a character that no word has. */
static bool plain(const char *text, size_t len, char out[WORD_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == '_')
			continue;
		if (!isalnum((unsigned char)text[i]) || n + 1 >= WORD_MAX)
			return false;
		out[n++] = (char)tolower((unsigned char)text[i]);
	}
	out[n] = '\0';
	return n > 0;
}

/* What follows `stem` in `word`; NULL: `word` does not begin with it.  `word` is plain. */
static const char *after(const char *word, const char *stem)
{
	for (; *stem != '\0'; stem++) {
		if (*stem == '_')
			continue;
		if (*word != (char)tolower((unsigned char)*stem))
			return NULL;
		word++;
	}
	return word;
}

static uint16_t key_size(const char *digits)
{
	unsigned i;
	char text[8];

	for (i = 0; i < sizeof key_sizes / sizeof key_sizes[0]; i++) {
		snprintf(text, sizeof text, "%u", key_sizes[i]);
		if (strcmp(digits, text) == 0)
			return key_sizes[i];
	}
	return 0;
}

/* True when `word` is `stem`, or for a cipher with a choice of key sizes `stem` and a size. */
static bool matches(
	const char *word, const char *stem, enum word_kind kind, uint16_t id, struct word *out)
{
	const char *rest = after(word, stem);
	const struct iana_row *row;

	if (rest == NULL)
		return false;
	*out = (struct word){ .kind = kind, .id = id };
	if (*rest == '\0')
		return true;
	row = kind == WORD_ENCR ? ms_iana_transform(MS_TRANSFORM_ENCR, id) : NULL;
	out->key_bits = row != NULL && (row->traits & TRAIT_KEY_BITS) != 0 ? key_size(rest) : 0;
	return out->key_bits != 0;
}

static bool find_iana(const char *word, struct word *out)
{
	const struct iana_row *row;
	unsigned i, k;
	char name[WORD_MAX + 8];

	for (k = 0; k < sizeof named / sizeof named[0]; k++)
		for (i = 0; (row = ms_iana_transform_at(named[k].type, i)) != NULL; i++) {
			snprintf(name, sizeof name, "%s%s", named[k].prefix, row->name);
			if (matches(word, name, named[k].kind, row->id, out))
				return true;
		}
	return false;
}

static bool find_after_size(const char *word, struct word *out)
{
	const char *rest = after(word, "aes");
	char digits[4] = "";
	unsigned i;

	if (rest == NULL || strlen(rest) < 4)
		return false;
	memcpy(digits, rest, 3);
	for (i = 0; key_size(digits) != 0 && i < sizeof after_size / sizeof after_size[0]; i++)
		if (strcmp(rest + 3, after_size[i].text) == 0) {
			*out = (struct word){ .kind = WORD_ENCR,
				.id = after_size[i].id,
				.key_bits = key_size(digits) };
			return true;
		}
	return false;
}

/* dh14, by the number of the registry */
static bool find_dh(const char *word, struct word *out)
{
	const char *digits = after(word, "dh");
	unsigned id = 0;

	if (digits == NULL || *digits == '\0' || strlen(digits) > 2)
		return false;
	for (; isdigit((unsigned char)*digits); digits++)
		id = id * 10 + (unsigned)(*digits - '0');
	if (*digits != '\0' || ms_iana_transform(MS_TRANSFORM_KE, (uint16_t)id) == NULL)
		return false;
	*out = (struct word){ .kind = WORD_KE, .id = (uint16_t)id };
	return true;
}

bool word_find(const char *text, size_t len, struct word *out)
{
	char word[WORD_MAX];
	unsigned i;

	if (!plain(text, len, word))
		return false;
	for (i = 0; i < ALIASES; i++)
		if (matches(word, aliases[i].text, aliases[i].kind, aliases[i].id, out)) {
			out->prf = aliases[i].prf;
			return true;
		}
	return find_iana(word, out) || find_after_size(word, out) || find_dh(word, out);
}

/* --- the nearest word ------------------------------------------------------------------------ */

struct nearest {
	const char *word;
	unsigned best;
	char *out;
	size_t size;
};

static void consider(struct nearest *n, const char *candidate, uint16_t bits)
{
	char text[WORD_MAX], flat[WORD_MAX];
	unsigned i;

	snprintf(text, sizeof text, bits != 0 ? "%s%u" : "%s", candidate, bits);
	for (i = 0; text[i] != '\0'; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	if (!plain(text, strlen(text), flat))
		return;
	if (!ms_text_is_near(n->word, flat, &n->best))
		return;
	snprintf(n->out, n->size, "%s", text);
}

static void consider_sizes(struct nearest *n, const char *text, bool sizes)
{
	unsigned i;

	consider(n, text, 0);
	for (i = 0; sizes && i < sizeof key_sizes / sizeof key_sizes[0]; i++)
		consider(n, text, key_sizes[i]);
}

bool word_nearest(const char *text, size_t len, char *out, size_t size)
{
	const struct iana_row *row;
	char word[WORD_MAX];
	struct nearest n = { word, UINT_MAX, out, size };
	unsigned i, k;

	if (!plain(text, len, word))
		return false;
	out[0] = '\0';
	for (i = 0; i < ALIASES; i++) {
		row = aliases[i].kind == WORD_ENCR
			      ? ms_iana_transform(MS_TRANSFORM_ENCR, aliases[i].id)
			      : NULL;
		consider_sizes(
			&n, aliases[i].text, row != NULL && (row->traits & TRAIT_KEY_BITS) != 0);
	}
	for (k = 0; k < sizeof named / sizeof named[0]; k++)
		for (i = 0; (row = ms_iana_transform_at(named[k].type, i)) != NULL; i++)
			if ((row->traits & TRAIT_LEGACY) == 0)
				consider_sizes(&n, row->name, (row->traits & TRAIT_KEY_BITS) != 0);
	return out[0] != '\0';
}

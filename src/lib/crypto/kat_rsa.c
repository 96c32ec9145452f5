/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider of RSA keys must show before a key of it is believed, and their end. */
#include "lib/crypto/kat.h"

#include <modswan/registry.h>

#include <string.h>

enum { KAT_BITS = 512, KAT_ROUNDS = 8 };

/* Computed apart from this software; d modulo the least common multiple. */
static const char *const known[MS_RSA_NUMBERS] = {
	[MS_RSA_MODULUS] = "a2590d22e85135b91d98e40c0b9b39b0d0a6a7f45eb9b38e9e14fbd3b2874f8e"
			   "b565961f9d73beebf4a6d2ad25c539f640b829e0af6f11df34229958da682dd3",
	[MS_RSA_PUBLIC_EXPONENT] = "010001",
	[MS_RSA_PRIVATE_EXPONENT] =
		"50d40f6342d133f32f5630ac02974cf8c8594123bc89ae692231865396fe2150"
		"3baf54ce05852707175ea93501fee2b803df0ff15fccc3ab031ae6737374b9f9",
	[MS_RSA_PRIME1] = "d56d8e90cb021d444873640f5744e43f56840f843c523aa1866434f42c7eaf25",
	[MS_RSA_PRIME2] = "c2bb2677aeaa6e3d59f29b10bce7703fedcfdde1e68beaed81221f9540d8b397",
	[MS_RSA_EXPONENT1] = "6441fcd0a3acb096dcf9e7ad152fb590d35162009a5d7e5156524855d3790749",
	[MS_RSA_EXPONENT2] = "8b93d7c3cb77afe2dbd9305ab3fc7411eea4a316ebc87890da9199efc276516b",
	[MS_RSA_COEFFICIENT] = "395e0b631e984f36c8a894d6db54c3469dcb2845635d1640193c64a2a2b67835",
};
static const enum ms_rsa_number given[] = { MS_RSA_MODULUS, MS_RSA_PUBLIC_EXPONENT, MS_RSA_PRIME1,
	MS_RSA_PRIME2 };
enum { GIVEN = sizeof given / sizeof given[0] };

void ms_rsa_key_free(struct ms_rsa_key *key)
{
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++)
		ms_secret_free(&key->number[i]);
}

static bool set_known(struct ms_secret *out, enum ms_rsa_number which, unsigned off_by)
{
	uint8_t octets[KAT_BITS / 8];
	size_t len = kat_hex(known[which], octets, sizeof octets);

	octets[len - 1] ^= (uint8_t)off_by;
	return ms_secret_set(out, ms_bytes(octets, len));
}

static bool same(const struct ms_secret *a, const struct ms_secret *b)
{
	return ms_bytes_eq(ms_bytes(a->ptr, a->len), ms_bytes(b->ptr, b->len));
}

static ms_err known_key(const struct ms_rsa_ops *ops, const struct ms_rsa_wish *wish, bool wrong,
	struct ms_why *why)
{
	struct ms_rsa_key key = { 0 };
	struct ms_secret want = { 0 };
	ms_err err = MS_OK;

	for (unsigned i = 0; i < GIVEN && err == MS_OK; i++)
		if (!set_known(&key.number[given[i]], given[i], wrong && i == 0 ? 2 : 0))
			err = MS_ERR_NOMEM;
	if (err == MS_OK && (ops->complete(wish, &key, NULL) == MS_OK) == wrong)
		err = ms_fail(why, MS_ERR_CRYPTO, "a %s key is %s", wrong ? "wrong" : "known",
			wrong ? "accepted" : "refused");
	for (unsigned i = 0; i < MS_RSA_NUMBERS && err == MS_OK && !wrong; i++) {
		if (!set_known(&want, i, 0))
			err = MS_ERR_NOMEM;
		else if (!same(&key.number[i], &want))
			err = ms_fail(why, MS_ERR_CRYPTO, "a known key is completed wrongly");
		ms_secret_free(&want);
	}
	ms_rsa_key_free(&key);
	return err;
}

static ms_err take_random(void *arg, void *out, size_t len, struct ms_why *why)
{
	ms_err err = ms_random(out, len);

	(void)arg;
	return err == MS_OK ? err : ms_fail(why, err, "no random octets");
}

static ms_err fresh_key(
	const struct ms_rsa_ops *ops, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	struct ms_rsa_key key = { 0 }, again = { 0 };
	ms_err err = ops->make(wish, &key, why);

	for (unsigned i = 0; i < GIVEN && err == MS_OK; i++) {
		const struct ms_secret *s = &key.number[given[i]];

		if (!ms_secret_set(&again.number[given[i]], ms_bytes(s->ptr, s->len)))
			err = MS_ERR_NOMEM;
	}
	if (err == MS_OK)
		err = ops->complete(wish, &again, why);
	for (unsigned i = 0; i < MS_RSA_NUMBERS && err == MS_OK; i++)
		if (!same(&key.number[i], &again.number[i]) || key.number[i].len == 0)
			err = ms_fail(why, MS_ERR_CRYPTO, "a new key does not fit itself");
	if (err == MS_OK && (key.number[MS_RSA_MODULUS].len != KAT_BITS / 8
				    || (key.number[MS_RSA_MODULUS].ptr[0] & 0x80) == 0))
		err = ms_fail(why, MS_ERR_CRYPTO, "a new key has not the bits that were asked for");
	ms_rsa_key_free(&key);
	ms_rsa_key_free(&again);
	return err;
}

ms_err ms_rsa_test(const struct ms_rsa_ops *ops, struct ms_why *why)
{
	const struct ms_rsa_wish wish = { .size = sizeof wish, .bits = KAT_BITS,
		.public_exponent = 65537, .rounds = KAT_ROUNDS, .random = take_random };
	ms_err err = known_key(ops, &wish, false, why);

	if (err == MS_OK)
		err = known_key(ops, &wish, true, why);
	return err == MS_OK ? fresh_key(ops, &wish, why) : err;
}

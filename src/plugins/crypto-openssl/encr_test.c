/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphers: published vectors beyond the known-answer tests, batches, lengths, tampering. */
#include "plugins/crypto-openssl/crypto_test.h"

#define ZERO16   "00000000000000000000000000000000"
#define COUNT_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* RFC 3602 s4 cases 2 to 4, RFC 3686 s6 vectors 2 and 3, the GCM submission's cases 1, 2 and 3. */
static const struct {
	uint16_t id, bits;
	const char *key, *iv, *plain, *cipher, *icv;
} vectors[] = {
	{ MS_ENCR_AES_CBC, 128, "c286696d887c9aa0611bbb3e2025a45a",
		"562e17996d093d28ddb3ba695a2e6f58", COUNT_32,
		"d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1", "" },
	{ MS_ENCR_AES_CBC, 128, "6c3ea0477630ce21a2ce334aa746c2cd",
		"c782dc4c098c66cbd9cd27d825682c81",
		"5468697320697320612034382d62797465206d65737361676520286578616374"
		"6c7920332041455320626c6f636b7329",
		"d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5"
		"021c19216bad525c8579695d83ba2684",
		"" },
	{ MS_ENCR_AES_CTR, 128, "7e24067817fae0d743d6ce1f32539163006cb6db", "c0543b59da48d90b",
		COUNT_32, "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28", "" },
	{ MS_ENCR_AES_CTR, 128, "7691be035e5020a8ac6e618529f9a0dc00e0017b", "27777f3f4a1786f0",
		COUNT_32 "20212223",
		"c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef31053"
		"25b2072f",
		"" },
	{ MS_ENCR_AES_GCM_16, 128, ZERO16 "00000000", "0000000000000000", "", "",
		"58e2fccefa7e3061367f1d57a4e7455a" },
	{ MS_ENCR_AES_GCM_16, 128, ZERO16 "00000000", "0000000000000000", ZERO16,
		"0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf" },
	{ MS_ENCR_AES_GCM_16, 256, ZERO16 ZERO16 "00000000", "0000000000000000", ZERO16,
		"cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919" },
};

static void test_vectors(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		const struct ms_encr_alg *alg = ms_encr_find(vectors[i].id, vectors[i].bits);
		uint8_t key[64], iv[16], data[64], want[64], icv[16], want_icv[16];
		struct ms_encr_job job = { .iv = iv, .data = data, .icv = icv };
		size_t icv_len = unhex(vectors[i].icv, want_icv, sizeof want_icv);
		void *ctx;

		assert_non_null(alg);
		assert_int_equal(
			unhex(vectors[i].key, key, sizeof key), alg->key_octets + alg->salt_octets);
		unhex(vectors[i].iv, iv, sizeof iv);
		job.data_len = (uint32_t)unhex(vectors[i].plain, data, sizeof data);
		unhex(vectors[i].cipher, want, sizeof want);
		assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
		alg->seal(ctx, &job, 1);
		assert_true(job.ok);
		assert_memory_equal(data, want, job.data_len);
		assert_memory_equal(icv, want_icv, icv_len);
		alg->ctx_free(&ctx);
		assert_null(ctx);
	}
}

#define BATCH 5
#define ROOM  1600

struct packets {
	uint8_t iv[BATCH][16], aad[BATCH][12], data[BATCH][ROOM], icv[BATCH][32];
	struct ms_encr_job jobs[BATCH];
};

/* `step` makes lengths that are no multiples of 16 for counter modes. */
static void fill(struct packets *p, const struct ms_encr_alg *alg, uint32_t len)
{
	unsigned i, k;

	memset(p, 0, sizeof *p);
	for (i = 0; i < BATCH; i++) {
		p->iv[i][alg->iv_octets > 0 ? alg->iv_octets - 1 : 0] = (uint8_t)(i + 1);
		for (k = 0; k < 12; k++)
			p->aad[i][k] = (uint8_t)(i * 16 + k);
		for (k = 0; k < len; k++)
			p->data[i][k] = (uint8_t)(i + k * 7);
		p->jobs[i] = (struct ms_encr_job){ .iv = p->iv[i],
			.aad = p->aad[i],
			.aad_len = alg->icv_octets > 0 ? 8 + 4 * (i & 1) : 0,
			.data_len = len,
			.data = p->data[i],
			.icv = p->icv[i] };
	}
}

static void round_trip(const struct ms_encr_alg *alg, void *seal_ctx, void *open_ctx, uint32_t len)
{
	static struct packets p, plain;
	unsigned i;

	fill(&p, alg, len);
	fill(&plain, alg, len);
	alg->seal(seal_ctx, p.jobs, BATCH);
	for (i = 0; i < BATCH; i++) {
		assert_true(p.jobs[i].ok);
		if (alg->id != MS_ENCR_NULL && len >= 16)
			assert_memory_not_equal(p.data[i], plain.data[i], len);
		/* not a single octet beyond the packet and the ICV */
		assert_memory_equal(p.data[i] + len, plain.data[i] + len, ROOM - len);
		assert_memory_equal(p.icv[i] + alg->icv_octets, plain.icv[i] + alg->icv_octets,
			32u - alg->icv_octets);
	}
	/* in another order, one by one */
	for (i = BATCH; i-- > 0;) {
		alg->open(open_ctx, &p.jobs[i], 1);
		assert_true(p.jobs[i].ok);
		assert_memory_equal(p.data[i], plain.data[i], ROOM);
	}
}

static void each_alg(void (*test)(const struct ms_encr_alg *alg, void *a, void *b))
{
	uint8_t key[MS_MAX_KEY_OCTETS];
	unsigned i;

	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 5 + 3);
	for (i = 0; encr_list[i] != NULL; i++) {
		void *a, *b;

		assert_int_equal(encr_list[i]->ctx_new(encr_list[i], &a, key), MS_OK);
		assert_int_equal(encr_list[i]->ctx_new(encr_list[i], &b, key), MS_OK);
		test(encr_list[i], a, b);
		encr_list[i]->ctx_free(&a);
		encr_list[i]->ctx_free(&b);
	}
}

static void lengths(const struct ms_encr_alg *alg, void *a, void *b)
{
	uint32_t len;

	for (len = alg->block_octets; len <= 200; len += alg->block_octets)
		round_trip(alg, a, b, len);
	/* both ways on one context, and the size of a real packet */
	round_trip(alg, a, a, 1424);
}

static void test_lengths(void **state)
{
	(void)state;
	each_alg(lengths);
}

/* Every bit of cipher text, AAD, IV and ICV counts; a bad packet does not spoil its neighbours. */
static void tamper(const struct ms_encr_alg *alg, void *a, void *b)
{
	static struct packets p, plain;
	static const uint8_t zero[ROOM];
	uint32_t len = 48;
	unsigned bit, bits = (len + 8u + alg->iv_octets + alg->icv_octets) * 8u;

	if (alg->icv_octets == 0)
		return;
	fill(&plain, alg, len);
	for (bit = 0; bit < bits; bit++) {
		unsigned octet = bit / 8;
		uint8_t *at;

		fill(&p, alg, len);
		alg->seal(a, p.jobs, 3);
		if (octet < len)
			at = p.data[1] + octet;
		else if (octet < len + 8)
			at = p.aad[1] + (octet - len);
		else if (octet < len + 8 + alg->iv_octets)
			at = p.iv[1] + (octet - len - 8);
		else
			at = p.icv[1] + (octet - len - 8 - alg->iv_octets);
		*at ^= (uint8_t)(1u << (bit % 8));
		alg->open(b, p.jobs, 3);
		assert_true(p.jobs[0].ok && p.jobs[2].ok);
		assert_false(p.jobs[1].ok);
		assert_memory_equal(p.data[0], plain.data[0], len);
		assert_memory_equal(p.data[2], plain.data[2], len);
		assert_memory_equal(p.data[1], zero, len);
	}
	/* a shorter AAD is another AAD */
	fill(&p, alg, len);
	alg->seal(a, p.jobs, 1);
	p.jobs[0].aad_len--;
	alg->open(b, p.jobs, 1);
	assert_false(p.jobs[0].ok);
}

static void test_tamper(void **state)
{
	(void)state;
	each_alg(tamper);
}

/* RFC 7634 s2, RFC 4106 s4: the salt is part of the nonce; another salt is another key stream. */
static void test_salt_counts(void **state)
{
	static const struct {
		uint16_t id, bits;
	} algs[] = { { MS_ENCR_AES_GCM_16, 128 }, { MS_ENCR_AES_CCM_8, 128 },
		{ MS_ENCR_CHACHA20_POLY1305, 0 }, { MS_ENCR_AES_CTR, 256 } };
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		const struct ms_encr_alg *alg = ms_encr_find(algs[i].id, algs[i].bits);
		uint8_t key[64] = { 1 }, iv[16] = { 2 }, data[2][16] = { { 0 } }, icv[32];
		unsigned k;

		for (k = 0; k < 2; k++) {
			struct ms_encr_job job = {
				.iv = iv, .data = data[k], .data_len = 16, .icv = icv
			};
			void *ctx;

			key[alg->key_octets + alg->salt_octets - 1] = (uint8_t)k;
			assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
			alg->seal(ctx, &job, 1);
			assert_true(job.ok);
			alg->ctx_free(&ctx);
		}
		assert_memory_not_equal(data[0], data[1], 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_tamper),
		cmocka_unit_test(test_salt_counts),
	};

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}

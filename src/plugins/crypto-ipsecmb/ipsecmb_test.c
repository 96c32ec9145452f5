/* SPDX-License-Identifier: Apache-2.0 */
/* Every algorithm passes its known-answer test, and gives octet for octet what OpenSSL gives, in
 * batches of any size, at any length, in any thread. */
#include "plugins/crypto-ipsecmb/crypto-ipsecmb.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <modswan/registry.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_BATCH = 150, ROOM = 1600 };

struct packets {
	uint8_t iv[MAX_BATCH][16], aad[MAX_BATCH][12], data[MAX_BATCH][ROOM], icv[MAX_BATCH][32];
	uint8_t tail[MAX_BATCH][4];
	struct ms_encr_job encr[MAX_BATCH];
	struct ms_integ_job integ[MAX_BATCH];
};

static _Thread_local uint32_t state = 1;

static uint32_t rnd(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

static void fill(struct packets *p, unsigned n, unsigned block, unsigned tail)
{
	unsigned i, k;

	memset(p, 0, sizeof *p);
	for (i = 0; i < n; i++) {
		uint32_t len = rnd(ROOM / block) * block;

		for (k = 0; k < 16; k++)
			p->iv[i][k] = (uint8_t)rnd(256);
		for (k = 0; k < 12; k++)
			p->aad[i][k] = (uint8_t)rnd(256);
		for (k = 0; k < len; k++)
			p->data[i][k] = (uint8_t)rnd(256);
		for (k = 0; k < 4; k++)
			p->tail[i][k] = (uint8_t)rnd(256);
		p->encr[i] = (struct ms_encr_job){ .iv = p->iv[i], .aad = p->aad[i],
			.aad_len = i % 2 == 0 ? 8 : 12, .data = p->data[i], .data_len = len,
			.icv = p->icv[i] };
		p->integ[i] = (struct ms_integ_job){ .data = p->data[i], .data_len = len + 1,
			.icv = p->icv[i], .tail = tail == 0 ? NULL : p->tail[i], .tail_len = tail };
	}
}

static struct packets *twin(const struct packets *p, unsigned n)
{
	struct packets *q = malloc(sizeof *q);
	unsigned i;

	assert_non_null(q);
	memcpy(q, p, sizeof *q);
	for (i = 0; i < n; i++) {
		q->encr[i].iv = q->iv[i];
		q->encr[i].aad = q->aad[i];
		q->encr[i].data = q->data[i];
		q->encr[i].icv = q->icv[i];
		q->integ[i].data = q->data[i];
		q->integ[i].icv = q->icv[i];
		if (q->integ[i].tail != NULL)
			q->integ[i].tail = q->tail[i];
	}
	return q;
}

static const struct ms_encr_alg *openssl_encr(const struct ms_encr_alg *of)
{
	unsigned i;

	for (i = 0; encr_list[i] != NULL; i++)
		if (encr_list[i]->id == of->id && encr_list[i]->key_octets == of->key_octets)
			return encr_list[i];
	fail();
	return NULL;
}

static const struct ms_integ_alg *openssl_integ(const struct ms_integ_alg *of)
{
	unsigned i;

	for (i = 0; integ_list[i] != NULL; i++)
		if (integ_list[i]->id == of->id)
			return integ_list[i];
	fail();
	return NULL;
}

static const unsigned batches[] = { 1, 2, 3, 7, 8, 9, 16, 17, 63, 64, 65, 150 };

static void same_encr(const struct ms_encr_alg *alg, const uint8_t *key, unsigned n)
{
	static _Thread_local struct packets plain;
	const struct ms_encr_alg *other = openssl_encr(alg);
	struct packets *a, *b;
	void *ours, *theirs;
	unsigned i;

	assert_int_equal(alg->ctx_new(alg, &ours, key), MS_OK);
	assert_int_equal(other->ctx_new(other, &theirs, key), MS_OK);
	fill(&plain, n, alg->block_octets, 0);
	a = twin(&plain, n);
	b = twin(&plain, n);
	alg->seal(ours, a->encr, n);
	other->seal(theirs, b->encr, n);
	assert_memory_equal(a->data, b->data, sizeof a->data);
	assert_memory_equal(a->icv, b->icv, sizeof a->icv);
	for (i = 0; i < n; i++) {
		assert_true(a->encr[i].ok);
		a->encr[i].ok = false;
	}
	if (alg->icv_octets != 0)
		a->icv[n / 2][alg->icv_octets - 1] ^= 0x80;
	alg->open(ours, a->encr, n);
	for (i = 0; i < n; i++) {
		static const uint8_t zero[ROOM];
		bool bad = alg->icv_octets != 0 && i == n / 2;

		assert_int_equal(a->encr[i].ok, !bad);
		assert_memory_equal(a->data[i], bad ? zero : plain.data[i], ROOM);
	}
	alg->ctx_free(&ours);
	assert_null(ours);
	other->ctx_free(&theirs);
	free(a);
	free(b);
}

static void same_integ(const struct ms_integ_alg *alg, const uint8_t *key, unsigned n, unsigned tail)
{
	static _Thread_local struct packets plain;
	const struct ms_integ_alg *other = openssl_integ(alg);
	struct packets *a, *b;
	void *ours, *theirs;
	unsigned i;

	assert_int_equal(alg->ctx_new(alg, &ours, key), MS_OK);
	assert_int_equal(other->ctx_new(other, &theirs, key), MS_OK);
	fill(&plain, n, 1, tail);
	a = twin(&plain, n);
	b = twin(&plain, n);
	alg->mac(ours, a->integ, n);
	other->mac(theirs, b->integ, n);
	for (i = 0; i < n; i++)
		assert_true(a->integ[i].ok);
	assert_memory_equal(a->icv, b->icv, sizeof a->icv);
	assert_memory_equal(a->data, plain.data, sizeof a->data);
	alg->ctx_free(&ours);
	other->ctx_free(&theirs);
	free(a);
	free(b);
}

static void all_the_same(void)
{
	uint8_t key[MS_MAX_KEY_OCTETS];
	unsigned i, k;

	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 11 + 7);
	for (k = 0; k < sizeof batches / sizeof batches[0]; k++) {
		for (i = 0; mb_encr_list[i] != NULL; i++)
			same_encr(mb_encr_list[i], key, batches[k]);
		for (i = 0; mb_integ_list[i] != NULL; i++) {
			same_integ(mb_integ_list[i], key, batches[k], 0);
			same_integ(mb_integ_list[i], key, batches[k], 4);
		}
	}
}

static void test_same_as_openssl(void **s)
{
	(void)s;
	all_the_same();
}

/* Tails of packets as long as they can be fill the scratch several times. */
static void test_large(void **s)
{
	enum { LARGE = 65500, N = 5 };
	uint8_t key[MS_MAX_KEY_OCTETS] = { 3 }, icv[2][N][32] = { { { 0 } } };
	uint8_t *data = malloc(LARGE);
	unsigned i, k, way;

	(void)s;
	assert_non_null(data);
	memset(data, 0x5a, LARGE);
	for (i = 0; mb_integ_list[i] != NULL; i++) {
		for (way = 0; way < 2; way++) {
			const struct ms_integ_alg *alg =
				way == 0 ? mb_integ_list[i] : openssl_integ(mb_integ_list[i]);
			struct ms_integ_job jobs[N];
			void *ctx;

			for (k = 0; k < N; k++)
				jobs[k] = (struct ms_integ_job){ .data = data, .data_len = LARGE - k,
					.icv = icv[way][k], .tail = key, .tail_len = 4 };
			assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
			alg->mac(ctx, jobs, N);
			for (k = 0; k < N; k++)
				assert_true(jobs[k].ok);
			alg->ctx_free(&ctx);
		}
		assert_memory_equal(icv[0], icv[1], sizeof icv[0]);
	}
	free(data);
}

static void test_known_answers(void **s)
{
	struct ms_alg_info info;
	unsigned i, per_kind[MS_ALG_KINDS] = { 0 };

	(void)s;
	assert_int_equal(ms_crypto_register(&openssl_ops, "openssl"), MS_OK);
	assert_int_equal(ms_crypto_register(&ipsecmb_ops, "ipsecmb"), MS_OK);
	for (i = 0; ms_crypto_list(i, &info); i++) {
		if (strcmp(info.provider, "ipsecmb") != 0)
			continue;
		if (!info.offered)
			fail_msg("%s: %s", info.name, info.reason);
		assert_true(info.first); /* before OpenSSL's */
		per_kind[info.kind]++;
	}
	assert_int_equal(per_kind[MS_ALG_ENCR], 22);
	assert_int_equal(per_kind[MS_ALG_INTEG], 6);
	ms_crypto_unregister("ipsecmb");
	ms_crypto_unregister("openssl");
}

static void *thread(void *arg)
{
	all_the_same();
	return arg;
}

static void test_threads(void **s)
{
	pthread_t t[3];
	unsigned i;

	(void)s;
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, thread, NULL), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
}

static int setup(void **s)
{
	(void)s;
	return openssl_load(NULL) == MS_OK && mb_load(NULL) == MS_OK ? 0 : -1;
}

static int teardown(void **s)
{
	(void)s;
	mb_unload();
	openssl_unload();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_same_as_openssl),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

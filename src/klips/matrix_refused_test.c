/* SPDX-License-Identifier: Apache-2.0 */
/* SAs and groups that must be refused, with the errno for it, whatever the registry offers. */
#include "klips/matrix_rig.h"

static void refused(const struct ms_pfkey_msg *m, int err)
{
	struct ms_pfkey_msg copy = *m;
	uint32_t before = sadb_count(rigs[0].k.sadb);

	assert_int_equal(add(&rigs[0], &copy), err);
	assert_int_equal(sadb_count(rigs[0].k.sadb), before);
}

/* Key lengths that this algorithm has not. */
static void wrong_keys(const struct suite *s)
{
	struct member m = { .kind = s->encr == NULL ? AH : ESP, .family = AF_INET, .suite = *s };
	struct ms_pfkey_msg msg;
	size_t len;

	for (len = 0; len <= MS_MAX_KEY_OCTETS && s->encr != NULL; len++) {
		unsigned salt = s->encr->salt_octets;

		describe(&msg, &m, SPI, false);
		msg.key_encrypt.key.len = len;
		if (len < salt || ms_encr_find(s->encr->id, (uint16_t)((len - salt) * 8)) == NULL)
			refused(&msg, EINVAL);
	}
	for (len = 0; len <= MS_MAX_KEY_OCTETS && s->integ != NULL; len++) {
		describe(&msg, &m, SPI, false);
		msg.key_auth.key.len = len;
		if (len != s->integ->key_octets)
			refused(&msg, EINVAL);
	}
}

static void test_wrong_suites(void **state)
{
	struct member m = { .family = AF_INET };
	struct ms_pfkey_msg msg;
	unsigned i, j;

	(void)state;
	for (i = 0; i < n_esps; i++) {
		wrong_keys(&esps[i]);
		m.kind = ESP;
		m.suite = esps[i];
		m.window = 4097;
		describe(&msg, &m, SPI, false);
		refused(&msg, EINVAL);
		m.window = 0;
		/* without the authentication that it needs, or with one too many */
		for (j = 0; j <= n_ahs; j++) {
			m.suite.integ = j == n_ahs ? NULL : ahs[j].integ;
			describe(&msg, &m, SPI, false);
			if ((esps[i].encr->icv_octets != 0) == (m.suite.integ != NULL))
				refused(&msg, EINVAL);
		}
		/* AH does not encrypt */
		m.kind = AH;
		m.suite = esps[i];
		describe(&msg, &m, SPI, false);
		refused(&msg, EINVAL);
	}
	m.kind = AH;
	m.suite = (struct suite){ NULL, NULL };
	describe(&msg, &m, SPI, false);
	refused(&msg, EINVAL);
	for (i = 0; i < n_ahs; i++) {
		wrong_keys(&ahs[i]);
		m.suite = ahs[i];
		m.encap = true; /* RFC 3948 s1 */
		describe(&msg, &m, SPI, false);
		refused(&msg, EPROTONOSUPPORT);
	}
}

static void test_unknown_numbers(void **state)
{
	struct member m = { .kind = ESP, .family = AF_INET };
	struct ms_pfkey_msg msg;
	unsigned id;

	(void)state;
	m.suite = esps[0];
	for (id = 1; id < 1100; id++) {
		struct ms_alg_info a;
		bool encr = false, integ = false;
		unsigned i;

		for (i = 0; ms_crypto_list(i, &a); i++) {
			encr |= a.kind == MS_ALG_ENCR && a.id == id;
			integ |= a.kind == MS_ALG_INTEG && a.id == id;
		}
		describe(&msg, &m, SPI, false);
		msg.x_sa.encr = (uint16_t)id;
		if (!encr)
			refused(&msg, EPROTONOSUPPORT);
		describe(&msg, &m, SPI, false);
		msg.x_sa.integ = (uint16_t)id;
		if (!integ)
			refused(&msg, EPROTONOSUPPORT);
	}
	m.kind = COMP;
	m.suite = (struct suite){ NULL, NULL };
	for (id = 1; id < 256; id++) {
		describe(&msg, &m, SPI, false);
		msg.sa.encrypt = (uint8_t)id;
		if (id != IPCOMP_DEFLATE)
			refused(&msg, EPROTONOSUPPORT);
	}
	describe(&msg, &m, IPCOMP_LAST_CPI + 1, false);
	refused(&msg, EINVAL);
}

static void test_wrong_links(void **state)
{
	static const uint8_t kinds[] = { TUN4, COMP, ESP, AH };
	struct member m[4];
	struct chain c;
	struct klips_sa nobody;
	unsigned i;

	(void)state;
	spell(m, kinds, 4, AF_INET);
	assert_int_equal(chain_new(&c, m, 4), 0);
	for (i = 0; i < 4; i++) /* nobody twice, nobody in a circle */
		assert_int_not_equal(link_two(&rigs[0], c.sa[0][3], c.sa[0][i]), 0);
	assert_int_equal(link_two(&rigs[0], c.sa[0][0], c.sa[0][1]), EEXIST);
	assert_int_equal(link_two(&rigs[0], c.sa[0][3], c.sa[0][0]), EEXIST);
	memset(&nobody, 0, sizeof nobody);
	nobody.said = c.sa[0][3]->said;
	nobody.said.spi++;
	assert_int_equal(link_two(&rigs[0], c.sa[0][3], &nobody), ENOENT);
	assert_int_equal(link_two(&rigs[0], &nobody, c.sa[0][3]), ENOENT);
	carry(&c, AF_INET, 700, false, false); /* the group is as it was */
	chain_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_suites),
		cmocka_unit_test(test_unknown_numbers),
		cmocka_unit_test(test_wrong_links),
	};

	return cmocka_run_group_tests(tests, matrix_start, matrix_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Project Wycheproof's vectors of key exchange (testing/vectors/wycheproof/ke.txt): small groups, other
 * curves, points at infinity, edge cases of arithmetic. */
#include "crypto_test.h"

static const struct ms_ke_alg *by_name(const char *name)
{
	for (unsigned i = 0; ke_list[i] != NULL; i++)
		if (strcmp(ke_list[i]->name, name) == 0)
			return ke_list[i];
	fail_msg("no group %s", name);
	return NULL;
}

static ms_err take_private(
	const struct ms_ke_alg *alg, struct ms_bytes x, void **priv, uint8_t *pub)
{
	return strncmp(alg->name, "ECP", 3) == 0 ? ke_ecp_priv(alg, x, priv, pub)
						 : ke_x_priv(alg, x, priv, pub);
}

static void try_line(const struct ms_ke_alg *alg, char *const word[5])
{
	bool valid = word[0][0] == 'v';
	uint8_t x[100], peer[600], want[100], pub[200], shared[100];
	struct ms_bytes peer_value;
	void *priv = NULL;
	ms_err err;

	peer_value.ptr = peer;
	peer_value.len = strcmp(word[3], "-") == 0 ? 0 : unhex(word[3], peer, sizeof peer);
	assert_int_equal(take_private(alg, ms_bytes(x, unhex(word[2], x, sizeof x)), &priv, pub),
		MS_OK);
	err = alg->finish(alg, priv, peer_value, shared);
	alg->priv_free(&priv);
	if (err != (valid ? MS_OK : MS_ERR_BAD_KE))
		fail_msg("%s, test %s: %s", alg->name, word[1], ms_err_text(err));
	if (!valid)
		return;
	assert_int_equal(unhex(word[4], want, sizeof want), alg->shared_octets);
	if (memcmp(shared, want, alg->shared_octets) != 0)
		fail_msg("%s, test %s: another secret", alg->name, word[1]);
}

static void key_exchange(void **state)
{
	const char *srcdir = getenv("srcdir");
	const struct ms_ke_alg *alg = NULL;
	char path[4096], *text = NULL;
	size_t room = 0;
	unsigned n = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/testing/vectors/wycheproof/ke.txt", srcdir ? srcdir : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (getline(&text, &room, f) >= 0) {
		char *word[5] = { NULL }, *rest = NULL;

		if (text[0] == '#')
			continue;
		for (unsigned i = 0; i < 5; i++)
			word[i] = strtok_r(i == 0 ? text : NULL, " \n", &rest);
		assert_non_null(word[1]);
		if (strcmp(word[0], "group") == 0) {
			alg = by_name(word[1]);
			continue;
		}
		assert_non_null(word[4]);
		try_line(alg, word);
		n++;
	}
	free(text);
	fclose(f);
	assert_in_range(n, 1500, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(key_exchange) };

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}

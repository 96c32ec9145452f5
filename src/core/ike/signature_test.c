/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures that are right, by a key that the method is not for (RFC 4754: method and curve; RFC 7427:
 * AlgorithmIdentifier and type of key), and identifiers that are cut.
 */
#include "core/ikev2/auth.h"
#include "core/sim/sim_key.h"
#include "core/sim/tape_test.h"

#define ALL_KEYS (MS_AUTH_RSA | MS_AUTH_RSA_SHA1 | MS_AUTH_ECDSA | MS_AUTH_EDDSA)

#define ECDSA_SHA256 12, { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 2 }
#define RSA_SHA256                                                                                 \
	15, { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 }
#define ED25519_ID 7, { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 }
#define ED448_ID   7, { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71 }

static const struct {
	const char *key;
	unsigned method; /* that the AUTH payload names, */
	uint8_t id_octets, id[16];
	enum ms_sign_scheme scheme; /* and what is done */
	uint16_t hash;
	bool taken;
} rows[] = {
	{ "P-256", IKE_AUTHM_ECDSA_P256, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, true },
	{ "P-384", IKE_AUTHM_ECDSA_P384, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_384, true },
	{ "P-521", IKE_AUTHM_ECDSA_P521, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_512, true },
	{ "P-384", IKE_AUTHM_ECDSA_P256, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, false },
	{ "P-521", IKE_AUTHM_ECDSA_P256, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, false },
	{ "P-256", IKE_AUTHM_ECDSA_P384, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_384, false },
	{ "P-256", IKE_AUTHM_ECDSA_P521, 0, { 0 }, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_512, false },
	/* any curve with any hash */
	{ "P-256", IKE_AUTHM_DIGITAL_SIGNATURE, ECDSA_SHA256, MS_SIGN_ECDSA, MS_HASH_SHA2_256, true },
	{ "P-384", IKE_AUTHM_DIGITAL_SIGNATURE, ECDSA_SHA256, MS_SIGN_ECDSA, MS_HASH_SHA2_256, true },
	{ "ed25519", IKE_AUTHM_DIGITAL_SIGNATURE, ED25519_ID, MS_SIGN_EDDSA, 0, true },
	/* of another type than the key is */
	{ "P-256", IKE_AUTHM_DIGITAL_SIGNATURE, RSA_SHA256, MS_SIGN_ECDSA, MS_HASH_SHA2_256, false },
	{ "P-256", IKE_AUTHM_RSA_SIGNATURE, 0, { 0 }, MS_SIGN_ECDSA, MS_HASH_SHA2_256, false },
	{ "P-256", IKE_AUTHM_DIGITAL_SIGNATURE, ED25519_ID, MS_SIGN_ECDSA, MS_HASH_SHA2_256, false },
	{ "ed25519", IKE_AUTHM_DIGITAL_SIGNATURE, ED448_ID, MS_SIGN_EDDSA, 0, false },
	{ "ed25519", IKE_AUTHM_DIGITAL_SIGNATURE, ECDSA_SHA256, MS_SIGN_EDDSA, 0, false },
};

/* West's signature over what west has to sign. */
static size_t sign(const struct ike_sa *w, unsigned row, const struct ms_privkey *key, uint8_t *body)
{
	uint8_t id[MS_MAX_PRF_OCTETS];
	const struct ms_bytes parts[3] = { w->x->init_i, w->x->nr, ms_bytes(id, w->prf->out_octets) };
	struct wire_writer to = wire_writer(body, 64);
	size_t len = MS_MAX_SIGNATURE_OCTETS;

	wire_put_uint(&to, (uint64_t)rows[row].method << 24, 4);
	if (rows[row].id_octets) {
		wire_put_u8(&to, rows[row].id_octets);
		wire_put(&to, ms_bytes(rows[row].id, rows[row].id_octets));
	}
	assert_int_equal(w->prf->prf(w->prf, ike_key(w, IKE_SK_PI), &w->x->my_id, 1, id), MS_OK);
	assert_int_equal(ms_sign()->sign(key, rows[row].scheme, rows[row].hash, parts, 3,
		body + to.len, &len), MS_OK);
	return to.len + len;
}

static void test_key_of_the_method(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_key key = sim_key_new(rows[i].key);
		uint8_t body[64 + MS_MAX_SIGNATURE_OCTETS];
		struct sim_words w = plain;
		struct tape t = { .stop_before = 3 };
		struct pair p;
		struct inner in, out;
		struct chain c;
		unsigned jobs;

		w.authby = ALL_KEYS;
		w.leftkey = w.rightkey = key.spki;
		p = pair_new(&w);
		p.west->priv = p.east->priv = key.priv;
		p.sim->network = taping;
		p.sim->network_arg = &t;
		pair_initiate(&p);
		sim_run(p.sim, 100);
		open_record(ike_first(p.east->ike), &t.r[3], &in);
		chain_of(&in, &c);
		for (unsigned k = 0; k < c.n; k++)
			if (c.types[k] == IKE_P_AUTH)
				c.bodies[k] = ms_bytes(body,
					sign(ike_first(p.west->ike), i, key.priv, body));
		chain_put(&c, &out, &in.h);
		jobs = p.east->jobs;
		say_sealed(&p, ike_first(p.west->ike), &t.r[3], &out, out.octets, out.len);
		sim_run(p.sim, 100);
		if (sim_children(p.east) != rows[i].taken)
			fail_msg("row %u", i);
		/* nor is a key tried that cannot have made it */
		assert_int_equal(p.east->jobs, jobs + (rows[i].taken ? 2 : 0));
		pair_free(&p);
		sim_key_free(&key);
	}
}

/* Every identifier in full with nothing behind it, and all that is less. */
static void test_cut_identifiers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned whole = rows[i].id_octets;

		for (unsigned said = 0; whole > 0 && said <= whole + 1; said++)
			for (unsigned there = 0; there <= whole; there++) {
				uint8_t *body = malloc(5 + there);

				assert_non_null(body);
				memset(body, 0, 5);
				body[0] = IKE_AUTHM_DIGITAL_SIGNATURE;
				body[4] = (uint8_t)said;
				memcpy(body + 5, rows[i].id, there);
				assert_int_equal(ike_auth_kind(ms_bytes(body, 5 + there)) != 0,
					said == whole && there == whole);
				for (unsigned n = 0; n < 5; n++)
					assert_int_equal(ike_auth_kind(ms_bytes(body, n)), 0);
				free(body);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_of_the_method),
		cmocka_unit_test(test_cut_identifiers),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}

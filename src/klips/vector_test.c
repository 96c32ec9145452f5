/* SPDX-License-Identifier: Apache-2.0 */
/* Whole packets that RFCs print: made octet for octet, and taken apart again, by every provider that
 * is linked in. */
#include "klips/ip.h"
#include "klips/rig.h"
#include "klips/xform.h"

#include <modswan/plugin.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { IP_OCTETS = 20, ICV_SHA1 = 12 };

/*
 * RFC 3602 s4 cases 5 to 8 and RFC 7634 appendix A.  The former have no integrity, without which
 * klips sends no CBC (RFC 8221 s4): HMAC-SHA1-96 is put behind, and all before it is compared.
 */
static const struct row {
	const char *name, *key, *iv, *packet, *esp;
	uint64_t iv_start; /* of a counter's IV, with the sequence number it is the IV */
	uint16_t encr, key_bits;
	bool tunnel;
	uint32_t src, dst;
} rows[] = {
	{ "RFC 3602 case 5", "90d382b410eeba7ad938c46cec1a82bf", "e96e8c08ab465763fd098d45dd3ff893",
		"4500005408f200004001f9fec0a87b03c0a87b64"
		"08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f10111213141516171819"
		"1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
		"0000432100000001e96e8c08ab465763fd098d45dd3ff893"
		"f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db08"
		"0b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6",
		0, MS_ENCR_AES_CBC, 128, false, 0xc0a87b03, 0xc0a87b64 },
	{ "RFC 3602 case 6", "90d382b410eeba7ad938c46cec1a82bf", "69d08df7d203329db093fc4924e5bd80",
		"4500003008fe00004001fa16c0a87b03c0a87b64"
		"0800b5e8a80a0500a69c083d0b660e00777777777777777777777777",
		"000043210000000869d08df7d203329db093fc4924e5bd80"
		"f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75",
		0, MS_ENCR_AES_CBC, 128, false, 0xc0a87b03, 0xc0a87b64 },
	{ "RFC 3602 case 7", "0123456789abcdef0123456789abcdef", "f4e765244f6407adf13dc1380f673f37",
		"45000054090400004001f988c0a87b03c0a87bc8"
		"08009f76a90a0100b49c083d02a2040008090a0b0c0d0e0f10111213141516171819"
		"1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
		"0000876500000002f4e765244f6407adf13dc1380f673f37"
		"773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8"
		"e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5"
		"c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d",
		0, MS_ENCR_AES_CBC, 128, true, 0xc0a87b03, 0xc0a87bc8 },
	{ "RFC 3602 case 8", "0123456789abcdef0123456789abcdef", "85d47224b5f3dd5d2101d4ea8dffab22",
		"45000044090c00004001f990c0a87b03c0a87bc8"
		"0800d63caa0a0200c69c083da3de0300"
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"000087650000000585d47224b5f3dd5d2101d4ea8dffab22"
		"15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb5"
		"0f980a08c9843fd3a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3"
		"d2726d9b5ef6affc6d17a0decbb13892",
		0, MS_ENCR_AES_CBC, 128, true, 0xc0a87b03, 0xc0a87bc8 },
	{ "RFC 7634 appendix A",
		"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3", NULL,
		"45000054a6f200004001e778c6336405c0000205"
		"08005b7a3a080000553bec100007362708090a0b0c0d0e0f10111213141516171819"
		"1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
		"01020304000000051011121314151617"
		"24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
		"14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
		"cbec163fac469b502773f6fb94e664da9165b82829f641e0"
		"76aaa8266b7fb0f7b11b369907e1ad43",
		UINT64_C(0x1011121314151617) - 5, MS_ENCR_CHACHA20_POLY1305, 256, true, 0xcb007199,
		0xc0000205 },
};

static struct rig rig;

static uint32_t unhex(const char *hex, uint8_t *out)
{
	uint32_t n = 0;
	unsigned octet;

	for (; hex != NULL && *hex != '\0'; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		out[n++] = (uint8_t)octet;
	}
	return n;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct klips_sa *sa_of(const struct row *r, const uint8_t *esp, bool inbound)
{
	struct ms_said said = { ms_addr_v4(r->dst), be32(esp), MS_PROTO_ESP };
	const struct ms_encr_alg *encr = ms_encr_find(r->encr, r->key_bits);
	const struct ms_integ_alg *integ =
		encr->icv_octets != 0 ? NULL : ms_integ_find(MS_INTEG_HMAC_SHA1_96);
	struct klips_sa *sa = sa_new(&said), *tun;
	uint8_t key[64], auth[64] = { 1, 2, 3 };

	assert_non_null(sa);
	assert_int_equal(sa_set_crypto(sa, encr, integ, ms_bytes(key, unhex(r->key, key)),
		ms_bytes(auth, integ == NULL ? 0 : integ->key_octets), 1, NULL), MS_OK);
	assert_int_equal(sa_set_window(sa, 64), MS_OK);
	sa->src = ms_addr_v4(r->src);
	sa->state = MS_PFKEY_MATURE;
	sa->inbound = inbound;
	sa->iv_start = r->iv_start;
	sa->seq = be32(esp + 4) - 1;
	if (r->tunnel) {
		said.protocol = MS_PROTO_TUN;
		tun = sa_new(&said);
		assert_non_null(tun);
		assert_int_equal(sadb_link(tun, sa), MS_OK);
		tun->src = sa->src;
		tun->state = MS_PFKEY_MATURE;
		tun->inbound = inbound;
		if (inbound)
			assert_int_equal(sadb_put(rig.k.sadb, tun, false), MS_OK);
	}
	if (inbound)
		assert_int_equal(sadb_put(rig.k.sadb, sa, false), MS_OK);
	return sa;
}

/* Leaves the protected packet in the batch. */
static void make(const struct row *r, const uint8_t *esp, uint32_t esp_len)
{
	struct klips_sa *sa = sa_of(r, esp, false), *i, *tun = sa->inner;
	uint8_t packet[512];
	struct pkt *p = rig_packet(&rig, 0, packet, unhex(r->packet, packet));

	rig.w->random_left = unhex(r->iv, rig.w->random);
	for (i = sa_head(sa); i != NULL; i = i->outer)
		i->xform->apply(rig.w, i, rig.w->batch, 1);
	assert_false(p->dead);
	assert_int_equal(p->len, IP_OCTETS + esp_len + (r->iv != NULL ? ICV_SHA1 : 0));
	assert_memory_equal(p->data + IP_OCTETS, esp, esp_len);
	sa_free(&sa);
	sa_free(&tun);
}

static void take_apart(const struct row *r, const uint8_t *esp)
{
	struct klips_sa *sa = sa_of(r, esp, true);
	uint8_t packet[512], got[2048];
	uint32_t len = unhex(r->packet, packet);

	rig_arrive(&rig, rig.w->batch[0], 0);
	inbound(rig.w, 1);
	assert_int_equal(rig_delivered(&rig, got, sizeof got), len);
	/* of the header identification and, in a tunnel, the TTL are klips' own */
	assert_memory_equal(got + 12, packet + 12, len - 12);
	assert_int_equal(sa->auth_errors, 0);
	sadb_remove_group(rig.k.sadb, sa);
	rcu_quiescent_state();
}

static void each_row(void)
{
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t esp[512];
		uint32_t len = unhex(rows[i].esp, esp);

		print_message("%s\n", rows[i].name);
		make(&rows[i], esp, len);
		take_apart(&rows[i], esp);
	}
}

static void test_general_provider(void **state)
{
	(void)state;
	each_row();
}

#ifdef WITH_IPSECMB
extern const struct ms_plugin crypto_ipsecmb_LTX_modswan_plugin;

static void test_ipsecmb(void **state)
{
	const struct ms_plugin *p = &crypto_ipsecmb_LTX_modswan_plugin;
	const struct ms_encr_alg *general = ms_encr_find(MS_ENCR_AES_CBC, 128);
	void *instance;

	(void)state;
	assert_int_equal(p->load(&instance, NULL, NULL, NULL), MS_OK);
	assert_int_equal(ms_crypto_register(p->features[0].ops, "ipsecmb"), MS_OK);
	assert_ptr_not_equal(ms_encr_find(MS_ENCR_AES_CBC, 128), general); /* is preferred */
	each_row();
	rcu_barrier(); /* contexts of removed SAs are the plugin's */
	ms_crypto_unregister("ipsecmb");
	p->unload(&instance);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_general_provider),
#ifdef WITH_IPSECMB
		cmocka_unit_test(test_ipsecmb),
#endif
	};
	int failed;

	rig_new(&rig);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_free(&rig);
	return failed;
}

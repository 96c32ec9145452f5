/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the proposals parser and of the choice of a suite.
 *
 * The first octet picks protocol and form: plain text, or octets that each stand for a word or a
 * separator, so that random input gets past the word table.  What is accepted must print, parse
 * again and be the same, must choose itself, and must obey the rules of RFC 7296 s3.3; what is
 * refused must have a reason.
 */
#include "lib/crypto/fake_provider_test.h"
#include "fuzz/fuzz.h"

#include <modswan/proposal.h>

static const char *const vocabulary[] = { "-", "-", "-", "-", "+", "+", ",", ";", "!", " ", "aes",
	"aes128", "aes_gcm256", "aes_gcm_c_128", "aes128gcm8", "chacha20_poly1305", "aes_ccm_8_128",
	"aes_ctr128", "null", "none", "sha1", "sha2_256", "sha512", "hmac_sha2_256_128",
	"prfsha384", "prf_hmac_sha1", "modp2048", "dh19", "dh0", "x25519", "curve25519", "esn",
	"noesn", "3des", "md5", "modp1024", "aes_gmc", "x" };

static void check_rules(const struct ms_proposal *p, enum ms_protocol protocol)
{
	unsigned count[MS_TRANSFORM_TYPES] = { 0 }, aeads = 0, i;

	MUST(p->protocol == protocol && p->n <= MS_MAX_TRANSFORMS);
	for (i = 0; i < p->n; i++) {
		MUST(p->t[i].type > 0 && p->t[i].type < MS_TRANSFORM_TYPES);
		MUST(i == 0 || p->t[i].type >= p->t[i - 1].type);
		count[p->t[i].type]++;
		aeads += p->t[i].type == MS_TRANSFORM_ENCR && ms_encr_is_aead(p->t[i].id);
		MUST(p->t[i].type == MS_TRANSFORM_ENCR || p->t[i].key_bits == 0);
		MUST(p->t[i].type != MS_TRANSFORM_ENCR ||
			ms_encr_has_key_bits(p->t[i].id) == (p->t[i].key_bits != 0));
	}
	MUST((count[MS_TRANSFORM_ENCR] > 0) == (protocol != MS_PROTOCOL_AH));
	MUST(aeads == 0 || aeads == count[MS_TRANSFORM_ENCR]);
	MUST((aeads > 0) == (count[MS_TRANSFORM_INTEG] == 0));
	MUST((count[MS_TRANSFORM_PRF] > 0) == (protocol == MS_PROTOCOL_IKE));
	MUST(count[MS_TRANSFORM_KE] > 0 || protocol != MS_PROTOCOL_IKE);
	MUST((count[MS_TRANSFORM_ESN] > 0) == (protocol != MS_PROTOCOL_IKE));
}

static void check_accepted(const struct ms_proposals *p, enum ms_protocol protocol)
{
	static char text[20000];
	struct ms_proposals again;
	struct ms_suite suite;
	size_t len = ms_proposals_text(p, text, sizeof text);
	unsigned i, chosen = 99;
	char small[24];

	MUST(p->n > 0 && p->n <= MS_MAX_PROPOSALS);
	for (i = 0; i < p->n; i++)
		check_rules(&p->p[i], protocol);
	MUST(len == strlen(text) && len < sizeof text);
	MUST(ms_proposals_text(p, small, sizeof small) == len && strlen(small) < sizeof small);
	MUST(ms_proposals_parse(&again, protocol, text, NULL) == MS_OK);
	MUST(memcmp(&again, p, sizeof again) == 0);
	MUST(ms_suite_choose(&suite, p, p, &chosen) == MS_OK && chosen < p->n);
	MUST(ms_suite_text(&suite, text, sizeof text) == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ms_protocol protocols[] = { MS_PROTOCOL_IKE, MS_PROTOCOL_AH,
		MS_PROTOCOL_ESP };
	static bool ready;
	static char text[8192];
	struct ms_why why = { "" };
	enum ms_protocol protocol;
	struct ms_proposals p;
	ms_err err;

	if (!ready)
		MUST(ms_crypto_register_tested(&fake_ops, "fake", &pass_all) == MS_OK);
	ready = true;
	if (size < 2)
		return 0;
	protocol = protocols[data[0] % 3];
	if ((data[0] & 0x80) != 0) {
		size_t n = size - 1 < sizeof text - 1 ? size - 1 : sizeof text - 1;

		memcpy(text, data + 1, n);
		text[n] = '\0';
	} else {
		text[fuzz_words(vocabulary, sizeof vocabulary / sizeof vocabulary[0], data + 1,
			size - 1, text, sizeof text - 1)] = '\0';
	}
	err = ms_proposals_parse(&p, protocol, text, &why);
	if (err == MS_OK)
		check_accepted(&p, protocol);
	else
		MUST(why.text[0] != '\0');
	/* what providers allow, the words allow */
	MUST(err != MS_OK || ms_proposals_check(protocol, text, NULL) == MS_OK);
	return 0;
}

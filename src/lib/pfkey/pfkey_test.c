/* SPDX-License-Identifier: Apache-2.0 */
/* Every message type with every extension: round trip, truncation, bent octets, forbidden things. */
#include "lib/pfkey/pfkey_table.h"

#include <modswan/crypto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key_octets[36] = { 1, 2, 3, 4, 5 };
static const uint8_t list_octets[MS_PFKEY_COMB_OCTETS] = { 2, 3 };
static const char ident[] = "@east.example";

static uint64_t prng = 88172645463325252u;

static uint32_t rnd(void)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (uint32_t)(prng >> 16);
}

static void rnd_addr(struct ms_addr *a)
{
	unsigned i;

	memset(a, 0, sizeof *a);
	a->family = rnd() % 2 == 0 ? AF_INET : AF_INET6;
	for (i = 0; i < ms_addr_octets(a); i++)
		a->b[i] = (uint8_t)rnd();
}

/* Plausible random contents for one field, by kind. */
static void fill_field(uint8_t *to, const struct pfkey_field *f)
{
	struct ms_bytes *bytes = (struct ms_bytes *)(void *)to;
	struct ms_selector *s = (struct ms_selector *)(void *)to;
	struct ms_endpoint *ep = (struct ms_endpoint *)(void *)to;
	uint32_t r = rnd();
	uint64_t r64 = (uint64_t)rnd() << 32 | r;

	switch ((enum pfkey_kind)f->kind) {
	case PFKEY_U8:
		*to = (uint8_t)r;
		break;
	case PFKEY_U16:
	case PFKEY_BE16:
		memcpy(to, &r, 2);
		break;
	case PFKEY_U32:
	case PFKEY_BE32:
		memcpy(to, &r, 4);
		break;
	case PFKEY_U64:
		memcpy(to, &r64, 8);
		break;
	case PFKEY_NAME:
		strcpy((char *)to, r % 2 == 0 ? "" : "ipsec12");
		break;
	case PFKEY_SOCKADDR:
		rnd_addr(&ep->addr);
		ep->port = (uint16_t)r;
		break;
	case PFKEY_SELECTOR:
		rnd_addr(&s->range.first);
		s->range.last = s->range.first;
		s->range.last.b[3] |= 0x3f;
		s->port_last = 65535;
		break;
	case PFKEY_BITS_KEY:
		*bytes = ms_bytes(key_octets, 1 + r % 36);
		break;
	case PFKEY_LENGTH_DATA:
		*bytes = ms_bytes(key_octets, r % 36);
		break;
	case PFKEY_TEXT:
		*bytes = ms_bytes(ident, r % 14);
		break;
	case PFKEY_REST:
		*bytes = ms_bytes(list_octets, 48 + 8 * (r % 5));
		break;
	}
}

static void fill(struct ms_pfkey_msg *m, unsigned type, uint64_t has)
{
	unsigned id, i;

	memset(m, 0, sizeof *m);
	m->type = (uint8_t)type;
	m->satype = MS_PFKEY_SATYPE_ESP;
	m->seq = rnd();
	m->pid = rnd();
	m->has = has;
	for (id = 0; id < MS_PFKEY_EXT_LIMIT; id++) {
		const struct pfkey_ext *e = pfkey_ext_row(id);

		if ((has & UINT64_C(1) << id) == 0)
			continue;
		for (i = 0; i < e->n_fields; i++)
			fill_field((uint8_t *)m + e->member + e->fields[i].member, &e->fields[i]);
		if (id == MS_PFKEY_EXT_KEY_AUTH)
			m->key_auth.bits = (uint16_t)(m->key_auth.key.len * 8);
		if (id == MS_PFKEY_EXT_KEY_ENCRYPT)
			m->key_encrypt.bits = (uint16_t)(m->key_encrypt.key.len * 8);
	}
}

static void round_trip(const struct ms_pfkey_msg *m, enum ms_pfkey_dir dir)
{
	uint8_t buf[4096], again[4096], cut[4096];
	struct ms_pfkey_msg got;
	struct ms_why why = { "" };
	size_t len, len2, i;
	char text[4096];

	assert_int_equal(ms_pfkey_build(m, dir, buf, sizeof buf, &len, &why), MS_OK);
	assert_int_equal(ms_pfkey_build(m, dir, again, len - 1, &len2, NULL), MS_ERR_SPACE);
	assert_int_equal(ms_pfkey_parse(&got, buf, len, dir, &why), MS_OK);
	assert_int_equal(got.has, m->has);
	assert_int_equal(got.seq, m->seq);
	assert_int_equal(got.pid, m->pid);
	assert_int_equal(ms_pfkey_build(&got, dir, again, sizeof again, &len2, &why), MS_OK);
	assert_int_equal(len2, len);
	assert_memory_equal(again, buf, len);
	assert_true(ms_pfkey_text(&got, text, sizeof text) > 10);
	assert_null(strstr(text, "?"));
	for (i = 0; i < len; i++) {
		uint16_t words = (uint16_t)(i / 8);

		assert_int_not_equal(ms_pfkey_parse(&got, buf, i, dir, NULL), MS_OK);
		/* and with a header that agrees with the shorter length */
		memcpy(cut, buf, i);
		if (i < 16 || i % 8 != 0)
			continue;
		memcpy(cut + 4, &words, 2);
		if (ms_pfkey_parse(&got, cut, i, dir, NULL) == MS_OK)
			assert_true(got.has != m->has);
	}
}

static void test_every_type(void **state)
{
	unsigned type, dir, id, seen = 0;
	uint64_t need, may;
	struct ms_pfkey_msg m;

	(void)state;
	for (type = 0; type < 256; type++) {
		for (dir = 0; dir < 2; dir++) {
			if (!ms_pfkey_grammar(type, dir, &need, &may))
				continue;
			seen++;
			assert_int_equal(need & ~may, 0);
			fill(&m, type, need);
			round_trip(&m, dir);
			fill(&m, type, may);
			round_trip(&m, dir);
			for (id = 0; id < 40; id++) {
				fill(&m, type, need | (may & ((uint64_t)rnd() << 32 | rnd())));
				round_trip(&m, dir);
			}
		}
	}
	assert_true(seen > 45);
}

/* Leaving out what is needed and putting in what is not allowed are both refused, both ways. */
static void test_grammar(void **state)
{
	unsigned type, id;
	uint64_t need, may;
	struct ms_pfkey_msg m, got;
	uint8_t buf[2048];
	size_t len, at;

	(void)state;
	for (type = 0; type < 256; type++) {
		if (!ms_pfkey_grammar(type, MS_PFKEY_DOWN, &need, &may))
			continue;
		for (id = 0; id < MS_PFKEY_EXT_LIMIT; id++) {
			uint64_t bit = UINT64_C(1) << id;
			uint16_t words = 0;

			if (pfkey_ext_row(id) == NULL)
				continue;
			fill(&m, type, need | bit);
			if ((need & bit) != 0)
				m.has &= ~bit;
			else if ((may & bit) != 0)
				continue;
			assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, buf, sizeof buf, &len,
				NULL), MS_ERR_BUG);
			if ((need & bit) == 0)
				continue;
			/* the parser too: build with it, cut it out */
			fill(&m, type, need);
			assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, buf, sizeof buf, &len,
				NULL), MS_OK);
			for (at = 16; at < len; at += words * 8u) {
				memcpy(&words, buf + at, 2);
				if (buf[at + 2] == id)
					break;
			}
			memmove(buf + at, buf + at + words * 8u, len - at - words * 8u);
			len -= words * 8u;
			words = (uint16_t)(len / 8);
			memcpy(buf + 4, &words, 2);
			assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_DOWN, NULL),
				MS_ERR_SYNTAX);
		}
	}
}

static void test_refusals(void **state)
{
	struct ms_pfkey_msg m, got;
	struct ms_why why;
	uint8_t buf[2048];
	uint16_t words;
	size_t len;

	(void)state;
	fill(&m, MS_PFKEY_GET, MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_SRC) | MS_PFKEY_BIT(ADDRESS_DST));
	assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, buf, sizeof buf, &len, NULL), MS_OK);
	/* the first extension (SA, 24 octets) twice */
	memcpy(buf + len, buf + 16, 24);
	words = (uint16_t)((len + 24) / 8);
	memcpy(buf + 4, &words, 2);
	assert_int_equal(ms_pfkey_parse(&got, buf, len + 24, MS_PFKEY_DOWN, &why), MS_ERR_SYNTAX);
	assert_string_equal(why.text, "SA twice");
	words = (uint16_t)(len / 8);
	memcpy(buf + 4, &words, 2);
	buf[0] = 1;
	assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_DOWN, NULL), MS_ERR_SYNTAX);
	buf[0] = 2;
	buf[3] = 0; /* SA type needed */
	assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_DOWN, NULL), MS_ERR_SYNTAX);
	buf[3] = 1;
	assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_DOWN, NULL), MS_ERR_SYNTAX);
	buf[3] = 3;
	buf[1] = MS_PFKEY_EXPIRE; /* never accepted */
	assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_DOWN, NULL), MS_ERR_SYNTAX);
	buf[1] = MS_PFKEY_GET;
	buf[18] = 200;
	assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_DOWN, &why), MS_ERR_SYNTAX);
	assert_string_equal(why.text, "unknown extension 200");
	/* a refusal needs no extensions */
	memset(&m, 0, sizeof m);
	m.type = MS_PFKEY_ADD;
	m.satype = MS_PFKEY_SATYPE_ESP;
	m.err = 22;
	assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_UP, buf, sizeof buf, &len, NULL), MS_OK);
	assert_int_equal(len, 16);
	assert_int_equal(ms_pfkey_parse(&got, buf, len, MS_PFKEY_UP, NULL), MS_OK);
	assert_int_equal(got.err, 22);
}

static void test_bent_octets(void **state)
{
	unsigned type, i, n;
	uint64_t need, may;
	struct ms_pfkey_msg m, got;
	uint8_t buf[2048];
	char text[256];
	size_t len;

	(void)state;
	for (type = 0; type < 256; type++) {
		if (!ms_pfkey_grammar(type, MS_PFKEY_DOWN, &need, &may))
			continue;
		fill(&m, type, may);
		assert_int_equal(ms_pfkey_build(&m, MS_PFKEY_DOWN, buf, sizeof buf, &len, NULL), MS_OK);
		for (n = 0; n < 2000; n++) {
			size_t at = rnd() % len;
			uint8_t old = buf[at];

			buf[at] = (uint8_t)rnd();
			for (i = 0; i < 2; i++)
				if (ms_pfkey_parse(&got, buf, len, i, NULL) == MS_OK)
					ms_pfkey_text(&got, text, sizeof text);
			buf[at] = old;
		}
	}
}

static void test_text_and_numbers(void **state)
{
	struct ms_pfkey_msg m;
	char text[1024];
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	m.type = MS_PFKEY_ADD;
	m.satype = MS_PFKEY_SATYPE_ESP;
	m.seq = 7;
	m.pid = 9;
	m.has = MS_PFKEY_BIT(SA) | MS_PFKEY_BIT(ADDRESS_DST) | MS_PFKEY_BIT(KEY_ENCRYPT);
	m.sa.spi = 0x1002;
	m.dst.ep.addr = ms_addr_v4(0xc6336407);
	m.key_encrypt.bits = 160;
	m.key_encrypt.key = ms_bytes("secretsecretsecretXX", 20);
	ms_pfkey_text(&m, text, sizeof text);
	assert_string_equal(text, "ADD satype=ESP seq=7 pid=9 errno=0 SA(spi=0x1002 replay=0 state=0 "
		"auth=0 encrypt=0 flags=0 ref=0) ADDRESS_DST(proto=0 prefix=0 addr=198.51.100.7) "
		"KEY_ENCRYPT(bits=160 key=<20 octets>)");
	for (i = 0; i < 256; i++) {
		if (ms_pfkey_integ_of((uint8_t)i) != 0)
			assert_int_equal(ms_pfkey_auth_of(ms_pfkey_integ_of((uint8_t)i)), i);
		if (ms_pfkey_protocol_of((uint8_t)i) != 0)
			assert_int_equal(ms_pfkey_satype_of(ms_pfkey_protocol_of((uint8_t)i)), i);
	}
	assert_int_equal(ms_pfkey_auth_of(MS_INTEG_HMAC_SHA2_256_128), 5);
}

static void test_lists(void **state)
{
	struct ms_pfkey_alg alg = { 12, 16, 128, 256 }, alg2;
	struct ms_pfkey_comb comb = { .auth = 5, .encrypt = 12, .hard_usetime = 77, .encrypt_maxbits = 256 };
	struct ms_pfkey_comb comb2;
	uint8_t a[MS_PFKEY_ALG_OCTETS], c[MS_PFKEY_COMB_OCTETS];

	(void)state;
	ms_pfkey_alg_put(a, &alg);
	assert_true(ms_pfkey_alg_get(ms_bytes(a, sizeof a), 0, &alg2));
	assert_int_equal(alg2.id, 12);
	assert_int_equal(alg2.maxbits, 256);
	assert_false(ms_pfkey_alg_get(ms_bytes(a, sizeof a), 1, &alg2));
	assert_false(ms_pfkey_alg_get(ms_bytes(a, sizeof a - 1), 0, &alg2));
	ms_pfkey_comb_put(c, &comb);
	assert_true(ms_pfkey_comb_get(ms_bytes(c, sizeof c), 0, &comb2));
	assert_memory_equal(&comb, &comb2, sizeof comb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bent_octets),
		cmocka_unit_test(test_text_and_numbers),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

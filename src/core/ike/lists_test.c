/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists from the wire, read one check at a time: chains of payloads, what an exchange may carry, proposals,
 * traffic selectors.  Each row is right but for one thing.
 */
#include "core/ike/ike_sa.h"
#include "core/ikev2/sa_payload.h"
#include "core/ikev2/ts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Hexadecimal digits with blanks; in a buffer of its own size, so that a sanitizer sees every octet read
 * too far. */
static struct ms_bytes octets_of(const char *hex)
{
	uint8_t *out = malloc(strlen(hex) + 1);
	size_t n = 0;
	unsigned octet;

	assert_non_null(out);
	for (hex += strspn(hex, " "); *hex != '\0'; hex += 2 + strspn(hex + 2, " ")) {
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		out[n++] = (uint8_t)octet;
	}
	return ms_bytes(realloc(out, n + !n), n);
}

static void free_octets(struct ms_bytes b)
{
	free((void *)(uintptr_t)b.ptr);
}

/* --- chains --- */

#define HEADER "0000000000000001 0000000000000002 %02x 20 25 08 00000001 000000%02x "

static ms_err walk(unsigned first, const char *hex, bool inner, struct ike_msg *m)
{
	struct ms_bytes chain = octets_of(hex), datagram;
	char text[400];
	ms_err err;

	*m = (struct ike_msg){ .first_inner = first };
	if (inner) {
		err = ike_msg_walk_inner(m, chain, NULL);
	} else {
		snprintf(text, sizeof(text), HEADER "%s", first, (unsigned)(28 + chain.len), hex);
		datagram = octets_of(text);
		assert_int_equal(ike_msg_header(m, datagram), MS_OK);
		err = ike_msg_walk(m, NULL);
		free_octets(datagram);
	}
	free_octets(chain);
	return err;
}

static void test_chains(void **state)
{
	static const struct {
		unsigned first;
		const char *hex;
		bool inner;
		ms_err err;
	} rows[] = {
		{ IKE_P_NONE, "", true, MS_OK },
		{ IKE_P_NONE, "00", true, MS_ERR_SYNTAX },
		{ IKE_P_VENDOR, "00000004", true, MS_OK },
		{ IKE_P_VENDOR, "0000000400", true, MS_ERR_SYNTAX },
		{ IKE_P_VENDOR, "00000003", true, MS_ERR_SYNTAX },
		{ IKE_P_VENDOR, "00000000", true, MS_ERR_SYNTAX },
		{ IKE_P_VENDOR, "00000005", true, MS_ERR_TRUNCATED },
		{ IKE_P_VENDOR, "000000", true, MS_ERR_TRUNCATED },
		{ IKE_P_VENDOR, "2b000004 00000004", true, MS_OK },
		{ IKE_P_SK, "00000008 00000000", false, MS_OK },
		{ IKE_P_SK, "00000008 00000000 00", false, MS_ERR_SYNTAX },
		{ IKE_P_SK, "00000008 00000000", true, MS_ERR_SYNTAX },
		{ IKE_P_VENDOR, "2e000004 00000008 00000000", false, MS_OK },
		{ IKE_P_VENDOR, "2e000004 00000008 00000000", true, MS_ERR_SYNTAX },
		{ IKE_P_SKF, "0000000c 00010001 00000000", false, MS_OK },
		{ IKE_P_SKF, "0000000c 00010001 00000000", true, MS_ERR_SYNTAX },
		{ IKE_P_SKF, "0000000c 00000001 00000000", false, MS_ERR_SYNTAX },
		{ IKE_P_SKF, "0000000c 00020001 00000000", false, MS_ERR_SYNTAX },
		{ IKE_P_NOTIFY, "0000000c 03040009 01020304", true, MS_OK },
		{ IKE_P_NOTIFY, "0000000b 03040009 010203", true, MS_ERR_SYNTAX },
		{ 200, "00000004", true, MS_OK },
		{ 200, "00800004", true, MS_ERR_CRITICAL },
	};
	struct ike_msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (walk(rows[i].first, rows[i].hex, rows[i].inner, &m) != rows[i].err)
			fail_msg("chain %zu", i);
}

/* No payload is shorter than its fixed part. */
static void test_least_octets(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (unsigned type = IKE_P_FIRST; type <= IKE_P_LAST; type++) {
		const struct ike_layout *l = ike_layout_of(type);

		if (!l || type == IKE_P_SK || type == IKE_P_SKF)
			continue;
		for (unsigned less = 0; less < 2 && less <= l->min_octets; less++) {
			char hex[200];
			struct ike_msg m;

			snprintf(hex, sizeof(hex), "000000%02x %0*x", l->min_octets - less + 4,
				(int)(2 * (l->min_octets - less)), 0);
			if (l->min_octets == less)
				hex[8] = '\0';
			assert_int_equal(walk(type, hex, true, &m), less ? MS_ERR_SYNTAX : MS_OK);
			tried++;
		}
	}
	assert_in_range(tried, 20, 100);
}

/* What is said in clear is not heard where only what is protected counts. */
static void test_protected_notifies(void **state)
{
	struct ike_notify_payload n;

	(void)state;
	for (unsigned inner = 0; inner < 2; inner++) {
		static const uint8_t body[] = { 0, 0, 0, 24 };
		struct ike_msg m = { .n = 1,
			.p = { { .type = IKE_P_NOTIFY, .protected = inner, .body = { body, 4 } } } };

		assert_true(ike_msg_notify(&m, IKE_N_AUTHENTICATION_FAILED, false, &n));
		assert_int_equal(ike_msg_notify(&m, IKE_N_AUTHENTICATION_FAILED, true, &n), inner);
	}
}

/* --- what an exchange may carry --- */

static void add(struct ike_msg *m, unsigned type, bool protected, unsigned n)
{
	for (; n > 0 && m->n < IKE_MAX_PAYLOADS; n--)
		m->p[m->n++] = (struct ike_payload){ .type = (uint8_t)type, .protected = protected };
}

/* A message of this row's exchange and role with what it must have, but for the row's own payload: n of
 * those, inside SK or not. */
static ms_err fits(const struct ike_grammar_row *row, unsigned n, bool protected)
{
	struct ike_msg m = { .h = { .exchange = row->exchange,
				     .flags = row->role == IKE_RESPONSE ? IKE_F_RESPONSE : 0 } };

	for (unsigned i = 0; i < ike_grammar_rows; i++) {
		const struct ike_grammar_row *g = &ike_grammar[i];

		if (g != row && g->exchange == row->exchange && g->role == row->role)
			add(&m, g->payload, g->protected, g->min);
	}
	add(&m, row->payload, protected, n);
	return ike_msg_grammar(&m, NULL);
}

static void test_grammar(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ike_grammar_rows; i++) {
		const struct ike_grammar_row *g = &ike_grammar[i];
		struct ike_grammar_row stranger = *g;

		assert_int_equal(fits(g, g->min, g->protected), MS_OK);
		assert_int_equal(fits(g, g->min + (g->min < g->max), g->protected), MS_OK);
		if (g->min > 0)
			assert_int_equal(fits(g, g->min - 1u, g->protected), MS_ERR_SYNTAX);
		if (g->max == 1)
			assert_int_equal(fits(g, 2, g->protected), MS_ERR_SYNTAX);
		assert_int_equal(fits(g, 1, !g->protected), MS_ERR_SYNTAX);
		stranger.payload = IKE_P_EAP; /* has a layout, and a place nowhere */
		assert_int_equal(fits(&stranger, 1, true), MS_ERR_SYNTAX);
		stranger.exchange = 50;
		assert_int_equal(fits(&stranger, 1, true), MS_ERR_UNEXPECTED);
	}
}

/* --- proposals --- */

#define ENCR "0300000c 01000014 800e0080 "
#define PRF  "03000008 02000005 "
#define KE   "00000008 0400001f "

static const struct ms_proposals ours = { .n = 1,
	.p = { { MS_PROTOCOL_IKE, 3,
		{ { MS_TRANSFORM_ENCR, 20, 128 }, { MS_TRANSFORM_PRF, 5, 0 },
			{ MS_TRANSFORM_KE, 31, 0 } } } } };

static void test_proposals(void **state)
{
	static const struct {
		const char *hex;
		unsigned spi;
		ms_err err;
	} rows[] = {
		{ "00000024 01010003 " ENCR PRF KE, 0, MS_OK },
		{ "02000024 01010003 " ENCR PRF KE "00000024 02010003 " ENCR PRF KE, 0, MS_OK },
		{ "00000028 01010403 01020304 " ENCR PRF KE, 4, MS_OK },
		{ "0000002c 01010803 0102030405060708 " ENCR PRF KE, 8, MS_OK },
		/* neither the last nor not */
		{ "01000024 01010003 " ENCR PRF KE, 0, MS_ERR_SYNTAX },
		{ "03000024 01010003 " ENCR PRF KE "00000024 02010003 " ENCR PRF KE, 0, MS_ERR_SYNTAX },
		/* the last, and yet not; not the last, and yet it is */
		{ "00000024 01010003 " ENCR PRF KE "00000024 02010003 " ENCR PRF KE, 0, MS_ERR_SYNTAX },
		{ "02000024 01010003 " ENCR PRF KE, 0, MS_ERR_SYNTAX },
		{ "00000024 01010003 " ENCR "00000008 02000005" KE, 0, MS_ERR_SYNTAX },
		{ "0000001c 01010002 " ENCR PRF, 0, MS_ERR_SYNTAX },
		/* something behind */
		{ "00000024 01010003 " ENCR PRF KE "00", 0, MS_ERR_SYNTAX },
		{ "00000025 01010003 " ENCR PRF KE "00", 0, MS_ERR_SYNTAX },
		{ "00000024 01010002 0300000c 01000014 800e0080 00000008 02000005 " KE, 0, MS_ERR_SYNTAX },
		/* another protocol, other SPIs */
		{ "00000024 01030003 " ENCR PRF KE, 0, MS_ERR_NO_PROPOSAL },
		{ "00000028 01010403 01020304 " ENCR PRF KE, 0, MS_ERR_NO_PROPOSAL },
		{ "00000024 01010003 " ENCR PRF KE, 4, MS_ERR_NO_PROPOSAL },
		{ "00000028 01010403 01020304 " ENCR PRF KE, 8, MS_ERR_NO_PROPOSAL },
		{ "00000028 01010403 00000000 " ENCR PRF KE, 4, MS_ERR_SYNTAX },
		/* types that are none, attributes that nobody knows */
		{ "0000002c 01010004 " ENCR PRF "03000008 09000001 " KE, 0, MS_ERR_NO_PROPOSAL },
		{ "00000028 01010003 03000010 01000014 800e0080 80110001 " PRF KE, 0,
			MS_ERR_NO_PROPOSAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ike_exchange x = { .arena = ms_arena_new(8192, false) };
		struct ms_bytes body = octets_of(rows[i].hex);

		if (ike_get_proposals(&x, body, &ours, rows[i].spi, NULL) != rows[i].err)
			fail_msg("proposals %zu", i);
		free_octets(body);
		ms_arena_free(&x.arena);
	}
}

/* More of them than there is room for: those that there is room for. */
static void test_many_proposals(void **state)
{
	struct ike_exchange x = { .arena = ms_arena_new(1 << 16, false) };
	struct ms_proposals many = { .n = 2,
		.p = { { MS_PROTOCOL_IKE, MS_MAX_TRANSFORMS, { { 0, 0, 0 } } },
			{ MS_PROTOCOL_IKE, MS_MAX_TRANSFORMS, { { 0, 0, 0 } } } } };
	static uint8_t body[65536];
	struct wire_writer w = wire_writer(body, sizeof(body));
	struct ms_bytes one = octets_of("02000024 01010003 " ENCR PRF KE);
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * MS_MAX_PROPOSALS; i++)
		wire_put(&w, one);
	wire_patch_uint(&w, w.len - one.len, 0, 1);
	assert_int_equal(ike_get_proposals(&x, wire_result(&w), &ours, 0, NULL), MS_OK);
	assert_int_equal(x.peers->n, MS_MAX_PROPOSALS);
	free_octets(one);

	w = wire_writer(body, sizeof(body));
	wire_put_uint(&w, 0, 4);
	wire_put_uint(&w, 0x01010000u | 2 * MS_MAX_TRANSFORMS, 4);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < MS_MAX_TRANSFORMS; k++) {
			uint16_t id = (uint16_t)(++n);

			many.p[i].t[k] = (struct ms_transform){ MS_TRANSFORM_KE, id, 0 };
			wire_put_uint(&w, n < 2 * MS_MAX_TRANSFORMS ? 0x03000008 : 8, 4);
			wire_put_uint(&w, 0x04000000u | id, 4);
		}
	wire_patch_uint(&w, 2, w.len, 2);
	assert_int_equal(ike_get_proposals(&x, wire_result(&w), &many, 0, NULL), MS_OK);
	assert_int_equal(x.peers->n, 1);
	assert_int_equal(x.peers->p[0].n, MS_MAX_TRANSFORMS);
	ms_arena_free(&x.arena);
}

/* --- selectors --- */

#define NET "07000010 0000ffff c0000200 c00002ff "

static void test_selectors(void **state)
{
	static const struct {
		const char *hex;
		ms_err err;
		unsigned n; /* that are for us */
	} rows[] = {
		{ "01000000 " NET, MS_OK, 1 },
		{ "02000000 " NET NET, MS_OK, 2 },
		{ "00000000", MS_ERR_SYNTAX, 0 },
		{ "00000000 " NET, MS_ERR_SYNTAX, 0 },
		{ "01000000 " NET "00", MS_ERR_SYNTAX, 0 },
		{ "01000000 " NET NET, MS_ERR_SYNTAX, 0 },
		{ "02000000 " NET, MS_ERR_SYNTAX, 0 },
		{ "01000000 07000007 0000ff", MS_ERR_SYNTAX, 0 },
		/* of other types, of another length than the type's */
		{ "02000000 09000010 0000ffff c0000200 c00002ff " NET, MS_OK, 1 },
		{ "02000000 08000010 0000ffff c0000200 c00002ff " NET, MS_OK, 1 },
		{ "02000000 0700000c 0000ffff c0000200 " NET, MS_OK, 1 },
		{ "02000000 07000018 0000ffff c0000200 c0000200 c00002ff c00002ff " NET, MS_OK, 1 },
		/* upside down: addresses, ports (OPAQUE, RFC 7296 s3.13.1) */
		{ "02000000 07000010 0000ffff c00002ff c0000200 " NET, MS_OK, 1 },
		{ "02000000 07060010 ffff0000 c0000200 c00002ff " NET, MS_OK, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ms_arena *arena = ms_arena_new(8192, false);
		struct ike_payload p = { .type = IKE_P_TSI, .body = octets_of(rows[i].hex) };
		struct ms_selector *s;
		unsigned n;

		if (ike_get_ts(arena, &p, &s, &n, NULL) != rows[i].err || n != rows[i].n)
			fail_msg("selectors %zu: %u", i, n);
		free_octets(p.body);
		ms_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_least_octets),
		cmocka_unit_test(test_protected_notifies),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_proposals),
		cmocka_unit_test(test_many_proposals),
		cmocka_unit_test(test_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

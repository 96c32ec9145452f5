/* SPDX-License-Identifier: Apache-2.0 */
/* Payload layouts against octets written by hand from the figures of RFC 7296 section 3. */
#include "core/ike/ike_sa.h"
#include "core/ikev2/ts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct vector {
	unsigned type;
	const char *hex;  /* the body, without generic header */
	const char *text; /* NULL: must be refused */
};

static const struct vector vectors[] = {
	/* s3.4: method, reserved, data */
	{ IKE_P_KE, "001f0000aabb", "group=31, data=2 octets" },
	{ IKE_P_KE, "001f00", NULL },
	/* s3.5 */
	{ IKE_P_IDI, "02000000656173742e6578616d706c65", "type=ID_FQDN, data=12 octets" },
	{ IKE_P_IDR, "01000000c0000201", "type=ID_IPV4_ADDR, data=4 octets" },
	{ IKE_P_IDR, "63000000", "type=#99, data=0 octets" },
	/* s3.6, s3.7 */
	{ IKE_P_CERT, "0430820100", "encoding=4, data=4 octets" },
	{ IKE_P_CERTREQ, "", NULL },
	/* s3.8 */
	{ IKE_P_AUTH, "02000000112233", "method=shared key MIC, data=3 octets" },
	{ IKE_P_AUTH, "0e000000", "method=digital signature, data=0 octets" },
	/* s3.9 */
	{ IKE_P_NONCE, "00112233", "data=4 octets" },
	/* s3.10 */
	{ IKE_P_NOTIFY, "00004006c00c1e",
		"protocol=none, spi_octets=0, type=COOKIE, spi=0 octets, data=3 octets" },
	{ IKE_P_NOTIFY, "0304400901020304",
		"protocol=ESP, spi_octets=4, type=REKEY_SA, spi=4 octets, data=0 octets" },
	{ IKE_P_NOTIFY, "03044009010203", NULL },
	{ IKE_P_NOTIFY, "0000c350",
		"protocol=none, spi_octets=0, type=#50000, spi=0 octets, "
		"data=0 octets" },
	/* s3.11 */
	{ IKE_P_DELETE, "0304000201020304a1a2a3a4",
		"protocol=ESP, spi_octets=4, n=2, spis=8 octets" },
	{ IKE_P_DELETE, "01000000", "protocol=IKE, spi_octets=0, n=0, spis=0 octets" },
	{ IKE_P_DELETE, "010000", NULL },
	/* RFC 7383 s2.5 */
	{ IKE_P_SKF, "00020103a1a2", "number=2, total=259, data=2 octets" },
	{ IKE_P_SKF, "000201", NULL },
	/* s3.13 */
	{ IKE_P_TSI, "0100000007000010000 0ffffc0000100c00001ff", "n=1, rest=16 octets" },
};

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
		hex += 2;
	}
	return n;
}

static void test_vectors(void **state)
{
	union {
		struct ike_notify_payload n;
		struct ike_proposal_head p;
		struct ike_delete_payload d;
	} u;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		char squeezed[400], text[200];
		uint8_t octets[200], again[200];
		struct ike_payload p = { (uint8_t)v->type, true, { octets, 0 } };
		struct wire_writer w = wire_writer(again, sizeof(again));
		size_t k = 0;

		for (const char *h = v->hex; *h; h++)
			if (*h != ' ')
				squeezed[k++] = *h;
		squeezed[k] = '\0';
		p.body.len = from_hex(squeezed, octets);
		memset(&u, 0, sizeof(u));
		if (!v->text) {
			assert_int_not_equal(ike_payload_get(&p, &u), MS_OK);
			continue;
		}
		assert_int_equal(ike_payload_get(&p, &u), MS_OK);
		ike_layout_text(ike_layout_of(v->type), &u, text, sizeof(text));
		assert_string_equal(text, v->text);
		ike_layout_put(ike_layout_of(v->type), &w, &u);
		assert_int_equal(w.len, p.body.len);
		assert_memory_equal(again, octets, w.len);
	}
}

static void test_header(void **state)
{
	static const char hex[] = "0001020304050607 08090a0b0c0d0e0f 21 20 22 08 00000000 0000001c";
	struct ike_msg m;
	uint8_t octets[64];
	char squeezed[100], text[300];
	size_t k = 0;

	(void)state;
	for (const char *h = hex; *h; h++)
		if (*h != ' ')
			squeezed[k++] = *h;
	squeezed[k] = '\0';
	assert_int_equal(from_hex(squeezed, octets), 28);
	assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 28)), MS_OK);
	ike_layout_text(&ike_header_layout, &m.h, text, sizeof(text));
	assert_string_equal(text, "spi_i=0001020304050607, spi_r=08090a0b0c0d0e0f, next=SA, "
				  "version=32, exchange=IKE_SA_INIT, flags=8, id=0, length=28");
	/* The length field must be the datagram's. */
	assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 27)), MS_ERR_TRUNCATED);
	octets[27]++;
	assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 28)), MS_ERR_SYNTAX);
}

/* RFC 7296 s3.2: what an unknown payload does depends on its critical bit alone. */
static void test_critical(void **state)
{
	uint8_t octets[36] = {
		[16] = 200, [17] = 0x20, [18] = 34, [19] = 8, [27] = 36, [28] = IKE_P_NONE, [31] = 8
	};
	struct ms_why why = { "" };
	struct ike_msg m;

	(void)state;
	assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 36)), MS_OK);
	assert_int_equal(ike_msg_walk(&m, &why), MS_OK);
	assert_int_equal(m.n, 0);
	octets[29] = 0x80;
	assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 36)), MS_OK);
	assert_int_equal(ike_msg_walk(&m, &why), MS_ERR_CRITICAL);
	assert_int_equal(m.critical, 200);
	/* Other bits there mean nothing (s2.5), a wrong length does. */
	octets[29] = 0x7f;
	assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 36)), MS_OK);
	assert_int_equal(ike_msg_walk(&m, &why), MS_OK);
	for (unsigned len = 0; len < 12; len++) {
		octets[31] = (uint8_t)len;
		assert_int_equal(ike_msg_header(&m, ms_bytes(octets, 36)), MS_OK);
		assert_int_equal(ike_msg_walk(&m, &why) == MS_OK, len == 8);
	}
}

static struct ms_selector sel(
	const char *first, const char *last, uint8_t protocol, uint16_t a, uint16_t b)
{
	struct ms_selector s = { .protocol = protocol, .port_first = a, .port_last = b };

	assert_int_equal(ms_addr_parse(&s.range.first, first, strlen(first), 0, 0, NULL), MS_OK);
	assert_int_equal(ms_addr_parse(&s.range.last, last, strlen(last), 0, 0, NULL), MS_OK);
	return s;
}

/* RFC 7296 s2.9's example: the packet's own selector before the range behind it. */
static void test_narrowing(void **state)
{
	struct ms_selector asked[2] = { sel("192.0.1.43", "192.0.1.43", 17, 1027, 1027),
		sel("192.0.1.0", "192.0.1.255", 0, 0, 65535) };
	struct ms_selector ours = sel("192.0.1.0", "192.0.1.127", 0, 0, 65535);
	struct ms_selector web = sel("192.0.0.0", "192.0.255.255", 6, 80, 80);
	struct ms_selector six = sel("::", "ffff::", 0, 0, 65535);
	struct ms_selector out[CHILD_MAX_SELECTORS];

	(void)state;
	assert_int_equal(ike_ts_narrow(&ours, 1, asked, 2, out), 1);
	assert_true(ms_selector_eq(&out[0], &ours));
	assert_int_equal(ike_ts_narrow(&web, 1, asked, 2, out), 1);
	assert_int_equal(out[0].protocol, 6);
	assert_int_equal(out[0].port_first, 80);
	assert_int_equal(ike_ts_narrow(&six, 1, asked, 2, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_narrowing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9293 s3.10.7.1, case by case: what a segment without a connection is answered. */
#include "klips/reset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/tcp.h>

enum { SEQ = 0x01020304, ACK = 0x0a0b0c0d };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACKED = 16 };

static uint8_t packet[256], out[RESET_MAX_OCTETS];
static struct ip_view view;

static struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

/* doff in words; payload octets behind. */
static void make(bool six, unsigned flags, unsigned doff, unsigned payload)
{
	struct ms_addr src = addr(six ? "fd01::1" : "10.1.0.1"), dst = addr(six ? "fd02::1" : "10.2.0.1");
	unsigned header = six ? 40 : 20;
	struct tcphdr t;

	memset(packet, 0, sizeof packet);
	memset(&t, 0, sizeof t);
	ip_write(packet, &src, &dst, IPPROTO_TCP, 0, 64, header + doff * 4 + payload);
	t.source = htons(40000);
	t.dest = htons(25);
	t.seq = htonl(SEQ);
	t.ack_seq = htonl((flags & ACKED) != 0 ? ACK : 0x55555555);
	t.doff = doff & 15;
	t.th_flags = (uint8_t)flags;
	memcpy(packet + header, &t, sizeof t);
	assert_true(ip_parse(packet, sizeof packet, &view));
}

static struct tcphdr answer(bool six)
{
	unsigned header = six ? 40 : 20;
	size_t len = reset_make(out, packet, &view);
	struct ip_view v;
	struct tcphdr t;
	struct ms_addr a = ip_src(packet), b = ip_dst(packet), c, d;
	uint32_t pseudo = 20 + IPPROTO_TCP;

	assert_int_equal(len, header + 20);
	assert_true(ip_parse(out, len, &v));
	assert_int_equal(v.upper, IPPROTO_TCP);
	c = ip_src(out);
	d = ip_dst(out);
	assert_true(ms_addr_eq(&a, &d) && ms_addr_eq(&b, &c));
	for (unsigned i = six ? 8 : 12; i < header; i += 2)
		pseudo += (uint32_t)(out[i] << 8 | out[i + 1]);
	/* over a segment with its checksum the sum is all ones */
	assert_int_equal(ip_checksum(out + header, 20, pseudo), 0);
	if (!six)
		assert_int_equal(ip_checksum(out, 20, 0), 0);
	memcpy(&t, out + header, sizeof t);
	assert_int_equal(ntohs(t.source), 25);
	assert_int_equal(ntohs(t.dest), 40000);
	assert_int_equal(t.doff, 5);
	assert_true(t.rst);
	assert_false(t.syn || t.fin || t.psh || t.urg);
	return t;
}

static void test_without_ack(void **state)
{
	static const struct {
		unsigned flags, doff, payload, len;
	} rows[] = {
		{ SYN, 5, 0, 1 },
		{ SYN, 10, 0, 1 },
		{ SYN, 10, 100, 101 }, /* TCP Fast Open */
		{ SYN | FIN, 5, 0, 2 },
		{ FIN, 5, 3, 4 },
		{ 0, 5, 7, 7 },
		{ 0, 5, 0, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct tcphdr t;

		make(i % 2 != 0, rows[i / 2].flags, rows[i / 2].doff, rows[i / 2].payload);
		t = answer(i % 2 != 0);
		assert_true(t.ack);
		assert_int_equal(ntohl(t.seq), 0);
		assert_int_equal(ntohl(t.ack_seq), SEQ + rows[i / 2].len);
	}
}

static void test_with_ack(void **state)
{
	static const unsigned flags[] = { ACKED, ACKED | PSH, ACKED | SYN, ACKED | FIN };

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof flags / sizeof flags[0]; i++) {
		struct tcphdr t;

		make(i % 2 != 0, flags[i / 2], 8, 50);
		t = answer(i % 2 != 0);
		assert_false(t.ack);
		assert_int_equal(ntohl(t.seq), ACK);
		assert_int_equal(t.ack_seq, 0);
	}
}

static void test_none(void **state)
{
	(void)state;
	make(false, RST, 5, 0);
	assert_int_equal(reset_make(out, packet, &view), 0);
	make(true, RST | ACKED, 5, 0);
	assert_int_equal(reset_make(out, packet, &view), 0);
	make(false, SYN, 4, 4);
	assert_int_equal(reset_make(out, packet, &view), 0);
	make(false, SYN, 5, 0);
	view.total -= 1;
	assert_int_equal(reset_make(out, packet, &view), 0);
	make(false, SYN, 15, 0);
	view.total -= 4;
	assert_int_equal(reset_make(out, packet, &view), 0);
	make(false, SYN, 5, 0);
	view.fragment = true;
	assert_int_equal(reset_make(out, packet, &view), 0);
	make(false, SYN, 5, 0);
	view.upper = IPPROTO_UDP;
	assert_int_equal(reset_make(out, packet, &view), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_ack),
		cmocka_unit_test(test_with_ack),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport mode behind a translator (RFC 3948 s3.1.2): the sender's checksum is of other addresses
 * than the packet has when the host gets it.
 */
#include "klips/ip.h"
#include "klips/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SPI = 0x1000, PORT = 4500 };

static struct rig rig;
static uint8_t plain[2048], got[2048];

/* Over pseudo header and content, as RFC 768 and RFC 9293 s3.1 describe it, octet by octet. */
static uint32_t slow_sum(const uint8_t *ip, unsigned header, uint8_t protocol, uint32_t total)
{
	uint32_t sum = protocol + (total - header), i;

	for (i = header == 20 ? 12 : 8; i < total; i++)
		sum += (uint32_t)ip[i] << (i % 2 == 0 ? 8 : 0);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The checksum of 192.0.2.1 -> 192.0.2.2 (2001:db8::1 -> ::2) plus `off`. */
static void make(int family, uint8_t protocol, uint32_t size, uint16_t off)
{
	static const char *const ends[2][2] = { { "192.0.2.1", "192.0.2.2" },
		{ "2001:db8::1", "2001:db8::2" } };
	unsigned header = family == AF_INET ? 20 : 40, i;
	unsigned at = header + (protocol == IPPROTO_UDP ? 6 : 16);
	struct ms_addr a[2];
	uint32_t sum;

	for (i = 0; i < 2; i++) {
		const char *text = ends[family == AF_INET6][i];

		assert_int_equal(ms_addr_parse(&a[i], text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	}
	ip_write(plain, &a[0], &a[1], protocol, 0, 64, size);
	for (i = header; i < size; i++)
		plain[i] = (uint8_t)(i * i + size);
	if (protocol == IPPROTO_UDP) {
		plain[header + 4] = (uint8_t)((size - header) >> 8);
		plain[header + 5] = (uint8_t)(size - header);
	}
	plain[at] = plain[at + 1] = 0;
	sum = (slow_sum(plain, header, protocol, size) ^ 0xffff) + off;
	plain[at] = (uint8_t)(sum >> 8);
	plain[at + 1] = (uint8_t)sum;
}

static void carry(int family, bool encap, uint32_t size)
{
	struct rig_spec spec = { .encr = 20, .key_bits = 128, .outer = family, .encap = encap,
		.window = 64 };
	struct rig_pair pair;

	assert_true(rig_pair(&rig, &spec, SPI, &pair));
	rig_packet(&rig, 0, plain, size);
	rig_protect(&rig, &pair, 1);
	rig_arrive(&rig, rig.w->batch[0], encap ? PORT : 0);
	inbound(rig.w, 1);
	assert_int_equal(rig_delivered(&rig, got, sizeof got), size);
	rig_pair_remove(&rig, &pair);
}

static void test_made_right(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned i, k;
	uint32_t size;

	(void)state;
	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++)
			for (size = 72; size < 150; size++) {
				unsigned header = families[k] == AF_INET ? 20 : 40;
				unsigned at = header + (protocols[i] == IPPROTO_UDP ? 6 : 16);

				make(families[k], protocols[i], size, (uint16_t)(size * 777));
				carry(families[k], true, size);
				assert_int_equal(slow_sum(got, header, protocols[i], size), 0xffff);
				/* and nothing else is changed */
				memcpy(plain + at, got + at, 2);
				assert_memory_equal(got + header, plain + header, size - header);
			}
}

/* Without a translator the checksum is the end points' own affair, and so is that of other protocols
 * and what has none. */
static void test_left_alone(void **state)
{
	(void)state;
	make(AF_INET, IPPROTO_UDP, 100, 99);
	carry(AF_INET, false, 100);
	assert_memory_equal(got + 20, plain + 20, 80);
	make(AF_INET, IPPROTO_ICMP, 100, 99);
	carry(AF_INET, true, 100);
	assert_memory_equal(got + 20, plain + 20, 80);
	make(AF_INET, IPPROTO_UDP, 100, 99);
	plain[26] = plain[27] = 0;
	carry(AF_INET, true, 100);
	assert_memory_equal(got + 20, plain + 20, 80);
	/* a length that is not true */
	make(AF_INET, IPPROTO_UDP, 100, 99);
	plain[24] = 1;
	carry(AF_INET, true, 100);
	assert_memory_equal(got + 20, plain + 20, 80);
	/* too short for a checksum */
	make(AF_INET, IPPROTO_TCP, 100, 99);
	ip_write(plain, &(struct ms_addr){ AF_INET, { 192, 0, 2, 1 } },
		&(struct ms_addr){ AF_INET, { 192, 0, 2, 2 } }, IPPROTO_TCP, 0, 64, 37);
	carry(AF_INET, true, 37);
	assert_memory_equal(got + 20, plain + 20, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_right),
		cmocka_unit_test(test_left_alone),
	};
	int failed;

	rig_new(&rig);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_free(&rig);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging a bad packet is a parser too, and other daemons died in theirs: all lines are written, the
 * debug ones too, and each must be short, of printable ASCII, and of whom it speaks.
 */
#include "core/sim/tape_test.h"

#include <sys/mman.h>
#include <unistd.h>

#define LINE_MOST 2600 /* prefix, text and what the sink puts before it */

static int log_fd = -1;

static void log_begin(void)
{
	char path[64];

	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", log_fd);
	ms_log_debug_sources(UINT32_MAX);
	assert_int_equal(
		ms_log_to_file(path, true, MS_LOG_DEBUG, MS_LOG_PLAIN, false, NULL), MS_OK);
}

/* Looks at every line, and says how many there were. */
static unsigned log_lines(void)
{
	off_t len = lseek(log_fd, 0, SEEK_END);
	char *text = mmap(NULL, (size_t)len + 1, PROT_READ, MAP_PRIVATE, log_fd, 0);
	unsigned lines = 0;
	size_t from = 0;

	assert_true(len >= 0 && text != MAP_FAILED);
	for (size_t i = 0; i < (size_t)len; i++) {
		if (text[i] == '\n') {
			assert_true(i - from < LINE_MOST);
			from = i + 1;
			lines++;
		} else if (text[i] < 0x20 || text[i] > 0x7e) {
			fail_msg("octet %#x in line %u", (unsigned)(unsigned char)text[i], lines + 1);
		}
	}
	assert_int_equal(from, len); /* no line without an end */
	munmap(text, (size_t)len + 1);
	return lines;
}

static void log_end(unsigned at_least)
{
	unsigned lines = log_lines();

	ms_log_close();
	ms_log_debug_sources(0);
	ms_log_open("test");
	close(log_fd);
	log_fd = -1;
	if (lines < at_least)
		fail_msg("%u lines, not %u", lines, at_least);
}

static uint32_t dice = 1;

static uint8_t any_octet(void)
{
	dice = dice * 1664525u + 1013904223u;
	return (uint8_t)(dice >> 24);
}

/* --- strangers ---------------------------------------------------------------------------------- */

/* CVE-2020-1763: SPIs that nobody has, any exchange, a body of noise. */
static void test_cve_2020_1763_unknown_spis(void **state)
{
	struct pair p = pair_new(&plain);
	struct record r = { .src = { p.west->addr, 500 }, .dst = { p.east->addr, 500 } };

	(void)state;
	log_begin();
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t d[200];
		size_t len = 28 + i % (sizeof(d) - 28);

		for (size_t k = 0; k < len; k++)
			d[k] = any_octet();
		if (i % 3)
			memset(d + 8, 0, 8);
		d[17] = i % 5 ? 0x20 : d[17];
		d[18] = i % 7 ? (uint8_t)(34 + i % 5) : d[18];
		d[19] = i % 11 ? (uint8_t)(8 + 32 * (i % 2)) : d[19];
		if (i % 13)
			memset(d + 20, 0, 4);
		d[24] = d[25] = d[26] = 0;
		d[27] = (uint8_t)len;
		say(&p, &r, d, len);
	}
	assert_int_equal(sim_states(p.east), 0);
	pair_free(&p);
	log_end(1);
}

/* CVE-2022-23094, CVE-2015-3204: first messages of version 1, malformed in every octet, with every
 * bit of the DOI and the situation set. */
static void test_cve_2022_23094_first_messages_of_ikev1(void **state)
{
	static const uint8_t main_mode[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x10,
		2, 0, 0, 0, 0, 0, 0, 0, 0, 80, 0, 0, 0, 52, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 40, 1,
		1, 0, 1, 0, 0, 0, 32, 1, 1, 0, 0, 0x80, 1, 0, 7, 0x80, 2, 0, 4, 0x80, 3, 0, 1, 0x80,
		4, 0, 14, 0x80, 11, 0, 1, 0x80, 12, 14, 16 };
	struct pair p = pair_new(&plain);
	struct record r = { .src = { p.west->addr, 500 }, .dst = { p.east->addr, 500 } };
	uint64_t n = 0;

	(void)state;
	log_begin();
	for (unsigned exchange = 1; exchange <= 6; exchange++)
		for (size_t bit = 0; bit < sizeof(main_mode) * 8; bit++) {
			uint8_t d[sizeof(main_mode)];

			memcpy(d, main_mode, sizeof(d));
			d[18] = (uint8_t)exchange;
			d[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			say(&p, &r, d, sizeof(d));
			say(&p, &r, d, bit / 8);
			n += 2;
		}
	assert_int_equal(ike_counter(p.east->ike, IKE_C_RECEIVED), n);
	assert_int_equal(sim_states(p.east), 0);
	pair_free(&p);
	log_end(0);
}

/* CVE-2015-3204: each type of payload after each, in clear and inside. */
static void retype(struct chain *c, unsigned how)
{
	c->types[(how >> 8) % c->n] = (uint8_t)how;
}

static void test_cve_2015_3204_every_payload_type(void **state)
{
	(void)state;
	log_begin();
	for (unsigned type = 0; type < 256; type++) {
		for (unsigned number = 1; number <= 2; number++) {
			struct tape t;
			struct pair p = paused(&t, number);
			struct chain c;

			chain_of_record(&t.r[number], &c);
			retype(&c, (type % c.n) << 8 | type);
			say_clear(&p, &t.r[number], &c);
			settle_and_end(&p);
		}
		changed_inner(3, retype, (type % 6) << 8 | type);
		changed_inner(4, retype, (type % 5) << 8 | type);
	}
	log_end(256);
}

/* --- peers with keys ------------------------------------------------------------------------------- */

static uint8_t body[2000];
static size_t body_len;

static void swap_id(struct chain *c, unsigned how)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->types[i] == how)
			c->bodies[i] = ms_bytes(body, body_len);
}

/* CVE-2010-2628: identities longer than any buffer, of octets that terminals, formats and shells know. */
static void test_cve_2010_2628_identities_in_every_line(void **state)
{
	static const char *const fills[] = { "%n%s%n", "\n\r\x1b[2J", "';`$(x)`\"", "\xff\xfe\xc0\x80",
		"0\x82\x01\x00", "A" };
	static const size_t lens[] = { 0, 1, 2, 4, 16, 255, 256, 511, 512, 513, 1023, 1024, 1900 };

	(void)state;
	log_begin();
	for (unsigned type = 0; type < 14; type++)
		for (unsigned f = 0; f < 6; f++)
			for (unsigned i = 0; i < 13; i++) {
				memset(body, 0, 4);
				body[0] = (uint8_t)type;
				for (size_t k = 0; k < lens[i]; k++)
					body[4 + k] = (uint8_t)fills[f][k % strlen(fills[f])];
				body_len = 4 + lens[i];
				changed_inner(3, swap_id, IKE_P_IDI);
				changed_inner(3, swap_id, IKE_P_IDR);
				changed_inner(4, swap_id, IKE_P_IDR);
			}
	log_end(500);
}

/* Vendor ids, notifies and offers full of noise: what is printed of them. */
static void test_cve_2020_1763_noise_in_every_payload(void **state)
{
	static const uint8_t types[] = { IKE_P_SA, IKE_P_IDI, IKE_P_IDR, IKE_P_AUTH, IKE_P_NOTIFY,
		IKE_P_TSI, IKE_P_TSR };

	(void)state;
	log_begin();
	for (unsigned i = 0; i < sizeof(types); i++)
		for (body_len = 0; body_len < 600; body_len += 1 + body_len / 8) {
			for (size_t k = 0; k < body_len; k++)
				body[k] = any_octet();
			changed_inner(3, swap_id, types[i]);
			changed_inner(4, swap_id, types[i]);
		}
	log_end(100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2020_1763_unknown_spis),
		cmocka_unit_test(test_cve_2022_23094_first_messages_of_ikev1),
		cmocka_unit_test(test_cve_2015_3204_every_payload_type),
		cmocka_unit_test(test_cve_2010_2628_identities_in_every_line),
		cmocka_unit_test(test_cve_2020_1763_noise_in_every_payload),
	};

	return cmocka_run_group_tests(tests, sim_test_setup, sim_test_teardown);
}
